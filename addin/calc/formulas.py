"""Formula text of Excel <-> formula text of Calc's API, by words. Pure.

Calc separates arguments by `;`, rows of a constant array by `|`, sheets by `.`, writes TRUE() and spells a few
functions differently; inside the brackets of a table reference its marks stand in brackets of their own.
Not translated: references to other workbooks, 3-D references, unions of areas, R1C1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache

from xlwings.utils import col_name

from recon_core.formula.tokens import MAX_COLUMN, MAX_ROW, TOKEN, Token, bracketed, corner_of

# Calc's word for Excel's function, where the plain word means a function that rounds in another way.
_SPELLING = {"CEILING": "CEILING.XCL", "FLOOR": "FLOOR.XCL"}
_BACK = {there: here for here, there in _SPELLING.items()}
_NOTHING_TO_DO = re.compile(r"=[-+*/^&<>=%().:$ \tA-Z0-9]+", re.IGNORECASE | re.ASCII)
# Nothing but operators, cells, whole numbers and functions that Calc knows (it writes others in small letters).
_PLAIN_IN_CALC = re.compile(r"=[-+*/^&<>=%():;$A-Z0-9]+")
_TROUBLE = re.compile(r"TRUE|FALSE|_xl|CEILING|FLOOR| ", re.IGNORECASE)
_PLAIN_SHEET = re.compile(r"[^\W\d]\w*")
_LOOKS_LIKE_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[rRcC]\d*(?:[rRcC]\d*)?")


def words_of(text: str) -> Iterator[Token]:
    """The words of an Excel formula in order; a bracket with all it holds is one word, what is unknown its own."""
    at = 0
    while at < len(text):
        if text[at] == "[":
            _, after = bracketed(text, at)
            if after > 0:
                yield Token("bracket", text[at:after], at)
                at = after
                continue
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            yield Token("other", text[at], at)
            at += 1
        else:
            yield Token(found.lastgroup, found[0], at)
            at = found.end()


def to_calc(text: str, own_table: str = "", tables: Collection[str] = ()) -> str:  # noqa: C901 - one branch for each kind of word
    """Excel's formula (with its `=`) as Calc's API takes it; `own_table` is meant by [@Price].

    `tables`: the names of the book's tables in small letters; alone, one means its body in Excel, in Calc its headers too.

    ValueError where a table reference names no table and the cell stands in none.
    """
    if _NOTHING_TO_DO.fullmatch(text) and not _TROUBLE.search(text) and not any(one in text.lower() for one in tables):
        return text
    words, out, braces = list(words_of(text)), [""], 0
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else Token("end", "", -1)
        before = words[place - 1] if place else Token("end", "", -1)
        said = word.text
        if word.kind == "sheet":
            said = _sheet_to_calc(said)
        elif word.kind == "word":
            said = _word_to_calc(said, following.text)
            said += "[]" if said.lower() in tables and following.text[:1] not in {"(", "["} else ""
        elif word.kind == "bracket":
            said = _bracket_to_calc(said, "" if before.kind == "word" else own_table, named=before.kind == "word")
        elif word.kind == "space" and _is_reference(before) and _is_reference(following, left=True):
            said = "!"
        elif said in "{}":
            braces += 1 if said == "{" else -1
        elif said == ",":
            said = ";"
        elif said == ";" and braces:
            said = "|"
        elif said == "@":
            said = ""
        out.append(said)
    return "".join(out)


@lru_cache(maxsize=4096)
def names_no_table(text: str) -> bool:
    """Whether a bracket stands without a table's name before it ([@Price]): only then the cell's own table is asked for."""
    if "[" not in text:
        return False
    words = list(words_of(text))
    return any(
        word.kind == "bracket" and (not place or words[place - 1].kind != "word") for place, word in enumerate(words)
    )


def _is_reference(word: Token, *, left: bool = False) -> bool:
    """Whether an area ends (or, on the left side of a word, begins) here, so that a space between two means what both share."""
    return word.kind in {"cell", "columns", "rows"} or (left and word.kind == "sheet")


def _sheet_to_calc(said: str) -> str:
    """The prefix `'a b'!` as `$'a b'.`, which Calc takes for any name."""
    name = said[:-1]
    return f"${name}." if name.startswith("'") else f"$'{name}'."


def _word_to_calc(said: str, following: str) -> str:
    said = re.sub(r"^(?:_xlfn\.|_xlws\.|_xludf\.)+", "", said, flags=re.IGNORECASE)
    upper = said.upper()
    if upper in {"TRUE", "FALSE"} and following != "(":
        return f"{upper}()"
    return _SPELLING.get(upper, said) if following == "(" else said


def _bracket_to_calc(said: str, own_table: str, *, named: bool) -> str:
    """A table reference's bracket: [@Price] as [[#This Row];[Price]], [#All] as [[#All]], commas as semicolons."""
    if not named and not own_table:
        if said.endswith("]") and "@" not in said and "[" not in said[1:]:
            return said  # another workbook's name; Calc says what it thinks of it
        raise ValueError(f"{said} names no table and the cell stands in none")
    inner = said[1:-1].strip()
    if inner.startswith("@"):
        columns = inner[1:].strip()
        columns = columns if columns.startswith("[") or not columns else f"[{columns}]"
        inner = f"[#This Row];{columns}" if columns else "[#This Row]"
    elif inner.startswith("#"):
        inner = f"[{inner}]"
    elif "[" in inner:
        inner = _outside_brackets(inner, ",", ";")
    return f"{own_table}[{inner}]"


def _outside_brackets(text: str, old: str, new: str) -> str:
    """The text with a mark exchanged where it stands outside brackets; blanks beside it go."""
    out, depth, place = [], 0, 0
    while place < len(text):
        mark = text[place]
        if mark == "'":  # escapes the next mark of a header
            out.append(text[place : place + 2])
            place += 2
            continue
        depth += (mark == "[") - (mark == "]")
        out.append(new if mark == old and not depth else "" if mark == " " and not depth and "[" in text else mark)
        place += 1
    return "".join(out)


_CALC_WORD = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")
    |\$?(?P<quoted>'(?:[^']|'')+')\.
    |\$?(?P<sheet>[^\W\d]\w*)\.(?=\$?[A-Za-z]{1,3}\$?\d|\$?[A-Za-z]{1,3}:|\$?\d+:|\#REF!)
    |(?P<error>\#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A))
    |(?P<truth>TRUE|FALSE)\(\)
    |(?P<word>[^\W\d][\w.]*|\d[\w.]*)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=4096)
def to_excel(text: str) -> str:  # noqa: C901 - one branch for each kind of word
    """Calc's formula (with its `=`, and braces where it is an array) as Excel's `Range.Formula` gives it."""
    if text.startswith("{=") and text.endswith("}"):
        text = text[1:-1]
    if _PLAIN_IN_CALC.fullmatch(text) and "()" not in text:
        return text.replace(";", ",")
    out, braces, at = [], 0, 0
    while at < len(text):
        if text[at] == "[":
            inner, after = bracketed(text, at)
            if after > 0:
                out.append(f"[{_outside_brackets(inner, ';', ',')}]" if inner else "")
                at = after
                continue
        found = _CALC_WORD.match(text, at)
        if found is None:  # the last alternative takes any mark
            break
        at = found.end()
        kind, said = found.lastgroup, found[found.lastgroup or 0]
        if kind in {"quoted", "sheet"}:
            bare = said.strip("'") if kind == "quoted" else said
            said = sheet_prefix(bare.replace("''", "'"))
        elif kind == "word" and text[at : at + 1] == "(":
            said = _BACK.get(said, said.upper())  # Calc writes functions it does not know in small letters
        elif kind == "mark" and said in "{}":
            braces += 1 if said == "{" else -1
        elif kind == "mark":
            marks = {";": ",", "|": ";"} if braces else {";": ",", "!": " ", "~": ","}
            said = marks.get(said, said)
        out.append(said)
    return "".join(out)


def sheet_prefix(name: str) -> str:
    """A sheet's name as it stands before a reference: Sheet1! or 'a b'!"""
    if _PLAIN_SHEET.fullmatch(name) and not _LOOKS_LIKE_CELL.fullmatch(name):
        return f"{name}!"
    quoted = name.replace("'", "''")
    return f"'{quoted}'!"


def moved(text: str, rows: int, columns: int) -> str:
    """The formula as a fill brings it that many rows down and columns to the right: relative references move along."""
    return mover(text)(rows, columns)


def mover(text: str) -> Callable[[int, int], str]:
    """The formula's `moved`, its words read once."""
    pieces: list[str | list[str]] = []
    for word in words_of(text):
        moves = word.kind in {"cell", "columns", "rows"}
        pieces.append([corner.strip() for corner in word.text.split(":")] if moves else word.text)

    def move(rows: int, columns: int) -> str:
        if not rows and not columns:
            return text
        return "".join(piece if isinstance(piece, str) else _moved_area(piece, rows, columns) for piece in pieces)

    return move


def _moved_area(corners: list[str], rows: int, columns: int) -> str:
    there = [_moved_corner(corner, rows, columns) for corner in corners]
    return "#REF!" if "" in there else ":".join(there)


def _moved_corner(corner: str, rows: int, columns: int) -> str:
    """$B7, B or 7 moved; '' where it falls off the sheet."""
    row, column = corner_of(corner)
    fixed_column = corner.startswith("$") and column > 0
    fixed_row = "$" in corner[1:] or (corner.startswith("$") and not column)
    row += rows if row and not fixed_row else 0
    column += columns if column and not fixed_column else 0
    if row < 0 or column < 0 or row > MAX_ROW or column > MAX_COLUMN or (row, column) == (0, 0):
        return ""
    was_row, was_column = corner_of(corner)
    if (was_row and not row) or (was_column and not column):
        return ""
    letters = f"{'$' if fixed_column else ''}{col_name(column)}" if was_column else ""
    return letters + (f"{'$' if fixed_row else ''}{row}" if was_row else "")
