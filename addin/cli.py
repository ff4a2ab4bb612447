"""The command `tieout`: one thin function a command, over `job.run` and `new_book`. Commands about workbooks stand here.

What a command says stands in `cli_talk.py`, the commands that write files for others in `cli_files.py`, those about this
machine in `cli_machine.py`.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import click

from addin import cli_files, cli_machine
from addin.cli_talk import Day, common, session


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tieout", prog_name="tieout")
def main() -> None:
    """Reconcile two sides inside a workbook: what matched, what did not, and the proof."""


# Commands of the other modules; those about workbooks follow, each registered where it stands.
for command in (
    *(cli_files.template, cli_files.payment, cli_files.export),
    *(cli_machine.install, cli_machine.uninstall, cli_machine.doctor),
):
    main.add_command(command)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("tieout-demo"))
@common
def demo(folder: Path, as_json: bool, quiet: bool, verbose: bool) -> None:
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
@click.option(
    "--live",
    is_flag=True,
    help="Open BOOK in a hidden Excel, or LibreOffice Calc on Linux, run it there, save and close it.",
)
@common
def run(book: Path, as_of: dt.date | None, live: bool, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Reconcile BOOK and write the result back in place."""
    with session(as_json=as_json, quiet=quiet, verbose=verbose) as talk:
        talk.finish(talk.run_live(book, as_of=as_of) if live else talk.run(book, as_of=as_of))


@main.command()
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
def watch(quiet: bool) -> None:
    """Obey the buttons of the workbook that is open in Excel, until Ctrl+C.

    For computers that forbid Office to start programs: the buttons only leave a request, and this command obeys it.
    Windows and macOS; on Linux use 'tieout open BOOK'.
    """
    with session(as_json=False, quiet=quiet, verbose=False) as talk:
        from addin import machine
        from addin import watch as watcher

        watcher.need_excel(machine.here())
        from addin.hosts import live_programs

        talk.watch(live_programs.active, lambda: False)


@main.command("open")
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
def open_book(book: Path, quiet: bool) -> None:
    """Open BOOK in Excel, or in LibreOffice Calc on Linux, and obey its buttons until it is closed."""
    with session(as_json=False, quiet=quiet, verbose=False) as talk:
        from addin import machine
        from addin import watch as watcher

        watcher.need_screen(machine.here())
        from addin.hosts import live_programs

        with talk.held_open(book), live_programs.before_user(book.absolute()) as find:
            for problem in live_programs.loses_if_saved(book.absolute()):
                click.echo(str(problem), err=True)
            talk.watch(find, lambda: find() is None)


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--as-of", type=Day(), default=None, help="Count ages to this day instead of the one in Setup.")
@common
def check(book: Path, as_of: dt.date | None, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Read and judge the inputs of BOOK; write nothing."""
    with session(as_json=as_json, quiet=quiet, verbose=verbose) as talk:
        talk.finish(talk.run(book, as_of=as_of, write=False), written=False)


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--forget", is_flag=True, help="Take back what was allowed to BOOK.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def allow(book: Path, forget: bool, as_json: bool) -> None:
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
def load(book: Path, table: str, file: Path, as_json: bool) -> None:
    """Put the rate card or the payment terms of FILE into the table of BOOK.

    Rows of the portals that FILE names are replaced, all others stay. Nothing is written where FILE has a mistake.
    Where Setup names no portal, and all rates and terms are then of one, its name is written beside Portal.
    """
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import load as loading
        from addin.hosts.file import FileHost

        found = loading.load(FileHost(book), table, file)
        if found.refused:
            talk.refuse(found.problems)
        talk.tell(loading.lines(found, book, file), loading.as_json(found))


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
def quick(a: Path, b: Path, output: Path, as_json: bool, quiet: bool, verbose: bool, **options: object) -> None:
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
def formula(book: Path, text: str, source: str, rows: int, as_json: bool, quiet: bool, verbose: bool) -> None:
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
def functions(name: str, as_json: bool) -> None:
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


if __name__ == "__main__":
    main()
