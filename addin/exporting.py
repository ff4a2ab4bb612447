"""Export what the last run has written: the settlement file of each payout, and the journal for the books.

Nothing is worked out again: a controller signs what the workbook shows, so what is exported is read from its sheets. Where a file or
Setup has changed since, that is said: a settlement file says so in itself, a journal is not written, for it is booked. Exported vouchers
are marked in the workbook (sheet Exports) in one step with their file, so that nothing is booked twice unseen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from addin.export_files import check_folders, check_free, file_name, place, targets
from addin.hosts.file import FileHost
from addin.results_book import HALF_A_PAISA, RUN_AGAIN, Book, Cells
from recon_core import reports
from recon_core.journal_files import journal_csv, tally_xml
from recon_core.money import grouped
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.reports import exports as log
from recon_core.result_sheets import as_day, stale
from recon_core.settlement_file import DIFFERENCES, LINES, Settlement, as_csv, as_sheets, gap
from recon_core.sheets import Cell, Kind, Sheet
from recon_core.vouchers import CHANGED, EXPORTED, Export, Posting, fingerprints, last_exports, status

AMOUNTS = ("Expected", "Difference", "Sum of lines", "Stated transfer", "Bank amount", "Transfer less lines")
WHOLE = ("Orders", "Rows", "No")
FORMATS = {"csv": "csv", "tally": "xml"}
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: files, the payouts or vouchers in them, and what to know."""

    files: tuple[Path, ...] = ()
    items: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: tuple[str, ...] = ()  # vouchers that were exported before


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for.

    `to`: a file or a folder, None for beside the workbook; `again`: vouchers that were exported before, too; `with_differences`: payouts too whose lines are not their transfer or bank credit.
    """

    payouts: tuple[str, ...] = ()
    to: Path | None = None
    form: str = "xlsx"
    again: bool = False
    with_differences: bool = False
    replace: bool = False
    company: str = ""

    @classmethod
    def of(cls, options: Mapping[str, object]) -> Wish:
        """The options of the command."""
        to = options.get("to")
        payouts = options.get("payouts")
        return cls(
            payouts=tuple(map(str, payouts)) if isinstance(payouts, tuple) else (), to=to if isinstance(to, Path) else None, form=str(options["form"]),
            again=bool(options.get("again")), with_differences=bool(options.get("with_differences")), replace=bool(options.get("replace")), company=str(options.get("company") or ""),
        )  # fmt: skip


def settlement(host: FileHost, wish: Wish) -> Exported:
    """Write the settlement file of each payout asked for; nothing of the workbook changes."""
    book = Book(host)
    changed = book.changed()
    note = f"Since run {book.run} these have changed: {several(changed)}. The figures are those of the run." if changed else ""  # fmt: skip
    made = [one for at in book.payouts(wish.payouts) if (one := _settlement(book, at, note))]
    for one in made:
        if gap(one):
            raise stale(f"The lines or differences of payout {one.payout} do not add up to its figures on the sheet Settlements.", Place(sheet="Settlements"))  # fmt: skip
    paths = targets(book.path, [f"settlement_{file_name(one.payout)}" for one in made], wish.form, wish.to)
    check_free(paths, book.guarded(), replace=wish.replace)
    check_folders(paths)
    for one, path in zip(made, paths, strict=True):
        place(path, as_csv(one).encode("utf-8-sig") if wish.form == "csv" else None, as_sheets(one))
    problems = [Problem("X-812", Severity.NOTE, Place(file=book.path.name), "", note, RUN_AGAIN)] if note else []
    problems += _as_notes(book.differing({one.payout for one in made}))
    return Exported(files=tuple(paths), items=tuple(one.payout for one in made), problems=tuple(problems))


def _settlement(book: Book, at: int, note: str) -> Settlement:
    table = book.settlements
    facts: dict[str, object] = {}
    for name in table.columns:
        if name in AMOUNTS:
            facts[name] = table.amount(name, at)
        elif name in WHOLE:
            facts[name] = table.number(name, at)
        else:
            facts[name] = as_day(table.column(name)[at]) if name in ("Date", "Bank date") else table.text(name, at)
    payout = str(facts["Payout"])
    none: Cells = {}
    lines = book.detail("Releases", LINES).get(payout, none)
    differ = book.detail("Differences", DIFFERENCES).get(payout, none)
    return Settlement(
        facts=facts, lines=lines or {column.name: [] for column in LINES}, differences=differ or {column.name: [] for column in DIFFERENCES},
        subtitle=book.subtitle, note=note,
    )  # fmt: skip


def journal(host: FileHost, wish: Wish, user: str, now: Clock) -> Exported:
    """Write the vouchers that were not exported yet, and mark them in the workbook; all of it or nothing."""
    book = Book(host)
    if changed := book.changed():
        what = f"Since run {book.run} these have changed: {several(changed)}. Its journal may be wrong."
        raise ReconError(Problem("X-812", Severity.STOP, Place(file=book.path.name), "", what, RUN_AGAIN))
    places = book.payouts(wish.payouts)
    _check_proposed(book, places)
    names = {book.settlements.text("Payout", at) for at in places}
    postings = [one for one in _postings(book) if one.payout in names]
    _check_postings(book, postings, names)
    rows, skipped, problems = _chosen(book, postings, wish)
    if not rows:
        return Exported(problems=tuple(problems), skipped=tuple(skipped))
    differing = _check_arrived(book, rows, wish)
    problems += _as_notes(differing)
    path = targets(book.path, [f"journal_run{book.run}"], FORMATS[wish.form], wish.to)[0]
    check_free([path], book.guarded(), replace=wish.replace)
    check_folders([path])
    noted = [
        row._replace(text=f"{row.text}. {differing[row.payout]}") if row.payout in differing else row for row in rows
    ]
    text = journal_csv(noted) if wish.form == "csv" else tally_xml(noted, wish.company)
    data = text.encode("utf-8-sig" if wish.form == "csv" else "utf-8")
    place(
        path,
        data,
        (),
        before=lambda: _mark(book, rows, differing, log.Written(path.name, data, wish.form), user, now()),
    )
    return Exported(files=(path,), items=tuple(dict.fromkeys(row.no for row in rows)), problems=tuple(problems), skipped=tuple(skipped))  # fmt: skip


def _check_proposed(book: Book, places: Sequence[int]) -> None:
    """Refuse payouts whose journal lacks an account or a date. Raises ReconError X-815."""
    said = {book.settlements.text("Payout", at): book.settlements.text("Journal", at) for at in places}
    wrong = {payout: word for payout, word in said.items() if word.startswith(("No account", "The payout has no date"))}
    if wrong:
        payout, word = next(iter(wrong.items()))
        more = f" ({len(wrong) - 1} more payouts are like it)" if len(wrong) > 1 else ""
        fix = "Complete the table Accounts, or the date in the file, and run again."
        raise ReconError(Problem("X-815", Severity.STOP, Place(sheet="Settlements"), payout, f"Payout {payout} has no journal: {word}{more}.", fix))  # fmt: skip


def _postings(book: Book) -> list[Posting]:
    """The rows of the sheet Journal."""
    names = ("No", "Voucher", "Account", "Text", "Payout", "Entry", "Order id", "Key")
    kinds = {"Debit": Kind.AMOUNT, "Credit": Kind.AMOUNT}
    if (table := book.results.table("Journal")).file:
        what = f"The journal has too many rows for a sheet and stands in {table.file}."
        raise ReconError(Problem("X-818", Severity.STOP, Place(file=table.file), "", what, "Empty 'Post by' of entries with an account by order, or raise 'Rows per sheet', and run again."))  # fmt: skip
    texts = {name: table.texts(name) for name in names}
    sides = {name: table.minor(name) for name in kinds}
    days = [as_day(value) for value in table.column("Date")]
    found = []
    for at, day in enumerate(days):
        if day is None:
            raise stale("A row of the sheet Journal has no date.", Place(sheet="Journal", row=table.rows[at]))
        found.append(Posting(
            no=texts["No"][at], day=day, voucher=texts["Voucher"][at], account=texts["Account"][at], debit=sides["Debit"][at] or 0, credit=sides["Credit"][at] or 0,
            text=texts["Text"][at], payout=texts["Payout"][at], entry=texts["Entry"][at], order=texts["Order id"][at], key=texts["Key"][at],
        ))  # fmt: skip
    return found


def _check_arrived(book: Book, rows: Sequence[Posting], wish: Wish) -> dict[str, str]:
    """Payouts of these vouchers whose lines are not what arrived: what to say of each. Raises ReconError X-822 where that was not asked for."""
    found = book.differing({row.payout for row in rows})
    if found and not wish.with_differences:
        payout, what = next(iter(found.items()))
        more = f" ({len(found) - 1} more payouts are like it)" if len(found) > 1 else ""
        fix = "Look for rows that are missing, doubled or left out, and run again. Name the other payouts by --payout, or add --with-differences to book it as it is."
        raise ReconError(
            Problem("X-822", Severity.STOP, Place(sheet="Settlements"), payout, f"{what[:-1]}{more}.", fix)
        )
    return found


def _as_notes(differing: Mapping[str, str]) -> list[Problem]:
    """A note X-801 for each payout that is exported although it is not what arrived."""
    fix = "Look for rows that are missing, doubled or left out in its file; ask the portal where there are none."
    return [
        Problem("X-801", Severity.NOTE, Place(sheet="Settlements"), payout, what, fix)
        for payout, what in differing.items()
    ]


def _check_postings(book: Book, postings: Sequence[Posting], names: set[str]) -> None:
    """Refuse a journal that does not balance, or that is not the payouts of the sheet Settlements: someone has typed into it."""
    rest: dict[str, int] = {}
    clearing: dict[str, int] = {}
    for one in postings:
        rest[one.no] = rest.get(one.no, 0) + one.debit - one.credit
        if one.entry == "PAYOUT" and one.voucher == "Journal":
            clearing[one.payout] = clearing.get(one.payout, 0) + one.debit - one.credit
    for no, minor in rest.items():
        if minor:
            raise stale(f"The voucher {no} does not balance: debits less credits are {grouped(minor)}.", Place(sheet="Journal"))  # fmt: skip
    table = book.settlements
    for payout, lines in zip(table.texts("Payout"), table.minor("Sum of lines"), strict=True):
        if payout in names and abs(clearing.get(payout, 0) - (lines or 0)) > HALF_A_PAISA:
            raise stale(f"The journal of payout {payout} is not its sum of lines.", Place(sheet="Journal"))


def _chosen(book: Book, postings: Sequence[Posting], wish: Wish) -> tuple[list[Posting], list[str], list[Problem]]:
    """The rows to write, the vouchers exported before, and what to say of those that have changed since."""
    marks, before = fingerprints(postings), last_exports(_log(book))
    said = {no: status(no, mark, before) for no, mark in marks.items()}
    done = [no for no, word in said.items() if word.startswith((EXPORTED, CHANGED))]
    changed = [no for no, word in said.items() if word.startswith(CHANGED)]
    if wish.again:
        return list(postings), [], []
    problems = []
    for no in changed:
        what = f"The voucher {no} was exported on {before[no].day} and has changed since."
        fix = "Reverse it in the books, then export it with --payout and --again."
        problems.append(Problem("X-817", Severity.NOTE, Place(sheet="Journal"), no, what, fix))
    if wish.payouts and done and not set(said) - set(done):
        if problems:
            raise ReconError(problems[0]._replace(severity=Severity.STOP))
        what = f"The voucher {done[0]} was exported on {before[done[0]].day}."
        raise ReconError(Problem("X-816", Severity.STOP, Place(sheet="Exports"), done[0], what, "Add --again to write it a second time."))  # fmt: skip
    return [one for one in postings if one.no not in done], done, problems


def _log(book: Book) -> list[dict[str, object]]:
    """The rows of the sheet Exports, oldest first."""
    grid = book.host.cells(log.NAME)
    if grid and not reports.is_ours(grid, log.NAME):
        what = f"The sheet '{log.NAME}' is not one that Tieout has written, and the list of exports needs its name."
        raise ReconError(Problem("N-112", Severity.STOP, Place(sheet=log.NAME), "", what, "Rename the sheet and export again."))  # fmt: skip
    table = book.results.table(log.NAME)
    rows: list[dict[str, object]] = []
    for at in range(len(table.rows)):
        row: dict[str, object] = {
            column.name: table.column(column.name)[at] for column in log.COLUMNS if column.name in table.columns
        }  # 'Note' is younger
        rows.append({**row, "Amount": table.amount("Amount", at), "Rows": table.number("Rows", at), "Run": table.number("Run", at), "No": table.text("No", at)})  # fmt: skip
    return rows


def _mark(book: Book, rows: Sequence[Posting], differing: Mapping[str, str], file: log.Written, user: str, at: dt.datetime) -> None:  # fmt: skip
    """Add the vouchers to Exports, and say so on Journal and Settlements."""
    digest, marks = hashlib.sha256(file.data).hexdigest(), fingerprints(rows)
    more = []
    for no, mark in marks.items():
        mine = [row for row in rows if row.no == no]
        more.append({
            "No": no, "Payout": mine[0].payout, "Voucher": mine[0].voucher, "When": at.replace(microsecond=0), "User": user, "Amount": sum(row.debit for row in mine), "Rows": len(mine),
            "Fingerprint": mark, "Format": file.form, "File": file.name, "SHA-256": digest, "Run": book.run,
            "Note": differing.get(mine[0].payout, ""),
        })  # fmt: skip
    sheets = [log.sheet([*_log(book), *more], book.subtitle), *_said(book, marks, last_exports(more))]
    book.host.write(sheets)
    book.host.save()


def _said(book: Book, marks: Mapping[str, str], exports: Mapping[str, Export]) -> Iterable[Sheet]:
    """Status of these vouchers on Journal, and of their payouts on Settlements."""
    said = {no: status(no, mark, exports) for no, mark in marks.items()}
    of_payout = {no.removesuffix("-J"): word for no, word in said.items() if no.endswith("-J")}
    for name, key, header in (("Journal", "No", "Status"), ("Settlements", "Payout", "Journal")):
        table = book.results.table(name)
        words = said if key == "No" else of_payout
        column = table.places[header]
        cells = tuple(Cell(row=row, column=column, value=words[value], style="text") for row, value in zip(table.rows, table.texts(key), strict=True) if value in words)  # fmt: skip
        if cells:
            yield Sheet(name=name, cells=cells, owned=False)


def several(words: Sequence[str]) -> str:
    """The first five words, and how many more."""
    return "; ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def said(found: Exported, what: str) -> list[str]:
    """What was done, for a person. `what`: 'payout' or 'voucher'."""
    names = ", ".join(found.items[:6]) + (f" and {len(found.items) - 6} more" if len(found.items) > 6 else "")
    said = [f"Wrote {len(found.items):,} {what}{'' if len(found.items) == 1 else 's'}: {names}."] if found.items else [f"Nothing new to export: no {what} was written."]  # fmt: skip
    said += [f"File: {path}" for path in found.files]
    said += [f"{len(found.skipped):,} voucher{'' if len(found.skipped) == 1 else 's'} had been exported before and stayed out."] if found.skipped else []  # fmt: skip
    return [*said, *(f"{problem.severity}: {problem}" for problem in found.problems)]


def as_json(found: Exported) -> dict[str, object]:
    """The object of `tieout export ... --json`."""
    problems = [{"code": one.code, "severity": str(one.severity), "message": one.what, "where": str(one.where), "fix": one.fix} for one in found.problems]  # fmt: skip
    return {"files": [str(path) for path in found.files], "written": list(found.items), "exported_before": list(found.skipped), "problems": problems}  # fmt: skip
