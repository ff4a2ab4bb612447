"""Defined names: of a book, or of one of its sheets (shown as Sheet1!name)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlwings import base_classes

from addin.calc.border import CalcError, bordered, kind
from addin.calc.formulas import sheet_prefix, to_calc, to_excel

if TYPE_CHECKING:
    from addin.calc.books import CalcBook
    from addin.calc.ranges import CalcRange
    from addin.calc.sheets import CalcSheet


def _formula(book: CalcBook, refers_to: str) -> str:
    """What a name means, as Calc keeps it: without `=`."""
    text = refers_to if refers_to.startswith("=") else f"={refers_to}"
    return to_calc(text, "", book.table_names())[1:]


@bordered
class CalcNames(base_classes.Names):  # type: ignore[misc, unused-ignore]
    """The names of a book with those of its sheets, or of one sheet."""

    def __init__(self, book: CalcBook, sheet: CalcSheet | None = None) -> None:
        self._book, self._sheet = book, sheet

    @property
    def api(self) -> Any:
        return (self._sheet or self._book).xl.NamedRanges

    def _all(self) -> list[CalcName]:
        found = [CalcName(self._book, self._sheet, name) for name in self.api.getElementNames()]
        if self._sheet is None:
            for sheet in self._book.sheets:
                found += [CalcName(self._book, sheet, name) for name in sheet.xl.NamedRanges.getElementNames()]
        return found

    def snapshot(self) -> list[tuple[str, CalcName]]:
        return [(one.name, one) for one in self._all()]

    def __iter__(self) -> Iterator[CalcName]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __call__(self, key: str | int) -> CalcName:
        if isinstance(key, int):
            return self._all()[key - 1]
        for one in self._all():
            if key.lower() in {one.name.lower(), one.bare.lower()}:
                return one
        raise KeyError(key)

    def contains(self, key: str | int) -> bool:
        try:
            self(key)
        except LookupError:
            return False
        return True

    def add(self, name: str, refers_to: str) -> CalcName:
        sheet = self._sheet
        if "!" in name:
            prefix, name = name.rsplit("!", 1)
            sheet = self._book.sheets(prefix.strip("'").replace("''", "'"))
        container = (sheet or self._book).xl.NamedRanges
        if container.hasByName(name):
            container.removeByName(name)
        container.addNewByName(
            name, _formula(self._book, refers_to), kind("com.sun.star.table.CellAddress")(0, 0, 0), 0
        )
        return CalcName(self._book, sheet, name)


@bordered
class CalcName(base_classes.Name):  # type: ignore[misc, unused-ignore]
    """One name."""

    def __init__(self, book: CalcBook, sheet: CalcSheet | None, bare: str) -> None:
        self._book, self._sheet, self.bare = book, sheet, bare

    @property
    def _container(self) -> Any:
        return (self._sheet or self._book).xl.NamedRanges

    @property
    def api(self) -> Any:
        return self._container.getByName(self.bare)

    @property
    def sheet_name(self) -> str:
        """The sheet whose name it is, '' where it is the book's."""
        return self._sheet.name if self._sheet else ""

    def delete(self) -> None:
        self._container.removeByName(self.bare)

    @property
    def name(self) -> str:
        return f"{sheet_prefix(self._sheet.name)}{self.bare}" if self._sheet else self.bare

    @name.setter
    def name(self, name: str) -> None:
        bare = name.rsplit("!", maxsplit=1)[-1]
        self.api.setName(bare)
        self.bare = bare

    @property
    def refers_to(self) -> str:
        return to_excel(f"={self.api.getContent()}")

    @refers_to.setter
    def refers_to(self, refers_to: str) -> None:
        self.api.setContent(_formula(self._book, refers_to))

    def _area(self) -> Any:
        """The address of the cells meant, None where it means none."""
        found = self.api.getReferredCells()
        return None if found is None else found.getRangeAddress()

    def covers(self, rng: CalcRange) -> bool:
        """Whether the name means exactly these cells."""
        area = self._area()
        if area is None or area.Sheet + 1 != rng.sheet.index:
            return False
        found = rng.at(area)
        return (found.row, found.column, found.shape) == (rng.row, rng.column, rng.shape)

    @property
    def refers_to_range(self) -> CalcRange:
        area = self._area()
        if area is None:
            raise CalcError(f"{self.name} does not refer to cells.")
        return self._book.sheets(area.Sheet + 1).at(area)
