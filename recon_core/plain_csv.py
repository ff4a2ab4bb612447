"""Rows as CSV text for other programs: amounts exact, days as 2026-04-30, and no text that a spreadsheet would take for a formula.

A text that begins with =, +, -, @, a tab or a line break gets an apostrophe before it, which spreadsheets show as text and which
our own readers take off again from an id. A number is written as a number, a minus too.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence

from recon_core.money import to_text
from recon_core.sheets import Column, Kind

FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"


def csv_text(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> str:
    """A header and a line for each row; cells of AMOUNT columns are minor units, None is a blank cell. Lines end with CR LF."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_cell(value, column.kind) for value, column in zip(row, columns, strict=True)])
    return out.getvalue()


def _cell(value: object, kind: Kind) -> str:
    if value is None:
        return ""
    if kind is Kind.AMOUNT and isinstance(value, int):
        return to_text(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) else shown(str(value))


def shown(text: str) -> str:
    """A text that no spreadsheet takes for a formula: '=1+1' -> "'=1+1"."""
    return f"'{text}" if text.lstrip(" ")[:1] and text.lstrip(" ")[0] in FORMULA_SIGNS else text
