"""Rectangles of an open sheet, read and written in few calls, and kept so that they can be put back.

Sheets and ranges are those of xlwings; only its public members are used, none of them cell by cell over data.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from addin.hosts.live_plan import both, disjoint, minus
from addin.hosts.live_values import TEXT_FORMAT, again, guarded
from addin.hosts.xmlparts import Area

CHUNK_ROWS = 50_000 if sys.platform == "win32" else 15_000
CHUNK_LETTERS = 8_000_000  # of text in one call
READ_CELLS = 1_000_000
LONG_TEXT = 8_000  # some versions of Excel refuse a longer text inside a block
SAMPLE = 97  # every so many rows are measured

Look = Callable[[], None]  # called between chunks; raises when the user wants an end


def rng(sheet: Any, area: Area) -> Any:
    """The cells of an area as a range."""
    return sheet.range((area.top, area.left), (area.bottom, area.right))


def area_of_range(found: Any) -> Area:
    """Where a range lies."""
    rows, columns = found.shape
    return Area(found.row, found.column, found.row + rows - 1, found.column + columns - 1)


def used(sheet: Any) -> Area:
    """From A1 to the last cell in use."""
    area = area_of_range(sheet.used_range)
    return Area(1, 1, area.bottom, area.right)


def bands(area: Area, rows: int) -> Iterator[Area]:
    """The area in pieces of so many rows."""
    for top in range(area.top, area.bottom + 1, max(rows, 1)):
        yield area._replace(top=top, bottom=min(top + max(rows, 1) - 1, area.bottom))


def read_rows(sheet: Any, area: Area, look: Look = lambda: None) -> list[Sequence[Any]]:
    """Raw values, row by row."""
    found: list[Sequence[Any]] = []
    for band in bands(area, READ_CELLS // (area.right - area.left + 1)):
        found += as_rows(rng(sheet, band).raw_value, band)
        look()
    return found


def read_formulas(sheet: Any, area: Area, look: Look = lambda: None) -> list[Sequence[Any]]:
    """What the formula bar shows, row by row."""
    found: list[Sequence[Any]] = []
    for band in bands(area, READ_CELLS // (area.right - area.left + 1)):
        found += as_rows(rng(sheet, band).formula, band)
        look()
    return found


def as_rows(value: Any, area: Area) -> Sequence[Sequence[Any]]:
    """What xlwings gives for a range, as rows: one cell comes bare, one row or column flat on some systems."""
    height, width = area.bottom - area.top + 1, area.right - area.left + 1
    if not isinstance(value, list | tuple):
        return [[value]]
    if isinstance(value[0], list | tuple):
        return value
    return [value] if height == 1 else [[one] for one in value] if width == 1 else [value]


def write_rows(sheet: Any, row: int, column: int, rows: Sequence[Sequence[Any]], look: Look) -> None:
    """Values in chunks. The cells have their formats already, texts their guard, blanks are ''."""
    width = len(rows[0])
    step = _chunk(rows)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        area = Area(row + start, column, row + start + len(part) - 1, column + width - 1)
        if any(_longest(cells) > LONG_TEXT for cells in zip(*part, strict=True)):
            _write_long(sheet, area, part)
        else:
            rng(sheet, area).raw_value = list(part) if len(part) > 1 or width > 1 else part[0][0]
        look()


def _longest(cells: Sequence[Any]) -> int:
    """Letters of the longest text of a column; most columns are of one type, which is found at once."""
    kinds = set(map(type, cells))
    if str not in kinds:
        return 0
    return max(map(len, cells if len(kinds) == 1 else (value for value in cells if type(value) is str)))


def _write_long(sheet: Any, area: Area, part: Sequence[Sequence[Any]]) -> None:
    """The block without its long texts, then each of them by itself."""
    block = [["" if _is_long(value) else value for value in cells] for cells in part]
    rng(sheet, area).raw_value = block if len(block) > 1 or len(block[0]) > 1 else block[0][0]
    for row, cells in enumerate(part, area.top):
        for column, text in enumerate(cells, area.left):
            if _is_long(text):
                sheet.range((row, column)).raw_value = text


def _is_long(value: object) -> bool:
    return type(value) is str and len(value) > LONG_TEXT


def _chunk(rows: Sequence[Sequence[Any]]) -> int:
    """Rows a call: by count, fewer where the texts are long."""
    sample = rows[::SAMPLE]
    letters = sum(len(value) for cells in sample for value in cells if type(value) is str) / len(sample)
    return int(max(1, min(CHUNK_ROWS, CHUNK_LETTERS // max(letters, 1))))


def set_format(sheet: Any, area: Area, code: str) -> None:
    """One number format for all cells of the area."""
    rng(sheet, area).number_format = code


def formats_of(sheet: Any, area: Area, likely: Sequence[Area] = ()) -> Iterator[tuple[Area, str]]:
    """The number formats: of the whole, of likely parts if they make up the whole, of columns, of a column's halves."""
    code = rng(sheet, area).number_format
    if code is not None or (area.top, area.left) == (area.bottom, area.right):
        yield area, code or "General"
        return
    for part in likely if len(likely) > 1 and not minus([area], likely) else parts(area):
        yield from formats_of(sheet, part)


def parts(area: Area) -> Sequence[Area]:
    """The columns of an area, since each has its format mostly; of a single one the upper and the lower half."""
    columns = [area._replace(left=column, right=column) for column in range(area.left, area.right + 1)]
    return columns if len(columns) > 1 else halves(area)


def halves(area: Area) -> tuple[Area, Area]:
    """Left and right half, of a single column the upper and the lower one."""
    if area.left < area.right:
        middle = (area.left + area.right) // 2
        return area._replace(right=middle), area._replace(left=middle + 1)
    middle = (area.top + area.bottom) // 2
    return area._replace(bottom=middle), area._replace(top=middle + 1)


def hidden_rows(sheet: Any, area: Area) -> Iterator[tuple[int, int]]:
    """Stretches of hidden rows, found by halving."""
    state = rng(sheet, area).rows.hidden
    if state is None:
        middle = (area.top + area.bottom) // 2
        yield from hidden_rows(sheet, area._replace(bottom=middle))
        yield from hidden_rows(sheet, area._replace(top=middle + 1))
    elif state:
        yield area.top, area.bottom


def fill_arrays(cells: Any, text: str) -> None:
    """The formula into each cell as an array formula of its own: entered once, then one fill.

    Excel takes no text above 255 letters that way; a version with dynamic arrays works `formula2` out as an array too.
    """
    first = cells[0, 0]
    try:
        first.formula_array = text
    except Exception:  # noqa: BLE001 - each system has its own; what is wrong with the formula itself is raised below
        cells.formula2 = text
        return
    if cells.shape != (1, 1):
        first.autofill(cells, "fill_copy")


@dataclass(frozen=True, slots=True)
class Kept:
    """Cells as they stood: values, formulas by runs down a column (row, column, texts, arrays among them), formats."""

    area: Area
    rows: list[Sequence[Any]]
    formulas: list[tuple[int, int, list[str], bool]] = field(default_factory=list)
    formats: list[tuple[Area, str]] = field(default_factory=list)


def kept(sheet: Any, area: Area, alike: Sequence[tuple[Area, list[Area]]], look: Look) -> Kept:
    """Read everything that `put_back` needs. `alike`: areas that may well have one number format, or else these parts."""
    rows = read_rows(sheet, area, look)
    formulas = [
        (one.top, one.left + place, list(texts), _has_array(sheet, one.top, one.left + place, len(texts)))
        for one in _formula_areas(sheet, area)
        for place, texts in enumerate(zip(*read_formulas(sheet, one, look), strict=True))
    ]
    return Kept(area, rows, formulas, list(_likely_formats(sheet, area, alike)))


def _likely_formats(sheet: Any, area: Area, alike: Sequence[tuple[Area, list[Area]]]) -> Iterator[tuple[Area, str]]:
    """The number formats, asked in few calls where cells are as they are expected to be."""
    code = rng(sheet, area).number_format
    if code is not None:
        yield area, code
        return
    parts = {both(area, one): inner for one, inner in alike if one.meets(area)}
    pieces = disjoint(parts)
    for piece in [*pieces, *minus([area], pieces)]:
        yield from formats_of(sheet, piece, [both(piece, one) for one in parts.get(piece, []) if one.meets(piece)])


def _has_array(sheet: Any, row: int, column: int, length: int) -> bool:
    return rng(sheet, Area(row, column, row + length - 1, column)).has_array is not False


def _formula_areas(sheet: Any, area: Area) -> list[Area]:
    """Where formulas stand. Asked of a single cell, Excel answers for the whole sheet."""
    found = [area_of_range(one) for one in rng(sheet, area).get_special_cells("formulas")]
    return [one for one in found if area.contains(one)]


def put_back(sheet: Any, was: Kept, headers: Sequence[Area]) -> None:
    """The cells as they were. `headers` are header rows of tables, whose texts are not blanked on the way."""
    for area in minus([was.area], headers):
        set_format(sheet, area, "General")
        first, left = area.top - was.area.top, area.left - was.area.left
        width = area.right - area.left + 1
        part = [
            [again(value) for value in cells[left : left + width]]
            for cells in was.rows[first : area.bottom - was.area.top + 1]
        ]
        write_rows(sheet, area.top, area.left, part, lambda: None)
    for header in headers:
        names = was.rows[header.top - was.area.top][header.left - was.area.left : header.right - was.area.left + 1]
        write_header(sheet, header, [str(name) for name in names])
    for area, code in was.formats:
        if code != TEXT_FORMAT:
            set_format(sheet, area, code)
    for row, column, texts, arrays in was.formulas:
        _formulas_again(sheet, Area(row, column, row + len(texts) - 1, column), texts, arrays=arrays)
    for area, code in was.formats:
        if code == TEXT_FORMAT:
            set_format(sheet, area, code)


def _formulas_again(sheet: Any, area: Area, texts: list[str], *, arrays: bool) -> None:
    """Formulas of one column. Arrays of equal text are filled; others are few, and entered one by one."""
    if not arrays:
        write_formulas(sheet, area.top, area.left, [[text] for text in texts])
    elif len(set(texts)) == 1:
        fill_arrays(rng(sheet, area), texts[0])
    else:
        for row, text in enumerate(texts, area.top):
            sheet.range((row, area.left)).formula_array = text


def write_formulas(sheet: Any, row: int, column: int, rows: Sequence[Sequence[Any]], look: Look = lambda: None) -> None:
    """Formulas of a rectangle, in chunks."""
    for start in range(0, len(rows), CHUNK_ROWS):
        part = [list(cells) for cells in rows[start : start + CHUNK_ROWS]]
        area = Area(row + start, column, row + start + len(part) - 1, column + len(part[0]) - 1)
        single = len(part) == 1 and len(part[0]) == 1
        rng(sheet, area).formula = part[0][0] if single else part
        look()


def write_header(sheet: Any, area: Area, names: Sequence[str]) -> None:
    """The header texts of a table. Excel lets no two be equal, not even for a moment: moved ones get a stand-in first."""
    cells = rng(sheet, area)
    now = ["" if name is None else str(name) for name in as_rows(cells.raw_value, area)[0]]
    if now == list(names):
        return
    standing = {name.lower() for name in now}
    if any(old != new and new.lower() in standing for old, new in zip(now, names, strict=True)):
        stand_ins = [
            new if old == new else f"~{at}~{new}"[:250] for at, (old, new) in enumerate(zip(now, names, strict=True))
        ]
        _put_header(cells, area, stand_ins)
    _put_header(cells, area, names)


def _put_header(cells: Any, area: Area, names: Sequence[str]) -> None:
    cells.number_format = "General"
    row = [guarded(name) for name in names]
    cells.raw_value = [row] if area.left < area.right else row[0]
