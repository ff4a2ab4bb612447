"""Step: columns brought from supporting data, many rows to one. Misses are counted, a doubtful value stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from recon_core.keys import standard
from recon_core.model import Raw
from recon_core.prepare.rows import find_column, place, texts
from recon_core.problems import Problem, Severity
from recon_core.recipe import Lookup
from recon_core.texts import arrow_text


def look_up(raw: Raw, lookups: Sequence[Lookup], supporting: Mapping[str, Raw]) -> tuple[Raw, tuple[Problem, ...]]:
    """Add the columns of every lookup of this source; where a value is not found the cell stays empty."""
    problems: list[Problem] = []
    for lookup in lookups:
        other = supporting.get(f"{lookup.path}|{lookup.sheet}")
        if lookup.source == raw.source and other is not None:  # else reading it has already stopped the run
            raw, found = _one(raw, lookup, other)
            problems += found
    return raw, tuple(problems)


def _one(raw: Raw, lookup: Lookup, other: Raw) -> tuple[Raw, list[Problem]]:
    frame = pd.concat([raw.frame, raw.extra], axis=1)
    problem = _columns_missing(raw, frame, lookup, other) or _column_twice(raw, frame, lookup)
    if problem:
        return raw, [problem]
    right = _values(other, lookup)
    twice = right[right["_value"].duplicated(keep=False)]
    if len(twice):
        return raw, [_value_twice(str(twice["_value"].iloc[0]), lookup, other)]
    left = pd.DataFrame({"_value": _comparable(frame, lookup.column)})
    found = left.merge(right, on="_value", how="left", validate="many_to_one")
    raw = replace(raw, extra=pd.concat([raw.extra, found[list(lookup.take)].fillna("").astype("str")], axis=1))
    misses = int((~left["_value"].isin(right["_value"]) & (left["_value"] != "")).sum())
    return raw, [_misses(misses, raw, lookup, other)] if misses else []


def _comparable(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column in standard form, so that case and blanks do not keep values apart."""
    return texts(standard(arrow_text(frame[find_column(frame, column)])))


def _values(other: Raw, lookup: Lookup) -> pd.DataFrame:
    """Each value of the supporting file with the columns taken from it."""
    columns = {name: other.frame[find_column(other.frame, name)] for name in lookup.take}
    right = pd.DataFrame({"_value": _comparable(other.frame, lookup.match_column), **columns})
    return right[right["_value"] != ""].drop_duplicates()


def _columns_missing(raw: Raw, own: pd.DataFrame, lookup: Lookup, other: Raw) -> Problem | None:
    needed = [(raw, own, lookup.column)]
    needed += [(other, other.frame, name) for name in (lookup.match_column, *lookup.take)]
    missing = [(file, name) for file, frame, name in needed if find_column(frame, name) is None]
    if not missing:
        return None
    file, name = missing[0]
    what = f"Column '{name}' is needed to look up {lookup.path or lookup.sheet} and is not there."
    fix = "Correct the name in the table Supporting data."
    return Problem("L-501", Severity.STOP, place(file, 0, name), "", what, fix)


def _column_twice(raw: Raw, frame: pd.DataFrame, lookup: Lookup) -> Problem | None:
    again = [name for n, name in enumerate(lookup.take) if find_column(frame, name) or name in lookup.take[:n]]
    if not again:
        return None
    what = f"{raw.file} has a column '{again[0]}' already; it would stand there twice."
    fix = "Take that column out of Take columns, or rename it in the file that is looked up."
    return Problem("L-504", Severity.STOP, place(raw, 0, again[0]), "", what, fix)


def _value_twice(value: str, lookup: Lookup, other: Raw) -> Problem:
    what = f"'{value}' stands in {other.file} more than once with different contents."
    fix = "Keep one row for each value."
    return Problem("L-502", Severity.STOP, place(other, 0, lookup.match_column), value, what, fix)


def _misses(misses: int, raw: Raw, lookup: Lookup, other: Raw) -> Problem:
    count, verb = ("1 row", "has") if misses == 1 else (f"{misses:,} rows", "have")
    what = f"{other.file} does not know what {count} of {raw.file} {verb} in {lookup.column}; the looked-up cells stay empty there."
    fix = f"Add the missing values to {other.file}."
    return Problem("L-503", Severity.NOTE, place(raw, 0, lookup.column), "", what, fix)
