"""Sheet Fees: were the fees right? What the card says of each fee of each order against what was charged."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recon_core.marketplace.words import FeeStatus
from recon_core.model import Result
from recon_core.reports.case import Case, blank_where, coded, market_sheet
from recon_core.sheets import Column, Kind, Sheet

COLUMNS = (
    Column(name="Order id", kind=Kind.ID), Column(name="Fee", width=24), Column(name="Status", width=12), Column(name="Reason", width=20),
    Column(name="Expected", kind=Kind.AMOUNT), Column(name="Charged", kind=Kind.AMOUNT), Column(name="Difference", kind=Kind.AMOUNT),
    Column(name="GST expected", kind=Kind.AMOUNT), Column(name="GST charged", kind=Kind.AMOUNT), Column(name="Payout", width=16), Column(name="Card", width=96),
)  # fmt: skip


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row an order and fee; expected and difference stay blank where no rule of the card could say. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    fees = case.books.fees.reset_index(drop=True)
    unknown = (fees["status"] == FeeStatus.FAILED).to_numpy()
    return pd.DataFrame({
        "Order id": coded(fees["order_id"]), "Fee": coded(fees["fee"]), "Status": coded(fees["status"]), "Reason": coded(fees["reason"]),
        "Expected": blank_where(fees["expected_minor"], unknown), "Charged": fees["charged_minor"], "Difference": blank_where(fees["difference_minor"], unknown),
        "GST expected": blank_where(fees["tax_expected_minor"], unknown), "GST charged": fees["tax_charged_minor"], "Payout": coded(fees["payout"]), "Card": coded(fees["card"]),
    }, copy=False)  # fmt: skip


def sheet(case: Case) -> list[Sheet]:
    """The sheet Fees, where Setup names a marketplace."""
    hint = "Costs are positive. Disputed: charged beyond the card. Failed: no rule of the card says. Pending: differs, and sale or return is not settled in full. The row Tax is the GST on the order's fees."
    return market_sheet(case, "Fees", "tblFees", COLUMNS, hint, still="Order id")
