"""A sheet of an open workbook is read as its file would be."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.cell import Cell

from recon_core.model import Source
from recon_core.readers import open_book, read
from recon_core.readers.preflight import File
from recon_core.sheets import ExcelError

CELLS = st.one_of(
    st.none(),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=6).filter(lambda text: not text.startswith(("=", "#"))),
    st.integers(-(10**15), 10**15).map(float),
    st.integers(-(10**12), 10**12).map(lambda thousandths: thousandths / 1000),
    st.booleans(),
    st.dates(dt.date(1950, 1, 1), dt.date(2050, 1, 1)).map(lambda day: dt.datetime.combine(day, dt.time())),
    st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2050, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
    st.sampled_from([ExcelError("#N/A"), ExcelError("#DIV/0!")]),
)  # fmt: skip


def saved(cells, path, name="Data"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    for row, one in enumerate(cells, 1):
        for column, value in enumerate(one, 1):
            if value is not None:
                cell: Cell = sheet.cell(row, column)
                cell.value = value.word if isinstance(value, ExcelError) else value
                if isinstance(value, str):
                    cell.data_type = "s"
    book.save(path)
    return path


def both(cells, path, **setup):
    source = Source(name="oms", path=str(saved(cells, path)), sheet="data", **setup)
    file = File(path=str(path), shown=path.name, kind="xlsx", size=1, modified=0.0)
    return read(source, path.name), open_book.read(source, file, ["Data"], cells)


def same(one, other):
    assert one.frame.equals(other.frame)
    assert list(one.frame.columns) == list(other.frame.columns)
    assert np.array_equal(one.row, other.row)
    assert one.typed.keys() == other.typed.keys()
    for name, typed in one.typed.items():
        assert np.array_equal(typed, other.typed[name])
    assert (one.source, one.file, one.path, one.sheet, one.header_row) == (other.source, other.file, other.path, other.sheet, other.header_row)  # fmt: skip


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5), st.integers(0, 2), st.integers(0, 2))
def test_the_open_sheet_and_the_saved_file_give_the_same_rows(tmp_path_factory, rows, down, right):
    cells = [[None] * right for _ in range(down)]
    cells += [[None] * right + row for row in [["Order ID", "Amount", "Date", "Note"], *rows]]
    (from_file, file_says), (live, live_says) = both(cells, tmp_path_factory.mktemp("book") / "book.xlsx")
    assert [one.code for one in live_says] == [one.code for one in file_says]
    if from_file is not None and live is not None:
        same(from_file, live)
    assert (from_file is None) == (live is None)


def test_a_time_alone_is_a_time(tmp_path):
    cells = [["Id", "At"], ["A1", dt.datetime(1899, 12, 30, 10, 15, 30)]]
    file = File(path="book.xlsx", shown="book.xlsx", kind="xlsx", size=1, modified=0.0)
    raw, _ = open_book.read(Source(name="oms", path="book.xlsx", sheet="Data"), file, ["Data"], cells)
    assert raw.frame["At"].tolist() == ["10:15:30"]


def test_a_sheet_that_is_not_there_names_the_others(tmp_path):
    file = File(path="book.xlsx", shown="book.xlsx", kind="xlsx", size=1, modified=0.0)
    raw, problems = open_book.read(Source(name="oms", path="book.xlsx", sheet="Date"), file, ["Setup", "Data"], [])
    assert raw is None
    assert [(one.code, "Data" in one.what) for one in problems] == [("F-203", True)]


def test_an_empty_sheet_is_said(tmp_path):
    (one, file_says), (other, live_says) = both([], tmp_path / "book.xlsx")
    assert (one, other) == (None, None)
    assert [problem.code for problem in live_says] == [problem.code for problem in file_says] == ["F-203"]


@pytest.mark.parametrize("change", ["A2", "A1 ", 1.0, ExcelError("#N/A")])
def test_the_fingerprint_is_that_of_the_cells(tmp_path, change):
    def fingerprint(cell):
        file = File(path="book.xlsx", shown="book.xlsx", kind="xlsx", size=1, modified=0.0)
        raw, _ = open_book.read(Source(name="oms", path="", sheet="Data"), file, ["Data"], [["Id", "Of"], [cell, "x"]])
        return raw.sha256

    assert fingerprint("A1") == fingerprint("A1") != fingerprint(change)


def test_a_source_keeps_its_own_header_row(tmp_path):
    cells = [["Report", None], [None, None], ["x", "y"], ["Order", "Amount"], ["A1", 12.5]]
    (from_file, _), (live, _) = both(cells, tmp_path / "book.xlsx", header_row=4)
    same(from_file, live)
    same(replace(live, size=0), replace(from_file, size=0))
