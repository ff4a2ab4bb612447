"""Which Python the add-in may start: what is wrong with a path, what the Python behind it answers, a private one made.

The add-in starts it by its full path, in no terminal and no activated environment. So a Python that only works in
those (conda, the placeholder of the Microsoft Store) is refused before Excel meets it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from addin.machine import MACOS, WINDOWS, Machine, Ran

SECONDS_TO_ANSWER = 60  # a first import on a machine whose virus scanner reads every file
SECONDS_TO_MAKE = 1800
_QUESTION = (
    "import json, sys, importlib.metadata as m; import xlwings, pandas, addin, recon_core; "
    "print('tieout:' + json.dumps({'tieout': recon_core.__version__, 'xlwings': m.version('xlwings'), "
    "'pandas': pandas.__version__, 'python': '.'.join(map(str, sys.version_info[:3])), 'prefix': sys.prefix}))"
)


class Remark(NamedTuple):
    """What is wrong, and the order that mends it."""

    what: str
    fix: str


class Answer(NamedTuple):
    """What a Python said of itself; `remark` is None when all that the add-in needs is there."""

    versions: dict[str, str]
    remark: Remark | None


def _is_relative(path: Path, machine: Machine) -> bool:
    return not path.is_absolute()


def _is_store(path: Path, machine: Machine) -> bool:
    return machine.system == WINDOWS and any(
        "windowsapps" in part.lower() for part in [*path.parts, *_home(path).parts]
    )


def _is_conda(path: Path, machine: Machine) -> bool:
    prefixes = [path.parent, path.parent.parent, _home(path), _home(path).parent]
    return any((prefix / "conda-meta").is_dir() for prefix in prefixes)


def _home(path: Path) -> Path:
    """The folder of the Python that a private environment was made from; the path's own where it is none."""
    for folder in (path.parent, path.parent.parent):
        try:
            text = (folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if found := re.search(r"^home\s*=\s*(.+?)\s*$", text, re.MULTILINE):
            return Path(found[1])
    return path.parent


def _is_unwritable(path: Path, machine: Machine) -> bool:
    try:
        str(path).encode(machine.encoding)
    except UnicodeEncodeError:
        return True
    return '"' in str(path) or "|" in str(path)


def _expands(path: Path, machine: Machine) -> bool:
    names = {name.upper() for name in machine.env}
    found = re.findall(r"%([^%]+)(?=%)", str(path)) if machine.system == WINDOWS else []
    return any(name.upper() in names for name in found)


def _is_parted_by_shell(path: Path, machine: Machine) -> bool:
    return machine.system == MACOS and re.search(r"[^\w./+@,-]", str(path)) is not None


def _is_absent(path: Path, machine: Machine) -> bool:
    return not path.is_file()


_PRIVATE = "Install Python from python.org, then run: tieout install --venv FOLDER."

# The pains of a Python started by Excel: what must not hold of its path, what to say, what to do.
PAINS: tuple[tuple[Callable[[Path, Machine], bool], str, str], ...] = (
    (_is_relative, "is not a full path, and Excel has no folder to start from.", "Run 'tieout install' again."),
    (_is_store, "belongs to the Microsoft Store's Python, which Excel cannot start.", _PRIVATE),
    (_is_conda, "belongs to conda, and conda's Python only works in an activated environment.", _PRIVATE),
    (
        _is_unwritable,
        "has a letter that Excel's VBA cannot read from the settings file.",
        "Make a private Python in a folder with plain letters: tieout install --venv FOLDER.",
    ),
    (
        _expands,
        "has a name between % signs that Windows would replace.",
        "Make a private Python in another folder: tieout install --venv FOLDER.",
    ),
    (
        _is_parted_by_shell,
        "has a blank or a special letter, at which the script that starts Python on macOS breaks it.",
        "Make a private Python in a folder without them: tieout install --venv FOLDER.",
    ),
    (_is_absent, "is not there.", "Run 'tieout install' again."),
)


def judge(path: Path, machine: Machine, *, is_made: bool = True) -> Remark | None:
    """The first pain of this path, None for none. `is_made` False: the file is still to come."""
    pains = PAINS if is_made else [pain for pain in PAINS if pain[0] is not _is_absent]
    return next((Remark(f"{path} {what}", fix) for holds, what, fix in pains if holds(path, machine)), None)


def judge_origin(path: Path, machine: Machine) -> Remark | None:
    """The pain that a private environment would inherit from the Python it is made from."""
    pains = [pain for pain in PAINS if pain[0] in {_is_store, _is_conda}]
    return next((Remark(f"{path} {what}", fix) for holds, what, fix in pains if holds(path, machine)), None)


def ask(path: Path, machine: Machine) -> Answer:
    """Start it as the add-in would, and see what it has. Takes seconds; ends after a minute."""
    ran = machine.run([str(path), "-B", "-c", _QUESTION], SECONDS_TO_ANSWER)
    told = next((line for line in ran.out.splitlines() if line.startswith("tieout:")), "")
    if ran.code == 0 and told:
        versions = {str(name): str(value) for name, value in json.loads(told.removeprefix("tieout:")).items()}
        return Answer(versions, None)
    missing = re.search(r"No module named '(\w+)'", ran.err)
    if missing:
        fix = f'Install Tieout for this Python: "{path}" -m pip install tieout=={machine.version}'
        return Answer({}, Remark(f"{path} lacks {missing[1]}.", fix))
    fix = "Make a private Python for Tieout: tieout install --venv FOLDER --wheels FOLDER."
    return Answer({}, Remark(f"{path} does not start: {_last_line(ran)}.", fix))


def python_of(folder: Path, machine: Machine) -> Path:
    """Where a private environment keeps its Python."""
    return folder / "Scripts" / "python.exe" if machine.system == WINDOWS else folder / "bin" / "python"


def make(folder: Path, machine: Machine, wheels: Path | None) -> Remark | None:
    """Make a private environment with Tieout in `folder`, from `wheels` or, for None, by download; a Remark if it failed.

    What a failed attempt left is removed, so the folder must not hold anything before.
    """
    source = ["--no-index", "--find-links", str(wheels)] if wheels else []
    pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet"]
    for command in (
        [str(machine.interpreter), "-m", "venv", str(folder)],
        [str(python_of(folder, machine)), *pip, *source, f"tieout=={machine.version}"],
    ):
        ran = machine.run(command, SECONDS_TO_MAKE)
        if ran.code != 0:
            remove(folder)
            where = (
                f"{wheels} does not hold all that Tieout needs, or was made for another Python"
                if wheels
                else "See the line above"
            )
            return Remark(f"The private environment could not be made: {_last_line(ran)}.", f"{where}.")
    return None


def remove(folder: Path) -> bool:
    """Remove a private environment; whether it is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _last_line(ran: Ran) -> str:
    lines = [line.strip() for line in (ran.err or ran.out).splitlines() if line.strip()]
    return (lines[-1] if lines else f"it ended with code {ran.code}").rstrip(".")
