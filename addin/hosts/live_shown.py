"""Cells of an open sheet as a user sees them: errors by their word, numbers with the zeros their format puts before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from addin.hosts.live_grid import parts, rng
from addin.hosts.live_values import error_word, shown
from addin.hosts.xmlparts import Area
from recon_core.sheets import ExcelError


def shown_rows(sheet: Any, rows: Sequence[Sequence[Any]]) -> list[list[object]]:
    """Raw rows from A1 on as shown; formats are asked only of columns that hold whole numbers."""
    found = [[_value(value) for value in row] for row in rows]
    width = max(map(len, found), default=0)
    for place in range(width):
        numbers = [at for at, row in enumerate(found) if _is_whole(row[place])]
        if not numbers:
            continue
        area = Area(numbers[0] + 1, place + 1, numbers[-1] + 1, place + 1)
        for piece, digits in _padded(sheet, area):
            for row in found[piece.top - 1 : piece.bottom]:
                value = row[place]
                if _is_whole(value):
                    row[place] = f"{int(value):0{digits}d}"
    return found


def _is_whole(value: object) -> TypeGuard[float]:
    return type(value) is float and value >= 0 and value.is_integer()


def _value(value: Any) -> object:
    word = error_word(value)
    return ExcelError(word) if word else shown(value)


def _padded(sheet: Any, area: Area) -> Iterator[tuple[Area, int]]:
    """Where the number format is nothing but zeros: the cells, and how many digits they show at least."""
    code = rng(sheet, area).number_format
    if code is None and area.top < area.bottom:
        for half in parts(area):
            yield from _padded(sheet, half)
    elif code and len(code) > 1 and set(code) == {"0"}:
        yield area, len(code)
