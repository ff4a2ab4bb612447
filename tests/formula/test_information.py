"""Information functions beyond the case files: references, addresses, where a formula stands."""

from __future__ import annotations

import pytest

from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table
from recon_core.formula.values import ExcelError, Values

VALUE, NA = ExcelError.VALUE, ExcelError.NA
MIXED = [None, "", "5", 5.0, True, NA, ExcelError.DIV0]


def calc(formula):
    """The values of a formula over one column of all kinds, beside a table T."""
    own = Table.of("own", {"x": Values.of(MIXED)})
    tables = {"t": Table.of("T", {"k": Values.of([1.0, 2.0, 3.0]), "v": Values.of(["a", "b", "c"])})}
    return evaluate(parse(formula), Scope(own=own, tables=tables)).values.items()


def in_cells(formula):
    """The values of a formula in D7 of a sheet whose cells are all blank."""

    def cells(ref):
        height, width = ref.bottom - ref.top + 1, ref.right - ref.left + 1
        values = Values.of([None] * (height * width), (height, width)).as_ref()
        values.origin = (ref.top, ref.left)
        return values

    return evaluate(parse(formula), Scope(cells=cells, cell=(7, 4))).values.items()


@pytest.mark.parametrize(("name", "held"), [
    ("ISBLANK", "1000000"), ("ISTEXT", "0110000"), ("ISNONTEXT", "1001111"), ("ISNUMBER", "0001000"), ("ISLOGICAL", "0000100"), ("ISERROR", "0000011"), ("ISERR", "0000001"), ("ISNA", "0000010"),
])  # fmt: skip
def test_each_kind_of_value(name, held):
    assert calc(f"={name}([@x])") == [mark == "1" for mark in held]


def test_even_and_odd_take_no_booleans():
    assert calc("=ISODD([@x])") == [False, VALUE, True, True, VALUE, NA, ExcelError.DIV0]
    assert calc("=ISEVEN([@x])") == [True, VALUE, False, False, VALUE, NA, ExcelError.DIV0]


def test_types_and_numbers_of_errors():
    assert calc("=TYPE([@x])") == [1, 2, 2, 1, 4, 16, 16]
    assert calc("=ERROR.TYPE([@x])") == [NA, NA, NA, NA, NA, 7, 2]
    assert calc("=TYPE(T[k])")[0] == 64


@pytest.mark.parametrize(("formula", "value"), [
    ("=ISREF([@x])", True), ("=ISREF(T[k])", True), ("=ISREF([@x]&1)", False), ('=ISREF("A1")', False), ("=ISREF(T[k]*2)", False), ("=ROWS(T[k])", 3), ("=COLUMNS(T)", 2), ("=ROWS({1,2})", 1),
    ("=COLUMNS({1,2})", 2), ("=ROWS(5)", 1), ("=ROWS(1/0)", ExcelError.DIV0), ("=ROW()", VALUE), ("=ROW(T[k])", VALUE), ("=SUM(--ISTEXT(T[v]))", 3),
])  # fmt: skip
def test_what_a_reference_is(formula, value):
    assert calc(formula)[0] == value


@pytest.mark.parametrize(("formula", "values"), [
    ("=ROW()", [7]), ("=COLUMN()", [4]), ("=ROW(B5)", [5]), ("=COLUMN(B5)", [2]), ("=ROW(B5:C7)", [5, 6, 7]), ("=COLUMN(B5:C7)", [2, 3]), ("=SUM(ROW(A1:A4))", [10]), ("=ROWS(B5:C7)", [3]), ("=ISREF(A1)", [True]),
])  # fmt: skip
def test_where_cells_stand(formula, values):
    assert in_cells(formula) == values


@pytest.mark.parametrize(("args", "text"), [
    ("2,3", "$C$2"), ("2,3,2", "C$2"), ("2,3,3", "$C2"), ("2,3,4", "C2"), ("2,3,2,FALSE", "R2C[3]"), ("2,3,4,FALSE", "R[2]C[3]"), ("2,3,,FALSE", "R2C3"), ('1,1,,,"S"', "S!$A$1"), ("1,28", "$AB$1"), ("1048576,16384", "$XFD$1048576"),
    ('1,1,1,1,"My Sheet"', "'My Sheet'!$A$1"), ("1,1,1,1,\"It's\"", "'It''s'!$A$1"), ('1,1,1,1,"[B.xlsx]S"', "'[B.xlsx]S'!$A$1"), ('1,1,1,1,"A1"', "'A1'!$A$1"), ('1,1,1,"TRUE"', "$A$1"),
    ("0,1", VALUE), ("1048577,1", VALUE), ("1,16385", VALUE), ("1,1,5", VALUE), ("1E+300,1", VALUE),
])  # fmt: skip
def test_addresses(args, text):
    assert calc(f"=ADDRESS({args})")[0] == text
