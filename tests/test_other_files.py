"""Files that no leg has, supporting data and what formulas ask for: fingerprints on Files, and what notices that they changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import openpyxl
import pytest

from addin.demo import make_demo
from recon_core.reports.case import TABLE_ROW
from tests.demo_runs import copied, rows_of, run_book, tieout

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
