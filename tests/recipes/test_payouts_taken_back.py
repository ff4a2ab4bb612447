"""A payout whose lines come to less than nothing: the portal debits the bank account, and the debit is its transfer.

It is found as a credit is, by its reference, amount and date; every other payment out takes no part, as before.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.recipes import test_marketplace_generic as generic
from tests.recipes.made import BANK, Made, amount, make, table

SETTLED = "Settlement Date|UTR|Order ID|Amount paid to you"
LINES = (
    "2026-06-01|ICICN52026060100001|A-1|1500.00", "2026-06-01|ICICN52026060100001|A-2|-500.00",  # 1,000.00 comes in
    "2026-06-03|ICICN52026060300002|A-3|100.00", "2026-06-03|ICICN52026060300002|A-3|-350.50",  # 250.50 goes back: narration
    "2026-06-04|ICICN52026060400003|A-4|-100.00", "2026-06-05|ICICN52026060500004|A-5|-80.00",  # by reference; never debited
    "2026-06-06|ICICN52026060600005|A-6|-60.00", "2026-06-07|ICICN52026060700006|A-7|-40.00",  # 65.00 debited; three weeks late
    "2026-06-08|ICICN52026060800007|A-8|-30.00",  # the narration is cut
)  # fmt: skip
STATEMENT = (
    "02/06/26|NEFT CR-PORTAL|ICICN52026060100001|02/06/26||1000.00|1", "02/06/26|NEFT CHGS ICICN52026060100001|CHG1|02/06/26|2.95||1",
    "04/06/26|NEFT DR-PORTAL-ICICN5202606 0300002||04/06/26|250.50||1", "04/06/26|NEFT DR-RAO TRADERS-ICICN52026060399999|R7|04/06/26|250.50||1",
    "05/06/26|PORTAL RECOVERY|ICICN52026060400003|05/06/26|100.00||1", "05/06/26|RENT|R8|05/06/26|80.00||1", "06/06/26|ATM|R9|06/06/26|12,000.00||1",
    "07/06/26|PORTAL RECOVERY|ICICN52026060600005|07/06/26|65.00||1", "28/06/26|PORTAL RECOVERY|ICICN52026060700006|28/06/26|40.00||1",
    "09/06/26|RECOVERY ICICN520260608000|R10|09/06/26|30.00||1", "09/06/26|RECOVERY ICICN520260608000|615900008099|09/06/26|30.00||1",
)  # fmt: skip


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Made:
    files = {"settlement_june.csv": table(SETTLED, *LINES), "bank_june.csv": table(BANK, *STATEMENT)}
    return make(tmp_path_factory.mktemp("back"), "payout_to_bank", files)


def test_a_debit_is_matched_as_a_credit_is(june: Made) -> None:
    found = june.outcome("Bank")
    one = {name: [key.removeprefix("b:")[-2:] for key in keys if key.startswith("b:ICIC")] for name, keys in found.items()}  # fmt: skip
    assert {name: keys for name, keys in one.items() if keys} == {"matched": ["01", "02", "03", "07"], "partly": ["05", "06"]}  # fmt: skip
    assert found["alone"] == ["ICICN52026060500004"]
    assert june.gaps("Bank") == {"ICICN52026060500004": "-80.00", "ICICN52026060600005": "5.00"}
    assert june.ties()


def test_every_other_payment_out_takes_no_part(june: Made) -> None:
    rows = [row for row in june.rows("Skipped") if row["Leg"] == "Bank" and row["Side"] == "B"]
    assert sorted((row["Id as printed"], amount(row["Amount"])) for row in rows) == [
        ("615900008099", "-30.00"), ("CHG1", "-2.95"), ("R7", "-250.50"), ("R8", "-80.00"), ("R9", "-12000.00"),
    ]  # fmt: skip
    assert {(row["Kind"], row["Why"]) for row in rows} == {("Skip rule, no id found", "Payments out are not payouts")}
    notes = {row["Why"] for row in june.rows("B data") if "Why" in row}
    assert "Payments out are not payouts" not in notes


def test_the_books_of_a_payout_that_goes_back(tmp_path: Path) -> None:
    """Two payouts of the generic month, and a third of a penalty beyond its sale, debited with its reference in the narration."""
    third = "S-3|2026-06-24|ICICN52026062400333"
    back = f"{third}|Return|G-1|SH-1|-1050|-1050|0|0|0|0|0|0|0|GI-1|77000001|"
    files = dict(generic.FILES)
    files["settlement_3.csv"] = table(generic.TEMPLATE, f"{third}|Ads|||-600|0|0|0|0|0|-600|0|0|||Ads of June", back)
    debits = ["25/06/26|NEFT DR-PORTAL PVT LTD-ICICN52026062400333||25/06/26|1650.00||1.00", "25/06/26|NEFT DR-OTHER|R5|25/06/26|1650.00||1.00"]  # fmt: skip
    files["bank_june.csv"] += table(*debits)
    made = make(tmp_path, "marketplace_generic", files, loads={"Rates": generic.CARD}, as_of=dt.date(2026, 6, 30))
    payout = {row["Payout"]: row for row in made.rows("Payouts") if row["Payout"]}["S-3"]
    assert (payout["Status"], amount(payout["Sum of lines"]), amount(payout["Bank amount"])) == ("Matched", "-1650.00", "-1650.00")  # fmt: skip
    settlement = {row["Payout"]: row for row in made.rows("Settlements")}["S-3"]
    assert (settlement["State"], amount(settlement["Transfer less lines"])) == ("Finalized", "0.00")
    chain = {row["Item"]: row["Amount"] for row in made.rows("Money chain")}
    assert amount(chain["Bank credits matched"]) == f"{4659.35 - 1650:.2f}"
    assert made.ties()
