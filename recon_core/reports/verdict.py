"""The verdict of a run: how many exceptions there are, over how much money, and what is only a lag of time.

Summary, the printed result, the closing message, the status line and the JSON all say this one sentence. A row that is
a lag of time (NOT_DUE, IN_TRANSIT) stands on Exceptions below the work and is none of the exceptions counted here.
Source: domain.md 4.4, a lag of time is no exception until it is due.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from recon_core.money import grouped
from recon_core.reports.blocks import is_lag


class Verdict(NamedTuple):
    """Rows of Exceptions and their open amount (minor units, differences without their sign): exceptions, and lags of time."""

    rows: int = 0
    open_minor: int = 0
    lag_rows: int = 0
    lag_minor: int = 0

    def __str__(self) -> str:
        """'53 exceptions, open amount 207,813.65; 188 rows (195,205.44) are a lag of time, not due yet'."""
        count = f"{self.rows:,} {'exception' if self.rows == 1 else 'exceptions'}"
        said = f"{count}, open amount {grouped(self.open_minor)}" if self.rows else "no exceptions"
        lags = f"{self.lag_rows:,} row ({grouped(self.lag_minor)}) is" if self.lag_rows == 1 else f"{self.lag_rows:,} rows ({grouped(self.lag_minor)}) are"  # fmt: skip
        return f"{said}; {lags} a lag of time, not due yet" if self.lag_rows else said


def verdict(exceptions: pd.DataFrame) -> Verdict:
    """The rows of Exceptions (Type, Difference in minor units) -> what they come to."""
    size, lag = exceptions["Difference"].abs().fillna(0).astype("int64"), is_lag(exceptions)
    return Verdict(int((~lag).sum()), int(size[~lag].sum()), int(lag.sum()), int(size[lag].sum()))
