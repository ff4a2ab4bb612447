"""Eshopbox's standard template for payments: which of its columns is which entry, and what of it may be changed.

Only columns of the form `Fee: XYZ` may be added, beside a closed list that names the line (settlement, line type,
invoice, AWB ...). Any other change is refused, naming the column. Fees are without tax, + is paid to us, - is taken
from us, and `Amount paid to you` is the sum of all other amounts.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from recon_core.dates import NO_DAY
from recon_core.entries import CUSTOM, EntryType, fee_of, type_of, word_of
from recon_core.money import grouped
from recon_core.problems import Place, Problem, Severity


class Role(StrEnum):
    """What a column of the template is for."""

    ORDER = "order"
    ITEM = "item"  # may be empty: the amounts are then split over the order's items
    NET = "net"
    AMOUNT = "amount"
    LINE_TYPE = "line type"
    PAYOUT = "payout"
    PAYOUT_DATE = "payout date"
    BANK_REFERENCE = "bank reference"
    INVOICE = "invoice"
    AWB = "AWB"
    NOTE = "note"


class Field(NamedTuple):
    """One column that the template knows. `shown`: it stands in the template we write; `needed`: no file is without it."""

    header: str
    role: Role
    type: str = ""  # of an amount: the entry type it has on a sale
    shown: bool = True
    needed: bool = False
    spellings: tuple[str, ...] = ()


# Source: Eshopbox, "Add payment", standard template. Reserve and the columns after it are ours, for lines it cannot tell apart.
FIELDS: tuple[Field, ...] = (
    Field("Order ID", Role.ORDER, needed=True, spellings=("order no", "order number", "order_id")),
    Field("SKU", Role.ITEM, spellings=("seller sku", "item", "esin")),
    Field("Amount paid to you", Role.NET, needed=True),
    Field("Amount paid by customer", Role.AMOUNT, EntryType.SALE, needed=True),
    Field("Fee: Commission", Role.AMOUNT, EntryType.COMMISSION),
    Field("Fee: Payment gateway", Role.AMOUNT, EntryType.GATEWAY),
    Field("Fee: Fixed", Role.AMOUNT, EntryType.FIXED),
    Field("Fee: Closing", Role.AMOUNT, EntryType.CLOSING),
    Field("Fee: Collection", Role.AMOUNT, EntryType.COLLECTION),
    Field("Fee: Logistics", Role.AMOUNT, EntryType.SHIP),
    Field("Fee: Reverse logistics", Role.AMOUNT, EntryType.RETURN_SHIP),
    Field("Claims", Role.AMOUNT, EntryType.CLAIM),
    Field("Tax on fees", Role.AMOUNT, EntryType.TAX_ON_FEE),
    Field("TCS", Role.AMOUNT, EntryType.TCS),
    Field("TDS", Role.AMOUNT, EntryType.TDS),
    Field("Reserve", Role.AMOUNT, EntryType.RESERVE, shown=False),
    Field("Adjustment", Role.AMOUNT, EntryType.ADJUSTMENT, shown=False),
    Field("Settlement ID", Role.PAYOUT, shown=False),
    Field("Settlement Date", Role.PAYOUT_DATE, shown=False, spellings=("transfer date",)),
    Field("UTR", Role.BANK_REFERENCE, shown=False, spellings=("bank reference",)),
    Field("Line Type", Role.LINE_TYPE, shown=False),
    Field("Invoice No", Role.INVOICE, shown=False, spellings=("invoice number",)),
    Field("AWB", Role.AWB, shown=False, spellings=("awb no",)),
    Field("Remarks", Role.NOTE, shown=False),
)  # fmt: skip
HEADERS: tuple[str, ...] = tuple(field.header for field in FIELDS if field.shown)
_KNOWN = {word_of(word): field for field in FIELDS for word in (field.header, *field.spellings)}
_MAKE_IT_ONE = ("Amount paid to you", "Amount paid by customer")
_OF_TYPE = {field.type: field for field in FIELDS if field.type}


class TemplateColumn(NamedTuple):
    """One column of a file in the template."""

    header: str  # as printed
    role: Role
    type: str = ""  # entry type on a sale, of amounts
    fee: str = ""  # the name under which the rate card knows it, of fees


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The columns of a file, and what is refused; with problems the file is not read."""

    columns: tuple[TemplateColumn, ...]
    problems: tuple[Problem, ...]

    @property
    def types(self) -> dict[str, str]:
        """Amount column -> entry type, for `entries.entries_of`."""
        return {column.header: column.type for column in self.columns if column.role is Role.AMOUNT}

    def header(self, role: Role) -> str:
        """The column of a role other than amount, '' for none."""
        return next((column.header for column in self.columns if column.role is role), "")

    def printed(self, name: str) -> str:
        """How this file prints a column that the template knows as `name`, '' where it has none."""
        field = next(field for field in FIELDS if field.header == name)
        return next((one.header for one in self.columns if (one.role, one.type) == (field.role, field.type)), "")


def entry_types_of(headers: Sequence[str], where: Place = Place()) -> Template:  # noqa: B008  an immutable tuple
    """Headers of a file -> its columns; a Stop for each that the template does not allow, has twice or lacks."""
    columns: list[TemplateColumn] = []
    problems: list[Problem] = []
    taken: dict[str, str] = {}
    for header in headers:
        bare = " ".join(header.split())
        repeated = re.fullmatch(r"(.+) \(\d+\)", bare)  # as the readers name a second column of one name
        if repeated and word_of(repeated.group(1)) in {word_of(one) for one in headers}:
            problems.append(_twice(header, repeated.group(1), where))
            continue
        column = _column(header)
        if column is None:
            problems.append(_refused(header, where))
            continue
        meaning = column.type or column.role.value
        if meaning in taken and column.role is not Role.NOTE:
            problems.append(_twice(header, taken[meaning], where))
            continue
        taken[meaning] = header
        columns.append(column)
    for field in FIELDS:
        if field.needed and (field.type or field.role.value) not in taken:
            fix = f"Add the column '{field.header}', spelled so."
            what = f"The standard template needs the column '{field.header}'."
            problems.append(Problem("T-266", Severity.STOP, where._replace(column=field.header), "", what, fix))
    return Template(columns=tuple(columns), problems=tuple(problems))


def refused_columns(
    headers: Sequence[str], named: Collection[str], has: Collection[Role], where: Place
) -> list[Problem]:
    """What keeps a file from being read as the template in a run. `named`: columns that Setup names, which may be there; `has`: roles it names.

    A file with neither of the two amounts that make it one, what was paid to us and by the customer, is no template and is not judged.
    """
    if not any(_KNOWN.get(word_of(header), FIELDS[0]).header in _MAKE_IT_ONE for header in headers):
        return []
    own = {word_of(name) for name in named}
    given = [header for header in headers if word_of(header) not in own or word_of(header) in _KNOWN]
    lacks = {field.header for field in FIELDS if field.role in has}
    problems = entry_types_of(given, where).problems
    return [one for one in problems if not (one.code == "T-266" and one.where.column in lacks)]


def _column(header: str) -> TemplateColumn | None:
    """What one header is, None where the template has no such column."""
    field = _KNOWN.get(word_of(header))
    entry_type = field.type if field else type_of(header)
    if field and not field.type:
        return TemplateColumn(header, field.role)
    is_fee = word_of(header).startswith("fee")
    if entry_type is None or not (is_fee or entry_type in _OF_TYPE):
        return None  # only `Fee: XYZ` may be new
    return TemplateColumn(header, Role.AMOUNT, entry_type, fee_of(entry_type))


def _refused(header: str, where: Place) -> Problem:
    near = difflib.get_close_matches(word_of(header), list(_KNOWN), n=1)
    meant = f"Rename it to '{_KNOWN[near[0]].header}'" if near else f"Name it '{CUSTOM}{header}' if it is a fee"
    what = f"The standard template has no column '{header}'."
    return Problem("T-265", Severity.STOP, where._replace(column=header), header, what, f"{meant}, or take it out.")


def _twice(header: str, first: str, where: Place) -> Problem:
    what = f"The column '{header}' means the same as the column '{first}'."
    fix = f"Put the amounts into one column, or give a fee of its own another name than '{header}'."
    return Problem("T-267", Severity.STOP, where._replace(column=header), header, what, fix)


def booking_problems(transfer_day: int, bank_reference: str, amount_minor: int, total_minor: int, where: Place) -> list[Problem]:  # fmt: skip
    """What keeps a payment from being booked: a date, a bank reference, and the amount of the report's total are needed."""
    problems = []
    if transfer_day == NO_DAY:
        problems.append(Problem("T-271", Severity.STOP, where, "", "The payment has no transfer date.", "Fill in the day of the transfer."))  # fmt: skip
    if not bank_reference.strip():
        problems.append(Problem("T-272", Severity.STOP, where, "", "The payment has no bank reference.", "Fill in the UTR of the transfer."))  # fmt: skip
    if amount_minor != total_minor:
        what = f"The transfer of {grouped(amount_minor)} is not the total of the report, {grouped(total_minor)}; they differ by {grouped(amount_minor - total_minor)}."
        fix = "Look for a row that is missing or doubled in the report, or correct the amount of the transfer."
        problems.append(Problem("T-273", Severity.STOP, where, grouped(amount_minor), what, fix))
    return problems
