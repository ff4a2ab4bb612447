"""Divergences: why an order is not what it should be. One row an order and type, with the money it is about.

The types and their tests are domain.md 4.4, one row each of TYPES. Fee and tax types are said only of orders whose sale and
returns are settled in full and which are not over-paid: before that a difference has another name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.market import OrderState
from recon_core.marketplace.facts import Facts, gaps, has_reason, tax_of_returns
from recon_core.marketplace.words import AWAITING, DISPUTED, FAILED, KEPT, PARTLY, TAX, UNDER
from recon_core.model import Reason
from recon_core.money import Bool, Int64, sum_by
from recon_core.owed import STATES

Columns = Mapping[str, np.ndarray]
EVENTS = [STATES.index(state) for state in (OrderState.CANCELLED, OrderState.RTO, OrderState.LOST)]


class Type(NamedTuple):
    """One divergence type: its word, when it holds of an order, and the money it is about."""

    code: str
    holds: Callable[[Columns], Bool]
    amount: Callable[[Columns], Int64]


TYPES: tuple[Type, ...] = (
    Type("MISSING_IN_OMS", lambda of: ~of["ours"] & of["portal"], lambda of: np.where(of["cash"] != 0, of["cash"], of["price_gap"])),  # its value where nothing was settled
    Type("UNKNOWN_ORDER", lambda of: ~of["ours"] & ~of["portal"], lambda of: of["cash"]),
    Type("MISSING_IN_MARKETPLACE", lambda of: of["ours"] & of["absent"], lambda of: of["value"]),
    Type("PRICE_MISMATCH", lambda of: of["price"], lambda of: of["price_gap"]),
    Type("GST_MISMATCH", lambda of: of["gst"], lambda of: of["gst_gap"]),
    Type("SHORT_PAYMENT", lambda of: of["awaits"] & (of["sale"] != 0), lambda of: of["open"]),
    Type("NOT_DUE", lambda of: of["awaits"] & (of["sale"] == 0) & of["not_due"], lambda of: of["open"]),
    Type("NOT_SETTLED", lambda of: of["awaits"] & (of["sale"] == 0) & ~of["not_due"], lambda of: of["open"]),
    Type("OVER_PAYMENT", lambda of: of["ours"] & (of["over"] > of["within"]), lambda of: of["over"]),
    Type("LATE_PAYMENT", lambda of: of["late"] > 0, lambda of: of["late"] * 0),
    Type("FEE_NOT_REVERSED", lambda of: of["complete"] & of["has_kept"], lambda of: of["fee_over"]),
    Type("FEE_OVERCHARGE", lambda of: of["complete"] & of["has_over"] & ~of["has_kept"], lambda of: of["fee_over"]),
    Type("FEE_UNDERCHARGE", lambda of: of["complete"] & of["has_under"], lambda of: of["fee_under"]),
    Type("TAX_ON_FEE", lambda of: of["complete"] & (np.abs(of["tax_rest"]) > of["within"]), lambda of: of["tax_rest"]),
    Type("TCS_MISMATCH", lambda of: of["complete"] & (np.abs(of["tcs_gap"]) > of["within"]), lambda of: of["tcs_gap"]),
    Type("TDS_MISMATCH", lambda of: of["complete"] & (np.abs(of["tds_gap"]) > of["within"]), lambda of: of["tds_gap"]),
    Type("FEE_UNCONFIGURED", lambda of: of["ours"] & (of["failed"] != 0), lambda of: of["failed"]),
    Type("CHARGEBACK", lambda of: of["ours"] & (of["chargeback"] != 0), lambda of: of["chargeback"]),
    Type("RETURN_WITHOUT_CREDIT_NOTE", lambda of: of["ours"] & of["no_note"], lambda of: of["booked"]),
    Type("RETURN_NOT_SETTLED", lambda of: of["ours"] & of["lines"] & (of["unsettled"] > of["within"]), lambda of: of["unsettled"]),
    Type("RETURN_NOT_RECEIVED", lambda of: of["ours"] & (of["surplus"] > of["within"]) & (of["booked"] == 0), lambda of: of["surplus"]),
    Type("DOUBLE_RETURN_CHARGE", lambda of: of["ours"] & (of["surplus"] > of["within"]) & (of["booked"] > 0), lambda of: of["surplus"]),
    Type("RESERVE_HELD", lambda of: of["ours"] & (of["reserve"] < 0), lambda of: of["reserve"]),
    Type("ADJUSTMENT", lambda of: of["ours"] & (of["adjustment"] != 0), lambda of: of["adjustment"]),
    Type("CLAIM_PENDING", lambda of: of["ours"] & (of["lost"] > 0) & (of["claims"] <= 0) & (of["over"] <= of["within"]), lambda of: of["lost"]),
    Type("PENALTY_WITHOUT_EVENT", lambda of: of["ours"] & (of["penalties"] > of["within"]) & ~of["event"], lambda of: of["penalties"]),
)  # fmt: skip
# A leg is partly matched and no type says why: then the leg's own reason does.
OF_LEGS = (str(Reason.DUPLICATE), str(Reason.ROUNDING), "UNEXPLAINED")
CODES = (*(one.code for one in TYPES), *OF_LEGS)


def divergences(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Accounts and fees -> order int64, order_id, code (category), amount_minor (size of the money it is about); largest first."""
    of = _columns(facts, frames)
    blocks = []
    for number, one in enumerate(TYPES):
        rows = np.flatnonzero(one.holds(of))
        blocks.append(pd.DataFrame({"order": rows.astype(np.int64), "code": np.full(len(rows), number, np.int8), "amount_minor": np.abs(one.amount(of)[rows])}))  # fmt: skip
    frame = pd.concat([*blocks, _of_legs(facts, frames["accounts"], blocks)], ignore_index=True)
    order = np.lexsort((frame["code"], -frame["amount_minor"], frame["order"]))
    frame = frame.take(order).reset_index(drop=True)
    ids = frames["accounts"]["order_id"].take(frame["order"].to_numpy()).reset_index(drop=True)
    return frame.assign(order_id=ids, code=pd.Categorical.from_codes(frame["code"].to_numpy(), categories=pd.Index(CODES)))  # fmt: skip


def _of_legs(facts: Facts, accounts: pd.DataFrame, blocks: list[pd.DataFrame]) -> pd.DataFrame:
    """Orders that a leg matched partly and that no type names."""
    partly = (accounts["leg_orders"].to_numpy() == PARTLY) | (accounts["leg_settlement"].to_numpy() == PARTLY)
    partly[np.concatenate([block["order"].to_numpy() for block in blocks])] = False
    rows = np.flatnonzero(partly)
    result = facts.results[facts.legs.settlement.name]
    doubled, rounded = (has_reason(result, facts.ids, reason)[rows] for reason in (Reason.DUPLICATE, Reason.ROUNDING))
    code = len(TYPES) + np.select([doubled, rounded], [0, 1], 2)
    return pd.DataFrame({"order": rows.astype(np.int64), "code": code.astype(np.int8), "amount_minor": np.abs(accounts["diff_minor"].to_numpy()[rows])})  # fmt: skip


def _columns(facts: Facts, frames: dict[str, pd.DataFrame]) -> dict[str, np.ndarray]:
    """What the tests look at, by order."""
    accounts, fees, n = frames["accounts"], frames["fees"], facts.n
    within = facts.legs.settlement.within_minor
    take = {
        "ours": "in_orders", "portal": "in_portal", "lines": "has_lines", "cash": "actual_net_minor", "value": "invoice_minor",
        "sale": "sale_minor", "open": "outstanding_minor", "over": "overpaid_minor", "late": "late_days", "chargeback": "chargebacks_minor",
        "unsettled": "unsettled_return_minor", "reserve": "reserve_minor", "adjustment": "adjustments_minor", "booked": "returned_minor",
        "lost": "lost_minor", "claims": "claims_minor", "penalties": "penalties_minor",
    }  # fmt: skip
    of = {name: accounts[column].to_numpy() for name, column in take.items()}
    has_portal = bool(of["portal"].any()) or facts.legs.orders is not None
    of["absent"] = ~of["portal"] & has_portal
    # an order awaits payment too where more was taken back than was paid: of the sale nothing is open then
    of["awaits"] = of["ours"] & (accounts["payment"].to_numpy() == AWAITING) & ~of["absent"] & (of["open"] > within)
    of["not_due"] = (accounts["due_day"].to_numpy() != NO_DAY) & (accounts["overdue_days"].to_numpy() == 0)
    of["within"] = np.full(n, within, np.int64)
    of["complete"] = (
        of["ours"] & of["lines"] & (of["open"] <= within) & (of["over"] <= within) & (of["unsettled"] <= within)
    )
    back = facts.back
    without = (back.order >= 0) & back.is_booked & ~back.has_note
    of["no_note"] = np.bincount(back.order[without], minlength=n) > 0
    # what a penalty can be for and our records can show: a row cancelled, sent back, undelivered or lost
    of["event"] = facts.any_goods(np.isin(facts.goods.state, EVENTS)) | (np.bincount(back.order[back.order >= 0], minlength=n) > 0)  # fmt: skip
    of["surplus"] = accounts["returns_minor"].to_numpy() - of["booked"]
    for name in ("tcs", "tds"):
        gap = accounts[f"{name}_minor"].to_numpy() - accounts[f"expected_{name}_minor"].to_numpy()
        follows = tax_of_returns(
            facts, accounts, name.upper()
        )  # the return is the divergence, not the tax that goes with it
        of[f"{name}_gap"] = np.where((follows != 0) & (np.abs(gap + follows) <= within), 0, gap)
    return of | _of_fees(fees, n) | _of_prices(facts, accounts)


def _of_fees(fees: pd.DataFrame, n: int) -> dict[str, np.ndarray]:
    """Sums and flags of the fee rows by order; GST rows apart."""
    order, status, reason = fees["order"].to_numpy(), fees["status"].to_numpy(), fees["reason"].cat.codes.to_numpy()
    over = fees["difference_minor"].to_numpy()
    is_tax = (fees["fee"] == TAX).to_numpy()

    def total(flags: Bool, minor: Int64) -> Int64:
        return sum_by(order[flags].astype(np.intp), minor[flags], n)

    def has(flags: Bool) -> Bool:
        return np.bincount(order[flags], minlength=n) > 0

    disputed, under, failed = (status == DISPUTED) & ~is_tax, (reason == UNDER) & ~is_tax, status == FAILED
    explained = fees["tax_charged_minor"].to_numpy() - fees["tax_expected_minor"].to_numpy()
    return {
        "has_over": has(disputed), "has_kept": has(disputed & (reason == KEPT)), "has_under": has(under), "fee_over": total(disputed, over),
        "fee_under": total(under, over), "failed": total(failed, over), "tax_rest": total(is_tax, over) - total(~is_tax & ~failed, explained),
    }  # fmt: skip


def _of_prices(facts: Facts, accounts: pd.DataFrame) -> dict[str, np.ndarray]:
    """What the leg of orders found: invoice amounts, or their GST, differ."""
    n = facts.n
    if facts.legs.orders is None:
        return {"price": np.zeros(n, bool), "gst": np.zeros(n, bool), "price_gap": np.zeros(n, np.int64), "gst_gap": np.zeros(n, np.int64)}  # fmt: skip
    leg = facts.legs.orders
    gap, tax = gaps(facts.results[leg.name], facts.legs.orders_ours, facts.ids)
    partly = (accounts["leg_orders"].to_numpy() == PARTLY) & accounts["in_orders"].to_numpy() & accounts["in_portal"].to_numpy()  # fmt: skip
    price = partly & (np.abs(gap) > leg.within_minor)
    return {"price": price, "gst": partly & ~price & (np.abs(tax) > leg.within_minor), "price_gap": gap, "gst_gap": tax}
