"""The cursor that is moved instead of asking for ranges, and what rests while a book is written to."""

from __future__ import annotations

import pytest

from addin.calc.pointer import Pointer

pytestmark = pytest.mark.office

LAST_ROW, LAST_COLUMN = 1_048_575, 16_383
PLACES = [  # row, column, rows, columns, counted from 0
    (0, 0, 1, 1),
    (4, 2, 3, 2),
    (4, 2, 3, 2),
    (LAST_ROW, LAST_COLUMN, 1, 1),
    (0, 0, LAST_ROW + 1, 1),
    (7, 0, 1, LAST_COLUMN + 1),
    (LAST_ROW - 2, LAST_COLUMN - 1, 3, 2),
    (0, 0, LAST_ROW + 1, LAST_COLUMN + 1),
    (1, 1, 20_000, 17),
    (LAST_ROW - 1, 0, 2, 3),
    (2, 5, 1, 9),
]


def where(cells):
    found = cells.getRangeAddress()
    rows, columns = found.EndRow - found.StartRow + 1, found.EndColumn - found.StartColumn + 1
    return found.StartRow, found.StartColumn, rows, columns


def test_the_pointer_is_where_it_is_sent_from_wherever_it_was(sheet):
    pointer = Pointer(sheet.impl.xl)
    for first in PLACES:
        for then in PLACES:
            pointer.at(*first)
            assert where(pointer.at(*then)) == then


def test_rows_put_in_meanwhile_do_not_lead_it_astray(sheet):
    sheet["B5"].number_format = "0.00"
    sheet["3:4"].insert("down")  # as a user may while we work; the cursor has moved with its cell
    sheet["B5"].color = (255, 0, 0)
    assert (sheet["B5"].color, sheet["B7"].color) == ((255, 0, 0), None)
    assert (sheet["B5"].number_format, sheet["B7"].number_format) == ("General", "0.00")


def test_a_range_in_hand_stays_when_another_is_used(sheet):
    one, other = sheet["A1:B2"].impl, sheet["D4"].impl
    kept = one.xl
    other.here.setPropertyValue("CharWeight", 150.0)
    kept.setPropertyValue("CharPosture", kept.getPropertyValue("CharPosture"))
    assert where(kept) == (0, 0, 2, 2)
    assert (sheet["A1:B2"].font.bold, sheet["D4"].font.bold) == (False, True)


def test_sheets_got_hold_of_again_and_again_leave_no_pile_of_pointers(book):
    for number in range(500):
        book.impl.sheets.active.range("A1").raw_value = number
    assert len(book.impl._pointers) < 300
    assert book.sheets[0]["A1"].value == 499


def test_after_a_write_nothing_of_before_can_be_undone(app, book, sheet):
    manager = book.impl.xl.getUndoManager()
    sheet["A1"].color = (255, 0, 0)
    assert manager.isUndoPossible()
    with app.properties(screen_updating=False):
        sheet["B1"].value = "written"
    assert not manager.isUndoPossible()  # it would put old cells into a sheet that has changed
    sheet["A1"].color = (0, 0, 255)
    manager.undo()
    assert (sheet["A1"].color, sheet["B1"].value) == ((255, 0, 0), "written")


@pytest.mark.parametrize("tall", [None, "wrap", "size"])
def test_rows_far_down_fit_where_a_cell_needs_it(app, sheet, tall):
    with app.properties(screen_updating=False):
        sheet["A1:A600"].value = [["a plain line"]] * 600
        sheet["A2"].value, sheet["A2"].wrap_text = "words " * 40, True
        if tall == "wrap":
            sheet["A500"].value, sheet["A500"].wrap_text = "words " * 40, True
        if tall == "size":
            sheet["A500"].font.size = 30
    plain = sheet["A499"].row_height
    assert sheet["A2"].row_height > 2 * plain
    assert (sheet["A500"].row_height > 2 * plain) is bool(tall)


def test_a_width_that_is_there_already_is_left(sheet):
    sheet["A1:C1"].column_width = 20
    sheet["B1"].column_width = 30
    for wanted in (30, 20.5, 20):
        sheet["B1"].column_width = wanted
        assert sheet["B1"].column_width == pytest.approx(wanted, abs=0.1)
    sheet["A1:C1"].column_width = 20  # the first is as wide already, its neighbour is not
    sheet["B1"].column_width = 12
    sheet["A1:C1"].column_width = 20
    assert sheet["A1:C1"].column_width == pytest.approx(20, abs=0.1)
