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
    ARRIVALS,
    BANDS,
    PAYMENTS,
    Band,
    Payment,
    ageing,
    ages,
    arrivals,
    completed_days,
    payments,
)
from recon_core.entries import LineKind, entries_of, read_kinds
from recon_core.money import sum_by, to_minor, to_text
from recon_core.problems import Place, Severity
from recon_core.releases import order_sums
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
from tests import ajio_sample
from tests.months import CUSTOMER, make_month
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
    found = due_problems(dues, np.array([False, False, False, False, True]), Place(sheet="Setup"))
    assert [one.what for one in found] == [
        "1 order has no due date. No payment term is set up for it.",
        "1 order has no due date. The date its term counts from is missing.",
        "1 order has no due date. Its date lies before its payment term began.",
    ]
    assert {one.code for one in found} == {"R-748"}


def test_no_orders_and_no_terms_are_no_trouble():
    none = np.zeros(0, np.int64)
    assert due_days([], [], [], {}).empty
    assert payments(none, none, none, none.astype(bool), 0).empty
    assert completed_days(none.astype(np.intp), none, none, none, 0).tolist() == []
    assert ageing(none.astype(np.int8), none)["orders"].tolist() == [0] * len(BANDS)


# ---------------------------------------------------------------- statuses and ages against slow loops

AMOUNT = st.sampled_from([0, 1, 4, 5, 6, 10, 95, 100, 104, 105, 106, 200])


@given(st.lists(st.tuples(AMOUNT, AMOUNT, AMOUNT, st.booleans()), max_size=12), st.sampled_from([0, 5]))
def test_statuses_are_those_of_a_plain_loop(rows, within):
    columns = [np.array([row[n] for row in rows], np.int64) for n in range(3)]
    found = payments(*columns, np.array([row[3] for row in rows], bool), within)
    for at, (invoice, received, refunded, cancelled) in enumerate(rows):
        void = cancelled or invoice == received == refunded == 0
        expected = (
            Payment.VOID if void
            else Payment.AWAITING if invoice - received > within or refunded - received > within
            else Payment.REFUNDED if refunded > 0 and abs(received - refunded) <= within
            else Payment.PAID
        )  # fmt: skip
        row = found.iloc[at]
        assert PAYMENTS[row["status"]] is expected
        assert (0 if void else invoice) == received + row["outstanding_minor"] - row["overpaid_minor"]
        assert min(row["outstanding_minor"], row["overpaid_minor"]) == 0
        assert row["is_partial"] == (not void and received > 0 and invoice - received > within)


RECEIPTS = st.lists(st.tuples(st.integers(-1, 3), st.sampled_from([NO_DAY, 1, 2, 3]), st.sampled_from([-60, -5, 5, 40, 60, 100])), max_size=14)  # fmt: skip


@given(RECEIPTS, st.lists(st.sampled_from([0, 60, 100]), min_size=4, max_size=4), st.sampled_from([0, 5]), st.randoms())
def test_the_completing_day_is_that_of_a_plain_loop(receipts, invoices, within, random):
    def run(rows):
        columns = [np.array([row[n] for row in rows], np.int64) for n in range(3)]
        return completed_days(columns[0].astype(np.intp), columns[1], columns[2], np.array(invoices, np.int64), within)

    found = run(receipts).tolist()
    assert run(random.sample(receipts, len(receipts))).tolist() == found
    for order, invoice in enumerate(invoices):
        own = [row for row in receipts if row[0] == order and row[1] != NO_DAY]
        sums = {on: sum(row[2] for row in own if row[1] <= on) for on in sorted({row[1] for row in own})}
        lasting = [on for on in sums if all(sums[later] >= invoice - within for later in sums if later >= on)]
        assert found[order] == (lasting[0] if lasting else NO_DAY)


@given(st.lists(st.tuples(AMOUNT, AMOUNT, st.one_of(DAY, st.just(NO_DAY)), st.one_of(DAY, st.just(NO_DAY)), st.booleans()), max_size=12), DAY)  # fmt: skip
def test_ages_are_those_of_a_plain_loop(rows, as_of):
    invoice, received, due, completed = (np.array([row[n] for row in rows], np.int64) for n in range(4))
    void = np.array([row[4] for row in rows], bool)
    paid = payments(invoice, received, np.zeros(len(rows), np.int64), void, 0)
    found = ages(paid, due, completed, as_of)
    starts = {Band.TO_7: 1, Band.TO_15: 8, Band.TO_30: 16, Band.TO_60: 31, Band.OVER_60: 61}
    for at, row in enumerate(rows):
        is_void = PAYMENTS[paid["status"][at]] is Payment.VOID
        is_open = not is_void and row[0] > row[1]
        has_due = row[2] != NO_DAY and not is_void
        overdue = max(as_of - row[2], 0) if is_open and has_due else 0
        late = max(row[3] - row[2], 0) if has_due and row[3] != NO_DAY else 0
        band = Band.NO_DUE if not has_due else next((one for one in reversed(starts) if overdue >= starts[one]), Band.NOT_DUE)  # fmt: skip
        assert (found["overdue_days"][at], found["late_days"][at]) == (overdue, late)
        assert (BANDS[found["band"][at]] if found["band"][at] >= 0 else None) == (band if is_open else None)
        assert found["is_exception"][at] == (is_open and band is not Band.NOT_DUE)
    bands = ageing(found["band"].to_numpy(), paid["outstanding_minor"].to_numpy())
    assert bands["outstanding_minor"].sum() == paid["outstanding_minor"].sum()
    assert bands["orders"].sum() == (found["band"] >= 0).sum()


def test_a_payout_is_in_transit_until_its_days_are_over():
    payout = np.array([10, 10, 10, 10, 10, 31])
    bank = np.array([10, 30, 31, NO_DAY, NO_DAY, NO_DAY])
    found = [ARRIVALS[code].value for code in arrivals(payout, bank, as_of=30, within_days=20)]
    assert found == ["In the bank", "In the bank", "In transit", "In transit", "In transit", "In transit"]
    assert ARRIVALS[arrivals(payout, bank, as_of=30, within_days=19)[3]].value == "Missing in the bank"


# ---------------------------------------------------------------- random months


@pytest.mark.parametrize("seed", range(6))
def test_the_statuses_of_a_month_are_what_was_planted(seed):
    month = make_month(seed, 120, spoil=0.06)
    book, lines = month.orders, month.lines
    received = book["received_minor"].to_numpy()
    paid = payments(book["invoice_minor"].to_numpy(), received, book["refunded_minor"].to_numpy(), book["is_void"].to_numpy(), 500)  # fmt: skip
    words = np.array([PAYMENTS[code].value for code in paid["status"]])
    settled = received > 0
    assert set(words[book["is_void"]]) <= {"Void"}
    spoiled = book["spoiled"].to_numpy()
    assert set(words[settled & (spoiled == "short")]) <= {"Awaiting payment"}
    assert paid["is_partial"].to_numpy()[settled & (spoiled == "short")].all()
    assert set(words[settled & np.isin(spoiled, ["", "overcharge", "blank"]) & (book["status"] == "Delivered").to_numpy()]) <= {"Paid"}  # fmt: skip
    twice = received == 2 * book["invoice_minor"].to_numpy()
    assert (paid["is_overpaid"].to_numpy() == (twice & settled)).all()
    sale = (lines["kind"] == "Order").to_numpy()
    day_of_line = month.payouts["day"].to_numpy()[lines["payout"]]
    completed = completed_days(lines["order"].to_numpy()[sale], day_of_line[sale], month.amounts[CUSTOMER][sale], book["invoice_minor"].to_numpy(), 500)  # fmt: skip
    assert ((completed != NO_DAY) == (settled & (paid["outstanding_minor"] <= 500).to_numpy())).all()


# ---------------------------------------------------------------- the sample


def sample_run(shared, run):
    """Our orders of the sample with status, due day and age; and what is expected, by order."""
    home = ajio_sample.folder(shared)
    book = ajio_sample.orders(home)
    ids = list(book["order_id"])
    month = ajio_sample.settled(home, run, ids, book)
    terms, problems = parse_terms(file_rows(raw("terms", ajio_sample.table(home / "payment_terms.csv").drop(columns="line_no").to_dict("list"))))  # fmt: skip
    assert problems == []
    kinds, _ = read_kinds(month.lines["Line Type"], month.amounts[CUSTOMER], Place())
    entries = entries_of(kinds, month.amounts, month.template.types)
    n = len(book)
    sums = [order_sums(entries, month.order, kinds, types, of) for types, of in ((["SALE"], [LineKind.ORDER]), (["RETURN_SALE", "CHARGEBACK"], list(LineKind)))]  # fmt: skip
    received, given = (np.append(one, np.zeros(n - len(one), np.int64)) for one in sums)
    void = book["status"].isin(["RTO", "Cancelled"]).to_numpy()
    invoice = book["invoice_minor"].to_numpy()
    paid = payments(invoice, received, -given, void, 500)
    sale = (month.lines["Line Type"] == "Order").to_numpy()
    completed = completed_days(month.order[sale].astype(np.intp), month.day[sale], month.amounts[CUSTOMER][sale], invoice, 500)  # fmt: skip
    dues = due_days(terms, ["AJIO"] * n, ["marketplace"] * n, {Anchor.INVOICE: book["invoice_day"].to_numpy()})
    aged = ages(paid, dues["due_day"].to_numpy(), completed, day(ajio_sample.RUNS[run][0]))
    expected = ajio_sample.table(home / "expected" / f"orders_run{run}.csv").set_index("order_id")
    return book, paid, aged, completed, expected, home


@pytest.mark.parametrize("run", [1, 2])
def test_the_sample_has_the_expected_statuses_due_dates_and_ages(shared, run):
    book, paid, aged, completed, expected, _ = sample_run(shared, run)
    words = {"Void": "Not billed"}
    assert set(expected.index) - set(book["order_id"]) == {"FN-420105", "FN-990001"}
    for at, order_id in enumerate(book["order_id"]):
        row = expected.loc[order_id]
        status = PAYMENTS[paid["status"][at]].value
        assert words.get(status, status) in row["payment_status"].split("|"), order_id
        assert (str(to_date(aged["due_day"][at]) or ""), str(to_date(completed[at]) or "")) == (row["due_date"], row["paid_date"])  # fmt: skip
        assert (str(aged["overdue_days"][at]), str(aged["late_days"][at])) == (row["overdue_days"], row["late_days"])
        assert (to_text(paid["outstanding_minor"][at]), to_text(paid["overpaid_minor"][at])) == (row["outstanding"], row["overpaid"])  # fmt: skip
        tags = row["tags"].split(";")
        assert (paid["is_partial"][at], paid["is_overpaid"][at]) == ("partial" in tags, "overpaid" in tags), order_id


@pytest.mark.parametrize("run", [1, 2])
def test_the_sample_has_the_expected_ageing(shared, run):
    _, paid, aged, _, _, home = sample_run(shared, run)
    found = ageing(aged["band"].to_numpy(), paid["outstanding_minor"].to_numpy()).set_index("band")
    expected = ajio_sample.table(home / "expected" / f"ageing_run{run}.csv").set_index("bucket_days_overdue")
    names = {"no_due_date": ["No due date"], "not_due": ["Not due"], "31+": ["31-60", "Over 60"]}
    for bucket, row in expected.iterrows():
        sums = found.loc[names.get(bucket, [bucket])].sum()
        assert (str(sums["orders"]), to_text(sums["outstanding_minor"])) == (row["orders"], row["outstanding"])


@pytest.mark.parametrize("run", [1, 2])
def test_the_sample_has_the_expected_dropship_statuses(shared, run):
    home = ajio_sample.folder(shared)
    invoices, report = (ajio_sample.table(home / name) for name in ("dropship_oms_b2b_invoices.csv", "ajio_dropship_payment_report.csv"))  # fmt: skip
    terms, _ = parse_terms(file_rows(raw("terms", ajio_sample.table(home / "payment_terms.csv").drop(columns="line_no").to_dict("list"))))  # fmt: skip
    settled = report[report["Clearing doc no"] != ""]
    value = ajio_sample.minor(settled["Value"])
    order = np.array([invoices["order_no"].tolist().index(one) for one in settled["Order No"]], np.intp)
    forward = (settled["Journey Type"] == "FORWARD").to_numpy()
    n = len(invoices)
    received, given = sum_by(order, np.where(forward, value, 0), n), -sum_by(order, np.where(forward, 0, value), n)
    paid = payments(ajio_sample.minor(invoices["invoice_total"]), received, given, np.zeros(n, bool), 500)
    dues = due_days(terms, ["AJIO"] * n, ["dropship_b2b"] * n, {Anchor.INVOICE: ajio_sample.days(invoices["invoice_date"])})  # fmt: skip
    aged = ages(paid, dues["due_day"].to_numpy(), np.full(n, NO_DAY), day(ajio_sample.RUNS[run][0]))
    for at, row in ajio_sample.table(home / "expected" / f"dropship_run{run}.csv").iterrows():
        assert (PAYMENTS[paid["status"][at]].value, str(to_date(aged["due_day"][at]))) == (row["payment_status"], row["due_date"])  # fmt: skip
        assert to_text(paid["outstanding_minor"][at]) == row["outstanding"]
        tags = (["partial"] if paid["is_partial"][at] else []) + ([f"overdue:{aged['overdue_days'][at]}"] if aged["overdue_days"][at] else ["not_due"] if aged["band"][at] >= 0 else [])  # fmt: skip
        assert tags == [one for one in row["tags"].split(";") if one]
