"""Detail that does not fit a sheet: Parquet files beside the workbook, complete before the workbook changes.

Each file is written under a name nobody reads, and takes its place only after the workbook was written.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recon_core.reports import MARKET_AMOUNTS
from recon_core.reports.case import Case, Overflow
from recon_core.reports.changes import AMOUNTS as CHANGE_AMOUNTS

SHEETS = {
    "tblMatched": "Matched",
    "tblExceptions": "Exceptions",
    "tblSkipped": "Skipped",
    "tblA": "A data",
    "tblB": "B data",
    "tblOrders": "Orders",
    "tblFees": "Fees",
    "tblReleases": "Releases",
    "tblPayouts": "Payouts",
    "tblCommercial": "Commercial",
    "tblClaims": "Claims",
    "tblChanges": "Changes",
    "tblSettlements": "Settlements",
    "tblDifferences": "Differences",
    "tblJournal": "Journal",
}
MONEY = {"Amount", "Amount A", "Amount B", "Difference", "Tolerance", *MARKET_AMOUNTS, *CHANGE_AMOUNTS}


class DetailFiles:
    """Writes the tables above the sheet limit on entry; `publish` puts them in place, otherwise they vanish."""

    def __init__(self, workbook: Path, case: Case) -> None:
        self.workbook, self.case = workbook, case
        self.waiting: dict[Path, Path] = {}
        self.overflow: dict[str, Overflow] = {}

    def __enter__(self) -> Self:
        """Write every table that is too long for a sheet."""
        for table, frame in self.case.details.items():
            if len(frame) > self.case.recipe.rows_per_sheet:
                target = self.workbook.with_name(f"{self.workbook.stem}.{SHEETS[table]}.parquet")
                waiting = target.with_name(f".{target.name}.tieout-{os.getpid()}.tmp")
                self.waiting[waiting] = target
                pq.write_table(to_arrow(frame), waiting)
                with waiting.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                self.overflow[table] = Overflow(file=target.name, rows=len(frame), sha256=digest)
        return self

    def publish(self) -> None:
        """The workbook is written: the files take their place."""
        for waiting, target in self.waiting.items():
            waiting.replace(target)
        self.waiting = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what was not published."""
        for waiting in self.waiting:
            waiting.unlink(missing_ok=True)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """A detail table for other programs: money as exact decimals with four places."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for at, name in enumerate(table.column_names):
        if name in MONEY or name.startswith("Compare "):
            table = table.set_column(at, name, _decimal(table.column(name)))
    return table


def _decimal(column: pa.ChunkedArray) -> pa.Array:
    """int64 ten-thousandths -> decimal128(19, 4), the same digits under another scale."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    minor = np.asarray(array.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    wide = np.stack([minor, np.where(minor < 0, -1, 0)], axis=1).astype("<i8")
    mask = array.is_valid().to_numpy(zero_copy_only=False)
    valid = pa.py_buffer(np.packbits(mask, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.decimal128(19, 4), len(minor), [valid, pa.py_buffer(wide.tobytes())])


def read(workbook: Path, file: str) -> dict[str, list[object]]:
    """The columns of a detail file beside the workbook; none where it is gone or is no such file."""
    path = beside(workbook, file)
    if path is None:
        return {}
    try:
        table: pa.Table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return {}
    return {name: table.column(name).to_pylist() for name in table.column_names}


def beside(workbook: Path, file: str) -> Path | None:
    """The file of this name in the workbook's folder; None where there is none, or where a sheet says a path in place of a name."""
    path = workbook.parent / file
    return path if file and not set(file) & set("/\\:") and path.is_file() else None
