"""One run, on one page: ask the workbook, read the files, reconcile, write back, log. Every effect is here.

The ribbon, the command line, the scheduler and the tests call `run`. What stops a run is shown and logged, and the
workbook stays as it was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from addin import history, source_paths
from addin.detail_files import DetailFiles
from addin.earlier import previous
from addin.hosts import Host
from addin.locking import locked
from addin.settings import Allowed, Settings, give_back
from recon_core import __version__, reports, schema
from recon_core.absent import without
from recon_core.derivations import sources_named
from recon_core.engine import Outcome, reconcile, result_hash
from recon_core.market import EXPECTED_FEES, EXPECTED_NET, OUR_ORDER
from recon_core.model import Raw, Result, Source
from recon_core.problems import Place, Problem, ReconError, Severity, worst
from recon_core.readers import of_rows, read
from recon_core.recipe import Lookup, Recipe, SourceSpec
from recon_core.reports.case import TYPED, Case, Run
from recon_core.reports.changes import said
from recon_core.setup import parse_recipe

Clock = Callable[[], dt.datetime]
Progress = Callable[[str, float], None]
Reader = Callable[[Source, str], tuple[Raw | None, tuple[Problem, ...]]]
Changed = Callable[[], Sequence[Problem]]  # sources that read differently by now, as Stops

# Where users type while we work: a change there is taken up and the sheets are built again, so many times at most.
TYPED_SHEETS, TRIES = ("Exceptions", "Notes history"), 4
# What of a sheet is carried over, and the columns without which it cannot be.
KEPT = {"Exceptions": TYPED, "Notes history": reports.NAMES["Notes history"], "Run log": reports.NAMES["Run log"]}
NEEDED = {"Exceptions": ("Exc key",), "Notes history": ("Exc key",), "Run log": ("Run", "Chain")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a run ended: 'ok', 'warn', 'ask' or 'stop', what it found, and what it wrote."""

    outcome: str
    run_id: str
    number: int = 0
    workbook: str = ""
    result_hash: str = ""
    results: Mapping[str, Result] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()  # detail files beside the workbook
    changes: str = ""  # what moved since the run before, '' on a first run
    seconds: Mapping[str, float] = field(default_factory=dict)  # read, match, write
    verdict: reports.Verdict | None = None  # what is open; None where nothing was matched


def run(  # noqa: PLR0913 - what every start of a run may say
    host: Host, workbook: Path, settings: Settings, now: Clock, *, as_of: dt.date | None = None, write: bool = True, reader: Reader = read,
    changed: Changed = tuple,
) -> Done:  # fmt: skip
    """Reconcile the workbook of `host`. `write` False judges the inputs only and leaves everything as it was.

    One run at a time for a workbook, whoever starts it: add-in, watcher or command line (H-132).
    Notes typed while it runs are carried; where Setup or a source (`changed`) is another by the end, nothing is written.
    """
    started = now()
    done = Done(outcome="stop", run_id=f"{started:%Y%m%d-%H%M%S}", workbook=str(workbook))
    try:
        with locked(workbook, settings.log_folder, settings.user, started):
            done = _run(host, workbook, settings, now, done, as_of=as_of, write=write, reader=reader, changed=changed)
    except ReconError as error:
        done = replace(done, outcome="stop", problems=(*done.problems, error.problem))
    log = history.append(settings.log_folder, _entry(done, started, now()))
    if log:
        done = replace(
            done,
            problems=(
                *done.problems,
                Problem("E-910", Severity.NOTE, Place(), "", log, "Give this user a folder to write to (TIEOUT_HOME)."),
            ),
        )
    host.show(done.problems)
    return done


def _run(  # noqa: PLR0913 - what `run` was given, and when it began
    host: Host, workbook: Path, settings: Settings, now: Clock, done: Done, *, as_of: dt.date | None, write: bool, reader: Reader, changed: Changed,
) -> Done:  # fmt: skip
    started = now()
    cells = {sheet: host.cells(sheet) for sheet in schema.SETUP_SHEETS}
    recipe, problems = parse_recipe(cells)
    recipe = replace(recipe, as_of=as_of) if as_of else recipe
    if _ends(problems):
        return replace(done, outcome=_word(problems), problems=problems)
    recipe, missing = without(recipe, source_paths.absent(recipe, workbook, settings.allowed))
    raw, supporting, found = read_all(recipe, workbook, host.progress, settings.allowed, reader)
    read_at, problems = now(), (*problems, *missing, *found)
    if _ends(problems):
        return replace(done, outcome=_word(problems), problems=problems)
    host.progress("Matching", 0.5)
    beat = partial(_matching, host)
    outcome = reconcile(recipe, raw, supporting=supporting, parts=settings.parts, beat=beat)
    del raw, supporting  # gigabytes at a million rows; the results have what the sheets need
    give_back()
    problems = (*problems, *outcome.problems)
    matched_at, hashed = now(), result_hash(outcome.results)
    seconds = {"read": (read_at - started).total_seconds(), "match": (matched_at - read_at).total_seconds()}
    done = replace(done, problems=problems, results=outcome.results, result_hash=hashed, seconds=seconds)
    if _ends(problems):
        return replace(done, outcome=_word(problems))
    if not write:
        return replace(done, outcome=_word(problems), verdict=reports.open_verdict(outcome.results, outcome.books))
    if meanwhile := tuple(changed()):
        return replace(done, outcome="stop", problems=(*problems, *meanwhile))
    host.progress("Writing the sheets", 0.7)
    facts = Run(
        number=0, started=started, ended=matched_at, user=settings.user, machine=settings.machine, version=__version__, setup_hash=setup_hash(cells),
        result_hash=hashed,
    )  # fmt: skip
    return _write(host, workbook, recipe, outcome, facts, done, now)


def _matching(host: Host, what: str) -> None:
    host.progress(f"Matching {what}", 0.5)


def setup_hash(cells: Mapping[str, Sequence[Sequence[object]]]) -> str:
    """Sixteen hex digits over the cells of the Setup sheets."""
    return hashlib.sha256(json.dumps(cells, default=str, sort_keys=True).encode()).hexdigest()[:16]


def source_files(recipe: Recipe, workbook: Path, allowed: Allowed) -> list[tuple[str, Path]]:
    """The files of the legs' sources as a run would read them now: as it shows them, and where they are; none that may not be read on this computer."""
    return _files_of(recipe, _of_legs(recipe), workbook, allowed)


def other_files(recipe: Recipe, workbook: Path, allowed: Allowed) -> list[tuple[str, Path]]:
    """As `source_files`, those that no leg has: supporting data, and sources that only formulas ask for."""
    looked_into = [workbook.parent / one.path for one in recipe.lookups if one.path and source_paths.may_look(one.path, workbook, allowed)]  # fmt: skip
    found = _files_of(recipe, sources_named(recipe) - _of_legs(recipe), workbook, allowed)
    return [*found, *((source_paths.shown(path, workbook), path) for path in looked_into)]


def _of_legs(recipe: Recipe) -> set[str]:
    return {name for leg in recipe.legs for side in (leg.a, leg.b) for name in side.sources}


def _files_of(recipe: Recipe, names: Collection[str], workbook: Path, allowed: Allowed) -> list[tuple[str, Path]]:
    ignored: list[Problem] = []
    mine = [spec for spec in recipe.sources if spec.name in names and source_paths.may_look(spec.path, workbook, allowed)]  # fmt: skip
    return [(source_paths.shown(path, workbook), path) for spec in mine for path in source_paths.paths(spec, workbook, ignored)]  # fmt: skip


def named_files(recipe: Recipe, workbook: Path, allowed: Allowed) -> list[Path]:
    """Every file that Setup names, read by a leg or not: sources and supporting data; none that may not be looked for on this computer."""
    ignored: list[Problem] = []
    found = [
        path
        for spec in recipe.sources
        if source_paths.may_look(spec.path, workbook, allowed)
        for path in source_paths.paths(spec, workbook, ignored)
    ]
    return found + [workbook.parent / one.path for one in recipe.lookups if one.path and source_paths.may_look(one.path, workbook, allowed)]  # fmt: skip


def _write(host: Host, workbook: Path, recipe: Recipe, outcome: Outcome, facts: Run, done: Done, now: Clock) -> Done:
    """The result with the notes as they stand; those typed while it is built are read again, and it is built again."""
    for _ in range(TRIES - 1):
        try:
            return _written(host, workbook, recipe, outcome, facts, done, now)
        except ReconError as error:
            if error.problem.code != "H-129" or error.problem.where.sheet not in TYPED_SHEETS:
                raise
    return _written(host, workbook, recipe, outcome, facts, done, now)


def _written(host: Host, workbook: Path, recipe: Recipe, outcome: Outcome, facts: Run, done: Done, now: Clock) -> Done:
    """Build all sheets and detail files, then put them in place: the files first, under names nobody reads yet."""
    case = _case(host, workbook, recipe, outcome, facts, done.problems)
    case = replace(case, details=reports.details(case))
    case = replace(case, problems=(*case.problems, *reports.after(case)))
    began = now()
    with DetailFiles(workbook, case) as files:
        case = replace(case, overflow=files.overflow)
        host.write(reports.build(case), unchanged=(*schema.SETUP_SHEETS, *TYPED_SHEETS))
        files.publish()
    host.save()
    host.progress("Done", 1.0)
    return replace(
        done, outcome=case.outcome, verdict=reports.verdict(case.details["tblExceptions"]), number=case.run.number, run_id=f"{done.run_id}-{case.run.number}", problems=tuple(case.problems),
        files=tuple(one.file for one in case.overflow.values()), changes=said(case) if case.previous else "", seconds={**done.seconds, "write": (now() - began).total_seconds()},
    )  # fmt: skip


def _case(
    host: Host, workbook: Path, recipe: Recipe, outcome: Outcome, facts: Run, problems: Sequence[Problem]
) -> Case:
    """What the reports need, with the notes and the log that stand in the workbook."""
    log = _table(host, "Run log")
    runs = [schema.as_int(row.get("Run")) or 0 for row in log]
    number = max(runs, default=0) + 1
    kept = _table(host, "Notes history")
    exceptions = _table(host, "Exceptions")
    own = [name for name in (exceptions[0] if exceptions else {}) if name not in reports.NAMES["Exceptions"]]
    notes = {str(row["Exc key"]): row for row in (*kept, *exceptions)}
    names = reports.sheet_names(spec.name for spec in recipe.sources)
    standing = _standing(host, outcome, names)
    market = _market_sheets(host, outcome)
    return Case(
        previous=previous(host, workbook, log),
        books=outcome.books, others=outcome.others, market_sheets=market, exports=_table(host, "Exports"), tables=outcome.tables, source_sheets=names, standing=standing, own_columns=own, results=outcome.results, recipe=recipe, problems=problems, run=replace(facts, number=number), notes=notes,
        kept_notes=kept, log=log,
    )  # fmt: skip


def _standing(host: Host, outcome: Outcome, names: Mapping[str, str]) -> dict[str, str]:
    """Sheets that an earlier run has written, with their source. Raises ReconError N-112 where one of the user's own is in the way."""
    earlier = reports.sheet_names(dict.fromkeys(str(row.get("Source") or "") for row in _table(host, "Files")))
    sources = {name: source for known in (earlier, names) for source, name in known.items()}
    found = {name: grid for name in sorted(sources) if (grid := host.cells(name))}
    ours = {name: sources[name] for name, grid in found.items() if reports.is_ours(grid, name)}
    for table in outcome.tables:
        name = names[table.source]
        if name in found and name not in ours:
            what = f"The sheet '{name}' is not one that Tieout has written, and the derived columns of {table.source} need its name."
            fix = "Rename the sheet, or the source in Setup."
            raise ReconError(Problem("N-112", Severity.STOP, Place(sheet=name), "", what, fix))
    return ours


def _market_sheets(host: Host, outcome: Outcome) -> list[str]:
    """Sheets of the marketplace that an earlier run has written. Raises ReconError N-112 where one of the user's own is in the way."""
    found = {name: grid for name in reports.MARKET_SHEETS if (grid := host.cells(name))}
    ours = [name for name, grid in found.items() if reports.is_ours(grid, name)]
    for name in found if outcome.books else ():
        if name not in ours:
            what = f"The sheet '{name}' is not one that Tieout has written, and the results of the marketplace need its name."
            raise ReconError(
                Problem("N-112", Severity.STOP, Place(sheet=name), "", what, "Rename the sheet and run again.")
            )
    return ours


def _table(host: Host, sheet: str) -> list[dict[str, object]]:
    """The rows of a result table by header, wherever it stands by now; [] where there is none. Raises ReconError N-113 where a run would lose what stands there."""
    grid = host.cells(sheet)
    found = reports.standing(sheet, grid)
    needed = NEEDED.get(sheet, ())
    if found is None:
        if needed and any(sum(map(bool, map(schema.as_text, row))) >= len(reports.NAMES[sheet]) // 2 for row in grid):
            raise _not_found(sheet, "no row of it bears the headers of its table")
        return []
    rows = found.rows(grid)
    gone = [name for name in needed if name not in found.headers]
    if gone and any(schema.as_text(value) for row in rows for name, value in row.items() if name in KEPT[sheet] or name not in reports.NAMES[sheet]):  # fmt: skip
        raise _not_found(sheet, f"it has no column '{gone[0]}' any more")
    return [] if gone else rows


def _not_found(sheet: str, why: str) -> ReconError:
    what = f"The sheet {sheet} is not as a run left it: {why}, and what stands there cannot be carried over."
    fix = "Undo the change, or take the sheet from an older copy of the workbook. To begin it anew, delete the sheet. Then run again."
    return ReconError(Problem("N-113", Severity.STOP, Place(sheet=sheet), "", what, fix))


def read_all(
    recipe: Recipe, workbook: Path, progress: Progress, allowed: Allowed, reader: Reader = read
) -> tuple[dict[str, list[Raw]], dict[str, Raw], tuple[Problem, ...]]:
    """Every file of every source that a leg uses, and the supporting files; nothing while one of them is not allowed."""
    if asked := tuple(source_paths.not_allowed(recipe, workbook, allowed)):
        return {}, {}, asked
    used = _of_legs(recipe) | sources_named(recipe)
    raw: dict[str, list[Raw]] = {spec.name: [] for spec in recipe.sources if spec.name in used}
    problems: list[Problem] = []
    awaited = {one.source for one in recipe.expected}
    jobs = [
        (spec, path) for spec in recipe.sources if spec.name in used
        for path in source_paths.paths(spec, workbook, problems, is_awaited=spec.name in awaited)
    ]  # fmt: skip
    for number, (spec, path) in enumerate(jobs):
        shown = source_paths.shown(path, workbook)
        progress(f"Reading {shown} ({number + 1} of {len(jobs)})", 0.5 * number / max(len(jobs), 1))
        one, found = reader(_source(spec, path, recipe), shown)
        problems += found
        if one is not None:
            raw[spec.name].append(_own(one, workbook))
    supporting = {f"{one.path}|{one.sheet}": _supporting(one, workbook, problems, reader) for one in recipe.lookups}
    return raw, {name: one for name, one in supporting.items() if one is not None}, tuple(problems)


def _source(spec: SourceSpec, path: Path, recipe: Recipe) -> Source:
    return Source(name=spec.name, path=str(path), sheet=spec.sheet, header_row=spec.header_row, wanted=_wanted(recipe, spec.name))  # fmt: skip


def own_sheets(recipe: Recipe, workbook: Path) -> set[tuple[str, str]]:
    """Sheets of the workbook that a run reads, as they stand in its file: name and fingerprint. What cannot be read is not among them."""
    used = _of_legs(recipe) | sources_named(recipe)
    asked = [_source(spec, workbook, recipe) for spec in recipe.sources if spec.name in used and not spec.path]
    asked += [_looked_into(one, workbook) for one in recipe.lookups if not one.path]
    raws = [read(source, workbook.name)[0] for source in asked]
    return {(raw.sheet, of_rows(raw)) for raw in raws if raw is not None}


def _wanted(recipe: Recipe, source: str) -> tuple[str, ...]:
    """Headers of plain columns that the legs map on a source; they help to find its header row."""
    names = [
        use.terms[0][1] for leg in recipe.legs for use in leg.uses
        if source in leg.side(use.side).sources and use.source in ("", source) and len(use.terms) == 1 and "-" not in use.column  # may be a difference
    ]  # fmt: skip
    added = {name for lookup in recipe.lookups if lookup.source == source for name in lookup.take}
    added |= {one.column for one in recipe.derivations if one.source == source}
    added |= {EXPECTED_FEES, EXPECTED_NET, OUR_ORDER} if recipe.market else set()
    return tuple(dict.fromkeys(name for name in names if name not in added))


def _supporting(lookup: Lookup, workbook: Path, problems: list[Problem], reader: Reader) -> Raw | None:
    source = _looked_into(lookup, workbook)
    one, found = reader(source, source_paths.shown(Path(source.path), workbook))
    problems += found
    return one and _own(one, workbook)


def _looked_into(lookup: Lookup, workbook: Path) -> Source:
    path = workbook.parent / lookup.path if lookup.path else workbook
    return Source(name=lookup.path or lookup.sheet, path=str(path), sheet=lookup.sheet, wanted=(lookup.match_column,))


def _own(raw: Raw, workbook: Path) -> Raw:
    """A sheet of the workbook itself is known by its rows: the file is another after each run."""
    return replace(raw, sha256=of_rows(raw)) if Path(raw.path) == workbook else raw


def _ends(problems: Sequence[Problem]) -> bool:
    return worst(problems) in (Severity.STOP, Severity.ASK)


def _word(problems: Sequence[Problem]) -> str:
    """Outcome of a run that wrote nothing."""
    gravest = worst(problems)
    return (
        {Severity.STOP: "stop", Severity.ASK: "ask", Severity.LEFT_OUT: "warn"}.get(gravest, "ok") if gravest else "ok"
    )


def _entry(done: Done, started: dt.datetime, ended: dt.datetime) -> dict[str, object]:
    """One line of the machine's log."""
    problems = [
        {"code": one.code, "severity": str(one.severity), "where": str(one.where), "what": one.what}
        for one in done.problems[:200]
    ]
    return {
        "run_id": done.run_id, "workbook": done.workbook, "outcome": done.outcome, "start": started.isoformat(), "end": ended.isoformat(),
        "result_hash": done.result_hash, "problems": problems,
    }  # fmt: skip
