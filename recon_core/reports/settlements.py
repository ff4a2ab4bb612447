"""Sheet Settlements: each payout from what was expected to what arrived, and whether its journal was exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from recon_core.dates import to_series
from recon_core.marketplace import Books
from recon_core.model import Result
from recon_core.reports.case import Case, blank_where, market_sheet, words
from recon_core.sheets import Column, Kind, Sheet
from recon_core.vouchers import fingerprints, last_exports, number, status

SHARE = "SUMIFS(tblDifferences[Difference],tblDifferences[Payout no],tblSettlements[[#This Row],[No]])"
LEFT = "ROUND(tblSettlements[[#This Row],[Difference]]-tblSettlements[[#This Row],[By causes]],4)"
COLUMNS = (
    Column(name="No", kind=Kind.INTEGER, width=6), Column(name="Payout", kind=Kind.ID, width=16), Column(name="Date", kind=Kind.DATE, width=12), Column(name="Reference", kind=Kind.ID),
    Column(name="State", width=11), Column(name="Orders", kind=Kind.INTEGER, width=8), Column(name="Rows", kind=Kind.INTEGER, width=8), Column(name="Expected", kind=Kind.AMOUNT),
    Column(name="Difference", kind=Kind.AMOUNT), Column(name="Sum of lines", kind=Kind.AMOUNT), Column(name="By causes", kind=Kind.AMOUNT, formula=SHARE),
    Column(name="Left over", kind=Kind.AMOUNT, formula=LEFT), Column(name="Unexplained", kind=Kind.AMOUNT), Column(name="Stated transfer", kind=Kind.AMOUNT),
    Column(name="Bank status", width=20), Column(name="Bank amount", kind=Kind.AMOUNT), Column(name="Transfer less lines", kind=Kind.AMOUNT, width=18),
    Column(name="Bank date", kind=Kind.DATE, width=12), Column(name="Bank reference", kind=Kind.ID), Column(name="Journal", width=34),
)  # fmt: skip


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row a payout, oldest first. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    found = case.books.settlements.reset_index(drop=True)
    n, away = len(found), (~found["has_bank"]).to_numpy()
    differ = (found["expected_minor"] + found["difference_minor"] - found["sum_minor"]).to_numpy()
    return pd.DataFrame({
        "No": pd.Series(range(1, n + 1), dtype="int64"), "Payout": words(found["payout"]), "Date": to_series(found["day"].to_numpy()), "Reference": words(found["reference"]),
        "State": words(found["state"]), "Orders": found["orders"], "Rows": found["rows"], "Expected": found["expected_minor"], "Difference": found["difference_minor"],
        "Sum of lines": found["sum_minor"], "By causes": found["difference_minor"], "Left over": pd.Series(differ), "Unexplained": found["unexplained_minor"],
        "Stated transfer": blank_where(found["stated_minor"], (~found["has_stated"]).to_numpy()), "Bank status": words(found["status"]),
        "Bank amount": blank_where(found["bank_minor"], away), "Transfer less lines": blank_where(found["gap_minor"], away & (~found["has_stated"]).to_numpy()),
        "Bank date": to_series(found["bank_day"].to_numpy()), "Bank reference": words(found["bank_reference"]), "Journal": _journal(case, case.books),
    })  # fmt: skip


def _journal(case: Case, books: Books) -> pd.Series:
    """What is to be said of the journal of each payout."""
    exports, marks = last_exports(case.exports), fingerprints(case.postings)
    said = []
    for at, payout in enumerate(books.settlements["payout"].astype("str")):
        no = number(payout, "Journal")
        if not books.has_accounts:
            said.append("No accounts are set up")
        elif at in books.refusals:
            missing = ", ".join(books.refusals[at])
            said.append(f"No account for {missing}" if missing else "The payout has no date")
        else:
            said.append(status(no, marks[no], exports) if no in marks else "Nothing to post")
    return pd.Series(said, dtype="str")


def sheet(case: Case) -> list[Sheet]:
    """The sheet Settlements, where Setup names a marketplace; its formulas add up the sheet Differences."""
    hint = "Expected + difference = sum of lines. By causes adds up the sheet Differences; Left over must be 0. 'tieout export settlement' writes each payout to a file of its own."
    columns = COLUMNS if "tblDifferences" not in case.overflow else tuple(replace(column, formula="") for column in COLUMNS)  # fmt: skip
    return market_sheet(case, "Settlements", "tblSettlements", columns, hint, still="Payout")
