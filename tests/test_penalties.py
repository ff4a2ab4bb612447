"""A penalty needs its event on record: an order cancelled, sent back or lost; else it is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from addin.demo import make_demo
from tests.demo_runs import copied, rows_of, run_book

DELIVERED, CANCELLED = "FN-410348", "FN-420119"  # the second has a penalty of 100.00 in the demo, and was cancelled


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("penalties") / "demo")


@pytest.mark.parametrize("status", ["Delivered", "Cancelled"])
def test_a_penalty_without_an_event_is_named(demo: Path, tmp_path: Path, status: str) -> None:
    book = copied(demo, tmp_path)
    for name, key, changes in (
        ("oms_orders.csv", "order_no", {"status": status}),
        ("settlement_W2.csv", "Order ID", {"Fee: Penalty": "-40.00", "Amount paid to you": "1308.20"}),
    ):
        file = book.parent / name
        with file.open(encoding="utf-8", newline="") as text:
            rows = [row | changes if row[key] == DELIVERED else row for row in csv.DictReader(text)]
        with file.open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    done = run_book(book)
    assert done.results, done.problems
    said = {row["Order id"]: str(row["Divergences"]) for row in rows_of(book, "Orders")}
    assert ("PENALTY_WITHOUT_EVENT" in said[DELIVERED]) is (status == "Delivered")
    assert "PENALTY_WITHOUT_EVENT" not in said[CANCELLED]
