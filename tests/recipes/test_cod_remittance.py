"""The recipe cod_remittance: short, late, missing and unknown remittances by AWB, deductions of the courier, the bank by UTR."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.recipes.made import Made, amount, bank, make, table

FILES = {
    "cod_shipments.csv": table(
        "order_no|awb|cod_amount|delivered_on|status",
        "M-1|88010001|500|2026-06-02|Delivered", "M-2|88010002|1200|2026-06-02|Delivered", "M-3|88010003|700|2026-06-01|Delivered",
        "M-4|88010004|900||RTO", "M-5|88010005|300|2026-06-03|Delivered", "M-8|88010008|450|2026-06-28|Delivered", "M-9|88010009|650||In transit",
    ),
    "cod_remittance_june.csv": table(
        "AWB NO.|Order No.|Customer|Price|Remittance Date|Remittance UTR",
        "88010001|M-1|Asha|500.00|12-Jun-26|SBIN126062412345", "88010002|M-2|Ravi|1,100.00|12-Jun-26|SBIN126062412345", "|M-5|Uma|300.00|12-Jun-26|SBIN126062412345",
        "88010007|M-7|Dev|250.00|29-Jun-26|SBIN126062954321",
    ),
    "cod_batches_june.csv": table(
        "CRF ID|UTR|Date|COD Available|Early COD Charge|RTO Reversal|Adjusted|Remitted", "C1|SBIN126062412345|12-Jun-26|1900.00|15.00|85.00|0|1800.00",
    ),
    "bank_june.csv": bank("13/06/26|NEFT SBIN1260624 12345 SHIPFAST||1800.00", "13/06/26|UPI-KUMAR STORES|616400001111|1800.00", "14/06/26|INTEREST||3.00"),
}  # fmt: skip
TERMS = table("Portal|Flow|Due from|Days|Valid from", "||delivery|7|2026-01-01")


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(
        tmp_path_factory.mktemp("cod"), "cod_remittance", FILES, loads={"Terms": TERMS}, as_of=dt.date(2026, 6, 30)
    )


def test_by_awb_then_order_number(june: Made) -> None:
    assert june.gaps("COD") == {"88010002": "100.00", "88010003": "700.00", "88010007": "-250.00", "88010008": "450.00"}
    found = june.outcome("COD")
    assert found["matched"] == ["88010001", "88010005", "b:88010001", "b:88010005"]
    assert found["skipped"] == [
        "88010004",
        "88010009",
        "b:",
    ]  # RTO and in transit: nothing to collect; a deduction is of no AWB
    assert june.ties()


def test_what_is_overdue(june: Made) -> None:
    rows = {
        row["Order id"]: (row["Payment"], row["Days overdue"] or 0, amount(row["Outstanding"]))
        for row in june.rows("Orders")
    }
    assert rows == {
        "88010001": ("Paid", 0, "0.00"), "88010002": ("Awaiting payment", 21, "100.00"), "88010003": ("Awaiting payment", 22, "700.00"), "88010004": ("Void", 0, "0.00"),
        "88010005": ("Paid", 0, "0.00"), "88010007": (None, 0, "0.00"), "88010008": ("Awaiting payment", 0, "450.00"), "88010009": ("Void", 0, "0.00"),
    }  # fmt: skip


def test_remittances_less_deductions_are_in_the_bank(june: Made) -> None:
    assert june.outcome("Bank")["alone"] == ["SBIN126062954321", "b:", "b:616400001111"]
    rows = {row["Payout"]: row for row in june.rows("Payouts") if row["Payout"]}
    assert {name: (amount(row["Sum of lines"]), amount(row["Fees"]), row["Status"]) for name, row in rows.items()} == {
        "SBIN126062412345": ("1800.00", "15.00", "Matched"), "SBIN126062954321": ("250.00", "0.00", "In transit"),
    }  # fmt: skip


def test_without_the_couriers_batches_the_deduction_is_the_difference(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = {name: text for name, text in FILES.items() if "batches" not in name}
    made = make(tmp_path_factory.mktemp("plain"), "cod_remittance", files, as_of=dt.date(2026, 6, 30))
    assert made.gaps("Bank")["SBIN126062412345"] == "100.00"
    assert "R-752" in made.codes()
