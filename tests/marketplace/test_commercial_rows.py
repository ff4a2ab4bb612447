"""Commercial has a row where something was agreed or charged, and one for sales without any fee; no sale is lost."""

from __future__ import annotations

import pandas as pd
import pytest

from recon_core.marketplace.commercial import _says_something
from tests.marketplace import ajio


def frame(*rows: tuple[str, str, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "fee", "sale_minor", "agreed_minor", "charged_minor"])


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ((("A", "x", 5, 1, 0), ("A", "y", 5, 0, 0), ("A", "z", 5, 0, 2)), "xz"), ((("A", "x", 5, 0, 0), ("A", "y", 5, 0, 0)), "x"), ((("A", "x", 0, 0, 0), ("A", "y", 0, 0, 0)), ""),
        ((("A", "x", 5, 0, 0), ("B", "y", 0, 1, 1), ("A", "z", 5, 0, 0)), "xy"), ((("A", "x", -5, 0, 0),), "x"), ((("A", "x", 5, 1, -1),), "x"), ((), ""),
    ],
)  # fmt: skip
def test_rows_that_say_something(rows: tuple[tuple[str, str, int, int, int], ...], kept: str) -> None:
    found = frame(*rows)
    assert "".join(found.loc[_says_something(found), "fee"]) == kept


@pytest.mark.parametrize("run", [1, 2])
def test_the_month_has_no_empty_row_of_a_fee(run: int) -> None:
    found = ajio.month(run)[0].commercial
    rows = found[found["grain"].isin(["item", "category", "channel"])]
    assert not rows[["agreed_minor", "charged_minor"]].eq(0).all(axis=1).any()
    assert {"item", "category", "channel", "term", "order"} == set(found["grain"])
