"""The nouns: Source, Raw, and the column contracts of Lines, Entries, Links and Result.

A frame is only as good as its contract, so each is written here once: column, dtype, unit, sign,
null rule. Identity is content (`line_id`), never position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

from recon_core.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file to read. `wanted` are the headers the recipe needs; they help to find the header row."""

    name: str  # the source's name in Setup
    path: str  # absolute path
    sheet: str = ""  # worksheet; '' is the only or first visible one; no meaning for text files
    header_row: int = 0  # one-based; 0: found by content
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One table of one file as text, every row with its place. Nothing is cleaned but the header names.

    `frame`: str columns, no nulls ('' is an empty cell), unique headers, only rows of the data area in file
    order. Numbers of a workbook stand as their shortest exact decimal text ('1234.5'), dates as ISO text,
    booleans as TRUE and FALSE, errors as Excel writes them ('#N/A').
    `row`: int64, the row (workbook) or line (text file) as the file shows it.
    `typed`: for workbook columns, True where the cell held a number, a date, TRUE or FALSE, not text; absent: all text.
    `ragged`: rows that do not fit the header: (row, text). They are listed, never shifted into columns.
    """

    source: str
    file: str  # name as shown to the user
    path: str
    sheet: str = ""
    header_row: int = 1
    frame: pd.DataFrame
    row: np.ndarray
    typed: Mapping[str, np.ndarray] = field(default_factory=dict)
    ragged: tuple[tuple[int, str], ...] = ()
    size: int = 0
    modified: float = 0.0  # seconds since 1970, UTC
    sha256: str = ""
    detected: str = ""  # what was detected, in words: "UTF-8, comma"
    extra: pd.DataFrame = field(default_factory=pd.DataFrame)  # looked-up and derived columns, as `frame`
    off_sum: pd.DataFrame = field(default_factory=pd.DataFrame)  # OFF_SUM_COLUMNS; empty: all add up
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # derived column -> the file's columns behind it
    failed: Mapping[str, np.ndarray] = field(default_factory=dict)  # derived column -> rows that hold an Excel error
    problems: tuple[Problem, ...] = ()


# Rows of a settlement file whose amounts do not add up to their own net (a marketplace only), in file order.
#
#   at            int64   position in Raw.frame
#   net_minor     int64   what the row says was paid
#   sum_minor     int64   the sum of its amounts
#   turned_minor  int64   that sum with the signs of fees and taxes turned
OFF_SUM_COLUMNS = ("at", "net_minor", "sum_minor", "turned_minor")


class Status(StrEnum):
    """The four outcomes of a row."""

    MATCHED = "Matched"
    PARTIALLY_MATCHED = "Partially matched"
    UNMATCHED = "Unmatched"
    SKIPPED = "Skipped"


class MatchClass(StrEnum):
    """How the lines of a link were found to belong together, surest first."""

    EXACT = "Exact"
    CLEANED_ID = "Cleaned id"
    TOLERANCE = "Tolerance"
    DATE_WINDOW = "Date window"
    ONE_TO_MANY = "Group 1:n"
    MANY_TO_ONE = "Group n:1"
    MANY_TO_MANY = "Group n:m"
    MANUAL = "Manual"
    PARTIAL = "Partial"  # same id, not confirmed: the lines of a Partially matched link


CLASSES: tuple[MatchClass, ...] = tuple(MatchClass)
CLASS_CODE: dict[MatchClass, int] = {name: code for code, name in enumerate(CLASSES)}


class Reason(StrEnum):
    """Why a row is not matched. The sentences stand in `statuses.py`."""

    NONE = ""
    AMOUNT_DIFFERS = "AMOUNT-DIFFERS"
    ROUNDING = "ROUNDING"
    COMPARED_DIFFERS = "COMPARED-DIFFERS"
    DATE_OUTSIDE = "DATE-OUTSIDE"
    DUPLICATE = "DUPLICATE"
    MIXED_CURRENCY = "MIXED-CURRENCY"
    EXTRA_LINE = "EXTRA-LINE"
    ONLY_IN_A = "ONLY-IN-A"
    ONLY_IN_B = "ONLY-IN-B"


class Skip(StrEnum):
    """Why a row takes no part. Every skipped row stays visible with its raw text and its amount."""

    NONE = ""
    BLANK_ROW = "Blank row"
    RULE_ROW = "Ruled line"
    HEADER = "Repeated header"
    TOTAL = "Total or footer"
    RAGGED = "Does not fit the header"
    NO_ID = "No id"
    DAMAGED_ID = "Id damaged"
    NO_AMOUNT = "Amount missing"
    BAD_AMOUNT = "Amount not readable"
    BAD_COMPARED = "Compared amount not readable"
    BAD_DATE = "Date not readable"
    DUPLICATE = "Duplicate row"
    SKIP_RULE = "Skip rule"
    SAME_FILE = "Same file again"
    FORMULA_ERROR = "Formula gives an error"
    NOTHING_EXPECTED = "Nothing expected"
    NO_ID_FOUND = (
        "Skip rule, no id found"  # and none was found: the row does not bear an id of the other side, of its sign
    )
    OFF_SUM = "Does not add up"


SKIPS: tuple[Skip, ...] = tuple(Skip)
SKIP_CODE: dict[Skip, int] = {name: code for code, name in enumerate(SKIPS)}
LEFT_OUT: tuple[Skip, ...] = (  # kinds that are trouble with the row itself
    Skip.RAGGED, Skip.DAMAGED_ID, Skip.NO_AMOUNT, Skip.BAD_AMOUNT, Skip.BAD_COMPARED, Skip.BAD_DATE, Skip.FORMULA_ERROR, Skip.OFF_SUM,
)  # fmt: skip

SIDES = ("A", "B")

# Lines: one row per source row of both sides of a leg, skipped rows included. Row order is side A in file
# order, then side B; `pos` is that order and is used inside one leg only, never to identify a line.
#
#   pos           int64   0..n-1
#   side          int8    0 is A, 1 is B
#   no            int64   1..n within the side, in file order: for the completeness proof on Summary
#   file          int32   position in Result.files
#   row           int64   row of the file as the file shows it
#   key_raw       str     the id as printed (composite ids joined by ' | '), '' when empty
#   key           str     the id as compared, '' when there is none
#   code          int64   number of the key within the leg, -1 when there is none
#   amount_raw    str     the amount as printed ('' when empty; sums joined by ' + ')
#   amount_minor  int64   money towards us is positive, ten-thousandths, 0 where it cannot be read
#   date_raw      str
#   day           int64   days since 1970, dates.NO_DAY for none
#   currency      str     '' or a code; part of the key when a leg holds more than one
#   item          str     SKU or the like as compared, '' for none
#   units         int64   quantity, 0 for none
#   compare_<i>   int64   further amounts that must agree, minor units, in the order of Leg.compare
#   linked_by     str     '' or the name of the reference that led to the key (invoice number, AWB)
#   is_cleaned    bool    the compared id differs from the printed one
#   twin          int64   how many rows before it are equal to it in every column of the file
#   skip          int8    SKIP_CODE; 0 takes part
#   skip_note     str     what was read or which rule, in words
#   line_id       uint64  hash of side, key, date, amount and occurrence: survives a re-issued file
LINE_COLUMNS = (
    "pos", "side", "no", "file", "row", "key_raw", "key", "code", "amount_raw", "amount_minor", "date_raw", "day",
    "currency", "item", "units", "linked_by", "is_cleaned", "twin", "skip", "skip_note", "line_id",
)  # fmt: skip

# Entries: the signed components of a line; they sum to their line.
#
#   pos           int64   the line
#   type          category  the column, or the entry type of a layout (SALE, COMMISSION ...)
#   amount_minor  int64
ENTRY_COLUMNS = ("pos", "type", "amount_minor")

# Links: one row per line of a link. A line is in at most one link of a leg.
#
#   pos        int64   the line
#   link       int64   0.. within the leg; ties the rows of one run together, says nothing by itself
#   klass      int8    CLASS_CODE
#   rule       int16   position in Leg.rules
#   match_id   uint64  smallest line_id of the link: the same in every part and every order
LINK_COLUMNS = ("pos", "link", "klass", "rule", "match_id")

# Suggestions: a possible pair; it moves no figure.
#
#   pos_a, pos_b  int64   the two lines
#   because       str     one sentence
#   score         float64 0..1, likeness of the ids
#   others        int64   other pairs that are equally good for either line
SUGGESTION_COLUMNS = ("pos_a", "pos_b", "because", "score", "others")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One file of one side: what was read and what it adds up to."""

    side: int
    source: str
    file: str
    path: str = ""
    sheet: str = ""
    header_row: int = 1
    rows: int = 0
    amount_minor: int = 0  # of all rows that have one, skipped rows included, totals rows not
    own_total_minor: int | None = None  # of the file's own total row
    added_up: bool = False  # the leg's lines are sums of this file's rows
    size: int = 0
    modified: float = 0.0
    sha256: str = ""
    detected: str = ""


class Use(StrEnum):
    """Why a file was read that no side of a leg has; on the sheet Files in the column Leg."""

    SUPPORTING = "Supporting data"  # looked into
    NO_LEG = "No leg"  # a source that only formulas ask for, or of a leg that was left out


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFile:
    """One file that was read beside the legs: what it holds goes into the results all the same."""

    use: Use
    source: str  # the sources that look into it, or the source it is
    file: str
    sheet: str = ""
    header_row: int = 1
    rows: int = 0
    size: int = 0
    modified: float = 0.0
    sha256: str = ""
    detected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows and their money in one outcome of one side."""

    rows: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one leg came to.

    `lines` carries the columns of Lines plus those of Links and the verdict:

    link int64 (-1 none), klass int8 (-1), rule int16 (-1), match_id uint64 (0), status int8 (position in Status),
    reason str, gap_minor int64 (A - B of the own link; of an unlinked line its signed amount), within_minor int64
    (the tolerance its rule allowed), gap_days int64 (largest B - A of the link), differs str (compared columns that differ).
    """

    leg: str
    label_a: str
    label_b: str
    lines: pd.DataFrame
    entries: pd.DataFrame
    suggestions: pd.DataFrame
    files: tuple[FileFacts, ...]
    rule_names: tuple[str, ...]
    compare_names: tuple[str, ...]
    tallies: Mapping[tuple[int, Status], Tally]
    problems: tuple[Problem, ...]
    decimals: int = 2
    has_dates: bool = True
    as_of_day: int = 0
