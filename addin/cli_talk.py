"""What every command says and where: results to standard output, everything else to standard error, and the exit codes.

Exit codes: 0 ok or warn, 1 a fault of ours, 2 wrong usage, 3 a question is open, 4 stopped.
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
        """Run the workbook in a spreadsheet program of our own, save it and close it; no other run between opening and closing."""
        from dataclasses import replace

        from addin import job, locking, settings
        from addin.hosts import live_programs
        from addin.live_sources import LiveReader

        book, mine, now = book.absolute(), settings.load(), settings.now
        with (
            locking.locked_around(book, mine.log_folder, mine.user, now()),
            live_programs.opened(book, on_progress=self.progress) as host,
        ):
            reader, lost = LiveReader(host), live_programs.lost_by_saving(book)
            done = job.run(host, host.path, mine, now, as_of=as_of, reader=reader, changed=reader.changed)
        return replace(done, problems=(*done.problems, *lost)) if CODES[done.outcome] == 0 else done

    @contextmanager
    def held_open(self, book: Path) -> Iterator[None]:
        """In our own LibreOffice, which leaves no lock file: no other run of the workbook while the user may still save it.

        Excel locks the file itself, and its buttons start runs of their own.
        """
        from addin import locking, settings
        from addin.hosts.live_programs import HAS_EXCEL

        if HAS_EXCEL:
            yield
            return
        mine = settings.load()
        with locking.locked_around(book.absolute(), mine.log_folder, mine.user, settings.now()):
            yield

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
    """A fault of ours: one message for the user, the trace into the machine's log."""
    from addin import faults

    command, book = _at_work()
    found = faults.logged(error, command, book)
    if talk.as_json:
        from addin import presenting
        from addin.job import Done

        done = Done(outcome="stop", run_id=found.run_id, workbook=book, problems=(found.problem,))
        click.echo(json.dumps(presenting.to_json(done), ensure_ascii=False, indent=2))
    click.echo(str(found.problem), err=True)
    raise SystemExit(1)


def _at_work() -> tuple[str, str]:
    """The command as it is typed, without what follows it, and the workbook or file that it was given, '' for none."""
    at = click.get_current_context(silent=True)
    if at is None:  # a program that uses this module without a command
        return "tieout", ""
    words = at.command_path.split()[1:]
    given = (at.params.get(name) for name in ("book", "output", "file"))
    return " ".join(["tieout", *words]), next((str(one) for one in given if one), "")
