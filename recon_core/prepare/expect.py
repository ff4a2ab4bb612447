"""Step: what the marketplace owes for each row of our orders and returns, as a column that the legs can compare.

The figures are worked out in `expected.py`; here they become text beside the file's own columns, as every column a leg
maps. Returns get the id of the order they belong to, since a return may name no more than an invoice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process

from recon_core.expected import Column, expected_columns
from recon_core.market import EXPECTED_FEES, EXPECTED_NET, OUR_ORDER, Market, Role, Says
from recon_core.market_rows import amounts_of, column_of, terms_in
from recon_core.model import Raw
from recon_core.money import PAISA, Int64
from recon_core.prepare.rows import ONLY_TOTAL, place, texts
from recon_core.problems import Problem, Severity
from recon_core.ratecard import UNKNOWN
from recon_core.recipe import Recipe
from recon_core.standard_template import Role as TemplateRole
from recon_core.standard_template import refused_columns
from recon_core.texts import arrow_text

Sources = Mapping[str, Sequence[Raw]]


def expect(raws: Sources, recipe: Recipe) -> tuple[Sources, list[Problem]]:
    """Sources with the columns of the marketplace; without one nothing is touched. Problems: S-121, S-122, T-265 to T-267 (Stops), R-750, R-751."""
    market = recipe.market
    if market is None:
        return raws, []
    fees_too = any(EXPECTED_FEES in (name for _, name in use.terms) for leg in recipe.legs for use in leg.uses)
    if problems := [*_missing(raws, market), *_taken(raws, market, fees_too=fees_too)] or [
        *_refused(raws, recipe, market)
    ]:
        return raws, problems
    kept = {source: [_without_totals(raw, market) for raw in own] for source, own in raws.items()}
    columns, said = expected_columns({source: [one.raw for one in own] for source, own in kept.items()}, market)
    by_raw = {id(one.raw): one for one in columns}
    added = {
        source: [
            _with(raw, one, by_raw.get(id(one.raw)), market, fees_too=fees_too)
            for raw, one in zip(raws[source], own, strict=True)
        ]
        for source, own in kept.items()
    }
    return added, said


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file without its totals rows, and where its rows stand in the whole file."""

    raw: Raw
    at: npt.NDArray[np.intp]


def _without_totals(raw: Raw, market: Market) -> _Kept:
    """The rows that are orders or returns: nothing is expected of a row whose id is the word Total."""
    everywhere = np.arange(len(raw.frame))
    uses = [use for role in (Role.ORDERS, Role.RETURNS) if (use := market.use(role, raw.source, Says.ORDER))]
    ids = column_of(raw, uses[0].column) if uses else None
    if ids is None:
        return _Kept(raw, everywhere)
    near = np.flatnonzero(
        pc.match_substring_regex(arrow_text(ids), "(?i)total|sum|balance").to_numpy(zero_copy_only=False)
    )
    totals = [row for row in near.tolist() if ONLY_TOTAL.fullmatch(str(ids.iloc[row]).strip())]
    if not totals:
        return _Kept(raw, everywhere)
    at = np.delete(everywhere, totals)
    frame, extra = (
        part.iloc[at].reset_index(drop=True) if len(part.columns) else part for part in (raw.frame, raw.extra)
    )
    typed = {name: cells[at] for name, cells in raw.typed.items()}
    return _Kept(replace(raw, frame=frame, extra=extra, row=raw.row[at], typed=typed), at)


def _missing(raws: Sources, market: Market) -> Iterator[Problem]:
    """A Stop for each column of Marketplace that a file does not have, with the nearest header."""
    for use in market.uses:
        for raw in raws.get(use.source, ()):
            for _, name in terms_in(raw, use.column):
                if column_of(raw, name) is None:
                    headers = [str(header) for frame in (raw.frame, raw.extra) for header in frame.columns]
                    near = process.extractOne(name, headers, score_cutoff=50)
                    hint = f" Did you mean '{near[0]}'?" if near else ""
                    what = f"{raw.file} has no column '{name}' ({use.meaning} of {use.role}).{hint}"
                    fix = f"Correct the name{' in ' + use.cell if use.cell else ''}. The file has: {', '.join(headers[:30])}."
                    yield Problem("S-121", Severity.STOP, place(raw, 0, name), name, what, fix)


_NAMED = {
    Says.ORDER: TemplateRole.ORDER,
    Says.NET: TemplateRole.NET,
}  # what Setup may name in place of the template's own column


def _refused(raws: Sources, recipe: Recipe, market: Market) -> Iterator[Problem]:
    """Stops for settlement files in the standard template, which those are whose amounts Setup does not name, with other columns than it allows."""
    for source in market.sources(Role.SETTLEMENTS):
        uses = [use for use in market.uses if (use.role, use.source) == (Role.SETTLEMENTS, source)]
        if any(use.meaning == Says.ENTRY for use in uses):
            continue
        mapped = {
            name
            for leg in recipe.legs
            for use in leg.uses
            if source in recipe.sources_of(leg.side(use.side))
            for _, name in use.terms
        }
        mapped |= {one.column for one in recipe.lookups if one.source == source}
        mapped |= {one.column for one in recipe.skips if one.source in ("", source)}
        has = {_NAMED[Says(use.meaning)] for use in uses if use.meaning in set(_NAMED)}
        for raw in raws.get(source, ()):
            headers = [str(name) for name in raw.frame.columns]
            yield from refused_columns(headers, {*mapped, *(use.column for use in uses)}, has, place(raw))


def _taken(raws: Sources, market: Market, *, fees_too: bool) -> Iterator[Problem]:
    """A Stop where a file has a column of the name that is added."""
    added = (EXPECTED_NET, EXPECTED_FEES) if fees_too else (EXPECTED_NET,)
    for role, names in ((Role.ORDERS, added), (Role.RETURNS, (*added, OUR_ORDER))):
        for source in market.sources(role):
            for raw in raws.get(source, ()):
                for name in names:
                    if column_of(raw, name) is not None:
                        what = f"{raw.file} has a column '{name}', the name of a column that Tieout adds to {role}."
                        fix = "Name the column of the file, or the derived column, otherwise."
                        yield Problem("S-122", Severity.STOP, place(raw, 0, name), name, what, fix)


def _with(raw: Raw, kept: _Kept, column: Column | None, market: Market, *, fees_too: bool) -> Raw:
    """The file with the added columns; the net counts as a number of a workbook, whose form needs no proof.

    A row whose net cannot be said shows its own amount where that is no amount, so that the leg says so, else 0.00.
    """
    if column is None:
        return raw
    n = len(raw.frame)
    net, known = np.zeros(n, np.int64), np.zeros(n, bool)
    net[kept.at], known[kept.at] = column.net_minor, column.is_known
    fees = np.zeros(n, np.int64)
    fees[kept.at] = column.fees_minor
    use = market.use(Role.ORDERS, raw.source, Says.AMOUNT)
    texts_of = {EXPECTED_NET: _text(net), **({EXPECTED_FEES: _text(fees)} if fees_too else {})}
    if use is not None:
        unread = ~known & (amounts_of(raw, use.column, use.form) == UNKNOWN)
        printed = column_of(raw, terms_in(raw, use.column)[0][1])
        texts_of = {name: text.mask(unread, printed if printed is not None else "") for name, text in texts_of.items()}
        known = ~unread
    columns = {name: text.astype("str") for name, text in texts_of.items()}
    typed = dict.fromkeys(texts_of, known)
    if use is None:
        ids = np.full(n, "", object)
        ids[kept.at] = column.order_id.to_numpy(object)
        columns[OUR_ORDER] = texts(ids)
        typed = dict.fromkeys(texts_of, np.ones(n, bool))
    extra = pd.concat([raw.extra, pd.DataFrame(columns)], axis=1)
    behind = dict.fromkeys(texts_of, (terms_in(raw, use.column)[0][1],)) if use is not None else {}
    return replace(raw, extra=extra, typed={**raw.typed, **typed}, reads={**raw.reads, **behind})


def _text(minor: Int64) -> pd.Series:
    """Amounts as text (n): 7_262_100 -> '726.21'. Exact: no float on the way."""
    whole = not (minor % PAISA).any()
    unit = pa.scalar(Decimal("0.01") if whole else Decimal("0.0001"))
    exact = pc.multiply(pa.array(minor // PAISA if whole else minor).cast(pa.decimal128(19, 0)), unit)
    text = exact.cast(pa.string()).cast(pa.large_string())
    return pd.Series(pd.array(pa.chunked_array([text]), dtype="str"))
