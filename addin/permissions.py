"""`tieout allow`: let a workbook read the files outside of its folder that its Setup names at this moment.

The permission is for this user, this computer, this workbook where it lies, and these paths letter by letter: a path
that is changed later, or the workbook elsewhere, is asked about again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from addin import settings, source_paths
from addin.hosts import Host
from recon_core import schema
from recon_core.problems import ReconError, Severity
from recon_core.setup import parse_recipe


class Permitted(NamedTuple):
    """What a workbook may read by now outside of its folder; `was` is what was taken back."""

    workbook: Path
    paths: tuple[str, ...]
    was: tuple[str, ...] = ()


def allow(host: Host, workbook: Path) -> Permitted:
    """Allow what Setup names now. Raises ReconError with the first Problem of a Setup that cannot be read."""
    recipe, problems = parse_recipe({sheet: host.cells(sheet) for sheet in schema.SETUP_SHEETS})
    if stop := next((one for one in problems if one.severity is Severity.STOP), None):
        raise ReconError(stop)
    found = tuple(dict.fromkeys(path for _, path, _ in source_paths.named_outside(recipe, workbook)))
    settings.forget(workbook)
    settings.allow(workbook, found)
    return Permitted(workbook, found)


def forget(workbook: Path) -> Permitted:
    """Take everything back that was allowed to a workbook."""
    place = settings.place_of(workbook)
    was = tuple(sorted(path for book, path in settings.allowed() if book == place))
    settings.forget(workbook)
    return Permitted(workbook, (), was)


def lines(found: Permitted) -> list[str]:
    """The outcome for people."""
    name = found.workbook.name
    if found.was:
        return [f"{name} may not read any more: {path}" for path in found.was]
    return [f"{name} may read from now on: {path}" for path in found.paths] or [
        f"{name} reads nothing outside of its folder."
    ]


def as_json(found: Permitted) -> Mapping[str, object]:
    """The outcome for programs."""
    return {"workbook": str(found.workbook), "allowed": list(found.paths), "taken_back": list(found.was)}
