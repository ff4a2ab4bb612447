"""Rows of the Setup tables -> `Sheet` values that write them into a workbook made from the template.

Places come from `schema.layout`, as those of the template do. Cells only, in the looks that stand there: lists to
choose from, messages and formats of the template stay. A table with more rows than the template has room for is
resized, and those below it move down with title, help and header. Excel keeps lists and messages where they stood,
so a moved table has them some rows too high; they only warn. Mapping, Rules and Marketplace stand alone: theirs just stretch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import pandas as pd

from recon_core.schema import BASICS, SETUP_SHEETS, TABLES, SetupTable, as_text, layout
from recon_core.sheets import Cell, Column, Kind, Sheet, Table, Value

Rows = Sequence[Mapping[str, object]]
Place = tuple[str, int, int, int, int]


def setup_sheets(tables: Mapping[str, Rows]) -> list[Sheet]:
    """The Setup sheets with these rows (table title -> dicts by field name), and no others.

    Items of Reconciliation that are not given stay there with an empty value. KeyError for a title or a field
    that the schema does not hold: a value would be lost.
    """
    unknown = set(tables) - {table.title for table in TABLES}
    if unknown:
        raise KeyError(f"no Setup table {', '.join(sorted(unknown))}")
    rows = {table.title: _rows(table, tables.get(table.title, ())) for table in TABLES}
    places = layout({title: len(found) for title, found in rows.items()})
    return [_sheet(name, rows, places, layout()) for name in SETUP_SHEETS]


def sheet_with(name: str, tables: Mapping[str, Rows], grid: Sequence[Sequence[object]]) -> Sheet:
    """A Setup sheet that stands in a workbook as `grid`, with these rows for all its tables, wherever the user has moved them."""
    mine = [table for table in TABLES if table.sheet == name]
    rows = {table.title: _rows(table, tables[table.title]) for table in mine}
    standing = _standing(mine, grid)
    places, moved = {}, 0
    for table in mine:
        sheet, title, header, first, room = standing[table.title]
        wanted = max(room, len(rows[table.title]))
        places[table.title] = (sheet, title + moved, header + moved, first + moved, wanted)
        moved += wanted - room
    return _sheet(name, rows, places, standing)


def _standing(tables: Sequence[SetupTable], grid: Sequence[Sequence[object]]) -> dict[str, Place]:
    """Where tables stand on their sheet; one that is not found stands where the template has it."""
    found = dict(layout())
    titles = {table.title for table in tables}
    starts = [(number, as_text(row[0])) for number, row in enumerate(grid, 1) if row and as_text(row[0]) in titles]
    for at, (number, title) in enumerate(starts):
        sheet, old_title, header, first, room = layout()[title]
        down = number - old_title
        end = starts[at + 1][0] - 2 if at + 1 < len(starts) else max(len(grid), first + down + room - 1)
        found[title] = (sheet, number, header + down, first + down, end - first - down + 1)
    return found


def _rows(table: SetupTable, given: Rows) -> Rows:
    names = {field.name for field in table.fields}
    for row in given:
        if not names.issuperset(row):
            raise KeyError(f"table {table.title} has no column {', '.join(sorted(set(row) - names))}")
    return _basics(given) if table.title == "Reconciliation" else given


def _basics(given: Rows) -> Rows:
    """All items of Reconciliation in the order of the template, then those it does not know."""
    mine = {str(row.get("Item", "")).casefold(): row for row in given}
    known = [{"Item": item, "Note": note} | dict(mine.pop(item.casefold(), {})) for item, note in BASICS]
    return [*known, *mine.values()]


def _sheet(name: str, rows: Mapping[str, Rows], places: Mapping[str, Place], standing: Mapping[str, Place]) -> Sheet:
    mine = [table for table in TABLES if table.sheet == name]
    changed = any(places[table.title] != standing[table.title] for table in mine)
    cells = [
        cell for table in mine for cell in _cells(table, rows[table.title], places[table.title], standing[table.title])
    ]
    if changed:
        cells = [*_cleared(mine, places, standing), *cells]
    tables = tuple(_table(table, places[table.title]) for table in mine) if changed else ()
    return Sheet(name=name, cells=tuple(cells), tables=tables, owned=False, tab="blue")


def _cells(table: SetupTable, rows: Rows, place: Place, standing: Place) -> Iterator[Cell]:
    """Values of a table, blanks below them, and title and help where they have moved."""
    _, title, _, first, room = place
    _, old_title, _, _, old_room = standing
    if title != old_title:
        blanks = [Cell(row=title, column=at, value=None, style="section") for at in range(2, len(table.fields) + 1)]
        yield from [Cell(row=title, column=1, value=table.title, style="section"), *blanks]
        yield Cell(row=title + 1, column=1, value=table.help, style="subtitle")
    for number in range(room):
        values = rows[number] if number < len(rows) else {}
        stands = title == old_title and number < old_room
        for at, field in enumerate(table.fields, 1):
            value = _value(values.get(field.name))
            yield Cell(
                row=first + number, column=at, value=value, style="" if stands else _style(table, field.name, value)
            )


def _style(table: SetupTable, name: str, value: Value) -> str:
    """The look of a cell where the template has none of its own."""
    if table.title == "Reconciliation" and name != "Value":
        return "label" if name == "Item" else "subtitle"
    return "input_date" if isinstance(value, date) else "input"


def _value(value: object) -> Value:
    if value is None or value == "":
        return None
    return value if isinstance(value, str | int | float | bool | date) else str(value)


def _cleared(
    tables: Sequence[SetupTable], places: Mapping[str, Place], standing: Mapping[str, Place]
) -> Iterator[Cell]:
    """Plain blanks wherever a table stands or stood, but where it stands now: no old header shows through."""
    ends = [place[3] + place[4] for table in tables for place in (standing[table.title], places[table.title])]
    taken: dict[int, int] = {}
    for table in tables:
        _, title, header, first, rows = places[table.title]
        taken |= dict.fromkeys((title, *range(header, first + rows)), len(table.fields))
        taken[title + 1] = 1
    wide = max(len(table.fields) for table in tables)
    for row in range(standing[tables[0].title][1], max(ends)):
        for column in range(taken.get(row, 0) + 1, wide + 1):
            yield Cell(row=row, column=column, value=None, style="text")


def _table(table: SetupTable, place: Place) -> Table:
    """The Excel table in its new size; its values are set by cells, which come after it."""
    columns = tuple(Column(name=field.name, kind=Kind.INPUT, width=field.width) for field in table.fields)
    frame = pd.DataFrame({field.name: [None] * place[4] for field in table.fields}, dtype=object)
    return Table(name=table.excel_name, columns=columns, frame=frame, row=place[2])
