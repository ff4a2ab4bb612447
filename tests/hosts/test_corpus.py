"""Rich workbooks of many programs: one new sheet goes in, everything else stays byte for byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineError, CalamineWorkbook

from addin.hosts import book as books
from addin.hosts.package import write_sheets
from addin.hosts.zipparts import open_package
from recon_core.sheets import Cell, Sheet
from tests.hosts import pkgcheck, samples

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "workbooks"
WORKBOOKS = sorted(FOLDER.glob("*.xls[xm]")) if FOLDER.is_dir() else []
REFUSED: dict[str, str] = {}  # file -> code, each with its reason here
NEW = samples.sheet(5, name="Tieout new", tables=(samples.table(5, name="tblTieoutNew"),))

pytestmark = [
    pytest.mark.skipif(not WORKBOOKS, reason="needs the sample workbooks in shared/corpus beside the project"),
    pytest.mark.filterwarnings("ignore"),  # openpyxl names all it would lose
]
each = pytest.mark.parametrize("original", WORKBOOKS, ids=lambda path: path.stem)


@pytest.fixture
def copy(original, tmp_path):
    return Path(shutil.copy(original, tmp_path / original.name))


def must_change(path: Path) -> set[str]:
    package = open_package(path)
    book = books.read_book(package)
    package.close()
    return {"[Content_Types].xml", book.part, books.relations_part(book.part), *book.related("styles")}


def readable(path: Path, reader: str) -> bool:
    try:
        if reader == "openpyxl":
            openpyxl.load_workbook(path)
        else:
            CalamineWorkbook.from_path(str(path))
    except Exception:  # noqa: BLE001 - whatever the reader cannot read in the original is not asked of the copy
        return False
    return True


@each
def test_a_new_sheet_with_a_table_changes_nothing_else(original, copy):
    before, known = samples.packed(original), pkgcheck.check(original)
    write_sheets(copy, [NEW])
    after = samples.packed(copy)
    assert {name for name in before if after.get(name) != before[name]} <= must_change(original)
    assert set(pkgcheck.check(copy)) <= set(known)
    if readable(original, "openpyxl"):
        assert openpyxl.load_workbook(copy)["Tieout new"].tables["tblTieoutNew"].ref == "A5:C10"
    if readable(original, "calamine"):
        assert CalamineWorkbook.from_path(str(copy)).get_sheet_by_name("Tieout new").to_python()[-1][0] == "004"


@each
def test_a_second_write_gives_the_same_parts(original, copy):
    write_sheets(copy, [NEW])
    first = samples.parts(copy)
    write_sheets(copy, [NEW])
    assert samples.parts(copy) == first


@each
@pytest.mark.parametrize("owned", [True, False], ids=["owned", "in place"])
def test_every_worksheet_can_be_drawn_on(original, copy, owned):
    """Far below and beside what is there, so that no table stands in the way."""
    known = set(pkgcheck.check(original))
    package = open_package(original)
    sheets = [sheet.name for sheet in books.read_book(package).sheets if sheet.kind == "worksheet"]
    package.close()
    table = samples.table(40, name="tblTieoutNew", row=5_000, column=60)
    for name in sheets:
        shutil.copy(original, copy)
        cell = Cell(row=4_000, column=70, value="ours", style="title", link=f"#{name}!A1")
        write_sheets(copy, [Sheet(name=name.upper(), cells=(cell,), tables=(table,), owned=owned)])
        assert set(pkgcheck.check(copy)) <= known, name
        try:
            CalamineWorkbook.from_path(str(original)).get_sheet_by_name(name).to_python()
        except CalamineError:
            continue
        rows = CalamineWorkbook.from_path(str(copy)).get_sheet_by_name(name).to_python(skip_empty_area=False)
        assert rows[3_999][69] == "ours"
        assert rows[5_000][59:61] == ["000", 1234.5]


@each
def test_single_cells_leave_all_other_cells_as_they_are(original, copy):
    if not readable(original, "calamine"):
        pytest.skip("the reader does not know this workbook")
    book = CalamineWorkbook.from_path(str(original))
    name = next(m.name for m in book.sheets_metadata if "WorkSheet" in str(m.typ))
    try:
        before = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError:
        pytest.skip("the reader does not know this sheet")
    write_sheets(copy, [Sheet(name=name, cells=(Cell(row=6_000, column=2, value="x"),), owned=False)])
    after = CalamineWorkbook.from_path(str(copy)).get_sheet_by_name(name).to_python(skip_empty_area=False)
    width = max(len(before[0]) if before else 0, 2)
    assert [row[: len(before[0])] for row in after[: len(before)]] == before
    assert after[-1] == ["", "x", *[""] * (width - 2)]


def test_refusals_are_few_and_named():
    assert len(WORKBOOKS) > 20
    assert set(REFUSED) <= {path.name for path in WORKBOOKS}
