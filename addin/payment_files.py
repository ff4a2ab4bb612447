"""Eshopbox's standard template as a file: written to be filled in, and a filled one booked as the payment it is.

What is booked needs the day of the transfer, its amount, which is the total of the file, and a bank reference (T-271 to T-273); only then
do its rows get the payout they belong to, so that a run can find them in the bank.
Source: Eshopbox, "Add payment".
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from addin import plain_xlsx
from recon_core import money
from recon_core.dates import NO_DAY, from_date, read_dates
from recon_core.entries import CUSTOM, entries_of, sum_gaps, sum_problems
from recon_core.model import Raw, Source
from recon_core.money import grouped, read_amounts
from recon_core.plain_csv import shown
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.readers import read
from recon_core.standard_template import FIELDS, HEADERS, Field, Role, Template, booking_problems, entry_types_of

Int64 = npt.NDArray[np.int64]
NOTES: dict[Role, str] = {
    Role.ORDER: "The order id of the portal, on every row that is of an order. Rows without one (ads, penalties) belong to the payment all the same.",
    Role.ITEM: "Your SKU, the portal's or an ESIN. Empty: the amounts are split over the items of the order by their value, and add up exactly.",
    Role.NET: "What you were paid for the row: the sum of all other amounts. Its column adds up to the transfer.",
}  # fmt: skip
SIGNS = "+ is paid to you, - is taken from you; a fee that comes back is +."
NAMES = ("Settlement ID", "Settlement Date", "UTR")  # what booking fills in
ALSO = (
    *HEADERS,
    "Line Type",
    "Invoice No",
    "AWB",
    "Remarks",
)  # columns that recipes may map; added empty where a file has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What the bank and the portal say of a payment, as stated."""

    day: dt.date | None
    amount: str
    reference: str
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A booked payment; with problems nothing was written."""

    rows: int
    total_minor: int
    path: Path
    problems: tuple[Problem, ...] = ()


def headers_with(fees: Sequence[str]) -> tuple[str, ...]:
    """The columns of the template with a seller's own fees behind the default ones. Raises ReconError T-265, T-267."""
    last = max(at for at, header in enumerate(HEADERS) if header.startswith(CUSTOM))
    headers = (*HEADERS[: last + 1], *(" ".join(fee.split()) for fee in fees), *HEADERS[last + 1 :])
    problems = entry_types_of(headers, Place()).problems
    mine = {" ".join(fee.split()) for fee in fees}
    _refuse(
        [
            one._replace(fix=f"Write --fee '{CUSTOM}{one.raw}'.") if one.code == "T-265" and one.raw in mine else one
            for one in problems
        ]
    )
    return headers


def write_template(path: Path, fees: Sequence[str]) -> tuple[str, ...]:
    """Write the empty template as .xlsx (with a sheet of notes) or .csv; returns its headers. Raises ReconError T-265, T-267, T-282, T-283."""
    _check_target(path, (".xlsx", ".csv"))
    headers = headers_with(fees)
    if path.suffix.lower() == ".csv":
        _write(path, _csv([headers]).encode())
        return headers
    ids = [at for at, header in enumerate(headers) if header in ("Order ID", "SKU")]
    notes = [
        ("Column", "What to write"),
        *((header, note_of(header)) for header in headers),
        ("Other columns", _OTHERS),
    ]
    _write(
        path,
        plain_xlsx.workbook({"Payments": [headers], "Notes": notes}, text_columns=ids, widths={"Notes": (28, 170)}),
    )
    return headers


_OTHERS = (
    f"Only columns named '{CUSTOM}...' may be added, each the name of a fee as your rate card spells it; and "
    f"{', '.join(field.header for field in FIELDS if not field.shown)}. Any other column is refused."
)


def note_of(header: str) -> str:
    """What to write into a column of the template."""
    field = next((one for one in FIELDS if one.header == header), Field(header, Role.AMOUNT))
    if field.role in NOTES:
        return NOTES[field.role] + (f" {SIGNS}" if field.role is Role.NET else "")
    if header == "Tax on fees":
        return f"GST on the fees of the row: the fees themselves are without it. {SIGNS}"
    if header.startswith(CUSTOM):
        return f"Without GST. {SIGNS}"
    return SIGNS


def book_payment(path: Path, out: Path, transfer: Transfer) -> Booked:
    """Check a filled template row by row and against its transfer, and write it with payout, day and reference.

    Rows that cannot be booked come back as problems, all of them; any other mistake is a ReconError with the first.
    """
    _check_target(out, (".csv",))
    raw, problems = read(Source(name="Payment", path=str(path.absolute())), path.name)
    if raw is None:
        raise ReconError(problems[0])
    where = Place(file=raw.file, sheet=raw.sheet)
    template = entry_types_of([str(name) for name in raw.frame.columns], where)
    _refuse(template.problems)
    amounts, unread = _amounts(raw, template)
    net = amounts.pop(template.header(Role.NET))
    if found := unread or _sums(raw, template, amounts, net):
        return Booked(rows=0, total_minor=0, path=out, problems=tuple(found))
    total = int(net.sum())
    amount = _amount(transfer.amount, where, total)
    day = NO_DAY if transfer.day is None else from_date(transfer.day)
    _refuse(booking_problems(day, transfer.reference, amount, total, where))
    _write(out, _csv(_booked(raw, template, transfer)).encode())
    return Booked(rows=len(raw.frame), total_minor=total, path=out)


def _amounts(raw: Raw, template: Template) -> tuple[dict[str, Int64], list[Problem]]:
    """Amount columns in minor units, an empty cell is nothing; a Stop (T-281) for each cell that is no amount, or a net that is empty."""
    found, problems = {}, []
    for header in (template.header(Role.NET), *template.types):
        amounts = read_amounts(raw.frame[header], typed=raw.typed.get(header))
        bad = ~amounts.ok & ~(amounts.blank & (header in template.types))
        for at in bad.nonzero()[0]:
            printed = str(raw.frame[header].iloc[int(at)])
            place = Place(file=raw.file, sheet=raw.sheet, row=int(raw.row[int(at)]), column=header)
            what = f"'{printed}' in '{header}' is not an amount, so the total cannot be told."
            problems.append(Problem("T-281", Severity.STOP, place, printed, what, "Correct the cell, or take the row out."))  # fmt: skip
        found[header] = amounts.minor
    return found, problems


def _sums(raw: Raw, template: Template, amounts: Mapping[str, Int64], net: Int64) -> list[Problem]:
    """A Stop (T-305) for each row whose amounts do not add up to what was paid; one (T-262) where all fees are written without a minus.

    A run would leave such a row out (T-261), and the payout would not be its transfer.
    """

    def place(at: int) -> Place:
        return Place(file=raw.file, sheet=raw.sheet, row=int(raw.row[at]), column=header)

    header = template.header(Role.NET)
    entries = entries_of(np.zeros(len(net), np.int8), amounts, template.types)
    found = sum_problems(entries, net, place)
    if not found or found[0].code == "T-262":
        return found
    gaps = sum_gaps(entries, net)
    problems = []
    for at in gaps.nonzero()[0].tolist():
        what = f"The amounts of the row add up to {grouped(int(net[at] - gaps[at]))}, '{header}' is {grouped(int(net[at]))}: {grouped(int(gaps[at]))} apart."
        fix = "Correct the amounts; + is paid to you, - is taken from you. Nothing is booked until every row adds up."
        problems.append(Problem("T-305", Severity.STOP, place(at), str(raw.frame[header].iloc[at]), what, fix))
    return problems


def _amount(text: str, where: Place, total: int) -> int:
    try:
        return money.to_minor(text.replace(",", "").strip())
    except ValueError as error:
        what = f"'{text}' is not the amount of a transfer." if text.strip() else "The payment has no amount."
        fix = f"Give the amount of the transfer as the bank has it; the report adds up to {grouped(total)}."
        raise ReconError(Problem("T-284", Severity.STOP, where, text, what, fix)) from error


def _booked(raw: Raw, template: Template, transfer: Transfer) -> list[Sequence[str]]:
    """Header and rows with the payout's columns first; the template's columns are all there, spelled as recipes map them.

    Cells that stand there and say something else are refused (T-283).
    """
    given = dict(zip(NAMES, (transfer.reference.strip(), str(transfer.day), transfer.reference.strip()), strict=True))
    roles = dict(zip(NAMES, (Role.PAYOUT, Role.PAYOUT_DATE, Role.BANK_REFERENCE), strict=True))
    frame = raw.frame.copy()
    for name in NAMES[1:]:
        if header := template.header(roles[name]):
            _same(raw, header, given[name], is_day=name == "Settlement Date")
            frame[header] = given[name]
    missing = [name for name in NAMES if not template.header(roles[name])]
    frame = frame.assign(**{name: given[name] for name in missing})
    frame = frame.assign(**{name: transfer.remarks if name == "Remarks" else "" for name in ALSO if not template.printed(name)})  # fmt: skip
    spelled = {
        printed: name for name in (*ALSO, *NAMES) if (printed := template.printed(name))
    }  # recipes map the template's own
    frame = frame.rename(columns=spelled)
    amounts = {spelled.get(header, header) for header in (*template.types, template.header(Role.NET))}
    for name in frame.columns:
        frame[name] = _as_plain(frame[name].astype("str"), is_amount=name in amounts)
    order = [*missing, *(name for name in frame.columns if name not in missing)]
    return [order, *frame[order].to_numpy().tolist()]


def _as_plain(cells: pd.Series, *, is_amount: bool) -> pd.Series:
    """Cells of a CSV that no spreadsheet takes for formulas; an amount keeps its sign."""
    number = read_amounts(cells).ok if is_amount else np.zeros(len(cells), bool)
    return pd.Series(
        [text if fine else shown(text) for text, fine in zip(cells, number, strict=True)],
        index=cells.index,
        dtype="str",
    )


def _same(raw: Raw, header: str, given: str, *, is_day: bool) -> None:
    """Refuse a file whose own column names another transfer."""
    cells = raw.frame[header].astype("str").str.strip()
    if is_day:
        read_days, wanted = read_dates(cells), from_date(dt.date.fromisoformat(given))
        other = (cells != "").to_numpy() & ~(read_days.ok & (read_days.day == wanted))
    else:
        other = ((cells != "") & (cells.str.upper() != given.upper())).to_numpy()
    if other.any():
        at = int(other.argmax())
        what = f"The row names '{cells.iloc[at]}' in '{header}', the payment to book {given}."
        place = Place(file=raw.file, sheet=raw.sheet, row=int(raw.row[at]), column=header)
        raise ReconError(Problem("T-283", Severity.STOP, place, str(cells.iloc[at]), what, "Book each transfer from a file of its own."))  # fmt: skip


def _check_target(path: Path, kinds: Sequence[str]) -> None:
    """Refuse a name of another kind, and a file that stands already."""
    if path.suffix.lower() not in kinds:
        what = f"{path.name} is no {' or '.join(kinds)} file."
        raise ReconError(Problem("T-282", Severity.STOP, Place(file=path.name), path.name, what, f"Name it {path.stem}{kinds[0]}."))  # fmt: skip
    if path.exists() or not path.absolute().parent.is_dir():
        what = f"{path.name} exists already." if path.exists() else "The folder does not exist."
        raise ReconError(Problem("T-282", Severity.STOP, Place(file=str(path)), path.name, what, "Choose another name or folder."))  # fmt: skip


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise ReconError(problems[0])


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as out:
            out.write(content)
    except OSError as error:
        what = f"The file cannot be made there: {error.strerror}."
        raise ReconError(Problem("T-282", Severity.STOP, Place(file=str(path)), path.name, what, "Choose another name or folder.")) from error  # fmt: skip
