"""Replace a file whole or not at all: a temporary file beside it, flushed to disk, then one rename.

A kill at any moment leaves the old file; the temporary one is swept by the next run. On POSIX it is locked
while it is written, so that only orphans are swept; Windows does not delete open files anyway.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from addin.hosts.refusals import changed, no_space, open_elsewhere, write_protected

if sys.platform != "win32":
    import fcntl

State = tuple[int, int, int]  # size, time in ns, inode


def state_of(path: Path) -> State:
    """What tells us later that nobody replaced or rewrote the file."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def check_free(path: Path) -> None:
    """Refuse while a lock file of Excel or LibreOffice stands beside the workbook."""
    for lock in (f"~${path.name}", f".~lock.{path.name}#"):
        if (path.parent / lock).exists():
            raise open_elsewhere(lock)
    if path.exists() and not os.access(path, os.W_OK):
        raise write_protected()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` when the block ends well, and vanishes otherwise."""
    check_free(path)
    before = state_of(path)
    sweep(path)
    try:
        handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=".tmp", dir=path.parent)
    except PermissionError as error:
        raise write_protected() from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as out:
            _hold(out)
            yield out
            out.flush()
            os.fsync(out.fileno())
            if sys.platform == "win32":
                out.close()  # no rename of open files there; elsewhere the lock holds until it is done
            _swap(temporary, path, before)
    except OSError as error:
        raise no_space(error.strerror or str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _swap(temporary: Path, path: Path, before: State) -> None:
    check_free(path)
    if not path.exists() or state_of(path) != before:
        raise changed()
    shutil.copymode(path, temporary)
    try:
        temporary.replace(path)
    except PermissionError as error:
        raise open_elsewhere() from error
    _flush_folder(path.parent)


def sweep(path: Path) -> None:
    """Delete what earlier, killed runs left beside this workbook."""
    for orphan in path.parent.iterdir():
        if orphan.name.startswith(_prefix(path)) and orphan.name.endswith(".tmp") and not _is_held(orphan):
            with contextlib.suppress(OSError):  # another run swept it, or Windows has it open: it is no orphan
                orphan.unlink()


def _prefix(path: Path) -> str:
    return f".{path.name}.tieout-"


def _hold(file: IO[bytes]) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # a network drive without locks: the sweep then trusts nobody's lock
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_held(path: Path) -> bool:
    """Whether a run that is alive still writes this file."""
    if sys.platform == "win32":
        return False  # deleting an open file fails there
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _flush_folder(folder: Path) -> None:
    """Make the rename itself last through a power cut; Windows offers no such call."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
