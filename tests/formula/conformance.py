"""Runs the public formula cases (../shared/conformance, outside the repository) through our evaluator and its peers.

    python -m tests.formula.conformance [--tier 1] [--peers] [--misses] [--function NAME] [--category NAME]

A case says what a formula with A1 references answers; tier 1 is what Excel itself had cached. What cannot be put to an
evaluator of columns at all (tables, other workbooks, names of the workbook) is left out and counted with its reason.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.parse import parse
from recon_core.formula.tree import Call, CellRef, FormulaError, Name, Node, TableRef, walk
from recon_core.formula.values import ERRORS, Scalar, Values

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT.parent / "shared" / "conformance" / "formula_cases.jsonl.gz"
FINANCE = ("text", "logical", "math", "date", "lookup", "info", "criteria", "aggregate", "operators")
TIME_LIMIT = 10.0  # seconds a peer may take for one case


class Case(NamedTuple):
    """One line of the data."""

    id: str
    function: str
    formula: str
    expected: float | str | bool
    type: str  # number, text, bool, error, formatted
    cells: Mapping[str, object]
    array: bool
    cell: str
    sheet: str
    category: str
    tier: int
    source: str


class Outcome(NamedTuple):
    """What an engine answered. `kind`: number, text, bool, error, or failed with the reason as value."""

    kind: str
    value: float | str | bool


def read_cases(path: Path = DATA) -> list[Case]:
    """All cases, in the order of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [Case(**json.loads(line)) for line in lines]


# -- cells -------------------------------------------------------------------------------------------------------


def address(text: str) -> tuple[int, int]:
    """'B3' -> (3, 2)."""
    found = re.fullmatch(r"\$?([A-Za-z]+)\$?(\d+)", text)
    assert found, text
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def sheet_and_cell(key: str, own_sheet: str) -> tuple[str, tuple[int, int]]:
    """'Sheet2!B3' -> the sheet and (3, 2); without a sheet the formula's own."""
    sheet, mark, cell = key.rpartition("!")
    return (sheet.strip("'").replace("''", "'") if mark else own_sheet), address(cell)


def cell_value(value: object) -> Scalar:
    """A cell of the data as a value of ours."""
    if isinstance(value, dict):
        return ERRORS[value["error"]]
    assert isinstance(value, bool | float | int | str)
    return float(value) if type(value) is int else value


def cells_of(case: Case) -> Callable[[CellRef], Values]:
    """Answers references from the cells of the case; open ends reach as far as cells stand."""
    sheets: dict[str, dict[tuple[int, int], Scalar]] = {}
    for key, value in case.cells.items():
        sheet, place = sheet_and_cell(key, case.sheet)
        sheets.setdefault(sheet.casefold(), {})[place] = cell_value(value)

    def answer(ref: CellRef) -> Values:
        found = sheets.get((ref.sheet or case.sheet).casefold(), {})
        top, left = max(ref.top, 1), max(ref.left, 1)
        bottom = ref.bottom or max((row for row, _ in found), default=1)
        right = ref.right or max((column for _, column in found), default=1)
        height, width = bottom - top + 1, right - left + 1
        places = ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))
        shape = (1,) if height == width == 1 and ref.bottom and ref.right else (height, width)
        values = Values.of(map(found.get, places), shape)
        values.is_ref, values.origin = True, (top, left)
        return values

    return answer


# -- ours --------------------------------------------------------------------------------------------------------


def left_out(case: Case) -> str:
    """Why a case cannot be put to any evaluator through cells alone; '' when it can."""
    if re.search(r"\[\d+\]", re.sub(r'"[^"]*"', "", case.formula)):
        return "refers to another workbook"
    try:
        tree = parse(case.formula)
    except FormulaError:
        return ""
    if any(isinstance(node, TableRef) for node in walk(tree)):
        return "structured reference to a table that is not told"
    if case.expected != "#NAME?" and unknown_names(tree):
        return "name of the workbook that is not told"
    return ""


def unknown_names(tree: Node) -> set[str]:
    """Names that no LET or LAMBDA of the formula makes."""
    nodes = list(walk(tree))
    made = {arg.name for node in nodes if isinstance(node, Call) for arg in node.args if isinstance(arg, Name)}
    makes = any(isinstance(node, Call) and node.name in {"LET", "LAMBDA"} for node in nodes)
    return {node.name for node in nodes if isinstance(node, Name)} - (made if makes else set())


def ours(case: Case) -> Outcome:
    """The answer of recon_core.formula. Any exception but FormulaError is a bug, and told as one."""
    scope = Scope(cells=cells_of(case), cell=address(case.cell), is_array=case.array)
    try:
        values = evaluate(parse(case.formula), scope).values
        return outcome_of(values.scalar()) if values.size else Outcome("failed", "no value")
    except FormulaError as error:
        return Outcome("failed", f"FormulaError: {error.what}")
    except Exception as error:  # noqa: BLE001  # the table goes on, and names it
        return Outcome("failed", f"BUG {type(error).__name__}: {error}"[:200])


def outcome_of(value: Scalar) -> Outcome:
    """A value of ours as an outcome."""
    if value is None:
        return Outcome("number", 0.0)
    if isinstance(value, bool):
        return Outcome("bool", value)
    if isinstance(value, float):
        return Outcome("number", value)
    return Outcome("text", value) if isinstance(value, str) else Outcome("error", value.value)


# -- judging -----------------------------------------------------------------------------------------------------


def is_right(case: Case, got: Outcome) -> bool:
    """Whether an answer has the expected type and value."""
    if case.type == "formatted":
        return is_shown(str(case.expected), got)
    if case.type != got.kind:
        return False
    if case.type == "number":
        return is_near(float(case.expected), float(got.value))
    return case.expected == got.value or (case.type == "error" and case.expected == "#ANY")


def is_near(expected: float, got: float) -> bool:
    """Whole numbers exactly (as far as Excel's 15 digits go), others to nine digits."""
    if expected == got:
        return True
    if not math.isfinite(got) or (expected.is_integer() and 0 < abs(expected) < 1e15):
        return False
    return abs(expected - got) <= max(1e-9 * abs(expected), 1e-12)


def is_shown(shown: str, got: Outcome) -> bool:
    """Whether an answer looks like `shown`, the text of a cell: a number to as many decimals as it shows."""
    if got.kind in {"text", "error"}:
        return got.value == shown
    if got.kind == "bool":
        return shown == str(got.value).upper()
    plain = re.fullmatch(r"(-?)(\()?\$?([\d,]+(?:\.(\d+))?(?:E[+-]\d+)?)(%)?\)?", shown)
    if got.kind == "failed" or plain is None:
        return False
    sign = -1.0 if plain[1] or plain[2] else 1.0
    unit = 0.01 if plain[5] else 1.0
    number = sign * float(plain[3].replace(",", "")) * unit
    within = 10.0 ** -len(plain[4]) * unit if plain[4] else 0.0
    if not plain[4] and "E" not in shown and "$" not in shown and not plain[5]:
        within = 1e-9  # a whole number in General
    return abs(number - float(got.value)) <= max(within * 0.51, abs(number) * 1e-9)


# -- the program -------------------------------------------------------------------------------------------------


class Judged(NamedTuple):
    """A case with the answer of every engine."""

    case: Case
    outcomes: Mapping[str, Outcome]

    def is_right(self, engine: str) -> bool:
        return is_right(self.case, self.outcomes[engine])


def judge(cases: Iterable[Case], peers: Mapping[str, Mapping[str, Outcome]] | None = None) -> list[Judged]:
    """Ours and the peers' answers, side by side."""
    missing = Outcome("failed", "not run")
    return [
        Judged(
            case, {"ours": ours(case), **{name: found.get(case.id, missing) for name, found in (peers or {}).items()}}
        )
        for case in cases
    ]


def share(judged: Sequence[Judged], engine: str) -> float:
    """Percentage that is right."""
    return 100 * sum(one.is_right(engine) for one in judged) / max(len(judged), 1)


def table(judged: Sequence[Judged], engines: Sequence[str]) -> str:
    """One line a category, the finance core and everything."""
    categories = sorted({one.case.category for one in judged}, key=lambda name: (name not in FINANCE, name))
    groups = [(name, [one for one in judged if one.case.category == name]) for name in categories]
    groups.append(("finance core", [one for one in judged if one.case.category in FINANCE]))
    groups.append(("all", list(judged)))
    lines = [f"{'category':<14}{'cases':>7}" + "".join(f"{name + ' %':>14}" for name in engines)]
    for name, part in groups:
        lines.append(f"{name:<14}{len(part):>7,}" + "".join(f"{share(part, engine):>14.2f}" for engine in engines))
    return "\n".join(lines)


def misses(judged: Iterable[Judged]) -> str:
    """Every miss of ours: id, formula with its cells, expected, got."""
    lines = []
    for one in judged:
        if not one.is_right("ours"):
            case, got = one.case, one.outcomes["ours"]
            cells = ", ".join(f"{key}={_shown(value)}" for key, value in list(case.cells.items())[:6])
            lines.append(f"{case.id}  {case.formula}  [{cells}]  expected {case.expected!r}, got {got.value!r}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    return str(value["error"]) if isinstance(value, dict) else repr(value)


def worst(judged: Iterable[Judged], count: int = 25) -> str:
    """The functions with the most misses of ours."""
    missed = Counter(one.case.function for one in judged if not one.is_right("ours"))
    return ", ".join(f"{name} {number}" for name, number in missed.most_common(count))


def chosen(arguments: argparse.Namespace) -> list[Case]:
    """The cases the command line asks for."""
    return [
        case
        for case in read_cases()
        if (not arguments.tier or case.tier in arguments.tier)
        and (not arguments.function or case.function == arguments.function.upper())
        and (
            not arguments.category
            or case.category == arguments.category
            or (arguments.category == "finance" and case.category in FINANCE)
        )
    ]


def command_line() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tier", type=int, nargs="+", choices=(1, 2, 3), help="1: cached by Excel; default: all")
    parser.add_argument("--function", default="", help="only cases of one function")
    parser.add_argument("--category", default="", help="only one category, or 'finance'")
    parser.add_argument("--misses", action="store_true", help="list what we miss")
    parser.add_argument("--peers", action="store_true", help="formulas and ironcalc on the same cases")
    return parser.parse_args()


def main() -> None:
    """The command: one table, and on request the misses."""
    arguments = command_line()
    if not DATA.exists():
        sys.exit(f"{DATA} is not there.")
    cases = chosen(arguments)
    reasons = {case.id: left_out(case) for case in cases}
    kept = [case for case in cases if not reasons[case.id]]
    peers = None
    if arguments.peers:
        from tests.formula.peers import answers

        peers = {name: answers(name, kept) for name in ("formulas", "ironcalc")}
    judged = judge(kept, peers)
    print(table(judged, ["ours", *(peers or {})]))
    print("left out:", dict(Counter(filter(None, reasons.values()))) or "none")
    print("most missed:", worst(judged) or "none")
    if arguments.misses:
        print(misses(judged))


if __name__ == "__main__":
    main()
