"""Our answers against those Excel itself had cached, on the public cases outside the repository."""

from __future__ import annotations

import re

import pytest

from tests.formula import conformance, peers
from tests.formula.conformance import DATA, FINANCE, ROOT, Case, Outcome

DIFFERENCES = ROOT / "docs" / "formula_differences.md"


def case(expected, kind, **more) -> Case:
    facts = {
        "id": "x",
        "function": "F",
        "formula": "=A1",
        "cells": {},
        "array": False,
        "cell": "Z9",
        "sheet": "S",
        "category": "text",
        "tier": 1,
        "source": "",
    }
    return Case(**{**facts, "expected": expected, "type": kind, **more})


@pytest.mark.parametrize(("expected", "kind", "got", "right"), [
    (0.1, "number", ("number", 0.1 + 1e-11), True), (0.1, "number", ("number", 0.1001), False), (3.0, "number", ("number", 3.0 + 1e-12), False),
    (0.0, "number", ("number", 1e-13), True), (1.0, "number", ("bool", True), False), ("1", "text", ("number", 1.0), False), ("a", "text", ("text", "A"), False),
    ("#N/A", "error", ("error", "#N/A"), True), ("#ANY", "error", ("error", "#NUM!"), True), ("#N/A", "error", ("text", "#N/A"), False), ("#N/A", "error", ("failed", "#N/A"), False),
    ("0.052193662", "formatted", ("number", 0.0521936621), True), ("0.052193662", "formatted", ("number", 0.0522), False), ("($1,234.50)", "formatted", ("number", -1234.5), True),
    ("$0.00", "formatted", ("number", 0.001), True), ("3", "formatted", ("number", 3.4), False), ("TRUE", "formatted", ("bool", True), True), ("abc", "formatted", ("text", "abc"), True),
    ("12%", "formatted", ("number", 0.12), True), ("abc", "formatted", ("number", 1.0), False), ("0", "formatted", ("failed", "x"), False),
])  # fmt: skip
def test_answers_are_judged_by_type_and_value(expected, kind, got, right):
    assert conformance.is_right(case(expected, kind), Outcome(*got)) is right


@pytest.mark.parametrize(("formula", "value"), [
    ("=A1", 5.0), ("=A9", 0.0), ('=A2&""', "x"), ("='My S'!B3+1", 8.0), ("=SUM(A:A)", 5.0), ("=s!a1", 5.0), ("=B1", "#N/A"), ("=ROW(A7)", 7.0), ("=SUM(1:1)", "#N/A"),
])  # fmt: skip
def test_references_are_answered_from_the_cells_of_the_case(formula, value):
    cells = {"A1": 5.0, "A2": "x", "B1": {"error": "#N/A"}, "My S!B3": 7.0}
    assert conformance.ours(case(value, "number", formula=formula, cells=cells)).value == value


@pytest.mark.parametrize(("formula", "reason"), [
    ("=T[x]", "table"), ("=[1]!F(1)", "another workbook"), ("=Total+1", "name of the workbook"), ("=LET(a,1,a)", ""), ('=REGEXTEST(A1,"[1]")', ""), ("=1+", ""),
])  # fmt: skip
def test_what_cells_cannot_say_is_left_out(formula, reason):
    found = conformance.left_out(case(0.0, "number", formula=formula))
    assert reason in found
    assert bool(reason) is bool(found)


@pytest.mark.parametrize("name", ["ironcalc", "formulas"])
def test_a_peer_answers_in_a_process_of_its_own(name):
    pytest.importorskip(name)
    peer = peers.Peer(name)
    try:
        for formula, kind, value in [
            ("=A1&B2", "text", "x5"),
            ("=1/0", "error", "#DIV/0!"),
            ("=SUM(B2:B3)", "number", 12.0),
            ("=ISNUMBER(B2)", "bool", True),
        ]:
            asked = case(value, kind, formula=formula, cells={"A1": "x", "B2": 5.0, "S!B3": 7.0})
            assert peer.ask(asked) == Outcome(kind, value)
        assert peer.ask(case(1.0, "number", formula="=)")).kind in {"failed", "error"}
        assert peer.ask(case(1.0, "number", formula="=ROW()", cell="C4")) == Outcome("number", 4.0)
        peer.child.kill()
        assert peer.ask(case(1.0, "number", formula="=1")) == Outcome("failed", "ended the process")
        assert peer.ask(case(1.0, "number", formula="=1")) == Outcome("number", 1.0)
    finally:
        peer.stop()


@pytest.fixture(scope="module")
def judged() -> list[conformance.Judged]:
    if not DATA.exists():
        pytest.skip(f"the public cases are not at {DATA}")
    cases = [one for one in conformance.read_cases() if one.tier == 1 and one.category in FINANCE]
    return conformance.judge(one for one in cases if not conformance.left_out(one))


def test_the_finance_core_answers_as_excel_did(judged):
    assert len(judged) > 3500
    assert conformance.share(judged, "ours") >= 99.0, "\n" + conformance.misses(judged)


def test_every_difference_is_listed_with_its_reason(judged):
    missed = {one.case.id for one in judged if not one.is_right("ours")}
    page = DIFFERENCES.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\|\s*`?([\w.:-]+:\d+)`?\s*\|", page, re.MULTILINE))
    assert sorted(missed - listed) == [], "not listed in docs/formula_differences.md"
    assert sorted(listed - missed) == [], "listed, but no longer a difference"
