"""Laws of the evaluator on random arguments, of every function: rows are worked out as if each stood alone.

Arguments are drawn by the letters of a function's parameters, often of the wrong kind on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.functions.spec import Function, Param
from recon_core.formula.tables import Table
from recon_core.formula.tree import Array, Call, Chain, FormulaError, Literal, Missing, Node, Percent, Prefix, TableRef
from recon_core.formula.values import ExcelError, Scalar, Values

NUMBERS = [
    0.0,
    1.0,
    2.0,
    3.0,
    -1.0,
    0.5,
    2.5,
    -2.5,
    1.005,
    10.0,
    59.0,
    60.0,
    61.0,
    100.0,
    255.0,
    1234.567,
    45296.75,
    1e10,
    2958465.0,
    2958466.0,
    -1e15,
    1e-300,
    1e300,
    1.7e308,
]
TEXTS = [
    "", "a", "A", "RTO", " a  b ", "abc", "5", "-2.5", "1,234.50", "12%", "2024-01-05", "12:30", "TRUE", "x*", "?", "~*", "0.00", "#,##0", "yyyy-mm-dd", "*b*", ">2", "<>", "=a", "[a-z]+", "a,b;c",
    "É", "ß", "漢字", "😀", "\u00a0", "1E5", "m", "d", "$A$1", "x" * 300,
]  # fmt: skip
BOOLS = [True, False]
ERRORS = [ExcelError.NA, ExcelError.VALUE, ExcelError.DIV0]
ANY: list[Scalar] = [*NUMBERS[:12], *TEXTS[:14], *BOOLS, *ERRORS, *ERRORS, None, None]
POOLS: dict[str, list[Scalar]] = {"N": list(NUMBERS), "T": list(TEXTS), "B": [*BOOLS, 0.0, 1.0]}
COLUMNS = ("first", "second", "third")
ROWS = 6
OPERATORS = (("+", "-"), ("*", "/"), ("^",), ("&",), ("=", "<>", "<", ">", "<=", ">="))  # a chain is of one strength
OTHER = {
    "k": ["a", "RTO", "abc", "a", None, "5", 5.0],
    "n": [1.0, 2.0, 2.5, 10.0, 100.0, None, -1.0],
    "m": [3.0, "x", True, ExcelError.NA, None, 0.0, 60.0],
}
TABLES = {"t": Table.of("T", {name: Values.of(cells) for name, cells in OTHER.items()})}
RANGES: list[Node] = [TableRef("T", (name,), "data") for name in OTHER] + [
    TableRef("T", ("k", "n"), "data"),
    Array(((1.0, 2.0), (3.0, 4.0))),
    Array((("a", "RTO", "x"),)),
]
UNTRIED = {"LET", "INDIRECT", "OFFSET"}  # its arguments are names; those answer for cells, which a column does not have

Columns = dict[str, list[Scalar]]


def value_for(kind: str) -> st.SearchStrategy[Scalar]:
    """A value of the kind a letter asks for, one in eight of any kind."""
    right = st.sampled_from(POOLS.get(kind, ANY))
    return st.integers(0, 7).flatmap(lambda dice: st.sampled_from(ANY) if dice == 7 else right)


def literal(value: Scalar) -> Node:
    return Missing() if value is None else Literal(value)


@st.composite
def arguments(draw: st.DrawFn, function: Function) -> tuple[tuple[Node, ...], Columns]:
    """Arguments for a call, and the columns that those among them refer to which vary from row to row."""
    more = draw(st.integers(0, min(len(function.params) - function.least, 4) + 2 * function.repeats))
    count = max(function.least, min(function.least + more, function.most))
    if function.repeats > 1:
        count = max(function.least, count - (count - (len(function.params) - function.repeats)) % function.repeats)
    columns: Columns = {}
    nodes = [draw(argument(function.param(at), columns)) for at in range(count)]
    if not columns:
        columns[COLUMNS[0]] = [1.0] * ROWS
    return tuple(nodes), columns


@st.composite
def argument(draw: st.DrawFn, param: Param, columns: Columns) -> Node:
    """A literal, a column along the rows, or a range."""
    dice = draw(st.integers(0, 9))
    if param.kind == "G" and dice < 7:
        return draw(st.sampled_from(RANGES))
    if dice < 5 and len(columns) < len(COLUMNS):
        name = COLUMNS[len(columns)]
        kind = draw(st.sampled_from("NTV")) if param.kind == "G" else param.kind
        columns[name] = draw(st.lists(value_for(kind), min_size=ROWS, max_size=ROWS))
        return TableRef("", (name,), "this")
    return literal(draw(value_for(param.kind)))


def own_of(columns: Columns, rows: Sequence[int]) -> Table:
    return Table.of("Own", {name: Values.of([cells[row] for row in rows]) for name, cells in columns.items()})


def answers(tree: Node, columns: Columns, rows: Sequence[int]) -> list[Scalar] | None:
    """The answers for these rows; None where the formula is refused."""
    try:
        found = evaluate(tree, Scope(own=own_of(columns, rows), tables=TABLES)).values
    except FormulaError:
        return None
    assert found.shape == (len(rows),)
    return found.items()


def assert_same(found: Sequence[Scalar] | None, expected: Sequence[Scalar] | None) -> None:
    """Equal in type and value; numbers to twelve digits, since sums may run in another order."""
    assert (found is None) is (expected is None)
    for one, other in zip(found or (), expected or (), strict=True):
        assert type(one) is type(other), (found, expected)
        assert one == pytest.approx(other, rel=1e-12) if isinstance(other, float) else one == other, (found, expected)


TRIED = sorted(name for name, function in FUNCTIONS.items() if name not in UNTRIED and function.params)


@pytest.mark.parametrize("name", TRIED)
@settings(max_examples=5)
@given(data=st.data())
def test_a_column_is_its_rows_one_by_one(name, data):
    nodes, columns = data.draw(arguments(FUNCTIONS[name]))
    tree = Call(name, nodes)
    whole = answers(tree, columns, range(ROWS))
    rows = [answers(tree, columns, [row]) for row in range(ROWS)]
    if whole is None:
        assert None in rows
    else:
        assert_same(whole, [None if row is None else row[0] for row in rows])


@settings(max_examples=60)
@given(data=st.data())
def test_shuffled_and_repeated_rows_give_the_same_answers(data):
    function = FUNCTIONS[data.draw(st.sampled_from(TRIED))]
    nodes, columns = data.draw(arguments(function))
    order = data.draw(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=20))
    tree = Call(function.name, nodes)
    whole, picked = answers(tree, columns, range(ROWS)), answers(tree, columns, order)
    if whole is not None:
        assert_same(picked, [whole[row] for row in order])


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> Node:
    """Any tree of the grammar, sensible or not."""
    dice = draw(st.integers(0, 9))
    if depth == 0 or dice < 3:
        kinds = st.sampled_from(
            [
                *RANGES,
                *(TableRef("", (name,), part) for name in COLUMNS for part in ("this", "data", "headers")),
                Missing(),
            ]
        )
        return draw(st.one_of(st.sampled_from(ANY).map(literal), kinds))
    below = trees(depth - 1)
    if dice == 3:
        return Percent(draw(below))
    if dice == 4:
        return Prefix(draw(st.sampled_from("+-@")), draw(below))
    if dice < 7:
        rest = draw(
            st.lists(st.tuples(st.sampled_from(draw(st.sampled_from(OPERATORS))), below), min_size=1, max_size=3)
        )
        return Chain(draw(below), tuple(rest))
    function = FUNCTIONS[draw(st.sampled_from(TRIED))]
    count = min(function.most, function.least + draw(st.integers(0, 2)))
    return Call(function.name, tuple(draw(below) for _ in range(count)))


@settings(max_examples=120)
@given(tree=trees(), cells=st.lists(st.tuples(*[st.sampled_from(ANY)] * len(COLUMNS)), min_size=1, max_size=4))
def test_any_tree_gives_values_or_is_refused(tree, cells):
    columns = dict(zip(COLUMNS, map(list, zip(*cells, strict=True)), strict=True))
    with np.errstate(all="warn"):
        found = answers(tree, columns, range(len(cells)))
    for one in found or ():
        assert one is None or isinstance(one, float | str | bool | ExcelError)
        assert not isinstance(one, float) or np.isfinite(one)
        assert not isinstance(one, str) or len(one) <= 32767
