"""Sheet Notes history: notes whose exception is gone, kept word for word; they return if the exception does."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recon_core.reports.case import TABLE_ROW, TYPED, Case, heading
from recon_core.sheets import Column, Kind, Sheet, Table

COLUMNS = (
    Column(name="Exc key", kind=Kind.ID, width=19), Column(name="Leg", width=14), Column(name="Id", kind=Kind.ID),
    *(Column(name=name, kind=Kind.INPUT, width=16) for name in TYPED), Column(name="Gone in run", kind=Kind.INTEGER, width=10),
)  # fmt: skip
NAMES = [column.name for column in COLUMNS]


def sheet(case: Case) -> Sheet:
    """The sheet Notes history: what stood there, and the notes that lost their row in this run."""
    rows: list[Mapping[str, object]] = [*case.kept_notes]
    standing = {str(row["Exc key"]) for row in rows}
    gone = orphans(case)
    rows += [
        {
            "Exc key": key,
            **{name: case.notes[key].get(name) for name in ("Leg", "Id", *TYPED)},
            "Gone in run": case.run.number,
        }
        for key in gone
        if key not in standing
    ]
    frame = pd.DataFrame(rows, columns=NAMES)
    frame = frame.fillna(dict.fromkeys(NAMES[:-1], "")).astype(
        {name: "Int64" if name == "Gone in run" else "str" for name in NAMES}
    )
    hint = "Notes of exceptions that are closed or changed. Should the same row open again, its notes come back to it."
    return Sheet(
        name="Notes history", cells=heading(case, "Notes history", hint), tab="grey", freeze_row=TABLE_ROW + 1,
        tables=(Table(name="tblNotes", columns=COLUMNS, frame=frame, row=TABLE_ROW),),
    )  # fmt: skip


def orphans(case: Case) -> list[str]:
    """Keys of notes with a typed text whose exception is not among this run's."""
    here = set(case.details["tblExceptions"]["Exc key"])
    return [key for key, note in case.notes.items() if key not in here and any(note.get(name) for name in TYPED)]
