"""A workbook file that answers as an open workbook does: buttons can be pressed without a spreadsheet program."""

from __future__ import annotations

from pathlib import Path

from addin.hosts.file import FileHost


class FileBook(FileHost):
    """`FileHost` with the verbs of `LiveBook`; names and the selection are kept beside the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.names: dict[str, str] = {"tieout_request": "", "tieout_status": ""}
        self.selection = ("Start", 1, 1)
        self.last: dict[str, tuple[str, int, int]] = {}  # the selection that a sheet remembers
        self.told: list[tuple[str, bool]] = []
        self.writes: list[str] = []
        self.statuses: list[str] = []

    def sheet_names(self):
        import python_calamine

        return python_calamine.load_workbook(self.path).sheet_names

    def shown_cells(self, sheet):
        return self.cells(sheet)

    def named(self, name):
        return self.names.get(name) or None

    def set_named(self, name, value):
        if name in self.names:
            self.names[name] = value
            self.writes.append(name)
        return name in self.names

    def selected(self):
        return self.selection

    def go_to(self, sheet, row=1, column=1):
        if sheet not in self.sheet_names():
            return False
        self.last[self.selection[0]] = self.selection
        self.selection = (sheet, row, column) if row else self.last.get(sheet, (sheet, 1, 1))
        return True

    def status(self, line):
        self.names["tieout_status"] = line
        self.statuses.append(line)

    def tell(self, text, *, grave=False):
        self.told.append((text, grave))
