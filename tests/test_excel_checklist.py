"""The checklist for Excel against the code: each line can be done and says what to see, nothing of the add-in is left out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from addin.cli import main
from addin.commands import ACTIONS, GROUPS
from addin.demo import make_demo
from workbook_templates import addin_path, functions_path, standalone_path, template_path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "excel-checklist.md").read_text(encoding="utf-8")
HEAD = "| ☐ | no | do | you should see | Excel build | date | name |"
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
LINES = [line for line in PAGE.splitlines() if line.startswith("| ☐ |") and line != HEAD]
CELLS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES]
SHIPPED = (template_path, addin_path, functions_path, standalone_path)


def test_every_line_says_what_to_do_and_what_to_see_and_leaves_room_for_who_saw_it():
    assert len(LINES) > 40
    assert PAGE.count("| ☐ | ") == len(LINES) + PAGE.count(HEAD)
    assert [line for line, cells in zip(LINES, CELLS, strict=True) if len(cells) != 7 or not all(cells[1:4])] == []
    assert [
        cells[1] for cells in CELLS if any(cells[4:])
    ] == []  # nobody has run it: whoever has, changes the page's first lines too


def test_lines_are_numbered_within_their_section():
    for section in SECTIONS[1:]:
        numbers = re.findall(r"^\| ☐ \| (\d+)\.(\d+) \|", section, re.MULTILINE)
        assert numbers == [(section.split()[0], str(n)) for n in range(1, len(numbers) + 1)]
        assert section.count(HEAD) == bool(numbers)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_every_button_is_pressed(action):
    assert action.label in " ".join(cells[2] for cells in CELLS)


def test_the_tab_is_described_as_it_is_built():
    assert f"Five groups: {', '.join(GROUPS)}. Twelve buttons" in PAGE
    assert (len(GROUPS), len(ACTIONS)) == (5, 12)
    forms = [action.label for action in ACTIONS.values() if action.is_form]
    assert len(forms) == 4
    [line] = [cells[3] for cells in CELLS if "each button on the sheet Start" in cells[2]]
    assert [label for label in forms if label not in line] == []


def test_codes_and_commands_exist():
    listed = set(
        re.findall(r"^\| ([A-Z]-\d{3}) \|", (ROOT / "docs" / "manual" / "problems.md").read_text("utf-8"), re.MULTILINE)
    )
    assert set(re.findall(r"\b[A-Z]-\d{3}\b", PAGE)) - listed == set()
    assert set(re.findall(r"tieout ([a-z]+)", PAGE)) - set(main.commands) == set()
    for words in re.findall(r"tieout ([a-z]+) [^`\n]*(--[a-z]+)", PAGE):
        known = {text for option in main.commands[words[0]].params for text in option.opts}
        assert words[1] in known, words


def test_every_shipped_file_is_opened():
    done = " ".join(cells[2] for cells in CELLS)
    assert [path().name for path in SHIPPED if path().name not in done] == []


@pytest.mark.slow
def test_the_lines_typed_before_the_first_check_make_what_they_promise(tmp_path):
    make_demo(tmp_path / "demo")
    typed = [line for line in SECTIONS[1].splitlines() if line.startswith("python -c ")]
    assert len(typed) == 2
    for line in typed:
        subprocess.run(
            [sys.executable, *shlex.split(line)[1:]],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=120,
        )
    assert [path().name for path in SHIPPED if not (tmp_path / path().name).is_file()] == []
    setup = openpyxl.load_workbook(tmp_path / "demo" / "Buttons.xlsm", keep_vba=True)["Setup"]
    assert [cell.value for row in setup.iter_rows() for cell in row if str(cell.value).startswith("oms_orders")]
