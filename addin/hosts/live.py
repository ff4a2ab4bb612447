"""A workbook that is open in a spreadsheet program, as a `Host`: Excel on Windows and macOS, LibreOffice Calc on Linux.

Only public xlwings is used; the one exception, on Windows, stands in `live_busy.py`. A write is all
or nothing (`live_draw.py`) and its cells are those that the file host writes (`live_values.py`). What public xlwings
cannot do stays as the template has it (`live_looks.py`).
"""

from __future__ import annotations

import gc
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import xlwings as xw

from addin.hosts.cellxml import EPOCH_1900, EPOCH_1904
from addin.hosts.file import trimmed
from addin.hosts.live_busy import escape_pressed, unless_busy
from addin.hosts.live_draw import Drawing, as_refusal, draw
from addin.hosts.live_grid import read_rows, used
from addin.hosts.live_plan import planned
from addin.hosts.live_refusals import changed_meanwhile, not_saved, stopped
from addin.hosts.live_shown import shown_rows
from addin.hosts.live_values import guarded, shown
from addin.hosts.refusals import too_wide_or_long
from addin.hosts.usedrange import MAX_CELLS
from recon_core.problems import Problem, ReconError
from recon_core.sheets import Sheet, column_letter

TITLE = "Tieout"
REQUEST, STATUS = "tieout_request", "tieout_status"  # names of two cells on the sheet Start
BETWEEN = 0.25  # seconds between two words in the status bar, and between two looks at the request cell
YOUNG = 60  # seconds
NORMAL = {"screen_updating": True, "enable_events": True, "display_alerts": True}
QUIET = {"screen_updating": False, "calculation": "manual", "enable_events": False, "display_alerts": False}


class LiveHost:
    """The six verbs, and what buttons need, on an open workbook. Raises ReconError with a Problem H-1xx.

    `keep`: `save` writes the file, by `store` where that is given; without it the user saves, as he is used to. `cancelled` is
    asked between steps.
    """

    def __init__(
        self,
        book: xw.Book,
        *,
        keep: bool = False,
        store: Callable[[], None] | None = None,
        on_progress: Callable[[str, float], None] | None = None,
        on_show: Callable[[Sequence[Problem]], None] | None = None,
        answers: Mapping[str, str] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.book, self.keep, self.cancelled = book, keep, cancelled
        self.store = store
        self.on_progress, self.on_show = on_progress, on_show
        self.answers = dict(answers or {})
        self._ready = False
        self._request: Any = None  # the cell that may ask for an end
        self._old_request: object = None  # what stood there when we began
        self._bar: str | bool | None = None  # what stood in the status bar; None while it is not ours
        self._said = self._looked = 0.0
        self._written = False  # what is written stays: an end can be asked for no more
        self._sheets: dict[str, xw.Sheet] = {}  # as they were named last: a program takes its time to tell all names
        self._seen: dict[str, int] = {}  # sheet in lower case -> a hash of its cells as they were read last

    # ---- the six verbs ----

    def cells(self, sheet: str) -> list[list[object]]:
        """The values from A1 on, blanks and errors as None, trailing blanks cut; [] when there is no such sheet."""
        found = self._sheet(sheet)
        grid = [] if found is None else trimmed([list(map(shown, row)) for row in self._raw(found)])
        self._seen[sheet.lower()] = hash(tuple(map(tuple, grid)))
        return grid

    def write(self, sheets: Sequence[Sheet], unchanged: Sequence[str] = ()) -> None:
        """All or nothing; calculation, selection and status bar are afterwards as before, however it ends.

        Raises H-129 where a sheet of `unchanged` reads differently just before the first cell is written.
        """
        for names in ([sheet.name for sheet in sheets], [table.name for sheet in sheets for table in sheet.tables]):
            if len({name.lower() for name in names}) < len(names):
                raise ValueError(f"a name twice: {names}")
        if not sheets:
            return
        self._prepare()
        self._written = False
        epoch = epoch_of(self.path)
        plans = [planned(sheet, epoch) for sheet in sheets]
        with self._quiet(), collector_at_rest():
            try:
                seen = {name: self._seen[name.lower()] for name in unchanged if name.lower() in self._seen}
                watched = frozenset(name.lower() for name in seen)
                draw(Drawing(self.book, plans, self._look, self.progress, lambda: self._still(seen), watched))
                self._written = True
            except ReconError:
                raise
            except Exception as error:
                raise as_refusal(error) from error

    def show(self, problems: Sequence[Problem]) -> None:
        """Hand the problems to whoever asked to be told; the status bar is the program's again."""
        self._release()
        if self.on_show:
            self.on_show(problems)

    def progress(self, text: str, share: float) -> None:
        """The status bar, at most four times a second. Raises H-124 where the user asked for an end."""
        self._prepare()
        self._look()
        if self.on_progress:
            self.on_progress(text, share)
        now = time.monotonic()
        if now - self._said >= BETWEEN:
            self._said = now
            if self._bar is None:
                found = self.book.app.status_bar
                self._bar = False if str(found).startswith(TITLE) else found  # the button's word, or a killed run's
            self.book.app.status_bar = f"{TITLE}: {text} ({share:.0%})"

    def choose(self, question: str, options: Sequence[str]) -> str | None:
        """The answer given beforehand, if it is one of the options."""
        answer = self.answers.get(question)
        return answer if answer in options else None

    def save(self) -> None:
        """Write the file where that was asked for; else the workbook stays unsaved before the user."""
        if self.keep:
            try:
                (self.store or self.book.save)()
            except ReconError:
                raise
            except Exception as error:
                raise as_refusal(error) from error

    # ---- what buttons need ----

    @property
    def path(self) -> Path:
        """The file on disk. Raises H-122 where it was never saved or its path is an address."""
        name = str(self.book.fullname)
        if "://" in name or not any(sign in name for sign in "/\\"):
            raise not_saved(name)
        return Path(name)

    def sheet_names(self) -> list[str]:
        """The worksheets from left to right."""
        self._prepare()
        return [sheet.name for sheet in self.book.sheets]

    def shown_cells(self, sheet: str) -> list[list[object]]:
        """As `cells`, with errors as `ExcelError` and numbers that show leading zeros as that text."""
        found = self._sheet(sheet)
        return [] if found is None else trimmed(shown_rows(found, self._raw(found)))

    def named(self, name: str) -> object:
        """The value of the cell a defined name points at; None where it is blank or there is no such name."""
        cell = self._cell(name)
        value = None if cell is None else shown(cell.raw_value)
        if name == REQUEST and value and str(cell.formula).startswith("="):
            return None  # a button writes a text; a formula is not a click
        return value

    def set_named(self, name: str, value: str) -> bool:
        """Write a text into the cell of a defined name; False where there is no such name."""
        cell = self._cell(name)
        if cell is None:
            return False
        try:
            cell.raw_value = guarded(value)
        except Exception as error:
            raise as_refusal(error) from error
        return True

    def selected(self) -> tuple[str, int, int]:
        """Sheet, row and column of the selection, one-based; A1 of the active sheet where no cells are selected."""
        self._prepare()
        found = self.book.selection
        if found is None:
            return self.book.sheets.active.name, 1, 1
        return found.sheet.name, found.row, found.column

    def go_to(self, sheet: str, row: int = 1, column: int = 1) -> bool:
        """Show a cell, with row 0 the one selected there last; False where there is no such sheet."""
        found = self._sheet(sheet)
        if found is None:
            return False
        found.activate()
        if row:
            found.range((row, column)).select()
        return True

    def status(self, line: str) -> None:
        """One line in the status cell; in the status bar where the workbook has no such cell, or may not be written to."""
        self._written = False  # a command begins or ends
        try:
            has_cell = self.set_named(STATUS, line)
        except ReconError:  # a protected Start sheet must not stop a run
            has_cell = False
        if not has_cell:
            self.book.app.status_bar = line

    def tell(self, text: str, *, grave: bool = False) -> None:
        """The one closing message, before whoever can see it; the status bar is the program's again."""
        self._release()
        app = self.book.app
        if app.visible and not self.keep:
            app.alert(text, TITLE, mode="critical" if grave else "info")

    # ---- inside ----

    def _still(self, seen: Mapping[str, int]) -> None:
        for name, was in seen.items():
            self.cells(name)
            if self._seen[name.lower()] != was:
                raise changed_meanwhile(name)

    def _sheet(self, name: str) -> xw.Sheet | None:
        self._prepare()
        known = self._sheets.get(name.lower())
        if known is None or not _bears(known, name):
            self._sheets = {sheet.name.lower(): sheet for sheet in self.book.sheets}
            known = self._sheets.get(name.lower())
        return known

    def _cell(self, name: str) -> Any:
        """The one cell of a name of the workbook; None for none, and for a name of a constant or a formula."""
        self._prepare()
        if name == REQUEST and self._request is not None:  # a watcher asks twice a second
            return self._request
        found = next((one for one in self.book.names if one.name.lower() == name.lower()), None)
        area = found.refers_to_range if found is not None else None
        return None if area is None else area[0, 0]

    def _raw(self, sheet: xw.Sheet) -> list[Sequence[Any]]:
        area = used(sheet)
        if area.bottom * area.right > MAX_CELLS:
            far = f"{column_letter(area.right)}{area.bottom}"
            raise too_wide_or_long(sheet.name, f"The sheet '{sheet.name}' reaches to cell {far}, too far to be read")
        return read_rows(sheet, area, self._look)

    def _prepare(self) -> None:
        """Once: see that the program answers, and bring it to a known state after a crash of whoever was before us."""
        if self._ready:
            return
        app = self.book.app

        def settle() -> None:
            for name, value in NORMAL.items():
                setattr(app, name, value)

        unless_busy(settle)
        self._ready = True
        self._request = self._cell(REQUEST)
        request = self.named(REQUEST)
        self._old_request = (
            None if is_young_cancel(request, datetime.now().astimezone().replace(tzinfo=None)) else request
        )

    def _look(self) -> None:
        """Raise H-124 where the user wants an end: the given flag, Esc on Windows, or the request cell."""
        if self._written:
            return
        if (self.cancelled and self.cancelled()) or escape_pressed(self.book.app):
            raise stopped()
        now = time.monotonic()
        if now - self._looked < BETWEEN:
            return
        self._looked = now
        request = None if self._request is None else shown(self._request.raw_value)
        if str(request or "").lower().startswith("cancel") and request != self._old_request:
            self.set_named(REQUEST, "")
            raise stopped()

    def _release(self) -> None:
        if self._bar is not None:
            self.book.app.status_bar = self._bar
            self._bar = None

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """No redraws, events, alerts or calculation inside; afterwards everything as it was, the selection too."""
        app, bar = self.book.app, self._bar
        is_active = app.books.active == self.book
        sheet, selection = self.book.sheets.active, self.book.selection if is_active else None
        is_manual, done = app.calculation == "manual", False
        try:
            with app.properties(**QUIET):
                try:
                    yield
                    done = True
                finally:
                    if self.book.sheets.active.name != sheet.name:
                        sheet.activate()
                    if selection is not None:
                        selection.select()
        finally:
            if (
                is_manual or not done
            ):  # our figures must not stand beside stale ones; what was put back is worked out again
                app.calculate()
            if bar is None:
                self._release()


def _bears(sheet: xw.Sheet, name: str) -> bool:
    """Whether the worksheet is there and has this name, in any case."""
    try:
        return bool(sheet.name.lower() == name.lower())
    except Exception:  # noqa: BLE001 - each system has its own error for a sheet that was deleted
        return False


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No search for dead cycles inside: a write makes millions of cells and no cycle, and each search walks through all of them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def is_young_cancel(request: object, now: datetime) -> bool:
    """Whether a request to end was made within the last minute: while this Python was starting, then."""
    action, _, stamp = str(request or "").partition("|")
    try:
        return (
            action.lower() == "cancel"
            and abs((now - datetime.strptime(stamp, "%Y%m%d%H%M%S")).total_seconds()) <= YOUNG
        )
    except ValueError:
        return False


def epoch_of(path: Path) -> int:
    """The serial number of 1970-01-01 in the workbook's date system, as its file says; public xlwings cannot tell."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("xl/workbook.xml")
    except (OSError, KeyError, zipfile.BadZipFile):  # another kind of file, or one we may not read: hardly of 1904
        return EPOCH_1900
    return EPOCH_1904 if re.search(rb"""date1904\s*=\s*["'](?:1|true)["']""", text) else EPOCH_1900
