"""Dates as whole local days. The only module that reads a date text.

A column's day and month order is proved by a cell that fits only one order (a day above 12); where none
does, `unproved` is True and the caller asks or says so. The day is taken as it is written: a clock time
and a zone word behind it are dropped, never converted.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from recon_core.texts import arrow_text

Days = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

NO_DAY = np.iinfo(np.int32).min  # the null of a day column
FIRST, LAST = dt.date(1990, 1, 1), dt.date(2100, 1, 1)
_EPOCH = dt.date(1970, 1, 1).toordinal()
_SERIAL_ZERO = dt.date(1899, 12, 30).toordinal()
BLANKS = frozenset({"", "-", "--", "NA", "N/A", "#N/A", "NAN", "NAT", "NULL", "NONE", "NOT AVAILABLE", "0000-00-00"})
_MONTHS = {name: number for number, names in enumerate((
    "JAN JANUARY JANEIRO ENERO JANUAR", "FEB FEBRUARY FEV FEBRUAR", "MAR MARCH MARCO MARZO MARZ", "APR APRIL ABR", "MAY MAI MAIO MAYO",
    "JUN JUNE JUNI", "JUL JULY JULI", "AUG AUGUST AGO", "SEP SEPT SEPTEMBER SET", "OCT OCTOBER OUT OKT OKTOBER", "NOV NOVEMBER",
    "DEC DECEMBER DEZ DIC DEZEMBER",
), 1) for name in names.split()}  # fmt: skip
_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:$|[T ,].*)")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_NAMED = re.compile(r"^(?:[A-Z]{3,9},?\s+)?(\d{1,2})[-\s/.]*([A-Z]{3,9})[-\s/.,']*(\d{4}|\d{2})(?:$|[T ,:].*)")
_WORDY = re.compile(
    r"^(?:[A-Z]{3,9},?\s+)?([A-Z]{3,9})\s+(\d{1,2})(?:,\s*|\s+)(?:\d{1,2}:\d{2}\S*\s+)?(?:[AP]M\s+)?"
    r"(?:[A-Z]{2,5}\s+|[+-]\d{4}\s+)?(\d{4})(?:$|[ ,].*)"
)
_SLASHED = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:$|[T ,].*)")
_NUMBER = re.compile(r"^(\d{4,10}|\d{13})(?:\.\d+)?$")


class Order(StrEnum):
    """Order of day and month in a column. The values are the words of the Mapping sheet."""

    AUTO = "auto"
    DMY = "day/month"
    MDY = "month/day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """What a column came to: days since 1970 (NO_DAY where not read), flags, and the order used."""

    day: Days
    ok: Bool
    blank: Bool
    order: Order
    unproved: bool = False
    example: str = ""


def read_dates(text: pd.Series, order: Order = Order.AUTO, typed: Bool | None = None) -> Dates:
    """Text column (n) -> Dates (n). Each distinct date part is read once.

    Reads ISO, 24-Apr-2026, 24/04/26, Thu Mar 12 10:11:17 IST 2026, spreadsheet serials and unix seconds.
    `typed` is not needed for dates of a workbook (they come as ISO text); it is accepted for serials.
    """
    short = pc.replace_substring_regex(arrow_text(text), r"^(\d{4}-\d\d-\d\d)[T ].*$", r"\1")
    short = pc.replace_substring_regex(short, r"\s\d\d:\d\d:\d\d\s", " ")
    encoded = short.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    texts = [_plain(str(one)) for one in encoded.dictionary.to_pylist()]
    used = np.zeros(len(texts), bool)
    used[codes] = True
    chosen, unproved, example = _choose(order, [one for one, seen in zip(texts, used, strict=True) if seen])
    read = [read_day(one, chosen) for one in texts]
    days = np.array([NO_DAY if day is None else day for day in read], np.int64)
    ok = np.array([day is not None for day in read], bool)
    blank = np.array([one in BLANKS for one in texts], bool)
    if texts:
        days, ok, blank = days[codes], ok[codes], blank[codes]
    return Dates(day=days, ok=ok, blank=blank, order=chosen, unproved=unproved, example=example)


def read_day(text: str, order: Order) -> int | None:
    """One upper-case date text -> days since 1970, None where it is no date between 1990 and 2100."""
    for pattern, pick in ((_ISO, (1, 2, 3)), (_COMPACT, (1, 2, 3)), (_NAMED, (3, 2, 1)), (_WORDY, (3, 1, 2))):
        if found := pattern.match(text):
            return _day(*(found.group(at) for at in pick))
    if found := _SLASHED.match(text):
        first, second, year = found.groups()
        day, month = (second, first) if order is Order.MDY else (first, second)
        return _day(year, month, day)
    return _serial(text)


def _plain(text: str) -> str:
    """A date text in capitals, without outer blanks and accents: ' 3 März 2026' -> '3 MARZ 2026'."""
    text = text if text.isascii() else unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return text.strip().upper()


def _day(year: str, month: str, day: str) -> int | None:
    number = _MONTHS.get(month, 0) if month.isalpha() else int(month)
    full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= FIRST.year - 1900 else 2000)
    try:
        found = dt.date(full, number, int(day))
    except ValueError:  # 31 February: not a date, the caller lists the row
        return None
    return found.toordinal() - _EPOCH if FIRST <= found < LAST else None


def _serial(text: str) -> int | None:
    """A spreadsheet serial (32874..73050) or unix seconds or milliseconds of the same years."""
    found = _NUMBER.match(text)
    if not found:
        return None
    number = int(found.group(1))
    for day in (number + _SERIAL_ZERO - _EPOCH, number // 86_400, number // 86_400_000):
        if FIRST.toordinal() <= day + _EPOCH < LAST.toordinal():
            return day
    return None


def _choose(order: Order, texts: list[str]) -> tuple[Order, bool, str]:
    """The proved order of a column's distinct texts; else DMY, unproved, with one doubtful text."""
    slashed = [found.groups() for found in map(_SLASHED.match, texts) if found]
    if order is not Order.AUTO or not slashed:
        return (Order.DMY if order is Order.AUTO else order), False, ""
    dmy = any(int(first) > 12 for first, _, _ in slashed)
    mdy = any(int(second) > 12 for _, second, _ in slashed)
    if dmy != mdy:
        return (Order.DMY if dmy else Order.MDY), False, ""
    differs = [text for text in texts if (m := _SLASHED.match(text)) and m.group(1).zfill(2) != m.group(2).zfill(2)]
    return Order.DMY, bool(differs), differs[0] if differs else ""


def to_date(day: int) -> dt.date | None:
    """Days since 1970 -> date, None for NO_DAY."""
    return None if day == NO_DAY else dt.date.fromordinal(int(day) + _EPOCH)


def from_date(date: dt.date) -> int:
    """A date -> days since 1970."""
    return date.toordinal() - _EPOCH


def to_series(day: Days) -> pd.Series:
    """Days -> datetime64[s] column, NaT for NO_DAY."""
    values = day.astype("datetime64[D]").astype("datetime64[s]")
    return pd.Series(np.where(day == NO_DAY, np.datetime64("NaT", "s"), values))
