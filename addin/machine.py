"""The machine as a value: which system, where Excel keeps its folders, which Python, what ships with us.

`install` and `doctor` see the machine only through it, so that Windows and macOS can be laid out in a folder and
tested anywhere. What must be asked of the world is two functions: `run` starts a program, `registry` reads a key.
"""

from __future__ import annotations

import locale
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import workbook_templates

WINDOWS, MACOS, LINUX = "Windows", "Darwin", "Linux"
NAMES = {WINDOWS: "Windows", MACOS: "macOS"}
PROJECT = "tieout"  # PROJECT_NAME of the VBA project: the launcher names the settings file after it


class Ran(NamedTuple):
    """How a program ended. `code` is None where it could not be started or took too long; `err` then says which."""

    code: int | None
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Everything that install and doctor know of where they are.

    `encoding` is that of text files as VBA's Input reads them: the ANSI code page on Windows, which holds few alphabets.
    `pin` is the xlwings version that the add-in's VBA was made from; `xlwings` the one beside us, "" for none.
    """

    system: str
    home: Path
    interpreter: Path
    env: Mapping[str, str]
    encoding: str
    version: str
    pin: str
    xlwings: str
    addin: Path
    functions: Path
    applescript: Path
    run: Callable[[Sequence[str], float], Ran]
    registry: Callable[[str], Mapping[str, object] | None]

    @property
    def name(self) -> str:
        """The system as its maker writes it."""
        return NAMES.get(self.system, self.system)

    @property
    def has_excel(self) -> bool:
        """Whether there is an Excel for this system at all."""
        return self.system in NAMES

    @property
    def settings_file(self) -> Path:
        """Where the add-in's VBA looks for its settings."""
        if self.system == MACOS:
            return self.container / f"{PROJECT}.conf"
        return Path(self.env.get("USERPROFILE") or self.home) / f".{PROJECT}" / f"{PROJECT}.conf"

    @property
    def record_file(self) -> Path:
        """What install put where; uninstall and doctor read it."""
        return self.home / f".{PROJECT}" / "installed.json"

    @property
    def container(self) -> Path:
        """The folder of Excel's sandbox on macOS; Excel makes it when it first starts."""
        return self.home / "Library" / "Containers" / "com.microsoft.Excel" / "Data"

    @property
    def office(self) -> Path:
        """What the Office programs share on macOS; made by the first of them that starts."""
        return self.home / "Library" / "Group Containers" / "UBF8T346G9.Office"

    @property
    def addin_folder(self) -> Path:
        """Excel opens every file that lies here when it starts."""
        if self.system == MACOS:
            return self.office / "User Content.localized" / "Startup.localized" / "Excel"
        roaming = self.env.get("APPDATA") or self.home / "AppData" / "Roaming"
        return Path(roaming) / "Microsoft" / "Excel" / "XLSTART"

    @property
    def script_folder(self) -> Path:
        """The one folder whose AppleScripts Excel for macOS may run."""
        return self.home / "Library" / "Application Scripts" / "com.microsoft.Excel"


def here() -> Machine:
    """The machine that this runs on. Cheap: xlwings is asked for its version, not imported."""
    return Machine(
        system=platform.system(),
        home=Path.home(),
        interpreter=Path(sys.executable),
        env=dict(os.environ),
        encoding=locale.getencoding(),
        version=_version_of("tieout"),
        pin=pinned(),
        xlwings=_version_of("xlwings"),
        addin=workbook_templates.addin_path(),
        functions=workbook_templates.functions_path(),
        applescript=_applescript(),
        run=run,
        registry=registry,
    )


def pinned() -> str:
    """The exact xlwings version of our own requirements, "" where Tieout is not installed as a package."""
    try:
        wanted = metadata.requires("tieout") or []
    except metadata.PackageNotFoundError:
        return ""
    found = (re.match(r"xlwings\s*==\s*([\w.]+)", one) for one in wanted)
    return next((one[1] for one in found if one), "")


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _applescript() -> Path:
    """The script that the installed xlwings brings; the VBA of the same version asks for it by this name."""
    try:
        found = metadata.distribution("xlwings")
    except metadata.PackageNotFoundError:
        return Path("xlwings.applescript")
    return Path(str(found.locate_file(f"xlwings/xlwings-{found.version}.applescript")))


# Set by a terminal or an activated environment, and not there when Excel starts Python.
_OF_THE_TERMINAL = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")


def run(command: Sequence[str], seconds: float) -> Ran:
    """Run a program as the add-in would: in its own folder, without what a terminal adds; ended after `seconds`."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_TERMINAL}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False,
            env=kept, cwd=Path(command[0]).parent, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Ran(None, "", f"no answer within {seconds:.0f} seconds")
    except OSError as error:
        return Ran(None, "", error.strerror or str(error))
    return Ran(done.returncode, done.stdout, done.stderr)


def registry(key: str) -> Mapping[str, object] | None:
    r"""The values of a key such as HKCU\Software\X, by lower-case name; None where it does not exist.

    OSError where it may not be read, and on every other system than Windows.
    """
    if sys.platform == "win32":
        import winreg

        root, _, path = key.partition("\\")
        roots = {"HKCU": winreg.HKEY_CURRENT_USER, "HKLM": winreg.HKEY_LOCAL_MACHINE}
        try:
            with winreg.OpenKey(roots[root], path, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as opened:
                count = winreg.QueryInfoKey(opened)[1]
                values = [winreg.EnumValue(opened, n) for n in range(count)]
        except FileNotFoundError:
            return None
        return {str(name).lower(): value for name, value, _kind in values}
    else:  # noqa: RET505 - so that a type checker skips the branch of the other system
        raise OSError("there is no registry on this system")
