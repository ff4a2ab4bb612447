"""What a self-test found, as values; and as lines, as one message, as an object for programs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """How a check ended. The values are the words of the report and of `--json`."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "not known"


class Finding(NamedTuple):
    """One line of the report: `seen` is what was found, `fix` an order, '' where nothing is to be done."""

    code: str
    name: str
    outcome: Outcome
    seen: str
    fix: str = ""


class Seen(NamedTuple):
    """What a check says, before its code and name are put in front."""

    outcome: Outcome
    seen: str
    fix: str = ""


def worst(findings: Sequence[Finding]) -> Outcome:
    """Fail before warn; what is not known does not count as either."""
    outcomes = {finding.outcome for finding in findings}
    return next((one for one in (Outcome.FAIL, Outcome.WARN) if one in outcomes), Outcome.OK)


def lines(findings: Sequence[Finding]) -> list[str]:
    """The report as a person reads it: outcome, check, what was seen; the remedy on a line of its own."""
    width = max((len(one.name) for one in findings), default=0)
    blank = f"{'':<9}  {'':<{width}}"
    told = []
    for one in findings:
        code = f"{one.code} " if one.outcome is not Outcome.OK else ""
        told.append(f"{one.outcome:<9}  {one.name:<{width}}  {code}{one.seen}")
        told += [f"{blank}  -> {one.fix}"] if one.fix else []
    return told


def told(findings: Sequence[Finding]) -> str:
    """The report as one message: what is to be done, or that nothing is."""
    open_ones = [one for one in findings if one.outcome in {Outcome.WARN, Outcome.FAIL}]
    blind = [one.name for one in findings if one.outcome is Outcome.UNKNOWN]
    well = len(findings) - len(open_ones) - len(blind)
    parts = [f"{well} of {len(findings)} checks found nothing wrong."]
    parts += [f"{one.code} {one.name}: {one.seen} {one.fix}".rstrip() for one in open_ones]
    return "\n".join(parts + ([f"Not looked at: {', '.join(blind)}."] if blind else []))


def as_json(findings: Sequence[Finding]) -> dict[str, object]:
    """The report for programs."""
    return {"outcome": str(worst(findings)), "findings": [one._asdict() for one in findings]}
