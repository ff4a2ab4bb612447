"""Files people send -> Raw: every row as text, with its place, its problems and its fingerprint.

`READERS` names the kinds. The kind is decided by content; a mistake of the user comes back as a Problem,
never as an exception. This is the only package of the core that opens files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from recon_core.model import Raw, Source
from recon_core.problems import Place, Problem
from recon_core.readers import delimited, preflight, workbook
from recon_core.readers.codes import CODES

__all__ = ["CODES", "READERS", "ROWS", "Outcome", "Reader", "of_rows", "read", "sha256"]

ROWS = "rows "  # begins the fingerprint of a sheet of the workbook itself, whose file is another after each run

Outcome = tuple[Raw | None, tuple[Problem, ...]]
Reader = Callable[[Source, preflight.File], Outcome]

READERS: dict[str, Reader] = {
    "text": delimited.read,
    "xlsx": workbook.read,  # and xlsm
    "xlsb": workbook.read,
    "xls": workbook.read,
    "ods": workbook.read,
}


def read(source: Source, shown: str = "") -> Outcome:
    """One file -> (Raw, notes), or (None, problems with a Stop among them). Never raises for a file's content.

    `shown` is the file's name in messages, by default the last part of the path. `Raw.problems` holds the
    same Problems as the second part. A file that changes while it is read is refused (F-104): half a file
    is no file. A header without rows is a Raw of 0 rows with the note F-204.
    """
    file = preflight.check(source.path, shown or Path(source.path).name)
    if isinstance(file, Problem):
        return None, (file,)
    try:
        with ThreadPoolExecutor(1) as beside:  # the fingerprint costs a second per GB: beside the parser, nothing
            fingerprint = beside.submit(sha256, source.path)
            raw, problems = READERS[file.kind](source, file)
            digest = fingerprint.result()
    except OSError as error:
        return None, (preflight.unreadable(Place(file=file.shown), error),)
    if moved := preflight.changed(file):
        return None, (moved,)
    return (replace(raw, sha256=digest) if raw else None), problems


def sha256(path: str) -> str:
    """The fingerprint of a file, lower-case hexadecimal."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_rows(raw: Raw) -> str:
    """The fingerprint of the rows of a sheet: header names and texts, each with its length."""
    digest = hashlib.sha256()
    for name in raw.frame.columns:
        texts = (str(name), *raw.frame[name].tolist())
        digest.update("".join(f"{len(text)}:{text}" for text in texts).encode(errors="surrogatepass"))
    return ROWS + digest.hexdigest()
