"""Step: derived columns, worked out from formulas over all rows of a source, and the skip rules that are formulas.

Runs once for each source, before its rows are mapped for any leg. A row whose formula gives an Excel error is
listed, and takes no part where that column is needed; it is never taken for 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core import formula
from recon_core.derivations import Job, cannot_run, id_columns, jobs_of, table_name
from recon_core.formula import FormulaError, Table, Values, folded
from recon_core.formula.excel import truths
from recon_core.formula.tree import Call, TableRef, walk
from recon_core.formula.values import BY_CODE, tagged, with_errors
from recon_core.model import Raw
from recon_core.prepare.rows import place
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Meaning, Recipe
from recon_core.typed import Content, Typed, as_text, read_column

Bool = npt.NDArray[np.bool_]
OF_TEXTS = frozenset({
    "LEFT", "RIGHT", "MID", "FIND", "SEARCH", "SUBSTITUTE", "REPLACE", "TEXTBEFORE", "TEXTAFTER", "TEXTSPLIT", "REGEXTEST", "REGEXEXTRACT",
    "REGEXREPLACE", "NUMBERVALUE", "DATEVALUE", "TIMEVALUE", "TRIM", "CLEAN", "LEN", "UPPER", "LOWER", "PROPER",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumn:
    """A column of a source as formulas see it; `job` where it is derived."""

    header: str
    typed: Typed
    job: Job | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """A source that formulas read or fill: its files' rows in order, and the columns that were used."""

    source: str
    raws: tuple[Raw, ...]
    columns: tuple[SourceColumn, ...]

    @property
    def rows(self) -> int:
        """Rows of all its files."""
        return sum(len(raw.frame) for raw in self.raws)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Sources with their derived columns, the tables for the sheets, and what is to be said."""

    raw: Mapping[str, Sequence[Raw]]
    tables: tuple[SourceTable, ...] = ()
    problems: tuple[Problem, ...] = ()


def derive(raw: Mapping[str, Sequence[Raw]], recipe: Recipe) -> Derived:
    """Work out every derived column. Without formulas nothing is touched."""
    headers = {source: _headers(raws) for source, raws in raw.items() if raws}
    taken = {source: [name for one in raws for name in _own_headers(one)] for source, raws in raw.items() if raws}
    jobs, problems = jobs_of(recipe, headers, taken)
    if not jobs:
        return Derived(raw=raw, problems=tuple(problems))
    work = _Work(raw, recipe, jobs)
    for job in jobs:
        problem = work.out(job)
        if problem is not None:
            problems.append(problem)
    problems += work.notes()
    if any(problem.severity is Severity.STOP for problem in problems):
        return Derived(raw=raw, problems=tuple(problems))
    return Derived(raw=work.raws(), tables=work.tables(), problems=tuple(problems))


def _headers(raws: Sequence[Raw]) -> list[str]:
    """Columns that every file of a source has, in the order of the first."""
    rest = [{*map(folded, _own_headers(raw))} for raw in raws[1:]]
    return [name for name in _own_headers(raws[0]) if all(folded(name) in other for other in rest)]


def _own_headers(raw: Raw) -> list[str]:
    return [*map(str, raw.frame.columns), *map(str, raw.extra.columns)]


class _Work:
    """Tables of all sources, filled column by column."""

    def __init__(self, raw: Mapping[str, Sequence[Raw]], recipe: Recipe, jobs: Sequence[Job]) -> None:
        self.raw, self.recipe, self.jobs = raw, recipe, jobs
        self.ids = id_columns(recipe, jobs)
        self.read: dict[tuple[str, str], Typed] = {}
        self.done: dict[str, list[tuple[Job, Typed]]] = {}
        self.slow: dict[str, int] = {}
        self.merged: set[tuple[str, str]] = set()
        self.table = {folded(table_name(source)): self._table(source, raws) for source, raws in raw.items() if raws}

    def _table(self, source: str, raws: Sequence[Raw]) -> Table:
        load = {header: (lambda header=header: self._load(source, header).values) for header in _headers(raws)}
        return Table(table_name(source), sum(len(raw.frame) for raw in raws), load)

    def _load(self, source: str, header: str) -> Typed:
        if (source, header) not in self.read:
            is_id = (folded(table_name(source)), folded(header)) in self.ids
            self.read[source, header] = read_column(
                self.raw[source], header, is_id=is_id, form=self._form(source, header)
            )
        return self.read[source, header]

    def _form(self, source: str, header: str) -> str:
        """The form that Mapping states for a column."""
        forms = [
            use.form for leg in self.recipe.legs for use in leg.uses
            if use.source in ("", source) and source in self.recipe.sources_of(leg.side(use.side))
            and use.form != "auto" and folded(header) in {folded(name) for _, name in use.terms}
        ]  # fmt: skip
        return forms[0] if forms else "auto"

    def out(self, job: Job) -> Problem | None:
        """Work out one formula; a Problem where some rows, or all, cannot be."""
        wrong = self._text_of_a_date(job)
        if wrong is not None:
            return wrong
        name = folded(table_name(job.source))
        scope = formula.Scope(own=self.table[name], tables=self.table, day_first=True)
        try:
            answer = formula.evaluate(job.tree, scope)
        except FormulaError as error:
            return cannot_run(job, error)
        self.merged.update((job.shown, one) for one in answer.merged)
        for function, calls in answer.slow.items():
            self.slow[function] = self.slow.get(function, 0) + calls
        values = _as_condition(answer.values) if job.skips else answer.values
        typed = Typed(values=values, content=self._content(job, values))
        self.done.setdefault(job.source, []).append((job, typed))
        if not job.skips:
            self.table[name] = self.table[name].with_column(job.header, values)
        return self._failures(job, values)

    def _text_of_a_date(self, job: Job) -> Problem | None:
        """A function of texts that is given a column which we read as dates: it would cut a serial number in pieces."""
        for node in walk(job.tree):
            if not isinstance(node, Call) or node.name not in OF_TEXTS:
                continue
            for ref in node.args:
                if (
                    isinstance(ref, TableRef)
                    and ref.part == "this"
                    and not ref.table
                    and self._is_read_as_date(job.source, ref)
                ):
                    header = ref.columns[0]
                    sheet, _, cell = job.cell.rpartition("!")
                    what = f"{node.name} works on texts, and {header} of {job.source} is read as dates: it would see a number such as 46113."
                    fix = f'Use the date itself, for example TEXT([@[{header}]],"dd/mm/yyyy"), YEAR, MONTH, DAY or INT.'
                    return Problem("D-709", Severity.STOP, Place(sheet=sheet, cell=cell), job.text, what, fix)
        return None

    def _is_read_as_date(self, source: str, ref: TableRef) -> bool:
        """Whether we, not the workbook, made dates of a column."""
        header = self.table[folded(table_name(source))].header(ref.columns[0])
        if header is None or any(folded(job.header) == folded(header) for job, _ in self.done.get(source, [])):
            return False
        return self._load(source, header).content is Content.DATE and not all(
            header in raw.typed for raw in self.raw[source]
        )

    def _content(self, job: Job, values: Values) -> Content:
        if formula.is_date(job.tree, lambda ref: self._is_date(ref, job)):
            return Content.DATE
        if values.is_a(formula.Tag.NUMBER):
            return Content.NUMBER
        return Content.TEXT if values.is_a(formula.Tag.TEXT) else Content.MIXED

    def _is_date(self, ref: formula.TableRef, job: Job) -> bool:
        if len(ref.columns) != 1:
            return False
        table = folded(ref.table) or folded(table_name(job.source))
        source = next(source for source in self.raw if folded(table_name(source)) == table)
        derived = [
            typed for other, typed in self.done.get(source, []) if folded(other.header) == folded(ref.columns[0])
        ]
        header = self.table[table].header(ref.columns[0]) or ""
        return (derived[0] if derived else self._load(source, header)).content is Content.DATE

    def _failures(self, job: Job, values: Values) -> Problem | None:
        """One Problem that counts the rows of each error and shows the first."""
        at = self._with_content(job.source, np.flatnonzero(values.where(formula.Tag.ERROR)))
        if not len(at):
            return None
        codes, counts = np.unique(values.num_of()[at].astype(int), return_counts=True)
        kinds = " and ".join(
            f"{BY_CODE[code].value} in {_rows(count)}"
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
        )
        raw, row = self._row(job.source, int(at[0]))
        needed = job.skips or self._is_mapped(job)
        shown = self._inputs(job, int(at[0]))
        first = f"{', first' if len(at) > 1 else ''} where {shown}" if shown else ""
        name = "The skip rule" if job.skips else f"Derived column '{job.header}'"
        what = f"{name} of {job.source} gives {kinds}{first}; {_then(len(at), needed=needed)}."
        fix = f"Correct the cells, or say in the formula what such rows get, for example =IFERROR(..., {'FALSE' if job.skips else '0'})."
        severity = Severity.LEFT_OUT if needed else Severity.NOTE
        return Problem(
            "D-705", severity, place(raw, int(raw.row[row]), "" if job.skips else job.header), job.text, what, fix
        )

    def _with_content(self, source: str, at: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Those of the rows that are not blank from end to end: nobody misses a result beside nothing."""
        kept, start = [], 0
        for raw in self.raw[source]:
            mine = at[(at >= start) & (at < start + len(raw.frame))]
            if len(mine):
                kept.append(mine[(raw.frame.iloc[mine - start] != "").any(axis=1).to_numpy()])
            start += len(raw.frame)
        return np.concatenate(kept) if kept else at[:0]

    def _inputs(self, job: Job, at: int) -> str:
        """The cells of a row that the formula reads: "[@Price] is 'n/a'"."""
        refs = dict.fromkeys(
            ref.columns[0] for ref in formula.references(job.tree) if ref.part == "this" and ref.columns
        )
        table = self.table[folded(table_name(job.source))]
        found = [(name, table.along_rows((name,)).take(np.array([at])).scalar()) for name in list(refs)[:4]]
        return ", ".join(f"[@{name}] is {_shown(value)}" for name, value in found)

    def _row(self, source: str, at: int) -> tuple[Raw, int]:
        for raw in self.raw[source]:
            if at < len(raw.frame):
                return raw, at
            at -= len(raw.frame)
        raise IndexError(at)

    def _is_mapped(self, job: Job) -> bool:
        """Whether a leg maps the column, so that a row without a value cannot take part."""
        wanted = folded(job.header)
        sides = [
            side for leg in self.recipe.legs for side in (leg.a, leg.b) if job.source in self.recipe.sources_of(side)
        ]
        return any(wanted == folded(side.group_by) for side in sides) or any(
            wanted in {folded(name) for _, name in use.terms} | {folded(use.column)}
            for leg in self.recipe.legs for use in leg.uses
            if use.source in ("", job.source) and job.source in self.recipe.sources_of(leg.side(use.side))
        )  # fmt: skip

    def notes(self) -> list[Problem]:
        """Doubtful dates and slow functions."""
        found = []
        for (source, header), typed in self.read.items():
            if typed.doubt:
                what, fix = _two_ways(typed, header)
                what = f"'{typed.doubt}' in {header} of {source} can be {what}"
                found.append(
                    Problem("D-706", Severity.NOTE, place(self.raw[source][0], 0, header), typed.doubt, what, fix)
                )
        for (source, header), typed in self.read.items():
            if typed.money:
                what = f"Cells of {header} of {source} name a currency ('{typed.money}'); what a formula makes of them names none."
                fix = "Map a column with the currency in Mapping, or keep each currency in a file of its own."
                found.append(
                    Problem("D-710", Severity.NOTE, place(self.raw[source][0], 0, header), typed.money, what, fix)
                )
        for shown, example in sorted(self.merged):
            what = f"The formula of {shown} compares ids such as '{example}' with SUMIFS or COUNTIFS, which keep 15 digits, as in Excel: two ids may count as one."
            fix = "Put a letter before the ids in a derived column of each source, and compare those; or use XLOOKUP."
            found.append(Problem("D-708", Severity.NOTE, Place(sheet="Setup"), example, what, fix))
        for function, calls in self.slow.items():
            what = f"{function} is a slow function: it was worked out for {calls:,} different rows one by one."
            fix = "Nothing to do. 'tieout functions' lists the quick ones."
            found.append(Problem("D-707", Severity.NOTE, Place(sheet="Setup"), function, what, fix))
        return found

    def raws(self) -> dict[str, Sequence[Raw]]:
        """The files with the derived columns added."""
        return {source: self._with(source, raws) if source in self.done else raws for source, raws in self.raw.items()}

    def _with(self, source: str, raws: Sequence[Raw]) -> list[Raw]:
        made = {
            job.header: as_text(typed.values, is_date=typed.content is Content.DATE) for job, typed in self.done[source]
        }
        reads = self._reads(source)
        out, start = [], 0
        for raw in raws:
            part = slice(start, start + len(raw.frame))
            start += len(raw.frame)
            columns = {header: text.iloc[part].reset_index(drop=True) for header, (text, _, _) in made.items()}
            extra = pd.concat([raw.extra, pd.DataFrame(columns)], axis=1)
            typed = {header: numbers[part] for header, (_, numbers, _) in made.items() if numbers.any()}
            failed = {header: bad[part] for header, (_, _, bad) in made.items() if bad[part].any()}
            more = replace(raw, extra=extra, typed={**raw.typed, **typed}, failed={**raw.failed, **failed}, reads=reads)
            out.append(more)
        return out

    def _reads(self, source: str) -> dict[str, tuple[str, ...]]:
        """For each derived column of a source the columns it takes from its own row, through other derived ones too."""
        found: dict[str, tuple[str, ...]] = {}
        for job, _ in self.done[source]:
            own = [name for ref in formula.references(job.tree) if ref.part == "this" for name in ref.columns]
            by_fold = {folded(header): columns for header, columns in found.items()}
            through = [name for one in own for name in by_fold.get(folded(one), (one,))]
            found[job.header] = tuple(dict.fromkeys(through))
        return found

    def _ids_shown(self, source: str) -> list[str]:
        """The file's columns that a leg maps as its id: a reader of the sheet looks a row up by them."""
        names = {
            folded(name)
            for leg in self.recipe.legs for use in leg.uses
            if use.meaning is Meaning.KEY and use.source in ("", source) and source in self.recipe.sources_of(leg.side(use.side))
            for _, name in use.terms
        }  # fmt: skip
        return [
            header for header in (_headers(self.raw[source]) if self.raw[source] else []) if folded(header) in names
        ]

    def tables(self) -> tuple[SourceTable, ...]:
        """Sources with derived columns, and those that formulas look into, with the columns they use."""
        found = []
        for source, raws in self.raw.items():
            derived = [
                SourceColumn(header=job.header, typed=typed, job=job)
                for job, typed in self.done.get(source, [])
                if not job.skips
            ]
            for header in self._ids_shown(source) if derived else ():
                self._load(source, header)
            used = [
                SourceColumn(header=header, typed=self.read[source, header])
                for header in (_headers(raws) if raws else [])
                if (source, header) in self.read
            ]
            order = {folded(one.column): at for at, one in enumerate(self.recipe.derivations) if one.source == source}
            derived.sort(key=lambda column: order[folded(column.header)])
            looked = any(
                folded(ref.table) == folded(table_name(source))
                for job in self.jobs
                if not job.skips
                for ref in formula.references(job.tree)
            )
            if derived or (used and looked):
                found.append(SourceTable(source=source, raws=tuple(raws), columns=(*used, *derived)))
        return tuple(found)


def _two_ways(typed: Typed, header: str) -> tuple[str, str]:
    """(how a cell of a column can be read, what to do) where no other cell decides it."""
    if typed.content is Content.DATE:
        swapped = f"=DATE(YEAR([@[{header}]]),DAY([@[{header}]]),MONTH([@[{header}]]))"
        what = "day/month or month/day, and no other cell decides it; formulas read it as day/month."
        return (
            what,
            f"Map {header} as the date and choose its form if it is month/day, or turn it round in the formula: {swapped}.",
        )
    what = "read with a decimal point or with a decimal comma, and no other cell decides it; formulas take the point for the decimal one."
    return what, f"Map {header} and choose its form in Mapping, if the comma is the decimal one."


def _as_condition(values: Values) -> Values:
    """What IF would make of the answer of a skip rule: TRUE or FALSE, and #VALUE! for a text that is neither."""
    held, errors = truths(values)
    return with_errors(
        tagged(values.shape, np.full(values.shape, np.uint8(formula.Tag.BOOL)), held.astype(np.float64), None, ()),
        errors,
    )


def _then(rows: int, *, needed: bool) -> str:
    """What happens to rows without a result."""
    if needed:
        return "the row is left out" if rows == 1 else "these rows are left out"
    return f"nothing in Mapping needs the column, so the row{' takes' if rows == 1 else 's take'} part"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _shown(value: formula.Scalar) -> str:
    if value is None:
        return "empty"
    if isinstance(value, formula.ExcelError):
        return value.value
    return (
        f"'{value}'"
        if isinstance(value, str)
        else "TRUE"
        if value is True
        else "FALSE"
        if value is False
        else formula.number_to_text(value)
    )
