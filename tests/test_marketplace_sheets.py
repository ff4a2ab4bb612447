"""The AJIO month in its workbook: every expected figure of both runs read from the cells of the result sheets; names through a mapping, numbers exactly."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from addin import job
from addin.demo import make_demo
from addin.new_book import make
from recon_core.marketplace.words import FEE_STATUSES
from recon_core.reports import MARKET_SHEETS
from recon_core.reports.case import TABLE_ROW
from tests.demo_runs import copied, run_book
from tests.marketplace import ajio
from tests.marketplace.test_month import ITEMS, LEG, TYPES, tag
from tests.office import worked_out

pytestmark = pytest.mark.xdist_group("demo")
AS_OF = {1: None, 2: dt.date(2026, 5, 6)}
WEEKS = ("FNSET-0410", "FNSET-0417", "FNSET-0424", "FNSET-0428")
ORDERS = {
    "invoice_value": "Invoice value", "expected_net": "Expected net", "actual_net": "Actual net", "diff": "Difference", "sale": "Sale", "returns": "Returns",
    "chargeback": "Chargebacks", "rto_value": "RTO value", "tax_on_fees": "Tax on fees", "tcs": "TCS", "tds": "TDS", "claims": "Claims", "reserve": "Reserve",
    "outstanding": "Outstanding", "overpaid": "Over-paid", "expected_tcs": "Expected TCS", "expected_tds": "Expected TDS",
}  # fmt: skip


class Run:
    """One run of the demo: its workbook, how it ended, and the rows of its sheets."""

    def __init__(self, number: int, book: Path, done: job.Done) -> None:
        self.number, self.book, self.done = number, book, done
        self.stored = openpyxl.load_workbook(book, data_only=True)

    def rows(self, sheet: str) -> list[dict[str, object]]:
        header, *rows = self.stored[sheet].iter_rows(min_row=TABLE_ROW, values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rows if row[0] is not None]

    def want(self, name: str) -> list[dict[str, str]]:
        return ajio.expected(f"{name}_run{self.number}.csv").to_dict("records")


def two_runs(folders: pytest.TempPathFactory) -> dict[int, Run]:
    """Run 1 as the demo is made; run 2 in a copy of that workbook, after the late file came."""
    book = make_demo(folders.mktemp("demo"))
    found = {1: Run(1, book, run_book(book))}
    again = copied(book, folders.mktemp("late"))
    shutil.move(again.parent / "late" / "settlement_W4.csv", again.parent / "settlement_W4.csv")
    return {**found, 2: Run(2, again, run_book(again, AS_OF[2]))}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Run]:
    return two_runs(tmp_path_factory)


@pytest.fixture(params=[1, 2])
def month(both: dict[int, Run], request: pytest.FixtureRequest) -> Run:
    return both[request.param]


def money(value: object) -> str:
    """A cell of an amount as the expected files print it; '' for a blank one."""
    return "" if value is None else f"{Decimal(str(value)):.2f}" if Decimal(str(value)) == round(Decimal(str(value)), 2) else str(value)  # fmt: skip


def text(value: object) -> str:
    return "" if value is None else str(value)


def day(value: object) -> str:
    return value.date().isoformat() if isinstance(value, dt.datetime) else ""


def words(value: object, parted: str = "; ") -> list[str]:
    return sorted(filter(None, text(value).split(parted)))


def test_orders(month: Run) -> None:
    rows = {str(row["Order id"]): row for row in month.rows("Orders")}
    want = month.want("orders")
    assert sorted(rows) == sorted(row["order_id"] for row in want)
    for one in want:
        row = rows[one["order_id"]]
        got = {name: money(row[header]) for name, header in ORDERS.items()} | {
            "fees": money(Decimal(str(row["Fees"])) + Decimal(str(row["Penalties"]))),
            "oms_vs_ajio_orders": LEG[text(row["Orders leg"])], "oms_vs_settlement": LEG[text(row["Settlement leg"])],
            "due_date": day(row["Due"]), "paid_date": day(row["Paid in full on"]),
            "overdue_days": str(row["Days overdue"]), "late_days": str(row["Days late"]),
        }  # fmt: skip
        assert got == {name: one[name] for name in got}, one["order_id"]
        payment = {"Void": "Not billed"}.get(text(row["Payment"]), text(row["Payment"]))
        assert payment in one["payment_status"].split("|"), one["order_id"]
        assert sorted(map(tag, words(row["Tags"]))) == words(one["tags"], ";"), one["order_id"]
        assert words(row["Divergences"]) == words(one["divergences"], ";"), one["order_id"]
    assert set(want[0]) == {"order_id", "payment_status", "tags", "divergences", *got}


def test_fees(month: Run) -> None:
    rows = {(str(row["Order id"]), str(row["Fee"])): row for row in month.rows("Fees")}
    want = month.want("fee_status")
    assert len(rows) == len(month.rows("Fees"))
    assert sorted(rows) == sorted((one["order_id"], one["fee"]) for one in want)
    for one in want:
        row = rows[one["order_id"], one["fee"]]
        got = [money(row[name]) for name in ("Expected", "Charged", "Difference")]
        assert got == [one["expected_fee"], one["actual_fee"], one["over_charge"]], one
        under = (row["Status"], row["Reason"]) == ("Reconciled", "FEE_UNDERCHARGE")
        assert ("Undercharged" if under else row["Status"]) in ({one["also_accept"]} - {""} or {one["fee_status"]}), one


def entries(month: Run) -> Counter[tuple[str, ...]]:
    """Entries with the parts of a split put together: payout, kind, order, item, type -> amounts."""
    split: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    found: Counter[tuple[str, ...]] = Counter()
    for row in month.rows("Releases"):
        key = (row["Payout"], text(row["Kind"]) if row["Order id"] else "", text(row["Order id"]), TYPES.get(str(row["Entry"]), str(row["Entry"])))  # fmt: skip
        amount = Decimal(str(row["Amount"]))
        if row["Note"]:
            assert row["Note"] == "part of a split by value"
            split[(*key, row["File"], row["Row"])] += amount
        else:
            found[(*map(str, key[:3]), text(row["Item"]), key[3], money(amount))] += 1
    for (payout, kind, order, name, _, _), amount in split.items():
        found[str(payout), str(kind), str(order), "", str(name), money(amount)] += 1
    return found


def test_releases(month: Run) -> None:
    totals: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for (payout, _, _, _, name, amount), count in entries(month).items():
        for place in (payout, "ALL"):
            totals[place, name] += [Decimal(amount)] * count
    got = {key: (str(len(amounts)), money(sum(amounts))) for key, amounts in totals.items()}
    assert got == {(one["settlement_id"], one["release_type"]): (one["entries"], one["amount"]) for one in month.want("releases")}  # fmt: skip


def test_release_ledger(both: dict[int, Run]) -> None:
    columns = ("settlement_id", "line_type", "order_id", "sku", "release_type", "amount")
    want = Counter(
        tuple(one[name] if name != "line_type" or one["order_id"] else "" for name in columns)
        for one in ajio.expected("release_ledger.csv").to_dict("records")
    )
    assert entries(both[2]) == want


def test_split_of_lines_that_name_no_item(month: Run) -> None:
    columns = {"customer": "SALE", "commission": "COMMISSION", "fixed": "FIXED", "collection": "COLLECTION", "logistics": "SHIP", "tax_on_fees": "TAX_ON_FEE", "tcs": "TCS", "tds": "TDS"}  # fmt: skip
    rows = [row for row in month.rows("Releases") if row["Note"]]
    for one in ajio.expected("sku_split.csv").to_dict("records"):
        mine = {row["Entry"]: row["Amount"] for row in rows if (row["Order id"], row["Item"]) == (one["order_id"], one["sku"])}  # fmt: skip
        assert {name: money(mine[entry]) for name, entry in columns.items()} == {name: one[name] for name in columns}
        assert money(sum(Decimal(str(amount)) for amount in mine.values())) == one["net"]


def test_lines_of_no_order(month: Run) -> None:
    lines: dict[tuple[object, ...], list[dict[str, object]]] = defaultdict(list)
    for row in month.rows("Releases"):
        if row["Of an order"] == "No":
            assert not row["Order id"]
            lines[row["Payout"], row["File"], row["Row"], text(row["Remarks"])].append(row)
    got = sorted(
        (payout, money(sum(Decimal(str(row["Amount"])) for row in rows)), types(rows), remarks)
        for (payout, _, _, remarks), rows in lines.items()
    )  # fmt: skip
    weeks = WEEKS[: len(ajio.RUNS[month.number][1])]
    assert got == sorted((one["settlement_id"], one["amount"], sorted(one["release_type"].split("+")), one["remarks"]) for one in ajio.expected("non_order_lines.csv").to_dict("records") if one["settlement_id"] in weeks)  # fmt: skip


def types(rows: list[dict[str, object]]) -> list[str]:
    return sorted({"TAX_ON_FEE": "TAX"}.get(str(row["Entry"]), str(row["Entry"])) for row in rows)


def test_payouts(month: Run) -> None:
    status = {"Matched": "MATCHED", "Only in the bank": "UNMATCHED_BANK"}
    rows = month.rows("Payouts")
    got = {
        (text(row["Payout"]), text(row["Rows in file"]), text(row["Rows counted"]), money(row["Sum of lines"]), row["Bank date"].strftime("%d/%m/%y"),
         text(row["Bank reference"]), money(row["Bank amount"]), status[str(row["Status"])])
        for row in rows
    }  # fmt: skip
    columns = ("settlement_id", "line_rows_in_file", "rows_used", "settlement_total", "bank_date", "bank_ref", "bank_amount", "status")  # fmt: skip
    all_of_them = month.want("bank")
    other = {(one["bank_date"], one["bank_amount"]) for one in all_of_them if one["settlement_id"].startswith("clearing")}  # fmt: skip
    want = {tuple(one[name] for name in columns) for one in all_of_them if not one["settlement_id"].startswith("clearing")}  # fmt: skip
    ours = {row for row in got if (row[4], row[6]) not in other}  # credits of a flow that this recipe does not read
    assert ours == want
    assert {row[7] for row in got - ours} == {"UNMATCHED_BANK"}
    assert len(got) == len(rows)


def test_money_chain(month: Run) -> None:
    found: dict[str, Decimal] = {}
    for row in month.rows("Money chain"):
        if row["Part"] in ("Orders", "Bank") and str(row["Item"]) in ITEMS:
            name = ITEMS[str(row["Item"])]
            found[name] = found.get(name, Decimal(0)) + Decimal(str(row["Amount"]))
    assert {name: money(amount) for name, amount in found.items()} == {one["item"]: one["amount"] for one in month.want("money_chain")}  # fmt: skip
    checks = [row for row in month.rows("Money chain") if row["Part"] == "Check"]
    assert [row["Agrees"] for row in checks] == [True] * 4
    assert all(row["Amount"] == row["Must be"] for row in checks)


def test_ageing(month: Run) -> None:
    names = {"Not due": "not_due", "No due date": "no_due_date", "1 to 7 days": "1-7", "8 to 15 days": "8-15", "16 to 30 days": "16-30", "31 to 60 days": "31+", "Over 60 days": "31+"}  # fmt: skip
    found: dict[str, list[Decimal]] = {}
    for row in month.rows("Money chain"):
        if row["Part"] == "Awaited by age":
            one = found.setdefault(names[str(row["Item"])], [Decimal(0), Decimal(0)])
            one[0], one[1] = one[0] + Decimal(str(row["Orders"])), one[1] + Decimal(str(row["Amount"]))
    assert {name: (str(count), money(amount)) for name, (count, amount) in found.items()} == {one["bucket_days_overdue"]: (one["orders"], one["outstanding"]) for one in month.want("ageing")}  # fmt: skip


@pytest.mark.parametrize(("grain", "file"), [("Item", "sku"), ("Category", "category")])
def test_commercial(month: Run, grain: str, file: str) -> None:
    mine = {str(row["Name"]): row for row in month.rows("Commercial") if (row["By"], row["Fee"]) == (grain, "Commission")}  # fmt: skip
    want = {one[file].replace("(not in OMS)", "(not in our orders)"): one for one in month.want(f"commercial_by_{file}")}  # fmt: skip
    assert sorted(mine) == sorted(want)
    for name, one in want.items():
        row = mine[name]
        got = [money(row[header]) for header in ("Sale", "Agreed", "Charged", "Difference", "Agreed % of sale", "Charged % of sale")]  # fmt: skip
        columns = ("sale", "agreed_commission", "charged_commission", "difference", "agreed_pct_of_sale", "charged_pct_of_sale")  # fmt: skip
        assert got == [one[column] for column in columns], name
        if file == "sku":
            assert text(row["Category"]).replace("(not in our orders)", "(not in OMS)") == one["category"]


def test_counts_of_the_summary(month: Run) -> None:
    want = {(one["what"], one["verdict"]): int(one["count"]) for one in month.want("summary")}
    orders = month.rows("Orders")
    for name, column in (("oms_vs_ajio_orders", "Orders leg"), ("oms_vs_settlement", "Settlement leg")):
        counts = Counter(LEG[text(row[column])] or "(none)" for row in orders)
        assert dict(counts) == {verdict: count for (what, verdict), count in want.items() if what == name}
    assert len(month.rows("Fees")) == sum(count for (what, _), count in want.items() if what == "fee_status")
    assert {str(row["Status"]) for row in month.rows("Fees")} <= {str(one) for one in FEE_STATUSES}


def test_claims_are_the_disputed_fees(month: Run) -> None:
    claims, fees = month.rows("Claims"), month.rows("Fees")
    disputed = {(row["Order id"], row["Fee"]): money(row["Difference"]) for row in fees if row["Status"] == "Disputed" and row["Fee"] != "Tax"}  # fmt: skip
    assert disputed == {(row["Order id"], row["Fee"]): money(row["Charged beyond"]) for row in claims if row["Fee"] != "Tax"}  # fmt: skip
    for row in claims:
        assert money(Decimal(str(row["Charged beyond"])) + Decimal(str(row["GST on it"]))) == money(row["To claim"])
    one = next(row for row in claims if row["Order id"] == "FN-420109")
    assert (one["Payout"], [money(one[name]) for name in ("Charged beyond", "GST on it", "To claim")]) == ("FNSET-0417", ["59.96", "10.79", "70.75"])  # fmt: skip


def test_libreoffice_recalculates_the_money_chain_to_the_stored_values(month: Run, tmp_path: Path) -> None:
    live = openpyxl.load_workbook(month.book)["Money chain"]
    again = worked_out(month.book, tmp_path)["Money chain"]
    stored = month.stored["Money chain"]
    formulas = [cell for row in live.iter_rows() for cell in row if cell.data_type == "f"]
    differ = [
        (cell.coordinate, cell.value, stored[cell.coordinate].value, again[cell.coordinate].value)
        for cell in formulas
        if again[cell.coordinate].value != pytest.approx(stored[cell.coordinate].value, abs=1e-9)
    ]
    assert differ == []
    assert len(formulas) == 24 + 7 * 2 + 4 * 4
    assert all(re.fullmatch(r"[-+=]?.*(SUM|SUMIFS|COUNTIFS|ROUND|[CF]\d+).*", str(cell.value)) for cell in formulas)


def test_a_changed_order_breaks_the_chain_where_it_is_recalculated(both: dict[int, Run], tmp_path: Path) -> None:
    book = tmp_path / "changed.xlsx"
    sheets = openpyxl.load_workbook(both[1].book)
    column = next(cell.column for cell in sheets["Orders"][TABLE_ROW] if cell.value == "Fees")
    sheets["Orders"].cell(TABLE_ROW + 1, column).value = 1.0
    sheets.save(book)
    again = worked_out(book, tmp_path)["Money chain"]
    agrees = {row[1].value: row[6].value for row in again.iter_rows(min_row=TABLE_ROW + 1) if row[0].value == "Check"}
    assert [agrees[name] for name in agrees if name.startswith("Order value")] == [False]
    assert sum(not value for value in agrees.values()) == 1


def test_the_sheets_are_there_in_order(month: Run) -> None:
    assert month.done.outcome == "warn"
    assert [name for name in month.stored.sheetnames if name in MARKET_SHEETS] == list(MARKET_SHEETS)


def test_without_a_marketplace_there_is_no_sheet_and_those_of_an_earlier_run_are_emptied(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"id,amount,{name}\nO1,10.00,x\n")
    book = tmp_path / "Book.xlsx"
    make(book, {
        "Sources": [{"Source": name.upper(), "File or pattern": f"{name}.csv"} for name in "ab"],
        "Legs": [{"Leg": "Rows", "Side A": "A", "Side B": "B"}],
        "Mapping": [{"Leg": "Rows", "Side": side, "Meaning": meaning, "Column": meaning} for side in "AB" for meaning in ("id", "amount")],
    })  # fmt: skip
    assert run_book(book).outcome == "ok"
    sheets = openpyxl.load_workbook(book)
    assert not set(MARKET_SHEETS) & set(sheets.sheetnames)
    ours, money_chain, own = (sheets.create_sheet(name) for name in ("Orders", "Money chain", "Claims"))
    for sheet in (ours, money_chain):
        sheet["A1"], sheet["A2"], sheet["A6"] = sheet.title, "Seller · run 1 · amounts in INR", "an old figure"
    own["A1"] = "mine"
    sheets.save(book)
    assert run_book(book).outcome == "ok"
    after = openpyxl.load_workbook(book)
    assert [after[name]["A6"].value for name in ("Orders", "Money chain")] == [None, None]
    assert "no marketplace any more" in after["Orders"]["A3"].value
    assert (after["Claims"]["A1"].value, after["Claims"].max_row) == ("mine", 1)


def test_a_sheet_of_the_user_that_is_called_orders_is_not_touched(both: dict[int, Run], tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(both[1].book.parent, folder)
    book = make_demo(folder)
    sheets = openpyxl.load_workbook(book)
    sheets.create_sheet("Claims")["A1"] = "mine"
    sheets.save(book)
    before = book.read_bytes()
    done = run_book(book)
    assert (done.outcome, [one.code for one in done.problems if one.severity == "stop"]) == ("stop", ["N-112"])
    assert book.read_bytes() == before


def test_tables_above_the_limit_go_to_files_and_the_chain_still_holds(both: dict[int, Run], tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder = tmp_path / "big"
    shutil.copytree(both[1].book.parent, folder)
    book = folder / both[1].book.name
    sheets = openpyxl.load_workbook(book)
    item = next(cell for cell in sheets["Setup"]["A"] if cell.value == "Rows per sheet")
    sheets["Setup"].cell(item.row, 2).value = 400
    sheets.save(book)
    done = run_book(book)
    assert {f"{book.stem}.{name}.parquet" for name in ("Orders", "Fees", "Releases")} <= set(done.files)
    stored = pq.read_table(folder / f"{book.stem}.Orders.parquet")
    assert sum(value.as_py() for value in stored["Invoice value"]) == Decimal("794054.31")
    again = worked_out(book, tmp_path)["Money chain"]
    assert [row[6].value for row in again.iter_rows(min_row=TABLE_ROW + 1) if row[0].value == "Check"] == [True] * 4


KINDS = {"MISSING_KEY": "No id", "BLANK_ROW": "Blank row", "DUPLICATE": "Duplicate row", "INVALID_AMOUNT": "Amount not readable", "FOOTER": "Total or footer"}  # fmt: skip


def test_skipped(month: Run) -> None:
    """Rows that take no part stand on Skipped with their place, kind and money; the first leg that reads the file says so."""
    mine: dict[tuple[object, ...], dict[str, object]] = {}
    for row in month.rows("Skipped"):
        mine.setdefault((row["File"], row["Row"]), row)
    for one in ajio.expected("skipped.csv").to_dict("records"):
        row = mine[one["file"], int(one["line_no"])]
        assert row["Kind"] in {KINDS[word] for word in (one["reason"], one["also_accept"]) if word}, one
        if one["amount_not_counted"]:
            shown = str(row["Amount as printed"]).split(" - ")[0].replace(",", "")
            assert shown == one["amount_not_counted"], one
            assert money(row["Amount"]) in (one["amount_not_counted"], "0.00" if one["reason"] == "FOOTER" else ""), one
