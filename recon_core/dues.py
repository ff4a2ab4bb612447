"""What an order has come to in payment: status, overdue and late days, age; and where an announced payout is.

Money in minor units, + towards us; days since 1970 with NO_DAY for none; `as_of` is given, never today. Due today is
not overdue. Due days come from `terms.py`. Every function works on whole columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY, Days
from recon_core.money import Bool, Int64, sum_by
from recon_core.releases import running_sums

Int8 = npt.NDArray[np.int8]


class Payment(StrEnum):
    """Payment status of an order. Void: cancelled, returned undelivered or never billed, so nothing is expected."""

    PAID = "Paid"
    AWAITING = "Awaiting payment"
    REFUNDED = "Refunded"
    VOID = "Void"


class Band(StrEnum):
    """Ageing bands, by days overdue."""

    NOT_DUE = "Not due"
    TO_7 = "1-7"
    TO_15 = "8-15"
    TO_30 = "16-30"
    TO_60 = "31-60"
    OVER_60 = "Over 60"
    NO_DUE = "No due date"


class Arrival(StrEnum):
    """Where an announced payout is at the end of the period. In transit is a time lag, not an exception."""

    ARRIVED = "In the bank"
    IN_TRANSIT = "In transit"
    MISSING = "Missing in the bank"


PAYMENTS, BANDS, ARRIVALS = tuple(Payment), tuple(Band), tuple(Arrival)
BAND_STARTS = np.array([1, 8, 16, 31, 61])  # the first day overdue of each band after Not due

_STATUS: tuple[tuple[Payment, Callable[[Mapping[str, Bool]], Bool]], ...] = (
    (Payment.VOID, lambda of: of["void"]),
    (Payment.AWAITING, lambda of: of["short"] | of["taken_back"]),
    (Payment.REFUNDED, lambda of: of["given_back"]),
    (Payment.PAID, lambda of: np.ones(len(of["void"]), bool)),
)


def payments(
    invoice_minor: Int64, received_minor: Int64, refunded_minor: Int64, is_void: Bool, within_minor: int
) -> pd.DataFrame:
    """Orders (n) -> status int8 (position in PAYMENTS), outstanding_minor, overpaid_minor, taken_back_minor, is_partial, is_overpaid.

    `received`: customer amounts of sale lines; `refunded`: of returns and chargebacks, positive when given back.
    invoice = received + outstanding - overpaid for every order that is not void, to the minor unit; of a void order
    the invoice is not expected. `taken_back`: given back beyond what was received, which is awaited again.

    Source: Eshopbox, payment status on the invoiced amount; the tag Partial stands on part payments.
    """
    void = is_void | ((invoice_minor == 0) & (received_minor == 0) & (refunded_minor == 0))
    gap = np.where(void, 0, invoice_minor) - received_minor
    outstanding, overpaid = np.maximum(gap, 0) * ~void, np.maximum(-gap, 0)
    kept = received_minor - refunded_minor
    facts = {
        "void": void,
        "short": outstanding > within_minor,
        "taken_back": -kept > within_minor,
        "given_back": (refunded_minor > 0) & (np.abs(kept) <= within_minor),
    }
    codes = [np.int8(PAYMENTS.index(name)) for name, _ in _STATUS]
    status = np.select([holds(facts) for _, holds in _STATUS], codes, np.int8(-1))
    return pd.DataFrame({
        "status": status,
        "outstanding_minor": outstanding, "overpaid_minor": overpaid, "taken_back_minor": np.maximum(-kept, 0),
        "is_partial": ~void & facts["short"] & (received_minor > 0),
        "is_overpaid": np.where(void, kept, overpaid) > within_minor,
    })  # fmt: skip


def completed_days(
    order: npt.NDArray[np.intp], day: Days, amount_minor: Int64, invoice_minor: Int64, within_minor: int
) -> Days:
    """Receipts (m: order 0..n-1, day, amount) and invoices (n) -> the day (n) from which on each order stays paid, NO_DAY for none.

    Receipts of one day count together; one without a day is not counted. An order that was paid, taken back and
    paid again is complete on the later day. Order of the receipts does not matter.
    """
    n = len(invoice_minor)
    completed = np.full(n, NO_DAY, np.int64)
    at = np.flatnonzero((order >= 0) & (day != NO_DAY))
    if not len(at):
        return completed
    at = at[np.lexsort((day[at], order[at]))]
    order, day, amount = order[at], day[at], amount_minor[at]
    last_of_day = np.append((order[1:] != order[:-1]) | (day[1:] != day[:-1]), True)
    received = running_sums(order, amount)[last_of_day]
    order, day = order[last_of_day], day[last_of_day]
    starts = np.append(True, order[1:] != order[:-1])
    position = np.arange(len(order))
    first = position[starts][np.cumsum(starts) - 1]
    is_short = received < invoice_minor[order] - within_minor
    latest_short = np.maximum.accumulate(np.where(is_short, position, -1))
    ends = np.append(starts[1:], True)
    since = np.maximum(latest_short + 1, first)[ends]
    complete = ~is_short[ends]
    completed[order[ends][complete]] = day[since[complete]]
    return completed


def ages(paid: pd.DataFrame, due_day: Days, completed_day: Days, as_of: int) -> pd.DataFrame:
    """Payments (n) with due and completed days -> overdue_days, late_days int64, band int8 (position in BANDS, -1: nothing is open).

    Overdue: as_of - due of what is outstanding beyond the tolerance. Late: completed - due. A void order has no due date.
    Not due is a time lag and no exception (`is_exception` False) until its day has passed; all else awaited is one.
    """
    void = paid["status"].to_numpy() == PAYMENTS.index(Payment.VOID)
    awaits = paid["status"].to_numpy() == PAYMENTS.index(Payment.AWAITING)
    is_open = awaits & (paid["outstanding_minor"].to_numpy() > 0)
    has_due = (due_day != NO_DAY) & ~void
    overdue = np.where(is_open & has_due, np.maximum(as_of - due_day, 0), 0)
    late = np.where(has_due & (completed_day != NO_DAY), np.maximum(completed_day - due_day, 0), 0)
    band = np.searchsorted(BAND_STARTS, overdue, side="right")
    band = np.where(has_due, band, BANDS.index(Band.NO_DUE))
    return pd.DataFrame({
        "due_day": np.where(has_due, due_day, NO_DAY), "overdue_days": overdue, "late_days": late,
        "band": np.where(is_open, band, -1).astype(np.int8),
        "is_exception": awaits & ~(is_open & has_due & (overdue == 0)),
    })  # fmt: skip


def ageing(band: Int8, outstanding_minor: Int64) -> pd.DataFrame:
    """Open orders by band, every band in order: band, orders, outstanding_minor. Bands of -1 are left out."""
    codes = band.astype(np.intp)
    orders = np.bincount(codes[codes >= 0], minlength=len(BANDS))
    return pd.DataFrame({
        "band": [str(one) for one in BANDS],
        "orders": orders.astype(np.int64),
        "outstanding_minor": sum_by(codes, outstanding_minor, len(BANDS)),
    })  # fmt: skip


def arrivals(payout_day: Days, bank_day: Days, as_of: int, within_days: int) -> Int8:
    """Payouts (n) -> position in ARRIVALS at the end of `as_of`: in the bank, in transit for `within_days`, then missing.

    A credit after `as_of` was still in transit on it. Payouts dated after `as_of` are in transit too.
    """
    arrived = (bank_day != NO_DAY) & (bank_day <= as_of)
    waits = (bank_day != NO_DAY) | (as_of - payout_day <= within_days)
    places = [ARRIVALS.index(Arrival.ARRIVED), ARRIVALS.index(Arrival.IN_TRANSIT)]
    return np.select([arrived, waits], places, ARRIVALS.index(Arrival.MISSING)).astype(np.int8)
