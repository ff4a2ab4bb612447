"""Derived columns from Setup to the matched rows: what they may stand for, what they see, and what becomes of errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recon_core.engine import reconcile
from recon_core.model import Skip
from recon_core.prepare import complete
from recon_core.problems import Severity
from recon_core.recipe import Lookup, Recipe, SkipRule
from tests.derived import IDS, MAPPED, ORDERS, PAID, amounts, codes, derived, kinds, matched, notes, reconciled
from tests.raws import leg, raw, run, use


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
