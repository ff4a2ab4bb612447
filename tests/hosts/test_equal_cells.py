"""The demo workbook by both hosts: equal cells, sheet by sheet, in values, types and formulas.

Both workbooks are read by the same program, which spells the formulas of both in its own way; so nothing is left to
be normalised but one thing, which the test of the formulas shows to be the only one.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from addin import job
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.settings import Settings
from tests.hosts.live_side import live, picture, running

pytestmark = pytest.mark.office


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What the file host and the live host made of the demo."""
    folder = tmp_path_factory.mktemp("demo")
    settings = Settings(log_folder=folder / "log")

    def clock() -> dt.datetime:
        return dt.datetime(2026, 5, 6, 10, 0)

    made = make_demo(folder / "a" / "b")
    shutil.copytree(made.parent, folder / "c" / "b")
    other = folder / "c" / "b" / made.name
    assert job.run(FileHost(made), made, settings, clock).outcome == "warn"
    with running() as app, live(app, other, keep=True) as host:
        assert job.run(host, other, settings, clock).outcome == "warn"
        mine = picture(host.book)
        copy = shutil.copyfile(made, folder / "by_file.xlsx")
        theirs = app.books.open(copy)
        yield picture(theirs), mine


def test_the_same_sheets_in_the_same_order(pictures):
    by_file, by_hand = pictures
    assert list(by_file) == list(by_hand)
    assert len(by_file) > 15


def test_equal_values_and_types(pictures):
    by_file, by_hand = pictures
    compared = 0
    for name, (area, values, *_) in by_file.items():
        assert by_hand[name][0] == area, name
        for row, (left, right) in enumerate(zip(values, by_hand[name][1], strict=True), 1):
            assert left == right, (name, row)
            compared += sum(1 for kind, _ in left if kind)
    assert compared > 50_000


def test_equal_formulas(pictures):
    by_file, by_hand = pictures
    formulas = 0
    for name, (_, _, texts, *_) in by_file.items():
        for row, (left, right) in enumerate(zip(texts, by_hand[name][2], strict=True), 1):
            assert left == right, (name, row)
            formulas += sum(1 for text in left if str(text).startswith("="))
    assert formulas > 300


def test_equal_number_formats(pictures):
    """Of every cell that holds something: blank cells keep the format of their column on an open workbook."""
    by_file, by_hand = pictures
    differing = []
    for name, (_, values, _, formats, _) in by_file.items():
        for (row, column), code in formats.items():
            kind, value = values[row - 1][column - 1]
            mine = by_hand[name][3][row, column]
            if kind and mine != code and not (kind == "str" and {mine, code} == {"@", "general"}):
                differing.append((name, row, column, value, code, mine))
    assert differing == []


def test_equal_tables(pictures):
    by_file, by_hand = pictures
    for name, (*_, tables) in by_file.items():
        assert by_hand[name][4] == tables, name
