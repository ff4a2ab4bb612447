"""A sheet of a workbook that is open in a spreadsheet program -> Raw: its cells as they stand there, saved or not.

The cells come as plain values from whoever can ask the program; nothing is opened here. What a cell shows beyond
its value (zeros before a number) is not in a value: the caller writes such cells as text.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from recon_core.model import Raw, Source
from recon_core.problems import Place, Problem
from recon_core.readers import child, header, workbook
from recon_core.readers.codes import counted, note
from recon_core.readers.preflight import File
from recon_core.sheets import ExcelError

_BEGINNINGS = frozenset((dt.date(1899, 12, 30), dt.date(1899, 12, 31), dt.date(1900, 1, 1), dt.date(1904, 1, 1)))


def read(
    source: Source, file: File, names: Sequence[str], cells: Sequence[Sequence[object]]
) -> tuple[Raw | None, tuple[Problem, ...]]:
    """Rows of cells from A1 on -> (Raw, notes), or (None, problems with a Stop among them), as `readers.read` gives them.

    `names`: the worksheets of the workbook. Cells are None, str, numbers, bool, datetime, date, time or `ExcelError`.
    The fingerprint is that of the cells, not of a file.
    """
    at = child.choose(names, [True] * len(names), source.sheet, lambda _at: False)
    sheets = workbook.Sheets(list(names), [True] * len(names), [], at)
    if at < 0:
        return None, (workbook.no_sheet(source.sheet, sheets, Place(file=file.shown)),)
    grid = _grid(cells)
    raw, problems = workbook.raw_of(source, file, sheets, grid)
    problems = (*_errors(cells, Place(file=file.shown, sheet=sheets.name)), *problems)
    if raw is None or header.stops(problems):
        return None, problems
    return replace(
        raw, problems=problems, sha256=_fingerprint(grid), detected=f"open workbook, sheet {sheets.name}"
    ), problems


def _grid(cells: Sequence[Sequence[object]]) -> workbook.Grid:
    """The used range as text columns, blank rows and columns before it left out, as a parser gives it."""
    filled = [at for at, row in enumerate(cells) if any(cell not in (None, "") for cell in row)]
    if not filled:
        return workbook.Grid([], [], 0, 0)
    first, last = filled[0], filled[-1]
    left = min(_first(cells[at]) for at in filled)
    width = max(len(cells[at]) for at in filled) - left
    rows = (
        [_cell(cell) for cell in (*row[left:], *[None] * (width - len(row) + left))] for row in cells[first : last + 1]
    )
    columns = [child.column(column) for column in zip(*rows, strict=True)]
    arrays = [pa.chunked_array([texts]) for texts, _ in columns]
    return workbook.Grid(arrays, [typed for _, typed in columns], first, left)


def _first(row: Sequence[object]) -> int:
    return next(at for at, cell in enumerate(row) if cell not in (None, ""))


def _cell(cell: object) -> object:
    """A value as the parsers of files give it: a day without a time is a date, a time without a day a time."""
    if cell is None:
        return ""
    if isinstance(cell, ExcelError):
        return cell.word
    if isinstance(cell, dt.datetime):
        if cell.date() in _BEGINNINGS and cell.time() != dt.time():
            return cell.time()
        return cell.date() if cell.time() == dt.time() else cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return float(cell)
    return cell


def _errors(cells: Sequence[Sequence[object]], place: Place) -> Iterator[Problem]:
    found = [
        (row, column, cell.word)
        for row, one in enumerate(cells)
        for column, cell in enumerate(one)
        if isinstance(cell, ExcelError)
    ]
    if found:
        row, column, word = found[0]
        what = f"{counted(len(found), 'cell')} with an error, the first {word} in {header.letters(column)}{row + 1}."
        yield note("F-310", place, what, "Correct the formula or the data behind it, and run again.")


def _fingerprint(grid: workbook.Grid) -> str:
    """SHA-256 of the texts, each with its length: the same cells, the same fingerprint."""
    digest = hashlib.sha256(f"{grid.row},{grid.column},{len(grid.columns)}".encode())
    for column, typed in zip(grid.columns, grid.typed, strict=True):
        for text in column.to_pylist():
            digest.update(f"{len(text)}:{text}".encode())
        digest.update(np.asarray(typed, np.uint8).tobytes())
    return digest.hexdigest()
