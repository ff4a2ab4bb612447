"""A text column as Arrow: the form in which the core reads, cleans and hashes text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def arrow_text(text: pd.Series) -> pa.Array:
    """A str column as one Arrow array without nulls; no copy where it is one already."""
    array = pa.array(text, from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    array = array if array.type == pa.large_string() else array.cast(pa.large_string())
    return pc.fill_null(array, "") if array.null_count else array


def join_texts(columns: Sequence[pa.Array], separator: str) -> pa.Array:
    """Texts of several columns joined row by row."""
    return pc.binary_join_element_wise(*columns, pa.scalar(separator, pa.large_string()))


def concat_texts(arrays: Sequence[pa.Array]) -> pa.Array:
    """Texts of several columns under each other."""
    return pa.concat_arrays(arrays)


def words_of(codes: np.ndarray, words: Sequence[str]) -> pd.Categorical[str]:
    """Small codes as their words, a byte or two a row."""
    return pd.Categorical.from_codes(codes.tolist() if len(codes) < 64 else codes, categories=pd.Index(words))
