"""How a section of a TEXT format is drawn: numbers, exponents, fractions and dates. `numberformat` reads the codes.

Numbers are cut to Excel's 15 digits, then rounded half away from zero. A minus vanishes when only zeros are left to
show; the names of months and days are English whatever the locale tag says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from recon_core.formula import calendar

DAY = 86_400  # seconds
MONTHS = tuple(name.capitalize() for name in calendar.MONTHS)
WEEKDAYS = ("Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday")  # by serial % 7
BLANKS = {"0": "0", "#": "", "?": " "}  # the placeholders, and what each shows where the number has no digit

# (class, text). Classes: 0 # ? themselves, 9 another digit, L literal, D date code, G General, E exponent, C condition,
# and the marks . , % / @ themselves. The classes of a section, joined, are its shape, which patterns then recognise.
Token = tuple[str, str]
Tokens = Sequence[Token]
GENERAL = ("G", "General")


class FormatError(ValueError):
    """Where Excel's TEXT gives #VALUE!."""


class Moment(NamedTuple):
    """A serial taken apart, after rounding to the smallest unit that its section shows."""

    serial: int
    year: int
    month: int
    day: int
    seconds: int  # since midnight
    elapsed: int  # seconds since serial 0
    fraction: str  # digits after the seconds


class Section(NamedTuple):
    """One section, drawn by `draw(section, value, sign)`; a kind leaves empty what it does not use."""

    draw: Callable[[Section, float, str], str]
    head: Tokens = ()  # whole digits
    tail: Tokens = ()  # the point and decimals, or the numerator
    last: Tokens = ()  # exponent, or denominator
    power: int = 0  # of ten, from percent signs and scaling commas
    places: int = 0  # decimals, or digits of the denominator
    grouped: bool = False
    around: tuple[str, str, str] = ("", "", "")  # texts before, between and after
    least: int = 0  # whole digits at least, or the given denominator
    codes: Sequence[Callable[[Moment], str]] = ()


def slots_of(tokens: Tokens) -> list[str]:
    """The placeholders among tokens."""
    return [kind for kind, _ in tokens if kind in BLANKS]


def text_of(tokens: Tokens) -> str:
    """The texts of tokens, joined."""
    return "".join([text for _, text in tokens])


def draw_text(tokens: Tokens, value: str) -> str:
    """A text through the section for texts: @ is the text."""
    return "".join([value if kind in "@G" else text for kind, text in tokens])


def draw_general(section: Section, value: float, sign: str) -> str:
    """Literal text, with or without General."""
    return sign + draw_text(section.head, _general(value)) if section.head else ""


def _digits(value: float) -> tuple[int, int]:
    """The 15 digits that Excel keeps, as a whole number and its power of ten."""
    text = f"{abs(value):.14e}"
    return int(text[0] + text[2:16]), int(text[17:]) - 14


def _rounded(digits: int, power: int) -> int:
    """Digits x 10 ** power to a whole number, halves away from zero."""
    if power < -15:
        return 0
    unit: int = 10 ** abs(power)
    return digits * unit if power >= 0 else (digits + unit // 2) // unit


def _general(value: float) -> str:
    """At most eleven characters, as a wide cell shows them; the minus does not count."""
    if abs(value) < 1e11 and value == int(value):
        return str(abs(int(value)))
    digits, power = _digits(value)
    exponent = power + 14
    exact = -10 < exponent < 0 and digits % 10 ** max(-power - 9, 0) == 0  # nothing beyond the ninth decimal
    if exact or -5 < exponent < 11:
        places = min(9, max(9 - exponent, 0))
        text = str(_rounded(digits, power + places)).zfill(places + 1)
        whole, decimals = text[: len(text) - places], text[len(text) - places :].rstrip("0")
        if len(whole) < 12:
            return f"{whole}.{decimals}" if decimals else whole
    places = 5 if abs(exponent) < 100 else 4
    text = str(_rounded(digits, places - 14))
    exponent += len(text) - places - 1  # 9.999999 became 10.0000
    decimals = text[1:].rstrip("0")
    return f"{text[0]}{'.' if decimals else ''}{decimals}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def draw_plain(section: Section, value: float, sign: str) -> str:
    """Literal text, ##00.00, literal text: nearly every code that people write."""
    digits, power = _digits(value)
    places, least = section.places, section.least
    number = _rounded(digits, power + section.power + places)
    text = str(number).zfill(places + least) if number or places or least else ""
    whole, decimals = (text[:-places], text[-places:]) if places else (text, "")
    if section.grouped and len(whole) > 3:
        whole = f"{int(whole):,}"
    before, point, after = section.around
    return f"{sign if number else ''}{before}{whole}{point}{decimals}{after}"


def draw_decimal(section: Section, value: float, sign: str) -> str:
    """A number whose placeholders have texts between them."""
    digits, power = _digits(value)
    number = _rounded(digits, power + section.power + section.places)
    return (sign if number else "") + _fill(section, number)


def _fill(section: Section, number: int) -> str:
    """A number of so many decimals into head and tail."""
    text = str(number).zfill(section.places)
    split = len(text) - section.places
    tail, decimals = section.tail, text[split:]
    known = len(decimals.rstrip("0"))
    cells = iter([decimals[at] if at < known else BLANKS[slot] for at, slot in enumerate(slots_of(tail))])
    shown = "".join([next(cells) if kind in BLANKS else text for kind, text in tail])
    return _fill_right(section.head, text[:split].lstrip("0"), grouped=section.grouped) + shown


def _fill_right(tokens: Tokens, digits: str, *, grouped: bool = False) -> str:
    """Digits into placeholders from the right; those left over stand at the first placeholder."""
    slots = slots_of(tokens)
    if not slots:
        return text_of(tokens) + digits
    row = [BLANKS[slot] for slot in slots[: max(len(slots) - len(digits), 0)]] + list(digits)
    for at in range(len(row) - 4, -1, -3) if grouped else ():
        row[at] += {"": "", " ": " "}.get(row[at], ",")
    spare = len(row) - len(slots) + 1
    cells = iter(["".join(row[:spare]), *row[spare:]])
    return "".join([next(cells) if kind in BLANKS else text for kind, text in tokens])


def draw_exponent(section: Section, value: float, sign: str) -> str:
    """With several whole digits the exponent goes in steps of as many: ##0.0E+0 is engineering notation."""
    digits, power = _digits(value)
    power += section.power
    slots = len(slots_of(section.head))
    step = max(slots, 1)
    exponent = ((power + 14) // step * step if slots else power + 15) if digits else 0
    if _rounded(digits, power - exponent + section.places) >= 10 ** (slots + section.places):
        exponent += step  # 9.99 in 0.0E+0 is 1.0E+1
    shown = _fill(section, _rounded(digits, power - exponent + section.places))
    mark = section.around[1]
    plus = "-" if exponent < 0 else mark[1].replace("-", "")
    return sign + shown + mark[0] + plus + _fill_right(section.last, str(abs(exponent)))


def draw_fraction(section: Section, value: float, sign: str) -> str:
    """Excel works on the binary fraction, not on the 15 digits: 0.3 is 2/7 in ?/?, 12.3 is 12 1/3."""
    scaled = abs(value) * float(f"1e{section.power}")
    if not math.isfinite(scaled):
        raise FormatError("Too large for a fraction")
    mixed = bool(slots_of(section.head))
    whole, part = (_rounded(*_digits(scaled // 1)), scaled % 1) if mixed else (0, scaled)
    above, below = part.as_integer_ratio()
    if section.least:
        above, below = (2 * above * section.least + below) // (2 * below), section.least
    else:
        above, below = _convergent(above, below, 10**section.places - 1)
    if mixed and above == below:
        whole, above = whole + 1, 0
    pattern = text_of(section.tail) + ("" if section.least else text_of(section.last))
    hidden = mixed and not above and "0" not in pattern
    head = _fill_right(section.head, str(whole) if whole or hidden else "", grouped=section.grouped and mixed)
    return sign + (head if mixed else text_of(section.head)) + _ratio(section, above, below, hidden=hidden)


def _ratio(section: Section, above: int, below: int, *, hidden: bool) -> str:
    tail, last, (_, slash, after) = text_of(section.tail), text_of(section.last), section.around
    if hidden:  # blanks as wide as it would be
        return " " * len((tail + (slash if "?" in tail + last else "") + last).replace("#", "")) + after
    if section.least or "0" in last:
        shown = last if section.least else _fill_right(section.last, str(below))
    else:
        shown = str(below).ljust(last.count("?"))
    return _fill_right(section.tail, str(above)) + slash + shown + after


def _convergent(above: int, below: int, limit: int) -> tuple[int, int]:
    """The last convergent of above / below whose denominator is within the limit."""
    older, old = (0, 1), (1, 0)
    while below:
        whole, rest = divmod(above, below)
        new = whole * old[0] + older[0], whole * old[1] + older[1]
        if new[1] > limit:
            break
        older, old, above, below = old, new, below, rest
    return old


# Drawing dates. After parsing, n stands for minutes and H for hours to 12.
DATE_CODES: dict[str, Callable[[Moment], str]] = {
    "yy": lambda at: f"{at.year % 100:02d}", "yyyy": lambda at: str(at.year), "g": lambda _: "",
    "bb": lambda at: f"{(at.year + 543) % 100:02d}", "bbbb": lambda at: str(at.year + 543),
    "m": lambda at: str(at.month), "mm": lambda at: f"{at.month:02d}", "mmm": lambda at: MONTHS[at.month - 1][:3],
    "mmmm": lambda at: MONTHS[at.month - 1], "mmmmm": lambda at: MONTHS[at.month - 1][0],
    "d": lambda at: str(at.day), "dd": lambda at: f"{at.day:02d}",
    "ddd": lambda at: WEEKDAYS[at.serial % 7][:3], "dddd": lambda at: WEEKDAYS[at.serial % 7],
    "h": lambda at: str(at.seconds // 3600), "hh": lambda at: f"{at.seconds // 3600:02d}",
    "H": lambda at: str((at.seconds // 3600 - 1) % 12 + 1), "HH": lambda at: f"{(at.seconds // 3600 - 1) % 12 + 1:02d}",
    "n": lambda at: str(at.seconds // 60 % 60), "nn": lambda at: f"{at.seconds // 60 % 60:02d}",
    "s": lambda at: str(at.seconds % 60), "ss": lambda at: f"{at.seconds % 60:02d}",
    "[h]": lambda at: str(at.elapsed // 3600), "[hh]": lambda at: f"{at.elapsed // 3600:02d}",
    "[m]": lambda at: str(at.elapsed // 60), "[mm]": lambda at: f"{at.elapsed // 60:02d}",
    "[s]": lambda at: str(at.elapsed), "[ss]": lambda at: f"{at.elapsed:02d}",
    "AM/PM": lambda at: "AM" if 2 * at.seconds < DAY else "PM",
    "A/P": lambda at: "A" if 2 * at.seconds < DAY else "P", "a/p": lambda at: "a" if 2 * at.seconds < DAY else "p",
}  # fmt: skip
SPELLINGS = {  # by length; the last one stands for all longer
    "y": ("yy", "yy", "yyyy"), "e": ("yyyy",), "b": ("bb", "bb", "bbbb"), "g": ("g",), "h": ("h", "hh", ""),
    "m": ("m", "mm", "mmm", "mmmm", "mmmmm", "mmmm"), "d": ("d", "dd", "ddd", "dddd"), "s": ("s", "ss", ""),
}  # fmt: skip


def date_section(tokens: Tokens, shape: str) -> Section:
    """What draws a section of date codes."""
    codes = iter(_date_codes([_date_code(text) for kind, text in tokens if kind == "D"]))
    pieces = list(re.finditer(r"\.0+|.", shape))
    draws: list[Callable[[Moment], str]] = []
    for piece in pieces:
        kind, text = tokens[piece.start()]
        draws.append(DATE_CODES[next(codes)] if kind == "D" else _plain_piece(text, len(piece[0]) - 1))
    return Section(_draw_date, places=max(len(piece[0]) - 1 for piece in pieces), codes=draws)


def _plain_piece(text: str, digits: int) -> Callable[[Moment], str]:
    return (lambda at: "." + at.fraction[:digits]) if digits else (lambda _: text)


def _date_code(text: str) -> str:
    if "/" in text:
        return text if text == "a/p" else text.upper()
    if text[0] == "[":
        return text.lower()
    forms = SPELLINGS[text[0].lower()]
    form = forms[min(len(text), len(forms)) - 1]
    if not form:
        raise FormatError(f"Excel does not know {text} in a format")
    return form


def _date_codes(codes: list[str]) -> list[str]:
    """The letter m is minutes after hours or before seconds; h runs to 12 beside AM/PM."""
    clock = [at for at, code in enumerate(codes) if "/" not in code]
    units = {at: codes[at].strip("[")[0] for at in clock}
    for before, at, after in zip([-1, *clock], clock, [*clock[1:], -1], strict=False):
        if codes[at] in ("m", "mm") and (units.get(before) == "h" or units.get(after) == "s"):
            codes[at] = codes[at].replace("m", "n")
        elif codes[at] in ("h", "hh") and len(clock) < len(codes):
            codes[at] = codes[at].upper()
    return codes


def _draw_date(section: Section, value: float, _sign: str) -> str:
    if not 0 <= value < calendar.LAST + 1:
        raise FormatError("Not a day from 1900 to 9999")
    unit = 10**section.places
    elapsed, rest = divmod(math.floor(value * DAY * unit + 0.5), unit)
    serial, seconds = divmod(elapsed, DAY)
    if serial > calendar.LAST:
        raise FormatError("Rounds to a day after 9999")
    moment = Moment(serial, *_calendar_day(serial), seconds, elapsed, str(rest).zfill(section.places))
    return "".join([draw(moment) for draw in section.codes])


_calendar_day = lru_cache(maxsize=4096)(calendar.from_serial)
