"""One UNO cursor a sheet, moved to where something is done: a new object of UNO costs ten calls, a move two or three."""

from __future__ import annotations

from typing import Any

_LAST_ROW, _LAST_COLUMN = 1_048_575, 16_383


class Pointer:
    """The cursor of one UNO sheet. Whoever is handed it uses it at once: the next one moves it on."""

    def __init__(self, sheet: Any) -> None:
        self._cursor = sheet.createCursor()

    def at(self, row: int, column: int, rows: int, columns: int) -> Any:
        """The cursor over these cells, counted from 0. Where it stands is asked: rows put in above have moved it."""
        cursor, now = self._cursor, self._cursor.getRangeAddress()
        if (now.EndRow - now.StartRow + 1, now.EndColumn - now.StartColumn + 1) != (rows, columns):
            if now.StartRow + rows > _LAST_ROW or now.StartColumn + columns > _LAST_COLUMN:
                cursor.collapseToSize(1, 1)
                cursor.gotoOffset(column - now.StartColumn, row - now.StartRow)
                cursor.collapseToSize(columns, rows)
                return cursor
            cursor.collapseToSize(columns, rows)
        if (now.StartRow, now.StartColumn) != (row, column):
            cursor.gotoOffset(column - now.StartColumn, row - now.StartRow)
        return cursor
