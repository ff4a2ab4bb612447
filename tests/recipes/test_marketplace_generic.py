"""The recipe marketplace_generic, in the standard template: chain of keys, parts over two payouts, returns, RTO, narrations, a decoy, the card."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.recipes.made import Made, amount, bank, make, table

CARD = table(
    "Portal|Fee|From|Category|Base|%|Fixed|GST %|Charged on|RTO %|Return %",
    "|Commission|2026-01-01|Shirts|price incl. GST|10||18|Shipped|100|100", "|Logistics|2026-01-01||||40|18|Shipped|0|0",
    "|Reverse logistics|2026-01-01||||30|18|Customer return||",
)  # fmt: skip
TEMPLATE = "Settlement ID|Settlement Date|UTR|Line Type|Order ID|SKU|Amount paid to you|Amount paid by customer|Fee: Commission|Fee: Logistics|Fee: Reverse logistics|Claims|Tax on fees|TCS|TDS|Invoice No|AWB|Remarks"
# Of a shirt at 1,050.00 with 5 % GST: commission 105.00, logistics 40.00, GST on them 26.10, TCS 0.5 % and TDS 0.1 % of 1,000.00.
SHIRT = "872.90|1050|-105|-40|0|0|-26.10|-5|-1"
ONE, TWO = "S-1|2026-06-10|ICICN52026061000111", "S-2|2026-06-17|ICICN52026061700222"
FILES = {
    "orders_june.csv": table(
        "order_id|order_date|invoice_no|invoice_date|sku|qty|unit_price|amount|gst_rate|gst_amount|status|awb|category|weight_g",
        *(f"G-{n}|2026-06-01|GI-{n}|2026-06-02|SH-1|1|1050|1050|5|50|Delivered|7700000{n}|Shirts|300" for n in range(1, 9)),
        "G-9|2026-06-01|GI-9|2026-06-02|SH-1|1|1050|1050|5|50|RTO|77000009|Shirts|300", "G-10|2026-06-01|||SH-1|1|1050|1050|5|50|Cancelled||Shirts|300",
    ),
    "portal_orders_june.csv": table(
        "Order ID|Invoice No|AWB|SKU|Quantity|Order Date|Invoice Amount|GST Amount",
        *(f"G-{n}|GI-{n}|7700000{n}|SH-1|1|2026-06-01|1050.00|50.00" for n in (1, 2, 3, 4, 7, 9)), "|GI-5||SH-1|1|2026-06-01|1050.00|50.00",
        "X-1|GI-X|77000006|SH-1|1|2026-06-01|1050.00|160.17", "G-8|GI-8|77000008|SH-1|1|2026-06-01|950.00|45.24", "G-10|||SH-1|1|2026-06-01|1050.00|50.00",
    ),
    "returns_june.csv": table("Order ID|Invoice No|AWB|SKU|Quantity|Return Date|Return Type", "|GI-7||SH-1|1|2026-06-12|Customer return"),
    "settlement_1.csv": table(
        TEMPLATE,
        f"{ONE}|Order|G-1|SH-1|{SHIRT}|GI-1|77000001|", f"{ONE}|Order||SH-1|{SHIRT}|GI-2|77000002|no order id", f"{ONE}|Order|ZZ-3|SH-1|{SHIRT}||77000003|another id",
        f"{ONE}|Order|G-4|SH-1|436.45|525|-52.50|-20|0|0|-13.05|-2.50|-0.50|GI-4|77000004|half", f"{ONE}|Order|G-7|SH-1|{SHIRT}|GI-7|77000007|",
        f"{ONE}|Order|G-5|SH-1|849.30|1050|-125|-40|0|0|-29.70|-5|-1|GI-5|77000005|20.00 too much", f"{ONE}|Ads|||-118|0|0|0|0|0|-118|0|0|||Ads of June",
    ),
    "settlement_2.csv": table(
        TEMPLATE,
        f"{TWO}|Order|G-4|SH-1|436.45|525|-52.50|-20|0|0|-13.05|-2.50|-0.50|GI-4|77000004|half",
        f"{TWO}|Return|G-7|SH-1|-955.50|-1050|105|0|-30|0|13.50|5|1|GI-7|77000007|", f"{TWO}|RTO|G-9|SH-1|-47.20|0|0|-40|0|0|-7.20|0|0|GI-9|77000009|",
        f"{TWO}|Order|Q-77|SH-1|300|300|0|0|0|0|0|0|0|GI-77|99|unknown",
    ),
    "bank_june.csv": bank(
        "10/06/26|NEFT CR-PORTAL PVT LTD-ICICN5202606 1000111||4659.35", "17/06/26|IMPS-RAO TRADERS|616400002222|4659.35",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Made:
    terms = table("Portal|Flow|Due from|Days|Valid from", "||invoice|15|2026-01-01")
    return make(tmp_path_factory.mktemp("generic"), "marketplace_generic", FILES, loads={"Rates": CARD, "Terms": terms}, as_of=dt.date(2026, 6, 30))  # fmt: skip


def test_the_chain_of_keys(june: Made) -> None:
    for leg, want in (
        ("Settlements", {"G-2": "Invoice number", "G-3": "AWB"}),
        ("Orders", {"G-5": "Invoice number", "G-6": "AWB"}),
    ):
        lines = june.done.results[leg].lines
        found = lines[(lines["side"] == 1) & (lines["linked_by"].astype(str) != "")]
        assert dict(zip(found["key"], found["linked_by"].astype(str), strict=True)) == want
    assert june.gaps("Orders") == {"G-8": "100.00"}
    assert june.differs("Orders") == {"G-6": "GST", "G-8": "GST"}


def test_what_is_owed_against_what_was_settled(june: Made) -> None:
    assert june.gaps("Settlements") == {"G-5": "23.60", "G-6": "872.90", "G-8": "872.90", "Q-77": "-300.00"}
    found = june.outcome("Settlements")
    assert found["matched"].count("b:G-4") == 2
    assert {"G-7", "b:G-7", "G-9", "b:G-9"} <= set(found["matched"])
    assert june.ties()


def test_orders_fees_and_claims(june: Made) -> None:
    orders = {row["Order id"]: row for row in june.rows("Orders")}
    assert {name: row["Payment"] for name, row in orders.items()} == {
        **dict.fromkeys(("G-1", "G-2", "G-3", "G-4", "G-5"), "Paid"), "G-6": "Awaiting payment", "G-8": "Awaiting payment", "G-7": "Refunded",
        "G-9": "Void", "G-10": "Void", "Q-77": None,
    }  # fmt: skip
    assert (orders["G-6"]["Days overdue"], orders["Q-77"]["Divergences"], orders["G-5"]["Divergences"]) == (
        13,
        "UNKNOWN_ORDER",
        "FEE_OVERCHARGE",
    )
    disputed = [
        (row["Order id"], row["Fee"], amount(row["Difference"]))
        for row in june.rows("Fees")
        if row["Status"] == "Disputed"
    ]
    assert disputed == [("G-5", "Commission", "20.00"), ("G-5", "Tax", "3.60")]


def test_payouts(june: Made) -> None:
    rows = {
        row["Payout"]: (amount(row["Sum of lines"]), row["Status"]) for row in june.rows("Payouts") if row["Payout"]
    }
    assert rows == {"S-1": ("4659.35", "Matched"), "S-2": ("-266.25", "Missing in the bank")}
    assert june.outcome("Bank")["alone"] == ["ICICN52026061700222", "b:616400002222"]
