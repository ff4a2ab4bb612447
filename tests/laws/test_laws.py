"""Laws on random data: nothing lost, no row twice, order and parts decide nothing, and a plain oracle agrees.

Two sides are drawn from few ids, few amounts and few dates, so that collisions, splits, repeats, blanks and
unreadable cells are the rule, not the exception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.engine import Outcome, result_hash
from recon_core.keys import Cleaning
from recon_core.model import CLASSES, MatchClass, Result, Status
from recon_core.recipe import Leg, Recipe, SkipRule
from tests.raws import leg, raw, run, use

TABLE = ("id", "amount", "day", "item", "units", "kind")
IDS = ["K1", "K2", "k1 ", "K3", "K4", "", "NA", "K5.0", "'K2"]
AMOUNTS = ["10.00", "20.00", "-10.00", "30.00", "0.00", "10.01", "9.99", "40.00", "10.0001", "x", "", "-"]
DATES = ["2026-04-01", "2026-04-02", "2026-04-03", "2026-04-06", ""]
ANCHOR = {
    "id": "ANCHOR",
    "amount": "7.77",
    "day": "2026-04-01",
    "item": "",
    "units": "1",
    "kind": "",
}  # so that the sides share an id

Row = tuple[str, ...]


class Sides(NamedTuple):
    """Two sides as rows of text."""

    a: list[Row]
    b: list[Row]


def rows(units: Sequence[str]) -> st.SearchStrategy[list[Row]]:
    """Rows of one side, some of them drawn twice."""
    one = st.tuples(
        st.sampled_from(IDS),
        st.sampled_from(AMOUNTS),
        st.sampled_from(DATES),
        st.sampled_from(["", "X", "Y"]),
        st.sampled_from(units),
        st.sampled_from(["", "", "", "drop"]),
    )
    return st.lists(one, max_size=14).flatmap(
        lambda found: (
            st.lists(st.sampled_from(found), max_size=3).map(lambda again: found + again) if found else st.just(found)
        )
    )


sides = st.one_of(
    st.builds(Sides, rows(["", "1", "2"]), rows([""])),
    st.builds(Sides, rows([""]), rows([""])),
    st.builds(Sides, rows(["1", "2"]), rows(["1", "2"])),
)  # fmt: skip
options = st.fixed_dictionaries({
    "within_minor": st.sampled_from([0, 100, 200]), "days": st.sampled_from([None, 0, 1, 3]), "whole_ids": st.booleans(), "item": st.booleans(),
})  # fmt: skip


def the_leg(item: bool = False, **more: object) -> Leg:
    """Id, amount, date and quantity of both sides; items if asked."""
    names = {"id": "id", "amount": "amount", "day": "date", "units": "quantity"} | ({"item": "item"} if item else {})
    return leg([use(side, meaning, column) for side in "AB" for column, meaning in names.items()], **more)


def reconciled(one: Leg, both: Sides, files: int = 1, **more: object) -> Outcome:
    """Run the leg; each side gets the anchor row and is cut into so many files, the last rows in the first file."""
    cut = []
    for name, mine in zip("ab", both, strict=True):
        table = [tuple(ANCHOR.values()), *mine]
        pieces = [table[n::files] for n in range(files)][::-1]
        cut.append(
            [
                raw(name, dict(zip(TABLE, map(list, zip(*piece, strict=True)), strict=True)), file=f"{name}{n}.csv")
                for n, piece in enumerate(pieces)
                if piece
            ]
        )
    return run(one, *cut, **more)


def verdicts(result: Result) -> Counter[tuple[object, ...]]:
    """What became of each row, by its content: nothing of it may depend on places."""
    lines = result.lines
    columns = [
        "side",
        "key_raw",
        "amount_raw",
        "date_raw",
        "item",
        "units",
        "status",
        "skip",
        "klass",
        "gap_minor",
        "gap_days",
        "match_id",
        "rule",
        "reason",
    ]
    return Counter(map(tuple, lines[columns].astype(str).to_numpy().tolist()))


def links(result: Result, flip: bool = False) -> list[tuple[object, ...]]:
    """The links as contents, mirrored on wish."""
    mirrored = {MatchClass.ONE_TO_MANY: MatchClass.MANY_TO_ONE, MatchClass.MANY_TO_ONE: MatchClass.ONE_TO_MANY}
    found = []
    for _, mine in result.lines[result.lines["link"] >= 0].groupby("link"):
        klass = CLASSES[mine["klass"].iloc[0]]
        side = 1 - mine["side"] if flip else mine["side"]
        members = sorted(zip(side, mine["key"], mine["amount_minor"], mine["day"], strict=True))
        gap = mine["gap_minor"].iloc[0]
        found.append(
            (
                mirrored.get(klass, klass) if flip else klass,
                tuple(members),
                -gap if flip else gap,
                mine["status"].iloc[0],
            )
        )
    return sorted(found, key=str)


@given(sides, options)
def test_nothing_is_lost_and_no_row_is_used_twice(both: Sides, chosen: dict[str, object]) -> None:
    recipe_leg = the_leg(**chosen)
    recipe = Recipe(
        legs=(recipe_leg,), skips=(SkipRule(source="", column="kind", test="is", value="DROP", reason="dropped"),)
    )
    result = reconciled(recipe_leg, both, recipe=recipe).results["L"]
    lines = result.lines
    for side, mine in enumerate(both):
        here = lines[lines["side"] == side]
        assert len(here) == len(mine) + 1
        assert sum(tally.rows for (letter, _), tally in result.tallies.items() if letter == side) == len(here)
        assert sum(tally.amount_minor for (letter, _), tally in result.tallies.items() if letter == side) == int(
            here["amount_minor"].sum()
        )
        assert result.files[side].amount_minor == int(here["amount_minor"].sum())
    entries = result.entries.groupby("pos")["amount_minor"].sum().reindex(lines["pos"], fill_value=0)
    assert (entries.to_numpy() == lines["amount_minor"].to_numpy()).all()
    assert lines["line_id"].is_unique
    linked = lines[lines["link"] >= 0]
    assert (linked["skip"] == 0).all()
    assert (
        len(linked[["link", "match_id"]].drop_duplicates()) == linked["link"].nunique() == linked["match_id"].nunique()
    )
    assert (linked.groupby("link")["line_id"].min() == linked.groupby("link")["match_id"].first()).all()
    assert (linked.groupby("link")["side"].nunique() == 2).all()
    assert len(linked[["link", "key"]].drop_duplicates()) == linked["link"].nunique()
    signed = np.where(linked["side"] == 0, linked["amount_minor"], -linked["amount_minor"])
    assert (
        pd.Series(signed).groupby(linked["link"].to_numpy()).transform("sum").to_numpy()
        == linked["gap_minor"].to_numpy()
    ).all()
    green = lines[lines["status"] == list(Status).index(Status.MATCHED)]
    assert (green["gap_minor"].abs() <= recipe_leg.within_minor).all()
    assert (green["reason"] == "").all()
    rest = lines[lines["status"].isin([1, 2])]
    assert (rest["reason"] != "").all()


@given(sides, options, st.randoms(use_true_random=False))
def test_order_of_rows_and_files_decides_nothing(both: Sides, chosen: dict[str, object], chance: object) -> None:
    one = the_leg(**chosen)
    first = reconciled(one, both)
    shuffled = Sides(*(chance.sample(list(mine), len(mine)) for mine in both))
    for other in (reconciled(one, shuffled), reconciled(one, shuffled, files=3), reconciled(one, both)):
        assert verdicts(other.results["L"]) == verdicts(first.results["L"])
        assert result_hash(other.results) == result_hash(first.results)


WILD = ("id", "amount", "day", "gst", "invoice")
wild_rows = st.lists(
    st.tuples(
        st.sampled_from(["0071", "71", "A-71", "a71", "O1", "o-1", "", "ZZ"]), st.sampled_from(["₹10.00", "$10.00", "10.00", "20.00", "₹-10.00"]),
        st.sampled_from(["2026-04-01", "2026-04-02", "2026-04-05"]), st.sampled_from(["1.00", "2.00", ""]), st.sampled_from(["I1", "I2", ""]),
    ), max_size=10,
)  # fmt: skip


@given(wild_rows, wild_rows, st.sampled_from(["", "INR"]), st.randoms(use_true_random=False))
def test_order_decides_nothing_under_cleaning_currencies_compared_columns_and_references(
    a: list[Row], b: list[Row], currency: str, chance: object
) -> None:
    names = {"id": "id", "amount": "amount", "day": "date", "gst": "compare", "invoice": "other reference"}
    one = leg(
        [use(side, meaning, column) for side in "AB" for column, meaning in names.items()],
        days=3,
        cleaning=Cleaning(separators=True, zeros=True, prefixes=("A",)),
    )
    recipe = Recipe(legs=(one,), currency=currency)
    anchor = ("ANCHOR", "10.00", "2026-04-01", "", "")

    def done(*both: list[Row], parts: int = 1) -> Outcome:
        tables = [[anchor, *mine] for mine in both]
        return run(
            one,
            *[
                raw(name, dict(zip(WILD, map(list, zip(*table, strict=True)), strict=True)))
                for name, table in zip("ab", tables, strict=True)
            ],
            recipe=recipe,
            parts=parts,
        )

    first = done(a, b)
    for other in (done(chance.sample(a, len(a)), chance.sample(b, len(b))), done(a, b, parts=3)):
        assert result_hash(other.results) == result_hash(first.results)
        assert verdicts(other.results["L"]) == verdicts(first.results["L"])
    lines = first.results["L"].lines
    linked = lines[lines["link"] >= 0]
    assert len(linked[["link", "currency"]].drop_duplicates()) == linked["link"].nunique(), "a link holds one currency"


@pytest.mark.parametrize("run_map", [map, ThreadPoolExecutor(2).map], ids=["map", "threads"])
@given(sides, options)
def test_parts_together_equal_the_whole(run_map: object, both: Sides, chosen: dict[str, object]) -> None:
    one = the_leg(**chosen)
    whole = reconciled(one, both).results
    for parts in (2, 7):
        pieces = reconciled(one, both, parts=parts, map=run_map).results
        assert result_hash(pieces) == result_hash(whole)
        pd.testing.assert_frame_equal(pieces["L"].lines.drop(columns="link"), whole["L"].lines.drop(columns="link"))
        pd.testing.assert_frame_equal(pieces["L"].suggestions, whole["L"].suggestions)


@given(sides, options)
def test_swapped_sides_give_mirrored_links(both: Sides, chosen: dict[str, object]) -> None:
    # without dates: the window of a group asks where B lies from the first to the last line of A, which has no mirror
    one = the_leg(**{**chosen, "days": None})
    there, back = reconciled(one, both).results["L"], reconciled(one, Sides(both.b, both.a)).results["L"]
    assert links(back, flip=True) == links(there)


@given(sides, options)
def test_an_unrelated_row_changes_no_link(both: Sides, chosen: dict[str, object]) -> None:
    one = the_leg(**chosen)
    more = Sides([*both.a, ("NEW", "1234.56", "2026-04-02", "", "", "")], both.b)
    units = [row[4] for row in both.a] + [ANCHOR["units"]]
    if any(units):  # a side without any quantity would change its rule for repeats with the first one
        more = Sides([*both.a, ("NEW", "1234.56", "2026-04-02", "", "1", "")], both.b)
    before, after = reconciled(one, both).results["L"], reconciled(one, more).results["L"]
    assert links(after) == links(before)


@given(sides, options)
def test_a_suggestion_moves_no_figure(both: Sides, chosen: dict[str, object]) -> None:
    one = the_leg(**chosen)
    silent = replace(one, rules=tuple(rule for rule in one.rules if rule.kind != "suggest"))
    loud, quiet = reconciled(one, both), reconciled(silent, both)
    assert result_hash(loud.results) == result_hash(quiet.results)
    lines, proposed = loud.results["L"].lines, loud.results["L"].suggestions
    for column in ("pos_a", "pos_b"):
        assert proposed[column].is_unique
        assert (lines["link"].to_numpy()[proposed[column].to_numpy(np.int64)] == -1).all()
    assert (proposed["others"] >= 0).all()


@given(sides)
def test_a_stop_yields_no_result(both: Sides) -> None:
    stopped = leg([*the_leg().uses[:-2], use("B", "compare", "no such column"), use("A", "compare", "no such column")])
    outcome = reconciled(stopped, both)
    assert not outcome.results
    assert {problem.code for problem in outcome.problems if problem.severity == "stop"} == {"M-201"}


# The oracle: the default ladder in plain Python, without quantities and items: one id at a time, a few lines a rule.


def oracle(both: Sides, within: int) -> Counter[tuple[object, ...]]:
    """(side, printed id, printed amount, status) of every row under the shipped ladder without dates."""
    read = [[(row, key_of(row[0]), amount_of(row[1])) for row in [tuple(ANCHOR.values()), *mine]] for mine in both]
    out: Counter[tuple[object, ...]] = Counter()
    keys = {key for mine in read for _, key, _ in mine}
    for key in keys:
        a, b = (
            [(row, amount) for row, own, amount in mine if own == key and key and amount is not None] for mine in read
        )
        status = judged(a, b, within)
        for side, mine in enumerate((a, b)):
            for row, amount in mine:
                out[side, row[0], row[1], status[side, amount] if (side, amount) in status else status[side, None]] += 1
    for side, mine in enumerate(read):
        for row, key, amount in mine:
            if not key or amount is None:
                out[side, row[0], row[1], "Skipped"] += 1
    return out


def judged(a: list[tuple[Row, int]], b: list[tuple[Row, int]], within: int) -> dict[tuple[int, int | None], str]:
    """Status by side and amount (None: every other amount) of the rows of one id."""
    everything = lambda word: {(0, None): word, (1, None): word}  # noqa: E731
    if not a or not b:
        return everything("Unmatched")
    gap = sum(amount for _, amount in a) - sum(amount for _, amount in b)
    if abs(gap) > within:
        return everything("Partially matched")
    if len(a) == len(b) == 1:
        return everything("Matched")
    counts = [Counter(amount for _, amount in mine) for mine in (a, b)]
    paired = {amount for amount in counts[0] if counts[0][amount] == counts[1][amount]}
    left = [[(row, amount) for row, amount in mine if amount not in paired] for mine in (a, b)]
    if bool(left[0]) != bool(left[1]):  # pairing would leave one side only: the id closes as a group
        paired, left = set(), [a, b]
    repeated = any(count > 1 for mine in left for count in Counter(row for row, _ in mine).values())
    rest = "Partially matched" if repeated else "Matched"
    return {(0, None): rest, (1, None): rest, **{(side, amount): "Matched" for side in (0, 1) for amount in paired}}


def key_of(text: str) -> str:
    """The id as compared, for the ids drawn here."""
    text = text.strip().lstrip("'").upper()
    return "" if text == "NA" else text


def amount_of(text: str) -> int | None:
    """Minor units, None where it is no amount."""
    try:
        return round(float(text) * 10_000)
    except ValueError:
        return None


@given(st.builds(Sides, rows([""]), rows([""])), st.sampled_from([0, 100, 200]))
def test_a_plain_oracle_agrees(both: Sides, within: int) -> None:
    names = {"id": "id", "amount": "amount"}
    one = leg([use(side, meaning, column) for side in "AB" for column, meaning in names.items()], within_minor=within)
    lines = reconciled(one, both).results["L"].lines
    got = Counter((row.side, row.key_raw, row.amount_raw, str(list(Status)[row.status])) for row in lines.itertuples())
    assert got == oracle(both, within)
