"""Where the header row is, what its columns are called, and which wanted columns are not there.

Shared by text files and workbooks. Both hand in the first rows; the header is the row that Setup names, else
the first that holds every wanted header, else the first row that reads like labels. Names are compared after
trimming, folding case and collapsing blanks; rows below are never judged here.
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa

from recon_core.problems import Place, Problem, Severity
from recon_core.readers import frames
from recon_core.readers.codes import listed, note, stop

LOOK_AT = 60  # rows that are searched for the header
_FIGURE = re.compile(r"[-+(]?\d[\d.,]*\)?")
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\0"))


class Row(NamedTuple):
    """One of the first rows: the number the file shows it by, and its cells."""

    number: int
    cells: Sequence[str]


class Header(NamedTuple):
    """The header found: its position among the rows handed in (-1: none) and what is to be said about it."""

    at: int
    problems: tuple[Problem, ...]


def tidy(name: str) -> str:
    """A header as it is shown: trimmed, inner blanks and line breaks collapsed to one blank, case kept."""
    return " ".join(name.translate(_INVISIBLE).split())


def folded(name: str) -> str:
    """A header as it is compared: tidy and without case."""
    return tidy(name).casefold()


def find(rows: Sequence[Row], wanted: Sequence[str], given: int, place: Place) -> Header:
    """The header among the first rows. F-201 when there is none, F-202 for each wanted column not in it."""
    index = _given(rows, given) if given else _by_wanted(rows, wanted)
    if index < 0 and not given:
        index = best(rows)
    if index < 0:
        return Header(-1, (_no_header(rows, given, place),))
    return Header(index, tuple(_missing(rows, index, wanted, place)))


def _given(rows: Sequence[Row], given: int) -> int:
    numbers = [row.number for row in rows]
    index = numbers.index(given) if given in numbers else -1
    return index if index >= 0 and any(map(tidy, rows[index].cells)) else -1


def _by_wanted(rows: Sequence[Row], wanted: Sequence[str]) -> int:
    """First row that holds all wanted headers, else the one with most of them if that is half or more."""
    if not wanted:
        return -1
    sought = {folded(name) for name in wanted}
    hits = [len(sought & {folded(cell) for cell in row.cells}) for row in rows]
    most = max(hits, default=0)
    return hits.index(most) if most and 2 * most >= len(sought) else -1


def best(rows: Sequence[Row]) -> int:
    """Index of the first row that reads like labels, -1 for none.

    Counted are distinct labels (cells with more letters than digits), more when rows as wide follow. Section
    names, preamble and rule rows have few; a sub-header below ties and comes later, so the first of the rows
    near the best score is taken.
    """
    filled = [[text for text in map(folded, row.cells) if text] for row in rows]
    scores = [_labels(texts) * (1 + _followers(filled, i)) for i, texts in enumerate(filled)]
    top = max(scores, default=0)
    named = next((i for i, score in enumerate(scores) if score and score >= 0.7 * top), -1)
    return named if named >= 0 else _above_figures(rows)


def _above_figures(rows: Sequence[Row]) -> int:
    """Where no row reads like words (K1, A2): the first row with letters in every cell and a figure below, -1 for none."""
    for i, (row, below) in enumerate(pairwise(rows)):
        pairs = list(zip(row.cells, below.cells, strict=False))
        filled = len(pairs) > 1 and all(any(map(str.isalpha, text)) for text in row.cells)
        if filled and any(_FIGURE.fullmatch(under.strip()) for _, under in pairs):
            return i
    return -1


def _labels(texts: Sequence[str]) -> int:
    labels = [text for text in texts if _is_label(text)]
    # a header may hold a year or two as a name; a row with more figures than that is data
    return len(set(labels)) if 4 * len(labels) >= 3 * len(texts) else 0


def _is_label(text: str) -> bool:
    if text.startswith("#") and text.endswith(("!", "?", "/a")):  # an error such as #value!
        return False
    return sum(map(str.isalpha, text)) > sum(map(str.isdigit, text))


def _followers(filled: Sequence[Sequence[str]], index: int) -> int:
    """How many of the next five rows are at least half as wide; three are as good as five."""
    below = filled[index + 1 : index + 6]
    return min(3, sum(2 * len(texts) >= len(filled[index]) for texts in below))


def _no_header(rows: Sequence[Row], given: int, place: Place) -> Problem:
    if not given:
        what = f"No header row was found in the first {max(1, len(rows))} rows."
        return stop("F-201", place, what, "Type the number of the header row in Setup.")
    last = rows[-1].number if rows else 0
    state = "is empty" if given <= last else f"is past the end: the last row is {last}"
    what = f"Row {given}, named in Setup as the header row, {state}."
    fix = "Type the right header row in Setup, or clear that cell to have it found."
    return stop("F-201", place._replace(row=given), what, fix)


def _missing(rows: Sequence[Row], index: int, wanted: Sequence[str], place: Place) -> Iterable[Problem]:
    names = [tidy(cell) for cell in rows[index].cells if tidy(cell)]
    found = {folded(name) for name in names}
    here = place._replace(row=rows[index].number)
    for column in dict.fromkeys(wanted):
        if folded(column) not in found:
            yield _not_found(column, names, here)


def _not_found(column: str, names: list[str], place: Place) -> Problem:
    near = nearest(column, names)
    hint = f" Did you mean '{near}'?" if near else ""
    where = f"sheet {place.sheet} of {place.file}" if place.sheet else place.file
    what = f"Column '{column}' is not in {where}.{hint} Headers found in row {place.row}: {listed(names)}."
    fix = f"Type the file's own header where Setup says '{column}', or choose the file that has it."
    return stop("F-202", place._replace(column=column), what, fix)


def nearest(name: str, names: Iterable[str]) -> str:
    """The one of the names that is most like this one, '' when none is."""
    by_fold = {folded(own): own for own in names}
    near = difflib.get_close_matches(folded(name), by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else ""


def name_columns(cells: Sequence[str], place: Place, first: int = 0) -> tuple[list[str], tuple[Problem, ...]]:
    """Header cells -> unique names by position ('Name', 'Name (2)', 'Column C') and a note for each repeat.

    `first` is the position of the first cell in the sheet, for the letters.
    """
    own = {folded(cell) for cell in cells}
    taken: set[str] = set()
    counts: dict[str, int] = {}  # how far the numbers of a repeated header have come
    names: list[str] = []
    notes: list[Problem] = []
    for position, cell in enumerate(cells, first):
        wish = tidy(cell) or f"Column {letters(position)}"
        key = wish.casefold()
        name = wish if key not in taken and (tidy(cell) or key not in own) else _numbered(wish, taken, own, counts)
        taken.add(name.casefold())
        names.append(name)
        if tidy(cell) and name != wish:
            notes.append(_repeated(wish, name, position, place))
    return names, tuple(notes)


def _numbered(wish: str, taken: set[str], own: set[str], counts: dict[str, int]) -> str:
    """The first 'wish (n)' that no header of the file has; `counts` spares a thousand repeats the search."""
    count = counts.get(wish.casefold(), 2)
    while (name := f"{wish} ({count})").casefold() in taken or name.casefold() in own:
        count += 1
    counts[wish.casefold()] = count + 1
    return name


def _repeated(wish: str, name: str, position: int, place: Place) -> Problem:
    what = f"Header '{wish}' stands more than once; the one in column {letters(position)} is called '{name}'."
    return note("F-305", place._replace(column=name), what, f"Use '{name}' in Setup where that column is meant.")


def letters(position: int) -> str:
    """Zero-based column position -> 'A', 'Z', 'AA'."""
    text = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        text = string.ascii_uppercase[rest] + text
    return text


def kept(cells: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> list[int]:
    """Positions of the columns: what has neither a name nor a single cell is a spacer, not a column."""
    return [
        position
        for position, (cell, column) in enumerate(zip(cells, columns, strict=True))
        if tidy(cell) or not frames.all_empty(column)
    ]


def judge_rows(rows: int, ragged: Sequence[tuple[int, str]], columns: int, place: Place) -> tuple[Problem, ...]:
    """F-204 when nothing stands below the header, F-205 when rows do but none fits it."""
    if rows:
        return ()
    odd = [(line, text) for line, text in ragged if text.strip()]
    if not odd:
        where = f"Sheet {place.sheet} of {place.file}" if place.sheet else place.file
        what = f"{where} has a header in row {place.row} and no row below it: it counts as 0 rows."
        return (note("F-204", place, what, "Check that the period has no rows, or export the report again."),)
    line, text = odd[0]
    what = f"None of the {len(odd):,} rows below the header has its {columns} columns."
    fix = "Export the report again, or type the right header row in Setup."
    return (stop("F-205", place._replace(row=line), what, fix, text),)


def stops(problems: Iterable[Problem]) -> bool:
    """Is there a Stop among them?"""
    return any(problem.severity is Severity.STOP for problem in problems)
