"""What `tieout watch` and `tieout open` need of the machine, said before anything is opened or watched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin import cli, watch
from addin.hosts import live_programs
from addin.machine import LINUX, MACOS, WINDOWS
from recon_core.problems import ReconError
from tests.machines import layout


@pytest.fixture
def linux(tmp_path, monkeypatch):
    """This process on Linux, without a screen; nothing may be opened, attached to or locked."""

    def untouched(*_arguments, **_options):
        raise AssertionError("a program was asked")

    machine = replace(layout(tmp_path, WINDOWS), system=LINUX, env={})
    monkeypatch.setattr("addin.machine.here", lambda: machine)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    for name in ("active", "before_user"):
        monkeypatch.setattr(live_programs, name, untouched)
    monkeypatch.setattr(watch, "watch", untouched)
    return tmp_path


def call(*words: object):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


@pytest.mark.parametrize(("command", "code"), [(("watch",), "B-612"), (("open", "April.xlsm"), "B-613")])
def test_on_linux_it_stops_before_anything_is_opened(linux, command, code):
    done = call(*command)
    assert done.exit_code == 4
    assert code in done.output
    assert "Watching" not in done.output
    assert not (linux / "home" / "watch.lock").exists()


def test_watch_without_excel_names_what_works_there(linux):
    assert "tieout open BOOK" in call("watch").output


@pytest.mark.parametrize(
    ("system", "env", "refused"),
    [
        (LINUX, {}, True),
        (LINUX, {"DISPLAY": "", "WAYLAND_DISPLAY": ""}, True),
        (LINUX, {"DISPLAY": ":0"}, False),
        (LINUX, {"WAYLAND_DISPLAY": "wayland-0"}, False),
        (WINDOWS, {}, False),
        (MACOS, {}, False),
    ],
)
def test_a_screen_is_asked_for_where_windows_need_one(tmp_path, system, env, refused):
    machine = replace(layout(tmp_path, WINDOWS), system=system, env=env)
    if refused:
        with pytest.raises(ReconError, match="B-613"):
            watch.need_screen(machine)
    else:
        watch.need_screen(machine)


@pytest.mark.parametrize("system", [WINDOWS, MACOS])
def test_where_excel_may_run_watch_is_not_refused(tmp_path, system):
    watch.need_excel(replace(layout(tmp_path, WINDOWS), system=system))


def test_no_text_sends_linux_to_watch():
    manual = Path(__file__).resolve().parent.parent / "docs" / "manual"
    page = (manual / "install.md").read_text(encoding="utf-8")
    linux = page.partition("## Linux")[2].partition("\n## ")[0]
    assert "B-612" in linux
    assert "tieout open" in linux
    [row] = [line for line in (manual / "problems.md").read_text(encoding="utf-8").splitlines() if "I-971" in line]
    assert "watch" not in row


def test_a_button_that_nobody_obeys_names_the_way_of_either_program():
    source = (Path(__file__).resolve().parent.parent / "addin" / "vba" / "ReconActions.bas").read_text("ascii")
    told = source.partition("V-906")[2].partition("Case")[0]
    assert "In Excel: start 'tieout watch'" in told
    assert "In LibreOffice: close the workbook, open it with 'tieout open'" in told
