"""Worksheet functions, one line each over `recon_core`: for a user's own cells, never under a figure that is relied on.

They answer from the result sheets of the workbook that calls, as its last run left them; what a fee should be follows from
its sheet Rates as it stands. Ranges go in and come out, one call for a range. A cell without an answer bears a mark that the VBA around these functions turns into a real Excel
error. Names have no dots and never look like a cell address; the function wizard cuts texts at 255 characters.
Only what xlwings and xlwings Lite both know stands in the decorators: `func`, `arg`, type hints.
"""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import xlwings as xw

from recon_core import __version__, agreed_fees, answers, readings
from recon_core.problems import ReconError
from recon_core.readings import NoAnswer, is_blank
from recon_core.result_sheets import Cells, Results
from recon_core.schema import as_int, as_text

Grid = list[list[Any]]

MARK = "\x1eTIEOUT:"  # before the number of an Excel error; no text of a file holds it, as ids lose such signs
CODES = {NoAnswer.NOT_FOUND: 2042, NoAnswer.BAD_INPUT: 2015, NoAnswer.SEVERAL: 2036}
MOST_BOOKS = 4  # whose results are kept
NOTES_LAST = 5.0  # seconds that typed notes and rates are kept: a range of formulas reads them once

_kept: dict[str, tuple[str, Results]] = {}  # workbook -> the stamp of its last run, what that wrote
_noted: dict[str, float] = {}  # workbook -> when its notes were read
_agreed: dict[
    str, tuple[float, agreed_fees.Grids, agreed_fees.Rates]
] = {}  # workbook -> when looked at, cells, what they say


def mark(answer: object) -> object:
    """A value as it goes to the cell: NoAnswer as its mark, nothing as an empty text, a day as a date of Excel."""
    if isinstance(answer, NoAnswer):
        return f"{MARK}{CODES[answer]}"
    if isinstance(answer, dt.date) and not isinstance(answer, dt.datetime):
        return dt.datetime.combine(answer, dt.time())
    return "" if answer is None else answer


def to_cells(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its answers marked; input it refuses, and sheets that no run wrote so, are #VALUE!."""

    @functools.wraps(function)
    def marked(*args: Any, **named: Any) -> Any:
        try:
            found = function(*args, **named)
        except (ValueError, OverflowError, ReconError):
            found = NoAnswer.BAD_INPUT
        return [[mark(value) for value in row] for row in found] if isinstance(found, list) else mark(found)

    return marked


def _book() -> tuple[str, str, Cells]:
    """The workbook that calls: its name, the stamp of its last run ('' for none), its cells.

    The wrapper hands over the workbook of the calling cell, which `Book.caller` returns. While Excel calculates nothing
    but reading is allowed, so this is no host.
    """
    from addin.hosts.file import trimmed
    from addin.hosts.live_grid import read_rows, used
    from addin.hosts.live_values import shown

    book = xw.Book.caller()
    sheets = {sheet.name.casefold(): sheet for sheet in book.sheets}

    def cells(name: str) -> list[list[object]]:
        found = sheets.get(name.casefold())
        return [] if found is None else trimmed([list(map(shown, row)) for row in read_rows(found, used(found))])

    stamp = as_text(sheets["summary"]["A6"].value) if "summary" in sheets else ""
    return f"{book.app.pid} {book.name}", stamp, cells


def _results() -> tuple[str, Results]:
    """What the last run wrote into the workbook that calls; read anew when another run has."""
    name, stamp, cells = _book()
    if name not in _kept or _kept[name][0] != stamp:
        _kept.pop(name, None)
        _kept[name] = stamp, Results(cells)
        _noted[name] = time.monotonic()
        for old in list(_kept)[:-MOST_BOOKS]:
            del _kept[old]
    return name, _kept[name][1]


def _fresh(sheet: str) -> Results:
    """The results with one sheet read anew: Summary at once, notes when they are some seconds old."""
    name, results = _results()
    if sheet == "Summary" or time.monotonic() - _noted[name] > NOTES_LAST:
        results.reread(sheet)
        _noted[name] = time.monotonic()
    return results


def _rates() -> agreed_fees.Rates:
    """The rates of the workbook that calls: its cells are looked at again after some seconds, and read anew where one has changed."""
    name, _, cells = _book()
    kept = _agreed.pop(name, None)
    if kept is None or time.monotonic() - kept[0] > NOTES_LAST:
        grids = {sheet: cells(sheet) for sheet in agreed_fees.SHEETS}
        kept = time.monotonic(), grids, kept[2] if kept and kept[1] == grids else agreed_fees.Rates(grids)
    _agreed[name] = kept
    for old in list(_agreed)[:-MOST_BOOKS]:
        del _agreed[old]
    return kept[2]


def _each(keys: Grid, answer: Callable[[Sequence[object]], Sequence[object]]) -> Grid:
    """Answers for all cells of a range at once, in its shape."""
    found = iter(answer([value for row in keys for value in row]))
    return [[next(found) for _ in row] for row in keys]


def _columns(cells: Grid, answer: Callable[[Sequence[object]], Sequence[object]]) -> Grid:
    """Answers column by column, since a column proves its own form."""
    return [list(row) for row in zip(*(answer(column) for column in zip(*cells, strict=True)), strict=True)]


def _aligned(*given: Any) -> tuple[int, list[list[Any]]]:
    """Ranges beside each other: (columns of the answer, the cells of each row by row). A single cell, row or column serves all.

    Raises ValueError for ranges that do not fit each other.
    """
    grids: list[Grid] = [one if isinstance(one, list) else [[one]] for one in given]
    rows, columns = max(map(len, grids)), max(len(one[0]) for one in grids)
    if any(len(one) not in (1, rows) or len(one[0]) not in (1, columns) for one in grids):
        raise ValueError("ranges of different shape")
    places = [(row, column) for row in range(rows) for column in range(columns)]
    return columns, [[one[row % len(one)][column % len(one[0])] for row, column in places] for one in grids]


def _whole(value: object, otherwise: int) -> int:
    """An argument as a whole number. Raises ValueError for anything else."""
    number = otherwise if is_blank(value) else as_int(value)
    if number is None:
        raise ValueError(as_text(value))
    return number


def _number(value: object, otherwise: float) -> float:
    """An argument as a number. Raises ValueError for anything else."""
    if is_blank(value):
        return otherwise
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(as_text(value))  # noqa: TRY004 - what a cell holds is input, not a bug
    return float(value)


Decorator = Callable[[Callable[..., Any]], Any]


def _said(name: str, doc: str, **options: Any) -> Decorator:
    """`xw.arg` that can decorate several functions: xlwings' own one empties its options at the first."""
    return lambda function: xw.arg(name, doc=doc, **options)(function)  # noqa: PLW0108 - one at each use


def _cells(name: str, doc: str) -> Decorator:
    """An argument that takes a cell or a range, errors as their texts."""
    return _said(name, doc, ndim=2, err_to_str=True)


# Arguments that several functions have.
KEY = _cells("key", "an id, or a range of ids, as printed or as cleaned")
SIDE = _said("side", "A for our records, B for theirs; left away: both")
LEG_OF_ID = _said("leg", "a leg of Setup; left away: every leg that has the id")
LEG = _said("leg", "a leg of Setup; left away: all")
RUN = _said("run", "any cell that changes with a run, such as MAX(tblRuns[Run]): the formula is then worked out again")


@xw.func
@KEY
@SIDE
@LEG_OF_ID
@RUN
@to_cells
def RECON_STATUS(key: Grid, side: Any = "", leg: Any = "", run: Any = None) -> Grid:
    """Outcome of an id in the last run: the worst of its rows, Unmatched before Partially matched, Matched, Skipped. #N/A: not there."""
    return _each(key, lambda keys: answers.status(_results()[1], keys, as_text(side), as_text(leg)))


@xw.func
@KEY
@xw.arg("what", doc='"ids" of the other side (left away: this), "id" of the match, its "class" or its "rule"')
@LEG_OF_ID
@RUN
@to_cells
def RECON_MATCH(key: Grid, what: Any = "ids", leg: Any = "", run: Any = None) -> Grid:
    """What an id is matched with: ids of the other side, match id, class or rule. #N/A: in no match. #NUM!: its matches differ."""
    return _each(key, lambda keys: answers.match(_results()[1], keys, as_text(what) or "ids", as_text(leg)))


@xw.func
@KEY
@LEG_OF_ID
@RUN
@to_cells
def RECON_DIFF(key: Grid, leg: Any = "", run: Any = None) -> Grid:
    """Amount of side A less amount of side B of an id and what it is matched with. #NUM!: several legs have the id, name one."""
    return _each(key, lambda keys: answers.diff(_results()[1], keys, as_text(leg)))


@xw.func
@KEY
@xw.arg("field", doc='"code" (left away: this), "owner" or "comment"')
@LEG_OF_ID
@RUN
@to_cells
def RECON_REASON(key: Grid, field: Any = "code", leg: Any = "", run: Any = None) -> Grid:
    """Reason code, owner or comment typed on Exceptions for an open id; an untyped code is the type. #N/A: not open. #NUM!: its rows differ."""
    return _each(key, lambda keys: answers.reason(_fresh("Exceptions"), keys, as_text(field) or "code", as_text(leg)))


@xw.func
@KEY
@LEG_OF_ID
@RUN
@to_cells
def RECON_EXPLAIN(key: Grid, leg: Any = "", run: Any = None) -> Grid:
    """Why an id is matched or open, in a sentence for each leg: rule, amounts, difference, reason, age, candidates."""
    return _each(key, lambda keys: answers.explain(_results()[1], keys, as_text(leg)))


@xw.func
@KEY
@SIDE
@LEG_OF_ID
@RUN
@to_cells
def RECON_SOURCE(key: Grid, side: Any = "", leg: Any = "", run: Any = None) -> Grid:
    """File, sheet and row that the rows of an id were read from."""
    return _each(key, lambda keys: answers.sources(_results()[1], keys, as_text(side), as_text(leg)))


@xw.func
@KEY
@xw.arg("as_of", doc="count to this day; left away: the as-of day of the run")
@LEG_OF_ID
@RUN
@to_cells
def RECON_AGE(key: Grid, as_of: Any = None, leg: Any = "", run: Any = None) -> Grid:
    """Days that an id has been open, from its oldest open row. #N/A: nothing is open, or it has no date."""
    return _each(key, lambda keys: answers.age(_results()[1], keys, as_of, as_text(leg)))


@xw.func
@xw.arg("side", doc="A for our records, B for theirs")
@xw.arg(
    "status", doc="Matched, Partially matched, Unmatched, Skipped, or Exceptions for both that are open; left away: all"
)
@xw.arg("measure", doc='"amount" (left away: this) or "rows"')
@xw.arg("leg", doc="a leg of Setup; needed for amounts where there are several")
@RUN
@to_cells
def RECON_TOTAL(side: Any, status: Any = "", measure: Any = "amount", leg: Any = "", run: Any = None) -> Any:
    """Amount or number of rows of a side in the last run, by outcome. #NUM!: legs are not added up, name one."""
    return answers.total(_results()[1], as_text(side), as_text(status), as_text(measure) or "amount", as_text(leg))


@xw.func
@xw.arg(
    "line",
    doc="number of the line within the leg's tie-out on Summary, or words of it; left away: the largest difference of all",
)
@LEG
@RUN
@to_cells
def RECON_TIEOUT(line: Any = "", leg: Any = "", run: Any = None) -> Any:
    """Difference of a line of the tie-out on Summary: 0 agrees. #N/A: no such line, or an error stands there. #NUM!: several lines fit."""
    return answers.tie_out(_fresh("Summary"), line, as_text(leg))


@xw.func
@SIDE
@xw.arg("min_amount", doc="leaves out rows and matches whose difference is smaller")
@LEG
@RUN
@to_cells
def RECON_OPEN(side: Any = "", min_amount: Any = 0, leg: Any = "", run: Any = None) -> Any:
    """The open rows of the last run under a header, largest first; spills over the cells below."""
    return answers.open_items(_results()[1], as_text(side), _number(min_amount, 0), as_text(leg))


@xw.func
@xw.arg("key", doc="one id, as printed or as cleaned")
@xw.arg("n", doc="how many at most; left away: 3")
@LEG_OF_ID
@RUN
@to_cells
def RECON_CANDIDATES(key: Any, n: Any = 3, leg: Any = "", run: Any = None) -> Any:
    """Rows suggested for an open id, a line each: id, likeness, other candidates, amount, file, row, because. Nothing is matched by it."""
    return answers.suggested(_results()[1], key, _whole(n, 3), as_text(leg))


@xw.func
@_cells("fee", "a fee as the sheet Rates names it, or a range")
@_cells("base", "the amount that the card takes its % of and tests its slabs by, or a range")
@_cells("category", "where the card has categories")
@_cells("on_date", "the day that decides the version; left away: all versions must come to the same")
@_cells("party", "the portal; left away: that of Setup, else the only one on the card")
@_cells("weight", "grams, where the card has weights")
@_cells("brand", "where the card has brands")
@_cells("zone", "where the card has zones")
@_cells("payment_mode", "where the card has payment modes")
@xw.arg("what", doc='"fee" without tax (left away: this), "gst" on it, "total" of both, or "rule": the row of the card')
@xw.arg(
    "rates", doc="any cell that changes with the rates, such as SUM(tblRates): the formula is then worked out again"
)
@to_cells
def RECON_EXPECTEDFEE(  # noqa: PLR0913, PLR0917 - a cell each, as Excel hands them over
    fee: Grid, base: Grid, category: Any = "", on_date: Any = None, party: Any = "", weight: Any = None, brand: Any = "", zone: Any = "",
    payment_mode: Any = "", what: Any = "fee", rates: Any = None,
) -> Grid:  # fmt: skip
    """What a fee should be by the sheet Rates, by the version valid that day. #N/A: no card or row covers it. #NUM!: versions differ, or an input is missing. #VALUE!: no amount or date, or a mistake on Rates."""
    columns, cells = _aligned(fee, base, category, on_date, party, weight, brand, zone, payment_mode)
    found = agreed_fees.fees(_rates(), agreed_fees.Cells(*cells), as_text(what))
    return [list(found[at : at + columns]) for at in range(0, len(found), columns)]


@xw.func
@_cells("key", "an order id, or a range of ids, as printed or as cleaned")
@RUN
@to_cells
def RECON_EXPECTEDPAYOUT(key: Grid, run: Any = None) -> Grid:
    """What the portal owes for an order in all, less its fees, taxes and returns: Expected net on the sheet Orders. #N/A: no order of that id is there."""
    return _each(key, lambda keys: answers.expected_net(_results()[1], keys))


@xw.func
@_cells("values", "an id, or a range of ids")
@xw.arg("rule", doc='id cleaning as in Setup, such as "separators; prefix ORD"; left away: the standard')
@to_cells
def RECON_CLEANID(values: Grid, rule: Any = "") -> Grid:
    """The id as the engine compares it, as text; empty for a placeholder such as NA."""
    return _each(values, lambda ids: readings.cleaned_ids(ids, as_text(rule)))


@xw.func
@_cells("text", "a cell or a range; each column proves its own number form")
@xw.arg("style", doc='"point" for 1,234.50, "comma" for 1.234,50; left away: proved by the column')
@to_cells
def RECON_AMOUNT(text: Grid, style: Any = "auto") -> Grid:
    """The amount that a text states: groups, currency marks, Cr and Dr, parentheses. #VALUE!: none, or it reads two ways. #N/A: NA or a dash."""
    return _columns(text, lambda cells: readings.amounts(cells, as_text(style)))


@xw.func
@_cells("text", "a cell or a range; each column proves its own order of day and month")
@xw.arg("order", doc='"day/month" or "month/day"; left away: proved by the column')
@to_cells
def RECON_DATE(text: Grid, order: Any = "auto") -> Grid:
    """The day that a text states. #VALUE!: no date, or day and month could change places. #N/A: NA or a dash."""
    return _columns(text, lambda cells: readings.dates(cells, as_text(order)))


@xw.func
@_cells("a", "an id, or a range of ids")
@_cells("b", "an id, or a range of the same shape")
@to_cells
def RECON_SIMILAR(a: Grid, b: Grid) -> Grid:
    """How alike two ids are, 0 to 1, as on Suggestions. #N/A: one of them is missing."""
    if len(b) == len(b[0]) == 1:
        b = [b[0] * len(row) for row in a]
    if [len(row) for row in a] != [len(row) for row in b]:
        raise ValueError("two ranges of different shape")
    return _each(a, lambda ids: readings.likenesses(ids, [value for row in b for value in row]))


@xw.func
@xw.arg("target", doc="the amount to be met")
@_cells("amounts", "the amounts to choose from; empty cells and zeros are never chosen")
@xw.arg("tol", doc="how far the sum may lie from the target; left away: 0")
@xw.arg("max_items", doc="how many amounts may be chosen at most; left away: 8")
@to_cells
def RECON_SUMSET(target: Any, amounts: Grid, tol: Any = 0, max_items: Any = 8) -> Any:
    """1 for each amount of the only choice that adds up to the target, 0 for the others. #NUM!: several choices do. #N/A: none, or too many to look at."""
    found = readings.sum_set(target, [value for row in amounts for value in row], tol, max_items)
    return found if isinstance(found, NoAnswer) else _each(amounts, lambda _: found)


@xw.func
@xw.arg("what", doc='"engine" (left away: this), or of the last run its number "run", "setup" hash or "result" hash')
@to_cells
def RECON_VERSION(what: Any = "engine") -> Any:
    """The version of the engine behind these functions, or the last run of this workbook. #N/A: nothing has run."""
    asked = as_text(what).casefold() or "engine"
    if asked not in ("engine", "run", "setup", "result"):
        raise ValueError(asked)
    return __version__ if asked == "engine" else answers.run_facts(_results()[1]).get(asked, NoAnswer.NOT_FOUND)
