"""What the steps of prepare pass on: one file's rows on the way, the plan of the side, and the outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from recon_core.model import FileFacts, Raw
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Leg, Meaning, SideOf, SkipRule, Use

ONLY_TOTAL = re.compile(
    r"\W*((grand|sub|net|gross|page|report|overall|sum)?[\s-]*totals?|sum|(opening|closing) balance)"
    r"(\s+(amount|value|rs|inr|rows?))?\W*", re.IGNORECASE,
)  # fmt: skip
LISTED = 25  # so many rows of one kind are listed one by one; the rest are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the recipe says about one side of a leg."""

    leg: Leg
    letter: str
    skips: Sequence[SkipRule] = ()
    earlier_skips: Mapping[tuple[str, int], int] = field(default_factory=dict)  # (path + sheet, row) -> skip code
    settled: Sequence[str] = ()  # sources whose payouts the marketplace compares, so that nobody tells of them twice

    @property
    def side(self) -> SideOf:
        """The side this plan prepares."""
        return self.leg.side(self.letter)

    def uses(self, source: str, meaning: Meaning) -> list[Use]:
        """Columns with a meaning; those named for the source itself win over those for every source."""
        found = [use for use in self.leg.uses if use.side == self.letter and use.meaning is meaning]
        own = [use for use in found if use.source == source]
        return own or [use for use in found if not use.source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One file between two steps. `frame` holds the file's columns and those looked up and derived; `lines` follows model.LINE_COLUMNS as far as known, plus flag columns.

    `parts`: minor units of each summed column. `readable`: flags that `skip` turns into outcomes.
    """

    raw: Raw
    frame: pd.DataFrame
    lines: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    flags: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    own_total_minor: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One side of a leg; `lines` is None when a problem stops the run."""

    lines: pd.DataFrame | None
    entries: pd.DataFrame | None
    files: tuple[FileFacts, ...]
    problems: tuple[Problem, ...]


def place(raw: Raw, row: int = 0, column: str = "") -> Place:
    """The place of a row of a file."""
    return Place(file=raw.file, sheet=raw.sheet, row=int(row), column=column)


def row_problems(
    raw: Raw, at: npt.NDArray[np.intp], texts: Sequence[str], column: str, code: str, what: str, fix: str
) -> list[Problem]:
    """A Problem for each of the first rows, and one that counts the rest. `what` may use {raw}."""
    shown = [
        Problem(code, Severity.LEFT_OUT, place(raw, int(raw.row[row]), column), text, what.format(raw=text), fix)
        for row, text in zip(at[:LISTED], texts, strict=False)
    ]
    if len(at) > LISTED:
        more = f"{len(at) - LISTED:,} more rows of {raw.file} have the same trouble; the sheet Skipped lists them."
        shown.append(Problem(code, Severity.LEFT_OUT, place(raw, 0, column), "", more, fix))
    return shown


def find_column(frame: pd.DataFrame, name: str) -> str | None:
    """The frame's own spelling of a header, compared without case and blanks; None where there is none."""
    if name in frame.columns:
        return name
    wanted = " ".join(name.split()).casefold()
    return next((str(column) for column in frame.columns if str(column).casefold() == wanted), None)


def terms_of(frame: pd.DataFrame, use: Use) -> tuple[tuple[int, str], ...]:
    """The columns of a use: a header that is there wins over reading its text as a sum ('Price + GST').

    A minus needs blanks around it, unless only so the names are found: 'price-discount' -> price less discount.
    """
    if find_column(frame, use.column) is not None:
        return ((1, use.column),)
    found: list[tuple[int, str]] = []
    for sign, name in use.terms:
        parts = [part.strip() for part in name.split("-")]
        if find_column(frame, name) is None and len(parts) > 1 and all(find_column(frame, part) for part in parts):
            found += [(sign if n == 0 else -sign, part) for n, part in enumerate(parts)]
        else:
            found.append((sign, name))
    return tuple(found)


def texts(values: Sequence[str] | npt.NDArray[np.object_] | pa.Array) -> pd.Series:
    """Values as a str column."""
    return (
        pd.Series(pd.array(values, dtype="str"))
        if not isinstance(values, pa.Array)
        else pd.Series(pd.array(pa.chunked_array([values]), dtype="str"))
    )
