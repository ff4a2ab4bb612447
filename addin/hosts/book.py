"""The parts that hold a workbook together: relationships, content types, workbook.xml, calculation chain, pivots.

`read_book` finds them wherever they are; the other functions return a part with one thing changed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from addin.hosts.cellxml import EPOCH_1900, EPOCH_1904
from addin.hosts.refusals import not_a_workbook
from addin.hosts.tables import FoundTable, found_table
from addin.hosts.worksheet import Stretch, quoted_sheet
from addin.hosts.xmlparts import (
    Area,
    Doc,
    Edit,
    Node,
    append_edit,
    area_of,
    attribute_text,
    inside_root,
    parse,
    plain_text,
    splice,
    tag_edit,
)
from addin.hosts.zipparts import Package
from recon_core.sheets import column_letter

TYPES = "[Content_Types].xml"
RELS_SPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
STRICT_RELATION = "http://purl.oclc.org/ooxml/officeDocument/relationships/"
CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.{}+xml"
ORDER = (
    "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups",
    "externalReferences", "definedNames", "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr",
    "smartTagTypes", "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip
_RANGE = re.compile(r"(?P<sheet>'(?:[^']|'')+'|[^'!:,()]+)!(?P<ref>\$?[A-Z]{1,3}\$?\d+:\$?[A-Z]{1,3}\$?\d+)")
_TRUE = ("1", "true", "on")


class Relation(NamedTuple):
    """One relationship; `target` is a part name, '' when it points outside."""

    number: str
    kind: str
    target: str
    node: Node


class BookSheet(NamedTuple):
    """One sheet of the workbook. `part` is '' for a sheet whose part is not there."""

    name: str
    number: int  # sheetId
    part: str
    kind: str  # worksheet, chartsheet, dialogsheet, macrosheet


class Standing(NamedTuple):
    """A pivot table on a sheet, which must neither be overwritten nor lose its cells."""

    sheet: str
    name: str
    area: Area


@dataclass(frozen=True, slots=True)
class Book:
    """Where everything is."""

    part: str
    doc: Doc
    relations: tuple[Relation, ...]
    sheets: tuple[BookSheet, ...]
    tables: tuple[FoundTable, ...]
    pivots: tuple[Standing, ...]

    @property
    def epoch(self) -> int:
        """Serial of 1970-01-01 in the workbook's date system."""
        properties = self.doc.root.child("workbookPr")
        old = properties is not None and properties.attrs.get("date1904", "") in _TRUE
        return EPOCH_1904 if old else EPOCH_1900

    @property
    def structure_locked(self) -> bool:
        """Whether sheets may not be added."""
        protection = self.doc.root.child("workbookProtection")
        return protection is not None and protection.attrs.get("lockStructure", "") in _TRUE

    @property
    def names(self) -> set[str]:
        """Defined names of the whole workbook, lower case."""
        node = self.doc.root.child("definedNames")
        every = node.all("definedName") if node else []
        return {name.attrs.get("name", "").lower() for name in every if "localSheetId" not in name.attrs}

    def sheet(self, name: str) -> BookSheet | None:
        """The sheet of this name, whatever its case."""
        return next((sheet for sheet in self.sheets if sheet.name.lower() == name.lower()), None)

    def related(self, kind: str) -> list[str]:
        """Parts of the workbook of one kind ('styles', 'calcChain')."""
        return [relation.target for relation in self.relations if relation.kind == kind and relation.target]


def read_book(package: Package) -> Book:
    """Follow the relationships from the package to every sheet and table."""
    part = next((r.target for r in relations(package, "") if r.kind == "officeDocument"), "")
    if not part or not package.has(part):
        raise not_a_workbook("it holds no workbook")
    if part.lower().endswith(".bin"):
        raise not_a_workbook("it is a binary workbook (.xlsb)")
    doc = parse(package.read(part), part)
    if doc.root.name != "workbook":
        raise not_a_workbook("it is a document of another program")
    links = tuple(relations(package, part))
    by_number = {relation.number: relation for relation in links}
    node = doc.root.child("sheets")
    sheets = tuple(_book_sheet(sheet, by_number) for sheet in (node.all("sheet") if node else ()))
    return Book(part, doc, links, sheets, tuple(_tables(package, sheets)), tuple(_pivots(package, sheets)))


def _book_sheet(node: Node, by_number: Mapping[str, Relation]) -> BookSheet:
    relation = by_number.get(node.attrs.get("r:id", ""))
    part, kind = (relation.target, relation.kind) if relation else ("", "")
    return BookSheet(node.attrs.get("name", ""), int(node.attrs.get("sheetId", "0")), part, kind)


def _tables(package: Package, sheets: Iterable[BookSheet]) -> Iterator[FoundTable]:
    for sheet in sheets:
        for doc, part in _related_docs(package, sheet, "table"):
            if table := found_table(sheet.name, part, doc):
                yield table


def _pivots(package: Package, sheets: Iterable[BookSheet]) -> Iterator[Standing]:
    for sheet in sheets:
        for doc, _ in _related_docs(package, sheet, "pivotTable"):
            place = doc.root.child("location")
            area = area_of(place.attrs.get("ref", "")) if place else None
            if area:
                yield Standing(sheet.name, doc.root.attrs.get("name", ""), area)


def _related_docs(package: Package, sheet: BookSheet, kind: str) -> Iterator[tuple[Doc, str]]:
    for relation in relations(package, sheet.part) if sheet.part else ():
        if relation.kind == kind and package.has(relation.target):
            yield parse(package.read(relation.target), relation.target), relation.target


def relations_part(part: str) -> str:
    """'xl/workbook.xml' -> 'xl/_rels/workbook.xml.rels'."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relations(package: Package, part: str) -> Iterator[Relation]:
    """The relationships of a part ('' is the package itself)."""
    own = relations_part(part)
    if package.has(own):
        yield from relations_in(parse(package.read(own), own), part)


def relations_in(doc: Doc, part: str) -> Iterator[Relation]:
    """The relationships a parsed .rels part lists."""
    for node in doc.root.all("Relationship"):
        outside = node.attrs.get("TargetMode", "").lower() == "external"
        target = "" if outside else resolve(part, node.attrs.get("Target", ""))
        yield Relation(node.attrs.get("Id", ""), node.attrs.get("Type", "").rpartition("/")[2], target, node)


def resolve(part: str, target: str) -> str:
    """A relationship's target, relative to its part or absolute, as a part name."""
    target = unquote(target.partition("#")[0])
    return posixpath.normpath(posixpath.join("/" + posixpath.dirname(part), target)).lstrip("/")


def empty_relations() -> bytes:
    """A .rels part without relationships."""
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{RELS_SPACE}"/>'.encode()


def with_relations(data: bytes, part: str, new: Iterable[tuple[str, str]], *, strict: bool) -> tuple[bytes, list[str]]:
    """Add (kind, target part) to the .rels of `part`; returns it and the new ids."""
    doc = parse(data, relations_part(part))
    numbers = [int(found[1]) for r in relations_in(doc, part) if (found := re.fullmatch(r"rId(\d+)", r.number))]
    free = max(numbers, default=0) + 1
    space = STRICT_RELATION if strict else RELATION
    tag, ids, xml = f"{doc.root.prefix}Relationship", [], ""
    for offset, (kind, target) in enumerate(new):
        ids.append(f"rId{free + offset}")
        relative = posixpath.relpath("/" + target, "/" + posixpath.dirname(part))
        xml += f'<{tag} Id="{ids[-1]}" Type="{space}{kind}" Target="{attribute_text(relative)}"/>'
    return splice(data, append_edit(doc, doc.root, xml.encode())), ids


def without_relation(data: bytes, part: str, target: str) -> bytes:
    """Drop the relationships to one part."""
    doc = parse(data, relations_part(part))
    gone = [r.node for r in relations_in(doc, part) if r.target.lower() == target.lower()]
    return splice(data, [Edit(node.start, node.end, b"") for node in gone])


def with_types(data: bytes, new: Mapping[str, str]) -> bytes:
    """Add an Override for each new part (part -> 'worksheet', 'table', 'styles')."""
    doc = parse(data, TYPES)
    tag = f"{doc.root.prefix}Override"
    xml = "".join(f'<{tag} PartName="/{part}" ContentType="{CONTENT.format(kind)}"/>' for part, kind in new.items())
    known = {node.attrs.get("Extension", "").lower() for node in doc.root.all("Default")}
    if "rels" not in known:
        content = "application/vnd.openxmlformats-package.relationships+xml"
        xml = f'<{doc.root.prefix}Default Extension="rels" ContentType="{content}"/>{xml}'
    return splice(data, append_edit(doc, doc.root, xml.encode()))


def without_type(data: bytes, part: str) -> bytes:
    """Drop the Override of a part."""
    doc = parse(data, TYPES)
    gone = [n for n in doc.root.all("Override") if n.attrs.get("PartName", "").lstrip("/").lower() == part.lower()]
    return splice(data, [Edit(node.start, node.end, b"") for node in gone])


class NewSheet(NamedTuple):
    """A sheet that is added: its relationship, the header row that printed pages repeat (0: none), the first column that scrolls.

    `last_column`: the last one on paper, where a long text in it would make the page shrink to hold it; 0 prints all.
    """

    name: str
    relation: str
    header_row: int
    freeze_column: int
    last_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChange:
    """What changes in workbook.xml."""

    new_sheets: tuple[NewSheet, ...] = ()
    unfiltered: tuple[str, ...] = ()  # sheets whose own filter went
    stretches: tuple[tuple[str, Stretch], ...] = ()  # (sheet, its table's old and new rows)


def changed_book(book: Book, change: BookChange) -> bytes:
    """workbook.xml with the new sheets last, names that follow their rows, and a full calculation on load."""
    doc = book.doc
    edits = [*_sheet_edits(book, change), *_name_edits(book, change), _calculation_edit(doc)]
    return splice(doc.data, edits)


def _sheet_edits(book: Book, change: BookChange) -> list[Edit]:
    node = book.doc.root.child("sheets")
    if node is None or not change.new_sheets:
        return []
    tag = f"{node.prefix}sheet"
    number = max((sheet.number for sheet in book.sheets), default=0)
    xml = ""
    for offset, new in enumerate(change.new_sheets, 1):
        link = book.doc.relationship_attribute("id", new.relation)
        xml += f'<{tag} name="{attribute_text(new.name)}" sheetId="{number + offset}"{link}/>'
    return append_edit(book.doc, node, xml.encode())


def _name_edits(book: Book, change: BookChange) -> list[Edit]:
    """Defined names: stretched with their tables, without dead filters, with print titles of new sheets."""
    doc, node = book.doc, book.doc.root.child("definedNames")
    edits, left = [], 0
    for name in node.all("definedName") if node else ():
        if _is_dead_filter(book, name, change.unfiltered):
            edits.append(Edit(name.start, name.end, b""))
            continue
        left += 1
        text = stretched_name(name.text, change.stretches)
        if text != name.text:
            edits.append(Edit(name.inner, name.close, plain_text(text).encode()))
    xml = (_print_areas(book, change) + _print_titles(book, change)).encode()
    if node and not left and not xml:
        return [Edit(node.start, node.end, b"")]
    if node:
        return edits + (append_edit(doc, node, xml) if xml else [])
    tag = f"{doc.root.prefix}definedNames"
    return [inside_root(doc, ORDER, "definedNames", f"<{tag}>".encode() + xml + f"</{tag}>".encode())] if xml else []


def _is_dead_filter(book: Book, name: Node, unfiltered: Iterable[str]) -> bool:
    local = name.attrs.get("localSheetId", "")
    if name.attrs.get("name") != "_xlnm._FilterDatabase" or not local.isdigit() or int(local) >= len(book.sheets):
        return False
    return book.sheets[int(local)].name.lower() in {sheet.lower() for sheet in unfiltered}


def stretched_name(text: str, stretches: Iterable[tuple[str, Stretch]]) -> str:
    """A name that is one plain range over a table's rows and ends with its last row follows that row."""
    found = _RANGE.fullmatch(text.strip())
    area = area_of(found["ref"]) if found else None
    if not found or not area:
        return text
    named = found["sheet"].strip("'").replace("''", "'").lower()
    for sheet, (old, bottom) in stretches:
        columns = area.left <= old.right and old.left <= area.right
        if sheet.lower() == named and columns and area.top <= old.top and area.bottom == old.bottom:
            first, last = column_letter(area.left), column_letter(area.right)
            return f"{found['sheet']}!${first}${area.top}:${last}${bottom}"
    return text


def _print_titles(book: Book, change: BookChange) -> str:
    tag = f"{book.doc.root.prefix}definedName"
    return "".join(
        f'<{tag} name="_xlnm.Print_Titles" localSheetId="{len(book.sheets) + place}">'
        f"{plain_text(_repeated(new))}</{tag}>"
        for place, new in enumerate(change.new_sheets)
        if new.header_row
    )


def _print_areas(book: Book, change: BookChange) -> str:
    tag = f"{book.doc.root.prefix}definedName"
    return "".join(
        f'<{tag} name="_xlnm.Print_Area" localSheetId="{len(book.sheets) + place}">'
        f"{plain_text(quoted_sheet(new.name))}!$A:${column_letter(new.last_column)}</{tag}>"
        for place, new in enumerate(change.new_sheets)
        if new.last_column
    )


def _repeated(new: NewSheet) -> str:
    """The columns before the scrolling ones, and the header row: 'Orders'!$A:$A,'Orders'!$5:$5."""
    sheet, last = quoted_sheet(new.name), column_letter(max(new.freeze_column - 1, 1))
    columns = f"{sheet}!$A:${last}," if new.freeze_column > 1 else ""
    return f"{columns}{sheet}!${new.header_row}:${new.header_row}"


def _calculation_edit(doc: Doc) -> Edit:
    old = doc.root.child("calcPr")
    if old:
        return tag_edit(doc, old, fullCalcOnLoad="1")
    return inside_root(doc, ORDER, "calcPr", f'<{doc.root.prefix}calcPr fullCalcOnLoad="1"/>'.encode())


def chain_lists(data: bytes, part: str, numbers: Iterable[int]) -> bool:
    """Whether the calculation chain names a cell of these sheets (by sheetId); an entry without `i` repeats the last."""
    listed = {node.attrs["i"] for node in parse(data, part).root.all("c") if "i" in node.attrs}
    return any(str(number) in listed for number in numbers)


def refreshed_pivot(data: bytes, part: str, sheets: set[str], tables: set[str]) -> bytes | None:
    """A pivot cache set to refresh on load when it feeds on one of these (lower-case) sheets or tables; else None."""
    doc = parse(data, part)
    for node in doc.root.walk():
        if node.name == "worksheetSource" and not node.attrs.get("r:id"):
            own = node.attrs.get("sheet", "").lower() in sheets or node.attrs.get("name", "").lower() in tables
            return splice(data, [tag_edit(doc, doc.root, refreshOnLoad="1")]) if own else None
    return None
