"""Workbooks (xlsx, xlsm, xlsb, xls, ods) -> Raw, every cell as exact text with its true row.

A child process with limits parses the cells (`child.py`); of an .xlsx this process meanwhile scans the sheet
part for what the parser does not tell (`ooxml.py`). Numbers whose format only pads with zeros ('00000') get
their zeros back in an .xlsx; of other kinds neither formats nor hidden rows nor missing results are known.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recon_core.model import Raw, Source
from recon_core.problems import Place, Problem
from recon_core.readers import child, frames, header, launch, ooxml, preflight
from recon_core.readers.codes import counted, listed, note, stop
from recon_core.readers.preflight import EXPORT_AGAIN, File

MOST_AREA = 150_000_000  # cells of the used range: beyond, the parser needs more than that
SPARSE = 40_000_000  # from this area on, one cell in SPARSE_RATIO must be used
SPARSE_RATIO = 25
_KNOWN_ERRORS = frozenset(("#N/A", "#DIV/0!", "#REF!", "#NAME?", "#NUM!", "#VALUE!", "#NULL!", "#GETTING_DATA"))
_WORDS = {"xlsx": "Excel workbook", "xlsb": "binary Excel workbook", "xls": "Excel 97-2003 workbook"}


class Sheets(NamedTuple):
    """The worksheets of a workbook and the one to read; `filled` may be empty where one was named."""

    names: list[str]
    visible: list[bool]
    filled: list[bool]
    at: int

    @property
    def name(self) -> str:
        """Name of the sheet that is read."""
        return self.names[self.at]


class Grid(NamedTuple):
    """The used range of one sheet: text columns, where a number or date stood, and its first cell (from 0)."""

    columns: list[pa.ChunkedArray]
    typed: list[np.ndarray]
    row: int
    column: int


Problems = tuple[Problem, ...]


def read(source: Source, file: File) -> tuple[Raw | None, Problems]:
    """Workbook -> Raw and what is to be said about it; None and a Stop when it cannot be used."""
    place = Place(file=file.shown)
    try:
        found = _read_package(source, file) if file.kind == "xlsx" else _read_other(source, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, ET.ParseError, KeyError, UnicodeError) as error:
        found = preflight.damaged(place, "a part of it cannot be unpacked or read")._replace(raw=str(error)[:200])
    if isinstance(found, Problem):
        return None, (*file.notes, found)
    sheets, grid, notes = found
    raw, problems = raw_of(source, file, sheets, grid)
    problems = (*file.notes, *notes, *problems)
    if raw is None or header.stops(problems):
        return None, problems
    return replace(raw, problems=problems), problems


Found = tuple[Sheets, Grid, Problems]


def _read_package(source: Source, file: File) -> Found | Problem:
    place = Place(file=file.shown)
    with zipfile.ZipFile(file.path) as archive:
        parts = ooxml.sheets(archive)
        sheets = _choose(archive, parts, source.sheet)
        if sheets.at < 0:
            return no_sheet(source.sheet, sheets, place)
        with tempfile.TemporaryDirectory(prefix="recon-") as folder:
            part = parts[sheets.at].part
            found = _parse_and_scan(archive, part, file, sheets.name, folder)
    if isinstance(found, Problem):
        return found
    grid, seen = found
    grid = _put(grid, seen.errors, typed=False)
    grid = _put(grid, _zeros(grid, seen.padded), typed=True)
    return sheets, grid, tuple(_notes(sheets, seen, source.sheet, place))


def _parse_and_scan(
    archive: zipfile.ZipFile, part: str, file: File, sheet: str, folder: str
) -> tuple[Grid, ooxml.Scan] | Problem:
    with launch.started(file, file.path, sheet, folder) as process:
        seen = ooxml.scan(archive, part)
        if refused := _too_wide(archive, part, seen, Place(file=file.shown, sheet=sheet)):
            return refused
        answer = launch.answer_of(process, file)
    if isinstance(answer, Problem) and _strange(seen):
        answer = _again(archive, part, file, sheet, folder)
    return answer if isinstance(answer, Problem) else (_load(folder, answer), seen)


def _choose(archive: zipfile.ZipFile, parts: Sequence[ooxml.SheetPart], name: str) -> Sheets:
    filled = [] if name else [ooxml.has_data(archive, sheet.part) for sheet in parts]
    names, visible = [sheet.name for sheet in parts], [sheet.visible for sheet in parts]
    return Sheets(names, visible, filled, child.choose(names, visible, name, lambda i: filled[i]))


def _too_wide(archive: zipfile.ZipFile, part: str, seen: ooxml.Scan, place: Place) -> Problem | None:
    """A parser reserves the rectangle up to the last used cell: one stray far cell can ask for 500 GB."""
    if not _is_wide(seen.area, seen.cells):
        return None
    row, column = ooxml.used_area(archive, part)  # formats alone may reach to the last row
    area = row * ooxml.column_number(column)
    if not _is_wide(area, seen.cells):
        return None
    corner = f"{column}{row}"
    what = f"Sheet {place.sheet} of {place.file} reaches to {corner}: {area:,} cells, {seen.cells:,} of them used."
    fix = f"Delete the rows and columns beyond the data (the last cell is {corner}), or save the sheet as CSV."
    return stop("F-108", place, what, fix)


def _is_wide(area: int, cells: int) -> bool:
    return area > MOST_AREA or (area > SPARSE and area > SPARSE_RATIO * cells)


def _strange(seen: ooxml.Scan) -> bool:
    """Error literals younger than the parser (#SPILL!, #CALC!) make it fail on the whole sheet."""
    return any(error.text not in _KNOWN_ERRORS for error in seen.errors)


def _again(archive: zipfile.ZipFile, part: str, file: File, sheet: str, folder: str) -> dict[str, Any] | Problem:
    """Parse a copy in which every error literal is one that the parser knows; the scan holds the true ones."""
    copy = Path(folder, "copy.xlsx")
    literal = re.compile(rb"(<(?:\w+:)?v>)#[^<]*(</)")
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as out:
        for entry in archive.infolist():
            with archive.open(entry) as old, out.open(entry.filename, "w", force_zip64=True) as new:
                if entry.filename.lstrip("/").casefold() != part.casefold():
                    shutil.copyfileobj(old, new)
                    continue
                for piece in ooxml.pieces(old):
                    new.write(literal.sub(rb"\1#VALUE!\2", piece))
    with launch.started(file, str(copy), sheet, folder) as process:
        return launch.answer_of(process, file)


def _read_other(source: Source, file: File) -> Found | Problem:
    place = Place(file=file.shown)
    with tempfile.TemporaryDirectory(prefix="recon-") as folder:
        with launch.started(file, file.path, source.sheet, folder) as process:
            answer = launch.answer_of(process, file)
        if isinstance(answer, Problem):
            return answer
        sheets = Sheets(answer["names"], answer["visible"], answer["filled"], answer["index"])
        if sheets.at < 0:
            return no_sheet(source.sheet, sheets, place)
        grid = _load(folder, answer)
    errors = [ooxml.At(grid.row + row, grid.column + column, text) for row, column, text in answer["errors"]]
    seen = ooxml.Scan(errors=errors)
    notes = [*_notes(sheets, seen, source.sheet, place), *_ods_errors(file, place)]
    return sheets, _put(grid, errors, typed=False), tuple(notes)


def _ods_errors(file: File, place: Place) -> list[Problem]:
    """In an OpenDocument file an error has an empty value; that there are some is all that can be told."""
    if file.kind != "ods":
        return []
    with zipfile.ZipFile(file.path) as archive, archive.open("content.xml") as stream:
        count = sum(piece.count(b'value-type="error"') for piece in ooxml.pieces(stream))
    if not count:
        return []
    what = f"{counted(count, 'cell')} of {place.file} with an error, read as empty."
    return [note("F-310", place, what, "Correct the formula or the data behind it, save and run again.")]


def _load(folder: str, answer: dict[str, Any]) -> Grid:
    path = Path(folder, launch.CELLS)
    row, column = answer["start"]
    if not path.exists():  # a named sheet without cells
        return Grid([], [], row, column)
    with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as batches:
        table = batches.read_all().combine_chunks()
    width = table.num_columns // 2
    typed = [table.column(width + i).to_numpy() for i in range(width)]
    return Grid(table.columns[:width], typed, row, column)


def _put(grid: Grid, cells: Iterable[ooxml.At], *, typed: bool) -> Grid:
    """The grid with these cells replaced; cells outside of it are ignored."""
    height = len(grid.columns[0]) if grid.columns else 0
    by_column: dict[int, dict[int, str]] = {}
    for cell in cells:
        row, column = cell.row - grid.row, cell.column - grid.column
        if 0 <= row < height and 0 <= column < len(grid.columns):
            by_column.setdefault(column, {})[row] = cell.text
    columns, flags = list(grid.columns), list(grid.typed)
    for column, texts in by_column.items():
        rows = sorted(texts)
        mask = np.zeros(height, bool)
        mask[rows] = True
        new = pa.array([texts[row] for row in rows], pa.large_string())
        columns[column] = pc.replace_with_mask(columns[column], pa.array(mask), new)
        flags[column] = np.where(mask, typed, flags[column])
    return grid._replace(columns=columns, typed=flags)


def _zeros(grid: Grid, padded: Iterable[ooxml.At]) -> list[ooxml.At]:
    """Cells with a format of zeros -> the same cells with their padded text: 42 under 00000 is 00042."""
    done = []
    for cell in padded:
        column, row = cell.column - grid.column, cell.row - grid.row
        if 0 <= column < len(grid.columns) and 0 <= row < len(grid.columns[column]):
            text = grid.columns[column][row].as_py()
            if text.isdigit() and len(text) < len(cell.text):
                done.append(cell._replace(text=text.zfill(len(cell.text))))
    return done


def no_sheet(name: str, sheets: Sheets, place: Place) -> Problem:
    """F-203: the sheet that Setup names is not there, or no sheet holds data."""
    if not name:
        hidden = [own for own, full in zip(sheets.names, sheets.filled, strict=True) if full]
        what = f"No visible sheet of {place.file} holds data."
        if hidden:
            return stop("F-203", place, what, f"Type the hidden sheet '{hidden[0]}' in Setup if it is the one.")
        return stop("F-203", place, what, EXPORT_AGAIN)
    near = header.nearest(name, sheets.names)
    hint = f" Did you mean '{near}'?" if near else ""
    what = f"{place.file} has no sheet '{name}'.{hint} Its sheets: {listed(sheets.names)}."
    return stop("F-203", place._replace(sheet=name), what, "Type the name of the sheet as its tab shows it.")


def _notes(sheets: Sheets, seen: ooxml.Scan, named: str, place: Place) -> Iterable[Problem]:
    here = place._replace(sheet=sheets.name)
    full = [name for name, some in zip(sheets.names, sheets.filled, strict=False) if some]
    if not named and len(full) > 1:
        what = f"{place.file} holds data on {len(full)} sheets ({listed(full)}); '{sheets.name}' was read."
        yield note("F-307", here, what, "Type the name of the sheet in Setup if another one is meant.")
    if hidden := _hidden(sheets, seen):
        what = f"{place.file} has {hidden}; all rows and columns of sheet '{sheets.name}' were read."
        yield note("F-308", here, what, "Show them in Excel (Unhide, Clear filter) to see what was read.")
    if seen.unstored:
        what = f"{counted(len(seen.unstored), 'formula')} without a stored result, the first in {seen.unstored[0]}."
        fix = "Open the workbook in Excel, save it and run again; until then these cells count as empty."
        yield note("F-309", here, what, fix)
    if seen.errors:
        first = seen.errors[0]
        address = f"{header.letters(first.column)}{first.row + 1}"
        what = f"{counted(len(seen.errors), 'cell')} with an error, the first {first.text} in {address}."
        yield note("F-310", here, what, "Correct the formula or the data behind it, save and run again.")
    if seen.padded:
        what = f"{counted(len(seen.padded), 'number')} shown with leading zeros; the zeros were kept."
        yield note("F-312", here, what, "Nothing to do if these are ids; else choose another number format.")


def _hidden(sheets: Sheets, seen: ooxml.Scan) -> str:
    names = [name for name, visible in zip(sheets.names, sheets.visible, strict=True) if not visible]
    parts = [
        f"{counted(len(names), 'hidden sheet')} ({listed(names)})" if names else "",
        counted(seen.hidden_rows, "hidden or filtered row") if seen.hidden_rows else "",
        counted(seen.hidden_columns, "hidden column") if seen.hidden_columns else "",
    ]
    return ", ".join(filter(None, parts))


def raw_of(source: Source, file: File, sheets: Sheets, grid: Grid) -> tuple[Raw | None, Problems]:
    """The used cells of one sheet -> Raw, header found and rows kept; None with a Stop where that cannot be."""
    place = Place(file=file.shown, sheet=sheets.name)
    if not grid.columns:
        what = f"Sheet '{sheets.name}' of {file.shown} is empty."
        return None, (stop("F-203", place, what, "Type the name of the sheet that holds the data in Setup."),)
    rows = _first_rows(grid, max(header.LOOK_AT, source.header_row - grid.row))
    found = header.find(rows, source.wanted, source.header_row, place)
    if found.at < 0 or found.problems:
        return None, found.problems
    here = place._replace(row=rows[found.at].number)
    names, repeats = header.name_columns(rows[found.at].cells, here, grid.column)
    below = _below(grid, found.at + 1)
    kept = header.kept(rows[found.at].cells, below.columns)
    row = np.arange(below.row + 1, below.row + 1 + len(below.typed[0]), dtype="int64")
    typed = {names[i]: below.typed[i] for i in kept if below.typed[i].any()}
    raw = Raw(
        source=source.name,
        file=file.shown,
        path=file.path,
        sheet=sheets.name,
        header_row=here.row,
        frame=frames.to_frame([below.columns[i] for i in kept], [names[i] for i in kept]),
        row=row,
        typed=typed,
        size=file.size,
        modified=file.modified,
        detected=f"{_WORDS.get(file.kind, 'OpenDocument spreadsheet')}, sheet {sheets.name}",
    )
    return raw, (*repeats, *header.judge_rows(len(row), (), len(kept), here))


def _first_rows(grid: Grid, count: int) -> list[header.Row]:
    cells = [column.slice(0, count).to_pylist() for column in grid.columns]
    return [header.Row(grid.row + 1 + i, row) for i, row in enumerate(zip(*cells, strict=True))]


def _below(grid: Grid, first: int) -> Grid:
    """The rows from `first` on, without the completely blank ones at the end."""
    blank = np.logical_and.reduce([np.asarray(pc.equal(column, "")) for column in grid.columns])
    used = np.flatnonzero(~blank)
    count = max(0, (int(used[-1]) + 1 if len(used) else 0) - first)
    return Grid(
        [column.slice(first, count) for column in grid.columns],
        [typed[first : first + count] for typed in grid.typed],
        grid.row + first,
        grid.column,
    )
