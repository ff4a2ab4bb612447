"""Sources that may be missing: what of a recipe still runs without them."""

from __future__ import annotations

from dataclasses import replace

from recon_core.absent import without
from recon_core.market import Market, MarketUse, Role
from recon_core.problems import Severity
from recon_core.recipe import Derivation, Leg, Recipe, SideOf, SourceSpec

SPECS = {name: SourceSpec(name=name, path=f"{name}*.csv", may_miss=True, cell="Setup!B22") for name in ("ours", "returns", "paid", "bank")}  # fmt: skip
ONE = Leg(name="Settlements", a=SideOf(sources=("ours", "returns")), b=SideOf(sources=("paid",)))
TWO = Leg(name="Bank", a=SideOf(from_leg="Settlements", from_side="B", group_by="UTR"), b=SideOf(sources=("bank",)))
MARKET = Market(uses=tuple(MarketUse(role=role, source=source, meaning="", column="") for role, source in ((Role.ORDERS, "ours"), (Role.RETURNS, "returns"), (Role.SETTLEMENTS, "paid"))))  # fmt: skip
RECIPE = Recipe(
    sources=tuple(SPECS.values()), legs=(ONE, TWO), derivations=(Derivation(source="returns", column="x", formula="=1"),), market=MARKET
)  # fmt: skip


def left(*names: str) -> tuple[Recipe, list[str]]:
    recipe, notes = without(RECIPE, [SPECS[name] for name in names])
    assert {note.code for note in notes} == ({"R-752"} if names else set())
    return recipe, [note.what for note in notes]


def test_nothing_is_missing() -> None:
    assert left() == (RECIPE, [])


def test_one_of_several_sources_of_a_side() -> None:
    recipe, notes = left("returns")
    assert recipe.legs == (replace(ONE, a=SideOf(sources=("ours",))), TWO)
    assert recipe.derivations == ()
    assert recipe.market is not None
    assert recipe.market.sources(Role.RETURNS) == ()
    assert notes == ["No file fits 'returns*.csv' of source returns, which may be missing: no leg depends on it alone."]


def test_a_whole_side() -> None:
    recipe, notes = left("bank")
    assert recipe.legs == (ONE,)
    assert recipe.market == MARKET
    assert notes == ["No file fits 'bank*.csv' of source bank, which may be missing: the leg 'Bank' did not run."]


def test_a_leg_that_stood_on_one_left_out_reads_the_files_itself() -> None:
    recipe, _ = left("ours", "returns")
    assert recipe.legs == (replace(TWO, a=SideOf(sources=("paid",), group_by="UTR")),)
    assert recipe.market is None


def test_both_legs() -> None:
    recipe, notes = left("paid")
    assert recipe.legs == ()
    assert without(RECIPE, [SPECS["paid"]])[1][0].severity is Severity.STOP  # nothing would be reconciled
    assert notes[0].endswith("the legs 'Settlements' and 'Bank' did not run.")
