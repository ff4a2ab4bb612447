"""The recipe fee_audit: only orders, returns and settlements; agreed against charged for each order and fee."""

from __future__ import annotations

import pytest

from tests.recipes.made import Made, amount, make, table

CARD = table(
    "Portal|Fee|From|To|Category|Price from|Price to|Base|%|Fixed|Min|GST %|Return %",
    "|Commission|2026-01-01|2026-06-15|Shoes|||price incl. GST|10||50|18|100", "|Commission|2026-06-16||Shoes|||price incl. GST|12||50|18|100",
    "|Fixed|2026-01-01|||0|500|||10||18|0", "|Fixed|2026-01-01|||500||||25||18|0",
)  # fmt: skip
TEMPLATE = "Order ID|SKU|Amount paid to you|Amount paid by customer|Fee: Commission|Fee: Fixed|Fee: Packaging|Claims|Tax on fees|TCS|TDS"
FILES = {
    "orders_june.csv": table(
        "order_id|order_date|invoice_date|sku|qty|unit_price|amount|gst_rate|status|category|weight_g",
        "F-1|2026-06-01|2026-06-02|B1|1|1000|1000|0|Delivered|Shoes|500", "F-2|2026-06-16|2026-06-17|B1|1|1000|1000|0|Delivered|Shoes|500",
        "F-3|2026-06-15|2026-06-17|B2|2|500|1000|0|Delivered|Shoes|500", "F-4|2026-06-02|2026-06-03|B2|1|400|400|0|Delivered|Shoes|500",
        "F-5|2026-06-02|2026-06-03|B1|1|1000|1000|0|Delivered|Shoes|500", "F-6|2026-06-02|2026-06-03|B1|1|1000|1000|0|Delivered|Shoes|500",
    ),
    "returns_june.csv": table("Order ID|SKU|Quantity|Return Date|Return Type", "F-5|B1|1|2026-06-20|Customer return"),
    "settlement_june.csv": table(
        TEMPLATE,
        "F-1|B1|846.50|1000|-100|-25|0|0|-22.50|-5|-1", "F-2|B1|822.90|1000|-120|-25|0|0|-26.10|-5|-1",
        "F-3|B2|846.40|1000|-100|-25|0|0|-22.60|-5|-1", "F-4|B2|291.00|400|-50|-10|-30|0|-16.20|-2|-0.80",
        "F-5|B1|846.50|1000|-100|-25|0|0|-22.50|-5|-1", "F-5|B1|-994.00|-1000|0|0|0|0|0|5|1", "F-7|B1|846.50|1000|-100|-25|0|0|-22.50|-5|-1",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("audit"), "fee_audit", FILES, loads={"Rates": CARD})


def test_agreed_against_charged(june: Made) -> None:
    # F-3: two units of 500.00, fixed 10 each where 25 was taken; F-4: packaging is in no card, TDS 0.40; F-5: commission was kept on a return.
    assert june.gaps("Fees") == {"F-3": "6.00", "F-4": "35.80", "F-5": "118.00", "F-6": "-153.50", "F-7": "153.50"}
    assert june.ties()


def test_fees_one_by_one(june: Made) -> None:
    rows = {
        (row["Order id"], row["Fee"]): (amount(row["Expected"]), amount(row["Charged"]), row["Status"], row["Reason"])
        for row in june.rows("Fees")
    }
    assert rows["F-1", "Commission"] == ("100.00", "100.00", "Reconciled", None)
    assert rows["F-2", "Commission"] == (
        "120.00",
        "120.00",
        "Reconciled",
        None,
    )  # the version of 16 June, by order date
    assert rows["F-3", "Fixed"] == ("20.00", "25.00", "Disputed", "FEE_OVERCHARGE")
    assert rows["F-4", "Packaging"][2:] == ("Failed", "FEE_UNCONFIGURED")
    assert rows["F-5", "Commission"] == ("0.00", "100.00", "Disputed", "FEE_NOT_REVERSED")
    assert {(row["Order id"], row["Fee"]) for row in june.rows("Claims")} >= {("F-3", "Fixed"), ("F-5", "Commission")}
