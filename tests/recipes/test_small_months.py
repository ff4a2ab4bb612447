"""The smallest months of marketplace_generic: one row a file; the fees of one order taken in two payouts; nothing but a fee without a rule."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.recipes.made import Made, amount, bank, make, table
from tests.recipes.test_marketplace_generic import CARD, ONE, SHIRT, TEMPLATE, TWO

ORDER = "order_id|order_date|invoice_no|invoice_date|sku|qty|unit_price|amount|gst_rate|gst_amount|status|awb|category|weight_g"
SHIRT_SOLD = "G-1|2026-06-01|GI-1|2026-06-02|SH-1|1|1050|1050|5|50|Delivered|77000001|Shirts|300"


def month(folder: Path, settlements: dict[str, list[str]], *credits_: str) -> Made:
    files = {"orders_june.csv": table(ORDER, SHIRT_SOLD), "bank_june.csv": bank(*credits_)}
    files |= {name: table(TEMPLATE, *rows) for name, rows in settlements.items()}
    return make(folder, "marketplace_generic", files, loads={"Rates": CARD}, as_of=dt.date(2026, 6, 30))


def test_one_row_a_file(tmp_path: Path) -> None:
    made = month(tmp_path, {"settlement_1.csv": [f"{ONE}|Order|G-1|SH-1|{SHIRT}|GI-1|77000001|"]}, "10/06/26|NEFT CR-PORTAL|ICICN52026061000111|872.90")  # fmt: skip
    (order,), (payout,) = made.rows("Orders"), made.rows("Payouts")
    assert (order["Payment"], order["Divergences"], payout["Status"]) == ("Paid", None, "Matched")
    assert {row["Status"] for row in made.rows("Fees")} == {"Reconciled"}
    assert made.rows("Claims") == []
    assert made.ties()


def test_fees_of_an_order_in_two_payouts(tmp_path: Path) -> None:
    """Half of the sale in each payout; commission 52.50 in the first and 72.50 in the second, where 105.00 was agreed: one row, one claim, at the second."""
    first = f"{ONE}|Order|G-1|SH-1|436.45|525|-52.50|-20|0|0|-13.05|-2.50|-0.50|GI-1|77000001|"
    second = f"{TWO}|Order|G-1|SH-1|412.85|525|-72.50|-20|0|0|-16.65|-2.50|-0.50|GI-1|77000001|"
    credits_ = ("10/06/26|NEFT CR-PORTAL|ICICN52026061000111|436.45", "17/06/26|NEFT CR-PORTAL|ICICN52026061700222|412.85")  # fmt: skip
    made = month(tmp_path, {"settlement_1.csv": [first], "settlement_2.csv": [second]}, *credits_)
    fees = {row["Fee"]: row for row in made.rows("Fees")}
    commission = fees["Commission"]
    assert (amount(commission["Expected"]), amount(commission["Charged"]), commission["Status"], commission["Payout"]) == ("105.00", "125.00", "Disputed", "S-1; S-2")  # fmt: skip
    assert (fees["Logistics"]["Status"], fees["Logistics"]["Payout"]) == ("Reconciled", "S-1; S-2")
    (claim,) = made.rows("Claims")
    assert (claim["Payout"], claim["Fee"], amount(claim["To claim"])) == ("S-2", "Commission", "23.60")  # fmt: skip
    (order,) = made.rows("Orders")
    assert (order["Payment"], order["Divergences"]) == ("Paid", "FEE_OVERCHARGE")
    assert [row["Status"] for row in made.rows("Payouts")] == ["Matched", "Matched"]


def test_fees_of_an_order_wait_until_the_second_payout(tmp_path: Path) -> None:
    """The first payout alone: half of the sale is open, so what differs is Pending and nothing is claimed."""
    first = f"{ONE}|Order|G-1|SH-1|436.45|525|-52.50|-20|0|0|-13.05|-2.50|-0.50|GI-1|77000001|"
    made = month(tmp_path, {"settlement_1.csv": [first]}, "10/06/26|NEFT CR-PORTAL|ICICN52026061000111|436.45")
    assert {row["Fee"]: row["Status"] for row in made.rows("Fees")} == {"Commission": "Pending", "Logistics": "Pending", "Tax": "Pending"}  # fmt: skip
    (order,) = made.rows("Orders")
    assert (order["Payment"], amount(order["Outstanding"]), made.rows("Claims")) == ("Awaiting payment", "525.00", [])
