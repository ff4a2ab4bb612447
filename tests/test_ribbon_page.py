"""The page of the tab against the code: what it quotes of a button that cannot work is what such a button says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from addin import commands
from addin.commands import ACTIONS, obey
from addin.demo import make_demo
from tests.live_double import FileBook
from workbook_templates import ribbon

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "manual" / "ribbon.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A button that cannot work\n")[2].partition("\n## ")[0]
ROWS = [line for line in SECTION.splitlines() if '"' in line]
VBA = re.sub(
    r'" & _\s*"', "", (ROOT / "addin" / "vba" / "ReconActions.bas").read_text("ascii").replace("vbLf & vbLf & ", "")
)


def said_by_python(folder: Path, monkeypatch) -> str:
    """What Python says of buttons that cannot work: a workbook without Setup, one that lacks the sheet of each."""
    book = FileBook(make_demo(folder / "April"))
    monkeypatch.setattr(book, "sheet_names", lambda: [commands.SETUP])
    for name, action in ACTIONS.items():
        if action.enabled_when == "workbook" and action.do.__name__ == "show":
            obey(name, book)
    monkeypatch.setattr(book, "sheet_names", lambda: ["Summary"])
    obey("run", book)
    monkeypatch.undo()
    book.selection = ("Setup", 1, 1)
    obey("explain", book)
    return "\n".join([text for text, _ in book.told])


def test_every_quoted_message_is_one_of_the_buttons(tmp_path, monkeypatch):
    said = "\n".join([VBA, *commands.CONDITIONS.values(), said_by_python(tmp_path, monkeypatch)])
    quoted = [text for row in ROWS for text in re.findall(r'"([^"]+)"', row)]
    assert len(quoted) >= 8
    assert [text for text in quoted if text not in said] == []


@pytest.mark.parametrize("code", ["V-902", "V-903", "V-909", "B-602", "B-603", "U-961"])
def test_each_code_stands_beside_its_message(code):
    assert [row for row in ROWS if code in row]


def test_nothing_in_the_ribbon_asks_whether_a_button_is_grey():
    assert "never greyed out" in SECTION
    built = str(ribbon.ribbon_xml("tabTieout"))
    assert 'id="' in built
    assert not re.search(r"enabled\s*=", built, re.IGNORECASE)
