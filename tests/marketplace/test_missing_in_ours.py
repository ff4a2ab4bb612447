"""An order that the portal has and we do not is about its value until a settlement names it, then about the cash."""

from __future__ import annotations

import dataclasses

import pytest

from recon_core.money import to_minor
from tests.marketplace import ajio


@pytest.mark.parametrize("settled", [False, True])
def test_the_amount_of_an_order_that_we_do_not_have(*, settled: bool) -> None:
    files = ajio.sources(1)
    paid = {str(one) for file in files["Settlements"] for one in file.frame["Order ID"]}
    [ours], [portal] = files["OMS"], files["AJIO"]
    both = [one for one in ours.frame["order_no"] if one in set(portal.frame["Cust Order No"])]
    order_id = next(one for one in both if (one in paid) is settled)
    stays = (ours.frame["order_no"] != order_id).to_numpy()
    less = dataclasses.replace(ours, frame=ours.frame[stays].reset_index(drop=True), row=ours.row[stays])
    books = ajio.reconciled(ajio.recipe(1), {**files, "OMS": [less]}, ajio.supporting())[0]
    [(_, found)] = books.divergences[books.divergences["order_id"].astype(str) == order_id].iterrows()
    assert found["code"] == "MISSING_IN_OMS"
    value = sum(to_minor(one) for one in portal.frame.loc[portal.frame["Cust Order No"] == order_id, "Invoice Value"])
    order = books.orders.set_index(books.orders["order_id"].astype(str)).loc[order_id]
    assert value > 0
    assert found["amount_minor"] == (abs(order["actual_net_minor"]) if settled else value)
