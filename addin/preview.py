"""A formula tried out: the first rows of a source with what the formula reads and gives. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from addin.hosts import Host
from addin.job import read_all
from addin.settings import load
from addin.source_paths import absent
from recon_core import formula, schema
from recon_core.absent import without
from recon_core.derivations import mistake, table_name
from recon_core.formula import FormulaError
from recon_core.prepare import Derived, complete
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.recipe import Derivation, Recipe
from recon_core.setup import parse_recipe
from recon_core.typed import Content, iso_date

RESULT = "Result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a formula came to: headers and what they hold, the first rows as shown, and what is to be said."""

    source: str
    formula: str
    rows: int  # of the source
    columns: tuple[tuple[str, str], ...]  # header, 'text', 'number', 'date' or 'mixed'
    cells: tuple[tuple[str, ...], ...]  # file row, inputs, result
    problems: tuple[Problem, ...]


def preview(host: Host, workbook: Path, text: str, *, source: str = "", rows: int = 10) -> Preview:
    """Try a formula on a source of the workbook; without a name, on the first one that has its columns.

    Raises ReconError with the Problem where the formula, the Setup or a file cannot be used.
    """
    tree = _parsed(text)
    recipe, problems = parse_recipe({sheet: host.cells(sheet) for sheet in schema.SETUP_SHEETS})
    _stop(problems)
    allowed = load().allowed
    recipe = replace(without(recipe, absent(recipe, workbook, allowed))[0], skips=())
    raw, supporting, found = read_all(_naming_every_source(recipe), workbook, host.progress, allowed)
    _stop(found)
    before = complete(raw, recipe, supporting)
    _stop(before.problems)
    name = source or _fitting(before, tree, text)
    if name not in before.raw:
        fix = f"Choose one of: {', '.join(before.raw)}."
        raise ReconError(
            Problem("N-110", Severity.STOP, Place(), name, f"There is no source '{name}' to try it on.", fix)
        )
    header = RESULT
    while any(formula.folded(header) == formula.folded(one) for one in _headers(before, name)):
        header += "'"
    asked = Derivation(source=name, column=header, formula=text)
    done = complete(raw, replace(recipe, derivations=(*recipe.derivations, asked)), supporting)
    _stop(done.problems)
    return _shown(done, name, text, header, rows)


def _parsed(text: str) -> formula.Node:
    try:
        return formula.parse(text)
    except FormulaError as error:
        raise ReconError(mistake(error, text, "")) from error


def _stop(problems: Sequence[Problem]) -> None:
    for problem in problems:
        if problem.severity is Severity.STOP:
            raise ReconError(problem)


def _naming_every_source(recipe: Recipe) -> Recipe:
    """The recipe with a formula that names every source, so that all of them are read."""
    every = tuple(
        Derivation(source="", column=RESULT, formula=f"{table_name(spec.name)}[#Headers]") for spec in recipe.sources
    )
    return replace(recipe, derivations=(*recipe.derivations, *every))


def _headers(found: Derived, source: str) -> list[str]:
    raws = found.raw[source]
    return [*map(str, raws[0].frame.columns), *map(str, raws[0].extra.columns)] if raws else []


def _fitting(found: Derived, tree: formula.Node, text: str) -> str:
    """The first source that has all columns of the formula; the mistake on the first source where none has."""
    headers = {name: _headers(found, name) for name in found.raw}
    tables = {table_name(name): columns for name, columns in headers.items()}
    first: FormulaError | None = None
    for name, columns in headers.items():
        try:
            formula.check(tree, text, columns, tables)
        except FormulaError as error:
            first = first or error
            continue
        return name
    if first is None:
        return ""
    raise ReconError(mistake(first, text, ""))


def _shown(done: Derived, source: str, text: str, header: str, rows: int) -> Preview:
    table = next(one for one in done.tables if one.source == source)
    result = next(column for column in table.columns if column.header == header)
    tree = formula.parse(text)
    read = {formula.folded(name) for ref in formula.references(tree) if ref.part == "this" for name in ref.columns}
    used = [column for column in table.columns if formula.folded(column.header) in read]
    count = min(rows, table.rows)
    at = np.arange(count)
    cells = [_texts(column.typed.values.take(at), column.typed.content) for column in (*used, result)]
    places = [str(number) for raw in table.raws for number in raw.row[:rows].tolist()][:count]
    said = [one for one in done.problems if one.where.column == header or one.code in ("D-706", "D-707")]
    return Preview(
        source=source, formula=text, rows=table.rows, problems=tuple(said),
        columns=tuple((column.header, str(column.typed.content)) for column in (*used, result)),
        cells=tuple(zip(places, *cells, strict=True)),
    )  # fmt: skip


def _texts(values: formula.Values, content: Content) -> list[str]:
    """Values as a cell shows them."""
    return [_text(one, content) for one in values.items()]


def _text(value: formula.Scalar, content: Content) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return iso_date(value) if content is Content.DATE and value >= 61 else formula.number_to_text(value)
    return value if isinstance(value, str) else value.value
