"""A LibreOffice for the tests of the live host: one for a module, a workbook opened and closed for a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from addin import calc
from addin.calc.cells import formats_in
from addin.hosts.live import LiveHost
from addin.hosts.live_grid import read_formulas, read_rows, rng, used


@contextmanager
def running() -> Iterator[Any]:
    """An app, or a skip with the reason where there can be none."""
    why = calc.why_not()
    if why:
        pytest.skip(why)
    with calc.office() as app:
        yield app


@contextmanager
def live(app: Any, path: Path, **options: Any) -> Iterator[LiveHost]:
    """The workbook open in the app; closed afterwards without being saved."""
    book = app.books.open(path)
    try:
        yield LiveHost(book, **options)
    finally:
        book.close()


def picture(book: Any) -> dict[str, Any]:
    """All that a user could see change: cells, formulas, formats of cells, tables and their places, sheets in order."""
    found: dict[str, Any] = {}
    for sheet in book.sheets:
        area = used(sheet)
        whole = rng(sheet, area).impl
        tables = {table.name: table.range.address for table in sheet.tables}
        formats = {
            (row, column): _code(code)
            for key, parts in formats_in(whole)
            for code in [whole.book.formats.text(key)]
            for part in parts
            for row in range(area.top + part.top, area.top + part.bottom + 1)
            for column in range(area.left + part.left, area.left + part.right + 1)
        }
        found[sheet.name] = (area, typed(read_rows(sheet, area)), read_formulas(sheet, area), formats, tables)
    return found


def _code(code: str) -> str:
    """Calc spells dates in capitals at times, and tells a truth value by a format of its own, which Excel has not."""
    return "general" if code == "BOOLEAN" else code.lower()


def typed(rows: Sequence[Sequence[object]]) -> list[list[tuple[str, object]]]:
    """Values with their types, the empty text as a blank."""
    return [[("", None) if value in (None, "") else (type(value).__name__, value) for value in row] for row in rows]


def state(app: Any, book: Any) -> tuple[Any, ...]:
    """What belongs to the user beside cells."""
    selection = book.selection
    flags = (app.screen_updating, app.enable_events, app.display_alerts, app.calculation, app.status_bar)
    return flags, book.sheets.active.name, selection.sheet.name, selection.address
