"""Which amounts add up to a target: exact, with the question that matters, whether there is only one answer.

Among prices that repeat, a sum is met by many subsets, and a solver that returns one of them returns noise. So one
subset is an answer, two are none. Meet in the middle: all sums of up to `max_items` amounts of each half, then the
two halves against each other, so the cost is bounded by `work` and known before it is spent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]

WORK = 1_500_000  # sums of one half that are worked out at most: about a second and 60 MB
_LARGEST = 2**61  # no sum of the candidates may come near the bounds of int64


class Verdict(StrEnum):
    """How a search ended."""

    UNIQUE = "unique"  # one subset, and every other one was looked at
    SEVERAL = "several"  # at least two: none of them is an answer
    NONE = "none"  # no subset, and every one was looked at
    LIMIT = "limit"  # too many amounts to look at every subset, and no two were found


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The verdict, and the positions of the amounts where it is UNIQUE, ascending; else ()."""

    verdict: Verdict
    picked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Half:
    """Sums of all subsets of up to some items, smallest subsets first.

    `last` is the last item of each subset, `parent` the subset without it; subset 0 is the empty one.
    """

    sums: Int64
    size: npt.NDArray[np.int8]
    parent: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]


def find_subset(
    amounts_minor: Sequence[int], target_minor: int, *, within_minor: int = 0, max_items: int = 8, work: int = WORK
) -> Found:
    """Amounts (n, any sign) -> the one subset of 1 to `max_items` of them that meets the target within the tolerance.

    The tolerance is inclusive. Amounts are told apart by their place, so of two equal ones either both are needed or
    the answer is SEVERAL. A zero is never picked: it would fit every answer. UNIQUE and NONE are proved over all subsets
    of up to `max_items`; nothing is said about larger ones. Raises ValueError for a tolerance below 0, fewer than 1 item,
    and amounts whose sum does not fit int64.
    """
    if within_minor < 0 or max_items < 1 or work < 1:
        raise ValueError("the tolerance is at least 0, and one item at least is allowed")
    if sum(abs(int(amount)) for amount in amounts_minor) + abs(target_minor) + within_minor > _LARGEST:
        raise ValueError("the amounts are too large to be added")
    amounts = np.array(amounts_minor, np.int64).reshape(-1)
    low, high = target_minor - within_minor, target_minor + within_minor
    places = _within_reach(amounts, low, high, max_items)
    items = amounts[places]
    if not len(items) or _no_multiple(items, low, high):
        return Found(verdict=Verdict.NONE)
    most = min(max_items, len(items))
    depth = _depth(len(items), most, work)
    halves = (_subsets(items[0::2], depth), _subsets(items[1::2], depth))
    count, pair = _meet(*halves, low, high, most)
    if count > 1:
        return Found(verdict=Verdict.SEVERAL)
    if depth < min(most, len(items[0::2])):
        return Found(verdict=Verdict.LIMIT)
    if not count:
        return Found(verdict=Verdict.NONE)
    picked = [2 * item + side for side, half in enumerate(halves) for item in _items(half, pair[side])]
    return Found(verdict=Verdict.UNIQUE, picked=tuple(sorted(int(places[item]) for item in picked)))


def _within_reach(amounts: Int64, low: int, high: int, most: int) -> npt.NDArray[np.intp]:
    """Places of the amounts that any subset meeting the bounds could hold: the others cannot be made up for."""
    places = np.flatnonzero(amounts != 0)
    while len(places):
        items = amounts[places]
        up = np.sort(items[items > 0])[::-1][: most - 1].sum()  # what further items can add at most
        down = np.sort(items[items < 0])[: most - 1].sum()
        kept = places[(items + down <= high) & (items + up >= low)]
        if len(kept) == len(places):
            break
        places = kept
    return places


def _no_multiple(items: Int64, low: int, high: int) -> bool:
    """Whether no multiple of the items' common divisor lies within the bounds, as with whole rupees and a target in paise."""
    step = int(np.gcd.reduce(items))
    return -(-low // step) * step > high


def _depth(n: int, most: int, work: int) -> int:
    """Up to how many items of each half can be looked at without more sums than `work`."""
    half, total = (n + 1) // 2, 1
    for size in range(1, min(most, half) + 1):
        total += math.comb(half, size)
        if total > work:
            return size - 1
    return min(most, half)


def _subsets(items: Int64, depth: int) -> _Half:
    """The sums of all subsets of up to `depth` items, level by level: each subset grows by items behind its last one."""
    n = len(items)
    sums, last, parent = [np.zeros(1, np.int64)], [np.full(1, -1, np.int32)], [np.full(1, -1, np.int32)]
    start = 0
    for _ in range(min(depth, n)):
        room = n - 1 - last[-1].astype(np.int64)
        above = np.repeat(np.arange(len(room)), room)
        nth = np.arange(len(above)) - np.repeat(np.cumsum(room) - room, room)
        added = last[-1][above] + 1 + nth
        sums.append(sums[-1][above] + items[added])
        parent.append((above + start).astype(np.int32))
        start += len(room)
        last.append(added.astype(np.int32))
    sizes = [np.full(len(level), size, np.int8) for size, level in enumerate(sums)]
    return _Half(
        sums=np.concatenate(sums), size=np.concatenate(sizes), parent=np.concatenate(parent), last=np.concatenate(last)
    )


def _meet(left: _Half, right: _Half, low: int, high: int, most: int) -> tuple[int, tuple[int, int]]:
    """How many pairs of subsets meet the bounds with 1 to `most` items together, and the first of them."""
    count, pair = 0, (0, 0)
    for size in range(int(right.size[-1]) + 1):
        mine = np.flatnonzero(right.size == size)
        allowed = np.flatnonzero((left.size <= most - size) & ((left.size > 0) | (size > 0)))
        if not len(allowed) or not len(mine):
            continue
        order = allowed[np.argsort(left.sums[allowed], kind="stable")]
        sums, wanted = left.sums[order], np.sort(right.sums[mine])
        begin = np.searchsorted(sums, low - wanted, "left")
        hits = np.searchsorted(sums, high - wanted, "right") - begin
        if not count and hits.any():
            at = int(np.flatnonzero(hits)[0])
            pair = int(order[begin[at]]), int(mine[np.flatnonzero(right.sums[mine] == wanted[at])[0]])
        count += int(hits.sum())
        if count > 1:
            break
    return count, pair


def _items(half: _Half, subset: int) -> list[int]:
    """The items of one subset."""
    found = []
    while half.last[subset] >= 0:
        found.append(int(half.last[subset]))
        subset = int(half.parent[subset])
    return found
