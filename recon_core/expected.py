"""From the columns of our orders and returns to what the marketplace owes for each of their rows, before anything is matched.

The figures are those of `owed.py`; here the rows are read, returns find their order, and what cannot be said is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core.dates import NO_DAY
from recon_core.keys import codes_of, content_hash
from recon_core.market import Market, Role, Says, kind_of, state_of
from recon_core.market_cells import unsure_cells
from recon_core.market_rows import MarketRows, rows_of
from recon_core.model import Raw
from recon_core.money import MINOR_PER_MAJOR, Bool, Int64, to_paise
from recon_core.owed import KINDS, STATES, Back, Due, Expected, Goods, expect, taken
from recon_core.problems import Place, Problem, Severity
from recon_core.ratecard import ANSWERS, INPUTS, UNKNOWN, Answer, Base, Basis
from recon_core.texts import concat_texts

OTHER_BASES = {Base.NET: Says.DISCOUNTED, Base.COLLECTED: Says.COLLECTED}


def goods_of(rows: MarketRows, order: Int64, item: Int64) -> Goods:
    """Rows of our orders, with the numbers of their orders and items -> Goods."""
    quantity, amount, price = rows.quantities(), rows.amounts(Says.AMOUNT), rows.amounts(Says.PRICE)
    known = (amount != UNKNOWN) & (quantity > 0)
    price = np.where((price == UNKNOWN) & known, to_paise(np.where(known, amount, 0), np.maximum(quantity, 1)), price)
    market = rows.market
    days = {
        Basis.ORDER: rows.days(Says.ORDER_DATE), Basis.INVOICE: rows.days(Says.INVOICE_DATE),
        Basis.SHIP: rows.days(Says.DISPATCH_DATE), Basis.DELIVERY: rows.days(Says.DELIVERY_DATE),
    }  # fmt: skip
    return Goods(
        order=order, item=item, quantity=quantity, amount_minor=np.where(amount == UNKNOWN, 0, amount), price_minor=price,
        taxable_minor=_taxable(rows, quantity, amount, price), weight_g=rows.grams(),
        state=rows.words(Says.STATUS, lambda word, words: STATES.index(state_of(word, words))), days=days,
        portal=rows.coded(Says.PORTAL, market.portal), category=rows.coded(Says.CATEGORY), brand=rows.coded(Says.BRAND),
        zone=rows.coded(Says.ZONE), payment_mode=rows.coded(Says.PAYMENT_MODE),
        other_minor={base: _of_unit(rows.amounts(says), quantity) for base, says in OTHER_BASES.items() if rows.has(says)},
    )  # fmt: skip


def _of_unit(whole: Int64, quantity: Int64) -> Int64:
    """Amounts of rows as those of a unit, at whole paise; UNKNOWN stays."""
    known = whole != UNKNOWN
    return np.where(known, to_paise(np.where(known, whole, 0), np.maximum(quantity, 1)), UNKNOWN)


def _taxable(rows: MarketRows, quantity: Int64, amount: Int64, price: Int64) -> Int64:
    """Taxable value of a unit: the column, else price without the GST rate, else the amount without the GST."""
    column, rate, gst = rows.amounts(Says.TAXABLE), rows.amounts(Says.GST_RATE), rows.amounts(Says.GST)
    whole = np.where((column == UNKNOWN) & (gst != UNKNOWN) & (amount != UNKNOWN), np.where(amount == UNKNOWN, 0, amount) - np.where(gst == UNKNOWN, 0, gst), column)  # fmt: skip
    unit = to_paise(np.where(whole == UNKNOWN, 0, whole), np.maximum(quantity, 1))
    hundred = 100 * MINOR_PER_MAJOR
    known = (rate != UNKNOWN) & (price != UNKNOWN)
    net = to_paise(np.where(known, price, 0) * hundred, hundred + np.where(known, rate, 0))
    by_column = (column != UNKNOWN) | ((whole != UNKNOWN) & ~known)
    return np.where(by_column, unit, np.where(known, net, UNKNOWN))


def back_of(rows: MarketRows, order: Int64, item: Int64) -> Back:
    """Rows of returns, with the numbers of their orders and items -> Back."""
    day = rows.days(Says.RETURNED_ON)
    booked = day != NO_DAY if rows.has(Says.RETURNED_ON) else np.ones(rows.n, bool)
    kind = rows.words(Says.KIND, lambda word, words: KINDS.index(kind_of(word, words)))
    quantity, value = rows.quantities(), rows.amounts(Says.AMOUNT)
    known = value != UNKNOWN
    price = np.where(known, to_paise(np.abs(np.where(known, value, 0)), np.maximum(quantity, 1)), UNKNOWN)
    noted = np.ones(rows.n, bool)
    if rows.has(Says.CREDIT_NOTE):
        noted = pc.not_equal(rows.keys(Says.CREDIT_NOTE), "").to_numpy(zero_copy_only=False)
    return Back(order=order, item=item, quantity=quantity, price_minor=price, day=day, is_booked=booked, kind=kind, has_note=noted)  # fmt: skip


def number_items(goods: MarketRows, back: MarketRows) -> tuple[Int64, Int64]:
    """Numbers of the items of both, -1 for none."""
    text = concat_texts([goods.keys(Says.ITEM), back.keys(Says.ITEM)])
    codes = codes_of(text, content_hash(text))[0].astype(np.int64)
    return codes[: goods.n], codes[goods.n :]


def orders_of_returns(back: MarketRows, keys: pa.Array, goods: MarketRows, order: Int64) -> Int64:
    """The order of each return row: by order id, else by invoice number, else by AWB; -1 where no or several orders answer.

    `keys`: ids of goods rows as compared; `order` their numbers.
    """
    found = _looked_up(back.keys(Says.ORDER), keys, order)
    for says in (Says.INVOICE, Says.AWB):
        lost = found < 0
        if lost.any():
            found = np.where(lost, _looked_up(back.keys(says), goods.keys(says), order), found)
    return found


def _looked_up(wanted: pa.Array, known: pa.Array, order: Int64) -> Int64:
    """The order of each wanted text; -1 for '' and for texts of no order or of several."""
    text = concat_texts([known, wanted])
    codes, count = codes_of(text, content_hash(text))
    low, high = np.full(count + 1, np.iinfo(np.int64).max), np.full(count + 1, -1, np.int64)
    mine = codes[: len(known)]
    inside = (mine >= 0) & (order >= 0)
    np.minimum.at(low, mine[inside], order[inside])
    np.maximum.at(high, mine[inside], order[inside])
    one = np.where(low == high, high, -1)
    asked = codes[len(known) :]
    return np.where(asked >= 0, one[np.maximum(asked, 0)], -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What the step adds to one file: its expected net, where one is known, and the order id of each row as our orders print it."""

    raw: Raw
    net_minor: Int64
    fees_minor: Int64  # of the net, what is not the price
    is_known: Bool
    order_id: pd.Series


def expected_columns(raws: Mapping[str, Sequence[Raw]], market: Market) -> tuple[list[Column], list[Problem]]:
    """Files of the sources Orders and Returns -> the column Expected net of each, and a Problem for what cannot be said.

    Rows of our orders without a readable amount or id have no expected net; nor has a return of no known order.
    """
    goods_rows, back_rows = rows_of(market, Role.ORDERS, raws), rows_of(market, Role.RETURNS, raws)
    keys = goods_rows.keys(Says.ORDER)
    order = codes_of(keys, content_hash(keys))[0].astype(np.int64)
    item, back_item = number_items(goods_rows, back_rows)
    amount = goods_rows.amounts(Says.AMOUNT)
    known = (order >= 0) & (amount != UNKNOWN)
    goods = goods_of(goods_rows, order, item)
    live = np.flatnonzero(known)
    back = back_of(back_rows, orders_of_returns(back_rows, keys, goods_rows, order), back_item)
    found = expect(goods if known.all() else taken(goods, live), back, market.cards)
    net, fees = np.zeros(goods_rows.n, np.int64), np.zeros(goods_rows.n, np.int64)
    net[live], fees[live] = found.net_minor, found.net_minor - found.sale_minor
    back_fees = found.back_net_minor - found.back_sale_minor
    printed = goods_rows.series(Says.ORDER)
    first = np.full(int(order.max(initial=-1)) + 1, -1, np.int64)
    first[order[live[::-1]]] = live[::-1]
    owner = first[back.order] if len(first) else np.full(back_rows.n, -1, np.int64)
    owner = np.where(back.order >= 0, owner, -1)
    own = printed.take(np.maximum(owner, 0)).to_numpy(object) if len(printed) else ""
    ids = np.where(owner >= 0, own, back_rows.series(Says.ORDER).to_numpy(object))
    columns = _parted(goods_rows, net, fees, known, printed) + _parted(back_rows, found.back_net_minor, back_fees, back.order >= 0, pd.Series(ids, dtype="str"))  # fmt: skip
    unsure = [*unsure_cells(goods_rows, known), *unsure_cells(back_rows, back.order >= 0)]
    return columns, [*unsure, *unknown_fees(found.dues, market.portal_place), *lost_returns(back_rows, back, found)]


def _parted(rows: MarketRows, net: Int64, fees: Int64, known: Bool, ids: pd.Series) -> list[Column]:
    """Columns of all rows of a role, cut into those of its files."""
    ends = np.cumsum([len(part.rows) for part in rows.parts])
    cuts = [slice(end - len(part.rows), end) for part, end in zip(rows.parts, ends, strict=True)]
    return [
        Column(
            raw=part.raw,
            net_minor=net[cut],
            fees_minor=fees[cut],
            is_known=known[cut],
            order_id=ids.iloc[cut].reset_index(drop=True),
        )
        for part, cut in zip(rows.parts, cuts, strict=True)
    ]


def unknown_fees(dues: Sequence[Due], setup_portal: Place) -> list[Problem]:
    """A Note for each cause, with its fees: rows of orders (each once) for which the card could not say what they are.

    `setup_portal`: where Setup says the portal of orders that name none.
    """
    fees: dict[int, list[str]] = {}
    rows: dict[int, Bool] = {}
    for due in dues:
        lacks = np.where(due.is_known, -1, due.answer.astype(np.int64) * len(INPUTS) + due.missing)
        for code in np.unique(lacks[lacks >= 0]).tolist():
            fees.setdefault(code, []).append(due.fee)
            mine = lacks == code
            rows[code] = rows[code] | mine if code in rows else mine
    return [_unknown(names, int(rows[code].sum()), *divmod(code, len(INPUTS)), setup_portal) for code, names in fees.items()]  # fmt: skip


def _unknown(fees: Sequence[str], rows: int, answer: int, missing: int, setup_portal: Place) -> Problem:
    """The Note of one cause."""
    lacked = INPUTS[missing] if ANSWERS[answer] is Answer.MISSING else ""
    why = f"{lacked} is not known" if lacked else _CAUSES[ANSWERS[answer]]
    names = [f"'{fee}'" for fee in dict.fromkeys(fees)]
    listed = "; ".join(names if len(names) <= NAMED else [*names[: NAMED - 1], f"and {len(names) - NAMED + 1} more"])
    told = f"The fee {listed} cannot" if len(names) == 1 else f"{len(names)} fees ({listed}) cannot"
    what = f"{told} be worked out for {rows:,} order {'row' if rows == 1 else 'rows'}: {why}."
    fix = f"{_FIXES.get(lacked, _OTHERWISE)}; until then nothing is expected of {'this fee' if len(names) == 1 else 'them'}."
    where = setup_portal if lacked == "portal" else Place(sheet="Rates")
    return Problem("R-750", Severity.NOTE, where, "; ".join(dict.fromkeys(fees)), what, fix)


NAMED = 4  # fees that one message names
_CAUSES = {
    Answer.NO_CARD: "no card is valid on the day",
    Answer.NO_RULE: "no row of the card fits",
    Answer.TOO_LARGE: "the amounts are too large",
}
_OTHERWISE = "Complete the table Rates or map the column that decides"
_FIXES: dict[str, str] = {  # what is not known -> what to do
    "portal": "Fill the column that says the portal of an order, or type the portal beside Portal in the table Reconciliation of Setup",
    "GST rate": "Type GST % in these rows of Rates, or add a row 'GST on fees' that is valid on the day",
    **{str(base): f"Give the column of our orders that says it the meaning '{base}' in Marketplace, and fill its blank cells; or write 'price incl. GST' or 'taxable' in Rates where that is what it comes to" for base in OTHER_BASES},
}  # fmt: skip


def lost_returns(rows: MarketRows, back: Back, found: Expected) -> list[Problem]:
    """One Note where returns belong to no order row of ours, naming the first."""
    at = np.flatnonzero(found.surplus)
    if not len(at):
        return []
    raw, row = _place(rows, int(at[0]))
    what = f"{len(at):,} {'return is' if len(at) == 1 else 'returns are'} of no order row of ours, or of more units than were sold; nothing is expected of {'it' if len(at) == 1 else 'them'}."
    fix = "Check order id, item and quantity of the return, or bring the order into side A."
    shown = str(rows.series(Says.ORDER).iloc[int(at[0])])
    return [Problem("R-751", Severity.NOTE, Place(file=raw.file, sheet=raw.sheet, row=row), shown, what, fix)]


def _place(rows: MarketRows, at: int) -> tuple[Raw, int]:
    for part in rows.parts:
        if at < len(part.rows):
            return part.raw, int(part.raw.row[part.rows[at]])
        at -= len(part.rows)
    raise IndexError(at)
