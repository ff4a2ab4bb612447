"""A table whose words are categories is drawn and kept like one of texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from addin.detail_files import to_arrow
from addin.hosts.columnxml import Pen, Sheetwide, as_text, column_pieces, join
from addin.hosts.live_values import written
from recon_core.reports.case import blank_where, coded
from recon_core.sheets import Column, Kind
from recon_core.texts import words_of

WORDS = ["Fee: a & b", "=SUM(A1)", "", "00123"]
CODES = np.array([0, 3, 1, 2, 3, 0], np.int8)
CODED, PLAIN = pd.Series(words_of(CODES, WORDS)), pd.Series([WORDS[code] for code in CODES], dtype="str")


def xml(values: pd.Series) -> list[str]:
    rows = as_text(np.arange(6, 12))
    return join(column_pieces(values, Kind.ID, "B", rows, Pen(1, 2), Sheetwide())).to_pylist()


def test_cells_of_a_file_and_of_a_live_book_are_equal():
    assert xml(CODED) == xml(PLAIN)
    assert written(Column(name="Id", kind=Kind.ID), CODED, 0) == written(Column(name="Id", kind=Kind.ID), PLAIN, 0)


def test_words_may_read_otherwise():
    assert coded(CODED[1:], {"00123": "123"}).tolist() == ["123", "=SUM(A1)", "", "123", "Fee: a & b"]


def test_a_detail_file_holds_words_and_exact_amounts(tmp_path):
    minor = pd.Series(np.array([12_345, -5, 0, 1, 2, 3], np.int64))
    frame = pd.DataFrame({"Entry": CODED, "Amount": minor, "Balance of the order": blank_where(minor, CODES == 3)}, copy=False)  # fmt: skip
    pq.write_table(to_arrow(frame), tmp_path / "d.parquet")
    table = pq.read_table(tmp_path / "d.parquet")
    assert table.column("Entry").cast(pa.large_string()).to_pylist() == PLAIN.tolist()
    assert [str(one) for one in table.column("Balance of the order").to_pylist()] == ["1.2345", "None", "0.0000", "0.0001", "None", "0.0003"]  # fmt: skip
    assert minor.tolist() == [12_345, -5, 0, 1, 2, 3]
