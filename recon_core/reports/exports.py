"""Sheet Exports: one row for each voucher that was written to a file for the books, oldest first. Runs leave it as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from recon_core.reports.case import TABLE_ROW
from recon_core.sheets import Cell, Column, Kind, Sheet, Table

NAME, TABLE = "Exports", "tblExports"
COLUMNS = (
    Column(name="No", kind=Kind.ID, width=20), Column(name="Payout", kind=Kind.ID, width=16), Column(name="Voucher", width=10), Column(name="When", kind=Kind.DATETIME, width=18),
    Column(name="User", width=14), Column(name="Amount", kind=Kind.AMOUNT), Column(name="Rows", kind=Kind.INTEGER, width=8), Column(name="Fingerprint", kind=Kind.ID, width=18),
    Column(name="Format", width=9), Column(name="File", width=40), Column(name="SHA-256", kind=Kind.ID, width=66), Column(name="Run", kind=Kind.INTEGER, width=7),
    Column(name="Note", width=60),
)  # fmt: skip
HINT = "What was handed to the books. A voucher that stands here is not exported again unless you ask for it; its fingerprint says whether it changed since."


class Written(NamedTuple):
    """A file for the books as it is about to stand: its name, what is in it, its format."""

    name: str
    data: bytes
    form: str


def sheet(rows: Sequence[Mapping[str, object]], subtitle: str) -> Sheet:
    """The sheet with these rows by column; `subtitle` is the second line of the run's own sheets."""
    dtypes = {Kind.DATETIME: "datetime64[s]", Kind.AMOUNT: "Int64", Kind.INTEGER: "Int64"}
    frame = pd.DataFrame({
        column.name: pd.Series([row.get(column.name) for row in rows], dtype=dtypes.get(column.kind, "str")) for column in COLUMNS
    })  # fmt: skip
    frame = frame.fillna({column.name: "" for column in COLUMNS if column.kind not in dtypes})
    heads = ((NAME, "title"), (subtitle, "subtitle"), (HINT, "subtitle"))
    return Sheet(
        name=NAME, cells=tuple(Cell(row=row, column=1, value=text, style=style) for row, (text, style) in enumerate(heads, 1)), tab="grey",
        freeze_row=TABLE_ROW + 1, tables=(Table(name=TABLE, columns=COLUMNS, frame=frame, row=TABLE_ROW),),
    )  # fmt: skip
