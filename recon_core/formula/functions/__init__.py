"""FUNCTIONS: every worksheet function of our own, by name. Each module is one family."""

from __future__ import annotations

from recon_core.formula.functions import (
    aggregate,
    conversion,
    criteria,
    dates,
    information,
    joining,
    lists,
    logical,
    lookup,
    maths,
    numerals,
    periods,
    ranking,
    references,
    regex,
    rounding,
    splitting,
    subtotal,
    text,
    workdays,
)
from recon_core.formula.functions.spec import Function

FUNCTIONS: dict[str, Function] = {
    **aggregate.FUNCTIONS,
    **conversion.FUNCTIONS,
    **criteria.FUNCTIONS,
    **dates.FUNCTIONS,
    **information.FUNCTIONS,
    **joining.FUNCTIONS,
    **lists.FUNCTIONS,
    **logical.FUNCTIONS,
    **lookup.FUNCTIONS,
    **maths.FUNCTIONS,
    **numerals.FUNCTIONS,
    **periods.FUNCTIONS,
    **ranking.FUNCTIONS,
    **regex.FUNCTIONS,
    **references.FUNCTIONS,
    **rounding.FUNCTIONS,
    **splitting.FUNCTIONS,
    **subtotal.FUNCTIONS,
    **text.FUNCTIONS,
    **workdays.FUNCTIONS,
}
