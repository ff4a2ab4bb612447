"""One payout in two files of a side that is added up: lines read twice, from files of other bytes or another form.

Files of equal bytes are read once (F-322) and rows of equal text are judged by units (D-601). What neither sees is the file
that was saved again: its amounts lost their zeros, its dates changed. So rows are compared by what their cells say. A
marketplace's settlements are compared by their entries, in `marketplace/repeats.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import read_dates
from recon_core.keys import standard
from recon_core.model import SKIP_CODE, Raw, Skip
from recon_core.money import Form, read_amounts
from recon_core.prepare.rows import Plan
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Meaning
from recon_core.texts import arrow_text

DUPLICATE = SKIP_CODE[Skip.DUPLICATE]
MOST = 0.5  # of the smaller file's lines of an id: from here on one file is taken for a copy of the other


def repeated(raws: Sequence[Raw], lines: pd.DataFrame, plan: Plan) -> list[Problem]:
    """Rows of a side before they are added up (`file` is a place in raws) -> F-331 (Stop) and F-332 (Note), for ids in two files of a source.

    Half of the smaller file's lines of the id also in the other one: a copy. Fewer: an overlap, which is named. An id that
    is split over two files shares no line. Rows skipped as duplicates are compared, but only lines that count are doubled.
    """
    live = lines[np.isin(lines["skip"].to_numpy(), [0, DUPLICATE]) & (lines["key"] != "").to_numpy()]
    files = live[["key", "file"]].drop_duplicates()
    live = live[live["key"].isin(files["key"][files["key"].duplicated()])]  # mostly none: each payout has its file
    places = set(live["file"].unique())
    mine = {at: live[live["file"].to_numpy() == at] for at, raw in enumerate(raws) if at in places and raw.source not in plan.settled}  # fmt: skip
    found: list[Problem] = []
    for one, other in combinations(mine, 2):
        if raws[one].source == raws[other].source:
            found += _compared((mine[one], mine[other]), (raws[one], raws[other]), plan)
    return found


def _compared(parts: tuple[pd.DataFrame, pd.DataFrame], raws: tuple[Raw, Raw], plan: Plan) -> Iterator[Problem]:
    """Problems of two files of one source."""
    shared = set(parts[0]["key"].unique()) & set(parts[1]["key"].unique())
    if not shared:
        return
    mine = [part[part["key"].isin(shared)] for part in parts]
    dated = {use.column.casefold() for use in plan.leg.uses if use.side == plan.letter and use.meaning is Meaning.DATE}
    headers = [str(name) for name in raws[0].frame if name in raws[1].frame and str(name).casefold() not in dated]
    tables = [_values(part, raw, headers) for part, raw in zip(mine, raws, strict=True)]
    every, counted = (_in_both(tables, only_counted=only) for only in (False, True))
    for key, twice in counted.items():
        sizes = [int((part["key"] == key).sum()) for part in mine]
        yield _said(plan.side.group_by, _printed(mine, key), raws, sizes, (every[key], twice))


def _values(lines: pd.DataFrame, raw: Raw, headers: Sequence[str]) -> pd.DataFrame:
    """Lines as what they say: id, amount and day as read, other cells as number, day or plain text; and `counts`."""
    at = np.searchsorted(raw.row, lines["row"].to_numpy())
    columns: dict[str, npt.NDArray[np.generic]] = {
        "key": lines["key"].to_numpy(object), "amount": lines["amount_minor"].to_numpy(), "day": lines["day"].to_numpy(),
    }  # fmt: skip
    for name in headers:
        columns[f"cell {name}"] = _plain(raw.frame[name].iloc[at].reset_index(drop=True))
    return pd.DataFrame({**columns, "counts": lines["skip"].to_numpy() == 0})


def _plain(cells: pd.Series) -> npt.NDArray[np.object_]:
    amounts, days = read_amounts(cells, Form.AUTO), read_dates(cells)
    text = np.asarray(standard(arrow_text(cells)).to_numpy(zero_copy_only=False), object)
    return np.where(amounts.ok, amounts.minor.astype(object), np.where(days.ok, days.day.astype(object), text))


def _in_both(tables: Sequence[pd.DataFrame], *, only_counted: bool) -> dict[str, int]:
    """Lines that stand in both tables, each as often as in the one that has fewer, by id."""
    columns = [name for name in tables[0] if name != "counts"]
    counts = [(table[table["counts"]] if only_counted else table).groupby(columns).size() for table in tables]
    least = pd.concat(counts, axis=1, join="inner").min(axis=1)
    return {str(key): int(rows) for key, rows in least.groupby(level="key").sum().items()}


def _printed(parts: Sequence[pd.DataFrame], key: str) -> str:
    return str(next(part.loc[part["key"] == key, "key_raw"].iloc[0] for part in parts))


def _said(column: str, printed: str, files: tuple[Raw, Raw], sizes: Sequence[int], shared: tuple[int, int]) -> Problem:  # fmt: skip
    both = " and ".join(f"{file.file} (sheet {file.sheet})" if file.sheet else file.file for file in files)
    place, (every, twice) = Place(file=files[1].file, sheet=files[1].sheet), shared
    fewest, of = min(zip(sizes, (file.file for file in files), strict=True))
    if every >= MOST * fewest:
        what = f"{column} {printed} stands in {both}: {every:,} of its {fewest:,} {'line' if fewest == 1 else 'lines'} in {of} stand in the other file too, so that they would be added up twice."
        fix = "Take one of the two files away; if every line of both is genuine, put them together in one file."
        return Problem("F-331", Severity.STOP, place, printed, what, fix)
    what = f"{twice:,} {'line' if twice == 1 else 'lines'} of {column} {printed} {'stands' if twice == 1 else 'stand'} in {both}, and {'counts' if twice == 1 else 'count'} twice."
    return Problem("F-332", Severity.NOTE, place, printed, what, "Take them out of one of the files, unless two equal lines were paid.")  # fmt: skip
