"""A booked payment is a CSV that people open: no text of it is a formula, and amounts keep their signs."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from addin.payment_files import Transfer, book_payment, headers_with
from recon_core.model import Source
from recon_core.problems import ReconError
from recon_core.readers import read


def test_texts_are_no_formulas_and_amounts_keep_their_sign(tmp_path: Path) -> None:
    given, out = tmp_path / "given.csv", tmp_path / "out.csv"
    given.write_text(
        "Order ID,SKU,Amount paid to you,Amount paid by customer,Fee: Commission\n=cmd|' /C calc'!A0,-A1,880,1000,-120\nT-2,@x,-50,-50,\n",
        "utf-8",
    )
    book_payment(given, out, Transfer(day=dt.date(2026, 5, 4), amount="830", reference="UTR1", remarks="=1+1"))
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert [row["Order ID"] for row in rows] == ["'=cmd|' /C calc'!A0", "T-2"]
    assert [row["SKU"] for row in rows] == ["'-A1", "'@x"]
    assert [row["Remarks"] for row in rows] == ["'=1+1"] * 2
    assert [row["Amount paid to you"] for row in rows] == ["880", "-50"]
    assert [row["Fee: Commission"] for row in rows] == ["-120", ""]
    raw, problems = read(Source(name="Payment", path=str(out)), out.name)
    assert raw is not None
    assert problems == ()


@pytest.mark.parametrize("fee", ["Ads", "TDs 2", " Storage  rent "])
def test_a_fee_without_its_prefix_is_told_how_to_write_it(fee: str) -> None:
    with pytest.raises(ReconError) as refused:
        headers_with([fee])
    assert (refused.value.problem.code, refused.value.problem.fix) == (
        "T-265",
        f"Write --fee 'Fee: {' '.join(fee.split())}'.",
    )
