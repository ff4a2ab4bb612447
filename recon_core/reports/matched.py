"""Sheet Matched: the lines of every confirmed match, each with its class, rule and place."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core.dates import to_series
from recon_core.model import CLASSES, SIDES, Result, Status
from recon_core.reports.case import PROOF, Case, as_text, detail_sheet, hex_ids, named, proof_columns
from recon_core.sheets import Column, Kind, Sheet
from recon_core.texts import arrow_text

COLUMNS = (
    Column(name="Leg", width=14), Column(name="Match id", kind=Kind.ID, width=18), Column(name="Class"), Column(name="Rule", width=22),
    Column(name="Side", width=6), Column(name="Id", kind=Kind.ID), Column(name="Date", kind=Kind.DATE, width=12), Column(name="Amount", kind=Kind.AMOUNT),
    Column(name="Difference", kind=Kind.AMOUNT, width=12), Column(name="Tolerance", kind=Kind.AMOUNT, width=11), Column(name="Days", kind=Kind.INTEGER, width=7),
    Column(name="Linked by", width=12), Column(name="File"), Column(name="Sheet", width=10), Column(name="Row", kind=Kind.INTEGER, width=9), *PROOF,
)  # fmt: skip


SHOWN = (
    "match_id", "klass", "rule", "side", "key_raw", "day", "amount_minor", "gap_minor", "within_minor", "gap_days", "linked_by", "file", "row", "no", "link",
)  # fmt: skip  # columns of Lines


def frame(results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row for each matched line, ordered by leg and match; the difference stands on a match's first row."""
    return pd.concat([_leg(result) for result in results.values()], ignore_index=True)


def _leg(result: Result) -> pd.DataFrame:
    lines = result.lines
    green = np.flatnonzero(lines["status"].to_numpy() == list(Status).index(Status.MATCHED))
    keys = [lines[name].to_numpy()[green] for name in ("line_id", "side", "match_id")]
    lines = lines[[*SHOWN]].take(green[np.lexsort(keys)]).reset_index(drop=True)
    link, n = lines["link"].to_numpy(), len(lines)
    first = np.r_[True, link[1:] != link[:-1]] if n else np.zeros(0, bool)
    return pd.DataFrame({
        "Leg": named([result.leg], np.zeros(n, int)), "Match id": hex_ids(lines["match_id"].to_numpy()),
        "Class": named(CLASSES, lines["klass"].to_numpy()), "Rule": named(result.rule_names, lines["rule"].to_numpy()),
        "Side": named(SIDES, lines["side"].to_numpy()), "Id": _printed(lines["key_raw"], first), "Date": to_series(lines["day"].to_numpy()), "Amount": lines["amount_minor"],
        "Difference": _where(first, lines["gap_minor"]), "Tolerance": _where(first, lines["within_minor"]), "Days": _where(first, lines["gap_days"]),
        "Linked by": lines["linked_by"], "File": named([file.file for file in result.files], lines["file"].to_numpy()),
        "Sheet": named([file.sheet for file in result.files], lines["file"].to_numpy()), "Row": lines["row"], **proof_columns(lines),
    })  # fmt: skip


def _printed(ids: pd.Series, first: np.ndarray) -> pd.Series:
    """The id of each match as its first row prints it, which is a row of side A; all its rows bear it."""
    leads = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0)) if len(first) else np.arange(0)
    return as_text(pc.utf8_trim_whitespace(arrow_text(ids).take(pa.array(leads))))


def _where(first: np.ndarray, values: pd.Series) -> pd.Series:
    """The values of the first row of each match, empty elsewhere."""
    return values.astype("Int64").where(pd.Series(first))


def sheet(case: Case) -> Sheet:
    """The sheet Matched."""
    return detail_sheet(
        case,
        "Matched",
        "tblMatched",
        COLUMNS,
        "Every row that closed with the other side. Rows of one match share its match id and side A's id; its difference stands on its first row.",
    )
