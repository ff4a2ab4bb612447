"""Bytes of a text file -> UTF-8 bytes, and the encoding they had.

A byte order mark decides; else UTF-8 if all of it is; else UTF-16 by its zero bytes; else the likeliest code
page, told by a note. No character is ever replaced: text that fits nowhere is refused.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

import charset_normalizer

from recon_core.problems import Place, Problem
from recon_core.readers.codes import counted, note, stop

_MARKS: tuple[tuple[bytes, str, str], ...] = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),  # before UTF-16: its mark begins with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_CODE_PAGES = {
    "cp1252": "Windows-1252 (Western)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp932": "Shift-JIS (Japanese)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "CP949 (Korean)",
    "mac_roman": "Mac Roman",
    "cp850": "CP850 (DOS)",
}
_NOT_1252 = b"\x81\x8d\x8f\x90\x9d"
_SIGN_IN_WORD = re.compile(r"[\u00a1-\u00a8\u00ab-\u00ad\u00af\u00b1-\u00b9\u00bb-\u00bf\u2020-\u2030][^\W\d_]")
_SAMPLE = 64 << 10
_RESAVE = "Check names with accents; if they are wrong, save the file as 'CSV UTF-8' and run again."


class Text(NamedTuple):
    """A text as UTF-8 bytes without mark, the words for the encoding it had, and what was seen."""

    data: bytes
    encoding: str
    problems: tuple[Problem, ...] = ()


def decode(data: bytes, place: Place) -> Text | Problem:
    """Any text -> UTF-8. F-107 when it does not decode or ends in NUL bytes, notes F-301 and F-303."""
    for mark, codec, words in _MARKS:
        if data.startswith(mark):
            return _transcode(data[len(mark) :], codec, words, place)
    if codec := _utf16(data):
        return _transcode(data, codec, "UTF-16 without mark", place)
    if (bad := _first_bad(data)) < 0:
        return _without_nul(Text(data, "UTF-8"), place)
    return _by_code_page(data, bad, place)


def _transcode(data: bytes, codec: str, words: str, place: Place) -> Text | Problem:
    try:
        text = data if codec == "utf-8" and _first_bad(data) < 0 else data.decode(codec).encode()
    except UnicodeError:
        what = f"{place.file} is damaged: it says it is {words} but does not read as such."
        return stop("F-107", place, what, "Export the report again as CSV or XLSX.")
    return _without_nul(Text(text, words), place)


def _utf16(data: bytes) -> str:
    """UTF-16 without a mark: of Western text every second byte is zero."""
    head = data[:_SAMPLE]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(data) % 2 or max(even, odd) * 5 < len(head) or min(even, odd) * 20 > len(head):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _first_bad(data: bytes) -> int:
    """Offset of the first byte that is not UTF-8, -1 for none; piece by piece, to hold no second copy."""
    if data.isascii():
        return -1
    decoder = codecs.getincrementaldecoder("utf-8")()
    step = 4 << 20
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=start + step >= len(data))
        except UnicodeDecodeError as error:
            return start - held + error.start
    return -1


def _without_nul(text: Text, place: Place) -> Text | Problem:
    """A tail of NUL bytes is an unfinished write; a NUL inside means nothing and is removed with a note."""
    data = text.data.rstrip(b"\x1a")  # the end mark of DOS
    count = data.count(0)
    if not count:
        return text._replace(data=data)
    tail = len(data) - len(data.rstrip(b"\0"))
    if tail > 1:
        what = f"{place.file} ends in {tail:,} NUL bytes: it was written only in part."
        return stop("F-107", place, what, "Download or export the file again.")
    line = data.count(b"\n", 0, data.find(0)) + 1
    what = f"{counted(count, 'NUL character')} removed, the first on line {line}."
    seen = note("F-303", place._replace(row=line), what, "Check that row against the portal.")
    return text._replace(data=data.replace(b"\0", b""), problems=(*text.problems, seen))


def _by_code_page(data: bytes, bad: int, place: Place) -> Text | Problem:
    line = data.count(b"\n", 0, bad) + 1
    for codec in _ranked(_telling(data, bad)):
        try:
            text = data.decode(codec).encode()
        except UnicodeDecodeError:  # this one does not fit: the next
            continue
        what = f"{place.file} is not UTF-8 (first on line {line}); it was read as {_CODE_PAGES[codec]}."
        seen = note("F-301", place._replace(row=line), what, _RESAVE)
        return _without_nul(Text(text, _CODE_PAGES[codec], (seen,)), place)
    what = f"The characters of {place.file} fit no known encoding (first on line {line})."
    return stop("F-107", place._replace(row=line), what, "Save the file as 'CSV UTF-8' and run again.")


def _telling(data: bytes, bad: int) -> bytes:
    """The lines that are not plain ASCII, from the first bad byte on: only they tell a code page."""
    begin = data.rfind(b"\n", 0, bad) + 1
    lines = data[begin : begin + 64 * _SAMPLE].split(b"\n")
    return b"\n".join(line for line in lines if not line.isascii())[:_SAMPLE]


def _ranked(sample: bytes) -> list[str]:
    """The code pages in the order to try.

    Western first when the sample reads as Western words, because a few accents fit a dozen pages and only that
    one is common; else what charset-normalizer finds likely; then all others as listed.
    """
    if _western(sample):
        return list(_CODE_PAGES)
    matches = charset_normalizer.from_bytes(sample, cp_isolation=list(_CODE_PAGES), threshold=0.3)
    likely = [match.encoding for match in matches if match.encoding in _CODE_PAGES]
    return list(dict.fromkeys([*likely, *_CODE_PAGES]))


def _western(sample: bytes) -> bool:
    """Accented letters stand alone among plain ones, and no sign such as a pound stands inside a word."""
    if any(byte in sample for byte in _NOT_1252) or re.search(rb"[\x80-\xff]{3}", sample):
        return False
    return not _SIGN_IN_WORD.search(sample.decode("cp1252"))
