"""The key chain: a line whose id leads nowhere is found by another reference (invoice number, AWB), at last by its narration.

It then belongs to the id of side A that bears this reference, provided exactly one does; the line keeps its printed
id and says what it was linked by. In a narration the ids of the other side are looked for, on either side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.keys import content_hash
from recon_core.model import SKIP_CODE, Skip
from recon_core.narrations import Found, Ids, least_of
from recon_core.recipe import Leg, Use
from recon_core.texts import arrow_text

NO_ID, WAITS = SKIP_CODE[Skip.NO_ID], SKIP_CODE[Skip.NO_ID_FOUND]
CHANGED = ("key", "key_hash", "linked_by", "is_cleaned", "skip")  # columns that following a reference sets


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
    """Lines of both sides -> the same, side B given side A's id where only a reference leads to it; then by narrations.

    A row that a skip rule leaves out unless an id is found (a debit of the bank) takes part where it bears the id of the
    other side, by whichever way, and that id's total has its sign: a payout that is taken back. Else the rule holds.
    """
    waits = np.flatnonzero(lines["skip"].to_numpy() == WAITS)
    if not len(waits):
        return _followed(lines, leg)
    found = _followed(lines.assign(skip=np.where(lines["skip"] == WAITS, 0, lines["skip"]).astype(np.int8)), leg)
    return _only_where_named(lines, found, waits)


def _only_where_named(before: pd.DataFrame, found: pd.DataFrame, waits: npt.NDArray[np.intp]) -> pd.DataFrame:
    """The lines as found; of rows at `waits` those that no id of their sign names are skipped, and as they were before."""
    side, skip, amount = (found[name].to_numpy() for name in ("side", "skip", "amount_minor"))
    others = np.ones(len(found), bool)
    others[waits] = False
    totals = (
        found[others & (skip == 0) & (found["key"] != "").to_numpy()].groupby(["side", "key"])["amount_minor"].sum()
    )
    asked = pd.MultiIndex.from_arrays([1 - side[waits], found["key"].iloc[waits]])
    total = totals.reindex(asked).fillna(0).to_numpy(np.int64)
    back = waits[np.sign(total) * np.sign(amount[waits]) <= 0]
    columns = {name: found[name].to_numpy(object).copy() for name in CHANGED}
    for name, values in columns.items():
        values[back] = before[name].to_numpy(object)[back]
    columns["skip"][back] = WAITS
    columns["skip_note"] = found["skip_note"].to_numpy(object).copy()
    columns["skip_note"][np.setdiff1d(waits, back)] = ""
    return found.assign(**{name: pd.Series(values, index=found.index).astype(found[name].dtype) for name, values in columns.items()})  # fmt: skip


def _followed(lines: pd.DataFrame, leg: Leg) -> pd.DataFrame:
    """Lines with the ids that references, then narrations, lead to."""
    for number, name in enumerate(leg.references):
        lines = _one(lines, f"reference_{number}", name)
    for side, letter in enumerate("AB"):
        if mine := [use for use in leg.narrations if use.side == letter]:
            lines = _by_narration(lines, side, mine)
    return lines.drop(columns="narration") if leg.narrations else lines


def _one(lines: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    side, skip = lines["side"].to_numpy(), lines["skip"].to_numpy()
    ours = lines[(side == 0) & (skip == 0) & (lines[column] != "").to_numpy() & (lines["key"] != "").to_numpy()]
    lost = (side == 1) & np.isin(skip, [0, NO_ID]) & (lines[column] != "").to_numpy()
    known = lines["key"][(side == 0) & (skip == 0) & (lines["key"] != "").to_numpy()]
    at = np.flatnonzero(lost & ~lines["key"].isin(known).to_numpy())
    owner = ours.groupby(column)["key"].agg(["first", "nunique"])
    owner = owner[owner["nunique"] == 1]["first"]
    found = owner.reindex(lines[column].iloc[at]).to_numpy(object)
    hit = at[pd.notna(found)]
    if not len(hit):
        return lines
    return _adopted(lines, hit, found[pd.notna(found)], name)


def _by_narration(lines: pd.DataFrame, mine: int, uses: Sequence[Use]) -> pd.DataFrame:
    """Lines whose narration holds the id of an open line of the other side, where their own id leads nowhere."""
    side, skip, text = lines["side"].to_numpy(), lines["skip"].to_numpy(), lines["narration"].to_numpy(object)
    theirs = lines[(side != mine) & (skip == 0) & (lines["key"] != "").to_numpy()]
    borne = set(lines["key"][(side == mine) & (skip == 0)])
    lost = np.flatnonzero((side == mine) & np.isin(skip, [0, NO_ID]) & (text != "") & ~lines["key"].isin(theirs["key"]).to_numpy())  # fmt: skip
    ids, least = Ids(theirs["key"].unique()), min(least_of(use.form) for use in uses)
    if not len(lost) or not ids.sorted:
        return lines
    seen = [ids.find(str(text[row]), least) for row in lost]
    found = _not_in_doubt(seen, lines["key"].iloc[lost].tolist(), borne, ids, least)
    hit = np.array([one is not None for one in found], bool)
    return _adopted(lines, lost[hit], found[hit], uses[0].name, owner=1 - mine) if hit.any() else lines


def _not_in_doubt(seen: Sequence[Found | None], own: Sequence[str], borne: set[str], ids: Ids, least: int) -> npt.NDArray[np.object_]:  # fmt: skip
    """The id that each row takes, None where it stays as it is.

    A whole id is followed always. A cut one is followed by one row only: never where a row bears the id or shows it whole,
    where two rows show it cut, or where the row's own reference is another one (it is then somebody else's transfer).
    """
    named = borne | {one.one for one in seen if one and not one.is_cut}
    kept = [
        one.one if one and (not one.is_cut or (one.one not in named and ids.is_cut_alike(reference, one.one, least))) else None
        for one, reference in zip(seen, own, strict=True)
    ]  # fmt: skip
    times = Counter(name for name, one in zip(kept, seen, strict=True) if name and one and one.is_cut)
    kept = [name if name and times[name] <= 1 else None for name in kept]
    return np.array(kept, object)


def _adopted(lines: pd.DataFrame, at: npt.NDArray[np.intp], keys: npt.NDArray[np.object_], name: str, owner: int = 0) -> pd.DataFrame:  # fmt: skip
    """The lines with the id of side `owner` at `at`."""
    key, linked, skip = (
        lines["key"].to_numpy(object).copy(),
        lines["linked_by"].to_numpy(object).copy(),
        lines["skip"].to_numpy().copy(),
    )
    hashes = lines["key_hash"].to_numpy().copy()
    side = lines["side"].to_numpy()
    of_key = pd.Series(hashes[side == owner], index=key[side == owner])
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
