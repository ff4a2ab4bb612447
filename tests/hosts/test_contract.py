"""One contract, two hosts: the file host and the live host on LibreOffice Calc do the same with the same Sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from addin.hosts import Host
from addin.hosts.file import FileHost
from recon_core.problems import ReconError
from recon_core.sheets import MAX_TEXT, Cell, Column, ExcelError, Formula, Kind, Sheet, Table
from tests.hosts import samples
from tests.hosts.live_side import live, running

Open = Callable[[Path], Host]


@pytest.fixture(scope="module", params=["file", pytest.param("calc", marks=pytest.mark.office)])
def app(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "file":
        yield None
        return
    with running() as one:
        yield one


@pytest.fixture
def host(app: Any) -> Iterator[Open]:
    """Opens a workbook in the host under test."""
    with ExitStack() as stack:
        yield lambda path: FileHost(path) if app is None else stack.enter_context(live(app, path))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return samples.rich(tmp_path / "Book.xlsx")


def one_column(
    values: list[object], kind: Kind, dtype: str = "object", formula: str = "", *, is_array: bool = False
) -> Sheet:
    column = Column(name="X", kind=kind, formula=formula, is_array=is_array)
    frame = pd.DataFrame({"X": pd.Series(values, dtype=dtype)})
    return Sheet(name="Fresh", tables=(Table(name="tblX", columns=(column,), frame=frame),))


def body(host: Host, sheet: str = "Fresh") -> list[object]:
    return [row[0] if row else None for row in host.cells(sheet)[5:]]


def user_book(path: Path, formulas: dict[str, str]) -> Path:
    """Our sheet with a table of three rows, and a sheet of the user's with formulas that point into it."""
    book = xlsxwriter.Workbook(path)
    ours, mine = book.add_worksheet("Ours"), book.add_worksheet("Mine")
    ours.add_table("A5:C8", {"name": "tblOurs", "columns": [{"header": c.name} for c in samples.COLUMNS]})
    for row, amount in enumerate((1, 2, 3), 5):
        ours.write_row(row, 0, [f"00{row}", amount])
    for cell, text in formulas.items():
        mine.write_formula(cell, text)
    book.close()
    return path


IDS = [
    "00123",
    "1/2",
    "=x",
    "+1",
    "-1",
    "@x",
    "1E5",
    "12345678901234567890",
    "TRUE",
    "#N/A",
    "'quoted",
    "2025-04-01",
    "50%",
    "$5",
    " 7 ",
    "Apr-26",
]


@pytest.mark.parametrize("kind", [Kind.ID, Kind.TEXT, Kind.WRAP, Kind.INPUT])
def test_texts_stay_texts_whatever_they_look_like(host, book, kind):
    one = host(book)
    one.write([one_column(list(IDS), kind, "str")])
    assert body(one) == IDS


def test_texts_stay_texts_beside_other_values(host, book):
    one = host(book)
    one.write([one_column([*IDS, 1.5, True, None], Kind.VALUE)])
    assert body(one) == [*IDS, 1.5, True]


@pytest.mark.parametrize("text", [*IDS, "Title", "April 2026", "a = b", "line\nbreak", "ÄÖ €"])
def test_a_free_text_stays_a_text(host, book, text):
    one = host(book)
    one.write([Sheet(name="Fresh", cells=(Cell(row=2, column=2, value=text, style="label"),))])
    assert one.cells("Fresh") == [[], [None, text]]


def test_cells_of_every_type(host, book):
    one = host(book)
    values = ["text", 1.5, -0.0, 7, True, False, dt.date(2025, 4, 1), dt.datetime(2025, 4, 1, 10, 30), None, "", "end"]
    one.write(
        [Sheet(name="Fresh", cells=tuple(Cell(row=1, column=at, value=value) for at, value in enumerate(values, 1)))]
    )
    shown = ["text", 1.5, 0, 7, True, False, dt.date(2025, 4, 1), dt.datetime(2025, 4, 1, 10, 30), None, None, "end"]
    assert one.cells("fresh") == [shown]
    assert [type(value) for value in one.cells("Fresh")[0][:4]] == [str, float, float, float]
    assert one.cells("Nowhere") == []


@pytest.mark.parametrize(
    ("kind", "dtype", "values", "shown"),
    [
        (Kind.AMOUNT, "int64", [12_345_000, -50_000, 1, 0], [1234.5, -5.0, 0.0001, 0.0]),
        (Kind.AMOUNT, "Int64", [12_345_000, None, 9_007_199_254_740_993], [1234.5, None, 900719925474.0993]),
        (Kind.INTEGER, "Int64", [3, None, -4], [3, None, -4]),
        (Kind.NUMBER, "float64", [0.1, float("nan"), -1e-9], [0.1, None, -1e-9]),
        (Kind.DATE, "datetime64[s]", ["2025-04-01", None, "2025-04-02 10:00"], [dt.date(2025, 4, 1), None, dt.date(2025, 4, 2)]),
        (Kind.DATETIME, "datetime64[s]", ["2025-04-01 23:59:59", None, "1950-01-01 06:00"], [dt.datetime(2025, 4, 1, 23, 59, 59), None, dt.datetime(1950, 1, 1, 6)]),
        (Kind.DATE, "object", [dt.date(1850, 1, 1), dt.date(2025, 4, 1)], ["1850-01-01", dt.date(2025, 4, 1)]),
        (Kind.VALUE, "object", [1.5, "a", True, None, ExcelError("#N/A"), 2], [1.5, "a", True, None, None, 2]),
        (Kind.VALUE, "bool", [True, False], [True, False]),
        (Kind.INPUT_DATE, "object", [dt.date(2025, 4, 1), "soon", None, "x"], [dt.date(2025, 4, 1), "soon", None, "x"]),
    ],
)  # fmt: skip
def test_columns_of_every_kind(host, book, kind, dtype, values, shown):
    one = host(book)
    one.write([one_column([*values, *values[:1]], kind, dtype)])
    assert body(one) == [*shown, *shown[:1]]


def test_texts_are_cut_where_a_cell_ends(host, book):
    one = host(book)
    one.write([one_column(["x" * (MAX_TEXT + 5), "y" * MAX_TEXT, "\U0001f600" * 20_000], Kind.TEXT, "str")])
    assert body(one) == ["x" * (MAX_TEXT - 1) + "…", "y" * MAX_TEXT, "\U0001f600" * (MAX_TEXT // 2) + "…"]


@pytest.mark.parametrize("sizes", [(3, 0), (3, 1), (3, 40), (40, 3), (0, 5)])
def test_a_table_grows_and_shrinks_and_leaves_nothing_behind(host, book, sizes):
    one = host(book)
    for rows in sizes:
        one.write([samples.sheet(rows)])
        grid = one.cells("Ours")
        assert grid[0] == ["Title"]
        assert grid[4] == ["Order id", "Amount", "Date"]
        assert [row[0] for row in grid[5:]] == [f"00{at}" for at in range(rows)]


def test_a_sheet_of_ours_is_replaced_as_a_whole_but_for_tables_of_the_user(host, tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    ours = book.add_worksheet("Ours")
    ours.add_table("A5:C8", {"name": "tblOurs", "columns": [{"header": c.name} for c in samples.COLUMNS]})
    ours.add_table(
        "J2:K4", {"name": "tblMine", "columns": [{"header": "a"}, {"header": "b"}], "data": [[1, "x"], [2, "y"]]}
    )
    ours.write("E6", "a word beside")
    ours.write("A30", "a word below")
    book.close()
    one = host(tmp_path / "b.xlsx")
    one.write([samples.sheet(2)])
    grid = one.cells("Ours")
    assert [row[9:] for row in grid[1:4]] == [["a", "b"], [1, "x"], [2, "y"]]
    assert [row[3:9] for row in grid[5:]] == [[], []]


def test_only_the_given_cells_of_the_users_sheet_change(host, book):
    one = host(book)
    before = one.cells("Data")
    cells = (
        Cell(row=2, column=2, value=7.0),
        Cell(row=9, column=5, value="00123"),
        Cell(row=9, column=6, value=dt.date(2025, 4, 1)),
    )
    one.write([Sheet(name="Data", owned=False, cells=cells)])
    after = one.cells("Data")
    assert after[1][1] == 7
    assert after[8] == [None, None, None, None, "00123", dt.date(2025, 4, 1)]
    assert [row[:1] for row in after[:4]] == [row[:1] for row in before[:4]]
    # Its own SUM(B2:B4) is worked out again by a program; a file keeps the old figure until one opens it.
    assert after[0][3] == (6 if isinstance(one, FileHost) else 12)


def test_a_table_on_the_users_sheet_keeps_what_is_around_it(host, tmp_path):
    path = user_book(tmp_path / "b.xlsx", {"A1": "=1+1"})
    one = host(path)
    one.write(
        [
            Sheet(
                name="Ours",
                owned=False,
                tables=(samples.table(1),),
                cells=(Cell(row=2, column=5, value="kept beside"),),
            )
        ]
    )
    one.write([Sheet(name="Ours", owned=False, tables=(samples.table(4),))])
    grid = one.cells("Ours")
    assert grid[1] == [None, None, None, None, "kept beside"]
    assert [row[0] for row in grid[5:]] == ["000", "001", "002", "003"]


def test_a_smaller_table_on_the_users_sheet_blanks_the_dropped_rows(host, tmp_path):
    one = host(user_book(tmp_path / "b.xlsx", {}))
    one.write([Sheet(name="Ours", owned=False, tables=(samples.table(1),))])
    assert len(one.cells("Ours")) == 6


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda: samples.sheet(2, name="Else"), "H-114"),  # the table stands on Ours
        (lambda: samples.sheet(2, tables=(samples.table(name="Rows"),)), "H-114"),  # a defined name
        (lambda: samples.sheet(2, name="Data", tables=(samples.table(2, name="tblNew", row=2),)), "H-113"),
        (lambda: Sheet(name="Data", cells=(Cell(row=2, column=1, value="x"),)), "H-113"),
        (lambda: Sheet(name="Big", cells=(Cell(row=1_048_577, column=1, value="x"),)), "H-115"),
        (
            lambda: Sheet(name="Ours", owned=False, tables=(samples.table(2, name="tblNew", row=1, column=6),)),
            "H-113",
        ),  # merged
    ],
)
def test_refusals_are_the_same_and_change_nothing(host, book, change, code):
    one = host(book)
    before = [one.cells(name) for name in ("Ours", "Data")]
    with pytest.raises(ReconError, match=code):
        one.write([samples.sheet(9, name="First", tables=(samples.table(9, name="tblFirst"),)), change()])
    assert [one.cells(name) for name in ("Ours", "Data", "First", "Else")] == [*before, [], []]


def test_a_bug_in_the_sheets_is_no_refusal(host, book):
    twice = Cell(row=1, column=1, value="x")
    for sheets in ([samples.sheet(1), samples.sheet(2)], [Sheet(name="Fresh", cells=(twice, twice))]):
        with pytest.raises(ValueError, match=r"twice|two cells"):
            host(book).write(sheets)


def test_headers_are_made_what_a_table_demands(host, book):
    names = ["A", "a", "", "A", "00123", "=x", "1/2"]
    columns = tuple(Column(name=name) for name in names)
    frame = pd.DataFrame([["v"] * len(names)], columns=[str(at) for at in range(len(names))])
    one = host(book)
    one.write([Sheet(name="Fresh", tables=(Table(name="tblX", columns=columns, frame=frame),))])
    assert one.cells("Fresh")[4] == ["A", "a2", "Column3", "A3", "00123", "=x", "1/2"]


def test_a_column_moves_in_a_table_that_is_there(host, book):
    one = host(book)
    one.write([samples.sheet(3)])
    table = samples.table(3)
    swapped = Table(name=table.name, columns=table.columns[::-1], frame=table.frame[table.frame.columns[::-1]])
    one.write([samples.sheet(3, tables=(swapped,))])
    grid = one.cells("Ours")
    assert grid[4] == ["Date", "Amount", "Order id"]
    assert grid[5] == [dt.date(2025, 4, 1), 1234.5, "000"]


def test_formulas_and_calculated_columns_show_what_they_give(host, book):
    columns = (
        Column(name="Price", kind=Kind.NUMBER),
        Column(name="Twice", kind=Kind.NUMBER, formula="tblP[[#This Row],[Price]]*2"),
        Column(
            name="Share",
            kind=Kind.NUMBER,
            formula="tblP[[#This Row],[Price]]/SUM((tblP[Price]>0)*tblP[Price])",
            is_array=True,
        ),
        Column(name="Live", kind=Kind.VALUE),
    )
    frame = pd.DataFrame({
        "Price": [1.0, 2.0, 5.0], "Twice": [2.0, float("nan"), 10.0], "Share": [0.125, 0.25, 0.625],
        "Live": pd.Series([Formula("1+1", 2), "text", Formula("TRUE()", value=True)], dtype=object),
    })  # fmt: skip
    cells = (
        Cell(row=1, column=1, value=Formula("SUM(tblP[Twice])", 12.0), style="amount"),
        Cell(row=2, column=1, value=Formula('IF(A1>10,"much","little")', "much")),
    )
    one = host(book)
    one.write([Sheet(name="Fresh", cells=cells, tables=(Table(name="tblP", columns=columns, frame=frame),))])
    grid = one.cells("Fresh")
    assert [row[0] for row in grid[:2]] == [12, "much"]
    assert grid[5:] == [[1, 2, 0.125, 2], [2, None, 0.25, "text"], [5, 10, 0.625, True]]


def test_several_sheets_are_written_in_one_go(host, book):
    one = host(book)
    made = [samples.sheet(at, name=f"New {at}", tables=(samples.table(at, name=f"tbl{at}"),)) for at in (1, 2, 3)]
    one.write([*made, samples.sheet(2)])
    assert [len(one.cells(f"New {at}")) for at in (1, 2, 3)] == [6, 7, 8]
    one.write([])
    assert len(one.cells("Ours")) == 7


def test_verbs_for_people(host, book):
    one = host(book)
    one.progress("Reading", 0.5)
    one.show([])
    assert one.choose("Which?", ["a"]) is None
    one.save()
