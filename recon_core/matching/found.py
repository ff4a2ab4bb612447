"""What a pass is given beside the open lines, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.model import CLASS_CODE, SUGGESTION_COLUMNS, MatchClass
from recon_core.money import sum_by
from recon_core.problems import Problem
from recon_core.recipe import PassRule, RuleKind

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The rule in force and what holds for the whole leg."""

    rule: PassRule = field(default_factory=lambda: PassRule(name="", kind=RuleKind.PAIR))
    ids: int  # how many different ids the leg has: codes are 0..ids-1
    line_ids: npt.NDArray[np.uint64]  # by pos, for every line of the leg
    totals_within_minor: int = 0  # the widest tolerance of a totals rule of the leg
    whole_ids: bool = True
    decisions: Sequence[tuple[int, ...]] = ()  # line_ids the user tied together
    keys: pd.Series | None = None  # printed ids by pos, for suggestions

    def under(self, rule: PassRule) -> Task:
        """The same leg under one rule."""
        return replace(self, rule=rule)


def no_links() -> pd.DataFrame:
    """An empty frame of pass links: pos, link, klass."""
    return pd.DataFrame({"pos": np.empty(0, np.int64), "link": np.empty(0, np.int64), "klass": np.empty(0, np.int8)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Links of one pass (pos, link from 0, klass), suggestions, problems."""

    links: pd.DataFrame = field(default_factory=no_links)
    suggestions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SUGGESTION_COLUMNS)))
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ById:
    """Open lines counted and summed by id, for both sides: arrays over the codes of the leg."""

    count: tuple[Int64, Int64]
    total: tuple[Int64, Int64]

    @property
    def on_both(self) -> Bool:
        """Ids with open lines on both sides."""
        return (self.count[0] > 0) & (self.count[1] > 0)

    @property
    def gap(self) -> Int64:
        """A minus B."""
        return self.total[0] - self.total[1]


def by_id(lines: pd.DataFrame, ids: int) -> ById:
    """Count and sum the lines of each id on each side."""
    side, code, amount = (lines[name].to_numpy() for name in ("side", "code", "amount_minor"))
    slot = code + side * np.int64(ids)  # side B counts behind side A: one pass over the lines instead of two
    count, total = np.bincount(slot, minlength=2 * ids), sum_by(slot, amount, 2 * ids)
    return ById(count=(count[:ids], count[ids:]), total=(total[:ids], total[ids:]))


def days_fit(day_a: Int64, day_b: Int64, rule: PassRule) -> Bool:
    """Whether B lies within the rule's window of A; a missing date never fits, no window always does."""
    if rule.days_after is None or rule.days_before is None:
        return np.ones(len(day_a), bool)
    days = day_b - day_a
    dated = (day_a != NO_DAY) & (day_b != NO_DAY)
    return np.asarray(dated & (days >= -rule.days_before) & (days <= rule.days_after))


def pair_class(gap: Int64, days: Int64, same_print: Bool, *, dated: bool) -> npt.NDArray[np.int8]:
    """The class of 1:1 links: amount first, then date, then how the id was printed."""
    return np.select(
        [gap != 0, (days != 0) & dated, ~same_print],
        [CLASS_CODE[MatchClass.TOLERANCE], CLASS_CODE[MatchClass.DATE_WINDOW], CLASS_CODE[MatchClass.CLEANED_ID]],
        CLASS_CODE[MatchClass.EXACT],
    ).astype(np.int8)
