"""What the manual says of terms holds: fees of some orders alone, anticipation, subsidised shipping; and its tables are whole."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from addin.demo import make_demo
from tests.demo_runs import copied, rows_of, run_book
from tests.test_card_block import with_rates

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
CARD = {"Portal": "AJIO", "From": "2026-01-01", "Base": "price incl. GST"}


def loose_tables(text: str) -> list[int]:
    """Lines of tables without a header: rows of a table that a blank line cut off."""
    plain = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)
    lines = ["", *plain.split("\n"), ""]
    starts = [at for at, line in enumerate(lines) if line.startswith("|") and not lines[at - 1].startswith("|")]
    return [at for at in starts if not lines[at + 1].replace(" ", "").startswith(("|--", "|:-"))]


def test_a_table_that_is_cut_is_found() -> None:
    assert loose_tables("| a |\n|---|\n| 1 |\n\n| 2 |\n") == [5]


@pytest.mark.parametrize("page", DOCS, ids=[str(page.relative_to(ROOT)) for page in DOCS])
def test_the_tables_of_a_page_are_whole(page: Path) -> None:
    assert loose_tables(page.read_text(encoding="utf-8")) == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with a column that says how an order was paid: every third row by cash on delivery."""
    book = make_demo(tmp_path_factory.mktemp("terms") / "demo")
    file = book.parent / "oms_orders.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([f"{header},pay", *(f"{row},{'COD' if at % 3 == 0 else 'Prepaid'}" for at, row in enumerate(rows))]) + "\n", encoding="utf-8")  # fmt: skip
    return book


def with_use(book: Path, role: str, source: str, meaning: str, column: str) -> None:
    """Types a row of Marketplace below those there are."""
    sheets = openpyxl.load_workbook(book)
    sheet = sheets["Marketplace"]
    free = max(cell.row for cell in sheet["A"] if cell.value) + 1
    for at, value in enumerate((role, source, meaning, column), 1):
        sheet.cell(free, at).value = value
    sheets.save(book)


CASH = CARD | {"Fee": "Cash fee", "Payment mode": "COD", "%": 2}
REST = {"Portal": "AJIO", "From": "2026-01-01", "Fee": "Cash fee", "Fixed": 0}


@pytest.mark.parametrize(
    ("rows", "unknown"),
    [
        ([CASH], True),
        ([CASH, REST | {"Payment mode": "Prepaid"}], False),
        ([CASH | {"Combine": "FIRST"}, REST | {"Combine": "FIRST"}], False),
    ],
    ids=["alone", "and one for prepaid", "and one without a condition"],
)
def test_a_fee_for_cash_on_delivery(demo: Path, tmp_path: Path, rows: list[dict[str, object]], unknown: bool) -> None:
    book = copied(demo, tmp_path)
    with_use(book, "Orders", "OMS", "payment mode", "pay")
    with_rates(book, rows)
    done = run_book(book)
    assert done.results, done.problems
    assert any(one.code == "R-750" for one in done.problems) is unknown
    terms = {row["Name"] for row in rows_of(book, "Commercial") if row["By"] == "Term" and row["Fee"] == "Cash fee"}
    assert "AJIO Cash fee from 2026-01-01, payment mode COD: 2% of price incl. GST" in terms


def test_an_anticipation_rate_is_a_fee_and_a_term(demo: Path, tmp_path: Path) -> None:
    book = copied(demo, tmp_path)
    with_rates(book, [CARD | {"Fee": "Anticipation", "%": 1.5}])
    run_book(book)
    rows = [row for row in rows_of(book, "Commercial") if row["Fee"] == "Anticipation"]
    assert {row["By"] for row in rows} >= {"Item", "Category", "Channel", "Term"}
    term = next(row for row in rows if row["By"] == "Term")
    channel = next(row for row in rows if row["By"] == "Channel")
    assert term["Name"] == "AJIO Anticipation from 2026-01-01: 1.5% of price incl. GST"
    assert term["Agreed"] == channel["Agreed"] != 0


def test_a_rate_below_0_is_refused(demo: Path, tmp_path: Path) -> None:
    book = copied(demo, tmp_path)
    with_rates(book, [{"Portal": "AJIO", "From": "2026-01-01", "Fee": "Shipping subsidy", "Fixed": -20}])
    assert [one.code for one in run_book(book).problems if one.severity == "stop"] == ["R-713"]
