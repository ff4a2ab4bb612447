"""Results -> Sheets, in sheet order. Each report is one pure analysis and its sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from recon_core.model import Result
from recon_core.problems import Problem
from recon_core.reports import (
    checks,
    data,
    exceptions,
    files,
    matched,
    notes,
    runs,
    skipped,
    sources,
    suggestions,
    summary,
)
from recon_core.reports.case import Case, Overflow, Run, is_ours
from recon_core.reports.sources import sheet_names
from recon_core.sheets import Sheet

REPORTS: dict[str, Callable[[Case], Sheet | list[Sheet]]] = {
    "Summary": summary.sheet,  # outcome, tie-out, counts and amounts
    "Exceptions": exceptions.sheet,  # work to do
    "Suggestions": suggestions.sheet,  # possible matches, nothing counts on them
    "Matched": matched.sheet,  # which rows closed each other, and how
    "Data checks": checks.sheet,  # every problem, with what to do
    "Skipped": skipped.sheet,  # rows that take no part, and why
    "A data": data.sheet_a,  # every row of side A as read
    "B data": data.sheet_b,  # every row of side B as read
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


def details(case: Case) -> dict[str, pd.DataFrame]:
    """The tables with a row for each line, by Excel table name; the caller may put big ones into files."""
    return {name: make(case.results, case) for name, make in DETAILS.items()}


def build(case: Case, wanted: Sequence[str] = tuple(REPORTS)) -> list[Sheet]:
    """All sheets of a run, in sheet order. `case.details` must be filled (`details`)."""
    made = [REPORTS[name](case) for name in REPORTS if name in wanted]
    return [sheet for one in made for sheet in (one if isinstance(one, list) else [one])]


def after(case: Case) -> list[Problem]:
    """Problems that only the finished tables show: ticks whose amounts have changed."""
    return exceptions.lost_ticks(case)


__all__ = ["DETAILS", "REPORTS", "Case", "Overflow", "Run", "after", "build", "details", "is_ours", "sheet_names"]
