"""Vouchers of the journal as they stand on a sheet: their numbers, their fingerprints, and whether they were exported before.

A voucher is known by its number, which its payout gives, and its fingerprint says whether its rows have changed since an export:
a settlement file that came late may change what was booked already, and then nobody should export it a second time unseen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from recon_core.money import to_text

SUFFIX = {"Journal": "J", "Receipt": "R"}
PROPOSED = "Proposed"
EXPORTED, CHANGED = "Exported", "Changed since the export"


class Posting(NamedTuple):
    """One row of a voucher; amounts in minor units, one of them 0."""

    no: str
    day: dt.date
    voucher: str
    account: str
    debit: int
    credit: int
    text: str
    payout: str
    entry: str
    order: str
    key: str


def number(payout: str, voucher: str) -> str:
    """The number of a voucher: 'FNSET-0410', Journal -> 'FNSET-0410-J'."""
    return f"{payout}-{SUFFIX[voucher]}"


def fingerprint(rows: Iterable[Posting]) -> str:
    """Sixteen hex digits of what a voucher posts: day, accounts, amounts, orders; the order of rows decides nothing."""
    texts = sorted(f"{row.day}|{row.account}|{to_text(row.debit)}|{to_text(row.credit)}|{row.order}" for row in rows)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def fingerprints(rows: Sequence[Posting]) -> dict[str, str]:
    """The fingerprint of each voucher, in the order of the rows."""
    found: dict[str, list[Posting]] = {}
    for row in rows:
        found.setdefault(row.no, []).append(row)
    return {no: fingerprint(mine) for no, mine in found.items()}


class Export(NamedTuple):
    """The last export of a voucher."""

    day: str
    fingerprint: str
    differs: bool = False  # written although the payout is not what arrived


def last_exports(log: Iterable[Mapping[str, object]]) -> dict[str, Export]:
    """Rows of the sheet Exports, oldest first -> the last export of each voucher."""
    return {
        str(row.get("No")): Export(_day(row.get("When")), str(row.get("Fingerprint") or ""), bool(row.get("Note")))
        for row in log
    }


def _day(value: object) -> str:
    return value.strftime("%d-%b-%Y") if isinstance(value, dt.date) else str(value or "")


def status(no: str, mark: str, exports: Mapping[str, Export]) -> str:
    """'Proposed', 'Exported 07-May-2026' or 'Changed since the export 07-May-2026'; ', with a difference' where the payout is not what arrived."""
    last = exports.get(no)
    if last is None:
        return PROPOSED
    word = f"{EXPORTED if last.fingerprint == mark else CHANGED} {last.day}".strip()
    return f"{word}, with a difference" if last.differs else word
