"""Derived columns beside totals, blank rows and several files of a source, and from the cells of Setup."""

from __future__ import annotations

import pytest

from recon_core import schema
from recon_core.derivations import jobs_of, table_name
from recon_core.engine import reconcile
from recon_core.model import Skip
from recon_core.problems import Severity
from recon_core.recipe import Recipe
from recon_core.setup import parse_recipe
from tests.derived import MAPPED, ORDERS, PAID, Rows, amounts, codes, derived, kinds, matched, notes, reconciled
from tests.raws import leg, raw, use

BANK = {
    "id": ["O1", "O2", "O3", "", "Total", "", "* * *"],
    "Price": ["100.00", "250.00", "80.00", "", "430.00", "", "***"],
    "Fee": ["2", "5", "1.60", "", "8.60", "", "---"],
}
ALL_KINDS = ["", "", "", Skip.BLANK_ROW, Skip.TOTAL, Skip.BLANK_ROW, Skip.RULE_ROW]


@pytest.mark.parametrize("order", ["=[@id]", '="OD-"&[@id]', '=IF([@id]="",0,[@id])', '=TRIM([@id])&""'])
def test_blank_rows_and_totals_are_known_behind_a_formula(order):
    """What a row is, is seen from the cells of the file: "OD-" beside nothing is no id, and 0 no amount."""
    uses = (use("A", "id", "Order"), use("B", "id", "id"), *MAPPED[2:])
    paid = {**PAID, "id": ["OD-O1", "OD-O2", "OD-O3"] if "OD-" in order else PAID["id"]}
    outcome = reconciled(
        raw("a", BANK), ("Order", order), ("Net", "=N([@Price])-N([@Fee])"), uses=uses, b=raw("b", paid)
    )
    assert kinds(outcome) == ALL_KINDS
    assert amounts(outcome) == [98.0, 245.0, 78.4, 0, 0, 0, 0]
    assert matched(outcome) == 6
    assert codes(outcome) == []


def test_a_total_behind_a_formula_that_is_no_sum_is_no_control_total():
    """A rounded or conditional amount of the total row is not what the file states."""
    outcome = reconciled(raw("a", BANK), ("Net", '=IF([@id]="x",0,ROUND(N([@Price])-N([@Fee])/3,0))'))
    assert kinds(outcome) == ALL_KINDS
    assert "T-241" not in codes(outcome)


def test_a_row_with_words_of_a_total_and_an_order_keeps_its_money():
    rows = {
        "id": ["O1", "O2", "O3", "O4"],
        "Text": ["a", "b", "c", "Total Energies Ltd"],
        "Price": ["98.00", "245.00", "78.40", "5.00"],
    }
    uses = (use("A", "id", "Order"), use("B", "id", "id"), use("A", "amount", "Price"), use("B", "amount", "amount"))
    outcome = reconciled(raw("a", rows), ("Order", "=UPPER([@id])"), uses=uses)
    assert kinds(outcome) == [""] * 4


def test_rows_without_anything_are_no_errors():
    outcome = reconciled(
        raw("a", {**BANK, "id": ["O1", "O2", "O3", "", "Total", "", "-"]}),
        ("Net", '=IF([@Price]="",NA(),N([@Price])-N([@Fee]))'),
    )
    assert codes(outcome) == []


def test_long_numbers_that_were_cut_are_seen_behind_a_formula():
    ids = [f"12345678901234{n}000" for n in range(3)]
    uses = (use("A", "id", "Order"), use("B", "id", "id"), use("A", "amount", "Price"), use("B", "amount", "amount"))
    outcome = reconciled(
        raw("a", {**ORDERS, "id": [*ids]}), ("Order", "=TRIM([@id])"), uses=uses, b=raw("b", {**PAID, "id": ids})
    )
    assert "T-231" in codes(outcome)


def test_a_column_that_only_one_file_has_is_not_made_again():
    parts = [
        raw("a", ORDERS, file="1.csv", sha256="1"),
        raw("a", {**ORDERS, "net": ["1", "2", "3"]}, file="2.csv", sha256="2"),
    ]
    assert codes(reconciled(parts, ("Net", "=[@Price]-[@Fee]"))) == ["D-703"]


def test_files_of_a_source_may_write_a_header_differently():
    parts = [
        raw("a", {name: cells[:2] for name, cells in ORDERS.items()}, file="1.csv", sha256="1"),
        raw("a", {name.upper(): cells[2:] for name, cells in ORDERS.items()}, file="2.csv", sha256="2"),
    ]
    assert matched(reconciled(parts, ("Net", "=[@Price]-[@Fee]"))) == 6


def test_a_column_that_not_every_file_has_is_named():
    parts = [
        raw("a", ORDERS, file="1.csv", sha256="1"),
        raw("a", {name: cells for name, cells in ORDERS.items() if name != "Fee"}, file="2.csv", sha256="2"),
    ]
    assert codes(reconciled(parts, ("Net", "=[@Price]-[@Fee]"))) == ["D-702"]


def test_numeric_ids_of_a_workbook_find_those_of_a_text_file():
    orders = {**ORDERS, "id": ["1001", "1002", "1003"]}
    paid = raw("b", {**PAID, "id": ["1001", "1002", "1003"]}, file="b.xlsx", sheet="S", typed=("id", "amount"))
    outcome = reconciled(raw("a", orders), ("Net", "=XLOOKUP([@id],b[id],b[amount])"), b=paid)
    assert (matched(outcome), codes(outcome)) == (6, [])


def test_a_date_that_is_part_of_an_id_is_still_a_date():
    uses = (*MAPPED, use("A", "id", "Day"), use("B", "id", "Day"), use("A", "date", "Day"), use("B", "date", "Day"))
    orders = {**ORDERS, "Day": ["13/04/2026"] * 3}
    outcome = reconciled(
        raw("a", orders),
        ("Net", "=IF([@Day]>DATE(2026,12,31),0,[@Price]-[@Fee])"),
        uses=uses,
        b=raw("b", {**PAID, "Day": ["13/04/2026"] * 3}),
    )
    assert matched(outcome) == 6


def test_the_form_stated_for_one_side_is_not_that_of_the_other():
    uses = (*MAPPED, use("A", "date", "Day"), use("B", "date", "Day", form="month/day"))
    orders = {**ORDERS, "Day": ["05/04/2026"] * 3}
    outcome = reconciled(
        raw("a", orders),
        ("Net", "=IF(MONTH([@Day])=4,[@Price]-[@Fee],0)"),
        uses=uses,
        b=raw("b", {**PAID, "Day": ["04/05/2026"] * 3}),
    )
    assert matched(outcome) == 6
    assert "D-706" in codes(outcome)


def test_sources_of_one_name_in_formulas():
    recipe = Recipe(legs=(leg(MAPPED),), derivations=derived(("Net", "=[@x]"), source="AJIO orders"))
    _, problems = jobs_of(recipe, {"AJIO orders": ["x"], "AJIO_orders": ["x"]})
    assert [(problem.code, problem.severity) for problem in problems] == [("D-702", Severity.STOP)]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("AJIO orders", "AJIO_orders"),
        ("HDFC (5544)", "HDFC_5544"),
        ("3PL bills", "_3PL_bills"),
        ("Bank", "Bank"),
        ("A/c & fees", "A_c_fees"),
    ],
)
def test_the_name_of_a_source_in_formulas(source, name):
    assert table_name(source) == name
    one = leg(MAPPED)
    recipe = Recipe(legs=(one,), derivations=derived(("Net", f"=SUM({name}[x])")))
    jobs, problems = jobs_of(recipe, {"a": ["id"], source: ["x"]})
    assert (len(jobs), problems) == (1, [])


def test_a_range_of_the_files_columns_needs_no_derived_one():
    formulas = (("One", "=SUM(a[[Price]:[Fee]])"), ("Net", "=[@Price]-[@Fee]+0*[@One]"))
    assert matched(reconciled(raw("a", ORDERS), *formulas)) == 6


def test_a_slow_function_over_too_many_rows_stops_the_run():
    many = {name: [f"{at}" for at in range(20_001)] for name in ("id", "Price")}
    outcome = reconciled(raw("a", many), ("Net", "=PV(1%,12,[@Price])"))
    assert codes(outcome) == ["D-702"]
    assert "20,001" in outcome.problems[0].what


# -- from the cells of Setup -----------------------------------------------------------------------------

SETUP: dict[str, Rows] = {
    "Sources": [["Orders", "o.csv"], ["Portal", "p.csv"], ["Card", "c.csv"]],
    "Legs": [["L", "Orders", "Portal"]],
    "Mapping": [
        [None, side, None, meaning, column] for side in "AB" for meaning, column in (("id", "id"), ("amount", "Net"))
    ],
}


def cells(**more: Rows) -> dict[str, list[list[object]]]:
    """Cells of Setup with these tables."""
    sheets: dict[str, list[list[object]]] = {name: [] for name in schema.SETUP_SHEETS}
    filled = {**SETUP, **{name.replace("_", " "): rows for name, rows in more.items()}}
    for table in schema.TABLES:
        width = len(table.fields)
        body = [[*row, *[None] * (width - len(row))] for row in filled.get(table.title, ())]
        sheets[table.sheet] += [[table.title], [field.name for field in table.fields], *body, [None] * width]
    return sheets


@pytest.mark.parametrize(
    ("typed", "sources"),
    [("Orders", ["Orders"]), ("Card", ["Card"]), ("Side A", ["Orders"]), ("side  b", ["Portal"]), ("", ["Orders", "Portal"]), (None, ["Orders", "Portal"])],
)  # fmt: skip
def test_the_sources_of_a_row(typed, sources):
    recipe, problems = parse_recipe(cells(Derived_columns=[[typed, "Net", "=[@Price]*1", "a note"]]))
    assert [one.source for one in recipe.derivations] == sources
    assert problems == ()
    assert len({one.cell for one in recipe.derivations}) == 1


def test_from_setup_to_the_result():
    rows = [
        ["Side A", "Net", "=[@Price]-[@Fee]"],
        ["Portal", "Net", "=[@amount]+XLOOKUP([@id],Orders[id],Orders[Zero])"],
        ["Orders", "Zero", "=0*[@Net]"],
    ]
    rules = [["Orders", "=[@Net]<80", None, None, "Too small"]]
    recipe, problems = parse_recipe(cells(Derived_columns=rows, Skip_rules=rules))
    assert problems == ()
    outcome = reconcile(recipe, {"Orders": [raw("Orders", ORDERS)], "Portal": [raw("Portal", PAID)]})
    assert kinds(outcome) == ["", "", Skip.SKIP_RULE]
    assert (matched(outcome), notes(outcome), outcome.problems) == (4, ["Too small"], ())


@pytest.mark.parametrize("value", [5.0, True, "#NAME?", "#REF!"])
def test_a_cell_that_the_sheet_worked_out(value):
    _, problems = parse_recipe(cells(Derived_columns=[["Orders", "Net", value]]))
    assert [problem.code for problem in problems] == ["S-103"]
    assert "not the text of a formula" in problems[0].what


@pytest.mark.parametrize(("typed", "rows"), [(None, 100_000), (5000.0, 5000), ("0", 0)])
def test_live_formulas_up_to(typed, rows):
    recipe, problems = parse_recipe(cells(Reconciliation=[["Live formulas up to", typed]]))
    assert (recipe.live_rows, problems) == (rows, ())


@pytest.mark.parametrize("typed", ["many", -5.0, 2.5])
def test_live_formulas_up_to_a_wrong_number(typed):
    _, problems = parse_recipe(cells(Reconciliation=[["Live formulas up to", typed]]))
    assert [problem.code for problem in problems] == ["S-103"]


def test_a_workbook_made_before_derived_columns_is_as_good():
    sheets = cells()
    at = next(n for n, row in enumerate(sheets["Setup"]) if row[0] == "Derived columns")
    del sheets["Setup"][at : at + 3]
    recipe, problems = parse_recipe(sheets)
    assert (recipe.derivations, problems) == ((), ())


def test_a_row_with_an_order_of_its_own_is_no_total_whatever_its_brand():
    cells = {"Brand": ["Total", "Ajio", "Total"], "Order": ["O1", "O2", ""], "amount": ["100.00", "250.00", "350.00"]}
    uses = (use("A", "id", "Own"), use("B", "id", "id"), use("A", "amount", "amount"), use("B", "amount", "amount"))
    outcome = reconciled(raw("a", cells), ("Own", '="" & TRIM([@Order])'), uses=uses)
    assert kinds(outcome) == ["", "", "Total or footer"]
