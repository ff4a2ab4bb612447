"""The package patcher on sheets of the user and on the workbook around them: single cells change, every other byte stays."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import pytest

from addin.hosts import zipparts
from addin.hosts.package import write_sheets
from recon_core.sheets import Cell, Column, Formula, Kind, Sheet, Table
from tests.hosts import pkgcheck, samples
from tests.hosts.package_side import cell, cells, refused, write, xml

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")  # it tells what it would lose


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
