"""Orders that were charged exactly right show no difference on Commercial; by item only where the lines name items, else over all items."""

from __future__ import annotations

import dataclasses

import pytest

from recon_core.model import Raw
from tests.marketplace import ajio, books_of_months
from tests.months import make_month


def only(one: Raw, column: str, ids: set[str]) -> Raw:
    stays = one.frame[column].isin(ids).to_numpy()
    return dataclasses.replace(one, frame=one.frame[stays].reset_index(drop=True), row=one.row[stays])


def nameless(one: Raw) -> Raw:
    return dataclasses.replace(one, frame=one.frame.assign(SKU=""))


@pytest.mark.parametrize("seed", [3, 8, 21])
@pytest.mark.parametrize("named", [True, False])
def test_charged_right_is_no_difference(seed: int, *, named: bool) -> None:
    month = make_month(seed, 90, payouts=3)
    files, recipe = books_of_months.files(month), books_of_months.recipe(month)
    books = ajio.reconciled(recipe, files)[0]
    wrong = set(books.fees.loc[books.fees["difference_minor"] != 0, "order_id"].astype(str))
    right = {one for file in files["Settlements"] for one in file.frame["Order ID"]} - wrong - {""}
    files["OMS"] = [only(one, "order_no", right) for one in files["OMS"]]
    files["RTV"] = [only(one, "Cust Order No", right) for one in files["RTV"]]
    lines = [only(one, "Order ID", right) for one in files["Settlements"]]
    files["Settlements"] = lines if named else [nameless(one) for one in lines]
    found = ajio.reconciled(recipe, files)[0]
    assert named or found.releases["is_split"].any()
    rows = found.commercial[found.commercial["is_ours"].to_numpy()]
    assert len(rows) > 3
    if found.releases[
        "is_split"
    ].any():  # a charge without an item is spread by value, an agreed fee is of its item: over all items they agree
        sums = rows[rows["grain"].isin(["item", "category"])].groupby(["grain", "fee"])["difference_minor"].sum()
        assert (sums == 0).all()
        rows = rows[~rows["grain"].isin(["item", "category"])]
    assert (
        rows.loc[rows["difference_minor"] != 0, ["grain", "name", "fee", "agreed_minor", "charged_minor"]].to_dict(
            "records"
        )
        == []
    )


@pytest.mark.parametrize("seed", [3, 8])
def test_every_grain_has_the_difference_of_the_whole(seed: int) -> None:
    month = make_month(seed, 90, payouts=3)
    files = books_of_months.files(month)
    files["Settlements"] = [nameless(one) for one in files["Settlements"]]
    rows = ajio.reconciled(books_of_months.recipe(month), files)[0].commercial
    rows = rows[rows["is_ours"].to_numpy() & rows["grain"].isin(["item", "category", "channel"]).to_numpy()]
    sums = rows.groupby(["grain", "fee"])[["agreed_minor", "charged_minor", "difference_minor"]].sum()
    assert sums.loc["item"].to_dict() == sums.loc["category"].to_dict() == sums.loc["channel"].to_dict()
