"""The marketplace's money, from the legs' results: what was paid, what was charged, where the rest is.

ANALYSES names the frames in the order they are worked out; each sees the facts and the frames before it. Amounts are
int64 minor units, + towards us except where a column is a cost; days count from 1970 with NO_DAY for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from recon_core.marketplace.accounts import accounts
from recon_core.marketplace.ageing import ageing
from recon_core.marketplace.chain import chain
from recon_core.marketplace.claims import claims
from recon_core.marketplace.commercial import commercial
from recon_core.marketplace.differences import differences
from recon_core.marketplace.divergences import divergences
from recon_core.marketplace.facts import Facts, Legs, gather
from recon_core.marketplace.fees import fees
from recon_core.marketplace.journal import journal, refusals
from recon_core.marketplace.notices import notices
from recon_core.marketplace.orders import orders
from recon_core.marketplace.payouts import payouts
from recon_core.marketplace.releases import non_order, releases
from recon_core.marketplace.repeats import repeated_payouts
from recon_core.marketplace.settlements import settlements
from recon_core.marketplace.words import FEE_STATUSES
from recon_core.model import Raw, Result
from recon_core.problems import Problem
from recon_core.recipe import Recipe
from recon_core.texts import words_of

Frames = dict[str, pd.DataFrame]
ANALYSES: dict[str, Callable[[Facts, Frames], pd.DataFrame]] = {
    "releases": releases,  # every entry, running by order
    "non_order": non_order,  # lines of no order
    "accounts": accounts,  # an order's money by part, and when it came
    "fees": fees,  # the card against what was charged
    "divergences": divergences,  # why an order is not what it should be
    "orders": orders,  # accounts in words
    "payouts": payouts,  # transfers against the bank
    "chain": chain,  # order value to cash, cash to bank
    "commercial": commercial,  # agreed against charged terms
    "ageing": ageing,  # what is awaited, by days overdue
    "claims": claims,  # what to dispute, by payout
    "differences": differences,  # what a payout paid against what was expected, by cause
    "settlements": settlements,  # payouts from expected to arrived
    "journal": journal,  # what the books are told
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the marketplace's month came to; each frame is described where it is made."""

    orders: pd.DataFrame
    fees: pd.DataFrame
    releases: pd.DataFrame
    non_order: pd.DataFrame
    payouts: pd.DataFrame
    chain: pd.DataFrame
    commercial: pd.DataFrame
    divergences: pd.DataFrame
    ageing: pd.DataFrame
    claims: pd.DataFrame
    differences: pd.DataFrame
    settlements: pd.DataFrame
    journal: pd.DataFrame
    refusals: Mapping[
        int, Sequence[str]
    ]  # payouts without a journal -> entries without an account, none: without a date
    has_accounts: bool
    files: tuple[str, ...]  # names of the settlement leg's files, which `file` counts
    as_of: int
    legs: Legs  # which leg of the run judges what
    problems: tuple[Problem, ...]  # of settlement lines; what the cards cannot say the step `expect` has listed


def analyse(recipe: Recipe, completed: Mapping[str, Sequence[Raw]], results: Mapping[str, Result]) -> Books | None:
    """Recipe, files with their added columns, results of the legs -> Books; None without a marketplace or a leg that judges its settlements.

    Raises ReconError E-900 where a money chain does not close.
    """
    facts = gather(recipe, completed, results)
    if facts is None:
        return None
    frames: Frames = {}
    for name, analysis in ANALYSES.items():
        frames[name] = analysis(facts, frames)
    refused = refusals(facts, frames)
    del frames["accounts"]
    fee_rows = frames["fees"]
    frames["fees"] = fee_rows.assign(status=words_of(fee_rows["status"].to_numpy(), [str(one) for one in FEE_STATUSES]))
    settlement = results[facts.legs.settlement.name]
    return Books(
        **frames, refusals=refused, has_accounts=facts.market.accounts is not None, files=tuple(file.file for file in settlement.files),
        as_of=facts.as_of, legs=facts.legs, problems=(*repeated_payouts(facts, completed), *facts.problems, *notices(facts, frames, refused)),
    )  # fmt: skip


__all__ = ["ANALYSES", "Books", "analyse"]
