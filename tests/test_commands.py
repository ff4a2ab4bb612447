"""Buttons pressed on a workbook: what they write, where they lead, and the one message they end with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from addin import commands, job
from addin.commands import ACTIONS, CONDITIONS, GROUPS, dispatch, obey
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.new_book import load_recipe, make
from addin.presenting import MOST_TOLD, closing
from recon_core.problems import Place, Problem, Severity
from tests.live_double import FileBook


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    return FileBook(make_demo(tmp_path / "demo"))


@pytest.mark.parametrize("name", ACTIONS)
def test_every_button_says_what_it_is_for_and_what_it_touches(name):
    action = ACTIONS[name]
    assert action.group in GROUPS
    assert action.enabled_when in CONDITIONS
    assert 1 <= len(action.keytip) <= 3
    assert action.label
    assert action.screentip
    assert action.image
    assert action.supertip.endswith(".")
    assert len(action.supertip) <= 1024
    assert name.isidentifier()
    assert len(name) <= 20


def test_keytips_do_not_clash():
    keytips = [action.keytip for action in ACTIONS.values()]
    clashes = [(one, other) for one in keytips for other in keytips if one is not other and other.startswith(one)]
    assert clashes == []


def test_the_manual_has_every_button_with_its_key():
    page = (Path(__file__).parent.parent / "docs" / "manual" / "ribbon.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.split("|")[1:4]) for line in page.splitlines() if line.startswith("| ")]
    buttons = [(action.group, action.label, action.keytip) for action in ACTIONS.values()]
    assert [row for row in rows if row[0] in GROUPS] == buttons


def test_the_groups_stand_in_their_order():
    groups = [action.group for action in ACTIONS.values()]
    assert sorted(groups, key=GROUPS.index) == groups


def test_run_writes_the_sheets_and_ends_in_one_message(book):
    obey("run", book)
    [(text, grave)] = book.told
    assert not grave
    assert text.startswith("Run 1 is done: ")
    assert "Tie-out: agrees." in text
    assert "exceptions" in text
    assert len(text) <= MOST_TOLD
    assert book.names["tieout_status"].startswith("Run 1 ")
    assert book.selection[0] == "Summary"
    assert len(book.cells("Exceptions")) > 5


def test_the_counts_told_are_those_of_the_command_line(book):
    done = job.run(FileHost(book.path), book.path, job.Settings(log_folder=book.path.parent), lambda: job.dt.datetime(2026, 5, 1), write=False)  # fmt: skip
    obey("run", book)
    for result in done.results.values():
        for side in (0, 1):
            matched = result.tallies[side, job_status("Matched")].rows
            assert f"{matched:,} rows matched" in book.told[0][0]


def job_status(word):
    from recon_core.model import Status

    return Status(word)


def test_a_tie_out_that_does_not_show_true_is_told(book, monkeypatch):
    monkeypatch.setattr(commands, "_ties", lambda host: False)
    obey("run", book)
    [(text, grave)] = book.told
    assert grave
    assert "does not show TRUE" in text
    assert "agrees" not in text + book.names["tieout_status"]


def test_check_writes_data_checks_and_nothing_else(book):
    before = {name: book.cells(name) for name in book.sheet_names()}
    obey("check", book)
    after = {name: book.cells(name) for name in book.sheet_names()}
    changed = [name for name in after if after[name] != before.get(name)]
    assert changed == ["Data checks"]
    assert "not reconciled" in after["Data checks"][1][0]
    assert "A run would come to" in book.told[0][0]
    assert book.selection[0] == "Data checks"


def test_a_stop_is_told_and_leaves_the_sheets(book):
    next(book.path.parent.rglob("oms_orders.csv")).unlink()
    before = {name: book.cells(name) for name in book.sheet_names()}
    obey("run", book)
    [(text, grave)] = book.told
    assert grave
    assert text.startswith("Nothing was written")
    assert "F-" in text
    assert {name: book.cells(name) for name in book.sheet_names()} == before
    assert "STOP at" in book.names["tieout_status"]


def test_a_stop_of_check_inputs_stands_on_data_checks(book):
    next(book.path.parent.rglob("oms_orders.csv")).unlink()
    obey("check", book)
    codes = [row[0] for row in book.cells("Data checks")[5:]]
    assert any(str(code).startswith("F-") for code in codes)


@pytest.mark.parametrize(
    ("name", "sheet"),
    [("map", "Mapping"), ("files", "Files"), ("rules", "Rules"), ("rates", "Rates"), ("help", "Start")],
)
def test_a_button_leads_to_its_sheet_and_changes_nothing(book, name, sheet):
    before = book.path.read_bytes()
    obey(name, book)
    assert book.selection[0] == sheet
    assert book.told == []
    assert book.path.read_bytes() == before


def test_journal_leads_to_the_vouchers_of_the_last_run(book):
    obey("run", book)
    book.told.clear()
    before = book.path.read_bytes()
    obey("journal", book)
    assert book.selection[0] == "Journal"
    assert book.told == []
    assert book.path.read_bytes() == before
    assert str(book.cells("Journal")[5][0])


def test_without_a_journal_the_button_says_what_to_fill_in(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    make(tmp_path / "plain.xlsx", load_recipe("two_files"))
    book = FileBook(tmp_path / "plain.xlsx")
    obey("journal", book)
    [(text, grave)] = book.told
    assert grave
    assert text.startswith("B-603")
    for word in ("no sheet 'Journal'", "Marketplace", "Accounts", "Run Reconciliation"):
        assert word in text


@pytest.mark.parametrize("name", ["run", "rules", "cancel", "doctor"])
def test_the_status_says_running_first_and_something_else_at_the_end(book, name):
    obey(name, book)
    assert book.statuses[0].startswith("Running: ")
    assert not book.statuses[-1].startswith(("Running", "Asked"))


def test_explain_says_a_sentence_about_the_selected_row(book):
    obey("run", book)
    book.told.clear()
    book.selection = ("Exceptions", 6, 1)
    obey("explain", book)
    [(text, grave)] = book.told
    assert not grave
    assert len(text) > 20
    assert text.endswith(".")


def test_go_to_source_names_the_file_and_the_row(book):
    obey("run", book)
    book.told.clear()
    book.selection = ("A data", 6, 1)
    obey("source", book)
    [(text, _)] = book.told
    headers = book.cells("A data")[4]
    row = dict(zip(headers, book.cells("A data")[5], strict=False))
    assert str(row["File"]) in text
    assert f"row {int(row['Row'])}" in text


def test_a_name_that_is_no_button_is_refused(book):
    obey("format_disk", book)
    assert book.told[0][0].startswith("B-601")
    assert book.told[0][1]


def test_a_workbook_that_is_not_ours_is_told_how_to_make_one(tmp_path):
    import openpyxl

    path = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(path)
    book = FileBook(path)
    for name, action in ACTIONS.items():
        book.told.clear()
        if action.enabled_when == "workbook":
            obey(name, book)
            assert book.told[0][0].startswith("B-602")
    assert book.sheet_names() == ["Sheet"]


def test_a_fault_of_ours_is_logged_and_told_without_a_traceback(book, monkeypatch, tmp_path):
    def broken(host):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setitem(commands.ACTIONS, "run", replace(ACTIONS["run"], do=broken))
    obey("run", book)
    [(text, grave)] = book.told
    assert grave
    assert text.startswith("E-999")
    assert "Traceback" not in text
    assert "secret" not in text
    lines = (tmp_path / "home" / "runs.jsonl").read_text().splitlines()
    assert "ZeroDivisionError" in json.loads(lines[-1])["trace"]


def test_cancel_with_nothing_running_says_so(book):
    obey("cancel", book)
    assert "Nothing is running" in book.told[0][0]


def test_dispatch_takes_the_workbook_that_asks(book, monkeypatch):
    from addin.hosts import live_programs

    monkeypatch.setattr(live_programs, "caller", lambda: book)
    dispatch("rules")
    assert book.selection[0] == "Rules"


def test_a_message_is_never_longer_than_a_message_box_holds(book):
    done = job.run(book, book.path, job.Settings(log_folder=book.path.parent), lambda: job.dt.datetime(2026, 5, 1), write=False)  # fmt: skip
    many = [
        Problem("T-214", Severity.LEFT_OUT, Place(file="x.csv", row=n), "1,234", "y" * 300, "z" * 300)
        for n in range(50)
    ]
    for problems in (many, many[:1], [many[0]._replace(what="w" * 5000)]):
        text = closing(job.replace(done, problems=tuple(problems)))
        assert len(text) <= MOST_TOLD + 100
        assert "T-214" in text
    assert "and 49 more" in closing(job.replace(done, problems=tuple(many)))
