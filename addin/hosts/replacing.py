"""Replace a file whole or not at all: a temporary file beside it, flushed to disk, then one rename.

A kill at any moment leaves the old file; the temporary one is swept by the next run. On POSIX it is locked
while it is written, so that only orphans are swept; Windows does not delete open files anyway. Temporary files
that bear the number of the process that made them are swept when it is gone.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from addin.hosts.refusals import changed, no_space, open_elsewhere, write_protected

if sys.platform != "win32":
    import fcntl

# What `new_book.fill` and `quick` work in, what `replacing` makes beside those, and the detail files.
_ORPHAN = (
    r"\.{{1,3}}{stem}\.tieout-\d{{1,10}}\.tmp(?:\.tieout-\d{{1,10}}\.tmp)?\.xlsx(?:\.tieout-\w+\.tmp)?"
    r"|\.{stem}\.[^.]+\.parquet\.tieout-\d{{1,10}}\.tmp"
)
_PROCESS = re.compile(r"\.tieout-(\d{1,10})\.tmp(?=\.|$)")
_MINUTE, _DAY = 60, 24 * 60 * 60  # seconds

State = tuple[int, int, int]  # size, time in ns, inode


def state_of(path: Path) -> State:
    """What tells us later that nobody replaced or rewrote the file."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def check_unlocked(path: Path) -> None:
    """Refuse while a lock file of Excel or LibreOffice stands beside the workbook."""
    for lock in (f"~${path.name}", f".~lock.{path.name}#"):
        if _stands(path.parent / lock):
            raise open_elsewhere(lock)


def check_free(path: Path) -> None:
    """Refuse a workbook that another program has open, or that may not be written."""
    check_unlocked(path)
    if path.exists() and not os.access(path, os.W_OK):
        raise write_protected()


def _stands(lock: Path) -> bool:
    try:
        return lock.exists()
    except OSError:  # a name as long as names can be has no room for a lock file's
        return False


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
    except OSError as error:
        raise no_space(error.strerror or str(error)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as out:
            _hold(out)
            yield out
            out.flush()
            os.fsync(out.fileno())
            if sys.platform == "win32":
                out.close()  # no rename of open files there; elsewhere the lock holds until it is done
            swap(temporary, path, before)
    except OSError as error:
        raise no_space(error.strerror or str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def swap(temporary: Path, path: Path, before: State) -> None:
    """The finished file takes the place of `path`, which must be as it was `before`. Raises H-107 to H-109."""
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
    for file in _files_beside(path):
        if file.name.startswith(_prefix(path)) and file.name.endswith(".tmp") and not _is_held(file):
            _unlink(file)
    sweep_orphans(path)


def sweep_orphans(book: Path) -> None:
    """Delete the temporary workbooks and detail files of runs that were killed while they made this workbook.

    Only what is older than a minute and whose process is gone; the number of a process means nothing to another
    computer, so on Windows, where no process can be asked, a day must have passed.
    """
    shape = re.compile(_ORPHAN.format(stem=re.escape(book.stem)))
    for file in _files_beside(book):
        found = shape.fullmatch(file.name)
        if found and _is_orphan(file, [int(number) for number in _PROCESS.findall(file.name)]):
            _unlink(file)


def _is_orphan(file: Path, processes: Sequence[int]) -> bool:
    try:
        age = time.time() - file.stat().st_mtime
    except OSError:  # another run swept it
        return False
    if sys.platform == "win32":
        return age > _DAY
    return age > _MINUTE and not any(map(_lives, processes)) and not _is_held(file)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)  # asks only
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # a process of another user
        return True
    return True


def _files_beside(path: Path) -> list[Path]:
    """The plain files in the folder of the workbook; a folder that may not be listed is not swept."""
    try:
        with os.scandir(path.parent) as entries:
            return [path.parent / entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []


def _unlink(orphan: Path) -> None:
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
