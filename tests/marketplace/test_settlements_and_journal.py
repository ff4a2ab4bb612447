"""Settlements and journal over random months: what a payout paid is split by cause until nothing is left, and its vouchers balance to the paisa."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import pytest

from recon_core.marketplace import Books
from recon_core.marketplace.words import CAUSES
from recon_core.money import to_minor
from recon_core.posting import Account, Accounts
from tests.marketplace import ajio, books_of_months
from tests.marketplace.test_laws import MONTHS
from tests.months import Month, make_month

LEDGERS = {
    "PAYOUT": "Clearing", "BANK": "Bank", "SALE": "Debtors", "RETURN_SALE": "Debtors", "COMMISSION": "Commission", "RETURN_COMMISSION": "Commission",
    "SHIP": "Logistics", "RETURN_SHIP": "Logistics", "FIXED": "Fixed fees", "Fee: Chargeback": "Chargeback fees", "TAX_ON_FEE": "Input GST",
    "TCS": "TCS", "TDS": "TDS", "PENALTY": "Penalties", "CHARGEBACK": "Chargebacks", "RESERVE": "Reserve", "ROUNDING": "Rounding",
}  # fmt: skip
BY_ORDER = ("SALE", "RETURN_SALE")


def accounts(without: tuple[str, ...] = (), by_order: tuple[str, ...] = ()) -> Accounts:
    rows = [Account(entry=entry, name=name, by_order=entry in by_order) for entry, name in LEDGERS.items() if entry not in without]  # fmt: skip
    return Accounts(rows=tuple(rows))


def books(month: Month, ledgers: Accounts | None, files: dict | None = None) -> Books:
    recipe = books_of_months.recipe(month)
    assert recipe.market is not None
    market = dataclasses.replace(recipe.market, accounts=ledgers)
    return ajio.reconciled(dataclasses.replace(recipe, market=market), files or books_of_months.files(month))[0]


@cache
def made(at: int) -> tuple[Month, Books]:
    seed, orders, payouts, spoil, late = MONTHS[at]
    month = make_month(seed, orders, payouts=payouts, spoil=spoil, last_in_transit=late)
    return month, books(month, accounts(by_order=BY_ORDER if at % 2 else ()))


@pytest.fixture(params=range(len(MONTHS)), ids=[f"seed {one[0]}" for one in MONTHS])
def some(request: pytest.FixtureRequest) -> tuple[Month, Books]:
    return made(request.param)


def test_differences_of_an_order_are_its_difference_and_those_of_a_payout_its_own(some: tuple[Month, Books]) -> None:
    month, found = some
    differences, orders, payouts = found.differences, found.orders, found.settlements
    alone = differences["order"] < 0
    by_order = differences[~alone].groupby("order")["difference_minor"].sum().reindex(range(len(orders)), fill_value=0)
    assert (by_order.to_numpy() == np.where(orders["has_lines"], orders["diff_minor"], 0)).all()
    by_payout = differences.groupby("payout")["difference_minor"].sum().reindex(range(len(payouts)), fill_value=0)
    assert (by_payout.to_numpy() == payouts["difference_minor"]).all()
    assert (payouts["expected_minor"] + payouts["difference_minor"] == payouts["sum_minor"]).all()
    truth = month.payouts.set_index("settlement_id")["total_minor"]
    assert (payouts.set_index("payout")["sum_minor"] == truth.loc[payouts["payout"]]).all()
    settled = orders.loc[orders["has_lines"], "expected_net_minor"].sum()
    assert payouts["expected_minor"].sum() == settled


def test_nothing_is_left_unexplained_and_a_cause_is_only_where_something_differs(some: tuple[Month, Books]) -> None:
    month, found = some
    differences = found.differences
    causes = differences["cause"].astype("str")
    assert set(causes) <= set(map(str, CAUSES)) - {"UNEXPLAINED"}
    assert (differences["difference_minor"] != 0).all() or (differences.loc[differences["difference_minor"] == 0, "order"] < 0).all()  # fmt: skip
    spoiled = month.orders.set_index("order_id")["spoiled"]
    status = month.orders.set_index("order_id")["status"]
    plain = differences[(differences["order"] >= 0) & (causes != "PENDING") & (causes != "RETURN_NOT_SETTLED")]
    ids = plain["order_id"].astype("str")
    assert (ids.map(spoiled) != "").all(), plain[(ids.map(spoiled) == "").to_numpy()]
    waits = differences.loc[causes == "RETURN_NOT_SETTLED", "order_id"].astype("str")
    assert (waits.map(status) == "Returned").all()
    of_orders = differences["order_id"].astype("str").map(spoiled)
    assert set(causes[of_orders == "chargeback"]) == {"CHARGEBACK", "FEE_UNCONFIGURED"} or not (of_orders == "chargeback").any()  # fmt: skip


def test_what_was_planted_is_named_to_the_paisa(some: tuple[Month, Books]) -> None:
    month, found = some
    planted = month.planted.assign(order_id=month.orders["order_id"].to_numpy()[month.lines["order"].to_numpy()[month.planted["line"]]])  # fmt: skip
    planted = planted[planted["column"].str.startswith("Fee: ")]
    over = (
        planted.assign(fee=planted["column"].str.removeprefix("Fee: "))
        .groupby(["order_id", "fee"])["extra_minor"]
        .sum()
    )
    differences = found.differences[found.differences["cause"].astype("str") == "FEE_OVERCHARGE"]
    spoiled = month.orders.set_index("order_id")["spoiled"]
    mine = differences[(differences["what"] != "Tax on fees") & (differences["order_id"].astype("str").map(spoiled) == "overcharge")]  # fmt: skip
    assert (
        -mine.set_index([mine["order_id"].astype("str"), mine["what"].astype("str")])["difference_minor"]
    ).to_dict() == over.to_dict()
    taxes = differences[(differences["what"] == "Tax on fees") & (differences["order_id"].astype("str").map(spoiled) == "overcharge")]  # fmt: skip
    assert set(taxes["order_id"].astype("str")) == set(
        over.index.get_level_values(0)
    )  # GST on an overcharge has its cause


def test_the_state_of_a_payout(some: tuple[Month, Books]) -> None:
    month, found = some
    truth = month.payouts.set_index("settlement_id").loc[found.settlements["payout"]]
    arrived = (truth["is_in_bank"] & (truth["day"] <= month.as_of)).to_numpy()
    assert (found.settlements["state"].to_numpy() == np.where(arrived, "Finalized", "Open")).all()
    assert (found.settlements["gap_minor"] == 0).all()


def test_every_voucher_balances_and_equals_its_payout(some: tuple[Month, Books]) -> None:
    _, found = some
    journal, payouts = found.journal, found.settlements
    assert found.refusals == {}
    assert (journal["amount_minor"] % 100 == 0).all()
    assert (journal.groupby(["payout", "voucher"])["amount_minor"].sum() == 0).all()
    clearing = journal[(journal["entry"] == "PAYOUT") & (journal["voucher"] == "Journal")].set_index("payout")
    assert (clearing["amount_minor"] == payouts["sum_minor"].loc[clearing.index]).all()
    assert sorted(clearing.index) == [at for at, total in enumerate(payouts["sum_minor"]) if total]
    bank = journal[journal["entry"] == "BANK"].set_index("payout")["amount_minor"]
    assert bank.to_dict() == payouts.loc[payouts["has_bank"], "bank_minor"].to_dict()
    assert set(journal["account"]) <= set(LEDGERS.values())


def test_the_journal_ties_to_the_releases_and_to_the_money_chain(some: tuple[Month, Books]) -> None:
    _, found = some
    journal, releases = found.journal, found.releases
    number = {name: at for at, name in enumerate(found.settlements["payout"])}
    key = [releases["payout"].astype("str").map(number), releases["type"].astype("str")]
    wanted = releases.groupby(key)["amount_minor"].sum()
    posted = journal[~journal["entry"].isin(["PAYOUT", "BANK", "ROUNDING"])].groupby(["payout", "entry"])["amount_minor"].sum()  # fmt: skip
    assert {at: -minor for at, minor in posted.items()} == {at: minor for at, minor in wanted.items() if minor}
    chain = found.chain.set_index(["part", "item"])["amount_minor"]
    clearing = journal[journal["account"] == "Clearing"]["amount_minor"].sum()
    assert clearing == chain["Bank", "In transit"] + chain["Bank", "Missing in the bank"]
    debits = journal[(journal["entry"] == "PAYOUT") & (journal["voucher"] == "Journal")]["amount_minor"].sum()
    assert debits == chain["Bank", "Settlements"]
    assert journal[journal["account"] == "Bank"]["amount_minor"].sum() == chain["Bank", "Bank credits matched"]


def test_posting_by_order_changes_no_total() -> None:
    month, _ = made(3)
    one, many = books(month, accounts()), books(month, accounts(by_order=BY_ORDER))
    sums = [found.journal.groupby(["payout", "account", "entry"])["amount_minor"].sum() for found in (one, many)]
    pd.testing.assert_series_equal(*sums)
    sales = many.journal[many.journal["entry"] == "SALE"]
    assert len(sales) > len(month.payouts)
    assert (sales["order"] >= 0).all()
    assert (one.journal["order"] == -1).all()


def test_the_order_of_rows_and_files_changes_no_voucher_and_no_key() -> None:
    from tests.marketplace.test_laws import shuffled

    month, found = made(5)
    draw = np.random.default_rng(5)
    mixed = {source: [shuffled(raw, draw) for raw in raws][::-1] for source, raws in books_of_months.files(month).items()}  # fmt: skip
    again = books(month, accounts(by_order=BY_ORDER), mixed)
    pd.testing.assert_frame_equal(found.journal, again.journal)
    pd.testing.assert_frame_equal(found.differences.astype(str), again.differences.astype(str))


def test_keys_tell_which_lines_a_posting_stands_for() -> None:
    month, _ = made(2)
    files = books_of_months.files(month)
    first = files["Settlements"][0]
    frame = first.frame.drop(index=int(np.flatnonzero(first.frame["Line Type"] == "Order")[0])).reset_index(drop=True)
    files["Settlements"][0] = dataclasses.replace(first, frame=frame, row=first.row[: len(frame)])
    again = books(month, accounts(), files)
    before, after = (one.journal.set_index(["payout", "voucher", "entry"])["key"] for one in (books(month, accounts()), again))  # fmt: skip
    assert before[0, "Journal", "SALE"] != after[0, "Journal", "SALE"]
    assert before[1, "Journal", "SALE"] == after[1, "Journal", "SALE"]


def test_an_entry_without_an_account_keeps_its_payouts_out_and_no_others() -> None:
    month, whole = made(5)
    found = books(month, accounts(without=("PENALTY",), by_order=BY_ORDER))
    hit = month.lines.loc[np.flatnonzero(month.amounts["Fee: Penalty"]), "payout"].unique().tolist()
    assert {at: list(missing) for at, missing in found.refusals.items()} == {at: ["PENALTY"] for at in hit}
    assert [one.code for one in found.problems] == ["R-760", "X-803"]  # its last payout is after the as-of day
    stays = ~whole.journal["payout"].isin(hit)
    pd.testing.assert_frame_equal(found.journal, whole.journal[stays].reset_index(drop=True))


def test_sales_of_orders_that_are_not_ours_go_to_an_account_of_their_own() -> None:
    rows = (*accounts().rows, Account(entry="SALE (not ours)", name="Suspense"))
    month, _ = made(2)
    files = books_of_months.files(month)
    ours = files["OMS"][0]
    settled = min(month.orders.loc[month.orders["received_minor"] > 0, "order_id"])
    stays = (ours.frame["order_no"] != settled).to_numpy()
    files["OMS"] = [dataclasses.replace(ours, frame=ours.frame[stays].reset_index(drop=True), row=ours.row[: stays.sum()])]  # fmt: skip
    apart, together = books(month, Accounts(rows=rows), files), books(month, accounts(), files)
    mine = apart.journal[apart.journal["account"] == "Suspense"]
    received = int(month.orders.set_index("order_id")["received_minor"][settled])
    assert -mine["amount_minor"].sum() == received
    assert set(mine["entry"]) == {"SALE (not ours)"}
    assert "Suspense" not in set(together.journal["account"])
    unknown = apart.differences[apart.differences["order_id"].astype("str") == settled]
    assert set(unknown["cause"].astype("str")) == {"UNKNOWN_ORDER"}
    assert (unknown["expected_minor"] == 0).all()


def test_parts_of_a_paisa_go_to_rounding() -> None:
    month, _ = made(2)
    files = books_of_months.files(month)
    first = files["Settlements"][0]
    frame = first.frame.copy()
    at = int(np.flatnonzero(frame["Line Type"] == "Order")[0])
    frame.loc[at, "Fee: Fixed"] = f"{to_minor(frame.loc[at, 'Fee: Fixed']) / 10_000 - 0.004:.3f}"
    frame.loc[at, "TCS"] = f"{to_minor(frame.loc[at, 'TCS']) / 10_000 - 0.004:.3f}"
    frame.loc[at, "Amount paid to you"] = f"{to_minor(frame.loc[at, 'Amount paid to you']) / 10_000 - 0.008:.3f}"
    files["Settlements"][0] = dataclasses.replace(first, frame=frame)
    found = books(month, accounts(), files)
    mine = found.journal[(found.journal["payout"] == 0) & (found.journal["voucher"] == "Journal")]
    assert mine["amount_minor"].sum() == 0
    assert (mine["amount_minor"] % 100 == 0).all()
    assert abs(int(mine.loc[mine["entry"] == "ROUNDING", "amount_minor"].sum())) == 100
    refused = books(month, accounts(without=("ROUNDING",)), files)
    assert {at: list(missing) for at, missing in refused.refusals.items()} == {0: ["ROUNDING"]}


def test_without_accounts_there_is_no_journal_and_no_complaint() -> None:
    month, _ = made(0)
    found = books(month, None)
    assert (len(found.journal), found.has_accounts, found.problems) == (0, False, ())


def test_a_payout_whose_credit_is_another_amount_is_named_and_stays_open() -> None:
    month, _ = made(0)
    files = books_of_months.files(month)
    bank = files["Bank"][0]
    frame = bank.frame.copy()
    at = int(np.flatnonzero(frame["Chq./Ref.No."] == month.payouts["utr"][0])[0])
    less = to_minor(frame.loc[at, "Deposit Amt."]) - 70_000
    frame.loc[at, "Deposit Amt."] = f"{less / 10_000:.2f}"
    files["Bank"] = [dataclasses.replace(bank, frame=frame)]
    found = books(month, accounts(), files)
    assert [(one.code, one.raw) for one in found.problems] == [("X-801", month.payouts["settlement_id"][0])]
    one = found.settlements.iloc[0]
    assert (one["state"], one["gap_minor"], one["status"]) == ("Open", -70_000, "Amount differs")
    clearing = found.journal[(found.journal["account"] == "Clearing") & (found.journal["payout"] == 0)]
    assert clearing["amount_minor"].sum() == 70_000  # what is still to come stays on the clearing account


def test_april_ties() -> None:
    """The sample month with the accounts that its recipe ships."""
    import tomllib

    from recon_core.posting import entry_of
    from workbook_templates import recipe_path

    rows = tomllib.loads(recipe_path("ajio_marketplace").read_text(encoding="utf-8"))["Accounts"]
    shipped = Accounts(rows=tuple(Account(entry=str(entry_of(row["Entry"])), name=row["Account"]) for row in rows))
    for run in (1, 2):
        market = dataclasses.replace(ajio.market(), accounts=shipped)
        found = ajio.reconciled(ajio.recipe(run, market=market), ajio.sources(run), ajio.supporting())[0]
        assert found.refusals == {}
        bank = ajio.expected(f"bank_run{run}.csv")
        settled = bank[bank["settlement_id"].str.startswith("FNSET")].set_index("settlement_id")["settlement_total"]
        clearing = found.journal[(found.journal["entry"] == "PAYOUT") & (found.journal["voucher"] == "Journal")]
        names = found.settlements["payout"].take(clearing["payout"])
        assert dict(zip(names, clearing["amount_minor"], strict=True)) == {name: to_minor(text) for name, text in settled.items()}  # fmt: skip
        assert "UNEXPLAINED" not in set(found.differences["cause"].astype("str"))
