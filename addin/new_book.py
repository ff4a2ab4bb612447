"""A new workbook from the template and a recipe, or from two files: Setup is filled, nothing is run."""

from __future__ import annotations

import contextlib
import os
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from addin.hosts.package import write_sheets
from addin.hosts.replacing import sweep_orphans
from addin.setup_sheets import setup_sheets
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.proposal import Proposal
from workbook_templates import recipe_names, recipe_path, template_path

Tables = dict[str, list[dict[str, object]]]


def load_recipe(name: str) -> Tables:
    """The Setup rows of a shipped recipe by table title. Raises ReconError N-101 for an unknown name."""
    if name not in recipe_names():
        fix = f"Choose one of: {', '.join(recipe_names())}."
        raise ReconError(Problem("N-101", Severity.STOP, Place(), name, f"There is no recipe '{name}'.", fix))
    data = tomllib.loads(recipe_path(name).read_text(encoding="utf-8"))
    return {title: rows for title, rows in data.items() if isinstance(rows, list)}


def make(book: Path, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Write a workbook with these Setup rows. Raises ReconError N-102 where a file stands already."""
    check_place(book)
    if book.exists():
        fix = "Choose another name, or run 'tieout run' on the workbook that is there."
        raise ReconError(
            Problem("N-102", Severity.STOP, Place(file=book.name), "", f"{book.name} exists already.", fix)
        )
    fill(book, tables, base=template_path())


def check_place(book: Path) -> None:
    """Refuse a name or a folder where no workbook can be made: N-103, N-104."""
    if book.suffix.lower() != ".xlsx":
        what, fix = "A new workbook is an .xlsx file.", f"Name it {book.stem}.xlsx."
        raise ReconError(Problem("N-103", Severity.STOP, Place(file=book.name), "", what, fix))
    if not book.parent.is_dir():
        what, fix = "The folder does not exist.", "Make the folder first, or choose another."
        raise ReconError(Problem("N-104", Severity.STOP, Place(file=str(book.parent)), "", what, fix))


def fill(book: Path, tables: Mapping[str, Sequence[Mapping[str, object]]], *, base: Path) -> None:
    """Write `base` with these Setup rows to `book`: complete, or not at all."""
    waiting = book.with_name(f".{book.stem}.tieout-{os.getpid()}.tmp.xlsx")
    try:
        sweep_orphans(book)
        shutil.copyfile(base, waiting)
        write_sheets(waiting, setup_sheets(tables), shown=book.name)
        waiting.replace(book)
    except OSError as error:
        what, fix = f"The workbook cannot be made there: {error.strerror}.", "Choose another folder, or a shorter name."
        raise ReconError(Problem("N-109", Severity.STOP, Place(file=book.name), "", what, fix)) from error
    finally:
        with contextlib.suppress(OSError):  # what could not be made need not be taken away
            waiting.unlink(missing_ok=True)


def set_basics(tables: Tables, values: Mapping[str, object]) -> Tables:
    """The tables with these items of Reconciliation set."""
    rows = [row for row in tables.get("Reconciliation", []) if row["Item"] not in values]
    return {
        **tables,
        "Reconciliation": [
            *rows,
            *({"Item": item, "Value": value} for item, value in values.items() if value not in (None, "")),
        ],
    }


def two_files(
    book: Path,
    a: Path,
    b: Path,
    proposal: Proposal,
    options: Mapping[str, object],
    compare: Sequence[tuple[str, str]] = (),
) -> Tables:
    """The Setup rows for two files: paths relative to the workbook, the proposal as Mapping rows."""
    leg = "Rows"
    pairs: list[tuple[str, str, tuple[str, str]]] = [("id", "", pair) for pair in proposal.keys]
    pairs += [("amount", "", pair) for pair in [proposal.amount] if pair]
    pairs += [("compare", one, (one, two)) for one, two in compare]
    pairs += [
        (meaning, "", pair)
        for meaning, pair in (
            ("date", proposal.date),
            ("quantity", proposal.units),
            ("item", proposal.item),
            ("currency", proposal.currency),
        )
        if pair
    ]
    mapping: list[dict[str, object]] = [
        {"Leg": leg, "Side": side, "Meaning": meaning, "Column": column, "Name": name}
        for meaning, name, pair in pairs for side, column in zip("AB", pair, strict=True) if column
    ]  # fmt: skip
    found: Tables = {
        "Reconciliation": [{"Item": "Title", "Value": f"{a.stem} against {b.stem}"}],
        "Sources": [{"Source": "A", "File or pattern": relative(a, book), "Note": "Side A"}, {"Source": "B", "File or pattern": relative(b, book), "Note": "Side B"}],
        "Legs": [{
            "Leg": leg, "Side A": "A", "Side B": "B", "Name of A": a.name, "Name of B": b.name, "Id cleaning": str(proposal.cleaning),
            "When totals of an id differ": "keep together", **options,
        }],
        "Mapping": mapping,
    }  # fmt: skip
    return found


def relative(path: Path, book: Path) -> str:
    """A path as seen from the workbook, with forward slashes; absolute on another drive."""
    try:
        return Path(os.path.relpath(path, book.parent)).as_posix()
    except ValueError:  # another drive of a Windows machine
        return path.as_posix()
