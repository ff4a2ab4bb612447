"""Entry types: what each amount of a settlement line is, which sign it may bear, and that the entries add up to the line.

An entry is one signed component of a line, + towards us, in minor units. The types are a closed table; a portal's own
fee is `Fee: XYZ`. An unknown word is kept as printed and listed, never dropped. Fees are without tax: the tax on them
has its own type. A line without an order keeps its money and gets a kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recon_core.money import Bool, Int64, grouped, sum_by
from recon_core.problems import Place, Problem, Severity

Int8 = npt.NDArray[np.int8]
Entries = pd.DataFrame  # of model.ENTRY_COLUMNS
PlaceOf = Callable[[int], Place]  # of a line's position
CUSTOM = "Fee: "
LISTED = 25  # problems of one cause that are listed one by one


class EntryType(StrEnum):
    """The entry types. Order is that of the release ledger."""

    SALE = "SALE"
    DISCOUNT = "DISCOUNT"
    COMMISSION = "COMMISSION"
    SHIP = "SHIP"
    RETURN_SALE = "RETURN_SALE"
    RETURN_COMMISSION = "RETURN_COMMISSION"
    RETURN_SHIP = "RETURN_SHIP"
    FIXED = "FIXED"
    CLOSING = "CLOSING"
    COLLECTION = "COLLECTION"
    GATEWAY = "GATEWAY"
    TAX_ON_FEE = "TAX_ON_FEE"
    TCS = "TCS"
    TDS = "TDS"
    CLAIM = "CLAIM"
    PENALTY = "PENALTY"
    CHARGEBACK = "CHARGEBACK"
    RESERVE = "RESERVE"
    ADJUSTMENT = "ADJUSTMENT"


class Part(StrEnum):
    """The term of the money chain that an entry belongs to."""

    SALES = "Order value"
    RETURNS = "Returns and refunds"
    FEES = "Fees"
    TAX = "Tax on fees"
    TCS = "TCS"
    TDS = "TDS"
    CLAIMS = "Claims"
    CHARGEBACKS = "Chargebacks"
    PENALTIES = "Penalties"
    RESERVE = "Reserve"
    ADJUSTMENTS = "Adjustments"


class EntryRule(NamedTuple):
    """One row of the table of types: the sign on the line of a sale (+1, -1, 0 for either), and other spellings."""

    type: EntryType
    sign: int
    part: Part
    spellings: tuple[str, ...] = ()


# Source: Koncili's public list of releases (SALE +, COMISSION -, RETURN_SALE -, RETURN_COMISSION +, SHIP and RETURN_SHIP
# either) and Eshopbox's standard template (+ paid to us, - taken from us, a reversed fee is +).
ENTRY_RULES: tuple[EntryRule, ...] = (
    EntryRule(EntryType.SALE, 1, Part.SALES, ("amount paid by customer", "customer amount", "product sale")),
    EntryRule(EntryType.DISCOUNT, 0, Part.SALES, ("offer", "seller discount")),
    EntryRule(EntryType.COMMISSION, -1, Part.FEES, ("comission", "commission fee", "comission fee")),
    EntryRule(EntryType.SHIP, 0, Part.FEES, ("logistics", "shipping", "forward logistics", "logistics fee", "shipping fee")),
    EntryRule(EntryType.RETURN_SALE, -1, Part.RETURNS, ("refund",)),
    EntryRule(EntryType.RETURN_COMMISSION, 1, Part.FEES, ("return comission",)),
    EntryRule(EntryType.RETURN_SHIP, 0, Part.FEES, ("reverse logistics", "reverse logistics fee", "return shipping", "reverse shipping")),
    EntryRule(EntryType.FIXED, -1, Part.FEES, ("fixed fee",)),
    EntryRule(EntryType.CLOSING, -1, Part.FEES, ("closing fee", "closed", "closed fee")),
    EntryRule(EntryType.COLLECTION, -1, Part.FEES, ("collection fee",)),
    EntryRule(EntryType.GATEWAY, -1, Part.FEES, ("gateway fee", "payment gateway", "payment gateway fee")),
    EntryRule(EntryType.TAX_ON_FEE, -1, Part.TAX, ("tax", "taxes", "tax on fees", "gst on fees", "gst on fee")),
    EntryRule(EntryType.TCS, -1, Part.TCS),
    EntryRule(EntryType.TDS, -1, Part.TDS),
    EntryRule(EntryType.CLAIM, 1, Part.CLAIMS, ("claims", "protection fund")),
    EntryRule(EntryType.PENALTY, -1, Part.PENALTIES, ("penalties",)),
    EntryRule(EntryType.CHARGEBACK, 0, Part.CHARGEBACKS, ("charge back",)),
    EntryRule(EntryType.RESERVE, 0, Part.RESERVE, ("reserves",)),
    EntryRule(EntryType.ADJUSTMENT, 0, Part.ADJUSTMENTS, ("adjustments",)),
)  # fmt: skip
_CHARGES = frozenset({Part.FEES, Part.TAX, Part.TCS, Part.TDS, Part.PENALTIES})
RULE_OF: dict[str, EntryRule] = {rule.type.value: rule for rule in ENTRY_RULES}


class LineKind(StrEnum):
    """What a settlement line is about. The values are the usual words of its Line Type."""

    ORDER = "Order"
    RETURN = "Return"
    RTO = "RTO"
    CHARGEBACK = "Chargeback"
    CLAIM = "Claim"
    PENALTY = "Penalty"
    RESERVE = "Reserve"
    ADS = "Ads"
    STORAGE = "Storage"
    SHIPPING = "Shipping"
    FEE = "Fee"
    TAX = "Tax"
    ADJUSTMENT = "Adjustment"


KINDS: tuple[LineKind, ...] = tuple(LineKind)
KIND_CODE: dict[LineKind, int] = {kind: code for code, kind in enumerate(KINDS)}
_KIND_WORDS: dict[LineKind, tuple[str, ...]] = {
    LineKind.ORDER: ("sale", "forward", "shipment", "payment", "settlement", "delivered", "prepaid", "postpaid", "cod"),
    LineKind.RETURN: ("refund", "reverse", "customer return", "returned", "returns", "credit note"),
    LineKind.RTO: ("courier return", "return to origin", "undelivered"),
    LineKind.CHARGEBACK: ("charge back", "dispute", "chargeback reversal"),
    LineKind.CLAIM: ("claims", "spf", "protection fund", "reimbursement", "compensation"),
    LineKind.PENALTY: ("penalties", "sla penalty", "recovery"),
    LineKind.RESERVE: ("rolling reserve", "reserve release", "on hold", "hold"),
    LineKind.ADS: ("ad", "advertising", "ads cost", "marketing"),
    LineKind.STORAGE: ("storage fee", "warehousing", "storage recall"),
    LineKind.SHIPPING: ("freight", "weight", "weight adjustment"),
    LineKind.ADJUSTMENT: ("adjustments", "correction", "nod", "non order", "other", "others"),
}
_KIND_OF = {word: kind for kind, words in _KIND_WORDS.items() for word in (kind.value.casefold(), *words)}
_KIND_OF_TYPE = {
    EntryType.CLAIM: LineKind.CLAIM, EntryType.PENALTY: LineKind.PENALTY, EntryType.RESERVE: LineKind.RESERVE,
    EntryType.CHARGEBACK: LineKind.CHARGEBACK, EntryType.SHIP: LineKind.SHIPPING, EntryType.RETURN_SHIP: LineKind.SHIPPING,
    EntryType.TAX_ON_FEE: LineKind.TAX, EntryType.TCS: LineKind.TAX, EntryType.TDS: LineKind.TAX,
}  # fmt: skip
_TAXES = frozenset({EntryType.TAX_ON_FEE, EntryType.TCS, EntryType.TDS})
# The form an amount takes on the line of a return. On the line of an RTO its sign says which of the two it is.
RETURN_FORM = {EntryType.SALE: EntryType.RETURN_SALE, EntryType.COMMISSION: EntryType.RETURN_COMMISSION}


def word_of(text: str) -> str:
    """A header or type as compared: 'RETURN_COMISSION ' -> 'return comission'."""
    return " ".join(re.sub(r"[\s_\-\u00a0]+", " ", text.casefold()).split())


_TYPE_OF = {word_of(word): rule.type for rule in ENTRY_RULES for word in (rule.type.value, *rule.spellings)}


def type_of(text: str) -> str | None:
    """The entry type a word means, `Fee: XYZ` for another fee, None for an unknown word.

    COMISSION -> COMMISSION, 'Fee: Logistics' -> SHIP, 'Fee: Packaging' and PACKAGING_FEE -> 'Fee: Packaging'.
    """
    word = word_of(text)
    if found := _TYPE_OF.get(word):
        return found.value
    fee = re.fullmatch(r"fee ?: ?(.+)", word)
    if fee:
        known = _TYPE_OF.get(fee.group(1))
        # A fee named Chargeback is a fee; only what may be a fee gives its name to a type.
        if known and RULE_OF[known].part in _CHARGES and known is not EntryType.RETURN_COMMISSION:
            return known.value
        return CUSTOM + " ".join(text.partition(":")[2].split())
    own = re.fullmatch(r"(.+) fees?", word)
    return CUSTOM + own.group(1).capitalize() if own else None


def fee_of(entry_type: str) -> str:
    """The name under which a rate card knows an entry, '' for none: RETURN_COMMISSION -> 'Commission', 'Fee: XYZ' -> 'XYZ'."""
    names = {
        EntryType.SHIP: "Logistics",
        EntryType.RETURN_SHIP: "Reverse logistics",
        EntryType.GATEWAY: "Payment gateway",
    }
    if entry_type.startswith(CUSTOM):
        return entry_type.removeprefix(CUSTOM)
    rule = RULE_OF.get(entry_type)
    if rule is None or rule.part not in {Part.FEES, Part.PENALTIES}:
        return ""
    return names.get(rule.type, rule.type.value.removeprefix("RETURN_").capitalize())


def part_of(entry_type: str) -> Part:
    """The term of the money chain: a custom fee is a fee, an unknown word an adjustment."""
    rule = RULE_OF.get(entry_type)
    return rule.part if rule else Part.FEES if entry_type.startswith(CUSTOM) else Part.ADJUSTMENTS


def is_charge(entry_type: str) -> bool:
    """Whether an entry is a fee, a penalty or a tax: a file writes it with a minus."""
    return part_of(entry_type) in _CHARGES


def ordered_types(types: Sequence[str]) -> list[str]:
    """Distinct types in the order of the ledger: the table's first, then other fees and unknown words by name."""
    order = {rule.type.value: at for at, rule in enumerate(ENTRY_RULES)}
    return sorted(set(types), key=lambda one: (order.get(one, len(order)), one))


def read_kinds(line_type: pd.Series, customer_minor: Int64, where: Place) -> tuple[Int8, list[Problem]]:
    """Printed line types (n) -> position in KINDS (n); a Note for each unknown word, which is an Adjustment.

    An empty line type is a Return where the customer's amount is negative, else an Order.
    """
    codes, printed = pd.factorize(line_type.astype("str").fillna(""))
    read = [_KIND_OF.get(word_of(str(text))) for text in printed]
    table = np.array([KIND_CODE[kind or LineKind.ADJUSTMENT] for kind in read], np.int8)
    blank = np.array([not str(text).strip() for text in printed], bool)
    kinds = table[codes] if len(table) else np.zeros(0, np.int8)
    by_sign = np.where(customer_minor < 0, KIND_CODE[LineKind.RETURN], KIND_CODE[LineKind.ORDER])
    kinds = np.where(blank[codes], by_sign, kinds).astype(np.int8) if blank.any() else kinds
    fix = "Nothing, if the row is a correction; else tell us the word."
    problems = [
        Problem("T-264", Severity.NOTE, where, str(text), f"'{text}' is no line type that Tieout knows; its rows are adjustments.", fix)
        for text, kind in zip(printed, read, strict=True) if kind is None and str(text).strip()
    ]  # fmt: skip
    return kinds, problems


def entries_of(kinds: Int8, amounts: Mapping[str, Int64], types: Mapping[str, str]) -> Entries:
    """Amount columns of lines (n each) -> Entries, one per amount that is not zero, by line, then as the ledger orders types on a sale.

    `types`: column -> the type it has on a sale. The line's kind gives the return and chargeback forms:
    on a Return SALE and COMMISSION become RETURN_SALE and RETURN_COMMISSION, on a Chargeback SALE becomes CHARGEBACK,
    on an RTO what comes back (a negative sale, a positive commission) takes the return form.
    """
    places = {name: at for at, name in enumerate(ordered_types(list(types.values())))}
    columns = sorted(types, key=lambda name: places[types[name]])
    if not columns:
        empty = np.zeros(0, np.int64)
        return pd.DataFrame({"pos": empty, "type": pd.Categorical([]), "amount_minor": empty})
    forms = {(column, kind, back): _form(types[column], kind, back=back) for column in columns for kind in KINDS for back in (False, True)}  # fmt: skip
    names = ordered_types(list(forms.values()))
    number = {name: code for code, name in enumerate(names)}
    table = np.array(
        [[[number[forms[column, kind, back]] for back in (False, True)] for kind in KINDS] for column in columns],
        np.int16,
    ).ravel()
    matrix = np.stack([amounts[column] for column in columns], axis=1)
    at = np.flatnonzero(matrix)
    pos = np.repeat(np.arange(len(matrix)), np.count_nonzero(matrix, axis=1))
    column = (at - pos * len(columns)).astype(np.int32)  # a third of the time of divmod
    amount = matrix.ravel()[at]
    del matrix, at
    outward = np.array([RULE_OF[types[name]].sign < 0 if types[name] in RULE_OF else True for name in columns], bool)
    back = (amount > 0) == outward[column]
    code = table[(column * len(KINDS) + kinds[pos]) * 2 + back]
    used = np.bincount(code, minlength=len(names)) > 0
    code = (np.cumsum(used) - 1).astype(np.int16)[code]
    kept = pd.Index([name for name, is_used in zip(names, used, strict=True) if is_used], dtype="str")
    return pd.DataFrame({"pos": pos, "type": pd.Categorical.from_codes(code, categories=kept), "amount_minor": amount})


def _form(plain: str, kind: LineKind, *, back: bool) -> str:
    """The type of an amount on a line of this kind. `back`: its sign is the opposite of a sale's."""
    if kind is LineKind.RETURN or (kind is LineKind.RTO and back):
        return RETURN_FORM.get(EntryType(plain), EntryType(plain)).value if plain in RULE_OF else plain
    return EntryType.CHARGEBACK.value if kind is LineKind.CHARGEBACK and plain == EntryType.SALE else plain


def wrong_signs(entries: Entries, kinds: Int8) -> Bool:
    """Entries (m) whose sign their type does not allow. Fees and taxes may come back on any line but that of an order."""
    names = list(entries["type"].cat.categories)
    sign = np.array([RULE_OF[name].sign if name in RULE_OF else -1 if name.startswith(CUSTOM) else 0 for name in names], np.int8)  # fmt: skip
    returns = (EntryType.SALE, EntryType.RETURN_SALE, EntryType.RETURN_COMMISSION, EntryType.CLAIM)
    everywhere = np.array([name in returns for name in names], bool)
    code = entries["type"].cat.codes.to_numpy()
    amount = entries["amount_minor"].to_numpy()
    strict = everywhere[code] | (kinds[entries["pos"].to_numpy()] == KIND_CODE[LineKind.ORDER])
    strict &= kinds[entries["pos"].to_numpy()] != KIND_CODE[LineKind.ADJUSTMENT]
    allowed = sign[code]
    wrong: Bool = strict & (((allowed > 0) & (amount < 0)) | ((allowed < 0) & (amount > 0)))
    return wrong


def sign_problems(entries: Entries, kinds: Int8, place_of: PlaceOf) -> list[Problem]:
    """A Note for each type with entries of a sign it should not have, naming the first; nothing is changed."""
    wrong = entries[wrong_signs(entries, kinds)]
    problems = []
    for name, found in wrong.groupby("type", observed=True, sort=True):
        first = found.iloc[0]
        amount = grouped(int(first["amount_minor"]))
        count = "1 entry" if len(found) == 1 else f"{len(found):,} entries"
        what = f"{count} of type {name} with the opposite sign, first {amount}."
        fix = "Nothing, if the portal reversed it; else correct the sign in the file."
        problems.append(Problem("T-268", Severity.NOTE, place_of(int(first["pos"])), amount, what, fix))
    return problems


def sum_gaps(entries: Entries, net_minor: Int64) -> Int64:
    """Net of each line (n) less the sum of its entries: 0 where they agree."""
    gaps: Int64 = net_minor - sum_by(entries["pos"].to_numpy(np.intp), entries["amount_minor"].to_numpy(), len(net_minor))  # fmt: skip
    return gaps


def sum_problems(entries: Entries, net_minor: Int64, place_of: PlaceOf, within_minor: int = 0) -> list[Problem]:
    """The problems of the lines whose entries do not sum to their own net."""
    gaps = sum_gaps(entries, net_minor)
    at = np.flatnonzero(np.abs(gaps) > within_minor)
    charges = np.array([is_charge(str(name)) for name in entries["type"].cat.categories], bool)
    turned = entries["amount_minor"].to_numpy() * np.where(charges[entries["type"].cat.codes.to_numpy()], -1, 1)
    other = sum_by(entries["pos"].to_numpy(np.intp), turned, len(net_minor))
    return gap_problems(net_minor[at], (net_minor - gaps)[at], other[at], lambda pos: place_of(int(at[pos])))


def gap_problems(net_minor: Int64, sum_minor: Int64, turned_minor: Int64, place_of: PlaceOf) -> list[Problem]:
    """A Problem (T-261) for each line (n) whose amounts do not sum to its own net; such a row is left out.

    `turned_minor`: the sums with the signs of all fees and taxes turned. Where they agree with every net, the file writes
    charges without a minus: one Stop (T-262) says so instead.
    """
    n = len(net_minor)
    if n and (turned_minor == net_minor).all():
        what = f"The fees and taxes of {n:,} {'row' if n == 1 else 'rows'} add up to the paid amount only with the opposite sign."
        fix = "Write what is taken from you with a minus: + is paid to you, - is taken from you."
        return [Problem("T-262", Severity.STOP, place_of(0)._replace(row=0), "", what, fix)]
    fix = "Correct the amounts in the file and run again."
    problems = [
        Problem("T-261", Severity.LEFT_OUT, place_of(pos), grouped(int(net_minor[pos])), f"The amounts of the row add up to {grouped(int(sum_minor[pos]))}, its own total is {grouped(int(net_minor[pos]))}; the row is left out.", fix)
        for pos in range(min(n, LISTED))
    ]  # fmt: skip
    if n > LISTED:
        total = grouped(int((net_minor - sum_minor)[LISTED:].sum()))
        what = f"{n - LISTED:,} more rows do not add up to their own total, together by {total}; they are left out, and the sheet Skipped lists them."
        problems.append(Problem("T-261", Severity.LEFT_OUT, place_of(LISTED)._replace(row=0), "", what, fix))
    return problems


def non_order_kinds(entries: Entries, kinds: Int8, has_order: Bool) -> pd.DataFrame:
    """Lines without an order -> pos, kind int8 (position in KINDS), types ('SHIP+TAX_ON_FEE'), amount_minor.

    The line type decides where it names a kind of its own; a general one (Order, Adjustment) gives way to the
    type of the largest entry, taxes last.
    """
    away = ~has_order[entries["pos"].to_numpy()]
    mine = entries[away].copy()
    mine["code"] = mine["type"].cat.codes.astype(np.int64)
    names = [str(name) for name in entries["type"].cat.categories]
    tax = np.array([name in _TAXES for name in names], bool)
    mine["last"] = tax[mine["code"].to_numpy()]
    mine["size"] = -mine["amount_minor"].abs()
    mine = mine.sort_values(["pos", "last", "size", "code"])
    largest = mine.drop_duplicates("pos")
    lines = np.flatnonzero(~has_order)
    own = kinds[lines].copy()
    general = np.isin(own, [KIND_CODE[LineKind.ORDER], KIND_CODE[LineKind.RETURN], KIND_CODE[LineKind.ADJUSTMENT]])
    by_type = np.array([KIND_CODE[_non_order_kind(name)] for name in names], np.int8)
    meant = pd.Series(by_type[largest["code"].to_numpy()], index=largest["pos"]).reindex(lines)
    own = np.where(general & meant.notna().to_numpy(), meant.fillna(0).to_numpy(), own).astype(np.int8)
    return pd.DataFrame({
        "pos": lines, "kind": own,
        "types": _joined(mine.drop_duplicates(["pos", "code"]), lines, names),
        "amount_minor": mine.groupby("pos")["amount_minor"].sum().reindex(lines).fillna(0).astype(np.int64).to_numpy(),
    })  # fmt: skip


def _joined(mine: pd.DataFrame, lines: npt.NDArray[np.intp], names: Sequence[str]) -> npt.NDArray[np.object_]:
    """The types of each line joined by '+', in the order of `mine`; each distinct set is joined once."""
    words = np.array([""], object)
    codes = np.zeros(len(lines), np.int64)
    at = np.searchsorted(lines, mine["pos"].to_numpy())
    nth = mine.groupby("pos").cumcount().to_numpy()
    for step in range(int(nth.max(initial=-1)) + 1):
        more = np.zeros(len(lines), np.int64)
        more[at[nth == step]] = mine["code"].to_numpy()[nth == step] + 1
        sets, codes = np.unique(codes * (len(names) + 1) + more, return_inverse=True)
        before, added = np.divmod(sets, len(names) + 1)
        words = np.array(["+".join(filter(None, [words[one], names[two - 1] if two else ""])) for one, two in zip(before, added, strict=True)], object)  # fmt: skip
    return words[codes]


def _non_order_kind(name: str) -> LineKind:
    if name in RULE_OF:
        return _KIND_OF_TYPE.get(EntryType(name), LineKind.FEE if fee_of(name) else LineKind.ADJUSTMENT)
    word = word_of(fee_of(name))
    return _KIND_OF.get(word, LineKind.FEE) if name.startswith(CUSTOM) else LineKind.ADJUSTMENT
