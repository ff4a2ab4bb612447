"""The fallback: known answers, what never reaches it, its cap and its note, and errors of the library as Excel errors."""

from __future__ import annotations

import numpy as np
import pytest

from recon_core.formula import fallback
from recon_core.formula.check import check
from recon_core.formula.evaluate import Answer, Scope, evaluate
from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.functions.spec import Context
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table
from recon_core.formula.tree import FormulaError
from recon_core.formula.unavailable import UNAVAILABLE
from recon_core.formula.values import ExcelError, Scalar, Values

pytestmark = pytest.mark.skipif(not fallback.is_installed(), reason="the library formulas is not installed")
FLOWS = Table.of(
    "Flows",
    {
        "Amount": Values.of([-10000.0, 2750.0, 4250.0, 3250.0, 2750.0]),
        "Day": Values.of([39448.0, 39508.0, 39751.0, 39859.0, 39904.0]),
        "x": Values.of([1.0, 2.0, 3.0, 4.0, 5.0]),
        "y": Values.of([2.0, 4.0, 6.0, 8.0, 11.0]),
    },
)


def answer(formula: str, own: Table | None = None) -> Answer:
    return evaluate(parse(formula), Scope(own=own, tables={"flows": FLOWS}))


def value(formula: str) -> Scalar:
    return answer(formula).values.scalar()


KNOWN = {  # by hand, or as Microsoft's page on the function shows it
    "=PMT(8%/12,10,10000)": -1037.032089,
    "=PMT(0,12,1200)": -100,
    "=FV(6%/12,10,-200,-500,1)": 2581.403374,
    "=PV(8%/12,240,500)": -59777.145851,
    "=NPER(12%/12,-100,-1000,10000,1)": 59.6738657,
    "=RATE(48,-200,8000)": 0.00770147249,
    "=IPMT(10%/12,1,36,8000)": -66.6666667,
    "=PPMT(10%/12,1,24,2000)": -75.6231861,
    "=NPV(10%,-10000,3000,4200,6800)": 1188.443412,
    "=IRR(Flows[Amount])": 0.1154,
    "=XIRR(Flows[Amount],Flows[Day])": 0.373362535,
    "=XNPV(9%,Flows[Amount],Flows[Day])": 2086.647602,
    "=SLN(30000,7500,10)": 2250,
    "=SYD(30000,7500,10,1)": 4090.909091,
    "=DDB(2400,300,10,1)": 480,
    "=EFFECT(5.25%,4)": 0.0535427,
    "=NOMINAL(5.3543%,4)": 0.0525003,
    "=CORREL(Flows[x],Flows[y])": 0.995893206,
    "=FORECAST.LINEAR(6,Flows[x],Flows[y])": 2.909836066,
    "=SLOPE(Flows[y],Flows[x])": 2.2,
    "=INTERCEPT(Flows[y],Flows[x])": -0.4,
    "=NORM.S.DIST(1.333333,TRUE)": 0.908788726,
    "=GEOMEAN(1,2,4)": 2,
    "=FACTDOUBLE(7)": 105,
}


@pytest.mark.parametrize("formula", KNOWN)
def test_known_answer(formula):
    check(parse(formula), formula, (), {"Flows": FLOWS.headers})
    rel = 1e-3 if "IRR(Flows[Amount])" in formula else 1e-5  # two decimals of a percentage are printed
    assert value(formula) == pytest.approx(KNOWN[formula], rel=rel)


def test_forecast_knows_its_own_line():
    assert value("=FORECAST.LINEAR(6,Flows[y],Flows[x])") == pytest.approx(12.8)


def test_rows_run_once_for_each_distinct_tuple_and_are_noted():
    own = Table.of("Own", {"a": Values.of([1000.0, 2000.0, 1000.0, None, "x", ExcelError.NA])})
    found = answer("=PMT(1%,12,[@a])+0", own)
    values = found.values.items()
    assert values[0] == values[2] == pytest.approx(-88.848788678)
    assert values[1] == pytest.approx(-177.697577356)
    assert values[4:] == [ExcelError.VALUE, ExcelError.NA]
    assert found.slow == {"PMT": 5}
    assert answer("=PMT(1%,12,1000)").slow == {"PMT": 1}
    assert not answer("=ROUND(1.5,0)").slow


def test_above_the_cap_the_formula_is_refused_before_any_call(monkeypatch):
    monkeypatch.setattr(fallback, "_call", lambda *args: pytest.fail("called"))
    own = Table.of("Own", {"a": Values.numbers(np.arange(fallback.MAX_CALLS + 1.0))})
    with pytest.raises(FormulaError) as caught:
        answer("=PMT(1%,12,[@a])", own)
    assert caught.value.what == "PMT is a slow function, and 20,001 different rows need it; 20,000 are allowed."


def test_the_cap_is_of_distinct_rows():
    own = Table.of("Own", {"a": Values.numbers(np.arange(100_000) % 3 * 1.0)})
    assert answer("=SLN([@a],0,1)", own).slow == {"SLN": 3}


@pytest.mark.parametrize("name", sorted(fallback.DENIED | UNAVAILABLE))
def test_what_is_denied_never_reaches_the_library(name, monkeypatch):
    monkeypatch.setattr(fallback, "_call", lambda *args: pytest.fail("called"))
    assert not fallback.knows(name)
    assert fallback.call(name, [Values.one(1.0)], Context()).scalar() is ExcelError.NAME


def test_our_own_functions_never_reach_the_library():
    assert not [name for name in FUNCTIONS if fallback.knows(name)]
    assert not set(fallback.known()) & (set(FUNCTIONS) | fallback.DENIED | UNAVAILABLE)
    assert set(fallback.known().values()) == {"financial", "statistical and other"}


@pytest.mark.parametrize(
    ("formula", "error"),
    [
        ("=PMT(#N/A,1,1)", ExcelError.NA),
        ('=PMT("x",1,1)', ExcelError.VALUE),
        ("=PMT()", ExcelError.VALUE),
        ("=NORM.S.INV(2)", ExcelError.NUM),
        ("=SLN(1,0,0)", ExcelError.DIV0),
        ("=IRR({1,2,3})", ExcelError.NUM),
        ("=NOSUCH(1)", ExcelError.NAME),
        ("=FACTDOUBLE(1E9)", ExcelError.NUM),
        ("=PERMUTATIONA(1E9,1E9)", ExcelError.NUM),
        ("=DEC2HEX(1,1E9)", ExcelError.NUM),
        ("=COUPNUM(1,2958465,1)", ExcelError.NUM),
        ('=NPER(1,REPT("a",32767),1)', ExcelError.VALUE),
    ],
)
def test_errors(formula, error):
    assert value(formula) is error


def test_whatever_the_library_raises_is_an_error_value(monkeypatch):
    def broken(*args: object) -> object:
        raise KeyError("inside")

    monkeypatch.setattr(fallback, "_library", lambda: {"PMT": broken})
    assert value("=PMT(1,2,3)") is ExcelError.VALUE


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(fallback, "_library", dict)
    assert value("=PMT(1,2,3)") is ExcelError.NAME
    with pytest.raises(FormulaError) as caught:
        check(parse("=XNPV(1,2,3)"), "=XNPV(1,2,3)", (), {})
    assert caught.value.fix.endswith("or install the library 'formulas' for financial and statistical ones.")
