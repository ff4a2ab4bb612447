"""Cells of settlement files that are no amounts, and files whose signs are turned."""

from __future__ import annotations

import pytest

from recon_core.engine import reconcile
from recon_core.market import Market, MarketUse, Role, Says
from recon_core.problems import Problem
from recon_core.recipe import Recipe
from tests.raws import leg, raw, use


def said(sales: list[str], fees: list[str], *, net: list[str] | None = None, kinds: list[str] | None = None) -> list[Problem]:  # fmt: skip
    """Settlement rows (n) of a file with a sale, a commission and perhaps a net -> problems with a code of this file."""
    ids = [f"O{number}" for number in range(len(sales))]
    uses = [MarketUse(role=role, source=source, meaning=meaning, column=column, form=form) for role, source, meaning, column, form in (
        (Role.ORDERS, "a", Says.ORDER, "id", ""), (Role.ORDERS, "a", Says.AMOUNT, "amount", ""), (Role.SETTLEMENTS, "b", Says.ORDER, "id", ""),
        (Role.SETTLEMENTS, "b", Says.ENTRY, "sale", "SALE"), (Role.SETTLEMENTS, "b", Says.ENTRY, "fee", "COMMISSION"), (Role.SETTLEMENTS, "b", Says.LINE_TYPE, "kind", ""),
    )]  # fmt: skip
    columns = {"id": ids, "sale": sales, "fee": fees, "paid": net or ["90.00"] * len(ids), "kind": kinds or ["Order"] * len(ids)}  # fmt: skip
    if net:
        uses.append(MarketUse(role=Role.SETTLEMENTS, source="b", meaning=Says.NET, column="paid"))
    one = leg([use("A", "id", "id"), use("A", "amount", "Expected net"), use("B", "id", "id"), use("B", "amount", "paid")])  # fmt: skip
    raws = {"a": [raw("a", {"id": ids, "amount": ["100.00"] * len(ids)})], "b": [raw("b", columns)]}
    outcome = reconcile(Recipe(legs=(one,), market=Market(uses=tuple(uses), portal="P")), raws)
    return [one for one in outcome.problems if one.code in ("T-296", "T-297", "T-261")]


def test_an_unreadable_fee_stops_where_the_net_is_the_sum_of_the_entries():
    (problem,) = said(["100.00", "100.00"], ["-10.00", "n.a?"])
    assert (problem.code, problem.severity, problem.raw) == ("T-296", "stop", "n.a?")
    assert str(problem.where) == "b.csv row 3, fee"


def test_an_empty_fee_is_nothing():
    assert said(["100.00", "100.00"], ["-10.00", ""]) == []


@pytest.mark.parametrize(("net", "codes"), [("100.00", []), ("90.00", ["T-261"])])
def test_where_the_file_has_a_net_the_sum_is_tested(net: str, codes: list[str]) -> None:
    assert [one.code for one in said(["100.00", "100.00"], ["-10.00", "n.a?"], net=["90.00", net])] == codes


def test_a_file_whose_sales_are_all_negative_stops():
    (problem,) = said(["-100.00"] * 4, ["10.00"] * 4, net=["-90.00"] * 4)
    assert (problem.code, problem.severity) == ("T-297", "stop")
    assert "4 lines, together -400.00" in problem.what


@pytest.mark.parametrize(("sales", "kinds"), [
    (["-100.00", "-100.00"], ["Order"] * 2),  # too few to say
    (["-100.00"] * 4 + ["100.00"], ["Order"] * 5),
    (["-100.00"] * 4, ["Return"] * 4),
])  # fmt: skip
def test_a_file_of_reversals_is_none(sales: list[str], kinds: list[str]) -> None:
    assert said(sales, ["0.00"] * len(sales), net=sales, kinds=kinds) == []
