"""Results -> Sheets, in sheet order. Each report is one pure analysis and its sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pandas as pd

from recon_core.marketplace import Books
from recon_core.model import Result
from recon_core.money import MINOR_PER_MAJOR
from recon_core.problems import Problem
from recon_core.reports import (
    chain,
    changes,
    checks,
    claims,
    commercial,
    data,
    differences,
    exceptions,
    exports,
    fees,
    files,
    journal,
    matched,
    notes,
    orders,
    payouts,
    releases,
    runs,
    settlements,
    skipped,
    sources,
    suggestions,
    summary,
)
from recon_core.reports.case import Case, Overflow, Previous, Run
from recon_core.reports.sources import sheet_names
from recon_core.reports.standing import Grid, Standing, find, is_ours, run_of, subtitle
from recon_core.reports.verdict import Verdict, verdict
from recon_core.sheets import Kind, Sheet

REPORTS: dict[str, Callable[[Case], Sheet | list[Sheet]]] = {
    "Summary": summary.sheet,  # outcome, tie-out, counts and amounts
    "Exceptions": exceptions.sheet,  # work to do
    "Changes": changes.sheet,  # what moved since the run before; from the second run on
    "Suggestions": suggestions.sheet,  # possible matches, nothing counts on them
    "Matched": matched.sheet,  # which rows closed each other, and how
    "Data checks": checks.sheet,  # every problem, with what to do
    "Skipped": skipped.sheet,  # rows that take no part, and why
    "A data": data.sheet_a,  # every row of side A as read
    "B data": data.sheet_b,  # every row of side B as read
    "Orders": orders.sheet,  # was I paid: order value to cash (these ten only with a marketplace)
    "Fees": fees.sheet,  # the card against what was charged
    "Releases": releases.sheet,  # every entry of every settlement line
    "Payouts": payouts.sheet,  # transfers against the bank
    "Money chain": chain.sheet,  # live totals and checks
    "Commercial": commercial.sheet,  # what the terms cost
    "Claims": claims.sheet,  # what to dispute
    "Settlements": settlements.sheet,  # each payout from expected to arrived
    "Differences": differences.sheet,  # why a payout is not what was expected
    "Journal": journal.sheet,  # what the books are told
    "Sources": sources.sheets,  # one sheet each: rows of a source with its derived columns, live
    "Files": files.sheet,  # what was read, with control totals
    "Notes history": notes.sheet,  # notes whose row is gone
    "Run log": runs.sheet,  # one row a run
}
DETAILS: dict[str, Callable[[Mapping[str, Result], Case], pd.DataFrame]] = {
    "tblExceptions": exceptions.frame,
    "tblMatched": matched.frame,
    "tblSkipped": skipped.frame,
    "tblA": data.frame_a,
    "tblB": data.frame_b,
}
MARKET: dict[str, Callable[[Mapping[str, Result], Case], pd.DataFrame]] = {
    "tblOrders": orders.frame,
    "tblFees": fees.frame,
    "tblReleases": releases.frame,
    "tblPayouts": payouts.frame,
    "tblCommercial": commercial.frame,
    "tblClaims": claims.frame,
    "tblSettlements": settlements.frame,
    "tblDifferences": differences.frame,
    "tblJournal": journal.frame,
}
MARKET_SHEETS = ("Orders", "Fees", "Releases", "Payouts", "Money chain", "Commercial", "Claims", "Settlements", "Differences", "Journal")  # fmt: skip
MARKET_COLUMNS = (orders, fees, releases, payouts, commercial, claims, settlements, differences, journal)
MARKET_AMOUNTS = frozenset(
    column.name for one in MARKET_COLUMNS for column in one.COLUMNS if column.kind is Kind.AMOUNT
)

NAMES: dict[str, tuple[str, ...]] = {  # sheet -> the columns of its table, by which it is found again
    sheet: tuple(column.name for column in columns)
    for sheet, columns in {
        "Exceptions": exceptions.COLUMNS, "Changes": changes.COLUMNS, "Suggestions": suggestions.COLUMNS, "Matched": matched.COLUMNS, "Data checks": checks.COLUMNS,
        "Skipped": skipped.COLUMNS, "A data": data.columns({}), "B data": data.columns({}), "Orders": orders.COLUMNS, "Fees": fees.COLUMNS, "Releases": releases.COLUMNS,
        "Payouts": payouts.COLUMNS, "Commercial": commercial.COLUMNS, "Claims": claims.COLUMNS, "Settlements": settlements.COLUMNS, "Differences": differences.COLUMNS,
        "Journal": journal.COLUMNS, "Files": files.COLUMNS, "Notes history": notes.COLUMNS, "Run log": runs.COLUMNS, exports.NAME: exports.COLUMNS,
    }.items()
}  # fmt: skip

COMPARED: dict[str, tuple[str, ...]] = {  # sheets of the run before that Changes reads, and their columns
    "Files": ("Leg", "Source", "File", "Rows", "SHA-256"),
    "Exceptions": ("Leg", "Exc key", "Status", "Type", "Difference", "Id", "File A", "Row A", "File B", "Row B"),
    "Orders": tuple(column.name for column in orders.COLUMNS),
    "Payouts": ("Status", "Payout", "Reference", "Sum of lines", "Bank amount", "Bank date", "Bank reference"),
}
COMPARED_AMOUNTS = MARKET_AMOUNTS | {"Difference"}


def details(case: Case) -> dict[str, pd.DataFrame]:
    """The tables with a row for each line, by Excel table name; the caller may put big ones into files."""
    made = {**DETAILS, **(MARKET if case.books else {})}
    found = {name: make(case.results, case) for name, make in made.items()}
    return found | ({changes.TABLE: changes.frame(replace(case, details=found))} if case.previous else {})


def before(sheet: str, columns: Mapping[str, Sequence[object]]) -> pd.DataFrame | None:
    """The table of an earlier run as its sheet shows it -> the columns that Changes reads, amounts in minor units; None where one is gone."""
    wanted = COMPARED[sheet]
    if not set(wanted) <= set(columns):
        return None
    return pd.DataFrame({name: [minor(value) for value in columns[name]] if name in COMPARED_AMOUNTS else list(columns[name]) for name in wanted}, dtype=object)  # fmt: skip


def standing(sheet: str, grid: Grid) -> Standing | None:
    """The table of a result sheet where it stands by now; None where no row bears its headers."""
    return find(grid, NAMES[sheet])


def minor(value: object) -> int | None:
    """An amount of a cell in minor units, None where it is blank or none."""
    return (
        round(value * MINOR_PER_MAJOR)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        else None
    )


def build(case: Case, wanted: Sequence[str] = tuple(REPORTS)) -> list[Sheet]:
    """All sheets of a run, in sheet order. `case.details` must be filled (`details`)."""
    made = [REPORTS[name](case) for name in REPORTS if name in wanted]
    return [sheet for one in made for sheet in (one if isinstance(one, list) else [one])]


def open_verdict(results: Mapping[str, Result], books: Books | None) -> Verdict:
    """What the sheet Exceptions would come to, where none is made."""
    return verdict(exceptions.open_rows(results, books))


def after(case: Case) -> list[Problem]:
    """Problems that only the finished tables show: ticks whose amounts have changed."""
    return exceptions.lost_ticks(case)


__all__ = [
    "DETAILS",
    "MARKET",
    "MARKET_AMOUNTS",
    "MARKET_SHEETS",
    "NAMES",
    "REPORTS",
    "Case",
    "Overflow",
    "Previous",
    "Run",
    "Verdict",
    "after",
    "before",
    "build",
    "details",
    "is_ours",
    "open_verdict",
    "run_of",
    "sheet_names",
    "standing",
    "subtitle",
    "verdict",
]
