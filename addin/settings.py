"""What belongs to this machine, not to the workbook: who runs, where the log lies, how many parts to work in."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Facts of the machine. `parts`: into how many pieces the passes that stay inside an id are cut."""

    user: str = ""
    machine: str = ""
    log_folder: Path = field(default_factory=Path)
    parts: int = 1


def load() -> Settings:
    """The settings of this machine; TIEOUT_HOME moves the log folder."""
    return Settings(user=_user(), machine=platform.node(), log_folder=log_folder())


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


def keep_memory() -> None:
    """Let Arrow take its memory from the system's allocator: it gives less back and asks less again.

    At a million rows the pool that Arrow ships cost up to a second of page faults on Linux, this one a tenth.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no account entry, as in a bare container
        return "unknown"
