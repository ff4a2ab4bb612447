"""Rounding: ROUND and its kin, INT, MOD, CEILING, FLOOR, EVEN.

Numbers are cut where they are seen: 2.3*100 is 230 to INT and ROUNDUP, though it is stored a little below. MOD and
MROUND look at the stored number, as Excel's do: MOD(10,0.1) is 0.1 and MROUND(6.05,0.1) is 6.
"""

from __future__ import annotations

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.gathered import answer, seen
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.functions.toolpak import strict
from recon_core.formula.values import ExcelError, Floats, Tags, Values, flagged

FUNCTIONS = Group("rounding")

_MOST_PARTS = 2.0**50  # Excel gives MOD up beyond so many divisors in the number


@FUNCTIONS.vector("ROUND(number:N, digits:N)", "A number rounded to digits, halves away from zero.")
def round_(number: Floats, digits: Floats) -> Floats:
    return excel.rounded(number, digits)


@FUNCTIONS.vector("ROUNDUP(number:N, digits:N)", "A number rounded away from zero.")
def roundup(number: Floats, digits: Floats) -> Floats:
    return excel.rounded(number, digits, "up")


@FUNCTIONS.vector("ROUNDDOWN(number:N, digits:N)", "A number rounded to zero.")
def rounddown(number: Floats, digits: Floats) -> Floats:
    return excel.rounded(number, digits, "down")


@FUNCTIONS.vector("TRUNC(number:N, [digits:N=0])", "A number cut off behind its digits.")
def trunc(number: Floats, digits: Floats) -> Floats:
    return excel.rounded(number, digits, "down")


@FUNCTIONS.vector("INT(number:N)", "The whole number at or below a number.")
def int_(number: Floats) -> Floats:
    return np.floor(seen(number))


@FUNCTIONS.vector("EVEN(number:N)", "The next even whole number, away from zero.")
def even(number: Floats) -> Floats:
    return np.sign(number) * 2 * np.ceil(seen(np.abs(number)) / 2)


@FUNCTIONS.vector("ODD(number:N)", "The next odd whole number, away from zero.")
def odd(number: Floats) -> Floats:
    size = 2 * np.ceil(np.maximum(seen(np.abs(number)) - 1, 0) / 2) + 1
    return np.where(number < 0, -size, size)


@FUNCTIONS.vector("MOD(number:N, divisor:N)", "What remains of a division; it has the sign of the divisor.")
def mod(number: Floats, divisor: Floats) -> tuple[Floats, Tags]:
    zero = divisor == 0
    safe = np.where(zero, 1.0, divisor)
    huge = np.abs(number / safe) >= _MOST_PARTS
    return np.mod(number, safe) + 0.0, np.maximum(flagged(zero, ExcelError.DIV0), flagged(huge & ~zero, ExcelError.NUM))


@FUNCTIONS.whole("QUOTIENT(number:N, divisor:N)", "The whole part of a division.")
def quotient(context: Context, number: Values, divisor: Values) -> Values:
    (a, b), errors = strict(context, (number, divisor))
    with np.errstate(all="ignore"):
        num = np.trunc(seen(a / np.where(b == 0, 1.0, b))) + 0.0
    return answer(num, errors, flagged(b == 0, ExcelError.DIV0))


@FUNCTIONS.whole("MROUND(number:N, multiple:N)", "A number rounded to a multiple of another.")
def mround(context: Context, number: Values, multiple: Values) -> Values:
    (a, b), errors = strict(context, (number, multiple))
    with np.errstate(all="ignore"):
        num = np.floor(a / np.where(b == 0, 1.0, b) + 0.5) * b + 0.0
    return answer(num, errors, flagged(np.sign(a) * np.sign(b) < 0, ExcelError.NUM))


def _steps(number: Floats, step: Floats, *, up: Floats | bool) -> Floats:
    """A number taken up or down to a multiple of a step above 0; 0 where the step is 0."""
    size = np.where(step == 0, 1.0, step)
    count = seen(number / size)
    count = np.where(up, np.ceil(count), np.floor(count))
    return np.where(step == 0, 0.0, count * size) + 0.0


@FUNCTIONS.vector("CEILING(number:N, step:N)", "A number taken up to a multiple of a step.")
def ceiling(number: Floats, step: Floats) -> tuple[Floats, Tags]:
    found = _steps(number, step, up=True)
    return found, flagged((number > 0) & (step < 0), ExcelError.NUM)


@FUNCTIONS.vector("FLOOR(number:N, step:N)", "A number taken down to a multiple of a step.")
def floor(number: Floats, step: Floats) -> tuple[Floats, Tags]:
    found = _steps(number, step, up=False)
    wrong = flagged((number > 0) & (step < 0), ExcelError.NUM)
    return found, np.maximum(wrong, flagged((step == 0) & (number != 0), ExcelError.DIV0))


@FUNCTIONS.vector(
    "CEILING.MATH(number:N, [step:N==1], [mode:N=0])",
    "A number taken up to a multiple; mode 1 takes negatives away from zero.",
)
def ceiling_math(number: Floats, step: Floats, mode: Floats) -> Floats:
    return _steps(number, np.abs(step), up=(number >= 0) | (mode == 0))


@FUNCTIONS.vector(
    "FLOOR.MATH(number:N, [step:N==1], [mode:N=0])",
    "A number taken down to a multiple; mode 1 takes negatives to zero.",
)
def floor_math(number: Floats, step: Floats, mode: Floats) -> Floats:
    return _steps(number, np.abs(step), up=(number < 0) & (mode != 0))


@FUNCTIONS.vector("ISO.CEILING(number:N, [step:N==1])", "A number taken up to a multiple of a step, whatever its sign.")
@FUNCTIONS.vector(
    "CEILING.PRECISE(number:N, [step:N==1])", "A number taken up to a multiple of a step, whatever its sign."
)
def ceiling_precise(number: Floats, step: Floats) -> Floats:
    return _steps(number, np.abs(step), up=True)


@FUNCTIONS.vector(
    "FLOOR.PRECISE(number:N, [step:N==1])", "A number taken down to a multiple of a step, whatever its sign."
)
def floor_precise(number: Floats, step: Floats) -> Floats:
    return _steps(number, np.abs(step), up=False)
