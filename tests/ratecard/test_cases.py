"""Text cases: tests/cases/ratecard/*.txt, each the rows of a card and units with what their fees should be.

`rate` is a row of Rates (cells parted by two blanks; without saying so Fee=Fee, From=2026-01-01, GST %=18), `taxes` adds the
shipped tax cards, `orders` makes each unit an order. A unit's dates are 2026-04-02 and everything else is unknown unless
it says otherwise; `?` makes a date unknown. All units of a case are worked out together, and again in reverse.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from recon_core.ratecard import TAX_ROWS, expected, parse_cards
from tests.ratecard.units import as_text, placing, units_of

FOLDER = Path(__file__).parent.parent / "cases" / "ratecard"
CASES = sorted(FOLDER.glob("*.txt"), key=lambda path: path.name)


class Case(NamedTuple):
    """One case, read: rows of Rates, units as written, the outcome of each unit."""

    rows: list[dict[str, str]]
    are_orders: bool
    units: list[str]
    expected: list[str]


def read(path: Path) -> Case:
    rows, units, outcomes, are_orders = [], [], [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition("  ")
        if word == "rate":
            cells = dict(cell.split("=", 1) for cell in re.split(r"\s{2,}", rest.strip()))
            rows.append({"Fee": "Fee", "From": "2026-01-01", "GST %": "18", **cells})
        elif word == "taxes":
            rows += [dict(row) for row in TAX_ROWS]
        elif word == "orders":
            are_orders = True
        elif word == "unit":
            unit, _, outcome = rest.partition("=>")
            units.append(unit.rstrip())
            outcomes.append(outcome.strip())
        else:
            assert not line or line.startswith("#"), line
    return Case(rows, are_orders, units, outcomes)


def outcomes(case: Case, units: list[str]) -> list[str]:
    cards, problems = parse_cards(case.rows, placing)
    assert problems == ()
    facts = [dict(cell.split("=", 1) for cell in re.split(r"\s{2,}", unit.strip())) for unit in units]
    charges = expected(cards, units_of(facts, are_orders=case.are_orders))
    return [
        "; ".join(as_text(charge, at, named=len(charges) > 1) for charge in charges.values())
        for at in range(len(units))
    ]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, request: pytest.FixtureRequest) -> None:
    case = read(path)
    assert case.units, path
    got = outcomes(case, case.units)
    if request.config.getoption("--rewrite"):
        told = iter(got)
        lines = path.read_text(encoding="utf-8").splitlines()
        lines = [
            f"{line.partition('=>')[0].rstrip()}  => {next(told)}" if line.startswith("unit") else line
            for line in lines
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    assert got == case.expected
    assert outcomes(case, case.units[::-1]) == case.expected[::-1]


def test_there_are_enough_cases() -> None:
    assert sum(len(read(path).units) for path in CASES) >= 60
