"""Sheet Releases: every entry of every settlement line as a movement of its order, with the balance it leaves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recon_core.dates import to_series
from recon_core.marketplace import Books
from recon_core.model import Result
from recon_core.reports.case import PART_WORDS, YES_NO, Case, blank_where, market_sheet, named, words
from recon_core.sheets import Column, Kind, Sheet

COLUMNS = (
    Column(name="Payout", kind=Kind.ID, width=16), Column(name="Payout date", kind=Kind.DATE, width=12), Column(name="Of an order", width=8), Column(name="Order id", kind=Kind.ID),
    Column(name="Kind", width=14), Column(name="Item", kind=Kind.ID), Column(name="Entry", width=20), Column(name="Part", width=18), Column(name="Amount", kind=Kind.AMOUNT),
    Column(name="Balance of the order", kind=Kind.AMOUNT), Column(name="Note", width=28), Column(name="Remarks", width=34), Column(name="File"),
    Column(name="Row", kind=Kind.INTEGER, width=9),
)  # fmt: skip
SPLIT, TURNED = "part of a split by value", "opposite sign"


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row an entry, + towards us; lines of no order stand last, with their remarks. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    found = case.books.releases.reset_index(drop=True)
    alone = (found["order"] < 0).to_numpy()
    split, turned = found["is_split"].to_numpy(), ~found["sign_ok"].to_numpy()
    note = np.select([split & turned, split, turned], [f"{SPLIT}; {TURNED}", SPLIT, TURNED], "")
    return pd.DataFrame({
        "Payout": words(found["payout"]), "Payout date": to_series(found["payout_day"].to_numpy()), "Of an order": pd.Series(np.where(alone, *YES_NO[::-1]), dtype="str"),
        "Order id": words(found["order_id"]), "Kind": words(found["kind"]), "Item": words(found["item"]), "Entry": words(found["type"]), "Part": words(found["part"]).replace(PART_WORDS),
        "Amount": found["amount_minor"], "Balance of the order": blank_where(found["balance_minor"], alone), "Note": pd.Series(note, dtype="str"),
        "Remarks": _remarks(case.books), "File": named(case.books.files, found["file"].to_numpy()), "Row": found["row"],
    })  # fmt: skip


def _remarks(books: Books) -> pd.Series:
    """What the portal wrote on lines of no order; '' for all others."""
    lines, found = books.non_order, books.releases
    said = dict(zip(zip(lines["file"], lines["row"], strict=True), lines["remarks"], strict=True))
    out = np.full(len(found), "", object)
    for at in np.flatnonzero(found["order"].to_numpy() < 0).tolist():
        out[at] = said.get((found["file"].iloc[at], found["row"].iloc[at]), "")
    return pd.Series(out, dtype="str")


def sheet(case: Case) -> list[Sheet]:
    """The sheet Releases, where Setup names a marketplace."""
    hint = "Every entry of every settlement line that counts, + towards us, by order; the last balance of an order is its actual net."
    return market_sheet(case, "Releases", "tblReleases", COLUMNS, hint)
