"""The Setup tables, described once: the parser, the template, the help and the manual all read `TABLES`.

On a sheet a table stands as its title in column A, the header row under it, and rows until the first empty
one. So a user may add rows, and a host needs nothing but cells. The page is long because all tables stand on it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from recon_core.dates import Order, read_dates, to_date
from recon_core.problems import Place, Problem, Severity
from recon_core.sheets import column_letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a Setup table: header, help, an example, and the choices where they are closed."""

    name: str
    help: str
    example: str = ""
    choices: tuple[str, ...] = ()
    least: int | None = None  # the cell holds a whole number, at least this one, or nothing
    is_number: bool = False  # the cell holds an amount or a percentage
    may_lack: bool = False  # a workbook of an earlier version may be without the column
    width: float = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupTable:
    """One table of a Setup sheet. `needed`: a workbook without it is not set up."""

    title: str
    sheet: str
    excel_name: str
    help: str
    fields: tuple[Field, ...]
    needed: bool = True
    judged_here: bool = True  # by `wrong_cells`; else by the module that reads the table, which knows more spellings
    blank_rows: int = 5  # empty rows the template offers below the filled ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One filled row of a table with the place of each value."""

    values: Mapping[str, object]
    sheet: str
    row: int
    columns: Mapping[str, int]

    def text(self, name: str) -> str:
        """The value as trimmed text: 3.0 -> '3'."""
        return as_text(self.values.get(name))

    def cell(self, name: str) -> str:
        """'Setup!C7'."""
        return f"{self.sheet}!{column_letter(self.columns.get(name, 1))}{self.row}"


TABLES: tuple[SetupTable, ...] = (
    SetupTable(
        title="Reconciliation", sheet="Setup", excel_name="tblSetup", help="What this workbook reconciles.", blank_rows=0,
        fields=(
            Field(name="Item", help="What is stated.", width=24),
            Field(name="Value", help="Type here.", width=34),
            Field(name="Note", help="What it is used for.", width=60),
        ),
    ),
    SetupTable(
        title="Sources", sheet="Setup", excel_name="tblSources",
        help="The files of each side. Paths are relative to this workbook.",
        fields=(
            Field(name="Source", help="A name of your choice.", example="Orders"),
            Field(name="File or pattern", help="One file, or a pattern such as settlement_*.csv. Empty: a sheet of this workbook.", example="oms_orders.csv", width=34),
            Field(name="Sheet", help="Worksheet of the file. Empty: the first one with data.", example="Orders"),
            Field(name="Header row", help="Row that holds the headers. Empty: it is found by content.", example="9", least=1, width=12),
            Field(name="Note", help="For the reader.", width=40),
            Field(name="When missing", help="go on: without a file its legs are left out, and the run says so. Empty: stop.", choices=("stop", "go on"), may_lack=True, width=14),
        ),
    ),
    SetupTable(
        title="Legs", sheet="Setup", excel_name="tblLegs", blank_rows=3,
        help="Each leg compares two sides and has its own verdict.",
        fields=(
            Field(name="Leg", help="A name of your choice.", example="Orders"),
            Field(name="Side A", help="Our records: a source, several parted by semicolons, or 'leg NAME side B'.", example="OMS", width=24),
            Field(name="Side B", help="Their records, in the same way.", example="AJIO orders", width=24),
            Field(name="Name of A", help="What side A is called on the sheets.", example="OMS orders", width=20),
            Field(name="Name of B", help="What side B is called on the sheets.", example="AJIO orders", width=20),
            Field(name="Add up A by", help="Adds up the rows of side A by this column before matching.", example="UTR", width=14),
            Field(name="Add up B by", help="Adds up the rows of side B by this column before matching.", width=14),
            Field(name="Tolerance", help="Allowed difference of an id, inclusive. Empty: 0.", example="0.05", is_number=True, width=11),
            Field(name="Date window", help="Days B may lie before or after A. Empty: dates are not compared.", example="3", least=0, width=12),
            Field(name="Id cleaning", help="Beyond the standard: separators; prefix ABC; leading zeros.", example="separators; prefix #", width=24),
            Field(
                name="When totals of an id differ", choices=("keep together", "match equal lines"), example="keep together", width=22,
                help="keep together: no line of it is Matched. match equal lines: lines of equal amount are.",
            ),
        ),
    ),
    SetupTable(
        title="Skip rules", sheet="Setup", excel_name="tblSkipRules", needed=False, blank_rows=3,
        help="Rows that take no part. They are listed on Skipped with the reason.",
        fields=(
            Field(name="Source", help="The source. Empty: every source.", example="OMS"),
            Field(name="Column", help="The header of the column tested, or a formula that is TRUE for rows to skip.", example="status", width=34),
            Field(
                name="Test", choices=("is", "is not", "contains", "starts with", "is empty", "is not empty", "is not empty unless id found"), example="is",
                help="How the column is tested. The last: not empty, unless the row bears an id of the other side whose money goes the same way, "
                "such as a payout that the portal takes back from the bank account.",
            ),
            Field(name="Value", help="Compared without regard to case and outer blanks.", example="Cancelled", width=12),
            Field(name="Reason", help="Shown on Skipped.", example="Cancelled before invoice", width=40),
        ),
    ),
    SetupTable(
        title="Supporting data", sheet="Setup", excel_name="tblSupporting", needed=False, blank_rows=3,
        help="Columns brought to a source from another file, one row for each value.",
        fields=(
            Field(name="For source", help="The source that receives the columns.", example="OMS"),
            Field(name="Its column", help="The column of that source.", example="sku", width=34),
            Field(name="File", help="The file to look in, relative to this workbook. Empty: a sheet of this workbook.", example="sku_master.csv", width=16),
            Field(name="Sheet", help="Its worksheet.", width=12),
            Field(name="Match with", help="The column of the file that holds the same value.", example="sku", width=20),
            Field(name="Take columns", help="The columns to bring, parted by semicolons.", example="category; brand", width=20),
        ),
    ),
    SetupTable(
        title="Derived columns", sheet="Setup", excel_name="tblDerived", needed=False, blank_rows=3,
        help="Columns worked out by an Excel formula, before rows are mapped and matched. They stand live on the sheets of their sources.",
        fields=(
            Field(name="Source", help="The source that gets the column. Side A or side B: every source of that side. Empty: every source.", example="OMS"),
            Field(name="Column", help="A name of your choice; formulas and Mapping use it like any other column.", example="Net of discount", width=34),
            Field(name="Formula", help="[@Price] is the value of the row, Products[SKU] a whole column of another source.", example="=ROUND([@Price]*(1-[@Discount]%),2)", width=60),
            Field(name="Note", help="For the reader.", width=40),
        ),
    ),
    SetupTable(
        title="Expected files", sheet="Setup", excel_name="tblExpected", needed=False, blank_rows=3,
        help="Which file of which source is due when. What has not come by then is named on Summary with its days late; a run does not stop for it.",
        fields=(
            Field(name="Source", help="The source, as in the table Sources.", example="Settlements"),
            Field(name="What", help="What the file is called on Summary.", example="Weekly settlement", width=34),
            Field(name="Due", help="A date, a weekday (Friday), a day of the month (10, last day), or such as '3 days after period end'. What repeats falls due within the period.", example="Friday", width=28),
            Field(name="File name", help="Its name or pattern, without the folder. Empty: any file of the source.", example="settlement_W4*.csv", width=20),
            Field(name="Days allowed", help="Days after the due day on which it is not late yet. Empty: 0.", example="2", least=0, width=12),
            Field(name="Note", help="For the reader.", width=40),
        ),
    ),
    SetupTable(
        title="Mapping", sheet="Mapping", excel_name="tblMapping", help="Which column means what, for each side of each leg.", blank_rows=10,
        fields=(
            Field(name="Leg", help="The leg. Empty: every leg.", example="Orders"),
            Field(name="Side", help="A or B.", choices=("A", "B"), example="A", width=8),
            Field(name="Source", help="The source. Empty: every source of the side.", width=20),
            Field(
                name="Meaning", example="amount", width=18,
                choices=("id", "other reference", "narration", "amount", "date", "compare", "quantity", "item", "currency"),
                help="id: what rows are compared by (several: all together). compare: must agree too. other reference: tried where the id leads nowhere; "
                "narration, last: holds the other side's id, whole or cut. quantity, item: tell repeats from duplicates.",
            ),
            Field(name="Column", help="The header, or a sum: price + freight - discount.", example="line_total_incl_gst", width=40),
            Field(name="Name", help="Pairs the columns of A and B for compare and other reference.", example="GST", width=16),
            Field(
                name="Form", width=12, help="How numbers or dates are written. Empty: proved from the column. Of a narration: how much of a cut id it must show; empty: 10 characters.",
                choices=("auto", "1,234.50", "1.234,50", "day/month", "month/day", "whole id", *(f"from {count} characters" for count in (8, 10, 12, 14, 16))),
            ),
        ),
    ),
    SetupTable(
        title="Rules", sheet="Rules", excel_name="tblRules", needed=False, blank_rows=8,
        help="The ladder of rules, surest first; each sees only what earlier ones left open. Empty: the shipped ladder.",
        fields=(
            Field(name="Leg", help="The leg. Empty: every leg.", example="Orders"),
            Field(name="On", help="no switches the rule off.", choices=("yes", "no"), example="yes", width=8),
            Field(name="Rule", help="A name of your choice; it stands on every match.", example="Totals of the id", width=34),
            Field(
                name="Kind", choices=("manual", "pair", "totals of id", "partial", "suggest"), example="totals of id", width=14,
                help="pair: one line each. totals of id: all lines of an id, sum against sum. partial: same id, not agreed. suggest: same amount, no common id.",
            ),
            Field(name="Tolerance", help="Allowed difference, inclusive. Empty: that of the leg for totals, 0 for pairs.", example="0.05", is_number=True, width=11),
            Field(name="Days before", help="Days B may lie before A. Both empty: dates are not compared.", least=-999, width=12),
            Field(name="Days after", help="Days B may lie after A.", least=-999, width=12),
            Field(name="Note", help="For the reader.", width=50),
        ),
    ),
    # The tables of a marketplace; without rows nothing of it happens.
    SetupTable(
        title="Marketplace", sheet="Marketplace", excel_name="tblMarket", needed=False, judged_here=False, blank_rows=8,
        help="Which columns say what of our orders, the portal's orders, returns and settlement lines. Empty: no fees, payments and dues.",
        fields=(
            Field(name="Role", help="What the rows of the source are.", choices=("Orders", "Portal orders", "Returns", "Settlements"), example="Orders"),
            Field(name="Source", help="The source, as in the table Sources.", example="OMS", width=20),
            Field(
                name="Meaning", example="unit price", width=20,
                help="What the column says. entry: the type of a settlement amount. Columns of the standard template (Amount paid to you, "
                "Fee: XYZ, TCS ...) need no row: leave Meaning and Column empty once.",
                choices=(
                    "order id", "invoice number", "AWB", "item", "quantity", "unit price", "amount", "taxable", "net of discount", "collected", "GST rate", "GST", "order date",
                    "invoice date", "dispatch date", "delivery date", "status", "category", "brand", "weight", "zone", "payment mode", "portal",
                    "flow", "returned on", "kind", "credit note", "line type", "net", "payout", "payout date", "payout reference", "payout total", "remarks", "entry",
                ),
            ),
            Field(name="Column", help="The header; of amounts also a sum: price + freight - discount.", example="unit_price_incl_gst", width=40),
            Field(
                name="Form", example="Cancelled = cancelled; RTO = rto", width=46,
                help="status: your word = ordered, shipped, delivered, cancelled or rto. kind: = customer return or rto. weight: g or kg. "
                "entry: its type, such as COMMISSION or Fee: Packaging. Numbers and dates: as in Mapping.",
            ),
        ),
    ),
    SetupTable(
        title="Payment terms", sheet="Rates", excel_name="tblTerms", needed=False, judged_here=False, blank_rows=3,
        help="When the portal owes the money of an order. 'tieout load Book.xlsx Terms terms.csv' fills it.",
        fields=(
            Field(name="Portal", help="The portal. Empty: every portal.", example="AJIO"),
            Field(name="Flow", help="A way of selling, where one portal has several. Empty: every one.", example="marketplace"),
            Field(name="Due from", help="The day that is counted from.", choices=("invoice", "dispatch", "delivery", "GRN", "end of return window"), example="invoice"),
            Field(name="Days", help="Days after it.", example="15", least=0),
            Field(name="Days are", help="Empty: calendar days.", choices=("calendar", "working"), example="calendar"),
            Field(name="Payout day", help="Weekdays or days of the month on which is paid. Empty: any day.", example="Friday"),
            Field(name="Return window", help="Days after delivery in which the customer may return.", example="7", least=0),
            Field(name="Valid from", help="First day that is counted from, inclusive.", example="2026-03-15"),
            Field(name="Valid to", help="Last one. Empty: open.", width=14),
        ),
    ),
    SetupTable(
        title="Rates", sheet="Rates", excel_name="tblRates", needed=False, judged_here=False, blank_rows=8,
        help="The agreed fees with their dates, one rule a row. 'tieout load Book.xlsx Rates card.csv' fills it.",
        fields=(
            Field(name="Portal", help="The portal. Empty: every portal.", example="AJIO"),
            Field(name="Fee", help="The fee as the payment report names it, without 'Fee:'.", example="Commission", width=18),
            Field(name="Version", help="A name for this agreement, where one follows another.", width=10),
            Field(name="From", help="First day, inclusive.", example="2026-01-01", width=14),
            Field(name="To", help="Last day, inclusive. Empty: open.", width=14),
            Field(name="Date basis", help="Which date decides. Empty: order.", choices=("order", "invoice", "ship", "delivery", "return"), example="order", width=14),
            Field(name="Category", help="Only these categories, parted by semicolons. Empty: any. So for brand, zone and payment mode.", example="Kurtas; Sarees", width=14),
            Field(name="Brand", help="Only these brands.", width=14),
            Field(name="Price from", help="Price above this, exclusive.", example="300", is_number=True, width=14),
            Field(name="Price to", help="Price up to this, inclusive.", example="750", is_number=True, width=14),
            Field(name="Weight from", help="Grams above this, exclusive.", example="500", is_number=True, width=12),
            Field(name="Weight to", help="Grams up to this, inclusive.", example="1000", is_number=True, width=12),
            Field(name="Zone", help="Only these zones.", width=12),
            Field(name="Payment mode", help="Only these payment modes.", width=14),
            Field(name="Base", help="What the % is taken of.", choices=("price incl. GST", "taxable", "net of discount", "collected"), example="price incl. GST", width=16),
            Field(name="%", help="Per cent of the base.", example="12.5", is_number=True, width=8),
            Field(name="Fixed", help="An amount, alone or beside the %.", example="28", is_number=True, width=10),
            Field(name="Min", help="The fee is at least this.", is_number=True, width=10),
            Field(name="Max", help="The fee is at most this.", is_number=True, width=10),
            Field(name="Combine", help="How several rules that hold become one fee. Empty: only one may hold.", choices=("SUM", "GREATEST", "LEAST", "FIRST"), width=12),
            Field(name="GST %", help="Tax on the fee. Empty: the dated row 'GST on fees'.", example="18", is_number=True, width=9),
            Field(name="Tax inclusive", help="yes: the amounts of the row hold the tax.", choices=("yes", "no"), width=12),
            Field(name="Charged on", help="What has to happen first. Empty: Shipped.", choices=("Ordered", "Shipped", "Delivered", "Customer return", "RTO", "Cancelled"), example="Shipped", width=16),
            Field(name="RTO %", help="Share of the fee that comes back when the parcel was not delivered.", example="100", is_number=True, width=9),
            Field(name="Return %", help="Share of the fee that comes back on a customer return.", example="100", is_number=True, width=10),
            Field(name="Contract ref", help="Where it is agreed.", width=24),
            Field(name="Note", help="For the reader.", width=30),
            Field(name="Price of", help="The amount that Price from and Price to test. Empty: price incl. GST.", choices=("price incl. GST", "taxable", "net of discount", "collected"), width=16),
            Field(name="Step (g)", help="Each started step of so many grams above Weight from adds Per step.", is_number=True, width=10),
            Field(name="Per step", help="What each started step adds.", is_number=True, width=10),
            Field(name="Per", help="What the fee is charged on. Empty: unit.", choices=("unit", "item", "order"), width=10),
        ),
    ),
    SetupTable(
        title="Accounts", sheet="Accounts", excel_name="tblAccounts", needed=False, blank_rows=8,
        help="The ledger account of each entry of a payout, as your books name it. Empty: no journal is proposed.",
        fields=(
            Field(
                name="Entry", example="COMMISSION", width=26,
                help="A type of the sheet Releases, such as SALE, TCS or Fee: Packaging. PAYOUT: the clearing account. BANK: where it arrives. "
                "ROUNDING. SALE (not ours), RETURN_SALE (not ours): of orders that our books do not have.",
            ),
            Field(name="Account", help="The ledger account, spelled as in your books.", example="Marketplace commission", width=44),
            Field(name="Post by", help="order: a row for each order, for open-item accounts. Empty: one row a payout.", choices=("payout", "order"), width=12),
            Field(name="Note", help="For the reader.", width=68),
        ),
    ),
)  # fmt: skip

BASICS: tuple[tuple[str, str], ...] = (
    ("Title", "Shown on Summary."),
    ("Entity", "The company whose records side A holds."),
    ("Currency", "The currency of all amounts that name none."),
    ("Period from", "First day of the period; shown, never used to drop rows."),
    ("Period to", "Last day of the period."),
    ("As of", "Ages of open rows are counted to this day. Empty: the period's last day, else the newest date read."),
    (
        "Rows per sheet",
        "Above this, detail goes to a Parquet file beside the workbook; totals stay here. Empty: 1,048,000.",
    ),
    (
        "Live formulas up to",
        "Rows of a source. Above this, derived columns are written as values. Empty: 100,000. 0: values only.",
    ),
    ("Portal", "The portal whose rates and payment terms hold for orders that name none."),
    ("Fee tolerance", "What may be charged above the agreed fee, inclusive. Empty: 0.05."),
)
SETUP_SHEETS = tuple(dict.fromkeys(table.sheet for table in TABLES))


def layout(row_counts: Mapping[str, int] | None = None) -> dict[str, tuple[str, int, int, int, int]]:
    """Where each table stands: title -> (sheet, title row, header row, first row, rows), one-based.

    The template and the sheets that fill it share these places. Each table has so much room that those below
    it seldom move; more rows than that push them down. Rows 1 to 3 of a sheet are its heading, the row below a
    title is its help, two blank rows end a table.
    """
    room = {
        "Reconciliation": len(BASICS),
        "Sources": 12,
        "Legs": 6,
        "Skip rules": 8,
        "Supporting data": 6,
        "Derived columns": 10,
        "Expected files": 8,
        "Mapping": 60,
        "Rules": 20,
        "Marketplace": 50,
        "Payment terms": 12,
        "Rates": 80,
        "Accounts": 40,
    }
    places: dict[str, tuple[str, int, int, int, int]] = {}
    free = dict.fromkeys(SETUP_SHEETS, 4)
    for table in TABLES:
        top = free[table.sheet]
        rows = max(room.get(table.title, table.blank_rows), (row_counts or {}).get(table.title, 0))
        places[table.title] = (table.sheet, top, top + 2, top + 3, rows)
        free[table.sheet] = top + 3 + rows + 2
    return places


def read_tables(cells: Mapping[str, Sequence[Sequence[object]]]) -> tuple[dict[str, list[Row]], list[Problem]]:
    """Cells by sheet -> rows by table title; a Problem for each table or column that is not there."""
    found: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    if not any(cells.get(sheet) for sheet in SETUP_SHEETS):
        what, fix = (
            "This workbook has no Setup sheet.",
            "Make one with 'tieout new BOOK.xlsx', or name the right workbook.",
        )
        return {}, [Problem("S-101", Severity.STOP, Place(sheet="Setup"), "", what, fix)]
    for table in TABLES:
        rows, missing = _read_table(table, cells.get(table.sheet, []))
        found[table.title] = rows
        if missing and (table.needed or missing != ["the table"]):
            what = f"Table {table.title} lacks {', '.join(missing)}."
            fix = f"Put the title '{table.title}' in column A of sheet {table.sheet} and the headers {', '.join(f.name for f in table.fields)} below it."
            problems.append(Problem("S-102", Severity.STOP, Place(sheet=table.sheet), "", what, fix))
    return found, problems


def wrong_cells(tables: Mapping[str, Sequence[Row]]) -> list[Problem]:
    """A Problem for each cell that is none of the closed choices of its column, or no whole number where one is meant."""
    problems = []
    for table in (one for one in TABLES if one.judged_here):
        for row in tables.get(table.title, ()):
            for field in table.fields:
                text = row.text(field.name)
                if not text:
                    continue
                if field.choices and text.casefold() not in [choice.casefold() for choice in field.choices]:
                    problems.append(
                        wrong(
                            row.cell(field.name),
                            text,
                            f"'{text}' is no choice for {field.name}.",
                            f"Choose one of: {', '.join(field.choices)}.",
                        )
                    )
                elif field.least is not None and ((number := as_int(text)) is None or number < field.least):
                    fix = f"Type a whole number{f' from {field.least}' if field.least >= 0 else ''}, or empty the cell."
                    problems.append(wrong(row.cell(field.name), text, f"'{text}' is no number for {field.name}.", fix))
    return problems


def wrong(cell: str, raw: str, what: str, fix: str) -> Problem:
    """A Stop for one cell of Setup."""
    sheet, _, address = cell.rpartition("!")
    return Problem("S-103", Severity.STOP, Place(sheet=sheet, cell=address), raw, what, fix)


def _read_table(table: SetupTable, grid: Sequence[Sequence[object]]) -> tuple[list[Row], list[str]]:
    at = next((n for n, row in enumerate(grid) if row and as_text(row[0]).casefold() == table.title.casefold()), None)
    header_at = (
        None
        if at is None
        else next((n for n in range(at + 1, min(at + 4, len(grid))) if _is_header(table, grid[n])), None)
    )
    if header_at is None:
        return [], ["the table"]
    headers = [as_text(value) for value in grid[header_at]]
    columns = {name: n + 1 for n, name in reversed(list(enumerate(headers))) if name}
    missing = [field.name for field in table.fields if field.name not in columns and not field.may_lack]
    rows = []
    for number, values in enumerate(grid[header_at + 1 :], header_at + 2):
        taken = {
            field.name: (values[columns[field.name] - 1] if columns.get(field.name, 10**6) <= len(values) else None)
            for field in table.fields
        }
        if all(as_text(value) == "" for value in taken.values()):
            continue  # a user may leave a row empty: the next title ends the table
        if as_text(values[0]) in {other.title for other in TABLES if other.sheet == table.sheet} and not any(
            as_text(v) for v in values[1:3]
        ):
            break
        rows.append(Row(values=taken, sheet=table.sheet, row=number, columns=columns))
    return rows, missing


def _is_header(table: SetupTable, row: Sequence[object]) -> bool:
    texts = {as_text(value) for value in row}
    return sum(field.name in texts for field in table.fields) >= min(2, len(table.fields))


def as_text(value: object) -> str:
    """A cell as trimmed text: None -> '', 3.0 -> '3', a date -> ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()[:10]
    return str(value).strip()


def as_int(value: object) -> int | None:
    """A cell as a whole number, None when empty or no number."""
    text = as_text(value)
    return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else None


def as_date(value: object) -> dt.date | None:
    """A cell as a date, None when empty. Raises ValueError for a text that is none."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = as_text(value)
    if not text:
        return None
    read = read_dates(pd.Series([text], dtype="str"), Order.DMY)
    if not read.ok[0]:
        raise ValueError(text)
    return to_date(int(read.day[0]))
