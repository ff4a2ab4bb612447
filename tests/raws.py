"""Small sources for tests: rows of text -> Raw, columns -> Use, two sides -> Leg, without any file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from recon_core.engine import Outcome, reconcile
from recon_core.keys import Cleaning
from recon_core.model import Raw
from recon_core.recipe import Leg, Meaning, PassRule, Recipe, SideOf, Use, default_rules

Table = Mapping[str, Sequence[str]]


def raw(
    source: str, columns: Table, *, file: str = "", first_row: int = 2, typed: Iterable[str] = (), **more: object
) -> Raw:
    """Columns of text as the one table of a file; `typed` names the columns whose cells were numbers."""
    frame = pd.DataFrame({name: pd.Series(list(cells), dtype="str") for name, cells in columns.items()})
    name = file or f"{source}.csv"
    return Raw(
        source=source, file=name, path=f"/files/{name}", frame=frame, row=np.arange(len(frame), dtype=np.int64) + first_row,
        typed={column: np.ones(len(frame), bool) for column in typed}, **more,
    )  # fmt: skip


def use(side: str, meaning: str, column: str, name: str = "", **more: str) -> Use:
    """One row of Mapping for every leg."""
    return Use(leg="", side=side, meaning=Meaning(meaning), column=column, name=name or column, **more)


def leg(
    uses: Sequence[Use],
    within_minor: int = 0,
    days: int | None = None,
    rules: Sequence[PassRule] = (),
    cleaning: Cleaning | None = None,
    **more: object,
) -> Leg:
    """A leg named L of source a against source b under the shipped ladder, or under `rules`."""
    more = {"a": SideOf(sources=("a",), label="Ours"), "b": SideOf(sources=("b",), label="Theirs"), **more}
    return Leg(
        name="L", within_minor=within_minor, rules=tuple(rules) or default_rules(within_minor, days), uses=tuple(uses),
        cleaning=cleaning or Cleaning(), **more,
    )  # fmt: skip


PLAIN = (use("A", "id", "id"), use("B", "id", "id"), use("A", "amount", "amount"), use("B", "amount", "amount"))


def run(one: Leg, a: Raw | Sequence[Raw], b: Raw | Sequence[Raw], **more: object) -> Outcome:
    """Reconcile one leg of two sides; `others` are more sources of either."""
    recipe = more.pop("recipe", None) or Recipe(legs=(one,))
    sides = {"a": [a] if isinstance(a, Raw) else list(a), "b": [b] if isinstance(b, Raw) else list(b)}
    sides |= more.pop("others", {})
    return reconcile(recipe, sides, **more)
