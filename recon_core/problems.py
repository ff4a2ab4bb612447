"""What a user must fix or know, as values: a code, a place, what was read and what to do.

Mistakes in the input are never exceptions: they are collected, shown together and listed on the
sheet Data checks. `ReconError` is only for our own bugs and for the world (a locked file).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How far a problem reaches. The values are the words of `--json`."""

    STOP = "stop"  # the result could not be trusted: nothing is written
    ASK = "ask"  # a choice would change figures: nothing is written until it is answered
    LEFT_OUT = "left_out"  # one row cannot be read; it is listed, the run goes on
    NOTE = "note"  # something deserves eyes


SEVERITY_WORDS = {
    Severity.STOP: "Stop",
    Severity.ASK: "Ask",
    Severity.LEFT_OUT: "Row left out",
    Severity.NOTE: "Note",
}


class Place(NamedTuple):
    """Where it is, as Excel or a text editor shows it. Empty text or 0 means not applicable."""

    file: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""  # the header of the column
    cell: str = ""  # "C7", where one cell of the workbook holds the mistake

    def __str__(self) -> str:
        """'Payments.csv row 12, Net amount' or 'Setup!C7'."""
        if self.cell:
            return f"{self.sheet}!{self.cell}" if self.sheet else self.cell
        place = " ".join(filter(None, [self.file, self.sheet and f"sheet {self.sheet}"]))
        if self.row:
            place = f"{place} row {self.row}".strip()
        return ", ".join(filter(None, [place, self.column]))


class Problem(NamedTuple):
    """One thing to fix: where it is, what is wrong, what to do."""

    code: str  # "F-101": stable, listed in the manual
    severity: Severity
    where: Place
    raw: str  # the text that was read, '' where none was
    what: str  # one sentence
    fix: str  # an order the reader can carry out

    def __str__(self) -> str:
        """One line: code, place, what, fix."""
        place = str(self.where)
        return f"{self.code} {place + ': ' if place else ''}{self.what} {self.fix}"


class ReconError(Exception):
    """A bug of ours, or the world in the way; carries the Problem that the user is shown."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def broken(raw: str, what: str) -> ReconError:
    """A proof of ours has failed: a fault of the program, and nothing may be written."""
    fix = "Nothing was written. Send the run log and the files to support: this is a fault of the program."
    return ReconError(Problem("E-900", Severity.STOP, Place(), raw, what, fix))


def worst(problems: Iterable[Problem]) -> Severity | None:
    """The gravest severity among them, None for none."""
    found = {problem.severity for problem in problems}
    return next((severity for severity in Severity if severity in found), None)
