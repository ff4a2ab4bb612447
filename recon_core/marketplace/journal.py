"""Journal: for each payout a balanced voucher that says in the books what the portal did, and a receipt once the bank has the money.

Every entry is posted to its ledger account, + towards us as a credit; the clearing account (PAYOUT) takes the whole payout as a
debit, so that one voucher equals one transfer; the receipt moves what arrived from clearing to BANK. What is left on clearing is in
transit, missing, or arrived otherwise than announced. Books hold paise: what rounding leaves goes to ROUNDING.
Source: A2X, one journal per settlement equal to the deposit, and a clearing account; domain.md 2.4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.keys import mix
from recon_core.marketplace.facts import Facts
from recon_core.money import PAISA, Int64, sum_by, to_paise
from recon_core.posting import BANK, MAY_BE_NOT_OURS, NOT_OURS, PAYOUT, ROUNDING, Account, Accounts

Frames = dict[str, pd.DataFrame]
UInt64 = npt.NDArray[np.uint64]
JOURNAL, RECEIPT = "Journal", "Receipt"
COLUMNS = ("payout", "voucher", "day", "account", "entry", "order", "amount_minor", "lines", "key")


class Posted(NamedTuple):
    """The entries of all lines as they are posted: the entry's word, the payout, the amount and the line of each (m)."""

    words: list[str]
    code: Int64
    payout: Int64
    order: Int64
    minor: Int64
    line_id: UInt64


def journal(facts: Facts, frames: Frames) -> pd.DataFrame:
    """Settlements and entries -> rows of the vouchers, + a debit: COLUMNS; payouts with a refusal have none.

    payout and order count, -1 for none; `lines`: entries of the row; `key`: uint64 of the settlement lines it stands for, whatever their order.
    The amounts of a voucher add up to 0 at whole paise.
    """
    accounts = facts.market.accounts
    if accounts is None:
        return pd.DataFrame({name: [] for name in COLUMNS})
    refused = refusals(facts, frames)
    posted = _posted(facts, accounts)
    table = frames["settlements"]
    ok = np.array([payout not in refused for payout in range(len(table))], bool)
    rows = [_of_entries(posted, accounts, ok), *_of_payouts(table, accounts, posted, ok)]
    found = pd.concat(rows, ignore_index=True)
    day = np.where(found["voucher"] == RECEIPT, table["bank_day"].to_numpy()[found["payout"]], table["day"].to_numpy()[found["payout"]])  # fmt: skip
    found = _rounded(found.assign(day=day), accounts)
    found = found[found["amount_minor"] != 0]
    first = ~found["entry"].isin([PAYOUT, BANK])
    rank = {word: at for at, word in enumerate([PAYOUT, BANK, *posted.words, ROUNDING])}
    order = np.lexsort((found["order"], found["entry"].map(rank), first, found["voucher"] == RECEIPT, found["payout"]))
    return found.take(order).reset_index(drop=True)[list(COLUMNS)]


def refusals(facts: Facts, frames: Frames) -> dict[int, list[str]]:
    """Payouts that can have no voucher -> entries without an account, [] where the payout has no date."""
    accounts = facts.market.accounts
    if accounts is None:
        return {}
    posted = _posted(facts, accounts)
    table = frames["settlements"]
    n, width = len(table), max(len(posted.words), 1)
    used = np.bincount(posted.payout * width + posted.code, minlength=n * width).reshape(n, width) > 0
    fine = np.bincount(posted.payout[posted.minor % PAISA != 0], minlength=n) > 0  # parts of a paisa
    found: dict[int, list[str]] = {}
    for payout in range(n):
        own = [word for at, word in enumerate(posted.words) if used[payout, at]]
        missing = accounts.missing([PAYOUT, *own, *([ROUNDING] if fine[payout] else [])])
        if missing or table["day"].iloc[payout] == NO_DAY:
            found[payout] = missing
    return found


def _posted(facts: Facts, accounts: Accounts) -> Posted:
    """Entries with the word they are posted by: sales of orders that are not ours have a word of their own where a row gives them an account."""
    entries, lines = facts.lines.entries, facts.lines.frame
    types = [str(name) for name in entries["type"].cat.categories]
    named = {row.entry for row in accounts.rows}
    apart = [name for name in types if name in MAY_BE_NOT_OURS and f"{name}{NOT_OURS}" in named]
    words = [*types, *(f"{name}{NOT_OURS}" for name in apart)]
    pos, code = entries["pos"].to_numpy(), entries["type"].cat.codes.to_numpy().astype(np.int64)
    order = lines["order"].to_numpy()[pos]
    theirs = (order >= 0) & ~facts.in_orders[np.maximum(order, 0)] if facts.n else np.zeros(len(pos), bool)
    for name in apart:
        code = np.where(theirs & (code == types.index(name)), words.index(f"{name}{NOT_OURS}"), code)
    by_order = np.array([bool((account := accounts.of(word)) and account.by_order) for word in words] + [False])
    return Posted(
        words=words, code=code, payout=lines["payout"].to_numpy()[pos], order=np.where(by_order[code], order, -1),
        minor=entries["amount_minor"].to_numpy(), line_id=lines["line_id"].to_numpy()[pos],
    )  # fmt: skip


def _of_entries(posted: Posted, accounts: Accounts, ok: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """A row for each payout and entry (and order, where the account asks for it); towards us is a credit, so negative."""
    width, orders = len(posted.words), int(posted.order.max(initial=-1)) + 2
    key = (posted.payout * width + posted.code) * orders + posted.order + 1
    group, at = np.unique(key, return_inverse=True)
    sums = sum_by(at.astype(np.intp), -posted.minor, len(group))
    marks = np.zeros(len(group), np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(marks, at, mix(posted.line_id))
    pair, order = np.divmod(group, orders)
    payout, code = np.divmod(pair, width)
    names = [(accounts.of(word) or _NONE).name for word in posted.words]
    found = pd.DataFrame({
        "payout": payout, "voucher": JOURNAL, "account": [names[one] for one in code], "entry": [posted.words[one] for one in code],
        "order": order - 1, "amount_minor": sums, "lines": np.bincount(at, minlength=len(group)), "key": marks,
    })  # fmt: skip
    return found[ok[payout]]


_NONE = Account(entry="", name="")


def _of_payouts(table: pd.DataFrame, accounts: Accounts, posted: Posted, ok: npt.NDArray[np.bool_]) -> list[pd.DataFrame]:  # fmt: skip
    """The debit of the clearing account of each payout; and the receipt of what arrived, where BANK has an account."""
    n = len(table)
    marks, count = np.zeros(n, np.uint64), np.bincount(posted.payout, minlength=n)
    with np.errstate(over="ignore"):
        np.add.at(marks, posted.payout, mix(posted.line_id))

    def rows(voucher: str, entry: str, minor: Int64, wanted: npt.NDArray[np.bool_]) -> pd.DataFrame:
        name = (accounts.of(entry) or _NONE).name
        return pd.DataFrame({
            "payout": np.arange(n), "voucher": voucher, "account": name, "entry": entry, "order": -1, "amount_minor": minor, "lines": count, "key": marks,
        })[wanted]  # fmt: skip

    sums, bank = table["sum_minor"].to_numpy(), table["bank_minor"].to_numpy()
    found = [rows(JOURNAL, PAYOUT, sums, ok)]
    if accounts.of(BANK) is not None:
        arrived = ok & table["has_bank"].to_numpy() & (table["bank_day"].to_numpy() != NO_DAY)
        found += [rows(RECEIPT, BANK, bank, arrived), rows(RECEIPT, PAYOUT, -bank, arrived)]
    return found


def _rounded(found: pd.DataFrame, accounts: Accounts) -> pd.DataFrame:
    """Whole paise in every row; what they leave of a voucher is a row ROUNDING."""
    minor = to_paise(found["amount_minor"].to_numpy(np.int64), 1)
    found = found.assign(amount_minor=minor)
    rest = found.groupby(["payout", "voucher"], sort=True)[["amount_minor", "day"]].agg({"amount_minor": "sum", "day": "first"}).reset_index()  # fmt: skip
    rest = rest[rest["amount_minor"] != 0]
    account = (accounts.of(ROUNDING) or _NONE).name
    more = rest.assign(amount_minor=-rest["amount_minor"], account=account, entry=ROUNDING, order=-1, lines=0, key=np.uint64(0))  # fmt: skip
    return pd.concat([found, more], ignore_index=True) if len(more) else found
