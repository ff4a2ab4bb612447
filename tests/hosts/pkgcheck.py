"""A small checker of workbook packages for what makes Excel repair a file. `check(path)` lists what is wrong.

Written apart from the product on purpose: it shares no code with it.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

TYPES = "[Content_Types].xml"
MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
CHILDREN = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting "
    "dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties "
    "cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls "
    "webPublishItems tableParts extLst"
)
BOOK = (
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences "
    "definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing "
    "fileRecoveryPr webPublishObjects extLst"
)
STYLES = "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst"
TABLE = "autoFilter sortState tableColumns tableStyleInfo extLst"
COLUMN = "calculatedColumnFormula totalsRowFormula xmlColumnPr extLst"
REPEATED = ("conditionalFormatting", "fileRecoveryPr")
Element = ET.Element


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def named(element: Element, name: str) -> list[Element]:
    return [found for found in element.iter() if local(found) == name]


def link(element: Element) -> str | None:
    return next((value for key, value in element.attrib.items() if key.endswith("relationships}id")), None)


@dataclass
class Pack:
    """The parts of one file; `xml` those that are XML."""

    names: dict[str, str]  # lower -> as spelled
    xml: dict[str, Element]

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(part)
        rels = self.xml.get(posixpath.join(folder, "_rels", f"{name}.rels").lower())
        found = {}
        for node in rels if rels is not None else ():
            if node.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, node.get("Target", ""))).lstrip("/")
                found[node.get("Id", "")] = (node.get("Type", "").rpartition("/")[2], target)
        return found


def check(path: Path, *, is_ours: bool = False) -> list[str]:
    """What is wrong with the package. `is_ours`: nothing superfluous either, as in a file that we have built."""
    with zipfile.ZipFile(path) as archive:
        if bad := archive.testzip():
            return [f"{bad}: broken"]
        names = archive.namelist()
        problems = [f"{name}: twice" for name in names if [n.lower() for n in names].count(name.lower()) > 1]
        pack = Pack({name.lower(): name for name in names}, {})
        for name in names:
            if name.lower().endswith((".xml", ".rels", ".vml")):
                try:
                    pack.xml[name.lower()] = ET.fromstring(archive.read(name))
                except ET.ParseError as error:
                    problems.append(f"{name}: {error}")
    return [*problems, *_types(pack), *_targets(pack), *_book(pack)] + (
        [*_orphans(pack), *_macros(pack)] if is_ours else []
    )


def _types(pack: Pack) -> Iterator[str]:
    types = pack.xml[TYPES.lower()]
    defaults = [node.get("Extension", "").lower() for node in types if local(node) == "Default"]
    overrides = [node.get("PartName", "").lower().lstrip("/") for node in types if local(node) == "Override"]
    for name in pack.names:
        known = name in overrides or name.rpartition(".")[2] in defaults
        if name != TYPES.lower() and not name.endswith("/") and not known:
            yield f"{name}: no content type"
    yield from (f"{part}: content type of a missing part" for part in overrides if part not in pack.names)
    yield from (f"{part}: two content types" for part in set(overrides) if overrides.count(part) > 1)


def _targets(pack: Pack) -> Iterator[str]:
    for rels in (name for name in pack.xml if name.endswith(".rels")):
        ids = [node.get("Id") for node in pack.xml[rels]]
        if len(set(ids)) < len(ids):
            yield f"{rels}: an id twice"
        owner = rels.replace("_rels/", "", 1) if rels.startswith("_rels/") else rels.replace("/_rels/", "/")
        for kind, target in pack.relations(owner.removesuffix(".rels")).values():
            if target.lower() not in pack.names and kind not in ("attachedToolbars", "printerSettings", "hyperlink"):
                yield f"{rels}: no part {target}"


def _orphans(pack: Pack) -> Iterator[str]:
    """Parts that no chain of relationships reaches."""
    reached, todo = set(), [""]
    while todo:
        for _, target in pack.relations(todo.pop()).values():
            if target.lower() not in reached:
                reached.add(target.lower())
                todo.append(target)
    for name, spelled in pack.names.items():
        if name not in reached and not name.endswith((".rels", "/")) and name != TYPES.lower():
            yield f"{spelled}: nothing leads there"


def _macros(pack: Pack) -> Iterator[str]:
    """A project of VBA stands in a package of a macro type, and only there."""
    types = pack.xml[TYPES.lower()]
    is_macro_type = any("macroEnabled.main" in node.get("ContentType", "") for node in types)
    if is_macro_type != ("xl/vbaproject.bin" in pack.names):
        yield "type of the workbook and project of VBA do not agree"


def _book(pack: Pack) -> Iterator[str]:
    part = next(target for kind, target in pack.relations("").values() if kind == "officeDocument")
    book, relations = pack.xml[part.lower()], pack.relations(part)
    styles = next((pack.xml[t.lower()] for k, t in relations.values() if k == "styles"), None)
    formats = 0 if styles is None else sum(len(node) for node in styles if local(node) == "cellXfs")
    yield from _order("workbook", book, BOOK)
    if styles is not None:
        yield from _order("styles", styles, STYLES)
        yield from _styles(styles)
    strings = next((t for k, t in relations.values() if k == "sharedStrings"), "")
    shared = ["".join(t.text or "" for t in named(s, "t")) for s in pack.xml.get(strings.lower(), ())]
    yield from _names(book)
    yield from _chain(pack, book, relations)
    names = {n.get("name", "").lower() for n in named(book, "definedName") if n.get("localSheetId") is None}
    seen: dict[str, set[str]] = {"id": set(), "name": names}
    patterns = 0 if styles is None else sum(len(node) for node in styles if local(node) == "dxfs")
    for sheet in named(book, "sheet"):
        kind, target = relations.get(link(sheet) or "", ("", ""))
        if kind == "worksheet" and target.lower() in pack.xml:
            yield from _sheet(pack, target, formats, shared, seen)
            yield from _patterns(pack, target, patterns)


def _chain(pack: Pack, book: Element, relations: dict[str, tuple[str, str]]) -> Iterator[str]:
    """Every cell of the calculation chain has a formula; an entry without `i` stands on the sheet of the last."""
    chain = next((target for kind, target in relations.values() if kind == "calcChain"), "")
    parts = {node.get("sheetId"): relations.get(link(node) or "", ("", ""))[1] for node in named(book, "sheet")}
    number = None
    live: dict[str | None, set[str | None]] = {}
    for entry in pack.xml.get(chain.lower(), ()):
        number = entry.get("i", number)
        if number not in live:  # a chain may list every cell of a large sheet
            sheet = pack.xml.get(parts.get(number, "").lower(), ET.Element("none"))
            live[number] = {cell.get("r") for cell in named(sheet, "c") if any(local(one) == "f" for one in cell)}
        if entry.get("r") not in live[number]:
            yield f"{chain}: no formula in {entry.get('r')} of sheet {number}"


def _order(part: str, parent: Element, wanted: str) -> Iterator[str]:
    """Children in the order of the schema; an mc:AlternateContent stands for what it holds."""
    order = wanted.split()
    names = [next((local(n) for n in child.iter() if local(n) in order), "") for child in parent]
    found = [order.index(name) for name in names if name]
    if found != sorted(found):
        yield f"{part}: children out of order {names}"
    single = [name for name in names if name and name not in REPEATED]
    if len(set(single)) < len(single):
        yield f"{part}: a child twice"


def _names(book: Element) -> Iterator[str]:
    names = [(n.get("name", "").lower(), n.get("localSheetId")) for n in named(book, "definedName")]
    yield from (f"defined name {name} twice" for name in set(names) if names.count(name) > 1)
    count = len(named(book, "sheet"))
    yield from (f"{name}: no sheet {local_id}" for name, local_id in names if local_id and int(local_id) >= count)
    sheets = [(n.get("sheetId"), n.get("name", "").lower()) for n in named(book, "sheet")]
    for column in zip(*sheets, strict=True):
        if len(set(column)) < len(column):
            yield f"sheets share {column}"


def _styles(styles: Element) -> Iterator[str]:
    groups = {local(node): node for node in styles}
    for name in ("fonts", "fills", "borders", "cellXfs", "numFmts"):
        if name in groups and groups[name].get("count", str(len(groups[name]))) != str(len(groups[name])):
            yield f"styles: count of {name}"
    for xf in groups["cellXfs"]:
        for key, group in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
            if int(xf.get(key, "0")) >= max(len(groups[group]), 1):
                yield f"styles: {key} {xf.get(key)}"
    codes = [n.get("numFmtId") for n in groups.get("numFmts", ())]
    if len(set(codes)) < len(codes):
        yield "styles: a number format id twice"


def _sheet(pack: Pack, part: str, formats: int, shared: list[str], seen: dict[str, set[str]]) -> Iterator[str]:
    sheet = pack.xml[part.lower()]
    yield from _order(part, sheet, CHILDREN)
    relations = pack.relations(part)
    for node in sheet.iter():
        if (number := link(node)) and number not in relations and local(node) != "hyperlink":
            yield f"{part}: {local(node)} {number} leads nowhere"
    cells: dict[str, str] = {}
    yield from _cells(part, sheet, formats, shared, cells)
    targets = [relations.get(link(node) or "", ("", ""))[1] for node in named(sheet, "tablePart")]
    tables = {target: pack.xml[target.lower()] for target in targets if target.lower() in pack.xml}
    for target, table in tables.items():
        yield from _table(target, table, cells, seen)
    yield from _overlaps(part, sheet, [area(table.get("ref", "")) for table in tables.values()])


def _patterns(pack: Pack, part: str, count: int) -> Iterator[str]:
    """Conditional formats and tables name looks (dxf) that exist."""
    tables = [target for kind, target in pack.relations(part).values() if kind == "table"]
    for name in (part, *tables):
        for node in pack.xml[name.lower()].iter() if name.lower() in pack.xml else ():
            for key, value in node.attrib.items():
                if key.lower().endswith("dxfid") and int(value) >= count:
                    yield f"{name}: {key} {value}"


def _overlaps(part: str, sheet: Element, areas: list[tuple[int, int, int, int]]) -> Iterator[str]:
    merged = [area(node.get("ref", "")) for node in named(sheet, "mergeCell")]
    for index, one in enumerate(areas):
        if any(meets(one, other) for other in [*areas[index + 1 :], *merged]):
            yield f"{part}: a table overlaps a table or a merged cell"
    for node in sheet:
        if local(node) == "autoFilter" and any(meets(area(node.get("ref", "")), one) for one in areas):
            yield f"{part}: filter over a table"


def _cells(part: str, sheet: Element, formats: int, shared: list[str], cells: dict[str, str]) -> Iterator[str]:
    last = 0
    for row in named(sheet, "row"):
        number = int(row.get("r", last + 1))
        if number <= last:
            yield f"{part}: row {number} out of order"
        last, column = number, 0
        for cell in row:
            ref = cell.get("r")
            at = letters_number(ref.rstrip("0123456789")) if ref else column + 1
            if at <= column or (ref and not ref.endswith(str(number))):
                yield f"{part}: cell {ref} out of order"
            column = at
            if int(cell.get("s", "0")) >= max(formats, 1):
                yield f"{part}: style of {ref}"
            cells[f"{at},{number}"] = text_of(cell, shared)


def text_of(cell: Element, shared: list[str]) -> str:
    value = next(iter(named(cell, "v")), None)
    if cell.get("t") == "inlineStr":
        return unescape("".join(t.text or "" for t in named(cell, "t")))
    if value is None or value.text is None:
        return ""
    return unescape(shared[int(value.text)]) if cell.get("t") == "s" else unescape(value.text)


def unescape(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def _table(part: str, table: Element, cells: dict[str, str], seen: dict[str, set[str]]) -> Iterator[str]:
    for key, value in (("id", table.get("id", "")), ("name", table.get("displayName", "").lower())):
        if value in seen[key]:
            yield f"{part}: {key} {value} twice"
        seen[key].add(value)
    left, top, right, bottom = area(table.get("ref", ""))
    columns = named(table, "tableColumn")
    yield from _order(part, table, TABLE)
    for column in columns:
        yield from _order(part, column, COLUMN)
    counted = named(table, "tableColumns")[0].get("count")
    if len(columns) != right - left + 1 or counted != str(len(columns)):
        yield f"{part}: {len(columns)} columns, ref {table.get('ref')}, count {counted}"
    names = [column.get("name", "") for column in columns]
    if len({name.lower() for name in names}) < len(names) or len({c.get("id") for c in columns}) < len(columns):
        yield f"{part}: a column name or id twice"
    if bottom <= top:
        yield f"{part}: no data row"
    data = (left, top, right, bottom - int(table.get("totalsRowCount", "0")))
    filters = [node.get("ref", "") for node in table if local(node) == "autoFilter"]
    yield from (f"{part}: filter {ref} of table {table.get('ref')}" for ref in filters if area(ref) != data)
    for offset, name in enumerate(names) if table.get("headerRowCount") != "0" else ():
        header = cells.get(f"{left + offset},{top}")
        if header != unescape(name):
            yield f"{part}: header {header!r} of column {name!r}"


def letters_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def area(ref: str) -> tuple[int, int, int, int]:
    found = [re.fullmatch(r"([A-Z]+)(\d+)", part) for part in ref.replace("$", "").split(":")]
    corners = [(letters_number(match[1]), int(match[2])) for match in found if match]
    return (*corners[0], *corners[-1])


def meets(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
