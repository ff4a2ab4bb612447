"""Summary's blocks about time: what this run changed since the last one, and the files that are expected."""

from __future__ import annotations

from recon_core.dates import to_date
from recon_core.expected_files import awaited
from recon_core.money import to_major
from recon_core.reports.blocks import header, row, section
from recon_core.reports.case import Case
from recon_core.sheets import Cell, Formula, Value

STATES = {"Here": "matched", "Not due": "skipped", "Missing": "unmatched"}


def changes_block(case: Case, at: int) -> tuple[list[Cell], int]:
    """What moved since the run before, by what it is of; nothing on a first run. Figures are live sums over Changes."""
    if case.previous is None or not case.previous.number:
        return [], at
    rows = case.details["tblChanges"]
    mine = rows[(rows["Run"] == case.run.number).to_numpy(dtype=bool, na_value=False)]
    cells = section(at, f"Since run {case.previous.number}: what changed") + header(
        at + 1, "Of", "Rows", "Amount", "Change"
    )
    at += 2
    if mine.empty:
        return [*cells, *row(at, [f"Nothing changed since run {case.previous.number}."], ["text"])], at + 2
    for (of, change), group in mine.groupby(["Of", "Change"], sort=False):
        amount = to_major(int(group["Change of amount"].fillna(0).sum()))
        where = f'tblChanges[Run],{case.run.number},tblChanges[Of],"{of}",tblChanges[Change],"{change}"'
        values: list[Value] = [
            str(of), Formula(f"COUNTIFS({where})", len(group)), Formula(f"SUMIFS(tblChanges[Change of amount],{where})", amount), str(change),
        ]  # fmt: skip
        if "tblChanges" in case.overflow:
            values[1:3] = [len(group), amount]
        cells += row(at, values, ["text", "integer", "amount", "text_indent"], "#Changes!A5")
        at += 1
    return cells, at + 1


def expected_block(case: Case, at: int) -> tuple[list[Cell], int]:
    """The files that the table Expected files awaits: what came, what is not due, what is missing and since how many days."""
    if not case.recipe.expected:
        return [], at
    cells = section(at, "Expected files") + header(at + 1, "File", "Due", "Days late", "State", "Source", "", "Came as")
    at += 2
    for one in awaited(case.recipe, case.results):
        values: list[Value] = [
            one.name,
            to_date(one.due),
            one.days_late or None,
            one.state,
            one.row.source,
            None,
            one.file or None,
        ]
        cells += row(
            at,
            values,
            ["text", "date", "integer", STATES[one.state], "text", "text", "text"],
            "#Files!A5" if one.file else "",
        )
        at += 1
    return cells, at + 1
