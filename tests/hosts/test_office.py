"""LibreOffice opens what we write: values as CSV, pages as PDF."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from addin.hosts.package import write_sheets
from recon_core.sheets import Cell, Formula
from tests.hosts import samples

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.office,
    pytest.mark.xdist_group("office"),
    pytest.mark.skipif(not SOFFICE, reason="needs LibreOffice (soffice) on the PATH"),
]


def converted(book: Path, kind: str, folder: Path) -> Path:
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(book)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return next(folder.glob(f"{book.stem}*.{kind.partition(':')[0]}"))


def test_libreoffice_opens_what_we_write(tmp_path):
    book = samples.rich(tmp_path / "Book.xlsx")
    cells = (
        Cell(row=1, column=1, value="=Title & <more>", style="title"),
        Cell(row=2, column=1, value=Formula("SUM(B6:B8)", 3703.5003), style="amount_bold"),
        Cell(row=2, column=2, value="to Data", style="link", link="#Data!A1"),
    )
    write_sheets(book, [samples.sheet(3, cells=cells), samples.sheet(40, name="New", tables=(samples.table(40, "n"),))])
    text = converted(book, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,1", tmp_path)
    with text.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == "=Title & <more>"
    assert rows[1][:2] == ["3,703.50", "to Data"]
    assert rows[4][:3] == ["Order id", "Amount", "Date"]
    assert rows[6][:3] == ["001", "1,234.50", "01-Apr-2025"]
    assert converted(book, "pdf", tmp_path).read_bytes().startswith(b"%PDF")
