"""A built workbook open in LibreOffice with its macros allowed: call them, swap a module, look at cells.

LibreOffice runs VBA through its Basic. A library in which one module does not compile answers every call with an
empty value and no error, so `opened` proves first that calls get through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from addin.calc.process import Office, bridge

LIBRARY = "VBAProject"
HEAD = "Rem Attribute VBA_ModuleType=VBAModule\nOption VBASupport 1\n"
PROBE = """
Private words As String

Public Function Hello() As Integer
    Hello = 42
End Function

Public Sub SetBar(ByVal text As Variant)
    words = CStr(text)
End Sub

Public Function Bar() As String
    Bar = words
End Function
"""


class MacroBook:
    """An open workbook with macros."""

    def __init__(self, doc: Any) -> None:
        self.doc = doc
        self.library = doc.BasicLibraries.getByName(LIBRARY)

    def call(self, macro: str, *arguments: Any) -> Any:
        """What `Module.Procedure` returns."""
        address = f"vnd.sun.star.script:{LIBRARY}.{macro}?language=Basic&location=document"
        return self.doc.getScriptProvider().getScript(address).invoke(arguments, (), ())[0]

    def module(self, name: str) -> str:
        return str(self.library.getByName(name))

    def swap(self, name: str, text: str) -> None:
        """Another text for a module; its first line is the VB_Name that only Excel's export has."""
        self.library.replaceByName(name, HEAD + text.split("\n", 1)[1])

    def patch(self, name: str, *changes: tuple[str, str]) -> None:
        """Words of a module for others; each must stand in it."""
        text = self.module(name)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        self.library.replaceByName(name, text)

    def named(self, name: str) -> Any:
        """The cell of a defined name."""
        place = self.doc.NamedRanges.getByName(name).getReferredCells()
        return place.getCellByPosition(0, 0)

    def cell(self, sheet: str, address: str) -> Any:
        return self.doc.Sheets.getByName(sheet).getCellRangeByName(address)


def prop(name: str, value: Any) -> Any:
    bridge()
    from com.sun.star.beans import PropertyValue

    one = PropertyValue()
    one.Name, one.Value = name, value
    return one


@contextmanager
def opened(office: Office, path: Path, *, hidden: bool = True) -> Iterator[MacroBook]:
    """The workbook, its macros allowed without a question; closed without saving."""
    options = (prop("MacroExecutionMode", 4), prop("Hidden", hidden))
    doc = office.desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, options)
    try:
        book = MacroBook(doc)
        book.library.insertByName("Probe", HEAD + PROBE)
        assert book.call("Probe.Hello") == 42, "a module of this workbook does not compile in LibreOffice"
        yield book
    finally:
        doc.close(True)


def wait_for(what: Callable[[], Any], seconds: float = 20) -> Any:
    """What `what` says as soon as that is true, or its last word when the time is over."""
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.1)
    return found
