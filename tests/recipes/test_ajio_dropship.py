"""The recipe ajio_dropship: the dropship part of April to the paisa, and a seller with credit notes, price terms and a cut narration."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.marketplace import ajio
from tests.recipes.made import Made, amount, bank, make, table

LEG = {"Matched": "MATCHED", "Partially matched": "PARTIAL", "Only in A": "UNMATCHED_A"}
APRIL = ("dropship_oms_b2b_invoices.csv", "ajio_dropship_payment_report.csv", "bank_hdfc_april.csv")


@pytest.fixture(scope="module", params=[1, 2])
def april(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Made]:
    files: dict[str, str | Path] = {name: ajio.path_of(name) for name in APRIL}
    made = make(tmp_path_factory.mktemp("april"), "ajio_dropship", files, loads={"Terms": ajio.path_of("payment_terms.csv")}, as_of=ajio.RUNS[request.param][0])  # fmt: skip
    return request.param, made


def test_april_every_figure(april: tuple[int, Made]) -> None:
    number, made = april
    got = []
    for row in made.rows("Orders"):
        tags = [f"overdue:{row['Days overdue']}" if word.startswith("overdue") else word.replace(" ", "_") for word in str(row["Tags"] or "").split("; ") if word and not word.startswith("late")]  # fmt: skip
        due = row["Due"]
        got.append((
            row["Order id"], amount(row["Invoice value"]), amount(row["Sale"]), amount(-float(row["Returns"] or 0)), amount(row["Actual net"]),
            due.date().isoformat() if isinstance(due, dt.datetime) else "", row["Payment"], ";".join(tags), LEG[str(row["Settlement leg"])], amount(row["Outstanding"]),
        ))  # fmt: skip
    want = [tuple(row) for row in ajio.expected(f"dropship_run{number}.csv").itertuples(index=False)]
    assert [tuple("-0.00" if one == "-0.00" else one for one in row) for row in got] == [tuple(row) for row in want]
    assert made.ties()
    assert made.codes() >= {"R-752"}  # AJIO's orders and returns were not given; their legs are named


def test_april_clearings_are_in_the_bank(april: tuple[int, Made]) -> None:
    number, made = april
    want = {
        row.settlement_id.removeprefix("clearing "): (row.settlement_total, row.bank_amount, row.status)
        for row in ajio.expected(f"bank_run{number}.csv").itertuples() if row.settlement_id.startswith("clearing")
    }  # fmt: skip
    rows = [row for row in made.rows("Payouts") if row["Status"] != "Only in the bank"]
    assert {str(row["Payout"]): (amount(row["Sum of lines"]), amount(row["Bank amount"]), str(row["Status"]).upper()) for row in rows} == want  # fmt: skip


ORDERS = "Cust Order No|Cust Order Date|Seller Invoice No|Seller Invoice Date|Status|Seller SKU|Order Qty|Listing MRP|Seller TD|Selling Price|Base Price|Total Price|CGST_PERCENTAGE|CGST_AMOUNT|SGST_PERCENTAGE|SGST_AMOUNT|IGST_PERCENTAGE|IGST_AMOUNT|Invoice Value|Brand"
RTV = "RETURN ORDER NUMBER|SELLER SKU|Return QTY|Return Delivered Date|Return Value|Return Type|Credit Note Number|Credit Note Generation Date|Credit Note Value|Cust Order No|FWD B2B INVOICE No|FWD AWB"
PAID = "Journey Type|Clearing doc no|Clearing date|Invoice Number|Order No|Value|Status|Credit Note No"
LOOMS = {
    "kesar_b2b_invoices_june.csv": table(
        "order_no|invoice_no|invoice_date|taxable_value|gst_rate_pct|gst_amount|invoice_total",
        "KL-1|KLI-1|2026-05-02|1333.34|5|66.67|1400.01", "KL-2|KLI-2|2026-05-02|600|5|30|630", "KL-3|KLI-3|2026-05-03|600|5|30|630",
        "KL-4|KLI-4|2026-05-04|1800|5|90|1890", "KL-5|KLI-5|2026-05-05|2000|5|100|2100", "KL-6|KLI-6|2026-05-06|600|5|30|630",
        "KL-7|KLI-7|2026-05-07|600|5|30|630", "KL-8|KLI-8|2026-05-08|600|5|30|630",
    ),
    "dropship_order_report.csv": table(
        ORDERS,
        "KL-1|2026-05-01|KLI-1|2026-05-02|Delivered|S1|2|2000|50|1000|666.67|1333.34|||||5|66.67|1400.01|Kesar",
        "KL-2|2026-05-01|KLI-2|2026-05-02|Delivered|S2|1|1200|25|900|600|600|2.5|15|2.5|15|||630|Kesar",
        "KL-3|2026-05-01|KLI-3|2026-05-03|Delivered|S2|1|1200|25|900|560|560|2.5|14|2.5|14|||588|Kesar",
        "KL-4|2026-05-01|KLI-4|2026-05-04|Delivered|S3|3|1500|40|900|600|1800|||||5|90|1890|Kesar",
        "KL-5|2026-05-01|KLI-5|2026-05-05|Delivered|S4|2|3000|50|1500|1000|2000|||||5|100|2100|Kesar",
        "KL-6|2026-05-01|KLI-6|2026-05-06|Delivered|S2|1|1200|25|900|600|600|||||5|30|630|Kesar",
        "KL-7|2026-05-01|KLI-7|2026-05-07|Delivered|S2|1|1200|25|900|600|600|||||5|30|630|Kesar",
        "KL-9|2026-05-01|||New|S2|1|1200|25|900|600|600|||||5|30|630|Kesar",
    ),
    "dropship_rtv_report.csv": table(
        RTV,
        "RET-2|S2|1|2026-05-20|630|CUSTOMER RETURN|CN-1|2026-05-22|630|KL-2|KLI-2|A2", "RET-5|S4|1|2026-05-21|1050|CUSTOMER RETURN|CN-2|2026-05-23|1050||KLI-5|A5",
        "RET-6|S2|1|2026-05-25|630|CUSTOMER RETURN||||KL-6|KLI-6|A6", "RET-7|S2|1||630|CUSTOMER RETURN||||KL-7|KLI-7|A7",
    ),
    "dropship_payment_report.csv": table(
        PAID,
        "FORWARD|4100001|2026-06-10|KLI-1|KL-1|1,400.01|PAID|", "FORWARD|4100001|2026-06-10|KLI-2|KL-2|630.00|PAID|", "RETURN|4100001|2026-06-10|KLI-2|KL-2|-630.00|PAID|CN-1",
        "FORWARD|4100001|2026-06-10|KLI-3|KL-3|588.00|PAID|", "FORWARD|4100001|2026-06-10|KLI-4|KL-4|1000.00|PAID|", "FORWARD|4100002|2026-06-20|KLI-4|KL-4|890.00|PAID|",
        "FORWARD|4100002|2026-06-20|KLI-5|KL-5|2,100.00|PAID|", "R|4100002|2026-06-20|KLI-5|KL-5|1,050.00|PAID|CN-2", "FORWARD|4100002|2026-06-20|KLI-6|KL-6|630.00|PAID|",
        "FORWARD|4100002|2026-06-20|KLI-7||630.00|PAID|", "FORWARD|||KLI-8|KL-8|630.00||",
    ),
    "bank_june.csv": bank(
        "10/06/26|NEFT CR-RELIANCE RETAIL-CLR 4100001||2988.01", "20/06/26|NEFT CR-MEHTA TRADERS|99887766|3200.00", "20/06/26|NEFT RELIANCE RETAIL CLR00004100002|N17|3200.00",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def looms(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("looms"), "ajio_dropship", LOOMS, as_of=dt.date(2026, 6, 30), formulas={("AJIO orders", "Agreed margin %"): "=30"})  # fmt: skip


def test_invoices_against_ajios_orders_and_price_terms(looms: Made) -> None:
    assert looms.gaps("Orders") == {"KLI-3": "42.00", "KLI-8": "630.00"}
    assert looms.differs("Orders") == {"KLI-3": "Taxable value; GST"}
    assert looms.outcome("Orders")["skipped"] == ["b:"]  # a new order has no invoice yet
    assert looms.gaps("Price terms") == {"KL-3 | S2": "40.00"}  # base price 560 where 30 % of margin leaves 600
    assert "F-323" not in looms.codes()


def test_invoices_against_payments_over_two_payouts_and_by_invoice_number(looms: Made) -> None:
    assert looms.gaps("Payments") == {"KL-3": "42.00", "KL-8": "630.00"}
    assert looms.outcome("Payments")["matched"].count("b:KL-4") == 2
    lines = looms.done.results["Payments"].lines
    assert lines["linked_by"][lines["key"] == "KL-7"].tolist() == ["", "Invoice number"]
    assert looms.ties()


def test_credit_notes_by_their_number_whatever_the_sign(looms: Made) -> None:
    found = looms.outcome("Credit notes")
    assert (found["matched"], found["alone"]) == (["CN-1", "CN-2", "b:CN-1", "b:CN-2"], ["NO CREDIT NOTE: RET-6"])
    orders = {row["Order id"]: row for row in looms.rows("Orders")}
    assert [amount(orders[name]["Expected net"]) for name in ("KL-2", "KL-5", "KL-6")] == ["0.00", "1050.00", "0.00"]
    assert [amount(orders[name]["Actual net"]) for name in ("KL-2", "KL-5", "KL-6")] == ["0.00", "1050.00", "630.00"]
    assert [orders[name]["Payment"] for name in ("KL-1", "KL-2", "KL-3", "KL-5", "KL-8")] == ["Paid", "Refunded", "Awaiting payment", "Paid", "Awaiting payment"]  # fmt: skip
    assert [orders[name]["Divergences"] for name in ("KL-1", "KL-2", "KL-5", "KL-6")] == [
        None,
        None,
        None,
        "RETURN_WITHOUT_CREDIT_NOTE; RETURN_NOT_SETTLED",
    ]


def test_clearings_by_narration_and_not_the_decoy(looms: Made) -> None:
    assert looms.outcome("Bank")["matched"] == ["4100001", "4100002", "b:4100001", "b:4100002"]
    assert looms.outcome("Bank")["alone"] == ["b:99887766"]
    assert [amount(row["Sum of lines"]) for row in looms.rows("Payouts")][:2] == ["2988.01", "3200.00"]
