"""Lookup functions. Each works on whole columns through one index for each list."""

from __future__ import annotations

from typing import Any

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.finding import Places, between, exact, halving, index_of, nearest
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.values import (
    ExcelError,
    Floats,
    Grid2D,
    Mask,
    Tag,
    Tags,
    Values,
    flagged,
    pick,
    shape_of,
    spread_errors,
    with_errors,
)
from recon_core.formula.wildcards import has_wildcard

FUNCTIONS = Group("lookup")
_MISSING = Values.one(ExcelError.NA)


def _number(context: Context, value: Values | None, default: float) -> tuple[float, ExcelError | None]:
    """A setting of a lookup, the same for every row."""
    if value is None:
        return default, None
    if not value.is_one:
        raise Grid2D
    num, errors = excel.numbers(value, context.day_first)
    found = value.scalar() if errors is not None else None
    if isinstance(found, ExcelError):
        return 0.0, found
    return float(num.flat[0]), ExcelError.VALUE if errors is not None else None


def _take(places: Places, result: Values, missing: Values) -> Values:
    """Values at places of a list, `missing` where the place is -1."""
    found = result.flat().take(np.maximum(places, 0)).not_ref()
    return pick(places >= 0, found, missing) if (places < 0).any() else found


def _line(listed: Values) -> int:
    """How many values a list has; it must be one row or one column."""
    return listed.size if not listed.is_grid or 1 in listed.shape else -1


def _found(context: Context, wanted: Values, listed: Values, mode: float, search: float) -> Places | ExcelError:
    """Places by XLOOKUP's match mode (0, -1, 1, 2) and search mode (1, -1, 2, -2)."""
    if mode not in (0, -1, 1, 2) or search not in (1, -1, 2, -2) or (mode == 2 and abs(search) == 2):
        return ExcelError.VALUE
    last = search == -1
    if abs(search) == 2:
        return between(wanted, listed, beside=int(mode), falling=search < 0)
    if mode in (0, 2):
        places = exact(wanted, listed, last=last, wild=mode == 2, context=context)
    else:
        places = nearest(wanted, listed, larger=mode == 1, last=last, context=context)
    if wanted.has(Tag.BLANK):  # XLOOKUP of an empty cell finds an empty cell
        places = np.where(wanted.where(Tag.BLANK), index_of(listed, last=last).blank, places)
    return places


@FUNCTIONS.whole(
    "XLOOKUP(value:V, in:G, give:G, [otherwise:V==0], [match:N=0], [search:N=1])",
    "Finds a value in a list and gives what stands beside it in another.",
)
def xlookup(
    context: Context, wanted: Values, listed: Values, result: Values, otherwise: Values | None = None,
    match: Values | None = None, search: Values | None = None,
) -> Values:  # fmt: skip
    mode, wrong_mode = _number(context, match, 0)
    order, wrong_order = _number(context, search, 1)
    if wrong_mode or wrong_order:
        return Values.one(wrong_mode or wrong_order or ExcelError.VALUE)
    size = _line(listed)
    across = listed.is_grid and listed.shape[0] == 1 and size > 1
    height, width = result.shape if result.is_grid else (result.size, 1)
    if size < 0 or size != (width if across else height):
        return Values.one(ExcelError.VALUE)
    places = _found(context, wanted, listed, int(mode), int(order))
    if isinstance(places, ExcelError):
        return Values.one(places)
    missing = otherwise if otherwise is not None else _MISSING
    lines = height if across else width
    if lines > 1:
        return _whole_line(places, result, across, missing, excel.errors_of(wanted))
    return with_errors(_take(places, result, missing), _spread_errors(wanted, places))


def _spread_errors(wanted: Values, places: Places) -> Tags | None:
    errors = excel.errors_of(wanted)
    return None if errors is None else spread_errors(errors, places.shape)


def _whole_line(places: Places, result: Values, across: bool, missing: Values, errors: Tags | None) -> Values:
    """XLOOKUP that gives a whole row or column; only for one wanted value at a time."""
    if places.size != 1:
        raise Grid2D
    if errors is not None and errors.any():
        return with_errors(Values.one(0.0), errors.ravel())
    at = int(places.flat[0])
    if at < 0:
        return missing
    height, width = result.shape
    flat = np.arange(height) * width + at if across else at * width + np.arange(width)
    return result.flat().take(flat.reshape((height, 1) if across else (1, width)))


@FUNCTIONS.whole("XMATCH(value:V, in:G, [match:N=0], [search:N=1])", "The place of a value in a list.")
def xmatch(
    context: Context, wanted: Values, listed: Values, match: Values | None = None, search: Values | None = None
) -> Values:
    mode, wrong_mode = _number(context, match, 0)
    order, wrong_order = _number(context, search, 1)
    if wrong_mode or wrong_order:
        return Values.one(wrong_mode or wrong_order or ExcelError.VALUE)
    if _line(listed) < 0:
        return Values.one(ExcelError.VALUE)
    places = _found(context, wanted, listed, int(mode), int(order))
    return Values.one(places) if isinstance(places, ExcelError) else _as_place(places, wanted)


def _as_place(places: Places, wanted: Values) -> Values:
    missing = flagged(places < 0, ExcelError.NA)
    errors = excel.first_errors(_spread_errors(wanted, places), missing)
    return with_errors(Values.numbers(np.maximum(places, 0) + 1.0), errors)


@FUNCTIONS.whole(
    "MATCH(value:V, in:G, [type:N=1])",
    "The place of a value in a list: 0 exact, 1 the last not above it in a rising list, -1 the last not below it in a falling one.",
)
def match_(context: Context, wanted: Values, listed: Values, kind: Values | None = None) -> Values:
    mode, wrong = _number(context, kind, 1)
    if wrong:
        return Values.one(wrong)
    if _line(listed) < 0:
        return Values.one(ExcelError.NA)
    if mode == 0:
        places = exact(_blank_is_zero(wanted), listed, wild=True, context=context)
    else:
        places = halving(wanted, listed, descending=mode < 0)
        wild = exact(wanted, listed, wild=True, context=context) if any(map(has_wildcard, wanted.words)) else places
        places = np.where(_has_wildcard(wanted) & (wild >= 0), wild, places)
    return _as_place(places, wanted)


def _has_wildcard(wanted: Values) -> Mask:
    """Where a wanted text has wildcards: MATCH heeds them in every type."""
    words = np.array([has_wildcard(word) for word in wanted.words] or [False])
    held: Mask = words[wanted.codes_of()] & wanted.where(Tag.TEXT)
    return held


def _blank_is_zero(wanted: Values) -> Values:
    blank = wanted.where(Tag.BLANK)
    return pick(blank, Values.one(0.0), wanted) if blank.any() else wanted


@FUNCTIONS.whole(
    "VLOOKUP(value:V, table:G, column:N, [near:B=TRUE])",
    "Finds a value in the first column of a table and gives what stands in another column of its row.",
)
def vlookup(context: Context, wanted: Values, table: Values, column: Values, near: Values | None = None) -> Values:
    return _in_table(context, wanted, table, column, near, across=False)


@FUNCTIONS.whole(
    "HLOOKUP(value:V, table:G, row:N, [near:B=TRUE])",
    "Finds a value in the first row of a table and gives what stands in another row of its column.",
)
def hlookup(context: Context, wanted: Values, table: Values, row: Values, near: Values | None = None) -> Values:
    return _in_table(context, wanted, table, row, near, across=True)


def _in_table(
    context: Context, wanted: Values, table: Values, line: Values, near: Values | None, *, across: bool
) -> Values:
    grid = table if table.is_grid else table.reshape((1, 1)) if table.is_one else table.reshape((table.size, 1))
    if across:
        grid = transposed(grid)
    number, wrong = excel.numbers(line, context.day_first)
    exactly = False
    if (table.is_a(Tag.TEXT) and not table.is_ref and not table.is_grid) or (near is not None and near.is_a(Tag.TEXT)):
        return Values.one(ExcelError.VALUE)
    if near is not None:
        truth, bad = excel.truths(near)
        if (bad is not None and bad.any()) or not near.is_one:
            return with_errors(Values.one(0.0), bad) if near.is_one else _grid()
        exactly = not bool(truth.flat[0])
    first = grid.columns(0, 0)
    wanted = _blank_is_zero(wanted)
    places = exact(wanted, first, wild=True, context=context) if exactly else halving(wanted, first)
    at = np.trunc(number)
    outside = np.where(at < 1, ExcelError.VALUE.code, np.where(at > grid.shape[1], ExcelError.REF.code, 0)).astype(
        np.uint8
    )
    shape = shape_of([Values.numbers(places.astype(np.float64)), line])
    at = _over(np.clip(at, 1, grid.shape[1]).astype(np.int64) - 1, shape)
    places = _over(places, shape)
    found = _take(np.where(places < 0, -1, places * grid.shape[1] + at), grid, _MISSING)
    errors = excel.first_errors(_broad(excel.errors_of(wanted), shape), _broad(wrong, shape), _over(outside, shape))
    return with_errors(found, errors)


def _grid() -> Values:
    raise Grid2D


def _broad(errors: Tags | None, shape: tuple[int, ...]) -> Tags | None:
    return None if errors is None else spread_errors(errors, shape)


def transposed(grid: Values) -> Values:
    """Rows as columns; made once, so that its index is made once."""

    def turn() -> Values:
        height, width = grid.shape
        return grid.flat().take(np.arange(height * width).reshape(height, width).T)

    return grid.cached("transposed", turn)


@FUNCTIONS.whole("LOOKUP(value:V, in:G, [give:G])", "Finds the last value not above the wanted one in a rising list.")
def lookup(context: Context, wanted: Values, listed: Values, result: Values | None = None) -> Values:
    if result is None and listed.is_grid and 1 not in listed.shape:
        grid = transposed(listed) if listed.shape[1] > listed.shape[0] else listed
        listed, result = grid.columns(0, 0), grid.columns(grid.shape[1] - 1, grid.shape[1] - 1)
    result = listed if result is None else result
    if _line(listed) < 0 or _line(result) < 0:
        return Values.one(ExcelError.NA)
    places = halving(wanted, listed)
    places = np.where(places >= result.size, -1, places)
    return with_errors(_take(places, result, _MISSING), _spread_errors(wanted, places))


@FUNCTIONS.whole(
    "INDEX(list:G, row:N, [column:N], [area:N])",
    "The value at a row and column of a list; 0 is the whole row or column.",
)
def index(
    context: Context, listed: Values, row: Values, column: Values | None = None, area: Values | None = None
) -> Values:
    only, wrong_area = _number(context, area, 1)
    if wrong_area or int(only) != 1:
        return Values.one(wrong_area or (ExcelError.REF if only >= 1 else ExcelError.VALUE))
    if not listed.is_grid and not listed.is_one:
        raise Grid2D
    height, width = listed.shape if listed.is_grid else (1, 1)
    rows, wrong_row = excel.numbers(row, context.day_first)
    if column is None and height == 1 and width > 1:
        columns, wrong_column, rows, wrong_row = rows, wrong_row, np.ones(row.shape), None
    elif column is None:
        columns, wrong_column = (np.ones(1) if width == 1 else np.zeros(1)), None
    else:
        columns, wrong_column = excel.numbers(column, context.day_first)
    rows, columns = _where_right(rows, wrong_row), _where_right(columns, wrong_column)
    shape = shape_of([Values.numbers(rows), Values.numbers(columns)])
    rows, columns = _over(np.trunc(rows), shape), _over(np.trunc(columns), shape)
    errors = excel.first_errors(_broad(wrong_row, shape), _broad(wrong_column, shape))
    if (rows == 0).any() or (columns == 0).any():
        return _lines(listed, rows, columns, errors)
    negative = flagged((rows < 0) | (columns < 0), ExcelError.VALUE)
    outside = flagged((rows > height) | (columns > width), ExcelError.REF)
    at = (np.clip(rows, 1, height) - 1) * width + np.clip(columns, 1, width) - 1
    found = listed.flat().take(at.astype(np.int64))
    if listed.origin and at.size == 1:
        found.origin = (listed.origin[0] + int(rows.flat[0]) - 1, listed.origin[1] + int(columns.flat[0]) - 1)
    return with_errors(found, excel.first_errors(errors, negative, outside))


def _where_right(number: Floats, errors: Tags | None) -> Floats:
    """Numbers with 1 in place of errors, so that they ask for no whole row."""
    return number if errors is None else np.where(errors > 0, 1.0, number)


def _lines(listed: Values, rows: Places | object, columns: object, errors: Tags | None) -> Values:
    """INDEX with a 0: a whole row, a whole column or all; one at a time, or a list of one line value by value."""
    row, column = np.asarray(rows), np.asarray(columns)
    height, width = listed.shape if listed.is_grid else (1, 1)
    if width == 1:
        column = np.where(column == 0, 1, column)
    if height == 1:
        row = np.where(row == 0, 1, row)
    if row.size != 1:
        raise Grid2D
    if errors is not None and errors.any():
        return with_errors(Values.one(0.0), errors.ravel()[:1])
    r, c = int(row.flat[0]), int(column.flat[0])
    if r < 0 or c < 0 or r > height or c > width:
        return Values.one(ExcelError.VALUE if r < 0 or c < 0 else ExcelError.REF)
    numbered = np.arange(height * width).reshape(height, width)
    part = numbered[slice(None) if r == 0 else slice(r - 1, r), slice(None) if c == 0 else slice(c - 1, c)]
    found = listed.flat().take(part)
    if found.is_one:
        return found.reshape((1,))
    if listed.origin:
        found.origin = (listed.origin[0] + int(part.flat[0]) // width, listed.origin[1] + int(part.flat[0]) % width)
    return found


def _over(array: Any, shape: tuple[int, ...]) -> Any:
    """An array over a shape. Raises Grid2D where a smaller list does not reach over a larger one."""
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise Grid2D from None
