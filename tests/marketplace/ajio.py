"""The AJIO month as a recipe of values, run by the engine: what the tests of the marketplace start from.

The inputs are those of the demo; what the demo does not have, and the expected results, stand in tests/cases/ajio_april.
"""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from pathlib import Path

import pandas as pd

from recon_core.engine import reconcile
from recon_core.market import EXPECTED_NET, OUR_ORDER, Market, MarketUse, Role, Says
from recon_core.marketplace import Books
from recon_core.model import Raw, Result, Source
from recon_core.ratecard import TAX_ROWS, Card, from_csv_rows, parse_cards
from recon_core.readers import read
from recon_core.recipe import Leg, Lookup, Meaning, Recipe, SideOf, SkipRule, Use, default_rules
from recon_core.terms import Term, file_rows, parse_terms
from tests.ratecard.units import placing

ROOT = Path(__file__).parents[2]
CASE = ROOT / "tests" / "cases" / "ajio_april"
PLACES = (CASE, ROOT / "workbook_templates" / "demo", ROOT / "workbook_templates" / "demo" / "late")
RUNS = {1: (dt.date(2026, 4, 30), (1, 2, 3)), 2: (dt.date(2026, 5, 6), (1, 2, 3, 4))}
WITHIN = 500


def path_of(name: str) -> Path:
    return next(folder / name for folder in PLACES if (folder / name).exists())


def raws(source: str, *names: str) -> list[Raw]:
    found = [read(Source(name=source, path=str(path_of(name)))) for name in names]
    assert all(raw is not None for raw, _ in found), found
    return [raw for raw, _ in found if raw is not None]


def expected(name: str) -> pd.DataFrame:
    return pd.read_csv(CASE / "expected" / name, dtype=str, keep_default_na=False)


@cache
def cards() -> tuple[Card, ...]:
    with path_of("rate_card.csv").open(encoding="utf-8", newline="") as file:
        rows, _, problems = from_csv_rows(list(csv.DictReader(file)), "rate_card.csv")
    found, more = parse_cards([*rows, *TAX_ROWS], placing)
    assert (*problems, *more) == ()
    return found


@cache
def terms() -> tuple[Term, ...]:
    found, problems = parse_terms(file_rows(raws("terms", "payment_terms.csv")[0]))
    assert problems == []
    return found


ORDERS = {
    Says.ORDER: "order_no", Says.INVOICE: "invoice_no", Says.AWB: "awb", Says.ITEM: "sku", Says.QUANTITY: "qty", Says.PRICE: "unit_price_incl_gst",
    Says.AMOUNT: "line_total_incl_gst", Says.TAXABLE: "taxable_value", Says.GST_RATE: "gst_rate_pct", Says.GST: "gst_amount",
    Says.ORDER_DATE: "order_date", Says.INVOICE_DATE: "invoice_date", Says.STATUS: "status", Says.CATEGORY: "category", Says.BRAND: "brand",
    Says.WEIGHT: "weight_g",
}  # fmt: skip
PORTAL = {Says.ORDER: "Cust Order No", Says.AMOUNT: "Invoice Value", Says.ITEM: "Seller SKU"}
RETURNS = {
    Says.ORDER: "Cust Order No", Says.INVOICE: "FWD B2B INVOICE No", Says.AWB: "FWD AWB", Says.ITEM: "SELLER SKU", Says.QUANTITY: "Return QTY", Says.AMOUNT: "Return Value",
    Says.RETURNED_ON: "Return Delivered Date", Says.KIND: "Return Type",
}  # fmt: skip


def uses_of(role: Role, source: str, columns: dict[Says, str], forms: dict[Says, str] | None = None) -> list[MarketUse]:
    return [MarketUse(role=role, source=source, meaning=says, column=column, form=(forms or {}).get(says, "")) for says, column in columns.items()]  # fmt: skip


def market(**more: object) -> Market:
    uses = [
        *uses_of(Role.ORDERS, "OMS", ORDERS), *uses_of(Role.PORTAL, "AJIO", PORTAL), *uses_of(Role.RETURNS, "RTV", RETURNS),
        *uses_of(Role.SETTLEMENTS, "Settlements", {Says.ORDER: "Order ID"}),
    ]  # fmt: skip
    return Market(
        **{"uses": tuple(uses), "cards": cards(), "terms": terms(), "within_minor": WITHIN, "portal": "AJIO", **more}
    )


def use(leg: str, side: str, meaning: str, column: str, name: str = "", source: str = "", form: str = "auto") -> Use:
    return Use(
        leg=leg, side=side, source=source, meaning=Meaning(meaning), column=column, name=name or column, form=form
    )


def orders_leg() -> Leg:
    pairs = {
        "id": ("order_no", "Cust Order No"), "amount": ("line_total_incl_gst", "Invoice Value"), "quantity": ("qty", "Order Qty"),
        "item": ("sku", "Seller SKU"), "date": ("order_date", "Cust Order Date"),
    }  # fmt: skip
    uses = [
        use("Orders", side, meaning, column)
        for meaning, columns in pairs.items()
        for side, column in zip("AB", columns, strict=True)
    ]
    uses += [
        use("Orders", "A", "compare", "gst_amount", "GST"),
        use("Orders", "B", "compare", "IGST_AMOUNT+CGST_AMOUNT+SGST_AMOUNT", "GST"),
    ]
    return Leg(name="Orders", a=SideOf(sources=("OMS",), label="OMS"), b=SideOf(sources=("AJIO",), label="AJIO"), within_minor=WITHIN, rules=default_rules(WITHIN, None), uses=tuple(uses))  # fmt: skip


def settlement_leg() -> Leg:
    name = "Settlements"
    uses = [
        use(name, "A", "id", "order_no", source="OMS"), use(name, "A", "id", OUR_ORDER, source="RTV"), use(name, "B", "id", "Order ID"),
        use(name, "A", "amount", EXPECTED_NET), use(name, "B", "amount", "Amount paid to you - Claims"),
        use(name, "A", "item", "sku", source="OMS"), use(name, "A", "item", "SELLER SKU", source="RTV"), use(name, "B", "item", "SKU"),
        use(name, "A", "quantity", "qty", source="OMS"),
        use(name, "A", "other reference", "invoice_no", "Invoice number", source="OMS"), use(name, "A", "other reference", "FWD B2B INVOICE No", "Invoice number", source="RTV"),
        use(name, "B", "other reference", "Invoice No", "Invoice number"),
        use(name, "A", "other reference", "awb", "AWB", source="OMS"), use(name, "A", "other reference", "FWD AWB", "AWB", source="RTV"), use(name, "B", "other reference", "AWB", "AWB"),
    ]  # fmt: skip
    return Leg(name=name, a=SideOf(sources=("OMS", "RTV"), label="Expected"), b=SideOf(sources=("Settlements",), label="Settled"), within_minor=WITHIN, rules=default_rules(WITHIN, None), uses=tuple(uses))  # fmt: skip


def bank_leg() -> Leg:
    name = "Bank"
    uses = [
        use(name, "A", "amount", "Amount paid to you"), use(name, "A", "date", "Settlement Date"), use(name, "B", "id", "Chq./Ref.No."),
        use(name, "B", "amount", "Deposit Amt. - Withdrawal Amt."), use(name, "B", "date", "Date", form="day/month"),
    ]  # fmt: skip
    return Leg(name=name, a=SideOf(from_leg="Settlements", from_side="B", group_by="UTR", label="Payouts"), b=SideOf(sources=("Bank",), label="Bank"), rules=default_rules(0, 5), uses=tuple(uses))  # fmt: skip


def recipe(run: int, **more: object) -> Recipe:
    skips = (SkipRule(source="Bank", column="Withdrawal Amt.", test="is not empty", value="", reason="A payment out"),)
    lookups = (
        Lookup(
            source="OMS",
            column="sku",
            path="sku_master.csv",
            sheet="",
            match_column="sku",
            take=("category", "brand", "weight_g"),
        ),
    )
    given = {"legs": (orders_leg(), settlement_leg(), bank_leg()), "skips": skips, "lookups": lookups, "as_of": RUNS[run][0], "market": market(), "currency": "INR"}  # fmt: skip
    return Recipe(**{**given, **more})


def sources(run: int) -> dict[str, list[Raw]]:
    return {
        "OMS": raws("OMS", "oms_orders.csv"), "AJIO": raws("AJIO", "ajio_order_report.csv"), "RTV": raws("RTV", "ajio_rtv_report.csv"),
        "Settlements": raws("Settlements", *(f"settlement_W{week}.csv" for week in RUNS[run][1])), "Bank": raws("Bank", "bank_hdfc_april.csv"),
    }  # fmt: skip


def supporting() -> dict[str, Raw]:
    return {"sku_master.csv|": raws("Products", "sku_master.csv")[0]}


def reconciled(
    one: Recipe, files: dict[str, list[Raw]], more: dict[str, Raw] | None = None
) -> tuple[Books, dict[str, Result]]:
    outcome = reconcile(one, files, supporting=more or {})
    assert set(outcome.results) == {leg.name for leg in one.legs}, outcome.problems
    books = outcome.books
    assert books is not None
    return books, dict(outcome.results)


@cache
def month(run: int) -> tuple[Books, dict[str, Result]]:
    return reconciled(recipe(run), sources(run), supporting())
