"""Raw frames -> Lines of one side of a leg: what was read, as what, and what takes no part.

Two tables, in running order. `COLUMNS` adds columns to a source, once for the whole run: any meaning may then stand on
them. `STEPS` takes each file of a side of a leg; `prepare` then joins the files and gives every line its identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from recon_core.line_sums import off_sum
from recon_core.market import Role
from recon_core.model import FileFacts, Raw
from recon_core.prepare.derive import Derived, SourceTable, derive
from recon_core.prepare.expect import expect
from recon_core.prepare.group import add_up
from recon_core.prepare.identify import identify
from recon_core.prepare.lookup import look_up
from recon_core.prepare.mapping import map_columns
from recon_core.prepare.repeated import repeated
from recon_core.prepare.rows import Plan, Prepared, Rows
from recon_core.prepare.skip import skip_rows
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Meaning, Recipe
from recon_core.texts import words_of

Sources = Mapping[str, Sequence[Raw]]  # the files of each source


def _look_up_all(found: Derived, recipe: Recipe, supporting: Mapping[str, Raw]) -> Derived:
    done = {source: [look_up(raw, recipe.lookups, supporting) for raw in raws] for source, raws in found.raw.items()}
    raws = {source: [raw for raw, _ in pairs] for source, pairs in done.items()}
    problems = [problem for pairs in done.values() for _, problems in pairs for problem in problems]
    return replace(found, raw=raws, problems=(*found.problems, *problems))


def _derive_all(found: Derived, recipe: Recipe, supporting: Mapping[str, Raw]) -> Derived:
    derived = derive(found.raw, recipe)
    return replace(derived, problems=(*found.problems, *derived.problems))


def _expect_all(found: Derived, recipe: Recipe, _supporting: Mapping[str, Raw]) -> Derived:
    raws, problems = expect(found.raw, recipe)
    return replace(found, raw=raws, problems=(*found.problems, *problems))


def _add_up_all(found: Derived, recipe: Recipe, _supporting: Mapping[str, Raw]) -> Derived:
    market = recipe.market
    if market is None:
        return found
    judged = set(market.sources(Role.SETTLEMENTS))
    raws = {source: [replace(raw, off_sum=off_sum(market, raw)) if source in judged else raw for raw in own] for source, own in found.raw.items()}  # fmt: skip
    return replace(found, raw=raws)


COLUMNS: dict[str, Callable[[Derived, Recipe, Mapping[str, Raw]], Derived]] = {
    "look up": _look_up_all,  # columns from supporting data
    "derive": _derive_all,  # columns from formulas
    "expect": _expect_all,  # what a marketplace owes for each row, by its rate cards
    "add up": _add_up_all,  # which settlement lines are not the sum of their amounts
}
STEPS: dict[str, Callable[[Rows, Plan], Rows]] = {
    "map": map_columns,  # columns -> id, amount, date ...
    "skip": skip_rows,  # what takes no part, and why
}


def complete(raw: Sources, recipe: Recipe, supporting: Mapping[str, Raw]) -> Derived:
    """Sources with the columns that are looked up and derived. A file given twice gets them once."""
    problems = tuple(_same_file(one, twin) for raws in raw.values() for one, twin in _twins(raws))
    again = {id(one) for raws in raw.values() for one, _ in _twins(raws)}
    found = Derived(
        raw={source: [one for one in raws if id(one) not in again] for source, raws in raw.items()}, problems=problems
    )
    for step in COLUMNS.values():
        found = step(found, recipe, supporting)
        if any(problem.severity is Severity.STOP for problem in found.problems):
            break
    return found


def _twins(raws: Sequence[Raw]) -> list[tuple[Raw, Raw]]:
    """Files of the same bytes as one before them, each with that one."""
    first: dict[tuple[str, str], Raw] = {}
    again = []
    for raw in raws:
        twin = first.setdefault((raw.sha256, raw.sheet), raw)
        if raw.sha256 and twin is not raw:
            again.append((raw, twin))
    return again


def _reads(raw: Raw, plan: Plan) -> list[str]:
    """The amount columns that a side reads of a file: one file may be several sources, each with an amount of its own."""
    return [use.column for use in plan.uses(raw.source, Meaning.AMOUNT)]


def prepare(raws: Sequence[Raw], plan: Plan) -> Prepared:
    """Raw files of one side -> Lines and Entries, in file order. Problems of all files together."""
    done: list[tuple[Raw, Rows]] = []
    again = [(raw, twin) for raw, twin in _twins(raws) if _reads(raw, plan) == _reads(twin, plan)]
    copies = {id(raw) for raw, _ in again}
    for raw in raws:
        if id(raw) in copies:
            continue
        rows = Rows(raw=raw, frame=pd.concat([raw.frame, raw.extra], axis=1) if len(raw.extra.columns) else raw.frame)
        for step in STEPS.values():
            rows = step(rows, plan)
        done.append((raw, rows))
    problems = [problem for _, rows in done for problem in rows.problems] + [
        _same_file(raw, twin) for raw, twin in again
    ]
    if any(problem.severity is Severity.STOP for problem in problems) or not done:
        return Prepared(lines=None, entries=None, files=(), problems=tuple(problems))
    lines = pd.concat([rows.lines.assign(file=n) for n, (_, rows) in enumerate(done)], ignore_index=True)
    lines = _earlier_skips(lines, done, plan)
    lines, found = identify(lines, [rows for _, rows in done], plan)
    entries = _entries([rows for _, rows in done])
    if plan.side.group_by:
        found = [*found, *repeated([raw for raw, _ in done], lines, plan)]
        lines, entries = add_up(lines)
    facts = tuple(_facts(raw, rows, lines, n, plan) for n, (raw, rows) in enumerate(done))
    return Prepared(lines=lines, entries=entries, files=facts, problems=tuple(problems + found))


def _same_file(raw: Raw, twin: Raw) -> Problem:
    what = f"{raw.file} holds the same bytes as {twin.file}; it was read once."
    return Problem(
        "F-322", Severity.NOTE, Place(file=raw.file), "", what, "Take the copy away, or name the file you meant."
    )


def _earlier_skips(lines: pd.DataFrame, done: Sequence[tuple[Raw, Rows]], plan: Plan) -> pd.DataFrame:
    """Rows that an earlier leg found to be duplicates or unreadable take no part here either."""
    if not plan.earlier_skips:
        return lines
    files = np.array([raw.path + raw.sheet for raw, _ in done], object)[lines["file"]]
    places = list(zip(files, lines["row"], strict=True))
    earlier = np.array([plan.earlier_skips.get(place, 0) for place in places], np.int8)
    hit = (earlier > 0) & (lines["skip"].to_numpy() == 0)
    note = np.where(hit, "as in the earlier leg", lines["skip_note"].to_numpy(object))
    return lines.assign(
        skip=np.where(hit, earlier, lines["skip"]).astype(np.int8), skip_note=pd.Series(note, dtype="str")
    )


def _entries(done: Sequence[Rows]) -> pd.DataFrame:
    """The parts of each amount, numbered like the joined lines; zero parts of a sum are left out."""
    parts, start = [], 0
    for rows in done:
        for name, minor in rows.parts.items():
            used = np.arange(len(minor)) if len(rows.parts) == 1 else np.flatnonzero(minor)
            parts.append(
                pd.DataFrame(
                    {
                        "pos": used + start,
                        "type": words_of(np.zeros(len(used), np.int8), [name]),
                        "amount_minor": minor[used],
                    }
                )
            )
        start += len(rows.lines)
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _facts(raw: Raw, rows: Rows, lines: pd.DataFrame, number: int, plan: Plan) -> FileFacts:
    own = rows.lines["amount_minor"].to_numpy()
    return FileFacts(
        side=0 if plan.letter == "A" else 1, source=raw.source, file=raw.file, path=raw.path, sheet=raw.sheet, header_row=raw.header_row,
        rows=len(rows.lines), amount_minor=int(own.sum()), own_total_minor=rows.own_total_minor, size=raw.size, modified=raw.modified,
        sha256=raw.sha256, detected=raw.detected, added_up=bool(plan.side.group_by),
    )  # fmt: skip


__all__ = ["COLUMNS", "STEPS", "Derived", "Plan", "Prepared", "Rows", "SourceTable", "complete", "prepare"]
