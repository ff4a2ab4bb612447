"""The blank workbook: its sheets, tables and looks are those a run expects. That it is its sources: test_addin.py."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import pytest
from python_calamine import load_workbook

from addin.hosts.package import write_sheets
from recon_core.reports import MARKET_SHEETS, REPORTS, data, summary
from recon_core.reports.case import TABLE_ROW
from recon_core.schema import BASICS, SETUP_SHEETS, TABLES, layout, read_tables
from recon_core.setup import parse_recipe
from recon_core.sheets import MAX_ROWS, Kind, Sheet, Table, column_letter
from tests.hosts.pkgcheck import check
from workbook_templates import demo_files, recipe_names, recipe_path, template_path
from workbook_templates.start_texts import CONTENTS, HELP, HELP_PLAIN
from workbook_templates.template import REASON_CODES, RESULTS

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sheet_xml(path: Path, name: str) -> ET.Element:
    number = list(CONTENTS).index(name) + 1
    return ET.fromstring(parts(path)[f"xl/worksheets/sheet{number}.xml"])


def tables_of(path: Path) -> dict[str, ET.Element]:
    roots = [ET.fromstring(xml) for name, xml in parts(path).items() if name.startswith("xl/tables/")]
    return {root.get("displayName"): root for root in roots}


def cells(path: Path, sheet: str) -> list[list[object]]:
    return load_workbook(str(path)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def test_excel_would_open_it_without_repair():
    assert check(template_path()) == []


def test_no_macros_no_links_out_no_names_but_ours_and_print_titles():
    names = parts(template_path())
    assert not [name for name in names if "vba" in name.lower() or "externallink" in name.lower()]
    assert not [name for name, xml in names.items() if name.endswith(".rels") and b'TargetMode="External"' in xml]
    defined = ET.fromstring(names["xl/workbook.xml"]).findall(f".//{MAIN}definedName")
    built_in = {"_xlnm.Print_Area", "_xlnm.Print_Titles"}
    assert {name.get("name") for name in defined} == {*built_in, "tieout_request", "tieout_status"}


def test_start_has_the_cells_of_status_and_request_and_says_what_to_do():
    book = openpyxl.load_workbook(template_path())
    places = {name: book.defined_names[name].attr_text for name in ("tieout_status", "tieout_request")}
    start = book["Start"]
    for (name, place), label, text in zip(places.items(), ("Status", "Request"), ("Ready", None), strict=True):
        sheet, _, address = place.replace("$", "").partition("!")
        assert (sheet, start[address].value, start[address].data_type) == ("Start", text, "s" if text else "n"), name
        assert start[f"A{start[address].row}"].value == label
    help_lines = {start[f"A{row}"].value: start[f"B{row}"].value for row in range(1, start.max_row + 1)}
    assert {"Macros blocked", "Engine not found", "Button does nothing"} <= set(help_lines)
    assert [help_lines[word] for word, _ in (*HELP_PLAIN, *HELP)] == [text for _, text in (*HELP_PLAIN, *HELP)]


def test_sheets_stand_in_order_and_none_is_hidden():
    sheets = ET.fromstring(parts(template_path())["xl/workbook.xml"]).findall(f".//{MAIN}sheet")
    assert [sheet.get("name") for sheet in sheets] == list(CONTENTS)
    assert not [sheet for sheet in sheets if sheet.get("state")]
    assert {*RESULTS, "Summary"} == set(REPORTS) - {
        "Changes",
        "Sources",
        *MARKET_SHEETS,
    }  # those are made for what a recipe has


def test_start_leads_to_every_sheet():
    links = sheet_xml(template_path(), "Start").findall(f".//{MAIN}hyperlink")
    assert {link.get("location").strip("'").removesuffix("!A1").strip("'") for link in links} == set(CONTENTS)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_sheet_has_its_table_with_one_blank_row(name):
    result = RESULTS[name]
    table = tables_of(template_path())[result.table]
    assert table.get("ref") == f"A{TABLE_ROW}:{column_letter(len(result.columns))}{TABLE_ROW + 1}"
    grid = cells(template_path(), name)
    assert [text for text in grid[TABLE_ROW - 1] if text] == [column.name for column in result.columns]
    assert all(value == "" for row in grid[TABLE_ROW:] for value in row)


def test_print_set_up_of_every_sheet():
    for name in CONTENTS:
        sheet = sheet_xml(template_path(), name)
        page = sheet.find(f"{MAIN}pageSetup")
        wanted = ("9", "portrait" if name == "Start" else "landscape", "0")
        assert (page.get("paperSize"), page.get("orientation"), page.get("fitToHeight")) == wanted, name
        assert sheet.find(f".//{MAIN}oddFooter").text == "&C&F · &A · page &P of &N"


def test_lists_of_the_user_fit_a_rule():
    assert len(",".join(REASON_CODES)) <= 255
    rules = sheet_xml(template_path(), "Exceptions").findall(f".//{MAIN}dataValidation")
    assert [rule.get("sqref") for rule in rules] == [
        f"{letter}{TABLE_ROW + 1}:{letter}{MAX_ROWS - 1}" for letter in "MQ"
    ]


def test_charts_read_the_rows_the_report_writes():
    charts = [xml.decode() for name, xml in parts(template_path()).items() if name.startswith("xl/charts/chart")]
    top, types = summary.GLANCE_ROW + 1, summary.TYPES_ROW + 1
    for letter in "ABC":
        assert f"Summary!${letter}${top}:${letter}${top + 3}" in charts[0]
    for letter in "AC":
        assert f"Summary!${letter}${types}:${letter}${types + summary.TYPES_SHOWN - 1}" in charts[1]
    drawing = ET.fromstring(parts(template_path())["xl/drawings/drawing1.xml"])
    starts = [int(node.text) for node in drawing.iter() if node.tag.endswith("}col")]
    assert min(starts) > max(summary.WIDTHS)


def test_a_blank_template_parses_to_empty_rows_without_a_missing_table():
    rows, problems = read_tables({name: cells(template_path(), name) for name in SETUP_SHEETS})
    assert problems == []
    assert [row.text("Item") for row in rows.pop("Reconciliation")] == [item for item, _ in BASICS]
    assert rows == {title: [] for title in rows}
    recipe, problems = parse_recipe({name: cells(template_path(), name) for name in SETUP_SHEETS})
    assert [problem.code for problem in problems] == ["S-104"]
    assert recipe.legs == ()


def test_setup_tables_stand_where_the_layout_says():
    found = tables_of(template_path())
    for table in TABLES:
        _, _, header, first, rows = layout()[table.title]
        right = column_letter(len(table.fields))
        assert found[table.excel_name].get("ref") == f"A{header}:{right}{first + rows - 1}"


def test_choices_of_every_field_are_offered():
    for table in TABLES:
        sheet, _, _, first, rows = layout()[table.title]
        rules = sheet_xml(template_path(), sheet).findall(f".//{MAIN}dataValidation")
        for at, field in enumerate(table.fields, 1):
            area = f"{column_letter(at)}{first}:{column_letter(at)}{first + rows - 1}"
            rule = next((rule for rule in rules if rule.get("sqref") == area), None)
            if not field.choices:
                continue
            formula = rule.find(f"{MAIN}formula1").text
            if "," in "".join(field.choices) or len(",".join(field.choices)) > 255:
                corner = formula.replace("$", "").partition(":")[0]
                grid = cells(template_path(), sheet)
                column = ord(corner[0]) - 65
                assert [row[column] for row in grid[first - 1 : first - 1 + len(field.choices)]] == list(field.choices)
            else:
                assert formula == f'"{",".join(field.choices)}"'


@pytest.fixture
def run_over(tmp_path):
    """Write one result sheet with 40 rows onto a copy of the template."""

    def write(name: str) -> Path:
        path = tmp_path / "book.xlsx"
        shutil.copy(template_path(), path)
        result = RESULTS[name]
        frame = pd.DataFrame({column.name: [None] * 40 for column in result.columns}, dtype=object)
        table = Table(name=result.table, columns=tuple(result.columns), frame=frame, row=TABLE_ROW)
        write_sheets(path, [Sheet(name=name, tables=(table,))])
        return path

    return write


@pytest.mark.parametrize("name", RESULTS)
def test_rules_and_colours_reach_every_row_that_a_run_may_write(run_over, name):
    path = run_over(name)
    assert check(path) == []
    sheet = sheet_xml(path, name)
    ends = {f"{TABLE_ROW + 1}", f"{MAX_ROWS - 1}"}
    for tag in ("conditionalFormatting", "dataValidation", "ignoredError"):
        for node in sheet.iter(f"{MAIN}{tag}"):
            for area in node.get("sqref").split():
                assert {corner.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for corner in area.split(":")} == ends
    assert sheet.find(f".//{MAIN}pane").get("state") == "frozen"


def test_what_is_printed_grows_with_the_rows():
    """Whole columns: Excel prints them down to the last row in use, and nobody has to stretch them."""
    names = dict(
        re.findall(
            r'Print_Area" localSheetId="(\d+)">[^<]*?!(\$[A-Z]+:\$[A-Z]+)<',
            parts(template_path())["xl/workbook.xml"].decode(),
        )
    )
    printed = [name for name, result in RESULTS.items() if result.printed]
    assert len(names) == len(printed) > 0


def test_colours_stand_on_every_column_of_outcomes():
    marked = {name: set(result.marks) for name, result in RESULTS.items() if result.marks}
    columns = {
        name: {"Status", "Outcome", "Severity"} & {c.name for c in result.columns} for name, result in RESULTS.items()
    }
    assert marked == {name: found for name, found in columns.items() if found}


def test_data_sheets_are_built_without_compare_columns():
    assert RESULTS["A data"].columns == data.columns({})
    assert all(column.kind in Kind for column in RESULTS["A data"].columns)


def test_the_files_beside_the_package():
    assert template_path().name == "Tieout_template.xlsx"
    assert template_path().is_file()
    assert all(recipe_path(name).is_file() for name in recipe_names())
    assert all(path.is_file() for path in demo_files())
    with pytest.raises(KeyError):
        recipe_path("no such recipe")


@pytest.mark.office
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_libreoffice_opens_it_and_shows_no_hashes(tmp_path):
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
    ]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), str(template_path())], check=True, capture_output=True, timeout=180
    )
    found = {path.stem.partition("-")[2]: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.csv")}
    assert set(found) == set(CONTENTS)
    assert not [name for name, text in found.items() if "###" in text or "#N" in text or "Err:" in text]
