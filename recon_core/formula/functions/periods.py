"""The time between two dates: DAYS360, DATEDIF and YEARFRAC, with the quirks that Excel's answers show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recon_core.formula import calendar, excel
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.functions.toolpak import strict
from recon_core.formula.values import ExcelError, Floats, Mask, Tags, Values, flagged, shape_of

FUNCTIONS = Group("dates")
Ints = npt.NDArray[np.int64]
Parts = tuple[Ints, Ints, Ints]


def _length(year: Ints, month: Ints) -> Ints:
    return calendar.first_of(year, month + 1) - calendar.first_of(year, month)


def _ends_february(parts: Parts) -> Mask:
    year, month, day = parts
    last: Mask = (month == 2) & (day == _length(year, month))
    return last


def _days_30_360(start: Parts, end: Parts, start_day: Ints, end_day: Ints) -> Ints:
    return (end[0] - start[0]) * 360 + (end[1] - start[1]) * 30 + end_day - start_day


def _european(start: Parts, end: Parts) -> Ints:
    return _days_30_360(start, end, np.minimum(start[2], 30), np.minimum(end[2], 30))


def _american(start: Parts, end: Parts, *, both_februaries: bool) -> Ints:
    """30/360 as the NASD counts. The end of February is a 30th in the start; in the end only for YEARFRAC, and beside such a start."""
    february = _ends_february(start)
    start_day = np.where(february, 30, np.minimum(start[2], 30))
    end_day = end[2]
    if both_februaries:
        end_day = np.where(february & _ends_february(end), 30, end_day)
        late = start[2] >= 30  # not the February that has just become a 30th
    else:
        late = start_day == 30
    return _days_30_360(start, end, start_day, np.where((end_day == 31) & late, 30, end_day))


@FUNCTIONS.vector(
    "DAYS360(start:N, end:N, [european:B=FALSE])", "The days between two dates in a year of twelve months of 30 days."
)
def days360(start: Floats, end: Floats, european: Floats) -> tuple[Floats, Tags | None]:
    first, bad = calendar.whole_days(start)
    last, wrong = calendar.whole_days(end)
    a, b = calendar.parts(first), calendar.parts(last)
    count = np.where(european != 0, _european(a, b), _american(a, b, both_februaries=False))
    return count.astype(np.float64), flagged(bad | wrong, ExcelError.NUM)


# -- DATEDIF ----------------------------------------------------------------------------------------------

_UNITS = {unit: number for number, unit in enumerate(("D", "M", "Y", "YM", "MD", "YD"))}


@FUNCTIONS.whole(
    "DATEDIF(start:N, end:N, unit:T)",
    'Full years "Y", months "M" or days "D" between two dates; "YM", "YD", "MD" leave years or months aside.',
)
def datedif(context: Context, start: Values, end: Values, unit: Values) -> Values:
    shape = shape_of((start, end, unit))
    a, wrong_a = excel.numbers(start.spread(shape), context.day_first)
    b, wrong_b = excel.numbers(end.spread(shape), context.day_first)
    codes, words, wrong_unit = excel.texts(unit.spread(shape))
    codes, words = excel.used_words(codes, words)
    units = np.array([_UNITS.get(word.upper(), -1) for word in words])[codes]
    first, bad = calendar.whole_days(a)
    last, wrong = calendar.whole_days(b)
    count = np.zeros(shape)
    for name, found in _between(first, last).items():
        at = units == _UNITS[name]
        count = np.where(at, found, count) if at.any() else count
    bad = bad | wrong | (first > last) | (units < 0)
    return excel.made(count, excel.first_errors(wrong_a, wrong_b, wrong_unit, flagged(bad, ExcelError.NUM)))


def _between(first: Floats, last: Floats) -> dict[str, Floats]:
    """The counts of all units.

    MD borrows the month before the end, whatever its length: 31-Jan to 1-Mar is -2 days (Microsoft's page on DATEDIF warns of it).
    YD counts the months from the start in the start's own year, and adds MD: 15-Feb-2000 to 15-Mar-2003 is 29, not 28.
    """
    (year, month, day), (end_year, end_month, end_day) = calendar.parts(first), calendar.parts(last)
    short = end_day < day
    months = (end_year - year) * 12 + end_month - month - short
    days = end_day - day + np.where(short, _length(end_year, end_month - 1), 0)
    moved = calendar.first_of(year, month + months % 12) + day - 1
    counts = {
        "D": last - first,
        "M": months,
        "Y": months // 12,
        "YM": months % 12,
        "MD": days,
        "YD": moved - first + days,
    }
    return {unit: np.asarray(count, np.float64) for unit, count in counts.items()}


# -- YEARFRAC ---------------------------------------------------------------------------------------------


@FUNCTIONS.whole(
    "YEARFRAC(start:N, end:N, [basis:N=0])",
    "The part of a year between two dates; 0 US 30/360, 1 actual, 2 of 360, 3 of 365, 4 European 30/360.",
)
def yearfrac(context: Context, start: Values, end: Values, basis: Values | None) -> Values:
    (a, b, kinds), errors = strict(context, [start, end, 0.0 if basis is None else basis])
    first, bad = calendar.whole_days(np.minimum(a, b))
    last, wrong = calendar.whole_days(np.maximum(a, b))
    kinds = np.trunc(kinds)
    known = (kinds >= 0) & (kinds <= 4)
    parts, end_parts = calendar.parts(first), calendar.parts(last)
    part = np.zeros(first.shape)
    for kind in np.unique(kinds[known]).tolist():
        if kind == 1:
            found = (last - first) / _year_length(parts, end_parts)
        elif kind in (2, 3):
            found = (last - first) / (360 if kind == 2 else 365)
        else:
            found = (
                _european(parts, end_parts) if kind == 4 else _american(parts, end_parts, both_februaries=True)
            ) / 360
        part = np.where(kinds == kind, found, part)
    return excel.made(part, excel.first_errors(errors, flagged(bad | wrong | ~known, ExcelError.NUM)))


def _year_length(start: Parts, end: Parts) -> Floats:
    """The year that basis 1 divides by.

    Up to a year: 366 where a 29-Feb lies between (or both dates lie in one leap year), else 365. Beyond: the mean
    length of the calendar years touched. Source: Microsoft's answers to OASIS on YEARFRAC, 2008.
    """
    ones = np.ones(start[0].shape, np.int64)
    year, end_year = start[0], end[0]
    leap, end_leap = (_length(one, 2 * ones) == 29 for one in (year, end_year))
    months, end_months = (part[1] * 100 + part[2] for part in (start, end))
    holds_29 = np.where(year == end_year, leap, (leap & (months < 301)) | (end_leap & (end_months >= 229)))
    within = (year == end_year) | ((end_year == year + 1) & (months >= end_months))
    mean = (calendar.first_of(end_year + 1, ones) - calendar.first_of(year, ones)) / (end_year - year + 1)
    return np.where(within, np.where(holds_29, 366.0, 365.0), mean)
