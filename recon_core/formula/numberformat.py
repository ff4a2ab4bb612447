"""The format language of Excel's TEXT: (value, code) -> text, for en-US and the 1900 date system.

A code is parsed once into rules (which section holds, whether it shows a minus); a section knows how
`drawing` shows it. Surprises: a letter that is no code stands for itself ("0K"), `b` is the Buddhist year.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from functools import lru_cache

from recon_core.formula.drawing import (
    BLANKS,
    GENERAL,
    FormatError,
    Section,
    Token,
    Tokens,
    date_section,
    draw_decimal,
    draw_exponent,
    draw_fraction,
    draw_general,
    draw_plain,
    draw_text,
    slots_of,
    text_of,
)

MAX_CODE = 255
MAX_RESULT = 32_767  # characters of a cell
# A section holds for the numbers that compare with the limit; the bool gives a negative one its minus.
Rule = tuple[Callable[[float, float], bool], float, Section, bool]


def format_value(value: float | str | bool, code: str) -> str:
    """Show a value as TEXT(value, code) does; a text that looks like a number must come as a number.

    Raises FormatError where Excel gives #VALUE!. Cost: 2 to 10 microseconds, once a code is parsed.
    """
    rules, text = _parse(code)
    if isinstance(value, (str, bool)):
        shown = draw_text(text, value if isinstance(value, str) else str(value).upper())
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
    if group == "E" and not slots_of(before):  # then a small e is the year
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
        return Section(draw_general, tokens)
    if re.fullmatch(r"(?=.*D)(?:[LD9,/]|\.0{1,3}(?!0)|\.(?!0))*", shape):
        return date_section(tokens, shape)
    if re.fullmatch(r"[L90#?.,%/E]*", shape):
        return _build_number(tokens, 2 * shape.count("%"))
    raise FormatError("Excel does not mix these codes in one section")


def _build_number(tokens: Tokens, power: int) -> Section:
    tokens, thousands, grouped = _take_commas(tokens)
    power -= 3 * thousands
    shape = _shape(tokens)
    plain = re.fullmatch(r"([L9]*)(#*)(0*)((?:\.0*)?)([L9]*)", shape)
    if plain and plain[2] + plain[3] and not (grouped and len(plain[3]) > 1):
        around = text_of(tokens[: plain.end(1)]), plain[4][:1], text_of(tokens[plain.start(5) :])
        places, least = len(plain[4][1:]), len(plain[3])
        return Section(draw_plain, power=power, places=places, grouped=grouped, around=around, least=least)
    number = re.fullmatch(r"([L90#?]*)((?:\.[L9.0#?]*)?)(?:E([L9]*[0#?][L90#?]*))?", shape)
    if number is None:
        return _build_fraction(tokens, power, grouped=grouped)
    head, tail = tokens[: number.end(1)], tokens[number.start(2) : number.end(2)]
    places = len(re.findall(r"[0#?]", number[2]))
    if number[3] is None:
        return Section(draw_decimal, head, tail, power=power, places=places, grouped=grouped)
    mark = tokens[number.end(2)][1]
    return Section(draw_exponent, head, tail, tokens[number.start(3) :], power, places, around=("", mark, ""))


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
    if found is None or (grouped and not slots_of(tokens[: found.end(1)])):
        raise FormatError("A fraction is digits, a slash and digits")
    head, tail, slash, last, rest = [tokens[found.start(group) : found.end(group)] for group in range(1, 6)]
    given = text_of(last) if "9" in found[4] else "0"
    if not given.isdecimal():
        raise FormatError("A denominator is either given or left open")
    around = ("", text_of(slash), text_of(rest))
    return Section(draw_fraction, head, tail, last, power, len(last), grouped, around, int(given))


__all__ = ["FormatError", "format_value"]
