"""Figures that a check by hand found wrong: fees of an order with GST by the day, and what stands beside them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from recon_core.dates import to_date
from recon_core.money import grouped, to_minor, to_text
from tests.marketplace import ajio, books_of_months
from tests.marketplace.test_owed import owed
from tests.months import NET, TAX, make_month

GST = {"Fee": "GST on fees", "Portal": "", "%": "18"}
SUMS = ["over_minor", "tax_minor", "total_minor"]


@pytest.mark.parametrize("per", ["order", "item", "unit"])
@pytest.mark.parametrize("stated", ["18", ""])
def test_gst_left_empty_is_that_of_the_day_whatever_a_fee_is_charged_on(per: str, stated: str) -> None:
    """10.00 and 18 % of it: the card of GST on fees serves fees charged once an order as it serves the others."""
    fee = {"Fee": "Closing", "Fixed": "10.00", "Per": per, "GST %": stated}
    nets = owed(["A ~ S 1 50.00 Delivered", "B ~ S 1 20.00 Delivered"], [], fee, GST)
    assert (nets[0], nets[3]) == (["38.20", "8.20"], [])


def test_gst_of_an_order_fee_is_not_known_where_no_card_says() -> None:
    nets = owed(["A ~ S 1 50.00 Delivered"], [], {"Fee": "Closing", "Fixed": "10.00", "Per": "order", "GST %": ""})
    assert (nets[0], nets[3]) == (["50.00"], ["R-750"])


@pytest.mark.parametrize("per", ["unit", "order"])
@pytest.mark.parametrize(("base", "net"), [("price incl. GST", "88.20"), ("collected", "100.00"), ("net of discount", "100.00")])  # fmt: skip
def test_a_base_that_no_column_says_is_not_known(per: str, base: str, net: str) -> None:
    """Not silently the price: 10 % of 100.00 and GST are expected only where the base is."""
    nets = owed(["A ~ S 1 100.00 Delivered"], [], {"Fee": "Commission", "Base": base, "%": "10", "Per": per, "GST %": "18"})  # fmt: skip
    assert (nets[0], nets[3]) == ([net], [] if net == "88.20" else ["R-750"])


@pytest.mark.parametrize("base", ["collected", "net of discount"])
def test_a_price_band_of_an_amount_that_no_column_says_is_not_known(base: str) -> None:
    fee = {"Fee": "Closing", "Fixed": "10.00", "Price to": "500", "Price of": base}
    nets = owed(["A ~ S 1 100.00 Delivered"], [], fee)
    assert (nets[0], nets[3]) == (["100.00"], ["R-750"])


def settled(seed: int, spoil_line: bool, credit_minor: int = 0, within_minor: int = 0):
    """Books of a month whose first payout has a line that does not add up (its fee is 1.00 more), or a credit that is more."""
    month = make_month(seed, 90, payouts=3)
    files = books_of_months.files(month)
    if spoil_line:
        first = files["Settlements"][0]
        frame = first.frame.copy()
        at = int(np.flatnonzero(frame["Line Type"] == "Order")[0])
        frame.loc[at, "Fee: Fixed"] = to_text(to_minor(frame.loc[at, "Fee: Fixed"] or "0") - 10_000)
        files["Settlements"][0] = dataclasses.replace(first, frame=frame)
    bank = files["Bank"][0]
    frame = bank.frame.copy()
    at = int(np.flatnonzero(frame["Chq./Ref.No."] == month.payouts["utr"][0])[0])
    frame.loc[at, "Deposit Amt."] = to_text(to_minor(frame.loc[at, "Deposit Amt."]) + credit_minor)
    files["Bank"] = [dataclasses.replace(bank, frame=frame)]
    recipe = books_of_months.recipe(month)
    leg = recipe.legs[1]
    rules = tuple(dataclasses.replace(rule, within_minor=within_minor) for rule in leg.rules)
    recipe = dataclasses.replace(recipe, legs=(recipe.legs[0], dataclasses.replace(leg, rules=rules, within_minor=within_minor)))  # fmt: skip
    return month, ajio.reconciled(recipe, files)[0]


@pytest.mark.parametrize("seed", range(20, 26))
def test_a_payout_is_matched_only_where_its_credit_is_the_lines_that_count(seed: int) -> None:
    """The bank leg adds up rows as printed and is green; the line that is left out is not in the payout."""
    month, books = settled(seed, spoil_line=True)
    total = month.payouts["total_minor"].tolist()
    assert books.payouts["status"].tolist()[:3] == ["Amount differs", "Matched", "Matched"]
    one, chain = books.settlements.iloc[0], books.chain.set_index(["part", "item"])["amount_minor"]
    assert (one["state"], bool(one["differs"])) == ("Open", True)
    assert books.settlements["state"].tolist()[1:] == ["Finalized", "Finalized"]
    assert (chain["Bank", "Bank credits matched"], chain["Bank", "Bank credits that differ"]) == (
        sum(total[1:]),
        total[0],
    )
    assert chain["Bank", "Settlements"] == sum(total) - one["gap_minor"] != sum(total)
    assert "X-801" in [problem.code for problem in books.problems]


@pytest.mark.parametrize(("more", "status"), [(10_000, "Matched"), (-10_000, "Matched"), (10_100, "Amount differs")])
def test_a_credit_within_the_tolerance_of_the_bank_is_matched(more: int, status: str) -> None:
    _, books = settled(27, spoil_line=False, credit_minor=more, within_minor=10_000)
    one = books.settlements.iloc[0]
    assert (one["status"], one["state"], one["gap_minor"]) == (status, "Finalized" if status == "Matched" else "Open", more)  # fmt: skip


@pytest.mark.parametrize("seed", [10, 12, 31, 32])
@pytest.mark.parametrize("taken", [0, 40, 100])
def test_gst_that_was_not_taken_is_not_claimed_back(seed: int, taken: int) -> None:
    """Of the GST on what was charged beyond the card the portal took so many per cent; no claim asks for more."""
    month = make_month(seed, 120, payouts=2, spoil=0.1)
    recipe, files = books_of_months.recipe(month), books_of_months.files(month)
    whole = ajio.reconciled(recipe, files)[0].claims
    before = whole[whole["fee"].astype("str") == "Commission"].set_index("order_id")
    assert len(before)
    back = {}
    for at, file in enumerate(files["Settlements"]):
        frame = file.frame.copy()
        for order, claim in before.iterrows():
            rows = np.flatnonzero((frame["Order ID"].str.strip() == order) & (frame[TAX] != "") & (frame["Line Type"] == "Order"))  # fmt: skip
            if len(rows) and order not in back:
                back[order] = int(claim["tax_minor"]) * (100 - taken) // 10_000 * 100
                for name in (TAX, NET):
                    frame.loc[rows[0], name] = to_text(to_minor(frame.loc[rows[0], name]) + back[order])
        files["Settlements"][at] = dataclasses.replace(file, frame=frame)
    assert back
    after = ajio.reconciled(recipe, files)[0].claims.groupby("order_id")[SUMS].sum()
    whole = whole.groupby("order_id")[SUMS].sum()
    for order, minor in back.items():
        wanted = whole.loc[order].to_numpy() - [0, minor, minor]
        assert np.abs(after.loc[order].to_numpy() - wanted).max() <= 100  # GST of several lines is rounded line by line
    others = whole.index.difference(list(back))
    assert (after.loc[others] == whole.loc[others]).all(axis=None)


@pytest.mark.parametrize("seed", [3, 5, 40])
def test_a_payout_after_the_as_of_day_is_said_and_not_green(seed: int) -> None:
    """As of the eve of the second payout: it and the third are on their way, whatever the bank statement goes on to say."""
    month = make_month(seed, 90, payouts=3)
    recipe, files = books_of_months.recipe(month), books_of_months.files(month)
    cut = int(month.payouts["day"][1]) - 1
    books = ajio.reconciled(dataclasses.replace(recipe, as_of=to_date(cut)), files)[0]
    total = month.payouts["total_minor"].tolist()
    assert [one.code for one in books.problems] == ["R-760"]
    assert f"2 payouts of {grouped(sum(total[1:]))}" in books.problems[0].what
    assert books.payouts["status"].tolist()[:3] == ["Matched", "In transit", "In transit"]
    assert books.payouts["bank_minor"].tolist()[:3] == [total[0], 0, 0]
    assert books.settlements["state"].tolist() == ["Finalized", "Open", "Open"]
    chain = books.chain.set_index(["part", "item"])["amount_minor"]
    assert (chain["Bank", "Bank credits matched"], chain["Bank", "In transit"]) == (total[0], sum(total[1:]))
    whole = ajio.reconciled(recipe, files)[0]
    assert (whole.problems, set(whole.payouts["status"][:3])) == ((), {"Matched"})
    assert (books.orders["actual_net_minor"] == whole.orders["actual_net_minor"]).all()  # nothing is left out


def test_the_day_itself_is_not_after_it_and_without_a_chosen_day_nothing_is() -> None:
    month = make_month(41, 60, payouts=2)
    recipe, files = books_of_months.recipe(month), books_of_months.files(month)
    for day in (to_date(int(month.payouts["day"][1])), None):
        books = ajio.reconciled(dataclasses.replace(recipe, as_of=day), files)[0]
        assert (books.problems, set(books.payouts["status"][:2])) == ((), {"Matched"})


@pytest.mark.parametrize("seed", [3, 5, 12])
def test_an_order_of_which_nothing_is_open_is_neither_short_nor_not_due(seed: int) -> None:
    """A return that is taken back twice: the order awaits payment, its sale was paid in full."""
    month = make_month(seed, 90, payouts=3)
    recipe, files = books_of_months.recipe(month), books_of_months.files(month)
    doubled = set()
    for at, file in enumerate(files["Settlements"]):
        frame = file.frame
        back = frame[(frame["Line Type"] == "Return") & ~frame["Order ID"].isin(doubled)].drop_duplicates("Order ID")
        doubled |= set(back["Order ID"].str.strip())
        again = back.assign(**{"Invoice No": "", "AWB": ""})  # else it is a copy of the row, which counts once
        row = np.concatenate([file.row, np.arange(len(again)) + int(file.row.max()) + 1])
        frame = pd.concat([frame, again], ignore_index=True)
        files["Settlements"][at] = dataclasses.replace(file, frame=frame, row=row)
    orders = ajio.reconciled(recipe, files)[0].orders.set_index("order_id")
    mine = orders.loc[orders.index.intersection(list(doubled))]
    mine = mine[mine["divergences"].str.contains("DOUBLE_RETURN_CHARGE") & (mine["outstanding_minor"] == 0)]
    assert (mine["payment"] == "Awaiting payment").any()
    assert not mine["divergences"].str.contains("SHORT_PAYMENT|NOT_DUE|NOT_SETTLED").any()
    assert not mine["tags"].str.contains("not due|overdue|no due date").any()


def test_a_claim_of_an_over_paid_order_says_so() -> None:
    month = make_month(12, 400, payouts=5, spoil=0.1)
    books = ajio.reconciled(books_of_months.recipe(month), books_of_months.files(month))[0]
    orders = books.orders.set_index("order_id")
    over = orders["overpaid_minor"].loc[books.claims["order_id"].astype("str")].to_numpy() > 500
    said = books.claims["card"].astype("str").str.endswith("may go back with the payment").to_numpy()
    assert over.any()
    assert not over.all()
    assert (over == said).all()
