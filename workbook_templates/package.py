"""An Office Open XML package as a dict of parts, and its main part as workbook, macro workbook or add-in.

Written back without a trace of clock, user or machine: the same parts give the same container, up to how zlib packs.
"""

from __future__ import annotations

import io
import zipfile

Parts = dict[str, bytes]

TYPES, ROOT_RELATIONS = "[Content_Types].xml", "_rels/.rels"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_WORKBOOK = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
ADDIN = "application/vnd.ms-excel.addin.macroEnabled.main+xml"
RIBBON = "customUI/customUI14.xml"
RIBBON_RELATION = "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"


def read_parts(package: bytes) -> Parts:
    """Every part by its name."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_parts(parts: Parts) -> bytes:
    """The package: content types first, as Excel writes it, then relationships, then parts by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(parts, key=lambda name: (name != TYPES, name != ROOT_RELATIONS, name)):
            info = zipfile.ZipInfo(name)  # dated 1980
            info.create_system = 0
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, parts[name])
    return buffer.getvalue()


def with_type(package: bytes, before: str, after: str) -> bytes:
    """The package with another type of main part."""
    parts = read_parts(package)
    return write_parts(parts | {TYPES: _replaced(parts[TYPES], f'"{before}"', f'"{after}"')})


def with_ribbon(package: bytes, ribbon: bytes) -> bytes:
    """The package with a ribbon; its type is the one that every `.xml` has by default."""
    parts = read_parts(package)
    link = f'<Relationship Id="rIdRibbon" Type="{RIBBON_RELATION}" Target="{RIBBON}"/>'
    relations = _replaced(parts[ROOT_RELATIONS], "</Relationships>", link + "</Relationships>")
    return write_parts(parts | {RIBBON: ribbon, ROOT_RELATIONS: relations})


def _replaced(part: bytes, old: str, new: str) -> bytes:
    """ValueError unless `old` stands there exactly once: a part that was drawn another way must not pass unchanged."""
    if part.count(old.encode()) != 1:
        raise ValueError(f"expected {old!r} once, found it {part.count(old.encode())} times")
    return part.replace(old.encode(), new.encode())
