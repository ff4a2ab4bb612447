"""Sheet Journal: the vouchers that say in the books what each payout did; proposed, never posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from recon_core.model import Result
from recon_core.money import to_major
from recon_core.reports.case import TABLE_ROW, Case, market_sheet
from recon_core.sheets import Cell, Column, Formula, Kind, Sheet
from recon_core.vouchers import fingerprints, last_exports, status

COLUMNS = (
    Column(name="No", kind=Kind.ID, width=20), Column(name="Date", kind=Kind.DATE, width=12), Column(name="Voucher", width=10), Column(name="Account", width=34),
    Column(name="Debit", kind=Kind.AMOUNT), Column(name="Credit", kind=Kind.AMOUNT), Column(name="Text", width=56), Column(name="Payout", kind=Kind.ID, width=16),
    Column(name="Entry", width=24), Column(name="Order id", kind=Kind.ID), Column(name="Key", kind=Kind.ID, width=18), Column(name="Status", width=34),
)  # fmt: skip


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row a posting, by payout, the clearing account first. Needs the books."""
    rows, exports = case.postings, last_exports(case.exports)
    marks = fingerprints(rows)
    said = {no: status(no, mark, exports) for no, mark in marks.items()}

    def texts(name: str) -> pd.Series:
        return pd.Series([getattr(row, name) for row in rows], dtype="str")

    def amounts(name: str) -> pd.Series:
        minor = pd.Series([getattr(row, name) for row in rows], dtype="Int64")
        return minor.mask(minor == 0)

    return pd.DataFrame({
        "No": texts("no"), "Date": pd.Series([row.day for row in rows], dtype="datetime64[s]"), "Voucher": texts("voucher"), "Account": texts("account"),
        "Debit": amounts("debit"), "Credit": amounts("credit"), "Text": texts("text"), "Payout": texts("payout"), "Entry": texts("entry"),
        "Order id": texts("order"), "Key": texts("key"), "Status": pd.Series([said[row.no] for row in rows], dtype="str"),
    })  # fmt: skip


def sheet(case: Case) -> list[Sheet]:
    """The sheet Journal, where Setup names a marketplace; above the table stands what debits less credits come to, live."""
    said = "" if case.books is None or case.books.has_accounts else "No accounts are set up: fill the table Accounts. "
    hint = f"{said}Proposed from the lines of each payout; nothing is posted. 'tieout export journal' writes the vouchers and marks them here."
    made = market_sheet(case, "Journal", "tblJournal", COLUMNS, hint, still="No")
    return [replace(one, cells=(*one.cells, *_balance(case))) for one in made] if case.books else made


def _balance(case: Case) -> tuple[Cell, ...]:
    """Row 4: debit less credit over all vouchers, which must be 0; a value where the table is in a file of its own."""
    rest = sum(row.debit - row.credit for row in case.postings)
    row = TABLE_ROW - 1
    gap = round(to_major(rest), 2) + 0.0
    live = "tblJournal" not in case.overflow
    text = "ROUND(SUM(tblJournal[Debit])-SUM(tblJournal[Credit]),2)"
    return (
        Cell(row=row, column=4, value="Debit less credit", style="label"),
        Cell(row=row, column=5, value=Formula(text, gap) if live else gap, style="amount"),
        Cell(row=row, column=6, value=Formula(f"E{row}=0", gap == 0) if live else gap == 0, style="truth"),
    )
