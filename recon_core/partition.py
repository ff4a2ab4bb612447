"""The ladder in parts: lines cut by id, passes that stay inside an id run on each part, the rest on what is left.

Law: parts together equal the whole, because no pass in `BY_ID` ever looks beyond one id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import pandas as pd

from recon_core.matching import BY_ID, Beat, Matched, Task, climb, join, silent
from recon_core.model import SUGGESTION_COLUMNS
from recon_core.recipe import Leg, PassRule

Map = Callable[[Callable[[pd.DataFrame], Matched], Iterable[pd.DataFrame]], Iterable[Matched]]


def match_in_parts(lines: pd.DataFrame, leg: Leg, task: Task, parts: int, run: Map, beat: Beat = silent) -> Matched:
    """Open lines -> the links of the whole ladder; `run` is a map over the parts, `beat` hears of each pass of each part.

    A map over processes cannot take a beat along that speaks to this one.
    """
    links, suggestions, problems, offset = [], [], [], 0
    for rules, by_id in _stretches(leg.rules):
        done = list(
            run(
                partial(climb, rules=rules, task=task, beat=beat),
                _cut(lines, parts) if by_id and parts > 1 else [lines],
            )
        )
        links += [one.links.assign(rule=(one.links["rule"] + offset).astype(np.int16)) for one in done]
        suggestions += [one.suggestions for one in done if len(one.suggestions)]
        problems += [problem for one in done for problem in one.problems]
        lines = pd.concat([one.rest for one in done]) if len(done) > 1 else done[0].rest
        offset += len(rules)
    shown = pd.concat(suggestions, ignore_index=True) if suggestions else pd.DataFrame(columns=list(SUGGESTION_COLUMNS))
    return Matched(links=join(links, task.line_ids), suggestions=shown, problems=tuple(problems), rest=lines)


def _stretches(rules: tuple[PassRule, ...]) -> list[tuple[tuple[PassRule, ...], bool]]:
    """Runs of rules that stay inside an id, and runs of those that do not, in order."""
    runs: list[tuple[tuple[PassRule, ...], bool]] = []
    for rule in rules:
        inside = rule.kind in BY_ID
        if runs and runs[-1][1] == inside:
            runs[-1] = ((*runs[-1][0], rule), inside)
        else:
            runs.append(((rule,), inside))
    return runs


def _cut(lines: pd.DataFrame, parts: int) -> list[pd.DataFrame]:
    part = lines["code"].to_numpy() % parts
    return [lines[part == number] for number in range(parts)]
