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
    """What stays, and what is told, where some leg stays."""
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


def test_without_a_leg_one_stop_names_what_each_needs() -> None:
    """Not one for each absent source: returns may stay away, and is not what the run lacks."""
    specs = tuple(replace(spec, may_miss=name != "ours") for name, spec in SPECS.items())
    recipe, problems = without(replace(RECIPE, sources=specs), [spec for spec in specs if spec.may_miss])
    assert recipe.legs == ()
    assert [(one.code, one.severity, str(one.where)) for one in problems] == [("R-763", Severity.STOP, "sheet Setup")]
    assert problems[0].what == (
        "No leg can run, since no file is there for a side of it: leg 'Settlements' needs 'ours*.csv' (ours), and 'paid*.csv' (paid); "
        "leg 'Bank' needs 'paid*.csv' (paid), and 'bank*.csv' (bank)."
    )


def test_a_source_beside_others_of_its_side_takes_no_leg_away() -> None:
    """Returns are absent, and so are the bank and its leg: the leg of returns runs, and only the bank is said to cost one."""
    recipe, notes = left("returns", "bank")
    assert [leg.name for leg in recipe.legs] == ["Settlements"]
    assert [note.rpartition(": ")[2] for note in notes] == [
        "no leg depends on it alone.",
        "the leg 'Bank' did not run.",
    ]


def test_two_of_three_sources_that_a_leg_lacks_together() -> None:
    """Each of two portals would do; without both the leg is gone, and returns on the other side are not blamed for it."""
    third = SourceSpec(name="other", path="other*.csv", may_miss=True, cell="Setup!B23")
    legs = (replace(ONE, b=SideOf(sources=("paid", "other"))), Leg(name="Own", a=SideOf(sources=("ours",)), b=SideOf(sources=("bank",))))  # fmt: skip
    recipe = replace(RECIPE, sources=(*RECIPE.sources, third), legs=legs)
    notes = without(recipe, [SPECS["returns"], SPECS["paid"], third])[1]
    assert [note.what.rpartition(": ")[2] for note in notes] == [
        "no leg depends on it alone.", "the leg 'Settlements' did not run.", "the leg 'Settlements' did not run.",
    ]  # fmt: skip
    assert without(recipe, [third])[1][0].what.endswith("no leg depends on it alone.")
