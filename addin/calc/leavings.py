"""What a LibreOffice that is killed leaves: its pipes, its profile, and half-written files beside the workbooks it had open.

While it saves it writes `lu<its process id><a word>.tmp` into the workbook's folder. What it had open is noted in its profile,
so that whoever removes the profile finds them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

PIDS, FOLDERS, PIPES, TEMPORARY = "pids", "folders", "pipes", "tmp"  # in the profile
_HALF = re.compile(r"lu([1-9][0-9]*)[0-9a-z]*\.tmp")
_COARSE = 2  # seconds: the clock of a memory stick or a network drive


def note_process(profile: Path, pid: int) -> None:
    """A LibreOffice of this profile was started."""
    with (profile / PIDS).open("a", encoding="ascii") as file:
        file.write(f"{pid}\n")


def note_folder(profile: Path, folder: Path) -> None:
    """It opens or saves a workbook in this folder."""
    name = os.fsencode(folder)
    if name not in _folders(profile):
        with (
            contextlib.suppress(OSError),
            (profile / FOLDERS).open("ab") as file,
        ):  # a profile that is removed notes nothing
            file.write(name + b"\0")


def remove(profile: Path) -> None:
    """The profile and all that its LibreOffice has left; nothing while that still runs."""
    pids = _pids(profile)
    for _ in range(20):  # one that dies with its owner may take a moment
        if not any(map(alive, pids)):
            break
        time.sleep(0.05)
    else:
        return
    for folder in _folders(profile):
        _remove_halves(Path(os.fsdecode(folder)), pids, (profile / PIDS).stat().st_mtime - _COARSE)
    kept = profile / PIPES
    for pipe in kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []:
        if Path(pipe).name.startswith("OSL_PIPE_"):
            Path(pipe).unlink(missing_ok=True)
    for _ in range(5):  # a dying LibreOffice may still write
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists():
            return
        time.sleep(0.1)


def alive(pid: int) -> bool:
    """Whether a process of this id runs; one that has ended and only waits to be asked does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[-1].split()[0]
    except OSError:
        state = ""
    if state or Path("/proc/self").exists():
        return state not in {"", "Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def pipes_of(pid: int) -> list[str]:
    """Files of the named pipes on which this process listens (Linux), to be removed if it is killed."""
    try:
        own = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
        lines = Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()
    except OSError:  # no /proc, or a descriptor closed meanwhile: the pipe's file stays until the machine restarts
        return []
    fields = [line.split() for line in lines[1:]]
    return sorted({line[7] for line in fields if len(line) > 7 and f"socket:[{line[6]}]" in own and line[7][0] == "/"})


def _pids(profile: Path) -> list[int]:
    noted = profile / PIDS
    return [int(line) for line in noted.read_text(encoding="ascii").split()] if noted.is_file() else []


def _folders(profile: Path) -> list[bytes]:
    """Those noted whole; a note that was cut off by a kill has no end."""
    noted = profile / FOLDERS
    return noted.read_bytes().split(b"\0")[:-1] if noted.is_file() else []


def _remove_halves(folder: Path, pids: list[int], since: float) -> None:
    """Half-written files of these processes, all of them dead, from their time, and of nobody else's."""
    try:
        with os.scandir(folder) as entries:
            halves = [
                Path(one.path) for one in entries if one.is_file(follow_symlinks=False) and _is_half_of(one.name, pids)
            ]
    except OSError:  # it is gone, or may not be listed
        return
    for half in halves:
        with contextlib.suppress(OSError):
            if half.stat().st_mtime >= since:
                half.unlink()


def _is_half_of(name: str, pids: list[int]) -> bool:
    """The word behind the process id may begin with digits, so the name may be another's: a LibreOffice that runs is given way."""
    found = _HALF.fullmatch(name)
    if not found:
        return False
    owners = {int(found[1][:end]) for end in range(1, len(found[1]) + 1)}
    return not owners.isdisjoint(pids) and not any(map(_runs_office, owners))


def _runs_office(pid: int) -> bool:
    if not alive(pid):
        return False
    try:
        return "soffice" in Path(f"/proc/{pid}/comm").read_text(encoding="utf-8")
    except OSError:  # nothing tells which program it is
        return True
