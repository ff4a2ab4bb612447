"""Payouts: each transfer of the portal, what its lines add up to by part, and its arrival in the bank."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.dues import ARRIVALS, Arrival, arrivals
from recon_core.keys import standard
from recon_core.marketplace.facts import Facts, sums_by_type
from recon_core.marketplace.words import PayoutStatus
from recon_core.model import SKIP_CODE, Result, Skip, Status
from recon_core.money import Int64, sum_by
from recon_core.recipe import Leg
from recon_core.texts import arrow_text

WAIT = 5  # days a payout may be on its way where no rule of the bank leg says more
IN_TRANSIT = ARRIVALS.index(Arrival.IN_TRANSIT)
_MATCHED = list(Status).index(Status.MATCHED)


def payouts(facts: Facts, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Facts -> one row a payout.

    payout, day, reference, group (the id of the bank leg), file (all that have lines of it), file_rows (its rows there, counted or not), rows (counted), sum_minor, the parts of the chain, bank_minor, bank_day, bank_reference,
    bank_file, bank_row (where the credit stands; several rows parted by '; '), difference_minor (bank - sum), status. Bank credits that no payout explains stand below, without a payout.

    Status: Matched, Amount differs, In transit, Missing in the bank, Only in the bank, Not compared (no leg against the bank).
    Matched only where the bank leg confirms the credit and it is the sum of the lines that count: the leg adds up rows as printed,
    so a line that was left out is in its figure and not in ours. A credit after the as-of day of Setup is In transit: bank_minor 0, with its day and reference.
    """  # fmt: skip
    lines, table = facts.lines.frame, facts.lines.payouts
    n, payout = len(table), lines["payout"].to_numpy()
    frame = pd.DataFrame({
        "payout": table["payout"], "day": table["day"], "reference": table["reference"], "group": table["group"],
        "file": _files(facts), "file_rows": np.bincount(payout, minlength=n) + facts.not_counted,
        "rows": np.bincount(payout, minlength=n), "sum_minor": sum_by(payout.astype(np.intp), lines["net_minor"].to_numpy(), n), **facts.by_part(sums_by_type(facts.lines, payout, n)),
    })  # fmt: skip
    if facts.legs.bank is None:
        none = np.full(n, NO_DAY, np.int64)
        return frame.assign(
            bank_minor=0,
            bank_day=none,
            bank_reference="",
            bank_file="",
            bank_row="",
            difference_minor=0,
            status=str(PayoutStatus.NOT_COMPARED),
        )
    result = facts.results[facts.legs.bank.name]
    bank = _bank(result, facts.legs.bank_payouts)
    found = bank["of"].reindex(table["group"])
    has = found["amount_minor"].notna().to_numpy()
    whole = found["amount_minor"].fillna(0).to_numpy(np.int64)
    day = found["day"].fillna(NO_DAY).to_numpy(np.int64)
    amount = _shared(table["group"], frame["sum_minor"].to_numpy(), whole)
    gap = _gaps(table["group"], frame["sum_minor"].to_numpy(), amount)
    green = has & found["green"].fillna(0).to_numpy().astype(bool) & (np.abs(gap) <= facts.legs.bank_within_minor)
    arrived = arrivals(table["day"].to_numpy(), day, facts.as_of, _wait(facts.legs.bank))
    later = green & facts.is_later(day)  # it was on its way on that day; another amount is said whatever its day
    status = np.select([later, green, has, arrived == IN_TRANSIT], [PayoutStatus.IN_TRANSIT, PayoutStatus.MATCHED, PayoutStatus.DIFFERS, PayoutStatus.IN_TRANSIT], PayoutStatus.MISSING)  # fmt: skip
    has = has & ~later
    frame = frame.assign(
        bank_minor=np.where(has, amount, 0), bank_day=day,
        **{f"bank_{name}": pd.Series(found[name].fillna("").to_numpy(object), dtype="str") for name in ("reference", "file", "row")},
        difference_minor=np.where(has, amount, 0) - frame["sum_minor"], status=pd.Series(status, dtype="str"),
    )  # fmt: skip
    return pd.concat([frame, _unknown(frame, bank["rest"])], ignore_index=True)


def _files(facts: Facts) -> pd.Series:
    """The files that have lines of each payout (n), '; ' between them."""
    files = facts.results[facts.legs.settlement.name].files
    names: list[list[str]] = [[] for _ in range(len(facts.lines.payouts))]
    pairs = facts.lines.frame[["payout", "file"]].drop_duplicates().sort_values(["payout", "file"])
    for payout, file in zip(pairs["payout"].tolist(), pairs["file"].tolist(), strict=True):
        names[payout].append(files[file].file)
    return pd.Series(["; ".join(dict.fromkeys(one)) for one in names], dtype="str")


def _wait(leg: Leg) -> int:
    return max((rule.days_after or 0 for rule in leg.rules if rule.kind.value != "suggest"), default=0) or WAIT


def _bank(result: Result, payouts_side: int) -> dict[str, pd.DataFrame]:
    """`of`: by group of payouts what arrived in its link; `rest`: open credits of the bank that stand alone."""
    lines = result.lines
    taken = np.isin(lines["skip"].to_numpy(), [0, SKIP_CODE[Skip.NO_ID]])  # a credit without a reference is a credit
    live = lines[taken]
    live = live.assign(
        reference=_reference(live), file_name=pd.Series([one.file for one in result.files], dtype="str").reindex(live["file"]).to_numpy(object)
    )  # fmt: skip
    ours, theirs = live[(live["side"] == payouts_side) & (live["skip"] == 0)], live[live["side"] != payouts_side]
    linked = theirs[theirs["link"] >= 0]
    sums = linked.groupby("link").agg(
        amount_minor=("amount_minor", "sum"), day=("day", "max"), reference=("reference", "first"),
        file=("file_name", _listed), row=("row", _listed),
    )  # fmt: skip
    mine = ours[ours["link"] >= 0]
    times = mine.groupby("link")["key"].transform("count").to_numpy()
    of = sums.reindex(mine["link"]).set_axis(mine["key"].astype(object))
    of["green"] = mine["status"].to_numpy() == _MATCHED
    share = times > 1  # one credit for several groups: each has its own sum where all agree
    of.loc[share, "amount_minor"] = np.where(of["green"], mine["amount_minor"].to_numpy(), of["amount_minor"])[share]
    rest = theirs[(theirs["link"] < 0) & (theirs["amount_minor"] > 0)]
    return {"of": of[~of.index.duplicated()], "rest": rest}


def _reference(lines: pd.DataFrame) -> np.ndarray:
    """The bank's own reference of each line; where it has none ('-', blank), the id that its narration led to, else ''."""
    own = np.asarray(standard(arrow_text(lines["key_raw"])).to_pylist(), object)
    return np.where(own == "", lines["key"].to_numpy(object), lines["key_raw"].to_numpy(object))


def _listed(values: pd.Series) -> str:
    return "; ".join(dict.fromkeys(str(one) for one in values.tolist()))


def _shared(group: pd.Series, sums: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The credit of a group over its payouts: each has its own sum, the last one what is left."""
    code, _ = pd.factorize(group.astype("str"))
    last = ~pd.Series(code).duplicated(keep="last").to_numpy()
    total = sum_by(code.astype(np.intp), sums, int(code.max(initial=-1)) + 1)[code]
    return np.where(last, whole - (total - sums), sums)


def _gaps(group: pd.Series, sums: Int64, amount: Int64) -> Int64:
    """What the credit of each payout's group is beyond the lines of all its payouts: one verdict for one credit."""
    code, _ = pd.factorize(group.astype("str"))
    code = code.astype(np.intp)
    return sum_by(code, amount - sums, int(code.max(initial=-1)) + 1)[code]


def _unknown(frame: pd.DataFrame, rest: pd.DataFrame) -> pd.DataFrame:
    """Rows for credits without a payout, with every column of the frame."""
    rest = rest.sort_values(["day", "file", "row"], kind="stable")
    texts, n = ("payout", "reference", "group", "file", "bank_file", "bank_row"), len(rest)
    blank = {
        name: pd.Series([""] * n, dtype="str") if name in texts else np.zeros(n, np.int64) for name in frame.columns
    }
    amount = rest["amount_minor"].to_numpy()
    return pd.DataFrame({
        **blank, "day": np.full(n, NO_DAY, np.int64), "bank_minor": amount, "bank_day": rest["day"].to_numpy(), "difference_minor": amount,
        **{f"bank_{name}": pd.Series(rest[column].astype("str").to_numpy(object), dtype="str") for name, column in (("reference", "reference"), ("file", "file_name"), ("row", "row"))},
        "status": pd.Series([str(PayoutStatus.ONLY_IN_BANK)] * n, dtype="str"),
    })  # fmt: skip
