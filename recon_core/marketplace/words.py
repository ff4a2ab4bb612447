"""Codes of the analyses and their words, and words gathered by group. What two analyses need stands here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import pandas as pd

from recon_core.dues import PAYMENTS, Payment
from recon_core.entries import Part
from recon_core.model import Status
from recon_core.money import Int64
from recon_core.texts import words_of

ONLY_A, ONLY_B = "Only in A", "Only in B"
VERDICTS = ("", str(Status.MATCHED), str(Status.PARTIALLY_MATCHED), ONLY_A, ONLY_B)  # of an order in a leg; A is ours
PARTLY = VERDICTS.index(str(Status.PARTIALLY_MATCHED))
AWAITING = PAYMENTS.index(Payment.AWAITING)
COLUMN: dict[Part, tuple[str, int]] = {  # part of the money chain -> column and its sign there
    Part.SALES: ("sale_minor", 1), Part.RETURNS: ("returns_minor", -1), Part.CHARGEBACKS: ("chargebacks_minor", -1),
    Part.FEES: ("fees_minor", -1), Part.PENALTIES: ("penalties_minor", -1), Part.TAX: ("tax_on_fees_minor", -1),
    Part.TCS: ("tcs_minor", -1), Part.TDS: ("tds_minor", -1), Part.CLAIMS: ("claims_minor", 1),
    Part.RESERVE: ("reserve_minor", 1), Part.ADJUSTMENTS: ("adjustments_minor", 1),
}  # fmt: skip
TAX = "Tax"  # the fee row of GST on fees
TAXES = ("TCS", "TDS")  # cards that are no fees


class FeeStatus(StrEnum):
    """What the audit of a fee came to. Pending: not agreed, and the sale or a return of the order is not settled in full."""

    RECONCILED = "Reconciled"
    DISPUTED = "Disputed"
    FAILED = "Failed"
    PENDING = "Pending"


FEE_STATUSES = tuple(FeeStatus)
RECONCILED, DISPUTED, FAILED, PENDING = range(len(FEE_STATUSES))
REASONS = ("", "FEE_OVERCHARGE", "FEE_NOT_REVERSED", "FEE_UNDERCHARGE", "FEE_UNCONFIGURED")
NONE, OVER, KEPT, UNDER, NO_RULE = range(len(REASONS))


class PayoutStatus(StrEnum):
    """Where a payout is, and whether it arrived as announced."""

    MATCHED = "Matched"
    DIFFERS = "Amount differs"
    IN_TRANSIT = "In transit"
    MISSING = "Missing in the bank"
    ONLY_IN_BANK = "Only in the bank"
    NOT_COMPARED = "Not compared"  # no leg reads the bank


class Cause(StrEnum):
    """Why a payout differs from what was expected of it; most are the divergence types of an order."""

    MISSING_IN_OMS = "MISSING_IN_OMS"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    SHORT_PAYMENT = "SHORT_PAYMENT"
    NOT_DUE = "NOT_DUE"
    NOT_SETTLED = "NOT_SETTLED"
    OVER_PAYMENT = "OVER_PAYMENT"
    FEE_OVERCHARGE = "FEE_OVERCHARGE"
    FEE_NOT_REVERSED = "FEE_NOT_REVERSED"
    FEE_UNDERCHARGE = "FEE_UNDERCHARGE"
    FEE_UNCONFIGURED = "FEE_UNCONFIGURED"
    PENDING = "PENDING"  # a fee or tax of an order whose sale or return is not settled in full
    TAX_ON_FEE = "TAX_ON_FEE"
    TCS_MISMATCH = "TCS_MISMATCH"
    TDS_MISMATCH = "TDS_MISMATCH"
    RETURN_NOT_SETTLED = "RETURN_NOT_SETTLED"
    RETURN_NOT_RECEIVED = "RETURN_NOT_RECEIVED"
    DOUBLE_RETURN_CHARGE = "DOUBLE_RETURN_CHARGE"
    CHARGEBACK = "CHARGEBACK"
    RESERVE_HELD = "RESERVE_HELD"
    ADJUSTMENT = "ADJUSTMENT"
    NON_ORDER = "NON_ORDER"  # lines of no order, but a reserve
    ROUNDING = "ROUNDING"
    UNEXPLAINED = "UNEXPLAINED"


CAUSES = tuple(Cause)


class State(StrEnum):
    """Whether a payout is done with: it arrived as its lines say, and nothing of it is unexplained. Source: Koncili, OPEN and FINALIZED."""

    OPEN = "Open"
    FINALIZED = "Finalized"


def words_by(group: Int64, code: Int64, words: Sequence[str], groups: int) -> pd.Categorical[str]:
    """The distinct words of each group 0..groups-1, in the order of their codes, joined by '; '; codes below 0 are left out."""
    inside = (code >= 0) & (group >= 0)
    if not inside.all():
        group, code = group[inside], code[inside]
    low, high = np.full(groups, len(words), np.int32), np.full(groups, -1, np.int32)
    np.minimum.at(low, group, code)
    np.maximum.at(high, group, code)
    several = low < high
    number = high + 1  # of a group with one word or none: 0 is none
    sets = ["", *words]
    if several.any():
        mine = np.flatnonzero(several[group])
        place = np.cumsum(several) - 1
        combo, more = _joined_words(place[group[mine]], code[mine], words, int(several.sum()))
        number[several] = len(sets) + combo
        sets += more
    used = np.bincount(number, minlength=len(sets)) > 0
    names = {name: at for at, name in enumerate(dict.fromkeys(name for name, is_used in zip(sets, used, strict=True) if is_used))}  # fmt: skip
    table = np.array([names.get(name, 0) for name in sets], np.int32)
    return words_of(table[number], list(names) or [""])


def _joined_words(group: Int64, code: Int64, words: Sequence[str], groups: int) -> tuple[Int64, list[str]]:
    """The number of each group's joined words, and those."""
    width = len(words) + 1
    pair = np.sort(pd.unique(group * width + code + 1))
    own, word = np.divmod(pair, width)
    starts = np.flatnonzero(np.append(True, own[1:] != own[:-1])) if len(own) else np.empty(0, np.intp)
    nth = np.arange(len(own)) - np.repeat(starts, np.diff(np.append(starts, len(own))))
    sets, combo = [""], np.zeros(groups, np.int64)
    for step in range(int(nth.max(initial=-1)) + 1):
        more = np.zeros(groups, np.int64)
        more[own[nth == step]] = word[nth == step]
        codes, found = pd.factorize(combo * width + more)
        before, added = np.divmod(found, width)
        sets = ["; ".join(filter(None, [sets[one], words[two - 1] if two else ""])) for one, two in zip(before, added, strict=True)]  # fmt: skip
        combo = codes.astype(np.int64)
    return combo, sets
