"""Sheet Exceptions: partially matched and unmatched rows with the reason, largest first; the user's notes stay.

The lines of a partial match stand side by side, A and B in one row as far as there are two; its difference stands
on its first row, so that the column adds up. With a marketplace the type of a row is the divergence of its
order or payout that is about most money; what is a lag of time stands below the work.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY, to_series
from recon_core.marketplace import Books
from recon_core.marketplace.meanings import MEANINGS, OF_THE_ORDERS
from recon_core.marketplace.words import PayoutStatus
from recon_core.model import Reason, Result, Status
from recon_core.money import MINOR_PER_MAJOR, grouped
from recon_core.problems import Place, Problem, Severity
from recon_core.reports.blocks import STEPS, is_lag
from recon_core.reports.case import PROOF, TYPED, Case, detail_sheet, hex_ids, named, square
from recon_core.sheets import Column, Kind, Sheet
from recon_core.statuses import SENTENCES

COLUMNS = (
    Column(name="Exc key", kind=Kind.ID, width=19), Column(name="Leg", width=14), Column(name="Status", width=17), Column(name="Type", width=24),
    Column(name="Id", kind=Kind.ID), Column(name="Date", kind=Kind.DATE, width=12), Column(name="Age days", kind=Kind.INTEGER, width=9),
    Column(name="Amount A", kind=Kind.AMOUNT), Column(name="Amount B", kind=Kind.AMOUNT), Column(name="Difference", kind=Kind.AMOUNT),
    Column(name="Why not matched", width=66), Column(name="What to do", width=48), *(Column(name=name, kind=Kind.INPUT_DATE if name == "Due" else Kind.INPUT, width=14) for name in TYPED),
    Column(name="Match id", kind=Kind.ID, width=18), Column(name="First seen run", kind=Kind.INTEGER, width=12),
    Column(name="File A"), Column(name="Sheet A", width=10), Column(name="Row A", kind=Kind.INTEGER, width=9),
    Column(name="File B"), Column(name="Sheet B", width=10), Column(name="Row B", kind=Kind.INTEGER, width=9), *PROOF,
)  # fmt: skip
OPEN = [list(Status).index(Status.PARTIALLY_MATCHED), list(Status).index(Status.UNMATCHED)]


def columns(case: Case) -> tuple[Column, ...]:
    """The columns of the sheet; those that the user has added stand last and stay his."""
    return (*COLUMNS, *(Column(name=name, kind=Kind.INPUT, width=16) for name in case.own_columns))


def frame(results: Mapping[str, Result], case: Case) -> pd.DataFrame:
    """One row for each unmatched line; a partial match has as many rows as its longer side. Largest first."""
    whole = open_rows(results, case.books)
    whole = whole.iloc[_largest_first(whole)].reset_index(drop=True)
    changed = set(changed_ticks(whole, case))
    typed = {name: [_note(case, key, name) for key in whole["Exc key"]] for name in (*TYPED, *case.own_columns)}
    typed["Tick"] = ["" if key in changed else tick for key, tick in zip(whole["Exc key"], typed["Tick"], strict=True)]
    first = [_first_seen(case, key) for key in whole["Exc key"]]
    whole = whole.assign(
        **{name: _cells(values) for name, values in typed.items()},
        **{"First seen run": pd.Series(first, dtype="Int64")},
    )
    return whole[[column.name for column in columns(case)]]


def open_rows(results: Mapping[str, Result], books: Books | None) -> pd.DataFrame:
    """The rows of the sheet with their type and difference, as they come, without what the user typed."""
    return _with_divergences(pd.concat([_leg(result) for result in results.values()], ignore_index=True), books)


def _cells(values: list[object]) -> pd.Series:
    """What a user typed: texts as texts, a date or a number as itself."""
    plain = all(isinstance(value, str) for value in values)
    return pd.Series(values, dtype="str" if plain else "object")


def _largest_first(whole: pd.DataFrame) -> np.ndarray:
    """Order of the rows: by the size of their match or row, rows of one match together, then as they came."""
    size = whole["Difference"].abs().fillna(0).astype("int64")
    group = np.where(whole["Match id"] != "", whole["Leg"] + whole["Match id"], whole["Leg"] + whole["Exc key"])
    lag = is_lag(whole).groupby(group).transform("min").to_numpy() if len(whole) else np.zeros(0, bool)
    return (
        np.lexsort((np.arange(len(whole)), group.astype(str), -size.groupby(group).transform("max").to_numpy(), lag))
        if len(whole)
        else np.arange(0)
    )


def _with_divergences(whole: pd.DataFrame, books: Books | None) -> pd.DataFrame:
    """Type, sentence and next step of each row: of its main divergence where it has one, else of the reason its leg gives."""
    rows = zip(_divergences(whole, books), whole["Type"], whole["Why not matched"], strict=True)
    kinds, said = [], []
    for codes, reason, sentence in rows:
        main, _, others = codes.partition("; ")
        kinds.append(main or reason)
        said.append((MEANINGS[main].sentence if main else sentence) + (f" Also: {others}." if others else ""))
    todo = [STEPS.get(kind, "") for kind in kinds]
    columns = {"Type": kinds, "Why not matched": said, "What to do": todo}
    return whole.assign(**{name: pd.Series(values, dtype="str") for name, values in columns.items()})


def _divergences(whole: pd.DataFrame, books: Books | None) -> pd.Series:
    """The codes of each row joined by '; ', '' for none: of its order in the legs of orders, of its payout in the bank leg."""
    codes = pd.Series([""] * len(whole), dtype="str")
    if books is None or whole.empty:
        return codes
    of_order = pd.Series(
        books.orders["divergences"].astype(object).to_numpy(), index=books.orders["order_id"].to_numpy(object)
    )
    settlement, orders, bank = books.legs.settlement, books.legs.orders, books.legs.bank
    for leg in filter(None, (settlement, orders)):
        mine = (whole["Leg"] == leg.name).to_numpy()
        found = whole.loc[mine, "key"].astype(object).map(of_order).fillna("").astype("str")
        codes[mine] = found if leg is settlement else found.map(_of_the_orders)
    if bank is not None:
        mine = (whole["Leg"] == bank.name).to_numpy()
        lags = set(books.payouts.loc[books.payouts["status"].astype("str") == PayoutStatus.IN_TRANSIT, "group"])
        rows = whole.loc[mine, ["Status", "lead_side", "key"]].itertuples(index=False)
        of_bank = [
            _of_the_bank(str(status), is_payout=side == books.legs.bank_payouts, is_moving=key in lags)
            for status, side, key in rows
        ]
        codes[mine] = pd.Series(of_bank, dtype="str", index=codes.index[mine])
    return codes


def _of_the_bank(status: str, *, is_payout: bool, is_moving: bool) -> str:
    """The divergence of a row of the bank leg."""
    if status == Status.PARTIALLY_MATCHED:
        return "BANK_AMOUNT"
    return "BANK_UNKNOWN" if not is_payout else "IN_TRANSIT" if is_moving else "BANK_MISSING"


def _of_the_orders(codes: str) -> str:
    """Of the divergences of an order those that its row in the leg against the portal's orders can be about."""
    return "; ".join(code for code in codes.split("; ") if code in OF_THE_ORDERS)


def changed_ticks(whole: pd.DataFrame, case: Case) -> list[str]:
    """Keys of ticked exceptions whose amounts are no longer those that were ticked."""
    names = ("Amount A", "Amount B", "Difference")
    ticked = {key for key, note in case.notes.items() if note.get("Tick") and "Difference" in note}
    now = _amounts(whole[whole["Exc key"].isin(ticked)], names)
    return [key for key, amounts in now.items() if [_minor(case.notes[key].get(name)) for name in names] != amounts]


def _amounts(rows: pd.DataFrame, names: Sequence[str]) -> dict[str, list[int | None]]:
    """Amounts of each exception by its key, None where the cell is empty."""
    columns = [[None if pd.isna(value) else int(value) for value in rows[name].tolist()] for name in names]
    return dict(zip(rows["Exc key"].tolist(), (list(row) for row in zip(*columns, strict=True)), strict=True))


def _minor(shown: object) -> int | None:
    """An amount as the sheet showed it, in minor units."""
    return round(float(shown) * MINOR_PER_MAJOR) if isinstance(shown, int | float) else None


def lost_ticks(case: Case) -> list[Problem]:
    """A note for each tick that was taken off, since what it stood for has changed."""
    rows = case.details["tblExceptions"]
    gone = changed_ticks(rows, case)
    now = _amounts(rows[rows["Exc key"].isin(gone)], ("Difference",))
    fix = "Look at the row again and tick it if it still holds. Its comment was kept."
    found = []
    for key in gone:
        note = case.notes[key]
        was, is_now = grouped(_minor(note.get("Difference")) or 0), grouped(now[key][0] or 0)
        what = f"The tick on '{note.get('Id')}' was set at a difference of {was}, now it is {is_now}; the tick was taken off."
        found.append(Problem("R-701", Severity.NOTE, Place(sheet="Exceptions"), key, what, fix))
    return found


def _first_seen(case: Case, key: str) -> int:
    """The run in which the exception was first seen, from the sheet as it stood."""
    seen = case.notes.get(key, {}).get("First seen run")
    return int(seen) if isinstance(seen, int | float) and seen else case.run.number


def _note(case: Case, key: str, name: str) -> object:
    """What the user typed for an exception: a text, or a date or a number as it was."""
    value = case.notes.get(key, {}).get(name)
    return (
        ""
        if value is None
        else value
        if isinstance(value, int | float | dt.date) and not isinstance(value, bool)
        else str(value)
    )


def _leg(result: Result) -> pd.DataFrame:
    """The exceptions of one leg: those of a match together, the largest match or row first."""
    pairs = _side_by_side(result)
    gap = np.abs(_take(result, "gap_minor", pairs["lead"]))
    link, own = _take(result, "match_id", pairs["lead"]), _take(result, "line_id", pairs["lead"])
    status = _take(result, "status", pairs["lead"])
    order = np.lexsort(
        (pairs["nth"].to_numpy(), np.where(link > 0, link, own), -gap, status)
    )  # equals stay in this order
    return _columns(pairs.iloc[order].reset_index(drop=True), result)


def _side_by_side(result: Result) -> pd.DataFrame:
    """Positions of the A and the B line of each row, -1 for none, and the one that leads (A where there is one)."""
    lines = result.lines
    at = np.flatnonzero(np.isin(lines["status"].to_numpy(), OPEN))
    few = pd.DataFrame(
        {
            "pos": at,
            "side": lines["side"].to_numpy()[at],
            "link": lines["link"].to_numpy()[at],
            "line_id": lines["line_id"].to_numpy()[at],
        }
    )
    few = few.assign(group=np.where(few["link"] < 0, -1 - few["pos"], few["link"])).sort_values(
        ["group", "line_id"], kind="stable"
    )
    few = few.assign(nth=few.groupby(["group", "side"], sort=False).cumcount())[["group", "nth", "side", "pos"]]
    both = few[few["side"] == 0].merge(few[few["side"] == 1], on=["group", "nth"], how="outer", suffixes=("_a", "_b"))
    left, right = (both[name].fillna(-1).to_numpy(np.int64) for name in ("pos_a", "pos_b"))
    return pd.DataFrame({"nth": both["nth"], "a": left, "b": right, "lead": np.where(left >= 0, left, right)})


def _take(result: Result, name: str, pos: pd.Series) -> np.ndarray:
    return np.asarray(result.lines[name].to_numpy()[pos.to_numpy()])


def _own(result: Result, name: str, pos: pd.Series) -> pd.Series:
    """A whole number of the line at each position, empty where there is no line."""
    return pd.Series(pd.array(result.lines[name].to_numpy()[pos.to_numpy()].astype("int64"), dtype="Int64")).mask(
        pos < 0
    )


def _columns(pairs: pd.DataFrame, result: Result) -> pd.DataFrame:
    lead, lines = pairs["lead"], result.lines
    day, reason = _take(result, "day", lead), lines["reason"].astype("str").to_numpy(object)[lead]
    differs = lines["differs"].to_numpy(object)[lead]
    gap = pd.Series(pd.array(_take(result, "gap_minor", lead), dtype="Int64"))
    amounts = {f"Amount {side}": _own(result, "amount_minor", pairs[side.lower()]) for side in "AB"}
    places: dict[str, pd.Series] = {}
    for side in "AB":
        at = pairs[side.lower()]
        number = np.where(at < 0, -1, _take(result, "file", at))
        places |= {
            f"File {side}": named([file.file for file in result.files], number),
            f"Sheet {side}": named([file.sheet for file in result.files], number),
            f"Row {side}": _own(result, "row", at),
        }
    proof = {f"{side} no": _own(result, "no", pairs[side.lower()]) for side in "AB"}
    return pd.DataFrame({
        "Exc key": hex_ids(_take(result, "line_id", lead)), "Leg": named([result.leg], np.zeros(len(pairs), int)),
        "Status": named(list(Status), _take(result, "status", lead)), "Type": pd.Series(reason, dtype="str"),
        "Id": pd.Series(lines["key_raw"].iloc[lead].array, dtype="str").str.strip(), "Date": to_series(day),
        "Age days": pd.Series(pd.array(result.as_of_day - day, dtype="Int64")).mask(day == NO_DAY), **amounts,
        "Difference": gap.mask(pairs["nth"] > 0),
        "Why not matched": pd.Series([_why(code, names, result) for code, names in zip(reason, differs, strict=True)], dtype="str"),
        "Match id": hex_ids(_take(result, "match_id", lead)), **places, **proof,
        "key": pd.Series(lines["key"].iloc[lead].array, dtype="str"), "lead_side": _take(result, "side", lead),
        "A no squared": square(proof["A no"]), "B no squared": square(proof["B no"]),
    })  # fmt: skip


def _why(code: str, differs: str, result: Result) -> str:
    sentence = SENTENCES.get(Reason(code), "")
    sentence = sentence.replace("side A", result.label_a).replace("side B", result.label_b)
    return (
        sentence.replace("a compared column differs", f"{differs} differs")
        if differs and code == Reason.COMPARED_DIFFERS
        else sentence
    )


def sheet(case: Case) -> Sheet:
    """The sheet Exceptions."""
    hint = "Work to do, largest first. The blue columns are yours: they stay with their row on every run, columns you add too."
    return detail_sheet(case, "Exceptions", "tblExceptions", columns(case), hint)
