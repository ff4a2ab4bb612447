"""The zip file under a workbook: check its directory, copy entries as they are, write new ones.

Copies keep the compressed bytes. A new entry may be a stream of any length: it is deflated by a worker
thread while the caller makes the next piece, and its sizes are filled in afterwards.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from addin.hosts.refusals import dangerous, missing, not_a_workbook, not_opened, old_or_locked, signed, unreadable_part

MAX_PART = 8 << 30  # a sheet of 1,048,576 rows and 60 columns of ours
MAX_TOTAL = 32 << 30
MAX_RATIO = 250  # our own densest sheets reach 60
SMALL_PART = 16 << 20  # below this no ratio is dangerous
MAX_IN_MEMORY = 256 << 20  # parts we read whole: everything but the cells of a sheet
OLE = b"\xd0\xcf\x11\xe0"
LOCAL, CENTRAL = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I")
END, END64 = struct.Struct("<4s4H2IH"), struct.Struct("<4sQ2H2I4Q")
LOCATOR64 = struct.Struct("<4sIQI")
FULL = 0xFFFFFFFF  # "see the zip64 field"
ZIP64_FROM = FULL
ZIP64 = 1
# Room for a zip64 field, marked as Microsoft's "growth hint", which every zip reader skips
GROWTH_HINT = struct.pack("<4H12x", 0xA220, 16, 0xA028, 0)


class Fingerprint(NamedTuple):
    """What a workbook was when we read it: size, time, and the digest of its zip directory (names, CRCs, sizes)."""

    size: int
    modified_ns: int
    digest: str

    def same_content(self, other: Fingerprint) -> bool:
        """Equal but for the time: a synchroniser's touch is no change."""
        return (self.size, self.digest) == (other.size, other.digest)


@dataclass(frozen=True, slots=True)
class Package:
    """An opened workbook file. Part names have no leading '/'; look-ups ignore case, as Excel does."""

    file: IO[bytes]
    archive: zipfile.ZipFile
    parts: Mapping[str, zipfile.ZipInfo]  # by lower-case name
    fingerprint: Fingerprint

    def has(self, part: str) -> bool:
        """Whether the part is there."""
        return part.lower() in self.parts

    def read(self, part: str) -> bytes:
        """A whole part, checked against its CRC. Never for the cells of a sheet."""
        info = self._info(part)
        if info.file_size > MAX_IN_MEMORY:
            raise dangerous(f"its part {part} is far larger than such a part can be")
        return b"".join(self.stream(part))

    def stream(self, part: str, size: int = 1 << 20) -> Iterator[bytes]:
        """A part in pieces."""
        try:
            with self.archive.open(self._info(part)) as source:
                while piece := source.read(size):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise unreadable_part(part, f"it is damaged ({error})") from error

    def _info(self, part: str) -> zipfile.ZipInfo:
        if not self.has(part):
            raise not_a_workbook(f"its part {part} is missing")
        return self.parts[part.lower()]

    def close(self) -> None:
        """Let go of the file; Windows replaces no open file."""
        self.archive.close()
        self.file.close()


def resolved(path: Path | str, shown: str = "") -> Path:
    """The true place of a workbook. Raises H-101 for a path that leads nowhere: a loop of links, a NUL inside."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop is a RuntimeError up to Python 3.12
        raise missing(shown or Path(path).name) from error


def open_package(path: Path, shown: str = "") -> Package:
    """Open a workbook after checking its directory. Raises H-101 to H-106, H-108; `shown` is its name in them."""
    file = _opened(path, shown or path.name)
    try:
        return _checked(file)
    except BaseException:
        file.close()
        raise


def _opened(path: Path, shown: str) -> IO[bytes]:
    try:
        kind = path.stat().st_mode  # asked before the opening, which waits for the other end of a pipe
        if not stat.S_ISREG(kind):
            raise not_a_workbook("it is a folder" if stat.S_ISDIR(kind) else "it is a device or a pipe")
        return path.open("rb")
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno == errno.ELOOP:
            raise missing(shown) from error
        raise not_opened(error.strerror or str(error)) from error
    except ValueError as error:  # a NUL, or half a letter, in the name
        raise missing(shown) from error


def _checked(file: IO[bytes]) -> Package:
    if file.read(4) == OLE:
        raise old_or_locked()
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise not_a_workbook("it is no zip archive, or a damaged one") from error
    entries = archive.infolist()
    check_names(entries)
    check_sizes(entries)
    parts = {info.filename.lower(): info for info in entries}
    if "[content_types].xml" not in parts:
        raise not_a_workbook("it has no list of content types")
    return Package(file, archive, parts, _fingerprint(file, entries))


def _fingerprint(file: IO[bytes], entries: Iterable[zipfile.ZipInfo]) -> Fingerprint:
    status = os.fstat(file.fileno())
    facts = [(e.filename, e.CRC, e.file_size, e.compress_size, e.header_offset) for e in entries]
    digest = hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()
    return Fingerprint(status.st_size, status.st_mtime_ns, digest)


def fingerprint(path: Path, shown: str = "") -> Fingerprint:
    """What the workbook is now."""
    package = open_package(path, shown)
    package.close()
    return package.fingerprint


def check_names(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse encrypted, repeated and escaping entries, and signed packages."""
    seen: set[str] = set()
    for info in entries:
        name = info.filename.lower()
        if info.flag_bits & 0x41:
            raise old_or_locked()
        if _is_odd(info.orig_filename):
            raise dangerous(f"it holds an entry named '{info.filename}'")
        if name in seen:
            raise dangerous(f"it holds the entry '{info.filename}' twice")
        if name.startswith("_xmlsignatures/"):
            raise signed()
        seen.add(name)


def _is_odd(name: str) -> bool:
    steps = name.split("/")
    return name.startswith("/") or "\\" in name or "\0" in name or ":" in steps[0] or ".." in steps or "." in steps


def check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse what would not fit into memory or disk once expanded, and entries that share bytes."""
    for info in entries:
        bomb = info.file_size > SMALL_PART and info.file_size > MAX_RATIO * max(info.compress_size, 1)
        if bomb or info.file_size > MAX_PART:
            raise dangerous(f"its entry '{info.filename}' expands to {info.file_size / 1e6:,.0f} MB")
    if sum(info.file_size for info in entries) > MAX_TOTAL:
        raise dangerous("it expands to more than 32 GB")
    end = 0
    for info in sorted(entries, key=lambda entry: entry.header_offset):
        if info.header_offset < end:
            raise dangerous("its entries overlap")
        end = info.header_offset + LOCAL.size + info.compress_size


class Written(NamedTuple):
    """One entry of the new file, as its directory will list it."""

    info: zipfile.ZipInfo
    name: bytes
    extra: bytes
    crc: int
    packed: int
    size: int
    offset: int


def copy_entry(package: Package, info: zipfile.ZipInfo, out: IO[bytes]) -> Written:
    """Copy one entry with its compressed bytes; the sizes go into the local header, so no descriptor follows."""
    package.file.seek(info.header_offset)
    header = package.file.read(LOCAL.size)
    if header[:4] != b"PK\3\4":
        raise not_a_workbook("its zip directory does not fit its entries")
    name_length, extra_length = LOCAL.unpack(header)[-2:]
    name = package.file.read(name_length)
    extra = _without_zip64(package.file.read(extra_length))
    offset = out.tell()
    entry = Written(info, name, _without_zip64(info.extra), info.CRC, info.compress_size, info.file_size, offset)
    out.write(_local_header(entry, extra))
    rest = info.compress_size
    while rest:
        piece = package.file.read(min(rest, 1 << 20))
        if not piece:
            raise not_a_workbook(f"its entry '{info.filename}' is cut off")
        out.write(piece)
        rest -= len(piece)
    return entry


def write_entry(info: zipfile.ZipInfo, pieces: Iterable[bytes | memoryview], out: IO[bytes]) -> Written:
    """Deflate a stream into one entry. Memory: three pieces."""
    offset = out.tell()
    name = info.filename.encode()
    empty = Written(info, name, b"", 0, 0, 0, offset)
    out.write(_local_header(empty, GROWTH_HINT))
    crc, packed, size = _deflate(pieces, out)
    entry = empty._replace(crc=crc, packed=packed, size=size)
    end = out.tell()
    out.seek(offset)
    # a zip64 field takes the room of the hint
    out.write(_local_header(entry, b"" if max(size, packed) >= ZIP64_FROM else GROWTH_HINT))
    out.seek(end)
    return entry


def _deflate(pieces: Iterable[bytes | memoryview], out: IO[bytes]) -> tuple[int, int, int]:
    """(crc, compressed size, size). One worker deflates, at most two pieces wait."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = packed = size = 0

    def step(piece: bytes | memoryview) -> None:
        nonlocal crc, packed, size
        crc = zlib.crc32(piece, crc)
        size += len(piece)
        packed += out.write(squeeze.compress(piece))

    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="deflate") as worker:
        for piece in pieces:
            waiting.append(worker.submit(step, piece))
            if len(waiting) > 2:
                waiting.popleft().result()
        for future in waiting:
            future.result()
    packed += out.write(squeeze.flush())
    return crc, packed, size


def new_info(name: str, like: zipfile.ZipInfo | None, stamp: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    """The directory entry of a part we write: deflated, UTF-8 name, the attributes of the one it replaces."""
    info = zipfile.ZipInfo(like.filename if like else name, like.date_time if like else stamp)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = like.external_attr if like else 0
    info.create_system = like.create_system if like else 0
    info.flag_bits = 0 if info.filename.isascii() else 0x800
    return info


def write_directory(entries: Iterable[Written], comment: bytes, out: IO[bytes]) -> None:
    """The central directory and the end records; zip64 where the numbers need it."""
    start, count = out.tell(), 0
    for entry in entries:
        out.write(_central_header(entry))
        count += 1
    size = out.tell() - start
    if count >= 0xFFFF or max(start, size) >= ZIP64_FROM:
        here = out.tell()
        out.write(END64.pack(b"PK\6\6", END64.size - 12, 45, 45, 0, 0, count, count, size, start))
        out.write(LOCATOR64.pack(b"PK\6\7", 0, here, 1))
    short = min(count, 0xFFFF)
    out.write(END.pack(b"PK\5\6", 0, 0, short, short, _clipped(size), _clipped(start), len(comment)) + comment)


def _without_zip64(extra: bytes) -> bytes:
    """Extra fields less the zip64 one, which is made anew; a torn tail is dropped."""
    kept, at = b"", 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind != ZIP64:
            kept += extra[at : at + 4 + length]
        at += 4 + length
    return kept


def _dos_time(info: zipfile.ZipInfo) -> tuple[int, int]:
    year, month, day, hour, minute, second = info.date_time
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _clipped(number: int) -> int:
    return FULL if number >= ZIP64_FROM else number


def _flags(info: zipfile.ZipInfo) -> int:
    return info.flag_bits & ~0x08  # no data descriptor follows


def _local_header(entry: Written, extra: bytes) -> bytes:
    info, size, packed = entry.info, entry.size, entry.packed
    big = max(size, packed) >= ZIP64_FROM
    if big:
        extra += struct.pack("<2H2Q", ZIP64, 16, size, packed)
        size = packed = FULL
    version = max(info.extract_version, 45 if big else 20)
    head = (b"PK\3\4", version, _flags(info), info.compress_type, *_dos_time(info), entry.crc, packed, size)
    return LOCAL.pack(*head, len(entry.name), len(extra)) + entry.name + extra


def _central_header(entry: Written) -> bytes:
    info, extra = entry.info, entry.extra
    numbers = [entry.size, entry.packed, entry.offset]
    long = [number for number in numbers if number >= ZIP64_FROM]
    if long:
        extra += struct.pack(f"<2H{len(long)}Q", ZIP64, 8 * len(long), *long)
    size, packed, offset = (_clipped(number) for number in numbers)
    made = info.create_system << 8 | info.create_version
    version = max(info.extract_version, 45 if long else 20)
    head = (b"PK\1\2", made, version, _flags(info), info.compress_type, *_dos_time(info), entry.crc, packed, size)
    tail = (len(entry.name), len(extra), len(info.comment), 0, info.internal_attr, info.external_attr, offset)
    return CENTRAL.pack(*head, *tail) + entry.name + extra + info.comment
