"""Pass: one line of each side with the same id, where both are the only choice.

An id with one line on each side is the common case and costs a lookup. Where an id has several lines, those of
equal amount (and item) pair up when both sides have equally many; interchangeable ones pair in the order of date
and line_id. An id whose totals differ gives no pair, unless the leg says so: no green line in an order that does not tie.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.matching.found import ById, Found, Int64, Task, by_id, days_fit, pair_class


def pair(lines: pd.DataFrame, task: Task) -> Found:
    """Open lines -> 1:1 links."""
    ids = by_id(lines, task.ids)
    single = (ids.count[0] == 1) & (ids.count[1] == 1)
    side, code = lines["side"].to_numpy(), lines["code"].to_numpy()
    alone = single[code]
    left, right = _align(np.flatnonzero(alone & (side == 0)), np.flatnonzero(alone & (side == 1)), code, task.ids)
    if task.rule.within_minor == 0 and (several := ids.on_both & ~single).any():
        more = _several(lines, np.flatnonzero(several[code]), ids, task)
        left, right = np.r_[left, more[0]], np.r_[right, more[1]]
    return _links(lines, left, right, task)


def _align(left: Int64, right: Int64, code: Int64, ids: int) -> tuple[Int64, Int64]:
    """Row numbers of A and of B, brought into one order by their id."""
    of_id = np.empty(ids, np.int64)
    of_id[code[right]] = right
    return left, of_id[code[left]]


def _links(lines: pd.DataFrame, left: Int64, right: Int64, task: Task) -> Found:
    """Keep the pairs that fit the rule, and class them."""
    rule = task.rule
    amount, day, printed, pos = (lines[name].to_numpy() for name in ("amount_minor", "day", "printed_hash", "pos"))
    fits = (np.abs(amount[left] - amount[right]) <= rule.within_minor) & days_fit(day[left], day[right], rule)
    left, right = left[fits], right[fits]
    gap, days = amount[left] - amount[right], day[right] - day[left]
    klass = pair_class(gap, days, printed[left] == printed[right], dated=rule.days_after is not None)
    number = np.arange(len(left))
    return Found(
        links=pd.DataFrame(
            {
                "pos": np.r_[pos[left], pos[right]],
                "link": np.r_[number, number],
                "klass": np.r_[klass, klass],
            },
            copy=False,
        )
    )


def _several(lines: pd.DataFrame, rows: Int64, ids: ById, task: Task) -> tuple[Int64, Int64]:
    """Pairs inside ids of several lines: (rows of A, rows of B)."""
    few = lines.iloc[rows].assign(at=rows)
    if task.whole_ids:
        few = few[np.abs(ids.gap[few["code"].to_numpy()]) <= task.totals_within_minor]
    compare = [name for name in few.columns if name.startswith("compare_")]
    few = few.sort_values(["side", *compare, "day", "printed_hash", "line_id"], kind="stable")
    same = ["code", "amount_minor", "item_code"]
    sizes = few.groupby([*same, "side"], sort=False)["at"].transform("size")
    both = few.groupby(same, sort=False)["at"].transform("size")
    equal = few[(2 * sizes == both).to_numpy()]
    pairs = _nth_with_nth(equal, [*same, *compare])
    if compare and len(pairs):  # those that agree in the compared columns first, then the others
        left = equal[~equal["at"].isin(pairs["at"]) & ~equal["at"].isin(pairs["at_b"])]
        pairs = pd.concat([pairs, _nth_with_nth(left, same)], ignore_index=True)
    elif compare:
        pairs = _nth_with_nth(equal, same)
    pairs = pairs[days_fit(pairs["day"].to_numpy(), pairs["day_b"].to_numpy(), task.rule)]
    pairs = pairs[~_leaves_one_side(pairs["code"].to_numpy(), ids, task)]
    return pairs["at"].to_numpy(np.int64), pairs["at_b"].to_numpy(np.int64)


def _nth_with_nth(rows: pd.DataFrame, same: list[str]) -> pd.DataFrame:
    """The n-th row of A beside the n-th row of B among those equal in `same`, in the order of the rows."""
    rows = rows.assign(nth=rows.groupby([*same, "side"], sort=False).cumcount())
    names = list(dict.fromkeys([*same, "code", "nth", "at", "day"]))
    a, b = (rows.loc[rows["side"] == letter, names] for letter in (0, 1))
    return a.merge(b, on=list(dict.fromkeys([*same, "code", "nth"])), suffixes=("", "_b"))[
        ["code", "at", "day", "at_b", "day_b"]
    ]


def _leaves_one_side(code: Int64, ids: ById, task: Task) -> np.ndarray:
    """Pairs of an id that ties as a whole but would leave lines of one side only: they close as a group instead."""
    paired = np.bincount(code, minlength=task.ids)
    left = ids.count[0] - paired, ids.count[1] - paired
    ties = np.abs(ids.gap) <= task.totals_within_minor
    return np.asarray((ties & ((left[0] == 0) != (left[1] == 0)))[code])
