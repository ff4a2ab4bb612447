"""One run at a time for a workbook: a lock that says who holds it since when.

The system's own lock on a small file decides, so that one of a dead process never stands in the way, however it died;
what the file says is only for the message. The files lie in the machine's folder and are named after the workbook's
path, since a lock beside the workbook would be one more file in a shared folder that the user has to explain. A run of
another computer is kept apart by the spreadsheet program's own lock file and by the fingerprint of the file host.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from addin.settings import place_of
from recon_core.problems import Place, Problem, ReconError, Severity

_OURS = threading.local()  # name: of the lock that `locked_around` holds in this thread
FAR = 1 << 20  # the byte that is locked: Windows lets nobody read a locked one, and the words stand at the beginning


@contextlib.contextmanager
def locked(workbook: Path, folder: Path, user: str, since: dt.datetime) -> Iterator[None]:
    """Hold the lock of a workbook. Raises ReconError H-132 where another run holds it.

    A folder that cannot be written to has no locks: a run log that cannot be written stops no run either.
    """
    name = _name(workbook)
    if getattr(_OURS, "name", "") == name:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder / f"run-{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield
            return
        stack.callback(os.close, handle)
        if not hold(handle, FAR):
            raise _held(workbook, os.pread(handle, 500, 0) if sys.platform != "win32" else _read(handle))
        os.ftruncate(handle, 0)
        os.write(handle, f"{user or 'somebody'} (process {os.getpid()}) since {since:%H:%M:%S on %Y-%m-%d}".encode())
        yield
        os.ftruncate(handle, 0)


@contextlib.contextmanager
def locked_around(workbook: Path, folder: Path, user: str, since: dt.datetime) -> Iterator[None]:
    """As `locked`, for more than the run itself: a run of the same workbook inside, in the same thread, is part of it."""
    with locked(workbook, folder, user, since):
        _OURS.name = _name(workbook)
        try:
            yield
        finally:
            _OURS.name = ""


def _name(workbook: Path) -> str:
    return hashlib.sha256(place_of(workbook.resolve()).encode()).hexdigest()[:16]


def _read(handle: int) -> bytes:
    os.lseek(handle, 0, os.SEEK_SET)
    return os.read(handle, 500)


def _held(workbook: Path, words: bytes) -> ReconError:
    who = words.decode("utf-8", "replace").strip() or "another process of this computer"
    what = f"Another run is at work on {workbook.name}: {who}. Nothing was changed."
    fix = "Wait for its end, or end it with Cancel, and run again."
    return ReconError(Problem("H-132", Severity.STOP, Place(file=workbook.name), who, what, fix))


if sys.platform == "win32":
    import msvcrt

    def hold(handle: int, at: int = 0) -> bool:
        """Lock the byte at `at` for this process; the system gives it back when the process ends, however it ends."""
        os.lseek(handle, at, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def hold(handle: int, at: int = 0) -> bool:
        """Lock the file for this process; the system gives it back when the process ends, however it ends."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
