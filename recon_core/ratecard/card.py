"""Rate cards as values: what a portal may charge, from when to when, for which units.

A card is the rows of one portal, fee and version; a row is a rule: conditions, amount, validity, tax and what comes
back. Bands and slabs are *from exclusive, to inclusive*; validity is inclusive at both ends. An empty condition means any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from recon_core.dates import to_date
from recon_core.money import to_text

OPEN = 2**31 - 1  # the last day of a rule without an end
MANY = 2**62  # a band without an upper bound
GST_ON_FEES = "GST on fees"  # the card whose rates serve every rule with an empty GST %


class Base(StrEnum):
    """What a percentage is taken of, and what a price band may test. The words of the sheet."""

    PRICE = "price incl. GST"
    TAXABLE = "taxable"
    NET = "net of discount"
    COLLECTED = "collected"


class Basis(StrEnum):
    """Which date of a unit decides the version."""

    ORDER = "order"
    INVOICE = "invoice"
    SHIP = "ship"
    DELIVERY = "delivery"
    RETURN = "return"


class Combine(StrEnum):
    """How amounts that hold together become one fee. NONE: only one rule may hold."""

    NONE = ""
    SUM = "SUM"
    GREATEST = "GREATEST"
    LEAST = "LEAST"
    FIRST = "FIRST"


class Event(StrEnum):
    """What has to happen to a unit before the fee is charged."""

    ORDERED = "Ordered"
    SHIPPED = "Shipped"
    DELIVERED = "Delivered"
    RETURN = "Customer return"
    RTO = "RTO"
    CANCELLED = "Cancelled"


class Grain(StrEnum):
    """What a fee is charged on: every unit, every item line, every order."""

    UNIT = "unit"
    ITEM = "item"
    ORDER = "order"


class State(StrEnum):
    """Where a rule stands on a day."""

    UPCOMING = "Upcoming"
    ACTIVE = "Active"
    EXPIRED = "Expired"


BASES, BASIS, EVENTS, COMBINES = tuple(Base), tuple(Basis), tuple(Event), tuple(Combine)
TEXTS = ("category", "brand", "zone", "payment_mode")  # conditions by word, as attributes of Rule and of Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """More than `above`, at most `upto`: minor units of money, or grams."""

    above: int = -MANY
    upto: int = MANY

    @property
    def is_any(self) -> bool:
        """Whether it leaves nothing out."""
        return self.above == -MANY and self.upto == MANY

    def text(self, scale: int) -> str:
        """'above 300 to 750', 'to 300', 'above 1500'; `scale` units of the band are one as it is shown."""
        low, high = (to_text(bound * 10_000 // scale, 0) for bound in (self.above, self.upto))
        return " ".join(
            filter(None, [f"above {low}" if self.above > -MANY else "", f"to {high}" if self.upto < MANY else ""])
        )


ANY = Band()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of a card. Days since 1970, money in minor units, rates in parts per million.

    Words of conditions are in their standard form (`keys.standard_text`). `at` is the row's position among those given to
    `parse_cards`. The amount is `rate_ppm` of `base` and `fixed_minor`, either may be absent; `step_minor` is added for
    every started `step_g` above the weight band's lower bound. `tax_ppm` None: the dated card of GST on fees says it.
    """

    at: int
    first_day: int
    last_day: int = OPEN
    category: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    payment_mode: tuple[str, ...] = ()
    price: Band = ANY
    price_of: Base = Base.PRICE  # the amount that the price band tests
    weight: Band = ANY
    base: Base | None = None
    rate_ppm: int | None = None
    fixed_minor: int | None = None
    min_minor: int = 0
    max_minor: int | None = None
    step_g: int = 0
    step_minor: int = 0
    tax_ppm: int | None = None
    is_inclusive: bool = False
    rto_ppm: int = 0
    return_ppm: int = 0
    contract: str = ""
    note: str = ""

    def state(self, day: int) -> State:
        """Upcoming before its first day, Expired after its last one."""
        if day < self.first_day:
            return State.UPCOMING
        return State.EXPIRED if day > self.last_day else State.ACTIVE

    @property
    def conditions(self) -> tuple[object, ...]:
        """What a unit must be like, apart from the day."""
        return (*(getattr(self, name) for name in TEXTS), self.price, self.price_of, self.weight)

    @property
    def terms(self) -> tuple[object, ...]:
        """What rules that hold together must agree on: tax, and what comes back."""
        return (self.tax_ppm, self.is_inclusive, self.rto_ppm, self.return_ppm)

    @property
    def validity(self) -> str:
        """'from 2026-01-01 to 2026-04-15', 'from 2026-04-16'."""
        end = "" if self.last_day == OPEN else f" to {to_date(self.last_day)}"
        return f"from {to_date(self.first_day)}{end}"

    @property
    def units(self) -> str:
        """'category TOPS, price incl. GST above 300 to 750'; '' for any unit."""
        named = [(name.replace("_", " "), getattr(self, name)) for name in TEXTS]
        parts = [f"{name} {' or '.join(words)}" for name, words in named if words]
        parts += [f"{self.price_of} {self.price.text(10_000)}"] if not self.price.is_any else []
        parts += [f"weight {self.weight.text(1)} g"] if not self.weight.is_any else []
        return ", ".join(parts)

    @property
    def amount(self) -> str:
        """'14% of price incl. GST, at least 30.00'."""
        parts = [f"{percent(self.rate_ppm)} of {self.base or 'the fee'}"] if self.rate_ppm is not None else []
        parts += [to_text(self.fixed_minor)] if self.fixed_minor is not None else []
        text = " and ".join(parts)
        if self.step_minor:
            text += f", {to_text(self.step_minor)} for each started {self.step_g} g above {max(self.weight.above, 0)} g"
        text += f", at least {to_text(self.min_minor)}" if self.min_minor else ""
        text += f", at most {to_text(self.max_minor)}" if self.max_minor is not None else ""
        return text + (" (tax included)" if self.is_inclusive else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The rules of one portal, fee and version, in row order. A portal of '' is any portal."""

    portal: str
    fee: str  # as typed: a custom fee bears exactly the name of the payment report
    version: str = ""
    basis: Basis = Basis.ORDER
    combine: Combine = Combine.NONE
    event: Event = Event.SHIPPED
    per: Grain = Grain.UNIT
    rules: tuple[Rule, ...] = field(default=())

    def describe(self, rule: Rule) -> str:
        """'AJIO Commission from 2026-01-01 to 2026-04-15, category TOPS: 14% of price incl. GST, at least 30.00'."""
        name = " ".join(filter(None, [self.portal, self.fee, self.version]))
        units = f", {rule.units}" if rule.units else ""
        return f"{name} {rule.validity}{units}: {rule.amount}"


def percent(ppm: int) -> str:
    """Parts per million as a person writes it: 95_000 -> '9.5%'."""
    return f"{to_text(ppm, 0)}%"
