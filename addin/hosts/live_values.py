"""Values of a `Sheet` as a running spreadsheet program takes them, column by column, and what it shows as values again.

What a cell must hold is said once, by `cellxml.value_xml`: this module brings it into numbers, texts and booleans of
Python. A program reads what is typed into it (00123 is a number to it, 1/2 a date): texts go into cells of the format
'@', or with a leading apostrophe, which the program takes for "this is text" and does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from addin.hosts.cellxml import (
    DAY,
    EPOCH_1900,
    ERRORS,
    FALSE_LEAP_DAY,
    FORMULA_STARTS,
    Plain,
    cut_text,
    table_value,
    value_xml,
)
from addin.hosts.columnxml import text_array
from addin.hosts.styles import STYLES
from recon_core.money import MINOR_PER_MAJOR
from recon_core.sheets import MAX_TEXT, NUMERIC, WORDS, Column, ExcelError, Formula, Kind

TEXT_FORMAT = "@"
EXACT = 2**53  # integers beyond are rounded by a float before they are divided
GUARDED_STARTS = (*FORMULA_STARTS, "'", "#")
FIRST_ERROR, LAST_ERROR = (
    -2146826288,
    -2146826237,
)  # COM's numbers of #NULL! to the newest; no real number is an int there
ERROR_WORDS: dict[int, str] = {
    -2146826288: "#NULL!", -2146826281: "#DIV/0!", -2146826273: "#VALUE!", -2146826265: "#REF!",
    -2146826259: "#NAME?", -2146826252: "#NUM!", -2146826246: "#N/A",
}  # fmt: skip
DAY_ZERO = date(1899, 12, 30)  # of a cell that holds a time alone
TRUTHS = frozenset({"TRUE", "FALSE"})

BLANK = ""  # what every program takes for an empty cell
Raw = str | float | bool
RawColumn = list[Raw]


class Written(NamedTuple):
    """The data rows of one table column: values (blank where a formula comes), formats while and after writing.

    `formulas` are (offset from the first data row, formula) of single cells; a calculated column has its one formula
    in `fill` and the offsets of the cells that stay blank in `blanks`.
    """

    values: RawColumn
    before: str
    after: str
    formulas: tuple[tuple[int, str], ...] = ()
    fill: str = ""
    is_array: bool = False
    blanks: tuple[int, ...] = ()


def raw_of(value: Plain | ExcelError, epoch: int = EPOCH_1900) -> Raw:
    """One value as it is written: dates are serial numbers, an error is its word. Texts are not guarded yet."""
    if isinstance(value, ExcelError):
        return value.word if value.word in ERRORS else "#VALUE!"
    kind, text = value_xml(value, epoch)
    if kind == "":
        return float(text)
    return bool(int(text)) if kind == "b" else BLANK if kind == "blank" else text


def guarded(text: str) -> str:
    """A text that no program takes for a number, a date, a boolean, an error or a formula."""
    return f"'{text}" if text.startswith(GUARDED_STARTS) or _may_be_read(text) else text


def _may_be_read(text: str) -> bool:
    """Digits may be a number or a date in some locale; a word in capitals may be a boolean of some language."""
    return any(letter.isdigit() for letter in text) or text.upper() in TRUTHS or (text.isupper() and text.isalpha())


def single(value: Plain | ExcelError, epoch: int) -> Raw:
    """A free cell's value, its text guarded."""
    raw = raw_of(value, epoch)
    is_error = isinstance(value, ExcelError) or (isinstance(raw, str) and not isinstance(value, str | date))
    return guarded(raw) if isinstance(raw, str) and raw and not is_error else raw


def written(column: Column, values: pd.Series[Any], epoch: int) -> Written:
    """A table column ready to be written."""
    after = STYLES[column.cell_style].format
    if column.formula:
        missing = tuple(
            at for at, value in enumerate(values) if not isinstance(value, ExcelError) and _is_missing(value)
        )
        # A calculated column has no values of ours: the program works them out.
        return Written([], after, after, fill=column.formula, is_array=column.is_array, blanks=missing)
    if fast := _numbers(values, column.kind, epoch):
        return Written(fast, after, after)
    if column.kind in WORDS:
        texts = _texts(values)
        if texts is not None:
            return _text_column(texts, after)
    return _mixed_column(values, column.kind, after, epoch)


def _is_missing(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def _text_column(texts: list[str], after: str) -> Written:
    """Pure text. What looks like a formula keeps the text format, so that it stays text when someone edits the cell."""
    firsts = {text[:1] for text in texts}
    if "'" in firsts:  # the program would take it for its own mark
        return Written([f"'{text}" if text else BLANK for text in texts], "General", after)
    stays = after == "General" and not firsts.isdisjoint(FORMULA_STARTS)
    return Written(list(texts), TEXT_FORMAT, TEXT_FORMAT if stays else after)


def _mixed_column(values: pd.Series[Any], kind: Kind, after: str, epoch: int) -> Written:
    """Value by value: texts with the apostrophe, formulas aside."""
    found: RawColumn = []
    formulas: list[tuple[int, str]] = []
    for at, value in enumerate(values):
        if isinstance(value, Formula):
            formulas.append((at, value.text))
            found.append(BLANK)
        elif isinstance(value, ExcelError):
            found.append(raw_of(value, epoch))
        else:
            plain = table_value(value, kind)
            raw = raw_of(plain, epoch)
            is_text = isinstance(plain, str) or (isinstance(raw, str) and isinstance(plain, date))
            found.append(f"'{raw}" if is_text and raw else raw)
    return Written(found, "General" if after == TEXT_FORMAT else after, after, tuple(formulas))


def _texts(values: pd.Series[Any]) -> list[str] | None:
    """The texts; None when anything but text and blanks is among them."""
    array = text_array(values)
    if array is None:
        return None
    return [text if len(text) <= MAX_TEXT // 2 else cut_text(text) for text in pc.fill_null(array, BLANK).to_pylist()]


def _numbers(values: pd.Series[Any], kind: Kind, epoch: int) -> RawColumn | None:
    """Whole columns without a Python call for each value; None where only the slow way is right."""
    if kind in (Kind.DATE, Kind.DATETIME):
        return _serials(values, kind, epoch)
    dtype = values.dtype
    if (
        kind not in NUMERIC | {Kind.VALUE}
        or not pd.api.types.is_numeric_dtype(dtype)
        or pd.api.types.is_bool_dtype(dtype)
    ):
        return None
    missing = values.isna().to_numpy()
    if pd.api.types.is_integer_dtype(dtype):
        numbers = values.fillna(0).to_numpy("int64") if missing.any() else values.to_numpy("int64")
        if (np.abs(numbers) >= EXACT).any():
            return None
        floats = numbers / (MINOR_PER_MAJOR if kind is Kind.AMOUNT else 1)
    elif kind is Kind.AMOUNT:
        return None
    else:
        floats = values.to_numpy("float64", na_value=np.nan) + 0.0
        if np.isinf(floats).any():
            return None
    found: RawColumn = floats.tolist()
    for at in np.flatnonzero(missing):
        found[at] = BLANK
    return found


def _serials(values: pd.Series[Any], kind: Kind, epoch: int) -> RawColumn | None:
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind != "M":
        return None
    moments = values.to_numpy()
    seconds = moments.astype("datetime64[s]")
    if not np.array_equal(seconds.astype(moments.dtype), moments, equal_nan=True):
        return None
    missing = np.isnat(seconds)
    unix = np.where(missing, 0, seconds.astype("int64"))
    if (unix < ((FALSE_LEAP_DAY if epoch == EPOCH_1900 else 0) - epoch) * DAY).any():
        return None
    serials = (unix // DAY + epoch).astype("float64") if kind is Kind.DATE else (unix + epoch * DAY) / DAY
    found: RawColumn = serials.tolist()
    for at in np.flatnonzero(missing):
        found[at] = BLANK
    return found


# ---- what stands in cells, as values of Python ----


def shown(value: Any) -> object:
    """A raw value as the file host gives it: blanks and errors None, numbers float, dates without a time zone."""
    kind = type(value)
    if kind is float or kind is bool:
        return value
    if kind is str:
        return value or None
    return _seldom(value)


def _seldom(value: Any) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):  # Excel gives numbers as floats and errors as integers
        return None if error_word(value) else float(value)
    if isinstance(value, float | Decimal):
        return float(value)
    if isinstance(value, datetime):
        moment = datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
        if moment.date() == DAY_ZERO and moment.time() != time():
            return moment.time()
        return moment if moment.time() != time() else moment.date()
    return value if isinstance(value, date | time) else None  # appscript says 'missing value'


def again(value: Any) -> Raw | datetime:
    """A raw value that was read, fit to be written back into a cell of its old format."""
    if value is None:
        return BLANK
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return error_word(value) or float(value)
    if isinstance(value, str):
        return guarded(value) if value else BLANK
    return value  # type: ignore[no-any-return]


def error_word(value: object) -> str:
    """The error a raw value stands for, '' for none: Excel's COM gives errors as integers, numbers as floats."""
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    return ERROR_WORDS.get(value) or ("#VALUE!" if FIRST_ERROR <= value <= LAST_ERROR else "")


def rows_of(columns: Sequence[Sequence[Any]], start: int, stop: int) -> list[tuple[Any, ...]]:
    """Rows start to stop of columns of equal length, as the program takes them."""
    return list(zip(*(column[start:stop] for column in columns), strict=True))
