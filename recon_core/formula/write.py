"""Tree -> text: as a user types it, and as a workbook file holds it.

In a file every structured reference is in full (`Orders[[#This Row],[Status]]`) and newer functions carry the prefix
that Excel stores (`_xlfn.XLOOKUP`); LibreOffice shows #VALUE! for anything less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recon_core.formula.excel import column_letter, number_to_text
from recon_core.formula.tables import folded
from recon_core.formula.tree import (
    STRENGTH,
    Array,
    Call,
    CellRef,
    Chain,
    Group,
    Literal,
    Missing,
    Name,
    Node,
    Percent,
    Prefix,
    TableRef,
    walk,
)
from recon_core.formula.values import ExcelError

# Functions newer than the file format of 2007, as Excel stores them ([MS-XLSX] 2.2.2, "future functions"; REGEX... as 365 does).
_NEWER_NAMES = """
    ACOT ACOTH AGGREGATE ARABIC ARRAYTOTEXT BASE BETA.DIST BETA.INV BINOM.DIST BINOM.DIST.RANGE BINOM.INV BITAND
    BITLSHIFT BITOR BITRSHIFT BITXOR CEILING.MATH CEILING.PRECISE CHISQ.DIST CHISQ.DIST.RT CHISQ.INV CHISQ.INV.RT
    CHISQ.TEST CHOOSECOLS CHOOSEROWS COMBINA CONCAT CONFIDENCE.NORM CONFIDENCE.T COT COTH COVARIANCE.P COVARIANCE.S
    CSC CSCH DAYS DECIMAL DROP ERF.PRECISE ERFC.PRECISE EXPAND EXPON.DIST F.DIST F.DIST.RT F.INV F.INV.RT F.TEST
    FLOOR.MATH FLOOR.PRECISE FORECAST.LINEAR FORMULATEXT GAMMA GAMMA.DIST GAMMA.INV GAMMALN.PRECISE GAUSS HSTACK
    HYPGEOM.DIST IFNA IFS IMCOSH IMCOT IMCSC IMCSCH IMSEC IMSECH IMSINH IMTAN ISFORMULA ISOWEEKNUM LET LOGNORM.DIST
    LOGNORM.INV MAXIFS MINIFS MODE.MULT MODE.SNGL MUNIT NEGBINOM.DIST NORM.DIST NORM.INV NORM.S.DIST NORM.S.INV
    NUMBERVALUE PDURATION PERCENTILE.EXC PERCENTILE.INC PERCENTRANK.EXC PERCENTRANK.INC PERMUTATIONA PHI
    POISSON.DIST QUARTILE.EXC QUARTILE.INC RANDARRAY RANK.AVG RANK.EQ REGEXEXTRACT REGEXREPLACE REGEXTEST RRI SEC
    SECH SEQUENCE SHEET SHEETS SKEW.P SORTBY STDEV.P STDEV.S SWITCH T.DIST T.DIST.2T T.DIST.RT T.INV T.INV.2T T.TEST
    TAKE TEXTAFTER TEXTBEFORE TEXTJOIN TEXTSPLIT TOCOL TOROW UNICHAR UNICODE UNIQUE VALUETOTEXT VAR.P VAR.S VSTACK
    WEIBULL.DIST WRAPCOLS WRAPROWS XLOOKUP XMATCH XOR Z.TEST
"""
NEWER = frozenset(_NEWER_NAMES.split())
SHEET_PREFIX = frozenset({"FILTER", "SORT"})  # stored as _xlfn._xlws.
_PLAIN = re.compile(r"[^\W\d][\w.]*")
_SPECIAL = re.compile(r"(['\[\]#@])")


def to_text(tree: Node) -> str:
    """The formula as a user types it, with '='. Parsing it gives the same tree."""
    return "=" + _text(tree, Style())


def to_workbook(
    tree: Node,
    own: str,
    tables: Mapping[str, str] | None = None,
    headers: Mapping[str, Sequence[str]] | None = None,
    spans: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """The formula as a file holds it, without '='.

    `own`: the table's name; `tables`: a name in the formula -> the table's name in the file; `headers`: a name in the
    formula, '' for the own table -> the headers in the file, whose spelling replaces what the user typed; `spans`: a name
    in the formula -> the first and last column that a bare table stands for, where the file's table has more.
    """
    return _text(tree, Style(own, tables or {}, headers or {}, _variables(tree), spans or {}))


def _variables(tree: Node) -> frozenset[str]:
    """Names that LET gives; a file holds them as _xlpm.name."""
    lets = [node for node in walk(tree) if isinstance(node, Call) and node.name == "LET"]
    return frozenset(arg.name.casefold() for call in lets for arg in call.args[:-1:2] if isinstance(arg, Name))


class Style:
    """How references and names are spelled; without a table name, as a user types them."""

    def __init__(
        self,
        own: str = "",
        tables: Mapping[str, str] | None = None,
        headers: Mapping[str, Sequence[str]] | None = None,
        variables: frozenset[str] = frozenset(),
        spans: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.own, self.variables = own, variables
        self.spans = {folded(name): ends for name, ends in (spans or {}).items()}
        self.tables = {folded(name): there for name, there in (tables or {}).items()}
        self.headers = {
            folded(name): {folded(one): one for one in reversed(all_)} for name, all_ in (headers or {}).items()
        }

    def table(self, name: str) -> str:
        """The table's name in the file."""
        return self.tables.get(folded(name), name) if name else self.own

    def column(self, table: str, name: str) -> str:
        """A header as the file spells it, in brackets."""
        return f"[{_escaped(self.headers.get(folded(table), {}).get(folded(name), name))}]"

    def name(self, name: str) -> str:
        """A bare name: a variable of LET, or a table, which a file never holds bare."""
        if not self.own:
            return name
        if name.casefold() in self.variables:
            return f"_xlpm.{name}"
        return _reference(TableRef(name, (), "data"), self)

    def function(self, name: str) -> str:
        """The function's name with the prefix that a file holds."""
        if not self.own:
            return name
        return f"_xlfn._xlws.{name}" if name in SHEET_PREFIX else f"_xlfn.{name}" if name in NEWER else name


def _text(node: Node, style: Style) -> str:  # noqa: C901, PLR0911 - one kind of node a line
    match node:
        case Literal(value=value):
            return _literal(value)
        case Missing():
            return ""
        case Array(rows=rows):
            return "{" + ";".join(",".join(_literal(one) for one in row) for row in rows) + "}"
        case TableRef():
            return _reference(node, style)
        case CellRef():
            return _cells(node)
        case Name(name=name):
            return style.name(name)
        case Group(of=of):
            return f"({_text(of, style)})"
        case Prefix(op=op, of=of):
            inner = _text(of, style)
            if op == "@" and style.own:
                return f"_xlfn.SINGLE({inner})"
            return op + (f"({inner})" if isinstance(of, Chain | Percent) else inner)
        case Percent(of=of):
            inner = _text(of, style)
            return (f"({inner})" if isinstance(of, Chain) else inner) + "%"
        case Chain(first=first, rest=rest):
            own = STRENGTH[rest[0][0]]
            return _operand(first, own, style) + "".join(op + _operand(one, own, style) for op, one in rest)
        case Call(name=name, args=args):
            return f"{style.function(name)}({','.join(_text(arg, style) for arg in args)})"


def _operand(node: Node, strength: int, style: Style) -> str:
    """An operand of a chain, in parentheses where it would bind otherwise."""
    text = _text(node, style)
    return f"({text})" if isinstance(node, Chain) and STRENGTH[node.rest[0][0]] <= strength else text


def _literal(value: float | str | bool | ExcelError) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, ExcelError):
        return value.value
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    short = number_to_text(value)
    return short if float(short) == value else repr(value).upper().replace("E+", "E")


_PARTS = {"this": ["[#This Row]"], "headers": ["[#Headers]"], "all": ["[#All]"], "data": []}


def _reference(node: TableRef, style: Style) -> str:
    if not style.own:
        return _typed(node)
    pieces = list(_PARTS[node.part])
    columns = node.columns or style.spans.get(folded(node.table), ())
    if columns:
        pieces.append(":".join(style.column(node.table, name) for name in columns))
    inside = ",".join(pieces)
    is_column = node.part == "data" and len(columns) < 2
    return style.table(node.table) + ((inside or "[]") if is_column else f"[{inside}]")  # LibreOffice needs T[[#All]]


def _typed(node: TableRef) -> str:
    names = [f"[{_escaped(name)}]" for name in node.columns]
    columns = ":".join(names)
    if node.part == "this":
        is_plain = len(names) == 1 and _PLAIN.fullmatch(node.columns[0])
        return f"{node.table}[@{node.columns[0] if is_plain else columns}]"
    if node.part == "data":
        return node.table + (f"[{columns}]" if len(names) != 1 else columns)
    part = _PARTS[node.part][0]
    return node.table + (f"[{part},{columns}]" if names else part)


def _escaped(name: str) -> str:
    return _SPECIAL.sub(r"'\1", name)


def _cells(node: CellRef) -> str:
    first, last = _corner(node.top, node.left), _corner(node.bottom, node.right)
    place = first if first == last and node.top and node.left else f"{first}:{last}"
    if not node.sheet:
        return place
    plain = _PLAIN.fullmatch(node.sheet)
    return f"{node.sheet}!{place}" if plain else "'" + node.sheet.replace("'", "''") + f"'!{place}"


def _corner(row: int, column: int) -> str:
    return column_letter(column) + (str(row) if row else "")
