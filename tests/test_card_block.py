"""Summary's block of the rate cards: Active, Upcoming and Expired on the as-of day, read from the cells."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from addin.demo import make_demo
from recon_core.ratecard.card import OPEN, Rule, State
from tests.demo_runs import copied, run_book
from tests.test_late_file import block, two_sided


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("cards") / "demo")


def with_rates(book: Path, rows: list[dict[str, object]]) -> None:
    """Types further rows of Rates below those there are."""
    sheets = openpyxl.load_workbook(book)
    sheet = sheets["Rates"]
    top = max(cell.row for cell in sheet["A"] if cell.value == "Portal")
    at = {cell.value: cell.column for cell in sheet[top]}
    free = next(row for row in range(top + 1, 10_000) if sheet.cell(row, at["Fee"]).value is None)
    for number, row in enumerate(rows):
        for name, value in row.items():
            sheet.cell(free + number, at[name]).value = value
    sheets.save(book)


def told(book: Path) -> tuple[dict[str, int], list[tuple[object, ...]]]:
    """Rows by state, and the versions that are named."""
    rows = block(book, "Rate cards on")
    return {str(row[4]): int(str(row[1])) for row in rows if row[0] == "All rate cards"}, [
        row for row in rows if row[0] != "All rate cards"
    ]


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("at", "state"),
    [(9, State.UPCOMING), (10, State.ACTIVE), (20, State.ACTIVE), (21, State.EXPIRED)],
    ids=["the day before", "first day", "last day", "the day after"],
)
def test_both_ends_are_inclusive(at: int, state: State) -> None:
    assert Rule(at=0, first_day=10, last_day=20).state(at) is state
    assert Rule(at=0, first_day=10, last_day=OPEN).state(2**30) is State.ACTIVE


def test_the_month_of_the_demo(demo: Path, tmp_path: Path) -> None:
    """April ends with the old rate of tops expired; taxes that ended years ago are counted, not named."""
    book = copied(demo, tmp_path)
    run_book(book)
    assert told(book) == (
        {"Upcoming": 0, "Active": 24, "Expired": 4},
        [
            ("AJIO Commission", 1, day("2026-01-01"), day("2026-04-15"), "Expired", None, "category TOPS"),
            ("AJIO Commission", 1, day("2026-04-16"), None, "Active", None, "category TOPS"),
        ],
    )


def test_what_begins_later_is_upcoming_until_its_day(demo: Path, tmp_path: Path) -> None:
    book = copied(demo, tmp_path)
    bags = [{"Portal": "AJIO", "Fee": "Commission", "From": "2026-05-04", "Category": word, "Base": "price incl. GST", "%": 12} for word in ("Bags", "Belts", "Caps", "Ties")]  # fmt: skip
    with_rates(book, bags)
    run_book(book)
    counts, named = told(book)
    assert counts == {"Upcoming": 4, "Active": 24, "Expired": 4}
    assert named[-1] == ("AJIO Commission", 4, day("2026-05-04"), None, "Upcoming", None, "category BAGS; category BELTS; and 2 more")  # fmt: skip
    run_book(book, dt.date(2026, 5, 6))
    counts, named = told(book)
    assert counts == {"Upcoming": 0, "Active": 28, "Expired": 4}
    assert len(named) == 2


def test_many_versions_end_with_how_many_more(demo: Path, tmp_path: Path) -> None:
    book = copied(demo, tmp_path)
    with_rates(book, [{"Portal": "AJIO", "Fee": f"Ads {at}", "From": "2026-06-01", "Fixed": 5, "Return %": 0, "RTO %": 0} for at in range(25)])  # fmt: skip
    run_book(book)
    counts, named = told(book)
    assert (counts["Upcoming"], len(named)) == (25, 21)
    assert named[-1][0] == "and 7 more, on the sheet Rates"


def test_without_rate_cards_there_is_no_block(tmp_path: Path) -> None:
    book = two_sided(tmp_path)
    run_book(book)
    first = [row[0] for row in openpyxl.load_workbook(book)["Summary"].iter_rows(max_col=1, values_only=True)]
    assert not any(str(text).startswith("Rate cards on") for text in first)
