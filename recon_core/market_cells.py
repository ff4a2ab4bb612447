"""Cells of orders and returns that were read as something they may not be: words of a status or kind that nobody explained, quantities that are no whole units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from recon_core.market import OrderState, ReturnKind, Role, Says, knows_kind, knows_state, says_returned
from recon_core.market_rows import MarketRows, column_of, read_column
from recon_core.money import MINOR_PER_MAJOR, Bool, grouped
from recon_core.problems import Place, Problem, Severity
from recon_core.ratecard import UNKNOWN

Knows = Callable[[str, Mapping[str, str]], bool]
_WORDS: dict[Role, tuple[Says, Knows, str, str]] = {  # what the word is, who knows it, what it was taken for
    Role.ORDERS: (Says.STATUS, knows_state, "status of an order", OrderState.DELIVERED),
    Role.RETURNS: (Says.KIND, knows_kind, "kind of a return", ReturnKind.CUSTOMER),
}


def unsure_cells(rows: MarketRows, counts: Bool) -> list[Problem]:
    """Rows of orders or returns (n), those that count -> T-298 (Note) for each unknown word, T-299 (Stop) for each file with such quantities."""
    return [*_unknown_words(rows, counts), *_quantities(rows, counts)]


def _unknown_words(rows: MarketRows, counts: Bool) -> Iterator[Problem]:
    """One Note for each unknown word, with its rows and their amount: what it means decides what is owed."""
    says, knows, name, taken = _WORDS[rows.role]
    amount, start, found = rows.amounts(Says.AMOUNT), 0, []
    has_returns = rows.role is Role.ORDERS and bool(rows.market.sources(Role.RETURNS))
    for part in rows.parts:
        use = rows.market.use(rows.role, part.raw.source, says)
        column = None if use is None else column_of(part.raw, use.column)
        own = slice(start, start + len(part.rows))
        start = own.stop
        if use is None or column is None:
            continue
        printed = pd.Series(column.to_numpy(object)[part.rows]).astype("str").str.split().str.join(" ")
        strange = {
            word
            for word in printed.unique()
            if word and not knows(word, use.words) and not (has_returns and says_returned(word))
        }
        mine = np.flatnonzero(printed.isin(strange).to_numpy() & counts[own])
        values = np.where(amount[own] == UNKNOWN, 0, amount[own])[mine]
        found.append(pd.DataFrame({"word": printed.to_numpy(object)[mine], "folded": printed.str.casefold().to_numpy(object)[mine],
                                   "minor": values, "file": part.raw.file, "sheet": part.raw.sheet, "row": part.raw.row[part.rows][mine], "cell": use.cell}))  # fmt: skip
    for _, same in pd.concat(found).groupby("folded", sort=True) if found else ():
        first = same.iloc[0]
        count = "1 row" if len(same) == 1 else f"{len(same):,} rows"
        what = f"'{first['word']}' is no {name} that Tieout knows; its {count} (amount {grouped(int(same['minor'].sum()))}) {'was' if len(same) == 1 else 'were'} taken as {taken}."
        fix = f"Write what it means in Form of the row '{says}' in Marketplace: {first['word']} = one of {', '.join(OrderState if rows.role is Role.ORDERS else ReturnKind)}."
        place = Place(file=str(first["file"]), sheet=str(first["sheet"]), row=int(first["row"]))
        yield Problem("T-298", Severity.NOTE, place, str(first["word"]), what, fix)


def _quantities(rows: MarketRows, counts: Bool) -> Iterator[Problem]:
    """A Stop for each file with quantities that are no number, or no whole number: fees are charged on units."""
    start = 0
    for part in rows.parts:
        own = slice(start, start + len(part.rows))
        start = own.stop
        use = rows.market.use(rows.role, part.raw.source, Says.QUANTITY)
        column = None if use is None else column_of(part.raw, use.column)
        if use is None or column is None:
            continue
        minor, ok, blank = (one[part.rows] for one in read_column(part.raw, use.column, use.form))
        wrong = np.flatnonzero(counts[own] & ~blank & (~ok | (minor % MINOR_PER_MAJOR != 0)))
        if not len(wrong):
            continue
        first = int(part.rows[wrong[0]])
        text = str(column.iloc[first])
        what = (
            f"'{text}' is no whole quantity."
            if len(wrong) == 1
            else f"{len(wrong):,} quantities are no whole numbers, first '{text}'."
        )
        fix = "Correct the quantity in the file; where the column does not count units, take its row 'quantity' out of Marketplace."
        place = Place(file=part.raw.file, sheet=part.raw.sheet, row=int(part.raw.row[first]), column=use.column)
        yield Problem("T-299", Severity.STOP, place, text, what, fix)


__all__ = ["unsure_cells"]
