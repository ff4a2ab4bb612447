"""Setup rows -> sheets -> the patcher -> the parser: the same rows, on the template and beyond its room."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from addin.hosts.file import FileHost
from addin.setup_sheets import setup_sheets
from recon_core.recipe import Meaning
from recon_core.schema import BASICS, SETUP_SHEETS, TABLES, layout, read_tables
from recon_core.setup import parse_recipe
from tests.hosts.pkgcheck import check
from tests.workbook_templates.test_template import MAIN, sheet_xml
from workbook_templates import template_path

Rows = Sequence[Mapping[str, object]]


@pytest.fixture
def write(tmp_path):
    path = tmp_path / "book.xlsx"
    shutil.copy(template_path(), path)

    def once(tables: Mapping[str, Rows]) -> Path:
        FileHost(path).write(setup_sheets(tables))
        assert check(path) == []
        return path

    return once


def grids(path: Path) -> dict[str, list[list[object]]]:
    return {name: FileHost(path).cells(name) for name in SETUP_SHEETS}


def read_back(path: Path) -> dict[str, list[dict[str, object]]]:
    rows, problems = read_tables(grids(path))
    assert problems == []
    return {
        title: [{k: v for k, v in row.values.items() if v is not None} for row in found]
        for title, found in rows.items()
    }


def recipe_rows(legs: int, sources: int, mappings: int) -> dict[str, list[dict[str, object]]]:
    names = [f"S{n}" for n in range(1, sources + 1)]
    return {
        "Reconciliation": [
            {"Item": "Title", "Value": "April"},
            {"Item": "As of", "Value": dt.date(2026, 4, 30)},
            {"Item": "Rows per sheet", "Value": 5000},
        ],
        "Sources": [{"Source": name, "File or pattern": f"{name}_*.csv", "Header row": 9} for name in names],
        "Legs": [
            {"Leg": f"L{n}", "Side A": "S1", "Side B": "S2; S3", "Tolerance": 0.05, "Date window": 3, "When totals of an id differ": "keep together"}
            for n in range(1, legs + 1)
        ],
        "Skip rules": [{"Source": "S1", "Column": "status", "Test": "is", "Value": "Cancelled", "Reason": "=no formula"}],
        "Supporting data": [{"For source": "S1", "Its column": "sku", "File": "sku.csv", "Match with": "sku", "Take columns": "brand; class"}],
        "Derived columns": [{"Source": "S1", "Column": "Net", "Formula": "=[@price]-[@discount]", "Note": "typed, never live"}],
        "Mapping": [
            {"Leg": "", "Side": "AB"[n % 2], "Meaning": ("id", "amount", "date", "compare")[n // 2 % 4], "Column": f"column {n}", "Name": f"n{n // 2}", "Form": "1,234.50"}
            for n in range(mappings)
        ],
        "Rules": [{"Leg": "L1", "On": "yes", "Rule": "Totals", "Kind": "totals of id", "Tolerance": 1, "Days before": 0, "Days after": 5}],
    }  # fmt: skip


def expected(rows: Mapping[str, Rows]) -> dict[str, list[dict[str, object]]]:
    found = {title: [{k: v for k, v in row.items() if v != ""} for row in given] for title, given in rows.items()}
    values = {str(row["Item"]): row.get("Value") for row in rows["Reconciliation"]}
    found["Reconciliation"] = [
        {"Item": item, "Note": note} | ({"Value": values[item]} if item in values else {}) for item, note in BASICS
    ]
    return {title: [] for title in read_tables(grids(template_path()))[0]} | found  # tables without a row are empty


SIZES = {
    "as the template": (3, 4, 40),
    "mapping beyond its room": (3, 4, 75),
    "sources beyond their room": (3, 20, 40),
    "legs and sources beyond their room": (9, 14, 6),
    "as much as the room": (6, 12, 60),
}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_rows_come_back_as_they_went(write, size):
    rows = recipe_rows(*size)
    path = write(rows)
    assert read_back(path) == expected(rows)
    recipe, problems = parse_recipe(grids(path))
    assert problems == ()
    assert [leg.name for leg in recipe.legs] == [row["Leg"] for row in rows["Legs"]]
    assert recipe.as_of == dt.date(2026, 4, 30)
    assert recipe.rows_per_sheet == 5000
    assert {use.form for use in recipe.legs[0].uses} == {"1,234.50"}
    assert len(recipe.legs[0].uses) == size[2]
    assert recipe.legs[0].uses[0].meaning is Meaning.KEY


def test_a_second_writing_leaves_nothing_of_the_first(write):
    write(recipe_rows(3, 12, 60))
    rows = recipe_rows(1, 3, 4)
    assert read_back(write(rows)) == expected(rows)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_the_tables_stand_where_the_layout_says(write, size):
    rows = recipe_rows(*size)
    book = openpyxl.load_workbook(write(rows))
    for title, (sheet, _, header, first, room) in layout({t: len(r) for t, r in rows.items()}).items():
        table = next(table for table in TABLES if table.title == title)
        corners = book[sheet].tables[table.excel_name].ref.split(":")
        assert corners[0] == f"A{header}"
        assert int(corners[1].lstrip("ABCDEFGHIJK")) == first + room - 1
        assert [cell.value for cell in book[sheet][header][: len(table.fields)]] == [f.name for f in table.fields]


def test_within_its_room_the_sheets_keep_every_look_and_rule(write):
    before = {name: sheet_xml(template_path(), name) for name in SETUP_SHEETS}
    path = write(recipe_rows(3, 4, 40))
    for name in SETUP_SHEETS:
        after = sheet_xml(path, name)
        for tag in ("dataValidations", "cols", "pageSetup", "sheetViews"):
            old, new = (ET.tostring(one.find(f"{MAIN}{tag}")) for one in (before[name], after))
            assert old == new
        looks = [{c.get("r"): c.get("s") for c in one.iter(f"{MAIN}c") if c.get("s")} for one in (before[name], after)]
        changed = {ref for ref in looks[0] if looks[0][ref] != looks[1].get(ref)}
        starts = [f"E{layout()['Skip rules'][3]}", f"C{layout()['Derived columns'][3]}"]  # texts that begin with '='
        quoted = set(starts) if name == "Setup" else set()
        assert changed == quoted


def test_beyond_its_room_no_old_header_shows_through(write):
    rows = recipe_rows(9, 20, 40)
    book = openpyxl.load_workbook(write(rows))
    places = layout({title: len(found) for title, found in rows.items()})
    headers = {place[2]: title for title, place in places.items() if place[0] == "Setup"}
    wide = {table.title: len(table.fields) for table in TABLES}
    for row in book["Setup"].iter_rows(min_row=4):
        for cell in row:
            dark = cell.fill.fgColor.rgb == "FF334155"
            assert dark == (cell.row in headers and cell.column <= wide[headers[cell.row]]), cell.coordinate


def test_lists_of_a_table_that_stands_alone_stretch(write):
    path = write(recipe_rows(3, 4, 75))
    first = layout()["Mapping"][3]
    areas = {rule.get("sqref") for rule in sheet_xml(path, "Mapping").iter(f"{MAIN}dataValidation")}
    assert areas == {f"{letter}{first}:{letter}{first + 74}" for letter in "ABCDEFG"}


def test_dates_and_texts_keep_their_form(write):
    book = openpyxl.load_workbook(write(recipe_rows(3, 4, 40)))
    sheet = book["Setup"]
    as_of = next(row for row in sheet.iter_rows(min_row=6, max_row=14) if row[0].value == "As of")[1]
    assert (as_of.value, as_of.number_format) == (dt.datetime(2026, 4, 30), "dd-mmm-yyyy")
    assert book["Mapping"]["G7"].value == "1,234.50"
    assert book["Mapping"]["G7"].number_format == "@"


def test_an_unknown_item_of_reconciliation_comes_last(write):
    path = write({"Reconciliation": [{"Item": "Preparer", "Value": "M. Rao"}, {"Item": "title", "Value": "April"}]})
    rows = read_back(path)["Reconciliation"]
    assert rows[0] == {"Item": "title", "Note": "Shown on Summary.", "Value": "April"}
    assert rows[-1] == {"Item": "Preparer", "Value": "M. Rao"}


def test_a_title_or_field_nobody_knows_is_refused():
    with pytest.raises(KeyError, match="Sourcs"):
        setup_sheets({"Sourcs": []})
    with pytest.raises(KeyError, match="Colour"):
        setup_sheets({"Legs": [{"Leg": "L1", "Colour": "red"}]})
