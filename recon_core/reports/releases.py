"""Sheet Releases: every entry of every settlement line as a movement of its order, with the balance it leaves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recon_core.dates import to_series
from recon_core.marketplace import Books
from recon_core.model import Result
from recon_core.reports.case import PART_WORDS, YES_NO, Case, blank_where, coded, market_sheet
from recon_core.sheets import Column, Kind, Sheet
from recon_core.texts import words_of

COLUMNS = (
    Column(name="Payout", kind=Kind.ID, width=16), Column(name="Payout date", kind=Kind.DATE, width=12), Column(name="Of an order", width=8), Column(name="Order id", kind=Kind.ID),
    Column(name="Kind", width=14), Column(name="Item", kind=Kind.ID), Column(name="Entry", width=20), Column(name="Part", width=18), Column(name="Amount", kind=Kind.AMOUNT),
    Column(name="Balance of the order", kind=Kind.AMOUNT), Column(name="Note", width=28), Column(name="Remarks", width=34), Column(name="File"),
    Column(name="Row", kind=Kind.INTEGER, width=9),
)  # fmt: skip
SPLIT, TURNED = "part of a split by value", "opposite sign"
NOTES = ("", SPLIT, TURNED, f"{SPLIT}; {TURNED}")


def frame(_results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row an entry, + towards us; lines of no order stand last, with their remarks. Needs the books."""
    if case.books is None:
        raise ValueError("no books")
    found = case.books.releases.reset_index(drop=True)
    alone = (found["order"] < 0).to_numpy()
    note = found["is_split"].to_numpy() * 1 + ~found["sign_ok"].to_numpy() * 2
    return pd.DataFrame({
        "Payout": coded(found["payout"]), "Payout date": to_series(found["payout_day"].to_numpy()), "Of an order": words_of(alone.astype(np.int8), YES_NO),
        "Order id": coded(found["order_id"]), "Kind": coded(found["kind"]), "Item": coded(found["item"]), "Entry": coded(found["type"]), "Part": coded(found["part"], PART_WORDS),
        "Amount": found["amount_minor"], "Balance of the order": blank_where(found["balance_minor"], alone), "Note": words_of(note.astype(np.int8), NOTES),
        "Remarks": _remarks(case.books), "File": words_of(found["file"].to_numpy(), list(case.books.files)), "Row": found["row"],
    }, copy=False)  # fmt: skip


def _remarks(books: Books) -> pd.Categorical[str]:
    """What the portal wrote on lines of no order; '' for all others."""
    lines, found = books.non_order, books.releases
    words = {word: number for number, word in enumerate(dict.fromkeys(["", *lines["remarks"]]))}
    said = {
        place: words[word]
        for place, word in zip(zip(lines["file"], lines["row"], strict=True), lines["remarks"], strict=True)
    }
    out = np.zeros(len(found), np.int32)
    alone = np.flatnonzero(found["order"].to_numpy() < 0)
    places = zip(found["file"].to_numpy()[alone].tolist(), found["row"].to_numpy()[alone].tolist(), strict=True)
    out[alone] = [said.get(place, 0) for place in places]
    return words_of(out, list(words))


def sheet(case: Case) -> list[Sheet]:
    """The sheet Releases, where Setup names a marketplace."""
    hint = "Every entry of every settlement line that counts, + towards us, by order; the last balance of an order is its actual net."
    return market_sheet(case, "Releases", "tblReleases", COLUMNS, hint, still="Order id")
