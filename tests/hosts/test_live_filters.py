"""Filters and merges that stand again after a cancel: their reading on stand-ins for xlwings, their place in a write on Calc."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from xlwings.base_classes import empty_autofilter_criteria
from xlwings.main import AutoFilter, AutoFilterCriteria

from addin.hosts.live_filters import filter_again, merged_areas
from addin.hosts.xmlparts import Area
from recon_core.problems import ReconError
from tests.hosts.live_side import live, running
from tests.hosts.test_live import lived_in, sheets


class Native:
    """What an engine keeps of a filter: xlwings' own AutoFilter checks and normalises what is set."""

    def __init__(self, *criteria: dict[str, Any]) -> None:
        self.criteria = list(criteria)
        self.set: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("apply_"):
            raise AttributeError(name)
        return lambda *args: self.set.append((name, *args))


class Owner:
    shape = (9, 5)

    def __init__(self, native: Native) -> None:
        self.autofilter = AutoFilter(native, self)


def criterion(field: int, kind: str, **parts: Any) -> dict[str, Any]:
    return {**empty_autofilter_criteria(field, kind), **parts}


def test_a_filter_is_set_again_as_xlwings_read_it():
    native = Native(
        criterion(1, "values", values=["East", "West"]),
        criterion(2, "comparison", operator="between", value1="10", value2="20"),
        criterion(3, "top_items", count=3),
        criterion(4, "bottom_percent", percent=None),  # Excel tells only the cut
        criterion(5, "none"),
    )
    way_back = filter_again(Owner(native))
    assert native.set == []
    native.criteria.clear()  # lifted
    way_back()
    assert native.set == [
        ("apply_values", 1, ["East", "West"]),
        ("apply_comparison", 2, "between", "10", "20"),
        ("apply_top_items", 3, 3),
    ]


@pytest.mark.parametrize("kind", ["unknown", "none"])
def test_what_cannot_be_read_is_not_guessed(kind):
    native = Native(criterion(1, kind))
    filter_again(Owner(native))()
    assert native.set == []
    assert AutoFilterCriteria(native.criteria[0]).type == kind


def test_an_engine_without_filters_has_nothing_to_put_back():
    filter_again(object())()


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with running() as one:
        yield one


@pytest.mark.office
def test_merged_areas_are_found_each_once(app, tmp_path):
    with live(app, lived_in(tmp_path / "Book.xlsx")) as host:
        sheet = host.book.sheets["Mine"]
        wanted = ["C3:D4", "F1:F9", "H12:K12"]
        for address in wanted:
            sheet[address].merge()
        found = merged_areas(sheet, Area(1, 1, 30, 12))
        assert sorted(found) == [Area(1, 6, 9, 6), Area(3, 3, 4, 4), Area(12, 8, 12, 11)]
        assert merged_areas(sheet, Area(14, 1, 90, 40)) == []


@pytest.mark.office
def test_merged_cells_are_merged_again_after_a_cancel(app, tmp_path):
    with live(app, lived_in(tmp_path / "Book.xlsx")) as host:
        ours = host.book.sheets["Ours"]
        ours["A11:B12"].merge()
        host.cancelled = lambda: ours["A11:B12"].merge_cells is False  # an end once the merge is gone
        with pytest.raises(ReconError, match="H-124"):
            host.write(sheets(20))
        assert ours["A11"].merge_area.address == "$A$11:$B$12"
