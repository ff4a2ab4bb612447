"""Our columns against other programs' recalculation of the live formulas we write, cell by cell.

The same book goes through LibreOffice and through ironcalc. What a program lacks or answers unlike Excel is listed
here with the reason; a listed formula that has come to agree fails too. `docs/formula_recalculation.md` is made from
these lists (`pytest tests/formula/test_recalculation.py --rewrite`).
"""

from __future__ import annotations

from datetime import datetime, time
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import to_excel

from addin.hosts.package import write_sheets
from recon_core.formula import FUNCTIONS, Scope, evaluate, needs_array, parse, to_workbook
from recon_core.formula import Table as Source
from recon_core.formula.tree import Call, walk
from recon_core.formula.values import ERRORS, Scalar, Values
from recon_core.formula.values import ExcelError as Wrong
from recon_core.sheets import Column, ExcelError, Kind, Sheet, Table
from tests.hosts import samples
from tests.office import worked_out

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formula_recalculation.md"
ROWS = 40
NUMBERS = [
    0.0,
    1.005,
    -2.5,
    2.5,
    0.285,
    1234.565,
    -0.5,
    1e-7,
    123456789.125,
    99.995,
    1 / 3,
    7.0,
    -7.0,
    0.1 + 0.2,
    1e10,
    100.0,
]
COUNTS = [1.0, 2.0, 3.0, 0.0, 5.0, 2.0, 12.0, 7.0]
TEXTS = [
    "RTO",
    "rto ",
    "  Delivered  late ",
    "",
    "OD-0001-XY",
    "a,b;c",
    "12%",
    "O'Neil & co",
    "x",
    "ÉCOLE",
    "abcabc",
    "007",
]
CODES = ["SKU-1", "sku-2", "SKU-3", "none", "SKU-10", "", "SKU-2"]
DAYS = [45292.0, 45351.0, 45382.0, 45657.0, 43831.0, 46112.0, 60.0 + 366, 45689.75]
OWN = {
    "Num": [NUMBERS[row % len(NUMBERS)] for row in range(ROWS)],
    "Count": [COUNTS[row % len(COUNTS)] for row in range(ROWS)],
    "Text": [TEXTS[row % len(TEXTS)] or None for row in range(ROWS)],
    "SKU code": [CODES[row % len(CODES)] or None for row in range(ROWS)],
    "Day": [DAYS[row % len(DAYS)] for row in range(ROWS)],
    "Mixed": [[1.5, "x", None, True, "2.5", -3.0][row % 6] for row in range(ROWS)],
}
RATES = {
    "SKU": ["SKU-1", "SKU-2", "SKU-3", "SKU-10", "other"],
    "Rate": [10.0, 20.5, 30.0, 40.0, 7.25],
    "From": [0.0, 1.0, 10.0, 100.0, 1000.0],
    "Kind": ["a", "b", "a", "b", "c"],
}
LIBREOFFICE, IRONCALC = "LibreOffice 7.4", "ironcalc 0.9.1"

TESTED = Path(__file__).with_name("recalculated.txt").read_text(encoding="utf-8").splitlines()
NEW_2021 = "the function is newer than LibreOffice 7.4"
ABSENT: dict[str, dict[str, str]] = {
    LIBREOFFICE: dict.fromkeys(
        (
            "XLOOKUP",
            "XMATCH",
            "LET",
            "TEXTBEFORE",
            "TEXTAFTER",
            "FILTER",
            "UNIQUE",
            "SEQUENCE",
            "SORT",
            "REGEXEXTRACT",
            "REGEXTEST",
        ),
        NEW_2021,
    ),
    IRONCALC: {"AGGREGATE": "the function is not known"},
}
TRUTH = "a TRUE in a cell is a number there"
NUM_AS_VALUE = "its own error for a number out of range is saved as #VALUE!"
HALF = "a half is rounded by its binary value, not by its fifteen digits"
START_YEAR = "Excel counts in the year of the first date"
BLANKS = '"<>" counts otherwise where cells are blank'
NO_BRACKETS = "it does not know a table without a column: Rates[]"
DIFFERS: dict[str, dict[str, str]] = {
    LIBREOFFICE: {
        **dict.fromkeys(('=[@Mixed]&"!"', "=ISNUMBER([@Mixed])", "=TYPE([@Mixed])", "=CONCATENATE([@Text],[@Num],[@Mixed])", '=TEXTJOIN(",",TRUE,[@Text],[@[SKU code]],[@Mixed])', "=SUM([@Num],[@Count],[@Mixed])", "=SUM([Mixed])", "=COUNT([Mixed])"), TRUTH),
        **dict.fromkeys(("=SQRT([@Num])", "=LN([@Num])", "=LOG([@Num],10)", "=LOG10([@Num])", '=DATEDIF(40000,[@Day],"m")', "=LARGE([Num],[@Count])", "=SMALL([Num],[@Count])"), NUM_AS_VALUE),
        **dict.fromkeys(("=FIXED([@Num],2)", '=TEXT([@Num],"0%")'), HALF),
        "=[@Count]^[@Count]": "0^0 is 1 there",
        "=CODE([@Text])": "of an empty text it is 0 there",
        "=WEEKNUM([@Day])": "without a type it gives ISO's week",
        "=DAYS([@Day],45000)": "times of day count there",
        '=DATEDIF(40000,[@Day],"yd")': START_YEAR,
    },
    IRONCALC: {
        **dict.fromkeys(("=FIXED([@Num],2)", '=TEXT([@Num],"0.00")', '=TEXT([@Num],"#,##0.00")', '=TEXT([@Num],"0.00;(0.00)")', '=TEXT([@Num],"0%")'), HALF),
        **dict.fromkeys(("=IFNA(VLOOKUP([@[SKU code]],Rates[],2,FALSE),-1)", "=VLOOKUP([@[SKU code]],Rates[],2,FALSE)", '=VLOOKUP("*-3",Rates[],2,FALSE)', "=INDEX(Rates[],2,3)", "=ROWS(Rates[])+COLUMNS(Rates[])"), NO_BRACKETS),
        **dict.fromkeys(('=[@Num]&"|"&[@Text]', "=CONCATENATE([@Text],[@Num],[@Mixed])"), "numbers become texts with sixteen digits there"),
        '=DATEDIF(40000,[@Day],"yd")': START_YEAR,
        '=[@Text]<"n"': "letters with accents stand behind z there",
        '=HLOOKUP("Rate",Rates[#All],3,FALSE)': "it does not read Rates[[#All]]",
        "=YEARFRAC(45000,[@Day],1)": "a second date before the first is an error there",
    },
}  # fmt: skip


def called(formula: str) -> set[str]:
    return {node.name for node in walk(parse(formula)) if isinstance(node, Call)}


@cache
def ours() -> dict[str, list[Scalar]]:
    own = Source.of("Orders", {name: Values.of(cells) for name, cells in OWN.items()})
    scope = Scope(
        own=own, tables={"rates": Source.of("Rates", {name: Values.of(cells) for name, cells in RATES.items()})}
    )
    return {formula: evaluate(parse(formula), scope).values.items() for formula in TESTED}


def cell(value: Scalar) -> object:
    """A value as the writer takes it."""
    return ExcelError(value.value) if isinstance(value, Wrong) else value


def series(cells: list[Scalar]) -> pd.Series:
    return pd.Series([cell(one) for one in cells], dtype=object)


def book(path: Path) -> Path:
    """A book with the table Orders: its data, then a live column for each formula, with a wrong value cached."""
    headers = {"": tuple(OWN), "Rates": tuple(RATES)}
    live = [
        Column(
            name=f"F{at}",
            kind=Kind.VALUE,
            formula=to_workbook(parse(formula), "Orders", headers=headers),
            is_array=needs_array(parse(formula)),
        )
        for at, formula in enumerate(TESTED)
    ]
    data = {name: series(cells) for name, cells in OWN.items()} | {
        column.name: series(["not worked out"] * ROWS) for column in live
    }
    columns = (*(Column(name=name, kind=Kind.VALUE) for name in OWN), *live)
    rates = Table(
        name="Rates",
        columns=tuple(Column(name=name, kind=Kind.VALUE) for name in RATES),
        frame=pd.DataFrame({name: series(cells) for name, cells in RATES.items()}),
    )
    orders = Table(name="Orders", columns=columns, frame=pd.DataFrame(data))
    samples.plain(path)
    write_sheets(path, [Sheet(name="Orders", tables=(orders,)), Sheet(name="Rates", tables=(rates,))])
    return path


def found_by(program: str, folder: Path) -> dict[str, list[object]]:
    """What a program gives for each formula, row after row."""
    path = book(folder / "Book.xlsx")
    first = openpyxl.load_workbook(path)["Orders"].tables["Orders"].ref
    (left, top), _ = (openpyxl.utils.cell.coordinate_from_string(part) for part in first.split(":"))
    start = openpyxl.utils.column_index_from_string(left) + len(OWN)
    if program == LIBREOFFICE:
        sheet = worked_out(path, folder)["Orders"]
        return {f: [sheet.cell(top + 1 + row, start + at).value for row in range(ROWS)] for at, f in enumerate(TESTED)}
    ironcalc = pytest.importorskip("ironcalc", reason="ironcalc is not installed")
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    names = [sheet["name"] for sheet in model.get_worksheets_properties()]
    number = names.index("Orders")
    return {
        f: [model.get_cell_value(number, top + 1 + row, start + at) for row in range(ROWS)]
        for at, f in enumerate(TESTED)
    }


def same(wanted: Scalar, found: object) -> bool:
    """Equal in kind and value, numbers to twelve digits; an empty text may come back as no text."""
    if isinstance(wanted, Wrong):
        return ERRORS.get(str(found)) is wanted
    if wanted == "" or wanted is None:
        return found in (None, "")
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(found, datetime | time):  # the program has shown a serial number as a date
        found = to_excel(found)
    if isinstance(wanted, float) and isinstance(found, int | float):
        return found == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    return type(wanted) is type(found) and wanted == found


def listed(program: str) -> set[str]:
    """The formulas whose answers may differ."""
    return {formula for formula in TESTED if formula in DIFFERS[program] or called(formula) & set(ABSENT[program])}


def compared(program: str, folder: Path) -> dict[str, str]:
    """Each formula that differs, with the first row where it does."""
    theirs = found_by(program, folder)
    unequal = {}
    for formula, wanted in ours().items():
        rows = [row for row in range(ROWS) if not same(wanted[row], theirs[formula][row])]
        if rows:
            unequal[formula] = (
                f"{len(rows)} rows, row {rows[0]}: ours {wanted[rows[0]]!r}, theirs {theirs[formula][rows[0]]!r}"
            )
    return unequal


@pytest.mark.office
@pytest.mark.xdist_group("office")
def test_libreoffice_works_out_the_same(tmp_path):
    unequal = compared(LIBREOFFICE, tmp_path)
    assert {formula: unequal.get(formula) for formula in unequal.keys() ^ listed(LIBREOFFICE)} == {}


def test_ironcalc_works_out_the_same(tmp_path):
    unequal = compared(IRONCALC, tmp_path)
    assert {formula: unequal.get(formula) for formula in unequal.keys() ^ listed(IRONCALC)} == {}


# -- the page ---------------------------------------------------------------------------------------------


def recalculated_by(program: str) -> set[str]:
    """Functions that stand in a formula whose answers the program shares."""
    agreed = [formula for formula in TESTED if formula not in listed(program)]
    return set().union(*map(called, agreed)) & set(FUNCTIONS)


def names(found: set[str]) -> str:
    return " ".join(sorted(found)) or "none"


def differences(program: str) -> list[str]:
    """Lines of a table: what is not compared, and why."""
    lines = [f"| `{name}` | {reason} |" for name, reason in ABSENT[program].items()]
    return [
        *lines,
        *(f"| `{formula}` | {reason} |".replace('|"&', '\\|"&') for formula, reason in DIFFERS[program].items()),
    ]


def page() -> str:
    office, iron = recalculated_by(LIBREOFFICE), recalculated_by(IRONCALC)
    head = f"""# Formulas: what other programs recalculated

Made by `pytest tests/formula/test_recalculation.py --rewrite` and checked by the same test: {len(TESTED)} formulas over a table of
{ROWS} rows are written as live calculated columns; LibreOffice and ironcalc work them out anew, and every cell equals ours but for
the differences below. No Excel takes part: what Excel itself answered stands in `formula_differences.md`.

- Both programs agree on {len(office & iron)} functions: {names(office & iron)}
- LibreOffice 7.4 alone on {len(office - iron)}: {names(office - iron)}
- ironcalc 0.9.1 alone on {len(iron - office)}: {names(iron - office)}
- On our own cases (`tests/cases/formula`) and Excel's cached answers rest {len(set(FUNCTIONS) - office - iron)}: {names(set(FUNCTIONS) - office - iron)}
"""
    lines = [
        f"\n## {program} differs\n\n| Formula or function | Why |\n| --- | --- |\n"
        + "\n".join(differences(program))
        + "\n"
        for program in (LIBREOFFICE, IRONCALC)
    ]
    return head + "".join(lines)


def test_the_page_tells_the_same(request):
    if request.config.getoption("--rewrite"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text("utf-8") == page()
