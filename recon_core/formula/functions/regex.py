"""REGEXTEST, REGEXEXTRACT and REGEXREPLACE by RE2, whose time grows with the text and never explodes.

Excel runs PCRE2. RE2 reads the same language but for what may explode: look-around, references back, atomic
groups and possessive repeats. Such a pattern is #VALUE!, as an invalid one is in Excel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from recon_core.formula.excel import MAX_TEXT
from recon_core.formula.functions.spec import VALUE, Group
from recon_core.formula.values import ExcelError, Values

FUNCTIONS = Group("regex")
MAX_MEMORY = 8 << 20  # bytes of one compiled pattern
MAX_PATTERN = 2_000  # characters, and
MAX_PROGRAM = 20_000  # steps it is compiled to: the time for a text is their product with its length at worst
Spans = Sequence[tuple[int, int]]  # of the match and its groups, in bytes; (-1, -1) for a group that took no part
_NONE = (-1, -1)
_TOKEN = re.compile(r"\$\$|\$(\w+)|\$\{(\w+)\}|\\([ULEul])|\\([^0-9A-Za-z])|([$\\])|([^$\\]+)")


@FUNCTIONS.scalar(
    "REGEXTEST(text:T, pattern:T, [case_sensitivity:N=0])",
    "TRUE where a pattern is found in a text; 1 leaves case aside.",
)
def regextest(text: str, pattern: str, case: float) -> bool:
    data = _bytes(text)
    spans: Spans = _compiled(pattern, case).Match(_unanchored(), data, 0, len(data))
    return spans[0] != _NONE


@FUNCTIONS.scalar(
    "REGEXEXTRACT(text:T, pattern:T, [return_mode:N=0], [case_sensitivity:N=0])",
    "What a pattern finds in a text: 0 the first match, 1 all matches, 2 the groups of the first.",
)
def regexextract(text: str, pattern: str, mode: float, case: float) -> str | ExcelError | Values:
    regex, data = _compiled(pattern, case), _bytes(text)
    if int(mode) not in (0, 1, 2):
        raise VALUE
    first: Spans = regex.Match(_unanchored(), data, 0, len(data))
    if first[0] == _NONE:
        return ExcelError.NA
    if int(mode) == 0:
        return _part(data, first[0])
    spans = [match[0] for match in _matches(regex, data)] if int(mode) == 1 else first[1:]
    if not spans:
        raise VALUE
    return Values.of([_part(data, span) for span in spans], (1, len(spans)))


@FUNCTIONS.scalar(
    "REGEXREPLACE(text:T, pattern:T, replacement:T, [occurrence:N=0], [case_sensitivity:N=0])",
    "A text with what a pattern finds replaced, everywhere or the nth time; $1 stands for the first group.",
)
def regexreplace(text: str, pattern: str, replacement: str, occurrence: float, case: float) -> str:
    regex, data = _compiled(pattern, case), _bytes(text)
    matches = list(_matches(regex, data))
    wanted = int(occurrence)
    if abs(wanted) > len(matches):
        return text
    if wanted:
        at = wanted - 1 if wanted > 0 else wanted
        matches = [matches[at]]
    pieces, end, size = [], 0, 0
    for spans in matches:
        pieces += [_part(data, (end, spans[0][0])), _expanded(replacement, regex, data, spans)]
        end, size = spans[0][1], size + len(pieces[-1])
        if size > MAX_TEXT:
            raise VALUE
    return "".join([*pieces, _part(data, (end, len(data)))])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _part(data: bytes, span: tuple[int, int]) -> str:
    return "" if span == _NONE else data[span[0] : span[1]].decode("utf-8", "replace")


def _compiled(pattern: str, case: float) -> Any:
    if int(case) not in (0, 1):
        raise VALUE
    regex = _regex(pattern, int(case) == 1) if len(pattern) <= MAX_PATTERN else None
    if regex is None:
        raise VALUE
    return regex


@lru_cache(maxsize=256)
def _regex(pattern: str, fold: bool) -> Any:
    """A pattern made ready, None for one that cannot be.

    The inner class, because the outer one of the package costs five times the search of a short text.
    """
    from re2 import _re2

    options = _re2.RE2.Options()
    options.log_errors, options.max_mem, options.case_sensitive = False, MAX_MEMORY, not fold
    regex = _re2.RE2(pattern.encode("utf-8", "surrogatepass"), options)
    return regex if regex.ok() and regex.ProgramSize() <= MAX_PROGRAM else None


def _matches(regex: Any, data: bytes) -> Iterator[Spans]:
    """Matches from left to right, none over another; behind an empty one the search goes on a character further."""
    anywhere = _unanchored()
    at, end = 0, len(data)
    while at <= end:
        spans: Spans = regex.Match(anywhere, data, at, end)
        if spans[0] == _NONE:
            return
        yield spans
        start, at = spans[0]
        if start == at:
            at += 1
            while at < end and data[at] & 0xC0 == 0x80:  # inside a character
                at += 1


@lru_cache(maxsize=1)
def _unanchored() -> Any:
    from re2 import _re2

    return _re2.RE2.Anchor.UNANCHORED


def _expanded(replacement: str, regex: Any, data: bytes, spans: Spans) -> str:
    r"""A replacement filled in: $1, ${1}, ${name} a group, $$ a dollar, \U \L up to \E and \u \l the case of letters."""
    if "$" not in replacement and "\\" not in replacement:
        return replacement
    pieces: list[str] = []
    case, once = "E", ""
    for dollar, name, braced, mark, escaped, wrong, plain in _tokens(replacement):
        if wrong:
            raise VALUE
        if mark:
            case, once = (mark, once) if mark in "ULE" else (case, mark)
            continue
        piece = _part(data, _span(regex, spans, name or braced)) if name or braced else plain or escaped or dollar[1:]
        piece = piece.upper() if case == "U" else piece.lower() if case == "L" else piece
        if once and piece:
            piece = (piece[0].upper() if once == "u" else piece[0].lower()) + piece[1:]
            once = ""
        pieces.append(piece)
    return "".join(pieces)


@lru_cache(maxsize=256)
def _tokens(replacement: str) -> list[tuple[str, ...]]:
    return [(found[0], *(found.group(at) or "" for at in range(1, 7))) for found in _TOKEN.finditer(replacement)]


def _span(regex: Any, spans: Spans, name: str) -> tuple[int, int]:
    """Where a group stands, by number or name."""
    if name.isascii() and name.isdigit():
        at = int(name) if len(name) <= 4 else len(spans)
    else:
        at = dict(regex.NamedCapturingGroups()).get(_bytes(name), len(spans))
    if at >= len(spans):
        raise VALUE
    return spans[at]
