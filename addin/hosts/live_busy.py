"""A spreadsheet program that does not answer, and Esc: the one small place for what is not public xlwings, Windows only."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from typing import Any, TypeVar

from addin.hosts.live_refusals import busy

T = TypeVar("T")
ON_WINDOWS = platform.system() == "Windows"
PATIENCE = 6.0  # seconds for a cell to be left that is being edited
# What a busy Excel answers: the call was rejected, or ignored while a cell is being edited; an Apple event timed out.
BUSY = {-2147418111, -2146777998, -1712}


def unless_busy(call: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The answer of a cheap call. Raises H-121 where the program stays busy; xlwings alone would ask for ever."""
    patience(1)
    end = time.monotonic() + seconds
    try:
        while True:
            try:
                return call()
            except Exception as error:
                if not _is_busy(error):
                    raise
                if time.monotonic() >= end:
                    raise busy() from error
            time.sleep(0.1)
    finally:
        patience(0)


def _is_busy(error: Exception) -> bool:
    numbers = {getattr(error, "hresult", None), getattr(error, "errornumber", None), *error.args[:1]}
    details = error.args[2] if len(error.args) > 2 else None
    code = details[5] if isinstance(details, tuple) and len(details) > 5 else None
    return any(isinstance(number, int) and number in BUSY for number in (*numbers, code))


def patience(attempts: int) -> None:
    """How often xlwings repeats a rejected call of COM: 0 is for ever, right once a write has begun."""
    if ON_WINDOWS:
        from xlwings import _xlwindows

        _xlwindows.N_COM_ATTEMPTS = attempts


def escape_pressed(app: Any) -> bool:
    """Whether Esc is held down while Excel is in front."""
    if ON_WINDOWS:
        import ctypes

        user: Any = vars(ctypes)["windll"].user32
        return bool(user.GetAsyncKeyState(0x1B) & 0x8000) and user.GetForegroundWindow() == app.hwnd
    return False
