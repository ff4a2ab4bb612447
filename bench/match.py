"""Keyed matching side by side: `python -m bench.match [--rows 1000000] [--write]`, on Linux or macOS.

Each engine runs in a process of its own, so peak memory is its own; the clock runs from frames in memory to
a word per row. Rounds are interleaved, ratios are to the floor of the same round, figures are medians.
datacompy 1.1 asks for older pandas and polars than ours but runs on them: `pip install --no-deps datacompy
ordered-set`, then `pip install duckdb jinja2 polars`. An engine that is not installed is left out.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.report import machine_facts, table, write_section

LIBRARIES = ("pandas", "numpy", "pyarrow", "duckdb", "datacompy", "polars")
HEADER = ("engine", "CPU s", "wall s", "peak MB", "right A %", "right B %", "CPU x floor")
ROOT = Path(__file__).resolve().parent.parent


class Engine(NamedTuple):
    """One way to reconcile: where its function is, and what to import before the clock starts."""

    title: str
    module: str
    function: str
    needs: tuple[str, ...] = ()


ENGINES = {
    "floor": Engine("floor: one factorize, integer sums", "bench.engines", "run_floor"),
    "pandas": Engine("pandas groupby + outer merge", "bench.engines", "run_pandas"),
    "datacompy": Engine("datacompy (pandas)", "bench.engines", "run_datacompy", ("datacompy",)),
    "duckdb": Engine("DuckDB", "bench.engines", "run_duckdb", ("duckdb", "pyarrow")),
    "ours": Engine("**Tieout**", "bench.ours", "run_ours"),
}


class Figures(NamedTuple):
    """What one run of one engine came to."""

    cpu: float  # seconds, all threads and child processes
    wall: float
    peak_mb: float  # of the whole process: interpreter, libraries, frames, work
    right_a: float  # share of rows, 0 to 1
    right_b: float


def measure(engine: Engine, folder: Path) -> Figures:
    """Run one engine in this process, which should be fresh."""
    import pandas as pd

    for name in engine.needs:
        importlib.import_module(name)
    run = getattr(importlib.import_module(engine.module), engine.function)
    a = pd.read_parquet(folder / "a.parquet", columns=["order_id", "amount"]).set_axis(["id", "amount"], axis=1)
    b = pd.read_parquet(folder / "b.parquet", columns=["ref_id", "amount"]).set_axis(["id", "amount"], axis=1)
    cpu, wall = cpu_seconds(), time.perf_counter()
    words_a, words_b = run(a, b)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    peak = peak_mb()  # before the truth is read
    return Figures(
        cpu,
        wall,
        peak,
        right(words_a, folder / "truth_a.parquet"),
        right(words_b, folder / "truth_b.parquet"),
    )


def cpu_seconds() -> float:
    """User and system time of this process and of its ended children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb() -> float:
    """Peak resident memory; Linux counts in KiB, macOS in bytes. Of children, the largest one."""
    unit = 1 if sys.platform == "darwin" else 1024
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_maxrss for usage in usages) * unit / 1e6


def right(words: Sequence[str], truth: Path) -> float:
    """The share of rows whose word is the true one."""
    import pandas as pd

    expect = pd.read_parquet(truth, columns=["expect"])["expect"].to_numpy()
    return float((pd.Series(words).astype("str").to_numpy() == expect).mean())


def in_own_process(arguments: Sequence[str]) -> str:
    """Run this module again with other arguments; its last line, or SystemExit with its message."""
    # This process imports no pandas: on Linux a child starts with its parent's peak memory as its own.
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    text = done.stdout if done.returncode == 0 else done.stderr
    lines = [line for line in text.splitlines() if any(map(str.isalnum, line))] or [""]
    if done.returncode:
        raise SystemExit(lines[-1])
    return lines[-1]


def rounds(names: Sequence[str], folder: Path, repeat: int) -> dict[str, list[Figures]]:
    """Every engine once a round. One that fails is told once and left out of the other rounds."""
    found: dict[str, list[Figures]] = {name: [] for name in names}
    for number in range(repeat):
        for name in [name for name in names if len(found[name]) == number]:
            try:
                figures = Figures(*json.loads(in_own_process(["bench.match", "--measure", name, str(folder)])))
            except SystemExit as reason:
                print(f"{name}: left out, {reason}", file=sys.stderr)
                continue
            found[name].append(figures)
            print(f"round {number + 1} {name}: {figures.cpu:.2f} CPU s", file=sys.stderr)
    return {name: runs for name, runs in found.items() if len(runs) == repeat}


def rows_of(found: Mapping[str, Sequence[Figures]]) -> list[list[str]]:
    """One row of the table for each engine."""
    rows = []
    for name, runs in found.items():
        cpu, wall, peak, right_a, right_b = (median(values) for values in zip(*runs, strict=True))
        ratios = [run.cpu / floor.cpu for run, floor in zip(runs, found.get("floor", ()), strict=False)]
        shares = [f"{100 * right_a:.2f}", f"{100 * right_b:.2f}"]
        ratio = f"{median(ratios):.2f}" if ratios else "-"
        rows.append([ENGINES[name].title, f"{cpu:.2f}", f"{wall:.2f}", f"{peak:,.0f}", *shares, ratio])
    return rows


def report(rows: int, repeat: int, names: Sequence[str], date: str) -> str:
    """Make the data, run all rounds, and give the section for the page of results."""
    with tempfile.TemporaryDirectory() as folder:
        size_b = in_own_process(["bench.match", "--generate", str(rows), folder])
        found = rounds(names, Path(folder), repeat)
    facts = machine_facts(date, LIBRARIES)
    sizes = f"{rows:,} rows of A against {int(size_b):,} of B"
    made = f"`python -m bench.match --rows {rows}`: {sizes}, medians of {repeat}."
    return f"{made}\n{facts}\n\n{table(HEADER, rows_of(found))}"


def generate(rows: int, folder: Path) -> int:
    """Write the data of bench/gen.py; the number of B rows."""
    import pyarrow.parquet as pq

    from bench import gen

    tables = gen.make(rows)
    for name, data in tables.items():
        pq.write_table(data, folder / f"{name}.parquet")
    return tables["b"].num_rows


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="orders on side A")
    parser.add_argument("--repeat", type=int, default=3, help="rounds")
    parser.add_argument("--only", nargs="+", choices=ENGINES, default=list(ENGINES), help="engines")
    parser.add_argument("--date", default=f"{dt.datetime.now().astimezone():%Y-%m-%d}", help="the date to print")
    parser.add_argument("--write", action="store_true", help="replace the section of bench/RESULTS.md")
    parser.add_argument("--measure", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--generate", nargs=2, metavar=("ROWS", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """The command: measure and print, or do one piece of it in this process."""
    args = arguments()
    if args.measure:
        print(json.dumps(measure(ENGINES[args.measure[0]], Path(args.measure[1]))))
    elif args.generate:
        print(generate(int(args.generate[0]), Path(args.generate[1])))
    else:
        text = report(args.rows, args.repeat, args.only, args.date)
        print(text)
        if args.write:
            write_section("match", text)


if __name__ == "__main__":
    main()
