"""How many rows were left out is counted in rows, each once, and each file says its own."""

from __future__ import annotations

import dataclasses

import pytest

from recon_core.engine import reconcile
from recon_core.market import Market, MarketUse, Role, Says
from recon_core.recipe import Recipe
from recon_core.reports.summary import rows_left_out
from tests.marketplace import books_of_months
from tests.months import make_month
from tests.raws import leg, raw, use


def test_rows_left_out_are_counted_as_rows_and_listed_for_each_file() -> None:
    """A fee column that is read wrongly in both files: every row with it is counted, not the 26 lines of Data checks."""
    month = make_month(8, 150, payouts=3)
    files = books_of_months.files(month)
    rows = []
    for at in (0, 1):
        one = files["Settlements"][at]
        is_order = (one.frame["Line Type"] == "Order").to_numpy().copy()
        is_order[-1] = False
        fee = one.frame["Fee: Fixed"].mask(is_order, "-999.00")
        files["Settlements"][at] = dataclasses.replace(one, frame=one.frame.assign(**{"Fee: Fixed": fee}))
        rows.append(int(is_order.sum()))
    outcome = reconcile(books_of_months.recipe(month), files)
    assert min(rows) > 25
    assert rows_left_out(outcome.results) == sum(rows)
    for at, n in enumerate(rows):
        mine = [one for one in outcome.problems if one.code == "T-261" and one.where.file == f"settlement_{at}.csv"]
        assert [one.where.row > 0 for one in mine] == [True] * 25 + [False]
        assert mine[-1].what.startswith(f"{n - 25:,} more rows")


@pytest.mark.parametrize(("handling", "named"), [(["-5.00", "-7.00", ""], True), (["-5.00", "-7.00", "-1.00"], False), (["-5.00", "7.00", ""], False)])  # fmt: skip
def test_an_unmapped_column_that_is_the_gap_is_named(handling: list[str], named: bool) -> None:
    """Rows 1 and 2 lack 5.00 and 7.00, the third adds up."""
    ids = ["O1", "O2", "O3"]
    uses = [MarketUse(role=role, source=source, meaning=meaning, column=column, form=form) for role, source, meaning, column, form in (
        (Role.ORDERS, "a", Says.ORDER, "id", ""), (Role.ORDERS, "a", Says.AMOUNT, "amount", ""), (Role.SETTLEMENTS, "b", Says.ORDER, "id", ""),
        (Role.SETTLEMENTS, "b", Says.ENTRY, "sale", "SALE"), (Role.SETTLEMENTS, "b", Says.NET, "paid", ""),
    )]  # fmt: skip
    one = leg([use("A", "id", "id"), use("A", "amount", "Expected net"), use("B", "id", "id"), use("B", "amount", "paid")])  # fmt: skip
    paid = {"id": ids, "paid": ["95.00", "93.00", "100.00"], "sale": ["100.00"] * 3, "Handling": handling}
    raws = {"a": [raw("a", {"id": ids, "amount": ["100.00"] * 3})], "b": [raw("b", paid)]}
    outcome = reconcile(Recipe(legs=(one,), market=Market(uses=tuple(uses), portal="P")), raws)
    found = [one for one in outcome.problems if one.code == "T-261"]
    assert len(found) == 2
    raws["b"] = [
        raw("b", paid | {"sale": ["0.00"] * 3})
    ]  # no row adds up: what is lacking could be any column, the net too
    outcome = reconcile(Recipe(legs=(one,), market=Market(uses=tuple(uses), portal="P")), raws)
    assert ["Map the column" in one.fix for one in outcome.problems if one.code == "T-261"] == [False] * 3
    assert [("'Handling'" in one.fix, "Correct the amounts" in one.fix) for one in found] == [(named, not named)] * 2
