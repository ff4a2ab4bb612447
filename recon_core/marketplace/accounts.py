"""Accounts: what each order is worth, what was paid for it, by term of the money chain, and when. One row an order.

order value = cash + fees + penalties + tax on fees + TCS + TDS + returns + chargebacks + RTO value - claims - reserve
- adjustments + outstanding - over-paid, for every order of ours, to the minor unit; of an order we do not have, its
sale stands in place of the value. Proved here for every row.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.dues import ages, completed_days, payments
from recon_core.entries import Part, part_of
from recon_core.keys import standard_text
from recon_core.market import OrderState, Says
from recon_core.marketplace.facts import Facts, verdicts
from recon_core.marketplace.words import TAXES
from recon_core.money import Bool, Int64, sum_by
from recon_core.owed import LOST, NOTHING, RTO, STATES
from recon_core.problems import broken
from recon_core.ratecard import Basis
from recon_core.terms import Anchor, due_days

FLOW = "marketplace"  # of orders that name none
CANCELLED = STATES.index(OrderState.CANCELLED)
CHAIN = {  # column -> its sign in: order value = ...
    "actual_net_minor": 1, "fees_minor": 1, "penalties_minor": 1, "tax_on_fees_minor": 1, "tcs_minor": 1, "tds_minor": 1,
    "returns_minor": 1, "chargebacks_minor": 1, "rto_value_minor": 1, "claims_minor": -1, "reserve_minor": -1,
    "adjustments_minor": -1, "outstanding_minor": 1, "overpaid_minor": -1,
}  # fmt: skip


def accounts(facts: Facts, _frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Facts -> one row an order (n), by id; verdicts, payment and band are codes (VERDICTS, PAYMENTS, BANDS; -1 none).

    What Books.orders has but tags and divergences, and: in_orders, in_portal, has_lines (of a settlement), is_cancelled,
    is_rto, is_partial, no_due (position in NO_DUES; 0 of orders that are not ours or void), units, returned_units (booked returns of customers), transit_units, returned_minor (their value),
    unsettled_return_minor (the part of it that no settlement has taken back yet), lost_minor (value of the rows that the carrier lost; not part of invoice_minor).
    """
    order, ours, n = facts.lines.frame["order"].to_numpy(), facts.in_orders, facts.n
    parts = facts.by_part(facts.by_type)
    value, rto = _values(facts)
    is_rto = _all_goods(facts, facts.goods.state == RTO) | ((rto > 0) & (rto >= value))
    void = is_rto | _all_goods(facts, np.isin(facts.goods.state, NOTHING))
    balance = np.where(ours, value - rto - parts["sale_minor"], 0)
    cash = sum_by(order.astype(np.intp), facts.lines.frame["net_minor"].to_numpy(), n)
    expected = np.where(ours, facts.by_order(facts.expected.net_minor) + _backs(facts) + parts["claims_minor"], 0)
    returned = facts.by_order(facts.expected.returned_minor)
    frame = pd.DataFrame({
        "order_id": facts.ids, "in_orders": ours, "in_portal": facts.in_portal, "has_lines": np.bincount(order[order >= 0], minlength=n) > 0,
        **_verdicts(facts), "is_cancelled": _all_goods(facts, facts.goods.state == CANCELLED), "is_rto": is_rto,
        "invoice_minor": value, "expected_net_minor": expected, "actual_net_minor": cash, "diff_minor": cash - expected,
        **_payment(facts, parts, value, void), **parts, "rto_value_minor": rto,
        "outstanding_minor": np.maximum(balance, 0), "overpaid_minor": np.maximum(-balance, 0),
        **{f"expected_{name.lower()}_minor": facts.by_order(_tax_due(facts, name)) for name in TAXES},
        "units": facts.by_order(facts.goods.quantity), "returned_units": facts.by_order(facts.expected.returned_units),
        "transit_units": facts.by_order(facts.expected.transit_units), "returned_minor": returned,
        "lost_minor": facts.by_order(np.where(facts.goods.state == LOST, facts.goods.amount_minor, 0)),
        "unsettled_return_minor": np.maximum(returned - np.maximum(parts["returns_minor"], 0), 0),
    })  # fmt: skip
    prove(frame)
    return frame


def _verdicts(facts: Facts) -> dict[str, np.ndarray]:
    """What the two legs of orders came to."""
    legs, none = facts.legs, np.zeros(facts.n, np.int8)
    first = none if legs.orders is None else verdicts(facts.results[legs.orders.name], legs.orders_ours, facts.ids)
    return {"leg_orders": first, "leg_settlement": verdicts(facts.results[legs.settlement.name], legs.ours, facts.ids)}


def _payment(facts: Facts, parts: dict[str, Int64], value: Int64, void: Bool) -> dict[str, np.ndarray]:
    """Payment status, part payment, due and paid days, overdue, late and band; nothing of orders that are not ours."""
    ours, within = facts.in_orders, facts.legs.settlement.within_minor
    paid = payments(value, parts["sale_minor"], parts["returns_minor"] + parts["chargebacks_minor"], void, within)
    entries, lines = facts.lines.entries, facts.lines.frame
    sales = np.array([part_of(str(name)) is Part.SALES for name in entries["type"].cat.categories] + [False], bool)
    sold = np.flatnonzero(sales[entries["type"].cat.codes.to_numpy()])
    of = entries["pos"].to_numpy()[sold]
    receipts, days = entries["amount_minor"].to_numpy()[sold], lines["day"].to_numpy()[of]
    complete = np.where(ours, completed_days(lines["order"].to_numpy()[of], days, receipts, value, within), NO_DAY)
    due = _due(facts, void)
    aged = ages(paid, due["due_day"].to_numpy(), complete, facts.as_of)
    return {
        "payment": np.where(ours, paid["status"], -1).astype(np.int8), "is_partial": paid["is_partial"].to_numpy() & ours,
        "due_day": np.where(ours, aged["due_day"], NO_DAY), "no_due": due["why"].to_numpy(), "paid_day": complete, "overdue_days": np.where(ours, aged["overdue_days"], 0),
        "late_days": np.where(ours, aged["late_days"], 0), "band": np.where(ours, aged["band"], -1).astype(np.int8),
    }  # fmt: skip


def prove(frame: pd.DataFrame) -> None:
    """Stop the run where the money chain of an order does not close."""
    together = sum(sign * frame[name].to_numpy() for name, sign in CHAIN.items())
    whole = np.where(frame["in_orders"], frame["invoice_minor"], frame["sale_minor"])
    wrong = np.flatnonzero(together != whole)
    if len(wrong):
        order = frame["order_id"].iloc[int(wrong[0])]
        raise broken(str(order), f"The money chain of order {order} does not close ({len(wrong):,} orders in all).")


def _values(facts: Facts) -> tuple[Int64, Int64]:
    """Invoiced value of each order, and what of it came back undelivered."""
    goods = facts.goods
    amount = np.where(np.isin(goods.state, NOTHING), 0, goods.amount_minor)
    return facts.by_order(amount), facts.by_order(facts.expected.rto_minor)


def _all_goods(facts: Facts, flags: Bool) -> Bool:
    """Whether a flag holds for every goods row of an order that has any."""
    return facts.in_orders & ~facts.any_goods(~flags)


def _backs(facts: Facts) -> Int64:
    """Expected net of the returns of each order (n)."""
    goods_row = facts.expected.back_goods
    order = np.where(goods_row >= 0, facts.goods.order[goods_row], -1) if facts.goods.n else goods_row
    return sum_by(order.astype(np.intp), facts.expected.back_net_minor, facts.n)


def _tax_due(facts: Facts, name: str) -> Int64:
    """What a tax of the cards comes to for each goods row."""
    found = [due.fee_minor for due in facts.expected.dues if standard_text(due.fee) == name]
    return sum(found, np.zeros(facts.goods.n, np.int64))


def _due(facts: Facts, void: Bool) -> pd.DataFrame:
    """due_day of each order by the payment terms, from the first date of each kind on its rows, NO_DAY for none, and why it has none."""
    goods, rows, n = facts.goods, facts.goods_rows, facts.n
    anchors = {
        Anchor.INVOICE: _first_day(goods.order, goods.days[Basis.INVOICE], n), Anchor.DISPATCH: _first_day(goods.order, goods.days[Basis.SHIP], n),
        Anchor.DELIVERY: _first_day(goods.order, goods.days[Basis.DELIVERY], n),
    }  # fmt: skip
    first = np.zeros(n, np.intp)
    first[goods.order[::-1]] = np.arange(goods.n)[::-1]
    portal, flow = goods.portal, rows.series(Says.FLOW, FLOW)
    if not goods.n:
        return pd.DataFrame({"due_day": np.full(n, NO_DAY, np.int64), "why": np.zeros(n, np.int8)})
    found = due_days(facts.market.terms, portal.take(first), flow.take(first), anchors)
    owed = facts.in_orders & ~void
    return pd.DataFrame(
        {"due_day": np.where(owed, found["due_day"], NO_DAY), "why": np.where(owed, found["why"], 0).astype(np.int8)}
    )


def _first_day(order: Int64, day: Int64, n: int) -> Int64:
    """The earliest day of each order's rows that have one."""
    out = np.full(n, np.iinfo(np.int64).max)
    has = day != NO_DAY
    np.minimum.at(out, order[has], day[has])
    return np.where(out == np.iinfo(np.int64).max, NO_DAY, out)
