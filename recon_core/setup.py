"""Setup cells -> Recipe. Mistakes come back as Problems, all at once, each with its cell.

Where a table leaves a cell empty, the default is the one that `schema.py` prints as its help.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from recon_core import money, schema
from recon_core.derivations import mistake
from recon_core.expected_files import parse_expected
from recon_core.formula import ExcelError, FormulaError, folded, parse
from recon_core.formula.tree import Literal
from recon_core.formula.values import ERRORS
from recon_core.keys import Cleaning, parse_cleaning
from recon_core.market_setup import parse_market
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import (
    Derivation,
    Leg,
    Lookup,
    Meaning,
    PassRule,
    Recipe,
    RuleKind,
    SideOf,
    SkipRule,
    SourceSpec,
    Use,
    default_rules,
)
from recon_core.schema import Row

Cells = Mapping[str, Sequence[Sequence[object]]]


def parse_recipe(cells: Cells) -> tuple[Recipe, tuple[Problem, ...]]:
    """Cells of the Setup sheets (by sheet name) -> Recipe, and every mistake in them."""
    tables, problems = schema.read_tables(cells)
    if any(problem.severity is Severity.STOP for problem in problems):
        return Recipe(), tuple(problems)
    basics, found = _basics(tables["Reconciliation"])
    problems += found
    sources = tuple(_source(row) for row in tables["Sources"])
    problems += schema.wrong_cells(tables)
    uses, found = _uses(tables["Mapping"])
    problems += found
    legs, found = _legs(tables["Legs"], uses, tables["Rules"])
    problems += found
    skips, found = _skips(tables["Skip rules"])
    problems += found
    recipe = replace(basics, sources=sources, legs=legs, skips=skips, lookups=_lookups(tables["Supporting data"]))
    derivations, found = _derivations(tables["Derived columns"], recipe)
    problems += found
    expected, found = parse_expected(tables["Expected files"], recipe)
    problems += found
    market, found = parse_market(tables, recipe)
    problems += found
    recipe = replace(recipe, derivations=derivations, expected=expected, market=market)
    return recipe, tuple(problems + _names_nowhere(tables) + _cross_checks(recipe, tables["Legs"]))


def _basics(rows: Sequence[Row]) -> tuple[Recipe, list[Problem]]:
    values = {str(row.values["Item"]).casefold(): row for row in rows}

    def get(name: str) -> object:
        return values[name.casefold()].values["Value"] if name.casefold() in values else None

    dates, problems = {}, []
    for name in ("As of", "Period from", "Period to"):
        try:
            dates[name] = schema.as_date(get(name))
        except ValueError:
            problems.append(
                _wrong(
                    values[name.casefold()].cell("Value"),
                    str(get(name)),
                    "is not a date.",
                    "Type a date such as 30-Apr-2026.",
                )
            )
    limit = schema.as_int(get("Rows per sheet")) or Recipe().rows_per_sheet
    live = schema.as_int(get("Live formulas up to"))
    for name in ("Rows per sheet", "Live formulas up to"):
        raw = schema.as_text(get(name))
        if raw and ((number := schema.as_int(raw)) is None or number < 0):
            fix = "Type a whole number, or empty the cell."
            problems.append(_wrong(values[name.casefold()].cell("Value"), raw, "is no number of rows.", fix))
    recipe = Recipe(
        title=str(get("Title") or ""), entity=str(get("Entity") or ""), currency=str(get("Currency") or ""),
        as_of=dates.get("As of"), period_from=dates.get("Period from"), period_to=dates.get("Period to"),
        rows_per_sheet=max(10, min(limit, 1_048_000)), live_rows=Recipe().live_rows if live is None else max(0, live),
    )  # fmt: skip
    return recipe, problems


def _source(row: Row) -> SourceSpec:
    return SourceSpec(
        name=row.text("Source"), path=row.text("File or pattern"), sheet=row.text("Sheet"),
        header_row=schema.as_int(row.values["Header row"]) or 0, cell=row.cell("File or pattern"), may_miss=row.text("When missing").casefold() == "go on",
    )  # fmt: skip


_ASKED = (
    ("Side", "Type A or B."),
    ("Meaning", f"Choose one of: {', '.join(Meaning)}."),
    ("Column", "Type the header of the column."),
)


def _uses(rows: Sequence[Row]) -> tuple[tuple[Use, ...], list[Problem]]:
    uses, problems = [], []
    for row in rows:
        side, meaning = row.text("Side").upper(), row.text("Meaning").casefold()
        missing = [(name, fix) for name, fix in _ASKED if not row.text(name)]
        if missing:
            problems += [_wrong(row.cell(name), "", f"The row has no {name}.", fix) for name, fix in missing]
        elif side in ("A", "B") and meaning in set(Meaning):
            uses.append(Use(
                leg=row.text("Leg"), side=side, source=row.text("Source"), meaning=Meaning(meaning), column=row.text("Column"),
                name=row.text("Name") or row.text("Column"), form=row.text("Form") or "auto", cell=row.cell("Column"),
            ))  # fmt: skip
    return tuple(uses), problems


def _legs(rows: Sequence[Row], uses: Sequence[Use], rule_rows: Sequence[Row]) -> tuple[tuple[Leg, ...], list[Problem]]:
    legs, problems = [], []
    seen: set[str] = set()
    for row in rows:
        name = row.text("Leg")
        if not name or name.casefold() in seen:
            what = f"There is a leg named '{name}' above." if name else "The leg has no name."
            problems.append(_wrong(row.cell("Leg"), name, what, "Type a name that no other leg has."))
        seen.add(name.casefold())
        try:
            cleaning = parse_cleaning(row.text("Id cleaning"))
        except ValueError as word:
            cleaning = Cleaning()
            fix = "Write standard, separators, leading zeros or prefix ABC, parted by semicolons."
            problems.append(_wrong(row.cell("Id cleaning"), str(word), f"'{word}' is not a cleaning.", fix))
        within, found = _amount(row, "Tolerance")
        problems += found
        window = schema.as_int(row.values["Date window"]) if row.text("Date window") else None
        rules, found = _rules(name, rule_rows, within, window)
        problems += found
        legs.append(Leg(
            name=name, a=_side(row, "A"), b=_side(row, "B"), within_minor=within, cleaning=cleaning,
            whole_ids=row.text("When totals of an id differ").casefold() != "match equal lines",
            rules=rules, uses=tuple(use for use in uses if use.leg in ("", name)),
        ))  # fmt: skip
    return tuple(legs), problems


def _side(row: Row, letter: str) -> SideOf:
    text = " ".join(row.text(f"Side {letter}").split())
    earlier = re.fullmatch(r"leg\s+(.+?)\s+side\s+([AB])", text, re.IGNORECASE)
    group_by = row.text(f"Add up {letter} by")
    label = row.text(f"Name of {letter}") or text
    if earlier:
        return SideOf(from_leg=earlier.group(1), from_side=earlier.group(2).upper(), group_by=group_by, label=label)
    return SideOf(
        sources=tuple(filter(None, (part.strip() for part in text.split(";")))), group_by=group_by, label=label
    )


def _rules(
    leg: str, rows: Sequence[Row], within: int, window: int | None
) -> tuple[tuple[PassRule, ...], list[Problem]]:
    """The leg's own rows of Rules in their order, or the shipped ladder where it has none."""
    mine = [row for row in rows if row.text("Leg") in ("", leg)]
    on = [row for row in mine if row.text("On").casefold() != "no"]
    if not mine:
        return default_rules(within, window), []
    if not on:
        fix = "Switch a rule on, or take the rows away to have the shipped rules."
        return (), [_wrong(mine[0].cell("On"), "no", f"All rules of leg '{leg}' are switched off.", fix)]
    rules, problems = [], []
    for row in on:
        kind = row.text("Kind").casefold()
        if not kind:
            choices = ", ".join(RuleKind)
            problems.append(_wrong(row.cell("Kind"), "", "The rule has no Kind.", f"Choose one of: {choices}."))
        if kind in set(RuleKind):  # an unknown word has its problem already
            rule, found = _rule(row, RuleKind(kind), within)
            rules.append(rule)
            problems += found
    return tuple(rules), problems


def _rule(row: Row, kind: RuleKind, within: int) -> tuple[PassRule, list[Problem]]:
    """One rule; totals take the leg's tolerance where they name none, and one day limit makes the other 0."""
    own, found = _amount(row, "Tolerance")
    if kind is RuleKind.TOTALS and not row.text("Tolerance"):
        own = within
    before, after = (
        schema.as_int(row.values[name]) if row.text(name) else None for name in ("Days before", "Days after")
    )
    if before is not None or after is not None:
        before, after = before or 0, after or 0
    return PassRule(name=row.text("Rule"), kind=kind, within_minor=own, days_before=before, days_after=after), found


def _amount(row: Row, column: str) -> tuple[int, list[Problem]]:
    text = row.text(column)
    try:
        value = money.to_minor(text) if text else 0
    except ValueError:
        return 0, [_wrong(row.cell(column), text, f"'{text}' is not an amount.", "Type a number such as 0.05.")]
    if value < 0:
        return 0, [_wrong(row.cell(column), text, "A tolerance is never negative.", "Type a number such as 0.05.")]
    return value, []


_AS_TEXT = "Format the cell as Text, then type the formula again."


def _skips(rows: Sequence[Row]) -> tuple[tuple[SkipRule, ...], list[Problem]]:
    skips = tuple(
        SkipRule(
            source=row.text("Source"), column=row.text("Column"), test=row.text("Test").casefold(), value=row.text("Value"), reason=row.text("Reason"),
            cell=row.cell("Column"),
        )
        for row in rows
    )  # fmt: skip
    worked_out = [
        row for row, skip in zip(rows, skips, strict=True) if skip.column in ERRORS
    ]  # a formula, but not as text
    plain = [row for row, skip in zip(rows, skips, strict=True) if not skip.is_formula and row not in worked_out]
    missing = [(row, name) for row in plain for name in ("Column", "Test") if not row.text(name)]
    problems = [
        _wrong(row.cell(name), "", f"The skip rule has no {name}.", f"Fill in {name}, or empty the row.")
        for row, name in missing
    ]
    problems += [found for row in worked_out for found in _formula_problems(row.text("Column"), row.cell("Column"))]
    for row, skip in zip(rows, skips, strict=True):
        if skip.is_formula:
            problems += _formula_problems(skip.column, skip.cell)
            problems += [
                _wrong(row.cell(name), row.text(name), f"A skip rule that is a formula has no {name}.", "Empty the cell.")
                for name in ("Test", "Value") if row.text(name)
            ]  # fmt: skip
    return skips, problems


def _formula_problems(value: object, cell: str) -> list[Problem]:
    """What is wrong with the writing of a formula; a number or an error value means that Excel worked it out in the cell."""
    text = schema.as_text(value)
    if not isinstance(value, str):
        what = f"The cell holds {text}, not the text of a formula: the sheet itself worked it out."
        return [_wrong(cell, text, what, _AS_TEXT)]
    try:
        tree = parse(text)
    except FormulaError as error:
        return [mistake(error, text, cell)]
    if isinstance(tree, Literal) and isinstance(tree.value, ExcelError):
        what = f"The cell holds {text}, not the text of a formula: the sheet itself worked it out."
        return [_wrong(cell, text, what, _AS_TEXT)]
    return []


def _derivations(rows: Sequence[Row], recipe: Recipe) -> tuple[tuple[Derivation, ...], list[Problem]]:
    """Rows of Derived columns, one for each source that they name."""
    found: list[Derivation] = []
    problems: list[Problem] = []
    for row in rows:
        missing = [name for name in ("Column", "Formula") if not row.text(name)]
        problems += [
            _wrong(row.cell(name), "", f"The derived column has no {name}.", f"Fill in {name}, or empty the row.")
            for name in missing
        ]
        if missing:
            continue
        text = row.text("Formula")
        mistakes = _formula_problems(row.values["Formula"], row.cell("Formula"))
        sources = _sources_of(row.text("Source"), recipe)
        if not sources and recipe.legs:  # without a leg that is said already
            known = {spec.name for spec in recipe.sources}
            what = f"There is no source named '{row.text('Source')}'."
            mistakes.append(_wrong(row.cell("Source"), row.text("Source"), what, _choose_from(known)))
        again = [one for one in found if one.source in sources and folded(one.column) == folded(row.text("Column"))]
        if again:
            what = f"Source {again[0].source} has a derived column '{again[0].column}' above."
            mistakes.append(_wrong(row.cell("Column"), row.text("Column"), what, "Type another name."))
        problems += mistakes
        if not mistakes:
            found += [
                Derivation(source=one, column=row.text("Column"), formula=text, cell=row.cell("Formula"))
                for one in sources
            ]
    return tuple(found), problems


def _sources_of(text: str, recipe: Recipe) -> tuple[str, ...]:
    """The sources a row of Derived columns is for: one by name, those of a side, or all that legs use."""
    word = " ".join(text.split()).casefold()
    letters = {"": "AB", "side a": "A", "side b": "B"}.get(word)
    if letters is None:
        return (text,) if text in {spec.name for spec in recipe.sources} else ()
    return tuple(
        dict.fromkeys(source for leg in recipe.legs for letter in letters for source in leg.side(letter).sources)
    )


def _lookups(rows: Sequence[Row]) -> tuple[Lookup, ...]:
    return tuple(
        Lookup(
            source=row.text("For source"), column=row.text("Its column"), path=row.text("File"), sheet=row.text("Sheet"),
            match_column=row.text("Match with"), take=tuple(part.strip() for part in row.text("Take columns").split(";") if part.strip()),
        )
        for row in rows
    )  # fmt: skip


_NAMED = (
    ("Mapping", "Leg", "Legs", "Leg"), ("Rules", "Leg", "Legs", "Leg"), ("Mapping", "Source", "Sources", "Source"),
    ("Skip rules", "Source", "Sources", "Source"), ("Supporting data", "For source", "Sources", "Source"),
    ("Marketplace", "Source", "Sources", "Source"), ("Expected files", "Source", "Sources", "Source"),
)  # fmt: skip


def _names_nowhere(tables: Mapping[str, Sequence[Row]]) -> list[Problem]:
    """A Problem for each row that names a leg or a source that is not there: it would do nothing, unseen."""
    problems = []
    for table, column, target, name in _NAMED:
        known = {row.text(name) for row in tables[target]}
        problems += [
            _wrong(row.cell(column), text, f"There is no {name.lower()} named '{text}'.", _choose_from(known))
            for row in tables[table]
            if (text := row.text(column)) and text not in known
        ]
    return problems


def _cross_checks(recipe: Recipe, leg_rows: Sequence[Row]) -> list[Problem]:
    """Names that point nowhere, legs without an id or an amount."""
    problems: list[Problem] = []
    names = {spec.name for spec in recipe.sources}
    earlier: set[str] = set()
    if not recipe.legs:
        what, fix = "No leg is set up.", "Fill one row of the table Legs, or make a workbook with 'tieout new'."
        problems.append(Problem("S-104", Severity.STOP, Place(sheet="Setup"), "", what, fix))
    for leg, row in zip(recipe.legs, leg_rows, strict=True):
        for letter in ("A", "B"):
            side = leg.side(letter)
            unknown = [name for name in side.sources if name not in names]
            if unknown or not (side.sources or side.from_leg):
                raw = "; ".join(unknown)
                problems.append(
                    _wrong(row.cell(f"Side {letter}"), raw, f"There is no source named '{raw}'.", _choose_from(names))
                )
            if side.from_leg and side.from_leg not in earlier:
                what = f"'{side.from_leg}' is not an earlier leg."
                problems.append(_wrong(row.cell(f"Side {letter}"), side.from_leg, what, _choose_from(earlier)))
            problems += _missing_meanings(leg, letter, recipe.sources_of(side))
        earlier.add(leg.name)
    return problems


def _missing_meanings(leg: Leg, letter: str, sources: Sequence[str]) -> list[Problem]:
    """A Problem for each meaning that no row of Mapping gives to the side, or to one of its sources."""
    need = [Meaning.AMOUNT] if leg.side(letter).group_by else [Meaning.KEY, Meaning.AMOUNT]
    need += [Meaning.DATE] if leg.dates_matter else []  # a window without dates would call every row different
    problems = []
    for meaning in need:
        given = {use.source for use in leg.uses if use.side == letter and use.meaning is meaning}
        lacking = (
            [] if "" in given else [f", source '{name}'," for name in sources if name not in given] if given else [""]
        )
        for source in lacking:
            what = f"Leg '{leg.name}' side {letter}{source} has no {meaning} column."
            fix = f"Add a row to Mapping: {leg.name}, {letter}, {meaning}, and the header of the column."
            problems.append(Problem("S-105", Severity.STOP, Place(sheet="Mapping"), "", what, fix))
    return problems


def _choose_from(names: set[str]) -> str:
    return f"Choose from: {', '.join(sorted(names))}." if names else "Fill the table first."


def _wrong(cell: str, raw: str, what: str, fix: str) -> Problem:
    what = what if what[:1].isupper() or what.startswith("'") else f"'{raw}' {what}"
    return schema.wrong(cell, raw, what, fix)
