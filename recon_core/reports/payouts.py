"""Sheet Payouts: where is the money? Each transfer of the portal, what its lines add up to, and its arrival in the bank."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recon_core.dates import to_series
from recon_core.marketplace.words import COLUMN, PayoutStatus
from recon_core.model import Result
from recon_core.reports.case import PART_WORDS, Case, blank_where, market_sheet, words
from recon_core.sheets import Column, Kind, Sheet

PARTS = {PART_WORDS.get(str(part), str(part)): column for part, (column, _) in COLUMN.items()}
COLUMNS = (
    Column(name="Status", width=20), Column(name="Payout", kind=Kind.ID, width=16), Column(name="Date", kind=Kind.DATE, width=12), Column(name="Reference", kind=Kind.ID),
    Column(name="Sum of lines", kind=Kind.AMOUNT), Column(name="Bank amount", kind=Kind.AMOUNT), Column(name="Difference", kind=Kind.AMOUNT),
    Column(name="Bank date", kind=Kind.DATE, width=12), Column(name="Bank reference", kind=Kind.ID),
    Column(name="Bank file", width=24), Column(name="Bank row", width=10), Column(name="Rows in file", kind=Kind.INTEGER, width=11),
    Column(name="Rows counted", kind=Kind.INTEGER, width=11), *(Column(name=name, kind=Kind.AMOUNT) for name in PARTS), Column(name="File"),
)  # fmt: skip
ARRIVED = (PayoutStatus.MATCHED, PayoutStatus.DIFFERS, PayoutStatus.ONLY_IN_BANK)


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row a payout, oldest first; credits of the bank that no payout explains stand below. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    found = case.books.payouts.reset_index(drop=True)
    status = words(found["status"])
    none = (status == PayoutStatus.ONLY_IN_BANK).to_numpy()
    waits = (~status.isin(ARRIVED)).to_numpy()
    return pd.DataFrame({
        "Status": status, "Payout": words(found["payout"]), "Date": to_series(found["day"].to_numpy()), "Reference": words(found["reference"]),
        "Sum of lines": blank_where(found["sum_minor"], none), "Bank amount": blank_where(found["bank_minor"], waits),
        "Difference": blank_where(found["difference_minor"], (status == PayoutStatus.NOT_COMPARED).to_numpy()), "Bank date": to_series(found["bank_day"].to_numpy()),
        "Bank reference": words(found["bank_reference"]), "Bank file": words(found["bank_file"]), "Bank row": words(found["bank_row"]),
        "Rows in file": blank_where(found["file_rows"], none), "Rows counted": blank_where(found["rows"], none),
        **{name: blank_where(found[column], none) for name, column in PARTS.items()}, "File": words(found["file"]),
    })  # fmt: skip


def sheet(case: Case) -> list[Sheet]:
    """The sheet Payouts, where Setup names a marketplace."""
    hint = "Difference = bank amount - sum of lines. The parts are signed as on Orders: sale, claims, reserve and adjustments towards us, the others as costs."
    return market_sheet(case, "Payouts", "tblPayouts", COLUMNS, hint, still="Payout")
