"""A rate card or payment terms from a file into the table of the workbook, where the user sees and edits them.

Rows of the portals that the file names are replaced, those of other portals stay, so loading a file twice changes nothing.
Taxes that no row names (GST on fees, TCS, TDS) come from the shipped dated rows. With a mistake in the file nothing is written.
Where Setup names no portal, and all rates and terms are of one alone, its name is written there and told; between two the user chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from addin.hosts import Host
from addin.setup_sheets import sheet_with
from recon_core import schema
from recon_core.dates import to_date
from recon_core.entries import type_of
from recon_core.keys import standard_text
from recon_core.market import Role, Says
from recon_core.market_setup import PORTAL, portals_named
from recon_core.model import Raw, Source
from recon_core.money import to_major, to_minor
from recon_core.problems import Place, Problem, ReconError, Severity, worst
from recon_core.ratecard import COLUMNS as RATES
from recon_core.ratecard import MORE_COLUMNS, TAX_ROWS, Base, Card, Rule, from_csv_rows, parse_cards
from recon_core.readers import read
from recon_core.sheets import Cell, Sheet
from recon_core.terms import FOREVER, HEADERS, file_rows, parse_terms

Row = Mapping[str, object]
TITLES = {"Rates": "Rates", "Terms": "Payment terms"}  # the word of the command -> the table
SHEET = "Rates"
WITHHELD = frozenset({"TCS", "TDS"})
_NUMBERS = {
    field.name for table in schema.TABLES if table.title == "Rates" for field in table.fields if field.is_number
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file came to: rows by table column, Problems, and how many of which rows the table then holds."""

    table: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    from_file: int = 0
    kept: int = 0
    replaced: int = 0
    shipped: int = 0
    left_out: bool = False  # of the taxes TCS and TDS, which no settlement file has
    portal: str = ""  # written beside Portal of Setup
    others: tuple[str, ...] = ()  # portals of rates and terms that orders without a portal cannot have
    stands: str = ""  # what Setup says beside Portal, where `others` are told

    @property
    def refused(self) -> bool:
        """Whether a mistake keeps the file out."""
        return worst(self.problems) is Severity.STOP


def load(host: Host, word: str, path: Path) -> Loaded:
    """Put a file ('Rates' or 'Terms') into the table of the workbook; nothing is written where the file has a mistake."""
    cells = {name: host.cells(name) for name in schema.SETUP_SHEETS}
    tables, problems = schema.read_tables(cells)
    if stops := [one for one in problems if one.severity is Severity.STOP]:
        raise ReconError(stops[0])
    if not cells[SHEET]:
        fix = "Make a new workbook with 'tieout new'; copy the rows of your Setup sheets into it."
        raise ReconError(Problem("N-121", Severity.STOP, Place(sheet=SHEET), "", "This workbook has no sheet Rates: it was made by an earlier version.", fix))  # fmt: skip
    found = read_file(word, path)
    if found.refused:
        return found
    merged = merge(found, [row.values for row in tables[found.table]], withheld=_withholds(tables["Marketplace"]))
    rows = {table.title: [row.values for row in tables[table.title]] for table in schema.TABLES if table.sheet == SHEET}
    rows[found.table] = list(merged.rows)
    merged, portal = _with_portal(
        merged, tables, [row.get("Portal") for title in TITLES.values() for row in rows[title]]
    )
    host.write([sheet_with(SHEET, rows, cells[SHEET]), *portal])
    host.save()
    return merged


def _with_portal(found: Loaded, tables: Mapping[str, Sequence[schema.Row]], portals: Iterable[object]) -> tuple[Loaded, list[Sheet]]:  # fmt: skip
    """What is told of the portal of orders that name none, and the cell of Setup that says it where one alone may be meant."""
    orders = [row for row in tables["Marketplace"] if row.text("Role").casefold() == Role.ORDERS.casefold()]
    sources = {row.text("Source") for row in orders}
    say = {row.text("Source") for row in orders if row.text("Meaning").casefold() == Says.PORTAL}
    cell = next((row for row in tables["Reconciliation"] if row.text("Item").casefold() == PORTAL.casefold()), None)
    named = portals_named(schema.as_text(portal) for portal in portals)
    if cell is None or not sources - say or not named:
        return found, []
    stands = cell.text("Value")
    if stands or len(named) > 1:
        others = tuple(one for one in named if standard_text(one) != standard_text(stands))
        return replace(found, others=others, stands=stands), []
    place = Cell(row=cell.row, column=cell.columns["Value"], value=named[0], style="")
    return replace(found, portal=named[0]), [Sheet(name="Setup", cells=(place,), owned=False, tab="blue")]


def read_file(word: str, path: Path) -> Loaded:
    """The rows of a file in the words of the table, and every mistake in them."""
    source = Source(name=word, path=str(path.absolute()))
    raw, problems = read(source, path.name)
    if raw is None:
        return Loaded(table=TITLES[word], rows=(), problems=tuple(problems))
    rows, found = _rates(raw) if word == "Rates" else _terms(raw)
    found = [*problems, *found]
    if not rows and worst(found) is not Severity.STOP:
        what, fix = f"{path.name} holds no rows.", "Choose the file with the rates or terms."
        found.append(Problem("N-122", Severity.STOP, Place(file=path.name), "", what, fix))
    return Loaded(table=TITLES[word], rows=tuple(rows), problems=tuple(found), from_file=len(rows))


def merge(found: Loaded, standing: Sequence[Row], *, withheld: bool = True) -> Loaded:
    """The table after loading: rows of other portals as they were, those of the file, and the shipped taxes nobody names.

    `withheld` False: nobody collects TCS or deducts TDS, as a payment gateway or a courier does not; theirs are no rows.
    """
    portals = {_portal(row) for row in found.rows}
    kept = [row for row in standing if _portal(row) not in portals]
    taxes = _taxes([*kept, *found.rows]) if found.table == "Rates" else []
    shipped = [row for row in taxes if withheld or row["Fee"] not in WITHHELD]
    return replace(
        found, rows=(*kept, *found.rows, *shipped), kept=len(kept), replaced=len(standing) - len(kept), shipped=len(shipped),
        left_out=len(shipped) < len(taxes),
    )  # fmt: skip


def _withholds(rows: Sequence[schema.Row]) -> bool:
    """Whether settlement files have a place for TCS or TDS: columns of the standard template, or entries of that type.

    Source: both are of an operator through whom supplies are made (CGST Act s. 52, Income-tax Act s. 194-O), not of who carries the money.
    """
    settled = [row for row in rows if row.text("Role").casefold() == Role.SETTLEMENTS.casefold()]
    entries = [row for row in settled if row.text("Meaning").casefold() == Says.ENTRY]
    named = {type_of(row.text("Form") or row.text("Column")) for row in entries}
    return bool({row.text("Source") for row in settled} - {row.text("Source") for row in entries} or named & WITHHELD or not settled)  # fmt: skip


def _portal(row: Row) -> str:
    return standard_text(schema.as_text(row.get("Portal")))


def _taxes(rows: Iterable[Row]) -> list[Row]:
    """The shipped rows of taxes that these rows do not name."""
    named = {standard_text(schema.as_text(row.get("Fee"))) for row in rows}
    return [_as_cells(row) for row in TAX_ROWS if standard_text(row["Fee"]) not in named]


def _rates(raw: Raw) -> tuple[list[Row], list[Problem]]:
    """Rows of a card as the table has them: our words for choices, numbers as numbers, dates as 2026-04-16."""
    names = [str(name) for name in raw.frame]
    rows = [dict(zip(names, cells, strict=True)) for cells in raw.frame.itertuples(index=False, name=None)]
    filled, place, problems = from_csv_rows(rows, raw.file, raw.row.tolist())
    cards, found = parse_cards(filled, place)
    rules = {rule.at: (card, rule) for card in cards for rule in card.rules}
    return [_rate(filled[at], *rules[at]) for at in sorted(rules)], [*problems, *found]


def _rate(cells: Row, card: Card, rule: Rule) -> Row:
    words: dict[str, object] = {
        "Date basis": str(card.basis), "Base": str(rule.base or ""), "Combine": str(card.combine), "Charged on": str(card.event), "Per": str(card.per),
        "Tax inclusive": "yes" if rule.is_inclusive else "no", "Price of": "" if rule.price_of is Base.PRICE else str(rule.price_of),
        "From": _day(rule.first_day), "To": _day(rule.last_day) if schema.as_text(cells.get("To")) else "",
    }  # fmt: skip
    given = {name: value for name, value in cells.items() if schema.as_text(value)}
    return _as_cells({name: words.get(name, given[name]) for name in (*RATES, *MORE_COLUMNS) if name in given})


def _as_cells(row: Row) -> dict[str, object]:
    """Numbers as numbers, everything else as it is."""
    return {name: _number(value) if name in _NUMBERS else value for name, value in row.items() if value != ""}


def _number(value: object) -> object:
    """'12.5%' -> 12.5, '30' -> 30; what is no number stays, for the check to name."""
    try:
        major = to_major(to_minor(schema.as_text(value).removesuffix("%").strip()))
    except ValueError:
        return value
    return int(major) if major.is_integer() else major


def _day(day: int) -> str:
    """Days since 1970 as '2026-04-16', '' for none."""
    found = to_date(day)
    return found.isoformat() if found else ""


def _terms(raw: Raw) -> tuple[list[Row], list[Problem]]:
    """Rows of a terms file as the table has them."""
    rows = [row for row in file_rows(raw) if any(map(schema.as_text, row.cells.values()))]
    terms, problems = parse_terms(rows)
    if len(terms) < len(rows):  # a row with a mistake is none, and stops all
        return [], problems
    filled: list[Row] = []
    for row, term in zip(rows, terms, strict=True):
        values: dict[str, object] = {
            "anchor": str(term.anchor), "days": term.days, "counted": str(term.counted), "window": term.window_days or "",
            "first": _day(term.first_day) if schema.as_text(row.cells.get("first")) else "",
            "last": _day(term.last_day) if term.last_day != FOREVER else "",
        }  # fmt: skip
        filled.append({
            names[0]: value for meaning, names in HEADERS.items()
            if (value := values.get(meaning, schema.as_text(row.cells.get(meaning)))) != ""
        })  # fmt: skip
    return filled, problems


def lines(found: Loaded, book: Path, path: Path) -> list[str]:
    """What was done, for a person."""
    said = [f"Wrote {_rows(found.from_file)} of {path.name} into the table {found.table} of {book.name}."]
    said += [f"{_rows(found.replaced)} of the same portals gave way."] if found.replaced else []
    said += [f"{_rows(found.kept)} of other portals, or of every portal, stayed."] if found.kept else []
    said += [f"{_rows(found.shipped)} of taxes came from the shipped rates; check that they are yours."] if found.shipped else []  # fmt: skip
    said += (
        [
            "TCS and TDS were not added: no settlement file of this workbook has them; a row 'TCS' or 'TDS' of your own is taken."
        ]
        if found.left_out
        else []
    )
    said += [_of_portal(found)] if found.portal or found.others else []
    said += [f"{problem.severity}: {problem}" for problem in found.problems]
    return [*said, f"Next: tieout check {book}"]


def _of_portal(found: Loaded) -> str:
    """Whose orders these are, or that the user has to say so."""
    if found.portal:
        return (
            f"Setup named no portal, so {found.portal} now stands beside Portal: the portal of orders that name none."
        )
    others = " and ".join(found.others)
    if found.stands:
        return f"Setup says {found.stands} beside Portal: rates and terms of {others} hold for no order that names no portal."
    return f"Rates and terms are of {others}: type the portal of your orders beside Portal of Setup."


def as_json(found: Loaded) -> dict[str, object]:
    """The object of `tieout load --json`."""
    problems = [{"code": one.code, "severity": str(one.severity), "message": one.what, "where": str(one.where), "fix": one.fix} for one in found.problems]  # fmt: skip
    return {
        "table": found.table, "from_file": found.from_file, "replaced": found.replaced, "kept": found.kept, "shipped": found.shipped, "portal": found.portal,
        "problems": problems,
    }  # fmt: skip


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
