"""Text cases: tests/cases/matching/*.txt, each a table of lines, the rules and the expected outcome.

A line's name begins with its side (a1, b1); cells are parted by two blanks, `~` is an empty cell, `\\u00a0` stands for
that character. Columns: key, amount, date, item, units, currency, gst (compared), invoice and awb (other references).
Every case also runs with its rows reversed, the files swapped and in three parts: the result hash must be the same.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from recon_core.engine import Outcome, Prior, result_hash
from recon_core.keys import parse_cleaning
from recon_core.model import CLASSES, SKIPS, Status
from recon_core.money import to_minor, to_text
from recon_core.recipe import Leg, PassRule, Recipe, RuleKind
from tests.raws import PLAIN, leg, raw, run, use

FOLDER = Path(__file__).parent.parent / "cases" / "matching"
MEANINGS = {
    "key": "id", "amount": "amount", "date": "date", "item": "item", "units": "quantity", "currency": "currency",
    "gst": "compare", "invoice": "other reference", "awb": "other reference",
}  # fmt: skip
CASES = sorted(FOLDER.glob("*.txt"), key=lambda path: path.name)


class Case(NamedTuple):
    """One text case, read."""

    settings: list[str]
    columns: list[str]
    rows: dict[str, list[str]]  # by line name
    head: str  # the text above the outcome
    expected: list[str]


def read(path: Path) -> Case:
    """Text -> Case."""
    text = path.read_text(encoding="utf-8")
    settings, columns, rows = [], [], {}
    for line in text.splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        if cells[0] == "line":
            columns = cells[1:]
        elif columns and re.fullmatch(r"[ab]\d+", cells[0]):
            assert len(cells) == len(columns) + 1, f"{path.name}: {line}"
            rows[cells[0]] = [
                "" if cell == "~" else cell.encode("ascii", "backslashreplace").decode("unicode_escape")
                for cell in cells[1:]
            ]
        elif line and not line.startswith(("#", "=>")):
            settings.append(line)
    head = text.partition("\n=>")[0].rstrip() + "\n"
    return Case(settings, columns, rows, head, [line for line in text.splitlines() if line.startswith("=>")])


def leg_of(case: Case) -> Leg:
    """The leg of a case: a column is mapped for a side that fills it."""
    options: dict[str, object] = {}
    rules: list[PassRule] = []
    for line in case.settings:
        word, _, value = line.partition(" ")
        if word == "tolerance":
            options["within_minor"] = to_minor(value)
        elif word == "window":
            options["days"] = int(value)
        elif word == "cleaning":
            options["cleaning"] = parse_cleaning(value)
        elif word == "match":
            options["whole_ids"] = False
        elif word == "rule":
            name, kind, *numbers = re.split(r"\s{2,}", value)
            given = dict(one.split("=") for one in numbers)
            before, after = (int(given[key]) if key in given else None for key in ("before", "after"))
            rules.append(
                PassRule(
                    name=name,
                    kind=RuleKind(kind),
                    within_minor=to_minor(given.get("within", "0")),
                    days_before=before,
                    days_after=after,
                )
            )
        else:
            assert word in ("currency", "decide"), line
    uses = [
        use(side.upper(), MEANINGS[column], column)
        for at, column in enumerate(case.columns) for side in "ab"
        if column in ("key", "amount") or any(cells[at] for name, cells in case.rows.items() if name[0] == side)
    ]  # fmt: skip
    return leg(uses, rules=rules, **options)


def reconciled(case: Case, names: Sequence[str], files: int = 1, parts: int = 1) -> Outcome:
    """Run the case with its rows in this order, each side cut into so many files (given in reverse when more than one)."""
    sides = {}
    for side in "ab":
        mine = [name for name in names if name[0] == side]
        cuts = [mine] if files == 1 else [mine[1::2], mine[0::2]]
        sides[side] = [
            raw(
                side,
                {column: [case.rows[name][at] for name in cut] for at, column in enumerate(case.columns)},
                file=f"{side}{n}.csv",
            )
            for n, cut in enumerate(cuts)
        ]
    recipe = Recipe(
        legs=(leg_of(case),), currency=next((line[9:] for line in case.settings if line.startswith("currency ")), "")
    )
    decided = [line[7:].split() for line in case.settings if line.startswith("decide ")]
    prior = Prior()
    if decided:
        lines = run(recipe.legs[0], sides["a"], sides["b"], recipe=recipe).results["L"].lines
        ids = dict(zip(sorted(names, key=lambda name: name[0]), lines["line_id"].tolist(), strict=True))
        prior = Prior(decisions={"L": [tuple(ids.get(name, 1) for name in one) for one in decided]})
    return run(recipe.legs[0], sides["a"], sides["b"], recipe=recipe, prior=prior, parts=parts)


def show(case: Case, outcome: Outcome) -> list[str]:
    """The outcome as the lines of a case file."""
    notes = [
        f"=> {problem.severity} {problem.code}  {problem.what}"
        for problem in outcome.problems
        if problem.code != "D-602"
    ]
    if "L" not in outcome.results:
        return notes
    result = outcome.results["L"]
    names = np.array([name for side in "ab" for name in case.rows if name[0] == side], object)
    lines = result.lines.assign(name=names)
    shown = []
    for _, rows in lines[lines["link"] >= 0].groupby("link"):
        first = rows.iloc[0]
        status = list(Status)[first["status"]]
        word = CLASSES[first["klass"]]
        tail = [str(first["reason"])] if status is not Status.MATCHED else []
        tail += [f"gap {to_text(int(first['gap_minor']))}"] if first["gap_minor"] else []
        tail += [f"days {first['gap_days']}"] if first["gap_days"] else []
        tail += [f"differs {first['differs']}"] if first["differs"] else []
        tail += (
            [f"by {result.rule_names[first['rule']]}"]
            if any(line.startswith("rule ") for line in case.settings)
            else []
        )
        tail += [f"linked by {name}" for name in sorted(set(rows["linked_by"]) - {""})]
        label = f"{word}" if status is Status.MATCHED or word == "Partial" else f"{word} ({status})"
        shown.append(
            (
                list(Status).index(status),
                rows["name"].min(),
                "  ".join([f"=> {label}", " ".join(sorted(rows["name"], key=_order)), *tail]),
            )
        )
    for row in lines[lines["link"] < 0].itertuples():
        status = list(Status)[row.status]
        why = SKIPS[row.skip] if row.skip else row.reason
        shown.append((list(Status).index(status), row.name, f"=> {status}  {row.name}  {why}"))
    shown += [
        (9, names[row.pos_a], f"=> suggest  {names[row.pos_a]} {names[row.pos_b]}  {row.because}")
        for row in result.suggestions.itertuples()
    ]
    return [text for *_, text in sorted(shown, key=lambda one: (one[0], _order(one[1]), one[2]))] + notes


def _order(name: str) -> tuple[str, int]:
    return name[0], int(name[1:])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, request: pytest.FixtureRequest) -> None:
    case = read(path)
    outcome = reconciled(case, list(case.rows))
    got = show(case, outcome)
    if request.config.getoption("--rewrite"):
        path.write_text(case.head + "\n" + "\n".join(got) + "\n", encoding="utf-8")
        return
    assert got == case.expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_order_and_parts_decide_nothing(path: Path) -> None:
    case = read(path)
    if any(line.startswith("decide ") for line in case.settings):
        pytest.skip("a decision names rows, which the other order numbers differently")
    names = list(case.rows)
    whole = reconciled(case, names)
    for other in (reconciled(case, names[::-1]), reconciled(case, names, files=2), reconciled(case, names, parts=3)):
        assert result_hash(other.results) == result_hash(whole.results)
        assert _tallies(other) == _tallies(whole)


def _tallies(outcome: Outcome) -> dict[object, object]:
    return dict(outcome.results["L"].tallies) if "L" in outcome.results else {}


def test_there_are_cases() -> None:
    assert len(CASES) >= 30
    for path in CASES:
        assert path.read_text(encoding="utf-8").startswith("# "), f"{path.name} does not say what it shows"


@pytest.mark.slow
def test_a_hot_id_costs_linear_time() -> None:
    """One UTR that pays forty thousand orders: four times the rows cost less than ten times the time."""

    def seconds(n: int) -> float:
        amounts = [f"{100 + at % 7}.00" for at in range(n)]
        a = raw("a", {"id": ["UTR1"] * n + ["X"], "amount": [*amounts, "1.00"], "no": [str(at) for at in range(n + 1)]})
        b = raw(
            "b", {"id": ["UTR1"] * n + ["Y"], "amount": [*amounts, "2.00"], "no": [str(-at) for at in range(n + 1)]}
        )
        start = time.process_time()
        result = run(leg(PLAIN), a, b).results["L"]
        assert result.tallies[0, Status.MATCHED].rows == n
        return time.process_time() - start

    seconds(1_000)
    few, many = min(seconds(10_000) for _ in range(2)), seconds(40_000)
    assert many < 10 * few + 0.5
