"""SUM, AVERAGE, COUNT, MIN and their kin. Columns of rows give one answer a row, a range counts as a whole.

Sums run from left to right as Excel's do, so that the last digits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.gathered import Part, answer, first_in_line, is_listed, lines, parts, sample
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.values import ExcelError, Floats, Mask, Tag, Tags, Values, flagged, shape_of

FUNCTIONS = Group("aggregate")

Args = tuple[Values | None, ...]


def _run(start: Floats, num: Floats) -> Floats:
    """The sum of each line, added from left to right behind `start`."""
    with np.errstate(over="ignore", invalid="ignore"):
        if num.shape[1] == 1:
            return start + num[:, 0]
        if start.size == 1 and len(num) == 1:
            return np.cumsum(np.concatenate([start, num[0]]))[-1:]
        return start + np.cumsum(num, axis=1)[:, -1]


def _total(found: Sequence[Part]) -> Floats:
    total = np.zeros(1)
    for one in found:
        total = _run(total, one.num)
    return total


def _count(found: Sequence[Part]) -> Floats:
    return sum((one.counts.sum(axis=1).astype(np.float64) for one in found), np.zeros(1))


@FUNCTIONS.whole("SUM(number:G, [number:G]...)", "The sum; texts in cells are left alone.")
def total(context: Context, *args: Values | None) -> Values:
    found, errors = parts(args, context)
    return answer(_total(found), errors)


@FUNCTIONS.whole("SUMSQ(number:G, [number:G]...)", "The sum of squares.")
def sum_of_squares(context: Context, *args: Values | None) -> Values:
    found, errors = parts(args, context)
    with np.errstate(all="ignore"):
        return answer(_total([one._replace(num=one.num * one.num) for one in found]), errors)


@FUNCTIONS.whole("PRODUCT(number:G, [number:G]...)", "All numbers multiplied; 0 where there is none.")
def product(context: Context, *args: Values | None) -> Values:
    found, errors = parts([arg for arg in args if arg is not None and not _is_left_empty(arg)], context)
    result = np.ones(1)
    with np.errstate(all="ignore"):
        for one in found:
            result = result * np.where(one.counts, one.num, 1.0).prod(axis=1)
    return answer(np.where(_count(found) > 0, result, 0.0), errors)


def _is_left_empty(arg: Values) -> bool:
    """PRODUCT(2,,3) leaves the empty place out; elsewhere such a place is 0."""
    return arg.is_a(Tag.BLANK) and not is_listed(arg)


def _mean(found: Sequence[Part], errors: Tags | None) -> Values:
    count = _count(found)
    return answer(_total(found) / np.maximum(count, 1), errors, flagged(count == 0, ExcelError.DIV0))


@FUNCTIONS.whole("AVERAGE(number:G, [number:G]...)", "The average of the numbers; #DIV/0! where there is none.")
def average(context: Context, *args: Values | None) -> Values:
    return _mean(*parts(args, context))


@FUNCTIONS.whole("AVERAGEA(value:G, [value:G]...)", "The average, with texts in cells as 0 and TRUE as 1.")
def averagea(context: Context, *args: Values | None) -> Values:
    return _mean(*parts(args, context, every=True))


def _extreme(found: Sequence[Part], errors: Tags | None, sign: float) -> Values:
    """The greatest number (sign 1) or the least (sign -1)."""
    best = np.array([-np.inf])
    for one in found:
        best = np.maximum(best, np.where(one.counts, sign * one.num, -np.inf).max(axis=1, initial=-np.inf))
    return answer(np.where(_count(found) > 0, sign * best, 0.0), errors)


@FUNCTIONS.whole("MAX(number:G, [number:G]...)", "The greatest number; 0 where there is none.")
def maximum(context: Context, *args: Values | None) -> Values:
    return _extreme(*parts(args, context), 1.0)


@FUNCTIONS.whole("MIN(number:G, [number:G]...)", "The least number; 0 where there is none.")
def minimum(context: Context, *args: Values | None) -> Values:
    return _extreme(*parts(args, context), -1.0)


@FUNCTIONS.whole("MAXA(value:G, [value:G]...)", "The greatest value, with texts in cells as 0 and TRUE as 1.")
def maxa(context: Context, *args: Values | None) -> Values:
    return _extreme(*parts(args, context, every=True), 1.0)


@FUNCTIONS.whole("MINA(value:G, [value:G]...)", "The least value, with texts in cells as 0 and TRUE as 1.")
def mina(context: Context, *args: Values | None) -> Values:
    return _extreme(*parts(args, context, every=True), -1.0)


def _tally(args: Args, counts: Callable[[Values], Mask]) -> Values:
    result = np.zeros(1)
    for arg in args:
        if arg is not None:
            result = result + counts(arg).reshape(lines(arg.shape)).sum(axis=1)
    return Values.numbers(result)


@FUNCTIONS.whole("COUNT(value:G, [value:G]...)", "How many numbers there are.")
def count(context: Context, *args: Values | None) -> Values:
    def is_number(arg: Values) -> Mask:
        if is_listed(arg):
            return arg.where(Tag.NUMBER)
        _, errors = excel.numbers(arg, context.day_first)
        return np.ones(arg.shape, np.bool_) if errors is None else errors == 0

    return _tally(args, is_number)


@FUNCTIONS.whole("COUNTA(value:G, [value:G]...)", "How many values are not blank; errors and empty texts count.")
def counta(context: Context, *args: Values | None) -> Values:
    return _tally(args, lambda arg: ~arg.where(Tag.BLANK) if is_listed(arg) else np.ones(arg.shape, np.bool_))


@FUNCTIONS.whole("COUNTBLANK(range:G)", "How many cells are blank or hold an empty text.")
def countblank(context: Context, *args: Values | None) -> Values:
    def is_empty(arg: Values) -> Mask:
        blank = arg.where(Tag.BLANK)
        if not arg.has(Tag.TEXT):
            return blank
        no_text = np.array([word == "" for word in arg.words])
        empty: Mask = blank | (arg.where(Tag.TEXT) & no_text[arg.codes_of()])
        return empty

    return _tally(args, is_empty)


def _spread_of(args: Args, context: Context, *, whole: bool, root: bool) -> Values:
    """Variance or deviation: of the whole population, or estimated from a sample of it."""
    found = sample(args, context)
    count = found.counts.sum(axis=1)
    under = count if whole else count - 1
    with np.errstate(all="ignore"):
        mean = _run(np.zeros(1), found.num) / np.maximum(count, 1)
        gap = np.where(found.counts, found.num - mean[:, None], 0.0)
        variance = _run(np.zeros(1), gap * gap) / np.maximum(under, 1)
        num = np.sqrt(variance) if root else variance
    return answer(num, found.errors, flagged(under < 1, ExcelError.DIV0))


def stdev(context: Context, *args: Values | None) -> Values:
    return _spread_of(args, context, whole=False, root=True)


def stdevp(context: Context, *args: Values | None) -> Values:
    return _spread_of(args, context, whole=True, root=True)


def var(context: Context, *args: Values | None) -> Values:
    return _spread_of(args, context, whole=False, root=False)


def varp(context: Context, *args: Values | None) -> Values:
    return _spread_of(args, context, whole=True, root=False)


for _name, _work, _help in (
    ("STDEV", stdev, "The standard deviation, estimated from a sample."),
    ("STDEV.S", stdev, "The standard deviation, estimated from a sample."),
    ("STDEVP", stdevp, "The standard deviation of a whole population."),
    ("STDEV.P", stdevp, "The standard deviation of a whole population."),
    ("VAR", var, "The variance, estimated from a sample."),
    ("VAR.S", var, "The variance, estimated from a sample."),
    ("VARP", varp, "The variance of a whole population."),
    ("VAR.P", varp, "The variance of a whole population."),
):
    FUNCTIONS.whole(f"{_name}(number:G, [number:G]...)", _help)(_work)


@FUNCTIONS.whole("SUMPRODUCT(array:G, [array:G]...)", "The sum of products of lists of equal size; texts count as 0.")
def sumproduct(context: Context, *args: Values | None) -> Values:
    given = [arg for arg in args if arg is not None]
    if not _same_size(given):
        return Values.one(ExcelError.VALUE)
    shape = shape_of(given)
    context.spend(sum(arg.size for arg in given))
    result, errors = np.ones(lines(shape)), []
    with np.errstate(all="ignore"):
        for arg in given:
            num = arg.num_of() if arg.is_a(Tag.NUMBER) else np.where(arg.where(Tag.NUMBER), arg.num_of(), 0.0)
            result = result * num.reshape(lines(arg.shape))
            errors.append(first_in_line(excel.errors_of(arg), arg.shape))
        return answer(_run(np.zeros(1), result), *errors)


def _same_size(given: Sequence[Values]) -> bool:
    """Whether lists have one shape; values of a row stand only beside values of a row."""
    lists = {arg.shape for arg in given if not arg.is_one or arg.is_grid}
    grids = {shape for shape in lists if len(shape) == 2 and shape != (1, 1)}
    return not grids or (len(grids) == 1 and len(lists) == 1 and all(arg.shape in grids for arg in given))
