"""Values, formulas and formats on live cells."""

from __future__ import annotations

import datetime as dt

import pytest

from addin.calc.border import CalcError
from addin.calc.values import CellError

pytestmark = pytest.mark.office


def test_entries_are_coerced_as_excel_does(sheet):
    sheet["A1:A4"].value = [["00123"], ["TRUE"], ["=1+2"], ["INV-1"]]
    assert sheet["A1:A4"].value == [123.0, True, 3.0, "INV-1"]


def test_text_cells_keep_what_they_are_given(sheet):
    ids = [["00123"], ["1/2"], ["=1+2"], ["-x"], ["TRUE"], [5.0]]
    sheet["B1:B6"].number_format = "@"
    sheet["B1:B6"].raw_value = ids
    assert sheet["B1:B6"].value == ["00123", "1/2", "=1+2", "-x", "TRUE", "5"]
    sheet["B7"].value = "00123"  # the neighbour is General
    assert sheet["B7"].value == 123.0


def test_dates_and_booleans_come_back(sheet):
    row = [dt.datetime(2024, 2, 29, 13, 5), dt.datetime(2024, 1, 1), True, False, 1.0]
    sheet["A1"].value = row
    assert sheet["A1:E1"].value == row
    assert [type(one) for one in sheet["A1:E1"].raw_value[0]] == [dt.datetime, dt.datetime, bool, bool, float]
    sheet["C1:D1"].value = [7, 8]  # a number over a boolean is a number again
    assert sheet["C1:D1"].value == [7.0, 8.0]
    sheet["G1"].formula = "=E1=1"
    assert sheet["G1"].value is True


def test_the_users_format_stays(sheet):
    sheet["A1"].number_format = "dd-mmm-yyyy"
    sheet["A1"].value = dt.datetime(2024, 1, 31)
    assert sheet["A1"].number_format == "dd-mmm-yyyy"
    sheet["B1"].number_format = "0.000"
    sheet["B1"].value = "5%"
    assert (sheet["B1"].number_format, sheet["B1"].value) == ("0.000", 0.05)


def test_empty_cells_and_empty_texts(sheet):
    sheet["A1"].formula = '=""'
    assert sheet["A1:B1"].raw_value == (("", None),)
    assert sheet["A1:B1"].value == [None, None]


def test_errors_are_errors(sheet):
    sheet["A1:D1"].value = ["=NA()", "=1/0", "#N/A", "=nosuch()"]
    raw = sheet["A1:D1"].raw_value[0]
    assert all(isinstance(one, CellError) for one in raw)
    assert [str(one) for one in raw] == ["#N/A", "#DIV/0!", "#N/A", "#NAME?"]
    assert sheet["A1:D1"].options(err_to_str=True).value == ["#N/A", "#DIV/0!", "#N/A", "#NAME?"]
    assert sheet["A1:D1"].value == [None] * 4


@pytest.mark.parametrize("formula", ["=NA()", "=IF(MOD(ROW(),2)=0,NA(),1/0)", '=IF(MOD(ROW(),2)=0,"a"+1,1/0)'])
def test_many_errors_are_those_of_single_cells(sheet, formula):
    sheet["A1:A30"].formula = formula
    assert [str(one) for (one,) in sheet["A1:A30"].raw_value] == [
        str(sheet[f"A{row}"].raw_value) for row in range(1, 31)
    ]


def test_a_formula_fills(sheet):
    sheet["A1:A4"].value = [[1], [2], [3], [4]]
    sheet["B1:C4"].formula = "=A1*2+$A$1"
    assert sheet["B1:C4"].value == [[3.0, 7.0], [5.0, 11.0], [7.0, 15.0], [9.0, 19.0]]
    assert sheet["C4"].formula == "=B4*2+$A$1"


def test_a_formula_fills_hidden_rows_and_keeps_formats(sheet):
    sheet["A1:A6"].value = [[value] for value in range(6)]
    sheet["B5:B6"].number_format = "0.00"
    sheet["2:3"].impl.row_hidden = True
    sheet["B1:B6"].formula = "=A1+1"
    assert sheet["B1:B6"].value == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert sheet["B6"].number_format == "0.00"
    assert sheet["B1"].number_format == "General"


def test_a_list_of_formulas(sheet):
    rows = 300  # enough to be recognised as a fill
    sheet.range((1, 1), (rows, 1)).value = [[float(row)] for row in range(1, rows + 1)]
    sheet.range((1, 2), (rows, 2)).formula = [[f"=A{row}*2"] for row in range(1, rows + 1)]
    sheet.range((1, 3), (rows, 3)).formula = [[f"=A{row}+{row}"] for row in range(1, rows + 1)]
    assert sheet.range((rows, 2), (rows, 3)).value == [600.0, 600.0]
    assert sheet.range((2, 2), (2, 3)).formula == (("=A2*2", "=A2+2"),)


def test_constants_in_the_formula_bar(sheet):
    sheet["A1:D1"].value = [5, "x", True, None]
    sheet["E1"].value = dt.datetime(2024, 1, 31)
    assert sheet["A1:E1"].formula == (("5", "x", "TRUE", "", "45322"),)


def test_a_mistyped_formula_is_refused(sheet):
    sheet["A1"].value = 5
    with pytest.raises(CalcError, match="mistake in its text"):
        sheet["B1"].formula = "=1+"
    assert sheet["B1"].value is None


def test_array_formula(sheet):
    sheet["A1:A3"].value = [[1], [2], [3]]
    sheet["B1"].formula_array = "=SUM(A1:A3*A1:A3)"
    assert sheet["B1"].value == 14.0
    assert sheet["B1"].formula_array == "=SUM(A1:A3*A1:A3)"


def test_manual_calculation(app, sheet):
    sheet["A1"].value = 1
    sheet["B1"].formula = "=A1*2"
    with app.properties(
        calculation="manual", screen_updating=False, enable_events=False, display_alerts=False, status_bar="At work"
    ):
        assert app.status_bar == "At work"
        sheet["A1"].value = 5
        assert sheet["B1"].value == 2.0
        app.calculate()
        assert sheet["B1"].value == 10.0
    assert (app.calculation, app.screen_updating, app.status_bar) == ("automatic", True, False)


def test_properties_are_restored_when_unos_exception_crosses(app, sheet):
    with pytest.raises(CalcError), app.properties(calculation="manual"):
        sheet["A1"].number_format = "[[["
    assert app.calculation == "automatic"


def test_looks(sheet):
    cells = sheet["A1:B2"]
    cells.color, cells.font.color = "#1F4E78", (255, 255, 255)
    cells.font.bold, cells.font.italic, cells.font.size, cells.wrap_text = True, True, 14, True
    cells.horizontal_alignment, cells.vertical_alignment = "center", "top"
    cells.column_width, cells.row_height = 20, 30
    assert (cells.color, cells.font.color) == ((31, 78, 120), (255, 255, 255))
    assert (cells.font.bold, cells.font.italic, cells.font.size, cells.wrap_text) == (True, True, 14.0, True)
    assert (cells.horizontal_alignment, cells.vertical_alignment) == ("center", "top")
    assert (cells.column_width, cells.row_height) == (pytest.approx(20, abs=0.1), 30.0)
    assert sheet["A1:C1"].color is None  # they differ
    sheet.autofit()


def test_neighbours(sheet):
    sheet["B2"].value = [["a", "b"], [1, 2], [3, 4]]
    assert sheet.used_range.address == "$B$2:$C$4"
    assert sheet["B2"].expand().address == "$B$2:$C$4"
    assert sheet["C3"].current_region.address == "$B$2:$C$4"
    assert [sheet["B2"].end(way).address for way in ("down", "right", "up", "left")] == ["$B$4", "$C$2", "$B$1", "$A$2"]


def test_hyperlinks_and_notes(sheet):
    sheet["A1"].add_hyperlink("https://example.org", "here")
    assert (sheet["A1"].hyperlink, sheet["A1"].value) == ("https://example.org", "here")
    with pytest.raises(CalcError, match="hyperlink"):
        _ = sheet["A2"].hyperlink
    sheet["A2"].add_note("seen")
    assert sheet["A2"].note.text == "seen"
    sheet["A2"].note.delete()
    assert sheet["A2"].note is None


def test_a_protected_sheet_refuses(sheet):
    sheet["A1:B2"].value = [[1, 2], [3, 4]]
    sheet.tables.add(sheet["D1:E2"], name="t")
    sheet["B2"].impl.xl.CellProtection = _unlocked(sheet["B2"].impl.xl.CellProtection)
    sheet.impl.xl.protect("")
    for change in (
        lambda: setattr(sheet["A1"], "value", 9),
        lambda: setattr(sheet["A1:B2"], "value", [[9, 9], [9, 9]]),  # one of them is locked
        lambda: setattr(sheet["A1"], "formula", "=1"),
        lambda: setattr(sheet["A1"], "number_format", "@"),
        lambda: setattr(sheet["A1"].font, "bold", True),
        sheet["A1"].clear_contents,
        lambda: sheet["1:1"].insert("down"),
        lambda: sheet["A1"].add_note("x"),
        lambda: sheet.tables["t"].resize(sheet["D1:E3"]),
    ):
        with pytest.raises(CalcError, match="protected"):
            change()
    sheet["B2"].value = 9
    assert sheet["A1:B2"].value == [[1.0, 2.0], [3.0, 9.0]]


def _unlocked(protection):
    protection.IsLocked = False
    return protection


def test_rows_fit_their_text_again_once_the_screen_is_updated(sheet):
    app = sheet.book.app
    sheet.range("A3").value = "by hand"
    sheet.range("A3").row_height = 60
    plain = sheet.range("A1").row_height
    with app.properties(screen_updating=False):
        sheet.range("A1:A3").value = [["a long text " * 40], ["short"], ["another long text " * 40]]
        sheet.range("A1:A3").wrap_text = True
        assert sheet.range("A1").row_height == plain
    assert sheet.range("A1").row_height > 2 * plain
    assert (sheet.range("A2").row_height, sheet.range("A3").row_height) == (plain, 60)


def test_a_sheet_renamed_or_replaced_by_the_user_is_found_anew(sheet):
    book = sheet.book
    first = book.sheets.add("Kept", after=book.sheets[-1])
    first.range("A1").value = 1
    document = book.impl.xl
    document.getSheets().removeByName("Kept")
    document.getSheets().insertNewByName("Kept", document.getSheets().getCount())
    assert book.sheets["Kept"].range("A1").value is None
    document.getSheets().getByName("Kept").setName("Renamed")
    assert "Kept" not in [one.name for one in book.sheets]
