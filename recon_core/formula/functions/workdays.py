"""Working days: NETWORKDAYS, WORKDAY and their .INTL kin.

Nothing walks from day to day. Working days are counted from serial 0 by whole weeks; the holidays, sorted, are
taken off by a search. Column on column that costs some sorting, however far apart the dates lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recon_core.formula import calendar, excel
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.functions.toolpak import one_strict, strict
from recon_core.formula.values import (
    ExcelError,
    Floats,
    Scalar,
    Tag,
    Tags,
    Values,
    distinct,
    flagged,
    pick,
    with_errors,
)

FUNCTIONS = Group("dates")
Ints = npt.NDArray[np.int64]
MAX_DAYS = 4_000_000  # more than Excel's calendar has


class Week:
    """A week with its days off, and the holidays beside them: working days counted from serial 0, and found by number.

    `each`: the holidays are one a row, not one list for all.
    """

    def __init__(self, off: str, holidays: Ints, *, each: bool) -> None:
        works = np.array(
            [off[(day - 2) % 7] == "0" for day in range(7)]
        )  # day 0 is a Saturday, a mask begins on Monday
        self.length = int(works.sum())
        self._places = np.flatnonzero(works)
        self._before = np.concatenate([[0], np.cumsum(works)])
        self._each = each
        on_work = (holidays >= 0) & works[holidays % 7]
        self._holidays = np.where(on_work, holidays, calendar.LAST * 2) if each else np.unique(holidays[on_work])
        ordinal = np.arange(1, self._holidays.size + 1) if not each else 1
        self._earlier = self._plain(self._holidays) - ordinal  # working days before each holiday

    def count(self, last: Ints) -> Ints:
        """The working days from serial 0 to `last`, which may be -1."""
        passed = last >= self._holidays if self._each else np.searchsorted(self._holidays, last, "right")
        return self._plain(last) - passed

    def find(self, number: Ints) -> Ints:
        """The serial of a working day by its number, from 1."""
        skipped = self._earlier < number if self._each else np.searchsorted(self._earlier, number, "left")
        weeks, rest = np.divmod(number + skipped - 1, self.length)
        return weeks * 7 + self._places[rest]

    def _plain(self, last: Ints) -> Ints:
        weeks, rest = np.divmod(last + 1, 7)
        plain: Ints = weeks * self.length + self._before[rest]
        return plain


@dataclass(frozen=True, slots=True)
class Days:
    """The arguments of a call, of one shape: dates, dates or numbers of days, the holidays, and what is wrong."""

    start: Ints
    other: Floats
    holidays: Ints
    each: bool
    errors: Tags | None

    def week(self, off: str, at: Ints | None = None) -> Week:
        """The week of a mask, its holidays those of the rows at `at`."""
        holidays = self.holidays if at is None or not self.each else self.holidays.ravel()[at]
        return Week(off, holidays, each=self.each)


def _days(context: Context, start: Values, other: Values, holidays: Values | None, weekend: Values | None) -> Days:
    """Start dates, and ends or numbers of days as they are; #NUM! where the start is no date."""
    each = holidays is not None and not holidays.is_grid and not holidays.is_one
    others = [Values.numbers(np.zeros(one.shape)) for one in (weekend, holidays if each else None) if one is not None]
    (first, second, *_), errors = strict(context, [start, other, *others])  # the others give their shape only
    days, bad = calendar.whole_days(first)
    errors = excel.first_errors(errors, flagged(bad, ExcelError.NUM))
    if holidays is None:
        return Days(days.astype(np.int64), second, np.zeros(0, np.int64), False, errors)
    free, wrong = _free_days(context, holidays)
    if wrong is not None and not each:
        wrong = np.full(first.shape, wrong[wrong > 0][0], np.uint8)
    return Days(days.astype(np.int64), second, free, each, excel.first_errors(errors, wrong))


def _free_days(context: Context, holidays: Values) -> tuple[Ints, Tags | None]:
    """The holidays as whole days, -1 for blanks; texts are read as dates, and what is none is an error."""
    plain = holidays.flat() if holidays.is_grid else holidays
    num, errors = one_strict(context, plain)
    days, bad = calendar.whole_days(num)
    blank = plain.where(Tag.BLANK)
    errors = excel.first_errors(errors, flagged(bad, ExcelError.NUM))
    left_out = blank if errors is None else blank | (errors > 0)
    return np.where(left_out, -1, days.astype(np.int64)), errors if errors is None or errors.any() else None


SATURDAY_AND_SUNDAY = "0000011"
_PAIRS = {number: (4 + number, 5 + number) for number in range(1, 8)}  # Monday is 0
_SINGLES = {number: (number - 5,) for number in range(11, 18)}
_MASKS = {
    number: "".join("01"[day in [one % 7 for one in off]] for day in range(7))
    for number, off in (_PAIRS | _SINGLES).items()
}


def _mask(weekend: Scalar) -> str | ExcelError:
    """1 to 7, 11 to 17, or seven marks from Monday, 1 for a day off -> such marks."""
    if isinstance(weekend, ExcelError):
        return weekend
    if isinstance(weekend, bool):
        return ExcelError.VALUE
    if isinstance(weekend, str):
        return weekend if len(weekend) == 7 and set(weekend) <= {"0", "1"} else ExcelError.VALUE
    return _MASKS.get(int(weekend or 0.0), ExcelError.NUM)


def _by_week(days: Days, weekend: Values | None, work: Callable[[Week, Ints, Floats], Values]) -> Values:
    """Work done once for each kind of week."""
    shape = days.start.shape
    if weekend is None or weekend.is_one:
        mask = SATURDAY_AND_SUNDAY if weekend is None else _mask(weekend.scalar())
        found = Values.one(mask) if isinstance(mask, ExcelError) else work(days.week(mask), days.start, days.other)
        return with_errors(found.spread(shape), days.errors)
    (kinds,), inverse = distinct([weekend.spread(shape)])
    masks: dict[str | ExcelError, int] = {}
    numbers = np.array([masks.setdefault(_mask(kind), len(masks)) for kind in kinds])[inverse]
    found = Values.one(0.0).spread(shape)
    for mask, number in masks.items():
        rows = numbers == number
        found = pick(rows.reshape(shape), _of_rows(days, mask, np.flatnonzero(rows), work), found)
    return with_errors(found, days.errors)


def _of_rows(days: Days, mask: str | ExcelError, at: Ints, work: Callable[[Week, Ints, Floats], Values]) -> Values:
    """The work for the rows of one kind of week, spread over all rows."""
    if isinstance(mask, ExcelError):
        return Values.one(mask)
    found = work(days.week(mask, at), days.start.ravel()[at], days.other.ravel()[at])
    back = np.zeros(days.start.size, np.int64)
    back[at] = np.arange(at.size)
    return found.take(back.reshape(days.start.shape))


def _count(week: Week, start: Ints, end: Floats) -> Values:
    days, bad = calendar.whole_days(end)
    last = days.astype(np.int64)
    count = week.count(np.maximum(start, last)) - week.count(np.minimum(start, last) - 1)
    return excel.made(np.where(last < start, -count, count).astype(np.float64), flagged(bad, ExcelError.NUM))


def _move(week: Week, start: Ints, days: Floats) -> Values:
    if not week.length:
        return Values.one(ExcelError.VALUE).spread(start.shape)
    steps = np.clip(np.trunc(days), -MAX_DAYS, MAX_DAYS).astype(np.int64)
    back = steps < 0
    number = week.count(np.where(back, start - 1, start)) + steps + back
    bad = (number < 1) & (steps != 0)
    found = np.where(steps == 0, start, week.find(np.maximum(number, 1)))
    return excel.made(found.astype(np.float64), flagged(bad | (found > calendar.LAST), ExcelError.NUM))


@FUNCTIONS.whole(
    "NETWORKDAYS(start:N, end:N, [holidays:G])",
    "The working days from one date to another, both included, without Saturdays, Sundays and holidays.",
)
def networkdays(context: Context, start: Values, end: Values, holidays: Values | None) -> Values:
    return _by_week(_days(context, start, end, holidays, None), None, _count)


@FUNCTIONS.whole(
    "NETWORKDAYS.INTL(start:N, end:N, [weekend:V==1], [holidays:G])",
    'The working days from one date to another; the weekend is a number or a text such as "0000001" for Sundays alone.',
)
def networkdays_intl(
    context: Context, start: Values, end: Values, weekend: Values | None, holidays: Values | None
) -> Values:
    return _by_week(_days(context, start, end, holidays, weekend), weekend, _count)


@FUNCTIONS.whole("WORKDAY(start:N, days:N, [holidays:G])", "The date so many working days later or, below 0, earlier.")
def workday(context: Context, start: Values, days: Values, holidays: Values | None) -> Values:
    return _by_week(_days(context, start, days, holidays, None), None, _move)


@FUNCTIONS.whole(
    "WORKDAY.INTL(start:N, days:N, [weekend:V==1], [holidays:G])",
    'The date so many working days later; the weekend is a number or a text such as "0000001" for Sundays alone.',
)
def workday_intl(
    context: Context, start: Values, days: Values, weekend: Values | None, holidays: Values | None
) -> Values:
    return _by_week(_days(context, start, days, holidays, weekend), weekend, _move)
