"""Excel's arithmetic: the only module that turns text into numbers, numbers into text, compares, adds and rounds.

Longer than other modules because the rules stand here together, each once: a second place would be a second answer.
They are written for whole columns; the functions on single values serve scalar kernels. Rules seen in Excel:
15 significant digits count in = and ROUND; a final + or - near zero is zero; types order number < text < boolean.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.formula import calendar
from recon_core.formula.values import (
    Codes,
    ExcelError,
    Floats,
    Mask,
    Scalar,
    Tag,
    Tags,
    Values,
    flagged,
    joined_words,
    shape_of,
    with_errors,
)

MAX_TEXT = 32_767
MAX_NUMBER = 9.99999999999999e307
_NUMBER = re.compile(
    r" *(?P<open>\()? *(?P<sign>[-+]?) *\$? *(?P<sign2>[-+]?)"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}|[0-9]*)(?P<point>\.[0-9]*)?(?:[eE](?P<power>[-+]?[0-9]{1,4}))?"
    r" *(?P<percent>%?) *(?P<close>\))? *"
)
_FRACTION = re.compile(r" *(-?)([0-9]{1,9}) ([0-9]{1,5})/([0-9]{1,5}) *")


@lru_cache(maxsize=65_536)
def text_to_number(text: str, day_first: bool = False) -> float | None:
    """What Excel reads from a text where it needs a number: '1,234.50', '12%', '$5', '(5)', a date, a time; else None."""
    if len(text) > 64:
        text = text.strip(" ")
        if len(text) > 64:
            return _plain(text)
    found = _NUMBER.fullmatch(text)
    if found and (found["whole"] or (found["point"] and len(found["point"]) > 1)):
        return _from_parts(found)
    if fraction := _FRACTION.fullmatch(text):
        sign, whole, over, under = fraction.groups()
        value = int(whole) + int(over) / int(under) if int(under) else None
        return value if value is None or not sign else -value
    return calendar.text_to_serial(text, day_first)


def _from_parts(found: re.Match[str]) -> float | None:
    if bool(found["open"]) != bool(found["close"]) or (found["sign"] and found["sign2"]):
        return None
    negative = "-" in (found["sign"], found["sign2"])
    if found["open"] and (negative or "+" in (found["sign"], found["sign2"])):
        return None
    digits = (found["whole"] or "").replace(",", "") + (found["point"] or "")
    value = float(f"{kept_digits(digits)}e{found['power'] or 0}")
    if value > MAX_NUMBER * 1.0000001:
        return None
    value = value / 100 if found["percent"] else value
    return -value if negative or found["open"] else value


def _plain(text: str) -> float | None:
    return float(kept_digits(text)) if re.fullmatch(r"[0-9]{1,300}", text) else None


def kept_digits(digits: str) -> str:
    """The digits of a typed number that Excel keeps: the first fifteen that count, zeros in place of the rest."""
    if len(digits) <= 15:
        return digits
    kept, out = 0, []
    for mark in digits:
        if mark == ".":
            out.append(mark)
            continue
        out.append(mark if kept < 15 else "0")
        kept += 1 if kept or mark != "0" else 0
    return "".join(out)


def number_to_text(number: float) -> str:
    """General with fifteen digits, as & writes it: 1180.5, 1E+21, 3.33333333333333E-05."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    digits, power = f"{number:.14E}".split("E")
    sign = "-" if digits[0] == "-" else ""
    digits, exponent = digits.lstrip("-").replace(".", "").rstrip("0"), int(power)
    if exponent >= 0:
        fixed = digits[: exponent + 1].ljust(exponent + 1, "0") + (
            "." + digits[exponent + 1 :] if len(digits) > exponent + 1 else ""
        )
    else:
        fixed = "0." + "0" * (-exponent - 1) + digits
    if exponent <= 20 and len(fixed) <= 21 and (exponent >= 0 or len(fixed) <= 20):
        return sign + fixed
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def scalar_to_text(value: Scalar) -> str:
    """A single value as & writes it; the caller has dealt with errors."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value.value if isinstance(value, ExcelError) else number_to_text(value)


def errors_of(values: Values) -> Tags | None:
    """The error code of each value, 0 for none; None where no value is an error."""
    if not values.has(Tag.ERROR):
        return None
    return np.where(values.where(Tag.ERROR), values.num_of(), 0).astype(np.uint8)


def first_errors(*errors: Tags | None) -> Tags | None:
    """The first error of several at each place."""
    found: Tags | None = None
    for one in errors:
        if one is not None:
            found = one if found is None else np.where(found > 0, found, one).astype(np.uint8)
    return found


def numbers(values: Values, day_first: bool = False) -> tuple[Floats, Tags | None]:
    """Values as numbers where a number is needed: blank 0, TRUE 1, texts read; what cannot be is #VALUE!."""
    if isinstance(values.tag, Tag) and values.tag in (Tag.NUMBER, Tag.BOOL):
        return values.num_of(), None
    if values.is_a(Tag.BLANK):
        return np.zeros(values.shape), None
    num, errors = values.num_of(), errors_of(values)
    if errors is not None:
        num = np.where(errors > 0, 0.0, num)
    if values.has(Tag.TEXT):
        read, bad = _read_texts(values, day_first)
        mask = values.where(Tag.TEXT)
        num = np.where(mask, read, num)
        wrong = flagged(mask & bad, ExcelError.VALUE)
        errors = first_errors(errors, wrong) if wrong.any() else errors
    return num, errors


def _read_texts(values: Values, day_first: bool) -> tuple[Floats, Mask]:
    codes, words = used_words(values.codes_of(), values.words)
    found = [text_to_number(word, day_first) for word in words]
    bad = np.array([one is None for one in found], bool)
    read = np.array([0.0 if one is None else one for one in found])
    return read[codes], bad[codes]


def truths(values: Values) -> tuple[Mask, Tags | None]:
    """Values as conditions: numbers other than 0, 'TRUE' and 'FALSE'; other texts are #VALUE!."""
    num, errors = values.num_of() != 0, errors_of(values)
    if values.has(Tag.TEXT):
        words = [word.upper() for word in values.words]
        is_true = np.array([word == "TRUE" for word in words], bool)
        known = np.array([word in ("TRUE", "FALSE") for word in words], bool)
        mask, codes = values.where(Tag.TEXT), values.codes_of()
        num = np.where(mask, is_true[codes], num)
        wrong = flagged(mask & ~known[codes], ExcelError.VALUE)
        errors = first_errors(errors, wrong)
    if errors is not None:
        num = num & (errors == 0)
    return num, errors


def texts(values: Values) -> tuple[Codes, Sequence[str], Tags | None]:
    """Values as texts: codes, the words they point to, and the errors."""
    if values.is_a(Tag.TEXT):
        return values.codes_of(), values.words, None
    errors = errors_of(values)
    words = list(values.words)
    codes = values.codes_of().copy()
    tags, num = values.tags(), values.num_of()
    for tag, word in ((Tag.BLANK, ""), (Tag.ERROR, "")):
        if values.has(tag):
            codes[tags == tag] = len(words)
            words.append(word)
    if values.has(Tag.BOOL):
        at = tags == Tag.BOOL
        codes[at] = len(words) + num[at].astype(np.int64)
        words += ["FALSE", "TRUE"]
    if values.has(Tag.NUMBER):
        at = tags == Tag.NUMBER
        inner, uniques = pd.factorize(num[at])
        codes[at] = inner + len(words)
        words += [number_to_text(one) for one in uniques.tolist()]
    return codes, words, errors


def used_words(codes: Codes, words: Sequence[str]) -> tuple[Codes, Sequence[str]]:
    """Codes and words without the words that no code points to, where there may be many of them."""
    if len(words) <= codes.size:
        return codes, words
    used, inverse = np.unique(codes, return_inverse=True)
    return inverse.reshape(codes.shape), [words[at] for at in used.tolist()]


def made(num: Floats, errors: Tags | None = None) -> Values:
    """Numbers worked out; what is not finite is #NUM!."""
    if not np.isfinite(num).all():
        bad = ~np.isfinite(num)
        num = np.where(bad, 0.0, num)
        errors = first_errors(errors, flagged(bad, ExcelError.NUM))
    return with_errors(Values.numbers(np.asarray(num, np.float64)), errors)


def arithmetic(op: str, left: Values, right: Values, *, final: bool = False, day_first: bool = False) -> Values:
    """Left op right for + - * / ^. `final`: the last operation of the formula, whose near-zero result is zero."""
    shape = shape_of((left, right))
    left, right = left.spread(shape), right.spread(shape)
    a, wrong_a = numbers(left, day_first)
    b, wrong_b = numbers(right, day_first)
    errors = first_errors(wrong_a, wrong_b)
    with np.errstate(all="ignore"):
        if op == "/":
            zero = b == 0
            num = np.divide(a, np.where(zero, 1.0, b))
            errors = first_errors(errors, flagged(zero, ExcelError.DIV0)) if zero.any() else errors
        elif op == "^":
            num, errors = _power(a, b, errors)
        else:
            num = a + b if op == "+" else a - b if op == "-" else a * b
            if final and op != "*":
                num = np.where(np.abs(num) <= np.maximum(np.abs(a), np.abs(b)) * 2.0**-49.5, 0.0, num)
    return made(num, errors)


def _power(a: Floats, b: Floats, errors: Tags | None) -> tuple[Floats, Tags | None]:
    num = np.power(a, b)
    special = np.where((a == 0) & (b == 0), ExcelError.NUM.code, np.where((a == 0) & (b < 0), ExcelError.DIV0.code, 0))
    if special.any():
        num = np.where(special > 0, 0.0, num)
        errors = first_errors(errors, special.astype(np.uint8))
    return num, errors


def negate(values: Values, day_first: bool = False) -> Values:
    """-x."""
    num, errors = numbers(values, day_first)
    return made(0.0 - num, errors)


def concatenate(left: Values, right: Values) -> Values:
    """Left & right; a text beyond 32,767 characters is #VALUE!."""
    return joined((left, right))


def joined(parts: Sequence[Values], make: Callable[[int], None] | None = None) -> Values:
    """A & b & c ...: once for each distinct row. `make` hears how many characters there will be, before they are."""
    shape = shape_of(parts)
    read = [texts(part.spread(shape)) for part in parts]
    errors = first_errors(*(wrong for _, _, wrong in read))
    inverse, picked = _distinct_codes([codes.ravel() for codes, _, _ in read], [len(words) for _, words, _ in read])
    sizes = [np.fromiter(map(len, words), np.int64, len(words)) for _, words, _ in read]
    lengths = sum((size[at] for size, at in zip(sizes, picked, strict=True)), np.zeros(1, np.int64))
    too_long = lengths > MAX_TEXT
    if make is not None:
        make(int(lengths[~too_long].sum()))
    pieces = [[words[at] for at in codes.tolist()] for (_, words, _), codes in zip(read, picked, strict=True)]
    rows = zip(*pieces, strict=True)
    if not too_long.any():
        return with_errors(Values.texts(inverse.reshape(shape), list(map("".join, rows))), errors)
    made_words = ["" if is_long else "".join(row) for is_long, row in zip(too_long.tolist(), rows, strict=True)]
    long = flagged(too_long, ExcelError.VALUE)[inverse].reshape(shape)
    return with_errors(Values.texts(inverse.reshape(shape), made_words), first_errors(errors, long))


def _distinct_codes(columns: Sequence[Codes], widths: Sequence[int]) -> tuple[Codes, list[Codes]]:
    """For each place the number of its distinct row of codes; and of each distinct row the code in each column."""
    combined = np.zeros(len(columns[0]), np.int64)
    count = 1
    for codes, width in zip(columns, widths, strict=True):
        if width < 2:
            continue
        if count * width > 2**62:
            combined = pd.factorize(combined)[0].astype(np.int64)
            count = len(combined)
        combined, count = combined * width + codes, count * width
    inverse = pd.factorize(combined)[0].astype(np.int64)
    firsts = np.zeros(int(inverse.max(initial=0)) + 1, np.int64)
    firsts[inverse[::-1]] = np.arange(len(inverse) - 1, -1, -1)
    return inverse, [codes[firsts] for codes in columns]


def bounded(values: Values, errors: Tags | None = None) -> Values:
    """Texts with their errors; one that is too long for a cell is #VALUE!."""
    if values.words and max(map(len, values.words)) > MAX_TEXT:
        long = [at for at, word in enumerate(values.words) if len(word) > MAX_TEXT]
        too_long = np.isin(values.codes_of(), long) & values.where(Tag.TEXT)
        errors = first_errors(errors, flagged(too_long, ExcelError.VALUE))
    return with_errors(values, errors)


_PUNCTUATION = ' _!"#$%&()*,./:;?@[\\]^`{|}~+<=>'  # below digits and letters, in this order
_COLLATE = {ord(mark): chr(1 + at) for at, mark in enumerate(_PUNCTUATION)} | {ord("-"): "", ord("'"): ""}


_ACCENTS = re.compile("[\u0300-\u036f]")


def fold(text: str) -> str:
    """A text as = compares it: without case."""
    return text.lower()


def collate(text: str) -> str:
    """A text as < compares it: punctuation before digits before letters, hyphens, apostrophes and accents aside."""
    plain = text.lower()
    if not plain.isascii():
        plain = _ACCENTS.sub("", unicodedata.normalize("NFD", plain))
    return plain.translate(_COLLATE)


def compare(op: str, left: Values, right: Values) -> Values:
    """Left op right for = <> < > <= >=."""
    shape = shape_of((left, right))
    left, right = left.spread(shape), right.spread(shape)
    errors = first_errors(errors_of(left), errors_of(right))
    if left.is_a(Tag.TEXT) and right.is_a(Tag.TEXT):
        order = _text_order(op, left, right)
    elif isinstance(left.tag, Tag) and left.tag is right.tag and left.tag is not Tag.TEXT:
        order = number_order(left.num_of(), right.num_of())
    else:
        order = _mixed_order(op, left, right)
    held = {"=": order == 0, "<>": order != 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[op]
    return with_errors(Values.bools(held), errors)


def number_order(a: Floats, b: Floats) -> npt.NDArray[np.float64]:
    """-1, 0 or 1: numbers equal in fifteen digits are equal."""
    order: Floats = np.sign(a - b)
    near = (order != 0) & (np.abs(a - b) <= 4e-15 * np.maximum(np.abs(a), np.abs(b)))
    if near.any():
        order = np.where(near & (fifteen_digits(a) == fifteen_digits(b)), 0.0, order)
    return order


def _text_order(op: str, left: Values, right: Values) -> npt.NDArray[np.float64]:
    """-1, 0 or 1 for texts; = and <> need no order, so that they cost one dictionary."""
    (a, b), words = joined_words((left, right))
    if op in ("=", "<>"):
        known: dict[str, int] = {}
        same = np.array([known.setdefault(fold(word), len(known)) for word in words] or [0])
        differs: Floats = (same[a] != same[b]).astype(np.float64)
        return differs
    keys = [(collate(word), fold(word)) for word in words]
    rank = {key: at for at, key in enumerate(sorted(set(keys)))}
    places = np.array([rank[key] for key in keys] or [0])
    order: Floats = np.sign(places[a] - places[b]).astype(np.float64)
    return order


def _mixed_order(op: str, left: Values, right: Values) -> npt.NDArray[np.float64]:
    """Where types differ the type decides; a blank is 0, "" or FALSE, as the other side needs it."""
    ta, tb = left.tags().astype(np.int8), right.tags().astype(np.int8)
    a, b = left.num_of(), right.num_of()
    order = np.sign(ta - tb).astype(np.float64)
    blank_a, blank_b = ta == Tag.BLANK, tb == Tag.BLANK
    ta, tb = (
        np.where(blank_a, np.where(blank_b, Tag.NUMBER, tb), ta),
        np.where(blank_b, np.where(blank_a, Tag.NUMBER, ta), tb),
    )
    order = np.where(ta != tb, np.sign(ta - tb), 0).astype(np.float64)
    plain = (ta == tb) & (ta != Tag.TEXT)
    order = np.where(plain, number_order(np.where(blank_a, 0.0, a), np.where(blank_b, 0.0, b)), order)
    both_text = (ta == Tag.TEXT) & (tb == Tag.TEXT)
    if both_text.any():
        empty = Values.one("")
        texts_a = _texts_or_empty(left, blank_a, empty)
        texts_b = _texts_or_empty(right, blank_b, empty)
        order = np.where(both_text, _text_order(op, texts_a, texts_b), order)
    return order


def _texts_or_empty(values: Values, blank: Mask, empty: Values) -> Values:
    (codes, of_empty), words = joined_words((values, empty))
    return Values.texts(np.where(blank | ~values.where(Tag.TEXT), of_empty[0], codes), words)


def fifteen_digits(num: Floats) -> Floats:
    """Numbers rounded to fifteen significant digits."""
    with np.errstate(all="ignore"):
        safe = np.where((num == 0) | ~np.isfinite(num), 1.0, num)
        exponent = np.floor(np.log10(np.abs(safe)))
        exponent -= 10.0**exponent > np.abs(safe)  # log10 of 999999999999999 is 15.0
        power = 14.0 - exponent
        small = np.clip(power, -290, 290)
        scaled = np.copysign(np.floor(np.abs(safe) * 10.0**small + 0.5), safe)  # halves away from zero
        back = np.where(small >= 0, scaled / 10.0 ** np.maximum(small, 0), scaled * 10.0 ** np.maximum(-small, 0))
    kept: Floats = np.where((num == 0) | ~np.isfinite(num) | (power != small), num, back)
    return kept


def fifteen(number: float) -> float:
    """A single number rounded to fifteen significant digits."""
    return number if number == int(number) and abs(number) < 1e15 else float(f"{number:.15g}")


def rounded(num: Floats, digits: Floats, how: str = "half") -> Floats:
    """ROUND (half away from zero), ROUNDUP ('up') and ROUNDDOWN ('down') on the fifteen-digit value."""
    places = np.clip(np.trunc(digits), -320, 320)
    shift = np.abs(places)
    with np.errstate(all="ignore"):
        scale = 10.0 ** np.minimum(shift, 300)
        size = np.abs(num)
        moved = np.where(places >= 0, size * scale, size / scale)
        moved = fifteen_digits(moved)
        whole = np.floor(moved + 0.5) if how == "half" else np.ceil(moved) if how == "up" else np.floor(moved)
        back = np.where(places >= 0, whole / scale, whole * scale)
        back = np.where((moved >= 1e15) | ~np.isfinite(moved), size, back)
    signed: Floats = np.where(num < 0, 0.0 - back, back)
    return signed


def column_letter(column: int) -> str:
    """Excel's letters of a one-based column: 1 -> 'A', 28 -> 'AB'. Here as in `recon_core.sheets`: this package imports nothing of ours."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
