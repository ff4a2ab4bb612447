"""docs/way.md against the code: its tables are where it says, its modules are there, its floors are those that are enforced."""

from __future__ import annotations

import re

from tests.test_floors import FLOOR, ROOT, modules

TEXT = (ROOT / "docs" / "way.md").read_text(encoding="utf-8")
NUMBERS = {"five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}


def test_the_tables_stand_where_the_page_says():
    rows = re.findall(r"^\| (`[A-Z][A-Z`, ]+) \| `([\w/.]+)` \|", TEXT, re.MULTILINE)
    stops = re.findall(r"^(\d)\. ", TEXT, re.MULTILINE)
    said = re.search(r"knows (\w+) tables and (\w+) stops", TEXT)
    assert said
    assert (len(rows), len(stops)) == (NUMBERS[said[1]], NUMBERS[said[2]])
    for names, place in rows:
        code = (ROOT / place).read_text(encoding="utf-8")
        assert [
            name for name in re.findall(r"\w+", names) if not re.search(rf"^{name}\b.*= ", code, re.MULTILINE)
        ] == []


def test_every_module_the_page_names_is_there():
    known = {
        path.relative_to(ROOT).as_posix()
        for top in ("recon_core", "addin", "tests")
        for path in (ROOT / top).rglob("*.py")
    }
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", TEXT))
    assert [name for name in sorted(named) if not any(f"/{path}".endswith(f"/{name}") for path in known)] == []


def test_the_floors_of_the_page_are_those_that_are_enforced():
    listed = {
        float(number): re.findall(r"\w+", rest)
        for number, rest in re.findall(r"^\| ([\d.]+) \|(.*)$", TEXT, re.MULTILINE)
    }
    there = {name for module in modules(ROOT) for name in FLOOR if module == name or module.startswith(f"{name}.")}
    wrong = [
        f"{name}: floor {floor:g}"
        for name, floor in FLOOR.items()
        if name in there and floor >= 0 and name.rpartition(".")[2] not in listed.get(floor, [])
    ]
    assert wrong == []
    assert sorted(listed) == sorted({floor for name, floor in FLOOR.items() if name in there and floor >= 0})
