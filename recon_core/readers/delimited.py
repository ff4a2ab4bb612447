"""Text with delimiters (CSV, TSV, ; and |) -> Raw, every cell as the text that stands in the file.

Fast: one threaded pass of pyarrow with every column forced to text. Only when its rows are fewer than the
lines (blank lines, ragged rows, line breaks inside quotes) the body is read again record by record, so that
row numbers stay the line numbers an editor shows. No missing-value words, no numbers, no dates are guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from recon_core.model import Raw, Source
from recon_core.problems import Place, Problem
from recon_core.readers import encoding, frames, header
from recon_core.readers.codes import counted, note, stop
from recon_core.readers.preflight import EXPORT_AGAIN, File

# in the order to try: on a tie the rarer sign is the delimiter
DELIMITERS = {"\t": "tab", "|": "bar", ";": "semicolon", ",": "comma"}
_LONG_CELL = 20  # lines; a longer cell is more likely a lost quotation mark than a text
_CHUNK = 500  # records turned into Arrow at a time; short lists are freed before anyone counts them
_TAIL = 60  # lines at the end that are read apart: totals and signatures of a long file
_SHORT = 1 << 20  # bytes of a body that is not worth that
MOST_COLUMNS = 16_384  # of a sheet of Excel
MOST_CELL = 1_000_000  # characters
MOST_NAME = 10_000  # characters of a header
MOST_LINE = 64 << 20  # bytes
_ONE_COLUMN = "\x1f"  # unit separator: splits nothing that a person has typed


class Record(NamedTuple):
    """One record: the line it begins on, its cells, and the text as it stands in the file."""

    line: int
    cells: list[str]
    text: str


class Layout(NamedTuple):
    """How the file is cut into records, and where its table begins."""

    delimiter: str
    cells: list[str]  # of the header row
    line: int  # of the header row
    body: int  # offset of the first byte below the header
    body_line: int  # line of that byte
    width: int  # cells of the typical row below

    @property
    def named(self) -> int:
        """Number of columns up to the last one with a name."""
        return max(i for i, cell in enumerate(self.cells, 1) if header.tidy(cell))


class Body(NamedTuple):
    """The rows below the header as columns, their lines, and the rows that do not fit."""

    columns: list[pa.ChunkedArray]
    lines: np.ndarray
    ragged: tuple[tuple[int, str], ...] = ()
    problems: tuple[Problem, ...] = ()


def read(source: Source, file: File) -> tuple[Raw | None, tuple[Problem, ...]]:
    """Text file -> Raw and what is to be said about it; None and a Stop when it cannot be used."""
    place = Place(file=file.shown)
    text = encoding.decode(Path(file.path).read_bytes(), place)
    if isinstance(text, Problem):
        return None, (*file.notes, text)
    notes = (*file.notes, *text.problems)
    if endless := _endless(text.data, place):
        return None, (*notes, endless)
    layout, problems = _layout(text.data, source, place)
    if layout is None or problems:
        return None, (*notes, *problems)
    return _raw(source, file, text, layout, _body(text.data, layout, place), notes)


def _endless(data: bytes, place: Place) -> Problem | None:
    """A line that is longer than any table's, found without reading what is between the line ends."""
    begin = 0
    while len(data) - begin > MOST_LINE:
        end = begin + MOST_LINE
        if (cut := data.rfind(b"\n", begin, end)) < 0 and (cut := data.rfind(b"\r", begin, end)) < 0:
            line = data.count(b"\n", 0, begin) + 1
            what = f"Line {line} of {place.file} is longer than {MOST_LINE >> 20} MB; a table has a line end behind each row."
            return stop("F-108", place._replace(row=line), what, EXPORT_AGAIN)
        begin = cut + 1
    return None


def _too_wide(count: int, place: Place) -> Problem:
    what = f"The file has {count:,} columns; a sheet holds {MOST_COLUMNS:,}."
    return stop("F-108", place, what, "Check the separator, or export fewer columns.")


def _too_long(count: int, line: int, place: Place) -> Problem:
    what = f"A cell on line {line} of {place.file} has {count:,} characters; the limit is {MOST_CELL:,}."
    fix = "Check the separator and the line ends, or export the report without that column."
    return stop("F-108", place._replace(row=line), what, fix)


def _raw(
    source: Source, file: File, text: encoding.Text, layout: Layout, body: Body, notes: tuple[Problem, ...]
) -> tuple[Raw | None, tuple[Problem, ...]]:
    place = Place(file=file.shown, row=layout.line)
    names, repeats = header.name_columns(layout.cells, place)
    rows = header.judge_rows(len(body.lines), body.ragged, layout.named, place)
    problems = (*notes, *repeats, *body.problems, *rows)
    if header.stops(problems):
        return None, problems
    if long := _longest(body, place):
        return None, (*notes, long)
    kept = header.kept(layout.cells, body.columns)
    raw = Raw(
        source=source.name,
        file=file.shown,
        path=file.path,
        header_row=layout.line,
        frame=frames.to_frame([body.columns[i] for i in kept], [names[i] for i in kept]),
        row=body.lines,
        ragged=body.ragged,
        size=file.size,
        modified=file.modified,
        detected=_words(text.encoding, layout.delimiter),
        problems=problems,
    )
    return raw, problems


def _longest(body: Body, place: Place) -> Problem | None:
    """The Stop for a cell below the header that is longer than a cell may be; bytes first, as they cost nothing."""
    for column in body.columns:
        if frames.most_bytes(column) > MOST_CELL:
            sizes = pc.utf8_length(column)
            most = pc.max(sizes).as_py()
            if most > MOST_CELL:
                return _too_long(most, int(body.lines[pc.index(sizes, most).as_py()]), place)
    return None


def _words(encoding_name: str, delimiter: str) -> str:
    kind = {",": "CSV", "\t": "TSV"}.get(delimiter, "text")
    sign = "one column" if delimiter == _ONE_COLUMN else DELIMITERS.get(delimiter, f"'{delimiter}'")
    return f"{kind}, {encoding_name}, {sign}"


def _records(lines: Iterable[str], delimiter: str, first_line: int = 1) -> Iterator[Record]:
    """Lines with their ends -> records. The text of a record is kept as it stands, line end included."""
    # a cell may be long; the limit of the csv module is for the whole process, so it is only ever raised
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))
    held: list[str] = []

    def remember() -> Iterator[str]:
        for line in lines:
            held.append(line)
            yield line

    line = first_line
    for cells in csv.reader(remember(), delimiter=delimiter):
        yield Record(line, cells, held[0] if len(held) == 1 else "".join(held))
        line += len(held)
        held.clear()


def _lines(data: bytes, offset: int = 0) -> Iterable[str]:
    """The lines from an offset on, cut at LF, CR and CRLF as the csv module and editors do, ends kept."""
    stream = io.BytesIO(data)
    stream.seek(offset)
    return io.TextIOWrapper(stream, "utf-8", newline="")


def _layout(data: bytes, source: Source, place: Place) -> tuple[Layout | None, tuple[Problem, ...]]:
    """The delimiter under which a header is found and most rows are equally wide."""
    declared = _declared(data)
    choices = [declared] if declared else [_ONE_COLUMN, *DELIMITERS]
    tries = [_try(data, delimiter, source, place) for delimiter in choices]
    best = max(range(len(tries)), key=lambda i: tries[i][0])
    return tries[best][1], tries[best][2]


def _declared(data: bytes) -> str:
    """The delimiter of a first line 'sep=;', which Excel honours and other programs show as a row."""
    found = re.match(rb"sep=([,;\t|:^~ ])[\r\n]", data[:16], re.IGNORECASE)
    return found.group(1).decode() if found else ""


Score = tuple[bool, bool, float, int]


def _try(data: bytes, delimiter: str, source: Source, place: Place) -> tuple[Score, Layout | None, tuple[Problem, ...]]:
    most = max(header.LOOK_AT, source.header_row + 20)
    records: list[Record] = []
    for record in islice(_records(_lines(data), delimiter), most):
        if refused := _refuse(record, place):
            width = len(record.cells)
            return (False, width > 1, 1.0, width), None, (refused,)
        records.append(record)
    skipped = 1 if _declared(data) else 0
    rows = [header.Row(record.line, _beginnings(record)) for record in records[skipped:]]
    found = header.find(rows, source.wanted, source.header_row, place)
    if found.at < 0:  # a file that falls into columns is not read as one column for want of a header
        width, share = _typical([len(record.cells) for record in records if record.cells], 0)
        return (False, width > 1, share, width), None, found.problems
    above = records[: skipped + found.at + 1]
    below = [len(record.cells) for record in records[len(above) :] if any(record.cells)]
    width, share = _typical(below, len(above[-1].cells))
    layout = Layout(
        delimiter,
        above[-1].cells,
        above[-1].line,
        sum(len(record.text.encode()) for record in above),
        1 + sum(map(_line_count, above)),
        width,
    )
    many = len(layout.cells) > 1
    return (many and not found.problems, many, share, layout.named), layout, found.problems


def _refuse(record: Record, place: Place) -> Problem | None:
    """F-108 for a record no table has; a cell over many lines is a lost quotation mark, which others tell."""
    if len(record.cells) > MOST_COLUMNS:
        return _too_wide(len(record.cells), place._replace(row=record.line))
    longest = max(record.cells, key=len, default="")
    if len(longest) <= MOST_CELL or "\n" in longest or "\r" in longest:
        return None
    return _too_long(len(longest), record.line, place)


def _beginnings(record: Record) -> list[str]:
    """The cells as the search for a header sees them: of a swallowed file it need not look at every letter."""
    return [cell[:MOST_NAME] for cell in record.cells] if len(record.text) > MOST_CELL else record.cells


def _typical(widths: Sequence[int], of_header: int) -> tuple[int, float]:
    """The most frequent width below the header and its share; the header's own where nothing is below."""
    if not widths:
        return of_header, 1.0
    width, count = Counter(widths).most_common(1)[0]
    return width, count / len(widths)


def _line_count(record: Record) -> int:
    return sum(1 for _ in io.StringIO(record.text, newline=""))


def _body(data: bytes, layout: Layout, place: Place) -> Body:
    """The fast way for all of it, or for all but the last lines, or the careful way."""
    if whole := _fast(data, layout):
        return whole
    cut = _tail(data)
    above = _fast(data[:cut], layout) if cut - layout.body > _SHORT else None
    if above is None:
        return _careful(data, layout, place)
    below = _careful(data, layout._replace(body=cut, body_line=layout.body_line + len(above.lines)), place)
    columns = [
        pa.chunked_array([*first.chunks, *rest.chunks], pa.large_string())
        for first, rest in zip(above.columns, below.columns, strict=True)
    ]
    return below._replace(columns=columns, lines=np.concatenate([above.lines, below.lines]))


def _tail(data: bytes) -> int:
    """Offset of the last lines; 0 when there are not that many."""
    offset = len(data) - 1
    for _ in range(_TAIL + 1):
        if (offset := data.rfind(b"\n", 0, offset)) < 0:
            return 0
    return offset + 1


def _fast(data: bytes, layout: Layout) -> Body | None:
    """All rows in one threaded pass, or None when some line is not exactly one fitting row."""
    lines = data.count(b"\n", layout.body) + (not data.endswith(b"\n") and len(data) > layout.body)
    returns = data.count(b"\r", layout.body)
    if returns and returns != data.count(b"\r\n", layout.body):
        return None
    width = max(layout.width, len(layout.cells))
    if not lines:
        return Body([frames.NOTHING] * len(layout.cells), np.empty(0, "int64"))
    table = _parse(data, layout, width)
    if table is None or table.num_rows != lines or not _is_whole(_last_line(data), layout.delimiter, width):
        return None
    columns = _fitting(table.columns, layout)
    if columns is None:
        return None
    return Body(columns, np.arange(layout.body_line, layout.body_line + lines, dtype="int64"))


def _last_line(data: bytes) -> str:
    return data[data.rstrip(b"\r\n").rfind(b"\n") + 1 :].decode()


def _parse(data: bytes, layout: Layout, width: int) -> pa.Table | None:
    names = [str(i) for i in range(width)]
    body = pa.py_buffer(data).slice(layout.body)
    quotes = data.find(b'"', layout.body) >= 0
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(body),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=4 << 20),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.delimiter,
                # without quotes no cell can hold a line end, and blocks may be cut in parallel
                newlines_in_values=quotes,
                invalid_row_handler=lambda _: "skip",
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
                check_utf8=False,  # the text was decoded before
            ),
        )
    except pa.ArrowInvalid:  # such as one row wider than a block: the careful way has no such limit
        return None


def _fitting(columns: list[pa.ChunkedArray], layout: Layout) -> list[pa.ChunkedArray] | None:
    """Columns without the empty ones beyond the header; None when a cell stands beyond the header."""
    over = columns[len(layout.cells) :]
    if not all(map(frames.all_empty, over)):
        return None
    return columns[: len(layout.cells)]


def _careful(data: bytes, layout: Layout, place: Place) -> Body:
    """All rows with their true lines; rows that do not fit the header go to `ragged` with their text."""
    width, named = len(layout.cells), layout.named
    ragged: list[tuple[int, str]] = []
    long: list[Record] = []
    chunks: list[list[pa.Array]] = []
    lines: list[np.ndarray] = []
    last = Record(layout.body_line, [], "")
    records = _records(_lines(data, layout.body), layout.delimiter, layout.body_line)
    while batch := list(islice(records, _CHUNK)):
        last = batch[-1]
        fitting = [record for record in batch if _fits(record.cells, named, width)]
        ragged += [(r.line, r.text.rstrip("\r\n")) for r in batch if not _fits(r.cells, named, width)]
        long += [record for record in batch if record.text.count("\n") > _LONG_CELL]
        chunks.append(_columns([record.cells for record in fitting], width))
        lines.append(np.array([record.line for record in fitting], "int64"))
    columns = [pa.chunked_array([pa.concat_arrays(parts)]) for parts in zip(*chunks, strict=True)]
    problems = (*_long_cells(long, place), *_ending(last, ragged, layout, place))
    return Body(columns, np.concatenate(lines), tuple(ragged), problems)


def _fits(cells: list[str], named: int, width: int) -> bool:
    return named <= len(cells) and (len(cells) <= width or not any(cells[width:])) and bool(cells)


def _columns(rows: list[list[str]], width: int) -> list[pa.Array]:
    padded = [row[:width] if len(row) >= width else row + [""] * (width - len(row)) for row in rows]
    return [frames.column_of(column) for column in zip(*padded, strict=True)] or [frames.column_of([])] * width


def _ending(last: Record, ragged: list[tuple[int, str]], layout: Layout, place: Place) -> Iterator[Problem]:
    """Is the last record whole? An open quotation mark swallows the rest; a cut file stops mid-line."""
    if not last.text:
        return
    if last.cells and not _is_whole(last.text, layout.delimiter, len(last.cells)):
        inside = last.cells[-1].rstrip("\r\n")
        line = last.line + _line_count(last) - max(1, _line_count(Record(0, [], inside)))
        what = f"The quotation mark opened on line {line} is never closed: all below it reads as one cell."
        fix = "Remove or close that quotation mark in a text editor, or export the report again."
        yield stop("F-206", place._replace(row=line), what, fix, last.text[:200])
    elif _is_cut(last, ragged, layout):
        count = counted(len(last.cells), "cell")
        what = f"Line {last.line}, the last, stops after {count} of {layout.named} and has no line end."
        fix = "Compare the number of rows with the portal; export the report again if rows are missing."
        yield note("F-304", place._replace(row=last.line), what, fix, last.text)


def _is_whole(text: str, delimiter: str, cells: int) -> bool:
    """Is every quotation mark closed? One more cell behind the record is a cell of its own only then."""
    probe = list(csv.reader([text.rstrip("\r\n") + delimiter + "x"], delimiter=delimiter))
    return len(probe) == 1 and len(probe[0]) == cells + 1


def _is_cut(last: Record, ragged: list[tuple[int, str]], layout: Layout) -> bool:
    """The last record is the only one that is too short, and no line end follows it."""
    alone = [line for line, _ in ragged] == [last.line] and 0 < len(last.cells) < layout.named
    return alone and not last.text.endswith(("\n", "\r"))


def _long_cells(records: list[Record], place: Place) -> Iterator[Problem]:
    for record in records[:20]:
        what = f"The row on line {record.line} runs over {_line_count(record)} lines inside quotation marks."
        fix = "Look at that line in a text editor; if a quotation mark is missing there, export again."
        yield note("F-306", place._replace(row=record.line), what, fix, record.text[:200])
