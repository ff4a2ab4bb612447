"""Payment terms, due days, statuses and ages: text cases (tests/cases/dues), borders, slow oracles, random months, the sample.

A case: `term` lines (portal, flow, anchor, days, counted, payout day, from, to, return window), `holiday`, `as of`, `within`, a
table of orders, the outcome. Cells are parted by two blanks, `~` is an empty cell; `paid` is day:amount;day:amount.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.dates import NO_DAY, from_date, to_date
from recon_core.dues import (
    BANDS,
    PAYMENTS,
    Payment,
    ageing,
    ages,
    completed_days,
    payments,
)
from recon_core.money import sum_by, to_minor, to_text
from recon_core.problems import Severity
from recon_core.schema import Row
from recon_core.terms import (
    FOREVER,
    HEADERS,
    NO_DUES,
    Anchor,
    Counted,
    Term,
    due_days,
    due_of,
    due_problems,
    file_rows,
    next_month_day,
    next_weekday,
    parse_terms,
    setup_rows,
)
from tests.raws import raw

FOLDER = Path(__file__).parent / "cases" / "dues"
CASES = sorted(FOLDER.glob("*.txt"))
TERM_COLUMNS = ("channel", "flow", "anchor", "days", "calendar", "payout_day", "effective_from", "effective_to", "return_window_days")  # fmt: skip
ANCHOR_COLUMNS = {"invoice": Anchor.INVOICE, "dispatch": Anchor.DISPATCH, "delivery": Anchor.DELIVERY, "GRN": Anchor.GRN, "window_end": Anchor.RETURN_WINDOW}  # fmt: skip
DAY = st.integers(20_400, 20_700)


def day(text: str) -> int:
    return from_date(dt.date.fromisoformat(text)) if text else NO_DAY


def terms_of(rows: list[list[str]]) -> tuple[tuple[Term, ...], list]:
    filled = [row + [""] * (len(TERM_COLUMNS) - len(row)) for row in rows]
    columns = {name: [row[n] for row in filled] for n, name in enumerate(TERM_COLUMNS)}
    return parse_terms(file_rows(raw("terms", columns)))


# ---------------------------------------------------------------- text cases


def read_case(text: str):
    """Text -> terms, holidays, as of, tolerance, orders."""
    terms, holidays, settings, header, rows = [], [], {}, [], []
    for line in text.splitlines():
        cells = ["" if cell == "~" else cell for cell in re.split(r"\s{2,}", line.strip())]
        if cells[0] == "term":
            terms.append(cells[1:])
        elif cells[0] == "holiday":
            holidays.append(day(cells[1]))
        elif cells[0] in {"as of", "within"}:
            settings[cells[0]] = cells[1]
        elif cells[0] == "order":
            header = cells
        elif header and line and not line.startswith("=>"):
            assert len(cells) == len(header), line
            rows.append(cells)
    return terms, np.array(holidays, np.int64), settings, pd.DataFrame(rows, columns=header, dtype="str")


def outcome(text: str) -> list[str]:
    """The outcome lines of a case, as the program has them now."""
    term_rows, holidays, settings, orders = read_case(text)
    terms, problems = terms_of(term_rows)
    assert all(one.severity is Severity.NOTE for one in problems), problems
    n, within, as_of = len(orders), to_minor(settings["within"]), day(settings["as of"])
    anchors = {ANCHOR_COLUMNS[name]: np.array([day(one) for one in orders[name]]) for name in orders if name in ANCHOR_COLUMNS}  # fmt: skip
    dues = due_days(terms, orders["portal"], orders["flow"], anchors, holidays)
    receipts = [(at, *part.split(":")) for at, cell in enumerate(orders["paid"]) for part in cell.split(";") if part]
    order = np.array([one[0] for one in receipts], np.intp)
    amount = np.array([to_minor(one[2]) for one in receipts], np.int64)
    empty = pd.Series([""] * n)
    refunded = np.array([to_minor(one or "0") for one in orders.get("refunded", empty)], np.int64)
    void = (orders.get("void", empty) == "void").to_numpy()
    invoice = np.array([to_minor(one) for one in orders["value"]], np.int64)
    paid = payments(invoice, sum_by(order, amount, n), refunded, void, within)
    completed = completed_days(order, np.array([day(one[1]) for one in receipts]), amount, invoice, within)
    aged = ages(paid, dues["due_day"].to_numpy(), completed, as_of)
    return [f"=> {orders['order'][at]}  {_words(paid.iloc[at], aged.iloc[at], dues.iloc[at])}" for at in range(n)]


def _words(paid: pd.Series, aged: pd.Series, due: pd.Series) -> str:
    """One order in words: status, due day or why none, what is open, over-paid, late, overdue, band."""
    words = [str(PAYMENTS[paid["status"]]) + (" (partial)" if paid["is_partial"] else "")]
    is_void = PAYMENTS[paid["status"]] is Payment.VOID
    words.append(
        f"due {to_date(aged['due_day'])}"
        if aged["due_day"] != NO_DAY
        else "no due date" + ("" if is_void else f": {NO_DUES[due['why']]}")
    )
    for name, label in (("outstanding_minor", "open"), ("overpaid_minor", "over"), ("taken_back_minor", "taken back")):
        words += [f"{label} {to_text(paid[name])}"] * bool(paid[name])
    words += ["over-paid"] * bool(paid["is_overpaid"])
    for name, label in (("overdue_days", "overdue"), ("late_days", "late")):
        words += [f"{label} {aged[name]}"] * bool(aged[name])
    words += [str(BANDS[aged["band"]])] * bool(aged["band"] >= 0) + ["exception"] * bool(aged["is_exception"])
    return "  ".join(words)


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(path, request):
    text = path.read_text(encoding="utf-8")
    head, _, expected = text.partition("\n=>")
    found = outcome(text)
    if request.config.getoption("--rewrite"):
        path.write_text(head + "\n" + "\n".join(found) + "\n", encoding="utf-8")
        return
    assert found == ("=>" + expected).rstrip("\n").split("\n")


# ---------------------------------------------------------------- the table of terms


@pytest.mark.parametrize(
    ("row", "code", "column", "raw_text"),
    [
        (["P", "", "birthday", "15"], "R-741", "anchor", "birthday"),
        (["P", "", "", "15"], "R-741", "anchor", ""),
        (["P", "", "invoice", "soon"], "R-742", "days", "soon"),
        (["P", "", "invoice", "-1"], "R-742", "days", "-1"),
        (["P", "", "invoice", ""], "R-742", "days", ""),
        (["P", "", "invoice", "1.5"], "R-742", "days", "1.5"),
        (["P", "", "invoice", "15", "lunar"], "R-743", "calendar", "lunar"),
        (["P", "", "invoice", "15", "", "Someday"], "R-744", "payout_day", "Someday"),
        (["P", "", "invoice", "15", "", "32"], "R-744", "payout_day", "32"),
        (["P", "", "invoice", "15", "", "Friday, 15"], "R-744", "payout_day", "Friday, 15"),
        (["P", "", "invoice", "15", "", "", "once"], "R-745", "effective_from", "once"),
        (["P", "", "invoice", "15", "", "", "2026-04-02", "2026-04-01"], "R-745", "effective_to", "2026-04-01"),
        (["P", "", "window end", "15", "", "", "", "", "long"], "R-741", "anchor", "window end"),
        (["P", "", "return window end", "15", "", "", "", "", "long"], "R-742", "return_window_days", "long"),
    ],
)
def test_a_term_that_cannot_be_read_is_a_stop_at_its_cell(row, code, column, raw_text):
    terms, problems = terms_of([row])
    assert terms == ()
    assert (problems[0].code, problems[0].severity, problems[0].raw) == (code, Severity.STOP, raw_text)
    assert str(problems[0].where) == f"terms.csv row 2, {column}"


@pytest.mark.parametrize(
    ("first", "second", "codes"),
    [
        (("", "2026-03-31"), ("2026-04-01", ""), []),
        (("", "2026-03-31"), ("2026-03-31", ""), ["R-746"]),
        (("", "2026-03-31"), ("2026-04-02", ""), ["R-747"]),
        (("", ""), ("", ""), ["R-746"]),
        (("2026-04-01", ""), ("", "2026-03-31"), []),
    ],
)
def test_validities_that_overlap_or_leave_a_gap_are_named(first, second, codes):
    rows = [["P", "x", "invoice", "15", "", "", *first], ["p", "X", "invoice", "30", "", "", *second]]
    terms, problems = terms_of(rows)
    assert len(terms) == 2
    assert [one.code for one in problems] == codes
    assert all("row 2" in one.what and "row 3" in one.what for one in problems if one.code == "R-746")


def test_a_short_term_inside_a_long_one_overlaps_with_what_follows_too():
    rows = [["P", "", "invoice", "15", "", "", "2026-01-01", "2026-12-31"], ["P", "", "invoice", "1", "", "", "2026-02-01", "2026-02-02"], ["P", "", "invoice", "2", "", "", "2026-03-01", ""]]  # fmt: skip
    assert [one.code for one in terms_of(rows)[1]] == ["R-746", "R-746"]


def test_terms_of_other_flows_never_overlap():
    assert terms_of([["P", "x", "invoice", "15"], ["P", "y", "invoice", "15"], ["P", "", "invoice", "15"]])[1] == []


def test_a_row_of_setup_is_read_and_its_cell_named():
    names = [name for name, _ in HEADERS.values()]
    columns = {name: n + 1 for n, name in enumerate(names)}
    values = dict(zip(names, ["AJIO", "", "Invoice date", 15.0, "Working days", "Fri", "", dt.datetime(2026, 3, 15), None], strict=True))  # fmt: skip
    [term], problems = parse_terms(setup_rows([Row(values=values, sheet="Setup", row=9, columns=columns)]))
    assert problems == []
    assert (term.anchor, term.days, term.counted, term.weekdays) == (Anchor.INVOICE, 15, Counted.WORKING, (4,))
    assert (term.first_day, term.last_day, term.window_days) == (day("2026-03-15"), FOREVER, 0)
    wrong = values | {"Days": "x"}
    _, [problem] = parse_terms(setup_rows([Row(values=wrong, sheet="Setup", row=9, columns=columns)]))
    assert str(problem.where) == "Setup!D9"


def test_an_empty_row_is_no_term():
    assert terms_of([[""]]) == ((), [])


# ---------------------------------------------------------------- due days against slow loops


@given(st.lists(DAY, max_size=20), st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True))
def test_next_weekday_is_the_first_one_on_or_after(days, weekdays):
    found = next_weekday(np.array(days, np.int64), weekdays)
    for start, got in zip(days, found, strict=True):
        assert got == next(one for one in range(start, start + 8) if to_date(one).weekday() in weekdays)


@given(st.lists(DAY, max_size=20), st.lists(st.integers(1, 31), min_size=1, max_size=3, unique=True))
def test_next_month_day_is_the_first_one_on_or_after(days, month_days):
    found = next_month_day(np.array(days, np.int64), month_days)
    for start, got in zip(days, found, strict=True):

        def fits(one: int) -> bool:
            date = to_date(one)
            last = to_date(one + 1).month != date.month
            return date.day in month_days or (last and max(month_days) > date.day)

        assert got == next(one for one in range(start, start + 63) if fits(one))


@given(st.lists(DAY, max_size=12), st.integers(0, 30), st.lists(DAY, max_size=20))
def test_working_days_are_counted_one_by_one(days, count, holidays):
    term = Term(days=count, counted=Counted.WORKING)
    for start, got in zip(days, due_of(term, np.array(days, np.int64), np.array(holidays, np.int64)), strict=True):

        def works(one: int) -> bool:
            return to_date(one).weekday() < 5 and one not in holidays

        at, left = start, count
        while left or not works(at):
            at += 1
            left -= works(at) and left > 0
        assert got == at


@st.composite
def random_terms(draw):
    """Up to five terms of few names, without overlap: later versions begin after earlier ones end."""
    terms = []
    for portal in ("P", ""):
        start = draw(st.sampled_from([NO_DAY, 20_450]))
        for _ in range(draw(st.integers(0, 3))):
            end = draw(st.sampled_from([20_480, 20_550, 20_600, FOREVER]))
            if end < start:
                break
            terms.append(Term(portal=portal, anchor=draw(st.sampled_from([Anchor.INVOICE, Anchor.DELIVERY])), days=draw(st.integers(0, 40)), first_day=start, last_day=end))  # fmt: skip
            start = end + draw(st.sampled_from([1, 5]))
            if end == FOREVER:
                break
    return tuple(draw(st.permutations(terms)))


@given(random_terms(), st.lists(st.tuples(st.sampled_from(["P", "p ", "Q"]), st.one_of(DAY, st.just(NO_DAY)), st.one_of(DAY, st.just(NO_DAY))), max_size=12))  # fmt: skip
def test_due_days_are_those_of_a_plain_loop(terms, orders):
    days = [np.array([one[n] for one in orders], np.int64) for n in (1, 2)]
    found = due_days(terms, [one[0] for one in orders], [""] * len(orders), {Anchor.INVOICE: days[0], Anchor.DELIVERY: days[1]})  # fmt: skip
    for at, (portal, invoice, delivery) in enumerate(orders):
        own = [one for one in terms if one.portal == portal.strip().upper()] or [one for one in terms if not one.portal]
        anchor = {Anchor.INVOICE: invoice, Anchor.DELIVERY: delivery}
        holds = [one for one in sorted(own, key=lambda one: one.first_day) if anchor[one.anchor] != NO_DAY and one.first_day <= anchor[one.anchor] <= one.last_day]  # fmt: skip
        expected = anchor[holds[0].anchor] + holds[0].days if holds else NO_DAY
        assert found["due_day"][at] == expected
        assert (terms[found["term"][at]] is holds[0]) if holds else found["term"][at] == -1
        assert (NO_DUES[found["why"][at]] == "") == bool(holds)


def test_why_orders_have_no_due_date_is_counted():
    term = Term(portal="P", days=1, first_day=20_500)
    dues = due_days([term], ["P", "P", "P", "Q", "Q"], [""] * 5, {Anchor.INVOICE: np.array([20_499, NO_DAY, 20_500, 1, 1])})  # fmt: skip
    found = due_problems(
        np.where([True, True, True, True, False], dues["why"], 0), pd.Series(["a", "b", "c", "d", "e"])
    )
    assert [(one.code, str(one.where), one.raw, one.what) for one in found] == [
        ("R-748", "sheet Rates", "d", "1 order has no due date: d. No payment term is set up for it, so nothing of it is ever overdue."),
        ("R-748", "sheet Marketplace", "b", "1 order has no due date: b. The date its term counts from is missing, so nothing of it is ever overdue."),
        ("R-748", "sheet Rates", "a", "1 order has no due date: a. Its date lies before its payment term began, so nothing of it is ever overdue."),
    ]  # fmt: skip
    many = due_problems(dues["why"].to_numpy(), pd.Series(["a", "b", "c", "d", "e"]))
    assert (
        many[0].what
        == "2 orders have no due date, first d. No payment term is set up for it, so nothing of them is ever overdue."
    )


def test_no_orders_and_no_terms_are_no_trouble():
    none = np.zeros(0, np.int64)
    assert due_days([], [], [], {}).empty
    assert payments(none, none, none, none.astype(bool), 0).empty
    assert completed_days(none.astype(np.intp), none, none, none, 0).tolist() == []
    assert ageing(none.astype(np.int8), none)["orders"].tolist() == [0] * len(BANDS)
