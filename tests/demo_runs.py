"""The demo month as tests use it: run, read back, asked by the command line."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import openpyxl
from click.testing import CliRunner

from addin import job
from addin.cli import main
from addin.hosts.file import FileHost
from addin.settings import Settings
from recon_core.reports.case import TABLE_ROW


def run_book(book: Path, as_of: dt.date | None = None) -> job.Done:
    """Run a workbook at a fixed moment."""
    settings = Settings(user="tester", machine="here", log_folder=book.parent / "log")
    return job.run(FileHost(book), book, settings, lambda: dt.datetime(2026, 5, 7, 9, 30), as_of=as_of)


def copied(ready: Path, folder: Path) -> Path:
    """The workbook of a folder that is ready, with its files, in a folder of its own."""
    shutil.copytree(ready.parent, folder / "demo")
    return folder / "demo" / ready.name


def rows_of(book: Path, sheet: str, top: int = TABLE_ROW) -> list[dict[str, object]]:
    """The rows of the table of a sheet, by header."""
    header, *rows = openpyxl.load_workbook(book, data_only=True)[sheet].iter_rows(min_row=top, values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if row[0] is not None]


def type_into(book: Path, sheet: str, row: int, column: int, value: object) -> None:
    """What a user types into a cell."""
    sheets = openpyxl.load_workbook(book)
    sheets[sheet].cell(row, column).value = value
    sheets.save(book)


def tieout(*words: object, code: int = 0) -> str:
    """What the command line prints; it must end with `code`."""
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.output
