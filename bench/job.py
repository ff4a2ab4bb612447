"""The whole job, `tieout quick` on CSV files: stages, peak memory, growth. `python -m bench.job [--write]`.

Each size runs in a process of its own. Read, propose, match (prepare included) and write are the command's own
stage times; the wall time has the start of Python in it. The files come from bench.gen; results are checked for count.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pyarrow.csv

from bench.gen import make
from bench.report import machine_facts, table, write_section

SIZES = (10_000, 100_000, 1_000_000)
STAGES = ("read", "propose", "match", "write")


class Figures(NamedTuple):
    """One run: seconds of each stage, wall seconds, peak memory of the process and megabytes written."""

    stages: dict[str, float]
    wall: float
    peak_mb: float
    book_mb: float


def run(rows: int, folder: Path) -> Figures:
    """Generate, run the command in its own process, check the counts that the generator promises."""
    data = make(rows)
    for side in ("a", "b"):
        amounts = data[side].set_column(
            data[side].column_names.index("amount"), "amount", rupees(data[side]["amount"].to_pylist())
        )
        pyarrow.csv.write_csv(amounts, folder / f"{side}.csv")
    book = folder / f"quick_{rows}.xlsx"
    command = [sys.executable, "-m", "addin.cli", "quick", *(str(folder / f"{side}.csv") for side in "ab")]
    began = time.perf_counter()
    done = subprocess.Popen(
        [*command, "-o", str(book), "--json", "--verbose"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    out, told = done.communicate()
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    counted = json.loads(out)["legs"][0]["a"]
    assert counted["rows"] == rows
    assert counted["fully_matched"]["rows"] == round(rows * 0.94), counted
    stages = {name: float(seconds) for name, seconds in re.findall(r"(\w+) (\d+\.\d+) s", told)}
    return Figures(stages, wall, peak, book.stat().st_size / 1e6)


def rupees(paise: list[int]) -> pyarrow.Array:
    """Paise as the text a file has: 12345 -> '123.45'."""
    return pyarrow.array([f"{amount // 100}.{amount % 100:02d}" for amount in paise])


def demo() -> float:
    """Wall seconds of `tieout demo` in a fresh folder, once warm."""
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for number in range(3):
            began = time.perf_counter()
            target = str(Path(folder, str(number)))
            subprocess.run(
                [sys.executable, "-m", "addin.cli", "demo", target, "--quiet"], check=True, capture_output=True
            )
            times.append(time.perf_counter() - began)
    return sorted(times)[1]


def report(sizes: list[int], date: str) -> str:
    """The section as Markdown."""
    runs = {}
    for size in sizes:  # a child each; the peak is that of the largest run so far, and sizes ascend
        with tempfile.TemporaryDirectory() as folder:
            runs[size] = run(size, Path(folder))
    rows = [_row(f"{size:,}", one) for size, one in runs.items()]
    header = ["rows a side", *(f"{name} s" for name in STAGES), "wall s", "peak MB", "workbook MB"]
    facts = machine_facts(date, ["pandas", "numpy", "pyarrow"])
    text = f"`python -m bench.job` (match has prepare in it). {facts}\n\n{table(header, rows)}\n"
    return f"{text}\n{_growth(runs)}\n\n`tieout demo`, median of 3, wall: {demo():.1f} s.\n"


def _row(label: str, one: Figures) -> list[str]:
    stages = [f"{one.stages.get(name, 0):.2f}" for name in STAGES]
    return [label, *stages, f"{one.wall:.1f}", f"{one.peak_mb:,.0f}", f"{one.book_mb:,.1f}"]


def _growth(runs: dict[int, Figures]) -> str:
    """How each stage grows from size to size; rows grow tenfold."""
    sizes = list(runs)
    parts = []
    for name in ("match", "write"):
        seconds = [max(runs[size].stages.get(name, 0.0), 0.01) for size in sizes]
        steps = " : ".join(f"{value / seconds[0]:.0f}" for value in seconds)
        parts.append(f"{name} {steps}")
    return f"Growth over {' : '.join(f'{size:,}' for size in sizes)} rows (1 : 10 : 100 is linear): {'; '.join(parts)}."


def main() -> None:
    """Measure, print, and with --write put the section into bench/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--date", default=dt.datetime.now().astimezone().date().isoformat())
    parser.add_argument("--write", action="store_true", help="replace the section of bench/RESULTS.md")
    chosen = parser.parse_args()
    text = report(sorted(chosen.rows), chosen.date)
    print(text)
    if chosen.write:
        write_section("job", text)


if __name__ == "__main__":
    main()
