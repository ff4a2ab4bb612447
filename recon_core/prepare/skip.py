"""Step: rows that take no part, with the kind and the reason: blank rows, totals, skip rules, unreadable cells.

A totals row becomes the file's control total; its amount is not money of the side. Nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from recon_core.dates import NO_DAY
from recon_core.entries import gap_problems
from recon_core.keys import standard_text
from recon_core.market import EXPECTED_NET
from recon_core.model import OFF_SUM_COLUMNS, SKIP_CODE, Skip
from recon_core.money import grouped, read_amounts
from recon_core.prepare.rows import ONLY_TOTAL, Plan, Rows, find_column, place, row_problems, terms_of, texts
from recon_core.problems import Problem, Severity
from recon_core.recipe import Meaning, SkipRule
from recon_core.texts import arrow_text

Bool = npt.NDArray[np.bool_]

_TOTAL = re.compile(
    r"\W*((\w+)?[\s-]*totals?\b|sum\b|opening bal|closing bal|statement summary|end of (statement|report|file)"
    r"|generated (on|by)|printed on|\*+ ?end|this is a (system|computer))", re.IGNORECASE,
)  # fmt: skip
UNLESS_FOUND = "is not empty unless id found"  # the test of a skip rule that waits for the other side
HEAD = 80  # characters of a cell that may say what the row is; longer ones are no words of a total
_RULED = re.compile(r"[\s*=_\-#.~]*")
_RULED_CELL = r"^[\s*=_\-#.~]{3,}$"
_NOT_READ = {
    Skip.BAD_AMOUNT: ("T-211", "'{raw}' is not an amount; the row is left out.", "Correct the amount in the file and run again."),
    Skip.NO_AMOUNT: ("T-212", "There is no amount; the row is left out.", "Fill in the amount in the file and run again."),
    Skip.BAD_DATE: ("T-221", "'{raw}' is not a date, and the rules compare dates; the row is left out.", "Correct the date in the file and run again."),
    Skip.DAMAGED_ID: ("T-231", "The id '{raw}' was cut by a spreadsheet (it keeps 15 digits); the row is left out.", "Export the file again with the id column as text."),
}  # fmt: skip


_FLAGGED = (
    (Skip.DAMAGED_ID, "damaged"), (Skip.BAD_AMOUNT, "bad_amount"), (Skip.NO_AMOUNT, "no_amount"), (Skip.BAD_DATE, "bad_date"),
    (Skip.BAD_COMPARED, "bad_compare"), (Skip.OFF_SUM, "off_sum"),
)  # fmt: skip  # what a row is skipped for once its cells are read -> the flag that says so


def skip_rows(rows: Rows, plan: Plan) -> Rows:
    """Set `skip` and `skip_note` of every line, list what cannot be read, append the ragged rows."""
    if "key" not in rows.lines:  # a missing column has already stopped this file
        return rows
    rows = replace(rows, flags={**rows.flags, "off_sum": _off_sum(rows, plan)})
    lines, n = rows.lines, len(rows.lines)
    skip, note = np.zeros(n, np.int8), np.full(n, "", object)
    blank_id = (lines["key"] == "").to_numpy()
    suspects = np.flatnonzero(
        blank_id
        | rows.flags["bad_amount"]
        | rows.flags["no_amount"]
        | _named_total(lines["key_raw"])
        | _behind_formulas(rows, plan)
    )
    _structure(rows, plan, suspects, skip, note)
    for rule in plan.skips:
        if rule.source in ("", rows.raw.source):
            _apply_rule(rows, rule, skip, note)
    waits = skip == SKIP_CODE[Skip.NO_ID_FOUND]  # a row that cannot be read is skipped by the rule, whatever it bears
    skip[waits & np.logical_or.reduce([rows.flags[name] for _, name in _FLAGGED])] = SKIP_CODE[Skip.SKIP_RULE]
    failed = _failed(rows, plan)
    hit = (failed != "") & (skip == 0)
    skip[hit], note[hit] = SKIP_CODE[Skip.FORMULA_ERROR], failed[hit]
    for kind, name in _FLAGGED:
        if kind is not Skip.BAD_DATE or plan.leg.dates_matter:
            skip[(skip == 0) & rows.flags[name]] = SKIP_CODE[kind]
    if plan.side.group_by or not plan.uses(
        rows.raw.source, Meaning.NARRATION
    ):  # else open: a bank credit without a reference is a credit that somebody must explain
        skip[(skip == 0) & blank_id] = SKIP_CODE[Skip.NO_ID]
    structural = np.isin(skip, [SKIP_CODE[kind] for kind in (Skip.BLANK_ROW, Skip.RULE_ROW, Skip.HEADER, Skip.TOTAL)])
    total = lines["amount_minor"].to_numpy()[skip == SKIP_CODE[Skip.TOTAL]]
    totals = total[total != 0]
    printed = len(totals) and not _derived(rows, plan, Meaning.AMOUNT)  # no file prints the total of a derived amount
    own_total = int(totals[-1]) if printed else None
    unread = _unread(rows, plan, skip) + _not_their_sum(rows, skip, note)
    problems = unread + [
        _no_column(rows, rule)
        for rule in plan.skips
        if rule.source in ("", rows.raw.source) and not rule.is_formula and not find_column(rows.frame, rule.column)
    ]
    lines = lines.assign(amount_minor=np.where(structural, 0, lines["amount_minor"]), skip=skip, skip_note=texts(note))
    parts = {name: np.where(structural, 0, minor) for name, minor in rows.parts.items()}
    rows = replace(rows, lines=lines, parts=parts, own_total_minor=own_total, problems=(*rows.problems, *problems))
    return _with_ragged(rows) if rows.raw.ragged else rows


def _named_total(keys: pd.Series) -> Bool:
    hits = pc.match_substring_regex(arrow_text(keys), r"(?i)total|balance|summary|end of|generated|printed|^sum")
    return np.asarray(hits.to_numpy(zero_copy_only=False))


def _behind_the_id(rows: Rows, plan: Plan) -> list[str] | None:
    """The columns that a derived id is worked out from; None where the id stands in the file itself."""
    names = [name for use in plan.uses(rows.raw.source, Meaning.KEY) for _, name in terms_of(rows.frame, use)]
    names = [plan.side.group_by] if plan.side.group_by else names
    own = [find_column(rows.frame, name) or "" for name in names]
    if not any(name in rows.raw.extra for name in own):
        return None
    behind = [one for name in own for one in rows.raw.reads.get(name, (name,))]
    return [column for name in behind if (column := find_column(rows.frame, name)) is not None]


def _derived(rows: Rows, plan: Plan, meaning: Meaning) -> bool:
    """Whether a looked-up or derived column stands for a meaning, so that the file's own cells say nothing of it."""
    names = [name for use in plan.uses(rows.raw.source, meaning) for _, name in terms_of(rows.frame, use)]
    if meaning is Meaning.KEY and plan.side.group_by:
        names = [plan.side.group_by]
    return any(find_column(rows.raw.extra, name) for name in names)


def _behind_formulas(rows: Rows, plan: Plan) -> Bool:
    """Rows that may be blank, ruled, a header or a total, where a derived id or amount would hide it: "OD-" & nothing, IFERROR(..., 0)."""
    frame, n = rows.raw.frame, len(rows.lines)
    found, filled = np.zeros(n, bool), np.zeros(n, np.int8)
    if not any(_derived(rows, plan, meaning) for meaning in (Meaning.KEY, Meaning.AMOUNT)):
        return found
    for name in frame.columns:
        at = np.flatnonzero(filled < 2)  # such a row says so in its first or second filled cell
        if not len(at):
            break
        cells = frame[name].iloc[at]
        text = arrow_text(cells)
        looks = pc.or_(pc.match_substring_regex(text, _RULED_CELL), pc.equal(pc.utf8_lower(text), str(name).lower()))
        found[at] |= _named_total(cells) | looks.to_numpy(zero_copy_only=False)
        filled[at] += (cells != "").to_numpy(bool)
    found |= filled == 0
    return found


def _structure(
    rows: Rows, plan: Plan, suspects: npt.NDArray[np.intp], skip: npt.NDArray[np.int8], note: npt.NDArray[np.object_]
) -> None:
    """Judge the few rows without an id or amount by their whole text: blank, ruled, header again, total."""
    if not len(suspects):
        return
    few = rows.raw.frame.iloc[suspects]
    headers = {standard_text(str(name)) for name in rows.raw.frame.columns}
    behind = _behind_the_id(rows, plan)
    above = _Above(rows.lines["amount_minor"].to_numpy())
    for at, cells in zip(suspects, few.itertuples(index=False, name=None), strict=True):
        filled = [text for text in (str(cell).strip() for cell in cells) if text]
        printed, key = str(rows.lines["key_raw"].iloc[at]), str(rows.lines["key"].iloc[at])
        if behind is not None:  # a formula may give an id to a row that has none: what it reads decides
            read = [text for name in behind if (text := str(rows.frame[name].iloc[at]).strip())]
            printed, key = (read[0], key) if read else ("", "")
        kind = _kind(rows, int(at), filled, printed, key, headers, above)
        if kind is not Skip.NONE:
            skip[at], note[at] = SKIP_CODE[kind], " | ".join(filled)[:200]
        if kind is Skip.TOTAL:
            above.total_at(int(at))


def _kind(rows: Rows, at: int, filled: list[str], printed: str, key: str, headers: set[str], above: _Above) -> Skip:
    """What a row without a proper id or amount is, by its whole text; NONE where it is an ordinary row."""
    if not filled:
        return Skip.BLANK_ROW
    if all(_RULED.fullmatch(text) for text in filled) and len(filled) > 1:
        return Skip.RULE_ROW
    if len(filled) > 1 and sum(standard_text(text) in headers for text in filled) > len(filled) / 2:
        return Skip.HEADER
    no_amount = bool(rows.flags["no_amount"][at])
    if _is_total(
        filled, key, printed, no_amount=no_amount or bool(rows.flags["bad_amount"][at]), adds_up=above.adds_up(at)
    ):
        return Skip.TOTAL
    return Skip.BLANK_ROW if not key and no_amount else Skip.NONE  # nothing that could be compared


def _is_total(filled: list[str], key: str, printed: str, *, no_amount: bool, adds_up: bool) -> bool:
    """Whether a row is a total: by its words alone where no money hangs on it, else by its sum too.

    A row with an id of its own ('Total Energies Ltd', 'Total-9') keeps its money, unless it is the sum of the rows above.
    """
    named = not key or bool(_TOTAL.match(printed[:HEAD]))
    worded = any(_TOTAL.match(text[:HEAD]) for text in filled[:2])
    if no_amount:
        return named and worded
    if any(ONLY_TOTAL.fullmatch(text[:HEAD]) for text in filled[:2]) and (not key or ONLY_TOTAL.fullmatch(printed)):
        return True
    bare = not printed.strip() and len(filled) == 1  # nothing but the sum itself
    return adds_up and (bare or (named and worded))


class _Above:
    """The sums a totals row may state: of all other rows, of all above it, or of those since the last total."""

    def __init__(self, amounts: npt.NDArray[np.int64]) -> None:
        self.amounts = amounts
        self.sums: npt.NDArray[np.int64] | None = None
        self.since = 0
        self.totals = 0

    def adds_up(self, at: int) -> bool:
        """Whether the amount of a row is the sum of all other rows, or of three or more rows above it."""
        amount = int(self.amounts[at])
        if not amount or len(self.amounts) < 4:
            return False
        sums = self._sums()
        if amount == int(sums[-1]) - amount - self.totals:
            return True
        return at - self.since > 2 and amount in {int(sums[at]) - self.totals, int(sums[at] - sums[self.since])}

    def total_at(self, at: int) -> None:
        """A total stands here: it is no money itself, and a new subtotal begins below it."""
        self.since, self.totals = at + 1, self.totals + int(self.amounts[at])

    def _sums(self) -> npt.NDArray[np.int64]:
        """Sums of all amounts above each row, made when first asked for."""
        if self.sums is None:
            self.sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.amounts)])
        return self.sums


def _apply_rule(rows: Rows, rule: SkipRule, skip: npt.NDArray[np.int8], note: npt.NDArray[np.object_]) -> None:
    column = find_column(rows.frame, rule.column)
    if column is None:
        return
    if rule.is_formula:  # worked out with the derived columns, as TRUE, FALSE or an error
        hit = pc.equal(arrow_text(rows.frame[column]), "TRUE").to_numpy(zero_copy_only=False) & (skip == 0)
        skip[hit], note[hit] = SKIP_CODE[Skip.SKIP_RULE], rule.reason or rule.column
        return
    text = pc.utf8_trim_whitespace(pc.utf8_lower(arrow_text(rows.frame[column])))
    value = rule.value.strip().lower()
    tests = {
        "is": lambda: pc.equal(text, value), "is not": lambda: pc.not_equal(text, value), "is empty": lambda: pc.equal(text, ""),
        "is not empty": lambda: pc.not_equal(text, ""), "contains": lambda: pc.match_substring(text, value),
        "starts with": lambda: pc.starts_with(text, value), UNLESS_FOUND: lambda: pc.not_equal(text, ""),
    }  # fmt: skip
    hit = tests[rule.test]().to_numpy(zero_copy_only=False) & (skip == 0)
    kind = Skip.NO_ID_FOUND if rule.test == UNLESS_FOUND else Skip.SKIP_RULE
    skip[hit], note[hit] = SKIP_CODE[kind], rule.reason or f"{rule.column} {rule.test} {rule.value}".strip()


def _failed(rows: Rows, plan: Plan) -> npt.NDArray[np.object_]:
    """For each row the Excel error of a derived column that the leg, or a skip rule, needs: 'Net: #VALUE!'; '' for none."""
    note = np.full(len(rows.frame), "", object)
    mapped = {
        name
        for meaning in Meaning
        for use in plan.uses(rows.raw.source, meaning)
        for _, name in terms_of(rows.frame, use)
    }
    if plan.side.group_by:
        mapped.add(plan.side.group_by)
    needed = {find_column(rows.frame, name) for name in mapped} | {
        rule.column for rule in plan.skips if rule.is_formula
    }
    for column, bad in rows.raw.failed.items():
        if column in needed:
            at = np.flatnonzero(bad & (note == ""))
            note[at] = [f"{column}: {word}" for word in rows.frame[column].iloc[at]]
    return note


def _no_column(rows: Rows, rule: SkipRule) -> Problem:
    what = f"{rows.raw.file} has no column '{rule.column}', which a skip rule asks for."
    fix = "Correct the name in the table Skip rules, or empty the row."
    severity = Severity.STOP if rule.source else Severity.NOTE  # a rule for every source may fit only some of them
    return Problem("M-202", severity, place(rows.raw, 0, rule.column), rule.column, what, fix)


def _unread(rows: Rows, plan: Plan, skip: npt.NDArray[np.int8]) -> list[Problem]:
    """One Problem for each row left out because a cell could not be read."""
    problems: list[Problem] = []
    columns = {
        Skip.BAD_AMOUNT: "amount_raw",
        Skip.NO_AMOUNT: "amount_raw",
        Skip.BAD_DATE: "date_raw",
        Skip.DAMAGED_ID: "key_raw",
    }
    names = {meaning.value: uses[-1].column for meaning in Meaning if (uses := plan.uses(rows.raw.source, meaning))}
    if names.get("amount") == EXPECTED_NET:  # told of the cell in the file, as every other leg tells it: once
        names["amount"] = next(iter(rows.raw.reads.get(EXPECTED_NET, (EXPECTED_NET,))))
    for kind, column in columns.items():
        at = np.flatnonzero(skip == SKIP_CODE[kind])
        header = names.get({"amount_raw": "amount", "date_raw": "date", "key_raw": "id"}[column], "")
        code, what, fix = _NOT_READ[kind]
        for name, own in (
            _by_cell(rows, plan, at) if kind is Skip.BAD_AMOUNT else ()
        ):  # told of the cell, as a leg that reads it alone tells it: once
            cells = rows.frame[find_column(rows.frame, name) or name]
            problems += row_problems(rows.raw, own, cells.iloc[own].tolist(), name, code, what, fix)
            at = np.setdiff1d(at, own)
        problems += row_problems(rows.raw, at, rows.lines[column].iloc[at].tolist(), header, code, what, fix)
    problems += _compared(rows, plan, np.flatnonzero(skip == SKIP_CODE[Skip.BAD_COMPARED]))
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


def _off_sum(rows: Rows, plan: Plan) -> Bool:
    """Rows that are not the sum of their amounts. A side that is added up (payouts against the bank) is compared as printed."""
    flag = np.zeros(len(rows.lines), bool)
    if len(rows.raw.off_sum) and not plan.side.group_by:
        flag[rows.raw.off_sum["at"].to_numpy()] = True
    return flag


def _not_their_sum(rows: Rows, skip: npt.NDArray[np.int8], note: npt.NDArray[np.object_]) -> list[Problem]:
    """Note what each row comes to that is skipped since it does not add up; their problems: T-261, or one T-262."""
    off = rows.raw.off_sum
    if not len(off):
        return []
    off = off[skip[off["at"].to_numpy()] == SKIP_CODE[Skip.OFF_SUM]]
    at, net, total, turned = (off[name].to_numpy() for name in OFF_SUM_COLUMNS)
    gaps, which = np.unique(net - total, return_inverse=True)
    note[at] = np.array([f"Its amounts add up to {grouped(abs(gap))} {'less' if gap > 0 else 'more'} than its own total." for gap in gaps.tolist()], object)[which]  # fmt: skip
    found = gap_problems(net, total, turned, lambda pos: place(rows.raw, int(rows.raw.row[at[pos]])))
    column = _explains(rows, skip, at, net - total) if found and found[0].severity is Severity.LEFT_OUT else ""
    if not column:
        return found
    fix = f"Map the column '{column}' of the file: it is what these rows lack, to the last amount. Add it to the table Marketplace (role Settlements, meaning entry) and run again."
    return [one._replace(fix=fix) for one in found]


def _explains(rows: Rows, skip: npt.NDArray[np.int8], at: npt.NDArray[np.intp], gaps: npt.NDArray[np.int64]) -> str:
    """The column of the file that is the gap of every row at `at` and nothing on all rows that take part; '' for none."""
    others = np.flatnonzero(skip == 0)
    for name in rows.raw.frame.columns if len(others) else ():  # where no row adds up the net itself is what is lacking
        for some in (slice(0, 50), slice(None)):  # a few rows first: nearly every column ends there
            mine = read_amounts(rows.raw.frame[name].iloc[at[some]].reset_index(drop=True))
            if not mine.ok.all() or (mine.minor != gaps[some]).any():
                break
        else:
            rest = read_amounts(rows.raw.frame[name].iloc[others].reset_index(drop=True))
            if (rest.ok | rest.blank).all() and not rest.minor.any():
                return str(name)
    return ""


def _by_cell(rows: Rows, plan: Plan, at: npt.NDArray[np.intp]) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Where the amount is a sum of columns: each column and the rows (of `at`) whose first unreadable cell is in it."""
    uses = plan.uses(rows.raw.source, Meaning.AMOUNT)
    terms = terms_of(rows.frame, uses[0]) if uses and len(at) else ()
    for _, name in terms if len(terms) > 1 else ():
        if column := find_column(rows.frame, name):
            read = read_amounts(rows.frame[column].iloc[at].reset_index(drop=True))
            wrong = ~read.ok & ~read.blank
            if wrong.any():
                yield column, at[wrong]
            at = at[~wrong]


def _compared(rows: Rows, plan: Plan, at: npt.NDArray[np.intp]) -> list[Problem]:
    """Rows whose compared amount cannot be read: never taken for zero."""
    if not len(at):
        return []
    names = [name for use in plan.uses(rows.raw.source, Meaning.COMPARE) for _, name in terms_of(rows.frame, use)]
    columns = [column for column in (find_column(rows.frame, name) for name in names) if column]
    raw = rows.frame[columns].iloc[at].agg(" + ".join, axis=1).tolist()
    what = "'{raw}' cannot be compared, it is not an amount; the row is left out."
    return row_problems(
        rows.raw, at, raw, ", ".join(columns), "T-213", what, "Correct the amount in the file and run again."
    )


def _with_ragged(rows: Rows) -> Rows:
    """Append the rows that do not fit the header; from the first one with the words of a footer on they are one."""
    at = np.array([row for row, _ in rows.raw.ragged], np.int64)
    raw_texts = [text for _, text in rows.raw.ragged]
    last = int(rows.raw.row.max(initial=0))
    footer = next(
        (row for row, text in rows.raw.ragged if row > last and _TOTAL.match(text.strip(' "')[:HEAD])), np.inf
    )
    kinds = [
        Skip.BLANK_ROW if not text.strip(" ,;\t|") else Skip.TOTAL if row >= footer else Skip.RAGGED
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
