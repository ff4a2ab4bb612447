"""Cells that say TRUE or FALSE: a format that shows the word where a truth is a number (LibreOffice), and that Excel has no use for."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from addin.demo import make_demo
from addin.hosts.styles import TRUTH
from tests.demo_runs import run_book, tieout

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_demo(tmp_path_factory.mktemp("truths") / "demo")
    run_book(book)
    tieout("export", "settlement", book, "--payout", "FNSET-0410")
    return book


@pytest.mark.parametrize(
    ("name", "sheets"),
    [("*2026.xlsx", {"Summary", "Files", "Money chain", "Journal"}), ("*settlement_FNSET-0410.xlsx", {"Settlement"})],
)
def test_every_truth_shows_as_a_word(book: Path, name: str, sheets: set[str]) -> None:
    path = next(book.parent.glob(name))
    stored = openpyxl.load_workbook(path, data_only=True)
    truths = [cell for sheet in stored for row in sheet.iter_rows() for cell in row if isinstance(cell.value, bool)]
    assert {cell.parent.title for cell in truths} >= sheets
    assert {
        (cell.parent.title, cell.coordinate, cell.number_format) for cell in truths if cell.number_format != TRUTH
    } == set()
