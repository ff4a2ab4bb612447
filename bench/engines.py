"""The peers of bench/match.py: each takes both sides as pandas frames and gives a word for every row.

A frame has `id` (str) and `amount` (int64 paise). All but datacompy clean ids by the same rule: blanks,
separators and a leading 'ORD' or '#' dropped, upper case. datacompy gets its own options for blanks and case.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

WORDS = ["full", "partial", "unmatched"]
FULL, PARTIAL, UNMATCHED = range(3)
Words = pd.Categorical | np.ndarray  # one of WORDS per row
NOT_CANONICAL = "[^A-Z0-9]|^ORD"

PEER_SQL = """
with keyed as (
    select side, row, amount, case when regexp_matches(id, '[^A-Z0-9]|^ORD')
        then regexp_replace(regexp_replace(upper(id), '[^A-Z0-9]', '', 'g'), '^ORD', '') else id end as key
    from (select 0 as side, row, id, amount from a union all select 1, row, id, amount from b)),
sums as (
    select key, bool_or(side = 0) and bool_or(side = 1) as is_pair,
        sum(case when side = 0 then amount else -amount end) as gap
    from keyed group by key)
select side, row, case when not is_pair then 2 when gap = 0 then 0 else 1 end::tinyint as code
from keyed join sums using (key)
"""


def cleaned(ids: pd.Series) -> pd.Series:
    """Ids in canonical form, every one through the same regular expressions."""
    return ids.str.upper().str.replace("[^A-Z0-9]", "", regex=True).str.replace("^ORD", "", regex=True)


def words(codes: np.ndarray) -> pd.Categorical:
    """Codes 0, 1, 2 as words, without a copy of any text."""
    return pd.Categorical.from_codes(codes, categories=WORDS)


def codes_of_groups(in_a: np.ndarray, in_b: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """The status of each group: absent on one side, sums that differ, sums that agree."""
    return np.where(in_a & in_b, np.where(gap == 0, FULL, PARTIAL), UNMATCHED).astype(np.int8)


def run_floor(a: pd.DataFrame, b: pd.DataFrame) -> tuple[Words, Words]:
    """What any keyed reconciliation in pandas has to do, and no more: check, one factorize, sums, words."""
    ids = pd.concat([a["id"], b["id"]], ignore_index=True)
    few = np.flatnonzero(ids.str.contains(NOT_CANONICAL, regex=True))
    ids.iloc[few] = cleaned(ids.iloc[few])
    key, keys = pd.factorize(ids)
    key_a, key_b, size = key[: len(a)], key[len(a) :], len(keys)
    # bincount sums in float64: exact here, all sums of paise stay far below 2**53.
    gap = np.bincount(key_a, a["amount"], size) - np.bincount(key_b, b["amount"], size)
    code = codes_of_groups(np.bincount(key_a, minlength=size) > 0, np.bincount(key_b, minlength=size) > 0, gap)
    return words(code[key_a]), words(code[key_b])


def run_pandas(a: pd.DataFrame, b: pd.DataFrame) -> tuple[Words, Words]:
    """The way of the tutorials, done right: clean every id, group both sides, outer merge, map back."""
    keys = [cleaned(side["id"]) for side in (a, b)]
    sums = [side["amount"].groupby(key).sum() for side, key in zip((a, b), keys, strict=True)]
    both = sums[0].rename("a").to_frame().merge(sums[1].rename("b"), "outer", left_index=True, right_index=True)
    code = codes_of_groups(both["a"].notna().to_numpy(), both["b"].notna().to_numpy(), both["a"] - both["b"])
    by_key = pd.Series(code, index=both.index)
    return words(keys[0].map(by_key).to_numpy()), words(keys[1].map(by_key).to_numpy())


def run_datacompy(a: pd.DataFrame, b: pd.DataFrame) -> tuple[Words, Words]:
    """The pandas comparison of datacompy. It knows no groups: equal ids pair in row order, one to one."""
    import datacompy

    frames = a.assign(row_a=np.arange(len(a))), b.assign(row_b=np.arange(len(b)))
    pairs = datacompy.PandasCompare(*frames, join_columns="id", ignore_spaces=True, ignore_case=True).intersect_rows
    found = np.where(pairs["amount_match"], FULL, PARTIAL).astype(np.int8)
    codes = [np.full(len(side), UNMATCHED, np.int8) for side in (a, b)]
    for code, row in zip(codes, ("row_a", "row_b"), strict=True):
        code[pairs[row].to_numpy(np.int64)] = found
    return words(codes[0]), words(codes[1])


def run_duckdb(a: pd.DataFrame, b: pd.DataFrame) -> tuple[Words, Words]:
    """One SQL query over the frames' own Arrow memory, with as many threads as DuckDB likes."""
    import duckdb
    import pyarrow as pa

    with duckdb.connect() as database:
        for name, side in (("a", a), ("b", b)):
            columns = {
                "row": np.arange(len(side)),
                "id": side["id"].array,
                "amount": side["amount"].to_numpy(),
            }
            database.register(name, pa.table(columns))
        found = database.sql(PEER_SQL).fetchnumpy()
    codes = [np.empty(len(side), np.int8) for side in (a, b)]
    for number, code in enumerate(codes):
        mine = found["side"] == number
        code[found["row"][mine]] = found["code"][mine]
    return words(codes[0]), words(codes[1])
