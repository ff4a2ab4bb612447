"""One payout in two files: the same settlement lines read twice, from files of other bytes or another form.

Files of equal bytes are read once (F-322) and rows of equal text are judged by units (D-601); a download saved once as
CSV and once as a workbook is neither, and would pay and charge every order twice. Lines are compared by what was read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa

from recon_core.keys import standard
from recon_core.market import Market, Role, Says
from recon_core.market_rows import MarketRows, Part
from recon_core.marketplace.facts import NO_ID, Facts, placed_lines
from recon_core.marketplace.settled import FileLines, Texts, order_ids, payout_names
from recon_core.model import SKIP_CODE, Raw, Skip
from recon_core.money import Bool
from recon_core.problems import Place, Problem, Severity

IDLE = (SKIP_CODE[Skip.DUPLICATE], SKIP_CODE[Skip.OFF_SUM])  # skipped, and compared all the same
MOST = 0.5  # of the smaller file's lines of a payout: from here on one file is taken for a copy of the other


def repeated_payouts(facts: Facts, raws: Mapping[str, Sequence[Raw]]) -> list[Problem]:
    """F-325 (Stop) and F-326 (Note) for payouts whose lines stand in two files of a source.

    Half of the smaller file's lines also in the other one: a copy. Fewer: an overlap, which is named. A payout that is
    split over two files shares no line. Rows skipped as duplicates, or since they do not add up, are compared, but only lines that count are doubled.
    """
    result, market = facts.results[facts.legs.settlement.name], facts.market
    placed = placed_lines(result, 1 - facts.legs.ours, market.sources(Role.SETTLEMENTS), raws, (0, NO_ID, *IDLE))
    ends = np.cumsum([len(part.rows) for part in placed.parts])[:-1]
    counts = np.split(~np.isin(placed.lines["skip"].to_numpy(), IDLE), ends)
    return _repeated(market, placed.parts, counts)


def _repeated(market: Market, parts: Sequence[Part], counts: Sequence[Bool]) -> list[Problem]:
    found: list[Problem] = []
    for source in dict.fromkeys(part.raw.source for part in parts):
        mine = [(part, payout_names(market, part), counted) for part, counted in zip(parts, counts, strict=True) if part.raw.source == source]  # fmt: skip
        distinct = [set(pd.unique(names)) for _, names, _ in mine]
        for one, other in combinations(range(len(mine)), 2):
            if shared := distinct[one] & distinct[other]:
                tables = [_lines(market, *mine[at], shared) for at in (one, other)]
                found += _compared(tables, mine[one][0].raw, mine[other][0].raw)
    return found


def _lines(market: Market, part: Part, names: Texts, counted: Bool, shared: set[str]) -> pd.DataFrame:
    """The lines of the shared payouts as values: payout, ids, item, kind, net, the amount of each type; and `counts`."""
    at = np.flatnonzero(np.isin(names, list(shared)))
    part = Part(part.raw, part.rows[at])
    read, rows = FileLines.read(market, part), MarketRows(market=market, role=Role.SETTLEMENTS, parts=(part,))
    order = _words(order_ids(market, part))
    table = {
        "payout": names[at], "order": order, "invoice": _words(rows.keys(Says.INVOICE)), "AWB": _words(rows.keys(Says.AWB)), "item": _words(read.item),
        "kind": read.kind, "net": read.net, "remarks": np.where(order == "", _words(standard(read.remarks)), ""),
    }  # fmt: skip
    for name, kind in read.types.items():
        table[f"type {kind}"] = table.get(f"type {kind}", np.zeros(len(at), np.int64)) + read.amounts[name]
    return pd.DataFrame({**table, "counts": counted[at]})


def _words(texts: pa.Array) -> Texts:
    return np.asarray(texts.to_numpy(zero_copy_only=False), object)


def _compared(both: Sequence[pd.DataFrame], raw: Raw, other: Raw) -> Iterator[Problem]:
    """A Problem for each payout of which lines that count stand in both files."""
    columns = [name for name in dict.fromkeys([*both[0], *both[1]]) if name != "counts"]
    tables = [table.reindex(columns=[*columns, "counts"], fill_value=0) for table in both]
    every, counted = (_shared(tables, columns, only=only) for only in (False, True))
    sizes = [Counter(table["payout"].tolist()) for table in tables]
    for payout, twice in counted.items():
        fewest, of = min((size[payout], file.file) for size, file in zip(sizes, (raw, other), strict=True))
        place = Place(file=other.file, sheet=other.sheet)
        said = f"{_named(raw)} and {_named(other)}"
        if every[payout] >= MOST * fewest:
            what = f"Payout {payout} stands in {said}: {every[payout]:,} of its {fewest:,} {'line' if fewest == 1 else 'lines'} in {of} stand in the other file too, so that they would be paid and charged twice."
            fix = "Take one of the two files away; if every line of both is genuine, put them together in one file."
            yield Problem("F-325", Severity.STOP, place, payout, what, fix)
        else:
            what = f"{twice:,} {'line' if twice == 1 else 'lines'} of payout {payout} {'stands' if twice == 1 else 'stand'} in {said}, and {'counts' if twice == 1 else 'count'} twice."
            fix = "Take them out of one of the files, unless the portal has paid two equal lines."
            yield Problem("F-326", Severity.NOTE, place, payout, what, fix)


def _shared(tables: Sequence[pd.DataFrame], columns: list[str], *, only: bool) -> dict[str, int]:
    """Lines that stand in both tables, each as often as in the one that has fewer, by payout; `only` those that count."""
    counts = [(table[table["counts"]] if only else table).groupby(columns).size() for table in tables]
    least = pd.concat(counts, axis=1, join="inner").min(axis=1)
    return {str(payout): int(lines) for payout, lines in least.groupby(level="payout").sum().items()}


def _named(raw: Raw) -> str:
    return f"{raw.file} (sheet {raw.sheet})" if raw.sheet else raw.file


__all__ = ["repeated_payouts"]
