"""Which columns of a settlement file are its amounts, and the lines whose amounts do not add up to their own net.

Judged once a file, before the legs match: a line that does not add up counts nowhere, so no leg may confirm it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from recon_core.entries import is_charge, type_of, word_of
from recon_core.market import Market, Role, Says
from recon_core.market_rows import Part, amounts_of, column_of
from recon_core.model import OFF_SUM_COLUMNS, Raw
from recon_core.money import Int64
from recon_core.ratecard import UNKNOWN
from recon_core.standard_template import Role as Column
from recon_core.standard_template import TemplateColumn, entry_types_of
from recon_core.texts import arrow_text


@dataclass(frozen=True, slots=True)
class SettlementColumns:
    """Which column of a settlement file says what: the row of Marketplace goes before the standard template."""

    market: Market
    raw: Raw
    template: Sequence[TemplateColumn]

    @classmethod
    def of(cls, market: Market, raw: Raw) -> SettlementColumns:
        """Those of one file."""
        return cls(market, raw, entry_types_of([str(name) for name in raw.frame.columns]).columns)

    def named(self, says: Says, role: Column) -> tuple[str, str]:
        """(column, form), '' where there is none."""
        use = self.market.use(Role.SETTLEMENTS, self.raw.source, says)
        if use is not None:
            return use.column, use.form
        return next((column.header for column in self.template if column.role is role), ""), "auto"

    def text(self, part: Part, says: Says, role: Column) -> pa.Array:
        """The cells of the part's rows."""
        column = column_of(self.raw, self.named(says, role)[0])
        if column is None:
            return pa.array([""] * len(part.rows), pa.large_string())
        return arrow_text(column).take(pa.array(part.rows))

    def kinds(self, part: Part) -> pd.Series:
        """Line types, as the words that Form maps."""
        found = pd.Series(pd.array(pa.chunked_array([self.text(part, Says.LINE_TYPE, Column.LINE_TYPE)]), dtype="str"))
        use = self.market.use(Role.SETTLEMENTS, self.raw.source, Says.LINE_TYPE)
        words = use.words if use is not None else {}
        return found.map(lambda word: words.get(word_of(word), word)).astype("str") if words else found

    def types(self) -> Mapping[str, str]:
        """Amount column -> entry type on a sale. What Setup says is a tax takes the place of a column that is merely called so."""
        uses = self.market.entries(self.raw.source)
        stated = {use.column: type_of(use.form) or use.form.strip() for use in uses}
        known = {
            column.header: column.type
            for column in self.template
            if column.role is Column.AMOUNT and column.type not in stated.values()
        }
        return known | stated

    def net(self) -> Int64:
        """What each row of the file says was paid, UNKNOWN where it does not say."""
        column, form = self.named(Says.NET, Column.NET)
        return amounts_of(self.raw, column, form) if column else np.full(len(self.raw.frame), UNKNOWN, np.int64)


def off_sum(market: Market, raw: Raw) -> pd.DataFrame:
    """The rows of a settlement file whose amounts are not their net: model.OFF_SUM_COLUMNS.

    A row that states no net has the sum of its amounts for one; a cell that is no amount counts as nothing.
    """
    columns = SettlementColumns.of(market, raw)
    net = columns.net()
    states = net != UNKNOWN
    if not states.any():
        return pd.DataFrame({name: np.empty(0, np.int64) for name in OFF_SUM_COLUMNS})
    plain, charges = np.zeros(len(net), np.int64), np.zeros(len(net), np.int64)
    for name, kind in columns.types().items():
        minor = amounts_of(raw, name)
        minor = np.where(minor == UNKNOWN, 0, minor)
        if is_charge(kind):
            charges += minor
        else:
            plain += minor
    at = np.flatnonzero(states & (net != plain + charges))
    return pd.DataFrame({
        "at": at, "net_minor": net[at], "sum_minor": (plain + charges)[at], "turned_minor": (plain - charges)[at],
    })  # fmt: skip


__all__ = ["SettlementColumns", "off_sum"]
