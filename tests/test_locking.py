"""One run at a time for a workbook, and a dead process holds nobody up."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from addin import job
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.locking import locked
from addin.settings import Settings
from recon_core.problems import ReconError

NOW = dt.datetime(2026, 5, 6, 10, 11, 12)


def _hold(book, folder, ready):
    with locked(book, folder, "asha", NOW):
        ready.set()
        threading.Event().wait(60)


@pytest.fixture
def book(tmp_path):
    return tmp_path / "Book.xlsx"


def test_another_process_is_named_with_its_user_and_time_and_a_dead_one_counts_no_more(tmp_path, book):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=_hold, args=(book, tmp_path / "home", ready))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(ReconError) as told, locked(book, tmp_path / "home", "ben", NOW):
            pass
        problem = told.value.problem
        assert problem.code == "H-132"
        assert f"asha (process {other.pid}) since 10:11:12 on 2026-05-06" in problem.what
        with locked(tmp_path / "Other.xlsx", tmp_path / "home", "ben", NOW):
            pass  # another workbook is another lock
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.join(30)
    with locked(book, tmp_path / "home", "ben", NOW):
        pass


def test_the_lock_is_given_back_after_a_mistake(tmp_path, book):
    for _ in range(2):
        with pytest.raises(KeyError), locked(book, tmp_path, "", NOW):
            raise KeyError
    with locked(book, tmp_path, "", NOW):
        pass


def test_a_workbook_reached_by_two_ways_is_one(tmp_path, book):
    book.touch()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    with (
        locked(book, tmp_path / "home", "", NOW),
        pytest.raises(ReconError, match="H-132"),
        locked(tmp_path / "link" / ".." / tmp_path.name / "Book.xlsx", tmp_path / "home", "", NOW),
    ):
        pass


def test_a_folder_that_cannot_be_written_to_stops_no_run(tmp_path, book):
    (tmp_path / "file").touch()
    with locked(book, tmp_path / "file" / "home", "", NOW):
        pass


def test_a_second_run_of_a_workbook_ends_at_once_and_the_first_goes_on(tmp_path):
    book = make_demo(tmp_path / "demo")
    settings = Settings(log_folder=tmp_path / "home", user="asha")
    second: list[job.Done] = []

    def meanwhile(text, share):
        if text == "Writing the sheets":
            second.append(job.run(FileHost(book), book, settings, lambda: NOW))

    first = job.run(FileHost(book, on_progress=meanwhile), book, settings, lambda: NOW)
    assert first.outcome in ("ok", "warn")
    [done] = second
    assert (done.outcome, [one.code for one in done.problems]) == ("stop", ["H-132"])
    assert "asha" in str(done.problems[0])
    assert job.run(FileHost(book), book, settings, lambda: NOW).number == 2


def test_the_lock_says_nothing_of_a_run_that_has_ended(tmp_path, book):
    with locked(book, tmp_path, "asha", NOW):
        [file] = Path(tmp_path).glob("run-*.lock")
        assert "asha" in file.read_text("utf-8")
    assert file.read_text("utf-8") == ""
