"""`tieout formula` and `tieout functions`: a formula tried out, and the functions there are. Nothing is ever written."""

from __future__ import annotations

import hashlib
import json

import pytest
from click.testing import CliRunner

from addin.cli import main
from addin.hosts.file import FileHost
from addin.new_book import make
from addin.preview import preview
from recon_core.formula import FUNCTIONS, fallback_functions
from recon_core.formula.unavailable import UNAVAILABLE
from recon_core.problems import ReconError

ORDERS = "Order,Price,Discount,When\n" + "".join(f"O{n},{n * 100},{n},{n:02d}/04/2026\n" for n in range(1, 16))


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A workbook with two sources, and one derived column."""
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "log"))
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "paid.csv").write_text("Id,Amount\nO1,99.00\nO2,n/a\n")
    path = tmp_path / "Book.xlsx"
    make(path, {
        "Sources": [{"Source": "OMS", "File or pattern": "orders.csv"}, {"Source": "Bank file", "File or pattern": "paid.csv"}],
        "Legs": [{"Leg": "Rows", "Side A": "OMS", "Side B": "Bank file"}],
        "Mapping": [
            {"Leg": "Rows", "Side": side, "Meaning": meaning, "Column": column}
            for side, meaning, column in (("A", "id", "Order"), ("A", "amount", "Net"), ("B", "id", "Id"), ("B", "amount", "Amount"))
        ],
        "Derived columns": [{"Source": "OMS", "Column": "Net", "Formula": "=ROUND([@Price]*(1-[@Discount]%),2)"}],
    })  # fmt: skip
    return path


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def first(book, text, *options):
    """`tieout formula --json` -> the object."""
    done = call("formula", book, text, "--json", *options)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_ten_rows_with_what_is_read_and_what_comes_out(book):
    found = first(book, "=[@Net]/[@Price]")
    assert (found["source"], found["rows"], len(found["first"])) == ("OMS", 15, 10)
    assert found["columns"] == [
        {"name": "Price", "holds": "number"}, {"name": "Net", "holds": "number"}, {"name": "Result", "holds": "number"},
    ]  # fmt: skip
    assert found["first"][1] == {"row": "3", "Price": "200", "Net": "196", "Result": "0.98"}
    assert found["problems"] == []


def test_the_first_source_with_the_columns_is_taken_or_the_one_named(book):
    assert first(book, '=UPPER([@Id])&"x"')["source"] == "Bank file"
    assert first(book, "=1+1", "--source", "Bank file", "--rows", "1")["first"] == [{"row": "2", "Result": "2"}]
    assert first(book, "=SUMIFS(Bank_file[Amount],Bank_file[Id],[@Order])")["first"][0]["Result"] == "99"


def test_dates_are_shown_as_dates(book):
    found = first(book, "=EOMONTH([@When],0)", "--rows", "1")
    assert found["columns"][-1] == {"name": "Result", "holds": "date"}
    assert found["first"] == [{"row": "2", "When": "2026-04-01", "Result": "2026-04-30"}]


def test_rows_with_errors_are_counted_beyond_the_first_ten(book):
    found = first(book, "=IF([@Price]=1500,VALUE([@Order]),1)")
    assert [row["Result"] for row in found["first"]] == ["1"] * 10
    assert [(one["code"], one["where"]["row"]) for one in found["problems"]] == [("D-705", 16)]


def test_a_table_for_people(book):
    done = call("formula", book, "=[@Price]*2", "--rows", "2")
    assert done.exit_code == 0
    assert "=[@Price]*2 on OMS, first 2 of 15 rows" in done.stdout
    assert all(text in done.stdout for text in ("Price", "(number)", "Result", "200", "400"))


@pytest.mark.parametrize(
    ("text", "code", "said", "caret"),
    [
        ("=1+", "D-701", "The formula ends too early.", "=1+\n   ^"),
        ("=ROUND([@Price]", "D-701", "The ( of ROUND is never closed.", "=ROUND([@Price]\n      ^"),
        ("=XLOKUP(1,2,3)", "D-701", "Did you mean 'XLOOKUP'?", "=XLOKUP(1,2,3)\n ^"),
        ("=1+[@Prise]", "D-701", "Did you mean 'Price'?", "=1+[@Prise]\n   ^"),
        ("=LEFT([@Order],1,2)", "D-701", "LEFT has 3 arguments, it needs 1 to 2.", "=LEFT([@Order],1,2)\n ^"),
        ("=TODAY()", "D-701", "TODAY changes from day to day", "=TODAY()\n ^"),
    ],
)
def test_a_mistake_is_shown_with_its_place(book, text, code, said, caret):
    done = call("formula", book, text)
    assert done.exit_code == 4
    assert code in done.stdout
    assert said in done.stdout
    assert caret in done.stdout
    assert "Traceback" not in done.output


def test_a_source_that_is_not_there(book):
    done = call("formula", book, "=1", "--source", "ERP")
    assert (done.exit_code, "N-110" in done.stdout) == (4, True)


def test_nothing_is_written(book):
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in book.parent.glob("*.*")}
    call("formula", book, "=[@Price]*2")
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in book.parent.glob("*.*")} == before


def test_the_add_in_may_call_it(book):
    found = preview(FileHost(book), book, "=[@Price]*2", rows=3)
    assert [cells[-1] for cells in found.cells] == ["200", "400", "600"]
    with pytest.raises(ReconError, match="D-701"):
        preview(FileHost(book), book, "=[@Price")


def test_all_functions_are_listed_with_where_they_come_from():
    found = json.loads(call("functions", "--json").stdout)["functions"]
    listed = {one["name"]: one for one in found}
    assert {name for name, one in listed.items() if one["source"] == "own"} == set(FUNCTIONS) - UNAVAILABLE
    assert {name for name, one in listed.items() if one["source"] == "fallback"} == set(fallback_functions())
    assert len(listed) == len(found)
    assert len(set(FUNCTIONS) - UNAVAILABLE) >= 120
    assert all(one["help"].endswith(".") and one["shown"].startswith(one["name"]) for one in found)
    assert not set(listed) & UNAVAILABLE


def test_one_function_is_explained_and_a_wrong_name_corrected():
    assert "LEFT(text, [count])  The first characters of a text." in call("functions", "left").stdout
    done = call("functions", "XLOKUP")
    assert (done.exit_code, "XLOOKUP" in done.stdout, "N-111" in done.stdout) == (4, True, True)
    assert "changes from day to day" in call("functions", "TODAY").stdout
