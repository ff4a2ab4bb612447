"""Orders: the accounts with their words: verdicts, payment, tags and divergences. One row an order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.dues import BANDS, PAYMENTS
from recon_core.entries import KIND_CODE, LineKind
from recon_core.marketplace.facts import Facts
from recon_core.marketplace.words import AWAITING, VERDICTS
from recon_core.money import Bool
from recon_core.texts import words_of


def orders(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Accounts and divergences -> the columns of accounts, codes as words, with `tags` and `divergences`, joined by '; '."""
    accounts = frames["accounts"]
    return accounts.assign(
        leg_orders=words_of(accounts["leg_orders"].to_numpy(), VERDICTS), leg_settlement=words_of(accounts["leg_settlement"].to_numpy(), VERDICTS),
        payment=_words(accounts["payment"].to_numpy(), [str(one) for one in PAYMENTS]), band=_words(accounts["band"].to_numpy(), [str(one) for one in BANDS]),
        tags=_tags(facts, accounts), divergences=_divergences(frames["divergences"], len(accounts)),
    )  # fmt: skip


def _words(codes: np.ndarray, words: list[str]) -> pd.Categorical[str]:
    """Codes as words; -1 is ''."""
    return words_of((codes + 1).astype(np.int8), ["", *words])


def _divergences(found: pd.DataFrame, n: int) -> pd.Series:
    """The types of each order, as sorted, joined."""
    out = np.full(n, "", object)
    for order, code in zip(found["order"].tolist(), found["code"].astype(str).tolist(), strict=True):
        out[order] = f"{out[order]}; {code}" if out[order] else code
    return pd.Series(out, dtype="str")


def _tags(facts: Facts, accounts: pd.DataFrame) -> pd.Series:
    """What a reader wants to see at once: cancelled, full return, overdue 3 days, by invoice number ..."""
    out = np.full(len(accounts), "", object)
    ours, awaits = accounts["in_orders"].to_numpy(), accounts["payment"].to_numpy() == AWAITING
    sent, sold, due = (accounts[name].to_numpy() for name in ("returned_units", "units", "due_day"))
    overdue, late = accounts["overdue_days"].to_numpy(), accounts["late_days"].to_numpy()
    within = facts.legs.settlement.within_minor

    def tag(flags: Bool, word: Callable[[int], str]) -> None:
        for row in np.flatnonzero(flags).tolist():
            out[row] = f"{out[row]}; {word(row)}" if out[row] else word(row)

    awaits &= accounts["outstanding_minor"].to_numpy() > within  # what was taken back beyond the sale has no due day
    blank, several, linked = _line_flags(facts)
    tag(ours & accounts["is_cancelled"].to_numpy(), lambda _: "cancelled")
    tag(ours & accounts["is_rto"].to_numpy(), lambda _: "RTO")
    tag(ours & (accounts["lost_minor"].to_numpy() != 0), lambda _: "lost")
    tag((sent > 0) & (sent >= sold), lambda _: "full return")
    tag((sent > 0) & (sent < sold), lambda _: "partial return")
    tag(ours & (accounts["unsettled_return_minor"].to_numpy() > within), lambda _: "return not settled")
    tag(ours & (accounts["transit_units"].to_numpy() > 0), lambda _: "return in transit")
    tag(ours & accounts["is_partial"].to_numpy(), lambda _: "partial")
    tag(awaits & (due == NO_DAY), lambda _: "no due date")
    tag(awaits & (overdue > 0), lambda row: f"overdue {_days(overdue[row])}")
    tag(awaits & (due != NO_DAY) & (overdue == 0), lambda _: "not due")
    tag(late > 0, lambda row: f"late {_days(late[row])}")
    tag(ours & (accounts["overpaid_minor"].to_numpy() > within), lambda _: "over-paid")
    tag(accounts["claims_minor"].to_numpy() != 0, lambda _: "claim")
    tag(blank, lambda _: "split over items")
    tag(several, lambda _: "several payouts")
    for name, flags in linked.items():
        tag(flags, _always(f"by {name.lower() if name[1:].islower() else name}"))
    return pd.Series(out, dtype="str")


def _always(word: str) -> Callable[[int], str]:
    return lambda _: word


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def _line_flags(facts: Facts) -> tuple[Bool, Bool, dict[str, Bool]]:
    """Orders of several items with a sale line that names none; with sale lines in several payouts; and found by another reference, by its name."""
    lines, n = facts.lines.frame, facts.n
    order, payout = lines["order"].to_numpy(), lines["payout"].to_numpy()
    sale = (lines["kind"].to_numpy() == KIND_CODE[LineKind.ORDER]) & (order >= 0)
    blank = np.bincount(order[sale & lines["is_blank"].to_numpy()], minlength=n) > 0
    items = pd.unique(facts.goods.order * (facts.goods.item.max(initial=0) + 2) + facts.goods.item + 1)
    blank &= np.bincount(items // (facts.goods.item.max(initial=0) + 2), minlength=n) > 1
    width = max(len(facts.lines.payouts), 1)
    pairs = pd.unique(order[sale] * width + payout[sale])
    several = np.bincount(pairs // width, minlength=n) > 1
    code = lines["linked"].to_numpy()
    linked = {
        name: np.bincount(order[(code == number) & (order >= 0)], minlength=n) > 0
        for number, name in enumerate(facts.lines.linked)
        if name
    }
    return blank, several, linked
