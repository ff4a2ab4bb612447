"""The tree of a formula: what the parser makes, the evaluator walks and the printer prints.

Positions (`at`, zero-based in the text) never take part in equality, so a printed formula parses back to an equal tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from recon_core.formula.values import ExcelError


class FormulaError(ValueError):
    """A formula that cannot be used: what is wrong, where, and what to do. `str()` shows the caret."""

    def __init__(self, what: str, fix: str, text: str = "", at: int = -1) -> None:
        super().__init__(what)
        self.what, self.fix, self.text, self.at = what, fix, text, at

    @property
    def caret(self) -> str:
        """The formula and a line with a caret under the place, '' where there is none; a long formula is cut."""
        if not self.text or self.at < 0:
            return ""
        start = max(0, self.at - 50)
        shown = re.sub(r"\s", " ", self.text[start : self.at + 50])
        lead = "..." if start else ""
        tail = "..." if self.at + 50 < len(self.text) else ""
        return f"{lead}{shown}{tail}\n{' ' * (len(lead) + self.at - start)}^"

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.what, self.caret, self.fix)))


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, TRUE or FALSE, or an error such as #N/A."""

    value: float | str | bool | ExcelError
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """An argument left empty, as the third of IF(x,1,)."""

    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Array:
    """{1,2;3,4}: rows of literals, all of one length."""

    rows: tuple[tuple[float | str | bool | ExcelError, ...], ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TableRef:
    """A structured reference. `table` '' is the table the formula stands in; `columns` none, one, or first and last.

    `part`: 'this' (the row of the formula), 'data', 'headers' or 'all'.
    """

    table: str
    columns: tuple[str, ...]
    part: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CellRef:
    """A1 or A1:B2 as Excel counts, one-based; 0 for an open end as in A:A or 1:3."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name: a variable of LET, or a table."""

    name: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Prefix:
    """-x, +x, or @x."""

    op: str
    of: Node
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Percent:
    """x%."""

    of: Node
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """(x) as the whole formula. Parentheses elsewhere are in the shape of the tree."""

    of: Node
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one strength from left to right: a+b-c. A flat run, so that long formulas stay shallow."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; the name is in capitals without _xlfn."""

    name: str
    args: tuple[Node, ...]
    at: int = field(default=0, compare=False, repr=False)


Node = Literal | Missing | Array | TableRef | CellRef | Name | Prefix | Percent | Group | Chain | Call

STRENGTH = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Prefix(of=of) | Percent(of=of) | Group(of=of):
            return (of,)
        case Chain(first=first, rest=rest):
            return (first, *(one for _, one in rest))
        case Call(args=args):
            return args
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in the order of the text."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(children(one)))
