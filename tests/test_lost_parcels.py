"""A parcel that the carrier lost, in the demo month: nothing of the sale is expected, a claim settles it, without one it is told."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from addin.demo import make_demo
from tests.demo_runs import copied, rows_of, run_book
from tests.test_late_file import block

ORDER, VALUE = "FN-410348", 1804.05  # one row, settled by one line of W2, net 1,348.20
PARTS = ("Amount paid by customer", "Fee: Commission", "Fee: Fixed", "Fee: Collection", "Fee: Logistics", "Tax on fees", "TCS", "TDS")  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("lost") / "demo")


def lost(demo: Path, folder: Path, status: str, paid: dict[str, str] | None) -> tuple[dict[str, object], Path]:
    """The row of Orders, where the order has this status and its settlement line these amounts alone; None: it has no line."""
    book = copied(demo, folder)
    change(book.parent / "oms_orders.csv", "order_no", lambda row: row | {"status": status})
    blank = dict.fromkeys(PARTS, "0.00")
    change(book.parent / "settlement_W2.csv", "Order ID", lambda row: None if paid is None else row | blank | paid | {"Amount paid to you": f"{sum(map(float, paid.values())):.2f}"})  # fmt: skip
    done = run_book(book)
    assert done.results, done.problems
    assert not [one for one in done.problems if one.code in ("T-298", "T-261")]
    return next(row for row in rows_of(book, "Orders") if row["Order id"] == ORDER), book


def change(file: Path, key: str, changed: Callable[[dict[str, str]], dict[str, str] | None]) -> None:
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    out = [changed(row) if row[key] == ORDER else row for row in rows]
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in out if row is not None)


@pytest.mark.parametrize("status", ["Lost in transit", "LOST"])
def test_without_a_claim_it_is_told(demo: Path, tmp_path: Path, status: str) -> None:
    row, book = lost(demo, tmp_path, status, None)
    assert (row["Payment"], row["Expected net"], row["Outstanding"], row["Days overdue"]) == ("Void", 0, 0, 0)
    assert (row["Divergences"], row["Tags"]) == ("CLAIM_PENDING", "lost")
    told = next(line for line in block(book, "Divergences") if line[3] == "CLAIM_PENDING")
    assert told[1:3] == (1, VALUE)


def test_a_claim_settles_it(demo: Path, tmp_path: Path) -> None:
    row, book = lost(demo, tmp_path, "Lost in transit", {"Claims": "250.00"})
    assert (row["Payment"], row["Expected net"], row["Actual net"], row["Claims"]) == ("Void", 250, 250, 250)
    assert (row["Outstanding"], row["Over-paid"], row["Divergences"]) == (0, 0, None)
    assert not [one for one in rows_of(book, "Fees") if one["Order id"] == ORDER and one["Status"] != "Reconciled"]
    assert (row["Settlement leg"], [one for one in rows_of(book, "Exceptions") if one["Id"] == ORDER]) == (
        "Matched",
        [],
    )


def test_a_fee_on_a_lost_parcel_is_beyond_the_card(demo: Path, tmp_path: Path) -> None:
    row, book = lost(demo, tmp_path, "Lost in transit", {"Claims": "250.00", "Fee: Logistics": "-62.00"})
    assert "FEE_OVERCHARGE" in str(row["Divergences"])
    fee = next(one for one in rows_of(book, "Fees") if one["Order id"] == ORDER and one["Fee"] == "Logistics")
    assert (fee["Expected"], fee["Charged"], fee["Status"]) == (0, 62, "Disputed")
