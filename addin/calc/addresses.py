"""What a text names: an address, a defined name, a table or a part of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xlwings import NoSuchObjectError

from addin.calc.ranges import MAX_COLUMNS, MAX_ROWS, CalcRange
from recon_core.formula.tokens import corner_of, unescaped

if TYPE_CHECKING:
    from addin.calc.sheets import CalcSheet

_CORNER = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_ADDRESS = re.compile(
    rf"{_CORNER}(?::{_CORNER})?|\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?[0-9]{{1,7}}:\$?[0-9]{{1,7}}"
)
_TABLE = re.compile(r"([^\W\d][\w.]*)(?:\[(.*)\])?")


def named(sheet: CalcSheet, text: str) -> CalcRange:
    """The cells that `text` names on a sheet; NoSuchObjectError where it names none."""
    bare = text.strip()
    if "!" in bare:
        prefix, bare = bare.rsplit("!", 1)
        return named(sheet.book.sheets(prefix.strip("'").replace("''", "'")), bare)
    found = _address(sheet, bare) or _defined(sheet, bare) or _table(sheet, bare)
    if found is None:
        raise NoSuchObjectError(f"The address or named range {text!r} doesn't exist.")
    return found


def _address(sheet: CalcSheet, text: str) -> CalcRange | None:
    """B7, B7:C9, A:C or 1:3."""
    if not _ADDRESS.fullmatch(text):
        return None
    first, _, second = text.partition(":")
    row, column = corner_of(first)
    last_row, last_column = corner_of(second) if second else (row, column)
    top, bottom = (min(row, last_row), max(row, last_row)) if row else (1, MAX_ROWS)
    left, right = (min(column, last_column), max(column, last_column)) if column else (1, MAX_COLUMNS)
    if top < 1 or left < 1 or bottom > MAX_ROWS or right > MAX_COLUMNS:
        return None
    return CalcRange(sheet, top, left, bottom - top + 1, right - left + 1)


def _defined(sheet: CalcSheet, text: str) -> CalcRange | None:
    """A name of the sheet, else of the book."""
    for scope in (sheet.names, sheet.book.names):
        for one in scope:
            if one.bare.lower() == text.lower() and one.sheet_name in {"", sheet.name}:
                return one.refers_to_range
    return None


def _table(sheet: CalcSheet, text: str) -> CalcRange | None:
    """Orders, Orders[#All], Orders[#Headers] or Orders[Amount]."""
    found = _TABLE.fullmatch(text)
    for one in sheet.book.sheets if found else ():
        if found is None or found[1] not in one.tables:
            continue
        table, part = one.tables(found[1]), (found[2] or "").strip("[]")
        if part.lower() == "#all":
            return table.range
        if part.lower() == "#headers":
            return table.header_row_range
        body = table.data_body_range
        if part and not part.startswith("#") and body is not None:
            try:
                return table.columns(unescaped(part)).data_body_range
            except KeyError:
                return None
        return body
    return None
