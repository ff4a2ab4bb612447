"""Whose orders these are: a card names its portal, and Setup's Portal is blank in the recipes for any portal.

Loading a card of one portal fills the cell and says so; between two portals the user is asked, never answered for.
"""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from addin.cli import main
from addin.hosts.file import FileHost
from recon_core import schema
from recon_core.problems import Severity
from recon_core.setup import parse_recipe
from tests.hosts.pkgcheck import check
from tests.recipes import test_marketplace_generic as generic
from tests.recipes.made import call, make
from tests.recipes.test_fee_audit import CARD, FILES

HEADER, *RULES = CARD.splitlines()


def of(portal: str, card: str = CARD) -> str:
    """A card of no portal, agreed with one."""
    header, *rules = card.splitlines()
    return "\n".join([header, *(portal + rule for rule in rules)]) + "\n"


def new(folder: Path, recipe: str = "fee_audit") -> Path:
    call("new", folder / "book.xlsx", "--recipe", recipe)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "book.xlsx"


def load(book: Path, text: str, *options: str, word: str = "Rates") -> str:
    path = book.with_name(f"{word}.csv")
    path.write_text(text, encoding="utf-8")
    return call("load", book, word, path, *options)


def items(book: Path) -> dict[str, str]:
    host = FileHost(book)
    tables, _ = schema.read_tables({name: host.cells(name) for name in schema.SETUP_SHEETS})
    return {row.text("Item"): row.text("Value") for row in tables["Reconciliation"]}


def problems(book: Path) -> dict[str, tuple[Severity, str, str]]:
    host = FileHost(book)
    found = parse_recipe({name: host.cells(name) for name in schema.SETUP_SHEETS})[1]
    return {one.code: (one.severity, str(one.where), one.fix) for one in found}


@pytest.mark.parametrize(("recipe", "files", "card", "wanted"), [
    ("fee_audit", FILES, CARD, {("F-1", "Commission"): "Reconciled", ("F-3", "Fixed"): "Disputed", ("F-4", "Packaging"): "Failed"}),
    ("marketplace_generic", generic.FILES, generic.CARD, {("G-1", "Commission"): "Reconciled", ("G-5", "Commission"): "Disputed"}),
])  # fmt: skip
def test_the_documented_steps_judge_the_fees(recipe: str, files: dict[str, str], card: str, wanted: dict[tuple[str, str], str], tmp_path: Path) -> None:  # fmt: skip
    made = make(tmp_path, recipe, files, loads={"Rates": of("Myntra", card)})
    assert items(made.book)["Portal"] == "Myntra"
    found = {(row["Order id"], row["Fee"]): row["Status"] for row in made.rows("Fees")}
    assert {name: found[name] for name in wanted} == wanted
    assert made.codes() & {"R-750", "R-761", "R-762"} == set()


def test_what_was_written_is_told(tmp_path: Path) -> None:
    said = load(new(tmp_path), of("Myntra")).splitlines()
    assert "Setup named no portal, so Myntra now stands beside Portal: the portal of orders that name none." in said
    assert check(tmp_path / "book.xlsx") == []


def test_every_other_cell_of_setup_stays(tmp_path: Path) -> None:
    book = new(tmp_path)
    before = FileHost(book).cells("Setup")
    load(book, of("Myntra"))
    after = FileHost(book).cells("Setup")
    changed = [(was, is_now) for one, other in zip(before, after, strict=True) for was, is_now in zip(one, other, strict=True) if was != is_now]  # fmt: skip
    assert changed == [(None, "Myntra")]


def test_between_two_portals_the_user_chooses(tmp_path: Path) -> None:
    book = new(tmp_path)
    both = "\n".join([HEADER, *("Myntra" + rule for rule in RULES), *("Ajio" + rule for rule in RULES)]) + "\n"
    assert "Rates and terms are of Myntra and Ajio: type the portal of your orders beside Portal of Setup." in load(book, both)  # fmt: skip
    assert items(book)["Portal"] == ""
    severity, where, fix = problems(book)["R-761"]
    assert (severity, where.startswith("Setup!B"), fix.startswith("Type Myntra or Ajio beside Portal")) == (Severity.ASK, True, True)  # fmt: skip
    run = CliRunner().invoke(main, ["run", str(book)])
    assert run.exit_code != 0
    assert "R-761" in run.output
    assert "Fees" not in openpyxl.load_workbook(book).sheetnames


def test_a_typed_portal_is_never_replaced(tmp_path: Path) -> None:
    book = new(tmp_path)
    load(book, of("Myntra"))
    said = load(book, of("Ajio"))
    assert "Setup says Myntra beside Portal: rates and terms of Ajio hold for no order that names no portal." in said
    assert items(book)["Portal"] == "Myntra"
    assert "R-761" not in problems(book)


def test_terms_say_the_portal_too(tmp_path: Path) -> None:
    book = new(tmp_path, "marketplace_generic")
    told = json.loads(load(book, "Portal,Due from,Days\nMyntra,invoice,15\n", "--json", word="Terms"))
    assert (told["portal"], items(book)["Portal"]) == ("Myntra", "Myntra")
    assert json.loads(load(book, of("myntra "), "--json"))["portal"] == ""  # the same portal
    assert problems(book).keys() & {"R-761", "R-762"} == set()


def test_a_card_of_no_portal_names_none(tmp_path: Path) -> None:
    book = new(tmp_path)
    assert json.loads(load(book, CARD, "--json"))["portal"] == ""
    assert items(book)["Portal"] == ""
    assert "R-761" not in problems(book)


def test_the_portal_of_a_column_needs_no_cell(tmp_path: Path) -> None:
    book = new(tmp_path)
    stored = openpyxl.load_workbook(book)
    sheet = stored["Marketplace"]
    row = next(row for row in sheet.iter_rows(min_row=5) if row[2].value == "status")
    row[2].value, row[3].value, row[4].value = "portal", "channel", None
    stored.save(book)
    assert json.loads(load(book, of("Myntra"), "--json"))["portal"] == ""
    assert "R-761" not in problems(book)
    orders = tmp_path / "orders_june.csv"
    lines = orders.read_text(encoding="utf-8").splitlines()
    rows = [f"{line},{'channel' if at == 0 else '' if at < 3 else 'Myntra'}" for at, line in enumerate(lines)]
    orders.write_text("\n".join(rows) + "\n", encoding="utf-8")
    run = CliRunner().invoke(main, ["run", str(book)])
    told = [line for line in run.output.splitlines() if "R-750" in line]
    assert len(told) == 1, run.output  # not one for each fee
    assert "2 fees ('Commission'; 'Fixed')" in " ".join(run.output.split())
    assert "portal is not known" in " ".join(run.output.split())
