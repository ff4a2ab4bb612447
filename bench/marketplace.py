"""A marketplace's month: files to verdicts, fees, releases and sheets. `python -m bench.marketplace [--rows N ...] [--write]`.

Each size runs in a process of its own, the floor in another. The files come from bench.gen_market; the run must find
what the generator planted: every overcharged order and its amount, every payout in the bank, every entry on Releases.
The floor does less than any reconciliation: pandas melts the same settlement rows into entries and sums them by order
and type, from numbers that are read already. Reading the files and writing the workbook are timed apart.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bench.gen_market import AMOUNTS, CARD, NET, make
from bench.report import machine_facts, table, write_section

SIZES = (10_000, 100_000, 1_000_000)
STAGES = ("read", "legs", "analyse", "reports", "write")
BAR = ("legs", "analyse", "reports")


class Figures(NamedTuple):
    """One run: CPU and wall seconds of each stage, MB the process had held at most by the end of it, and what it was about."""

    cpu: Mapping[str, float]
    wall: Mapping[str, float]
    peak: Mapping[str, float]
    truth: Mapping[str, int]
    book_mb: float = 0.0

    def total(self, seconds: Mapping[str, float]) -> float:
        """Seconds of the stages that the bar is about."""
        return sum(seconds[name] for name in BAR)


class Clock:
    """Stages of this process, which should be fresh."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self.peak: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu[name], self.wall[name] = time.process_time() - cpu, time.perf_counter() - wall
        self.peak[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def apart(self, name: str, work: Callable[..., object], within: str) -> Callable[..., object]:
        """The same function as a stage of its own, taken out of the stage it runs in."""

        def timed(*args: object) -> object:
            with self.stage(name):
                return work(*args)

        self.within = (name, within)
        return timed

    def figures(self, truth: Mapping[str, int], book_mb: float) -> Figures:
        """The stages, with what ran inside another taken off it."""
        name, within = self.within
        for seconds in (self.cpu, self.wall):
            seconds[within] -= seconds[name]
        return Figures(self.cpu, self.wall, self.peak, truth, book_mb)


def ours(folder: Path, *, write: bool = True) -> Figures:
    """The whole run on the files of a folder, in this process."""
    from addin.detail_files import DetailFiles
    from addin.hosts.file import FileHost
    from addin.settings import give_back, keep_memory
    from bench.write_sheet import bare_workbook
    from recon_core import engine, reports
    from recon_core.model import Source
    from recon_core.readers import read
    from recon_core.reports.case import Case, Run

    keep_memory()
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    clock, book = Clock(), folder / "book.xlsx"
    engine.analyse = clock.apart("analyse", engine.analyse, "legs")  # type: ignore[assignment]
    recipe = _recipe()
    with clock.stage("read"):
        names = {"Orders": ["orders.csv"], "Portal": ["portal.csv"], "Returns": ["returns.csv"], "Settlements": sorted(one.name for one in folder.glob("settlement_*.csv")), "Bank": ["bank.csv"]}  # fmt: skip
        raws = {source: [raw for name in files if (raw := read(Source(name=source, path=str(folder / name)))[0])] for source, files in names.items()}  # fmt: skip
    with clock.stage("legs"):
        outcome = engine.reconcile(recipe, raws)
    del raws
    give_back()
    now = dt.datetime(2026, 5, 1)
    with clock.stage("reports"):
        case = Case(books=outcome.books, results=outcome.results, recipe=recipe, problems=outcome.problems, run=Run(number=1, started=now, ended=now), tables=outcome.tables)  # fmt: skip
        case = _with(case, details=reports.details(case))
        sheets = reports.build(case)
    _check(truth, outcome.books, {sheet.name for sheet in sheets}, case.details)
    if write:
        del sheets
        bare_workbook(book)
        host = FileHost(book)
        with clock.stage("write"), DetailFiles(book, case) as files:
            host.write(reports.build(_with(case, overflow=files.overflow)))
            files.publish()
            host.save()
    written = sum(one.stat().st_size for one in folder.glob("book*"))
    return clock.figures(truth, written / 1e6)


def _with(case: object, **more: object) -> object:
    from dataclasses import replace

    return replace(case, **more)  # type: ignore[type-var]


def _recipe() -> object:
    """The recipe of this seller: three legs, the card and the payment terms."""
    from recon_core.market import EXPECTED_NET, OUR_ORDER, Market, MarketUse, Role, Says
    from recon_core.problems import Place
    from recon_core.ratecard import TAX_ROWS, parse_cards
    from recon_core.recipe import Leg, Meaning, Recipe, SideOf, Use, default_rules
    from recon_core.terms import Term

    cards, problems = parse_cards([*CARD, *TAX_ROWS], lambda at, column: Place(sheet="Rates", row=at, column=column))
    assert not problems, problems
    says = {
        (Role.ORDERS, "Orders"): {
            Says.ORDER: "order_no", Says.ITEM: "sku", Says.QUANTITY: "qty", Says.AMOUNT: "amount", Says.TAXABLE: "taxable", Says.ORDER_DATE: "order_date",
            Says.INVOICE_DATE: "order_date", Says.STATUS: "status", Says.CATEGORY: "category", Says.WEIGHT: "weight_g",
        },
        (Role.PORTAL, "Portal"): {Says.ORDER: "Order", Says.AMOUNT: "Invoice value", Says.ITEM: "Item"},
        (Role.RETURNS, "Returns"): {Says.ORDER: "Order", Says.ITEM: "Item", Says.QUANTITY: "Qty", Says.AMOUNT: "Value", Says.RETURNED_ON: "Returned on"},
        (Role.SETTLEMENTS, "Settlements"): {Says.ORDER: "Order ID"},
    }  # fmt: skip
    uses = [MarketUse(role=role, source=source, meaning=meaning, column=column) for (role, source), columns in says.items() for meaning, column in columns.items()]  # fmt: skip
    market = Market(uses=tuple(uses), cards=cards, terms=(Term(days=10),), within_minor=500, portal="Bazaar")

    def leg(name: str, a: SideOf, b: SideOf, rows: list[tuple[str, str, str, str]], within: int, days: int | None = None) -> Leg:  # fmt: skip
        columns = tuple(Use(leg=name, side=side, source=source, meaning=Meaning(meaning), column=column, name=column) for side, source, meaning, column in rows)  # fmt: skip
        return Leg(name=name, a=a, b=b, within_minor=within, rules=default_rules(within, days), uses=columns)

    legs = (
        leg("Orders", SideOf(sources=("Orders",), label="Orders"), SideOf(sources=("Portal",), label="Portal"), [
            ("A", "", "id", "order_no"), ("B", "", "id", "Order"), ("A", "", "amount", "amount"), ("B", "", "amount", "Invoice value"),
            ("A", "", "quantity", "qty"), ("B", "", "quantity", "Qty"), ("A", "", "item", "sku"), ("B", "", "item", "Item"),
        ], 500),
        leg("Settlements", SideOf(sources=("Orders", "Returns"), label="Owed"), SideOf(sources=("Settlements",), label="Settled"), [
            ("A", "Orders", "id", "order_no"), ("A", "Returns", "id", OUR_ORDER), ("B", "", "id", "Order ID"),
            ("A", "", "amount", EXPECTED_NET), ("B", "", "amount", NET), ("A", "Orders", "item", "sku"), ("A", "Returns", "item", "Item"),
            ("B", "", "item", "SKU"), ("A", "Orders", "quantity", "qty"), ("B", "", "date", "Settlement Date"),
        ], 500),
        leg("Bank", SideOf(from_leg="Settlements", from_side="B", group_by="UTR", label="Payouts"), SideOf(sources=("Bank",), label="Bank"), [
            ("A", "", "amount", NET), ("A", "", "date", "Settlement Date"), ("B", "", "id", "Reference"), ("B", "", "amount", "Credit"), ("B", "", "date", "Date"),
        ], 0, 5),
    )  # fmt: skip
    return Recipe(legs=legs, market=market, currency="INR", as_of=dt.date(2026, 3, 20))


def _check(truth: Mapping[str, int], books: object, sheets: set[str], details: Mapping[str, pd.DataFrame]) -> None:
    """What the run must have found; AssertionError says what is missing."""
    assert {"Orders", "Fees", "Releases", "Payouts", "Money chain", "Commercial", "Claims"} <= sheets, sheets
    releases, fees = books.releases, details["tblClaims"]  # type: ignore[attr-defined]
    assert len(releases) >= truth["entries"], (len(releases), truth)
    assert int(releases["amount_minor"].sum()) == truth["net_minor"]
    mine = fees[fees["Fee"] == "Commission"]
    assert (len(mine), int(mine["Charged beyond"].sum())) == (truth["overcharged"], truth["overcharged_minor"]), (len(mine), truth)  # fmt: skip
    assert (details["tblPayouts"]["Status"] == "Matched").sum() == truth["payouts"]


def floor(folder: Path) -> Figures:
    """A melt of the settlement rows into entries, and their sums by order and type, by pandas alone."""
    clock = Clock()
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    with clock.stage("read"):
        wide = pd.concat([pd.read_csv(path, dtype={"SKU": "str"}) for path in sorted(folder.glob("settlement_*.csv"))], ignore_index=True)  # fmt: skip
        orders = pd.read_csv(folder / "orders.csv")
    with clock.stage("floor"):
        long = wide.melt(id_vars=["Settlement ID", "Order ID", "Line Type"], value_vars=list(AMOUNTS), var_name="type", value_name="amount")  # fmt: skip
        long = long[long["amount"] != 0]
        by_order = long.groupby(["Order ID", "type"])["amount"].sum()
        by_payout = long.groupby("Settlement ID")["amount"].sum()
        joined = (
            orders.groupby("order_no")["amount"]
            .sum()
            .to_frame()
            .join(by_order.groupby(level=0).sum().rename("net"), how="outer")
        )
    assert len(long) == truth["entries"]
    assert len(by_payout) == truth["payouts"]
    assert len(joined) == truth["orders"] + truth["strangers"]
    return Figures(clock.cpu, clock.wall, clock.peak, truth)


def child(what: str, folder: Path, *more: str) -> Figures:
    """One measurement in a fresh process."""
    done = subprocess.run([sys.executable, "-m", "bench.marketplace", "--child", what, str(folder), *more], check=True, capture_output=True, text=True)  # fmt: skip
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def report(sizes: list[int], date: str, *, write: bool) -> str:
    """The section as Markdown."""
    runs: dict[int, tuple[Figures, Figures]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            make(size, Path(name))
            runs[size] = (child("ours", Path(name), *([] if write else ["--no-book"])), child("floor", Path(name)))
    header = ["settlement lines", "entries", *(f"{name} s" for name in STAGES if write or name != "write"), "bar: CPU s", "bar: wall s", "peak MB", "floor CPU s", "floor MB", "CPU x floor"]  # fmt: skip
    rows = [_row(mine, low, write=write) for mine, low in runs.values()]
    facts = machine_facts(date, ["pandas", "numpy", "pyarrow"])
    text = f"`python -m bench.marketplace`: CPU seconds of each stage; bar is legs + analyse + reports. {facts}\n\n{table(header, rows)}\n"  # fmt: skip
    return f"{text}\n{_growth([mine for mine, _ in runs.values()])}\n"


def _row(mine: Figures, low: Figures, *, write: bool) -> list[str]:
    stages = [f"{mine.cpu[name]:.2f}" for name in STAGES if write or name != "write"]
    peak = mine.peak["reports"]
    bar = mine.total(mine.cpu)
    return [
        f"{mine.truth['lines']:,}", f"{mine.truth['entries']:,}", *stages, f"{bar:.1f}", f"{mine.total(mine.wall):.1f}", f"{peak:,.0f}",
        f"{low.cpu['floor']:.1f}", f"{low.peak['floor']:,.0f}", f"{bar / low.cpu['floor']:.1f}",
    ]  # fmt: skip


def _growth(runs: list[Figures]) -> str:
    """How the measured stages grow from size to size."""
    sizes = " : ".join(f"{one.truth['lines'] / runs[0].truth['lines']:.0f}" for one in runs)
    parts = [(name, [one.cpu[name] for one in runs]) for name in BAR] + [("together", [one.total(one.cpu) for one in runs])]  # fmt: skip
    steps = "; ".join(f"{name} {' : '.join(f'{value / max(values[0], 0.01):.0f}' for value in values)}" for name, values in parts)  # fmt: skip
    return f"Growth over {sizes} lines: {steps}."


def main() -> None:
    """Measure, print, and with --write put the section into bench/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="order lines")
    parser.add_argument("--date", default=dt.datetime.now().astimezone().date().isoformat())
    parser.add_argument("--write", action="store_true", help="replace the section of bench/RESULTS.md")
    parser.add_argument("--no-book", action="store_true", help="leave the writing of the workbook out")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        what, folder = chosen.child
        found = ours(Path(folder), write=not chosen.no_book) if what == "ours" else floor(Path(folder))
        print(json.dumps(found._asdict()))
        return
    text = report(sorted(chosen.rows), chosen.date, write=not chosen.no_book)
    print(text)
    if chosen.write:
        write_section("marketplace", text)


if __name__ == "__main__":
    main()
