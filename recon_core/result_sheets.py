"""The result sheets of the last run read back: tables by header, rows of both sides, one index of ids.

What stands in the workbook is the truth, so nothing here is worked out again. The index is built once for a workbook
and a run; an id is then found in one step, as it is printed, as it was compared, or cleaned as its leg cleans.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa

from recon_core import reports
from recon_core.keys import Cleaning, parse_cleaning, standard, strong
from recon_core.model import Status
from recon_core.money import MINOR_PER_MAJOR
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.schema import as_date, as_int, as_text

Cells = Callable[[str], list[list[object]]]  # a sheet's name -> its cells from A1 on; [] for no such sheet

_CLEANING = re.compile(r"; id cleaning (.*); (?:an id whose|equal lines)")  # as Summary states the terms of a leg
_ELSEWHERE = re.compile(r"rows do not fit a sheet\. They stand in (.+) beside this workbook")
AGAIN = "Run the reconciliation again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The filled rows of a result table: columns by header, and the row of the sheet each stands in; `places`: each header's column of the sheet.

    `file` is the file beside the workbook that holds the rows of a table too long for a sheet.
    """

    sheet: str
    columns: dict[str, list[object]]
    rows: list[int]
    places: dict[str, int] = field(default_factory=dict)
    file: str = ""

    def column(self, name: str) -> list[object]:
        """The cells of a column. Raises ReconError U-962 where a user has renamed or removed it."""
        if not self.rows:
            return []
        if name not in self.columns:
            raise stale(f"The sheet {self.sheet} has no column '{name}' any more.", Place(sheet=self.sheet))
        return self.columns[name]

    def texts(self, name: str) -> list[str]:
        """The cells of a column as text."""
        return [as_text(value) for value in self.column(name)]

    def text(self, name: str, at: int) -> str:
        """One cell as text."""
        return as_text(self.column(name)[at])

    def number(self, name: str, at: int) -> int | None:
        """One cell as a whole number, None where it is blank."""
        return as_int(self.column(name)[at])

    def amount(self, name: str, at: int) -> int | None:
        """One cell in minor units, None where it is blank."""
        return _minor(self.column(name)[at], self, self.rows[at])

    def minor(self, name: str) -> list[int | None]:
        """The amounts of a column in minor units, None where the cell is blank."""
        return [_minor(value, self, row) for value, row in zip(self.column(name), self.rows, strict=True)]


class Line(NamedTuple):
    """One row of A data or B data. `match` is the match id, '' for none; `no` its number within leg and side."""

    leg: str
    side: str
    no: int
    key: str
    printed: str
    minor: int
    status: str
    match: str
    day: dt.date | None
    file: str
    sheet: str
    row: int


class Group(NamedTuple):
    """All rows of one compared id in one leg, both sides."""

    leg: str
    key: str
    lines: list[Line]


class Results:
    """What the last run has written into a workbook, read when first asked for and kept."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self._tables: dict[str, Table] = {}

    def table(self, sheet: str) -> Table:
        """The table of a result sheet; no rows where there is no such sheet."""
        if sheet not in self._tables:
            self._tables[sheet] = read_table(sheet, self.cells(sheet))
        return self._tables[sheet]

    def reread(self, sheet: str) -> None:
        """Forget what was kept of Summary or Exceptions: their formulas and notes may change between two runs."""
        self._tables.pop(sheet, None)
        self.__dict__.pop(sheet.casefold(), None)

    @cached_property
    def summary(self) -> list[list[object]]:
        """The cells of Summary."""
        return self.cells("Summary")

    @cached_property
    def cleanings(self) -> dict[str, Cleaning]:
        """The id cleaning of each leg in the last run, legs in order."""
        found = {}
        for row in self.summary:
            if len(row) > 2 and as_text(row[0]) == "Leg" and (terms := _CLEANING.search(as_text(row[2]))):
                found[as_text(row[1])] = parse_cleaning(terms[1])
        return found

    @cached_property
    def legs(self) -> tuple[str, ...]:
        """The legs of the last run, in order."""
        return tuple(self.cleanings) or tuple(dict.fromkeys(line.leg for line in self.lines))

    @property
    def is_elsewhere(self) -> bool:
        """Whether rows of a side stand in a file beside the workbook, so that no answer about ids is complete."""
        return any(self.table(sheet).file for sheet in ("A data", "B data"))

    @cached_property
    def lines(self) -> list[Line]:
        """Every row of both sides."""
        return [line for side in "AB" for line in _lines(self.table(f"{side} data"), side)]

    @cached_property
    def matches(self) -> dict[tuple[str, str], list[Line]]:
        """The rows of each match, by leg and match id."""
        found: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for line in self.lines:
            if line.match:
                found[line.leg, line.match].append(line)
        return dict(found)

    @cached_property
    def exceptions(self) -> dict[tuple[str, str, int], int]:
        """The position in the table Exceptions of each open row, by leg, side and number."""
        return _by_number(self.table("Exceptions"))

    @cached_property
    def skipped(self) -> dict[tuple[str, str, int], int]:
        """The position in the table Skipped of each row, by leg, side and number."""
        return _by_number(self.table("Skipped"))

    @cached_property
    def matched(self) -> dict[tuple[str, str], int]:
        """The position in the table Matched of the first row of each match, by leg and match id."""
        table = self.table("Matched")
        found: dict[tuple[str, str], int] = {}
        for at, key in enumerate(zip(table.texts("Leg"), table.texts("Match id"), strict=True)):
            found.setdefault(key, at)
        return found

    @cached_property
    def suggested(self) -> dict[tuple[str, str, str, int, str], list[int]]:
        """The positions in the table Suggestions of each row, by leg, side, file, row and printed id."""
        table = self.table("Suggestions")
        found: dict[tuple[str, str, str, int, str], list[int]] = defaultdict(list)
        for side in "AB":
            names = (table.texts(f"File {side}"), table.column(f"Row {side}"), table.texts(f"Id {side}"))
            for at, (leg, file, row, printed) in enumerate(zip(table.texts("Leg"), *names, strict=True)):
                found[leg, side, file, as_int(row) or 0, printed].append(at)
        return dict(found)

    @cached_property
    def orders(self) -> dict[str, int]:
        """The position in the table Orders of each order, by its id as compared."""
        forms = standard_forms(self.table("Orders").texts("Order id"))
        return {form: at for at, form in enumerate(forms) if form}

    @cached_property
    def _groups(self) -> dict[tuple[str, str], Group]:
        """Rows by leg and compared id; rows without one by their printed id, beside those compared by it."""
        found: dict[tuple[str, str], Group] = {}
        for line, printed in zip(self.lines, self._printed, strict=True):
            if key := line.key or printed:
                found.setdefault((line.leg, key), Group(line.leg, key, [])).lines.append(line)
        return found

    @cached_property
    def _printed(self) -> list[str]:
        """The printed id of each row in standard form, '' for none."""
        return standard_forms([line.printed for line in self.lines])

    @cached_property
    def _index(self) -> dict[str, list[Group]]:
        """Where an id leads: to the rows compared by it in each leg, else to those of the leg that print it."""
        found: dict[str, list[Group]] = defaultdict(list)
        for (_, key), group in self._groups.items():
            found[key].append(group)
        other: dict[tuple[str, str], dict[str, Group]] = defaultdict(dict)
        for line, printed in zip(self.lines, self._printed, strict=True):
            if line.key and printed not in ("", line.key) and (line.leg, printed) not in self._groups:
                other[line.leg, printed][line.key] = self._groups[line.leg, line.key]
        for (_, printed), groups in other.items():
            found[printed] += groups.values()
        return dict(found)

    @cached_property
    def _cleaned(self) -> dict[str, dict[str, list[Group]]]:
        """For each leg that cleans ids by a rule: the cleaned form of its compared ids -> their rows."""
        found: dict[str, dict[str, list[Group]]] = {}
        for leg, rule in self.cleanings.items():
            if rule.is_strong:
                groups = [group for (name, _), group in self._groups.items() if name == leg]
                forms = strong(pa.array([group.key for group in groups], pa.large_string()), rule).to_pylist()
                found[leg] = defaultdict(list)
                for form, group in zip(forms, groups, strict=True):
                    found[leg][form].append(group)
        return found

    def find(self, keys: Sequence[object], leg: str = "") -> Iterator[list[Group]]:
        """For each id, as typed in a cell, its rows: one Group for each leg that has it; two of a leg: it is ambiguous.

        `leg` narrows to one leg. Raises ValueError for a leg that the run does not have. A thousand ids take a millisecond.
        """
        name = self.leg_named(leg)
        forms = standard_forms([as_text(key) for key in keys])
        cleaned = {one: _strong(forms, self.cleanings[one]) for one in self._cleaned if name in ("", one)}
        for at, form in enumerate(forms):
            groups = self._index.get(form, []) if form else []
            found = [group for group in groups if group.leg == name] if name else groups
            if form and cleaned:
                legs = {group.leg for group in found}
                more = [self._cleaned[one].get(texts[at], []) for one, texts in cleaned.items() if one not in legs]
                found = [*found, *(group for groups in more for group in groups)]
            yield found

    def leg_named(self, leg: str) -> str:
        """The leg as the run names it, '' for ''. Raises ValueError where there is no such leg."""
        if not leg:
            return ""
        found = next((name for name in self.legs if name.casefold() == leg.strip().casefold()), None)
        if found is None:
            raise ValueError(leg)
        return found


def read_table(sheet: str, grid: Sequence[Sequence[object]]) -> Table:
    """The table of a result sheet, wherever rows and columns that a user has put in have moved it."""
    found = reports.standing(sheet, grid)
    if found is None:
        return Table(sheet=sheet, columns={}, rows=[])
    above = (as_text(value) for row in grid[: found.row] for value in row)
    moved = next((place[1] for place in map(_ELSEWHERE.search, above) if place), "")
    filled = found.filled(grid)
    places = {name: at for at, name in reversed([*enumerate(found.headers)]) if name}
    columns = {name: [grid[row][at] if at < len(grid[row]) else None for row in filled] for name, at in sorted(places.items(), key=lambda one: one[1])}  # fmt: skip
    return Table(sheet=sheet, columns=columns, rows=[at + 1 for at in filled], places={name: at + 1 for name, at in places.items()}, file=moved)  # fmt: skip


def _lines(table: Table, side: str) -> Iterator[Line]:
    """The rows of a data sheet; a row of totals that a user has put below has no number."""
    numbers = [as_int(value) for value in table.column("No")]
    named = {word: str(word) for word in Status}
    columns = zip(
        table.texts("Leg"), numbers, table.texts("Id"), table.texts("Id as printed"), table.minor("Amount"),
        table.texts("Outcome"), table.texts("Match id"), table.column("Date"), table.texts("File"), table.texts("Sheet"),
        table.column("Row"), table.rows, strict=True,
    )  # fmt: skip
    for leg, no, key, printed, minor, status, match, day, file, sheet, row, at in columns:
        if no is None:
            continue
        if status not in named:
            raise stale(f"'{status}' is no outcome.", Place(sheet=table.sheet, row=at, column="Outcome"))
        yield Line(
            leg, side, no, key, printed, minor or 0, status, match, as_day(day), file, sheet, as_int(row) or 0
        )  # fmt: skip


def _by_number(table: Table) -> dict[tuple[str, str, int], int]:
    """Positions of the rows of a table by leg, side and number within the side."""
    found = {}
    for side in "AB":
        numbers = map(as_int, table.column(f"{side} no"))
        for at, (leg, no) in enumerate(zip(table.texts("Leg"), numbers, strict=True)):
            if no is not None:
                found[leg, side, no] = at
    return found


def standard_forms(texts: Sequence[str]) -> list[str]:
    """Ids in their standard form, '' for a placeholder."""
    forms: list[str] = standard(pa.array(texts, pa.large_string())).to_pylist()
    return forms


def _strong(forms: Sequence[str], rule: Cleaning) -> list[str]:
    cleaned: list[str] = strong(pa.array(forms, pa.large_string()), rule).to_pylist()
    return cleaned


def as_day(value: object) -> dt.date | None:
    """The date of a cell of ours, None for a blank; a number is a day of the 1900 calendar."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(value))
    return as_date(value)


def _minor(value: object, table: Table, row: int) -> int | None:
    if value is None or value == "":
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise stale(f"'{value}' is no amount.", Place(sheet=table.sheet, row=row))
    return round(value * MINOR_PER_MAJOR)


def stale(what: str, where: Place) -> ReconError:
    """What a result sheet shows is not what a run wrote."""
    return ReconError(Problem("U-962", Severity.STOP, where, "", what, AGAIN))
