"""How a finished run is told: one JSON object for programs, a table and short lines for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from addin.job import Done
from addin.preview import Preview
from recon_core.formula import FormulaError, Listed
from recon_core.model import CLASS_CODE, CLASSES, MatchClass, Result, Status, Tally
from recon_core.money import grouped, to_text
from recon_core.problems import SEVERITY_WORDS, Problem, Severity
from recon_core.reports.case import WARNS

JSON_STATUS = {
    Status.MATCHED: "fully_matched",
    Status.PARTIALLY_MATCHED: "partially_matched",
    Status.UNMATCHED: "unmatched",
    Status.SKIPPED: "skipped",
}
COLOURS = {Status.MATCHED: "green", Status.PARTIALLY_MATCHED: "yellow", Status.UNMATCHED: "red", Status.SKIPPED: "dim"}
FORMULA_CODES = ("D-701", "D-702")
FIRST = frozenset(
    {"X-801", "X-802", "L-601", "L-602", "L-603", "R-752"}
)  # money or files that are missing: before rows left out
ROUTINE = frozenset({"D-602"})  # in every file of some portals; told in one line
SHOWN = 12  # problems printed before the rest is counted
DOES_NOT_TIE = "Tie-out: Summary!B5 does not show TRUE. Do not sign; look at the lines of the tie-out."
MOST_TOLD = 900  # characters of a message box; Excel cuts it at about 1,000


def to_json(done: Done) -> dict[str, object]:
    """The documented object of `--json` (docs/manual/json.md); amounts are texts with the files' decimals."""
    return {
        "outcome": done.outcome, "run_id": done.run_id, "result_hash": done.result_hash, "workbook": done.workbook, "changes": done.changes,
        "verdict": str(done.verdict) if done.verdict else "", "exceptions": _verdict(done),
        "legs": [_leg(result) for result in done.results.values()], "problems": [_problem(problem) for problem in done.problems],
    }  # fmt: skip


def _verdict(done: Done) -> dict[str, object] | None:
    """Rows and amount of the exceptions, and of what is only a lag of time beside them; None where nothing was matched."""
    if done.verdict is None:
        return None
    found = done.verdict
    decimals = max((result.decimals for result in done.results.values()), default=2)
    lags = {"rows": found.lag_rows, "amount": to_text(found.lag_minor, decimals)}
    return {"rows": found.rows, "amount": to_text(found.open_minor, decimals), "lags": lags}


def _leg(result: Result) -> dict[str, object]:
    return {
        "name": result.leg,
        "a": _side(result, 0),
        "b": _side(result, 1),
        "links": links(result),
        "suggestions": len(result.suggestions),
    }


def links(result: Result) -> dict[str, int]:
    """Number of links of each class; 'Partial' are the partially matched ones."""
    lines = result.lines
    linked = lines["link"].to_numpy() >= 0
    _, first = np.unique(lines["link"].to_numpy()[linked], return_index=True)
    status, klass = lines["status"].to_numpy()[linked][first], lines["klass"].to_numpy()[linked][first]
    green = status == list(Status).index(Status.MATCHED)
    found = {str(name): int((green & (klass == CLASS_CODE[name])).sum()) for name in CLASSES}
    found[str(MatchClass.PARTIAL)] = int((~green).sum())
    return {name: count for name, count in found.items() if count}


def _side(result: Result, side: int) -> dict[str, object]:
    tallies = {status: result.tallies[side, status] for status in Status}
    total = Tally(
        rows=sum(one.rows for one in tallies.values()), amount_minor=sum(one.amount_minor for one in tallies.values())
    )
    return {
        **_tally(total, result.decimals),
        **{JSON_STATUS[status]: _tally(one, result.decimals) for status, one in tallies.items()},
    }


def preview_json(found: Preview) -> dict[str, object]:
    """The documented object of `tieout formula --json`; cells are texts as a sheet shows them."""
    names = ["row", *(name for name, _ in found.columns)]
    return {
        "source": found.source, "formula": found.formula, "rows": found.rows, "columns": [{"name": name, "holds": holds} for name, holds in found.columns],
        "first": [dict(zip(names, cells, strict=True)) for cells in found.cells], "problems": [_problem(problem) for problem in found.problems],
    }  # fmt: skip


def show_preview(found: Preview, console: Console) -> None:
    """The first rows as a table, and what is to be said about the others."""
    console.print(
        Text(f"{found.formula} on {found.source}, first {len(found.cells)} of {found.rows:,} rows", style="bold"),
        soft_wrap=True,
    )
    table = Table()
    table.add_column("Row", justify="right", style="dim")
    for number, (name, holds) in enumerate(found.columns, 1):
        last = number == len(found.columns)
        table.add_column(
            Text(f"{name}\n({holds})"), justify="right" if holds == "number" else "left", style="bold" if last else ""
        )
    for cells in found.cells:
        table.add_row(*map(Text, cells))
    console.print(table)
    show_problems(found.problems, console)


def show_functions(found: Sequence[Listed], console: Console) -> None:
    """A line each: name, where it comes from, how it is written, what it does."""
    for one in found:
        console.print(
            Text.assemble((f"{one.name:<18}", "bold"), (f"{one.source:<10}", "dim"), f"{one.shown}  {one.help}"),
            soft_wrap=True,
        )
    if len(found) > 1:
        own = sum(one.source == "own" for one in found)
        words = f"{own} functions of our own run on whole columns. {len(found) - own} more come from the library 'formulas', row by row: slow, at most 20,000 different rows."
        console.print(Text(words, style="green"), soft_wrap=True)


def _tally(tally: Tally, decimals: int) -> dict[str, object]:
    return {"rows": tally.rows, "amount": to_text(tally.amount_minor, decimals)}


def _problem(problem: Problem) -> dict[str, object]:
    where = problem.where
    return {
        "code": problem.code, "severity": str(problem.severity), "message": problem.what, "where": {"file": where.file, "sheet": where.sheet, "row": where.row or None, "column": where.column, "cell": where.cell},
        "raw": problem.raw, "fix": problem.fix,
    }  # fmt: skip


def show(done: Done, console: Console, *, written: bool) -> None:
    """Counts and amounts by leg, the tie-out, what deserves eyes, and where the workbook lies."""
    for result in done.results.values():
        console.print(_table(result))
    show_problems(done.problems, console)
    if done.outcome in ("stop", "ask"):
        advice = {"stop": "Mend the lines marked Stop", "ask": "Answer the lines marked Ask"}[done.outcome]
        console.print(Text(f"Nothing was written. {advice} and run again.", style="bold red"))
        return
    if done.verdict is not None:
        console.print(Text(f"Verdict: {done.verdict}.", style="bold"), soft_wrap=True)
    if not written:
        console.print(
            Text("The inputs can be reconciled; this is what a run would come to. Nothing was written.", style="green"),
            soft_wrap=True,
        )
        return
    words = (
        "Tie-out: agrees. Every row and every amount of both sides is on a sheet; Summary proves it with live formulas."
    )
    console.print(Text(words, style="green"), soft_wrap=True)
    for line in _of_time(done):
        console.print(Text(line), soft_wrap=True)
    for name in done.files:
        console.print(f"Detail above the sheet limit: {name} (beside the workbook)")
    console.print(Text.assemble("Workbook: ", (done.workbook, "bold")), soft_wrap=True)


def closing(done: Done, *, written: bool = True, ties: bool = True) -> str:
    """The one message a button ends with: counts, amounts, tie-out, the gravest problems, the next step.

    `ties`: what Summary!B5 shows after the run; `written` False: only the inputs were checked.
    """
    ranked = _ranked(done.problems)
    if done.outcome in ("stop", "ask"):
        word = {"stop": "Nothing was written: it cannot be trusted.", "ask": "Nothing was written: a question is open."}
        checked = "The inputs cannot be reconciled yet. Data checks lists why; no other sheet was changed."
        return _told([word[done.outcome] if written else checked, ""], [str(one) for one in ranked], "")
    head = (
        f"Run {done.number} is done: {done.outcome.upper()}."
        if written
        else "The inputs can be reconciled. A run would come to:"
    )
    if done.verdict is not None:
        head += f" {_capital(str(done.verdict))}."
    lines = [head, "", *[line for result in done.results.values() for line in _counts(result)], ""]
    if written:
        lines.append("Tie-out: agrees. Summary proves it with live formulas." if ties else DOES_NOT_TIE)
        lines += _of_time(done)
    told = [one for one in ranked if one.severity is not Severity.NOTE or one.code in FIRST - {"L-603"}]
    seen = [f"{SEVERITY_WORDS[one.severity]}: {one}" for one in told]
    rest = len(ranked) - len(seen)
    notes = f"{rest} {'note' if rest == 1 else 'notes'} on Data checks." if rest else ""
    return _told(lines, seen, notes or "Next: Exceptions." if written else notes)


def _of_time(done: Done) -> list[str]:
    """What changed since the run before, and the expected files that have not come."""
    missing = [one.what for one in done.problems if one.code == "L-603"]
    more = [f"{len(missing) - 2} more expected files are missing: see Summary."] if len(missing) > 2 else []
    return [*filter(None, [done.changes]), *missing[:2], *more]


def brief(done: Done, at: str, *, written: bool = True, ties: bool = True) -> str:
    """The line for the status cell, such as 'Run 3 OK at 14:32: 18 exceptions, open amount 1,204.50; tie-out agrees'."""
    if done.outcome in ("stop", "ask"):
        gravest = _ranked(done.problems)[:1]
        what = "nothing was written" if written else "only Data checks was changed"
        return f"{done.outcome.upper()} at {at}: {what}. {gravest[0] if gravest else ''}".strip()
    left = str(done.verdict) if done.verdict is not None else "nothing matched"
    if not written:
        return f"Inputs checked at {at}: {done.outcome.upper()}, a run would leave {left}."
    return f"Run {done.number} {done.outcome.upper()} at {at}: {left}; {'tie-out agrees' if ties else 'the tie-out does not show TRUE'}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _counts(result: Result) -> list[str]:
    """A line for each side of a leg: rows and amounts, matched and open."""
    lines = [f"{result.leg}:"] if result.leg else []
    for side, letter in enumerate("AB"):
        tallies = {status: result.tallies[side, status] for status in Status}
        matched, skipped = tallies[Status.MATCHED], tallies[Status.SKIPPED]
        rows = tallies[Status.PARTIALLY_MATCHED].rows + tallies[Status.UNMATCHED].rows
        amount = tallies[Status.PARTIALLY_MATCHED].amount_minor + tallies[Status.UNMATCHED].amount_minor
        left = f", {skipped.rows:,} skipped ({grouped(skipped.amount_minor)})" if skipped.rows else ""
        lines.append(
            f"{letter}: {matched.rows:,} rows matched ({grouped(matched.amount_minor)}), {rows:,} open ({grouped(amount)}){left}"
        )
    return lines


def _told(lines: Sequence[str], problems: Sequence[str], end: str) -> str:
    """The lines and as many problems as a message box holds; the rest is counted."""
    room = MOST_TOLD - sum(len(line) + 1 for line in (*lines, end)) - 60
    shown: list[str] = []
    for text in problems:
        room -= len(text) + 1
        if room < 0 and shown:
            break
        shown.append(text if room >= 0 else f"{text[: room + len(text) - 3]}...")
    more = [f"... and {len(problems) - len(shown)} more on Data checks."] if len(shown) < len(problems) else []
    return "\n".join([*lines, *shown, *more, *([end] if end else [])]).strip()


def _ranked(problems: Sequence[Problem]) -> list[Problem]:
    """The gravest first: stops and questions, money or files that are missing, rows left out, notes that deserve eyes, others, routine ones."""

    def gravity(one: Problem) -> int:
        if one.severity is not Severity.NOTE:
            return {Severity.STOP: 0, Severity.ASK: 1}.get(one.severity, 3)
        ranks = ((FIRST, 2), (WARNS, 4), (ROUTINE, 6))
        return next((rank for codes, rank in ranks if one.code in codes), 5)

    return sorted(problems, key=gravity)


def _caret(problem: Problem) -> str:
    """The formula of a problem with a caret under the place; '' for other problems."""
    at = re.search(r"at character ([0-9,]+)", problem.what) if problem.code in FORMULA_CODES else None
    return FormulaError("", "", problem.raw, int(at[1].replace(",", "")) - 1).caret if at else ""


def _table(result: Result) -> Table:
    table = Table(
        title=f"{result.leg}: {result.label_a} (A) against {result.label_b} (B)",
        title_justify="left",
        title_style="bold",
    )
    for name in ("Outcome", "Rows A", "Amount A", "Rows B", "Amount B"):
        table.add_column(name, justify="left" if name == "Outcome" else "right")
    for status in Status:
        cells = [text for side in (0, 1) for text in _cells(result.tallies[side, status])]
        table.add_row(Text(str(status), style=COLOURS[status]), *cells)
    table.add_section()
    totals = [
        Tally(
            rows=sum(result.tallies[side, one].rows for one in Status),
            amount_minor=sum(result.tallies[side, one].amount_minor for one in Status),
        )
        for side in (0, 1)
    ]
    table.add_row("Total", *[text for total in totals for text in _cells(total)])
    return table


def _cells(tally: Tally) -> tuple[str, str]:
    return f"{tally.rows:,}", grouped(tally.amount_minor)


def show_problems(problems: Sequence[Problem], console: Console) -> None:
    """The gravest first; the rest is counted, the sheet Data checks has them all."""
    routine = [one for one in problems if one.code in ROUTINE and one.severity is Severity.NOTE]
    folded = routine if len(routine) > 1 else []
    ranked = [one for one in _ranked(problems) if one not in folded]
    for problem in ranked[:SHOWN]:
        style = {
            Severity.STOP: "bold red",
            Severity.ASK: "bold magenta",
            Severity.LEFT_OUT: "yellow",
            Severity.NOTE: "dim",
        }[problem.severity]
        console.print(Text.assemble((f"{SEVERITY_WORDS[problem.severity]:<13}", style), str(problem)), soft_wrap=True)
        if caret := _caret(problem):
            console.print(Text(caret, style="bold"), soft_wrap=True)
    if folded:
        words = f"{folded[0].code} {len(folded)} times, first {folded[0].where}".rstrip() + f": {folded[0].what}"
        console.print(Text.assemble((f"{SEVERITY_WORDS[Severity.NOTE]:<13}", "dim"), words), soft_wrap=True)
    if len(ranked) > SHOWN:
        console.print(f"... and {len(ranked) - SHOWN} more; the sheet Data checks and --json list all.")
