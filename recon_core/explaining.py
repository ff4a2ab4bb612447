"""Sentences about rows of the last run: what closed them, or why they are open, and where they come from.

For the worksheet function RECON_EXPLAIN and the buttons Explain and Go to Source, which start from a selected row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from recon_core.model import Status
from recon_core.money import grouped
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.result_sheets import Cells, Group, Line, Results, Table, as_day, stale
from recon_core.schema import as_text

SIDES = "AB"
SHEETS = ("Exceptions", "Suggestions", "Matched", "Skipped", "A data", "B data")  # whose rows can be explained
MOST = 5  # matches, rows or candidates named in one sentence; the others are counted


class SourceRow(NamedTuple):
    """Where a row was read: the file as Setup names it, its sheet ('' for a text file), the row as it shows it."""

    file: str
    sheet: str
    row: int

    def __str__(self) -> str:
        """'Payments.xlsx › April › row 12'."""
        return " › ".join(filter(None, [self.file, self.sheet, f"row {self.row}" if self.row else ""]))


def explain_row(tables: Cells, sheet: str, row: int) -> str:
    """One sentence on a selected row of a result sheet; `row` as the sheet counts.

    Raises ReconError U-961 where the selection is no row of a result table.
    """
    results = Results(tables)
    table, at = _selected(results, sheet, row)
    if sheet == "Suggestions":
        return _suggestion(table, at)
    if results.is_elsewhere:
        return _of_the_row_alone(table, at)
    line = _line(results, table, at)
    return explain_group(results, Group(line.leg, line.key or line.printed, _beside(results, line)))


def source_of_row(tables: Cells, sheet: str, row: int, side: str = "") -> SourceRow:
    """The row of a file that a selected row of a result sheet came from: side A's where it has both, or of `side`.

    Raises ReconError U-961 where the selection is no row of a result table, U-963 where it has no row of that side.
    """
    table, at = _selected(Results(tables), sheet, row)
    if f"File {SIDES[0]}" not in table.columns:
        own = sheet[0] if sheet.endswith(" data") else as_text(table.column("Side")[at])
        found = _source(table, at, "") if side in ("", own) else None
    else:
        found = next((one for one in (_source(table, at, f" {letter}") for letter in side or SIDES) if one), None)
    if found is None:
        what = f"Row {row} of {sheet} has no row of side {side}." if side else f"Row {row} of {sheet} names no file."
        raise ReconError(
            Problem("U-963", Severity.STOP, Place(sheet=sheet, row=row), "", what, "Select a row of the other side.")
        )
    return found


def explain_group(results: Results, group: Group) -> str:
    """The rows of one id in one leg in a sentence: each match, each open row, each skipped row."""
    told = list(_parts(results, group))
    more = f"; and {len(told) - MOST} more" if len(told) > MOST else ""
    return f"{group.leg}, {_printed(group)}: {'; '.join(told[:MOST])}{more}."


def _parts(results: Results, group: Group) -> Iterator[str]:
    """What happened to the rows of an id, exceptions first."""
    order = list(Status)
    rank = {str(word): order.index(word) for word in order}
    lines = sorted(group.lines, key=lambda line: (-rank[line.status] if line.status != Status.SKIPPED else 1, line.side, line.no))  # fmt: skip
    seen = set()
    for line in lines:
        if line.match and line.match not in seen:
            seen.add(line.match)
            yield _match(results, group, results.matches[line.leg, line.match])
        elif line.status == Status.UNMATCHED:
            yield _alone(results, line)
        elif line.status == Status.SKIPPED:
            yield _skipped(results, line)


def _match(results: Results, group: Group, lines: Sequence[Line]) -> str:
    """A match, confirmed or partial: rule, amounts of both sides, difference."""
    figures = " against ".join(_side(lines, side) for side in SIDES)
    gap = grouped(difference(lines))
    others = _others(group, lines)
    at = results.matched.get((group.leg, lines[0].match))
    if at is None or lines[0].status != Status.MATCHED:
        return f"{lines[0].status}{others}, {_why(results, lines)} {figures}, difference {gap}{_age(results, lines)}"
    table = results.table("Matched")
    days, by, within = table.number("Days", at), table.text("Linked by", at), table.amount("Tolerance", at)
    apart = f", {abs(days)} day{'s' if abs(days) > 1 else ''} {'later' if days > 0 else 'earlier'} on B" if days else ""
    linked = f", led there by {by}" if by else ""
    allowed = f" within the tolerance of {grouped(within or 0)}" if within else ""
    how = f"{table.text('Class', at)}, rule '{table.text('Rule', at)}'"
    return f"Matched{others} ({how}{linked}{apart}): {figures}, difference {gap}{allowed}"


def _alone(results: Results, line: Line) -> str:
    """An unmatched row with its candidates."""
    found = candidates(results, line)
    told = ", ".join(f"{printed} ({because})" for printed, because in found[:MOST])
    hint = f"; possible: {told}" if found else "; no candidate among the suggestions"
    amount = f"{grouped(line.minor)} on side {line.side}"
    return f"Unmatched, {_why(results, [line])} {amount}{_age(results, [line])}{hint}"


def candidates(results: Results, line: Line) -> list[tuple[str, str]]:
    """The printed id of each suggested row of the other side, and why."""
    table, other = results.table("Suggestions"), "B" if line.side == "A" else "A"
    rows = results.suggested.get((line.leg, line.side, line.file, line.row, line.printed), [])
    return [(table.text(f"Id {other}", at), table.text("Because", at)) for at in rows]


def _skipped(results: Results, line: Line) -> str:
    """A skipped row: kind and reason."""
    at, table = results.skipped.get((line.leg, line.side, line.no)), results.table("Skipped")
    if at is None:
        return f"Skipped on side {line.side}, {source(line)}"
    return (
        f"Skipped on side {line.side} ({table.text('Kind', at)}, {source(line)}): {table.text('Why', at).rstrip('.')}"
    )


def _why(results: Results, lines: Sequence[Line]) -> str:
    """'AMOUNT-DIFFERS: The id is on both sides, the amounts differ.' of the first of these rows on Exceptions."""
    at = next(iter(open_rows(results, lines)), None)
    if at is None:
        return ""
    table = results.table("Exceptions")
    return f"{table.text('Type', at)}: {table.text('Why not matched', at)}"


def _age(results: Results, lines: Sequence[Line]) -> str:
    """', 20 days old' from the oldest of these rows on Exceptions."""
    days = [results.table("Exceptions").number("Age days", at) for at in open_rows(results, lines)]
    known = [one for one in days if one is not None]
    return f", {max(known)} day{'' if max(known) == 1 else 's'} old" if known else ""


def open_rows(results: Results, lines: Sequence[Line]) -> list[int]:
    """The positions on Exceptions of these rows, in the order of the sheet."""
    found = (results.exceptions.get((line.leg, line.side, line.no)) for line in lines)
    return sorted({at for at in found if at is not None})


def difference(lines: Sequence[Line]) -> int:
    """A - B of these rows in minor units; skipped rows take no part."""
    return sum(line.minor if line.side == "A" else -line.minor for line in lines if line.status != Status.SKIPPED)


def source(line: Line) -> SourceRow:
    """Where a row was read."""
    return SourceRow(line.file, line.sheet, line.row)


def _side(lines: Sequence[Line], side: str) -> str:
    """'A 1,299.00' or 'A 1,299.00 in 2 rows'."""
    mine = [line for line in lines if line.side == side]
    rows = f" in {len(mine)} rows" if len(mine) > 1 else ""
    return f"{side} {grouped(sum(line.minor for line in mine))}{rows}"


def _others(group: Group, lines: Sequence[Line]) -> str:
    """' with INV-7' where rows of the match print another id than the group's own."""
    own = _printed(group)
    ids = dict.fromkeys(line.printed for line in lines if line.printed not in ("", own))
    more = f" and {len(ids) - MOST} more" if len(ids) > MOST else ""
    return f" with {', '.join(list(ids)[:MOST])}{more}" if ids else ""


def _printed(group: Group) -> str:
    """The id as the first row prints it, side A's where it has one."""
    return next((line.printed for line in group.lines if line.printed), group.key) or "without an id"


def _selected(results: Results, sheet: str, row: int) -> tuple[Table, int]:
    """The table of a result sheet and the position of a selected row in it."""
    table = results.table(sheet) if sheet in SHEETS else None
    if table is None or row not in table.rows:
        what = (
            f"Row {row} of {sheet} is no row of a result." if table else f"The sheet {sheet} holds no rows of a result."
        )
        fix = f"Select a row of {', '.join(SHEETS[:-1])} or {SHEETS[-1]}."
        raise ReconError(Problem("U-961", Severity.STOP, Place(sheet=sheet, row=row), "", what, fix))
    return table, table.rows.index(row)


def _line(results: Results, table: Table, at: int) -> Line:
    """The row of A data or B data that a row of another result sheet stands for, side A's where it has both."""
    leg = table.text("Leg", at)
    if table.sheet.endswith(" data"):
        places = {table.sheet[0]: table.number("No", at)}
    else:
        places = {side: table.number(f"{side} no", at) for side in SIDES}
    wanted = {(leg, side, no) for side, no in places.items()}
    found = next((line for line in results.lines if (line.leg, line.side, line.no) in wanted), None)
    if found is None:
        raise stale("This row is not on A data or B data.", Place(sheet=table.sheet, row=table.rows[at]))
    return found


def _beside(results: Results, line: Line) -> list[Line]:
    """The rows that share the fate of a row: those of its match, else the row itself."""
    return results.matches[line.leg, line.match] if line.match else [line]


def _suggestion(table: Table, at: int) -> str:
    """A row of Suggestions in a sentence."""
    cell = {name: table.text(name, at) for name in ("Leg", "Id A", "Id B", "Because")}
    amount = grouped(table.amount("Amount", at) or 0)
    return f"{cell['Leg']}: {cell['Id A']} of side A and {cell['Id B']} of side B may belong together, {amount} each: {cell['Because']}. Nothing is matched because of this."


def _of_the_row_alone(table: Table, at: int) -> str:
    """What the row itself says, where the rows of a side stand in a file beside the workbook."""
    parts = [f"{name}: {text}" for name in table.columns if (text := _shown(table.column(name)[at])) and name in _TOLD]
    return "; ".join(parts) + "."


_TOLD = frozenset({"Leg", "Id", "Id as printed", "Status", "Outcome", "Type", "Kind", "Class", "Rule", "Amount", "Amount A", "Amount B", "Difference", "Why", "Why not matched"})  # fmt: skip


def _shown(value: object) -> str:
    """A cell as a sentence shows it: amounts with their decimals."""
    return f"{value:,.2f}" if isinstance(value, float) else as_text(value).rstrip(".")


def _source(table: Table, at: int, suffix: str) -> SourceRow | None:
    """The source of a row of a table, None where it has none; Suggestions leaves the sheet away."""
    file, row = table.text(f"File{suffix}", at), table.number(f"Row{suffix}", at)
    sheet = table.text(f"Sheet{suffix}", at) if f"Sheet{suffix}" in table.columns else ""
    return SourceRow(file, sheet, row or 0) if file else None


def days_between(day: dt.date | None, as_of: object) -> int | None:
    """Days from a row's day to the day asked for, None without a date. Raises ValueError for a text that is no date."""
    until = as_day(as_of)
    return None if day is None or until is None else (until - day).days
