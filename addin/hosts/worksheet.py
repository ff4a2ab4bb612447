"""A worksheet part around its cells: split at <sheetData>, edit what must follow the cells, build new parts.

The part without its cells is small and is parsed whole; the cells are streamed past it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from addin.hosts.refusals import unreadable_part
from addin.hosts.sheetxml import ref_of
from addin.hosts.xmlparts import (
    RELATIONSHIPS,
    Area,
    Doc,
    Edit,
    Node,
    append_edit,
    area_of,
    attribute_text,
    inside_root,
    parse,
    splice,
    tag_edit,
    with_attributes,
)
from recon_core.sheets import Cell, Sheet, Table, column_letter

EDGES = (
    5 / 7
)  # characters: a width in a file holds the edges of a cell, 5 pixels where a digit has 7 (ECMA-376, 18.3.1.13)
ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins",
    "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors",
    "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls",
    "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
TABS = {"grey": "64748B", "blue": "2563EB", "white": "", "green": "16A34A"}
FOLLOWS_ROWS = ("conditionalFormatting", "dataValidation", "ignoredError", "protectedRange")
CELLS = b"\0"  # stands for the cells in a shell; no XML holds it
MAX_SHELL = 64 << 20
PAGE = 280.0  # characters across a landscape A4 page at half size, the smallest that reads well
_OPEN = re.compile(rb"""<((?:[^\s<>/:]+:)?)sheetData((?:\s+[^<>"'/=]+=(?:"[^"]*"|'[^']*'))*)\s*(/?)>""")


class Shell(NamedTuple):
    """A worksheet part less its cells; `doc` has an empty sheetData element in their place."""

    doc: Doc
    data: Node

    @property
    def prefix(self) -> str:
        """The prefix of the elements inside sheetData, 'x:' or ''."""
        return self.data.prefix


class Stretch(NamedTuple):
    """The data rows of a table were `old` and now end at `bottom`."""

    old: Area
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What changes around the cells of one worksheet."""

    extent: Area | None
    owned: bool
    widths: Mapping[int, float] = field(default_factory=dict)
    links: tuple[Cell, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    tables: tuple[Area, ...] = ()
    new_tables: tuple[str, ...] = ()  # relationship ids


def shell_of(pieces: Iterable[bytes], part: str) -> Shell:
    """Read a worksheet part piece by piece, forgetting its cells."""
    head, tag, tail = _split(pieces, part)
    doc = parse(head + tag + tail, part)
    data = doc.root.child("sheetData")
    if data is None or data.start != len(head):
        raise unreadable_part(part, "its cells cannot be found")
    return Shell(doc, data)


def _split(pieces: Iterable[bytes], part: str) -> tuple[bytes, bytes, bytes]:
    """(before the cells, an empty sheetData tag, after the cells)."""
    source = iter(pieces)
    head = b""
    while not (found := _OPEN.search(head)):
        piece = next(source, b"")
        if not piece or len(head) > MAX_SHELL:
            raise unreadable_part(part, "its cells cannot be found")
        head += piece
    rest = head[found.end() :]
    tag = b"<" + found[1] + b"sheetData" + found[2] + b"/>"
    if found[3]:
        return head[: found.start()], tag, rest + b"".join(source)
    end = b"</" + found[1] + b"sheetData"
    while end not in rest:
        piece = next(source, b"")
        if not piece:
            raise unreadable_part(part, "its cells have no end")
        rest = rest[-len(end) :] + piece
    tail = rest[rest.index(end) :] + b"".join(source)
    return head[: found.start()], tag, tail[tail.index(b">") + 1 :]


def redrawn(shell: Shell, around: Around) -> tuple[bytes, bytes]:
    """The part before and after the new cells, sheetData tags included."""
    tag = shell.doc.data[shell.data.start : shell.data.inner][:-2].rstrip() + b">"
    cells = Edit(shell.data.start, shell.data.end, tag + CELLS + f"</{shell.prefix}sheetData>".encode())
    before, after = splice(shell.doc.data, [*around_edits(shell.doc, around), cells]).split(CELLS)
    return before, after


def around_edits(doc: Doc, around: Around) -> list[Edit]:
    """All edits but those of the cells."""
    edits = [*_dimension(doc, around), *_columns(doc, around.widths), *_stretched(doc, around.stretches)]
    if around.owned:
        edits += [*_merges(doc, around.tables), *_filter(doc, around.tables)]
    return [*edits, *_links(doc, around), *_table_parts(doc, around.new_tables)]


def _dimension(doc: Doc, around: Around) -> list[Edit]:
    if around.extent is None:
        return []
    tag = f'<{doc.root.prefix}dimension ref="{ref_of(around.extent)}"/>'
    return [inside_root(doc, ORDER, "dimension", tag.encode())]


def _columns(doc: Doc, widths: Mapping[int, float]) -> list[Edit]:
    """<cols>: our widths; format, hiding and outline of a column stay, other columns stay whole."""
    if not widths:
        return []
    old = doc.root.child("cols")
    singles: dict[int, bytes] = {}
    spans: list[tuple[int, bytes]] = []
    for col in old.all("col") if old else ():
        tag = doc.data[col.start : col.inner]
        if not tag.endswith(b"/>"):
            tag = tag[:-1] + b"/>"
        first, last = int(col.attrs["min"]), int(col.attrs["max"])
        ours = [column for column in sorted(widths) if first <= column <= last]
        singles |= dict.fromkeys(ours, tag)
        spans += _gaps(tag, first, last, ours)
    fresh = f"<{doc.root.prefix}col/>".encode()
    spans += [(column, _col(singles.get(column, fresh), column, width)) for column, width in widths.items()]
    inner = b"".join(tag for _, tag in sorted(spans))
    name = f"{doc.root.prefix}cols".encode()
    return [inside_root(doc, ORDER, "cols", b"<" + name + b">" + inner + b"</" + name + b">")]


def _gaps(tag: bytes, first: int, last: int, ours: list[int]) -> list[tuple[int, bytes]]:
    """The parts of a column span between the columns we set."""
    edges = [first - 1, *ours, last + 1]
    runs = [(left + 1, right - 1) for left, right in pairwise(edges) if right - left > 1]
    return [(left, with_attributes(tag, min=str(left), max=str(right))) for left, right in runs]


def _col(tag: bytes, column: int, width: float) -> bytes:
    number, whole = str(column), round(width + EDGES, 4)
    return with_attributes(tag, min=number, max=number, width=f"{whole:g}", customWidth="1", bestFit=None)


def _stretched(doc: Doc, stretches: Iterable[Stretch]) -> list[Edit]:
    """Conditional formats, validations and their like that covered a table's data rows follow it."""
    moves = [stretch for stretch in stretches if stretch.bottom != stretch.old.bottom]
    edits: list[Edit] = []
    for node in doc.root.walk() if moves else ():
        if node.name not in FOLLOWS_ROWS:
            continue
        if "sqref" in node.attrs:
            edits.append(tag_edit(doc, node, sqref=stretched_ref(node.attrs["sqref"], moves)))
        inner = node.all("sqref")  # x14
        edits += [Edit(ref.inner, ref.close, stretched_ref(ref.text, moves).encode()) for ref in inner]
    return edits


def stretched_ref(sqref: str, moves: Iterable[Stretch]) -> str:
    """Each range that began and ended with the old data rows ends with the new ones."""
    parts = []
    for part in sqref.split():
        new = area = area_of(part)
        for old, bottom in moves:
            columns = new and new.left <= old.right and old.left <= new.right
            if new and columns and (new.top, new.bottom) == (old.top, old.bottom):
                new = new._replace(bottom=bottom)
        parts.append(ref_of(new) if new and new != area else part)
    return " ".join(parts)


def _merges(doc: Doc, tables: Iterable[Area]) -> list[Edit]:
    """Merged cells inside a table are not allowed: those our tables now cover are released."""
    merges = doc.root.child("mergeCells")
    if merges is None:
        return []
    hit = [node for node in merges.all("mergeCell") if _meets_any(node, tables)]
    if len(hit) == len(merges.children):
        return [Edit(merges.start, merges.end, b"")]
    count = str(len(merges.children) - len(hit))
    edits = [Edit(node.start, node.end, b"") for node in hit]
    return [*edits, tag_edit(doc, merges, count=count)] if hit else []


def _meets_any(node: Node, areas: Iterable[Area]) -> bool:
    own = area_of(node.attrs.get("ref", ""))
    return own is not None and any(own.meets(area) for area in areas)


def filter_goes(doc: Doc, tables: Iterable[Area]) -> bool:
    """Whether the sheet's own filter would overlap a table of ours, which Excel does not allow."""
    node = doc.root.child("autoFilter")
    return node is not None and _meets_any(node, tables)


def _filter(doc: Doc, tables: Iterable[Area]) -> list[Edit]:
    """The sheet's own filter: gone under a table of ours, else lifted, as none of the new rows is hidden."""
    node = doc.root.child("autoFilter")
    if node is None:
        return []
    if filter_goes(doc, tables):
        return [Edit(node.start, node.end, b"")]
    return [Edit(child.start, child.end, b"") for child in node.children]


def _links(doc: Doc, around: Around) -> list[Edit]:
    """Links to places inside the workbook are ours on an owned sheet; links out of it always stay."""
    old = doc.root.child("hyperlinks")
    ours = {f"{column_letter(cell.column)}{cell.row}": cell.link for cell in around.links}
    kept = [node for node in old.all("hyperlink") if _link_stays(node, ours, owned=around.owned)] if old else []
    taken = {node.attrs.get("ref") for node in kept}
    name = f"{doc.root.prefix}hyperlink"
    new = "".join(
        f'<{name} ref="{ref}" location="{attribute_text(location(link))}"/>'
        for ref, link in ours.items()
        if ref not in taken
    )
    inner = b"".join(doc.raw(node) for node in kept) + new.encode()
    if inner:
        whole = f"<{name}s>".encode() + inner + f"</{name}s>".encode()
        return [inside_root(doc, ORDER, "hyperlinks", whole)]
    return [Edit(old.start, old.end, b"")] if old else []


def _link_stays(node: Node, ours: Mapping[str, str], *, owned: bool) -> bool:
    if node.attrs.get("r:id"):
        return True
    return not owned and node.attrs.get("ref") not in ours


def location(link: str) -> str:
    """'#A data!B2' -> "'A data'!B2"; names without a sheet stay."""
    sheet, mark, cell = link.removeprefix("#").rpartition("!")
    if not mark:
        return cell
    if sheet.startswith("'") and sheet.endswith("'"):
        return f"{sheet}!{cell}"
    return f"{quoted_sheet(sheet)}!{cell}"


def quoted_sheet(name: str) -> str:
    """A sheet name as a formula writes it; quoting one that needs none does no harm."""
    return "'" + name.replace("'", "''") + "'"


def _table_parts(doc: Doc, ids: Iterable[str]) -> list[Edit]:
    px = doc.root.prefix
    new = "".join(f"<{px}tablePart{doc.relationship_attribute('id', number)}/>" for number in ids)
    if not new:
        return []
    old = doc.root.child("tableParts")
    count = str((len(old.children) if old else 0) + new.count("<"))
    if old:
        return append_edit(doc, old, new.encode(), count=count)
    whole = f'<{px}tableParts count="{count}">{new}</{px}tableParts>'
    return [inside_root(doc, ORDER, "tableParts", whole.encode())]


def new_sheet(sheet: Sheet, space: str, around: Around) -> tuple[bytes, bytes]:
    """A worksheet part of our own making, before and after its cells."""
    relationships = RELATIONSHIPS["purl" in space]
    tab = f'<tabColor rgb="FF{TABS[sheet.tab]}"/>' if TABS[sheet.tab] else ""
    bare = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{space}" '
        f'xmlns:r="{relationships}"><sheetPr>{tab}<pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0" showGridLines="{int(bool(sheet.tables))}">'
        f"{_pane(sheet.freeze_row, sheet.freeze_column)}</sheetView></sheetViews>"
        '<sheetFormatPr defaultRowHeight="15"/><sheetData/>'
        '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        f'<pageSetup paperSize="9" orientation="landscape" fitToWidth="{pages_across(around.widths, sheet.freeze_column)}" fitToHeight="0"/>'
        "<headerFooter><oddFooter>&amp;C&amp;F · &amp;A · page &amp;P of &amp;N</oddFooter></headerFooter>"
        f"{_number_marks(sheet.tables)}</worksheet>"
    )
    return redrawn(shell_of([bare.encode()], sheet.name), around)


def pages_across(widths: Mapping[int, float], freeze_column: int = 0) -> int:
    """How many pages side by side the columns need to be readable, when those before `freeze_column` are repeated on each."""
    still = sum(width for column, width in widths.items() if column < freeze_column)
    rest = sum(widths.values()) - still
    return max(1, math.ceil(rest / max(PAGE - still, PAGE / 2))) if still + rest > PAGE else 1


def last_printed(sheet: Sheet, widths: Mapping[int, float]) -> int:
    """The last column of a sheet whose one table is nearly as wide as a page; 0 for others, where a heading may run on beside the table."""
    return max(widths) if len(sheet.tables) == 1 and sum(widths.values()) > PAGE * 0.8 else 0


def _pane(freeze_row: int, freeze_column: int) -> str:
    """The rows above and the columns before stand still; the selection stays at the first cell of the scrolling part."""
    across, down = max(freeze_column - 1, 0), max(freeze_row - 1, 0)
    if not across and not down:
        return ""
    cell = f"{column_letter(across + 1)}{down + 1}"
    panes = ["topRight"] * bool(across) + ["bottomLeft"] * bool(down) + ["bottomRight"] * bool(across and down)
    splits = f' xSplit="{across}"' * bool(across) + f' ySplit="{down}"' * bool(down)
    pane = f'<pane{splits} topLeftCell="{cell}" activePane="{panes[-1]}" state="frozen"/>'
    return pane + "".join(f'<selection pane="{one}" activeCell="{cell}" sqref="{cell}"/>' for one in panes)


def _number_marks(tables: Iterable[Table]) -> str:
    """No green corners on ids that look like numbers."""
    areas = [
        Area(t.row + 1, t.column + i, t.row + max(len(t.frame), 1), t.column + i)
        for t in tables
        for i, column in enumerate(t.columns)
        if column.kind == "id"
    ]
    marks = "".join(f'<ignoredError sqref="{ref_of(area)}" numberStoredAsText="1"/>' for area in areas)
    return f"<ignoredErrors>{marks}</ignoredErrors>" if marks else ""
