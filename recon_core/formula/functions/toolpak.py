"""Numbers as the functions of Excel's old Analysis ToolPak take them: EDATE, EOMONTH, WEEKNUM, YEARFRAC, NETWORKDAYS ...

They are stricter than others: TRUE and FALSE are #VALUE!, and so is a range of several cells in the place of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.spec import Context
from recon_core.formula.values import ExcelError, Floats, Tag, Tags, Values, flagged, shape_of, spread_errors


def strict(context: Context, args: Sequence[Values | float]) -> tuple[list[Floats], Tags | None]:
    """Arguments as numbers of one shape, 0 where there is none, and the errors. A float is an argument not given."""
    shape = shape_of([arg for arg in args if isinstance(arg, Values)])
    numbers: list[Floats] = []
    errors: Tags | None = None
    for arg in args:
        if isinstance(arg, Values):
            num, wrong = one_strict(context, arg)
            numbers.append(Values.numbers(num).spread(shape).num_of())
            errors = excel.first_errors(errors, None if wrong is None else spread_errors(wrong, shape))
        else:
            numbers.append(np.full(shape, arg))
    return numbers, errors


def one_strict(context: Context, arg: Values) -> tuple[Floats, Tags | None]:
    """A single argument as numbers, and its errors."""
    if arg.is_ref and arg.is_grid and not arg.is_one:
        arg = Values.one(ExcelError.VALUE)
    num, errors = excel.numbers(arg, context.day_first)
    if arg.has(Tag.BOOL):
        errors = excel.first_errors(errors, flagged(arg.where(Tag.BOOL), ExcelError.VALUE))
    return num, errors
