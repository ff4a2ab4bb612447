"""What a fee should be, asked by a cell: against the sheet Fees of the demo, and on small cards for the odd cases."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import udfs
from recon_core import agreed_fees, answers, schema
from recon_core.agreed_fees import Cells, Rates, fees
from recon_core.money import to_major
from recon_core.problems import ReconError
from recon_core.ratecard import ANSWERS, Answer, expected
from recon_core.readings import NoAnswer
from recon_core.result_sheets import Results, read_table
from tests.answered import Demo, run_demo
from tests.ratecard.test_laws import DAYS, some_card, some_unit
from tests.ratecard.units import units_of
from workbook_templates import template_path

NA, VALUE, NUM = NoAnswer.NOT_FOUND, NoAnswer.BAD_INPUT, NoAnswer.SEVERAL
COLUMNS = [field.name for table in schema.TABLES if table.title == "Rates" for field in table.fields]
GST = {"Fee": "GST on fees", "From": "2017-07-01", "%": 18, "GST %": 0}
APRIL = dt.datetime(2026, 4, 2)


def sheet(*rows: dict[str, object], columns: list[str] = COLUMNS) -> list[list[object]]:
    return [["Fee rates"], ["Rates"], columns, *([row.get(name) for name in columns] for row in rows)]


def rates(*rows: dict[str, object], portal: str = "") -> Rates:
    setup = [["Reconciliation"], ["Item", "Value", "Note"], ["Portal", portal, ""]]
    return Rates({"Rates": sheet(*rows), "Setup": setup})


def rule(fee: str = "Fixed", **more: object) -> dict[str, object]:
    names = {"version": "Version", "first": "From", "last": "To", "base": "Base", "percent": "%", "fixed": "Fixed"}
    row: dict[str, object] = {"Fee": fee, "From": "2026-01-01"}
    return row | {
        names.get(name, name.replace("_", " ").capitalize() if name.islower() else name): value
        for name, value in more.items()
    }


def ask(
    known: Rates, fee: object, base: object = None, day: object = APRIL, what: str = "fee", **more: object
) -> object:
    given = {"category": None, "portal": None, "weight": None, "brand": None, "zone": None, "payment_mode": None} | more
    [found] = fees(
        known, Cells(fee=[fee], base=[base], day=[day], **{name: [cell] for name, cell in given.items()}), what
    )
    return found


# ---- against a run ----


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return run_demo(tmp_path_factory.mktemp("agreed"))


def rows_of(name: str) -> list[dict[str, str]]:
    with (template_path().parent / "demo" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_cell_says_what_the_sheet_fees_says(demo: Demo):
    """Every fee that a run has worked out for an order of one unit that did not come back, and the tax on it."""
    skus = {row["sku"]: row for row in rows_of("sku_master.csv")}
    sold = rows_of("oms_orders.csv")
    lines = Counter(row["order_no"] for row in sold)
    single = {row["order_no"]: row for row in sold if lines[row["order_no"]] == 1 and row["qty"] == "1"}
    orders = read_table("Orders", demo.cells("Orders"))
    came_back = {one for one, tags in zip(orders.texts("Order id"), orders.texts("Tags"), strict=True) if "return" in tags or "RTO" in tags or "cancelled" in tags}  # fmt: skip
    table = read_table("Fees", demo.cells("Fees"))
    card = table.texts("Card")
    at = [
        n for n, one in enumerate(table.texts("Order id"))
        if one in single and one not in came_back and card[n].startswith("AJIO") and table.column("Expected")[n] not in (None, "")
    ]  # fmt: skip
    mine = [single[table.text("Order id", n)] for n in at]
    asked = Cells(
        fee=[table.text("Fee", n) for n in at], base=[float(row["unit_price_incl_gst"]) for row in mine],
        category=[skus[row["sku"]]["category"] for row in mine], day=[row["order_date"] for row in mine], portal=[""] * len(at),
        weight=[float(skus[row["sku"]]["weight_g"]) for row in mine], brand=[""] * len(at), zone=[""] * len(at), payment_mode=[""] * len(at),
    )  # fmt: skip
    known = Rates({name: demo.cells(name) for name in agreed_fees.SHEETS})
    assert fees(known, asked) == [table.column("Expected")[n] for n in at]
    assert fees(known, asked, "GST") == [table.column("GST expected")[n] for n in at]
    assert fees(known, asked, "rule") == [card[n] for n in at]
    assert len(at) > 500
    assert len(set(asked.fee)) >= 4


def test_an_expected_payout_is_that_of_the_sheet_orders(demo: Demo):
    table = read_table("Orders", demo.cells("Orders"))
    ids = table.texts("Order id")
    assert len(ids) > 400
    assert answers.expected_net(demo.results, [f" {one.lower()}" for one in ids]) == table.column("Expected net")
    assert answers.expected_net(demo.results, ["none such", None, "NA"]) == [NA] * 3
    assert answers.expected_net(Results(lambda _: []), ids[:2]) == [NA, NA]


def test_an_expected_payout_is_found_by_the_printed_and_the_cleaned_id():
    """Ids cleaned of separators and a prefix; two orders of one printed id have no single answer."""
    head = ["Leg", "No", "Id", "Id as printed", "Amount", "Outcome", "Match id", "Date", "File", "Sheet", "Row"]
    data = [["L", n, key, printed, 1, "Unmatched", "", None, "f", "", n] for n, (key, printed) in enumerate([("FN1", "ORD-FN-1"), ("FN2", "DUP"), ("FN3", "DUP")], 1)]  # fmt: skip
    terms = "Ours against theirs; id cleaning separators; prefix ORD; an id whose totals differ is kept together"
    cells = {
        "Orders": [[], [], [], [], ["Order id", "Expected net"], ["FN1", 10.5], ["FN2", 0], ["FN3", 7]],
        "A data": [[], [], [], [], head, *data], "Summary": [["Leg", "L", terms]],
    }  # fmt: skip
    results = Results(lambda name: cells.get(name, []))
    asked = ["fn1", "ord-fn-1", "ORD FN 1", "DUP", "FN2", "FN9"]
    assert answers.expected_net(results, asked) == [10.5, 10.5, 10.5, NUM, 0.0, NA]


# ---- small cards ----


def test_the_version_of_the_day_decides_and_without_a_day_all_must_agree():
    known = rates(GST, rule(fixed=10, last="2026-03-31"), rule(fixed=12, first="2026-04-01"))
    assert [ask(known, "fixed", day=day) for day in ("2026-03-31", 46113.0, "2025-12-31", None)] == [
        10.0,
        12.0,
        NA,
        NUM,
    ]
    same = rates(GST, rule(fixed=10, last="2026-03-31"), rule(fixed=10, first="2026-05-01", note="after a gap"))
    assert ask(same, "Fixed", day=None) == 10.0
    assert ask(same, "Fixed") == NA
    assert ask(same, "Fixed", day=None, what="rule") == NUM  # two rows, and each has its own words


def test_tax_is_that_of_the_day_or_of_the_row():
    known = rates(
        GST | {"To": "2026-03-31"}, GST | {"From": "2026-04-01", "%": 12}, rule(percent=10, base="taxable"),
        rule("Inclusive", fixed=118, **{"GST %": 18, "Tax inclusive": "yes"}),
    )  # fmt: skip
    assert [ask(known, "Fixed", 100, what=word) for word in ("", "gst", "Total")] == [10.0, 1.2, 11.2]
    assert [ask(known, "Fixed", 100, None, word) for word in ("fee", "gst", "total")] == [10.0, NUM, NUM]
    assert [ask(known, "inclusive", what=word) for word in ("fee", "gst", "total")] == [100.0, 18.0, 118.0]
    assert ask(rates(rule(fixed=10)), "Fixed") == NUM  # nothing says the tax: a run expects nothing of the fee either
    with pytest.raises(ValueError, match="net"):
        ask(known, "Fixed", what="net")


def test_an_input_that_a_row_needs_and_does_not_get_has_no_answer():
    known = rates(GST, rule(fixed=10, category="Tops", weight_to=500), rule(fixed=20, category="Tops", weight_from=500), rule("Zonal", fixed=5, zone="Metro", brand="Own", payment_mode="COD"))  # fmt: skip
    assert ask(known, "Fixed", category="tops") == NUM
    assert ask(known, "Fixed", category="Hats") == NA
    assert [ask(known, "Fixed", category="Tops", weight=grams) for grams in (500, 500.9, 501.0, "1 kg", -1)] == [10.0, 10.0, 20.0, VALUE, VALUE]  # fmt: skip
    assert ask(known, "Zonal", zone="metro", brand="own", payment_mode="cod") == 5.0
    assert ask(known, "Zonal", zone="metro", brand="own") == NUM
    assert ask(known, "Zonal", zone="North", brand="own") == NA


def test_one_amount_cannot_be_two_kinds():
    mixed = rates(
        GST,
        rule(percent=10, base="taxable", price_to=500),
        rule("Plain", percent=1, base="collected"),
        rule("Slab", fixed=7, price_to=500),
    )
    assert ask(mixed, "Fixed", 400) == NUM
    assert ask(mixed, "Plain", 400) == 4.0
    assert [ask(mixed, "Slab", base) for base in (400, 501, None)] == [7.0, NA, NUM]
    by_category = rates(
        GST,
        rule(percent=10, base="taxable", category="Tops"),
        rule(percent=20, base="price incl. GST", category="Hats"),
    )
    assert [ask(by_category, "Fixed", 100, category=one) for one in ("Tops", "Hats", "")] == [10.0, 20.0, NUM]


def test_a_fee_is_taken_to_be_charged_once_whatever_it_is_charged_on():
    known = rates(
        GST, rule("Back", fixed=58, charged_on="Customer return"), rule("Order fee", percent=2, base="price incl. GST", per="order"),
        rule("Kept", fixed=40, **{"Return %": 100, "RTO %": 100}),
    )  # fmt: skip
    assert [ask(known, "Back"), ask(known, "Order fee", 150), ask(known, "Kept")] == [58.0, 3.0, 40.0]


def test_the_portal_is_that_of_the_cell_of_setup_or_the_only_one():
    two = (GST, rule(portal="P", fixed=1), rule(portal="Q", fixed=2))
    assert ask(rates(*two), "Fixed") == NUM
    assert ask(rates(*two, portal="q"), "Fixed") == 2.0
    assert ask(rates(*two, portal="q"), "Fixed", portal="P") == 1.0
    assert ask(rates(*two[:2]), "Fixed") == 1.0
    assert ask(rates(*two, portal="R"), "Fixed") == NA


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (rule(fixed=11, version="2"), NUM), (rule(fixed=11, category="Tops"), NUM), (rule(fixed="eleven", first="2027-01-01"), VALUE),
        (rule("", fixed=11), VALUE), (rule("Other", fixed="eleven"), 10.0), (rule("Other"), 10.0),
    ],
)  # fmt: skip
def test_rows_that_stop_a_run_give_no_fee(wrong, said):
    """Two rows for one unit, a cell that cannot be read, a row of no fee; a mistake of another fee touches this one not."""
    assert ask(rates(GST, rule(fixed=10), wrong), "Fixed") == said


def test_cells_that_are_no_amount_no_day_and_no_fee():
    known = rates(GST, rule(percent=10, base="taxable"))
    for base, said in (
        ("100", VALUE),
        (True, VALUE),
        ("#REF!", VALUE),
        ("#N/A", NA),
        ("#NUM!", NUM),
        (1e15, VALUE),
        (None, NUM),
    ):
        assert ask(known, "Fixed", base) == said
    for day, said in (("soon", VALUE), ("04/05/2026", VALUE), ("NA", NA), (True, VALUE), ("13-Apr-2026", 10.0)):
        assert ask(known, "Fixed", 100, day) == said
    assert [ask(known, fee, 100) for fee in ("", None, "GST on fees", "None such", "#DIV/0!")] == [
        NA,
        NA,
        NA,
        NA,
        VALUE,
    ]
    assert ask(known, "Fixed", -50.005) == -5.0


def test_sheets_that_are_not_there_and_columns_that_are_gone():
    assert ask(Rates({"Rates": [], "Setup": []}), "Fixed") == NA
    assert ask(Rates({"Rates": sheet(GST, rule(fixed=1)), "Setup": []}), "Fixed") == 1.0
    with pytest.raises(ReconError, match="S-102"):
        Rates(
            {"Rates": sheet(GST, rule(fixed=1), columns=[name for name in COLUMNS if name != "Category"]), "Setup": []}
        )


# ---- laws on random cards ----


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_value_is_that_of_the_engine_with_the_amount_in_every_place(seed):
    """A cell never says another figure than the engine; where one kind of amount is enough it says as much as the engine."""
    draw = random.Random(seed)
    rows, cards = some_card(draw)
    known = Rates({"Rates": sheet(*rows), "Setup": []})
    asked = [some_unit(draw) for _ in range(20)]
    amounts = [unit.get("price", "100") for unit in asked]
    engine = expected(cards, units_of([
        {**{key: unit[key] for key in ("category", "brand", "weight", "order") if key in unit}, **dict.fromkeys(("price", "taxable", "net", "collected"), base), "returned": "1"}
        for unit, base in zip(asked, amounts, strict=True)
    ]))  # fmt: skip
    for fee, charge in engine.items():
        mine = [row for row in rows if row["Fee"] == fee]
        kinds = {row["Base"] for row in mine if "Base" in row} | {
            "price incl. GST" for row in mine if "Price from" in row
        }
        days = [None if unit["order"] == "?" else unit["order"] for unit in asked]
        cells = cells_of(fee, asked, amounts, days)
        for at, (said, tax) in enumerate(zip(fees(known, cells), fees(known, cells, "gst"), strict=True)):
            answer = ANSWERS[charge.answer[at]]
            if days[at] is None:
                continue  # the engine never answers without a day
            if not isinstance(said, NoAnswer):
                assert (answer, said, tax) == (Answer.WORKED_OUT, to_major(int(charge.fee_minor[at])), to_major(int(charge.tax_minor[at])))  # fmt: skip
            elif said == NA or len(kinds) < 2:
                assert answer in REASONS[said]


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_without_a_day_a_value_holds_on_every_day_that_has_one(seed):
    draw = random.Random(seed)
    rows, _ = some_card(draw)
    known = Rates({"Rates": sheet(*rows), "Setup": []})
    unit = some_unit(draw)
    for fee in {row["Fee"] for row in rows}:
        [said] = fees(known, cells_of(fee, [unit], ["400"], [None]))
        daily = set(fees(known, cells_of(fee, [unit] * len(DAYS), ["400"] * len(DAYS), [str(day) for day in DAYS])))
        values = {one for one in daily if not isinstance(one, NoAnswer)}
        if isinstance(said, NoAnswer):
            assert NUM in daily or len(values) != 1
        else:
            assert daily <= {said, NA}


REASONS = {NA: {Answer.NO_CARD, Answer.NO_RULE}, NUM: {Answer.MISSING}, VALUE: {Answer.TOO_LARGE}}


def cells_of(fee: str, asked: list[dict[str, str]], amounts: list[str], days: list[str | None]) -> Cells:
    def texts(name: str) -> list[str]:
        return [unit.get(name, "") for unit in asked]

    none = [None] * len(asked)
    return Cells(
        fee=[fee] * len(asked), base=[float(one) for one in amounts], category=texts("category"), day=days, portal=none,
        weight=[float(unit["weight"]) if "weight" in unit else None for unit in asked], brand=texts("brand"), zone=none, payment_mode=none,
    )  # fmt: skip


# ---- the function ----


@pytest.fixture
def book(monkeypatch):
    grids = {
        "Rates": sheet(GST, rule(fixed=10), rule("Commission", percent=10, base="taxable", category="Tops")),
        "Setup": [],
    }
    clock, read = [100.0], []

    class Book:
        name, cells, now, asked = "1 book.xlsx", grids, clock, read

    def cells(name: str) -> list[list[object]]:
        read.append(name)
        return [list(row) for row in grids.get(name, [])]

    monkeypatch.setattr(udfs, "_book", lambda: (Book.name, "", cells))
    monkeypatch.setattr(udfs, "_agreed", {})
    monkeypatch.setattr(udfs.time, "monotonic", lambda: clock[0])
    return Book


def test_fees_in_a_row_and_amounts_in_a_column_fill_a_table(book):
    head, side = [["Fixed", "Commission", "None such"]], [[100.0], [250.0]]
    na = udfs.mark(NA)
    assert udfs.RECON_EXPECTEDFEE(head, side, "Tops") == [[10.0, 10.0, na], [10.0, 25.0, na]]
    assert udfs.RECON_EXPECTEDFEE([["Commission"]], side, [["Tops"], ["Hats"]], APRIL) == [[10.0], [na]]
    assert udfs.RECON_EXPECTEDFEE(head, [[1.0, 2.0]]) == udfs.mark(VALUE)
    assert udfs.RECON_EXPECTEDFEE(head, side, what="colour") == udfs.mark(VALUE)


def test_rates_are_read_once_for_a_range_and_a_changed_one_is_seen_later(book):
    one = [["Fixed"]]
    assert udfs.RECON_EXPECTEDFEE(one, [[None]]) == [[10.0]]
    assert book.asked == ["Rates", "Setup"]
    book.cells["Rates"][4][COLUMNS.index("Fixed")] = 11
    assert udfs.RECON_EXPECTEDFEE(one, [[None]]) == [[10.0]]
    assert book.asked == ["Rates", "Setup"]
    kept = udfs._agreed[book.name][2]
    book.now[0] += udfs.NOTES_LAST + 1
    assert udfs.RECON_EXPECTEDFEE(one, [[None]]) == [[11.0]]
    changed = udfs._agreed[book.name][2]
    assert changed is not kept
    book.now[0] += udfs.NOTES_LAST + 1
    udfs.RECON_EXPECTEDFEE(one, [[None]])
    assert udfs._agreed[book.name][2] is changed  # looked at, and not parsed again
    for number in range(2, 8):
        book.name = f"{number} book.xlsx"
        udfs.RECON_EXPECTEDFEE(one, [[None]])
    assert list(udfs._agreed) == [f"{number} book.xlsx" for number in range(8 - udfs.MOST_BOOKS, 8)]


def test_a_sheet_rates_that_lost_a_column_is_one_value_error(book):
    book.cells["Rates"][2][COLUMNS.index("Category")] = "Kind"
    assert udfs.RECON_EXPECTEDFEE([["Fixed"]], [[1.0]]) == udfs.mark(VALUE)
