"""A fault of ours: one message that says what was at work and where the log is, the whole of it in the machine's log.

The message has neither trace nor the user's name: it may stay in a cell of a workbook that goes to others.
"""

from __future__ import annotations

import platform
import re
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

from addin import history, settings
from recon_core import __version__
from recon_core.problems import Place, Problem, Severity


class Fault(NamedTuple):
    """What went wrong, and the number under which the log has it."""

    run_id: str
    problem: Problem


def logged(error: BaseException, command: str, workbook: str = "") -> Fault:
    """Write the fault into the log; the Problem E-999 to tell. `command` is the button's label or what was typed.

    `workbook` is its path or address, '' where there is none; only the last part of it is told.
    """
    run_id, folder = f"{settings.now():%Y%m%d-%H%M%S}", settings.log_folder()
    entry = {
        "run_id": run_id, "outcome": "fault", "command": command, "workbook": workbook, "tieout": __version__, "python": platform.python_version(),
        "system": platform.platform(), "trace": "".join(traceback.format_exception(error)),
    }  # fmt: skip
    unwritten = history.append(folder, entry)
    name = re.split(r"[/\\]", workbook)[-1]
    at_work = f"{command} on {name}" if name else command
    what = f"Something went wrong inside Tieout ({at_work}, run {run_id})."
    if unwritten:
        send = f"Send support this message and say what you did before it: the log at {shown(folder)} could not be written."
    else:
        send = f"Send support the last line of {shown(folder / 'runs.jsonl')} and say what you did; read it first, it names folders and may quote a cell."
    return Fault(
        run_id,
        Problem(
            "E-999", Severity.STOP, Place(), "", what, f"Trust the sheets only if Summary names a finished run. {send}"
        ),
    )


def shown(path: Path) -> str:
    """A path without the user's name, where it lies below the home folder, in a form that the system opens."""
    try:
        inner = path.relative_to(Path.home())
    except (ValueError, RuntimeError):  # somewhere else, or this user has no home folder
        return str(path)
    return f"%USERPROFILE%\\{inner}" if sys.platform == "win32" else f"~/{inner}"
