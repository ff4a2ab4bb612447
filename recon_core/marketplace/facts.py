"""What the analyses share: orders, settlement lines with their entries, dues and verdicts, joined from the legs' results.

Which row takes part, and which order it belongs to, is what the legs found; the rows themselves are read from the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from recon_core.dates import NO_DAY, from_date
from recon_core.entries import part_of
from recon_core.expected import back_of, goods_of, number_items, orders_of_returns
from recon_core.keys import codes_of, content_hash, standard_text
from recon_core.market import Market, Role, Says
from recon_core.market_rows import MarketRows, Part, rows_of
from recon_core.marketplace.settled import Placed, Settled, payout_names, settle
from recon_core.marketplace.words import COLUMN
from recon_core.model import SKIP_CODE, Raw, Reason, Result, Skip, Status
from recon_core.money import Bool, Int64, apply_rate, sum_by
from recon_core.owed import Back, Expected, Goods, Int8, expect
from recon_core.problems import Problem
from recon_core.recipe import Leg, Recipe, RuleKind
from recon_core.texts import arrow_text, concat_texts

NO_ID, NOTHING_EXPECTED = SKIP_CODE[Skip.NO_ID], SKIP_CODE[Skip.NOTHING_EXPECTED]
_STATUS = {status: code for code, status in enumerate(Status)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """The legs that judge: settlement, orders against the portal's, payouts against the bank. Sides as 0 and 1."""

    settlement: Leg
    ours: int  # the side of our orders in the settlement leg
    orders: Leg | None = None
    orders_ours: int = 0
    bank: Leg | None = None
    bank_payouts: int = 0  # the side of the payouts in the bank leg

    @property
    def bank_within_minor(self) -> int:
        """What a credit may differ from its payout, inclusive: the widest that a rule of the bank leg confirms; 0 without a bank leg."""
        if self.bank is None:
            return 0
        rules = (rule.within_minor for rule in self.bank.rules if rule.kind is not RuleKind.SUGGEST)
        return max(self.bank.within_minor, *rules, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the analyses start from. Orders are numbered 0..n-1 in the order of their ids."""

    market: Market
    legs: Legs
    results: Mapping[str, Result]
    as_of: int
    cut_off: int  # the as-of day that Setup chose, NO_DAY for none: then nothing is after it
    ids: pd.Series  # str (n)
    in_orders: Bool
    in_portal: Bool
    goods: Goods  # rows of our orders that count, by order
    goods_rows: MarketRows
    items: pd.Series  # str of goods rows, as compared
    back: Back
    expected: Expected
    lines: Settled
    by_type: Int64  # entries of each order (n) by their type, a column each
    problems: tuple[Problem, ...]
    not_counted: Int64  # rows of the files, of each payout, that are none of the lines: skipped or left out

    @property
    def n(self) -> int:
        """Orders."""
        return len(self.ids)

    def is_later(self, day: Int64) -> Bool:
        """Which days (m) lie after the as-of day of Setup; none where it names none."""
        later: Bool = (day != NO_DAY) & (day > self.cut_off)
        return later if self.cut_off != NO_DAY else np.zeros(len(day), bool)

    def by_order(self, goods_minor: Int64) -> Int64:
        """Sum over the goods rows of each order (n)."""
        return sum_by(self.goods.order.astype(np.intp), goods_minor, self.n)

    def any_goods(self, flags: Bool) -> Bool:
        """Whether a flag holds for any goods row of each order (n)."""
        return np.bincount(self.goods.order[flags], minlength=self.n) > 0

    def by_part(self, sums: Int64) -> dict[str, Int64]:
        """Sums of entries by type -> by the part of the money chain: column -> sums, signed as it is."""
        parts = [part_of(str(name)) for name in self.lines.entries["type"].cat.categories]
        zero = np.zeros(len(sums), np.int64)
        return {name: sign * sum((sums[:, at] for at, one in enumerate(parts) if one is part), zero) for part, (name, sign) in COLUMN.items()}  # fmt: skip


def sums_by_type(lines: Settled, group: Int64, groups: int) -> Int64:
    """Entries summed by the group of their line (m; -1 none) and their type (groups x types)."""
    types = len(lines.entries["type"].cat.categories)
    own = group[lines.entries["pos"].to_numpy()]
    key = np.where(own >= 0, own * types + lines.entries["type"].cat.codes.to_numpy(), -1)
    return sum_by(key, lines.entries["amount_minor"].to_numpy(), groups * types).reshape(groups, types)


def tax_of_returns(facts: Facts, accounts: pd.DataFrame, name: str) -> Int64:
    """TCS or TDS (`name`) of each order (n) that goes back with a return which is taken back and not booked, by the card; 0 without one.

    The tax on the sale times the part of the sale that was taken back beyond what is booked: a tax that differs by it
    differs on account of the return alone.
    """
    sold, back_ppm = np.zeros(facts.n, np.int64), 0
    for due in facts.expected.dues:
        if standard_text(due.fee).upper() == name:
            sold = sold + facts.by_order(due.fee_minor + due.back_minor)
            back_ppm = max(back_ppm, *(rule.return_ppm for _, rule in due.charge.rules), 0)
    surplus = accounts["returns_minor"].to_numpy() - accounts["returned_minor"].to_numpy()
    surplus = np.where(accounts["in_orders"].to_numpy() & (surplus > facts.legs.settlement.within_minor), surplus, 0)
    value = np.maximum(accounts["invoice_minor"].to_numpy() - accounts["rto_value_minor"].to_numpy(), 1)
    back: Int64 = (apply_rate(sold, np.full(facts.n, back_ppm, np.int64)).astype(object) * surplus // value).astype(
        np.int64
    )
    return back


def find_legs(recipe: Recipe, results: Mapping[str, Result]) -> Legs | None:
    """The legs by the sources their sides read; None where nothing compares our orders with settlements."""
    market = recipe.market
    if market is None:
        return None
    roles = {role: set(market.sources(role)) for role in Role}

    def has(leg: Leg, letter: str, role: Role) -> bool:
        side = leg.side(letter)
        return bool(set(recipe.sources_of(side)) & roles[role])

    def sides(leg: Leg, other: Role) -> int | None:
        if leg.name not in results or leg.a.group_by or leg.b.group_by:
            return None
        for ours, (mine, theirs) in enumerate((("A", "B"), ("B", "A"))):
            if has(leg, mine, Role.ORDERS) and has(leg, theirs, other) and not has(leg, mine, other):
                return ours
        return None

    settlement = next(((leg, ours) for leg in recipe.legs if (ours := sides(leg, Role.SETTLEMENTS)) is not None), None)
    if settlement is None:
        return None
    orders = next(((leg, ours) for leg in recipe.legs if (ours := sides(leg, Role.PORTAL)) is not None), (None, 0))
    bank = next(
        ((leg, at) for leg in recipe.legs for at, letter in enumerate("AB")
         if leg.name in results and leg.side(letter).group_by and has(leg, letter, Role.SETTLEMENTS)), (None, 0),
    )  # fmt: skip
    return Legs(
        settlement=settlement[0], ours=settlement[1], orders=orders[0], orders_ours=orders[1], bank=bank[0], bank_payouts=bank[1]
    )  # fmt: skip


def gather(recipe: Recipe, raws: Mapping[str, Sequence[Raw]], results: Mapping[str, Result]) -> Facts | None:
    """Legs' results and completed files -> Facts, None where no leg judges settlements."""
    legs = find_legs(recipe, results)
    market = recipe.market
    if legs is None or market is None:
        return None
    result = results[legs.settlement.name]
    ours = placed_lines(result, legs.ours, market.sources(Role.ORDERS), raws, (0, NOTHING_EXPECTED))
    theirs = placed_lines(result, 1 - legs.ours, market.sources(Role.SETTLEMENTS), raws, (0, NO_ID))
    portal = _portal_keys(legs, results, market, raws)
    keys = concat_texts([ours.keys, portal, theirs.keys])
    ids, code = _numbered(keys)
    a, b = len(ours.keys), len(ours.keys) + len(portal)
    goods_rows = MarketRows(market=market, role=Role.ORDERS, parts=ours.parts)
    back_rows = _returns(result, legs, market, raws)
    item, back_item = number_items(goods_rows, back_rows)
    goods = goods_of(goods_rows, code[:a], item)
    back = back_of(back_rows, orders_of_returns(back_rows, ours.keys, goods_rows, code[:a]), back_item)
    group_by = legs.bank.side("AB"[legs.bank_payouts]).group_by if legs.bank else ""
    lines, problems = settle(market, result, theirs, code[b:], group_by)
    by_type = sums_by_type(lines, lines.frame["order"].to_numpy(), len(ids))
    return Facts(
        market=market, legs=legs, results=results, as_of=_as_of(recipe, results), cut_off=_cut_off(recipe), ids=ids, in_orders=_flags(code[:a], len(ids)),
        in_portal=_flags(code[a:b], len(ids)), goods=goods, goods_rows=goods_rows, items=_series(goods_rows.keys(Says.ITEM)), back=back,
        expected=expect(goods, back, market.cards), lines=lines, by_type=by_type, problems=tuple(problems),
        not_counted=_not_counted(market, result, 1 - legs.ours, raws, lines),
    )  # fmt: skip


def _not_counted(market: Market, result: Result, side: int, raws: Mapping[str, Sequence[Raw]], lines: Settled) -> Int64:
    """Rows of settlement files that are no line of `lines`, by the payout they name (n); of none, where their file has one payout alone, by that."""
    every = placed_lines(result, side, market.sources(Role.SETTLEMENTS), raws, range(len(SKIP_CODE) + 1))
    rest = ~np.isin(every.lines["line_id"].to_numpy(), lines.frame["line_id"].to_numpy())
    place = {str(name): at for at, name in enumerate(lines.payouts["payout"])}
    found, start = np.zeros(len(place), np.int64), 0
    pairs = lines.frame[["file", "payout"]].drop_duplicates()
    for part in every.parts:
        mine = rest[start : start + len(part.rows)]
        if mine.any():
            own = pairs["payout"][(pairs["file"] == every.lines["file"].iloc[start]).to_numpy()].tolist()
            alone = own[0] if len(own) == 1 else -1
            at = np.array(
                [place.get(str(name), alone) for name in payout_names(market, Part(part.raw, part.rows[mine]))],
                np.int64,
            )
            found += np.bincount(at[at >= 0], minlength=len(place))
        start += len(part.rows)
    return found


def _cut_off(recipe: Recipe) -> int:
    chosen = recipe.as_of or recipe.period_to
    return from_date(chosen) if chosen else NO_DAY


def _as_of(recipe: Recipe, results: Mapping[str, Result]) -> int:
    chosen = _cut_off(recipe)
    return chosen if chosen != NO_DAY else max((result.as_of_day for result in results.values()), default=NO_DAY)


def _flags(codes: Int64, n: int) -> Bool:
    return np.bincount(codes[codes >= 0], minlength=n) > 0


def _series(text: pa.Array) -> pd.Series:
    return pd.Series(pd.array(pa.chunked_array([text]), dtype="str"))


def _numbered(keys: pa.Array) -> tuple[pd.Series, Int64]:
    """Ids (n, sorted) and the number of each key, -1 for ''."""
    codes, count = codes_of(keys, content_hash(keys))
    known = np.flatnonzero(codes >= 0)
    first = np.full(count, -1, np.int64)
    first[codes[known[::-1]]] = known[::-1]
    used = np.flatnonzero(first >= 0)  # '' has a number too, and no row
    texts = keys.take(pa.array(first[used])).to_numpy(zero_copy_only=False)
    order = np.argsort(texts.astype(object), kind="stable")
    rank = np.full(count + 1, -1, np.int64)
    rank[used[order]] = np.arange(len(order))
    return pd.Series(texts[order], dtype="str"), rank[codes]  # rank[-1] is -1


def placed_lines(result: Result, side: int, sources: Sequence[str], raws: Mapping[str, Sequence[Raw]], skips: Sequence[int]) -> Placed:  # fmt: skip
    """Lines of a side, of files of these sources, whose skip code is one of `skips`."""
    lines = result.lines
    wanted = (lines["side"].to_numpy() == side) & np.isin(lines["skip"].to_numpy(), skips)
    files, found, parts = lines["file"].to_numpy(), [], []
    for number, file in enumerate(result.files):
        if file.source not in sources or file.side != side:
            continue
        raw = next((one for one in raws.get(file.source, ()) if (one.path, one.sheet) == (file.path, file.sheet)), None)
        if raw is None:
            continue
        rows = np.flatnonzero(wanted & (files == number))
        mine = lines["row"].to_numpy()[rows]
        at = np.searchsorted(raw.row, mine)
        fits = (at < len(raw.row)) & (raw.row[np.minimum(at, len(raw.row) - 1)] == mine) if len(raw.row) else np.zeros(len(mine), bool)  # fmt: skip
        found.append(rows[fits])
        parts.append(Part(raw, at[fits]))
    return Placed(lines=lines.iloc[np.concatenate([*found, np.empty(0, np.intp)])], parts=tuple(parts))


def _portal_keys(legs: Legs, results: Mapping[str, Result], market: Market, raws: Mapping[str, Sequence[Raw]]) -> pa.Array:  # fmt: skip
    """Ids of the portal's orders, as its leg compares them."""
    if legs.orders is None:
        rows = rows_of(market, Role.PORTAL, raws)
        return rows.keys(Says.ORDER)
    lines = results[legs.orders.name].lines
    wanted = (lines["side"].to_numpy() == 1 - legs.orders_ours) & (lines["skip"].to_numpy() == 0)
    return arrow_text(lines["key"][wanted].reset_index(drop=True))


def _returns(result: Result, legs: Legs, market: Market, raws: Mapping[str, Sequence[Raw]]) -> MarketRows:
    """Rows of returns; those that the settlement leg has skipped for what they are, are left out."""
    rows = rows_of(market, Role.RETURNS, raws)
    lines = result.lines
    left_out = (lines["side"].to_numpy() == legs.ours) & ~np.isin(
        lines["skip"].to_numpy(), [0, NO_ID, NOTHING_EXPECTED]
    )
    parts = []
    for part in rows.parts:
        number = next((at for at, file in enumerate(result.files) if (file.path, file.sheet, file.side) == (part.raw.path, part.raw.sheet, legs.ours)), -1)  # fmt: skip
        gone = lines["row"].to_numpy()[left_out & (lines["file"].to_numpy() == number)]
        parts.append(Part(part.raw, part.rows[~np.isin(part.raw.row, gone)]))
    return MarketRows(market=market, role=Role.RETURNS, parts=tuple(parts))


def verdicts(result: Result, ours: int, ids: pd.Series) -> Int8:
    """What a leg came to for each order (n): position in VERDICTS, 0 where it does not know the order.

    An order that stands on our side alone and expects nothing (cancelled) is matched: nothing was owed, nothing came.
    """
    lines = result.lines
    skip = lines["skip"].to_numpy()
    live = np.flatnonzero((skip == 0) | (skip == NOTHING_EXPECTED))
    code = _codes_in(arrow_text(lines["key"].iloc[live].reset_index(drop=True)), ids)
    inside = code >= 0
    code, live = code[inside], live[inside]
    status, side, amount = (lines[name].to_numpy()[live] for name in ("status", "side", "amount_minor"))

    def has(flags: Bool) -> Bool:
        return np.bincount(code[flags], minlength=len(ids)) > 0

    alone = status == _STATUS[Status.UNMATCHED]
    green, part = has(status == _STATUS[Status.MATCHED]), has(status == _STATUS[Status.PARTIALLY_MATCHED])
    alone_a, alone_b, idle = (
        has(alone & (side == ours)),
        has(alone & (side != ours)),
        has(skip[live] == NOTHING_EXPECTED),
    )
    owed = has((amount != 0) & (side == ours))
    mixed = part | (green & (alone_a | alone_b)) | (alone_a & alone_b)
    found = np.select([mixed, green, alone_a & owed, alone_b, alone_a | idle], [2, 1, 3, 4, 1], 0)
    return found.astype(np.int8)


def gaps(result: Result, ours: int, ids: pd.Series) -> tuple[Int64, Int64]:
    """Of each order (n), our side less theirs in a leg: of the amount, and of the compared columns named after GST or tax."""
    lines = result.lines
    live = np.flatnonzero(lines["skip"].to_numpy() == 0)
    code = _codes_in(arrow_text(lines["key"].iloc[live].reset_index(drop=True)), ids).astype(np.intp)
    sign = np.where(lines["side"].to_numpy()[live] == ours, 1, -1)
    taxes = [f"compare_{at}" for at, name in enumerate(result.compare_names) if any(word in name.casefold() for word in ("gst", "tax"))]  # fmt: skip
    tax = sum((lines[name].to_numpy()[live] for name in taxes), np.zeros(len(live), np.int64))
    return sum_by(code, sign * lines["amount_minor"].to_numpy()[live], len(ids)), sum_by(code, sign * tax, len(ids))


def has_reason(result: Result, ids: pd.Series, reason: Reason) -> Bool:
    """Orders (n) with a row of this reason in a leg."""
    lines = result.lines
    keys = lines["key"][(lines["reason"].astype("str") == reason).to_numpy()].reset_index(drop=True)
    code = _codes_in(arrow_text(keys), ids)
    return np.bincount(code[code >= 0], minlength=len(ids)) > 0


def _codes_in(keys: pa.Array, ids: pd.Series) -> Int64:
    """The position of each key among the ids, -1 for none."""
    known = arrow_text(ids)
    text = concat_texts([known, keys])
    codes, count = codes_of(text, content_hash(text))
    place = np.full(count + 1, -1, np.int64)
    place[codes[: len(known)]] = np.arange(len(known))
    place[-1] = -1
    return place[codes[len(known) :]]


def order_words(facts: Facts, order: Int64) -> pd.Categorical[str]:
    """Ids of orders by number as a category; '' for -1."""
    names = pd.Index(pd.concat([facts.ids, pd.Series([""], dtype="str")], ignore_index=True))
    return pd.Categorical.from_codes(np.where(order < 0, facts.n, order), categories=names)
