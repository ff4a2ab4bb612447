"""Files put, replaced and removed as one: all of them, or none.

A change is a path and the bytes it shall hold, None for gone. What is so already is left alone, so doing the same
twice does nothing. Files are small enough to remember whole while the others are written.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple


class Change(NamedTuple):
    """What shall be at `path`. `what` names it for people."""

    what: str
    path: Path
    wanted: bytes | None


class BlockedError(Exception):
    """A change could not be made. Everything is as it was, except `left`: what could not be put back."""

    def __init__(self, change: Change, error: OSError, left: Sequence[Path]) -> None:
        super().__init__(f"{change.path}: {error}")
        self.change, self.error, self.left = change, error, tuple(left)


def state_of(change: Change) -> str:
    """What the change will do: same, new, changed or removed."""
    found = read(change.path)
    if found == change.wanted:
        return "same"
    if change.wanted is None:
        return "removed"
    return "new" if found is None else "changed"


def read(path: Path) -> bytes | None:
    """The bytes there, None where there is no file. OSError where it may not be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def missing_folders(changes: Iterable[Change]) -> list[Path]:
    """The folders that will be made, the outermost first."""
    found: dict[Path, None] = {}
    for change in changes:
        if change.wanted is not None:
            parents = [folder for folder in change.path.parents if not folder.exists()]
            found.update(dict.fromkeys(reversed(parents)))
    return list(found)


def place(changes: Sequence[Change]) -> None:
    """Make the changes in order. BlockedError when one fails: then those before it have been taken back."""
    folders = missing_folders(changes)
    undo: list[Change] = []
    for change in changes:
        try:
            before = read(change.path)
            if before != change.wanted:
                undo.append(Change(change.what, change.path, before))
                _put(change.path, change.wanted)
        except BaseException as error:  # Ctrl+C too
            left = _take_back(undo)
            remove_empty(folders)
            if isinstance(error, OSError):
                raise BlockedError(change, error, left) from error
            raise


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those that are there and empty, the innermost first; one that holds something stays."""
    for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
        with contextlib.suppress(OSError):  # not empty, or never made: both are how it should be
            folder.rmdir()


def _take_back(undo: Sequence[Change]) -> list[Path]:
    left = []
    for change in reversed(undo):
        try:
            if read(change.path) != change.wanted:
                _put(change.path, change.wanted)
        except OSError:
            left.append(change.path)
    return left


def _put(path: Path, wanted: bytes | None) -> None:
    """Write or remove one file; a reader sees the old bytes or the new ones, never a part."""
    if wanted is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if ":" in path.name:  # a stream of a file, as Windows keeps the web mark in: it cannot be renamed into place
        path.write_bytes(wanted)
        return
    number, name = tempfile.mkstemp(prefix=".tieout-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(wanted)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
