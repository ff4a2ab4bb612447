"""The child process that parses a workbook, so that a parser which aborts takes no one with it.

Cells go to the file `out` as an Arrow stream of text columns c0, c1, ... and bool columns t0, t1, ... (True:
a number or a date); the sheets, or why they cannot be read, go to standard output as JSON. Runs as a script,
without the packages above: it starts in a quarter of a second.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine

ROWS = 8_192  # turned into Arrow at a time: short lists stay in the cache
_ERRORS = {
    "NA": "#N/A",
    "Div0": "#DIV/0!",
    "Ref": "#REF!",
    "Name": "#NAME?",
    "Num": "#NUM!",
    "Value": "#VALUE!",
    "Null": "#NULL!",
    "GettingData": "#GETTING_DATA",
}


def choose(names: Sequence[str], visible: Sequence[bool], name: str, has_data: Callable[[int], bool]) -> int:
    """The sheet of that name (case and outer blanks aside), or the first visible with data; -1 for none."""
    if name:
        exact = [i for i, own in enumerate(names) if own == name]
        folded = [i for i, own in enumerate(names) if own.strip().casefold() == name.strip().casefold()]
        return next(iter(exact + folded), -1)
    return next((i for i, seen in enumerate(visible) if seen and has_data(i)), -1)


def number_text(value: float) -> str:
    """The shortest exact decimal text: 1234.5, 100, 0.00001, 123000000000000000; never an exponent."""
    text = repr(float(value))
    mantissa, exponent, power = text.partition("e")
    if exponent:
        text = _shifted(mantissa, int(power))
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def _shifted(mantissa: str, power: int) -> str:
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, part = mantissa.lstrip("-").partition(".")
    digits = whole + part
    point = len(whole) + power
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return sign + digits.ljust(point, "0") + ("." + digits[point:] if point < len(digits) else "")


def number_texts(cells: Sequence[float]) -> pa.Array:
    """Numbers -> `number_text` of each, by whole columns where Arrow writes the same."""
    values = np.array(cells, "float64")
    if (values == np.trunc(values)).all() and (np.abs(values) < 1e15).all():
        return pa.array(values.astype("int64")).cast(pa.large_string())
    texts = pa.array(values).cast(pa.large_string())
    odd = pc.or_(pc.match_substring(texts, "e"), pc.equal(texts, "-0"))
    if not pc.any(odd).as_py():
        return texts
    mended = [number_text(value) for value in values[np.asarray(odd)]]
    return pc.replace_with_mask(texts, odd, pa.array(mended, pa.large_string()))


def _date_texts(cells: Sequence[dt.date]) -> pa.Array:
    return pa.array(cells, pa.date32()).cast(pa.large_string())


def _moment_texts(cells: Sequence[dt.datetime]) -> pa.Array:
    """To the nearest second: a time on a sheet is a fraction of a day, 10:15:30 may come as 10:15:29.999."""
    half = dt.timedelta(milliseconds=500)
    whole = [(cell + half).replace(microsecond=0, tzinfo=None) for cell in cells]
    texts = pa.array(whole, pa.timestamp("s")).cast(pa.large_string())
    return pc.replace_substring(texts, " ", "T")


def _span_texts(cells: Sequence[dt.timedelta]) -> pa.Array:
    return pa.array([_span(cell.total_seconds()) for cell in cells], pa.large_string())


def _span(seconds: float) -> str:
    minutes, second = divmod(round(abs(seconds)), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"


def _plain(cells: Sequence[Any]) -> pa.Array:
    return pa.array([str(cell) for cell in cells], pa.large_string())


_TEXTS: dict[type, Callable[[Sequence[Any]], pa.Array]] = {
    str: lambda cells: pa.array(cells, pa.large_string()),
    float: number_texts,
    int: lambda cells: pa.array([str(cell) for cell in cells], pa.large_string()),
    bool: lambda cells: pa.array([str(cell).upper() for cell in cells], pa.large_string()),
    dt.datetime: _moment_texts,
    dt.date: _date_texts,
    dt.time: lambda cells: pa.array([f"{cell:%H:%M:%S}" for cell in cells], pa.large_string()),
    dt.timedelta: _span_texts,
}
_UNTYPED = (str,)


def column(cells: Sequence[Any]) -> tuple[pa.Array, np.ndarray]:
    """Cells of one column -> their texts, and True where the cell held a number, a date, TRUE or FALSE."""
    kinds = set(map(type, cells))
    if len(kinds) == 1:
        kind = kinds.pop()
        return _TEXTS.get(kind, _plain)(cells), np.full(len(cells), kind not in _UNTYPED)
    texts = pa.array([cell if type(cell) is str else "" for cell in cells], pa.large_string())
    typed = np.zeros(len(cells), bool)
    for kind in kinds - {str}:
        mask = np.fromiter((type(cell) is kind for cell in cells), bool, len(cells))
        own = _TEXTS.get(kind, _plain)([cell for cell in cells if type(cell) is kind])
        texts = pc.replace_with_mask(texts, pa.array(mask), own)
        if kind not in _UNTYPED:
            typed |= mask
    return texts, typed


def batches(rows: Iterator[list[Any]], width: int) -> Iterator[pa.RecordBatch]:
    """Rows of cells -> record batches of text and bool columns."""
    names = [f"c{i}" for i in range(width)] + [f"t{i}" for i in range(width)]
    while part := list(islice(rows, ROWS)):
        done = [column(cells) for cells in zip(*part, strict=True)]
        yield pa.record_batch([texts for texts, _ in done] + [pa.array(typed) for _, typed in done], names)


def write(rows: Iterator[list[Any]], width: int, out: str) -> int:
    """All rows to an Arrow stream file, and how many; nothing is written for a sheet without cells."""
    first = next(batch := batches(rows, width), None)
    if first is None:
        return 0
    count = first.num_rows
    with pa.OSFile(out, "wb") as sink, pa.ipc.new_stream(sink, first.schema) as stream:
        stream.write_batch(first)
        for more in batch:
            stream.write_batch(more)
            count += more.num_rows
    return int(count)


def parse(path: str, sheet: str, out: str, *, alone: bool) -> dict[str, Any]:
    """Read one sheet to `out`; the answer names the sheets, the one that was read, and its first used cell.

    `alone` is True for kinds of which nothing else tells which other sheets hold data and where errors stand.
    """
    with python_calamine.load_workbook(path) as book:
        listed = [meta for meta in book.sheets_metadata if meta.typ == python_calamine.SheetTypeEnum.WorkSheet]
        names = [meta.name for meta in listed]
        visible = [meta.visible == python_calamine.SheetVisibleEnum.Visible for meta in listed]
        filled = [book.get_sheet_by_name(name).height > 0 for name in names] if alone else []
        index = choose(names, visible, sheet, lambda i: filled[i])
        answer = {"names": names, "visible": visible, "filled": filled, "index": index}
        if index >= 0:
            cells = book.get_sheet_by_name(names[index])
            start = cells.start or (0, 0)
            # the iterator also gives the blank rows above the first used cell, though not the blank columns
            rows = write(islice(cells.iter_rows(), start[0], None), cells.width, out)
            if rows != cells.height:
                return {"refused": "damaged", "detail": f"{rows} rows of {cells.height}"}
            answer |= {"start": start, "errors": _errors(path, names[index]) if alone else []}
    return answer


def _errors(path: str, name: str) -> list[tuple[int, int, str]]:
    """(row, column, literal) of cells that hold an error; the first parser gives them as blank."""
    import fastexcel  # noqa: PLC0415 - only old and binary workbooks need it

    sheet = fastexcel.read_excel(path).load_sheet(name, header_row=None, dtypes="string")
    _, found = sheet.to_arrow_with_errors()
    literals = [(*error.offset_position, _literal(error.detail)) for error in (found.errors if found else [])]
    return [(row, column, text) for row, column, text in literals if text]


def _literal(detail: str) -> str:
    found = re.search(r"Error\((\w+)\)", detail)
    return _ERRORS.get(found.group(1), "#ERROR!") if found else ""


def limit_memory(most: int) -> None:
    """Let the operating system refuse this process more than `most` bytes, where it can (not on Windows)."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Do what the parent asks; a workbook that cannot be read is an answer, not a crash."""
    limit_memory(order["memory"])
    gc.disable()  # millions of cells without a cycle: each collection would look at all of them
    try:
        return parse(order["path"], order["sheet"], order["out"], alone=order["alone"])
    except python_calamine.PasswordError:
        return {"refused": "password"}
    except MemoryError:
        return {"refused": "memory"}
    except Exception as error:  # noqa: BLE001 - the parent turns whatever a parser says into a Problem
        return {"refused": "damaged", "detail": str(error).partition("\n")[0][:200]}


if __name__ == "__main__":
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
