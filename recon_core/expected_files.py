"""Expected files: which file of which source is due when, what came, and what has not come.

A row of the Setup table may fall due once or on many days (each Friday, the 10th of each month). A file answers the row whose name it
bears and whose days it holds: the due day D is answered once a row lies after the due day before D and not after D, so that a file of
a month answers each of its weeks. A file without dates answers the oldest open day, in the order of their names, and that one alone.
Missing files stop no run.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from recon_core import schema
from recon_core.dates import NO_DAY, from_date, to_date
from recon_core.model import FileFacts, Result
from recon_core.money import Int64
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import ExpectedFile, Recipe
from recon_core.schema import Row
from recon_core.terms import next_due, payout_days

LONGEST_STEP = 62  # days: no due day that repeats each month lies further from the one before
DAY_SHIFT = 2**31  # makes every day a positive number of 32 bits
_FROM_PERIOD = re.compile(r"(\d{1,3}) days? (after|before) (?:the )?period(?:'s)? (start|end)", re.IGNORECASE)
_FIX = "Type a date, a weekday (Friday), a day of the month (10), or such as '3 days after period end'."


class Awaited(NamedTuple):
    """One due day of a row: `file` '' has not come. `days_late` counts to the as-of day, 0 for a file that came or is not due."""

    row: ExpectedFile
    due: int
    file: str
    days_late: int

    @property
    def state(self) -> str:
        """'Here', 'Not due' or 'Missing'."""
        return "Here" if self.file else "Missing" if self.days_late else "Not due"

    @property
    def name(self) -> str:
        """What the file is called in a sentence."""
        return self.row.what or self.row.pattern or self.row.source


def parse_expected(rows: Sequence[Row], recipe: Recipe) -> tuple[tuple[ExpectedFile, ...], list[Problem]]:
    """Rows of the table Expected files, and what cannot be read of them: S-123 the rule, S-124 a rule that needs the period."""
    found, problems = [], []
    for row in rows:
        text, cell = row.text("Due"), row.cell("Due")
        try:
            rule = _rule(row.values["Due"])
        except ValueError:
            problems.append(_problem("S-123", cell, text, f"'{text}' is no due day.", _FIX))
            continue
        if rule is None or not row.text("Source"):
            lacking = "Source" if not row.text("Source") else "Due"
            problems.append(_problem("S-123", row.cell(lacking), "", f"The expected file has no {lacking}.", _FIX if lacking == "Due" else "Type the source, as in the table Sources."))  # fmt: skip
            continue
        one = replace(
            rule, source=row.text("Source"), what=row.text("What"), pattern=row.text("File name"), grace=schema.as_int(row.values["Days allowed"]) or 0, cell=cell
        )  # fmt: skip
        if not one.day and not (recipe.period_from and recipe.period_to):
            what = f"'{text}' counts within the period, and Setup states none."
            problems.append(_problem("S-124", cell, text, what, "Fill Period from and Period to, or type a date."))
            continue
        found.append(one)
    return tuple(found), problems


def _problem(code: str, cell: str, raw: str, what: str, fix: str) -> Problem:
    sheet, _, address = cell.rpartition("!")
    return Problem(code, Severity.STOP, Place(sheet=sheet, cell=address), raw, what, fix)


def _rule(value: object) -> ExpectedFile | None:
    """What Due says, in an ExpectedFile without a source; None for an empty cell. Raises ValueError."""
    text = " ".join(schema.as_text(value).split())
    if not text:
        return None
    if counted := _FROM_PERIOD.fullmatch(text):
        sign = 1 if counted[2].casefold() == "after" else -1
        return ExpectedFile(source="", days=sign * int(counted[1]), anchor=counted[3].casefold())
    if text.casefold() in ("period end", "period start"):
        return ExpectedFile(source="", anchor=text.casefold().removeprefix("period "))
    plain = re.sub(r"^(every|each|day)\s+|\s+of (the|each|every) month$", "", text, flags=re.IGNORECASE)
    try:
        weekdays, month_days = payout_days(plain)
    except ValueError:
        day = schema.as_date(value)
        if day is None:
            raise
        return ExpectedFile(source="", day=from_date(day))
    return ExpectedFile(source="", weekdays=weekdays, month_days=month_days)


def due_days(row: ExpectedFile, recipe: Recipe) -> list[int]:
    """The days on which a row falls due, oldest first; a rule that repeats holds from the first to the last day of the period."""
    if row.day:
        return [row.day]
    if recipe.period_from is None or recipe.period_to is None:
        return []
    first, last = from_date(recipe.period_from), from_date(recipe.period_to)
    if row.anchor:
        return [(last if row.anchor == "end" else first) + row.days]
    return _repeated(row, first, last)


def _repeated(row: ExpectedFile, first: int, last: int) -> list[int]:
    """The due days of a row that repeats, from one day to another, both included."""
    found = []
    day = next_due(first, row.weekdays, row.month_days)
    while day <= last:
        found.append(day)
        day = next_due(day + 1, row.weekdays, row.month_days)
    return found


def as_of_day(recipe: Recipe, results: Mapping[str, Result]) -> int:
    """The day that lateness counts to: As of, else the period's last day, else the newest date read."""
    chosen: dt.date | None = recipe.as_of or recipe.period_to
    return from_date(chosen) if chosen else max((one.as_of_day for one in results.values()), default=NO_DAY)


def awaited(recipe: Recipe, results: Mapping[str, Result]) -> list[Awaited]:
    """Every due day of every row up to the as-of day, and the next one; what came is named."""
    as_of = as_of_day(recipe, results)
    here = _files(results)
    held = _held_days(results) if any(row.weekdays or row.month_days for row in recipe.expected) else {}
    taken: set[str] = set()
    found: dict[int, list[Awaited]] = {}
    named_first = sorted(enumerate(recipe.expected), key=lambda one: (not one[1].pattern, bool(one[1].weekdays or one[1].month_days), one[0]))  # fmt: skip
    for number, row in named_first:
        days = due_days(row, recipe)
        mine = [one for one in here if one.source == row.source and one.sha256 not in taken and _fits(row, one.file)]
        repeats = bool(row.weekdays or row.month_days) and bool(days)
        given = _given_by_days(row, days, mine, held) if repeats else dict(zip(days, mine, strict=False))
        taken |= {one.sha256 for one in given.values()}
        known = [day for day in days if day in given or day <= as_of] or days[:1]
        found[number] = [
            Awaited(row, day, given[day].file if day in given else "", 0 if day in given else max(0, as_of - day - row.grace)) for day in known
        ]  # fmt: skip
    return [one for number in sorted(found) for one in found[number]]


def _given_by_days(row: ExpectedFile, days: Sequence[int], files: Sequence[FileFacts], held: Mapping[str, Int64]) -> dict[int, FileFacts]:  # fmt: skip
    """Which file answers which due day of a row that repeats; of several the one whose newest row of these days is the latest."""
    before = _repeated(row, days[0] - LONGEST_STEP, days[0] - 1)
    borders = np.array([before[-1] if before else days[0] - LONGEST_STEP, *days], np.int64)
    given: dict[int, FileFacts] = {}
    newest: dict[int, int] = {}
    undated = [file for file in files if file.sha256 not in held]
    for file in files:
        at = held.get(file.sha256, np.empty(0, np.int64))
        slot = np.searchsorted(borders, at)
        for number in np.unique(slot[(slot > 0) & (slot < len(borders))]).tolist():
            due, last = days[number - 1], int(at[slot == number].max())
            if last > newest.get(due, NO_DAY):
                given[due], newest[due] = file, last
    return given | dict(zip([day for day in days if day not in given], undated, strict=False))


def _files(results: Mapping[str, Result]) -> list[FileFacts]:
    """Each file once, by source and name."""
    found = {(one.source, one.sha256): one for result in results.values() for one in result.files}
    return sorted(found.values(), key=lambda one: (one.source, one.file))


def _held_days(results: Mapping[str, Result]) -> dict[str, Int64]:
    """The days on which each file has rows, by fingerprint.

    Of legs that read different dates of a file the one with the newest counts: a transfer lies after its orders.
    """
    found: dict[str, Int64] = {}
    for result in results.values():
        file, day = (result.lines[name].to_numpy().astype(np.int64) for name in ("file", "day"))
        has = day != NO_DAY
        both = pd.Series((file[has] << 32) + day[has] + DAY_SHIFT).drop_duplicates().to_numpy(np.int64)
        of, held = both >> 32, (both & (2**32 - 1)) - DAY_SHIFT
        for number, one in enumerate(result.files):
            mine = held[of == number]
            if len(mine) and mine.max() > max(found.get(one.sha256, np.empty(0, np.int64)), default=NO_DAY):
                found[one.sha256] = mine
    return found


def _fits(row: ExpectedFile, file: str) -> bool:
    """Whether a file bears the name of a row; without a name every file of the source does."""
    name = re.split(r"[/\\]", file)[-1].casefold()
    return not row.pattern or fnmatch.fnmatchcase(name, row.pattern.casefold())


def missing_files(recipe: Recipe, results: Mapping[str, Result]) -> Iterable[Problem]:
    """A note for each file that has not come by its day."""
    for one in awaited(recipe, results):
        if one.state == "Missing":
            sheet, _, cell = one.row.cell.rpartition("!")
            late = f"{one.days_late} day{'' if one.days_late == 1 else 's'} late"
            what = f"{one.name} of source {one.row.source} was due on {to_date(one.due)} and has not come: {late}."
            fix = "Put the file into the folder of its source and run again; nothing else has to be changed."
            yield Problem("L-603", Severity.NOTE, Place(sheet=sheet, cell=cell), one.row.pattern, what, fix)
