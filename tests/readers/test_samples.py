"""The sample files beside the project: right rows, and the same cells in every format."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from recon_core.model import Source
from recon_core.problems import Severity
from recon_core.readers import read

ROWS = {
    "ajio_dropship_payment_report": 7,
    "ajio_order_report": 601,
    "ajio_rtv_report": 36,
    "dropship_oms_b2b_invoices": 6,
    "oms_orders": 603,
    "payment_terms": 2,
    "rate_card": 22,
    "settlement_W1": 129,
    "settlement_W2": 143,
    "settlement_W3": 176,
    "settlement_W4": 97,
}


@pytest.fixture
def april(shared) -> Path:
    return shared / "samples" / "ajio_april"


def read_path(path: Path, **setup):
    return read(Source(name="s", path=str(path), **setup))


@pytest.mark.parametrize(("name", "count"), ROWS.items())
def test_each_csv_has_the_rows_that_the_csv_module_finds(april, name, count):
    path = april / f"{name}.csv"
    raw, problems = read_path(path)
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    assert problems == ()
    assert raw.frame.shape == (count, len(lines[0]))
    assert raw.frame.to_numpy().tolist() == lines[1:]
    assert raw.row.tolist() == list(range(2, count + 2))


def test_the_bank_statement(april):
    raw, problems = read_path(april / "bank_hdfc_april.csv", wanted=("Chq./Ref.No.", "deposit amt."))
    assert problems == ()
    assert (raw.header_row, raw.row.tolist()) == (9, list(range(10, 22)))
    assert raw.frame["Chq./Ref.No."].tolist()[1:3] == ["0000609200145", "0000003100077"]
    assert [line for line, _ in raw.ragged] == [22, 23, 24, 25, 26, 27]
    assert raw.ragged[2] == (24, "Opening Balance,Dr Count,Cr Count,Debits,Credits,Closing Bal")


@pytest.mark.parametrize("name", ["ajio_order_report.xlsx", "settlement_W2.xlsx", "bank_hdfc_april.xls"])
def test_other_formats_hold_the_same_cells(april, name):
    book, problems = read_path(april / "other_formats" / name)
    text, _ = read_path(april / f"{Path(name).stem}.csv")
    assert [p for p in problems if p.severity is not Severity.NOTE] == []
    assert book.frame.columns.tolist() == text.frame.columns.tolist()
    assert book.header_row == text.header_row
    assert book.row.tolist()[: len(text.row)] == text.row.tolist()
    for column in text.frame.columns:
        typed = book.typed.get(column, [False] * len(book.frame))
        for row, (ours, theirs) in enumerate(zip(book.frame[column], text.frame[column], strict=False)):
            assert meaning(ours, typed[row]) == meaning(theirs, typed[row]), (column, text.row[row])


def meaning(text: str, typed: bool) -> object:
    """A cell that the workbook holds as number or date, as its value; all else as it stands."""
    if not typed:
        return text
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return next(filter(None, (day(text, form) for form in ("%Y-%m-%d", "%d/%m/%y", "%d-%b-%Y"))), text)


def day(text: str, form: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, form).date()
    except ValueError:
        return None


def test_real_orders_and_payments(shared):
    for path in sorted((shared / "samples" / "real_orders_payments").glob("*.csv")):
        raw, problems = read_path(path)
        with path.open(encoding="utf-8", newline="") as stream:
            assert raw.frame.to_numpy().tolist() == list(csv.reader(stream))[1:]
        assert problems == ()


@pytest.mark.slow
def test_rich_workbooks_are_read_or_refused_never_fatal(shared):
    seen = set()
    for path in sorted((shared / "corpus" / "workbooks").glob("*.xlsx")):
        raw, problems = read_path(path)
        seen |= {problem.code for problem in problems if problem.severity is Severity.STOP}
        assert raw is not None or problems, path.name
    assert seen <= {"F-201", "F-203"}
