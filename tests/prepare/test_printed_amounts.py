"""What a row that cannot be read is told to the user: the cell as it stands, and once, however many legs look at it."""

from __future__ import annotations

import dataclasses

from recon_core.engine import reconcile
from recon_core.problems import Severity
from recon_core.recipe import Recipe
from tests.marketplace import ajio
from tests.marketplace import books_of_months as months
from tests.months import make_month
from tests.raws import PLAIN, leg, raw, run, use


def told(net: list[str], claims: list[str]) -> list[str]:
    uses = [*PLAIN[:3], use("B", "amount", "net - claims")]
    ids = [f"O{at}" for at in range(len(net))]
    outcome = run(leg(uses), raw("a", {"id": ids, "amount": ["1.00"] * len(ids)}), raw("b", {"id": ids, "net": net, "claims": claims}))  # fmt: skip
    assert outcome.results
    lines = outcome.results["L"].lines
    assert lines.loc[lines["side"] == 1, "amount_raw"].tolist()[0] == "1.00"
    return [problem.raw for problem in outcome.problems if problem.code == "T-211"]


def test_an_empty_cell_of_a_sum_leaves_no_sign_behind():
    assert told(["1.00", "pending", "", "pending", "2.00"], ["", " ", "lost", "5.00", "1.00"]) == ["pending", "pending", "lost"]  # fmt: skip


def test_an_unreadable_amount_of_an_order_is_told_once():
    month = make_month(seed=3, orders=20)
    orders = months.orders(month)
    orders["line_total_incl_gst"][4] = "pending"
    files = {**months.files(month), "OMS": [raw("OMS", orders)]}
    recipe = months.recipe(month)
    found = ajio.reconcile(recipe, files)
    ours = [problem for problem in found.problems if problem.code == "T-211"]
    assert [(one.raw, one.where.row, one.where.column, one.severity) for one in ours] == [("pending", 6, "line_total_incl_gst", Severity.LEFT_OUT)]  # fmt: skip
    both = ajio.reconcile(
        ajio.recipe(1, legs=(*_two(recipe.legs),), market=recipe.market, lookups=()),
        {**files, "AJIO": [_portal(orders)]},
    )
    assert len([problem for problem in both.problems if problem.code == "T-211" and problem.where.file == "OMS.csv"]) == 1  # fmt: skip


def test_a_cell_of_a_sum_is_told_once_by_the_legs_that_read_it():
    """One leg reads net less claims, another the net alone: the cell is one, and is told in its own words."""
    frame = {"id": ["O1", "O2", "O3"], "net": ["1.00", "pending", "2.00"], "claims": ["", "0.50", "lost"]}
    legs = [leg([*PLAIN[:3], use("B", "amount", column)]) for column in ("net - claims", "net")]
    legs[1] = dataclasses.replace(legs[1], name="Again")
    ours = raw("a", {"id": ["O1", "O2", "O3"], "amount": ["1.00"] * 3})
    outcome = reconcile(Recipe(legs=tuple(legs)), {"a": [ours], "b": [raw("b", frame)]})
    found = [(one.raw, one.where.row, one.where.column) for one in outcome.problems if one.code == "T-211"]
    assert found == [("pending", 3, "net"), ("lost", 4, "claims")]


def _two(legs):
    orders = ajio.orders_leg()
    uses = tuple(one for one in orders.uses if one.meaning.value in ("id", "amount"))
    return (type(orders)(name=orders.name, a=orders.a, b=orders.b, within_minor=500, rules=orders.rules, uses=uses), *legs)  # fmt: skip


def _portal(orders):
    return raw("AJIO", {"Cust Order No": orders["order_no"], "Invoice Value": ["1.00"] * len(orders["order_no"])})
