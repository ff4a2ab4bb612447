"""Numbers gathered from the arguments of functions such as SUM, MEDIAN or LARGE.

Each argument brings a `Part` of one line for all rows, or of one line a row. A value given directly is read as
a number ("5" counts, "x" is #VALUE!); one that stands in a cell or an array counts only when it is a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recon_core.formula import excel
from recon_core.formula.functions.spec import Context
from recon_core.formula.values import Floats, Grid2D, Mask, Tag, Tags, Values, with_errors


class Part(NamedTuple):
    """What one argument brings: lines x cells. `num` is 0 where nothing counts; one error code a line, 0 for none."""

    num: Floats
    counts: Mask
    errors: Tags | None

    @property
    def is_list(self) -> bool:
        """Several cells that are the same for every row."""
        height, width = self.num.shape
        return bool(height == 1 and width > 1)


def seen(num: Floats) -> Floats:
    """Numbers with the fifteen digits that are seen; whole numbers beyond that stay."""
    return np.where(np.abs(num) < 1e15, excel.fifteen_digits(num), num)


def is_listed(arg: Values) -> bool:
    """Whether values stand in cells or an array, where texts and booleans are left alone."""
    return arg.is_ref or arg.is_grid


def lines(shape: tuple[int, ...]) -> tuple[int, int]:
    """Lines and cells of an argument: one line for a range, a line for each row of a column."""
    return (1, int(np.prod(shape))) if len(shape) == 2 else (shape[0], 1)


def first_in_line(codes: Tags | None, shape: tuple[int, ...]) -> Tags | None:
    """The first error of each line."""
    if codes is None or not codes.any():
        return None
    table = codes.reshape(lines(shape))
    first: Tags = table[np.arange(len(table)), (table > 0).argmax(axis=1)]
    return first


def part(arg: Values, context: Context, *, every: bool = False) -> Part:
    """What an argument brings. `every`: booleans in cells count too, and texts as 0, as in AVERAGEA."""
    if not is_listed(arg):
        num, errors = excel.numbers(arg, context.day_first)
        counts = np.ones(arg.shape, np.bool_) if errors is None else errors == 0
    else:
        errors = excel.errors_of(arg)
        counts = arg.where(Tag.NUMBER)
        num = arg.num_of() if arg.is_a(Tag.NUMBER) else np.where(counts, arg.num_of(), 0.0)
        if every:
            num = np.where(arg.where(Tag.BOOL), arg.num_of(), num)
            counts = ~(arg.where(Tag.BLANK) | arg.where(Tag.ERROR))
    shape = lines(arg.shape)
    return Part(num.reshape(shape), counts.reshape(shape), first_in_line(errors, arg.shape))


def parts(args: Sequence[Values | None], context: Context, *, every: bool = False) -> tuple[list[Part], Tags | None]:
    """What all arguments bring, and the first error of each row."""
    found = [part(arg, context, every=every) for arg in args if arg is not None]
    context.spend(sum(one.num.size for one in found))
    return found, excel.first_errors(*(one.errors for one in found))


def sample(args: Sequence[Values | None], context: Context) -> Part:
    """All arguments side by side. Raises Grid2D where a list meets rows that vary."""
    found, errors = parts(args, context)
    rows = max(len(one.num) for one in found)
    if rows > 1 and any(one.is_list for one in found):
        raise Grid2D
    num = np.concatenate([np.broadcast_to(one.num, (rows, one.num.shape[1])) for one in found], axis=1)
    counts = np.concatenate([np.broadcast_to(one.counts, (rows, one.counts.shape[1])) for one in found], axis=1)
    return Part(num, counts, errors)


def answer(num: Floats, *errors: Tags | None) -> Values:
    """Numbers worked out, with the first error of each place."""
    shape = np.broadcast_shapes(num.shape, *(one.shape for one in errors if one is not None))
    return excel.made(np.broadcast_to(num, shape), excel.first_errors(*errors))


def without_errors(arg: Values) -> Values:
    """The values with blanks in place of errors."""
    if not arg.has(Tag.ERROR):
        return arg
    tags = np.where(arg.where(Tag.ERROR), np.uint8(Tag.BLANK), arg.tags())
    return Values(arg.shape, tags, arg.num, arg.codes, arg.words, is_ref=arg.is_ref)


def bools(mask: Mask, errors: Tags | None = None) -> Values:
    """Booleans with their errors."""
    return with_errors(Values.bools(mask), errors)
