"""What the tests of the package patcher share: a workbook written, checked as Excel would, and read back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from addin.hosts.package import write_sheets
from recon_core.problems import ReconError, Severity
from recon_core.sheets import Sheet
from tests.hosts import pkgcheck, samples

OURS = "xl/worksheets/sheet1.xml"


def cells(path: Path, sheet: str = "Ours") -> list[list[object]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def xml(path: Path, part: str = OURS) -> str:
    return samples.parts(path)[part].decode()


def cell(path: Path, ref: str, part: str = OURS) -> str:
    found = re.search(rf'<c r="{ref}"[^>]*?(?:/>|>.*?</c>)', xml(path, part))
    return found[0] if found else ""


def write(path: Path, *sheets: Sheet, **options: object) -> None:
    write_sheets(path, sheets, **options)  # type: ignore[arg-type]
    assert pkgcheck.check(path) == []


def refused(path: Path, *sheets: Sheet) -> ReconError:
    """The refusal, after seeing that the file is as it was and nothing lies beside it."""
    before, folder = path.read_bytes(), sorted(path.parent.iterdir())
    with pytest.raises(ReconError) as caught:
        write_sheets(path, sheets or [samples.sheet()])
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == folder
    assert caught.value.problem.severity is Severity.STOP
    assert caught.value.problem.where.file == path.name
    return caught.value
