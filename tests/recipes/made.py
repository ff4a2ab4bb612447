"""A recipe as a seller uses it: `tieout new`, files beside the workbook, `tieout load`, a run; then what stands on the sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import openpyxl
from click.testing import CliRunner

from addin import job
from addin.cli import main
from addin.hosts.file import FileHost
from addin.settings import Settings
from recon_core.reports.case import TABLE_ROW


class Made:
    """The workbook of a recipe after a run."""

    def __init__(self, book: Path, done: job.Done) -> None:
        self.book, self.done = book, done
        self.stored = openpyxl.load_workbook(book, data_only=True)

    def rows(self, sheet: str) -> list[dict[str, object]]:
        header, *rows = self.stored[sheet].iter_rows(min_row=TABLE_ROW, values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rows if row[0] is not None]

    def codes(self) -> set[str]:
        return {problem.code for problem in self.done.problems}

    def outcome(self, leg: str) -> dict[str, list[str]]:
        """Status -> ids of side A, then of side B (with b: before them), sorted."""
        lines = self.done.results[leg].lines
        found: dict[str, list[str]] = {}
        for row in lines.itertuples():
            found.setdefault(STATUS[row.status], []).append(("b:" if row.side else "") + row.key)
        return {status: sorted(ids) for status, ids in found.items()}

    def gaps(self, leg: str) -> dict[str, str]:
        """Id -> A less B, of exceptions; ids without one are left out."""
        lines = self.done.results[leg].lines
        return {row.key: money(row.gap_minor) for row in lines.itertuples() if row.gap_minor and STATUS[row.status] in ("partly", "alone")}  # fmt: skip

    def differs(self, leg: str) -> dict[str, str]:
        lines = self.done.results[leg].lines
        return {row.key: str(row.differs) for row in lines.itertuples() if row.differs}

    def ties(self) -> bool:
        """Whether rows and money of every side come back in the outcomes, and no check of the workbook failed."""
        for result in self.done.results.values():
            for side in (0, 1):
                mine = result.lines[result.lines["side"] == side]
                tallies = [tally for (letter, _), tally in result.tallies.items() if letter == side]
                if sum(one.rows for one in tallies) != len(mine) or sum(one.amount_minor for one in tallies) != mine["amount_minor"].sum():  # fmt: skip
                    return False
        return bool(self.done.results)


STATUS = dict(enumerate(("matched", "partly", "alone", "skipped")))


def money(minor: int) -> str:
    return f"{Decimal(int(minor)) / 10_000:.2f}"


def amount(value: object) -> str:
    return f"{Decimal(str(value or 0)):.2f}"


def call(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def make(
    folder: Path, recipe: str, files: Mapping[str, str | Path], *, loads: Mapping[str, str | Path] | None = None, as_of: dt.date | None = None,
    formulas: Mapping[tuple[str, str], str] | None = None,
) -> Made:  # fmt: skip
    """Make the workbook, put the files beside it, load rates and terms, run. `formulas`: derived columns the user has changed."""
    book = folder / "book.xlsx"
    call("new", book, "--recipe", recipe)
    for name, content in files.items():
        (folder / name).write_bytes(content.read_bytes() if isinstance(content, Path) else content.encode())
    for word, content in (loads or {}).items():
        path = content
        if isinstance(content, str):
            path = folder / f"{word.lower()}_to_load.txt"
            path.write_text(content)
        call("load", book, word, path)
    if formulas:
        change(book, formulas)
    return run(book, as_of)


def change(book: Path, formulas: Mapping[tuple[str, str], str]) -> None:
    """Type other formulas into Derived columns, as a user does."""
    stored = openpyxl.load_workbook(book)
    sheet, left = stored["Setup"], dict(formulas)
    for row in sheet.iter_rows():
        if (key := (row[0].value, row[1].value)) in left:
            row[2].value, row[2].data_type = left.pop(key), "s"
    assert not left
    stored.save(book)


def run(book: Path, as_of: dt.date | None = None) -> Made:
    settings = Settings(user="tester", machine="here", log_folder=book.parent / "log")
    done = job.run(FileHost(book), book, settings, lambda: dt.datetime(2026, 5, 7, 9, 30), as_of=as_of)
    assert done.outcome in ("ok", "warn"), [str(problem) for problem in done.problems]
    return Made(book, done)


def table(*lines: str) -> str:
    """A file from lines whose cells are parted by '|', quoted where they must be."""
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) + "\n" for row in cells)


BANK = "Date|Narration|Chq./Ref.No.|Value Dt|Withdrawal Amt.|Deposit Amt.|Closing Balance"


def bank(*credits_: str) -> str:
    """A bank statement: 'date|narration|reference|amount' lines, and a payment out that takes no part."""
    rows = [line.split("|") for line in credits_]
    body = [f"{day}|{text}|{reference}|{day}||{value}|1.00" for day, text, reference, value in rows]
    return table(BANK, *body, f"{rows[0][0]}|NEFT DR-RENT|R1|{rows[0][0]}|5000.00||1.00")
