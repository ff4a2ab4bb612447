"""Which rows of a file are totals: by words where no money hangs on them, else by their sum too."""

from __future__ import annotations

import pytest

from recon_core.model import SKIPS, Skip
from tests.raws import leg, raw, run, use

MONEY = [("O1", "a", "10.00"), ("O2", "b", "20.00"), ("O3", "c", "30.00")]


def kinds(*more: tuple[str, str, str]) -> list[str]:
    """The kind of skip of each further row below three ordinary ones."""
    rows = [*MONEY, *more]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(("id", "text", "amount"))}
    uses = [use(side, meaning, meaning) for side in "AB" for meaning in ("id", "amount")]
    outcome = run(leg(uses), [raw("a", columns)], [raw("b", {"id": ["O1"], "text": [""], "amount": ["10.00"]})])
    lines = outcome.results["L"].lines
    return [str(SKIPS[code]) for code in lines[lines["side"] == 0]["skip"][len(MONEY) :]]


@pytest.mark.parametrize(
    "row",
    [
        ("", "", "60.00"),
        ("", "Gross Total", "60.00"),
        ("", "May total:", "60.00"),
        ("Total", "", "61.00"),
        ("Grand Total", "", ""),
        ("", "Closing balance", "5.00"),
    ],
)
def test_a_total(row):
    assert kinds(row) == [Skip.TOTAL]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (("O4", "Total Energies Ltd", "7.00"), Skip.NONE), (("Total-9", "x", "7.00"), Skip.NONE), (("", "Total SLA penalty May", "-177.00"), Skip.NO_ID),
        (("x5", "Total Energies refund", "abc"), Skip.BAD_AMOUNT), (("BALANCE-7", "", "7.00"), Skip.NONE), (("", "penalty", "60.00"), Skip.NO_ID),
    ],
)  # fmt: skip
def test_a_row_that_only_sounds_like_one_keeps_its_money(row, kind):
    assert kinds(row) == [kind]


def test_subtotals_and_a_grand_total():
    assert kinds(
        ("", "Sub total", "60.00"), ("O4", "", "5.00"), ("O5", "", "5.00"), ("O6", "", "5.00"), ("", "Total", "75.00")
    ) == [Skip.TOTAL, "", "", "", Skip.TOTAL]
