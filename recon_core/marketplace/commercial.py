"""The commercial view: agreed terms against charged ones, by order, term, item, category and channel. Cash has no say in it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.entries import Part, fee_of, part_of
from recon_core.keys import standard_text
from recon_core.marketplace.facts import Facts, order_words
from recon_core.money import PPM, Bool, Int64, sum_by

NOT_OURS, NO_ITEM, ALL_FEES = "(not in our orders)", "(no item)", "(all fees)"
HUNDREDTHS = 10_000  # of a per cent in the whole


def commercial(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Releases and dues of orders with settlement lines -> one row a grain, name and fee of the cards or charged.

    grain (item, category, channel, term, order), name, category, fee, sale_minor, agreed_minor, charged_minor, difference_minor (charged - agreed), is_ours, agreed_ppm, charged_ppm and
    net_ppm of the sale (at whole hundredths of a per cent, halves up), net_minor (all entries of the name).

    Returns are taken off on both sides. An amount without an item is spread over the order's items by value. Orders we
    do not have stand under one name, without agreed terms. A term is a rule of a card with its days, so a campaign is
    one; its sale is that of the orders it was applied to. An order has one row for all its fees, and only where they
    are not what was agreed: those that are stand in the totals of the other grains.
    """  # fmt: skip
    releases, accounts = frames["releases"], frames["accounts"]
    judged = (accounts["in_orders"] & accounts["has_lines"]).to_numpy()[facts.goods.order]
    names, of_release, of_goods, category = _names(facts, releases, accounts)
    words, word_of_name = _categories(names, category)
    channels, channel_of_order = _channels(facts)
    types = [str(name) for name in releases["type"].cat.categories]
    key = np.where(of_release >= 0, of_release * len(types) + releases["type"].cat.codes.to_numpy(), -1)
    by_item = sum_by(key, releases["amount_minor"].to_numpy(), len(names) * len(types)).reshape(len(names), len(types))
    seen = np.bincount(of_release[of_release >= 0], minlength=len(names)) > 0
    grains = (
        ("item", names, by_item, seen, of_goods),
        ("category", words, _added(word_of_name, by_item, len(words)), _any(word_of_name, seen, len(words)), word_of_name[of_goods]),
        ("channel", channels, _added(channel_of_order, facts.by_type, len(channels)), _any(channel_of_order, accounts["has_lines"].to_numpy(), len(channels)), channel_of_order[facts.goods.order]),
    )  # fmt: skip
    fees = _fees(facts, types)
    blocks = []
    for grain, known, sums, has, due in grains:
        block = _block(known, sums, has, np.where(judged, due, -1), types, facts, fees)
        own_category = block["name"].map(category) if grain == "item" else block["name"] if grain == "category" else ""
        blocks.append(block.assign(grain=grain, category=own_category))
    blocks += [_terms(facts, frames, fees, types), _orders(facts, frames, types, judged)]
    found = pd.concat(blocks, ignore_index=True)
    return found[["grain", "name", "category", *(name for name in found.columns if name not in ("grain", "name", "category"))]].astype({"category": "str"})  # fmt: skip


def _added(group: Int64, sums: Int64, groups: int) -> Int64:
    """Rows of sums (n x types) added up by group (groups x types)."""
    return np.stack([sum_by(group, sums[:, at], groups) for at in range(sums.shape[1])], axis=1) if sums.shape[1] else np.zeros((groups, 0), np.int64)  # fmt: skip


def _any(group: Int64, flags: Bool, groups: int) -> Bool:
    return np.bincount(group[flags], minlength=groups) > 0


def _fees(facts: Facts, types: list[str]) -> list[str]:
    """Fees of the cards, then others that were charged."""
    agreed = [due.fee for due in facts.expected.dues if standard_text(due.fee) not in ("TCS", "TDS")]
    charged = [fee_of(name) for name in types]
    found: dict[str, str] = {}
    for name in [*agreed, *filter(None, charged)]:
        found.setdefault(standard_text(name), name)
    return list(found.values())


def _names(
    facts: Facts, releases: pd.DataFrame, accounts: pd.DataFrame
) -> tuple[list[str], Int64, Int64, dict[str, str]]:
    """Item names; the name of each release (-1: of no order) and each goods row; the category of each name."""
    codes, found = pd.factorize(facts.items)
    first = np.full(len(found), -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    category = {
        str(item) or NO_ITEM: str(word) for item, word in zip(found, facts.goods.category.take(first), strict=True)
    }
    words = [str(word) or NO_ITEM for word in releases["item"].cat.categories]
    names = [*sorted({*category, *words}), NOT_OURS]
    category[NOT_OURS] = NOT_OURS
    place = {name: number for number, name in enumerate(names)}
    order = releases["order"].to_numpy()
    ours = accounts["in_orders"].to_numpy()[np.maximum(order, 0)] if len(accounts) else np.zeros(len(order), bool)
    own = np.array([place[word] for word in words] + [0], np.int64)[releases["item"].cat.codes.to_numpy()]
    own = np.where(order < 0, -1, np.where(ours, own, len(names) - 1))
    goods = np.array([place[str(one) or NO_ITEM] for one in found] + [0], np.int64)[codes]
    return names, own, goods, category


def _categories(names: list[str], category: dict[str, str]) -> tuple[list[str], Int64]:
    """Category words, and the word of each item name."""
    words = sorted({category.get(name, "") for name in names})
    place = {word: number for number, word in enumerate(words)}
    return words, np.array([place[category.get(name, "")] for name in names], np.int64)


def _channels(facts: Facts) -> tuple[list[str], Int64]:
    """Portals, and the portal of each order."""
    portal = facts.goods.portal
    words = sorted({str(word) for word in portal.cat.categories} | {NOT_OURS})
    place = np.array([words.index(str(word)) for word in portal.cat.categories] + [0], np.int64)
    channel = np.full(facts.n, words.index(NOT_OURS), np.int64)
    channel[facts.goods.order] = place[portal.cat.codes.to_numpy()]
    return words, channel


def _block(words: list[str], sums: Int64, has: Bool, due: Int64, types: list[str], facts: Facts, fees: list[str]) -> pd.DataFrame:  # fmt: skip
    """Rows of one grain: every word with every fee that was agreed or charged of it. `sums`: releases by word and type; `has`: words with any; `due`: the word of goods rows."""
    n, keys = len(words), [standard_text(fee) for fee in fees]
    charged = np.zeros((n, len(keys)), np.int64)
    for at, name in enumerate(types):
        if fee_of(name):
            charged[:, keys.index(standard_text(fee_of(name)))] -= sums[:, at]
    is_sale = np.array([part_of(name) is Part.SALES for name in types], bool)
    sale, net = sums[:, is_sale].sum(axis=1), sums.sum(axis=1)
    agreed = np.zeros((n, len(keys)), np.int64)
    for one in facts.expected.dues:
        if standard_text(one.fee) in keys:
            agreed[:, keys.index(standard_text(one.fee))] += sum_by(due, one.fee_minor, n)
    seen = has | (np.bincount(due[due >= 0], minlength=n) > 0)
    rows = np.repeat(np.flatnonzero(seen), len(keys))
    column = np.tile(np.arange(len(keys)), int(seen.sum()))
    ours = np.array([word != NOT_OURS for word in words], bool)
    named, fee = pd.Series([words[at] for at in rows], dtype="str"), pd.Series([fees[at] for at in column], dtype="str")
    frame = _frame(named, fee, sale[rows], agreed[rows, column], charged[rows, column], net[rows], ours[rows])
    return frame[_says_something(frame)]


def _says_something(frame: pd.DataFrame) -> Bool:
    """Rows of a fee that was agreed or charged; of a name with sales and no fee at all its first row, so that no sale is lost."""
    has_fee = (frame[["agreed_minor", "charged_minor"]] != 0).any(axis=1)
    rest = frame[~frame["name"].isin(frame.loc[has_fee, "name"]) & (frame["sale_minor"] != 0)]
    alone = frame.index.isin(rest.index[~rest["name"].duplicated()])
    return np.asarray(has_fee.to_numpy() | alone, bool)


def _frame(name: pd.Series[str], fee: pd.Series[str], sale: Int64, agreed: Int64, charged: Int64, net: Int64, ours: Bool) -> pd.DataFrame:  # fmt: skip
    """Rows of any grain (n each)."""
    return pd.DataFrame({
        "name": name, "fee": fee, "sale_minor": sale, "agreed_minor": agreed, "charged_minor": charged, "difference_minor": np.where(ours, charged - agreed, 0), "is_ours": ours,
        "agreed_ppm": _share(agreed, sale), "charged_ppm": _share(charged, sale), "net_minor": net, "net_ppm": _share(net, sale),
    })  # fmt: skip


def _share(part: Int64, sale: Int64) -> Int64:
    """Parts of sales in ppm (n), at whole hundredths of a per cent, halves up; 0 where nothing was sold."""
    whole = np.maximum(sale, 1)
    exact = (2 * part.astype(object) * HUNDREDTHS // whole + 1) // 2 * (PPM // HUNDREDTHS)
    return np.where(sale > 0, exact, 0).astype(np.int64)


def _terms(facts: Facts, frames: dict[str, pd.DataFrame], fees: list[str], types: list[str]) -> pd.DataFrame:
    """Rows of the grain term: each rule of the cards that was applied, and each fee without one."""
    rows, order = frames["fees"], frames["fees"]["order"].to_numpy()
    named, known = {standard_text(fee) for fee in fees}, [str(fee) for fee in rows["fee"].cat.categories]
    cards = [str(card) for card in rows["card"].cat.categories]
    is_fee = np.array([standard_text(fee) in named for fee in known] + [False], bool)[rows["fee"].cat.codes.to_numpy()]
    key = rows["fee"].cat.codes.to_numpy(np.int64) * (len(cards) + 1) + rows["card"].cat.codes.to_numpy() + 1
    key[~is_fee | ~frames["accounts"]["in_orders"].to_numpy()[order]] = -1
    size = len(known) * (len(cards) + 1)
    found = np.flatnonzero(np.bincount(key[key >= 0], minlength=size))
    of_orders = (facts.by_type[:, [part_of(name) is Part.SALES for name in types]].sum(axis=1), facts.by_type.sum(axis=1))  # fmt: skip
    sale, net = (sum_by(key, each[order], size)[found] for each in of_orders)
    agreed, charged = (sum_by(key, rows[name].to_numpy(), size)[found] for name in ("expected_minor", "charged_minor"))
    fee, card = np.divmod(found, len(cards) + 1)
    words = pd.Series(["", *cards], dtype="str").take(card).reset_index(drop=True)
    mine = _frame(words, pd.Series(known, dtype="str").take(fee).reset_index(drop=True), sale, agreed, charged, net, np.ones(len(found), bool))  # fmt: skip
    return mine.assign(grain="term", category="").sort_values(["fee", "name"], kind="stable")


def _orders(facts: Facts, frames: dict[str, pd.DataFrame], types: list[str], judged: Bool) -> pd.DataFrame:
    """Rows of the grain order: orders of ours whose fees together are not those agreed."""
    accounts = frames["accounts"]
    charged = -facts.by_type[:, [bool(fee_of(name)) for name in types]].sum(axis=1)
    agreed = np.zeros(facts.n, np.int64)
    for due in facts.expected.dues:
        if standard_text(due.fee) not in ("TCS", "TDS"):
            agreed += sum_by(np.where(judged, facts.goods.order, -1), due.fee_minor, facts.n)
    sale = facts.by_type[:, [part_of(name) is Part.SALES for name in types]].sum(axis=1)
    at = np.flatnonzero((accounts["in_orders"] & accounts["has_lines"]).to_numpy() & (agreed != charged))
    name = pd.Series(order_words(facts, at), dtype="str")
    fee = pd.Series([ALL_FEES] * len(at), dtype="str")
    net = facts.by_type.sum(axis=1)
    return _frame(name, fee, sale[at], agreed[at], charged[at], net[at], np.ones(len(at), bool)).assign(
        grain="order", category=""
    )
