"""What each divergence means in plain words, who acts on it, and what to do next. The sheets Exceptions and Summary print it.

The codes of orders are those of `divergences.CODES`; those of payouts and of lines without an order stand below them.
Source: domain.md 4.4.
"""

from __future__ import annotations

from typing import NamedTuple

OURS, PORTAL, BANK, NOBODY = "Order team", "Portal", "Finance", "Nobody yet"  # who acts


class Meaning(NamedTuple):
    """One divergence in words. `is_lag`: a lag of time, nothing to do until its day has passed."""

    sentence: str
    who: str
    next_step: str
    is_lag: bool = False


MEANINGS: dict[str, Meaning] = {
    "MISSING_IN_OMS": Meaning("The portal has the order, our records do not.", OURS, "Find the order, or ask the portal whose it is."),
    "UNKNOWN_ORDER": Meaning("Money for an order that no report names.", PORTAL, "Ask the portal which order was meant."),
    "MISSING_IN_MARKETPLACE": Meaning("Our order is not in the portal's orders.", OURS, "Check the portal for a cancellation; ask for the order."),
    "PRICE_MISMATCH": Meaning("The portal has another invoice amount than we.", OURS, "Compare the invoices; correct ours, or claim the gap."),
    "GST_MISMATCH": Meaning("Same invoice amount, other GST.", OURS, "Correct the GST rate of the item on the wrong side."),
    "SHORT_PAYMENT": Meaning("Part of the sale was paid, the rest is awaited.", PORTAL, "Ask for the rest once it is due."),
    "NOT_DUE": Meaning("Not paid, and not due yet: a lag of time.", NOBODY, "Nothing until the due day.", is_lag=True),
    "NOT_SETTLED": Meaning("Nothing was paid, and the due day has passed or is not known.", PORTAL, "Ask for the settlement; name order and invoice."),
    "OVER_PAYMENT": Meaning("More was paid than was invoiced.", PORTAL, "Expect it to be taken back; tell the portal."),
    "LATE_PAYMENT": Meaning("Paid in full, after its due day.", PORTAL, "Nothing, or claim interest if it is agreed."),
    "FEE_NOT_REVERSED": Meaning("A fee that comes back on a return was kept.", PORTAL, "Dispute it: sheet Claims has the amount with GST."),
    "FEE_OVERCHARGE": Meaning("Fees were charged beyond the rate card.", PORTAL, "Dispute it: sheet Claims has the amount with GST."),
    "FEE_UNDERCHARGE": Meaning("Fees were charged below the rate card.", BANK, "Nothing, or correct the card; it may be charged later."),
    "TAX_ON_FEE": Meaning("GST on fees that the fees do not explain.", PORTAL, "Ask for the tax invoice of the fees."),
    "TCS_MISMATCH": Meaning("TCS differs from the rate.", BANK, "Compare with GSTR-8, then ask the portal."),
    "TDS_MISMATCH": Meaning("TDS differs from the rate.", BANK, "Compare with Form 26AS, then ask the portal."),
    "FEE_UNCONFIGURED": Meaning("A fee was charged that no rule of the cards covers.", BANK, "Add the rule to Rates, or dispute the fee."),
    "CHARGEBACK": Meaning("The payment was taken back by a chargeback.", PORTAL, "Contest it in time with the proof of delivery."),
    "RETURN_WITHOUT_CREDIT_NOTE": Meaning("Goods came back, and no credit note is named.", OURS, "Ask for the credit note; GST is given back by it alone."),
    "RETURN_NOT_SETTLED": Meaning("A return came back; no settlement has taken it back yet.", NOBODY, "Expect the deduction in the next settlement."),
    "RETURN_NOT_RECEIVED": Meaning("The portal took a return back that we have not received.", OURS, "Look for the parcel; else claim it."),
    "DOUBLE_RETURN_CHARGE": Meaning("More was taken back than was returned.", PORTAL, "Claim what was taken twice."),
    "RESERVE_HELD": Meaning("The portal holds a reserve on the order.", NOBODY, "Expect its release; ask when it is late."),
    "ADJUSTMENT": Meaning("The portal adjusted the order without a type.", PORTAL, "Ask what the adjustment is for."),
    "CLAIM_PENDING": Meaning("The carrier lost the parcel, and no claim was paid for it.", PORTAL, "Claim the parcel, with AWB and invoice; see that it is within the window."),
    "PENALTY_WITHOUT_EVENT": Meaning("A penalty on an order that our records show neither cancelled, sent back nor lost.", PORTAL, "Ask for the event (late dispatch, quality); dispute it where there was none."),
    "DUPLICATE": Meaning("A row stands twice, and no quantity explains it.", OURS, "Find out which row is genuine."),
    "ROUNDING": Meaning("A rounding beyond the tolerance.", BANK, "Widen the tolerance of the leg if it is acceptable."),
    "UNEXPLAINED": Meaning("A difference that no rule here explains.", BANK, "Compare the rows of both sides."),
    "IN_TRANSIT": Meaning("A payout announced, on its way to the bank.", NOBODY, "Nothing within the days of the bank leg.", is_lag=True),
    "BANK_MISSING": Meaning("A payout that should be in the bank and is not.", PORTAL, "Ask for the bank reference (UTR) of the transfer."),
    "BANK_AMOUNT": Meaning("The bank credit is of another amount than the payout.", BANK, "Compare the payout's lines with the credit."),
    "BANK_UNKNOWN": Meaning("A bank credit that no payout explains.", BANK, "Find its settlement file, or book it elsewhere."),
    "NON_ORDER": Meaning("Settlement lines of no order: reserve, penalty, freight.", BANK, "Check each against its notice; book it."),
}  # fmt: skip
OF_THE_ORDERS = frozenset({"MISSING_IN_OMS", "UNKNOWN_ORDER", "MISSING_IN_MARKETPLACE", "PRICE_MISMATCH", "GST_MISMATCH", "DUPLICATE", "ROUNDING", "UNEXPLAINED"})  # fmt: skip  # what a row of the leg against the portal's orders can be about
LAGS = frozenset(code for code, one in MEANINGS.items() if one.is_lag)
