"""What the marketplace owes for each row of our orders and of our returns, by the rate cards.

A row of our orders is `quantity` equal units: fees are rounded per unit and taken times the units. A returned unit gives
back what the card reverses and takes the fees charged on returns; of fees charged once for a row every unit takes its
part and the last one the remainder. What cannot be worked out counts as nothing, and is listed by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY, Days
from recon_core.market import OrderState, ReturnKind
from recon_core.money import Bool, Int64, sum_by
from recon_core.ratecard import ANSWERS, UNKNOWN, Answer, Base, Basis, Card, Charge, Event, Grain, Units, prorated
from recon_core.ratecard import expected as charges_of

Intp = npt.NDArray[np.intp]
Int8 = npt.NDArray[np.int8]

STATES = tuple(OrderState)
LOST = STATES.index(OrderState.LOST)
NOTHING = (STATES.index(OrderState.CANCELLED), STATES.index(OrderState.ORDERED), LOST)  # states that expect nothing
RTO = STATES.index(OrderState.RTO)
KINDS = tuple(ReturnKind)
MANY_UNITS = 10_000  # of one return row; more is no quantity
WORKED, NOT_CHARGED = ANSWERS.index(Answer.WORKED_OUT), ANSWERS.index(Answer.NOT_CHARGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Rows of our orders (n). `order`: 0.. ; money in minor units, amount of the row, price and taxable of a unit."""

    order: Int64
    item: Int64  # 0.. among the items of goods and returns, -1 none
    quantity: Int64
    amount_minor: Int64
    price_minor: Int64
    taxable_minor: Int64
    weight_g: Int64
    state: npt.NDArray[np.int8]  # position in STATES
    days: Mapping[Basis, Days]
    portal: pd.Series  # this and the next four: categories of str
    category: pd.Series
    brand: pd.Series
    zone: pd.Series
    payment_mode: pd.Series
    other_minor: Mapping[Base, Int64] = field(default_factory=dict)  # of a unit, further amounts that a column says

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """Rows of returns (m). `order` -1: of no known order. `is_booked`: the goods are here, not on their way.

    `has_note`: a credit note is named, or no report says which returns have one.
    """

    order: Int64
    item: Int64
    quantity: Int64
    price_minor: Int64  # of a unit, UNKNOWN where the report does not say
    day: Days
    is_booked: Bool
    kind: npt.NDArray[np.int8]  # position in KINDS
    has_note: Bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One fee of the cards over goods rows (n), returns taken into account: what it comes to, and by which rule."""

    fee: str
    fee_minor: Int64
    tax_minor: Int64
    back_minor: Int64  # of fee_minor, what returns and RTO have given back; positive
    answer: npt.NDArray[np.int8]  # position in ANSWERS
    missing: npt.NDArray[np.int8]  # position in INPUTS
    use: npt.NDArray[np.int32]  # for charge.describe
    charge: Charge  # its rules; its amounts are empty

    @property
    def is_known(self) -> Bool:
        """Where the card could say (n)."""
        return np.isin(self.answer, [WORKED, NOT_CHARGED])


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is owed: net of each goods row (n) and of each return row (m), the dues behind it, and what was returned."""

    net_minor: Int64
    back_net_minor: Int64
    back_sale_minor: Int64  # of back_net_minor, the price that goes back, negative
    dues: tuple[Due, ...]
    sale_minor: Int64  # of goods rows, returns not taken off
    rto_minor: Int64  # of the row's amount, what came back undelivered
    returned_units: Int64  # of goods rows, booked returns of customers
    returned_minor: Int64
    transit_units: Int64
    back_goods: Int64  # goods row of each return row, -1 for none
    surplus: Bool  # return rows of more units than were sold


def expect(goods: Goods, back: Back, cards: Sequence[Card]) -> Expected:
    """Goods (n), returns (m), cards without a Stop -> what is owed. Order of rows decides nothing but equal days.

    Source of the sequence: the unit is sold, then returned; a unit that came back undelivered was never sold.
    """
    rto_units, _ = _allocated(goods, back, back.kind == KINDS.index(ReturnKind.RTO))
    rto = np.where(goods.state == RTO, goods.quantity, np.bincount(rto_units.goods, minlength=goods.n))
    rto = np.minimum(np.where(np.isin(goods.state, NOTHING), 0, rto), goods.quantity)
    customer = back.kind == KINDS.index(ReturnKind.CUSTOMER)
    units, surplus = _allocated(goods, back, customer & back.is_booked)
    moving, _ = _allocated(goods, back, customer & ~back.is_booked)
    dues, fees, back_fees = _dues(goods, back, cards, rto, units)
    amount = np.where(np.isin(goods.state, NOTHING), 0, goods.amount_minor)
    lost = _part(amount, rto, goods.quantity)
    sale = amount - lost
    refund = _part(amount[units.goods], units.nth + 1, goods.quantity[units.goods]) - _part(
        amount[units.goods], units.nth, goods.quantity[units.goods]
    )
    refund = _as_stated(goods, back, units, refund)
    refunds = sum_by(units.back, refund, len(back.order))
    of_back = np.full(len(back.order), -1, np.int64)
    of_back[units.back] = units.goods
    return Expected(
        net_minor=sale - fees, back_net_minor=-refunds - sum_by(units.back, back_fees, len(back.order)), back_sale_minor=-refunds, dues=dues,
        sale_minor=sale, rto_minor=lost, returned_units=np.bincount(units.goods, minlength=goods.n).astype(np.int64),
        returned_minor=sum_by(units.goods, refund, goods.n),
        transit_units=np.bincount(moving.goods, minlength=goods.n).astype(np.int64), back_goods=of_back, surplus=surplus,
    )  # fmt: skip


def _as_stated(goods: Goods, back: Back, units: _Units, refund: Int64) -> Int64:
    """Refunds of units where neither side names items: a credit note of less than the invoice takes back what it states."""
    stated = back.price_minor[units.back]
    loose = (goods.item[units.goods] < 0) & (stated != UNKNOWN) & (goods.quantity[units.goods] == 1)
    return np.where(loose & (stated < refund), stated, refund)


def _part(amount: Int64, count: Int64, quantity: Int64) -> Int64:
    """What `count` of `quantity` units of an amount come to; the last unit takes the remainder."""
    return np.where(count > 0, prorated(amount, count, np.maximum(quantity, 1)), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """Returned units: the return row, the goods row and which unit of it comes back (0..)."""

    back: Intp
    goods: Intp
    nth: Int64


def _allocated(goods: Goods, back: Back, wanted: Bool) -> tuple[_Units, Bool]:
    """Wanted return rows -> their units, each given to a unit of the same order and item; and rows with units beyond.

    A return whose value says the price takes a unit of that price; then units come back in the order of their days, the
    cheaper ones first. A return that names no item is of the order's only item. Row order decides nothing.
    """
    surplus = wanted & (back.order < 0)
    at = np.flatnonzero(wanted & (back.order >= 0) & (back.quantity > 0))
    open_goods = np.flatnonzero(~np.isin(goods.state, NOTHING) & (goods.quantity > 0))
    if not len(at) or not len(open_goods):
        surplus[at] = True
        return _Units(back=np.empty(0, np.intp), goods=np.empty(0, np.intp), nth=np.empty(0, np.int64)), surplus
    orders, items = int(max(goods.order.max(), back.order.max())) + 1, int(max(goods.item.max(), back.item.max())) + 2
    item = np.where(back.item[at] < 0, _only_items(goods, open_goods, orders)[back.order[at]], back.item[at])
    by_day = np.lexsort((at, back.price_minor[at], back.day[at]))
    times = np.minimum(back.quantity[at[by_day]], MANY_UNITS)
    row = np.repeat(at[by_day], times)
    key = np.repeat((back.order[at] * items + item + 1)[by_day], times)
    mine = goods.order[open_goods] * items + goods.item[open_goods] + 1
    sold = np.lexsort((goods.quantity[open_goods], goods.price_minor[open_goods], mine))
    slot = np.repeat(open_goods[sold], np.minimum(goods.quantity[open_goods[sold]], MANY_UNITS))  # a unit sold each
    slot_key = goods.order[slot] * items + goods.item[slot] + 1
    exact = _both_keys(slot_key, goods.price_minor[slot], key, back.price_minor[row])
    given = _given(*exact, np.full(len(row), -1, np.int64))
    given = _given(slot_key, key, given)
    fits = given >= 0
    surplus[row[~fits]] = True
    row, of = row[fits], slot[given[fits]]
    nth = np.empty(len(of), np.int64)
    by_goods = np.argsort(of, kind="stable")  # rows stand in the order of their days
    nth[by_goods] = _nth(of[by_goods])
    return _Units(back=row, goods=of, nth=nth), surplus


def _both_keys(slot_key: Int64, slot_price: Int64, key: Int64, price: Int64) -> tuple[Int64, Int64]:
    """Key and price as one number for units sold and returned; -1 where the price of a return is not known."""
    codes, _ = pd.factorize(pd.Series(np.concatenate([slot_price, price])))
    width = int(codes.max()) + 1
    joined = np.concatenate([slot_key, key]) * width + codes
    sold, wanted = joined[: len(slot_key)], joined[len(slot_key) :]
    return sold, np.where(price == UNKNOWN, -1, wanted)


def _given(slot_key: Int64, key: Int64, given: Int64) -> Int64:
    """The slot of each unit (-1 none yet), filled up: units in their order take the free slots of their key in theirs."""
    free = np.ones(len(slot_key), bool)
    free[given[given >= 0]] = False
    slots, wait = np.flatnonzero(free), np.flatnonzero((given < 0) & (key >= 0))
    slots, wait = slots[np.argsort(slot_key[slots], kind="stable")], wait[np.argsort(key[wait], kind="stable")]
    known = slot_key[slots]
    place = np.searchsorted(known, key[wait]) + _nth(key[wait])
    fits = place < np.searchsorted(known, key[wait], "right")
    given = given.copy()
    given[wait[fits]] = slots[place[fits]]
    return given


def _nth(sorted_keys: Int64) -> Int64:
    """0, 1, 2 ... within each run of equal keys."""
    starts = np.flatnonzero(np.append(True, sorted_keys[1:] != sorted_keys[:-1])) if len(sorted_keys) else np.empty(0, np.intp)  # fmt: skip
    return np.arange(len(sorted_keys)) - np.repeat(starts, np.diff(np.append(starts, len(sorted_keys))))


def _only_items(goods: Goods, rows: Intp, orders: int) -> Int64:
    """The item of each order that has one item alone, else -1."""
    low, high = np.full(orders, np.iinfo(np.int64).max), np.full(orders, -1, np.int64)
    np.minimum.at(low, goods.order[rows], goods.item[rows])
    np.maximum.at(high, goods.order[rows], goods.item[rows])
    return np.where(low == high, high, -1)


def _dues(goods: Goods, back: Back, cards: Sequence[Card], rto: Int64, units: _Units) -> tuple[tuple[Due, ...], Int64, Int64]:  # fmt: skip
    """The dues; fees with tax of goods rows without returns (n); and of each returned unit, what it adds (negative: gives back)."""
    n, k = goods.n, len(units.goods)
    rows = np.concatenate([np.arange(n), units.goods, units.goods])
    returned = np.concatenate([np.zeros(n, np.int64), units.nth, units.nth + 1])
    day = np.concatenate([np.full(n, NO_DAY, np.int64), np.tile(back.day[units.back], 2)])
    charges = charges_of(cards, _as_units(goods, rows, rto, returned, day))
    fees, unit_fees = np.zeros(n, np.int64), np.zeros(k, np.int64)
    last = np.full(n, -1, np.int64)  # the state of each row after its last return
    np.maximum.at(last, units.goods, units.nth)
    final = np.flatnonzero(units.nth == last[units.goods]) if k else np.empty(0, np.intp)
    dues = []
    for charge in charges.values():
        net, tax = charge.fee_minor - charge.back_minor, charge.tax_minor - charge.back_tax_minor
        fees += net[:n] + tax[:n]
        unit_fees += (net + tax)[n + k :] - (net + tax)[n : n + k]
        state = np.arange(n)
        state[units.goods[final]] = n + k + final
        dues.append(Due(
            fee=charge.fee, fee_minor=net[state], tax_minor=tax[state], back_minor=charge.back_minor[state],
            answer=charge.answer[state], missing=charge.missing[state], use=charge.use[state], charge=_rules_of(charge),
        ))  # fmt: skip
    for due in _order_dues(goods, cards, rto, units):
        dues.append(due)
        fees += due.fee_minor + due.tax_minor
    return tuple(dues), fees, unit_fees


def _rules_of(charge: Charge) -> Charge:
    """A charge without its amounts, which stand in the Due: what is left says by which rule."""
    none, few, uses = np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0, np.int32)
    return replace(charge, fee_minor=none, tax_minor=none, back_minor=none, back_tax_minor=none, answer=few, missing=few, use=uses)  # fmt: skip


def _as_units(goods: Goods, rows: Intp, rto: Int64, returned: Int64, return_day: Days) -> Units:
    """Goods rows as the rate card takes them, with so many units returned."""
    quantity = goods.quantity[rows]
    idle = np.isin(goods.state[rows], NOTHING)
    cancelled = goods.state[rows] == STATES.index(OrderState.CANCELLED)
    shipped = np.where(idle, 0, quantity)
    price = goods.price_minor[rows]
    return Units(
        rows=len(rows), days={**{basis: day[rows] for basis, day in goods.days.items()}, Basis.RETURN: return_day},
        amounts={Base.PRICE: price, Base.TAXABLE: goods.taxable_minor[rows], **{base: minor[rows] for base, minor in goods.other_minor.items()}},
        weight_g=goods.weight_g[rows], portal=_taken(goods.portal, rows), category=_taken(goods.category, rows),
        brand=_taken(goods.brand, rows), zone=_taken(goods.zone, rows), payment_mode=_taken(goods.payment_mode, rows),
        quantity=quantity,
        counts={
            Event.ORDERED: quantity, Event.SHIPPED: shipped, Event.RTO: rto[rows], Event.DELIVERED: shipped - np.minimum(rto[rows], shipped),
            Event.RETURN: returned, Event.CANCELLED: np.where(cancelled, quantity, 0),
        },
    )  # fmt: skip


def _taken(texts: pd.Series, rows: Intp) -> pd.Series:
    return texts.take(rows).reset_index(drop=True)


def _order_dues(goods: Goods, cards: Sequence[Card], rto: Int64, units: _Units) -> list[Due]:
    """Fees charged once an order, at the first row of each; they come back where the whole order does."""
    if not any(card.per is Grain.ORDER for card in cards) or not goods.n:
        return []
    order, first = np.unique(goods.order, return_index=True)
    code = np.searchsorted(order, goods.order)
    idle = np.isin(goods.state, NOTHING)
    live = np.where(idle, 0, goods.quantity)

    def total(values: Int64) -> Int64:
        known = sum_by(code, (values == UNKNOWN).astype(np.int64) * ~idle, len(order)) == 0
        return np.where(known, sum_by(code, np.where(values == UNKNOWN, 0, values) * live, len(order)), UNKNOWN)

    sold, undelivered = sum_by(code, live, len(order)), sum_by(code, rto, len(order))
    returned = sum_by(code, np.bincount(units.goods, minlength=goods.n).astype(np.int64), len(order))
    price = total(goods.price_minor)
    shipped = (sold > 0).astype(np.int64)
    lost = sum_by(code, (goods.state == LOST).astype(np.int64), len(order)) > 0
    gone, came_back = ((sold > 0) & (undelivered >= sold)).astype(np.int64), ((sold > 0) & (returned >= sold)).astype(np.int64)  # fmt: skip
    found = charges_of(cards, Units(  # all cards: those of GST on fees serve these fees too
        rows=len(order), days={basis: day[first] for basis, day in goods.days.items()}, are_orders=True,
        amounts={Base.PRICE: price, Base.TAXABLE: total(goods.taxable_minor), **{base: total(minor) for base, minor in goods.other_minor.items()}},
        weight_g=total(goods.weight_g), portal=_taken(goods.portal, first), category=_taken(goods.category, first),
        brand=_taken(goods.brand, first), zone=_taken(goods.zone, first), payment_mode=_taken(goods.payment_mode, first),
        counts={Event.ORDERED: np.ones(len(order), np.int64), Event.SHIPPED: shipped, Event.RTO: gone, Event.DELIVERED: shipped - gone,
                Event.RETURN: came_back, Event.CANCELLED: (1 - shipped) * ~lost},
    ))  # fmt: skip

    def spread(values: np.ndarray, none: int = 0) -> np.ndarray:
        out = np.full(goods.n, none, values.dtype)
        out[first] = values
        return out

    return [
        Due(
            fee=one.fee, fee_minor=spread(one.fee_minor - one.back_minor), tax_minor=spread(one.tax_minor - one.back_tax_minor),
            back_minor=spread(one.back_minor), answer=spread(one.answer, NOT_CHARGED), missing=spread(one.missing), use=spread(one.use, -1), charge=_rules_of(one),
        )
        for one in found.values()
    ]  # fmt: skip


def taken(goods: Goods, rows: Intp) -> Goods:
    """Some rows of goods."""
    return Goods(
        order=goods.order[rows], item=goods.item[rows], quantity=goods.quantity[rows], amount_minor=goods.amount_minor[rows],
        price_minor=goods.price_minor[rows], taxable_minor=goods.taxable_minor[rows], weight_g=goods.weight_g[rows], state=goods.state[rows],
        days={basis: day[rows] for basis, day in goods.days.items()}, portal=_taken(goods.portal, rows), category=_taken(goods.category, rows),
        brand=_taken(goods.brand, rows), zone=_taken(goods.zone, rows), payment_mode=_taken(goods.payment_mode, rows),
        other_minor={base: minor[rows] for base, minor in goods.other_minor.items()},
    )  # fmt: skip
