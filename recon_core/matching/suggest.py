"""Pass: open lines of equal amount and near date without a common id -> suggestions, with the number of equals.

A pair found by amount and date alone is never confirmed: among prices that repeat it is wrong too often.
A price that many open lines share is named, not exploded.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from rapidfuzz.distance import JaroWinkler

from recon_core.dates import NO_DAY
from recon_core.matching.found import Found, Task
from recon_core.money import grouped
from recon_core.problems import Place, Problem, Severity

MOST = 20  # candidates looked at for one line; an amount shared by more says nothing
UNKNOWN = 10**6  # days apart where a date is missing
FAR = 0.85  # ids at least this alike are worth naming


def suggest(lines: pd.DataFrame, task: Task) -> Found:
    """Unmatched lines of both sides -> the best proposal for each line of A, and how many are equally good."""
    lines = lines[lines["amount_minor"] != 0]
    left, right = lines[lines["side"] == 0], lines[lines["side"] == 1]
    same = [name for name in ("amount_minor", "currency_code") if name in lines.columns]
    problems = _crowded(left, right)
    shared = _rare(left, same).merge(_rare(right, same), on=same, suffixes=("_a", "_b"))
    shared = shared[_near(shared, task)]
    if shared.empty:
        return Found(problems=problems)
    undated = (shared["day_a"] == NO_DAY) | (shared["day_b"] == NO_DAY)
    shared = shared.assign(
        score=_alike(shared, task), days=np.where(undated, UNKNOWN, np.abs(shared["day_b"] - shared["day_a"]))
    )
    others = (
        np.maximum(
            shared.groupby("pos_a")["pos_b"].transform("size"), shared.groupby("pos_b")["pos_a"].transform("size")
        )
        - 1
    )
    shared = shared.assign(others=others)
    best = shared.sort_values(
        ["score", "days", "line_id_a", "line_id_b"], ascending=[False, True, True, True], kind="stable"
    )
    best = best.drop_duplicates("pos_a").drop_duplicates("pos_b")
    best = best.assign(
        because=[
            _because(*told)
            for told in zip(best["score"].tolist(), best["days"].tolist(), best["others"].tolist(), strict=True)
        ]
    )
    shown = best[["pos_a", "pos_b", "because", "score", "others"]].reset_index(drop=True)
    return Found(suggestions=shown, problems=problems)


def _crowded(left: pd.DataFrame, right: pd.DataFrame) -> tuple[Problem, ...]:
    """A note that names the amount which most open rows share, where it is too common to propose pairs."""
    counts = pd.concat([left["amount_minor"].value_counts(), right["amount_minor"].value_counts()], axis=1).dropna()
    crowded = counts.max(axis=1)
    crowded = crowded[crowded > MOST].sort_index().sort_values(ascending=False, kind="stable")
    if crowded.empty:
        return ()
    amount, rows = grouped(int(str(crowded.index[0]))), int(crowded.iloc[0])
    several = "1 amount is" if len(crowded) == 1 else f"{len(crowded):,} amounts are"
    what = f"{several} shared by more than {MOST} open rows of a side (most often {amount}, {rows:,} rows); no pairs are proposed there."
    fix = "Find a reference for these rows: the amount alone says too little."
    return (Problem("K-452", Severity.NOTE, Place(), amount, what, fix),)


def _alike(shared: pd.DataFrame, task: Task) -> np.ndarray:
    """Likeness of the printed ids, 0 where one is missing."""
    if task.keys is None:
        return np.zeros(len(shared))
    left, right = (task.keys.iloc[shared[name].to_numpy()].tolist() for name in ("pos_a", "pos_b"))
    return np.round([JaroWinkler.similarity(a, b) if a and b else 0.0 for a, b in zip(left, right, strict=True)], 3)


def _rare(lines: pd.DataFrame, same: list[str]) -> pd.DataFrame:
    """Lines whose amount few other open lines of the side share."""
    few = lines.groupby(same)["pos"].transform("size") <= MOST
    return lines.loc[few, ["pos", *same, "day", "line_id"]]


def _near(shared: pd.DataFrame, task: Task) -> np.ndarray:
    """Within the window where both have a date; a missing date does not speak against a proposal."""
    before, after = task.rule.days_before, task.rule.days_after
    if before is None or after is None:
        return np.ones(len(shared), bool)
    day_a, day_b = shared["day_a"].to_numpy(), shared["day_b"].to_numpy()
    undated = (day_a == NO_DAY) | (day_b == NO_DAY)
    return np.asarray(undated | ((day_b - day_a >= -before) & (day_b - day_a <= after)))


def _because(score: float, days: int, others: int) -> str:
    parts = ["same amount"]
    if days != UNKNOWN:
        parts.append("same day" if days == 0 else f"{days} day{'s' if days > 1 else ''} apart")
    parts.append(f"ids alike ({score:.0%})" if score >= FAR else "ids differ")
    parts.append(f"{others} other pair{'s' if others > 1 else ''} equally possible" if others else "no other candidate")
    return ", ".join(parts)
