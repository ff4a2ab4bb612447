"""A leg with derived columns on side A, for tests: what goes in, and what of its outcome is looked at."""

from __future__ import annotations

from collections.abc import Sequence

from recon_core.engine import Outcome
from recon_core.model import SKIPS, Raw, Status
from recon_core.recipe import Derivation, Recipe
from recon_core.statuses import CODE
from tests.raws import leg, raw, run, use

Rows = Sequence[Sequence[object]]
IDS = (use("A", "id", "id"), use("B", "id", "id"))
MAPPED = (*IDS, use("A", "amount", "Net"), use("B", "amount", "amount"))
ORDERS = {
    "id": ["O1", "O2", "O3"],
    "Price": ["100.00", "250.00", "80.00"],
    "Fee": ["2.00", "5.00", "1.60"],
    "Status": ["OK", "OK", "RTO"],
}
PAID = {"id": ["O1", "O2", "O3"], "amount": ["98.00", "245.00", "78.40"]}


def derived(*formulas: tuple[str, str], source: str = "a") -> tuple[Derivation, ...]:
    """Derived columns of a source: (name, formula)."""
    return tuple(
        Derivation(source=source, column=name, formula=text, cell=f"Setup!C{at}")
        for at, (name, text) in enumerate(formulas, 30)
    )


def reconciled(
    a: Raw | Sequence[Raw],
    *formulas: tuple[str, str],
    uses: Sequence[object] = MAPPED,
    b: Raw | None = None,
    **more: object,
) -> Outcome:
    """The leg of a against b with derived columns of a."""
    days, supporting = more.pop("days", None), more.pop("supporting", None)
    one = leg(uses, days=days)
    return run(
        one,
        a,
        b or raw("b", PAID),
        recipe=Recipe(legs=(one,), derivations=derived(*formulas), **more),
        supporting=supporting,
    )


def amounts(outcome: Outcome, side: int = 0) -> list[float]:
    lines = outcome.results["L"].lines
    return (lines[lines["side"] == side]["amount_minor"] / 10_000).tolist()


def kinds(outcome: Outcome, side: int = 0) -> list[str]:
    lines = outcome.results["L"].lines
    return [str(SKIPS[code]) for code in lines[lines["side"] == side]["skip"]]


def notes(outcome: Outcome) -> list[str]:
    lines = outcome.results["L"].lines
    return [note for note in lines[lines["side"] == 0]["skip_note"] if note]


def matched(outcome: Outcome) -> int:
    """Lines of both sides that are matched."""
    return int((outcome.results["L"].lines["status"] == CODE[Status.MATCHED]).sum())


def codes(outcome: Outcome) -> list[str]:
    return [problem.code for problem in outcome.problems]
