"""Random formulas against the evaluator: only FormulaError or values may come out, each in time.

`python -m tests.formula.fuzz --minutes 10 [--seed N]` tries, in turn, formulas grown from the grammar over random
tables, mutations of the formulas of tests/cases/formula, and random texts. What it finds is printed with the number
that makes it again: `--seed N --minutes 0`.
"""

# ruff: noqa: T201 - a program
from __future__ import annotations

import argparse
import faulthandler
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from recon_core.formula import (
    FUNCTIONS,
    FormulaError,
    Scope,
    Table,
    Values,
    check,
    evaluate,
    parse,
    to_text,
    to_workbook,
)
from recon_core.formula.fallback import known
from recon_core.formula.functions.spec import Function
from recon_core.formula.tree import Array, Call, Chain, Literal, Missing, Name, Node, Percent, Prefix, TableRef
from recon_core.formula.values import ExcelError, Scalar

CASES = Path(__file__).resolve().parent.parent / "cases" / "formula"
SECONDS, HANG = 2.0, 60  # a formula that takes longer is told; one that takes this long ends the program with its stack
OPERATORS = [["=", "<>", "<", ">", "<=", ">="], ["&"], ["+", "-"], ["*", "/"], ["^"]]
NUMBERS = [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.5, 1.005, 12.0, 29.0, 60.0, 61.0, 255.0, 32767.0, 45296.75, 2958465.0, 2958466.0, 1e9, 1e15, -1e15, 1e-300, 1e300, 1.79e308, -1.79e308]  # fmt: skip
TEXTS = [
    "", " ", "a", "RTO", "rto", " a  b ", "5", "-2.5", "1,234.50", "12%", "(5)", "2024-01-05", "31/12/2025", "12:30 pm", "TRUE", "*", "?*", "~", "~*", "0.00",
    "#,##0.00;(#,##0.00)", "[h]:mm:ss", "yyyy-mm-dd", "# ?/?", "@", ">2", "<>", "=", "[a-z]+", "(a+)+$", "(", "\\1", "a,b;c", "É", "ß", "İ", "漢字", "😀", "\u00a0",
    "\ud83d", "\x00", "\r\n", "1E5", "1e400", "m", "md", "$A$1", "x" * 300, "a" * 32767, "0" * 300, "*a" * 50, "A1", "R1C1", "1:1", "'", '"', "-", "+", "%", "1/2", "#N/A",
]  # fmt: skip
COLUMNS = ("n", "t", "x", "Order ID")
MARKS = [
    *"=+-*/^&%()[]{},;:@#!'\"<> .~?$\\_\n\t",
    "1",
    "9",
    "a",
    "Z",
    "é",
    "漢",
    "[@n]",
    "T[k]",
    "#N/A",
    '"a"',
    "LET(",
    "IF(",
    "1E5",
    "{1,2}",
    "TRUE",
    "A1",
]


class Grower:
    """Random formulas and tables from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.functions = list(FUNCTIONS.values())
        self.others = sorted(known())

    def value(self, kind: str = "") -> Scalar:
        dice = self.random.random()
        if kind == "N" or (not kind and dice < 0.4):
            return self.random.choice(NUMBERS) if dice < 0.9 else self.random.uniform(-1000, 1000)
        if kind == "T" or (not kind and dice < 0.8):
            return self.random.choice(TEXTS)
        return self.random.choice([True, False, None, *ExcelError])

    def table(self, name: str, headers: tuple[str, ...], rows: int) -> Table:
        kinds = {"n": "N", "t": "T", "k": "T", "v": "N"}
        cells = {
            header: [self.value(kinds.get(header, "") if self.random.random() < 0.9 else "") for _ in range(rows)]
            for header in headers
        }
        return Table.of(name, {header: Values.of(values) for header, values in cells.items()})

    def scope(self) -> Scope:
        rows = self.random.choice([1, 1, 2, 5, 40])
        own = self.table("Own", COLUMNS, rows)
        return Scope(
            own=own,
            tables={"own": own, "t": self.table("T", ("k", "v", "m"), self.random.choice([1, 2, 7, 50]))},
            day_first=self.random.random() < 0.5,
        )

    def tree(self, depth: int, kind: str = "", names: tuple[str, ...] = ()) -> Node:  # noqa: PLR0911 - one case a kind of node
        dice = self.random.random()
        if depth == 0 or dice < 0.25:
            return self.leaf(kind, names)
        if dice < 0.4:
            ops = self.random.choice(OPERATORS)
            rest = [
                (self.random.choice(ops), self.tree(depth - 1, "", names))
                for _ in range(self.random.choice([1, 1, 2, 4]))
            ]
            return Chain(self.tree(depth - 1, "", names), tuple(rest))
        if dice < 0.44:
            return Percent(self.tree(depth - 1, "N", names))
        if dice < 0.48:
            return Prefix(self.random.choice("-+@"), self.tree(depth - 1, "N", names))
        if dice < 0.52:
            return self.let(depth, names)
        if dice < 0.57 and self.others:
            name = self.random.choice(self.others)
            return Call(name, tuple(self.tree(depth - 1, "N", names) for _ in range(self.random.randint(0, 6))))
        return self.call(self.random.choice(self.functions), depth, names)

    def let(self, depth: int, names: tuple[str, ...]) -> Node:
        args: list[Node] = []
        for _ in range(self.random.randint(1, 3)):
            name = f"v_{len(names)}"
            args += [Name(name), self.tree(depth - 1, "", names)]
            names = (*names, name)
        return Call("LET", (*args, self.tree(depth - 1, "", names)))

    def call(self, function: Function, depth: int, names: tuple[str, ...]) -> Node:
        if function.name == "LET":
            return self.let(depth, names)
        count = min(function.most, self.random.randint(function.least, len(function.params) + 2 * function.repeats))
        return Call(function.name, tuple(self.tree(depth - 1, function.param(at).kind, names) for at in range(count)))

    def leaf(self, kind: str, names: tuple[str, ...]) -> Node:
        dice = self.random.random()
        if names and dice < 0.3:
            return Name(self.random.choice(names))
        if dice < 0.5 and kind != "G":
            value = self.value(kind if kind in ("N", "T") else "")
            return Missing() if value is None else Literal(value[:255] if isinstance(value, str) else value)
        if dice < 0.75 and kind != "G":
            return TableRef("", (self.random.choice(COLUMNS),), "this")
        if dice < 0.95:
            return TableRef(
                "T",
                self.random.choice([(), ("k",), ("v",), ("m",), ("k", "m")]),
                self.random.choice(["data"] * 6 + ["all", "headers"]),
            )
        width = self.random.randint(1, 3)
        return Array(tuple(tuple(self.value() or 0.0 for _ in range(width)) for _ in range(self.random.randint(1, 3))))

    def grown(self) -> Node:
        return self.tree(self.random.choice([1, 2, 2, 3, 4]))

    def mutated(self, formulas: list[str]) -> str:
        text = self.random.choice(formulas)
        for _ in range(self.random.choice([1, 1, 2, 5, 20])):
            at, end = sorted(self.random.randint(0, len(text)) for _ in range(2))
            end = min(end, at + self.random.choice([0, 0, 1, 3, 10]))
            other = self.random.choice(formulas)
            start = self.random.randint(0, len(other))
            put = self.random.choice(
                [self.random.choice(MARKS), "", other[start : start + self.random.randint(1, 30)], text[at:end] * 3]
            )
            text = text[:at] + put + text[end:]
        return text

    def noise(self) -> str:
        length = self.random.choice([1, 5, 30, 300])
        if self.random.random() < 0.7:
            return "=" + "".join(self.random.choice(MARKS) for _ in range(length))
        return "".join(
            chr(
                self.random.choice(
                    [
                        self.random.randrange(32, 127),
                        self.random.randrange(0xD800),
                        self.random.randrange(0xE000, 0x110000),
                    ]
                )
            )
            for _ in range(length)
        )


def assert_sound(found: Values, rows: int) -> None:
    """What a cell can hold, one for each row."""
    assert found.shape == (rows,), found.shape
    for one in found.items():
        assert isinstance(one, float | str | bool | ExcelError), one
        assert not isinstance(one, float) or np.isfinite(one), one
        assert not isinstance(one, str) or len(one) <= 32767, len(one)


def tried(formula: str | Node, scope: Scope) -> str:
    """How it ended: 'values' or 'refused'."""
    try:
        tree = parse(formula) if isinstance(formula, str) else formula
        if isinstance(formula, str):
            assert parse(to_text(tree)) == tree, "printed otherwise"
        assert to_workbook(tree, "Own") or tree == Missing()
        assert scope.own is not None
        try:
            check(tree, "", scope.own.headers, {table.name: table.headers for table in scope.tables.values()})
        except FormulaError:
            if isinstance(formula, str):
                return "refused"
        assert_sound(evaluate(tree, scope).values, scope.own.rows)
    except FormulaError as error:
        assert str(error)  # noqa: PT017
        return "refused"
    return "values"


def once(seed: int, formulas: list[str]) -> tuple[str, str]:
    """One formula of this seed: what it was, and how it ended; anything wrong is printed."""
    grower = Grower(seed)
    make: tuple[Callable[[], str | Node], ...] = (
        grower.grown,
        grower.grown,
        lambda: grower.mutated(formulas),
        grower.noise,
    )
    formula = make[seed % 4]()
    scope = grower.scope()
    text = formula if isinstance(formula, str) else to_text(formula)
    started = time.process_time()
    try:
        ended = tried(formula, scope)
    except Exception:  # noqa: BLE001 - that is what is looked for
        print(
            f"seed {seed}: {text[:500]!r}\n{''.join(traceback.format_exc().splitlines(keepends=True)[-13:])}",
            flush=True,
        )
        ended = "FAULT"
    taken = time.process_time() - started
    if taken > SECONDS:
        print(f"seed {seed}: {taken:.1f} seconds for {text[:500]!r}", flush=True)
        ended = "SLOW"
    return ("grown", "grown", "mutated", "noise")[seed % 4], ended


def main() -> int:
    """Seeds from `--seed` on for so many minutes, then a line of figures; 1 where a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of the fallback's libraries
    formulas = [
        line.rpartition(" => ")[0].strip()
        for path in sorted(CASES.glob("*.txt"))
        for line in path.read_text("utf-8").split("\n")
        if line.startswith("=")
    ]
    counts: Counter[tuple[str, str]] = Counter()
    end, seed = time.monotonic() + options.minutes * 60, options.seed
    while True:
        faulthandler.dump_traceback_later(HANG, exit=True)
        counts[once(seed, formulas)] += 1
        seed += 1
        if time.monotonic() > end:
            break
    faulthandler.cancel_dump_traceback_later()
    print(
        f"seeds {options.seed} to {seed - 1}: "
        + ", ".join(f"{what} {ended} {count:,}" for (what, ended), count in sorted(counts.items()))
    )
    return int(any(ended in ("FAULT", "SLOW") for _, ended in counts))


if __name__ == "__main__":
    sys.exit(main())
