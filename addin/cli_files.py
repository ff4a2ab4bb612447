"""The commands that write files for others: the standard template, exports. One thin function each; `cli.py` registers them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import click

from addin.cli_talk import Day, session


@click.command()
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


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--date", "day", type=Day(), default=None, help="The day of the transfer.")
@click.option("--amount", default="", help="Its amount; it must be the total of FILE.")
@click.option("--reference", default="", help="The bank reference (UTR).")
@click.option("--remarks", default="", help="For the reader; stands on every row.")
def payment(file: Path, out: Path, day: dt.date | None, amount: str, reference: str, remarks: str) -> None:
    """Book the payment of FILE, a filled standard template, and write it with payout, day and UTR to OUT (.csv).

    Nothing is written without a date and a bank reference, where the amounts of a row do not add up to what was paid for it, or where the
    amount is not the total of the file.
    """
    with session(as_json=False, quiet=False, verbose=False) as talk:
        from addin import payment_files
        from recon_core.money import grouped

        transfer = payment_files.Transfer(day=day, amount=amount, reference=reference, remarks=remarks)
        done = payment_files.book_payment(file, out, transfer)
        if done.problems:
            talk.refuse(done.problems)
        talk.out.print(f"Booked {grouped(done.total_minor)} of {done.rows:,} rows as {reference.strip()} in {out}.", markup=False, soft_wrap=True)  # fmt: skip


@click.group()
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
def settlement(book: Path, as_json: bool, **options: object) -> None:
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
@click.option("--with-differences", is_flag=True, help="Payouts too whose lines are not their transfer or bank credit; it is written into the file and onto Exports.")  # fmt: skip
@exporting
def journal(book: Path, as_json: bool, **options: object) -> None:
    """Write the vouchers of the sheet Journal that were not exported yet, and mark them in BOOK.

    Nothing is written where a payout's lines are not what arrived (but --with-differences), an entry has no account,
    files or Setup have changed since the run, or the sheet was edited.
    """
    with session(as_json=as_json, quiet=False, verbose=False) as talk:
        from addin import exporting as exports
        from addin import settings
        from addin.hosts.file import FileHost

        found = exports.journal(FileHost(book), exports.Wish.of(options), settings.load().user, settings.now)
        talk.tell(exports.said(found, "voucher"), exports.as_json(found))
