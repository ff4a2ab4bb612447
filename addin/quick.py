"""Two files in, one workbook out: read, propose the columns, fill Setup, run.

The workbook is made beside its final place and takes it only when the run has written it, so a stop leaves nothing.
A workbook of ours that stands there already keeps its notes and its log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from addin import job, settings, source_paths
from addin.hosts.file import FileHost
from addin.hosts.replacing import replacing, sweep_orphans
from addin.new_book import Tables, check_place, fill, load_recipe, set_basics, two_files
from recon_core.keys import Cleaning, parse_cleaning
from recon_core.model import Raw, Source
from recon_core.money import to_minor
from recon_core.problems import Place, Problem, ReconError, Severity, worst
from recon_core.proposal import Proposal, propose
from recon_core.readers import read
from workbook_templates import template_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user typed. Column pairs are (column of A, column of B)."""

    a: Path
    b: Path
    book: Path
    keys: tuple[tuple[str, str], ...] = ()
    amount: tuple[str, str] | None = None
    compare: tuple[tuple[str, str], ...] = ()
    dates: tuple[str, str] | None = None
    tolerance: str = ""
    window: int | None = None
    cleaning: str = ""
    pair_lines: bool = False
    numbers: str = ""  # '1,234.50' or '1.234,50', where the files do not prove it
    day_order: str = ""  # 'day/month' or 'month/day'
    sheets: tuple[str, str] = ("", "")
    recipe: str = "two_files"
    as_of: date | None = None

    @classmethod
    def of(cls, a: Path, b: Path, book: Path, options: Mapping[str, object]) -> Wish:
        """The options of the command line as values. Raises ReconError for one that cannot be read."""
        tolerance, cleaning = str(options["tolerance"] or ""), str(options["cleaning"] or "")
        _check_tolerance(tolerance)
        _check_cleaning(cleaning)
        window, as_of = options["date_window"], options["as_of"]
        return cls(
            a=a.absolute(), b=b.absolute(), book=book.absolute(), keys=_pairs(options["keys"]), amount=_pair(str(options["amount"] or "")), compare=_pairs(options["compare"]),
            dates=_pair(str(options["dates"] or "")), tolerance=tolerance, window=window if isinstance(window, int) else None, cleaning=cleaning,
            pair_lines=bool(options["pair_lines"]), numbers=str(options["numbers"] or ""), day_order=str(options["day_order"] or ""),
            sheets=_pair(str(options["sheets"] or "")) or ("", ""), recipe=str(options["recipe"]), as_of=as_of if isinstance(as_of, date) else None,
        )  # fmt: skip


Known = dict[str, tuple[Raw | None, tuple[Problem, ...]]]  # what was read, by path


def reconcile_files(
    wish: Wish, progress: Callable[[str, float], None], show: Callable[[Sequence[str]], None]
) -> job.Done:
    """Run the two files into the workbook. The proposal is shown before the run."""
    began = settings.now()
    stopped = job.Done(outcome="stop", run_id=f"{began:%Y%m%d-%H%M%S}", workbook=str(wish.book))
    known, problems = _read_both(wish, progress)
    (a, _), (b, _) = known[str(wish.a)], known[str(wish.b)]
    if a is None or b is None or _ends(problems):
        return replace(stopped, problems=tuple(problems))
    read_at = settings.now()
    progress("Proposing columns", 0.3)
    proposal = _proposal(wish, a, b)
    show(_words(proposal, wish))
    open_points = [*proposal.problems, *_missing(proposal, a, b)]
    if open_points:
        asks = worst(open_points) is Severity.ASK
        return replace(stopped, outcome="ask" if asks else "stop", problems=(*problems, *open_points))
    proposed_at = settings.now()
    done = _run(wish, _tables(wish, proposal), known, progress)
    done = replace(done, problems=tuple(_in_options(problem) for problem in done.problems))
    stages = {"read": (read_at - began).total_seconds(), "propose": (proposed_at - read_at).total_seconds()}
    return replace(done, seconds={**done.seconds, **stages})


ANSWERS = {
    "T-214": "Choose the form with --numbers '1,234.50' or --numbers '1.234,50'.",
    "T-224": "Choose the order with --day-order day/month or --day-order month/day.",
    "F-307": "Name the sheets with --sheet 'sheet of A=sheet of B'.",
}  # a question about Setup, where there is no workbook yet to answer it in


def _in_options(problem: Problem) -> Problem:
    return problem._replace(fix=ANSWERS[problem.code]) if problem.code in ANSWERS else problem


def _read_both(wish: Wish, progress: Callable[[str, float], None]) -> tuple[Known, list[Problem]]:
    known: Known = {}
    for path in (wish.a, wish.b):
        progress(f"Reading {path.name}", 0.1)
        sheet = wish.sheets[0 if path == wish.a else 1]
        known[str(path)] = read(
            Source(name=path.name, path=str(path), sheet=sheet, wanted=_wanted(wish, path)), path.name
        )
    return known, [problem for _, found in known.values() for problem in found]


def _proposal(wish: Wish, a: Raw, b: Raw) -> Proposal:
    """What the user named, filled up from names and content; a cleaning the user named stands."""
    cleaning = parse_cleaning(wish.cleaning)
    found = propose(a, b, Proposal(keys=wish.keys, amount=wish.amount, date=wish.dates, cleaning=cleaning))
    return replace(found, cleaning=cleaning) if wish.cleaning else found


def _ends(problems: Sequence[Problem]) -> bool:
    return any(problem.severity in (Severity.STOP, Severity.ASK) for problem in problems)


def _run(
    wish: Wish,
    tables: Tables,
    known: Known,
    progress: Callable[[str, float], None],
) -> job.Done:
    """Fill a copy, run it, and put it in place when the run has written it."""
    waiting = wish.book.with_name(f".{wish.book.stem}.tieout-{os.getpid()}.tmp.xlsx")
    sweep_orphans(wish.book)
    texts = [str(row["File or pattern"]) for row in tables["Sources"]]
    outside = [text for text in texts if source_paths.leads_outside(text, wish.book)]  # named by the user himself
    mine = settings.load()
    named = {(settings.place_of(wish.book), text) for text in outside}
    try:
        fill(waiting, tables, base=_base(wish.book))
        host = FileHost(waiting, on_progress=progress, shown=wish.book.name)
        done = job.run(
            host,
            wish.book,
            replace(mine, allowed=mine.allowed | named),
            settings.now,
            as_of=wish.as_of,
            reader=lambda source, shown: known.get(source.path) or read(source, shown),
        )
        if done.outcome in ("ok", "warn"):
            _place(waiting, wish.book)
            if named - mine.allowed:
                settings.allow(wish.book, outside)
        return done
    finally:
        waiting.unlink(missing_ok=True)


def _place(waiting: Path, book: Path) -> None:
    """Put the finished workbook in place: a standing one is replaced whole, unless it is open elsewhere."""
    if not book.exists():
        waiting.replace(book)
        return
    with replacing(book) as out:
        out.write(waiting.read_bytes())


def _base(book: Path) -> Path:
    """The workbook that stands there, when it is one of ours; else the template."""
    if not book.exists():
        check_place(book)
        return template_path()
    if not FileHost(book).cells("Setup"):
        fix = "Choose another name for the result."
        raise ReconError(
            Problem(
                "N-105",
                Severity.STOP,
                Place(file=book.name),
                "",
                f"{book.name} exists and is not a Tieout workbook.",
                fix,
            )
        )
    return book


def _tables(wish: Wish, proposal: Proposal) -> Tables:
    """The Setup rows: a recipe other than two_files lends its Reconciliation and Skip rules."""
    options: dict[str, object] = {"Tolerance": wish.tolerance}
    if wish.window is not None:
        options["Date window"] = wish.window
    if wish.pair_lines:
        options["When totals of an id differ"] = "match equal lines"
    tables = two_files(wish.book, wish.a, wish.b, proposal, options, wish.compare)
    for row in tables["Mapping"]:
        row["Form"] = {"amount": wish.numbers, "compare": wish.numbers, "date": wish.day_order}.get(
            str(row["Meaning"]), ""
        )
    for row, sheet in zip(tables["Sources"], wish.sheets, strict=True):
        row["Sheet"] = sheet
    tables = _with_terms(tables, load_recipe(wish.recipe), dated=bool(proposal.date and all(proposal.date)))
    return set_basics(tables, {"As of": wish.as_of.isoformat() if wish.as_of else ""})


def _with_terms(tables: Tables, recipe: Tables, *, dated: bool) -> Tables:
    """What the recipe's first leg allows (tolerance, window, cleaning) and its currency, where the user named none."""
    ours, terms = tables["Legs"][0], recipe["Legs"][0]
    names = ["Tolerance", "Id cleaning", "When totals of an id differ", *(["Date window"] if dated else [])]
    unsaid = ("", "standard", "keep together", None)
    lent = {name: terms[name] for name in names if name in terms and ours.get(name, "") in unsaid}
    currency = next((row["Value"] for row in recipe["Reconciliation"] if row["Item"] == "Currency"), "")
    return set_basics({**tables, "Legs": [{**ours, **lent}]}, {"Currency": currency})


def _words(proposal: Proposal, wish: Wish) -> list[str]:
    """The columns as they will be used, each with what speaks for it."""
    lines = ["Columns used (A = B):", *(f"  id        {one} = {two}" for one, two in proposal.keys)]
    lines += [f"  amount    {proposal.amount[0]} = {proposal.amount[1]}"] if proposal.amount else []
    lines += [f"  compare   {one} = {two}" for one, two in wish.compare]
    lines += [f"  date      {proposal.date[0] or '(none)'} = {proposal.date[1] or '(none)'}"] if proposal.date else []
    lines += (
        [
            f"  quantity  {proposal.units[0] or '(none)'} = {proposal.units[1] or '(none)'} (tells genuine repeats from duplicates)"
        ]
        if any(proposal.units)
        else []
    )
    lines += [f"  item      {proposal.item[0]} = {proposal.item[1]}"] if proposal.item else []
    lines += (
        [f"  currency  {proposal.currency[0] or '(none)'} = {proposal.currency[1] or '(none)'}"]
        if any(proposal.currency)
        else []
    )
    lines += [f"  cleaning  {proposal.cleaning}"] if proposal.cleaning != Cleaning() else []
    return lines + [f"  because   {words}" for words in proposal.because]


def _missing(proposal: Proposal, a: Raw, b: Raw) -> list[Problem]:
    """What could not be proposed and was not named."""
    if proposal.keys and not proposal.amount:
        what = f"No amount column of {a.file} agrees with one of {b.file}."
        return [
            Problem(
                "P-803",
                Severity.STOP,
                Place(file=b.file),
                "",
                what,
                "Name the columns, for example --amount total=paid.",
            )
        ]
    return []


def _wanted(wish: Wish, path: Path) -> tuple[str, ...]:
    """The plain columns the user named for a file; they help to find its header row."""
    from recon_core.recipe import parse_terms

    at = 0 if path == wish.a else 1
    named = [
        pair[at]
        for pair in (
            *wish.keys,
            *wish.compare,
            *([wish.amount] if wish.amount else []),
            *([wish.dates] if wish.dates else []),
        )
    ]
    return tuple(
        terms[0][1] for terms in map(parse_terms, filter(None, named)) if len(terms) == 1 and "-" not in terms[0][1]
    )


def _pairs(values: object) -> tuple[tuple[str, str], ...]:
    found = [_pair(str(value)) for value in values] if isinstance(values, list | tuple) else []
    return tuple(pair for pair in found if pair)


def _pair(text: str) -> tuple[str, str] | None:
    """'order_no=Order ID' -> the columns of A and B; without '=' the same name on both sides."""
    if not text.strip():
        return None
    one, equals, two = text.partition("=")
    if equals and not (one.strip() and two.strip()):
        raise ReconError(
            Problem(
                "N-106",
                Severity.STOP,
                Place(),
                text,
                f"'{text}' does not name a column of each file.",
                "Write it as column of A = column of B.",
            )
        )
    return one.strip(), (two if equals else one).strip()


def _check_tolerance(text: str) -> None:
    try:
        fits = not text or to_minor(text) >= 0
    except ValueError:
        fits = False
    if not fits:
        raise ReconError(
            Problem(
                "N-107", Severity.STOP, Place(), text, f"'{text}' is not a tolerance.", "Write an amount such as 0.05."
            )
        )


def _check_cleaning(text: str) -> None:
    try:
        parse_cleaning(text)
    except ValueError as word:
        fix = "Write standard, separators, leading zeros or prefix ABC, parted by semicolons."
        raise ReconError(
            Problem("N-108", Severity.STOP, Place(), text, f"'{word}' is not an id cleaning.", fix)
        ) from word
