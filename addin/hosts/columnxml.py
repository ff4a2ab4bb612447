"""Whole columns as cell XML, without a Python loop per cell: Arrow joins the pieces of many rows at once.

A column becomes a list of pieces (constant strings and string arrays) that are joined in order; a null
piece blanks its cell. What these fast forms do not cover goes cell by cell through `cellxml`. The cells of a
calculated column are written here alone, both ways: the same formula in each, beside the value we worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from addin.hosts.cellxml import (
    DAY,
    EPOCH_1900,
    ERRORS,
    FALSE_LEAP_DAY,
    FORMULA_STARTS,
    XML_SPACES,
    cell_xml,
    cut_text,
    needs_quote,
    space_attribute,
    table_value,
    value_xml,
)
from addin.hosts.xmlparts import plain_text
from recon_core.money import MINOR_PER_MAJOR
from recon_core.sheets import INPUTS, MAX_TEXT, WORDS, ExcelError, Kind

TEXT = pa.large_string()  # 64-bit offsets: no chunk is ever too long
Pieces = list[Any]  # of str and of string arrays
_FRACTIONS = pa.array([f".{part:04d}".rstrip("0").rstrip(".") for part in range(MINOR_PER_MAJOR)], TEXT)
_SIGNS = pa.array(["", "-"], TEXT)
_STARTS = np.array([ord(letter) for letter in FORMULA_STARTS], "uint8")
_SPACES = np.array([ord(letter) for letter in XML_SPACES], "uint8")
_RISKY = np.zeros(256, "bool")
_RISKY[[*range(9), *range(11, 32), ord("&"), ord("<"), ord(">"), 0xEF]] = True  # 0xEF opens U+FFFE, U+FFFF
_ODD = r"[\x00-\x08\x0b-\x1f\x{FFFE}\x{FFFF}]|_x[0-9A-Fa-f]{4}_"


class Pen(NamedTuple):
    """How a column is written: its cell format, that of text that looks like a formula, the formula of its cells."""

    plain: int
    quoted: int
    formula: str = ""
    is_array: bool = False  # each cell is an array formula of its own


@dataclass(frozen=True, slots=True)
class Sheetwide:
    """What all cells of a part share: the date system and the XML prefix."""

    epoch: int = EPOCH_1900
    px: str = ""


def column_pieces(values: pd.Series[Any], kind: Kind, letter: str, rows: pa.Array, pen: Pen, wide: Sheetwide) -> Pieces:
    """The cells of one column for the given rows (`rows`: row numbers as text)."""
    body = None if pen.is_array else fast_body(values, kind, pen, wide)  # an array formula names its cell
    if body is None:
        texts = slow_cells(values, kind, letter, rows.to_pylist(), pen, wide)
        return [pa.array(texts, TEXT)]
    opener, content, closer = body
    pieces = [f'<{wide.px}c r="{letter}', rows, opener, *content, closer]
    if not any(isinstance(piece, pa.Array) and piece.null_count for piece in content):
        return pieces
    cells = join(pieces, nulls="emit_null")  # one null piece makes the whole cell null
    if kind not in INPUTS:
        return [cells]
    return [pc.coalesce(cells, join([f'<{wide.px}c r="{letter}', rows, f'"{_style(pen.plain)}/>']))]


def slow_cells(
    values: Iterable[object], kind: Kind, letter: str, rows: Iterable[str], pen: Pen, wide: Sheetwide
) -> list[str]:
    """The same cells one by one, for formulas and whatever the fast forms decline."""
    return [_slow_cell(value, kind, f"{letter}{row}", pen, wide) for value, row in zip(values, rows, strict=True)]


def _slow_cell(value: object, kind: Kind, ref: str, pen: Pen, wide: Sheetwide) -> str:
    if pen.formula or isinstance(value, ExcelError):
        return _valued_cell(value, kind, ref, pen, wide)
    plain = table_value(value, kind)
    blank = plain is None or plain == "" or plain != plain  # noqa: PLR0124 - NaN
    if blank and kind not in INPUTS:
        return ""
    return cell_xml(ref, plain, pen.quoted if needs_quote(plain) else pen.plain, wide.epoch, wide.px)


def _valued_cell(value: object, kind: Kind, ref: str, pen: Pen, wide: Sheetwide) -> str:
    """A cell whose value stands in <v> whatever it is; a missing one has no formula either."""
    mark, text = _cached(value, kind, wide.epoch)
    if mark == "blank":
        return ""
    space = space_attribute(text) if mark == "str" else ""
    shown = plain_text(text) if mark == "str" else text
    return f'<{wide.px}c r="{ref}{_opener(pen, wide, mark, space, ref)}{shown}{_closer(wide)}'


def _cached(value: object, kind: Kind, epoch: int) -> tuple[str, str]:
    """(type, text) of a value in <v>: '' for a number, 'b', 'e', 'str' with raw text, or 'blank'."""
    if isinstance(value, ExcelError):
        return "e", _error_word(value)
    plain = table_value(value, kind)
    if plain == "":
        return "str", ""
    mark, text = value_xml(plain, epoch)
    return ("str", text) if mark == "inlineStr" else (mark, text)


def _error_word(error: ExcelError) -> str:
    """As a file spells it: readers know the old words only, and Excel itself writes its later ones as #VALUE!."""
    return error.word if error.word in ERRORS else "#VALUE!"


def join(pieces: Pieces, nulls: str = "replace") -> pa.Array:
    """Concatenate constants and arrays row by row."""
    merged = [pa.scalar(piece, TEXT) if isinstance(piece, str) else piece for piece in pieces]
    empty = pa.scalar("", TEXT)
    return pc.binary_join_element_wise(*merged, empty, null_handling=nulls, null_replacement="")


def as_text(numbers: Any) -> pa.Array:
    """Integers or floats as text; nulls stay."""
    return pc.cast(pa.array(numbers), TEXT)


Body = tuple[Any, Pieces, str]  # after the row number: rest of the tag to the value, content, end


def fast_body(values: pd.Series[Any], kind: Kind, pen: Pen, wide: Sheetwide) -> Body | None:
    """The column's cells after '<c r="A1', None where only the slow way is right."""
    if kind is Kind.VALUE:
        return _value_body(values, pen, wide)
    if kind in WORDS:
        return _text_body(values, pen, wide)
    digits = _DIGITS[kind](values, wide.epoch)
    if digits is None:
        return None
    return _opener(pen, wide), digits, _closer(wide)


def _opener(pen: Pen, wide: Sheetwide, mark: str = "", space: str = "", ref: str = "") -> str:
    """From after the reference to the value in <v>: format, type, the column's formula."""
    px = wide.px
    kind = f' t="{mark}"' if mark else ""
    array = f' t="array" ref="{ref}"' if pen.is_array else ""
    formula = f"<{px}f{array}>{plain_text(pen.formula)}</{px}f>" if pen.formula else ""
    return f'"{_style(pen.plain)}{kind}>{formula}<{px}v{space}>'


def _closer(wide: Sheetwide) -> str:
    return f"</{wide.px}v></{wide.px}c>"


def _style(index: int) -> str:
    return f' s="{index}"' if index else ""


def _integers(values: pd.Series[Any]) -> pa.Array | None:
    if not pd.api.types.is_integer_dtype(values.dtype):
        return None
    return pa.array(values, from_pandas=True)


def _integer_digits(values: pd.Series[Any], _epoch: int) -> Pieces | None:
    numbers = _integers(values)
    return None if numbers is None else [pc.cast(numbers, TEXT)]


def _amount_digits(values: pd.Series[Any], _epoch: int) -> Pieces | None:
    """Exact decimal text of minor units: sign, whole part, fraction from a table of ten thousand."""
    numbers = _integers(values)
    if numbers is None:
        return None
    minor = pc.fill_null(numbers, 0).cast(pa.int64()).to_numpy(zero_copy_only=False)
    size = np.abs(minor).view("uint64")  # abs(-2**63) is right only as unsigned
    whole, part = np.divmod(size, np.uint64(MINOR_PER_MAJOR))
    text = as_text(whole)
    if numbers.null_count:
        text = pc.if_else(numbers.is_valid(), text, pa.scalar(None, TEXT))
    return [_SIGNS.take(pa.array((minor < 0).astype("int8"))), text, _FRACTIONS.take(pa.array(part.astype("int64")))]


def _number_digits(values: pd.Series[Any], _epoch: int) -> Pieces | None:
    if not pd.api.types.is_float_dtype(values.dtype):
        return _integer_digits(values, _epoch)
    numbers = pa.array(values, from_pandas=True)
    floats = numbers.to_numpy(zero_copy_only=False).astype("float64") + 0.0  # -0.0 becomes 0
    if np.isinf(floats).any():
        return None
    return [pc.cast(pa.array(floats, from_pandas=True), TEXT)]


def _day_digits(values: pd.Series[Any], epoch: int) -> Pieces | None:
    seconds = _unix_seconds(values)
    if seconds is None or _before_march_1900(seconds, epoch):
        return None
    days = np.ma.getdata(seconds) // DAY + epoch
    return [pc.cast(pa.array(days, mask=np.ma.getmaskarray(seconds)), TEXT)]


def _moment_digits(values: pd.Series[Any], epoch: int) -> Pieces | None:
    seconds = _unix_seconds(values)
    if seconds is None or _before_march_1900(seconds, epoch):
        return None
    serials = (np.ma.getdata(seconds) + epoch * DAY) / DAY
    return [pc.cast(pa.array(serials, mask=np.ma.getmaskarray(seconds)), TEXT)]


def _unix_seconds(values: pd.Series[Any]) -> Any:
    """Masked int64 seconds, NaT masked; None when the column is no plain datetime64 of whole seconds."""
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind != "M":
        return None
    moments = values.to_numpy()
    seconds = moments.astype("datetime64[s]")
    if not np.array_equal(seconds.astype(moments.dtype), moments, equal_nan=True):
        return None
    missing = np.isnat(seconds)
    return np.ma.array(np.where(missing, 0, seconds.astype("int64")), mask=missing)


def _before_march_1900(seconds: Any, epoch: int) -> bool:
    first = FALSE_LEAP_DAY if epoch == EPOCH_1900 else 0
    return bool((seconds < (first - epoch) * DAY).any())


_DIGITS: dict[Kind, Callable[[pd.Series[Any], int], Pieces | None]] = {
    Kind.AMOUNT: _amount_digits,
    Kind.INTEGER: _integer_digits,
    Kind.NUMBER: _number_digits,
    Kind.DATE: _day_digits,
    Kind.DATETIME: _moment_digits,
}


def _text_body(values: pd.Series[Any], pen: Pen, wide: Sheetwide) -> Body | None:
    texts = text_array(values)
    if texts is None:
        return None
    starts, ends, data = _layout(texts)
    filled = ends > starts
    if not pen.formula and not filled.all():  # a formula may well give an empty text
        texts = pc.if_else(pa.array(filled), texts, pa.scalar(None, TEXT))
    opener = _openers(starts, ends, data, filled, pen, wide)
    return (
        opener,
        [_escaped(texts, data)],
        _closer(wide) if pen.formula else f"</{wide.px}t></{wide.px}is></{wide.px}c>",
    )


def text_array(values: pd.Series[Any]) -> pa.Array | None:
    """The column as Arrow text, None when it holds anything but text and nulls."""
    try:
        texts = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeError):  # mixed objects, lone surrogates: cell by cell
        return None
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    if pa.types.is_null(texts.type) or pa.types.is_string(texts.type):
        return texts.cast(TEXT)
    return texts if texts.type == TEXT else None


def _layout(texts: pa.Array) -> tuple[Any, Any, Any]:
    """(starts, ends, bytes) of the texts; a null has no bytes."""
    offsets, data = texts.buffers()[1:]
    if len(texts) == 0 or data is None:
        none = np.zeros(len(texts), "int64")
        return none, none, np.zeros(0, "uint8")
    bounds = np.frombuffer(offsets, "int64")[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(data, "uint8")[bounds[0] : bounds[-1]]
    starts, ends = bounds[:-1] - bounds[0], bounds[1:] - bounds[0]
    if texts.null_count:
        starts = np.where(texts.is_valid().to_numpy(zero_copy_only=False), starts, ends)
    return starts, ends, letters


def _openers(starts: Any, ends: Any, data: Any, filled: Any, pen: Pen, wide: Sheetwide) -> Any:
    """The rest of the tag: one constant, or one of four by row (plain or quoted, blanks at an end or not)."""
    forms = [
        _opener(pen, wide, "str", space)
        if pen.formula
        else f'"{_style(style)} t="inlineStr"><{wide.px}is><{wide.px}t{space}>'
        for space in ("", ' xml:space="preserve"')
        for style in (pen.plain, pen.quoted)
    ]
    if not len(data):
        return forms[0]
    first = data[np.where(filled, starts, 0)]
    last = data[np.where(filled, ends - 1, 0)]
    choice = np.isin(first, _STARTS) + 2 * (np.isin(first, _SPACES) | np.isin(last, _SPACES))
    choice = np.where(filled, choice, 0)
    return pa.array(forms, TEXT).take(pa.array(choice)) if choice.any() else forms[0]


def _escaped(texts: pa.Array, data: Any) -> pa.Array:
    """Escape only where the bytes hold anything to escape; rare letters go through `plain_text`."""
    long = pc.greater(pc.binary_length(texts), MAX_TEXT)
    risky = bool(_RISKY[data].any()) or b"_x" in data.tobytes()
    if not risky and not pc.any(long).as_py():
        return texts
    odd = pc.or_(long, pc.match_substring_regex(texts, _ODD))
    cleaned = texts
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        cleaned = pc.replace_substring(cleaned, plain, escaped)
    if not pc.any(odd).as_py():
        return cleaned
    odd = pc.fill_null(odd, fill_value=False)
    rare = [plain_text(cut_text(text)) for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(cleaned, odd, pa.array(rare, TEXT))


def _value_body(values: pd.Series[Any], pen: Pen, wide: Sheetwide) -> Body | None:
    """Mixed values type by type: each drawn as a column of its own, then all put back in their order."""
    if pd.api.types.is_bool_dtype(values.dtype) and values.dtype != object:
        return _booleans(list(values), pen, wide)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return fast_body(values, Kind.NUMBER, pen, wide)
    if values.dtype != object:
        return _text_body(values, pen, wide)
    types = [type(value) for value in values]
    cells, places = [pa.nulls(0, TEXT)], [np.zeros(0, "int64")]
    for one in set(types):
        place = np.flatnonzero([found is one for found in types])
        body = _MIXED[one](list(values.iloc[place]), pen, wide) if one in _MIXED else None
        if body is None:
            return None
        cells.append(join([body[0], *body[1], body[2]], nulls="emit_null"))
        places.append(place)
    return "", [pa.concat_arrays(cells).take(pa.array(np.argsort(np.concatenate(places))))], ""


def _booleans(values: list[Any], pen: Pen, wide: Sheetwide) -> Body:
    digits = [None if value is pd.NA else str(int(value)) for value in values]
    return _opener(pen, wide, "b"), [pa.array(digits, TEXT)], _closer(wide)


def _floats(values: list[Any], pen: Pen, wide: Sheetwide) -> Body | None:
    return fast_body(pd.Series(values, dtype="float64"), Kind.NUMBER, pen, wide)


def _whole_numbers(values: list[Any], pen: Pen, wide: Sheetwide) -> Body | None:
    return fast_body(pd.Series(values), Kind.INTEGER, pen, wide)


def _texts(values: list[Any], pen: Pen, wide: Sheetwide) -> Body | None:
    return _text_body(pd.Series(values, dtype=object), pen, wide)


def _errors(values: list[Any], pen: Pen, wide: Sheetwide) -> Body:
    return _opener(pen, wide, "e"), [pa.array([_error_word(value) for value in values], TEXT)], _closer(wide)


def _blanks(values: list[Any], _pen: Pen, _wide: Sheetwide) -> Body:
    return "", [pa.nulls(len(values), TEXT)], ""


_MIXED: dict[type, Callable[[list[Any], Pen, Sheetwide], Body | None]] = {
    bool: _booleans,
    np.bool_: _booleans,
    float: _floats,
    np.float64: _floats,
    int: _whole_numbers,
    np.int64: _whole_numbers,
    str: _texts,
    ExcelError: _errors,
    type(None): _blanks,
    type(pd.NA): _blanks,
    type(pd.NaT): _blanks,
}
