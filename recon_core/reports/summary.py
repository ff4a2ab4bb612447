"""Sheet Summary: the outcome, the tie-out, counts and amounts by outcome, class, type and age, each linked to its rows.

The blocks above row 27 stand at fixed places, because the charts of the template look there; those of a marketplace, then those of
the legs, follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from recon_core.marketplace.meanings import LAGS
from recon_core.model import CLASS_CODE, CLASSES, LEFT_OUT, SKIP_CODE, MatchClass, Result, Status
from recon_core.money import to_major, to_text
from recon_core.recipe import RuleKind
from recon_core.reports.blocks import STEPS, header, is_lag, section
from recon_core.reports.blocks import row as row_cells
from recon_core.reports.card_block import card_block
from recon_core.reports.case import TABLE_ROW, Case, day, heading
from recon_core.reports.late_blocks import changes_block, expected_block
from recon_core.reports.market_blocks import market_blocks
from recon_core.reports.tieout import Check, Sums, bridge, checks
from recon_core.reports.verdict import verdict
from recon_core.sheets import Cell, Formula, Sheet, Value

GLANCE_ROW, TYPES_ROW, TYPES_SHOWN, LEGS_ROW = 8, 16, 8, 27  # header rows; the charts refer to the rows below them
OTHER_TYPES = "Other types"  # the smallest together, where there are more types than rows for them
STYLES = {
    Status.MATCHED: "matched",
    Status.PARTIALLY_MATCHED: "partial",
    Status.UNMATCHED: "unmatched",
    Status.SKIPPED: "skipped",
}
LINKS = {
    Status.MATCHED: "#Matched!A5",
    Status.PARTIALLY_MATCHED: "#Exceptions!A5",
    Status.UNMATCHED: "#Exceptions!A5",
    Status.SKIPPED: "#Skipped!A5",
}
BANDS = (
    (None, 0, "Not older than the as-of day"),
    (1, 7, "1 to 7 days"),
    (8, 15, "8 to 15 days"),
    (16, 30, "16 to 30 days"),
    (31, 60, "31 to 60 days"),
    (61, None, "over 60 days"),
)
WIDTHS = {1: 58, 2: 18, 3: 18, 4: 18, 5: 18, 6: 14, 7: 48}


def sheet(case: Case) -> Sheet:
    """The sheet Summary."""
    cells = [
        *heading(case, "Summary", "Amounts as the files state them. Every figure below is linked to its rows."),
        *_glance(case),
        *_types(case),
    ]
    row, tests = LEGS_ROW, []
    for make in (changes_block, expected_block):
        found, row = make(case, row)
        cells += found
    if case.books is not None:
        block, row, test = market_blocks(case, case.books, row)
        cells += block
        tests.append(test)
    found, row = card_block(case, row)
    cells += found
    for result in case.results.values():
        block, row, test = _leg(case, result, row)
        cells += block
        tests.append(test)
    cells += _top(case, row)
    return Sheet(name="Summary", cells=(*cells, *_outcome(case, tests)), widths=WIDTHS, tab="green")


def _outcome(case: Case, tests: Sequence[tuple[str, bool]]) -> list[Cell]:
    """Rows 4 and 5: the outcome word, and TRUE only when every check of every leg agrees."""
    left_out = rows_left_out(case.results)
    work = str(verdict(case.details["tblExceptions"]))
    words = {
        "ok": f"OK: {work}; every cell that matters could be read",
        "warn": f"WARN: {work}; {left_out:,} {'row' if left_out == 1 else 'rows'} left out, see Data checks",
    }
    ties = all(value for _, value in tests)
    return [
        Cell(row=4, column=1, value="Outcome of the run", style="label"),
        Cell(row=4, column=2, value=words[case.outcome], style="good" if case.outcome == "ok" else "warn", link="#'Data checks'!A5"),
        *(Cell(row=4, column=column, value=None, style="good" if case.outcome == "ok" else "warn") for column in range(3, 6)),
        Cell(row=6, column=1, value=_who(case), style="subtitle"),
        Cell(row=5, column=1, value="Tie-out: every check below agrees", style="label"),
        Cell(row=5, column=2, value=Formula(f"AND({','.join(text for text, _ in tests)})", ties), style="truth_good" if ties else "truth_bad"),
    ]  # fmt: skip


def rows_left_out(results: Mapping[str, Result]) -> int:
    """Rows of files that could not be read or do not add up, each counted once however many legs read it."""
    codes = [SKIP_CODE[kind] for kind in LEFT_OUT]
    numbers: dict[tuple[str, str], int] = {}
    found = [np.empty((2, 0), np.int64)]
    for result in results.values():
        lines = result.lines[np.isin(result.lines["skip"].to_numpy(), codes)]
        own = [numbers.setdefault((file.path, file.sheet), len(numbers)) for file in result.files]
        found.append(np.array([np.array(own, np.int64)[lines["file"].to_numpy()], lines["row"].to_numpy()]))
    return len(np.unique(np.concatenate(found, axis=1), axis=1).T)


def _who(case: Case) -> str:
    """Who ran it, when, where, by which version, for the printed page."""
    run = case.run
    by = f" by {run.user} on {run.machine}" if run.user else ""
    return f"Run {run.number}, {day(run.started.date())} {run.started:%H:%M}{by}; engine {run.version}, result {run.result_hash}."


def _glance(case: Case) -> list[Cell]:
    """Rows by outcome over all legs; amounts only where there is one leg, since legs are not added up."""
    single = len(case.results) == 1
    names = ("Outcome", "Rows A", "Rows B", "Amount A", "Amount B") if single else ("Outcome", "Rows A", "Rows B")
    cells = section(GLANCE_ROW - 1, "Rows by outcome" if single else "Rows by outcome, all legs together") + header(
        GLANCE_ROW, *names
    )
    for at, status in enumerate(Status, GLANCE_ROW + 1):
        tallies = [[result.tallies[side, status] for result in case.results.values()] for side in (0, 1)]
        values: list[Value] = [str(status), *(sum(one.rows for one in side) for side in tallies)]
        values += [to_major(sum(one.amount_minor for one in side)) for side in tallies] if single else []
        cells += row_cells(
            at, values, [STYLES[status], "integer", "integer", "amount", "amount"][: len(values)], LINKS[status]
        )
    letters = "BCDE" if single else "BC"
    bottom = GLANCE_ROW + len(Status)
    values = [
        "Total",
        *(Formula(f"SUM({letter}{GLANCE_ROW + 1}:{letter}{bottom})", _column(cells, letter)) for letter in letters),
    ]
    return cells + row_cells(
        bottom + 1, values, ["label", "integer_bold", "integer_bold", "amount_bold", "amount_bold"][: len(values)]
    )


def _column(cells: Sequence[Cell], letter: str) -> float:
    column = "ABCDEFG".index(letter) + 1
    return sum(
        cell.value
        for cell in cells
        if cell.column == column and isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
    )


def _types(case: Case) -> list[Cell]:
    """Open rows by type, largest open amount first, what is a lag of time last; below the slots what the exceptions come to.

    The slots below the last type stay empty; where there are more types than slots the smallest stand together, so that all adds up.
    """
    rows = case.details["tblExceptions"]
    cells = section(TYPES_ROW - 1, "Exceptions by type; a lag of time stands last and is not counted") + header(
        TYPES_ROW, "Type", "Rows", "Open amount", "Amount A", "Amount B", "Difference", "What to do"
    )
    filled = rows.assign(size=rows["Difference"].abs().fillna(0)).fillna(
        {"Amount A": 0, "Amount B": 0, "Difference": 0}
    )
    types = filled.groupby("Type").agg(
        rows=("size", "size"),
        size=("size", "sum"),
        a=("Amount A", "sum"),
        b=("Amount B", "sum"),
        gap=("Difference", "sum"),
    )
    types = types.sort_values(["size", "rows"], ascending=False, kind="stable")
    lag = types.index.isin(LAGS)
    work, lags = types[~lag], types[lag]
    room = TYPES_SHOWN - len(lags)
    if len(work) > room:
        rest = work.iloc[room - 1 :].sum().to_frame(OTHER_TYPES).T
        work = pd.concat([work.iloc[: room - 1], rest])
    types = pd.concat([work, lags])
    for at, (name, one) in enumerate(types.iterrows(), TYPES_ROW + 1):
        money = [to_major(int(one[column])) for column in ("size", "a", "b", "gap")]
        cells += row_cells(
            at,
            [str(name), int(one["rows"]), *money, STEPS.get(str(name), "See them on Exceptions.")],
            ["text", "integer", "amount", "amount", "amount", "amount", "text_indent"],
            "#Exceptions!A5",
        )
    if len(work):
        bottom = TYPES_ROW + len(work)
        sums: list[Value] = [Formula(f"SUM(B{TYPES_ROW + 1}:B{bottom})", int(work["rows"].sum())), Formula(f"SUM(C{TYPES_ROW + 1}:C{bottom})", to_major(int(work["size"].sum())))]  # fmt: skip
        label = "Exceptions, without a lag of time" if len(lags) else "Exceptions"
        cells += row_cells(TYPES_ROW + TYPES_SHOWN + 1, [label, *sums], ["label", "integer_bold", "amount_bold"])
    if types.empty:
        cells += row_cells(TYPES_ROW + 1, ["None: every row of both sides is matched or skipped."], ["text"])
    return cells


def _leg(case: Case, result: Result, row: int) -> tuple[list[Cell], int, tuple[str, bool]]:
    """The block of one leg: outcomes, tie-out, bridge, classes, age. Returns its cells, the next row, its test."""
    cells = section(row, f"Leg {result.leg}: {result.label_a} (A) against {result.label_b} (B)")
    cells += [
        Cell(row=row + 1, column=1, value="Leg", style="label"),
        Cell(row=row + 1, column=2, value=result.leg, style="text"),
        Cell(row=row + 1, column=3, value=_terms(case, result), style="subtitle"),
    ]
    leg_cell = f"$B${row + 1}"
    found, row = _outcomes(case, result, row + 2, leg_cell)
    cells += found
    found, row, test = _tie_out(case, result, row + 1, leg_cell)
    cells += found
    for block in (_bridge, _classes, _ages):
        found, row = block(case, result, row + 1, leg_cell)
        cells += found
    return cells, row + 1, test


def _terms(case: Case, result: Result) -> str:
    """What the leg allows: 'Tolerance 0.05; dates within 5 days; id cleaning standard'."""
    leg = next((leg for leg in case.recipe.legs if leg.name == result.leg), None)
    if leg is None:
        return ""
    days = max(
        (max(rule.days_before or 0, rule.days_after or 0) for rule in leg.rules if rule.kind is not RuleKind.SUGGEST),
        default=0,
    )
    dates = f"dates within {days} days" if leg.dates_matter else "dates not compared"
    whole = "an id whose totals differ stays together" if leg.whole_ids else "equal lines match where totals differ"
    return f"Tolerance {to_text(max((rule.within_minor for rule in leg.rules), default=0))}; {dates}; id cleaning {leg.cleaning}; {whole}."


def _outcomes(case: Case, result: Result, row: int, leg_cell: str) -> tuple[list[Cell], int]:
    cells = header(row, "Outcome", "Rows A", "Amount A", "Rows B", "Amount B")
    for at, status in enumerate(Status, row + 1):
        values: list[Value] = [str(status)]
        for side in (0, 1):
            tally = result.tallies[side, status]
            values += [tally.rows, to_major(tally.amount_minor)]
        cells += row_cells(at, values, [STYLES[status], "integer", "amount", "integer", "amount"], LINKS[status])
    bottom = row + len(Status)
    totals: list[Value] = [
        Formula(f"SUM({letter}{row + 1}:{letter}{bottom})", round(_column(cells[5:], letter), 4)) for letter in "BCDE"
    ]
    return cells + row_cells(
        bottom + 1, ["Total", *totals], ["label", "integer_bold", "amount_bold", "integer_bold", "amount_bold"]
    ), bottom + 2


def _tie_out(case: Case, result: Result, row: int, leg_cell: str) -> tuple[list[Cell], int, tuple[str, bool]]:
    cells = header(row, "Tie-out", "One figure", "The other", "Difference", "Agrees")
    lines = checks(case, result, leg_cell)
    for at, check in enumerate(lines, row + 1):
        cells += _check(check, at)
    values = [_agrees(check) for check in lines]
    return cells, row + len(lines) + 1, (f"E{row + 1}:E{row + len(lines)}", all(values))


def _check(check: Check, at: int) -> list[Cell]:
    gap = _gap(check)
    style = "amount" if check.money else "integer"
    difference = Formula(f"ROUND(B{at}-C{at},{check.places})", gap)
    return row_cells(
        at,
        [check.label, check.left, check.right, difference, Formula(f"D{at}=0", gap == 0)],
        ["text", style, style, style, "truth_good" if gap == 0 else "truth_bad"],
    )


def _gap(check: Check) -> float:
    left, right = (
        float(side.value) if isinstance(side.value, int | float) else 0.0 for side in (check.left, check.right)
    )
    return round(left - right, check.places) + 0.0


def _agrees(check: Check) -> bool:
    return _gap(check) == 0


def _bridge(case: Case, result: Result, row: int, leg_cell: str) -> tuple[list[Cell], int]:
    """What makes up A - B; its total is the right side of the last check."""
    cells = header(row, "Bridge from A to B", "Amount")
    parts = bridge(Sums(case=case, result=result, leg=leg_cell))
    for at, (label, value) in enumerate(parts, row + 1):
        cells += row_cells(at, [label, value], ["text", "amount"])
    total = round(sum(float(value.value) for _, value in parts if isinstance(value.value, int | float)), 4) + 0.0
    cells += row_cells(
        row + len(parts) + 1,
        ["A - B", Formula(f"SUM(B{row + 1}:B{row + len(parts)})", total)],
        ["label", "amount_bold"],
    )
    return cells, row + len(parts) + 2


def _classes(case: Case, result: Result, row: int, leg_cell: str) -> tuple[list[Cell], int]:
    """Confirmed matches by class, with the rows and the money of side A and the rows of side B."""
    green = result.lines["status"].to_numpy() == list(Status).index(Status.MATCHED)
    lines = result.lines[["side", "klass", "link", "amount_minor"]][green]
    cells, at = header(row, "Class of match", "Matches", "Rows A", "Amount A", "Rows B"), row + 1
    for name in CLASSES:
        mine = lines[lines["klass"] == CLASS_CODE[name]]
        if name is MatchClass.PARTIAL or mine.empty:
            continue
        is_a = (mine["side"] == 0).to_numpy()
        amount = to_major(int(mine["amount_minor"].to_numpy()[is_a].sum()))
        cells += row_cells(
            at,
            [str(name), int(mine["link"].nunique()), int(is_a.sum()), amount, int((~is_a).sum())],
            ["text", "integer", "integer", "amount", "integer"],
            "#Matched!A5",
        )
        at += 1
    return cells, at


def _ages(case: Case, result: Result, row: int, leg_cell: str) -> tuple[list[Cell], int]:
    """Open rows of A and B by age; left away where the leg has no dates."""
    rows = case.details["tblExceptions"]
    rows = rows[(rows["Leg"] == result.leg).to_numpy()]
    if not result.has_dates or rows.empty:
        return [], row - 1
    age = rows["Age days"].to_numpy(dtype="float64", na_value=np.nan)
    cells, at = header(row, "Age of open rows", "Rows", "Amount A", "Amount B"), row + 1
    for low, high, label in (*BANDS, (None, None, "no date")):
        inside = (
            np.isnan(age)
            if (low, high) == (None, None)
            else (age >= (-np.inf if low is None else low)) & (age <= (np.inf if high is None else high))
        )
        if inside.any():
            amounts = [to_major(int(rows[f"Amount {side}"][inside].fillna(0).sum())) for side in "AB"]
            cells += row_cells(
                at, [label, int(inside.sum()), *amounts], ["text", "integer", "amount", "amount"], "#Exceptions!A5"
            )
            at += 1
    return cells, at


def _top(case: Case, row: int) -> list[Cell]:
    """The ten largest exceptions, each linked to its row; a lag of time is none."""
    rows = case.details["tblExceptions"].reset_index(drop=True)
    rows = rows[~is_lag(rows)]
    if rows.empty or "tblExceptions" in case.overflow:
        return []
    size = rows["Difference"].abs().fillna(0).to_numpy(dtype="int64")
    top = rows.iloc[np.argsort(-size, kind="stable")[:10]]
    cells = section(row, "Ten largest exceptions") + header(
        row + 1, "Id", "Leg", "Amount A", "Amount B", "Difference", "Type", "Why not matched"
    )
    for at, (number, one) in enumerate(top.iterrows(), row + 2):
        money = [
            None if pd.isna(one[name]) else to_major(int(one[name])) for name in ("Amount A", "Amount B", "Difference")
        ]
        link = f"#Exceptions!A{TABLE_ROW + 1 + int(str(number))}"
        cells += row_cells(
            at,
            [str(one["Id"]) or "(none)", str(one["Leg"]), *money, str(one["Type"]), str(one["Why not matched"])],
            ["id", "text", "amount", "amount", "amount", "text", "text"],
            link,
        )
    return cells
