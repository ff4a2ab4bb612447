"""The commercial view: agreed terms against charged ones, by item, category and channel. Cash has no say in it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.entries import Part, fee_of, part_of
from recon_core.keys import standard_text
from recon_core.marketplace.facts import Facts
from recon_core.money import PPM, Int64, sum_by

NOT_OURS, NO_ITEM = "(not in our orders)", "(no item)"
HUNDREDTHS = 10_000  # of a per cent in the whole


def commercial(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Releases and dues of orders with settlement lines -> one row a grain, name and fee of the cards or charged.

    grain (item, category, channel), name, category, fee, sale_minor, agreed_minor, charged_minor, difference_minor (charged - agreed), is_ours, agreed_ppm and charged_ppm of the sale (at whole
    hundredths of a per cent, halves up), net_minor (all entries of the name).

    Returns are taken off on both sides. An amount without an item
    is spread over the order's items by value. Orders we do not have stand under one name, without agreed terms.
    """  # fmt: skip
    releases, accounts = frames["releases"], frames["accounts"]
    judged = (accounts["in_orders"] & accounts["has_lines"]).to_numpy()[facts.goods.order]
    names, of_release, of_goods, category = _names(facts, releases, accounts)
    words, word_of_name = _categories(names, category)
    channels, channel_of_order = _channels(facts)
    order = releases["order"].to_numpy()
    channel = np.where(order >= 0, channel_of_order[order], -1) if facts.n else order
    grains = (
        ("item", names, of_release, of_goods),
        ("category", words, np.where(of_release >= 0, word_of_name[of_release], -1), word_of_name[of_goods]),
        ("channel", channels, channel, channel_of_order[facts.goods.order]),
    )
    fees = _fees(facts, releases)
    blocks = []
    for grain, known, own, due in grains:
        block = _block(known, own, np.where(judged, due, -1), releases, facts, fees)
        own_category = block["name"].map(category) if grain == "item" else block["name"] if grain == "category" else ""
        blocks.append(block.assign(grain=grain, category=own_category))
    found = pd.concat(blocks, ignore_index=True)
    return found[["grain", "name", "category", *(name for name in found.columns if name not in ("grain", "name", "category"))]].astype({"category": "str"})  # fmt: skip


def _fees(facts: Facts, releases: pd.DataFrame) -> list[str]:
    """Fees of the cards, then others that were charged."""
    agreed = [due.fee for due in facts.expected.dues if standard_text(due.fee) not in ("TCS", "TDS")]
    charged = [fee_of(str(name)) for name in releases["type"].cat.categories]
    found: dict[str, str] = {}
    for name in [*agreed, *filter(None, charged)]:
        found.setdefault(standard_text(name), name)
    return list(found.values())


def _names(
    facts: Facts, releases: pd.DataFrame, accounts: pd.DataFrame
) -> tuple[list[str], Int64, Int64, dict[str, str]]:
    """Item names; the name of each release (-1: of no order) and each goods row; the category of each name."""
    items = facts.items.to_numpy(object)
    category: dict[str, str] = {}
    for item, word in zip(items, facts.goods.category.to_numpy(object), strict=True):
        category.setdefault(str(item) or NO_ITEM, str(word))
    words = [str(word) or NO_ITEM for word in releases["item"].cat.categories]
    names = [*sorted({*category, *words}), NOT_OURS]
    category[NOT_OURS] = NOT_OURS
    place = {name: number for number, name in enumerate(names)}
    order = releases["order"].to_numpy()
    ours = accounts["in_orders"].to_numpy()[np.maximum(order, 0)] if len(accounts) else np.zeros(len(order), bool)
    own = np.array([place[word] for word in words] + [0], np.int64)[releases["item"].cat.codes.to_numpy()]
    own = np.where(order < 0, -1, np.where(ours, own, len(names) - 1))
    codes, found = pd.factorize(facts.items)
    goods = np.array([place[str(one) or NO_ITEM] for one in found] + [0], np.int64)[codes]
    return names, own, goods, category


def _categories(names: list[str], category: dict[str, str]) -> tuple[list[str], Int64]:
    """Category words, and the word of each item name."""
    words = sorted({category.get(name, "") for name in names})
    place = {word: number for number, word in enumerate(words)}
    return words, np.array([place[category.get(name, "")] for name in names], np.int64)


def _channels(facts: Facts) -> tuple[list[str], Int64]:
    """Portals, and the portal of each order."""
    channel = np.full(facts.n, NOT_OURS, object)
    channel[facts.goods.order] = facts.goods.portal.to_numpy(object)
    codes, found = pd.factorize(pd.Series(channel), sort=True)
    return [str(word) for word in found], codes.astype(np.int64)


def _block(words: list[str], own: Int64, due: Int64, releases: pd.DataFrame, facts: Facts, fees: list[str]) -> pd.DataFrame:  # fmt: skip
    """Rows of one grain: every word with every fee."""
    n, keys = len(words), [standard_text(fee) for fee in fees]
    kinds, amount = releases["type"].cat.codes.to_numpy(), releases["amount_minor"].to_numpy()
    types = [str(name) for name in releases["type"].cat.categories]
    fee = np.array(
        [keys.index(standard_text(fee_of(name))) if fee_of(name) else -1 for name in types] + [-1], np.int64
    )[kinds]
    is_sale = np.array([part_of(name) is Part.SALES for name in types] + [False], bool)[kinds]
    charged = sum_by(np.where((own >= 0) & (fee >= 0), own * len(keys) + fee, -1), -amount, n * len(keys)).reshape(
        n, len(keys)
    )
    sale, net = sum_by(np.where(is_sale, own, -1), amount, n), sum_by(own, amount, n)
    agreed = np.zeros((n, len(keys)), np.int64)
    for one in facts.expected.dues:
        if standard_text(one.fee) in keys:
            agreed[:, keys.index(standard_text(one.fee))] += sum_by(due, one.fee_minor, n)
    seen = (np.bincount(own[own >= 0], minlength=n) > 0) | (np.bincount(due[due >= 0], minlength=n) > 0)
    rows = np.repeat(np.flatnonzero(seen), len(keys))
    column = np.tile(np.arange(len(keys)), int(seen.sum()))
    ours = np.array([word != NOT_OURS for word in words], bool)
    whole = np.maximum(sale[rows], 1)

    def share(minor: Int64) -> Int64:
        return np.where(
            sale[rows] > 0, (2 * minor.astype(object) * HUNDREDTHS // whole + 1) // 2 * (PPM // HUNDREDTHS), 0
        ).astype(np.int64)

    of, taken = agreed[rows, column], charged[rows, column]
    frame = pd.DataFrame({
        "name": pd.Series([words[at] for at in rows], dtype="str"), "fee": pd.Series([fees[at] for at in column], dtype="str"), "sale_minor": sale[rows], "agreed_minor": of, "charged_minor": taken,
        "difference_minor": np.where(ours[rows], taken - of, 0), "is_ours": ours[rows], "agreed_ppm": share(of), "charged_ppm": share(taken), "net_minor": net[rows],
    })  # fmt: skip
    return frame[(frame[["sale_minor", "agreed_minor", "charged_minor"]] != 0).any(axis=1)]
