"""The button Explain on the sheet Start has no row of its own: it explains the one selected on Exceptions, and shows it."""

from __future__ import annotations

import pytest

from addin.commands import obey
from addin.demo import make_demo
from tests.live_double import FileBook


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    made = FileBook(make_demo(tmp_path / "demo"))
    obey("run", made)
    made.told.clear()
    return made


def test_on_start_the_row_selected_on_exceptions_is_explained(book):
    book.selection = ("Exceptions", 8, 2)
    obey("explain", book)
    book.go_to("Start")
    obey("explain", book)
    [(there, _), (from_start, grave)] = book.told
    assert from_start == there
    assert not grave
    assert book.selection == ("Exceptions", 8, 2)


def test_without_a_row_selected_there_it_says_what_to_do(book):
    book.selection = ("Start", 1, 1)
    obey("explain", book)
    [(text, grave)] = book.told
    assert grave
    assert "U-961" in text
    assert book.selection[0] == "Exceptions"


def test_elsewhere_the_selected_row_counts(book):
    book.selection = ("A data", 8, 1)
    obey("explain", book)
    assert book.selection == ("A data", 8, 1)
    assert not book.told[0][1]
