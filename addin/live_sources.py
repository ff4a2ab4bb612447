"""Sources that are sheets of the open workbook are read from the open workbook, not from the file saved last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from recon_core.model import Raw, Source
from recon_core.problems import Problem
from recon_core.readers import open_book, read
from recon_core.readers.preflight import File


class OpenBook(Protocol):
    """What is asked of the open workbook. `shown_cells`: values from A1 on; errors as `ExcelError`, padded numbers as text."""

    @property
    def path(self) -> Path: ...  # noqa: D102 - the file it was saved to
    def sheet_names(self) -> list[str]: ...  # noqa: D102
    def shown_cells(self, sheet: str) -> Sequence[Sequence[object]]: ...  # noqa: D102


class LiveReader:
    """`readers.read` for a run on an open workbook."""

    def __init__(self, book: OpenBook) -> None:
        self.book = book

    def __call__(self, source: Source, shown: str) -> tuple[Raw | None, tuple[Problem, ...]]:
        """The sheet of the open workbook, or any other file as it lies on disk."""
        if Path(source.path) != self.book.path:
            return read(source, shown)
        facts = self.book.path.stat()
        file = File(path=source.path, shown=shown, kind="xlsx", size=facts.st_size, modified=facts.st_mtime)
        names = self.book.sheet_names()
        found = [name for name in names if name.strip().casefold() == source.sheet.strip().casefold()]
        return open_book.read(source, file, names, self.book.shown_cells(found[0]) if found else [])
