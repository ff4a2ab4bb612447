"""What is printed first of many problems: money and files that are missing, whatever else a file has."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from addin.job import Done
from addin.presenting import FIRST, SHOWN, closing, show_problems
from recon_core.problems import Place, Problem, Severity


def note(code: str, what: str = "something", severity: Severity = Severity.NOTE) -> Problem:
    return Problem(code, severity, Place(file=f"{code}.csv"), "", what, "Look.")


def shown(problems: list[Problem]) -> list[str]:
    out = io.StringIO()
    show_problems(problems, Console(file=out, width=400))
    return out.getvalue().splitlines()


CROWD = [note("T-232"), *[note("T-211", severity=Severity.LEFT_OUT)] * 20, *[note("D-602")] * 30]


@pytest.mark.parametrize("code", sorted(FIRST))
def test_what_is_missing_is_printed_before_rows_left_out_and_routine_notes(code: str) -> None:
    lines = shown([*CROWD, note(code, "123.00 are missing.")])
    assert "123.00 are missing." in lines[0]
    assert len(lines) == SHOWN + 2


def test_stops_come_first_and_a_note_that_deserves_eyes_before_others() -> None:
    found = [
        note("T-232"),
        note("T-241"),
        note("X-801"),
        note("T-211", severity=Severity.LEFT_OUT),
        note("R-701", severity=Severity.STOP),
    ]
    codes = [
        line.split()[line.split().index(next(word for word in line.split() if "-" in word))] for line in shown(found)
    ]
    assert codes == ["R-701", "X-801", "T-211", "T-241", "T-232"]


def test_routine_notes_are_one_line_and_a_single_one_is_told_whole() -> None:
    lines = shown([note("D-602", "Rows of one id.")] * 30)
    assert len(lines) == 1
    assert "D-602 30 times" in lines[0]
    nowhere = note("D-602", "Rows of one id.")._replace(where=Place())
    assert shown([nowhere, nowhere]) == ["Note         D-602 2 times, first: Rows of one id."]
    [one] = shown([note("D-602", "Rows of one id.")])
    assert "times" not in one
    assert "Rows of one id. Look." in one


def test_the_closing_message_names_money_that_is_missing_and_counts_the_other_notes() -> None:
    done = Done(outcome="warn", run_id="x", number=3, problems=(note("T-232"), note("X-801", "123.00 are missing.")))
    told = closing(done)
    assert "123.00 are missing." in told
    assert told.endswith("1 note on Data checks.")
