"""Sheet Commercial: what did the terms cost? Agreed fees against charged ones, by item, category, channel, term and order."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recon_core.model import Result
from recon_core.reports.case import Case, blank_where, market_sheet, words
from recon_core.sheets import Column, Kind, Sheet

COLUMNS = (
    Column(name="By", width=10), Column(name="Name", kind=Kind.ID), Column(name="Category"), Column(name="Fee", width=24), Column(name="Sale", kind=Kind.AMOUNT),
    Column(name="Agreed", kind=Kind.AMOUNT), Column(name="Charged", kind=Kind.AMOUNT), Column(name="Difference", kind=Kind.AMOUNT),
    Column(name="Agreed % of sale", kind=Kind.NUMBER, width=12), Column(name="Charged % of sale", kind=Kind.NUMBER, width=12), Column(name="Net", kind=Kind.AMOUNT), Column(name="Net % of sale", kind=Kind.NUMBER, width=12),
)  # fmt: skip
PPM_PER_CENT = 10_000


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row a grain, name and fee; no difference for orders that are not ours. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    found = case.books.commercial.reset_index(drop=True)
    return pd.DataFrame({
        "By": words(found["grain"]).str.capitalize(), "Name": words(found["name"]), "Category": words(found["category"]), "Fee": words(found["fee"]), "Sale": found["sale_minor"],
        "Agreed": found["agreed_minor"], "Charged": found["charged_minor"], "Difference": blank_where(found["difference_minor"], ~found["is_ours"].to_numpy()),
        "Agreed % of sale": found["agreed_ppm"] / PPM_PER_CENT, "Charged % of sale": found["charged_ppm"] / PPM_PER_CENT, "Net": found["net_minor"], "Net % of sale": found["net_ppm"] / PPM_PER_CENT,
    })  # fmt: skip


def sheet(case: Case) -> list[Sheet]:
    """The sheet Commercial, where Setup names a marketplace."""
    hint = "Each fee as agreed by the cards and as charged, returns taken off on both sides, of orders with settlement lines. Item, category, channel and term are views of the same money: do not add them up. Orders stand here where their fees are not what was agreed."
    return market_sheet(case, "Commercial", "tblCommercial", COLUMNS, hint)
