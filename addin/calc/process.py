"""The process: find LibreOffice, start one with a profile of its own, reach it through a named pipe, end it.

No trace stays behind. `soffice.bin` itself is started, so that the kernel ends it with us (Linux); its profile
bears our process id, and profiles of processes that are gone are swept at the next start (`leavings.py`).
"""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from addin.calc import leavings
from addin.calc.leavings import alive
from recon_core.problems import Place, Problem, ReconError, Severity

PREFIX = "tieout-calc-"
FRESH_PROFILE = 81  # a new profile may end the first start with this code: start again
SECONDS_TO_START = 90
MOST_STARTS = 8  # a visible one without a window may end with 0 before we reach it
SECONDS_TO_END = 10
_PLACES = (
    "/usr/lib/libreoffice/program/soffice.bin",
    "/usr/lib64/libreoffice/program/soffice.bin",
    "/opt/libreoffice/program/soffice.bin",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.bin",
)
_UNO_FOLDERS = ("/usr/lib/python3/dist-packages", "/usr/lib/python3/site-packages")
_NUMBER = itertools.count(1)
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Options:
    """How the next LibreOffice and the next book are opened, unless the caller says otherwise."""

    macros: bool = False


OPTIONS = Options()

# Path, property, value. Locking off: a killed LibreOffice leaves lock files which make the next open return nothing.
_SETTINGS = (
    ("org.openoffice.Office.Common/Misc", "UseLocking", "false"),
    ("org.openoffice.Office.Common/Misc", "UseDocumentSystemFileLocking", "false"),
    ("org.openoffice.Office.Common/Misc", "UseDocumentOOoLockFile", "false"),
    ("org.openoffice.Office.Common/Misc", "FirstRun", "false"),
    ("org.openoffice.Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("org.openoffice.Office.Common/Save/Document", "WarnAlienFormat", "false"),
    ("org.openoffice.Office.Recovery/AutoSave", "Enabled", "false"),
    ("org.openoffice.Office.Recovery/RecoveryInfo", "Enabled", "false"),
    ("org.openoffice.Setup/Office", "ooSetupInstCompleted", "true"),
    ("org.openoffice.Setup/L10N", "ooLocale", "en-US"),
    ("org.openoffice.Setup/L10N", "ooSetupSystemLocale", "en-US"),
    ("org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", "0"),  # always: a live sheet shows no stale value
)


def soffice() -> str:
    """The path of LibreOffice's own binary, '' where there is none. TIEOUT_SOFFICE names another."""
    named = os.environ.get("TIEOUT_SOFFICE", "")
    if named:
        return named if Path(named).is_file() else ""
    wrapper = shutil.which("soffice")
    beside = [str(Path(wrapper).resolve().with_name("soffice.bin"))] if wrapper else []
    return next((path for path in [*beside, *_PLACES] if Path(path).is_file()), "")


def missing() -> str:
    """'' where LibreOffice and its Python bridge can be used, else a sentence that says what is missing."""
    if not soffice():
        return "LibreOffice is not installed on this machine."
    if find_spec("uno") is None and not any(Path(folder, "uno.py").is_file() for folder in _uno_folders()):
        return "LibreOffice's Python bridge (the package python3-uno) is not installed."
    try:
        bridge()
    except ImportError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"LibreOffice's Python bridge does not fit Python {version}: {error}."
    return ""


def require() -> None:
    """ReconError (C-951) where LibreOffice cannot be used here."""
    told = missing()
    if told:
        fix = "Install LibreOffice Calc and python3-uno for the same Python version, or use the command without --live."
        raise trouble("C-951", "", told, fix)


def trouble(code: str, raw: str, what: str, fix: str, file: str = "") -> ReconError:
    """An error of the world around the spreadsheet, as the user is told of it."""
    return ReconError(Problem(code, Severity.STOP, Place(file=file), raw, what, fix))


def _uno_folders() -> list[str]:
    """Folders that may hold uno.py: beside LibreOffice, and the system's packages."""
    return [str(Path(soffice()).parent), *_UNO_FOLDERS]


def bridge() -> Any:
    """The module `uno`. Its folder is appended to the path, never put first: it holds other packages too."""
    if find_spec("uno") is None:
        sys.path.extend(folder for folder in _uno_folders() if Path(folder, "uno.py").is_file())
    import uno

    return uno


def _write_profile(profile: Path) -> None:
    """A profile whose first start asks nothing."""
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>\n'
        for path, name, value in _SETTINGS
    )
    names = 'xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    (profile / "user").mkdir()
    (profile / leavings.TEMPORARY).mkdir()
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<oor:items {names}>\n{items}</oor:items>\n'
    (profile / "user" / "registrymodifications.xcu").write_text(text, encoding="utf-8")


def _die_with_parent(parent: int) -> None:
    """In the child, before it becomes LibreOffice: be killed when our process is (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def sweep() -> None:
    """Remove profiles and pipes of processes of ours that are gone. Others' are left alone."""
    for profile in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = profile.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and int(owner) != os.getpid() and not alive(int(owner)):
            leavings.remove(profile)


class Office:
    """One LibreOffice: its process, its profile, its pipe, its desktop. Starting costs about two seconds."""

    def __init__(self, *, visible: bool = False, environment: Mapping[str, str] | None = None) -> None:
        require()
        sweep()
        self.visible = visible
        self.environment = dict(environment or {})
        self.profile = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self.pipe = f"tieout-{os.getpid()}-{next(_NUMBER)}"
        self.process: subprocess.Popen[bytes] | None = None
        atexit.register(self.kill)  # for who forgets to quit
        try:
            _write_profile(self.profile)
            self.context = self._connected()
        except BaseException:
            self.kill()
            raise
        self.desktop = self.service("com.sun.star.frame.Desktop")

    @property
    def pid(self) -> int:
        """The process id of LibreOffice."""
        return self.process.pid if self.process else 0

    @property
    def address(self) -> str:
        """The UNO address under which any program of this user reaches this LibreOffice."""
        return f"uno:pipe,name={self.pipe};urp;StarOffice.ComponentContext"

    def service(self, name: str) -> Any:
        """A service of this LibreOffice."""
        return self.context.ServiceManager.createInstanceWithContext(name, self.context)

    def _spawn(self) -> subprocess.Popen[bytes]:
        hidden = [] if self.visible else ["--headless", "--invisible"]
        command = [soffice(), *hidden, "--norestore", "--nologo", "--nodefault", "--nofirststartwizard"]
        command += [f"-env:UserInstallation={self.profile.as_uri()}", f"--accept=pipe,name={self.pipe};urp;"]
        parent, temporary = os.getpid(), str(self.profile / leavings.TEMPORARY)
        self.process = process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Its temporary files go with the profile, also when it is killed.
            env={**os.environ, "TMPDIR": temporary, "TEMP": temporary, "TMP": temporary, **self.environment},
            start_new_session=sys.platform != "win32",  # Ctrl+C in the terminal is for us alone
            # The only way to be certain that it dies with us; the child does two system calls before it starts.
            preexec_fn=(lambda: _die_with_parent(parent)) if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        leavings.note_process(self.profile, process.pid)
        return process

    def works_in(self, folder: Path) -> None:
        """A workbook of this folder is opened or saved: half-written files there are swept if LibreOffice is killed."""
        leavings.note_folder(self.profile, folder)

    def _connected(self) -> Any:
        """The component context, once LibreOffice answers on its pipe."""
        local = bridge().getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        refused = bridge().getClass("com.sun.star.uno.Exception")
        starts = 1
        process = self._spawn()
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            try:
                context = resolver.resolve(self.address)
                (self.profile / leavings.PIPES).write_text("\n".join(leavings.pipes_of(self.pid)), encoding="utf-8")
                return context
            except refused:
                time.sleep(0.05)
            code = process.poll()
            if code is not None:
                if starts == MOST_STARTS or code not in {0, FRESH_PROFILE}:
                    raise self._did_not_start(f"it ended with code {code}")
                starts += 1
                time.sleep(0.2 * starts)
                process = self._spawn()
        raise self._did_not_start(f"it did not answer within {SECONDS_TO_START} seconds")

    def _did_not_start(self, why: str) -> ReconError:
        fix = "Open LibreOffice once by hand to see what it says, then run the command again."
        return trouble("C-952", why, f"LibreOffice did not start: {why}.", fix)

    def end(self) -> None:
        """Ask LibreOffice to leave, kill it where it does not, and remove its profile. Never fails, may be called twice."""
        process = self.process
        if process is not None and process.poll() is None:
            gone = bridge().getClass("com.sun.star.uno.Exception")
            try:
                self.desktop.terminate()
                process.wait(SECONDS_TO_END)
            except (gone, subprocess.TimeoutExpired, AttributeError):
                pass  # gone already, or it hangs: killed below
        self.kill()

    def kill(self) -> None:
        """Kill LibreOffice at once and remove its profile. May be called twice."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(SECONDS_TO_END)
        leavings.remove(self.profile)
        atexit.unregister(self.kill)
