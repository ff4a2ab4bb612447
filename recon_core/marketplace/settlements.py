"""Settlements: each payout from what was expected of it to what its lines pay, what the portal says it transferred, and what arrived.

expected + differences by cause = the sum of its lines; lines + what of the transfer is not on them = the transfer. Structure
first, money second: a payout is Finalized only where both hold and nothing is unexplained.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.marketplace.facts import Facts
from recon_core.marketplace.words import Cause, PayoutStatus, State
from recon_core.money import Int64, sum_by
from recon_core.ratecard import UNKNOWN


def settlements(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Payouts and differences -> one row a payout, oldest first; credits of the bank that no payout explains are not here.

    payout, day, reference, state, orders, rows, expected_minor, difference_minor, unexplained_minor, sum_minor (its lines), has_stated, stated_minor,
    status (of the bank), has_bank, bank_minor, bank_day, bank_reference, gap_minor (what arrived, or else is stated, less the lines), differs.
    """  # fmt: skip
    table, found, lines = facts.lines.payouts, frames["differences"], facts.lines.frame
    n = len(table)
    own = frames["payouts"].iloc[:n].reset_index(drop=True)
    at = found["payout"].to_numpy(np.intp)
    gap = sum_by(at, found["difference_minor"].to_numpy(), n)
    blank = (found["cause"].astype("str") == str(Cause.UNEXPLAINED)).to_numpy()
    unexplained = sum_by(at[blank], np.abs(found["difference_minor"].to_numpy()[blank]), n)
    stated = table["stated_minor"].to_numpy()
    frame = own[["payout", "day", "reference", "rows", "sum_minor", "status", "bank_minor", "bank_day", "bank_reference"]].assign(
        orders=_orders(lines, n), difference_minor=gap, expected_minor=own["sum_minor"] - gap, unexplained_minor=unexplained,
        has_stated=stated != UNKNOWN, stated_minor=np.where(stated == UNKNOWN, 0, stated),
        has_bank=own["status"].isin([str(PayoutStatus.MATCHED), str(PayoutStatus.DIFFERS)]).to_numpy(),
    )  # fmt: skip
    return _judged(facts, frame)


def _judged(facts: Facts, frame: pd.DataFrame) -> pd.DataFrame:
    """With the gap between lines and transfer, whether it differs, and the state."""
    sums, has_bank, has_stated = (frame[name].to_numpy() for name in ("sum_minor", "has_bank", "has_stated"))
    stated_gap = np.where(has_stated, frame["stated_minor"].to_numpy() - sums, 0)
    bank_gap = np.where(has_bank, frame["bank_minor"].to_numpy() - sums, 0)
    within = facts.legs.bank_within_minor
    differs = (stated_gap != 0) | (np.abs(bank_gap) > within)
    unclear = facts.lines.payouts["other_stated_minor"].to_numpy() != facts.lines.payouts["stated_minor"].to_numpy()
    matched = (frame["status"] == str(PayoutStatus.MATCHED)).to_numpy()
    arrived = np.where(facts.legs.bank is not None, matched, has_stated)
    done = arrived & ~differs & ~unclear & (frame["unexplained_minor"].to_numpy() == 0)
    state = np.where(done, str(State.FINALIZED), str(State.OPEN))
    return frame.assign(
        gap_minor=np.where(has_bank, bank_gap, stated_gap), differs=differs, state=pd.Series(state, dtype="str")
    )


def _orders(lines: pd.DataFrame, payouts: int) -> Int64:
    """How many orders each payout settles something of."""
    order, payout = lines["order"].to_numpy(), lines["payout"].to_numpy()
    inside = order >= 0
    width = int(order.max(initial=0)) + 1
    pairs = pd.unique(payout[inside] * width + order[inside])
    return np.bincount(pairs // width, minlength=payouts).astype(np.int64)
