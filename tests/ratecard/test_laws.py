"""Laws on random cards and units: columns equal the plain Decimal reading, order never matters, parts add up."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import fields, replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.money import MINOR_PER_MAJOR, PAISA, to_text
from recon_core.problems import Severity
from recon_core.ratecard import ANSWERS, Answer, Charge, Units, expected, parse_cards, prorated
from tests.ratecard.oracle import fee_of
from tests.ratecard.units import placing, units_of

CATEGORIES, BRANDS = ("Kurtas", "Sarees", "Tops"), ("Nila", "Fernway")
BASES = ("price incl. GST", "taxable", "net of discount", "collected")
EDGES = ("0", "300", "300.01", "750", "1500")
DAYS = [dt.date(2026, 4, 1) + dt.timedelta(days=at) for at in range(30)]


def some_rows(draw: random.Random) -> list[dict[str, str]]:
    """A card of several fees; the rows of a fee share Combine, and tax terms unless the first one counts alone."""
    rows = []
    for fee in range(draw.randint(1, 4)):
        combine = draw.choice(["SUM", "GREATEST", "LEAST", "FIRST"])
        event = draw.choice(["Shipped", "Shipped", "Customer return"])
        terms = some_terms(draw, event)
        for _ in range(draw.randint(1, 6)):
            terms = some_terms(draw, event) if combine == "FIRST" else terms
            rows.append({"Fee": f"Fee {fee}", "Combine": combine, "Charged on": event, **terms, **some_rule(draw)})
    return rows


def some_terms(draw: random.Random, event: str) -> dict[str, str]:
    return {
        "GST %": draw.choice(["18", "0", "5", "12.5"]), "Tax inclusive": draw.choice(["yes", "no"]),
        "Return %": "" if event == "Customer return" else draw.choice(["", "100", "90", "33.3"]), "RTO %": draw.choice(["", "100", "50"]),
    }  # fmt: skip


def some_rule(draw: random.Random) -> dict[str, str]:
    row = {"From": str(draw.choice(DAYS[:8])), "To": draw.choice(["", str(draw.choice(DAYS[8:]))])}
    if draw.random() < 0.6:
        row["Category"] = "; ".join(draw.sample(CATEGORIES, draw.randint(1, 2)))
    if draw.random() < 0.3:
        row["Brand"] = draw.choice(BRANDS)
    for name, edges, odds in (("Price", EDGES, 0.5), ("Weight", ("0", "500", "1000", "2000"), 0.3)):
        if draw.random() < odds:
            at = draw.randrange(len(edges) - 1)
            row |= {f"{name} from": edges[at], f"{name} to": draw.choice(["", draw.choice(edges[at + 1 :])])}
    if draw.random() < 0.7:
        row |= {"%": draw.choice(["12", "9.5", "0.1", "0", "12.3456", "100"]), "Base": draw.choice(BASES)}
    if "%" not in row or draw.random() < 0.3:
        row["Fixed"] = draw.choice(["0", "8", "12.345", "0.0001"])
    if draw.random() < 0.4:
        row["Min"] = draw.choice(["0.01", "35"])
    if draw.random() < 0.4:
        row["Max"] = draw.choice(["35", "240.005"])
    return row


def some_unit(draw: random.Random) -> dict[str, str]:
    unit = {
        "order": draw.choice(
            [str(draw.choice(DAYS)), str(draw.choice(DAYS)), "?" if draw.random() < 0.2 else str(DAYS[0])]
        )
    }
    for key in ("price", "taxable", "net", "collected"):
        if draw.random() < 0.93:
            unit[key] = draw.choice([*EDGES, "-10.555", *(to_text(draw.randrange(40_000_000)) for _ in range(5))])
    for key, words in (("category", (*CATEGORIES, "Bags", "kurtas")), ("brand", BRANDS)):
        if draw.random() < 0.9:
            unit[key] = draw.choice(words)
    if draw.random() < 0.9:
        unit["weight"] = draw.choice(["0", "500", "501", "1000", "2000", "2001"])
    unit |= draw.choice([{}, {}, {"returned": "1"}, {"rto": "1"}])
    return unit


def some_card(draw: random.Random) -> tuple[list[dict[str, str]], tuple]:
    """Rows that raise no Stop: those that do are taken out one by one."""
    rows = some_rows(draw)
    while True:
        cards, problems = parse_cards(rows, placing)
        stops = [problem.where.row - 4 for problem in problems if problem.severity is Severity.STOP]
        if not stops:
            return rows, cards
        rows = [row for at, row in enumerate(rows) if at != stops[0]]


def outcome(charge: Charge, at: int) -> str | tuple[Decimal, ...]:
    if ANSWERS[charge.answer[at]] is not Answer.WORKED_OUT:
        return charge.said(at)
    columns = (charge.fee_minor, charge.tax_minor, charge.back_minor, charge.back_tax_minor)
    return tuple(Decimal(int(column[at])) / MINOR_PER_MAJOR for column in columns)


@given(st.integers(0, 2**32))
def test_columns_equal_the_plain_reading_unit_by_unit(seed):
    draw = random.Random(seed)
    rows, cards = some_card(draw)
    units = [some_unit(draw) for _ in range(40)]
    charges = expected(cards, units_of(units))
    for fee, charge in charges.items():
        mine = [row for row in rows if row["Fee"] == fee]
        assert not charge.missing[charge.answer != ANSWERS.index(Answer.MISSING)].any()
        assert [outcome(charge, at) for at in range(len(units))] == [fee_of(mine, unit) for unit in units]


def test_the_random_cards_bring_about_every_answer():
    seen, sums = set(), 0
    for seed in range(60):
        draw = random.Random(seed)
        _, cards = some_card(draw)
        for charge in expected(cards, units_of([some_unit(draw) for _ in range(40)])).values():
            seen |= {ANSWERS[code] for code in charge.answer}
            sums += int((charge.use >= len(charge.rules)).sum())
    assert seen >= set(Answer) - {Answer.TOO_LARGE}
    assert sums > 20


def columns(charge: Charge) -> np.ndarray:
    names = [field.name for field in fields(Charge) if field.name not in ("fee", "uses", "rules", "use")]
    return np.column_stack([getattr(charge, name) for name in names])


@given(st.integers(0, 2**32))
def test_the_order_of_units_never_matters(seed):
    draw = random.Random(seed)
    _, cards = some_card(draw)
    units = [some_unit(draw) for _ in range(30)]
    order = draw.sample(range(30), 30)
    straight, shuffled = expected(cards, units_of(units)), expected(cards, units_of([units[at] for at in order]))
    for fee, charge in straight.items():
        assert (columns(charge)[order] == columns(shuffled[fee])).all()
        said = [charge.said(at) for at in order]
        assert said == [shuffled[fee].said(at) for at in range(30)]


@given(st.integers(0, 2**32))
def test_the_order_of_rows_matters_for_first_only(seed):
    draw = random.Random(seed)
    rows, cards = some_card(draw)
    units = units_of([some_unit(draw) for _ in range(30)])
    rows = [row for row in rows if row["Combine"] != "FIRST"]
    again, _ = parse_cards(draw.sample(rows, len(rows)), placing)
    straight, shuffled = expected(cards, units), expected(again, units)
    for fee, charge in shuffled.items():
        money = [field.name for field in fields(Charge) if field.name.endswith("_minor")]
        known = straight[fee].answer != ANSWERS.index(
            Answer.MISSING
        )  # which of several inputs is named first may differ
        assert (straight[fee].answer == charge.answer).all()
        for name in money:
            assert (getattr(straight[fee], name)[known] == getattr(charge, name)[known]).all()


@given(st.integers(0, 2**32))
def test_whole_paise_and_parts_that_add_up(seed):
    """A charge given back in full comes back to the paisa; tax inside an amount adds up to the amount."""
    draw = random.Random(seed)
    row = {
        "Fee": "F",
        "GST %": "18",
        "From": "2026-01-01",
        "Tax inclusive": draw.choice(["yes", "no"]),
        "Return %": "100",
        "%": draw.choice(["2", "13.37"]),
        "Base": "taxable",
    }
    cards, _ = parse_cards([row], placing)
    base = np.array([draw.randrange(10**9) for _ in range(50)], np.int64)
    units = units_of([{"taxable": to_text(one), "returned": "1"} for one in base])
    charge = expected(cards, units)["F"]
    assert (charge.back_minor == charge.fee_minor).all()
    assert (charge.back_tax_minor == charge.tax_minor).all()
    assert not (np.r_[charge.fee_minor, charge.tax_minor] % PAISA).any()
    if row["Tax inclusive"] == "yes":
        free, _ = parse_cards([{**row, "GST %": "0"}], placing)
        assert (charge.fee_minor + charge.tax_minor == expected(free, units)["F"].fee_minor).all()


@given(st.integers(1, 40), st.integers(-200_000, 200_000), st.integers(1, 40))
def test_parts_of_a_line_are_fair_and_add_up_to_it(quantity, paise, cut):
    whole = np.full(quantity + 1, paise * PAISA, np.int64)
    taken = prorated(whole, np.arange(quantity + 1), np.full(quantity + 1, quantity))
    parts = np.diff(taken)
    assert taken[0] == 0
    assert taken[-1] == paise * PAISA
    assert (np.sign(parts) * np.sign(paise) >= 0).all()
    assert not (parts % PAISA).any()
    assert abs(int(parts[0]) - paise * PAISA / quantity) <= PAISA / 2


def test_of_equal_amounts_the_first_row_is_named():
    rows = [
        {"Fee": "F", "Fixed": fixed, "GST %": "18", "From": "2026-01-01", "Combine": "GREATEST", "Note": fixed}
        for fixed in ("5", "8", "8")
    ]
    charge = expected(parse_cards(rows, placing)[0], units_of([{}]))["F"]
    assert charge.uses[charge.use[0]] == (1,)


def test_texts_may_be_categories():
    cards, _ = parse_cards(
        [{"Fee": "F", "Fixed": "8", "GST %": "18", "From": "2026-01-01", "Category": "Tops"}], placing
    )
    units = units_of([{"category": "Tops"}, {"category": "Bags"}, {}])
    coded = pd.Series(pd.Categorical(["Tops", "Bags", None]))
    assert (columns(expected(cards, units)["F"]) == columns(expected(cards, replace(units, category=coded))["F"])).all()


def test_no_units_and_no_cards():
    cards, _ = parse_cards(
        [{"Fee": "F", "Fixed": "8", "GST %": "18", "From": "2026-01-01", "Category": "Tops", "Weight to": "500"}],
        placing,
    )
    assert len(expected(cards, Units(rows=0))["F"].fee_minor) == 0
    assert expected((), Units(rows=3)) == {}
    assert [expected(cards, Units(rows=2))["F"].said(at) for at in range(2)] == ["date is not known"] * 2


@pytest.mark.slow
def test_cost_does_not_follow_the_number_of_rules():
    """3,000 rules and 200,000 units stay within some hundred situations a rule."""
    import time

    rows = [
        {"Fee": "F", "Fixed": str(at), "GST %": "18", "From": "2026-01-01", "Category": f"C{at // 6}", "Price from": str(at % 6 * 500), "Price to": str((at % 6 + 1) * 500)}
        for at in range(3000)
    ]  # fmt: skip
    start = time.perf_counter()
    cards, problems = parse_cards(rows, placing)
    parsed = time.perf_counter() - start
    assert problems == ()
    draw = np.random.default_rng(1)
    category, price = draw.integers(0, 500, 200_000), draw.integers(1, 30_000_000, 200_000)
    units = replace(
        units_of([{"price": "1"}]), rows=200_000, category=pd.Series([f"C{one}" for one in category], dtype="str")
    )
    units = replace(
        units,
        days={key: np.repeat(value, 200_000) for key, value in units.days.items()},
        amounts=dict.fromkeys(units.amounts, price),
    )
    start = time.perf_counter()
    charge = expected(cards, units)["F"]
    worked = time.perf_counter() - start
    assert (charge.fee_minor // MINOR_PER_MAJOR == category * 6 + (price - 1) // 5_000_000).all()
    assert parsed < 20, parsed  # 2 s on a quiet machine
    assert worked < 10, worked  # 0.6 s
