"""GST on fees where a fee without a rule stands beside others: what cannot be judged is Failed, an overcharge comes out.

Commission is 10 % of 1,000.00 and bears 18.00; nobody agreed Wrap, which would bear 18.00 at the same rate; Packing is agreed
up to 500 g, and no order says its weight.
"""

from __future__ import annotations

import pytest

from tests.recipes.made import Made, amount, make, table

CARD = table(
    "Portal|Fee|From|Weight to|Base|%|Fixed|GST %",
    "|Commission|2026-01-01||price incl. GST|10||18", "|Packing|2026-01-01|500|||40|18",
)  # fmt: skip
# order -> lines of (commission, wrap, packing, GST); what Fees says: the row Tax (expected, charged, status), GST on fees without a rule
ORDERS: dict[str, tuple[list[tuple[float, float, float, float]], tuple[str, str, str], dict[str, str]]] = {
    "all bear GST": ([(100, 100, 0, 36)], ("18.00", "18.00", "Reconciled"), {"Wrap": "18.00"}),
    "10.00 more than all fees bear": ([(100, 100, 0, 46)], ("18.00", "28.00", "Disputed"), {"Wrap": "18.00"}),
    "10.00 more than the ruled fee bears": ([(100, 100, 0, 28)], ("18.00", "18.00", "Reconciled"), {"Wrap": "10.00"}),
    "no GST on Wrap": ([(100, 100, 0, 18)], ("18.00", "18.00", "Reconciled"), {}),
    "8.00 less than the ruled fee bears": ([(100, 100, 0, 10)], ("18.00", "10.00", "Reconciled"), {}),
    "Wrap on a line without GST": ([(100, 0, 0, 36), (0, 100, 0, 0)], ("18.00", "36.00", "Disputed"), {}),
    "GST on a line of its own": ([(100, 0, 0, 0), (0, 100, 0, 0), (0, 0, 0, 36)], ("18.00", "18.00", "Reconciled"), {"Wrap": "18.00"}),
    "an overcharge that bears GST": ([(150, 100, 0, 27)], ("18.00", "27.00", "Disputed"), {}),
    "Wrap taken and given back": ([(100, 100, 0, 36), (0, -100, 0, -18)], ("18.00", "18.00", "Reconciled"), {}),
    "Wrap given back alone": ([(100, -100, 0, 0)], ("18.00", "18.00", "Reconciled"), {"Wrap": "-18.00"}),
    "Wrap on a line that takes the commission back": ([(100, 0, 0, 18), (-100, 100, 0, 0)], ("18.00", "0.00", "Reconciled"), {"Wrap": "18.00"}),
    "a rounding of 0.01": ([(100, 100, 0, 35.99)], ("18.00", "17.99", "Reconciled"), {"Wrap": "18.00"}),
    "a card that cannot say": ([(100, 0, 50, 27)], ("18.00", "18.00", "Reconciled"), {"Packing": "9.00"}),
    "two without a rule": ([(100, 100, 50, 36)], ("18.00", "18.00", "Reconciled"), {"Packing": "9.00", "Wrap": "9.00"}),
}  # fmt: skip
IDS = {name: f"W-{at}" for at, name in enumerate(ORDERS)}


def _lines(name: str) -> list[str]:
    """Rows of the settlement; the first has the price."""
    found = []
    for at, (commission, wrap, packing, tax) in enumerate(ORDERS[name][0]):
        paid = 0 if at else 1000
        net = paid - commission - wrap - packing - tax
        found.append(f"{IDS[name]}|B1|{net:.2f}|{paid}|{-commission}|{-wrap}|{-packing}|0|{-tax}|0|0")
    return found


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Made:
    files = {
        "orders_june.csv": table(
            "order_id|order_date|invoice_date|sku|qty|unit_price|amount|gst_rate|status|category|weight_g",
            *(f"{order}|2026-06-01|2026-06-02|B1|1|1000|1000|0|Delivered|Shoes|" for order in IDS.values()),
        ),
        "settlement_june.csv": table(
            "Order ID|SKU|Amount paid to you|Amount paid by customer|Fee: Commission|Fee: Wrap|Fee: Packing|Claims|Tax on fees|TCS|TDS",
            *(line for name in ORDERS for line in _lines(name)),
        ),
    }  # fmt: skip
    return make(tmp_path_factory.mktemp("gst"), "fee_audit", files, loads={"Rates": CARD})


@pytest.mark.parametrize("name", ORDERS)
def test_the_gst_of_an_order(june: Made, name: str) -> None:
    rows = {str(row["Fee"]): row for row in june.rows("Fees") if row["Order id"] == IDS[name]}
    tax = rows["Tax"]
    assert (amount(tax["Expected"]), amount(tax["Charged"]), tax["Status"]) == ORDERS[name][1]
    unjudged = {fee.removeprefix("Tax (on ").removesuffix(")"): row for fee, row in rows.items() if fee.startswith("Tax (")}  # fmt: skip
    assert {fee: amount(row["Charged"]) for fee, row in unjudged.items()} == ORDERS[name][2]
    assert {(row["Status"], row["Expected"], row["Reason"]) for row in unjudged.values()} <= {("Failed", None, "FEE_UNCONFIGURED")}  # fmt: skip
    assert {fee: amount(rows[fee]["GST charged"]) for fee in unjudged} == ORDERS[name][2]
    assert all(str(row["Card"]).startswith("No rule says this fee, so its GST is not judged") for row in unjudged.values())  # fmt: skip


def test_no_gst_is_lost_between_the_rows(june: Made) -> None:
    """The row Tax and the GST on fees without a rule are what was taken of the order."""
    for name, (lines, *_) in ORDERS.items():
        shown = [float(amount(row["Charged"])) for row in june.rows("Fees") if row["Order id"] == IDS[name] and str(row["Fee"]).startswith("Tax")]  # fmt: skip
        assert round(sum(shown), 2) == round(sum(tax for *_, tax in lines), 2), name


def test_what_is_claimed(june: Made) -> None:
    claims = {(row["Order id"], row["Fee"]): amount(row["GST on it"]) for row in june.rows("Claims")}
    assert claims == {
        (IDS["10.00 more than all fees bear"], "Tax"): "10.00", (IDS["Wrap on a line without GST"], "Tax"): "18.00",
        (IDS["an overcharge that bears GST"], "Commission"): "9.00",
    }  # fmt: skip
