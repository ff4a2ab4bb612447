"""`tieout template` and `tieout payment`: what we write we read; a payment is booked with its date, amount and reference or not at all."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from addin.cli import main
from addin.payment_files import NAMES, NOTES, headers_with, note_of
from recon_core.model import Source
from recon_core.readers import read
from recon_core.standard_template import HEADERS, entry_types_of
from tests.hosts.pkgcheck import check
from tests.recipes.made import Made, amount, call, make, run, table

ADS, FILM = "Fee: Ads", "Fee: Film & photo"
ROWS = [
    ["T-1", "A1", "880", "1000", "-80", "-20", "-20"],
    ["T-2", "", "560", "700", "-100", "-20", "-20"],
    ["", "", "-50", "0", "0", "0", "-50"],
]
COLUMNS = ("Order ID", "SKU", "Amount paid to you", "Amount paid by customer", "Fee: Commission", "Tax on fees", ADS)


def ask(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture(autouse=True)
def _own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "log"))


def headers_of(path: Path) -> list[str]:
    raw, _ = read(Source(name="Payment", path=str(path), wanted=HEADERS), path.name)
    assert raw is not None
    return [str(name) for name in raw.frame.columns]


@pytest.mark.parametrize("name", ["june.xlsx", "june.csv"])
@pytest.mark.parametrize("fees", [(), (ADS, FILM)])
def test_what_we_write_our_reader_accepts(name: str, fees: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / name
    assert SIGNS_WORD in call("template", "eshopbox", path, *(word for fee in fees for word in ("--fee", fee)))
    assert headers_of(path) == list(headers_with(fees))
    found = entry_types_of(headers_of(path))
    assert found.problems == ()
    assert [column.fee for column in found.columns if column.header in fees] == [
        fee.removeprefix("Fee: ") for fee in fees
    ]


SIGNS_WORD = "+ is paid to you, - is taken from you"


def test_the_workbook_has_notes_on_every_column_and_ids_as_text(tmp_path: Path) -> None:
    call("template", "eshopbox", tmp_path / "june.xlsx", "--fee", ADS)
    book = openpyxl.load_workbook(tmp_path / "june.xlsx")
    assert book.sheetnames == ["Payments", "Notes"]
    notes = {row[0]: row[1] for row in book["Notes"].iter_rows(min_row=2, values_only=True)}
    assert list(notes)[:-1] == list(headers_with([ADS]))
    assert "split over the items" in str(notes["SKU"])
    assert "Without GST" in str(notes[ADS])
    assert book["Payments"].column_dimensions["A"].number_format == "@"
    assert check(tmp_path / "june.xlsx") == []
    assert len(NOTES) == 3
    assert note_of("TCS").startswith("+ is paid")


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["june.xlsx", "--fee", "Ads"], "T-265", "Ads"), (["june.xlsx", "--fee", "Fee: Commission"], "T-267", "Commission"), (["june.xlsx", "--fee", "Fee: Shipping"], "T-267", "Shipping"),
        (["june.pdf"], "T-282", "june.pdf"), (["none/june.xlsx"], "T-282", "folder"),
    ],
)  # fmt: skip
def test_a_template_that_would_be_refused_is_not_written(
    arguments: list[str], code: str, word: str, tmp_path: Path
) -> None:
    exit_code, told = ask("template", "eshopbox", tmp_path / arguments[0], *arguments[1:])
    assert exit_code == 4
    assert code in told
    assert word in told
    assert not list(tmp_path.glob("june*"))


def filled(folder: Path, name: str = "june.xlsx", rows: list[list[str]] | None = None) -> Path:
    """The template, filled in as a person would: numbers as numbers."""
    path = folder / name
    call("template", "eshopbox", path, "--fee", ADS)
    if path.suffix == ".csv":
        header = headers_of(path)
        lines = [[dict(zip(COLUMNS, row, strict=True)).get(one, "") for one in header] for row in rows or ROWS]
        with path.open("a", newline="") as file:
            csv.writer(file).writerows(lines)
        return path
    book = openpyxl.load_workbook(path)
    sheet = book["Payments"]
    places = {cell.value: cell.column for cell in sheet[1]}
    for number, row in enumerate(rows or ROWS, 2):
        for name_of, text in zip(COLUMNS, row, strict=True):
            if text:
                sheet.cell(number, places[name_of], text if name_of in ("Order ID", "SKU") else float(text))
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["june.xlsx", "june.csv"])
def test_a_payment_is_booked(name: str, tmp_path: Path) -> None:
    out = tmp_path / "settlement_june.csv"
    told = call(
        "payment",
        filled(tmp_path, name),
        out,
        "--date",
        "2026-06-10",
        "--amount",
        "1,390.00",
        "--reference",
        " UTIB26061000001 ",
    )
    assert "1,390.00" in told
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {tuple(row[one] for one in NAMES) for row in rows} == {("UTIB26061000001", "2026-06-10", "UTIB26061000001")}
    assert [row["Order ID"] for row in rows] == ["T-1", "T-2", ""]
    assert sum(float(row["Amount paid to you"]) for row in rows) == 1390
    assert entry_types_of(headers_of(out)).problems == ()
    again = tmp_path / "again.csv"
    call(
        "payment", out, again, "--date", "2026-06-10", "--amount", "1390", "--reference", "utib26061000001"
    )  # booked already, as the same
    assert ask(
        "payment", out, tmp_path / "x.csv", "--date", "2026-06-11", "--amount", "1390", "--reference", "UTIB26061000001"
    )[1].count("T-283")


@pytest.mark.parametrize(
    ("stated", "code", "words"),
    [
        (["--amount", "1390", "--reference", "U1"], "T-271", "no transfer date"), (["--date", "2026-06-10", "--amount", "1390"], "T-272", "no bank reference"),
        (["--date", "2026-06-10", "--amount", "1391.50", "--reference", "U1"], "T-273", "differ by 1.50"),
        (["--date", "2026-06-10", "--reference", "U1"], "T-284", "no amount"), (["--date", "2026-06-10", "--amount", "much", "--reference", "U1"], "T-284", "'much'"),
    ],
)  # fmt: skip
def test_without_date_amount_or_reference_nothing_is_booked(
    stated: list[str], code: str, words: str, tmp_path: Path
) -> None:
    exit_code, told = ask("payment", filled(tmp_path), tmp_path / "out.csv", *stated)
    assert exit_code == 4
    assert code in told
    assert words in told
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_no_template_or_has_no_total_is_refused(tmp_path: Path) -> None:
    stated = ("--date", "2026-06-10", "--amount", "1390", "--reference", "U1")
    (tmp_path / "other.csv").write_text(
        "Order ID,Amount paid to you,Amount paid by customer,City\nT-1,1390,1390,Pune\n"
    )
    assert "'City'" in ask("payment", tmp_path / "other.csv", tmp_path / "a.csv", *stated)[1]
    (tmp_path / "bad.csv").write_text(
        "Order ID,Amount paid to you,Amount paid by customer\nT-1,1390,1390\nT-2,soon,10\n"
    )
    told = ask("payment", tmp_path / "bad.csv", tmp_path / "a.csv", *stated)[1]
    assert "T-281" in told
    assert "row 3" in told
    assert "F-" in ask("payment", tmp_path / "nowhere.csv", tmp_path / "a.csv", *stated)[1]
    assert not (tmp_path / "a.csv").exists()


# ---------------------------------------------------------------- in a run

ORDERS = table(
    "order_id|order_date|invoice_no|invoice_date|sku|qty|unit_price|amount|gst_rate|gst_amount|status|awb|category|weight_g",
    "T-1|2026-06-01|I-1|2026-06-02|OUR-1|1|1000|1000|0|0|Delivered|9001|Toys|100", "T-2|2026-06-01|I-2|2026-06-02|OUR-1|1|400|400|0|0|Delivered|9002|Toys|100",
    "T-2|2026-06-01|I-2|2026-06-02|OUR-2|1|200|200|0|0|Delivered|9002|Toys|100", "T-2|2026-06-01|I-2|2026-06-02|OUR-3|1|100|100|0|0|Delivered|9002|Toys|100",
)  # fmt: skip
BANK = "Date,Narration,Chq./Ref.No.,Withdrawal Amt.,Deposit Amt.\n10/06/26,NEFT UTIB26061000001,,,1390.00\n"


def month(folder: Path, rows: list[list[str]] | None = None) -> Path:
    """A booked payment and the month around it, not run yet."""
    call(
        "payment",
        filled(folder, rows=rows),
        folder / "settlement_june.csv",
        "--date",
        "2026-06-10",
        "--amount",
        "1390.00",
        "--reference",
        "UTIB26061000001",
    )
    book = folder / "book.xlsx"
    call("new", book, "--recipe", "marketplace_generic")
    (folder / "orders_june.csv").write_text(ORDERS)
    (folder / "bank_june.csv").write_text(BANK)
    return book


def releases(made: Made, order: str) -> list[tuple[object, ...]]:
    return [
        (row["Item"], row["Entry"], amount(row["Amount"])) for row in made.rows("Releases") if row["Order id"] == order
    ]


def test_a_booked_payment_runs_and_a_blank_sku_is_split_exactly(tmp_path: Path) -> None:
    made = run(month(tmp_path))
    assert [(amount(row["Sum of lines"]), row["Status"]) for row in made.rows("Payouts")] == [("1390.00", "Matched")]
    parts = sorted(row for row in releases(made, "T-2") if row[1] == "COMMISSION")
    assert parts == [
        ("OUR-1", "COMMISSION", "-57.14"),
        ("OUR-2", "COMMISSION", "-28.57"),
        ("OUR-3", "COMMISSION", "-14.29"),
    ]  # 100 by 4 : 2 : 1, the larger remainder first
    assert sum(float(row[2]) for row in releases(made, "T-2")) == pytest.approx(560)
    assert made.ties()


def test_the_sku_may_be_the_portals_or_an_esin_where_supporting_data_say_whose(tmp_path: Path) -> None:
    rows = [
        ["T-1", "ESIN77", "880", "1000", "-80", "-20", "-20"],
        ["T-2", "ESIN78", "560", "700", "-100", "-20", "-20"],
        ROWS[2],
    ]
    book = month(tmp_path, rows)
    (tmp_path / "esin.csv").write_text("esin,our_sku\nESIN77,OUR-1\nESIN78,OUR-2\n")
    stored = openpyxl.load_workbook(book)
    put(stored["Setup"], "Supporting data", ["Settlements", "SKU", "esin.csv", None, "esin", "our_sku"])
    put(stored["Marketplace"], "Marketplace", ["Settlements", "Settlements", "item", "our_sku"])
    stored.save(book)
    made = run(book)
    assert {row[0] for row in releases(made, "T-1")} == {"OUR-1"}
    assert {row[0] for row in releases(made, "T-2")} == {"OUR-2"}
    assert "T-265" not in made.codes()


def put(sheet: object, title: str, values: list[str | None]) -> None:
    """Type a row into the first empty one of a Setup table."""
    start = next(row for row in range(1, 200) if sheet.cell(row, 1).value == title)  # type: ignore[attr-defined]
    free = next(row for row in range(start + 3, 400) if all(sheet.cell(row, at).value is None for at in range(1, 5)))  # type: ignore[attr-defined]
    for at, value in enumerate(values, 1):
        sheet.cell(free, at, value)  # type: ignore[attr-defined]


def test_another_column_in_a_settlement_stops_the_run_and_is_named(tmp_path: Path) -> None:
    book = month(tmp_path)
    path = tmp_path / "settlement_june.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0] + ",Discount given", *(line + ",5" for line in lines[1:])]) + "\n")
    code, told = ask("run", book)
    assert (code, "T-265" in told, "'Discount given'" in told) == (4, True, True)
    path.write_text("\n".join([lines[0] + ",Fee: Storage", *(line + ",0" for line in lines[1:])]) + "\n")
    assert run(book).ties()


def test_make_takes_a_date(tmp_path: Path) -> None:
    """The helper of the recipes and a booked payment go together."""
    month(tmp_path)
    files = {
        name: (tmp_path / name).read_text() for name in ("orders_june.csv", "settlement_june.csv", "bank_june.csv")
    }
    (tmp_path / "two").mkdir()
    assert make(tmp_path / "two", "marketplace_generic", files, as_of=dt.date(2026, 6, 30)).gaps("Bank") == {}
