"""Files that no leg has, supporting data and what formulas ask for: fingerprints on Files, and what notices that they changed."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import openpyxl
import pytest

from addin.demo import make_demo
from recon_core.reports.case import TABLE_ROW
from tests.demo_runs import copied, rows_of, run_book, tieout, type_into

pytestmark = pytest.mark.xdist_group("demo")
OTHERS = ("No leg", "Supporting data")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_demo(tmp_path_factory.mktemp("others") / "demo")
    run_book(book)
    return book


@pytest.fixture
def book(ready: Path, tmp_path: Path) -> Path:
    return copied(ready, tmp_path)


def edited(book: Path) -> None:
    """Another category for some products."""
    path = book.parent / "sku_master.csv"
    path.write_text(path.read_text().replace("Kurtas", "Sarees"))


def as_before(book: Path) -> None:
    """The sheet Files as a run wrote it that did not list files of no leg yet."""
    sheets = openpyxl.load_workbook(book)
    sheet = sheets["Files"]
    for row in range(TABLE_ROW + 1, sheet.max_row + 1):
        if sheet.cell(row, 1).value in OTHERS:
            for column in range(1, sheet.max_column + 1):
                sheet.cell(row, column).value = None
    sheets.save(book)


def test_files_lists_what_no_leg_has(book):
    rows = [row for row in rows_of(book, "Files") if row["Leg"] in OTHERS]
    digest = hashlib.sha256((book.parent / "sku_master.csv").read_bytes()).hexdigest()
    found = [(row["Leg"], row["Source"], row["File"], row["Rows"], row["SHA-256"]) for row in rows]
    assert found == [
        ("No leg", "Products", "sku_master.csv", 24, digest),
        ("Supporting data", "OMS", "sku_master.csv", 24, digest),
    ]
    assert {row[name] for row in rows for name in ("Side", "Amount", "Rows on data sheet", "Agrees")} == {None}


def test_an_export_notices_supporting_data_that_changed(book):
    edited(book)
    told = tieout("export", "journal", book, code=4)
    assert "X-812" in told
    assert "sku_master.csv has changed" in told
    told = tieout("export", "settlement", book, "--payout", "FNSET-0410", "--format", "csv")
    assert "X-812" in told
    written = next(book.parent.glob("*settlement_FNSET-0410.csv")).read_text(encoding="utf-8-sig")
    assert "sku_master.csv has changed" in written


def test_an_export_notices_supporting_data_that_is_gone(book):
    (book.parent / "sku_master.csv").unlink()
    assert "sku_master.csv is gone" in tieout("export", "journal", book, code=4)


def test_nothing_is_said_of_files_that_the_run_has_not_recorded(book):
    as_before(book)
    edited(book)
    assert "X-812" not in tieout("export", "settlement", book, "--payout", "FNSET-0410", "--format", "csv")
    assert "X-812" not in tieout("export", "journal", book)


def test_changes_names_supporting_data_as_file_and_cause(book):
    run_book(book)
    assert rows_of(book, "Changes") == []
    edited(book)
    run_book(book)
    rows = rows_of(book, "Changes")
    assert [
        (row["Of"], row["Leg"], row["Id"], row["Change"], row["What else"]) for row in rows if row["Of"] == "File"
    ] == [("File", "OMS", "sku_master.csv", "Re-issued", "24 rows")]
    orders = [row for row in rows if row["Of"] == "Order"]
    assert orders
    assert {row["Cause"] for row in orders} == {"sku_master.csv is another"}


def test_changes_says_nothing_of_files_that_the_run_before_has_not_recorded(book):
    as_before(book)
    edited(book)
    run_book(book)
    rows = rows_of(book, "Changes")
    assert [row for row in rows if row["Of"] == "File"] == []
    assert not [row for row in rows if "sku_master" in str(row["Cause"])]


def with_sheets(book: Path) -> None:
    """The bank statement and the products as sheets of the workbook, as a user may keep them."""
    sheets = openpyxl.load_workbook(book)
    for name, file in (("Bank rows", "bank_hdfc_april.csv"), ("Products", "sku_master.csv")):
        sheet = sheets.create_sheet(name)
        for row in csv.reader((book.parent / file).read_text().splitlines()):
            sheet.append(row)
    for row in sheets["Setup"].iter_rows():
        for at, cell in enumerate(row[:3]):
            sheet = {"bank_*.csv": "Bank rows", "sku_master.csv": "Products"}.get(str(cell.value))
            if sheet:
                row[at].value, row[at + 1].value = None, sheet
    sheets.save(book)


@pytest.fixture(scope="module")
def kept_inside(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = copied(ready, tmp_path_factory.mktemp("inside"))
    with_sheets(book)
    run_book(book)
    return book


def test_a_sheet_of_the_workbook_is_known_by_its_rows(kept_inside, tmp_path):
    book = copied(kept_inside, tmp_path)
    marks = {str(row["SHA-256"]) for row in rows_of(book, "Files") if row["File"] == book.name}
    assert len(marks) == 2
    assert all(mark.startswith("rows ") for mark in marks)
    run_book(book)
    assert [row for row in rows_of(book, "Changes") if row["Run"] == 3] == []
    assert "X-812" not in tieout("export", "journal", book)


def test_nothing_is_said_of_sheets_that_the_run_has_not_recorded_by_their_rows(kept_inside, tmp_path):
    book = copied(kept_inside, tmp_path)
    sheet = openpyxl.load_workbook(book)["Files"]
    at = next(cell.column for cell in sheet[TABLE_ROW] if cell.value == "SHA-256")
    for cell in sheet[openpyxl.utils.get_column_letter(at)]:
        if str(cell.value).startswith("rows "):
            type_into(book, "Files", cell.row, at, "0" * 64)
    type_into(book, "Bank rows", 12, 2, "Another text")
    assert "X-812" not in tieout("export", "journal", book)


@pytest.mark.parametrize(("sheet", "row", "column", "value"), [("Products", 2, 4, "Sarees"), ("Bank rows", 12, 2, "Another text")])  # fmt: skip
def test_an_export_notices_a_sheet_of_the_workbook_that_changed(kept_inside, tmp_path, sheet, row, column, value):
    book = copied(kept_inside, tmp_path)
    type_into(book, sheet, row, column, value)
    assert f"the sheet {sheet} has changed" in " ".join(tieout("export", "journal", book, code=4).split())
