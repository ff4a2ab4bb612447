"""The page on a folder of wheels against the packages: what it names is what is pinned, and nothing that Windows needs lacks."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import recon_core

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "manual" / "install.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A folder of wheels\n")[2].partition("\n## ")[0]
PINS = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
ON_WINDOWS = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "extra": ""}
ON_LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}


def needed(surroundings: dict[str, str]) -> set[str]:
    """The packages that Tieout needs to run there, and those that they need; what is not installed here ends a chain."""
    found: set[str] = set()
    todo = ["tieout"]
    while todo:
        try:
            told = metadata.requires(todo.pop()) or []
        except metadata.PackageNotFoundError:
            continue
        wanted = [one for one in map(Requirement, told) if one.marker is None or one.marker.evaluate(surroundings)]
        todo += [one.name for one in wanted if one.name not in found]
        found |= {one.name.lower() for one in wanted}
    return found


def test_the_packages_of_windows_alone_are_named_in_the_pinned_version():
    named = dict(re.findall(r" ([\w-]+)==(\S+)", SECTION))
    assert set(named) == needed(ON_WINDOWS) - needed(ON_LINUX)
    assert named == {name: PINS[name] for name in named}


def test_the_wheel_of_tieout_has_the_name_of_this_version():
    assert re.findall(r"tieout-([\d.]+)-py3-none-any\.whl", SECTION) == [recon_core.__version__]


def test_the_steps_lead_to_the_page():
    assert "(#a-folder-of-wheels)" in PAGE
    assert SECTION.count("-c constraints.txt") == 2
