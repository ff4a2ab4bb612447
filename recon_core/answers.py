"""Answers about ids, sides and tie-out lines of the last run, one for each question of a range of cells.

An answer is a value, or `NoAnswer` where there is none: not found, or more than one. Nothing is added up over legs, and
nothing is guessed: where the rows of an id disagree and no order decides, the answer is SEVERAL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from recon_core.explaining import (
    MOST,
    SIDES,
    days_between,
    difference,
    explain_group,
    open_rows,
    source,
)
from recon_core.model import MatchClass, Status
from recon_core.money import MINOR_PER_MAJOR, to_major
from recon_core.readings import NoAnswer, is_blank
from recon_core.result_sheets import Group, Line, Results, as_day, standard_forms
from recon_core.schema import as_int, as_text

Answer = str | int | float | NoAnswer

ORDER = (Status.UNMATCHED, Status.PARTIALLY_MATCHED, Status.MATCHED, Status.SKIPPED)  # the worst first
RANK = {str(status): rank for rank, status in enumerate(ORDER)}
OPEN = frozenset({Status.UNMATCHED, Status.PARTIALLY_MATCHED})
FIELDS = {"code": "Reason code", "owner": "Owner", "comment": "Comment"}
OPEN_COLUMNS = (
    "Leg",
    "Id",
    "Status",
    "Type",
    "Date",
    "Age days",
    "Amount A",
    "Amount B",
    "Difference",
    "Why not matched",
)
VERDICT = "Tie-out: every check below agrees"  # the label beside Summary's verdict
# What stands on Summary after a leg's tie-out: the first of them that is still there ends the block.
AFTER_TIE_OUT = (
    "Bridge from A to B",
    "Class of match",
    "Age of open rows",
    "Ten largest exceptions",
    "Outcome",
)
MOST_TEXT = 32_000  # characters; Excel's cell holds 32,767


def status(results: Results, keys: Sequence[object], side: str = "", leg: str = "") -> list[Answer]:
    """The outcome of each id: the worst of its rows, Unmatched before Partially matched before Matched before Skipped.

    Over all legs and both sides unless narrowed: Matched means that nothing of the id is open anywhere.
    """
    return _each(results, keys, side, leg, lambda groups: str(ORDER[min(RANK[line.status] for one in groups for line in one.lines)]), several=True)  # fmt: skip


def match(results: Results, keys: Sequence[object], what: str = "ids", leg: str = "") -> list[Answer]:
    """What each id is matched with: 'ids' as the other side prints them, or the match's 'id', 'class' or 'rule'.

    Seen from side A where the id has linked rows there, else from side B. NOT_FOUND without a match. A partial link
    has the class Partial and no rule. SEVERAL where matches of the id differ in what is asked.
    """
    asked = {"ids": _partners, "id": _match_ids, "class": _classes, "rule": _rules}.get(what.strip().casefold())
    if asked is None:
        raise ValueError(what)
    return _each(results, keys, "", leg, lambda groups: _only(text for one in groups for text in asked(results, one)))


def diff(results: Results, keys: Sequence[object], leg: str = "") -> list[Answer]:
    """A - B of each id: of whole matches that hold its rows, and of its rows that are in none. Skipped rows take no part.

    SEVERAL where more than one leg has the id: legs are not added up. NOT_FOUND where all its rows are skipped.
    """

    def of(groups: list[Group]) -> Answer:
        judged = [one for one in groups if any(line.status != Status.SKIPPED for line in one.lines)]
        if len(judged) != 1:
            return NoAnswer.SEVERAL if judged else NoAnswer.NOT_FOUND
        return to_major(difference(_whole(results, judged[0])))

    return _each(results, keys, "", leg, of)


def reason(results: Results, keys: Sequence[object], field: str = "code", leg: str = "") -> list[Answer]:
    """Of each open id the reason 'code', 'owner' or 'comment' as typed on Exceptions; an untyped code is the type.

    '' where nothing was typed, NOT_FOUND where nothing is open, SEVERAL where its rows differ.
    """
    name = FIELDS.get(field.strip().casefold())
    if name is None:
        raise ValueError(field)
    table = results.table("Exceptions")
    typed, proposed = table.texts(name), table.texts("Type") if field.strip().casefold() == "code" else []

    def of(groups: list[Group]) -> Answer:
        rows = [at for one in groups for at in open_rows(results, one.lines)]
        found = list(dict.fromkeys(typed[at] or (proposed[at] if proposed else "") for at in rows))
        filled = [text for text in found if text] or found[:1]
        return _only(iter(filled))

    return _each(results, keys, "", leg, of)


def explain(results: Results, keys: Sequence[object], leg: str = "") -> list[Answer]:
    """Each id in a sentence for each leg that has it: rule, amounts, difference, reason, age, candidates."""
    return _each(
        results, keys, "", leg,
        lambda groups: " ".join(explain_group(results, one) for one in groups)[:MOST_TEXT], several=True,
    )  # fmt: skip


def sources(results: Results, keys: Sequence[object], side: str = "", leg: str = "") -> list[Answer]:
    """Where the rows of each id were read: 'file › sheet › row 12; ...', each once, side A first."""

    def of(groups: list[Group]) -> Answer:
        places = dict.fromkeys(str(source(line)) for one in groups for line in sorted(one.lines, key=_place))
        return "; ".join(places)[:MOST_TEXT]

    return _each(results, keys, side, leg, of, several=True)


def age(results: Results, keys: Sequence[object], as_of: object = None, leg: str = "") -> list[Answer]:
    """Days that each id has been open, counted from its oldest open row to the run's as-of day or to another one.

    NOT_FOUND where nothing is open or no open row has a date.
    """
    days = [as_int(value) for value in results.table("Exceptions").column("Age days")]

    def of(groups: list[Group]) -> Answer:
        lines = [line for one in groups for line in one.lines if line.status in OPEN]
        found = (
            [days[at] for at in open_rows(results, lines)]
            if is_blank(as_of)
            else [days_between(line.day, as_of) for line in lines]
        )
        known = [one for one in found if one is not None]
        return max(known) if known else NoAnswer.NOT_FOUND

    if not is_blank(as_of):
        as_day(as_of)  # a text that is no date is refused, not looked up
    return _each(results, keys, "", leg, of, several=True)


def total(results: Results, side: str, outcome: str = "", measure: str = "amount", leg: str = "") -> Answer:
    """Amount or number of 'rows' of a side, of one outcome, of 'Exceptions' (both open outcomes), or of all.

    Rows are counted over all legs unless narrowed, as on Summary; amounts of several legs are SEVERAL.
    """
    letters, name = _side(side), results.leg_named(leg)
    word = outcome.strip().casefold()
    wanted = OPEN if word == "exceptions" else {one for one in Status if word in ("", one.casefold())}
    if not letters or not wanted or measure.strip().casefold() not in ("amount", "rows"):
        raise ValueError(f"{side} {outcome} {measure}")
    if results.table(f"{letters} data").file or not results.legs:
        return NoAnswer.NOT_FOUND
    lines = [
        line for line in results.lines
        if line.side == letters and line.status in wanted and name in ("", line.leg)
    ]  # fmt: skip
    if measure.strip().casefold() == "rows":
        return len(lines)
    if not name and len(results.legs) > 1:
        return NoAnswer.SEVERAL
    return to_major(sum(line.minor for line in lines))


def tie_out(results: Results, line: object = "", leg: str = "") -> Answer:
    """The difference of one line of the tie-out, 0 where it agrees; without a line the largest of all, with its sign.

    A line is its number within the leg's block, or words of its label. SEVERAL where words or number fit more than one.
    Without a line, 0 is said only where Summary's own verdict is TRUE or a line of another leg says why it is not: the
    verdict refers to every line, also to one that somebody has deleted or renamed.
    """
    name = results.leg_named(leg)
    every = _tie_out_lines(results)
    lines = [one for one in every if name in ("", one[0])]
    text = as_text(line)
    if text:
        number = as_int(line)
        lines = [one for one in lines if (one[1] == number if number is not None else text.casefold() in one[2].casefold())]  # fmt: skip
        if len(lines) > 1:
            return NoAnswer.SEVERAL
    gaps = [gap for _, _, _, gap in lines]
    if not gaps or any(not isinstance(gap, int | float) or isinstance(gap, bool) for gap in gaps):
        return NoAnswer.NOT_FOUND  # an error cell is no agreement
    largest = max((float(str(gap)) for gap in gaps), key=abs)
    if largest or text or _verdict(results) or any(gap for _, _, _, gap in every):
        return largest
    return NoAnswer.NOT_FOUND


def _verdict(results: Results) -> bool:
    """Whether the cell beside 'Tie-out: every check below agrees' is TRUE."""
    rows = [row for row in results.summary if row and as_text(row[0]) == VERDICT]
    return any(len(row) > 1 and row[1] is True for row in rows)


def _tie_out_lines(results: Results) -> list[tuple[str, int, str, object]]:
    """Leg, number, label and difference of each line of Summary's tie-out blocks, as the cells stand now.

    A block ends at the header of the next one, not at a blank row: a user may have inserted one.
    """
    found: list[tuple[str, int, str, object]] = []
    leg, number = "", 0
    for row in results.summary:
        first = as_text(row[0]) if row else ""
        if first == "Leg":
            leg = as_text(row[1]) if len(row) > 1 else ""
        elif first == "Tie-out" and len(row) > 3:
            number = 1
        elif first in AFTER_TIE_OUT:
            number = 0
        elif number and first:
            found.append((leg, number, first, row[3] if len(row) > 3 else None))
            number += 1
    return found


def open_items(
    results: Results, side: str = "", min_amount: float = 0.0, leg: str = ""
) -> list[list[object]] | NoAnswer:
    """The rows of Exceptions under a header, largest first: of one side, and of matches or rows not below an amount."""
    letter, name = _side(side), results.leg_named(leg)
    table = results.table("Exceptions")
    if table.file or not results.legs:
        return NoAnswer.NOT_FOUND
    least = round(min_amount * MINOR_PER_MAJOR)
    legs, links, keys = table.texts("Leg"), table.texts("Match id"), table.texts("Exc key")
    sizes: dict[tuple[str, str], int] = {}
    for at, gap in enumerate(table.minor("Difference")):
        place = legs[at], links[at] or keys[at]
        sizes[place] = max(sizes.get(place, 0), abs(gap or 0))
    amounts = {one: table.minor(f"Amount {one}") for one in SIDES}
    rows = [
        at for at in range(len(table.rows))
        if name in ("", legs[at]) and sizes[legs[at], links[at] or keys[at]] >= least and (not letter or amounts[letter][at] is not None)
    ]  # fmt: skip
    columns = [table.column(column) for column in OPEN_COLUMNS]
    return [list(OPEN_COLUMNS), *([_blank(column[at]) if column else "" for column in columns] for at in rows)]


def suggested(results: Results, key: object, most: int = 3, leg: str = "") -> list[list[object]] | NoAnswer:
    """Rows that may belong to an id, likeliest first: id, likeness, other candidates, amount, file, row, because."""
    if most < 1:
        raise ValueError(str(most))
    groups = next(iter(results.find([key], leg)))
    if _ambiguous(groups):
        return NoAnswer.SEVERAL
    table = results.table("Suggestions")
    rows: dict[tuple[int, str], None] = {}
    for line in (line for one in groups for line in one.lines):
        for at in results.suggested.get((line.leg, line.side, line.file, line.row, line.printed), []):
            rows[at, "B" if line.side == "A" else "A"] = None
    if not rows:
        return NoAnswer.NOT_FOUND
    likeness = table.column("Likeness of ids")
    ranked = sorted(rows, key=lambda place: (-float(str(likeness[place[0]] or 0)), place))
    names = ("Id {}", "Likeness of ids", "Other candidates", "Amount", "File {}", "Row {}", "Because")
    return [[_blank(table.column(name.format(side))[at]) for name in names] for at, side in ranked[:most]]


def expected_net(results: Results, keys: Sequence[object]) -> list[Answer]:
    """The expected net of each order, as the sheet Orders has it; an id finds its order as it is printed, compared or cleaned.

    NOT_FOUND for an id that is no order there, SEVERAL for one that leads to two.
    """
    amounts = results.table("Orders").minor("Expected net")
    found: list[Answer] = []
    for key, form in zip(keys, standard_forms([as_text(key) for key in keys]), strict=True):
        places = {results.orders[form]} if form in results.orders else set()
        if form and amounts and not places and not results.is_elsewhere:
            groups = next(iter(results.find([key])))
            places = {results.orders[one.key] for one in groups if one.key in results.orders}
        minor = amounts[next(iter(places))] if len(places) == 1 else None
        found.append(NoAnswer.SEVERAL if len(places) > 1 else NoAnswer.NOT_FOUND if minor is None else to_major(minor))
    return found


def run_facts(results: Results) -> dict[str, str | int]:
    """The last row of Run log: run number, setup hash and result hash; {} where nothing has run."""
    log = results.table("Run log")
    numbers = [as_int(value) for value in log.column("Run")]
    last = max((at for at, number in enumerate(numbers) if number is not None), default=None, key=lambda at: numbers[at] or 0)  # fmt: skip
    if last is None:
        return {}
    return {
        "run": numbers[last] or 0,
        "setup": log.text("Setup hash", last),
        "result": log.text("Result hash", last),
    }


def _each(
    results: Results, keys: Sequence[object], side: str, leg: str, of: Callable[[list[Group]], Answer], *, several: bool = False
) -> list[Answer]:  # fmt: skip
    """The answer for each id. `several`: the answer is defined over rows of several legs; else it must not differ."""
    letter = _side(side)
    if results.is_elsewhere:
        results.leg_named(leg)
        return [NoAnswer.NOT_FOUND] * len(keys)
    found: list[Answer] = []
    for both_sides in results.find(keys, leg):
        groups = [one for group in both_sides if (one := _of_side(group, letter)).lines]
        if not groups:
            found.append(NoAnswer.NOT_FOUND)
        elif len(groups) > 1 and _ambiguous(groups):
            found.append(NoAnswer.SEVERAL)
        else:
            found.append(of(groups))
    return found


def _of_side(group: Group, letter: str) -> Group:
    """The rows of one side; of both for ''."""
    return group._replace(lines=[line for line in group.lines if line.side == letter]) if letter else group


def _ambiguous(groups: Sequence[Group]) -> bool:
    """Whether an id leads to two different ids of one leg."""
    return len({one.leg for one in groups}) < len(groups)


def _side(side: str) -> str:
    """'A', 'B' or '' for both. Raises ValueError for anything else."""
    letter = side.strip().upper().removeprefix("SIDE ").strip()
    if letter not in ("", *SIDES):
        raise ValueError(side)
    return letter


def _only(texts: Iterable[object]) -> Answer:
    """The one text that is left when equal ones are taken once."""
    found = list(dict.fromkeys(texts))
    return str(found[0]) if len(found) == 1 else NoAnswer.SEVERAL if found else NoAnswer.NOT_FOUND


def _linked(group: Group) -> list[Line]:
    """The linked rows from which an id's matches are seen: side A's where it has any."""
    linked = [line for line in group.lines if line.match]
    return [line for line in linked if line.side == "A"] or linked


def _partners(results: Results, group: Group) -> list[str]:
    seen = _linked(group)
    matches = dict.fromkeys(line.match for line in seen)
    others = [line for one in matches for line in results.matches[group.leg, one] if line.side != seen[0].side]
    text = "; ".join(dict.fromkeys(line.printed for line in sorted(others, key=_place)))
    return [text[:MOST_TEXT]] if text else []


def _match_ids(results: Results, group: Group) -> list[str]:
    return [line.match for line in _linked(group)]


def _classes(results: Results, group: Group) -> list[str]:
    return [_of_match(results, line, "Class") or str(MatchClass.PARTIAL) for line in _linked(group)]


def _rules(results: Results, group: Group) -> list[str]:
    return [rule for line in _linked(group) if (rule := _of_match(results, line, "Rule"))]


def _of_match(results: Results, line: Line, name: str) -> str:
    """A cell of the match's first row on Matched, '' for a partial link."""
    at = results.matched.get((line.leg, line.match)) if line.status == Status.MATCHED else None
    return "" if at is None else results.table("Matched").text(name, at)


def _whole(results: Results, group: Group) -> list[Line]:
    """The rows of an id that are in no match, and all rows of those matches that hold one of it."""
    matches = dict.fromkeys(line.match for line in group.lines if line.match)
    alone = [line for line in group.lines if not line.match]
    return [*alone, *(line for one in matches for line in results.matches[group.leg, one])]


def _place(line: Line) -> tuple[str, str, str, int]:
    return line.side, line.file, line.sheet, line.row


def _blank(value: object) -> object:
    return "" if value is None else value


__all__ = [
    "FIELDS", "MOST", "OPEN_COLUMNS", "ORDER", "Answer", "NoAnswer", "age", "diff", "expected_net", "explain", "match", "open_items", "reason", "run_facts",
    "sources", "status", "suggested", "tie_out", "total",
]  # fmt: skip
