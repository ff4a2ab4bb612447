"""Fees: what the card says of each fee of each order against what was charged. One row an order and fee.

Judged at the order, whatever the grain of the lines; amounts are costs, so a charge is positive. GST on fees has a row of
its own, `Tax`. What was taken beyond the GST that the ruled fees bear may be on a fee that no rule covers, up to the rate:
that part cannot be judged and stands apart, Failed, as `Tax (on Packaging)`; the rest is an overcharge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recon_core.entries import EntryType, fee_of
from recon_core.keys import standard_text
from recon_core.marketplace.facts import Facts, order_words
from recon_core.marketplace.words import (  # fmt: skip
    DISPUTED,
    FAILED,
    KEPT,
    NO_RULE,
    NONE,
    OVER,
    PENDING,
    REASONS,
    RECONCILED,
    TAX,
    TAXES,
    UNDER,
    words_by,
)
from recon_core.money import Bool, Int64, apply_rate, sum_by
from recon_core.owed import NOT_CHARGED, Due, Intp
from recon_core.ratecard import ANSWERS, INPUTS, Answer, Basis, Event
from recon_core.ratecard.card import GST_ON_FEES
from recon_core.texts import words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fee:
    """One fee over orders (n)."""

    name: str
    expected: Int64
    charged: Int64
    tax_expected: Int64
    tax_ppm: Int64  # of what is charged beyond
    rows: Bool  # has a row
    failed: Bool
    kept: Bool  # the card gives some of it back
    card: pd.Categorical[str]
    tax_charged: Int64 | None = None  # of orders where it is Failed, the GST that may be on it


NOT_SO = {  # what has not happened to an order that was charged for it
    Event.RETURN: "on a customer return, and none of this order is booked", Event.RTO: "on RTO, and the order is none",
    Event.CANCELLED: "on a cancellation, and the order is not cancelled",
}  # fmt: skip
UNJUDGED = "No rule says this fee, so its GST is not judged: what the other fees do not bear, up to the rate"


def fees(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Accounts and facts -> fee rows by order and fee.

    order int64, order_id, fee, expected_minor, charged_minor, difference_minor,
    tax_expected_minor, tax_charged_minor (GST on this fee at its rate; of one without a rule, what may be on it), status int8 (position in FEE_STATUSES), reason, card, payout.

    Expected is 0 where no rule could say. Difference is charged - expected.
    """  # fmt: skip
    accounts, n = frames["accounts"], facts.n
    judged = accounts["in_orders"].to_numpy() & accounts["has_lines"].to_numpy()
    gst = _gst_ppm(facts)
    charged = _charged(facts)
    ruled = [_ruled(facts, name, dues, charged.pop(standard_text(name), ("", np.zeros(n, np.int64)))[1], judged, gst) for name, dues in _by_fee(facts)]  # fmt: skip
    strays = [_stray(name, minor, judged, gst) for name, minor in charged.values()]
    parts = _unjudged(facts, [*ruled, *strays], judged)
    tax = _tax(facts, ruled, sum(parts, np.zeros(n, np.int64)), judged)
    with_parts = [replace(fee, tax_charged=part) for fee, part in zip([*ruled, *strays], parts, strict=True)]
    ruled, strays = with_parts[: len(ruled)], with_parts[len(ruled) :]
    rows = [*ruled, tax, *map(_unjudged_tax, ruled)]
    for stray in strays:
        rows += [stray, _unjudged_tax(stray)]
    open_orders = _incomplete(facts, accounts)
    blocks = [_block(at, fee, facts, open_orders) for at, fee in enumerate(rows)]
    del charged, ruled, strays, tax, parts, with_parts, rows
    frame = _together(blocks)
    del blocks
    return frame.assign(order_id=order_words(facts, frame["order"].to_numpy()), payout=_payouts(facts, frame))


def _by_fee(facts: Facts) -> list[tuple[str, list[Due]]]:
    """Fees of the cards in their order, each with its dues; taxes apart."""
    found: dict[str, list[Due]] = {}
    for due in facts.expected.dues:
        if standard_text(due.fee) not in TAXES:
            found.setdefault(standard_text(due.fee), []).append(due)
    return [(dues[0].fee, dues) for dues in found.values()]


def _charged(facts: Facts) -> dict[str, tuple[str, Int64]]:
    """Fee as compared -> (its name, what was taken from each order less what came back), in the order of the ledger."""
    names = [fee_of(str(name)) for name in facts.lines.entries["type"].cat.categories]
    fee_names = list(dict.fromkeys(filter(None, names)))
    merged: dict[str, str] = {}
    for name in fee_names:
        merged.setdefault(standard_text(name), name)
    keys = list(merged)
    code = [keys.index(standard_text(name)) if name else -1 for name in names]
    sums = {key: np.zeros(facts.n, np.int64) for key in keys}
    for at, number in enumerate(code):
        if number >= 0:
            sums[keys[number]] -= facts.by_type[:, at]
    return {key: (merged[key], minor) for key, minor in sums.items()}


def _ruled(facts: Facts, name: str, dues: Sequence[Due], charged: Int64, judged: Bool, gst: Int64) -> _Fee:
    """A fee that a card names: what its dues come to for each order."""
    n = facts.n
    expected, tax, back = (sum((facts.by_order(getattr(due, one)) for due in dues), np.zeros(n, np.int64)) for one in ("fee_minor", "tax_minor", "back_minor"))  # fmt: skip
    applies = np.logical_or.reduce([facts.any_goods(due.answer != NOT_CHARGED) for due in dues])
    failed = np.logical_or.reduce([facts.any_goods(~due.is_known) for due in dues])
    return _Fee(
        name=name, expected=np.where(failed, 0, expected), charged=charged, tax_expected=np.where(failed, 0, tax), tax_ppm=_rate(facts, dues, gst),
        rows=judged & np.where(failed, charged != 0, applies | (charged != 0)), failed=failed, kept=back > 0,
        card=_with_ground(_cards(facts, dues), dues, ~applies & ~failed),
    )  # fmt: skip


def _with_ground(card: pd.Categorical[str], dues: Sequence[Due], idle: Bool) -> pd.Categorical[str]:
    """The card of each order; where no rule applied (idle), on what the card charges the fee, which is the ground of the dispute."""
    events = dict.fromkeys(one.event for due in dues for one, _ in due.charge.rules)
    words = " or ".join(NOT_SO.get(event, f"on {event}, which is not so of this order") for event in events)
    names = [str(name) for name in card.categories]
    return words_of(
        np.where(idle & bool(events), len(names), card.codes.astype(np.int64)),
        [*names, f"Not due: the card charges it {words}"],
    )


def _rate(facts: Facts, dues: Sequence[Due], gst: Int64) -> Int64:
    """GST in ppm on this fee for each order: as its rule says, else the card of the day."""
    ppm = gst.copy()
    for due in dues:
        table = np.array([-1 if due.charge.rules[use[0]][1].tax_ppm is None else due.charge.rules[use[0]][1].tax_ppm for use in due.charge.uses] + [-1], np.int64)  # fmt: skip
        own = table[due.use]
        has = own >= 0
        ppm[facts.goods.order[has]] = own[has]
    return ppm


def _cards(facts: Facts, dues: Sequence[Due]) -> pd.Categorical[str]:
    """The rules behind a fee of each order, or why there is none."""
    group: list[Int64] = []
    code: list[Int64] = []
    words: list[str] = []
    for due in dues:
        uses, kinds = len(due.charge.uses), due.answer.astype(np.int64) * 64 + due.missing
        at, found = pd.factorize(np.where(due.use >= 0, due.use.astype(np.int64), uses + kinds), sort=True)
        rows = np.full(len(found), -1)
        rows[at[::-1]] = np.arange(len(at))[::-1]
        group.append(facts.goods.order)
        code.append(at + len(words))
        words += [_said(due, row) for row in rows.tolist()]
    keep = {word: number for number, word in enumerate(dict.fromkeys(filter(None, words)))}
    table = np.array([keep.get(word, -1) for word in words] or [-1], np.int64)
    return words_by(np.concatenate(group), table[np.concatenate(code)], list(keep), facts.n)


def _said(due: Due, row: int) -> str:
    return "" if due.answer[row] == NOT_CHARGED else due.charge.describe(int(due.use[row])) or _why(due, row)


def _why(due: Due, row: int) -> str:
    answer = ANSWERS[due.answer[row]]
    return f"{INPUTS[due.missing[row]]} is not known" if answer is Answer.MISSING else str(answer)


def _stray(name: str, charged: Int64, judged: Bool, gst: Int64) -> _Fee:
    """A fee that no card names."""
    n = len(charged)
    none = np.zeros(n, np.int64)
    has_order = judged & (charged != 0)
    card = pd.Categorical.from_codes(np.zeros(n, np.int8), categories=pd.Index(["No card names this fee"]))
    return _Fee(name=name, expected=none, charged=charged, tax_expected=none, tax_ppm=gst, rows=has_order, failed=np.ones(n, bool), kept=np.zeros(n, bool), card=card)  # fmt: skip


def _unjudged_tax(fee: _Fee) -> _Fee:
    """The GST that may be on a fee, where no rule says it."""
    n = len(fee.charged)
    none, tax = np.zeros(n, np.int64), np.zeros(n, np.int64) if fee.tax_charged is None else fee.tax_charged
    card = pd.Categorical.from_codes(np.zeros(n, np.int8), categories=pd.Index([UNJUDGED]))
    return _Fee(
        name=f"{TAX} (on {fee.name})", expected=none, charged=tax, tax_expected=none, tax_ppm=none,
        rows=fee.failed & (tax != 0), failed=np.ones(n, bool), kept=np.zeros(n, bool), card=card,
    )  # fmt: skip


def _unjudged(facts: Facts, found: Sequence[_Fee], judged: Bool) -> list[Int64]:
    """What of each order's GST may be on each of its fees without a rule (a column each): nobody can say whether it is right.

    At most the rate, and only of what the ruled fees do not bear; a gap within the fee tolerance is rounding and goes
    with the larger part. What lines of ruled fees alone show beyond their GST is not on it. Of several fees the first ones have it.
    """
    n, within = facts.n, facts.market.within_minor
    at_rate = [np.where(fee.failed & judged, apply_rate(fee.charged, fee.tax_ppm), 0) for fee in found]
    most = sum(at_rate, np.zeros(n, np.int64))
    if not most.any():
        return at_rate
    borne = sum((np.where(fee.failed, 0, fee.tax_expected + apply_rate(fee.charged - fee.expected, fee.tax_ppm)) for fee in found), np.zeros(n, np.int64))  # fmt: skip
    taken = _tax_taken(facts)
    sign = np.where(most < 0, -1, 1)
    size, there = np.abs(most), (taken - borne) * sign
    possible = np.minimum(there, there - _beyond_on_ruled_lines(facts, found) * sign)
    part = np.where(np.abs(possible - size) <= within, size, np.clip(possible, 0, size))
    part = np.where((part <= within) & (size > within), 0, part)
    parts = []
    for one in at_rate:
        mine = np.clip(part, 0, np.maximum(one * sign, 0))
        parts.append(mine * sign)
        part = part - mine
    return parts


def _beyond_on_ruled_lines(facts: Facts, found: Sequence[_Fee]) -> Int64:
    """GST by order, less that of the fees, on lines that carry ruled fees and none without a rule."""
    entries, lines = facts.lines.entries, facts.lines.frame
    order, pos = lines["order"].to_numpy(), entries["pos"].to_numpy()
    types, minor = entries["type"].cat.codes.to_numpy(), entries["amount_minor"].to_numpy()
    fee = {standard_text(one.name): one for one in found}
    has_ruled, has_other = np.zeros(len(lines), bool), np.zeros(len(lines), bool)
    places: list[tuple[_Fee | None, Intp]] = []  # None: GST
    for code, name in enumerate(map(str, entries["type"].cat.categories)):
        word = fee_of(name)
        if name != EntryType.TAX_ON_FEE and not word:
            continue
        at = np.flatnonzero((types == code) & (minor != 0))
        at = at[order[pos[at]] >= 0]
        places.append((fee[standard_text(word)] if word else None, at))
        if word:
            failed = fee[standard_text(word)].failed[order[pos[at]]]
            has_other[pos[at[failed]]], has_ruled[pos[at[~failed]]] = True, True
    beyond = np.zeros(facts.n, np.int64)
    alone = has_ruled & ~has_other
    for one, every in places:
        at = every[alone[pos[every]]]
        charged = -sum_by(order[pos[at]].astype(np.intp), minor[at], facts.n)
        beyond += charged if one is None else -apply_rate(charged, one.tax_ppm)
    return beyond


def _tax_taken(facts: Facts) -> Int64:
    """GST on fees that was taken of each order."""
    is_tax = np.array([str(name) == EntryType.TAX_ON_FEE for name in facts.lines.entries["type"].cat.categories], bool)
    taken: Int64 = -facts.by_type[:, is_tax].sum(axis=1)
    return taken


def _tax(facts: Facts, ruled: Sequence[_Fee], unjudged: Int64, judged: Bool) -> _Fee:
    """GST on the fees that rules cover: what was taken less what may be on fees without a rule."""
    n = facts.n
    zero = np.zeros(n, np.int64)
    expected = sum((fee.tax_expected for fee in ruled), zero)
    has = np.logical_or.reduce([np.zeros(n, bool), *(fee.rows & ~fee.failed for fee in ruled)])
    charged = _tax_taken(facts) - unjudged
    kept = np.logical_or.reduce([np.zeros(n, bool), *(fee.kept for fee in ruled)])
    kept &= charged - expected - _tax_beyond(ruled, n, facts.market.within_minor) > facts.market.within_minor
    card = pd.Categorical.from_codes(np.zeros(n, np.int8), categories=pd.Index(["GST on the fees above"]))
    return _Fee(
        name=TAX, expected=expected, charged=charged, tax_expected=zero, tax_ppm=zero, rows=judged & (has | (charged != 0)),
        failed=np.zeros(n, bool), kept=kept, card=card,
    )  # fmt: skip


def _tax_beyond(ruled: Sequence[_Fee], n: int, within: int) -> Int64:
    """GST on what fees were charged beyond the card that nothing of comes back: an overcharge, not a fee that was kept."""
    beyond = np.zeros(n, np.int64)
    for fee in ruled:
        over = np.where(fee.failed | fee.kept, 0, fee.charged - fee.expected)
        beyond += np.where(over > within, apply_rate(over, fee.tax_ppm), 0)
    return beyond


def _incomplete(facts: Facts, accounts: pd.DataFrame) -> Bool:
    """Orders of which a part of the sale or of a return has not been settled."""
    within = facts.legs.settlement.within_minor
    return (accounts["outstanding_minor"].to_numpy() > within) | (
        accounts["unsettled_return_minor"].to_numpy() > within
    )


def _block(at: int, fee: _Fee, facts: Facts, incomplete: Bool) -> pd.DataFrame:
    """The rows of one fee, judged."""
    rows = np.flatnonzero(fee.rows)
    expected, charged, failed = fee.expected[rows], fee.charged[rows], fee.failed[rows]
    over = charged - expected
    within = facts.market.within_minor
    status = np.select([failed, np.abs(over) <= within, incomplete[rows], over > 0], [FAILED, RECONCILED, PENDING, DISPUTED], RECONCILED)  # fmt: skip
    kept = fee.kept[rows]
    reason = np.select([failed, np.abs(over) <= within, over < 0, kept], [NO_RULE, NONE, UNDER, KEPT], OVER)
    beyond = np.where(failed, charged, over)
    tax = fee.tax_expected[rows] + apply_rate(beyond, fee.tax_ppm[rows])
    if fee.tax_charged is not None:
        tax = np.where(failed, fee.tax_charged[rows], tax)
    return pd.DataFrame({
        "order": rows.astype(np.int64), "at": np.full(len(rows), at, np.int16), "fee": pd.Categorical.from_codes(np.zeros(len(rows), np.int8), categories=pd.Index([fee.name])),
        "expected_minor": expected, "charged_minor": charged, "difference_minor": beyond, "tax_expected_minor": fee.tax_expected[rows],
        "tax_charged_minor": tax, "status": status.astype(np.int8),
        "reason": pd.Categorical.from_codes(reason.astype(np.int8), categories=pd.Index(REASONS)), "card": fee.card[rows],
    })  # fmt: skip


def _together(blocks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Blocks under each other, by order, then fee; words of all blocks in one vocabulary."""
    place = np.concatenate([block["order"].to_numpy() * 4096 + block["at"].to_numpy() for block in blocks])
    at, columns = np.argsort(place, kind="stable"), {}
    for name in blocks[0].columns.drop("at"):
        parts = [block[name] for block in blocks]
        columns[name] = (pd.api.types.union_categoricals([one.array for one in parts]) if isinstance(parts[0].dtype, pd.CategoricalDtype) else np.concatenate([one.to_numpy() for one in parts]))[at]  # fmt: skip
    return pd.DataFrame(columns, copy=False)


def _payouts(facts: Facts, frame: pd.DataFrame) -> pd.Categorical[str]:
    """The payouts that took each fee row's money, by day."""
    entries, lines = facts.lines.entries, facts.lines.frame
    names = [TAX if str(name) == EntryType.TAX_ON_FEE else fee_of(str(name)) for name in entries["type"].cat.categories]
    fee_words = [standard_text(str(word).removeprefix(f"{TAX} (on ").removesuffix(")")) if str(word).startswith(f"{TAX} (") else standard_text(str(word)) for word in frame["fee"].cat.categories]  # fmt: skip
    known = {word: number for number, word in enumerate(dict.fromkeys([*fee_words, *(standard_text(name) for name in names if name)]))}  # fmt: skip
    width = len(known)
    small = np.dtype(np.int32 if facts.n * width < 2**31 else np.int64)
    code = np.array([known[standard_text(name)] if name else -1 for name in names] + [-1], small)
    order, payout = lines["order"].to_numpy(small), lines["payout"].to_numpy(np.int32)
    taken = code[entries["type"].cat.codes.to_numpy()]
    at = np.flatnonzero(taken >= 0)
    pos = entries["pos"].to_numpy()[at]
    cell = np.where(order[pos] >= 0, order[pos] * width + taken[at], -1)
    found = words_by(cell, payout[pos], facts.lines.payouts["payout"].tolist(), facts.n * width)
    fee = np.array([known[word] for word in fee_words] + [0], np.int64)[frame["fee"].cat.codes.to_numpy()]
    return found[frame["order"].to_numpy() * width + fee]


def _gst_ppm(facts: Facts) -> Int64:
    """GST on fees in ppm on each order's day, by the card of that name; else the rate that most rules state; else 0."""
    n, order = facts.n, facts.goods.order
    day = np.zeros(n, np.int64)
    day[order[::-1]] = facts.goods.days[Basis.ORDER][::-1]
    rules = [
        rule
        for card in facts.market.cards
        for rule in card.rules
        if standard_text(card.fee) == standard_text(GST_ON_FEES)
    ]
    stated = [rule.tax_ppm for card in facts.market.cards for rule in card.rules if rule.tax_ppm]
    ppm = np.full(n, max(set(stated), key=stated.count) if stated else 0, np.int64)
    for rule in rules:
        ppm[(rule.first_day <= day) & (day <= rule.last_day)] = rule.rate_ppm or 0
    return ppm
