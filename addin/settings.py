"""What belongs to this machine, not to the workbook: who runs, where the log lies, how many parts to work in."""

from __future__ import annotations

import ctypes
import datetime as dt
import getpass
import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

Allowed = frozenset[tuple[str, str]]  # (place of a workbook, a path of its Setup as typed)
ALLOWED_FILE = "allowed.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Facts of the machine. `parts`: into how many pieces the passes that stay inside an id are cut."""

    user: str = ""
    machine: str = ""
    log_folder: Path = field(default_factory=Path)
    parts: int = 1
    allowed: Allowed = frozenset()  # paths out of the folder of their workbook that may be read


def load() -> Settings:
    """The settings of this machine; TIEOUT_HOME moves the log folder."""
    return Settings(user=_user(), machine=platform.node(), log_folder=log_folder(), allowed=allowed())


def now() -> dt.datetime:
    """The clock of this machine, local time without a zone, whole seconds and their parts."""
    return dt.datetime.now().astimezone().replace(tzinfo=None)


def log_folder() -> Path:
    """Where runs are logged: TIEOUT_HOME, else the place the operating system has for it."""
    if home := os.environ.get("TIEOUT_HOME"):
        return Path(home)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Tieout"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Logs" / "Tieout"
    return Path(os.environ.get("XDG_STATE_HOME", str(Path.home() / ".local" / "state"))) / "tieout"


def place_of(workbook: Path) -> str:
    """A workbook as the permissions know it: its full path, on Windows without regard to capitals."""
    return os.path.normcase(workbook.absolute())


def allowed() -> Allowed:
    """The paths that this user has allowed workbooks to read; none where the file is not there or cannot be read."""
    try:
        found = json.loads((log_folder() / ALLOWED_FILE).read_text("utf-8"))
        return frozenset((str(book), str(path)) for book, paths in found.items() for path in paths)
    except (OSError, ValueError, AttributeError, TypeError):  # asking again is the safe side
        return frozenset()


def allow(workbook: Path, paths: Iterable[str]) -> None:
    """Let a workbook read these paths from now on, beside those it may read already."""
    _keep(allowed() | {(place_of(workbook), path) for path in paths})


def forget(workbook: Path) -> None:
    """Take back every permission of a workbook."""
    _keep(frozenset(one for one in allowed() if one[0] != place_of(workbook)))


def _keep(kept: Allowed) -> None:
    books: dict[str, list[str]] = {}
    for book, path in sorted(kept):
        books.setdefault(book, []).append(path)
    log_folder().mkdir(parents=True, exist_ok=True)
    (log_folder() / ALLOWED_FILE).write_text(json.dumps(books, ensure_ascii=False, indent=1), "utf-8")


def keep_memory() -> None:
    """Let Arrow take its memory from the system's allocator: it gives less back and asks less again.

    At a million rows the pool that Arrow ships cost up to a second of page faults on Linux, this one a tenth.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Return memory that is free to the system: glibc keeps what was freed between other things, gigabytes after a long run."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no account entry, as in a bare container
        return "unknown"
