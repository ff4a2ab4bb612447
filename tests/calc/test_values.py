"""What an entry becomes: pure, without a spreadsheet; the same words on live cells are in test_cells.py."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from addin.calc.values import CellError, Entered, as_text, entered, error_of, moment_of, number_text, plain, serial

THIS_YEAR = dt.date.today().year  # noqa: DTZ011 - the user's own day


@pytest.mark.parametrize(
    ("typed", "value", "shown_as"),
    [
        ("00123", 123.0, ""),
        ("-5", -5.0, ""),
        ("(5)", -5.0, ""),
        ("+.5", 0.5, ""),
        (" 7 ", 7.0, ""),
        ("1,234", 1234.0, "#,##0"),
        ("1,234.50", 1234.5, "#,##0.00"),
        ("5%", 0.05, "0%"),
        ("2.36%", 0.0236, "0.00%"),
        ("$5", 5.0, "$#,##0_);[Red]($#,##0)"),
        ("1e5", 100000.0, "0.00E+00"),
        ("1 1/2", 1.5, "# ?/?"),
        ("1234567890123456789", 1234567890123450000.0, ""),
        ("TRUE", 1.0, "BOOLEAN"),
        ("false", 0.0, "BOOLEAN"),
        ("2024-01-31", 45322.0, "m/d/yyyy"),
        ("1/31/2024", 45322.0, "m/d/yyyy"),
        ("31-Jan-2024", 45322.0, "d-mmm-yy"),
        ("Jan 31, 2024", 45322.0, "d-mmm-yy"),
        ("Jan-24", serial(dt.date(THIS_YEAR, 1, 24)), "d-mmm"),
        ("1/2", serial(dt.date(THIS_YEAR, 1, 2)), "d-mmm"),
        ("1-2", serial(dt.date(THIS_YEAR, 1, 2)), "d-mmm"),
        ("2024-01-31 06:00", 45322.25, "m/d/yyyy h:mm"),
        ("Feb 30", serial(dt.date(1930, 2, 1)), "mmm-yy"),
        ("6:00", 0.25, "h:mm"),
        ("6:00 pm", 0.75, "h:mm"),
    ],
)
def test_texts_that_excel_changes(typed, value, shown_as):
    assert entered(typed) == Entered(value, shown_as)


@pytest.mark.parametrize(
    "text",
    ["INV-1", "abc", "", "=", "31/31/2024", "1,23", "(5", "12:61", "1/0 2", "TRUELY", "Janet 5", "Matched", "1.2.3",
     "12-34-5678-9", "₹5", "0x1F", "N/A", "5 kg", "Feb 2.5"],
)  # fmt: skip
def test_texts_that_stay(text):
    assert entered(text) == Entered(text)


@pytest.mark.parametrize(
    ("typed", "formula"),
    [("=1+2", "=1+2"), ("+A1", "=+A1"), ("-A1", "=-A1"), ("@SUM(A1)", "=SUM(A1)"), ("#n/a", "=#N/A")],
)
def test_texts_that_become_formulas(typed, formula):
    assert entered(typed) == Entered(formula, formula=True)


def test_apostrophe_keeps_text():
    assert entered("'00123") == Entered("00123")
    assert as_text("'00123") == "00123"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("00123", "00123"),
        ("=1", "=1"),
        (5.0, "5"),
        (0.1, "0.1"),
        (True, "TRUE"),
        (None, ""),
        (dt.date(2024, 1, 31), "1/31/2024"),
    ],
)
def test_text_cells_keep(given, text):
    assert as_text(given) == text


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (math.nan, ""), (None, ""), (pd.NaT, ""), (pd.NA, ""), (np.float64("nan"), ""), (np.int64(5), 5.0),
        (np.bool_(True), True), (np.datetime64("2024-01-31"), dt.datetime(2024, 1, 31)), (np.datetime64("NaT"), ""),
        (pd.Timestamp(2024, 1, 31, 6), dt.datetime(2024, 1, 31, 6)), (np.str_("a"), "a"), (5, 5), ("x", "x"),
    ],
)  # fmt: skip
def test_plain(given, value):
    found = plain(given)
    assert found == value
    assert type(found) is type(value)


def test_dates_there_and_back():
    for moment in (dt.datetime(1900, 3, 1), dt.datetime(2024, 2, 29, 23, 59, 59, 999000), dt.datetime(9999, 12, 31)):
        assert moment_of(serial(moment)) == moment
    assert moment_of(1e12) == 1e12  # no date is that late


def test_errors_are_excels_numbers_and_words():
    assert error_of("#N/A") == -2146826246
    assert str(error_of("#DIV/0!")) == "#DIV/0!"
    assert isinstance(error_of("#REF!"), CellError)


def test_number_text():
    assert [number_text(value) for value in (5.0, -0.5, 1e20, 123456789012.0)] == ["5", "-0.5", "1E+20", "123456789012"]
