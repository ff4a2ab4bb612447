"""SUBTOTAL and AGGREGATE: a function chosen by number. No row is hidden here, so 101 means what 1 means."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions import aggregate, ranking
from recon_core.formula.functions.gathered import without_errors
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.values import ExcelError, Values, pick, with_errors

FUNCTIONS = Group("aggregate")

Work = Callable[..., object]

_OF_REFERENCES: dict[int, Work] = {
    1: aggregate.average,
    2: aggregate.count,
    3: aggregate.counta,
    4: aggregate.maximum,
    5: aggregate.minimum,
    6: aggregate.product,
    7: aggregate.stdev,
    8: aggregate.stdevp,
    9: aggregate.total,
    10: aggregate.var,
    11: aggregate.varp,
}
_OF_MORE: dict[int, Work] = {12: ranking.median, 13: ranking.mode}
_OF_ARRAYS: dict[int, Work] = {
    14: ranking.large,
    15: ranking.small,
    16: ranking.percentile,
    17: ranking.quartile,
    18: ranking.percentile_exc,
    19: ranking.quartile_exc,
}
_SKIPPING_ERRORS = frozenset({2, 3, 6, 7})


def _chosen(context: Context, by: Values, work: Callable[[int], Values]) -> Values:
    """The answer for each number of a function or option; mostly there is one."""
    num, errors = excel.numbers(by, context.day_first)
    found = Values.one(ExcelError.VALUE)
    for number in np.unique(num[errors == 0] if errors is not None else num)[:64].tolist():
        found = work(int(number)) if num.size == 1 else pick(num == number, work(int(number)), found)
    return with_errors(found, errors)


@FUNCTIONS.whole(
    "SUBTOTAL(function:N, range:G, [range:G]...)",
    "A sum (9), average (1), count (2, 3), greatest (4) or least (5) of ranges.",
)
def subtotal(context: Context, function: Values, *ranges: Values) -> Values:
    def work(number: int) -> Values:
        found = _OF_REFERENCES.get(number - 100 if number > 100 else number)
        return _applied(found, context, *ranges) if _all_refs(ranges) else Values.one(ExcelError.VALUE)

    return _chosen(context, function, work)


@FUNCTIONS.whole(
    "AGGREGATE(function:N, option:N, range:G, [range:G]...)",
    "A function by number, as SUBTOTAL; option 6 leaves errors out.",
)
def aggregate_(context: Context, function: Values, option: Values, *ranges: Values) -> Values:
    def by_option(number: int) -> Values:
        return _chosen(context, option, lambda how: _aggregated(context, number, how, ranges))

    return _chosen(context, function, by_option)


def _aggregated(context: Context, number: int, option: int, ranges: tuple[Values, ...]) -> Values:
    if not 0 <= option <= 7:
        return Values.one(ExcelError.VALUE)
    if number in _OF_ARRAYS:
        if len(ranges) != 2:
            return Values.one(ExcelError.VALUE)
        array = without_errors(ranges[0]) if option in _SKIPPING_ERRORS else ranges[0]
        return _applied(_OF_ARRAYS[number], context, array, ranges[1])
    work = _OF_REFERENCES.get(number) or _OF_MORE.get(number)
    if not _all_refs(ranges):
        return Values.one(ExcelError.VALUE)
    return _applied(work, context, *(without_errors(one) if option in _SKIPPING_ERRORS else one for one in ranges))


def _applied(work: Work | None, context: Context, *args: Values) -> Values:
    return Values.one(ExcelError.VALUE) if work is None else cast(Values, work(context, *args))


def _all_refs(ranges: tuple[Values, ...]) -> bool:
    """Excel takes references only; lists worked out are for LARGE and its kin."""
    return all(one.is_ref for one in ranges)
