"""Text functions that cut, clean, search and change a text. Work is done once for each distinct text.

Excel counts a text in units of UTF-16, so a character above U+FFFF, as an emoji, counts two.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np

from recon_core.formula.excel import MAX_TEXT
from recon_core.formula.functions.spec import VALUE, Group
from recon_core.formula.values import ExcelError

FUNCTIONS = Group("text")
MAX_PATTERN = 255  # of a search with wildcards


_WIDE = re.compile("[\U00010000-\U0010ffff]")
_HALF = re.compile("[\ud800-\udfff]")


def _units(text: str) -> str:
    """A text as Excel counts it: two surrogates for each character above U+FFFF."""
    if text.isascii() or not _WIDE.search(text):
        return text
    return "".join(map(chr, np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2").tolist()))


def _whole(units: str) -> str:
    """Back from units; half a character becomes U+FFFD, as Excel shows it."""
    if units.isascii() or not _HALF.search(units):
        return units
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _count(number: float) -> int:
    if number < 0:
        raise VALUE
    return int(number)


def _place(number: float) -> int:
    """A one-based position as a zero-based one."""
    if number < 1:
        raise VALUE
    return int(number) - 1


@FUNCTIONS.scalar("LENB(text:T)", "How many bytes a text has: in English the same as LEN.")
@FUNCTIONS.scalar("LEN(text:T)", "How many characters a text has, blanks included.")
def len_(text: str) -> float:
    return float(len(_units(text)))


@FUNCTIONS.scalar("LEFTB(text:T, [count:N=1])", "The first bytes of a text: in English the same as LEFT.")
@FUNCTIONS.scalar("LEFT(text:T, [count:N=1])", "The first characters of a text.")
def left(text: str, count: float) -> str:
    if count >= 0 and text.isascii():  # nearly every text of a million: no further calls
        return text[: int(count)]
    return _whole(_units(text)[: _count(count)])


@FUNCTIONS.scalar("RIGHTB(text:T, [count:N=1])", "The last bytes of a text: in English the same as RIGHT.")
@FUNCTIONS.scalar("RIGHT(text:T, [count:N=1])", "The last characters of a text.")
def right(text: str, count: float) -> str:
    units = _units(text)
    return _whole(units[max(0, len(units) - _count(count)) :])


@FUNCTIONS.scalar("MIDB(text:T, start:N, count:N)", "Bytes from the middle of a text: in English the same as MID.")
@FUNCTIONS.scalar("MID(text:T, start:N, count:N)", "So many characters of a text, from a position on.")
def mid(text: str, start: float, count: float) -> str:
    if start >= 1 and count >= 0 and text.isascii():
        first = int(start) - 1
        return text[first : first + int(count)]
    first = _place(start)
    return _whole(_units(text)[first : first + _count(count)])


@FUNCTIONS.scalar(
    "REPLACE(text:T, start:N, count:N, new:T)", "A text with so many characters from a position on replaced by others."
)
def replace(text: str, start: float, count: float, new: str) -> str:
    first, units = _place(start), _units(text)
    return _whole(units[:first] + _units(new) + units[first + _count(count) :])


@FUNCTIONS.scalar("REPT(text:T, times:N)", "A text repeated a number of times.")
def rept(text: str, times: float) -> str:
    count = _count(times)
    if len(text) * count > MAX_TEXT:
        raise VALUE
    return text * count if text else ""


_BLANKS = re.compile(" {2,}")
_LETTERS = re.compile(r"(?:[^\W\d_][\u0300-\u036f]*)+")
_UNPRINTABLE = dict.fromkeys(range(32))


@FUNCTIONS.scalar("TRIM(text:T)", "A text without outer blanks and with single blanks inside; NBSP stays.")
def trim(text: str) -> str:
    text = text.strip(" ")
    return _BLANKS.sub(" ", text) if "  " in text else text


@FUNCTIONS.scalar("CLEAN(text:T)", "A text without line breaks, tabs and other control characters (codes 0 to 31).")
def clean(text: str) -> str:
    return text if text.isprintable() else text.translate(_UNPRINTABLE)


@cache
def _cases(*, capital: bool) -> dict[int, str]:
    """Characters and their other case where that is one character: as in Excel, no text grows."""
    change = str.upper if capital else str.lower
    changed = {code: change(chr(code)) for code in range(0x1F000)}
    return {code: other for code, other in changed.items() if len(other) == 1 and other != chr(code)}


def _capital(text: str) -> str:
    return text.upper() if text.isascii() else text.translate(_cases(capital=True))


def _small(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_cases(capital=False))


@FUNCTIONS.scalar("UPPER(text:T)", "A text in capital letters.")
def upper(text: str) -> str:
    return _capital(text)


@FUNCTIONS.scalar("LOWER(text:T)", "A text in small letters.")
def lower(text: str) -> str:
    return _small(text)


@FUNCTIONS.scalar("PROPER(text:T)", "A text with a capital letter wherever letters begin, small ones elsewhere.")
def proper(text: str) -> str:
    if text.isascii():
        return text.title()
    return _LETTERS.sub(lambda found: _capital(found[0][0]) + _small(found[0][1:]), text)


@FUNCTIONS.scalar("EXACT(first:T, second:T)", "Whether two texts are the same, capital and small letters told apart.")
def exact(first: str, second: str) -> bool:
    return first == second


@FUNCTIONS.scalar(
    "SUBSTITUTE(text:T, old:T, new:T, [which:N])", "A text with one text in it replaced by another, everywhere or once."
)
def substitute(text: str, old: str, new: str, which: float | None) -> str:
    if which is not None and which < 1:
        raise VALUE
    if not old or (which is not None and which > len(text)):
        return text
    if which is None:
        if len(new) > len(old) and len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
            raise VALUE
        return text.replace(old, new)
    pieces = text.split(old, int(which))
    return text if len(pieces) <= int(which) else old.join(pieces[:-1]) + new + pieces[-1]


@FUNCTIONS.scalar(
    "FIND(sought:T, text:T, [start:N=1])", "Where a text stands in another; capital and small letters differ."
)
def find(sought: str, text: str, start: float) -> float | ExcelError:
    at = _units(text).find(_units(sought), _place(start))
    return ExcelError.VALUE if at < 0 else float(at + 1)  # found in few rows, as a rule: an exception costs more


@FUNCTIONS.scalar(
    "SEARCH(sought:T, text:T, [start:N=1])",
    "Where a text stands in another, case aside; * stands for any text, ? for one character.",
)
def search(sought: str, text: str, start: float) -> float | ExcelError:
    pieces = _pieces(sought)
    if start == 1 and len(pieces) == 1 and isinstance(pieces[0], str) and text.isascii():
        at = text.lower().find(pieces[0])
        return ExcelError.VALUE if at < 0 else at + 1.0
    units, begin, first = _small(_units(text)), _place(start), -1
    if len(pieces) == 1 and isinstance(pieces[0], str):
        at = units.find(pieces[0], begin)
        return ExcelError.VALUE if at < 0 else float(at + 1)
    for piece in pieces:
        if isinstance(piece, str):
            at = units.find(piece, begin)
            begin = at + len(piece)
        else:
            found = piece.search(units, begin) if begin <= len(units) else None
            at, begin = found.span() if found else (-1, -1)
        if at < 0:
            return ExcelError.VALUE
        first = at if first < 0 else first
    return float(first + 1)


@lru_cache(maxsize=4096)
def _pieces(sought: str) -> tuple[str | re.Pattern[str], ...]:
    """What stands between the stars of a pattern, in small letters.

    Each piece is looked for behind the one before it. The first match of each is as good as any later one, so
    that no pattern makes the search go back.
    """
    pieces: list[list[str | None]] = [[]]  # None is a question mark
    marks = iter(_small(_units(sought)))
    for mark in marks:
        if mark == "*":
            pieces.append([])
        elif mark == "~":
            pieces[-1].extend(next(marks, ""))
        else:
            pieces[-1].append(None if mark == "?" else mark)
    if len(sought) > MAX_PATTERN and any(None in piece for piece in pieces):
        raise VALUE
    return tuple(map(_piece, pieces))


def _piece(marks: list[str | None]) -> str | re.Pattern[str]:
    if None not in marks:
        return "".join(filter(None, marks))
    return re.compile("".join("." if mark is None else re.escape(mark) for mark in marks), re.DOTALL)
