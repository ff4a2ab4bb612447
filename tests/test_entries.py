"""Entries: types and spellings, the standard template, sums, signs, kinds, splits and running balances, against slow oracles."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.dates import NO_DAY
from recon_core.entries import (
    ENTRY_RULES,
    KIND_CODE,
    KINDS,
    RULE_OF,
    EntryType,
    LineKind,
    entries_of,
    fee_of,
    non_order_kinds,
    part_of,
    read_kinds,
    sign_problems,
    sum_gaps,
    sum_problems,
    type_of,
    wrong_signs,
)
from recon_core.model import ENTRY_COLUMNS
from recon_core.money import to_minor
from recon_core.problems import Place, Severity
from recon_core.releases import ledger, pro_rata, split_blank_items, whole_problems
from recon_core.standard_template import HEADERS, Role, booking_problems, entry_types_of

FILE = Place(file="settlement.csv")
MONEY = st.integers(-50_000, 50_000).map(lambda paise: paise * 100)


def place(pos: int) -> Place:
    return Place(file="settlement.csv", row=pos + 2)


def kinds_of(*kinds: LineKind) -> np.ndarray:
    return np.array([KIND_CODE[kind] for kind in kinds], np.int8)


def one_line(kind: LineKind = LineKind.ORDER, **amounts: str) -> pd.DataFrame:
    """Entries of one line, columns named by their type."""
    columns = {name: np.array([to_minor(text)], np.int64) for name, text in amounts.items()}
    return entries_of(kinds_of(kind), columns, {name: name for name in columns})


# ---------------------------------------------------------------- types


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SALE", "SALE"), ("COMISSION", "COMMISSION"), ("commission", "COMMISSION"), ("RETURN_COMISSION", "RETURN_COMMISSION"),
        ("Return Commission", "RETURN_COMMISSION"), ("Fee: Commission", "COMMISSION"), ("Fee:  Comission", "COMMISSION"),
        ("Fee: Logistics", "SHIP"), ("Fee: Reverse logistics", "RETURN_SHIP"), ("RETURN_SHIP", "RETURN_SHIP"),
        ("FIXED_FEE", "FIXED"), ("Fee: Closed", "CLOSING"), ("Payment gateway fee", "GATEWAY"), ("TAX", "TAX_ON_FEE"),
        ("Fee: Penalty", "PENALTY"), ("Fee: Packaging", "Fee: Packaging"), ("Fee: Chargeback", "Fee: Chargeback"),
        ("CHARGEBACK_FEE", "Fee: Chargeback"), ("Fee: Return commission", "Fee: Return commission"),
        ("Fee: Tax on fees", "TAX_ON_FEE"), ("Fee: Pick & Pack", "Fee: Pick & Pack"), ("Fee: ", None), ("", None), ("MYSTERY", None),
    ],
)  # fmt: skip
def test_a_word_means_a_type(text, expected):
    assert type_of(text) == expected


def test_every_spelling_leads_to_its_own_type():
    spelled = [word for rule in ENTRY_RULES for word in rule.spellings]
    assert len(spelled) == len(set(spelled))
    assert [type_of(word) for rule in ENTRY_RULES for word in rule.spellings] == [rule.type.value for rule in ENTRY_RULES for _ in rule.spellings]  # fmt: skip
    assert set(RULE_OF) == {one.value for one in EntryType}


@pytest.mark.parametrize(
    ("entry_type", "fee", "part"),
    [
        ("COMMISSION", "Commission", "Fees"), ("RETURN_COMMISSION", "Commission", "Fees"), ("SHIP", "Logistics", "Fees"),
        ("RETURN_SHIP", "Reverse logistics", "Fees"), ("GATEWAY", "Payment gateway", "Fees"), ("Fee: Packaging", "Packaging", "Fees"),
        ("PENALTY", "Penalty", "Penalties"), ("SALE", "", "Order value"), ("TCS", "", "TCS"), ("MYSTERY", "", "Adjustments"),
    ],
)  # fmt: skip
def test_a_type_has_a_fee_name_and_a_place_in_the_chain(entry_type, fee, part):
    assert (fee_of(entry_type), part_of(entry_type)) == (fee, part)


def test_line_types_are_read_and_an_unknown_one_is_listed():
    texts = pd.Series(["Order", "refund", " RTO ", "", "", "SPF", "Wobble"], dtype="str")
    kinds, problems = read_kinds(texts, np.array([1, -1, 0, -5, 5, 0, 0]), FILE)
    words = [KINDS[code].value for code in kinds]
    assert words == ["Order", "Return", "RTO", "Return", "Order", "Claim", "Adjustment"]
    assert [(one.code, one.raw) for one in problems] == [("T-264", "Wobble")]


# ---------------------------------------------------------------- entries of lines


@pytest.mark.parametrize(
    ("kind", "column", "amount", "expected"),
    [
        ("Order", "SALE", 10, "SALE"), ("Return", "SALE", -10, "RETURN_SALE"), ("Chargeback", "SALE", -10, "CHARGEBACK"),
        ("Chargeback", "SALE", 10, "CHARGEBACK"), ("Return", "COMMISSION", 5, "RETURN_COMMISSION"), ("Return", "FIXED", 5, "FIXED"),
        ("Return", "RETURN_SHIP", -5, "RETURN_SHIP"), ("Return", "SHIP", 5, "SHIP"), ("RTO", "COMMISSION", -5, "COMMISSION"),
        ("RTO", "COMMISSION", 5, "RETURN_COMMISSION"), ("RTO", "SALE", -10, "RETURN_SALE"), ("RTO", "SALE", 10, "SALE"),
        ("Return", "Fee: Packaging", 5, "Fee: Packaging"), ("Chargeback", "Fee: Chargeback", -5, "Fee: Chargeback"),
        ("Adjustment", "SHIP", -5, "SHIP"), ("Reserve", "RESERVE", 5, "RESERVE"),
    ],
)  # fmt: skip
def test_the_kind_of_line_gives_the_form(kind, column, amount, expected):
    found = entries_of(kinds_of(LineKind(kind)), {column: np.array([amount])}, {column: column})
    assert list(found["type"]) == [expected]


def test_entries_have_the_shape_of_the_contract():
    found = one_line(SALE="100.00", COMMISSION="-12.00", TCS="0.00")
    assert tuple(found.columns) == ENTRY_COLUMNS
    assert [str(dtype) for dtype in found.dtypes] == ["int64", "category", "int64"]
    assert found["amount_minor"].tolist() == [1_000_000, -120_000]  # zero amounts are no entries
    assert entries_of(np.zeros(0, np.int8), {}, {}).empty


@given(st.lists(st.tuples(st.sampled_from(list(LineKind)), MONEY, MONEY, MONEY, MONEY), max_size=12))
def test_entries_are_those_of_a_plain_loop_and_add_up(rows):
    types = {"cust": "SALE", "com": "COMMISSION", "tax": "TAX_ON_FEE", "own": "Fee: Own"}  # as the ledger stands
    amounts = {name: np.array([row[n + 1] for row in rows], np.int64) for n, name in enumerate(types)}
    found = entries_of(kinds_of(*[row[0] for row in rows]), amounts, types)
    expected = []
    for pos, (kind, *values) in enumerate(rows):
        for name, value in zip(types.values(), values, strict=True):
            form = name
            if kind is LineKind.CHARGEBACK and name == "SALE":
                form = "CHARGEBACK"
            if name in {"SALE", "COMMISSION"} and (
                kind is LineKind.RETURN or (kind is LineKind.RTO and (value < 0) == (name == "SALE"))
            ):
                form = f"RETURN_{name}"
            if value:
                expected.append((pos, form, value))
    assert list(found.itertuples(index=False, name=None)) == expected
    assert not sum_gaps(found, sum(amounts.values())).any()


def test_a_line_that_does_not_add_up_is_a_problem_of_its_row():
    kinds, amounts = kinds_of(*[LineKind.ORDER] * 3), {"SALE": np.array([100, 100, 100]) * 10_000, "TCS": np.array([-1, -1, -1]) * 10_000}  # fmt: skip
    entries = entries_of(kinds, amounts, {"SALE": "SALE", "TCS": "TCS"})
    net = np.array([99, 98, 99]) * 10_000
    [problem] = sum_problems(entries, net, place)
    assert (problem.code, problem.severity, str(problem.where)) == ("T-261", Severity.LEFT_OUT, "settlement.csv row 3")
    assert "add up to 99.00, its own total is 98.00" in problem.what
    assert sum_problems(entries, net, place, within_minor=10_000) == []


def test_many_lines_that_do_not_add_up_are_listed_and_counted():
    n = 40
    entries = entries_of(np.zeros(n, np.int8), {"SALE": np.full(n, 10_000)}, {"SALE": "SALE"})
    problems = sum_problems(entries, np.full(n, 20_000), place)
    assert len(problems) == 26
    assert (
        problems[-1].what
        == "15 more rows do not add up to their own total, together by 15.00; they are left out, and the sheet Skipped lists them."
    )


def test_a_line_without_any_entry_must_have_no_net():
    entries = one_line(SALE="0.00")
    assert [one.code for one in sum_problems(entries, np.array([500]), place)] == ["T-261"]


def test_fees_without_a_minus_are_one_stop():
    amounts = {"SALE": np.array([1000, 2000]), "COMMISSION": np.array([100, 300]), "TAX_ON_FEE": np.array([18, 54])}
    entries = entries_of(np.zeros(2, np.int8), amounts, {name: name for name in amounts})
    [problem] = sum_problems(entries, np.array([882, 1646]), place)
    assert (problem.code, problem.severity, problem.where.row) == ("T-262", Severity.STOP, 0)


def test_signs_are_checked_by_type_and_kind():
    def wrong(kind: LineKind, **amounts: str) -> bool:
        return bool(wrong_signs(one_line(kind, **amounts), kinds_of(kind)).any())

    assert not wrong(LineKind.ORDER, SALE="10", COMMISSION="-1", SHIP="3")
    assert wrong(LineKind.ORDER, COMMISSION="1")
    assert wrong(LineKind.ORDER, SALE="-1")
    assert wrong(LineKind.RETURN, SALE="1")  # a RETURN_SALE is taken
    assert wrong(LineKind.RETURN, COMMISSION="-1")  # a RETURN_COMMISSION is given back
    assert not wrong(LineKind.RETURN, FIXED="1", TAX_ON_FEE="1", TCS="1")
    assert not wrong(LineKind.CHARGEBACK, SALE="-5")
    assert not wrong(LineKind.CHARGEBACK, SALE="5")
    assert wrong(LineKind.CLAIM, CLAIM="-5")
    assert not wrong(LineKind.ADJUSTMENT, SALE="-5")
    [problem] = sign_problems(one_line(LineKind.ORDER, COMMISSION="1"), kinds_of(LineKind.ORDER), place)
    assert (problem.code, problem.severity, problem.raw) == ("T-268", Severity.NOTE, "1.00")


def test_lines_without_an_order_get_a_kind():
    kinds = kinds_of(LineKind.ADJUSTMENT, LineKind.ORDER, LineKind.ADJUSTMENT, LineKind.RESERVE, LineKind.ADS, LineKind.ADJUSTMENT, LineKind.ADJUSTMENT)  # fmt: skip
    amounts = {"SHIP": [-310, 0, 0, 0, 0, 0, 0], "TAX_ON_FEE": [-558, 5, -27, 0, 0, 0, -9], "PENALTY": [0, 0, -150, 0, 0, 0, 0], "RESERVE": [0, 0, 0, 9, 0, 0, 0], "Fee: Ads": [0, 0, 0, 0, -7, -7, 0]}  # fmt: skip
    entries = entries_of(kinds, {name: np.array(row) for name, row in amounts.items()}, {name: name for name in amounts})  # fmt: skip
    found = non_order_kinds(entries, kinds, np.array([False, True, False, False, False, False, False]))
    words = [(pos, KINDS[kind].value, types, amount) for pos, kind, types, amount in found.itertuples(index=False)]
    assert words == [
        (0, "Shipping", "SHIP+TAX_ON_FEE", -868), (2, "Penalty", "PENALTY+TAX_ON_FEE", -177), (3, "Reserve", "RESERVE", 9),
        (4, "Ads", "Fee: Ads", -7), (5, "Ads", "Fee: Ads", -7), (6, "Tax", "TAX_ON_FEE", -9),
    ]  # fmt: skip


def test_a_line_without_an_order_and_without_entries_stays():
    kinds = kinds_of(LineKind.ADJUSTMENT)
    found = non_order_kinds(one_line(LineKind.ADJUSTMENT, SALE="0"), kinds, np.array([False]))
    assert found.to_dict("records") == [{"pos": 0, "kind": kinds[0], "types": "", "amount_minor": 0}]


# ---------------------------------------------------------------- the standard template


def test_the_template_we_write_is_accepted():
    template = entry_types_of(HEADERS)
    assert template.problems == ()
    assert template.types["Amount paid by customer"] == "SALE"
    assert template.types["Fee: Reverse logistics"] == "RETURN_SHIP"
    assert (template.header(Role.ORDER), template.header(Role.NET), template.header(Role.AWB)) == ("Order ID", "Amount paid to you", "")  # fmt: skip


def test_a_fee_of_its_own_keeps_its_name():
    column = entry_types_of([*HEADERS, "Fee: Pick & Pack"]).columns[-1]
    assert (column.type, column.fee) == ("Fee: Pick & Pack", "Pick & Pack")


@pytest.mark.parametrize(
    ("headers", "code", "column"),
    [
        ([*HEADERS, "Discount given"], "T-265", "Discount given"),
        ([*HEADERS, "Packaging fee"], "T-265", "Packaging fee"),
        ([*HEADERS, "Fee: "], "T-265", "Fee: "),
        ([*HEADERS, "CHARGEBACK"], "T-265", "CHARGEBACK"),
        ([*HEADERS, "Order no"], "T-267", "Order no"),
        ([*HEADERS, "Fee: Shipping"], "T-267", "Fee: Shipping"),
        ([*HEADERS, "Fee: Commission (2)"], "T-267", "Fee: Commission (2)"),
        ([one for one in HEADERS if one != "Order ID"], "T-266", "Order ID"),
        (["Amount paid to u" if one == "Amount paid to you" else one for one in HEADERS], "T-265", "Amount paid to u"),
    ],
)
def test_any_other_change_is_refused_naming_the_column(headers, code, column):
    problem = entry_types_of(headers, FILE).problems[0]
    assert (problem.code, problem.severity, problem.where.column) == (code, Severity.STOP, column)
    assert f"'{column}'" in problem.what


def test_a_misspelled_column_is_proposed():
    problem = entry_types_of([*HEADERS[:2], "Amount paid to u", *HEADERS[3:]]).problems[0]
    assert problem.fix == "Rename it to 'Amount paid to you', or take it out."


def test_case_blanks_and_order_of_columns_do_not_matter():
    template = entry_types_of([f" {one.upper()} " for one in reversed(HEADERS)])
    assert template.problems == ()
    assert set(template.types.values()) == set(entry_types_of(HEADERS).types.values())


def test_a_payment_needs_a_date_a_reference_and_the_total():
    assert booking_problems(20_000, "UTR1", 100, 100, FILE) == []
    assert [one.code for one in booking_problems(NO_DAY, " ", 100, 101, FILE)] == ["T-271", "T-272", "T-273"]


# ---------------------------------------------------------------- splits


def slow_pro_rata(amount: int, weights: list[int]) -> list[int]:
    """Largest remainder by fractions."""
    if not sum(weights):
        weights = [1] * len(weights)
    step = 100 if amount % 100 == 0 else 1
    exact = [Fraction(abs(amount) // step * weight, sum(weights)) for weight in weights]
    parts = [int(one) for one in exact]
    best = sorted(range(len(weights)), key=lambda n: (parts[n] - exact[n], -weights[n], n))
    for n in best[: abs(amount) // step - sum(parts)]:
        parts[n] += 1
    return [part * step * (1 if amount > 0 else -1) for part in parts]


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 60), min_size=1, max_size=6)), max_size=8))  # fmt: skip
def test_parts_are_those_of_fractions_and_add_up(rows):
    amounts = np.array([amount for amount, _ in rows], np.int64)
    entry = np.repeat(np.arange(len(rows)), [len(weights) for _, weights in rows])
    weight = np.array([one for _, weights in rows for one in weights], np.int64)
    parts = pro_rata(amounts, entry, weight)
    assert parts.tolist() == [part for amount, weights in rows for part in slow_pro_rata(amount, weights)]
    assert [int(parts[entry == n].sum()) for n in range(len(rows))] == amounts.tolist()


def test_amounts_beyond_int64_products_are_split_exactly():
    amount, weights = 9 * 10**16, [10**15, 2 * 10**15 + 1, 7]
    parts = pro_rata(np.array([amount]), np.zeros(3, np.int64), np.array(weights))
    assert parts.tolist() == slow_pro_rata(amount, weights)


def items_of(*rows: tuple[int, str, int]) -> pd.DataFrame:
    order, value = (np.array([row[n] for row in rows], np.int64) for n in (0, 2))
    return pd.DataFrame(
        {"order": order, "item": pd.Series([row[1] for row in rows], dtype="str"), "value_minor": value}
    )


def test_only_lines_without_an_item_are_split_and_parts_are_marked():
    kinds = kinds_of(*[LineKind.ORDER] * 4)
    entries = entries_of(kinds, {"SALE": np.array([30_000, 30_000, 30_000, 30_000])}, {"SALE": "SALE"})
    items = items_of((0, "B", 200), (0, "A", 50), (0, "A", 50), (2, "C", 9))
    found = split_blank_items(entries, np.array([0, 0, 2, 1]), np.array([True, False, True, True]), items)
    rows = [(pos, amount, "" if item < 0 else found.items["item"][item], split) for pos, _, amount, item, split in found.entries.itertuples(index=False)]  # fmt: skip
    assert rows == [
        (0, 10_000, "A", True), (0, 20_000, "B", True), (1, 30_000, "", False), (2, 30_000, "C", False), (3, 30_000, "", False)
    ]  # fmt: skip
    assert found.whole.tolist() == [3]
    [problem] = whole_problems(found.whole, place)
    assert (problem.code, str(problem.where)) == ("T-269", "settlement.csv row 5")


def test_without_a_line_to_split_nothing_changes():
    entries = one_line(SALE="1.00")
    found = split_blank_items(entries, np.array([-1]), np.array([True]), items_of())
    assert found.entries[list(ENTRY_COLUMNS)].equals(entries)
    assert found.whole.tolist() == [0]


def test_the_order_of_items_does_not_matter():
    entries = one_line(SALE="0.01", COMMISSION="-0.05")
    items = items_of((0, "B", 5), (0, "A", 5), (0, "C", 5))
    first = split_blank_items(entries, np.zeros(1, np.int64), np.ones(1, bool), items).entries
    again = split_blank_items(entries, np.zeros(1, np.int64), np.ones(1, bool), items[::-1]).entries
    assert first.equals(again)
    assert first["amount_minor"].tolist() == [100, -200, -200, -100]  # a part of nothing is left out


# ---------------------------------------------------------------- the release ledger


@given(st.lists(st.tuples(st.integers(-1, 3), st.sampled_from([NO_DAY, 1, 2, 3]), st.sampled_from(list(LineKind)), MONEY, MONEY), max_size=14), st.randoms())  # fmt: skip
def test_the_ledger_runs_like_a_plain_loop_whatever_the_order_of_rows(rows, random):
    def build(shuffled):
        order, day = (np.array([row[1][n] for row in shuffled], np.int64) for n in (0, 1))
        kinds = kinds_of(*[row[1][2] for row in shuffled])
        amounts = {name: np.array([row[1][n] for row in shuffled], np.int64) for n, name in ((3, "SALE"), (4, "TCS"))}
        ids = np.array([row[0] for row in shuffled], np.uint64)
        entries = entries_of(kinds, amounts, {"SALE": "SALE", "TCS": "TCS"})
        found = ledger(entries, order, kinds, day, ids)
        return found.assign(account=np.where(order >= 0, order, -1 - kinds.astype(np.int64))[found["pos"]])

    numbered = list(enumerate(rows))
    found = build(numbered)
    shuffled = random.sample(numbered, len(numbered))
    again = build(shuffled)
    shown = ["type", "amount_minor", "account", "balance_minor"]
    assert found[shown].astype(str).equals(again[shown].astype(str))
    balance: dict[int, int] = defaultdict(int)
    for row in found.itertuples(index=False):
        balance[row.account] += row.amount_minor
        assert row.balance_minor == balance[row.account]
    for order in {row[0] for row in rows if row[0] >= 0}:
        assert balance[order] == sum(row[3] + row[4] for row in rows if row[0] == order)
    accounts = found["account"].tolist()
    assert [one for n, one in enumerate(accounts) if n == 0 or accounts[n - 1] != one] == sorted(set(accounts), key=lambda one: (one < 0, abs(one)))  # fmt: skip


def test_a_line_without_a_date_comes_last():
    kinds = kinds_of(LineKind.ORDER, LineKind.ORDER)
    entries = entries_of(kinds, {"SALE": np.array([5, 7])}, {"SALE": "SALE"})
    found = ledger(entries, np.zeros(2, np.int64), kinds, np.array([NO_DAY, 3]), np.arange(2, dtype=np.uint64))
    assert found["amount_minor"].tolist() == [7, 5]


def test_lines_without_an_order_run_by_kind():
    kinds = kinds_of(LineKind.RESERVE, LineKind.ORDER, LineKind.RESERVE)
    entries = entries_of(kinds, {"RESERVE": np.array([-5, 0, 3]), "SALE": np.array([0, 7, 0])}, {"RESERVE": "RESERVE", "SALE": "SALE"})  # fmt: skip
    found = ledger(entries, np.array([-1, 0, -1]), kinds, np.array([1, 2, 3]), np.arange(3, dtype=np.uint64))
    assert found["balance_minor"].tolist() == [7, -5, -2]
    assert found["pos"].tolist() == [1, 0, 2]
