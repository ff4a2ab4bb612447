"""Excel's calendar: serial numbers, the 29th of February 1900 that never was, and dates written as text.

Serial 1 is 1-Jan-1900, 60 is 29-Feb-1900, 61 is 1-Mar-1900, 2,958,465 is 31-Dec-9999.
"""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import numpy.typing as npt

LAST = 2_958_465
_ZERO = dt.date(1899, 12, 30).toordinal()
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip
_MONTH = {name[:size]: at for at, name in enumerate(MONTHS, 1) for size in (3, len(name))} | {"sept": 9}

_CLOCK = re.compile(r"([0-9]{1,4})(?::([0-9]{1,2}))?(?::([0-9]{1,2})(\.[0-9]{1,9})?)? ?([ap]m?)?", re.IGNORECASE)
_MINUTES = re.compile(r"([0-9]{1,4}):([0-9]{1,2}\.[0-9]{1,9})")  # 2:30.5 is two and a half minutes and half a second
_HALVES = re.compile(
    r"(?:^|[ ]+)([0-9]{1,4}(?::[0-9]{1,2}){1,2}(?:\.[0-9]+)?(?: ?[ap]m?)?|[0-9]{1,2} ?[ap]m)$", re.IGNORECASE
)
_MARK, _WORD = r"(?: ?[-/,] ?| +)", r"([a-z]{3,9})"
_NUMERIC = re.compile(r"([0-9]{1,4}) ?[-/] ?([0-9]{1,4})(?: ?[-/] ?([0-9]{1,4}))?")
_DAY_MONTH = re.compile(rf"([0-9]{{1,2}}){_MARK}?{_WORD}{_MARK}?([0-9]{{1,4}})", re.IGNORECASE)
_MONTH_DAY = re.compile(rf"{_WORD}{_MARK}?([0-9]{{1,2}}){_MARK}([0-9]{{1,4}})", re.IGNORECASE)
_MONTH_YEAR = re.compile(rf"{_WORD}{_MARK}?([0-9]{{2}}|[0-9]{{4}})", re.IGNORECASE)


def from_serial(serial: float) -> tuple[int, int, int]:
    """Year, month and day; serial 0 is (1900, 1, 0), 60 is (1900, 2, 29). Raises ValueError outside 0..LAST."""
    whole = int(np.floor(serial))
    if not 0 <= whole <= LAST:
        raise ValueError(serial)
    if whole == 60:
        return 1900, 2, 29
    if whole == 0:
        return 1900, 1, 0
    date = dt.date.fromordinal(_ZERO + whole + (1 if whole < 60 else 0))
    return date.year, date.month, date.day


def to_serial(year: int, month: int, day: int) -> int:
    """DATE: months and days outside their range carry over. Raises ValueError outside Excel's calendar."""
    if abs(month) > 130_000 or abs(day) > 4_000_000:
        raise ValueError(month)
    years, month0 = divmod(month - 1, 12)
    if not 1900 <= year + years <= 9999:  # days cannot bring back what months have carried out of the calendar
        raise ValueError(year)
    first = dt.date(year + years, month0 + 1, 1).toordinal() - _ZERO
    serial = first + day - (2 if first <= 60 else 1)
    if not 0 <= serial <= LAST:
        raise ValueError(serial)
    return serial


def days_in_month(year: int, month: int) -> int:
    """28 to 31; February 1900 has 29."""
    if (year, month) == (1900, 2):
        return 29
    following = (year + month // 12, month % 12 + 1)
    return (dt.date(*following, 1) - dt.date(year, month, 1)).days if year < 9999 or month < 12 else 31


def parts(
    serials: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Year, month and day of valid serials, whole columns at once."""
    whole = np.floor(serials).astype(np.int64)
    days = (whole + (whole < 60) - 25_569).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = months.astype("datetime64[Y]")
    year, month = years.astype(np.int64) + 1970, (months - years).astype(np.int64) + 1
    day = (days - months).astype(np.int64) + 1
    for odd, date in ((0, (1900, 1, 0)), (60, (1900, 2, 29))):
        hit = whole == odd
        if hit.any():
            year, month, day = (np.where(hit, new, old) for new, old in zip(date, (year, month, day), strict=True))
    return year, month, day


def whole_days(serials: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Days without their time, and where they lie outside the calendar (0 stands there, so that one can go on counting)."""
    days = np.floor(serials)
    bad = (days < 0) | (days > LAST)
    return np.where(bad, 0.0, days) if bad.any() else days, bad


def to_seconds(serials: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Whole days and seconds of the day, at the nearest second: 0.9999999 is 0:00:00 of the next day, as in Excel."""
    days = np.floor(serials)
    seconds = np.floor((serials - days) * 86_400 + 0.500001)  # a millionth for what the serial could not hold
    over = seconds >= 86_400
    return days + over, np.where(over, 0.0, seconds)


def first_of(year: npt.NDArray[np.int64], month: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Serials of first days of months, months outside 1..12 carried over."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    serial = months.astype("datetime64[D]").astype(np.int64) + 25_569
    return np.where(serial <= 60, serial - 1, serial)


def text_to_serial(text: str, day_first: bool) -> float | None:
    """A date, a time, or both, as en-US Excel reads them ('2024-01-05', '5-Jan-24', '1/5/2024 14:30'); else None."""
    read = text_to_parts(text, day_first)
    return None if read is None else read[0] + read[1]


def text_to_parts(text: str, day_first: bool) -> tuple[float, float] | None:
    """The day and the time of day that a text shows; a time alone has day 0 and may pass 24:00.

    `day_first` reads 5/1/2024 as 5 January, as Excel does under an Indian or British setting. A date without
    a year is None: Excel would take today's year, and a reconciliation must not change by the day it runs.
    """
    words = text.strip(" ")
    if not words or not words[0].isalnum() or len(words) > 64:
        return None
    date, clock = _halves(words)
    if date and words != text:  # blanks around a date make it a text, unlike blanks around a number or a time
        return None
    day = _date(date, day_first=day_first) if date else 0.0
    time = _clock(clock) if clock else 0.0
    if day is None or time is None or (date and time >= 1):
        return None
    return day, time


def _halves(text: str) -> tuple[str, str]:
    """'1/5/2024 2:30 PM' -> ('1/5/2024', '2:30 PM')."""
    found = _HALVES.search(text)
    return (text[: found.start()].strip(" "), found[1]) if found else (text, "")


def _clock(text: str) -> float | None:
    if found := _MINUTES.fullmatch(text):
        return (int(found[1]) * 60 + float(found[2])) / 86_400 if float(found[2]) < 60 else None
    found = _CLOCK.fullmatch(text)
    if not found or (found[2] is None and not found[5]):
        return None
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0) + float(found[4] or 0)
    if found[5]:
        if not 1 <= hour <= 12 and hour != 0:
            return None
        hour = hour % 12 + (12 if found[5][0] in "pP" else 0)
    if minute > 59 or second >= 60:
        return None
    return (hour * 3600 + minute * 60 + second) / 86_400


def _date(text: str, *, day_first: bool) -> float | None:
    if found := _NUMERIC.fullmatch(text):
        return _numeric(found[1], found[2], found[3], day_first=day_first)
    if found := _DAY_MONTH.fullmatch(text):
        return _named(found[3], found[2], found[1])
    if found := _MONTH_DAY.fullmatch(text):
        return _named(found[3], found[1], found[2])
    if (found := _MONTH_YEAR.fullmatch(text)) and _is_year(found[2]):
        return _named(found[2], found[1], "1")
    return None


def _numeric(first: str, second: str, third: str | None, *, day_first: bool) -> float | None:
    """2024-01-05, 1/5/2024 in the day order asked for (en-US Excel leaves 25/12/2024 a text), 2024-01, 1/2024."""
    if len(first) == 4:
        return _serial_of(int(first), int(second), int(third or 1))
    if third is None:
        return _serial_of(_full_year(second), int(first), 1) if _is_year(second) else None
    month, day = (second, first) if day_first else (first, second)
    return _serial_of(_full_year(third), int(month), int(day))


def _named(year: str, month: str, day: str) -> float | None:
    return _serial_of(_full_year(year), _MONTH.get(month.lower(), 0), int(day))


def _is_year(digits: str) -> bool:
    """Whether a number beside a month alone is a year: in Jan 24 the 24 is a day."""
    return len(digits) == 4 or (len(digits) == 2 and int(digits) > 31)


def _full_year(digits: str) -> int:
    """Two-digit years: 00 to 29 are 2000 to 2029, 30 to 99 are 1930 to 1999."""
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < 30 else 1900)


def _serial_of(year: int, month: int, day: int) -> float | None:
    if not (1900 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)):
        return None
    return float(to_serial(year, month, day))
