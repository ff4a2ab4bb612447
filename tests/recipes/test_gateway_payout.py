"""The recipe gateway_payout: Razorpay's API recon in paise, its report in rupees, Cashfree; refunds, part payments, a fee beyond the card."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin.cli import main
from addin.hosts.file import FileHost
from recon_core import schema
from tests.recipes.made import Made, amount, bank, call, make, table

RAZORPAY = "entity_id|type|debit|credit|amount|currency|fee|tax|on_hold|settled|created_at|settled_at|settlement_id|payment_id|order_id|order_receipt|settlement_utr|method|description"
A, B = (
    "1780531200|setl_A|AXISN0061234567",
    "1780695000|setl_B|AXISN0067654321",
)  # 4 June, and 5 June 21:30 UTC: the 6th in India


def line(cells: str, payout: str, receipt: str) -> str:
    """A row of Razorpay's API recon from 'entity|type|debit|credit|amount|fee|tax', all in paise."""
    entity, kind, debit, credit, gross, fee, tax = cells.split("|")
    settled, number, utr = payout.split("|") if payout else ("", "", "")
    return f"{entity}|{kind}|{debit}|{credit}|{gross}|INR|{fee}|{tax}|0|{int(bool(payout))}|1780300800|{settled}|{number}|{entity}|order_{entity}|{receipt}|{utr}|upi|"


FILES = {
    "orders_june.csv": table(
        "order_id|order_date|amount", "W-1|2026-06-01|1000", "W-2|2026-06-01|500", "W-3|2026-06-01|2000", "W-4|2026-06-02|750", "W-6|2026-06-02|1000", "C-1|2026-06-02|300",
    ),
    "refunds_june.csv": table("order_id|refund_date|amount", "W-2|2026-06-03|200"),
    "razorpay_recon_june.csv": table(
        RAZORPAY,
        line("pay_1|payment|0|97640|100000|2360|360", A, "W-1"), line("pay_2|payment|0|48820|50000|1180|180", A, "W-2"),
        line("pay_6|payment|0|58584|60000|1416|216", A, "W-6"), line("rfnd_2|refund|20000|0|20000|0|0", B, "W-2"),
        line("pay_3|payment|0|194100|200000|5900|900", B, "W-3"), line("adj_1|adjustment|1180|0|1180|0|0", B, ""),
        line("pay_7|payment|0|39056|40000|944|144", B, "W-6"), line("pay_4|payment|0|73230|75000|1770|270", "", "W-4"),
    ),
    "cashfree_recon_june.csv": table(
        "event_id|event_type|sale_type|event_settlement_amount|event_amount|event_status|event_currency|order_id|payment_service_charge|payment_service_tax|payment_utr|settlement_utr",
        "1|PAYMENT|CREDIT|293.80|300.00|SUCCESS|INR|C-1|5.25|0.95|P1|YESB60234567890",
    ),
    "bank_june.csv": bank(
        "04/06/26|NEFT-AXISN0061234567-RAZORPAY||2050.44", "06/06/26|UPI-ANITA-998877|611122223333|2119.76", "06/06/26|RAZORPAY SOFTWARE-AXISN0067654|S77|2119.76",
        "07/06/26|CASHFREE|YESB60234567890|293.80",
    ),
}  # fmt: skip
CARD = table(
    "Portal|Fee|From|Base|%|GST %|Return %", "Gateway|Payment gateway|2026-01-01|price incl. GST|2|18|0",
)  # fmt: skip


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(
        tmp_path_factory.mktemp("gateway"), "gateway_payout", FILES, loads={"Rates": CARD}, as_of=dt.date(2026, 6, 30)
    )


def test_orders_and_refunds_against_what_was_collected(june: Made) -> None:
    found = june.outcome("Payments")
    assert june.gaps("Payments") == {"W-4": "750.00"}  # collected, not settled yet
    assert sorted(set(found["matched"])) == [
        "C-1",
        "W-1",
        "W-2",
        "W-3",
        "W-6",
        "b:C-1",
        "b:W-1",
        "b:W-2",
        "b:W-3",
        "b:W-6",
    ]
    assert found["matched"].count("b:W-6") == 2  # one order, two payouts
    assert sorted(found["skipped"]) == ["b:", "b:W-4"]  # an adjustment is of no order
    assert june.ties()


def test_payouts_by_utr_cut_or_in_the_narration_and_not_the_decoy(june: Made) -> None:
    assert june.outcome("Bank")["alone"] == ["b:611122223333"]
    rows = {row["Payout"]: row for row in june.rows("Payouts") if row["Payout"]}
    assert {name: (amount(row["Sum of lines"]), row["Status"]) for name, row in rows.items()} == {
        "AXISN0061234567": ("2050.44", "Matched"), "AXISN0067654321": ("2119.76", "Matched"), "YESB60234567890": ("293.80", "Matched"),
    }  # fmt: skip
    assert [rows[name]["Date"].date().isoformat() for name in ("AXISN0061234567", "AXISN0067654321")] == [
        "2026-06-04",
        "2026-06-06",
    ]  # type: ignore[attr-defined]


def test_fees_against_the_card(june: Made) -> None:
    rows = {
        (row["Order id"], row["Fee"]): (row["Expected"], row["Charged"], row["Status"])
        for row in june.rows("Fees")
        if row["Fee"] != "Tax"
    }
    assert rows == {
        ("C-1", "Payment gateway"): (6, 5.25, "Reconciled"), ("W-1", "Payment gateway"): (20, 20, "Reconciled"), ("W-2", "Payment gateway"): (10, 10, "Reconciled"),
        ("W-3", "Payment gateway"): (40, 50, "Disputed"), ("W-6", "Payment gateway"): (20, 20, "Reconciled"),
    }  # fmt: skip
    claims = june.rows("Claims")
    assert [(row["Order id"], row["Fee"]) for row in claims if row["Fee"] == "Payment gateway"] == [
        ("W-3", "Payment gateway")
    ]
    orders = {row["Order id"]: (row["Payment"], amount(row["Outstanding"])) for row in june.rows("Orders")}
    assert orders == {
        "C-1": ("Paid", "0.00"), "W-1": ("Paid", "0.00"), "W-2": ("Paid", "0.00"), "W-3": ("Paid", "0.00"), "W-4": ("Awaiting payment", "750.00"), "W-6": ("Paid", "0.00"),
    }  # fmt: skip


def test_a_report_in_rupees_with_dates(tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [
        "pay_1|payment|0|976.40|1000.00|INR|23.60|3.60|0|1|2026-06-01 10:00:00|2026-06-04 08:00:00|setl_A|pay_1|order_1|W-1|AXISN0061234567|upi|",
        "rfnd_1|refund|100.00|0|100.00|INR|0|0|0|1|2026-06-02 10:00:00|2026-06-04 08:00:00|setl_A|pay_1|order_1|W-1|AXISN0061234567|upi|",
    ]
    files = {
        "orders.csv": table("order_id|order_date|amount", "W-1|2026-06-01|1000"), "refunds.csv": table("order_id|refund_date|amount", "W-1|2026-06-02|100"),
        "razorpay_recon.csv": table(RAZORPAY, *rows), "bank_june.csv": bank("04/06/26|RAZORPAY|AXISN0061234567|876.40"),
    }  # fmt: skip
    made = make(tmp_path_factory.mktemp("rupees"), "gateway_payout", files)
    assert made.outcome("Payments") == {"matched": ["W-1", "W-1", "b:W-1", "b:W-1"]}
    assert made.gaps("Payments") == made.gaps("Bank") == {}
    assert [row["Date"].date().isoformat() for row in made.rows("Payouts")] == ["2026-06-04"]  # type: ignore[attr-defined]


def test_an_empty_folder_is_one_problem(tmp_path: Path) -> None:
    call("new", tmp_path / "book.xlsx", "--recipe", "gateway_payout")
    told = json.loads(CliRunner().invoke(main, ["check", str(tmp_path / "book.xlsx"), "--json"]).stdout)
    stops = [one for one in told["problems"] if one["severity"] == "stop"]
    assert [one["code"] for one in stops] == ["R-763"]
    assert all(name in stops[0]["message"] for name in ("orders*.csv", "razorpay_recon*.csv", "cashfree_recon*.csv", "bank_*.csv"))  # fmt: skip
    assert "refunds" not in stops[0]["message"]


@pytest.mark.parametrize(("recipe", "own", "wanted"), [
    ("gateway_payout", "", {"GST on fees"}), ("cod_remittance", "", {"GST on fees"}), ("gateway_payout", "Gateway,TDS,2026-01-01,taxable,0.1\n", {"GST on fees", "TDS"}),
    ("marketplace_generic", "", {"GST on fees", "TCS", "TDS"}), ("fee_audit", "", {"GST on fees", "TCS", "TDS"}),
])  # fmt: skip
def test_taxes_that_nobody_withholds_are_not_shipped(recipe: str, own: str, wanted: set[str], tmp_path: Path) -> None:
    """TCS and TDS are of an operator of sales; who only carries the money has no column of them. A row of the user's own is taken."""
    call("new", tmp_path / "book.xlsx", "--recipe", recipe)
    (tmp_path / "card.csv").write_text(f"Portal,Fee,From,Base,%\nGateway,Payment gateway,2026-01-01,price incl. GST,2\n{own}", encoding="utf-8")  # fmt: skip
    said = call("load", tmp_path / "book.xlsx", "Rates", tmp_path / "card.csv")
    host = FileHost(tmp_path / "book.xlsx")
    rates = schema.read_tables({name: host.cells(name) for name in schema.SETUP_SHEETS})[0]["Rates"]
    assert {row.text("Fee") for row in rates} == {"Payment gateway"} | wanted
    assert ("TCS and TDS were not added" in said) == (not {"TCS"} <= wanted)


def test_no_fee_is_left_unsaid(june: Made) -> None:
    assert "R-750" not in june.codes()
