"""Differences: what each payout paid against what was expected of it, split by cause until nothing is left.

All components of an order are taken together: the sale, each fee, GST on fees, TCS, TDS, returns. What a component came to
over all payouts, less what is expected of it, stands at the last payout that moved it (as a claim does), or at the order's last payout where
none did. So the differences of an order add up to the Difference of the sheet Orders, and those of a payout to its own.
Source: Koncili, reconciliation of expected against transferred; causes are the divergence types of the orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recon_core.dates import NO_DAY
from recon_core.entries import LineKind, Part, fee_of, part_of
from recon_core.keys import standard_text
from recon_core.marketplace.facts import Facts, order_words, tax_of_returns
from recon_core.marketplace.words import CAUSES, FAILED, PENDING, REASONS, TAX, TAXES, Cause
from recon_core.money import Bool, Int64, sum_by

Frames = dict[str, pd.DataFrame]


_CODE = {cause: code for code, cause in enumerate(CAUSES)}
_PARTS = {  # components that are no fee: the word of the sheet -> the part of the chain
    "Sale": Part.SALES, "Returns": Part.RETURNS, "Chargebacks": Part.CHARGEBACKS, "Tax on fees": Part.TAX, "TCS": Part.TCS, "TDS": Part.TDS,
    "Claims": Part.CLAIMS, "Reserve": Part.RESERVE, "Adjustments": Part.ADJUSTMENTS,
}  # fmt: skip
_OF_REASON = {"FEE_OVERCHARGE": Cause.FEE_OVERCHARGE, "FEE_NOT_REVERSED": Cause.FEE_NOT_REVERSED, "FEE_UNDERCHARGE": Cause.FEE_UNDERCHARGE, "FEE_UNCONFIGURED": Cause.FEE_UNCONFIGURED}  # fmt: skip
REST = "Other"  # what the components do not hold; it is 0 unless a proof of ours fails


@dataclass(frozen=True, slots=True)
class _Of:
    """One component over orders (n): what was expected, what was paid, at which payout it stands, and why it would differ."""

    name: str
    expected: Int64
    paid: Int64
    payout: Int64
    cause: Int64


def differences(facts: Facts, frames: Frames) -> pd.DataFrame:
    """Accounts, fees and entries -> payout int64, order int64 (-1 none), order_id, what, cause (category), expected_minor, paid_minor, difference_minor.

    One row a component of an order that differs, and one for each line of no order; by payout, largest first. + is paid beyond.
    """
    found = pd.concat([_of_orders(facts, frames), _of_no_order(facts, frames)], ignore_index=True)
    found["difference_minor"] = found["paid_minor"] - found["expected_minor"]
    at = np.lexsort((found["what"], found["order"], -found["difference_minor"].abs(), found["payout"]))
    found = found.take(at).reset_index(drop=True)
    cause = pd.Categorical.from_codes(found["cause"].to_numpy(np.int64), categories=pd.Index(CAUSES, dtype="str"))
    return found.assign(cause=cause, order_id=order_words(facts, found["order"].to_numpy()))


def _of_orders(facts: Facts, frames: Frames) -> pd.DataFrame:
    """The components of orders with settlement lines that differ."""
    settled = frames["accounts"]["has_lines"].to_numpy()
    blocks = []
    for one in _components(facts, frames):
        rows = np.flatnonzero(settled & (one.paid != one.expected))
        blocks.append(pd.DataFrame({
            "payout": one.payout[rows], "order": rows.astype(np.int64), "what": pd.Series([one.name] * len(rows), dtype="str"),
            "cause": one.cause[rows], "expected_minor": one.expected[rows], "paid_minor": one.paid[rows],
        }))  # fmt: skip
    return pd.concat(blocks, ignore_index=True)


def _components(facts: Facts, frames: Frames) -> list[_Of]:
    """Every component: those of the chain, then the fees of the cards and others that were charged, then the rest."""
    accounts, n = frames["accounts"], facts.n
    paid, last, fees = _paid(facts)
    orders_last = np.maximum.reduce([*last.values(), np.full(n, -1, np.int64)])
    expected = _expected(facts, accounts, paid)
    causes = _causes(facts, frames, {name: paid[name] - expected.get(name, np.zeros(n, np.int64)) for name in paid})
    found = []
    for name in dict.fromkeys([*paid, *expected]):
        own, none = last.get(name, np.full(n, -1, np.int64)), np.zeros(n, np.int64)
        at = np.where(own >= 0, own, orders_last)
        cause = causes.get(name, np.full(n, _CODE[Cause.UNEXPLAINED], np.int64))
        found.append(_Of(fees.get(name, name), expected.get(name, none), paid.get(name, none), at, _known(facts, accounts, cause)))  # fmt: skip
    rest = accounts["expected_net_minor"].to_numpy() - sum((one.expected for one in found), np.zeros(n, np.int64))
    why = np.full(n, _CODE[Cause.UNEXPLAINED], np.int64)
    return [*found, _Of(REST, rest, np.zeros(n, np.int64), orders_last, _known(facts, accounts, why))]


def _known(facts: Facts, accounts: pd.DataFrame, cause: Int64) -> Int64:
    """Of an order that our books do not have nothing is expected, and that is the cause."""
    ours, portal = accounts["in_orders"].to_numpy(), accounts["in_portal"].to_numpy()
    return np.select([ours, portal], [cause, _CODE[Cause.MISSING_IN_OMS]], _CODE[Cause.UNKNOWN_ORDER]).astype(np.int64)


def _paid(facts: Facts) -> tuple[dict[str, Int64], dict[str, Int64], dict[str, str]]:
    """By component: what was paid of each order (n), and its last payout (-1 none); and the names of those that are fees."""
    entries, lines, n = facts.lines.entries, facts.lines.frame, facts.n
    types = [str(name) for name in entries["type"].cat.categories]
    words = {part: word for word, part in _PARTS.items()}
    names = [standard_text(fee_of(name)) if fee_of(name) else words[part_of(name)] for name in types]
    fees = {standard_text(fee_of(name)): fee_of(name) for name in types if fee_of(name)}
    fees |= {standard_text(due.fee): due.fee for due in facts.expected.dues if standard_text(due.fee) not in TAXES}
    known = list(dict.fromkeys([*_PARTS, *names]))
    code = np.array([known.index(name) for name in names] + [0], np.int64)[entries["type"].cat.codes.to_numpy()]
    pos = entries["pos"].to_numpy()
    order = lines["order"].to_numpy()[pos]
    inside = order >= 0
    key = np.where(inside, order * len(known) + code, -1)
    minor = sum_by(key, entries["amount_minor"].to_numpy(), n * len(known)).reshape(n, len(known))
    latest = np.full(n * len(known), -1, np.int64)
    np.maximum.at(latest, key[inside], lines["payout"].to_numpy()[pos[inside]])
    last = latest.reshape(n, len(known))
    return {name: minor[:, at] for at, name in enumerate(known)}, {name: last[:, at] for at, name in enumerate(known)}, fees  # fmt: skip


def _expected(facts: Facts, accounts: pd.DataFrame, paid: dict[str, Int64]) -> dict[str, Int64]:
    """What is expected of each component of our orders, signed as it is paid; claims are expected as they were paid."""
    ours = facts.in_orders
    found = {
        "Sale": accounts["invoice_minor"].to_numpy() - accounts["rto_value_minor"].to_numpy(),
        "Returns": -accounts["returned_minor"].to_numpy(), "Claims": paid["Claims"], "Tax on fees": np.zeros(facts.n, np.int64),
    }  # fmt: skip
    for due in facts.expected.dues:
        name = standard_text(due.fee)
        key = name.upper() if name.upper() in TAXES else name
        found[key] = found.get(key, np.zeros(facts.n, np.int64)) - facts.by_order(due.fee_minor)
        found["Tax on fees"] = found["Tax on fees"] - facts.by_order(due.tax_minor)
    return {name: np.where(ours, minor, 0) for name, minor in found.items()}


def _causes(facts: Facts, frames: Frames, gap: dict[str, Int64]) -> dict[str, Int64]:
    """Why each component of an order of ours would differ: position in CAUSES (n)."""
    accounts = frames["accounts"]
    within, fee_within = facts.legs.settlement.within_minor, facts.market.within_minor
    sale, booked, due = (accounts[name].to_numpy() for name in ("sale_minor", "returned_minor", "due_day"))
    waits = (due != NO_DAY) & (accounts["overdue_days"].to_numpy() == 0)
    over = accounts["overpaid_minor"].to_numpy() > within
    incomplete = (accounts["outstanding_minor"].to_numpy() > within) | (
        accounts["unsettled_return_minor"].to_numpy() > within
    )

    def select(tests: list[tuple[Bool, Cause]], otherwise: Cause) -> Int64:
        codes = [_CODE[cause] for _, cause in tests]
        return np.select([flags for flags, _ in tests], codes, _CODE[otherwise]).astype(np.int64)

    def small(name: str, limit: int) -> Bool:
        return np.abs(gap[name]) <= limit

    def always(cause: Cause) -> Int64:
        return np.full(facts.n, _CODE[cause], np.int64)

    def tax(name: str, cause: Cause) -> Int64:
        follows = tax_of_returns(facts, accounts, name)
        of_return = (follows != 0) & (np.abs(gap[name] - follows) <= within)
        return select([
            (small(name, fee_within), Cause.ROUNDING), (incomplete, Cause.PENDING), (over, Cause.OVER_PAYMENT),
            (of_return & (booked > 0), Cause.DOUBLE_RETURN_CHARGE), (of_return, Cause.RETURN_NOT_RECEIVED),
        ], cause)  # fmt: skip

    of_fees = _of_fees(facts, frames["fees"])
    found = {
        "Sale": select([(small("Sale", within), Cause.ROUNDING), (gap["Sale"] > 0, Cause.OVER_PAYMENT), (sale != 0, Cause.SHORT_PAYMENT), (waits, Cause.NOT_DUE)], Cause.NOT_SETTLED),
        "Returns": select([(small("Returns", within), Cause.ROUNDING), (gap["Returns"] > 0, Cause.RETURN_NOT_SETTLED), (booked > 0, Cause.DOUBLE_RETURN_CHARGE)], Cause.RETURN_NOT_RECEIVED),
        "Chargebacks": always(Cause.CHARGEBACK), "Reserve": always(Cause.RESERVE_HELD), "Adjustments": always(Cause.ADJUSTMENT),
        "TCS": tax("TCS", Cause.TCS_MISMATCH), "TDS": tax("TDS", Cause.TDS_MISMATCH),
        **of_fees,
    }  # fmt: skip
    found["Tax on fees"] = _of_tax(facts, frames["fees"], gap, tax("Tax on fees", Cause.TAX_ON_FEE), of_fees)
    return found


def _of_fees(facts: Facts, fees: pd.DataFrame) -> dict[str, Int64]:
    """The cause of each fee of the audit, by its name as compared: what the sheet Fees says of it."""
    words = [standard_text(str(name)) for name in fees["fee"].cat.categories]
    status, reason = fees["status"].to_numpy(), fees["reason"].cat.codes.to_numpy()
    of_reason = np.array([_CODE[_OF_REASON[one]] if one in _OF_REASON else _CODE[Cause.ROUNDING] for one in REASONS])
    cause = np.select([status == FAILED, status == PENDING], [_CODE[Cause.FEE_UNCONFIGURED], _CODE[Cause.PENDING]], of_reason[reason])  # fmt: skip
    found = {}
    for at, word in enumerate(words):
        mine = fees["fee"].cat.codes.to_numpy() == at
        codes = np.full(facts.n, _CODE[Cause.UNEXPLAINED], np.int64)
        codes[fees["order"].to_numpy()[mine]] = cause[mine]
        found[word] = codes
    return found


def _of_tax(facts: Facts, fees: pd.DataFrame, gap: dict[str, Int64], otherwise: Int64, of_fees: dict[str, Int64]) -> Int64:  # fmt: skip
    """The cause of GST on fees: that of the fee that differs most, where the fees explain the GST; else its own."""
    is_tax = np.array([str(name) == TAX or str(name).startswith(f"{TAX} (") for name in fees["fee"].cat.categories] + [False])  # fmt: skip
    mine = ~is_tax[fees["fee"].cat.codes.to_numpy()]
    order = fees["order"].to_numpy()[mine]
    bears = (fees["tax_charged_minor"] - fees["tax_expected_minor"]).to_numpy()[mine]
    rest = gap["Tax on fees"] + sum_by(order.astype(np.intp), bears, facts.n)
    size, cause = np.zeros(facts.n, np.int64), otherwise.copy()
    for name, codes in of_fees.items():
        if name in gap:
            larger = np.abs(gap[name]) > size
            size, cause = np.where(larger, np.abs(gap[name]), size), np.where(larger, codes, cause)
    explained = (size > 0) & (np.abs(rest) <= facts.market.within_minor)
    small = otherwise == _CODE[Cause.ROUNDING]
    return np.where(explained & ~small, cause, otherwise)


def _of_no_order(facts: Facts, frames: Frames) -> pd.DataFrame:
    """Lines of no order: nobody expected them."""
    lines = frames["non_order"]
    place = {name: at for at, name in enumerate(facts.lines.payouts["payout"])}
    kind = lines["kind"].astype("str")
    held = (kind == str(LineKind.RESERVE)).to_numpy()
    return pd.DataFrame({
        "payout": lines["payout"].astype("str").map(place).to_numpy(np.int64), "order": np.full(len(lines), -1, np.int64), "what": kind,
        "cause": np.where(held, _CODE[Cause.RESERVE_HELD], _CODE[Cause.NON_ORDER]).astype(np.int64),
        "expected_minor": np.zeros(len(lines), np.int64), "paid_minor": lines["amount_minor"].to_numpy(np.int64),
    })  # fmt: skip
