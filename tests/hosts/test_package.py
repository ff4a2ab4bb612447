"""The package patcher: what it writes, what it keeps, what it refuses."""

from __future__ import annotations

import os
import re
import stat
import sys
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from addin.hosts import replacing, zipparts
from addin.hosts.package import write_sheets
from addin.hosts.styles import STYLES
from addin.hosts.worksheet import Stretch, location, stretched_ref
from addin.hosts.xmlparts import Area
from addin.hosts.zipparts import fingerprint
from recon_core.problems import ReconError, Severity
from recon_core.sheets import MAX_ROWS, Cell, Column, Formula, Kind, Sheet, Table
from tests.hosts import pkgcheck, samples

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")  # it tells what it would lose

OURS = "xl/worksheets/sheet1.xml"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return samples.rich(tmp_path / "Book.xlsx")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return samples.plain(tmp_path / "Book.xlsx")


def cells(path: Path, sheet: str = "Ours") -> list[list[object]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def xml(path: Path, part: str = OURS) -> str:
    return samples.parts(path)[part].decode()


def cell(path: Path, ref: str, part: str = OURS) -> str:
    found = re.search(rf'<c r="{ref}"[^>]*?(?:/>|>.*?</c>)', xml(path, part))
    return found[0] if found else ""


def write(path: Path, *sheets: Sheet, **options: object) -> None:
    write_sheets(path, sheets, **options)  # type: ignore[arg-type]
    assert pkgcheck.check(path) == []


def refused(path: Path, *sheets: Sheet) -> ReconError:
    """The refusal, after seeing that the file is as it was and nothing lies beside it."""
    before, folder = path.read_bytes(), sorted(path.parent.iterdir())
    with pytest.raises(ReconError) as caught:
        write_sheets(path, sheets or [samples.sheet()])
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == folder
    assert caught.value.problem.severity is Severity.STOP
    assert caught.value.problem.where.file == path.name
    return caught.value


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
    assert columns[3]["width"] == "44"
    assert columns[2]["style"] == columns[4]["style"] != "0"
    assert columns[2]["width"] != columns[4]["width"]
    assert columns[4]["max"] == "5"


def test_widths_fit_amounts_with_their_separators(plain):
    big = pd.DataFrame({"A": [-123_456_789_0000], "B": ["x" * 99], "C": [1]})
    kinds = (Column(name="A", kind=Kind.AMOUNT), Column(name="B"), Column(name="C", kind=Kind.INTEGER))
    write(plain, Sheet(name="Ours", tables=(Table(name="t", columns=kinds, frame=big),)))
    found = [float(node.get("width")) for node in pkgcheck.named(ET.fromstring(xml(plain)), "col")]
    assert found == [len("(123,456,789.00)") + 1, 60, 8]


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


FORMULAS = [
    (Formula('SUM(A1:A2)&"<"', 'a<"'), 't="str"', '<f>SUM(A1:A2)&amp;"&lt;"</f><v>a&lt;"</v>'),
    (Formula("=1+1", 2), "", "<f>1+1</f><v>2</v>"),
    (Formula("1/3", 1 / 3), "", "<f>1/3</f><v>0.3333333333333333</v>"),
    (Formula("TRUE", value=True), 't="b"', "<f>TRUE</f><v>1</v>"),
    (Formula("TODAY()", date(2025, 4, 1)), "", "<f>TODAY()</f><v>45748</v>"),
    (Formula("NA()", "#N/A"), 't="e"', "<f>NA()</f><v>#N/A</v>"),
    (Formula("A1", None), "", "<f>A1</f></c>"),
]


@pytest.mark.parametrize(("formula", "kind", "inner"), FORMULAS)
def test_formulas_carry_their_value_in_its_type(plain, formula, kind, inner):
    write(plain, Sheet(name="Ours", cells=(Cell(row=1, column=1, value=formula),)))
    text = cell(plain, "A1")
    assert inner in text
    assert kind in text
    assert kind or " t=" not in text


def test_formulas_in_a_table_and_amounts_beside_them(plain):
    mixed = pd.DataFrame({"Amount": pd.Series([Formula("A1*2", 2.5), 12_345_000, None], dtype=object)})
    one = Table(name="t", columns=(Column(name="Amount", kind=Kind.AMOUNT),), frame=mixed)
    write(plain, Sheet(name="Ours", tables=(one,)))
    assert "<f>A1*2</f><v>2.5</v>" in cell(plain, "A6")
    assert "<v>1234.5</v>" in cell(plain, "A7")
    assert cell(plain, "A8") == ""


DATES = [
    (date(2025, 4, 1), "45748", "44286"),
    (datetime(2025, 4, 1, 12), "45748.5", "44286.5"),
    (date(1900, 1, 1), "1", None),
    (date(1900, 2, 28), "59", None),
    (date(1900, 3, 1), "61", None),
    (date(1904, 1, 1), "1462", "0"),
]


@pytest.mark.parametrize(("day", "serial", "serial_1904"), DATES)
@pytest.mark.parametrize("old", [False, True])
def test_dates_are_serials_of_the_workbooks_own_system(tmp_path, day, serial, serial_1904, old):
    text = f'<worksheet xmlns="{samples.MAIN}"><sheetData/></worksheet>'
    path = samples.by_hand(tmp_path / "b.xlsx", text, '<workbookPr date1904="1"/>' if old else "")
    moments = pd.Series([day]).astype("datetime64[s]")
    kind = Kind.DATETIME if isinstance(day, datetime) else Kind.DATE
    one = Table(name="t", columns=(Column(name="D", kind=kind),), frame=pd.DataFrame({"D": moments}))
    write(path, Sheet(name="Ours", cells=(Cell(row=1, column=1, value=day),), tables=(one,)))
    wanted = serial_1904 if old else serial
    for ref in ("A1", "A6"):
        expected = f"<v>{wanted}</v>" if wanted else f"<t>{day.isoformat()}</t>"
        assert expected in cell(path, ref)
        assert ' s="' in cell(path, ref)


def test_nan_and_infinity_are_never_written(plain):
    numbers = pd.DataFrame({"N": [float("nan"), float("inf"), 1.5]})
    one = Table(name="t", columns=(Column(name="N", kind=Kind.NUMBER),), frame=numbers)
    write(plain, Sheet(name="Ours", cells=(Cell(row=1, column=1, value=float("nan")),), tables=(one,)))
    assert cell(plain, "A1") == cell(plain, "A6") == ""
    assert 't="e"><v>#NUM!</v>' in cell(plain, "A7")
    assert not re.search("nan|inf<", xml(plain), re.IGNORECASE)


def test_blank_inputs_keep_their_look(plain):
    frame = pd.DataFrame({"Comment": ["x", None]})
    columns = (Column(name="Comment", kind=Kind.INPUT),)
    write(plain, Sheet(name="Ours", tables=(Table(name="t", columns=columns, frame=frame),)))
    assert re.fullmatch(r'<c r="A7" s="\d+"/>', cell(plain, "A7"))
    assert openpyxl.load_workbook(plain)["Ours"]["A7"].protection.locked is False
    write(plain, Sheet(name="Ours", tables=(Table(name="t", columns=columns, frame=frame[:0]),)))
    assert re.fullmatch(r'<c r="A6" s="\d+"/>', cell(plain, "A6"))


def test_two_cells_at_one_address_are_a_bug(plain):
    with pytest.raises(ValueError, match="two cells"):
        write_sheets(plain, [samples.sheet(cells=(Cell(row=6, column=1, value="x"),))])
    assert list(plain.parent.iterdir()) == [plain]


def test_a_name_twice_is_a_bug(plain):
    for twice in ([samples.sheet(), samples.sheet(name="OURS")], [samples.sheet(), samples.sheet(name="New")]):
        with pytest.raises(ValueError, match="twice"):
            write_sheets(plain, twice)


def test_no_sheets_no_write(plain):
    before = plain.stat().st_mtime_ns, plain.stat().st_ino
    write_sheets(plain, [])
    assert (plain.stat().st_mtime_ns, plain.stat().st_ino) == before


# --- styles


def test_every_style_has_its_look(plain):
    named = tuple(Cell(row=i, column=1, value="x", style=name) for i, name in enumerate(STYLES, 1))
    write(plain, Sheet(name="Ours", cells=named))
    loaded = openpyxl.load_workbook(plain)["Ours"]
    for row, (name, look) in enumerate(STYLES.items(), 1):
        found = loaded.cell(row, 1)
        assert (found.font.b, found.font.i, found.number_format) == (look.bold, look.italic, look.format), name
        assert found.protection.locked is not look.unlocked
        assert bool(found.alignment.wrap_text) is look.wrap
        assert (found.fill.fgColor.rgb == f"FF{look.fill}") is bool(look.fill)
    assert loaded["A2"].font.sz == 16
    asked = "title subtitle label header text wrap id amount amount_bold integer number date datetime percent input note link good bad warn section matched partial unmatched skipped input_amount input_date"
    assert set(asked.split()) <= set(STYLES)


def test_unknown_style_is_a_bug(plain):
    with pytest.raises(KeyError):
        write_sheets(plain, [Sheet(name="Ours", cells=(Cell(row=1, column=1, value=1, style="loud"),))])


def test_a_second_run_appends_no_style(book):
    write(book, samples.sheet())
    once = xml(book, "xl/styles.xml")
    write(book, samples.sheet(9))
    assert xml(book, "xl/styles.xml") == once


def test_styles_take_the_face_of_the_workbook(book):
    samples.repack(book, {"xl/styles.xml": lambda data: data.replace(b'"Calibri"', b'"Aptos"')})
    write(book, samples.sheet())
    title = openpyxl.load_workbook(book)["Ours"]["A1"].font
    assert (title.name, title.sz, title.b) == ("Aptos", 16, True)


def test_old_formats_keep_their_numbers(book):
    before = xml(book, "xl/styles.xml")
    write(book, samples.sheet())
    after = xml(book, "xl/styles.xml")
    for group in ("fonts", "fills", "borders", "cellXfs"):
        old = re.search(rf"<{group} [^>]*>(.*?)</{group}>", before)[1]
        assert re.search(rf"<{group} [^>]*>(.*?)</{group}>", after)[1].startswith(old)


# --- the user's sheets


def test_single_cells_change_and_every_other_byte_stays(book):
    data = "xl/worksheets/sheet2.xml"
    before, others = xml(book, data), samples.packed(book)
    new = (Cell(row=1, column=4, value="new"), Cell(row=3, column=3, value=5), Cell(row=9, column=2, value=1.5))
    write(book, Sheet(name="Data", cells=new, owned=False))
    after = xml(book, data)
    assert cell(book, "D1", data) == '<c r="D1" t="inlineStr"><is><t>new</t></is></c>'
    assert '<c r="C3"><v>5</v></c>' in after
    assert '<row r="9"><c r="B9"><v>1.5</v></c></row></sheetData>' in after
    assert '<dimension ref="A1:D9"/>' in after
    undone = after.replace('<row r="9"><c r="B9"><v>1.5</v></c></row>', "").replace('<c r="C3"><v>5</v></c>', "")
    undone = undone.replace(cell(book, "D1", data), re.search('<c r="D1".*?</c>', before)[0])
    undone = undone.replace("A1:D9", re.search('<dimension ref="([^"]*)"', before)[1])
    touched = re.sub(r'(<row r="[13]") spans="[^"]*"', r"\1", before)  # the hint no longer held
    assert undone == touched != before
    changed = {name for name, raw in samples.packed(book).items() if others.get(name) != raw}
    assert changed <= {data, "xl/workbook.xml", "xl/styles.xml"}


IN_PLACE = [
    ("<sheetData/>", '<sheetData><row r="2"><c r="B2"><v>7</v></c></row></sheetData>'),
    ('<sheetData><row r="2"/></sheetData>', '<sheetData><row r="2"><c r="B2"><v>7</v></c></row></sheetData>'),
    (
        '<sheetData><row><c><v>1</v></c></row><row><c><v>2</v></c><c s="0"><v>3</v></c></row></sheetData>',
        '<sheetData><row><c><v>1</v></c></row><row><c><v>2</v></c><c r="B2"><v>7</v></c></row></sheetData>',
    ),
    (
        '<sheetData><row r="2" spans="1:3"><c r="A2"/><c r="C2"/></row><row r="5"/></sheetData>',
        '<sheetData><row r="2"><c r="A2"/><c r="B2"><v>7</v></c><c r="C2"/></row><row r="5"/></sheetData>',
    ),
    (
        '<sheetData><row r="1"/><row r="3"/></sheetData>',
        '<sheetData><row r="1"/><row r="2"><c r="B2"><v>7</v></c></row><row r="3"/></sheetData>',
    ),
]


@pytest.mark.parametrize(("before", "after"), IN_PLACE)
@pytest.mark.parametrize("px", ["", "x:"])
def test_cells_find_their_place(tmp_path, before, after, px):
    def prefixed(text: str) -> str:
        return re.sub(r"<(/?)(?=\w)", rf"<\1{px}", text)

    space = f'xmlns:x="{samples.MAIN}"' if px else f'xmlns="{samples.MAIN}"'
    path = samples.by_hand(tmp_path / "b.xlsx", f"<{px}worksheet {space}>{prefixed(before)}</{px}worksheet>")
    write(path, Sheet(name="Ours", cells=(Cell(row=2, column=2, value=7),), owned=False))
    assert prefixed(after) in xml(path)


def test_a_cell_keeps_the_format_it_had_or_takes_that_of_its_row_or_column(tmp_path):
    styles = (
        f'<styleSheet xmlns="{samples.MAIN}"><fonts count="1"><font><sz val="10"/></font></fonts>'
        '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders><cellXfs count="4">'
        + "".join(f'<xf numFmtId="{n}" fontId="0" fillId="0" borderId="0"/>' for n in range(4))
        + "</cellXfs></styleSheet>"
    )
    text = (
        f'<worksheet xmlns="{samples.MAIN}"><cols><col min="2" max="9" width="9" style="1"/></cols><sheetData>'
        '<row r="1"><c r="A1" s="3"/></row><row r="2" s="2" customFormat="1"/></sheetData></worksheet>'
    )
    path = samples.by_hand(tmp_path / "b.xlsx", text, **{"xl/styles.xml": styles})

    def linked(data: bytes) -> bytes:
        kind = f'<Relationship Id="rId2" Type="{samples.RELS}/styles" Target="/xl/styles.xml"/></Relationships>'
        return data.replace(b"</Relationships>", kind.encode())

    samples.repack(path, {"xl/_rels/workbook.xml.rels": linked})
    refs = {(1, 1): 3, (2, 1): 2, (2, 2): 2, (3, 3): 1, (3, 1): 0}
    samples.repack(
        path,
        {
            "[Content_Types].xml": lambda data: data.replace(
                b"</Types>",
                f'<Override PartName="/xl/styles.xml" ContentType="{samples.CONTENT}.styles+xml"/></Types>'.encode(),
            )
        },
    )
    write(path, Sheet(name="Ours", cells=tuple(Cell(row=r, column=c, value=1) for r, c in refs), owned=False))
    found = {c.get("r"): int(c.get("s", 0)) for c in pkgcheck.named(ET.fromstring(xml(path)), "c")}
    assert found == {"A1": 3, "A2": 2, "B2": 2, "C3": 1, "A3": 0}
    write(path, Sheet(name="Ours", cells=(Cell(row=1, column=1, value="=x"),), owned=False))
    quoted = openpyxl.load_workbook(path)["Ours"]["A1"]
    assert (quoted.quotePrefix, quoted.number_format, quoted.value) == (True, "#,##0", "=x")


def test_a_small_table_grows_and_shrinks_in_place(book):
    def setup(rows: int) -> Sheet:
        return Sheet(name="Ours", tables=(samples.table(rows),), owned=False)

    write(book, setup(6))
    assert [row[0] for row in cells(book)[4:11]] == ["Order id", "000", "001", "002", "003", "004", "005"]
    write(book, setup(1))
    assert [row[0] for row in cells(book)[4:]] == ["Order id", "000"]
    assert 'ref="A5:C6"' in xml(book, "xl/tables/table1.xml")
    assert '<conditionalFormatting sqref="B6">' in xml(book)
    assert "SUM(Data!B:B)" in xml(book)
    assert 'location="Data!A1"' in xml(book)
    write(book, Sheet(name="Data", tables=(samples.table(2, name="tblMore", column=8),), owned=False))
    assert '<tableParts count="2">' in xml(book, "xl/worksheets/sheet2.xml")


def test_a_formula_other_cells_share_is_not_torn(tmp_path):
    shared = '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1</f></c></row><row r="2"><c r="A2"><f t="shared" si="0"/></c></row>'
    path = samples.by_hand(
        tmp_path / "b.xlsx", f'<worksheet xmlns="{samples.MAIN}"><sheetData>{shared}</sheetData></worksheet>'
    )
    error = refused(path, Sheet(name="Ours", cells=(Cell(row=1, column=1, value=1),), owned=False))
    assert error.problem.code == "H-113"
    write(path, Sheet(name="Ours", cells=(Cell(row=2, column=1, value=1),), owned=False))


# --- calculation


def chained(book: Path) -> Path:
    """The book with a calculation chain over Data!D1 and Ours!E3."""

    def rels(data: bytes) -> bytes:
        new = f'<Relationship Id="rId77" Type="{samples.RELS}/calcChain" Target="calcChain.xml"/></Relationships>'
        return data.replace(b"</Relationships>", new.encode())

    def types(data: bytes) -> bytes:
        new = f'<Override PartName="/xl/calcChain.xml" ContentType="{samples.CONTENT}.calcChain+xml"/></Types>'
        return data.replace(b"</Types>", new.encode())

    chain = f'<calcChain xmlns="{samples.MAIN}"><c r="D1" i="2"/><c r="E3" i="1"/></calcChain>'
    changes = {"xl/_rels/workbook.xml.rels": rels, "[Content_Types].xml": types, "xl/calcChain.xml": chain.encode()}
    return samples.repack(book, changes)


CALCULATED = Table(
    name="t", columns=(Column(name="A", kind=Kind.NUMBER, formula="1+1"),), frame=pd.DataFrame({"A": [2.0]})
)
NEW_FORMULA = Cell(row=1, column=1, value=Formula("1+1", 2))
CHAIN = [
    (samples.sheet(), False),
    (samples.sheet(name="New", tables=()), True),
    (samples.sheet(name="New", tables=(), cells=(NEW_FORMULA,)), False),
    (samples.sheet(name="New", tables=(CALCULATED,)), False),
    (Sheet(name="Data", tables=(replace(CALCULATED, column=8),), owned=False), False),
    (Sheet(name="Data", cells=(Cell(row=1, column=4, value=1),), owned=False), False),
    (Sheet(name="Data", cells=(Cell(row=1, column=5, value=1),), owned=False), True),
]


@pytest.mark.parametrize(("new", "stays"), CHAIN)
def test_the_calculation_chain_goes_when_formulas_do(book, new, stays):
    write(chained(book), new)
    found = samples.parts(book)
    assert ("xl/calcChain.xml" in found) is stays
    assert (b"calcChain" in found["xl/_rels/workbook.xml.rels"]) is stays
    assert (b"calcChain" in found["[Content_Types].xml"]) is stays


@pytest.mark.parametrize("before", ["", '<calcPr calcId="191029"/>', '<calcPr fullCalcOnLoad="0" calcMode="manual"/>'])
def test_the_workbook_calculates_on_load(plain, before):
    samples.repack(plain, {"xl/workbook.xml": lambda data: data.replace(b"</sheets>", b"</sheets>" + before.encode())})
    write(plain, samples.sheet())
    assert len(re.findall(r'<calcPr [^>]*fullCalcOnLoad="1"', xml(plain, "xl/workbook.xml"))) == 1
    assert 'fullCalcOnLoad="0"' not in xml(plain, "xl/workbook.xml")


@pytest.mark.parametrize(
    ("source", "refreshed"),
    [('sheet="OURS" ref="A1:B2"', True), ('name="TBLOURS"', True), ('sheet="Data" ref="A1:B2"', False)],
)
def test_pivots_over_our_sheets_refresh_on_load(book, source, refreshed):
    cache = (
        f'<pivotCacheDefinition xmlns="{samples.MAIN}" refreshedBy="x"><cacheSource type="worksheet">'
        f"<worksheetSource {source}/></cacheSource></pivotCacheDefinition>"
    )

    def rels(data: bytes) -> bytes:
        new = f'<Relationship Id="rId77" Type="{samples.RELS}/pivotCacheDefinition" Target="pivotCache/p1.xml"/></Relationships>'
        return data.replace(b"</Relationships>", new.encode())

    samples.repack(book, {"xl/_rels/workbook.xml.rels": rels, "xl/pivotCache/p1.xml": cache.encode()})
    write_sheets(book, [samples.sheet()])
    assert ('refreshOnLoad="1"' in xml(book, "xl/pivotCache/p1.xml")) is refreshed


# --- shapes of packages


def test_prefixes_bom_absolute_targets_and_odd_places(tmp_path):
    space, rels = samples.MAIN, samples.RELS
    path = tmp_path / "Book.xlsx"
    texts = {
        "[Content_Types].xml": f'\ufeff<t:Types xmlns:t="{samples.PACKAGE}/content-types">'
        '<t:Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<t:Override PartName="/Odd/workbook.xml" ContentType="{samples.CONTENT}.sheet.main+xml"/>'
        f'<t:Override PartName="/odd/one.xml" ContentType="{samples.CONTENT}.worksheet+xml"/></t:Types>',
        "_rels/.rels": f'<q:Relationships xmlns:q="{samples.PACKAGE}/relationships">'
        f'<q:Relationship Id="a" Type="{rels}/officeDocument" Target="/Odd/workbook.xml"/></q:Relationships>',
        "Odd/workbook.xml": f'\ufeff<x:workbook xmlns:x="{space}" xmlns:rel="{rels}"><x:sheets>'
        '<x:sheet name="Ours" sheetId="3" rel:id="z"/></x:sheets></x:workbook>',
        "Odd/_rels/workbook.xml.rels": f'<q:Relationships xmlns:q="{samples.PACKAGE}/relationships">'
        f'<q:Relationship Id="z" Type="{rels}/worksheet" Target="../odd/one.xml"/></q:Relationships>',
        "odd/one.xml": f'\ufeff<x:worksheet xmlns:x="{space}"><x:sheetData ></x:sheetData >'
        f'<x:hyperlinks><x:hyperlink ref="A9" xmlns:r="{rels}" r:id="" location="x"/></x:hyperlinks></x:worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    link = Cell(row=2, column=2, value="go", link="#Ours!A1")
    write(path, samples.sheet(cells=(link,)), samples.sheet(name="New", tables=(samples.table(name="n"),)))
    text = xml(path, "odd/one.xml")
    assert text.startswith("\ufeff<x:worksheet")
    assert '<x:row r="2"><x:c r="B2" t="inlineStr"><x:is><x:t>go</x:t></x:is></x:c></x:row>' in text
    assert 'ref="A9"' not in text
    assert "<x:tablePart " in text
    assert xml(path, "Odd/workbook.xml").count("<x:sheet ") == 2
    assert [pkgcheck.text_of(c, []) for c in pkgcheck.named(ET.fromstring(text), "c")][4] == "000"


def test_strict_workbooks_get_strict_parts(tmp_path):
    path = samples.plain(tmp_path / "b.xlsx")
    strict, rels = (
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    )
    for name, data in samples.parts(path).items():
        text = data.decode().replace(samples.MAIN, strict).replace(samples.RELS, rels)
        samples.repack(path, {name: text.encode()})
    write(path, samples.sheet(), samples.sheet(name="New", tables=(samples.table(name="n"),)))
    assert samples.MAIN not in "".join(xml(path, name) for name in samples.parts(path))
    assert f"{rels}/table" in xml(path, "xl/worksheets/_rels/sheet2.xml.rels")
    assert cells(path, "New")[5][0] == "000"


def test_streamed_zips_lose_their_data_descriptors(book):
    samples.with_descriptors(book)
    before = samples.parts(book)
    write(book, samples.sheet(name="New", tables=()))
    with zipfile.ZipFile(book) as archive:
        assert not any(info.flag_bits & 8 for info in archive.infolist())
    after = samples.parts(book)
    assert all(after[name] == data for name, data in before.items() if name.startswith("xl/worksheets"))


def test_zip64_records_are_right(book, monkeypatch):
    wanted = samples.parts(book)
    monkeypatch.setattr(zipparts, "ZIP64_FROM", 700)
    write_sheets(book, [samples.sheet(900, name="New", tables=(samples.table(900, name="n"),))])
    monkeypatch.undo()
    assert pkgcheck.check(book) == []
    found = samples.parts(book)
    assert all(found[name] == wanted[name] for name in wanted if name.startswith("xl/worksheets"))
    write(book, samples.sheet(3, name="New", tables=(samples.table(3, name="n"),)))


def test_entries_keep_time_attributes_and_comment(book):
    with zipfile.ZipFile(book, "a") as archive:
        archive.comment = b"kept"
        info = zipfile.ZipInfo("custom/é.bin", (2001, 2, 3, 4, 5, 6))
        info.external_attr, info.comment = 0o640 << 16, b"note"
        archive.writestr(info, b"abc" * 99, zipfile.ZIP_STORED)
    write_sheets(book, [samples.sheet(name="New", tables=())], when=datetime(2024, 5, 6, 7, 8, 10))
    with zipfile.ZipFile(book) as archive:
        assert archive.comment == b"kept"
        kept = archive.getinfo("custom/é.bin")
        assert (kept.date_time, kept.external_attr, kept.comment) == ((2001, 2, 3, 4, 5, 6), 0o640 << 16, b"note")
        assert archive.read(kept) == b"abc" * 99
        assert archive.getinfo("xl/worksheets/sheet3.xml").date_time == (2024, 5, 6, 7, 8, 10)


def test_new_elements_stand_where_the_schema_wants_them(tmp_path):
    """Around mc:AlternateContent, which stands for what it holds, and elements nobody knows."""
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:u="urn:u"'
    odd = f'<mc:AlternateContent {space}><mc:Choice Requires="u">{{}}</mc:Choice></mc:AlternateContent>'
    text = f'<worksheet xmlns="{samples.MAIN}">{odd.format("<u:a/>")}<sheetData/>{odd.format("<oleObjects/>")}<extLst/></worksheet>'
    book = f"{odd.format('<u:path/>')}<bookViews/>"
    path = samples.by_hand(tmp_path / "b.xlsx", text, book)
    link = Cell(row=1, column=1, value="x", link="#Ours!A1")
    write(path, samples.sheet(cells=(link,)), samples.sheet(name="New", tables=(samples.table(name="n"),)))
    names = [pkgcheck.local(node) for node in ET.fromstring(xml(path))]
    wanted = "AlternateContent dimension cols sheetData hyperlinks AlternateContent tableParts extLst"
    assert names == wanted.split()
    names = [pkgcheck.local(node) for node in ET.fromstring(xml(path, "xl/workbook.xml"))]
    assert names == ["AlternateContent", "bookViews", "sheets", "definedNames", "calcPr"]


def test_a_pivot_table_on_our_sheet_keeps_its_cells(book):
    pivot = f'<pivotTableDefinition xmlns="{samples.MAIN}" name="Mine"><location ref="M5:N6"/></pivotTableDefinition>'

    def rels(data: bytes) -> bytes:
        new = f'<Relationship Id="rId77" Type="{samples.RELS}/pivotTable" Target="../pivotTables/p1.xml"/></Relationships>'
        return data.replace(b"</Relationships>", new.encode())

    write(book, Sheet(name="Ours", cells=(Cell(row=5, column=13, value="Sum"),), owned=False))
    changes = {"xl/worksheets/_rels/sheet1.xml.rels": rels, "xl/pivotTables/p1.xml": pivot.encode()}
    samples.repack(book, changes)
    write_sheets(book, [samples.sheet()])
    assert ">Sum<" in cell(book, "M5")
    error = refused(book, samples.sheet(cells=(Cell(row=6, column=14, value=1),)))
    assert "The pivot table Mine" in error.problem.what


# --- refusals


def doctype(data: bytes) -> bytes:
    return data.replace(b"<workbook", b"<!DOCTYPE x [<!ENTITY a 'b'>]><workbook", 1)


def entry(path: Path, name: str, data: bytes = b"x") -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)


def encrypt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\1\2")
    data[at + 8] |= 1
    path.write_bytes(data)


BROKEN = {
    "ole": (lambda path: path.write_bytes(zipparts.OLE + b"\0" * 600), "H-103"),
    "text": (lambda path: path.write_bytes(b"id;amount\n1;2"), "H-102"),
    "empty": (lambda path: path.write_bytes(b""), "H-102"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-40]), "H-102"),
    "no workbook": (lambda path: samples.repack(path, {"xl/workbook.xml": None}), "H-102"),
    "another zip": (lambda path: samples.repack(path, {"[Content_Types].xml": None}), "H-102"),
    "encrypted": (encrypt, "H-103"),
    "twice": (lambda path: entry(path, "XL/Workbook.xml"), "H-104"),
    "escape": (lambda path: entry(path, "xl/../../x.xml"), "H-104"),
    "absolute": (lambda path: entry(path, "/xl/x.xml"), "H-104"),
    "drive": (lambda path: entry(path, "C:/x.xml"), "H-104"),
    "backslash": (lambda path: entry(path, "xl\\x.xml"), "H-104"),
    "bomb": (lambda path: entry(path, "xl/media/x.bin", bytes(40 << 20)), "H-104"),
    "signed": (lambda path: entry(path, "_xmlsignatures/sig1.xml"), "H-106"),
    "doctype": (lambda path: samples.repack(path, {"xl/workbook.xml": doctype}), "H-105"),
    "utf-16": (lambda path: samples.repack(path, {OURS: lambda data: data.decode().encode("utf-16")}), "H-105"),
    "latin": (lambda path: samples.repack(path, {OURS: lambda data: data.replace(b"UTF-8", b"ISO-8859-1")}), "H-105"),
    "not xml": (lambda path: samples.repack(path, {OURS: lambda data: data[:-9]}), "H-105"),
    "no cells": (lambda path: samples.repack(path, {OURS: lambda _: b"<worksheet/>"}), "H-105"),
    "hidden cells": (
        lambda path: samples.repack(path, {OURS: lambda _: b"<worksheet><!--<sheetData>--></worksheet>"}),
        "H-105",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_must_not_be_touched_are_refused(book, name):
    damage, code = BROKEN[name]
    damage(book)
    assert refused(book).problem.code == code


def test_messages_are_orders_without_blame():
    source = Path(zipparts.__file__).with_name("refusals.py").read_text(encoding="utf-8").lower()
    assert "please" not in source
    assert "invalid" not in source


def test_a_signed_macro_project_survives(book):
    entry(book, "xl/vbaProject.bin", b"macro")
    entry(book, "xl/vbaProjectSignature.bin", b"signature")
    samples.repack(
        book,
        {
            "[Content_Types].xml": lambda data: data.replace(
                b"<Default", b'<Default Extension="bin" ContentType="application/x"/><Default', 1
            )
        },
    )
    write(book, samples.sheet())
    assert samples.parts(book)["xl/vbaProjectSignature.bin"] == b"signature"


def test_entries_that_share_bytes_are_refused(book):
    with zipfile.ZipFile(book) as archive:
        entries = archive.infolist()
    entries[1].header_offset = entries[0].header_offset
    with pytest.raises(ReconError, match="overlap"):
        zipparts.check_sizes(entries)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(ReconError, match=r"no file 'x\.xlsx'"):
        write_sheets(tmp_path / "x.xlsx", [samples.sheet()])


def test_a_locked_structure_takes_no_new_sheet(plain):
    samples.repack(
        plain,
        {"xl/workbook.xml": lambda data: data.replace(b"<sheets>", b'<workbookProtection lockStructure="1"/><sheets>')},
    )
    assert refused(plain, samples.sheet(name="New")).problem.code == "H-112"
    write(plain, samples.sheet())


def test_a_chart_sheet_of_our_name_is_refused(book):
    samples.repack(
        book,
        {
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(
                b"relationships/worksheet", b"relationships/chartsheet", 1
            )
        },
    )
    assert refused(book).problem.code == "H-111"


OBSTACLES = {
    "table on another sheet": (samples.sheet(name="Data", tables=(samples.table(column=9),)), "H-114"),
    "defined name": (samples.sheet(tables=(samples.table(name="rows"),)), "H-114"),
    "table in the way": (samples.sheet(name="Data", tables=(samples.table(name="new", row=2),)), "H-113"),
    "cell in a table": (Sheet(name="Data", cells=(Cell(row=2, column=1, value=1),)), "H-113"),
    "merged cells": (Sheet(name="Ours", tables=(samples.table(name="new", row=1, column=6),), owned=False), "H-113"),
    "too long": (Sheet(name="Ours", cells=(Cell(row=MAX_ROWS + 1, column=1, value=1),)), "H-115"),
    "too wide": (Sheet(name="Ours", cells=(Cell(row=1, column=16_385, value=1),)), "H-115"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_stands_in_the_way_stops_the_run(book, name):
    sheet, code = OBSTACLES[name]
    error = refused(book, sheet)
    assert error.problem.code == code
    assert error.problem.where.sheet == sheet.name


# --- replacing the file


@pytest.mark.parametrize("lock", ["~$Book.xlsx", ".~lock.Book.xlsx#"])
def test_a_workbook_open_elsewhere_is_left_alone(book, lock):
    (book.parent / lock).touch()
    error = refused(book)
    assert error.problem.code == "H-107"
    assert lock in error.problem.fix


def test_a_workbook_windows_holds_open_is_left_alone(book, monkeypatch):
    def held(*_: object) -> None:
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr(Path, "replace", held)
    assert refused(book).problem.code == "H-107"


def test_a_write_protected_workbook_is_left_alone(book, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert refused(book).problem.code == "H-108"


def test_a_full_disk_leaves_the_workbook(book, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refused(book).problem.code == "H-110"


def test_a_change_while_we_run_is_noticed(book, monkeypatch):
    real = replacing._swap

    def late(temporary: Path, path: Path, before: replacing.State) -> None:
        path.write_bytes(path.read_bytes() + b" ")
        real(temporary, path, before)

    monkeypatch.setattr(replacing, "_swap", late)
    with pytest.raises(ReconError, match="H-109"):
        write_sheets(book, [samples.sheet()])
    assert list(book.parent.iterdir()) == [book]


def test_another_content_than_the_one_read_is_refused(book):
    expected = fingerprint(book)
    entry(book, "xl/media/x.bin")
    with pytest.raises(ReconError, match="H-109"):
        write_sheets(book, [samples.sheet()], expected=expected)


def test_a_touch_is_no_change(book):
    expected = fingerprint(book)
    os.utime(book, (1, 1))
    assert fingerprint(book) != expected
    write(book, samples.sheet(), expected=expected)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_mode_of_the_file_stays(book):
    book.chmod(0o640)
    write(book, samples.sheet())
    assert stat.S_IMODE(book.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(book, tmp_path):
    link = tmp_path / "Link.xlsx"
    link.symlink_to(book)
    write_sheets(link, [samples.sheet()])
    assert link.is_symlink()
    assert cells(book)[0][0] == "Title"


def test_orphans_of_killed_runs_are_swept(book):
    orphan, other = book.parent / ".Book.xlsx.tieout-abc.tmp", book.parent / ".Other.xlsx.tieout-abc.tmp"
    orphan.touch()
    other.touch()
    write(book, samples.sheet())
    assert not orphan.exists()
    assert other.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no open file")
def test_the_file_another_run_is_writing_is_not_swept(book):
    with replacing.replacing(book) as out:
        out.write(b"x")
        replacing.sweep(book)
        assert len(list(book.parent.glob(".Book.xlsx.tieout-*.tmp"))) == 1
        out.write(book.read_bytes())


def test_a_bug_half_way_leaves_the_workbook(book):
    before = book.read_bytes()
    bad = Table(name="t", columns=(Column(name="A"),), frame=pd.DataFrame({"A": [object()] * 99}))
    with pytest.raises(TypeError):
        write_sheets(book, [Sheet(name="New", tables=(bad,))])
    assert book.read_bytes() == before
    assert list(book.parent.iterdir()) == [book]
