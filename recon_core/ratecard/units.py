"""What is known of the units that fees are worked out for, and what each fee came to: columns in, columns out.

A row is one unit, or `quantity` equal units of an item line, or one order. All columns have one length; an absent column
is unknown for every row. Amounts are int64 minor units per unit, days count from 1970, weights are whole grams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.ratecard.card import Base, Basis, Card, Event, Rule

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]

UNKNOWN = np.iinfo(np.int64).min  # the null of an amount or a weight


class Answer(StrEnum):
    """How a fee of a unit was found, or why it was not."""

    WORKED_OUT = "Worked out"
    NOT_CHARGED = "Not charged"  # what it is charged on has not happened: 0.00 is expected
    NO_CARD = "No card"  # none of the portal and fee is valid on the day
    NO_RULE = "No rule"  # a card is, and no row of it fits the unit
    MISSING = "Missing"  # an input that decides is not known; `Charge.missing` names it
    TOO_LARGE = "Too large"  # beyond what is worked out exactly


ANSWERS = tuple(Answer)
INPUTS = (
    "",
    "date",
    "portal",
    "category",
    "brand",
    "zone",
    "payment mode",
    *Base,
    "weight",
    "GST rate",
)  # what may be missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Columns of units (n). Texts are str or categorical Series, '' unknown; days `dates.NO_DAY`, numbers UNKNOWN.

    `quantity` and the counts say how many of a row's units something happened to. Without them: one unit a row, ordered and
    shipped, delivered unless it was returned by the courier, not returned, not cancelled.
    """

    rows: int
    days: Mapping[Basis, Int64] = field(default_factory=dict)
    amounts: Mapping[Base, Int64] = field(default_factory=dict)
    weight_g: Int64 | None = None
    portal: pd.Series | None = None
    category: pd.Series | None = None
    brand: pd.Series | None = None
    zone: pd.Series | None = None
    payment_mode: pd.Series | None = None
    quantity: Int64 | None = None
    counts: Mapping[Event, Int64] = field(default_factory=dict)
    are_orders: bool = False  # a row is an order: only cards charged per order apply, and only here

    def count(self, event: Event) -> Int64:
        """How many units of each row the event happened to (n)."""
        if (given := self.counts.get(event)) is not None:
            return given
        whole = np.ones(self.rows, np.int64) if self.quantity is None else self.quantity
        if event in (Event.ORDERED, Event.SHIPPED):
            return whole
        if event is Event.DELIVERED:
            return self.count(Event.SHIPPED) - np.minimum(self.count(Event.RTO), self.count(Event.SHIPPED))
        return np.zeros(self.rows, np.int64)

    def amount(self, base: Base) -> Int64:
        """A column of amounts, all UNKNOWN where it is absent."""
        given = self.amounts.get(base)
        return np.full(self.rows, UNKNOWN, np.int64) if given is None else given


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One fee over all units (n). Amounts are int64 minor units at whole paise; a charge and what comes back are positive.

    `fee_minor` is without tax, `tax_minor` the tax on it; `back_*` are the parts that come back on customer return or RTO.
    All four are 0 where `answer` (code into ANSWERS) is not WORKED_OUT. `missing` is a code into INPUTS. `use` is a code
    into `uses`, -1 for none: the rules, as positions in `rules`, that made the fee.
    """

    fee: str
    fee_minor: Int64
    tax_minor: Int64
    back_minor: Int64
    back_tax_minor: Int64
    answer: Int8
    missing: Int8
    use: Int32
    uses: tuple[tuple[int, ...], ...]
    rules: tuple[tuple[Card, Rule], ...]

    def said(self, at: int) -> str:
        """The rule behind the fee of one row, or why there is none: 'weight is not known'."""
        answer = ANSWERS[self.answer[at]]
        if answer is Answer.MISSING:
            return f"{INPUTS[self.missing[at]]} is not known"
        return self.describe(int(self.use[at])) if answer is Answer.WORKED_OUT else answer.lower()

    def describe(self, use: int) -> str:
        """The rules of one code of `use`, as they stand on the card; '' for -1."""
        return "; ".join(card.describe(rule) for card, rule in map(self.rules.__getitem__, self.uses[use])) if use >= 0 else ""  # fmt: skip
