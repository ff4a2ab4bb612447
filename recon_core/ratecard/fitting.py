"""Which rules of a fee hold for which units: decided once for each distinct situation, never row by row.

Units that no condition of the fee tells apart (same words, same validity, same slabs) are one situation; a month has
some hundreds. A condition that cannot be tested is neither true nor false: the rule is open, and the input is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.keys import PLACEHOLDERS, standard_text
from recon_core.ratecard.card import BASES, TEXTS, Base, Card, Combine, Rule
from recon_core.ratecard.units import ANSWERS, INPUTS, UNKNOWN, Answer, Int8, Int32, Int64, Units
from recon_core.texts import arrow_text

Bool = npt.NDArray[np.bool_]
Intp = npt.NDArray[np.intp]

WORDS = ("portal", *TEXTS)
NOTHING = PLACEHOLDERS - {"0"}  # texts that say nothing; a zone may be called 0
_CELLS = 20_000_000  # situations x rules looked at together


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """For each situation (g): rules that count, in row order and padded with -1 (g, k), or why none does.

    `situation` is that of every unit (n). `combine` is the word of the card that holds.
    """

    situation: Intp
    picks: Int32
    answer: Int8
    missing: Int8
    combine: tuple[Combine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The words of all units: distinct combinations (m, one column a word) and the combination of each unit (n)."""

    combination: Intp
    words: pd.DataFrame


def read_texts(units: Units) -> Texts:
    """Text columns in standard form, '' where they say nothing; each distinct text is looked at once."""
    key, size = np.zeros(units.rows, np.int64), 1
    columns = {name: _coded(getattr(units, name), units.rows) for name in WORDS}
    for codes, words in columns.values():
        if size * len(words) > 2**62:
            key, found = pd.factorize(key)
            size = len(found)
        key, size = key * len(words) + codes, size * len(words)
    combination, _ = pd.factorize(key)
    first = _first(combination)
    table = {name: [words[code] for code in codes[first].tolist()] for name, (codes, words) in columns.items()}
    return Texts(combination=combination, words=pd.DataFrame(table, dtype="str"))


def _coded(text: pd.Series | None, rows: int) -> tuple[Int64, list[str]]:
    """Codes into the distinct standard texts."""
    if text is None:
        return np.zeros(rows, np.int64), [""]
    if isinstance(text.dtype, pd.CategoricalDtype):
        codes, raw = text.cat.codes.to_numpy().astype(np.int64), [str(one) for one in text.cat.categories]
        codes, raw = np.where(codes < 0, len(raw), codes), [*raw, ""]
    else:
        encoded = arrow_text(text).dictionary_encode()
        codes, raw = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()
    forms = ["" if (form := standard_text(one)) in NOTHING else form for one in raw]
    code = {form: at for at, form in enumerate(dict.fromkeys(forms))}
    return np.array([code[form] for form in forms], np.int64)[codes], list(code) or [""]


def fit(pairs: Sequence[tuple[Card, Rule]], units: Units, texts: Texts) -> Fit:
    """Rules of one fee in row order, units (n) -> which rules count for each."""
    tests = _Tests(pairs, units, texts)
    situation, _ = pd.factorize(tests.key)
    first = _first(situation)
    parts = [tests.decide(first[chunk]) for chunk in _chunks(len(first), len(pairs))]
    width = max((picks.shape[1] for picks, _, _ in parts), default=1)
    padded = [np.pad(picks, ((0, 0), (0, width - picks.shape[1])), constant_values=-1) for picks, _, _ in parts]
    picks = np.concatenate([*padded, np.empty((0, width), np.int32)]).astype(np.int32)
    return Fit(
        situation=situation, picks=picks,
        answer=np.concatenate([*(answer for _, answer, _ in parts), np.empty(0, np.int8)]).astype(np.int8),
        missing=np.concatenate([*(missing for _, _, missing in parts), np.empty(0, np.int8)]).astype(np.int8),
        combine=tuple(pairs[at][0].combine if at >= 0 else Combine.NONE for at in picks[:, 0].tolist()),
    )  # fmt: skip


def _chunks(situations: int, rules: int) -> Iterator[slice]:
    step = max(1, _CELLS // max(rules, 1))
    return (slice(at, at + step) for at in range(0, situations, step))


def _first(codes: Intp) -> Intp:
    """The first row of each code 0..m-1."""
    first = np.empty(int(codes.max(initial=-1)) + 1, np.intp)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first


class _Tests:
    """The conditions of one fee as columns, and the situation of each unit under them as one number."""

    def __init__(self, pairs: Sequence[tuple[Card, Rule]], units: Units, texts: Texts) -> None:
        self.units, self.texts, self.rules = units, texts, [rule for _, rule in pairs]
        self.cards = [card for card, _ in pairs]
        self.key, self.size = np.zeros(units.rows, np.int64), 1
        self.days = [(basis, _column([card.basis is basis for card in self.cards])) for basis in dict.fromkeys(card.basis for card in self.cards)]  # fmt: skip
        self.first_day = _numbers([rule.first_day for rule in self.rules])
        self.last_day = _numbers([rule.last_day for rule in self.rules])
        for basis, _ in self.days:
            day = units.days.get(basis)
            if day is not None:
                self._add(
                    np.searchsorted(np.unique(np.r_[NO_DAY + 1, self.first_day, self.last_day + 1]), day, "right")
                )
        self.words = {name: self._vocabulary(name) for name in WORDS}
        self._add(self._text_codes()[texts.combination])
        self.bands = list(self._bands())
        for values, above, upto, _, _ in self.bands:
            self._add(np.searchsorted(np.unique(np.r_[UNKNOWN, above, upto]), values, "left"))

    def decide(self, rows: Intp) -> tuple[Int32, Int8, Int8]:
        """One unit of each situation (g) -> picks (g, k), answers and missing inputs (g)."""
        shape = (len(rows), len(self.rules))
        fails, lacks = np.zeros(shape, bool), np.zeros(shape, np.int8)
        for basis, decides in self.days:
            given = self.units.days.get(basis)
            day = (np.full(len(rows), NO_DAY) if given is None else given[rows])[:, None]
            in_time = (self.first_day <= day) & (day <= self.last_day)
            _note(fails, lacks, in_time | ~decides, (day == NO_DAY) & decides, "date")
        combination = self.texts.combination[rows]
        for name in WORDS:
            known, holds, is_any = self.words[name]
            code = known[combination]
            _note(fails, lacks, holds.T[code] | is_any, (code == 0)[:, None] & ~is_any, name.replace("_", " "))
            if name == "portal":
                on_card = ~fails & (lacks == 0)
        for values, above, upto, tested, name in self.bands:
            value = values[rows][:, None]
            _note(fails, lacks, ((above < value) & (value <= upto)) | ~tested, (value == UNKNOWN) & tested, name)
        return self._verdict(fails, lacks, on_card.any(axis=1))

    def _verdict(self, fails: Bool, lacks: Int8, has_card: Bool) -> tuple[Int32, Int8, Int8]:
        holds, is_open = ~fails & (lacks == 0), ~fails & (lacks > 0)
        takes_first = np.array([card.combine is Combine.FIRST for card in self.cards])
        leading = holds & takes_first
        decided = np.cumsum(leading, axis=1) - leading > 0  # a rule of FIRST holds above: later ones do not count
        holds, is_open = holds & ~(decided & takes_first), is_open & ~(decided & takes_first)
        waits = is_open.any(axis=1)
        missing = np.where(waits, lacks[np.arange(len(lacks)), is_open.argmax(axis=1)], 0) if lacks.size else np.zeros(len(lacks))  # fmt: skip
        found = holds.any(axis=1)
        words = np.select(
            [waits, found, has_card], [_code(Answer.MISSING), _code(Answer.WORKED_OUT), _code(Answer.NO_RULE)], _code(Answer.NO_CARD)
        )  # fmt: skip
        at, rule = np.nonzero(holds & ~waits[:, None])
        nth = np.arange(len(at)) - np.searchsorted(at, at)
        picks = np.full((len(holds), int(nth.max(initial=0)) + 1), -1, np.int32)
        picks[at, nth] = rule
        return picks, words.astype(np.int8), missing.astype(np.int8)

    def _add(self, codes: Intp) -> None:
        """Tell units apart by one more column of small codes."""
        size = int(codes.max(initial=0)) + 1
        if self.size * size > 2**62:
            self.key, found = pd.factorize(self.key)
            self.size = len(found)
        self.key, self.size = self.key * size + codes, self.size * size

    def _vocabulary(self, name: str) -> tuple[Intp, Bool, Bool]:
        """(code of each combination: 0 unknown, 1 in no rule, 2.. ; rule x code; rule names none)."""
        named = [_words(card, rule, name) for card, rule in zip(self.cards, self.rules, strict=True)]
        code = {word: at for at, word in enumerate(sorted({word for some in named for word in some}), 2)}
        holds = np.zeros((len(named), len(code) + 2), bool)
        for at, some in enumerate(named):
            holds[at, [code[word] for word in some]] = True
        of_combination = [0 if word == "" else code.get(word, 1) for word in self.texts.words[name].tolist()]
        return np.array(of_combination, np.intp), holds, _column([not some for some in named])

    def _text_codes(self) -> Intp:
        """A number for each combination of words, equal where no rule tells them apart."""
        key = np.zeros(len(self.texts.words), np.int64)
        for known, _, is_any in self.words.values():
            if not is_any.all():
                key, _ = pd.factorize(key * (int(known.max(initial=0)) + 1) + known)
        return np.asarray(key, np.intp)

    def _bands(self) -> Iterator[tuple[Int64, Int64, Int64, Bool, str]]:
        """Each column that a band tests: values (n), bounds (r), which rules test it, its name."""
        for base in BASES:
            tested = _column([not rule.price.is_any and rule.price_of is base for rule in self.rules])
            if tested.any():
                above = _numbers([rule.price.above for rule in self.rules])
                yield (
                    self.units.amount(base),
                    above,
                    _numbers([rule.price.upto for rule in self.rules]),
                    tested,
                    base,
                )
        tested = _column([not rule.weight.is_any for rule in self.rules])
        if tested.any():
            weight = self.units.weight_g
            values = np.full(self.units.rows, UNKNOWN, np.int64) if weight is None else weight
            above = _numbers([rule.weight.above for rule in self.rules])
            yield values, above, _numbers([rule.weight.upto for rule in self.rules]), tested, "weight"


def _column(values: list[bool]) -> Bool:
    return np.array(values, bool)


def _numbers(values: list[int]) -> Int64:
    return np.array(values, np.int64)


def _words(card: Card, rule: Rule, name: str) -> tuple[str, ...]:
    if name == "portal":
        return (standard_text(card.portal),) if card.portal else ()
    words: tuple[str, ...] = getattr(rule, name)
    return words


def _note(fails: Bool, lacks: Int8, holds: Bool, unknown: Bool, name: str | Base) -> None:
    """Mark rules that a known value rules out, and the first input that another one lacks."""
    fails |= ~holds & ~unknown
    lacks[unknown & (lacks == 0)] = INPUTS.index(name)


def _code(answer: Answer) -> int:
    return ANSWERS.index(answer)
