"""One cell as XML: text is inline and never a formula, numbers are exact, dates are serials.

The rule for every value; `columnxml.py` does the same for whole columns and must give equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from addin.hosts.xmlparts import plain_text
from recon_core.sheets import MAX_TEXT, Formula, Kind

EPOCH_1900, EPOCH_1904 = 25569, 24107  # serial of 1970-01-01
FALSE_LEAP_DAY = 61  # Excel believes in 29 Feb 1900: earlier serials are one less
DAY = 86_400
MINOR_DIGITS = 4  # money: one unit is a ten-thousandth
FORMULA_STARTS = tuple("=+-@\t")
ERRORS = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"}
XML_SPACES = " \t\n\r"

Plain = str | int | float | bool | date | Decimal | Formula | None


def cell_xml(ref: str, value: Plain, style: int, epoch: int = EPOCH_1900, px: str = "") -> str:
    """`<c>` for one value; an unstyled blank is no cell at all."""
    head = f'<{px}c r="{ref}"' + (f' s="{style}"' if style else "")
    if isinstance(value, Formula):
        return f"{head}{_formula_body(value, epoch, px)}</{px}c>"
    kind, text = value_xml(value, epoch)
    if kind == "blank":
        return f"{head}/>" if style else ""
    if kind == "inlineStr":
        return f'{head} t="inlineStr"><{px}is><{px}t{space_attribute(text)}>{plain_text(text)}</{px}t></{px}is></{px}c>'
    mark = f' t="{kind}"' if kind else ""
    return f"{head}{mark}><{px}v>{text}</{px}v></{px}c>"


def _formula_body(formula: Formula, epoch: int, px: str) -> str:
    """The rest of the tag, the formula, and the value of the right type beside it."""
    text = f"<{px}f>{plain_text(formula.text.removeprefix('='))}</{px}f>"
    kind, cached = value_xml(formula.value, epoch)
    if kind == "blank":
        return f">{text}"
    if kind == "inlineStr":
        kind, cached = ("e", cached) if cached in ERRORS else ("str", plain_text(cached))
    mark = f' t="{kind}"' if kind else ""
    return f"{mark}>{text}<{px}v>{cached}</{px}v>"


def value_xml(value: Plain, epoch: int) -> tuple[str, str]:
    """(type, text): '' for a number, 'b', 'e', 'inlineStr' with raw text, or 'blank'."""
    if value is None or value == "":
        return "blank", ""
    if isinstance(value, str):
        return "inlineStr", cut_text(value)
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, date):
        return _date_xml(value, epoch)
    return _number_xml(value)


def _number_xml(value: object) -> tuple[str, str]:
    match value:
        case int():
            return "", str(value)
        case Decimal():
            return "", decimal_text(value)
        case float() if math.isnan(value):
            return "blank", ""
        case float() if math.isinf(value):  # Excel has no infinity; its own division gives this
            return "e", "#NUM!"
        case float():
            return "", float_text(value)
    raise TypeError(f"a cell cannot hold {type(value).__name__}")


def float_text(value: float) -> str:
    """The shortest text that reads back as the same number, in Arrow's spelling."""
    return str(pa.scalar(value + 0.0).cast(pa.string()))


def decimal_text(value: Decimal) -> str:
    """Exact, without exponent or trailing zeros: 1234.5000 -> '1234.5'."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _date_xml(value: date, epoch: int) -> tuple[str, str]:
    """A serial; a day before Excel's first becomes ISO text."""
    if value != value:  # noqa: PLR0124 - NaT is a datetime to Python
        return "blank", ""
    seconds = unix_seconds(value) + epoch * DAY
    if epoch == EPOCH_1900 and seconds < FALSE_LEAP_DAY * DAY:
        seconds -= DAY
    if seconds < (DAY if epoch == EPOCH_1900 else 0):
        return "inlineStr", value.isoformat()
    return "", float_text(seconds / DAY) if seconds % DAY else str(int(seconds) // DAY)


def unix_seconds(value: date) -> float:
    """Seconds since 1970 on the clock the user sees; a time zone is dropped."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return (moment.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()


def cut_text(text: str) -> str:
    """Text that fits a cell: Excel counts UTF-16 units and holds 32,767; a cut shows as '…'."""
    if len(text) <= MAX_TEXT // 2 or units(text) <= MAX_TEXT:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "surrogatepass")
    if "\ud800" <= kept[-1] <= "\udbff":  # half of a pair
        kept = kept[:-1]
    return f"{kept}…"


def units(text: str) -> int:
    """Length as Excel counts it."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def space_attribute(text: str) -> str:
    """xml:space where blanks at an end would be lost."""
    return ' xml:space="preserve"' if text.strip(XML_SPACES) != text else ""


def needs_quote(value: object) -> bool:
    """Whether Excel would take the text for a formula when someone edits the cell."""
    return isinstance(value, str) and value.startswith(FORMULA_STARTS)


def table_value(value: object, kind: Kind) -> Plain:
    """A value of a table's frame as the cell shows it: minor units become exact amounts, NA becomes None."""
    if isinstance(value, Formula):
        return value
    if value is None or pd.isna(cast(Any, value)):
        return None
    plain = value.item() if isinstance(value, np.generic) else value
    return _BY_KIND.get(kind, _as_is)(plain)


def _as_is(value: Any) -> Plain:
    return cast(Plain, value)


def _amount(value: Any) -> Plain:
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value).scaleb(-MINOR_DIGITS)
    return _as_is(value)


def _id(value: Any) -> Plain:
    return value if isinstance(value, str) else str(value)


def _day(value: Any) -> Plain:
    return value.date() if isinstance(value, datetime) else _as_is(value)


_BY_KIND: dict[Kind, Callable[[Any], Plain]] = {Kind.AMOUNT: _amount, Kind.ID: _id, Kind.DATE: _day}
