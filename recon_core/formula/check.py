"""What is wrong with a formula before it runs: unknown names, numbers of arguments, what a column may not use.

Also what a formula refers to, the order derived columns are worked out in, and whether an answer is a date.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from recon_core.formula import fallback
from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.functions.spec import Function
from recon_core.formula.tables import folded
from recon_core.formula.tree import (
    Call,
    CellRef,
    Chain,
    FormulaError,
    Group,
    Literal,
    Name,
    Node,
    Prefix,
    TableRef,
    children,
    walk,
)
from recon_core.formula.unavailable import UNAVAILABLE, why

Headers = Mapping[str, Sequence[str]]  # table -> its headers


def check(tree: Node, text: str, own: Sequence[str], tables: Headers) -> None:
    """Raise FormulaError for the first thing in a column's formula that cannot be worked out.

    `own` are the headers of its table, other derived columns included; `tables` those of all tables by name.
    """
    known = {folded(name): headers for name, headers in tables.items()}
    for node, names in _with_names(tree):
        try:
            _check(node, own, known, names, tables)
        except FormulaError as error:
            raise FormulaError(error.what, error.fix, text, error.at) from None


def _with_names(tree: Node) -> Iterable[tuple[Node, frozenset[str]]]:
    """Each node, in the order of the text, with the variables of LET that it may use."""
    waiting: list[tuple[Node, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, names = waiting.pop()
        yield node, names
        if isinstance(node, Call) and node.name == "LET":
            waiting += reversed(_let_parts(node, names))
        else:
            waiting += [(one, names) for one in reversed(children(node))]


def _let_parts(call: Call, names: frozenset[str]) -> list[tuple[Node, frozenset[str]]]:
    """The arguments of LET: a value may use the names before it, the result all of them."""
    parts: list[tuple[Node, frozenset[str]]] = []
    for name, value in zip(call.args[:-1:2], call.args[1::2], strict=False):
        known = names | {name.name.casefold()} if isinstance(name, Name) else names
        parts += [(name, known), (value, names)]
        names = known
    return [*parts, *((arg, names) for arg in call.args[-1:])]


def _check(node: Node, own: Sequence[str], known: Headers, names: frozenset[str], tables: Headers) -> None:
    match node:
        case Call():
            _check_call(node)
        case TableRef():
            _check_reference(node, own, known, tables)
        case CellRef():
            what = "A formula of a column names columns, not cells such as A1."
            raise FormulaError(
                what, "Write [@Amount] for the row's own value, Table[Column] for a whole column.", "", node.at
            )
        case Name(name=name) if name.casefold() not in names and folded(name) not in known:
            near = _near(name, [*own, *tables, *names])
            what = f"'{name}' is no table, and no name that LET gives."
            raise FormulaError(what, near or f'Write [@{name}] for a column, and "{name}" for a text.', "", node.at)
        case Prefix(op="@", of=TableRef(part="data") | Name()):
            fix = "Write [@Amount] for the row's own value, XLOOKUP to find one in another table."
            raise FormulaError("@ does not tell which row of the table is meant.", fix, "", node.at)
        case _:
            pass


def _check_call(node: Call) -> None:
    if node.name in UNAVAILABLE:
        raise FormulaError(*why(node.name), "", node.at)
    function = FUNCTIONS.get(node.name)
    if function is None:
        _check_fallback(node)
    elif not function.fits(len(node.args)):
        raise _wrong_count(function, node)
    if node.name == "LET":
        _check_names(node)


def _check_fallback(node: Call) -> None:
    if fallback.knows(node.name):
        return
    near = _near(node.name, [*FUNCTIONS, *fallback.known()])
    more = "" if fallback.is_installed() else ", or install the library 'formulas' for financial and statistical ones"
    fix = near or f"Choose a function that 'tieout functions' lists{more}."
    raise FormulaError(f"There is no function {node.name}.", fix, "", node.at)


def _wrong_count(function: Function, node: Call) -> FormulaError:
    count, least, most = len(node.args), function.least, function.most
    need = (
        f", it needs {least}"
        if least == most
        else f", it needs at least {least}"
        if most == 255
        else f", it needs {least} to {most}"
    )
    if least <= count <= most:
        need = f"; its last ones come in groups of {function.repeats}"
    what = f"{node.name} has {count} argument{'' if count == 1 else 's'}{need}."
    return FormulaError(what, f"Write {function.shown}.", "", node.at)


def _check_names(call: Call) -> None:
    """The first, third, fifth ... argument of LET is a name that is no cell."""
    for arg in call.args[:-1:2]:
        if isinstance(arg, CellRef):
            raise FormulaError(
                "A name that LET gives may not look like a cell.", "Choose a longer name, such as net_1.", "", arg.at
            )
        if not isinstance(arg, Name):
            raise FormulaError("LET needs a name before each value.", "Write LET(name, value, result).", "", arg.at)


def _check_reference(node: TableRef, own: Sequence[str], known: Headers, tables: Headers) -> None:
    if node.table and folded(node.table) not in known:
        near = _near(node.table, tables)
        fix = near or (_listed(sorted(tables)) if tables else "Name it in the table Sources first.")
        raise FormulaError(f"There is no table '{node.table}'.", fix, "", node.at)
    headers = known[folded(node.table)] if node.table else own
    if node.table and node.part == "this" and list(headers) != list(own):
        what = f"'{node.table}' has no row that belongs to this one."
        raise FormulaError(what, f"Use XLOOKUP([@Id],{node.table}[Id],{node.table}[Value]) to find it.", "", node.at)
    if node.part == "this" and len(node.columns) != 1:
        raise FormulaError("A reference to this row names one column.", "Write [@Amount].", "", node.at)
    have = {folded(header) for header in headers}
    for name in node.columns:
        if folded(name) not in have:
            where = f" in {node.table}" if node.table else ""
            fix = _near(name, headers) or _listed(headers)
            raise FormulaError(f"There is no column '{name}'{where}.", fix, "", node.at)


def _listed(choices: Sequence[str]) -> str:
    shown = [" ".join(choice.split()) for choice in choices[:20]]
    return f"Choose from: {', '.join(shown)}{' ...' if len(choices) > 20 else ''}."


def _near(name: str, choices: Iterable[str]) -> str:
    by_fold = {folded(choice): choice for choice in choices}
    found = difflib.get_close_matches(folded(name), by_fold, n=1, cutoff=0.6)
    return f"Did you mean '{' '.join(by_fold[found[0]].split())}'?" if found else ""


def references(tree: Node) -> list[TableRef]:
    """Every structured reference of a formula; a bare table name counts as all its columns."""
    found = [node for node in walk(tree) if isinstance(node, TableRef)]
    variables = {arg.name.casefold() for node in walk(tree) if isinstance(node, Call) and node.name == "LET" for arg in node.args[:-1:2] if isinstance(arg, Name)}  # fmt: skip
    names = [node for node in walk(tree) if isinstance(node, Name) and node.name.casefold() not in variables]
    return found + [TableRef(node.name, (), "data", node.at) for node in names]


def in_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Names so that each stands after those it needs; the given order where it is free. Raises FormulaError with the path of a cycle."""
    done: dict[str, None] = {}
    for start in needs:
        path: dict[str, Iterator[str]] = {
            start: iter(needs[start])
        }  # a stack: columns in progress, what each still asks for
        while path:
            name, asked = next(reversed(path.items()))
            other = next((one for one in asked if one in needs and one not in done), None)
            if other is None:
                done[name] = None
                del path[name]
            elif other in path:
                raise _circle(list(path), other)
            else:
                path[other] = iter(needs[other])
    return list(done)


def _circle(path: list[str], name: str) -> FormulaError:
    circle = [*path[path.index(name) :], name]
    what = f"Derived columns need each other in a circle: {' -> '.join(circle)}."
    return FormulaError(what, "Change one of them so that it no longer needs the others.")


_DATES = frozenset({"DATE", "EDATE", "EOMONTH", "DATEVALUE", "WORKDAY", "WORKDAY.INTL"})
_PASSING = {"IF": (1, 2), "IFERROR": (0, 1), "IFNA": (0, 1), "MAX": (0,), "MIN": (0,), "XLOOKUP": (2,), "INDEX": (0,), "CHOOSE": (1,), "MAXIFS": (0,), "MINIFS": (0,), "IFS": (1,), "SWITCH": (2,)}  # fmt: skip


def is_date(tree: Node, column_is_date: Callable[[TableRef], bool]) -> bool:
    """Whether the answer of a formula is a date, so that it is shown as one: DATE, EOMONTH, a date column, one plus days."""
    match tree:
        case TableRef():
            return column_is_date(tree)
        case Group(of=of) | Prefix(op="+", of=of) | Prefix(op="@", of=of):
            return is_date(of, column_is_date)
        case Chain(first=first, rest=rest):
            terms = [(op, is_date(one, column_is_date)) for op, one in (("+", first), *rest)]
            signs = sum((1 if op == "+" else -1) for op, held in terms if held)
            return all(op in "+-" for op, _ in terms) and signs == 1
        case Call(name="LET", args=args) if args:
            return is_date(args[-1], column_is_date)
        case Call(name=name, args=args):
            passing = [args[at] for at in _PASSING.get(name, ()) if at < len(args)]
            return name in _DATES or any(
                is_date(one, column_is_date) for one in passing if not isinstance(one, Literal)
            )
        case _:
            return False
