"""Rows of the table Rates -> cards, with every mistake in them.

The same table comes from a workbook, from a portal's file (`files.py`) and from the shipped taxes; each has cells
by header. A row with a mistake is left out of its card, and the mistake stops the run: a fee is never worked out from
half a card.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import pandas as pd

from recon_core.dates import Order, read_dates
from recon_core.keys import standard_text
from recon_core.money import to_minor
from recon_core.problems import Place, Problem, Severity
from recon_core.ratecard.card import GST_ON_FEES, MANY, OPEN, Band, Base, Basis, Card, Combine, Event, Grain, Rule
from recon_core.ratecard.checks import check_cards

Cells = Mapping[str, object]
Placing = Callable[[int, str], Place]  # (position of the row, header) -> where the user finds it
Word = TypeVar("Word", bound=StrEnum)

COLUMNS: tuple[str, ...] = (
    "Portal", "Fee", "Version", "From", "To", "Date basis", "Category", "Brand", "Price from", "Price to", "Weight from", "Weight to",
    "Zone", "Payment mode", "Base", "%", "Fixed", "Min", "Max", "Combine", "GST %", "Tax inclusive", "Charged on", "RTO %", "Return %",
    "Contract ref", "Note",
)  # fmt: skip
MORE_COLUMNS = ("Price of", "Step (g)", "Per step", "Per")  # understood where they are there
_YES = {"yes": True, "y": True, "true": True, "1": True, "": False, "no": False, "n": False, "false": False, "0": False}
_NEAR: dict[StrEnum, tuple[str, ...]] = {  # other spellings of our words, letters and digits only
    Base.PRICE: ("price", "sellingprice", "sellingpriceinclgst", "priceinclgst", "mrpinclgst"),
    Base.TAXABLE: ("taxablevalue", "priceexclgst", "sellingpriceexclgst"),
    Base.NET: ("net", "netofsellerdiscount", "netprice"),
    Base.COLLECTED: ("collectedamount", "amountcollected", "amountpaidbycustomer"),
    Combine.GREATEST: ("greater", "highest", "max"),
    Combine.LEAST: ("lowest", "lesser", "min"),
    Event.SHIPPED: ("ship", "shipment", "dispatched", "dispatch"),
    Event.DELIVERED: ("delivery",),
    Event.ORDERED: ("order", "ordercreated"),
    Event.RETURN: ("return", "returned", "customerreturned"),
    Event.RTO: ("courierreturn", "returntoorigin"),
    Event.CANCELLED: ("cancel", "cancellation"),
    Basis.ORDER: ("orderdate", "ordercreated", "created"),
    Basis.INVOICE: ("invoicedate",),
    Basis.SHIP: ("shipdate", "shipped", "dispatch", "dispatchdate"),
    Basis.DELIVERY: ("deliverydate", "delivered"),
    Basis.RETURN: ("returndate", "returned"),
    Grain.ITEM: ("itemline", "line"),
}
_LARGEST = 10**11  # an amount of a card: a crore of rupees, in minor units


def parse_cards(rows: Sequence[Cells], place: Placing) -> tuple[tuple[Card, ...], tuple[Problem, ...]]:
    """Rows of Rates, by header -> cards in the order their first rows stand, and every Problem.

    Headers are `COLUMNS` and, where wanted, `MORE_COLUMNS`; an absent header is an empty cell and an empty row is passed
    over. Empty cells: Date basis order, Charged on Shipped, Per unit, Tax inclusive no, RTO % and Return % nothing, GST %
    the dated card of GST on fees. Words of a condition may be several, parted by semicolons.
    Problems: R-711 to R-719 are Stops; R-721 and R-722, gaps, are Notes.
    """
    problems: list[Problem] = []
    cards: dict[tuple[str, ...], Card] = {}
    first: dict[tuple[str, ...], int] = {}
    for at, cells in enumerate(rows):
        reader = _Reader(cells=cells, at=at, place=place)
        if not any(map(cell_text, cells.values())):
            continue
        card, rule = _card(reader), _rule(reader)
        problems += reader.problems
        if reader.problems:
            continue
        name = tuple(standard_text(part) for part in (card.portal, card.fee, card.version))
        one = cards.setdefault(name, card)
        first.setdefault(name, at)
        if terms := [word for word, of_card, of_row in _terms(one, card) if of_card != of_row]:
            problems.append(_uneven(reader, card, terms, first[name]))
            continue
        combine = one.combine or card.combine
        cards[name] = _with(one, combine, rule)
    found = tuple(cards.values())
    return found, tuple(problems) + check_cards(found, place)


def _terms(one: Card, other: Card) -> tuple[tuple[str, object, object], ...]:
    """What all rows of a card must agree on; an empty Combine agrees with any."""
    combine = one.combine or other.combine
    return (
        ("Date basis", one.basis, other.basis),
        ("Charged on", one.event, other.event),
        ("Per", one.per, other.per),
        ("Combine", combine, other.combine or combine),
    )


def _with(card: Card, combine: Combine, rule: Rule) -> Card:
    return Card(
        portal=card.portal, fee=card.fee, version=card.version, basis=card.basis, combine=combine,
        event=card.event, per=card.per, rules=(*card.rules, rule),
    )  # fmt: skip


def _uneven(reader: _Reader, card: Card, terms: list[str], first: int) -> Problem:
    column = terms[0]
    what = f"Rows of {_name(card)} differ in {' and '.join(terms)}; the first one is {reader.place(first, column)}."
    fix = "Make them equal, or give the rows another Version."
    return Problem("R-718", Severity.STOP, reader.place(reader.at, column), reader.text(column), what, fix)


def _name(card: Card) -> str:
    return " ".join(filter(None, [card.portal, card.fee, card.version]))


def _card(reader: _Reader) -> Card:
    fee = reader.text("Fee")
    if not fee:
        reader.wrong("R-711", "Fee", "The row names no fee.", "Type the name of the fee as the payment report has it.")
    return Card(
        portal=reader.text("Portal"), fee=fee, version=reader.text("Version"),
        basis=reader.word("Date basis", Basis, Basis.ORDER), combine=reader.word("Combine", Combine, Combine.NONE),
        event=reader.word("Charged on", Event, Event.SHIPPED), per=reader.word("Per", Grain, Grain.UNIT),
    )  # fmt: skip


def _rule(reader: _Reader) -> Rule:
    rule = Rule(
        at=reader.at, first_day=reader.day("From", -OPEN), last_day=reader.day("To", OPEN),
        category=reader.words("Category"), brand=reader.words("Brand"), zone=reader.words("Zone"), payment_mode=reader.words("Payment mode"),
        price=reader.band("Price from", "Price to", reader.money), price_of=reader.word("Price of", Base, Base.PRICE),
        weight=reader.band("Weight from", "Weight to", reader.grams),
        base=reader.word("Base", Base, Base.PRICE) if reader.text("Base") else None, rate_ppm=reader.rate("%"), fixed_minor=reader.money("Fixed"),
        min_minor=reader.money("Min") or 0, max_minor=reader.money("Max"),
        step_g=reader.grams("Step (g)") or 0, step_minor=reader.money("Per step") or 0,
        tax_ppm=reader.rate("GST %"), is_inclusive=reader.yes("Tax inclusive"),
        rto_ppm=reader.rate("RTO %") or 0, return_ppm=reader.rate("Return %") or 0,
        contract=reader.text("Contract ref"), note=reader.text("Note"),
    )  # fmt: skip
    _complete(reader, rule)
    return rule


def _complete(reader: _Reader, rule: Rule) -> None:
    """What a row must say."""
    is_gst = standard_text(reader.text("Fee")) == standard_text(GST_ON_FEES)
    if not reader.text("From"):
        reader.wrong("R-711", "From", "The row has no first day.", "Type the day from which the rate is agreed.")
    if not reader.text("%") and not reader.text("Fixed"):
        reader.wrong("R-711", "%", "The row has neither a % nor a Fixed amount.", "Type one of them; 0 where nothing is charged.")  # fmt: skip
    if reader.text("%") and not reader.text("Base") and not is_gst:
        reader.wrong("R-711", "Base", "The row has a % and does not say of what.", f"Choose one of: {', '.join(Base)}.")
    if bool(rule.step_g) != bool(rule.step_minor):
        empty = "Per step" if rule.step_g else "Step (g)"
        reader.wrong("R-711", empty, "A step needs its grams and its amount.", "Fill both cells, or empty both.")
    _bounded(reader, rule)


def _bounded(reader: _Reader, rule: Rule) -> None:
    """Bounds that contradict each other, and an event that would undo itself."""
    if rule.first_day > rule.last_day:
        reader.wrong("R-714", "To", "The last day lies before the first.", "Correct From or To.")
    for band, low, high in ((rule.price, "Price from", "Price to"), (rule.weight, "Weight from", "Weight to")):
        if band.above >= band.upto:
            reader.wrong("R-714", high, f"{low} {reader.text(low)} is not below {high} {reader.text(high)}, so no unit fits.", "Correct one of them: from is exclusive, to is inclusive.")  # fmt: skip
    if rule.max_minor is not None and rule.min_minor > rule.max_minor:
        reader.wrong("R-714", "Min", f"Min {reader.text('Min')} is above Max {reader.text('Max')}.", "Correct one of them.")  # fmt: skip
    for event, share, header in ((Event.RETURN, rule.return_ppm, "Return %"), (Event.RTO, rule.rto_ppm, "RTO %")):
        if share and reader.word("Charged on", Event, Event.SHIPPED) is event:
            reader.wrong("R-719", header, f"The fee is charged on the {event} and given back on it.", f"Empty {header}, or correct Charged on.")  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _Reader:
    """One row under the eye: each read gives a value, or a neutral one and a Problem."""

    cells: Cells
    at: int
    place: Placing
    problems: list[Problem] = field(default_factory=list)

    def text(self, header: str) -> str:
        return cell_text(self.cells.get(header))

    def wrong(self, code: str, header: str, what: str, fix: str) -> None:
        problem = Problem(code, Severity.STOP, self.place(self.at, header), self.text(header), what, fix)
        if problem not in self.problems:
            self.problems.append(problem)

    def words(self, header: str) -> tuple[str, ...]:
        """'Kurtas; Sarees' -> ('KURTAS', 'SAREES')."""
        return tuple(sorted({standard_text(one) for one in self.text(header).split(";")} - {""}))

    def word(self, header: str, words: type[Word], default: Word) -> Word:
        text = _letters(self.text(header))
        if not self.text(header):
            return default
        for word in words:
            if word and text in (_letters(word), *_NEAR.get(word, ())):
                return word
        fix = f"Choose one of: {', '.join(filter(None, words))}."
        self.wrong("R-712", header, f"'{self.text(header)}' is no choice for {header}.", fix)
        return default

    def yes(self, header: str) -> bool:
        text = self.text(header).casefold()
        if text not in _YES:
            self.wrong("R-712", header, f"'{self.text(header)}' is no choice for {header}.", "Type yes or no.")
        return _YES.get(text, False)

    def day(self, header: str, default: int) -> int:
        text = self.text(header)
        if not text:
            return default
        read = read_dates(pd.Series([text], dtype="str"), Order.DMY)
        if not read.ok[0]:
            self.wrong("R-713", header, f"'{text}' is not a date.", "Type a date such as 16-Apr-2026.")
        return int(read.day[0]) if read.ok[0] else default

    def money(self, header: str) -> int | None:
        """An amount from 0 in minor units, None for an empty cell."""
        value = self._number(header, "Type an amount such as 35.00, without a sign.")
        if value is not None and value > _LARGEST:
            self.wrong(
                "R-713", header, f"'{self.text(header)}' is more than a fee can be.", "Type the amount in rupees."
            )
        return value

    def grams(self, header: str) -> int | None:
        """Whole grams, None for an empty cell."""
        value = self._number(header, "Type whole grams, such as 500.")
        if value is not None and value % 10_000:
            self.wrong(
                "R-713", header, f"'{self.text(header)}' is not in whole grams.", "Type whole grams, such as 500."
            )
        return None if value is None else value // 10_000

    def rate(self, header: str) -> int | None:
        """A percentage from 0 to 100 in parts per million, None for an empty cell: '9.5' and '9.5%' -> 95_000."""
        value = self._number(header, "Type a number from 0 to 100 such as 12.5.")
        if value is not None and value > 1_000_000:
            self.wrong("R-713", header, f"'{self.text(header)}' is more than 100 %.", "Type a number from 0 to 100 such as 12.5.")  # fmt: skip
        return value

    def band(self, low: str, high: str, read: Callable[[str], int | None]) -> Band:
        above, upto = read(low), read(high)
        return Band(above=-MANY if above is None else above, upto=MANY if upto is None else upto)

    def _number(self, header: str, fix: str) -> int | None:
        """Ten-thousandths; a percentage of them is a part per million."""
        text = self.text(header)
        if not text:
            return None
        try:
            value = to_minor(text.removesuffix("%").strip() if "%" in header else text)
        except ValueError:
            self.wrong("R-713", header, f"'{text}' is not a number.", fix)
            return None
        if value < 0 or re.search(r"\.\d{4}\d*[1-9]", text):
            self.wrong(
                "R-713", header, f"'{text}' {'is below 0' if value < 0 else 'has more than four decimals'}.", fix
            )
            return None
        return value


def cell_text(value: object) -> str:
    """A cell as trimmed text: None -> '', 12.0 -> '12', a date -> ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(round(value, 9))
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()[:10]
    return str(value).strip()


def _letters(text: str) -> str:
    """Letters and digits only, in lower case: 'Customer return' and 'CustomerReturn' are one."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())
