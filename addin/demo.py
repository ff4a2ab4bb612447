"""A realistic month of an invented AJIO seller, to try everything on: files, workbook, Setup."""

from __future__ import annotations

import shutil
from pathlib import Path

from addin.new_book import fill, load_recipe, set_basics
from workbook_templates import demo_files, template_path

BASICS = {
    "Title": "AJIO, April 2026", "Entity": "FERNWAY STUDIO LLP (invented)", "Currency": "INR", "Period from": "2026-04-01", "Period to": "2026-04-30",
    "As of": "2026-04-30",
}  # fmt: skip


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
    fill(book, set_basics(load_recipe("ajio_marketplace"), BASICS), base=template_path())
    return book
