"""Excel's wildcards ? * ~ without backtracking: a pattern is a row of pieces found one after the other."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from recon_core.formula.excel import fold


class Piece(NamedTuple):
    """What stands between two stars: a pattern of fixed length."""

    pattern: re.Pattern[str]
    length: int


class Wildcard:
    """One compiled pattern, case ignored. Time grows with text x piece, never with the number of ways to match."""

    __slots__ = ("pieces",)

    def __init__(self, text: str) -> None:
        parts: list[list[str]] = [[]]
        at = 0
        while at < len(text):
            mark = text[at]
            if mark == "~" and at + 1 < len(text) and text[at + 1] in "?*~":
                at += 1
                parts[-1].append(re.escape(text[at]))
            elif mark == "*":
                parts.append([])
            else:
                parts[-1] += ["."] if mark == "?" else [re.escape(one) for one in fold(mark)]
            at += 1
        self.pieces = [Piece(re.compile("".join(part), re.DOTALL), len(part)) for part in parts]

    def matches(self, text: str) -> bool:
        """Whether the whole text fits."""
        text = fold(text)
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return first.pattern.fullmatch(text) is not None
        end = len(text) - last.length
        if first.pattern.match(text) is None or end < first.length:
            return False
        place = self._through(text, first.length, self.pieces[1:-1])
        return 0 <= place <= end and last.pattern.match(text, end) is not None

    def find(self, text: str, start: int = 0) -> int:
        """The first place from `start` on where the pattern fits, anything after it; -1 for none."""
        text = fold(text)
        found = self.pieces[0].pattern.search(text, start)
        if found is None or self._through(text, found.end(), self.pieces[1:]) < 0:
            return -1
        return found.start()

    @staticmethod
    def _through(text: str, place: int, pieces: list[Piece]) -> int:
        """The end of the last of the pieces, each found after the one before; -1 where one is missing."""
        for piece in pieces:
            found = piece.pattern.search(text, place)
            if found is None:
                return -1
            place = found.end()
        return place


@lru_cache(maxsize=4096)
def wildcard(text: str) -> Wildcard:
    """The compiled pattern of a text."""
    return Wildcard(text)


def has_wildcard(text: str) -> bool:
    """Whether a text holds a wildcard or an escape, so that it is no plain text."""
    return "*" in text or "?" in text or "~" in text
