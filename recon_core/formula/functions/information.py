"""What a value is and where it stands: ISNUMBER, ISERROR, TYPE, ROWS, ROW, ADDRESS. Tags answer for whole columns."""

from __future__ import annotations

import re

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.gathered import bools, seen
from recon_core.formula.functions.spec import NA, VALUE, Context, Group
from recon_core.formula.functions.toolpak import one_strict
from recon_core.formula.values import ExcelError, Floats, Mask, Tag, Tags, Values, with_errors

FUNCTIONS = Group("information")

_ROWS, _COLUMNS = 1_048_576, 16_384
_PLAIN_SHEET = re.compile(r"[^\W\d][\w.]*")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc]?[0-9]*|[Cc][0-9]*")
_TYPES = np.array([1.0, 2.0, 4.0, 16.0, 1.0])  # by Tag


@FUNCTIONS.whole("ISBLANK(value:V)", "TRUE for a cell with nothing in it.")
def isblank(context: Context, value: Values) -> Values:
    return Values.bools(value.where(Tag.BLANK))


@FUNCTIONS.whole("ISNUMBER(value:V)", "TRUE for a number or a date, FALSE for a text that looks like one.")
def isnumber(context: Context, value: Values) -> Values:
    return Values.bools(value.where(Tag.NUMBER))


@FUNCTIONS.whole("ISTEXT(value:V)", "TRUE for a text.")
def istext(context: Context, value: Values) -> Values:
    return Values.bools(value.where(Tag.TEXT))


@FUNCTIONS.whole("ISNONTEXT(value:V)", "TRUE for whatever is no text, a blank cell too.")
def isnontext(context: Context, value: Values) -> Values:
    return Values.bools(~value.where(Tag.TEXT))


@FUNCTIONS.whole("ISLOGICAL(value:V)", "TRUE for TRUE and FALSE.")
def islogical(context: Context, value: Values) -> Values:
    return Values.bools(value.where(Tag.BOOL))


@FUNCTIONS.whole("ISERROR(value:V)", "TRUE for an error.")
def iserror(context: Context, value: Values) -> Values:
    return Values.bools(value.where(Tag.ERROR))


def _is_na(value: Values) -> Mask:
    mask: Mask = value.where(Tag.ERROR) & (value.num_of() == ExcelError.NA.code)
    return mask


@FUNCTIONS.whole("ISERR(value:V)", "TRUE for an error other than #N/A.")
def iserr(context: Context, value: Values) -> Values:
    return Values.bools(value.where(Tag.ERROR) & ~_is_na(value))


@FUNCTIONS.whole("ISNA(value:V)", "TRUE for #N/A.")
def isna(context: Context, value: Values) -> Values:
    return Values.bools(_is_na(value))


@FUNCTIONS.whole("ISREF(value:G)", "TRUE for a reference to cells.")
def isref(context: Context, value: Values) -> Values:
    return Values.one(value.is_ref)


def _halves(value: Values, context: Context) -> tuple[Floats, Tags | None]:
    """0 for even, 1 for odd."""
    num, errors = one_strict(context, value)
    return np.abs(np.trunc(seen(num))) % 2, errors


@FUNCTIONS.whole("ISEVEN(number:N)", "TRUE for an even number; digits behind the point do not count.")
def iseven(context: Context, number: Values) -> Values:
    half, errors = _halves(number, context)
    return bools(half == 0, errors)


@FUNCTIONS.whole("ISODD(number:N)", "TRUE for an odd number; digits behind the point do not count.")
def isodd(context: Context, number: Values) -> Values:
    half, errors = _halves(number, context)
    return bools(half == 1, errors)


@FUNCTIONS.whole("ERROR.TYPE(value:V)", "The number of an error, 7 for #N/A; #N/A where there is no error.")
def error_type(context: Context, value: Values) -> Values:
    is_error = value.where(Tag.ERROR)
    missing = np.where(is_error, 0, ExcelError.NA.code).astype(np.uint8)
    return with_errors(Values.numbers(np.where(is_error, value.num_of(), 0.0)), missing)


@FUNCTIONS.whole("TYPE(value:G)", "1 for a number, 2 a text, 4 TRUE or FALSE, 16 an error, 64 a list.")
def type_(context: Context, value: Values) -> Values:
    return Values.one(64.0) if value.is_grid and not value.is_one else Values.numbers(_TYPES[value.tags()])


@FUNCTIONS.scalar("NA()", "#N/A.")
def na() -> float:
    raise NA


def _grid_shape(value: Values) -> tuple[int, int]:
    return (value.shape[0], value.shape[1]) if value.is_grid else (1, 1)


def _sized(value: Values, size: int) -> Values:
    """A size, or the error of a single value."""
    errors = None if value.is_ref or value.is_grid else excel.errors_of(value)
    return with_errors(Values.one(float(size)), errors)


@FUNCTIONS.whole("ROWS(range:G)", "How many rows a range has.")
def rows(context: Context, value: Values) -> Values:
    return _sized(value, _grid_shape(value)[0])


@FUNCTIONS.whole("COLUMNS(range:G)", "How many columns a range has.")
def columns(context: Context, value: Values) -> Values:
    return _sized(value, _grid_shape(value)[1])


def _stands(context: Context, value: Values | None, axis: int) -> Values:
    """The row (axis 0) or column (axis 1) numbers of a reference, or of the formula's own cell."""
    if value is None:
        return Values.one(ExcelError.VALUE) if context.cell is None else Values.one(float(context.cell[axis]))
    if value.origin is None:
        errors = None if value.is_ref else excel.errors_of(value)
        return with_errors(Values.one(ExcelError.VALUE), errors)
    size = _grid_shape(value)[axis]
    numbers = value.origin[axis] + np.arange(size, dtype=np.float64)
    return Values.numbers(numbers if size == 1 else numbers.reshape((size, 1) if axis == 0 else (1, size)))


@FUNCTIONS.whole("ROW([reference:G])", "The row number of a cell, or of the formula's own.")
def row(context: Context, reference: Values | None) -> Values:
    return _stands(context, reference, 0)


@FUNCTIONS.whole("COLUMN([reference:G])", "The column number of a cell, or of the formula's own.")
def column(context: Context, reference: Values | None) -> Values:
    return _stands(context, reference, 1)


@FUNCTIONS.scalar(
    "ADDRESS(row:N, column:N, [fixed:N==1], [letters:B==TRUE], [sheet:T])",
    "The address of a cell as a text: 1 $A$1, 2 A$1, 3 $A1, 4 A1.",
)
def address(row_: float, column_: float, fixed: float, letters: bool, sheet: str | None) -> str:
    at, beside, kind = int(row_), int(column_), int(fixed)
    if not (1 <= row_ < _ROWS + 1 and 1 <= column_ < _COLUMNS + 1 and 1 <= fixed < 5):
        raise VALUE
    row_fixed, column_fixed = kind in (1, 2), kind in (1, 3)
    if letters:
        cell = f"{'$' if column_fixed else ''}{excel.column_letter(beside)}{'$' if row_fixed else ''}{at}"
    else:
        cell = f"R{at if row_fixed else f'[{at}]'}C{beside if column_fixed else f'[{beside}]'}"
    return cell if sheet is None else f"{_quoted(sheet)}!{cell}"


def _quoted(sheet: str) -> str:
    if not sheet or (_PLAIN_SHEET.fullmatch(sheet) and not _LIKE_A_CELL.fullmatch(sheet)):
        return sheet
    return "'" + sheet.replace("'", "''") + "'"
