"""Formulas of the recipe against the columns that are there: names checked, order found, or Problems with their cell.

A formula belongs to one source. Its table is all rows of the source; other sources are tables by name, their blanks
and signs written as underscores ("AJIO orders" -> AJIO_orders).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from recon_core import formula
from recon_core.formula import FormulaError, Node, TableRef, folded
from recon_core.formula.tree import Call, Chain, walk
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Meaning, Recipe

Headers = Mapping[str, Sequence[str]]  # source -> headers
_IDS = (Meaning.KEY, Meaning.REFERENCE, Meaning.ITEM, Meaning.CURRENCY)
_LOOKUPS = frozenset({"XLOOKUP", "XMATCH", "MATCH", "VLOOKUP"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One formula to work out for one source. `skips`: it is a skip rule, its header the rule's own text."""

    source: str
    header: str
    text: str
    cell: str
    tree: Node
    skips: bool = False

    @property
    def shown(self) -> str:
        """'OMS[Net of discount]'."""
        return f"{self.source}[{self.header}]"


def table_name(source: str) -> str:
    """A source as formulas name it: 'AJIO orders' -> 'AJIO_orders', '3PL bills' -> '_3PL_bills'."""
    name = re.sub(r"\W+", "_", source).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def sources_named(recipe: Recipe) -> set[str]:
    """Sources whose columns a formula of the recipe asks for by table name."""
    by_name = {folded(table_name(spec.name)): spec.name for spec in recipe.sources}
    texts = [one.formula for one in recipe.derivations] + [rule.column for rule in recipe.skips if rule.is_formula]
    tables = {folded(ref.table) for text in texts for ref in _references(text)}
    return {by_name[name] for name in tables if name in by_name}


def _references(text: str) -> list[TableRef]:
    try:
        return formula.references(formula.parse(text))
    except FormulaError:  # its mistake is reported with its cell by `setup`
        return []


def jobs_of(recipe: Recipe, headers: Headers, taken: Headers | None = None) -> tuple[list[Job], list[Problem]]:
    """Every formula in an order in which it can be worked out; a Problem for each that cannot.

    `headers` are the columns of each source without derived ones, `taken` those that any of its files has.
    """
    problems: list[Problem] = []
    wanted = [
        Job(source=one.source, header=one.column, text=one.formula, cell=one.cell, tree=formula.parse(one.formula))
        for one in recipe.derivations if one.source in headers
    ]  # fmt: skip
    for one in wanted:
        if folded(one.header) in map(folded, (taken or headers)[one.source]):
            what = f"Source {one.source} has a column '{one.header}' already; it would stand there twice."
            problems.append(_problem("D-703", one, what, "Choose another name for the derived column."))
    own = {name: [*columns, *(one.header for one in wanted if one.source == name)] for name, columns in headers.items()}
    tables = {table_name(name): columns for name, columns in own.items()}
    skips = [
        Job(source=source, header=rule.column, text=rule.column, cell=rule.cell, tree=formula.parse(rule.column), skips=True)
        for rule in recipe.skips if rule.is_formula
        for source in ([rule.source] if rule.source else headers) if source in headers
    ]  # fmt: skip
    problems += _same_names(headers) if wanted or skips else []
    every = {rule.column for rule in recipe.skips if rule.is_formula and not rule.source}
    good: list[Job] = []
    for one in (*wanted, *skips):
        found = _checked(one, own[one.source], tables, lenient=one.skips and one.header in every)
        found = found or _ranges(one, headers)
        problems += found
        good += [one] if not found else []
    if any(problem.severity is Severity.STOP for problem in problems):
        return [], problems
    return _sorted(good, problems), problems


def _same_names(sources: Iterable[str]) -> list[Problem]:
    """A Problem where two sources have one name in formulas."""
    first: dict[str, str] = {}
    problems = []
    for source in sources:
        other = first.setdefault(folded(table_name(source)), source)
        if other != source:
            what = f"Formulas name both '{other}' and '{source}' {table_name(source)}."
            fix = "Choose a name for one of them that differs in letters or digits, in the table Sources."
            problems.append(Problem("D-702", Severity.STOP, Place(sheet="Setup", column="Source"), source, what, fix))
    return problems


def _checked(job: Job, own: Sequence[str], tables: Headers, *, lenient: bool) -> list[Problem]:
    try:
        formula.check(job.tree, job.text, own, tables)
    except FormulaError as error:
        if lenient:  # a rule for every source may fit only some of them
            fix = "Correct the name in the table Skip rules, or name the source."
            what = f"The rule cannot be used for source {job.source}, and skips no row of it. {_said(error)[0]}"
            return [_problem("M-202", job, what, fix, Severity.NOTE)]
        return [cannot_run(job, error)]
    return []


def _ranges(job: Job, headers: Headers) -> list[Problem]:
    """A range of columns lies among those of the file: derived ones have no place between them."""
    files = {folded(table_name(source)): set(map(folded, columns)) for source, columns in headers.items()}
    for ref in formula.references(job.tree):
        mine = files[folded(ref.table) or folded(table_name(job.source))]
        outside = [name for name in ref.columns if folded(name) not in mine]
        if len(ref.columns) > 1 and outside:
            what = (
                f"Source {job.source}: a range of columns cannot begin or end with the derived column '{outside[0]}'."
            )
            return [_problem("D-702", job, what, "Name each column by itself, parted by commas.")]
    return []


def cannot_run(job: Job, error: FormulaError) -> Problem:
    """A formula that cannot be worked out for its source, as a Problem with its cell."""
    what, fix = _said(error)
    return _problem("D-702", job, f"Source {job.source}: {what}", fix)


def _said(error: FormulaError) -> tuple[str, str]:
    """(what is wrong, what to do) of a formula; a proposed name belongs to what is wrong."""
    if error.fix.startswith("Did you mean"):
        return f"{error.what} {error.fix}", "Correct the name in the formula."
    return error.what, error.fix


def _spot(error: FormulaError) -> str:
    """Where in the formula it is, in words: a caret under a proportional font points nowhere."""
    rest = " ".join(error.text[error.at : error.at + 20].split())
    if error.at < 0:
        return ""
    where = f": '{rest}'" if rest else ", the end"
    return f" It is at character {error.at + 1}{where}."


def mistake(error: FormulaError, text: str, cell: str) -> Problem:
    """A formula that cannot be read, as a Problem with its cell."""
    sheet, _, address = cell.rpartition("!")
    where = Place(sheet=sheet, cell=address)
    return Problem("D-701", Severity.STOP, where, text, f"{error.what}{_spot(error)}", error.fix)


def _problem(code: str, job: Job, what: str, fix: str, severity: Severity = Severity.STOP) -> Problem:
    return Problem(code, severity, _place(job), job.text, what, fix)


def _place(job: Job) -> Place:
    sheet, _, address = job.cell.rpartition("!")
    return Place(sheet=sheet, cell=address)


def _sorted(jobs: Sequence[Job], problems: list[Problem]) -> list[Job]:
    """Each formula after those it needs. A circle is a Problem, and nothing is worked out."""
    by_place = {(folded(table_name(job.source)), folded(job.header)): job for job in jobs}
    needs = {
        job.shown: [
            by_place[place].shown
            for ref in formula.references(job.tree)
            for name in ref.columns  # a range or a bare table holds columns of the file only
            if (place := (folded(ref.table) or folded(table_name(job.source)), folded(name))) in by_place
        ]
        for job in jobs
    }
    try:
        order = formula.in_order(needs)
    except FormulaError as error:
        first = next(job for job in jobs if job.shown in error.what)
        problems.append(_problem("D-704", first, error.what, error.fix))
        return []
    by_name = {job.shown: job for job in jobs}
    return [by_name[name] for name in order]


def id_columns(recipe: Recipe, jobs: Sequence[Job]) -> set[tuple[str, str]]:
    """(table, header) in folded form of columns that hold ids, so that their digits are never numbers.

    Mapped ids and items, and every column that a lookup compares with one of them; not a date or an amount that is
    part of an id.
    """
    ids, others = (
        {
            (folded(table_name(source)), folded(name))
            for leg in recipe.legs for use in leg.uses if (use.meaning in _IDS) is held
            for source in ([use.source] if use.source else recipe.sources_of(leg.side(use.side))) for _, name in use.terms
        }
        for held in (True, False)
    )  # fmt: skip
    for leg in recipe.legs:
        for side in (leg.a, leg.b):
            ids |= {
                (folded(table_name(source)), folded(side.group_by))
                for source in recipe.sources_of(side)
                if side.group_by
            }
    ids -= others
    pairs = [pair for job in jobs for pair in _compared(job)]
    grown = True
    while grown:
        more = {other for pair in pairs if ids & set(pair) for other in pair}
        grown = not more <= ids
        ids |= more
    return ids


def _compared(job: Job) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs of columns that the formula compares with each other: in a lookup, or by = and <>."""
    own = folded(table_name(job.source))
    pairs: list[tuple[Node, Node]] = []
    for node in walk(job.tree):
        if isinstance(node, Call) and node.name in _LOOKUPS and len(node.args) > 1:
            pairs.append((node.args[0], node.args[1]))
        if isinstance(node, Chain):
            pairs += [(node.first, right) for op, right in node.rest[:1] if op in {"=", "<>"}]
    found = []
    for left, right in pairs:
        if isinstance(left, TableRef) and isinstance(right, TableRef) and left.columns and right.columns:
            one, other = ((folded(ref.table) or own, folded(ref.columns[0])) for ref in (left, right))
            found.append((one, other))
    return found
