"""What only an open workbook can meet: protection, filters, a user's hand, an end in the middle."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from addin.hosts.file import FileHost
from addin.hosts.live import LiveHost, is_young_cancel
from addin.hosts.live_busy import unless_busy
from addin.hosts.live_draw import Drawing
from addin.hosts.live_plan import minus
from addin.hosts.live_plan import typed as as_typed
from addin.hosts.live_programs import active, opened
from addin.hosts.xmlparts import Area
from recon_core.problems import ReconError
from recon_core.sheets import Cell, Column, ExcelError, Formula, Kind, Sheet, Table
from tests.hosts import samples
from tests.hosts.live_side import live, picture, running, state

pytestmark = pytest.mark.office


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with running() as one:
        yield one


def lived_in(path: Path, **sheet_options: Any) -> Path:
    """Our sheet after a user has worked on it, his formulas that point at it, and the two cells of the buttons."""
    book = xlsxwriter.Workbook(path)
    ours, mine, start = book.add_worksheet("Ours"), book.add_worksheet("Mine"), book.add_worksheet("Start")
    text, date, money = (book.add_format({"num_format": code}) for code in ("@", "dd-mmm-yyyy", "#,##0.00"))
    ours.add_table("A5:C9", {"name": "tblOurs", "columns": [{"header": c.name} for c in samples.COLUMNS]})
    for row in range(5, 9):
        ours.write_string(row, 0, f"00{row}", text)
        ours.write_number(row, 1, row * 1.5, money)
        ours.write_datetime(row, 2, dt.datetime(2025, 1, row), date)
    ours.write("A1", "An old title")
    ours.write("E6", "my word")
    ours.write_formula("F6", "=B6*2", None, 15)
    ours.write_array_formula("G6:G6", "{=SUM((B6:B9>9)*1)}", None, 2)
    ours.write_formula("F7", "=1/0", None, "#DIV/0!")
    ours.write_boolean("F8", True)
    ours.write_string("F9", "=not a formula", text)
    ours.write_string("F10", "00012")
    for at, formula in enumerate(
        ("SUM(tblOurs[Amount])", "SUM(Ours!B6:B100)", "Ours!A6", "ROWS(tblOurs[Amount])", "COUNTA(Ours!$A:$A)")
    ):
        mine.write_formula(at, 0, f"={formula}")
    book.define_name("tieout_request", "=Start!$B$2")
    book.define_name("tieout_status", "=Start!$B$3")
    start.write("A2", "Request")
    if sheet_options.get("protect"):
        ours.protect()
    for row in sheet_options.get("hide", ()):
        ours.set_row(row, None, None, {"hidden": True})
    mine.activate()
    book.close()
    return path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return lived_in(tmp_path / "Book.xlsx")


def sheets(rows: int = 7) -> list[Sheet]:
    """A new sheet, ours with free cells and formulas, and cells of the user's sheet."""
    columns = (
        Column(name="Price", kind=Kind.NUMBER),
        Column(name="Twice", kind=Kind.NUMBER, formula="tblNew[[#This Row],[Price]]*2"),
        Column(
            name="All", kind=Kind.NUMBER, formula="SUM((tblNew[Price]>0)*1)+tblNew[[#This Row],[Price]]", is_array=True
        ),
    )
    frame = pd.DataFrame({name: [float(at) for at in range(rows)] for name in ("Price", "Twice", "All")})
    new = Sheet(name="New", tables=(Table(name="tblNew", columns=columns, frame=frame),), freeze_row=6)
    total = Cell(row=2, column=1, value=Formula("SUM(tblOurs[Amount])", 0.0), style="amount")
    return [
        new,
        samples.sheet(rows, cells=(Cell(row=1, column=1, value="Title", style="title"), total)),
        Sheet(name="Mine", owned=False, cells=(Cell(row=9, column=1, value="00123"),)),
    ]


def mine(host: LiveHost) -> list[object]:
    return [row[0] for row in host.cells("Mine")[:5]]


def test_formulas_of_the_user_follow_a_table_that_grows_and_shrinks(app, book):
    with live(app, book) as host:
        for rows in (9, 2):
            host.write([samples.sheet(rows)])
            total = sum(1234.5 + at / 10_000 for at in range(rows))
            assert mine(host) == [pytest.approx(total), pytest.approx(total), "000", rows, rows + 2]
        formulas = [row[0] for row in host.book.sheets["Mine"]["A1:A5"].formula]
        assert formulas[:2] == ["=SUM(tblOurs[Amount])", "=SUM(Ours!B6:B100)"]


def test_a_protected_sheet_is_found_before_anything_changes(app, tmp_path):
    with live(app, lived_in(tmp_path / "Book.xlsx", protect=True)) as host:
        before = picture(host.book), state(app, host.book)
        with pytest.raises(ReconError, match=r"H-123 .*Ours.* is protected.*Unprotect Sheet"):
            host.write(sheets())
        assert (picture(host.book), state(app, host.book)) == before


def test_a_protected_sheet_of_unlocked_cells_is_found_before_anything_changes(app, book):
    with live(app, book) as host:
        before = picture(host.book)
        sheet = host.book.sheets["Ours"].impl.xl
        unlocked = sheet.getPropertyValue("CellProtection")
        unlocked.IsLocked = False
        sheet.setPropertyValue("CellProtection", unlocked)
        sheet.protect("")
        with pytest.raises(ReconError, match=r"H-123 .*Ours.* is protected"):
            host.write(sheets())
        sheet.unprotect("")
        assert picture(host.book) == before


def test_what_cannot_be_taken_back_keeps_nothing_else_from_it():
    taken: list[str] = []

    def fails() -> None:
        raise OSError("refused")

    drawing = Drawing(None, (), lambda: None, lambda text, share: None)
    drawing.back += [lambda: taken.append("first"), fails, lambda: taken.append("last")]
    with pytest.raises(OSError, match="refused"):
        drawing.undo()
    assert taken == ["last", "first"]


def test_a_protected_structure_is_found_before_anything_changes(app, book):
    with live(app, book) as host:
        host.book.impl.xl.protect("")  # Calc does not take the mark of an .xlsx file over
        before = picture(host.book), state(app, host.book)
        with pytest.raises(ReconError, match=r"H-112 .*Protect Workbook"):
            host.write(sheets())
        assert (picture(host.book), state(app, host.book)) == before
        host.write(sheets()[1:])  # no sheet is added


def filtered(path: Path) -> Path:
    """Rows 7 and 8 are hidden by a filter of the table."""
    lived_in(path, hide=(6, 7))
    kept = b'<autoFilter ref="A5:C9"><filterColumn colId="0"><filters><filter val="005"/><filter val="008"/></filters></filterColumn></autoFilter>'
    return samples.repack(path, {"xl/tables/table1.xml": lambda data: data.replace(b'<autoFilter ref="A5:C9"/>', kept)})


@pytest.mark.parametrize("make", [filtered, lambda path: lived_in(path, hide=(6, 7))], ids=["filtered", "hidden"])
def test_hidden_rows_are_read_and_written_like_others(app, tmp_path, make):
    with live(app, make(tmp_path / "Book.xlsx")) as host:
        assert [row[0] for row in host.cells("Ours")[5:9]] == ["005", "006", "007", "008"]
        assert host.book.sheets["Ours"]["A6:A9"].rows.hidden is None
        host.write([samples.sheet(300)])
        assert [row[:2] for row in host.cells("Ours")[5:]] == [[f"00{at}", 1234.5 + at / 10_000] for at in range(300)]
        assert host.book.sheets["Ours"]["A1:A305"].rows.hidden is False


@pytest.mark.parametrize("make", [filtered, lambda path: lived_in(path, hide=(6, 7))], ids=["filtered", "hidden"])
def test_hidden_rows_are_hidden_again_after_a_cancel(app, tmp_path, make):
    with live(app, make(tmp_path / "Book.xlsx")) as host:
        before, looks = picture(host.book), Looks(8)
        host.cancelled = looks
        with pytest.raises(ReconError, match="H-124"):
            host.write(sheets())
        assert picture(host.book) == before
        assert [host.book.sheets["Ours"][f"A{row}"].rows.hidden for row in (6, 7, 8, 9)] == [False, True, True, False]


def test_a_table_the_user_extended_is_ours_again(app, book):
    with live(app, book) as host:
        sheet = host.book.sheets["Ours"]
        sheet["D5"].value = "My column"
        sheet["A10:D12"].value = [["mine", 1, None, "x"]] * 3
        sheet.tables["tblOurs"].resize(sheet["A5:D12"])
        host.write([samples.sheet(2)])
        assert sheet.tables["tblOurs"].range.address == "$A$5:$C$7"
        assert host.cells("Ours")[4:] == [
            ["Order id", "Amount", "Date"],
            ["000", 1234.5, dt.date(2025, 4, 1)],
            ["001", 1234.5001, dt.date(2025, 4, 1)],
        ]


def test_a_table_the_user_sorted_and_totalled_is_ours_again(app, book):
    with live(app, book) as host:
        sheet = host.book.sheets["Ours"]
        sheet["A6:C9"].value = sheet["A6:C9"].value[::-1]
        sheet["A10:C10"].clear_contents()
        sheet.tables["tblOurs"].show_totals = True
        host.write([samples.sheet(4)])
        assert sheet.tables["tblOurs"].show_totals is False
        assert [row[0] for row in host.cells("Ours")[5:]] == ["000", "001", "002", "003"]


def test_a_table_that_moved_down_with_inserted_rows_is_taken_back(app, book):
    with live(app, book) as host:
        host.book.sheets["Ours"]["1:2"].insert("down")
        assert host.book.sheets["Ours"].tables["tblOurs"].range.address == "$A$7:$C$11"
        before, host.cancelled = picture(host.book), Looks(9)
        with pytest.raises(ReconError, match="H-124"):
            host.write([samples.sheet(3)])
        after = picture(host.book)
        assert after["Ours"] == before["Ours"]
        assert after["Mine"][1] == before["Mine"][1]  # Calc writes Ours!B8:Ours!B102 after a move; the values tell
        host.cancelled = None
        host.write([samples.sheet(3)])
        assert host.book.sheets["Ours"].tables["tblOurs"].range.address == "$A$5:$C$8"
        assert mine(host)[3:] == [3, 5]


class Looks:
    """Says 'cancel' at the k-th look."""

    def __init__(self, last: int) -> None:
        self.left = last

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


def ends_well(host: LiveHost) -> bool:
    """Whether a write came to its end; one that did not was cancelled."""
    try:
        host.write(sheets())
    except ReconError as error:
        if error.problem.code != "H-124":
            raise
        return False
    return True


def test_a_cancel_at_any_look_leaves_everything_as_it_was(app, book):
    with live(app, book) as host:
        app.calculation = "manual"
        host.book.sheets["Mine"].activate()
        host.book.sheets["Mine"]["B2:C3"].select()
        before = picture(host.book), state(app, host.book)
        assert before[0]["Ours"][3][9, 1] == "@"
        last = 0
        while True:
            last += 1
            host.cancelled = Looks(last)
            if ends_well(host):
                break
            assert (picture(host.book), state(app, host.book)) == before
        host.cancelled = None
        assert last > 12  # each phase and chunk is a look
        assert state(app, host.book) == before[1]
        assert host.sheet_names() == ["Ours", "Mine", "Start", "New"]
        assert mine(host)[3] == 7  # worked out, though the user calculates by hand
        app.calculation = "automatic"


BROKEN = {
    "a formula": Sheet(name="Zlast", cells=(Cell(row=1, column=1, value=Formula("SUM((", 0.0)),)),
    "a table": samples.sheet(
        2, name="Zlast", tables=(samples.table(2, name="tblUnder"), samples.table(2, name="tblOver", row=6))
    ),
    "a sheet": Sheet(name="a/b", cells=(Cell(row=1, column=1, value="x"),)),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_the_program_refuses_in_the_middle_leaves_everything_as_it_was(app, book, what):
    with live(app, book) as host:
        before = picture(host.book), state(app, host.book)
        with pytest.raises(ReconError, match=r"H-1(25|11)") as caught:
            host.write([*sheets(), BROKEN[what]])
        assert caught.value.problem.fix
        assert (picture(host.book), state(app, host.book)) == before


def test_a_new_table_on_a_sheet_that_was_there_goes_again(app, book):
    wanted = samples.sheet(3, name="Mine", owned=False, cells=(), tables=(samples.table(3, name="tblMine", row=20),))
    with live(app, book) as host:
        before = picture(host.book)
        with pytest.raises(ReconError, match="H-125"):
            host.write([wanted, BROKEN["a formula"]])
        assert picture(host.book) == before
        host.write([wanted])
        assert [table.name for table in host.book.sheets["Mine"].tables] == ["tblMine"]


def test_the_request_cell_ends_a_run_and_is_emptied(app, book):
    with live(app, book) as before:
        before.set_named("tieout_request", "cancel|1")
        host = LiveHost(before.book)
        host.progress("old", 0.1)  # a request from before this run is none
        time.sleep(0.3)  # the cell is looked at four times a second
        host.set_named("tieout_request", "cancel|2")
        with pytest.raises(ReconError, match="H-124"):
            host.progress("new", 0.2)
        host.show([])
        assert host.named("tieout_request") is None


def test_verbs_for_buttons(app, book):
    with live(app, book) as host:
        assert host.path == book
        assert host.named("TIEOUT_STATUS") is None
        assert host.named("nowhere") is None
        assert not host.set_named("nowhere", "x")
        assert host.set_named("tieout_status", "=1+1")
        assert host.named("tieout_status") == "=1+1"
        assert host.go_to("ours", 6, 2)
        assert host.selected() == ("Ours", 6, 2)
        assert not host.go_to("Nowhere")
        host.progress("Reading", 0.25)
        assert app.status_bar == "Tieout: Reading (25%)"
        host.tell("Done.\nNothing is open.")
        assert app.status_bar is False
        assert host.named("tieout_status") == "=1+1"
        host.status("Run 1 OK at 10:00: no exceptions.")
        assert host.named("tieout_status") == "Run 1 OK at 10:00: no exceptions."
        assert host.choose("?", ["a"]) is None


def test_shown_cells_have_errors_and_zeros_before_numbers(app, book):
    with live(app, book) as host:
        sheet = host.book.sheets["Mine"]
        sheet["C1:C3"].value = [[7], [123456], ["x"]]
        sheet["C1:C2"].number_format = "00000"
        assert [row[2] for row in host.shown_cells("Mine")[:3]] == ["00007", "123456", "x"]
        assert host.shown_cells("Ours")[6][5] == ExcelError("#DIV/0!")
        assert host.cells("Ours")[6][4:] == []


def test_save_writes_the_file_only_where_asked(app, book):
    with live(app, book) as host:
        host.write([samples.sheet(2)])
        host.save()
    assert FileHost(book).cells("Ours")[0] == ["An old title"]
    with live(app, book, keep=True) as host:
        host.write([samples.sheet(2)])
        host.save()
    assert FileHost(book).cells("Ours")[0] == ["Title"]


def test_the_date_system_of_the_workbook_is_honoured(app, tmp_path):
    text = f'<worksheet xmlns="{samples.MAIN}"><sheetData/></worksheet>'
    path = samples.by_hand(tmp_path / "b.xlsx", text, '<workbookPr date1904="1"/>')
    with live(app, path, keep=True) as host:
        host.write([Sheet(name="Ours", cells=(Cell(row=1, column=1, value=dt.date(2025, 4, 1)),))])
        host.save()
    assert FileHost(path).cells("Ours") == [[dt.date(2025, 4, 1)]]


def test_a_workbook_that_was_never_saved_is_refused(app):
    host = LiveHost(app.books.add())
    with pytest.raises(ReconError, match=r"H-122 .*never saved"):
        _ = host.path
    with pytest.raises(ReconError, match="H-122"):
        host.write([samples.sheet(1)])
    host.book.close()


class Book:
    """Only a name."""

    fullname = "https://example.sharepoint.com/sites/x/Book.xlsx"


def test_a_workbook_at_an_address_is_refused():
    with pytest.raises(ReconError, match=r"H-122 .*address.*Save a copy into a folder"):
        _ = LiveHost(Book()).path  # type: ignore[arg-type]


def test_the_active_workbook_is_found(app, book):
    with live(app, book):
        found = active()
        assert found is not None
        assert found.path == book


def test_a_workbook_is_opened_written_and_closed(tmp_path, app):
    del app  # skips where there is no LibreOffice
    path = lived_in(tmp_path / "Book.xlsx")
    with opened(path) as host:
        host.write([samples.sheet(2)])
        host.save()
    assert FileHost(path).cells("Ours")[0] == ["Title"]
    assert [item.name for item in tmp_path.iterdir()] == ["Book.xlsx"]


def test_a_file_that_is_no_workbook_is_refused(tmp_path, app):
    del app
    path = tmp_path / "Book.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ReconError), opened(path):
        pass


class RejectedError(Exception):
    """As pywin32 says that a call was rejected."""

    hresult = -2147418111


@pytest.mark.parametrize(
    "error",
    [RejectedError(), Exception(-2147352567, "Exception occurred.", (0, None, None, None, 0, -2146777998), None)],
)
def test_a_busy_program_is_asked_again_and_then_left_alone(error):
    answers: list[Exception] = [error] * 2

    def call() -> str:
        if answers:
            raise answers.pop()
        return "ready"

    assert unless_busy(call, 5.0) == "ready"
    answers += [error] * 100
    with pytest.raises(ReconError, match=r"H-121 .*cell is being edited.*Press Enter or Esc"):
        unless_busy(call, 0.3)


def test_another_error_is_not_taken_for_busy():
    def call() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        unless_busy(call)


def cells_of(areas: Sequence[Area]) -> list[tuple[int, int]]:
    return [(row, column) for a in areas for row in range(a.top, a.bottom + 1) for column in range(a.left, a.right + 1)]


@pytest.mark.parametrize(
    "hole", [Area(2, 2, 3, 3), Area(1, 1, 9, 9), Area(4, 1, 9, 2), Area(8, 8, 9, 9), Area(1, 3, 2, 3)]
)
def test_areas_without_a_hole(hole):
    area = Area(1, 1, 5, 4)
    left = cells_of(minus([area], [hole]))
    assert sorted(left) == sorted(set(cells_of([area])) - set(cells_of([hole])))


@pytest.mark.parametrize(
    ("file", "hand"),
    [("_xlfn.XLOOKUP(1,A:A,B:B)", "=XLOOKUP(1,A:A,B:B)"), ("_xlfn._xlws.FILTER(A1,B1)", "=FILTER(A1,B1)"), ('"_xlfn.X"&\'_xlfn.Y\'!A1', '="_xlfn.X"&\'_xlfn.Y\'!A1'), ("=1", "=1")],
)  # fmt: skip
def test_a_formula_of_a_file_as_it_is_typed(file, hand):
    assert as_typed(file) == hand


def test_a_cancel_that_comes_after_the_last_cell_is_too_late(app, book):
    """What was written must not be called stopped."""
    with live(app, book) as host:
        host.write([Sheet(name="Ours", cells=(Cell(row=1, column=1, value="Run 2"),))])
        host.cancelled = lambda: True
        host.progress("Done", 1.0)
        assert host.cells("Ours")[0][0] == "Run 2"
        host.status("Running: again")
        with pytest.raises(ReconError, match="H-124"):
            host.progress("Reading", 0.0)


@pytest.mark.parametrize(
    ("cell", "young"),
    [("cancel|20260501100000", True), ("cancel|20260501095830", False), ("run|20260501100000", False), ("", False), ("cancel|x", False)],
)  # fmt: skip
def test_a_cancel_clicked_while_python_starts_counts(cell, young):
    assert is_young_cancel(cell, dt.datetime(2026, 5, 1, 10, 0, 20)) is young
