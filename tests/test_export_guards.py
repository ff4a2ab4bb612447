"""What an export may not do: replace what it is made from, write another kind of file than it is named, book what did not arrive."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from addin import detail_files
from addin.demo import make_demo
from addin.export_files import targets
from tests.demo_runs import copied, rows_of, run_book, tieout

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_demo(tmp_path_factory.mktemp("guards") / "demo")
    run_book(book)
    return book


@pytest.fixture
def book(ready: Path, tmp_path: Path) -> Path:
    return copied(ready, tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


SETTLEMENT, JOURNAL = ("settlement", "--payout", "FNSET-0410"), ("journal",)


@pytest.mark.parametrize(
    ("words", "name", "code"),
    [
        (SETTLEMENT, "{book}", "X-820"), ((*SETTLEMENT, "--format", "csv"), "oms_orders.csv", "X-820"), ((*SETTLEMENT, "--format", "csv"), "./late/../sku_master.csv", "X-820"),
        (JOURNAL, "settlement_W1.csv", "X-820"), (JOURNAL, "{book}", "X-821"), ((*JOURNAL, "--format", "tally"), "j.csv", "X-821"), (SETTLEMENT, "x.csv", "X-821"),
        (("settlement",), "all.csv", "X-821"),
    ],
)  # fmt: skip
def test_an_export_never_replaces_what_it_is_made_from(book, words, name, code):
    before = contents(book.parent)
    kind, *more = words
    told = tieout("export", kind, book, *more, "--to", book.parent / name.format(book=book.name), "--replace", code=4)
    assert code in told
    assert contents(book.parent) == before


def test_a_link_to_a_source_is_that_source(book):
    (book.parent / "mine.csv").symlink_to(book.parent / "settlement_W1.csv")
    before = contents(book.parent)
    assert "X-820" in tieout("export", "journal", book, "--to", book.parent / "mine.csv", "--replace", code=4)
    assert contents(book.parent) == before


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["A_1", "A_1", "A_1_2"], ["A_1", "A_1_3", "A_1_2"]), (["A_1_2", "A_1", "a_1"], ["A_1_2", "A_1", "a_1_3"]), (["A", "B"], ["A", "B"]),
        (["X", "x", "X_2", "x_2"], ["X", "x_3", "X_2", "x_2_2"]),
    ],
)  # fmt: skip
def test_every_payout_has_a_file_of_its_own(tmp_path, names, expected):
    found = [path.stem for path in targets(tmp_path / "b.xlsx", names, "csv", tmp_path)]
    assert found == expected
    assert len({name.casefold() for name in found}) == len(names)


# ---------------------------------------------------------------- payouts that are not what arrived


def _short_by(book: Path, less: str) -> None:
    """The bank credits less of FNSET-0417 than its lines add up to."""
    bank = book.parent / "bank_hdfc_april.csv"
    text = bank.read_text("utf-8")
    head, row, tail = text.partition("HSBCN52026041700512,HSBCN52026041700512,")
    assert tail.count("111,823.02") == 1
    bank.write_text(head + row + tail.replace("111,823.02", less), "utf-8")


def test_a_journal_that_is_not_the_bank_credit_is_written_only_where_that_is_wanted(book: Path) -> None:
    _short_by(book, "111,700.02")
    run_book(book)
    before = contents(book.parent)
    told = tieout("export", "journal", book, code=4)
    assert "X-822" in told
    assert "a difference of -123.00" in " ".join(told.split())
    assert contents(book.parent) == before
    tieout(
        "export", "journal", book, "--payout", "FNSET-0410", "--to", book.with_name("first.csv")
    )  # its own lines arrived
    out = book.with_name("j.csv")
    told = " ".join(tieout("export", "journal", book, "--with-differences", "--to", out).split())
    assert "X-801" in told
    said = {row["No"]: str(row["Text"]) for row in csv.DictReader(out.read_text("utf-8-sig").splitlines())}
    assert {no for no, text in said.items() if "a difference of -123.00" in text} == {"FNSET-0417-J", "FNSET-0417-R"}
    notes = {row["No"]: row["Note"] for row in rows_of(book, "Exports")}
    assert {no for no, note in notes.items() if note} == {"FNSET-0417-J", "FNSET-0417-R"}
    today = {row["Payout"]: str(row["Journal"]) for row in rows_of(book, "Settlements")}
    assert [payout for payout, word in today.items() if word.endswith(", with a difference")] == ["FNSET-0417"]
    run_book(book)
    again = {row["Payout"]: str(row["Journal"]) for row in rows_of(book, "Settlements")}
    assert again == today  # a run keeps the mark
    assert "Nothing new" in tieout("export", "journal", book)  # what was booked is not asked about again


def test_a_settlement_file_of_such_a_payout_is_announced(book: Path, tmp_path: Path) -> None:
    _short_by(book, "111,700.02")
    run_book(book)
    told = " ".join(tieout("export", "settlement", book, "--to", tmp_path / "out").split())
    assert told.count("X-801") == 1
    assert "a difference of -123.00" in told


def test_a_copy_of_a_file_that_was_read_changes_nothing_and_another_file_does(book: Path) -> None:
    copy = book.parent / "settlement_W1_copy.csv"
    shutil.copy(book.parent / "settlement_W1.csv", copy)
    assert "Wrote 2 vouchers" in tieout("export", "journal", book, "--payout", "FNSET-0410")
    copy.write_bytes(copy.read_bytes() + b"\n")
    assert "settlement_W1_copy.csv is new" in tieout("export", "journal", book, code=4)


@pytest.mark.parametrize("file", ["", ".", "..", "../secret.parquet", "/etc/passwd", "a/b.parquet", "\\\\server\\x.parquet", "C:x.parquet", "gone.parquet"])  # fmt: skip
def test_detail_is_read_from_a_file_beside_the_workbook_or_not_at_all(tmp_path: Path, file: str) -> None:
    (tmp_path / "secret.parquet").write_bytes(b"x")
    (tmp_path / "april").mkdir()
    assert detail_files.beside(tmp_path / "april" / "Book.xlsx", file) is None
    assert detail_files.read(tmp_path / "april" / "Book.xlsx", file) == {}
    assert detail_files.beside(tmp_path / "Book.xlsx", "secret.parquet") == tmp_path / "secret.parquet"
