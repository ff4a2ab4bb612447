"""XML parts as bytes with offsets: find elements, splice edits, leave every other byte alone.

A part is parsed once into `Node`s that know where they stand; edits are (start, end, new bytes).
Refused: a DTD, UTF-16 and any encoding but UTF-8, and XML that is not well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from addin.hosts.refusals import unreadable_part

RELATIONSHIPS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_NAME = re.compile(rb"<[^\s/>]+")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


class Edit(NamedTuple):
    """Bytes [start, end) of a part become `new`."""

    start: int
    end: int
    new: bytes


@dataclass(slots=True)
class Node:
    """One element: local name, attributes and offsets. An attribute of the relationships namespace is 'r:id'."""

    name: str
    prefix: str  # 'x:' as written, '' for none
    space: str
    attrs: dict[str, str]
    start: int  # of the start tag
    inner: int  # after the start tag
    close: int = 0  # of the end tag; equals `end` in an empty element
    end: int = 0
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def child(self, name: str) -> Node | None:
        """The first child of this local name."""
        return next((node for node in self.children if node.name == name), None)

    def all(self, name: str) -> list[Node]:
        """The children of this local name."""
        return [node for node in self.children if node.name == name]

    def walk(self) -> Iterator[Node]:
        """The element and everything below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Doc:
    """A parsed part: its bytes, its root, and the prefixes the root declares (namespace -> 'x:')."""

    data: bytes
    root: Node
    declared: dict[str, str]

    @property
    def strict(self) -> bool:
        """Whether the part is in the Strict namespace."""
        return self.root.space == STRICT

    def raw(self, node: Node) -> bytes:
        """The element as written."""
        return self.data[node.start : node.end]

    def relationship_attribute(self, name: str, value: str) -> str:
        """' r:id="rId1"' with the prefix this part declares, or with its own declaration."""
        space = RELATIONSHIPS[self.strict]
        if prefix := self.declared.get(space):
            return f' {prefix}{name}="{value}"'
        return f' xmlns:r="{space}" r:{name}="{value}"'


def parse(data: bytes, part: str) -> Doc:
    """Parse a whole part. Raises H-105 for what must not be patched."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:8]:
        raise unreadable_part(part, "it is in UTF-16")
    builder = _Builder(data, part)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise unreadable_part(part, f"its XML is damaged ({error})") from error
    if builder.root is None:
        raise unreadable_part(part, "it is empty")
    return Doc(data, builder.root, builder.declared)


class _Builder:
    """Collects nodes from expat's events; a class because expat wants callbacks with a memory."""

    def __init__(self, data: bytes, part: str) -> None:
        self.data, self.part = data, part
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.declared: dict[str, str] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.started
        self.parser.EndElementHandler = self.ended
        self.parser.CharacterDataHandler = self.said
        self.parser.StartNamespaceDeclHandler = self.named
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.XmlDeclHandler = self.declaration

    def doctype(self, *_: object) -> None:
        raise unreadable_part(self.part, "it carries a document type declaration")

    def declaration(self, _version: str, encoding: str | None, _alone: int) -> None:
        if encoding and encoding.upper() not in ("UTF-8", "US-ASCII"):
            raise unreadable_part(self.part, f"it is in {encoding}")

    def named(self, prefix: str | None, uri: str) -> None:
        if self.root is None and prefix:
            self.declared.setdefault(uri, f"{prefix}:")

    def started(self, name: str, attrs: dict[str, str]) -> None:
        start = self.parser.CurrentByteIndex
        tag = _TAG.match(self.data, start)
        if tag is None:  # expat accepted it, so this is our bug
            raise unreadable_part(self.part, "a tag has no end")
        space, local, prefix = _split(name)
        node = Node(local, prefix, space, {_attribute(key): value for key, value in attrs.items()}, start, tag.end())
        if self.stack:
            self.stack[-1].children.append(node)
        else:
            self.root = node
        self.stack.append(node)

    def ended(self, _name: str) -> None:
        # expat reports the end of '<a/>' after its '>', that of '</a>' before its '<': ask the bytes instead
        node = self.stack.pop()
        if self.data[node.inner - 2 : node.inner] == b"/>":
            node.close = node.end = node.inner
        else:
            node.close = self.parser.CurrentByteIndex
            node.end = self.data.index(b">", node.close) + 1

    def said(self, text: str) -> None:
        self.stack[-1].text += text


def _split(name: str) -> tuple[str, str, str]:
    """'uri local prefix' of expat -> (uri, local, 'prefix:')."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], f"{parts[2]}:" if len(parts) > 2 else ""


def _attribute(name: str) -> str:
    space, local, prefix = _split(name)
    return f"r:{local}" if space in RELATIONSHIPS else f"{prefix}{local}"


def splice(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes with all edits made. Insertions at one place keep their order; overlaps are a bug."""
    pieces: list[bytes] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if start < at:
            raise ValueError("edits overlap")
        pieces += [data[at:start], new]
        at = end
    return b"".join([*pieces, data[at:]])


def with_attributes(tag: bytes, **values: str | None) -> bytes:
    """A start tag with attributes set, or removed for None; the order of the others is kept."""
    for name, value in values.items():
        found = re.search(rb"""\s%s\s*=\s*("[^"]*"|'[^']*')""" % re.escape(name.encode()), tag)
        new = b"" if value is None else f' {name}="{attribute_text(value)}"'.encode()
        if found:
            tag = tag[: found.start()] + new + tag[found.end() :]
        else:
            named = _NAME.match(tag)
            at = named.end() if named else 0
            tag = tag[:at] + new + tag[at:]
    return tag


def tag_edit(doc: Doc, node: Node, **values: str | None) -> Edit:
    """Set attributes on an element's start tag."""
    return Edit(node.start, node.inner, with_attributes(doc.data[node.start : node.inner], **values))


def append_edit(doc: Doc, node: Node, new: bytes, **values: str | None) -> list[Edit]:
    """Add children at the end of an element, which may be empty, and set attributes."""
    tag = with_attributes(doc.data[node.start : node.inner], **values)
    if node.close != node.end:
        return [Edit(node.start, node.inner, tag), Edit(node.close, node.close, new)]
    named = _NAME.match(tag)
    end_tag = b"</" + (named[0][1:] if named else b"") + b">"
    return [Edit(node.start, node.end, tag[:-2].rstrip() + b">" + new + end_tag)]


def inside_root(doc: Doc, order: tuple[str, ...], name: str, new: bytes) -> Edit:
    """Replace the root's child `name`, or insert it before the first child that must follow it."""
    if old := doc.root.child(name):
        return Edit(old.start, old.end, new)
    rank = order.index(name)
    following = (node.start for node in doc.root.children if _rank(node, order) > rank)
    at = next(following, doc.root.close)
    return Edit(at, at, new)


def _rank(node: Node, order: tuple[str, ...]) -> int:
    """The place of an element; an mc:AlternateContent stands where its content would. Strangers follow nothing."""
    names = (inner.name for inner in node.walk())
    return next((order.index(name) for name in names if name in order), -1)


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def guarded(text: str) -> str:
    """Control characters as _x000D_, and '_x0041_' that was meant literally kept literal (ST_Xstring)."""
    text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def plain_text(text: str) -> str:
    """Escape for an element's text."""
    return guarded(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute_text(text: str) -> str:
    """Escape for an attribute's value, which XML would otherwise normalise."""
    for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#9;")):
        text = text.replace(old, new)
    return text


def letters_number(letters: str) -> int:
    """'AB' -> 28."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class Area(NamedTuple):
    """A rectangle of cells, one-based, inclusive."""

    top: int
    left: int
    bottom: int
    right: int

    def meets(self, other: Area) -> bool:
        """Whether the two share a cell."""
        rows = self.top <= other.bottom and other.top <= self.bottom
        return rows and self.left <= other.right and other.left <= self.right

    def contains(self, other: Area) -> bool:
        """Whether the other lies inside as a whole."""
        return self.holds(other.top, other.left) and self.holds(other.bottom, other.right)

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies inside."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


def area_of(ref: str) -> Area | None:
    """'$A$1:C9' or 'B2' -> its area; None for whole rows or columns and anything else."""
    found = [_REFERENCE.fullmatch(part) for part in ref.replace("$", "").upper().split(":")]
    corners = [(int(match[2]), letters_number(match[1])) for match in found if match]
    if len(corners) != len(found) or len(corners) not in (1, 2):
        return None
    (top, left), (bottom, right) = corners[0], corners[-1]
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))
