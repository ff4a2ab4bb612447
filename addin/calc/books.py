"""Open workbooks: files to documents and back. A book of another format than its name says is never written."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlwings import base_classes

from addin.calc import looks
from addin.calc.border import CalcError, bordered, kind, properties, uno_exception
from addin.calc.looks import Formats
from addin.calc.names import CalcNames
from addin.calc.pointer import Pointer
from addin.calc.process import trouble
from addin.calc.sheets import CalcSheets

if TYPE_CHECKING:
    from addin.calc.app import CalcApp

_FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".xlsm": "Calc MS Excel 2007 VBA XML",
    ".xlam": "Calc MS Excel 2007 VBA XML",
    ".xltx": "Calc MS Excel 2007 XML Template",
    ".xls": "MS Excel 97",
    ".ods": "calc8",
    ".csv": "Text - txt - csv (StarCalc)",
}
_NEVER, _ALWAYS = 0, 4  # com.sun.star.document.MacroExecMode: without a question either way
_NUMBER = itertools.count(1)
_MOST_POINTERS = 200


@bordered
class CalcBooks(base_classes.Books):  # type: ignore[misc, unused-ignore]
    """The open books of an app, in the order in which they were opened."""

    def __init__(self, app: CalcApp) -> None:
        self.app = app

    @property
    def api(self) -> Any:
        return self.app.xl

    @property
    def active(self) -> CalcBook | None:
        return self.app.active_book

    def __call__(self, key: str | int) -> CalcBook:
        if isinstance(key, int):
            if 1 <= key <= len(self.app.open_books):
                return self.app.open_books[key - 1]
            raise KeyError(key)
        for book in self.app.open_books:
            if key.lower() in {book.name.lower(), book.fullname.lower()}:
                return book
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.app.open_books)

    def __iter__(self) -> Iterator[CalcBook]:
        return iter(list(self.app.open_books))

    def add(self) -> CalcBook:
        return self._taken(self._loaded("private:factory/scalc", {}), "")

    def open(self, fullname: Any, *args: Any, **options: Any) -> CalcBook:
        """The book of a file; ReconError (C-953) where LibreOffice cannot open it.

        Arguments are xlwings': update_links, read_only, format, password; links are never updated.
        """
        given = dict(zip(("update_links", "read_only", "format", "password"), args, strict=False)) | options
        path = Path(fullname).resolve()
        for book in self.app.open_books:
            if book.fullname == str(path):
                return book
        if not path.is_file():
            raise FileNotFoundError(str(path))
        self.app.office.works_in(path.parent)
        wanted: dict[str, Any] = {
            "ReadOnly": bool(given.get("read_only")),
            "MacroExecutionMode": _ALWAYS if self.app.macros else _NEVER,
            "UpdateDocMode": 0,
        }
        if path.suffix.lower() in {".xlam", ".xlsm"}:
            wanted["FilterName"] = _FILTERS[path.suffix.lower()]  # an add-in loads only by this name
        if given.get("password"):
            wanted["Password"] = given["password"]
        try:
            found = self._loaded(path.as_uri(), wanted)
        except uno_exception() as error:
            found, told = None, str(getattr(error, "Message", ""))
        else:
            told = "the file is damaged, locked by a password or no workbook"
        if found is None:
            fix = "Open it once by hand in Excel or LibreOffice, repair it or remove its password, and run again."
            raise trouble("C-953", told, f"LibreOffice cannot open {path.name}.", fix, path.name)
        if not found.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            found.close(True)
            fix = "Name an Excel workbook (.xlsx or .xlsm)."
            raise trouble("C-953", path.suffix, f"{path.name} holds no worksheets.", fix, path.name)
        return self._taken(found, str(path))

    def _loaded(self, url: str, wanted: dict[str, Any]) -> Any:
        wanted = {**wanted, "Hidden": False} if self.app.office.visible else wanted
        return self.app.xl.loadComponentFromURL(url, "_blank", 0, properties(wanted))

    def _taken(self, document: Any, path: str) -> CalcBook:
        book = CalcBook(self.app, document, path, path or f"Book{next(_NUMBER)}")
        self.app.open_books.append(book)
        self.app.active_book = book
        self.app.set_up(book)
        if not self.app.screen_updating:
            book.rest(resting=True)
        return book


@bordered
class CalcBook(base_classes.Book):  # type: ignore[misc, unused-ignore]
    """One workbook."""

    def __init__(self, app: CalcApp, document: Any, path: str, name: str) -> None:
        self._app, self.xl, self._path, self._new_name = app, document, path, name
        self.formats = Formats(self)
        self.table_styles: dict[str, dict[str, Any]] = {}
        self.resting: dict[int, Any] | None = None  # UNO sheets changed while rows keep their heights
        self._sheets: Any = None
        self._tables: Any = None
        self._known_sheets: dict[str, Any] = {}
        self._known_tables: dict[str, Any] = {}
        self._pointers: dict[int, tuple[Any, Pointer]] = {}  # by the id of the UNO sheet, which is kept with them

    @property
    def api(self) -> Any:
        return self.xl

    @property
    def app(self) -> CalcApp:
        return self._app

    @property
    def controller(self) -> Any:
        """The view of the book."""
        return self.xl.getCurrentController()

    @property
    def name(self) -> str:
        return Path(self._path).name if self._path else self._new_name

    @property
    def fullname(self) -> str:
        return self._path or self._new_name

    @property
    def xl_sheets(self) -> Any:
        """The UNO sheets. An object of UNO costs some seven calls to get hold of, so those of a book are kept."""
        if self._sheets is None:
            self._sheets = self.xl.getSheets()
        return self._sheets

    @property
    def xl_tables(self) -> Any:
        """The UNO database ranges, which are Calc's tables; each follows its name."""
        if self._tables is None:
            self._tables = self.xl.DatabaseRanges
        return self._tables

    def xl_sheet(self, name: str) -> Any:
        """The UNO sheet of this name; one that is deleted or has another name since is asked for again."""
        found = self._known_sheets.get(name)
        if found is None or found.getName() != name:
            found = self._known_sheets[name] = self.xl_sheets.getByName(name)
        return found

    def pointer(self, sheet: Any) -> Pointer:
        """The pointer of a UNO sheet."""
        kept = self._pointers.get(id(sheet))
        if kept is None:
            if len(self._pointers) > _MOST_POINTERS:  # of sheets that were got hold of anew, or are gone
                self._pointers.clear()
            kept = self._pointers[id(sheet)] = (sheet, Pointer(sheet))
        return kept[1]

    def xl_table(self, name: str, *, is_there: bool = False) -> Any:
        """The UNO database range of this name, `is_there` where that was just seen; raises UNO's NoSuchElementException."""
        found = self._known_tables.get(name)
        if found is None or not (is_there or self.xl_tables.hasByName(name)):
            found = self._known_tables[name] = self.xl_tables.getByName(name)
        return found

    def forget_table(self, name: str) -> None:
        """A table was renamed: the database range kept under this name has another by now."""
        self._known_tables.pop(name, None)

    def rest(self, *, resting: bool) -> None:
        """While resting nothing is drawn, kept for an undo or fit in height; afterwards the rows of changed sheets fit.

        What the user did before cannot be undone any more then, as in Excel after a program has changed cells.
        """
        self._known_sheets.clear()
        self._known_tables.clear()
        self._pointers.clear()
        if resting:
            self.xl.lockControllers()
            self.xl.IsUndoEnabled = self.xl.IsAdjustHeightEnabled = (
                False  # the first empties the list of what can be undone
            )
            self.resting = {}
        else:
            self.xl.IsAdjustHeightEnabled = True
            for sheet in (self.resting or {}).values():
                looks.fit_rows(sheet)
            self.xl.IsUndoEnabled, self.resting = True, None
            self.xl.unlockControllers()

    @property
    def sheets(self) -> CalcSheets:
        return CalcSheets(self)

    @property
    def names(self) -> CalcNames:
        return CalcNames(self)

    def table_names(self) -> frozenset[str]:
        """The names of all tables, in small letters."""
        return frozenset(name.lower() for name in self.xl_tables.getElementNames())

    def json(self) -> Any:
        raise NotImplementedError("a book as JSON")

    def must_be_unprotected(self) -> None:
        """CalcError where the structure of the workbook is protected."""
        if self.xl.isProtected():
            raise CalcError("The workbook's structure is protected: its sheets cannot be changed.")

    def close(self) -> None:
        books = self._app.open_books
        if self in books:
            books.remove(self)
        if self._app.active_book is self:
            self._app.active_book = books[-1] if books else None
        try:
            self.xl.close(True)
        except kind("com.sun.star.lang.DisposedException"):
            return  # the user closed its window

    def save(self, path: Any = None, password: str | None = None) -> None:
        """Write the file; CalcError where LibreOffice cannot."""
        target = (Path(path) if path else Path(self._path or f"{self.name}.xlsx")).resolve()
        written_as = _FILTERS.get(target.suffix.lower())
        if written_as is None:
            raise NotImplementedError(f"LibreOffice cannot write {target.suffix or 'a file without extension'}")
        if not target.parent.is_dir():  # LibreOffice would make it
            raise CalcError(f"There is no folder {target.parent}.")
        wanted = {"FilterName": written_as, "Overwrite": True} | ({"Password": password} if password else {})
        self._app.office.works_in(target.parent)
        self.xl.storeAsURL(target.as_uri(), properties(wanted))
        self._path = str(target)

    def save_copy(self, path: Path) -> None:
        """Write the book, as it stands, into another file of the same kind; the book keeps its own. CalcError where LibreOffice cannot."""
        self._app.office.works_in(path.parent)
        self.xl.storeToURL(path.as_uri(), properties({"FilterName": _FILTERS[path.suffix.lower()], "Overwrite": True}))

    def activate(self, steal_focus: bool = False) -> None:
        self._app.activate(steal_focus)
        self._app.active_book = self
        if self._app.office.visible:
            self.controller.getFrame().activate()

    def to_pdf(self, path: str, quality: str | None = None) -> None:
        target = Path(path).resolve()
        self._app.office.works_in(target.parent)
        self.xl.storeToURL(target.as_uri(), properties({"FilterName": "calc_pdf_Export"}))

    def macro(self, name: str) -> Any:
        """The script of a Sub or Function, `Module1.Name` or `Name`; None where the book has none or runs no macros."""
        if not self._app.macros or not self.xl.BasicLibraries.hasByName("VBAProject"):
            return None
        modules = self.xl.BasicLibraries.getByName("VBAProject").getElementNames()
        provider = self.xl.getScriptProvider()
        for full in [name] if "." in name else [f"{module}.{name}" for module in modules]:
            try:
                address = f"vnd.sun.star.script:VBAProject.{full}?language=Basic&location=document"
                return provider.getScript(address)
            except uno_exception():
                continue  # not in this module
        return None
