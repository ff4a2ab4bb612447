"""Tree + tables -> values. `[@x]` runs along the rows of the formula's own table, `T[x]` is a whole column.

Elementwise work runs on whole columns. Where a list meets the rows inside a function that takes lists, as in
SUMPRODUCT((T[k]=[@k])*T[v]), that function is worked out once for each distinct row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import cast

import numpy as np

from recon_core.formula import excel, fallback
from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.functions.spec import Context, Function, lift
from recon_core.formula.tables import Table
from recon_core.formula.tree import (
    Array,
    Call,
    CellRef,
    Chain,
    FormulaError,
    Group,
    Literal,
    Missing,
    Name,
    Node,
    Percent,
    Prefix,
    TableRef,
    walk,
)
from recon_core.formula.values import (
    MAX_LIST,
    ExcelError,
    Grid2D,
    Scalar,
    Tag,
    TooLarge,
    Values,
    distinct,
    pick,
    shape_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a formula may refer to. `cells` answers A1 references, which only whole workbooks have."""

    own: Table | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)  # by folded name
    cells: Callable[[CellRef], Values] | None = None
    day_first: bool = False
    cell: tuple[int, int] | None = None
    is_array: bool = True  # False: ranges meet single cells as in a formula of old Excel


@dataclass(frozen=True, slots=True)
class Answer:
    """The values of a formula, one a row of its table (or one alone), and what deserves a word.

    `slow`: function -> calls of those that ran row by row. `merged`: an id of more than fifteen digits for each range
    in which SUMIFS and its kin compare such ids as numbers, as Excel does.
    """

    values: Values
    slow: Mapping[str, int]
    merged: frozenset[str] = frozenset()


def evaluate(tree: Node, scope: Scope) -> Answer:
    """Values of a checked tree. A blank answer is 0, as in a cell. Raises FormulaError where a row would hold a list."""
    evaluator = Evaluator(scope)
    rows = scope.own.rows if scope.own else 1
    try:
        values = evaluator.chain(tree, final=True) if isinstance(tree, Chain) else evaluator.value(tree)
    except Grid2D:
        raise _is_list(tree) from None
    except (TooLarge, MemoryError):
        what = f"The formula makes a list of more than {MAX_LIST:,} values."
        raise FormulaError(what, "Name fewer columns or rows.", "", getattr(tree, "at", -1)) from None
    if values.is_grid and not scope.is_array:
        values = evaluator.intersect(values) if values.origin else values
    if values.is_grid:
        if not values.is_one and scope.own is not None:
            raise _is_list(tree)
        values = values if scope.own is None else values.reshape((1,))
    values = values if values.is_grid else values.spread((rows,) if values.shape != (rows,) else values.shape)
    blank = values.where(Tag.BLANK)
    if blank.any():
        values = pick(blank, Values.one(0.0), values)
    return Answer(values, evaluator.context.notes, frozenset(evaluator.context.merged))


def _is_list(tree: Node) -> FormulaError:
    what = "The formula gives a list for each row, and a cell holds one value."
    fix = "Use [@Column] for the value of the row, or wrap the list in SUM, MAX, INDEX, XLOOKUP or TEXTJOIN."
    return FormulaError(what, fix, "", getattr(tree, "at", -1))


class Evaluator:
    """One formula at work: its scope, the variables of LET, and the rows fixed while a list is worked out."""

    def __init__(
        self, scope: Scope, context: Context | None = None, names: Mapping[str, Values] | None = None,
        fixed: Mapping[TableRef, Values] | None = None,
    ) -> None:  # fmt: skip
        self.scope = scope
        self.context = context or Context(
            day_first=scope.day_first, cell=scope.cell, rows=scope.own.rows if scope.own else 1
        )
        self.names: dict[str, Values] = dict(names or {})
        self.fixed: Mapping[TableRef, Values] = fixed or {}

    def inside(self) -> Evaluator:
        """An evaluator that may name more variables, as LET does."""
        return Evaluator(self.scope, self.context, self.names, self.fixed)

    def value(self, node: Node) -> Values:  # noqa: C901, PLR0911 - one kind of node a line
        """The values of a node. Raises Grid2D where a list meets rows that vary."""
        match node:
            case Literal(value=value):
                return Values.one(value)
            case Missing():
                return Values.one(None)
            case TableRef():
                return self.fixed[node] if node in self.fixed else self.table_ref(node)
            case Call():
                return self.settled(self.context.held, self.call(node))
            case Chain():
                return self.settled(self.context.held, self.chain(node, final=False))
            case Group(of=of):
                return self.value(of)
            case Prefix(op=op, of=of):
                return self.prefix(op, of)
            case Percent(of=of):
                return excel.arithmetic("/", self.single(of), Values.one(100.0), day_first=self.context.day_first)
            case Name():
                return self.name(node)
            case Array(rows=rows):
                return Values.of([one for row in rows for one in row], (len(rows), len(rows[0])))
            case CellRef():
                return self.cells(node)

    def single(self, node: Node) -> Values:
        """The values of an operand: a range meets the formula's own cell where the workbook is an old one."""
        values = self.value(node)
        return self.intersect(values) if not self.scope.is_array and values.is_ref and values.is_grid else values

    def chain(self, node: Chain, *, final: bool) -> Values:
        """Operators from left to right; a final difference near zero is zero."""
        if node.rest[0][0] == "&":
            parts = [self.single(node.first), *(self.single(one) for _, one in node.rest)]
            self.context.spend(len(parts) * prod(shape_of(parts)))
            return excel.joined(parts, self.context.hold)
        left = self.single(node.first)
        for number, (op, right_node) in enumerate(node.rest, 1):
            right = self.single(right_node)
            self.context.spend(prod(shape_of((left, right))))
            if op in "+-*/^":
                last = final and number == len(node.rest)
                left = excel.arithmetic(op, left, right, final=last, day_first=self.context.day_first)
            else:
                left = excel.compare(op, left, right)
        return left

    def settled(self, held: int, found: Values) -> Values:
        """What was held on the way is gone; the answer stays."""
        characters = sum(map(len, found.words)) if self.context.held > held else 0
        cells = 0 if found.is_ref else 8 * found.size
        characters, self.context.held = min(characters, self.context.held - held), held
        self.context.hold(characters + cells)
        return found

    def prefix(self, op: str, of: Node) -> Values:
        """A sign, or @, which takes the value of the row out of a list."""
        if op == "@":
            if isinstance(of, TableRef) and of.table == "" and of.part == "data":
                return self.value(TableRef("", of.columns, "this", of.at))
            values = self.value(of)
            return self.intersect(values) if values.is_grid else values
        values = self.single(of)
        return excel.negate(values, self.context.day_first) if op == "-" else values.not_ref()

    def intersect(self, values: Values) -> Values:
        """The one value of a range that stands beside the formula's cell."""
        if values.is_one:
            return values.reshape((1,))
        if values.origin is None or self.scope.cell is None:
            return values.take(np.zeros(1, np.intp))
        row, column = self.scope.cell[0] - values.origin[0], self.scope.cell[1] - values.origin[1]
        height, width = values.shape
        row, column = 0 if height == 1 else row, 0 if width == 1 else column
        if (height > 1 and width > 1) or not (0 <= row < height and 0 <= column < width):
            return Values.one(ExcelError.VALUE)
        return values.take(np.array([row * width + column]))

    def name(self, node: Name) -> Values:
        """A variable of LET, or a whole table."""
        folded = node.name.casefold()
        if folded in self.names:
            return self.names[folded]
        if folded in self.scope.tables:
            return self.scope.tables[folded].whole(())
        return Values.one(ExcelError.NAME)

    def cells(self, node: CellRef) -> Values:
        """Cells by address, where the scope has a sheet."""
        if self.scope.cells is None:
            raise FormulaError(
                "A formula of a column names columns, not cells.", "Write [@Amount] instead of A1.", "", node.at
            )
        return self.scope.cells(node)

    def table_ref(self, node: TableRef) -> Values:
        """The row's own value, a whole column, or headers."""
        table = self.scope.own if not node.table else self.scope.tables.get(node.table.casefold())
        if table is None:
            return Values.one(ExcelError.REF)
        if node.part == "this":
            return table.along_rows(node.columns)
        return table.whole(node.columns, node.part)

    def call(self, node: Call) -> Values:
        """A function: of our own, else of the fallback."""
        function = FUNCTIONS.get(node.name)
        if function is None:
            return fallback.call(node.name, [self.value(arg) for arg in node.args], self.context)
        if not function.fits(len(node.args)):
            return Values.one(ExcelError.VALUE)
        try:
            return self.apply(function, node)
        except Grid2D:
            return self.row_by_row(node)

    def apply(self, function: Function, node: Call) -> Values:
        """Call a function with its arguments worked out."""
        if function.kind == "special":
            return cast(Values, function.work(self, node))
        args = self.arguments(function, node)
        if function.kind == "whole":
            return cast(Values, function.work(self.context, *args))
        return lift(function, args, self.context)

    def arguments(self, function: Function, node: Call) -> list[Values | None]:
        """Arguments in order; None for one that is not given, or left empty where that means the same."""
        args: list[Values | None] = []
        for at, arg in enumerate(node.args):
            param = function.param(at)
            if isinstance(arg, Missing) and param.default_when_empty:
                args.append(None)
            else:
                args.append(self.value(arg) if param.kind == "G" else self.single(arg))
        while len(args) < len(function.params):
            if function.repeats and len(args) >= len(function.params) - function.repeats:
                break
            args.append(None)
        return args

    def row_by_row(self, node: Call) -> Values:
        """A call whose arguments mix lists and rows: once for each distinct row of what it refers to."""
        leaves = self.row_leaves(node)
        if not leaves:
            raise Grid2D
        tuples, inverse = distinct([values.spread(_rows_of(leaves)) for _, values in leaves])
        answers: list[Scalar] = []
        for one in zip(*tuples, strict=True):
            fixed, names = dict(self.fixed), dict(self.names)
            for (leaf, column), value in zip(leaves, one, strict=True):
                single = Values.one(value)
                single.is_ref = column.is_ref
                if isinstance(leaf, TableRef):
                    fixed[leaf] = single
                else:
                    names[leaf] = single
            found = Evaluator(self.scope, self.context, names, fixed).value(node)
            if not found.is_one:
                raise Grid2D
            answers.append(found.scalar())
        return Values.of(answers).take(inverse)

    def row_leaves(self, node: Node) -> list[tuple[TableRef | str, Values]]:
        """References and variables below a node whose values run along the rows."""
        found: dict[TableRef | str, Values] = {}
        for one in walk(node):
            key: TableRef | str | None = None
            if isinstance(one, TableRef) and one.part == "this" and one not in self.fixed:
                key, values = one, self.table_ref(one)
            elif isinstance(one, Name) and one.name.casefold() in self.names:
                key, values = one.name.casefold(), self.names[one.name.casefold()]
            if key is not None and len(values.shape) == 1 and values.size > 1:
                found[key] = values
        return list(found.items())


def _rows_of(leaves: Sequence[tuple[TableRef | str, Values]]) -> tuple[int, ...]:
    return max((values.shape for _, values in leaves), default=(1,))
