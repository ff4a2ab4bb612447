"""A workbook behind six verbs: a live one or a file, drawn from the same `Sheet` values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recon_core.problems import Problem
from recon_core.sheets import Sheet


class Host(Protocol):
    """The six things we ever ask of a workbook. Cells are plain Python values, row by row."""

    def cells(self, sheet: str) -> list[list[object]]:
        """Row 1, column A first; blanks are None, trailing blanks are cut; [] when there is no such sheet."""
        ...

    def write(self, sheets: Sequence[Sheet]) -> None:
        """Draw the sheets, all of them or none."""
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
