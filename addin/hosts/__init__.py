"""A workbook behind six verbs: a live one or a file, drawn from the same `Sheet` values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from recon_core.problems import Problem
from recon_core.sheets import Sheet


class Host(Protocol):
    """The six things we ever ask of a workbook. Cells are plain Python values, row by row."""

    def cells(self, sheet: str) -> list[list[object]]:
        """Row 1, column A first; blanks are None, trailing blanks are cut; [] when there is no such sheet."""
        ...

    def write(self, sheets: Sequence[Sheet], unchanged: Sequence[str] = ()) -> None:
        """Draw the sheets, all of them or none.

        `unchanged`: sheets that `cells` has read and that must still read so; a change since then is refused.
        """
        ...

    def show(self, problems: Sequence[Problem]) -> None:
        """Put the problems before the user, all together."""
        ...

    def progress(self, text: str, share: float) -> None:
        """Say what goes on; `share` runs from 0 to 1."""
        ...

    def choose(self, question: str, options: Sequence[str]) -> str | None:
        """One of the options, None when nobody answers."""
        ...

    def save(self) -> None:
        """Keep what was written."""
        ...


class LiveBook(Host, Protocol):
    """A workbook open before the user: what buttons need beyond the six verbs."""

    @property
    def path(self) -> Path:
        """The file it was saved to. Raises ReconError where it never was, or where its path is an address."""
        ...

    def sheet_names(self) -> list[str]:
        """The worksheets from left to right."""
        ...

    def shown_cells(self, sheet: str) -> list[list[object]]:
        """As `cells`, with errors as `ExcelError` and numbers that show leading zeros as that text."""
        ...

    def named(self, name: str) -> object:
        """The value of the cell a defined name points at; None where it is blank or there is no such name."""
        ...

    def set_named(self, name: str, value: str) -> bool:
        """Write a text into the cell of a defined name; False where there is no such name."""
        ...

    def selected(self) -> tuple[str, int, int]:
        """Sheet, row and column of the selection, one-based."""
        ...

    def go_to(self, sheet: str, row: int = 1, column: int = 1) -> bool:
        """Show a cell, with row 0 the one selected there last; False where there is no such sheet."""
        ...

    def status(self, line: str) -> None:
        """One line in the status cell; in the status bar where the workbook has no such cell."""
        ...

    def tell(self, text: str, *, grave: bool = False) -> None:
        """The one closing message of a button."""
        ...
