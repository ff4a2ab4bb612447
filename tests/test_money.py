"""Amount texts as people and portals write them, and the arithmetic on the ten-thousandths they become."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.money import MAX_MINOR, Form, apply_rate, grouped, read_amounts, sum_by, to_major, to_minor, to_text

BLANK, BAD = "blank", "bad"


def column(*cells: str) -> pd.Series:
    return pd.Series(list(cells), dtype="str")


# Each text is read in a column whose form is given, so that only the text itself is judged.
POINT = [
    ("0", 0), ("0.00", 0), ("-0", 0), ("1", 10_000), ("7.5", 75_000), ("1234.5", 12_345_000), ("1234.50", 12_345_000), ("12.345", 123_450),
    ("12.3456", 123_456), (".5", 5_000), ("5.", 50_000), ("-.5", -5_000), ("007.50", 75_000), ("0.0001", 1), ("-0.0001", -1),
    # grouping, western and Indian, lakh and crore
    ("1,234", 12_340_000), ("1,234.50", 12_345_000), ("12,345.67", 123_456_700), ("123,456.78", 1_234_567_800), ("1,234,567.89", 12_345_678_900),
    ("1,23,456.78", 1_234_567_800), ("12,34,567.89", 12_345_678_900), ("1,00,000", 1_000_000_000), ("10,00,000.00", 10_000_000_000),
    ("1,00,00,000", 100_000_000_000), ("12,34,56,789.01", 1_234_567_890_100), ("1,00,00,00,000.25", 10_000_000_002_500), ("-1,23,456.78", -1_234_567_800),
    # blanks and apostrophes that part groups
    (" 12.50 ", 125_000), ("1 234.50", 12_345_000), ("1\u00a0234.50", 12_345_000), ("1\u202f234.50", 12_345_000), ("1\u2009234.50", 12_345_000),
    ("1'234.50", 12_345_000), ("1’234.50", 12_345_000), ("'100.00", 1_000_000), ("\t5.00\n", 50_000),
    # negatives
    ("-5.00", -50_000), ("- 5.00", -50_000), ("5.00-", -50_000), ("5.00 -", -50_000), ("(5.00)", -50_000), ("( 5.00 )", -50_000), ("(1,234.50)", -12_345_000),
    ("−5.00", -50_000), ("–5.00", -50_000), ("—5.00", -50_000), ("+5.00", 50_000), ("5.00+", BAD),
    # credit and debit: a credit is money towards us
    ("5.00 Cr", 50_000), ("5.00Cr", 50_000), ("5.00 CR", 50_000), ("5.00 Dr", -50_000), ("5.00DR", -50_000), ("1,23,456.00 Dr", -1_234_560_000),
    # marks
    ("₹5.00", 50_000), ("₹ 1,23,456.78", 1_234_567_800), ("Rs.5.00", 50_000), ("Rs. 5.00", 50_000), ("Rs 5", 50_000), ("rs.1,234", 12_340_000), ("INR 5.00", 50_000),
    ("5.00 INR", 50_000), ("5/-", 50_000), ("$5.00", 50_000), ("€5.00", 50_000), ("5.00€", 50_000), ("£5.00", 50_000), ("R$5.00", 50_000), ("AED 5.00", 50_000),
    ("-₹5.00", -50_000), ("₹-5.00", -50_000), ("(₹5.00)", -50_000), ("₹(5.00)", -50_000), ("₹5.00 Dr", -50_000), ("₹5.00-", -50_000),
    # more decimals than the unit, float noise, exponents, the largest
    ("0.00005", 1), ("0.00004", 0), ("-0.00005", -1), ("1.23456", 12_346), ("0.30000000000000004", 3_000), ("4.9999999999", 50_000), ("1e3", 10_000_000), ("1.5E2", 1_500_000),
    ("1E-2", 100), ("99999999999.9999", 999_999_999_999_999), ("123456789012.34", 1_234_567_890_123_400), ("900000000000000", MAX_MINOR),
    ("900000000000000.0001", BAD), ("1E15", BAD), ("1E400", BAD), ("9" * 40, BAD),
    # nothing
    ("", BLANK), ("   ", BLANK), ("-", BLANK), ("--", BLANK), ("–", BLANK), ("—", BLANK), ("NA", BLANK), ("n/a", BLANK), ("NaN", BLANK), ("null", BLANK), ("None", BLANK),
    ("Not Available", BLANK), ("nil", BLANK), ("₹ -", BLANK), ("\u00a0", BLANK),
    # no amounts
    ("5%", BAD), ("12.5 %", BAD), ("abc", BAD), ("12abc", BAD), ("#VALUE!", BAD), ("#N/A", BAD), ("TRUE", BAD), ("2026-04-01", BAD), ("12/04/26", BAD), ("1.2.3", BAD),
    ("1,2,3", BAD), ("12,34", BAD), ("1,23,45.00", BAD), ("1,2345.00", BAD), ("1234,567.00", BAD), ("0,500", BAD), ("1,234,56", BAD), (",5", BAD), (".", BAD), ("()", BAD),
    ("(5.00", BAD), ("5.00)", BAD), ("(-5.00)", BAD), ("--5", BAD), ("-5.00 Dr", BAD), ("-(5.00)", BAD), ("5 00 pcs", BAD), ("1_000", BAD), ("0x10", BAD), ("inf", BAD), ("²", BAD),
    ("1.234.567,89", BAD), ("5,00", BAD),
]  # fmt: skip
COMMA = [
    ("1234,5", 12_345_000), ("1.234,50", 12_345_000), ("1.234.567,89", 12_345_678_900), ("1.234", 12_340_000), ("12.345", 123_450_000), ("123.456", 1_234_560_000),
    ("-1.234,50", -12_345_000), ("(1.234,50)", -12_345_000), ("1.234,50-", -12_345_000), ("1.234,50 €", 12_345_000), ("R$ 1.234,50", 12_345_000), ("0,01", 100), (",5", 5_000),
    ("12", 120_000), ("1.23.456,78", 1_234_567_800), ("12.50", BAD), ("1.5", BAD), ("1,234.50", BAD), ("0.500", BAD), ("1.2345", BAD), ("1234.567", BAD), ("", BLANK),
]  # fmt: skip


def judged(text: str, form: Form) -> object:
    read = read_amounts(column(text), form)
    assert not (read.ok[0] and read.blank[0])
    assert read.ok[0] or read.minor[0] == 0
    return int(read.minor[0]) if read.ok[0] else BLANK if read.blank[0] else BAD


@pytest.mark.parametrize(("text", "minor"), POINT, ids=[repr(text) for text, _ in POINT])
def test_a_text_in_a_column_with_points(text: str, minor: object) -> None:
    assert judged(text, Form.POINT) == minor


@pytest.mark.parametrize(("text", "minor"), COMMA, ids=[repr(text) for text, _ in COMMA])
def test_a_text_in_a_column_with_commas(text: str, minor: object) -> None:
    assert judged(text, Form.COMMA) == minor


@pytest.mark.parametrize(
    ("cells", "form", "minors"),
    [
        (["1.234", "12.50"], Form.POINT, [12_340, 125_000]),
        (["1.234", "0.123"], Form.POINT, [12_340, 1_230]),
        (["1.234", "1234.567"], Form.POINT, [12_340, 12_345_670]),
        (["1.234", "1,23,456"], Form.POINT, [12_340, 1_234_560_000]),
        (["1,234", "12.5"], Form.POINT, [12_340_000, 125_000]),
        (["1,234", "1,234.50"], Form.POINT, [12_340_000, 12_345_000]),
        (["1,234", "1,234,567"], Form.POINT, [12_340_000, 12_345_670_000]),
        (["1.234", "0,50"], Form.COMMA, [12_340_000, 5_000]),
        (["1.234", "1.234.567"], Form.COMMA, [12_340_000, 12_345_670_000]),
        (["1,234", "12,5"], Form.COMMA, [12_340, 125_000]),
        (["1,234", "1.234,5"], Form.COMMA, [12_340, 12_345_000]),
        (["0,500", "7"], Form.COMMA, [5_000, 70_000]),
        (["12", "(7)"], Form.POINT, [120_000, -70_000]),
        (["", "NA"], Form.POINT, [0, 0]),
    ],
)
def test_a_cell_that_fits_one_form_proves_the_column(cells: list[str], form: Form, minors: list[int]) -> None:
    read = read_amounts(column(*cells))
    assert (read.form, read.unproved, read.minor.tolist()) == (form, False, minors)


@pytest.mark.parametrize(
    "cells",
    [["1.234"], ["1,234"], ["1.234", "7"], ["1,234", "9,999", "12"], ["₹1,234"], ["(1.234)"], ["-1,234", "", "NA"]],
)
def test_nothing_proves_the_form(cells: list[str]) -> None:
    read = read_amounts(column(*cells))
    assert read.unproved
    assert read.example == cells[0]


def test_cells_that_contradict_the_column_are_not_read() -> None:
    read = read_amounts(column("1,234.50", "12.5", "1.234,50", "0,50"))
    assert (read.form, read.unproved, read.ok.tolist()) == (Form.POINT, False, [True, True, False, False])
    assert read_amounts(column("1.234,50", "12.5"), Form.COMMA).ok.tolist() == [True, False]


def test_a_number_cell_needs_no_form() -> None:
    typed = np.array([True, True, True, True, False])
    read = read_amounts(column("1.234", "0.30000000000000004", "-1.5e-05", "12345678901234", "1.234,50"), typed=typed)
    assert read.form is Form.COMMA
    assert read.minor.tolist() == [12_340, 3_000, 0, 123_456_789_012_340_000, 12_345_000]
    assert read.ok.all()
    assert not read_amounts(column("1.234"), typed=np.array([True])).unproved


def test_a_typed_and_a_text_cell_of_the_same_text_differ() -> None:
    read = read_amounts(column("1,234", "1,234", "0,5"), typed=np.array([True, False, False]))
    assert read.minor.tolist() == [12_340_000, 12_340, 5_000]


def test_rounding_is_counted_by_text() -> None:
    assert read_amounts(column("1.23456", "1.23456", "2.000001", "1.2345", "7")).rounded == 2


def test_currencies_of_each_row() -> None:
    read = read_amounts(column("₹5", "5", "Rs. 5", "$5", "5 INR", "R$ 5"))
    assert list(read.currency) == ["INR", "", "INR", "USD", "INR", "BRL"]
    assert read_amounts(column("5", "x")).currency is None


def test_an_empty_column() -> None:
    read = read_amounts(column())
    assert (len(read.minor), read.form, read.unproved) == (0, Form.POINT, False)


def test_many_different_texts_cost_linear_time() -> None:
    cells = [f"₹{n:,}.50" for n in range(1, 60_001)]
    assert read_amounts(column(*cells)).minor.sum() == sum(n * 10_000 + 5_000 for n in range(1, 60_001))


@pytest.mark.parametrize(
    ("text", "minor"), [("0.05", 500), ("1,234.50", 12_345_000), ("5", 50_000), (" 0.01 ", 100), ("-2", -20_000)]
)
def test_an_amount_typed_by_a_user(text: str, minor: int) -> None:
    assert to_minor(text) == minor


@pytest.mark.parametrize("text", ["", "abc", "5%", "1,5", "-", "NA"])
def test_what_a_user_typed_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=text.replace("%", "%") or "^$"):
        to_minor(text)


@pytest.mark.parametrize(
    ("minor", "text", "shown"),
    [
        (0, "0.00", "0.00"),
        (12_345_000, "1234.50", "1,234.50"),
        (-5_000, "-0.50", "-0.50"),
        (-12_345_000, "-1234.50", "-1,234.50"),
        (1, "0.0001", "0.0001"),
        (-123, "-0.0123", "-0.0123"),
    ],
)
def test_out_as_text(minor: int, text: str, shown: str) -> None:
    assert (to_text(minor), grouped(minor)) == (text, shown)
    assert to_text(20_000, 0) == "2"
    assert to_major(minor) == minor / 10_000


@given(st.integers(-(10**17), 10**17))
def test_text_and_back(minor: int) -> None:
    assert to_minor(to_text(minor)) == minor
    assert to_minor(grouped(minor)) == minor
    assert read_amounts(column(to_text(minor))).minor.tolist() == [minor]


@given(st.lists(st.integers(-(10**14), 10**14), max_size=30))
def test_a_column_and_back(minors: list[int]) -> None:
    read = read_amounts(column(*map(to_text, minors)), Form.POINT)
    assert read.minor.tolist() == minors
    assert read.ok.all()


@given(st.integers(-(10**12), 10**12), st.integers(0, 1_000_000))
def test_a_rate_rounds_halves_away_from_zero(base: int, ppm: int) -> None:
    exact = Decimal(base) * ppm / 1_000_000 / 10_000
    rupees = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)  # half up of Decimal is away from zero
    assert int(apply_rate(np.array([base], np.int64), ppm)[0]) == int(rupees * 10_000)


def test_half_a_paisa() -> None:
    assert apply_rate(np.array([5_000, -5_000, 4_999, 15_000], np.int64), 10_000).tolist() == [100, -100, 0, 200]


@given(
    st.lists(
        st.tuples(st.integers(-1, 4), st.one_of(st.integers(-(10**6), 10**6), st.integers(-(10**17), 10**17))),
        max_size=60,
    )
)
def test_sums_are_exact_beyond_the_reach_of_floats(pairs: list[tuple[int, int]]) -> None:
    codes = np.array([code for code, _ in pairs], np.intp)
    minor = np.array([amount for _, amount in pairs], np.int64)
    assert sum_by(codes, minor, 5).tolist() == [
        sum(amount for code, amount in pairs if code == group) for group in range(5)
    ]


def test_one_unit_beside_two_to_the_53() -> None:
    assert sum_by(np.array([0, 0, 1]), np.array([2**53, 1, 3], np.int64), 2).tolist() == [2**53 + 1, 3]
