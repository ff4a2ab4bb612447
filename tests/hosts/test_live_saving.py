"""A workbook that we open in a program of our own never overwrites what another program has open, or has saved meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from addin import calc, job, settings
from addin.cli import main
from addin.cli_talk import Talk
from addin.demo import make_demo
from addin.hosts import live_programs, live_saving
from addin.hosts.file import FileHost
from addin.hosts.live_saving import Original
from addin.hosts.refusals import not_opened
from addin.locking import locked
from addin.settings import now
from recon_core.problems import ReconError
from tests.hosts import samples

LOCKS = ["~$Book.xlsx", ".~lock.Book.xlsx#"]
office_only = pytest.mark.skipif(bool(calc.why_not()), reason=calc.why_not() or "LibreOffice is here")


@pytest.fixture(autouse=True)
def _own_log(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    made = openpyxl.Workbook()
    made.active["A1"] = "mine"
    made.save(tmp_path / "Book.xlsx")
    return tmp_path / "Book.xlsx"


def priya_saves(book: Path) -> None:
    """Another program adds a sheet and saves."""
    found = openpyxl.load_workbook(book)
    found.create_sheet("PRIYA")
    found.save(book)


def names(book: Path) -> list[str]:
    return openpyxl.load_workbook(book).sheetnames


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("command", [["run", "--live"], ["open"]])
def test_a_workbook_that_is_open_elsewhere_is_not_opened(book, lock, command, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(live_programs, "_program", lambda **_options: pytest.fail("a program was started"))
    (book.parent / lock).touch()
    done = CliRunner().invoke(main, [*command, str(book)])
    assert done.exit_code == 4
    assert "H-107 Book.xlsx: The workbook is open in another program." in " ".join(done.stdout.split())
    assert lock in done.stdout


def test_what_is_no_workbook_or_not_there_is_named(tmp_path):
    with pytest.raises(ReconError, match=r"H-101 No\.xlsx"):
        Original(tmp_path / "No.xlsx")
    (tmp_path / "Text.xlsx").write_text("id,amount")
    with pytest.raises(ReconError, match=r"H-102 Text\.xlsx"):
        Original(tmp_path / "Text.xlsx")


def test_what_is_saved_while_we_save_stays(book):
    original = Original(book)

    def slow(path: Path) -> None:
        path.write_bytes(book.read_bytes())
        priya_saves(book)

    with pytest.raises(ReconError, match=r"H-109 Book\.xlsx"):
        original.save_beside(slow)
    assert "PRIYA" in names(book)
    assert [one.name for one in book.parent.iterdir()] == ["Book.xlsx"]


def test_what_is_opened_while_we_save_is_left_alone(book):
    original, lock = Original(book), book.parent / LOCKS[1]
    before = book.read_bytes()

    def slow(path: Path) -> None:
        path.write_bytes(before)
        lock.touch()

    with pytest.raises(ReconError, match="H-107"):
        original.save_beside(slow)
    assert book.read_bytes() == before
    assert sorted(one.name for one in book.parent.iterdir()) == sorted([lock.name, "Book.xlsx"])


def test_a_program_that_saves_itself_is_not_asked_to_over_a_change(book):
    original = Original(book)
    original.save_in_place(lambda: priya_saves(book))
    original.save_in_place(lambda: None)  # what we saved ourselves is no change
    book.write_bytes(b"half")
    with pytest.raises(ReconError, match="H-109"):
        original.save_in_place(lambda: pytest.fail("saved"))
    book.unlink()
    with pytest.raises(ReconError, match="H-109"):
        original.save_in_place(lambda: pytest.fail("saved"))


def test_a_file_that_its_program_lets_nobody_read_is_judged_by_size_and_time(book, monkeypatch):
    original, saved = Original(book), []

    def unreadable(_path: Path) -> None:
        raise not_opened("Permission denied")

    with monkeypatch.context() as held:
        held.setattr(live_saving, "fingerprint", unreadable)
        original.check()
        os.utime(book, (1, 1))
        with pytest.raises(ReconError, match="H-109"):
            original.save_in_place(lambda: saved.append(1))
    assert not saved


def test_a_touch_by_a_synchroniser_is_no_change_and_the_permissions_stay(book):
    book.chmod(0o640)
    original, other = Original(book), book.parent / "Other.xlsx"
    openpyxl.Workbook().save(other)
    os.utime(book, (1, 1))
    for _ in range(2):
        original.save_beside(lambda path: path.write_bytes(other.read_bytes()))
    assert book.read_bytes() == other.read_bytes()
    assert book.stat().st_mode & 0o777 == 0o640


def test_a_full_drive_is_told_and_leaves_the_file(book):
    before = book.read_bytes()

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ReconError, match=r"H-110 Book\.xlsx.*No space left"):
        Original(book).save_beside(full)
    assert book.read_bytes() == before


def test_no_other_run_comes_between_opening_and_saving(tmp_path, monkeypatch):
    book = make_demo(tmp_path / "April")
    mine, others = settings.load(), []

    def run() -> None:
        others.append(job.run(FileHost(book), book, mine, now))

    @contextmanager
    def opened(path: Path, **_options: Any) -> Iterator[FileHost]:
        def beside() -> None:
            other = threading.Thread(target=run)
            other.start()
            other.join()

        beside()
        yield FileHost(path)
        beside()

    monkeypatch.setattr(live_programs, "opened", opened)
    done = CliRunner().invoke(main, ["run", str(book), "--live"])
    assert done.exit_code == 0, done.output
    assert [[one.code for one in other.problems] for other in others] == [["H-132"]] * 2
    run()
    assert others[-1].number == 2  # the lock is given back, and the live run stands in the log
    with locked(book, mine.log_folder, "asha", now()):
        done = CliRunner().invoke(main, ["run", str(book), "--live"])
    assert done.exit_code == 4
    assert "H-132" in done.stdout


@pytest.mark.office
@office_only
def test_calc_does_not_overwrite_what_was_saved_since_it_opened_the_file(book):
    with live_programs.opened(book) as host:
        host.write([samples.sheet(2)])
        priya_saves(book)
        with pytest.raises(ReconError, match=r"H-109 Book\.xlsx"):
            host.save()
    assert names(book) == ["Sheet", "PRIYA"]
    with live_programs.opened(book) as host:
        host.write([samples.sheet(2)])
        host.save()
        host.write([samples.sheet(1)])
        host.save()
        assert host.path == book
    assert names(book)[:2] == ["Sheet", "PRIYA"]
    assert FileHost(book).cells("Ours")
    assert [one.name for one in book.parent.iterdir()] == ["Book.xlsx"]


@pytest.mark.office
@office_only
def test_a_file_that_changes_while_calc_starts_is_not_used(book, monkeypatch):
    real = live_programs._open

    def late(app: Any, path: Path) -> Any:
        priya_saves(book)
        return real(app, path)

    monkeypatch.setattr(live_programs, "_open", late)
    with pytest.raises(ReconError, match="H-109"), live_programs.opened(book):
        pytest.fail("used")


@pytest.mark.parametrize("has_excel", [False, True])
def test_while_our_own_libreoffice_has_it_open_no_other_run_writes_it(book, monkeypatch, has_excel):
    """It leaves no lock file, so that the user's next save would undo what another run has written."""
    said: list[str] = []

    def other() -> None:
        try:
            with locked(book, settings.log_folder(), "PR", now()):
                said.append("ran")
        except ReconError as error:
            said.append(error.problem.code)

    @contextmanager
    def before_user(_path: Path) -> Iterator[Any]:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        with locked(book, settings.log_folder(), "me", now()):
            said.append("its button")
        yield lambda: None

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(live_programs, "HAS_EXCEL", has_excel)
    monkeypatch.setattr(live_programs, "before_user", before_user)
    monkeypatch.setattr(Talk, "watch", lambda *_: None)
    assert CliRunner().invoke(main, ["open", str(book)]).exit_code == 0
    assert said == ["ran" if has_excel else "H-132", "its button"]
