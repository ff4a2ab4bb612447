"""TEXTBEFORE, TEXTAFTER and TEXTSPLIT: a text cut at delimiters, of which there may be several."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from recon_core.formula import excel
from recon_core.formula.functions.spec import CALC, VALUE, Fault, Group
from recon_core.formula.values import ExcelError, Scalar, Tag, Values

FUNCTIONS = Group("splitting")
MAX_DELIMITERS = 256
MAX_CELLS = 4_000_000  # of one answer
_PARAMS = '(text:T, delimiter:G, [instance:N==""], [match_mode:N=0], [match_end:N=0], [if_not_found:G])'


@FUNCTIONS.scalar(
    "TEXTBEFORE" + _PARAMS, "What stands before a delimiter: the first, the nth, or counted from the end."
)
def textbefore(
    text: str, delimiter: Values, instance: float | str, mode: float, end: float, default: Values | None
) -> Scalar:
    span = _found(text, _delimiters(delimiter), instance, fold=_switch(mode), to_end=_switch(end))
    return text[: span[0]] if span else _missing(default)


@FUNCTIONS.scalar("TEXTAFTER" + _PARAMS, "What stands behind a delimiter: the first, the nth, or counted from the end.")
def textafter(
    text: str, delimiter: Values, instance: float | str, mode: float, end: float, default: Values | None
) -> Scalar:
    span = _found(text, _delimiters(delimiter), instance, fold=_switch(mode), to_end=_switch(end))
    return text[span[1] :] if span else _missing(default)


@FUNCTIONS.scalar(
    "TEXTSPLIT(text:T, columns:G, [rows:G], [ignore_empty:B=FALSE], [match_mode:N=0], [pad:V])",
    "A text cut at delimiters into columns, and at others into rows.",
)
def textsplit(text: str, columns: Values, rows: Values | None, ignore: bool, mode: float, pad: Scalar) -> str | Values:
    across, down = _cutter(columns, mode), _cutter(rows, mode)
    if not across and not down:
        raise VALUE
    lines = down.split(text) if down else [text]
    cells = [across.split(line) if across else [line] for line in lines]
    if ignore:
        cells = [kept for line in cells if (kept := [one for one in line if one])]
    if not cells:
        raise CALC
    width = max(map(len, cells))
    if width == len(cells) == 1:
        return cells[0][0]
    if width * len(cells) > MAX_CELLS:
        raise VALUE
    filler: Scalar = ExcelError.NA if pad is None else pad
    padded = [one for line in cells for one in (*line, *[filler] * (width - len(line)))]
    return Values.of(padded, (len(cells), width))


def _delimiters(values: Values) -> tuple[str, ...]:
    return values.cached("delimiters", lambda: _as_texts(values))


def _as_texts(values: Values) -> tuple[str, ...]:
    """The delimiters, the longest first, so that ", " is found before ","."""
    if values.size > MAX_DELIMITERS:
        raise VALUE
    items = values.items()
    for one in items:
        if isinstance(one, ExcelError):
            raise Fault(one)
    return tuple(sorted(map(excel.scalar_to_text, items), key=len, reverse=True))


def _switch(number: float) -> bool:
    """An argument that is 0 or 1."""
    if int(number) not in (0, 1):
        raise VALUE
    return int(number) == 1


def _missing(default: Values | None) -> Scalar:
    if default is None:
        return ExcelError.NA
    found = default.scalar()
    return "" if found is None else found


def _found(
    text: str, delimiters: tuple[str, ...], instance: float | str, *, fold: bool, to_end: bool
) -> tuple[int, int] | None:
    """Where the wanted delimiter stands; `to_end`: the end of the text counts as one more.

    A number that is asked for by name is judged by the length of the text, 1 left out is not: as Excel does.
    """
    wanted, size = 1 if isinstance(instance, str) else math.floor(instance), len(text)
    if not isinstance(instance, str) and (not 1 <= abs(wanted) <= size or len(delimiters[-1]) > size):
        raise VALUE
    backwards, count = wanted < 0, 0
    if len(delimiters) == 1 and abs(wanted) == 1 and not fold:  # the most frequent case by far
        at = text.rfind(delimiters[0]) if backwards else text.find(delimiters[0])
        if at >= 0:
            return at, at + len(delimiters[0])
    if not delimiters[-1]:  # an empty delimiter stands where the search begins
        return ((size, size) if backwards else (0, 0)) if abs(wanted) == 1 else None
    looked_at = (text[::-1] if backwards else text) if len(delimiters[-1]) <= size else ""
    for found in _pattern(delimiters, fold, backwards=backwards).finditer(looked_at) if looked_at else ():
        count += 1
        if count == abs(wanted):
            start, end = found.span()
            return (size - end, size - start) if backwards else (start, end)
    if to_end and count + 1 == abs(wanted):
        return (0, 0) if backwards else (size, size)
    return None


@lru_cache(maxsize=1024)
def _pattern(delimiters: tuple[str, ...], fold: bool, backwards: bool) -> re.Pattern[str]:
    """Any of the delimiters; plain texts side by side, which never make a search go back."""
    words = [word[::-1] if backwards else word for word in delimiters]
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE if fold else re.NOFLAG)


def _cutter(values: Values | None, mode: float) -> re.Pattern[str] | None:
    """What cuts a text; None where no delimiter is given."""
    fold = _switch(mode)
    if values is None or (values.is_a(Tag.BLANK) and not values.is_ref):
        return None
    delimiters = _delimiters(values)
    if "" in delimiters:
        raise VALUE
    return _pattern(delimiters, fold, backwards=False)
