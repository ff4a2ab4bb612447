"""Mathematics and rounding beyond the cases of maths.txt: stored noise, bounds, laws on whole columns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table
from recon_core.formula.values import ExcelError, Values

VALUE, NUM, NA, DIV0 = ExcelError.VALUE, ExcelError.NUM, ExcelError.NA, ExcelError.DIV0


def calc(formula, **row):
    """The values of a formula over the columns of `row`."""
    own = Table.of("own", {name: Values.of(values) for name, values in row.items()}) if row else None
    return evaluate(parse(formula), Scope(own=own)).values.items()


def one(formula, **row):
    return calc(formula, **{name: [value] for name, value in row.items()})[0]


@pytest.mark.parametrize(("formula", "value"), [
    ("=INT(0.1*3*10)", 3), ("=INT(4.35*100)", 435), ("=INT(-4.35*100)", -435), ("=INT((0.1+0.7)*10)", 8), ("=INT(123456789-0.0000004)", 123456789),
    ("=INT(10^14+0.5)", 100000000000001), ("=INT(10^14-1+0.5)", 99999999999999), ("=INT(1E+15+1)", 1000000000000001),
    ("=TRUNC(4.35*100)", 435), ("=ROUNDUP(2.3*100,0)", 230), ("=ROUNDDOWN(4.35*100,0)", 435), ("=QUOTIENT(880000000*0.00849,3)", 2490400),
    ("=ISEVEN(4.35*100)", False), ("=FACT(5-9E-16)", 120), ("=EVEN(2.3*100)", 230), ("=ODD(1.1*10)", 11), ("=CEILING(2.3*100,1)", 230), ("=FLOOR(4.35*100,1)", 435),
])  # fmt: skip
def test_numbers_are_cut_where_they_are_seen(formula, value):
    assert one(formula) == value


@pytest.mark.parametrize(("formula", "value"), [
    ("=MOD(10,0.1)", 0.09999999999999945), ("=MOD(0.9,0.3)", 5.551115123125783e-17), ("=ROUND(MOD(281.44,0.02),6)", 0.02), ("=MOD(5,1E-10)", 9.999981783901343e-11),
    ("=MOD(2^50-1,1)", 0), ("=MOD(2^50,1)", NUM), ("=MOD(1E+300,7)", NUM), ("=MOD(1E+300,1E+299)", 0), ("=MOD(1E+300,0)", DIV0),
    ("=MROUND(6.05,0.1)", 6), ("=MROUND(7.05,0.1)", 71 * 0.1), ("=MROUND(773.65,0.1)", 773.6), ("=MROUND(921.65,0.1)", 921.7), ("=MROUND(25000*1.023,50)", 25550),
    ("=MROUND(TRUE,1)", VALUE), ("=QUOTIENT(5,TRUE)", VALUE),
])  # fmt: skip
def test_mod_and_mround_look_at_the_stored_number(formula, value):
    found = one(formula)
    assert found == (pytest.approx(value, rel=1e-13) if isinstance(value, float) else value)


def test_ceiling_keeps_the_noise_of_its_step():
    assert one("=CEILING(2.99999,1.1)") == 3 * 1.1
    assert one("=CEILING(2.99999,0.00001)") == 299999 * 0.00001


@pytest.mark.parametrize("formula", [
    "=ABS(-1E+307)", "=ROUND(1E+307,300)", "=ROUND(1E+307,-400)", "=TRUNC(1.5,1E+300)", "=ROUNDUP(1E-307,-308)", "=FACT(1E+300)", "=COMBIN(1E+15,5E+14)", "=COMBIN(1E+300,1)",
    "=PERMUT(1E+15,1E+14)", "=BASE(9E+15,2,255)", "=BASE(1E+300,1E+300)", '=DECIMAL(REPT("Z",255),36)', '=DECIMAL(REPT("Z",300),36)', "=ROMAN(1E+300)", "=ROMAN(5,1E+300)",
    '=ARABIC(REPT("M",300))', "=GCD(1E+300,2)", "=LCM(9E+15,7919)", "=EXP(1E+300)", "=SIN(1E+300)", "=POWER(1E+300,1E+300)", "=CEILING(1E+307,1E-307)", "=EVEN(1E+307)",
])  # fmt: skip
def test_no_argument_is_too_large(formula):
    found = one(formula)
    assert found in (NUM, VALUE) or isinstance(found, str) or math.isfinite(found)


@pytest.mark.parametrize(("form", "written"), [
    ("0", "CDXCIX"), ("1", "LDVLIV"), ("2", "XDIX"), ("3", "VDIV"), ("4", "ID"), ("TRUE", "CDXCIX"), ("FALSE", "ID"), ('"2"', "XDIX"), ("", "CDXCIX"), ("5", VALUE), ('"x"', VALUE),
])  # fmt: skip
def test_roman_has_five_forms(form, written):
    assert one(f"=ROMAN(499,{form})") == written


@given(st.integers(0, 3999), st.integers(0, 4))
def test_arabic_reads_what_roman_writes(number, form):
    assert one(f"=ARABIC(ROMAN({number},{form}))") == number


@given(st.integers(0, 2**53 - 1), st.integers(2, 36))
def test_decimal_reads_what_base_writes(number, radix):
    assert one("=DECIMAL(BASE([@n],[@r]),[@r])", n=float(number), r=float(radix)) == number


@pytest.mark.parametrize(("formula", "value"), [
    ("=GCD([@a],12)", 12), ("=GCD([@a])", VALUE), ("=GCD(,12)", NA), ("=GCD([@t],12)", VALUE), ("=GCD({12,18},27)", 3), ("=LCM({4,TRUE,12})", VALUE), ("=LCM(2^52,3)", NUM),
    ('=LCM({4,"2024-01-10",12})', 543612),
])  # fmt: skip
def test_divisors(formula, value):
    assert one(formula, a=None, t=True) == value


def test_lists_of_different_sizes_are_filled_up():
    found = evaluate(parse("=ROUND({1.26;2.26;3.26},{1;0})"), Scope()).values
    assert found.shape == (3, 1)
    assert found.items() == [1.3, 2.0, NA]


@given(
    st.lists(st.floats(-1e12, 1e12).map(lambda number: round(number, 3)), min_size=2, max_size=20),
    st.sampled_from(["0.05", "1", "7", "250"]),
)
def test_steps_lie_around_the_number(numbers, step):
    up, down, near = (
        np.array(calc(f"={name}([@n],{step})", n=numbers)) for name in ("CEILING.MATH", "FLOOR.MATH", "CEILING.PRECISE")
    )
    size = np.array(numbers)
    slack = 1e-9 * np.abs(size) + 1e-9
    assert (down <= size + slack).all()
    assert (up >= size - slack).all()
    assert (up == near).all()


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), st.integers(-3, 6))
def test_rounding_up_and_down_embrace_rounding(numbers, digits):
    up, down, half = (np.abs(calc(f"={name}([@n],{digits})", n=numbers)) for name in ("ROUNDUP", "ROUNDDOWN", "ROUND"))
    assert (down <= half).all()
    assert (half <= up).all()
