"""Ageing of what is awaited, by days overdue."""

from __future__ import annotations

import pandas as pd

from recon_core import dues
from recon_core.marketplace.facts import Facts


def ageing(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Accounts -> band, orders, outstanding_minor, every band in order."""
    accounts = frames["accounts"]
    return dues.ageing(accounts["band"].to_numpy(), accounts["outstanding_minor"].to_numpy())
