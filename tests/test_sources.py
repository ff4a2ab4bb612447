"""The sheets of sources: derived columns alive beside our values, and what is said where they cannot be."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

from addin import job
from addin.hosts.file import FileHost
from addin.new_book import make
from addin.settings import Settings
from tests.hosts.pkgcheck import check
from tests.office import recalculated

ORDERS = """Order,Stamp,Price,Source file,Source file (as read),Due
O1,2026-04-01 10:15:00,100.50,x,y,
O2,2026-04-02 23:59:59,200,x,y,2026-05-01
O1,2026-04-03 00:00:00,300,x,y,
"""
RATES = "Code,Kind,Rate\nO1,a,10\nO2,b,20.5\nO3,a,30\n"
FORMULAS = {
    "Hour": "=HOUR([@Stamp])", "Later": "=[@Stamp]+0.5", "Due plus": "=[@Due]+30", "Rate": "=VLOOKUP([@Order],Rates,3,FALSE)",
    "Kinds": '=SUM((Rates[Kind]="a")*Rates[Rate])', "Times": "=COUNTIFS([Order],[@Order])", "Twice": "=[@Rate]*2", "Sure": "=[@Rate]=10",
    "Wide": "=COLUMNS(Rates)", "Best": "=MAX(IF(Rates[Code]=[@Order],Rates[Rate]))", "Where": '=[@[Source file]]&"-"&[@[Source file (as read)]]',
    "None": "=1/0",
}  # fmt: skip


def setup(folder, formulas=FORMULAS, basics=(), name="OMS", more=()):
    """A workbook of two small files and a rate table."""
    for file, text in (("a.csv", ORDERS), ("b.csv", "Order,Paid\nO1,400.50\nO2,200\n"), ("rates.csv", RATES)):
        (folder / file).write_text(text)
    path = folder / "Book.xlsx"
    path.unlink(missing_ok=True)
    make(path, {
        "Reconciliation": [{"Item": item, "Value": value} for item, value in basics],
        "Sources": [
            {"Source": name, "File or pattern": "a.csv"}, {"Source": "B", "File or pattern": "b.csv"}, {"Source": "Rates", "File or pattern": "rates.csv"}, *more,
        ],
        "Legs": [{"Leg": "Rows", "Side A": name, "Side B": "B"}],
        "Mapping": [
            {"Leg": "Rows", "Side": side, "Meaning": meaning, "Column": column}
            for side, meaning, column in (("A", "id", "Order"), ("A", "amount", "Price"), ("B", "id", "Order"), ("B", "amount", "Paid"))
        ],
        "Derived columns": [{"Source": name, "Column": column, "Formula": text} for column, text in formulas.items()],
    })  # fmt: skip
    return path


def run(path):
    settings = Settings(user="tester", machine="here", log_folder=path.parent / "log")
    done = job.run(FileHost(path), path, settings, lambda: dt.datetime(2026, 5, 1))
    assert done.outcome in ("ok", "warn"), [str(problem) for problem in done.problems]
    assert check(path) == []
    return done


def sheet(path, name="Source OMS", **options):
    return openpyxl.load_workbook(path, **options)[name]


def table(path, name="Source OMS", **options):
    """Rows of a source's table by header."""
    rows = list(sheet(path, name, **options).iter_rows(min_row=5, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_every_formula_comes_to_our_value_when_it_is_worked_out_again(tmp_path):
    path = setup(tmp_path)
    run(path)
    live, ours = table(path), table(path, data_only=True)
    theirs = table(recalculated(path, tmp_path), data_only=True)
    assert all(str(getattr(row[name], "text", row[name])).startswith("=") for row in live for name in FORMULAS)
    assert [row["Hour"] for row in ours] == [10, 23, 0]
    assert [row["Rate"] for row in ours] == [10, 20.5, 10]
    assert [row["Kinds"] for row in ours] == [40, 40, 40]
    assert [serial(row["Due plus"]) for row in ours] == [30, 46173, 30]
    for mine, other in zip(ours, theirs, strict=True):
        for name in FORMULAS:
            value = serial(mine[name])
            assert serial(other[name]) == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value), name


def serial(value):
    """A date as its number, whichever of the two a reader shows."""
    return (value - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1) if isinstance(value, dt.datetime) else value


@pytest.mark.parametrize(("limit", "is_live"), [("", True), (3, True), (2, False), (0, False)])
def test_above_the_limit_values_stand_alone_and_the_sheet_says_so(tmp_path, limit, is_live):
    path = setup(tmp_path, {"Twice": "=[@Price]*2"}, [("Live formulas up to", limit)])
    run(path)
    cells = [row["Twice"] for row in table(path)]
    said = sheet(path)["A4"].value or ""
    assert [str(cell).startswith("=") for cell in cells] == [is_live] * 3
    assert ("Values, not live formulas" in said, "Twice: =[@Price]*2" in said) == (not is_live, not is_live)
    assert [row["Twice"] for row in table(path, data_only=True)] == [201, 400, 600]


def test_above_the_rows_of_a_sheet_the_formulas_are_told_and_no_row_stands(tmp_path):
    path = setup(tmp_path, {"Twice": "=[@Price]*2"}, [("Rows per sheet", 10)])
    (tmp_path / "a.csv").write_text(ORDERS + "".join(f"P{n},2026-04-01,1,x,y,\n" for n in range(20)))
    run(path)
    assert "23 rows do not fit a sheet" in sheet(path)["A4"].value
    assert "Twice: =[@Price]*2" in sheet(path)["A4"].value
    assert [value for row in table(path) for value in row.values() if value is not None] == []


def test_the_derived_columns_are_named_and_the_ids_shown(tmp_path):
    path = setup(tmp_path, {"Twice": "=[@Price]*2"})
    run(path)
    assert sheet(path)["A3"].value.startswith("Derived: Twice.")
    assert list(table(path)[0]) == ["Order", "Price", "Twice", "Source file", "Source row"]


def test_sources_whose_names_begin_alike_have_sheets_of_their_own(tmp_path):
    april, may = "AJIO settlement statement April", "AJIO settlement statement May"
    formulas = {"Rate": "=SUM(AJIO_settlement_statement_May[Rate])"}
    path = setup(tmp_path, formulas, name=april, more=[{"Source": may, "File or pattern": "rates.csv"}])
    run(path)
    names = [name for name in openpyxl.load_workbook(path).sheetnames if name.startswith("Source AJIO")]
    assert names == ["Source AJIO settlement statemen", "Source AJIO settlement state~2"]
    assert table(path, names[0], data_only=True)[0]["Rate"] == 60.5
    assert [row["Rate"] for row in table(path, names[1])] == [10, 20.5, 30]


def test_the_sheet_of_a_source_that_has_another_name_now_is_emptied(tmp_path):
    path = setup(tmp_path, {"Twice": "=[@Price]*2"})
    run(path)
    loaded = openpyxl.load_workbook(path)
    for sheet_name in ("Setup", "Mapping"):
        for row in loaded[sheet_name].iter_rows():
            for cell in row:
                if cell.value == "OMS":
                    cell.value = "OMS2"
    loaded.save(path)
    run(path)
    assert table(path, "Source OMS2", data_only=True)[0]["Twice"] == 201
    left = [cell.value for row in sheet(path).iter_rows(min_row=5) for cell in row if cell.value]
    assert left == ["Source file", "Source row"]
