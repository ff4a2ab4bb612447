"""The cases of tests/cases/formula, each as single values and again as a column among other rows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table
from recon_core.formula.values import ERRORS, Scalar, Values
from tests.formula.casefile import Case, Err, read_cases

FOLDER = Path(__file__).resolve().parent.parent / "cases" / "formula"
CASES = [case for path in sorted(FOLDER.glob("*.txt")) for case in read_cases(path)]
OTHERS: tuple[tuple[Scalar, ...], ...] = (
    (None, "x", 0.5, True),
    (-7.25, "", 45000.0, "zz"),
)  # values of the rows around
PLACES = (2, 0, 2, 1, 2)  # which row stands where: 2 is the row of the case


def value_of(literal: object) -> Scalar:
    """A literal of a case file as a value of ours."""
    if isinstance(literal, Err):
        return ERRORS[str(literal)]
    assert literal is None or isinstance(literal, bool | float | str)
    return literal


@cache
def tables_of(file: str, line: int) -> dict[str, Table]:
    """The tables of the case that stands in this line."""
    case = next(case for case in CASES if (case.file, case.line) == (file, line))
    made = {}
    for name, columns in case.tables.items():
        made[name.casefold()] = Table.of(
            name, {header: Values.of(map(value_of, cells)) for header, cells in columns.items()}
        )
    return made


def as_single(case: Case) -> Scalar:
    """The answer for a table of one row."""
    own = Table.of("Own", {name: Values.of([value_of(cell)]) for name, cell in case.row.items()}) if case.row else None
    found = evaluate(parse(case.formula), Scope(own=own, tables=tables_of(case.file, case.line))).values
    assert found.shape == (1,) or own is None
    return found.scalar()


def as_column(case: Case) -> list[Scalar]:
    """The answers for the row of the case among rows of other values: three times the same one."""
    columns = {}
    for at, (name, cell) in enumerate(case.row.items()):
        rows = [OTHERS[0][at % 4], OTHERS[1][at % 4], value_of(cell)]
        columns[name] = Values.of([rows[place] for place in PLACES])
    own = Table.of("Own", columns)
    found = evaluate(parse(case.formula), Scope(own=own, tables=tables_of(case.file, case.line))).values
    assert found.shape == (len(PLACES),)
    return found.take(np.flatnonzero(np.array(PLACES) == 2)).items()


def assert_is(found: Scalar, expected: Scalar) -> None:
    """Equal in type and value; numbers to twelve digits, whole ones exactly."""
    assert type(found) is type(expected), f"{found!r} is not {expected!r}"
    if isinstance(found, float) and isinstance(expected, float):
        assert found == pytest.approx(expected, rel=0 if expected.is_integer() else 1e-12, abs=0 if expected else 1e-12)
    else:
        assert found == expected


@pytest.mark.parametrize("case", CASES, ids=[f"{case.file}:{case.line}" for case in CASES])
def test_case(case):
    expected = value_of(case.expected)
    assert_is(as_single(case), 0.0 if expected is None else expected)
    if case.row:
        for found in as_column(case):
            assert_is(found, 0.0 if expected is None else expected)
