"""Where an open workbook is found: the one whose button was pressed, the active one, one that is opened here.

Excel on Windows and macOS, LibreOffice Calc through `addin/calc` elsewhere.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import xlwings as xw

from addin.hosts import calc_keeps
from addin.hosts.live import LiveHost
from addin.hosts.live_busy import ON_WINDOWS, unless_busy
from addin.hosts.live_refusals import no_program, not_opened
from addin.hosts.live_saving import Original, check_not_open
from recon_core.problems import Problem, ReconError

ON_MACOS = platform.system() == "Darwin"
HAS_EXCEL = ON_WINDOWS or ON_MACOS


def caller() -> LiveHost:
    """The workbook whose button was pressed."""
    return LiveHost(unless_busy(xw.Book.caller))


def active() -> LiveHost | None:
    """The active workbook of the running program; None where none runs or none is open."""
    app = _running()
    if app is None or not unless_busy(lambda: len(app.books)):
        return None
    return _host_of(unless_busy(lambda: app.books.active))


# The last one found: a watcher that looks twice a second asks the program as little as can be.
_HOSTS: list[LiveHost] = []


def _host_of(book: xw.Book) -> LiveHost:
    if not _HOSTS or _HOSTS[0].book != book:
        _HOSTS[:] = [LiveHost(book)]
    return _HOSTS[0]


@contextmanager
def opened(path: Path, *, on_progress: Callable[[str, float], None] | None = None) -> Iterator[LiveHost]:
    """The workbook opened in a program of its own: Excel on Windows and macOS, Calc elsewhere. `save` writes the file.

    Raises H-101 to H-108 for a file that must not be touched, H-127 where there is no such program, H-128 where it cannot
    open the file, H-133 where Calc would save it without some of its contents; `save` H-107 and H-109 where another program has opened or saved the file meanwhile.
    """
    original = Original(path)
    if not HAS_EXCEL:
        original.check_kept_by_calc()
    with _program() as app:
        book = _open(app, original.path)
        try:
            original.check()  # what was saved while the program started may have been opened by half
            yield LiveHost(book, keep=True, store=lambda: _store(original, book), on_progress=on_progress)
        finally:
            book.close()


def _store(original: Original, book: xw.Book) -> None:
    if HAS_EXCEL:
        original.save_in_place(book.save)
        return
    from addin import calc

    original.save_beside(lambda path: calc.save_copy(book, path))


@contextmanager
def before_user(path: Path) -> Iterator[Callable[[], LiveHost | None]]:
    """The workbook opened where the user sees it; the way to it while it is open, None once it is closed.

    In Calc its macros may run: the buttons then leave requests. Raises H-107 where another program has the workbook open: in
    two programs, the one that saves last would undo what the other saved. H-127, H-128 as `opened`.
    """
    check_not_open(path)
    with _program(visible=True) as app:
        book = _open(app, path)
        name = book.fullname

        def find() -> LiveHost | None:
            try:
                names = unless_busy(lambda: [one.fullname for one in app.books])
            except ReconError as error:
                if error.problem.code == "H-121":  # busy, not closed
                    raise
                return None  # the program was closed
            return _host_of(book) if name in names else None

        yield find


def loses_if_saved(path: Path) -> tuple[Problem, ...]:
    """What a workbook that is opened before the user loses where he saves it there (H-134); nothing in Excel."""
    return () if HAS_EXCEL else calc_keeps.loses_if_saved(path)


def lost_by_saving(path: Path) -> tuple[Problem, ...]:
    """What a run in a program of our own takes from the looks of a workbook (H-134); nothing in Excel."""
    return () if HAS_EXCEL else calc_keeps.lost_by_saving(path)


def _open(app: xw.App, path: Path) -> xw.Book:
    try:
        return app.books.open(path)
    except ReconError:
        raise
    except Exception as error:
        raise not_opened(path.name, error) from error


@contextmanager
def _program(*, visible: bool = False) -> Iterator[xw.App]:
    if not HAS_EXCEL:
        from addin import calc

        if why := calc.why_not():
            raise no_program(why)
        with calc.office(visible=visible, macros=visible) as app:
            yield app
        return
    try:
        app = xw.App(visible=visible, add_book=False)
    except Exception as error:
        raise no_program(f"Excel did not start: {error}.") from error
    try:
        yield app
    finally:
        app.quit()


def _running() -> xw.App | None:
    return unless_busy(lambda: xw.apps.active) if len(xw.engines) else None


def state_of_excel() -> dict[str, str]:
    """Version and calculation mode of the running Excel; {} where none runs. Raises H-121 where it stays busy."""
    if (app := _running()) is None:
        return {}
    return {"version": str(unless_busy(lambda: app.version)), "calculation": str(unless_busy(lambda: app.calculation))}


def register_functions(name: str) -> bool:
    """Have the functions add-in `name` give Excel the texts of its functions; False where no Excel has a workbook open."""
    if (app := _running()) is None:
        return False
    if not unless_busy(lambda: len(app.books)):
        return False
    app.macro(f"'{name}'!TieoutHelp.RegisterFunctions")()
    return True
