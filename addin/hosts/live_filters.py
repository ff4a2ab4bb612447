"""Filters and merged cells of an open sheet, read so that they can be put back after a cancel.

Public xlwings reads values, comparisons and, where Excel tells their number, top and bottom items. It does not read a
filter by colour, icon or date group: of such a filter only the hidden rows come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from addin.hosts.live_grid import area_of_range, halves, rng
from addin.hosts.live_plan import minus
from addin.hosts.xmlparts import Area

# How a top or bottom filter is set again: the part of the criterion that says how many.
COUNTED = {"top_items": "count", "bottom_items": "count", "top_percent": "percent", "bottom_percent": "percent"}


def filter_again(owner: Any) -> Callable[[], None]:
    """The way back to the filter of a table or a range as it is set now; a way that does nothing where none is."""
    try:
        filters = owner.autofilter
        found = [one for one in filters.criteria if one.type != "none"]
    except (AttributeError, NotImplementedError):  # an engine without filters of its own, such as ours over LibreOffice
        return _nothing
    return partial(_set_again, filters, found)


def _nothing() -> None:
    """There was no filter that could be read."""


def _set_again(filters: Any, found: list[Any]) -> None:
    for one in found:
        if one.type == "values":
            filters.apply_values(one.field, one.values)
        elif one.type == "comparison":
            filters.apply_comparison(one.field, one.operator, one.value1, one.value2)
        elif number := getattr(one, COUNTED.get(one.type, ""), None):
            getattr(filters, f"apply_{one.type}")(one.field, number)


def merged_areas(sheet: Any, area: Area) -> list[Area]:
    """The merged areas that reach into an area, each once, found by halving."""
    found: list[Area] = []
    todo = [area]
    while todo:
        piece = todo.pop()
        state = rng(sheet, piece).merge_cells
        if state is False:
            continue
        if state is None and (piece.top, piece.left) != (piece.bottom, piece.right):
            todo += minus(halves(piece), found)
            continue
        found.append(area_of_range(sheet.range((piece.top, piece.left)).merge_area))
        todo = minus([*todo, piece], found)
    return found


def merge_again(sheet: Any, areas: list[Area]) -> None:
    """Merge each of the areas."""
    for area in areas:
        rng(sheet, area).merge()


def merged_within(sheet: Any, areas: list[Area]) -> Iterator[Area]:
    """The merged areas of several areas, each once."""
    yield from dict.fromkeys(one for area in areas for one in merged_areas(sheet, area))
