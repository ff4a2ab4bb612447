"""Sheet Suggestions: open rows of equal amount without a common id. No figure depends on them."""

from __future__ import annotations

import pandas as pd

from recon_core.dates import to_series
from recon_core.model import SUGGESTION_COLUMNS, Result
from recon_core.reports.case import TABLE_ROW, Case, heading
from recon_core.sheets import Column, Kind, Sheet, Table

COLUMNS = (
    Column(name="Leg", width=14), Column(name="Because", width=60), Column(name="Likeness of ids", kind=Kind.NUMBER, width=11), Column(name="Other candidates", kind=Kind.INTEGER, width=13),
    Column(name="Amount", kind=Kind.AMOUNT), Column(name="Id A", kind=Kind.ID), Column(name="Date A", kind=Kind.DATE, width=12), Column(name="File A"),
    Column(name="Row A", kind=Kind.INTEGER, width=9), Column(name="Id B", kind=Kind.ID), Column(name="Date B", kind=Kind.DATE, width=12), Column(name="File B"),
    Column(name="Row B", kind=Kind.INTEGER, width=9),
)  # fmt: skip


def sheet(case: Case) -> Sheet:
    """The sheet Suggestions."""
    frames = [_leg(result) for result in case.results.values() if len(result.suggestions)]
    frame = pd.concat(frames, ignore_index=True) if frames else _empty()
    hint = "Possible matches for you to check: equal amount, no common id. Nothing is matched and no figure moves because of this sheet."
    return Sheet(
        name="Suggestions", cells=heading(case, "Suggestions", hint), freeze_row=TABLE_ROW + 1,
        tables=(Table(name="tblSuggest", columns=COLUMNS, frame=frame.iloc[: case.recipe.rows_per_sheet], row=TABLE_ROW),),
    )  # fmt: skip


def _leg(result: Result) -> pd.DataFrame:
    found = result.suggestions[list(SUGGESTION_COLUMNS)]
    sides = [result.lines.iloc[found[name].to_numpy()].reset_index(drop=True) for name in ("pos_a", "pos_b")]
    files = [file.file for file in result.files]
    columns: dict[str, object] = {
        "Leg": result.leg, "Because": found["because"].to_numpy(), "Likeness of ids": found["score"].to_numpy(float),
        "Other candidates": found["others"].to_numpy("int64"), "Amount": sides[0]["amount_minor"],
    }  # fmt: skip
    for letter, lines in zip("AB", sides, strict=True):
        columns |= {
            f"Id {letter}": lines["key_raw"], f"Date {letter}": to_series(lines["day"].to_numpy()),
            f"File {letter}": [files[number] for number in lines["file"]], f"Row {letter}": lines["row"],
        }  # fmt: skip
    return _typed(pd.DataFrame(columns))


def _empty() -> pd.DataFrame:
    return _typed(pd.DataFrame({column.name: [] for column in COLUMNS}))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    dtypes = {
        Kind.ID: "str",
        Kind.TEXT: "str",
        Kind.AMOUNT: "int64",
        Kind.INTEGER: "int64",
        Kind.DATE: "datetime64[s]",
        Kind.NUMBER: "float64",
    }
    return frame.astype({column.name: dtypes[column.kind] for column in COLUMNS})
