"""How a new sheet that is wider than a page is printed, and what stands still on the screen."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest

from addin.hosts.worksheet import PAGE, pages_across
from recon_core.sheets import Column, Kind, Sheet, Table
from tests.hosts import pkgcheck
from tests.hosts.package_side import write, xml

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.mark.parametrize(
    ("widths", "freeze_column", "pages"),
    [
        ([20.0] * 12, 0, 1),
        ([PAGE], 0, 1),
        ([PAGE / 2, PAGE / 2, 1.0], 0, 2),
        ([20.0] * 33, 2, 3),  # one column of 20 repeated: 640 on pages that have 260 left
        ([20.0] * 33, 0, 3),
        ([200.0, 200.0], 2, 2),  # what is repeated leaves half a page at least
    ],
)
def test_pages_side_by_side(widths, freeze_column, pages):
    assert pages_across(dict(enumerate(widths, 1)), freeze_column) == pages


def test_no_columns_are_one_page():
    assert pages_across({}) == 1


def wide(columns: int, **more: object) -> Sheet:
    described = tuple(Column(name=f"Column {at}", kind=Kind.ID, width=20) for at in range(1, columns + 1))
    frame = pd.DataFrame({column.name: pd.array(["x"], "str") for column in described})
    return Sheet(name="Wide one", tables=(Table(name="tblWide", columns=described, frame=frame),), freeze_row=6, **more)  # type: ignore[arg-type]


@pytest.fixture
def book(tmp_path) -> Path:
    path = tmp_path / "Book.xlsx"
    openpyxl.Workbook().save(path)
    return path


def test_a_wide_sheet_repeats_what_says_which_row_it_is(book):
    write(book, wide(33, freeze_column=3))
    assert pkgcheck.check(book) == []
    sheet = openpyxl.load_workbook(book)["Wide one"]
    assert sheet.freeze_panes == "C6"
    assert (sheet.print_title_cols, sheet.print_title_rows) == ("$A:$B", "$5:$5")
    assert sheet.page_setup.fitToWidth == 3
    assert "'Wide one'!$A:$AG</definedName>" in xml(book, "xl/workbook.xml")


def test_panes_of_rows_and_columns_are_all_selected(book):
    write(book, wide(3, freeze_column=2))
    with ZipFile(book) as package:
        view = ET.fromstring(package.read("xl/worksheets/sheet2.xml")).find(f".//{MAIN}sheetView")
    assert view is not None
    pane = view.find(f"{MAIN}pane")
    assert pane is not None
    assert dict(pane.attrib) == {
        "xSplit": "1", "ySplit": "5", "topLeftCell": "B6", "activePane": "bottomRight", "state": "frozen",
    }  # fmt: skip
    assert [one.get("pane") for one in view.findall(f"{MAIN}selection")] == ["topRight", "bottomLeft", "bottomRight"]


def test_a_narrow_sheet_is_as_it_was(book):
    write(book, wide(3))
    sheet = openpyxl.load_workbook(book)["Wide one"]
    assert (sheet.freeze_panes, sheet.print_title_cols, sheet.page_setup.fitToWidth) == ("A6", None, 1)
    assert "Print_Area" not in xml(book, "xl/workbook.xml")
