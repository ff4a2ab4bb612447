"""What an .xlsx package says of itself: its sheets, and what the parser behind does not tell of one sheet.

The parser gives values only. The sheet part, read here as a stream of bytes in one pass, also tells the used
range (for which a parser reserves memory), hidden rows and columns, error literals, formulas without a stored
result and zero-padded number formats. No cell is built; memory stays at a few MB.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, NamedTuple
from xml.etree import ElementTree as ET

_STEP = 1 << 20
_MOST_XML = 64 << 20  # bytes of a part that is parsed whole: workbook, relationships, styles
_MOST_ROW = 256 << 20  # bytes of one row
_MOST_NAMED = 50  # styles that a pattern spells out; of more, any number is taken and looked up


class SheetPart(NamedTuple):
    """A worksheet as the workbook lists it."""

    name: str
    part: str
    visible: bool


class At(NamedTuple):
    """Something told of one cell; row and column count from zero."""

    row: int
    column: int
    text: str


@dataclass(slots=True, kw_only=True)
class Scan:
    """What one pass over a sheet part has seen. Filled while scanning, then only read."""

    cells: int = 0
    last_row: int = 0  # one-based, 0 for none
    last_column: str = ""  # letters
    hidden_rows: int = 0
    hidden_columns: int = 0
    errors: list[At] = field(default_factory=list)
    unstored: list[str] = field(default_factory=list)  # addresses of formulas without a stored result
    padded: list[At] = field(default_factory=list)  # text: the number format, such as 00000

    @property
    def area(self) -> int:
        """Cells of the rectangle from A1 to the last used cell: what a parser reserves."""
        return self.last_row * (column_number(self.last_column) if self.last_column else 1)


def column_number(letters: str) -> int:
    """'A' -> 1, 'AA' -> 27."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def cell_at(address: str) -> tuple[int, int]:
    """'C7' -> (6, 2)."""
    letters = address.rstrip("0123456789")
    return int(address[len(letters) :]) - 1, column_number(letters) - 1


def sheets(archive: zipfile.ZipFile) -> list[SheetPart]:
    """The worksheets in the order of their tabs; [] when the package is not built as a workbook."""
    book = next((to for kind, to in _related(archive, "") if kind == "officeDocument"), "xl/workbook.xml")
    targets = _targets(archive, book)
    found = []
    for sheet in _elements(archive, book, "sheet"):
        kind, part = targets.get(_attribute(sheet, "id"), ("", ""))
        if kind == "worksheet":
            found.append(SheetPart(sheet.get("name", ""), part, sheet.get("state", "visible") == "visible"))
    return found


def has_data(archive: zipfile.ZipFile, part: str) -> bool:
    """Does any cell of the sheet hold something? Looks no further than the first 8 MB."""
    found = re.compile(rb"<(?:\w+:)?(?:v|t|f)(?:\s[^<>]*)?>[^<]")
    with archive.open(_entry(archive, part)) as stream:
        return bool(found.search(stream.read(8 << 20)))


def zero_formats(archive: zipfile.ZipFile) -> dict[str, str]:
    """Cell style number -> number format, for the formats that only pad with zeros ('00000')."""
    if not _entry(archive, "xl/styles.xml"):
        return {}
    codes = {
        element.get("numFmtId"): element.get("formatCode", "")
        for element in _elements(archive, "xl/styles.xml", "numFmt")
    }
    padding = {number: code for number, code in codes.items() if re.fullmatch("0{2,}", code)}
    root = _root(archive, "xl/styles.xml")
    styles = [xf.get("numFmtId") for xfs in _all(root, "cellXfs") for xf in _all(xfs, "xf")]
    return {str(i): padding[number] for i, number in enumerate(styles) if number in padding}


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    return {i: (kind, to) for i, kind, to in _relations(archive, part)}


def _related(archive: zipfile.ZipFile, part: str) -> list[tuple[str, str]]:
    return [(kind, to) for _, kind, to in _relations(archive, part)]


def _relations(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """(id, last word of the type, part it points to) of each relationship of a part."""
    folder, name = posixpath.split(part)
    for relation in _elements(archive, posixpath.join(folder, "_rels", f"{name}.rels"), "Relationship"):
        target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))
        yield relation.get("Id", ""), relation.get("Type", "").rpartition("/")[2], target.lstrip("/")


def _entry(archive: zipfile.ZipFile, part: str) -> str:
    """The entry's own spelling: part names are compared without case; '' when it is not there."""
    return next((name for name in archive.namelist() if name.lstrip("/").casefold() == part.casefold()), "")


def _elements(archive: zipfile.ZipFile, part: str, tag: str) -> list[ET.Element]:
    return _all(_root(archive, part), tag)


def _root(archive: zipfile.ZipFile, part: str) -> ET.Element:
    """Root of a small part; an empty element when the part is not there."""
    entry = _entry(archive, part)
    if not entry:
        return ET.Element("none")
    with archive.open(entry) as stream:
        return ET.fromstring(stream.read(_MOST_XML))


def _all(root: ET.Element, tag: str) -> list[ET.Element]:
    """Elements by their local name: workbooks come in two namespaces."""
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == tag]


def _attribute(element: ET.Element, name: str) -> str:
    """An attribute of another namespace by its local name (r:id)."""
    return next((value for key, value in element.items() if key.endswith("}" + name)), "")


class _Patterns(NamedTuple):
    """Compiled once per sheet, because a prefix such as x: belongs to every tag."""

    cell: bytes
    row: re.Pattern[bytes]
    hidden: re.Pattern[bytes]
    error: re.Pattern[bytes]
    unstored: re.Pattern[bytes]
    padded: re.Pattern[bytes] | None


def _patterns(prefix: bytes, styles: dict[str, str]) -> _Patterns:
    """No pattern looks past the next `<`, gives back what it took, or looks twice: a scan is linear on any bytes."""

    def tagged(pattern: bytes) -> re.Pattern[bytes]:
        return re.compile(re.sub(rb"</?(?=[a-z])", lambda opened: opened.group() + prefix, pattern))

    ids = b"|".join(map(str.encode, styles)) if len(styles) <= _MOST_NAMED else rb"\d{1,6}"
    formula = rb"(?:<f(?:\s[^<>]*)?/>|<f(?:\s[^<>]*[^</>])?>[^<]*</f>)\s*+"
    return _Patterns(
        b"<" + prefix + b"c ",
        tagged(rb'<row [^<>]*?\br="(\d{1,9})"'),
        tagged(rb'<row [^<>]*?\bhidden="(?:1|true)"'),
        tagged(rb'<c (?=[^<>]*?\bt="e")([^<>]*+)>\s*+(?:' + formula + rb")?<v>([^<]*+)</v>"),
        tagged(rb"<c ([^<>]*+)>\s*+" + formula + rb"(<v\s*+/>|<v></v>)?\s*+</c>"),
        tagged(rb'<c (?=[^<>]*?\bs="(' + ids + rb')")([^<>]*+)>\s*+(?:' + formula + rb")?<v>\d++</v>") if ids else None,
    )


def scan(archive: zipfile.ZipFile, part: str) -> Scan:
    """One pass over a sheet part; about 300 MB of XML a second."""
    seen = Scan()
    styles = zero_formats(archive)
    patterns: _Patterns | None = None
    with archive.open(_entry(archive, part)) as stream:
        for piece in pieces(stream):
            if patterns is None:
                patterns = _patterns(_prefix(piece), styles)
                seen.hidden_columns = _hidden_columns(piece)
            _look(piece, patterns, styles, seen)
    return seen


def pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """The part cut behind ends of rows, so that no cell is torn."""
    held = bytearray()
    while more := stream.read(_STEP):
        seen = max(0, len(held) - 3)  # what was searched before, but for the start of an end of row
        held += more
        if (at := held.rfind(b"row>", seen)) >= 0:
            yield bytes(held[: at + 4])
            del held[: at + 4]
        elif len(held) > _MOST_ROW:
            break
    if held:
        yield bytes(held)


def used_area(archive: zipfile.ZipFile, part: str) -> tuple[int, str]:
    """Last row and last column that hold content; slower than `scan`, which also counts cells with only a format."""
    last_row, last_column = 0, ""
    address = rb'(?>[^<>]*?\br="([A-Z]{1,3})(\d{1,7})")'  # atomic: the first one counts
    cell = re.compile(rb"<(?:\w+:)?c " + address + rb"[^<>/]*+>\s*+<(?:\w+:)?(?:f|v|is)\b")
    with archive.open(_entry(archive, part)) as stream:
        for piece in pieces(stream):
            for letters, row in set(cell.findall(piece)):
                last_row = max(last_row, int(row))
                last_column = max(last_column, letters.decode(), key=lambda name: (len(name), name))
    return last_row, last_column


def _prefix(piece: bytes) -> bytes:
    found = re.search(rb"<(\w+:)?worksheet\b", piece)
    return (found.group(1) or b"") if found else b""


def _hidden_columns(piece: bytes) -> int:
    spans = [tag for tag in re.findall(rb"<(?:\w+:)?col [^<>]*+>", piece) if re.search(rb'hidden="(?:1|true)"', tag)]
    return sum(_number(tag, b"max") - _number(tag, b"min") + 1 for tag in spans)


def _number(tag: bytes, name: bytes) -> int:
    found = re.search(name + rb'="(\d{1,7})"', tag)
    return int(found.group(1)) if found else 0


def _look(piece: bytes, patterns: _Patterns, styles: dict[str, str], seen: Scan) -> None:
    """Add one piece to the scan. Each `in` test spares a pattern that finds nothing in most files."""
    seen.cells += piece.count(patterns.cell)
    seen.last_row = max([seen.last_row, *map(int, patterns.row.findall(piece))])
    seen.last_column = _last_column(piece, seen.last_column)
    if b'hidden="' in piece:
        seen.hidden_rows += len(patterns.hidden.findall(piece))
    if b't="e"' in piece:
        seen.errors += _errors(piece, patterns.error)
    if b"<f" in piece or b":f" in piece:
        seen.unstored += _unstored(piece, patterns.unstored)
    if patterns.padded:
        seen.padded += [
            At(*cell_at(address), code)
            for style, attributes in patterns.padded.findall(piece)
            if (code := styles.get(style.decode()))
            if b't="' not in attributes or b't="n"' in attributes
            if (address := _address(attributes))
        ]


def _last_column(piece: bytes, known: str) -> str:
    """The greatest column; only addresses beyond the one that is known are picked out."""
    found = {name.decode() for name in re.findall(_beyond(known), piece)}
    return max(found | {known}, key=lambda name: (len(name), name))


def _beyond(known: str) -> bytes:
    """Pattern of the addresses right of a column: beyond BC are BD to BZ, C to Z with any letter, AAA to XFD."""
    greater = [
        f"{known[:i]}[{chr(ord(letter) + 1)}-Z]" + "[A-Z]" * (len(known) - i - 1)
        for i, letter in enumerate(known)
        if letter != "Z"
    ]
    longer = [f"[A-Z]{{{len(known) + 1},3}}"] if len(known) < 3 else []
    return f' r="({"|".join([*longer, *greater]) or "(?!)"})\\d'.encode()


def _errors(piece: bytes, pattern: re.Pattern[bytes]) -> list[At]:
    return [
        At(*cell_at(address), literal.decode())
        for attributes, literal in pattern.findall(piece)
        if (address := _address(attributes))
    ]


def _unstored(piece: bytes, pattern: re.Pattern[bytes]) -> list[str]:
    """An empty value of a text formula is a result: Excel stores ="" that way."""
    return [
        _address(attributes) for attributes, value in pattern.findall(piece) if not (value and b't="str"' in attributes)
    ]


def _address(attributes: bytes) -> str:
    found = re.search(rb'\br="([A-Z]{1,3}\d{1,7})"', attributes)
    return found.group(1).decode() if found else ""
