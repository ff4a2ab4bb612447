"""A block of cells: where it is, what it holds, where its neighbours end. Rows and columns count from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlwings import base_classes
from xlwings.utils import col_name

from addin.calc import cells, looks
from addin.calc.blocks import joined, mirrored, onward
from addin.calc.border import CalcError, bordered
from addin.calc.formulas import sheet_prefix, to_excel
from addin.calc.names import CalcName, CalcNames
from addin.calc.notes import CalcNote, note_at

if TYPE_CHECKING:
    from addin.calc.app import CalcApp
    from addin.calc.books import CalcBook
    from addin.calc.sheets import CalcSheet
    from addin.calc.tables import CalcTable

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_CONTENT = 1 | 2 | 4 | 16  # numbers, dates, texts, formulas: com.sun.star.sheet.CellFlags
_FORMATS, _EVERYTHING = 32 | 64, 1023
_ANY_RESULT = 1 | 2 | 4  # com.sun.star.sheet.FormulaResult
_DOWN, _RIGHT, _WHOLE_ROWS, _WHOLE_COLUMNS = "DOWN", "RIGHT", "ROWS", "COLUMNS"
_DIRECTIONS = {"d": "down", "u": "up", "l": "left", "r": "right"}
PROTECTED = (
    "The cell is protected: LibreOffice refused the change, as Excel does on a protected sheet. "
    "Unprotect the sheet or write elsewhere."
)


@bordered
class CalcRange(base_classes.Range):  # type: ignore[misc, unused-ignore]
    """Cells of one sheet. `nrows`, `ncols` may be 0: an empty range that holds nothing."""

    max_cells_per_write = 1_000_000  # UNO copies a call's data: more at once only costs memory

    def __init__(self, sheet: CalcSheet, row: int, column: int, nrows: int = 1, ncols: int = 1) -> None:
        self._sheet = sheet
        self._row, self._column = int(row), int(column)
        self._shape = (int(nrows), int(ncols))
        self._xl: Any = None
        self.options: Any = None

    @property
    def xl(self) -> Any:
        """The UNO range."""
        if self._xl is None and len(self):
            last_column, last_row = self._column + self._shape[1] - 2, self._row + self._shape[0] - 2
            self._xl = self._sheet.xl.getCellRangeByPosition(self._column - 1, self._row - 1, last_column, last_row)
        return self._xl

    @property
    def here(self) -> Any:
        """The cells as a UNO object for one use at once; it may be the pointer of the sheet, which moves on."""
        if self._xl is not None:
            return self._xl
        return self.book.pointer(self._sheet.xl).at(self._row - 1, self._column - 1, *self._shape)

    @property
    def api(self) -> Any:
        return self.xl

    @property
    def sheet(self) -> CalcSheet:
        return self._sheet

    @property
    def book(self) -> CalcBook:
        return self._sheet.book

    @property
    def app(self) -> CalcApp:
        return self._sheet.book.app

    @property
    def row(self) -> int:
        return self._row

    @property
    def column(self) -> int:
        return self._column

    @property
    def shape(self) -> tuple[int, int]:
        return self._shape

    def __len__(self) -> int:
        return self._shape[0] * self._shape[1]

    def part(self, row: int, column: int, nrows: int = 1, ncols: int = 1) -> CalcRange:
        """Cells from an offset of this range's corner, of any size."""
        return CalcRange(self._sheet, self._row + row, self._column + column, nrows, ncols)

    def area(self, area: cells.Area) -> Any:
        """An area inside this range, for one use at once as `here`."""
        size = (area.bottom - area.top + 1, area.right - area.left + 1)
        return self.book.pointer(self._sheet.xl).at(self._row - 1 + area.top, self._column - 1 + area.left, *size)

    def at(self, address: Any) -> CalcRange:
        """The range of a UNO address on this range's sheet."""
        return self._sheet.at(address)

    def __call__(self, *args: Any) -> CalcRange:
        if len(args) == 1:
            if not isinstance(args[0], int):
                raise CalcError(f"A cell of a range is named by its number, not by {args[0]!r}.")
            return self.part(*divmod(args[0] - 1, self._shape[1]))
        return self.part(args[0] - 1, args[1] - 1)

    # Address

    def get_address(self, row_absolute: bool = True, column_absolute: bool = True, external: bool = False) -> str:
        """$A$1:$B$2, $A:$B, $1:$3; with the book and the sheet where `external`."""
        row, column = "$" if row_absolute else "", "$" if column_absolute else ""
        bottom, right = self._row + self._shape[0] - 1, self._column + self._shape[1] - 1
        first, last = col_name(self._column), col_name(right)
        if self._shape[0] == MAX_ROWS and self._shape[1] < MAX_COLUMNS:
            address = f"{column}{first}:{column}{last}"
        elif self._shape[1] == MAX_COLUMNS:
            address = f"{row}{self._row}:{row}{bottom}"
        else:
            address = f"{column}{first}{row}{self._row}"
            if self._shape != (1, 1):
                address += f":{column}{last}{row}{bottom}"
        if external:
            bare = sheet_prefix(self._sheet.name)[:-1]
            inside = f"[{self.book.name}]{self._sheet.name}".replace("'", "''")
            plain = not bare.startswith("'") and self.book.name.replace(".", "").isidentifier()
            address = f"{inside}!{address}" if plain else f"'{inside}'!{address}"
        return address

    @property
    def address(self) -> str:
        if not len(self):
            return f"${col_name(self._column)}${self._row}{{{self._shape[0]}x{self._shape[1]}}}"
        return self.get_address()

    # Values and formulas

    def must_be_open(self) -> None:
        """CalcError where a cell of the range is locked on a protected sheet."""
        self._sheet.is_changed()
        if not self._sheet.xl.isProtected():
            return
        protection = looks.common(self.here, "CellProtection")
        if protection is None or protection.IsLocked:
            raise CalcError(PROTECTED)

    @property
    def raw_value(self) -> Any:
        if not len(self):
            return None
        rows = cells.read(self)
        return rows[0][0] if self._shape == (1, 1) else rows

    @raw_value.setter
    def raw_value(self, data: Any) -> None:
        if len(self):
            cells.write(self, data)

    @property
    def formula(self) -> Any:
        if not len(self):
            return None
        rows = cells.read_formulas(self)
        return rows[0][0] if self._shape == (1, 1) else rows

    @formula.setter
    def formula(self, data: Any) -> None:
        if len(self):
            cells.write(self, data)

    formula2 = formula

    @property
    def formula_array(self) -> Any:
        text = self.xl.getArrayFormula() if len(self) else ""
        return to_excel(text) if text else self.formula

    @formula_array.setter
    def formula_array(self, text: str) -> None:
        self.must_be_open()
        self.xl.setArrayFormula(cells.translated(text, self.own_table(), self.book.table_names()))

    @property
    def has_array(self) -> bool | None:
        """None where some cells belong to array formulas and others do not."""
        arrays = {text.startswith("{=") for row in self.here.getFormulaArray() for text in row}
        return arrays.pop() if len(arrays) == 1 else None

    def autofill(self, destination: Any, type_: str | None = None) -> None:
        """Fill down or to the right from this range, which the destination begins with; array formulas stay arrays."""
        target = getattr(destination, "impl", destination)
        if type_ not in {None, "fill_default", "fill_copy"}:
            raise NotImplementedError("this kind of fill")
        target.must_be_open()
        down = target.shape[0] > self._shape[0]
        target.xl.fillAuto(0 if down else 1, self._shape[0] if down else self._shape[1])

    def get_special_cells(self, cell_type: str, value_type: str | None = None) -> list[CalcRange]:
        """The areas of formulas; a single cell means the used cells of its sheet, as in Excel."""
        if cell_type != "formulas" or value_type is not None:
            raise NotImplementedError("these special cells")
        where = self if len(self) > 1 else self._sheet.used_range
        return [self.at(address) for address in where.xl.queryFormulaCells(_ANY_RESULT).getRangeAddresses()]

    def own_table(self) -> str:
        """The name of the table in which the range begins, '' for none."""
        found = self.table
        return found.name if found is not None else ""

    def clear_contents(self) -> None:
        if len(self):
            self.must_be_open()
            self.here.clearContents(_CONTENT)

    def clear_formats(self) -> None:
        self._sheet.must_be_unprotected()
        self.xl.clearContents(_FORMATS)

    def clear(self) -> None:
        if len(self):
            self._sheet.must_be_unprotected()
            self.xl.clearContents(_EVERYTHING)
            self._sheet.tables.forget_inside(self)

    # Neighbours

    def end(self, direction: str) -> CalcRange:
        """Where Ctrl+Arrow leads from the first cell."""
        way = _DIRECTIONS.get(direction, direction)
        down = way in {"down", "up"}
        line = CalcRange(self._sheet, 1, self._column, MAX_ROWS, 1) if down else self._whole_row()
        found = line.xl.queryContentCells(_CONTENT).getRangeAddresses()
        blocks = [(one.StartRow, one.EndRow) if down else (one.StartColumn, one.EndColumn) for one in found]
        found_blocks = joined(blocks)
        here = (self._row if down else self._column) - 1
        last = (MAX_ROWS if down else MAX_COLUMNS) - 1
        place = 1 + (
            onward(found_blocks, here, last)
            if way in {"down", "right"}
            else last - onward(mirrored(found_blocks, last), last - here, last)
        )
        return CalcRange(self._sheet, place, self._column) if down else CalcRange(self._sheet, self._row, place)

    def _whole_row(self) -> CalcRange:
        return CalcRange(self._sheet, self._row, 1, 1, MAX_COLUMNS)

    @property
    def current_region(self) -> CalcRange:
        cursor = self._sheet.xl.createCursorByRange(self.part(0, 0).xl)
        cursor.collapseToCurrentRegion()
        return self.at(cursor.getRangeAddress())

    @property
    def merge_area(self) -> CalcRange:
        cursor = self._sheet.xl.createCursorByRange(self.part(0, 0).xl)
        cursor.collapseToMergedArea()
        return self.at(cursor.getRangeAddress())

    @property
    def merge_cells(self) -> bool | None:
        """None where only some of the cells are merged."""
        if self._shape == (1, 1):
            return self.merge_area.shape != (1, 1)
        if not self.here.getIsMerged():
            return False
        return True if self.merge_area.shape == self._shape else None

    def merge(self, across: bool) -> None:
        self._sheet.must_be_unprotected()
        for block in [self.part(row, 0, 1, self._shape[1]) for row in range(self._shape[0])] if across else [self]:
            block.xl.merge(False)
            block.xl.merge(True)

    def unmerge(self) -> None:
        self._sheet.must_be_unprotected()
        self.here.merge(False)

    @property
    def table(self) -> CalcTable | None:
        return self._sheet.tables.around(self._row, self._column)

    # Changing the sheet

    def insert(self, shift: str | None = None, copy_origin: str | None = None) -> None:
        self._sheet.must_be_unprotected()
        way = "right" if shift == "right" or (shift is None and self._shape[0] > self._shape[1]) else "down"
        self._sheet.xl.insertCells(self.xl.getRangeAddress(), self._mode("Insert", _RIGHT if way == "right" else _DOWN))

    def delete(self, shift: str | None = None) -> None:
        self._sheet.must_be_unprotected()
        up = shift == "up" or (shift is None and self._shape[1] > self._shape[0])
        self._sheet.xl.removeRange(self.xl.getRangeAddress(), self._mode("Delete", "UP" if up else "LEFT"))

    def _mode(self, kind: str, otherwise: str) -> Any:
        from addin.calc.border import enum

        word = (
            _WHOLE_ROWS
            if self._shape[1] == MAX_COLUMNS
            else _WHOLE_COLUMNS
            if self._shape[0] == MAX_ROWS
            else otherwise
        )
        return enum(f"com.sun.star.sheet.Cell{kind}Mode", word)

    def copy(self, destination: Any = None) -> None:
        if destination is None:
            self.app.clipboard = self
            return
        target = getattr(destination, "impl", destination)
        target.must_be_open()
        if target.book is not self.book:
            raise NotImplementedError("copying cells into another book")
        target.sheet.xl.copyRange(target.xl.getCellByPosition(0, 0).getCellAddress(), self.xl.getRangeAddress())

    def paste(
        self, paste: str | None = None, operation: Any = None, skip_blanks: bool = False, transpose: bool = False
    ) -> None:
        source = self.app.clipboard
        if source is None or operation or skip_blanks or transpose or paste not in {None, "all", "values"}:
            raise NotImplementedError("this kind of paste")
        if paste == "values":
            self.part(0, 0, *source.shape).raw_value = source.raw_value
        else:
            source.copy(self)

    def move(self, destination: Any) -> None:
        target = getattr(destination, "impl", destination)
        target.must_be_open()
        target.sheet.xl.moveRange(target.xl.getCellByPosition(0, 0).getCellAddress(), self.xl.getRangeAddress())

    def select(self) -> None:
        self._sheet.activate()
        self.book.controller.select(self.xl)

    # Names, notes, links

    @property
    def name(self) -> CalcName | None:
        for one in CalcNames(self.book):
            if one.covers(self):
                return one
        return None

    @name.setter
    def name(self, name: str) -> None:
        CalcNames(self.book).add(name, f"={sheet_prefix(self._sheet.name)}{self.address}")

    @property
    def note(self) -> CalcNote | None:
        return note_at(self._sheet, self._row, self._column)

    def add_note(self, text: str) -> CalcNote:
        self._sheet.must_be_unprotected()
        self._sheet.xl.getAnnotations().insertNew(self.part(0, 0).xl.getCellByPosition(0, 0).getCellAddress(), text)
        return CalcNote(self._sheet, self._row, self._column)

    @property
    def hyperlink(self) -> str:
        return looks.hyperlink(self)

    def add_hyperlink(self, address: str, text_to_display: str | None = None, screen_tip: str | None = None) -> None:
        looks.add_hyperlink(self, address, text_to_display or address)

    # Looks

    @property
    def font(self) -> looks.CalcFont:
        return looks.CalcFont(self)

    color = looks.shown("color")
    number_format = looks.shown("number_format")
    wrap_text = looks.shown("wrap_text")
    horizontal_alignment = looks.shown("horizontal_alignment")
    vertical_alignment = looks.shown("vertical_alignment")
    column_width = looks.shown("column_width")
    row_height = looks.shown("row_height")
    row_hidden = looks.shown("row_hidden")
    column_hidden = looks.shown("column_hidden")
    width, height = looks.shown("width"), looks.shown("height")
    left, top = looks.shown("left"), looks.shown("top")

    def set_colors(self, colors: Any) -> None:
        for row, line in enumerate(colors):
            for column, color in enumerate(line):
                if color is not ...:
                    self.part(row, column).color = color

    def autofit(self, axis: str | None = None) -> None:
        if axis in {None, "c", "columns"}:
            self.xl.getColumns().OptimalWidth = True
        if axis in {None, "r", "rows"}:
            self.xl.getRows().OptimalHeight = True
