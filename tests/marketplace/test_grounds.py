"""The words of a dispute: an overcharged fee is no fee that was kept, a fee without a card says why, tax follows its return."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from recon_core.marketplace import Books
from recon_core.model import Raw
from recon_core.money import to_minor, to_text
from tests.marketplace import ajio, books_of_months
from tests.months import Month, make_month

Files = dict[str, list[Raw]]
SEEDS = [3, 8]


def of(books: Books, order_id: str, fee: str) -> pd.Series:
    [(_, row)] = books.fees[(books.fees["order_id"] == order_id) & (books.fees["fee"] == fee)].iterrows()
    return row


def codes(books: Books, order_id: str) -> list[str]:
    return str(books.orders.loc[books.orders["order_id"] == order_id, "divergences"].iloc[0]).split("; ")


def settled_return(month: Month) -> tuple[Files, str]:
    """The files of a month, and an order of which a return was settled and nothing diverges."""
    files = books_of_months.files(month)
    books = ajio.reconciled(books_of_months.recipe(month), files)[0]
    fine = set(books.orders.loc[books.orders["divergences"] == "", "order_id"])
    charged = books.fees[(books.fees["fee"] == "Reverse logistics") & (books.fees["charged_minor"] > 0)]
    named = {
        one for file in files["Settlements"] for one in file.frame.loc[file.frame["Line Type"] == "Return", "Order ID"]
    }
    return files, next(one for one in charged["order_id"].astype(str) if one in fine & named)


def without_return(files: Files, order_id: str) -> Files:
    [report] = files["RTV"]
    stays = (report.frame["Cust Order No"] != order_id).to_numpy()
    frame = report.frame[stays].reset_index(drop=True)
    return {**files, "RTV": [dataclasses.replace(report, frame=frame, row=report.row[stays])]}


def charged(files: Files, order_id: str, **more: int) -> Files:
    """The return line of an order with these amounts (minor units) added to its columns and its net."""
    found = []
    for one in files["Settlements"]:
        frame = one.frame.copy()
        rows = np.flatnonzero((frame["Order ID"] == order_id) & (frame["Line Type"] == "Return"))[:1]
        for at in rows:
            for name, minor in {**more, "Amount paid to you": sum(more.values())}.items():
                frame.loc[at, name] = to_text(to_minor(frame.loc[at, name] or "0") + minor)
        found.append(dataclasses.replace(one, frame=frame))
    return {**files, "Settlements": found}


@pytest.mark.parametrize("seed", SEEDS)
def test_gst_of_an_overcharged_reverse_fee_is_an_overcharge_and_of_a_kept_one_kept(seed: int) -> None:
    month = make_month(seed, 90, payouts=3)
    files, order_id = settled_return(month)
    recipe = books_of_months.recipe(month)
    over, gst = {"Fee: Reverse logistics": -200_000}, {"Tax on fees": -36_000}
    books = ajio.reconciled(recipe, charged(files, order_id, **over, **gst))[0]
    assert [of(books, order_id, fee)["reason"] for fee in ("Reverse logistics", "Tax")] == ["FEE_OVERCHARGE"] * 2
    kept = {"Fee: Commission": -100_000, "Tax on fees": -18_000}
    books = ajio.reconciled(recipe, charged(files, order_id, **kept))[0]
    assert [of(books, order_id, fee)["reason"] for fee in ("Commission", "Tax")] == ["FEE_NOT_REVERSED"] * 2
    both = {**over, "Fee: Commission": -100_000, "Tax on fees": -54_000}
    books = ajio.reconciled(recipe, charged(files, order_id, **both))[0]
    assert (
        of(books, order_id, "Tax")["reason"] == "FEE_NOT_REVERSED"
    )  # the fees that were overcharged do not explain all


@pytest.mark.parametrize("seed", SEEDS)
def test_a_return_that_is_not_booked_is_the_divergence_and_the_ground(seed: int) -> None:
    month = make_month(seed, 90, payouts=3)
    files, order_id = settled_return(month)
    books = ajio.reconciled(books_of_months.recipe(month), without_return(files, order_id))[0]
    fee = of(books, order_id, "Reverse logistics")
    ground = "Not due: the card charges it on a customer return, and none of this order is booked"
    assert (fee["status"], fee["card"]) == ("Disputed", ground)
    claims = books.claims[books.claims["order_id"] == order_id]
    assert ground in set(claims["card"])
    found = codes(books, order_id)
    assert "RETURN_NOT_RECEIVED" in found or "DOUBLE_RETURN_CHARGE" in found
    assert not {"TCS_MISMATCH", "TDS_MISMATCH"} & set(found)
    mine = books.differences[books.differences["order_id"] == order_id]
    assert not {"TCS_MISMATCH", "TDS_MISMATCH"} & set(mine["cause"])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("tax", ["TCS", "TDS"])
def test_a_tax_that_is_wrong_beside_the_return_is_still_said(seed: int, tax: str) -> None:
    month = make_month(seed, 90, payouts=3)
    files, order_id = settled_return(month)
    spoiled = charged(without_return(files, order_id), order_id, **{tax: -90_000})
    found = codes(ajio.reconciled(books_of_months.recipe(month), spoiled)[0], order_id)
    assert [one for one in found if one.endswith("_MISMATCH")] == [f"{tax}_MISMATCH"]


@pytest.mark.parametrize("run", [1, 2])
def test_no_claim_of_a_fee_is_without_its_ground(run: int) -> None:
    claims = ajio.month(run)[0].claims
    assert (claims["card"].astype("str") != "").all()
