"""Entries as movements of an order: amounts without an item split over the order's items, and the running net balance.

A split is for sight only: parts add up to the entry to the minor unit and are marked, and a fee is judged where it was
charged. Neither the order of rows nor of files decides anything.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY, Days
from recon_core.entries import KIND_CODE, KINDS, Entries, Int8, LineKind, PlaceOf
from recon_core.money import PAISA, Bool, Int64, sum_by
from recon_core.problems import Problem, Severity

Intp = npt.NDArray[np.intp]


class Split(NamedTuple):
    """Entries, by line where they were, with `item` int32 (row of `items`, -1: the line's own item) and `is_split`; and the lines left whole."""

    entries: Entries
    items: pd.DataFrame  # order, item, value_minor: one row per order and item, by order and item
    whole: Intp  # lines without an item whose order has no known item


def split_blank_items(entries: Entries, order: Int64, is_blank: Bool, items: pd.DataFrame) -> Split:
    """Entries of lines without an item -> one entry per item of the order, pro rata to value; all others as they are.

    `order`, `is_blank`: of each line (n), order -1 for none. `items`: order int64, item str, value_minor >= 0, any
    number of rows per order and item. Whole paise are split into whole paise, by the largest remainder, then the
    larger value, then the item's name; items without any value share equally. Parts add up exactly. A part of 0 is
    left out. An order with one item takes all of it, unsplit.
    """
    basis = items.groupby(["order", "item"], sort=True, observed=True)[["value_minor"]].sum().reset_index()
    if (basis["value_minor"] < 0).any():
        raise ValueError("the value of an item is negative")
    size = np.bincount(basis["order"].to_numpy(), minlength=int(order.max(initial=-1)) + 1)
    start = np.append(0, np.cumsum(size))[:-1]
    known = order >= 0
    parts_of_line = np.where(known & is_blank, size[np.where(known, order, 0)] if len(size) else 0, 0)
    pos = entries["pos"].to_numpy()
    of_line = np.where(parts_of_line == 1, start[np.where(known, order, 0)] if len(start) else 0, -1).astype(np.int32)
    whole = np.flatnonzero(is_blank & (parts_of_line == 0))
    several = parts_of_line > 1
    at = np.flatnonzero(several[pos]) if several.any() else np.empty(0, np.intp)
    if not len(at):
        return Split(entries.assign(item=of_line[pos], is_split=False), basis, whole)
    count, first = parts_of_line[pos[at]], start[order[pos[at]]]
    entry = np.repeat(np.arange(len(at)), count)
    into = first[entry] + np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count)
    shares = pro_rata(entries["amount_minor"].to_numpy()[at], entry, basis["value_minor"].to_numpy()[into])
    is_split, times = np.zeros(len(pos), bool), np.ones(len(pos), np.int32)
    is_split[at], times[at] = True, count
    is_split = np.repeat(is_split, times)
    parts = entries.take(np.repeat(np.arange(len(pos)), times)).reset_index(drop=True)
    amount, item = parts["amount_minor"].to_numpy().copy(), of_line[parts["pos"].to_numpy()]
    amount[is_split], item[is_split] = shares, into
    parts = parts.assign(amount_minor=amount, item=item, is_split=is_split)
    stays = (amount != 0) | ~is_split
    return Split(parts if stays.all() else parts[stays].reset_index(drop=True), basis, whole)


def pro_rata(amount_minor: Int64, entry: Intp, weight: Int64) -> Int64:
    """Amounts (m) over parts (k: `entry` 0..m-1 ascending, weight >= 0) -> parts that add up to each amount exactly.

    Largest remainder on magnitudes, then the larger weight, then the earlier part. Whole paise give whole paise.
    """
    m = len(amount_minor)
    step = np.where(amount_minor % PAISA == 0, PAISA, 1)
    units = np.abs(amount_minor) // step
    total = sum_by(entry, weight, m)
    weight = np.where(total[entry] == 0, 1, weight)
    total = np.where(total == 0, np.bincount(entry, minlength=m), total)
    floor, rest = _shares(units[entry], weight, total[entry])
    floor += _largest_remainders(entry, rest, weight, units - sum_by(entry, floor, m))
    parts: Int64 = floor * step[entry] * np.sign(amount_minor)[entry]
    return parts


def _largest_remainders(entry: Intp, rest: Int64, weight: Int64, over: Int64) -> Int64:
    """One unit for each of the `over` (m) best parts of an entry: larger rest, then larger weight, then earlier."""
    more = np.zeros(len(entry), np.int64)
    at = np.flatnonzero(over[entry] > 0)
    rest, over = rest.copy(), over.copy()
    while len(at):  # one unit an entry in each round; as many rounds as an entry has parts, less one
        first = np.flatnonzero(np.append(True, entry[at][1:] != entry[at][:-1]))
        group = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(at))))
        best = np.maximum.reduceat(rest[at], first)[group] == rest[at]
        heavy = np.maximum.reduceat(np.where(best, weight[at], -1), first)[group]
        best &= heavy == weight[at]
        taken = at[np.minimum.reduceat(np.where(best, np.arange(len(at)), len(at)), first)]
        more[taken] = 1
        rest[taken] = -1
        over[entry[taken]] -= 1
        at = at[over[entry[at]] > 0]
    return more


def _shares(units: Int64, weight: Int64, total: Int64) -> tuple[Int64, Int64]:
    """floor(units x weight / total) and the rest, exact: by Python's own integers where int64 could not hold the product."""
    if int(units.max(initial=0)) * int(weight.max(initial=0)) < 2**63:
        floor, rest = np.divmod(units * weight, total)
        return floor, rest
    product = units.astype(object) * weight.astype(object)
    whole = product // total
    return whole.astype(np.int64), (product - whole * total).astype(np.int64)


def whole_problems(whole: Intp, place_of: PlaceOf) -> list[Problem]:
    """One Note where lines without an item could not be split, naming the first."""
    if not len(whole):
        return []
    what = f"{len(whole):,} {'row names' if len(whole) == 1 else 'rows name'} no item, and the items of the order are not known; the amounts stay with the order."
    fix = "Fill in the item, or bring it into the order on side A."
    return [Problem("T-269", Severity.NOTE, place_of(int(whole[0])), "", what, fix)]


def ledger(entries: Entries, order: Int64, kinds: Int8, day: Days, line_id: npt.NDArray[np.uint64]) -> pd.DataFrame:
    """Entries of all orders, running: those of an order together, by day, then line, then type.

    `order`, `kinds`, `day`, `line_id`: of each line (n). Adds balance_minor, the net balance after the entry of its account:
    the order, or the kind of the lines without one. Orders first, by number.
    """
    kind = kinds.astype(np.int64)
    group = np.where(order >= 0, order, int(order.max(initial=-1)) + 1 + kind)
    late = np.where(day == NO_DAY, np.iinfo(np.int64).max, day)  # lines without a date come last
    by_line = np.lexsort((line_id, late, group))
    at = _by_line_and_type(entries, by_line)
    found = entries.take(at).reset_index(drop=True)
    pos = found["pos"].to_numpy()
    return found.assign(balance_minor=running_sums(group[pos], found["amount_minor"].to_numpy()))


def _by_line_and_type(entries: Entries, by_line: Intp) -> Intp:
    """Entries in the order of their lines, then of their types: lines are sorted, and entries only within their line."""
    pos, code = entries["pos"].to_numpy(), entries["type"].cat.codes.to_numpy()
    at = np.arange(len(pos)) if (pos[1:] >= pos[:-1]).all() else np.argsort(pos, kind="stable")
    size = np.bincount(pos, minlength=len(by_line))
    first = np.cumsum(size) - size
    size, first = size[by_line], first[by_line]
    at = at[np.repeat(first - (np.cumsum(size) - size), size) + np.arange(len(pos))]
    key = np.repeat(np.arange(len(by_line)) * max(len(entries["type"].cat.categories), 1), size) + code[at]
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        at, key = at[order], key[order]
    twice = (
        np.flatnonzero(np.append(False, key[1:] == key[:-1]) | np.append(key[1:] == key[:-1], False))
        if len(key)
        else at
    )
    if len(twice):  # amounts of one type on one line: the larger first, so that no order of columns shows
        mine = at[twice]
        at[twice] = mine[np.lexsort((-entries["amount_minor"].to_numpy()[mine], key[twice]))]
    return at


def running_sums(group: Int64, amount_minor: Int64) -> Int64:
    """Running sum within each run of equal groups."""
    if not len(group):
        return np.zeros(0, np.int64)
    total = np.cumsum(amount_minor)
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    before = np.append(0, total)[first]
    sums: Int64 = total - np.repeat(before, np.diff(np.append(first, len(group))))
    return sums


def order_sums(entries: Entries, order: Int64, kinds: Int8, types: list[str], of_kinds: list[LineKind]) -> Int64:
    """Sum of entries of these types on lines of these kinds, for each order 0.. : receipts, refunds, fees ..."""
    names = list(entries["type"].cat.categories)
    wanted_type = np.array([name in types for name in names], bool)
    wanted_kind = np.isin(np.arange(len(KINDS)), [KIND_CODE[kind] for kind in of_kinds])
    pos = entries["pos"].to_numpy()
    here = wanted_type[entries["type"].cat.codes.to_numpy()] & wanted_kind[kinds[pos]] & (order[pos] >= 0)
    codes = order[pos][here].astype(np.intp)
    return sum_by(codes, entries["amount_minor"].to_numpy()[here], int(order.max(initial=-1)) + 1)
