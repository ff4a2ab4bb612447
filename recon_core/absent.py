"""What is left of a recipe where sources that may be missing have no file: legs that cannot run are left out, and it is said.

A return report in a month without returns, a bank statement that has not come yet: the rest can still be reconciled. Only
sources that Setup marks with 'go on' ever come here; every other missing file stops the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recon_core.market import Market, Role
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Leg, Recipe, SideOf, SourceSpec


def without(recipe: Recipe, absent: Sequence[SourceSpec]) -> tuple[Recipe, list[Problem]]:
    """The recipe without these sources, and a Note for each that names the legs left out; one Stop (R-763) where none is left."""
    if not absent:
        return recipe, []
    names = {spec.name for spec in absent}
    kept: list[Leg] = []
    for leg in recipe.legs:
        known = {one.name for one in kept}
        sides = [_side(recipe, leg.side(letter), names, known) for letter in "AB"]
        if all(side.sources or side.from_leg for side in sides):
            kept.append(replace(leg, a=sides[0], b=sides[1]))
    left = replace(
        recipe, sources=tuple(spec for spec in recipe.sources if spec.name not in names), legs=tuple(kept),
        derivations=tuple(one for one in recipe.derivations if one.source not in names),
        lookups=tuple(one for one in recipe.lookups if one.source not in names), market=_market(recipe.market, names),
    )  # fmt: skip
    if not kept:
        return left, [_nothing(recipe, absent)]
    return left, [_note(recipe, spec, left, names) for spec in absent]


def _side(recipe: Recipe, side: SideOf, absent: set[str], kept: set[str]) -> SideOf:
    """A side without absent sources; one that stood on a leg that is left out reads that leg's sources itself."""
    if side.from_leg in kept:
        return side
    sources = tuple(name for name in recipe.sources_of(side) if name not in absent)
    return replace(side, sources=sources, from_leg="", from_side="")


def _market(market: Market | None, absent: set[str]) -> Market | None:
    """The marketplace without absent sources; none where orders or settlements are gone."""
    if market is None:
        return None
    left = replace(market, uses=tuple(use for use in market.uses if use.source not in absent))
    return left if left.sources(Role.ORDERS) and left.sources(Role.SETTLEMENTS) else None


def _nothing(recipe: Recipe, absent: Sequence[SourceSpec]) -> Problem:
    """What each leg needs, where none can run: one Stop for all files."""
    specs = {spec.name: spec for spec in recipe.sources}
    needs = []
    for leg in recipe.legs:
        sides = [_needed([specs[name] for name in recipe.sources_of(leg.side(letter)) if name in specs]) for letter in "AB"]  # fmt: skip
        needs.append(f"leg '{leg.name}' needs {', and '.join(filter(None, sides))}")
    what = f"No leg can run, since no file is there for a side of it: {'; '.join(needs)}."
    fix = "Put these files into the workbook's folder, or write the names of yours in the table Sources."
    return Problem("R-763", Severity.STOP, Place(sheet=absent[0].cell.rpartition("!")[0] or "Setup"), "", what, fix)


def _needed(specs: Sequence[SourceSpec]) -> str:
    """The files that a side cannot be without: those that may not be missing, else one of the others."""
    must = [f"'{spec.path}' ({spec.name})" for spec in specs if not spec.may_miss]
    return " and ".join(must) or " or ".join(f"'{spec.path}' ({spec.name})" for spec in specs)


def _note(recipe: Recipe, spec: SourceSpec, left: Recipe, absent: set[str]) -> Problem:
    def empties(leg: Leg) -> bool:
        """Whether a side of the leg has nothing but absent sources, this one among them."""
        sides = [set(recipe.sources_of(leg.side(letter))) for letter in "AB"]
        return any(spec.name in side and side <= absent for side in sides)

    gone = [leg.name for leg in recipe.legs if empties(leg) and leg.name not in {one.name for one in left.legs}]
    legs = " and ".join(f"'{name}'" for name in gone)
    said = f"the {'legs' if len(gone) > 1 else 'leg'} {legs} did not run" if gone else "no leg depends on it alone"
    what = f"No file fits '{spec.path}' of source {spec.name}, which may be missing: {said}."
    fix = "Put the file in place and run again, or choose 'stop' in the table Sources if it may not be missing."
    sheet, _, cell = spec.cell.rpartition("!")
    return Problem("R-752", Severity.NOTE, Place(sheet=sheet, cell=cell), spec.path, what, fix)
