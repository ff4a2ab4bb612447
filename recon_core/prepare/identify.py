"""The lines of one side get their compared id and their identity, which is content, never position.

`line_id` hashes side, id, date and amount, and counts equal lines in the order of their whole text, so that a
re-issued or shuffled file keeps its notes. `twin` counts rows that are equal in every column.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core.keys import Cleaning, apart, content_hash, mix, strong
from recon_core.prepare.rows import Plan, Rows, texts
from recon_core.problems import Place, Problem, Severity
from recon_core.texts import arrow_text

UInt64 = npt.NDArray[np.uint64]


def identify(lines: pd.DataFrame, files: Sequence[Rows], plan: Plan) -> tuple[pd.DataFrame, list[Problem]]:
    """Lines of one side without identity -> the same with no, key, is_cleaned, twin, line_id and two hashes of the id."""
    forms = arrow_text(lines["key"])
    key, doubtful, problems = _strong(forms, plan.leg.cleaning, plan.letter, lines)
    if plan.leg.cleaning.is_strong:  # for `references.keep_apart`, once both sides are known
        lines = lines.assign(form=texts(forms), doubtful_form=texts(doubtful))
    printed = arrow_text(lines["key_raw"])
    hashes = content_hash(key)
    is_cleaned = pc.not_equal(printed, key).to_numpy(zero_copy_only=False)
    changed = np.flatnonzero(is_cleaned)
    printed_hash = hashes.copy()
    printed_hash[changed] = content_hash(printed.take(pa.array(changed)))
    content = line_content(plan.letter, hashes, lines["day"].to_numpy(), lines["amount_minor"].to_numpy())
    occurrence, twin = _occurrences(content, lines, files)
    return lines.assign(
        no=np.arange(1, len(lines) + 1), key=texts(key), is_cleaned=is_cleaned, printed_hash=printed_hash,
        linked_by=texts(pa.repeat(pa.scalar("", pa.large_string()), len(lines))),
        key_hash=hashes, twin=twin, line_id=unique_ids(mix(content + occurrence.astype(np.uint64))),
    ), problems  # fmt: skip


def line_content(letter: str, key_hash: UInt64, day: npt.NDArray[np.int64], minor: npt.NDArray[np.int64]) -> UInt64:
    """One hash over side, id, day and amount of each line."""
    salt = np.uint64(0xA5A5A5A5 if letter == "A" else 0x5A5A5A5A)
    with np.errstate(over="ignore"):
        spread = minor.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        spread ^= day.view(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    spread ^= key_hash ^ salt
    return mix(spread)


def unique_ids(ids: UInt64) -> UInt64:
    """The ids; should two different lines ever share one, the later in value order is hashed on."""
    while (again := pd.Series(ids).duplicated().to_numpy()).any():
        ids = np.where(again, mix(ids), ids)
    return ids


def _strong(
    forms: pa.Array, rule: Cleaning, letter: str, lines: pd.DataFrame
) -> tuple[pa.Array, pa.Array, list[Problem]]:
    """The recipe's own cleaning; ids it would wrongly merge stay apart, with what they would have become, and are named."""
    if not rule.is_strong:
        return forms, forms, []
    cleaned = strong(forms, rule)
    mixed = apart(forms, cleaned)
    if not mixed.any():
        return cleaned, pc.if_else(pa.array(mixed), cleaned, ""), []
    first = int(np.flatnonzero(mixed)[0])
    same = np.flatnonzero(pc.equal(cleaned, cleaned[first]).to_numpy(zero_copy_only=False))
    names = sorted({forms[int(row)].as_py() for row in same})
    what = f"Cleaning ({rule}) would make {len(set(forms.filter(pa.array(mixed)).to_pylist())):,} different ids of side {letter} equal, such as {' and '.join(names[:3])}; they were kept apart."
    where = Place(sheet="Setup", column="Id cleaning")
    doubtful = pc.if_else(pa.array(mixed), cleaned, "")
    return (
        pc.if_else(pa.array(mixed), forms, cleaned),
        doubtful,
        [
            Problem(
                "K-401",
                Severity.NOTE,
                where,
                str(lines["key_raw"].iloc[first]),
                what,
                "Take a weaker id cleaning if these ids are different orders.",
            )
        ],
    )


def _occurrences(
    content: UInt64, lines: pd.DataFrame, files: Sequence[Rows]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(number among lines of equal content, number among rows of equal text), counted in row-hash order."""
    n = len(content)
    occurrence, twin = np.zeros(n, np.int64), np.zeros(n, np.int64)
    repeated = np.flatnonzero(pd.Series(content).duplicated(keep=False).to_numpy())
    if not len(repeated):
        return occurrence, twin
    text = _row_hash(repeated, lines, files)
    order = np.lexsort((repeated, text, content[repeated]))
    rows, content, text = repeated[order], content[repeated][order], text[order]
    occurrence[rows] = _count(np.flatnonzero(np.r_[True, content[1:] != content[:-1]]), len(rows))
    differs = (content[1:] != content[:-1]) | (text[1:] != text[:-1])
    twin[rows] = _count(np.flatnonzero(np.r_[True, differs]), len(rows))
    return occurrence, twin


def _count(starts: npt.NDArray[np.intp], n: int) -> npt.NDArray[np.int64]:
    """0, 1, 2 ... within runs that begin at `starts`."""
    return np.arange(n) - np.repeat(starts, np.diff(np.r_[starts, n]))


def _row_hash(picked: npt.NDArray[np.intp], lines: pd.DataFrame, files: Sequence[Rows]) -> UInt64:
    """A hash over all columns of the picked rows, the same whatever the column order."""
    file, row = lines["file"].to_numpy()[picked], lines["row"].to_numpy()[picked]
    out = np.zeros(len(picked), np.uint64)
    for number, rows in enumerate(files):
        mine = np.flatnonzero(file == number)
        at = np.searchsorted(rows.raw.row, row[mine])
        fits = (
            (at < len(rows.raw.row)) & (rows.raw.row[np.minimum(at, max(len(rows.raw.row) - 1, 0))] == row[mine])
            if len(rows.raw.row)
            else np.zeros(len(mine), bool)
        )
        mine, at = mine[fits], at[fits]
        for column in rows.raw.frame.columns:
            name = content_hash(pa.array([str(column)], pa.large_string()))[0]
            values = content_hash(arrow_text(rows.raw.frame[column].iloc[at]))
            with np.errstate(over="ignore"):
                out[mine] += mix(values ^ name)
    return out
