"""What only a real Excel can say: the shipped files open, their VBA answers, a button fills the demo workbook.

Needs Windows with Excel, access to the VBA project switched on, and `tieout install` done; skips elsewhere. These
tests were written from documentation and have not run yet: whoever runs them first ticks docs/excel-checklist.md.
A dialog that nobody answers is the usual failure, so each test has a time limit that ends the Excel it started.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest

import workbook_templates
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.job import run as run_job
from addin.settings import load, now

LIMIT = 180  # seconds for one test
TABLES = ("tblExceptions", "tblSuggest", "tblMatched", "tblSkipped", "tblA", "tblB")
MODULES = {
    "Tieout.xlam": {"xlwings", "ReconActionList", "ReconActions", "ReconRibbon"},
    "Tieout_standalone.xlsm": {"xlwings", "ReconActionList", "ReconActions", "ReconRibbon"},
    "Tieout_functions.xlam": {"TieoutFunctions", "TieoutResults", "TieoutServer", "TieoutHelp"},
    "Tieout_template.xlsx": set(),
}


def why_not() -> str:
    """Why there is no Excel to ask here; '' where there is one."""
    if sys.platform != "win32":
        return "needs Excel on Windows"
    import winreg

    try:
        winreg.CloseKey(winreg.OpenKey(winreg.HKEY_CLASSES_ROOT, r"Excel.Application\CurVer"))
    except OSError:
        return "Excel is not installed"
    return ""


needs_excel = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


@pytest.fixture
def app() -> Iterator[object]:
    """An Excel of the test's own, without a window (so that no closing message waits for a click), ended by force if it hangs."""
    import xlwings as xw

    started = xw.App(visible=False, add_book=False)
    started.display_alerts = False
    guard = threading.Timer(LIMIT, os.kill, (started.pid, signal.SIGTERM))
    guard.start()
    try:
        yield started
        started.quit()
    finally:
        guard.cancel()
        with_patience(lambda: not is_alive(started.pid), 10) or os.kill(started.pid, signal.SIGTERM)


def is_alive(pid: int) -> bool:
    import xlwings as xw

    return pid in xw.apps.keys()  # noqa: SIM118 - Apps is no dict


def with_patience(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait until it holds, at most so long; whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.5)
    return False


def shipped(name: str, folder: Path) -> Path:
    """A copy of a shipped file: Excel may write what it opens."""
    return Path(shutil.copy2(Path(workbook_templates.__file__).parent / name, folder / name))


@pytest.mark.excel
@needs_excel
@pytest.mark.parametrize("name", MODULES)
def test_a_shipped_file_opens_and_has_its_modules(app, tmp_path, name):
    """With alerts off a file that Excel would have to repair raises instead."""
    import win32com.client

    path = shipped(name, tmp_path)
    book = app.books.open(path)
    components = win32com.client.GetObject(str(path)).VBProject.VBComponents if MODULES[name] else []
    found = {one.Name for one in components if one.Type == 1}  # 1: a standard module
    assert MODULES[name] <= found
    book.save()
    book.close()
    app.books.open(path).close()


@pytest.mark.excel
@needs_excel
def test_the_vba_of_the_addin_compiles_and_knows_the_closed_list(app, tmp_path):
    """A call compiles the project, so a module that Excel's compiler refuses fails here."""
    app.books.add()
    app.books.open(shipped("Tieout.xlam", tmp_path))
    command = app.macro("'Tieout.xlam'!ReconActions.PythonCommandFor")
    assert command("run") == "from addin.commands import dispatch; dispatch('run')"
    with pytest.raises(Exception, match=r"(?i)unknown|exception"):
        command("run'); import os; ('")


@pytest.mark.excel
@needs_excel
def test_the_button_fills_the_demo_as_the_command_line_does(app, tmp_path):
    """DoAction, as the ribbon calls it, starts the Python of the settings file; every table must hold the same cells."""
    by_file = make_demo(tmp_path / "file")
    run_job(FileHost(by_file), by_file, load(), now)
    by_excel = make_demo(tmp_path / "excel & 100% é")
    book = app.books.open(by_excel)
    app.books.open(shipped("Tieout.xlam", tmp_path))
    book.activate()
    status = book.names["tieout_status"].refers_to_range
    before = str(status.value or "")
    app.macro("'Tieout.xlam'!ReconActions.DoAction")("run")
    waiting = ("Asked", "Running")
    assert with_patience(
        lambda: str(status.value or "") != before and not str(status.value).startswith(waiting), 120
    ), status.value
    book.save()
    book.close()
    assert differences(by_file, by_excel) == []


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The result tables of a workbook: header row first, without the columns that name a run."""
    book = openpyxl.load_workbook(path, data_only=True)
    found = {}
    for sheet in book.worksheets:
        for table in sheet.tables.values():
            rows = [[cell.value for cell in row] for row in sheet[table.ref]]
            kept = [n for n, title in enumerate(rows[0]) if "run" not in str(title).lower().split()]
            found[table.displayName] = [tuple(row[n] for n in kept) for row in rows]
    return {name: found[name] for name in TABLES if name in found}


def differences(one: Path, other: Path) -> list[str]:
    """Cells that differ between the result tables of two workbooks, in words."""
    a, b = tables(one), tables(other)
    found = [f"{name} is in one of them only" for name in a.keys() ^ b.keys()]
    for name in a.keys() & b.keys():
        if len(a[name]) != len(b[name]):
            found.append(f"{name}: {len(a[name])} rows and {len(b[name])}")
        for n, (left, right) in enumerate(zip(a[name], b[name], strict=False)):
            found += [f"{name} row {n}: {x!r} and {y!r}" for x, y in zip(left, right, strict=True) if not same(x, y)]
    return found


def same(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) < 1e-9
    return (one or "") == (other or "")


def test_the_comparison_itself_sees_one_changed_cell(tmp_path):
    """Runs everywhere: the check above can fail."""
    paths = [make_demo(tmp_path / name) for name in ("one", "two")]
    for path in paths:
        run_job(FileHost(path), path, load(), now)
    assert differences(*paths) == []
    assert set(tables(paths[0])) >= {"tblExceptions", "tblMatched", "tblA", "tblB"}
    book = openpyxl.load_workbook(paths[1])
    sheet = next(sheet for sheet in book.worksheets if "tblMatched" in sheet.tables)
    first = sheet[sheet.tables["tblMatched"].ref][1]
    next(cell for cell in first if isinstance(cell.value, str) and cell.value).value = "changed"
    book.save(paths[1])
    assert any("tblMatched row 1" in line for line in differences(*paths))
