"""A table a formula may refer to: named columns of `Values`, made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from recon_core.formula.values import Values, joined_words, tagged


def _as_it_is(values: Values) -> Values:
    return values


def folded(header: str) -> str:
    """A header as references compare it: without case, blanks and line breaks as one blank."""
    return " ".join(header.split()).casefold()


class Table:
    """Columns by header, each of `rows` values. `load` makes a column when a formula first asks for it."""

    def __init__(self, name: str, rows: int, load: Mapping[str, Callable[[], Values]]) -> None:
        self.name, self.rows = name, rows
        self._load = dict(load)
        self._worked_out: frozenset[str] = frozenset()
        self._known = {folded(header): header for header in reversed(list(load))}
        self._made: dict[str, Values] = {}
        self._whole: dict[tuple[tuple[str, ...], str], Values] = {}

    @classmethod
    def of(cls, name: str, columns: Mapping[str, Values]) -> Table:
        """A table of ready columns, each one-dimensional."""
        rows = next((values.shape[0] for values in columns.values()), 0)
        return cls(name, rows, {header: partial(_as_it_is, values) for header, values in columns.items()})

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers in order."""
        return tuple(self._load)

    def header(self, name: str) -> str | None:
        """The table's own spelling of a header; None where there is none."""
        return name if name in self._load else self._known.get(folded(name))

    def with_column(self, header: str, values: Values) -> Table:
        """The table with one more column, which is found by its name only: no bare table or range holds it."""
        table = Table(self.name, self.rows, {**self._load, header: partial(_as_it_is, values)})
        table._worked_out = self._worked_out | {header}
        table._made = dict(self._made)
        table._made.pop(header, None)
        return table

    def along_rows(self, columns: tuple[str, ...]) -> Values:
        """The column of a reference such as [@Amount], one value a row."""
        return self._column(columns[0]) if len(columns) == 1 else self._column(self.headers[0])

    def whole(self, columns: tuple[str, ...], part: str = "data") -> Values:
        """One or several columns as a grid; 'headers' one row of texts, 'all' both."""
        names = self._range(columns)
        key = (names, part)
        if key not in self._whole:
            self._whole[key] = self._grid(names, part)
        return self._whole[key]

    def _range(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        if len(columns) == 1:
            return (self._own(columns[0]),)
        headers = tuple(header for header in self.headers if header not in self._worked_out)
        if not columns:
            return headers
        first, last = (headers.index(self._own(name)) for name in (columns[0], columns[-1]))
        return headers[min(first, last) : max(first, last) + 1]

    def _own(self, name: str) -> str:
        header = self.header(name)
        if header is None:
            raise KeyError(name)
        return header

    def _column(self, name: str) -> Values:
        header = self._own(name)
        if header not in self._made:
            self._made[header] = self._load[header]().as_ref()
        return self._made[header]

    def _grid(self, names: tuple[str, ...], part: str) -> Values:
        headers = Values.of(names, (1, len(names))).as_ref()
        if part == "headers":
            return headers
        columns = [self._column(name) for name in names]
        if not self.rows:
            data = Values.of([None] * len(names), (1, len(names))).as_ref()
        elif len(columns) == 1:
            data = columns[0].reshape((self.rows, 1)).as_ref()
        else:
            data = _side_by_side(columns, self.rows)
        return data if part == "data" else _below(headers, data)


def _side_by_side(columns: list[Values], rows: int) -> Values:
    codes, words = joined_words(columns)
    num = np.stack([column.num_of() for column in columns], axis=1)
    tags = np.stack([column.tags() for column in columns], axis=1)
    return tagged((rows, len(columns)), tags, num, np.stack(codes, axis=1), words).as_ref()


def _below(top: Values, bottom: Values) -> Values:
    codes, words = joined_words([top, bottom])
    num = np.concatenate([top.num_of(), bottom.num_of()])
    tags = np.concatenate([top.tags(), bottom.tags()])
    return tagged(num.shape, tags, num, np.concatenate(codes), words).as_ref()
