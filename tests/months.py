"""Random months of a marketplace seller: orders, returns, settlements with entries, payouts and the bank.

Every identity holds by construction and is asserted: the amounts of a line add up to its net, the lines of a payout to
its transfer, the transfers to the bank credits. Seeded; a handful of orders by default, a million on demand. What is
charged comes from a function, so that a month can be charged by any rate card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import to_date
from recon_core.money import PAISA, PPM, apply_rate, to_text

Int64 = npt.NDArray[np.int64]
# Units (n rows of `Month.units`) and an event (sale, return, rto) -> settlement column -> signed amounts (n), + to the seller.
Charge = Callable[[pd.DataFrame, str], Mapping[str, Int64]]

MAJOR = 10_000
FIRST_DAY = 20_544  # 2026-04-01
CUSTOMER, NET, TAX = "Amount paid by customer", "Amount paid to you", "Tax on fees"
OVERCHARGED = ("Fee: Commission", "Fee: Fixed", "Fee: Logistics")  # one of them in each order that is overcharged
COLUMNS = (
    CUSTOMER, "Fee: Commission", "Fee: Fixed", "Fee: Collection", "Fee: Logistics", "Fee: Reverse logistics", "Fee: Packaging",
    "Fee: Penalty", "Fee: Chargeback", "Claims", "Reserve", TAX, "TCS", "TDS",
)  # fmt: skip
CATALOG = pd.DataFrame({
    "sku": [f"SKU-{n:03d}" for n in range(12)],
    "category": ["Kurtas", "Sarees", "Tops", "Footwear", "Jewellery", "Jackets"] * 2,
    "brand": ["Asha", "Birch", "Coral"] * 4,
    "list_minor": np.array([749, 1499, 449, 999, 349, 3899, 1099, 2499, 199, 2199, 1249, 1399], np.int64) * MAJOR,
    "weight_g": np.array([380, 850, 210, 760, 90, 1000, 520, 1150, 190, 1350, 220, 640], np.int64),
    "gst_pct": np.array([5, 5, 5, 5, 3, 18] * 2, np.int64),
})  # fmt: skip


def paise(minor: Int64) -> Int64:
    """Minor units -> whole paise, halves away from zero."""
    return apply_rate(minor, PPM)


def plain_charge(units: pd.DataFrame, event: str) -> dict[str, Int64]:
    """A simple rate card: 12 % commission, 17 fixed, 44 or 88 shipping by weight, 18 % GST, TCS 0.5 %, TDS 0.1 %."""
    price, taxable = units["price_minor"].to_numpy(), units["taxable_minor"].to_numpy()
    ship = np.where(units["weight_g"].to_numpy() > 500, 88, 44) * MAJOR
    commission, fixed = apply_rate(price, 120_000), np.full(len(price), 17 * MAJOR)
    fees = {
        "sale": {"Fee: Commission": -commission, "Fee: Fixed": -fixed, "Fee: Logistics": -ship},
        "return": {"Fee: Commission": commission, "Fee: Reverse logistics": -ship},
        "rto": {"Fee: Logistics": -ship},
    }[event]
    taxed = sum(apply_rate(amount, 180_000) for amount in fees.values())
    sign = {"sale": -1, "return": 1, "rto": 0}[event]
    return {**fees, TAX: taxed, "TCS": sign * apply_rate(taxable, 5_000), "TDS": sign * apply_rate(taxable, 1_000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month. Frames:

    orders   order, order_id, order_day, invoice_day, invoice_no, awb, status (Delivered, Returned, RTO, Cancelled),
             invoice_minor, and what is true of it: received_minor, refunded_minor, is_void
    units    order, order_id, sku, category, brand, weight_g, price_minor, taxable_minor, order_day, invoice_day, is_returned
    lines    payout, kind, order (-1 none), shown_id, sku, invoice_no, awb, net_minor; amounts in `amounts`
    payouts  settlement_id, day, utr, total_minor, is_in_bank
    bank     day, narration, reference, amount_minor, payout (-1: not ours)
    planted  line, column, extra_minor: what was charged beyond `charge`; kind says what else was planted in which order
    """

    seed: int
    orders: pd.DataFrame
    units: pd.DataFrame
    lines: pd.DataFrame
    amounts: Mapping[str, Int64]
    payouts: pd.DataFrame
    bank: pd.DataFrame
    planted: pd.DataFrame
    as_of: int


def make_month(seed: int = 1, orders: int = 60, charge: Charge = plain_charge, payouts: int = 4, spoil: float = 0.03, *, last_in_transit: bool = False) -> Month:  # fmt: skip
    """A month by seed, of one order or more. `spoil`: the share of orders of each planted kind (overcharge, short, parted, blank item, double, chargeback)."""
    rng = np.random.default_rng(seed)
    book = _orders(rng, orders, spoil)
    units = _units(rng, book)
    lines, amounts, planted = _lines(rng, book, units, charge, payouts)
    book = _with_truth(book, units, lines, amounts)
    transfers = _payouts(seed, lines, payouts, last_in_transit=last_in_transit)
    month = Month(
        seed=seed, orders=book, units=units, lines=lines, amounts=amounts, payouts=transfers, bank=_bank(rng, transfers),
        planted=planted, as_of=FIRST_DAY + 29,
    )  # fmt: skip
    prove(month)
    return month


def prove(month: Month) -> None:
    """The identities of a month; AssertionError names the one that fails."""
    together = sum(month.amounts[column] for column in COLUMNS)
    assert (together == month.lines["net_minor"].to_numpy()).all(), "entries do not add up to lines"
    by_payout = month.lines.groupby("payout")["net_minor"].sum().reindex(range(len(month.payouts)), fill_value=0)
    assert (by_payout.to_numpy() == month.payouts["total_minor"].to_numpy()).all(), "lines do not add up to payouts"
    ours = month.bank[month.bank["payout"] >= 0]
    paid = month.payouts[month.payouts["is_in_bank"]]
    assert ours["amount_minor"].sum() == paid["total_minor"].sum(), "payouts do not add up to the bank"
    assert sorted(ours["payout"]) == sorted(paid.index), "a payout is twice in the bank"
    assert len(month.units) == 0 or month.units.groupby("order")["price_minor"].sum().reindex(month.orders["order"]).where(month.orders["status"].to_numpy() != "Cancelled", 0).eq(month.orders["invoice_minor"].to_numpy()).all(), "units do not add up to invoices"  # fmt: skip


def _orders(rng: np.random.Generator, n: int, spoil: float) -> pd.DataFrame:
    """Orders with a status and, in `spoiled`, what is planted in them; only delivered orders are spoiled."""
    status = rng.choice(np.array(["Delivered", "Returned", "RTO", "Cancelled"], object), n, p=[0.78, 0.12, 0.06, 0.04])
    kinds = np.array(["", "overcharge", "short", "parted", "blank", "double", "chargeback"], object)
    spoiled = rng.choice(kinds, n, p=[1 - 6 * spoil, *[spoil] * 6])
    order_day = FIRST_DAY + np.sort(rng.integers(0, 30, n))
    number = np.arange(n)
    return pd.DataFrame({
        "order": number,
        "order_id": pd.Series(number + 700_000).map("OD-{}".format).astype("str"),
        "order_day": order_day, "invoice_day": order_day + rng.integers(0, 2, n),
        "invoice_no": pd.Series(number + 3_000).map("INV/{:07d}".format).astype("str"),
        "awb": pd.Series(number * 37 + 7_719_000_000).map(str).astype("str"),
        "status": status, "spoiled": np.where(status == "Delivered", spoiled, ""),
    })  # fmt: skip


def _units(rng: np.random.Generator, book: pd.DataFrame) -> pd.DataFrame:
    """One to three units an order, some of them alike; a returned order gives back one unit or all."""
    order = np.repeat(book["order"].to_numpy(), rng.choice([1, 2, 3], len(book), p=[0.7, 0.2, 0.1]))
    goods = CATALOG.iloc[rng.integers(0, len(CATALOG), len(order))].reset_index(drop=True)
    off = rng.choice([1_000_000, 950_000, 900_000], len(order))
    price = apply_rate(goods["list_minor"].to_numpy(), off)
    rate = goods["gst_pct"].to_numpy()
    first = np.append(True, order[1:] != order[:-1])[: len(order)]
    whole = rng.random(len(book)) < 0.5
    returned = (book["status"].to_numpy() == "Returned")[order] & (first | whole[order])
    return pd.DataFrame({
        "order": order, "order_id": book["order_id"].to_numpy()[order], "sku": goods["sku"], "category": goods["category"],
        "brand": goods["brand"], "weight_g": goods["weight_g"], "price_minor": price,
        "taxable_minor": (200 * price // PAISA + (100 + rate)) // (2 * (100 + rate)) * PAISA,  # price / (1 + rate), to paise
        "order_day": book["order_day"].to_numpy()[order], "invoice_day": book["invoice_day"].to_numpy()[order],
        "is_returned": returned,
    })  # fmt: skip


def _block(kind: str, units: pd.DataFrame, payout: Int64, charged: Mapping[str, Int64], customer: Int64) -> pd.DataFrame:  # fmt: skip
    """Lines of one kind, a unit each."""
    amounts = {column: np.zeros(len(units), np.int64) for column in COLUMNS} | dict(charged) | {CUSTOMER: customer}
    return pd.DataFrame({
        "payout": payout, "kind": kind, "order": units["order"].to_numpy(), "sku": units["sku"].to_numpy(object), "unit": units.index.to_numpy(), **amounts,
    })  # fmt: skip


def _lines(rng: np.random.Generator, book: pd.DataFrame, units: pd.DataFrame, charge: Charge, payouts: int) -> tuple[pd.DataFrame, dict[str, Int64], pd.DataFrame]:  # fmt: skip
    """All settlement lines, what they consist of and what is planted in them."""
    status, spoiled = book["status"].to_numpy()[units["order"]], book["spoiled"].to_numpy()[units["order"]]
    week = (units["invoice_day"].to_numpy() - FIRST_DAY) // 7  # settled in the week's payout, returns in the next
    paid = units[np.isin(status, ["Delivered", "Returned"]) & (week < payouts)]
    weeks = pd.Series(week, index=units.index)
    blocks = []
    sale = _block("Order", paid, weeks[paid.index].to_numpy(), charge(paid, "sale"), paid["price_minor"].to_numpy())
    sale["extra"] = 0
    kind = spoiled[paid.index]
    over = kind == "overcharge"
    extra = rng.integers(100, 9_000, len(sale)) * PAISA * over
    fee = sale["order"].to_numpy() % len(OVERCHARGED)
    for at, column in enumerate(OVERCHARGED):
        sale[column] -= np.where(fee == at, extra, 0)
    sale[TAX] -= apply_rate(extra, 180_000)
    sale["extra"] = extra
    sale[CUSTOMER] -= np.where(kind == "short", paise(sale[CUSTOMER].to_numpy() // 5), 0)
    parted = sale[(kind == "parted") & (sale["payout"] < payouts - 1)].copy()
    for column in COLUMNS:
        later = paise(parted[column].to_numpy() * 2 // 5)
        parted[column] = later
        sale.loc[parted.index, column] -= later
    parted["payout"] += 1
    double = sale[(kind == "double") & (sale["payout"] < payouts - 1)].assign(extra=0)
    blocks += [sale, parted, double.assign(payout=double["payout"] + 1)]
    back = paid[paid["is_returned"].to_numpy() & (weeks[paid.index].to_numpy() + 1 < payouts)]
    blocks.append(_block("Return", back, weeks[back.index].to_numpy() + 1, charge(back, "return"), -back["price_minor"].to_numpy()))  # fmt: skip
    lost = units[(status == "RTO") & (week < payouts)]
    blocks.append(_block("RTO", lost, weeks[lost.index].to_numpy(), charge(lost, "rto"), np.zeros(len(lost), np.int64)))
    torn = paid[(kind == "chargeback") & (weeks[paid.index].to_numpy() + 1 < payouts)]
    fee = np.full(len(torn), -150 * MAJOR, np.int64)
    blocks.append(_block("Chargeback", torn, weeks[torn.index].to_numpy() + 1, {"Fee: Chargeback": fee, TAX: apply_rate(fee, 180_000)}, -torn["price_minor"].to_numpy()))  # fmt: skip
    lines = pd.concat([_merged(blocks[0], book), *blocks[1:], _without_order(rng, payouts)], ignore_index=True)
    lines["extra"] = lines["extra"].fillna(0).astype(np.int64)
    lines = lines.iloc[rng.permutation(len(lines))].sort_values("payout", kind="stable", ignore_index=True)
    at = np.flatnonzero(lines["extra"])
    extra = lines["extra"].to_numpy()[at]
    fees = np.array(OVERCHARGED, object)[lines["order"].to_numpy()[at] % len(OVERCHARGED)]
    planted = pd.concat([pd.DataFrame({"line": at, "column": column, "extra_minor": more}) for column, more in ((fees, extra), (TAX, apply_rate(extra, 180_000)))])  # fmt: skip
    amounts = {column: lines[column].to_numpy(np.int64) for column in COLUMNS}
    known = lines["order"].to_numpy() >= 0
    owner = np.where(known, lines["order"], 0)
    frame = pd.DataFrame({
        "payout": lines["payout"].to_numpy(np.int64), "kind": lines["kind"].astype("str"), "order": lines["order"].to_numpy(np.int64),
        "shown_id": np.where(known, _dirty(rng, book["order_id"].to_numpy(object)[owner]), ""), "sku": lines["sku"].astype("str"),
        "invoice_no": np.where(known, book["invoice_no"].to_numpy(object)[owner], ""), "awb": np.where(known, book["awb"].to_numpy(object)[owner], ""),
        "net_minor": sum(amounts.values()),
    })  # fmt: skip
    return frame, amounts, planted.reset_index(drop=True)


def _merged(sale: pd.DataFrame, book: pd.DataFrame) -> pd.DataFrame:
    """Sale lines; those of an order with a blank item become one line without an SKU."""
    blank = (book["spoiled"].to_numpy() == "blank")[sale["order"]]
    one = sale[blank].groupby(["payout", "kind", "order"], as_index=False)[[*COLUMNS, "extra"]].sum().assign(sku="", unit=-1)  # fmt: skip
    return pd.concat([sale[~blank], one], ignore_index=True)


def _without_order(rng: np.random.Generator, payouts: int) -> pd.DataFrame:
    """Lines of no order: reserve held and released, a penalty with tax, freight billed again, in the columns portals use."""
    penalty, freight = -150 * MAJOR, -int(rng.integers(50, 400)) * MAJOR
    rows = [
        {"kind": "Reserve", "payout": 0, "Reserve": -5000 * MAJOR},
        {"kind": "Reserve", "payout": payouts - 1, "Reserve": 3000 * MAJOR},
        {"kind": "Adjustment", "payout": payouts // 2, "Fee: Penalty": penalty, TAX: penalty * 18 // 100},
        {"kind": "Adjustment", "payout": payouts // 2, "Fee: Logistics": freight, TAX: freight * 18 // 100},
    ]
    empty = dict.fromkeys(COLUMNS, 0) | {"order": -1, "sku": "", "unit": -1, "extra": 0}
    return pd.DataFrame([empty | row for row in rows])


def _dirty(rng: np.random.Generator, ids: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Order ids as portals print them: some in lower case, some between blanks, some behind an apostrophe."""
    how = rng.choice(4, len(ids), p=[0.91, 0.03, 0.03, 0.03])
    shown = ids.copy()
    shown[how == 1] = [one.lower() for one in ids[how == 1]]
    shown[how == 2] = [f"  {one} " for one in ids[how == 2]]
    shown[how == 3] = [f"'{one}" for one in ids[how == 3]]
    return shown


def _with_truth(book: pd.DataFrame, units: pd.DataFrame, lines: pd.DataFrame, amounts: Mapping[str, Int64]) -> pd.DataFrame:  # fmt: skip
    """Orders with their invoice, and what was received and given back."""
    n = len(book)
    void = np.isin(book["status"], ["RTO", "Cancelled"])
    invoice = np.zeros(n, np.int64)
    np.add.at(invoice, units["order"].to_numpy(), units["price_minor"].to_numpy())
    invoice[book["status"].to_numpy() == "Cancelled"] = 0
    sums = {}
    for name, kinds in (("received", ["Order"]), ("refunded", ["Return", "Chargeback"])):
        at = np.flatnonzero(lines["kind"].isin(kinds) & (lines["order"] >= 0))
        sums[name] = np.zeros(n, np.int64)
        np.add.at(sums[name], lines["order"].to_numpy()[at], amounts[CUSTOMER][at])
    return book.assign(invoice_minor=invoice, received_minor=sums["received"], refunded_minor=-sums["refunded"], is_void=void)  # fmt: skip


def _payouts(seed: int, lines: pd.DataFrame, payouts: int, *, last_in_transit: bool) -> pd.DataFrame:
    total = lines.groupby("payout")["net_minor"].sum().reindex(range(payouts), fill_value=0).to_numpy(np.int64)
    number = np.arange(payouts)
    return pd.DataFrame({
        "settlement_id": [f"SET-{seed}-{one:04d}" for one in number], "day": FIRST_DAY + 9 + 7 * number,
        "utr": [f"HSBCN5202604{seed % 1000:03d}{one:05d}" for one in number], "total_minor": total,
        "is_in_bank": ~(last_in_transit & (number == payouts - 1)),
    })  # fmt: skip


def _bank(rng: np.random.Generator, payouts: pd.DataFrame) -> pd.DataFrame:
    """Credits of payouts, with the UTR whole, cut or broken by a blank; a decoy of the same amount and day; other rows."""
    rows: list[tuple[int, str, str, int, int]] = []
    for at, one in payouts[payouts["is_in_bank"]].iterrows():
        utr = str(one["utr"])
        shown = [utr, utr[:-4], f"{utr[:9]} {utr[9:]}"][int(rng.integers(0, 3))]
        reference = utr if shown != utr else ""
        rows.append((int(one["day"]), f"NEFT CR-MARKETPLACE LTD-{shown}", reference, int(one["total_minor"]), int(at)))
    decoy = payouts.iloc[int(rng.integers(0, len(payouts)))]
    rows.append((int(decoy["day"]), "IMPS-610700000914-OTHER TRADERS", "610700000914", int(decoy["total_minor"]), -1))
    rows += [(FIRST_DAY + 1, "UPI-RENT", "0000609200145", -85_000 * MAJOR, -1), (FIRST_DAY + 29, "INTEREST", "", 412 * MAJOR, -1)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["day", "narration", "reference", "amount_minor", "payout"])
    return frame.sort_values(["day", "amount_minor", "payout"], ignore_index=True)


# ---------------------------------------------------------------- as files


def settlement_texts(month: Month, payout: int) -> dict[str, list[str]]:
    """One settlement as the columns of a file in the standard template, for `tests.raws.raw`."""
    at = np.flatnonzero(month.lines["payout"] == payout)
    lines, transfer = month.lines.iloc[at], month.payouts.iloc[payout]
    same = {"Settlement ID": transfer["settlement_id"], "Settlement Date": str(to_date(int(transfer["day"]))), "UTR": transfer["utr"]}  # fmt: skip
    own = {"Line Type": "kind", "Order ID": "shown_id", "SKU": "sku", "Invoice No": "invoice_no", "AWB": "awb"}
    return {
        **{header: [str(text)] * len(at) for header, text in same.items()},
        **{header: lines[name].astype(str).tolist() for header, name in own.items()},
        NET: [to_text(int(one)) for one in lines["net_minor"]],
        **{column: [to_text(int(one)) for one in month.amounts[column][at]] for column in COLUMNS},
    }


def order_texts(month: Month) -> dict[str, list[str]]:
    """Our order lines, one row a unit, as the columns of a file."""
    units = month.units
    book = month.orders.iloc[units["order"]]
    return {
        "order_no": units["order_id"].tolist(), "order_date": [str(to_date(int(day))) for day in units["order_day"]],
        "invoice_no": book["invoice_no"].tolist(), "invoice_date": [str(to_date(int(day))) for day in units["invoice_day"]],
        "sku": units["sku"].tolist(), "qty": ["1"] * len(units), "line_total_incl_gst": [to_text(int(one)) for one in units["price_minor"]],
        "taxable_value": [to_text(int(one)) for one in units["taxable_minor"]], "status": book["status"].tolist(), "awb": book["awb"].tolist(),
    }  # fmt: skip


def bank_texts(month: Month) -> dict[str, list[str]]:
    """The bank statement as the columns of a file."""
    bank = month.bank
    return {
        "Date": [str(to_date(int(day))) for day in bank["day"]], "Narration": bank["narration"].tolist(), "Chq./Ref.No.": bank["reference"].tolist(),
        "Withdrawal Amt.": [to_text(-int(one)) if one < 0 else "" for one in bank["amount_minor"]],
        "Deposit Amt.": [to_text(int(one)) if one > 0 else "" for one in bank["amount_minor"]],
    }  # fmt: skip
