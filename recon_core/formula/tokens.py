"""The words of a formula: what a token is, and how numbers, cells and bracketed names are read."""

from __future__ import annotations

import re
from typing import NamedTuple

from recon_core.formula.excel import kept_digits

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384

_WORD = r"[^\W\d][\w.\\?]*|\\[\w.]+"
TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n\u00a0]+)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<error>\#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!))
    |(?P<sheet>(?:'(?:[^']|'')+'|{_WORD})!)
    |(?P<cell>\$?[A-Za-z]{{1,3}}\$?[0-9]+(?:\s*:\s*\$?[A-Za-z]{{1,3}}\$?[0-9]+)?(?![\w.(\[!]))
    |(?P<columns>\$?[A-Za-z]{{1,3}}\s*:\s*\$?[A-Za-z]{{1,3}}(?![\w.(\[!]))
    |(?P<rows>\$?[0-9]+\s*:\s*\$?[0-9]+(?![\w.]))
    |(?P<number>(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?(?![\w.]))
    |(?P<word>{_WORD})
    |(?P<op><>|<=|>=|[-+*/^&=<>%(){{}},;@\[\]:#])""",
    re.VERBOSE | re.IGNORECASE,
)
_CELL = re.compile(r"\$?([A-Za-z]{0,3})\$?([0-9]*)")


class Token(NamedTuple):
    """One word of a formula. `kind`: a group of the pattern, or 'end'."""

    kind: str
    text: str
    at: int


def bracketed(text: str, at: int) -> tuple[str, int]:
    """What stands inside the bracket that opens at `at`, and the place after it; -1 where it is not closed."""
    depth, place = 0, at
    while place < len(text):
        mark = text[place]
        if mark == "'":
            place += 1
        elif mark == "[":
            depth += 1
        elif mark == "]":
            depth -= 1
            if depth == 0:
                return text[at + 1 : place], place + 1
        place += 1
    return "", -1


def unescaped(name: str) -> str:
    """A header without the quotes that escape its special characters."""
    return re.sub(r"'(.)", r"\1", name, flags=re.DOTALL).strip()


def number_of(text: str) -> float:
    """A number as Excel keeps what is typed: fifteen digits, never beyond the largest double."""
    digits, mark, power = text.lower().partition("e")
    value = float(f"{kept_digits(digits)}{mark}{power}")
    return min(value, 1.79769313486231e308)


def corner_of(text: str) -> tuple[int, int]:
    """Row and column of $B$7, one-based; 0 for what A:A or 3:3 leave open."""
    found = _CELL.fullmatch(text.strip())
    letters, digits = (found[1], found[2]) if found else ("", "")
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return int(digits or 0) if len(digits) < 9 else MAX_ROW + 1, column
