"""Sheet Changes: what a run changed since the one before: files, payouts, orders, exceptions, each with before, after and cause.

What stood on the result sheets of the run before (`Case.previous`) is compared with this run, by order id and exception key, so it does
not matter how a user has sorted or filtered them. Where files, Setup, as-of day and version are those of the run before, nothing is
listed, whatever was typed over a result. Rows of earlier runs stay below, up to KEPT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from recon_core.model import FileFacts, OtherFile, Result, Status, Use
from recon_core.money import MINOR_PER_MAJOR
from recon_core.reports.case import Case, Previous, day, detail_sheet, files_hash, hex_ids
from recon_core.schema import as_int, as_text
from recon_core.sheets import Column, Kind, Sheet

NAME, TABLE, KEPT = "Changes", "tblChanges", 20_000
AMOUNTS = ("Amount before", "Amount after", "Change of amount", "Outstanding before", "Outstanding after")
COLUMNS = (
    Column(name="Run", kind=Kind.INTEGER, width=7), Column(name="Of", width=10), Column(name="Leg", width=14), Column(name="Id", kind=Kind.ID, width=24),
    Column(name="Change", width=11), Column(name="Status before", width=18), Column(name="Status after", width=18), Column(name="Payment before", width=17),
    Column(name="Payment after", width=17), *(Column(name=name, kind=Kind.AMOUNT, width=15) for name in AMOUNTS), Column(name="What else", width=60),
    Column(name="Cause", width=44), Column(name="Key", kind=Kind.ID, width=19),
)  # fmt: skip
NAMES = [column.name for column in COLUMNS]
FILE, PAYOUT, ORDER, EXCEPTION = "File", "Payout", "Order", "Exception"
NEW, GONE, CLOSED, CHANGED, REISSUED, MONEY, DAYS = (
    "New",
    "Gone",
    "Closed",
    "Changed",
    "Re-issued",
    "Money",
    "Days only",
)
VERDICTS = ("Orders leg", "Settlement leg", "Payment")
DAY_WORDS = ("Awaited", "Days overdue", "Days late", "Due", "Paid in full on", "Divergences", "Tags")
NOT_OPEN = "Not open"
Row = dict[str, object]


class Causes(NamedTuple):
    """Where a change may come from: rows of new files by leg and id, files that are gone, and what else differs."""

    by_leg: Mapping[str, Mapping[str, str]]
    new: str
    gone: frozenset[str]
    as_of: str
    others: str

    def of(self, legs: Sequence[str], key: str, *, days_only: bool = False) -> str:
        """The files that bear the id; else the as-of day where only days moved; else whatever differs."""
        names = dict.fromkeys(
            name for leg in legs for name in (self.by_leg.get(leg, {}).get(key, "")).split("; ") if name
        )
        if names:
            return "; ".join(names)
        if days_only and self.as_of:
            return self.as_of
        return "; ".join(filter(None, [self.new and f"other rows of {self.new}", *(f"{name} is gone" for name in sorted(self.gone)), self.as_of, self.others]))  # fmt: skip


def frame(case: Case) -> pd.DataFrame:
    """The rows of this run, then those of earlier ones. Needs `case.previous` and the other details."""
    before = case.previous
    rows: list[Row] = []
    if before is not None and before.number and _may_differ(case, before):
        causes = _causes(case, before)
        for found in (
            _files(case, before),
            _payouts(case, before, causes),
            _orders(case, before, causes),
            _exceptions(case, before, causes),
        ):
            rows += sorted(
                found, key=lambda row: (-abs(_int(row.get("Change of amount"))), str(row["Leg"]), str(row["Id"]))
            )
        rows = [{"Run": case.run.number, **row} for row in rows]
    rows += list(before.changes if before else ())[: max(0, KEPT - len(rows))]
    whole = pd.DataFrame(rows, columns=NAMES)
    dtypes = {Kind.INTEGER: "Int64", Kind.AMOUNT: "Int64"}
    texts = [column.name for column in COLUMNS if column.kind not in dtypes]
    return whole.fillna(dict.fromkeys(texts, "")).astype(
        {column.name: dtypes.get(column.kind, "str") for column in COLUMNS}
    )


def _may_differ(case: Case, before: Previous) -> bool:
    """Whether anything that goes into a run is another than in the run before."""
    run = case.run
    if before.files_hash not in (
        files_hash(case.results, case.others),
        files_hash(case.results, ()),
    ):  # an older Tieout hashed the legs' files only
        return True
    return (run.setup_hash, run.result_hash, case.recipe.as_of, run.version) != (before.setup_hash, before.result_hash, before.as_of, before.version)  # fmt: skip


def _others(case: Case, before: Previous) -> Sequence[OtherFile]:
    """This run's files of no leg; none where the run before has listed none: one by an older Tieout did not, so nothing is known of them."""
    return case.others if set(before.texts("Files", "Leg")) & {str(use) for use in Use} else ()


def _known(case: Case, before: Previous) -> set[str]:
    """Fingerprints of the files that the run before has read; all of this run's where its sheet Files is lost."""
    if "Files" in before.missing:
        return {file.sha256 for result in case.results.values() for file in result.files}
    return set(before.texts("Files", "SHA-256"))


def _causes(case: Case, before: Previous) -> Causes:
    known = _known(case, before)
    by_leg: dict[str, dict[str, str]] = {}
    for leg, result in case.results.items():
        fresh = [number for number, file in enumerate(result.files) if file.sha256 not in known]
        lines = result.lines[np.isin(result.lines["file"].to_numpy(), fresh)]
        names = lines["file"].map({number: result.files[number].file for number in fresh})
        bearing: dict[str, set[str]] = {}
        for key, name in set(zip(lines["key"].tolist(), names.tolist(), strict=True)):
            bearing.setdefault(key, set()).add(name)
        by_leg[leg] = {key: "; ".join(sorted(found)) for key, found in bearing.items()}
    others = _others(case, before)
    of_legs = [file for result in case.results.values() for file in result.files]
    here = {file.sha256 for file in of_legs} | {file.sha256 for file in others}
    names_here = {file.file for file in of_legs} | {file.file for file in others}
    pairs_before = zip(before.texts("Files", "SHA-256"), before.texts("Files", "File"), strict=True)
    gone = frozenset(name for sha, name in pairs_before if sha not in here) - names_here
    new = sorted({file.file for file in of_legs if file.sha256 not in known})
    moved = before.as_of != case.recipe.as_of
    span = [day(one) if one else "none" for one in (before.as_of, case.recipe.as_of)]
    besides = [f"{name} is another" for name in dict.fromkeys(file.file for file in others if file.sha256 not in known)]
    besides += ["Setup was changed"] if before.setup_hash != case.run.setup_hash else []
    besides += [f"Tieout {before.version} → {case.run.version}"] if before.version != case.run.version else []
    return Causes(by_leg, "; ".join(new), gone, f"as of {span[0]} → {span[1]}" if moved else "", "; ".join(besides))


def _files(case: Case, before: Previous) -> Iterator[Row]:
    """Files that are new, re-issued under the same name, or gone; a renamed file is the same file."""
    if "Files" in before.missing:
        return
    columns = (before.texts("Files", name) for name in ("SHA-256", "Source", "File", "Rows"))
    old = {sha: (source, name, rows) for sha, source, name, rows in zip(*columns, strict=True)}
    named = {(source, name) for source, name, _ in old.values()}
    now: dict[str, FileFacts | OtherFile] = {file.sha256: file for file in _others(case, before)}
    now |= {file.sha256: file for result in case.results.values() for file in result.files}
    for sha, file in now.items():
        if sha not in old:
            change = REISSUED if (file.source, file.file) in named else NEW
            yield _row(FILE, file.source, file.file, change, what=f"{file.rows:,} rows", key=sha[:16])
    here = {(file.source, file.file) for file in now.values()}
    for sha, (source, name, rows) in old.items():
        if sha not in now and (source, name) not in here:
            yield _row(FILE, source, name, GONE, what=f"{rows} rows", key=sha[:16])


def _payouts(case: Case, before: Previous, causes: Causes) -> Iterator[Row]:
    """Payouts and bank credits whose status or amounts moved."""
    if case.books is None or "Payouts" in before.missing:
        return
    legs = [leg.name for leg in (case.books.legs.bank, case.books.legs.settlement) if leg]
    old, now = _by_payout(before.table("Payouts")), _by_payout(case.details["tblPayouts"])
    for key in dict.fromkeys((*old, *now)):
        one, two = old.get(key), now.get(key)
        if one == two:
            continue
        change = NEW if one is None else GONE if two is None else CHANGED
        status, amounts, reference = ([_at(row, at) for row in (one, two)] for at in range(3))
        if change == GONE and status[0] == "Only in the bank":
            change, status[1] = CLOSED, "Explained"
        yield _row(
            PAYOUT, legs[0], str(reference[0]) if key.startswith("bank ") and reference[0] else key.removeprefix("bank "), change, status, amount=amounts, cause=causes.of(legs, str(reference[1] or reference[0] or "")),
        )  # fmt: skip


def _by_payout(table: pd.DataFrame) -> dict[str, tuple[str, int, str]]:
    """Status, amount and reference by payout; a credit without one by its reference, day and amount."""
    found = {}
    for row in table.to_dict("records"):
        status, payout = _text(row["Status"]), _text(row["Payout"])
        minor = _int(row["Sum of lines"]) if payout else _int(row["Bank amount"])
        reference = _text(row["Reference"] if payout else row["Bank reference"])
        found[payout or f"bank {reference or _text(row['Bank date'])[:10]} {minor}"] = (status, minor, reference)
    return found


def _at(row: tuple[str, int, str] | None, place: int) -> object:
    return None if row is None else row[place]


def _orders(case: Case, before: Previous, causes: Causes) -> Iterator[Row]:
    """Orders of which a verdict or an amount moved, or only days; new ones and those gone."""
    if case.books is None or "Orders" in before.missing:
        return
    legs = [leg.name for leg in (case.books.legs.settlement, case.books.legs.orders) if leg]
    old, now = (_of_orders(table) for table in (before.table("Orders"), case.details["tblOrders"]))
    amounts = [name for name in now if name not in (*VERDICTS, *DAY_WORDS, "In our orders", "In portal orders")]
    old = old.reindex(columns=now.columns)
    ids = now.index.union(old.index)
    one, two = old.reindex(ids), now.reindex(ids)
    known = ids.isin(old.index) & ids.isin(now.index)
    money = (one[[*VERDICTS, *amounts]] != two[[*VERDICTS, *amounts]]).any(axis=1).to_numpy()
    days = (one[list(DAY_WORDS)] != two[list(DAY_WORDS)]).any(axis=1).to_numpy()
    for at in np.flatnonzero(~known | money | days).tolist():
        name, was, is_now = str(ids[at]), one.iloc[at], two.iloc[at]
        change = (MONEY if money[at] else DAYS) if known[at] else NEW if ids[at] in now.index else GONE
        told = [word for word in ("Orders leg", *DAY_WORDS) if known[at] and was[word] != is_now[word]]
        yield _row(
            ORDER, legs[0], name, change, [was["Settlement leg"], is_now["Settlement leg"]], [was["Payment"], is_now["Payment"]],
            amount=[was["Actual net"], is_now["Actual net"]], outstanding=[was["Outstanding"], is_now["Outstanding"]],
            what="; ".join(f"{word}: {was[word] or 'none'} → {is_now[word] or 'none'}" for word in told),
            cause=causes.of(legs, name, days_only=change == DAYS),
        )  # fmt: skip


def _of_orders(table: pd.DataFrame) -> pd.DataFrame:
    """Orders by id: amounts as whole numbers, words and days as text."""
    skipped = ("Order id", "In our orders", "In portal orders")
    columns: dict[str, list[object]] = {}
    for name in (str(name) for name in table if name not in skipped):
        is_word = name in (*VERDICTS, *DAY_WORDS)
        columns[name] = [_text(value) if is_word else _int(value) for value in table[name].tolist()]
    frame = pd.DataFrame(columns, dtype=object)
    frame.index = pd.Index([_text(value) for value in table["Order id"].tolist()], dtype=object)
    return frame[~frame.index.duplicated()]


def _exceptions(case: Case, before: Previous, causes: Causes) -> Iterator[Row]:
    """Exceptions that are closed, new, or of another status, type or amount."""
    if "Exceptions" in before.missing:
        return
    old, now = _by_key(before.table("Exceptions")), _by_key(case.details["tblExceptions"])
    places = _places(case.results, [key for key in dict.fromkeys((*old, *now)) if old.get(key) != now.get(key)])
    known, standing = _known(case, before), _standing(before.table("Exceptions"))
    for (leg, key), place in places.items():
        was, is_now = old.get((leg, key)), now.get((leg, key))
        lines = case.results[leg].lines if leg in case.results else None
        id_now = str(lines["key"].iloc[place]) if lines is not None and place >= 0 else ""
        fresh = (
            lines is not None
            and place >= 0
            and case.results[leg].files[int(lines["file"].iloc[place])].sha256 not in known
        )
        after = is_now[0] if is_now else list(Status)[int(lines["status"].iloc[place])] if lines is not None and place >= 0 else "Not in the files"  # fmt: skip
        beside = (
            "" if lines is None or place < 0 or fresh or was else standing.get(_place_of(case.results[leg], place), "")
        )
        first = was[0] if was else beside or ("" if fresh else NOT_OPEN)
        is_open = str(after) in (Status.PARTIALLY_MATCHED, Status.UNMATCHED)
        kinds = [one[1] if one else "" for one in (was, is_now)]
        yield _row(
            EXCEPTION, leg, (is_now or was or ("", "", None, ""))[3], CHANGED if is_open and (was or beside) else CLOSED if was else NEW, [first, str(after)],
            amount=[was[2] if was else None, is_now[2] if is_now else None if is_open else 0 if was else None],
            what=f"Type: {kinds[0] or 'none'} → {kinds[1] or 'none'}" if kinds[0] != kinds[1] else "", cause=causes.of([leg], id_now), key=key,
        )  # fmt: skip


def _standing(table: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """Status of each row of a file that stood on Exceptions, beside the row that gave the key or as that row: leg, file, row."""
    found: dict[tuple[str, str, str], str] = {}
    for side in "AB":
        columns = (table[name].tolist() for name in ("Leg", f"File {side}", f"Row {side}", "Status"))
        found |= {
            (_text(leg), _text(file), _text(row)): _text(status)
            for leg, file, row, status in zip(*columns, strict=True)
            if not _blank(row)
        }
    return found


def _place_of(result: Result, place: int) -> tuple[str, str, str]:
    return (
        result.leg,
        result.files[int(result.lines["file"].iloc[place])].file,
        str(int(result.lines["row"].iloc[place])),
    )


def _by_key(table: pd.DataFrame) -> dict[tuple[str, str], tuple[str, str, int | None, str]]:
    """Status, type, difference and id of each exception, by leg and key."""
    columns = (table[name].tolist() for name in ("Leg", "Exc key", "Status", "Type", "Difference", "Id"))
    return {
        (_text(leg), _text(key)): (_text(status), _text(kind), None if _blank(gap) else _int(gap), _text(name))
        for leg, key, status, kind, gap, name in zip(*columns, strict=True)
    }


def _places(results: Mapping[str, Result], keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The position of each exception's line in its leg, -1 where it is not there any more."""
    found: dict[tuple[str, str], int] = dict.fromkeys(keys, -1)
    for leg, result in results.items():
        mine = {key for name, key in keys if name == leg}
        ids = hex_ids(result.lines["line_id"].to_numpy()) if mine else pd.Series([], dtype="str")
        for at in np.flatnonzero(ids.isin(mine).to_numpy()):
            found[leg, str(ids.iloc[at])] = int(at)
    return found


def _row(  # noqa: PLR0913 - a row of the sheet
    of: str, leg: str, name: str, change: str, status: Sequence[object] = ("", ""), payment: Sequence[object] = ("", ""), *,
    amount: Sequence[object] = (None, None), outstanding: Sequence[object] = (None, None), what: str = "", cause: str = "", key: str = "",
) -> Row:  # fmt: skip
    texts = {
        "Status before": status[0],
        "Status after": status[1],
        "Payment before": payment[0],
        "Payment after": payment[1],
    }
    both = [None if _blank(one) else _int(one) for one in amount]
    owed = [None if _blank(one) else _int(one) for one in outstanding]
    moved = (both[1] or 0) - (both[0] or 0) if both != [None, None] else None
    figures = dict(zip(AMOUNTS, (*both, moved, *owed), strict=True))
    return {"Of": of, "Leg": leg, "Id": name, "Change": change, **{name: "" if _blank(one) else str(one) for name, one in texts.items()}, **figures, "What else": what, "Cause": cause, "Key": key}  # fmt: skip


def _blank(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value == "" or value != value  # noqa: PLR0124 - a NaN is not itself


def _text(value: object) -> str:
    return "" if _blank(value) else as_text(value)


def _int(value: object) -> int:
    return 0 if _blank(value) or not isinstance(value, int | float | np.integer) else int(value)


def sheet(case: Case) -> list[Sheet]:
    """The sheet Changes, from the second run on."""
    if case.previous is None:
        return []
    return [detail_sheet(case, NAME, TABLE, COLUMNS, said(case), tab="green", still="Id")]


def said(case: Case) -> str:
    """What this run changed, in a sentence."""
    before = case.previous
    if before is None or not before.number:
        return "No earlier run is known, so there is nothing to compare with."
    found = counts(case)
    gone = [sheet for sheet in before.missing if case.books or sheet not in ("Orders", "Payouts")]
    lost = f" The sheet {' and '.join(gone)} of run {before.number} could not be read, so its changes are not listed." if gone else ""  # fmt: skip
    if not found:
        return f"Nothing changed since run {before.number}.{lost}"
    words = [
        f"{count:,} {_PLURAL[of][count > 1]} {_SAID.get(change, change.lower())}"
        for (of, change), count in found.items()
    ]
    return f"Since run {before.number}: {', '.join(words)}.{lost}"


_SAID = {MONEY: "with other figures", DAYS: "with other days only"}
_PLURAL = {
    FILE: ("file", "files"),
    PAYOUT: ("payout", "payouts"),
    ORDER: ("order", "orders"),
    EXCEPTION: ("row of Exceptions", "rows of Exceptions"),
}


def counts(case: Case) -> dict[tuple[str, str], int]:
    """How many rows of this run, by what they are of and what changed, in the order of the sheet."""
    rows = case.details[TABLE]
    mine = rows[(rows["Run"] == case.run.number).to_numpy(dtype=bool, na_value=False)]
    pairs = mine.groupby(["Of", "Change"], sort=False).size()
    return {
        (str(key[0]), str(key[1])): int(count) for key, count in zip(pairs.index.tolist(), pairs.tolist(), strict=True)
    }


def rows_of(columns: Mapping[str, Sequence[object]]) -> list[Row]:
    """The rows of an earlier sheet Changes, amounts in minor units; [] where it cannot be read."""
    if not set(NAMES) <= set(columns):
        return []
    return [
        {
            name: as_int(value) if name == "Run" else _minor(value) if name in AMOUNTS else as_text(value)
            for name, value in zip(NAMES, values, strict=True)
        }
        for values in zip(*(columns[name] for name in NAMES), strict=True)
    ]


def _minor(value: object) -> int | None:
    return round(value * MINOR_PER_MAJOR) if isinstance(value, int | float) and not isinstance(value, bool) else None
