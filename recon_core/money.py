"""Money as int64 ten-thousandths (Excel's own Currency scale). The only module that scales or rounds.

The sheet says 1,234.50, every other module sees 12_345_000. Text comes in once (`read_amounts`), text
goes out once (`to_text`). A column of text has one number form, proved by a cell that fits only that
form; where no cell proves it the caller must ask. Rates are parts per million: 2.36 % is 23_600.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core.texts import arrow_text

MINOR_PER_MAJOR = 10_000
PAISA = 100
PPM = 1_000_000
EXACT_MINOR = 10**15  # up to here float64 -> int64 by rint is exact for four decimals
MAX_DIGITS = 60  # characters of an amount; no currency needs more
MAX_MINOR = 9 * 10**18  # sums beyond this do not fit int64; the engine stops

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


class Form(StrEnum):
    """How a column writes its numbers. The values are the words of the Mapping sheet."""

    AUTO = "auto"
    POINT = "1,234.50"  # Indian grouping 1,23,456.78 too
    COMMA = "1.234,50"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What a column of text came to.

    `minor` is 0 where `ok` is False; `blank` marks the cells that hold nothing (also NA, a dash).
    `unproved` is True where cells read two ways and none proves the form: the caller asks.
    `currency` is '' or the one code of each row; `rounded` counts texts with more than four decimals.
    """

    minor: Int64
    ok: Bool
    blank: Bool
    form: Form
    unproved: bool = False
    example: str = ""
    currency: npt.NDArray[np.object_] | None = None
    rounded: int = 0


BLANKS = frozenset(
    {"", "-", "--", "NA", "N/A", "NAN", "NULL", "NONE", "NOTAVAILABLE", "NIL"}
)  # compared without blanks
_PLAIN = r"^-?\d{1,11}(\.\d{0,4})?$"
_GROUPED_POINT = r"^-?[1-9]\d{0,2}\.\d{3}$"  # 1.234 is 1234 where the point groups
_GROUPS = r"^-?(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3})\.\d{1,4}$"  # 1,234.50 and 1,23,456.78
_POINT = re.compile(r"(?:\d+|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})*,\d{3}|)(?:\.\d*)?(?:E[+-]?\d{1,2})?")
_COMMA = re.compile(r"(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d?(?:\.\d{2})*\.\d{3}|)(?:,\d*)?")
_MARK = re.compile(r"^(?:(RS\.?|INR|USD|EUR|GBP|AED|SGD|BRL|R\$|₹|\$|€|£))|(?:(INR|USD|EUR|GBP|AED|SGD|BRL|₹|€|£|/-))$")
_DASHES = str.maketrans("−–—", "---")
_CODE = {"RS": "INR", "RS.": "INR", "₹": "INR", "/-": "INR", "$": "USD", "€": "EUR", "£": "GBP", "R$": "BRL"}


def read_amounts(text: pd.Series, form: Form = Form.AUTO, typed: Bool | None = None) -> Amounts:
    """Text column (n) -> Amounts (n). `typed` marks cells that were numbers: they need no form.

    Accepts grouping, currency marks, Cr and Dr, parentheses, a trailing or Unicode minus. Nothing is guessed:
    a text that fits no form has `ok` False, and '1.234' alone in a column leaves `unproved` True.
    """
    arrow = arrow_text(text)
    if form is not Form.COMMA and (exact := _plain_points(arrow)) is not None:
        ok = np.ones(len(exact), bool)
        return Amounts(minor=exact, ok=ok, blank=~ok, form=Form.POINT)
    bare = _ungrouped(arrow)
    plain = pc.match_substring_regex(bare, _PLAIN)
    minor = _rint(pc.cast(pc.if_else(plain, bare, "0"), pa.float64()).to_numpy(zero_copy_only=False))
    ok = plain.to_numpy(zero_copy_only=False).copy()
    typed = np.zeros(len(ok), bool) if typed is None else typed
    dotted, doubtful = _dots(arrow, ok & ~typed)
    odd = _odd_texts(arrow, np.flatnonzero(~ok))
    votes = {_vote(odd.points[code], odd.commas[code]) for code in np.unique(odd.codes[~typed[odd.at]])}
    chosen, unproved = _choose(
        form, votes, proved_point=bool((dotted & ~doubtful).any()), doubtful=bool(doubtful.any())
    )
    if chosen is Form.COMMA:  # the plain readings with a point were groups of three, or are wrong
        minor = np.where(doubtful, minor * 1000, minor)
        ok &= ~(dotted & ~doubtful)
    blank = np.zeros(len(ok), bool)
    if len(odd.at):
        minor[odd.at], ok[odd.at] = odd.values(chosen, typed[odd.at])
        blank[odd.at] = np.array([part.blank for part in odd.parts], bool)[odd.codes]
    return Amounts(
        minor=np.where(ok, minor, 0), ok=ok, blank=blank, form=chosen, unproved=unproved, example=_example(arrow, doubtful, odd.either) if unproved else "",
        currency=_currencies(odd.parts, odd.codes, odd.at, len(ok)),
        rounded=sum(part.long for part in odd.parts),
    )  # fmt: skip


class _Odd(NamedTuple):
    """Cells that are no plain number: where they stand, which text each has, and each text read with a point and with a comma."""

    at: npt.NDArray[np.intp]
    codes: npt.NDArray[np.intp]
    parts: list[_Part]
    points: list[int | None]
    commas: list[int | None]

    def values(self, form: Form, typed: Bool) -> tuple[Int64, Bool]:
        """The amount of each cell, 0 for none, and whether it has one; cells that were numbers have a point whatever the form."""
        here, number = _table(self.commas if form is Form.COMMA else self.points), _table(self.points)
        minor, ok = (
            np.where(typed, as_number[self.codes], as_text[self.codes])
            for as_number, as_text in zip(number, here, strict=True)
        )
        return minor, ok

    @property
    def either(self) -> list[str]:
        """The texts that mean something both ways."""
        ways = zip(self.parts, self.points, self.commas, strict=True)
        return [part.text for part, point, comma in ways if _vote(point, comma) is Form.AUTO]


def _table(values: Sequence[int | None]) -> tuple[Int64, Bool]:
    return np.array([value or 0 for value in values], np.int64), np.array([value is not None for value in values], bool)


def _odd_texts(arrow: pa.Array, at: npt.NDArray[np.intp]) -> _Odd:
    codes, texts = pd.factorize(arrow.take(pa.array(at)).to_numpy(zero_copy_only=False)) if len(at) else (at, [])
    parts = [_peel(str(one)) for one in texts]
    return _Odd(
        at, codes, parts, [_value(part, Form.POINT) for part in parts], [_value(part, Form.COMMA) for part in parts]
    )


_DIGIT, _MINUS, _DOT, _OTHER = range(4)
_LETTER = np.full(256, _OTHER, np.uint8)
_LETTER[[ord(digit) for digit in "0123456789"]] = _DIGIT
_LETTER[ord("-")], _LETTER[ord(".")] = _MINUS, _DOT


def _plain_points(arrow: pa.Array) -> Int64 | None:
    """Minor units where every text is digits, a point and one, two or four decimals, as files of a machine are; else None.

    Such a column needs no vote: each cell proves the point. Looks at bytes, a tenth of the time of the patterns.
    """
    bounds = np.frombuffer(arrow.buffers()[1], np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
    if not len(arrow) or arrow.buffers()[2] is None:
        return None
    kinds = _LETTER[np.frombuffer(arrow.buffers()[2], np.uint8)[bounds[0] : bounds[-1]]]
    starts, ends = bounds[:-1] - bounds[0], bounds[1:] - bounds[0]
    dots = np.flatnonzero(kinds == _DOT)
    if len(dots) != len(arrow) or (kinds == _OTHER).any() or not ((dots >= starts) & (dots < ends)).all():
        return None
    minus = kinds[starts] == _MINUS
    decimals, digits = ends - dots - 1, dots - starts - minus
    if np.count_nonzero(kinds == _MINUS) != np.count_nonzero(minus) or digits.min() < 1 or digits.max() > 11:
        return None
    if not np.isin(decimals, [1, 2, 4]).all():  # three may be a group
        return None
    return _rint(pc.cast(arrow, pa.float64()).to_numpy(zero_copy_only=False))


@dataclass(frozen=True, slots=True)
class _Part:
    """One odd text: the sign, the digits with their separators, the currency mark."""

    text: str
    sign: int
    digits: str
    code: str
    blank: bool
    long: bool


def _peel(text: str) -> _Part:
    """Take sign, parentheses, Cr or Dr, currency mark and blanks off a text."""
    body = re.sub(r"[\s\u00a0\u202f\u2009'’]+", "", text).upper()
    body = body.translate(_DASHES)
    if body in BLANKS:
        return _Part(text, 1, "", "", True, False)
    minuses, code = 0, ""
    for _ in range(4):  # a sign and a mark may stand in either order
        if body.startswith("(") and body.endswith(")"):
            minuses, body = minuses + 1, body[1:-1]
        elif body.endswith(("CR", "DR")):
            minuses, body = minuses + body.endswith("DR"), body[:-2]
        elif body[:1] in "+-" and len(body) > 1:
            minuses, body = minuses + (body[0] == "-"), body[1:]
        elif body.endswith("-") and len(body) > 1 and not body.endswith("/-"):  # '5/-' is five rupees
            minuses, body = minuses + 1, body[:-1]
        elif mark := _MARK.search(body):
            found = mark.group(1) or mark.group(2)
            code, body = _CODE.get(found, found), body[: mark.start()] + body[mark.end() :]
    if body in BLANKS and (body or code):  # '₹ -', as an accounting format shows an empty cell
        return _Part(text, 1, "", code, True, False)
    if minuses > 1:  # '(-5.00)' can be read two ways
        return _Part(text, 1, "", code, False, False)
    decimals = re.search(r"[.,](\d+)$", body)
    return _Part(text, -1 if minuses else 1, body, code, False, decimals is not None and len(decimals.group(1)) > 4)


def _value(part: _Part, form: Form) -> int | None:
    """Minor units of a part under one form; None where it does not fit."""
    pattern = _COMMA if form is Form.COMMA else _POINT
    if len(part.digits) > MAX_DIGITS:
        return None
    if not any(c.isdigit() for c in part.digits) or not pattern.fullmatch(part.digits):
        return None
    drop, point = (".", ",") if form is Form.COMMA else (",", ".")
    try:
        value = Decimal(part.digits.replace(drop, "").replace(point, ".")) * MINOR_PER_MAJOR
        minor = int(value.quantize(Decimal(1), ROUND_HALF_UP))
    except (InvalidOperation, OverflowError):  # an exponent beyond all money
        return None
    return part.sign * minor if minor <= MAX_MINOR else None


def _vote(point: int | None, comma: int | None) -> Form | None:
    """The form that alone reads a text, given its value in each; None where both agree or neither reads it."""
    if (point is None) == (comma is None):
        return Form.AUTO if point != comma else None  # AUTO: both read it, differently
    return Form.POINT if comma is None else Form.COMMA


def _choose(form: Form, votes: set[Form | None], *, proved_point: bool, doubtful: bool) -> tuple[Form, bool]:
    if form is not Form.AUTO:
        return form, False
    point = proved_point or Form.POINT in votes
    if Form.COMMA in votes and not point:
        return Form.COMMA, False
    return Form.POINT, not point and (doubtful or Form.AUTO in votes)


def _ungrouped(arrow: pa.Array) -> pa.Array:
    """Texts with groups and a decimal point, which proves the form, without their commas: '1,23,456.78' -> '123456.78'."""
    grouped_texts = pc.match_substring_regex(arrow, _GROUPS)
    return (
        pc.if_else(grouped_texts, pc.replace_substring(arrow, ",", ""), arrow)
        if pc.any(grouped_texts).as_py()
        else arrow
    )


def _dots(arrow: pa.Array, plain: Bool) -> tuple[Bool, Bool]:
    """Which plain texts hold a point, and which of those could be a group of three instead."""
    dotted = pc.match_substring(arrow, ".").to_numpy(zero_copy_only=False) & plain
    if not dotted.any():
        return dotted, dotted
    doubtful = pc.match_substring_regex(arrow, _GROUPED_POINT).to_numpy(zero_copy_only=False) & plain
    return dotted, doubtful


def _example(arrow: pa.Array, doubtful: Bool, either: list[str]) -> str:
    first = np.flatnonzero(doubtful)[:1]
    return str(arrow[int(first[0])]) if len(first) else next(iter(either), "")


def _currencies(parts: list[_Part], codes: Int64, odd: Int64, n: int) -> npt.NDArray[np.object_] | None:
    """The currency of each row, or None where no cell names one."""
    if not any(part.code for part in parts):
        return None
    found = np.full(n, "", object)
    found[odd] = np.array([part.code for part in parts], object)[codes]
    return found


def _rint(major: npt.NDArray[np.float64]) -> Int64:
    return np.rint(major * MINOR_PER_MAJOR).astype(np.int64)


def to_minor(text: str) -> int:
    """One amount typed by a user ('0.05') -> minor units. Raises ValueError for anything else."""
    value = _value(_peel(text), Form.POINT)
    if value is None:
        raise ValueError(text)
    return value


def to_text(minor: int, decimals: int = 2) -> str:
    """Minor units -> plain text with at least `decimals` places, exact: 12_345_000 -> '1234.50'."""
    sign, size = ("-" if minor < 0 else ""), abs(int(minor))
    whole, rest = divmod(size, MINOR_PER_MAJOR)
    places = f"{rest:04d}".rstrip("0").ljust(decimals, "0")
    return f"{sign}{whole}.{places}" if places else f"{sign}{whole}"


def to_major(minor: int) -> float:
    """Minor units -> the float a spreadsheet cell holds; only on the way out."""
    return minor / MINOR_PER_MAJOR


def grouped(minor: int) -> str:
    """Minor units as a person reads them: 12_345_000 -> '1,234.50'."""
    text = to_text(minor)
    whole, _, places = text.partition(".")
    return f"{int(whole):,}.{places}" if not whole.startswith("-0") else text


def apply_rate(base_minor: Int64, rate_ppm: Int64 | int) -> Int64:
    """Fee in minor units at whole paise, halves away from zero: 0.50 at 1 % -> 0.01, -0.50 -> -0.01.

    base x rate must stay below 2**63 (92 crore rupees at 100 %): the caller proves it, int64 wraps in silence.
    """
    return to_paise(np.asarray(base_minor, np.int64) * rate_ppm, PPM)


def to_paise(numerator: Int64, denominator: Int64 | int) -> Int64:
    """Numerator / denominator (above 0) in minor units at whole paise, halves away from zero.

    Twice the denominator x PAISA must stay below 2**63.
    """
    whole = np.asarray(denominator, np.int64) * PAISA
    quotient, rest = np.divmod(np.abs(numerator), whole)
    paise: Int64 = np.sign(numerator) * (quotient + (2 * rest >= whole)) * PAISA
    return paise


def sum_by(codes: npt.NDArray[np.intp], minor: Int64, groups: int) -> Int64:
    """Exact sum of `minor` for each code 0..groups-1; codes of -1 are left out.

    bincount sums in float64, which is exact while no partial sum can reach 2**53: proved first.
    """
    inside = codes >= 0
    if not inside.all():
        codes, minor = codes[inside], minor[inside]
    if not _sums_exactly(minor):
        sums = np.zeros(groups, np.int64)
        np.add.at(sums, codes, minor)
        return sums
    return np.bincount(codes, weights=minor, minlength=groups).astype(np.int64)


def _sums_exactly(minor: Int64) -> bool:
    """Whether no sum of these can reach 2**53; a bound that costs no memory first, the true sum only where it fails."""
    if not len(minor):
        return True
    largest = max(int(minor.max()), -int(minor.min()))
    return largest * len(minor) < 2**53 or float(np.abs(minor).astype(np.float64).sum()) < 2**53
