"""Functions that give lists: FILTER, UNIQUE, SORT ... A cell of a column holds one value, so something follows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key

import numpy as np
import numpy.typing as npt

from recon_core.formula import excel
from recon_core.formula.excel import made
from recon_core.formula.functions.spec import CALC, VALUE, Group
from recon_core.formula.values import ExcelError, Scalar, Tag, Values, joined_words, tagged, within

FUNCTIONS = Group("lists")
MAX_CELLS = 1_048_576


def grid(values: Values) -> Values:
    """Values as rows and columns; a single value is one of each."""
    return values if values.is_grid else values.reshape((1, values.size))


def _pick(
    values: Values, rows: Sequence[int] | npt.NDArray[np.intp], columns: Sequence[int] | npt.NDArray[np.intp]
) -> Values:
    within((len(rows), len(columns)))
    at = np.asarray(rows, np.int64)[:, None] * values.shape[1] + np.asarray(columns, np.int64)[None, :]
    return values.flat().take(at).not_ref()


def _all(count: int) -> npt.NDArray[np.intp]:
    return np.arange(count)


@FUNCTIONS.scalar("FILTER(list:G, include:G, [otherwise:V])", "The rows, or columns, of a list whose condition holds.")
def filter_(listed: Values, include: Values, otherwise: Scalar = None) -> Values | Scalar:
    listed, include = grid(listed), grid(include)
    held, errors = excel.truths(include)
    if errors is not None and errors.any():
        return with_first(include)
    if include.shape == (listed.shape[0], 1):
        rows, columns = np.flatnonzero(held), _all(listed.shape[1])
    elif include.shape == (1, listed.shape[1]):
        rows, columns = _all(listed.shape[0]), np.flatnonzero(held)
    else:
        raise VALUE
    if not (len(rows) and len(columns)):
        if otherwise is None:
            raise CALC
        return otherwise
    return _pick(listed, rows, columns)


def with_first(values: Values) -> Scalar:
    """The first error of a list; #VALUE! where the trouble is a text."""
    return next((one for one in values.items() if isinstance(one, ExcelError)), ExcelError.VALUE)


def _key(value: Scalar) -> tuple[int, object]:
    """Equal for values that = calls equal."""
    if isinstance(value, str):
        return Tag.TEXT, excel.fold(value)
    if isinstance(value, bool):
        return Tag.BOOL, value
    if isinstance(value, ExcelError):
        return Tag.ERROR, value.code
    return (Tag.BLANK, 0) if value is None else (Tag.NUMBER, excel.fifteen(value))


def _lines(values: Values, by_column: bool) -> list[tuple[tuple[int, object], ...]]:
    items, (height, width) = [_key(one) for one in values.items()], values.shape
    if by_column:
        return [tuple(items[row * width + column] for row in range(height)) for column in range(width)]
    return [tuple(items[row * width : (row + 1) * width]) for row in range(height)]


@FUNCTIONS.scalar(
    "UNIQUE(list:G, [by_column:B=FALSE], [once:B=FALSE])", "The different rows of a list, or those that occur once."
)
def unique(listed: Values, by_column: bool, once: bool) -> Values:
    listed = grid(listed)
    first: dict[object, int] = {}
    count: dict[object, int] = {}
    for at, key in enumerate(_lines(listed, by_column)):
        first.setdefault(key, at)
        count[key] = count.get(key, 0) + 1
    kept = [at for key, at in first.items() if not once or count[key] == 1]
    if not kept:
        raise CALC
    return _pick(listed, _all(listed.shape[0]), kept) if by_column else _pick(listed, kept, _all(listed.shape[1]))


_RANK = {Tag.NUMBER: 0, Tag.TEXT: 1, Tag.BOOL: 2, Tag.ERROR: 3, Tag.BLANK: 4}


def _sort_key(value: Scalar) -> tuple[int, object]:
    kind, own = _key(value)
    return _RANK[Tag(kind)], excel.collate(value) if isinstance(value, str) else own


def _ordered(columns: Sequence[Sequence[Scalar]], falling: Sequence[bool]) -> list[int]:
    """Positions in order of several columns; blanks are last either way."""
    keys = [[_sort_key(one) for one in column] for column in columns]

    def order(a: int, b: int) -> int:
        for column, down in zip(keys, falling, strict=True):
            left, right = column[a], column[b]
            if left == right:
                continue
            less = -1 if left < right else 1
            return -less if down and Tag.BLANK not in (left[0], right[0]) else less
        return a - b

    return sorted(range(len(keys[0])), key=cmp_to_key(order))


@FUNCTIONS.scalar(
    "SORT(list:G, [column:N==1], [order:N==1], [by_column:B=FALSE])",
    "The rows of a list in order; order -1 is falling.",
)
def sort(listed: Values, column: float, order: float, by_column: bool) -> Values:
    listed = grid(listed)
    width = listed.shape[0] if by_column else listed.shape[1]
    if order not in (1, -1) or not 1 <= int(column) <= width:
        raise VALUE
    at = int(column) - 1
    line = _pick(listed, [at], _all(listed.shape[1])) if by_column else _pick(listed, _all(listed.shape[0]), [at])
    places = _ordered([line.items()], [order < 0])
    return _pick(listed, _all(listed.shape[0]), places) if by_column else _pick(listed, places, _all(listed.shape[1]))


@FUNCTIONS.scalar(
    "SORTBY(list:G, by:G, [order:N==1], [by:G, order:N]...)", "The rows of a list in the order of other lists."
)
def sortby(listed: Values, *rest: Values | float | None) -> Values:
    listed = grid(listed)
    keys = [one for one in rest[::2] if isinstance(one, Values)]
    orders = [1.0 if one is None else float(one) for one in rest[1::2] if not isinstance(one, Values)]
    if any(one.size != listed.shape[0] for one in keys) or any(one not in (1.0, -1.0) for one in orders):
        raise VALUE
    orders += [1.0] * (len(keys) - len(orders))
    return _pick(listed, _ordered([one.items() for one in keys], [one < 0 for one in orders]), _all(listed.shape[1]))


def _ends(size: int, count: float | None, take: bool) -> npt.NDArray[np.intp]:
    if count is None:
        return _all(size)
    whole = int(count)
    if whole == 0 and take:
        raise CALC
    kept = _all(size)[:whole] if (whole > 0) == take else _all(size)[whole:]
    if whole == 0:
        kept = _all(size)
    if not len(kept):
        raise CALC
    return kept


@FUNCTIONS.scalar(
    "TAKE(list:G, [rows:N==none], [columns:N==none])", "The first rows and columns of a list, the last where negative."
)
def take(listed: Values, rows: float | None, columns: float | None) -> Values:
    listed = grid(listed)
    return _pick(listed, _ends(listed.shape[0], rows, True), _ends(listed.shape[1], columns, True))


@FUNCTIONS.scalar(
    "DROP(list:G, [rows:N==none], [columns:N==none])",
    "A list without its first rows and columns, the last where negative.",
)
def drop(listed: Values, rows: float | None, columns: float | None) -> Values:
    listed = grid(listed)
    return _pick(listed, _ends(listed.shape[0], rows, False), _ends(listed.shape[1], columns, False))


def _chosen(size: int, numbers: Sequence[float]) -> list[int]:
    places = [int(one) for one in numbers]
    if any(one == 0 or abs(one) > size for one in places):
        raise VALUE
    return [one - 1 if one > 0 else size + one for one in places]


@FUNCTIONS.scalar("CHOOSECOLS(list:G, column:N, [column:N]...)", "Columns of a list by number.")
def choosecols(listed: Values, *columns: float) -> Values:
    listed = grid(listed)
    return _pick(listed, _all(listed.shape[0]), _chosen(listed.shape[1], columns))


@FUNCTIONS.scalar("CHOOSEROWS(list:G, row:N, [row:N]...)", "Rows of a list by number.")
def chooserows(listed: Values, *rows: float) -> Values:
    listed = grid(listed)
    return _pick(listed, _chosen(listed.shape[0], rows), _all(listed.shape[1]))


@FUNCTIONS.scalar("TRANSPOSE(list:G)", "Rows as columns.")
def transpose(listed: Values) -> Values:
    listed = grid(listed)
    return listed.flat().take(np.arange(listed.size).reshape(listed.shape).T).not_ref()


def _line_of(listed: Values, ignore: float, by_column: bool) -> Values:
    listed = grid(listed)
    at = np.arange(listed.size).reshape(listed.shape)
    flat = listed.flat().take((at.T if by_column else at).ravel())
    if ignore not in (0, 1, 2, 3):
        raise VALUE
    kept = np.ones(flat.size, np.bool_)
    if ignore in (1, 3):
        kept &= ~flat.where(Tag.BLANK)
    if ignore in (2, 3):
        kept &= ~flat.where(Tag.ERROR)
    if not kept.any():
        raise CALC
    return flat.take(np.flatnonzero(kept)).not_ref()


@FUNCTIONS.scalar(
    "TOCOL(list:G, [ignore:N=0], [by_column:B=FALSE])", "A list as one column; ignore 1 blanks, 2 errors, 3 both."
)
def tocol(listed: Values, ignore: float, by_column: bool) -> Values:
    found = _line_of(listed, ignore, by_column)
    return found.reshape((found.size, 1))


@FUNCTIONS.scalar(
    "TOROW(list:G, [ignore:N=0], [by_column:B=FALSE])", "A list as one row; ignore 1 blanks, 2 errors, 3 both."
)
def torow(listed: Values, ignore: float, by_column: bool) -> Values:
    found = _line_of(listed, ignore, by_column)
    return found.reshape((1, found.size))


def _stacked(lists: Sequence[Values], turn: Callable[[Values], Values]) -> Values:
    """Lists below each other; shorter rows end in #N/A."""
    parts = [turn(grid(one)) for one in lists]
    width = max(one.shape[1] for one in parts)
    within((sum(one.shape[0] for one in parts), width))
    parts = [_widened(one, width) for one in parts]
    codes, words = joined_words(parts)
    num = np.concatenate([one.num_of() for one in parts])
    tags = np.concatenate([one.tags() for one in parts])
    return turn(tagged(num.shape, tags, num, np.concatenate(codes), words))


def _widened(values: Values, width: int) -> Values:
    if values.shape[1] == width:
        return values
    items, own = values.items(), values.shape[1]
    rows = [[*items[at : at + own], *[ExcelError.NA] * (width - own)] for at in range(0, len(items), own)]
    return Values.of([one for row in rows for one in row], (len(rows), width))


@FUNCTIONS.scalar("VSTACK(list:G, [list:G]...)", "Lists below each other.")
def vstack(*lists: Values) -> Values:
    return _stacked(lists, lambda one: one)


@FUNCTIONS.scalar("HSTACK(list:G, [list:G]...)", "Lists beside each other.")
def hstack(*lists: Values) -> Values:
    return _stacked(lists, transpose)


@FUNCTIONS.scalar("SEQUENCE(rows:N==1, [columns:N==1], [start:N==1], [step:N==1])", "Numbers in rising steps.")
def sequence(rows: float, columns: float, start: float, step: float) -> Values:
    height, width = int(rows), int(columns)
    if height < 0 or width < 0 or height * width > MAX_CELLS:
        raise VALUE
    if height * width == 0:
        raise CALC
    with np.errstate(all="ignore"):
        return made(start + step * np.arange(height * width, dtype=np.float64).reshape(height, width))
