"""Values and formulas of a range, read and written in few calls, however many cells.

Calc has no date or boolean cells; only the number format tells. Errors arrive as nothing and are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from addin.calc.border import CalcError
from addin.calc.formulas import mover, names_no_table, to_calc, to_excel
from addin.calc.values import (
    BOOLEAN,
    ERRORS,
    SUSPECT,
    CellError,
    Entered,
    as_text,
    calc_error,
    entered,
    error_of,
    moment_of,
    number_text,
)

if TYPE_CHECKING:
    from addin.calc.ranges import CalcRange

NUMBER_FORMAT = "NumberFormat"
DATE_KIND, TIME_KIND, TEXT_KIND, LOGICAL_KIND = 2, 4, 256, 1024  # com.sun.star.util.NumberFormat
GENERAL = 0
_ERRORS, _TEXTS, _NUMBERS = 4, 2, 1  # com.sun.star.sheet.FormulaResult
_DATED = 2  # com.sun.star.sheet.CellFlags: numbers in a format of dates or times
_ASK_ONE_BY_ONE, _FORMULAS_A_CALL, _WORTH_A_FILL = 8, 250, 100
NOT_FOUND = "#N/A"
_BREAK = "\0"  # between texts looked through as one; a cell that holds it itself only costs a second look
_SUSPECT_START = re.compile(f"{_BREAK}[{re.escape(''.join(sorted(SUSPECT)))}]")
_NOT_A_FORMULA = {501, 507, 508, 509, 510, 511, 512, 520, 533}  # Calc cannot parse it; Excel refuses such an entry


class Area(NamedTuple):
    """Cells inside a range, zero-based from its corner, ends included."""

    top: int
    left: int
    bottom: int
    right: int


def areas_in(rng: CalcRange, addresses: Iterable[Any]) -> list[Area]:
    """UNO's addresses as areas of the range."""
    row, column = rng.row - 1, rng.column - 1
    return [
        Area(one.StartRow - row, one.StartColumn - column, one.EndRow - row, one.EndColumn - column)
        for one in addresses
    ]


def formats_in(rng: CalcRange) -> list[tuple[int, list[Area]]]:
    """Each number format of the range with its areas: one call where there is one, else one a format."""
    xl, rows, columns = rng.here, *rng.shape
    if (rows, columns) == (1, 1) or xl.getPropertyState(NUMBER_FORMAT).value != "AMBIGUOUS_VALUE":
        return [(xl.getPropertyValue(NUMBER_FORMAT), [Area(0, 0, rows - 1, columns - 1)])]
    found = xl.getUniqueCellFormatRanges()
    groups = (found.getByIndex(place) for place in range(found.getCount()))
    return [(one.getPropertyValue(NUMBER_FORMAT), areas_in(rng, one.getRangeAddresses())) for one in groups]


def read(rng: CalcRange) -> tuple[tuple[Any, ...], ...]:
    """Rows of values: float, str, bool, datetime, CellError; None for an empty cell."""
    rows: list[Any] = list(rng.here.getDataArray())
    has_formulas = bool(rng.here.queryFormulaCells(_TEXTS | _ERRORS | _NUMBERS).getCount())
    if any("" in row for row in rows):
        _leave_empty(rng, rows, has_formulas=has_formulas)
    if has_formulas:
        _put_errors(rng, rows)
    for key, areas in _dates_and_truths(rng, rows, has_formulas=has_formulas):
        kind = rng.book.formats.kind(key)
        if kind & LOGICAL_KIND:
            _convert(rows, areas, _truth)
        elif kind & DATE_KIND:  # a time of day alone is a fraction, as Excel gives it
            _convert(rows, areas, moment_of)
    return tuple(tuple(row) for row in rows)


def _dates_and_truths(
    rng: CalcRange, rows: Sequence[Sequence[Any]], *, has_formulas: bool
) -> list[tuple[int, list[Area]]]:
    """Formats, where numbers may be more than numbers: dates are asked for by one call, truths are 0 or 1."""
    may_be = any(0.0 in row or 1.0 in row for row in rows)
    if may_be or rng.here.queryContentCells(_DATED).getCount():
        return formats_in(rng)
    return formats_in(rng) if has_formulas and rng.here.queryFormulaCells(_NUMBERS).getCount() else []


def _truth(number: float) -> bool | float:
    return bool(number) if number in (0.0, 1.0) else number


def _leave_empty(rng: CalcRange, rows: list[Any], *, has_formulas: bool) -> None:
    """None where nothing stands; the empty text of a formula stays ''."""
    texts = rng.here.queryFormulaCells(_TEXTS).getRangeAddresses() if has_formulas else ()
    kept = {
        (row, column)
        for area in areas_in(rng, texts)
        for row in range(area.top, area.bottom + 1)
        for column in range(area.left, area.right + 1)
        if rows[row][column] == ""
    }
    for place, row in enumerate(rows):
        if "" in row:
            rows[place] = [None if value == "" else value for value in row]
    for place, column in kept:
        rows[place][column] = ""


def _convert(rows: list[Any], areas: list[Area], turn: Callable[[float], Any]) -> None:
    """Turn the numbers of the areas; equal numbers are turned once."""
    known: dict[float, Any] = {}
    for area in areas:
        for place in range(area.top, area.bottom + 1):
            row = rows[place]
            if type(row) is not list:
                row = rows[place] = list(row)
            for column in range(area.left, area.right + 1):
                value = row[column]
                if type(value) is float:
                    if value not in known:
                        known[value] = turn(value)
                    row[column] = known[value]


def _put_errors(rng: CalcRange, rows: list[Any]) -> None:
    """Errors where formulas have them; Calc's data array leaves them out."""
    found = rng.here.queryFormulaCells(_ERRORS)
    if not found.getCount():
        return
    areas = areas_in(rng, found.getRangeAddresses())
    places = [
        place for one in areas for place in product(range(one.top, one.bottom + 1), range(one.left, one.right + 1))
    ]
    known = _many_errors(rng, areas, places) if len(places) > _ASK_ONE_BY_ONE else {}
    for place in places:
        row, column = place
        if type(rows[row]) is not list:
            rows[row] = list(rows[row])
        rows[row][column] = known.get(place) or calc_error(rng.xl.getCellByPosition(column, row).getError())


def _many_errors(rng: CalcRange, areas: list[Area], places: list[tuple[int, int]]) -> dict[tuple[int, int], CellError]:
    """Errors found in a few calls: all #N/A, and the rest where it is of one kind. What is missing must be asked for."""
    box = Area(
        min(one.top for one in areas),
        min(one.left for one in areas),
        max(one.bottom for one in areas),
        max(one.right for one in areas),
    )
    part = rng.part(box.top, box.left, box.bottom - box.top + 1, box.right - box.left + 1).xl
    call = rng.app.office.service("com.sun.star.sheet.FunctionAccess").callFunction
    counts = {word: int(call("COUNTIF", (part, word))) for word in ERRORS}
    known: dict[tuple[int, int], CellError] = {}
    if counts.pop(NOT_FOUND):
        flags = call("ISNA", (part,))
        rows = flags if isinstance(flags, tuple) else ((flags,),)
        known = {place: error_of(NOT_FOUND) for place in places if rows[place[0] - box.top][place[1] - box.left]}
    rest = [place for place in places if place not in known]
    kinds = [word for word, count in counts.items() if count]
    if len(kinds) == 1 and counts[kinds[0]] == len(rest):
        known |= dict.fromkeys(rest, error_of(kinds[0]))
    return known


def read_formulas(rng: CalcRange) -> tuple[tuple[str, ...], ...]:
    """Rows of what the formula bar shows: a formula, or the constant as text, '' where nothing stands."""
    here = rng.here
    texts, values = here.getFormulaArray(), here.getDataArray()
    truths = [area for key, areas in formats_in(rng) if rng.book.formats.kind(key) & LOGICAL_KIND for area in areas]
    rows: list[Any] = [list(row) for row in values]
    _convert(rows, truths, _truth)
    return tuple(
        tuple(_shown(text, value) for text, value in zip(*pair, strict=True)) for pair in zip(texts, rows, strict=True)
    )


def _shown(text: str, value: Any) -> str:
    if text.startswith("{=") or (text.startswith("=") and value != text):
        return to_excel(text)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return number_text(value)
    return text if value is None else str(value)


def rows_of(data: Any, shape: tuple[int, int]) -> list[tuple[Any, ...]]:
    """A value for all cells, a row, or rows, as rows of equal length."""
    if not isinstance(data, list | tuple):
        return [(data,) * shape[1]] * shape[0]
    if not data or not isinstance(data[0], list | tuple):
        return [tuple(data)]
    rows = [tuple(row) for row in data]
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("All rows must have the same number of cells.")
    return rows


def write(rng: CalcRange, data: Any) -> None:
    """Enter values as Excel's `Range.Value` takes them; a formula for several cells is filled."""
    if isinstance(data, str) and data.startswith("=") and len(data) > 1:
        fill(rng, data)
        return
    rows = rows_of(data, rng.shape)
    target = rng.part(0, 0, len(rows), len(rows[0])) if (len(rows), len(rows[0])) != rng.shape else rng
    if not len(target):
        return
    target.must_be_open()
    _enter(target, rows)


def _enter(target: CalcRange, rows: list[tuple[Any, ...]]) -> None:
    """Rows of any values into cells of the same shape: one call for the values, a few for formats and formulas."""
    texts = _prepared(target)
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    formats: dict[str, list[Area]] = {}
    formulas: list[tuple[int, dict[int, str]]] = []
    changed = False
    for place, column in enumerate(columns):
        kinds = set(map(type, column))
        if kinds == {float}:
            if place not in texts:
                continue
        elif kinds == {str} and _stays(column, texts.get(place)):
            continue
        changed = True
        columns[place], shown, typed = _column(column, texts.get(place, []))
        for kind, at in shown.items():
            for first, last in runs(at):
                formats.setdefault(kind, []).append(Area(first, place, last, place))
        if typed:
            formulas.append((place, typed))
    target.here.setDataArray(tuple(zip(*columns, strict=True)) if changed else tuple(rows))
    for kind, areas in formats.items():
        _show_as(target, kind, areas)
    for place, typed in formulas:
        _enter_formulas(target, place, typed)


def _stays(column: Sequence[str], texts: list[tuple[int, int]] | None) -> bool:
    """Whether each text of a column is what its cell will hold."""
    whole = _BREAK + _BREAK.join(column)
    return (_BREAK + "'" not in whole) if texts == [(0, len(column) - 1)] else not _SUSPECT_START.search(whole)


def _prepared(target: CalcRange) -> dict[int, list[tuple[int, int]]]:
    """Rows of text cells by column; boolean formats are taken away first, as Excel has none."""
    texts: dict[int, list[tuple[int, int]]] = {}
    for key, areas in formats_in(target):
        kind = target.book.formats.kind(key)
        if kind & LOGICAL_KIND:
            for area in areas:
                target.area(area).setPropertyValue(NUMBER_FORMAT, GENERAL)
        if kind & TEXT_KIND:
            for area in areas:
                for column in range(area.left, area.right + 1):
                    texts.setdefault(column, []).append((area.top, area.bottom))
    return {column: sorted(found) for column, found in texts.items()}


def _column(
    column: Sequence[Any], texts: list[tuple[int, int]]
) -> tuple[list[float | str], dict[str, list[int]], dict[int, str]]:
    """One column's values as Calc stores them, rows by format, rows by formula."""
    values: list[float | str] = []
    shown: dict[str, list[int]] = {}
    formulas: dict[int, str] = {}
    in_text = [False] * len(column)
    for first, last in texts:
        in_text[first : last + 1] = [True] * (last - first + 1)
    for row, value in enumerate(column):
        if in_text[row]:
            values.append(as_text(value))
            continue
        if type(value) is float or (type(value) is str and (not value or value[0] not in SUSPECT)):
            values.append(value)
            continue
        found: Entered = entered(value)
        if found.formula:
            formulas[row] = str(found.value)
            values.append("")
        else:
            values.append(found.value)
            if found.shown_as:
                shown.setdefault(found.shown_as, []).append(row)
    return values, shown, formulas


def _show_as(target: CalcRange, kind: str, areas: list[Area]) -> None:
    """Give cells the format their entry brings; a format the user chose stays, save for a truth value."""
    key = target.book.formats.key(kind)
    dated = target.book.formats.kind(key) & (DATE_KIND | TIME_KIND)
    for area in areas:
        part = target.part(area.top, area.left, area.bottom - area.top + 1, area.right - area.left + 1)
        for old, inner in formats_in(part):
            old_kind = target.book.formats.kind(old)
            if kind == BOOLEAN or old == GENERAL or (dated and not old_kind & (DATE_KIND | TIME_KIND)):
                for one in inner:
                    part.area(one).setPropertyValue(NUMBER_FORMAT, key)


def _enter_formulas(target: CalcRange, column: int, formulas: dict[int, str]) -> None:
    """Formulas of one column, from the bottom up and not too many a call.

    Calc joins equal formulas into a group; downwards the time grows with the square of the rows (10,000: 11 s, upwards 0.4).
    """
    table = target.own_table() if any(map(names_no_table, formulas.values())) else ""
    tables = target.book.table_names()
    for first, last in runs(formulas):
        whole = target.part(first, column, last - first + 1, 1)
        move = mover(formulas[first])
        if (
            last - first >= _WORTH_A_FILL
            and all(move(row - first, 0) == formulas[row] for row in range(first, last + 1))
            and _alike(whole)
        ):
            _fill(whole, formulas[first], table)
            continue
        for end in range(last, first - 1, -_FORMULAS_A_CALL):
            start = max(first, end - _FORMULAS_A_CALL + 1)
            texts = tuple((translated(formulas[row], table, tables),) for row in range(start, end + 1))
            part = target.part(start, column, len(texts), 1)
            part.xl.setFormulaArray(texts)
        _must_parse(part.xl.getCellByPosition(0, 0), formulas[first])


def translated(text: str, table: str, tables: frozenset[str]) -> str:
    """The formula for Calc; CalcError where it means the cell's own table and there is none."""
    try:
        return to_calc(text, table, tables)
    except ValueError as error:
        raise CalcError(f"{text} is no formula that can be entered here: {error}") from None


def _must_parse(cell: Any, text: str) -> None:
    """Excel refuses an entry it cannot parse; Calc stores it with an error."""
    if cell.getError() in _NOT_A_FORMULA:
        cell.setFormula("")
        raise CalcError(f"{text} is no formula: there is a mistake in its text.")


def fill(rng: CalcRange, text: str) -> None:
    """One formula for all cells, relative references moved as Excel moves them; two calls, however many cells."""
    rng.must_be_open()
    kind = rng.book.formats.kind(formats_in(rng)[0][0])
    if kind & TEXT_KIND or not _alike(rng):
        move, (rows, columns) = mover(text), rng.shape
        text_only = kind & TEXT_KIND and _alike(rng)
        _enter(
            rng, [tuple(text if text_only else move(row, column) for column in range(columns)) for row in range(rows)]
        )
        return
    if kind & LOGICAL_KIND:
        rng.here.setPropertyValue(NUMBER_FORMAT, GENERAL)
    _fill(rng, text, rng.own_table() if names_no_table(text) else "")


def _fill(rng: CalcRange, text: str, table: str) -> None:
    """Calc's own fill, for cells of one format that are all visible."""
    cell = rng.xl.getCellByPosition(0, 0)
    cell.setFormula(translated(text, table, rng.book.table_names()))
    _must_parse(cell, text)
    rows, columns = rng.shape
    if rows > 1:
        rng.part(0, 0, rows, 1).xl.fillAuto(0, 1)  # down
    if columns > 1:
        rng.xl.fillAuto(1, 1)  # to the right


def _alike(rng: CalcRange) -> bool:
    """Whether Calc's own fill does what Excel's entry does: it copies the first cell's format and skips hidden rows."""
    if rng.here.getUniqueCellFormatRanges().getCount() > 1:
        return False
    seen = rng.here.queryVisibleCells().getRangeAddresses()
    return len(seen) == 1 and areas_in(rng, seen) == [Area(0, 0, rng.shape[0] - 1, rng.shape[1] - 1)]


def runs(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers as runs of neighbours: 1 2 3 7 -> (1, 3) (7, 7)."""
    first = last = -2
    for place in sorted(places):
        if place != last + 1:
            if first >= 0:
                yield first, last
            first = place
        last = place
    if first >= 0:
        yield first, last
