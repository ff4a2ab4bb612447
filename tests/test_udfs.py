"""The worksheet functions: ranges in and out, marks for errors, what is kept of a workbook and what is read anew."""

from __future__ import annotations

import datetime as dt
import inspect
import random
import re
from pathlib import Path

import pytest

import udfs
from addin import calc
from recon_core import __version__, answers, readings
from recon_core.readings import NoAnswer
from tests.answered import Demo, run_demo

NA, VALUE, NUM = (udfs.mark(one) for one in (NoAnswer.NOT_FOUND, NoAnswer.BAD_INPUT, NoAnswer.SEVERAL))


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return run_demo(tmp_path_factory.mktemp("udfs"))


@pytest.fixture
def book(demo: Demo, monkeypatch):
    """The demo workbook as the one that calls: what it holds can be changed, and what was read is noted."""
    grids = {name: [list(row) for row in grid] for name, grid in demo.grids.items()}
    read: list[str] = []

    class Book:
        name, stamp = "1 demo.xlsx", "Run 1"
        cells = grids
        asked = read

    def cells(sheet):
        read.append(sheet)
        return grids.get(sheet, [])

    monkeypatch.setattr(udfs, "_book", lambda: (Book.name, Book.stamp, cells))
    monkeypatch.setattr(udfs, "_kept", {})
    monkeypatch.setattr(udfs, "_noted", {})
    monkeypatch.setattr(udfs, "_agreed", {})
    return Book


def test_cleanid_is_the_engines_cleaning():
    assert udfs.RECON_CLEANID([[" fn-12\u00a0", 12345.0], [None, "#ord-7"]], "separators; prefix #") == [
        ["FN12", "12345"],
        ["", "ORD7"],
    ]
    assert udfs.RECON_CLEANID([["#REF!", "#N/A"]]) == [[VALUE, NA]]
    assert udfs.RECON_CLEANID([["x"]], "unknown words") == VALUE


def test_version(book):
    assert udfs.RECON_VERSION() == __version__
    assert udfs.RECON_VERSION("run") == 1
    assert udfs.RECON_VERSION("nonsense") == VALUE
    assert book.asked == ["Run log"]


def test_a_range_of_ids_gives_a_range_of_answers(book):
    assert udfs.RECON_STATUS([["FN-410906", "fn-410202 "], ["FN-TEST01", "none such"]]) == [
        ["Unmatched", "Matched"],
        ["Skipped", NA],
    ]
    assert udfs.RECON_STATUS([["FN-410906"]], None, "orders") == [["Matched"]]
    assert udfs.RECON_DIFF([["FN-410906"]]) == [[NUM]]
    assert udfs.RECON_DIFF([["FN-410906"]], "Settlements") == [[4000.88]]
    assert udfs.RECON_MATCH([["FN-410906"]], "class") == [["Exact"]]
    assert udfs.RECON_SOURCE([["FN-410906"]], "a") == [["oms_orders.csv › row 465"]]
    assert udfs.RECON_AGE([["FN-410906", None]], dt.datetime(2026, 5, 1)) == [[8, NA]]
    assert "NOT_DUE" in udfs.RECON_EXPLAIN([["FN-410906"]])[0][0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: udfs.RECON_STATUS([["x"]], "C"), lambda: udfs.RECON_STATUS([["x"]], "", "no such leg"), lambda: udfs.RECON_MATCH([["x"]], "colour"),
        lambda: udfs.RECON_REASON([["x"]], "colour"), lambda: udfs.RECON_AGE([["x"]], "soon"), lambda: udfs.RECON_TOTAL("C"), lambda: udfs.RECON_TOTAL("A", "Green"),
        lambda: udfs.RECON_TOTAL("A", "", "weight"), lambda: udfs.RECON_TIEOUT(1, "no such leg"), lambda: udfs.RECON_OPEN("A", "much"), lambda: udfs.RECON_CANDIDATES("x", "many"),
        lambda: udfs.RECON_CANDIDATES("x", 0), lambda: udfs.RECON_AMOUNT([["1"]], "roman"), lambda: udfs.RECON_DATE([["1"]], "ymd?"),
        lambda: udfs.RECON_SIMILAR([["a", "b"]], [["a"], ["b"]]), lambda: udfs.RECON_SUMSET("x", [[1.0]]), lambda: udfs.RECON_SUMSET(1.0, [["#REF!"]]),
        lambda: udfs.RECON_SUMSET(1.0, [[1.0]], -1.0), lambda: udfs.RECON_SUMSET(1.0, [[True]]), lambda: udfs.RECON_SUMSET(1e300, [[1.0]]),
    ],
)  # fmt: skip
def test_input_that_makes_no_sense_is_one_value_error(book, call):
    assert call() == VALUE


def test_a_workbook_without_a_run_has_no_answers(book):
    book.cells.clear()
    assert udfs.RECON_STATUS([["FN-410906"]]) == [[NA]]
    assert udfs.RECON_EXPLAIN([["FN-410906"]]) == [[NA]]
    assert udfs.RECON_REASON([["FN-410906"]]) == [[NA]]
    assert [
        udfs.RECON_TOTAL("A"),
        udfs.RECON_TIEOUT(),
        udfs.RECON_OPEN(),
        udfs.RECON_CANDIDATES("x"),
        udfs.RECON_VERSION("run"),
    ] == [NA] * 5


def test_results_are_read_once_for_a_run_and_anew_after_another(book):
    keys = [["FN-410906"]]
    udfs.RECON_STATUS(keys)
    read = len(book.asked)
    assert read
    udfs.RECON_STATUS(keys)
    udfs.RECON_SOURCE(keys)
    assert len(book.asked) == read
    book.stamp = "Run 2"
    udfs.RECON_STATUS(keys)
    assert book.asked[read:] == book.asked[:read]
    book.name = "1 other.xlsx"
    udfs.RECON_STATUS(keys)
    assert len(book.asked) == 3 * read
    assert len(udfs._kept) == 2


def test_only_the_last_few_workbooks_are_kept(book):
    for number in range(7):
        book.name = f"{number} book.xlsx"
        udfs.RECON_STATUS([["FN-410906"]])
    assert list(udfs._kept) == [f"{number} book.xlsx" for number in range(7 - udfs.MOST_BOOKS, 7)]


def test_typed_notes_are_seen_without_a_run(book, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(udfs.time, "monotonic", lambda: clock[0])
    header = book.cells["Exceptions"][4]
    row = next(row for row in book.cells["Exceptions"][5:] if row[header.index("Id")] == "FN-410906")
    assert udfs.RECON_REASON([["FN-410906"]]) == [["NOT_DUE"]]
    assert udfs.RECON_REASON([["FN-410906"]], "comment") == [[""]]
    row[header.index("Comment")], row[header.index("Reason code")] = "called them", "TIMING"
    clock[0] += udfs.NOTES_LAST + 1
    assert udfs.RECON_REASON([["FN-410906"]], "comment") == [["called them"]]
    assert udfs.RECON_REASON([["FN-410906"]]) == [["TIMING"]]


def test_the_tie_out_is_read_as_it_stands_now(book):
    assert udfs.RECON_TIEOUT() == 0.0
    row = next(row for row in book.cells["Summary"] if row and row[0] == "Side A: amount = matched + open + skipped")
    row[3] = -12.5
    assert udfs.RECON_TIEOUT() == -12.5
    row[3] = None  # an error in the cell
    assert udfs.RECON_TIEOUT() == NA


def test_open_items_spill_under_a_header(book):
    found = udfs.RECON_OPEN("B", 1000.0, "Bank")
    assert found[0] == list(answers.OPEN_COLUMNS)
    assert [row[1] for row in found[1:3]] == ["610700000914", "HSBCN52026042800514"]
    assert isinstance(found[1][4], dt.datetime)
    assert not any(value is None for row in found for value in row)


def test_candidates(book):
    found = udfs.RECON_CANDIDATES("FN-411170", None)
    assert found == [
        [
            "FN-990001",
            0.637,
            0.0,
            340.42,
            "settlement_W2.csv",
            43.0,
            "same amount, 13 days apart, ids differ, no other candidate",
        ]
    ]
    assert udfs.RECON_CANDIDATES("FN-410906") == NA


def test_a_column_of_amounts_proves_its_form():
    assert udfs.RECON_AMOUNT([["1.234"]]) == [[VALUE]]
    assert udfs.RECON_AMOUNT([["1.234"], ["12,50"]]) == [[1234.0], [12.5]]
    assert udfs.RECON_AMOUNT([["1.234"]], "point") == [[1.234]]
    assert udfs.RECON_AMOUNT([["1.234"]], "1.234,50") == [[1234.0]]
    assert udfs.RECON_AMOUNT([["(1,234.50)", "₹ 99 Cr", 7.0, None, "NA", "refused", "#N/A", True]]) == [
        [-1234.5, 99.0, 7.0, "", NA, VALUE, NA, VALUE]
    ]


def test_a_column_of_dates_proves_its_order():
    assert udfs.RECON_DATE([["04/05/2026"]]) == [[VALUE]]
    assert udfs.RECON_DATE([["04/05/2026"], ["13/05/2026"]]) == [[dt.datetime(2026, 5, 4)], [dt.datetime(2026, 5, 13)]]
    assert udfs.RECON_DATE([["04/05/2026"]], "month/day") == [[dt.datetime(2026, 4, 5)]]
    assert udfs.RECON_DATE([["24-Apr-2026", 46136.0, dt.datetime(2026, 4, 24, 9), None, "-", "soon", "#REF!"]]) == [
        [dt.datetime(2026, 4, 24)] * 3 + ["", NA, VALUE, VALUE]
    ]


def test_likeness_is_that_of_the_sheet_suggestions(demo: Demo):
    table = demo.results.table("Suggestions")
    assert readings.likenesses(table.column("Id A"), table.column("Id B")) == table.column("Likeness of ids")
    assert udfs.RECON_SIMILAR([["FN-1", "FN-2"]], [["FN-1"]]) == [[1.0, 0.883]]
    assert udfs.RECON_SIMILAR([["FN-1", None]], [["NA", "FN-1"]]) == [[NA, NA]]


def test_a_sum_set_spills_in_the_shape_of_the_amounts():
    assert udfs.RECON_SUMSET(0.3, [[0.1, 5.0], [0.2, None]]) == [[1, 0], [1, 0]]
    assert udfs.RECON_SUMSET(5.0, [[5.0, 5.0]]) == NUM
    assert udfs.RECON_SUMSET(6.0, [[5.0, 5.0]]) == NA
    assert udfs.RECON_SUMSET(6.0, [[5.0, 8.5]], 1.0, None) == [[1, 0]]
    chance = random.Random(3)
    amounts = [round(chance.uniform(1, 1e6), 4) for _ in range(900)]
    assert udfs.RECON_SUMSET(sum(amounts[:8]), [amounts]) == NA  # too many to look at all of them


# ---- an open workbook ----


@pytest.mark.office
def test_two_open_workbooks_answer_each_for_itself(tmp_path, monkeypatch):
    """Through xlwings on a running LibreOffice: the workbook that calls is asked, whichever was opened last."""
    if why := calc.why_not():
        pytest.skip(why)
    monkeypatch.setattr(udfs, "_kept", {})
    monkeypatch.setattr(udfs, "_noted", {})
    monkeypatch.setattr(udfs, "_agreed", {})
    run_demo(tmp_path)
    path = next(tmp_path.glob("*.xlsx"))
    with calc.office() as app:
        done, blank = app.books.open(str(path)), app.books.add()
        for book, status, version, gap in (
            (done, "Unmatched", 1, 0.0),
            (blank, NA, NA, NA),
            (done, "Unmatched", 1, 0.0),
        ):
            monkeypatch.setattr(udfs.xw.Book, "_mock_caller", book, raising=False)
            assert udfs.RECON_STATUS([["FN-410906"]]) == [[status]]
            assert udfs.RECON_VERSION("run") == version
            assert udfs.RECON_TIEOUT() == gap
        monkeypatch.setattr(udfs.xw.Book, "_mock_caller", done, raising=False)
        assert udfs.RECON_OPEN("B", 4149.21, "Bank")[1][:6] == [
            "Bank",
            "610700000914",
            "Unmatched",
            "BANK_UNKNOWN",
            dt.datetime(2026, 4, 17),
            13.0,
        ]
        assert udfs.RECON_TOTAL("A", "Matched", "amount", "Orders") == 810810.16
        assert udfs.RECON_EXPECTEDPAYOUT([["FN-410906"]]) == [[4000.88]]
        days = [[dt.datetime(2026, 4, 15)], [dt.datetime(2026, 4, 16)]]
        assert udfs.RECON_EXPECTEDFEE([["Commission"]], [[999.0]], "Tops", days) == [[139.86], [129.87]]
        monkeypatch.setattr(udfs.xw.Book, "_mock_caller", blank, raising=False)
        assert udfs.RECON_EXPECTEDFEE([["Commission"]], [[999.0]], "Tops", days) == [[NA], [NA]]


# ---- the manual ----

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "manual" / "functions.md").read_text(encoding="utf-8")
EXAMPLES = [
    line
    for block in re.findall(r"^```functions\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
TOKEN = re.compile(r'"(?:[^"]|"")*"|#N/A|#NUM!|#VALUE!|-?\d+(?:\.\d+)?|[{},;]')


def value_of(text: str) -> object:
    return (
        text[1:-1].replace('""', '"')
        if text[0] == '"'
        else {"#N/A": NA, "#NUM!": NUM, "#VALUE!": VALUE}.get(text) or float(text)
    )


def arguments(text: str) -> list[object]:
    """Excel's arguments as the wrapper hands them over: a constant, an array, or None for one left away."""
    found: list[object] = [None] if text else []
    array: list[list[object]] | None = None
    for token in TOKEN.findall(text):
        if token == "{":
            array = [[]]
        elif token == "}":
            found[-1], array = array, None
        elif token == ";":
            array.append([])
        elif token != ",":
            if array is None:
                found[-1] = value_of(token)
            else:
                array[-1].append(value_of(token))
        elif array is None:
            found.append(None)
    return found


def as_excel(value: object) -> object:
    """A returned value as the cell holds it."""
    return float((value - dt.datetime(1899, 12, 30)).days) if isinstance(value, dt.datetime) else value


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_manual_are_right(book, example):
    formula, expected = example.split(" => ")
    name, text = re.fullmatch(r"=(RECON_\w+)\((.*)\)", formula).groups()
    function = getattr(udfs, name)
    given = arguments(text)
    for at, parameter in enumerate(inspect.signature(function).parameters.values()):
        if at < len(given):
            if given[at] is None and parameter.default is not parameter.empty:
                given[at] = parameter.default
            elif parameter.annotation == "Grid" and not isinstance(given[at], list):
                given[at] = [[given[at]]]
    found = function(*given)
    rows = [[as_excel(value) for value in row] for row in found] if isinstance(found, list) else [[as_excel(found)]]
    wanted = arguments(expected)[0]
    assert rows == (wanted if isinstance(wanted, list) else [[wanted]])


def test_every_function_is_in_the_manual_with_its_arguments_and_an_example():
    for name in (name for name in dir(udfs) if name.startswith("RECON_")):
        args = inspect.signature(getattr(udfs, name)).parameters.values()
        shown = ", ".join(one.name if one.default is one.empty else f"[{one.name}]" for one in args)
        assert f"**{name}({shown})**" in PAGE
        assert any(example.startswith(f"={name}(") for example in EXAMPLES)
    assert len(EXAMPLES) >= 40
