"""Settlement lines that count, with their entries and payouts, read from the files at the places the leg names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from recon_core.dates import NO_DAY, Days
from recon_core.entries import (  # fmt: skip
    KIND_CODE,
    EntryType,
    Int8,
    LineKind,
    entries_of,
    read_kinds,
    sign_problems,
    sum_gaps,
)
from recon_core.keys import standard
from recon_core.line_sums import SettlementColumns
from recon_core.market import Market, Role, Says
from recon_core.market_rows import Part, amounts_of, column_of, days_of, read_column, terms_in
from recon_core.model import Raw, Result
from recon_core.money import Bool, Int64, grouped
from recon_core.problems import Place, Problem, Severity, broken
from recon_core.ratecard import UNKNOWN
from recon_core.standard_template import Role as Column
from recon_core.texts import arrow_text, concat_texts

Texts = npt.NDArray[np.object_]
ENOUGH_SALES = 3  # of one file, all negative, before its signs are taken to be turned


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Lines of one side of a leg, and where they stand in the files: part after part, in the same order."""

    lines: pd.DataFrame
    parts: tuple[Part, ...]

    @property
    def keys(self) -> pa.Array:
        """Their ids as compared."""
        return arrow_text(self.lines["key"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Settlement lines that count (m): those of no order too.

    frame: order int64 (-1 none), kind int8 (position in KINDS), payout int64, day int64, file int32 (position in the
    settlement leg's files), row int64, line_id uint64, net_minor int64, is_blank bool (no item), linked int8 (position in `linked`).
    entries: model.ENTRY_COLUMNS, pos is the position in frame.
    payouts: payout str, reference str, group str (as the bank leg adds up), day int64, file int32, stated_minor and
    other_stated_minor int64 (the least and the largest transfer that its rows state; UNKNOWN where none does); by position, oldest first.
    """

    frame: pd.DataFrame
    item: pa.Array
    remarks: pa.Array
    entries: pd.DataFrame
    linked: tuple[str, ...]  # what led to the order: '' its id, else the name of a reference
    payouts: pd.DataFrame


def settle(market: Market, result: Result, placed: Placed, order: Int64, group_by: str) -> tuple[Settled, list[Problem]]:  # fmt: skip
    """Lines of the settlement leg, the number of each one's order, the column the bank leg adds up by -> Settled.

    Lines whose amounts do not add up to their net are none of them: the leg has skipped and listed them (T-261). Raises
    ReconError E-900 where one does not add up all the same.
    """
    read = [FileLines.read(market, part) for part in placed.parts]
    file, row = placed.lines["file"].to_numpy(), placed.lines["row"].to_numpy()

    def place_of(pos: int) -> Place:
        facts = result.files[int(file[pos])]
        return Place(file=facts.file, sheet=facts.sheet, row=int(row[pos]))

    kinds = _joined([one.kind for one in read]).astype(np.int8)
    entries = _entries(read, kinds)
    net = _net(_joined([one.net for one in read]), entries)
    names, linked = pd.factorize(placed.lines["linked_by"].astype("str"), sort=True)
    payouts, payout = _payouts(read, file, group_by)
    item, remarks = _texts([one.item for one in read]), _texts([one.remarks for one in read])
    frame = pd.DataFrame({
        "order": order, "kind": kinds, "payout": payout, "day": _joined([one.day for one in read]), "file": file, "row": row,
        "line_id": placed.lines["line_id"].to_numpy(), "net_minor": net, "is_blank": _is_blank(item), "linked": names.astype(np.int8),
    })  # fmt: skip
    if sum_gaps(entries, net).any():
        raise broken(result.leg, "A settlement line counts whose amounts do not add up to its net.")
    found = Settled(frame=frame, item=item, remarks=remarks, entries=entries, linked=tuple(map(str, linked)), payouts=payouts)  # fmt: skip
    kind_problems = dict.fromkeys(problem for one in read for problem in one.problems)
    return found, [*kind_problems, *sign_problems(entries, kinds, place_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLines:
    """The counted rows of one settlement file. `types`: amount column -> entry type on a sale. Net is UNKNOWN where no column has it."""

    raw: Raw
    net: Int64
    stated: Int64  # the transfer of the whole payout, UNKNOWN on rows that do not say it
    kind: Int8
    day: Days
    types: Mapping[str, str]
    amounts: Mapping[str, Int64]
    item: pa.Array
    remarks: pa.Array
    payout: Texts
    reference: Texts
    at: npt.NDArray[np.intp]
    problems: tuple[Problem, ...]

    @classmethod
    def read(cls, market: Market, part: Part) -> FileLines:
        """The columns that Setup names; else those that the standard template knows."""
        raw, at = part.raw, part.rows
        columns = SettlementColumns.of(market, raw)
        types, paid = columns.types(), columns.net()[at]
        read = {name: _amounts(raw, name, at, paid == UNKNOWN) for name in types}
        amounts = {name: minor for name, (minor, _) in read.items()}
        unread = [problem for _, found in read.values() for problem in found]
        sale = next((amounts[name] for name, kind in types.items() if kind == EntryType.SALE), np.zeros(len(at), np.int64))  # fmt: skip
        kind, problems = read_kinds(columns.kinds(part), sale, Place(file=raw.file, sheet=raw.sheet))
        total = market.use(Role.SETTLEMENTS, raw.source, Says.PAYOUT_TOTAL)
        return cls(
            raw=raw, net=paid, kind=kind,
            stated=amounts_of(raw, total.column, total.form or "auto")[at] if total else np.full(len(at), UNKNOWN, np.int64),
            day=days_of(raw, *columns.named(Says.PAYOUT_DATE, Column.PAYOUT_DATE))[at], types=types, amounts=amounts,
            item=standard(columns.text(part, Says.ITEM, Column.ITEM)), remarks=columns.text(part, Says.REMARKS, Column.NOTE),
            payout=_objects(columns.text(part, Says.PAYOUT, Column.PAYOUT)), reference=_objects(columns.text(part, Says.PAYOUT_REFERENCE, Column.BANK_REFERENCE)),
            at=at, problems=(*problems, *unread, *_turned(raw, kind, sale)),
        )  # fmt: skip


def payout_names(market: Market, part: Part) -> Texts:
    """The payout of each row: as it says, else its reference, else its file."""
    columns = SettlementColumns.of(market, part.raw)
    payout, reference = (
        _objects(columns.text(part, says, role))
        for says, role in ((Says.PAYOUT, Column.PAYOUT), (Says.PAYOUT_REFERENCE, Column.BANK_REFERENCE))
    )
    return _names(part.raw, payout, reference)


def order_ids(market: Market, part: Part) -> pa.Array:
    """The order id of each row as compared, '' where it names none."""
    columns = SettlementColumns.of(market, part.raw)
    return standard(columns.text(part, Says.ORDER, Column.ORDER))


def _names(raw: Raw, payout: Texts, reference: Texts) -> Texts:
    return np.where(payout == "", np.where(reference == "", raw.file, reference), payout)


def _entries(read: Sequence[FileLines], kinds: Int8) -> pd.DataFrame:
    """Entries of all files. Two files may give one column another type: then each has its own column."""
    types: dict[str, str] = {}
    amounts: dict[str, list[Int64]] = {}
    for number, one in enumerate(read):
        for name, kind in one.types.items():
            own = name if types.get(name, kind) == kind else f"{name}\x1f{kind}"
            types[own] = kind
            rows = amounts.setdefault(own, [np.zeros(len(before.at), np.int64) for before in read])
            rows[number] = one.amounts[name]
    return entries_of(kinds, {name: _joined(rows) for name, rows in amounts.items()}, types)


def _net(stated: Int64, entries: pd.DataFrame) -> Int64:
    """The net that the file states; of lines without one the sum of their entries."""
    missing = stated == UNKNOWN
    net = np.where(missing, 0, stated)
    return np.where(missing, -sum_gaps(entries, np.zeros(len(net), np.int64)), net) if missing.any() else net


def _payouts(read: Sequence[FileLines], file: Int64, group_by: str) -> tuple[pd.DataFrame, Int64]:
    """The payouts of the lines, by day and name, and the number of each line's payout.

    A line that names no payout is of the one its reference names, or of its file.
    """
    groups = []
    for one in read:
        column = column_of(one.raw, group_by) if group_by else None
        blank = np.full(len(one.at), "", object)
        groups.append(blank if column is None else _objects(standard(arrow_text(column).take(pa.array(one.at)))))
    names = [_names(one.raw, one.payout, one.reference) for one in read]
    none = np.empty(0, object)
    code, found = pd.factorize(pd.Series(np.concatenate([*names, none]), dtype="str"))
    first = np.full(len(found), len(code), np.int64)
    np.minimum.at(first, code, np.arange(len(code)))
    day = np.full(len(found), NO_DAY, np.int64)
    np.maximum.at(day, code, _joined([one.day for one in read]))
    table = pd.DataFrame({
        "payout": pd.Series(np.asarray(found, object), dtype="str"),
        "reference": pd.Series(np.concatenate([*(one.reference for one in read), none])[first], dtype="str"),
        "group": pd.Series(np.concatenate([*groups, none])[first], dtype="str"), "day": day, "file": file[first],
    })  # fmt: skip
    table = table.assign(**_stated(_joined([one.stated for one in read]), code, len(found)))
    order = table.sort_values(["day", "payout"], kind="stable").index.to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return table.iloc[order].reset_index(drop=True), rank[code]


def _stated(minor: Int64, payout: Int64, n: int) -> dict[str, Int64]:
    """The least and the largest transfer that the rows of each payout state."""
    known = np.flatnonzero(minor != UNKNOWN)
    least, largest = np.full(n, np.iinfo(np.int64).max), np.full(n, UNKNOWN, np.int64)
    np.minimum.at(least, payout[known], minor[known])
    np.maximum.at(largest, payout[known], minor[known])
    return {"stated_minor": np.where(largest == UNKNOWN, UNKNOWN, least), "other_stated_minor": largest}


def _joined(parts: Sequence[Int64] | Sequence[Int8]) -> Int64:
    return np.concatenate([*parts, np.empty(0, np.int64)]).astype(np.int64)


def _texts(parts: Sequence[pa.Array]) -> pa.Array:
    return concat_texts([*parts, pa.array([], pa.large_string())])


def _objects(texts: pa.Array) -> Texts:
    return np.asarray(texts.to_numpy(zero_copy_only=False), object)


def _is_blank(texts: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(_objects(texts) == "", bool)


def _amounts(raw: Raw, name: str, at: npt.NDArray[np.intp], has_no_net: Bool) -> tuple[Int64, list[Problem]]:  # fmt: skip
    """An entry column, or a sum of columns, of some rows: an empty cell is nothing. A Stop (T-296) where a cell is no amount.

    Only of rows without a net of their own: their net is the sum of the entries, and would be wrong without a word. Of
    others the sum is tested against the net (T-261).
    """
    minor = amounts_of(raw, name)[at]
    unknown = np.flatnonzero((minor == UNKNOWN) & has_no_net)
    found: list[Problem] = []
    for _, header in terms_in(raw, name) if len(unknown) else ():
        _, ok, blank = read_column(raw, header)
        wrong = unknown[~(ok | blank)[at[unknown]]]
        column = column_of(raw, header)
        if not len(wrong) or column is None:
            continue
        first = int(at[wrong[0]])
        text = str(column.iloc[first])
        what = (
            f"'{text}' is not an amount."
            if len(wrong) == 1
            else f"{len(wrong):,} cells of '{header}' are not amounts, first '{text}'."
        )
        place = Place(file=raw.file, sheet=raw.sheet, row=int(raw.row[first]), column=header)
        found.append(Problem("T-296", Severity.STOP, place, text, what, "Correct the amount in the file, or empty the cell where nothing was charged."))  # fmt: skip
    return np.where(minor == UNKNOWN, 0, minor), found


def _turned(raw: Raw, kind: Int8, sale: Int64) -> list[Problem]:
    """A Stop (T-297) where every sale on the lines of orders is negative: the file writes what we are paid with a minus."""
    sales = sale[(kind == KIND_CODE[LineKind.ORDER]) & (sale != 0)]
    if len(sales) < ENOUGH_SALES or (sales > 0).any():
        return []
    what = f"Every sale on the lines of orders is negative ({len(sales):,} {'line' if len(sales) == 1 else 'lines'}, together {grouped(int(sales.sum()))}): the file has its signs turned."
    fix = "Write what is paid to you with a plus and what is taken from you with a minus; lines that take a sale back are of type Return."
    return [Problem("T-297", Severity.STOP, Place(file=raw.file, sheet=raw.sheet), "", what, fix)]
