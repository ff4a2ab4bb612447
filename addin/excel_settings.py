"""The settings file that the add-in's VBA reads: lines `"KEY","value"`, in the code page of the machine.

VBA's `Input #` takes two values at a time and knows no lines: one stray line shifts every pair below it, one at the
end makes it fail. So our lines stand first, blank ones are dropped, and the lines of others are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

INTERPRETER = {"Windows": "INTERPRETER_WIN", "Darwin": "INTERPRETER_MAC"}
STARTS = ("run", "watch")

_PAIR = re.compile(r'^\s*"([^"]*)"\s*,\s*"([^"]*)"\s*$')


def parse(text: str) -> dict[str, str]:
    """The settings by upper-case key, as VBA finds them: the first of a key counts."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if pair := _PAIR.match(line):
            found.setdefault(pair[1].upper(), pair[2])
    return found


def merged(text: str, ours: Mapping[str, str], newline: str) -> str:
    """Our settings first, then every line of others; what stood for our keys before is replaced."""
    lines = [f'"{key}","{value}"' for key, value in ours.items()] + _others(text, ours)
    return "".join(line + newline for line in lines)


def without(text: str, keys: Iterable[str], newline: str) -> str:
    """The lines of others; '' when none are left."""
    return "".join(line + newline for line in _others(text, keys))


def flaws(text: str) -> list[str]:
    """What makes VBA misread the file, in words with line numbers."""
    lines = text.splitlines()
    found = [f'line {n} is not a pair like "KEY","value"' for n, line in enumerate(lines, 1) if not _PAIR.match(line)]
    keys = [pair[1].upper() for line in lines if (pair := _PAIR.match(line))]
    return found + [f"{key} stands there twice" for key in sorted({key for key in keys if keys.count(key) > 1})]


def _others(text: str, keys: Iterable[str]) -> list[str]:
    ours = {key.upper() for key in keys}
    lines = text.removeprefix("\ufeff").splitlines()
    return [line for line in lines if line.strip() and not ((pair := _PAIR.match(line)) and pair[1].upper() in ours)]
