"""Tables: Calc's database ranges. Style and banding have no counterpart in Calc 7: they are kept in memory and not saved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlwings import base_classes

from addin.calc.border import CalcError, bordered

if TYPE_CHECKING:
    from addin.calc.ranges import CalcRange
    from addin.calc.sheets import CalcSheet

_STYLE: dict[str, Any] = {
    "table_style": "TableStyleMedium2",
    "show_table_style_column_stripes": False,
    "show_table_style_first_column": False,
    "show_table_style_last_column": False,
    "show_table_style_row_stripes": True,
    "display_name": None,
}


def free_name(base: str, taken: Any, first: int = 1) -> str:
    """`base` with the first number that no name among `taken` bears."""
    used = {name.lower() for name in taken}
    return next(name for name in (f"{base}{number}" for number in itertools.count(first)) if name.lower() not in used)


def headers_of(rng: CalcRange) -> tuple[Any, ...]:
    """The values of a range's first row."""
    first: tuple[Any, ...] = rng.part(0, 0, 1, rng.shape[1]).here.getDataArray()[0]
    return first


@bordered
class CalcTables(base_classes.Tables):  # type: ignore[misc, unused-ignore]
    """The tables of one sheet, from top to bottom."""

    def __init__(self, sheet: CalcSheet) -> None:
        self._sheet = sheet

    @property
    def api(self) -> Any:
        return self._sheet.book.xl_tables

    def _areas(self) -> list[tuple[Any, str]]:
        """Addresses and names of this sheet's tables in order."""
        index = self._sheet.index - 1
        book, names = self._sheet.book, self.api.getElementNames()
        areas = [(book.xl_table(name, is_there=True).getDataArea(), name) for name in names]
        here = [(area, name) for area, name in areas if area.Sheet == index]
        return sorted(here, key=lambda one: (one[0].StartRow, one[0].StartColumn, one[1]))

    def _all(self) -> list[CalcTable]:
        return [CalcTable(self._sheet, name) for _, name in self._areas()]

    def around(self, row: int, column: int) -> CalcTable | None:
        """The table that holds a cell."""
        for area, name in self._areas():
            if area.StartRow < row <= area.EndRow + 1 and area.StartColumn < column <= area.EndColumn + 1:
                return CalcTable(self._sheet, name)
        return None

    def forget_inside(self, rng: CalcRange) -> None:
        """Tables whose cells are all cleared are tables no more, as in Excel."""
        bottom, right = rng.row + rng.shape[0] - 1, rng.column + rng.shape[1] - 1
        for area, name in self._areas():
            rows = rng.row <= area.StartRow + 1 and area.EndRow + 1 <= bottom
            if rows and rng.column <= area.StartColumn + 1 and area.EndColumn + 1 <= right:
                self.api.removeByName(name)

    def __call__(self, key: str | int) -> CalcTable:
        found = self._all()
        if isinstance(key, int):
            if 1 <= key <= len(found):
                return found[key - 1]
            raise KeyError(key)
        for one in found:
            if key.lower() in {one.name.lower(), one.display_name.lower()}:
                return one
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self._areas())

    def __iter__(self) -> Iterator[CalcTable]:
        return iter(self._all())

    def __contains__(self, key: str) -> bool:
        return any(key.lower() == name.lower() for _, name in self._areas())

    def add(
        self,
        source_type: Any = None,
        source: Any = None,
        link_source: Any = None,
        has_headers: Any = None,
        destination: Any = None,
        table_style_name: str | None = None,
        name: str | None = None,
    ) -> CalcTable:
        """A table over a range of cells; a second row and missing headers are added, as Excel does."""
        self._sheet.must_be_unprotected()
        rng: CalcRange = getattr(source, "impl", source)
        if name is not None and self.api.hasByName(name):
            raise CalcError(f"A table named {name} exists already.")
        if any(_touch(area, rng.here.getRangeAddress()) for area, _ in self._areas()):
            raise CalcError("A table cannot overlap another table.")
        if not has_headers:
            rng.part(0, 0, 1, rng.shape[1]).insert("down")
            rng = rng.part(0, 0, rng.shape[0] + 1, rng.shape[1])
        if rng.shape[0] == 1:
            rng = rng.part(0, 0, 2, rng.shape[1])
        _complete_headers(rng)
        name = name or free_name("Table", self.api.getElementNames())
        self.api.addNewByName(name, rng.here.getRangeAddress())
        table = CalcTable(self._sheet, name)
        table.api.ContainsHeader, table.api.AutoFilter = True, True
        table.style["table_style"] = table_style_name
        return table


def _touch(one: Any, other: Any) -> bool:
    """Whether two addresses of one sheet share a cell."""
    return bool(
        one.StartRow <= other.EndRow
        and other.StartRow <= one.EndRow
        and one.StartColumn <= other.EndColumn
        and other.StartColumn <= one.EndColumn
    )


def _complete_headers(rng: CalcRange) -> None:
    """Headers as Excel makes them: texts, none empty, none twice."""
    headers: list[str] = []
    found = rng.part(0, 0, 1, rng.shape[1]).here.getFormulaArray()[0]
    for place, (value, shown) in enumerate(zip(headers_of(rng), found, strict=True), 1):
        text = value if isinstance(value, str) else shown.lstrip("'")
        text = text or f"Column{place}"
        headers.append(text if text.lower() not in map(str.lower, headers) else free_name(text, headers, 2))
    if tuple(headers) != headers_of(rng):
        rng.part(0, 0, 1, rng.shape[1]).here.setDataArray((tuple(headers),))


def _styled(name: str) -> Any:
    """A property kept with the book in memory."""

    def put(table: CalcTable, value: Any) -> None:
        table.style[name] = value

    return property(lambda table: table.style[name], put)


@bordered
class CalcTable(base_classes.Table):  # type: ignore[misc, unused-ignore]
    """One table."""

    def __init__(self, sheet: CalcSheet, name: str) -> None:
        self._sheet, self._name = sheet, name

    @property
    def style(self) -> dict[str, Any]:
        """What Calc cannot keep."""
        return self._sheet.book.table_styles.setdefault(self._name, dict(_STYLE))

    table_style = _styled("table_style")
    show_table_style_column_stripes = _styled("show_table_style_column_stripes")
    show_table_style_first_column = _styled("show_table_style_first_column")
    show_table_style_last_column = _styled("show_table_style_last_column")
    show_table_style_row_stripes = _styled("show_table_style_row_stripes")

    @property
    def api(self) -> Any:
        return self._sheet.book.xl_table(self._name)

    @property
    def parent(self) -> CalcSheet:
        return self._sheet

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        styles = self._sheet.book.table_styles
        self.api.setName(name)
        self._sheet.book.forget_table(self._name)
        styles[name] = styles.pop(self._name, dict(_STYLE))
        self._name = name

    @property
    def display_name(self) -> str:
        return self.style["display_name"] or self._name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self.style["display_name"] = name

    @property
    def range(self) -> CalcRange:
        return self._sheet.at(self.api.getDataArea())

    def resize(self, rng: Any) -> None:
        self._sheet.must_be_unprotected()
        area = getattr(rng, "impl", rng).here.getRangeAddress()
        if self.show_headers and area.StartRow != self.api.getDataArea().StartRow:
            raise CalcError("The headers of a table must stay in their row.")
        self.api.setDataArea(area)
        if self.show_headers:
            _complete_headers(self.range)

    def delete(self) -> None:
        """The table and its cells go, as Excel's ListObject.Delete has it."""
        cells = self.range
        self._sheet.must_be_unprotected()
        self._sheet.book.xl_tables.removeByName(self._name)
        cells.clear()

    @property
    def show_headers(self) -> bool:
        return bool(self.api.ContainsHeader)

    @show_headers.setter
    def show_headers(self, show: bool) -> None:
        self.api.ContainsHeader = bool(show)

    @property
    def show_totals(self) -> bool:
        return bool(self.api.TotalsRow)

    @show_totals.setter
    def show_totals(self, show: bool) -> None:
        if bool(show) == self.show_totals:
            return
        rng = self.range
        self.api.setDataArea(rng.part(0, 0, rng.shape[0] + (1 if show else -1), rng.shape[1]).here.getRangeAddress())
        self.api.TotalsRow = bool(show)

    @property
    def show_autofilter(self) -> bool:
        return bool(self.api.AutoFilter)

    @show_autofilter.setter
    def show_autofilter(self, show: bool) -> None:
        self.api.AutoFilter = bool(show)

    @property
    def header_row_range(self) -> CalcRange | None:
        rng = self.range
        return rng.part(0, 0, 1, rng.shape[1]) if self.show_headers else None

    @property
    def data_body_range(self) -> CalcRange | None:
        rng, above, below = self.range, int(self.show_headers), int(self.show_totals)
        rows = rng.shape[0] - above - below
        body = rng.part(above, 0, rows, rng.shape[1]) if rows > 0 else None
        if body is not None and rows == 1 and all(value == "" for value in headers_of(body)):
            return None  # the empty row of a new table
        return body

    @property
    def insert_row_range(self) -> CalcRange | None:
        rng = self.range
        return rng.part(1, 0, 1, rng.shape[1]) if self.data_body_range is None else None

    @property
    def totals_row_range(self) -> CalcRange | None:
        rng = self.range
        return rng.part(rng.shape[0] - 1, 0, 1, rng.shape[1]) if self.show_totals else None

    @property
    def columns(self) -> CalcTableColumns:
        return CalcTableColumns(self)


@bordered
class CalcTableColumns(base_classes.TableColumns):  # type: ignore[misc, unused-ignore]
    """The columns of a table, by number or header."""

    def __init__(self, parent: CalcTable) -> None:
        self.table = parent

    @property
    def parent(self) -> CalcTable:
        return self.table

    def __len__(self) -> int:
        return self.table.range.shape[1]

    def __iter__(self) -> Iterator[CalcTableColumn]:
        return iter([CalcTableColumn(self.table, place) for place in range(1, len(self) + 1)])

    def __contains__(self, key: str | int) -> bool:
        try:
            self(key)
        except KeyError:
            return False
        return True

    def __call__(self, key: str | int) -> CalcTableColumn:
        headers = [str(header) for header in headers_of(self.table.range)]
        if isinstance(key, int):
            if 1 <= key <= len(headers):
                return CalcTableColumn(self.table, key)
        elif key in headers:
            return CalcTableColumn(self.table, headers.index(key) + 1)
        raise KeyError(key)


@bordered
class CalcTableColumn(base_classes.TableColumn):  # type: ignore[misc, unused-ignore]
    """One column of a table."""

    def __init__(self, table: CalcTable, place: int) -> None:
        self._table, self._place = table, place

    @property
    def index(self) -> int:
        return self._place

    @property
    def name(self) -> str:
        return str(headers_of(self._table.range)[self._place - 1])

    @property
    def range(self) -> CalcRange:
        rng = self._table.range
        return rng.part(0, self._place - 1, rng.shape[0], 1)

    @property
    def data_body_range(self) -> CalcRange | None:
        body = self._table.data_body_range
        return None if body is None else body.part(0, self._place - 1, body.shape[0], 1)
