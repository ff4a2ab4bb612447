"""The money chain in total: order value to cash, and cash to the bank."""

from __future__ import annotations

import pandas as pd

from recon_core.marketplace.facts import Facts
from recon_core.marketplace.words import PayoutStatus
from recon_core.money import Int64

ITEMS: tuple[tuple[str, str, int], ...] = (  # what it is called, column of orders, sign
    ("Order value", "invoice_minor", 1), ("Cash", "actual_net_minor", 1), ("Fees", "fees_minor", 1), ("Penalties", "penalties_minor", 1),
    ("Tax on fees", "tax_on_fees_minor", 1), ("TCS", "tcs_minor", 1), ("TDS", "tds_minor", 1), ("Returns and refunds", "returns_minor", 1),
    ("Chargebacks", "chargebacks_minor", 1), ("RTO value", "rto_value_minor", 1), ("Less claims", "claims_minor", -1),
    ("Reserve held", "reserve_minor", -1), ("Less adjustments", "adjustments_minor", -1), ("Outstanding", "outstanding_minor", 1),
    ("Less over-paid", "overpaid_minor", -1),
)  # fmt: skip
ORDERS, BANK = "Orders", "Bank"


def chain(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Accounts, payouts -> part (Orders, Bank), item, amount_minor, in the order they are read.

    Order value = the sum of the other items of its part. Cash of our orders, of orders not in ours and lines without an
    order add up to the settlements; these to bank credits matched, what is in transit or missing, and differences.
    """
    accounts, payouts, lines = frames["accounts"], frames["payouts"], facts.lines.frame
    ours = accounts["in_orders"].to_numpy()
    rows = [(ORDERS, name, sign * int(accounts[column].to_numpy()[ours].sum())) for name, column, sign in ITEMS]
    cash, net = accounts["actual_net_minor"].to_numpy(), lines["net_minor"].to_numpy()
    status = payouts["status"].to_numpy(object)
    sums, bank = payouts["sum_minor"].to_numpy(), payouts["bank_minor"].to_numpy()

    def total(minor: Int64, wanted: PayoutStatus) -> int:
        return int(minor[status == wanted].sum())

    rows += [
        (BANK, "Cash of our orders", int(cash[ours].sum())), (BANK, "Cash of orders not in ours", int(cash[~ours].sum())),
        (BANK, "Lines without an order", int(net[lines["order"].to_numpy() < 0].sum())), (BANK, "Settlements", int(sums.sum())),
        (BANK, "Bank credits matched", total(bank, PayoutStatus.MATCHED)), (BANK, "Bank credits that differ", total(bank, PayoutStatus.DIFFERS)),
        (BANK, "In transit", total(sums, PayoutStatus.IN_TRANSIT)), (BANK, "Missing in the bank", total(sums, PayoutStatus.MISSING)),
        (BANK, "Only in the bank", total(bank, PayoutStatus.ONLY_IN_BANK)),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["part", "item", "amount_minor"])
