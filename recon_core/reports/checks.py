"""Sheet Data checks: every problem of the run with its place, what was read and what to do."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from recon_core.problems import SEVERITY_WORDS, Problem, Severity
from recon_core.reports.case import TABLE_ROW, Case, heading
from recon_core.sheets import Cell, Column, Kind, Sheet, Table

COLUMNS = (
    Column(name="Code", width=8), Column(name="Severity", width=13), Column(name="What", kind=Kind.WRAP, width=64), Column(name="What to do", kind=Kind.WRAP, width=52), Column(name="File"),
    Column(name="Sheet", width=12), Column(name="Row", kind=Kind.INTEGER, width=8), Column(name="Column", width=30), Column(name="Read", kind=Kind.ID, width=24),
)  # fmt: skip


def sheet(case: Case) -> Sheet:
    """The sheet Data checks of a run."""
    hint = (
        "What was read with doubt or not at all. Rows left out are on the sheet Skipped too."
        if case.problems
        else "Nothing to see: every cell that matters could be read."
    )
    return listed(case.problems, heading(case, "Data checks", hint))


def listed(problems: Sequence[Problem], head: tuple[Cell, ...]) -> Sheet:
    """The sheet Data checks with these problems, gravest first; `head` are its rows above the table."""
    order = list(Severity)
    problems = sorted(problems, key=lambda one: (order.index(one.severity), one.code, one.where.file, one.where.row))
    rows = [
        (one.code, SEVERITY_WORDS[one.severity], one.what, one.fix, one.where.file, one.where.sheet, one.where.row or None, one.where.column, one.raw)
        for one in problems
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS]).astype(
        {column.name: "Int64" if column.kind is Kind.INTEGER else "str" for column in COLUMNS}
    )
    return Sheet(
        name="Data checks", cells=head, freeze_row=TABLE_ROW + 1,
        tables=(Table(name="tblChecks", columns=COLUMNS, frame=frame, row=TABLE_ROW),),
    )  # fmt: skip
