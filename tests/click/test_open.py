"""`tieout open`: the workbook stands before the user, its requests are obeyed, and closing it ends the command."""

from __future__ import annotations

import pytest

from addin import calc, settings, watch
from addin.demo import make_demo
from addin.hosts import live_programs
from tests.click import screen as screens

WHY_NOT = calc.why_not() or screens.missing()
pytestmark = [pytest.mark.office, pytest.mark.slow, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]


def test_requests_are_obeyed_until_the_workbook_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    book = make_demo(tmp_path / "April")
    since = settings.now().replace(microsecond=0)
    told = []
    with screens.screen() as on:
        monkeypatch.setenv("DISPLAY", on.display)
        with live_programs.before_user(book) as find:
            host = find()
            assert host is not None
            assert host.path == book
            assert find() is host
            host.set_named("tieout_request", f"rules|{since:%Y%m%d%H%M%S}")

            def close(_seconds: float) -> None:
                if host.selected()[0] == "Rules":
                    assert str(host.named("tieout_status")).startswith("Rules was done at ")
                    host.book.close()

            obeyed = watch.watch(find, since=since, pause=close, told=told.append, ends=lambda: find() is None)
            assert (obeyed, told) == (1, ["Obeyed: Rules"])
    assert list(book.parent.glob(".~lock*")) == []


def test_a_program_that_was_closed_is_no_error(tmp_path, monkeypatch):
    book = make_demo(tmp_path / "April")
    with screens.screen() as on:
        monkeypatch.setenv("DISPLAY", on.display)
        with live_programs.before_user(book) as find:
            host = find()
            assert host is not None
            host.book.app.kill()
            assert find() is None
