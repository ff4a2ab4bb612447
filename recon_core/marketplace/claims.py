"""Claims: what to dispute with the portal, by payout: fees charged beyond the card, with the GST taken on them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.marketplace.facts import Facts
from recon_core.marketplace.words import DISPUTED, FAILED, TAX
from recon_core.money import Bool, Int64, sum_by
from recon_core.owed import Intp
from recon_core.releases import running_sums
from recon_core.texts import words_of

OVERPAID = "the order is over-paid: part of the fee may go back with the payment"


def claims(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Fee rows that are Disputed -> payout, order, order_id, fee, expected_minor, charged_minor, over_minor, tax_minor, total_minor, reason, card.

    The claim stands at the last payout that took the fee. GST that was taken beyond what the claimed fees bear is a row `Tax`; GST that
    was not taken is not asked back.
    """
    fees = frames["fees"]
    disputed = fees["status"].to_numpy() == DISPUTED
    is_tax = (fees["fee"] == TAX).to_numpy()
    rows = np.flatnonzero(disputed & ~is_tax)
    bears = fees["tax_charged_minor"].to_numpy() - fees["tax_expected_minor"].to_numpy()
    n = facts.n
    order = fees["order"].to_numpy()
    explained = sum_by(order[rows].astype(np.intp), bears[rows], n)
    bears[rows] = _taken(facts, fees, rows, bears, explained)
    rest = fees["difference_minor"].to_numpy() - explained[order]
    more = np.flatnonzero(disputed & is_tax & (rest > facts.market.within_minor))
    at = np.sort(np.concatenate([rows, more]))
    tax_row = is_tax[at]
    over = np.where(tax_row, 0, fees["difference_minor"].to_numpy()[at])
    tax = np.where(tax_row, rest[at], bears[at])
    last = np.array([str(names).rpartition("; ")[2] for names in fees["payout"].cat.categories] + [""], object)
    payout = last[fees["payout"].cat.codes.to_numpy()[at]]
    accounts = frames["accounts"]
    overpaid = accounts["in_orders"].to_numpy() & (
        accounts["overpaid_minor"].to_numpy() > facts.legs.settlement.within_minor
    )
    found = pd.DataFrame({
        "payout": pd.Series(payout, dtype="str"), "order": order[at], "order_id": fees["order_id"].iloc[at].array, "fee": fees["fee"].iloc[at].array,
        "expected_minor": fees["expected_minor"].to_numpy()[at], "charged_minor": fees["charged_minor"].to_numpy()[at],
        "over_minor": over, "tax_minor": tax, "total_minor": over + tax, "reason": fees["reason"].iloc[at].array, "card": _said(fees["card"].iloc[at], overpaid[order[at]]),
    })  # fmt: skip
    place = {name: number for number, name in enumerate(facts.lines.payouts["payout"])}
    key = found["payout"].map(place).fillna(-1).to_numpy()
    return (
        found.assign(payout=found["payout"].astype("str")).iloc[np.argsort(key, kind="stable")].reset_index(drop=True)
    )


def _said(card: pd.Series, overpaid: Bool) -> pd.Categorical[str]:
    """The card of each claim; of an order that was over-paid with a word of it, since the payment itself may be taken back."""
    names = [str(name) for name in card.cat.categories]
    code = card.cat.codes.to_numpy().astype(np.int64)
    more = [f"{name}; {OVERPAID}" for name in names]
    return words_of(np.where(overpaid & (code >= 0), code + len(names), code), [*names, *more])


def _taken(facts: Facts, fees: pd.DataFrame, rows: Intp, bears: Int64, explained: Int64) -> Int64:
    """GST on the claimed fees (rows), no more of an order than was taken beyond the expected, less what its other fees explain.

    Within the fee tolerance it is rounding and stays; beyond it the fees have it in their order, the last ones lack it.
    """
    n, order = facts.n, fees["order"].to_numpy()
    is_tax = (fees["fee"] == TAX).to_numpy()
    other = ~is_tax & (fees["status"].to_numpy() != FAILED)
    other[rows] = False
    beyond = sum_by(order[is_tax].astype(np.intp), fees["difference_minor"].to_numpy()[is_tax], n)
    there = np.maximum(beyond - sum_by(order[other].astype(np.intp), bears[other], n), 0)
    there = np.where(explained - there > facts.market.within_minor, there, explained)
    mine, own = order[rows], bears[rows]
    upto = running_sums(mine, own)
    taken: Int64 = np.clip(there[mine] - (upto - own), 0, own)
    return taken
