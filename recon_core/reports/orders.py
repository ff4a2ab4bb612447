"""Sheet Orders: was I paid? One row an order, from its invoiced value to the cash, with what stands between them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recon_core.dates import to_series
from recon_core.model import Result
from recon_core.reports.case import BAND_WORDS, YES_NO, Case, market_sheet, words
from recon_core.sheets import Column, Kind, Sheet

AMOUNTS = {  # header -> column of Books.orders
    "Invoice value": "invoice_minor", "Expected net": "expected_net_minor", "Actual net": "actual_net_minor", "Difference": "diff_minor",
}  # fmt: skip
PARTS = {
    "Sale": "sale_minor", "Returns": "returns_minor", "Chargebacks": "chargebacks_minor", "RTO value": "rto_value_minor", "Fees": "fees_minor",
    "Penalties": "penalties_minor", "Tax on fees": "tax_on_fees_minor", "TCS": "tcs_minor", "TDS": "tds_minor", "Claims": "claims_minor",
    "Reserve": "reserve_minor", "Adjustments": "adjustments_minor", "Outstanding": "outstanding_minor", "Over-paid": "overpaid_minor",
    "Expected TCS": "expected_tcs_minor", "Expected TDS": "expected_tds_minor",
}  # fmt: skip
COLUMNS = (
    Column(name="Order id", kind=Kind.ID), Column(name="In our orders", width=10), Column(name="In portal orders", width=10), Column(name="Orders leg", width=18),
    Column(name="Settlement leg", width=18), Column(name="Payment", width=17), *(Column(name=name, kind=Kind.AMOUNT) for name in AMOUNTS),
    Column(name="Due", kind=Kind.DATE, width=12), Column(name="Paid in full on", kind=Kind.DATE, width=12), Column(name="Days overdue", kind=Kind.INTEGER, width=11),
    Column(name="Days late", kind=Kind.INTEGER, width=9), Column(name="Awaited", width=14), Column(name="Divergences", width=34), Column(name="Tags", width=34),
    *(Column(name=name, kind=Kind.AMOUNT) for name in PARTS),
)  # fmt: skip


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row an order known to any file, by id. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    orders = case.books.orders.reset_index(drop=True)
    return pd.DataFrame({
        "Order id": words(orders["order_id"]), "In our orders": _yes(orders["in_orders"]), "In portal orders": _yes(orders["in_portal"]),
        "Orders leg": words(orders["leg_orders"]), "Settlement leg": words(orders["leg_settlement"]), "Payment": words(orders["payment"]),
        **{name: orders[column] for name, column in AMOUNTS.items()},
        "Due": to_series(orders["due_day"].to_numpy()), "Paid in full on": to_series(orders["paid_day"].to_numpy()),
        "Days overdue": orders["overdue_days"], "Days late": orders["late_days"], "Awaited": words(orders["band"]).replace(BAND_WORDS),
        "Divergences": words(orders["divergences"]), "Tags": words(orders["tags"]), **{name: orders[column] for name, column in PARTS.items()},
    })  # fmt: skip


def _yes(flags: pd.Series) -> pd.Series:
    return pd.Series(np.where(flags, *YES_NO), dtype="str")


def sheet(case: Case) -> list[Sheet]:
    """The sheet Orders, where Setup names a marketplace."""
    hint = "Invoice value = actual net + fees, penalties, taxes, returns, chargebacks and RTO value - claims, reserve and adjustments + outstanding - over-paid."
    return market_sheet(case, "Orders", "tblOrders", COLUMNS, hint, still="Order id")
