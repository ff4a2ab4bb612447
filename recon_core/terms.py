"""Payment terms as dated values, and the due day each gives an order.

A term counts from one event (invoice, dispatch, delivery, GRN, end of the return window) and judges that day by its
own validity: a day before it has no due date, and nothing is guessed instead. Days are days since 1970.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.dates import NO_DAY, Days, from_date, to_date
from recon_core.model import Raw
from recon_core.problems import Place, Problem, Severity
from recon_core.schema import Row, as_date, as_int, as_text

Texts = Sequence[str] | npt.NDArray[np.object_] | pd.Series
Int8 = npt.NDArray[np.int8]
T = TypeVar("T")
FOREVER = 2**31  # a day after all days: the end of a term that names none
LAST_OF_MONTH = 31
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Anchor(StrEnum):
    """The event a term counts from. The values are the words of the Setup table."""

    INVOICE = "invoice"
    DISPATCH = "dispatch"
    DELIVERY = "delivery"
    GRN = "GRN"
    RETURN_WINDOW = "end of return window"


class Counted(StrEnum):
    """How the days of a term are counted; working days are Monday to Friday less the holidays given."""

    CALENDAR = "calendar"
    WORKING = "working"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One row of the table Payment terms. Empty portal or flow: every one. Both days of the validity are inclusive.

    The due date is the anchor and `days`, then the next payout day on or after it, where the term names payout days.
    """

    portal: str = ""
    flow: str = ""
    anchor: Anchor = Anchor.INVOICE
    days: int
    counted: Counted = Counted.CALENDAR
    weekdays: tuple[int, ...] = ()  # payout days of the week, Monday is 0
    month_days: tuple[int, ...] = ()  # payout days of the month; 31 is the last day of any month
    window_days: int = 0  # length of the return window, counted from delivery where no file states its end
    first_day: int = NO_DAY
    last_day: int = FOREVER
    place: Place = Place()  # noqa: RUF009  an immutable tuple

    def __str__(self) -> str:
        """'AJIO marketplace from 2026-03-15: invoice + 15 calendar days, payout on Fri'."""
        name = " ".join(filter(None, [self.portal, self.flow])) or "Every portal"
        since = f" from {to_date(self.first_day)}" if self.first_day != NO_DAY else ""
        payout = [_WEEKDAYS[day][:3].title() for day in self.weekdays]
        payout += ["last day" if day == LAST_OF_MONTH else str(day) for day in self.month_days]
        when = f", payout on {', '.join(payout)}" if payout else ""
        return f"{name}{since}: {self.anchor} + {self.days} {self.counted} days{when}"


class NoDue(StrEnum):
    """Why an order has no due date."""

    HAS_ONE = ""
    NO_TERM = "No payment term is set up for it"
    NO_ANCHOR = "The date its term counts from is missing"
    BEFORE = "Its date lies before its payment term began"
    OUTSIDE = "Its date lies where no payment term is valid"


NO_DUES = tuple(NoDue)

# Meaning -> the header in Setup, and in a terms file.
HEADERS: dict[str, tuple[str, ...]] = {
    "portal": ("Portal", "channel"),
    "flow": ("Flow", "flow"),
    "anchor": ("Due from", "anchor"),
    "days": ("Days", "days"),
    "counted": ("Days are", "calendar"),
    "payout": ("Payout day", "payout_day"),
    "window": ("Return window", "return_window_days"),
    "first": ("Valid from", "effective_from"),
    "last": ("Valid to", "effective_to"),
}
_ANCHORS = {
    **{anchor.value.casefold(): anchor for anchor in Anchor},
    "invoiced": Anchor.INVOICE, "dispatched": Anchor.DISPATCH, "shipment": Anchor.DISPATCH, "shipped": Anchor.DISPATCH,
    "delivered": Anchor.DELIVERY, "goods receipt": Anchor.GRN, "return window": Anchor.RETURN_WINDOW,
    "return window end": Anchor.RETURN_WINDOW,
}  # fmt: skip
_COUNTED = {"": Counted.CALENDAR, "calendar": Counted.CALENDAR, "working": Counted.WORKING, "business": Counted.WORKING}


class TermRow(NamedTuple):
    """The cells of one term by meaning, and where each stands."""

    cells: Mapping[str, object]
    place: Callable[[str], Place]


def setup_rows(rows: Sequence[Row]) -> list[TermRow]:
    """Rows of the Setup table Payment terms."""

    def one(row: Row) -> TermRow:
        def place(meaning: str) -> Place:
            sheet, _, cell = row.cell(HEADERS[meaning][0]).rpartition("!")
            return Place(sheet=sheet, cell=cell)

        return TermRow({meaning: row.values.get(names[0]) for meaning, names in HEADERS.items()}, place)

    return [one(row) for row in rows]


def file_rows(raw: Raw) -> list[TermRow]:
    """Rows of a terms file. Its headers are those of Setup, or channel, flow, anchor, days, calendar, effective_from ..."""
    known = {header.casefold(): header for header in raw.frame.columns}
    columns = {
        meaning: next((known[name.casefold()] for name in names if name.casefold() in known), "")
        for meaning, names in HEADERS.items()
    }
    cells = {meaning: raw.frame[column].tolist() for meaning, column in columns.items() if column}

    def one(at: int) -> TermRow:
        def place(meaning: str) -> Place:
            return Place(file=raw.file, sheet=raw.sheet, row=int(raw.row[at]), column=columns[meaning])

        return TermRow({meaning: values[at] for meaning, values in cells.items()}, place)

    return [one(at) for at in range(len(raw.frame))]


def parse_terms(rows: Sequence[TermRow]) -> tuple[tuple[Term, ...], list[Problem]]:
    """Rows -> Terms; a Stop for each cell that cannot be read and each pair that overlaps, a Note for each gap."""
    terms: list[Term] = []
    problems: list[Problem] = []
    for row in rows:
        if all(as_text(value) == "" for value in row.cells.values()):
            continue
        term, found = _term(row)
        problems += found
        if term:
            terms.append(term)
    return tuple(terms), problems + list(_overlaps_and_gaps(terms))


def _term(row: TermRow) -> tuple[Term | None, list[Problem]]:
    """One row -> its Term, or None and a Stop for each cell that cannot be read."""
    problems: list[Problem] = []
    anchor = _read(row, "anchor", _anchor, problems)
    days = _read(row, "days", _whole, problems)
    counted = _read(row, "counted", _counted, problems)
    payout = _read(row, "payout", payout_days, problems)
    window = _read(row, "window", lambda value: _whole(value) if as_text(value) else 0, problems)
    first = _read(row, "first", lambda value: _bound(value, NO_DAY), problems)
    last = _read(row, "last", lambda value: _bound(value, FOREVER), problems)
    if anchor is None or days is None or counted is None or payout is None or window is None or first is None or last is None:  # fmt: skip
        return None, problems
    if last < first:
        what = f"The payment term ends on {to_date(last)}, before it begins on {to_date(first)}."
        fix = "Correct one of the two dates."
        return None, [Problem("R-745", Severity.STOP, row.place("last"), as_text(row.cells.get("last")), what, fix)]
    term = Term(
        portal=as_text(row.cells.get("portal")), flow=as_text(row.cells.get("flow")), anchor=anchor, days=days, counted=counted,
        weekdays=payout[0], month_days=payout[1], window_days=window, first_day=first, last_day=last, place=row.place("days"),
    )  # fmt: skip
    return term, []


_ON_ERROR = {
    "anchor": ("R-741", f"Choose one of: {', '.join(Anchor)}."),
    "days": ("R-742", "Type a whole number of days, 0 or more."),
    "window": ("R-742", "Type a whole number of days, or empty the cell."),
    "counted": ("R-743", "Type calendar or working, or empty the cell."),
    "payout": ("R-744", "Type weekdays (Friday) or days of the month (15, 30, last day), or empty the cell."),
    "first": ("R-745", "Type a date, or empty the cell."),
    "last": ("R-745", "Type a date, or empty the cell."),
}


def _read(row: TermRow, meaning: str, reader: Callable[[object], T], problems: list[Problem]) -> T | None:
    """One cell by its reader; where that raises ValueError a Problem is added and None comes back."""
    value = row.cells.get(meaning)
    try:
        return reader(value)
    except ValueError:
        text, (code, fix) = as_text(value), _ON_ERROR[meaning]
        name = HEADERS[meaning][0]
        what = f"'{text}' is no choice for {name} of a payment term." if text else f"A payment term has no {name}."
        problems.append(Problem(code, Severity.STOP, row.place(meaning), text, what, fix))
        return None


def _anchor(value: object) -> Anchor:
    word = " ".join(as_text(value).casefold().replace("_", " ").split())
    found = _ANCHORS.get(word) or _ANCHORS.get(re.sub(r" (date|day)$", "", word))
    if found is None:
        raise ValueError(word)
    return found


def _counted(value: object) -> Counted:
    word = re.sub(r" ?days?$", "", as_text(value).casefold().strip())
    if word not in _COUNTED:
        raise ValueError(word)
    return _COUNTED[word]


def _whole(value: object) -> int:
    number = as_int(value)
    if number is None or not 0 <= number <= 3660:
        raise ValueError(value)
    return number


def _bound(value: object, otherwise: int) -> int:
    date = as_date(value)
    return otherwise if date is None else from_date(date)


def payout_days(value: object) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """'Friday', 'Mon and Thu', '15th, 30th', 'last day' -> weekdays, days of the month. Raises ValueError."""
    weekdays: set[int] = set()
    month_days: set[int] = set()
    for word in filter(None, re.split(r"[,;/&]|\band\b", as_text(value).casefold())):
        text = word.strip()
        near = [number for number, name in enumerate(_WEEKDAYS) if len(text) >= 3 and name.startswith(text)]
        day = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", text)
        if near:
            weekdays.add(near[0])
        elif text in {"last", "last day", "month end", "end of month"}:
            month_days.add(LAST_OF_MONTH)
        elif day and 1 <= int(day.group(1)) <= 31:
            month_days.add(int(day.group(1)))
        else:
            raise ValueError(text)
    if weekdays and month_days:
        raise ValueError(value)  # which of the two is meant cannot be said
    return tuple(sorted(weekdays)), tuple(sorted(month_days))


def _overlaps_and_gaps(terms: Sequence[Term]) -> Iterator[Problem]:
    """Two terms of one portal and flow valid on one day are a Stop naming both; days between them a Note."""
    for own in _by_name(terms).values():
        for n, term in enumerate(own[1:], 1):
            before = max(own[:n], key=lambda one: one.last_day)
            if before.last_day >= term.first_day:
                what = f"Two payment terms hold on one day: {before} ({before.place}) and {term} ({term.place})."
                fix = "End the older one before the newer one begins."
                yield Problem("R-746", Severity.STOP, term.place, "", what, fix)
            elif before.last_day + 1 < term.first_day:
                what = f"No payment term holds from {to_date(before.last_day + 1)} to {to_date(term.first_day - 1)}: between {before} and {term}."
                fix = "Nothing, if no orders of these days are owed; else join the two terms."
                yield Problem("R-747", Severity.NOTE, term.place, "", what, fix)


def _by_name(terms: Sequence[Term]) -> dict[tuple[str, str], list[Term]]:
    """Terms by portal and flow as compared, each list oldest first."""
    found: dict[tuple[str, str], list[Term]] = defaultdict(list)
    for term in sorted(terms, key=lambda one: (one.first_day, one.last_day, str(one))):
        found[_name(term.portal), _name(term.flow)].append(term)
    return found


def _name(text: object) -> str:
    return " ".join(str(text).casefold().split())


def due_days(
    terms: Sequence[Term], portal: Texts, flow: Texts, anchors: Mapping[Anchor, Days], holidays: Days | None = None
) -> pd.DataFrame:
    """Orders (n) -> due_day int64, term int16 (position in `terms`, -1 none), why int8 (position in NO_DUES).

    The terms that name portal and flow go before those that name one of them or none; the nearest set alone
    decides. Of its versions the oldest that holds on the day it counts from is taken. `anchors`: day columns (n).
    """
    n = len(portal)
    due = np.full(n, NO_DAY, np.int64)
    chosen = np.full(n, -1, np.int16)
    why = np.full(n, NO_DUES.index(NoDue.NO_TERM), np.int8)
    number = {id(term): at for at, term in enumerate(terms)}
    sets = _by_name(terms)
    for rows, names in _pairs(portal, flow):
        own = next((sets[key] for key in _nearest(names) if key in sets), [])
        if not own:
            continue
        days = [_anchor_days(term, anchors, rows, n) for term in own]
        missing, early = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        for term, day in zip(own, days, strict=True):
            missing |= day == NO_DAY
            early |= (day != NO_DAY) & (day < own[0].first_day)
            holds = (day != NO_DAY) & (day >= term.first_day) & (day <= term.last_day) & (chosen[rows] < 0)
            due[rows[holds]] = due_of(term, day[holds], holidays)
            chosen[rows[holds]] = number[id(term)]
        before, no_anchor, outside = (NO_DUES.index(one) for one in (NoDue.BEFORE, NoDue.NO_ANCHOR, NoDue.OUTSIDE))
        words = np.where(early, before, np.where(missing, no_anchor, outside))
        why[rows] = np.where(chosen[rows] >= 0, NO_DUES.index(NoDue.HAS_ONE), words)
    return pd.DataFrame({"due_day": due, "term": chosen, "why": why})


def _pairs(portal: Texts, flow: Texts) -> Iterator[tuple[npt.NDArray[np.intp], tuple[str, str]]]:
    """Rows of each portal and flow."""
    portal_codes, portals = pd.factorize(pd.Series(portal, dtype="str").fillna(""))
    flow_codes, flows = pd.factorize(pd.Series(flow, dtype="str").fillna(""))
    pair = portal_codes.astype(np.int64) * max(len(flows), 1) + flow_codes
    for one in np.unique(pair):
        at_portal, at_flow = divmod(int(one), len(flows))
        yield np.flatnonzero(pair == one), (_name(portals[at_portal]), _name(flows[at_flow]))


def _nearest(names: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """The most particular name first; names without portal or flow stand for every one."""
    portal, flow = names
    yield from dict.fromkeys([(portal, flow), (portal, ""), ("", flow), ("", "")])


def _anchor_days(term: Term, anchors: Mapping[Anchor, Days], rows: npt.NDArray[np.intp], n: int) -> Days:
    none = np.full(n, NO_DAY, np.int64)
    day = np.asarray(anchors.get(term.anchor, none), np.int64)[rows]
    if term.anchor is Anchor.RETURN_WINDOW and term.window_days:
        delivered = np.asarray(anchors.get(Anchor.DELIVERY, none), np.int64)[rows]
        own = np.where(delivered == NO_DAY, NO_DAY, delivered + term.window_days)
        day = np.where(day == NO_DAY, own, day)
    return day


def due_of(term: Term, day: Days, holidays: Days | None = None) -> Days:
    """Anchor days (n, none missing) -> due days (n). Validity is not looked at.

    Working days count as Excel's WORKDAY does; 0 working days from a day off is the next working day.
    """
    if term.counted is Counted.WORKING:
        off = np.asarray([] if holidays is None else holidays, np.int64).astype("datetime64[D]")
        start = day.astype("datetime64[D]")
        # From Saturday, one working day on is Monday.
        if term.days:
            day = np.busday_offset(start, term.days, roll="backward", holidays=off).astype(np.int64)
        else:
            day = np.busday_offset(start, 0, roll="forward", holidays=off).astype(np.int64)
    else:
        day = day + term.days
    if term.weekdays:
        return next_weekday(day, term.weekdays)
    return next_month_day(day, term.month_days) if term.month_days else day


def next_due(day: int, weekdays: Sequence[int], month_days: Sequence[int]) -> int:
    """The first day on or after `day` that is one of these weekdays or days of the month; without any, the day itself."""
    at = np.array([day], np.int64)
    if weekdays:
        return int(next_weekday(at, weekdays)[0])
    return int(next_month_day(at, month_days)[0]) if month_days else day


def next_weekday(day: Days, weekdays: Sequence[int]) -> Days:
    """The first day on or after each that is one of these weekdays (Monday is 0)."""
    wait = np.array([min((to - at) % 7 for to in weekdays) for at in range(7)], np.int64)
    return day + wait[(day + 3) % 7]  # 1970-01-01 was a Thursday


def next_month_day(day: Days, month_days: Sequence[int]) -> Days:
    """The first day on or after each that is one of these days of a month; a month that is too short ends on its last."""
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    found = np.full(len(day), FOREVER, np.int64)
    for later in (0, 1):
        first = (month + later).astype("datetime64[D]").astype(np.int64)
        end = (month + later + 1).astype("datetime64[D]").astype(np.int64) - 1
        for number in month_days:
            candidate = np.minimum(first + number - 1, end)
            found = np.where(candidate >= day, np.minimum(found, candidate), found)
    return found


def due_problems(why: Int8, ids: pd.Series) -> list[Problem]:
    """A Note for each reason (position in NO_DUES, n) why orders have no due date, with their number and the first of them."""
    problems = []
    for at, reason in enumerate(NO_DUES):
        rows = np.flatnonzero(why == at)
        if at and len(rows):
            first = str(ids.iloc[int(rows[0])])
            said = (
                f"1 order has no due date: {first}"
                if len(rows) == 1
                else f"{len(rows):,} orders have no due date, first {first}"
            )
            sheet, fix = _ON_NO_DUE[reason]
            what = f"{said}. {reason}, so nothing of {'it' if len(rows) == 1 else 'them'} is ever overdue."
            problems.append(Problem("R-748", Severity.NOTE, Place(sheet=sheet), first, what, fix))
    return problems


_ON_NO_DUE = {  # where to look, and what to do
    NoDue.NO_TERM: ("Rates", "Add a row for its portal and flow to the table Payment terms."),
    NoDue.NO_ANCHOR: ("Marketplace", "Map the date that the payment term counts from, or fill it in on the order."),
    NoDue.BEFORE: ("Rates", "Nothing, or set an earlier Valid from in the table Payment terms."),
    NoDue.OUTSIDE: ("Rates", "Add a row to the table Payment terms for these days, or correct Valid to."),
}
