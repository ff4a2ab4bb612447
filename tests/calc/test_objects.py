"""Books, sheets, tables, names, messages and macros of a live LibreOffice."""

from __future__ import annotations

import datetime as dt

import pytest
import xlwings as xw

from addin.calc.border import CalcError
from recon_core.problems import ReconError

pytestmark = pytest.mark.office


@pytest.fixture
def orders(sheet):
    sheet["A1"].value = [["Id", "Unit Price", "Qty", "Total"], ["a", 2.5, 3, None], ["b", 4, 5, None]]
    return sheet.tables.add(sheet["A1:D3"], name="Orders")


def test_tables(sheet, orders):
    assert (orders.name, orders.range.address, orders.show_autofilter) == ("Orders", "$A$1:$D$3", True)
    assert orders.header_row_range.value == ["Id", "Unit Price", "Qty", "Total"]
    assert orders.data_body_range.address == "$A$2:$D$3"
    assert sheet["B2"].table.name == "Orders"
    orders.table_style = "TableStyleLight1"
    assert sheet.tables["orders"].table_style == "TableStyleLight1"
    orders.show_autofilter = False
    assert not sheet.tables["Orders"].show_autofilter
    orders.resize(sheet["A1:E4"])
    assert sheet["E1"].value == "Column1" or sheet["E1"].value == "Column5"
    with pytest.raises(CalcError, match="overlap"):
        sheet.tables.add(sheet["B2:C5"], name="Other")
    with pytest.raises(CalcError, match="exists already"):
        sheet.tables.add(sheet["H1:I2"], name="Orders")


def test_structured_references(sheet, orders):
    sheet["D2:D3"].formula = "=[@[Unit Price]]*Orders[[#This Row],[Qty]]"
    sheet["F1:F4"].formula = [
        ["=SUM(Orders[Total])"],
        ["=COUNTA(Orders[#All])"],
        ["=ROWS(Orders)"],
        ["=SUM(Orders[[Unit Price]:[Qty]])"],
    ]
    assert sheet["D2:D3"].value == [7.5, 20.0]
    assert sheet["F1:F4"].value == [27.5, 12.0, 2.0, 14.5]
    assert sheet["D3"].formula == "=Orders[[#This Row],[Unit Price]]*Orders[[#This Row],[Qty]]"
    sheet["B1"].value = "Price"  # a header that changes is followed, as in Excel
    assert sheet["D2"].formula == "=Orders[[#This Row],[Price]]*Orders[[#This Row],[Qty]]"
    with pytest.raises(CalcError, match="names no table"):
        sheet["H2"].formula = "=[@Qty]"


def test_tables_and_formulas_survive_the_file(app, book, sheet, orders, tmp_path):
    sheet["D2:D3"].formula = "=[@Qty]*2"
    sheet["E1"].formula = "=SUM(Orders[Total])"
    sheet["F1"].value = [dt.datetime(2024, 1, 31), True, "text"]
    path = tmp_path / "saved.xlsx"
    book.save(path)
    assert (book.name, book.fullname) == ("saved.xlsx", str(path))
    book.close()
    again = app.books.open(path)
    found = again.sheets[0]
    assert found.tables["Orders"].range.address == "$A$1:$D$3"
    assert (found["D3"].formula, found["E1"].formula) == ("=Orders[[#This Row],[Qty]]*2", "=SUM(Orders[Total])")
    assert found["E1:H1"].value == [16.0, dt.datetime(2024, 1, 31), True, "text"]
    assert app.books.open(path) == again
    again.close()


def test_names(book, sheet):
    book.names.add("tieout_status", "=Sheet1!$B$2")
    sheet["B2"].value = "ready"
    assert book.names["tieout_status"].refers_to == "=Sheet1!$B$2"
    assert book.names["tieout_status"].refers_to_range.value == "ready"
    assert sheet["tieout_status"].value == "ready"
    assert sheet["B2"].name.name == "tieout_status"
    sheet["A1:A3"].name = "block"
    assert "block" in book.names
    book.names["block"].delete()
    assert "block" not in book.names


def test_a_name_follows_its_sheet(book, sheet):
    book.names.add("here", "=Sheet1!$B$2")
    sheet.name = "My data"
    assert book.names["here"].refers_to == "='My data'!$B$2"


def test_sheets(book, sheet):
    added = book.sheets.add("New", after=sheet)
    assert [one.name for one in book.sheets] == ["Sheet1", "New"]
    assert book.sheets.active == added
    added.name = "Renamed"
    added.visible = False
    with pytest.raises(CalcError, match="visible"):
        sheet.delete()
    added.visible = True
    added.copy(name="Copied")
    assert [one.name for one in book.sheets] == ["Sheet1", "Renamed", "Copied"]
    book.sheets["Copied"].delete()
    with pytest.raises(CalcError, match="name of a sheet"):
        added.name = "a:b"
    sheet.activate()
    sheet["B2:C3"].select()
    assert (book.sheets.active.name, book.app.selection.address) == ("Sheet1", "$B$2:$C$3")
    sheet.freeze_panes.freeze_at("1:1")
    assert book.impl.controller.hasFrozenPanes()
    sheet.freeze_panes.unfreeze()
    assert not book.impl.controller.hasFrozenPanes()


def test_a_copied_sheet_has_its_own_tables(sheet, orders):
    copied = sheet.copy(name="Copy")
    assert [table.range.address for table in copied.tables] == ["$A$1:$D$3"]
    assert copied.tables[0].name != "Orders"


def test_mock_caller(book):
    book.set_mock_caller()
    assert xw.Book.caller() == book


@pytest.mark.parametrize(
    ("buttons", "answer"), [("ok", "ok"), ("ok_cancel", "ok"), ("yes_no", "yes"), ("yes_no_cancel", "yes")]
)
def test_an_alert_nobody_sees_does_not_block(app, buttons, answer):
    before = len(app.impl.alerts)
    assert app.alert("Done.", "Tieout", buttons, "info") == answer
    assert app.impl.alerts[before] == ("Done.", "Tieout", buttons, "info")


def test_files_that_cannot_be_opened(app, tmp_path):
    with pytest.raises(FileNotFoundError):
        app.books.open(tmp_path / "none.xlsx")
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(ReconError) as told:
        app.books.open(damaged)
    assert (told.value.problem.code, told.value.problem.where.file) == ("C-953", "damaged.xlsx")
    assert not [one for one in app.books if one.name == "damaged.xlsx"]


def test_a_book_that_cannot_be_saved(book, tmp_path):
    with pytest.raises(CalcError):
        book.save(tmp_path / "no such folder" / "a.xlsx")


def test_macros_run_only_where_they_are_allowed(app, book):
    with pytest.raises(CalcError, match="switched off"):
        book.macro("Module1.Twice")(21)


def test_a_table_renamed_there_and_back_is_still_itself(sheet):
    sheet["A1"].value = [["a", "b"], [1, 2]]
    table = sheet.tables.add(source=sheet["A1:B2"], name="tblFirst")
    for name in ("tblOther", "tblFirst"):
        table.name = name
        assert (table.range.address, sheet.tables[name].range.address) == ("$A$1:$B$2", "$A$1:$B$2")
    table.show_totals = True
    assert table.show_totals
