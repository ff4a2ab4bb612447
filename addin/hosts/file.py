"""A workbook file as a `Host`: no spreadsheet program needed. Schedulers, servers, the CLI and tests use it.

The fingerprint taken at the opening guards every write: a workbook that someone changed since is refused.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from python_calamine import CalamineError, load_workbook

from addin.hosts.book import BookSheet, read_book
from addin.hosts.package import named, write_sheets
from addin.hosts.refusals import unreadable_part
from addin.hosts.usedrange import check_used_range
from addin.hosts.xmlparts import Edit, parse, splice
from addin.hosts.zipparts import (
    Package,
    copy_entry,
    fingerprint,
    new_info,
    open_package,
    resolved,
    write_directory,
    write_entry,
)
from recon_core.problems import Problem
from recon_core.sheets import Sheet


class FileHost:
    """The six verbs on a file. Raises ReconError with a Problem H-1xx for a file that must not be touched.

    `shown` is the name in refusals where the file is a temporary one that the user never typed.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        shown: str = "",
        on_progress: Callable[[str, float], None] | None = None,
        on_show: Callable[[Sequence[Problem]], None] | None = None,
        answers: Mapping[str, str] | None = None,
    ) -> None:
        self.shown = shown or Path(path).name
        self.on_progress, self.on_show = on_progress, on_show
        self.answers = dict(answers or {})
        with named(path, self.shown):
            self.path = resolved(path, self.shown)
            self.fingerprint = fingerprint(self.path, self.shown)

    def cells(self, sheet: str) -> list[list[object]]:
        """The values from A1 on, blanks as None, trailing blanks cut; [] when there is no such worksheet."""
        with named(self.path, self.shown), contextlib.closing(open_package(self.path, self.shown)) as package:
            found = read_book(package).sheet(sheet)
            if found is None or found.kind != "worksheet":
                return []
            check_used_range(lambda: package.stream(found.part), found.name)
            return trimmed(read_values(self.path, package, found))

    def write(self, sheets: Sequence[Sheet], unchanged: Sequence[str] = ()) -> None:  # noqa: ARG002 - see there
        """All or nothing, at once on disk; a workbook changed since we opened it is refused (H-109), whatever changed."""
        write_sheets(self.path, sheets, expected=self.fingerprint, shown=self.shown)
        self.fingerprint = fingerprint(self.path, self.shown)

    def show(self, problems: Sequence[Problem]) -> None:
        """Hand the problems to whoever asked to be told."""
        if self.on_show:
            self.on_show(problems)

    def progress(self, text: str, share: float) -> None:
        """Hand the progress to whoever asked to be told."""
        if self.on_progress:
            self.on_progress(text, share)

    def choose(self, question: str, options: Sequence[str]) -> str | None:
        """The answer given beforehand, if it is one of the options."""
        answer = self.answers.get(question)
        return answer if answer in options else None

    def save(self) -> None:
        """Nothing to do: `write` has put the file on disk already."""


def read_values(path: Path, package: Package, sheet: BookSheet) -> Sequence[Sequence[object]]:
    """The sheet through calamine; an error literal it does not know must not cost the other cells."""
    try:
        return _values(str(path), sheet.name)
    except CalamineError:  # '#SPILL!' and whatever Excel invents next fail the whole sheet
        known = with_known_errors(package, sheet.part)
    try:
        return _values(known, sheet.name)
    except CalamineError as error:
        raise unreadable_part(sheet.part, str(error)) from error


def _values(source: str | IO[bytes], sheet: str) -> Sequence[Sequence[object]]:
    return load_workbook(source).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def with_known_errors(package: Package, part: str) -> IO[bytes]:
    """A copy in memory in which every error of one sheet is #N/A; readers show errors as blanks anyway."""
    doc = parse(package.read(part), part)
    cells = (node for node in doc.root.walk() if node.name == "c" and node.attrs.get("t") == "e")
    values = (value for cell in cells if (value := cell.child("v")))
    data = splice(doc.data, [Edit(value.inner, value.close, b"#N/A") for value in values])
    copy = io.BytesIO()
    entries = package.archive.infolist()
    written = [
        write_entry(new_info("", info, info.date_time), [data], copy)
        if info.filename.lower() == part.lower()
        else copy_entry(package, info, copy)
        for info in entries
    ]
    write_directory(written, b"", copy)
    copy.seek(0)
    return copy


def trimmed(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """Blanks as None; blank cells at the end of a row and blank rows at the end are cut."""
    cut = [_trimmed_row([None if value == "" else value for value in row]) for row in rows]
    while cut and not cut[-1]:
        cut.pop()
    return cut


def _trimmed_row(row: list[object]) -> list[object]:
    while row and row[-1] is None:
        row.pop()
    return row
