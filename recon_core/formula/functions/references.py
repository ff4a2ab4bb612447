"""INDIRECT and OFFSET, for formulas that stand in the cells of a whole workbook. No derived column may use them."""

from __future__ import annotations

from recon_core.formula import excel
from recon_core.formula.functions.spec import Group, Working
from recon_core.formula.parse import parse
from recon_core.formula.tokens import MAX_COLUMN, MAX_ROW
from recon_core.formula.tree import Call, CellRef, FormulaError, Missing
from recon_core.formula.values import ExcelError, Values

FUNCTIONS = Group("references")


@FUNCTIONS.special("INDIRECT(address:T, [a1:B=TRUE])", "The cells at an address that is written as text.")
def indirect(working: Working, call: Call) -> Values:
    address = working.single(call.args[0])
    text = address.scalar()
    if not isinstance(text, str):
        return Values.one(text if isinstance(text, ExcelError) else ExcelError.REF)
    try:
        tree = parse(text)
    except FormulaError:
        return Values.one(ExcelError.REF)
    return working.value(tree) if isinstance(tree, CellRef) else Values.one(ExcelError.REF)


@FUNCTIONS.special(
    "OFFSET(from:G, rows:N, columns:N, [height:N], [width:N])", "The cells that lie so many rows and columns away."
)
def offset(working: Working, call: Call) -> Values:
    start = working.value(call.args[0])
    if start.origin is None:
        return Values.one(ExcelError.VALUE)
    own = start.shape if start.is_grid else (1, 1)
    given: list[int] = []
    for at, default in ((1, 0), (2, 0), (3, own[0]), (4, own[1])):
        if at >= len(call.args) or isinstance(call.args[at], Missing):
            given.append(default)
            continue
        num, errors = excel.numbers(working.single(call.args[at]))
        if errors is not None and errors.any():
            return Values.one(ExcelError.VALUE)
        given.append(int(num.flat[0]))
    top, left = start.origin[0] + given[0], start.origin[1] + given[1]
    bottom, right = top + given[2] - 1, left + given[3] - 1
    if min(top, left) < 1 or bottom > MAX_ROW or right > MAX_COLUMN or min(given[2:]) < 1:
        return Values.one(ExcelError.REF)
    return working.value(CellRef("", top, left, bottom, right))
