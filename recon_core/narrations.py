"""An id found in a text that somebody wrote around it: the UTR in the narration of a bank statement, whole, cut or with blanks.

Banks cut narrations, wrap them and put their own numbers beside the reference. So the rules are strict: a whole id stands
between signs that are not part of it; a cut one begins like exactly one id, is cut where the text or the word ends, and shows
more than which bank sent it on which day. No amount decides: where several ids begin alike, none is found.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

SHORTEST = 6  # characters of an id that is looked for: a shorter one stands in any text by chance
SPACED = 10  # characters of a number that may have blanks inside: '12 34 56' is rather a date
STANDARD_CUT = 10  # characters that a cut id must show where Setup says nothing
_SIGNS = re.compile(r"[^0-9A-Z]+")
_CUT = re.compile(r"from (\d+) characters")
# What a UTR says before the number of the transfer itself: bank, kind, and the day as yyyymmdd or, in the 16 signs of NEFT, as
# yyddd. Source: RBI, "Unique Transaction Reference" in the procedural guidelines of NEFT and the system regulations of RTGS.
_BANK_AND_DAY = re.compile(
    r"[A-Z]{4}[A-Z0-9]{1,2}20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[A-Z0-9]{3})|[A-Z]{4}[A-Z0-9]\d\d[0-3]\d\d(?=[A-Z0-9]{6}$)"
)


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

    def goes_on(self, at: int) -> bool:
        """Whether digits follow behind blanks alone: the same number, broken there, rather than cut."""
        return at < len(self.letters) and self.gaps[at] == 1 and self.letters[at].isdigit()

    def widest_gap(self, start: int, end: int) -> int:
        """The greatest gap inside letters start..end."""
        return max(self.gaps[start + 1 : end], default=0)


class Found(NamedTuple):
    """An id that stands in a text, and whether only the beginning of it does."""

    one: str
    is_cut: bool


class Ids:
    """The ids of one side, ready to be looked for."""

    def __init__(self, ids: Iterable[str]) -> None:
        bare: dict[str, set[str]] = {}
        for one in ids:
            letters = _bare(one)
            if len(letters) >= SHORTEST and any(sign.isdigit() for sign in letters):
                bare.setdefault(letters, set()).add(one)
        self.of = {letters: next(iter(own)) for letters, own in bare.items() if len(own) == 1}
        self.sorted = sorted(self.of)
        self.lengths = sorted({len(one) for one in self.sorted}, reverse=True)
        self.heads = {one[:SHORTEST] for one in self.sorted}

    def find(self, text: str, least: int) -> Found | None:
        """The id that stands in the text, None where none or several do. Cut ids (`least` characters or more; 0: never) count only without a whole one."""
        one = _Text(text)
        starts = [at for at in range(len(one.letters) - SHORTEST + 1) if one.letters[at : at + SHORTEST] in self.heads]
        whole = {self.of[letters] for at in starts for letters in self._whole(one, at)}
        if whole:
            return Found(next(iter(whole)), is_cut=False) if len(whole) == 1 else None
        cut = {letters: shown for at in starts for shown, letters in self._cut(one, at, least)} if least else {}
        if len(cut) != 1:
            return None
        ((letters, shown),) = cut.items()
        return Found(self.of[letters], is_cut=True) if shown > _said_of_bank_and_day(letters) else None

    def is_cut_alike(self, reference: str, one: str, least: int) -> bool:
        """Whether a row's own reference does not speak against the id: it is empty, too short to name a transfer, or the same id cut."""
        own = _bare(reference)
        if len(own) < SHORTEST or _bare(one).startswith(own):
            return True
        return self.find(reference, least) == Found(one, is_cut=True)

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
        """(characters shown, bare id) of the ids that the text begins to write here and breaks off at the end of a word."""
        if not text.parts_from(at):
            return
        rest = text.letters[at : at + self.lengths[0]]
        place = bisect_left(self.sorted, rest)
        near = self.sorted[max(place - 1, 0) : place + 1]
        shown = max(_common(rest, one) for one in near)
        end = at + shown
        if shown < least or not text.ends(end) or text.widest_gap(at, end) > 1 or text.goes_on(end):
            return
        head = rest[:shown]
        for number in range(bisect_left(self.sorted, head), len(self.sorted)):
            letters = self.sorted[number]
            if not letters.startswith(head):
                return
            if len(letters) > shown:
                yield shown, letters


def _bare(one: str) -> str:
    """Letters and digits alone."""
    return _SIGNS.sub("", one.upper())


def _said_of_bank_and_day(letters: str) -> int:
    """How many characters of an id every transfer of its bank and day has in common; 0 where it is no UTR."""
    found = _BANK_AND_DAY.match(letters)
    return found.end() if found else 0


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))
