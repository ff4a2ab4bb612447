"""Excel values in bulk: a column of rows, or a grid of a range, with a tag for each value.

A one-dimensional `Values` runs along the rows of the formula (length 1: the same for every row); a
two-dimensional one is a whole range or array. Numbers stand in `num`; texts as codes into a list of words, so
that work on texts is done once for each distinct one. Arrays are never changed once made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, IntEnum
from functools import reduce
from typing import Any, Self, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Tags = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


class Tag(IntEnum):
    """What a value is. The order is Excel's sort order of types, blanks and errors apart."""

    NUMBER = 0
    TEXT = 1
    BOOL = 2
    ERROR = 3
    BLANK = 4


class ExcelError(Enum):
    """An error value. `code` is what ERROR.TYPE answers."""

    NULL = "#NULL!"
    DIV0 = "#DIV/0!"
    VALUE = "#VALUE!"
    REF = "#REF!"
    NAME = "#NAME?"
    NUM = "#NUM!"
    NA = "#N/A"
    GETTING_DATA = "#GETTING_DATA"
    SPILL = "#SPILL!"
    CONNECT = "#CONNECT!"
    BLOCKED = "#BLOCKED!"
    UNKNOWN = "#UNKNOWN!"
    FIELD = "#FIELD!"
    CALC = "#CALC!"

    @property
    def code(self) -> int:
        """1 for #NULL! ... 7 for #N/A."""
        return _CODES[self]


_CODES = {error: number for number, error in enumerate(ExcelError, 1)}
BY_CODE = {number: error for error, number in _CODES.items()}
ERRORS: dict[str, ExcelError] = {error.value: error for error in ExcelError}

MAX_LIST = 2**23  # values of a list worked out: a million rows of eight columns
Made = TypeVar("Made")
Scalar = float | str | bool | ExcelError | None  # None is an empty cell


class Grid2D(Exception):  # noqa: N818 - asks for another way of working, no error
    """A list met the rows of a column: the enclosing function must be worked out row by row."""


class TooLarge(Exception):  # noqa: N818 - reads as what it says
    """A list that no column needs; the formula is refused."""


class Values:
    """Values of one shape. `is_ref`: they stand in cells, where SUM and AND leave texts alone."""

    __slots__ = ("_cache", "codes", "is_ref", "num", "origin", "shape", "tag", "words")

    def __init__(
        self, shape: tuple[int, ...], tag: Tag | Tags, num: Floats | None = None, codes: Codes | None = None,
        words: Sequence[str] = (), *, is_ref: bool = False,
    ) -> None:  # fmt: skip
        self.shape, self.tag, self.num, self.codes, self.words = shape, tag, num, codes, words
        self.is_ref = is_ref
        self.origin: tuple[int, int] | None = None  # one-based row and column of a range's first cell
        self._cache: dict[str, object] = {}

    @classmethod
    def one(cls, value: Scalar) -> Self:
        """A single value."""
        if isinstance(value, str):
            return cls((1,), Tag.TEXT, None, np.zeros(1, np.int64), (value,))
        tag, number = _tagged(value)
        return cls((1,), tag, np.array([number]))

    @classmethod
    def numbers(cls, num: Floats) -> Self:
        """Numbers that are known to be finite."""
        return cls(num.shape, Tag.NUMBER, num)

    @classmethod
    def bools(cls, mask: Mask) -> Self:
        """TRUE where the mask holds."""
        return cls(mask.shape, Tag.BOOL, mask.astype(np.float64))

    @classmethod
    def texts(cls, codes: Codes, words: Sequence[str]) -> Self:
        """Texts: for each value the place of its word."""
        return cls(codes.shape, Tag.TEXT, None, codes, words)

    @classmethod
    def of(cls, values: Iterable[Scalar], shape: tuple[int, ...] | None = None) -> Self:
        """Python values, in order. NaN and infinity are #NUM!."""
        items = list(values)
        tags = np.empty(len(items), np.uint8)
        num = np.zeros(len(items))
        codes = np.zeros(len(items), np.int64)
        known: dict[str, int] = {}
        for at, value in enumerate(items):
            if isinstance(value, str):
                tags[at] = Tag.TEXT
                codes[at] = known.setdefault(value, len(known))
            else:
                tags[at], num[at] = _tagged(value)
        shape = shape or (len(items),)
        return cls(
            shape,
            *_packed(tags.reshape(shape)),
            num.reshape(shape),
            codes.reshape(shape) if known else None,
            tuple(known),
        )

    @property
    def size(self) -> int:
        """How many values."""
        return int(np.prod(self.shape)) if len(self.shape) != 1 else self.shape[0]

    @property
    def is_grid(self) -> bool:
        """A range or array, not a column of rows."""
        return len(self.shape) == 2

    @property
    def is_one(self) -> bool:
        """One value only, whatever its shape."""
        return self.size == 1

    def tags(self) -> Tags:
        """The tag of each value."""
        if isinstance(self.tag, Tag):
            return np.full(self.shape, self.tag, np.uint8)
        return self.tag

    def is_a(self, tag: Tag) -> bool:
        """Whether all values have this tag."""
        return self.tag is tag

    def where(self, tag: Tag) -> Mask:
        """True where a value has this tag."""
        if isinstance(self.tag, Tag):
            return np.full(self.shape, self.tag is tag)
        mask: Mask = self.tag == tag
        return mask

    def has(self, tag: Tag) -> bool:
        """Whether any value has this tag."""
        return self.tag is tag if isinstance(self.tag, Tag) else bool((self.tag == tag).any())

    def num_of(self) -> Floats:
        """`num`, zeros where there is none."""
        return np.zeros(self.shape) if self.num is None else self.num

    def codes_of(self) -> Codes:
        """`codes`, zeros where there is none."""
        return np.zeros(self.shape, np.int64) if self.codes is None else self.codes

    def scalar(self) -> Scalar:
        """The value of a single one; of more, the first."""
        tag = self.tag if isinstance(self.tag, Tag) else Tag(int(self.tag.flat[0]))
        if tag is Tag.TEXT:
            return self.words[int(self.codes_of().flat[0])]
        return _scalar(tag, float(self.num_of().flat[0]))

    def items(self) -> list[Scalar]:
        """All values as Python values, row after row."""
        num: list[float] = self.num_of().ravel().tolist()
        words = self.words
        if self.tag is Tag.NUMBER:
            return list(num)
        if self.tag is Tag.TEXT:
            return [words[code] for code in self.codes_of().ravel().tolist()]
        codes = self.codes_of().ravel().tolist()
        return [
            words[code] if tag == Tag.TEXT else _scalar(Tag(tag), number)
            for tag, number, code in zip(self.tags().ravel().tolist(), num, codes, strict=True)
        ]

    def cached(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` gives, worked out once for these values (indexes of a lookup column)."""
        if name not in self._cache:
            self._cache[name] = make()
        return cast(Made, self._cache[name])

    def _like(self, pick: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], shape: tuple[int, ...]) -> Values:
        tag = self.tag if isinstance(self.tag, Tag) else pick(self.tag)
        num = None if self.num is None else pick(self.num)
        codes = None if self.codes is None else pick(self.codes)
        return Values(shape, tag, num, codes, self.words, is_ref=self.is_ref)

    def take(self, at: npt.NDArray[np.intp]) -> Values:
        """The values at flat positions, in the shape of `at`."""
        return self._like(lambda one: one.reshape(-1)[at], at.shape)

    def reshape(self, shape: tuple[int, ...]) -> Values:
        """The same values in another shape of the same size."""
        return self if shape == self.shape else self._like(lambda one: one.reshape(shape), shape)

    def flat(self) -> Values:
        """As one row of values."""
        return self.reshape((self.size,))

    def spread(self, shape: tuple[int, ...]) -> Values:
        """Broadcast to a shape; what lies outside the smaller of two grids is #N/A, as in Excel."""
        if self.shape == shape:
            return self
        if self.size == 1:
            return self._like(lambda one: np.broadcast_to(one.reshape(-1)[:1].reshape((1,) * len(shape)), shape), shape)
        if len(self.shape) != len(shape):
            raise Grid2D
        if all(own in (1, wanted) for own, wanted in zip(self.shape, shape, strict=True)):
            return self._like(lambda one: np.broadcast_to(one, shape), shape)
        return self._padded(shape)

    def _padded(self, shape: tuple[int, ...]) -> Values:
        at = np.full(shape, -1, np.int64)
        numbered = np.arange(self.size).reshape(self.shape)
        grown = np.broadcast_to(numbered, tuple(w if o == 1 else o for o, w in zip(self.shape, shape, strict=True)))
        inside = tuple(slice(0, min(o, w)) for o, w in zip(grown.shape, shape, strict=True))
        at[inside] = grown[inside]
        return pick(at >= 0, self.take(np.maximum(at, 0)), Values.one(ExcelError.NA))

    def columns(self, first: int, last: int) -> Values:
        """Columns of a grid, zero-based, last included; made once, so that its index is made once."""
        shape = (self.shape[0], last - first + 1)
        return self.cached(
            f"columns {first} {last}",
            lambda: self._like(lambda one: np.ascontiguousarray(one[:, first : last + 1]), shape),
        )

    def as_ref(self) -> Values:
        """The same values, standing in cells."""
        made = self._like(lambda one: one, self.shape)
        made.is_ref, made.origin, made._cache = True, self.origin, self._cache  # noqa: SLF001 - another of its own kind
        return made

    def not_ref(self) -> Values:
        """The same values, worked out."""
        if not self.is_ref:
            return self
        made = self._like(lambda one: one, self.shape)
        made.is_ref = False
        return made

    def __repr__(self) -> str:
        return f"Values({self.items()[:6]}{'...' if self.size > 6 else ''}, shape={self.shape})"


def _tagged(value: Scalar) -> tuple[Tag, float]:
    if value is None:
        return Tag.BLANK, 0.0
    if isinstance(value, bool | np.bool_):
        return Tag.BOOL, float(value)
    if isinstance(value, ExcelError):
        return Tag.ERROR, float(value.code)
    number = float(value)
    if number - number != 0.0:  # infinity or NaN
        return Tag.ERROR, float(ExcelError.NUM.code)
    return Tag.NUMBER, number


def _scalar(tag: Tag, number: float) -> Scalar:
    if tag is Tag.NUMBER:
        return number
    if tag is Tag.BOOL:
        return number != 0
    return None if tag is Tag.BLANK else BY_CODE[int(number)]


def _packed(tags: Tags) -> tuple[Tag | Tags]:
    """One tag where all are equal."""
    if tags.size and (tags == tags.flat[0]).all():
        return (Tag(int(tags.flat[0])),)
    return (tags,)


def tagged(shape: tuple[int, ...], tags: Tags, num: Floats | None, codes: Codes | None, words: Sequence[str]) -> Values:
    """Values of mixed kinds; a uniform tag is found out."""
    return Values(shape, *_packed(tags), num, codes, words)


def flagged(mask: Mask, error: ExcelError) -> Tags:
    """The code of an error where the mask holds, 0 elsewhere."""
    return np.where(mask, error.code, 0).astype(np.uint8)


def with_errors(values: Values, errors: Tags | None) -> Values:
    """`values` with an error wherever `errors` holds a code above 0."""
    if errors is None or not errors.any():
        return values
    shape = shape_of((values, Values(errors.shape, Tag.ERROR)))
    values, errors = values.spread(shape), spread_errors(errors, shape)
    bad = errors > 0
    tags = np.where(bad, np.uint8(Tag.ERROR), values.tags()).astype(np.uint8)
    return tagged(shape, tags, np.where(bad, errors, values.num_of()), values.codes, values.words)


def spread_errors(errors: Tags, shape: tuple[int, ...]) -> Tags:
    """Error codes broadcast to a shape as `Values.spread` does."""
    return Values.numbers(errors.astype(np.float64)).spread(shape).num_of().astype(np.uint8)


def shape_of(values: Iterable[Values]) -> tuple[int, ...]:
    """The common shape of values that work together. Raises Grid2D where rows meet a list, TooLarge for a huge grid."""
    return reduce(_common, (one.shape for one in values), (1,))


def _common(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    if right in (left, (1,)):
        return left
    if left == (1,):
        return right
    if len(left) != len(right):
        grid, rows = (left, right) if len(left) == 2 else (right, left)
        if grid == (1, 1):
            return rows
        raise Grid2D
    return within(tuple(max(a, b) for a, b in zip(left, right, strict=True)))


def within(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a grid about to be made. Raises TooLarge."""
    if len(shape) == 2 and shape[0] * shape[1] > MAX_LIST:
        raise TooLarge
    return shape


def joined_words(parts: Sequence[Values]) -> tuple[list[Codes], Sequence[str]]:
    """Codes of several values over one list of words."""
    if len({id(part.words) for part in parts}) == 1:
        return [part.codes_of() for part in parts], parts[0].words
    words: list[str] = []
    codes = []
    for part in parts:
        codes.append(part.codes_of() + len(words) if part.codes is not None and part.words else part.codes_of())
        words.extend(part.words)
    return codes, words


def pick(mask: Mask, yes: Values, no: Values) -> Values:
    """`yes` where the mask holds, else `no`; all of one shape after broadcasting."""
    shape = shape_of((yes, no, Values(mask.shape, Tag.BOOL)))
    if mask.shape != shape:
        condition = Values.bools(mask).spread(shape)
        mask = condition.num_of() != 0
        if condition.has(Tag.ERROR):  # a list of conditions smaller than what they choose from
            outside = flagged(condition.where(Tag.ERROR), ExcelError.NA)
            return with_errors(pick(mask, yes, no), outside)
    if mask.all():
        return yes.spread(shape)
    if not mask.any():
        return no.spread(shape)
    yes, no = yes.spread(shape), no.spread(shape)
    (yes_codes, no_codes), words = joined_words((yes, no))
    num = np.where(mask, yes.num_of(), no.num_of()) if yes.num is not None or no.num is not None else None
    codes = np.where(mask, yes_codes, no_codes) if words else None
    if isinstance(yes.tag, Tag) and yes.tag is no.tag:
        return Values(shape, yes.tag, num, codes, words)
    return tagged(shape, np.where(mask, yes.tags(), no.tags()).astype(np.uint8), num, codes, words)


def distinct(parts: Sequence[Values]) -> tuple[list[list[Scalar]], npt.NDArray[np.intp]]:
    """The distinct tuples of values at equal positions, and for each position the number of its tuple."""
    size = parts[0].size
    if any(part.is_a(Tag.TEXT) and 2 * len(part.words) > size for part in parts):  # hardly any two are equal
        return [part.flat().items() for part in parts], np.arange(size)
    keys = [_numbered(part) for part in parts]
    combined, count = keys[0]
    for codes, size in keys[1:]:
        if count * max(size, 1) > 2**62:
            combined = pd.factorize(combined)[0]
            count = int(combined.max(initial=0)) + 1
        combined, count = combined * size + codes, count * size
    inverse, _ = pd.factorize(combined)
    firsts = np.full(int(inverse.max(initial=-1)) + 1, -1, np.int64)
    firsts[inverse[::-1]] = np.arange(len(inverse) - 1, -1, -1)
    tuples = [part.take(firsts).items() for part in (part.flat() for part in parts)]
    return tuples, inverse


def _numbered(part: Values) -> tuple[Codes, int]:
    """A code for each value, equal for equal ones (two equal words may have two codes), and a bound of the codes."""
    flat = part.flat()
    if flat.tag is Tag.TEXT:
        return flat.codes_of(), max(len(flat.words), 1)
    codes, uniques = pd.factorize(flat.num_of())
    numbers = len(uniques)
    if isinstance(flat.tag, Tag):
        return codes.astype(np.int64), max(numbers, 1)
    width = max(numbers, len(flat.words), 1)
    tags = flat.tags().astype(np.int64)
    inner = np.where(tags == Tag.TEXT, flat.codes_of(), codes)
    return tags * width + inner, 5 * width
