"""Which words of a status or a return kind are named on Data checks (T-298): those that could change what is owed, no harmless ones."""

from __future__ import annotations

import pytest

from recon_core.expected import expected_columns
from recon_core.market import Market, OrderState, ReturnKind, Role, Says, kind_of, knows_kind, knows_state, state_of
from tests.marketplace import ajio
from tests.raws import raw

ORDERED, DELIVERED = OrderState.ORDERED, OrderState.DELIVERED


@pytest.mark.parametrize(("word", "state"), [  # statuses of AJIO's order report, of Koncili's orders, of carriers
    ("New", ORDERED), ("Ready to Ship", ORDERED), ("Ready to Shipped", ORDERED), ("PO created", ORDERED), ("Shipped", OrderState.SHIPPED), ("Delivered", DELIVERED),
    ("Cancelled", OrderState.CANCELLED), ("CANCELED", OrderState.CANCELLED), ("INVOICED", DELIVERED), ("PAID_WAITING_DELIVERY", DELIVERED),
    ("CONCLUDED", DELIVERED), ("In-transit", DELIVERED), ("Out for delivery", DELIVERED), ("RTO", OrderState.RTO), ("", DELIVERED), ("Lost", OrderState.LOST), ("LOST_IN_TRANSIT", OrderState.LOST),
])  # fmt: skip
def test_usual_words_are_known(word: str, state: OrderState) -> None:
    assert (knows_state(word, {}), state_of(word, {})) == (True, state)


@pytest.mark.parametrize("word", ["Cancelled by system", "RTO - refused", "Lost items", "On hold", "Returned"])
def test_words_that_could_change_what_is_owed_are_not(word: str) -> None:
    assert not knows_state(word, {})


@pytest.mark.parametrize(("word", "kind"), [("CUSTOMER RETURN", ReturnKind.CUSTOMER), ("Customer initiated return", ReturnKind.CUSTOMER), ("Courier return", ReturnKind.RTO)])  # fmt: skip
def test_usual_kinds_of_returns(word: str, kind: ReturnKind) -> None:
    assert (knows_kind(word, {}), kind_of(word, {})) == (True, kind)


@pytest.mark.parametrize("has_returns", [True, False])
@pytest.mark.parametrize("word", ["Returned", "RETURN_CREATED", "Credit Note Created", "refunded"])
def test_an_order_that_came_back_is_told_only_where_no_returns_are_read(word: str, has_returns: bool) -> None:
    orders = {Says.ORDER: "id", Says.AMOUNT: "amount", Says.STATUS: "status"}
    uses = ajio.uses_of(Role.ORDERS, "O", orders)
    files = {"O": [raw("O", {"id": ["A", "B"], "amount": ["10.00", "20.00"], "status": [word, "Delivered"]})]}
    if has_returns:
        uses = (*uses, *ajio.uses_of(Role.RETURNS, "R", {Says.ORDER: "id"}))
        files["R"] = [raw("R", {"id": ["A"]})]
    columns, said = expected_columns(files, Market(uses=tuple(uses), portal="P"))
    assert columns[0].net_minor.tolist() == [100_000, 200_000]  # the sale stands; what came back is of the returns
    assert [(one.code, one.raw) for one in said] == ([] if has_returns else [("T-298", word)])
