"""Time one big sheet through the package patcher: python -m bench.write_sheet [rows]. Prints seconds and peak MB."""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from addin.hosts.package import write_sheets
from bench.report import machine_facts, table, write_section
from recon_core.sheets import Cell, Column, Kind, Sheet, Table

BARE = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Start" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/worksheets/sheet1.xml": '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData/></worksheet>",
}


def bare_workbook(path: Path) -> None:
    """The smallest workbook: one empty sheet."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in BARE.items():
            archive.writestr(name, text)


def big_table(rows: int) -> Table:
    """6 texts of about 18 characters, 6 amounts, 3 dates, 5 integers."""
    random = np.random.default_rng(1)
    numbers = random.permutation(rows)
    columns: dict[str, tuple[Kind, object]] = {}
    for i in range(6):
        texts = [f"40{i}-{number:07d}-{number * 7 % 10**6:06d}" for number in numbers]
        columns[f"Text {i}"] = (Kind.ID if i % 2 else Kind.TEXT, pd.array(texts, "str"))
    for i in range(6):
        columns[f"Amount {i}"] = (Kind.AMOUNT, random.integers(-(10**6), 10**6, rows) * 100)
    for i in range(3):
        days = random.integers(20_000, 20_400, rows).astype("datetime64[D]").astype("datetime64[s]")
        columns[f"Date {i}"] = (Kind.DATE, days)
    for i in range(5):
        columns[f"Number {i}"] = (Kind.INTEGER, random.integers(0, 10**5, rows))
    frame = pd.DataFrame({name: values for name, (_, values) in columns.items()})
    return Table(name="tblBig", columns=tuple(Column(name=n, kind=k) for n, (k, _) in columns.items()), frame=frame)


def peak_mb() -> float:
    """Most memory this process had since `forget_peak`."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Linux can forget that making the table took more memory than writing it."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def measure(rows: int) -> list[list[str]]:
    """Write twice: a new sheet, then the same sheet over the old one."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.xlsx"
        bare_workbook(path)
        sheet = Sheet(name="Big", cells=(Cell(row=1, column=1, value="Big", style="title"),), tables=(big_table(rows),))
        for turn in ("a new sheet", "over the old one"):
            forget_peak()
            before, start = peak_mb(), time.perf_counter()
            write_sheets(path, [sheet])
            spent = time.perf_counter() - start
            size = path.stat().st_size / 1e6
            found.append([turn, f"{rows:,} x 20", f"{spent:.1f}", f"{peak_mb() - before:.0f}", f"{size:.0f}"])
    return found


def main() -> None:
    """Measure, print, and with --write put the section into bench/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--date", default=dt.datetime.now().astimezone().date().isoformat())
    parser.add_argument("--write", action="store_true", help="replace the section of bench/RESULTS.md")
    chosen = parser.parse_args()
    header = ["one sheet", "rows x columns", "s", "MB beside the frame", "file MB"]
    facts = machine_facts(chosen.date, ["pandas", "numpy", "pyarrow"])
    text = f"`python -m bench.write_sheet`. {facts}\n\n{table(header, measure(chosen.rows))}\n"
    print(text)
    if chosen.write:
        write_section("sheet", text)


if __name__ == "__main__":
    main()
