"""Step: rows that take no part, with the kind and the reason: blank rows, totals, skip rules, unreadable cells.

A totals row becomes the file's control total; its amount is not money of the side. Nothing is dropped.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from recon_core.dates import NO_DAY
from recon_core.keys import standard_text
from recon_core.model import SKIP_CODE, Skip
from recon_core.prepare.rows import Plan, Rows, find_column, place, row_problems, texts
from recon_core.problems import Problem, Severity
from recon_core.recipe import SkipRule
from recon_core.texts import arrow_text

Bool = npt.NDArray[np.bool_]

_TOTAL = re.compile(
    r"\W*((grand|sub|net|page|report|overall)?[\s-]*totals?\b|sum\b\s*:?$|opening bal|closing bal|statement summary|end of (statement|report|file)"
    r"|generated (on|by)|printed on|\*+ ?end|this is a (system|computer))", re.IGNORECASE,
)  # fmt: skip
_RULED = re.compile(r"[\s*=_\-#.~]*")
_NOT_READ = {
    Skip.BAD_AMOUNT: ("T-211", "'{raw}' is not an amount; the row is left out.", "Correct the amount in the file and run again."),
    Skip.NO_AMOUNT: ("T-212", "There is no amount; the row is left out.", "Fill in the amount in the file and run again."),
    Skip.BAD_DATE: ("T-221", "'{raw}' is not a date, and the rules compare dates; the row is left out.", "Correct the date in the file and run again."),
    Skip.DAMAGED_ID: ("T-231", "The id '{raw}' was cut by a spreadsheet (it keeps 15 digits); the row is left out.", "Export the file again with the id column as text."),
}  # fmt: skip


def skip_rows(rows: Rows, plan: Plan) -> Rows:
    """Set `skip` and `skip_note` of every line, list what cannot be read, append the ragged rows."""
    if "key" not in rows.lines:  # a missing column has already stopped this file
        return rows
    lines, n = rows.lines, len(rows.lines)
    skip, note = np.zeros(n, np.int8), np.full(n, "", object)
    blank_id = (lines["key"] == "").to_numpy()
    suspects = np.flatnonzero(
        blank_id | rows.flags["bad_amount"] | rows.flags["no_amount"] | _named_total(lines["key_raw"])
    )
    _structure(rows, plan, suspects, skip, note)
    for rule in plan.skips:
        if rule.source in ("", rows.raw.source):
            _apply_rule(rows, rule, skip, note)
    flagged = (
        (Skip.DAMAGED_ID, "damaged"),
        (Skip.BAD_AMOUNT, "bad_amount"),
        (Skip.NO_AMOUNT, "no_amount"),
        (Skip.BAD_DATE, "bad_date"),
    )
    for kind, name in flagged:
        if kind is not Skip.BAD_DATE or plan.leg.dates_matter:
            skip[(skip == 0) & rows.flags[name]] = SKIP_CODE[kind]
    skip[(skip == 0) & blank_id] = SKIP_CODE[Skip.NO_ID]
    structural = np.isin(skip, [SKIP_CODE[kind] for kind in (Skip.BLANK_ROW, Skip.RULE_ROW, Skip.HEADER, Skip.TOTAL)])
    total = lines["amount_minor"].to_numpy()[skip == SKIP_CODE[Skip.TOTAL]]
    totals = total[total != 0]
    own_total = int(totals[-1]) if len(totals) else None
    lines = lines.assign(amount_minor=np.where(structural, 0, lines["amount_minor"]), skip=skip, skip_note=texts(note))
    problems = _unread(rows, plan, skip) + [
        _no_column(rows, rule)
        for rule in plan.skips
        if rule.source == rows.raw.source and not find_column(rows.frame, rule.column)
    ]
    parts = {name: np.where(structural, 0, minor) for name, minor in rows.parts.items()}
    rows = replace(rows, lines=lines, parts=parts, own_total_minor=own_total, problems=(*rows.problems, *problems))
    return _with_ragged(rows) if rows.raw.ragged else rows


def _named_total(keys: pd.Series) -> Bool:
    hits = pc.match_substring_regex(arrow_text(keys), r"(?i)total|balance|summary|end of|generated|printed|^sum")
    return np.asarray(hits.to_numpy(zero_copy_only=False))


def _structure(
    rows: Rows, plan: Plan, suspects: npt.NDArray[np.intp], skip: npt.NDArray[np.int8], note: npt.NDArray[np.object_]
) -> None:
    """Judge the few rows without an id or amount by their whole text: blank, ruled, header again, total."""
    if not len(suspects):
        return
    few = rows.frame.iloc[suspects]
    headers = {standard_text(str(name)) for name in rows.frame.columns}
    blank = (rows.lines["key"] == "").to_numpy() & rows.flags["no_amount"]
    for at, cells in zip(suspects, few.itertuples(index=False, name=None), strict=True):
        filled = [text for text in (str(cell).strip() for cell in cells) if text]
        if not filled:
            kind = Skip.BLANK_ROW
        elif all(_RULED.fullmatch(text) for text in filled) and len(filled) > 1:
            kind = Skip.RULE_ROW
        elif len(filled) > 1 and sum(standard_text(text) in headers for text in filled) > len(filled) / 2:
            kind = Skip.HEADER
        elif any(_TOTAL.match(text) for text in filled[:2]):
            kind = Skip.TOTAL
        elif blank[at]:
            kind = Skip.BLANK_ROW  # nothing that could be compared, though a cell is filled
        else:
            continue
        skip[at], note[at] = SKIP_CODE[kind], " | ".join(filled)[:200]


def _apply_rule(rows: Rows, rule: SkipRule, skip: npt.NDArray[np.int8], note: npt.NDArray[np.object_]) -> None:
    column = find_column(rows.frame, rule.column)
    if column is None:
        return
    text = pc.utf8_trim_whitespace(pc.utf8_lower(arrow_text(rows.frame[column])))
    value = rule.value.strip().lower()
    tests = {
        "is": lambda: pc.equal(text, value), "is not": lambda: pc.not_equal(text, value), "is empty": lambda: pc.equal(text, ""),
        "is not empty": lambda: pc.not_equal(text, ""), "contains": lambda: pc.match_substring(text, value),
        "starts with": lambda: pc.starts_with(text, value),
    }  # fmt: skip
    hit = tests[rule.test]().to_numpy(zero_copy_only=False) & (skip == 0)
    skip[hit], note[hit] = SKIP_CODE[Skip.SKIP_RULE], rule.reason or f"{rule.column} {rule.test} {rule.value}".strip()


def _no_column(rows: Rows, rule: SkipRule) -> Problem:
    what = f"{rows.raw.file} has no column '{rule.column}', which a skip rule asks for."
    fix = "Correct the name in the table Skip rules, or empty the row."
    return Problem("M-202", Severity.STOP, place(rows.raw, 0, rule.column), rule.column, what, fix)


def _unread(rows: Rows, plan: Plan, skip: npt.NDArray[np.int8]) -> list[Problem]:
    """One Problem for each row left out because a cell could not be read."""
    problems: list[Problem] = []
    columns = {
        Skip.BAD_AMOUNT: "amount_raw",
        Skip.NO_AMOUNT: "amount_raw",
        Skip.BAD_DATE: "date_raw",
        Skip.DAMAGED_ID: "key_raw",
    }
    names = {use.meaning.value: use.column for use in plan.leg.uses if use.side == plan.letter}
    for kind, column in columns.items():
        at = np.flatnonzero(skip == SKIP_CODE[kind])
        header = names.get({"amount_raw": "amount", "date_raw": "date", "key_raw": "id"}[column], "")
        code, what, fix = _NOT_READ[kind]
        problems += row_problems(rows.raw, at, rows.lines[column].iloc[at].tolist(), header, code, what, fix)
    if not plan.leg.dates_matter and (bad := np.flatnonzero(rows.flags["bad_date"] & (skip == 0))).size:
        raw = str(rows.lines["date_raw"].iloc[bad[0]])
        count = "1 row" if len(bad) == 1 else f"{len(bad):,} rows"
        what = f"{count} of {rows.raw.file} with a date that cannot be read, first '{raw}', {'takes' if len(bad) == 1 else 'take'} part without a date, since no rule compares dates."
        problems.append(
            Problem(
                "T-222",
                Severity.NOTE,
                place(rows.raw, int(rows.raw.row[bad[0]]), names.get("date", "")),
                raw,
                what,
                "Correct the dates in the file.",
            )
        )
    return problems


def _with_ragged(rows: Rows) -> Rows:
    """Append the rows that do not fit the header; behind the last fitting row they are a footer."""
    at = np.array([row for row, _ in rows.raw.ragged], np.int64)
    raw_texts = [text for _, text in rows.raw.ragged]
    last = int(rows.raw.row.max(initial=0))
    kinds = [
        Skip.BLANK_ROW if not text.strip(" ,;\t|") else Skip.TOTAL if row > last else Skip.RAGGED
        for row, text in rows.raw.ragged
    ]
    blank = {
        name: (texts([""] * len(at)) if str(dtype) == "str" else np.zeros(len(at), dtype))
        for name, dtype in rows.lines.dtypes.items()
    }
    extra = pd.DataFrame({
        **blank, "row": at, "day": np.full(len(at), NO_DAY, np.int64), "skip": np.array([SKIP_CODE[kind] for kind in kinds], np.int8),
        "skip_note": texts([text[:200] for text in raw_texts]),
    })  # fmt: skip
    parts = {name: np.concatenate([minor, np.zeros(len(at), np.int64)]) for name, minor in rows.parts.items()}
    bad = np.flatnonzero([kind is Skip.RAGGED for kind in kinds])
    problems = [
        Problem(
            "T-251", Severity.LEFT_OUT, place(rows.raw, int(at[n])), raw_texts[n][:200], "The row has more or fewer cells than the header; it is left out.",
            "Correct the row in the file (a separator inside a text needs quotes) and run again.",
        )
        for n in bad[:25]
    ]  # fmt: skip
    if len(bad) > len(problems):
        problems.append(
            problems[-1]._replace(
                where=place(rows.raw), raw="", what=f"{len(bad) - len(problems):,} more rows do not fit the header."
            )
        )
    lines = pd.concat([rows.lines, extra[rows.lines.columns]], ignore_index=True)
    order = np.argsort(lines["row"].to_numpy(), kind="stable")
    lines = lines.iloc[order].reset_index(drop=True)
    return replace(
        rows,
        lines=lines,
        parts={name: minor[order] for name, minor in parts.items()},
        problems=(*rows.problems, *problems),
    )
