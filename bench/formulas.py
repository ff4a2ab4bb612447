"""Typical formulas over a million rows, side by side: `python -m bench.formulas [--rows 1000000] [--write]`.

Ours and the hand-written numpy run all formulas in one process each, the best of three; indexes are made within the
time. The peers run in a process for each formula, on fewer rows where they must, and their seconds are scaled up:
`formulas` row by row (1,000 rows or 20 s) and with whole arrays, formualizer from values in to answers out. Two minutes
each. The first answers of all are compared with those by hand. Needs `pip install -e ".[dev]"`; Linux or macOS.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.report import machine_facts, table, write_section

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("pandas", "numpy", "pyarrow", "formulas", "formualizer")
CONTENDERS = {
    "ours": "**Tieout** s",
    "by_hand": "by hand s",
    "by_row": "`formulas` by row s",
    "by_array": "`formulas` arrays s",
    "formualizer": "formualizer s",
}
WHOLE = ("ours", "by_hand")  # these run on all rows
PEER_ROWS = 100_000
SECONDS, MEGABYTES = 2.0, 1_500  # the bars for ours at a million rows
REPEAT, TIME_LIMIT, MEMORY_LIMIT, COMPARED = 3, 120, 12 * 10**9, 500


class Figures(NamedTuple):
    """One formula of one contender."""

    seconds: float
    rows: int
    peak_mb: float
    first: list[Any]  # its first answers, an error as None


Told = Figures | str  # why there are none

# -- in a process of its own -------------------------------------------------------------------------------------------


def measure(contender: str, folder: Path, only: int) -> list[Figures]:
    """Run one contender in this process, which should be fresh; `only` -1 is every formula."""
    import pandas as pd

    from bench.formula_engines import FORMULAS

    tables = {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    if contender in WHOLE:
        return measure_whole(contender, tables)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    return [measure_peer(contender, FORMULAS[only], tables)]


def measure_whole(contender: str, tables: Mapping[str, Any]) -> list[Figures]:
    """Ours or by hand: what it takes to make columns of the frames (nothing by hand), then every formula, the best of three."""
    import numpy as np

    from bench.formula_engines import FORMULAS, column, ours

    rows, columns, began = len(tables["Orders"]), {}, time.perf_counter()
    if contender == "ours":
        columns = {name: {header: column(frame[header]) for header in frame} for name, frame in tables.items()}
    figures = [Figures(time.perf_counter() - began, rows, peak_mb(), [])]
    for formula in FORMULAS:
        times: list[float] = []
        while len(times) < REPEAT and sum(times) < 5 * SECONDS:
            began = time.perf_counter()
            answers = ours(formula, columns) if contender == "ours" else formula.by_hand(tables["Orders"], tables)
            times.append(time.perf_counter() - began)
        peak = peak_mb()
        first = answers.take(np.arange(min(COMPARED, rows))).items() if contender == "ours" else answers[:COMPARED]
        figures.append(Figures(min(times), rows, peak, plain(first)))
        del answers
    return figures


def measure_peer(contender: str, formula: Any, tables: Mapping[str, Any]) -> Figures:
    """A peer on one formula. What it must import is not counted."""
    from bench import formula_engines as engines

    run = {
        "by_row": engines.formulas_by_row,
        "by_array": engines.formulas_by_array,
        "formualizer": engines.formualizer_book,
    }[contender]
    __import__("formualizer" if contender == "formualizer" else "formulas")
    if contender != "by_row":
        tables = {**tables, "Orders": tables["Orders"].head(PEER_ROWS)}
    began = time.perf_counter()
    answers, rows = run(formula, tables)
    return Figures(time.perf_counter() - began, rows, peak_mb(), plain(answers[:COMPARED]))


def plain(answers: Any) -> list[Any]:
    """Answers as JSON can hold them: numbers, texts, None for an error."""
    import numpy as np

    found: list[Any] = []
    for one in answers:
        value = np.asarray(one, object).ravel()[0]
        if type(value) is str or isinstance(value, np.str_):
            found.append(str(value))
        elif isinstance(value, int | float | np.number) and math.isfinite(value):
            found.append(float(value))
        else:
            found.append(None)
    return found


def peak_mb() -> float:
    """Peak resident memory of this process; Linux counts in KiB, macOS in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def generate(rows: int, folder: Path) -> list[str]:
    """Write the tables; the titles of what is timed."""
    from bench.formula_engines import FORMULAS, make

    for name, frame in make(rows).items():
        frame.to_parquet(folder / f"{name}.parquet")
    return ["frames into columns, once", *(f"{formula.title}: `{formula.text}`" for formula in FORMULAS)]


# -- in the parent, which imports no pandas: a child starts with its parent's peak memory as its own ---------------------


def in_own_process(*arguments: str, limit: float | None = None) -> Any:
    """What this module prints when it is run with other arguments; a text that tells why not when it fails."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.formulas", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"over {TIME_LIMIT} s"
    if done.returncode:
        reason = (done.stderr.splitlines() or ["ended"])[-1][:200]
        print(f"{' '.join(arguments[:2])}: {reason}", file=sys.stderr)
        return f"over {MEMORY_LIMIT // 10**9} GB" if "Memory" in reason else "failed"
    return json.loads(done.stdout.splitlines()[-1])


def run(names: Sequence[str], folder: Path, count: int) -> dict[str, list[Told]]:
    """Every contender on everything that is timed."""
    found: dict[str, list[Told]] = {}
    for name in names:
        if name in WHOLE:
            told = in_own_process("--measure", name, str(folder), "-1")
            found[name] = [told] * count if isinstance(told, str) else [Figures(*one) for one in told]
        else:
            found[name] = ["-", *(one_peer(name, folder, at) for at in range(count - 1))]
        print(
            f"{name}: {[one if isinstance(one, str) else round(one.seconds, 2) for one in found[name]]}",
            file=sys.stderr,
        )
    return found


def one_peer(name: str, folder: Path, at: int) -> Told:
    """A peer on one formula, in a process that may be ended."""
    told = in_own_process("--measure", name, str(folder), str(at), limit=TIME_LIMIT)
    return told if isinstance(told, str) else Figures(*told[0])


def rows_of(titles: Sequence[str], found: Mapping[str, Sequence[Told]], rows: int) -> list[list[str]]:
    """One line a formula, then the peak memory."""
    lines = []
    for at, title in enumerate(titles):
        cells = [shown(figures[at], rows) for figures in found.values()]
        lines.append([title.partition(":")[0], *cells, *ratio(found, at)])
    peaks = [
        max((one.peak_mb for one in figures if isinstance(one, Figures)), default=0.0) for figures in found.values()
    ]
    return [*lines, ["peak MB of the process", *(f"{peak:,.0f}" for peak in peaks), *([""] if both(found) else [])]]


def shown(figures: Told, rows: int) -> str:
    """Seconds for all rows; `~` where they are scaled up from fewer."""
    if isinstance(figures, str):
        return figures
    seconds = figures.seconds * rows / figures.rows
    return f"{'~' if figures.rows < rows else ''}{seconds:,.{2 if seconds < 10 else 0}f}"


def both(found: Mapping[str, object]) -> bool:
    """Whether ours and by hand ran, so that a ratio can be told."""
    return set(WHOLE) <= set(found)


def ratio(found: Mapping[str, Sequence[Told]], at: int) -> list[str]:
    """Ours to by hand."""
    if not both(found):
        return []
    ours, hand = found["ours"][at], found["by_hand"][at]
    if isinstance(ours, str) or isinstance(hand, str) or hand.seconds < 1e-4:
        return ["-"]
    return [f"{ours.seconds / hand.seconds:.1f}"]


def differences(titles: Sequence[str], found: Mapping[str, Sequence[Told]]) -> list[str]:
    """Which answers are not those by hand, of the first ones."""
    lines = []
    for name, figures in found.items():
        for title, one, hand in zip(titles, figures, found.get("by_hand", ()), strict=False):
            if isinstance(one, str) or isinstance(hand, str):
                continue
            wrong = sum(not same(left, right) for left, right in zip(one.first, hand.first, strict=False))
            if wrong:
                who, what = CONTENDERS[name].removesuffix(" s"), title.partition(":")[0]
                lines.append(f"{who}, {what}: {wrong} of the first {len(one.first)} answers differ from by hand.")
    return lines


def same(left: Any, right: Any) -> bool:
    """Equal, numbers to nine digits."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return bool(left == right)


def bars(titles: Sequence[str], ours: Sequence[Told]) -> str:
    """Whether each of ours stays within the bars."""
    timed = zip(titles[1:], ours[1:], strict=True)
    slow = [title.partition(":")[0] for title, one in timed if isinstance(one, str) or one.seconds > SECONDS]
    peak = max((one.peak_mb for one in ours if isinstance(one, Figures)), default=0.0)
    first = f"missed by {', '.join(slow)}" if slow else "met"
    second = "met" if peak <= MEGABYTES else "missed"
    return f"Bars: {SECONDS:.0f} s a formula: {first}. Peak {MEGABYTES:,} MB: {second} ({peak:,.0f} MB, frames and libraries included)."


def report(rows: int, names: Sequence[str], date: str) -> str:
    """Make the data, run all, and give the section for the page of results."""
    with tempfile.TemporaryDirectory() as folder:
        titles = in_own_process("--generate", str(rows), folder)
        found = run(names, Path(folder), len(titles))
    header = ["formula", *(CONTENDERS[name] for name in found), *(["x by hand"] if both(found) else [])]
    parts = [
        f"`python -m bench.formulas --rows {rows}`: {rows:,} rows, best of {REPEAT} (fewer where that is slow); ~ is scaled up from {PEER_ROWS:,} rows or fewer (by row: 1,000).",
        machine_facts(date, LIBRARIES),
        "",
        table(header, rows_of(titles, found, rows)),
        "",
        *([bars(titles, found["ours"])] if "ours" in found else []),
        *differences(titles, found),
        "",
        "The formulas:",
        "",
        *(f"- {title}" for title in titles[1:]),
    ]
    return "\n".join(parts)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the formula's own table")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), help="contenders")
    parser.add_argument("--date", default=f"{dt.datetime.now().astimezone():%Y-%m-%d}", help="the date to print")
    parser.add_argument("--write", action="store_true", help="replace the section of bench/RESULTS.md")
    parser.add_argument("--measure", nargs=3, metavar=("CONTENDER", "FOLDER", "FORMULA"), help=argparse.SUPPRESS)
    parser.add_argument("--generate", nargs=2, metavar=("ROWS", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """The command: measure and print, or do one piece of it in this process."""
    args = arguments()
    if args.measure:
        print(json.dumps(measure(args.measure[0], Path(args.measure[1]), int(args.measure[2]))))
    elif args.generate:
        print(json.dumps(generate(int(args.generate[0]), Path(args.generate[1]))))
    else:
        text = report(args.rows, args.only, args.date)
        print(text)
        if args.write:
            write_section("formulas", text)


if __name__ == "__main__":
    main()
