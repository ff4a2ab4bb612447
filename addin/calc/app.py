"""One running LibreOffice as xlwings' App: its state, its messages, its macros."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xlwings import base_classes

from addin.calc.books import CalcBook, CalcBooks
from addin.calc.border import CalcError, bordered, enum, properties, uno_exception
from addin.calc.process import Office, soffice

if TYPE_CHECKING:
    from addin.calc.engine import CalcApps, CalcEngine
    from addin.calc.ranges import CalcRange

# Buttons of an alert: Calc's number for them, the first as Enter's, and the answer where nobody can press one.
_OK_FIRST, _YES_FIRST = 0x10000, 0x40000
_BUTTONS = {
    "ok": (1 | _OK_FIRST, "ok"),
    "ok_cancel": (2 | _OK_FIRST, "ok"),
    "yes_no": (3 | _YES_FIRST, "yes"),
    "yes_no_cancel": (4 | _YES_FIRST, "yes"),
}
_ANSWERS = {0: "cancel", 1: "ok", 2: "yes", 3: "no"}


class Alert(NamedTuple):
    """A message that nobody could see, because the window is hidden."""

    prompt: str
    title: str
    buttons: str
    mode: str


@bordered
class CalcApp(base_classes.App):  # type: ignore[misc, unused-ignore]
    """A LibreOffice of its own. `alerts` holds the messages that were answered by their default button."""

    def __init__(
        self,
        apps: CalcApps,
        *,
        visible: bool = False,
        macros: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._apps = apps
        self.macros = macros
        self.office = Office(visible=visible, environment=environment)
        self.open_books: list[CalcBook] = []
        self.active_book: CalcBook | None = None
        self.alerts: list[Alert] = []
        self.clipboard: CalcRange | None = None
        self._status: str | bool = False
        self._indicator: Any = None
        self._calculation = "automatic"
        self._screen_updating = True
        self._visible = visible
        apps.running.insert(0, self)

    # Kept, and without any effect of their own: a hidden LibreOffice asks nobody.
    display_alerts = True
    enable_events = True
    interactive = True

    @property  # type: ignore[misc]
    def xl(self) -> Any:
        return self.office.desktop

    @property
    def api(self) -> Any:
        return self.office.desktop

    @property
    def engine(self) -> CalcEngine:
        return self._apps.engine

    @property
    def books(self) -> CalcBooks:
        return CalcBooks(self)

    @property
    def pid(self) -> int:
        return self.office.pid

    @property
    def hwnd(self) -> None:
        return None

    @property
    def path(self) -> str:
        return str(Path(soffice()).parent)

    @property
    def startup_path(self) -> str:
        return ""

    @property
    def version(self) -> str:
        provider = self.office.service("com.sun.star.configuration.ConfigurationProvider")
        arguments = properties({"nodepath": "/org.openoffice.Setup/Product"})
        access = provider.createInstanceWithArguments("com.sun.star.configuration.ConfigurationAccess", arguments)
        return str(access.getByName("ooSetupVersion"))

    @property
    def selection(self) -> CalcRange | None:
        book = self.active_book
        found = book.controller.getSelection() if book else None
        if book is None or found is None or not found.supportsService("com.sun.star.sheet.SheetCellRange"):
            return None
        area = found.getRangeAddress()
        return book.sheets(area.Sheet + 1).at(area)

    def activate(self, steal_focus: bool = False) -> None:
        self._apps.running.remove(self)
        self._apps.running.insert(0, self)
        if self.office.visible and steal_focus and self.active_book:
            self.active_book.controller.getFrame().getContainerWindow().toFront()

    # State

    @property
    def visible(self) -> bool:
        """Whether xlwings was told so; windows there are only where LibreOffice was started with them."""
        return self._visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self._visible = bool(visible)
        if self.office.visible:
            for book in self.open_books:
                book.controller.getFrame().getContainerWindow().setVisible(bool(visible))

    @property
    def screen_updating(self) -> bool:
        return self._screen_updating

    @screen_updating.setter
    def screen_updating(self, updating: bool) -> None:
        if bool(updating) != self._screen_updating:
            for book in self.open_books:
                book.rest(resting=not updating)
        self._screen_updating = bool(updating)

    @property
    def calculation(self) -> str:
        return self._calculation

    @calculation.setter
    def calculation(self, mode: str) -> None:
        if mode not in {"automatic", "manual", "semiautomatic"}:
            raise ValueError(f"{mode!r} is no calculation mode: automatic, manual or semiautomatic.")
        self._calculation = mode
        for book in self.open_books:
            self.set_up(book)

    def set_up(self, book: CalcBook) -> None:
        """Give a book the calculation mode of the app; Calc keeps it per book."""
        book.xl.enableAutomaticCalculation(self._calculation != "manual")

    def calculate(self) -> None:
        for book in self.open_books:
            book.xl.calculateAll()

    @property
    def status_bar(self) -> str | bool:
        return self._status

    @status_bar.setter
    def status_bar(self, text: str | bool | None) -> None:
        self._status = text if isinstance(text, str) else False
        if self._indicator is not None:
            self._indicator.end()
            self._indicator = None
        if isinstance(text, str) and self.office.visible and self.active_book:
            self._indicator = self.active_book.controller.getStatusIndicator()
            self._indicator.start(text, 100)

    @property
    def cut_copy_mode(self) -> str | None:
        return "copy" if self.clipboard else None

    @cut_copy_mode.setter
    def cut_copy_mode(self, mode: bool) -> None:
        if not mode:
            self.clipboard = None

    # Messages and macros

    def alert(self, prompt: str, title: str | None, buttons: str | None, mode: str | None, callback: Any = None) -> str:
        """The answer to a message box; where nobody can see it, it is kept in `alerts` and its default answer given."""
        number, default = _BUTTONS[buttons or "ok"]
        if not (self.office.visible and self._visible and self.display_alerts):
            self.alerts.append(Alert(prompt, title or "", buttons or "ok", mode or ""))
            return default
        parent = self.active_book.controller.getFrame().getContainerWindow() if self.active_book else None
        kind = {"info": "INFOBOX", "critical": "ERRORBOX"}.get(mode or "", "MESSAGEBOX")
        kind = (
            "QUERYBOX" if buttons not in {None, "ok"} and kind == "INFOBOX" else kind
        )  # an information has no second button
        toolkit = self.office.service("com.sun.star.awt.Toolkit")
        box = toolkit.createMessageBox(
            parent, enum("com.sun.star.awt.MessageBoxType", kind), number, title or "", prompt
        )
        answer = _ANSWERS.get(box.execute(), default)
        box.dispose()
        return "ok" if buttons in {None, "ok"} else answer

    def run(self, macro: str, args: Any, book: CalcBook | None = None) -> Any:
        """Call a Sub or Function of the book's VBA project; CalcError where there is none of this name or macros are off."""
        name = macro.rsplit("!", 1)[-1].strip("'")
        for one in [book] if book else self._active_first():
            found = one.macro(name)
            if found is not None:
                values = tuple(getattr(getattr(value, "impl", value), "xl", value) for value in args)
                return found.invoke(values, (), ())[0]
        why = "" if self.macros else " Macros are switched off: this LibreOffice was started without them."
        raise CalcError(f"There is no macro {macro}.{why}")

    def _active_first(self) -> list[CalcBook]:
        return sorted(self.open_books, key=lambda book: book is not self.active_book)

    # The end

    def quit(self) -> None:
        """Close all books without saving, end LibreOffice, remove its profile. May be called twice."""
        for book in list(self.open_books):
            try:
                book.close()
            except (CalcError, uno_exception()):
                break  # it is gone, or hangs: ended below
        self._forget()
        self.office.end()

    def kill(self) -> None:
        self._forget()
        try:
            self.office.kill()
        except subprocess.TimeoutExpired as error:
            raise CalcError("LibreOffice could not be killed.") from error

    def _forget(self) -> None:
        self.open_books.clear()
        self.active_book = None
        if self in self._apps.running:
            self._apps.running.remove(self)
