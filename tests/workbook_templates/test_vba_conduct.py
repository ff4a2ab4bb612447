"""What the buttons do before Python is there, run in LibreOffice: the built VBA, only the launcher swapped for a double.

Excel is not asked here: this shows that the modules compile together and what they decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from addin.calc import why_not
from addin.calc.process import Office
from addin.commands import ACTIONS
from tests.click.macros import MacroBook, opened, wait_for
from workbook_templates import standalone_path
from workbook_templates.ribbon import callback

pytestmark = [pytest.mark.office, pytest.mark.skipif(bool(why_not()), reason=why_not())]
DOUBLE = (Path(__file__).resolve().parent.parent / "click" / "launcher_double.bas").read_text("ascii")
FILE = """"'" & Replace(ThisWorkbook.Name, "'", "''") & "'!ReconActions.CheckAnswer\""""
DIFFERENT_HERE = (
    ('MsgBox text, vbExclamation, "Tieout"', 'SetStatus ActiveWorkbook, "BOX " & text'),  # a real box waits for a click
    (
        "Application.StatusBar = ",
        "Probe.SetBar ",
    ),  # LibreOffice writes the status bar, but reads only whether there is one
    ("CStr(Application.StatusBar)", "Probe.Bar()"),
    (FILE, '"ReconActions.CheckAnswer"'),  # its OnTime finds no macro by the file of a hidden workbook
)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    one = Office()
    yield one
    one.end()


@pytest.fixture
def open_book(office):
    """Open the built workbook with a double that starts in a way and answers in a way; the caller closes nothing."""
    stack = []

    def open_one(start: str = "run", runner: str = "silent") -> MacroBook:
        context = opened(office, standalone_path())
        book = context.__enter__()
        stack.append(context)
        book.swap("xlwings", DOUBLE.replace("@START@", start).replace("@RUNNER@", runner))
        book.patch("ReconActions", *DIFFERENT_HERE)
        assert book.call("Probe.Hello") == 42
        return book

    yield open_one
    for context in stack:
        context.__exit__(None, None, None)


def status(book: MacroBook) -> str:
    return book.named("tieout_status").String


def request(book: MacroBook) -> str:
    return book.named("tieout_request").String


def test_the_shipped_modules_compile_and_answer(office):
    with opened(office, standalone_path()) as book:
        command = "from addin.commands import dispatch; dispatch('run')"
        assert book.call("ReconActions.PythonCommandFor", "run") == command
        assert [book.call("ReconActionList.LabelOf", name) for name in ACTIONS] == [a.label for a in ACTIONS.values()]
        assert book.call("ReconActionList.LabelOf", "format_disk") == ""
        assert [book.call("ReconActions.IsEnabled", word) for word in ("always", "workbook", "")] == [True, True, False]
        assert book.call("ReconActions.IsBusy") is False
        assert book.call("ReconActionList.IsRequest", "cancel") is True


def test_a_button_starts_python_once(open_book):
    book = open_book()
    book.call("ReconActions.ButtonRun")
    assert re.fullmatch(r"Asked: Run Reconciliation at \d\d:\d\d:\d\d", status(book))
    assert book.call("xlwings.Started") == "1 from addin.commands import dispatch; dispatch('run')"
    assert request(book) == ""
    book.call("ReconActions.ButtonCheck")  # nobody has answered yet
    assert book.call("xlwings.Started").startswith("1 ")
    assert "Click Cancel" in book.call("Probe.Bar")


@pytest.mark.parametrize(
    ("word", "starts"), [("Running: reading files", "1 "), ("Done: 3 exceptions", "2 "), ("", "2 ")]
)
def test_the_status_says_whether_the_next_start_may_come(open_book, word, starts):
    book = open_book()
    book.call("ReconActions.ButtonRun")
    book.named("tieout_status").String = word
    book.call("ReconActions.ButtonRun")
    assert book.call("xlwings.Started").startswith(starts)


def test_a_status_saved_with_the_file_blocks_nothing(open_book):
    book = open_book()
    book.named("tieout_status").String = "Running: since last week"
    book.call("ReconActions.ButtonRun")
    assert book.call("xlwings.Started").startswith("1 ")


@pytest.mark.parametrize("name", ACTIONS)
def test_every_ribbon_callback_asks_for_its_action(open_book, name):
    book = open_book()
    book.call(f"ReconRibbon.{callback(name)}", book.doc)  # any object stands for the control
    if ACTIONS[name].is_request:
        assert re.fullmatch(rf"{name}\|\d{{14}}", request(book))
        assert book.call("xlwings.Started") == "0 "
    else:
        assert book.call("xlwings.Started").endswith(f"dispatch('{name}')")


def test_the_watcher_gets_a_request_and_nothing_is_started(open_book):
    book = open_book(start="watch")
    book.call("ReconActions.ButtonRun")
    assert re.fullmatch(r"run\|20\d{12}", request(book))
    assert status(book).startswith("Asked: Run Reconciliation")
    assert book.call("xlwings.Started") == "0 "


def test_in_libreoffice_a_button_leaves_a_request(office):
    with opened(office, standalone_path()) as book:  # the launcher that ships: it says that it cannot start Python
        book.call("ReconActions.ButtonRun")
        assert re.fullmatch(r"run\|20\d{12}", request(book))
        assert status(book).startswith("Asked: Run Reconciliation")


def test_cancel_is_a_request_even_while_a_run_is_going_on(open_book):
    book = open_book()
    book.call("ReconActions.ButtonRun")
    book.named("tieout_status").String = "Running: matching"
    book.call("ReconActions.ButtonCancel")
    assert re.fullmatch(r"cancel\|20\d{12}", request(book))
    assert book.call("xlwings.Started").startswith("1 ")
    assert status(book) == "Running: matching"  # Python's word stands


def test_a_workbook_without_the_cells_is_told_why(open_book):
    book = open_book()
    book.doc.NamedRanges.removeByName("tieout_request")
    book.call("ReconActions.DoAction", "run")
    assert status(book).startswith("BOX V-903 ")
    assert "tieout new Book.xlsx" in status(book)
    assert book.call("xlwings.Started") == "0 "
    book.call("ReconActions.DoAction", "doctor")  # needs no such workbook
    assert book.call("xlwings.Started").startswith("1 ")


@pytest.mark.parametrize(("runner", "code"), [("absent", "V-904"), ("refused", "V-901")])
def test_what_could_not_be_started_is_told_and_frees_the_way(open_book, runner, code):
    book = open_book(runner=runner)
    book.call("ReconActions.ButtonRun")
    assert status(book).startswith(f"BOX {code} ")
    assert book.call("ReconActions.IsBusy") is False
    assert book.call("Probe.Bar") == "False"


@pytest.mark.parametrize("name", ["$(open -a x).xlsm", "`x`.xlsm", 'a"b.xlsm', "a\\b.xlsm", "%PATH%.xlsm", "a\nb.xlsm"])
def test_the_name_of_a_workbook_brings_no_command_with_it(open_book, name):
    book = open_book()
    assert book.call("ReconActions.HasShellSign", name) is True
    assert book.call("ReconActions.HasShellSign", "A & B (April), v1.2 - ready!.xlsm") is False


def test_only_words_of_the_list_are_ever_asked_for(open_book):
    book = open_book()
    book.call("ReconActions.DoAction", "run'); import os; os.system('x")
    assert status(book).startswith("BOX V-901 ")
    assert "there is no action" in status(book)
    assert book.call("xlwings.Started") == "0 "


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "clicks", "code", "words"),
    [
        ("run", ["Run"], "V-905", "No module named pandas"),
        ("watch", ["Run"], "V-906", "tieout open"),
        ("run", ["Run", "Cancel"], "V-907", "A part of its result"),
        ("run", ["Cancel"], "V-909", "Nothing is running"),
    ],
)
def test_an_answer_that_never_comes_is_told(open_book, start, clicks, code, words):
    book = open_book(start=start)
    quick = [(f", {seconds}", ", 2") for seconds in (30, 90, 9)]
    book.patch(
        "ReconActions", ("TICK As Integer = 3", "TICK As Integer = 1"), *quick[:2], ("action, 9 '", "action, 2 '")
    )
    for click in clicks:
        book.call(f"ReconActions.Button{click}")
    told = wait_for(lambda: "BOX" in status(book) and status(book), 15)
    assert told, status(book)
    assert told.startswith(f"BOX {code} ")
    assert words in told
    assert request(book) == ""
    assert book.call("ReconActions.IsBusy") is False


@pytest.mark.slow
def test_an_answer_in_time_ends_the_waiting(open_book):
    book = open_book()
    book.patch("ReconActions", ("TICK As Integer = 3", "TICK As Integer = 1"), (", 30", ", 2"))
    book.call("ReconActions.ButtonRun")
    book.named("tieout_status").String = "Running: reading files"
    assert not wait_for(lambda: "BOX" in status(book), 4)
    assert book.call("Probe.Bar") == "False"
