"""How far a sheet's cells reach, from its XML: two far corners make a reader allocate billions of cells and die.

The sheet's own `dimension` lies, so every reference is looked at: first roughly, exactly only where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from addin.hosts.refusals import too_wide_or_long
from addin.hosts.xmlparts import letters_number
from recon_core.sheets import MAX_ROWS, column_letter

MAX_CELLS = 50_000_000  # a full sheet of 47 columns; about 2 GB in the reader
_OVERLAP = 64
_LONGEST = 12  # digits or letters that are looked at: a longer reference is beyond any sheet by then
_FAR_COLUMN = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{2,})\d""")
_FAR_ROW = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]*(\d{5,})""")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d+)["']""")


def check_used_range(pieces: Callable[[], Iterable[bytes]], sheet: str) -> None:
    """Raise H-115 when first to last cell span more than MAX_CELLS. `pieces` gives the part anew each time."""
    if rough_cells(pieces()) <= MAX_CELLS:
        return
    rows, columns = exact_reach(pieces())
    if rows * columns > MAX_CELLS:
        far = f"{column_letter(columns)}{rows}"
        raise too_wide_or_long(sheet, f"The sheet '{sheet}' reaches to cell {far}, too far to be read")


def rough_cells(pieces: Iterable[bytes]) -> int:
    """At least the number of cells from A1 to the far corner, at most ten times it."""
    digits, columns = 4, 26
    for piece in _overlapping(pieces):
        if digits < len(str(MAX_ROWS)):
            digits = max([digits, *map(len, set(_FAR_ROW.findall(piece)))])
        for letters in set(_FAR_COLUMN.findall(piece)):
            columns = max(columns, _column(letters))
    rows = int(10**digits)
    return (min(rows, MAX_ROWS) if digits <= len(str(MAX_ROWS)) else rows) * columns


def exact_reach(pieces: Iterable[bytes]) -> tuple[int, int]:
    """(last row, widest column) of any reference."""
    rows, columns = 1, 1
    for piece in _overlapping(pieces):
        for letters, number in _REFERENCE.findall(piece):
            rows = max(rows, int(number[:_LONGEST]))
            columns = max(columns, _column(letters))
    return rows, columns


def _column(letters: bytes) -> int:
    return letters_number(letters[:_LONGEST].decode().upper())


def _overlapping(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Each piece with the end of the one before, so that no reference is cut."""
    tail = b""
    for piece in pieces:
        yield tail + piece
        tail = piece[-_OVERLAP:]
