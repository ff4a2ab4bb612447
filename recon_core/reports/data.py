"""Sheets A data and B data: every row of a side as printed and as read, with its outcome."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recon_core.dates import to_series
from recon_core.model import Result, Status
from recon_core.reports.case import Case, detail_sheet, hex_ids, named
from recon_core.sheets import Column, Kind, Sheet

FIRST = (
    Column(name="Leg", width=14), Column(name="No", kind=Kind.INTEGER, width=9), Column(name="Id as printed", kind=Kind.ID), Column(name="Id", kind=Kind.ID),
    Column(name="Date as printed", kind=Kind.ID, width=28), Column(name="Date", kind=Kind.DATE, width=12), Column(name="Amount as printed", kind=Kind.ID, width=18),
    Column(name="Amount", kind=Kind.AMOUNT),
)  # fmt: skip
LAST = (
    Column(name="Item", kind=Kind.ID, width=16), Column(name="Units", kind=Kind.INTEGER, width=8), Column(name="Currency", width=10),
    Column(name="Outcome", width=17), Column(name="Type", width=19), Column(name="Match id", kind=Kind.ID, width=18), Column(name="File"),
    Column(name="Sheet", width=10), Column(name="Row", kind=Kind.INTEGER, width=9),
)  # fmt: skip


def columns(results: Mapping[str, Result]) -> tuple[Column, ...]:
    """The columns of a data sheet: the compared amounts of all legs stand between."""
    names = dict.fromkeys(name for result in results.values() for name in result.compare_names)
    return (*FIRST, *(Column(name=f"Compare {name}", kind=Kind.AMOUNT) for name in names), *LAST)


def frame_a(results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """Every row of side A, legs in order, rows in file order."""
    return _frame(results, 0)


def frame_b(results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """Every row of side B, legs in order, rows in file order."""
    return _frame(results, 1)


def _frame(results: Mapping[str, Result], side: int) -> pd.DataFrame:
    names = [column.name for column in columns(results)]
    return pd.concat([_leg(result, side, names) for result in results.values()], ignore_index=True)


def _leg(result: Result, side: int, names: list[str]) -> pd.DataFrame:
    lines = result.lines[result.lines["side"].to_numpy() == side].reset_index(drop=True)
    n, empty = len(lines), pd.Series(pd.array([None] * 0, dtype="Int64"))
    units = pd.Series(pd.array(lines["units"].to_numpy(), dtype="Int64"))
    compare = {
        f"Compare {name}": lines[f"compare_{at}"].astype("Int64") for at, name in enumerate(result.compare_names)
    }
    found = {
        "Leg": named([result.leg], np.zeros(n, int)), "No": lines["no"], "Id as printed": lines["key_raw"], "Id": lines["key"], "Date as printed": lines["date_raw"],
        "Date": to_series(lines["day"].to_numpy()), "Amount as printed": lines["amount_raw"], "Amount": lines["amount_minor"], **compare,
        "Item": lines["item"], "Units": units.mask(units == 0), "Currency": lines["currency"],
        "Outcome": named(list(Status), lines["status"].to_numpy()), "Type": lines["reason"].astype("str"), "Match id": hex_ids(lines["match_id"].to_numpy()),
        "File": named([file.file for file in result.files], lines["file"].to_numpy()), "Sheet": named([file.sheet for file in result.files], lines["file"].to_numpy()),
        "Row": lines["row"],
    }  # fmt: skip
    return pd.DataFrame({name: found.get(name, empty.reindex(range(n))) for name in names})


def sheet_a(case: Case) -> Sheet:
    """The sheet A data."""
    return _sheet(case, "A data", "tblA")


def sheet_b(case: Case) -> Sheet:
    """The sheet B data."""
    return _sheet(case, "B data", "tblB")


def _sheet(case: Case, name: str, table: str) -> Sheet:
    hint = "Every row of the files, as printed and as read. A side that is added up has one row for each value."
    return detail_sheet(case, name, table, columns(case.results), hint)
