"""The functions a derived column may use, for `tieout functions`, the manual and the add-in."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from recon_core.formula import fallback
from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.tree import FormulaError
from recon_core.formula.unavailable import UNAVAILABLE, why


class Listed(NamedTuple):
    """One function. `source`: 'own' runs on whole columns, 'fallback' row by row through the library `formulas`."""

    name: str
    source: str
    group: str
    shown: str
    help: str


def listed(name: str = "") -> list[Listed]:
    """All functions in order of name, or the one named. Raises FormulaError for one that there is not."""
    own = {
        key: Listed(key, "own", one.group, one.shown, one.help)
        for key, one in FUNCTIONS.items()
        if key not in UNAVAILABLE
    }
    wanted = name.strip().strip("=()").upper()
    if wanted in own:
        return [own[wanted]]
    slow = {
        key: Listed(key, "fallback", group, f"{key}(...)", f"As in Excel ({group}); slow.")
        for key, group in fallback.known().items()
    }
    every = {**slow, **own}
    if not wanted:
        return [every[key] for key in sorted(every)]
    if wanted in every:
        return [every[wanted]]
    if wanted in UNAVAILABLE:
        raise FormulaError(*why(wanted))
    near = difflib.get_close_matches(wanted, every, n=3, cutoff=0.6)
    fix = f"Did you mean {' or '.join(near)}?" if near else "'tieout functions' lists them all."
    raise FormulaError(f"There is no function {wanted}.", fix)
