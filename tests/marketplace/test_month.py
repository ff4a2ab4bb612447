"""The AJIO month: every expected figure of both runs, read from the frames of Books; names through a mapping, numbers exactly."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from recon_core.dates import to_date
from recon_core.marketplace import Books
from recon_core.money import to_text
from tests.marketplace import ajio

LEG = {
    "Matched": "MATCHED",
    "Partially matched": "PARTIAL",
    "Only in A": "UNMATCHED_A",
    "Only in B": "UNMATCHED_B",
    "": "",
}
TYPES = {
    "FIXED": "FIXED_FEE",
    "COLLECTION": "COLLECTION_FEE",
    "Fee: Packaging": "OTHER_FEE",
    "Fee: Chargeback": "CHARGEBACK_FEE",
    "TAX_ON_FEE": "TAX",
}
ITEMS = {
    "Order value": "order_value", "Cash": "cash", "Fees": "fees", "Penalties": "fees", "Tax on fees": "tax_on_fees", "TCS": "tcs", "TDS": "tds",
    "Returns and refunds": "returns", "Chargebacks": "chargebacks", "RTO value": "rto_value", "Less claims": "less_claims", "Reserve held": "reserve_held",
    "Outstanding": "outstanding", "Less over-paid": "less_overpaid", "Cash of our orders": "cash_of_known_orders",
    "Cash of orders not in ours": "cash_of_orders_not_in_oms", "Lines without an order": "non_order_lines", "Settlements": "settlements_total",
    "Bank credits matched": "bank_credits_matched",
}  # fmt: skip
AMOUNTS = {
    "invoice_value": "invoice_minor", "expected_net": "expected_net_minor", "actual_net": "actual_net_minor", "diff": "diff_minor", "sale": "sale_minor",
    "returns": "returns_minor", "chargeback": "chargebacks_minor", "rto_value": "rto_value_minor", "tax_on_fees": "tax_on_fees_minor",
    "tcs": "tcs_minor", "tds": "tds_minor", "claims": "claims_minor", "reserve": "reserve_minor", "outstanding": "outstanding_minor",
    "overpaid": "overpaid_minor", "expected_tcs": "expected_tcs_minor", "expected_tds": "expected_tds_minor",
}  # fmt: skip
TAGS = {
    "RTO": "rto", "full return": "full_return", "partial return": "partial_return", "return not settled": "return_pending", "return in transit": "return_in_transit",
    "no due date": "no_due_date", "not due": "not_due", "over-paid": "overpaid", "split over items": "sku_split", "several payouts": "several_payouts",
    "by invoice number": "matched_by:invoice", "by AWB": "matched_by:awb",
}  # fmt: skip


@pytest.fixture(scope="module", params=[1, 2])
def run(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def books(run: int) -> Books:
    return ajio.month(run)[0]


def money(minor: pd.Series) -> list[str]:
    return [to_text(int(one)) for one in minor]


def day(number: int) -> str:
    return str(to_date(number) or "")


def tag(word: str) -> str:
    counted = re.fullmatch(r"(overdue|late) (\d+) days?", word)
    return f"{counted[1]}:{counted[2]}" if counted else TAGS.get(word, word)


def differences(got: pd.DataFrame, want: pd.DataFrame) -> list[str]:
    assert got.index.tolist() == want.index.tolist()
    return [f"{at} {name}: {got.loc[at, name]!r}, expected {want.loc[at, name]!r}" for name in want for at in want.index[(got[name] != want[name]).to_numpy()]]  # fmt: skip


def test_orders(run: int, books: Books) -> None:
    want = ajio.expected(f"orders_run{run}.csv").set_index("order_id")
    orders = books.orders
    got = pd.DataFrame(
        {name: money(orders[column]) for name, column in AMOUNTS.items()},
        index=pd.Index(orders["order_id"], name="order_id"),
    )
    got["fees"] = money(orders["fees_minor"] + orders["penalties_minor"])
    got["oms_vs_ajio_orders"] = [LEG[word] for word in orders["leg_orders"]]
    got["oms_vs_settlement"] = [LEG[word] for word in orders["leg_settlement"]]
    got["due_date"], got["paid_date"] = ([day(one) for one in orders[name]] for name in ("due_day", "paid_day"))
    got["overdue_days"], got["late_days"] = (
        orders["overdue_days"].astype(str).tolist(),
        orders["late_days"].astype(str).tolist(),
    )
    got["payment_status"] = ["Not billed" if word == "Void" else word for word in orders["payment"].astype(str)]
    got["tags"] = [";".join(sorted(map(tag, filter(None, words.split("; "))))) for words in orders["tags"]]
    got["divergences"] = [";".join(sorted(filter(None, words.split("; ")))) for words in orders["divergences"]]
    for name in ("tags", "divergences"):
        want[name] = [";".join(sorted(filter(None, words.split(";")))) for words in want[name]]
    several = want["payment_status"].str.contains("|", regex=False)
    assert [
        got.loc[at, "payment_status"] in words.split("|") for at, words in want.loc[several, "payment_status"].items()
    ] == [True] * several.sum()
    got.loc[several, "payment_status"] = want.loc[several, "payment_status"]
    assert differences(got[list(want.columns)], want) == []
    assert len(want) >= 440


def test_fees(run: int, books: Books) -> None:
    want = ajio.expected(f"fee_status_run{run}.csv").set_index(["order_id", "fee"])
    fees = books.fees
    got = pd.DataFrame(
        {
            "expected_fee": money(fees["expected_minor"]),
            "actual_fee": money(fees["charged_minor"]),
            "over_charge": money(fees["difference_minor"]),
        }
    )
    got.index = pd.MultiIndex.from_arrays(
        [fees["order_id"].astype(str), fees["fee"].astype(str)], names=["order_id", "fee"]
    )
    got["status"], got["reason"] = fees["status"].astype(str).tolist(), fees["reason"].astype(str).tolist()
    failed = (got["status"] == "Failed").to_numpy()
    got.loc[failed, ["expected_fee", "over_charge"]] = ""
    assert sorted(got.index) == sorted(want.index)
    got = got.loc[want.index]
    assert differences(got, want[["expected_fee", "actual_fee", "over_charge"]]) == []
    word = np.where(
        (got["reason"] == "FEE_UNDERCHARGE") & (got["status"] == "Reconciled"), "Undercharged", got["status"]
    )
    allowed = [
        {row.also_accept} - {""} or {row.fee_status} for row in want.itertuples()
    ]  # where the expected files accept Pending, ours says it
    assert [(at, one) for at, one, words in zip(want.index, word, allowed, strict=True) if one not in words] == []
    kinds = {"Disputed": {"FEE_OVERCHARGE", "FEE_NOT_REVERSED"}, "Undercharged": {"FEE_UNDERCHARGE"}, "Failed": {"FEE_UNCONFIGURED"}, "Reconciled": {""}}  # fmt: skip
    assert all(reason in kinds[said] for reason, said in zip(got["reason"], want["fee_status"], strict=True))
    assert (fees["card"].astype(str) != "").all()
    assert (fees["payout"].astype(str) != "").sum() >= (fees["charged_minor"] != 0).sum()


def test_releases(run: int, books: Books) -> None:
    entries = whole_entries(books)
    names = [TYPES.get(name, name) for name in entries["type"].astype(str)]
    entries = entries.assign(release_type=names)
    total = pd.concat([entries, entries.assign(payout="ALL")])
    found = total.groupby(["payout", "release_type"])["amount_minor"].agg(["size", "sum"])
    want = ajio.expected(f"releases_run{run}.csv")
    got = {(payout, name): (str(row["size"]), to_text(int(row["sum"]))) for (payout, name), row in found.iterrows()}
    assert got == {(row.settlement_id, row.release_type): (row.entries, row.amount) for row in want.itertuples()}


def whole_entries(books: Books) -> pd.DataFrame:
    """Releases with the parts of a split put together again."""
    releases = books.releases
    plain, split = releases[~releases["is_split"]], releases[releases["is_split"]]
    keys = ["payout", "file", "row", "kind", "order_id", "type"]
    again = (
        split.astype(dict.fromkeys(("payout", "kind", "order_id", "type"), str))
        .groupby(keys, as_index=False)["amount_minor"]
        .sum()
        .assign(item="")
    )
    names = [*keys, "amount_minor", "item"]
    return pd.concat(
        [plain[names].astype(dict.fromkeys(("payout", "kind", "order_id", "type", "item"), str)), again[names]],
        ignore_index=True,
    )


def test_release_ledger(run: int, books: Books) -> None:
    if run != 2:
        pytest.skip("the ledger is of run 2")
    entries = whole_entries(books)
    got = sorted(
        (row.payout, row.kind if row.order_id else "", row.order_id, row.item, TYPES.get(row.type, row.type), to_text(row.amount_minor))
        for row in entries.itertuples()
    )  # fmt: skip
    want = sorted(
        (row.settlement_id, row.line_type if row.order_id else "", row.order_id, row.sku, row.release_type, row.amount)
        for row in ajio.expected("release_ledger.csv").itertuples()
    )
    assert got == want


def test_non_order_lines(run: int, books: Books) -> None:
    weeks = {f"FNSET-{date}" for date in ("0410", "0417", "0424", "0428")[: len(ajio.RUNS[run][1])]}
    want = [row for row in ajio.expected("non_order_lines.csv").itertuples(index=False) if row[0] in weeks]
    short = {"TAX_ON_FEE": "TAX"}
    got = [
        (row.payout, to_text(row.amount_minor), "+".join(short.get(name, name) for name in row.types.split("+")), row.remarks)
        for row in books.non_order.itertuples()
    ]  # fmt: skip
    assert sorted(got) == sorted((row.settlement_id, row.amount, row.release_type, row.remarks) for row in want)
    assert {str(kind) for kind in books.non_order["kind"]} == {"Reserve", "Shipping", "Penalty"}


def test_running_balances_end_at_the_net_of_the_order(books: Books) -> None:
    releases = books.releases
    last = releases[releases["order"] >= 0].groupby("order")["balance_minor"].last()
    assert last.to_dict() == {
        at: net
        for at, net, has in zip(
            books.orders.index, books.orders["actual_net_minor"], books.orders["has_lines"], strict=True
        )
        if has
    }
    assert releases["sign_ok"].all()


def test_bank(run: int, books: Books) -> None:
    want = ajio.expected(f"bank_run{run}.csv")
    payouts = books.payouts
    got = {
        (row.payout, str(row.file_rows) if row.rows else "", str(row.rows) if row.rows else "", to_text(row.sum_minor) if row.rows else "", to_date(row.bank_day).strftime("%d/%m/%y"),
         row.bank_reference, to_text(row.bank_minor), {"Matched": "MATCHED", "Only in the bank": "UNMATCHED_BANK"}[row.status])
        for row in payouts.itertuples()
    }  # fmt: skip
    marketplace = {tuple(row)[:8] for row in want.itertuples(index=False) if not row[0].startswith("clearing")}
    dropship = {
        (row.bank_date, row.bank_amount) for row in want.itertuples() if row.settlement_id.startswith("clearing")
    }
    assert {row for row in got if (row[4], row[6]) not in dropship} == marketplace
    assert len(got) == len(want)


def test_money_chain(run: int, books: Books) -> None:
    found: dict[str, int] = {}
    for row in books.chain.itertuples():
        if row.item in ITEMS:
            found[ITEMS[row.item]] = found.get(ITEMS[row.item], 0) + row.amount_minor
        else:
            assert row.amount_minor == 0 or row.item == "Only in the bank"
    assert {name: to_text(minor) for name, minor in found.items()} == dict(
        zip(*(ajio.expected(f"money_chain_run{run}.csv")[name] for name in ("item", "amount")), strict=True)
    )


@pytest.mark.parametrize(("grain", "file"), [("item", "sku"), ("category", "category")])
def test_commercial(run: int, books: Books, grain: str, file: str) -> None:
    want = ajio.expected(f"commercial_by_{file}_run{run}.csv").set_index(file)
    mine = books.commercial[(books.commercial["grain"] == grain) & (books.commercial["fee"] == "Commission")]
    name = [one.replace("(not in our orders)", "(not in OMS)") for one in mine["name"]]
    got = pd.DataFrame(
        {
            "sale": money(mine["sale_minor"]),
            "agreed_commission": money(mine["agreed_minor"]),
            "charged_commission": money(mine["charged_minor"]),
        },
        index=pd.Index(name, name=file),
    )
    got["difference"] = [
        to_text(minor) if ours else "" for minor, ours in zip(mine["difference_minor"], mine["is_ours"], strict=True)
    ]
    got["agreed_pct_of_sale"], got["charged_pct_of_sale"] = (
        percent(mine[one]) for one in ("agreed_ppm", "charged_ppm")
    )
    if grain == "item":
        got["category"] = mine["category"].str.replace("(not in our orders)", "(not in OMS)").tolist()
    assert differences(got.sort_index()[list(want.columns)], want.sort_index()) == []


def percent(ppm: pd.Series) -> list[str]:
    """Parts per million as per cent with two places."""
    return [to_text(int(one)) for one in ppm]


def test_ageing(run: int, books: Books) -> None:
    names = {"Not due": "not_due", "No due date": "no_due_date", "31-60": "31+", "Over 60": "31+"}
    found: dict[str, list[int]] = {}
    for row in books.ageing.itertuples():
        one = found.setdefault(names.get(row.band, row.band), [0, 0])
        one[0], one[1] = one[0] + row.orders, one[1] + row.outstanding_minor
    assert {name: (str(count), to_text(minor)) for name, (count, minor) in found.items()} == {
        row[0]: (row[1], row[2]) for row in ajio.expected(f"ageing_run{run}.csv").itertuples(index=False)
    }


def test_blank_item_is_split_by_value(run: int, books: Books) -> None:
    columns = {
        "customer": "SALE",
        "commission": "COMMISSION",
        "fixed": "FIXED",
        "collection": "COLLECTION",
        "logistics": "SHIP",
        "tax_on_fees": "TAX_ON_FEE",
        "tcs": "TCS",
        "tds": "TDS",
    }
    split = books.releases[books.releases["is_split"]]
    for row in ajio.expected("sku_split.csv").to_dict("records"):
        mine = split[(split["order_id"] == row["order_id"]) & (split["item"] == row["sku"])]
        by_type = dict(zip(mine["type"].astype(str), mine["amount_minor"], strict=True))
        assert {name: to_text(by_type[one]) for name, one in columns.items()} == {name: row[name] for name in columns}
        assert to_text(int(mine["amount_minor"].sum())) == row["net"]


def test_counts_of_the_summary(run: int, books: Books) -> None:
    want = {
        (row.what, row.verdict): int(row.count)
        for row in ajio.expected(f"summary_run{run}.csv").itertuples(index=False)
    }
    orders = books.orders
    for name, column in (("oms_vs_ajio_orders", "leg_orders"), ("oms_vs_settlement", "leg_settlement")):
        counts = orders[column].astype(str).map(LEG).value_counts()
        assert {verdict or "(none)": count for verdict, count in counts.items()} == {
            verdict: count for (what, verdict), count in want.items() if what == name
        }
    assert sum(count for (what, _), count in want.items() if what == "fee_status") == len(books.fees)


def test_claims_are_the_disputed_fees_with_their_gst(books: Books) -> None:
    fees = books.fees
    disputed = fees[(fees["status"] == "Disputed") & (fees["fee"] != "Tax")]
    assert len(books.claims[books.claims["fee"] != "Tax"]) == len(disputed)
    assert books.claims["over_minor"].sum() == disputed["difference_minor"].sum()
    one = books.claims[books.claims["order_id"] == "FN-420109"].iloc[0]
    assert (one.payout, to_text(one.over_minor), to_text(one.tax_minor), to_text(one.total_minor)) == (
        "FNSET-0417",
        "59.96",
        "10.79",
        "70.75",
    )


def test_nothing_is_left_unsaid(books: Books) -> None:
    """FN-420132 was invoiced before the payment term began; all else has its place on a sheet."""
    assert [(one.code, one.raw, str(one.where)) for one in books.problems] == [("R-748", "FN-420132", "sheet Rates")]
