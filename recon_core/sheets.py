"""A worksheet as a value: free cells, tables, widths. Hosts draw it; nothing here knows how.

A `Sheet` says everything about the cells we own on one worksheet. Positions are one-based, as
Excel shows them. Amounts inside a table's frame are int64 minor units (`money.py`); hosts write
them as numbers with two decimals, never as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import pandas as pd

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767


class Kind(StrEnum):
    """What a table column holds; hosts turn it into a number format and an alignment."""

    TEXT = "text"  # str, or a category of str
    ID = "id"  # the same, written as text whatever it looks like
    AMOUNT = "amount"  # int64 minor units; nullable Int64 leaves a blank cell
    INTEGER = "integer"  # int64 or Int64
    NUMBER = "number"  # float64
    DATE = "date"  # datetime64[s], NaT leaves a blank cell
    DATETIME = "datetime"
    INPUT = "input"  # text typed by the user; unlocked, blue
    INPUT_DATE = "input_date"  # the same, a date where it is one
    WRAP = "wrap"  # str, over several lines
    VALUE = "value"  # whatever a formula gives: numbers, str, bool, `ExcelError`, None; dtype object, or one of theirs


NUMERIC = frozenset({Kind.AMOUNT, Kind.INTEGER, Kind.NUMBER})  # flush right, their headers too
INPUTS = frozenset({Kind.INPUT, Kind.INPUT_DATE})
WORDS = frozenset({Kind.TEXT, Kind.ID, Kind.WRAP}) | INPUTS


@dataclass(frozen=True, slots=True)
class ExcelError:
    """An error as the value of a cell: '#N/A', '#DIV/0!'."""

    word: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula in invariant form, without '=', and the value we worked out for it."""

    text: str
    value: str | int | float | bool | date | datetime | Decimal | None


Value = str | int | float | bool | date | datetime | Formula | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One free cell. `style` is a key of the host's style table; `link` is '#Sheet!A1'."""

    row: int
    column: int
    value: Value
    style: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table: header, kind, and a width in characters (0: fit the content).

    `formula` makes it a calculated column: the invariant text, without '=', of every cell, as in
    'ROUND(Orders[[#This Row],[Price]]*2,2)'. The frame then holds the values we worked out for it,
    and a missing one is a blank cell without the formula. Never from data: it is printed from a parsed tree.
    `is_array`: each cell is an array formula, because the formula works on whole lists.
    `style`: the host's style of its cells where it is not that of the kind.
    """

    name: str
    kind: Kind = Kind.TEXT
    width: float = 0.0
    formula: str = ""
    is_array: bool = False
    style: str = ""

    def __post_init__(self) -> None:
        if self.formula.startswith("=") or (self.formula and self.kind in INPUTS):
            raise ValueError(f"the column {self.name} cannot have the formula {self.formula}")

    @property
    def cell_style(self) -> str:
        """The host's style of the cells below; in a text format an edited formula would turn into text."""
        if self.style:
            return self.style
        return Kind.TEXT.value if self.formula and self.kind is Kind.ID else self.kind.value

    @property
    def header_style(self) -> str:
        """The host's style of the header cell."""
        return "header_right" if self.kind in NUMERIC else "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An Excel Table: header at (`row`, `column`), then one row for each row of `frame`.

    `frame` has exactly the columns of `columns`, in that order, in the dtypes `Kind` names;
    a column of `Formula` objects (dtype object) is allowed in tables below a few thousand rows.
    An empty frame is written as a header with one blank row, as Excel demands.
    """

    name: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    row: int = 5
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All cells we own on one worksheet.

    `owned` False: the host writes `cells` into the sheet and keeps everything else that stands
    there (a user's Setup sheet). `owned` True: the sheet's cells are replaced as a whole.
    `freeze_row`, `freeze_column`: the first row and the first column that scroll, 0 for none; a new sheet that is too wide
    for a printed page repeats the columns before it on each. `tab`: 'grey', 'blue', 'white', 'green'.
    """

    name: str
    cells: tuple[Cell, ...] = ()
    tables: tuple[Table, ...] = ()
    widths: Mapping[int, float] = field(default_factory=dict)
    owned: bool = True
    freeze_row: int = 0
    freeze_column: int = 0
    tab: str = "white"


def column_letter(column: int) -> str:
    """Excel's letters of a one-based column: 1 -> 'A', 28 -> 'AB'."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
