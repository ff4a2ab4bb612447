"""The AJIO sample month beside the project, read straight from its CSV files: orders, settlement lines, expected results."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY, read_dates
from recon_core.keys import standard_text
from recon_core.money import read_amounts
from recon_core.standard_template import Role, Template, entry_types_of
from tests.months import Int64

RUNS = {1: ("2026-04-30", 3), 2: ("2026-05-06", 4)}


class Settled(NamedTuple):
    """Settlement lines of a run, skipped rows left out. `order`: position in `ids`, -1 for none."""

    lines: pd.DataFrame
    template: Template
    amounts: dict[str, Int64]
    net: Int64
    order: Int64
    day: Int64
    ids: list[str]


def folder(shared: Path) -> Path:
    return shared / "samples" / "ajio_april"


def table(path: Path) -> pd.DataFrame:
    """A CSV file as text, every cell."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    width = len(rows[0])
    frame = pd.DataFrame([row + [""] * (width - len(row)) for row in rows[1:]], columns=rows[0], dtype="str")
    return frame.assign(line_no=np.arange(len(frame)) + 2)


def kept(home: Path, name: str) -> pd.DataFrame:
    """The rows of a file that the expected results do not list as skipped."""
    skipped = pd.read_csv(home / "expected" / "skipped.csv")
    rows = table(home / name)
    left_out = rows["line_no"].isin(skipped.loc[skipped["file"] == name, "line_no"])
    return rows[~left_out].reset_index(drop=True)


def minor(texts: pd.Series) -> Int64:
    read = read_amounts(texts)
    assert (read.ok | read.blank).all()
    return read.minor


def days(texts: pd.Series) -> Int64:
    read = read_dates(texts)
    assert (read.ok | read.blank).all()
    return np.where(read.ok, read.day, NO_DAY)


def orders(home: Path) -> pd.DataFrame:
    """Our orders: order_id, invoice_minor, invoice_day, status, invoice_no, awb, by id."""
    rows = kept(home, "oms_orders.csv")
    rows = rows.assign(
        order_id=[standard_text(one) for one in rows["order_no"]],
        invoice_minor=minor(rows["line_total_incl_gst"]),
        invoice_day=days(rows["invoice_date"]),
    )
    book = rows.groupby("order_id", as_index=False).agg(
        invoice_minor=("invoice_minor", "sum"), invoice_day=("invoice_day", "first"), status=("status", "first"),
        invoice_no=("invoice_no", "first"), awb=("awb", "first"),
    )  # fmt: skip
    return book.assign(invoice_minor=np.where(book["status"] == "Cancelled", 0, book["invoice_minor"]))


def settled(home: Path, run: int, ids: list[str], book: pd.DataFrame) -> Settled:
    """The settlement lines of a run, each with its order: by id, else invoice number, else AWB."""
    files = [kept(home, f"settlement_W{n}.csv").drop(columns="line_no") for n in range(1, RUNS[run][1] + 1)]
    template = entry_types_of(list(files[0].columns))
    assert template.problems == ()
    lines = pd.concat(files, ignore_index=True)
    by_id = {one: at for at, one in enumerate(ids)}
    named = [book[book[name] != ""] for name in ("invoice_no", "awb")]
    by_invoice, by_awb = dict(zip(named[0]["invoice_no"], named[0]["order_id"], strict=True)), dict(zip(named[1]["awb"], named[1]["order_id"], strict=True))  # fmt: skip
    order = [
        by_id.get(standard_text(one), by_id.get(by_invoice.get(invoice, by_awb.get(awb, "")), -1))
        for one, invoice, awb in zip(lines["Order ID"], lines["Invoice No"], lines["AWB"], strict=True)
    ]
    return Settled(
        lines, template, {name: minor(lines[name]) for name in template.types}, minor(lines[template.header(Role.NET)]),
        np.array(order, np.int64), np.concatenate([days(file["Settlement Date"]) for file in files]), ids,
    )  # fmt: skip
