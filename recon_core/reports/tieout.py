"""The tie-out of a leg as live formulas: each line says what it compares, both figures, the difference, TRUE or FALSE.

Only SUM, SUMIFS, COUNTIFS, ROUND and AND over the Tables, so that an auditor needs nothing but the file. Where a
table stands in a file beside the workbook its share is written as a value, and the line says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recon_core.model import Result, Status
from recon_core.money import to_major
from recon_core.reports.case import BLOCK, Case
from recon_core.sheets import Formula

CODE = {status: code for code, status in enumerate(Status)}
TABLES = ("tblMatched", "tblExceptions", "tblSkipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the block: two figures that must be equal. `money` sets the number format."""

    label: str
    left: Formula
    right: Formula
    money: bool = True
    places: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Builds formulas over one leg's tables beside the values they must show."""

    case: Case
    result: Result
    leg: str  # the cell that holds the leg's name

    def total(self, table: str, column: str, value: float, *where: str) -> Formula:
        """Sum of a column of a table for this leg and further conditions, e.g. ('Side', '"A"')."""
        if table in self.case.overflow:
            return Formula(_plain(value), value)
        pairs = "".join(f",{table}[{name}],{test}" for name, test in zip(where[::2], where[1::2], strict=True))
        return Formula(f"SUMIFS({table}[{column}],{table}[Leg],{self.leg}{pairs})", value)

    def count(self, table: str, value: float, *where: str) -> Formula:
        """Rows of a table for this leg and further conditions."""
        if table in self.case.overflow:
            return Formula(_plain(value), value)
        pairs = "".join(f",{table}[{name}],{test}" for name, test in zip(where[::2], where[1::2], strict=True))
        return Formula(f"COUNTIFS({table}[Leg],{self.leg}{pairs})", value)


def checks(case: Case, result: Result, leg_cell: str) -> list[Check]:
    """All lines of one leg's tie-out block; sums of money are rounded to the decimals of the files."""
    sums = Sums(case=case, result=result, leg=leg_cell)
    lines: list[Check] = []
    for side, letter in enumerate("AB"):
        lines += [_files(sums, side, letter), _counted(sums, side, letter), _ordinals(sums, side, letter)]
        lines += [*_squares(sums, side, letter), _money(sums, side, letter)]
    return [_rounded(line) if line.money else line for line in (*lines, _bridge(sums))]


def _rounded(check: Check) -> Check:
    left, right = rounded(check.left, check.places), rounded(check.right, check.places)
    return replace(check, left=left, right=right)


def _files(sums: Sums, side: int, letter: str) -> Check:
    amount = sum(file.amount_minor for file in sums.case.files(sums.result, side))
    on_sheet = _amount(sums.result, side)
    return Check(
        label=f"Side {letter}: amount of all files (Files) = amount on {letter} data",
        left=sums.total("tblFiles", "Amount", to_major(amount), "Side", f'"{letter}"'), right=sums.total(f"tbl{letter}", "Amount", to_major(on_sheet)),
    )  # fmt: skip


def _counted(sums: Sums, side: int, letter: str) -> Check:
    n = _rows(sums.result, side)
    parts = [sums.count(table, _in(sums.result, side, table), f"{letter} no", '">0"') for table in TABLES]
    return Check(
        label=f"Side {letter}: rows on {letter} data = rows on Matched, Exceptions and Skipped",
        left=sums.count(f"tbl{letter}", n),
        right=add(parts),
        money=False,
    )


def _ordinals(sums: Sums, side: int, letter: str) -> Check:
    """Sum of the ordinals 1..n over the three sheets: a row that is lost or stands twice breaks it."""
    n = _rows(sums.result, side)
    parts = [sums.total(table, f"{letter} no", _in(sums.result, side, table, power=1)) for table in TABLES]
    count = sums.count(f"tbl{letter}", n).text
    return Check(
        label=f"Side {letter}: every row once and only once, sum of row numbers",
        left=Formula(f"{count}*({count}+1)/2", n * (n + 1) / 2),
        right=add(parts),
        money=False,
    )


def _squares(sums: Sums, side: int, letter: str) -> list[Check]:
    """The same for the squares, in blocks of 250,000 rows so that every sum is exact in a spreadsheet."""
    n, found = _rows(sums.result, side), []
    for start in range(0, max(n, 1), BLOCK):
        size = min(BLOCK, n - start)
        where = () if n <= BLOCK else (f"{letter} no", f'">{start}"', f"{letter} no", f'"<={start + BLOCK}"')
        parts = [
            sums.total(table, f"{letter} no squared", _in(sums.result, side, table, power=2, start=start), *where)
            for table in TABLES
        ]
        block = f", rows {start + 1:,} to {start + size:,}" if n > BLOCK else ""
        count = sums.count(f"tbl{letter}", n).text if n <= BLOCK else str(size)
        left = Formula(f"{count}*({count}+1)*(2*{count}+1)/6", size * (size + 1) * (2 * size + 1) / 6)
        found.append(
            Check(
                label=f"Side {letter}: every row once and only once, sum of squares{block}",
                left=left,
                right=add(parts),
                money=False,
            )
        )
    return found


def _money(sums: Sums, side: int, letter: str) -> Check:
    result = sums.result
    parts = [
        sums.total("tblMatched", "Amount", to_major(_amount(result, side, Status.MATCHED)), "Side", f'"{letter}"'),
        sums.total("tblExceptions", f"Amount {letter}", to_major(_amount(result, side, Status.PARTIALLY_MATCHED) + _amount(result, side, Status.UNMATCHED))),
        sums.total("tblSkipped", "Amount", to_major(_amount(result, side, Status.SKIPPED)), "Side", f'"{letter}"'),
    ]  # fmt: skip
    left = sums.total(f"tbl{letter}", "Amount", to_major(_amount(result, side)))
    return Check(
        label=f"Side {letter}: amount = matched + open + skipped",
        left=left,
        right=add(parts),
        places=result.decimals,
    )


def _bridge(sums: Sums) -> Check:
    """A - B explained: differences of partial matches, tolerance used, only A, only B, skipped A, skipped B."""
    left = subtract(
        sums.total("tblA", "Amount", to_major(_amount(sums.result, 0))),
        sums.total("tblB", "Amount", to_major(_amount(sums.result, 1))),
    )
    return Check(
        label="A - B = the listed differences (bridge below)",
        left=left,
        right=add([part for _, part in bridge(sums)]),
        places=sums.result.decimals,
    )


def bridge(sums: Sums) -> list[tuple[str, Formula]]:
    """What makes up A - B, line by line."""
    result = sums.result
    partial, alone = (f'"{status}"' for status in (Status.PARTIALLY_MATCHED, Status.UNMATCHED))
    skipped = [to_major(_amount(result, side, Status.SKIPPED)) for side in (0, 1)]
    only = [to_major(_amount(result, side, Status.UNMATCHED)) for side in (0, 1)]
    gaps = to_major(_amount(result, 0, Status.PARTIALLY_MATCHED) - _amount(result, 1, Status.PARTIALLY_MATCHED))
    used = to_major(_amount(result, 0, Status.MATCHED) - _amount(result, 1, Status.MATCHED))
    return [
        ("Differences of partial matches", sums.total("tblExceptions", "Difference", gaps, "Status", partial)),
        ("Tolerance used by matches", sums.total("tblMatched", "Difference", used)),
        (f"Only in A ({result.label_a})", sums.total("tblExceptions", "Amount A", only[0], "Status", alone)),
        (f"Only in B ({result.label_b})", minus(sums.total("tblExceptions", "Amount B", only[1], "Status", alone))),
        ("Skipped rows of A", sums.total("tblSkipped", "Amount", skipped[0], "Side", '"A"')),
        ("Skipped rows of B", minus(sums.total("tblSkipped", "Amount", skipped[1], "Side", '"B"'))),
    ]  # fmt: skip


def add(parts: list[Formula]) -> Formula:
    """The sum of formulas."""
    return Formula("+".join(part.text for part in parts), _sum([part.value for part in parts]))


def subtract(left: Formula, right: Formula) -> Formula:
    """The difference of two formulas."""
    return Formula(f"{left.text}-{right.text}", _sum([left.value, -_number(right.value)]))


def rounded(part: Formula, places: int) -> Formula:
    """A formula freed of the noise that adding floats leaves."""
    return Formula(f"ROUND({part.text},{places})", part.value)


def minus(part: Formula) -> Formula:
    """A formula with the other sign."""
    return Formula(f"-{part.text}", -_number(part.value))


def _sum(values: list[object]) -> float:
    """Added as a spreadsheet adds, then freed of its noise at ten-thousandths."""
    return round(sum(_number(value) for value in values), 4) + 0.0


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _rows(result: Result, side: int) -> int:
    return sum(result.tallies[side, status].rows for status in Status)


def _amount(result: Result, side: int, status: Status | None = None) -> int:
    return sum(result.tallies[side, one].amount_minor for one in Status if status in (None, one))


def _in(result: Result, side: int, table: str, *, power: int = 0, start: int = 0) -> float:
    """Count, sum or sum of squares of the ordinals of a side that stand on one sheet."""
    lines = result.lines
    status = lines["status"].to_numpy()
    here = {"tblMatched": status == CODE[Status.MATCHED], "tblSkipped": status == CODE[Status.SKIPPED]}
    mine = (lines["side"].to_numpy() == side) & here.get(
        table, np.isin(status, [CODE[Status.PARTIALLY_MATCHED], CODE[Status.UNMATCHED]])
    )
    no = lines["no"].to_numpy()[mine]
    if power == 2:
        no = no[(no > start) & (no <= start + BLOCK)]
        no = ((no - 1) % BLOCK + 1) ** 2
    return int(no.sum()) if power else len(no)
