"""Which files a source names, and whether the workbook may read them on this computer.

A workbook that came by mail decides by its Setup what is read. What lies in its own folder, or below it, is read.
Everything else is asked about once (`tieout allow BOOK`): a file of yours could otherwise end up on the sheets of a
workbook that goes back to its sender, and a name on a server of his makes Windows log on there with your account.
Names are judged by their letters first: to look whether a server's file is there is to log on already. A name that stays in the
folder may still be a link that leads out of it; that is asked about like a path.
"""

from __future__ import annotations

import glob
import ntpath
import posixpath
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from addin.settings import Allowed, place_of
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Recipe, SourceSpec

MOST_FILES = 1_000  # of one source; more is a pattern gone wrong

_NETWORK = re.compile(r"[\\/]{2}|[a-z][a-z0-9+.-]+:[\\/]{2}", re.IGNORECASE)  # \\server\share, //server, https://
_DRIVE = re.compile(r"[a-z]:", re.IGNORECASE)


def is_network(text: str) -> bool:
    r"""Whether a path names a server: \\server\share, //server/share, file://server. Devices (\\?\, \\.\) count too."""
    return bool(_NETWORK.match(text.strip()))


def is_outside(text: str, workbook: Path, *, on_windows: bool = sys.platform == "win32") -> bool:
    """Whether a path as typed leads out of the folder of the workbook. Nothing is opened or looked up."""
    flat = text.strip().replace("\\", "/")
    folder = str(workbook.parent).replace("\\", "/")
    if is_network(text) and not is_network(folder):
        return True
    if on_windows:
        if re.match(r"[a-z]:(?!/)", flat, re.IGNORECASE):  # C:file, in the folder that drive C stands in
            return True
        full = ntpath.normcase(ntpath.normpath(ntpath.join(folder, flat)))
        inside = ntpath.normcase(ntpath.normpath(folder)).rstrip("\\") + "\\"
    else:
        if _DRIVE.match(flat) and "/" in flat:  # a drive of another computer: never a name beside the workbook
            return True
        full = posixpath.normpath(posixpath.join(folder, flat))
        inside = posixpath.normpath(folder).rstrip("/") + "/"
    return not full.startswith(inside)


def leads_outside(text: str, workbook: Path) -> bool:
    """Whether a path, or a file that fits it, is out of the folder of the workbook: by its letters, or by a link that lies in the folder.

    Links are looked up only where the letters stay in the folder, so nothing is asked of a server that Setup names.
    """
    if is_outside(text, workbook):
        return True
    if not text:
        return False
    folder, flat = workbook.parent, text.strip().replace("\\", "/")
    typed = [folder / text, folder / flat]
    fits = [folder / name for name in glob.iglob(flat, root_dir=folder)] if any(sign in flat for sign in "*?[") else []  # noqa: PTH207 - as `paths`
    home = folder.resolve()
    return any(not path.resolve().is_relative_to(home) for path in (*typed, *fits))


def named_outside(recipe: Recipe, workbook: Path) -> list[tuple[str, str, str]]:
    """Paths of Sources and Supporting data that lead out of the workbook's folder, by a link too, as (what for, path, cell of Setup)."""
    named = [(f"source {one.name}", one.path, one.cell) for one in recipe.sources]
    named += [(f"supporting data of {one.source}", one.path, "") for one in recipe.lookups]
    return [one for one in named if one[1] and leads_outside(one[1], workbook)]


def not_allowed(recipe: Recipe, workbook: Path, allowed: Allowed) -> Iterator[Problem]:
    """An Ask H-130, or H-131 for a server, for each path out of the folder that this computer has not allowed yet."""
    for what_for, path, at in named_outside(recipe, workbook):
        if (place_of(workbook), path) in allowed:
            continue
        sheet, _, cell = at.rpartition("!")
        where = Place(sheet=sheet or "Setup", cell=cell)
        fix = (
            "Put the file into the workbook's folder and name it without a folder; or, where you know who made the workbook "
            f'and want that file read, run once in a terminal: tieout allow "{workbook}"'
        )
        if is_network(path):
            what = (
                f"Setup wants '{path}' read for {what_for}: that logs this computer on to a server, with your account."
            )
            yield Problem("H-131", Severity.ASK, where, path, what, fix)
        else:
            what = f"Setup wants '{path}' read for {what_for}: that is not in the folder of the workbook, or is a link out of it."
            yield Problem("H-130", Severity.ASK, where, path, what, fix)


def absent(recipe: Recipe, workbook: Path, allowed: Allowed) -> list[SourceSpec]:
    """Sources that may be missing, and are. What may not be read yet is not looked for: it is asked about instead."""
    return [spec for spec in recipe.sources if spec.may_miss and spec.path and may_look(spec.path, workbook, allowed) and not any(path.exists() for path in paths(spec, workbook, []))]  # fmt: skip


def may_look(path: str, workbook: Path, allowed: Allowed) -> bool:
    """Whether a file of a source may be looked for on this computer."""
    return not leads_outside(path, workbook) or (place_of(workbook), path) in allowed


def paths(spec: SourceSpec, workbook: Path, problems: list[Problem], *, is_awaited: bool = False) -> list[Path]:
    """The files of a source in name order; the workbook itself where only a sheet is named.

    `is_awaited`: the table Expected files knows the source, so a run goes on without its files (L-601).

    A name that is there is that file, whatever signs it has (orders[1].csv); only else it is a pattern, and the
    signs of the workbook's own folder are never part of it.
    """
    if not spec.path:
        return [workbook]
    typed = Path(spec.path)
    full = workbook.parent / (typed if typed.exists() or "\\" not in spec.path else spec.path.replace("\\", "/"))
    if full.exists():
        return [full]
    if not any(sign in spec.path for sign in "*?["):
        problems += [_none_came(spec)] * is_awaited
        return [full] * (not is_awaited)
    folder, pattern = (
        (full.anchor, str(full.relative_to(full.anchor)))
        if typed.is_absolute()
        else (str(workbook.parent), spec.path.replace("\\", "/"))
    )
    names = glob.glob(pattern, root_dir=folder)  # noqa: PTH207 - Path.glob reads signs in the folder's name too
    found = sorted(Path(folder, name) for name in names if not Path(name).name.startswith(("~$", ".~")))
    problems += [_none_came(spec)] if not found and is_awaited else _miscounted(spec, found)
    return found[:MOST_FILES]


def _miscounted(spec: SourceSpec, found: Sequence[Path]) -> Iterator[Problem]:
    if not found:
        what = f"No file fits '{spec.path}' of source {spec.name}."
        fix = "Put the file in place, or correct the pattern in the table Sources."
        yield Problem("F-321", Severity.STOP, _cell(spec), spec.path, what, fix)
    if len(found) > MOST_FILES:
        what = f"'{spec.path}' of source {spec.name} fits {len(found):,} files; at most {MOST_FILES:,} are read."
        yield Problem("F-324", Severity.STOP, _cell(spec), spec.path, what, "Write a narrower pattern in the table Sources.")  # fmt: skip


def _none_came(spec: SourceSpec) -> Problem:
    """An expected source has no file yet."""
    what = f"No file of source {spec.name} has come ('{spec.path}')."
    fix = "Put the file in place when it comes, and run again."
    return Problem("L-601", Severity.NOTE, _cell(spec), spec.path, what, fix)


def _cell(spec: SourceSpec) -> Place:
    sheet, _, cell = spec.cell.rpartition("!")
    return Place(sheet=sheet, cell=cell)


def shown(path: Path, workbook: Path) -> str:
    """The path as the user typed it: relative to the workbook where it lies below it."""
    return path.relative_to(workbook.parent).as_posix() if path.is_relative_to(workbook.parent) else path.name
