"""Units written as text, for the tests of rate cards: 'price=799.00', 'order=2026-04-15', 'weight=500'."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY, from_date
from recon_core.money import to_minor, to_text
from recon_core.problems import Place
from recon_core.ratecard import ANSWERS, UNKNOWN, Answer, Base, Basis, Charge, Event, Units

AMOUNTS = {"price": Base.PRICE, "taxable": Base.TAXABLE, "net": Base.NET, "collected": Base.COLLECTED}
COUNTS = {
    "shipped": Event.SHIPPED,
    "delivered": Event.DELIVERED,
    "returned": Event.RETURN,
    "rto": Event.RTO,
    "cancelled": Event.CANCELLED,
}
TEXTS = ("portal", "category", "brand", "zone", "payment_mode")
KEYS = {*AMOUNTS, *COUNTS, *TEXTS, *Basis, "weight", "quantity"}


def placing(at: int, column: str) -> Place:
    return Place(sheet="Rates", row=at + 4, column=column)


def day(text: str) -> int:
    return NO_DAY if text == "?" else from_date(dt.date.fromisoformat(text))


def units_of(facts: Sequence[dict[str, str]], *, are_orders: bool = False) -> Units:
    """What each unit says -> columns; a column that no unit names is absent."""
    assert {key for fact in facts for key in fact} <= KEYS

    def column(key: str, read: object, default: int) -> np.ndarray:
        return np.array([read(fact[key]) if key in fact else default for fact in facts], np.int64)

    def named(keys: object) -> list[str]:
        return [key for key in keys if any(key in fact for fact in facts)]

    return Units(
        rows=len(facts), are_orders=are_orders,
        days={basis: column(basis, day, day("2026-04-02")) for basis in Basis},
        amounts={AMOUNTS[key]: column(key, to_minor, UNKNOWN) for key in named(AMOUNTS)},
        weight_g=column("weight", int, UNKNOWN) if named(["weight"]) else None,
        quantity=column("quantity", int, 1) if named(["quantity"]) else None,
        counts={COUNTS[key]: counted(facts, key) for key in named(COUNTS)},
        **{key: pd.Series([fact.get(key, "") for fact in facts], dtype="str") for key in named(TEXTS)},
    )  # fmt: skip


def counted(facts: Sequence[dict[str, str]], key: str) -> np.ndarray:
    """A count; where a unit does not say, what the engine takes without the column."""
    whole = [int(fact.get("quantity", "1")) for fact in facts]
    usual = {
        "shipped": whole,
        "delivered": [n - int(fact.get("rto", "0")) for n, fact in zip(whole, facts, strict=True)],
    }
    return np.array(
        [int(fact.get(key, usual.get(key, [0] * len(whole))[at])) for at, fact in enumerate(facts)], np.int64
    )


def as_text(charge: Charge, at: int, *, named: bool) -> str:
    """'95.88 + 17.26, back 95.88 + 17.26'; 'weight is not known'."""
    name = f"{charge.fee} " if named else ""
    if ANSWERS[charge.answer[at]] is not Answer.WORKED_OUT:
        assert not any(
            column[at] for column in (charge.fee_minor, charge.tax_minor, charge.back_minor, charge.back_tax_minor)
        )
        return name + charge.said(at)
    text = f"{name}{to_text(charge.fee_minor[at])} + {to_text(charge.tax_minor[at])}"
    if charge.back_minor[at] or charge.back_tax_minor[at]:
        text += f", back {to_text(charge.back_minor[at])} + {to_text(charge.back_tax_minor[at])}"
    return text
