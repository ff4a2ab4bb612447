"""Sheet Run log: one row a run, each hash chained to the one before, so that a later change shows."""

from __future__ import annotations

import pandas as pd

from recon_core.model import Status
from recon_core.money import to_text
from recon_core.reports.case import TABLE_ROW, Case, files_hash, heading, short_hash
from recon_core.sheets import Cell, Column, Kind, Sheet, Table

COLUMNS = (
    Column(name="Run", kind=Kind.INTEGER, width=7), Column(name="Start", kind=Kind.DATETIME, width=18), Column(name="End", kind=Kind.DATETIME, width=18), Column(name="User", width=14),
    Column(name="Machine", width=16), Column(name="Version", width=9), Column(name="As of", kind=Kind.DATE, width=12), Column(name="Outcome", width=10), Column(name="Counts", kind=Kind.WRAP, width=60), Column(name="Files hash", kind=Kind.ID, width=18),
    Column(name="Setup hash", kind=Kind.ID, width=18), Column(name="Result hash", kind=Kind.ID, width=18), Column(name="Chain", kind=Kind.ID, width=18),
)  # fmt: skip
CHAIN_WORDS = (
    "This chain shows whether files, rules, rates, decisions or results changed since a run, and where. It is not a signature: it does not prove who made a change, "
    "and anyone with this tool can build a new chain. Keep the head hash outside this file (sign-off mail, printed footer) to compare later."
)


def sheet(case: Case) -> Sheet:
    """The sheet Run log: the earlier rows as they stand, and this run."""
    names = [column.name for column in COLUMNS]
    rows = [*case.log, row(case, str(case.log[-1].get("Chain") or "") if case.log else "")]
    frame = pd.DataFrame(rows, columns=names)
    dtypes = {Kind.INTEGER: "Int64", Kind.DATETIME: "datetime64[s]", Kind.DATE: "datetime64[s]"}
    frame = frame.fillna({column.name: "" for column in COLUMNS if column.kind not in dtypes}).astype(
        {column.name: dtypes.get(column.kind, "str") for column in COLUMNS}
    )
    cells = (
        *heading(case, "Run log", "One row for each run of this workbook, oldest first."),
        Cell(row=4, column=1, value=CHAIN_WORDS, style="subtitle"),
    )
    return Sheet(
        name="Run log",
        cells=cells,
        freeze_row=TABLE_ROW + 1,
        tab="grey",
        tables=(Table(name="tblRuns", columns=COLUMNS, frame=frame, row=TABLE_ROW),),
    )


def row(case: Case, previous: str) -> dict[str, object]:
    """This run's row of the log."""
    run = case.run
    hashes = (files_hash(case.results, case.others), run.setup_hash, run.result_hash)
    return {
        "Run": run.number, "Start": run.started, "End": run.ended, "User": run.user, "Machine": run.machine, "Version": run.version, "As of": case.recipe.as_of, "Outcome": case.outcome.upper(),
        "Counts": counts(case), "Files hash": hashes[0], "Setup hash": hashes[1], "Result hash": hashes[2], "Chain": short_hash("|".join((*hashes, previous))),
    }  # fmt: skip


def counts(case: Case) -> str:
    """'Orders A 596 of 603 rows matched (810810.16)' for each leg and side."""
    parts = []
    for name, result in case.results.items():
        for side, letter in enumerate("AB"):
            matched = result.tallies[side, Status.MATCHED]
            total = sum(result.tallies[side, status].rows for status in Status)
            parts.append(
                f"{name} {letter} {matched.rows:,} of {total:,} rows matched ({to_text(matched.amount_minor)})"
            )
    return "; ".join(parts)
