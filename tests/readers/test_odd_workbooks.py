"""Workbooks that are odd, hostile, damaged or very wide: a Problem, never an exception, in bounded time."""

from __future__ import annotations

import io
import time
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from recon_core.problems import Severity
from recon_core.readers import launch, ooxml, workbook

from .conftest import codes, read_package, text_cell


def test_formulas_without_a_stored_result_are_counted(package):
    rows = (
        f'<row r="1">{text_cell("A1", "Id")}</row>'
        '<row r="2"><c r="A2"><f>1+1</f></c></row>'
        '<row r="3"><c r="A3"><f>1+1</f><v></v></c></row>'
        '<row r="4"><c r="A4"><f t="shared" si="0"/><v/></c></row>'
        '<row r="5"><c r="A5" t="str"><f>""</f><v></v></c></row>'
        '<row r="6"><c r="A6"><f>2+2</f><v>4</v></c></row>'
    )
    raw, problems = read_package(package(rows))
    assert raw.frame["Id"].tolist() == ["", "", "", "", "4"]
    assert [p.what for p in problems] == ["3 formulas without a stored result, the first in A2."]


def test_a_prefix_before_every_tag(package):
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>Id</x:t></x:is></x:c></x:row>'
        '<x:row r="2" hidden="1"><x:c r="A2" t="e"><x:v>#N/A</x:v></x:c></x:row>'
        '<x:row r="3"><x:c r="A3"><x:f>1+1</x:f></x:c></x:row></x:sheetData></x:worksheet>'
    )
    path = package(extra={"xl/worksheets/sheet1.xml": sheet})
    with zipfile.ZipFile(path) as archive:
        seen = ooxml.scan(archive, "xl/worksheets/sheet1.xml")
    assert (seen.cells, seen.last_row, seen.last_column, seen.hidden_rows) == (3, 3, "A", 1)
    assert (seen.errors, seen.unstored) == ([ooxml.At(1, 0, "#N/A")], ["A3"])
    assert read_package(path)[0].frame["Id"].tolist()[0] == "#N/A"


def test_a_scan_does_not_tear_cells_at_the_ends_of_its_pieces(package, monkeypatch):
    rows = "".join(f'<row r="{i}"><c r="AB{i}" t="e"><v>#N/A</v></c></row>' for i in range(1, 400))
    monkeypatch.setattr(ooxml, "_STEP", 37)
    with zipfile.ZipFile(package(rows)) as archive:
        seen = ooxml.scan(archive, "xl/worksheets/sheet1.xml")
    assert (seen.cells, seen.last_row, seen.last_column) == (399, 399, "AB")
    assert [error.row for error in seen.errors] == list(range(399))


@pytest.mark.parametrize("known", ["", "A", "L", "Z", "BC", "AZ", "ZZ", "ABC", "XFD"])
def test_the_last_column_is_the_greatest(known):
    for number in [*range(1, 60), 676, 701, 702, 703, 728, 731, 732, 16_383, 16_384]:
        letters = ""
        rest = number
        while rest:
            rest, digit = divmod(rest - 1, 26)
            letters = chr(65 + digit) + letters
        expected = max(known, letters, key=lambda name: (len(name), name))
        assert ooxml._last_column(f'<c r="{letters}7"/>'.encode(), known) == expected
        assert ooxml.column_number(letters) == number


HOSTILE = [
    "<row ",
    "<c ",
    '<c t="e"',
    '<c t="e"> ',
    "<c t='e'><f ",
    "<col ",
    "<v ",
    ' t="e"',
    ' r="A1"',
    ' s="1"',
    "<f>  ",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("start", ["", '<c hidden="1" t="e" s="1" <f '])
def test_a_scan_is_linear_whatever_stands_in_a_comment(text, start):
    def seconds(count: int) -> float:
        body = (start + text * count).encode()
        begin = time.perf_counter()
        ooxml._look(body, ooxml._patterns(b"", {"1": "000"}), {"1": "000"}, ooxml.Scan())
        ooxml._hidden_columns(body)
        return time.perf_counter() - begin

    assert seconds(200_000) < 5  # a hang took minutes; the work takes a tenth of a second


def test_a_comment_of_tags_does_not_hang_the_reader(package):
    tags = f"<!--{'<c ' * 200_000}{'<row ' * 150_000}-->"
    rows = f'<row r="1">{text_cell("A1", "Id")}</row>{tags}<row r="2"><c r="A2"><v>1</v></c></row>'
    path = package(rows)
    begin = time.perf_counter()
    with zipfile.ZipFile(path) as archive:
        part = "xl/worksheets/sheet1.xml"
        seen = ooxml.scan(archive, part)
        assert (seen.last_row, seen.last_column) == (2, "A")
        assert (ooxml.used_area(archive, part), ooxml.has_data(archive, part)) == ((2, "A"), True)
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize("step", [1, 3, 7, 1 << 20])
def test_pieces_end_behind_rows_and_lose_nothing(monkeypatch, step):
    monkeypatch.setattr(ooxml, "_STEP", step)
    text = b"<x><row><c/></row><row/><row>" + b"-" * 50 + b"</row></x>"
    pieces = list(ooxml.pieces(io.BytesIO(text)))
    assert b"".join(pieces) == text
    assert all(piece.endswith(b"row>") for piece in pieces[:-1])
    assert len(pieces) > (step < 10)


def test_many_padded_styles_are_looked_up(package):
    count = 100
    codes_ = "".join(f'<numFmt numFmtId="{200 + i}" formatCode="{"0" * (i + 2)}"/>' for i in range(count))
    xfs = '<xf numFmtId="0"/>' + "".join(f'<xf numFmtId="{200 + i}"/>' for i in range(count))
    styles = f"<styleSheet><numFmts>{codes_}</numFmts><cellXfs>{xfs}</cellXfs></styleSheet>"
    cells = f'<row r="1">{text_cell("A1", "Id")}</row>' + "".join(
        f'<row r="{r}"><c r="A{r}" s="{s}"><v>7</v></c></row>' for r, s in ((2, 0), (3, 1), (4, 3))
    )
    with zipfile.ZipFile(package(cells, {"xl/styles.xml": styles})) as archive:
        seen = ooxml.scan(archive, "xl/worksheets/sheet1.xml")
    assert seen.padded == [ooxml.At(2, 0, "00"), ooxml.At(3, 0, "0000")]


def test_a_far_cell_is_refused_with_its_address(package):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = package(rows)
    assert path.stat().st_size < 2_000
    raw, (problem,) = read_package(path)
    assert (raw, problem.code) == (None, "F-108")
    assert problem.what == "Sheet Orders of package.xlsx reaches to XFD1048576: 17,179,869,184 cells, 2 of them used."
    assert "the last cell is XFD1048576" in problem.fix


def test_formats_that_reach_to_the_last_cell_are_no_data(package):
    rows = (
        f'<row r="1">{text_cell("A1", "Id")}</row><row r="2"><c r="A2"><v>1</v></c></row>'
        '<row r="1048576"><c r="A1048576" s="0"/><c r="XFD1048576" s="0"></c></row>'
    )
    raw, problems = read_package(package(rows))
    assert problems == ()
    assert raw.frame["Id"].tolist() == ["1"]


def test_an_abort_of_the_parser_is_a_problem(package, monkeypatch):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    monkeypatch.setattr(workbook, "_too_wide", lambda *_: None)
    raw, (problem,) = read_package(package(rows))
    assert (raw, problem.code) == (None, "F-110")
    assert problem.what == "package.xlsx needs more memory than 6 GB."


def test_a_parser_that_takes_too_long_is_a_problem(package, monkeypatch):
    monkeypatch.setattr(launch, "PATIENCE", 0.001)
    raw, (problem,) = read_package(package(f'<row r="1">{text_cell("A1", "Id")}</row>'))
    assert (raw, problem.code) == (None, "F-110")
    assert "took longer than" in problem.what


def test_a_sheet_cut_off_in_the_middle_is_damaged(package):
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1'
    raw, problems = read_package(package(extra={"xl/worksheets/sheet1.xml": sheet}))
    assert (raw, codes(problems)) == (None, ["F-107"])


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_a_workbook_that_does_not_parse_is_damaged(package, part):
    raw, problems = read_package(package(extra={part: "<workbook><sheets>"}))
    assert (raw, codes(problems)) == (None, ["F-107"])


def test_a_sheet_that_points_nowhere_is_damaged(package):
    path = package(extra={"xl/_rels/workbook.xml.rels": package().name})
    raw, problems = read_package(path)
    assert (raw, codes(problems)) == (None, ["F-107"])


def test_5000_columns(read_book):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [f"Column name {i}" for i in range(5_000)])
        sheet.write_row(1, 0, range(5_000))

    raw, _ = read_book(fill)
    assert raw.frame.shape == (1, 5_000)
    assert raw.frame.iloc[0, 4_999] == "4999"


@settings(max_examples=20)
@given(at=st.integers(0, 1_500), content=st.binary(min_size=1, max_size=8), cut=st.booleans())
def test_no_damage_to_a_file_is_an_exception(tmp_path_factory, at, content, cut):
    path = tmp_path_factory.mktemp("damaged") / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, ["Id", "Net", "#N/A"])
    whole = path.read_bytes()
    at = at * len(whole) // 1_500
    path.write_bytes(whole[:at] + content + (b"" if cut else whole[at + len(content) :]))
    raw, problems = read_package(path)
    assert (raw is None) == any(problem.severity is Severity.STOP for problem in problems)
