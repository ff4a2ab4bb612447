"""`tieout load`: files of rates and terms into the workbook; what stands there is kept, moved or replaced, never lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from addin import load as loading
from addin.cli import main
from addin.demo import demo_tables
from addin.hosts.file import FileHost
from addin.new_book import fill, load_recipe, make
from recon_core import schema
from recon_core.ratecard import TAX_ROWS, from_csv_rows, parse_cards
from recon_core.setup import parse_recipe
from recon_core.terms import parse_terms, setup_rows
from tests.hosts.pkgcheck import check
from workbook_templates import demo_files, template_path

DEMO = demo_files()[0].parent
CARD, TERMS = DEMO / "rate_card.csv", DEMO / "payment_terms.csv"


@pytest.fixture
def book(tmp_path) -> Path:
    path = tmp_path / "Book.xlsx"
    make(path, load_recipe("ajio_marketplace"))
    return path


def tables(path: Path) -> dict[str, list[dict[str, object]]]:
    """The rows of the Setup tables, without empty cells."""
    host = FileHost(path)
    rows, problems = schema.read_tables({name: host.cells(name) for name in schema.SETUP_SHEETS})
    assert problems == []
    return {
        title: [{name: value for name, value in row.values.items() if value is not None} for row in own]
        for title, own in rows.items()
    }


def load(path: Path, word: str, file: Path) -> loading.Loaded:
    found = loading.load(FileHost(path), word, file)
    assert check(path) == []
    return found


def written(folder: Path, name: str, *lines: str) -> Path:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def test_a_card_of_a_file_is_the_card_of_the_sheet(book):
    found = load(book, "Rates", CARD)
    assert (found.problems, found.from_file, found.replaced, found.kept, found.shipped) == ((), 22, 0, len(TAX_ROWS), 0)
    recipe, _ = parse_recipe({name: FileHost(book).cells(name) for name in schema.SETUP_SHEETS})
    lines = CARD.read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    straight, place, _ = from_csv_rows(
        [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]], "card.csv"
    )
    wanted, of_sheet = (
        {card.fee: card for card in cards} for cards in (parse_cards(straight, place)[0], recipe.market.cards)
    )
    assert set(of_sheet) == set(wanted) | {"GST on fees", "TCS", "TDS"}
    for fee, card in wanted.items():
        assert [(rule.conditions, rule.terms, rule.amount, rule.validity) for rule in of_sheet[fee].rules] == [
            (rule.conditions, rule.terms, rule.amount, rule.validity) for rule in card.rules
        ]
        assert (of_sheet[fee].event, of_sheet[fee].basis) == (card.event, card.basis)


def test_loading_again_changes_nothing(book):
    load(book, "Rates", CARD)
    before = {name: FileHost(book).cells(name) for name in schema.SETUP_SHEETS}
    again = load(book, "Rates", CARD)
    assert (again.replaced, again.kept) == (22, len(TAX_ROWS))
    assert {name: FileHost(book).cells(name) for name in schema.SETUP_SHEETS} == before


def test_other_portals_stay_and_their_own_taxes_keep_the_shipped_ones_out(book, tmp_path):
    load(book, "Rates", CARD)
    other = written(
        tmp_path,
        "m.csv",
        "Portal,Fee,From,%,Base,Charged on,Tax inclusive",
        "Myntra,Commission,2026-01-01,9.5%,taxable,delivery,Y",
    )
    found = load(book, "Rates", other)
    assert (found.from_file, found.replaced, found.kept) == (1, 0, 22 + len(TAX_ROWS))
    assert tables(book)["Rates"][-1] == {
        "Portal": "Myntra", "Fee": "Commission", "From": "2026-01-01", "%": 9.5, "Base": "taxable", "Charged on": "Delivered", "Tax inclusive": "yes",
    }  # fmt: skip
    merged = loading.merge(loading.Loaded(table="Rates", rows=({"Portal": "X", "Fee": "tcs "},)), [])
    assert {row["Fee"] for row in merged.rows} == {"tcs ", "GST on fees", "TDS"}


def test_terms_of_a_file(book, tmp_path):
    found = load(book, "Terms", TERMS)
    assert (found.from_file, found.kept, found.shipped) == (2, 0, 0)
    assert tables(book)["Payment terms"] == [
        {"Portal": "AJIO", "Flow": "marketplace", "Due from": "invoice", "Days": 15, "Days are": "calendar", "Valid from": "2026-03-15"},
        {"Portal": "AJIO", "Flow": "dropship_b2b", "Due from": "invoice", "Days": 45, "Days are": "calendar", "Valid from": "2026-01-01"},
    ]  # fmt: skip
    more = written(
        tmp_path,
        "t.csv",
        "Portal,Due from,Days,Days are,Payout day,Valid to",
        "AJIO,delivered,7,working,Mon and Thu,31-Dec-2026",
    )
    assert (load(book, "Terms", more).replaced, len(tables(book)["Payment terms"])) == (2, 1)
    assert tables(book)["Payment terms"][0] == {"Portal": "AJIO", "Due from": "delivery", "Days": 7, "Days are": "working", "Payout day": "Mon and Thu", "Valid to": "2026-12-31"}  # fmt: skip


@pytest.mark.parametrize("count", [80, 81, 150])
def test_a_long_card_stretches_its_table_and_a_short_one_empties_it(book, tmp_path, count):
    load(book, "Terms", TERMS)
    card = written(
        tmp_path,
        "l.csv",
        "Portal,Fee,From,Fixed",
        *(f"P{n},Closing,2026-01-01,{n}" for n in range(count - len(TAX_ROWS))),
    )
    load(book, "Rates", card)
    found = tables(book)
    assert ([row["Fee"] for row in found["Rates"]].count("Closing"), len(found["Rates"])) == (
        count - len(TAX_ROWS),
        count,
    )
    assert len(found["Payment terms"]) == 2
    table = openpyxl.load_workbook(book)["Rates"].tables["tblRates"]
    first = schema.layout()["Rates"][3]
    assert table.ref.endswith(str(first - 1 + max(80, count)))
    load(
        book,
        "Rates",
        written(
            tmp_path,
            "s.csv",
            "Portal,Fee,From,Fixed",
            *(f"P{n},Closing,2026-02-01,{n}" for n in range(count - len(TAX_ROWS))),
        ),
    )
    assert {row["From"] for row in tables(book)["Rates"] if row["Fee"] == "Closing"} == {"2026-02-01"}


def test_more_terms_than_room_move_the_rates_down(book, tmp_path):
    load(book, "Rates", CARD)
    rates = tables(book)["Rates"]
    many = written(tmp_path, "t.csv", "Portal,Due from,Days", *(f"P{n},invoice,{n}" for n in range(30)))
    load(book, "Terms", many)
    load(book, "Terms", TERMS)
    found = tables(book)
    assert (len(found["Payment terms"]), found["Rates"]) == (32, rates)
    load(book, "Rates", CARD)
    assert (len(tables(book)["Payment terms"]), tables(book)["Rates"]) == (32, rates)


def test_a_table_that_the_user_has_moved_is_filled_where_it_stands(book):
    work = openpyxl.load_workbook(book)
    sheet = work["Rates"]
    place = schema.layout()["Payment terms"]
    sheet.cell(row=1, column=1).value = "Our own heading"
    sheet.cell(row=place[3], column=1).value = "Myntra"
    sheet.cell(row=place[3], column=3).value = "delivery"
    sheet.cell(row=place[3], column=4).value = 9
    work.save(book)
    load(book, "Terms", TERMS)
    assert [row["Portal"] for row in tables(book)["Payment terms"]] == ["Myntra", "AJIO", "AJIO"]
    assert openpyxl.load_workbook(book)["Rates"]["A1"].value == "Our own heading"


def test_a_file_with_a_mistake_writes_nothing_and_names_its_lines(book, tmp_path):
    before = book.read_bytes()
    wrong = written(tmp_path, "w.csv", "Portal,Fee,From,Fixed,Colour", "AJIO,Fixed,2026-01-01,x,red", "AJIO,Fixed,,5,")
    run = CliRunner().invoke(main, ["load", str(book), "Rates", str(wrong), "--json"])
    assert run.exit_code == 4
    problems = json.loads(run.stdout)["problems"]
    assert {(one["code"], one["where"]["row"]) for one in problems} == {("R-731", None), ("R-713", 2), ("R-711", 3)}
    assert book.read_bytes() == before
    empty = written(tmp_path, "e.csv", "Portal,Due from,Days", ",,")
    assert CliRunner().invoke(main, ["load", str(book), "Terms", str(empty), "--json"]).exit_code == 4
    assert book.read_bytes() == before


def test_the_command_says_what_it_did(book):
    run = CliRunner().invoke(main, ["load", str(book), "rates", str(CARD)])
    assert run.exit_code == 0
    assert run.stdout.splitlines()[:2] == [
        "Wrote 22 rows of rate_card.csv into the table Rates of Book.xlsx.", f"{len(TAX_ROWS)} rows of other portals, or of every portal, stayed.",
    ]  # fmt: skip
    told = json.loads(CliRunner().invoke(main, ["load", str(book), "Terms", str(TERMS), "--json"]).stdout)
    assert told == {
        "table": "Payment terms",
        "from_file": 2,
        "replaced": 0,
        "kept": 0,
        "shipped": 0,
        "portal": "",
        "problems": [],
    }


def test_a_workbook_of_an_earlier_version_is_refused(tmp_path):
    work = openpyxl.load_workbook(template_path())
    del work["Rates"]
    work.save(tmp_path / "old.xlsx")
    run = CliRunner().invoke(main, ["load", str(tmp_path / "old.xlsx"), "Rates", str(CARD), "--json"])
    assert (run.exit_code, [one["code"] for one in json.loads(run.stdout)["problems"]]) == (4, ["N-121"])


def test_the_demo_has_its_rates_and_terms(tmp_path):
    shutil.copytree(DEMO, tmp_path / "demo")
    book = tmp_path / "demo" / "b.xlsx"
    fill(book, demo_tables(tmp_path / "demo"), base=template_path())
    recipe, problems = parse_recipe({name: FileHost(book).cells(name) for name in schema.SETUP_SHEETS})
    assert problems == ()
    rows, _ = schema.read_tables({name: FileHost(book).cells(name) for name in schema.SETUP_SHEETS})
    assert recipe.market.terms == parse_terms(setup_rows(rows["Payment terms"]))[0]
    assert sum(len(card.rules) for card in recipe.market.cards) == 22 + len(TAX_ROWS)
