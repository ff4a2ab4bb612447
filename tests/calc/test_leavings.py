"""A LibreOffice that is killed while it saves leaves nothing beside the workbook, nor in the temporary folder; others' files stay."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from addin import calc
from addin.calc import leavings, process

ROOT = Path(__file__).resolve().parents[2]
office_only = pytest.mark.skipif(bool(calc.why_not()), reason=calc.why_not() or "LibreOffice is here")

# Saves a workbook again and again, into its file and into another one, until it is killed.
SAVING = """
import pathlib, sys
from addin import calc
with calc.office(add_book=True) as app:
    book = app.books[0]
    book.sheets[0].range((1, 1), (20000, 10)).value = [[f"{row}-{at}" for at in range(10)] for row in range(20000)]
    book.save(sys.argv[1])
    print(app.pid, flush=True)
    while True:
        book.save()
"""


@pytest.fixture
def dead() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    return ended.pid


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    made = tmp_path / "profile"
    made.mkdir()
    return made


def until(is_so, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.002)
    return False


def test_half_written_files_of_the_dead_process_are_removed_and_no_others(tmp_path, profile, dead):
    folder = tmp_path / "a folder with Umlauts äö\nand a break"
    folder.mkdir()
    before = folder / f"lu{dead}old.tmp"
    before.touch()
    os.utime(before, (1, 1))
    ours = [folder / f"lu{dead}{word}.tmp" for word in ("v02uo", "5abc", "")]
    others = [
        folder / name
        for name in (
            "lu.tmp",
            f"lu{dead}V.tmp",
            f"xlu{dead}a.tmp",
            f"lu{dead}a.tmp.xlsx",
            f"lux{dead}.tmp",
            "Book.xlsx",
        )
    ]
    for file in (*ours, *others):
        file.touch()
    (folder / f"lu{dead}folder.tmp").mkdir()
    (tmp_path / f"lu{dead}elsewhere.tmp").touch()
    leavings.note_process(profile, dead)
    for _ in range(2):
        leavings.note_folder(profile, folder)
    leavings.note_folder(profile, tmp_path / "gone")
    leavings.remove(profile)
    assert {one.name for one in folder.iterdir()} == {one.name for one in (before, *others)} | {f"lu{dead}folder.tmp"}
    assert (tmp_path / f"lu{dead}elsewhere.tmp").exists()
    assert not profile.exists()


def test_a_name_that_may_be_of_a_libreoffice_that_runs_stays(tmp_path, profile, dead, monkeypatch):
    living = int(f"{dead}7")
    monkeypatch.setattr(leavings, "_runs_office", lambda pid: pid == living)
    for word in ("7abc", "8abc"):
        (tmp_path / f"lu{dead}{word}.tmp").touch()
    leavings.note_process(profile, dead)
    leavings.note_folder(profile, tmp_path)
    leavings.remove(profile)
    assert [one.name for one in tmp_path.iterdir()] == [f"lu{dead}7abc.tmp"]


def test_what_a_libreoffice_that_runs_uses_stays(tmp_path, profile):
    half = tmp_path / f"lu{os.getpid()}a.tmp"
    half.touch()
    leavings.note_process(profile, os.getpid())
    leavings.note_folder(profile, tmp_path)
    leavings.remove(profile)
    assert half.exists()
    assert profile.exists()


def test_a_note_that_a_kill_has_cut_off_is_no_folder(tmp_path, profile, dead):
    half = tmp_path / f"lu{dead}a.tmp"
    half.touch()
    leavings.note_process(profile, dead)
    (profile / leavings.FOLDERS).write_bytes(os.fsencode(tmp_path))
    leavings.remove(profile)
    assert half.exists()


@pytest.mark.office
@office_only
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends it with us on Linux only")
def test_a_kill_while_it_saves_leaves_nothing(tmp_path):
    book = tmp_path / "Book.xlsx"
    ours = subprocess.Popen([sys.executable, "-c", SAVING, str(book)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with ours:
        pid = int(ours.stdout.readline())
        assert until(lambda: any(tmp_path.glob(f"lu{pid}*.tmp")))  # it is saving
        ours.kill()
    assert until(lambda: not process.alive(pid))
    assert list(tmp_path.glob(f"lu{pid}*.tmp"))
    other = tmp_path / f"lu{os.getpid()}b.tmp"
    other.touch()
    process.sweep()
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["Book.xlsx", other.name])
    assert not list(Path(tempfile.gettempdir()).glob(f"lu{pid}*"))
    assert not list(Path(tempfile.gettempdir()).glob(f"{process.PREFIX}{ours.pid}-*"))


@pytest.mark.office
@office_only
def test_one_that_we_kill_leaves_nothing_in_the_temporary_folder(tmp_path):
    with calc.office(add_book=True) as app:
        pid = app.pid
        app.books[0].save(tmp_path / "Book.xlsx")
        (tmp_path / f"lu{pid}half.tmp").touch()  # as if it hung in the middle of a save
        app.kill()
    assert [one.name for one in tmp_path.iterdir()] == ["Book.xlsx"]
    assert not list(Path(tempfile.gettempdir()).glob(f"lu{pid}*"))
