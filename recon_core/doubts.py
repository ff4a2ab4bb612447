"""What a controller would doubt in a result that adds up; nothing is changed because of it, it is said.

One file on both sides, currencies, a tolerance wider than the amounts, a side with the other sign or in another unit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from recon_core.model import FileFacts
from recon_core.money import grouped, sum_by
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Leg, Meaning
from recon_core.texts import arrow_text

ENOUGH = 3  # ids on both sides before a pattern is one
MOST = 0.8  # share of them that must show it


def same_file(leg: Leg, files: tuple[FileFacts, ...]) -> Problem | None:
    """The same bytes on both sides: a stop where both sides also read the same columns, else a note."""
    ours = {(file.sha256, file.sheet): file for file in files if file.side == 0 and file.sha256}
    twin = next((file for file in files if file.side == 1 and (file.sha256, file.sheet) in ours), None)
    if twin is None:
        return None
    columns = [
        {
            (use.meaning, use.column)
            for use in leg.uses
            if use.side == side and use.meaning in (Meaning.KEY, Meaning.AMOUNT)
        }
        for side in "AB"
    ]
    what = f"{twin.file} stands on both sides of leg '{leg.name}'."
    if columns[0] != columns[1] and twin.source in {*leg.a.sources} & {*leg.b.sources}:
        return None  # one source on both sides, by name: what it says is compared with what it should say
    severity = Severity.STOP if columns[0] == columns[1] else Severity.NOTE
    return Problem(
        "F-323",
        severity,
        Place(file=twin.file, sheet=twin.sheet),
        "",
        what,
        "Choose the other party's file for side B.",
    )


def notes(lines: pd.DataFrame, open_lines: pd.DataFrame, leg: Leg, ids: int, written: set[str]) -> list[Problem]:
    """Everything of a leg that deserves eyes. `written`: currencies as the files write them, '' for rows that name none."""
    found = [
        _assumed_currency(leg, lines, written),
        _added_currencies(leg, lines),
        _wide_tolerance(leg, open_lines),
        *_other_unit(leg, open_lines, ids),
    ]
    return [problem for problem in found if problem]


def currencies(lines: pd.DataFrame) -> set[str]:
    """Currencies that the open lines name; '' is among them where some name none."""
    is_open = lines["skip"].to_numpy() == 0
    return set(pc.unique(arrow_text(lines["currency"].iloc[np.flatnonzero(is_open)])).to_pylist())


def _assumed_currency(leg: Leg, lines: pd.DataFrame, written: set[str]) -> Problem | None:
    named = sorted(written - {""})
    if "" not in written or len(named) != 1:
        return None
    what = (
        f"Leg '{leg.name}': some rows are in {named[0]}, the others name no currency and were taken as {named[0]} too."
    )
    return Problem(
        "K-403", Severity.NOTE, Place(), named[0], what, "Map a currency column, or state the currency in Setup."
    )


def _added_currencies(leg: Leg, lines: pd.DataFrame) -> Problem | None:
    named = sorted(currencies(lines) - {""})
    if len(named) < 2:
        return None
    what = (
        f"Leg '{leg.name}' holds {' and '.join(named)}: rows match within a currency only, but the totals add them up."
    )
    return Problem(
        "K-404",
        Severity.NOTE,
        Place(),
        ", ".join(named),
        what,
        "Make a leg for each currency to have totals that mean something.",
    )


def _wide_tolerance(leg: Leg, open_lines: pd.DataFrame) -> Problem | None:
    """A tolerance above half of the usual amount agrees with anything."""
    within = max((rule.within_minor for rule in leg.rules), default=0)
    usual = int(np.median(np.abs(open_lines["amount_minor"].to_numpy()))) if len(open_lines) else 0
    if not within or 2 * within <= usual:
        return None
    what = f"The tolerance of leg '{leg.name}' is {grouped(within)}, half of all rows are below {grouped(usual)}: it agrees with nearly anything."
    return Problem(
        "K-405",
        Severity.NOTE,
        Place(sheet="Setup", column="Tolerance"),
        grouped(within),
        what,
        "Choose a tolerance well below the amounts.",
    )


def _other_unit(leg: Leg, open_lines: pd.DataFrame, ids: int) -> list[Problem]:
    """Ids on both sides most of which have the other sign, or a hundred times the amount."""
    side, code, amount = (open_lines[name].to_numpy() for name in ("side", "code", "amount_minor"))
    sums = [sum_by(code[side == letter], amount[side == letter], ids) for letter in (0, 1)]
    both = (sums[0] != 0) & (sums[1] != 0)
    a, b = sums[0][both], sums[1][both]
    if len(a) < ENOUGH:
        return []
    tests = (
        (a == -b, "has the other sign", "Look whether one side states money in and the other money out; turn the sign in the file or take another column."),
        (a == 100 * b, "is a hundredth (rupees against paise?)", "Bring both sides to one unit before reconciling."),
        (100 * a == b, "is a hundred times as much (paise against rupees?)", "Bring both sides to one unit before reconciling."),
    )  # fmt: skip
    return [
        Problem("K-406", Severity.NOTE, Place(), "", f"Leg '{leg.name}': of most ids side B {words}.", fix)
        for holds, words, fix in tests if holds.mean() >= MOST
    ]  # fmt: skip
