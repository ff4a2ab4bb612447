"""Criteria of the SUMIFS family: what ">=5", "RTO*", "<>" or a plain value asks of the cells of a range.

A range is numbered once: equal cells share a code. A criterion is then one code, or a mask over codes.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recon_core.formula import excel
from recon_core.formula.calendar import MONTHS
from recon_core.formula.values import ERRORS, Codes, ExcelError, Floats, Mask, Scalar, Tag, Values
from recon_core.formula.wildcards import has_wildcard, wildcard

OPS = ("<>", "<=", ">=", "=", "<", ">")
Key = tuple[str, Any]
_MONTHS = frozenset(name[:3] for name in MONTHS)
_LONG = re.compile(r"[0-9]{16,}")
BLANK: Key = ("blank", None)
EMPTY: Key = ("text", "")


class Coded(NamedTuple):
    """A range by code: `code` of each cell, the key of each code, the number of each code (NaN for none)."""

    code: Codes
    keys: list[Key]
    number: Floats  # of each code; NaN where it is no number
    equal: Codes  # of each code: which of them = finds together, since a text "5" is equal to a number 5
    place: dict[Key, int]  # what = asks for -> its number in `equal`
    long: str  # a text of more digits than a number keeps: others may be equal to it in Excel's eyes; '' for none


class Criterion(NamedTuple):
    """One criterion: `op` and what it compares with."""

    op: str
    key: Key
    wild: bool = False
    bare: bool = False  # no operator was written


def coded(values: Values, day_first: bool) -> Coded:
    """The codes of a range, made once."""
    return values.cached(f"criteria {day_first}", lambda: _coded(values.flat(), day_first))


def _coded(values: Values, day_first: bool) -> Coded:
    keys: list[Key] = []
    at: dict[Key, int] = {}
    code = np.zeros(values.size, np.int64)

    def number_of(key: Key) -> int:
        if key not in at:
            at[key] = len(keys)
            keys.append(key)
        return at[key]

    for tag in Tag:
        mask = values.where(tag)
        if not mask.any():
            continue
        if tag is Tag.TEXT:
            codes, words = excel.used_words(values.codes_of()[mask], values.words)
            table = np.array([number_of(("text", excel.fold(word))) for word in words], np.int64)
            code[mask] = table[codes]
        elif tag is Tag.BLANK:
            code[mask] = number_of(BLANK)
        else:
            numbers = values.num_of()[mask]
            numbers = excel.fifteen_digits(numbers) if tag is Tag.NUMBER else numbers
            distinct, inverse = np.unique(numbers, return_inverse=True)
            kind = {Tag.NUMBER: "number", Tag.BOOL: "bool", Tag.ERROR: "error"}[tag]
            table = np.array([number_of((kind, one)) for one in distinct.tolist()], np.int64)
            code[mask] = table[inverse]
    number = np.array([key[1] if key[0] == "number" else np.nan for key in keys], np.float64)
    place: dict[Key, int] = {}
    equal = [place.setdefault(_spelled(key, day_first) or key, len(place)) for key in keys]
    long = next((str(text) for kind, text in keys if kind == "text" and _LONG.fullmatch(str(text))), "")
    return Coded(code, keys, number, np.array(equal, np.int64), place, long)


def _spelled(key: Key, day_first: bool) -> Key | None:
    if key[0] != "text" or not isinstance(key[1], str) or not key[1] or not _starts_number(key[1]):
        return None
    number = excel.text_to_number(key[1], day_first)
    return None if number is None else ("number", excel.fifteen(number))


def _starts_number(text: str) -> bool:
    return text[0] in " 0123456789-+.$(" or text[:3] in _MONTHS  # a month may begin a date


def criterion(value: Scalar, day_first: bool) -> Criterion:
    """What a value asks for; an empty cell asks for 0."""
    if value is None:
        return Criterion("=", ("number", 0.0), bare=True)
    if isinstance(value, bool):
        return Criterion("=", ("bool", float(value)), bare=True)
    if isinstance(value, ExcelError):
        return Criterion("=", ("error", float(value.code)), bare=True)
    if isinstance(value, float):
        return Criterion("=", ("number", excel.fifteen(value)), bare=True)
    op = next((one for one in OPS if value.startswith(one)), "")
    rest = value[len(op) :]
    if not rest:
        return Criterion(op or "=", BLANK if op else EMPTY, bare=not op)
    return Criterion(op or "=", *_operand(rest, op, day_first), bare=not op)


def _operand(text: str, op: str, day_first: bool) -> tuple[Key, bool]:
    number = excel.text_to_number(text, day_first)
    if number is not None:
        return ("number", excel.fifteen(number)), False
    if text.upper() in ("TRUE", "FALSE"):
        return ("bool", float(text.upper() == "TRUE")), False
    if text.upper() in ERRORS:
        return ("error", float(ERRORS[text.upper()].code)), False
    wild = has_wildcard(text) and op in ("", "=", "<>")
    return ("text", text if wild else excel.fold(text)), wild


def single_code(test: Criterion, cells: Coded) -> int | None:
    """The one number in `equal` that a plain equality asks for, -1 for none; None where a mask is needed."""
    if test.op != "=" or test.wild or test.key in (EMPTY, BLANK):
        return None
    return cells.place.get(test.key, -1)


def fits(test: Criterion, cells: Coded) -> Mask:
    """A mask over the codes of a range."""
    kind, operand = test.key
    if test.op == "<>" and kind == "number":  # a text "5" is equal to 5, yet <>5 counts it
        return np.array([key != test.key for key in cells.keys], np.bool_)
    if test.op in ("=", "<>"):
        mask = _equal(test, cells)
        return mask if test.op == "=" else ~mask
    if kind == "number":
        return _ordered(test.op, cells.number, float(operand))
    if kind == "bool":
        own = np.array([float(key[1]) if key[0] == "bool" else np.nan for key in cells.keys])
        return _ordered(test.op, own, float(operand))
    if kind == "text" and test.key != EMPTY:
        wanted = excel.collate(str(operand))
        order = [
            (excel.collate(str(key[1])) > wanted) - (excel.collate(str(key[1])) < wanted) if key[0] == "text" else None
            for key in cells.keys
        ]
        return _ordered(test.op, np.array([np.nan if one is None else one for one in order], np.float64), 0.0)
    return np.zeros(len(cells.keys), np.bool_)


def _equal(test: Criterion, cells: Coded) -> Mask:
    if test.wild:
        pattern = wildcard(str(test.key[1]))
        return np.array([key[0] == "text" and pattern.matches(str(key[1])) for key in cells.keys], np.bool_)
    if test.key == EMPTY:  # "" finds empty cells and empty texts
        return np.array([key in (BLANK, EMPTY) for key in cells.keys], np.bool_)
    if test.key == BLANK:
        return np.array([key == BLANK for key in cells.keys], np.bool_)
    mask: Mask = cells.equal == cells.place.get(test.key, -1)
    return mask


def _ordered(op: str, numbers: npt.NDArray[np.float64], operand: float) -> Mask:
    with np.errstate(invalid="ignore"):
        held: Mask = {
            "<": numbers < operand,
            ">": numbers > operand,
            "<=": numbers <= operand,
            ">=": numbers >= operand,
        }[op]
    return held & ~np.isnan(numbers)
