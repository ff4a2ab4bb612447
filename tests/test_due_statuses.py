"""Statuses, ages and payouts in transit against slow loops, random months, and the sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.dates import NO_DAY, to_date
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
from recon_core.money import sum_by, to_text
from recon_core.problems import Place
from recon_core.releases import order_sums
from recon_core.terms import (
    Anchor,
    due_days,
    file_rows,
    parse_terms,
)
from tests import ajio_sample
from tests.months import CUSTOMER, make_month
from tests.raws import raw
from tests.test_dues import DAY, day

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
