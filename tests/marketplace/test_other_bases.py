"""Rates of what a seller's discount leaves, or of what was collected: amounts of the row, by the column that says them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from addin.cli import main
from recon_core.expected import expected_columns
from recon_core.market import Market, Role, Says
from recon_core.money import to_text
from recon_core.problems import Place
from recon_core.ratecard import parse_cards
from recon_core.reports.case import TABLE_ROW
from tests.marketplace import ajio
from tests.marketplace.test_owed import BASE
from tests.raws import raw
from tests.recipes.made import call
from tests.recipes.test_fee_audit import FILES

ORDERS = {
    Says.ORDER: "id", Says.ITEM: "sku", Says.QUANTITY: "qty", Says.AMOUNT: "amount", Says.DISCOUNTED: "amount - discount", Says.COLLECTED: "cod", Says.ORDER_DATE: "day",
}  # fmt: skip
RETURNS = {Says.ORDER: "id", Says.ITEM: "sku", Says.QUANTITY: "qty", Says.RETURNED_ON: "back"}


def nets(rows: list[str], back: list[str], says: dict[Says, str], *cards: dict[str, str]) -> tuple[list[str], list[str], list[tuple[str, str]]]:  # fmt: skip
    """Rows as 'id sku qty amount discount cod' and 'id sku qty' -> nets, nets of returns, (code, fix) of Problems."""
    parsed, problems = parse_cards([{**BASE, **card} for card in cards], lambda at, column: Place(row=at, column=column))  # fmt: skip
    assert problems == ()

    def table(lines: list[str], names: list[str]) -> dict[str, list[str]]:
        cells = [["" if cell == "~" else cell for cell in line.split()] for line in lines]
        return {name: [row[at] for row in cells] for at, name in enumerate(names)}

    ours = {**table(rows, ["id", "sku", "qty", "amount", "discount", "cod"]), "day": ["2026-04-01"] * len(rows)}
    theirs = {**table(back, ["id", "sku", "qty"]), "back": ["2026-04-09"] * len(back)}
    uses = (*ajio.uses_of(Role.ORDERS, "O", says), *ajio.uses_of(Role.RETURNS, "R", RETURNS))
    columns, said = expected_columns({"O": [raw("O", ours)], "R": [raw("R", theirs)]}, Market(uses=uses, cards=parsed, portal="P"))  # fmt: skip
    one, two = ([to_text(int(minor)) for minor in column.net_minor] for column in columns)
    return one, two, [(problem.code, problem.fix) for problem in said]


NET = {"Fee": "Commission", "Base": "net of discount", "%": "10", "Return %": "100"}
COD = {"Fee": "Collection", "Base": "collected", "%": "2"}


@pytest.mark.parametrize(("card", "row", "net"), [
    (NET, "A S 1 100 25 0", "92.50"),  # 10 % of 75.00
    (NET, "A S 2 200 50 0", "185.00"),  # of 75.00, twice
    (NET, "A S 3 100 0.01 0", "90.01"),  # of 33.33 each, as an amount of three
    (NET | {"Per": "item"}, "A S 2 200 50 0", "185.00"), (NET | {"Per": "order"}, "A S 2 200 50 0", "185.00"),
    (COD, "A S 1 100 0 100", "98.00"), (COD, "A S 1 100 0 0", "100.00"), (COD | {"Per": "order"}, "A S 2 100 0 60", "98.80"),
    ({"Fee": "Closing", "Fixed": "10", "Price to": "50", "Price of": "collected"}, "A S 2 200 0 100", "180.00"),
    ({"Fee": "Closing", "Fixed": "10", "Price from": "50", "Price of": "collected"}, "A S 2 200 0 100.02", "180.00"),
])  # fmt: skip
def test_a_rate_of_another_amount(card: dict[str, str], row: str, net: str) -> None:
    assert nets([row], [], ORDERS, card) == ([net], [], [])


def test_a_return_gives_back_what_was_taken() -> None:
    assert nets(["A S 2 200 50 0"], ["A S 1"], ORDERS, NET)[:2] == (["185.00"], ["-92.50"])


def test_rows_of_an_order_are_added_up() -> None:
    """2 % of 60.00 and 40.00, once for the order, at its first row."""
    assert nets(["A S 1 100 0 60", "A T 1 50 0 40"], [], ORDERS, COD | {"Per": "order"})[0] == ["98.00", "50.00"]


@pytest.mark.parametrize(("card", "blank"), [(NET, Says.DISCOUNTED), (COD, Says.COLLECTED)])
def test_without_the_amount_nothing_is_guessed(card: dict[str, str], blank: Says) -> None:
    without = {says: column for says, column in ORDERS.items() if says != blank}
    found = nets(["A S 1 100 25 80"], [], without, card)
    assert found[0] == ["100.00"]
    assert [(code, f"the meaning '{blank}'" in fix) for code, fix in found[2]] == [("R-750", True)]


def test_a_blank_cell_is_not_nothing() -> None:
    found = nets(["A S 1 100 0 50", "B S 1 100 0 ~"], [], ORDERS, COD)
    assert (found[0], [code for code, _ in found[2]]) == (["99.00", "100.00"], ["R-750"])


def test_from_setup_to_the_sheet_fees(tmp_path: Path) -> None:
    """A column 'paid online' of the orders, 900.00 of 1,000.00: 10 % of it was agreed, and 100.00 taken."""
    book = tmp_path / "book.xlsx"
    call("new", book, "--recipe", "fee_audit")
    for name, text in FILES.items():
        lines = text.splitlines()
        rows = [f"{line},{'net_of_discount' if at == 0 else '900'}" for at, line in enumerate(lines)]
        (tmp_path / name).write_text("\n".join(rows if name.startswith("orders") else lines) + "\n", encoding="utf-8")
    stored = openpyxl.load_workbook(book)
    row = next(row for row in stored["Marketplace"].iter_rows(min_row=5) if row[2].value == "weight")
    row[2].value, row[3].value, row[4].value = "net of discount", "net_of_discount", None
    stored.save(book)
    (tmp_path / "card.csv").write_text("Portal,Fee,From,Base,%,GST %\n,Commission,2026-01-01,net of discount,10,18\n", encoding="utf-8")  # fmt: skip
    call("load", book, "Rates", tmp_path / "card.csv")
    CliRunner().invoke(main, ["run", str(book)])
    header, *body = openpyxl.load_workbook(book, data_only=True)["Fees"].iter_rows(min_row=TABLE_ROW, values_only=True)
    found = next(row for row in (dict(zip(header, one, strict=True)) for one in body) if (row["Order id"], row["Fee"]) == ("F-1", "Commission"))  # fmt: skip
    assert (found["Expected"], found["Charged"], found["Status"]) == (90, 100, "Disputed")
    assert "10% of net of discount" in str(found["Card"])
