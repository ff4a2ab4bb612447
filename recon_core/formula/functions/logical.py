"""Logical functions and those that choose: IF, IFS, SWITCH, CHOOSE, IFERROR, LET, AND ...

They work out only what they need: a branch that no row takes is never touched.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.spec import Context, Group, Working
from recon_core.formula.tree import Call, FormulaError, Missing, Name, Node
from recon_core.formula.values import (
    ExcelError,
    Floats,
    Mask,
    Tag,
    Tags,
    Values,
    flagged,
    pick,
    shape_of,
    spread_errors,
    with_errors,
)

FUNCTIONS = Group("logical")


def _branch(evaluator: Working, node: Node) -> Values:
    return Values.one(0.0) if isinstance(node, Missing) else evaluator.value(node)


def _choose(mask: Mask, errors: Tags | None, yes: Node | Values, no: Node | Values, evaluator: Working) -> Values:
    """`yes` where the mask holds, `no` elsewhere; only branches that some row takes are worked out."""
    needs_yes = bool(mask.any())
    needs_no = not mask.all()
    dead = Values.one(0.0)
    first = (yes if isinstance(yes, Values) else _branch(evaluator, yes)) if needs_yes else dead
    second = (no if isinstance(no, Values) else _branch(evaluator, no)) if needs_no else dead
    if mask.size == 1 and errors is None:
        return first if needs_yes else second
    return with_errors(pick(mask, first, second), errors)


@FUNCTIONS.special(
    "IF(condition:B, then:V, [otherwise:V=FALSE])", "One value where the condition holds, another where not."
)
def if_(evaluator: Working, call: Call) -> Values:
    mask, errors = excel.truths(evaluator.single(call.args[0]))
    no: Node | Values = call.args[2] if len(call.args) > 2 else Values.one(False)
    return _choose(mask, errors, call.args[1], no, evaluator)


@FUNCTIONS.special(
    "IFS(condition:B, value:V, [condition:B, value:V]...)",
    "The value of the first condition that holds; #N/A where none does.",
)
def ifs(evaluator: Working, call: Call) -> Values:
    if len(call.args) % 2:
        return Values.one(ExcelError.VALUE)
    return _ladder(evaluator, call)


def _both(one: Mask, other: Mask) -> Mask:
    """Where both hold, of whatever shapes. Raises Grid2D where rows meet a list."""
    left, right = Values.bools(one), Values.bools(other)
    shape = shape_of((left, right))
    both: Mask = (left.spread(shape).num_of() != 0) & (right.spread(shape).num_of() != 0)
    return both


def _ladder(evaluator: Working, call: Call) -> Values:
    """Conditions from the first to the last; kept in a loop so that 127 pairs need no deep stack."""
    rungs: list[tuple[Mask, Tags | None, Values]] = []
    open_rows: Mask = np.ones(1, np.bool_)
    for at in range(0, len(call.args), 2):
        mask, errors = excel.truths(evaluator.single(call.args[at]))
        live = _both(open_rows, mask)
        value = _branch(evaluator, call.args[at + 1]) if live.any() else Values.one(0.0)
        rungs.append((mask, errors, value))
        open_rows = _both(open_rows, ~mask & (errors == 0 if errors is not None else True))
        if not open_rows.any():
            break
    found = Values.one(ExcelError.NA)
    for mask, errors, value in reversed(rungs):
        found = (
            value
            if mask.size == 1 and mask.all()
            else found
            if mask.size == 1 and errors is None
            else pick(mask, value, found)
        )
        found = with_errors(found, errors)
    return found


@FUNCTIONS.special(
    "SWITCH(of:V, value:V, result:V, [value:V, result:V]..., [otherwise:V])",
    "The result beside the first equal value; the last alone is for all others.",
)
def switch(evaluator: Working, call: Call) -> Values:
    if len(call.args) < 3:
        return Values.one(ExcelError.VALUE)
    of = evaluator.single(call.args[0])
    rest = call.args[1:]
    found: Values = _branch(evaluator, rest[-1]) if len(rest) % 2 else Values.one(ExcelError.NA)
    pairs = [(rest[at], rest[at + 1]) for at in range(0, len(rest) - 1, 2)]
    for value, result in reversed(pairs):
        same = excel.compare("=", of, evaluator.single(value))
        mask, errors = excel.truths(same)
        found = _choose(mask, errors, result, found, evaluator)
    return with_errors(found, excel.errors_of(of))


@FUNCTIONS.special("CHOOSE(number:N, value:V, [value:V]...)", "The value at a place of a list of values.")
def choose(evaluator: Working, call: Call) -> Values:
    num, errors = excel.numbers(evaluator.single(call.args[0]), evaluator.context.day_first)
    at = np.trunc(num)
    if at.size == 1 and errors is None:
        place = int(at.flat[0])
        return _branch(evaluator, call.args[place]) if 1 <= place < len(call.args) else Values.one(ExcelError.VALUE)
    found = Values.one(ExcelError.VALUE)
    for place in range(len(call.args) - 1, 0, -1):
        found = _choose(at == place, None, call.args[place], found, evaluator)
    return with_errors(found, errors)


@FUNCTIONS.special("IFERROR(value:V, instead:V)", "The value, or another where it is an error.")
def iferror(evaluator: Working, call: Call) -> Values:
    return _instead(evaluator, call, lambda value: value.where(Tag.ERROR))


@FUNCTIONS.special("IFNA(value:V, instead:V)", "The value, or another where it is #N/A.")
def ifna(evaluator: Working, call: Call) -> Values:
    return _instead(evaluator, call, lambda value: value.where(Tag.ERROR) & (value.num_of() == ExcelError.NA.code))


def _instead(evaluator: Working, call: Call, is_bad: Callable[[Values], Mask]) -> Values:
    value = evaluator.single(call.args[0]) if not isinstance(call.args[0], Missing) else Values.one(0.0)
    bad = is_bad(value)
    return _choose(bad, None, call.args[1], value, evaluator) if bad.any() else value


@FUNCTIONS.special(
    "LET(name:V, value:V, [name:V, value:V]..., result:V)",
    "Gives names to values and works out the last argument with them.",
)
def let(evaluator: Working, call: Call) -> Values:
    if len(call.args) < 3 or len(call.args) % 2 == 0:
        return Values.one(ExcelError.VALUE)
    inner = evaluator.inside()
    for at in range(0, len(call.args) - 1, 2):
        name = call.args[at]
        if not isinstance(name, Name):
            raise FormulaError("LET needs a name before each value.", "Write LET(name, value, result).", "", name.at)
        inner.names[name.name.casefold()] = inner.value(call.args[at + 1])
    return inner.value(call.args[-1])


@FUNCTIONS.scalar("NOT(condition:B)", "TRUE for FALSE and the other way round.")
def not_(condition: bool) -> bool:
    return not condition


@FUNCTIONS.scalar("TRUE()", "TRUE.")
def true() -> bool:
    return True


@FUNCTIONS.scalar("FALSE()", "FALSE.")
def false() -> bool:
    return False


def _counted(arg: Values) -> tuple[Floats, Floats, Tags | None]:
    """How many TRUE and how many FALSE an argument brings to each row, and its errors.

    Texts and blanks that stand in cells or arrays do not count; of texts given directly only TRUE and FALSE do.
    """
    errors = excel.errors_of(arg)
    if arg.is_ref or arg.is_grid:
        counts = arg.where(Tag.NUMBER) | arg.where(Tag.BOOL)
        held = arg.num_of() != 0
    else:
        held, wrong = excel.truths(arg)
        counts = np.ones(arg.shape, np.bool_) if wrong is None else ~(arg.where(Tag.TEXT) & (wrong > 0))
    yes, no = (counts & held).astype(np.float64), (counts & ~held).astype(np.float64)
    if not arg.is_grid:
        return yes, no, errors
    first = None if errors is None or not errors.any() else errors.ravel()[errors.ravel() > 0][:1]
    return np.array([yes.sum()]), np.array([no.sum()]), first


def _tally(args: tuple[Values | None, ...]) -> tuple[Floats, Floats, Tags | None]:
    found = [_counted(arg) for arg in args if arg is not None]
    shape = shape_of([Values.numbers(yes) for yes, _, _ in found])
    yes = sum((np.broadcast_to(one, shape) for one, _, _ in found), np.zeros(shape))
    no = sum((np.broadcast_to(one, shape) for _, one, _ in found), np.zeros(shape))
    errors = [None if one is None else spread_errors(one, shape) for _, _, one in found]
    empty = flagged(yes + no == 0, ExcelError.VALUE)
    return yes, no, excel.first_errors(*errors, empty)


@FUNCTIONS.whole("AND(condition:G, [condition:G]...)", "TRUE where all conditions hold.")
def and_(context: Context, *args: Values | None) -> Values:
    yes, no, errors = _tally(args)
    return with_errors(Values.bools((no == 0) & (yes > 0)), errors)


@FUNCTIONS.whole("OR(condition:G, [condition:G]...)", "TRUE where a condition holds.")
def or_(context: Context, *args: Values | None) -> Values:
    yes, _, errors = _tally(args)
    return with_errors(Values.bools(yes > 0), errors)


@FUNCTIONS.whole("XOR(condition:G, [condition:G]...)", "TRUE where an odd number of conditions hold.")
def xor(context: Context, *args: Values | None) -> Values:
    yes, _, errors = _tally(args)
    return with_errors(Values.bools(yes % 2 == 1), errors)
