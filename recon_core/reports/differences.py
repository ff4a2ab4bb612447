"""Sheet Differences: what each payout paid against what was expected of it, by cause and order, until nothing is left."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recon_core.model import Result
from recon_core.reports.case import Case, market_sheet, words
from recon_core.sheets import Column, Kind, Sheet

AMOUNTS = {"Expected": "expected_minor", "Paid": "paid_minor", "Difference": "difference_minor"}
COLUMNS = (
    Column(name="Payout no", kind=Kind.INTEGER, width=10), Column(name="Payout", kind=Kind.ID, width=16), Column(name="Cause", width=24), Column(name="Order id", kind=Kind.ID),
    Column(name="What", width=22), *(Column(name=name, kind=Kind.AMOUNT) for name in AMOUNTS),
)  # fmt: skip


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row a component of an order that differs, and one for each line of no order. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    found, payouts = case.books.differences.reset_index(drop=True), case.books.settlements["payout"]
    at = found["payout"].to_numpy()
    return pd.DataFrame({
        "Payout no": at + 1, "Payout": words(payouts.take(at)), "Cause": words(found["cause"]), "Order id": words(found["order_id"]),
        "What": words(found["what"]), **{name: found[column] for name, column in AMOUNTS.items()},
    })  # fmt: skip


def sheet(case: Case) -> list[Sheet]:
    """The sheet Differences, where Setup names a marketplace."""
    hint = "Paid - expected, + is paid beyond. It stands at the last payout that moved it; those of an order add up to its Difference on Orders."
    return market_sheet(case, "Differences", "tblDifferences", COLUMNS, hint)
