"""What the texts of cells read as, by the engine's own rules: amounts, dates, ids, likeness, subsets that add up.

A reading depends on the cells it is given, not on the workbook. A column of texts proves its own number form and order
of day and month; where none of its cells does, those that read two ways have no answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa
from rapidfuzz.distance import JaroWinkler

from recon_core.dates import Order, read_dates, to_date
from recon_core.keys import parse_cleaning, standard, strong
from recon_core.money import MINOR_PER_MAJOR, Form, read_amounts, to_major
from recon_core.schema import as_text
from recon_core.subset import Verdict, find_subset


class NoAnswer(StrEnum):
    """Why a cell has no value. The values are what Excel shows."""

    NOT_FOUND = "#N/A"
    BAD_INPUT = "#VALUE!"
    SEVERAL = "#NUM!"


FORMS = {"auto": Form.AUTO, "point": Form.POINT, "comma": Form.COMMA, "1,234.50": Form.POINT, "1.234,50": Form.COMMA}
ORDERS = {"auto": Order.AUTO, "day/month": Order.DMY, "month/day": Order.MDY}
ERRORS = {"#N/A": NoAnswer.NOT_FOUND, "#NUM!": NoAnswer.SEVERAL} | dict.fromkeys(
    ("#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NULL!"), NoAnswer.BAD_INPUT
)


def amounts(cells: Sequence[object], style: str = "auto") -> list[float | str | NoAnswer]:
    """A column of cells -> amounts; a number is one, an empty cell ''.

    NOT_FOUND for what stands for nothing (NA, a dash). BAD_INPUT for what is no amount, and for what reads two ways.
    Raises ValueError for an unknown style.
    """
    form = FORMS.get(style.strip().casefold() or "auto")
    if form is None:
        raise ValueError(style)
    texts = pd.Series([value if isinstance(value, str) else "" for value in cells], dtype="str")
    read = read_amounts(texts, form)
    twofold = np.zeros(len(texts), bool)
    if read.unproved:
        point, comma = read_amounts(texts, Form.POINT), read_amounts(texts, Form.COMMA)
        twofold = point.ok & comma.ok & (point.minor != comma.minor)
    found: list[float | str | NoAnswer] = []
    for at, value in enumerate(cells):
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(value)
        elif is_blank(value):
            found.append("")
        elif not isinstance(value, str) or twofold[at] or not (read.ok[at] or read.blank[at]):
            found.append(ERRORS.get(as_text(value), NoAnswer.BAD_INPUT))
        else:
            found.append(to_major(int(read.minor[at])) if read.ok[at] else NoAnswer.NOT_FOUND)
    return found


def dates(cells: Sequence[object], order: str = "auto") -> list[dt.date | str | NoAnswer]:
    """A column of cells -> days; a date is one, a number a day of the 1900 calendar, an empty cell ''. Else as `amounts`."""
    known = ORDERS.get(order.strip().casefold() or "auto")
    if known is None:
        raise ValueError(order)
    texts = pd.Series(["" if isinstance(value, bool) else as_text(value) for value in cells], dtype="str")
    read = read_dates(texts, known)
    twofold = np.zeros(len(texts), bool)
    if read.unproved:
        first, second = read_dates(texts, Order.DMY), read_dates(texts, Order.MDY)
        twofold = first.ok & second.ok & (first.day != second.day)
    found: list[dt.date | str | NoAnswer] = []
    for at, value in enumerate(cells):
        day = to_date(int(read.day[at])) if read.ok[at] else None
        if is_blank(value):
            found.append("")
        elif isinstance(value, bool) or twofold[at] or not (day or read.blank[at]):
            found.append(ERRORS.get(as_text(value), NoAnswer.BAD_INPUT))
        else:
            found.append(day or NoAnswer.NOT_FOUND)
    return found


def cleaned_ids(cells: Sequence[object], rule: str = "") -> list[str | NoAnswer]:
    """Ids as the engine compares them, each by itself; '' for a placeholder. Raises ValueError for an unknown rule."""
    cleaning = parse_cleaning(rule)
    texts = [as_text(value) for value in cells]
    forms = standard(pa.array(texts, pa.large_string()))
    cleaned = strong(forms, cleaning).to_pylist() if cleaning.is_strong else forms.to_pylist()
    return [ERRORS.get(text, form) for text, form in zip(texts, cleaned, strict=True)]


def likenesses(first: Sequence[object], second: Sequence[object]) -> list[float | NoAnswer]:
    """How alike ids are as printed, 0 to 1, pair by pair, as on the sheet Suggestions; NOT_FOUND where one is missing."""
    found: list[float | NoAnswer] = []
    for a, b, *ids in zip(first, second, cleaned_ids(first), cleaned_ids(second), strict=True):
        missing = any(not one or isinstance(one, NoAnswer) for one in ids)
        found.append(NoAnswer.NOT_FOUND if missing else round(JaroWinkler.similarity(as_text(a), as_text(b)), 3))
    return found


def sum_set(target: object, cells: Sequence[object], within: object = 0, max_items: object = 8) -> list[int] | NoAnswer:
    """1 for each cell of the one subset that adds up to the target, 0 for the others.

    SEVERAL where more than one does, NOT_FOUND where none does or there are too many cells to look at all of them.
    Raises ValueError for a cell that is neither a number nor empty.
    """
    values = [0 if is_blank(value) else _minor(value) for value in cells]
    most = 8 if is_blank(max_items) else _minor(max_items) // MINOR_PER_MAJOR
    tolerance = 0 if is_blank(within) else _minor(within)
    found = find_subset(values, _minor(target), within_minor=tolerance, max_items=most)
    if found.verdict is Verdict.UNIQUE:
        return [int(at in found.picked) for at in range(len(values))]
    return NoAnswer.SEVERAL if found.verdict is Verdict.SEVERAL else NoAnswer.NOT_FOUND


def is_blank(value: object) -> bool:
    """Whether a cell is empty, or an argument was left away."""
    return value is None or (isinstance(value, str) and not value.strip())


def _minor(value: object) -> int:
    """A number of a cell in minor units. Raises ValueError for anything else, infinities among it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e14:
        raise ValueError(str(value))
    return round(value * MINOR_PER_MAJOR)
