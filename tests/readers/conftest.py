"""What the tests of the readers share: a file is written, read, and its codes are compared."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from recon_core.model import Source
from recon_core.readers import Outcome, read

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


@pytest.fixture
def read_bytes(tmp_path) -> Callable[..., Outcome]:
    """Bytes or text under a file name -> what `read` makes of it."""

    def reader(content: bytes | str, name: str = "report.csv", **setup) -> Outcome:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(Source(name="payments", path=str(path), **setup))

    return reader


@pytest.fixture
def read_book(tmp_path) -> Callable[..., Outcome]:
    """A function that fills an xlsxwriter workbook -> what `read` makes of the file."""

    def reader(fill: Callable[[xlsxwriter.Workbook], None], *, date_1904: bool = False, **setup) -> Outcome:
        path = tmp_path / "report.xlsx"
        with xlsxwriter.Workbook(path, {"date_1904": date_1904}) as book:
            fill(book)
        return read(Source(name="payments", path=str(path), **setup))

    return reader


@pytest.fixture
def package(tmp_path) -> Callable[..., Path]:
    """The smallest .xlsx around the given `<sheetData>` content; `extra` adds or replaces parts."""

    def build(rows: str = "", extra: dict[str, str | bytes] | None = None) -> Path:
        rel = f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/'
        sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
        parts: dict[str, str | bytes] = {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument'
            '.spreadsheetml.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet_type}"/></Types>',
            "_rels/.rels": rel + 'officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": rel + 'worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="Orders" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        } | (extra or {})
        path = tmp_path / "package.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return path

    return build


def text_cell(address: str, text: str) -> str:
    """One cell with inline text."""
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def codes(problems) -> list[str]:
    return [problem.code for problem in problems]


def read_package(path, **setup):
    return read(Source(name="payments", path=str(path), **setup))
