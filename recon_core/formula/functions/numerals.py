"""Numbers written otherwise: BASE, DECIMAL, ROMAN, ARABIC."""

from __future__ import annotations

from itertools import pairwise

from recon_core.formula.functions.spec import NUM, VALUE, Group
from recon_core.formula.values import Scalar

FUNCTIONS = Group("numerals")

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
# What each form of ROMAN may write beside the forms before it.
_ROMAN = (
    (
        *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL")),
        *((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
    ),
    ((950, "LM"), (450, "LD"), (95, "VC"), (45, "VL")),
    ((990, "XM"), (490, "XD"), (99, "IC"), (49, "IL")),
    ((995, "VM"), (495, "VD")),
    ((999, "IM"), (499, "ID")),
)


@FUNCTIONS.scalar("BASE(number:N, radix:N, [length:N=0])", "A whole number written in another base.")
def base(number: float, radix: float, length: float) -> str:
    if not (0 <= number < 2**53 and 2 <= int(radix) <= 36 and 0 <= length < 256):
        raise NUM
    rest, by, written = int(number), int(radix), ""
    while rest:
        rest, digit = divmod(rest, by)
        written = _DIGITS[digit] + written
    return written.rjust(max(int(length), 1), "0")


@FUNCTIONS.scalar("DECIMAL(text:T, radix:N)", "The number that a text writes in another base.")
def decimal(text: str, radix: float) -> float:
    if not 2 <= int(radix) <= 36 or len(text) > 255:
        raise NUM
    found = 0
    for mark in text.upper():
        digit = _DIGITS.find(mark)
        if not 0 <= digit < int(radix):
            raise NUM
        found = found * int(radix) + digit
    return float(found)


@FUNCTIONS.scalar("ROMAN(number:N, [form:A=0])", "A number in Roman figures; forms 1 to 4 are ever shorter.")
def roman(number: float, form: Scalar) -> str:
    if isinstance(form, bool):
        form = 0.0 if form else 4.0
    if isinstance(form, str):
        form = float(form) if form.strip().isdecimal() else -1.0
    kind = int(form) if isinstance(form, float) and 0 <= form < 5 else 0 if form is None else -1
    rest = int(number)
    if kind < 0 or not 0 <= rest <= 3999:
        raise VALUE
    written = ""
    for value, letters in sorted((pair for forms in _ROMAN[: kind + 1] for pair in forms), reverse=True):
        times, rest = divmod(rest, value)
        written += letters * times
    return written


@FUNCTIONS.scalar("ARABIC(text:T)", "The number that Roman figures write.")
def arabic(text: str) -> float:
    figures = text.strip(" ").upper()
    sign = -1 if figures.startswith("-") else 1
    values = [_LETTERS.get(letter, 0) for letter in figures.removeprefix("-")]
    if 0 in values or len(text) > 255:
        raise VALUE
    return float(sign * sum(-one if one < after else one for one, after in pairwise([*values, 0])))
