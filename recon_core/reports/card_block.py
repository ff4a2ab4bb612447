"""Summary's block of the rate cards: which of their rows are active on the as-of day, which are upcoming, which have expired.

Named are the versions that are not active, and those that begin or end within the period: what changed there is what changes a fee.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from recon_core.dates import NO_DAY, from_date, to_date
from recon_core.expected_files import as_of_day
from recon_core.ratecard import Card, State
from recon_core.ratecard.card import OPEN
from recon_core.recipe import Recipe
from recon_core.reports.blocks import header, row, section
from recon_core.reports.case import Case
from recon_core.sheets import Cell, Value

STYLES = {State.ACTIVE: "matched", State.UPCOMING: "partial", State.EXPIRED: "skipped"}
NAMED = 20  # versions that are named; the sheet Rates has them all
SHOWN = 3  # conditions that a version names


class Version(NamedTuple):
    """Rows of one card with the same days. `last_day` is OPEN without an end; `units`: what the rows are for, '' for any unit."""

    name: str
    first_day: int
    last_day: int
    state: State
    units: tuple[str, ...]

    @property
    def meant(self) -> str:
        """What the rows are for, the first few of them: 'category TOPS; category SAREES'."""
        named = [text for text in dict.fromkeys(self.units) if text]
        more = [f"and {len(named) - SHOWN + 1} more"] if len(named) > SHOWN else []
        return "; ".join([*named[: SHOWN - 1], *more] if more else named)


def versions(cards: Sequence[Card], as_of: int) -> list[Version]:
    """The rows of all cards by their card and days, with the state on a day; by name, then by day."""
    found: dict[tuple[str, int, int, State], list[str]] = {}
    for card in cards:
        for rule in card.rules:
            name = " ".join(filter(None, [card.portal, card.fee, card.version]))
            found.setdefault((name, rule.first_day, rule.last_day, rule.state(as_of)), []).append(rule.units)
    return sorted(Version(*key, tuple(units)) for key, units in found.items())


def is_named(version: Version, recipe: Recipe) -> bool:
    """Whether it begins or ends within the period, or is still to come; without a period, whether it is not active."""
    if version.state is State.UPCOMING:
        return True
    if recipe.period_from is None or recipe.period_to is None:
        return version.state is State.EXPIRED
    first, last = from_date(recipe.period_from), from_date(recipe.period_to)
    return any(first <= day <= last for day in (version.first_day, version.last_day))


def card_block(case: Case, at: int) -> tuple[list[Cell], int]:
    """Rows of Rates by state, then the versions to know of; nothing without rate cards or without a day to judge by."""
    market, as_of = case.recipe.market, as_of_day(case.recipe, case.results)
    if market is None or not market.cards or as_of == NO_DAY:
        return [], at
    found = versions(market.cards, as_of)
    cells = section(at, f"Rate cards on {to_date(as_of)}: which rows of Rates are valid")
    cells += header(at + 1, "Rate card", "Rows", "From", "To", "State", "", "For")
    at += 2
    for state in State:
        count = sum(len(one.units) for one in found if one.state is state)
        cells += row(at, ["All rate cards", count, None, None, str(state)], ["text", "integer", "date", "date", STYLES[state]], "#Rates!A5")  # fmt: skip
        at += 1
    named = [one for one in found if is_named(one, case.recipe)]
    for one in named[:NAMED]:
        last = None if one.last_day == OPEN else to_date(one.last_day)
        values: list[Value] = [
            one.name,
            len(one.units),
            to_date(one.first_day),
            last,
            str(one.state),
            None,
            one.meant or None,
        ]
        cells += row(at, values, ["text_indent", "integer", "date", "date", STYLES[one.state], "text", "text_indent"], "#Rates!A5")  # fmt: skip
        at += 1
    if len(named) > NAMED:
        cells += row(at, [f"and {len(named) - NAMED:,} more, on the sheet Rates"], ["text_indent"])
        at += 1
    return cells, at + 1
