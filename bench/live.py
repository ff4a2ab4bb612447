"""The live host on LibreOffice Calc beside the raw UNO floor: `python -m bench.live [--write]`.

The floor is `setDataArray` of the same cells by the same connection, in the same run: no formats, no tables, nothing
kept to be put back. Bars: 20,000 x 20,000 rows from start to finish under 4 s; 100,000 x 20 cells written under 12 s.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.csv

from addin import calc, job, settings
from addin.hosts.live import LiveHost
from addin.hosts.live_grid import read_rows, used
from addin.hosts.live_plan import planned
from addin.hosts.live_values import rows_of
from addin.new_book import make, two_files
from bench.gen import make as generate
from bench.job import rupees
from bench.report import machine_facts, table, write_section
from bench.write_sheet import bare_workbook, big_table
from recon_core.model import Source
from recon_core.proposal import Proposal, propose
from recon_core.readers import read
from recon_core.sheets import Cell, Sheet

ROWS, PAIRS, CHUNK = 100_000, 20_000, 15_000
EPOCH = 25569


def prepared(folder: Path, rows: int) -> Path:
    """A workbook whose Setup names two generated files; nothing has run in it."""
    data = generate(rows)
    files = [folder / f"{side}.csv" for side in "ab"]
    for side, file in zip("ab", files, strict=True):
        at = data[side].column_names.index("amount")
        amounts = data[side].set_column(at, "amount", rupees(data[side]["amount"].to_pylist()))
        pyarrow.csv.write_csv(amounts, file)
    raws = [read(Source(name=file.name, path=str(file)), file.name)[0] for file in files]
    book = folder / "run.xlsx"
    make(book, two_files(book, *files, propose(raws[0], raws[1], Proposal()), {}))  # type: ignore[arg-type]
    return book


def floor(book: Any, grids: Sequence[Sequence[Sequence[Any]]]) -> float:
    """Seconds of putting the rows of each grid on a new sheet of its own, straight through UNO."""
    plain = [
        [
            tuple("" if value is None else float(value) if isinstance(value, bool) else value for value in row)
            for row in grid
        ]
        for grid in grids
    ]
    document = book.impl.xl
    names = [f"Floor {number}" for number in range(len(plain))]
    for name in names:
        document.Sheets.insertNewByName(name, document.Sheets.getCount())
    began = time.perf_counter()
    for name, rows in zip(names, plain, strict=True):
        sheet = document.Sheets.getByName(name)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            area = sheet.getCellRangeByPosition(0, start, len(part[0]) - 1, start + len(part) - 1)
            area.setDataArray(tuple(part))
    spent = time.perf_counter() - began
    for name in names:
        document.Sheets.removeByName(name)
    return spent


def whole_run(app: Any, folder: Path, rows: int) -> list[list[str]]:
    """`job.run` on the open workbook, onto the template and again over its results."""
    found = []
    book = app.books.open(prepared(folder, rows))
    own = settings.Settings(log_folder=folder / "log")
    host = LiveHost(book)
    for turn in ("first run", "run again"):
        began = time.perf_counter()
        done = job.run(host, host.path, own, settings.now)
        spent = time.perf_counter() - began
        assert done.outcome in ("ok", "warn"), done.problems
        grids = [[list(row) for row in read_rows(sheet, used(sheet))] for sheet in book.sheets if sheet.tables]
        cells = sum(len(grid) * len(grid[0]) for grid in grids)
        raw = floor(book, [[[_number(value) for value in row] for row in grid] for grid in grids])
        found.append(
            [f"{turn}, {rows:,} x {rows:,} rows", f"{cells:,}", f"{spent:.1f}", f"{raw:.1f}", f"{spent / raw:.1f}"]
        )
    book.close()
    return found


def _number(value: Any) -> Any:
    """Dates and errors as the floor writes them: a number."""
    return 45_000.0 if isinstance(value, dt.datetime) else float(value) if isinstance(value, int) else value


def big_sheet(app: Any, folder: Path, rows: int) -> list[list[str]]:
    """One table of 20 columns: onto a new sheet, over the old one, and read back."""
    path = folder / "big.xlsx"
    bare_workbook(path)
    book = app.books.open(path)
    host = LiveHost(book)
    sheet = Sheet(name="Big", cells=(Cell(row=1, column=1, value="Big", style="title"),), tables=(big_table(rows),))
    raw = floor(book, [rows_of([one.values for one in planned(sheet, EPOCH).tables[0].columns], 0, rows)])
    found = []
    for turn in ("a new sheet", "over the old one"):
        began = time.perf_counter()
        host.write([sheet])
        spent = time.perf_counter() - began
        found.append([f"{turn}, {rows:,} x 20", f"{rows * 20:,}", f"{spent:.1f}", f"{raw:.1f}", f"{spent / raw:.1f}"])
    began = time.perf_counter()
    assert len(host.cells("Big")) == rows + 5
    spent = time.perf_counter() - began
    began = time.perf_counter()
    book.sheets["Big"].used_range.impl.xl.getDataArray()
    raw = time.perf_counter() - began
    found.append([f"read back, {rows:,} x 20", f"{rows * 20:,}", f"{spent:.1f}", f"{raw:.1f}", f"{spent / raw:.1f}"])
    book.close()
    return found


def main() -> None:
    """Measure, print, and with --write put the section into bench/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--date", default=dt.datetime.now().astimezone().date().isoformat())
    parser.add_argument("--write", action="store_true", help="replace the section of bench/RESULTS.md")
    chosen = parser.parse_args()
    with calc.office() as app, tempfile.TemporaryDirectory() as folder:
        rows = [*whole_run(app, Path(folder), chosen.pairs), *big_sheet(app, Path(folder), chosen.rows)]
        version = str(app.version)
    header = ["live host on Calc", "cells", "s", "UNO floor s", "times the floor"]
    facts = machine_facts(chosen.date, ["xlwings", "pandas", "numpy", "pyarrow"])
    text = f"`python -m bench.live`, LibreOffice {version}. {facts}\n\n{table(header, rows)}\n"
    print(text)
    if chosen.write:
        write_section("live", text)


if __name__ == "__main__":
    main()
