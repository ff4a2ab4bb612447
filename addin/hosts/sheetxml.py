"""A `Sheet` value as the rows of a worksheet part, streamed: free cells and table columns in one order.

Rows are cut where a table or a free cell begins or ends; within a cut every row has the same shape, so
long cuts are joined by Arrow in chunks and short ones are written cell by cell, with equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from addin.hosts.cellxml import Plain, cell_xml, cut_text, needs_quote
from addin.hosts.columnxml import Pen, Pieces, Sheetwide, as_text, column_pieces, join, slow_cells, text_array
from addin.hosts.refusals import too_wide_or_long
from addin.hosts.styles import StyleBook
from addin.hosts.xmlparts import Area
from recon_core.money import MINOR_PER_MAJOR
from recon_core.sheets import (
    INPUTS,
    MAX_COLUMNS,
    MAX_ROWS,
    WORDS,
    Column,
    ExcelError,
    Formula,
    Kind,
    Sheet,
    Table,
    column_letter,
)

SHORT = 32  # rows; below this Arrow's start costs more than it saves
CHUNK_BYTES = 8 << 20
CELL_BYTES = 48  # tag and reference around a value
MAX_HEADER = 255
LINE_POINTS, MAX_HEADER_LINES = 15, 6
MAX_WRAPPED_LINES = 12  # of a cell in a table
MAX_WRAPPED_ROWS = 2_000  # above this nobody reads every row, and rows of one height are written faster
ONE_LINE = 14  # headers up to this length do not wrap
MAX_LINKS = 65_530  # Excel repairs a sheet with more
MIN_WIDTH, MAX_WIDTH, FILTER_BUTTON = 8.0, 60.0, 3

Literals = dict[int, dict[int, str]]  # row -> column -> cell XML


@dataclass(frozen=True, slots=True)
class Block:
    """The data rows of a table: where they begin, and how each column is written."""

    top: int
    left: int
    table: Table
    pens: tuple[Pen, ...]

    @property
    def end(self) -> int:
        """The first row below the data."""
        return self.top + len(self.table.frame)


@dataclass(frozen=True, slots=True)
class Content:
    """All cells of a sheet: single ones as XML, tables as blocks."""

    wide: Sheetwide
    literals: Literals = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    heights: dict[int, int] = field(default_factory=dict)  # row -> points

    def put(self, row: int, column: int, xml: str) -> None:
        """Place one cell. Two cells at one address are a bug: Excel would repair the file."""
        cells = self.literals.setdefault(row, {})
        if column in cells:
            raise ValueError(f"two cells at {column_letter(column)}{row}")
        cells[column] = xml

    @property
    def extent(self) -> Area | None:
        """The smallest area with all cells; None for an empty sheet."""
        areas = [Area(b.top, b.left, b.end - 1, b.left + len(b.pens) - 1) for b in self.blocks]
        areas += [Area(row, min(cells), row, max(cells)) for row, cells in self.literals.items() if cells]
        return spanned(areas)


def spanned(areas: list[Area]) -> Area | None:
    """The smallest area around all of them."""
    if not areas:
        return None
    tops, lefts, bottoms, rights = zip(*areas, strict=True)
    return Area(min(tops), min(lefts), max(bottoms), max(rights))


def ref_of(area: Area) -> str:
    """'A5:K900', or 'A5' for one cell."""
    first, last = f"{column_letter(area.left)}{area.top}", f"{column_letter(area.right)}{area.bottom}"
    return first if first == last else f"{first}:{last}"


def table_area(table: Table) -> Area:
    """Header and rows; an empty table has one blank row."""
    return Area(
        table.row,
        table.column,
        table.row + max(len(table.frame), 1),
        table.column + len(table.columns) - 1,
    )


def check_size(sheet: Sheet) -> None:
    """Refuse what no worksheet holds; nothing is ever cut off."""
    if sum(bool(cell.link) for cell in sheet.cells) > MAX_LINKS:
        raise ValueError(f"more links than Excel allows on {sheet.name}")
    areas = [table_area(table) for table in sheet.tables]
    areas += [Area(cell.row, cell.column, cell.row, cell.column) for cell in sheet.cells]
    whole = spanned(areas)
    if whole and (whole.bottom > MAX_ROWS or whole.right > MAX_COLUMNS):
        what = f"The sheet '{sheet.name}' needs {whole.bottom:,} rows and {whole.right:,} columns, more than Excel has"
        raise too_wide_or_long(sheet.name, what)


def headers(table: Table) -> list[str]:
    """Column names as Excel demands them: filled, at most 255 long, unique without regard to case."""
    names: list[str] = []
    taken: set[str] = set()
    for number, column in enumerate(table.columns, 1):
        base = name = column.name[:MAX_HEADER] or f"Column{number}"
        count = 1
        while name.lower() in taken:
            count += 1
            name = f"{base[: MAX_HEADER - 6]}{count}"
        taken.add(name.lower())
        names.append(name)
    return names


def content_of(sheet: Sheet, styles: StyleBook, wide: Sheetwide) -> Content:
    """Everything of an owned sheet, ready to stream."""
    check_size(sheet)
    filled = [table for table in sheet.tables if len(table.frame)]
    blocks = tuple(Block(t.row + 1, t.column, t, pens(t, styles)) for t in filled)
    content = Content(wide, {}, blocks)
    for cell in sheet.cells:
        style = pick(styles, cell.style or natural_style(cell.value), cell.value)
        xml = cell_xml(f"{column_letter(cell.column)}{cell.row}", cell.value, style, wide.epoch, wide.px)
        if xml:
            content.put(cell.row, cell.column, xml)
    columns = widths(sheet)
    for table in sheet.tables:
        _put_header(content, table, styles)
        content.heights[table.row] = max(header_height(table, columns), content.heights.get(table.row, 0))
        content.heights.update(wrapped_heights(table, columns))
    return content


def wrapped_heights(table: Table, columns: Mapping[int, float]) -> dict[int, int]:
    """Points of the rows whose wrapped texts need more than one line, in tables short enough for a reader."""
    found: dict[int, int] = {}
    if len(table.frame) > MAX_WRAPPED_ROWS:
        return found
    for offset, column in enumerate(table.columns):
        if column.kind is not Kind.WRAP:
            continue
        room = max(int(columns[table.column + offset]) - 1, 1)
        for row, text in enumerate(table.frame.iloc[:, offset], table.row + 1):
            lines = sum(max(len(wrap(line, room)), 1) for line in str(text).splitlines()) or 1
            found[row] = max(found.get(row, LINE_POINTS), LINE_POINTS * min(lines, MAX_WRAPPED_LINES))
    return found


def header_height(table: Table, columns: Mapping[int, float]) -> int:
    """Points for the longest header as it wraps; not every program fits rows to their text by itself."""
    room = (max(int(columns[column]) - FILTER_BUTTON, 1) for column in range(table.column, 1 + table_area(table).right))
    lines = (len(wrap(name, width, break_long_words=False)) for name, width in zip(headers(table), room, strict=True))
    return LINE_POINTS * min(max(lines, default=1) or 1, MAX_HEADER_LINES)


def pens(table: Table, styles: StyleBook) -> tuple[Pen, ...]:
    """How a table's columns are written; only text of no formula needs a quoted format."""
    found = []
    for column, (_, values) in zip(table.columns, table.frame.items(), strict=True):
        index = styles.index(column.cell_style)
        may_be_text = column.kind in WORDS | {Kind.VALUE} or values.dtype == object
        found.append(
            Pen(
                index,
                styles.quoted(index) if may_be_text and not column.formula else index,
                column.formula,
                column.is_array,
            )
        )
    return tuple(found)


def natural_style(value: Plain) -> str:
    """A date without a style would show as a number."""
    shown = value.value if isinstance(value, Formula) else value
    return "datetime" if isinstance(shown, datetime) else "date" if isinstance(shown, date) else ""


def pick(styles: StyleBook, name: str, value: Plain) -> int:
    """The cell format of a single cell."""
    index = styles.index(name)
    return styles.quoted(index) if needs_quote(value) else index


def _put_header(content: Content, table: Table, styles: StyleBook) -> None:
    for offset, name in enumerate(headers(table)):
        column = table.column + offset
        style = pick(styles, table.columns[offset].header_style, name)
        ref = f"{column_letter(column)}{table.row}"
        content.put(table.row, column, cell_xml(ref, name, style, content.wide.epoch, content.wide.px))
    for offset, described in enumerate(table.columns):
        if not len(table.frame) and described.kind in INPUTS:
            ref = f"{column_letter(table.column + offset)}{table.row + 1}"
            blank = cell_xml(ref, None, styles.index(described.kind.value), content.wide.epoch, content.wide.px)
            content.put(table.row + 1, table.column + offset, blank)


def stream_rows(content: Content) -> Iterator[bytes | memoryview]:
    """All <row> elements from top to bottom, in pieces of a few megabytes."""
    cuts = {row for block in content.blocks for row in (block.top, block.end)}
    cuts |= {edge for row in content.literals for edge in (row, row + 1)}
    for top, end in pairwise(sorted(cuts)):
        active = [block for block in content.blocks if block.top < end and top < block.end]
        single = content.literals.get(top, {})
        if not active and not single:
            continue
        if end - top < SHORT or not content.heights.keys().isdisjoint(range(top, end)):
            yield _short_rows(content, active, top, end)
        else:
            yield from _long_rows(content, active, top, end)


def _short_rows(content: Content, active: list[Block], top: int, end: int) -> bytes:
    """A few rows cell by cell; only here free cells and table columns share a row."""
    rows: list[dict[int, str]] = [dict(content.literals.get(row, {})) for row in range(top, end)]
    numbers = [str(row) for row in range(top, end)]
    for block in active:
        for offset, (values, kind) in enumerate(_columns(block, top, end)):
            column = block.left + offset
            cells = slow_cells(values, kind, column_letter(column), numbers, block.pens[offset], content.wide)
            for row, xml in zip(rows, cells, strict=True):
                if column in row:
                    raise ValueError(f"two cells in column {column_letter(column)}, rows {top} to {end - 1}")
                row[column] = xml
    px = content.wide.px
    whole = (
        f'<{px}row r="{number}"{_height(content, number)}>{"".join(row[column] for column in sorted(row))}</{px}row>'
        for number, row in zip(numbers, rows, strict=True)
    )
    return "".join(whole).encode()


def _height(content: Content, number: str) -> str:
    """More than one line; Excel may still fit the row anew, as no customHeight is set."""
    points = content.heights.get(int(number), LINE_POINTS)
    return f' ht="{points}"' if points > LINE_POINTS else ""


def _columns(block: Block, top: int, end: int) -> Iterator[tuple[pd.Series[Any], Kind]]:
    part = block.table.frame.iloc[top - block.top : end - block.top]
    for position, column in enumerate(block.table.columns):
        yield part.iloc[:, position], column.kind


def _long_rows(content: Content, active: list[Block], top: int, end: int) -> Iterator[memoryview]:
    step = _chunk_rows(active)
    active = sorted(active, key=lambda block: block.left)
    for start in range(top, end, step):
        yield _chunk(content.wide, active, start, min(start + step, end))


def _chunk_rows(active: list[Block]) -> int:
    """Rows whose XML is about CHUNK_BYTES."""
    width = sum(
        sum(CELL_BYTES + len(pen.formula) for pen in block.pens)
        + block.table.frame.memory_usage(index=False).sum() / len(block.table.frame)
        for block in active
    )
    return int(max(SHORT, CHUNK_BYTES // width))


def _chunk(wide: Sheetwide, active: list[Block], start: int, stop: int) -> memoryview:
    rows = as_text(np.arange(start, stop))
    pieces: Pieces = [f'<{wide.px}row r="', rows, '">']
    for block in active:
        for offset, (values, kind) in enumerate(_columns(block, start, stop)):
            letter = column_letter(block.left + offset)
            pieces += column_pieces(values, kind, letter, rows, block.pens[offset], wide)
    joined = join([*pieces, f"</{wide.px}row>"])
    end = int(np.frombuffer(joined.buffers()[1], "int64")[len(joined)])
    return memoryview(joined.buffers()[2])[:end]


def widths(sheet: Sheet) -> dict[int, float]:
    """Column widths in characters: the sheet's own word, then the column's, then what the content needs."""
    found: dict[int, float] = {}
    for table in sheet.tables:
        for offset, described in enumerate(table.columns):
            column = table.column + offset
            width = described.width or fitting_width(described, table.frame.iloc[:, offset])
            found[column] = max(width, found.get(column, 0.0))
    return found | dict(sheet.widths)


def fitting_width(column: Column, values: pd.Series[Any]) -> float:
    """Wide enough for every value and for the header, a long one over two lines; from 8 to 60 characters."""
    length = len(column.name)
    narrow = range(max(map(len, column.name.split()), default=0), length) if length > ONE_LINE else ()
    header = FILTER_BUTTON + next((n for n in narrow if len(wrap(column.name, n)) <= 2), length)
    return float(min(max(header, _longest(column.kind, values) + 1, MIN_WIDTH), MAX_WIDTH))


def _longest(kind: Kind, values: pd.Series[Any]) -> int:
    """Characters of the longest value as displayed."""
    if kind in (Kind.DATE, Kind.DATETIME):
        return len("01-Apr-2025") if kind is Kind.DATE else len("01-Apr-2025 00:00")
    if pd.api.types.is_numeric_dtype(values.dtype):
        scale = MINOR_PER_MAJOR if kind is Kind.AMOUNT else 1
        form = ",.0f" if kind is Kind.INTEGER else ",.2f"
        ends = [value / scale for value in (values.min(), values.max()) if not pd.isna(value)]
        return max((len(f"{abs(value):{form}}") + 2 * (value < 0) for value in ends), default=0)
    texts = text_array(values)
    if texts is not None:
        return int(pc.max(pc.utf8_length(texts)).as_py() or 0)
    return max((len(_shown(value, kind)) for value in values.head(SHORT * SHORT)), default=0)


def _shown(value: object, kind: Kind) -> str:
    shown = value.value if isinstance(value, Formula) else value.word if isinstance(value, ExcelError) else value
    if kind is Kind.VALUE and isinstance(shown, float):
        return f"{shown:.10g}"  # as the format General shows it
    if isinstance(shown, float) or (isinstance(shown, int) and kind in (Kind.AMOUNT, Kind.NUMBER)):
        return f"{shown:,.2f}"
    return cut_text(str(shown)) if shown is not None else ""
