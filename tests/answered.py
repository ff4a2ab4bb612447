"""The demo after a run, as the file host reads its result sheets: what answers about a run are held against."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from addin import job
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.settings import Settings
from recon_core.result_sheets import Results

SHEETS = (
    "Summary",
    "Exceptions",
    "Suggestions",
    "Matched",
    "Skipped",
    "A data",
    "B data",
    "Run log",
    "Orders",
    "Fees",
    "Rates",
    "Setup",
)


@dataclass
class Demo:
    """Cells of the result sheets, and how the run ended."""

    grids: dict[str, list[list[object]]]
    done: job.Done

    @property
    def results(self) -> Results:
        return Results(self.cells)

    def cells(self, sheet: str) -> list[list[object]]:
        return self.grids.get(sheet, [])


def run_demo(folder: Path) -> Demo:
    """Make the demo in a folder and run it once."""
    book = make_demo(folder)
    done = job.run(FileHost(book), book, Settings(log_folder=folder / "log"), lambda: dt.datetime(2026, 5, 6, 10))
    host = FileHost(book)
    return Demo({sheet: host.cells(sheet) for sheet in SHEETS}, done)
