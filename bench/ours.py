"""Tieout's own key passes in the benchmark of bench/match.py: clean, number the ids, run the ladder, judge each row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from addin.settings import keep_memory
from bench.engines import Words, words
from recon_core.dates import NO_DAY
from recon_core.keys import Cleaning, clean, codes_of, content_hash, mix
from recon_core.matching import Task
from recon_core.money import PAISA
from recon_core.partition import match_in_parts
from recon_core.prepare.identify import line_content
from recon_core.recipe import Leg, SideOf, default_rules
from recon_core.statuses import judge
from recon_core.texts import concat_texts

LEG = Leg(
    name="Bench", a=SideOf(sources=("A",)), b=SideOf(sources=("B",)), rules=default_rules(0, None), cleaning=Cleaning(separators=True, prefixes=("ORD", "#")),
)  # fmt: skip


def run_ours(a: pd.DataFrame, b: pd.DataFrame) -> tuple[Words, Words]:
    """Frames with `id` and `amount` (paise) -> a word of WORDS for each row of each side, in row order."""
    keep_memory()  # as the command does
    lines, ids = _lines(a, b)
    task = Task(ids=ids, line_ids=lines["line_id"].to_numpy(), whole_ids=LEG.whole_ids)
    matched = match_in_parts(lines, LEG, task, 1, map)
    status = judge(lines, matched.links, LEG, ids)["status"].to_numpy()
    return words(status[: len(a)]), words(status[len(a) :])


def _lines(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The numeric lines of both sides as prepare and engine make them, from ids and amounts."""
    sides = [clean(frame["id"], LEG.cleaning)[0] for frame in (a, b)]
    hashes = [content_hash(side) for side in sides]
    codes, ids = codes_of(concat_texts(sides), np.concatenate(hashes))
    n = len(codes)
    amounts = [frame["amount"].to_numpy() * PAISA for frame in (a, b)]
    day, side = np.full(n, NO_DAY, np.int64), np.repeat(np.array([0, 1], np.int8), [len(a), len(b)])
    zero = np.zeros(n, np.int64)
    content = [
        line_content(letter, one, day[: len(one)], minor)
        for letter, one, minor in zip("AB", hashes, amounts, strict=True)
    ]
    columns = {
        "pos": np.arange(n), "side": side, "code": codes, "amount_minor": np.concatenate(amounts), "day": day, "units": zero, "twin": zero, "item_code": zero,
        "printed_hash": np.concatenate(hashes), "line_id": _distinct(np.concatenate(content), codes), "skip": np.zeros(n, np.int8),
    }  # fmt: skip
    return pd.DataFrame(columns, copy=False), ids


def _distinct(content: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Line ids: lines of an id that stands more than once on a side may be equal; the n-th is hashed with n."""
    several = np.flatnonzero(np.bincount(codes)[codes] > 2)
    nth = pd.Series(content[several]).groupby(content[several]).cumcount().to_numpy()
    out = content.copy()
    out[several] = mix(content[several] + nth.astype(np.uint64))
    return out
