"""Releases: every entry of every settlement line as a movement of its order, running; lines of no order with their kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from recon_core.entries import KINDS, non_order_kinds, part_of, wrong_signs
from recon_core.marketplace.facts import Facts, order_words
from recon_core.owed import NOTHING
from recon_core.releases import ledger, split_blank_items
from recon_core.texts import words_of


def releases(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Facts -> entries by order, day, line and type.

    payout, payout_day, file, row, kind, order int32 (-1 none), order_id, item, type,
    part, amount_minor, balance_minor (running net of the order), is_split (part of an amount that named no item), sign_ok.

    Parts of a split add up to their entry. Lines of no order run by kind, after all orders.
    """  # fmt: skip
    lines = facts.lines.frame
    order, kinds, day = (lines[name].to_numpy() for name in ("order", "kind", "day"))
    entries = facts.lines.entries
    entries = entries.assign(sign_ok=~wrong_signs(entries, kinds))
    kinds = shown_kinds(facts)
    goods = facts.goods
    live = ~np.isin(goods.state, NOTHING) & (facts.items != "").to_numpy()
    items = pd.DataFrame(
        {"order": goods.order[live], "item": goods.item[live], "value_minor": np.maximum(goods.amount_minor[live], 0)}
    )
    split = split_blank_items(entries, order, lines["is_blank"].to_numpy(), items)
    found = ledger(split.entries, order, kinds, day, lines["line_id"].to_numpy())
    return _shown(facts, found, split.items, kinds)


def shown_kinds(facts: Facts) -> np.ndarray:
    """The kind of each line (m): of lines without an order, what they are about."""
    lines = facts.lines.frame
    kinds = lines["kind"].to_numpy().copy()
    has_order = lines["order"].to_numpy() >= 0
    if not has_order.all():
        found = non_order_kinds(facts.lines.entries, kinds, has_order)
        kinds[found["pos"].to_numpy()] = found["kind"].to_numpy()
    return kinds


def _shown(facts: Facts, found: pd.DataFrame, basis: pd.DataFrame, kinds: np.ndarray) -> pd.DataFrame:
    """Entries with the words of their lines."""
    lines = facts.lines.frame
    pos, item = found["pos"].to_numpy(), found["item"].to_numpy()
    printed = facts.lines.item.dictionary_encode()
    own_codes = printed.indices.to_numpy(zero_copy_only=False)
    names = [str(word) for word in printed.dictionary.to_pylist()]
    of_item = _item_names(facts)
    known = {name: number for number, name in enumerate(names)}
    words = [*names, *(word for word in of_item if word not in known)]
    place = {word: number for number, word in enumerate(words)}
    table = np.array([place[word] for word in of_item] or [0], np.int32)
    code = own_codes[pos] if len(own_codes) else np.zeros(len(pos), np.int32)
    split = np.flatnonzero(item >= 0)
    code[split] = table[basis["item"].to_numpy()[item[split]]]
    parts = [str(part_of(str(name))) for name in found["type"].cat.categories]
    part_words = list(dict.fromkeys(parts))
    part = np.array([part_words.index(one) for one in parts] + [0], np.int8)[found["type"].cat.codes.to_numpy()]
    own = {name: lines[name].to_numpy(np.int32)[pos] for name in ("order", "payout", "day", "file", "row")}
    order = own["order"]
    return pd.DataFrame({
        "payout": pd.Categorical.from_codes(own["payout"], categories=pd.Index(facts.lines.payouts["payout"], dtype="str")),
        "payout_day": own["day"], "file": own["file"], "row": own["row"],
        "kind": words_of(kinds[pos], [str(kind) for kind in KINDS]), "order": order, "order_id": order_words(facts, order),
        "item": pd.Categorical.from_codes(code, categories=pd.Index(words or [""], dtype="str")), "type": found["type"].array,
        "part": words_of(part, part_words or [""]), "amount_minor": found["amount_minor"].to_numpy(),
        "balance_minor": found["balance_minor"].to_numpy(), "is_split": found["is_split"].to_numpy(), "sign_ok": found["sign_ok"].to_numpy(),
    }, copy=False)  # fmt: skip


def _item_names(facts: Facts) -> list[str]:
    """The name of each item number of goods."""
    codes = facts.goods.item
    names = np.full(int(codes.max(initial=-1)) + 1, "", object)
    has = codes >= 0
    names[codes[has]] = facts.items.to_numpy(object)[has]
    return [str(name) for name in names]


def non_order(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Lines of no order: payout, file, row, kind, types ('SHIP+TAX_ON_FEE'), amount_minor, remarks; by payout and row."""
    lines = facts.lines.frame
    has_order = lines["order"].to_numpy() >= 0
    found = non_order_kinds(facts.lines.entries, lines["kind"].to_numpy(), has_order)
    pos = found["pos"].to_numpy()
    frame = pd.DataFrame({
        "payout": facts.lines.payouts["payout"].take(lines["payout"].to_numpy()[pos]).array, "file": lines["file"].to_numpy()[pos],
        "row": lines["row"].to_numpy()[pos], "kind": words_of(found["kind"].to_numpy(), [str(kind) for kind in KINDS]), "types": found["types"].astype("str"),
        "amount_minor": found["amount_minor"], "remarks": pd.Series(facts.lines.remarks.take(pa.array(pos)).to_pylist(), dtype="str"),
        "at": lines["payout"].to_numpy()[pos],
    })  # fmt: skip
    return frame.sort_values(["at", "file", "row"], kind="stable", ignore_index=True).drop(columns="at")
