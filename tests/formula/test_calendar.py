"""Excel's calendar against a count from day to day, and dates and times as people write them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.formula import calendar

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@pytest.fixture(scope="module")
def walk():
    """Serial -> year, month, day, counted one day after the other; all of 1900 and 1901, then every 41st, and the end."""
    found, serial = {}, 0
    for year in range(1900, 10_000):
        leap = (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)) or year == 1900
        for month, length in enumerate(DAYS, 1):
            for day in range(1, length + 1 + (leap and month == 2)):
                serial += 1
                if serial < 740 or serial % 41 == 0 or serial > calendar.LAST - 40:
                    found[serial] = year, month, day
    assert serial == calendar.LAST
    return found


def test_parts(walk):
    year, month, day = calendar.parts(np.array(list(walk), np.float64) + 0.75)
    assert list(zip(year.tolist(), month.tolist(), day.tolist(), strict=True)) == list(walk.values())


def test_single_dates(walk):
    for serial, date in walk.items():
        assert calendar.from_serial(serial + 0.5) == date
        assert calendar.to_serial(*date) == serial


def test_first_days_and_lengths(walk):
    year, month, day = (np.array(part) for part in zip(*walk.values(), strict=True))
    first = calendar.first_of(year, month)
    assert (first + day - 1 == np.array(list(walk))).all()
    assert (calendar.first_of(year - 1, month + 12) == first).all()
    lengths = [calendar.days_in_month(*one) for one in zip(year.tolist(), month.tolist(), strict=True)]
    assert (calendar.first_of(year, month + 1) - first == lengths).all()


def test_day_nought_and_what_lies_outside():
    assert calendar.from_serial(0) == (1900, 1, 0)
    assert [part.tolist() for part in calendar.parts(np.array([0.0, 60.0, 61.0]))] == [
        [1900] * 3,
        [1, 2, 3],
        [0, 29, 1],
    ]
    for serial in (-1, calendar.LAST + 1):
        with pytest.raises(ValueError, match=str(serial)):
            calendar.from_serial(serial)
    days, bad = calendar.whole_days(np.array([-0.1, 0.9, calendar.LAST + 0.9, calendar.LAST + 1, 1e308]))
    assert days.tolist() == [0, 0, calendar.LAST, 0, 0]
    assert bad.tolist() == [True, False, False, True, True]


@given(st.integers(0, calendar.LAST), st.integers(0, 86_399))
def test_every_second_of_a_day_is_itself(day, second):
    days, seconds = calendar.to_seconds(np.array([day + second / 86_400]))
    assert (days[0], seconds[0]) == (day, second)


def test_seconds_are_rounded():
    days, seconds = calendar.to_seconds(np.array([41484.9999942, 41484.9999942129, 41484.999994213]))
    assert days.tolist() == [41484, 41484, 41485]
    assert seconds.tolist() == [86_399, 86_399, 0]


READ = [
    ("2024-01-05", 45296), ("2024/1/5", 45296), ("1/5/2024", 45296), ("01-05-2024", 45296), ("1/5/24", 45296), ("1/5/30", 10963), ("1/5/29", 47123),
    ("5-Jan-2024", 45296), ("5 January 2024", 45296), ("05JAN2024", 45296), ("5-jan-24", 45296), ("Jan 5, 2024", 45296), ("January 5,2024", 45296),
    ("Sept 5, 2024", 45540), ("1 / 5 / 2024", 45296), ("Jan-2024", 45292), ("Jan2024", 45292), ("Jan 45", 16438),
    ("1/2024", 45292), ("2024-01", 45292), ("1-2024", 45292), ("29-Feb-1900", 60), ("1/1/1900", 1), ("12/31/9999", 2958465),
    # with a time, or a time alone
    ("1/5/2024 14:30", 45296 + 14.5 / 24), ("2024-01-05 2:30:36 PM", 45296 + 52_236 / 86_400), ("5-Jan-24 2 pm", 45296 + 14 / 24),
    ("14:30", 14.5 / 24), ("2:30 p", 14.5 / 24), ("12 AM", 0), ("12:00 pm", 0.5), ("24:00", 1), ("36:00", 1.5), ("0:00:01.5", 1.5 / 86_400),
    ("2:30.5", 150.5 / 86_400),
]  # fmt: skip
NOT_READ = [
    " 2024-01-05  ",
    "", " ", "abc", "12", "1.5.2024", "1//5/2024", "1--5-2024", "1,5,2024", "25/12/2024", "2/29/2023", "31-Feb-2024", "5-Foo-2024", "0/5/2024", "1/0/1900",
    "2024-13-01", "1/5/10000", "12/31/1899", "Jan", "Jan-24", "5 Jan", "1/5", "1/24", "13:00 PM", "12:60", "12:30:60", "12:30:", "1/5/2024 24:00",
    "2024-01-05T10:00", "10000:00", "x" * 40_000, "1" * 40_000, "1/" * 30,
]  # fmt: skip


@pytest.mark.parametrize(("text", "serial"), READ)
def test_texts_that_are_dates(text, serial):
    assert calendar.text_to_serial(text, False) == pytest.approx(serial, abs=1e-9)


@pytest.mark.parametrize("text", NOT_READ, ids=lambda text: text[:20])
def test_texts_that_are_none(text):
    assert calendar.text_to_serial(text, False) is None


def test_the_day_first():
    assert calendar.text_to_serial("5/1/2024", True) == 45296
    assert calendar.text_to_serial("25-12-2024", True) == 45651
    assert calendar.text_to_serial("12/25/2024", True) is None
    assert calendar.text_to_serial("2024-01-05", True) == 45296
    assert calendar.text_to_serial("1/2024", True) == 45292


def test_day_and_time_apart():
    assert calendar.text_to_parts("1/5/2024 10:00", False) == (45296, 10 / 24)
    assert calendar.text_to_parts("36:00", False) == (0, 1.5)


@given(st.text("0123456789-/: ,apmjanfeb.", max_size=30))
def test_any_text_gives_an_answer(text):
    serial = calendar.text_to_serial(text, False)
    assert serial is None or 0 <= serial <= calendar.LAST + 1
