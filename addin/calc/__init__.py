"""LibreOffice Calc behind xlwings: the add-in's own code runs on a live spreadsheet without Excel.

`register()` makes every xlwings call of this process act on private LibreOffices; `office()` gives one
and takes it away again, whatever happens. Nothing heavy is imported before one of them is called.
What it covers, and what a run on it proves: docs/calc_engine.md.

Each class here stands on one of xlwings' base classes, whose members are what xlwings calls. mypy sees those classes as
Any where xlwings is installed without its types: hence `type: ignore[misc, unused-ignore]` on each of them; the other
two stand where a member overrides one of another kind. NotImplementedError is xlwings' own answer for what an engine cannot do; each says what that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import xlwings as xw

__all__ = ["office", "register", "save_copy", "why_not"]


def why_not() -> str:
    """'' where LibreOffice and its Python bridge can be used on this machine, else a sentence that says why not."""
    from addin.calc.process import missing

    return missing()


def register(*, macros: bool = False) -> xw.Engine:
    """Make LibreOffice the active engine of xlwings in this process; a second call changes only `macros`.

    `macros`: whether macros of books opened from now on may run. ReconError (C-951) where LibreOffice is missing.
    """
    from addin.calc.process import OPTIONS, require

    require()
    import xlwings as xw

    from addin.calc.engine import ENGINE

    OPTIONS.macros = macros
    known = xw.engines.engines_by_name
    if ENGINE.name not in known:
        xw.engines.add(xw.Engine(impl=ENGINE))
    known.setdefault("excel", known[ENGINE.name])  # a conversion without a range asks for it by this name
    engine: Any = known[ENGINE.name]
    xw.engines.active = engine
    return cast("xw.Engine", engine)


@contextmanager
def office(
    *, visible: bool = False, display: str = "", macros: bool = False, add_book: bool = False, **environment: str
) -> Iterator[xw.App]:
    """An `xw.App` on a LibreOffice of its own, ended and swept away on leaving, whatever happens.

    `visible` shows its windows on `display` (default: DISPLAY of this process), `environment` goes to the process.
    `macros` allows the macros of the books opened in it. Call it from a thread that outlives the block: on Linux
    LibreOffice is killed with the thread that started it. ReconError C-951 or C-952 where it does not start.
    """
    register(macros=macros)
    import xlwings as xw

    from addin.calc.app import CalcApp
    from addin.calc.engine import APPS

    if display:
        environment = {"DISPLAY": display, **environment}
    impl: Any = CalcApp(APPS, visible=visible, macros=macros, environment=environment)
    try:
        if add_book:
            impl.books.add()
        yield xw.App(impl=impl, add_book=False)
    finally:
        impl.quit()


def save_copy(book: xw.Book, path: Path) -> None:
    """Write a book of this engine into another file and leave it open as it is. CalcError where LibreOffice cannot."""
    impl: Any = book.impl
    impl.save_copy(path)
