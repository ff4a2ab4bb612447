"""Our looks by name, and how they enter a workbook's styles.xml: appended once, found again on the next run.

Existing formats keep their numbers. Fonts take size, face and scheme from the workbook's own default font.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree as ET

from addin.hosts.xmlparts import Doc, Edit, Node, append_edit, attribute_text, inside_root, parse, splice

ORDER = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles",
         "colors", "extLst")  # fmt: skip
BUILT_IN = {"General": 0, "0.00": 2, "#,##0": 3, "0.00%": 10, "@": 49}
FIRST_OWN_FORMAT = 164
AMOUNT = '#,##0.00;[Red](#,##0.00);"-"'
TRUTH = '"TRUE";"TRUE";"FALSE"'  # for programs to which a truth is a number; to Excel it is none, and shows itself
DATE, DATETIME = "dd-mmm-yyyy", "dd-mmm-yyyy hh:mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a cell looks. Colours are RRGGBB, '' is the workbook's own."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    size: int = 0
    colour: str = ""
    fill: str = ""
    format: str = "General"
    wrap: bool = False
    align: str = ""
    top: bool = False
    indent: int = 0
    line: bool = False  # under the cell
    unlocked: bool = False


INPUT = Look(colour="0000FF", fill="FFFFE5", unlocked=True)
GOOD, BAD = Look(bold=True, colour="166534", fill="DCFCE7"), Look(bold=True, colour="991B1B", fill="FEE2E2")
STYLES: dict[str, Look] = {
    "": Look(),
    "title": Look(bold=True, size=16),
    "subtitle": Look(colour="6B7280"),
    "label": Look(bold=True),
    "header": Look(bold=True, colour="FFFFFF", fill="334155", wrap=True, align="left", top=True),
    "header_right": Look(bold=True, colour="FFFFFF", fill="334155", wrap=True, align="right", top=True, indent=1),
    "text": Look(),
    "text_indent": Look(align="left", indent=1),
    "wrap": Look(wrap=True, top=True),
    "value": Look(),
    "id": Look(format="@"),
    "amount": Look(format=AMOUNT),
    "amount_bold": Look(format=AMOUNT, bold=True),
    "integer": Look(format="#,##0"),
    "integer_bold": Look(format="#,##0", bold=True),
    "number": Look(format="#,##0.00##"),
    "date": Look(format=DATE, align="center"),
    "datetime": Look(format=DATETIME, align="center"),
    "percent": Look(format="0.00%"),
    "input": INPUT,
    "input_amount": replace(INPUT, format=AMOUNT),
    "input_date": replace(INPUT, format=DATE, align="center"),
    "note": Look(italic=True, colour="6B7280", wrap=True, top=True),
    "link": Look(underline=True, colour="00803C"),
    "good": GOOD,
    "bad": BAD,
    "truth": Look(format=TRUTH),
    "truth_good": replace(GOOD, format=TRUTH),
    "truth_bad": replace(BAD, format=TRUTH),
    "warn": Look(colour="92400E", fill="FEF3C7"),
    "section": Look(bold=True, fill="F1F5F9", line=True),
    "matched": Look(colour="166534", fill="DCFCE7"),
    "partial": Look(colour="92400E", fill="FEF3C7"),
    "unmatched": Look(colour="991B1B", fill="FEE2E2"),
    "skipped": Look(colour="475569", fill="E2E8F0"),
}  # fmt: skip

MINIMAL = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="{space}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)

Shape = tuple[str, tuple[tuple[str, str], ...], tuple["Shape", ...]]


def minimal_styles(space: str) -> bytes:
    """A styles part for a workbook that has none."""
    return MINIMAL.replace("{space}", space).encode()


@dataclass(slots=True)
class Group:
    """The children of <fonts>, <fills> ... : their shapes in order, and what we add."""

    shapes: dict[Shape, int]
    count: int
    added: list[str] = field(default_factory=list)

    def index(self, xml: str) -> int:
        """The number of this element, appended if there is no equal one."""
        wanted = shape(ET.fromstring(xml))
        if wanted not in self.shapes:
            self.shapes[wanted] = self.count + len(self.added)
            self.added.append(xml)
        return self.shapes[wanted]


class StyleBook:
    """styles.xml of one workbook: names -> cell format numbers; `xml()` is the part with what was added."""

    def __init__(self, data: bytes, part: str) -> None:
        self.doc: Doc = parse(data, part)
        self.tree = ET.fromstring(data)
        self.groups = {name: self._group(name) for name in ("fonts", "fills", "borders", "cellXfs")}
        self.formats = self._formats()
        self.new_formats: list[str] = []
        self.known: dict[str, int] = {}
        self.raised: dict[int, int] = {}

    def index(self, name: str) -> int:
        """The cell format of a style name. KeyError for a name STYLES does not hold."""
        if name not in self.known:
            self.known[name] = self._add(STYLES[name])
        return self.known[name]

    def quoted(self, index: int) -> int:
        """The same format with quotePrefix: the text stays text when someone edits the cell."""
        if index not in self.raised:
            xf = self._xf(index)
            xf.set("quotePrefix", "1")
            self.raised[index] = self.groups["cellXfs"].index(_plain_xml(xf))
        return self.raised[index]

    def xml(self) -> bytes:
        """The part with our additions; the bytes it came with if there are none."""
        edits = [edit for name in self.groups for edit in self._grown(name)]
        if self.new_formats:
            edits += self._grown_formats()
        return splice(self.doc.data, edits)

    def _group(self, name: str) -> Group:
        node = _find(self.tree, name)
        shapes: dict[Shape, int] = {}
        children = [] if node is None else list(node)
        for number, child in enumerate(children):
            shapes.setdefault(shape(child), number)
        return Group(shapes, len(children))

    def _formats(self) -> dict[str, int]:
        node = _find(self.tree, "numFmts")
        own = {e.get("formatCode", ""): int(e.get("numFmtId", 0)) for e in (node if node is not None else ())}
        return own | BUILT_IN

    def _add(self, look: Look) -> int:
        if look == Look() and self.groups["cellXfs"].count:
            return 0
        groups = self.groups
        font = groups["fonts"].index(self._font(look))
        fill = groups["fills"].index(_fill(look)) if look.fill else 0
        border = groups["borders"].index(_border()) if look.line else 0
        numbers = (self._format(look.format), font, fill, border)
        has_parent = _find(self.tree, "cellStyleXfs") is not None
        return groups["cellXfs"].index(_xf(look, numbers, has_parent=has_parent))

    def _format(self, code: str) -> int:
        if code not in self.formats:
            number = max([*self.formats.values(), FIRST_OWN_FORMAT - 1]) + 1
            self.formats[code] = number
            self.new_formats.append(f'<numFmt numFmtId="{number}" formatCode="{attribute_text(code)}"/>')
        return self.formats[code]

    def _font(self, look: Look) -> str:
        """The workbook's default font with our changes, children in the order the schema wants."""
        base = _find(self.tree, "fonts")
        default = {} if base is None or not len(base) else {_local(e): e.get("val", "") for e in base[0]}
        size = str(look.size) if look.size else default.get("sz", "11")
        marks = [("b", look.bold), ("i", look.italic), ("u", look.underline)]
        xml = "".join(f"<{name}/>" for name, wanted in marks if wanted) + f'<sz val="{size}"/>'
        xml += f'<color rgb="FF{look.colour}"/>' if look.colour else '<color theme="1"/>' * self._has_theme_colour()
        rest = [("name", "Calibri"), ("family", "2"), ("scheme", "")]
        values = [(name, default.get(name, fallback)) for name, fallback in rest]
        xml += "".join(f'<{name} val="{attribute_text(value)}"/>' for name, value in values if value)
        return f"<font>{xml}</font>"

    def _has_theme_colour(self) -> bool:
        base = _find(self.tree, "fonts")
        colours = [] if base is None or not len(base) else [e for e in base[0] if _local(e) == "color"]
        return any(e.get("theme") == "1" for e in colours)

    def _xf(self, index: int) -> ET.Element:
        """A copy of one cell format, old or added."""
        group = self.groups["cellXfs"]
        if index >= group.count:
            return ET.fromstring(group.added[index - group.count])
        node = _find(self.tree, "cellXfs")
        if node is None:
            return ET.fromstring(_xf(Look(), (0, 0, 0, 0), has_parent=False))
        return ET.fromstring(ET.tostring(node[index]))

    def _grown(self, name: str) -> list[Edit]:
        group = self.groups[name]
        return self._appended(name, group.added, group.count) if group.added else []

    def _grown_formats(self) -> list[Edit]:
        node = self.doc.root.child("numFmts")
        return self._appended("numFmts", self.new_formats, len(node.children) if node else 0)

    def _appended(self, name: str, xmls: Iterable[str], before: int) -> list[Edit]:
        added = [prefixed(xml, self.doc.root.prefix) for xml in xmls]
        new, count = "".join(added).encode(), str(before + len(added))
        node: Node | None = self.doc.root.child(name)
        if node:
            return append_edit(self.doc, node, new, count=count)
        tag = f"{self.doc.root.prefix}{name}"
        xml = f'<{tag} count="{count}">'.encode() + new + f"</{tag}>".encode()
        return [inside_root(self.doc, ORDER, name, xml)]


def shape(element: ET.Element) -> Shape:
    """An element without namespaces, white space and attribute order: equal shapes look alike."""
    attrs = sorted((key, value) for key, value in element.attrib.items() if not key.startswith("{"))
    return _local(element), tuple(attrs), tuple(shape(child) for child in element)


def prefixed(xml: str, prefix: str) -> str:
    """Our own XML, which has no prefix and no '<' in values, under the part's prefix."""
    if not prefix:
        return xml
    return xml.replace("<", f"<{prefix}").replace(f"<{prefix}/", f"</{prefix}")


def _find(tree: ET.Element, name: str) -> ET.Element | None:
    return next((child for child in tree if _local(child) == name), None)


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _plain_xml(element: ET.Element) -> str:
    """The element without namespaces, for `Group.index`; foreign attributes are left behind."""
    attrs = "".join(f' {k}="{attribute_text(v)}"' for k, v in element.attrib.items() if not k.startswith("{"))
    children = [child for child in element if _local(child) in ("alignment", "protection")]
    return f"<{_local(element)}{attrs}>{''.join(map(_plain_xml, children))}</{_local(element)}>"


def _fill(look: Look) -> str:
    colours = f'<fgColor rgb="FF{look.fill}"/><bgColor indexed="64"/>'
    return f'<fill><patternFill patternType="solid">{colours}</patternFill></fill>'


def _border() -> str:
    edge = '<bottom style="thin"><color rgb="FF94A3B8"/></bottom>'
    return f"<border><left/><right/><top/>{edge}<diagonal/></border>"


def _xf(look: Look, numbers: tuple[int, int, int, int], *, has_parent: bool) -> str:
    number_format, font, fill, border = numbers
    attrs = f'numFmtId="{number_format}" fontId="{font}" fillId="{fill}" borderId="{border}"'
    attrs += ' xfId="0"' * has_parent
    aligned = bool(look.wrap or look.align or look.top)
    applied = [("NumberFormat", number_format), ("Font", font), ("Fill", fill), ("Border", border)]
    applied += [("Alignment", aligned), ("Protection", look.unlocked)]
    attrs += "".join(f' apply{name}="1"' for name, wanted in applied if wanted)
    alignment = f' horizontal="{look.align}"' if look.align else ""
    alignment += f' indent="{look.indent}"' if look.indent else ""
    alignment += ' vertical="top"' * look.top + ' wrapText="1"' * look.wrap
    inner = f"<alignment{alignment}/>" * aligned + '<protection locked="0"/>' * look.unlocked
    return f"<xf {attrs}>{inner}</xf>" if inner else f"<xf {attrs}/>"
