"""Table parts (xl/tables): find them, give them a new area and columns, make new ones.

Excel repairs a file whose header cells differ from the column names, so both come from `sheetxml.headers`.
"""

from __future__ import annotations

from dataclasses import dataclass

from addin.hosts.sheetxml import headers, ref_of, table_area
from addin.hosts.xmlparts import (
    Area,
    Doc,
    Edit,
    Node,
    area_of,
    attribute_text,
    guarded,
    plain_text,
    splice,
    tag_edit,
    with_attributes,
)
from recon_core.sheets import Column, Formula, Table

STYLE = "TableStyleLight1"


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table of the workbook as it stands. `area` has header and totals row, as Excel's own ref."""

    sheet: str
    part: str
    doc: Doc
    name: str
    number: int
    area: Area

    @property
    def data(self) -> Area:
        """The data rows alone."""
        top = self.area.top + int(self.doc.root.attrs.get("headerRowCount", "1"))
        return self.area._replace(top=top, bottom=self.area.bottom - _totals(self.doc.root))


def _totals(root: Node) -> int:
    return int(root.attrs.get("totalsRowCount", "0"))


def found_table(sheet: str, part: str, doc: Doc) -> FoundTable | None:
    """Read a table part; None when its ref is no area."""
    attrs = doc.root.attrs
    area = area_of(attrs.get("ref", ""))
    name = attrs.get("displayName") or attrs.get("name", "")
    return FoundTable(sheet, part, doc, name, int(attrs.get("id", "0")), area) if area else None


def resized(found: FoundTable, table: Table) -> bytes:
    """The part over the table's new area. Filters are lifted, for no row of ours is hidden; a totals row ends."""
    doc, ref = found.doc, ref_of(table_area(table))
    edits = [tag_edit(doc, doc.root, ref=ref, totalsRowCount=None, totalsRowShown="0", headerRowCount=None)]
    for node in doc.root.children:
        if node.name == "autoFilter":
            edits.append(Edit(node.start, node.end, _lifted_filter(doc, node, ref)))
        elif node.name == "sortState":
            edits.append(Edit(node.start, node.end, b""))
        elif node.name == "tableColumns":
            edits.append(Edit(node.start, node.end, _columns(doc, node, table)))
    return splice(doc.data, edits)


def _lifted_filter(doc: Doc, node: Node, ref: str) -> bytes:
    tag = with_attributes(doc.data[node.start : node.inner], ref=ref)
    return tag if tag.endswith(b"/>") else tag[:-1] + b"/>"


def _columns(doc: Doc, node: Node, table: Table) -> bytes:
    """<tableColumns> in step with the headers; a column of the same name keeps its number and formats."""
    names = headers(table)
    old = {_written(column.attrs.get("name", "")).lower(): column for column in node.all("tableColumn")}
    number = max((int(column.attrs.get("id", "0")) for column in old.values()), default=0)
    pieces: list[bytes] = []
    for offset, name in enumerate(names):
        if column := old.get(name.lower()):
            pieces.append(_kept_column(doc, column, table, offset, name))
        else:
            number += 1
            pieces.append(_new_column(number, name, table.columns[offset], node.prefix).encode())
    tag = f"{node.prefix}tableColumns"
    return f'<{tag} count="{len(names)}">'.encode() + b"".join(pieces) + f"</{tag}>".encode()


def _kept_column(doc: Doc, column: Node, table: Table, offset: int, name: str) -> bytes:
    """The column as it was, under the header's exact spelling; its old formula ends where we write values or ours."""
    gone = {"totalsRowFormula"} if _live(table, offset) else {"totalsRowFormula", "calculatedColumnFormula"}
    formula = _calculated(table.columns[offset], column.prefix)
    inner = formula.encode() + b"".join(doc.raw(node) for node in column.children if node.name not in gone)
    tag = with_attributes(doc.data[column.start : column.inner], totalsRowFunction=None, totalsRowLabel=None)
    if _written(column.attrs.get("name", "")) != name:
        tag = with_attributes(tag, name=column_name(name))
    tag = tag.removesuffix(b">").removesuffix(b"/").rstrip()
    return tag + (b">" + inner + f"</{column.prefix}tableColumn>".encode() if inner else b"/>")


def _new_column(number: int, name: str, column: Column, prefix: str = "") -> str:
    tag = f'<{prefix}tableColumn id="{number}" name="{attribute_text(column_name(name))}"'
    return f"{tag}>{_calculated(column, prefix)}</{prefix}tableColumn>" if column.formula else f"{tag}/>"


def _calculated(column: Column, prefix: str) -> str:
    """What Excel fills into a new row; the first child of its column."""
    name = f"{prefix}calculatedColumnFormula"
    array = ' array="1"' if column.is_array else ""
    return f"<{name}{array}>{plain_text(column.formula)}</{name}>" if column.formula else ""


def _live(table: Table, offset: int) -> bool:
    """Whether the cells hold formulas of their own, so that the workbook's formula of the column may stay."""
    values = table.frame.iloc[:, offset]
    live = values.dtype == object and any(isinstance(value, Formula) for value in values.head(1))
    return live and not table.columns[offset].formula


def column_name(name: str) -> str:
    """A header as Excel spells it in a table part, a line break as _x000a_; not yet escaped."""
    return guarded(name).replace("\n", "_x000a_").replace("\t", "_x0009_")


def _written(name: str) -> str:
    return name.replace("_x000a_", "\n").replace("_x000A_", "\n").replace("_x0009_", "\t")


def new_table(table: Table, number: int, space: str) -> bytes:
    """A table part with filter buttons and grey bands."""
    ref = ref_of(table_area(table))
    names = headers(table)
    described = enumerate(zip(names, table.columns, strict=True), 1)
    columns = "".join(_new_column(i, name, column) for i, (name, column) in described)
    name = attribute_text(table.name)
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<table xmlns="{space}" id="{number}" '
        f'name="{name}" displayName="{name}" ref="{ref}" totalsRowShown="0"><autoFilter ref="{ref}"/>'
        f'<tableColumns count="{len(names)}">{columns}</tableColumns>'
        f'<tableStyleInfo name="{STYLE}" showFirstColumn="0" showLastColumn="0" showRowStripes="1" '
        'showColumnStripes="0"/></table>'
    ).encode()
