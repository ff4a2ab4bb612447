"""RECON_TIEOUT on a Summary that a user has worked on: nothing that hides a line makes it say 0."""

from __future__ import annotations

import pytest

from recon_core import answers
from recon_core.readings import NoAnswer
from recon_core.result_sheets import Results
from tests.answered import Demo, run_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return run_demo(tmp_path_factory.mktemp("tie_out"))


@pytest.fixture
def summary(demo: Demo) -> list[list[object]]:
    return [list(row) for row in demo.grids["Summary"]]


def asked(demo: Demo, summary: list[list[object]], line: object = "", leg: str = "") -> object:
    return answers.tie_out(Results(lambda sheet: summary if sheet == "Summary" else demo.cells(sheet)), line, leg)


def first_line(summary: list[list[object]], nth: int = 0) -> int:
    """Where the first line of the nth tie-out block stands."""
    return [at for at, row in enumerate(summary) if row and row[0] == "Tie-out" and len(row) > 3][nth] + 1


def verdict(summary: list[list[object]]) -> list[object]:
    return next(row for row in summary if row and row[0] == answers.VERDICT)


def test_a_blank_row_in_the_block_hides_nothing_below_it(demo, summary):
    at = first_line(summary)
    summary[at + 4][3] = 12.5
    summary.insert(at + 2, [])
    assert asked(demo, summary) == 12.5
    assert asked(demo, summary, 5) is NoAnswer.SEVERAL
    assert asked(demo, summary, 5, demo.results.legs[0]) == 12.5


@pytest.mark.parametrize("said", [False, None, "TRUE"])
def test_no_difference_is_said_only_where_the_verdict_is_true(demo, summary, said):
    leg = demo.results.legs[0]
    assert asked(demo, summary) == asked(demo, summary, "", leg) == 0.0
    verdict(summary)[1] = said
    assert asked(demo, summary) is NoAnswer.NOT_FOUND
    assert asked(demo, summary, "", leg) is NoAnswer.NOT_FOUND
    assert asked(demo, summary, 1, leg) == 0.0  # a line by itself is what it is


def test_a_leg_agrees_where_another_one_is_why_the_verdict_is_false(demo, summary):
    one, other = demo.results.legs[:2]
    verdict(summary)[1] = False
    summary[first_line(summary, 1)][3] = -3.0
    assert asked(demo, summary, "", one) == 0.0
    assert asked(demo, summary, "", other) == asked(demo, summary) == -3.0


def test_a_header_that_was_deleted_makes_no_agreement(demo, summary):
    """Lines of the bridge would then be lines of the tie-out, and they have no difference of their own."""
    at = next(at for at, row in enumerate(summary) if row and row[0] == answers.AFTER_TIE_OUT[0])
    summary[at] = []
    assert asked(demo, summary, "", demo.results.legs[0]) is NoAnswer.NOT_FOUND


def test_what_ends_a_block_stands_on_summary(demo, summary):
    shown = {row[0] for row in summary if row}
    assert set(answers.AFTER_TIE_OUT) <= shown
    assert answers.VERDICT in shown
