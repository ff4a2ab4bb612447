"""The Setup tables of a marketplace -> Recipe.market, the column it brings, and the rows of which nothing is expected."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from addin.hosts.file import FileHost
from addin.new_book import load_recipe
from addin.setup_sheets import setup_sheets
from recon_core import schema
from recon_core.engine import reconcile
from recon_core.market import (
    EXPECTED_NET,
    NEEDED,
    OUR_ORDER,
    SAYS,
    STANDARD_WITHIN,
    Market,
    MarketUse,
    OrderState,
    ReturnKind,
    Role,
    Says,
    kind_of,
    state_of,
)
from recon_core.model import SKIPS, Skip, Status
from recon_core.prepare import complete
from recon_core.problems import Severity
from recon_core.ratecard import COLUMNS, MORE_COLUMNS, Base, Basis, Combine, Event, Grain, parse_cards
from recon_core.recipe import Recipe, SideOf
from recon_core.setup import parse_recipe
from recon_core.statuses import CODE
from recon_core.terms import HEADERS, Anchor, Counted
from tests.raws import leg, raw, run, use
from workbook_templates import template_path

TABLE = {table.title: table for table in schema.TABLES}
CHOICES = {field.name: field.choices for title in ("Rates", "Payment terms") for field in TABLE[title].fields}


def parsed(tables: Mapping[str, Sequence[Mapping[str, object]]], folder) -> tuple[Recipe, Sequence[object]]:
    """The recipe of a workbook that was made with these rows."""
    book = folder / "book.xlsx"
    shutil.copyfile(template_path(), book)
    host = FileHost(book)
    host.write(setup_sheets(tables))
    return parse_recipe({name: host.cells(name) for name in schema.SETUP_SHEETS})


# ---- one list of words ----


def test_the_tables_have_the_columns_that_their_parsers_read():
    assert tuple(field.name for field in TABLE["Rates"].fields) == (*COLUMNS, *MORE_COLUMNS)
    assert [field.name for field in TABLE["Payment terms"].fields] == [names[0] for names in HEADERS.values()]


def test_the_lists_to_choose_from_are_those_of_the_core():
    fields = {field.name: field.choices for field in TABLE["Marketplace"].fields}
    assert fields["Role"] == tuple(Role)
    assert fields["Meaning"] == tuple(Says)
    assert set(Says) == {says for own in SAYS.values() for says in own}
    assert all(set(needed) <= set(SAYS[role]) for role, needed in NEEDED.items())
    kinds = {"Date basis": Basis, "Base": Base, "Price of": Base, "Combine": Combine, "Charged on": Event, "Per": Grain, "Due from": Anchor, "Days are": Counted}  # fmt: skip
    assert {name: CHOICES[name] for name in kinds} == {name: tuple(filter(None, kind)) for name, kind in kinds.items()}


@pytest.mark.parametrize(
    ("word", "state"),
    [("Cancelled", "cancelled"), (" canceled ", "cancelled"), ("RTO", "rto"), ("Return_to-origin", "rto"), ("Delivered", "delivered"), ("", "delivered"), ("Shipped", "shipped"), ("packed", "ordered"), ("anything", "delivered")],
)  # fmt: skip
def test_a_status_comes_to_a_state(word, state):
    assert state_of(word, {}) == OrderState(state)


def test_the_words_of_form_come_first():
    words = MarketUse(
        role="Orders", source="S", meaning="status", column="c", form="Lost = cancelled; Delivered =  RTO ;"
    ).words
    assert words == {"lost": "cancelled", "delivered": "rto"}
    assert [state_of(word, words) for word in ("LOST", "Delivered", "Shipped")] == ["cancelled", "rto", "shipped"]
    assert [kind_of(word, {}) for word in ("RTO", "CUSTOMER RETURN", "")] == [ReturnKind.RTO, ReturnKind.CUSTOMER, ReturnKind.CUSTOMER]  # fmt: skip
    assert kind_of("Lost", {"lost": "rto"}) is ReturnKind.RTO


# ---- from cells ----


def test_without_rows_there_is_no_marketplace(tmp_path):
    recipe, problems = parsed(load_recipe("two_files"), tmp_path)
    assert (recipe.market, problems) == (None, ())


def test_the_shipped_recipe_reads_without_a_mistake(tmp_path):
    recipe, problems = parsed(load_recipe("ajio_marketplace"), tmp_path)
    assert [(one.code, one.severity) for one in problems] == [
        ("S-120", Severity.NOTE)
    ]  # the terms are the seller's own
    market = recipe.market
    assert market is not None
    assert (market.portal, market.within_minor) == ("AJIO", STANDARD_WITHIN)
    assert {role: market.sources(role) for role in Role} == {
        Role.ORDERS: ("OMS",), Role.PORTAL: ("AJIO orders",), Role.RETURNS: ("Returns",), Role.SETTLEMENTS: ("Settlements",),
    }  # fmt: skip
    assert market.use(Role.ORDERS, "OMS", Says.STATUS).words == {"cancelled": "cancelled", "rto": "rto"}
    assert market.use(Role.ORDERS, "OMS", Says.ZONE) is None
    assert sorted({card.fee for card in market.cards}) == ["GST on fees", "TCS", "TDS"]
    assert recipe.leg_between(("OMS",), ("Settlements",)).name == "Settlements"
    assert recipe.leg_between(("OMS",), ("Bank",)) is None
    found = recipe.leg_added_up(("Settlements",))
    assert (found[0].name, found[1]) == ("Bank", "A")


def test_numbers_dates_and_texts_of_the_sheet_are_read_alike(tmp_path):
    tables = load_recipe("ajio_marketplace")
    rate = {
        "Portal": "AJIO",
        "Fee": "Fixed",
        "From": "2026-01-01",
        "Price from": 300,
        "Price to": 750.5,
        "Fixed": 17,
        "GST %": 18,
        "RTO %": 100,
    }
    as_text = {name: str(value) for name, value in rate.items()}
    cards = [parsed({**tables, "Rates": [one]}, tmp_path)[0].market.cards for one in (rate, as_text)]
    assert cards[0] == cards[1]
    assert cards[0] == parse_cards([rate], lambda _at, _header: None)[0]


def test_a_tolerance_of_fees(tmp_path):
    tables = load_recipe("ajio_marketplace")
    items = [row for row in tables["Reconciliation"] if row["Item"] != "Fee tolerance"]
    found = [
        parsed({**tables, "Reconciliation": [*items, {"Item": "Fee tolerance", "Value": value}]}, tmp_path)[0].market.within_minor
        for value in (0, 1.5, "0.10", None)
    ]  # fmt: skip
    assert found == [0, 15_000, 1_000, STANDARD_WITHIN]


# ---- the column Expected net ----

USES = (
    ("Orders", "a", "order id", "id"), ("Orders", "a", "amount", "amount"), ("Orders", "a", "status", "status"), ("Orders", "a", "item", "sku"),
    ("Orders", "a", "invoice number", "inv"), ("Orders", "a", "order date", "day"), ("Returns", "r", "order id", "id"), ("Returns", "r", "invoice number", "inv"),
    ("Returns", "r", "item", "sku"), ("Returns", "r", "returned on", "back"), ("Settlements", "b", "net", "paid"),
)  # fmt: skip
RATE = {
    "Fee": "Commission",
    "From": "2026-01-01",
    "Base": "price incl. GST",
    "%": "10",
    "GST %": "18",
    "RTO %": "100",
    "Return %": "100",
}
MARKET = Market(
    uses=tuple(MarketUse(role=role, source=source, meaning=meaning, column=column) for role, source, meaning, column in USES),
    cards=parse_cards([RATE], lambda _at, _header: None)[0],
)  # fmt: skip


def orders(**more: list[str]) -> dict[str, list[str]]:
    """S1 sold, S2 cancelled, S3 sold and returned, S4 sold and on its way back, S5 cancelled with a penalty, and a total."""
    table = {
        "id": ["S1", "S2", "S3", "S4", "S5", "Total"], "sku": ["x"] * 5 + [""], "inv": ["i1", "", "i3", "i4", "", ""],
        "amount": ["100.00", "50.00", "200.00", "300.00", "70.00", "720.00"], "status": ["sold", "Cancelled", "sold", "sold", "Cancelled", ""],
        "day": ["2026-04-01"] * 5 + [""],
    }  # fmt: skip
    return table | more


RETURNS = {"id": ["", "S4"], "inv": ["i3", "i4"], "sku": ["x", "x"], "back": ["2026-04-09", ""]}


def test_the_step_adds_what_is_owed_and_the_order_of_a_return():
    a, r = raw("a", orders()), raw("r", RETURNS)
    done = complete({"a": [a], "r": [r]}, Recipe(market=MARKET), {})
    assert done.problems == ()
    mine, back = done.raw["a"][0], done.raw["r"][0]
    assert mine.extra[EXPECTED_NET].tolist() == ["88.20", "0.00", "176.40", "264.60", "0.00", "0.00"]
    assert back.extra[EXPECTED_NET].tolist() == ["-176.40", "0.00"]
    assert back.extra[OUR_ORDER].tolist() == ["S3", "S4"]
    assert OUR_ORDER not in mine.extra
    assert a.extra.empty  # what came in is as it was


def test_a_row_whose_net_cannot_be_said_says_why_in_the_leg():
    a = raw(
        "a", orders(amount=["n/a", "50.00", "", "300.00", "70.00", "720.00"], id=["S1", "S2", "S3", "", "S5", "Total"])
    )
    done = complete({"a": [a], "r": [raw("r", RETURNS)]}, Recipe(market=MARKET), {})
    assert done.raw["a"][0].extra[EXPECTED_NET].tolist() == ["n/a", "0.00", "", "0.00", "0.00", "0.00"]
    assert [one.code for one in done.problems] == ["R-751"]  # the return of a row without amount has no order


def test_without_a_marketplace_nothing_is_added():
    a = raw("a", orders())
    assert complete({"a": [a]}, Recipe(), {}).raw["a"][0] is a


def outcomes(lines: Mapping[str, list[str]]) -> list[tuple[str, int, str, str]]:
    """(id, side, outcome, why skipped) of every row of the leg that compares what is owed with `lines`."""
    uses = [
        use("A", "id", "id", source="a"), use("A", "id", OUR_ORDER, source="r"), use("B", "id", "id"), use("A", "amount", EXPECTED_NET), use("B", "amount", "paid"),
    ]  # fmt: skip
    one = leg(uses, a=SideOf(sources=("a", "r"), label="Ours"))
    raws = {
        "a": [raw("a", orders())],
        "r": [raw("r", RETURNS)],
        "b": [raw("b", {**lines, "sale": lines["paid"]})],
    }
    sale = MarketUse(role="Settlements", source="b", meaning="entry", column="sale", form="SALE")
    result = reconcile(Recipe(legs=(one,), market=replace(MARKET, uses=(*MARKET.uses, sale))), raws).results["L"]
    names = {code: str(status) for status, code in CODE.items()}
    found = zip(*(result.lines[name] for name in ("key", "side", "status", "skip")), strict=True)
    return [(key, side, names[status], str(SKIPS[skip])) for key, side, status, skip in found]


def test_a_cancelled_order_is_no_exception_unless_something_was_settled_on_it():
    found = outcomes({"id": ["S1", "S3", "S3", "S4", "S5"], "paid": ["88.20", "176.40", "-176.40", "264.60", "-11.80"]})
    nothing, matched, partial = str(Skip.NOTHING_EXPECTED), str(Status.MATCHED), str(Status.PARTIALLY_MATCHED)
    assert [one for one in found if one[0] == "S2"] == [("S2", 0, str(Status.SKIPPED), nothing)]
    assert [one for one in found if one[0] == "S5"] == [("S5", 0, partial, ""), ("S5", 1, partial, "")]
    assert {one[2] for one in found if one[0] in ("S1", "S3")} == {matched}
    # the return on its way owes nothing yet: the order is matched without it
    assert [one[1:] for one in found if one[0] == "S4"] == [
        (0, matched, ""),
        (0, str(Status.SKIPPED), nothing),
        (1, matched, ""),
    ]


def test_other_legs_keep_their_rows_of_nothing():
    uses = [use(side, meaning, meaning) for side in "AB" for meaning in ("id", "amount")]
    a, b = (raw(name, {"id": ["1", "2"], "amount": ["0.00", "5.00"]}) for name in "ab")
    lines = run(leg(uses), [a], [b]).results["L"].lines
    assert (lines["skip"] == 0).all()
