"""Result sheets as they stand in a workbook that people have worked in: rows put in above a table, columns beside or between.

A run writes its tables with the header in row 5 and column A. A table is found again by its own column names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from recon_core.reports.case import TABLE_ROW
from recon_core.schema import as_text

Grid = Sequence[Sequence[object]]
LOOK = 200  # rows from the top among which a header is looked for
_RUN = re.compile(r"(?:^|· )run (\d+) · amounts in ")


class Standing(NamedTuple):
    """A table found on a sheet: its header row, and the column whose cell makes a row one of the table; both from 0."""

    row: int
    key: int
    headers: list[str]

    def filled(self, grid: Grid) -> list[int]:
        """The rows of the table, from 0; rows without a cell in the first column of the table are none."""
        return [at for at in range(self.row + 1, len(grid)) if self.key < len(grid[at]) and as_text(grid[at][self.key])]

    def rows(self, grid: Grid) -> list[dict[str, object]]:
        """The rows by header; of two columns of one name the first."""
        places: dict[str, int] = {}
        for place, name in enumerate(self.headers):
            if name:
                places.setdefault(name, place)
        found = [grid[at] for at in self.filled(grid)]
        return [{name: row[at] if at < len(row) else None for name, at in places.items()} for row in found]


def find(grid: Grid, names: Sequence[str]) -> Standing | None:
    """The table with these columns, the first of them first: the row that bears most of their names, two at least; else None."""
    ours = set(names)
    best, most = None, 1
    usual = TABLE_ROW - 1
    for at in sorted(range(min(len(grid), LOOK)), key=lambda row: row != usual):
        headers = [as_text(value) for value in grid[at]]
        if (count := len(ours & set(headers))) > most:
            best, most = (at, headers), count
        if most == len(ours):
            break
    if best is None:
        return None
    at, headers = best
    first = next(name for name in names if name in headers)
    return Standing(at, headers.index(first), headers)


def subtitle(grid: Grid, title: str) -> str:
    """The line under the title of a sheet that says which run wrote it; '' where the sheet is none of ours."""
    firsts = [next((text for text in map(as_text, row) if text), "") for row in grid[:LOOK]]
    return next((below for above, below in pairwise(filter(None, firsts)) if above == title and _RUN.search(below)), "")


def run_of(grid: Grid, title: str) -> int | None:
    """The number of the run that wrote a sheet; None where the sheet is none of ours."""
    found = _RUN.search(subtitle(grid, title))
    return int(found[1]) if found else None


def is_ours(grid: Grid, title: str) -> bool:
    """Whether the cells of a sheet bear the heading of a run."""
    return bool(subtitle(grid, title))


def lacking(rows: Sequence[Mapping[str, object]], needed: Sequence[str]) -> list[str]:
    """Columns that the rows need and do not have; none where there are no rows."""
    return [name for name in needed if rows and name not in rows[0]]
