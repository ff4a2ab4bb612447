"""Open lines -> Links and Suggestions: a ladder of passes, surest first.

Each pass sees only what earlier ones left open, so a line is consumed at most once. Order of rows never
decides: every choice rests on content and ends on `line_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.matching.found import Found, Task, by_id, no_links
from recon_core.matching.groups import partial, totals
from recon_core.matching.manual import manual
from recon_core.matching.pairs import pair
from recon_core.matching.suggest import suggest
from recon_core.model import SUGGESTION_COLUMNS
from recon_core.problems import Problem
from recon_core.recipe import PassRule, RuleKind

Beat = Callable[[str], None]  # hears what is being done


def silent(_what: str) -> None:
    """Nobody wants to hear of it."""


PASSES: dict[RuleKind, Callable[[pd.DataFrame, Task], Found]] = {
    RuleKind.MANUAL: manual,  # what the user decided
    RuleKind.PAIR: pair,  # one line each: same id, same amount
    RuleKind.TOTALS: totals,  # all lines of an id: sum against sum
    RuleKind.PARTIAL: partial,  # same id, totals differ: together, with the difference
    RuleKind.SUGGEST: suggest,  # same amount, no common id: proposed, never confirmed
}
BY_ID = frozenset({RuleKind.PAIR, RuleKind.TOTALS, RuleKind.PARTIAL})  # passes that never look beyond one id


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What the ladder came to: Links, Suggestions, Problems of decisions, and the lines still open."""

    links: pd.DataFrame
    suggestions: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    rest: pd.DataFrame


def match(lines: pd.DataFrame, rules: Sequence[PassRule], task: Task) -> Matched:
    """Open lines (n) -> Links (m <= n), with their match ids."""
    done = climb(lines, rules, task)
    return replace(done, links=join([done.links], task.line_ids))


def climb(lines: pd.DataFrame, rules: Sequence[PassRule], task: Task, beat: Beat = silent) -> Matched:
    """Run the rules in order over the open lines; links are numbered but bear no match id yet.

    `beat` hears of each rule before it runs, and may raise to end it all.

    `task` says what holds for the whole leg; its rule is set here. `lines` needs pos, side, code, amount_minor, day,
    item_code, units, twin, printed_hash, line_id and compare_<i>.
    """
    links: list[pd.DataFrame] = []
    suggestions: list[pd.DataFrame] = []
    problems: list[Problem] = []
    for number, rule in enumerate(rules):
        beat(rule.name)
        found = PASSES[rule.kind](lines, task.under(rule))
        links.append(found.links.assign(rule=np.full(len(found.links), number, np.int16)))
        suggestions.append(found.suggestions)
        problems += found.problems
        if len(found.links):
            taken = np.zeros(len(task.line_ids), bool)
            taken[found.links["pos"].to_numpy()] = True
            lines = lines[~taken[lines["pos"].to_numpy()]]
    return Matched(links=stack(links), suggestions=_one(suggestions), problems=tuple(problems), rest=lines)


def stack(links: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Links of several passes or parts under each other, no two with the same number."""
    offset, numbered = 0, []
    for part in links:
        if len(part):
            numbered.append(part.assign(link=part["link"].to_numpy() + offset) if offset else part)
            offset += int(part["link"].max()) + 1
    return (
        pd.concat(numbered, ignore_index=True)
        if len(numbered) > 1
        else numbered[0]
        if numbered
        else no_links().assign(rule=np.empty(0, np.int16))
    )


def join(links: Sequence[pd.DataFrame], line_ids: npt.NDArray[np.uint64]) -> pd.DataFrame:
    """Links of several passes or parts -> one frame with match ids. The number of a link says nothing, its match id does."""
    whole = stack(links)
    number, ids = whole["link"].to_numpy(), line_ids[whole["pos"].to_numpy()]
    smallest = np.full(int(number.max()) + 1 if len(number) else 0, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, number, ids)
    return whole.assign(match_id=smallest[number])


def _one(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(SUGGESTION_COLUMNS))


__all__ = ["BY_ID", "PASSES", "Beat", "Found", "Matched", "Task", "by_id", "join", "match", "no_links", "silent"]
