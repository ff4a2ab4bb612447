"""What a written value becomes in a cell, as Excel decides it, and what a number in a cell means.

Excel's `Range.Value` is an entry: in a General cell the text 00123 becomes 123, 1/2 a date, =x a formula; a cell
formatted as text keeps what it is given. All pure; the day 1899-12-30 is 0, right from 1900-03-01 on.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

DAY_ZERO = dt.datetime(1899, 12, 30)
DATE, DATE_TIME, TIME, BOOLEAN = "m/d/yyyy", "m/d/yyyy h:mm", "h:mm:ss", "BOOLEAN"
_SECONDS = 86_400

ERRORS = {
    "#NULL!": -2146826288, "#DIV/0!": -2146826281, "#VALUE!": -2146826273, "#REF!": -2146826265,
    "#NAME?": -2146826259, "#NUM!": -2146826252, "#N/A": -2146826246,
}  # fmt: skip
# Calc's own numbers of errors; what is not listed shows as #VALUE!.
_OF_CALC = {532: "#DIV/0!", 32767: "#N/A", 525: "#NAME?", 521: "#NULL!", 503: "#NUM!", 524: "#REF!", 519: "#VALUE!"}


class CellError(int):
    """An error in a cell: the number that Excel's COM gives, and `str()` the word that the sheet shows."""

    def __str__(self) -> str:
        return next((word for word, number in ERRORS.items() if number == int(self)), "#VALUE!")

    __repr__ = __str__


def error_of(word: str) -> CellError:
    """The error that is shown as this word."""
    return CellError(ERRORS[word])


def calc_error(number: int) -> CellError:
    """The error for a number that Calc's `getError` gives."""
    return error_of(_OF_CALC.get(number, "#VALUE!"))


class Entered(NamedTuple):
    """What a cell holds after an entry: a number or text, or a formula, and the format it brings to a General cell."""

    value: float | str
    shown_as: str = ""
    formula: bool = False


def is_empty(value: object) -> bool:
    """Whether a raw value stands for an empty cell, or a formula's empty text."""
    return value is None or (isinstance(value, str) and not value)


def plain(value: Any) -> Any:  # noqa: PLR0911 - one answer for each kind of value
    """A value of Python, numpy or pandas as None-free plain value: NaN and NaT are '' (an empty cell)."""
    kind = type(value)
    if kind is str or kind is int or kind is bool:
        return value
    if value is None:
        return ""
    if kind is float:
        return "" if math.isnan(value) else value
    if hasattr(value, "to_pydatetime"):  # pandas' own moment, or none
        return "" if value != value else value.to_pydatetime(warn=False)  # noqa: PLR0124
    if isinstance(value, dt.datetime | dt.date | dt.time | CellError):
        return value
    if hasattr(value, "dtype"):  # a scalar of numpy
        return _of_numpy(value)
    try:
        missing = bool(value != value)  # noqa: PLR0124
    except (TypeError, ValueError):  # pandas' NA has no truth
        missing = True
    return "" if missing else value


def _of_numpy(value: Any) -> Any:
    """A scalar of numpy as Python's own."""
    if value.dtype.kind == "M":
        return "" if value != value else value.astype("datetime64[us]").item()  # noqa: PLR0124
    found = value.item()
    if isinstance(found, float):
        return "" if math.isnan(found) else found
    return float(found) if isinstance(found, int) and not isinstance(found, bool) else found


def serial(moment: dt.date | dt.time | dt.timedelta) -> float:
    """Days since Excel's day zero; a time of day and a span are fractions and numbers of days."""
    if isinstance(moment, dt.time):
        moment = dt.timedelta(
            hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
        )
    elif isinstance(moment, dt.datetime):
        moment = moment.replace(tzinfo=None) - DAY_ZERO
    elif isinstance(moment, dt.date):
        moment = dt.datetime(moment.year, moment.month, moment.day) - DAY_ZERO
    return moment.days + (moment.seconds + moment.microseconds / 1e6) / _SECONDS


def moment_of(number: float) -> dt.datetime | float:
    """The day and time of a serial number, to the millisecond; the number itself where no date is that early or late."""
    try:
        return DAY_ZERO + dt.timedelta(milliseconds=round(number * _SECONDS * 1000))
    except (OverflowError, ValueError):
        return number


def number_text(number: float) -> str:
    """A number as Excel shows it in the formula bar: 5, 0.1, 1E+20."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(number).replace("e", "E")


def entered(value: Any) -> Entered:  # noqa: PLR0911 - one answer for each kind of value
    """What a General cell holds after `Range.Value = value`. CellError and numbers as they are; text is read."""
    if isinstance(value, str):
        return entered_text(value)
    if isinstance(value, CellError):
        return Entered(f"={value}", formula=True)
    if isinstance(value, bool):
        return Entered(float(value), BOOLEAN)
    if isinstance(value, dt.datetime):
        return Entered(serial(value), DATE_TIME if value.time() != dt.time() else DATE)
    if isinstance(value, dt.date):
        return Entered(serial(value), DATE)
    if isinstance(value, dt.time):
        return Entered(serial(value), TIME)
    if isinstance(value, int | float | Decimal | Fraction):
        return Entered(float(value))
    if isinstance(value, dt.timedelta):
        return Entered(serial(value), "[h]:mm:ss")
    return Entered("" if value is None else str(value))


def as_text(value: Any) -> str:
    """What a cell formatted as text holds after an entry: the text itself, a number's digits."""
    if isinstance(value, str):
        return value.removeprefix("'")
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and not isinstance(value, CellError):
        return number_text(float(value))
    if isinstance(value, dt.date):
        clock = (
            f" {value.hour}:{value.minute:02}" if isinstance(value, dt.datetime) and value.time() != dt.time() else ""
        )
        return f"{value.month}/{value.day}/{value.year}{clock}"
    return str(value)


# First marks of texts that may become something else; of the letters those of TRUE, FALSE and the months.
SUSPECT = frozenset("=+-@'#$.(0123456789 \t\u00a0tTfFjJmMaAsSoOnNdD")
_LETTERS = re.compile(
    r"(?:true|false)\s*\Z|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/ ]\d", re.IGNORECASE
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_NAMES = r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
_MONTH = rf"(?P<name>{_NAMES})"
_NUMBER = re.compile(
    r"""(?P<open>\()?(?P<sign>[+-])?(?P<money>\$)?(?P<sign2>[+-])?
    (?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE](?P<power>[+-]?\d+))?(?P<percent>%)?(?P<close>\))?""",
    re.VERBOSE,
)
_FRACTION = re.compile(r"(?P<sign>-)?(?P<whole>\d+) +(?P<over>\d+)/(?P<under>\d+)")
_CLOCK = re.compile(r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}(?:\.\d+)?))?(?: ?(?P<half>[aApP])[mM]?)?")
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<y>\d{4})(?P<cut>[-/])(?P<m>\d{1,2})(?P=cut)(?P<d>\d{1,2})",
        r"(?P<m>\d{1,2})(?P<cut>[-/])(?P<d>\d{1,2})(?P=cut)(?P<y>\d{4}|\d{2})",
        r"(?P<m>\d{1,2})[-/](?P<d>\d{1,2})",
        rf"(?P<d>\d{{1,2}})[-/ ]?{_MONTH}(?:[-/ ,]+(?P<y>\d{{4}}|\d{{2}}))?",
        rf"{_MONTH}[-/ ](?P<d>\d{{1,2}})(?:,? +(?P<y>\d{{4}}))?",
        rf"{_MONTH}[-/ ](?P<y>\d{{4}}|\d{{2}})",
    )
)
_WORDS = {"true": Entered(1.0, BOOLEAN), "false": Entered(0.0, BOOLEAN)}


@lru_cache(maxsize=100_000)
def entered_text(text: str) -> Entered:  # noqa: PLR0911 - first reading that fits wins
    """What Excel (English, United States) makes of a text typed into a General cell."""
    if not text or text[0] not in SUSPECT or (text[0].isalpha() and not _LETTERS.match(text)):
        return Entered(text)
    if text[0] == "'":
        return Entered(text[1:])
    if text[0] == "=" and len(text) > 1:
        return Entered(text, formula=True)
    if len(text) > 60:
        return Entered(text)
    bare = text.strip(" \u00a0")
    if not bare:
        return Entered(text)
    known = _WORDS.get(bare.lower())
    if known is not None:
        return known
    if bare.upper() in ERRORS:
        return Entered(f"={bare.upper()}", formula=True)
    found = _as_number(bare) or _as_fraction(bare) or _as_moment(bare)
    if found is not None:
        return found
    if bare[0] in "+-@" and len(bare) > 1 and text[0] != " ":
        return Entered(f"={bare.removeprefix('@')}", formula=True)  # Lotus' way to begin a formula, still obeyed
    return Entered(text)


def _as_number(text: str) -> Entered | None:  # noqa: PLR0911 - one answer for each way to write a number
    found = _NUMBER.fullmatch(text)
    if found is None or bool(found["open"]) != bool(found["close"]) or (found["sign"] and found["sign2"]):
        return None
    if found["open"] and (found["sign"] or found["sign2"]):
        return None
    value = float(f"{found['digits'].replace(',', '')}e{found['power'] or 0}")
    if math.isinf(value):
        return None
    if "-" in (found["sign"], found["sign2"]) or found["open"]:
        value = -value
    decimals = "." in found["digits"] and not found["digits"].endswith(".")
    if found["percent"]:
        return Entered(float(Decimal(repr(value)) / 100), "0.00%" if decimals else "0%")
    if found["money"]:
        return Entered(value, "$#,##0.00_);[Red]($#,##0.00)" if decimals else "$#,##0_);[Red]($#,##0)")
    if found["power"]:
        return Entered(value, "0.00E+00")
    if "," in found["digits"]:
        return Entered(value, "#,##0.00" if decimals else "#,##0")
    return Entered(_fifteen_digits(value, found["digits"]))


def _fifteen_digits(value: float, digits: str) -> float:
    """Excel keeps fifteen digits of what is typed: a card number of sixteen loses its last."""
    if len(digits) <= 15:
        return value
    exact = Decimal(digits)
    if exact == 0:
        return value
    kept = round_down(abs(exact), 15)
    return math.copysign(float(kept), value)


def round_down(number: Decimal, digits: int) -> Decimal:
    """The number cut after so many digits, the rest zeros."""
    step = Decimal(1).scaleb(number.adjusted() - digits + 1)
    return (number // step) * step


def _as_fraction(text: str) -> Entered | None:
    found = _FRACTION.fullmatch(text)
    if found is None or not int(found["under"]):
        return None
    value = float(int(found["whole"]) + Fraction(int(found["over"]), int(found["under"])))
    return Entered(-value if found["sign"] else value, "# ?/?" if len(found["under"]) == 1 else "# ??/??")


def _as_moment(text: str) -> Entered | None:
    """A date, a time of day or both."""
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        part = _clock_days(clock)
        return None if part is None else Entered(part, "h:mm:ss" if clock["s"] else "h:mm")
    date, _, rest = text.partition(" ") if ":" in text else (text, "", "")
    if ":" in text and not _CLOCK.fullmatch(rest):
        date, _, rest = text.replace("T", " ", 1).partition(" ")
    clock = _CLOCK.fullmatch(rest) if rest else None
    if rest and clock is None:
        return None
    day = _as_date(date)
    if day is None:
        return None
    part = _clock_days(clock) if clock else 0.0
    return None if part is None else Entered(float(day.value) + part, DATE_TIME if clock else day.shown_as)


def _clock_days(found: re.Match[str]) -> float | None:
    hours, minutes, seconds = int(found["h"]), int(found["m"]), float(found["s"] or 0)
    if minutes > 59 or seconds >= 60 or (found["half"] and not 1 <= hours <= 12):
        return None
    if found["half"]:
        hours = hours % 12 + (12 if found["half"] in "pP" else 0)
    exact = Decimal(hours * 3600 + minutes * 60) + Decimal(str(seconds))
    return float((exact / _SECONDS).quantize(Decimal("1e-15"), ROUND_HALF_UP))


def _as_date(text: str) -> Entered | None:
    for pattern in _DATES:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        part = found.groupdict()
        month = _MONTHS[part["name"].lower()[:3]] if part.get("name") else int(part["m"])
        year = _year(part.get("y"))
        try:
            day = dt.date(year, month, int(part.get("d") or 1))
        except ValueError:
            continue
        if part.get("name"):
            shown = "mmm-yy" if not part.get("d") else "d-mmm-yy" if part.get("y") else "d-mmm"
        else:
            shown = DATE if part.get("y") else "d-mmm"
        return Entered(serial(day), shown)
    return None


def _year(text: str | None) -> int:
    """The year meant: this one where none is typed; 00-29 are 2000 to 2029."""
    if not text:
        return dt.date.today().year  # noqa: DTZ011 - the user's own day
    year = int(text)
    return year if year > 99 else year + (2000 if year < 30 else 1900)
