"""A workbook with the results of a run, as an export reads it: its payouts, their detail, and whether its inputs are still those of the run.

Setup is compared with its hash on Run log, files with their fingerprints on the sheet Files. Nothing of the workbook changes here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from addin.detail_files import beside
from addin.hosts.file import FileHost
from addin.job import named_files, other_files, own_sheets, setup_hash, source_files
from addin.settings import load
from recon_core import reports, schema
from recon_core.marketplace.words import State
from recon_core.model import Use
from recon_core.money import MINOR_PER_MAJOR, grouped
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.readers import ROWS, sha256
from recon_core.result_sheets import Results, Table
from recon_core.setup import parse_recipe
from recon_core.sheets import Column, Kind

FINALIZED, HALF_A_PAISA = str(State.FINALIZED), 50
RUN_AGAIN = "Run the workbook again ('tieout run'), then export."
Cells = dict[str, list[object]]  # rows of one payout: column -> cells


class Book:
    """A workbook with the results of a run, and the run they belong to."""

    def __init__(self, host: FileHost) -> None:
        self.host = host
        self.path = host.path
        self.results = Results(host.cells)
        self.settlements = self.results.table("Settlements")
        if not self.settlements.rows or not reports.is_ours(host.cells("Settlements"), "Settlements"):
            what = "This workbook holds no settlements: no run with a marketplace has written its sheets."
            raise ReconError(Problem("X-811", Severity.STOP, Place(file=self.path.name), "", what, "Fill the table Marketplace and run the workbook, then export."))  # fmt: skip
        self.runs = self.results.table("Run log")
        self.cells = {sheet: host.cells(sheet) for sheet in schema.SETUP_SHEETS}
        self._details: dict[str, dict[str, Cells]] = {}
        self.subtitle = reports.subtitle(host.cells("Settlements"), "Settlements")

    @property
    def run(self) -> int:
        """The number of the run that wrote the results."""
        return reports.run_of(self.host.cells("Settlements"), "Settlements") or 0

    def payouts(self, wanted: Sequence[str]) -> list[int]:
        """Positions on the sheet Settlements of the payouts asked for, all of them for none. Raises ReconError X-813."""
        names = self.settlements.texts("Payout")
        known = {name.casefold(): at for at, name in enumerate(names)}
        missing = [name for name in wanted if name.strip().casefold() not in known]
        if missing:
            fix = f"Name one of: {', '.join(names[:20])}."
            raise ReconError(Problem("X-813", Severity.STOP, Place(sheet="Settlements"), missing[0], f"There is no payout '{missing[0]}'.", fix))  # fmt: skip
        return sorted({known[name.strip().casefold()] for name in wanted}) if wanted else list(range(len(names)))

    def differing(self, names: Collection[str]) -> dict[str, str]:
        """Of these payouts, those whose lines are not the stated transfer or the bank credit, with what to say of it.

        A payout that the run calls Finalized differs by no more than the tolerance of the leg against the bank.
        """
        table = self.settlements
        columns = (
            table.texts("Payout"),
            table.texts("State"),
            *(table.minor(name) for name in ("Sum of lines", "Stated transfer", "Bank amount")),
        )
        found = {}
        for payout, state, lines, stated, bank in zip(*columns, strict=True):
            for what, minor in (("the bank credited", bank), ("the stated transfer is", stated)):
                gap = (minor or 0) - (lines or 0)
                if (
                    minor is not None
                    and payout in names
                    and state != FINALIZED
                    and abs(gap) > HALF_A_PAISA
                    and payout not in found
                ):
                    found[payout] = (
                        f"The lines of payout {payout} add up to {grouped(lines or 0)}, {what} {grouped(minor)}: a difference of {grouped(gap)}."
                    )
        return found

    def changed(self) -> list[str]:
        """What has changed since the run, in words; [] where Setup and every file are as they were."""
        last = self.runs.texts("Setup hash")[-1] if self.runs.rows else ""
        found = ["Setup"] if setup_hash(self.cells) != last else []
        recipe, _ = parse_recipe(self.cells)
        before, allowed = self._files(), load().allowed
        files = source_files(recipe, self.path, allowed)
        if self._lists_others():  # a run by an older Tieout did not, so nothing is known of them
            files += other_files(recipe, self.path, allowed)
        now = _fingerprints(files, self.path)
        known = {digest for _, digest in before}  # a file that is there twice is read once (F-322)
        found += sorted(
            {
                f"{name} is new"
                for name, digest in now - before
                if name not in {one for one, _ in before} and digest not in known
            }
        )
        found += sorted({f"{name} has changed" for name, _ in now - before if name in {one for one, _ in before}})
        sheets = self._sheets()
        if sheets:
            found += sorted({f"the sheet {name} has changed" for name, _ in sheets - own_sheets(recipe, self.path)})
        return found + sorted({f"{name} is gone" for name, _ in before - now if name not in {one for one, _ in now}})

    def guarded(self) -> list[Path]:
        """Files that no export may replace: the workbook, what its Setup reads, and the detail of its run beside it."""
        recipe, _ = parse_recipe(self.cells)
        beside = [path for path in self.path.parent.glob("*.parquet") if path.name.startswith(f"{self.path.stem}.")]
        return [self.path, *named_files(recipe, self.path, load().allowed), *beside]

    def _files(self) -> set[tuple[str, str]]:
        """Name and SHA-256 of each file that the run has read; sheets of this workbook apart."""
        table = self.results.table("Files")
        both = zip(table.texts("File"), table.texts("SHA-256"), strict=True)
        return {(name, digest) for name, digest in both if name != self.path.name and digest}

    def _sheets(self) -> set[tuple[str, str]]:
        """Name and fingerprint of each sheet of this workbook that the run has read; an older Tieout recorded none."""
        table = self.results.table("Files")
        rows = zip(*(table.texts(name) for name in ("File", "Sheet", "SHA-256")), strict=True)
        return {(sheet, mark) for file, sheet, mark in rows if file == self.path.name and mark.startswith(ROWS)}

    def _lists_others(self) -> bool:
        """Whether the run has listed files of no leg, as it does where it reads any."""
        return bool(set(self.results.table("Files").texts("Leg")) & {str(use) for use in Use})

    def detail(self, sheet: str, columns: Sequence[Column]) -> dict[str, Cells]:
        """Columns of a detail sheet by payout, amounts in minor units; read once, from the file beside the workbook where the table stands there."""
        if sheet not in self._details:
            table = self.results.table(sheet)
            mine = [column for column in columns if column.name != "Payout"]
            if table.file:
                self._details[sheet] = self._from_file(sheet, table.file, [column.name for column in mine])
            else:
                cells = {column.name: _cells(table, column) for column in mine}
                self._details[sheet] = _by_payout(table.texts("Payout"), cells)
        return self._details[sheet]

    def _from_file(self, sheet: str, file: str, names: Sequence[str]) -> dict[str, Cells]:
        import pyarrow.parquet as pq

        path, said = beside(self.path, file), str(self.host.cells(sheet)[3][0])
        if path is None or f"SHA-256 {sha256(str(path))}" not in said:
            what = f"The rows of the sheet {sheet} stand in {file}, which is not there or not the file of the run."
            raise ReconError(Problem("X-818", Severity.STOP, Place(file=file), "", what, RUN_AGAIN))
        frame = pq.read_table(path, columns=["Payout", *names])
        cells = {}
        for name in names:
            values = frame.column(name).to_pylist()
            exact = str(frame.schema.field(name).type).startswith("decimal")
            cells[name] = [None if value is None else int(value * MINOR_PER_MAJOR) for value in values] if exact else values  # fmt: skip
        return _by_payout(frame.column("Payout").to_pylist(), cells)


def _by_payout(payouts: Sequence[object], cells: Mapping[str, Sequence[object]]) -> dict[str, Cells]:
    found: dict[str, Cells] = {}
    rows: dict[str, list[int]] = {}
    for at, payout in enumerate(payouts):
        rows.setdefault(str(payout), []).append(at)
    for payout, mine in rows.items():
        found[payout] = {name: [values[at] for at in mine] for name, values in cells.items()}
    return found


def _cells(table: Table, column: Column) -> Sequence[object]:
    if column.kind is Kind.AMOUNT:
        return table.minor(column.name)
    if column.kind is Kind.INTEGER:
        return [schema.as_int(value) for value in table.column(column.name)]
    return table.texts(column.name)


def _fingerprints(files: Iterable[tuple[str, Path]], workbook: Path) -> set[tuple[str, str]]:
    """Name and SHA-256 of each file that is there; sheets of the workbook apart."""
    return {(shown, sha256(str(path))) for shown, path in set(files) if path != workbook and path.is_file()}
