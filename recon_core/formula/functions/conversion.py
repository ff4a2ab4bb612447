"""Texts and numbers turned into each other: VALUE, TEXT, FIXED, CHAR, CODE ..."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from decimal import Context as Precision

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.spec import NA, VALUE, Context, Group, lift
from recon_core.formula.numberformat import FormatError, format_value
from recon_core.formula.values import ExcelError, Scalar, Tag, Values, flagged, pick, with_errors

FUNCTIONS = Group("conversion")
_WORK = Group("conversion")  # what the functions on whole columns do with each distinct value
MAX_DECIMALS = 127
_EXACT = Precision(prec=500)
_SIMPLE = re.compile(r"[-+$(]*[0-9.]+(?:[eE][-+]?[0-9]+)?\)?")


@FUNCTIONS.whole("VALUE(text:A)", "The number, date or time that a text shows.")
def value(context: Context, text: Values) -> Values:
    num, errors = excel.numbers(text, context.day_first)
    if text.has(Tag.BOOL):
        wrong = flagged(text.where(Tag.BOOL), ExcelError.VALUE)
        errors = excel.first_errors(errors, wrong)
    return with_errors(Values.numbers(num), errors)


@FUNCTIONS.scalar(
    'NUMBERVALUE(text:T, [decimal:T="."], [group:T=","])',
    "The number in a text whose decimal and group marks are given.",
)
def numbervalue(text: str, decimal: str, group: str) -> float:
    if not decimal or not group:
        raise VALUE
    text = text.replace(" ", "")
    if not text:
        return 0.0
    digits = text.rstrip("%")
    percents = len(text) - len(digits)
    whole, point, fraction = digits.partition(decimal[0])
    if group[0] != decimal[0]:
        whole = whole.replace(group[0], "")
    plain = whole + ("." if point else "") + fraction
    number = excel.text_to_number(plain) if _SIMPLE.fullmatch(plain) else None
    if number is None or (point and "." in whole + fraction):
        raise VALUE
    return number / 100.0 ** min(percents, 200)


@FUNCTIONS.whole("N(value:G)", "A number as it is, TRUE as 1, anything else as 0.")
def n(context: Context, values: Values) -> Values:
    values = _first(values)
    number = values.where(Tag.NUMBER) | values.where(Tag.BOOL)
    return with_errors(Values.numbers(np.where(number, values.num_of(), 0.0)), excel.errors_of(values))


@FUNCTIONS.whole("T(value:G)", "A text as it is, anything else as an empty text.")
def t(context: Context, values: Values) -> Values:
    values = _first(values).not_ref()
    return pick(values.where(Tag.TEXT) | values.where(Tag.ERROR), values, Values.one(""))


def _first(values: Values) -> Values:
    """N and T look at the first cell of a range only."""
    return values.take(np.zeros(1, np.intp)) if values.is_grid and values.is_ref else values


@FUNCTIONS.whole("TEXT(value:A, format:T)", "A number or date shown in a number format.")
def text(context: Context, values: Values, code: Values) -> Values:
    if values.has(Tag.TEXT):  # one that reads as a number is shown as that number
        num, errors = excel.numbers(values, context.day_first)
        read = values.where(Tag.TEXT) if errors is None else values.where(Tag.TEXT) & (errors == 0)
        values = pick(read, Values.numbers(num), values)
    return lift(_WORK["TEXT"], [values, code], context)


@_WORK.scalar("TEXT(value:A, format:T)", "")
def _shown(shown: Scalar, code: str) -> str | ExcelError:
    if isinstance(shown, ExcelError):  # in a column with other values: its row is answered by `lift`
        return shown
    try:
        return format_value(0.0 if shown is None else shown, code)
    except FormatError:
        raise VALUE from None


@FUNCTIONS.scalar(
    "FIXED(number:N, [decimals:N=2], [no_commas:B=FALSE])",
    "A number rounded, as a text with commas and fixed decimals.",
)
def fixed(number: float, decimals: float, no_commas: bool) -> str:
    below, digits = _digits(number, decimals, "" if no_commas else ",")
    return "-" + digits if below else digits


@FUNCTIONS.scalar(
    "DOLLAR(number:N, [decimals:N=2])", "A number rounded, as an amount in dollars; one below zero in parentheses."
)
def dollar(number: float, decimals: float) -> str:
    below, digits = _digits(number, decimals, ",")
    return f"(${digits})" if below else "$" + digits


def _digits(number: float, decimals: float, group: str) -> tuple[bool, str]:
    """Whether a number is below zero once rounded in fifteen digits, halves away from zero, and its digits."""
    places = int(decimals)
    if places > MAX_DECIMALS:
        raise VALUE
    exact = Decimal(f"{number:.14e}").quantize(Decimal(1).scaleb(min(-places, 310)), ROUND_HALF_UP, _EXACT)
    return exact < 0, f"{abs(exact):{group}.{max(places, 0)}f}"


@FUNCTIONS.scalar("CHAR(code:N)", "The character of a code from 1 to 255 (Windows).")
def char(code: float) -> str:
    if not 1 <= code < 256:
        raise VALUE
    byte = bytes([int(code)])
    return byte.decode("cp1252", "replace").replace("\ufffd", chr(int(code)))  # five codes stand for themselves


@FUNCTIONS.scalar("CODE(text:T)", "The code of the first character of a text (Windows); 63 for one that has none.")
def code(text: str) -> float:
    if not text:
        raise VALUE
    try:
        return float(text[0].encode("cp1252")[0])
    except UnicodeEncodeError:
        return float(ord(text[0])) if ord(text[0]) < 256 else 63.0


@FUNCTIONS.scalar("UNICHAR(code:N)", "The character of a Unicode number.")
def unichar(code: float) -> str:
    if not 1 <= code < 0x110000:
        raise VALUE
    number = int(code)
    if 0xD800 <= number < 0xE000 or number in (0xFFFE, 0xFFFF):
        raise NA
    return chr(number)


@FUNCTIONS.scalar("UNICODE(text:T)", "The Unicode number of the first character of a text.")
def unicode(text: str) -> float:
    if not text:
        raise VALUE
    return float(ord(text[0]))
