"""Calculated columns of tables: one formula for every row, beside the values we worked out."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from addin.hosts.columnxml import Sheetwide
from addin.hosts.package import write_sheets
from addin.hosts.sheetxml import content_of, stream_rows
from addin.hosts.styles import StyleBook, minimal_styles
from recon_core.sheets import Cell, Column, ExcelError, Formula, Kind, Sheet, Table
from tests.hosts import pkgcheck, samples
from tests.office import worked_out

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")  # it tells what it would lose

N_A, BY_ZERO = ExcelError("#N/A"), ExcelError("#DIV/0!")
SKUS = ["a&b", "<c>", 'say "d"', "none"]
PRICES = [1.005, 2.5, -3.0, 4.0]
THIS = "Orders[[#This Row],[{}]]".format
# header, kind, formula, values as Excel gives them (the cells of `SKUS` and `PRICES`)
DERIVED = [
    ("Double", Kind.NUMBER, f"ROUND({THIS('Price')}*2,2)", [2.01, 5.0, -6.0, 8.0]),
    ("Rupees", Kind.AMOUNT, f"ROUND({THIS('Price')},2)", [10_100, 25_000, -30_000, 40_000]),
    (
        "Day",
        Kind.DATE,
        f"DATE(2025,4,1)+INT({THIS('Price')})",
        ["2025-04-02", "2025-04-03", "2025-03-29", "2025-04-05"],
    ),
    ("Code", Kind.ID, f'"0"&INT({THIS("Price")})', ["01", "02", "0-3", "04"]),
    ("Label", Kind.TEXT, f'" <"&{THIS("SKU")}&"> "', [f" <{sku}> " for sku in SKUS]),
    ("Sign", Kind.VALUE, f'IF({THIS("Price")}<0,"=minus",{THIS("Price")})', [1.005, 2.5, "=minus", 4.0]),
    ("Big", Kind.VALUE, f"{THIS('Price')}>2", [False, True, False, True]),
    ("Empty", Kind.TEXT, f'IF({THIS("Price")}<0,"x","")', ["", "", "x", ""]),
    ("Rate", Kind.VALUE, f"INDEX(Rates[Rate],MATCH({THIS('SKU')},Rates[SKU],0))", [10.0, 20.0, 30.0, N_A]),
    ("Share", Kind.VALUE, f"1/({THIS('Price')}-4)", [1 / (1.005 - 4), 1 / (2.5 - 4), 1 / -7, BY_ZERO]),
]
DTYPES = {Kind.NUMBER: "float64", Kind.AMOUNT: "int64", Kind.DATE: "datetime64[s]", Kind.VALUE: "object"}


def orders(repeat: int = 1, row: int = 5) -> Table:
    """The table with all derived columns, its rows repeated."""
    given = {"SKU": pd.Series(SKUS * repeat, dtype="str"), "Price": pd.Series(PRICES * repeat)}
    derived = {n: pd.Series(values * repeat, dtype=DTYPES.get(kind, "str")) for n, kind, _, values in DERIVED}
    columns = tuple(Column(name=name, kind=kind, formula=formula) for name, kind, formula, _ in DERIVED)
    own = (Column(name="SKU"), Column(name="Price", kind=Kind.NUMBER))
    return Table(name="Orders", columns=(*own, *columns), frame=pd.DataFrame(given | derived), row=row)


def sheets(repeat: int = 1) -> list[Sheet]:
    rates = pd.DataFrame({"SKU": SKUS[:3], "Rate": [10.0, 20.0, 30.0]})
    columns = (Column(name="SKU"), Column(name="Rate", kind=Kind.NUMBER))
    return [
        Sheet(name="Orders of May", tables=(orders(repeat),)),
        Sheet(name="Rates", tables=(Table(name="Rates", columns=columns, frame=rates),)),
    ]


@pytest.fixture(params=["plain", "rich"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return getattr(samples, request.param)(tmp_path / "Book.xlsx")


def write(path: Path, *given: Sheet) -> None:
    write_sheets(path, given)
    assert pkgcheck.check(path) == []


def shown(value: object, kind: Kind) -> object:
    """A value of a frame as a reader of the workbook finds it."""
    if isinstance(value, ExcelError):
        return value.word
    if kind is Kind.DATE:
        return datetime.fromisoformat(str(value))
    return value / 10_000 if kind is Kind.AMOUNT else value


def part_with(path: Path, text: str) -> str:
    return next(
        data.decode() for name, data in samples.parts(path).items() if name.endswith(".xml") and text.encode() in data
    )


@pytest.mark.parametrize("repeat", [1, 20], ids=["short", "long"])
def test_formulas_and_their_values_are_read_back(book, repeat):
    write(book, *sheets(repeat))
    live = openpyxl.load_workbook(book)["Orders of May"]
    cached = openpyxl.load_workbook(book, data_only=True)["Orders of May"]
    rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_name("Orders of May").to_python(skip_empty_area=False)
    for column, (name, kind, formula, values) in enumerate(DERIVED, 3):
        assert rows[4][column - 1] == name
        for row, value in enumerate(values * repeat, 6):
            wanted = shown(value, kind)
            assert live.cell(row, column).value == f"={formula}"
            assert cached.cell(row, column).value in ([None, ""] if wanted == "" else [wanted])
            found = rows[row - 1][column - 1]
            assert (
                isinstance(value, ExcelError)
                or (datetime.fromisoformat(str(found)) if kind is Kind.DATE else found) == wanted
            )


def test_the_table_names_the_formula_of_each_column(book):
    write(book, *sheets())
    columns = openpyxl.load_workbook(book)["Orders of May"].tables["Orders"].tableColumns
    named = {c.name: c.calculatedColumnFormula.attr_text for c in columns if c.calculatedColumnFormula}
    assert named == {name: formula for name, _, formula, _ in DERIVED}


def test_formats_are_those_of_the_kind_and_an_id_is_no_text_cell(book):
    """In a text cell an edited formula would turn into its own text."""
    write(book, *sheets())
    row = openpyxl.load_workbook(book)["Orders of May"][8]
    formats = {name: cell.number_format for (name, *_), cell in zip(DERIVED, row[2:], strict=True)}
    assert formats["Code"] == formats["Label"] == formats["Sign"] == formats["Rate"] == "General"
    assert formats["Double"] == "#,##0.00##"
    assert formats["Day"] == "dd-mmm-yyyy"
    assert not any(cell.quotePrefix for cell in row[2:])


def test_writing_again_changes_nothing_and_longer_tables_stay_sound(book):
    write(book, *sheets())
    once = samples.parts(book)
    write(book, *sheets())
    assert samples.parts(book) == once
    write(book, *sheets(30))
    assert openpyxl.load_workbook(book)["Orders of May"].tables["Orders"].ref == "A5:L125"
    write(book, *sheets())
    assert samples.parts(book) == once


def test_a_formula_that_ends_leaves_its_table_column(book):
    write(book, *sheets())
    table = orders()
    bare = replace(table, columns=tuple(replace(column, formula="") for column in table.columns))
    write(book, Sheet(name="Orders of May", tables=(bare,)))
    assert "calculatedColumnFormula" not in part_with(book, 'displayName="Orders"')
    assert "<f>" not in part_with(book, "say ")


def test_a_new_formula_takes_the_place_of_the_old_one_and_stands_first(tmp_path):
    book = samples.rich(tmp_path / "Book.xlsx")

    def dressed(data: bytes) -> bytes:
        inner = (
            b'<calculatedColumnFormula>1</calculatedColumnFormula><xmlColumnPr mapId="1" xpath="/a" xmlDataType="int"/>'
        )
        return data.replace(b'name="Amount"/>', b'name="Amount" dataDxfId="0">' + inner + b"</tableColumn>")

    samples.repack(book, {"xl/tables/table1.xml": dressed})
    ours = samples.table()
    columns = [replace(column, formula="1<2") if column.name != "Order id" else column for column in ours.columns]
    write(book, samples.sheet(tables=(replace(ours, columns=tuple(columns)),)))
    text = part_with(book, 'displayName="tblOurs"')
    formula = "<calculatedColumnFormula>1&lt;2</calculatedColumnFormula>"
    assert f'<tableColumn id="3" name="Date">{formula}</tableColumn>' in text
    assert f'<tableColumn id="2" name="Amount" dataDxfId="0">{formula}<xmlColumnPr' in text
    assert text.count("<calculatedColumnFormula") == 2


def test_prefixed_parts_get_prefixed_formulas(tmp_path):
    book = samples.plain(tmp_path / "Book.xlsx")
    write(book, *sheets(20))

    def prefixed(data: bytes) -> bytes:
        return re.sub(rb"<(/?)(?=[A-Za-z])", rb"<\1x:", data).replace(b"xmlns=", b"xmlns:x=", 1)

    names = [name for name in samples.parts(book) if re.match(r"xl/(worksheets|tables)/\w+\.xml", name)]
    samples.repack(book, dict.fromkeys(names, prefixed))
    write(book, *sheets(20))
    assert "<x:f>ROUND(Orders[[#This Row],[Price]]*2,2)</x:f><x:v>2.01</x:v></x:c>" in part_with(book, "say ")
    assert "<x:calculatedColumnFormula>ROUND(" in part_with(book, 'displayName="Orders"')
    assert openpyxl.load_workbook(book)["Orders of May"]["C6"].value.startswith("=ROUND(")


def test_an_empty_table_keeps_its_formulas_for_the_first_row(book):
    table = orders()
    write(book, Sheet(name="Orders", tables=(replace(table, frame=table.frame[:0]),)))
    assert part_with(book, 'displayName="Orders"').count("<calculatedColumnFormula>") == len(DERIVED)
    assert openpyxl.load_workbook(book)["Orders"]["C6"].value is None


def test_a_missing_value_is_a_blank_cell_without_the_formula(book):
    columns = (Column(name="N", kind=Kind.NUMBER), Column(name="F", kind=Kind.NUMBER, formula="1+1"))
    frame = pd.DataFrame({"N": [float("nan"), 1.5] * 40, "F": [2.0, None] * 40})
    write(book, Sheet(name="S", tables=(Table(name="t", columns=columns, frame=frame),)))
    sheet = openpyxl.load_workbook(book)["S"]
    for row in range(6, 86, 2):
        assert [sheet.cell(row, 1).value, sheet.cell(row, 2).value] == [None, "=1+1"]
        assert [sheet.cell(row + 1, 1).value, sheet.cell(row + 1, 2).value] == [1.5, None]


def test_values_without_a_formula_keep_their_types(book):
    values = [1.5, 7, "=SUM(A1)", "#N/A", True, None, N_A, ExcelError("#SPILL!"), " x "] * 8
    one = Table(
        name="t",
        columns=(Column(name="V", kind=Kind.VALUE),),
        frame=pd.DataFrame({"V": pd.Series(values, dtype=object)}),
    )
    write(book, Sheet(name="S", tables=(one,)))
    cells = [openpyxl.load_workbook(book)["S"].cell(row, 1) for row in range(6, 15)]
    assert [cell.value for cell in cells] == [1.5, 7, "=SUM(A1)", "#N/A", True, None, "#N/A", "#VALUE!", " x "]
    assert [cell.data_type for cell in cells] == ["n", "n", "s", "s", "b", "n", "e", "e", "s"]
    assert cells[2].quotePrefix


def test_a_sheet_of_the_users_takes_a_calculated_column_too(tmp_path):
    book = samples.rich(tmp_path / "Book.xlsx")
    table = replace(orders(), column=8)
    for _ in range(2):
        write(book, Sheet(name="Data", tables=(table,), owned=False))
        sheet = openpyxl.load_workbook(book)["Data"]
        assert [sheet.cell(6, column).value for column in (10, 12)] == [f"={DERIVED[0][2]}", f"={DERIVED[2][2]}"]
        assert sheet["D1"].value == "=SUM(B2:B4)"
        cached = openpyxl.load_workbook(book, data_only=True)["Data"]
        assert [cached.cell(9, column).value for column in (10, 11, 12)] == [8, 4, datetime(2025, 4, 5)]
        assert [cached.cell(9, column).value for column in (18, 19)] == ["#N/A", "#DIV/0!"]


def test_free_formulas_stand_beside_calculated_columns(book):
    free = (Cell(row=1, column=1, value=Formula("SUM(Orders[Double])", 9.01)),)
    write(book, replace(sheets()[0], cells=free))
    assert openpyxl.load_workbook(book)["Orders of May"]["A1"].value == "=SUM(Orders[Double])"


@pytest.mark.parametrize(("kind", "formula"), [(Kind.TEXT, "=1"), (Kind.INPUT, "1"), (Kind.INPUT_DATE, "1")])
def test_a_formula_with_its_sign_or_in_an_input_is_a_bug(kind, formula):
    with pytest.raises(ValueError, match="cannot have the formula"):
        Column(name="A", kind=kind, formula=formula)


def test_text_of_the_data_never_becomes_a_formula(book):
    """Whatever the values are, the only formulas are those the columns name."""
    evil = ["=1+1", "</v></c><f>2</f>", "+x", "@SUM(1)", "-1", "\t=3"] * 20
    columns = (
        Column(name="A"),
        Column(name="B", kind=Kind.VALUE),
        Column(name="C", formula='"x"'),
        Column(name="D", kind=Kind.VALUE, formula="1"),
    )
    frame = pd.DataFrame(
        {name: pd.Series(evil, dtype=dtype) for name, dtype in zip("ABCD", ("str", "object") * 2, strict=True)}
    )
    write(book, Sheet(name="S", tables=(Table(name="t", columns=columns, frame=frame),)))
    found = re.findall("<f>(.*?)</f>", part_with(book, "&lt;f&gt;2"))
    assert found == ['"x"', "1"] * len(evil)


def test_a_hundred_thousand_rows_take_no_time():
    """Three formula columns; half a second on an idle core."""
    count = 100_000
    mixed = [1.25, "text & more", N_A, True] * (count // 4)
    frame = pd.DataFrame(
        {
            "A": pd.Series(range(count), dtype="float64"),
            "B": pd.Series(["x<y"] * count, dtype="str"),
            "C": pd.Series(mixed, dtype=object),
        }
    )
    kinds = zip("ABC", (Kind.NUMBER, Kind.TEXT, Kind.VALUE), strict=True)
    columns = tuple(Column(name=name, kind=kind, formula=f"IF({THIS(name)}>1,1,2)") for name, kind in kinds)
    sheet = Sheet(name="S", tables=(Table(name="t", columns=columns, frame=frame),))
    start = time.process_time()
    content = content_of(sheet, StyleBook(minimal_styles(samples.MAIN), "styles"), Sheetwide())
    size = sum(len(piece) for piece in stream_rows(content))
    assert time.process_time() - start < 2
    assert size > 20_000_000


@pytest.mark.office
@pytest.mark.xdist_group("office")
def test_libreoffice_works_out_the_same_values(tmp_path):
    book = samples.plain(tmp_path / "Book.xlsx")
    wrong = Column(name="Wrong", kind=Kind.NUMBER, formula=f"{THIS('Price')}+1")  # proves that it works them out
    first, *rest = sheets(10)
    table = first.tables[0]
    columns, frame = (*table.columns, wrong), table.frame.assign(Wrong=99.0)
    write(book, replace(first, tables=(replace(table, columns=columns, frame=frame),)), *rest)
    sheet = worked_out(book, tmp_path)["Orders of May"]
    for column, (name, kind, _, values) in enumerate(DERIVED, 3):
        found = [sheet.cell(row, column).value for row in range(6, 46)]
        wanted = [shown(value, kind) for value in values] * 10
        assert ["" if value is None else value for value in found] == [
            pytest.approx(value) if isinstance(value, float) else value for value in wanted
        ], name
        assert [isinstance(value, bool) for value in found] == [isinstance(value, bool) for value in wanted]
    assert [sheet.cell(row, 3 + len(DERIVED)).value for row in range(6, 10)] == [price + 1 for price in PRICES]
