"""Start the child that parses a workbook, and turn what becomes of it into an answer or a Problem.

The only module of the core that starts a process: the parsers of workbooks abort on hostile files, which no
`except` catches, so they run where an abort, too much memory or too much time is one Problem (F-110).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recon_core.problems import Place, Problem
from recon_core.readers import child, preflight
from recon_core.readers.codes import stop
from recon_core.readers.preflight import File

MOST_MEMORY = 6 << 30  # bytes of address space of the child
PATIENCE = 120.0  # seconds, and 3 for each MB: ten times what a sound workbook takes
CELLS = "cells.arrow"  # the file in the folder of the child that it writes


@contextmanager
def started(file: File, path: str, sheet: str, folder: str) -> Iterator[subprocess.Popen[bytes]]:
    """The child at work; whatever happens here, it does not outlive the block."""
    order = {
        "path": path,
        "sheet": sheet,
        "out": str(Path(folder, CELLS)),
        "alone": file.kind != "xlsx",
        "memory": MOST_MEMORY,
    }
    # -P: the folder of the script holds our modules, which must not stand before the standard library's
    with subprocess.Popen(
        [sys.executable, "-P", child.__file__, json.dumps(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # does nothing to a child that has ended


def answer_of(process: subprocess.Popen[bytes], file: File) -> dict[str, Any] | Problem:
    """What the child says, or the Problem for which it could not."""
    place = Place(file=file.shown)
    seconds = PATIENCE + 3 * file.size / 1_000_000
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return _gave_up(place, f"took longer than {seconds:,.0f} seconds to read")
    if process.returncode:
        memory = b"memory" in err or b"MemoryError" in err
        limit = f"needs more memory than {MOST_MEMORY >> 30} GB"
        said = err.decode(errors="backslashreplace").partition("\n")[0]
        return _gave_up(place, limit if memory else "made the parser stop", said)
    answer: dict[str, Any] = json.loads(out)
    return _refused(answer, place) if "refused" in answer else answer


def _refused(answer: dict[str, Any], place: Place) -> Problem:
    detail = answer.get("detail", "")
    if answer["refused"] == "password":
        return preflight.protected(place)
    if answer["refused"] == "memory":
        return _gave_up(place, f"needs more memory than {MOST_MEMORY >> 30} GB")
    if "limit exceeded" in detail:  # a stray far cell in a kind that no scan looks into
        return preflight.too_large(place, "a sheet that reaches to a far cell", "100,000,000 cells")
    return preflight.damaged(place, "its sheets cannot be parsed")._replace(raw=detail)


def _gave_up(place: Place, why: str, said: str = "") -> Problem:
    fix = "Open it in Excel, save the sheet as CSV and choose that file."
    return stop("F-110", place, f"{place.file} {why}.", fix, said[:200])
