"""The sample month's rate card and its cases worked out by hand; needs the folder `shared` beside the project."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from recon_core.money import to_text
from recon_core.ratecard import TAX_ROWS, Answer, Card, expected, from_csv_rows, parse_cards
from recon_core.ratecard.units import ANSWERS
from tests.ratecard.units import placing, units_of

ROW = {"base": ("Base", "taxable"), "pct": ("%", None), "flat": ("Fixed", None), "min": ("Min", None), "max": ("Max", None),
       "incl": ("Tax inclusive", None), "tax": ("GST %", None), "combine": ("Combine", None)}  # fmt: skip


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    path = shared / "samples" / "ajio_april"
    if not path.is_dir():
        pytest.skip("needs the sample month of the folder shared")
    return path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cards(folder: Path) -> tuple[Card, ...]:
    rows, place, problems = from_csv_rows(table(folder / "rate_card.csv"), "rate_card.csv")
    found, more = parse_cards(rows, place)
    assert (*problems, *more) == ()
    return found


def test_the_card_is_read_whole(cards: tuple[Card, ...]) -> None:
    assert {card.fee: len(card.rules) for card in cards} == {
        "Commission": 9,
        "Fixed": 4,
        "Collection": 1,
        "Logistics": 4,
        "Reverse logistics": 4,
    }
    assert {card.portal for card in cards} == {"AJIO"}


def test_every_case_worked_out_by_hand(folder: Path, cards: tuple[Card, ...]) -> None:
    products = {row["sku"]: row for row in table(folder / "supporting" / "sku_master.csv")}
    taxes, _ = parse_cards(TAX_ROWS, placing)
    wrong = []
    cases = table(folder / "expected" / "ratecard_cases.csv")
    for case in cases:
        said = dict(part.split("=", 1) for part in case["input"].split(";"))
        day = said.get("date", "2026-04-02")
        unit = {"portal": "AJIO", "order": day, "invoice": day}
        if "fee" in said:
            name, some = said["fee"], cards
            product = products.get(said.get("sku", ""), {"category": "Kurtas", "weight_g": "100"})
            unit |= {"price": said["price"], "category": product["category"], "weight": product["weight_g"]}
        elif "kind" in said:
            name, some = said["kind"], taxes
            unit |= {"taxable": said["base"]}
        else:
            name, some = "F", alone(said)
            unit |= {"taxable": said.get("base", "0")}
        charge = expected(some, units_of([unit]))[name]
        got = (to_text(charge.fee_minor[0]), to_text(charge.tax_minor[0]) if case["expected_tax"] else "")
        if got != (case["expected_fee"], case["expected_tax"]):
            wrong.append((case, got, charge.said(0)))
    assert wrong == []
    assert len(cases) >= 26


def alone(said: dict[str, str]) -> tuple[Card, ...]:
    """A card for one case: a % and a flat amount that combine stand in rows of their own."""
    row = {"Fee": "F", "From": "2026-01-01", **{ROW[key][0]: ROW[key][1] or value for key, value in said.items()}}
    rows = [row] if "combine" not in said else [{**row, "Fixed": ""}, {**row, "%": ""}]
    return parse_cards(rows, placing)[0]


def test_a_percent_and_a_flat_amount_may_stand_in_one_row() -> None:
    for combine, fee in (("SUM", "30.00"), ("GREATEST", "18.00"), ("LEAST", "12.00")):
        row = {
            "Fee": "F",
            "From": "2026-01-01",
            "Base": "taxable",
            "%": "3",
            "Fixed": "12",
            "Combine": combine,
            "GST %": "18",
        }
        charge = expected(parse_cards([row], placing)[0], units_of([{"taxable": "600.00"}]))["F"]
        assert to_text(charge.fee_minor[0]) == fee


FEES = ("Commission", "Fixed", "Collection", "Logistics", "Reverse logistics")


def test_the_expected_fees_of_the_month(folder: Path, cards: tuple[Card, ...]) -> None:
    """From the seller's orders, the returns and the card alone: the sample's expected fee of every settled order, to the paisa."""
    units = units_of_the_month(folder)
    charges = expected(cards, units_of([unit for _, unit in units]))
    sums: dict[tuple[str, str], int] = {}
    tax: dict[str, int] = {}
    for fee, charge in charges.items():
        assert {ANSWERS[code] for code in np.unique(charge.answer)} <= {Answer.WORKED_OUT, Answer.NOT_CHARGED}
        for at, (order, _) in enumerate(units):
            sums[order, fee] = sums.get((order, fee), 0) + int(charge.fee_minor[at] - charge.back_minor[at])
            tax[order] = tax.get(order, 0) + int(charge.tax_minor[at] - charge.back_tax_minor[at])
    judged = [
        row
        for row in table(folder / "expected" / "fee_status_run2.csv")
        if row["order_id"] in tax and row["expected_fee"]
    ]
    judged = [row for row in judged if row["fee"] in (*FEES, "Tax")]
    wrong = [
        row
        for row in judged
        if to_text(tax[row["order_id"]] if row["fee"] == "Tax" else sums[row["order_id"], row["fee"]])
        != row["expected_fee"]
    ]
    assert wrong == []
    assert len(judged) > 1500


def units_of_the_month(folder: Path) -> list[tuple[str, dict[str, str]]]:
    """(order, unit) of every shipped OMS row."""
    products = {row["sku"]: row for row in table(folder / "supporting" / "sku_master.csv")}
    orders = {row["invoice_no"]: clean(row["order_no"]) for row in table(folder / "oms_orders.csv")}
    events: dict[tuple[str, str, str], int] = {}
    for row in table(folder / "ajio_rtv_report.csv"):
        if row["Return Delivered Date"]:
            order = clean(row["Cust Order No"]) or orders[row["FWD B2B INVOICE No"]]
            key = (order, row["SELLER SKU"], row["Return Type"])
            events[key] = events.get(key, 0) + int(row["Return QTY"])
    units = []
    for row in {tuple(row.items()): row for row in table(folder / "oms_orders.csv")}.values():  # one row stands twice
        if (
            row["status"] in ("Cancelled", "") or not row["qty"].isdecimal()
        ):  # rows that take no part: blank, unreadable
            continue
        order, product = clean(row["order_no"]), products[row["sku"]]
        price, rate = Decimal(row["unit_price_incl_gst"]), Decimal(row["gst_rate_pct"])
        units.append((order, {
            "portal": "AJIO", "order": row["order_date"], "invoice": row["invoice_date"], "price": str(price), "quantity": row["qty"],
            "taxable": str((price / (1 + rate / 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)),
            "category": product["category"], "weight": product["weight_g"],
            "returned": str(events.get((order, row["sku"], "CUSTOMER RETURN"), 0)), "rto": str(events.get((order, row["sku"], "RTO"), 0)),
        }))  # fmt: skip
    return units


def clean(order: str) -> str:
    return order.replace("\u00a0", " ").strip().lstrip("'").upper()
