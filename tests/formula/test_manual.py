"""Every example of the manual's chapter on derived columns gives the answer that stands beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recon_core.formula import Scope, Table, Values, check, evaluate, parse
from tests.formula.casefile import Case, read_cases
from tests.formula.test_cases import assert_is, value_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "manual" / "formulas.md"
BLOCK = re.compile(r"^```formula\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def table(name: str, columns: dict[str, list[object]]) -> Table:
    return Table.of(name, {header: Values.of(map(value_of, cells)) for header, cells in columns.items()})


@pytest.fixture(scope="module", params=range(len(BLOCKS)), ids=lambda at: f"block {at + 1}")
def cases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """The examples of one block, read as a case file."""
    path = tmp_path_factory.mktemp("manual") / "block.txt"
    path.write_text(BLOCKS[request.param], encoding="utf-8")
    return read_cases(path)


def test_the_examples_are_right(cases: list[Case]) -> None:
    assert cases
    for case in cases:
        tree = parse(case.formula)
        check(tree, case.formula, list(case.row), {name: list(columns) for name, columns in case.tables.items()})
        own = table("Own", {name: [cell] * 3 for name, cell in case.row.items()}) if case.row else None
        tables = {name.casefold(): table(name, columns) for name, columns in case.tables.items()}
        for found in evaluate(tree, Scope(own=own, tables=tables, day_first=True)).values.items():
            assert_is(found, value_of(case.expected))


def test_there_are_enough_of_them() -> None:
    assert len(BLOCKS) >= 12
    assert sum(block.count(" => ") for block in BLOCKS) >= 50
