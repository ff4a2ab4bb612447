"""Subsets that add up: against every subset of small lists, and the bounds that keep large ones short."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon_core.money import to_minor
from recon_core.subset import Verdict, find_subset

AMOUNTS = st.lists(st.one_of(st.integers(-30, 60), st.integers(1, 10**12), st.sampled_from([0, 999, -999])), max_size=9)


def every(amounts: list[int], target: int, within: int, most: int) -> list[tuple[int, ...]]:
    """All subsets that meet the target, by looking at each; zeros take no part."""
    places = [at for at, amount in enumerate(amounts) if amount]
    chosen = (one for size in range(1, most + 1) for one in itertools.combinations(places, size))
    return [one for one in chosen if abs(sum(amounts[at] for at in one) - target) <= within]


@st.composite
def questions(draw):
    amounts = draw(AMOUNTS)
    part = draw(st.sets(st.sampled_from(range(len(amounts))), max_size=5)) if amounts else set()
    target = sum(amounts[at] for at in part) + draw(st.sampled_from([0, 0, 0, 1, -7]))
    return amounts, target, draw(st.sampled_from([0, 0, 1, 8])), draw(st.integers(1, 10))


@settings(max_examples=600, deadline=None)
@given(questions())
@example(([5, 5], 5, 0, 8))
@example(([5, 5], 10, 0, 8))
@example(([3, -3, 7], 7, 0, 8))
@example(([], 0, 0, 8))
@example(([4], 0, 0, 8))
def test_the_verdict_is_that_of_looking_at_every_subset(question):
    amounts, target, within, most = question
    found, wanted = find_subset(amounts, target, within_minor=within, max_items=most), every(*question)
    assert found.verdict is (Verdict.NONE if not wanted else Verdict.UNIQUE if len(wanted) == 1 else Verdict.SEVERAL)
    assert found.picked == (wanted[0] if len(wanted) == 1 else ())


@settings(max_examples=300, deadline=None)
@given(questions(), st.integers(1, 12))
def test_with_too_little_work_allowed_nothing_false_is_said(question, work):
    amounts, target, within, most = question
    found, wanted = find_subset(amounts, target, within_minor=within, max_items=most, work=work), every(*question)
    if found.verdict is Verdict.UNIQUE:
        assert found.picked == wanted[0]
    assert {
        Verdict.NONE: not wanted,
        Verdict.UNIQUE: len(wanted) == 1,
        Verdict.SEVERAL: len(wanted) > 1,
        Verdict.LIMIT: True,
    }[found.verdict]


@given(questions(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_amounts_does_not_matter(question, chance):
    amounts, target, within, most = question
    order = list(range(len(amounts)))
    chance.shuffle(order)
    found = find_subset(amounts, target, within_minor=within, max_items=most)
    shuffled = find_subset([amounts[at] for at in order], target, within_minor=within, max_items=most)
    assert found.verdict is shuffled.verdict
    assert found.picked == tuple(sorted(order[at] for at in shuffled.picked))


def test_equal_amounts_are_several_answers_unless_all_of_them_are_needed():
    assert find_subset([599, 599, 100], 699).verdict is Verdict.SEVERAL
    assert find_subset([599, 599, 100], 1298).picked == (0, 1, 2)


def test_a_zero_is_never_picked():
    assert find_subset([0, 5, 0], 5).picked == (1,)
    assert find_subset([0, 0], 0).verdict is Verdict.NONE


def test_a_reversal_beside_the_answer_makes_two_of_it():
    assert find_subset([700, 50, -50], 700).verdict is Verdict.SEVERAL
    assert find_subset([700, 50, -50], 700, max_items=2).picked == (0,)


def test_the_tolerance_is_inclusive_and_exact():
    amounts = [to_minor(text) for text in ("8.05", "0.10", "0.20")]
    assert find_subset(amounts, to_minor("7.05"), within_minor=to_minor("1.00")).verdict is Verdict.UNIQUE
    assert find_subset(amounts, to_minor("0.30")).picked == (1, 2)  # 0.1 + 0.2 in floats is more than 0.3


def test_whole_rupees_never_meet_paise_however_many_there_are():
    assert find_subset([10_000 * price for price in range(1, 5_000)], 12_345_600).verdict is Verdict.NONE


def test_too_many_to_look_at_all_is_no_answer():
    amounts = [2**40 + 3**at for at in range(24)]
    assert find_subset(amounts, sum(amounts[:8]), work=100).verdict is Verdict.LIMIT
    assert find_subset(amounts, sum(amounts[:8])).picked == tuple(range(8))


@pytest.mark.parametrize("question", [{"within_minor": -1}, {"max_items": 0}, {"work": 0}])
def test_a_senseless_question_is_refused(question):
    with pytest.raises(ValueError, match="tolerance"):
        find_subset([1], 1, **question)


def test_what_int64_cannot_add_is_refused():
    with pytest.raises(ValueError, match="too large"):
        find_subset([2**60, 2**60, 2**60], 5)
