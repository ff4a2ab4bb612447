"""Sheet Claims: what to dispute with the portal, by payout: fees charged beyond the card, with the GST taken on them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recon_core.model import Result
from recon_core.reports.case import Case, market_sheet, words
from recon_core.sheets import Column, Kind, Sheet

AMOUNTS = {"Expected": "expected_minor", "Charged": "charged_minor", "Charged beyond": "over_minor", "GST on it": "tax_minor", "To claim": "total_minor"}  # fmt: skip
COLUMNS = (
    Column(name="Payout", kind=Kind.ID, width=16), Column(name="Order id", kind=Kind.ID), Column(name="Fee", width=24), Column(name="Reason", width=20),
    *(Column(name=name, kind=Kind.AMOUNT) for name in AMOUNTS), Column(name="Card", kind=Kind.WRAP, width=96),
)  # fmt: skip


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row a disputed fee, by payout. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    found = case.books.claims.reset_index(drop=True)
    return pd.DataFrame({
        "Payout": words(found["payout"]), "Order id": words(found["order_id"]), "Fee": words(found["fee"]), "Reason": words(found["reason"]),
        **{name: found[column] for name, column in AMOUNTS.items()}, "Card": words(found["card"]),
    })  # fmt: skip


def sheet(case: Case) -> list[Sheet]:
    """The sheet Claims, where Setup names a marketplace."""
    hint = "The disputed rows of Fees, each at the last payout that took the fee. A row Tax is GST taken beyond what the disputed fees bear."
    return market_sheet(case, "Claims", "tblClaims", COLUMNS, hint)
