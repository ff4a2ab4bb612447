"""Setup cells -> Recipe: defaults, tables as people fill them, and a Problem for every mistake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest

from recon_core import schema
from recon_core.keys import Cleaning
from recon_core.problems import Problem
from recon_core.recipe import Meaning, Recipe, RuleKind, SideOf, default_rules, parse_terms
from recon_core.setup import parse_recipe

Rows = Sequence[Sequence[object]]
GOOD: dict[str, Rows] = {
    "Reconciliation": [["Title", "April"], ["Currency", "INR"]],
    "Sources": [["Orders", "orders.csv"], ["Portal", "portal.csv", None, 9.0]],
    "Legs": [["L", "Orders", "Portal", "Ours", "Theirs"]],
    "Mapping": [
        [None, "A", None, "id", "order"], [None, "B", None, "id", "Order No"],
        [None, "A", None, "amount", "price + freight - discount"], [None, "b", None, "Amount", "Value"],
    ],
}  # fmt: skip


DATES = [[None, side, None, "date", "day"] for side in "AB"]  # what a window needs


def cells(tables: Mapping[str, Rows] | None = None, **more: Rows) -> dict[str, list[list[object]]]:
    """The cells of the Setup sheets with these tables, an empty row after each."""
    filled = {**(GOOD if tables is None else tables), **{name.replace("_", " "): rows for name, rows in more.items()}}
    sheets: dict[str, list[list[object]]] = {name: [] for name in schema.SETUP_SHEETS}
    for table in schema.TABLES:
        if table.title in filled:
            headers = [field.name for field in table.fields]
            body = [[*row, *[None] * (len(headers) - len(row))] for row in filled[table.title]]
            sheets[table.sheet] += [[table.title], headers, *body, [None] * len(headers)]
    return sheets


def problems(**more: Rows) -> list[Problem]:
    return list(parse_recipe(cells(**more))[1])


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("price", ((1, "price"),)), ("price + freight", ((1, "price"), (1, "freight"))), ("price+freight", ((1, "price"), (1, "freight"))),
        ("price + freight - discount", ((1, "price"), (1, "freight"), (-1, "discount"))), ("Deposit Amt. - Withdrawal Amt.", ((1, "Deposit Amt."), (-1, "Withdrawal Amt."))),
        ("order-no", ((1, "order-no"),)), ("Chq./Ref.No.", ((1, "Chq./Ref.No."),)), ("[a + b]", ((1, "a + b"),)), ("[a - b] + c", ((1, "a - b"), (1, "c"))), ("a - [b+c]", ((1, "a"), (-1, "b+c"))),
        ("- [Fee]", ((-1, "Fee"),)), ("Net amount (INR)", ((1, "Net amount (INR)"),)), ("a + a", ((1, "a"), (1, "a"))), ("a -b", ((1, "a -b"),)), ("  a  ", ((1, "a"),)), ("", ()),
        ('"a"', ((1, '"a"'),)), ("a + ", ((1, "a"),)), ("Fee: X+Fee: Y", ((1, "Fee: X"), (1, "Fee: Y"))),
    ],
)  # fmt: skip
def test_a_sum_of_columns(text: str, terms: object) -> None:
    assert parse_terms(text) == terms


def test_a_good_setup_has_no_problem_and_the_shipped_defaults() -> None:
    recipe, found = parse_recipe(cells())
    assert found == ()
    leg = recipe.legs[0]
    assert (recipe.title, recipe.currency, recipe.rows_per_sheet, recipe.as_of) == ("April", "INR", 1_048_000, None)
    assert recipe.sources[1].header_row == 9
    assert (leg.a, leg.b) == (SideOf(sources=("Orders",), label="Ours"), SideOf(sources=("Portal",), label="Theirs"))
    assert (leg.within_minor, leg.cleaning, leg.whole_ids, leg.rules) == (0, Cleaning(), True, default_rules(0, None))
    assert [use.meaning for use in leg.uses] == [Meaning.KEY, Meaning.KEY, Meaning.AMOUNT, Meaning.AMOUNT]
    assert [use.side for use in leg.uses] == ["A", "B", "A", "B"]
    assert not leg.dates_matter


@pytest.mark.parametrize(("days", "kinds"), [(None, 5), (0, 5), (3, 6)])
def test_the_shipped_ladder(days: int | None, kinds: int) -> None:
    rules = default_rules(500, days)
    assert len(rules) == kinds
    assert [rule.kind for rule in rules][:2] == [RuleKind.MANUAL, RuleKind.PAIR]
    assert [rule.kind for rule in rules][-2:] == [RuleKind.PARTIAL, RuleKind.SUGGEST]
    assert [rule.within_minor for rule in rules if rule.kind is RuleKind.PAIR] == [0] * (kinds - 4)
    totals = next(rule for rule in rules if rule.kind is RuleKind.TOTALS)
    assert (totals.within_minor, totals.days_before, totals.days_after) == (500, days, days)


def test_a_full_leg() -> None:
    row = [
        "Bank",
        "leg L side B",
        "Portal; Orders",
        None,
        None,
        "UTR",
        None,
        0.05,
        3.0,
        "separators; prefix ord",
        "match equal lines",
    ]
    recipe, found = parse_recipe(cells(Legs=[*GOOD["Legs"], row], Mapping=[*GOOD["Mapping"], *DATES]))
    assert found == ()
    leg = recipe.legs[1]
    assert leg.a == SideOf(from_leg="L", from_side="B", group_by="UTR", label="leg L side B")
    assert leg.b.sources == ("Portal", "Orders")
    assert recipe.sources_of(leg.a) == ("Portal",)
    assert (leg.within_minor, leg.cleaning.prefixes, leg.whole_ids, leg.rules) == (
        500,
        ("ORD",),
        False,
        default_rules(500, 3),
    )
    assert leg.dates_matter


def test_a_leg_on_a_leg_on_a_leg_reads_the_first_files() -> None:
    more = [["M", "leg L side A", "Portal"], ["N", "leg M side A", "Portal"]]
    recipe, found = parse_recipe(cells(Legs=[*GOOD["Legs"], *more]))
    assert found == ()
    assert recipe.sources_of(recipe.legs[2].a) == ("Orders",)


def test_the_rows_of_rules_in_their_order() -> None:
    rows = [
        ["L", None, "First", "pair", None, None, 2.0], [None, "no", "Off", "suggest"], ["", "yes", "Sum", "Totals of id"], ["L", None, "Wide", "totals of id", 1, -1.0, 3.0], [None, None, "Rest", "partial"],
    ]  # fmt: skip
    legs = [["L", "Orders", "Portal", "", "", "", "", 0.5]]
    recipe, found = parse_recipe(cells(Legs=legs, Rules=rows, Mapping=[*GOOD["Mapping"], *DATES]))
    assert found == ()
    got = [
        (rule.name, str(rule.kind), rule.within_minor, rule.days_before, rule.days_after)
        for rule in recipe.legs[0].rules
    ]
    assert got == [
        ("First", "pair", 0, 0, 2),
        ("Sum", "totals of id", 5_000, None, None),
        ("Wide", "totals of id", 10_000, -1, 3),
        ("Rest", "partial", 0, None, None),
    ]


def test_rows_may_be_left_empty_and_values_are_trimmed() -> None:
    sources = [["Orders ", " orders.csv"], [None], ["  ", ""], ["Portal", "portal.csv"]]
    recipe, found = parse_recipe(cells(Sources=sources))
    assert found == ()
    assert [(source.name, source.path) for source in recipe.sources] == [
        ("Orders", "orders.csv"),
        ("Portal", "portal.csv"),
    ]


def test_basics() -> None:
    rows = [
        ["as of", dt.datetime(2026, 4, 30, 0, 0)],
        ["PERIOD FROM", "1-Apr-2026"],
        ["Period to", "30/04/2026"],
        ["Rows per sheet", 5.0],
    ]
    recipe, found = parse_recipe(cells(Reconciliation=rows))
    assert found == ()
    assert (recipe.as_of, recipe.period_from, recipe.period_to, recipe.rows_per_sheet) == (
        dt.date(2026, 4, 30),
        dt.date(2026, 4, 1),
        dt.date(2026, 4, 30),
        10,
    )


MISTAKES: list[tuple[dict[str, Rows], str, str, str]] = [
    (
        {"Legs": [["L", "Orders", "Portal"], ["l", "Orders", "Portal"]]},
        "S-103",
        "Setup",
        "There is a leg named 'l' above.",
    ),
    ({"Legs": [["", "Orders", "Portal"]]}, "S-103", "Setup", "The leg has no name."),
    ({"Legs": [["L", "Orders", "Nowhere"]]}, "S-103", "Setup", "There is no source named 'Nowhere'."),
    ({"Legs": [["L", "Orders", "leg M side B"]]}, "S-103", "Setup", "'M' is not an earlier leg."),
    ({"Legs": [["L", "Orders", "Portal", "", "", "", "", "much"]]}, "S-103", "Setup", "'much' is not an amount."),
    ({"Legs": [["L", "Orders", "Portal", "", "", "", "", -0.05]]}, "S-103", "Setup", "A tolerance is never negative."),
    (
        {"Legs": [["L", "Orders", "Portal", "", "", "", "", 0, "3 days"]]},
        "S-103",
        "Setup",
        "'3 days' is no number for Date window.",
    ),
    (
        {"Legs": [["L", "Orders", "Portal", "", "", "", "", 0, -3.0]]},
        "S-103",
        "Setup",
        "'-3' is no number for Date window.",
    ),
    (
        {"Legs": [["L", "Orders", "Portal", "", "", "", "", 0, 1.5]]},
        "S-103",
        "Setup",
        "'1.5' is no number for Date window.",
    ),
    (
        {"Legs": [["L", "Orders", "Portal", "", "", "", "", 0, "", "fuzzy"]]},
        "S-103",
        "Setup",
        "'fuzzy' is not a cleaning.",
    ),
    (
        {"Legs": [["L", "Orders", "Portal", "", "", "", "", 0, "", "", "sometimes"]]},
        "S-103",
        "Setup",
        "'sometimes' is no choice for When totals of an id differ.",
    ),
    (
        {"Sources": [["Orders", "o.csv"], ["Portal", "p.csv", "", "third"]]},
        "S-103",
        "Setup",
        "'third' is no number for Header row.",
    ),
    (
        {"Sources": [["Orders", "o.csv"], ["Portal", "p.csv", "", 0]]},
        "S-103",
        "Setup",
        "'0' is no number for Header row.",
    ),
    ({"Reconciliation": [["As of", "soon"]]}, "S-103", "Setup", "'soon' is not a date."),
    ({"Reconciliation": [["Rows per sheet", "all"]]}, "S-103", "Setup", "'all' is no number of rows."),
    ({"Mapping": [*GOOD["Mapping"], [None, "C", None, "date", "d"]]}, "S-103", "Mapping", "'C' is no choice for Side."),
    (
        {"Mapping": [*GOOD["Mapping"], [None, "A", None, "price", "d"]]},
        "S-103",
        "Mapping",
        "'price' is no choice for Meaning.",
    ),
    ({"Mapping": [*GOOD["Mapping"], [None, "A", None, "date", None]]}, "S-103", "Mapping", "The row has no Column."),
    ({"Mapping": [*GOOD["Mapping"], [None, None, None, "date", "d"]]}, "S-103", "Mapping", "The row has no Side."),
    ({"Mapping": [*GOOD["Mapping"], ["M", "A", None, "date", "d"]]}, "S-103", "Mapping", "There is no leg named 'M'."),
    (
        {"Mapping": [*GOOD["Mapping"], [None, "A", "Other", "date", "d"]]},
        "S-103",
        "Mapping",
        "There is no source named 'Other'.",
    ),
    (
        {"Mapping": [*GOOD["Mapping"], [None, "A", None, "date", "d", None, "d.m.y"]]},
        "S-103",
        "Mapping",
        "'d.m.y' is no choice for Form.",
    ),
    ({"Mapping": GOOD["Mapping"][:3]}, "S-105", "Mapping", "Leg 'L' side B has no amount column."),
    ({"Mapping": GOOD["Mapping"][1:]}, "S-105", "Mapping", "Leg 'L' side A has no id column."),
    (
        {
            "Legs": [["L", "Orders; Portal", "Portal"]],
            "Mapping": [["", "A", "Orders", "id", "o"], *GOOD["Mapping"][1:]],
        },
        "S-105",
        "Mapping",
        "Leg 'L' side A, source 'Portal', has no id column.",
    ),
    ({"Rules": [["L", None, "R", "guess"]]}, "S-103", "Rules", "'guess' is no choice for Kind."),
    ({"Rules": [["L", None, "R", None]]}, "S-103", "Rules", "The rule has no Kind."),
    ({"Rules": [["M", None, "R", "pair"]]}, "S-103", "Rules", "There is no leg named 'M'."),
    ({"Rules": [["L", None, "R", "pair", "x"]]}, "S-103", "Rules", "'x' is not an amount."),
    ({"Rules": [["L", None, "R", "pair", -1]]}, "S-103", "Rules", "A tolerance is never negative."),
    ({"Rules": [["L", None, "R", "pair", 0, "one"]]}, "S-103", "Rules", "'one' is no number for Days before."),
    ({"Rules": [["L", "no", "R", "pair"]]}, "S-103", "Rules", "All rules of leg 'L' are switched off."),
    ({"Rules": [["L", "maybe", "R", "pair"]]}, "S-103", "Rules", "'maybe' is no choice for On."),
    ({"Skip_rules": [["Orders", "status", "equals", "x"]]}, "S-103", "Setup", "'equals' is no choice for Test."),
    ({"Skip_rules": [["Orders", "status", None, "x"]]}, "S-103", "Setup", "The skip rule has no Test."),
    ({"Skip_rules": [["Orders", None, "is", "x"]]}, "S-103", "Setup", "The skip rule has no Column."),
    ({"Skip_rules": [["Order", "status", "is", "x"]]}, "S-103", "Setup", "There is no source named 'Order'."),
    (
        {"Supporting_data": [["Nobody", "sku", "f.csv", "", "sku", "x"]]},
        "S-103",
        "Setup",
        "There is no source named 'Nobody'.",
    ),
    ({"Legs": []}, "S-104", "Setup", "No leg is set up."),
]


@pytest.mark.parametrize(("tables", "code", "sheet", "what"), MISTAKES, ids=[one[3] for one in MISTAKES])
def test_a_mistake_is_one_problem(tables: dict[str, Rows], code: str, sheet: str, what: str) -> None:
    found = problems(**tables)
    assert [(problem.code, problem.where.sheet, problem.what) for problem in found if problem.what == what] == [
        (code, sheet, what)
    ]
    assert all(problem.severity == "stop" and problem.fix.endswith(".") for problem in found)


def test_all_mistakes_come_together() -> None:
    found = problems(Legs=[["L", "X", "Portal", "", "", "", "", "?", "?"]], Rules=[["", "", "", "no kind"]], Mapping=[])
    assert len(found) >= 6


def test_the_cell_is_named_as_excel_shows_it() -> None:
    problem = problems(Rules=[["L", None, "First", "pair"], [], ["L", None, "Second", "pair", "x"]])[0]
    assert str(problem.where) == "Rules!E5"


def test_no_setup_at_all() -> None:
    recipe, found = parse_recipe({})
    assert recipe == Recipe()
    assert [problem.code for problem in found] == ["S-101"]


def test_a_table_or_a_column_that_is_not_there() -> None:
    grid = cells()
    grid["Mapping"] = []
    assert [(problem.code, problem.what) for problem in parse_recipe(grid)[1]] == [
        ("S-102", "Table Mapping lacks the table.")
    ]
    grid = cells()
    header = next(row for row in grid["Setup"] if "Side A" in row)
    header[header.index("Tolerance")] = "Allowed"
    assert [(problem.code, problem.what) for problem in parse_recipe(grid)[1]] == [
        ("S-102", "Table Legs lacks Tolerance.")
    ]


def test_tables_that_may_be_absent() -> None:
    grid = cells()
    assert not grid["Rules"]
    assert parse_recipe(grid)[1] == ()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3.0, 3),
        ("3", 3),
        (" 3 ", 3),
        ("-3", -3),
        ("--3", None),
        ("3.5", None),
        ("", None),
        (None, None),
        ("²", None),
        (1e20, None),
        ("x", None),
    ],
)
def test_a_cell_as_a_whole_number(value: object, number: int | None) -> None:
    assert schema.as_int(value) == number


def test_a_window_without_a_date_column_is_named() -> None:
    found = problems(Legs=[["L", "Orders", "Portal", "", "", "", "", None, 3.0]])
    assert [(one.code, one.what) for one in found] == [
        ("S-105", f"Leg 'L' side {side} has no date column.") for side in "AB"
    ]
