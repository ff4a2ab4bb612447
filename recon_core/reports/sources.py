"""Sheets "Source <name>": the rows of a source that formulas use, its derived columns alive beside the values we worked out.

A derived column is a calculated column of an Excel table, so that an auditor reads the user's own formula in the cell.
Above the row limit of Setup, or where a formula reads a table that is not written, values stand alone, and the sheet says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from recon_core import formula
from recon_core.derivations import table_name
from recon_core.formula import ExcelError, Tag, Values, folded
from recon_core.prepare import SourceTable
from recon_core.prepare.derive import SourceColumn
from recon_core.reports.case import TABLE_ROW, Case, as_text, heading
from recon_core.sheets import Cell, Column, Kind, Sheet, Table
from recon_core.sheets import ExcelError as SheetError
from recon_core.typed import Content

PLACE = (Column(name="Source file"), Column(name="Source row", kind=Kind.INTEGER, width=10))
HEADER_LIMIT = 255
FIRST_DATE = 61  # 1-Mar-1900: before it Excel's calendar has a day that never was


def sheets(case: Case) -> list[Sheet]:
    """A sheet for each source that formulas fill or look into, and a word on those of an earlier run that none does now."""
    made = [_sheet(case, table) for table in case.tables]
    names = {sheet.name for sheet in made}
    return made + [_unused(case, name, source) for name, source in case.standing.items() if name not in names]


def sheet_names(sources: Iterable[str]) -> dict[str, str]:
    """Source -> 'Source OMS', without the signs a sheet name may not have, at most 31 characters, each its own."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for source in sources:
        clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", source)
        name, number = f"Source {clean}"[:31].strip(" '"), 1
        while name.casefold() in taken:
            number += 1
            name = f"{f'Source {clean}'[:28]}~{number}".strip(" '")
        taken.add(name.casefold())
        names[source] = name
    return names


def workbook_table(source: str) -> str:
    """The Excel table of a source: src_OMS. The prefix keeps it apart from cells (AB12) and the user's own tables."""
    return f"src_{table_name(source)}"[:200]


def _sheet(case: Case, table: SourceTable) -> Sheet:
    live = _is_live(case, table)
    own = [_column(case, table, column, live=live) for column in table.columns]
    named = [(replace(column, name=name), values) for (column, values), name in zip(own, _headers(table), strict=True)]
    columns = [*named, *_file_columns(table)]
    name = case.source_sheets[table.source]
    cells = heading(case, name, _hint(table)) + _said(case, table, live=live)
    length = 0 if table.rows > case.recipe.rows_per_sheet else table.rows
    frame = pd.DataFrame({column.name: values.iloc[:length] for column, values in columns})
    return Sheet(
        name=name, cells=cells, tab="white", freeze_row=TABLE_ROW + 1,
        tables=(Table(name=workbook_table(table.source), columns=tuple(column for column, _ in columns), frame=frame, row=TABLE_ROW),),
    )  # fmt: skip


def _hint(table: SourceTable) -> str:
    """What the columns are: the derived ones by name, the rest from the file."""
    derived = [column.header for column in table.columns if column.job]
    if not derived:
        return "The rows of the file that formulas of other sources look into, with the columns they use."
    names = f"Derived: {', '.join(derived)}."
    return f"{names} Click a cell to read its formula; the other columns are the file's, as formulas read them."


def _is_live(case: Case, table: SourceTable) -> bool:
    """Whether the derived columns of a source can stand as formulas: few enough rows, and every table they read is written."""
    limit = min(case.recipe.live_rows, case.recipe.rows_per_sheet)
    written = {folded(table_name(one.source)) for one in case.tables if one.rows <= case.recipe.rows_per_sheet}
    read = {
        folded(ref.table)
        for column in table.columns
        if column.job
        for ref in formula.references(column.job.tree)
        if ref.table
    }
    return table.rows <= limit and read <= written and _as_written(table)


def _as_written(table: SourceTable) -> bool:
    """Whether the sheet keeps the headers as they are, so that formulas find them: different in Excel's eyes, in one line."""
    headers = [column.header for column in table.columns]
    plain = all(len(header) <= HEADER_LIMIT and header == header.strip() and header.isprintable() for header in headers)
    return plain and len({header.casefold() for header in headers}) == len(headers)


def _said(case: Case, table: SourceTable, *, live: bool) -> tuple[Cell, ...]:
    """Row 4: why there are values only, with the formulas as text."""
    derived = [column.job for column in table.columns if column.job]
    if live or not (derived or table.rows > case.recipe.rows_per_sheet):
        return ()
    texts = "; ".join(f"{job.header}: {job.text}" for job in derived)
    why = (
        f"{table.rows:,} rows are more than {case.recipe.live_rows:,} (Setup, Live formulas up to)"
        if table.rows > case.recipe.live_rows else "headers of the file, or a table that a formula reads, do not fit an Excel table"
    )  # fmt: skip
    if table.rows > case.recipe.rows_per_sheet:
        said = f"{table.rows:,} rows do not fit a sheet (Setup, Rows per sheet); they stand in the files of the source. {texts}"
    else:
        said = f"Values, not live formulas: {why}. {texts}"
    return (Cell(row=4, column=1, value=said[:2000], style="warn"),)


def _file_columns(table: SourceTable) -> list[tuple[Column, pd.Series]]:
    names = np.repeat(np.arange(len(table.raws)), [len(raw.frame) for raw in table.raws])
    files = pa.array([raw.file for raw in table.raws], pa.large_string()).take(pa.array(names))
    rows = np.concatenate([np.asarray(raw.row, np.int64) for raw in table.raws])
    taken = {name.casefold() for name in _headers(table)}
    places = [replace(one, name=_free(one.name, taken)) for one in PLACE]
    return [(places[0], as_text(files)), (places[1], pd.Series(rows))]


def _headers(table: SourceTable) -> list[str]:
    """The headers on the sheet: at most 255 characters, and different in Excel's eyes."""
    taken: set[str] = set()
    return [_free(column.header[:HEADER_LIMIT], taken) for column in table.columns]


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken already; it is taken from then on."""
    free, number = name, 1
    while free.casefold() in taken:
        number += 1
        free = f"{name[: HEADER_LIMIT - 6]} ({number})"
    taken.add(free.casefold())
    return free


def _column(case: Case, table: SourceTable, column: SourceColumn, *, live: bool) -> tuple[Column, pd.Series]:
    shown = column.typed.values
    if table.rows > case.recipe.rows_per_sheet:  # the formulas are told, the rows stand in their files
        shown = shown.take(np.arange(0))
    kind, values = _cells(shown, column.typed.content, is_derived=column.job is not None)
    text, is_array = "", False
    if live and column.job is not None:
        names = {table_name(one.source): workbook_table(one.source) for one in case.tables}
        headers = {table_name(one.source): [own.header for own in one.columns] for one in case.tables}
        headers[""] = [own.header for own in table.columns]
        spans = {table_name(one.source): ends for one in case.tables if (ends := _span(one))}
        text = formula.to_workbook(
            column.job.tree, workbook_table(table.source), names, headers, {**spans, **_own_span(table)}
        )
        is_array = formula.needs_array(column.job.tree)
    return Column(name=column.header[:HEADER_LIMIT], kind=kind, formula=text, is_array=is_array), values


def _span(table: SourceTable) -> tuple[str, str] | None:
    """The first and last column of the file on the sheet: what a bare table name stands for."""
    own = [column.header for column in table.columns if column.job is None]
    return (own[0], own[-1]) if own else None


def _own_span(table: SourceTable) -> dict[str, tuple[str, str]]:
    ends = _span(table)
    return {"": ends} if ends else {}


def _cells(values: Values, content: Content, *, is_derived: bool) -> tuple[Kind, pd.Series]:
    """A column as the sheet holds it. One kind where all cells are of it, else each cell as it is."""
    number = values.where(Tag.NUMBER)
    blank = values.where(Tag.BLANK)
    if content is Content.DATE and (number | blank).all() and not (values.num_of()[number] < FIRST_DATE).any():
        has_time = bool((values.num_of()[number] % 1 != 0).any())
        return (Kind.DATETIME if has_time else Kind.DATE), _dates(values.num_of(), number)
    if values.is_a(Tag.NUMBER):
        whole = bool((values.num_of() == np.floor(values.num_of())).all())
        return (Kind.VALUE if whole else Kind.NUMBER), pd.Series(values.num_of())
    if (values.where(Tag.TEXT) | blank).all():
        return (Kind.TEXT if is_derived else Kind.ID), _texts(values, blank)
    return Kind.VALUE, pd.Series([_value(one) for one in values.items()], dtype=object)


def _texts(values: Values, blank: npt.NDArray[np.bool_]) -> pd.Series:
    words = pa.array([*values.words, ""], pa.large_string())
    codes = np.where(blank, len(values.words), values.codes_of())
    return as_text(words.take(pa.array(codes)))


def _dates(serial: npt.NDArray[np.float64], filled: npt.NDArray[np.bool_]) -> pd.Series:
    seconds = np.round((serial - 25_569) * 86_400).astype("int64").astype("datetime64[s]")
    return pd.Series(np.where(filled, seconds, np.datetime64("NaT", "s")))


def _value(one: formula.Scalar) -> object:
    return SheetError(one.value) if isinstance(one, ExcelError) else one


def _unused(case: Case, name: str, source: str) -> Sheet:
    """A sheet of an earlier run whose source no formula uses now: emptied, so that no old figure stands."""
    said = "No formula of this run uses the source; the sheet may be deleted."
    table = Table(
        name=workbook_table(source),
        columns=PLACE,
        frame=pd.DataFrame({column.name: [] for column in PLACE}),
        row=TABLE_ROW,
    )
    return Sheet(name=name, cells=heading(case, name, said), tables=(table,), tab="grey", freeze_row=TABLE_ROW + 1)
