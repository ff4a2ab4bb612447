"""The engine against sample files beside the project: every expected figure to the paisa, by order and by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from recon_core.engine import Outcome, reconcile
from recon_core.model import SKIPS, Raw, Result, Source, Status
from recon_core.readers import read
from recon_core.recipe import Leg, Meaning, Recipe, SideOf, Use, default_rules
from tests.raws import use

MATCHED, PARTLY, UNMATCHED, SKIPPED = range(4)
OMS = "ajio_april/oms_orders.csv"
ORDERS = "ajio_april/ajio_order_report.csv"
SETTLEMENTS = [f"ajio_april/settlement_W{week}.csv" for week in (1, 2, 3)]
BANK = "ajio_april/bank_hdfc_april.csv"


def raws(folder: Path, name: str, *paths: str) -> list[Raw]:
    """Files of one source, none of which may stop."""
    found = [read(Source(name=name, path=str(folder / "samples" / path))) for path in paths]
    assert all(raw is not None for raw, _ in found), found
    return [raw for raw, _ in found if raw is not None]


def order_leg(within: int = 0) -> Leg:
    uses = (
        use("A", "id", "order_id"),
        use("B", "id", "order_id"),
        use("A", "amount", "price+freight_value"),
        use("B", "amount", "payment_value"),
    )
    return Leg(
        name="L",
        a=SideOf(sources=("items",), label="Items"),
        b=SideOf(sources=("pay",), label="Payments"),
        within_minor=within,
        rules=default_rules(within, None),
        uses=uses,
    )


def ajio_leg() -> Leg:
    pairs = {
        "id": ("order_no", "Cust Order No"), "amount": ("line_total_incl_gst", "Invoice Value"), "quantity": ("qty", "Order Qty"), "item": ("sku", "Seller SKU"),
        "date": ("order_date", "Cust Order Date"),
    }  # fmt: skip
    uses = [
        use(side, meaning, column)
        for meaning, columns in pairs.items()
        for side, column in zip("AB", columns, strict=True)
    ]
    uses += [
        use("A", "compare", "gst_amount", "GST"),
        use("B", "compare", "IGST_AMOUNT+CGST_AMOUNT+SGST_AMOUNT", "GST"),
    ]
    return Leg(
        name="Orders",
        a=SideOf(sources=("oms",), label="OMS"),
        b=SideOf(sources=("ajio",), label="AJIO"),
        within_minor=500,
        rules=default_rules(500, None),
        uses=tuple(uses),
    )


def settlement_leg() -> Leg:
    pairs = {
        "id": ("order_no", "Order ID"), "amount": ("line_total_incl_gst", "Amount paid by customer"), "item": ("sku", "SKU"), "date": ("invoice_date", "Settlement Date"),
    }  # fmt: skip
    uses = [
        use(side, meaning, column)
        for meaning, columns in pairs.items()
        for side, column in zip("AB", columns, strict=True)
    ]
    uses += [use("A", "quantity", "qty")]
    uses += [
        use(side, "other reference", column, name)
        for name, columns in (("Invoice", ("invoice_no", "Invoice No")), ("AWB", ("awb", "AWB")))
        for side, column in zip("AB", columns, strict=True)
    ]
    return Leg(
        name="S",
        a=SideOf(sources=("oms",), label="OMS"),
        b=SideOf(sources=("set",), label="Settlements"),
        within_minor=500,
        rules=default_rules(500, None),
        uses=tuple(uses),
    )


def bank_leg() -> Leg:
    columns = (
        ("A", "amount", "Amount paid to you"),
        ("A", "date", "Settlement Date"),
        ("B", "id", "Chq./Ref.No."),
        ("B", "amount", "Deposit Amt. - Withdrawal Amt."),
        ("B", "date", "Date"),
    )
    return Leg(
        name="Bank", a=SideOf(from_leg="S", from_side="B", group_by="UTR", label="Payouts"), b=SideOf(sources=("bank",), label="Bank"), rules=default_rules(0, 5),
        uses=tuple(Use(leg="Bank", side=side, meaning=Meaning(meaning), column=column, name=column) for side, meaning, column in columns),
    )  # fmt: skip


def settled(shared: Path, settlements: Sequence[str] = SETTLEMENTS, bank: str = BANK) -> Outcome:
    sides = {
        "oms": raws(shared, "oms", OMS),
        "set": raws(shared, "set", *settlements),
        "bank": raws(shared, "bank", bank),
    }
    return reconcile(Recipe(legs=(settlement_leg(), bank_leg())), sides)


def by_order(result: Result) -> pd.Series:
    """MATCHED, PARTIAL, UNMATCHED_A or UNMATCHED_B of each id that takes part; no id is partly green."""
    lines = result.lines[result.lines["skip"] == 0]
    verdict = {}
    for key, mine in lines.groupby("key"):
        found = set(mine["status"])
        assert MATCHED not in found or found == {MATCHED}, key
        verdict[key] = {MATCHED: "MATCHED", PARTLY: "PARTIAL"}.get(
            next(iter(found)), f"UNMATCHED_{'AB'[mine['side'].iloc[0]]}"
        )
        assert len(found) == 1, key
    return pd.Series(verdict)


def tallies(result: Result) -> dict[tuple[str, str], tuple[int, float]]:
    return {
        ("AB"[side], str(status)): (tally.rows, tally.amount_minor / 10_000)
        for (side, status), tally in result.tallies.items()
        if tally.rows
    }


def expected(shared: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(shared / "samples/ajio_april/expected" / name, dtype=str, keep_default_na=False)


# Real orders and payments.


@pytest.mark.parametrize(("within", "orders"), [(0, (1475, 5, 6)), (100, (1480, 0, 6)), (99, (1475, 5, 6))])
def test_real_orders_by_order(shared: Path, within: int, orders: tuple[int, int, int]) -> None:
    sides = {
        "items": raws(shared, "items", "real_orders_payments/order_items.csv"),
        "pay": raws(shared, "pay", "real_orders_payments/order_payments.csv"),
    }
    result = reconcile(Recipe(legs=(order_leg(within),)), sides).results["L"]
    verdict = by_order(result)
    lines = result.lines.drop_duplicates("key").set_index("key")
    partly = lines.loc[verdict.index[verdict == "PARTIAL"], "gap_minor"].abs()
    assert (
        (verdict == "MATCHED").sum(),
        (partly == 100).sum(),
        (partly > 100).sum(),
        (verdict == "UNMATCHED_B").sum(),
    ) == (*orders, 14)
    assert len(verdict) == 1500
    assert "UNMATCHED_A" not in set(verdict)
    if within == 0:
        assert tallies(result) == {
            ("A", "Matched"): (1693, 232_433.70), ("A", "Partially matched"): (33, 4_278.38),
            ("B", "Matched"): (1550, 232_433.70), ("B", "Partially matched"): (11, 4_285.93), ("B", "Unmatched"): (14, 2_889.65),
        }  # fmt: skip
        assert sorted(result.lines.loc[result.lines["reason"] == "ROUNDING", "key_raw"].unique()) == [
            "1032cdde705c24776a43441b77855fe6", "2b2e646f2556658e3d06c53ee0465153", "38e47cf95d95719dfbececfd1cfde0cc", "427ab04bb9a88ee00929a510651d77c2",
            "55881111d8b37a0e45cf97b156ae1943",
        ]  # fmt: skip


# AJIO: orders against the marketplace's report.


@pytest.mark.parametrize("report", [ORDERS, "ajio_april/other_formats/ajio_order_report.xlsx"])
def test_every_order_against_the_report(shared: Path, report: str) -> None:
    outcome = reconcile(
        Recipe(legs=(ajio_leg(),)), {"oms": raws(shared, "oms", OMS), "ajio": raws(shared, "ajio", report)}
    )
    table = expected(shared, "orders_run1.csv")
    wanted = table.set_index("order_id")["oms_vs_ajio_orders"]
    got = by_order(outcome.results["Orders"])
    assert got.to_dict() == {order: verdict for order, verdict in wanted.items() if verdict}
    reasons = outcome.results["Orders"].lines.set_index("key")["reason"].astype(str)
    assert set(reasons.loc[["FN-420114"]]) == {"COMPARED-DIFFERS"}
    assert set(reasons.loc[["FN-420138"]]) == {"AMOUNT-DIFFERS"}


def test_workbook_and_text_file_give_the_same(shared: Path) -> None:
    """The same cells as CSV and as XLSX: equal verdicts, money and ids, row by row; only the printed texts may differ."""
    results = []
    for report in (ORDERS, "ajio_april/other_formats/ajio_order_report.xlsx"):
        lines = (
            reconcile(
                Recipe(legs=(ajio_leg(),)), {"oms": raws(shared, "oms", OMS), "ajio": raws(shared, "ajio", report)}
            )
            .results["Orders"]
            .lines
        )
        lines = lines[~lines["skip"].isin([SKIPS.index("Blank row")])]
        results.append(
            lines[
                [
                    "side",
                    "key",
                    "amount_minor",
                    "day",
                    "item",
                    "units",
                    "status",
                    "klass",
                    "gap_minor",
                    "skip",
                    "line_id",
                    "match_id",
                ]
            ]
            .astype({"item": "object"})
            .reset_index(drop=True)
        )
    pd.testing.assert_frame_equal(*results)


# AJIO: settlements and bank.


@pytest.mark.parametrize("run", [1, 2])
def test_every_order_against_the_settlements(shared: Path, run: int) -> None:
    weeks = SETTLEMENTS + (["ajio_april/settlement_W4.csv"] if run == 2 else [])
    table = expected(shared, f"orders_run{run}.csv").set_index("order_id")
    money = (
        table[["sale", "returns", "chargeback", "invoice_value"]]
        .replace("", "0")
        .astype(float)
        .mul(100)
        .round()
        .astype(int)
    )
    paid = money["sale"] - money["returns"] - money["chargeback"]
    wanted = ((paid - money["invoice_value"]).abs() <= 5) & (money["sale"] != 0)
    got = by_order(settled(shared, weeks).results["S"]) == "MATCHED"
    assert got.reindex(table.index, fill_value=False).to_dict() == wanted.to_dict()
    assert wanted.sum() > 260
    assert set(got.index) <= set(table.index)


@pytest.mark.parametrize("second", ["ajio_april/settlement_W2.csv", "ajio_april/other_formats/settlement_W2.xlsx"])
def test_a_settlement_as_workbook(shared: Path, second: str) -> None:
    one, other = (settled(shared, [SETTLEMENTS[0], week, SETTLEMENTS[2]]) for week in (SETTLEMENTS[1], second))
    for name in ("S", "Bank"):
        frames = [done.results[name].lines for done in (one, other)]
        frames = [
            frame.loc[
                frame["skip"] != SKIPS.index("Blank row"),
                ["side", "key", "amount_minor", "day", "status", "skip", "gap_minor", "line_id", "match_id"],
            ]
            for frame in frames
        ]
        # two lines of one id, day and amount are told apart by their text, which differs between the formats
        pd.testing.assert_frame_equal(
            *[frame.sort_values(list(frame.columns)).reset_index(drop=True) for frame in frames]
        )


@pytest.mark.parametrize("bank", [BANK, "ajio_april/other_formats/bank_hdfc_april.xls"])
@pytest.mark.parametrize("run", [1, 2])
def test_payouts_against_the_bank(shared: Path, run: int, bank: str) -> None:
    weeks = SETTLEMENTS + (["ajio_april/settlement_W4.csv"] if run == 2 else [])
    lines = settled(shared, weeks, bank).results["Bank"].lines
    table = expected(shared, f"bank_run{run}.csv")
    paid_in = lines[(lines["side"] == 1) & (lines["skip"] == 0)]
    wanted = {
        row.bank_ref: (float(row.bank_amount), row.status)
        for row in table.itertuples()
        if row.settlement_id.startswith("FNSET")
    }
    assert len(wanted) == 2 + run
    for ref, (amount, status) in wanted.items():
        mine = paid_in[paid_in["key"] == ref]
        assert mine["amount_minor"].tolist() == [round(amount * 10_000)]
        assert mine["status"].tolist() == [MATCHED if status == "MATCHED" else UNMATCHED]
    decoy = paid_in[paid_in["key"] == "610700000914"]
    assert decoy["status"].tolist() == [UNMATCHED], "the amount and day of a payout, another payer: never matched"
    assert (lines.loc[lines["side"] == 0, "status"].isin([MATCHED, SKIPPED])).all()
    matched = lines[(lines["side"] == 0) & (lines["status"] == MATCHED)]
    assert matched["amount_minor"].sum() == {1: 3_518_238_100, 2: 4_235_099_300}[run]


def test_the_late_file_twice_changes_nothing(shared: Path) -> None:
    week = "ajio_april/settlement_W4.csv"
    once, twice = settled(shared, [*SETTLEMENTS, week]), settled(shared, [*SETTLEMENTS, week, week])
    for name in ("S", "Bank"):
        pd.testing.assert_frame_equal(once.results[name].lines, twice.results[name].lines)
    assert sum("holds the same bytes" in problem.what for problem in twice.problems) == 1


def test_every_skipped_row_is_the_expected_one(shared: Path) -> None:
    """File and line of each skipped row, and why; lines without an order take no part either but belong to the bank leg."""
    words = {
        "Duplicate row": "DUPLICATE", "No id": "MISSING_KEY", "Blank row": "BLANK_ROW", "Amount not readable": "INVALID_AMOUNT", "Amount missing": "INVALID_AMOUNT",
        "Total or footer": "FOOTER", "Does not fit the header": "FOOTER",
    }  # fmt: skip
    orders = reconcile(
        Recipe(legs=(ajio_leg(),)), {"oms": raws(shared, "oms", OMS), "ajio": raws(shared, "ajio", ORDERS)}
    ).results["Orders"]
    got = {}
    for result in (orders, settled(shared).results["S"]):
        for row in result.lines[result.lines["skip"] > 0].itertuples():
            got[result.files[row.file].file, int(row.row)] = words[SKIPS[row.skip]]
    table = expected(shared, "skipped.csv")
    wanted = {
        (row.file, int(row.line_no)): {row.reason, *filter(None, [row.also_accept])} for row in table.itertuples()
    }
    missing = {place: reasons for place, reasons in wanted.items() if got.get(place) not in reasons}
    assert missing == {}
    more = {place: why for place, why in got.items() if place not in wanted}
    without_order = sum(
        len(raw.frame[(raw.frame["Order ID"].str.strip() == "") & (raw.frame["Settlement ID"] != "")])
        for raw in raws(shared, "set", *SETTLEMENTS)
    )
    assert set(more.values()) <= {"MISSING_KEY"}, more
    assert len(more) < without_order, "lines without an order id that invoice or AWB leads to an order take part"


def test_the_status_words() -> None:
    assert [str(status) for status in Status] == ["Matched", "Partially matched", "Unmatched", "Skipped"]
