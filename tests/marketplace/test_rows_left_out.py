"""How many rows were left out is counted in rows, each once, and each file says its own."""

from __future__ import annotations

import dataclasses

from recon_core.engine import reconcile
from recon_core.reports.summary import rows_left_out
from tests.marketplace import books_of_months
from tests.months import make_month


def test_rows_left_out_are_counted_as_rows_and_listed_for_each_file() -> None:
    """A fee column that is read wrongly in both files: every row with it is counted, not the 26 lines of Data checks."""
    month = make_month(8, 150, payouts=3)
    files = books_of_months.files(month)
    rows = []
    for at in (0, 1):
        one = files["Settlements"][at]
        is_order = (one.frame["Line Type"] == "Order").to_numpy().copy()
        is_order[-1] = False
        fee = one.frame["Fee: Fixed"].mask(is_order, "-999.00")
        files["Settlements"][at] = dataclasses.replace(one, frame=one.frame.assign(**{"Fee: Fixed": fee}))
        rows.append(int(is_order.sum()))
    outcome = reconcile(books_of_months.recipe(month), files)
    assert min(rows) > 25
    assert rows_left_out(outcome.results) == sum(rows)
    for at, n in enumerate(rows):
        mine = [one for one in outcome.problems if one.code == "T-261" and one.where.file == f"settlement_{at}.csv"]
        assert [one.where.row > 0 for one in mine] == [True] * 25 + [False]
        assert mine[-1].what.startswith(f"{n - 25:,} more rows")
