"""Notes on cells (the yellow ones)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlwings import base_classes

from addin.calc.border import CalcError, bordered

if TYPE_CHECKING:
    from addin.calc.sheets import CalcSheet


def _place(sheet: CalcSheet, row: int, column: int) -> int:
    """The number of a cell's note among its sheet's, -1 for none."""
    found = sheet.xl.getAnnotations()
    for place in range(found.getCount()):
        position = found.getByIndex(place).getPosition()
        if (position.Row + 1, position.Column + 1) == (row, column):
            return place
    return -1


def note_at(sheet: CalcSheet, row: int, column: int) -> CalcNote | None:
    """The note of a cell, None for none."""
    return CalcNote(sheet, row, column) if _place(sheet, row, column) >= 0 else None


def notes_of(sheet: CalcSheet) -> list[CalcNote]:
    """All notes of a sheet."""
    found = sheet.xl.getAnnotations()
    positions = [found.getByIndex(place).getPosition() for place in range(found.getCount())]
    return [CalcNote(sheet, one.Row + 1, one.Column + 1) for one in positions]


@bordered
class CalcNote(base_classes.Note):  # type: ignore[misc, unused-ignore]
    """The note of one cell."""

    def __init__(self, sheet: CalcSheet, row: int, column: int) -> None:
        self._sheet, self._row, self._column = sheet, row, column

    @property
    def api(self) -> Any:
        place = _place(self._sheet, self._row, self._column)
        if place < 0:
            raise CalcError("The note has been deleted.")
        return self._sheet.xl.getAnnotations().getByIndex(place)

    @property
    def text(self) -> str:
        return str(self.api.getString())

    @text.setter
    def text(self, text: str) -> None:
        self._sheet.must_be_unprotected()
        self.api.setString(text)

    def delete(self) -> None:
        self._sheet.must_be_unprotected()
        self._sheet.xl.getAnnotations().removeByIndex(_place(self._sheet, self._row, self._column))
