"""What the run before left in the workbook, read from its result sheets: the list of changes compares with it.

A sheet that was deleted or renamed, lost a column, or bears the heading of another run is missing; nothing is guessed from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from addin import detail_files
from addin.hosts import Host
from recon_core import reports, schema
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.reports.case import Previous
from recon_core.reports.changes import rows_of
from recon_core.result_sheets import as_day, read_table


def previous(host: Host, workbook: Path, log: Sequence[Mapping[str, object]]) -> Previous | None:
    """What the run before left on its sheets, wherever the user has sorted it. Raises ReconError N-112 where a sheet Changes is the user's own."""
    standing = host.cells("Changes")
    if standing and not reports.is_ours(standing, "Changes"):
        what = "The sheet 'Changes' is not one that Tieout has written, and the list of changes needs its name."
        raise ReconError(Problem("N-112", Severity.STOP, Place(sheet="Changes"), "", what, "Rename the sheet and run again."))  # fmt: skip
    last = max(log, key=lambda row: schema.as_int(row.get("Run")) or 0, default=None)
    if last is None:
        return Previous() if standing else None
    number = schema.as_int(last.get("Run")) or 0
    tables = {sheet: _before(host, workbook, sheet, number) for sheet in reports.COMPARED}
    text = {name: schema.as_text(last.get(name)) for name in ("Setup hash", "Files hash", "Result hash", "Version")}
    return Previous(
        number=number, as_of=as_day(last.get("As of")), setup_hash=text["Setup hash"], files_hash=text["Files hash"], result_hash=text["Result hash"],
        version=text["Version"], tables={sheet: table for sheet, table in tables.items() if table is not None},
        missing=tuple(sheet for sheet, table in tables.items() if table is None), changes=rows_of(read_table("Changes", standing).columns),
    )  # fmt: skip


def _before(host: Host, workbook: Path, sheet: str, number: int) -> pd.DataFrame | None:
    """The table of a sheet that run `number` has written, from the file beside the workbook where it stands there."""
    grid = host.cells(sheet)
    if reports.run_of(grid, sheet) != number:
        return None
    table = read_table(sheet, grid)
    return reports.before(sheet, detail_files.read(workbook, table.file) if table.file else table.columns)
