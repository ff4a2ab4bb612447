"""Workbooks and sheets the host tests share; everything is made here, nothing is read from elsewhere."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import xlsxwriter

from recon_core.sheets import Cell, Column, Kind, Sheet, Table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def frame(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Order id": pd.array([f"00{i}" for i in range(rows)], "str"),
            "Amount": pd.array([12_345_000 + i for i in range(rows)], "int64"),
            "Date": pd.to_datetime(["2025-04-01"] * rows).astype("datetime64[s]"),
        }
    )


COLUMNS = (
    Column(name="Order id", kind=Kind.ID),
    Column(name="Amount", kind=Kind.AMOUNT),
    Column(name="Date", kind=Kind.DATE),
)


def table(rows: int = 3, name: str = "tblOurs", row: int = 5, column: int = 1) -> Table:
    return Table(name=name, columns=COLUMNS, frame=frame(rows), row=row, column=column)


def sheet(rows: int = 3, name: str = "Ours", **changes: object) -> Sheet:
    values: dict[str, object] = {
        "name": name,
        "cells": (Cell(row=1, column=1, value="Title", style="title"),),
        "tables": (table(rows),),
        "freeze_row": 6,
        "tab": "green",
    }
    return Sheet(**(values | changes))  # type: ignore[arg-type]


def rich(path: Path) -> Path:
    """A workbook with nearly everything a user adds: on 'Ours' around our table, and on sheets of his own."""
    book = xlsxwriter.Workbook(path)
    ours, data = book.add_worksheet("Ours"), book.add_worksheet("Data")
    ours.add_table("A5:C7", {"name": "tblOurs", "columns": [{"header": c.name} for c in COLUMNS]})
    ours.conditional_format("B6:B7", {"type": "cell", "criteria": "<", "value": 0, "format": book.add_format()})
    bold = book.add_format({"bold": True})
    ours.conditional_format("A6:C7", {"type": "no_blanks", "format": bold, "multi_range": "A6:C7 H1:H3"})
    ours.conditional_format("H6:H100", {"type": "data_bar", "data_bar_2010": True})
    ours.conditional_format("B6:B7", {"type": "data_bar", "data_bar_2010": True})
    ours.data_validation("C6:C7", {"validate": "date", "criteria": ">", "value": pd.Timestamp("2020-01-01")})
    ours.write_comment("A5", "a note")
    ours.write_url("E1", "https://example.org/x", string="outside")
    ours.write_url("E2", "internal:Data!A1", string="inside")
    ours.merge_range("F1:G1", "merged")
    ours.set_column("B:E", 33, book.add_format({"italic": True}))
    ours.freeze_panes(2, 1)
    ours.write_formula("E3", "=SUM(Data!B:B)", None, 6)
    data.add_table("A1:B4", {"name": "tblTheirs", "data": [["x", 1], ["y", 2], ["z", 3]]})
    data.write_formula("D1", "=SUM(B2:B4)", None, 6)
    chart = book.add_chart({"type": "bar"})
    chart.add_series({"values": "=Data!$B$2:$B$4"})
    ours.insert_chart("J2", chart)
    book.define_name("Rows", "=Ours!$A$6:$A$7")
    book.define_name("Other", "=Data!$A$1")
    book.close()
    return path


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path) -> dict[str, bytes]:
    """The compressed bytes of each entry, read by hand."""
    data = path.read_bytes()
    found = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name_length = int.from_bytes(data[info.header_offset + 26 : info.header_offset + 28], "little")
            extra_length = int.from_bytes(data[info.header_offset + 28 : info.header_offset + 30], "little")
            start = info.header_offset + 30 + name_length + extra_length
            found[info.filename] = data[start : start + info.compress_size]
    return found


def repack(path: Path, changes: Mapping[str, bytes | Callable[[bytes], bytes] | None]) -> Path:
    """Rewrite a workbook with parts replaced, edited, added or (None) dropped."""
    old = parts(path)
    for name, change in changes.items():
        if change is None:
            del old[name]
        else:
            old[name] = change(old[name]) if callable(change) else change
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in old.items():
            archive.writestr(name, data)
    return path


def by_hand(path: Path, worksheet: str, workbook: str = "", **more: str) -> Path:
    """A workbook of one sheet 'Ours' from given XML; `workbook` goes in front of <sheets>, `more` are parts."""
    texts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{CONTENT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{CONTENT}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELS}">{workbook}'
        '<sheets><sheet name="Ours" sheetId="7" r:id="rId9"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId9" Type="{RELS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": worksheet,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (texts | more).items():
            archive.writestr(name, text)
    return path


def plain(path: Path) -> Path:
    return by_hand(path, f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>')


def with_descriptors(path: Path) -> Path:
    """The same workbook as a stream writer leaves it: sizes behind the data, flag bit 3 set."""
    stream = _Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts(path).items():
            archive.writestr(name, data)
    path.write_bytes(stream.getvalue())
    return path


class _Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation
