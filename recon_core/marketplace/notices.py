"""What the finished figures show that deserves eyes: payouts that are not their transfer or later than the as-of day, entries without an account, rows without an item, orders without a due date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from recon_core.dates import to_date
from recon_core.marketplace.facts import Facts
from recon_core.money import grouped
from recon_core.problems import Place, Problem, Severity
from recon_core.releases import whole_problems
from recon_core.terms import due_problems

Frames = Mapping[str, pd.DataFrame]
LOOK = "Look for rows that are missing, doubled or left out in its file; ask the portal where there are none."


def notices(facts: Facts, frames: Frames, refused: Mapping[int, Sequence[str]]) -> tuple[Problem, ...]:
    """Facts, frames, and the payouts that can have no journal -> Problems, payouts in their order."""
    return (
        *_transfers(facts, frames),
        *_after(facts, frames),
        *_accounts(facts, refused),
        *_items(facts),
        *_dues(facts, frames),
    )


def _place(facts: Facts, payout: int) -> Place:
    settlement = facts.results[facts.legs.settlement.name]
    return Place(file=settlement.files[int(facts.lines.payouts["file"].iloc[payout])].file)


def _transfers(facts: Facts, frames: Frames) -> Iterator[Problem]:
    """Payouts whose lines do not add up to what the portal states, or to what the bank credited."""
    table = frames["settlements"]
    other = facts.lines.payouts["other_stated_minor"].tolist()
    names = ("sum_minor", "stated_minor", "bank_minor", "gap_minor", "has_stated", "has_bank")
    columns = zip(table["payout"].astype("str"), other, *(table[name].tolist() for name in names), strict=True)
    for at, (payout, largest, lines, stated, bank, gap, has_stated, has_bank) in enumerate(columns):
        states_two = has_stated and largest != stated
        if states_two:
            what = f"The rows of payout {payout} state several transfers, from {grouped(stated)} to {grouped(largest)}."
            yield Problem("X-802", Severity.NOTE, _place(facts, at), payout, what, "Map the column that holds the transfer of the whole payout as 'payout total', or take the row out of Marketplace.")  # fmt: skip
        differ = []
        if has_stated and stated != lines and not states_two:
            differ.append(f"the stated transfer is {grouped(stated)}; they differ by {grouped(stated - lines)}")
        if has_bank and abs(gap) > facts.legs.bank_within_minor:
            differ.append(f"the bank credited {grouped(bank)}; they differ by {grouped(gap)}")
        if differ:
            what = f"The lines of payout {payout} add up to {grouped(lines)}, {', and '.join(differ)}."
            yield Problem("X-801", Severity.NOTE, _place(facts, at), payout, what, LOOK)


def _after(facts: Facts, frames: Frames) -> Iterator[Problem]:
    """Payouts dated, or credited, after the as-of day: it ages what is awaited, and leaves nothing out."""
    own = frames["payouts"].iloc[: len(facts.lines.payouts)]
    later = facts.is_later(own["day"].to_numpy(np.int64))
    if facts.legs.bank is not None:
        later |= facts.is_later(own["bank_day"].to_numpy(np.int64))
    count = int(later.sum())
    if count:
        day = str(to_date(facts.cut_off))
        total = grouped(int(own["sum_minor"].to_numpy()[later].sum()))
        said = f"{count:,} payouts of {total} in all are" if count > 1 else f"1 payout of {total} is"
        what = f"{said} dated, or credited, after the as-of day {day}; the orders in {'them' if count > 1 else 'it'} count as paid all the same."
        yield Problem("R-760", Severity.NOTE, Place(sheet="Setup"), day, what, "Change As of in Setup to a later day, or take the later files out to see the orders as they stood on that day.")  # fmt: skip


def _accounts(facts: Facts, refused: Mapping[int, Sequence[str]]) -> Iterator[Problem]:
    """Entries without a ledger account, each once, with the payouts that have no journal for it; payouts without a date."""
    names = facts.lines.payouts["payout"].tolist()
    of_entry: dict[str, list[str]] = {}
    for payout, missing in refused.items():
        for entry in missing:
            of_entry.setdefault(entry, []).append(str(names[payout]))
        if not missing:
            what = f"Payout {names[payout]} has no date, so no journal is proposed for it."
            yield Problem("X-804", Severity.NOTE, _place(facts, payout), str(names[payout]), what, "Fill in its date in the file, or map the column as 'payout date'.")  # fmt: skip
    for entry, payouts in of_entry.items():
        shown = ", ".join(payouts[:3]) + (f" and {len(payouts) - 3} more" if len(payouts) > 3 else "")
        what = f"No account is set for {entry}, so no journal is proposed for payout{'s' if len(payouts) > 1 else ''} {shown}."
        yield Problem("X-803", Severity.NOTE, Place(sheet="Accounts"), entry, what, f"Add a row to the table Accounts: {entry} and the ledger of your books.")  # fmt: skip


def _items(facts: Facts) -> list[Problem]:
    """Rows of orders of ours that name no item, while the items of that order are not known (and of others they are): their amounts stay whole."""
    lines, goods = facts.lines.frame, facts.goods
    if not (facts.items != "").any():
        return []
    named = (facts.items != "").to_numpy()
    has_item = np.bincount(goods.order[named], minlength=max(facts.n, 1)) > 0
    order = lines["order"].to_numpy()
    ours = facts.in_orders[np.maximum(order, 0)] & (order >= 0)
    whole = np.flatnonzero(ours & lines["is_blank"].to_numpy() & ~has_item[np.maximum(order, 0)])
    settlement = facts.results[facts.legs.settlement.name]

    def place_of(pos: int) -> Place:
        file = settlement.files[int(lines["file"].iloc[pos])]
        return Place(file=file.file, sheet=file.sheet, row=int(lines["row"].iloc[pos]))

    return whole_problems(whole, place_of)


def _dues(facts: Facts, frames: Frames) -> list[Problem]:
    """Orders without a due date, by the reason; where there are no payment terms at all Setup has said so."""
    orders = frames["orders"]
    return due_problems(orders["no_due"].to_numpy(), orders["order_id"]) if facts.market.terms else []
