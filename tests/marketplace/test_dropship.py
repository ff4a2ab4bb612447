"""The other product of the portal: it buys from the seller. One amount a line, no fees, no card; every expected figure."""

from __future__ import annotations

import pytest

from recon_core.dates import to_date
from recon_core.keys import Cleaning
from recon_core.market import EXPECTED_NET, Market, MarketUse, Role, Says
from recon_core.marketplace import Books
from recon_core.money import to_text
from recon_core.recipe import Derivation, Leg, Recipe, SideOf, SkipRule, default_rules
from tests.marketplace import ajio
from tests.marketplace.ajio import use

LEG = {"Matched": "MATCHED", "Partially matched": "PARTIAL", "Only in A": "UNMATCHED_A"}


def recipe(run: int) -> Recipe:
    uses = [
        *ajio.uses_of(Role.ORDERS, "Invoices", {
            Says.ORDER: "order_no", Says.INVOICE: "invoice_no", Says.AMOUNT: "invoice_total", Says.TAXABLE: "taxable_value",
            Says.INVOICE_DATE: "invoice_date", Says.FLOW: "Flow",
        }),
        *ajio.uses_of(Role.SETTLEMENTS, "Payments", {
            Says.ORDER: "Order No", Says.LINE_TYPE: "Journey Type", Says.NET: "Value", Says.PAYOUT: "Clearing doc no",
            Says.PAYOUT_DATE: "Clearing date",
        }),
        MarketUse(role=Role.SETTLEMENTS, source="Payments", meaning=Says.ENTRY, column="Value", form="SALE"),
    ]  # fmt: skip
    settled = Leg(
        name="Settlements", a=SideOf(sources=("Invoices",), label="Invoices"), b=SideOf(sources=("Payments",), label="Payments"),
        rules=default_rules(500, None), within_minor=500, uses=(
            use("Settlements", "A", "id", "order_no"), use("Settlements", "B", "id", "Order No"),
            use("Settlements", "A", "amount", EXPECTED_NET), use("Settlements", "B", "amount", "Forward"),
        ),
    )  # fmt: skip
    bank = Leg(
        name="Bank", a=SideOf(from_leg="Settlements", from_side="B", group_by="Clearing doc no", label="Payouts"), b=SideOf(sources=("Bank",), label="Bank"),
        rules=default_rules(0, 5), cleaning=Cleaning(zeros=True), uses=(
            use("Bank", "A", "amount", "Value"), use("Bank", "A", "date", "Clearing date"), use("Bank", "B", "id", "Chq./Ref.No."),
            use("Bank", "B", "amount", "Deposit Amt. - Withdrawal Amt."), use("Bank", "B", "date", "Date", form="day/month"),
        ),
    )  # fmt: skip
    return Recipe(
        as_of=ajio.RUNS[run][0], legs=(settled, bank), market=Market(uses=tuple(uses), terms=ajio.terms(), portal="AJIO"),
        derivations=(
            Derivation(source="Invoices", column="Flow", formula='="dropship_b2b"'),
            Derivation(source="Payments", column="Forward", formula='=IF([@[Journey Type]]="RETURN",0,[@Value])'),
        ),
        skips=(
            SkipRule(source="Payments", column="Clearing doc no", test="is empty", value="", reason="Not paid yet"),
            SkipRule(source="Bank", column="Withdrawal Amt.", test="is not empty", value="", reason="A payment out"),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module", params=[1, 2])
def run(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def books(run: int) -> Books:
    files = {
        "Invoices": ajio.raws("Invoices", "dropship_oms_b2b_invoices.csv"), "Payments": ajio.raws("Payments", "ajio_dropship_payment_report.csv"),
        "Bank": ajio.raws("Bank", "bank_hdfc_april.csv"),
    }  # fmt: skip
    return ajio.reconciled(recipe(run), files)[0]


def test_every_figure(run: int, books: Books) -> None:
    got = []
    for row in books.orders.itertuples():
        tags = [
            f"overdue:{row.overdue_days}" if word.startswith("overdue") else word.replace(" ", "_")
            for word in filter(None, row.tags.split("; "))
            if not word.startswith("late")
        ]  # the expected file does not name late payment
        got.append((
            row.order_id, to_text(row.invoice_minor), to_text(row.sale_minor), to_text(-row.returns_minor), to_text(row.actual_net_minor),
            str(to_date(row.due_day)), str(row.payment), ";".join(tags), LEG[row.leg_settlement], to_text(row.outstanding_minor),
        ))  # fmt: skip
    assert got == [tuple(row) for row in ajio.expected(f"dropship_run{run}.csv").itertuples(index=False)]
    assert len(books.fees) == 0
    assert books.problems == ()


def test_clearings_are_in_the_bank(run: int, books: Books) -> None:
    want = {
        row.settlement_id.removeprefix("clearing "): (row.rows_used, row.settlement_total, row.bank_amount, row.status)
        for row in ajio.expected(f"bank_run{run}.csv").itertuples()
        if row.settlement_id.startswith("clearing")
    }
    mine = books.payouts[books.payouts["rows"] > 0]
    assert {
        row.payout: (str(row.rows), to_text(row.sum_minor), to_text(row.bank_minor), row.status.upper())
        for row in mine.itertuples()
    } == want
