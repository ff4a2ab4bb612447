"""A rate card as a portal's file has it -> rows of the table Rates.

One value a row (`value` with `basis` percent or flat) and one band (`tier_field`, `from_excl`, `to_incl`), or the headers
of Rates themselves. A column nobody knows is never passed over: it could be a condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recon_core.problems import Place, Problem, Severity
from recon_core.ratecard.rows import COLUMNS, MORE_COLUMNS, Placing, cell_text

_HEADERS = {  # letters and digits of a header -> the column of Rates
    **{re.sub(r"[^a-z0-9]", "", name.casefold()): name for name in (*COLUMNS, *MORE_COLUMNS) if name != "%"},
    "channel": "Portal", "marketplace": "Portal", "feename": "Fee", "effectivefrom": "From", "validfrom": "From",
    "effectiveto": "To", "validto": "To", "basefield": "Base", "tierfield": "tier", "fromexcl": "low", "toincl": "high",
    "basis": "basis", "value": "value", "unit": "unit", "feetaxinclusive": "Tax inclusive", "taxinclusive": "Tax inclusive",
    "feetaxpct": "GST %", "gstpct": "GST %", "taxpct": "GST %", "pct": "%", "percent": "%", "flat": "Fixed", "minimum": "Min", "maximum": "Max",
    "reversalcustomerreturnpct": "Return %", "reversalrtopct": "RTO %", "returnpct": "Return %", "rtopct": "RTO %",
    "contract": "Contract ref", "remarks": "Note", "paymentmethod": "Payment mode", "grain": "Per",
}  # fmt: skip
_KINDS = {"percent": "%", "percentage": "%", "pct": "%", "percentslab": "%", "flat": "Fixed", "fixed": "Fixed", "flatslab": "Fixed", "slab": "Fixed"}  # fmt: skip
_UNITS = {"%": "%", "percent": "%", "pct": "%", "inr": "Fixed", "rs": "Fixed", "₹": "Fixed"}
_NEEDED = ("Portal", "Fee", "From")

Named = dict[str, tuple[str, object]]  # column of Rates -> (header of the file, cell)


def from_csv_rows(
    rows: Sequence[Mapping[str, object]], file: str, lines: Sequence[int] = ()
) -> tuple[list[dict[str, object]], Placing, tuple[Problem, ...]]:
    """Rows of a file, by its own headers -> rows for `parse_cards`, where each cell stands, and Problems.

    `lines` are the line numbers of the rows; without them the first row is line 2. Problems are Stops: R-731 for a
    header that is missing or unknown, R-732 for a value whose kind or slab the row does not say.
    """
    numbers = list(lines) or list(range(2, len(rows) + 2))
    headers = list(dict.fromkeys(header for row in rows for header in row))
    names = {header: _HEADERS.get(_letters(header), "%" if header.strip() == "%" else "") for header in headers}
    problems = _header_problems(rows, names, file)
    filled: list[dict[str, object]] = []
    origin: list[dict[str, str]] = []  # column of Rates -> header of the file, row by row
    for row, line in zip(rows, numbers, strict=True):
        named: Named = {names[header]: (header, cell) for header, cell in row.items() if names[header]}
        found, wrong = _to_rates(named)
        problems += [
            Problem("R-732", Severity.STOP, Place(file=file, row=line, column=header), raw, what, fix)
            for header, raw, what, fix in wrong
        ]
        filled.append({} if wrong else {name: cell for name, (_, cell) in found.items()})
        origin.append({name: header for name, (header, _) in found.items()})

    def place(at: int, column: str) -> Place:
        return Place(file=file, row=numbers[at], column=origin[at].get(column, column))

    return filled, place, tuple(problems)


def _header_problems(rows: Sequence[Mapping[str, object]], names: Mapping[str, str], file: str) -> list[Problem]:
    known = ", ".join(name for name in COLUMNS)
    problems = []
    for header, name in names.items():
        if not name and any(cell_text(row.get(header)) for row in rows):
            what = f"The column '{header}' of a rate card is not known."
            fix = f"Name it as one of: {known}; or take it out of the file."
            problems.append(Problem("R-731", Severity.STOP, Place(file=file, column=header), header, what, fix))
    for name in _NEEDED:
        if name not in names.values():
            what = f"The rate card has no column for {name}."
            fix = f"Add a column named {name}."
            problems.append(Problem("R-731", Severity.STOP, Place(file=file, column=name), "", what, fix))
    return problems


def _to_rates(named: Named) -> tuple[Named, list[tuple[str, str, str, str]]]:
    """Put a row's one value under % or Fixed and its one band under Price or Weight."""
    out = {name: cell for name, cell in named.items() if name in COLUMNS or name in MORE_COLUMNS}
    wrong = []

    def text(name: str) -> str:
        return cell_text(named[name][1]) if name in named else ""

    def header(name: str) -> str:
        return named[name][0] if name in named else name

    if text("value"):
        told = [name for name in ("basis", "unit") if text(name)]
        kinds = {_kind(name, text(name)) for name in told}
        if len(kinds) == 1 and "" not in kinds:
            out[kinds.pop()] = named["value"]
        else:
            said = " and ".join(f"{header(name)} '{text(name)}'" for name in told) or "neither basis nor unit"
            wrong.append((header("basis"), text("basis"), f"The row says {said}, so its value is no clear amount.", "Write basis percent with unit %, or basis flat with unit INR."))  # fmt: skip
    if text("low") or text("high"):
        tier = _letters(text("tier"))
        if tier.startswith("weight") and tier in ("weight", "weightg", "weightgrams"):
            out["Weight from"], out["Weight to"] = named.get("low", ("low", "")), named.get("high", ("high", ""))
        elif tier and not tier.startswith("weight"):
            out["Price from"], out["Price to"] = named.get("low", ("low", "")), named.get("high", ("high", ""))
            out["Price of"] = named["tier"]
        else:
            what = (
                f"The row has a slab of '{text('tier')}'." if tier else "The row has a slab and does not say of what."
            )
            wrong.append((header("tier"), text("tier"), what, "Write selling_price_incl_gst, taxable, net of discount, collected or weight_g."))  # fmt: skip
    return out, wrong


def _kind(name: str, word: str) -> str:
    """'%' or 'Fixed', '' for a word nobody knows."""
    return _KINDS.get(_letters(word), "") if name == "basis" else _UNITS.get(word.casefold().rstrip("."), "")


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())
