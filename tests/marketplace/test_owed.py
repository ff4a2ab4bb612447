"""What is owed for rows of orders and returns: part quantities, equal items at two prices, RTO, what a card cannot say."""

from __future__ import annotations

import numpy as np
import pytest

from recon_core.dates import NO_DAY
from recon_core.expected import expected_columns
from recon_core.market import EXPECTED_NET, Market, Role, Says
from recon_core.money import to_text
from recon_core.problems import Place
from recon_core.ratecard import parse_cards
from tests.marketplace import ajio
from tests.raws import raw

ORDERS = {
    Says.ORDER: "id", Says.INVOICE: "inv", Says.ITEM: "sku", Says.QUANTITY: "qty", Says.AMOUNT: "amount", Says.STATUS: "status", Says.ORDER_DATE: "day", Says.CATEGORY: "cat",
}  # fmt: skip
RETURNS = {
    Says.ORDER: "id", Says.INVOICE: "inv", Says.ITEM: "sku", Says.QUANTITY: "qty", Says.AMOUNT: "value", Says.RETURNED_ON: "back", Says.KIND: "kind",
}  # fmt: skip
BASE = {"Portal": "P", "From": "2020-01-01", "GST %": "0", "Charged on": "Shipped"}


def owed(
    orders: list[str], returns: list[str], *cards: dict[str, str]
) -> tuple[list[str], list[str], list[str], list[str]]:
    """Rows as 'id inv sku qty amount status [cat]' and 'id inv sku qty value back kind' -> nets, nets of returns, their orders, codes."""
    parsed, problems = parse_cards(
        [{**BASE, **card} for card in cards], lambda at, column: Place(row=at, column=column)
    )
    assert [one for one in problems if one.severity == "stop"] == []

    def table(rows: list[str], names: list[str]) -> dict[str, list[str]]:
        cells = [["" if cell == "~" else cell for cell in row.split()] for row in rows]
        return {name: [row[at] if at < len(row) else "" for row in cells] for at, name in enumerate(names)}

    book = table(orders, ["id", "inv", "sku", "qty", "amount", "status", "cat"])
    files = {
        "O": [raw("O", {**book, "day": ["2026-04-01"] * len(orders)})],
        "R": [raw("R", table(returns, ["id", "inv", "sku", "qty", "value", "back", "kind"]))],
    }
    uses = (*ajio.uses_of(Role.ORDERS, "O", ORDERS), *ajio.uses_of(Role.RETURNS, "R", RETURNS))
    columns, said = expected_columns(files, Market(uses=uses, cards=parsed, portal="P"))
    ours, back = columns

    def texts(column) -> list[str]:
        return [
            to_text(int(one)) if known else "~" for one, known in zip(column.net_minor, column.is_known, strict=True)
        ]

    return texts(ours), texts(back), back.order_id.tolist(), [one.code for one in said]


PERCENT = {"Fee": "Commission", "Base": "price incl. GST", "%": "10", "RTO %": "100", "Return %": "100"}
ONCE = {"Fee": "Packing", "Fixed": "10.00", "Per": "item", "Return %": "50"}
WAY_BACK = {"Fee": "Reverse", "Fixed": "5.00", "Charged on": "Customer return"}


def test_fees_are_rounded_a_unit_and_taken_times_the_units():
    assert owed(["A ~ S 3 100.05 Delivered"], [], {**PERCENT, "%": "1"})[0] == ["99.06"]  # 0.3335 is 0.33 a unit


def test_every_returned_unit_takes_its_part_and_the_last_the_remainder():
    nets = owed(["A ~ S 3 100.00 Delivered"], ["A ~ S 1 ~ 2026-04-05 ~", "A ~ S 2 ~ 2026-04-06 ~"], ONCE, WAY_BACK)
    assert nets[0] == ["90.00"]
    # 100.00 of three is 33.33, 33.33, 33.34; 5.00 that comes back of the fee is 1.67, 1.67, 1.66; 5.00 a unit for the way
    assert nets[1] == ["-36.66", "-73.34"]
    assert sum(float(one) for one in [*nets[0], *nets[1]]) == pytest.approx(90 - 100 + 5 - 15)


@pytest.mark.parametrize("value", ["60.00", "~"])
def test_equal_items_at_two_prices(value: str) -> None:
    """The value of the return says which unit came back; without it the cheaper one, whatever the order of rows."""
    rows = ["A ~ S 1 60.00 Delivered", "A ~ S 1 40.00 Delivered"]
    back = f"A ~ S 1 {value} 2026-04-05 ~"
    wanted = "-54.00" if value != "~" else "-36.00"
    assert owed(rows, [back], PERCENT)[1] == owed(rows[::-1], [back], PERCENT)[1] == [wanted]


def test_a_return_is_found_by_its_invoice_and_named_by_our_id():
    nets = owed(["A I1 S 1 50.00 Delivered", "B I2 S 1 50.00 Delivered"], ["~ I2 S 1 ~ 2026-04-05 ~"], PERCENT)
    assert nets[1:] == (["-45.00"], ["B"], [])


def test_a_return_without_an_item_is_of_the_only_one():
    assert owed(["A ~ S 1 50.00 Delivered"], ["A ~ ~ 1 ~ 2026-04-05 ~"], PERCENT)[1] == ["-45.00"]
    two = owed(["A ~ S 1 50.00 Delivered", "A ~ T 1 20.00 Delivered"], ["A ~ ~ 1 ~ 2026-04-05 ~"], PERCENT)
    assert (two[1], two[3]) == (["0.00"], ["R-751"])


def test_more_came_back_than_was_sold():
    nets = owed(["A ~ S 1 50.00 Delivered"], ["A ~ S 2 ~ 2026-04-05 ~"], PERCENT)
    assert (nets[1], nets[3]) == (["-45.00"], ["R-751"])


def test_rto_and_cancelled_and_on_its_way():
    ship = {"Fee": "Ship", "Fixed": "7.00"}
    rows = ["A ~ S 2 50.00 RTO", "B ~ S 1 50.00 Cancelled", "C ~ S 2 50.00 Delivered", "D ~ S 1 50.00 Created"]
    nets = owed(rows, ["C ~ S 1 ~ ~ RTO", "A ~ S 2 ~ 2026-04-05 RTO", "C ~ S 1 ~ ~ return"], PERCENT, ship)
    assert nets[0] == [
        "-14.00",
        "0.00",
        "8.50",
        "0.00",
    ]  # of C one unit was lost on the way: 25.00 - 2.50 - 7.00 - 7.00
    assert nets[1] == ["0.00", "0.00", "0.00"]


def test_what_the_card_cannot_say_is_named_and_counts_as_nothing():
    nets = owed(["A ~ S 1 50.00 Delivered Shoes", "B ~ S 1 50.00 Delivered"], [], {**PERCENT, "Category": "Hats"})
    assert (nets[0], nets[3]) == (["50.00", "50.00"], ["R-750", "R-750"])


def test_a_row_without_amount_or_id_has_no_expected_net():
    assert owed(
        ["A ~ S 1 ~ Delivered", "~ ~ S 1 50.00 Delivered", "C ~ S 1 10.00 Delivered"],
        ["X ~ S 1 ~ 2026-04-05 ~"],
        PERCENT,
    )[:2] == (["~", "~", "9.00"], ["~"])


def test_fees_charged_once_an_order_stand_on_its_first_row():
    rows = ["A ~ S 1 50.00 Delivered", "A ~ T 1 20.00 Delivered", "B ~ S 1 30.00 Delivered"]
    nets = owed(rows, [], {"Fee": "Order fee", "Fixed": "3.00", "Per": "order"})
    assert nets[0] == ["47.00", "20.00", "27.00"]


def test_the_sample_has_no_expected_net_that_is_not_known():
    found = ajio.month(1)[1]["Settlements"].lines
    assert EXPECTED_NET == "Expected net"
    assert (found.loc[found["skip"] == 0, "amount_raw"] != "").all()
    assert (found["day"] == NO_DAY).all()
    assert isinstance(found["amount_minor"].to_numpy(), np.ndarray)
