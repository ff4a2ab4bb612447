"""Derived columns from Setup to the matched rows: what they may stand for, what they see, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from recon_core import schema
from recon_core.derivations import jobs_of, table_name
from recon_core.engine import Outcome, reconcile
from recon_core.model import SKIPS, Raw, Skip, Status
from recon_core.prepare import complete
from recon_core.problems import Severity
from recon_core.recipe import Derivation, Lookup, Recipe, SkipRule
from recon_core.setup import parse_recipe
from recon_core.statuses import CODE
from tests.raws import leg, raw, run, use

Rows = Sequence[Sequence[object]]
IDS = (use("A", "id", "id"), use("B", "id", "id"))
MAPPED = (*IDS, use("A", "amount", "Net"), use("B", "amount", "amount"))
ORDERS = {
    "id": ["O1", "O2", "O3"],
    "Price": ["100.00", "250.00", "80.00"],
    "Fee": ["2.00", "5.00", "1.60"],
    "Status": ["OK", "OK", "RTO"],
}
PAID = {"id": ["O1", "O2", "O3"], "amount": ["98.00", "245.00", "78.40"]}


def derived(*formulas: tuple[str, str], source: str = "a") -> tuple[Derivation, ...]:
    """Derived columns of a source: (name, formula)."""
    return tuple(
        Derivation(source=source, column=name, formula=text, cell=f"Setup!C{at}")
        for at, (name, text) in enumerate(formulas, 30)
    )


def reconciled(
    a: Raw | Sequence[Raw],
    *formulas: tuple[str, str],
    uses: Sequence[object] = MAPPED,
    b: Raw | None = None,
    **more: object,
) -> Outcome:
    """The leg of a against b with derived columns of a."""
    days, supporting = more.pop("days", None), more.pop("supporting", None)
    one = leg(uses, days=days)
    return run(
        one,
        a,
        b or raw("b", PAID),
        recipe=Recipe(legs=(one,), derivations=derived(*formulas), **more),
        supporting=supporting,
    )


def amounts(outcome: Outcome, side: int = 0) -> list[float]:
    lines = outcome.results["L"].lines
    return (lines[lines["side"] == side]["amount_minor"] / 10_000).tolist()


def kinds(outcome: Outcome, side: int = 0) -> list[str]:
    lines = outcome.results["L"].lines
    return [str(SKIPS[code]) for code in lines[lines["side"] == side]["skip"]]


def notes(outcome: Outcome) -> list[str]:
    lines = outcome.results["L"].lines
    return [note for note in lines[lines["side"] == 0]["skip_note"] if note]


def matched(outcome: Outcome) -> int:
    """Lines of both sides that are matched."""
    return int((outcome.results["L"].lines["status"] == CODE[Status.MATCHED]).sum())


def codes(outcome: Outcome) -> list[str]:
    return [problem.code for problem in outcome.problems]


def test_a_derived_amount():
    outcome = reconciled(raw("a", ORDERS), ("Net", "=[@Price]-[@Fee]"))
    assert amounts(outcome) == [98.0, 245.0, 78.4]
    assert (matched(outcome), outcome.problems) == (6, ())


def test_a_derived_amount_in_a_sum_of_columns():
    uses = (*IDS, use("A", "amount", "Price - Cut"), use("B", "amount", "amount"))
    assert matched(reconciled(raw("a", ORDERS), ("Cut", "=ROUND([@Price]*2%,2)"), uses=uses)) == 6


def test_a_derived_id():
    orders = {**ORDERS, "id": ["#OD-001-1", "#OD-002-1", "#OD-003-9"]}
    uses = (use("A", "id", "Order"), use("B", "id", "id"), *MAPPED[2:])
    outcome = reconciled(
        raw("a", orders),
        ("Order", '="O"&TEXTBEFORE(SUBSTITUTE([@id],"#OD-00",""),"-")'),
        ("Net", "=[@Price]-[@Fee]"),
        uses=uses,
    )
    assert matched(outcome) == 6
    assert outcome.results["L"].lines["key_raw"].tolist() == ["O1", "O2", "O3"] * 2


def test_a_derived_date_is_compared_as_a_date():
    uses = (*MAPPED, use("A", "date", "Due"), use("B", "date", "Paid"))
    orders = {**ORDERS, "Sold": ["01/04/2026", "15/04/2026", "30/04/2026"]}
    paid = raw("b", {**PAID, "Paid": ["2026-05-01", "2026-05-15", "2026-06-30"]})
    outcome = reconciled(
        raw("a", orders), ("Due", "=EDATE([@Sold],1)"), ("Net", "=[@Price]-[@Fee]"), uses=uses, b=paid, days=0
    )
    assert outcome.results["L"].lines["date_raw"].tolist()[:3] == ["2026-05-01", "2026-05-15", "2026-05-30"]
    assert matched(outcome) == 4


@pytest.mark.parametrize(
    "text", ["=[@Sold]+30*1", '=IF([@Status]="RTO",[@Sold],EDATE([@Sold],1))', "=MAX([@Sold],DATE(2026,4,2))"]
)
def test_an_answer_that_is_a_date_is_mapped_as_one(text):
    uses = (*MAPPED, use("A", "date", "Due"), use("B", "date", "Paid"))
    orders = {**ORDERS, "Sold": ["2026-04-01"] * 3}
    paid = raw("b", {**PAID, "Paid": ["2026-05-01"] * 3})
    outcome = reconciled(raw("a", orders), ("Due", text), ("Net", "=[@Price]-[@Fee]"), uses=uses, b=paid, days=90)
    assert all(date.startswith("2026-0") for date in outcome.results["L"].lines["date_raw"][:3])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_formulas_use_each_other_in_any_order(order):
    formulas = [("Net", "=[@Gross]-[@Cut]"), ("Gross", "=[@Price]*1"), ("Cut", "=ROUND([@Gross]*2%,2)")]
    assert matched(reconciled(raw("a", ORDERS), *(formulas[at] for at in order))) == 6


def test_a_formula_looks_into_another_source():
    outcome = reconciled(raw("a", ORDERS), ("Net", "=XLOOKUP([@ID],B[ID],b[ amount ],0)"))
    assert amounts(outcome) == [98.0, 245.0, 78.4]


def test_a_source_that_no_leg_reads():
    rates = raw("Fee card", {"From": ["0", "100", "200"], "Rate": ["2%", "2%", "2%"]}, file="card.csv")
    one = leg(MAPPED)
    formulas = derived(("Net", "=[@Price]*(1-XLOOKUP([@Price],Fee_card[From],Fee_card[Rate],,-1))"))
    recipe = Recipe(legs=(one,), derivations=formulas)
    outcome = reconcile(recipe, {"a": [raw("a", ORDERS)], "b": [raw("b", PAID)], "Fee card": [rates]})
    assert matched(outcome) == 6
    assert [table.source for table in outcome.tables] == ["a", "Fee card"]


def test_a_whole_column_runs_over_all_files_of_a_pattern():
    parts = [
        raw("a", {name: cells[part] for name, cells in ORDERS.items()}, file=f"a{at}.csv", sha256=f"{at}")
        for at, part in enumerate((slice(0, 2), slice(2, 3)))
    ]
    outcome = reconciled(parts, ("Net", "=SUM(a[Price])/SUMIFS(a[Price],a[id],[@id])"))
    assert amounts(outcome) == [4.3, 1.72, 5.375]
    files = outcome.results["L"].lines["file"].tolist()[:3]
    assert files == [0, 0, 1]


def test_ids_of_two_files_keep_their_zeros_together():
    """Whether a column is numbers is found out over all files of the source, not for each."""
    parts = [
        raw("a", {"Code": ["12"], "id": ["O1"]}, file="1.csv", sha256="1"),
        raw("a", {"Code": ["007"], "id": ["O2"]}, file="2.csv", sha256="2"),
    ]
    uses = (use("A", "id", "Joined"), use("B", "id", "id"), use("A", "amount", "One"), use("B", "amount", "amount"))
    outcome = reconciled(
        parts,
        ("Joined", '=[@Code]&"/"&[@id]'),
        ("One", "=1"),
        uses=uses,
        b=raw("b", {"id": ["12/O1", "007/O2"], "amount": ["1", "1"]}),
    )
    assert matched(outcome) == 4


def test_a_looked_up_column_is_seen():
    lookup = Lookup(source="a", column="id", path="card.csv", sheet="", match_column="order", take=("rate",))
    card = raw("card", {"order": ["O1", "O2", "O3"], "rate": ["0.02", "0.02", "0.02"]})
    outcome = reconciled(
        raw("a", ORDERS), ("Net", "=ROUND([@Price]*(1-[@rate]),2)"), lookups=(lookup,), supporting={"card.csv|": card}
    )
    assert matched(outcome) == 6


def test_a_skip_rule_by_formula_with_its_reason():
    rule = SkipRule(source="a", column='=AND([@Status]="rto",[@Net]<100)', test="", value="", reason="Came back")
    outcome = reconciled(raw("a", ORDERS), ("Net", "=[@Price]-[@Fee]"), skips=(rule,))
    assert kinds(outcome) == ["", "", Skip.SKIP_RULE]
    assert notes(outcome) == ["Came back"]
    assert amounts(outcome)[2] == 78.4
    assert matched(outcome) == 4


@pytest.mark.parametrize(
    ("answer", "skipped"),
    [("1", True), ("0", False), ('"TRUE"', True), ('"FALSE"', False), ("-0.5", True), ("[@Nothing]", False)],
)
def test_what_counts_as_true(answer, skipped):
    rule = SkipRule(source="a", column=f"={answer}", test="", value="", reason="")
    orders = {**ORDERS, "Nothing": ["", "", ""]}
    outcome = reconciled(raw("a", orders), ("Net", "=[@Price]-[@Fee]"), skips=(rule,), b=raw("b", PAID))
    kind = Skip.SKIP_RULE if skipped else Skip.NONE
    found = [problem for problem in outcome.problems if problem.code == "K-402"]
    assert bool(found) is skipped if skipped else kinds(outcome) == [kind] * 3


def test_a_skip_rule_without_a_reason_shows_its_formula():
    rule = SkipRule(source="a", column='=[@id]="O3"', test="", value="", reason="")
    assert notes(reconciled(raw("a", ORDERS), ("Net", "=[@Price]-[@Fee]"), skips=(rule,))) == ['=[@id]="O3"']


def test_a_row_with_an_error_in_a_mapped_amount_is_listed_never_zero():
    orders = {**ORDERS, "Fee": ["2.00", "5.00", "x"]}
    outcome = reconciled(raw("a", orders), ("Net", "=ROUND([@Price]-[@Fee],2)"))
    assert kinds(outcome) == ["", "", Skip.FORMULA_ERROR]
    assert notes(outcome) == ["Net: #VALUE!"]
    assert outcome.results["L"].lines["amount_raw"].tolist()[2] == "#VALUE!"
    problem = next(one for one in outcome.problems if one.code == "D-705")
    assert (problem.severity, str(problem.where)) == (Severity.LEFT_OUT, "a.csv row 4, Net")


def test_a_row_with_an_error_in_its_id_keeps_its_amount_in_the_control_totals():
    uses = (use("A", "id", "Order"), use("B", "id", "id"), use("A", "amount", "Price"), use("B", "amount", "amount"))
    outcome = reconciled(
        raw("a", ORDERS), ("Order", '=MID([@id],FIND(IF([@Status]="RTO","?","O"),[@id]),9)'), uses=uses
    )
    assert kinds(outcome) == ["", "", Skip.FORMULA_ERROR]
    assert amounts(outcome) == [100.0, 250.0, 80.0]
    assert outcome.results["L"].files[0].amount_minor == 430 * 10_000


@pytest.mark.parametrize("meaning", ["other reference", "date", "compare", "quantity", "item", "currency"])
def test_an_error_in_any_mapped_column_leaves_the_row_out(meaning):
    uses = (
        *MAPPED,
        use("A", meaning, "Odd", "x"),
        *([use("B", meaning, "amount", "x")] if meaning == "compare" else []),
    )
    outcome = reconciled(raw("a", ORDERS), ("Net", "=[@Price]-[@Fee]"), ("Odd", '=IF([@id]="O2",1/0,"")'), uses=uses)
    assert kinds(outcome)[1] == Skip.FORMULA_ERROR
    assert next(one for one in outcome.problems if one.code == "D-705").severity is Severity.LEFT_OUT


def test_an_error_in_a_column_nothing_needs_lets_the_row_take_part():
    outcome = reconciled(raw("a", ORDERS), ("Net", "=[@Price]-[@Fee]"), ("Share", '=1/([@Status]="OK")'))
    assert matched(outcome) == 6
    assert [(one.code, one.severity) for one in outcome.problems] == [("D-705", Severity.NOTE)]


def test_an_error_that_another_column_catches_is_not_a_gap():
    outcome = reconciled(
        raw("a", ORDERS), ("Odd", '=IF([@Status]="RTO",NA(),2%)'), ("Net", "=[@Price]*(1-IFNA([@Odd],2%))")
    )
    assert matched(outcome) == 6


def test_an_error_where_the_side_is_added_up_by_the_column():
    one = leg((use("A", "amount", "Price"), *MAPPED[3:], IDS[1]), a=replace(leg(MAPPED).a, group_by="Batch"))
    recipe = Recipe(legs=(one,), derivations=derived(("Batch", '=IF([@Status]="RTO",1/0,"O1")')))
    outcome = run(one, raw("a", ORDERS), raw("b", {"id": ["O1"], "amount": ["350.00"]}), recipe=recipe)
    assert [(one.code, one.severity) for one in outcome.problems] == [("D-705", Severity.LEFT_OUT)]
    assert matched(outcome) == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_does_not_matter(seed):
    formulas = (("Net", "=[@Price]-[@Fee]+0*SUM(a[Price])"), ("Rank", '=COUNTIFS(a[Price],">"&[@Price])'))
    mixed = np.random.default_rng(seed).permutation(3)
    shuffled = {name: [cells[at] for at in mixed] for name, cells in ORDERS.items()}
    one, other = (reconciled(raw("a", columns), *formulas) for columns in (ORDERS, shuffled))
    columns = ["line_id", "amount_minor", "status"]
    frames = [
        outcome.results["L"].lines[columns].sort_values("line_id").reset_index(drop=True) for outcome in (one, other)
    ]
    assert frames[0].astype(str).equals(frames[1].astype(str))


def test_the_order_of_the_rows_of_setup_does_not_matter():
    formulas = [("Net", "=[@Gross]-[@Fee]"), ("Gross", "=[@Price]*1"), ("Odd", "=1/([@Net]-98)")]
    one, other = (reconciled(raw("a", ORDERS), *some) for some in (formulas, formulas[::-1]))
    assert one.results["L"].lines.astype(str).equals(other.results["L"].lines.astype(str))
    assert [(p.code, p.what) for p in one.problems] == [(p.code, p.what) for p in other.problems]


def test_nothing_changes_without_formulas():
    found = complete({"a": [given := raw("a", ORDERS)]}, Recipe(legs=(leg(MAPPED),)), {})
    assert found.raw["a"][0] is given
    assert (found.tables, found.problems) == ((), ())


def test_an_empty_source():
    empty = raw("a", {name: [] for name in ORDERS})
    rule = SkipRule(source="a", column='=[@Status]="RTO"', test="", value="", reason="")
    found = complete(
        {"a": [empty]},
        Recipe(legs=(leg(MAPPED),), derivations=derived(("Net", "=[@Price]-SUM(a[Fee])")), skips=(rule,)),
        {},
    )
    assert [problem.code for problem in found.problems] == []
    assert list(found.raw["a"][0].extra.columns) == ["Net", '=[@Status]="RTO"']
    assert len(found.raw["a"][0].extra) == 0


def test_a_file_given_twice_counts_once():
    given = raw("a", ORDERS, sha256="same")
    outcome = reconciled(
        [given, replace(given, file="copy.csv")], ("Net", "=[@Price]-[@Fee]"), ("Times", "=COUNTIFS(a[id],[@id])")
    )
    assert matched(outcome) == 6
    assert codes(outcome) == ["F-322"]
    assert outcome.tables[0].columns[-1].typed.values.items() == [1.0, 1.0, 1.0]


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
