"""What every report is given: the results, the recipe, the facts of the run, and what stood on the sheets before."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core.dates import to_date
from recon_core.marketplace import Books
from recon_core.model import FileFacts, OtherFile, Result
from recon_core.posting import BANK, PAYOUT
from recon_core.prepare import SourceTable
from recon_core.problems import Problem, Severity, worst
from recon_core.recipe import Recipe
from recon_core.schema import as_text as as_plain
from recon_core.sheets import Cell, Column, Kind, Sheet, Table
from recon_core.vouchers import Posting, number

TABLE_ROW = 5  # result tables have their header here
YES_NO = ("Yes", "No")
PART_WORDS = {"Order value": "Sale", "Returns and refunds": "Returns"}  # of an entry, as Orders calls them
BAND_WORDS = {"1-7": "1 to 7 days", "8-15": "8 to 15 days", "16-30": "16 to 30 days", "31-60": "31 to 60 days", "Over 60": "Over 60 days"}  # fmt: skip  # a criterion "1-7" is a date to SUMIFS
TYPED = ("Reason code", "Owner", "Due", "Comment", "Tick")  # columns of Exceptions that belong to the user


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Facts of this run that the core cannot know: who, when, on which machine."""

    number: int
    started: dt.datetime
    ended: dt.datetime
    user: str = ""
    machine: str = ""
    version: str = ""
    setup_hash: str = ""
    result_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """A table that does not fit a sheet and stands in a file beside the workbook."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """What the run before left in the workbook: its row of the run log, and its tables by sheet, amounts in minor units.

    `number` 0: no earlier run is known. `missing`: sheets that are gone, renamed or not of that run.
    """

    number: int = 0
    as_of: dt.date | None = None
    setup_hash: str = ""
    files_hash: str = ""
    result_hash: str = ""
    version: str = ""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    changes: Sequence[dict[str, object]] = ()  # rows of its sheet Changes

    def table(self, sheet: str) -> pd.DataFrame:
        """The table of a sheet that is not missing."""
        return self.tables[sheet]

    def texts(self, sheet: str, column: str) -> list[str]:
        """A column as texts; [] where the sheet is missing."""
        return [as_plain(value) for value in self.tables[sheet][column]] if sheet in self.tables else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run on its way to the sheets. `details` are the big tables by Excel table name, made once by `details`."""

    results: Mapping[str, Result]
    recipe: Recipe
    problems: Sequence[Problem]
    run: Run
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    overflow: Mapping[str, Overflow] = field(default_factory=dict)
    notes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # Exc key -> typed column -> value
    own_columns: Sequence[str] = ()  # columns the user has added to the table of Exceptions
    kept_notes: Sequence[Mapping[str, object]] = ()  # earlier rows of Notes history
    log: Sequence[Mapping[str, object]] = ()  # earlier rows of the run log
    others: Sequence[OtherFile] = ()  # files that were read beside the legs
    tables: Sequence[SourceTable] = ()  # sources that formulas fill or look into
    source_sheets: Mapping[str, str] = field(default_factory=dict)  # source -> its sheet
    standing: Mapping[str, str] = field(default_factory=dict)  # sheets that an earlier run has written -> their source
    books: Books | None = None  # the marketplace's money
    previous: Previous | None = None  # None: this is the first run, and no sheet Changes stands
    market_sheets: Sequence[str] = ()  # sheets of the marketplace that an earlier run has written
    exports: Sequence[Mapping[str, object]] = ()  # rows of the sheet Exports, oldest first

    @property
    def outcome(self) -> str:
        """'ok' or 'warn': whether something deserves eyes."""
        return (
            "warn" if worst(self.problems) is Severity.LEFT_OUT or any(p.code in WARNS for p in self.problems) else "ok"
        )

    @property
    def postings(self) -> list[Posting]:
        """The rows of the journal as they stand on its sheet."""
        return [] if self.books is None else _postings(self.books)

    def files(self, result: Result, side: int) -> list[FileFacts]:
        """The files of one side of a leg."""
        return [file for file in result.files if file.side == side]


def _postings(books: Books) -> list[Posting]:
    """Rows of the journal in words; a debit is positive in the books."""
    payouts, ids = books.settlements["payout"].astype("str").tolist(), books.orders["order_id"].astype("str").tolist()
    references = books.settlements["reference"].astype("str").tolist()
    marks = hex_ids(books.journal["key"].to_numpy(np.uint64)).tolist()
    rows = books.journal
    numbers = zip(*(rows[name].to_numpy(np.int64).tolist() for name in ("payout", "order", "day", "amount_minor", "lines")), strict=True)  # fmt: skip
    texts = zip(*(rows[name].astype("str").tolist() for name in ("voucher", "account", "entry")), marks, strict=True)
    found = []
    for (at, order, day_no, minor, lines), (voucher, account, entry, key) in zip(numbers, texts, strict=True):
        payout, order_id, date = payouts[at], ids[order] if order >= 0 else "", to_date(day_no)
        if date is None:
            raise ValueError(f"a voucher of {payout} has no date")
        text = _said(entry, voucher, payout, order_id, references[at], lines)
        found.append(Posting(
            no=number(payout, voucher), day=date, voucher=voucher, account=account, debit=max(minor, 0), credit=max(-minor, 0), text=text,
            payout=payout, entry=entry, order=order_id, key=key,
        ))  # fmt: skip
    return found


def _said(entry: str, voucher: str, payout: str, order: str, reference: str, lines: int) -> str:
    """What a posting says of itself: 'COMMISSION of payout FNSET-0410, 124 entries'."""
    if entry == PAYOUT and voucher == "Journal":
        return f"Payout {payout}" + (f", reference {reference}" if reference not in ("", payout) else "")
    if entry in (PAYOUT, BANK):
        return f"Bank credit of payout {payout}" + (f", reference {reference}" if reference not in ("", payout) else "")
    of = f"order {order} in payout {payout}" if order else f"payout {payout}"
    return f"{entry} of {of}" + (f", {lines:,} entries" if lines > 1 else "")


WARNS = frozenset({
    "F-304", "F-306", "F-307", "F-309", "F-322", "F-326", "F-327", "F-332", "K-401", "K-403", "K-404", "K-405", "K-406", "K-451", "M-202", "R-701", "T-224", "T-241", "T-298",
    "D-705", "D-706", "D-708", "D-710", "L-601", "L-602", "L-603", "X-801", "X-802",
})  # fmt: skip  # notes that deserve eyes


def heading(case: Case, title: str, hint: str) -> tuple[Cell, ...]:
    """Rows 1 to 3 of a result sheet: title, what it belongs to, how to read it."""
    entity = case.recipe.entity or case.recipe.title
    parts = [
        entity,
        period_words(case.recipe),
        f"run {case.run.number}",
        f"amounts in {case.recipe.currency or 'the currency of the files'}",
    ]
    return (
        Cell(row=1, column=1, value=title, style="title"),
        Cell(row=2, column=1, value=" · ".join(filter(None, parts)), style="subtitle"),
        Cell(row=3, column=1, value=hint, style="subtitle"),
    )


def files_hash(results: Mapping[str, Result], others: Sequence[OtherFile]) -> str:
    """One hash over the fingerprints of all files, each counted once whatever its name."""
    files: list[FileFacts | OtherFile] = [file for result in results.values() for file in result.files]
    return short_hash("".join(sorted({f"{file.sha256}{file.sheet}" for file in [*files, *others]})))


def short_hash(text: str) -> str:
    """Sixteen hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def period_words(recipe: Recipe) -> str:
    """'1 Apr 2026 to 30 Apr 2026, as of 6 May 2026', as far as stated."""
    span = " to ".join(day(date) for date in (recipe.period_from, recipe.period_to) if date)
    return ", ".join(filter(None, [span, f"as of {day(recipe.as_of)}" if recipe.as_of else ""]))


def day(date: dt.date) -> str:
    """'1 Apr 2026' in English whatever the locale."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{date.day} {months[date.month - 1]} {date.year}"


def detail_sheet(
    case: Case, name: str, table: str, columns: Sequence[Column], hint: str, tab: str = "white", *, still: str = ""
) -> Sheet:
    """A sheet that is one table of `case.details`; a table in a file beside the workbook leaves a pointer. `still`: see `after`."""
    frame = case.details[table]
    cells = heading(case, name, hint)
    if table in case.overflow:
        place = case.overflow[table]
        where = f"{place.rows:,} rows do not fit a sheet. They stand in {place.file} beside this workbook (SHA-256 {place.sha256})."
        cells += (Cell(row=4, column=1, value=where, style="warn"),)
        frame = frame.iloc[:0]
    return Sheet(
        name=name, cells=cells, tab=tab, freeze_row=TABLE_ROW + 1, freeze_column=after(columns, still),
        tables=(Table(name=table, columns=tuple(columns), frame=frame, row=TABLE_ROW),),
    )  # fmt: skip


def after(columns: Sequence[Column], still: str) -> int:
    """The first column that scrolls where those up to `still` say which row it is; 0 for '', where all fit a screen."""
    return 2 + [column.name for column in columns].index(still) if still else 0


def market_sheet(
    case: Case, name: str, table: str, columns: Sequence[Column], hint: str, *, still: str = ""
) -> list[Sheet]:
    """The sheet of a table of the marketplace; none without one, but an earlier run's is emptied so that no old figure stands."""
    if case.books is not None:
        return [detail_sheet(case, name, table, columns, hint, still=still)]
    return [emptied(case, name, table, columns)] if name in case.market_sheets else []


def emptied(case: Case, name: str, table: str, columns: Sequence[Column]) -> Sheet:
    """A sheet of an earlier run without its rows."""
    said = "Setup names no marketplace any more, so this run has no figures here; the sheet may be deleted."
    none = pd.DataFrame({column.name: [] for column in columns})
    return Sheet(
        name=name, cells=heading(case, name, said), tab="grey", freeze_row=TABLE_ROW + 1,
        tables=(Table(name=table, columns=tuple(columns), frame=none, row=TABLE_ROW),),
    )  # fmt: skip


def words(column: pd.Series) -> pd.Series:
    """A column of words or categories as str."""
    return column.astype("str").reset_index(drop=True)


def coded(column: pd.Series, shown: Mapping[str, str] | None = None) -> pd.Series:
    """A category as it is, a byte or two a row where `words` takes twenty: for tables of millions. `shown`: words that read otherwise."""
    found = column.cat.rename_categories(dict(shown)) if shown else column
    return found.reset_index(drop=True)


def blank_where(minor: pd.Series, flags: npt.NDArray[np.bool_]) -> pd.Series:
    """Amounts (int64) with blank cells where a flag is set; the amounts are not copied."""
    return pd.Series(pd.arrays.IntegerArray(minor.to_numpy(np.int64), flags.copy()))


def named(names: Sequence[str], codes: npt.NDArray[np.integer]) -> pd.Series:
    """Small codes -> their words as a str column; -1 is ''."""
    words = pa.array([*names, ""], pa.large_string())
    return as_text(words.take(pa.array(np.where(codes < 0, len(names), codes))))


def as_text(array: pa.Array) -> pd.Series:
    """An Arrow text array as a str column without a copy to Python objects."""
    return pd.Series(pd.array(pa.chunked_array([array]), dtype="str"))


def hex_ids(ids: npt.NDArray[np.uint64]) -> pd.Series:
    """64-bit ids as sixteen hex digits; 0 is ''."""
    digits = np.frombuffer("".join(f"{n:02x}" for n in range(256)).encode(), "S2")
    text = digits[ids.astype(">u8").view(np.uint8).reshape(-1, 8)].view("S16").ravel()
    array = (
        pa.Array.from_buffers(pa.binary(16), len(text), [None, pa.py_buffer(text.tobytes())])
        .cast(pa.binary())
        .cast(pa.large_string())
    )
    return as_text(pc.if_else(pa.array(ids == 0), "", array)) if (ids == 0).any() else as_text(array)


def numbers(side: int, no: npt.NDArray[np.int64], sides: npt.NDArray[np.int8]) -> pd.Series:
    """The ordinal of lines of one side, empty for the other side."""
    return pd.Series(pd.array(np.where(sides == side, no, 0), dtype="Int64")).mask(sides != side)


BLOCK = 250_000  # sums of squares up to here are exact in a double


def square(no: pd.Series) -> pd.Series:
    """Square of the ordinal within its block of 250,000, empty where the ordinal is."""
    inside = (no - 1) % BLOCK + 1
    return inside * inside


PROOF = (
    Column(name="A no", kind=Kind.INTEGER, width=9), Column(name="B no", kind=Kind.INTEGER, width=9),
    Column(name="A no squared", kind=Kind.INTEGER, width=12), Column(name="B no squared", kind=Kind.INTEGER, width=12),
)  # fmt: skip


def proof_columns(lines: pd.DataFrame) -> dict[str, pd.Series]:
    """The ordinals that prove on Summary that each row stands on one sheet only."""
    no, side = lines["no"].to_numpy(), lines["side"].to_numpy()
    a_no, b_no = numbers(0, no, side), numbers(1, no, side)
    return {"A no": a_no, "B no": b_no, "A no squared": square(a_no), "B no squared": square(b_no)}
