"""SUMIFS, COUNTIFS and their family over whole columns.

Criteria that are the same for every row narrow the range first. Plain equalities are answered for all rows at once
from group sums; what is left (inequalities and wildcards that vary by row) works inside the group of its equalities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.formula import excel
from recon_core.formula.functions.matching import Coded, Criterion, coded, criterion, fits, single_code
from recon_core.formula.functions.spec import Context, Group
from recon_core.formula.values import (
    Codes,
    ExcelError,
    Floats,
    Grid2D,
    Mask,
    Tag,
    Tags,
    Values,
    distinct,
    flagged,
    pick,
    shape_of,
    with_errors,
)

FUNCTIONS = Group("criteria")
Places = npt.NDArray[np.int64]
MOST_MASKS = 10_000  # of different tests kept at a time


@dataclass(frozen=True, slots=True)
class Range:
    """The cells that are added up: `counts` where they are numbers, error codes where they are errors."""

    number: Floats
    counts: Mask
    error: Tags | None

    @classmethod
    def of(cls, values: Values) -> Range:
        """The numbers of a range."""
        flat = values.flat()
        counts = flat.where(Tag.NUMBER)
        return cls(np.where(counts, flat.num_of(), 0.0), counts, excel.errors_of(flat))


@dataclass(frozen=True, slots=True)
class Sums:
    """What groups of cells come to: rows matched, numbers among them, their sum, smallest, largest, first error."""

    rows: Floats
    count: Floats
    sum: Floats
    least: Floats
    most: Floats
    error: Tags

    @classmethod
    def empty(cls, size: int) -> Sums:
        """Nothing in `size` groups."""
        zero = np.zeros(size)
        return cls(
            zero, zero.copy(), zero.copy(), np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size, np.uint8)
        )

    def put(self, at: Places, other: Sums, take: Places) -> None:
        """Fill groups `at` from groups `take` of another."""
        for name in ("rows", "count", "sum", "least", "most", "error"):
            getattr(self, name)[at] = getattr(other, name)[take]


def add_up(cells: Range, group: Codes, groups: int, rows: Places) -> Sums:
    """Add up the cells at `rows` by group."""
    found = Sums.empty(groups)
    counts = cells.counts[rows]
    numbers, own = cells.number[rows][counts], group[counts]
    found.rows[:] = np.bincount(group, minlength=groups)
    found.count[:] = np.bincount(own, minlength=groups)
    found.sum[:] = np.bincount(own, numbers, minlength=groups)
    np.minimum.at(found.least, own, numbers)
    np.maximum.at(found.most, own, numbers)
    if cells.error is not None:
        errors = cells.error[rows]
        bad = np.flatnonzero(errors)[::-1]  # the first error of a group is written last
        found.error[group[bad]] = errors[bad]
    return found


Answer = Callable[[Sums], tuple[Floats, Tags | None]]


def _sum(sums: Sums) -> tuple[Floats, Tags | None]:
    return sums.sum, sums.error


def _count(sums: Sums) -> tuple[Floats, Tags | None]:
    return sums.rows, None


def _average(sums: Sums) -> tuple[Floats, Tags | None]:
    none = flagged(sums.count == 0, ExcelError.DIV0)
    return sums.sum / np.maximum(sums.count, 1), excel.first_errors(sums.error, none)


def _least(sums: Sums) -> tuple[Floats, Tags | None]:
    return np.where(sums.count > 0, sums.least, 0.0), sums.error


def _most(sums: Sums) -> tuple[Floats, Tags | None]:
    return np.where(sums.count > 0, sums.most, 0.0), sums.error


def by_criteria(context: Context, added: Values | None, pairs: Sequence[Values], answer: Answer) -> Values:
    """The answer for each row: `pairs` are ranges and criteria in turn."""
    ranges, asked = list(pairs[::2]), list(pairs[1::2])
    if any(not one.is_grid and not one.is_one for one in ranges) or (
        added is not None and not added.is_grid and not added.is_one
    ):
        raise Grid2D
    sized = [*ranges, added] if added is not None else ranges
    if len({one.shape if one.is_grid else (1, 1) for one in sized}) > 1:
        return Values.one(ExcelError.VALUE)
    cells = Range.of(added if added is not None else Values.numbers(np.zeros(ranges[0].size)))
    number = [coded(one, context.day_first) for one in ranges]
    context.merged.update(one.long for one in number if one.long)
    shape = shape_of(asked)
    constant = [at for at, one in enumerate(asked) if one.is_one]
    varying = [at for at, one in enumerate(asked) if not one.is_one]
    rows = _narrowed(context, number, asked, constant, cells.number.size)
    if not varying:
        sums = add_up(cells, np.zeros(len(rows), np.int64), 1, rows)
        return _answered(answer, sums, np.zeros(shape, np.int64))
    tuples, inverse = distinct([asked[at].spread(shape) for at in varying])
    tests = [[criterion(value, context.day_first) for value in column] for column in tuples]
    ranged = [number[at] for at in varying]
    codes = np.array([[_code(test, one) for test in column] for one, column in zip(ranged, tests, strict=True)])
    sums = Asked(context, cells, ranged, tests, rows, codes).sums()
    return _answered(answer, sums, inverse.reshape(shape))


def _answered(answer: Answer, sums: Sums, at: Places) -> Values:
    num, errors = answer(sums)
    return with_errors(excel.made(num[at]), None if errors is None else errors[at])


def _narrowed(
    context: Context, number: Sequence[Coded], asked: Sequence[Values], constant: Sequence[int], size: int
) -> Places:
    """Rows of the range that meet every criterion that is the same for all rows."""
    mask = np.ones(size, np.bool_)
    for at in constant:
        mask &= fits(criterion(asked[at].scalar(), context.day_first), number[at])[number[at].code]
    context.spend(size)
    return np.flatnonzero(mask)


_MANY = -2


def _code(test: Criterion, cells: Coded) -> int:
    code = single_code(test, cells)
    return _MANY if code is None else code


def _combined(number: Sequence[Coded], codes: Codes, rows: Places) -> tuple[Codes, Codes]:
    """One code for each row over several ranges, and for each tuple; a tuple that no cell has is -1."""
    row_code, tuple_code = np.zeros(len(rows), np.int64), np.zeros(codes.shape[1], np.int64)
    missing = (codes < 0).any(axis=0)
    for one, wanted in zip(number, codes, strict=True):
        width = len(one.place) + 1
        joined = np.concatenate(
            [row_code * width + one.equal[one.code[rows]], tuple_code * width + np.maximum(wanted, 0)]
        )
        numbered, _ = pd.factorize(joined)
        row_code, tuple_code = numbered[: len(rows)].astype(np.int64), numbered[len(rows) :].astype(np.int64)
    return row_code, np.where(missing, -1, tuple_code)


@dataclass(frozen=True, slots=True)
class Asked:
    """Criteria that vary by row: ranges, tests[pair][tuple], the rows left of the range, and the code each test asks for."""

    context: Context
    cells: Range
    number: Sequence[Coded]
    tests: Sequence[Sequence[Criterion]]
    rows: Places
    codes: Codes  # by pair and tuple; _MANY where a mask is needed

    def sums(self) -> Sums:
        """Sums for each tuple of criteria."""
        found = Sums.empty(self.codes.shape[1])
        many = self.codes == _MANY
        plain = np.flatnonzero(~many.any(axis=0))
        if len(plain):
            self._by_equality(found, plain)
        for pattern in {tuple(column) for column in many.T.tolist() if any(column)}:
            self._by_group(found, np.flatnonzero(np.equal(many.T, pattern).all(axis=1)), pattern)
        return found

    def _by_equality(self, found: Sums, at: Places) -> None:
        row_code, tuple_code = _combined(self.number, self.codes[:, at], self.rows)
        groups = int(max(row_code.max(initial=-1), tuple_code.max(initial=-1))) + 1
        sums = add_up(self.cells, row_code, max(groups, 1), self.rows)
        known = tuple_code >= 0
        self.context.spend(len(self.rows) + len(at))
        found.put(at[known], sums, tuple_code[known])

    def _by_group(self, found: Sums, at: Places, pattern: tuple[bool, ...]) -> None:
        """Tuples whose criteria of `pattern` need a test of each cell: inside the group of their equalities."""
        plain = [place for place, many in enumerate(pattern) if not many]
        masked = [place for place, many in enumerate(pattern) if many]
        row_code, tuple_code = _combined([self.number[one] for one in plain], self.codes[plain][:, at], self.rows)
        order = np.argsort(row_code, kind="stable")
        edges = np.searchsorted(row_code[order], np.arange(int(row_code.max(initial=-1)) + 2))
        masks: dict[tuple[int, Criterion], Mask] = {}
        for one, code in zip(at.tolist(), tuple_code.tolist(), strict=True):
            if code < 0 or code + 1 >= len(edges):
                continue
            mine = self.rows[np.sort(order[edges[code] : edges[code + 1]])]
            for place in masked:
                mine = mine[self._mask(masks, place, self.tests[place][one])[self.number[place].code[mine]]]
            self.context.spend(len(mine) + 64)
            found.put(
                np.array([one]), add_up(self.cells, np.zeros(len(mine), np.int64), 1, mine), np.zeros(1, np.int64)
            )
            if len(masks) > MOST_MASKS:
                masks.clear()

    def _mask(self, masks: dict[tuple[int, Criterion], Mask], place: int, test: Criterion) -> Mask:
        """Which codes of a range a test fits, worked out once for each different test."""
        if (place, test) not in masks:
            masks[place, test] = fits(test, self.number[place])
            self.context.spend(len(self.number[place].keys))
        return masks[place, test]


@FUNCTIONS.whole("SUMIF(range:G, criterion:A, [sum:G])", "Adds up the cells whose neighbours meet a criterion.")
def sumif(context: Context, area: Values, asked: Values, added: Values | None = None) -> Values:
    return by_criteria(context, _fitted(added, area), [area, asked], _sum)


@FUNCTIONS.whole("COUNTIF(range:G, criterion:A)", "Counts the cells that meet a criterion.")
def countif(context: Context, area: Values, asked: Values) -> Values:
    return by_criteria(context, None, [area, asked], _count)


@FUNCTIONS.whole(
    "AVERAGEIF(range:G, criterion:A, [average:G])", "The average of the cells whose neighbours meet a criterion."
)
def averageif(context: Context, area: Values, asked: Values, added: Values | None = None) -> Values:
    return by_criteria(context, _fitted(added, area), [area, asked], _average)


def _fitted(added: Values | None, area: Values) -> Values:
    """The range added up, in the size of the range tested: Excel takes as many cells from its first one on."""
    if added is None or added.shape == area.shape or not added.is_grid or not area.is_grid:
        return area if added is None else added
    height, width = added.shape
    at = np.full(area.shape, -1, np.int64)
    numbered = np.arange(height * width).reshape(height, width)[: area.shape[0], : area.shape[1]]
    at[: numbered.shape[0], : numbered.shape[1]] = numbered
    return pick(at >= 0, added.flat().take(np.maximum(at, 0)), Values.one(None))


def _several(context: Context, added: Values | None, pairs: Sequence[Values | None], answer: Answer) -> Values:
    given = [one if one is not None else Values.one(None) for one in pairs]
    return Values.one(ExcelError.VALUE) if len(given) % 2 else by_criteria(context, added, given, answer)


@FUNCTIONS.whole(
    "SUMIFS(sum:G, range:G, criterion:A, [range:G, criterion:A]...)",
    "Adds up cells whose neighbours meet all criteria.",
)
def sumifs(context: Context, added: Values, *pairs: Values | None) -> Values:
    return _several(context, added, pairs, _sum)


@FUNCTIONS.whole("COUNTIFS(range:G, criterion:A, [range:G, criterion:A]...)", "Counts the rows that meet all criteria.")
def countifs(context: Context, *pairs: Values | None) -> Values:
    return _several(context, None, pairs, _count)


@FUNCTIONS.whole(
    "AVERAGEIFS(average:G, range:G, criterion:A, [range:G, criterion:A]...)",
    "The average of cells whose neighbours meet all criteria.",
)
def averageifs(context: Context, added: Values, *pairs: Values | None) -> Values:
    return _several(context, added, pairs, _average)


@FUNCTIONS.whole(
    "MINIFS(least:G, range:G, criterion:A, [range:G, criterion:A]...)",
    "The smallest of the cells whose neighbours meet all criteria.",
)
def minifs(context: Context, added: Values, *pairs: Values | None) -> Values:
    return _several(context, added, pairs, _least)


@FUNCTIONS.whole(
    "MAXIFS(most:G, range:G, criterion:A, [range:G, criterion:A]...)",
    "The largest of the cells whose neighbours meet all criteria.",
)
def maxifs(context: Context, added: Values, *pairs: Values | None) -> Values:
    return _several(context, added, pairs, _most)
