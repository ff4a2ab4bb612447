"""Every message has a folder here with the smallest input that brings it about, and its exact words.

`case.txt`: settings (`derive source  column  =formula`, `skip_formula source  =formula  reason` and others), then files as `[a.csv]` (side A), `[b.csv]` (side B), any other `[name.csv]` (supporting data), or the
Setup sheets as `[Setup]`, `[Mapping]`, `[Rules]`, `[Marketplace]`, `[Rates]` with cells parted by `|`; then the Problems, one a line. `--rewrite` as in
the matching cases.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from recon_core import schema
from recon_core.dates import from_date
from recon_core.engine import Prior, prove
from recon_core.keys import parse_cleaning
from recon_core.market import Market, MarketUse
from recon_core.model import Raw
from recon_core.money import to_minor
from recon_core.posting import Account, Accounts
from recon_core.problems import Place, Problem, ReconError
from recon_core.ratecard import Card, from_csv_rows, parse_cards
from recon_core.recipe import Derivation, Lookup, Recipe, SideOf, SkipRule
from recon_core.setup import parse_recipe
from recon_core.sheets import column_letter
from recon_core.terms import Term
from tests.raws import leg, raw, run, use

HERE = Path(__file__).parent
CORE = HERE.parent.parent / "recon_core"
CASES = sorted(HERE.glob("*/case.txt"))
# readers/ and the proposal own their broken inputs in tests of their own, as do questions about result sheets (test_answers.py);
# problems.py only shows what a code looks like.
ELSEWHERE = {"readers", "proposal.py", "problems.py", "reports", "explaining.py", "result_sheets.py"}
# What no run comes to (a portal's template before it is booked): the test that brings it about.
BY_OTHERS = {
    **dict.fromkeys(("T-271", "T-272", "T-273"), "test_payment_files.py"), **dict.fromkeys(("F-331", "F-332"), "test_repeated_files.py"), "R-752": "test_absent.py", "R-763": "test_absent.py",
    **dict.fromkeys(("L-602", "L-603"), "test_late_file.py"), "T-296": "marketplace/test_settlement_amounts.py",
}  # fmt: skip
FORBIDDEN = re.compile(r"\b(invalid|please|errors?|traceback|exception)\b", re.IGNORECASE)
ORDERS = {
    "Add", "Change", "Check", "Choose", "Compare", "Complete", "Correct", "Empty", "End", "Export", "Fill", "Find", "Format", "Keep", "Look", "Make", "Map", "Name", "Nothing", "Part", "Put", "Send",
    "Split", "Take", "Type", "Use", "Work", "Write",
}  # fmt: skip


class Case(NamedTuple):
    """One case, read: settings, sections by name, expected problems."""

    settings: list[str]
    sections: dict[str, list[str]]
    head: str
    expected: list[str]


def read(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    settings: list[str] = []
    sections: dict[str, list[str]] = {}
    body = settings
    for line in text.splitlines():
        if found := re.fullmatch(r"\[(.+)\]", line):
            body = sections.setdefault(found.group(1), [])
        elif line.strip() and not line.startswith(("# ", "=>")):
            body.append(line)
    return Case(
        settings,
        sections,
        text.partition("\n=>")[0].rstrip() + "\n",
        [line for line in text.splitlines() if line.startswith("=>")],
    )


def a_raw(name: str, lines: list[str], case: Case) -> Raw:
    """A section as the table of a file; `typed` and `ragged` settings apply to it."""
    rows = list(csv.reader(lines))
    words = [line.split(" ", 2) for line in case.settings]
    typed = [rest for word, file, rest in (one for one in words if len(one) == 3) if word == "typed" and file == name]
    ragged = tuple(
        (int(rest.split(" ", 1)[0]), rest.split(" ", 1)[1])
        for word, file, rest in (one for one in words if len(one) == 3)
        if word == "ragged" and file == name
    )
    columns = {header: [row[at] for row in rows[1:]] for at, header in enumerate(rows[0])}
    return raw(name.partition(".")[0], columns, file=name, typed=typed, ragged=ragged, sha256=name)


def problems(case: Case) -> tuple[Problem, ...]:  # noqa: C901, PLR0912, PLR0915 - one branch for each word of the settings
    """What the core says of the case."""
    if "Setup" not in case.sections and ("Rates" in case.sections or "card.csv" in case.sections):
        return rate_problems(case)
    if any(sheet in case.sections for sheet in schema.SETUP_SHEETS) or not case.sections:
        grids = {sheet: [line.split("|") for line in case.sections.get(sheet, [])] for sheet in schema.SETUP_SHEETS}
        return parse_recipe(
            {sheet: [[cell.strip() for cell in row] for row in grid] for sheet, grid in grids.items() if grid}
        )[1]
    sides = {
        name: [a_raw(f"{name}.csv", case.sections[f"{name}.csv"], case)] if f"{name}.csv" in case.sections else []
        for name in "ab"
    }
    uses, options, more, skips, lookups, derived, market, fees, ledgers, terms = [], {}, {}, [], [], [], [], [], [], []
    chosen: dict[str, dt.date] = {}
    for line in case.settings:
        word, _, rest = line.partition(" ")
        if word == "use":
            side, column, meaning = re.split(r"\s{2,}", rest)
            uses.append(use(side, meaning, column))
        elif word == "window":
            options["days"] = int(rest)
        elif word == "cleaning":
            options["cleaning"] = parse_cleaning(rest)
        elif word == "decide":
            more["prior"] = Prior(decisions={"L": [tuple(int(one, 16) for one in rest.split())]})
        elif word == "skip":
            skips.append(
                SkipRule(
                    **dict(zip(("source", "column", "test", "value", "reason"), re.split(r"\s{2,}", rest), strict=True))
                )
            )
        elif word == "skip_formula":  # `*` for every source
            source, text, reason = re.split(r"\s{2,}", rest)
            cell = f"Setup!B{40 + len(skips)}"
            skips.append(SkipRule(source=source.strip("*"), column=text, test="", value="", reason=reason, cell=cell))
        elif word == "derive":
            source, column, text = re.split(r"\s{2,}", rest)
            derived.append(Derivation(source=source, column=column, formula=text, cell=f"Setup!C{60 + len(derived)}"))
        elif word == "lookup":
            source, column, file, match, take = re.split(r"\s{2,}", rest)
            lookups.append(
                Lookup(
                    source=source, column=column, path=file, sheet="", match_column=match, take=tuple(take.split(";"))
                )
            )
        elif word == "market":  # `market role  source  meaning  column`
            role, source, meaning, column = re.split(r"\s{2,}", rest)
            market.append(
                MarketUse(
                    role=role, source=source, meaning=meaning, column=column, cell=f"Marketplace!D{7 + len(market)}"
                )
            )
        elif word == "fee":  # `fee name  amount`: a card of one rule, from 1 April 2026
            name, value = re.split(r"\s{2,}", rest)
            fees.append({"Portal": "P", "Fee": name, "Fixed": value, "From": "2026-04-01"})
        elif word == "term":  # `term portal  days  first day  last day`: of the invoice date
            portal, days, *bounds = re.split(r"\s{2,}", rest)
            first, last = (from_date(dt.date.fromisoformat(one)) for one in bounds)
            terms.append(Term(portal=portal, days=int(days), first_day=first, last_day=last))
        elif word == "as_of":
            chosen["as_of"] = dt.date.fromisoformat(rest)
        elif word == "account":  # `account entry  ledger`
            ledgers.append(Account(**dict(zip(("entry", "name"), re.split(r"\s{2,}", rest), strict=True))))
        elif word == "compare":
            uses += [use(side, "compare", rest) for side in "AB"]
        elif word == "tolerance":
            options["within_minor"] = to_minor(rest)
        elif word == "same":
            sides["b"] = sides["a"]
        elif word == "second":  # `second b`: another file of side B, in [b2.csv]
            sides[rest].append(replace(a_raw(f"{rest}2.csv", case.sections[f"{rest}2.csv"], case), source=rest))
        elif word == "twice":
            sides[rest[0]].append(replace(sides[rest[0]][0], file=f"copy_of_{rest}", path=f"/files/copy_of_{rest}"))
    if all(one.meaning == "compare" for one in uses):
        uses += [use(side, meaning, meaning) for side in "AB" for meaning in ("id", "amount")]
    if "c.csv" in case.sections:  # a second source of side A
        options["a"] = SideOf(sources=("a", "c"), label="Ours")
        more["others"] = {"c": [a_raw("c.csv", case.sections["c.csv"], case)]}
    one = leg(uses, **options)
    supporting = {f"{lookup.path}|": a_raw(lookup.path, case.sections[lookup.path], case) for lookup in lookups}
    outcome = run(
        one,
        sides["a"],
        sides["b"],
        recipe=Recipe(
            legs=(one,),
            skips=tuple(skips),
            lookups=tuple(lookups),
            derivations=tuple(derived),
            market=Market(
                uses=tuple(market),
                cards=cards(fees),
                terms=tuple(terms),
                portal="P",
                accounts=Accounts(rows=tuple(ledgers)) if ledgers else None,
            )
            if market
            else None,
            **chosen,
        ),
        supporting=supporting,
        **more,
    )
    if "tamper" in case.settings:
        result = outcome.results["L"]
        with pytest.raises(ReconError) as caught:
            prove(replace(result, lines=result.lines.iloc[1:]))
        return (caught.value.problem,)
    return outcome.problems


def cards(rows: list[dict[str, str]]) -> tuple[Card, ...]:
    """Rows of the table Rates -> cards without a mistake."""
    found, problems = parse_cards(rows, lambda _, __: Place(sheet="Rates"))
    assert problems == ()
    return found


def rate_problems(case: Case) -> tuple[Problem, ...]:
    """What the engine of rate cards says of the table Rates (cells parted by `|`), or of a portal's `card.csv`."""
    if lines := case.sections.get("card.csv"):
        rows, place, problems = from_csv_rows(list(csv.DictReader(lines)), "card.csv")
        return problems + parse_cards(rows, place)[1]
    header, *body = [[cell.strip() for cell in line.split("|")] for line in case.sections["Rates"]]
    letters = {name: column_letter(at) for at, name in enumerate(header, 1)}
    return parse_cards(
        [dict(zip(header, row, strict=False)) for row in body],
        lambda at, column: Place(sheet="Rates", cell=f"{letters.get(column, 'A')}{at + 2}"),
    )[1]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_the_exact_words(path: Path, request: pytest.FixtureRequest) -> None:
    case = read(path)
    got = [f"=> {problem.severity} {problem}" for problem in problems(case)]
    if request.config.getoption("--rewrite"):
        path.write_text(case.head + "\n" + "\n".join(got) + "\n", encoding="utf-8")
        return
    assert got == case.expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_the_words_help(path: Path) -> None:
    for problem in problems(read(path)):
        for text in (problem.what, problem.fix):
            assert text.endswith((".", f"Did you mean '{text.split(chr(39))[-2]}'?" if "'" in text else ".")), text
            assert not FORBIDDEN.search(re.sub(r"'[^']*'", "", text)), text
            assert text[:1].isupper() or not text[:1].isalpha() or re.match(r"\w+\.csv ", text), text
        assert problem.fix.split(" ")[0].rstrip(",") in ORDERS, problem.fix


def codes() -> dict[str, str]:
    """Every code raised in the core, with the module that does."""
    return {
        code: path.relative_to(CORE).as_posix()
        for path in sorted(CORE.rglob("*.py")) if path.relative_to(CORE).parts[0] not in ELSEWHERE
        for code in re.findall(r'"([A-Z]-\d{3})"', path.read_text(encoding="utf-8"))
    }  # fmt: skip


def test_every_code_has_a_case() -> None:
    shown = {line.split()[2] for path in CASES for line in read(path).expected}
    missing = {code: module for code, module in codes().items() if code not in shown and code not in BY_OTHERS}
    assert missing == {}
    assert not shown & set(BY_OTHERS)
    for code, name in BY_OTHERS.items():
        assert f'"{code}"' in (HERE.parent / name).read_text(encoding="utf-8"), code
    assert len(codes()) >= 30


def test_a_code_means_one_thing() -> None:
    """One code is raised in one module only."""
    raised: dict[str, set[str]] = {}
    for path in CORE.rglob("*.py"):
        if path.name not in ("problems.py", "codes.py") and "reports" not in path.parts:
            for code in re.findall(
                r'(?:Problem|note|stop|left_out|_stop|_note)\(\s*"([A-Z]-\d{3})"', path.read_text(encoding="utf-8")
            ):
                raised.setdefault(code, set()).add(path.relative_to(CORE).parts[0])
    assert {code: sorted(modules) for code, modules in raised.items() if len(modules) > 1} == {}
