"""`tieout watch`: obey the buttons of the open workbook without Excel starting a process.

A button writes 'action|yyyymmddhhnnss' into the request cell; we look twice a second, empty the cell and obey. While
nothing is asked nothing is written, so that a user's undo list and copy mode stay his.

`tieout open` obeys by the same loop. What either command needs of the machine is asked here, before anything is opened.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from addin.commands import ACTIONS, REQUEST, obey
from addin.hosts import LiveBook
from addin.locking import hold
from addin.machine import Machine
from addin.settings import now
from recon_core.problems import Place, Problem, ReconError, Severity

PAUSE = 0.5  # seconds between two looks
STAMP = "%Y%m%d%H%M%S"
AHEAD = dt.timedelta(seconds=5)  # a clock that is read twice


class Request(NamedTuple):
    """What a button asked for, and when it was pressed."""

    action: str
    at: dt.datetime


def parse_request(value: object) -> Request | None:
    """The request in the cell; None for a blank cell, for what is no request, and for an action that does not exist."""
    action, _, stamp = str(value or "").strip().partition("|")
    try:
        return Request(action, dt.datetime.strptime(stamp, STAMP)) if action in ACTIONS else None
    except ValueError:
        return None


def look(host: LiveBook, since: dt.datetime) -> str:
    """Obey one request that is not older than `since`; returns its action, '' when there was none to obey.

    Older ones are from before the watcher came: obeying them would surprise. One from the future was never clicked.
    """
    request = parse_request(host.named(REQUEST))
    if request is None or not since.replace(microsecond=0) <= request.at <= now() + AHEAD:
        return ""
    host.set_named(REQUEST, "")
    obey(request.action, host)
    return request.action


def watch(
    active: Callable[[], LiveBook | None], *, since: dt.datetime, pause: Callable[[float], None], told: Callable[[str], None], ends: Callable[[], bool]
) -> int:  # fmt: skip
    """Look at the active workbook until `ends`; returns how many requests were obeyed. Excel that is busy is asked again."""
    obeyed, busy = 0, False
    while not ends():
        try:
            host = active()
            action = look(host, since) if host else ""
        except ReconError as error:
            if not busy:
                told(str(error.problem))
            busy, action = True, ""
        else:
            busy = False
        if action:
            obeyed += 1
            told(f"Obeyed: {ACTIONS[action].label}")
        pause(PAUSE)
    return obeyed


def need_excel(machine: Machine) -> None:
    """Raises ReconError B-612 where no Excel can be running: a LibreOffice that a user has started cannot be reached."""
    if not machine.has_excel:
        what = f"'tieout watch' obeys the buttons of a workbook that is open in Excel, and there is no Excel for {machine.name}."
        fix = "Use 'tieout open BOOK': it opens the workbook in LibreOffice Calc and obeys its buttons until you close it."
        raise ReconError(Problem("B-612", Severity.STOP, Place(), "", what, fix))


def need_screen(machine: Machine) -> None:
    """Raises ReconError B-613 where a window has nowhere to stand: neither X11 nor Wayland, on a system that shows by them."""
    if not (machine.has_excel or machine.env.get("DISPLAY") or machine.env.get("WAYLAND_DISPLAY")):
        what = "'tieout open' shows the workbook in a window, and there is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set."
        fix = "Run it in a terminal of a desktop, or use 'tieout run BOOK', which needs no window."
        raise ReconError(Problem("B-613", Severity.STOP, Place(), "", what, fix))


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One watcher for a user. Raises ReconError B-611 while another one runs; the lock of a dead one is taken over."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "watch.lock"
    with path.open("a+", encoding="ascii") as lock:
        if not hold(lock.fileno()):
            what = "Another 'tieout watch' or 'tieout open' of yours is obeying buttons, and one does so at a time."
            fix = "Use that one, or end it first: Ctrl+C in its terminal, or close the workbook it opened."
            raise ReconError(Problem("B-611", Severity.STOP, Place(), "", what, fix))
        yield
