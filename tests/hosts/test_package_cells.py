"""The package patcher: values, formulas, dates and styles as they come into the file."""

from __future__ import annotations

import re
from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest

from addin.hosts.package import write_sheets
from addin.hosts.styles import STYLES
from recon_core.sheets import Cell, Column, Formula, Kind, Sheet, Table
from tests.hosts import samples
from tests.hosts.package_side import cell, write, xml

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")  # it tells what it would lose


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
