"""The verdict of a run: a lag of time is no exception until its day, and every place says the same, with figures that tie."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from addin import job, presenting
from recon_core.marketplace.meanings import LAGS
from recon_core.money import grouped
from recon_core.reports import verdict
from recon_core.reports.summary import TYPES_ROW, TYPES_SHOWN
from tests.demo_runs import rows_of, run_book, tieout
from tests.test_marketplace_sheets import make_demo


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, job.Done]:
    book = make_demo(tmp_path_factory.mktemp("demo"))
    return book, run_book(book)


def figures(rows: list[dict[str, object]]) -> tuple[int, Decimal]:
    return len(rows), sum((abs(Decimal(str(row["Difference"] or 0))) for row in rows), Decimal(0))


def parted(book: Path) -> tuple[tuple[int, Decimal], tuple[int, Decimal]]:
    rows = rows_of(book, "Exceptions")
    return figures([row for row in rows if row["Type"] not in LAGS]), figures(
        [row for row in rows if row["Type"] in LAGS]
    )


def test_every_place_says_the_verdict_and_it_is_that_of_exceptions(ran: tuple[Path, job.Done]) -> None:
    book, done = ran
    (work, amount), (lags, lag) = parted(book)
    assert work > 0
    assert lags > 0
    words = f"{work:,} exceptions, open amount {amount:,.2f}; {lags:,} rows ({lag:,.2f}) are a lag of time, not due yet"
    assert words in str(openpyxl.load_workbook(book)["Summary"]["B4"].value)
    out = io.StringIO()
    presenting.show(done, Console(file=out, width=300), written=True)
    assert f"Verdict: {words}." in out.getvalue().splitlines()
    closing = presenting.closing(done)
    assert words in closing.splitlines()[0]
    assert closing.count("exceptions") == 1  # the counts of the legs are of open rows, lags among them
    assert words in presenting.brief(done, "10:00")
    told = presenting.to_json(done)
    assert told["verdict"] == words
    assert told["exceptions"] == {
        "rows": work,
        "amount": f"{amount:.2f}",
        "lags": {"rows": lags, "amount": f"{lag:.2f}"},
    }


def test_a_check_comes_to_the_verdict_of_the_run(ran: tuple[Path, job.Done]) -> None:
    book, done = ran
    told = json.loads(tieout("check", book, "--json"))
    assert (told["verdict"], told["exceptions"]) == (str(done.verdict), presenting.to_json(done)["exceptions"])
    assert str(done.verdict) in tieout("check", book).replace("\n", " ")


def test_exceptions_by_type_add_up_to_the_verdict_with_lags_last(ran: tuple[Path, job.Done]) -> None:
    book, _ = ran
    (work, amount), (lags, lag) = parted(book)
    sheet = openpyxl.load_workbook(book, data_only=True)["Summary"]
    rows = [
        [cell.value for cell in row[:3]]
        for row in sheet.iter_rows(TYPES_ROW + 1, TYPES_ROW + TYPES_SHOWN)
        if row[0].value
    ]
    late = [row[0] in LAGS for row in rows]
    assert late == sorted(late)
    for wanted, count, total in ((False, work, amount), (True, lags, lag)):
        mine = [row for row, is_lag in zip(rows, late, strict=True) if is_lag is wanted]
        assert (sum(row[1] for row in mine), sum((Decimal(str(row[2])) for row in mine), Decimal(0))) == (count, total)
    below = [cell.value for cell in sheet[TYPES_ROW + TYPES_SHOWN + 1][:3]]
    assert (below[1], Decimal(str(below[2]))) == (work, amount)


def test_the_ten_largest_exceptions_have_no_lag(ran: tuple[Path, job.Done]) -> None:
    rows = list(openpyxl.load_workbook(ran[0], data_only=True)["Summary"].iter_rows(values_only=True))
    start = next(at for at, row in enumerate(rows) if row[0] == "Ten largest exceptions")
    types = [row[5] for row in rows[start + 2 : start + 12]]
    assert len(types) == 10
    assert not set(types) & LAGS


TYPES = st.sampled_from([*sorted(LAGS), "NOT_SETTLED", "ONLY-IN-A"])
ROWS = st.lists(st.tuples(TYPES, st.one_of(st.none(), st.integers(-(10**12), 10**12))), max_size=8)


@given(ROWS)
def test_no_row_is_lost_or_counted_twice(rows: list[tuple[str, int | None]]) -> None:
    frame = pd.DataFrame({"Type": pd.Series([one for one, _ in rows], dtype="str"), "Difference": pd.array([gap for _, gap in rows], dtype="Int64")})  # fmt: skip
    found = verdict(frame)
    assert found.rows + found.lag_rows == len(rows)
    assert found.open_minor + found.lag_minor == sum(abs(gap or 0) for _, gap in rows)
    assert found.lag_rows == sum(one in LAGS for one, _ in rows)
    words = str(found)
    assert words.startswith("no exceptions" if not found.rows else f"{found.rows} exception")
    assert ("lag of time" in words) is (found.lag_rows > 0)
    assert not found.rows or f"open amount {grouped(found.open_minor)}" in words


def test_one_is_said_as_one() -> None:
    frame = pd.DataFrame({"Type": ["NOT_DUE", "ONLY-IN-A"], "Difference": pd.array([-15000, 25000], dtype="Int64")})
    assert str(verdict(frame)) == "1 exception, open amount 2.50; 1 row (1.50) is a lag of time, not due yet"
