"""Whether a formula must be stored as an array formula.

A plain formula in a cell takes one value out of a list wherever an operator or a single-value function meets it
(implicit intersection), so that SUM((T[k]="a")*T[v]) would come to another figure than ours. As an array formula it
works on the whole list, in every version of Excel and in LibreOffice.
"""

from __future__ import annotations

from collections.abc import Mapping

from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.tree import (
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
    children,
)

GIVES_LISTS = frozenset({
    "FILTER", "UNIQUE", "SORT", "SORTBY", "TAKE", "DROP", "CHOOSECOLS", "CHOOSEROWS", "TRANSPOSE", "TOCOL", "TOROW", "VSTACK", "HSTACK",
    "SEQUENCE", "TEXTSPLIT",
})  # fmt: skip
Lists = Mapping[str, bool]  # variable of LET -> whether it is a list


def needs_array(tree: Node) -> bool:
    """Whether an operator or a single-value function meets a list anywhere; SUMPRODUCT's own operators need no help."""
    return _needs(tree, {}, eased=False)


def _needs(node: Node, names: Lists, *, eased: bool) -> bool:
    if isinstance(node, Chain | Prefix | Percent | Group):
        met = not eased and not isinstance(node, Group) and any(_is_list(one, names) for one in children(node))
        return met or any(_needs(one, names, eased=eased) for one in children(node))
    if not isinstance(node, Call):
        return False
    if node.name == "LET":
        return _needs_let(node, names)
    lists = [_is_list(arg, names) for arg in node.args]
    function = FUNCTIONS.get(node.name)
    met = function is not None and any(held and function.param(at).kind != "G" for at, held in enumerate(lists))
    return met or any(_needs(arg, names, eased=node.name == "SUMPRODUCT") for arg in node.args)


def _needs_let(call: Call, names: Lists) -> bool:
    inner = _bound(call, names)
    return any(_needs(arg, inner, eased=False) for arg in (*call.args[1:-1:2], call.args[-1]))


def _bound(call: Call, names: Lists) -> Lists:
    inner = dict(names)
    for name, value in zip(call.args[:-1:2], call.args[1:-1:2], strict=False):
        if isinstance(name, Name):
            inner[name.name.casefold()] = _is_list(value, inner)
    return inner


def _is_list(node: Node, names: Lists) -> bool:
    match node:
        case TableRef(part=part):
            return part != "this"
        case Array():
            return True
        case CellRef(top=top, left=left, bottom=bottom, right=right):
            return (top, left) != (bottom, right)
        case Name(name=name):
            return names.get(name.casefold(), True)  # a bare name that LET does not give is a table
        case Call():
            return _call_is_list(node, names)
        case _:
            return any(_is_list(one, names) for one in children(node))


def _call_is_list(call: Call, names: Lists) -> bool:
    if call.name in GIVES_LISTS:
        return True
    if call.name == "LET":
        return _is_list(call.args[-1], _bound(call, names))
    if call.name == "INDEX":
        return any(isinstance(arg, Missing) or arg == Literal(0.0) for arg in call.args[1:])
    if (
        call.name == "XLOOKUP"
        and len(call.args) > 2
        and isinstance(call.args[2], TableRef)
        and len(call.args[2].columns) != 1
    ):
        return True
    function = FUNCTIONS.get(call.name)
    return function is not None and any(
        function.param(at).kind != "G" and _is_list(arg, names) for at, arg in enumerate(call.args)
    )
