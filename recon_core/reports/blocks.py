"""What Summary's blocks are made of, and the next step of every type of exception."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from recon_core.marketplace.meanings import LAGS, MEANINGS
from recon_core.sheets import Cell, Value
from recon_core.statuses import NEXT_STEP

FIGURES = frozenset({
    "Agrees", "Rows", "Rows A", "Rows B", "Amount", "Amount A", "Amount B", "Open amount", "Difference", "Matches", "One figure", "The other",
    "Orders", "Invoice value", "Paid", "Outstanding", "Over-paid", "Fees", "Expected", "Charged", "Days late", "Count",
})  # fmt: skip
# type of an exception -> what to do: a divergence of the marketplace, or the reason that a leg gives
STEPS = {**{code: one.next_step for code, one in MEANINGS.items()}, **{str(name): text for name, text in NEXT_STEP.items()}}  # fmt: skip


def is_lag(exceptions: pd.DataFrame) -> pd.Series:
    """Rows of Exceptions that are a lag of time: nothing to do until their day. None without a marketplace."""
    return exceptions["Type"].isin(LAGS)


def row(at: int, values: Sequence[Value], styles: Sequence[str], link: str = "") -> list[Cell]:
    """The cells of one row from column A on; the first one bears the link."""
    return [
        Cell(row=at, column=column, value=value, style=style, link=link if column == 1 else "")
        for column, (value, style) in enumerate(zip(values, styles, strict=True), 1)
        if value is not None or style.startswith("header")
    ]


def header(at: int, *names: str) -> list[Cell]:
    """A header row; names of figures stand on the right."""
    return row(at, names, ["header_right" if name in FIGURES else "header" for name in names])


def section(at: int, text: str) -> list[Cell]:
    """The title of a block, over six columns."""
    return [
        Cell(row=at, column=1, value=text, style="section"),
        *(Cell(row=at, column=column, value=None, style="section") for column in range(2, 7)),
    ]
