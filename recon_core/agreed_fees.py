"""What a fee should be by the sheet Rates of a workbook, for amounts of the user's own: the worksheet function behind it.

Cells become questions, questions become units, and `ratecard` answers as it does in a run. One amount stands for all that
a card takes its percentage of or tests its slabs by; a row that needs two kinds of amount, or an input that was not given,
has no answer. What a fee is charged on (shipped, returned ...) is taken to have happened, once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from recon_core import schema
from recon_core.dates import NO_DAY, from_date
from recon_core.keys import standard_text
from recon_core.market_setup import PORTAL
from recon_core.money import MINOR_PER_MAJOR, Int64, to_major
from recon_core.problems import Place, ReconError, Severity
from recon_core.ratecard import (
    ANSWERS,
    UNKNOWN,
    Answer,
    Base,
    Basis,
    Card,
    Charge,
    Event,
    Grain,
    Units,
    expected,
    parse_cards,
)
from recon_core.ratecard.card import GST_ON_FEES
from recon_core.readings import ERRORS, NoAnswer, dates, is_blank
from recon_core.schema import Row, as_text

Given = float | str | NoAnswer
Grids = Mapping[str, Sequence[Sequence[object]]]

SHEETS = ("Rates", "Setup")  # of the workbook, which are looked at
WORDS = ("fee", "gst", "total", "rule")  # what may be asked
MEETING = frozenset({"R-715", "R-716", "R-717", "R-720"})  # two rows hold for one unit, and nothing says which counts
_GST = standard_text(GST_ON_FEES)
_NONE = {
    Answer.NO_CARD: NoAnswer.NOT_FOUND, Answer.NO_RULE: NoAnswer.NOT_FOUND, Answer.MISSING: NoAnswer.SEVERAL, Answer.TOO_LARGE: NoAnswer.BAD_INPUT,
}  # fmt: skip


class Cells(NamedTuple):
    """What is asked, cell by cell (n each): blank cells were not given. `base` is an amount, `weight` grams."""

    fee: Sequence[object]
    base: Sequence[object]
    category: Sequence[object]
    day: Sequence[object]
    portal: Sequence[object]
    weight: Sequence[object]
    brand: Sequence[object]
    zone: Sequence[object]
    payment_mode: Sequence[object]


class Question(NamedTuple):
    """One question, read: minor units, days since 1970, grams; UNKNOWN, NO_DAY and '' were not given."""

    fee: str
    base_minor: int
    category: str
    day: int
    portal: str
    weight_g: int
    brand: str
    zone: str
    payment_mode: str


class Rates:
    """The rows of the table Rates by fee, in standard form; a fee's cards are read when first asked for, and kept."""

    def __init__(self, grids: Grids) -> None:
        """Cells of the sheets Rates and Setup. Raises ReconError S-102 where Rates lacks a column: it might decide."""
        tables, problems = schema.read_tables(grids)
        for problem in problems:
            if problem.where.sheet == "Rates":
                raise ReconError(problem)
        items = {row.text("Item").casefold(): row.text("Value") for row in tables.get("Reconciliation", [])}
        self.portal = items.get(PORTAL.casefold(), "")
        self._rows: dict[str, list[Row]] = {}
        for row in tables.get("Rates", []):
            self._rows.setdefault(standard_text(row.text("Fee")), []).append(row)
        self._cards: dict[str, tuple[Card, ...] | NoAnswer] = {}

    def cards(self, fee: str) -> tuple[Card, ...] | NoAnswer:
        """The cards of a fee with those of GST on fees. BAD_INPUT where a row has a mistake, SEVERAL where rows meet."""
        if fee not in self._cards:
            self._cards[fee] = self._read(fee)
        return self._cards[fee]

    def _read(self, fee: str) -> tuple[Card, ...] | NoAnswer:
        if fee in ("", _GST) or fee not in self._rows:
            return NoAnswer.NOT_FOUND
        rows = [
            row for name in (fee, _GST, "") for row in self._rows.get(name, [])
        ]  # a row without a fee may be this one's
        rows.sort(key=lambda row: row.row)
        cards, problems = parse_cards(
            [row.values for row in rows], lambda at, _: Place(sheet="Rates", row=rows[at].row)
        )
        stops = {problem.code for problem in problems if problem.severity is Severity.STOP}
        if stops:
            return NoAnswer.SEVERAL if stops <= MEETING else NoAnswer.BAD_INPUT
        return cards


def fees(rates: Rates, asked: Cells, what: str = "fee") -> list[Given]:
    """The fee without tax, the 'gst' on it, the 'total' of both, or the 'rule' of the card, for each cell (n).

    NOT_FOUND: no card or row covers it. SEVERAL: versions or rows differ where no day is given, or an input is needed that is
    not. BAD_INPUT: a cell that is no amount or date, or a mistake on Rates. Raises ValueError for another word.
    """
    word = what.strip().casefold() or "fee"
    if word not in WORDS:
        raise ValueError(what)
    read = _questions(asked)
    found: list[Given] = [one if isinstance(one, NoAnswer) else NoAnswer.NOT_FOUND for one in read]
    places: dict[str, list[int]] = {}
    for at, one in enumerate(read):
        if not isinstance(one, NoAnswer):
            places.setdefault(standard_text(one.fee), []).append(at)
    for fee, rows in places.items():
        mine = [one for at in rows if not isinstance(one := read[at], NoAnswer)]
        for at, answer in zip(rows, _of_fee(rates, fee, mine, word), strict=True):
            found[at] = answer
    return found


def _questions(asked: Cells) -> list[Question | NoAnswer]:
    """Cells -> questions; the first cell of a question that cannot be read is its answer."""
    columns = (
        list(map(_word, asked.fee)), list(map(_amount, asked.base)), list(map(_word, asked.category)), list(map(_day, dates(asked.day))),
        list(map(_word, asked.portal)), list(map(_grams, asked.weight)), list(map(_word, asked.brand)), list(map(_word, asked.zone)),
        list(map(_word, asked.payment_mode)),
    )  # fmt: skip
    return [
        next((cell for cell in cells if isinstance(cell, NoAnswer)), None) or Question(*cells)
        for cells in zip(*columns, strict=True)
    ]


def _word(cell: object) -> str | NoAnswer:
    text = as_text(cell)
    return ERRORS.get(text, text)


def _amount(cell: object) -> int | NoAnswer:
    """A number in minor units, UNKNOWN for a blank; a text is no amount, even where it reads as one."""
    if is_blank(cell):
        return UNKNOWN
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not abs(cell) < 1e13:
        return ERRORS.get(as_text(cell), NoAnswer.BAD_INPUT)
    return round(cell * MINOR_PER_MAJOR)


def _grams(cell: object) -> int | NoAnswer:
    """Whole grams, cut as in a run."""
    minor = _amount(cell)
    if isinstance(minor, NoAnswer) or minor == UNKNOWN:
        return minor
    return NoAnswer.BAD_INPUT if minor < 0 else minor // MINOR_PER_MAJOR


def _day(read: dt.date | str | NoAnswer) -> int | NoAnswer:
    if isinstance(read, NoAnswer):
        return read
    return NO_DAY if isinstance(read, str) else from_date(read)


def _of_fee(rates: Rates, fee: str, questions: Sequence[Question], word: str) -> list[Given]:
    """The answers of one fee. A question without a day is asked of every day on which something changes."""
    cards = rates.cards(fee)
    if isinstance(cards, NoAnswer):
        return [cards] * len(questions)
    mine = [card for card in cards if standard_text(card.fee) == fee]
    changes = _changes(cards)
    every = [(at, day) for at, one in enumerate(questions) for day in (changes if one.day == NO_DAY else [one.day])]
    units = _units([questions[at]._replace(day=day) for at, day in every], _party(rates, mine))
    base = np.array([questions[at].base_minor for at, _ in every], np.int64)
    found: list[list[Given]] = [[] for _ in questions]
    for per_order in {card.per is Grain.ORDER for card in mine}:
        answers = _answers(cards, mine, replace(units, are_orders=per_order), base, word)
        for (at, _), answer in zip(every, answers, strict=True):
            found[at].append(answer)
    return [_only(answers) for answers in found]


def _changes(cards: Sequence[Card]) -> list[int]:
    """The days on which a rule begins, or has ended: between two of them every answer is the same."""
    rules = [rule for card in cards for rule in card.rules]
    return sorted({rule.first_day for rule in rules} | {rule.last_day + 1 for rule in rules})


def _party(rates: Rates, cards: Sequence[Card]) -> str:
    """The portal of a question that names none: that of Setup, else the only one on the cards."""
    named = {standard_text(card.portal): card.portal for card in cards}
    return rates.portal or (next(iter(named.values())) if len(named) == 1 else "")


def _units(questions: Sequence[Question], party: str) -> Units:
    """Questions as units, one a row, amounts left open: all dates are the day asked for, and everything has happened once."""

    def numbers(values: Iterable[int]) -> Int64:
        return np.fromiter(values, np.int64, len(questions))

    def texts(values: Iterable[str]) -> pd.Series:
        return pd.Series(list(values), dtype="str")

    once = np.ones(len(questions), np.int64)
    return Units(
        rows=len(questions), days=dict.fromkeys(Basis, numbers(one.day for one in questions)), counts=dict.fromkeys(Event, once),
        weight_g=numbers(one.weight_g for one in questions), portal=texts(one.portal or party for one in questions),
        category=texts(one.category for one in questions), brand=texts(one.brand for one in questions), zone=texts(one.zone for one in questions),
        payment_mode=texts(one.payment_mode for one in questions),
    )  # fmt: skip


def _answers(cards: Sequence[Card], mine: Sequence[Card], units: Units, base: Int64, word: str) -> list[Given]:
    """The answer for each unit, its amount taken as each kind that the fee's rules use; only one kind can lead to a fee.

    Where a rule needs two kinds, or rules of two kinds may hold, each kind alone leaves something open.
    """
    rules = [rule for card in mine for rule in card.rules]
    kinds = {rule.base for rule in rules if rule.base} | {rule.price_of for rule in rules if not rule.price.is_any}
    charges = [expected(cards, replace(units, amounts={kind: base})) for kind in Base if kind in kinds]
    found = [_values(charge, word) for one in charges or [expected(cards, units)] for charge in one.values()]
    return [min(some, key=_rank) for some in zip(*found, strict=True)]


def _values(charge: Charge, word: str) -> list[Given]:
    """What a charge says of each row."""
    answers = [ANSWERS[code] for code in charge.answer.tolist()]
    if word == "rule":
        said = {use: charge.describe(use) for use in set(charge.use.tolist())}
        values: list[Given] = [said[use] for use in charge.use.tolist()]
    else:
        minor = charge.fee_minor * (word != "gst") + charge.tax_minor * (word != "fee")
        values = [to_major(one) for one in minor.tolist()]
    return [value if answer is Answer.WORKED_OUT else _NONE[answer] for value, answer in zip(values, answers, strict=True)]  # fmt: skip


def _rank(answer: Given) -> int:
    """A value before what is missing, before what is too large, before nothing."""
    order = (NoAnswer.SEVERAL, NoAnswer.BAD_INPUT, NoAnswer.NOT_FOUND)
    return order.index(answer) + 1 if isinstance(answer, NoAnswer) else 0


def _only(answers: Sequence[Given]) -> Given:
    """The one answer of all days: none of them may leave something open, and those with a value must agree."""
    for open_one in (NoAnswer.BAD_INPUT, NoAnswer.SEVERAL):
        if open_one in answers:
            return open_one
    values = list(dict.fromkeys(one for one in answers if not isinstance(one, NoAnswer)))
    return values[0] if len(values) == 1 else NoAnswer.SEVERAL if values else NoAnswer.NOT_FOUND


__all__ = ["SHEETS", "WORDS", "Cells", "Rates", "fees"]
