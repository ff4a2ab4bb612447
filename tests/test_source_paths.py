"""What a workbook may read: its own folder unasked, anything else only once it was allowed, and nothing is looked up before."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin import job, settings, source_paths
from addin.cli import main
from addin.hosts.file import FileHost
from addin.new_book import make, two_files
from recon_core.problems import Severity
from recon_core.proposal import Proposal

NOW = dt.datetime(2026, 5, 6, 10)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def files(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    found = [folder / "ours.csv", folder / "theirs.csv"]
    for first, file in enumerate(found):
        file.write_text("Order,Amount\n" + "".join(f"ORDER{at},{at}.50\n" for at in range(first, 9)), "utf-8")
    return found


def book_naming(folder: Path, a: str, b: str = "theirs.csv") -> Path:
    """A workbook in the folder, whose Setup names these two paths as they are typed here."""
    book = folder / "Book.xlsx"
    tables = two_files(book, *files(folder), Proposal(keys=(("Order", "Order"),), amount=("Amount", "Amount")), {})
    tables["Sources"][0]["File or pattern"], tables["Sources"][1]["File or pattern"] = a, b
    make(book, tables)
    return book


def run(book: Path) -> job.Done:
    return job.run(FileHost(book), book, settings.load(), lambda: NOW, write=False)


@pytest.mark.parametrize("path", ["ours.csv", "data/ours.csv", "data\\ours.csv", "./ours.csv", "data/../ours.csv", "*.csv", "a..b.csv", "..hidden/x.csv", " ours.csv"])  # fmt: skip
@pytest.mark.parametrize("on_windows", [False, True])
def test_inside_the_folder_is_inside(path, on_windows):
    book = Path("C:/months/april/Book.xlsx" if on_windows else "/months/april/Book.xlsx")
    assert not source_paths.is_outside(path, book, on_windows=on_windows)


OUTSIDE = [
    "../ours.csv", "data/../../ours.csv", "..\\ours.csv", "/etc/passwd", "\\windows\\win.ini", "//server/share/x.csv", "\\\\server\\share\\x.csv", "\\/server/share/x.csv",
    "file://server/share/x.csv", "https://server/x.csv", "\\\\?\\C:\\x.csv", "\\\\.\\pipe\\x", "C:\\x.csv", "d:/x.csv", "../april2/x.csv", "../*/x.csv", " \\\\server\\x.csv",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("on_windows", [False, True])
def test_everything_else_is_outside(path, on_windows):
    book = Path("E:/months/april/Book.xlsx" if on_windows else "/months/april/Book.xlsx")
    assert source_paths.is_outside(path, book, on_windows=on_windows)


def test_windows_has_names_of_its_own():
    book = Path("C:/months/april/Book.xlsx")
    assert not source_paths.is_outside("c:\\MONTHS\\April\\x.csv", book, on_windows=True)
    assert source_paths.is_outside("C:x.csv", book, on_windows=True)  # in whatever folder C stands in
    assert not source_paths.is_outside("x.csv", Path("//server/share/Book.xlsx"), on_windows=True)
    assert source_paths.is_outside("//other/share/x.csv", Path("//server/share/Book.xlsx"), on_windows=True)


def test_a_path_of_the_folder_in_full_is_inside(tmp_path, home):
    book = book_naming(tmp_path / "april", str(tmp_path / "april" / "ours.csv"))
    assert run(book).outcome == "ok"


@pytest.mark.parametrize(
    ("path", "code"),
    [("../elsewhere/ours.csv", "H-130"), ("../elsewhere/*.csv", "H-130"), ("{}/elsewhere/ours.csv", "H-130"), ("\\\\server\\share\\ours.csv", "H-131"), ("//server/share/*.csv", "H-131")],
)  # fmt: skip
def test_another_path_is_asked_about_and_nothing_is_looked_up(tmp_path, home, monkeypatch, path, code):
    files(tmp_path / "elsewhere")
    book = book_naming(tmp_path / "april", path.format(tmp_path))
    looked: list[str] = []
    monkeypatch.setattr(job.source_paths, "paths", lambda *_: looked.append("a path"))
    done = job.run(FileHost(book), book, settings.load(), lambda: NOW, reader=lambda *_: looked.append("a file"))
    assert done.outcome == "ask"
    [problem] = done.problems
    assert (problem.code, problem.severity, problem.where.sheet) == (code, Severity.ASK, "Setup")
    assert problem.where.cell
    assert path.format(tmp_path) in problem.what
    assert f'tieout allow "{book}"' in problem.fix
    assert looked == []


def test_what_was_allowed_is_read_until_it_is_taken_back(tmp_path, home):
    files(tmp_path / "elsewhere")
    book = book_naming(tmp_path / "april", "../elsewhere/ours.csv")
    assert run(book).outcome == "ask"
    told = CliRunner().invoke(main, ["allow", str(book)], catch_exceptions=False)
    assert (told.exit_code, told.output) == (0, "Book.xlsx may read from now on: ../elsewhere/ours.csv\n")
    assert run(book).outcome == "ok"
    elsewhere = tmp_path / "may" / "Book.xlsx"
    elsewhere.parent.mkdir()
    files(elsewhere.parent)
    elsewhere.write_bytes(book.read_bytes())
    assert run(elsewhere).outcome == "ask"  # a permission does not travel
    told = CliRunner().invoke(main, ["allow", str(book), "--forget", "--json"], catch_exceptions=False)
    assert json.loads(told.output)["taken_back"] == ["../elsewhere/ours.csv"]
    assert run(book).outcome == "ask"


def test_a_path_that_was_changed_is_asked_about_again(tmp_path, home):
    book = book_naming(tmp_path / "april", "../elsewhere/ours.csv")
    settings.allow(book, ["../elsewhere/ours.csv"])
    files(tmp_path / "elsewhere")
    assert run(book).outcome == "ok"
    settings.forget(book)
    settings.allow(book, ["../elsewhere/theirs.csv"])
    assert run(book).outcome == "ask"


def test_a_workbook_that_needs_no_permission_is_told_so(tmp_path, home):
    book = book_naming(tmp_path / "april", "ours.csv")
    told = CliRunner().invoke(main, ["allow", str(book)], catch_exceptions=False)
    assert told.output == "Book.xlsx reads nothing outside of its folder.\n"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": null}'])
def test_damaged_permissions_permit_nothing(home, content):
    home.mkdir()
    (home / settings.ALLOWED_FILE).write_text(content, "utf-8")
    assert settings.allowed() == frozenset()


def test_files_that_a_user_names_to_quick_may_be_read_again(tmp_path, home):
    a, b = files(tmp_path / "exports")
    book = tmp_path / "april" / "Out.xlsx"
    book.parent.mkdir()
    told = CliRunner().invoke(main, ["quick", str(a), str(b), "-o", str(book), "--quiet"], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    assert run(book).outcome == "ok"
    assert {path for _, path in settings.allowed()} == {"../exports/ours.csv", "../exports/theirs.csv"}
