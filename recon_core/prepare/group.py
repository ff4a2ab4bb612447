"""A side added up by a column (payouts of a settlement): its open lines become one line for each value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.keys import mix
from recon_core.prepare.rows import texts
from recon_core.texts import words_of


def add_up(lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines (n) -> one line for each id and currency (m <= n) and the skipped rows as they were; and its entries.

    The line stands at the place of its first row, its date is the latest, its identity comes from all of its rows;
    where they print the id in several ways it shows that of the smallest line_id, so that file order decides nothing.
    """
    is_open = lines["skip"].to_numpy() == 0
    open_lines, rest = lines[is_open], lines[~is_open]
    groups = open_lines.groupby(["key", "currency"], sort=False)
    first = groups.head(1).copy()
    numbers = groups.ngroup().to_numpy()
    size = np.bincount(numbers, minlength=len(first))
    identity = np.zeros(len(first), np.uint64)
    np.add.at(identity, numbers, mix(open_lines["line_id"].to_numpy()))
    totals = groups["amount_minor"].sum().to_numpy()
    day = groups["day"].max().to_numpy()
    columns = [name for name in lines.columns if name.startswith("compare_")]
    shown = open_lines.sort_values("line_id").drop_duplicates(["key", "currency"]).set_index(["key", "currency"])
    shown = shown.loc[
        pd.MultiIndex.from_frame(first[["key", "currency"]]), ["key_raw", "is_cleaned", "printed_hash", "date_raw"]
    ]
    first = first.assign(
        **{name: shown[name].array for name in shown.columns},
        amount_minor=totals, day=np.where(day == NO_DAY, NO_DAY, day), line_id=mix(identity), twin=0, item=texts([""] * len(first)), units=0,
        amount_raw=texts([f"sum of {n:,} rows" for n in size]), **{name: groups[name].sum().to_numpy() for name in columns},
    )  # fmt: skip
    out = pd.concat([first, rest]).sort_values(["file", "row"], kind="stable", ignore_index=True)
    out = out.assign(no=np.arange(1, len(out) + 1))
    entries = pd.DataFrame({
        "pos": np.arange(len(out)), "type": words_of(np.zeros(len(out), np.int8), ["Total"]), "amount_minor": out["amount_minor"].to_numpy(),
    })  # fmt: skip
    return out, entries
