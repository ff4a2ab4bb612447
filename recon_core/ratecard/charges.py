"""Cards and units -> what each fee should be, over whole columns.

Per rule: percentage of its base and fixed amount, put together, between min and max. Rules that hold together become one
amount (SUM, GREATEST, LEAST, FIRST), which is rounded once, to 0.01, halves away from zero; then tax is added or taken out.
Up to the rounding every value is exact: int64 in minor units x PPM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recon_core.keys import standard_text
from recon_core.money import PPM, to_paise
from recon_core.ratecard.card import BASES, EVENTS, GST_ON_FEES, MANY, Basis, Card, Combine, Event, Grain, Rule
from recon_core.ratecard.fitting import Fit, fit, read_texts
from recon_core.ratecard.units import ANSWERS, INPUTS, UNKNOWN, Answer, Charge, Int8, Int32, Int64, Units

Bool = npt.NDArray[np.bool_]
Rows = slice | npt.NDArray[np.intp]

_BUDGET = 4 * 10**18  # minor units x PPM that a sum may reach
_MOST_UNITS = 10**6  # of one row
_WORKED_OUT, _NOT_CHARGED, _MISSING, _TOO_LARGE = (
    ANSWERS.index(one) for one in (Answer.WORKED_OUT, Answer.NOT_CHARGED, Answer.MISSING, Answer.TOO_LARGE)
)


def expected(cards: Sequence[Card], units: Units) -> dict[str, Charge]:
    """Cards without a Stop, units (n) -> by fee, as first typed, its Charge (n); fees in card order.

    Rows of units carry cards charged per unit and per item line, rows of orders (`are_orders`) those per order. The card
    named GST on fees is no fee: it gives the tax of rules that state none, by the day that decides the rule.
    Cost: a few vector passes for each fee, whatever the number of rules.
    """
    gst = _Gst.read(cards)
    texts = read_texts(units)
    fees: dict[str, list[Card]] = {}
    for card in cards:
        if not _is_gst(card) and (card.per is Grain.ORDER) == units.are_orders:
            fees.setdefault(standard_text(card.fee), []).append(card)
    charges = {}
    for some in fees.values():
        pairs = sorted(((card, rule) for card in some for rule in card.rules), key=lambda pair: pair[1].at)
        charges[some[0].fee] = _charge(some[0].fee, pairs, units, fit(pairs, units, texts), gst)
    return charges


def _charge(fee: str, pairs: list[tuple[Card, Rule]], units: Units, fitted: Fit, gst: _Gst) -> Charge:
    table = _Table.of(pairs)
    work = _Work.start(units, fitted)
    for nth in range(fitted.picks.shape[1]):
        _add_rules(work, table, units, fitted.picks[:, nth][fitted.situation], nth)
    uses = _uses(work, fitted, len(pairs))
    times = _times(table, units, work)
    tax_ppm = _tax(work, table, units, gst)
    gross = to_paise(work.value, PPM)
    much = (times > _MOST_UNITS) | (np.abs(gross) > _BUDGET // PPM)
    work.answer[(work.answer == _WORKED_OUT) & much] = _TOO_LARGE
    work.answer[times == 0] = _NOT_CHARGED
    work.missing[work.answer != _MISSING] = 0
    counts = work.answer == _WORKED_OUT
    gross, tax_ppm = np.where(counts, gross, 0), np.where(counts, tax_ppm, 0)
    inclusive = table.inclusive[work.rule]
    per_item = table.per_item[work.rule]
    charged = np.where(per_item, counts, times * counts)
    net, tax = _taxed(gross, tax_ppm, inclusive)
    back, back_tax = _back(table, work.rule, units, gross, tax_ppm, times * counts)
    return Charge(
        fee=fee, fee_minor=net * charged, tax_minor=tax * charged, back_minor=back, back_tax_minor=back_tax,
        answer=work.answer, missing=work.missing, use=np.where(counts, work.use, -1).astype(np.int32), uses=uses, rules=tuple(pairs),
    )  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _Work:
    """What is known so far (n): the exact value, the rule that decides tax and reversal, the answer."""

    value: Int64
    rule: Int32
    use: Int32
    answer: Int8
    missing: Int8
    combine: Int8  # code into Combine of each unit's card
    parts: int  # at most so many rules count for one unit

    @classmethod
    def start(cls, units: Units, fitted: Fit) -> _Work:
        words = tuple(Combine)
        combine = np.array([words.index(one) for one in fitted.combine], np.int8)
        return cls(
            value=np.zeros(units.rows, np.int64), rule=np.zeros(units.rows, np.int32), use=np.full(units.rows, -1, np.int32),
            answer=fitted.answer[fitted.situation], missing=fitted.missing[fitted.situation],
            combine=combine[fitted.situation], parts=fitted.picks.shape[1],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The rules of one fee as columns (r)."""

    rate: Int64
    fixed: Int64
    step: Int64
    step_g: Int64
    above_g: Int64
    low: Int64
    high: Int64
    both: Int8  # 0: % and fixed are added; 1: the greater; -1: the lesser
    base: Int8  # code into BASES, -1: none
    tax: Int64  # -1: the dated card
    inclusive: Bool
    per_item: Bool
    event: Int8
    basis: tuple[Basis, ...]
    first_day: Int64
    return_ppm: Int64
    rto_ppm: Int64

    @classmethod
    def of(cls, pairs: list[tuple[Card, Rule]]) -> _Table:
        rules = [rule for _, rule in pairs]
        cards = [card for card, _ in pairs]

        def numbers(values: list[int]) -> Int64:
            return np.array(values, np.int64)

        return cls(
            rate=numbers([rule.rate_ppm or 0 for rule in rules]), fixed=numbers([rule.fixed_minor or 0 for rule in rules]),
            step=numbers([rule.step_minor for rule in rules]), step_g=numbers([rule.step_g or 1 for rule in rules]),
            above_g=numbers([max(rule.weight.above, 0) for rule in rules]), low=numbers([rule.min_minor * PPM for rule in rules]),
            high=numbers([MANY if rule.max_minor is None else rule.max_minor * PPM for rule in rules]),
            both=np.array([_both(card, rule) for card, rule in pairs], np.int8),
            base=np.array([-1 if rule.rate_ppm is None or rule.base is None else BASES.index(rule.base) for rule in rules], np.int8),
            tax=numbers([-1 if rule.tax_ppm is None else rule.tax_ppm for rule in rules]),
            inclusive=np.array([rule.is_inclusive for rule in rules], bool),
            per_item=np.array([card.per is not Grain.UNIT for card in cards], bool),
            event=np.array([EVENTS.index(card.event) for card in cards], np.int8), basis=tuple(card.basis for card in cards),
            first_day=numbers([rule.first_day for rule in rules]),
            return_ppm=numbers([0 if card.event is Event.RTO else rule.return_ppm for card, rule in pairs]),
            rto_ppm=numbers([0 if card.event is Event.DELIVERED else rule.rto_ppm for card, rule in pairs]),
        )  # fmt: skip


def _both(card: Card, rule: Rule) -> int:
    """How the % and the fixed amount of one row go together: as the card combines, added where it says nothing."""
    if rule.rate_ppm is None or rule.fixed_minor is None:
        return 0
    return {Combine.GREATEST: 1, Combine.LEAST: -1}.get(card.combine, 0)


def _add_rules(work: _Work, table: _Table, units: Units, rule: Int32, nth: int) -> None:
    """Bring the nth rule that counts for each unit (-1: none) into the value."""
    rows: Rows = slice(None) if (rule >= 0).all() else np.flatnonzero(rule >= 0)
    rule = rule[rows]
    value, missing, much = _value(table, units, rule, rows, work.parts)
    if nth == 0:
        work.value[rows], work.rule[rows], work.use[rows] = value, rule, rule
    else:
        word, best = work.combine[rows], work.value[rows]
        words = tuple(Combine)
        wins = ((word == words.index(Combine.GREATEST)) & (value > best)) | ((word == words.index(Combine.LEAST)) & (value < best))  # fmt: skip
        is_sum = word == words.index(Combine.SUM)
        work.value[rows] = np.where(is_sum, best + value, np.where(wins, value, best))
        work.rule[rows] = np.where(wins, rule, work.rule[rows])
        work.use[rows] = np.where(wins, rule, work.use[rows])
    answer, lacks = work.answer[rows], work.missing[rows]
    work.missing[rows] = np.where((missing > 0) & (lacks == 0), missing, lacks)
    work.answer[rows] = np.where((missing > 0) | (answer == _MISSING), _MISSING, np.where(much, _TOO_LARGE, answer))


def _value(table: _Table, units: Units, rule: Int32, rows: Rows, parts: int) -> tuple[Int64, Int8, Bool]:
    """Exact value of one rule a unit, minor x PPM; the input it lacks (code, 0 none); whether it is beyond the budget."""
    lacks, much = np.zeros(len(rule), np.int8), np.zeros(len(rule), bool)
    share = np.zeros(len(rule), np.int64)
    codes = table.base[rule]
    for code in sorted(set(table.base.tolist()) - {-1}):
        base = units.amount(BASES[code])[rows]
        mine = codes == code
        unknown = mine & (base == UNKNOWN)
        lacks[unknown] = INPUTS.index(BASES[code])
        base = np.where(mine & ~unknown, base, 0)
        if units.quantity is not None and table.per_item.any():
            times = np.where(table.per_item[rule], units.quantity[rows], 1)
            much |= (times > _MOST_UNITS) | (np.abs(base) > _BUDGET // _MOST_UNITS)
            base = np.where(much, 0, base * np.where(much, 1, times))
        much |= np.abs(base) > (_BUDGET // (parts + 1) // np.maximum(table.rate, 1))[rule]
        share += np.where(much, 0, base) * table.rate[rule]
    fixed = table.fixed[rule] * PPM
    if table.step.any():
        steps, unknown = _steps(table, units, rule, rows)
        lacks[unknown & (lacks == 0)] = INPUTS.index("weight")
        much |= steps > _BUDGET // (parts + 1) // np.maximum(table.step[rule] * PPM, 1)
        fixed = fixed + np.where(much, 0, steps) * table.step[rule] * PPM
    value = share + fixed
    if table.both.any():
        both = table.both[rule]
        value = np.where(both > 0, np.maximum(share, fixed), np.where(both < 0, np.minimum(share, fixed), value))
    if table.low.any() or (table.high < MANY).any():  # between min and max by size: a negative base mirrors
        size = np.minimum(np.maximum(np.abs(value), table.low[rule]), table.high[rule])
        value = np.where(value < 0, -size, size)
    return value, lacks, much


def _steps(table: _Table, units: Units, rule: Int32, rows: Rows) -> tuple[Int64, Bool]:
    """Started steps of weight above the band's lower bound, and where the weight is not known."""
    weight = np.full(units.rows, UNKNOWN, np.int64) if units.weight_g is None else units.weight_g
    weight, needs = weight[rows], table.step[rule] > 0
    unknown = needs & (weight == UNKNOWN)
    over = np.where(needs & ~unknown, np.maximum(weight - table.above_g[rule], 0), 0)
    return -(-over // table.step_g[rule]), unknown


def _uses(work: _Work, fitted: Fit, rules: int) -> tuple[tuple[int, ...], ...]:
    """Sets of rules that made a fee: each rule alone, then the sums that occur; `work.use` points at them."""
    sums: dict[tuple[int, ...], int] = {}
    of_situation = np.full(len(fitted.picks), -1, np.int32)
    for at, (picks, combine) in enumerate(zip(fitted.picks.tolist(), fitted.combine, strict=True)):
        several = tuple(one for one in picks if one >= 0)
        if combine is Combine.SUM and len(several) > 1:
            of_situation[at] = sums.setdefault(several, rules + len(sums))
    if sums:
        summed = of_situation[fitted.situation]
        work.use = np.where(summed >= 0, summed, work.use)
    return (*((one,) for one in range(rules)), *sums)


def _times(table: _Table, units: Units, work: _Work) -> Int64:
    """How many units of each row what the fee is charged on has happened to (n).

    Where no rule was found the events of all cards of the fee are looked at: 0 only if none has happened.
    """
    codes = sorted(set(table.event.tolist()))
    if len(codes) == 1:
        return units.count(EVENTS[codes[0]])
    event, times = table.event[work.rule], np.zeros(units.rows, np.int64)
    for code in codes:
        count = units.count(EVENTS[code])
        times = np.where(work.use < 0, np.maximum(times, count), np.where(event == code, count, times))
    return times


def _taxed(gross: Int64, tax_ppm: Int64, inclusive: Bool) -> tuple[Int64, Int64]:
    """(fee, tax): tax added to the amount, or taken out of it so that both add up to it."""
    if not inclusive.any():
        return gross, to_paise(gross * tax_ppm, PPM)
    inside = to_paise(gross * PPM, PPM + tax_ppm)
    return np.where(inclusive, inside, gross), np.where(inclusive, gross - inside, to_paise(gross * tax_ppm, PPM))


def _back(table: _Table, rule: Int32, units: Units, gross: Int64, tax_ppm: Int64, times: Int64) -> tuple[Int64, Int64]:
    """(fee, tax) that comes back for units returned by customers and by the courier.

    Per unit it is the share of one unit's charge. Charged once for a row, it is pro rata to quantity: every unit takes
    an equal part at whole paise, the last one the remainder, so that all parts together are the share of the whole.
    """
    fee, tax = np.zeros(units.rows, np.int64), np.zeros(units.rows, np.int64)
    for event, shares in ((Event.RETURN, table.return_ppm), (Event.RTO, table.rto_ppm)):
        happened = np.minimum(units.count(event), times)
        rows = np.flatnonzero(happened) if shares.any() else np.empty(0, np.intp)
        if not len(rows):
            continue
        mine = rule[rows]
        share = to_paise(gross[rows] * shares[mine], PPM)
        count, whole = happened[rows], np.ones(len(rows), np.int64) if units.quantity is None else units.quantity[rows]
        once = table.per_item[mine]
        part = np.where(once, prorated(share, count, np.maximum(whole, 1)), share)
        fees, taxes = _taxed(part, tax_ppm[rows], table.inclusive[mine])
        fee[rows] += fees * np.where(once, 1, count)
        tax[rows] += taxes * np.where(once, 1, count)
    return fee, tax


def prorated(whole_minor: Int64, count: Int64, quantity: Int64) -> Int64:
    """The part of an amount that `count` of `quantity` units (at least 1) take together, at whole paise.

    Units take equal parts in turn, never more than is left, and the last one takes the remainder: 0.05 of three units is
    0.02, 0.02, 0.01.
    """
    each = np.minimum(np.abs(to_paise(whole_minor, quantity)) * count, np.abs(whole_minor))
    part: Int64 = np.sign(whole_minor) * np.where(count >= quantity, np.abs(whole_minor), each)
    return part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gst:
    """GST on fees by day: rates and the days they are valid, in order."""

    first_day: Int64
    last_day: Int64
    rate: Int64

    @classmethod
    def read(cls, cards: Sequence[Card]) -> _Gst:
        rules = sorted(
            (rule for card in cards if _is_gst(card) for rule in card.rules), key=lambda rule: rule.first_day
        )
        columns = [(rule.first_day, rule.last_day, rule.rate_ppm or 0) for rule in rules]
        table = np.array(columns, np.int64).reshape(-1, 3)
        return cls(first_day=table[:, 0], last_day=table[:, 1], rate=table[:, 2])

    def on(self, day: Int64) -> Int64:
        """The rate of each day, -1 where none is valid."""
        if not len(self.rate):
            return np.full(len(day), -1, np.int64)
        at = np.searchsorted(self.first_day, day, "right") - 1
        return np.where((at >= 0) & (day <= self.last_day[at]), self.rate[at], -1)


def _is_gst(card: Card) -> bool:
    return standard_text(card.fee) == standard_text(GST_ON_FEES)


def _tax(work: _Work, table: _Table, units: Units, gst: _Gst) -> Int64:
    """The tax rate of each unit's rule, or of its day; MISSING where neither says."""
    tax = table.tax[work.rule]
    if (table.tax >= 0).all():
        return tax
    for basis in dict.fromkeys(table.basis):
        decides = np.array([one == basis for one in table.basis], bool)[work.rule] & (tax < 0)
        rows = np.flatnonzero(decides & (work.answer == _WORKED_OUT))
        if len(rows):
            tax[rows] = gst.on(units.days[basis][rows])
    lacks = (tax < 0) & (work.answer == _WORKED_OUT)
    work.answer[lacks], work.missing[lacks] = _MISSING, INPUTS.index("GST rate")
    return np.maximum(tax, 0)
