"""Windows and macOS laid out in a folder, with a Python in it that really starts: what install and doctor are tried on."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from addin import machine as machines
from addin.machine import MACOS, WINDOWS, Machine

PIN = "0.37.8"
VERSION = "0.1.0"
SAYS = {"tieout": VERSION, "xlwings": PIN, "pandas": "3.1.1", "python": "3.11.9", "prefix": ""}


def layout(folder: Path, system: str, *, user: str = "priya", encoding: str = "cp1252", registry=None) -> Machine:
    """A machine whose home is a folder of the test. Its Python answers SAYS; `registry` is a dict of keys."""
    home = folder / "Users" / user
    shipped = folder / "site-packages"
    shipped.mkdir(parents=True)
    for name, content in (
        ("Tieout.xlam", b"PK add-in"),
        ("Tieout_functions.xlam", b"PK functions"),
        (f"xlwings-{PIN}.applescript", b"on VbaHandler"),
    ):
        (shipped / name).write_bytes(content)
    if system == MACOS:
        (home / "Library" / "Containers" / "com.microsoft.Excel" / "Data").mkdir(parents=True)
        (home / "Library" / "Group Containers" / "UBF8T346G9.Office").mkdir(parents=True)
        python = folder / "opt" / "tieout" / "bin" / "python3"
        env = {}
    else:
        python = home / "AppData" / "Local" / "Programs" / "Python" / "Python311" / "python.exe"
        env = {"USERPROFILE": str(home), "APPDATA": str(home / "AppData" / "Roaming"), "TEMP": "C:\\Temp"}
    home.mkdir(parents=True, exist_ok=True)
    speaking(python)
    return Machine(
        system=system, home=home, interpreter=python, env=env, encoding="utf-8" if system == MACOS else encoding,
        version=VERSION, pin=PIN, xlwings=PIN, addin=shipped / "Tieout.xlam", functions=shipped / "Tieout_functions.xlam",
        applescript=shipped / f"xlwings-{PIN}.applescript", run=machines.run, registry=(registry or {}).get,
    )  # fmt: skip


def speaking(python: Path, **says: str) -> Path:
    """A Python that answers the question of `interpreter.ask` with SAYS, some of it changed."""
    return program(python, "print(" + repr("tieout:" + json.dumps(SAYS | says)) + ")", about="importlib.metadata")


def program(python: Path, text: str, *, about: str = "") -> Path:
    """Something that starts where a Python should be, and does what `text` says where the question holds `about`.

    With `about` a file may have several answers: what the file said to other questions stays.
    """
    if os.name == "nt":
        pytest.skip("the stand-in for a Python is a shell script")
    python.parent.mkdir(parents=True, exist_ok=True)
    before = python.read_text(encoding="utf-8") if about and python.exists() else f"#!{sys.executable}\nimport sys\n"
    block = f"if {about!r} in ' '.join(sys.argv):\n    {text}\n    sys.exit()\n"
    first, rest = before.split("import sys\n", 1)
    python.write_text(f"{first}import sys\n{block}{rest}", encoding="utf-8")
    python.chmod(0o755)
    return python


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its bytes, and every folder, by relative path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[path.relative_to(folder).as_posix()] = b"<folder>" if path.is_dir() else path.read_bytes()
    return found


def with_(machine: Machine, **values) -> Machine:
    return replace(machine, **values)


SYSTEMS = (WINDOWS, MACOS)
