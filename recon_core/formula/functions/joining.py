"""Functions that join texts: over columns once for each distinct row, over ranges row after row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import chain, cycle, repeat
from typing import NamedTuple

import numpy as np

from recon_core.formula import excel
from recon_core.formula.excel import MAX_TEXT
from recon_core.formula.functions.spec import VALUE, Context, Group
from recon_core.formula.values import (
    ExcelError,
    Scalar,
    Tag,
    Tags,
    Values,
    distinct,
    pick,
    shape_of,
    spread_errors,
    with_errors,
)

FUNCTIONS = Group("joining")
_NOTHING = Values.one("")
_CHARACTERS = 8  # of a text that is joined to every row: the work of one cell


class _Part(NamedTuple):
    """The texts of one argument: one for each distinct row, or all of them for every row."""

    texts: list[Scalar]
    varies: bool


@FUNCTIONS.whole("CONCAT(text:G, [text:G]...)", "Texts and ranges joined, with nothing between.")
def concat(context: Context, *texts: Values | None) -> Values:
    given = _given(texts)
    return with_errors(_joined(context, _NOTHING, given, ignore=False), _errors(given))


@FUNCTIONS.whole("CONCATENATE(text:T, [text:T]...)", "Texts joined, with nothing between.")
def concatenate(context: Context, *texts: Values | None) -> Values:
    given = _given(texts)
    if any(text.is_grid for text in given):  # a range is not joined but answered cell by cell
        return reduce(excel.concatenate, given, _NOTHING)
    return with_errors(_joined(context, _NOTHING, given, ignore=False), _errors(given))


@FUNCTIONS.whole(
    "TEXTJOIN(delimiter:G, ignore_empty:B==TRUE, text:G, [text:G]...)",
    "Texts and ranges joined with a delimiter between them.",
)
def textjoin(context: Context, delimiter: Values, ignore: Values | None, *texts: Values | None) -> Values:
    given = _given(texts)
    flag = Values.bools(np.ones(1, np.bool_)) if ignore is None else ignore
    mask, wrong = excel.truths(flag)
    if mask.all() or not mask.any():
        joined = _joined(context, delimiter, given, ignore=bool(mask.all()))
    else:
        without, with_empty = (_joined(context, delimiter, given, ignore=way) for way in (True, False))
        joined = pick(mask, without, with_empty)
    shape_of([joined, flag])  # a list of flags does not fit to rows
    return with_errors(joined, _first([_errors([delimiter]), wrong, _errors(given)]))


def _given(texts: Iterable[Values | None]) -> list[Values]:
    return [text for text in texts if text is not None]


def _errors(values: Sequence[Values]) -> Tags | None:
    """The first error at each row; one in a range is an error of all rows."""
    found: list[Tags | None] = []
    for one in values:
        errors = excel.errors_of(one)
        found.append(errors if errors is None or not one.is_grid else errors[errors > 0][:1])
    return _first(found)


def _first(errors: Sequence[Tags | None]) -> Tags | None:
    shape = shape_of([Values(one.shape, Tag.ERROR) for one in errors if one is not None])
    return excel.first_errors(*(None if one is None else spread_errors(one, shape) for one in errors))


def _joined(context: Context, delimiter: Values, values: Sequence[Values], *, ignore: bool) -> Values:
    """The texts of each row joined; what varies is worked out once for each distinct row."""
    parts = [_as_texts(one) for one in (delimiter, *values)]
    varying = [one for one in parts if _varies(one)]
    shape = shape_of(varying)
    tuples, inverse = distinct([one.spread(shape) for one in varying or [_NOTHING]])
    columns, count = iter(tuples), len(tuples[0])
    marks, *texts = [_Part(next(columns) if _varies(one) else one.items(), _varies(one)) for one in parts]
    fixed = sum(len(str(text)) for part in texts if not part.varies for text in part.texts)
    if fixed > MAX_TEXT:
        return Values.one(ExcelError.VALUE)
    context.spend(count * (fixed // _CHARACTERS))
    context.hold(_characters(marks, texts, count, ignore=ignore))
    if marks.varies or len(marks.texts) > 1:
        words = _by_marks(context, marks, texts, count, ignore=ignore)
    else:
        words = _by_mark(str(marks.texts[0]), texts, count, ignore=ignore)
    return excel.bounded(Values.texts(inverse.astype(np.int64), words))


def _characters(marks: _Part, texts: Sequence[_Part], count: int, *, ignore: bool) -> int:
    """At most so many characters come of it: a row that is too long is joined before it is #VALUE!."""
    longest = max((len(str(mark)) for mark in marks.texts), default=0)
    fixed = [str(text) for part in texts if not part.varies for text in part.texts if text or not ignore]
    varying = [part.texts for part in texts if part.varies]
    pieces = count * (len(fixed) + len(varying))
    return pieces * longest + count * sum(map(len, fixed)) + sum(len(str(text)) for part in varying for text in part)


def _as_texts(values: Values) -> Values:
    codes, words, _ = excel.texts(values)
    return Values.texts(codes, words)


def _varies(values: Values) -> bool:
    return not values.is_grid and not values.is_one


def _by_mark(mark: str, texts: Sequence[_Part], count: int, *, ignore: bool) -> list[str]:
    """Rows joined with one delimiter: what is the same for all rows is joined beforehand."""
    pieces: list[Iterable[str]] = []
    for part in texts:
        kept = [str(one) for one in part.texts if one or part.varies or not ignore]
        if part.varies:
            pieces.append(kept)
        elif kept:
            pieces.append(repeat(mark.join(kept), count))
    if not pieces:
        return [""] * count
    rows = zip(*pieces, strict=True)
    return [mark.join(filter(None, row)) for row in rows] if ignore else [mark.join(row) for row in rows]


def _by_marks(context: Context, marks: _Part, texts: Sequence[_Part], count: int, *, ignore: bool) -> list[str]:
    """Rows joined with several delimiters in turn, or with one that differs from row to row."""
    context.spend(count * sum(1 if part.varies else len(part.texts) for part in texts))
    words = []
    for row in range(count):
        found = chain.from_iterable(part.texts[row : row + 1] if part.varies else part.texts for part in texts)
        pieces = [str(one) for one in found if one or not ignore]
        between = cycle(marks.texts[row : row + 1] if marks.varies else marks.texts)
        linked = chain.from_iterable(zip(map(str, between), pieces[1:], strict=False))
        words.append("".join([*pieces[:1], *linked]))
    return words


@FUNCTIONS.scalar(
    "ARRAYTOTEXT(array:G, [format:N=0])", "A range as one text: with format 1 as it would be typed into a formula."
)
def arraytotext(array: Values, style: float) -> str:
    if int(style) not in (0, 1) or array.size > MAX_TEXT:
        raise VALUE
    shown = [_as_text(one, int(style)) for one in array.items()]
    if int(style) == 0:
        return ", ".join(shown)
    width = array.shape[-1]
    return "{" + ";".join(",".join(shown[at : at + width]) for at in range(0, len(shown), width)) + "}"


@FUNCTIONS.scalar(
    "VALUETOTEXT(value:V, [format:N=0])", "A value as text, errors too: with format 1 texts stand in quotes."
)
def valuetotext(value: Scalar, style: float) -> str:
    if int(style) not in (0, 1):
        raise VALUE
    return _as_text(value, int(style))


def _as_text(value: Scalar, style: int) -> str:
    """A value as a text: 0 as a cell shows it, 1 as it would be typed."""
    if style and isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return excel.scalar_to_text(value)
