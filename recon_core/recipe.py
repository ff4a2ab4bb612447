"""Recipe: what the user asked for, frozen. Legs in order, the sources of each side, which column means what, the rules.

A recipe is data. `setup.py` reads it from the cells of a workbook.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from recon_core.keys import Cleaning
from recon_core.market import Market


class Meaning(StrEnum):
    """What a column means. The values are the words of the Mapping sheet."""

    KEY = "id"
    REFERENCE = "other reference"
    NARRATION = "narration"
    AMOUNT = "amount"
    DATE = "date"
    COMPARE = "compare"
    QUANTITY = "quantity"
    ITEM = "item"
    CURRENCY = "currency"


class RuleKind(StrEnum):
    """Which pass a rule runs. The values are the words of the Rules sheet."""

    MANUAL = "manual"
    PAIR = "pair"
    TOTALS = "totals of id"
    PARTIAL = "partial"
    SUGGEST = "suggest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One row of Mapping: a column, or a sum of columns, and what it means on one side of a leg."""

    leg: str
    side: str  # 'A' or 'B'
    source: str = ""  # '' is every source of the side
    meaning: Meaning
    column: str
    name: str = ""  # pairs the columns of A and B for compare and reference
    form: str = "auto"
    cell: str = ""

    @property
    def terms(self) -> tuple[tuple[int, str], ...]:
        """'price + freight - discount' -> ((1, 'price'), (1, 'freight'), (-1, 'discount'))."""
        return parse_terms(self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRule:
    """One row of Rules. Tolerances are inclusive; days are B minus A; None: dates are not compared."""

    name: str
    kind: RuleKind
    within_minor: int = 0
    days_before: int | None = None
    days_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideOf:
    """One side of a leg: sources, or a side of an earlier leg; `group_by` adds its rows up by a column."""

    sources: tuple[str, ...] = ()
    from_leg: str = ""
    from_side: str = ""
    group_by: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One comparison of two sides with its own verdict."""

    name: str
    a: SideOf
    b: SideOf
    within_minor: int = 0
    cleaning: Cleaning = field(default_factory=Cleaning)
    whole_ids: bool = True  # an id whose totals differ is never partly green
    rules: tuple[PassRule, ...] = ()
    uses: tuple[Use, ...] = ()

    @property
    def compare(self) -> tuple[str, ...]:
        """Names of the further columns that must agree, in order of first mention."""
        return tuple(dict.fromkeys(use.name for use in self.uses if use.meaning is Meaning.COMPARE))

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the references tried, in order, where the id leads nowhere."""
        return tuple(dict.fromkeys(use.name for use in self.uses if use.meaning is Meaning.REFERENCE))

    @property
    def narrations(self) -> tuple[Use, ...]:
        """The texts in which an id of the other side may stand."""
        return tuple(use for use in self.uses if use.meaning is Meaning.NARRATION)

    @property
    def dates_matter(self) -> bool:
        """Whether a rule compares dates, so that a row without one cannot be judged."""
        return any(rule.days_after is not None for rule in self.rules if rule.kind is not RuleKind.SUGGEST)

    def side(self, letter: str) -> SideOf:
        """Side 'A' or 'B'."""
        return self.a if letter == "A" else self.b


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRule:
    """One row of Skip rules: rows whose column passes the test take no part. A column with '=' is a formula."""

    source: str
    column: str
    test: str
    value: str
    reason: str
    cell: str = ""

    @property
    def is_formula(self) -> bool:
        """Whether the rule is a formula in place of a column and a test."""
        return self.column.startswith("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One row of Supporting data: columns brought to a source from another file by a shared value."""

    source: str
    column: str
    path: str
    sheet: str
    match_column: str
    take: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """One row of Derived columns: a column of a source, worked out from a formula."""

    source: str
    column: str
    formula: str
    cell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """One row of Sources: where files come from, as typed (relative to the workbook, patterns allowed)."""

    name: str
    path: str = ""
    sheet: str = ""
    header_row: int = 0
    may_miss: bool = False  # without a file the run goes on, and its legs are left out
    cell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """One row of Expected files. It falls due on `day`; or `days` after the `anchor` of the period; or on weekdays or days of the month."""

    source: str
    what: str = ""
    pattern: str = ""  # name of the file, '' is any file of the source
    day: int = 0  # days since 1970, 0 for none
    anchor: str = ""  # 'start' or 'end' of the period
    days: int = 0
    weekdays: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    grace: int = 0  # days after the due day on which it is not yet late
    cell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the user asked for."""

    title: str = ""
    entity: str = ""
    currency: str = ""
    as_of: dt.date | None = None
    period_from: dt.date | None = None
    period_to: dt.date | None = None
    rows_per_sheet: int = 1_048_000
    sources: tuple[SourceSpec, ...] = ()
    legs: tuple[Leg, ...] = ()
    skips: tuple[SkipRule, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    live_rows: int = 100_000  # a source with more rows gets values in place of live formulas
    expected: tuple[ExpectedFile, ...] = ()
    market: Market | None = None  # None: no marketplace is set up, and nothing of it happens

    def sources_of(self, side: SideOf) -> tuple[str, ...]:
        """The sources of a side; of a side of an earlier leg those that leg reads."""
        for leg in reversed(self.legs):  # an earlier leg may itself stand on one before it
            if side.from_leg == leg.name:
                side = leg.side(side.from_side)
        return side.sources

    def leg_between(self, a: Sequence[str], b: Sequence[str]) -> Leg | None:
        """The first leg that reads one of the sources `a` on side A and one of `b` on side B, row by row."""
        return next((
            leg for leg in self.legs
            if set(self.sources_of(leg.a)) & set(a) and set(self.sources_of(leg.b)) & set(b) and not (leg.a.group_by or leg.b.group_by)
        ), None)  # fmt: skip

    def leg_added_up(self, sources: Sequence[str]) -> tuple[Leg, str] | None:
        """The first leg with a side, 'A' or 'B', that adds one of these sources up, such as payouts against the bank."""
        return next((
            (leg, letter) for leg in self.legs for letter in ("A", "B")
            if leg.side(letter).group_by and set(self.sources_of(leg.side(letter))) & set(sources)
        ), None)  # fmt: skip


def parse_terms(text: str) -> tuple[tuple[int, str], ...]:
    """A column or a sum of columns. '+' separates anywhere, '-' only between blanks; [brackets] protect a name."""
    pieces = re.findall(r"\[[^\]]*\]|\s-\s|\+|(?:(?!\s-\s)[^+\[])+", text)
    sign, terms = 1, []
    for piece in (piece.strip() for piece in pieces):
        if piece in ("+", "-"):
            sign = 1 if piece == "+" else -1
        elif piece:
            terms.append((sign, piece[1:-1].strip() if piece.startswith("[") else piece))
            sign = 1
    return tuple(terms)


def default_rules(within_minor: int, days: int | None) -> tuple[PassRule, ...]:
    """The shipped ladder, surest first. `days` allows B to be that many days before or after A."""
    same_day = None if days is None else 0
    rules = [
        PassRule(name="Decided by hand", kind=RuleKind.MANUAL),
        PassRule(name="Same id, same amount", kind=RuleKind.PAIR, days_before=same_day, days_after=same_day),
    ]
    if days:
        rules.append(
            PassRule(name="Same id and amount, near date", kind=RuleKind.PAIR, days_before=days, days_after=days)
        )
    rules += [
        PassRule(
            name="Totals of the id", kind=RuleKind.TOTALS, within_minor=within_minor, days_before=days, days_after=days
        ),
        PassRule(name="Same id, totals differ", kind=RuleKind.PARTIAL),
        PassRule(name="Same amount, no common id", kind=RuleKind.SUGGEST, days_before=31, days_after=31),
    ]
    return tuple(rules)
