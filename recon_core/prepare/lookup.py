"""Step: columns brought from supporting data, many rows to one. Misses are counted, a doubtful value stops."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from recon_core.keys import standard
from recon_core.prepare.rows import Plan, Rows, find_column, place, texts
from recon_core.problems import Problem, Severity
from recon_core.recipe import Lookup
from recon_core.texts import arrow_text


def look_up(rows: Rows, plan: Plan) -> Rows:
    """Add the columns of every lookup of this source; where a value is not found the cell stays empty."""
    for lookup in plan.lookups:
        if lookup.source == rows.raw.source:
            rows = _one(rows, lookup, plan)
    return rows


def _one(rows: Rows, lookup: Lookup, plan: Plan) -> Rows:
    other = plan.supporting.get(f"{lookup.path}|{lookup.sheet}")
    if other is None:  # reading it has already stopped the run with its own problem
        return rows
    needed = [(rows.raw, rows.frame, lookup.column)] + [
        (other, other.frame, name) for name in (lookup.match_column, *lookup.take)
    ]
    missing = [(file, name) for file, frame, name in needed if find_column(frame, name) is None]
    if missing:
        file, name = missing[0]
        what = f"Column '{name}' is needed to look up {lookup.path or lookup.sheet} and is not there."
        return _with(
            rows,
            Problem(
                "L-501", Severity.STOP, place(file, 0, name), "", what, "Correct the name in the table Supporting data."
            ),
        )
    twofold = next(
        (name for n, name in enumerate(lookup.take) if find_column(rows.frame, name) or name in lookup.take[:n]), None
    )
    if twofold is not None:
        what = f"{rows.raw.file} has a column '{twofold}' already; it would stand there twice."
        fix = "Take that column out of Take columns, or rename it in the file that is looked up."
        return _with(rows, Problem("L-504", Severity.STOP, place(rows.raw, 0, twofold), "", what, fix))
    right = other.frame[[find_column(other.frame, name) for name in (lookup.match_column, *lookup.take)]]
    right = right.set_axis(["_value", *lookup.take], axis=1)
    right = right.assign(_value=texts(standard(arrow_text(right["_value"]))))
    right = right[right["_value"] != ""].drop_duplicates()
    twice = right[right["_value"].duplicated(keep=False)]
    if len(twice):
        value = str(twice["_value"].iloc[0])
        what = f"'{value}' stands in {other.file} more than once with different contents."
        return _with(
            rows,
            Problem(
                "L-502",
                Severity.STOP,
                place(other, 0, lookup.match_column),
                value,
                what,
                "Keep one row for each value.",
            ),
        )
    left = pd.DataFrame({"_value": texts(standard(arrow_text(rows.frame[find_column(rows.frame, lookup.column)])))})
    found = left.merge(right, on="_value", how="left", validate="many_to_one")
    rows = replace(rows, frame=pd.concat([rows.frame, found[list(lookup.take)].fillna("").astype("str")], axis=1))
    misses = int((~left["_value"].isin(right["_value"]) & (left["_value"] != "")).sum())
    if not misses:
        return rows
    count = "1 row" if misses == 1 else f"{misses:,} rows"
    what = f"{other.file} does not know what {count} of {rows.raw.file} {'has' if misses == 1 else 'have'} in {lookup.column}; the looked-up cells stay empty there."
    return _with(
        rows,
        Problem(
            "L-503",
            Severity.NOTE,
            place(rows.raw, 0, lookup.column),
            "",
            what,
            f"Add the missing values to {other.file}.",
        ),
    )


def _with(rows: Rows, problem: Problem) -> Rows:
    return replace(rows, problems=(*rows.problems, problem))
