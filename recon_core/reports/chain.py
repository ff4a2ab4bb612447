"""Sheet Money chain: order value to cash, cash to the bank, what is awaited by age; live sums over the other sheets, and checks.

Only SUM, SUMIFS, COUNTIFS and ROUND over the Tables. Where a table stands in a file beside the workbook its share is a value.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from recon_core.marketplace import Books
from recon_core.marketplace.chain import ITEMS, ORDERS
from recon_core.marketplace.words import PayoutStatus
from recon_core.money import to_major
from recon_core.reports.case import BAND_WORDS, TABLE_ROW, YES_NO, Case, emptied, heading
from recon_core.sheets import Cell, Column, Formula, Kind, Sheet, Table

NAME, TABLE = "Money chain", "tblChain"
COLUMNS = (
    Column(name="Part", width=14), Column(name="Item", width=58), Column(name="Amount", kind=Kind.AMOUNT, width=18), Column(name="Orders", kind=Kind.INTEGER, width=9),
    Column(name="Must be", kind=Kind.AMOUNT, width=18), Column(name="Gap", kind=Kind.AMOUNT), Column(name="Agrees", width=9, style="truth"),
)  # fmt: skip
HEADERS = {  # column of Books.orders -> its header on Orders
    "invoice_minor": "Invoice value", "actual_net_minor": "Actual net", "fees_minor": "Fees", "penalties_minor": "Penalties", "tax_on_fees_minor": "Tax on fees",
    "tcs_minor": "TCS", "tds_minor": "TDS", "returns_minor": "Returns", "chargebacks_minor": "Chargebacks", "rto_value_minor": "RTO value", "claims_minor": "Claims",
    "reserve_minor": "Reserve", "adjustments_minor": "Adjustments", "outstanding_minor": "Outstanding", "overpaid_minor": "Over-paid",
}  # fmt: skip
BANK: dict[str, tuple[str, str, str, str]] = {  # item -> table, column, column of its test, the word there
    "Cash of our orders": ("tblOrders", "Actual net", "In our orders", YES_NO[0]), "Cash of orders not in ours": ("tblOrders", "Actual net", "In our orders", YES_NO[1]),
    "Lines without an order": ("tblReleases", "Amount", "Of an order", YES_NO[1]), "Settlements": ("tblPayouts", "Sum of lines", "", ""),
    "Bank credits matched": ("tblPayouts", "Bank amount", "Status", PayoutStatus.MATCHED), "Bank credits that differ": ("tblPayouts", "Bank amount", "Status", PayoutStatus.DIFFERS),
    "In transit": ("tblPayouts", "Sum of lines", "Status", PayoutStatus.IN_TRANSIT), "Missing in the bank": ("tblPayouts", "Sum of lines", "Status", PayoutStatus.MISSING),
    "Only in the bank": ("tblPayouts", "Bank amount", "Status", PayoutStatus.ONLY_IN_BANK),
}  # fmt: skip
AGES, CHECKS = "Awaited by age", "Check"
HEAD = ("Part", "Item", "Amount", "Orders", "Must be", "Gap", "Agrees")
Row = list[object]


def sheet(case: Case) -> list[Sheet]:
    """The sheet Money chain, where Setup names a marketplace."""
    if case.books is None:
        return [emptied(case, NAME, TABLE, COLUMNS)] if NAME in case.market_sheets else []
    rows = [*_chain(case, case.books), *_ages(case, case.books)]
    rows += _checks(case, case.books, rows)
    frame = pd.DataFrame(rows, columns=list(HEAD), dtype=object).astype({"Part": "str", "Item": "str"})
    hint = "Order value to cash, and cash to the bank, of this run. Every figure is a live sum over Orders, Releases and Payouts; the last lines must say TRUE."
    cells: tuple[Cell, ...] = heading(case, NAME, hint)
    table = Table(name=TABLE, columns=COLUMNS, frame=frame, row=TABLE_ROW)
    return [Sheet(name=NAME, cells=cells, tables=(table,), tab="green", freeze_row=TABLE_ROW + 1)]


def _chain(case: Case, books: Books) -> list[Row]:
    """The lines of Books.chain, each as a live sum."""
    columns = {item: (column, sign) for item, column, sign in ITEMS}
    rows: list[Row] = []
    for part, item, minor in zip(books.chain["part"], books.chain["item"], books.chain["amount_minor"], strict=True):
        if part == ORDERS:
            column, sign = columns[item]
            formula = _sum(case, "tblOrders", HEADERS[column], "In our orders", YES_NO[0], sign * int(minor))
            rows.append(_row(part, item, formula if sign > 0 else _minus(formula)))
        else:
            rows.append(_row(part, item, _sum(case, *BANK[item], int(minor))))
    return rows


def _ages(case: Case, books: Books) -> list[Row]:
    """What is awaited, by days overdue."""
    rows = []
    for band, orders, minor in zip(books.ageing["band"].astype(str), books.ageing["orders"], books.ageing["outstanding_minor"], strict=True):  # fmt: skip
        word = BAND_WORDS.get(band, band)
        row = _row(AGES, word, _sum(case, "tblOrders", "Outstanding", "Awaited", word, int(minor)))
        row[3] = int(orders) if "tblOrders" in case.overflow else Formula(f'COUNTIFS(tblOrders[Awaited],"{word}")', int(orders))  # fmt: skip
        rows.append(row)
    return rows


def _checks(case: Case, books: Books, rows: Sequence[Row]) -> list[Row]:
    """Lines whose two figures must be equal."""
    cell = {(row[0], row[1]): f"C{at}" for at, row in enumerate(rows, TABLE_ROW + 1)}
    minor = {(part, item): int(one) for part, item, one in zip(books.chain["part"], books.chain["item"], books.chain["amount_minor"], strict=True)}  # fmt: skip
    first, *others = [key for key in cell if key[0] == ORDERS]
    bank = [("Bank", name) for name in BANK]
    settled, arrived = bank[3], bank[4:8]
    payouts, entries = books.payouts, books.releases
    status = payouts["status"].astype(str)
    lines: list[tuple[str, str, int, str, int]] = [
        ("Order value = cash + everything taken off + what is awaited", cell[first], minor[first], f"SUM({cell[others[0]]}:{cell[others[-1]]})", sum(minor[one] for one in others)),
        ("Settlements = cash of our orders + of others + lines without an order", cell[settled], minor[settled], "+".join(cell[one] for one in bank[:3]), sum(minor[one] for one in bank[:3])),
    ]  # fmt: skip
    entry_sum = _sum(case, "tblReleases", "Amount", "", "", int(entries["amount_minor"].sum()))
    lines.append(("Settlements = every entry on Releases", cell[settled], minor[settled], entry_sum.text, int(entries["amount_minor"].sum())))  # fmt: skip
    if not (status == PayoutStatus.NOT_COMPARED).any():
        gaps = [(word, int(payouts.loc[status == word, "difference_minor"].sum())) for word in (PayoutStatus.MATCHED, PayoutStatus.DIFFERS)]  # fmt: skip
        less = "".join(f"-{_sum(case, 'tblPayouts', 'Difference', 'Status', word, gap).text}" for word, gap in gaps)
        right = sum(minor[one] for one in arrived) - sum(gap for _, gap in gaps)
        lines.append(("Settlements = bank credits less their differences + in transit + missing", cell[settled], minor[settled], "+".join(cell[one] for one in arrived) + less, right))  # fmt: skip
    places = max((result.decimals for result in case.results.values()), default=2)
    return [_check(line, TABLE_ROW + 1 + len(rows) + at, places) for at, line in enumerate(lines)]


def _check(line: tuple[str, str, int, str, int], at: int, places: int) -> Row:
    label, left, left_minor, right, right_minor = line
    gap = round(to_major(left_minor - right_minor), places) + 0.0
    return [
        CHECKS, label, Formula(left, to_major(left_minor)), None, Formula(right, to_major(right_minor)),
        Formula(f"ROUND(C{at}-E{at},{places})", gap), Formula(f"F{at}=0", gap == 0),
    ]  # fmt: skip


def _row(part: str, item: str, amount: Formula) -> Row:
    return [part, item, amount, None, None, None, None]


def _sum(case: Case, table: str, column: str, where: str, word: str, minor: int) -> Formula:
    """Sum of a column, of the rows that say `word` in the column `where`; a value where the table is in a file of its own."""
    value = to_major(minor) + 0.0
    if table in case.overflow:
        return Formula(repr(value), value)
    if not where:
        return Formula(f"SUM({table}[{column}])", value)
    return Formula(f'SUMIFS({table}[{column}],{table}[{where}],"{word}")', value)


def _minus(part: Formula) -> Formula:
    value = part.value if isinstance(part.value, float) else 0.0
    return Formula(f"-{part.text}" if not part.text.startswith("-") else part.text[1:], -value + 0.0)
