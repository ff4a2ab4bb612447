"""The data and the contenders of bench/formulas.py: each works out one formula over the rows of Orders.

`ours` and `by_hand` get frames and columns in memory and give one value a row. The peers know A1 references only, so
`in_cells` writes the same formula over a sheet Orders, whose row 2 is the first, and sheets for the other tables.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Frames = Mapping[str, pd.DataFrame]
DAY_ZERO = np.datetime64("1899-12-30")
TABLE_ROWS = 100_000
STATUSES = np.array(["Delivered", "RTO", "Cancelled", "In transit", "Returned"])


class Formula(NamedTuple):
    """One formula, and how a person would write it with numpy and pandas."""

    title: str
    text: str
    by_hand: Callable[[pd.DataFrame, Frames], Any]


def make(rows: int) -> dict[str, pd.DataFrame]:
    """Orders, and the tables it looks into. One order in twenty names a SKU that no table knows."""
    random = np.random.default_rng(7)
    numbers = np.arange(rows)
    sku = random.integers(0, int(TABLE_ROWS * 1.05), rows)
    due = 45_292.0 + random.integers(0, 700, rows)
    skus = pd.Series([f"SKU-{number:06d}" for number in range(int(TABLE_ROWS * 1.05))], dtype="str")
    orders = pd.DataFrame({
        "Order ID": pd.Series([f" od-{number:07d}-{number % 97:02d} " for number in numbers.tolist()], dtype="str"),
        "Status": pd.Series(STATUSES[random.choice(5, rows, p=[0.7, 0.1, 0.08, 0.07, 0.05])], dtype="str"),
        "Amount": np.round(random.random(rows) * 5_000, 2),
        "Discount": random.integers(0, 31, rows).astype(float),
        "Date": due - 7,
        "Due": due,
        "Paid": due + random.integers(-10, 30, rows),
        "SKU": skus.take(sku).reset_index(drop=True),
        "SKU No": sku.astype(float),
        "Weight": random.integers(1, 20_000, rows).astype(float),
        "Reference": pd.Series([f"UTR{number % 89:02d}/{number:08d}/NEFT" for number in numbers.tolist()], dtype="str"),
    })  # fmt: skip
    order = random.permutation(TABLE_ROWS)
    products = pd.DataFrame({
        "SKU": skus.take(order).reset_index(drop=True),
        "Rate": np.round(random.random(TABLE_ROWS) * 100, 2),
        "Category": pd.Series([f"Category {number % 40}" for number in order.tolist()], dtype="str"),
        "No": order.astype(float),
    })  # fmt: skip
    payments = pd.DataFrame({
        "SKU": skus.take(random.integers(0, TABLE_ROWS, TABLE_ROWS)).reset_index(drop=True),
        "Type": pd.Series(np.array(["Sale", "Refund", "Fee"])[random.integers(0, 3, TABLE_ROWS)], dtype="str"),
        "Net": np.round(random.random(TABLE_ROWS) * 1_000 - 200, 2),
    })  # fmt: skip
    slabs = pd.DataFrame({"From": np.arange(0.0, 20_000, 500), "Fee": np.arange(40) * 11.5 + 20})
    return {"Orders": orders, "Products": products, "Payments": payments, "Slabs": slabs}


# -- by hand ---------------------------------------------------------------------------------------------------------


def cleaned_ids(orders: pd.DataFrame, _: Frames) -> Any:
    """Ids in capitals, without hyphens and blanks around."""
    return orders["Order ID"].str.replace("-", "", regex=False).str.strip().str.upper()


def net(orders: pd.DataFrame, _: Frames) -> Any:
    """The discounted amount, halves up; the nudge stands for Excel's 15 digits."""
    value = orders["Amount"].to_numpy() * (1 - orders["Discount"].to_numpy() / 100)
    return np.where(orders["Status"] == "RTO", 0.0, np.floor(value * 100 + 0.5 + 1e-7) / 100)


def days(serials: pd.Series) -> Any:
    """Serial numbers as dates."""
    return DAY_ZERO + serials.to_numpy().astype("int64").astype("timedelta64[D]")


def month(orders: pd.DataFrame, _: Frames) -> Any:
    """'Apr-24', worked out once a day."""
    uniques, inverse = np.unique(orders["Date"].to_numpy(), return_inverse=True)
    return pd.DatetimeIndex(days(pd.Series(uniques))).strftime("%b-%y").to_numpy()[inverse]


def month_end(orders: pd.DataFrame, _: Frames) -> Any:
    """The serial number of the last day of the month."""
    following = days(orders["Date"]).astype("datetime64[M]") + 1
    return (following.astype("datetime64[D]") - DAY_ZERO).astype("int64") - 1.0


def found(keys: pd.Series, table: pd.DataFrame, key: str, column: str) -> Any:
    """What stands beside each key in a table, NaN where there is none."""
    at = pd.Index(table[key]).get_indexer(pd.Index(keys))
    return table[column].take(np.maximum(at, 0)).where(at >= 0).to_numpy()


def rate_or_zero(orders: pd.DataFrame, tables: Frames) -> Any:
    """The rate of the SKU, 0 where there is none."""
    return np.nan_to_num(found(orders["SKU"], tables["Products"], "SKU", "Rate"))


def rate(orders: pd.DataFrame, tables: Frames) -> Any:
    """The rate of the SKU, NaN where there is none."""
    return found(orders["SKU"], tables["Products"], "SKU", "Rate")


def category(orders: pd.DataFrame, tables: Frames) -> Any:
    """The category of the SKU, by its number."""
    return found(orders["SKU No"], tables["Products"], "No", "Category")


def sales(orders: pd.DataFrame, tables: Frames) -> Any:
    """The sum of the sales of the SKU."""
    payments = tables["Payments"]
    sums = payments[payments["Type"] == "Sale"].groupby("SKU")["Net"].sum()
    at = sums.index.get_indexer(pd.Index(orders["SKU"]))
    return np.where(at >= 0, sums.to_numpy()[np.maximum(at, 0)], 0.0)


def times(orders: pd.DataFrame, _: Frames) -> Any:
    """How often the SKU stands in the column."""
    codes = pd.factorize(orders["SKU"])[0]
    return np.bincount(codes)[codes].astype(float)


def outcome(orders: pd.DataFrame, _: Frames) -> Any:
    """What the status means."""
    status = orders["Status"]
    tests = [(status == word).to_numpy() for word in ("Delivered", "RTO", "Cancelled")]
    return np.select(tests, ["Settled", "Returned", "No claim"], "Open")


def extracted(orders: pd.DataFrame, _: Frames) -> Any:
    """Two parts of the reference."""
    reference = orders["Reference"]
    return reference.str[:3] + "-" + reference.str.extract(r"/(.{0,8})", expand=False)


def lateness(orders: pd.DataFrame, _: Frames) -> Any:
    """How late it was paid, in words; one text for each number of days."""
    late = np.maximum(0, orders["Paid"].to_numpy() - orders["Due"].to_numpy()).astype("int64")
    words = np.array(
        ["On time", *(f"Late {number} days" for number in range(1, late.max(initial=0) + 1))], dtype=object
    )
    return words[late]


def slab(orders: pd.DataFrame, tables: Frames) -> Any:
    """The fee of the slab the weight falls into."""
    slabs = tables["Slabs"]
    return slabs["Fee"].to_numpy()[np.searchsorted(slabs["From"].to_numpy(), orders["Weight"].to_numpy(), "right") - 1]


FORMULAS = (
    Formula("ids cleaned, all distinct", '=UPPER(TRIM(SUBSTITUTE([@[Order ID]],"-","")))', cleaned_ids),
    Formula("net of discount", '=IF([@Status]="RTO",0,ROUND([@Amount]*(1-[@Discount]%),2))', net),
    Formula("month as text", '=TEXT([@Date],"mmm-yy")', month),
    Formula("end of month", "=EOMONTH([@Date],0)", month_end),
    Formula("XLOOKUP, text key in 100k", "=IFERROR(XLOOKUP([@SKU],Products[SKU],Products[Rate]),0)", rate_or_zero),
    Formula("VLOOKUP exact in 100k", "=VLOOKUP([@SKU],Products,2,FALSE)", rate),
    Formula("INDEX and MATCH in 100k", "=INDEX(Products[Category],MATCH([@[SKU No]],Products[No],0))", category),
    Formula("SUMIFS over 100k", '=SUMIFS(Payments[Net],Payments[SKU],[@SKU],Payments[Type],"Sale")', sales),
    Formula("COUNTIFS of the own column", "=COUNTIFS(Orders[SKU],[@SKU])", times),
    Formula("IFS on text", '=IFS([@Status]="Delivered","Settled",[@Status]="RTO","Returned",[@Status]="Cancelled","No claim",TRUE,"Open")', outcome),
    Formula("LEFT, MID, SEARCH, all distinct", '=LEFT([@Reference],3)&"-"&MID([@Reference],SEARCH("/",[@Reference])+1,8)', extracted),
    Formula("days late as text", '=IF(MAX(0,[@Paid]-[@Due])>0,"Late "&MAX(0,[@Paid]-[@Due])&" days","On time")', lateness),
    Formula("XLOOKUP approximate in slabs", "=XLOOKUP([@Weight],Slabs[From],Slabs[Fee],0,-1)", slab),
)  # fmt: skip


# -- ours ------------------------------------------------------------------------------------------------------------


def column(series: pd.Series) -> Any:
    """A column of a frame as the evaluator holds it. Texts by code and word; no index is made yet."""
    from recon_core.formula.values import Values

    if pd.api.types.is_numeric_dtype(series.dtype):
        return Values.numbers(series.to_numpy(np.float64))
    codes, words = pd.factorize(series)
    return Values.texts(codes.astype(np.int64), tuple(words.tolist()))


def ours(formula: Formula, columns: Mapping[str, Mapping[str, Any]]) -> Any:
    """Parse and evaluate with fresh tables, so that every index is made within the time."""
    from recon_core.formula.evaluate import Scope, evaluate
    from recon_core.formula.parse import parse
    from recon_core.formula.tables import Table
    from recon_core.formula.values import Values

    tables = {}
    for name, cells in columns.items():
        fresh = {header: Values(one.shape, one.tag, one.num, one.codes, one.words) for header, one in cells.items()}
        tables[name.casefold()] = Table.of(name, fresh)
    return evaluate(parse(formula.text), Scope(own=tables["orders"], tables=tables)).values


# -- peers, over cells -------------------------------------------------------------------------------------------------


class Cells(NamedTuple):
    """A formula over cells: its text for one row, and the cells and ranges it names (address -> table, column)."""

    text: str
    row: Mapping[str, str]  # 'B2' -> 'Status'
    ranges: Mapping[str, tuple[str, str]]  # "PRODUCTS!$A$2:$A$100001" -> ('Products', 'SKU'); '' is the whole table


def in_cells(formula: Formula, tables: Frames, row: int = 2) -> Cells:
    """`[@SKU]` -> H2, `Products[SKU]` -> Products!$A$2:$A$100001, `Products` -> the whole range."""
    named: dict[str, str] = {}
    ranges: dict[str, tuple[str, str]] = {}

    def letter(table: str, header: str) -> str:
        return chr(65 + list(tables[table]).index(header))

    def cell(match: re.Match[str]) -> str:
        header = match[1] or match[2]
        name = f"{letter('Orders', header)}{row}"
        named[name] = header
        return name

    def whole(match: re.Match[str]) -> str:
        table, header = match[1], match[2] or ""
        first, last = (letter(table, header),) * 2 if header else ("A", letter(table, str(tables[table].columns[-1])))
        name = f"{table}!${first}$2:${last}${len(tables[table]) + 1}"
        ranges[name.replace("$", "").upper()] = (table, header)
        return name

    text = re.sub(r"\[@(?:\[([^\]]+)\]|(\w+))\]", cell, formula.text)
    text = re.sub(rf"\b({'|'.join(tables)})(?:\[([^\]]+)\]|(?=,))", whole, text)
    return Cells(text, named, ranges)


def compiled(cells: Cells) -> Any:
    """The formula as `formulas` calls it."""
    import formulas

    return formulas.Parser().ast(cells.text)[1].compile()


def range_of(name: str, cells: Cells, tables: Frames) -> Any:
    """What a name of the compiled formula stands for, as an array of cells: a range whole, a row reference all rows."""
    table, header = cells.ranges.get(name.upper().replace("$", ""), ("Orders", cells.row.get(name, "")))
    frame = tables[table]
    return frame[[header]].to_numpy(object) if header else frame.to_numpy(object)


def formulas_by_row(formula: Formula, tables: Frames, seconds: float = 20.0) -> tuple[list[Any], int]:
    """`formulas`, compiled once and called for each row, until the time is over: answers and rows done."""
    cells = in_cells(formula, tables)
    call = compiled(cells)
    parts = [range_of(name, cells, tables) for name in call.inputs]
    moving = [name in cells.row for name in call.inputs]
    rows = min(1_000, len(tables["Orders"]))
    done: list[Any] = []
    began = time.perf_counter()
    while len(done) < rows and time.perf_counter() - began < seconds:
        at = len(done)
        done.append(call(*(part[at, 0] if moves else part for part, moves in zip(parts, moving, strict=True))))
    return done, len(done)


def formulas_by_array(formula: Formula, tables: Frames) -> tuple[Any, int]:
    """`formulas`, called once with whole columns."""
    cells = in_cells(formula, tables)
    call = compiled(cells)
    found = np.asarray(call(*(range_of(name, cells, tables) for name in call.inputs)), object)
    return found.ravel(), len(tables["Orders"])


def formualizer_book(formula: Formula, tables: Frames) -> tuple[Any, int]:
    """formualizer: values in, a formula in each row, all worked out, answers read."""
    import formualizer as fz

    book, rows = fz.Workbook(), len(tables["Orders"])
    first = in_cells(formula, tables)
    used = {("Orders", header) for header in first.row.values()} | set(first.ranges.values())
    for name in sorted({table for table, _ in used}):
        book.add_sheet(name)
        for at, header in enumerate(tables[name], 1):
            if used & {(name, header), (name, "")}:
                cells = [[cell] for cell in tables[name][header].tolist()]
                book.sheet(name).set_values_batch(2, at, len(cells), 1, cells)
    sheet, place = book.sheet("Orders"), tables["Orders"].shape[1] + 1
    texts = [[re.sub(r"(?<![\w$!:])([A-Z])2\b", rf"\g<1>{row}", first.text)] for row in range(2, rows + 2)]
    sheet.set_formulas_batch(2, place, rows, 1, texts)
    book.evaluate_all()
    return [line[0] for line in sheet.get_values(fz.RangeAddress("Orders", 2, place, rows + 1, place))], rows
