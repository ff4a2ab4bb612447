"""Figures that a check by hand found wrong: fees of an order with GST by the day, and what stands beside them."""

from __future__ import annotations

import pytest

from tests.marketplace.test_owed import owed

GST = {"Fee": "GST on fees", "Portal": "", "%": "18"}


@pytest.mark.parametrize("per", ["order", "item", "unit"])
@pytest.mark.parametrize("stated", ["18", ""])
def test_gst_left_empty_is_that_of_the_day_whatever_a_fee_is_charged_on(per: str, stated: str) -> None:
    """10.00 and 18 % of it: the card of GST on fees serves fees charged once an order as it serves the others."""
    fee = {"Fee": "Closing", "Fixed": "10.00", "Per": per, "GST %": stated}
    nets = owed(["A ~ S 1 50.00 Delivered", "B ~ S 1 20.00 Delivered"], [], fee, GST)
    assert (nets[0], nets[3]) == (["38.20", "8.20"], [])


def test_gst_of_an_order_fee_is_not_known_where_no_card_says() -> None:
    nets = owed(["A ~ S 1 50.00 Delivered"], [], {"Fee": "Closing", "Fixed": "10.00", "Per": "order", "GST %": ""})
    assert (nets[0], nets[3]) == (["50.00"], ["R-750"])
