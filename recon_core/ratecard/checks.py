"""Do the rules of all cards fit together? For every unit and day at most one card, and a stated way where rules meet.

Two rules meet where a day and a unit can be found that both hold for. Rules of two versions must not meet; rules of
one card may, where Combine says how. Gaps, in days or between slabs, are only noted: fees in them are Failed, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recon_core.dates import to_date
from recon_core.keys import standard_text
from recon_core.money import to_text
from recon_core.problems import Place, Problem, Severity
from recon_core.ratecard.card import TEXTS, Card, Combine, Rule

Bool = npt.NDArray[np.bool_]
Placing = Callable[[int, str], Place]
Pair = tuple[Card, Rule]


def check_cards(cards: tuple[Card, ...], place: Placing) -> tuple[Problem, ...]:
    """Overlaps (R-715, R-716), rules that meet unsaid (R-717) or on other terms (R-720), gaps (R-721, R-722)."""
    problems: list[Problem] = []
    for pairs in _by_fee(cards):
        problems += _overlaps(pairs, place)
        problems += _day_gaps(pairs, place)
        problems += [gap for name in ("price", "weight") for gap in _slab_gaps(pairs, place, name)]
    return tuple(problems)


def _by_fee(cards: tuple[Card, ...]) -> list[list[Pair]]:
    fees: dict[str, list[Pair]] = {}
    for card in cards:
        fees.setdefault(standard_text(card.fee), []).extend((card, rule) for rule in card.rules)
    return list(fees.values())


def meeting(pairs: list[Pair]) -> Iterator[tuple[Pair, Pair]]:
    """Pairs of rules of one fee that some unit of some day meets both of, in row order.

    Cost: rules x rules in vectors, so some thousand rules of one fee take seconds, not minutes.
    """
    pairs = sorted(pairs, key=lambda pair: pair[1].at)
    bounds = np.array([_bounds(rule) for _, rule in pairs], np.int64).reshape(len(pairs), -1)
    members = [_members([_words(pair, name) for pair in pairs]) for name in ("portal", *TEXTS)]
    price_of = np.array([str(rule.price_of) for _, rule in pairs])
    for at in range(len(pairs) - 1):
        later = slice(at + 1, None)
        mine = bounds[at]
        meets = (bounds[later, 0] <= mine[1]) & (mine[0] <= bounds[later, 1])  # days are inclusive at both ends
        other_price = price_of[later] != price_of[at]  # bands of different amounts: they may meet
        meets &= other_price | (np.maximum(bounds[later, 2], mine[2]) < np.minimum(bounds[later, 3], mine[3]))
        meets &= np.maximum(bounds[later, 4], mine[4]) < np.minimum(bounds[later, 5], mine[5])
        for holds, is_any in members:
            if not is_any[at]:
                meets &= is_any[later] | holds[later][:, holds[at]].any(axis=1)
        for other in np.flatnonzero(meets):
            yield pairs[at], pairs[at + 1 + int(other)]


def _bounds(rule: Rule) -> tuple[int, ...]:
    return (rule.first_day, rule.last_day, rule.price.above, rule.price.upto, rule.weight.above, rule.weight.upto)


def _words(pair: Pair, name: str) -> tuple[str, ...]:
    if name != "portal":
        words: tuple[str, ...] = getattr(pair[1], name)
        return words
    return (standard_text(pair[0].portal),) if pair[0].portal else ()


def _members(words: list[tuple[str, ...]]) -> tuple[Bool, Bool]:
    """(rule x word: the rule names it, rule: it names none)."""
    code = {word: at for at, word in enumerate(sorted({word for some in words for word in some}))}
    holds = np.zeros((len(words), len(code)), bool)
    for at, some in enumerate(words):
        holds[at, [code[word] for word in some]] = True
    return holds, np.array([not some for some in words], bool)


def _overlaps(pairs: list[Pair], place: Placing) -> list[Problem]:
    """One Problem for each row that meets an earlier one, however many it meets."""
    found: dict[tuple[str, int], Problem] = {}
    for one, other in meeting(pairs):
        if problem := _judged(one, other, place):
            found.setdefault((problem.code, other[1].at), problem)
    return list(found.values())


def _judged(one: Pair, other: Pair, place: Placing) -> Problem | None:
    """What is wrong with two rules that meet, None where Combine allows it."""
    (card, rule), (other_card, other_rule) = one, other
    where, first = place(other_rule.at, "From"), place(rule.at, "From")
    both = f"{card.describe(rule)} ({first}) and {other_card.describe(other_rule)}"
    since = to_date(max(rule.first_day, other_rule.first_day))
    if card is not other_card:
        what = f"Two cards are valid for the same unit on {since}: {both}."
        return _stop("R-716", where, what, "Type the last day of the older one in To, or part their conditions.")
    same_days = (rule.first_day, rule.last_day) == (other_rule.first_day, other_rule.last_day)
    if rule.conditions == other_rule.conditions and not same_days:
        what = f"Two rows of the same conditions are both valid on {since}: {both}."
        return _stop("R-715", where, what, "Type the last day of the older one in To, or part their conditions.")
    if card.combine is Combine.NONE:
        what = f"Two rows can hold for the same unit and nothing says which counts: {both}."
        fix = "Choose SUM, GREATEST, LEAST or FIRST in Combine, or correct the conditions."
        return _stop("R-717", place(other_rule.at, "Combine"), what, fix)
    if card.combine is not Combine.FIRST and rule.terms != other_rule.terms:
        what = f"Two rows that count together differ in GST %, Tax inclusive, RTO % or Return %: {both}."
        return _stop("R-720", place(other_rule.at, "GST %"), what, "Make them equal, or choose FIRST in Combine.")
    return None


def _day_gaps(pairs: list[Pair], place: Placing) -> Iterator[Problem]:
    """Days without a rule between two rows of the same conditions."""
    for group in _alike(pairs, lambda card, rule: (standard_text(card.portal), rule.conditions)):
        for (card, rule), (_, after) in pairwise(sorted(group, key=lambda pair: pair[1].first_day)):
            first, last = rule.last_day + 1, after.first_day - 1
            if first <= last and not _covered(pairs, rule, card, (first, last)):
                what = f"Between {card.describe(rule)} ({place(rule.at, 'To')}) and this row no rate is agreed: {to_date(first)} to {to_date(last)}."
                fix = "Correct To or From, or add a row for these days."
                yield Problem("R-721", Severity.NOTE, place(after.at, "From"), "", what, fix)


def _slab_gaps(pairs: list[Pair], place: Placing, name: str) -> Iterator[Problem]:
    """Amounts (`name` price) or weights between two slabs of a card that differ in nothing else."""
    other = "weight" if name == "price" else "price"

    def rest(card: Card, rule: Rule) -> object:
        words = [getattr(rule, one) for one in TEXTS]
        return (id(card), rule.first_day, rule.last_day, rule.price_of, *words, getattr(rule, other))

    for group in _alike(pairs, rest):
        for (_, rule), (card, after) in pairwise(sorted(group, key=lambda pair: getattr(pair[1], name).above)):
            upto, above = getattr(rule, name).upto, getattr(after, name).above
            if upto >= above:
                continue
            ends, begins = (to_text(upto), to_text(above)) if name == "price" else (f"{upto} g", f"{above} g")
            header = f"{name.capitalize()} from"
            what = f"Nothing is agreed for {card.fee} above {ends}, where the slab of {place(rule.at, header)} ends, up to {begins}."
            fix = f"Type {to_text(upto, 0) if name == 'price' else upto} if this slab begins where the other ends: from is exclusive."
            yield Problem("R-722", Severity.NOTE, place(after.at, header), "", what, fix)


def _alike(pairs: list[Pair], key: Callable[[Card, Rule], object]) -> list[list[Pair]]:
    groups: dict[object, list[Pair]] = {}
    for card, rule in pairs:
        groups.setdefault(key(card, rule), []).append((card, rule))
    return [group for group in groups.values() if len(group) > 1]


def _covered(pairs: list[Pair], rule: Rule, card: Card, days: tuple[int, int]) -> bool:
    """Whether another rule holds for units of these conditions on one of the days: then it is no gap that was forgotten."""
    others = [(one, other) for one, other in pairs if other.first_day <= days[1] and other.last_day >= days[0]]
    return any(meeting([(card, _anytime(rule, days)), (one, other)]) for one, other in others)


def _anytime(rule: Rule, days: tuple[int, int]) -> Rule:
    return Rule(
        at=rule.at, first_day=days[0], last_day=days[1], price=rule.price, price_of=rule.price_of, weight=rule.weight,
        **{name: getattr(rule, name) for name in TEXTS},
    )  # fmt: skip


def _stop(code: str, where: Place, what: str, fix: str) -> Problem:
    return Problem(code, Severity.STOP, where, "", what, fix)
