"""The format language of Excel's TEXT: (value, code) -> text, for en-US and the 1900 date system.

A code is parsed once into rules (which section holds, whether it shows a minus); a section knows how it is drawn.
Numbers are cut to Excel's 15 digits, then rounded half away from zero. Surprises: a letter that is no code stands
for itself ("0K"), `b` is the Buddhist year, a minus vanishes when only zeros are left to show, and the names of
months and days are English whatever the locale tag says.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

MAX_CODE = 255
MAX_RESULT = 32_767  # characters of a cell
DAY = 86_400  # seconds
LAST_SERIAL = 2_958_465  # 31-Dec-9999
FALSE_LEAP_DAY = 60  # 29-Feb-1900, which Excel has and the calendar has not
MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
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


# A section holds for the numbers that compare with the limit; the bool gives a negative one its minus.
Rule = tuple[Callable[[float, float], bool], float, Section, bool]


def format_value(value: float | str | bool, code: str) -> str:
    """Show a value as TEXT(value, code) does; a text that looks like a number must come as a number.

    Raises FormatError where Excel gives #VALUE!. Cost: 2 to 10 microseconds, once a code is parsed.
    """
    rules, text = _parse(code)
    if isinstance(value, (str, bool)):
        shown = _draw_text(text, value if isinstance(value, str) else str(value).upper())
        if len(shown) > MAX_RESULT:
            raise FormatError(f"TEXT gives {len(shown)} characters, a cell holds {MAX_RESULT}")
        return shown
    if not math.isfinite(value):
        raise FormatError("Excel has no such number")
    for compare, limit, section, signed in rules:
        if compare(value, limit):
            return section.draw(section, value, "-" if signed and value < 0 else "")
    raise FormatError("No section of the format holds for this number")


# From a code to tokens. What the pattern leaves out (n, a stray E, the Hijri b1) Excel refuses.
TOKEN = re.compile(
    r""" "(?P<quoted>[^"]*)" | \\(?P<escaped>.) | (?P<blank>_). | \*. | \[(?P<bracket>[^\]]*)\]
    | (?P<G>general) | (?P<E>e[+-]) | (?P<D>am/pm | a/p | y+ | m+ | d+ | h+ | s+ | g+ | b+(?![12]) | (?-i:e+))
    | (?P<digit>[1-9]) | (?P<mark>[0\#?.%/@;] | ,+) | (?P<literal>[^"\\_*\[ben])""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=) *([+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)", re.IGNORECASE | re.ASCII)
UNSEEN = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color *(?:[1-9]|[1-4]\d|5[0-6])|dbnum[1-4]|eng")


@lru_cache(maxsize=1024)
def _parse(code: str) -> tuple[tuple[Rule, ...], Tokens]:
    if len(code) > MAX_CODE:
        raise FormatError(f"The format has {len(code)} characters, at most {MAX_CODE} are allowed")
    sections = _split(code)
    text: Tokens = (("@", "@"),) if code else ()
    if len(sections) == 4 or "@" in _shape(sections[-1]):
        text = sections.pop()
        if set(_shape(text)) & set("0#?DC"):
            raise FormatError("The text section of a format holds only @, General and literal text")
    return _arrange(sections), text


def _split(code: str) -> list[Tokens]:
    sections: list[list[Token]] = [[]]
    at = 0
    while at < len(code):
        found = TOKEN.match(code, at)
        if found is None:
            raise FormatError(f"Excel does not know the format {code!r} from character {at + 1}")
        at = found.end()
        if found["mark"] == ";":
            sections.append([])
        elif found.lastgroup:  # none for *x: a fill has no width in TEXT
            sections[-1] += _read(found.lastgroup, found[found.lastgroup], sections[-1])
    if len(sections) > 4:
        raise FormatError("A format has at most four sections")
    return list(sections)


def _shape(tokens: Tokens) -> str:
    return "".join([kind for kind, _ in tokens])


def _read(group: str, text: str, before: Tokens) -> Tokens:
    if group == "bracket":
        return _read_bracket(text)
    if group == "E" and not _slots(before):  # then a small e is the year
        if text[0] == "E":
            raise FormatError("E+ follows a digit")
        return (("D", "e"), ("L", text[1]))
    if group in ("G", "E", "D"):
        return ((group, text),)
    kind = {"mark": text[:1], "digit": "9"}.get(group, "L")
    return ((kind, " " if group == "blank" else text),)


def _read_bracket(text: str) -> Tokens:
    if text.startswith("$"):  # [$currency-locale]
        return (("L", text[1 : text.rfind("-") if "-" in text else None]),)
    if text.lower() in ("h", "hh", "m", "mm", "s", "ss"):
        return (("D", f"[{text}]"),)
    if CONDITION.fullmatch(text):
        return (("C", text),)
    if UNSEEN.fullmatch(text.lower()):
        return ()
    raise FormatError(f"Excel does not know [{text}] in a format")


def _slots(tokens: Tokens) -> list[str]:
    return [kind for kind, _ in tokens if kind in BLANKS]


# From tokens to rules.
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
ALWAYS = (">=", -math.inf)
BY_SIGN = {1: [ALWAYS], 2: [(">=", 0.0), ALWAYS], 3: [(">", 0.0), ("<", 0.0), ALWAYS]}


def _arrange(sections: list[Tokens]) -> tuple[Rule, ...]:
    built = [_build(section) for section in sections] or [_build((GENERAL,))]
    conditions = [_condition(section) for section in sections]
    if any(conditions):
        return _arrange_conditions(built, conditions)
    tests = BY_SIGN[len(built)]
    return tuple((COMPARE[op], limit, one, len(built) == 1) for (op, limit), one in zip(tests, built, strict=True))


def _condition(section: Tokens) -> tuple[str, float] | None:
    found = [CONDITION.fullmatch(text) for kind, text in section if kind == "C"]
    if len(found) > 1:
        raise FormatError("A section takes one condition")
    return (found[0][1], float(found[0][2])) if found and found[0] else None


def _arrange_conditions(built: list[Section], conditions: list[tuple[str, float] | None]) -> tuple[Rule, ...]:
    """The minus follows what Excel does, which is not what a reader would guess.

    A section shows it unless its own condition holds for negatives only; the second of two without a condition
    (General, when there is none) shows it only after a first section for [=x], [>x] or [>=x] with x >= 0.
    """
    if any(conditions[2:]):
        raise FormatError("Only the first two sections take a condition")
    op, limit = conditions[0] or (">", 0.0)
    second = conditions[1] if len(built) > 1 else None
    if len(built) == 3 and second is None:
        second = ("<", 0.0)
    rules: list[Rule] = [(COMPARE[op], limit, built[0], _keeps_minus(op, limit))]
    if second:
        rules.append((COMPARE[second[0]], second[1], built[1], _keeps_minus(*second)))
        signed, rest = True, built[2:]
    else:
        signed, rest = op == "=" or (op in (">", ">=") and limit >= 0), built[1:] or [_build((GENERAL,))]
    return (*rules, *[(operator.ge, -math.inf, section, signed) for section in rest])


def _keeps_minus(op: str, limit: float) -> bool:
    return not ((op in ("<", "<=", "=") and limit < 0) or (op == "<" and limit == 0))


# From the tokens of a section to what draws it.
def _build(section: Tokens) -> Section:
    tokens = [token for token in section if token[0] != "C"]
    shape = _shape(tokens)
    if re.fullmatch(r"[L9.,%]*|[L9,G]*", shape):
        return Section(_draw_general, tokens)
    if re.fullmatch(r"(?=.*D)(?:[LD9,/]|\.0{1,3}(?!0)|\.(?!0))*", shape):
        return _build_date(tokens, shape)
    if re.fullmatch(r"[L90#?.,%/E]*", shape):
        return _build_number(tokens, 2 * shape.count("%"))
    raise FormatError("Excel does not mix these codes in one section")


def _build_number(tokens: Tokens, power: int) -> Section:
    tokens, thousands, grouped = _take_commas(tokens)
    power -= 3 * thousands
    shape = _shape(tokens)
    plain = re.fullmatch(r"([L9]*)(#*)(0*)((?:\.0*)?)([L9]*)", shape)
    if plain and plain[2] + plain[3] and not (grouped and len(plain[3]) > 1):
        around = _text(tokens[: plain.end(1)]), plain[4][:1], _text(tokens[plain.start(5) :])
        places, least = len(plain[4][1:]), len(plain[3])
        return Section(_draw_plain, power=power, places=places, grouped=grouped, around=around, least=least)
    number = re.fullmatch(r"([L90#?]*)((?:\.[L9.0#?]*)?)(?:E([L9]*[0#?][L90#?]*))?", shape)
    if number is None:
        return _build_fraction(tokens, power, grouped=grouped)
    head, tail = tokens[: number.end(1)], tokens[number.start(2) : number.end(2)]
    places = len(re.findall(r"[0#?]", number[2]))
    if number[3] is None:
        return Section(_draw_decimal, head, tail, power=power, places=places, grouped=grouped)
    mark = tokens[number.end(2)][1]
    return Section(_draw_exponent, head, tail, tokens[number.start(3) :], power, places, around=("", mark, ""))


def _take_commas(tokens: Tokens) -> tuple[Tokens, int, bool]:
    """Commas right after a digit group when a digit follows, scale after the last one, and else mean nothing."""
    shape = _shape(tokens) + " "
    final = max(shape.rfind(slot) for slot in BLANKS)
    point = shape.find(".") if "." in shape else len(shape)
    taken = {found.end() - 1 for found in re.finditer(r"[0#?.]9*,", shape)}
    thousands = sum(len(tokens[at][1]) for at in taken if at > final or shape[at + 1] == ".")
    grouped = any(shape[at + 1] in BLANKS and at < point for at in taken)
    kept = [token for at, token in enumerate(tokens) if at not in taken]
    return [("L" if kind in ",%" else kind, text) for kind, text in kept], thousands, grouped


def _build_fraction(tokens: Tokens, power: int, *, grouped: bool) -> Section:
    found = re.fullmatch(r"([L90#?]*?)([0#?]+)(L*/L*)([90#?]+)([L9]*)", _shape(tokens))
    if found is None or (grouped and not _slots(tokens[: found.end(1)])):
        raise FormatError("A fraction is digits, a slash and digits")
    head, tail, slash, last, rest = [tokens[found.start(group) : found.end(group)] for group in range(1, 6)]
    given = _text(last) if "9" in found[4] else "0"
    if not given.isdecimal():
        raise FormatError("A denominator is either given or left open")
    around = ("", _text(slash), _text(rest))
    return Section(_draw_fraction, head, tail, last, power, len(last), grouped, around, int(given))


# Drawing numbers.
def _text(tokens: Tokens) -> str:
    return "".join([text for _, text in tokens])


def _draw_text(tokens: Tokens, value: str) -> str:
    return "".join([value if kind in "@G" else text for kind, text in tokens])


def _draw_general(section: Section, value: float, sign: str) -> str:
    """Literal text, with or without General."""
    return sign + _draw_text(section.head, _general(value)) if section.head else ""


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


def _draw_plain(section: Section, value: float, sign: str) -> str:
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


def _draw_decimal(section: Section, value: float, sign: str) -> str:
    digits, power = _digits(value)
    number = _rounded(digits, power + section.power + section.places)
    return (sign if number else "") + _fill(section, number)


def _fill(section: Section, number: int) -> str:
    """A number of so many decimals into head and tail."""
    text = str(number).zfill(section.places)
    split = len(text) - section.places
    tail, decimals = section.tail, text[split:]
    known = len(decimals.rstrip("0"))
    cells = iter([decimals[at] if at < known else BLANKS[slot] for at, slot in enumerate(_slots(tail))])
    shown = "".join([next(cells) if kind in BLANKS else text for kind, text in tail])
    return _fill_right(section.head, text[:split].lstrip("0"), grouped=section.grouped) + shown


def _fill_right(tokens: Tokens, digits: str, *, grouped: bool = False) -> str:
    """Digits into placeholders from the right; those left over stand at the first placeholder."""
    slots = _slots(tokens)
    if not slots:
        return _text(tokens) + digits
    row = [BLANKS[slot] for slot in slots[: max(len(slots) - len(digits), 0)]] + list(digits)
    for at in range(len(row) - 4, -1, -3) if grouped else ():
        row[at] += {"": "", " ": " "}.get(row[at], ",")
    spare = len(row) - len(slots) + 1
    cells = iter(["".join(row[:spare]), *row[spare:]])
    return "".join([next(cells) if kind in BLANKS else text for kind, text in tokens])


def _draw_exponent(section: Section, value: float, sign: str) -> str:
    """With several whole digits the exponent goes in steps of as many: ##0.0E+0 is engineering notation."""
    digits, power = _digits(value)
    power += section.power
    slots = len(_slots(section.head))
    step = max(slots, 1)
    exponent = ((power + 14) // step * step if slots else power + 15) if digits else 0
    if _rounded(digits, power - exponent + section.places) >= 10 ** (slots + section.places):
        exponent += step  # 9.99 in 0.0E+0 is 1.0E+1
    shown = _fill(section, _rounded(digits, power - exponent + section.places))
    mark = section.around[1]
    plus = "-" if exponent < 0 else mark[1].replace("-", "")
    return sign + shown + mark[0] + plus + _fill_right(section.last, str(abs(exponent)))


def _draw_fraction(section: Section, value: float, sign: str) -> str:
    """Excel works on the binary fraction, not on the 15 digits: 0.3 is 2/7 in ?/?, 12.3 is 12 1/3."""
    scaled = abs(value) * float(f"1e{section.power}")
    if not math.isfinite(scaled):
        raise FormatError("Too large for a fraction")
    mixed = bool(_slots(section.head))
    whole, part = (_rounded(*_digits(scaled // 1)), scaled % 1) if mixed else (0, scaled)
    above, below = part.as_integer_ratio()
    if section.least:
        above, below = (2 * above * section.least + below) // (2 * below), section.least
    else:
        above, below = _convergent(above, below, 10**section.places - 1)
    if mixed and above == below:
        whole, above = whole + 1, 0
    pattern = _text(section.tail) + ("" if section.least else _text(section.last))
    hidden = mixed and not above and "0" not in pattern
    head = _fill_right(section.head, str(whole) if whole or hidden else "", grouped=section.grouped and mixed)
    return sign + (head if mixed else _text(section.head)) + _ratio(section, above, below, hidden=hidden)


def _ratio(section: Section, above: int, below: int, *, hidden: bool) -> str:
    tail, last, (_, slash, after) = _text(section.tail), _text(section.last), section.around
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


def _build_date(tokens: Tokens, shape: str) -> Section:
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
    if not 0 <= value < LAST_SERIAL + 1:
        raise FormatError("Not a day from 1900 to 9999")
    unit = 10**section.places
    elapsed, rest = divmod(math.floor(value * DAY * unit + 0.5), unit)
    serial, seconds = divmod(elapsed, DAY)
    moment = Moment(serial, *_calendar_day(serial), seconds, elapsed, str(rest).zfill(section.places))
    return "".join([draw(moment) for draw in section.codes])


@lru_cache(maxsize=4096)
def _calendar_day(serial: int) -> tuple[int, int, int]:
    if serial > LAST_SERIAL:
        raise FormatError("Rounds to a day after 9999")
    if serial in (0, FALSE_LEAP_DAY):
        return (1900, 2, 29) if serial else (1900, 1, 0)
    found = date.fromordinal(serial + (693_594 if serial > FALSE_LEAP_DAY else 693_595))
    return found.year, found.month, found.day
