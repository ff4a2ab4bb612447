"""Rows in file of Payouts are those of the payout, whatever files it stands in, and all of them are named."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pandas as pd
import pytest

from recon_core.model import Raw
from tests.marketplace import ajio, books_of_months
from tests.months import make_month
from tests.raws import raw


def put(files: list[Raw], sizes: list[int]) -> list[Raw]:
    """The rows of all files in order, cut into files of these sizes."""
    whole = pd.concat([one.frame for one in files], ignore_index=True)
    cuts = [0, *sizes, len(whole)]
    pieces = [whole.iloc[low:high] for low, high in pairwise(cuts) if high > low]
    return [raw("Settlements", {str(name): one[name].tolist() for name in one.columns}, file=f"part_{at}.csv") for at, one in enumerate(pieces)]  # fmt: skip


@pytest.mark.parametrize("cut", [0, 20, 55])
def test_rows_and_files_of_each_payout(cut: int) -> None:
    month = make_month(3, 90, payouts=3)
    files = books_of_months.files(month)
    files["Settlements"] = put(files["Settlements"], [cut] if cut else [])
    books = ajio.reconciled(books_of_months.recipe(month), files)[0]
    found = books.payouts[books.payouts["payout"] != ""]
    want: dict[str, tuple[int, list[str]]] = {}
    for one in files["Settlements"]:
        for name in one.frame["Settlement ID"]:
            rows, names = want.get(name, (0, []))
            want[name] = rows + 1, [*names, *([] if one.file in names else [one.file])]
    got = {str(row.payout): (row.file_rows, str(row.file).split("; ")) for row in found.itertuples()}
    assert got == want
    assert (found["file_rows"] >= found["rows"]).all()


def test_a_row_that_does_not_count_is_one_of_its_payout() -> None:
    month = make_month(3, 90, payouts=3)
    files = books_of_months.files(month)
    recipe = books_of_months.recipe(month)
    [whole] = put(files["Settlements"], [])
    frame = whole.frame.copy()
    first = str(frame["Settlement ID"].iloc[0])
    frame.loc[0, "Amount paid to you"] = "#VALUE!"
    spoiled = dataclasses.replace(whole, frame=frame)
    found = ajio.reconciled(recipe, {**files, "Settlements": [spoiled]})[0].payouts.set_index("payout")
    rows = int((frame["Settlement ID"] == first).sum())
    assert (found.loc[first, "file_rows"], found.loc[first, "rows"]) == (rows, rows - 1)
