"""A realistic month of an invented AJIO seller, to try everything on: files, workbook, Setup."""

from __future__ import annotations

import shutil
from pathlib import Path

from addin.load import TITLES, merge, read_file
from addin.new_book import Tables, fill, load_recipe, set_basics
from workbook_templates import demo_files, template_path

BASICS = {
    "Title": "AJIO, April 2026", "Entity": "FERNWAY STUDIO LLP (invented)", "Currency": "INR", "Period from": "2026-04-01", "Period to": "2026-04-30",
    "As of": "2026-04-30",
}  # fmt: skip

EXPECTED = [
    {"Source": "Settlements", "What": f"Settlement of {day}", "Due": f"2026-04-{day[:2]}", "File name": f"settlement_W{week}*.csv"}
    for week, day in enumerate(("10 April", "17 April", "24 April", "28 April"), 1)
] + [{"Source": "Bank", "What": "Bank statement", "Due": "period end", "Days allowed": 2}]  # fmt: skip
LOADED = {"Rates": "rate_card.csv", "Terms": "payment_terms.csv"}


def make_demo(folder: Path) -> Path:
    """Copy the files into the folder and make the workbook anew; returns its path. The late file lies in `late`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = demo_files()
    root = min(files, key=lambda path: len(path.parts)).parent
    for source in files:
        target = folder / source.relative_to(root)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
    book = folder / "AJIO_April_2026.xlsx"
    fill(book, demo_tables(folder), base=template_path())
    return book


def demo_tables(folder: Path) -> Tables:
    """The Setup rows of the demo: its recipe, with the rates and terms that lie in the folder."""
    tables = {**set_basics(load_recipe("ajio_marketplace"), BASICS), "Expected files": [dict(row) for row in EXPECTED]}
    for word, file in LOADED.items():
        title = TITLES[word]
        loaded = merge(read_file(word, folder / file), tables.get(title, []))
        tables = {**tables, title: [dict(row) for row in loaded.rows]}
    return tables
