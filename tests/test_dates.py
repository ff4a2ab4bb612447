"""Date texts as portals, banks and spreadsheets write them -> whole local days."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.dates import NO_DAY, Order, from_date, read_dates, to_date, to_series

BLANK, BAD = "blank", "bad"


def column(*cells: str) -> pd.Series:
    return pd.Series(list(cells), dtype="str")


def judged(text: str, order: Order = Order.DMY) -> object:
    read = read_dates(column(text), order)
    day = to_date(int(read.day[0]))
    assert read.ok[0] == (day is not None)
    return day.isoformat() if day else BLANK if read.blank[0] else BAD


@pytest.mark.parametrize(
    ("text", "date"),
    [
        # ISO and its relatives
        ("2026-04-24", "2026-04-24"), ("2026/04/24", "2026-04-24"), ("2026.04.24", "2026-04-24"), ("2026-4-5", "2026-04-05"), ("20260424", "2026-04-24"),
        ("2026-04-24 00:00:00.0", "2026-04-24"), ("2026-04-24T23:59:59", "2026-04-24"), ("2026-04-24T23:59:59.123Z", "2026-04-24"), ("2026-04-24T00:30:00+0530", "2026-04-24"),
        ("2026-04-24 16:43:42 UTC", "2026-04-24"), ("2026-04-24 16:43:42 +05:30", "2026-04-24"), (" 2026-04-24 ", "2026-04-24"),
        # names of months
        ("24-Apr-2026", "2026-04-24"), ("24 Apr 2026", "2026-04-24"), ("24-APR-26", "2026-04-24"), ("06-Jan-26", "2026-01-06"), ("6 January 2026", "2026-01-06"), ("24Apr2026", "2026-04-24"),
        ("24 Apr'26", "2026-04-24"), ("24/Apr/2026", "2026-04-24"), ("24.Apr.2026", "2026-04-24"), ("24-Apr-2026 10:11", "2026-04-24"), ("24 Apr, 2026", "2026-04-24"),
        ("Apr 24, 2026", "2026-04-24"), ("April 24 2026", "2026-04-24"), ("Apr 24, 2026 3:45 PM", "2026-04-24"), ("Apr 24, 2026, 3:45:10 PM", "2026-04-24"), ("24 sept 2026", "2026-09-24"),
        ("Fri, 24 Apr 2026 10:00:00 +0530", "2026-04-24"), ("Friday, 24 April 2026", "2026-04-24"), ("Friday, April 24, 2026", "2026-04-24"),
        ("3 März 2026", "2026-03-03"), ("3 Dez 2026", "2026-12-03"), ("15 mai 2026", "2026-05-15"), ("15 março 2026", "2026-03-15"), ("15 ago 2026", "2026-08-15"),
        # weekday and zone words
        ("Thu Mar 12 10:11:17 IST 2026", "2026-03-12"), ("Fri Aug 14 16:43:42 IST 2026", "2026-08-14"), ("Sun Mar  1 00:00:00 UTC 2026", "2026-03-01"), ("Thu Mar 12 23:59:59 +0530 2026", "2026-03-12"),
        # day/month
        ("24/04/2026", "2026-04-24"), ("24-04-2026", "2026-04-24"), ("24.04.2026", "2026-04-24"), ("24/04/26", "2026-04-24"), ("4/5/26", "2026-05-04"), ("24/04/2026 10:11:12", "2026-04-24"),
        ("24-04-2026T10:11", "2026-04-24"),
        # two-digit years: the nineties, not the 2090s
        ("01/01/00", "2000-01-01"), ("31/12/89", "2089-12-31"), ("31/12/99", "1999-12-31"), ("01-Jan-90", "1990-01-01"),
        # leap days, and days that are not
        ("29/02/2024", "2024-02-29"), ("29/02/2000", "2000-02-29"), ("29/02/2025", BAD), ("29-Feb-2023", BAD), ("2026-02-30", BAD), ("31/04/2026", BAD), ("31 June 2026", BAD), ("00/01/2026", BAD),
        ("12/13/2026", BAD), ("2026-13-01", BAD), ("2026-00-10", BAD),
        # serials, unix seconds and milliseconds
        ("46136", "2026-04-24"), ("46136.75", "2026-04-24"), ("32874", "1990-01-01"), ("1777032000", "2026-04-24"), ("1777032000000", "2026-04-24"), ("45350", "2024-02-28"), ("45351", "2024-02-29"),
        ("60", BAD), ("59", BAD), ("0", BAD), ("1", BAD), ("999", BAD), ("2026", BAD), ("99999", BAD),
        # out of range
        ("1989-12-31", BAD), ("2100-01-01", BAD), ("1900-02-29", BAD), ("9999-12-31", BAD), ("0001-01-01", BAD), ("2099-12-31", "2099-12-31"), ("1990-01-01", "1990-01-01"),
        # nothing, and no dates
        ("", BLANK), ("-", BLANK), ("NA", BLANK), ("nan", BLANK), ("NaT", BLANK), ("null", BLANK), ("Not Available", BLANK), ("0000-00-00", BLANK), ("#N/A", BLANK), ("  ", BLANK),
        ("pending", BAD), ("24-Foo-2026", BAD), ("Q1 2026", BAD), ("24/04", BAD), ("Apr 2026", BAD), ("10:11:12", BAD), ("#VALUE!", BAD), ("12.50", BAD), ("24//04//2026", BAD),
    ],
)  # fmt: skip
def test_a_date_text(text: str, date: str) -> None:
    assert judged(text) == date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("04/24/2026", "2026-04-24"),
        ("4/5/26", "2026-04-05"),
        ("24/04/2026", BAD),
        ("24-Apr-2026", "2026-04-24"),
        ("2026-04-05", "2026-04-05"),
    ],
)
def test_month_first(text: str, date: str) -> None:
    assert judged(text, Order.MDY) == date


@pytest.mark.parametrize(
    ("cells", "order", "unproved"),
    [
        (["24/04/2026", "05/04/2026"], Order.DMY, False),
        (["04/24/2026", "04/05/2026"], Order.MDY, False),
        (["05/04/2026", "06/04/2026"], Order.DMY, True),
        (["04/04/2026", "05/05/2026"], Order.DMY, False),  # both orders give the same day
        (["05/04/2026", "2026-04-24"], Order.DMY, True),  # an ISO date proves nothing about the others
        (["24/04/2026", "04/24/2026"], Order.DMY, True),  # they contradict each other
        (["2026-04-05"], Order.DMY, False),
        (["05-Apr-2026"], Order.DMY, False),
        (["", "NA"], Order.DMY, False),
        ([], Order.DMY, False),
    ],
)
def test_the_order_of_a_column(cells: list[str], order: Order, unproved: bool) -> None:
    read = read_dates(column(*cells))
    assert (read.order, read.unproved) == (order, unproved)
    assert bool(read.example) == unproved


def test_the_doubtful_text_is_named() -> None:
    assert read_dates(column("04/04/2026", "05/04/2026")).example == "05/04/2026"
    assert not read_dates(column("05/04/2026"), Order.MDY).unproved


def test_rows_keep_their_places() -> None:
    read = read_dates(column("24/04/2026", "x", "", "24/04/2026", "01/02/2026"))
    assert [None if day == NO_DAY else str(to_date(day)) for day in read.day] == [
        "2026-04-24",
        None,
        None,
        "2026-04-24",
        "2026-02-01",
    ]
    assert read.ok.tolist() == [True, False, False, True, True]
    assert read.blank.tolist() == [False, False, True, False, False]


def test_the_day_is_taken_as_it_is_written() -> None:
    """Half past midnight in India is the evening before in UTC; the day on the paper counts."""
    read = read_dates(column("2026-04-24T00:30:00+0530", "2026-04-23T19:00:00Z"))
    assert [str(to_date(day)) for day in read.day] == ["2026-04-24", "2026-04-23"]


dates = st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31))


@given(dates)
def test_any_date_in_every_form(date: dt.date) -> None:
    forms = [
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%d-%m-%Y",
        "%d-%b-%Y",
        "%d %B %Y",
        "%a %b %d 10:11:17 IST %Y",
        "%b %d, %Y",
        "%Y%m%d",
    ]
    read = read_dates(column(*[date.strftime(form) for form in forms]), Order.DMY)
    assert read.day.tolist() == [from_date(date)] * len(forms)
    assert to_date(from_date(date)) == date
    serial = (date - dt.date(1899, 12, 30)).days
    assert read_dates(column(str(serial))).day.tolist() == [from_date(date)]


def test_as_a_series() -> None:
    series = to_series(np.array([0, NO_DAY, 20_567], np.int64))
    assert series.isna().tolist() == [False, True, False]
    assert str(series[2])[:10] == "2026-04-24"
