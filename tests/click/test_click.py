"""A real mouse clicks the real button of the built workbook; its VBA starts Python, and Python fills the sheets.

LibreOffice opens the shipped bytes with a month of files filled into Setup. `watch` swaps nothing: the button leaves a
request, which the waiting Python obeys. `run` swaps the launcher alone, whose Windows part cannot run here. Nothing is
said about Excel: its trust prompts, its ribbon, COM and cmd.exe are on docs/excel-checklist.md.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest

from addin import calc, demo, settings, watch
from addin.calc.process import alive
from addin.commands import RUNNING
from addin.hosts.live import LiveHost
from addin.new_book import fill
from tests.click import screen as screens
from tests.click.macros import MacroBook, wait_for
from workbook_templates import standalone_path

WHY_NOT = calc.why_not() or screens.missing()
pytestmark = [pytest.mark.office, pytest.mark.slow, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]
HERE = Path(__file__).resolve().parent
SHEETS = ("Exceptions", "Matched", "A data", "B data")
PICTURES = Path(tempfile.gettempdir())
SECONDS = 90  # for a run over the demo on a busy machine


def month(folder: Path) -> Path:
    """The files of the demo and a stand-alone workbook whose Setup names them."""
    demo.make_demo(folder)
    book = folder / "April with a button.xlsm"
    fill(book, demo.demo_tables(folder), base=standalone_path())
    return book


def runner(folder: Path, address: str) -> Path:
    """The script that the double's Shell calls; LibreOffice's own Python settings must not reach ours."""
    script = folder / "start_python"
    log = folder / "python.log"
    script.write_text(
        f'#!/bin/sh\nexec env -u PYTHONHOME -u PYTHONPATH -u LD_LIBRARY_PATH "{sys.executable}" '
        f'"{HERE / "started_python.py"}" "{address}" "$1" >"{log}" 2>&1\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


@contextmanager
def boxes_answered(on: screens.Screen) -> Iterator[list[str]]:
    """Press Enter in every message box of Tieout that comes up, as a user would; the list counts them."""
    found: list[str] = []
    ended = threading.Event()

    def look() -> None:
        surroundings = {**os.environ, "DISPLAY": on.display}
        command = ["xdotool", "search", "--onlyvisible", "--name", "^Tieout$"]
        while not ended.wait(0.3):
            seen = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=20, check=False)
            for window in seen.stdout.split():
                found.append(window)
                on.mouse("windowfocus", window, "key", "Return")

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield found
    finally:
        ended.set()
        looking.join(30)


@pytest.fixture
def desk(tmp_path, request):
    """A screen, LibreOffice on it, the workbook open in it. A picture stays where the test fails."""
    book = month(tmp_path / "April")
    with screens.screen() as on, calc.office(visible=True, display=on.display, macros=True) as app:
        opened = app.books.open(book)
        document = opened.impl.xl
        document.CurrentController.Frame.ContainerWindow.setPosSize(0, 0, *screens.SIZE, 15)
        time.sleep(1)
        failed = request.session.testsfailed
        yield on, app, opened
        if request.session.testsfailed > failed:
            on.picture(PICTURES / f"tieout-{request.node.originalname}.png")
        process = app.pid
    assert not alive(process)
    assert list(book.parent.glob(".~lock*")) == []


def button(document, caption: str):
    page = document.Sheets.getByName("Start").DrawPage
    controls = [document.CurrentController.getControl(page.getByIndex(at).Control) for at in range(page.Count)]
    return next(one for one in controls if one.Model.Label == caption)


def filled(document) -> dict[str, list[list[str]]]:
    """The texts of the first columns of result sheets, below the headers: ids, outcomes, reasons."""
    found = {}
    for name in SHEETS:
        sheet = document.Sheets.getByName(name)
        cursor = sheet.createCursor()
        cursor.gotoEndOfUsedArea(False)
        area = sheet.getCellRangeByPosition(0, 5, 4, max(cursor.RangeAddress.EndRow, 5))
        found[name] = [[value if isinstance(value, str) else "" for value in row] for row in area.DataArray]
    return found


def by_file(folder: Path) -> dict[str, list[list[str]]]:
    """The same of the same month, written by the file host without any program."""
    book = demo.make_demo(folder)
    command = [sys.executable, "-m", "addin.cli", "run", str(book), "--quiet"]
    done = subprocess.run(command, cwd=HERE.parents[1], timeout=SECONDS, check=False, capture_output=True, text=True)
    sheets = openpyxl.load_workbook(book)
    assert sheets["Matched"].max_row > 1000, done.stdout + done.stderr
    return {
        name: [
            [value if isinstance(value, str) else "" for value in row]
            for row in sheets[name].iter_rows(6, None, 1, 5, values_only=True)
        ]
        for name in SHEETS
    }


def test_watch_a_click_leaves_a_request_that_python_obeys(desk, tmp_path):
    on, _, book = desk
    document = book.impl.xl
    told: list[str] = []
    until = time.monotonic() + SECONDS
    turns = iter([lambda: on.click(button(document, "Run Reconciliation"))])

    def pause(seconds: float) -> None:
        next(turns, lambda: time.sleep(seconds))()

    with boxes_answered(on) as boxes:
        watch.watch(
            lambda: LiveHost(book), since=settings.now(), pause=pause, told=told.append,
            ends=lambda: bool(told) or time.monotonic() > until,
        )  # fmt: skip
    assert told == ["Obeyed: Run Reconciliation"]
    assert len(boxes) >= 1
    assert filled(document) == by_file(tmp_path / "by file")


@pytest.fixture
def started_from_vba(desk, tmp_path):
    """The desk with the launcher's double in the workbook: a click starts a Python of its own."""
    on, app, book = desk
    macros = MacroBook(book.impl.xl)
    double = (HERE / "launcher_double.bas").read_text("ascii")
    start = runner(tmp_path, app.impl.office.address)
    macros.swap("xlwings", double.replace("@START@", "run").replace("@RUNNER@", str(start)))
    return on, book.impl.xl, macros.named("tieout_status"), macros.named("tieout_request")


def test_run_a_click_starts_python(started_from_vba, tmp_path):
    on, document, status, request = started_from_vba
    with boxes_answered(on) as boxes:
        on.click(button(document, "Run Reconciliation"))
        assert wait_for(lambda: status.String.startswith(("Asked: ", RUNNING)), 20), status.String
        assert wait_for(lambda: not status.String.startswith(("Asked: ", RUNNING)), SECONDS), log(tmp_path)
        assert wait_for(lambda: boxes, 20), "no closing message"
    assert filled(document) == by_file(tmp_path / "by file")
    assert (request.String, log(tmp_path)) == ("", "")


def test_a_click_on_cancel_stops_the_run_that_is_going_on(started_from_vba, tmp_path):
    on, document, status, request = started_from_vba
    before = filled(document)
    with boxes_answered(on):
        on.click(button(document, "Run Reconciliation"))
        assert wait_for(lambda: status.String.startswith(RUNNING), 30), status.String + log(tmp_path)
        on.click(button(document, "Cancel"))
        assert wait_for(lambda: not status.String.startswith(("Asked: ", RUNNING)), SECONDS), log(tmp_path)
        time.sleep(1)
    assert "H-124" in status.String
    assert filled(document) == before
    assert (request.String, log(tmp_path)) == ("", "")


def log(folder: Path) -> str:
    """What the started Python had to say outside the workbook."""
    path = folder / "python.log"
    return path.read_text() if path.exists() else "Python was not started"
