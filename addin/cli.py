"""The command `tieout`: one thin function a command, over `job.run` and `new_book`.

Results go to standard output, everything else to standard error. Exit codes: 0 ok or warn, 1 a fault of ours,
2 wrong usage, 3 a question is open, 4 stopped.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from addin.hosts import LiveBook
    from addin.job import Done
    from recon_core.problems import Problem

CODES = {"ok": 0, "warn": 0, "ask": 3, "stop": 4}
Progress = Callable[[str, float], None]


class Day(click.ParamType[dt.date]):
    """A date such as 2026-04-30 or 30-Apr-2026."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Read the date, or say how to write one."""
        from recon_core.schema import as_date

        try:
            found = as_date(value)
        except ValueError:
            found = None
        return found or self.fail(f"'{value}' is not a date. Write it like 2026-04-30.", param, ctx)


def common(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every command that runs something."""
    command = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")(command)
    command = click.option("--quiet", is_flag=True, help="Print nothing but the result.")(command)
    return click.option("--verbose", is_flag=True, help="Print the time of each stage.")(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tieout", prog_name="tieout")
def main() -> None:
    """Reconcile two sides inside a workbook: what matched, what did not, and the proof."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("tieout-demo"))
@common
def demo(folder: Path, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Make a month of an AJIO seller in FOLDER, reconcile it, and show the result."""
    with session(as_json=as_json, quiet=quiet, verbose=verbose) as talk:
        from addin.demo import make_demo

        book = make_demo(folder)
        talk.finish(talk.run(book))


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option(
    "--recipe", default="two_files", show_default=True, help="What to reconcile; 'tieout recipes' lists them."
)
@click.option("--entity", default="", help="The company whose records side A holds.")
def new(book: Path, recipe: str, entity: str) -> None:
    """Make the workbook BOOK from the template, with the Setup of a recipe."""
    with session(as_json=False, quiet=False, verbose=False) as talk:
        from addin.new_book import load_recipe, make, set_basics

        make(book.absolute(), set_basics(load_recipe(recipe), {"Entity": entity}))
        talk.console.print(
            f"Made {book}. Name your files and columns on the sheets Setup and Mapping, then: tieout check {book}"
        )


@main.command()
def recipes() -> None:
    """List the shipped recipes."""
    with session(as_json=False, quiet=False, verbose=False) as talk:
        import tomllib

        from workbook_templates import recipe_names, recipe_path

        for name in recipe_names():
            talk.out.print(
                f"{name:<18} {tomllib.loads(recipe_path(name).read_text(encoding='utf-8'))['about']}", soft_wrap=True
            )


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--as-of", type=Day(), default=None, help="Count ages to this day instead of the one in Setup.")
@click.option("--live", is_flag=True, help="Run in the open spreadsheet program: Excel, or LibreOffice Calc on Linux.")
@common
def run(book: Path, as_of: dt.date | None, live: bool, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: FBT001
    """Reconcile BOOK and write the result back in place."""
    with session(as_json=as_json, quiet=quiet, verbose=verbose) as talk:
        talk.finish(talk.run_live(book, as_of=as_of) if live else talk.run(book, as_of=as_of))


@main.command()
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
def watch(quiet: bool) -> None:  # noqa: FBT001
    """Obey the buttons of the workbook that is open in Excel, until Ctrl+C.

    For computers that forbid Office to start programs: the buttons only leave a request, and this command obeys it.
    """
    with session(as_json=False, quiet=quiet, verbose=False) as talk:
        from addin.hosts import live

        talk.watch(live.active, lambda: False)


@main.command("open")
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
def open_book(book: Path, quiet: bool) -> None:  # noqa: FBT001
    """Open BOOK in Excel, or in LibreOffice Calc on Linux, and obey its buttons until it is closed."""
    with session(as_json=False, quiet=quiet, verbose=False) as talk:
        from addin.hosts import live

        with live.before_user(book.absolute()) as find:
            talk.watch(find, lambda: find() is None)


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--as-of", type=Day(), default=None, help="Count ages to this day instead of the one in Setup.")
@common
def check(book: Path, as_of: dt.date | None, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: FBT001
    """Read and judge the inputs of BOOK; write nothing."""
    with session(as_json=as_json, quiet=quiet, verbose=verbose) as talk:
        talk.finish(talk.run(book, as_of=as_of, write=False), written=False)


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--forget", is_flag=True, help="Take back what was allowed to BOOK.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def allow(book: Path, forget: bool, as_json: bool) -> None:  # noqa: FBT001
    """Let BOOK read the files outside of its folder that its Setup names now, on this computer."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import permissions
        from addin.hosts.file import FileHost

        found = permissions.forget(book.absolute()) if forget else permissions.allow(FileHost(book), book.absolute())
        talk.tell(permissions.lines(found), permissions.as_json(found))


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.argument("table", type=click.Choice(["Rates", "Terms"], case_sensitive=False))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def load(book: Path, table: str, file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Put the rate card or the payment terms of FILE into the table of BOOK.

    Rows of the portals that FILE names are replaced, all others stay. Nothing is written where FILE has a mistake.
    """
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import load as loading
        from addin.hosts.file import FileHost

        found = loading.load(FileHost(book), table, file)
        if found.refused:
            talk.refuse(found.problems)
        talk.tell(loading.lines(found, book, file), loading.as_json(found))


@main.command()
@click.argument("kind", type=click.Choice(["eshopbox"], case_sensitive=False))
@click.argument("file", type=click.Path(path_type=Path), default=Path("payments.xlsx"))
@click.option("--fee", "fees", multiple=True, help="A fee of your own, such as 'Fee: Ads'; repeatable.")
def template(kind: str, file: Path, fees: tuple[str, ...]) -> None:
    """Write Eshopbox's standard template for payments to FILE (.xlsx with notes, or .csv), to be filled in."""
    with session(as_json=False, quiet=False, verbose=False) as talk:
        from addin import payment_files

        headers = payment_files.write_template(file, fees)
        talk.console.print(f"Made {file}: {', '.join(headers)}.", markup=False, soft_wrap=True)
        talk.console.print(payment_files.SIGNS, markup=False, soft_wrap=True)
        talk.console.print(f"Fill it in, then: tieout payment {file} settlement.csv --date ... --amount ... --reference ...", markup=False, soft_wrap=True)  # fmt: skip


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--date", "day", type=Day(), default=None, help="The day of the transfer.")
@click.option("--amount", default="", help="Its amount; it must be the total of FILE.")
@click.option("--reference", default="", help="The bank reference (UTR).")
@click.option("--remarks", default="", help="For the reader; stands on every row.")
def payment(file: Path, out: Path, day: dt.date | None, amount: str, reference: str, remarks: str) -> None:
    """Book the payment of FILE, a filled standard template, and write it with payout, day and UTR to OUT (.csv).

    Nothing is written without a date and a bank reference, or where the amount is not the total of the file.
    """
    with session(as_json=False, quiet=False, verbose=False) as talk:
        from addin import payment_files
        from recon_core.money import grouped

        transfer = payment_files.Transfer(day=day, amount=amount, reference=reference, remarks=remarks)
        done = payment_files.book_payment(file, out, transfer)
        talk.out.print(f"Booked {grouped(done.total_minor)} of {done.rows:,} rows as {reference.strip()} in {out}.", markup=False, soft_wrap=True)  # fmt: skip


@main.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The workbook to write.")
@click.option("--key", "keys", multiple=True, help="Id columns, a=b; repeat for an id of several columns.")
@click.option("--amount", default="", help="Amount columns, a=b; a side may be a sum: price+freight=value.")
@click.option("--compare", multiple=True, help="A further amount that must agree, a=b; repeatable.")
@click.option("--date", "dates", default="", help="Date columns, a=b.")
@click.option("--tolerance", default="", help="Allowed difference of an id, inclusive, such as 0.05.")
@click.option(
    "--date-window",
    type=click.IntRange(0, 366),
    default=None,
    help="Days B may lie before or after A; without it dates are not compared.",
)
@click.option(
    "--cleaning", default="", help="Id cleaning: standard, separators, leading zeros, prefix ABC, parted by semicolons."
)
@click.option(
    "--numbers",
    type=click.Choice(["1,234.50", "1.234,50"]),
    default=None,
    help="How amounts are written, where the files do not prove it.",
)
@click.option(
    "--day-order",
    type=click.Choice(["day/month", "month/day"]),
    default=None,
    help="How dates are written, where the files do not prove it.",
)
@click.option("--sheet", "sheets", default="", help="Worksheets to read, a=b.")
@click.option("--pair-lines", is_flag=True, help="Match equal lines of an id even where its totals differ.")
@click.option(
    "--recipe",
    default="two_files",
    show_default=True,
    help="The recipe whose first leg lends tolerance, window and cleaning, where none are named.",
)
@click.option("--as-of", type=Day(), default=None, help="Count ages to this day.")
@common
def quick(a: Path, b: Path, output: Path, as_json: bool, quiet: bool, verbose: bool, **options: object) -> None:  # noqa: FBT001
    """Reconcile file A (our records) with file B (theirs) into a new workbook.

    Columns that are not named are proposed from names and content; the proposal is shown.
    """
    with session(as_json=as_json, quiet=quiet, verbose=verbose) as talk:
        from addin.quick import Wish, reconcile_files

        wish = Wish.of(a, b, output, options)
        talk.finish(reconcile_files(wish, talk.progress, talk.propose))


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.argument("text", metavar="FORMULA")
@click.option("--source", default="", help="The source to try it on; without it, the first one that has its columns.")
@click.option("--rows", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many rows to show.")
@common
def formula(book: Path, text: str, source: str, rows: int, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: FBT001
    """Try FORMULA on a source of BOOK: the first rows with what it reads and gives. Nothing is written."""
    with session(as_json=as_json, quiet=quiet, verbose=verbose) as talk:
        from addin import presenting
        from addin.hosts.file import FileHost
        from addin.preview import preview

        found = preview(FileHost(book, on_progress=talk.progress), book.absolute(), text, source=source, rows=rows)
        talk.progress("", 1.0)
        if as_json:
            click.echo(json.dumps(presenting.preview_json(found), ensure_ascii=False, indent=2))
        else:
            presenting.show_preview(found, talk.out)


@main.command()
@click.argument("name", default="")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def functions(name: str, as_json: bool) -> None:  # noqa: FBT001
    """List the functions that derived columns may use, or explain the function NAME."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import presenting
        from recon_core.formula import FormulaError, listed
        from recon_core.problems import Place, Problem, ReconError, Severity

        try:
            found = listed(name)
        except FormulaError as error:
            raise ReconError(Problem("N-111", Severity.STOP, Place(), name, error.what, error.fix)) from error
        if as_json:
            click.echo(json.dumps({"functions": [one._asdict() for one in found]}, ensure_ascii=False, indent=2))
        else:
            presenting.show_functions(found, talk.out)


@main.command()
@click.option(
    "--start",
    type=click.Choice(["run", "watch"]),
    default=None,
    help="What a button does: run starts Python, watch leaves the work to a 'tieout watch' that runs.",
)
@click.option("--functions", is_flag=True, help="Worksheet functions too (Windows only).")
@click.option(
    "--venv", type=click.Path(path_type=Path), default=None, help="Make a private Python in this new folder and use it."
)
@click.option(
    "--wheels",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="The folder of wheels to fill it from.",
)
@click.option("--download", is_flag=True, help="Fill it by download; nothing is downloaded otherwise.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def install(as_json: bool, **options: object) -> None:  # noqa: FBT001
    """Add the tab Reconcile to Excel on this machine: the add-in, its settings, on macOS its script."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import install as installing
        from addin.machine import here

        report = installing.install(here(), installing.Wish.of(options))
        talk.tell(installing.lines(report), installing.as_json(report))


@main.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def uninstall(dry_run: bool, as_json: bool) -> None:  # noqa: FBT001
    """Take away what 'tieout install' put; settings and files of others stay."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import install as installing
        from addin.machine import here

        report = installing.uninstall(here(), dry_run=dry_run)
        talk.tell(installing.lines(report), installing.as_json(report))


@main.command()
@click.argument("book", type=click.Path(path_type=Path), required=False)
@click.option("--excel", is_flag=True, help="Ask a running Excel too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def doctor(book: Path | None, excel: bool, as_json: bool) -> None:  # noqa: FBT001
    """Look for what commonly keeps the add-in from working, on this machine and for BOOK, and say what to do."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import doctor as checks
        from addin import findings

        found = checks.report(book=book.absolute() if book else None, excel=excel)
        talk.tell(findings.lines(found), findings.as_json(found))
        if findings.worst(found) is findings.Outcome.FAIL:
            raise SystemExit(4)


@main.group()
def export() -> None:
    """Write what the last run found for others: the settlement file of a payout, the journal for the books."""


def exporting(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every export."""
    options = (
        click.option("--payout", "payouts", multiple=True, help="Only this payout, as the sheet Settlements names it; repeatable."),
        click.option("--to", type=click.Path(path_type=Path), default=None, help="A file or a folder. Without it: beside the workbook."),
        click.option("--replace", is_flag=True, help="Write over a file that is there."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@export.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
@exporting
def settlement(book: Path, as_json: bool, **options: object) -> None:  # noqa: FBT001
    """Write the settlement file of each payout of BOOK: expected, differences by cause, entries, every line, what arrived.

    It holds what the sheets of the last run show; where files or Setup have changed since, it says so. BOOK stays as it is.
    """
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import exporting as exports
        from addin.hosts.file import FileHost

        found = exports.settlement(FileHost(book), exports.Wish.of(options))
        talk.tell(exports.said(found, "payout"), exports.as_json(found))


@export.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "tally"]), default="csv", show_default=True, help="tally: vouchers in Tally's XML import format.")  # fmt: skip
@click.option(
    "--company", default="", help="The company of Tally that takes the vouchers. Empty: the one that is open."
)
@click.option("--again", is_flag=True, help="Vouchers that were exported before, too.")
@exporting
def journal(book: Path, as_json: bool, **options: object) -> None:  # noqa: FBT001
    """Write the vouchers of the sheet Journal that were not exported yet, and mark them in BOOK.

    Nothing is written where an entry has no account, where files or Setup have changed since the run, or where the sheet was edited.
    """
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import exporting as exports
        from addin import settings
        from addin.hosts.file import FileHost

        found = exports.journal(FileHost(book), exports.Wish.of(options), settings.load().user, settings.now)
        talk.tell(exports.said(found, "voucher"), exports.as_json(found))


class Talk:
    """What a command says and where: results to `out`, the rest to `console` (standard error)."""

    def __init__(self, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        from rich.console import Console

        self.as_json, self.quiet, self.verbose = as_json, quiet, verbose
        self.out = Console(highlight=False)
        self.console: Console = Console(stderr=True, highlight=False, quiet=quiet)
        self.progress: Progress = lambda _text, _share: None

    def propose(self, lines: Sequence[str]) -> None:
        """Show the proposed columns."""
        for line in lines:
            self.console.print(f"  {line}", soft_wrap=True)

    def tell(self, lines: Sequence[str], found: Mapping[str, object]) -> None:
        """Print a report that is no run: lines for people, or one object."""
        if self.as_json:
            click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            for line in lines:
                self.out.print(line, soft_wrap=True, markup=False)

    def run(self, book: Path, *, as_of: dt.date | None = None, write: bool = True) -> Done:
        """Run the workbook file."""
        from addin import job, settings
        from addin.hosts.file import FileHost

        host = FileHost(book, on_progress=self.progress)
        return job.run(host, book.absolute(), settings.load(), settings.now, as_of=as_of, write=write)

    def run_live(self, book: Path, *, as_of: dt.date | None = None) -> Done:
        """Run the workbook in a spreadsheet program, save it and close it."""
        from addin import job, settings
        from addin.hosts import live
        from addin.live_sources import LiveReader

        with live.opened(book.absolute(), on_progress=self.progress) as host:
            reader = LiveReader(host)
            return job.run(
                host, host.path, settings.load(), settings.now, as_of=as_of, reader=reader, changed=reader.changed
            )

    def watch(self, active: Callable[[], LiveBook | None], ends: Callable[[], bool]) -> None:
        """Obey requests until the end, saying what was obeyed."""
        import time

        from addin import settings
        from addin import watch as watcher

        with watcher.alone(settings.log_folder()):
            self.console.print("Watching: the buttons of the open workbook work now. End with Ctrl+C.")
            since = settings.now()
            try:
                watcher.watch(active, since=since, pause=time.sleep, told=self.console.print, ends=ends)
            except KeyboardInterrupt:
                self.console.print("Not watching any more.")

    def refuse(self, problems: Sequence[Problem]) -> NoReturn:
        """Show problems from outside a run like those of one that was stopped."""
        from addin.job import Done
        from addin.settings import now

        self.finish(Done(outcome="stop", run_id=f"{now():%Y%m%d-%H%M%S}", problems=tuple(problems)))

    def finish(self, done: Done, *, written: bool = True) -> NoReturn:
        """Print the result and leave with its exit code."""
        from addin import presenting

        self.progress("", 1.0)
        if self.as_json:
            click.echo(json.dumps(presenting.to_json(done), ensure_ascii=False, indent=2))
        else:
            presenting.show(done, self.out, written=written)
        if self.verbose:
            self.console.print(", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in done.seconds.items()))
        raise SystemExit(CODES[done.outcome])


@contextmanager
def session(*, as_json: bool, quiet: bool, verbose: bool) -> Iterator[Talk]:
    """A command's frame: progress while it runs, problems told as problems, our own faults with a log."""
    from addin.settings import keep_memory
    from recon_core.problems import ReconError

    keep_memory()
    talk = Talk(as_json=as_json, quiet=quiet, verbose=verbose)
    try:
        with _progress(talk):
            yield talk
    except ReconError as error:
        _refused(talk, error)
    except KeyboardInterrupt:
        talk.console.print("Stopped by the user. Nothing was written.")
        raise SystemExit(4) from None
    except Exception as error:  # noqa: BLE001 - the last fence: a fault of ours is told and logged, never shown raw
        _fault(talk, error)


@contextmanager
def _progress(talk: Talk) -> Iterator[None]:
    """A bar on standard error once a run has taken a second, on a terminal only."""
    if talk.quiet or talk.as_json or not sys.stderr.isatty():
        yield
        return
    from addin.progress import Bar

    with Bar(talk.console) as bar:
        talk.progress = bar.tell
        yield


def _refused(talk: Talk, error: Exception) -> NoReturn:
    """A problem from outside a run: shown like every other."""
    from recon_core.problems import ReconError

    talk.refuse((error.problem,) if isinstance(error, ReconError) else ())


def _fault(talk: Talk, error: Exception) -> NoReturn:
    """A fault of ours: one sentence for the user, the trace into the machine's log."""
    from addin import presenting, settings

    run_id = f"{settings.now():%Y%m%d-%H%M%S}"
    text = presenting.fault(error, run_id, settings.load().log_folder)
    if talk.as_json:
        where = {"file": "", "sheet": "", "row": None, "column": "", "cell": ""}
        problem = {
            "code": "E-999",
            "severity": "stop",
            "message": text,
            "where": where,
            "raw": "",
            "fix": "Send the log to support.",
        }
        click.echo(
            json.dumps(
                {
                    "outcome": "stop",
                    "run_id": run_id,
                    "result_hash": "",
                    "workbook": "",
                    "legs": [],
                    "problems": [problem],
                },
                indent=2,
            )
        )
    click.echo(text, err=True)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
