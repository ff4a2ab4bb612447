"""Summary of the AJIO month: its blocks read from the cells against the expected files, and worked out again by LibreOffice."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from recon_core.dues import Payment
from recon_core.marketplace.divergences import CODES
from recon_core.marketplace.meanings import LAGS, MEANINGS, OF_THE_ORDERS
from tests.marketplace import ajio
from tests.marketplace.test_laws import Made, made  # noqa: F401 - the random months
from tests.office import worked_out
from tests.test_marketplace_sheets import LEG, Run, money, two_runs

pytestmark = pytest.mark.xdist_group("summary")
BANDS = {"Not due": "not_due", "No due date": "no_due_date", "1 to 7 days": "1-7", "8 to 15 days": "8-15", "16 to 30 days": "16-30", "31 to 60 days": "31+", "Over 60 days": "31+"}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Run]:
    return two_runs(tmp_path_factory)


@pytest.fixture(params=[1, 2])
def month(both: dict[int, Run], request: pytest.FixtureRequest) -> Run:
    return both[request.param]


def block(month: Run, title: str) -> dict[str, tuple[object, ...]]:
    """The rows below a title of Summary by their first cell, to the first blank one."""
    rows = list(month.stored["Summary"].iter_rows(values_only=True))
    start = next(at for at, row in enumerate(rows) if str(row[0]).startswith(title))
    end = next(at for at in range(start, len(rows)) if rows[at][0] is None)
    return {str(row[0]): row for row in rows[start + 2 : end]}


def counted(month: Run, what: str) -> Counter[str]:
    return Counter({row["verdict"]: int(row["count"]) for row in month.want("summary") if row["what"] == what})


def test_ages(month: Run) -> None:
    rows = block(month, "Awaited by age")
    found: dict[str, list[Decimal]] = {}
    for name, band in BANDS.items():
        one = found.setdefault(band, [Decimal(0), Decimal(0)])
        one[0], one[1] = one[0] + Decimal(str(rows[name][1])), one[1] + Decimal(str(rows[name][2]))
    want = {one["bucket_days_overdue"]: (one["orders"], one["outstanding"]) for one in month.want("ageing")}
    assert {name: (str(count), money(amount)) for name, (count, amount) in found.items()} == want
    chain = {one["item"]: one["amount"] for one in month.want("money_chain")}
    assert money(rows["Outstanding"][2]) == chain["outstanding"] == money(sum(Decimal(row[1]) for row in want.values()))
    line = next(
        row for row in month.stored["Summary"].iter_rows(values_only=True) if str(row[0]).startswith("The ages add up")
    )
    assert (money(line[1]), money(line[2]), line[3], line[4]) == (chain["outstanding"], chain["outstanding"], 0, True)
    assert month.stored["Summary"]["B5"].value is True


def test_payments(month: Run) -> None:
    rows, want = block(month, "Payments"), counted(month, "payment_status")
    open_words = want.pop(
        "Refunded|Paid|Not billed"
    )  # of an order that came back undelivered the sample accepts each; it is Void here
    names = {"Paid": "Paid", "Awaiting payment": "Awaiting payment", "Refunded": "Refunded", "Void": "Not billed"}
    got = {names[str(word)]: rows[str(word)][1] for word in Payment}
    assert got == {**{name: want[name] for name in names.values()}, "Not billed": want["Not billed"] + open_words}
    orders = pd.DataFrame(month.want("orders")).query("payment_status != ''")
    assert rows["Orders of ours"][1] == len(orders) == sum(want.values()) + open_words - want["(none)"]
    partly = orders[orders["tags"].str.split(";").map(lambda tags: "partial" in tags)]
    assert rows["Of those awaiting payment: partly paid"][1] == len(partly)
    for at, column in ((2, "invoice_value"), (3, "sale"), (4, "outstanding"), (5, "overpaid")):
        assert money(rows["Orders of ours"][at]) == money(sum(map(Decimal, orders[column]))), column
        paid = orders[orders["payment_status"] == "Awaiting payment"]
        assert money(rows["Awaiting payment"][at]) == money(sum(map(Decimal, paid[column]))), column
    over = orders[orders["overpaid"].map(Decimal) > Decimal("0.05")]
    assert (rows["Of all: paid more than invoiced"][1], money(rows["Of all: paid more than invoiced"][5])) == (len(over), money(sum(map(Decimal, over["overpaid"]))))  # fmt: skip


def test_fees(month: Run) -> None:
    rows, want = block(month, "Fees"), month.want("fee_status")
    words = Counter(
        one["also_accept"] or one["fee_status"] for one in want
    )  # Pending is named where the sample accepts it
    got = {word: rows[word][1] for word in ("Reconciled", "Disputed", "Failed", "Pending")}
    under = rows["Of the reconciled: charged less than agreed"][1]
    assert got == {**{word: words[word] for word in got}, "Reconciled": words["Reconciled"] + words["Undercharged"]}
    assert under == words["Undercharged"]
    assert sum(got.values()) == counted(month, "fee_status").total()
    charged = {
        word: sum(Decimal(one["actual_fee"]) for one in want if (one["also_accept"] or one["fee_status"]) == word)
        for word in got
    }
    assert money(rows["Disputed"][3]) == money(charged["Disputed"])
    assert money(rows["Failed"][3]) == money(charged["Failed"])
    claims = month.rows("Claims")
    assert (rows["To claim, with GST"][1], money(rows["To claim, with GST"][4])) == (len(claims), money(sum(Decimal(str(row["To claim"])) for row in claims)))  # fmt: skip


def test_divergences(month: Run) -> None:
    found = {str(row[3]): row for row in block(month, "Divergences").values()}
    want = Counter(code for one in month.want("orders") for code in filter(None, one["divergences"].split(";")))
    of_orders = {code: row[1] for code, row in found.items() if code in CODES}
    assert of_orders == dict(want)
    bank = [one for one in month.want("bank") if one["status"] == "UNMATCHED_BANK"]
    dropship = [one for one in month.want("bank") if one["settlement_id"].startswith("clearing")]  # of another flow
    assert found["BANK_UNKNOWN"][1] == len(bank) + len(dropship)
    assert money(found["BANK_UNKNOWN"][2]) == money(sum(Decimal(one["bank_amount"]) for one in (*bank, *dropship)))
    sizes = [abs(float(str(row[2]))) for row in found.values()]
    assert sizes == sorted(sizes, reverse=True)
    for code, row in found.items():
        assert (row[0], row[5], row[6]) == (MEANINGS[code].sentence, MEANINGS[code].who, MEANINGS[code].next_step)
    overpaid = [one["overpaid"] for one in month.want("orders") if "OVER_PAYMENT" in one["divergences"]]
    assert money(found["OVER_PAYMENT"][2]) == money(sum(map(Decimal, overpaid)))


def test_in_transit(month: Run) -> None:
    rows = block(month, "In transit")
    not_due = next(one for one in month.want("ageing") if one["bucket_days_overdue"] == "not_due")
    assert (str(rows["Orders not due yet"][1]), money(rows["Orders not due yet"][2])) == (
        not_due["orders"],
        not_due["outstanding"],
    )
    assert rows["Payouts announced, on their way to the bank"][1:3] == (0, 0)
    head = str(month.stored["Summary"]["B4"].value)
    lags = [row for row in month.rows("Exceptions") if row["Type"] in LAGS]
    assert (
        f"; {len(lags):,} rows ({sum(abs(Decimal(str(row['Difference'] or 0))) for row in lags):,.2f}) are a lag of time, not due yet; "
        in head
    )
    work = [row for row in month.rows("Exceptions") if row["Type"] not in LAGS]
    assert f": {len(work):,} exceptions, open amount " in head
    assert head.endswith("see Data checks")


def test_situations(month: Run) -> None:
    """Every hand-made situation, as Orders shows it."""
    orders = {str(row["Order id"]): row for row in month.rows("Orders")}
    found = ajio.expected("situations.csv")
    assert len(found) > 35
    column = found.columns[2] if month.number == 1 else found.columns[3]
    for one in found.to_dict("records"):
        row = orders[one["order_id"]]
        portal, settled, payment, codes = one[column].split("|")
        assert (LEG[str(row["Orders leg"] or "")], LEG[str(row["Settlement leg"] or "")]) == (portal, settled), one[
            "order_id"
        ]
        assert {"Void": "Not billed"}.get(str(row["Payment"]), str(row["Payment"] or "")) in payment.split("/"), one[
            "order_id"
        ]
        assert sorted(filter(None, str(row["Divergences"] or "").split("; "))) == sorted(
            filter(None, codes.split(";"))
        ), one["order_id"]


def test_exceptions_say_the_divergence_in_words_and_lags_stand_last(month: Run) -> None:
    rows, orders = month.rows("Exceptions"), {str(row["Order id"]): row for row in month.rows("Orders")}
    lags = [row["Type"] in LAGS for row in rows]
    assert lags == sorted(lags)
    assert any(lags)
    for row in rows:
        assert row["What to do"]
        order = orders.get(str(row["Id"]).strip("' \xa0").upper())
        if row["Leg"] == "Bank" or order is None:
            continue
        codes = str(order["Divergences"] or "").split("; ")
        mine = (
            [code for code in codes if code in OF_THE_ORDERS] if row["Leg"] == "Orders" else list(filter(None, codes))
        )
        if mine:
            also = f" Also: {'; '.join(mine[1:])}." if mine[1:] else ""
            assert (row["Type"], row["Why not matched"], row["What to do"]) == (mine[0], MEANINGS[mine[0]].sentence + also, MEANINGS[mine[0]].next_step)  # fmt: skip
    bank = {row["Type"] for row in rows if row["Leg"] == "Bank"}
    assert bank == {"BANK_UNKNOWN"}
    work = [abs(float(str(row["Difference"] or 0))) for row, lag in zip(rows, lags, strict=True) if not lag and row["Difference"] is not None]  # fmt: skip
    assert work[0] == max(work)


def test_libreoffice_recalculates_summary_to_the_stored_values(month: Run, tmp_path: Path) -> None:
    live, stored = openpyxl.load_workbook(month.book)["Summary"], month.stored["Summary"]
    again = worked_out(month.book, tmp_path)["Summary"]
    formulas = [cell for row in live.iter_rows() for cell in row if cell.data_type == "f"]
    assert sum("tblOrders" in str(cell.value) for cell in formulas) > 50
    assert [
        (cell.coordinate, cell.value, stored[cell.coordinate].value, again[cell.coordinate].value) for cell in formulas
        if again[cell.coordinate].value != pytest.approx(stored[cell.coordinate].value, abs=1e-9)
    ] == []  # fmt: skip


def test_the_ages_add_up_in_every_random_month(made: Made) -> None:  # noqa: F811 - the fixture
    orders = made.books.orders[made.books.orders["in_orders"].to_numpy()]
    below = orders.loc[orders["payment"].astype("str") != Payment.AWAITING, "outstanding_minor"].sum()
    assert made.books.ageing["outstanding_minor"].sum() + below == orders["outstanding_minor"].sum()


def test_every_divergence_has_its_words() -> None:
    assert set(CODES) <= set(MEANINGS)
    for code, one in MEANINGS.items():
        assert one.sentence.endswith("."), code
        assert one.next_step.endswith("."), code
        assert one.who, code
