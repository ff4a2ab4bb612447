"""What a `Sheet` puts where, worked out before the open workbook is touched: rectangles of values, formulas, looks.

Nothing here speaks to a spreadsheet program; areas are those of `xmlparts.Area`, as in the file host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from addin.hosts.live_values import Raw, Written, single, written
from addin.hosts.sheetxml import check_size, headers, natural_style, table_area, widths
from addin.hosts.styles import STYLES
from addin.hosts.xmlparts import Area
from recon_core.sheets import Cell, Formula, Sheet, Table

_PREFIX = re.compile(r"_xlfn\.(?:_xlws\.)?(?=[A-Za-z])")
_QUOTED = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')""")


class Patch(NamedTuple):
    """Values, or formulas as a user types them, of a rectangle, row by row, from its first cell on."""

    row: int
    column: int
    rows: Sequence[Sequence[Raw]]

    @property
    def area(self) -> Area:
        """The cells it covers."""
        return Area(self.row, self.column, self.row + len(self.rows) - 1, self.column + len(self.rows[0]) - 1)


class Painted(NamedTuple):
    """A rectangle in one style."""

    area: Area
    style: str


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table ready to be written. `area` has its header; an empty table has one blank row."""

    table: Table
    area: Area
    names: tuple[str, ...]
    columns: tuple[Written, ...]

    @property
    def body(self) -> Area:
        """The data rows."""
        return self.area._replace(top=self.area.top + 1)

    @property
    def header(self) -> Area:
        """The header row."""
        return self.area._replace(bottom=self.area.top)

    def runs(self, stands: Area) -> list[Area]:
        """The rows of a table that stands, by columns of one number format, if its columns are as they will be."""
        found: list[Area] = []
        left = stands.left
        for _, run in groupby(column.after for column in self.columns):
            right = min(left + len(list(run)) - 1, stands.right)
            found += [Area(stands.top + 1, left, stands.bottom, right)] if left <= right else []
            left = right + 1
        return found

    @property
    def length(self) -> int:
        """Rows of data; 0 for an empty table."""
        return len(self.table.frame)


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """One sheet: its tables, its free cells as patches, formulas and styles, its widths."""

    sheet: Sheet
    tables: tuple[TablePlan, ...]
    patches: tuple[Patch, ...]
    formulas: tuple[Patch, ...]
    painted: tuple[Painted, ...]
    widths: Mapping[int, float]

    @property
    def areas(self) -> list[Area]:
        """Everything it writes to."""
        return [*(one.area for one in self.tables), *(one.area for one in (*self.patches, *self.formulas))]

    @property
    def is_redrawn(self) -> bool:
        """Whether the sheet's cells are replaced as a whole."""
        return self.sheet.owned


def planned(sheet: Sheet, epoch: int) -> SheetPlan:
    """Raises H-115 for what no worksheet holds; ValueError for two values at one address."""
    check_size(sheet)
    taken = [(cell.row, cell.column) for cell in sheet.cells]
    tables = tuple(_table(table, epoch) for table in sheet.tables)
    if len(set(taken)) < len(taken) or any(one.area.holds(*place) for one in tables for place in taken):
        raise ValueError(f"two cells at one address of {sheet.name}")
    plain = [cell for cell in sheet.cells if not isinstance(cell.value, Formula)]
    live = [cell for cell in sheet.cells if isinstance(cell.value, Formula)]
    return SheetPlan(
        sheet,
        tables,
        tuple(_patches(plain, lambda cell: single(cell.value, epoch))),
        tuple(_patches(live, lambda cell: typed(_text(cell)))),
        tuple(_painted(sheet)),
        widths(sheet) if sheet.owned else dict(sheet.widths),
    )


def _text(cell: Cell) -> str:
    return cell.value.text if isinstance(cell.value, Formula) else ""


def _table(table: Table, epoch: int) -> TablePlan:
    columns = tuple(written(column, table.frame.iloc[:, at], epoch) for at, column in enumerate(table.columns))
    return TablePlan(table, table_area(table), tuple(headers(table)), columns)


def typed(formula: str) -> str:
    """The formula of a file as a user types it: with '=', newer functions without the prefix they bear in files."""
    pieces = _QUOTED.split(formula.removeprefix("="))
    return "=" + "".join(piece if at % 2 else _PREFIX.sub("", piece) for at, piece in enumerate(pieces))


def runs(cells: Iterable[Cell]) -> Iterator[list[Cell]]:
    """Neighbours in a row."""
    ordered = sorted(cells, key=lambda cell: (cell.row, cell.column))
    for _, run in groupby(enumerate(ordered), key=lambda item: (item[1].row, item[1].column - item[0])):
        yield [cell for _, cell in run]


def _patches(cells: Sequence[Cell], raw: Callable[[Cell], Raw]) -> Iterator[Patch]:
    """Rows of equal extent that follow each other become one rectangle."""
    waiting: Patch | None = None
    for run in runs(cells):
        one = Patch(run[0].row, run[0].column, (tuple(map(raw, run)),))
        if waiting and _continues(waiting, one):
            waiting = waiting._replace(rows=(*waiting.rows, *one.rows))
            continue
        if waiting:
            yield waiting
        waiting = one
    if waiting:
        yield waiting


def _continues(above: Patch, below: Patch) -> bool:
    same = (above.column, len(above.rows[0])) == (below.column, len(below.rows[0]))
    return same and above.row + len(above.rows) == below.row


def _painted(sheet: Sheet) -> Iterator[Painted]:
    """Rectangles of one style: neighbours in a row first, then equal rows below each other."""
    styled = [(cell, _style(cell, owned=sheet.owned)) for cell in sheet.cells]
    strips: dict[tuple[str, int, int], list[int]] = {}
    ordered = sorted(styled, key=lambda one: (one[0].row, one[0].column))
    numbered = enumerate(one for one in ordered if one[1] is not None)
    for (row, _, style), run in groupby(
        numbered, key=lambda item: (item[1][0].row, item[1][0].column - item[0], item[1][1])
    ):
        cells = [cell for _, (cell, _) in run]
        strips.setdefault((style or "", cells[0].column, cells[-1].column), []).append(row)
    for (style, left, right), rows in strips.items():
        for _, block in groupby(enumerate(rows), key=lambda item: item[1] - item[0]):
            numbers = [row for _, row in block]
            yield Painted(Area(numbers[0], left, numbers[-1], right), style)


def _style(cell: Cell, *, owned: bool) -> str | None:
    """The style of a free cell; None for one of the user's that keeps its own."""
    if cell.style:
        return cell.style
    return natural_style(cell.value) or ("" if owned else None)


def format_of(style: str) -> str:
    """The number format of a style."""
    return STYLES[style].format


def both(one: Area, other: Area) -> Area:
    """The cells that two areas which meet have in common."""
    return Area(
        max(one.top, other.top), max(one.left, other.left), min(one.bottom, other.bottom), min(one.right, other.right)
    )


def minus(areas: Iterable[Area], holes: Iterable[Area]) -> list[Area]:
    """The areas without the holes, as rectangles that do not overlap among themselves where the areas did not."""
    left = list(areas)
    for hole in holes:
        left = [piece for area in left for piece in _without(area, hole)]
    return left


def _without(area: Area, hole: Area) -> Iterator[Area]:
    if not area.meets(hole):
        yield area
        return
    top, bottom = max(area.top, hole.top), min(area.bottom, hole.bottom)
    if area.top < top:
        yield area._replace(bottom=top - 1)
    if area.left < hole.left:
        yield Area(top, area.left, bottom, hole.left - 1)
    if hole.right < area.right:
        yield Area(top, hole.right + 1, bottom, area.right)
    if bottom < area.bottom:
        yield area._replace(top=bottom + 1)


def disjoint(areas: Iterable[Area]) -> list[Area]:
    """The same cells, each in one rectangle only."""
    found: list[Area] = []
    for area in areas:
        found += minus([area], found)
    return found
