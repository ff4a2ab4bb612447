"""Orders (side A) and settlement lines (side B) with the truth about each row.

    python -m bench.gen N FOLDER [--seed 7] [--orphans 0.005] [--csv]

Classes of the N orders, and what a correct reconciliation says: exact 92 % (full), diff 3 % (partial),
miss 2 % (unmatched), dup 1 % (two B rows, partial), split 1 % (2 to 5 B rows, full), dirty 1 % (full once
cleaned); B also holds `orphans` x N rows of no order (unmatched). Same arguments, same data.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

FIRST = "AARAV VIVAAN ADITYA ANANYA DIYA ISHA KABIR MEERA NEHA OM PRIYA RAHUL RIYA ROHAN SAI SANA TARA VED YASH ZOYA"
LAST = (
    "AGARWAL BANERJEE CHAUDHARY DAS GUPTA IYER JAIN KAPOOR KHAN MEHTA NAIR PATEL RAO REDDY SHAH SHARMA SINGH "
    "VERMA YADAV ROY"
)
SHARES = (0.92, 0.03, 0.02, 0.01, 0.01, 0.01)
CLASSES = np.array(["exact", "diff", "miss", "dup", "split", "dirty", "orphan"])
EXPECT = np.array(["full", "partial", "unmatched", "partial", "full", "full", "unmatched"])
EXACT, DIFF, MISS, DUP, SPLIT, DIRTY, ORPHAN = range(7)
ORDER_DAYS = np.datetime64("2026-04-01")
ORPHAN_DAYS = np.datetime64("2026-04-03")
Rng = np.random.Generator
Part = tuple[np.ndarray, np.ndarray, int]  # A rows, amounts, class


def order_ids(rng: Rng, count: int, start: int = 0) -> pa.Array:
    """Unique ids of 18 digits: 'OD', a day number, a ten-digit serial, a three-digit counter."""
    serial = (np.arange(start, start + count, dtype=np.int64) * 7919 + 104729) % 1_000_000_007
    pieces = [(rng.integers(111, 478, count), 3), (serial, 10), (np.arange(count) % 1000, 3)]
    texts = [pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0") for numbers, width in pieces]
    return pc.binary_join_element_wise("OD", *texts, "")


def dirtied(ids: pa.Array, is_dirty: np.ndarray, kind: np.ndarray) -> pa.Array:
    """The ids with those in `is_dirty` in one of five disguises."""
    mask = pa.array(is_dirty)
    some = ids.filter(mask)
    cut = [pc.utf8_slice_codeunits(some, start, stop) for start, stop in ((0, 5), (5, 9), (9, None))]
    disguises = [
        pc.utf8_lower(some),
        pc.binary_join_element_wise("  ", some, " ", ""),
        pc.binary_join_element_wise("ORD-", some, ""),
        pc.binary_join_element_wise(cut[0], " ", cut[1], "-", cut[2], ""),
        pc.binary_join_element_wise("#", pc.utf8_lower(some), ""),
    ]
    return pc.replace_with_mask(ids, mask, pc.choose(pa.array(kind[is_dirty]), *disguises))


def order_amounts(rng: Rng, count: int) -> np.ndarray:
    """Whole paise, log-normal; about a third are price points ending in 99 rupees."""
    amount = np.round(np.exp(rng.normal(10.8, 0.9, count))).astype(np.int64).clip(4900, 20_000_000)
    return np.where(rng.random(count) < 0.35, amount // 10000 * 10000 + 9900, amount)


def order_classes(rng: Rng, count: int) -> np.ndarray:
    """A class per order, in the shares of SHARES, shuffled."""
    classes = np.zeros(count, np.int8)
    cuts = [0] + [min(count, round(count * sum(SHARES[: n + 1]))) for n in range(len(SHARES))]
    for kind, (start, stop) in enumerate(pairwise(cuts)):
        classes[start:stop] = kind
    rng.shuffle(classes)
    return classes


def diff_part(rng: Rng, rows: np.ndarray, amount: np.ndarray) -> Part:
    """Amounts off by 0.01 to 1.00, or by 0.5 to 20 per cent; four of five are short."""
    count = len(rows)
    is_small = rng.random(count) < 0.5
    small = rng.integers(1, 101, count)
    large = np.maximum(1, (amount[rows] * rng.uniform(0.005, 0.2, count)).astype(np.int64))
    delta = np.where(is_small, small, large)
    return rows, amount[rows] + np.where(rng.random(count) < 0.8, -delta, delta), DIFF


def split_part(rng: Rng, rows: np.ndarray, amount: np.ndarray) -> Part:
    """Each row 2 to 5 times, in parts that add up to its amount."""
    if not len(rows):
        return rows, amount[rows], SPLIT
    pieces = rng.integers(2, 6, len(rows))
    repeated = np.repeat(rows, pieces)
    weight = rng.random(len(repeated)) + 0.1
    first = np.r_[0, np.cumsum(pieces)[:-1]]
    part = np.floor(amount[repeated] * weight / np.repeat(np.add.reduceat(weight, first), pieces)).astype(np.int64)
    part[first] += amount[rows] - np.add.reduceat(part, first)
    return repeated, part, SPLIT


def settled(rng: Rng, amount: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The B rows of the orders: A row, amount and class of each."""
    rows = [np.flatnonzero(classes == kind) for kind in range(len(SHARES))]
    parts: list[Part] = [(rows[kind], amount[rows[kind]], kind) for kind in (EXACT, DIRTY)]
    parts.append(diff_part(rng, rows[DIFF], amount))
    parts += [(rows[DUP], amount[rows[DUP]], DUP)] * 2
    parts.append(split_part(rng, rows[SPLIT], amount))
    kinds = [np.full(len(part_rows), kind, np.int8) for part_rows, _, kind in parts]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), np.concatenate(kinds)


def days_after(rng: Rng, start: np.ndarray | np.datetime64, low: int, high: int, count: int) -> np.ndarray:
    """Dates from `low` up to but not including `high` days after their start."""
    return start + rng.integers(low, high, count).astype("timedelta64[D]")


def customers(rng: Rng, count: int) -> pa.Array:
    """A first and a last name for each order."""
    names = [pa.array(words.split()).take(pa.array(rng.integers(0, 20, count))) for words in (FIRST, LAST)]
    return pc.binary_join_element_wise(*names, " ")


def side_b(rng: Rng, side_a: pa.Table, classes: np.ndarray, orphans: float) -> tuple[pa.Table, pa.Table]:
    """Settlement lines and their truth, orphans included, shuffled."""
    row, amount, kind = settled(rng, side_a["amount"].to_numpy(), classes)
    settle = days_after(rng, side_a["order_date"].to_numpy()[row], 2, 16, len(row))
    ids = side_a["order_id"].combine_chunks()
    ref = dirtied(ids.take(pa.array(row)), kind == DIRTY, rng.integers(0, 5, len(row)))
    if extra := int(len(side_a) * orphans):
        ref = pa.concat_arrays([ref, order_ids(rng, extra, start=len(side_a) + 1000)])
        row = np.r_[row, np.full(extra, -1)]
        amount = np.r_[amount, rng.integers(4900, 500000, extra)]
        kind = np.r_[kind, np.full(extra, ORPHAN, np.int8)]
        settle = np.r_[settle, days_after(rng, ORPHAN_DAYS, 0, 90, extra)]
    count = len(row)
    order = rng.permutation(count)
    payouts = max(1, count // 400)
    utr = rng.integers(10**11, 10**12, payouts)[rng.integers(0, payouts, count)]
    lines = {"b_row": np.arange(count), "ref_id": ref.take(pa.array(order)), "settle_date": settle[order]}
    lines |= {"amount": amount[order], "utr": pc.cast(pa.array(utr), pa.string())}
    truth = {
        "b_row": np.arange(count),
        "a_row": row[order],
        "cls": CLASSES[kind[order]],
        "expect": EXPECT[kind[order]],
    }
    return pa.table(lines), pa.table(truth)


def make(count: int, seed: int = 7, orphans: float = 0.005) -> dict[str, pa.Table]:
    """Tables a, b, truth_a and truth_b. The draws stand in a fixed order: moving one changes all data."""
    rng = np.random.default_rng(seed)
    orders = {"a_row": np.arange(count), "order_id": order_ids(rng, count)}
    amount = order_amounts(rng, count)
    orders["order_date"] = days_after(rng, ORDER_DAYS, 0, 90, count)
    orders |= {"customer": customers(rng, count), "amount": amount}
    classes = order_classes(rng, count)
    side_a = pa.table(orders)
    lines, truth_b = side_b(rng, side_a, classes, orphans)
    truth_a = pa.table({"a_row": orders["a_row"], "cls": CLASSES[classes], "expect": EXPECT[classes]})
    return {"a": side_a, "b": lines, "truth_a": truth_a, "truth_b": truth_b}


def main() -> None:
    """Write the four tables as parquet, with --csv also as csv."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n", type=int, help="number of orders on side A")
    parser.add_argument("folder", type=Path, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--orphans", type=float, default=0.005, help="share of B rows whose id is in no order")
    parser.add_argument("--csv", action="store_true", help="write csv beside parquet")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for name, table in make(args.n, args.seed, args.orphans).items():
        pq.write_table(table, args.folder / f"{name}.parquet")
        if args.csv:
            pyarrow.csv.write_csv(table, args.folder / f"{name}.csv")
        print(f"{name}: {table.num_rows:,} rows")


if __name__ == "__main__":
    main()
