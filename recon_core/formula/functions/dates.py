"""Dates and times: serial numbers made, taken apart and moved by months; weeks; texts read as dates.

All run on whole columns. Excel's own calendar holds: 29-Feb-1900 is a day, 1-Jan-1900 a Sunday, 0 the day before it.
Days and times are taken apart at the nearest second; whatever counts or moves days cuts the time off.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recon_core.formula import calendar, excel
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.functions.toolpak import strict
from recon_core.formula.values import ExcelError, Floats, Mask, Tag, Tags, Values, flagged

FUNCTIONS = Group("dates")
Ints = npt.NDArray[np.int64]
Numbers = tuple[Floats, Tags | None]
MAX_MONTHS = 130_000  # more than Excel's calendar has
MAX_DAYS = 4_000_000
_WEEK_STARTS = {1: 1, 2: 2} | {kind: kind - 9 for kind in range(11, 18)}  # kind of WEEKNUM -> serial of a first day


def _num(answer: npt.NDArray[np.generic], bad: Mask) -> Numbers:
    """The answer, #NUM! where it is bad."""
    return np.asarray(answer, np.float64), flagged(bad, ExcelError.NUM)


# -- made -------------------------------------------------------------------------------------------------


@FUNCTIONS.vector("DATE(year:N, month:N, day:N)", "The date of a year, month and day; months and days may run over.")
def date(year: Floats, month: Floats, day: Floats) -> Numbers:
    year, month, day = np.trunc(year), np.trunc(month), np.trunc(day)
    bad = (year < 0) | (year > 9999) | (np.abs(month) > MAX_MONTHS) | (np.abs(day) > MAX_DAYS)
    year, month, day = (np.where(bad, 1.0, part) for part in (year, month, day)) if bad.any() else (year, month, day)
    full = np.where(year < 1900, year + 1900, year)
    first = calendar.first_of(full.astype(np.int64), month.astype(np.int64))
    serial = first + day - 1
    bad = (
        bad | (first < 1) | (first > calendar.LAST)
    )  # days cannot bring back what months have carried out of 1900 to 9999
    return _num(serial, bad | (serial < 0) | (serial > calendar.LAST))


@FUNCTIONS.vector("TIME(hour:N, minute:N, second:N)", "The time of an hour, minute and second, as a part of a day.")
def time(hour: Floats, minute: Floats, second: Floats) -> Numbers:
    hour, minute, second = np.trunc(hour), np.trunc(minute), np.trunc(second)
    bad = (np.abs(hour) > 32_767) | (np.abs(minute) > 32_767) | (np.abs(second) > 32_767)
    days = (hour * 3600 + minute * 60 + second) / 86_400
    return _num(days - np.floor(days), bad | (days < 0))


def _read(context: Context, text: Values, part: int) -> Values:
    """The day (0) or the time of day (1) of texts, once for each word; numbers are #VALUE! here."""
    errors = excel.first_errors(excel.errors_of(text), flagged(~text.where(Tag.TEXT), ExcelError.VALUE))
    codes, words = excel.used_words(text.codes_of(), text.words or ("",))
    read = [calendar.text_to_parts(word, context.day_first) for word in words]
    bad = np.array([one is None for one in read])[codes]
    num = np.array([0.0 if one is None else (one[0] + one[1] // 1, one[1] % 1)[part] for one in read])[codes]
    return excel.made(num, excel.first_errors(errors, flagged(bad, ExcelError.VALUE)))


@FUNCTIONS.whole("DATEVALUE(text:V)", "The date that a text shows, its time left aside.")
def datevalue(context: Context, text: Values) -> Values:
    return _read(context, text, 0)


@FUNCTIONS.whole("TIMEVALUE(text:V)", "The time that a text shows, its date left aside.")
def timevalue(context: Context, text: Values) -> Values:
    return _read(context, text, 1)


# -- taken apart ------------------------------------------------------------------------------------------


def _taken_apart(serials: Floats) -> tuple[Floats, Floats, Mask]:
    """Days and seconds of the day, and where there are none."""
    bad = (serials < 0) | (serials >= calendar.LAST + 1)
    days, seconds = calendar.to_seconds(np.where(bad, 0.0, serials) if bad.any() else serials)
    past = days > calendar.LAST  # the last half second of the year 9999
    return np.where(past, 0.0, days) if past.any() else days, seconds, bad | past


def _part_of_date(serials: Floats, part: int) -> Numbers:
    days, _, bad = _taken_apart(serials)
    return _num(calendar.parts(days)[part], bad)


@FUNCTIONS.vector("YEAR(date:N)", "The year of a date.")
def year(serial: Floats) -> Numbers:
    return _part_of_date(serial, 0)


@FUNCTIONS.vector("MONTH(date:N)", "The month of a date, 1 to 12.")
def month(serial: Floats) -> Numbers:
    return _part_of_date(serial, 1)


@FUNCTIONS.vector("DAY(date:N)", "The day of the month of a date.")
def day(serial: Floats) -> Numbers:
    return _part_of_date(serial, 2)


@FUNCTIONS.vector("HOUR(time:N)", "The hour of a time, 0 to 23.")
def hour(serial: Floats) -> Numbers:
    _, seconds, bad = _taken_apart(serial)
    return _num(seconds // 3600, bad)


@FUNCTIONS.vector("MINUTE(time:N)", "The minute of a time, 0 to 59.")
def minute(serial: Floats) -> Numbers:
    _, seconds, bad = _taken_apart(serial)
    return _num(seconds // 60 % 60, bad)


@FUNCTIONS.vector("SECOND(time:N)", "The second of a time, 0 to 59.")
def second(serial: Floats) -> Numbers:
    _, seconds, bad = _taken_apart(serial)
    return _num(seconds % 60, bad)


# -- weeks ------------------------------------------------------------------------------------------------


@FUNCTIONS.vector(
    "WEEKDAY(date:N, [kind:N=1])", "The day of the week; 1 counts from Sunday, 2 from Monday, 3 from Monday as 0."
)
def weekday(serial: Floats, kind: Floats) -> Numbers:
    days, bad = calendar.whole_days(serial)
    kind = np.trunc(kind)
    known = np.isin(kind, (1, 2, 3, 11, 12, 13, 14, 15, 16, 17))
    first = np.where(kind == 1, 1.0, np.where(kind > 10, kind - 9, 2.0))  # the serial of a first day of the week
    return _num((days - first) % 7 + (kind != 3), bad | ~known)


@FUNCTIONS.whole(
    "WEEKNUM(date:N, [kind:N=1])", "The week of the year; 1 begins weeks on Sunday, 2 on Monday, 21 counts as ISO does."
)
def weeknum(context: Context, serial: Values, kind: Values | None) -> Values:
    (serials, kinds), errors = strict(context, [serial, 1.0 if kind is None else kind])
    days, bad = calendar.whole_days(serials)
    whole = days.astype(np.int64)
    kinds = np.trunc(kinds)
    weeks = np.zeros(whole.shape, np.int64)
    bad = bad | ~np.isin(kinds, (21, *_WEEK_STARTS))
    jan1 = calendar.first_of(calendar.parts(days)[0], np.ones(whole.shape, np.int64))
    for one, first in _WEEK_STARTS.items():
        at = kinds == one
        if at.any():
            weeks = np.where(at, (whole - jan1 + (jan1 - first) % 7) // 7 + 1, weeks)
    if (kinds == 21).any():
        weeks = np.where(kinds == 21, _iso_week(whole), weeks)
    return excel.made(weeks.astype(np.float64), excel.first_errors(errors, flagged(bad, ExcelError.NUM)))


@FUNCTIONS.vector(
    "ISOWEEKNUM(date:N)", "The week of the year as ISO counts it: from Monday, week 1 holds the first Thursday."
)
def isoweeknum(serial: Floats) -> Numbers:
    days, bad = calendar.whole_days(serial)
    return _num(_iso_week(days.astype(np.int64)), bad)


def _iso_week(days: Ints) -> Ints:
    thursday = days - (days - 2) % 7 + 3
    year = calendar.parts(np.maximum(thursday, 1).astype(np.float64))[0]
    week = (thursday - calendar.first_of(year, np.ones(days.shape, np.int64))) // 7 + 1
    return np.where(thursday < 1, 52, week)  # 0 and 1-Jan-1900 close the last week of 1899


# -- moved and counted ------------------------------------------------------------------------------------


def _months_on(context: Context, start: Values, months: Values) -> tuple[Ints, Ints, Mask, Tags | None]:
    """The first day of the month so many months on, the start's day of the month, where that is no month, and errors."""
    (serials, steps), errors = strict(context, [start, months])
    days, bad = calendar.whole_days(serials)
    steps = np.trunc(steps)
    bad = bad | (np.abs(steps) > MAX_MONTHS)
    year, month, day = calendar.parts(days)
    first = calendar.first_of(year, month + np.where(bad, 0.0, steps).astype(np.int64))
    return first, day, bad | (first < 1) | (first > calendar.LAST), errors


def _month_length(first: Ints) -> Ints:
    """The days of the months that begin on these days."""
    year, month, _ = calendar.parts(first.astype(np.float64))
    return calendar.first_of(year, month + 1) - first


@FUNCTIONS.whole(
    "EDATE(date:N, months:N)",
    "The same day so many months later or, below 0, earlier; the last day of a shorter month.",
)
def edate(context: Context, start: Values, months: Values) -> Values:
    first, day, bad, errors = _months_on(context, start, months)
    first = np.where(bad, 1, first)
    serial = first + np.minimum(day, _month_length(first)) - 1
    return excel.made(serial.astype(np.float64), excel.first_errors(errors, flagged(bad, ExcelError.NUM)))


@FUNCTIONS.whole("EOMONTH(date:N, months:N)", "The last day of the month so many months later or, below 0, earlier.")
def eomonth(context: Context, start: Values, months: Values) -> Values:
    first, _, bad, errors = _months_on(context, start, months)
    first = np.where(bad, 1, first)
    serial = first + _month_length(first) - 1
    return excel.made(serial.astype(np.float64), excel.first_errors(errors, flagged(bad, ExcelError.NUM)))


@FUNCTIONS.vector("DAYS(end:N, start:N)", "The days from a start to an end.")
def days(end: Floats, start: Floats) -> Numbers:
    last, bad = calendar.whole_days(end)
    first, wrong = calendar.whole_days(start)
    return _num(last - first, bad | wrong)
