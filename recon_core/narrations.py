"""An id found in a text that somebody wrote around it: the UTR in the narration of a bank statement, whole, cut or with blanks.

Banks cut narrations, wrap them and put their own numbers beside the reference. So the rules are strict: a whole id stands
between signs that are not part of it; a cut one begins like exactly one id, is cut where the text or the word ends, and is
long enough to mean something. Nothing is ever found by its amount alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping

SHORTEST = 6  # characters of an id that is looked for: a shorter one stands in any text by chance
SPACED = 10  # characters of a number that may have blanks inside: '12 34 56' is rather a date
STANDARD_CUT = 10  # characters that a cut id must show where Setup says nothing
_SIGNS = re.compile(r"[^0-9A-Z]+")
_CUT = re.compile(r"from (\d+) characters")


def least_of(form: str) -> int:
    """How many characters a cut id must show, by the Form of Mapping; 0: only whole ids count."""
    found = _CUT.fullmatch(form.strip().casefold())
    if form.strip().casefold() == "whole id":
        return 0
    return int(found.group(1)) if found else STANDARD_CUT


class _Text:
    """A text as letters and digits. `gaps[i]`: what stands before the i-th: 0 nothing, 1 blanks, 2 another sign."""

    def __init__(self, text: str) -> None:
        upper = text.upper()
        parts: list[str] = []
        self.gaps: list[int] = []
        gap, last = 2, 0
        for found in _SIGNS.finditer(upper):
            gap = self._take(parts, upper[last : found.start()], gap)
            gap = max(gap, 1 if found.group().isspace() else 2)
            last = found.end()
        self._take(parts, upper[last:], gap)
        self.letters = "".join(parts)

    def _take(self, parts: list[str], word: str, gap: int) -> int:
        if word:
            parts.append(word)
            self.gaps += [gap, *[0] * (len(word) - 1)]
            return 0
        return gap

    def ends(self, at: int) -> bool:
        """Whether a word, or the text, ends before position `at`."""
        return at == len(self.letters) or self.gaps[at] > 0

    def parts_from(self, at: int) -> bool:
        """Whether something of its own may begin at `at`: a word, digits behind letters, a number padded with zeros."""
        if self.ends(at) or self.letters[at].isdigit() != self.letters[at - 1].isdigit():
            return True
        first = at
        while first and self.letters[first - 1] == "0" and not self.gaps[first]:
            first -= 1
        return first < at and self.letters[at].isdigit() and (self.ends(first) or not self.letters[first - 1].isdigit())

    def widest_gap(self, start: int, end: int) -> int:
        """The greatest gap inside letters start..end."""
        return max(self.gaps[start + 1 : end], default=0)


class Ids:
    """The ids of one side, ready to be looked for. `totals`: what each comes to, in minor units."""

    def __init__(self, ids: Iterable[str], totals: Mapping[str, int]) -> None:
        self.totals = totals
        bare: dict[str, set[str]] = {}
        for one in ids:
            letters = _SIGNS.sub("", one.upper())
            if len(letters) >= SHORTEST and any(sign.isdigit() for sign in letters):
                bare.setdefault(letters, set()).add(one)
        self.of = {letters: next(iter(own)) for letters, own in bare.items() if len(own) == 1}
        self.sorted = sorted(self.of)
        self.lengths = sorted({len(one) for one in self.sorted}, reverse=True)
        self.heads = {one[:SHORTEST] for one in self.sorted}

    def find(self, text: str, amount_minor: int, least: int, taken: Collection[str] = ()) -> str | None:
        """The id that stands in the text, None where none or several do.

        Cut ids (`least` characters or more) count only without a whole one, and never for an id that is `taken`; where
        several begin alike, the one whose total is the amount of the text's own line.
        """
        one = _Text(text)
        starts = [at for at in range(len(one.letters) - SHORTEST + 1) if one.letters[at : at + SHORTEST] in self.heads]
        whole = {self.of[letters] for at in starts for letters in self._whole(one, at)}
        if whole:
            return next(iter(whole)) if len(whole) == 1 else None
        if not least:
            return None
        cut = [(length, found) for at in starts for length, found in self._cut(one, at, least)]
        longest = max((length for length, _ in cut), default=0)
        alike = {found for length, found in cut if length == longest}
        if len(alike) > 1:
            alike = {found for found in alike if self.totals.get(found) == amount_minor}
        return next(iter(alike)) if len(alike) == 1 and not alike & set(taken) else None

    def _whole(self, text: _Text, at: int) -> Iterable[str]:
        """The ids that stand in the text from here, whole: letters may run into one that begins with a letter (UTRHSBCN...)."""
        if not (text.parts_from(at) or text.letters[at].isalpha()):
            return
        for length in self.lengths:
            end = at + length
            letters = text.letters[at:end]
            if len(letters) < length or letters not in self.of:
                continue
            runs_on = not text.ends(end) and text.letters[end].isdigit() == text.letters[end - 1].isdigit()
            if not runs_on and text.widest_gap(at, end) <= self._allowed(letters):
                yield letters
                return

    def _allowed(self, letters: str) -> int:
        """The gap an id may have inside: any sign where it is written with signs, else blanks, in a short number none."""
        if len(self.of[letters]) > len(letters):
            return 2
        return 0 if letters.isdigit() and len(letters) < SPACED else 1

    def _cut(self, text: _Text, at: int, least: int) -> Iterable[tuple[int, str]]:
        """(characters shown, id) of the ids that the text begins to write here and breaks off at the end of a word."""
        if not text.parts_from(at):
            return
        rest = text.letters[at : at + self.lengths[0]]
        place = bisect_left(self.sorted, rest)
        near = self.sorted[max(place - 1, 0) : place + 1]
        shown = max(_common(rest, one) for one in near)
        if shown < least or not text.ends(at + shown) or text.widest_gap(at, at + shown) > 1:
            return
        head = rest[:shown]
        for number in range(bisect_left(self.sorted, head), len(self.sorted)):
            letters = self.sorted[number]
            if not letters.startswith(head):
                return
            if len(letters) > shown:
                yield shown, self.of[letters]


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))
