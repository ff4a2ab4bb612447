"""The recipe books_check: a ledger that books a fee short, a sale in the wrong month and TDS twice, against the portal's own totals."""

from __future__ import annotations

import pytest

from tests.recipes.made import Made, make, table

TEMPLATE = "Settlement ID|Settlement Date|UTR|Order ID|SKU|Amount paid to you|Amount paid by customer|Fee: Commission|Fee: Payment gateway|Fee: Fixed|Fee: Closing|Fee: Collection|Fee: Logistics|Fee: Reverse logistics|Claims|Tax on fees|TCS|TDS"
FILES = {
    "settlement_1.csv": table(
        TEMPLATE, "S1|2026-06-10|U1|O1|A|816.00|1000|-100|0|-20|0|0|-30|0|0|-27|-6|-1", "S1|2026-06-10|U1|O2|A|402.00|500|-50|0|-20|0|0|-10|0|0|-14.40|-3|-0.60",
    ),
    "settlement_2.csv": table(TEMPLATE, "S2|2026-07-08|U2|O3|A|1720.00|2000|-200|0|-20|0|0|-40|0|40|-46.80|-11|-2.20"),
    "ledger_2026.csv": table(
        "Date|Voucher|Account|Debit|Credit",
        "2026-06-10|1|Marketplace sales||1000", "2026-07-01|2|Marketplace sales||500", "2026-06-10|3|Marketplace fees|220|", "2026-06-10|4|GST input on fees|41.40|",
        "2026-06-10|5|TCS receivable|9|", "2026-06-10|6|TDS receivable|1.60|", "2026-06-11|7|Marketplace receipts|1218|", "2026-06-12|8|Rent|5000|",
        "2026-07-08|9|Marketplace sales||2000", "2026-07-08|10|Marketplace fees|260|", "2026-07-08|11|GST input on fees|46.80|", "2026-07-08|12|TCS receivable|11|",
        "2026-07-08|13|TDS receivable|2.20|", "2026-07-08|14|TDS receivable|2.20|", "2026-07-08|15|Marketplace claims||40", "2026-07-09|16|Marketplace receipts|1720|",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("books"), "books_check", FILES)


def test_account_by_account_and_month(books: Made) -> None:
    assert books.gaps("Accounts") == {
        "MARKETPLACE SALES 2026-06": "-500.00", "MARKETPLACE SALES 2026-07": "500.00", "MARKETPLACE FEES 2026-06": "10.00", "TDS RECEIVABLE 2026-07": "-2.20",
    }  # fmt: skip
    matched = [key for key in books.outcome("Accounts")["matched"] if not key.startswith("b:")]
    assert sorted(matched) == sorted([
        "GST INPUT ON FEES 2026-06", "GST INPUT ON FEES 2026-07", "MARKETPLACE CLAIMS 2026-07", "MARKETPLACE FEES 2026-07", "MARKETPLACE RECEIPTS 2026-06",
        "MARKETPLACE RECEIPTS 2026-07", "TCS RECEIVABLE 2026-06", "TCS RECEIVABLE 2026-07", "TDS RECEIVABLE 2026-06",
    ])  # fmt: skip
    assert books.ties()


def test_accounts_of_other_matters_and_months_without_money_take_no_part(books: Made) -> None:
    found = books.outcome("Accounts")
    assert sorted(set(found["skipped"])) == ["RENT 2026-06", "b:MARKETPLACE CLAIMS 2026-06"]
    assert "alone" not in found


def test_an_amount_that_cannot_be_read_is_left_out_and_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    bad = {**FILES, "settlement_2.csv": FILES["settlement_2.csv"].replace("-2.20", "two")}
    made = make(tmp_path_factory.mktemp("bad"), "books_check", bad)
    assert "T-211" in made.codes()
    assert made.gaps("Accounts")["TDS RECEIVABLE 2026-07"] == "-4.40"
