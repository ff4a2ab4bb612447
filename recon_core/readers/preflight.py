"""What can be told of a file before any parser sees it: is it there, what kind is it, is it safe to unpack.

The kind is decided by content, never by the name. A workbook that would unpack to more than the limits, holds
a DOCTYPE or hides entries is refused here, because the parsers behind do not fail on such files: they abort.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from recon_core.problems import Place, Problem
from recon_core.readers.codes import note, stop

MOST_FILE = 2 << 30  # bytes of any file
MOST_UNPACKED = 6 << 30  # bytes of all parts of a workbook
MOST_PART = 4 << 30
MOST_PARTS = 20_000
MOST_RATIO = 200  # times its packed size, asked of parts from RATIO_FROM on; tables reach 5 to 60
RATIO_FROM = 64 << 20
_HEAD = 1 << 16
_PIECE = 4 << 20
_OFFLINE = 0x0040_1000  # Windows: the content is still in the cloud
_PARTIAL = (".crdownload", ".part", ".partial", ".download", ".opdownload")

EXPORT_AGAIN = "Export the report again as CSV or XLSX."
_DAMAGED = "Download or export the file again, and open it once to see that it is whole."


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that passed: what the readers and the summary sheet say of it."""

    path: str
    shown: str
    kind: str  # a key of READERS
    size: int
    modified: float
    notes: tuple[Problem, ...] = ()


# other kinds, refused by name; the first bytes tell
_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "an RTF document"),
    (b"MIME-Version:", "a web archive (MHT)"),
    (b"\x09\x00\x04\x00", "an Excel 2 worksheet"),
    (b"\x09\x02\x06\x00", "an Excel 3 worksheet"),
    (b"\x09\x04\x06\x00", "an Excel 4 worksheet"),
)
_ARCHIVES = ("archive",)
_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"urn:schemas-microsoft-com:office:spreadsheet", "an XML spreadsheet of Excel 2003"),
    (b"<!doctype html", "a web page (HTML)"),
    (b"<html", "a web page (HTML)"),
    (b"<table", "a web page (HTML)"),
    (b"<head", "a web page (HTML)"),
    (b"<meta", "a web page (HTML)"),
    (b"<?xml", "an XML file"),
)
_TAG = re.compile(rb"<(?:[?!]|(?:html|head|body|table|meta|div|style|script)[\s>])")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", "password"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("WORKBOOK", "xls"),
    ("BOOK", "xls"),
    ("WordDocument", "a Word document"),
    ("PowerPoint Document", "a PowerPoint file"),
    ("__substg1.0", "an Outlook message"),
)
_CONTROL = [byte for byte in range(1, 32) if byte not in b"\t\n\x0b\x0c\r\x1a"]
_ZIP_MARKS: tuple[tuple[str, str], ...] = (
    ("workbook.bin", "xlsb"),
    ("workbook.xml", "xlsx"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint file"),
)
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_ENDINGS = {
    "text": ("csv", "tsv", "txt", "tab", "psv", "dat", "asc", "prn", "log", ""),
    "xlsx": ("xlsx", "xlsm", "xltx", "xltm", "xlam"),
    "xlsb": ("xlsb",),
    "xls": ("xls", "xlt", "xla"),
    "ods": ("ods", "ots"),
}
_KIND_WORDS = {
    "text": "text with delimiters",
    "xlsx": "an Excel workbook (XLSX)",
    "xlsb": "a binary Excel workbook (XLSB)",
    "xls": "an Excel 97-2003 workbook (XLS)",
    "ods": "an OpenDocument spreadsheet (ODS)",
}


def check(path: str, shown: str) -> File | Problem:
    """Look at the file and say what it is, or the one Problem (F-1xx) for which it cannot be read."""
    place = Place(file=readable(shown))
    if nameless := _refuse_by_name(path, place):
        return nameless
    try:
        facts = Path(path).stat()
        if refused := _refuse_by_facts(path, place, facts):
            return refused
        with Path(path).open("rb") as stream:
            head = stream.read(_HEAD)
        kind = _kind(path, head, place)
    except (FileNotFoundError, NotADirectoryError):
        return missing(path, place)
    except (OSError, ValueError) as error:
        return unreadable(place, error)
    if isinstance(kind, Problem):
        return kind
    notes = (*_wrong_name(path, kind, place), *_open_elsewhere(path, place))
    return File(path=path, shown=shown, kind=kind, size=facts.st_size, modified=facts.st_mtime, notes=tuple(notes))


def readable(name: str) -> str:
    """The name as it can be written anywhere: bytes that are no letters as their code."""
    return name.encode("utf-8", "backslashreplace").decode()


def changed(file: File) -> Problem | None:
    """F-104 when the file is not the one that was checked any more: half of it may have been read."""
    try:
        facts = Path(file.path).stat()
    except OSError:
        return missing(file.path, Place(file=file.shown))
    if (facts.st_size, facts.st_mtime) == (file.size, file.modified):
        return None
    what = f"{file.shown} changed while it was read: it is still being written."
    return stop("F-104", Place(file=file.shown), what, "Wait until it is complete, then run again.")


def _refuse_by_name(path: str, place: Place) -> Problem | None:
    if not path:
        return stop("F-101", place, "Setup names no file.", "Choose the file in Setup.")
    if readable(path) != path:
        what = f"{place.file} cannot be opened: its name or its folder's holds bytes that are no letters."
        return stop("F-104", place, what, "Rename it to a name of plain letters and choose it again.")
    return None


def _refuse_by_facts(path: str, place: Place, facts: os.stat_result) -> Problem | None:
    return _refuse_by_type(place, facts) or _refuse_by_state(path, place, facts)


def _refuse_by_type(place: Place, facts: os.stat_result) -> Problem | None:
    if stat.S_ISDIR(facts.st_mode):
        return stop("F-102", place, f"{place.file} is a folder.", "Choose the file inside it.")
    if not stat.S_ISREG(facts.st_mode):
        return stop("F-106", place, f"{place.file} is a device, not a file.", EXPORT_AGAIN)
    if facts.st_size == 0:
        what = f"{place.file} is empty (0 bytes): the export failed, or the cloud has not delivered it yet."
        return stop("F-103", place, what, "Export the report again, or wait until the folder is in step.")
    if facts.st_size > MOST_FILE:
        return too_large(place, f"{facts.st_size:,} bytes", f"{MOST_FILE:,} bytes")
    return None


def _refuse_by_state(path: str, place: Place, facts: os.stat_result) -> Problem | None:
    if path.casefold().endswith(_PARTIAL):
        what = f"{place.file} is a download that has not finished."
        return stop("F-104", place, what, "Wait until the download is complete, then choose the finished file.")
    if getattr(facts, "st_file_attributes", 0) & _OFFLINE:
        what = f"{place.file} is in the cloud and not on this computer."
        return stop("F-104", place, what, "Open it once, or choose 'Always keep on this device', then run again.")
    return None


def missing(path: str, place: Place) -> Problem:
    """F-101, with the name in the folder that is most like it."""
    folder = Path(path).parent
    if not folder.is_dir():
        what = f"{place.file} was not found: there is no folder {folder}."
        return stop("F-101", place, what, "Choose the file again in Setup.")
    names = {name.casefold(): name for name in _names_in(folder)}
    near = difflib.get_close_matches(Path(path).name.casefold(), names, n=1, cutoff=0.6)
    hint = f" Did you mean '{names[near[0]]}'?" if near else ""
    what = f"{place.file} was not found in {folder}.{hint}"
    return stop("F-101", place, what, "Choose the file again in Setup, or copy it into that folder.")


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(readable(entry.name) for entry in folder.iterdir())
    except OSError:  # a folder that may not be listed only costs the hint
        return []


def unreadable(place: Place, error: Exception) -> Problem:
    """F-104 for a file that the operating system does not let us open."""
    if isinstance(error, PermissionError):
        what = f"{place.file} cannot be opened: another program holds it, or you have no right to read it."
        return stop("F-104", place, what, "Close the file elsewhere or ask for the right to read it, then run again.")
    what = f"{place.file} cannot be opened: {getattr(error, 'strerror', None) or error}."
    return stop("F-104", place, what, "Copy the file to this computer and choose the copy.")


def too_large(place: Place, what: str, limit: str) -> Problem:
    """F-108 with the figure and the limit."""
    text = f"{place.file} holds {what}; the limit is {limit}."
    return stop("F-108", place, text, "Export a shorter period, or save the sheet as CSV.")


def damaged(place: Place, why: str) -> Problem:
    """F-107: the content contradicts itself or ends early."""
    return stop("F-107", place, f"{place.file} is damaged: {why}.", _DAMAGED)


def protected(place: Place) -> Problem:
    """F-105."""
    what = f"{place.file} is protected by a password."
    return stop("F-105", place, what, "Open it in Excel, remove the password (File > Info), save and run again.")


def refused(place: Place, kind: str) -> Problem:
    """F-106, naming the kind; an archive is to be unpacked, all else exported again."""
    archive = kind.endswith(_ARCHIVES)
    fix = "Unpack it and choose the file inside." if archive else EXPORT_AGAIN
    return stop("F-106", place, f"{place.file} is {kind}, which cannot be read as a table.", fix)


def _wrong_name(path: str, kind: str, place: Place) -> list[Problem]:
    ending = Path(path).suffix.lstrip(".").casefold()
    others = {end for name, ends in _ENDINGS.items() if name != kind for end in ends if end}
    if ending in _ENDINGS[kind] or ending not in others:
        return []
    what = f"{place.file} is named .{ending} but is {_KIND_WORDS[kind]}; it was read as what it is."
    return [note("F-302", place, what, "Nothing to do if the figures are right; tell the sender.")]


def _open_elsewhere(path: str, place: Place) -> list[Problem]:
    """Excel and LibreOffice leave a lock file beside a workbook that is open."""
    here = Path(path)
    locks = (here.with_name(f"~${here.name}"), here.with_name(f".~lock.{here.name}#"))
    try:
        held = any(lock.exists() for lock in locks)
    except OSError:  # a name as long as names can be has no room for a lock file's
        held = False
    if not held:
        return []
    what = f"{place.file} is open in another program; the version saved last was read."
    return [note("F-311", place, what, "Save and close it there, then run again if it has unsaved changes.")]


def _kind(path: str, head: bytes, place: Place) -> str | Problem:
    """The kind as a key of READERS, or the Problem that refuses it."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(path, place)
    if head.startswith(_OLE):
        return _ole_kind(path, place)
    for signature, kind in _OTHER_KINDS:
        if head.startswith(signature):
            return refused(place, kind)
    return _text_kind(head, place)


def _text_kind(head: bytes, place: Place) -> str | Problem:
    if not head.strip(b"\0 \t\r\n\xff\xfe\xef\xbb\xbf"):
        what = f"{place.file} holds only blanks."
        return stop("F-103", place, what, "Export the report again.")
    plain = head.replace(b"\0", b"").lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n")
    start = plain[:4096].lower()
    if _TAG.match(start):  # a header such as <Date>,<Close> is not markup
        found = next((kind for mark, kind in _MARKUP if mark in start), "a file of markup")
        return refused(place, found)
    if start.startswith((b'{"', b"[{", b"[\n", b"{\n", b"{\r\n")):
        return refused(place, "a JSON file")
    control = sum(plain.count(byte) for byte in _CONTROL)
    return refused(place, "a binary file of an unknown kind") if control > 8 + len(plain) // 20 else "text"


def _ole_kind(path: str, place: Place) -> str | Problem:
    """Old Office files keep the names of their streams as UTF-16; a name is proof enough of the kind."""
    with Path(path).open("rb") as stream:
        names = _names_found(stream, [name.encode("utf-16-le") for name, _ in _OLE_STREAMS])
    found = next((kind for name, kind in _OLE_STREAMS if name.encode("utf-16-le") in names), "")
    if found == "password":
        return protected(place)
    if found == "xls":
        return found
    return refused(place, found or "an Office file of an unknown kind")


def _names_found(stream: IO[bytes], names: Sequence[bytes]) -> set[bytes]:
    """Which of the names a file holds; read in pieces that overlap, up to the first of them, which decides alone."""
    found: set[bytes] = set()
    tail = b""
    while names[0] not in found and (more := stream.read(_PIECE)):
        piece = tail + more
        found |= {name for name in names if name not in found and name in piece}
        tail = piece[1 - max(map(len, names)) :]
    return found


def _zip_kind(path: str, place: Place) -> str | Problem:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            kind = _zip_kind_by_names(archive, entries)
            if kind not in _KIND_WORDS:
                return refused(place, kind)
            return _unsafe(archive, entries, place) or kind
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, zipfile.BadZipFile):
            raise
        return damaged(place, "the archive inside ends early or contradicts itself")


def _zip_kind_by_names(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str:
    names = {entry.filename for entry in entries}
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        is_sheet = archive.read("mimetype").startswith(_ODS)
        return "ods" if is_sheet else "an OpenDocument file that is no spreadsheet"
    lower = [name.casefold().lstrip("/") for name in names]
    office = "[content_types].xml" in lower
    found = next((kind for end, kind in _ZIP_MARKS if any(name.endswith(end) for name in lower)), "")
    return (found or "an Office file that is no workbook") if office else "a zip archive"


def _unsafe(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], place: Place) -> Problem | None:
    """The first reason not to unpack this workbook: tricks, size, a DOCTYPE."""
    return _trick(entries, place) or _bomb(entries, place) or _doctype(archive, entries, place)


def _trick(entries: list[zipfile.ZipInfo], place: Place) -> Problem | None:
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 1 for entry in entries):
        return protected(place)
    if len(set(names)) < len(names):
        why = "holds two parts of the same name"
    elif any(".." in name.replace("\\", "/").split("/") for name in names):
        why = "holds a part that points outside the archive"
    else:
        return None
    return stop("F-109", place, f"{place.file} {why}; such a workbook is not opened.", EXPORT_AGAIN)


def _bomb(entries: list[zipfile.ZipInfo], place: Place) -> Problem | None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_PARTS:
        return too_large(place, f"{len(entries):,} parts", f"{MOST_PARTS:,} parts")
    if total > MOST_UNPACKED:
        return too_large(place, f"{total:,} bytes when unpacked", f"{MOST_UNPACKED:,} bytes")
    for entry in entries:
        if entry.file_size > MOST_PART:
            return too_large(place, f"a part of {entry.file_size:,} bytes", f"{MOST_PART:,} bytes")
        if entry.file_size > max(RATIO_FROM, MOST_RATIO * entry.compress_size):
            ratio = entry.file_size // max(1, entry.compress_size)
            return too_large(place, f"a part that unpacks to {ratio:,} times its size", f"{MOST_RATIO} times")
    return None


def _doctype(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], place: Place) -> Problem | None:
    for entry in entries:
        if not entry.filename.casefold().endswith((".xml", ".rels")):
            continue
        with archive.open(entry) as part:
            start = part.read(4096).replace(b"\0", b"").lower()
        if b"<!doctype" in start or b"<!entity" in start:
            what = f"{place.file} holds a document type definition (DOCTYPE); such a workbook is not opened."
            return stop("F-109", place, what, EXPORT_AGAIN)
    return None
