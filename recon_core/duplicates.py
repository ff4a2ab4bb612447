"""Rows that stand twice in a file, equal in every column: genuine up to the units ordered, skipped beyond.

Two units of one SKU give two equal settlement rows, so a repeat is judged by quantity: on the side that has
quantities a repeated row is a duplicate; on the other side so many equal rows are genuine as units were ordered.
Rows are judged by sign: a sale and its reversal are never repeats of each other, and the units that came back do not
explain a sale that stands twice; but a sale that the file itself reverses may stand once more. Without any quantity nothing is skipped: such an id is not confirmed and says why
(`matching/groups.py`).
Source: AJIO settlement practice, one row a unit; the bank total confirms it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.model import SKIP_CODE, FileFacts, Skip
from recon_core.money import grouped
from recon_core.problems import Place, Problem, Severity

DUPLICATE = SKIP_CODE[Skip.DUPLICATE]


def skip_duplicates(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines of both sides -> the same, repeats beyond the quantity skipped."""
    side, twin, skip, units = (lines[name].to_numpy() for name in ("side", "twin", "skip", "units"))
    repeat = (twin > 0) & (skip == 0)
    if not repeat.any():
        return lines
    out, note = skip.copy(), lines["skip_note"].to_numpy(object).copy()
    for letter in (0, 1):
        mine = repeat & (side == letter)
        if (units[side == letter] > 0).any():
            beyond, words = mine & (units > 0), "equal to another row in every column"
        elif (units[side != letter] > 0).any():
            allowed = _units_of(lines, letter)
            beyond = mine & (allowed > 0) & (twin >= allowed)
            words = "equal to another row in every column, beyond the units of the other side"
        else:
            continue
        out[beyond], note[beyond] = DUPLICATE, words
    return lines.assign(skip=out, skip_note=pd.Series(note, dtype="str"))


def _units_of(lines: pd.DataFrame, letter: int) -> npt.NDArray[np.int64]:
    """For each line of a side, how often it may stand: the units of its id (and item, where both sides name it) on the other side.

    Units are those of rows of the same sign; where the other side has none of that sign, those of all its rows. Exact
    reversals on the line's own side that the other side has no units for each let it stand once more.
    """
    names = ["key", "item"] if all((lines.loc[lines["side"] == n, "item"] != "").any() for n in (0, 1)) else ["key"]
    lines = lines.assign(is_back=lines["amount_minor"] < 0)
    wanted = lines[(lines["side"] == letter) & (lines["twin"] > 0)]
    live = lines[(lines["skip"] == 0) & lines["key"].isin(wanted["key"])]
    other = live[(live["side"] != letter) & (live["twin"] == 0)]
    own = live[live["side"] == letter]
    found = wanted[["pos", "is_back", "amount_minor", *names]]
    counts = {
        "same": other.groupby([*names, "is_back"])["units"].sum(),
        "opposite": other.assign(is_back=~other["is_back"]).groupby([*names, "is_back"])["units"].sum(),
        "all": other.groupby(names)["units"].sum(),
        "reversals": own.assign(amount_minor=-own["amount_minor"]).groupby([*names, "amount_minor"]).size(),
    }
    for name, count in counts.items():
        found = found.merge(count.rename(name).reset_index(), on=list(count.index.names), how="left")
    found = found.fillna(dict.fromkeys(counts, 0))
    more = (found["reversals"] - found["opposite"]).clip(lower=0).where(found["all"] > 0, 0)
    allowed = found["same"].where(found["same"] > 0, found["all"]) + more
    out = np.zeros(len(lines), np.int64)
    out[found["pos"].to_numpy()] = allowed.to_numpy(np.int64)
    return out


def notes(lines: pd.DataFrame, files: tuple[FileFacts, ...]) -> list[Problem]:
    """One note for each file with skipped duplicates."""
    problems = []
    for number, rows in lines[(lines["skip"] == DUPLICATE) & (lines["twin"] > 0)].groupby("file", sort=True):
        file = files[int(str(number))]
        what = f"{len(rows):,} row{'s stand' if len(rows) > 1 else ' stands'} twice, equal in every column (amount {grouped(int(rows['amount_minor'].sum()))}); skipped as duplicates."
        place = Place(file=file.file, sheet=file.sheet, row=int(rows["row"].iloc[0]))
        problems.append(
            Problem(
                "D-601",
                Severity.NOTE,
                place,
                str(rows["key_raw"].iloc[0]),
                what,
                "Look at them on the sheet Skipped; if they are genuine, correct the quantity.",
            )
        )
    return problems + _dropped_on_both(lines, files)


def _dropped_on_both(lines: pd.DataFrame, files: tuple[FileFacts, ...]) -> list[Problem]:
    """A Note for ids of which repeats were skipped on both sides: two equal units look like that too, and what is left agrees."""
    dropped = lines[(lines["skip"] == DUPLICATE) & (lines["twin"] > 0) & (lines["key"] != "")]
    both = dropped.groupby("key")["side"].nunique()
    mine = dropped[dropped["key"].isin(both[both > 1].index)]
    if mine.empty:
        return []
    ids, first = mine["key"].nunique(), mine.iloc[0]
    sums = [grouped(int(mine.loc[mine["side"] == side, "amount_minor"].sum())) for side in (0, 1)]
    file = files[int(first["file"])]
    what = f"{'1 id stands' if ids == 1 else f'{ids:,} ids stand'} twice on both sides, first '{first['key_raw']}'; the repeats were skipped on both (A {sums[0]}, B {sums[1]}), so what is left may agree although a second unit was sold and paid."
    fix = "Compare the total with the bank; where the rows are genuine, write them as one row with its quantity."
    return [Problem("F-327", Severity.NOTE, Place(file=file.file, sheet=file.sheet, row=int(first["row"])), str(first["key_raw"]), what, fix)]  # fmt: skip


def repeated_ids(open_lines: pd.DataFrame, printed: pd.Series, labels: tuple[str, str]) -> list[Problem]:
    """A note for each side on which ids stand on several rows, with the most frequent one. `printed` is by pos."""
    problems = []
    side, code, pos = (open_lines[name].to_numpy() for name in ("side", "code", "pos"))
    for letter, label in enumerate(labels):
        mine = code[side == letter]
        counts = np.bincount(mine, minlength=1)
        several, top = int((counts > 1).sum()), int(counts.argmax())
        if several:
            raw = str(printed.iloc[int(pos[side == letter][mine == top][0])])
            count = "1 id stands" if several == 1 else f"{several:,} ids stand"
            what = f"{label}: {count} on more than one row (most often '{raw}', {int(counts[top]):,} rows), compared by the totals."
            problems.append(
                Problem("D-602", Severity.NOTE, Place(), raw, what, "Nothing to do where an order has several lines.")
            )
    return problems
