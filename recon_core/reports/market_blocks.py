"""Summary's blocks of a marketplace: payments, what is awaited by age, fees, divergences, what is in transit.

Figures are live COUNTIFS and SUMIFS over Orders, Fees, Claims and Payouts; where such a table stands in a file beside the workbook they
are values. The amount of a divergence type is a value: it is the money the type is about, not a column of Orders.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recon_core.dues import BANDS, PAYMENTS, Payment
from recon_core.marketplace import Books
from recon_core.marketplace.meanings import MEANINGS
from recon_core.marketplace.words import FEE_STATUSES, REASONS, UNDER, PayoutStatus
from recon_core.money import to_major
from recon_core.reports.blocks import header, row, section
from recon_core.reports.case import BAND_WORDS, YES_NO, Case
from recon_core.sheets import Cell, Formula, Value, column_letter

Block = tuple[list[Cell], int, tuple[str, bool]]  # cells, the next row, the checks of the block and whether all hold
OURS = ("tblOrders", "In our orders", f'"{YES_NO[0]}"')
PARTIAL = '">0"'  # the sale of an order that is partly paid
NOT_AWAITED = f'"<>{Payment.AWAITING}"'


class Live:
    """COUNTIFS and SUMIFS over a table, beside the values they must show."""

    def __init__(self, case: Case) -> None:
        self.overflow = frozenset(case.overflow)

    def count(self, value: int, table: str, *where: str) -> Formula:
        """Rows of a table: column, test, column, test ..."""
        pairs = ",".join(f"{table}[{name}],{test}" for name, test in zip(where[::2], where[1::2], strict=True))
        return self._formula(table, f"COUNTIFS({pairs})", value)

    def total(self, minor: int, table: str, column: str, *where: str) -> Formula:
        """Sum of a column of a table under tests, or of all of it."""
        pairs = "".join(f",{table}[{name}],{test}" for name, test in zip(where[::2], where[1::2], strict=True))
        text = f"SUMIFS({table}[{column}]{pairs})" if where else f"SUM({table}[{column}])"
        return self._formula(table, text, to_major(minor) + 0.0)

    def _formula(self, table: str, text: str, value: float) -> Formula:
        return Formula(repr(value) if table in self.overflow else text, value)


def market_blocks(case: Case, books: Books, at: int) -> Block:
    """All blocks of a marketplace from row `at` on; the check is that the ages add up to what is outstanding."""
    cells, live = [], Live(case)
    for make in (_payments, _fees, _divergences, _transit):
        found, at = make(books, live, at)
        cells += found
    found, at, test = _ages(case, books, live, at)
    return [*cells, *found], at, test


def _payments(books: Books, live: Live, at: int) -> tuple[list[Cell], int]:
    """Orders of ours by payment status."""
    orders = books.orders[books.orders["in_orders"].to_numpy()]
    status = orders["payment"].astype("str")
    names = {
        "Invoice value": "invoice_minor",
        "Sale": "sale_minor",
        "Outstanding": "outstanding_minor",
        "Over-paid": "overpaid_minor",
    }
    cells = section(at, "Payments: was I paid?")
    cells += header(at + 1, "Payment", "Orders", "Invoice value", "Paid", "Outstanding", "Over-paid")
    first, at = at + 2, at + 2
    styles = ["text", "integer", "amount", "amount", "amount", "amount"]

    def line(label: str, flags: np.ndarray, *where: str) -> list[Cell]:
        figures = [live.total(int(orders[column].to_numpy()[flags].sum()), "tblOrders", name, *where) for name, column in names.items()]  # fmt: skip
        return row(at, [label, live.count(int(flags.sum()), "tblOrders", *where), *figures], styles, "#Orders!A5")

    for word in PAYMENTS:
        cells += line(str(word), (status == word).to_numpy(), "Payment", f'"{word}"')
        at += 1
    whole = [orders[column].to_numpy().sum() for column in names.values()]
    sums: list[Value] = [Formula(f"SUM(B{first}:B{at - 1})", len(orders))]
    sums += [Formula(f"SUM({column_letter(3 + n)}{first}:{column_letter(3 + n)}{at - 1})", to_major(int(minor)) + 0.0) for n, minor in enumerate(whole)]  # fmt: skip
    cells += row(at, ["Orders of ours", *sums], ["label", "integer_bold", *["amount_bold"] * 4])
    at += 1
    awaits = (status == Payment.AWAITING).to_numpy()
    partly = awaits & (orders["sale_minor"].to_numpy() > 0)
    cells += line("Of those awaiting payment: partly paid", partly, "Payment", f'"{Payment.AWAITING}"', "Sale", PARTIAL)
    at += 1
    over = orders["tags"].str.contains("over-paid", regex=False).to_numpy()
    cells += line("Of all: paid more than invoiced", over, "Tags", '"*over-paid*"')
    return cells, at + 2


def _fees(books: Books, live: Live, at: int) -> tuple[list[Cell], int]:
    """Fee rows by status; what to claim."""
    fees, styles = books.fees, ["text", "integer", "amount", "amount", "amount"]
    status, reason = fees["status"], fees["reason"]  # categories: millions of rows are compared by their codes
    names = {"Expected": "expected_minor", "Charged": "charged_minor", "Difference": "difference_minor"}
    cells = section(at, "Fees: were they the agreed ones?") + header(
        at + 1, "Fee status", "Fees", "Expected", "Charged", "Difference"
    )
    at += 2

    def line(label: str, flags: np.ndarray, known: np.ndarray, *where: str) -> list[Cell]:
        figures = [live.total(int(fees[column].to_numpy()[flags & (known | (name == "Charged"))].sum()), "tblFees", name, *where) for name, column in names.items()]  # fmt: skip
        return row(at, [label, live.count(int(flags.sum()), "tblFees", *where), *figures], styles, "#Fees!A5")

    known = (status != "Failed").to_numpy()
    for word in FEE_STATUSES:
        cells += line(str(word), (status == word).to_numpy(), known, "Status", f'"{word}"')
        at += 1
    under = REASONS[UNDER]
    cells += line("Of the reconciled: charged less than agreed", (reason == under).to_numpy() & (status == "Reconciled").to_numpy(), known, "Status", '"Reconciled"', "Reason", f'"{under}"')  # fmt: skip
    at += 1
    claimed = books.claims
    total = live.total(int(claimed["total_minor"].sum()), "tblClaims", "To claim")
    cells += row(at, ["To claim, with GST", Formula("ROWS(tblClaims[To claim])", len(claimed)) if len(claimed) else 0, None, None, total], ["label", "integer", "amount", "amount", "amount_bold"], "#Claims!A5")  # fmt: skip
    return cells, at + 2


def divergence_totals(books: Books) -> Iterator[tuple[str, int, int]]:
    """Code, count, money of each divergence type that there is, largest first; orders, then payouts and lines of no order."""
    found = books.divergences.groupby("code", observed=True)["amount_minor"].agg(["size", "sum"])
    rows = [(str(code), int(one["size"]), int(one["sum"])) for code, one in found.iterrows()]
    status = books.payouts["status"].astype("str")
    sums, bank, gap = (books.payouts[name].to_numpy() for name in ("sum_minor", "bank_minor", "difference_minor"))
    of_bank = {
        "IN_TRANSIT": (PayoutStatus.IN_TRANSIT, sums), "BANK_MISSING": (PayoutStatus.MISSING, sums), "BANK_AMOUNT": (PayoutStatus.DIFFERS, gap),
        "BANK_UNKNOWN": (PayoutStatus.ONLY_IN_BANK, bank),
    }  # fmt: skip
    for code, (word, minor) in of_bank.items():
        flags = (status == word).to_numpy()
        rows.append((code, int(flags.sum()), int(np.abs(minor[flags]).sum())))
    lines = books.non_order
    rows.append(("NON_ORDER", len(lines), int(lines["amount_minor"].sum())))
    yield from sorted((one for one in rows if one[1]), key=lambda one: (-abs(one[2]), one[0]))


def _divergences(books: Books, live: Live, at: int) -> tuple[list[Cell], int]:
    """Divergences by type: a sentence, how many, how much, the code, who acts, what to do."""
    cells = section(at, "Divergences: what is not as it should be, the most money first")
    cells += header(at + 1, "What it means", "Count", "Amount", "Divergence", "", "Who acts", "What to do")
    at += 2
    for code, count, minor in divergence_totals(books):
        one = MEANINGS[code]
        values: list[Value] = [
            one.sentence,
            _count(live, code, count),
            to_major(minor),
            code,
            None,
            one.who,
            one.next_step,
        ]
        cells += row(
            at,
            values,
            ["text", "integer", "amount", "text_indent", "text", "text", "text_indent"],
            _PLACE.get(code, "#Orders!A5"),
        )
        at += 1
    return cells, at + 1


_PLACE = {
    **dict.fromkeys(("IN_TRANSIT", "BANK_MISSING", "BANK_AMOUNT", "BANK_UNKNOWN"), "#Payouts!A5"),
    "NON_ORDER": "#Releases!A5",
}
_OF_BANK = {"IN_TRANSIT": PayoutStatus.IN_TRANSIT, "BANK_MISSING": PayoutStatus.MISSING, "BANK_AMOUNT": PayoutStatus.DIFFERS, "BANK_UNKNOWN": PayoutStatus.ONLY_IN_BANK}  # fmt: skip


def _count(live: Live, code: str, count: int) -> Formula | int:
    """How often a type stands on Orders or Payouts, live; a line of no order may have several entries on Releases."""
    if code == "NON_ORDER":
        return count
    if code in _OF_BANK:
        return live.count(count, "tblPayouts", "Status", f'"{_OF_BANK[code]}"')
    parts = [live.count(count, "tblOrders", "Divergences", test) for test in (f'"{code}*"', f'"*; {code}*"')]
    return Formula(parts[0].text if parts[0].text == parts[1].text else "+".join(part.text for part in parts), count)


def _transit(books: Books, live: Live, at: int) -> tuple[list[Cell], int]:
    """What is on its way at the end of the period: a lag of time, no exception until it is due."""
    cells = section(at, "In transit at period end: a lag of time, no exception until its day") + header(
        at + 1, "What", "Count", "Amount"
    )
    status, band = books.payouts["status"].astype("str"), books.orders["band"].astype("str")
    moving, not_due = (status == PayoutStatus.IN_TRANSIT).to_numpy(), (band == BANDS[0]).to_numpy()
    lines = (
        ("Payouts announced, on their way to the bank", live.count(int(moving.sum()), "tblPayouts", "Status", f'"{PayoutStatus.IN_TRANSIT}"'),
         live.total(int(books.payouts["sum_minor"].to_numpy()[moving].sum()), "tblPayouts", "Sum of lines", "Status", f'"{PayoutStatus.IN_TRANSIT}"'), "#Payouts!A5"),
        ("Orders not due yet", live.count(int(not_due.sum()), "tblOrders", "Awaited", f'"{BANDS[0]}"'),
         live.total(int(books.orders["outstanding_minor"].to_numpy()[not_due].sum()), "tblOrders", "Outstanding", "Awaited", f'"{BANDS[0]}"'), "#Orders!A5"),
    )  # fmt: skip
    for number, (label, count, amount, place) in enumerate(lines, at + 2):
        cells += row(number, [label, count, amount], ["text", "integer", "amount"], place)
    return cells, at + len(lines) + 3


def _ages(case: Case, books: Books, live: Live, at: int) -> Block:
    """What is awaited by days overdue, and that it adds up to what Orders has outstanding."""
    orders = books.orders
    cells = section(at, "Awaited by age: days after the due day") + header(at + 1, "Age", "Orders", "Outstanding")
    first, at = at + 2, at + 2
    for band, count, minor in zip(books.ageing["band"].astype(str), books.ageing["orders"], books.ageing["outstanding_minor"], strict=True):  # fmt: skip
        word = BAND_WORDS.get(band, band)
        test = ("Awaited", f'"{word}"')
        figures = [
            live.count(int(count), "tblOrders", *test),
            live.total(int(minor), "tblOrders", "Outstanding", *test),
        ]
        cells += row(at, [word, *figures], ["text", "integer", "amount"], "#Orders!A5")
        at += 1
    ours = orders["in_orders"].to_numpy()
    rest = ours & (orders["payment"].astype("str") != Payment.AWAITING).to_numpy()
    minor = orders["outstanding_minor"].to_numpy()
    below = live.total(
        int(minor[rest].sum()), "tblOrders", "Outstanding", "In our orders", OURS[2], "Payment", NOT_AWAITED
    )
    cells += row(at, ["Below the tolerance: paid", None, below], ["text", "integer", "amount"])
    awaited, total = int(books.ageing["outstanding_minor"].sum()), int(minor[ours].sum())
    sums: list[Value] = [Formula(f"SUM(B{first}:B{at - 1})", int(books.ageing["orders"].sum())), Formula(f"SUM(C{first}:C{at})", to_major(awaited + int(minor[rest].sum())) + 0.0)]  # fmt: skip
    at += 1
    cells += row(at, ["Outstanding", *sums], ["label", "integer_bold", "amount_bold"])
    at += 2
    cells += header(at, "Check", "One figure", "The other", "Difference", "Agrees")
    places = max((result.decimals for result in case.results.values()), default=2)
    gap = round(to_major(awaited + int(minor[rest].sum()) - total), places) + 0.0
    values: list[Value] = [
        "The ages add up to what is outstanding on Orders", Formula(f"C{at - 2}", to_major(awaited + int(minor[rest].sum()))), live.total(total, "tblOrders", "Outstanding", "In our orders", OURS[2]),
        Formula(f"ROUND(B{at + 1}-C{at + 1},{places})", gap), Formula(f"D{at + 1}=0", gap == 0),
    ]  # fmt: skip
    cells += row(at + 1, values, ["text", "amount", "amount", "amount", "truth_good" if gap == 0 else "truth_bad"])
    return cells, at + 3, (f"E{at + 1}", gap == 0)
