"""The columns of a marketplace's sources as values: texts, amounts, days and quantities of chosen rows, by what they say.

A role may have several sources and each several files with other headers; what a file lacks is unknown for its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from recon_core.dates import NO_DAY, Days, Order, read_dates
from recon_core.keys import standard
from recon_core.market import Market, MarketUse, Role, Says
from recon_core.model import Raw
from recon_core.money import MINOR_PER_MAJOR, Bool, Form, Int64, read_amounts
from recon_core.ratecard import UNKNOWN
from recon_core.recipe import parse_terms
from recon_core.texts import arrow_text, concat_texts, words_of

Intp = npt.NDArray[np.intp]
KILO = 1000  # grams


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one file, as positions in its frame."""

    raw: Raw
    rows: Intp


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRows:
    """Rows (n) of the sources of one role, part after part."""

    market: Market
    role: Role
    parts: tuple[Part, ...]

    @property
    def n(self) -> int:
        """Rows of all parts."""
        return sum(len(part.rows) for part in self.parts)

    def has(self, says: Says) -> bool:
        """Whether a source of these rows names a column that says this."""
        return any(self._use(part, says) is not None for part in self.parts)

    def texts(self, says: Says) -> pa.Array:
        """The cells as printed (n), '' where there is none."""
        return self._text(says, lambda text: text)

    def keys(self, says: Says) -> pa.Array:
        """The cells as ids are compared (n)."""
        return self._text(says, standard)

    def series(self, says: Says, otherwise: str = "") -> pd.Series:
        """The cells as a str column (n), `otherwise` where there is none."""
        found = pd.Series(pd.array(pa.chunked_array([self.texts(says)]), dtype="str"))
        return found.mask(found.str.strip() == "", otherwise) if otherwise else found

    def coded(self, says: Says, otherwise: str = "") -> pd.Series:
        """As `series`, a category: for columns of few distinct words, which are taken and compared by their codes."""
        found = self.texts(says).dictionary_encode()
        printed = [str(word) for word in found.dictionary.to_pylist()]
        shown = [otherwise if otherwise and not word.strip() else word for word in printed]
        names = list(dict.fromkeys(shown))
        table = np.array([names.index(word) for word in shown] or [0], np.int32)
        return pd.Series(words_of(table[found.indices.to_numpy(zero_copy_only=False)], names))

    def amounts(self, says: Says) -> Int64:
        """Minor units (n), UNKNOWN where the cell is empty, unreadable or absent."""
        return self._numbers(says, lambda raw, use: amounts_of(raw, use.column, use.form))

    def days(self, says: Says) -> Days:
        """Days (n), NO_DAY for none."""
        return self._numbers(says, lambda raw, use: days_of(raw, use.column, use.form), NO_DAY)

    def grams(self) -> Int64:
        """Weights in whole grams (n), UNKNOWN for none. Form 'kg' says that the column is in kilograms."""

        def weight(raw: Raw, use: MarketUse) -> Int64:
            minor = amounts_of(raw, use.column, "auto")
            known = minor != UNKNOWN
            scale = KILO if use.form.strip().casefold().startswith("k") else 1
            return np.where(known, np.where(known, minor, 0) * scale // MINOR_PER_MAJOR, UNKNOWN)

        return self._numbers(Says.WEIGHT, weight)

    def quantities(self) -> Int64:
        """Whole quantities (n), 1 where none is given."""
        minor = self.amounts(Says.QUANTITY)
        whole = np.abs(np.where(minor == UNKNOWN, 0, minor)) // MINOR_PER_MAJOR
        return np.where(minor == UNKNOWN, 1, whole)

    def words(self, says: Says, meant: Callable[[str, Mapping[str, str]], int]) -> npt.NDArray[np.int8]:
        """Small codes (n): `meant` gives the code of each distinct printed word under the words that Form maps."""
        found = []
        for part in self.parts:
            use = self._use(part, says)
            column = None if use is None else column_of(part.raw, use.column)
            if use is None or column is None:
                found.append(np.full(len(part.rows), meant("", {}), np.int8))
                continue
            codes, printed = pd.factorize(column.to_numpy(object)[part.rows])
            table = np.array([meant(str(word), use.words) for word in printed], np.int8)
            found.append(table[codes] if len(table) else np.empty(0, np.int8))
        return np.concatenate([*found, np.empty(0, np.int8)])

    def _use(self, part: Part, says: Says) -> MarketUse | None:
        return self.market.use(self.role, part.raw.source, says)

    def _text(self, says: Says, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
        found = []
        for part in self.parts:
            use = self._use(part, says)
            column = None if use is None else column_of(part.raw, use.column)
            blank = pa.array([""] * len(part.rows), pa.large_string())
            found.append(blank if column is None else change(arrow_text(column).take(pa.array(part.rows))))
        return concat_texts([*found, pa.array([], pa.large_string())])

    def _numbers(self, says: Says, read: Callable[[Raw, MarketUse], Int64], none: int = int(UNKNOWN)) -> Int64:
        found = [np.empty(0, np.int64)]
        for part in self.parts:
            use = self._use(part, says)
            found.append(np.full(len(part.rows), none, np.int64) if use is None else read(part.raw, use)[part.rows])
        return np.concatenate(found)


def rows_of(market: Market, role: Role, raws: Mapping[str, Sequence[Raw]]) -> MarketRows:
    """All rows of all files of a role."""
    parts = [Part(raw, np.arange(len(raw.frame))) for source in market.sources(role) for raw in raws.get(source, ())]
    return MarketRows(market=market, role=role, parts=tuple(parts))


def column_of(raw: Raw, name: str) -> pd.Series | None:
    """A column of a file, its own or an added one, compared without case and blanks; None where there is none."""
    for frame in (raw.frame, raw.extra):
        if name in frame.columns:
            return frame[name]
    wanted = " ".join(name.split()).casefold()
    for frame in (raw.frame, raw.extra):
        for column in frame.columns:
            if str(column).casefold() == wanted:
                return frame[column]
    return None


def terms_in(raw: Raw, name: str) -> tuple[tuple[int, str], ...]:
    """A column as a sum: a header that is there wins over reading its text as one."""
    return ((1, name),) if column_of(raw, name) is not None else parse_terms(name)


def amounts_of(raw: Raw, name: str, form: str = "auto") -> Int64:
    """A column or a sum of columns in minor units, all rows; UNKNOWN where no cell of the row can be read."""
    total, known = np.zeros(len(raw.frame), np.int64), np.zeros(len(raw.frame), bool)
    wrong = np.zeros(len(raw.frame), bool)
    for sign, header in terms_in(raw, name):
        minor, ok, blank = read_column(raw, header, form)
        total, known, wrong = total + sign * minor, known | ok, wrong | ~(ok | blank)
    return np.where(known & ~wrong, total, UNKNOWN)


def read_column(raw: Raw, header: str, form: str = "auto") -> tuple[Int64, Bool, Bool]:
    """(minor units, which cells are amounts, which are empty) of one column; an absent one is empty."""
    column = column_of(raw, header)
    if column is None:
        n = len(raw.frame)
        return np.zeros(n, np.int64), np.zeros(n, bool), np.ones(n, bool)
    read = read_amounts(column, Form(form) if form in set(Form) else Form.AUTO, raw.typed.get(str(column.name)))
    return read.minor, read.ok, read.blank


def days_of(raw: Raw, name: str, form: str = "auto") -> Days:
    """A column of dates, all rows."""
    column = column_of(raw, name)
    if column is None:
        return np.full(len(raw.frame), NO_DAY, np.int64)
    read = read_dates(column, Order(form) if form in set(Order) else Order.AUTO)
    return np.where(read.ok, read.day, NO_DAY)
