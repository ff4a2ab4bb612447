"""Identities over random months: entries to lines, lines to payouts, payouts to the bank, the chain, and what was planted."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from recon_core.engine import reconcile
from recon_core.marketplace import Books
from recon_core.model import SKIP_CODE, Raw, Skip
from recon_core.money import apply_rate, to_minor, to_text
from tests.marketplace import ajio, books_of_months
from tests.months import CUSTOMER, TAX, Month, make_month, plain_charge

# seed, orders, payouts, share of each planted kind, whether the last payout is still on its way
MONTHS = (
    (1, 40, 2, 0.0, False), (2, 30, 2, 0.12, True), (3, 60, 4, 0.03, False), (4, 90, 5, 0.12, True), (5, 90, 3, 0.1, False), (6, 40, 5, 0.14, True),
    (7, 120, 4, 0.08, False), (8, 150, 4, 0.05, True), (9, 25, 3, 0.15, False), (10, 90, 2, 0.12, False), (11, 120, 4, 0.1, False), (12, 400, 5, 0.1, True),
)  # fmt: skip
PLUS = ("actual_net_minor", "fees_minor", "penalties_minor", "tax_on_fees_minor", "tcs_minor", "tds_minor", "returns_minor", "chargebacks_minor", "rto_value_minor", "outstanding_minor")  # fmt: skip
MINUS = ("claims_minor", "reserve_minor", "adjustments_minor", "overpaid_minor")


class Made(NamedTuple):
    """A month and its books."""

    month: Month
    books: Books


@cache
def some_month(at: int) -> Made:
    seed, orders, payouts, spoil, late = MONTHS[at]
    month = make_month(seed, orders, payouts=payouts, spoil=spoil, last_in_transit=late)
    return Made(month, ajio.reconciled(books_of_months.recipe(month), books_of_months.files(month))[0])


@pytest.fixture(params=range(len(MONTHS)), ids=[f"seed {one[0]}" for one in MONTHS])
def made(request: pytest.FixtureRequest) -> Made:
    return some_month(request.param)


def test_entries_add_up_to_lines_lines_to_payouts_payouts_to_the_bank(made: Made) -> None:
    month, books = made
    later = (month.payouts["day"] > month.as_of).any()
    assert [one.code for one in books.problems] == ["R-760"] * int(later)
    releases, payouts = books.releases, books.payouts
    lines = releases.groupby(["payout", "row"], observed=True)["amount_minor"].sum()
    for at, transfer in month.payouts.iterrows():
        mine = month.lines["net_minor"].to_numpy()[month.lines["payout"] == at]
        found = lines[lines.index.get_level_values(0) == transfer["settlement_id"]].to_numpy()
        assert sorted(found[found != 0]) == sorted(mine[mine != 0])
    ours = payouts[payouts["rows"] > 0].set_index("payout")
    truth = month.payouts.set_index("settlement_id").loc[ours.index]
    assert (ours["sum_minor"] == truth["total_minor"]).all()
    arrived = (truth["is_in_bank"] & (truth["day"] <= month.as_of)).to_numpy()  # credited on the payout's day
    away = np.where(
        month.as_of - truth["day"] <= 5, "In transit", "Missing in the bank"
    )  # the bank leg allows five days
    assert (ours["status"].to_numpy() == np.where(arrived, "Matched", away)).all()
    assert (ours["bank_minor"] == truth["total_minor"].where(arrived, 0)).all()
    parts = [
        name
        for name in ours.columns
        if name.endswith("_minor") and name not in ("sum_minor", "bank_minor", "difference_minor")
    ]
    sign = {
        name: 1 if name in ("sale_minor", "claims_minor", "reserve_minor", "adjustments_minor") else -1
        for name in parts
    }
    assert (sum(sign[name] * ours[name] for name in parts) == ours["sum_minor"]).all()


def test_the_chain_closes_for_every_order_and_in_total(made: Made) -> None:
    month, books = made
    orders = books.orders
    ours = orders["in_orders"].to_numpy()
    together = sum(orders[name] for name in PLUS) - sum(orders[name] for name in MINUS)
    assert (together[ours] == orders.loc[ours, "invoice_minor"]).all()
    chain = books.chain
    items = chain[chain["part"] == "Orders"].set_index("item")["amount_minor"]
    assert items["Order value"] == items.drop("Order value").sum()
    bank = chain[chain["part"] == "Bank"].set_index("item")["amount_minor"]
    cash = bank["Cash of our orders"] + bank["Cash of orders not in ours"] + bank["Lines without an order"]
    assert (
        cash
        == bank["Settlements"]
        == bank["Bank credits matched"] + bank["In transit"] + bank["Missing in the bank"]
        == month.lines["net_minor"].sum()
    )


def test_payment_is_what_is_true_of_the_month(made: Made) -> None:
    month, books = made
    orders, truth = books.orders.set_index("order_id"), month.orders.set_index("order_id")
    truth = truth.loc[orders.index]
    invoice = truth["invoice_minor"].to_numpy()
    assert (orders["invoice_minor"] == invoice).all()
    assert (orders["sale_minor"] == truth["received_minor"]).all()
    assert (orders["returns_minor"] + orders["chargebacks_minor"] == truth["refunded_minor"]).all()
    short = (invoice - truth["received_minor"] > 500) & ~truth["is_void"]
    assert ((orders["payment"] == "Awaiting payment") == short).all()
    assert ((orders["payment"] == "Void") == truth["is_void"]).all()


def test_the_audit_finds_exactly_what_was_planted(made: Made) -> None:
    month, books = made
    spoiled = month.orders.set_index("order_id")["spoiled"]
    planted = month.planted.assign(
        order_id=month.orders["order_id"].to_numpy()[month.lines["order"].to_numpy()[month.planted["line"]]]
    )
    planted = planted[planted["column"] != TAX]
    planted = (
        planted.assign(fee=planted["column"].str.removeprefix("Fee: "))
        .groupby(["order_id", "fee"])["extra_minor"]
        .sum()
    )
    fees = books.fees[books.fees["order_id"].map(spoiled).astype(str) != "double"]
    disputed = fees[(fees["status"] == "Disputed") & (fees["fee"] != "Tax")]
    found = disputed.set_index([disputed["order_id"].astype(str), disputed["fee"].astype(str)])["difference_minor"]
    assert found.to_dict() == planted.to_dict()
    failed = fees[fees["status"] == "Failed"]
    assert set(failed["order_id"].astype(str)) <= set(spoiled.index[spoiled == "chargeback"])
    claims = books.claims[books.claims["order_id"].map(spoiled).astype(str) != "double"]
    assert claims["over_minor"].sum() == planted.sum()
    taxed = month.planted.loc[month.planted["column"] == TAX, "extra_minor"].sum()
    assert abs(claims["tax_minor"].sum() - taxed) <= 100 * len(month.planted)  # a paisa of rounding a unit


def test_the_settlement_leg_agrees_with_the_figures(made: Made) -> None:
    orders = made.books.orders
    settled = orders[orders["has_lines"]]
    assert ((settled["leg_settlement"] == "Matched") == (settled["diff_minor"].abs() <= 500)).all()
    alone = orders[~orders["has_lines"]]
    assert (
        alone["leg_settlement"].astype(str) == np.where(alone["expected_net_minor"] == 0, "Matched", "Only in A")
    ).all()
    assert not orders["divergences"].str.contains("UNEXPLAINED").any()
    named = orders[(orders["leg_settlement"] == "Partially matched")]
    assert (named["divergences"] != "").all()


def test_expected_is_the_card_unit_by_unit(made: Made) -> None:
    """The plain reading: each unit by itself, sold or lost, and taken back where it came back."""
    month, books = made
    units = month.units
    status = month.orders["status"].to_numpy()[units["order"]]
    net = np.zeros(len(units), np.int64)
    sold = np.isin(status, ["Delivered", "Returned"])
    net += np.where(sold, sum(plain_charge(units, "sale").values()) + units["price_minor"].to_numpy(), 0)
    net += np.where(status == "RTO", sum(plain_charge(units, "rto").values()), 0)
    net += np.where(
        units["is_returned"], sum(plain_charge(units, "return").values()) - units["price_minor"].to_numpy(), 0
    )
    wanted = pd.Series(net).groupby(units["order_id"].to_numpy()).sum()
    got = books.orders.set_index("order_id")["expected_net_minor"]
    assert got.to_dict() == {one: int(wanted.get(one, 0)) for one in got.index}


def test_every_grain_of_the_commercial_view_is_the_same_money(made: Made) -> None:
    """Of orders of ours: terms add up to the fees of the items, and the orders listed hold the whole difference."""
    books = made.books
    found = books.commercial[books.commercial["is_ours"]]
    sums = found.groupby(["grain", "fee"])[["agreed_minor", "charged_minor", "difference_minor"]].sum()
    items, terms = sums.loc["item"], sums.loc["term"]
    assert terms.loc[terms.ne(0).any(axis=1)].equals(items.loc[items.ne(0).any(axis=1)])
    orders = found[found["grain"] == "order"]
    assert (orders["difference_minor"] != 0).all()
    assert orders["difference_minor"].sum() == items["difference_minor"].sum()
    assert not orders["name"].duplicated().any()


@pytest.mark.parametrize("seed", [2, 10])
def test_the_order_of_rows_and_files_decides_nothing(seed: int) -> None:
    month, books = some_month(seed)
    draw = np.random.default_rng(seed)
    given_files = books_of_months.files(month)
    mixed = {}
    for source, raws in given_files.items():
        mixed[source] = [shuffled(raw, draw) for raw in raws][::-1]
    again = ajio.reconciled(books_of_months.recipe(month), mixed)[0]
    for name in ("orders", "fees", "chain", "commercial", "divergences", "ageing", "claims"):
        pd.testing.assert_frame_equal(getattr(books, name).astype(str), getattr(again, name).astype(str))
    keys = ["payout", "order_id", "item", "type", "amount_minor"]
    assert sorted(books.releases[keys].astype(str).agg("|".join, axis=1)) == sorted(
        again.releases[keys].astype(str).agg("|".join, axis=1)
    )


def shuffled(raw, draw: np.random.Generator):
    order = draw.permutation(len(raw.frame))
    return dataclasses.replace(raw, frame=raw.frame.take(order).reset_index(drop=True))


def with_broken_lines(seed: int) -> tuple[Month, dict[str, list[Raw]], set[tuple[str, int]]]:
    """A month of which up to three settlement lines have a fee of 7.00 more, their net unchanged; where these stand."""
    month, _ = some_month(seed)
    files, draw = books_of_months.files(month), np.random.default_rng(seed)
    broken = set()
    for at in draw.choice(len(files["Settlements"]), min(3, len(files["Settlements"])), replace=False):
        one = files["Settlements"][at]
        frame = one.frame.copy()
        row = int(draw.choice(np.flatnonzero(frame["Line Type"] == "Order")))
        frame.loc[row, "Fee: Fixed"] = to_text(to_minor(frame.loc[row, "Fee: Fixed"] or "0") - 70_000)
        files["Settlements"][at] = dataclasses.replace(one, frame=frame)
        broken.add((one.file, int(one.row[row])))
    return month, files, broken


@pytest.mark.parametrize("seed", range(len(MONTHS)))
def test_no_order_is_matched_by_money_that_does_not_count(seed: int) -> None:
    """Each line of the settlement leg is on Releases, or skipped for what it is; one that does not add up is nowhere green."""
    month, files, broken = with_broken_lines(seed)
    outcome = reconcile(books_of_months.recipe(month), files)
    books, result = outcome.books, outcome.results["Settlements"]
    assert books is not None
    lines = result.lines[result.lines["side"] == 1]
    place = pd.Series([(result.files[file].file, row) for file, row in zip(lines["file"], lines["row"], strict=True)], index=lines.index)  # fmt: skip
    assert set(place[lines["skip"] == SKIP_CODE[Skip.OFF_SUM]]) == broken
    assert {(one.where.file, one.where.row) for one in outcome.problems if one.code == "T-261"} == broken
    counted = {(result.files[file].file, row) for file, row in zip(books.releases["file"], books.releases["row"], strict=True)}  # fmt: skip
    live = set(place[(lines["skip"] == 0) & (lines["amount_minor"] != 0)])
    assert live <= counted
    assert not counted & broken
    orders = books.orders.set_index("order_id")
    cash = lines[lines["skip"] == 0].groupby("key")["amount_minor"].sum()
    green = orders[(orders["leg_settlement"] == "Matched") & orders["has_lines"]]
    assert (green["actual_net_minor"] - green["claims_minor"] == cash.reindex(green.index).fillna(0)).all()
    hit = orders.loc[sorted(set(lines.loc[lines["skip"] == SKIP_CODE[Skip.OFF_SUM], "key"]))]
    open_ones = hit[(hit["diff_minor"].abs() > 500)]
    assert len(open_ones)
    assert (open_ones["leg_settlement"] != "Matched").all()


def test_the_payout_of_a_line_that_does_not_add_up_is_not_what_the_bank_credited() -> None:
    month, books = some_month(2)
    files = books_of_months.files(month)
    first = files["Settlements"][0]
    frame = first.frame.copy()
    at = int(np.flatnonzero(frame["Line Type"] == "Order")[0])
    frame.loc[at, "Fee: Fixed"] = "-18.00"
    files["Settlements"][0] = dataclasses.replace(first, frame=frame)
    again, results = ajio.reconciled(books_of_months.recipe(month), files)
    assert [one.code for one in again.problems] == ["X-801", "R-760"]
    (row,) = results["Settlements"].lines.loc[results["Settlements"].lines["skip"] == SKIP_CODE[Skip.OFF_SUM], "row"]
    assert row == int(first.row[at])
    assert len(again.releases) < len(books.releases)
    changed = again.payouts.iloc[0]
    assert changed["status"] == "Amount differs"
    assert changed["difference_minor"] != 0


def test_the_tax_of_a_claim_is_that_of_the_fee() -> None:
    _, books = some_month(10)
    claims = books.claims[books.claims["fee"] != "Tax"]
    assert len(claims)
    assert (claims["tax_minor"].to_numpy() == apply_rate(claims["over_minor"].to_numpy(), 180_000)).all()
    assert (claims["total_minor"] == claims["over_minor"] + claims["tax_minor"]).all()
    assert CUSTOMER not in claims.columns
