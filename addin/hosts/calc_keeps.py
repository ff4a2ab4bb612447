"""What LibreOffice does not keep of a workbook when it saves it, so that nobody loses a part of his file unsaid.

LibreOffice writes a file anew from what it has understood. The kinds below were gone, or could not be read again, after LibreOffice
7.4 had opened and saved workbooks of many programs; what it drops beyond them is seen by comparing the file that it wrote.
The file host (`package.py`) keeps every part.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from addin.hosts.live_refusals import not_kept, saved_without, would_lose
from addin.hosts.xmlparts import parse
from addin.hosts.zipparts import Package, open_package
from recon_core.problems import Problem, ReconError

CONTROLS, OBJECTS = "form buttons and controls", "embedded objects"
# The end of a content type: what a user calls it.
CONTENTS = {
    "controlproperties+xml": CONTROLS,
    "activex+xml": CONTROLS,
    "slicer+xml": "slicers",
    "slicercache+xml": "slicers",
    "timeline+xml": "timelines",
    "timelinecache+xml": "timelines",
    "threadedcomments+xml": "threaded comments",
    "connections+xml": "data connections",
    "querytable+xml": "data connections",
    "model+data": "data model",
    "chartsheet+xml": "chart sheets",
    "sheetmetadata+xml": "cells of new kinds (spilling formulas, data types, pictures in cells)",
    "featurepropertybag+xml": "checkboxes in cells",
    "diagramdata+xml": "SmartArt",
}
LOOKS = {"theme+xml": "theme", "chartstyle+xml": "chart styles", "printersettings": "printer settings"}
# Dropped with one of the above, or worked out anew: nobody misses them.
UNMISSED = {"themeoverride+xml", "chartcolorstyle+xml", "calcchain+xml", "volatiledependencies+xml", "sharedstrings+xml", "person+xml"}  # fmt: skip
_OBJECT = re.compile(rb"""ObjectType\s*=\s*["'](\w+)""")
_STYLED = re.compile(rb"""<(?:\w+:)?tableStyleInfo\b[^>]*\bname\s*=""")


def check_kept_by_calc(path: Path) -> None:
    """Raises H-133 where the workbook holds what LibreOffice does not keep: known before any work is done."""
    with contextlib.closing(open_package(path)) as package:
        if lost := _contents(package):
            raise not_kept(lost)


def check_kept(path: Path, written: Path) -> None:
    """Raises H-133 where the file that LibreOffice has written lacks a kind of part that the workbook has."""
    with contextlib.closing(open_package(path)) as before, contextlib.closing(open_package(written)) as after:
        was = _kinds(before)
        lost = was.keys() - _kinds(after).keys() - LOOKS.keys() - UNMISSED
    if lost:
        raise not_kept(sorted({CONTENTS.get(kind, was[kind]) for kind in lost}))


def loses_if_saved(path: Path) -> tuple[Problem, ...]:
    """H-134: what the user loses where he saves the workbook in LibreOffice."""
    lost = _lost(path, contents=True)
    return (would_lose(path.name, lost),) if lost else ()


def lost_by_saving(path: Path) -> tuple[Problem, ...]:
    """H-134: the looks that a run loses which has LibreOffice save the workbook."""
    lost = _lost(path, contents=False)
    return (saved_without(path.name, lost),) if lost else ()


def _lost(path: Path, *, contents: bool) -> list[str]:
    try:
        with contextlib.closing(open_package(path)) as package:
            return [*(_contents(package) if contents else ()), *_looks(package)]
    except ReconError:  # no workbook of Excel's, or a damaged one: opening it tells
        return []


def _contents(package: Package) -> list[str]:
    found = {CONTENTS[kind] for kind in _kinds(package) if kind in CONTENTS}
    drawn = [kind for part in package.parts if part.endswith(".vml") for kind in _OBJECT.findall(package.read(part))]
    found |= {OBJECTS if kind == b"Pict" else CONTROLS for kind in drawn if kind != b"Note"}
    return sorted(found)


def _looks(package: Package) -> list[str]:
    found = {LOOKS[kind] for kind in _kinds(package) if kind in LOOKS}
    if any(part.startswith("xl/tables/") and _STYLED.search(package.read(part)) for part in package.parts):
        found.add("table styles")
    return sorted(found)


def _kinds(package: Package) -> dict[str, str]:
    """The kinds of the parts, each with the name of one of them: the end of its content type, or the folder of XML without one."""
    by_part: dict[str, str] = {}
    by_ending: dict[str, str] = {}
    for node in parse(package.read("[content_types].xml"), "[Content_Types].xml").root.walk():
        kind = node.attrs.get("ContentType", "").lower()
        if node.name == "Override":
            by_part[node.attrs.get("PartName", "").lstrip("/").lower()] = kind
        elif node.name == "Default":
            by_ending[node.attrs.get("Extension", "").lower()] = kind
    found: dict[str, str] = {}
    for part in package.parts:
        kind = by_part.get(part) or by_ending.get(part.rpartition(".")[2], "")
        if not kind or part.endswith("/") or part.startswith(("[content_types]", "docprops/thumbnail")):
            continue
        if kind.startswith("image/"):
            kind = "image/"  # LibreOffice may write a picture in another format
        elif kind == "application/xml":
            kind = part.partition("/")[0]
        else:
            kind = re.split(r"[./-]", kind)[-1]
        found.setdefault(kind, part)
    return found
