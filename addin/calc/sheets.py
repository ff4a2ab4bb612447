"""The sheets of a book."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlwings import NoSuchObjectError, base_classes

from addin.calc.border import CalcError, bordered
from addin.calc.names import CalcNames
from addin.calc.notes import CalcNote, notes_of
from addin.calc.ranges import MAX_COLUMNS, MAX_ROWS, PROTECTED, CalcRange
from addin.calc.tables import CalcTables, free_name

if TYPE_CHECKING:
    from addin.calc.books import CalcBook

_FORBIDDEN = set("[]*?/\\:")
_CONTENT, _FORMATS, _EVERYTHING = 1 | 2 | 4 | 16, 32 | 64, 1023
_FLAGS = ("ContainsHeader", "TotalsRow", "AutoFilter")  # of a database range


def must_be_a_name(name: str) -> None:
    """CalcError for a sheet name that Excel refuses."""
    if not name or len(name) > 31 or _FORBIDDEN & set(name) or name[0] == "'" or name[-1] == "'":
        raise CalcError(f"{name!r} cannot be the name of a sheet: at most 31 letters, none of []*?/\\: in it.")


@bordered
class CalcSheets(base_classes.Sheets):  # type: ignore[misc, unused-ignore]
    """The sheets of one book, in order."""

    def __init__(self, book: CalcBook) -> None:
        self._book = book

    @property
    def api(self) -> Any:
        return self._book.xl_sheets

    @property
    def active(self) -> CalcSheet:
        return CalcSheet(self._book, self._book.controller.getActiveSheet())

    def __call__(self, key: str | int) -> CalcSheet:
        found = self.api
        if isinstance(key, int):
            if not 1 <= key <= found.getCount():
                raise NoSuchObjectError(f"Sheet {key} doesn't exist.")
            return CalcSheet(self._book, found.getByIndex(key - 1))
        for name in found.getElementNames():
            if name.lower() == key.lower():
                return CalcSheet(self._book, self._book.xl_sheet(name))
        raise NoSuchObjectError(f"Sheet {key} doesn't exist.")

    def __contains__(self, key: str) -> bool:
        return key.lower() in (name.lower() for name in self.api.getElementNames())

    def __len__(self) -> int:
        return int(self.api.getCount())

    def __iter__(self) -> Iterator[CalcSheet]:
        return iter([CalcSheet(self._book, self._book.xl_sheet(name)) for name in self.api.getElementNames()])

    def add(
        self, before: CalcSheet | None = None, after: CalcSheet | None = None, name: str | None = None
    ) -> CalcSheet:
        self._book.must_be_unprotected()
        if name is not None:
            must_be_a_name(name)
        place = before.index - 1 if before else after.index if after else self.active.index - 1
        self.api.insertNewByName(name or free_name("Sheet", self.api.getElementNames()), place)
        sheet = CalcSheet(self._book, self.api.getByIndex(place))
        sheet.activate()
        return sheet


@bordered
class CalcSheet(base_classes.Sheet):  # type: ignore[misc, unused-ignore]
    """One sheet."""

    def __init__(self, book: CalcBook, xl: Any) -> None:
        self._book, self.xl = book, xl

    @property
    def api(self) -> Any:
        return self.xl

    @property
    def book(self) -> CalcBook:
        return self._book

    @property
    def name(self) -> str:
        return str(self.xl.getName())

    @name.setter
    def name(self, name: str) -> None:
        must_be_a_name(name)
        self._book.must_be_unprotected()
        if name.lower() != self.name.lower() and name in self._book.sheets:
            raise CalcError(f"There is a sheet named {name} already.")
        self.xl.setName(name)

    @property
    def index(self) -> int:
        return int(self.xl.getRangeAddress().Sheet) + 1

    def must_be_unprotected(self) -> None:
        """CalcError where the sheet is protected. Asked before every change, so it is where a change is noted."""
        if self.xl.isProtected():
            raise CalcError(PROTECTED)
        self.is_changed()

    def is_changed(self) -> None:
        """Its rows are to fit their text once the book rests no more."""
        if self._book.resting is not None:
            self._book.resting[id(self.xl)] = self.xl

    # Cells

    def at(self, address: Any) -> CalcRange:
        """The range of a UNO address."""
        rows, columns = address.EndRow - address.StartRow + 1, address.EndColumn - address.StartColumn + 1
        return CalcRange(self, address.StartRow + 1, address.StartColumn + 1, rows, columns)

    def range(self, arg1: Any, arg2: Any = None) -> CalcRange:
        """Cells by address, name, table or two corners."""
        if isinstance(arg1, int) and isinstance(arg2, int):
            arg1, arg2 = (arg1, arg2), None
        first = self._corner(arg1)
        if arg2 is None:
            return first
        last = self._corner(arg2)
        top, left = min(first.row, last.row), min(first.column, last.column)
        bottom = max(first.row + first.shape[0], last.row + last.shape[0])
        right = max(first.column + first.shape[1], last.column + last.shape[1])
        return CalcRange(first.sheet, top, left, bottom - top, right - left)

    def _corner(self, given: Any) -> CalcRange:
        from addin.calc.addresses import named

        given = getattr(given, "impl", given)
        if isinstance(given, CalcRange):
            return given
        if isinstance(given, tuple):
            if 0 in given:
                raise IndexError("Attempted to access 0-based Range. xlwings/Excel Ranges are 1-based.")
            return CalcRange(self, *given)
        return named(self, str(given))

    @property
    def cells(self) -> CalcRange:
        return CalcRange(self, 1, 1, MAX_ROWS, MAX_COLUMNS)

    @property
    def used_range(self) -> CalcRange:
        cursor = self.xl.createCursor()
        cursor.gotoStartOfUsedArea(False)
        cursor.gotoEndOfUsedArea(True)
        return self.at(cursor.getRangeAddress())

    def clear_contents(self) -> None:
        self.cells.clear_contents()

    def clear_formats(self) -> None:
        self.cells.clear_formats()

    def clear(self) -> None:
        self.cells.clear()

    def autofit(self, axis: str | None = None) -> None:
        self.used_range.autofit(axis)

    # The sheet as a whole

    def activate(self) -> None:
        self._book.controller.setActiveSheet(self.xl)
        self._book.app.active_book = self._book

    def select(self) -> None:
        self.activate()

    def delete(self) -> None:
        self._book.must_be_unprotected()
        sheets = self._book.xl_sheets
        if sum(sheets.getByIndex(place).IsVisible for place in range(sheets.getCount())) <= int(self.xl.IsVisible):
            raise CalcError("A workbook must contain at least one visible sheet.")
        for table in list(self.tables):
            self._book.xl_tables.removeByName(table.name)
        others, gone = self._book.xl_tables, self.index - 1
        kept = {name: others.getByName(name) for name in others.getElementNames()}
        stood = {name: (one.getDataArea(), [getattr(one, flag) for flag in _FLAGS]) for name, one in kept.items()}
        sheets.removeByName(self.name)
        (self._book.resting or {}).pop(id(self.xl), None)
        for name in stood.keys() - set(others.getElementNames()):  # Calc 7.4 at times loses one of the sheet before
            area, flags = stood[name]
            area.Sheet -= area.Sheet > gone
            others.addNewByName(name, area)
            for flag, value in zip(_FLAGS, flags, strict=True):
                setattr(others.getByName(name), flag, value)

    def move(self, before: CalcSheet | None = None, after: CalcSheet | None = None) -> None:
        self._book.must_be_unprotected()
        place = before.index - 1 if before else after.index if after else len(self._book.sheets)
        self._book.xl_sheets.moveByName(self.name, place)

    def copy(self, before: CalcSheet | None = None, after: CalcSheet | None = None) -> None:
        """A copy beside a sheet of this or another book, which becomes the active one."""
        beside = before or after
        if beside is None:
            raise NotImplementedError("copying a sheet into a new book")
        place = beside.index - 1 if before else beside.index
        beside.book.must_be_unprotected()
        if beside.book is not self._book:
            place = beside.book.xl_sheets.importSheet(self._book.xl, self.name, place)
            CalcSheet(beside.book, beside.book.xl_sheets.getByIndex(place)).activate()
            return
        sheets = self._book.xl_sheets
        taken = {name.lower() for name in sheets.getElementNames()}
        names = (f"{self.name} ({number})" for number in itertools.count(2))
        sheets.copyByName(self.name, next(name for name in names if name.lower() not in taken), place)
        made = CalcSheet(self._book, sheets.getByIndex(place))
        self._copy_tables(made)
        made.activate()

    def _copy_tables(self, made: CalcSheet) -> None:
        """Tables on the copy of a sheet: Calc copies none, or leaves them without a name of their own."""
        container = self._book.xl_tables
        for table in list(self.tables):
            rng = table.range
            if made.tables.around(rng.row, rng.column) is not None:
                continue
            area = CalcRange(made, rng.row, rng.column, *rng.shape).xl.getRangeAddress()
            name = free_name(table.name, container.getElementNames(), 2)
            container.addNewByName(name, area)
            for flag in _FLAGS:
                setattr(container.getByName(name), flag, getattr(table.api, flag))

    @property
    def visible(self) -> bool:
        return bool(self.xl.IsVisible)

    @visible.setter
    def visible(self, visible: bool) -> None:
        self.xl.IsVisible = bool(visible)

    @property
    def show_gridlines(self) -> bool:
        self.activate()
        return bool(self._book.controller.ShowGrid)

    @show_gridlines.setter
    def show_gridlines(self, show: bool) -> None:
        self.activate()
        self._book.controller.ShowGrid = bool(show)

    @property
    def names(self) -> CalcNames:
        return CalcNames(self._book, self)

    @property
    def tables(self) -> CalcTables:
        return CalcTables(self)

    @property
    def notes(self) -> list[CalcNote]:
        return notes_of(self)

    @property
    def freeze_panes(self) -> CalcFreezePanes:
        return CalcFreezePanes(self)

    @property
    def page_setup(self) -> CalcPageSetup:
        return CalcPageSetup(self)


@bordered
class CalcFreezePanes(base_classes.FreezePanes):  # type: ignore[misc, unused-ignore]
    """The rows and columns of a sheet that stay in view."""

    def __init__(self, sheet: CalcSheet) -> None:
        self._sheet = sheet

    def freeze_at(self, frozen_range: Any) -> None:
        """Keep the rows and columns of a range in view: `1:2`, `A:B` or `A1:B2`."""
        self._sheet.activate()
        rng = self._sheet.range(frozen_range)
        columns = 0 if rng.shape[1] == MAX_COLUMNS else rng.column + rng.shape[1] - 1
        rows = 0 if rng.shape[0] == MAX_ROWS else rng.row + rng.shape[0] - 1
        self._sheet.book.controller.freezeAtPosition(columns, rows)

    def unfreeze(self) -> None:
        self._sheet.activate()
        self._sheet.book.controller.splitAtPosition(0, 0)


@bordered
class CalcPageSetup(base_classes.PageSetup):  # type: ignore[misc, unused-ignore]
    """What is printed."""

    def __init__(self, sheet: CalcSheet) -> None:
        self._sheet = sheet

    @property
    def api(self) -> Any:
        return self._sheet.xl

    @property
    def print_area(self) -> str | None:
        areas = self._sheet.xl.getPrintAreas()
        return self._sheet.at(areas[0]).address if areas else None

    @print_area.setter
    def print_area(self, address: str | None) -> None:
        areas = () if address is None else (self._sheet.range(address).xl.getRangeAddress(),)
        self._sheet.xl.setPrintAreas(areas)
