"""A link inside the workbook's folder that leads out of it needs permission like a path out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from addin import settings, source_paths
from tests.test_source_paths import book_naming, files, home, run

__all__ = ["home"]


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("link.csv", True), ("dlink/ours.csv", True), ("dlink/*.csv", True), ("link*.csv", True), ("dlink\\ours.csv", True), ("*/ours.csv", True),
        ("ours.csv", False), ("own.csv", False), ("below/own.csv", False), ("own*.csv", False), ("nothing.csv", False),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("home")
def test_a_link_out_of_the_folder_is_asked_about(tmp_path: Path, path: str, asks: bool) -> None:
    elsewhere, april = tmp_path / "elsewhere", tmp_path / "april"
    files(elsewhere)
    files(april)
    (april / "link.csv").symlink_to(elsewhere / "ours.csv")
    (april / "dlink").symlink_to(elsewhere)
    (april / "own.csv").symlink_to(april / "ours.csv")  # a link that stays in the folder
    (april / "below").mkdir()
    (april / "below" / "own.csv").symlink_to("../ours.csv")
    book = book_naming(april, path)
    assert source_paths.leads_outside(path, book) is asks
    done = run(book)
    assert ("H-130" in {one.code for one in done.problems}) is asks
    assert (done.outcome == "ask") is asks
    settings.allow(book, [path])
    assert "H-130" not in {one.code for one in run(book).problems}


def test_a_workbook_whose_folder_is_reached_by_a_link_reads_its_folder(tmp_path: Path, home: Path) -> None:
    files(tmp_path / "april")
    (tmp_path / "months").symlink_to(tmp_path / "april")
    assert run(book_naming(tmp_path / "months", "ours.csv")).outcome == "ok"


def test_a_link_of_a_server_is_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "resolve", lambda *_args, **_more: pytest.fail("looked up"))
    assert source_paths.leads_outside("//server/share/x.csv", tmp_path / "Book.xlsx")
    assert source_paths.leads_outside("../x.csv", tmp_path / "Book.xlsx")
