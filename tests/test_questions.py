"""The worked examples of docs/manual/questions.md against the demo month: every filter is set on the sheets, every figure compared.

An example is a row of a table: sheet, filter, the column to add up, then rows and sum as of the first run and with the late file.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

from addin import job
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.settings import Settings
from recon_core.reports.case import TABLE_ROW

pytestmark = pytest.mark.xdist_group("questions")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "manual" / "questions.md"
HEAD = ("sheet", "filter", "sum of", "rows", "amount", "rows, late file", "amount, late file")
QUESTIONS = ("Was I paid?", "Were the fees right?", "Where is the money?", "What did the commercial terms cost?")
PARTS = ("| next step | when |", "What the answer does not say:", f"| {' | '.join(HEAD)} |")
NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d\d")
Rows = list[dict[str, object]]


class Example(NamedTuple):
    """One row of an example; figures in the order first run, with the late file."""

    sheet: str
    where: str
    column: str
    rows: tuple[int, int]
    sums: tuple[Decimal, Decimal]


def chapters() -> dict[str, str]:
    found = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def examples(text: str) -> Iterator[Example]:
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == len(HEAD) and tuple(cells) != HEAD and not set(line) <= set("|- "):
            sheet, where, column, one, amount, two, late = cells
            yield Example(sheet, where, column, (int(one), int(two)), (to_decimal(amount), to_decimal(late)))


def to_decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def run(book: Path, as_of: dt.date | None = None) -> dict[str, Rows]:
    """The tables of all result sheets after a run, by sheet."""
    settings = Settings(user="tester", machine="here", log_folder=book.parent / "log")
    job.run(FileHost(book), book, settings, lambda: dt.datetime(2026, 5, 7, 9, 30), as_of=as_of)
    loaded = openpyxl.load_workbook(book, data_only=True)
    tables = {}
    for sheet in loaded.worksheets:
        header, *rows = [*sheet.iter_rows(min_row=TABLE_ROW, values_only=True), ()]
        tables[sheet.title] = [
            dict(zip(header, row, strict=True)) for row in rows if any(cell is not None for cell in row)
        ]
    return tables


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> tuple[dict[str, Rows], dict[str, Rows]]:
    folder = tmp_path_factory.mktemp("questions")
    book = make_demo(folder)
    first = run(book)
    shutil.copy(folder / "late" / "settlement_W4.csv", folder)
    return first, run(book, dt.date(2026, 5, 6))


def holds(row: dict[str, object], test: str) -> bool:
    """'Column = word', 'Column contains word' or 'Column > number', as a filter of the sheet has them."""
    found = re.fullmatch(r"(.+?) (=|contains|>) (.+)", test)
    assert found, test
    value, word = row[found[1]], found[3]
    if found[2] == "contains":
        return word in str(value or "").split("; ")
    if found[2] == ">":
        return isinstance(value, int | float) and value > float(word)
    if isinstance(value, int | float):
        return Decimal(str(value)) == to_decimal(word)
    return value == word


def figures(rows: Rows, one: Example) -> tuple[int, Decimal]:
    tests = [] if one.where == "all" else one.where.split("; ")
    kept = [row for row in rows if all(holds(row, test) for test in tests)]
    return len(kept), sum((Decimal(str(row[one.column] or 0)) for row in kept), Decimal()).quantize(Decimal("0.01"))


def test_the_page_answers_each_question_with_sheets_steps_and_limits():
    found = chapters()
    assert tuple(found) == QUESTIONS
    assert [(question, part) for question, text in found.items() for part in PARTS if part not in text] == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_figure_of_an_example_is_what_the_filter_leaves(runs, question):
    told = list(examples(chapters()[question]))
    assert len(told) > 5
    wrong = [
        f"{one.sheet} | {one.where} | {one.column}: {got}"
        for one in told
        if (got := [figures(tables[one.sheet], one) for tables in runs]) != list(zip(one.rows, one.sums, strict=True))
    ]
    assert wrong == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_amount_in_the_text_stands_in_an_example(question):
    text = chapters()[question]
    proven = {abs(amount) for one in examples(text) for amount in one.sums}
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    assert [word for word in NUMBER.findall(prose) if abs(to_decimal(word)) not in proven] == []
