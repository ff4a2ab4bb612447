"""What a formula sees in the cells of files: numbers, ids, dates, blanks, and the way back to text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recon_core.formula import ExcelError, Scalar, Values
from recon_core.model import Raw
from recon_core.typed import Content, as_text, iso_date, read_column
from tests.raws import raw

DAY = 46_113.0  # 1-Apr-2026
ID = "123456789012345678"


def csv(*cells: str) -> Raw:
    """A text file of one column x."""
    return raw("s", {"x": cells})


def book(typed: str, *cells: str) -> Raw:
    """A workbook of one column x; `typed` has a 1 for each cell that was a number or a date."""
    one = raw("s", {"x": cells}, file="s.xlsx", sheet="Sheet1")
    marks = np.array([mark == "1" for mark in typed])
    return replace(one, typed={"x": marks}) if marks.any() else one


def seen(*raws: Raw, **more: object) -> list[Scalar]:
    return read_column(raws, "x", **more).values.items()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["10", "2.5", "-3", "0", "0.07"], [10.0, 2.5, -3.0, 0.0, 0.07]),
        (["1,234.50", "12", "1,23,456.78"], [1234.5, 12.0, 123456.78]),
        (["(5.00)", "-5.00", "₹ 1,200.00", "12%", "1,23,456"], [-5.0, -5.0, 1200.0, 0.12, 123456.0]),
        (["1.234,50", "12,5"], ["1.234,50", "12,5"]),
        (["100 Cr", "200 Dr"], ["100 Cr", "200 Dr"]), (["USD 5", "INR 7"], ["USD 5", "INR 7"]), (["12 34", "56 78"], ["12 34", "56 78"]),
        (["0.123456789", "12345678.123456"], [0.123456789, 12345678.123456]),
        (["10", "", "30"], [10.0, None, 30.0]),
    ],
)  # fmt: skip
def test_numbers_of_a_text_file(cells, values):
    assert seen(csv(*cells)) == values
    content = Content.NUMBER if isinstance(values[0], float) else Content.TEXT
    assert read_column([csv(*cells)], "x").content is content


@pytest.mark.parametrize(
    "cells",
    [
        ["00123", "00124"], ["1", "2", "007"], [ID, ID], ["1", ID], ["OD-1", "OD-2"], ["1", "OD-2", "OD-3"], ["TRUE", "FALSE"], ["5%", "18%"],
        ["09:30", "10:15"], ["#N/A", "x"], ["1E5", "2E7"], ["1E5", "2X7"],
    ],
)  # fmt: skip
def test_what_stays_text_in_a_text_file(cells):
    assert seen(csv(*cells)) == cells
    assert read_column([csv(*cells)], "x").content is Content.TEXT


def test_a_few_words_among_numbers_stay_texts_and_the_rest_are_numbers():
    assert seen(csv("100.00", "250.00", "refused", "***")) == [100.0, 250.0, "refused", "***"]
    assert seen(csv("2026-04-01", "2026-04-02", "soon")) == [DAY, DAY + 1, "soon"]


@pytest.mark.parametrize("word", ["n/a", "-", "NA", "--"])
def test_words_for_nothing_make_no_column_of_numbers_a_text(word):
    assert seen(csv("10", word, word, word)) == [10.0, word, word, word]
    assert seen(csv("2026-04-01", word, word)) == [DAY, word, word]


def test_a_column_of_nothing():
    assert seen(csv("", "")) == [None, None]
    assert seen(csv("-", "n/a")) == ["-", "n/a"]
    assert seen(csv()) == []
    assert seen(csv("  ", "1")) == ["  ", 1.0]


@pytest.mark.parametrize("text", ["1.250", "1,250"])
def test_a_number_that_can_be_read_two_ways_is_named(text):
    typed = read_column([csv(text, "7")], "x")
    assert (typed.values.items(), typed.doubt) == ([float(text.replace(",", "")), 7.0], text)
    assert read_column([csv(text, "0.5")], "x").doubt == ""
    stated = read_column([csv(text, "7")], "x", form="1.234,50")
    assert (stated.values.items()[0], stated.doubt) == (1250.0 if "." in text else 1.25, "")


@pytest.mark.parametrize(
    ("cells", "days", "doubt"),
    [
        (["2026-04-01", "2026-04-02T12:00:00"], [DAY, DAY + 1.5], ""), (["01/04/2026", "13/04/2026"], [DAY, DAY + 12], ""),
        (["04/01/2026", "04/13/2026"], [DAY, DAY + 12], ""), (["01/04/2026", "02/04/2026"], [DAY, DAY + 1], "01/04/2026"),
        (["01-Apr-2026", "", "2 Apr 2026"], [DAY, None, DAY + 1], ""), (["04/04/2026"], [DAY + 3], ""),
        (["2026-04-01 06:00:00", "01-Apr-2026 6:00 PM", "Wed Apr 01 18:00:00 IST 2026"], [DAY + 0.25, DAY + 0.75, DAY + 0.75], ""),
    ],
)  # fmt: skip
def test_dates_of_a_text_file(cells, days, doubt):
    typed = read_column([csv(*cells)], "x")
    assert typed.values.items() == days
    assert (typed.content, typed.doubt) == (Content.DATE, doubt)


def test_the_form_of_mapping_decides_dates():
    typed = read_column([csv("04/01/2026")], "x", form="month/day")
    assert (typed.values.items(), typed.doubt) == ([DAY], "")


def test_an_id_stays_text_whatever_it_looks_like():
    assert seen(csv("123", "2026-04-01", "", "1.5"), is_id=True) == ["123", "2026-04-01", None, "1.5"]


def test_an_id_of_a_workbook_is_a_text_unless_it_is_cut_already():
    assert seen(book("110", "123", "12345678901234500", "AB"), is_id=True) == ["123", 12345678901234500.0, "AB"]
    assert seen(book("110", "123", "12345678901234500", "AB")) == [123.0, 12345678901234500.0, "AB"]


def test_cells_of_a_workbook_are_what_they_are():
    cells = ["10.5", "10.5", "", "2026-04-01", "2026-04-01T12:00:00", "2026-04-01", "TRUE", "TRUE", "#N/A", "word"]
    assert seen(book("1001101000", *cells)) == [
        10.5,
        "10.5",
        None,
        DAY,
        DAY + 0.5,
        "2026-04-01",
        True,
        "TRUE",
        ExcelError.NA,
        "word",
    ]
    assert read_column([book("1001101000", *cells)], "x").content is Content.MIXED


@pytest.mark.parametrize(
    ("typed", "cells", "content"),
    [
        ("111", ("1", "2", "3"), Content.NUMBER), ("101", ("1", "", "3"), Content.NUMBER), ("110", ("2026-04-01", "2026-04-02", ""), Content.DATE),
        ("000", ("a", "b", ""), Content.TEXT), ("110", ("2026-04-01", "5", ""), Content.MIXED),
    ],
)  # fmt: skip
def test_what_a_column_of_a_workbook_holds(typed, cells, content):
    assert read_column([book(typed, *cells)], "x").content is content


def test_texts_of_a_workbook_that_look_like_numbers_stay_texts():
    """A column without any number has no marks at all; it is a column of texts, not one of a text file."""
    assert seen(book("000", "10", "20", "2026-04-01")) == ["10", "20", "2026-04-01"]


def test_times_of_a_workbook_are_parts_of_a_day():
    assert seen(book("111", "12:00:00", "-06:00:00", "36:00:00")) == [0.5, -0.25, 1.5]


def test_a_workbook_and_a_text_file_of_one_source():
    assert seen(book("10", "5", "6"), csv("7", "8")) == [5.0, "6", 7.0, 8.0]
    assert seen(csv("7", "8"), book("10", "5", "6"), is_id=True) == ["7", "8", "5", "6"]
    assert read_column([book("10", "5", ""), csv("7", "8")], "x").content is Content.NUMBER


def test_files_of_a_source_may_write_a_header_differently():
    assert seen(csv("1"), raw("s", {" X ": ["2"]})) == [1.0, 2.0]


NUMBERS = [0.0, 1.0, -2.5, 1180.5, 0.1 + 0.2, 1 / 3, 123456789012345.0, 0.0001, 1e-7, 1e15, 1e20, 1e22, -0.0]


def test_numbers_go_back_as_excel_writes_them():
    text, typed, failed = as_text(Values.numbers(np.array(NUMBERS)), is_date=False)
    assert text.tolist() == [
        "0", "1", "-2.5", "1180.5", "0.3", "0.333333333333333", "123456789012345", "0.0001", "0.0000001", "1000000000000000", "100000000000000000000", "1E+22", "0",
    ]  # fmt: skip
    assert typed.all()
    assert not failed.any()


@pytest.mark.parametrize(
    ("serial", "text"), [(DAY, "2026-04-01"), (DAY + 0.5, "2026-04-01T12:00:00"), (61.0, "1900-03-01")]
)
def test_dates_go_back_as_iso_text(serial, text):
    assert iso_date(serial) == text
    assert as_text(Values.numbers(np.array([serial])), is_date=True)[0].tolist() == [text]


def test_numbers_that_are_no_dates_stay_numbers_in_a_column_of_dates():
    assert as_text(Values.numbers(np.array([0.0, -5.0, 3e6])), is_date=True)[0].tolist() == ["0", "-5", "3000000"]


def test_other_values_go_back_as_excel_writes_them():
    text, typed, failed = as_text(Values.of(["a", "", True, False, ExcelError.DIV0, None, 7.0]), is_date=False)
    assert text.tolist() == ["a", "", "TRUE", "FALSE", "#DIV/0!", "", "7"]
    assert typed.tolist() == [False] * 6 + [True]
    assert failed.tolist() == [False] * 4 + [True, False, False]


@pytest.mark.parametrize("cells", [["10", "2.5"], ["2026-04-01", "2026-04-02"], ["a", ""], ["1", "", "3"]])
def test_what_was_read_goes_back_as_it_was(cells):
    typed = read_column([csv(*cells)], "x")
    assert as_text(typed.values, is_date=typed.content is Content.DATE)[0].tolist() == cells


def test_each_file_of_a_source_proves_its_own_order_of_dates():
    indian, american = csv("13/04/2026", "05/04/2026"), csv("04/13/2026", "04/05/2026")
    assert seen(indian, american) == [DAY + 12, DAY + 4] * 2
