"""A booked payment has every column of the template, so that the recipes reconcile it, whatever the filled file left out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from addin.payment_files import ALSO, NAMES
from recon_core.standard_template import HEADERS
from tests.recipes.made import amount, call, make
from tests.test_payment_files import BANK, ORDERS

STATED = ("--date", "2026-06-10", "--amount", "1390.00", "--reference", "UTIB26061000001")
FULL = {
    "Order ID": ["T-1", "T-2", ""], "SKU": ["OUR-1", "", ""], "Amount paid to you": ["880", "560", "-50"], "Amount paid by customer": ["1000", "700", "0"],
    "Fee: Commission": ["-80", "-120", "0"], "Fee: Ads": ["-40", "-20", "-50"],
}  # fmt: skip
SPELLED = {"Order ID": "order no", "SKU": "Seller  SKU", "Fee: Commission": "FEE: COMMISSION"}


def filled(folder: Path, *, without: set[str] = frozenset(), spelled: dict[str, str] | None = None) -> Path:
    """The template that the command writes, its columns that are not used taken out, filled in."""
    path = folder / "filled.csv"
    call("template", "eshopbox", path, "--fee", "Fee: Ads")
    header = next(csv.reader(path.read_text().splitlines()))
    kept = [name for name in header if name not in without]
    rows = [[FULL.get(name, [""] * 3)[at] for name in kept] for at in range(3)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[(spelled or {}).get(name, name) for name in kept], *rows])
    return path


OPTIONAL = set(HEADERS) - {"Order ID", "Amount paid to you", "Amount paid by customer"}


@pytest.mark.parametrize(
    ("without", "spelled"),
    [({"Claims"}, None), (OPTIONAL - set(FULL), None), (OPTIONAL - {"Fee: Commission"}, None), (set(), SPELLED)],
    ids=["without Claims", "only what was used", "without SKU", "other spellings"],
)
@pytest.mark.parametrize("recipe", ["marketplace_generic", "fee_audit", "books_check"])
def test_template_filled_booked_and_reconciled(recipe: str, without: set[str], spelled: dict[str, str] | None, tmp_path: Path) -> None:  # fmt: skip
    out = tmp_path / "settlement_june.csv"
    call("payment", filled(tmp_path, without=without, spelled=spelled), out, *STATED)
    header = next(csv.reader(out.read_text().splitlines()))
    assert set(header) == {*HEADERS, *ALSO, *NAMES, "Fee: Ads"}
    assert len(header) == len(set(header))
    files = {"orders_june.csv": ORDERS, "bank_june.csv": BANK, "ledger_june.csv": LEDGER}
    made = make(tmp_path, recipe, files)
    assert made.ties()
    if recipe == "marketplace_generic":
        assert [(amount(row["Sum of lines"]), row["Status"]) for row in made.rows("Payouts")] == [
            ("1390.00", "Matched")
        ]
        fees = {(row["Order id"], row["Entry"]): amount(row["Amount"]) for row in made.rows("Releases") if row["Entry"] == "COMMISSION"}  # fmt: skip
        assert fees["T-1", "COMMISSION"] == "-80.00"


LEDGER = "Date,Account,Debit,Credit\n2026-06-10,Marketplace sales,0,1700\n2026-06-10,Marketplace receipts,1390,0\n"


def test_a_file_that_has_all_columns_keeps_its_amounts(tmp_path: Path) -> None:
    out = tmp_path / "settlement_june.csv"
    call("payment", filled(tmp_path), out, *STATED)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {name: [row[name] for row in rows] for name in FULL} == FULL


def test_a_booked_file_is_booked_again_as_it_is(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    call("payment", filled(tmp_path, without={"Claims", "SKU"}), one, *STATED)
    call("payment", one, two, *STATED)
    assert sorted(next(csv.reader(one.read_text().splitlines()))) == sorted(
        next(csv.reader(two.read_text().splitlines()))
    )
