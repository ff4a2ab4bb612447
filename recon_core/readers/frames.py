"""Arrow text columns -> a pandas frame of str columns, without a Python object per cell.

pandas' `str` is pyarrow large_string behind NaN semantics, so an Arrow column is wrapped, not copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

NOTHING = pa.chunked_array([], pa.large_string())  # a column without rows


def to_frame(columns: Sequence[pa.ChunkedArray], names: Sequence[str]) -> pd.DataFrame:
    """Large-string columns without nulls -> frame of pandas str columns with these names, zero-copy."""
    dtype = pd.StringDtype("pyarrow", na_value=np.nan)
    series = {
        name: pd.arrays.ArrowStringArray(column, dtype=dtype)  # type: ignore[call-arg]  # the stubs are older than `dtype`
        for name, column in zip(names, columns, strict=True)
    }
    length = len(columns[0]) if columns else 0
    return pd.DataFrame(series, index=pd.RangeIndex(length), columns=pd.Index(list(names), dtype="str"), copy=False)


def column_of(cells: Iterable[str]) -> pa.Array:
    """Python texts -> one Arrow large-string array."""
    return pa.array(cells, pa.large_string())


def all_empty(column: pa.ChunkedArray) -> bool:
    """True where every cell of the column is ''."""
    return not most_bytes(column)


def most_bytes(column: pa.ChunkedArray) -> int:
    """Bytes of the longest cell, 0 for a column without rows."""
    return int(pc.max(pc.binary_length(column)).as_py() or 0)
