"""A payout whose lines are neither the transfer that its rows state nor the bank's credit: both gaps are told, in one Problem."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from recon_core.market import MarketUse, Role, Says
from recon_core.money import grouped, to_minor, to_text
from recon_core.problems import Problem
from tests.marketplace import ajio, books_of_months
from tests.months import make_month


def told(stated_minor: int, credit_minor: int, *, second_minor: int = 0) -> tuple[list[Problem], int]:
    """Problems of a month whose first payout states, and was credited, so much more than its lines; and their sum."""
    month = make_month(27, 90, payouts=3)
    recipe, files = books_of_months.recipe(month), books_of_months.files(month)
    payouts = month.payouts.set_index("settlement_id")["total_minor"]
    first = payouts.index[0]
    for at, file in enumerate(files["Settlements"]):
        frame = file.frame.copy()
        more = np.where(frame["Settlement ID"] == first, stated_minor, 0)
        total = payouts.reindex(frame["Settlement ID"]).fillna(0).to_numpy(np.int64) + more
        where = np.flatnonzero(frame["Settlement ID"] == first)
        total[where[1:]] += second_minor
        frame["Transferred"] = [to_text(int(one)) for one in total]
        files["Settlements"][at] = dataclasses.replace(file, frame=frame)
    bank = files["Bank"][0]
    frame = bank.frame.copy()
    at = int(np.flatnonzero(frame["Chq./Ref.No."] == month.payouts["utr"][0])[0])
    frame.loc[at, "Deposit Amt."] = to_text(to_minor(frame.loc[at, "Deposit Amt."]) + credit_minor)
    files["Bank"] = [dataclasses.replace(bank, frame=frame)]
    use = MarketUse(role=Role.SETTLEMENTS, source="Settlements", meaning=Says.PAYOUT_TOTAL, column="Transferred")
    market = dataclasses.replace(recipe.market, uses=(*recipe.market.uses, use))
    books = ajio.reconciled(dataclasses.replace(recipe, market=market), files)[0]
    return [one for one in books.problems if one.code in ("X-801", "X-802")], int(payouts.iloc[0])


@pytest.mark.parametrize(("stated", "credit"), [(50_000, 0), (0, -70_000), (50_000, -70_000), (-10_000, 10_000), (30_000, 30_000)])  # fmt: skip
def test_each_gap_is_told(stated: int, credit: int) -> None:
    (problem,), lines = told(stated, credit)
    parts = [f"the stated transfer is {grouped(lines + stated)}; they differ by {grouped(stated)}"] if stated else []
    parts += [f"the bank credited {grouped(lines + credit)}; they differ by {grouped(credit)}"] if credit else []
    assert (problem.code, problem.what.partition(", ")[2]) == ("X-801", ", and ".join(parts) + ".")


def test_nothing_is_told_of_a_payout_that_agrees() -> None:
    assert told(0, 0)[0] == []


def test_two_stated_transfers_do_not_hide_the_gap_to_the_bank() -> None:
    found, lines = told(0, -70_000, second_minor=10_000)
    assert [one.code for one in found] == ["X-802", "X-801"]
    assert "stated transfer" not in found[1].what
    assert f"the bank credited {grouped(lines - 70_000)}" in found[1].what
