"""The table Accounts: to which ledger account each entry of a payout is posted, and whether order by order.

An entry is a word of `entries` (SALE, TCS, 'Fee: Packaging'), or one of the three that a journal itself needs: PAYOUT (the
clearing account, which takes the whole payout), BANK (where the credit arrives) and ROUNDING. An entry without a row of its
own is never guessed: it is named, and the payout has no journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recon_core.entries import EntryType, type_of, word_of
from recon_core.problems import Place, Problem, Severity
from recon_core.schema import Row

PAYOUT, BANK, ROUNDING = "PAYOUT", "BANK", "ROUNDING"
OWN = (PAYOUT, BANK, ROUNDING)
NOT_OURS = " (not ours)"  # of a sale or a refund of an order that is not in our books
MAY_BE_NOT_OURS = (EntryType.SALE.value, EntryType.RETURN_SALE.value)
BY_ORDER = "order"
LONGEST = 100  # characters of an account's name; longer ones are no names of ledgers


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One row: the entry, its ledger account, and whether each order has a row of its own in the journal."""

    entry: str
    name: str
    by_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The rows by entry. Without a row for the orders that are not ours their sales go where all sales go."""

    rows: tuple[Account, ...]

    def of(self, entry: str) -> Account | None:
        """The account of an entry, None where no row names it."""
        named = {row.entry: row for row in self.rows}
        return named.get(entry) or named.get(entry.removesuffix(NOT_OURS))

    def missing(self, entries: Iterable[str]) -> list[str]:
        """Entries without an account, in their order."""
        return [entry for entry in dict.fromkeys(entries) if self.of(entry) is None]


def entry_of(text: str) -> str | None:
    """The entry a word of the table means, None for an unknown one: 'comission' -> COMMISSION, 'Sale (not ours)' -> SALE (not ours)."""
    bare = " ".join(text.split())
    if word_of(bare).upper() in OWN:
        return word_of(bare).upper()
    if bare.casefold().endswith(NOT_OURS):
        found = type_of(bare[: -len(NOT_OURS)])
        return f"{found}{NOT_OURS}" if found in MAY_BE_NOT_OURS else None
    return type_of(bare)


def parse_accounts(rows: Sequence[Row]) -> tuple[Accounts | None, list[Problem]]:
    """Rows of the table Accounts -> Accounts, None for an empty table; and every mistake in them."""
    found: dict[str, Account] = {}
    problems: list[Problem] = []
    for row in rows:
        problem = _mistake(row, found)
        if problem:
            problems.append(problem)
            continue
        entry = entry_of(row.text("Entry")) or ""
        found[entry] = Account(entry=entry, name=_name(row), by_order=row.text("Post by").casefold() == BY_ORDER)
    return Accounts(rows=tuple(found.values())) if rows else None, problems


def _name(row: Row) -> str:
    return " ".join(row.text("Account").split())


def _mistake(row: Row, above: dict[str, Account]) -> Problem | None:
    """What keeps a row from being used."""
    for name in ("Entry", "Account"):
        if not row.text(name):
            return _stop("S-131", row.cell(name), "", f"The row has no {name}.", f"Fill in {name}, or empty the row.")
    entry, text = entry_of(row.text("Entry")), row.text("Entry")
    if entry is None:
        fix = f"Write a type of the sheet Releases such as COMMISSION or Fee: Packaging, or one of: {', '.join(OWN)}."
        return _stop("S-132", row.cell("Entry"), text, f"'{text}' is no entry.", fix)
    if entry in above:
        what = f"{entry} has the account '{above[entry].name}' above."
        return _stop("S-133", row.cell("Entry"), text, what, "Take one of the two rows away.")
    if len(_name(row)) > LONGEST or not _name(row).isprintable():
        fix = f"Type the name of the ledger as your books have it, at most {LONGEST} characters."
        return _stop("S-134", row.cell("Account"), text, "The name of the account is too long, or has signs that cannot be printed.", fix)  # fmt: skip
    if row.text("Post by").casefold() == BY_ORDER and entry in OWN:
        fix = "Empty the cell."
        return _stop("S-135", row.cell("Post by"), row.text("Post by"), f"{entry} is of the payout as a whole, so it has no orders.", fix)  # fmt: skip
    return None


def _stop(code: str, cell: str, raw: str, what: str, fix: str) -> Problem:
    sheet, _, address = cell.rpartition("!")
    return Problem(code, Severity.STOP, Place(sheet=sheet, cell=address), raw, what, fix)
