"""LibreOffice as a second opinion: recalculate a workbook and read it back. Tests skip where it is not installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook

from addin.hosts.styles import TRUTH

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def recalculated(book: Path, folder: Path) -> Path:
    """The workbook loaded, every formula worked out anew, and saved again as .xlsx in `folder`."""
    return convert(book, folder, "xlsx")


def worked_out(book: Path, folder: Path) -> Workbook:
    """The values of a workbook after every formula was worked out anew. A truth that has a format comes back as the number it is there."""
    again = openpyxl.load_workbook(recalculated(book, folder), data_only=True)
    for cell in (cell for sheet in again for row in sheet.iter_rows() for cell in row):
        if cell.number_format == TRUTH and cell.value is not None:
            cell.value = {0: False, 1: True}[cell.value]
    return again


def convert(book: Path, folder: Path, kind: str, *, recalculates: bool = True) -> Path:
    """The workbook in another form; LibreOffice runs with a profile of its own, which recalculates on load or, as a user's, trusts the file."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    if recalculates:
        (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE, encoding="utf-8")
    out = folder / "out"
    command = [
        soffice,
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--convert-to",
        kind,
        "--outdir",
        str(out),
        str(book),
    ]
    for _ in range(2):  # a fresh profile may end with code 81 and must be started again
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        if (out / f"{book.stem}.{kind}").exists():
            return out / f"{book.stem}.{kind}"
    pytest.fail(f"LibreOffice did not convert {book.name}: {done.stdout} {done.stderr}")
