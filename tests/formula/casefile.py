"""Reads the formula cases of tests/cases/formula: plain text, one case a line, no other library needed.

    # a comment: what the group shows
    table Products
    | SKU  | Rate | From  |
    | "A1" | 10   | 45292 |
    | "B2" |      | 45323 |
    row Status="RTO", Order ID=" od-1 ", Empty=
    =XLOOKUP("a1",Products[SKU],Products[Rate])  => 10

Literals are Excel's: "text" with quotes doubled, 12.5, TRUE, #N/A, nothing for a blank cell. A table stays to the end
of the file, a row until the next `row` line. The last ` => ` of a line parts the formula from its value.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ERRORS = frozenset({"#N/A", "#VALUE!", "#DIV/0!", "#NUM!", "#NAME?", "#REF!", "#NULL!", "#CALC!", "#SPILL!"})
_TEXT = re.compile(r'"((?:[^"]|"")*)"')
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class Err(str):
    """An Excel error value, for instance `Err("#N/A")`; never equal to a text cell that reads the same."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Err) and str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Err, str(self)))

    def __repr__(self) -> str:
        return f"Err({str(self)!r})"


class Case(NamedTuple):
    """One formula, the value Excel gives it, and what it may refer to."""

    file: str
    line: int
    formula: str
    expected: object
    row: dict[str, object]
    tables: dict[str, dict[str, list[object]]]


def literal(text: str) -> object:
    """The value of an Excel literal: float, str, bool, Err, or None for nothing at all."""
    text = text.strip(" ")
    if not text:
        return None
    if text in {"TRUE", "FALSE"}:
        return text == "TRUE"
    if text in ERRORS:
        return Err(text)
    if quoted := _TEXT.fullmatch(text):
        return quoted[1].replace('""', '"')
    if _NUMBER.fullmatch(text):
        return float(text)
    raise ValueError(f"not an Excel literal: {text}")


def _split(text: str, mark: str) -> list[str]:
    """Cut at a mark outside quotes."""
    parts, inside, start = [], False, 0
    for at, char in enumerate(text):
        if char == '"':
            inside = not inside
        elif char == mark and not inside:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _cells(line: str) -> list[str]:
    parts = _split(line, "|")
    if len(parts) < 3 or parts[0].strip() or parts[-1].strip():
        raise ValueError("a table line starts and ends with |")
    return [part.strip(" ") for part in parts[1:-1]]


def _row(text: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in _split(text, ","):
        name, equals, value = part.partition("=")
        name = name.strip(" ")
        if not name or not equals or name in found:
            raise ValueError(f"a row is Name=literal, each name once: {part.strip()}")
        found[name] = literal(value)
    return found


def _case(line: str) -> tuple[str, object]:
    formula, arrow, expected = line.rpartition(" => ")
    if not arrow or not expected.strip(" "):
        raise ValueError("a case is =FORMULA => VALUE")
    return formula.strip(" "), literal(expected)


class _Reader:
    """What is defined so far, and the cases read under it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.cases: list[Case] = []
        self.row: dict[str, object] = {}
        self.tables: dict[str, dict[str, list[object]]] = {}
        self.table: dict[str, list[object]] | None = None  # the one whose lines are being read

    def take(self, number: int, line: str) -> None:
        if line.startswith("|"):
            self._table_line(_cells(line))
            return
        self.table = None
        word, _, rest = line.partition(" ")
        if not line.strip() or word == "#":
            return
        if word == "table" and _NAME.fullmatch(rest.strip()):
            self.table = {}
            self.tables = {**self.tables, rest.strip(): self.table}
        elif word == "row":
            self.row = _row(rest)
        elif line.startswith("="):
            formula, expected = _case(line)
            self.cases.append(Case(self.file, number, formula, expected, self.row, self.tables))
        else:
            raise ValueError(f"neither case, row, table nor comment: {line}")

    def _table_line(self, cells: list[str]) -> None:
        if self.table is None:
            raise ValueError("a table line without a table")
        if not self.table:
            if len(set(cells)) < len(cells):
                raise ValueError("a column stands twice")
            self.table.update((name, []) for name in cells)
            return
        if len(cells) != len(self.table):
            raise ValueError(f"{len(cells)} cells for {len(self.table)} columns")
        for column, cell in zip(self.table.values(), cells, strict=True):
            column.append(literal(cell))


def read_cases(path: Path) -> list[Case]:
    """All cases of one file; a line that cannot be read is a ValueError that names file and line."""
    reader = _Reader(path.name)
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        try:
            reader.take(number, line)
        except ValueError as error:
            raise ValueError(f"{path.name}:{number}: {error}") from error
    return reader.cases
