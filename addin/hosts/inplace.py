"""Single cells of a sheet that is the user's: set the given ones, keep every other byte of the sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from addin.hosts.cellxml import Plain, cell_xml, needs_quote
from addin.hosts.columnxml import Sheetwide
from addin.hosts.refusals import in_the_way
from addin.hosts.sheetxml import natural_style
from addin.hosts.styles import StyleBook
from addin.hosts.xmlparts import Area, Doc, Edit, Node, append_edit, area_of, tag_edit
from recon_core.sheets import Formula, column_letter

KEEP = -1  # the format the cell has


@dataclass(frozen=True, slots=True)
class Update:
    """A new value, in a format of ours or in the one that stands there."""

    value: Plain
    style: int = KEEP


Updates = Mapping[int, Mapping[int, Update]]  # row -> column -> update


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows and cells of a sheet's XML by number; rows and cells may leave their number out."""

    doc: Doc
    data: Node  # sheetData
    rows: Mapping[int, Node]


def grid_of(doc: Doc, data: Node) -> Grid:
    """Number the rows."""
    rows: dict[int, Node] = {}
    number = 0
    for row in data.all("row"):
        number = int(row.attrs.get("r", number + 1))
        rows[number] = row
    return Grid(doc, data, rows)


def cells_of(row: Node) -> dict[int, Node]:
    """Number the cells of a row."""
    cells: dict[int, Node] = {}
    number = 0
    for cell in row.all("c"):
        area = area_of(cell.attrs.get("r", ""))
        number = area.left if area else number + 1
        cells[number] = cell
    return cells


def kept_cells(grid: Grid, areas: Sequence[Area], sheet: str) -> list[tuple[int, int, str]]:
    """(row, column, XML as written) of the cells inside the areas."""
    kept = [
        (number, column, cell)
        for number, row in grid.rows.items()
        if any(area.top <= number <= area.bottom for area in areas)
        for column, cell in cells_of(row).items()
        if any(area.holds(number, column) for area in areas)
    ]
    _check_shared([cell for _, _, cell in kept], areas, sheet)
    return [(row, column, grid.doc.raw(cell).decode()) for row, column, cell in kept]


def _check_shared(cells: Iterable[Node], areas: Iterable[Area], sheet: str) -> None:
    """A formula shared with cells that go would lose its text, or leave theirs without one."""
    shared = [(cell, f.attrs) for cell in cells if (f := cell.child("f")) and f.attrs.get("t") == "shared"]
    reaches = {f.get("si"): area_of(f["ref"]) for _, f in shared if "ref" in f}
    inside = {si for si, reach in reaches.items() if reach and any(area.contains(reach) for area in areas)}
    for cell, attrs in shared:
        if attrs.get("si") not in inside:
            raise in_the_way(sheet, cell.attrs.get("r", ""), "A formula that other cells share")


def cell_edits(grid: Grid, updates: Updates, styles: StyleBook, epoch: int, sheet: str) -> list[Edit]:
    """The edits that set the cells, existing rows and cells or new ones."""
    wide = Sheetwide(epoch, grid.data.prefix)
    new_rows: dict[int, list[bytes]] = {}
    edits: list[Edit] = []
    for number in sorted(updates):
        row = grid.rows.get(number)
        if row is None:
            xml = _new_row(grid, number, updates[number], styles, wide)
            new_rows.setdefault(_row_place(grid, number), []).append(xml)
        else:
            edits += _row_edits(grid, number, row, updates[number], styles, wide, sheet)
    if new_rows and grid.data.close == grid.data.end:  # <sheetData/>
        return edits + append_edit(grid.doc, grid.data, b"".join(new_rows[grid.data.close]))
    return edits + [Edit(place, place, b"".join(rows)) for place, rows in new_rows.items()]


def has_formula(grid: Grid, updates: Updates) -> bool:
    """Whether a formula goes or comes, so that the calculation chain is out of date."""
    if any(isinstance(update.value, Formula) for row in updates.values() for update in row.values()):
        return True
    touched = (cells_of(grid.rows[number]).get(c) for number in updates if number in grid.rows for c in updates[number])
    return any(cell is not None and cell.child("f") for cell in touched)


def _row_place(grid: Grid, number: int) -> int:
    return min((row.start for n, row in grid.rows.items() if n > number), default=grid.data.close)


def _new_row(grid: Grid, number: int, cells: Mapping[int, Update], styles: StyleBook, wide: Sheetwide) -> bytes:
    inner = "".join(_cell(grid, None, number, c, cells[c], styles, wide) for c in sorted(cells))
    return f'<{wide.px}row r="{number}">{inner}</{wide.px}row>'.encode() if inner else b""


def _row_edits(
    grid: Grid, number: int, row: Node, updates: Mapping[int, Update], styles: StyleBook, wide: Sheetwide, sheet: str
) -> list[Edit]:
    cells = cells_of(row)
    new: dict[int, list[bytes]] = {}
    edits: list[Edit] = []
    for column in sorted(updates):
        old = cells.get(column)
        xml = _cell(grid, old or row, number, column, updates[column], styles, wide).encode()
        if old:
            _check_free(old, sheet)
            edits.append(Edit(old.start, old.end, xml))
        else:
            place = min((cell.start for c, cell in cells.items() if c > column), default=row.close)
            new.setdefault(place, []).append(xml)
    if new and row.close == row.end:  # <row/>
        return append_edit(grid.doc, row, b"".join(new[row.close]), spans=None)
    edits += [Edit(place, place, b"".join(xmls)) for place, xmls in new.items()]
    return [*edits, tag_edit(grid.doc, row, spans=None)] if "spans" in row.attrs else edits


def _check_free(cell: Node, sheet: str) -> None:
    """A formula that other cells live by cannot be overwritten alone."""
    formula = cell.child("f")
    area = area_of(formula.attrs.get("ref", "")) if formula else None
    if area and (area.top, area.left) != (area.bottom, area.right):
        raise in_the_way(sheet, cell.attrs.get("r", ""), "A formula that other cells share")


def _cell(
    grid: Grid, old: Node | None, row: int, column: int, update: Update, styles: StyleBook, wide: Sheetwide
) -> str:
    """The new cell. Where there was none, the format comes from its row or column, as in Excel."""
    style = update.style if update.style != KEEP else _standing_style(grid, old, column)
    style = style or styles.index(natural_style(update.value))
    if needs_quote(update.value):
        style = styles.quoted(style)
    return cell_xml(f"{column_letter(column)}{row}", update.value, style, wide.epoch, wide.px)


def _standing_style(grid: Grid, old: Node | None, column: int) -> int:
    if old is not None and (old.name == "c" or old.attrs.get("customFormat") in ("1", "true")):
        return int(old.attrs.get("s", "0"))
    cols = grid.doc.root.child("cols")
    for col in cols.all("col") if cols else ():
        if int(col.attrs["min"]) <= column <= int(col.attrs["max"]):
            return int(col.attrs.get("style", "0"))
    return 0
