"""Text columns of files -> Excel values: what a formula sees in a cell.

A workbook says itself which cells are numbers and dates. A text file does not: a column is numbers, or dates,
where most of its cells are; what does not fit stays text, so that the row shows #VALUE! and is listed. A column
that holds ids (mapped so, or with leading zeros, or more than 15 digits) stays text: 00123 is not 123. Mapped ids of
a workbook are texts too, so that an id that is a number there finds the same id of a text file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core import dates, money
from recon_core.dates import Order
from recon_core.formula import ExcelError, Scalar, Tag, Values, folded, number_to_text
from recon_core.formula.values import ERRORS, pick
from recon_core.model import Raw
from recon_core.money import MINOR_PER_MAJOR, Form
from recon_core.texts import arrow_text, concat_texts

Bool = npt.NDArray[np.bool_]
MOST = 0.5  # so many of the filled cells make a column of numbers or dates; fewer, and it is a column of codes
_PLAIN = r"^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$"
_ID_LIKE = r"^[+-]?0\d|^\d{16,}$"  # leading zeros, or more digits than a number keeps
_CODE = r"^\d+[Ee]\d+$"  # 1E5 in a file is a code more often than 100000
_MARKS = r"RS\.?|INR|USD|EUR|GBP|AED|SGD|BRL|R\$|[₹$€£]|/-"
_AMOUNT = rf"(?i)^(?:[\s\p{{Zs}}'’(+\-−–—]|{_MARKS})*[\d.,][\d.,\s\p{{Zs}}'’]*(?:E[+-]?\d+)?(?:[\s\p{{Zs}}'’)\-−–—]|CR|DR|{_MARKS})*$"
_GROUPED = r"(?:\d{1,15}|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.\d{0,15})?|\.\d{1,15}"
_TYPED = rf"^ *(?:[-+]? ?[$₹]? ?(?:{_GROUPED}) ?%?|\([$₹]?(?:{_GROUPED})\)) *$"
_MONEY = rf"(?i)^[-+( ]*(?:{_MARKS}) *[0-9.,]+[) ]*$|^[-+( ]*[0-9.,]+ *(?:INR|USD|EUR|GBP|AED|SGD|BRL|[₹$€£])[) ]*$"
_NOTHING = rf"(?i)^\s*(?:{'|'.join(sorted(money.BLANKS - {''}))})?\s*$"
_WHOLE = r"^-?\d{1,15}$"
_BOOLS = pa.array(["TRUE", "FALSE"], pa.large_string())
_ERRORS = pa.array(list(ERRORS), pa.large_string())
EPOCH = 25_569  # serial of 1-Jan-1970


class Content(StrEnum):
    """What a column holds, in the words of the preview."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MIXED = "mixed"  # a workbook's cells, each as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A column as values, what it holds, and a text of it that can be read two ways ('' for none)."""

    values: Values
    content: Content
    doubt: str = ""
    money: str = ""


def read_column(raws: Sequence[Raw], header: str, *, is_id: bool = False, form: str = "auto") -> Typed:
    """The column of a source over all its files, in order. `form` is that of Mapping, where the column is mapped."""
    names = [find_header(raw, header) for raw in raws]
    text = concat_texts([arrow_text(_column(raw, name)) for raw, name in zip(raws, names, strict=True)])
    held = [_is_of_workbook(raw, name) for raw, name in zip(raws, names, strict=True)]
    sizes = [len(raw.frame) for raw in raws]
    if not any(held) and not is_id:
        return replace(_of_text_file(text, form, sizes), money=_first(text, _MONEY))
    if not any(held):
        return Typed(values=_texts(text), content=Content.TEXT)
    marks = [raw.typed.get(name, np.zeros(len(raw.frame), bool)) for raw, name in zip(raws, names, strict=True)]
    typed = np.concatenate(marks).astype(bool)
    if is_id:  # a number of more than 15 digits is cut already, and is seen as cut only while it is a number
        typed &= ~pc.match_substring_regex(text, _WHOLE).to_numpy(zero_copy_only=False)
    if all(held):
        return _of_workbook(text, typed)
    return _of_both(text, typed, np.repeat(held, sizes), "" if is_id else form, sizes)


def _first(text: pa.Array, pattern: str) -> str:
    """The first text that fits a pattern, '' for none."""
    found = text.filter(pc.match_substring_regex(text, pattern))
    return str(found[0].as_py()) if len(found) else ""


def find_header(raw: Raw, header: str) -> str:
    """A file's own spelling of a header; files of one source may differ in case and blanks. The header itself where there is none."""
    if header in raw.frame or header in raw.extra:
        return header
    return next((str(name) for name in (*raw.frame, *raw.extra) if folded(str(name)) == folded(header)), header)


def _column(raw: Raw, header: str) -> pd.Series:
    return raw.frame[header] if header in raw.frame else raw.extra[header]


def _is_of_workbook(raw: Raw, header: str) -> bool:
    """Whether the cells themselves tell numbers from texts; a column of texts only is not in `typed`."""
    return header in raw.typed or (raw.sheet != "" and header in raw.frame)


def _of_both(text: pa.Array, typed: Bool, own: Bool, form: str, sizes: Sequence[int]) -> Typed:
    """A source of workbooks and text files; `own` marks the rows of workbooks. Without a form the texts stay texts."""
    of_workbook = _of_workbook(pc.if_else(pa.array(own), text, ""), typed)
    rest = pc.if_else(pa.array(own), "", text)
    of_file = _of_text_file(rest, form, sizes) if form else Typed(values=_texts(rest), content=Content.TEXT)
    content = of_file.content if of_file.content is of_workbook.content else Content.MIXED
    return Typed(values=pick(own, of_workbook.values, of_file.values), content=content, doubt=of_file.doubt)


def _texts(text: pa.Array) -> Values:
    """Every filled cell a text, empty ones blank."""
    encoded = text.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    blank = pc.equal(text, "").to_numpy(zero_copy_only=False)
    if not blank.any():
        return Values(codes.shape, Tag.TEXT, None, codes, words)
    tags = np.where(blank, np.uint8(Tag.BLANK), np.uint8(Tag.TEXT))
    return Values(codes.shape, Tag.BLANK if blank.all() else tags, None, codes, words)


def _mixed(text: pa.Array, number: npt.NDArray[np.float64], is_number: Bool) -> Values:
    """Numbers where they were read, texts elsewhere."""
    if is_number.all():
        return Values.numbers(number)
    rest = _texts(pc.if_else(pa.array(is_number), "", text))
    tags = np.where(is_number, np.uint8(Tag.NUMBER), rest.tags())
    return Values(rest.shape, tags, np.where(is_number, number, 0.0), rest.codes_of(), rest.words)


def _of_text_file(text: pa.Array, form: str, sizes: Sequence[int]) -> Typed:
    """A column of text files with so many rows each, read as a whole; the order of dates is proved file by file."""
    blank = pc.equal(pc.utf8_trim_whitespace(text), "").to_numpy(zero_copy_only=False)
    filled = int((~blank).sum())
    if filled and _may_be_numbers(text):
        number, held, nothing, doubt = _numbers(text, form)
        if _most(held & ~blank, blank | nothing):
            return Typed(values=_mixed(text, number, held & ~blank), content=Content.NUMBER, doubt=doubt)
    order = Order(form) if form in set(Order) else Order.AUTO
    if filled and _may_be_dates(text, blank):
        starts = np.cumsum([0, *sizes[:-1]])
        read = [
            dates.read_dates(_series(text.slice(start, size)), order) for start, size in zip(starts, sizes, strict=True)
        ]
        held = np.concatenate([one.ok for one in read]) & ~blank
        if _most(held, blank | np.concatenate([one.blank for one in read])):
            days = np.concatenate([one.day for one in read])
            serial = np.where(held, days + EPOCH + _times(text), 0).astype(np.float64)
            doubt = next((one.example for one in read if one.unproved), "")
            return Typed(values=_mixed(text, serial, held), content=Content.DATE, doubt=doubt)
    return Typed(values=_texts(text), content=Content.TEXT)


_TIME = r"(?:[T ]|^)(?P<h>[0-9]{1,2}):(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2})(?:\.[0-9]+)?)?(?: ?(?P<half>[AaPp])[Mm])?(?:[Z ]|[+-][0-9]|$)"


def _times(text: pa.Array) -> npt.NDArray[np.float64]:
    """The time of day that stands beside each date, as a part of the day; 0 where there is none."""
    found = pc.extract_regex(text, pattern=_TIME)
    hour, minute, second = (_whole(pc.struct_field(found, name)) for name in ("h", "m", "s"))
    half = pc.struct_field(found, "half")
    is_pm = pc.fill_null(pc.equal(pc.utf8_lower(half), "p"), False).to_numpy(zero_copy_only=False)
    has_half = pc.fill_null(pc.not_equal(half, ""), False).to_numpy(zero_copy_only=False)
    hour = np.where(has_half, hour % 12 + np.where(is_pm, 12, 0), hour)
    seconds = hour * 3600 + minute * 60 + second
    return np.where((hour < 24) & (minute < 60) & (second < 60), seconds, 0) / 86_400


def _whole(digits: pa.Array) -> npt.NDArray[np.int64]:
    """Digits as numbers, 0 where there are none."""
    plain = pc.fill_null(digits, "0")
    plain = pc.if_else(pc.equal(plain, ""), "0", plain)
    return np.asarray(pc.cast(plain, pa.int64()).to_numpy(zero_copy_only=False))


def _may_be_numbers(text: pa.Array) -> bool:
    """Whether a column can be one of numbers at all: cheap, before a million different texts are read as amounts."""
    if pc.any(pc.match_substring_regex(text, _ID_LIKE)).as_py():
        return False
    amounts = pc.match_substring_regex(text, _AMOUNT).to_numpy(zero_copy_only=False)
    return _most(amounts, pc.match_substring_regex(text, _NOTHING).to_numpy(zero_copy_only=False))


def _most(held: Bool, nothing: Bool) -> bool:
    """Whether so many cells were read that the column is of their kind; '-' and 'n/a' are no cells of another kind."""
    return bool(held.any() and held.sum() >= MOST * (~nothing).sum())


def _series(text: pa.Array) -> pd.Series:
    return pd.Series(pd.array(pa.chunked_array([text]), dtype="str"))


def _numbers(text: pa.Array, form: str) -> tuple[npt.NDArray[np.float64], Bool, Bool, str]:
    """(numbers, where they were read, cells that stand for nothing, a text that two forms could read).

    Read as Excel reads what is typed: 1234.5; 1,234.50; (5); 12%; Rs, Cr or a blank inside make it a text. Only where
    Mapping states the form of the column are amounts read in every way that amounts are written.
    """
    plain_mask = pc.match_substring_regex(text, _PLAIN)
    plain = plain_mask.to_numpy(zero_copy_only=False)
    number = pc.cast(pc.if_else(plain_mask, text, "0"), pa.float64()).to_numpy(zero_copy_only=False)
    if plain.all() and form != Form.COMMA and not (form == "auto" and _may_be_groups(text)):
        return number, plain, ~plain, ""
    read = money.read_amounts(_series(text), Form(form) if form in set(Form) else Form.AUTO)
    if form in set(Form) - {Form.AUTO}:
        held = read.ok & ~read.blank & ~pc.match_substring_regex(text, _CODE).to_numpy(zero_copy_only=False)
        amounts = read.minor / MINOR_PER_MAJOR
        return (
            (amounts, held, read.blank, "")
            if read.form is Form.COMMA
            else (np.where(plain, number, amounts), plain | held, read.blank, "")
        )
    typed, held = _as_typed(text)
    return np.where(plain, number, typed), plain | held, read.blank, read.example if read.unproved else ""


def _as_typed(text: pa.Array) -> tuple[npt.NDArray[np.float64], Bool]:
    """Numbers as Excel reads what is typed, beside the plain ones: grouped, in parentheses, with a per cent or rupee sign."""
    held = pc.match_substring_regex(text, _TYPED)
    digits = pc.replace_substring_regex(text, r"[^0-9.]", "")
    size = pc.cast(pc.if_else(held, digits, "0"), pa.float64()).to_numpy(zero_copy_only=False)
    minus = pc.match_substring_regex(text, r"[-(]").to_numpy(zero_copy_only=False)
    per_cent = pc.match_substring(text, "%").to_numpy(zero_copy_only=False)
    return np.where(minus, -size, size) / np.where(per_cent, 100, 1), held.to_numpy(zero_copy_only=False)


def _may_be_groups(text: pa.Array) -> bool:
    """Whether every number with a point has three digits behind it: 1.234 can be 1234, 1.25 cannot."""
    dotted = pc.match_substring(text, ".")
    return bool(pc.any(dotted).as_py()) and bool(
        pc.all(pc.equal(dotted, pc.match_substring_regex(text, r"^-?\d{1,3}\.\d{3}$"))).as_py()
    )


def _may_be_dates(text: pa.Array, blank: Bool) -> bool:
    """Whether the first filled cells look like dates at all: cheap, before a million are read."""
    first = np.flatnonzero(~blank)[:200]
    few = _series(text.take(pa.array(first)))
    read = dates.read_dates(few)
    return bool(read.ok.any() and read.ok.sum() >= MOST / 2 * (~read.blank).sum())


_DATE = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$"


def _of_workbook(text: pa.Array, typed: Bool) -> Typed:
    """Cells of a workbook, each as it is: numbers, dates as serial numbers, TRUE and FALSE, errors, texts."""
    is_date = typed & pc.match_substring_regex(text, _DATE).to_numpy(zero_copy_only=False)
    is_bool = typed & pc.is_in(text, _BOOLS).to_numpy(zero_copy_only=False)
    numeric = typed & ~is_date & ~is_bool
    number = np.zeros(len(text))
    if numeric.any():
        at = np.flatnonzero(numeric)
        number[at] = [_float(one) for one in text.take(pa.array(at)).to_pylist()]
    if is_date.any():
        at = np.flatnonzero(is_date)
        days = (
            text.take(pa.array(at)).to_numpy(zero_copy_only=False).astype("datetime64[ms]").astype(np.int64)
            / 86_400_000
        )
        number[at] = days + EPOCH
    values = _with_words(_mixed(text, number, numeric | is_date), text, is_bool, typed)
    filled = pc.not_equal(text, "").to_numpy(zero_copy_only=False)
    if filled.any() and (is_date == filled).all():
        return Typed(values=values, content=Content.DATE)
    content = Content.NUMBER if (numeric == filled).all() else Content.TEXT if not typed.any() else Content.MIXED
    return Typed(values=values, content=content)


def _float(text: str) -> float:
    """A number as a workbook holds it; a time of day or a span ('12:30:00', '-27:00:00') is its part of a day."""
    if ":" not in text:
        return float(text)
    hours, minutes, seconds = map(float, text.lstrip("-").split(":"))
    return (hours / 24 + minutes / 1440 + seconds / 86_400) * (-1 if text.startswith("-") else 1)


def _with_words(values: Values, text: pa.Array, is_bool: Bool, typed: Bool) -> Values:
    """TRUE, FALSE and errors of a workbook's cells as what they are; a text TRUE stays a text."""
    is_error = pc.is_in(text, _ERRORS).to_numpy(zero_copy_only=False) & ~typed
    special = is_bool | is_error
    if not special.any():
        return values
    at = np.flatnonzero(special)
    words = text.take(pa.array(at)).to_pylist()
    tags, number = values.tags().copy(), values.num_of().copy()
    tags[at] = np.where(is_error[at], Tag.ERROR, Tag.BOOL)
    number[at] = [ERRORS[word].code if word in ERRORS else float(word == "TRUE") for word in words]
    return Values(values.shape, tags, number, values.codes, values.words)


def as_text(values: Values, *, is_date: bool) -> tuple[pd.Series, Bool, Bool]:
    """Worked-out values as the core keeps a file's cells: (text, typed, failed). Dates as ISO text."""
    kinds = values.tags()
    number = kinds == Tag.NUMBER
    failed = kinds == Tag.ERROR
    codes, words = _coded_words(values, is_date=is_date)
    text = pa.array(words, pa.large_string()).take(pa.array(codes))
    return _series(text), number, failed


def _coded_words(values: Values, *, is_date: bool) -> tuple[npt.NDArray[np.int64], list[str]]:
    kinds, number = values.tags(), values.num_of()
    codes, words = values.codes_of().copy(), list(values.words)
    for tag in (Tag.NUMBER, Tag.BOOL, Tag.ERROR, Tag.BLANK):
        at = np.flatnonzero(kinds == tag)
        if not len(at):
            continue
        inner, distinct = pd.factorize(number[at])
        codes[at] = inner + len(words)
        words += [_word(tag, one, is_date=is_date) for one in distinct.tolist()]
    return codes, words


def _word(tag: Tag, number: float, *, is_date: bool) -> str:
    if tag is Tag.NUMBER:
        return iso_date(number) if is_date and 61 <= number < 2_958_466 else number_to_text(number)
    one: Scalar = Values((1,), tag, np.array([number])).scalar()
    if isinstance(one, ExcelError):
        return one.value
    return "" if one is None else "TRUE" if one else "FALSE"


def iso_date(serial: float) -> str:
    """46113.5 -> '2026-04-01T12:00:00'; whole days without a time."""
    moment = np.datetime64("1970-01-01", "s") + np.timedelta64(round((serial - EPOCH) * 86_400), "s")
    text = str(moment)
    return text[:10] if text.endswith("T00:00:00") else text
