"""Amounts as machines write them are read by their bytes: whatever that way accepts, the patterns read the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core import money
from recon_core.money import Form, read_amounts

TEXTS = st.one_of(
    st.decimals(-10**8, 10**8, places=2).map(str), st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{0,5})?", fullmatch=True),
    st.text("0123456789.-", max_size=7), st.sampled_from(["", "-", "1,234.50", "5.00 Cr", "1.234", "01.50", ".50", "5.", "--1.00", "1-.00", "1.0.0", "٣.٥٠"]),
)  # fmt: skip


def by_patterns(texts: list[str], form: Form, monkeypatch: pytest.MonkeyPatch | None = None) -> money.Amounts:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(money, "_plain_points", lambda _: None)
        return read_amounts(pd.Series(texts, dtype="str"), form)


def same(texts: list[str], form: Form) -> None:
    got, want = read_amounts(pd.Series(texts, dtype="str"), form), by_patterns(texts, form)
    assert got.minor.tolist() == want.minor.tolist()
    assert got.ok.tolist() == want.ok.tolist()
    assert got.blank.tolist() == want.blank.tolist()
    assert (got.form, got.unproved, got.example, got.rounded) == (want.form, want.unproved, want.example, want.rounded)
    assert got.currency is None or got.currency.tolist() == want.currency.tolist()


@given(st.lists(TEXTS, max_size=6), st.sampled_from(list(Form)))
def test_both_ways_agree(texts, form):
    same(texts, form)


@given(st.lists(st.decimals(-(10**9), 10**9, places=2).map(str), min_size=1, max_size=6))
def test_a_machines_column_goes_the_short_way(texts):
    found = money._plain_points(pa.array(texts, pa.large_string()))
    assert found is not None
    same(texts, Form.AUTO)


def test_a_slice_reads_its_own_rows():
    found = money._plain_points(pa.array(["x", "-1.50", "2.25", "1,0"], pa.large_string()).slice(1, 2))
    assert found is not None
    assert found.tolist() == [-15_000, 22_500]


@pytest.mark.parametrize(
    "text", ["1.234", "12", "1,234.50", "", "1e5", "1.2.3", "-", "123456789012.00", "1.23456", "."]
)
def test_what_needs_thought_goes_the_long_way(text):
    assert money._plain_points(pa.array(["1.00", text], pa.large_string())) is None


def test_largest_amounts_stay_exact():
    texts = [f"{n}99999999{n}.{n}{n}" for n in range(1, 10)] + [f"-99999999999.{n:04d}" for n in range(0, 10_000, 37)]
    same(texts, Form.AUTO)
    assert np.abs(read_amounts(pd.Series(texts, dtype="str")).minor).max() >= 10**15 - 10_000
