"""Exports of the demo month: what the files hold is what the workbook shows; vouchers are written once; what has changed is said."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shlex
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from addin.demo import make_demo
from addin.hosts.file import FileHost
from recon_core.reports.case import TABLE_ROW
from tests.demo_runs import copied, rows_of, run_book, tieout, type_into
from tests.hosts.pkgcheck import check as package_problems
from tests.office import worked_out

pytestmark = pytest.mark.xdist_group("demo")
Row = dict[str, object]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_demo(tmp_path_factory.mktemp("exports") / "demo")
    run_book(book)
    return book


@pytest.fixture
def book(ready: Path, tmp_path: Path) -> Path:
    return copied(ready, tmp_path)


def money(value: object) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.0001"))


def read_csv(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # so that Excel reads it as UTF-8
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


# ---------------------------------------------------------------- settlement files


def test_a_settlement_file_holds_what_the_sheets_show(book: Path, tmp_path: Path) -> None:
    before = book.read_bytes()
    out = tmp_path / "out"
    said = tieout("export", "settlement", book, "--to", out)
    assert "Wrote 3 payouts: FNSET-0410, FNSET-0417, FNSET-0424." in said
    assert book.read_bytes() == before
    for one in rows_of(book, "Settlements"):
        path = out / f"settlement_{one['Payout']}.xlsx"
        assert package_problems(path) == []
        live = worked_out(path, tmp_path / str(one["Payout"]))
        cells = {row[0]: row for row in live["Settlement"].iter_rows(values_only=True) if row[0]}
        assert [money(cells[name][2]) for name in ("Expected", "Paid by its lines", "Bank credit", "Transfer less lines")] == [
            money(one[name]) for name in ("Expected", "Sum of lines", "Bank amount", "Transfer less lines")
        ]  # fmt: skip
        checks = [row for name, row in cells.items() if "= paid by its lines" in str(name)]
        assert [row[3] for row in checks] == [True, True]
        mine = [row for row in rows_of(book, "Releases") if row["Payout"] == one["Payout"]]
        lines = rows_of(path, "Lines")
        assert [(row["Order id"], row["Entry"], row["Amount"], row["Row"]) for row in lines] == [(row["Order id"], row["Entry"], row["Amount"], row["Row"]) for row in mine]  # fmt: skip
        causes = [row for row in rows_of(book, "Differences") if row["Payout"] == one["Payout"]]
        assert [(row["Cause"], row["Difference"]) for row in rows_of(path, "Differences")] == [(row["Cause"], row["Difference"]) for row in causes]  # fmt: skip
        assert sum(money(row["Difference"]) for row in causes) == money(one["Difference"])


def test_a_settlement_as_csv(book: Path, tmp_path: Path) -> None:
    tieout("export", "settlement", book, "--payout", "fnset-0417", "--format", "csv", "--to", tmp_path / "one.csv")
    rows = read_csv(tmp_path / "one.csv")
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["Record"]] += money(row["Amount"])
    bridge = {row["Item"]: money(row["Amount"]) for row in rows if row["Record"] == "BRIDGE"}
    assert sums["LINE"] == sums["ENTRY"] == bridge["Paid by its lines"] == money("111823.02")
    assert sums["DIFFERENCE"] == bridge["Paid by its lines"] - bridge["Expected"]
    assert {row["Payout"] for row in rows} == {"FNSET-0417"}
    facts = {row["Item"]: row["Note"] for row in rows if row["Record"] == "PAYOUT"}
    assert (facts["State"], facts["Bank reference"], facts["Date"]) == ("Finalized", "HSBCN52026041700512", "2026-04-17")  # fmt: skip


def test_a_settlement_file_says_when_its_inputs_have_changed(book: Path, tmp_path: Path) -> None:
    shutil.move(book.parent / "late" / "settlement_W4.csv", book.parent / "settlement_W4.csv")
    with (book.parent / "settlement_W1.csv").open("a") as file:
        file.write("\n")
    said = json.loads(tieout("export", "settlement", book, "--payout", "FNSET-0410", "--to", tmp_path, "--json"))
    assert [one["code"] for one in said["problems"]] == ["X-812"]
    assert "settlement_W4.csv is new; settlement_W1.csv has changed" in said["problems"][0]["message"]
    assert said["files"] == [str(tmp_path / "settlement_FNSET-0410.xlsx")]
    head = openpyxl.load_workbook(said["files"][0])["Settlement"]
    assert str(head["A3"].value).startswith("Since run 1 these have changed: ")


def test_settlements_beside_the_workbook_and_never_over_another_file(book: Path) -> None:
    tieout("export", "settlement", book, "--payout", "FNSET-0410")
    path = book.with_name(f"{book.stem}_settlement_FNSET-0410.xlsx")
    assert path.exists()
    path.write_text("mine")
    assert "X-814" in tieout("export", "settlement", book, "--payout", "FNSET-0410", code=4)
    assert path.read_text() == "mine"
    tieout("export", "settlement", book, "--payout", "FNSET-0410", "--replace")
    assert package_problems(path) == []
    assert "X-814" in tieout("export", "settlement", book, "--to", book.with_name("one.xlsx"), code=4)  # three payouts


def test_what_cannot_be_exported_is_said(book: Path, tmp_path: Path) -> None:
    assert "X-813" in tieout("export", "settlement", book, "--payout", "NONE", code=4)
    fresh = make_demo(tmp_path / "fresh")
    assert "X-811" in tieout("export", "settlement", fresh, code=4)
    assert "X-811" in tieout("export", "journal", fresh, code=4)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert "X-819" in tieout("export", "settlement", book, "--to", in_the_way / "below", code=4)


def test_an_edited_sheet_is_not_exported(book: Path) -> None:
    type_into(book, "Releases", TABLE_ROW + 1, 9, 1.0)
    assert "U-962" in tieout("export", "settlement", book, "--payout", "FNSET-0410", code=4)


# ---------------------------------------------------------------- the journal


def test_a_journal_is_written_once_and_marked(book: Path) -> None:
    shown = rows_of(book, "Journal")
    assert {row["Status"] for row in shown} == {"Proposed"}
    assert "Wrote 6 vouchers" in tieout("export", "journal", book)
    rows = read_csv(book.with_name(f"{book.stem}_journal_run1.csv"))
    assert [(row["No"], row["Account"], money(row["Debit"]), money(row["Credit"]), row["Key"]) for row in rows] == [
        (row["No"], row["Account"], money(row["Debit"]), money(row["Credit"]), row["Key"]) for row in shown
    ]  # fmt: skip
    balance: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        balance[row["No"]] += money(row["Debit"]) - money(row["Credit"])
    assert set(balance.values()) == {Decimal(0)}
    log = rows_of(book, "Exports")
    assert [row["No"] for row in log] == list(balance)
    assert {row["Run"] for row in log} == {1}
    assert all(str(row["Status"]).startswith("Exported ") for row in rows_of(book, "Journal"))
    assert all(str(row["Journal"]).startswith("Exported ") for row in rows_of(book, "Settlements"))
    after = book.read_bytes()
    assert "Nothing new to export" in tieout("export", "journal", book)
    assert "X-816" in tieout("export", "journal", book, "--payout", "FNSET-0410", code=4)
    assert book.read_bytes() == after
    again = book.with_name("again.csv")
    tieout("export", "journal", book, "--again", "--payout", "FNSET-0410", "--to", again)
    assert {row["No"] for row in read_csv(again)} == {"FNSET-0410-J", "FNSET-0410-R"}
    assert len(rows_of(book, "Exports")) == 8


def test_a_late_file_is_run_first_and_then_only_its_vouchers_are_written(book: Path) -> None:
    tieout("export", "journal", book)
    shutil.move(book.parent / "late" / "settlement_W4.csv", book.parent / "settlement_W4.csv")
    before = book.read_bytes()
    assert "X-812" in tieout("export", "journal", book, code=4)
    assert book.read_bytes() == before
    run_book(book, dt.date(2026, 5, 6))
    status = {str(row["No"]): str(row["Status"]).split()[0] for row in rows_of(book, "Journal")}
    assert status == {no: "Proposed" if "0428" in no else "Exported" for no in status}  # the marks outlive a run
    tieout("export", "journal", book, "--format", "tally")
    root = ET.parse(book.with_name(f"{book.stem}_journal_run2.xml")).getroot()
    assert [one.text for one in root.iter("VOUCHERNUMBER")] == ["FNSET-0428-J", "FNSET-0428-R"]


def test_a_voucher_that_changed_since_its_export_is_named_and_not_written_unasked(book: Path) -> None:
    tieout("export", "journal", book)
    setup = openpyxl.load_workbook(book)["Accounts"]
    at = next(cell.row for cell in setup["A"] if cell.value == "TCS")
    type_into(book, "Accounts", at, 2, "TCS receivable (new)")
    assert "X-812" in tieout("export", "journal", book, code=4)  # Setup has changed
    run_book(book)
    said = {str(row["No"]): str(row["Status"]) for row in rows_of(book, "Journal")}
    assert said["FNSET-0410-J"].startswith("Changed since the export ")
    assert said["FNSET-0410-R"].startswith("Exported ")
    found = json.loads(tieout("export", "journal", book, "--json"))
    assert [one["code"] for one in found["problems"]] == ["X-817"] * 3
    assert (found["files"], found["written"]) == ([], [])
    assert "X-817" in tieout("export", "journal", book, "--payout", "FNSET-0410", code=4)
    tieout("export", "journal", book, "--payout", "FNSET-0410", "--again", "--replace")
    assert rows_of(book, "Journal")[0]["Status"] == said["FNSET-0410-R"]  # exported on the same day


def test_an_entry_without_an_account_stops_the_export_and_not_the_run(book: Path) -> None:
    setup = openpyxl.load_workbook(book)["Accounts"]
    at = next(cell.row for cell in setup["A"] if cell.value == "CHARGEBACK")
    for column in (1, 2, 4):
        type_into(book, "Accounts", at, column, None)
    done = run_book(book)
    assert done.outcome in ("ok", "warn")
    assert [one.raw for one in done.problems if one.code == "X-803"] == ["CHARGEBACK"]
    said = {row["Payout"]: row["Journal"] for row in rows_of(book, "Settlements")}
    assert said == {"FNSET-0410": "Proposed", "FNSET-0417": "No account for CHARGEBACK", "FNSET-0424": "No account for CHARGEBACK"}  # fmt: skip
    assert "X-815" in tieout("export", "journal", book, code=4)
    assert not list(book.parent.glob("*journal*"))
    assert "Wrote 2 vouchers" in tieout("export", "journal", book, "--payout", "FNSET-0410")


def test_a_journal_that_was_edited_is_not_exported(book: Path) -> None:
    type_into(book, "Journal", TABLE_ROW + 2, 6, 1.0)
    before = book.read_bytes()
    assert "U-962" in tieout("export", "journal", book, code=4)
    assert book.read_bytes() == before


def test_a_sheet_of_the_user_that_is_called_exports_is_not_touched(book: Path) -> None:
    sheets = openpyxl.load_workbook(book)
    sheets.create_sheet("Exports")["A1"] = "mine"
    sheets.save(book)
    before = book.read_bytes()
    assert "N-112" in tieout("export", "journal", book, code=4)
    assert book.read_bytes() == before
    assert not list(book.parent.glob("*journal*"))


def test_no_file_is_left_where_the_workbook_cannot_be_marked(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(FileHost, "write", fails)
    tieout("export", "journal", book, code=1)
    assert not [path for path in book.parent.iterdir() if "journal" in path.name]


def test_the_sheets_recalculate_to_what_they_show(book: Path, tmp_path: Path) -> None:
    stored = openpyxl.load_workbook(book, data_only=True)
    again = worked_out(book, tmp_path)
    live = openpyxl.load_workbook(book)
    for name, count in (("Settlements", 6), ("Journal", 2)):
        formulas = [cell.coordinate for row in live[name].iter_rows() for cell in row if cell.data_type == "f"]
        assert len(formulas) == count
        for at in formulas:
            assert again[name][at].value == pytest.approx(stored[name][at].value, abs=1e-9), at
    assert [row["Left over"] for row in rows_of(book, "Settlements")] == [0, 0, 0]
    assert (stored["Journal"]["E4"].value, stored["Journal"]["F4"].value) == (0, True)


def test_tables_in_files_beside_the_workbook_are_exported_too(ready: Path, tmp_path: Path) -> None:
    folder = tmp_path / "big"
    shutil.copytree(ready.parent, folder)
    book = folder / ready.name
    item = next(cell for cell in openpyxl.load_workbook(book)["Setup"]["A"] if cell.value == "Rows per sheet")
    type_into(book, "Setup", item.row, 2, 100)
    run_book(book)
    assert (folder / f"{book.stem}.Releases.parquet").exists()
    tieout("export", "settlement", book, "--payout", "FNSET-0410", "--to", folder / "big.csv", "--format", "csv")
    lines = [row for row in read_csv(folder / "big.csv") if row["Record"] == "LINE"]
    assert (len(lines), sum(money(row["Amount"]) for row in lines)) == (994, money("110355.63"))
    (folder / f"{book.stem}.Releases.parquet").write_bytes(b"another")
    assert "X-818" in tieout("export", "settlement", book, "--payout", "FNSET-0410", "--to", folder / "more.csv", "--format", "csv", code=4)  # fmt: skip


def test_the_examples_of_the_manual(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parent.parent / "docs" / "manual" / "exports.md").read_text(encoding="utf-8")
    commands = [line for line in page.splitlines() if line.startswith("tieout export ")]
    assert len(commands) == 5
    monkeypatch.chdir(book.parent)
    for command in commands:
        tieout(*shlex.split(command)[1:])
    assert (book.parent / "for_the_auditor" / "settlement_FNSET-0417.xlsx").exists()
    assert ET.parse(book.parent / "one.xml").getroot().findtext(".//SVCURRENTCOMPANY") == "Fernway Studio"
