"""MEDIAN, MODE, LARGE, RANK, PERCENTILE and their kin: where a number stands among others.

A range is sorted once; the place asked for may then differ from row to row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recon_core.formula import excel
from recon_core.formula.functions.gathered import Part, answer, is_listed, sample
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.values import ExcelError, Floats, Grid2D, Mask, Tag, Tags, Values, flagged, shape_of

FUNCTIONS = Group("ranking")

Line = npt.NDArray[np.intp]


class Ordered(NamedTuple):
    """Numbers in ascending order, lines x cells, infinity behind the last; how many each line has, and its error."""

    num: Floats
    size: Floats
    errors: Tags | None

    def line_of(self, shape: tuple[int, ...]) -> Line:
        """The line that belongs to each place of an answer of this shape. Raises Grid2D where both vary."""
        if len(self.num) == 1:
            return np.zeros(shape, np.intp)
        if int(np.prod(shape)) != 1 and shape != (len(self.num),):
            raise Grid2D
        return np.arange(len(self.num))


def _sorted(found: Part) -> Ordered:
    num = np.sort(np.where(found.counts, found.num, np.inf), axis=1)
    return Ordered(num, found.counts.sum(axis=1).astype(np.float64), found.errors)


def ordered(context: Context, *args: Values | None) -> Ordered:
    """All numbers of the arguments in order; a single range is sorted once."""
    only = args[0] if len(args) == 1 else None
    if only is None or not only.is_grid:
        return _sorted(sample(args, context))
    return only.cached("ordered", lambda: _sorted(sample((only,), context)))


def _between(among: Ordered, place: Floats, line: Line) -> Floats:
    """The number at a place counted from 1, in proportion between two."""
    low = np.floor(place)
    last = np.maximum(among.size[line] - 1, 0)
    first = np.clip(low - 1, 0, last).astype(np.intp)
    second = np.clip(low, 0, last).astype(np.intp)
    with np.errstate(all="ignore"):
        a, b = among.num[line, first], among.num[line, second]
        found: Floats = np.where((place == low) | (a == b), a, a + (place - low) * (b - a))
    return found


def _located(
    context: Context, array: Values, k: Values, place: Callable[[Floats, Floats], tuple[Floats, Mask]]
) -> Values:
    """The number of `array` at the place that `place(k, count)` gives, #NUM! where that is not right."""
    among = ordered(context, array)
    num, wrong = excel.numbers(k, context.day_first)
    line = among.line_of(num.shape)
    num = np.broadcast_to(num.reshape(-1)[:1] if num.size == 1 else num, line.shape)
    count = among.size[line]
    with np.errstate(over="ignore"):
        at, right = place(num, count)
    right = right & (count > 0)
    found = np.where(right, _between(among, np.where(right, at, 1.0), line), 0.0)
    errors = None if among.errors is None else among.errors[line]
    wrong = None if wrong is None else np.broadcast_to(wrong.reshape(-1)[:1] if wrong.size == 1 else wrong, line.shape)
    return answer(found, errors, wrong, flagged(~right, ExcelError.NUM))


@FUNCTIONS.whole("LARGE(array:G, k:N)", "The k-th greatest number.")
def large(context: Context, array: Values, k: Values) -> Values:
    return _located(context, array, k, lambda k, count: (count + 1 - np.ceil(k), (k >= 1) & (np.ceil(k) <= count)))


@FUNCTIONS.whole("SMALL(array:G, k:N)", "The k-th least number.")
def small(context: Context, array: Values, k: Values) -> Values:
    return _located(context, array, k, lambda k, count: (np.ceil(k), (k >= 1) & (np.ceil(k) <= count)))


def _inclusive(k: Floats, count: Floats) -> tuple[Floats, Mask]:
    return 1 + k * (count - 1), (k >= 0) & (k <= 1)


def _exclusive(k: Floats, count: Floats) -> tuple[Floats, Mask]:
    place = k * (count + 1)
    return place, (k > 0) & (k < 1) & (place >= 1) & (place <= count)


def percentile(context: Context, array: Values, k: Values) -> Values:
    return _located(context, array, k, _inclusive)


def percentile_exc(context: Context, array: Values, k: Values) -> Values:
    return _located(context, array, k, _exclusive)


def quartile(context: Context, array: Values, quart: Values) -> Values:
    return _located(context, array, quart, lambda quart, count: _inclusive(np.trunc(quart) / 4, count))


def quartile_exc(context: Context, array: Values, quart: Values) -> Values:
    return _located(context, array, quart, lambda quart, count: _exclusive(np.trunc(quart) / 4, count))


for _signature, _work, _help in (
    ("PERCENTILE(array:G, k:N)", percentile, "The number below which the part k of all numbers lies, k from 0 to 1."),
    (
        "PERCENTILE.INC(array:G, k:N)",
        percentile,
        "The number below which the part k of all numbers lies, k from 0 to 1.",
    ),
    ("PERCENTILE.EXC(array:G, k:N)", percentile_exc, "The number below which the part k lies, k between 0 and 1."),
    ("QUARTILE(array:G, quart:N)", quartile, "The least number (0), the quartiles (1 to 3) or the greatest (4)."),
    ("QUARTILE.INC(array:G, quart:N)", quartile, "The least number (0), the quartiles (1 to 3) or the greatest (4)."),
    ("QUARTILE.EXC(array:G, quart:N)", quartile_exc, "The quartiles (1 to 3), ends excluded."),
):
    FUNCTIONS.whole(_signature, _help)(_work)


@FUNCTIONS.whole("MEDIAN(number:G, [number:G]...)", "The number in the middle, or the average of the two.")
def median(context: Context, *args: Values | None) -> Values:
    among = ordered(context, *args)
    line = np.arange(len(among.size))
    found = _between(among, (among.size + 1) / 2, line)
    empty = among.size == 0
    return answer(np.where(empty, 0.0, found), among.errors, flagged(empty, ExcelError.NUM))


@FUNCTIONS.whole(
    "MODE.SNGL(number:G, [number:G]...)", "The number that occurs most often; #N/A where none occurs twice."
)
@FUNCTIONS.whole("MODE(number:G, [number:G]...)", "The number that occurs most often; #N/A where none occurs twice.")
def mode(context: Context, *args: Values | None) -> Values:
    found = sample(args, context)
    direct = [flagged(arg.where(Tag.TEXT), ExcelError.VALUE) for arg in args if arg is not None and not is_listed(arg)]
    num, most = _most_frequent_of_list(found) if len(found.num) == 1 else _most_frequent(found, context)
    return answer(num, *direct, found.errors, flagged(most < 2, ExcelError.NA))


def _most_frequent_of_list(found: Part) -> tuple[Floats, Floats]:
    """The most frequent number, the first of several, and how often it occurs."""
    num = found.num[found.counts]
    if not num.size:
        return np.zeros(1), np.zeros(1)
    known, first, often = np.unique(num, return_index=True, return_counts=True)
    best = np.lexsort((first, -often))[:1]
    return known[best], often[best].astype(np.float64)


def _most_frequent(found: Part, context: Context) -> tuple[Floats, Floats]:
    """The same for each line, cell against cell."""
    rows, cells = found.num.shape
    context.spend(rows * cells * cells)
    best, most = np.zeros(rows), np.zeros(rows)
    for at in range(cells):
        same = (found.num == found.num[:, at : at + 1]) & found.counts
        often = np.where(found.counts[:, at], same.sum(axis=1), 0.0)
        best, most = np.where(often > most, found.num[:, at], best), np.maximum(often, most)
    return best, most


def _rank(context: Context, number: Values, among: Values, order: Values | None, *, mean: bool) -> Values:
    found = ordered(context, among)
    order = Values.one(0.0) if order is None else order
    shape = shape_of((number, order))
    line = found.line_of(shape)
    shape = line.shape if len(line) > 1 else shape
    num, wrong = excel.numbers(number.spread(shape), context.day_first)
    up, wrong_order = excel.numbers(order.spread(shape), context.day_first)
    if len(found.num) == 1:
        own = found.num[0, : int(found.size[0])]
        below, not_above = np.searchsorted(own, num, "left"), np.searchsorted(own, num, "right")
    else:
        below, not_above = (found.num < num[:, None]).sum(axis=1), (found.num <= num[:, None]).sum(axis=1)
    place = np.where(up != 0, below + 1, found.size[line] - not_above + 1).astype(np.float64)
    equal = not_above - below
    errors = None if found.errors is None else found.errors[line]
    place = place + (equal - 1) / 2 if mean else place
    return answer(place, wrong, errors, wrong_order, flagged(equal == 0, ExcelError.NA))


@FUNCTIONS.whole("RANK.EQ(number:N, among:G, [order:N])", "The place of a number among others, the greatest first.")
@FUNCTIONS.whole("RANK(number:N, among:G, [order:N])", "The place of a number among others, the greatest first.")
def rank(context: Context, number: Values, among: Values, order: Values | None) -> Values:
    return _rank(context, number, among, order, mean=False)


@FUNCTIONS.whole("RANK.AVG(number:N, among:G, [order:N])", "The place of a number; equal ones share the average place.")
def rank_avg(context: Context, number: Values, among: Values, order: Values | None) -> Values:
    return _rank(context, number, among, order, mean=True)
