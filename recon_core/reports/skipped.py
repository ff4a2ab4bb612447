"""Sheet Skipped: every row that takes no part, with the kind, the reason and its raw text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recon_core.model import SIDES, SKIPS, Result, Skip
from recon_core.reports.case import PROOF, Case, detail_sheet, named, proof_columns
from recon_core.sheets import Column, Kind, Sheet

COLUMNS = (
    Column(name="Leg", width=14), Column(name="Side", width=6), Column(name="Kind", width=22), Column(name="Why", width=70), Column(name="Id as printed", kind=Kind.ID),
    Column(name="Date as printed", kind=Kind.ID, width=28), Column(name="Amount as printed", kind=Kind.ID, width=18), Column(name="Amount", kind=Kind.AMOUNT),
    Column(name="File"), Column(name="Sheet", width=10), Column(name="Row", kind=Kind.INTEGER, width=9), *PROOF,
)  # fmt: skip


SENTENCES = {
    Skip.NO_ID: "No id, or a placeholder such as NA: it cannot be matched, its amount is counted here.",
    Skip.DAMAGED_ID: "The id was cut to 15 digits by a spreadsheet.", Skip.NO_AMOUNT: "There is no amount.",
    Skip.BAD_AMOUNT: "The amount cannot be read.", Skip.BAD_COMPARED: "A compared amount cannot be read.",
    Skip.BAD_DATE: "The date cannot be read, and the rules compare dates.", Skip.BLANK_ROW: "The row holds nothing that could be compared.",
    Skip.OFF_SUM: "The amounts of the row are not its own total.",
}  # fmt: skip


def frame(results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row for each skipped line, ordered by leg, side, file and row."""
    return pd.concat([_leg(result) for result in results.values()], ignore_index=True)


def _leg(result: Result) -> pd.DataFrame:
    lines = result.lines[result.lines["skip"].to_numpy() > 0].reset_index(drop=True)
    return pd.DataFrame({
        "Leg": named([result.leg], np.zeros(len(lines), int)), "Side": named(SIDES, lines["side"].to_numpy()), "Kind": named(SKIPS, lines["skip"].to_numpy()),
        "Why": _why(lines), "Id as printed": lines["key_raw"], "Date as printed": lines["date_raw"], "Amount as printed": lines["amount_raw"],
        "Amount": lines["amount_minor"], "File": named([file.file for file in result.files], lines["file"].to_numpy()),
        "Sheet": named([file.sheet for file in result.files], lines["file"].to_numpy()), "Row": lines["row"], **proof_columns(lines),
    })  # fmt: skip


def _why(lines: pd.DataFrame) -> pd.Series:
    """The note of each row, or the sentence of its kind."""
    usual = named([SENTENCES.get(kind, "") for kind in SKIPS], lines["skip"].to_numpy())
    return lines["skip_note"].where(lines["skip_note"] != "", usual)


def sheet(case: Case) -> Sheet:
    """The sheet Skipped."""
    hint = "Rows that take no part: blank rows, totals, duplicates, skip rules, and rows with a cell that could not be read."
    return detail_sheet(case, "Skipped", "tblSkipped", COLUMNS, hint)
