"""One payout in two files: a copy in another form stops the run, an overlap is named, a split payout is two parts of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.engine import reconcile
from recon_core.market import Market, MarketUse, Role, Says
from recon_core.model import Raw
from recon_core.problems import Problem
from recon_core.recipe import Recipe
from tests.raws import leg, raw, use

HEADER = (
    "Order ID",
    "SKU",
    "Settlement ID",
    "Amount paid to you",
    "Amount paid by customer",
    "Fee: Fixed",
    "Line Type",
)
Line = tuple[str, ...]


def line(number: int, payout: str = "P1") -> Line:
    return (f"O{number}", "S", payout, f"{90 + number}.00", f"{100 + number}.00", "-10.00", "Order")


def a_file(name: str, lines: list[Line]) -> Raw:
    columns = {header: [one[at] for one in lines] for at, header in enumerate(HEADER)}
    return raw("b", columns, file=name, sha256=name)


def found(*files: list[Line], quantities: bool = False) -> list[Problem]:
    """Orders O0 to O19 of one unit each, and these settlement files -> what is said of payouts in two files."""
    ids = [f"O{number}" for number in range(20)]
    ours = raw(
        "a", {"id": ids, "amount": [f"{100 + number}.00" for number in range(20)], "sku": ["S"] * 20, "qty": ["1"] * 20}
    )
    uses = [MarketUse(role=Role.ORDERS, source="a", meaning=meaning, column=column) for meaning, column in ((Says.ORDER, "id"), (Says.AMOUNT, "amount"), (Says.ITEM, "sku"))]  # fmt: skip
    uses.append(MarketUse(role=Role.SETTLEMENTS, source="b", meaning=Says.ORDER, column="Order ID"))
    more = [use("A", "quantity", "qty"), use("A", "item", "sku"), use("B", "item", "SKU")] if quantities else []
    one = leg([use("A", "id", "id"), use("A", "amount", "Expected net"), use("B", "id", "Order ID"), use("B", "amount", "Amount paid to you"), *more])  # fmt: skip
    raws = {"a": [ours], "b": [a_file(f"s{at}.csv", lines) for at, lines in enumerate(files)]}
    outcome = reconcile(Recipe(legs=(one,), market=Market(uses=tuple(uses), portal="P")), raws)
    return [problem for problem in outcome.problems if problem.code in ("F-325", "F-326")]


def other_form(lines: list[Line]) -> list[Line]:
    """The cells as a workbook keeps them: amounts without their zeros, words in another case."""
    return [(*one[:3], *(cell.removesuffix(".00") for cell in one[3:6]), one[6].upper()) for one in lines]


def test_a_copy_in_another_form_stops_the_run_and_names_both_files():
    lines = [line(number) for number in range(6)]
    (problem,) = found(lines, other_form(lines))
    assert (problem.code, problem.severity, problem.raw) == ("F-325", "stop", "P1")
    assert all(word in problem.what for word in ("P1", "s0.csv", "s1.csv", "6 of its 6 lines"))


@pytest.mark.parametrize("changed", [0, 2, 3])
def test_a_corrected_report_beside_the_first_one_stops(changed: int) -> None:
    lines = [line(number) for number in range(6)]
    newer = [(*one[:3], "1.00", "11.00", *one[5:]) if at < changed else one for at, one in enumerate(other_form(lines))]
    assert [one.code for one in found(lines, newer)] == ["F-325"]


def test_a_payout_split_over_two_files_is_one_payout():
    assert found([line(number) for number in range(6)], [line(number) for number in range(6, 12)]) == []


def test_one_line_of_many_in_both_files_is_named_and_the_run_goes_on():
    (problem,) = found([line(number) for number in range(6)], other_form([line(number) for number in range(5, 12)]))
    assert (problem.code, problem.severity) == ("F-326", "note")
    assert problem.what.startswith("1 line of payout P1 stands in s0.csv and s1.csv")


def test_equal_lines_of_two_payouts_are_no_copy():
    assert found([line(1), line(2)], [line(1, "P2"), line(2, "P2")]) == []


def test_rows_of_equal_text_are_judged_by_units_and_counted_once():
    """D-601 leaves the copies out, so nothing of them counts twice and nothing stops; without quantities it cannot."""
    lines = [line(number) for number in range(6)]
    assert found(lines, [*lines[1:], line(9)], quantities=True) == []
    assert [one.code for one in found(lines, [*lines[1:], line(9)])] == ["F-325"]


@given(st.lists(st.integers(0, 19), unique=True, min_size=1, max_size=12), st.lists(st.integers(0, 19), unique=True, min_size=1, max_size=12))  # fmt: skip
def test_half_of_the_smaller_file_is_a_copy(first: list[int], second: list[int]) -> None:
    said = found([line(number) for number in first], other_form([line(number) for number in second]))
    shared, fewest = len({*first} & {*second}), min(len(first), len(second))
    assert [one.code for one in said] == ([] if not shared else ["F-325"] if 2 * shared >= fewest else ["F-326"])
