"""The key chain: a line whose id leads nowhere is found by another reference (invoice number, AWB).

It then belongs to the id of side A that bears this reference, provided exactly one does; the line keeps its printed
id and says what it was linked by.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.keys import content_hash
from recon_core.model import SKIP_CODE, Skip
from recon_core.recipe import Leg
from recon_core.texts import arrow_text

NO_ID = SKIP_CODE[Skip.NO_ID]


def keep_apart(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines of both sides -> the same; an id that cleaning must not merge on one side is not merged on the other.

    A has 00123 and 123, B has 0123: without leading zeros B's line would be given to A's 123, though it may be the other.
    """
    if "form" not in lines.columns:  # standard cleaning only
        return lines
    side, key, form = lines["side"].to_numpy(), lines["key"], lines["form"]
    back = np.zeros(len(lines), bool)
    for letter in (0, 1):
        doubtful = lines.loc[side != letter, "doubtful_form"].unique()
        back |= (side == letter) & (key != form).to_numpy() & key.isin(doubtful).to_numpy()
    lines = lines.drop(columns=["form", "doubtful_form"])
    if not back.any():
        return lines
    key = form.where(back, key)
    hashes = np.where(back, content_hash(arrow_text(key)), lines["key_hash"])
    return lines.assign(
        key=key, key_hash=hashes, is_cleaned=np.where(back, lines["key_raw"] != key, lines["is_cleaned"])
    )


def link_by_references(lines: pd.DataFrame, leg: Leg) -> pd.DataFrame:
    """Lines of both sides -> the same, side B given side A's id where only a reference leads to it."""
    for number, name in enumerate(leg.references):
        lines = _one(lines, f"reference_{number}", name)
    return lines


def _one(lines: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    side, skip = lines["side"].to_numpy(), lines["skip"].to_numpy()
    ours = lines[(side == 0) & (skip == 0) & (lines[column] != "").to_numpy()]
    lost = (side == 1) & np.isin(skip, [0, NO_ID]) & (lines[column] != "").to_numpy()
    known = lines["key"][(side == 0) & (skip == 0)]
    at = np.flatnonzero(lost & ~lines["key"].isin(known).to_numpy())
    owner = ours.groupby(column)["key"].agg(["first", "nunique"])
    owner = owner[owner["nunique"] == 1]["first"]
    found = owner.reindex(lines[column].iloc[at]).to_numpy(object)
    hit = at[pd.notna(found)]
    if not len(hit):
        return lines
    return _adopted(lines, hit, found[pd.notna(found)], name)


def _adopted(lines: pd.DataFrame, at: npt.NDArray[np.intp], keys: npt.NDArray[np.object_], name: str) -> pd.DataFrame:
    """The lines with side A's id at `at`."""
    key, linked, skip = (
        lines["key"].to_numpy(object).copy(),
        lines["linked_by"].to_numpy(object).copy(),
        lines["skip"].to_numpy().copy(),
    )
    hashes = lines["key_hash"].to_numpy().copy()
    side = lines["side"].to_numpy()
    of_key = pd.Series(hashes[side == 0], index=key[side == 0])
    of_key = of_key[~of_key.index.duplicated()]
    key[at], linked[at], skip[at], hashes[at] = keys, name, 0, of_key.reindex(keys).to_numpy()
    cleaned = lines["is_cleaned"].to_numpy().copy()
    cleaned[at] = True
    return lines.assign(
        key=pd.Series(key, dtype="str"),
        linked_by=pd.Series(linked, dtype="str"),
        skip=skip,
        key_hash=hashes,
        is_cleaned=cleaned,
    )
