"""What killed runs leave beside a workbook is swept, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from addin.hosts import replacing
from addin.hosts.package import write_sheets
from addin.hosts.replacing import sweep_orphans
from tests.hosts import samples

SHAPES = [
    ".Book (1).tieout-{pid}.tmp.xlsx",
    "..Book (1).tieout-{pid}.tmp.xlsx.tieout-a_b1c2d3.tmp",
    "..Book (1).tieout-{pid}.tmp.tieout-{pid}.tmp.xlsx",
    "...Book (1).tieout-{pid}.tmp.tieout-{pid}.tmp.xlsx.tieout-12345678.tmp",
    ".Book (1).A data.parquet.tieout-{pid}.tmp",
]
OTHERS = [
    ".Other.tieout-{pid}.tmp.xlsx",
    ".Book (1) copy.tieout-{pid}.tmp.xlsx",
    "Book (1).tieout-{pid}.tmp.xlsx",
    ".Book (1).tieout-x.tmp.xlsx",
    ".Book (1).tieout-{pid}.tmp.xlsx.bak",
    "Book (1).A data.parquet",
]


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "Book (1).xlsx"


def leave(book: Path, shapes: list[str], pid: int, age: float = 100_000) -> list[Path]:
    files = [book.parent / shape.format(pid=pid) for shape in shapes]
    for file in files:
        file.write_bytes(b"half")
        os.utime(file, (time.time() - age,) * 2)
    return files


def left(book: Path) -> set[str]:
    return {entry.name for entry in book.parent.iterdir()}


def test_orphans_of_a_process_that_is_gone_are_swept(book, gone):
    leave(book, SHAPES, gone)
    kept = {file.name for file in leave(book, OTHERS, gone)}
    sweep_orphans(book)
    assert left(book) == kept


def test_a_process_that_lives_keeps_its_files(book):
    kept = {file.name for file in leave(book, SHAPES, os.getpid(), 600)}
    sweep_orphans(book)
    assert left(book) == kept


def test_fresh_files_stay(book, gone):
    kept = {file.name for file in leave(book, SHAPES, gone, 30)}
    sweep_orphans(book)
    assert left(book) == kept


def test_on_windows_a_day_must_pass(book, monkeypatch):
    monkeypatch.setattr(replacing.sys, "platform", "win32")
    monkeypatch.setattr(replacing.os, "kill", None)  # there it would end the process
    old = leave(book, SHAPES[:1], 1, 25 * 3_600)
    kept = {file.name for file in leave(book, SHAPES[1:], 2, 23 * 3_600)}
    sweep_orphans(book)
    assert left(book) == kept
    assert not old[0].exists()


def test_a_write_sweeps_too_and_leaves_links_and_folders(book, gone):
    samples.plain(book)
    leave(book, SHAPES, gone)
    folder = book.parent / f".Book (1).tieout-{gone}9.tmp.xlsx"
    folder.mkdir()
    write_sheets(book, [samples.sheet(2)])
    assert left(book) == {book.name, folder.name}


def test_a_folder_that_is_not_there_is_nothing_to_sweep(tmp_path):
    sweep_orphans(tmp_path / "none" / "Book.xlsx")
    assert list(tmp_path.iterdir()) == []
