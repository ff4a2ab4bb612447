"""The commands about this machine: install, uninstall, doctor. One thin function each; `cli.py` registers them."""

from __future__ import annotations

from pathlib import Path

import click

from addin.cli_talk import session


@click.command()
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
def install(as_json: bool, **options: object) -> None:
    """Add the tab Reconcile to Excel on this machine: the add-in, its settings, on macOS its script."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import install as installing
        from addin.machine import here

        report = installing.install(here(), installing.Wish.of(options))
        talk.tell(installing.lines(report), installing.as_json(report))


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def uninstall(dry_run: bool, as_json: bool) -> None:
    """Take away what 'tieout install' put; settings and files of others stay."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import install as installing
        from addin.machine import here

        report = installing.uninstall(here(), dry_run=dry_run)
        talk.tell(installing.lines(report), installing.as_json(report))


@click.command()
@click.argument("book", type=click.Path(path_type=Path), required=False)
@click.option("--excel", is_flag=True, help="Ask a running Excel too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def doctor(book: Path | None, excel: bool, as_json: bool) -> None:
    """Look for what commonly keeps the add-in from working, on this machine and for BOOK, and say what to do."""
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import doctor as checks
        from addin import findings

        found = checks.report(book=book.absolute() if book else None, excel=excel)
        talk.tell(findings.lines(found), findings.as_json(found))
        if findings.worst(found) is findings.Outcome.FAIL:
            raise SystemExit(4)
