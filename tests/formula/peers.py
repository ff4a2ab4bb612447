"""The peers of the conformance table: `formulas` and `ironcalc`, each asked in the way its own documentation shows.

A peer works in a child process that takes one case a line; a case that takes too long or ends the process is told as
failed and the child is started anew. Answers are kept in the system's temporary directory, by version and data.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from recon_core.formula.parse import parse
from recon_core.formula.tree import CellRef
from recon_core.formula.values import ExcelError, Values
from tests.formula.conformance import DATA, ROOT, TIME_LIMIT, Case, Outcome, cells_of, sheet_and_cell

ERROR_TEXT = re.compile(r"#[A-Z/0!?]+")

# -- ironcalc: a model for each case ------------------------------------------------------------------------------------


def ask_ironcalc(case: Case) -> Outcome:
    """Cells and formula into an empty model; an array formula as one, so that it gives its first value."""
    import ironcalc

    model = ironcalc.create("book", "en", "UTC", "en")
    model.rename_sheet(0, case.sheet)
    sheets = {case.sheet.casefold(): 0}
    for key, value in case.cells.items():
        sheet, (row, column) = sheet_and_cell(key, case.sheet)
        if sheet.casefold() not in sheets:
            model.add_sheet(sheet)
            sheets[sheet.casefold()] = len(sheets)
        fill(model, (sheets[sheet.casefold()], row, column), value)
    place = (0, *sheet_and_cell(case.cell, case.sheet)[1])
    if case.array:
        model.set_user_array_formula(*place, 1, 1, case.formula)
    else:
        model.set_user_input(*place, case.formula)
    model.evaluate()
    return of_ironcalc(model.get_cell_value(*place), str(model.get_cell_type(*place)))


def fill(model: Any, place: tuple[int, int, int], value: object) -> None:
    """One cell of the case; an error is typed in."""
    if isinstance(value, bool):
        model.update_cell_with_bool(*place, value)
    elif isinstance(value, float | int):
        model.update_cell_with_number(*place, float(value))
    elif isinstance(value, dict):
        model.set_user_input(*place, value["error"])
    else:
        model.update_cell_with_text(*place, value)


def of_ironcalc(value: object, kind: str) -> Outcome:
    """Its value, the type of the cell telling an error from a text."""
    if kind.endswith("ErrorValue"):
        return Outcome("error", str(value))
    if isinstance(value, bool):
        return Outcome("bool", value)
    if value is None or isinstance(value, int | float):
        return Outcome("number", float(value or 0.0))
    return Outcome("text", str(value))


# -- formulas: compiled and called, where that can answer ---------------------------------------------------------------


def ask_formulas(case: Case) -> Outcome:
    """The formula compiled and called with its ranges; as a workbook where it asks for its own place.

    Over the whole finance core the compiled way is right a little more often than the workbook.
    """
    return of_formulas(in_workbook(case) if re.search(r"\b(ROW|COLUMN)\(\)", case.formula) else compiled(case))


def compiled(case: Case) -> Any:
    """`Parser().ast(...)[1].compile()`, then called with its inputs in order."""
    import formulas

    call = formulas.Parser().ast(case.formula)[1].compile()
    cells = cells_of(case)
    return call(*(formulas.Ranges().push(name, grid(cells(cast(CellRef, parse(name))))) for name in call.inputs))


def grid(values: Values) -> Any:
    """A range as `formulas` takes it: objects, errors and empty cells its own."""
    import formulas
    import numpy as np
    import schedula

    errors = {
        str(one): one
        for one in (getattr(formulas, name) for name in ("NA", "DIV", "NAME", "NULL", "NUM", "REF", "VALUE"))
    }
    cells = [
        errors[one.value] if isinstance(one, ExcelError) else schedula.EMPTY if one is None else one
        for one in values.items()
    ]
    made = np.empty(len(cells), object)
    made[:] = cells
    return made.reshape(values.shape if values.is_grid else (1, 1))


def in_workbook(case: Case) -> Any:
    """Cells and formula as the dictionary of a workbook, the names in capitals."""
    import formulas

    book = {key_of(*sheet_and_cell(key, case.sheet)): value for key, value in case.cells.items()}
    book = {key: value["error"] if isinstance(value, dict) else value for key, value in book.items()}
    own = key_of(*sheet_and_cell(case.cell, case.sheet))
    solution = formulas.ExcelModel().from_dict({**book, own: case.formula}).calculate()
    return solution[own].value


def key_of(sheet: str, cell: tuple[int, int]) -> str:
    """The name of a cell in the dictionary: '[BOOK]SHEET1'!B3."""
    row, column = cell
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"'[BOOK]{sheet.upper()}'!{letters}{row}"


def of_formulas(value: Any) -> Outcome:
    """The first value of its answer; an error is an object of its own whose text is the error."""
    import numpy as np

    first = np.asarray(value, object).ravel()[0]
    if isinstance(first, bool | np.bool_):
        return Outcome("bool", bool(first))
    if isinstance(first, int | float | np.number):
        number = float(first)
        return Outcome("number", number) if number - number == 0 else Outcome("error", "#NUM!")
    if type(first) is str or isinstance(first, np.str_):
        return Outcome("text", str(first))
    text = str(first)
    return (
        Outcome("number", 0.0) if text == "empty" else Outcome("error" if ERROR_TEXT.fullmatch(text) else "text", text)
    )


ASK: dict[str, Callable[[Case], Outcome]] = {"formulas": ask_formulas, "ironcalc": ask_ironcalc}

# -- the child, and who watches it --------------------------------------------------------------------------------------


def serve(name: str) -> None:
    """Answer cases from standard input, a line each; what a peer prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            found = ASK[name](Case(**json.loads(line)))
        except BaseException as error:  # noqa: BLE001  # a Rust panic is a BaseException
            found = Outcome("failed", f"{type(error).__name__}: {error}"[:200])
        print(json.dumps(found), file=out, flush=True)


class Peer:
    """A child process that answers one case at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.child: subprocess.Popen[str] | None = None
        self.reader: threading.Thread | None = None
        self.lines: queue.Queue[str] = queue.Queue()
        self.warm = False  # has answered once, so that its libraries are loaded

    def ask(self, case: Case) -> Outcome:
        """The answer, or failed when the child takes too long or ends."""
        child = self.child or self.start()
        assert child.stdin
        try:
            child.stdin.write(json.dumps(case._asdict()) + "\n")
            child.stdin.flush()
            line = self.lines.get(timeout=TIME_LIMIT if self.warm else 60.0)
        except queue.Empty:
            line = ""
        except OSError:
            line = "\n"
        self.warm = True
        if line.strip():
            return Outcome(*json.loads(line))
        self.stop()
        return Outcome("failed", "ended the process" if line else f"took more than {TIME_LIMIT:.0f} s")

    def start(self) -> subprocess.Popen[str]:
        """A fresh child; a thread hands on its lines, "\\n" when it has ended."""
        command = [sys.executable, "-W", "ignore", "-m", "tests.formula.peers", self.name]
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
        )
        lines: queue.Queue[str] = queue.Queue()

        def hand_on() -> None:
            assert child.stdout
            for line in child.stdout:
                lines.put(line)
            lines.put("\n")

        self.reader = threading.Thread(target=hand_on, daemon=True)
        self.reader.start()
        self.child, self.lines, self.warm = child, lines, False
        return child

    def stop(self) -> None:
        """End the child, if there is one."""
        if self.child and self.reader:
            self.child.kill()
            self.reader.join()
            self.child.communicate()  # closes both pipes
            self.child = None


def kept(name: str) -> Path:
    """Where the answers of this version to this data are kept."""
    data = hashlib.sha256(DATA.read_bytes()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / "tieout_conformance" / f"{name}-{version(name)}-{data}.json"


def answers(name: str, cases: Sequence[Case]) -> dict[str, Outcome]:
    """The answers of a peer by case id, those known from an earlier run without asking again."""
    path = kept(name)
    known = (
        {key: Outcome(*found) for key, found in json.loads(path.read_text(encoding="utf-8")).items()}
        if path.exists()
        else {}
    )
    missing = [case for case in cases if case.id not in known]
    peer = Peer(name)
    try:
        for number, case in enumerate(missing, 1):
            known[case.id] = peer.ask(case)
            if number % 500 == 0:
                print(f"{name}: {number:,} of {len(missing):,}", file=sys.stderr)
                keep(path, known)
    finally:
        peer.stop()
        if missing:
            keep(path, known)
    return known


def keep(path: Path, known: dict[str, Outcome]) -> None:
    """Write the answers, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(known), encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    serve(sys.argv[1])
