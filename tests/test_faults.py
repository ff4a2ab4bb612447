"""A fault of ours as it is told: which button or command, which workbook, where the log is; no trace, no user's name."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin import cli, commands, faults
from addin.commands import ACTIONS, obey
from addin.demo import make_demo
from recon_core import __version__
from recon_core.problems import Place, Problem, ReconError, Severity
from tests.live_double import FileBook


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's home folder with the log in it."""
    home = tmp_path / "Users" / "priya"
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setenv("TIEOUT_HOME", str(home / "logs"))
    return home


def broken(*_arguments, **_options):
    raise ZeroDivisionError("order 4711 of Asha Rao")


def last_line(home: Path) -> dict[str, object]:
    return json.loads((home / "logs" / "runs.jsonl").read_text("utf-8").splitlines()[-1])


def pressed(book: FileBook, monkeypatch) -> str:
    monkeypatch.setitem(commands.ACTIONS, "run", replace(ACTIONS["run"], do=broken))
    obey("run", book)
    [(text, grave)] = book.told
    assert grave
    assert book.names["tieout_status"] == text
    return text


def test_a_button_says_its_label_the_workbook_and_where_the_log_is(home, monkeypatch):
    text = pressed(FileBook(make_demo(home / "April")), monkeypatch)
    entry = last_line(home)
    assert (
        f"E-999 Something went wrong inside Tieout (Run Reconciliation on {Path(str(entry['workbook'])).name}, run "
        in text
    )
    assert faults.shown(home / "logs" / "runs.jsonl") in text
    assert not [word for word in ("Traceback", "4711", "Asha", "priya", str(home)) if word in text]
    assert "ZeroDivisionError: order 4711" in str(entry["trace"])
    assert (entry["command"], entry["tieout"], entry["outcome"]) == ("Run Reconciliation", __version__, "fault")
    assert str(entry["run_id"]) in text


UNSAVED = ReconError(Problem("H-122", Severity.STOP, Place(), "https://firm.sharepoint.com/priya/April.xlsx", "what", "fix"))  # fmt: skip


@pytest.mark.parametrize(
    ("error", "words"), [(UNSAVED, "Run Reconciliation on April.xlsx, run "), (OSError("gone"), "(Run Reconciliation, run ")]
)  # fmt: skip
def test_a_workbook_that_cannot_be_asked_for_its_place_hides_nothing(home, monkeypatch, error, words):
    class Nowhere(FileBook):
        """Its file is known to the double alone."""

        is_asked = False

        @property
        def path(self):
            if self.is_asked:
                raise error
            return self.file

        @path.setter
        def path(self, value):
            self.file = value

    book = Nowhere(make_demo(home / "April"))

    def fails(_host):
        book.is_asked = True
        broken()

    monkeypatch.setitem(commands.ACTIONS, "run", replace(ACTIONS["run"], do=fails))
    obey("run", book)
    [(text, _)] = book.told
    assert words in text
    assert "priya" not in text
    assert "ZeroDivisionError" in str(last_line(home)["trace"])


@pytest.mark.parametrize("as_json", [False, True])
def test_a_command_says_what_was_typed_and_the_workbook(home, monkeypatch, as_json):
    monkeypatch.setattr("addin.job.run", broken)
    book = home / "April" / "April.xlsx"
    make_demo(home / "April").rename(book)
    done = CliRunner().invoke(cli.main, ["run", str(book), *(["--json"] if as_json else [])])
    assert done.exit_code == 1
    assert "E-999 Something went wrong inside Tieout (tieout run on April.xlsx, run " in done.stderr
    assert "priya" not in done.stderr
    assert last_line(home)["command"] == "tieout run"
    if as_json:
        found = json.loads(done.stdout)
        [problem] = found["problems"]
        assert (found["outcome"], found["workbook"], problem["code"]) == ("stop", str(book), "E-999")
        assert "runs.jsonl" in problem["fix"]
        assert f"{problem['code']} {problem['message']} {problem['fix']}" == done.stderr.strip()


def test_a_log_that_cannot_be_written_is_not_promised(home, monkeypatch):
    home.mkdir(parents=True)
    (home / "logs").write_text("a file where the folder should be")
    text = pressed(FileBook(make_demo(home / "April")), monkeypatch)
    assert "could not be written" in text
    assert "last line" not in text


def test_a_log_somewhere_else_is_named_in_full(home, tmp_path):
    assert faults.shown(tmp_path / "logs") == str(tmp_path / "logs")
    start = "%USERPROFILE%\\" if sys.platform == "win32" else "~/"
    assert faults.shown(home / "runs.jsonl") == f"{start}runs.jsonl"
