"""Finding values in a list: one index for each list, whatever the number of rows that look something up.

`positions` is what all lookup functions stand on: exact by a dictionary, approximate by a sorted list, wildcards by
one compiled pattern for each distinct text.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.formula import excel
from recon_core.formula.functions.spec import Context
from recon_core.formula.values import ExcelError, Floats, Scalar, Tag, Values
from recon_core.formula.wildcards import has_wildcard, wildcard

Places = npt.NDArray[np.int64]


class Index(NamedTuple):
    """First or last place of each value of a list, by type."""

    words: dict[str, int]
    numbers: Floats  # sorted distinct, rounded to fifteen digits
    number_at: Places
    bools: tuple[int, int]  # place of FALSE and of TRUE, -1 for none
    blank: int  # place of the first empty cell


def index_of(values: Values, *, last: bool = False) -> Index:
    """The index of a list, made once."""
    return values.cached(f"index {last}", lambda: _index(values.flat(), last))


def _index(values: Values, last: bool) -> Index:
    order = np.arange(values.size) if last else np.arange(values.size)[::-1]  # a later entry overwrites an earlier one
    at = order[values.where(Tag.TEXT)[order]]
    words = values.words
    folded: dict[int, str] = {}
    codes = values.codes_of()[at].tolist()
    found: dict[str, int] = {}
    for code, place in zip(codes, at.tolist(), strict=True):
        word = folded.get(code)
        if word is None:
            word = folded[code] = excel.fold(words[code])
        found[word] = place
    number_places = order[values.where(Tag.NUMBER)[order]]
    numbers = excel.fifteen_digits(values.num_of()[number_places])
    keep = ~pd.Series(numbers).duplicated(keep="last").to_numpy()
    distinct, places = numbers[keep], number_places[keep]
    sort = np.argsort(distinct)
    bools = tuple(_first(order, values.where(Tag.BOOL) & (values.num_of() == truth)) for truth in (0, 1))
    return Index(found, distinct[sort], places[sort], (bools[0], bools[1]), _first(order, values.where(Tag.BLANK)))


def _first(order: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_]) -> int:
    hits = order[mask[order]]
    return int(hits[-1]) if len(hits) else -1


def exact(wanted: Values, listed: Values, *, last: bool = False, wild: bool = False, context: Context) -> Places:
    """The place (from 0) of each wanted value in a list, -1 where it is not; types never mix, case is ignored."""
    index = index_of(listed, last=last)
    places = np.full(wanted.shape, -1, np.int64)
    if wanted.has(Tag.TEXT):
        codes, words = excel.used_words(wanted.codes_of(), wanted.words)
        found = np.array([_word(word, listed, index, last, wild, context) for word in words] or [-1], np.int64)
        places = np.where(wanted.where(Tag.TEXT), found[codes], places)
    if wanted.has(Tag.NUMBER) and len(index.numbers):
        num = excel.fifteen_digits(wanted.num_of())
        near = np.minimum(np.searchsorted(index.numbers, num), len(index.numbers) - 1)
        hit = wanted.where(Tag.NUMBER) & (index.numbers[near] == num)
        places = np.where(hit, index.number_at[near], places)
    if wanted.has(Tag.BOOL):
        places = np.where(
            wanted.where(Tag.BOOL), np.array(index.bools)[(wanted.num_of() != 0).astype(np.int64)], places
        )
    return places


def _word(word: str, listed: Values, index: Index, last: bool, wild: bool, context: Context) -> int:
    if not wild or not has_wildcard(word):
        return index.words.get(excel.fold(word), -1)
    pattern = wildcard(word)
    context.spend(8 * len(index.words))
    hits = [place for text, place in index.words.items() if pattern.matches(text)]
    return -1 if not hits else max(hits) if last else min(hits)


class Sorted(NamedTuple):
    """One type of a list in order of value; `at` are the places, equal values in order of place."""

    keys: Floats | Sequence[str]
    places: Places


def sorted_of(values: Values, tag: Tag, *, stable: bool) -> Sorted:
    """The values of one type in ascending order; `stable` False keeps the order of the list as it is."""
    return values.cached(f"sorted {tag} {stable}", lambda: _sorted(values.flat(), tag, stable))


def _sorted(values: Values, tag: Tag, stable: bool) -> Sorted:
    at = np.flatnonzero(values.where(tag))
    if tag is Tag.TEXT:
        keys = [excel.collate(values.words[code]) for code in values.codes_of()[at].tolist()]
        if stable:
            order = sorted(range(len(keys)), key=keys.__getitem__)
            return Sorted([keys[one] for one in order], at[order])
        return Sorted(keys, at)
    numbers = values.num_of()[at]
    if stable:
        order_of = np.argsort(numbers, kind="stable")
        return Sorted(numbers[order_of], at[order_of])
    return Sorted(numbers, at)


def halving(wanted: Values, listed: Values, *, descending: bool = False) -> Places:
    """The place that Excel's binary search ends on: the last value not above the wanted one, -1 for none.

    The list is taken as sorted, as MATCH(x, list, 1), VLOOKUP(..., TRUE) and LOOKUP do; values of other types are
    passed over. `descending`: MATCH(x, list, -1), the last value not below.
    """
    places = np.full(wanted.shape, -1, np.int64)
    for tag in (Tag.NUMBER, Tag.TEXT, Tag.BOOL, Tag.BLANK):
        if not wanted.has(tag):
            continue
        kind = Tag.NUMBER if tag is Tag.BLANK else tag
        line = sorted_of(listed, kind, stable=False)
        if not len(line.places):
            continue
        if kind is Tag.NUMBER and not descending and _rises(listed, line):
            found = np.searchsorted(np.asarray(line.keys), wanted.num_of(), "right") - 1
            found = np.where(found >= 0, line.places[np.maximum(found, 0)], -1)
        else:
            keys = _spaced(listed, line, kind)
            found = _each(wanted, tag, partial(_halve, keys, descending=descending))
        places = np.where(wanted.where(tag), found, places)
    return places


def _rises(listed: Values, line: Sorted) -> bool:
    """Whether the numbers of a list are in order, so that halving is a plain sorted search."""
    return listed.cached("rises", lambda: bool((np.diff(np.asarray(line.keys, np.float64)) >= 0).all()))


def _each(wanted: Values, tag: Tag, find: Callable[[object], int]) -> Places:
    """`find` once for each distinct wanted value of a type."""
    if tag is Tag.TEXT:
        codes, words = excel.used_words(wanted.codes_of(), wanted.words)
        return np.array([find(excel.collate(word)) for word in words] or [-1], np.int64)[codes]
    codes, uniques = pd.factorize(wanted.num_of().ravel())
    return np.array([find(one) for one in uniques.tolist()] or [-1], np.int64)[codes].reshape(wanted.shape)


def _spaced(listed: Values, line: Sorted, tag: Tag) -> list[object]:
    """The keys of one type at their places in the list, None where another type stands."""

    def make() -> list[object]:
        spaced: list[object] = [None] * listed.size
        for at, key in zip(line.places.tolist(), list(line.keys), strict=True):
            spaced[at] = key
        return spaced

    return listed.cached(f"spaced {tag}", make)


def _halve(keys: Sequence[Any], key: Any, *, descending: bool) -> int:
    """Where halving ends; a middle of another type gives way to the next one of its own type."""
    low, high, best = 0, len(keys) - 1, -1
    while low <= high:
        middle = half = (low + high) // 2
        while middle <= high and keys[middle] is None:
            middle += 1
        if middle > high:
            high = half - 1
            continue
        held = keys[middle]
        if held == key:
            following = middle + 1
            while following <= high and keys[following] == key:
                middle, following = following, following + 1
            return middle
        if (held > key) if descending else (held < key):
            best, low = middle, middle + 1
        else:
            high = half - 1
    return best


def between(wanted: Values, listed: Values, *, beside: int, falling: bool) -> Places:
    """XLOOKUP's binary search (2 rising, -2 falling) over values of all types: numbers, texts, FALSE, TRUE.

    The list is taken as sorted. `beside`: 0 exact, -1 else the next smaller, 1 else the next larger value.
    """
    keys = [_typed_key(one) for one in listed.items()]
    if falling:
        keys.reverse()
    found: dict[object, int] = {}
    places = []
    for value in wanted.flat().items():
        key = _typed_key(value)
        if key not in found:
            found[key] = _bisected(keys, key, beside)
        places.append(found[key])
    at = np.array(places, np.int64).reshape(wanted.shape)
    return np.where(at < 0, -1, len(keys) - 1 - at) if falling else at


def _typed_key(value: Scalar) -> tuple[int, float | str]:
    if isinstance(value, str):
        return Tag.TEXT, excel.collate(value)
    if isinstance(value, bool):
        return Tag.BOOL, float(value)
    if isinstance(value, ExcelError):
        return Tag.ERROR, float(value.code)
    return (Tag.BLANK, 0.0) if value is None else (Tag.NUMBER, excel.fifteen(value))


def _bisected(keys: Sequence[tuple[int, float | str]], key: tuple[int, float | str], beside: int) -> int:
    at = bisect.bisect_left(keys, key)
    if at < len(keys) and keys[at] == key:
        return at
    at += min(beside, 0)
    inside = 0 <= at < len(keys) and keys[at][0] not in (Tag.ERROR, Tag.BLANK)
    return at if beside and inside else -1


def nearest(wanted: Values, listed: Values, *, larger: bool, last: bool, context: Context) -> Places:
    """Exact, else the next smaller (or `larger`) value of the same type, in a list of any order (XLOOKUP -1 and 1)."""
    places = exact(wanted, listed, last=last, context=context)
    for tag in (Tag.NUMBER, Tag.TEXT, Tag.BOOL):
        open_rows = wanted.where(tag) & (places < 0)
        if not open_rows.any():
            continue
        line = sorted_of(listed, tag, stable=True)
        if not len(line.places):
            continue
        if tag is Tag.TEXT:
            keys = np.array(line.keys, object)
            found = _each(wanted, tag, partial(_beside_one, keys, larger=larger, last=last))
        else:
            found = _beside(np.asarray(line.keys, np.float64), wanted.num_of(), larger, last)
        places = np.where(open_rows & (found >= 0), line.places[np.maximum(found, 0)], places)
    return _of_other_types(places, wanted, listed, larger=larger, last=last)


def _of_other_types(places: Places, wanted: Values, listed: Values, *, larger: bool, last: bool) -> Places:
    """Where no value of the own type lies beside: the least of the next type above, or the most of the next below."""
    kinds = (Tag.NUMBER, Tag.TEXT, Tag.BOOL)
    for at, tag in enumerate(kinds):
        open_rows = wanted.where(tag) & (places < 0)
        others = kinds[at + 1 :] if larger else kinds[:at][::-1]
        for other in others if open_rows.any() else ():
            line = sorted_of(listed, other, stable=True)
            if not len(line.places):
                continue
            key = line.keys[0] if larger else line.keys[-1]
            equal = [place for place, one in zip(line.places.tolist(), list(line.keys), strict=True) if one == key]
            places = np.where(open_rows, equal[-1] if last else equal[0], places)
            break
    return places


def _beside_one(keys: npt.NDArray[np.object_], key: object, *, larger: bool, last: bool) -> int:
    return int(_beside(keys, np.array([key], object), larger, last)[0])


def _beside(keys: npt.NDArray[np.generic], wanted: npt.NDArray[np.generic], larger: bool, last: bool) -> Places:
    """Places in a sorted list of the next larger or smaller keys; of equal ones the first, or the last."""
    at = np.searchsorted(keys, wanted, "right" if larger else "left") - (0 if larger else 1)
    inside = (at >= 0) & (at < len(keys))
    edge = np.searchsorted(keys, keys[np.clip(at, 0, len(keys) - 1)], "right" if last else "left") - (1 if last else 0)
    return np.where(inside, edge, -1)
