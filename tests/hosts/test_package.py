"""The package patcher: what it writes and keeps on a sheet of ours, and on a new one."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from addin.hosts.worksheet import Stretch, location, stretched_ref
from addin.hosts.xmlparts import Area
from recon_core.sheets import Cell, Column, Kind, Sheet, Table
from tests.hosts import pkgcheck, samples
from tests.hosts.package_side import OURS, cell, cells, write, xml

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")  # it tells what it would lose


# --- what is kept


def test_parts_we_do_not_own_keep_their_compressed_bytes(book):
    before = samples.packed(book)
    write(book, samples.sheet())
    after = samples.packed(book)
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {OURS, "xl/tables/table1.xml", "xl/styles.xml", "xl/workbook.xml"}
    assert list(after) == list(before)


def test_a_new_sheet_changes_no_old_sheet(book):
    before = samples.packed(book)
    write(book, samples.sheet(name="New", tables=(samples.table(name="tblNew"),)))
    after = samples.packed(book)
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/workbook.xml"}
    assert set(after) - set(before) == {
        "xl/worksheets/sheet3.xml",
        "xl/worksheets/_rels/sheet3.xml.rels",
        "xl/tables/table3.xml",
    }


def test_the_second_write_of_the_same_sheets_gives_the_same_file(book):
    sheets = [samples.sheet(), samples.sheet(name="New", tables=(samples.table(name="tblNew"),))]
    write(book, *sheets)
    first = samples.parts(book)
    write(book, *sheets)
    assert samples.parts(book) == first


def test_names_of_sheets_and_parts_ignore_case(book):
    samples.repack(book, {"xl/styles.xml": None, "xl/Styles.XML": samples.parts(book)["xl/styles.xml"]})
    write(book, samples.sheet(name="OURS"))
    assert cells(book)[0][0] == "Title"
    assert [s.name for s in CalamineWorkbook.from_path(str(book)).sheets_metadata] == ["Ours", "Data"]


def test_around_the_cells_of_an_owned_sheet_everything_stays(book):
    write(book, samples.sheet(40))
    text = xml(book)
    for kept in ("<drawing r:id=", "<legacyDrawing r:id=", '<mergeCell ref="F1:G1"/>', "<pane xSplit="):
        assert kept in text
    assert "tabColor" not in text  # only new sheets get one
    assert '<dimension ref="A1:C45"/>' in text
    loaded = openpyxl.load_workbook(book)["Ours"]
    assert loaded["A5"].comment.text.startswith("a note")
    assert loaded.freeze_panes == "B3"
    assert len(loaded._charts) == 1


def test_old_cells_of_an_owned_sheet_go(book):
    write(book, samples.sheet())
    assert cells(book)[2] == ["", "", ""]  # E3 was a formula
    assert cell(book, "E3") == ""


def test_tables_follow_their_rows(book):
    for rows in (40, 1, 0, 7):
        write(book, samples.sheet(rows))
        assert f'ref="A5:C{5 + max(rows, 1)}"' in xml(book, "xl/tables/table1.xml")
    assert cells(book)[11] == ["006", 1234.5006, date(2025, 4, 1)]


def test_formats_and_validations_follow_the_data_rows(book):
    for rows, end in ((40, 45), (1, 6), (0, 6), (2, 7)):
        write(book, samples.sheet(rows))
        text = xml(book)
        b6 = f"B6:B{end}" if end > 6 else "B6"
        assert f'<conditionalFormatting sqref="{b6}">' in text
        assert f'<conditionalFormatting sqref="A6:C{end} H1:H3">' in text
        assert '<conditionalFormatting sqref="H6:H100">' in text
        assert re.search(rf"<xm:sqref>{b6}</xm:sqref>", text)
        assert f'sqref="{f"C6:C{end}" if end > 6 else "C6"}"' in text
        assert f"Ours!$A$6:$A${end}<" in xml(book, "xl/workbook.xml")
        assert "Data!$A$1<" in xml(book, "xl/workbook.xml")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A6:C9", "A6:C20"),
        ("B6:B9 A6", "B6:B20 A6"),
        ("A6:C8", "A6:C8"),
        ("A7:C9", "A7:C9"),
        ("A6:C1048576", "A6:C1048576"),
        ("H6:H9", "H6:H9"),
        ("A:C", "A:C"),
    ],
)
def test_only_ranges_over_all_data_rows_stretch(before, after):
    assert stretched_ref(before, [Stretch(Area(6, 1, 9, 3), 20)]) == after


def test_links_inside_are_ours_links_outside_stay(book):
    link = Cell(row=2, column=1, value="go", style="link", link="#Data!B2")
    write(book, samples.sheet(cells=(link,)))
    text = xml(book)
    assert '<hyperlink ref="E1" r:id="rId' in text
    assert '<hyperlink ref="A2" location="\'Data\'!B2"/>' in text
    assert 'ref="E2"' not in text
    assert len(re.findall("<hyperlink ", text)) == 2


@pytest.mark.parametrize(
    ("link", "place"),
    [("#A data!B2", "'A data'!B2"), ("#'A data'!B2", "'A data'!B2"), ("#It's!A1", "'It''s'!A1"), ("#Rows", "Rows")],
)
def test_link_places_are_quoted(link, place):
    assert location(link) == place


def test_widths_are_ours_other_columns_and_formats_stay(book):
    wide = samples.sheet(widths={3: 44.0})
    write(book, wide)
    columns = {int(node.get("min")): node.attrib for node in pkgcheck.named(ET.fromstring(xml(book)), "col")}
    assert set(columns) == {1, 2, 3, 4}
    assert columns[3]["width"] == "44.7143"  # 44 characters and the edges, as Excel writes it
    assert columns[2]["style"] == columns[4]["style"] != "0"
    assert columns[2]["width"] != columns[4]["width"]
    assert columns[4]["max"] == "5"


def test_widths_fit_amounts_with_their_separators(plain):
    big = pd.DataFrame({"A": [-123_456_789_0000], "B": ["x" * 99], "C": [1]})
    kinds = (Column(name="A", kind=Kind.AMOUNT), Column(name="B"), Column(name="C", kind=Kind.INTEGER))
    write(plain, Sheet(name="Ours", tables=(Table(name="t", columns=kinds, frame=big),)))
    found = [float(node.get("width")) for node in pkgcheck.named(ET.fromstring(xml(plain)), "col")]
    assert found == [pytest.approx(width + 5 / 7, abs=0.001) for width in (len("(123,456,789.00)") + 1, 60, 8)]


def test_long_headers_get_the_height_they_wrap_to(plain):
    long = Column(name="Difference between A and B")
    frame = pd.DataFrame({long.name: ["x"]})
    write(plain, Sheet(name="Ours", tables=(Table(name="t", columns=(long,), frame=frame),)))
    assert '<row r="5" ht="30">' in xml(plain)
    write(plain, samples.sheet(name="Short"))
    assert '<row r="5">' in xml(plain, "xl/worksheets/sheet2.xml")


def test_a_users_table_on_our_sheet_stays_with_its_cells(plain):
    theirs = samples.table(2, name="tblUser", column=8)
    write(plain, Sheet(name="Ours", tables=(theirs,)))
    before = cell(plain, "H6"), xml(plain, "xl/tables/table1.xml")
    write(plain, samples.sheet(1))
    assert (cell(plain, "H6"), xml(plain, "xl/tables/table1.xml")) == before
    assert cells(plain)[4][7:] == ["Order id", "Amount", "Date"]
    assert "<tableParts count=" in xml(plain)


def test_the_sheets_own_filter_goes_only_from_under_a_table(tmp_path):
    text = (
        f'<worksheet xmlns="{samples.MAIN}"><sheetData/><autoFilter ref="{{}}">'
        '<filterColumn colId="0"/></autoFilter></worksheet>'
    )
    names = (
        '<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'
        "Ours!$A$5:$C$9</definedName></definedNames>"
    )
    over = samples.by_hand(tmp_path / "over.xlsx", text.format("A5:C9"))
    samples.repack(over, {"xl/workbook.xml": lambda data: data.replace(b"</sheets>", b"</sheets>" + names.encode())})
    write(over, samples.sheet())
    assert "autoFilter" not in xml(over)
    assert "_FilterDatabase" not in xml(over, "xl/workbook.xml")
    beside = samples.by_hand(tmp_path / "beside.xlsx", text.format("H5:J9"))
    write(beside, samples.sheet())
    assert '<autoFilter ref="H5:J9"></autoFilter>' in xml(beside)


def test_a_merged_cell_under_our_table_is_released(tmp_path):
    merges = '<mergeCells count="2"><mergeCell ref="A6:B6"/><mergeCell ref="A1:B1"/></mergeCells>'
    path = samples.by_hand(tmp_path / "b.xlsx", f'<worksheet xmlns="{samples.MAIN}"><sheetData/>{merges}</worksheet>')
    write(path, samples.sheet())
    assert '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>' in xml(path)


# --- tables


def test_new_headers_keep_the_numbers_of_old_columns(book):
    names = ("Date", "New\nline", "Amount")
    three = Table(name="tblOurs", columns=tuple(Column(name=n) for n in names), frame=pd.DataFrame(columns=names))
    write(book, Sheet(name="Ours", tables=(three,)))
    text = xml(book, "xl/tables/table1.xml")
    assert re.findall(r'<tableColumn id="(\d+)" name="([^"]*)"', text) == [
        ("3", "Date"),
        ("4", "New_x000a_line"),
        ("2", "Amount"),
    ]
    assert cells(book)[4] == list(names)


def test_headers_are_filled_and_unique_as_excel_demands(plain):
    names = ("Amount", "amount", "", "x" * 300, "a & <b>")
    odd = Table(name="t", columns=tuple(Column(name=n) for n in names), frame=pd.DataFrame(columns=range(5)))
    write(plain, Sheet(name="Ours", tables=(odd,)))
    assert cells(plain)[4] == ["Amount", "amount2", "Column3", "x" * 255, "a & <b>"]


def test_filters_totals_and_calculated_columns_end_where_we_write_values(book):
    def dressed(data: bytes) -> bytes:
        data = data.replace(b'totalsRowShown="0"', b'totalsRowCount="1"')
        data = data.replace(
            b'<autoFilter ref="A5:C7"/>', b'<autoFilter ref="A5:C6"><filterColumn colId="0"/></autoFilter>'
        )
        column = b'<tableColumn id="2" name="Amount" totalsRowFunction="sum"><calculatedColumnFormula>1</calculatedColumnFormula></tableColumn>'
        return data.replace(b'<tableColumn id="2" name="Amount"/>', column)

    samples.repack(book, {"xl/tables/table1.xml": dressed})
    write(book, samples.sheet(2))
    text = xml(book, "xl/tables/table1.xml")
    assert '<autoFilter ref="A5:C7"/>' in text
    for gone in ("totalsRowCount", "totalsRowFunction", "calculatedColumnFormula", "filterColumn"):
        assert gone not in text


# --- new sheets


def test_a_new_sheet_is_last_frozen_coloured_and_ready_to_print(book):
    write(book, samples.sheet(name="It's new", tables=(samples.table(name="tblNew"),)))
    loaded = openpyxl.load_workbook(book)
    assert loaded.sheetnames == ["Ours", "Data", "It's new"]
    new = loaded["It's new"]
    assert new.freeze_panes == "A6"
    assert new.sheet_properties.tabColor.rgb == "FF16A34A"
    assert (new.page_setup.orientation, new.page_setup.fitToWidth, new.page_setup.fitToHeight) == ("landscape", 1, 0)
    assert new.print_title_rows == "$5:$5"
    assert new.oddFooter.center.text == "&F · &A · page &P of &N"
    assert new.tables["tblNew"].ref == "A5:C8"


def test_a_sheet_without_tables_or_cells_can_be_added(plain):
    write(plain, Sheet(name="Empty"), Sheet(name="Words", cells=(Cell(row=2, column=2, value="x"),)))
    assert cells(plain, "Words") == [["", ""], ["", "x"]]
    assert "Print_Titles" not in xml(plain, "xl/workbook.xml")


# --- cells


def test_text_that_looks_like_a_formula_is_text_for_good(plain):
    risky = ["=1+1", "+1", "-1", "@x", "\tx", "plain", "'=1"]
    free = tuple(Cell(row=1, column=i, value=text) for i, text in enumerate(risky, 1))
    ids = Table(name="t", columns=(Column(name="Id", kind=Kind.ID),), frame=pd.DataFrame({"Id": risky}))
    write(plain, Sheet(name="Ours", cells=free, tables=(ids,)))
    loaded = openpyxl.load_workbook(plain)["Ours"]
    for row, text in enumerate(risky, 6):
        assert (loaded.cell(row, 1).value, loaded.cell(row, 1).data_type) == (text, "s")
        assert loaded.cell(row, 1).quotePrefix is (text[0] in "=+-@\t")
        assert loaded.cell(1, row - 5).quotePrefix is (text[0] in "=+-@\t")
    assert "<f>" not in xml(plain)


def test_odd_text_comes_back_as_it_was(plain):
    odd = ["_x0041_", "a\x01b", "  two  ", "line\nline", "cr\r\nlf", "& < > \"'", "\ufffe", "😀", "_x00", "x" * 32_767]
    written = tuple(Cell(row=i, column=1, value=text) for i, text in enumerate(odd, 1))
    write(plain, Sheet(name="Ours", cells=written))
    node = ET.fromstring(xml(plain))
    assert [pkgcheck.text_of(c, []) for c in pkgcheck.named(node, "c")] == odd


@pytest.mark.parametrize(("letter", "kept"), [("x", 32_766), ("😀", 16_383)])
def test_text_too_long_for_a_cell_shows_its_cut(plain, letter, kept):
    write(plain, Sheet(name="Ours", cells=(Cell(row=1, column=1, value=letter * 40_000),)))
    assert cells(plain) == [[letter * kept + "…"]]


def test_shared_strings_are_never_touched(book):
    before = samples.packed(book)["xl/sharedStrings.xml"]
    write(book, samples.sheet())
    assert samples.packed(book)["xl/sharedStrings.xml"] == before
    assert 't="s"' not in xml(book)
