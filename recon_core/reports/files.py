"""Sheet Files: what was read, with a fingerprint, and the control total of each file against the data sheet.

Below the files of the legs stand those that no leg has: supporting data, and sources that only formulas ask for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from recon_core.model import SIDES, FileFacts, OtherFile, Result
from recon_core.money import to_major
from recon_core.reports.case import TABLE_ROW, Case, heading
from recon_core.sheets import Column, Formula, Kind, Sheet, Table

COLUMNS = (
    Column(name="Leg", width=14), Column(name="Side", width=6), Column(name="Source", width=18), Column(name="File"), Column(name="Sheet", width=12),
    Column(name="Header row", kind=Kind.INTEGER, width=10), Column(name="Rows", kind=Kind.INTEGER, width=10), Column(name="Amount", kind=Kind.AMOUNT),
    Column(name="Rows on data sheet", kind=Kind.INTEGER, width=13), Column(name="Amount on data sheet", kind=Kind.AMOUNT), Column(name="Agrees", width=9, style="truth"),
    Column(name="Total printed in file", kind=Kind.AMOUNT), Column(name="Read as", width=30), Column(name="Size", kind=Kind.INTEGER, width=12),
    Column(name="Modified (UTC)", kind=Kind.DATETIME, width=18), Column(name="SHA-256", kind=Kind.ID, width=70),
)  # fmt: skip
NAMES = [column.name for column in COLUMNS]


def sheet(case: Case) -> Sheet:
    """The sheet Files; its formulas count and sum the data sheets again."""
    rows: list[dict[str, object]] = []
    for result in case.results.values():
        for file in result.files:
            rows.append(_row(case, result, file, TABLE_ROW + 1 + len(rows)))
    rows += [_other(file) for file in case.others]
    frame = pd.DataFrame(rows, columns=NAMES)
    dtypes = {Kind.INTEGER: "Int64", Kind.AMOUNT: "Int64", Kind.DATETIME: "datetime64[s]"}
    live = ("Rows on data sheet", "Amount on data sheet", "Agrees")
    frame = frame.astype(
        {column.name: "object" if column.name in live else dtypes.get(column.kind, "str") for column in COLUMNS}
    )
    hint = "Every file with its fingerprint. Rows and amounts are those of the columns used; the data sheet must hold the same. Supporting data and files of no leg have no amount to prove."
    return Sheet(
        name="Files", cells=heading(case, "Files", hint), tab="blue", freeze_row=TABLE_ROW + 1,
        tables=(Table(name="tblFiles", columns=COLUMNS, frame=frame, row=TABLE_ROW),),
    )  # fmt: skip


def _row(case: Case, result: Result, file: FileFacts, at: int) -> dict[str, object]:
    control = _control(case, result, file, at)
    return {
        "Leg": result.leg, "Side": SIDES[file.side], "Source": file.source, "File": file.file, "Sheet": file.sheet, "Header row": file.header_row, "Rows": file.rows,
        "Amount": file.amount_minor, **control, "Total printed in file": file.own_total_minor, "Read as": file.detected, "Size": file.size, "Modified (UTC)": _modified(file),
        "SHA-256": file.sha256,
    }  # fmt: skip


def _other(file: OtherFile) -> dict[str, object]:
    """A file of no leg: it has a fingerprint, and no amount that a data sheet could hold."""
    return {
        "Leg": str(file.use), "Side": "", "Source": file.source, "File": file.file, "Sheet": file.sheet, "Header row": file.header_row, "Rows": file.rows,
        "Rows on data sheet": "", "Amount on data sheet": "", "Agrees": "", "Read as": file.detected, "Size": file.size, "Modified (UTC)": _modified(file), "SHA-256": file.sha256,
    }  # fmt: skip


def _modified(file: FileFacts | OtherFile) -> dt.datetime | None:
    return dt.datetime.fromtimestamp(file.modified, dt.UTC).replace(tzinfo=None, microsecond=0) if file.modified else None  # fmt: skip


def _control(case: Case, result: Result, file: FileFacts, at: int) -> dict[str, object]:
    """Count and sum of the file's rows on the data sheet, live; as values where that table is in a file of its own."""
    table = "tblA" if file.side == 0 else "tblB"
    rows, minor = _on_sheet(result, file)
    rows_in, minor_in = (None, _side_amount(result, file.side)) if file.added_up else (file.rows, file.amount_minor)
    agrees = (rows_in is None or rows == rows_in) and minor == minor_in
    if table in case.overflow:
        return {"Rows on data sheet": rows, "Amount on data sheet": to_major(minor), "Agrees": agrees}
    which = (
        f"{table}[Leg],$A{at}"
        + ("" if file.added_up else f',{table}[File],SUBSTITUTE($D{at},"~","~~")')
        + (f",{table}[Sheet],$E{at}" if file.sheet and not file.added_up else "")
    )
    places = result.decimals
    own = f"SUMIFS(tblFiles[Amount],tblFiles[Leg],$A{at},tblFiles[Side],$B{at})" if file.added_up else f"H{at}"
    test = f"ROUND(J{at}-{own},{places})=0"
    return {
        "Rows on data sheet": Formula(f"COUNTIFS({which})", rows), "Amount on data sheet": Formula(f"SUMIFS({table}[Amount],{which})", to_major(minor)),
        "Agrees": Formula(test if file.added_up else f"AND(I{at}=G{at},{test})", agrees),
    }  # fmt: skip


def _on_sheet(result: Result, file: FileFacts) -> tuple[int, int]:
    lines = result.lines
    mine = (lines["side"] == file.side).to_numpy()
    if not file.added_up:
        mine = mine & (lines["file"] == result.files.index(file)).to_numpy()
    return int(mine.sum()), int(lines["amount_minor"].to_numpy()[mine].sum())


def _side_amount(result: Result, side: int) -> int:
    return sum(file.amount_minor for file in _of_side(result.files, side))


def _of_side(files: Sequence[FileFacts], side: int) -> list[FileFacts]:
    return [file for file in files if file.side == side]
