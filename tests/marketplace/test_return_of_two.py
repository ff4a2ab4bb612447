"""A return row of two units that the portal settles as two equal lines."""

from __future__ import annotations

from recon_core.recipe import SideOf
from recon_core.statuses import Status
from tests.raws import leg, raw, run, use


def statuses(*, has_quantity: bool) -> list[str]:
    """Outcomes of the two settlement lines of a return of two units of one item."""
    uses = [use("A", "id", "id"), use("A", "amount", "amount"), use("A", "item", "sku"), use("A", "quantity", "qty", source="a"),
            use("B", "id", "id"), use("B", "amount", "amount"), use("B", "item", "sku")]  # fmt: skip
    if has_quantity:
        uses.append(use("A", "quantity", "back", source="c"))
    one = leg(uses, a=SideOf(sources=("a", "c"), label="Owed"))
    ours = raw("a", {"id": ["O1", "O2"], "amount": ["100.00", "30.00"], "sku": ["S", "S"], "qty": ["2", "1"]})
    back = raw("c", {"id": ["O1"], "amount": ["-80.00"], "sku": ["S"], "back": ["2"]})
    paid = raw(
        "b", {"id": ["O1", "O1", "O1", "O2"], "amount": ["100.00", "-40.00", "-40.00", "30.00"], "sku": ["S"] * 4}
    )
    lines = run(one, ours, paid, others={"c": [back]}).results["L"].lines
    mine = lines[(lines["side"] == 1) & (lines["amount_minor"] < 0)]
    return [str(tuple(Status)[code]) for code in mine["status"]]


def test_the_quantity_of_the_return_says_that_both_lines_are_genuine():
    assert statuses(has_quantity=True) == [Status.MATCHED, Status.MATCHED]


def test_without_it_they_are_not_confirmed():
    assert Status.MATCHED not in statuses(has_quantity=False)
