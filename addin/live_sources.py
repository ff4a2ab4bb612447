"""Sources that are sheets of the open workbook are read from the open workbook, not from the file saved last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from addin.hosts.live_refusals import changed_meanwhile
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
        self._seen: dict[
            tuple[str, str], tuple[int, Source, str, Raw | None]
        ] = {}  # sheet, source -> hash, what was read

    def changed(self) -> tuple[Problem, ...]:
        """H-129 for each sheet of the open workbook whose rows would be read differently now.

        A cell outside of the table that changes by itself, such as a =NOW() in a heading, is no other row.
        """
        found = []
        for (sheet, _), (was, source, shown, raw) in list(self._seen.items()):
            names = self.book.sheet_names()
            if sheet in names and _hash(self.book.shown_cells(sheet)) == was:
                continue
            now = self(source, shown)[0]
            if raw is None or now is None or not now.frame.equals(raw.frame):
                found.append(changed_meanwhile(sheet).problem)
        return tuple(found)

    def __call__(self, source: Source, shown: str) -> tuple[Raw | None, tuple[Problem, ...]]:
        """The sheet of the open workbook, or any other file as it lies on disk."""
        if Path(source.path) != self.book.path:
            return read(source, shown)
        facts = self.book.path.stat()
        file = File(path=source.path, shown=shown, kind="xlsx", size=facts.st_size, modified=facts.st_mtime)
        names = self.book.sheet_names()
        found = [name for name in names if name.strip().casefold() == source.sheet.strip().casefold()]
        cells = self.book.shown_cells(found[0]) if found else []
        raw, problems = open_book.read(source, file, names, cells)
        if found:
            self._seen[found[0], source.name] = _hash(cells), source, shown, raw
        return raw, problems


def _hash(cells: Sequence[Sequence[object]]) -> int:
    return hash(tuple(map(tuple, cells)))
