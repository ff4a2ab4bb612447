"""Files of an export: where they go, what stands there already, and each of them whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from addin.hosts.blank import blank_book
from addin.hosts.package import write_sheets
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.sheets import Sheet


def targets(book: Path, names: Sequence[str], ending: str, to: Path | None) -> list[Path]:
    """Where to write: beside the workbook, into the folder named, or to the file named, for one alone. Raises ReconError X-814, X-821."""
    if to is not None and not to.is_dir() and to.suffix:
        if to.suffix.lower() != f".{ending}":
            what = f"What is written is .{ending}, and {to.name} ends in {to.suffix}."
            raise ReconError(Problem("X-821", Severity.STOP, Place(file=to.name), to.name, what, f"Name it {to.stem}.{ending}, or make the folder {to.name} first."))  # fmt: skip
        if len(names) > 1:
            what = f"{len(names)} files cannot be written to the one name {to.name}."
            raise ReconError(Problem("X-814", Severity.STOP, Place(file=to.name), "", what, "Name a folder, or one payout by --payout."))  # fmt: skip
        return [to.absolute()]
    folder = book.parent if to is None else to.absolute()
    stem = f"{book.stem}_" if to is None else ""
    return [folder / f"{stem}{name}.{ending}" for name in _apart(names)]


def _apart(names: Sequence[str]) -> list[str]:
    """The names, each its own on systems that do not tell capitals apart: A, A -> A, A_2; a name that stands there is not given again."""
    taken = {name.casefold() for name in names}
    used: set[str] = set()
    found = []
    for name in names:
        own, number = name, 1
        while own.casefold() in used or (number > 1 and own.casefold() in taken):
            number += 1
            own = f"{name}_{number}"
        used.add(own.casefold())
        found.append(own)
    return found


def file_name(payout: str) -> str:
    """An id as part of a file's name on every system."""
    return re.sub(r"[^\w.-]+", "_", payout).strip("._")[:80] or "payout"


def check_free(paths: Sequence[Path], guarded: Sequence[Path], *, replace: bool) -> None:
    """Refuse to write over a file, unless that is wanted; never over those `guarded`, which the results come from. Raises ReconError X-814, X-820."""
    for path in paths:
        if any(_same(path, one) for one in guarded):
            what = f"{path.name} is the workbook itself or a file that it reads."
            raise ReconError(Problem("X-820", Severity.STOP, Place(file=path.name), str(path), what, "Name another place by --to."))  # fmt: skip
    standing = [path for path in paths if path.exists()]
    if standing and not replace:
        what = f"{standing[0].name} exists already."
        raise ReconError(Problem("X-814", Severity.STOP, Place(file=standing[0].name), "", what, "Name another place by --to, or add --replace."))  # fmt: skip


def _same(path: Path, other: Path) -> bool:
    """Whether two names are one file: by another folder's link, in other capitals, or not there yet."""
    with contextlib.suppress(OSError):  # one of them is not there: then only the names can be the same
        return path.samefile(other)
    return path.resolve() == other.resolve()


def check_folders(paths: Sequence[Path]) -> None:
    """Make the folders. Raises ReconError X-819."""
    for folder in {path.parent for path in paths}:
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)


def place(path: Path, data: bytes | None, sheets: Sequence[Sheet], before: Callable[[], None] = lambda: None) -> None:
    """Write a file under a name that nobody reads, do what must be done before, and give it its name. Raises ReconError X-819."""
    waiting = path.with_name(f".{path.stem}.tieout-{os.getpid()}.tmp{path.suffix}")
    try:
        with _writing(path):
            waiting.write_bytes(blank_book("Settlement") if data is None else data)
        if data is None:
            write_sheets(waiting, sheets, shown=path.name)
        before()
        with _writing(path):
            waiting.replace(path)
    finally:
        with contextlib.suppress(OSError):
            waiting.unlink(missing_ok=True)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"The file cannot be written there: {error.strerror}."
        raise ReconError(Problem("X-819", Severity.STOP, Place(file=path.name), "", what, "Choose another folder by --to, or close the file elsewhere.")) from error  # fmt: skip
