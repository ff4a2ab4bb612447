"""Mathematics on numbers: powers, logarithms, angles, divisors and choices. Rounding has its own module."""

from __future__ import annotations

import math

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.gathered import is_listed, seen
from recon_core.formula.functions.spec import NA, NUM, VALUE, Context, Fault, Group
from recon_core.formula.values import BY_CODE, ExcelError, Floats, Tag, Tags, Values, flagged

FUNCTIONS = Group("maths")

_MAX_ANGLE = 2.0**27  # Excel gives sines up beyond
_FACTORIALS = np.array([float(math.factorial(number)) for number in range(171)])
_MAX_WHOLE = 2**53


@FUNCTIONS.vector("ABS(number:N)", "A number without its sign.")
def abs_(number: Floats) -> Floats:
    return np.abs(number)


@FUNCTIONS.vector("SIGN(number:N)", "1, 0 or -1.")
def sign(number: Floats) -> Floats:
    return np.sign(number)


@FUNCTIONS.whole("POWER(number:N, power:N)", "A number raised to a power, as with ^.")
def power(context: Context, number: Values, exponent: Values) -> Values:
    return excel.arithmetic("^", number, exponent, day_first=context.day_first)


@FUNCTIONS.vector("SQRT(number:N)", "The square root.")
def sqrt(number: Floats) -> Floats:
    return np.sqrt(number)


@FUNCTIONS.vector("EXP(number:N)", "e raised to a power.")
def exp(number: Floats) -> Floats:
    return np.exp(number)


@FUNCTIONS.vector("LN(number:N)", "The natural logarithm.")
def ln(number: Floats) -> Floats:
    return np.log(number)


@FUNCTIONS.vector("LOG10(number:N)", "The logarithm to base 10.")
def log10(number: Floats) -> Floats:
    return np.log10(number)


@FUNCTIONS.vector("LOG(number:N, [base:N=10])", "The logarithm to a base.")
def log(number: Floats, base: Floats) -> tuple[Floats, Tags]:
    wrong = (number <= 0) | (base <= 0)
    found = np.where(base == 10, np.log10(number), np.log(number) / np.log(np.where(base == 1, 2.0, base)))
    return found, np.maximum(flagged(wrong, ExcelError.NUM), flagged(~wrong & (base == 1), ExcelError.DIV0))


@FUNCTIONS.scalar("PI()", "3.14159265358979.")
def pi() -> float:
    return math.pi


@FUNCTIONS.vector("RADIANS(degrees:N)", "Degrees as radians.")
def radians(degrees: Floats) -> Floats:
    return degrees * (math.pi / 180)


@FUNCTIONS.vector("DEGREES(radians:N)", "Radians as degrees.")
def degrees_(angle: Floats) -> Floats:
    return angle * (180 / math.pi)


@FUNCTIONS.vector("SIN(radians:N)", "The sine of an angle.")
def sin(angle: Floats) -> tuple[Floats, Tags]:
    return np.sin(angle), flagged(np.abs(angle) >= _MAX_ANGLE, ExcelError.NUM)


@FUNCTIONS.vector("COS(radians:N)", "The cosine of an angle.")
def cos(angle: Floats) -> tuple[Floats, Tags]:
    return np.cos(angle), flagged(np.abs(angle) >= _MAX_ANGLE, ExcelError.NUM)


@FUNCTIONS.vector("TAN(radians:N)", "The tangent of an angle.")
def tan(angle: Floats) -> tuple[Floats, Tags]:
    return np.tan(angle), flagged(np.abs(angle) >= _MAX_ANGLE, ExcelError.NUM)


@FUNCTIONS.vector("ASIN(number:N)", "The angle of a sine.")
def asin(number: Floats) -> Floats:
    return np.arcsin(number)


@FUNCTIONS.vector("ACOS(number:N)", "The angle of a cosine.")
def acos(number: Floats) -> Floats:
    return np.arccos(number)


@FUNCTIONS.vector("ATAN(number:N)", "The angle of a tangent.")
def atan(number: Floats) -> Floats:
    return np.arctan(number)


@FUNCTIONS.vector("ATAN2(x:N, y:N)", "The angle of a point, x first.")
def atan2(x: Floats, y: Floats) -> tuple[Floats, Tags]:
    return np.arctan2(y + 0.0, x + 0.0), flagged((x == 0) & (y == 0), ExcelError.DIV0)


@FUNCTIONS.vector("FACT(number:N)", "The product of the whole numbers from 1.")
def fact(number: Floats) -> tuple[Floats, Tags]:
    whole = np.trunc(seen(number))
    wrong = (number < 0) | (whole > 170)
    return _FACTORIALS[np.where(wrong, 0, whole).astype(np.intp)], flagged(wrong, ExcelError.NUM)


def _whole(number: float) -> int:
    return int(np.trunc(seen(np.array([number])))[0])


def _of_many(number: float, chosen: float) -> tuple[int, int]:
    """Two whole numbers for choosing some of many. Raises NUM where none can be chosen."""
    many, some = _whole(number), _whole(chosen)
    if number < 0 or chosen < 0 or some > many or many >= _MAX_WHOLE:
        raise NUM
    return many, some


@FUNCTIONS.scalar("COMBIN(number:N, chosen:N)", "How many ways there are to choose some of many.")
def combin(number: float, chosen: float) -> float:
    many, some = _of_many(number, chosen)
    if min(some, many - some) > 1100:  # at least 2^1100
        raise NUM
    return float(math.comb(many, some))


@FUNCTIONS.scalar("PERMUT(number:N, chosen:N)", "How many ways there are to choose some of many, order counted.")
def permut(number: float, chosen: float) -> float:
    many, some = _of_many(number, chosen)
    if some > 171:
        raise NUM
    return float(math.perm(many, some))


def _divisible(args: tuple[Values, ...]) -> list[int]:
    """Whole numbers of the arguments. Lone blank cells are left out; booleans and other texts are #VALUE!."""
    found: list[int] = []
    for arg in args:
        if arg.is_a(Tag.BLANK) and not arg.is_grid:
            if not is_listed(arg):
                raise NA
            continue
        if arg.has(Tag.BOOL):
            raise VALUE
        num, errors = excel.numbers(arg)
        if errors is not None and errors.any():
            raise Fault(BY_CODE[int(errors[errors > 0].flat[0])])
        if (num < 0).any() or (num >= _MAX_WHOLE).any():
            raise NUM
        found += [int(one) for one in np.trunc(seen(num)).ravel().tolist()]
    if not found:
        raise VALUE
    return found


@FUNCTIONS.scalar("GCD(number:G, [number:G]...)", "The greatest whole number that divides all.")
def gcd(*args: Values) -> float:
    return float(math.gcd(*_divisible(args)))


@FUNCTIONS.scalar("LCM(number:G, [number:G]...)", "The least whole number that all divide.")
def lcm(*args: Values) -> float:
    found = 1
    for one in _divisible(args):
        found = math.lcm(found, one)
        if found >= _MAX_WHOLE:
            raise NUM
    return float(found)
