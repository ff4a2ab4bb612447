"""The watcher: which requests it obeys, what it writes while nothing is asked, one for a user."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal

import pytest

from addin import watch
from addin.demo import make_demo
from recon_core.problems import Place, Problem, ReconError, Severity
from tests.live_double import FileBook

NOW = dt.datetime(2026, 5, 1, 10, 0, 0, 500_000)


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    return FileBook(make_demo(tmp_path / "demo"))


@pytest.mark.parametrize(
    ("cell", "action"),
    [
        ("run|20260501100000", "run"),
        (" rules|20260501100000 ", "rules"),
        ("format_disk|20260501100000", None),
        ("run", None),
        ("run|", None),
        ("run|yesterday", None),
        ("run|20261301100000", None),
        ("", None),
        (None, None),
        (42.0, None),
    ],
)
def test_only_a_known_action_with_a_time_is_a_request(cell, action):
    found = watch.parse_request(cell)
    assert (found.action if found else None) == action


def test_a_request_is_taken_out_of_the_cell_and_obeyed(book):
    book.names["tieout_request"] = "rules|20260501100001"
    assert watch.look(book, NOW) == "rules"
    assert book.names["tieout_request"] == ""
    assert book.selection[0] == "Rules"


def test_the_cell_is_empty_before_the_work_begins(book, monkeypatch):
    seen = []
    monkeypatch.setattr(watch, "obey", lambda action, host: seen.append((action, host.names["tieout_request"])))
    book.names["tieout_request"] = "run|20260501100001"
    watch.look(book, NOW)
    assert seen == [("run", "")]


def test_a_request_of_the_same_second_counts_and_an_older_one_does_not(book):
    book.names["tieout_request"] = "rules|20260501100000"
    assert watch.look(book, NOW) == "rules"
    book.names["tieout_request"] = "rules|20260501095959"
    assert watch.look(book, NOW) == ""


def test_a_request_from_the_future_was_never_clicked(book):
    book.names["tieout_request"] = "rules|99991231235959"
    assert watch.look(book, NOW) == ""
    assert book.selection[0] == "Start"


def test_nothing_is_written_while_nothing_is_asked(book):
    left = iter([False] * 20 + [True])
    watch.watch(lambda: book, since=NOW, pause=lambda _: None, told=lambda _: None, ends=lambda: next(left))
    assert book.writes == []


def test_it_waits_for_a_workbook_and_for_excel_that_is_busy(book):
    busy = ReconError(Problem("H-121", Severity.STOP, Place(), "", "Excel is busy.", "Finish editing the cell."))
    answers = iter([None, busy, busy, book, book])
    left = iter([False] * 5 + [True])
    told = []

    def active():
        answer = next(answers)
        if isinstance(answer, ReconError):
            raise answer
        return answer

    book.names["tieout_request"] = "rules|20260501100001"
    obeyed = watch.watch(active, since=NOW, pause=lambda _: None, told=told.append, ends=lambda: next(left))
    assert obeyed == 1
    assert told == ["H-121 Excel is busy. Finish editing the cell.", "Obeyed: Rules"]


def _hold(folder, ready, go):
    with watch.alone(folder):
        ready.set()
        go.wait(30)


def test_one_watcher_for_a_user_and_a_dead_one_does_not_count(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, ready, go))
    other.start()
    assert ready.wait(30)
    with pytest.raises(ReconError, match="B-611"), watch.alone(tmp_path):
        pass
    os.kill(other.pid, signal.SIGKILL)
    other.join(30)
    with watch.alone(tmp_path):
        pass
