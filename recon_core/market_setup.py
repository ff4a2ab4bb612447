"""The tables Marketplace, Rates, Payment terms and Accounts -> Market, with every mistake in them.

An empty table Marketplace is no marketplace: the value is None, and rates or terms that stand there all the same are
named in a Note. Cells of Rates and Payment terms are judged by `ratecard` and `terms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from recon_core import money
from recon_core.dates import Order
from recon_core.entries import KINDS, type_of
from recon_core.keys import standard_text
from recon_core.market import (
    AMOUNTS,
    DATES,
    NEEDED,
    SAYS,
    STANDARD_WITHIN,
    Market,
    MarketUse,
    OrderState,
    ReturnKind,
    Role,
    Says,
)
from recon_core.money import Form
from recon_core.posting import parse_accounts
from recon_core.problems import Place, Problem, Severity
from recon_core.ratecard import parse_cards
from recon_core.recipe import Recipe
from recon_core.schema import Row
from recon_core.terms import parse_terms, setup_rows

Tables = Mapping[str, Sequence[Row]]
FEE_TOLERANCE, PORTAL = "Fee tolerance", "Portal"  # items of the table Reconciliation
_ROLES = {role.value.casefold(): role for role in Role}
_WORDS: dict[Says, tuple[str, ...]] = {  # what the words of Form may stand for
    Says.STATUS: tuple(OrderState),
    Says.KIND: tuple(ReturnKind),
    Says.LINE_TYPE: tuple(kind.value.casefold() for kind in KINDS),
}
_FORMS: dict[Says, tuple[str, ...]] = {
    **dict.fromkeys((*AMOUNTS - {Says.ENTRY}, Says.QUANTITY, Says.GST_RATE), tuple(Form)),
    **dict.fromkeys(DATES, tuple(Order)),
    Says.WEIGHT: ("g", "kg"),
}


def parse_market(tables: Tables, recipe: Recipe) -> tuple[Market | None, list[Problem]]:
    """The three tables and two items of Reconciliation -> Market; `recipe` has its sources and legs."""
    rows = tables["Marketplace"]
    if not rows:
        return None, _unused(tables)
    uses, problems = _uses(rows)
    rates = tables["Rates"]
    cards, found = parse_cards([row.values for row in rates], lambda at, header: _place(rates[at].cell(header)))
    problems += found
    terms, later = parse_terms(setup_rows(tables["Payment terms"]))
    problems += later
    within, wrong = _tolerance(tables["Reconciliation"])
    portal = _item(tables["Reconciliation"], PORTAL)
    accounts, of_accounts = parse_accounts(tables["Accounts"])
    market = Market(
        uses=uses, cards=cards, terms=terms, within_minor=within, accounts=accounts,
        portal=portal.text("Value") if portal else "", portal_cell=portal.cell("Value") if portal else "",
    )  # fmt: skip
    problems += [*wrong, *of_accounts]
    if not any(problem.severity is Severity.STOP for problem in problems):
        problems += [*_lacking(market), *_legs(market, recipe), *_silent(market), *_portals(market)]
    return market, problems


def _unused(tables: Tables) -> list[Problem]:
    """Rates, terms or accounts without a marketplace do nothing, and say so."""
    fix = "Fill the table Marketplace, or empty this one."
    return [
        Problem("S-119", Severity.NOTE, Place(sheet=sheet), "", f"The table {title} is filled, but no marketplace is set up, so it is not used.", fix)
        for title, sheet in (("Rates", "Rates"), ("Payment terms", "Rates"), ("Accounts", "Accounts")) if tables[title]
    ]  # fmt: skip


def _uses(rows: Sequence[Row]) -> tuple[tuple[MarketUse, ...], list[Problem]]:
    uses: list[MarketUse] = []
    problems: list[Problem] = []
    for row in rows:
        found = list(_row_problems(row))
        problems += found
        if found:
            continue
        use = MarketUse(
            role=_ROLES[row.text("Role").casefold()], source=row.text("Source"), meaning=_meaning(row), column=row.text("Column"),
            form=_form(row), cell=row.cell("Column"),
        )  # fmt: skip
        if twin := _twin(use, uses):
            what = f"{use.role} of {use.source} has the meaning '{use.meaning}' above, for the column '{twin.column}'."
            fix = "Take one of the two rows away; a sum of amounts stands in one row as price + freight."
            problems.append(_stop("S-113", row.cell("Meaning"), use.meaning, what, fix))
        uses.append(use)
    return tuple(uses), problems


def _twin(use: MarketUse, uses: Sequence[MarketUse]) -> MarketUse | None:
    """The row above that says the same; several columns may be entries, one column may not be two."""
    is_entry = use.meaning == Says.ENTRY
    return next((
        one for one in uses
        if (one.role, one.source, one.meaning) == (use.role, use.source, use.meaning) and (not is_entry or one.column == use.column)
    ), None)  # fmt: skip


def _row_problems(row: Row) -> Iterator[Problem]:
    """What keeps a row from being read."""
    for name in ("Role", "Source"):
        if not row.text(name):
            yield _stop("S-111", row.cell(name), "", f"The row has no {name}.", f"Fill in {name}, or empty the row.")
    role = _ROLES.get(row.text("Role").casefold())
    if row.text("Role") and role is None:
        raw = row.text("Role")
        yield _stop("S-112", row.cell("Role"), raw, f"'{raw}' is no choice for Role.", f"Choose one of: {', '.join(Role)}.")  # fmt: skip
    if bool(row.text("Meaning")) != bool(row.text("Column")):
        empty = "Column" if row.text("Meaning") else "Meaning"
        yield _stop("S-111", row.cell(empty), "", f"The row has no {empty}.", "Fill in both Meaning and Column, or empty both.")  # fmt: skip
    if role is None or not row.text("Meaning"):
        return
    raw = row.text("Meaning")
    if _meaning(row) not in SAYS[role]:
        yield _stop("S-112", row.cell("Meaning"), raw, f"'{raw}' is no meaning of {role}.", f"Choose one of: {', '.join(SAYS[role])}.")  # fmt: skip
    else:
        yield from _form_problems(row, Says(_meaning(row)))


def _meaning(row: Row) -> str:
    """The meaning in the spelling of the list: 'AWB no' stays, 'awb' -> 'AWB'."""
    text = row.text("Meaning")
    return next((says.value for says in Says if says.casefold() == text.casefold()), text)


def _form(row: Row) -> str:
    """Form as stated; of an entry its type."""
    if _meaning(row) == Says.ENTRY:
        return type_of(row.text("Form") or row.text("Column")) or ""
    return row.text("Form")


def _form_problems(row: Row, says: Says) -> Iterator[Problem]:
    """Whether Form can be followed for this meaning."""
    text = row.text("Form")
    cell = row.cell("Form")
    if says is Says.ENTRY:
        if type_of(text or row.text("Column")) is None:
            fix = "Write an entry type such as COMMISSION, SHIP or TCS, or Fee: and the name of the fee."
            yield _stop("S-115", cell, text, f"'{text or row.text('Column')}' is no entry type.", fix)
    elif says in _WORDS:
        parts = [part.partition("=") for part in text.split(";") if part.strip()]
        for word, equals, meant in parts:
            if not (word.strip() and equals and " ".join(meant.casefold().split()) in _WORDS[says]):
                raw = f"{word}{equals}{meant}".strip()
                fix = f"Write pairs parted by semicolons, each your word = one of: {', '.join(_WORDS[says])}."
                yield _stop("S-115", cell, raw, f"'{raw}' does not say what a {says} means.", fix)
    elif text and text not in _FORMS.get(says, ()):
        known = _FORMS.get(says, ())
        fix = f"Choose one of: {', '.join(known)}; or empty the cell." if known else "Empty the cell."
        yield _stop("S-115", cell, text, f"'{text}' is no form of {says}.", fix)


def _item(rows: Sequence[Row], name: str) -> Row | None:
    """The row of an item of Reconciliation."""
    return next((row for row in rows if row.text("Item").casefold() == name.casefold()), None)


def _tolerance(rows: Sequence[Row]) -> tuple[int, list[Problem]]:
    """(tolerance of a fee in minor units, Problems)."""
    row = _item(rows, FEE_TOLERANCE)
    text = row.text("Value") if row else ""
    if row is None or not text:
        return STANDARD_WITHIN, []
    try:
        within = money.to_minor(text)
    except ValueError:
        within = -1
    if within >= 0:
        return within, []
    what = f"'{text}' is no tolerance of fees."
    fix = "Type an amount such as 0.05, or empty the cell for 0.05."
    return STANDARD_WITHIN, [_stop("S-118", row.cell("Value"), text, what, fix)]


def _portals(market: Market) -> Iterator[Problem]:
    """Whether orders that name no portal can have the rates and terms of one.

    A blank Portal is asked for (R-761), also where one portal alone has rates: nobody but the user says whose orders
    they are. A portal without rates is only told (R-762): its card may be still to come.
    """
    sources = market.sources(Role.ORDERS)
    named = portals_named([*(card.portal for card in market.cards), *(term.portal for term in market.terms)])
    if not named or all(market.use(Role.ORDERS, source, Says.PORTAL) for source in sources):
        return
    listed, beside = " or ".join(named), "beside Portal in the table Reconciliation of Setup (tblSetup)"
    if not market.portal:
        what = f"The rates and payment terms are those of {' and '.join(named)}, and nothing says which portal the orders of {'; '.join(sources)} are of, so these cannot hold."
        fix = f"Type {listed} {beside}; where each order names its portal, give that column the meaning 'portal' in Marketplace."
        yield Problem("R-761", Severity.ASK, market.portal_place, "", what, fix)
    elif standard_text(market.portal) not in map(standard_text, named):
        what = f"Portal is '{market.portal}', and the rates and payment terms are those of {' and '.join(named)}: none of these holds for orders that name no portal."
        fix = f"Type {listed} {beside} if that is the same portal, or load the rates of {market.portal}."
        yield Problem("R-762", Severity.NOTE, market.portal_place, market.portal, what, fix)


def portals_named(words: Iterable[str]) -> list[str]:
    """The portals that rows of Rates and Payment terms name, as first written, those alike once; blanks name none."""
    found: dict[str, str] = {}
    for word in filter(None, (" ".join(one.split()) for one in words)):
        found.setdefault(standard_text(word), word)
    return list(found.values())


def _lacking(market: Market) -> Iterator[Problem]:
    """Roles that a marketplace cannot be without, and meanings that a role cannot be without."""
    place = Place(sheet="Marketplace")
    for role in (Role.ORDERS, Role.SETTLEMENTS):
        if not market.sources(role):
            what = f"The table Marketplace has no row of the role {role}."
            fix = f"Add a row: {role}, its source, and what its columns say."
            yield Problem("S-116", Severity.STOP, place, "", what, fix)
    for role, needed in NEEDED.items():
        for source in market.sources(role):
            for says in needed:
                if market.use(role, source, says) is None:
                    what = f"{role} of {source} have no column for '{says}'."
                    fix = f"Add a row to Marketplace: {role}, {source}, {says}, and the header of the column."
                    yield Problem("S-114", Severity.STOP, place, "", what, fix)


# (role, the side it stands on, of the leg that compares our orders with this role)
_STANDS = (
    (Role.PORTAL, "B", Role.PORTAL), (Role.SETTLEMENTS, "B", Role.SETTLEMENTS), (Role.ORDERS, "A", Role.SETTLEMENTS), (Role.RETURNS, "A", Role.SETTLEMENTS),
)  # fmt: skip


def _legs(market: Market, recipe: Recipe) -> Iterator[Problem]:
    """Verdicts come from the legs, so each source of a role must stand on the side where it is judged."""
    ours, known = market.sources(Role.ORDERS), {spec.name for spec in recipe.sources}
    anywhere = {name for leg in recipe.legs for name in recipe.sources_of(leg.a)}
    for role, letter, against in _STANDS:
        theirs = market.sources(against)
        leg = recipe.leg_between(ours, theirs) if ours and theirs else None
        read = recipe.sources_of(leg.side(letter)) if leg else ()
        if not (ours and theirs) or (leg is None and letter == "A"):
            continue  # said already
        if role is Role.RETURNS:  # returns may have a leg of their own, such as credit notes
            read = (*read, *anywhere)
        for source in market.sources(role):
            if source not in read and source in known:
                what = f"No leg compares {'; '.join(ours)} on side A with {'; '.join(theirs)} on side B and reads {source} on side {letter}, so its rows cannot be judged."
                fix = f"Add {source} to side {letter} of that leg, or add the leg."
                yield Problem("S-117", Severity.STOP, Place(sheet="Setup"), source, what, fix)


def _silent(market: Market) -> Iterator[Problem]:
    """Tables without which a question stays open."""
    place = Place(sheet="Rates")
    if not market.cards:
        fix = "Fill the table Rates, or load a card: tieout load Book.xlsx Rates card.csv"
        what = "No rates are set up: no fee is expected, and every fee that was charged is Failed."
        yield Problem("S-120", Severity.NOTE, place, "", what, f"{fix}.")
    if not market.terms:
        fix = "Fill the table Payment terms, or load a file: tieout load Book.xlsx Terms terms.csv"
        what = "No payment terms are set up: no order has a due date, and nothing is overdue."
        yield Problem("S-120", Severity.NOTE, place, "", what, f"{fix}.")


def _place(cell: str) -> Place:
    sheet, _, address = cell.rpartition("!")
    return Place(sheet=sheet, cell=address)


def _stop(code: str, cell: str, raw: str, what: str, fix: str) -> Problem:
    return Problem(code, Severity.STOP, _place(cell), raw, what, fix)
