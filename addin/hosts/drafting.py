"""What the new package holds: for each `Sheet` the parts it changes, adds or drops. Nothing is written here.

A draft is made wholly in memory but for the cells of our sheets, which it keeps as streams to be drawn.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from addin.hosts import book as books
from addin.hosts.book import Book, BookChange, BookSheet
from addin.hosts.cellxml import Plain, table_value
from addin.hosts.columnxml import Sheetwide
from addin.hosts.inplace import KEEP, Update, cell_edits, grid_of, has_formula, kept_cells
from addin.hosts.refusals import in_the_way, name_taken, not_a_worksheet, structure_locked, unreadable_part
from addin.hosts.sheetxml import (
    Content,
    check_size,
    content_of,
    headers,
    ref_of,
    spanned,
    stream_rows,
    table_area,
    widths,
)
from addin.hosts.styles import StyleBook, minimal_styles
from addin.hosts.tables import FoundTable, new_table, resized
from addin.hosts.worksheet import Around, Stretch, around_edits, filter_goes, last_printed, new_sheet, redrawn, shell_of
from addin.hosts.xmlparts import Area, Doc, Node, area_of, parse, splice
from addin.hosts.zipparts import Package
from recon_core.sheets import Column, ExcelError, Formula, Sheet, Table


@dataclass(frozen=True, slots=True)
class Stream:
    """A worksheet part to be: fixed bytes around rows that are drawn while they are written."""

    before: bytes
    content: Content
    after: bytes

    def pieces(self) -> Iterator[bytes | memoryview]:
        """The part from its first byte to its last."""
        yield self.before
        yield from stream_rows(self.content)
        yield self.after


@dataclass(slots=True)
class Draft:
    """The changes so far, by part name in lower case; `names` has each name as it is spelled."""

    package: Package
    book: Book
    styles: StyleBook
    parts: dict[str, bytes] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    types: dict[str, str] = field(default_factory=dict)  # new part -> kind of content
    stretches: list[tuple[str, Stretch]] = field(default_factory=list)
    unfiltered: list[str] = field(default_factory=list)
    new_sheets: list[tuple[str, Sheet]] = field(default_factory=list)  # part, sheet
    new_tables: int = 0
    formulas_moved: bool = False

    def put(self, part: str, data: bytes, kind: str = "") -> None:
        """Set a part; `kind` for a new one."""
        self.names[part.lower()] = part
        self.parts[part.lower()] = data
        if kind:
            self.types[part] = kind

    def read(self, part: str) -> bytes:
        """A part as it will be."""
        return self.parts[part.lower()] if part.lower() in self.parts else self.package.read(part)

    def free_part(self, folder: str, stem: str) -> str:
        """A part name nobody uses: 'xl/tables/table7.xml'."""
        base = posixpath.join(posixpath.dirname(self.book.part), folder)
        number = 1
        while self.package.has(f"{base}/{stem}{number}.xml") or f"{base}/{stem}{number}.xml".lower() in self.names:
            number += 1
        return f"{base}/{stem}{number}.xml"

    def link(self, part: str, new: Sequence[tuple[str, str]]) -> list[str]:
        """Relate `part` to new (kind, part)s; returns the relationship ids."""
        own = books.relations_part(part)
        known = own.lower() in self.parts or self.package.has(own)
        data = self.read(own) if known else books.empty_relations()
        data, ids = books.with_relations(data, part, new, strict=self.book.doc.strict)
        self.put(own, data)
        return ids


def drafted(package: Package, sheets: Sequence[Sheet]) -> Draft:
    """All changes for these sheets. Raises H-105, H-111 to H-115; ValueError for sheets that contradict themselves."""
    book = books.read_book(package)
    for names in ([sheet.name for sheet in sheets], [table.name for sheet in sheets for table in sheet.tables]):
        if len({name.lower() for name in names}) < len(names):
            raise ValueError(f"a name twice: {names}")
    draft = _begun(package, book)
    for sheet in sheets:
        _check_place(draft, sheet)
        found = book.sheet(sheet.name)
        if found is None:
            _add(draft, sheet)
        elif sheet.owned:
            _redraw(draft, found, sheet)
        else:
            _touch(draft, found, sheet)
    _finish(draft, sheets)
    return draft


def _begun(package: Package, book: Book) -> Draft:
    part = next(iter(book.related("styles")), "")
    if part:
        return Draft(package, book, StyleBook(package.read(part), part))
    part = posixpath.join(posixpath.dirname(book.part), "styles.xml")
    draft = Draft(package, book, StyleBook(minimal_styles(book.doc.root.space), part))
    draft.put(part, draft.styles.doc.data, "styles")
    draft.link(book.part, [("styles", part)])
    return draft


def _check_place(draft: Draft, sheet: Sheet) -> None:
    """Refuse before anything is drawn what Excel would repair or a user would lose."""
    check_size(sheet)
    found = draft.book.sheet(sheet.name)
    if found is None and draft.book.structure_locked:
        raise structure_locked(sheet.name)
    if found is not None and (found.kind != "worksheet" or not draft.package.has(found.part)):
        raise not_a_worksheet(sheet.name)
    ours = {table.name.lower() for table in sheet.tables}
    for table in draft.book.tables:
        if table.name.lower() in ours and table.sheet.lower() != sheet.name.lower():
            raise name_taken(sheet.name, table.name, f"by a table on the sheet '{table.sheet}'")
    for name in ours & draft.book.names:
        raise name_taken(sheet.name, name, "in the Name Manager")
    for thing, area in standing(draft.book, sheet):
        hit = any(table_area(table).meets(area) for table in sheet.tables)
        if hit or any(area.holds(cell.row, cell.column) for cell in sheet.cells if sheet.owned):
            raise in_the_way(sheet.name, ref_of(area), thing)


def standing(book: Book, sheet: Sheet) -> list[tuple[str, Area]]:
    """Tables and pivot tables on this sheet that are not ours: what they are called, and where."""
    ours = {table.name.lower() for table in sheet.tables}
    here = sheet.name.lower()
    tables = [t for t in book.tables if t.sheet.lower() == here and t.name.lower() not in ours]
    pivots = [pivot for pivot in book.pivots if pivot.sheet.lower() == here]
    named = [(f"The table {table.name}", table.area) for table in tables]
    return named + [(f"The pivot table {pivot.name}", pivot.area) for pivot in pivots]


def _add(draft: Draft, sheet: Sheet) -> None:
    """A sheet that does not exist yet, after the last one."""
    part = draft.free_part("worksheets", "sheet")
    draft.names[part.lower()] = part
    draft.types[part] = "worksheet"
    content = content_of(sheet, draft.styles, Sheetwide(draft.book.epoch))
    around = _around(draft, part, sheet, content.extent)
    before, after = new_sheet(sheet, draft.book.doc.root.space, around)
    draft.streams[part.lower()] = Stream(before, content, after)
    draft.formulas_moved |= holds_formulas(sheet)
    draft.new_sheets.append((part, sheet))


def _redraw(draft: Draft, found: BookSheet, sheet: Sheet) -> None:
    """A sheet of ours: all cells anew, everything around them stays."""
    shell = shell_of(draft.package.stream(found.part), found.part)
    content = content_of(sheet, draft.styles, Sheetwide(draft.book.epoch, shell.prefix))
    _keep_foreign(draft, found, sheet, content)
    around = _around(draft, found.part, sheet, content.extent)
    if filter_goes(shell.doc, around.tables):
        draft.unfiltered.append(found.name)
    before, after = redrawn(shell, around)
    draft.streams[found.part.lower()] = Stream(before, content, after)
    draft.formulas_moved |= holds_formulas(sheet) or _chain_lists(draft, found)


def _keep_foreign(draft: Draft, found: BookSheet, sheet: Sheet, content: Content) -> None:
    """Cells of a user's table on our sheet stay as they are: its headers are in them. So do a pivot table's."""
    areas = [area for _, area in standing(draft.book, sheet)]
    if areas:
        doc, data = _with_cells(draft, found.part)
        for row, column, xml in kept_cells(grid_of(doc, data), areas, sheet.name):
            content.put(row, column, xml)


def _with_cells(draft: Draft, part: str) -> tuple[Doc, Node]:
    doc = parse(draft.package.read(part), part)
    data = doc.root.child("sheetData")
    if data is None:
        raise unreadable_part(part, "its cells cannot be found")
    return doc, data


def _touch(draft: Draft, found: BookSheet, sheet: Sheet) -> None:
    """A sheet of the user's: the given cells and tables, every other byte stays."""
    doc, data = _with_cells(draft, found.part)
    grid = grid_of(doc, data)
    updates = updates_of(sheet, draft.styles, draft.book.tables)
    areas = [Area(row, min(cells), row, max(cells)) for row, cells in updates.items()]
    dimension = doc.root.child("dimension")
    old = area_of(dimension.attrs.get("ref", "")) if dimension else None
    for area in _merged(doc):
        if any(area.meets(table_area(table)) for table in sheet.tables):
            raise in_the_way(sheet.name, ref_of(area), "A merged cell")
    around = _around(draft, found.part, sheet, spanned([*areas, *([old] if old else [])]) if areas else None)
    edits = around_edits(doc, around) + cell_edits(grid, updates, draft.styles, draft.book.epoch, sheet.name)
    draft.put(found.part, splice(doc.data, edits))
    draft.formulas_moved |= has_formula(grid, updates)


def _merged(doc: Doc) -> Iterator[Area]:
    merges = doc.root.child("mergeCells")
    for node in merges.all("mergeCell") if merges else ():
        if area := area_of(node.attrs.get("ref", "")):
            yield area


def updates_of(sheet: Sheet, styles: StyleBook, tables: Iterable[FoundTable]) -> Mapping[int, Mapping[int, Update]]:
    """Every cell to set: the free ones, the tables, and blanks where a table stood before."""
    updates: dict[int, dict[int, Update]] = {}
    old = {table.name.lower(): table.area for table in tables}
    for table in sheet.tables:
        area = old.get(table.name.lower(), table_area(table))
        for row in range(area.top, area.bottom + 1):
            blanks = dict.fromkeys(range(area.left, area.right + 1), Update(None))
            updates.setdefault(row, {}).update(blanks)
    for table in sheet.tables:
        for row, column, update in _table_updates(table, styles):
            updates.setdefault(row, {})[column] = update
    for cell in sheet.cells:
        style = styles.index(cell.style) if cell.style else KEEP
        updates.setdefault(cell.row, {})[cell.column] = Update(cell.value, style)
    return updates


def _table_updates(table: Table, styles: StyleBook) -> Iterator[tuple[int, int, Update]]:
    for offset, name in enumerate(headers(table)):
        yield table.row, table.column + offset, Update(name, styles.index(table.columns[offset].header_style))
    for offset, column in enumerate(table.columns):
        style = styles.index(column.cell_style)
        values = list(table.frame.iloc[:, offset]) or [None]
        for number, value in enumerate(values, table.row + 1):
            yield number, table.column + offset, Update(_live(value, column), style)


def _live(value: object, column: Column) -> Plain:
    """The value of a cell; in a calculated column, the formula with it."""
    if not column.formula:
        return table_value(value, column.kind)
    plain = value.word if isinstance(value, ExcelError) else table_value(value, column.kind)
    if isinstance(plain, Formula):
        raise TypeError(f"a formula inside the formula column {column.name}")
    return None if plain is None else Formula(column.formula, plain)


def _around(draft: Draft, part: str, sheet: Sheet, extent: Area | None) -> Around:
    """Tables of the sheet are drafted on the way."""
    ids, stretches = _draft_tables(draft, part, sheet)
    return Around(
        extent=extent,
        owned=sheet.owned,
        widths=widths(sheet) if sheet.owned else dict(sheet.widths),
        links=tuple(cell for cell in sheet.cells if cell.link),
        stretches=tuple(stretches),
        tables=tuple(table_area(table) for table in sheet.tables),
        new_tables=tuple(ids),
    )


def _draft_tables(draft: Draft, part: str, sheet: Sheet) -> tuple[list[str], list[Stretch]]:
    """Resize the tables that are there, add the others; (new relationship ids, where rows moved)."""
    found = {table.name.lower(): table for table in draft.book.tables}
    new: list[tuple[str, str]] = []
    stretches: list[Stretch] = []
    for table in sheet.tables:
        old = found.get(table.name.lower())
        if old is None:
            new.append(("table", _new_table_part(draft, table)))
            continue
        draft.put(old.part, resized(old, table))
        if old.data.top == table.row + 1:  # only then do relative formulas of formats still fit
            stretches.append(Stretch(old.data, table_area(table).bottom))
    draft.stretches += [(sheet.name, stretch) for stretch in stretches]
    return (draft.link(part, new) if new else []), stretches


def _new_table_part(draft: Draft, table: Table) -> str:
    part = draft.free_part("tables", "table")
    draft.new_tables += 1
    number = max((found.number for found in draft.book.tables), default=0) + draft.new_tables
    draft.put(part, new_table(table, number, draft.book.doc.root.space), "table")
    return part


def holds_formulas(sheet: Sheet) -> bool:
    """Whether any cell of ours is a live formula."""
    if any(isinstance(cell.value, Formula) for cell in sheet.cells):
        return True
    if any(column.formula for table in sheet.tables for column in table.columns):
        return True
    mixed = (values for t in sheet.tables for _, values in t.frame.items() if values.dtype == object)
    return any(isinstance(value, Formula) for values in mixed for value in values)


def _chain_lists(draft: Draft, found: BookSheet) -> bool:
    chains = [part for part in draft.book.related("calcChain") if draft.package.has(part)]
    return any(books.chain_lists(draft.package.read(part), part, [found.number]) for part in chains)


def _finish(draft: Draft, sheets: Sequence[Sheet]) -> None:
    """The parts that hold everything together."""
    book = draft.book
    if draft.formulas_moved:
        _drop_chain(draft)
    ids = draft.link(book.part, [("worksheet", part) for part, _ in draft.new_sheets]) if draft.new_sheets else []
    named = [
        books.NewSheet(
            sheet.name,
            number,
            sheet.tables[0].row if sheet.tables else 0,
            sheet.freeze_column,
            last_printed(sheet, widths(sheet)),
        )
        for (_, sheet), number in zip(draft.new_sheets, ids, strict=True)
    ]
    change = BookChange(new_sheets=tuple(named), unfiltered=tuple(draft.unfiltered), stretches=tuple(draft.stretches))
    draft.put(book.part, books.changed_book(book, change))
    _put_styles(draft)
    _refresh_pivots(draft, sheets)
    if draft.types:
        draft.put(books.TYPES, books.with_types(draft.read(books.TYPES), draft.types))


def _put_styles(draft: Draft) -> None:
    part = next(iter(draft.book.related("styles")), "") or posixpath.join(
        posixpath.dirname(draft.book.part), "styles.xml"
    )
    data = draft.styles.xml()
    if data != draft.styles.doc.data:
        draft.put(part, data)


def _drop_chain(draft: Draft) -> None:
    """A chain that lists a cell without a formula makes Excel repair the file; it builds a new one by itself."""
    for part in draft.book.related("calcChain"):
        own = books.relations_part(draft.book.part)
        draft.put(own, books.without_relation(draft.read(own), draft.book.part, part))
        draft.put(books.TYPES, books.without_type(draft.read(books.TYPES), part))
        draft.dropped.add(part.lower())


def _refresh_pivots(draft: Draft, sheets: Sequence[Sheet]) -> None:
    names = {sheet.name.lower() for sheet in sheets}
    tables = {table.name.lower() for sheet in sheets for table in sheet.tables}
    for part in draft.book.related("pivotCacheDefinition"):
        if draft.package.has(part) and (data := books.refreshed_pivot(draft.package.read(part), part, names, tables)):
            draft.put(part, data)
