"""reconcile(...): leg by leg, raw files to results; proves that every row and every paisa is accounted for.

Pure: what it needs comes in, results go out, and a broken proof stops the run before anything is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core import controls, doubts, duplicates, references
from recon_core.dates import NO_DAY, from_date
from recon_core.expected_files import missing_files
from recon_core.keys import codes_of, content_hash, mix
from recon_core.market import Role
from recon_core.marketplace import Books, analyse
from recon_core.matching import Beat, Task, by_id, silent
from recon_core.model import SKIP_CODE, FileFacts, OtherFile, Raw, Result, Skip, Status, Tally, Use
from recon_core.money import MAX_MINOR, PAISA
from recon_core.nothing_expected import skip_nothing_expected
from recon_core.partition import Map, match_in_parts
from recon_core.prepare import Plan, Prepared, SourceTable, complete, prepare
from recon_core.problems import Place, Problem, ReconError, Severity, broken
from recon_core.recipe import Leg, Recipe, RuleKind
from recon_core.statuses import CODE, judge
from recon_core.texts import arrow_text, join_texts

CARRIED_SKIPS = tuple(
    SKIP_CODE[kind]
    for kind in (
        Skip.DUPLICATE, Skip.BAD_AMOUNT, Skip.DAMAGED_ID, Skip.SKIP_RULE, Skip.SAME_FILE, Skip.FORMULA_ERROR, Skip.NO_ID_FOUND,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What earlier runs left: decisions by leg (tuples of line_ids tied by hand)."""

    decisions: Mapping[str, Sequence[tuple[int, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Results by leg, and the problems that belong to no leg or stopped one."""

    results: Mapping[str, Result]
    problems: tuple[Problem, ...]
    tables: tuple[SourceTable, ...] = ()  # sources that formulas read or fill
    books: Books | None = None  # the marketplace's money, where Setup has a table Marketplace
    others: tuple[OtherFile, ...] = ()  # files that no side of a leg has


def reconcile(
    recipe: Recipe, raw: Mapping[str, Sequence[Raw]], prior: Prior | None = None, *,
    supporting: Mapping[str, Raw] | None = None, map: Map = map, parts: int = 1, beat: Beat = silent,
) -> Outcome:  # fmt: skip
    """Raw files by source -> one Result a leg. A Stop or Ask in a leg ends the run after the problems of all legs.

    `beat` hears of each leg, side and pass before it begins; what it raises ends the run.
    """
    results: dict[str, Result] = {}
    beat("derived columns")
    completed = complete(raw, recipe, supporting or {})
    problems: list[Problem] = list(completed.problems)
    if any(problem.severity is Severity.STOP for problem in problems):
        return Outcome(results={}, problems=tuple(problems))
    for leg in recipe.legs:
        sides = []
        for letter in ("A", "B"):
            beat(f"{leg.name}, side {letter}")
            sides.append(_prepare(leg, letter, recipe, completed.raw, results))
        tell = partial(_within, beat, leg.name)
        found = [problem for side in sides for problem in side.problems]
        if not all(side.lines is not None for side in sides) and (late := _not_come(leg, recipe, raw)):
            problems.append(late)  # the table Expected files knows that the file is awaited: the other legs go on
            continue
        problems += [problem for problem in found if problem not in problems]
        if any(problem.severity in (Severity.STOP, Severity.ASK) for problem in found):
            continue
        if any(side.from_leg and side.from_leg not in results for side in (leg.a, leg.b)):
            continue  # the earlier leg has stopped, and has said why
        outcome = _leg(leg, sides, recipe, prior or Prior(), map, parts, tell)
        if isinstance(outcome, Problem):
            problems.append(outcome)
            continue
        results[leg.name] = outcome
        problems += [problem for problem in outcome.problems if problem not in problems]
    beat("the proof")
    problems += missing_files(recipe, results)
    books = _books(recipe, completed.raw, results, problems)
    problems += [problem for problem in (books.problems if books else ()) if problem not in problems]
    return Outcome(
        results=results, problems=tuple(_still_true(problems, results)), tables=completed.tables, books=books,
        others=tuple(_others(recipe, raw, supporting or {}, results)),
    )  # fmt: skip


def _others(recipe: Recipe, raw: Mapping[str, Sequence[Raw]], supporting: Mapping[str, Raw], results: Mapping[str, Result]) -> Iterator[OtherFile]:  # fmt: skip
    """Files that were read and stand on no side of a leg."""
    of_legs = {(file.sha256, file.sheet) for result in results.values() for file in result.files}
    for raws in raw.values():
        for one in raws:
            if (one.sha256, one.sheet) not in of_legs:
                yield _other(one, Use.NO_LEG, one.source)
    for name, one in supporting.items():
        into = [lookup.source for lookup in recipe.lookups if f"{lookup.path}|{lookup.sheet}" == name]
        yield _other(one, Use.SUPPORTING, "; ".join(dict.fromkeys(into)))


def _other(raw: Raw, use: Use, source: str) -> OtherFile:
    return OtherFile(
        use=use, source=source, file=raw.file, sheet=raw.sheet, header_row=raw.header_row, rows=len(raw.frame), size=raw.size, modified=raw.modified,
        sha256=raw.sha256, detected=raw.detected,
    )  # fmt: skip


def _books(recipe: Recipe, raw: Mapping[str, Sequence[Raw]], results: Mapping[str, Result], problems: Sequence[Problem]) -> Books | None:  # fmt: skip
    """The marketplace's money, from legs of which none has stopped. Raises ReconError E-900 where a money chain does not close."""
    if recipe.market is None or any(problem.severity in (Severity.STOP, Severity.ASK) for problem in problems):
        return None
    return analyse(recipe, raw, results)


def _prepare(
    leg: Leg,
    letter: str,
    recipe: Recipe,
    raw: Mapping[str, Sequence[Raw]],
    results: Mapping[str, Result],
) -> Prepared:
    side = leg.side(letter)
    sources, earlier = recipe.sources_of(side), results.get(side.from_leg)
    skips = _skipped_rows(earlier, side.from_side) if earlier is not None else {}
    settled = recipe.market.sources(Role.SETTLEMENTS) if recipe.market else ()
    plan = Plan(leg=leg, letter=letter, skips=recipe.skips, earlier_skips=skips, settled=settled)
    raws = [one for name in sources for one in raw.get(name, ())]
    return (
        prepare(raws, plan)
        if raws
        else Prepared(lines=None, entries=None, files=(), problems=(_no_file(leg, letter, sources),))
    )


def _still_true(problems: Sequence[Problem], results: Mapping[str, Result]) -> list[Problem]:
    """Problems without those of formulas whose rows were all skipped for what they are (totals, a skip rule)."""
    code = SKIP_CODE[Skip.FORMULA_ERROR]
    notes = [
        note for one in results.values() for note in one.lines.loc[one.lines["skip"] == code, "skip_note"].unique()
    ]
    if not results:
        return list(problems)
    return [
        one for one in problems
        if one.code != "D-705" or one.severity is not Severity.LEFT_OUT or not one.where.column
        or any(note.startswith(f"{one.where.column}: ") for note in notes)
    ]  # fmt: skip


def _not_come(leg: Leg, recipe: Recipe, raw: Mapping[str, Sequence[Raw]]) -> Problem | None:
    """Why a leg is left out of this run: a side has no file, and the table Expected files awaits one. None: no such row."""
    for letter in ("A", "B"):
        sources = recipe.sources_of(leg.side(letter))
        if any(raw.get(name) for name in sources) or not {one.source for one in recipe.expected} & set(sources):
            continue
        what = f"Leg '{leg.name}' was left out: no file of {'; '.join(sources)} has come, which side {letter} needs."
        return Problem(
            "L-602", Severity.NOTE, Place(sheet="Setup"), "", what, "Nothing until the file is there; then run again."
        )
    return None


def _no_file(leg: Leg, letter: str, sources: Sequence[str]) -> Problem:
    what = f"Leg '{leg.name}' has no file for side {letter} ({'; '.join(sources)})."
    return Problem(
        "F-320",
        Severity.STOP,
        Place(sheet="Setup"),
        "",
        what,
        "Put the file in place, or correct its path in the table Sources.",
    )


def _skipped_rows(earlier: Result, letter: str) -> dict[tuple[str, int], int]:
    """Places of rows that an earlier leg skipped for what they are: (path + sheet, row) -> skip code."""
    lines = earlier.lines
    mine = lines[(lines["side"] == (0 if letter == "A" else 1)) & np.isin(lines["skip"], CARRIED_SKIPS)]
    paths = [earlier.files[number].path + earlier.files[number].sheet for number in mine["file"]]
    return dict(zip(zip(paths, mine["row"].tolist(), strict=True), mine["skip"].tolist(), strict=True))


def _within(beat: Beat, leg: str, rule: str) -> None:
    beat(f"{leg}, {rule}")


def _leg(
    leg: Leg, sides: Sequence[Prepared], recipe: Recipe, prior: Prior, run: Map, parts: int, beat: Beat
) -> Result | Problem:
    lines, entries, files = _joined(sides, leg)
    twin = doubts.same_file(leg, files)
    if twin and twin.severity is Severity.STOP:
        return twin
    lines = duplicates.skip_duplicates(references.link_by_references(references.keep_apart(lines), leg))
    lines = skip_nothing_expected(lines, leg)
    written = doubts.currencies(lines)
    lines, ids = number_ids(lines, recipe.currency.strip().upper())
    if float(lines["amount_minor"].abs().astype("float64").sum()) >= MAX_MINOR:
        what = f"The amounts of leg '{leg.name}' add up to more than 900 lakh crore; that cannot be right."
        return Problem(
            "E-901",
            Severity.STOP,
            Place(),
            "",
            what,
            "Check that the amount column holds amounts and not numbers such as ids.",
        )
    open_lines = _open_numbers(lines)
    if not by_id(open_lines, max(ids, 1)).on_both.any():
        return _no_common_id(leg, lines)
    labels = (leg.a.label, leg.b.label)
    stated = written if not recipe.currency else set()
    problems = [
        *([twin] if twin else []),
        *doubts.notes(lines, open_lines, leg, max(ids, 1), stated),
        *controls.notes(lines, files),
        *duplicates.notes(lines, files),
        *duplicates.repeated_ids(open_lines, lines["key_raw"], labels),
    ]
    matched = match_in_parts(open_lines, leg, _task(leg, lines, ids, prior), parts, run, beat)
    if np.bincount(matched.links["pos"].to_numpy(), minlength=1).max() > 1:
        raise _broken(leg.name, "a row is in two matches")
    judged = judge(lines, matched.links, leg, ids)
    result = Result(
        leg=leg.name, label_a=leg.a.label, label_b=leg.b.label, lines=judged, entries=entries, suggestions=matched.suggestions, files=files,
        rule_names=tuple(rule.name for rule in leg.rules), compare_names=leg.compare, tallies=tally(judged),
        problems=(*problems, *matched.problems), decimals=_decimals(lines), has_dates=bool((lines["day"] != NO_DAY).any()),
        as_of_day=_as_of(recipe, lines),
    )  # fmt: skip
    prove(result)
    return result


def _joined(sides: Sequence[Prepared], leg: Leg) -> tuple[pd.DataFrame, pd.DataFrame, tuple[FileFacts, ...]]:
    """Both sides under each other, with `pos`, and files and entries numbered to fit."""
    frames: list[pd.DataFrame] = []
    entries: list[pd.DataFrame] = []
    for number, side in enumerate(sides):
        if side.lines is None or side.entries is None:
            raise _broken(leg.name, f"side {'AB'[number]} has no lines")
        offset = sum(len(frame) for frame in frames)
        shift = len(sides[0].files) if number else 0
        frames.append(side.lines.assign(side=np.int8(number), file=(side.lines["file"] + shift).astype(np.int32)))
        entries.append(side.entries.assign(pos=side.entries["pos"] + offset))
    lines = pd.concat(frames, ignore_index=True)
    joined = pd.concat(entries, ignore_index=True)
    return lines.assign(pos=np.arange(len(lines))), joined, (*sides[0].files, *sides[1].files)


def number_ids(lines: pd.DataFrame, currency: str) -> tuple[pd.DataFrame, int]:
    """Give every id its number; where the open lines name more than one currency, the currency is part of the id.

    An open line without an id (a bank credit without a reference) has a number of its own: it joins no other line.

    A line that names none is of `currency`, the recipe's; where that is empty too, of the only one named.
    """
    text, hashes = arrow_text(lines["key"]), lines["key_hash"].to_numpy()
    money = arrow_text(lines["currency"])
    written = set(pc.unique(money.filter(pa.array(lines["skip"].to_numpy() == 0))).to_pylist())
    named = {name or currency for name in written} - {""}
    if "" in written and len(written) > 1:
        money = pc.if_else(pc.equal(money, ""), currency or (min(named) if len(named) == 1 else ""), money)
        lines = lines.assign(currency=pd.Series(pd.array(pa.chunked_array([money]), dtype="str")))
    if len(named) > 1:
        blank = pc.equal(text, "")
        text = pc.if_else(blank, "", join_texts([text, money], "\x1f"))
        hashes = content_hash(text)
    codes, count = codes_of(text, hashes)
    code = codes.astype(np.int64)
    nameless = np.flatnonzero((lines["skip"].to_numpy() == 0) & (code < 0))
    code[nameless] = count + np.arange(len(nameless))
    return lines.assign(code=code), count + len(nameless)


def _open_numbers(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines that take part, in the numeric columns the ladder works on; items become numbers where both sides name them."""
    names = ["pos", "side", "code", "amount_minor", "day", "units", "twin", "printed_hash", "line_id"]
    names += [name for name in lines.columns if name.startswith("compare_")]
    is_open = np.flatnonzero(lines["skip"].to_numpy() == 0)
    columns = {name: lines[name].to_numpy()[is_open] for name in names}
    side, item = lines["side"].to_numpy(), (lines["item"] != "").to_numpy()
    both = item[side == 0].any() and item[side == 1].any()
    codes = pd.factorize(lines["item"])[0][is_open] if both else np.zeros(len(is_open), np.int64)
    money = pd.factorize(lines["currency"].iloc[is_open])
    if len(money[1]) > 1:  # only then: equal figures of two currencies are no equal amounts
        columns["currency_code"] = money[0]
    return pd.DataFrame({**columns, "item_code": codes})


def _task(leg: Leg, lines: pd.DataFrame, ids: int, prior: Prior) -> Task:
    totals = [rule.within_minor for rule in leg.rules if rule.kind is RuleKind.TOTALS]
    return Task(
        ids=ids, line_ids=lines["line_id"].to_numpy(), totals_within_minor=max(totals, default=0), whole_ids=leg.whole_ids,
        decisions=prior.decisions.get(leg.name, ()), keys=lines["key_raw"],
    )  # fmt: skip


def _no_common_id(leg: Leg, lines: pd.DataFrame) -> Problem:
    open_ids = [lines.loc[(lines["side"] == side) & (lines["skip"] == 0), "key_raw"] for side in (0, 1)]
    shown = [f"'{ids.iloc[0]}'" if len(ids) else "no row that takes part" for ids in open_ids]
    what = f"Leg '{leg.name}': no id of {leg.a.label} is on {leg.b.label} (A has {shown[0]}, B has {shown[1]})."
    fix = "Choose the columns that hold the same id in Mapping, or an id cleaning that makes them comparable."
    return Problem("K-402", Severity.STOP, Place(sheet="Mapping"), shown[0].strip("'"), what, fix)


def _decimals(lines: pd.DataFrame) -> int:
    """Decimals that the amounts of both files need: 2, 3 or 4."""
    amounts = lines["amount_minor"].to_numpy()
    return 2 if not (amounts % PAISA).any() else 3 if not (amounts % (PAISA // 10)).any() else 4


def _as_of(recipe: Recipe, lines: pd.DataFrame) -> int:
    chosen: dt.date | None = recipe.as_of or recipe.period_to
    return from_date(chosen) if chosen else int(lines["day"].max()) if len(lines) else NO_DAY


def tally(lines: pd.DataFrame) -> dict[tuple[int, Status], Tally]:
    """Rows and money of each outcome on each side."""
    key = lines["side"].to_numpy().astype(np.int64) * len(CODE) + lines["status"].to_numpy()
    rows = np.bincount(key, minlength=2 * len(CODE))
    sums = np.zeros(2 * len(CODE), np.int64)
    np.add.at(sums, key, lines["amount_minor"].to_numpy())
    return {
        (side, status): Tally(rows=int(rows[side * len(CODE) + code]), amount_minor=int(sums[side * len(CODE) + code]))
        for side in (0, 1) for status, code in CODE.items()
    }  # fmt: skip


def prove(result: Result) -> None:
    """Stop the run if a row is lost, counted twice or linked twice, or a confirmed link does not add up."""
    side, no, amount, gap, within, status, link, skip = (
        result.lines[name].to_numpy()
        for name in ("side", "no", "amount_minor", "gap_minor", "within_minor", "status", "link", "skip")
    )
    for letter in (0, 1):
        mine = side == letter
        tallies = [result.tallies[letter, status] for status in Status]
        if not np.array_equal(np.sort(no[mine]), np.arange(1, mine.sum() + 1)):
            raise _broken(result.leg, "rows are not numbered once each")
        if sum(one.rows for one in tallies) != mine.sum():
            raise _broken(result.leg, "rows in and rows out differ")
        if sum(one.amount_minor for one in tallies) != int(amount[mine].sum()):
            raise _broken(result.leg, "money in and money out differ")
    if int(result.entries["amount_minor"].sum()) != int(amount.sum()):
        raise _broken(result.leg, "entries do not add up to their lines")
    green = status == CODE[Status.MATCHED]
    if (np.abs(gap[green]) > within[green]).any() or (link[green] < 0).any():
        raise _broken(result.leg, "a match lies outside its tolerance")
    if ((link >= 0) & (skip > 0)).any():
        raise _broken(result.leg, "a skipped row is in a match")


def result_hash(results: Mapping[str, Result]) -> str:
    """One hash over every line, its outcome and its match: the same for the same inputs in any order."""
    digest = np.uint64(len(results))
    for name, result in sorted(results.items()):
        lines = result.lines
        mixed: npt.NDArray[np.uint64] = lines["line_id"].to_numpy()
        for name_of_part in ("status", "skip", "klass", "gap_minor", "match_id", "amount_minor"):
            values = lines[name_of_part].to_numpy()
            mixed = mix(mixed ^ (values if values.dtype == np.uint64 else values.astype(np.int64).view(np.uint64)))
        with np.errstate(over="ignore"):
            mine = np.array(
                [mixed.sum(dtype=np.uint64), np.bitwise_xor.reduce(mixed) if len(mixed) else np.uint64(0)], np.uint64
            )
        digest = (
            mix(np.array([digest ^ mine[0] ^ content_hash(pa.array([name], pa.large_string()))[0]], np.uint64))[0]
            ^ mine[1]
        )
    return f"{int(digest):016x}"


def _broken(leg: str, what: str) -> ReconError:
    return broken(leg, f"The proof of leg '{leg}' failed: {what}.")


__all__ = ["Outcome", "Prior", "prove", "reconcile", "result_hash", "tally"]
