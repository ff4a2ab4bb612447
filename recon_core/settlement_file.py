"""The settlement file of one payout, for validation and audit: from what was expected to what arrived, by cause, by entry, line by line.

Everything comes from the result sheets of the last run, so that the file says what the workbook shows. Two forms: sheets of a
workbook of its own, with live sums; and rows of one CSV, each with the kind of record it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from recon_core.money import to_major
from recon_core.plain_csv import csv_text
from recon_core.sheets import Cell, Column, Formula, Kind, Sheet, Table

Rows = Mapping[str, Sequence[object]]  # column -> its cells; amounts in minor units
FACTS = ("Payout", "Date", "Reference", "State", "Orders", "Rows", "Bank status", "Bank date", "Bank reference", "Journal")  # fmt: skip
LINES = (
    Column(name="Of an order", width=8), Column(name="Order id", kind=Kind.ID), Column(name="Kind", width=14), Column(name="Item", kind=Kind.ID), Column(name="Entry", width=20),
    Column(name="Part", width=18), Column(name="Amount", kind=Kind.AMOUNT), Column(name="Note", width=28), Column(name="Remarks", width=34), Column(name="File", width=24),
    Column(name="Row", kind=Kind.INTEGER, width=9),
)  # fmt: skip
DIFFERENCES = (
    Column(name="Cause", width=24), Column(name="Order id", kind=Kind.ID), Column(name="What", width=22), Column(name="Expected", kind=Kind.AMOUNT),
    Column(name="Paid", kind=Kind.AMOUNT), Column(name="Difference", kind=Kind.AMOUNT),
)  # fmt: skip
BRIDGE = (Column(name="Item", width=34), Column(name="Rows", kind=Kind.INTEGER, width=10), Column(name="Amount", kind=Kind.AMOUNT, width=18))  # fmt: skip
CSV_COLUMNS = (
    Column(name="Record"), Column(name="Payout", kind=Kind.ID), Column(name="Item"), Column(name="Order id", kind=Kind.ID), Column(name="What"), Column(name="Rows", kind=Kind.INTEGER),
    Column(name="Expected", kind=Kind.AMOUNT), Column(name="Amount", kind=Kind.AMOUNT), Column(name="Note"), Column(name="File"), Column(name="Row", kind=Kind.INTEGER),
)  # fmt: skip
EXPECTED, PAID, STATED, CREDIT, GAP = "Expected", "Paid by its lines", "Stated transfer", "Bank credit", "Transfer less lines"  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One payout. `facts`: a cell of the sheet Settlements by header. `lines`, `differences`: rows of Releases and Differences of this payout."""

    facts: Mapping[str, object]
    lines: Rows
    differences: Rows
    subtitle: str
    note: str = ""  # what a reader must know, such as inputs that have changed since the run

    @property
    def payout(self) -> str:
        """Its id."""
        return str(self.facts["Payout"])

    def amount(self, name: str) -> int | None:
        """An amount of the sheet Settlements, None where the cell is blank."""
        value = self.facts.get(name)
        return value if isinstance(value, int) else None


def bridge(one: Settlement) -> list[tuple[str, int | None, int | None]]:
    """Item, rows, amount: expected, each cause (largest first), paid by its lines; then what was stated and what arrived."""
    causes = _grouped(one.differences, "Cause", "Difference")
    found: list[tuple[str, int | None, int | None]] = [(EXPECTED, None, one.amount("Expected"))]
    found += [(cause, count, minor) for cause, count, minor in sorted(causes, key=_largest_first)]
    found.append((PAID, len(one.lines["Amount"]), one.amount("Sum of lines")))
    if one.amount("Stated transfer") is not None:
        found.append((STATED, None, one.amount("Stated transfer")))
    found.append((CREDIT, None, one.amount("Bank amount")))
    if one.amount("Transfer less lines") is not None:
        found.append((GAP, None, one.amount("Transfer less lines")))
    return found


def _largest_first(row: tuple[str, int, int]) -> tuple[int, str]:
    return -abs(row[2]), row[0]


def entries(one: Settlement) -> list[tuple[str, int, int]]:
    """Entry type, how many, their sum; in the order of the ledger as the lines have them."""
    return _grouped(one.lines, "Entry", "Amount")


def _grouped(rows: Rows, by: str, amount: str) -> list[tuple[str, int, int]]:
    found: dict[str, list[int]] = {}
    for word, minor in zip(rows[by], rows[amount], strict=True):
        mine = found.setdefault(str(word), [0, 0])
        mine[0] += 1
        mine[1] += minor if isinstance(minor, int) else 0
    return [(word, count, total) for word, (count, total) in found.items()]


def gap(one: Settlement) -> int:
    """What the sheets leave unproved: 0 where lines, causes and the sheet Settlements agree."""
    lines = sum(minor for minor in one.lines["Amount"] if isinstance(minor, int))
    causes = sum(minor for minor in one.differences["Difference"] if isinstance(minor, int))
    paid, expected = one.amount("Sum of lines") or 0, one.amount("Expected") or 0
    return abs(lines - paid) + abs(expected + causes - paid)


def as_csv(one: Settlement) -> str:
    """All records of the payout in one CSV: PAYOUT (facts), BRIDGE, ENTRY (sums by type), DIFFERENCE (by order), LINE (each entry)."""
    payout = one.payout
    rows: list[tuple[object, ...]] = []

    def add(record: str, item: object, amount: object = None, **more: object) -> None:
        cells = {"Record": record, "Payout": payout, "Item": item, "Amount": amount} | more
        rows.append(tuple(cells.get(column.name) for column in CSV_COLUMNS))

    for name in FACTS[1:]:
        add("PAYOUT", name, Note=_plain(one.facts.get(name)))
    for item, count, minor in bridge(one):
        add("BRIDGE", item, minor, Rows=count)
    for item, count, minor in entries(one):
        add("ENTRY", item, minor, Rows=count)
    for row in _rows(one.differences, DIFFERENCES):
        add("DIFFERENCE", row["Cause"], row["Difference"], Expected=row["Expected"], What=row["What"], **{"Order id": row["Order id"]})  # fmt: skip
    for row in _rows(one.lines, LINES):
        said = "; ".join(filter(None, (str(row[name] or "") for name in ("Note", "Remarks"))))
        add("LINE", row["Entry"], row["Amount"], What=row["Item"], Note=said, File=row["File"], Row=row["Row"], **{"Order id": row["Order id"]})  # fmt: skip
    if one.note:
        add("NOTE", one.note)
    return csv_text(CSV_COLUMNS, rows)


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        value = value.date()
    return "" if value is None else str(value)


def _rows(rows: Rows, columns: Sequence[Column]) -> list[dict[str, object]]:
    names = [column.name for column in columns]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*(rows[name] for name in names), strict=True)]


def as_sheets(one: Settlement) -> list[Sheet]:
    """The payout as a workbook: Settlement (facts, bridge and entries with live checks), Differences, Lines."""
    top = 5
    cells = [
        Cell(row=1, column=1, value=f"Settlement {one.payout}", style="title"),
        Cell(row=2, column=1, value=one.subtitle, style="subtitle"),
    ]
    cells.append(Cell(row=3, column=1, value=one.note or "Expected, the differences by cause, and what was paid; every sum is live over the sheets Differences and Lines.", style="warn" if one.note else "subtitle"))  # fmt: skip
    for at, name in enumerate(FACTS, top):
        cells += [Cell(row=at, column=1, value=name, style="label"), _fact(at, one.facts.get(name))]
    first = top + len(FACTS) + 1
    steps, sums = bridge(one), entries(one)
    below = first + len(steps) + 2
    checks = below + len(sums) + 2
    cells += _checks(one, steps, first, checks)
    tables = (
        Table(name="tblBridge", columns=BRIDGE, frame=_live(steps, "tblDifferences[Cause]", "tblDifferences[Difference]", first), row=first),
        Table(name="tblEntries", columns=(Column(name="Entry", width=34), *BRIDGE[1:]), frame=_live(sums, "tblLines[Entry]", "tblLines[Amount]", below).rename(columns={"Item": "Entry"}), row=below),
    )  # fmt: skip
    head = Sheet(name="Settlement", cells=tuple(cells), tables=tables, tab="green", widths={1: 42, 2: 14, 3: 20, 4: 10})
    return [head, _detail("Differences", "tblDifferences", DIFFERENCES, one.differences, one), _detail("Lines", "tblLines", LINES, one.lines, one)]  # fmt: skip


def _fact(row: int, value: object) -> Cell:
    if isinstance(value, dt.date):
        return Cell(row=row, column=2, value=value, style="date")
    return Cell(row=row, column=2, value=value if isinstance(value, int) else _plain(value), style="integer" if isinstance(value, int) else "id")  # fmt: skip


FIXED = (EXPECTED, PAID, STATED, CREDIT, GAP)


def _live(rows: Sequence[tuple[str, int | None, int | None]], words: str, amounts: str, top: int) -> pd.DataFrame:
    """Rows of a table whose sums are live over the detail sheets; figures that stand on no other sheet are values."""
    found: list[tuple[str, int | Formula | None, float | Formula | None]] = []
    for at, (item, count, minor) in enumerate(rows, top + 1):
        value = None if minor is None else to_major(minor) + 0.0
        if item == PAID and value is not None:
            found.append((item, count, Formula("SUM(tblLines[Amount])", value)))
        elif item in FIXED or value is None:
            found.append((item, count, value))
        else:
            found.append((item, Formula(f"COUNTIFS({words},$A{at})", count or 0), Formula(f"SUMIFS({amounts},{words},$A{at})", value)))  # fmt: skip
    return pd.DataFrame(found, columns=["Item", "Rows", "Amount"], dtype=object).astype({"Item": "str"})


def _checks(one: Settlement, steps: Sequence[tuple[str, int | None, int | None]], first: int, at: int) -> list[Cell]:
    """Two lines that must say TRUE: the bridge closes, and the entries are the lines."""
    paid = first + 1 + [item for item, _, _ in steps].index(PAID)
    causes = f"SUM(C{first + 1}:C{paid - 1})"
    lines = [
        ("Expected + differences = paid by its lines", f"ROUND({causes}-C{paid},4)"), ("Entries = paid by its lines", f"ROUND(SUM(tblEntries[Amount])-C{paid},4)"),
    ]  # fmt: skip
    cells = []
    for row, (label, text) in enumerate(lines, at):
        cells += [
            Cell(row=row, column=1, value=label, style="label"),
            Cell(row=row, column=3, value=Formula(text, to_major(gap(one)) + 0.0), style="amount"),
        ]
        cells.append(Cell(row=row, column=4, value=Formula(f"C{row}=0", gap(one) == 0), style="truth"))
    return cells


def _detail(name: str, table: str, columns: Sequence[Column], rows: Rows, one: Settlement) -> Sheet:
    dtypes = {Kind.AMOUNT: "Int64", Kind.INTEGER: "Int64"}
    frame = pd.DataFrame({
        column.name: pd.Series(list(rows[column.name]), dtype=dtypes.get(column.kind)) if column.kind in dtypes
        else pd.Series([_plain(value) for value in rows[column.name]], dtype="str")
        for column in columns
    })  # fmt: skip
    heads = ((f"{name} of payout {one.payout}", "title"), (one.subtitle, "subtitle"))
    cells = tuple(Cell(row=row, column=1, value=text, style=style) for row, (text, style) in enumerate(heads, 1))
    return Sheet(name=name, cells=cells, tables=(Table(name=table, columns=tuple(columns), frame=frame, row=5),), freeze_row=6)  # fmt: skip
