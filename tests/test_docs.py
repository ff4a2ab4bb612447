"""The documentation against the code: every command, Setup column, problem, outcome, class, type, kind and sheet is in the manual."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from recon_core.model import MatchClass, Reason, Skip, Status
from recon_core.reports import REPORTS
from tests.manual import PAGES
from workbook_templates import recipe_names

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "docs" / "manual"
TEST_LINE = (
    "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[dev]' && .venv/bin/python -m tests"
)


@pytest.mark.parametrize("name", PAGES)
def test_pages_drawn_from_the_code_are_current(name):
    assert (MANUAL / name).read_text(encoding="utf-8") == PAGES[name](), "run: python -m tests.manual"


def test_every_problem_code_is_in_the_manual_and_no_other():
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("recon_core", "addin")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".bas"}
    ]
    used = {code for text in sources for code in re.findall(r"\b[A-Z]-\d{3}\b", text)} - {"H-1"}
    listed = set(
        re.findall(r"^\| ([A-Z]-\d{3}) \|", (MANUAL / "problems.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert used - listed == set()
    assert listed - used == set()


@pytest.mark.parametrize(
    "words",
    [Status, MatchClass, [one for one in Reason if one], [one for one in Skip if one], REPORTS],
    ids=["outcomes", "classes", "types", "kinds", "sheets"],
)
def test_every_word_of_the_sheets_is_in_the_manual(words):
    text = (MANUAL / "workbook.md").read_text(encoding="utf-8")
    assert [str(word) for word in words if str(word) not in text] == []


def test_the_recipes_named_in_the_readme_exist():
    assert set(re.findall(r"--recipe (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"))) <= set(recipe_names())


def test_the_readme_and_the_script_of_the_checks_have_the_same_command():
    assert TEST_LINE in (ROOT / "README.md").read_text(encoding="utf-8")
    assert TEST_LINE in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    targets = [
        (page, name)
        for page in pages
        for name in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    broken = [f"{page.relative_to(ROOT)}: {name}" for page, name in targets if not (page.parent / name).exists()]
    assert broken == []


def test_no_machine_path_stands_in_a_tracked_file():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    forbidden = re.compile("|".join(["/" + "work/", "/" + "tmp/", "/" + "root/", "xlwings" + r"\.pro\b"]))
    texts = [name for name in listed if Path(name).suffix in {".py", ".md", ".toml", ".yml", ".txt", ".bas", ""}]
    assert [
        name for name in texts if forbidden.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ] == []
