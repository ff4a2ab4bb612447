"""What Setup says of a marketplace: which column of which source means what, the rate cards and the payment terms.

Frozen values only; `market_setup.py` reads them from the cells. A role is what the rows of a source are to an order
(our orders, the portal's, its returns, its settlement lines); each role has its own closed list of meanings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from recon_core.posting import Accounts
from recon_core.problems import Place
from recon_core.ratecard import Card
from recon_core.terms import Term

EXPECTED_NET = "Expected net"  # the column that the step `expect` adds to the sources of Orders and Returns
EXPECTED_FEES = "Expected fees"  # of the net: fees, tax on them, TCS and TDS, negative; added where a leg compares it
OUR_ORDER = "Our order id"  # the column it adds to the sources of Returns: the id of the order, as our orders print it
STANDARD_WITHIN = 500  # 0.05: what a fee may be charged above the card where Setup says nothing


class Role(StrEnum):
    """What the rows of a source are. The values are the words of the table Marketplace."""

    ORDERS = "Orders"
    PORTAL = "Portal orders"
    RETURNS = "Returns"
    SETTLEMENTS = "Settlements"


class Says(StrEnum):
    """What a column says of an order, a return or a settlement line."""

    ORDER = "order id"
    INVOICE = "invoice number"
    AWB = "AWB"
    ITEM = "item"
    QUANTITY = "quantity"
    PRICE = "unit price"
    AMOUNT = "amount"
    TAXABLE = "taxable"
    DISCOUNTED = (
        "net of discount"  # of the row, as the amount: what a seller's discount leaves; a rate may be taken of it
    )
    COLLECTED = "collected"  # of the row: what the customer was asked for, such as the amount on delivery
    GST_RATE = "GST rate"
    GST = "GST"
    ORDER_DATE = "order date"
    INVOICE_DATE = "invoice date"
    DISPATCH_DATE = "dispatch date"
    DELIVERY_DATE = "delivery date"
    STATUS = "status"
    CATEGORY = "category"
    BRAND = "brand"
    WEIGHT = "weight"
    ZONE = "zone"
    PAYMENT_MODE = "payment mode"
    PORTAL = "portal"
    FLOW = "flow"
    RETURNED_ON = "returned on"
    KIND = "kind"
    CREDIT_NOTE = "credit note"  # of a return that came back: blank, and goods came back without a document
    LINE_TYPE = "line type"
    NET = "net"
    PAYOUT = "payout"
    PAYOUT_DATE = "payout date"
    PAYOUT_REFERENCE = "payout reference"
    PAYOUT_TOTAL = "payout total"  # what the portal says it transferred, on every row of the payout or on one
    REMARKS = "remarks"
    ENTRY = "entry"


class OrderState(StrEnum):
    """What a status of an order comes to. A word that Form does not map, and that is no other spelling, is DELIVERED."""

    ORDERED = "ordered"  # not shipped yet: nothing is expected
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"  # nothing is expected
    RTO = "rto"  # came back undelivered: only what the card keeps on RTO is expected
    LOST = "lost"  # by the carrier: nothing of the sale is expected, a claim settles it


class ReturnKind(StrEnum):
    """Whose return it is. A word that Form does not map, and that is no other spelling, is CUSTOMER."""

    CUSTOMER = "customer return"
    RTO = "rto"


_ANY = (Says.ORDER, Says.INVOICE, Says.AWB, Says.ITEM)
SAYS: Mapping[Role, tuple[Says, ...]] = MappingProxyType({
    Role.ORDERS: (
        *_ANY, Says.QUANTITY, Says.PRICE, Says.AMOUNT, Says.TAXABLE, Says.DISCOUNTED, Says.COLLECTED, Says.GST_RATE, Says.GST, Says.ORDER_DATE,
        Says.INVOICE_DATE, Says.DISPATCH_DATE, Says.DELIVERY_DATE, Says.STATUS, Says.CATEGORY, Says.BRAND, Says.WEIGHT, Says.ZONE, Says.PAYMENT_MODE,
        Says.PORTAL, Says.FLOW,
    ),
    Role.PORTAL: (
        *_ANY, Says.QUANTITY, Says.PRICE, Says.AMOUNT, Says.TAXABLE, Says.GST_RATE, Says.GST, Says.ORDER_DATE, Says.INVOICE_DATE,
        Says.DISPATCH_DATE, Says.DELIVERY_DATE, Says.STATUS,
    ),
    Role.RETURNS: (*_ANY, Says.QUANTITY, Says.AMOUNT, Says.RETURNED_ON, Says.KIND, Says.CREDIT_NOTE),
    Role.SETTLEMENTS: (
        *_ANY, Says.LINE_TYPE, Says.NET, Says.PAYOUT, Says.PAYOUT_DATE, Says.PAYOUT_REFERENCE, Says.PAYOUT_TOTAL, Says.REMARKS, Says.ENTRY,
    ),
})  # fmt: skip
NEEDED: Mapping[Role, tuple[Says, ...]] = MappingProxyType({
    Role.ORDERS: (Says.ORDER, Says.AMOUNT), Role.PORTAL: (Says.ORDER,), Role.RETURNS: (Says.ORDER,), Role.SETTLEMENTS: (),
})  # fmt: skip
AMOUNTS = frozenset(
    {
        Says.PRICE,
        Says.AMOUNT,
        Says.TAXABLE,
        Says.DISCOUNTED,
        Says.COLLECTED,
        Says.GST,
        Says.NET,
        Says.PAYOUT_TOTAL,
        Says.ENTRY,
    }
)  # may be sums of columns
DATES = frozenset(
    {Says.ORDER_DATE, Says.INVOICE_DATE, Says.DISPATCH_DATE, Says.DELIVERY_DATE, Says.RETURNED_ON, Says.PAYOUT_DATE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketUse:
    """One row of the table Marketplace. `meaning` and `column` are empty where only the source of the role is named."""

    role: str
    source: str
    meaning: str
    column: str  # a header, or of amounts a sum of headers as in Mapping
    form: str = (
        ""  # how numbers or dates are written, which words mean what, the unit of a weight, the type of an entry
    )
    cell: str = ""

    @property
    def words(self) -> Mapping[str, str]:
        """The words that Form maps, in lower case: 'Cancelled = cancelled; RTO = rto' -> {'cancelled': 'cancelled', 'rto': 'rto'}."""
        pairs = [part.partition("=") for part in self.form.split(";") if "=" in part]
        return {" ".join(word.casefold().split()): " ".join(meant.casefold().split()) for word, _, meant in pairs}


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The marketplace of a recipe."""

    uses: tuple[MarketUse, ...]
    cards: tuple[Card, ...] = ()
    terms: tuple[Term, ...] = ()
    within_minor: int = STANDARD_WITHIN  # of a fee, inclusive
    portal: str = ""  # of orders that name none
    portal_cell: str = ""  # where Setup says it
    accounts: Accounts | None = None  # ledger accounts of the journal; None: no journal is proposed

    @property
    def portal_place(self) -> Place:
        """Where Setup says the portal of orders that name none."""
        return Place(sheet="Setup", cell=self.portal_cell.rpartition("!")[2])

    def sources(self, role: Role) -> tuple[str, ...]:
        """The sources of a role, in the order of the table."""
        return tuple(dict.fromkeys(use.source for use in self.uses if use.role == role))

    def use(self, role: Role, source: str, says: Says) -> MarketUse | None:
        """The row that gives a source of a role this meaning, None for none."""
        return next(
            (one for one in self.uses if one.role == role and one.source == source and one.meaning == says), None
        )

    def entries(self, source: str) -> tuple[MarketUse, ...]:
        """The rows that name an entry type for a column of a settlement source."""
        return tuple(
            one
            for one in self.uses
            if one.role == Role.SETTLEMENTS and one.source == source and one.meaning == Says.ENTRY
        )


def state_of(word: str, words: Mapping[str, str]) -> OrderState:
    """A printed status -> what it comes to: the recipe's words first, then usual spellings, else the order stands."""
    text = " ".join(word.casefold().split())
    if text in words:
        return OrderState(words[text])
    return _STATES.get(text.replace("_", " ").replace("-", " "), OrderState.DELIVERED)


def kind_of(word: str, words: Mapping[str, str]) -> ReturnKind:
    """A printed kind of a return -> whose return it is."""
    text = " ".join(word.casefold().split())
    if text in words:
        return ReturnKind(words[text])
    return ReturnKind.RTO if _STATES.get(text.replace("_", " ")) is OrderState.RTO else ReturnKind.CUSTOMER


def knows_state(word: str, words: Mapping[str, str]) -> bool:
    """Whether a status is one of the recipe's words or a usual spelling; an empty one says nothing, and is."""
    text = " ".join(word.casefold().split())
    plain = text.replace("_", " ").replace("-", " ")
    return not text or text in words or plain in _STATES or plain in _DONE


def knows_kind(word: str, words: Mapping[str, str]) -> bool:
    """Whether a kind of a return is one of the recipe's words or a usual spelling; an empty one is."""
    text = " ".join(word.casefold().split())
    plain = text.replace("_", " ").replace("-", " ")
    return not text or text in words or plain in _CUSTOMER or _STATES.get(text.replace("_", " ")) is OrderState.RTO


def says_returned(word: str) -> bool:
    """Whether a status of an order says that it came back: its sale stands, and the returns say what became of it."""
    return " ".join(word.casefold().split()).replace("_", " ").replace("-", " ") in _RETURNED


# Usual words of an order that stands. Source: statuses of AJIO's order report, of Koncili's orders and of carriers (domain.md 2.3 and 5.1).
_DONE = frozenset({
    "sold", "completed", "complete", "fulfilled", "delivered to customer", "invoiced", "concluded", "paid waiting delivery", "dispatched", "in transit",
    "out for delivery", "sale",
})  # fmt: skip
# AJIO's return statuses (domain.md 5.2) and their like, as a status of the order.
_RETURNED = frozenset({
    "returned", "return", "customer return", "customer returned", "partially returned", "return created", "return delivered", "return processed",
    "credit note created", "refunded",
})  # fmt: skip
_CUSTOMER = frozenset({"customer return", "customer", "return", "returned", "customer returned", "customer refund", "refund", "reverse pickup", "customer initiated return"})  # fmt: skip
_STATES = {
    **{state.value: state for state in OrderState},
    **dict.fromkeys(("canceled", "cancel", "cancelled by seller", "cancelled by customer", "seller cancelled", "customer cancelled"), OrderState.CANCELLED),
    **dict.fromkeys(("return to origin", "returned to origin", "courier return", "rto delivered", "rto returned", "undelivered"), OrderState.RTO),
    **dict.fromkeys(("lost in transit", "lost in shipment", "lost by courier", "lost by carrier", "shipment lost", "parcel lost"), OrderState.LOST),
    **dict.fromkeys(("created", "new", "pending", "open", "approved", "packed", "ready to ship", "ready to shipped", "po created"), OrderState.ORDERED),
}  # fmt: skip
