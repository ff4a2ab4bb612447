"""Sheets of an open workbook are found by the name they have now; a write leaves Python as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from addin.hosts.live import LiveHost
from recon_core.problems import ReconError
from recon_core.sheets import Cell, Sheet
from tests.hosts.live_side import live, running

pytestmark = pytest.mark.office


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with running() as one:
        yield one


@pytest.fixture
def host(app: Any, tmp_path: Path) -> Iterator[LiveHost]:
    path = tmp_path / "Book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("First", "Second", "Third"):
            book.add_worksheet(name).write("A1", name)
    with live(app, path) as one:
        yield one


def test_names_given_to_other_sheets_meanwhile_are_those_that_count(host: LiveHost) -> None:
    assert host.cells("first") == [["First"]]
    host.book.sheets["First"].name = "Swap"
    host.book.sheets["Second"].name = "First"
    host.book.sheets["Swap"].name = "Second"
    assert (host.cells("first"), host.cells("Second")) == ([["Second"]], [["First"]])


def test_a_sheet_that_was_deleted_or_added_meanwhile(host: LiveHost) -> None:
    assert host.cells("Third") == [["Third"]]
    host.book.sheets["Third"].delete()
    assert host.cells("Third") == []
    host.book.sheets.add("Third").range("A1").value = "anew"
    assert host.cells("Third") == [["anew"]]


@pytest.mark.parametrize("at_work", [True, False])
@pytest.mark.parametrize("refused", [True, False])
def test_the_search_for_dead_cycles_goes_on_after_a_write(host: LiveHost, *, at_work: bool, refused: bool) -> None:
    asked: list[bool] = []

    def end() -> bool:
        asked.append(gc.isenabled())
        return refused and len(asked) > 3

    host.cancelled = end
    sheet = Sheet(name="New", cells=(Cell(row=1, column=1, value="one"),))
    (gc.enable if at_work else gc.disable)()
    try:
        if refused:
            with pytest.raises(ReconError):
                host.write([sheet])
        else:
            host.write([sheet])
        assert gc.isenabled() is at_work
        assert False in asked
    finally:
        gc.enable()
