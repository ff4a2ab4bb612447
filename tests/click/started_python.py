"""What the launcher's double starts: Python that attaches to the LibreOffice of the click and runs the very command.

`python started_python.py PIPE COMMAND`. On Windows xlwings attaches to Excel by itself; for Calc that is done here, by
putting the running LibreOffice where the engine would start one of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

ROOT = Path(__file__).resolve().parents[2]


class Attached:
    """A LibreOffice that somebody else has started and will end: what the engine asks of one of its own."""

    visible = True
    pid = 0

    def __init__(self, address: str) -> None:
        from addin.calc.process import bridge

        local = bridge().getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        self.context = resolver.resolve(address)
        self.desktop = self.service("com.sun.star.frame.Desktop")

    def service(self, name: str) -> Any:
        return self.context.ServiceManager.createInstanceWithContext(name, self.context)

    def end(self) -> None:
        """Not ours to end."""


def main(address: str, command: str) -> None:
    from addin import calc
    from addin.calc import app as engine_app
    from addin.calc.engine import APPS

    calc.register(macros=True)
    import xlwings as xw

    engine_app.Office = lambda **_: Attached(address)
    app = engine_app.CalcApp(APPS, visible=True, macros=True)
    document = app.office.desktop.getCurrentComponent()
    xw.Book(impl=app.books._taken(document, unquote(urlparse(document.URL).path))).set_mock_caller()
    exec(command, {})


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(*sys.argv[1:])
