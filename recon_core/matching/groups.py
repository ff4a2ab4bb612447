"""Passes: all open lines of an id together. `totals` confirms where sum meets sum, `partial` ties the rest.

Totals never hide a repeat: where a side holds rows that are equal in every column and no quantity explains them,
the id is not confirmed, whatever the sums say.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.matching.found import Bool, ById, Found, Int64, Task, by_id, no_links, pair_class
from recon_core.model import CLASS_CODE, MatchClass


def totals(lines: pd.DataFrame, task: Task) -> Found:
    """Ids whose sums agree within the tolerance -> one link each: 1:1, 1:n, n:1 or n:m."""
    ids = by_id(lines, task.ids)
    closes = ids.on_both & (np.abs(ids.gap) <= task.rule.within_minor)
    if not closes.any():
        return Found()
    few = lines[closes[lines["code"].to_numpy()]]
    closes &= ~unexplained_repeats(few, task.ids) & _dates_fit(few, task)
    return Found(links=_link_ids(few[closes[few["code"].to_numpy()]], ids, _classes(few, ids, task)))


def partial(lines: pd.DataFrame, task: Task) -> Found:
    """Ids that are still open on both sides -> one Partial link each, never confirmed."""
    ids = by_id(lines, task.ids)
    few = lines[ids.on_both[lines["code"].to_numpy()]]
    return Found(links=_link_ids(few, ids, np.full(task.ids, CLASS_CODE[MatchClass.PARTIAL], np.int8)))


def unexplained_repeats(lines: pd.DataFrame, ids: int) -> Bool:
    """Ids where a side holds rows equal in every column, more of them than the other side's units of that sign account for.

    Where the other side has no units of that sign, all its units count. A row that its own side reverses, and the other
    side has no units for that, may stand once more (`duplicates.py`).
    """
    found = np.zeros(ids, bool)
    side, code, twin = (lines[name].to_numpy() for name in ("side", "code", "twin"))
    if not (twin > 0).any():
        return found
    units, back = lines["units"].to_numpy(), lines["amount_minor"].to_numpy() < 0
    for letter in (0, 1):
        whole = np.bincount(code[side != letter], weights=units[side != letter], minlength=ids)
        for sign in (False, True):
            mine, other = (side == letter) & (back == sign), (side != letter) & (back == sign)
            again = np.bincount(code[mine & (twin > 0)], minlength=ids)
            kinds = np.bincount(
                code[mine & (twin == 1)], minlength=ids
            )  # each kind of equal rows has one first row besides
            same = np.bincount(code[other], weights=units[other], minlength=ids)
            reversed_here = _reversals(lines[side == letter], mine[side == letter] & (twin[side == letter] > 0), ids)
            more = np.maximum(reversed_here - (whole - same), 0) * (whole > 0)
            found |= (again > 0) & (again + kinds > np.where(same > 0, same, whole) + more)
    return found


def _reversals(lines: pd.DataFrame, repeated: Bool, ids: int) -> Int64:
    """By id, the lines of a side that exactly reverse one of its repeated lines."""
    reverse = lines[["code", "amount_minor"]][repeated].drop_duplicates()
    found = lines.merge(reverse.assign(amount_minor=-reverse["amount_minor"]), on=["code", "amount_minor"])
    return np.bincount(found["code"].to_numpy(), minlength=ids).astype(np.int64)


def _link_ids(lines: pd.DataFrame, ids: ById, klass: np.ndarray) -> pd.DataFrame:
    """One link for each id of the lines."""
    if lines.empty:
        return no_links()
    code = lines["code"].to_numpy()
    number = np.full(len(ids.gap), -1, np.int64)
    used = np.flatnonzero(np.bincount(code, minlength=len(ids.gap)))
    number[used] = np.arange(len(used))
    return pd.DataFrame({"pos": lines["pos"].to_numpy(), "link": number[code], "klass": klass[code]})


def _classes(lines: pd.DataFrame, ids: ById, task: Task) -> np.ndarray:
    """The class of each id by its counts; a 1:1 id by its amounts, dates and print."""
    one_a, one_b = ids.count[0] == 1, ids.count[1] == 1
    klass = np.select(
        [one_a & ~one_b, ~one_a & one_b],
        [CLASS_CODE[MatchClass.ONE_TO_MANY], CLASS_CODE[MatchClass.MANY_TO_ONE]],
        CLASS_CODE[MatchClass.MANY_TO_MANY],
    ).astype(np.int8)  # fmt: skip
    single = np.flatnonzero(one_a & one_b & (np.bincount(lines["code"].to_numpy(), minlength=task.ids) > 0))
    if not len(single):
        return np.asarray(klass)
    at = [_row_of(lines, letter, task.ids)[single] for letter in (0, 1)]
    day, printed = lines["day"].to_numpy(np.int64), lines["printed_hash"].to_numpy()
    days, same = day[at[1]] - day[at[0]], printed[at[0]] == printed[at[1]]
    klass[single] = pair_class(ids.gap[single], days, same, dated=task.rule.days_after is not None)
    return np.asarray(klass)


def _row_of(lines: pd.DataFrame, letter: int, ids: int) -> Int64:
    """The row of the only line that each id has on a side; of no meaning for ids with none or several."""
    rows = np.flatnonzero(lines["side"].to_numpy() == letter)
    of_id = np.zeros(ids, np.int64)
    of_id[lines["code"].to_numpy()[rows]] = rows
    return of_id


def _dates_fit(lines: pd.DataFrame, task: Task) -> Bool:
    """Ids all of whose B lines lie within the window of the first and last A line."""
    rule = task.rule
    if rule.days_after is None or rule.days_before is None:
        return np.ones(task.ids, bool)
    first_a, last_a = _span(lines[lines["side"] == 0], task.ids)
    first_b, last_b = _span(lines[lines["side"] == 1], task.ids)
    return np.asarray(
        (first_a != NO_DAY)
        & (first_b != NO_DAY)
        & (first_b >= first_a - rule.days_before)
        & (last_b <= last_a + rule.days_after)
    )


def _span(lines: pd.DataFrame, ids: int) -> tuple[Int64, Int64]:
    """First and last day of each id; NO_DAY as the first where a line has none."""
    code, day = lines["code"].to_numpy(), lines["day"].to_numpy()
    first, last = np.full(ids, np.iinfo(np.int64).max), np.full(ids, NO_DAY, np.int64)
    np.minimum.at(first, code, day)
    np.maximum.at(last, code, day)
    return first, last
