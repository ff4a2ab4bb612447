"""Rows of which 0.00 is expected, where a leg compares the expected net: they take no part, unless they are needed.

A cancelled order owes nothing and is owed nothing. Left in, it would be an exception for want of a settlement that
nobody awaits, or a match of nothing with nothing. So is a return that is still on its way. But where the portal has
settled something all the same (a penalty on the cancelled order) and no other row of ours bears the id, the row stays
and the id becomes an exception: 0.00 expected, so much taken.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.market import EXPECTED_FEES, EXPECTED_NET
from recon_core.model import SKIP_CODE, Skip
from recon_core.recipe import Leg, Meaning

NOTE = "0.00 is expected, as for a cancelled order or a return on its way"


def skip_nothing_expected(lines: pd.DataFrame, leg: Leg) -> pd.DataFrame:
    """Lines of both sides, references followed -> the same, rows of side A that expect nothing skipped where not needed."""
    if not any(
        use.side == "A" and use.meaning is Meaning.AMOUNT and use.column in (EXPECTED_NET, EXPECTED_FEES)
        for use in leg.uses
    ):
        return lines
    side, skip, amount = (lines[name].to_numpy() for name in ("side", "skip", "amount_minor"))
    taking_part = (skip == 0) & (lines["key"] != "").to_numpy()
    zero = taking_part & (side == 0) & (amount == 0)
    if not zero.any():
        return lines
    at = np.flatnonzero(zero)
    asked = lines["key"].take(at)
    others = lines["key"][taking_part & ~zero & lines["key"].isin(asked.unique()).to_numpy()]
    its_side = side[others.index]
    needed = (asked.isin(others[its_side == 1]) & ~asked.isin(others[its_side == 0])).to_numpy()
    out, note = skip.copy(), lines["skip_note"].to_numpy(object).copy()
    out[at[~needed]], note[at[~needed]] = SKIP_CODE[Skip.NOTHING_EXPECTED], NOTE
    return lines.assign(skip=out, skip_note=pd.Series(note, dtype="str"))
