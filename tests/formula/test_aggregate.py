"""SUM, COUNT, LARGE and their kin beyond the case files: rows beside ranges, order of adding, errors, ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table
from recon_core.formula.values import ExcelError, Values

VALUE, NUM, NA, DIV0 = ExcelError.VALUE, ExcelError.NUM, ExcelError.NA, ExcelError.DIV0
LIST = {
    "v": [3.0, None, "x", True, -1.5, 3.0],
    "k": [1.0, 2.0, 2.0, 3.0, 1.0, 1.0],
    "e": [1.0, NA, 3.0, DIV0, 2.0, None],
}
ROW = {"a": [1.0, 2.0, 3.0], "t": ["5", "x", None]}
NUMBERS = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=30)


def calc(formula, row=None, table=None):
    """The values of a formula over the columns of `row`, beside a table T."""
    own = Table.of("own", {name: Values.of(values) for name, values in row.items()}) if row else None
    tables = {"t": Table.of("T", {name: Values.of(values) for name, values in (table or LIST).items()})}
    return evaluate(parse(formula), Scope(own=own, tables=tables)).values.items()


@pytest.mark.parametrize(("formula", "values"), [
    ("=SUM([@a],T[v])", [5.5, 6.5, 7.5]), ("=SUM([@a],[@t])", [1, 2, 3]), ("=SUM([@a],--[@t])", [6, VALUE, 3]), ("=SUM([@a],T[e])", [NA, NA, NA]), ("=SUM(1/([@a]-2),1)", [0, DIV0, 2]),
    ("=COUNT([@t],[@a])", [1, 1, 1]), ('=COUNT([@t]&"",[@a])', [2, 1, 1]), ("=COUNTA([@t],[@a])", [2, 2, 1]), ("=COUNTBLANK([@t])", [0, 0, 1]), ("=MAX([@a],T[k]/2)", [1.5, 2, 3]),
    ("=MINA([@a],[@t])", [0, 0, 3]), ("=AVERAGEA([@a],[@t])", [0.5, 1, 3]), ("=AVERAGE([@a],T[k])", [11 / 7, 12 / 7, 13 / 7]), ("=PRODUCT([@a],T[k],2)", [24, 48, 72]),
    ("=MEDIAN(0,[@a],2)", [1, 2, 2]), ("=MEDIAN(T[v],[@a])", [2, 2.5, 3]), ("=LARGE(T[v],[@a])", [3, 3, -1.5]), ("=SMALL(T[k],[@a])", [1, 1, 1]), ("=RANK([@a],T[k])", [4, 2, 1]),
    ("=RANK([@a],T[k],1)", [1, 4, 6]), ("=RANK.AVG([@a],T[k],1)", [2, 4.5, 6]), ("=RANK([@a]+0.5,T[k])", [NA, NA, NA]), ("=PERCENTILE(T[k],[@a]/4)", [1, 1.5, 2]),
    ("=SUMPRODUCT([@a],[@a])", [1, 4, 9]), ("=SUMPRODUCT([@a],T[k])", [VALUE] * 3), ("=SUMPRODUCT((T[k]=[@a])*T[k])", [3, 4, 3]), ("=LARGE(IF(T[k]=[@a],T[v]),1)", [3, NUM, NUM]),
    ("=AGGREGATE(14,6,T[v]/(T[k]=[@a]),1)", [3, 0, 1]), ("=MODE([@a],2,3)", [NA, 2, 3]), ("=STDEV([@a],1)", [0, 0.5**0.5, 2**0.5]), ("=SUBTOTAL(9,[@a],T[k])", [11, 12, 13]),
])  # fmt: skip
def test_rows_beside_ranges(formula, values):
    found = calc(formula, ROW)
    assert [pytest.approx(value) if isinstance(value, float) else value for value in values] == found


@pytest.mark.parametrize(("formula", "value"), [
    ("=COUNT(1,,2)", 3), ("=AVERAGE(1,,2)", 1), ("=COUNTA(1,,2)", 3), ("=PRODUCT(2,,3)", 6), ("=MIN(1,,2)", 0), ('=MODE("1",1)', VALUE), ("=MODE(2,2,1,1)", 2), ("=LARGE(TRUE,1)", 1),
    ('=SMALL("3.4",1)', 3.4), ('=SMALL("x",1)', VALUE), ("=LARGE(T[k],0)", NUM), ("=LARGE(T[k],7)", NUM), ("=LARGE(T[k],#N/A)", NA), ("=LARGE(T[e],1)", NA), ("=SUM(LARGE(T[k],{1,2}))", 5),
    ("=PERCENTILE.EXC(T[k],0.1)", NUM), ("=QUARTILE.EXC(T[k],1.9)", 1), ("=QUARTILE(T[k],4.9)", 3), ("=QUARTILE(T[k],5)", NUM), ("=MEDIAN(T[v])", 3), ('=MEDIAN("x")', VALUE),
    ("=STDEV(1)", DIV0), ("=STDEVP(1)", 0), ("=VAR(T[k])", 2 / 3 * 1.0), ("=VARP(1,2,3,4)", 1.25), ("=SUM(1E+308,1E+308)", NUM), ("=SUMPRODUCT(2,T[k])", VALUE), ("=SUMPRODUCT(2,3)", 6),
])  # fmt: skip
def test_single_answers(formula, value):
    found = calc(formula)[0]
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(("formula", "value"), [
    ("=SUBTOTAL(9,T[k])", 10), ("=SUBTOTAL(109,T[k])", 10), ("=SUBTOTAL(103,T[v])", 5), ("=SUBTOTAL(2,T[v])", 3), ("=SUBTOTAL(9,T[k]*2)", VALUE), ("=SUBTOTAL(12,T[k])", VALUE), ("=SUBTOTAL(9,T[e])", NA),
    ("=AGGREGATE(9,6,T[e])", 6), ("=AGGREGATE(9,4,T[e])", NA), ("=AGGREGATE(3,6,T[e])", 3), ("=AGGREGATE(12,6,T[e])", 2), ("=AGGREGATE(14,6,T[e],1)", 3), ("=AGGREGATE(15,6,T[e]/(T[k]=1),2)", 1),
    ("=AGGREGATE(16,6,T[e],0.5)", 2), ("=AGGREGATE(14,6,T[e])", VALUE), ("=AGGREGATE(20,6,T[e])", VALUE), ("=AGGREGATE(9,8,T[e])", VALUE), ("=AGGREGATE(9,6,T[e]*1)", VALUE),
])  # fmt: skip
def test_functions_by_number(formula, value):
    assert calc(formula) == [value]


def test_sums_run_from_left_to_right():
    values = np.random.default_rng(7).normal(size=5000).tolist()
    total = 0.0
    for value in values:
        total += value
    assert calc("=SUM(T[v])", table={"v": values}) == [total]
    assert calc("=SUM(0.1,0.2,-0.3)") == [0.1 + 0.2 - 0.3]


@given(NUMBERS, NUMBERS)
def test_a_row_is_worked_out_as_if_it_stood_alone(own, others):
    for name in ("SUM", "AVERAGE", "MIN", "MAX", "COUNT", "MEDIAN", "VAR", "PRODUCT"):
        alone = [calc(f"={name}({value},T[v])", table={"v": others})[0] for value in own]
        together = calc(f"={name}([@a],T[v])", {"a": own}, {"v": others})
        assert together == pytest.approx(alone) if DIV0 not in alone else together == alone


@given(NUMBERS)
def test_ranks_and_places_agree(numbers):
    table = {"v": numbers}
    for place, value in enumerate(sorted(numbers), 1):
        assert calc(f"=SMALL(T[v],{place})", table=table) == [value]
        assert calc(f"=RANK({value},T[v],1)", table=table) == [sorted(numbers).index(value) + 1]
    assert calc("=QUARTILE(T[v],2)", table=table) == calc("=MEDIAN(T[v])", table=table)
