"""Outcome and reason of every line, from its own link, by ordered tables: the first rule that holds decides.

A status never comes from the totals of an id: a duplicate can hide a missing row there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.matching.found import days_fit
from recon_core.matching.groups import unexplained_repeats
from recon_core.model import CLASS_CODE, MatchClass, Reason, Status
from recon_core.money import MINOR_PER_MAJOR, sum_by
from recon_core.recipe import Leg, RuleKind
from recon_core.texts import words_of

Bool = npt.NDArray[np.bool_]
Facts = pd.DataFrame  # Lines with the facts of their own link
CENT = MINOR_PER_MAJOR // 100

STATUSES: tuple[tuple[Status, Callable[[Facts], Bool]], ...] = (
    (Status.SKIPPED, lambda facts: facts["skip"].to_numpy() > 0),
    (Status.UNMATCHED, lambda facts: facts["link"].to_numpy() < 0),
    (Status.PARTIALLY_MATCHED, lambda facts: ~facts["confirmed"].to_numpy() | (facts["differs"] != "").to_numpy()),
    (Status.MATCHED, lambda facts: np.abs(facts["gap_minor"].to_numpy()) <= facts["within_minor"].to_numpy()),
    (Status.PARTIALLY_MATCHED, lambda facts: np.ones(len(facts), bool)),  # whatever is left
)
CODE = {status: code for code, status in enumerate(Status)}

REASONS: tuple[tuple[Reason, Callable[[Facts], Bool]], ...] = (
    (Reason.NONE, lambda facts: np.isin(facts["status"].to_numpy(), [CODE[Status.MATCHED], CODE[Status.SKIPPED]])),
    (Reason.DUPLICATE, lambda facts: facts["has_repeat"].to_numpy()),
    (Reason.ROUNDING, lambda facts: (facts["link"].to_numpy() >= 0) & _is_rounding(facts)),
    (Reason.AMOUNT_DIFFERS, lambda facts: (facts["link"].to_numpy() >= 0) & _is_beyond(facts)),
    (Reason.DATE_OUTSIDE, lambda facts: facts["outside"].to_numpy()),
    (Reason.COMPARED_DIFFERS, lambda facts: (facts["differs"] != "").to_numpy()),
    (Reason.AMOUNT_DIFFERS, lambda facts: facts["link"].to_numpy() >= 0),
    (Reason.EXTRA_LINE, lambda facts: facts["id_elsewhere"].to_numpy()),
    (Reason.MIXED_CURRENCY, lambda facts: facts["other_currency"].to_numpy()),
    (Reason.ONLY_IN_A, lambda facts: facts["side"].to_numpy() == 0),
    (Reason.ONLY_IN_B, lambda facts: np.ones(len(facts), bool)),
)

SENTENCES: dict[Reason, str] = {
    Reason.AMOUNT_DIFFERS: "The id is on both sides, the amounts differ.",
    Reason.ROUNDING: "The amounts differ by a rounding of at most 0.01; a tolerance of 0.01 would match them.",
    Reason.COMPARED_DIFFERS: "The amounts agree, but a compared column differs.",
    Reason.DATE_OUTSIDE: "Id and amount agree, but the dates lie outside the window.",
    Reason.DUPLICATE: "A row stands twice, equal in every column, and no quantity explains it.",
    Reason.MIXED_CURRENCY: "The id is on both sides in different currencies.",
    Reason.EXTRA_LINE: "The id is on the other side, but every line there is matched to another row.",
    Reason.ONLY_IN_A: "The id is not on side B.",
    Reason.ONLY_IN_B: "The id is not on side A.",
}
NEXT_STEP: dict[Reason, str] = {
    Reason.AMOUNT_DIFFERS: "Compare the two records and agree the difference.",
    Reason.ROUNDING: "Set the tolerance of the leg to 0.01 if this is acceptable.",
    Reason.COMPARED_DIFFERS: "Correct the column that differs.",
    Reason.DATE_OUTSIDE: "Check that it is the same event, or widen the date window.",
    Reason.DUPLICATE: "Find out which row is genuine; map a quantity column if both are.",
    Reason.MIXED_CURRENCY: "Reconcile each currency by itself.",
    Reason.EXTRA_LINE: "Look for a doubled or missing line of this id.",
    Reason.ONLY_IN_A: "Ask the other side for this record.",
    Reason.ONLY_IN_B: "Find this record in our own books, or reject it.",
}


def judge(lines: pd.DataFrame, links: pd.DataFrame, leg: Leg, ids: int) -> pd.DataFrame:
    """Lines and Links -> Lines with the verdict columns of `Result.lines`. Reasons are worked out for exceptions only."""
    facts = _with_links(lines, links, leg)
    status = _first(facts, [(CODE[status], holds) for status, holds in STATUSES])
    facts = _beside(facts, {"status": status})
    open_rows = np.flatnonzero((status == CODE[Status.PARTIALLY_MATCHED]) | (status == CODE[Status.UNMATCHED]))
    names = list(Reason)
    picked = np.zeros(len(facts), np.int8)
    few = _with_causes(facts.iloc[open_rows], facts, leg, ids)
    picked[open_rows] = _first(few, [(names.index(reason), holds) for reason, holds in REASONS])
    return _beside(facts, {"reason": words_of(picked, [str(name) for name in names])})


def _beside(frame: pd.DataFrame, columns: dict[str, Any]) -> pd.DataFrame:
    """The frame with more columns, none of them copied (assign copies each: a second at a million rows)."""
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index, copy=False)], axis=1)


def _with_links(lines: pd.DataFrame, links: pd.DataFrame, leg: Leg) -> pd.DataFrame:
    """The facts of each line's own link; an unlinked line has its own signed amount as the gap."""
    n, pos, number = len(lines), links["pos"].to_numpy(), links["link"].to_numpy()
    side, amount = lines["side"].to_numpy(), lines["amount_minor"].to_numpy()
    count = int(number.max()) + 1 if len(number) else 0
    empty = {"link": -1, "klass": -1, "rule": -1, "match_id": 0}
    spread = {name: _spread(n, pos, links[name].to_numpy(), value) for name, value in empty.items()}
    gap = np.where(side == 0, amount, -amount)
    gap[pos] = sum_by(number, gap[pos], count)[number]
    gap[lines["skip"].to_numpy() != 0] = 0
    confirmed = (spread["klass"] >= 0) & (spread["klass"] != CLASS_CODE[MatchClass.PARTIAL])
    limits = np.array([*(rule.within_minor for rule in leg.rules), 0], np.int64)
    within = limits[np.where(confirmed, spread["rule"], -1)]  # -1 is the 0 behind the last rule
    by_hand = np.flatnonzero(spread["klass"] == CLASS_CODE[MatchClass.MANUAL])
    within[by_hand] = np.abs(gap[by_hand])
    facts = {
        **spread, "gap_minor": gap, "within_minor": within, "gap_days": _gap_days(lines, pos, number, count),
        "confirmed": confirmed, "differs": _differs(lines, pos, number, count, leg),
    }  # fmt: skip
    return _beside(lines, facts)


def _gap_days(lines: pd.DataFrame, pos: np.ndarray, number: np.ndarray, count: int) -> npt.NDArray[np.int64]:
    """The days of each line's link, 0 without one."""
    side, day = lines["side"].to_numpy(), lines["day"].to_numpy()
    found = np.zeros(len(lines), np.int64)
    if (day != NO_DAY).any():
        found[pos] = _days(side[pos], day[pos], number, count)[number]
    return found


def _spread(n: int, pos: npt.NDArray[np.int64], values: np.ndarray, empty: int) -> np.ndarray:
    out = np.full(n, empty, values.dtype)
    out[pos] = values
    return out


def _days(side: np.ndarray, day: np.ndarray, number: np.ndarray, count: int) -> np.ndarray:
    """Latest B minus earliest A of each link, 0 where a date is missing."""
    first_a = np.full(count, np.iinfo(np.int64).max)
    last_b = np.full(count, NO_DAY, np.int64)
    np.minimum.at(first_a, number[side == 0], day[side == 0])
    np.maximum.at(last_b, number[side == 1], day[side == 1])
    known = (first_a != NO_DAY) & (first_a != np.iinfo(np.int64).max) & (last_b != NO_DAY)
    return np.where(known, last_b - np.where(known, first_a, 0), 0)


def _differs(lines: pd.DataFrame, pos: np.ndarray, number: np.ndarray, count: int, leg: Leg) -> pd.Categorical[str]:
    """The names of compared columns whose sums differ in the line's link, beyond the leg's tolerance."""
    names, picked = [""], np.zeros(len(lines), np.int16)
    for at, name in enumerate(leg.compare):
        sign = np.where(lines["side"].to_numpy() == 0, 1, -1)
        gap = sum_by(number, (sign * lines[f"compare_{at}"].to_numpy())[pos], count)
        rows = pos[np.abs(gap[number]) > leg.within_minor]
        names += [f"{text}; {name}" if text else name for text in names]
        picked[rows] += 2**at  # the names double with each column, so the codes are those of a binary number
    return words_of(picked, names)


def _with_causes(few: Facts, facts: Facts, leg: Leg, ids: int) -> Facts:
    """What the reasons ask about the exceptions: repeats, dates outside, an id that the other side has elsewhere."""
    n, code, side = len(few), few["code"].to_numpy(), few["side"].to_numpy()
    has_repeat, outside, elsewhere = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
    partial = few["klass"].to_numpy() == CLASS_CODE[MatchClass.PARTIAL]
    allowed = np.where(
        partial, max(leg.within_minor, *(rule.within_minor for rule in leg.rules), 0), few["within_minor"].to_numpy()
    )
    if partial.any():
        has_repeat[partial] = unexplained_repeats(few[partial], ids)[code[partial]]
        outside[partial] = _outside(few[partial], leg)
    alone = (few["status"].to_numpy() == CODE[Status.UNMATCHED]) & (code >= 0)
    if alone.any():
        linked = [(facts["link"].to_numpy() >= 0) & (facts["side"].to_numpy() == letter) for letter in (0, 1)]
        has = [np.bincount(facts["code"].to_numpy()[mine], minlength=ids) > 0 for mine in linked]
        elsewhere[alone] = np.where(side[alone] == 0, has[1][code[alone]], has[0][code[alone]])
    return few.assign(
        has_repeat=has_repeat,
        outside=outside,
        allowed=allowed,
        id_elsewhere=elsewhere,
        other_currency=_other_currency(few, facts, alone & ~elsewhere),
    )


def _other_currency(few: Facts, facts: Facts, alone: Bool) -> Bool:
    """Which of these lines bear an id that the other side has in another currency."""
    out = np.zeros(len(few), bool)
    if "currency" in facts and alone.any() and len(facts["currency"].unique()) > 1:
        side, plain, is_open = facts["side"].to_numpy(), facts["key_hash"].to_numpy(), facts["skip"].to_numpy() == 0
        for letter in (0, 1):
            mine = alone & (few["side"].to_numpy() == letter)
            out[mine] = np.isin(few["key_hash"].to_numpy()[mine], plain[is_open & (side != letter)])
    return out


def _outside(facts: Facts, leg: Leg) -> Bool:
    """Partial links whose amounts agree within the leg's tolerance but whose days fit no rule that compares dates."""
    rules = [
        rule for rule in leg.rules if rule.days_after is not None and rule.kind in (RuleKind.PAIR, RuleKind.TOTALS)
    ]
    if not rules:
        return np.zeros(len(facts), bool)
    days = facts["gap_days"].to_numpy()
    fits = np.logical_or.reduce([days_fit(np.zeros(len(days), np.int64), days, rule) for rule in rules])
    return np.asarray((np.abs(facts["gap_minor"].to_numpy()) <= leg.within_minor) & ~fits)


def _is_beyond(facts: Facts) -> Bool:
    """Whether the link's difference exceeds what its rule, or the widest rule of the leg for a Partial link, allows."""
    return np.asarray(np.abs(facts["gap_minor"].to_numpy()) > facts["allowed"].to_numpy())


def _is_rounding(facts: Facts) -> Bool:
    return np.asarray(_is_beyond(facts) & (np.abs(facts["gap_minor"].to_numpy()) <= CENT))


def _first(facts: Facts, table: Sequence[tuple[int, Callable[[Facts], Bool]]]) -> npt.NDArray[np.int8]:
    """For each row the code of the first rule that holds: the rules are laid over each other, the first one last."""
    found = np.zeros(len(facts), np.int8)
    for code, holds in reversed(table):
        found[holds(facts)] = code
    return found
