"""Benchmark results as markdown: the machine, a table, and its section of RESULTS.md replaced in place."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"


def machine_facts(date: str, libraries: Iterable[str]) -> str:
    """One line: date, cores, Python and the versions of the libraries that are there."""
    versions = [f"{name} {found}" for name in libraries if (found := installed(name))]
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return ", ".join([date, cores, f"Python {platform.python_version()}", *versions]) + "."


def installed(name: str) -> str:
    """The installed version of a distribution, '' when it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table; every column but the first is set to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replaced(page: str, name: str, text: str) -> str:
    """The page with the section between `<!-- name -->` and `<!-- /name -->` replaced, or added last."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{start}\n{text.strip()}\n{end}"
    before, found, rest = page.partition(start)
    if not found:
        return f"{page.rstrip()}\n\n{section}\n".lstrip()
    _, closed, after = rest.partition(end)
    if not closed:
        message = f"{start} has no {end}: add it where the section ends"
        raise ValueError(message)
    return before + section + after


def write_section(name: str, text: str, path: Path = RESULTS) -> None:
    """Replace one section of the page of results; the page is made when there is none."""
    page = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
    path.write_text(replaced(page, name, text), encoding="utf-8", newline="\n")
