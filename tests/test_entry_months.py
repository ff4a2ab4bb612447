"""Entries of random months against what was planted in them, and of the sample against its expected ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recon_core.entries import (
    KINDS,
    LineKind,
    entries_of,
    non_order_kinds,
    read_kinds,
    sign_problems,
    sum_problems,
)
from recon_core.money import to_text
from recon_core.releases import order_sums, split_blank_items
from recon_core.standard_template import entry_types_of
from tests import ajio_sample
from tests.months import (
    COLUMNS,
    CUSTOMER,
    TAX,
    bank_texts,
    make_month,
    order_texts,
    plain_charge,
    prove,
    settlement_texts,
)
from tests.test_entries import FILE, place

# ---------------------------------------------------------------- random months


@pytest.mark.parametrize("seed", range(8))
def test_the_entries_of_a_month_are_what_the_month_says(seed):
    month = make_month(seed, 80, spoil=0.08)
    template = entry_types_of(list(settlement_texts(month, 0)))
    assert template.problems == ()
    kinds, problems = read_kinds(month.lines["kind"], month.amounts[CUSTOMER], FILE)
    assert problems == []
    entries = entries_of(kinds, month.amounts, {name: template.types[name] for name in COLUMNS})
    assert sum_problems(entries, month.lines["net_minor"].to_numpy(), place) == []
    assert sign_problems(entries, kinds, place) == []
    order, n = month.lines["order"].to_numpy(), len(month.orders)
    received = order_sums(entries, order, kinds, ["SALE"], [LineKind.ORDER])
    given = order_sums(entries, order, kinds, ["RETURN_SALE", "CHARGEBACK"], list(LineKind))
    assert received.tolist() + [0] * (n - len(received)) == month.orders["received_minor"].tolist()
    assert (-given).tolist() + [0] * (n - len(given)) == month.orders["refunded_minor"].tolist()
    items = month.units.rename(columns={"sku": "item", "price_minor": "value_minor"})[["order", "item", "value_minor"]]
    blank = (month.lines["sku"] == "").to_numpy()
    split = split_blank_items(entries, order, blank, items).entries
    whole = entries.groupby(["pos", "type"], observed=True)["amount_minor"].sum()
    assert split.groupby(["pos", "type"], observed=True)["amount_minor"].sum().equals(whole)
    assert not split.loc[~blank[split["pos"]], "is_split"].any()


@pytest.mark.parametrize("seed", range(4))
def test_what_a_month_charges_beyond_its_card_is_what_was_planted(seed):
    month = make_month(seed, 150, spoil=0.08)
    plain = month.orders["spoiled"].isin(["", "overcharge", "blank"]).to_numpy()
    at = np.flatnonzero((month.lines["kind"] == "Order").to_numpy())
    at = at[plain[month.lines["order"].to_numpy()[at]]]
    order = month.lines["order"].to_numpy()
    settled = month.units[month.units["order"].isin(order[at])]
    card = plain_charge(settled, "sale")
    found = {}
    for column in ("Fee: Commission", "Fee: Fixed", "Fee: Logistics", TAX, "TCS", "TDS"):
        charged, agreed = np.zeros((2, len(month.orders)), np.int64)
        np.add.at(charged, order[at], -month.amounts[column][at])
        np.add.at(agreed, settled["order"].to_numpy(), -card[column])
        found |= {(one, column): int(charged[one] - agreed[one]) for one in np.flatnonzero(charged != agreed)}
    planted = month.planted.groupby([order[month.planted["line"]], "column"])["extra_minor"].sum()
    assert found == planted.to_dict()
    assert planted.size > 0


def test_a_month_that_does_not_tie_is_not_made():
    month = make_month(2, 40, last_in_transit=True)
    assert month.bank["payout"].max() == len(month.payouts) - 2
    prove(month)
    lines = month.lines.assign(net_minor=month.lines["net_minor"] + (month.lines.index == 3))
    for change, words in (
        ({"lines": lines}, "entries do not add up"),
        ({"payouts": month.payouts.assign(total_minor=month.payouts["total_minor"] + 1)}, "lines do not add up"),
        ({"bank": month.bank[month.bank["payout"] != 1]}, "payouts do not add up"),
    ):
        with pytest.raises(AssertionError, match=words):
            prove(replace(month, **change))


def test_a_month_as_files_holds_the_same_money():
    month = make_month(3, 40)
    for payout, total in enumerate(month.payouts["total_minor"]):
        texts = settlement_texts(month, payout)
        assert ajio_sample.minor(pd.Series(texts["Amount paid to you"], dtype="str")).sum() == total
    bank = bank_texts(month)
    columns = [ajio_sample.minor(pd.Series(bank[name], dtype="str")) for name in ("Deposit Amt.", "Withdrawal Amt.")]
    assert (columns[0] - columns[1]).tolist() == month.bank["amount_minor"].tolist()
    orders = order_texts(month)
    assert (
        ajio_sample.minor(pd.Series(orders["line_total_incl_gst"], dtype="str")).sum()
        == month.units["price_minor"].sum()
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_the_same_month(seed):
    first, again = make_month(seed, 30), make_month(seed, 30)
    assert first.lines.equals(again.lines)
    assert first.bank.equals(again.bank)
    assert not first.lines.equals(make_month(seed + 100, 30).lines)


# ---------------------------------------------------------------- the sample

SAMPLE_NAMES = {
    "FIXED": "FIXED_FEE", "COLLECTION": "COLLECTION_FEE", "TAX_ON_FEE": "TAX", "Fee: Packaging": "OTHER_FEE",
    "Fee: Chargeback": "CHARGEBACK_FEE",
}  # fmt: skip


def sample_entries(home, run):
    book = ajio_sample.orders(home)
    ids = sorted({*book["order_id"], "FN-420105", "FN-990001"})
    month = ajio_sample.settled(home, run, ids, book)
    kinds, problems = read_kinds(month.lines["Line Type"], month.amounts[CUSTOMER], FILE)
    assert problems == []
    return month, kinds, entries_of(kinds, month.amounts, month.template.types)


def sample_type(name: str) -> str:
    return SAMPLE_NAMES.get(name, name)


def test_the_sample_has_the_expected_release_ledger(shared):
    home = ajio_sample.folder(shared)
    month, kinds, entries = sample_entries(home, 2)
    assert sum_problems(entries, month.net, place) == []
    assert sign_problems(entries, kinds, place) == []
    lines = month.lines
    found = Counter(
        (lines["Settlement ID"][pos], lines["Line Type"][pos], month.ids[month.order[pos]] if month.order[pos] >= 0 else "", lines["SKU"][pos], sample_type(name), to_text(amount))
        for pos, name, amount in entries.itertuples(index=False)
    )  # fmt: skip
    expected = ajio_sample.table(home / "expected" / "release_ledger.csv").drop(columns="line_no")
    assert found == Counter(expected.itertuples(index=False, name=None))


@pytest.mark.parametrize("run", [1, 2])
def test_the_sample_has_the_expected_releases_by_settlement(shared, run):
    home = ajio_sample.folder(shared)
    month, _, entries = sample_entries(home, run)
    by_type = entries.assign(settlement_id=month.lines["Settlement ID"].to_numpy()[entries["pos"]]).groupby(["settlement_id", "type"], observed=True)["amount_minor"].agg(["count", "sum"])  # fmt: skip
    found = {(settlement, sample_type(name), str(row["count"]), to_text(row["sum"])) for (settlement, name), row in by_type.iterrows()}  # fmt: skip
    expected = ajio_sample.table(home / "expected" / f"releases_run{run}.csv").drop(columns="line_no")
    assert found == set(expected[expected["settlement_id"] != "ALL"].itertuples(index=False, name=None))


def test_the_sample_has_the_expected_lines_without_an_order(shared):
    home = ajio_sample.folder(shared)
    month, kinds, entries = sample_entries(home, 2)
    found = non_order_kinds(entries, kinds, month.order >= 0)
    shown = {
        (month.lines["Settlement ID"][pos], month.lines["Line Type"][pos], to_text(amount), types.replace("TAX_ON_FEE", "TAX"), month.lines["Remarks"][pos])
        for pos, _, types, amount in found.itertuples(index=False)
    }  # fmt: skip
    expected = ajio_sample.table(home / "expected" / "non_order_lines.csv").drop(columns="line_no")
    assert shown == set(expected.itertuples(index=False, name=None))
    assert sorted(KINDS[kind].value for kind in found["kind"]) == ["Penalty", "Reserve", "Reserve", "Shipping"]


def test_the_sample_has_the_expected_split(shared):
    home = ajio_sample.folder(shared)
    month, _, entries = sample_entries(home, 2)
    rows = ajio_sample.kept(home, "oms_orders.csv")
    place_of = {one: at for at, one in enumerate(month.ids)}
    items = pd.DataFrame({
        "order": [place_of[ajio_sample.standard_text(one)] for one in rows["order_no"]], "item": rows["sku"],
        "value_minor": ajio_sample.minor(rows["line_total_incl_gst"]),
    })  # fmt: skip
    found = split_blank_items(entries, month.order, (month.lines["SKU"] == "").to_numpy(), items)
    parts = found.entries[found.entries["is_split"]]
    parts = parts[month.lines["Line Type"].to_numpy()[parts["pos"]] == "Order"]
    sums = parts.assign(sku=found.items["item"].to_numpy()[parts["item"]]).pivot_table(index="sku", columns="type", values="amount_minor", aggfunc="sum", observed=True)  # fmt: skip
    names = {"customer": "SALE", "commission": "COMMISSION", "fixed": "FIXED", "collection": "COLLECTION", "logistics": "SHIP", "tax_on_fees": "TAX_ON_FEE", "tcs": "TCS", "tds": "TDS"}  # fmt: skip
    expected = ajio_sample.table(home / "expected" / "sku_split.csv").set_index("sku")
    assert list(sums.index) == list(expected.index)
    for column, name in names.items():
        assert [to_text(one) for one in sums[name]] == expected[column].tolist()
    assert [to_text(one) for one in sums.sum(axis=1)] == expected["net"].tolist()
