"""Tables of result sheets are found wherever a user's rows and columns have moved them; notes and the log are carried or the run stops."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import get_column_letter

from addin import job
from addin.hosts.file import FileHost
from addin.new_book import make, two_files
from addin.settings import Settings
from recon_core import reports
from recon_core.model import Source
from recon_core.proposal import Proposal, propose
from recon_core.readers import read
from recon_core.reports.standing import find, is_ours, run_of, subtitle
from recon_core.result_sheets import read_table

NOW = dt.datetime(2026, 5, 6, 10)
NAMES = ("Key", "Leg", "Amount", "Comment")
BLANK: list[object] = [None]


def grid(*rows: list[Any]) -> list[list[Any]]:
    return [["Title"], ["Us · run 3 · amounts in INR"], ["A hint"], BLANK, *rows]


HEADER: list[Any] = list(NAMES)
ROWS: list[list[Any]] = [["k1", "Orders", 5.0, "asked"], ["k2", "Orders", 6.0, None]]


@pytest.mark.parametrize(
    "cells",
    [
        grid(HEADER, *ROWS),
        [BLANK, *grid(HEADER, *ROWS)],
        [["my own words"], BLANK, *grid(HEADER, *ROWS)],
        [*grid()[:1], ["mine"], *grid()[1:], BLANK, BLANK, HEADER, *ROWS],
        grid(*[[None, *row] for row in (HEADER, *ROWS)]),
        grid(*[[*row[:1], "x", *row[1:]] for row in (HEADER, *ROWS)]),
        grid(*[[row[3], row[2], row[1], row[0]] for row in (HEADER, *ROWS)]),
        grid(HEADER, ROWS[0], BLANK, ["", "a total of mine", 11.0], ROWS[1]),
        grid(["Amount", "a word of mine"], HEADER, *ROWS),
    ],
)
def test_a_table_is_found_by_its_headers(cells: list[list[Any]]) -> None:
    found = find(cells, NAMES)
    assert found is not None
    assert [(row["Key"], row["Amount"], row["Comment"]) for row in found.rows(cells)] == [("k1", 5.0, "asked"), ("k2", 6.0, None)]  # fmt: skip


@pytest.mark.parametrize("cells", [[], grid(), grid(["Key"]), grid(["a", "b", "c", "d"], *ROWS)])
def test_what_is_no_table_of_ours_is_none(cells: list[list[Any]]) -> None:
    assert find(cells, NAMES) is None


def test_the_heading_says_which_run() -> None:
    assert (run_of(grid(), "Title"), subtitle(grid(), "Title")) == (3, "Us · run 3 · amounts in INR")
    assert run_of([["mine"], BLANK, *[[None, *row] for row in grid()]], "Title") == 3
    assert not is_ours(grid(), "Another")
    assert not is_ours([["Title"], ["run of the mill"]], "Title")


def test_every_result_table_is_found_by_its_own_names() -> None:
    for sheet, names in reports.NAMES.items():
        table = read_table(sheet, [*grid(), BLANK, [None, *names], [None, *range(1, len(names) + 1)]])
        assert list(table.columns) == list(names)
        assert (table.rows, table.places[names[0]]) == ([7], 2)


# ---- through a run ----


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A workbook after a run, with ids 2 to 7 open on side A and a comment beside one."""
    files = [tmp_path / "ours.csv", tmp_path / "theirs.csv"]
    for file, ids in zip(files, (range(2, 19), range(8, 19)), strict=True):
        file.write_text("\n".join(["Order,Amount,Date", *[f"ORDER{at},{at}.50,2026-04-{at:02}" for at in ids], ""]), "utf-8")  # fmt: skip
    raws = [read(Source(name=file.name, path=str(file)), file.name)[0] for file in files]
    made = tmp_path / "Book.xlsx"
    make(made, two_files(made, *files, propose(*raws, Proposal()), {}))  # type: ignore[arg-type]
    assert run(made).outcome in ("ok", "warn")
    change(made, "Exceptions", lambda sheet: sheet.cell(7, 16, "called them"))
    assert comments(made) == ["called them"]
    return made


def run(path: Path) -> job.Done:
    return job.run(FileHost(path), path, Settings(log_folder=path.parent / "log"), lambda: NOW)


def change(path: Path, sheet: str, deed: Callable[[Any], object]) -> None:
    book = openpyxl.load_workbook(path)
    deed(book[sheet])
    book.save(path)


def comments(path: Path) -> list[object]:
    rows = read_table("Exceptions", FileHost(path).cells("Exceptions"))
    return [value for value in rows.columns["Comment"] if value]


def shifted(sheet: Any, down: int = 0, right: int = 0) -> None:
    """The table's area after rows and columns were put in."""
    [table] = sheet.tables.values()
    left, top, last, bottom = range_boundaries(table.ref)
    table.ref = f"{get_column_letter(left + right)}{top + down}:{get_column_letter(last + right)}{bottom + down}"
    table.autoFilter = None


def row_above(sheet: Any) -> None:
    sheet.insert_rows(2)
    sheet["A2"] = "checked by PR"
    shifted(sheet, down=1)


def column_before(sheet: Any) -> None:
    sheet.insert_cols(1)
    shifted(sheet, right=1)


@pytest.mark.parametrize("deed", [row_above, column_before])
@pytest.mark.parametrize("name", ["Exceptions", "Notes history", "Run log", "Files", "Matched"])
def test_rows_and_columns_put_in_lose_no_note_and_no_run(book: Path, name: str, deed: Callable[[Any], None]) -> None:
    change(book, name, deed)
    done = run(book)
    assert done.outcome in ("ok", "warn"), done.problems
    assert done.number == 2
    assert comments(book) == ["called them"]
    log = read_table("Run log", FileHost(book).cells("Run log"))
    assert log.columns["Run"] == [1.0, 2.0]
    assert all(log.columns["Chain"])
    assert read_table(name, FileHost(book).cells(name)).places[reports.NAMES[name][0]] == 1


def without_its_first_column(sheet: Any) -> None:
    sheet.delete_cols(1)
    [table] = sheet.tables.values()
    del table.tableColumns[0]
    left, top, last, bottom = range_boundaries(table.ref)
    table.ref, table.autoFilter = f"{get_column_letter(left)}{top}:{get_column_letter(last - 1)}{bottom}", None


@pytest.mark.parametrize("name", ["Exceptions", "Run log"])
def test_what_cannot_be_carried_stops_the_run_and_stays(book: Path, name: str) -> None:
    change(book, name, without_its_first_column)
    before = book.read_bytes()
    done = run(book)
    assert [(one.code, one.where.sheet) for one in done.problems if one.code == "N-113"] == [("N-113", name)]
    assert book.read_bytes() == before


def test_headers_that_were_typed_over_stop_the_run(book: Path) -> None:
    def overtyped(sheet: Any) -> None:
        for column in range(1, 20):
            sheet.cell(5, column, f"own {column}")
        [table] = sheet.tables.values()
        for column, one in enumerate(table.tableColumns[:19], 1):
            one.name = f"own {column}"

    change(book, "Exceptions", overtyped)
    done = run(book)
    assert [one.code for one in done.problems] == ["N-113"]


def test_without_notes_a_lost_key_column_costs_nothing(book: Path) -> None:
    change(book, "Exceptions", lambda sheet: sheet.cell(7, 16).__setattr__("value", None))
    change(book, "Exceptions", without_its_first_column)
    done = run(book)
    assert done.outcome in ("ok", "warn"), done.problems
    assert "Exc key" in read_table("Exceptions", FileHost(book).cells("Exceptions")).columns
