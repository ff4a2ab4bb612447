"""A seller's month on a marketplace as CSV files, at any size: orders, returns, portal orders, settlements, a bank.

    python -m bench.gen_market ROWS FOLDER [--seed 7]

Every order line that is settled is charged by CARD: a sale has twelve entries, its customer amount and eleven of the twelve
fee and tax columns (the twelfth is charged on returns). 9 % of the lines come back, 3 % are paid in two parts, 2 % bear a
commission beyond the card, 3 % come back undelivered, 2 % are cancelled, 4 % are not settled yet; 1 line in 200 names
no item, 1 in 500 is of an order nobody knows. Ten weekly payouts, each a file and a credit in the bank.
Same arguments, same data; what a right run must say is in `truth.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from recon_core.money import PAISA, apply_rate, to_text

Int64 = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
MAJOR = 10_000
PAYOUTS = 10
FIRST_DAY = np.datetime64("2026-01-05")
CUSTOMER, NET, TAX = "Amount paid by customer", "Amount paid to you", "Tax on fees"
FEES = (
    "Fee: Commission", "Fee: Fixed", "Fee: Collection", "Fee: Logistics", "Fee: Reverse logistics", "Fee: Payment gateway",
    "Fee: Packaging", "Fee: Warehousing", "Fee: Closing",
)  # fmt: skip
AMOUNTS = (CUSTOMER, *FEES, TAX, "TCS", "TDS")
CATEGORIES = np.array(["Kurtas", "Sarees", "Tops", "Footwear", "Jewellery", "Jackets"], object)
ALL = {"Portal": "Bazaar", "From": "2025-04-01", "GST %": "18", "Charged on": "Shipped"}
SOLD = {**ALL, "RTO %": "100", "Return %": "100", "Base": "price incl. GST"}
CARD = (
    {**SOLD, "Fee": "Commission", "Category": "Kurtas; Sarees; Tops", "Price to": "500", "%": "8"},
    {**SOLD, "Fee": "Commission", "Category": "Kurtas; Sarees; Tops", "Price from": "500", "Price to": "1000", "%": "12.5"},
    {**SOLD, "Fee": "Commission", "Category": "Kurtas; Sarees; Tops", "Price from": "1000", "%": "15"},
    {**SOLD, "Fee": "Commission", "Category": "Footwear; Jewellery; Jackets", "%": "17", "Min": "30", "Max": "400"},
    {**ALL, "Fee": "Fixed", "RTO %": "100", "Price to": "300", "Fixed": "10"},
    {**ALL, "Fee": "Fixed", "RTO %": "100", "Price from": "300", "Price to": "500", "Fixed": "15"},
    {**ALL, "Fee": "Fixed", "RTO %": "100", "Price from": "500", "Fixed": "30"},
    {**SOLD, "Fee": "Collection", "%": "2", "Min": "5"},
    {**ALL, "Fee": "Logistics", "Weight to": "500", "Fixed": "44"},
    {**ALL, "Fee": "Logistics", "Weight from": "500", "Fixed": "44", "Step (g)": "500", "Per step": "22"},
    {**ALL, "Fee": "Reverse logistics", "Charged on": "Customer return", "Weight to": "500", "Fixed": "60"},
    {**ALL, "Fee": "Reverse logistics", "Charged on": "Customer return", "Weight from": "500", "Fixed": "95"},
    {**SOLD, "Fee": "Payment gateway", "%": "1.5"},
    {**ALL, "Fee": "Packaging", "RTO %": "100", "Fixed": "6"},
    {**SOLD, "Fee": "Warehousing", "Base": "taxable", "%": "1", "Max": "20"},
    {**SOLD, "Fee": "Closing", "Price to": "500", "Fixed": "5"},
    {**SOLD, "Fee": "Closing", "Price from": "500", "Fixed": "12"},
)  # fmt: skip
BACK = ("Fee: Commission", "Fee: Collection", "Fee: Payment gateway", "Fee: Warehousing", "Fee: Closing")
SALE, RETURN, RTO = "Order", "Return", "RTO"


def charged(price: Int64, taxable: Int64, weight: Int64, category: Int64) -> dict[str, Int64]:
    """What CARD takes of a unit sold, as positive minor units; the fee of a return too."""
    soft = category < 3
    steps = -(-np.maximum(weight - 500, 0) // 500)
    slab = np.select([price <= 500 * MAJOR, price <= 1000 * MAJOR], [80_000, 125_000], 150_000)
    hard = np.clip(apply_rate(price, 170_000), 30 * MAJOR, 400 * MAJOR)
    return {
        "Fee: Commission": np.where(soft, apply_rate(price, slab), hard),
        "Fee: Fixed": np.select([price <= 300 * MAJOR, price <= 500 * MAJOR], [10, 15], 30) * MAJOR,
        "Fee: Collection": np.maximum(apply_rate(price, 20_000), 5 * MAJOR),
        "Fee: Logistics": (44 + 22 * steps) * MAJOR,
        "Fee: Reverse logistics": np.where(weight <= 500, 60, 95) * MAJOR,
        "Fee: Payment gateway": apply_rate(price, 15_000), "Fee: Packaging": np.full(len(price), 6 * MAJOR),
        "Fee: Warehousing": np.minimum(apply_rate(taxable, 10_000), 20 * MAJOR),
        "Fee: Closing": np.where(price <= 500 * MAJOR, 5, 12) * MAJOR,
        "TCS": apply_rate(taxable, 5_000), "TDS": apply_rate(taxable, 1_000),
    }  # fmt: skip


def make(rows: int, folder: Path, seed: int = 7) -> dict[str, int]:
    """Order lines -> the files in `folder`; gives the truth."""
    rng = np.random.default_rng(seed)
    order = np.repeat(np.arange(rows), rng.choice([1, 2], rows, p=[0.8, 0.2]))[:rows]
    n = int(order[-1]) + 1
    nth = np.arange(rows) - np.searchsorted(order, order)
    sku = (rng.integers(0, 2_500, n)[order] * 2 + nth).astype(np.int64)  # two lines of an order differ
    category, weight = sku % 6, 90 + sku * 37 % 1_400
    price = (149 + sku * 53 % 2_800) * MAJOR - rng.integers(0, 100, rows) * PAISA
    taxable = apply_rate(price, 952_381)
    week = (np.arange(n) * PAYOUTS // n)[order]
    luck = rng.random(n)[order]
    state = np.select([luck < 0.02, luck < 0.05], ["Cancelled", RTO], "Delivered")
    settled = (luck >= 0.02) & (rng.random(n)[order] >= 0.04)
    fees = charged(price, taxable, weight, category)
    sold = np.flatnonzero(settled & (state == "Delivered"))
    back = sold[(rng.random(len(sold)) < 0.09) & (week[sold] < PAYOUTS - 1)]
    lost = np.flatnonzero(settled & (state == RTO))
    extra = np.where(rng.random(len(sold)) < 0.02, rng.integers(100, 9_000, len(sold)) * PAISA, 0)
    blocks = [_sale(price[sold], {name: minor[sold] for name, minor in fees.items()}, extra), _back(price[back], {name: minor[back] for name, minor in fees.items()}), _lost(fees["Fee: Logistics"][lost])]  # fmt: skip
    line = {name: np.concatenate([block[name] for block in blocks]) for name in AMOUNTS}
    of = np.concatenate([sold, back, lost])
    kind = np.repeat(np.array([SALE, RETURN, RTO], object), [len(sold), len(back), len(lost)])
    payout = np.concatenate([week[sold], week[back] + 1, week[lost]])
    parted = np.flatnonzero((kind == SALE) & (payout < PAYOUTS - 1) & (rng.random(len(of)) < 0.03))
    later = {name: apply_rate(minor[parted], 400_000) for name, minor in line.items()}
    for name, minor in line.items():
        minor[parted] -= later[name]
        line[name] = np.concatenate([minor, later[name]])
    of, kind, payout = np.append(of, of[parted]), np.append(kind, kind[parted]), np.append(payout, payout[parted] + 1)
    net = np.sum(list(line.values()), axis=0)
    stranger = rng.random(len(of)) < 0.002
    stranger &= ~np.isin(order[of], order[np.concatenate([back, of[parted], sold[extra > 0]])]) & (kind == SALE)
    ids = _ids("BZ", np.arange(n))
    shown = ids[order[of]]
    shown[stranger] = _ids("ZZ", np.flatnonzero(stranger))
    skus = _ids("SKU", sku)
    items = np.where((rng.random(len(of)) < 0.005) & (kind == SALE), "", skus[of])
    days = FIRST_DAY + np.arange(PAYOUTS) * 7
    utr = [f"BAZN{52026000 + at * 7919}" for at in range(PAYOUTS)]
    for at in range(PAYOUTS):
        mine = np.flatnonzero(payout == at)
        _csv(folder / f"settlement_{at:02}.csv", {
            "Settlement ID": np.full(len(mine), f"BZ-{at:02}", object), "Settlement Date": np.full(len(mine), str(days[at]), object),
            "UTR": np.full(len(mine), utr[at], object), "Line Type": kind[mine], "Order ID": shown[mine], "SKU": items[mine],
            NET: net[mine], **{name: minor[mine] for name, minor in line.items()},
        })  # fmt: skip
    day = (FIRST_DAY + (np.arange(n) * PAYOUTS * 7 // n) - 8)[order].astype(str).astype(object)
    _csv(folder / "orders.csv", {
        "order_no": ids[order], "order_date": day, "sku": skus, "qty": np.full(rows, "1", object), "amount": price, "taxable": taxable,
        "status": state.astype(object), "category": CATEGORIES[category], "weight_g": weight.astype(str).astype(object),
    })  # fmt: skip
    _csv(
        folder / "portal.csv",
        {"Order": ids[order], "Item": skus, "Qty": np.full(rows, "1", object), "Invoice value": price},
    )
    _csv(folder / "returns.csv", {
        "Order": ids[order[back]], "Item": skus[back], "Qty": np.full(len(back), "1", object), "Value": price[back],
        "Returned on": (days[week[back]] + 3).astype(str).astype(object),
    })  # fmt: skip
    totals = np.bincount(payout, weights=net, minlength=PAYOUTS).astype(np.int64)
    _csv(folder / "bank.csv", {
        "Date": (days + 1).astype(str).astype(object), "Narration": np.array([f"NEFT BAZAAR {one}" for one in utr], object),
        "Reference": np.array(utr, object), "Credit": totals,
    })  # fmt: skip
    truth = {
        "lines": len(of), "entries": int(sum(np.count_nonzero(minor) for minor in line.values())), "order_lines": rows, "orders": n,
        "net_minor": int(net.sum()), "overcharged": len(np.unique(order[sold[extra > 0]])), "overcharged_minor": int(extra.sum()),
        "strangers": int(stranger.sum()), "payouts": PAYOUTS,
    }  # fmt: skip
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return truth


def _sale(price: Int64, fees: Mapping[str, Int64], extra: Int64) -> dict[str, Int64]:
    """Entries of a sale: + to the seller."""
    taken = {name: fees[name] for name in FEES if name != "Fee: Reverse logistics"}
    tax = sum(apply_rate(minor, 180_000) for minor in taken.values()) + apply_rate(extra, 180_000)
    taken["Fee: Commission"] = taken["Fee: Commission"] + extra
    return _signed({name: -minor for name, minor in {**taken, TAX: tax, "TCS": fees["TCS"], "TDS": fees["TDS"]}.items()}, price)  # fmt: skip


def _back(price: Int64, fees: Mapping[str, Int64]) -> dict[str, Int64]:
    """Entries of a customer return: what the card gives back, and the parcel's way home."""
    given = {name: fees[name] for name in BACK}
    way = fees["Fee: Reverse logistics"]
    tax = sum(apply_rate(minor, 180_000) for minor in given.values()) - apply_rate(way, 180_000)
    return _signed({**given, "Fee: Reverse logistics": -way, TAX: tax, "TCS": fees["TCS"], "TDS": fees["TDS"]}, -price)


def _lost(way: Int64) -> dict[str, Int64]:
    """Entries of a parcel that came back undelivered: its way only."""
    return _signed({"Fee: Logistics": -way, TAX: -apply_rate(way, 180_000)}, np.zeros(len(way), np.int64))


def _signed(amounts: Mapping[str, Int64], customer: Int64) -> dict[str, Int64]:
    none = np.zeros(len(customer), np.int64)
    return {name: amounts.get(name, none).copy() for name in AMOUNTS} | {CUSTOMER: customer.copy()}


def _ids(mark: str, numbers: Int64) -> Texts:
    """Ids of nine digits behind a mark."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), 9, "0")
    return np.asarray(pc.binary_join_element_wise(mark, digits, "-").to_numpy(zero_copy_only=False), object)


def _csv(path: Path, columns: Mapping[str, Int64 | Texts]) -> None:
    """Columns as a file; amounts with two decimals."""
    cent = pa.scalar(Decimal("0.01"))
    arrays = {
        name: pa.array(values, pa.string()) if values.dtype == object else pc.multiply(pa.array(values // PAISA).cast(pa.decimal128(19, 0)), cent).cast(pa.string())
        for name, values in columns.items()
    }  # fmt: skip
    pa.csv.write_csv(pa.table(arrays), path)


def main() -> None:
    """Write the files and say what stands in them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    truth = make(chosen.rows, chosen.folder, chosen.seed)
    print({**truth, "net": to_text(truth["net_minor"])})


if __name__ == "__main__":
    main()
