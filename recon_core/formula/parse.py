"""Formula text -> tree. A Pratt parser over tokens that know their place.

Excel's own precedence: unary minus above ^, ^ from left to right, % after its number. Bounds are checked here,
before any recursion can grow: 8,192 characters, 64 levels, 255 arguments.
"""

from __future__ import annotations

import re
from functools import lru_cache

from recon_core.formula.tokens import MAX_COLUMN, MAX_ROW, TOKEN, Token, bracketed, corner_of, number_of, unescaped
from recon_core.formula.tree import (
    STRENGTH,
    Array,
    Call,
    CellRef,
    Chain,
    FormulaError,
    Group,
    Literal,
    Missing,
    Name,
    Node,
    Percent,
    Prefix,
    TableRef,
)
from recon_core.formula.values import ERRORS, ExcelError

MAX_LENGTH, MAX_NESTING, MAX_DEPTH, MAX_ARGUMENTS, MAX_LITERAL = 8192, 64, 160, 255, 255

_PARTS = {"#this row": "this", "#data": "data", "#headers": "headers", "#all": "all"}


@lru_cache(maxsize=512)
def parse(text: str) -> Node:
    """The tree of a formula, with or without its '='. Raises FormulaError with the place of the mistake."""
    if len(text) > MAX_LENGTH:
        what = f"The formula has {len(text):,} characters; Excel allows {MAX_LENGTH:,}."
        raise FormulaError(what, "Split it over two derived columns.")
    body = text.lstrip(" \t\r\n\u00a0")
    start = len(text) - len(body) + (1 if body.startswith("=") else 0)
    return _Parser(text, start).whole()


class _Parser:
    """Walks the tokens of one formula. `depth` counts calls in progress, `nesting` parentheses and functions."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.next_at = text, start
        self.depth = self.nesting = 0
        self.grouped: Node | None = None  # what the last parentheses held
        self.token = self._scan()

    def whole(self) -> Node:
        if self.token.kind == "end":
            raise self.wrong("The formula is empty.", "Type a formula such as =[@Price]-[@Discount].")
        opening = self.token
        tree = self.expression(0)
        if self.token.kind != "end":
            raise self.wrong(*self._unexpected())
        # ((4/3-1)*3-1) is not the same as (4/3-1)*3-1: Excel snaps a final difference to zero, not one in parentheses
        return Group(tree, opening.at) if self.grouped is tree and isinstance(tree, Chain) else tree

    def expression(self, strength: int) -> Node:
        """Everything that binds more than `strength`. A run of operators of one strength becomes one flat Chain."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep()
        left = self.operand()
        run: list[tuple[str, Node]] = []
        run_strength = run_at = 0
        while self.token.kind == "op" and (own := STRENGTH.get(self.token.text, 0)) > strength:
            op, at = self.token.text, self.token.at
            if run and own != run_strength:
                left, run = Chain(left, tuple(run), run_at), []
            if not run:
                run_strength, run_at = own, at
            self.advance()
            run.append((op, self.expression(own)))
        self.depth -= 1
        return Chain(left, tuple(run), run_at) if run else left

    def operand(self) -> Node:
        """One value with its signs before it and its % behind it: -5% is (-5)%."""
        signs: list[Token] = []
        while self.token.kind == "op" and self.token.text in ("-", "+", "@"):
            signs.append(self.token)
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.too_deep()
            self.advance()
        node = self.value()
        self.depth -= len(signs)
        for sign in reversed(signs):
            node = _signed(sign, node)
        return self.percents(node)

    def percents(self, node: Node) -> Node:
        signs = 0
        while self.token.kind == "op" and self.token.text == "%":
            node, signs = Percent(node, self.token.at), signs + 1
            if signs > MAX_NESTING:
                raise self.too_deep()
            self.advance()
        return node

    def value(self) -> Node:  # noqa: PLR0911 - one kind of token a line
        token = self.token
        match token.kind:
            case "number":
                self.advance()
                return Literal(number_of(token.text), token.at)
            case "text":
                return self.literal_text()
            case "error":
                self.advance()
                return Literal(ERRORS[token.text.upper()], token.at)
            case "word":
                return self.word()
            case "cell" | "columns" | "rows" | "sheet":
                return self.cells()
        if token.text == "(" and token.kind == "op":
            return self.parentheses()
        if token.text == "{":
            return self.array()
        if token.text == "[":
            return self.reference("", token.at)
        raise self.wrong(*self._unexpected())

    def literal_text(self) -> Node:
        token = self.token
        text = token.text[1:-1].replace('""', '"')
        if len(text) > MAX_LITERAL:
            raise self.wrong("A text in a formula may have 255 characters.", "Join shorter texts with &.")
        self.advance()
        return Literal(text, token.at)

    def parentheses(self) -> Node:
        opening = self.token
        self.nest()
        self.advance()
        inside = self.expression(0)
        if self.token.text != ")":
            if self.token.kind == "end":
                raise self.wrong("A ( is never closed.", "Add the missing ).", opening.at)
            raise self.wrong(*self._unexpected())
        self.nesting -= 1
        self.advance()
        self.grouped = inside
        return inside

    def nest(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.too_deep()

    def too_deep(self) -> FormulaError:
        what = f"The formula is nested deeper than {MAX_NESTING} levels."
        return self.wrong(what, "Split it over two derived columns, or use IFS or a lookup table.")

    def word(self) -> Node:
        """A function call, TRUE or FALSE, a table reference, or a bare name."""
        token = self.token
        upper = token.text.upper()
        after = self.text[token.at + len(token.text) :].lstrip(" ")[:1]
        if after == "(":
            self.advance()
            return self.call(token)
        if self.text[token.at + len(token.text) :][:1] == "[":
            self.advance()
            return self.reference(token.text, token.at)
        self.advance()
        if upper in ("TRUE", "FALSE"):
            return Literal(upper == "TRUE", token.at)
        return Name(re.sub("(?i)^_xlpm[.]", "", token.text), token.at)

    def call(self, word: Token) -> Node:
        name = word.text.upper()
        for prefix in ("_XLFN.", "_XLWS.", "_XLUDF.", "_XLPM."):
            name = name.removeprefix(prefix)
        opening = self.token
        self.nest()
        self.advance()
        args: list[Node] = []
        while self.token.text != ")" or self.token.kind != "op":
            if self.token.kind == "end":
                raise self.wrong(f"The ( of {name} is never closed.", "Add the missing ).", opening.at)
            if len(args) == MAX_ARGUMENTS:
                raise self.wrong(f"{name} has more than {MAX_ARGUMENTS} arguments.", "Take some away.")
            empty = self.token.kind == "op" and self.token.text == ","
            args.append(Missing(self.token.at) if empty else self.expression(0))
            self.comma(args)
        self.nesting -= 1
        self.advance()
        return Call(name, tuple(args), word.at)

    def comma(self, args: list[Node]) -> None:
        """Step over the comma between arguments; one right before ) leaves an empty argument."""
        if self.token.text == "," and self.token.kind == "op":
            self.advance()
            if self.token.text == ")" and self.token.kind == "op":
                args.append(Missing(self.token.at))
        elif self.token.text == ";" and self.token.kind == "op":
            raise self.wrong("A semicolon stands between arguments.", "Part arguments with commas.")
        elif self.token.kind != "end" and self.token.text != ")":
            raise self.wrong(*self._unexpected())

    def array(self) -> Node:
        opening = self.token
        rows: list[list[float | str | bool | ExcelError]] = [[]]
        self.advance()
        while True:
            rows[-1].append(self.element())
            mark = self.token
            self.advance()
            if mark.kind == "op" and mark.text == "}":
                break
            if mark.kind == "op" and mark.text == ";":
                rows.append([])
            elif mark.text != "," or mark.kind != "op":
                raise self.wrong("A list in braces is never closed.", "Write it as {1,2,3}.", opening.at)
        if len({len(row) for row in rows}) > 1:
            raise self.wrong("The rows in braces have different lengths.", "Give each row as many values.", opening.at)
        return Array(tuple(tuple(row) for row in rows), opening.at)

    def element(self) -> float | str | bool | ExcelError:
        sign = 1.0
        while self.token.kind == "op" and self.token.text in ("-", "+"):
            sign = -sign if self.token.text == "-" else sign
            self.advance()
        node = self.value() if self.token.kind in ("number", "text", "error", "word") else Missing()
        if not isinstance(node, Literal):
            raise self.wrong("A list in braces holds plain values only.", 'Write it as {1,2,3} or {"a","b"}.')
        if isinstance(node.value, float):
            return sign * node.value / (100 if self._percent() else 1)
        return node.value

    def _percent(self) -> bool:
        if self.token.kind == "op" and self.token.text == "%":
            self.advance()
            return True
        return False

    def cells(self) -> Node:
        """A1, A1:B2, A:A or 1:3, with or without a sheet."""
        token, sheet = self.token, ""
        if token.kind == "sheet":
            sheet = token.text[:-1].strip("'").replace("''", "'")
            self.advance()
        mark = self.token
        if mark.kind not in ("cell", "columns", "rows"):
            raise self.wrong("A cell or range is expected after the sheet name.", "Write it as Sheet1!A1:B9.", mark.at)
        self.advance()
        corners = [corner_of(part) for part in mark.text.split(":")]
        (top, left), (bottom, right) = corners[0], corners[-1]
        if max(top, bottom) > MAX_ROW or max(left, right) > MAX_COLUMN:
            if sheet or ":" in mark.text:
                raise self.wrong(f"'{mark.text}' lies outside a sheet.", "Name a range inside the sheet.", mark.at)
            return Name(mark.text, mark.at)
        return CellRef(sheet, min(top, bottom), min(left, right), max(top, bottom), max(left, right), token.at)

    def reference(self, table: str, at: int) -> Node:
        """A structured reference from its first bracket on: [@x], [@[a b]], T[x], T[[#This Row],[x]], T[[a]:[b]]."""
        opening = self.token.at
        inside, self.next_at = self.bracket(opening)
        self.token = self._scan()
        body = inside.strip()
        parts = ["this"] if body.startswith("@") else []
        body = body.removeprefix("@").strip()
        pieces = self.pieces(body, opening) if body.startswith("[") else [body] if body else []
        parts += [self.part(piece, opening) for piece in pieces if piece.startswith("#")]
        columns = tuple(unescaped(piece) for piece in pieces if not piece.startswith("#"))
        if "" in columns or not (table or parts or columns):
            raise self.wrong("The brackets are empty.", "Name a column: [@Amount].", opening)
        return TableRef(table, columns, self.one_part(parts, opening), at)

    def part(self, word: str, at: int) -> str:
        if word.casefold() not in _PARTS:
            what = f"'{word}' is no part of a table."
            raise self.wrong(
                what, f"Use #This Row, #Data, #Headers or #All; a column of that name is written '{word}.", at
            )
        return _PARTS[word.casefold()]

    def one_part(self, parts: list[str], at: int) -> str:
        found = set(parts) or {"data"}
        if found == {"headers", "data"}:
            return "all"
        if len(found) > 1:
            raise self.wrong("A reference names one part of a table.", "Write Table[[#Headers],[Amount]].", at)
        return found.pop()

    def pieces(self, body: str, at: int) -> list[str]:
        """'[#This Row],[a]:[b]' -> ['#This Row', 'a', 'b']."""
        found: list[str] = []
        marks: list[str] = []
        rest = body
        while rest:
            inside, end = bracketed(rest, 0)
            if end < 0:
                raise self.wrong("A [ is never closed.", "Add the missing ].", at)
            found.append(inside.strip())
            rest = rest[end:].strip()
            if rest and (rest[0] not in ",:" or not rest[1:].strip().startswith("[")):
                raise self.wrong(f"'{rest[:20]}' is not understood in a reference.", "Write [@[Order ID]].", at)
            marks += rest[:1]
            rest = rest[1:].strip()
        is_column = [not piece.startswith("#") for piece in found]
        pairs = zip(is_column, is_column[1:], marks, strict=False)
        if sum(is_column) > 2 or any((left and right) is not (mark == ":") for left, right, mark in pairs):
            raise self.wrong("A reference names one column, or a first and a last.", "Write Table[[A]:[C]].", at)
        return found

    def bracket(self, at: int) -> tuple[str, int]:
        inside, end = bracketed(self.text, at)
        if end < 0:
            raise self.wrong("A [ is never closed.", "Add the missing ].", at)
        return inside, end

    def advance(self) -> None:
        self.token = self._scan()

    def _scan(self) -> Token:
        while True:
            if self.next_at >= len(self.text):
                return Token("end", "", len(self.text))
            found = TOKEN.match(self.text, self.next_at)
            if found is None:
                raise self._no_token()
            at, self.next_at = self.next_at, found.end()
            if found.lastgroup != "space":
                return Token(str(found.lastgroup), found.group(), at)

    def _no_token(self) -> FormulaError:
        at, rest = self.next_at, self.text[self.next_at :]
        if rest[0] == '"':
            return self.wrong("A text is never closed.", 'Add the missing ".', at)
        if rest[0] in "\u201c\u201d\u2018\u2019":
            return self.wrong(f"'{rest[0]}' is a typographic quote.", 'Use straight quotes: "text".', at)
        if word := re.match(r"[\w.]{2,}", rest):
            return self.wrong(f"'{word[0][:30]}' is neither a number nor a name.", "Put a text in double quotes.", at)
        return self.wrong(f"'{rest[0]}' is not understood here.", "Take it away, or put a text in double quotes.", at)

    def _unexpected(self) -> tuple[str, str]:
        token = self.token
        if token.kind == "end":
            return "The formula ends too early.", "Complete it; something is missing after the last operator."
        if token.text == ")":
            return "A ) stands without its (.", "Take it away, or add the missing (."
        if token.text == "#":
            return "The error name is not known.", "Use #N/A, #VALUE! or another of Excel's errors."
        if token.text == ";":
            return "A semicolon stands between arguments.", "Part arguments with commas."
        if token.text in STRENGTH:
            return f"'{token.text}' has nothing to work on.", "Put a value on both sides of it."
        return f"'{token.text[:30]}' is not expected here.", "Write an operator such as & or + before it."

    def wrong(self, what: str, fix: str, at: int | None = None) -> FormulaError:
        return FormulaError(what, fix, self.text, self.token.at if at is None else at)


def _signed(sign: Token, of: Node) -> Node:
    if sign.text == "@" and isinstance(of, TableRef) and not of.table and of.part == "data":  # @[x] is [@x]
        return TableRef("", of.columns, "this", sign.at)
    return Prefix(sign.text, of, sign.at)
