"""What each file says of itself against what was read: rows without an id, and its own printed total."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.model import SKIP_CODE, FileFacts, Skip
from recon_core.money import grouped
from recon_core.problems import Place, Problem, Severity

NO_ID = SKIP_CODE[Skip.NO_ID]


def notes(lines: pd.DataFrame, files: tuple[FileFacts, ...]) -> list[Problem]:
    """Notes on the files of a leg, once references and duplicates are known."""
    return [*without_id(lines, files), *total_differs(lines, files)]


def without_id(lines: pd.DataFrame, files: tuple[FileFacts, ...]) -> list[Problem]:
    """One note for each file that has rows without an id, with their sum and the first place."""
    none = lines[lines["skip"] == NO_ID]
    problems = []
    for number, rows in none.groupby("file", sort=True):
        file = files[int(str(number))]
        amount = grouped(int(rows["amount_minor"].sum()))
        count = "1 row has" if len(rows) == 1 else f"{len(rows):,} rows have"
        what = f"{count} no id (amount {amount}) and cannot be matched; the sheet Skipped lists {'it' if len(rows) == 1 else 'them'}."
        fix = "Nothing to do for lines that belong to no order; otherwise fill in the id in the file."
        place = Place(file=file.file, sheet=file.sheet, row=int(rows["row"].iloc[0]))
        problems.append(Problem("T-232", Severity.NOTE, place, str(rows["key_raw"].iloc[0]), what, fix))
    return problems


def total_differs(lines: pd.DataFrame, files: tuple[FileFacts, ...]) -> list[Problem]:
    """A note for each file whose own total row is the sum neither of all rows nor of those that take part."""
    problems = []
    for number, file in enumerate(files):
        if file.own_total_minor is None:
            continue
        mine = (lines["file"] == number).to_numpy()
        amount, skip = lines["amount_minor"].to_numpy()[mine], lines["skip"].to_numpy()[mine]
        sums = [int(amount[np.isin(skip, kinds)].sum()) for kinds in (range(100), [0], [0, NO_ID])]
        if file.own_total_minor not in sums:
            what = f"The total printed in the file is {grouped(file.own_total_minor)}, its rows add up to {grouped(sums[0])}."
            fix = "Compare the file with the sender's: rows may be missing, doubled or unreadable."
            problems.append(Problem("T-241", Severity.NOTE, Place(file=file.file, sheet=file.sheet), "", what, fix))
    return problems
