"""The demo workbook from end to end: what is on its sheets, and whether its formulas say what we stored beside them."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import zipfile

import openpyxl
import pytest

from addin import job
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.new_book import make
from addin.settings import Settings
from recon_core.model import Status
from recon_core.reports import REPORTS
from recon_core.reports.case import TABLE_ROW
from tests.office import convert, worked_out

NOW = dt.datetime(2026, 5, 1, 9, 30)
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo as a user makes it: (workbook, how the run ended)."""
    folder = tmp_path_factory.mktemp("demo")
    book = make_demo(folder)
    return book, run(book)


def run(book, **options):
    settings = Settings(user="tester", machine="here", log_folder=book.parent / "log")
    return job.run(FileHost(book), book, settings, lambda: NOW, **options)


def table(book, sheet):
    """Rows of a result sheet as dicts, from the stored values."""
    cells = openpyxl.load_workbook(book, data_only=True)[sheet].iter_rows(min_row=TABLE_ROW, values_only=True)
    header, *rows = cells
    return [dict(zip(header, row, strict=True)) for row in rows if row[0] is not None]


def test_every_row_stands_on_a_sheet_with_its_place(demo):
    book, done = demo
    assert done.outcome == "warn"
    counted = {name: len(table(book, name)) for name in ("Matched", "Skipped", "A data", "B data")}
    tallies = {
        status: sum(result.tallies[side, status].rows for result in done.results.values() for side in (0, 1))
        for status in Status
    }
    assert counted["Matched"] == tallies[Status.MATCHED]
    assert counted["Skipped"] == tallies[Status.SKIPPED]
    assert counted["A data"] + counted["B data"] == sum(tallies.values())
    numbers = [row[f"{side} no"] for row in table(book, "Exceptions") for side in "AB"]
    assert len([no for no in numbers if no]) == tallies[Status.PARTIALLY_MATCHED] + tallies[Status.UNMATCHED]
    assert all(row["File"] and row["Row"] for row in table(book, "Matched"))


def test_libreoffice_recalculates_every_formula_to_the_stored_value(demo, tmp_path):
    book, _ = demo
    live, again = openpyxl.load_workbook(book), worked_out(book, tmp_path)
    stored = openpyxl.load_workbook(book, data_only=True)
    differ, formulas = [], 0
    for name in ("Summary", "Files", *(one for one in live.sheetnames if one.startswith("Source "))):
        for row in live[name].iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    formulas += 1
                    ours, theirs = stored[name][cell.coordinate].value, again[name][cell.coordinate].value
                    if not (
                        ours == theirs or (isinstance(ours, int | float) and ours == pytest.approx(theirs, abs=1e-9))
                    ):
                        differ.append((name, cell.coordinate, cell.value, ours, theirs))
    assert formulas > 2_500
    assert differ == []


def test_a_changed_figure_breaks_the_tie_out_where_it_is_recalculated(demo, tmp_path):
    book = tmp_path / "changed.xlsx"
    shutil.copyfile(demo[0], book)
    with zipfile.ZipFile(demo[0]) as source, zipfile.ZipFile(book, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.startswith("xl/worksheets/") and b"596.00" not in data and b"<v>810.0" in data:
                data = data.replace(b"<v>810.0", b"<v>811.0", 1)
            target.writestr(name, data)
    sheet = openpyxl.load_workbook(book)
    sheet["Matched"]["H6"] = 1.0
    sheet.save(book)
    assert worked_out(book, tmp_path)["Summary"]["B5"].value is False


def test_running_again_gives_the_same_result_and_keeps_the_notes(demo, tmp_path):
    book = tmp_path / "again" / demo[0].name
    shutil.copytree(demo[0].parent, book.parent)
    sheets = openpyxl.load_workbook(book)
    first = {cell.value: cell.column for cell in sheets["Exceptions"][TABLE_ROW]}
    key = sheets["Exceptions"].cell(TABLE_ROW + 2, 1).value
    sheets["Exceptions"].cell(TABLE_ROW + 2, first["Comment"]).value = "asked AJIO on Monday"
    sheets.save(book)
    done = run(book)
    assert done.result_hash == demo[1].result_hash
    rows = {row["Exc key"]: row for row in table(book, "Exceptions")}
    assert rows[key]["Comment"] == "asked AJIO on Monday"
    assert [row["Run"] for row in table(book, "Run log")] == [1, 2]


def test_a_late_file_changes_what_it_touches_and_lost_notes_are_kept(demo, tmp_path):
    book = tmp_path / "late" / demo[0].name
    shutil.copytree(demo[0].parent, book.parent)
    row = next(row for row in table(book, "Exceptions") if row["Id"] == "HSBCN52026042800514")
    sheets = openpyxl.load_workbook(book)
    cell = next(cell for cell in sheets["Exceptions"]["A"] if cell.value == row["Exc key"])
    column = next(one.column for one in sheets["Exceptions"][TABLE_ROW] if one.value == "Owner")
    sheets["Exceptions"].cell(cell.row, column).value = "Meera"
    sheets.save(book)
    shutil.copyfile(book.parent / "late" / "settlement_W4.csv", book.parent / "settlement_W4.csv")
    done = run(book, as_of=dt.date(2026, 5, 6))
    assert done.results["Bank"].tallies[0, Status.MATCHED].rows == 4
    assert [(one["Exc key"], one["Owner"]) for one in table(book, "Notes history")] == [(row["Exc key"], "Meera")]


def test_check_leaves_the_workbook_as_it_was(demo):
    before = demo[0].read_bytes()
    done = run(demo[0], write=False)
    assert (done.outcome, done.result_hash) == ("warn", demo[1].result_hash)
    assert demo[0].read_bytes() == before


def test_a_stop_leaves_the_workbook_as_it_was_and_is_logged(demo, tmp_path):
    book = tmp_path / "stop" / demo[0].name
    shutil.copytree(demo[0].parent, book.parent)
    (book.parent / "oms_orders.csv").unlink()
    before = book.read_bytes()
    done = run(book)
    assert done.outcome == "stop"
    assert [problem.code for problem in done.problems if problem.severity == "stop"] == ["F-321"]
    assert book.read_bytes() == before
    assert json.loads((book.parent / "log" / "runs.jsonl").read_text().splitlines()[-1])["outcome"] == "stop"


def test_tables_above_the_limit_go_to_files_and_the_tie_out_still_holds(demo, tmp_path):
    import pyarrow.parquet as pq

    book = tmp_path / "big" / demo[0].name
    shutil.copytree(demo[0].parent, book.parent)
    sheets = openpyxl.load_workbook(book)
    item = next(cell for cell in sheets["Setup"]["A"] if cell.value == "Rows per sheet")
    sheets["Setup"].cell(item.row, 2).value = 500
    sheets.save(book)
    done = run(book)
    assert set(done.files) == {
        f"{book.stem}.{name}.parquet" for name in ("Matched", "A data", "B data", "Fees", "Releases")
    }
    stored = pq.read_table(book.parent / f"{book.stem}.Matched.parquet")
    assert stored.num_rows == sum(
        result.tallies[side, Status.MATCHED].rows for result in done.results.values() for side in (0, 1)
    )
    total = sum(
        result.tallies[side, Status.MATCHED].amount_minor for result in done.results.values() for side in (0, 1)
    )
    assert sum(value.as_py() for value in stored["Amount"]) * 10_000 == total
    assert worked_out(book, tmp_path)["Summary"]["B5"].value is True
    assert list(book.parent.glob(".*.tmp")) == []


def test_no_text_of_an_input_becomes_a_formula(tmp_path):
    from click.testing import CliRunner

    from addin.cli import main

    bad = '=HYPERLINK("http://x","y")'
    for name, other in (("a", "b"), ("b", "a")):
        rows = [
            "order,amount,note",
            *(f"O-{n},1{n}.50,{other}" for n in range(20)),
            f'"{bad.replace(chr(34), chr(34) * 2)}",5.00,+1',
            "@SUM(1),7.00,-2",
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(rows) + "\n")
    done = CliRunner().invoke(
        main,
        [
            "quick",
            str(tmp_path / "a.csv"),
            str(tmp_path / "b.csv"),
            "-o",
            str(tmp_path / "r.xlsx"),
            "--key",
            "order",
            "--amount",
            "amount",
            "--json",
        ],
    )
    assert done.exit_code == 0, done.output
    ours = {"Summary", "Files"}
    for sheet in openpyxl.load_workbook(tmp_path / "r.xlsx"):
        found = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert not found or sheet.title in ours
    assert bad in {row["Id as printed"] for row in table(tmp_path / "r.xlsx", "A data")}


@pytest.mark.parametrize("recalculates", [True, False])
def test_libreoffice_draws_every_sheet_without_cut_numbers(demo, tmp_path, recalculates):
    pdf = convert(demo[0], tmp_path, "pdf", recalculates=recalculates)
    assert pdf.stat().st_size > 50_000
    if shutil.which("pdftotext"):
        import subprocess

        text = subprocess.run(
            ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
        ).stdout
        assert "###" not in text
        assert all(name in text for name in ("Summary", "Exceptions", "Skipped", "Run log"))


def test_the_sheets_stand_in_the_order_of_the_table(demo):
    names = openpyxl.load_workbook(demo[0], read_only=True).sheetnames
    apart = ("Changes", "Sources", "Files", "Notes history", "Run log")  # these stand at the end
    assert [name for name in names if name in REPORTS and name not in apart] == [
        name for name in REPORTS if name not in apart
    ]


OWN_SHEET = "id,amount\nO1,10.00\n"


def book_with_a_source_sheet(folder, derived):
    """A workbook of two small files in which the user has a sheet of his own named 'Source OMS'."""
    (folder / "a.csv").write_text(OWN_SHEET)
    (folder / "b.csv").write_text(OWN_SHEET.replace("id,", "id ,"))
    book = folder / "Book.xlsx"
    tables = {
        "Sources": [{"Source": "OMS", "File or pattern": "a.csv"}, {"Source": "B", "File or pattern": "b.csv"}],
        "Legs": [{"Leg": "Rows", "Side A": "OMS", "Side B": "B"}],
        "Mapping": [
            {"Leg": "Rows", "Side": side, "Meaning": meaning, "Column": meaning}
            for side in "AB" for meaning in ("id", "amount")
        ],
        "Derived columns": [{"Source": "OMS", "Column": "Double", "Formula": "=[@amount]*2"}] if derived else [],
    }  # fmt: skip
    make(book, tables)
    loaded = openpyxl.load_workbook(book)
    loaded.create_sheet("Source OMS")["A1"] = "mine"
    loaded.save(book)
    return book


@pytest.mark.parametrize("derived", [False, True])
def test_a_sheet_of_the_users_own_is_never_taken_for_that_of_a_source(tmp_path, derived):
    book = book_with_a_source_sheet(tmp_path, derived)
    done = run(book)
    assert [problem.code for problem in done.problems] == (["N-112"] if derived else [])
    assert openpyxl.load_workbook(book)["Source OMS"]["A1"].value == "mine"


def test_the_sheet_of_a_source_is_emptied_when_no_formula_uses_it_any_more(tmp_path):
    book = book_with_a_source_sheet(tmp_path, derived=True)
    loaded = openpyxl.load_workbook(book)
    del loaded["Source OMS"]
    loaded.save(book)
    run(book)
    assert [cell.value for cell in openpyxl.load_workbook(book)["Source OMS"][6]][2].startswith("=")
    loaded = openpyxl.load_workbook(book)
    at = next(cell.row for cell in loaded["Setup"]["B"] if cell.value == "Double")
    for cell in loaded["Setup"][at]:
        cell.value = None
    loaded.save(book)
    run(book)
    left = [cell.value for row in openpyxl.load_workbook(book)["Source OMS"].iter_rows(min_row=5) for cell in row]
    assert [value for value in left if value] == ["Source file", "Source row"]
