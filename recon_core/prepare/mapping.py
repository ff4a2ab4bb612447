"""Step: the columns of a file -> id, amount, date and the rest, each beside the text it was read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process

from recon_core import dates, money
from recon_core.dates import NO_DAY, Order
from recon_core.keys import MAX_EXACT_DIGITS, standard
from recon_core.model import Raw
from recon_core.money import Amounts, Form
from recon_core.prepare.rows import Plan, Rows, find_column, place, terms_of, texts
from recon_core.problems import Place, Problem, Severity
from recon_core.recipe import Meaning, Use
from recon_core.texts import arrow_text, join_texts

Bool = npt.NDArray[np.bool_]
CUT_IDS = 3  # long numbers that all end in zeros: so many are no chance


def map_columns(rows: Rows, plan: Plan) -> Rows:
    """Fill `lines` from the mapped columns. A column that is not there stops the run, with a proposal."""
    missing = _missing(rows, plan)
    if missing:
        return replace(rows, problems=(*rows.problems, *missing))
    uses = partial(plan.uses, rows.raw.source)
    problems: list[Problem] = []
    key_raw, key, damaged = _ids(rows, _key_uses(plan, rows.raw.source))
    amount_raw, parts, bad, blank, currency = _amounts(rows, uses(Meaning.AMOUNT)[0], problems)
    date_raw, day, bad_day = _date(rows, uses(Meaning.DATE), problems, matters=plan.leg.dates_matter)
    columns = {
        "row": np.asarray(rows.raw.row, np.int64), "key_raw": texts(key_raw), "key": texts(key),
        "amount_raw": texts(amount_raw), "amount_minor": sum(parts.values()), "date_raw": texts(date_raw), "day": day,
        "currency": _currency(rows, uses(Meaning.CURRENCY), currency), "item": _item(rows, uses(Meaning.ITEM)),
        "units": _units(rows, uses(Meaning.QUANTITY)),
    }  # fmt: skip
    bad_compare = np.zeros(len(rows.frame), bool)
    for number, name in enumerate(plan.leg.compare):
        columns[f"compare_{number}"] = _compare(
            rows, [use for use in uses(Meaning.COMPARE) if use.name == name], problems, bad_compare
        )
    for number, name in enumerate(plan.leg.references):
        columns[f"reference_{number}"] = _reference(rows, [use for use in uses(Meaning.REFERENCE) if use.name == name])
    if plan.leg.narrations:
        columns["narration"] = _narration(rows, uses(Meaning.NARRATION))
    flags = {"bad_amount": bad, "no_amount": blank, "bad_date": bad_day, "damaged": damaged, "bad_compare": bad_compare}
    return replace(rows, lines=pd.DataFrame(columns), parts=parts, flags=flags, problems=(*rows.problems, *problems))


def _key_uses(plan: Plan, source: str) -> list[Use]:
    """The id columns; a side that is added up is compared by the column it is added up by."""
    if plan.side.group_by:
        return [Use(leg=plan.leg.name, side=plan.letter, meaning=Meaning.KEY, column=f"[{plan.side.group_by}]")]
    return plan.uses(source, Meaning.KEY)


def _missing(rows: Rows, plan: Plan) -> list[Problem]:
    """A Problem for each mapped column that the file does not have, with the nearest header."""
    found = []
    wanted = [use for meaning in Meaning for use in plan.uses(rows.raw.source, meaning) if meaning is not Meaning.KEY]
    for use in [*_key_uses(plan, rows.raw.source), *wanted]:
        for _, name in terms_of(rows.frame, use):
            if find_column(rows.frame, name) is None:
                near = process.extractOne(name, [str(column) for column in rows.frame.columns], score_cutoff=50)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                what = f"{rows.raw.file} has no column '{name}' ({use.meaning} of side {plan.letter}).{hint}"
                fix = f"Correct the name{' in ' + use.cell if use.cell else ''}. The file has: {', '.join(map(str, rows.frame.columns[:30]))}."
                found.append(
                    Problem(
                        "M-201",
                        Severity.STOP,
                        Place(file=rows.raw.file, sheet=rows.raw.sheet, column=name),
                        name,
                        what,
                        fix,
                    )
                )
    return found


def _ids(rows: Rows, uses: Sequence[Use]) -> tuple[pa.Array, pa.Array, Bool]:
    """(printed ids, standard forms, which are damaged). Composite ids are joined by ' | '."""
    raws, forms, damaged = [], [], np.zeros(len(rows.frame), bool)
    for use in uses:
        column = find_column(rows.frame, terms_of(rows.frame, use)[0][1]) or ""
        raw = arrow_text(rows.frame[column])
        form = standard(raw) if len(uses) == 1 else standard(raw, placeholders=False)  # line 0 of an order is a line
        raws.append(raw)
        forms.append(form)
        damaged |= _damaged(form, rows.raw, column)
    if len(uses) == 1:
        return raws[0], forms[0], damaged
    some_blank = np.logical_or.reduce([pc.equal(form, "").to_numpy(zero_copy_only=False) for form in forms])
    joined = join_texts(forms, " | ")
    return join_texts(raws, " | "), pc.if_else(pa.array(some_blank), "", joined), damaged


def _damaged(form: pa.Array, raw: Raw, column: str) -> Bool:
    """Ids that a spreadsheet has already cut: numbers above 15 digits, or the exponent form."""
    exponent = pc.match_substring_regex(form, r"^\d(\.\d+)?E\+\d+$").to_numpy(zero_copy_only=False)
    typed = raw.typed.get(column)
    if typed is None:
        return np.asarray(exponent | _cut(form))
    long = pc.greater(pc.utf8_length(form), MAX_EXACT_DIGITS).to_numpy(zero_copy_only=False)
    digits = pc.match_substring_regex(form, r"^\d+$").to_numpy(zero_copy_only=False)
    return np.asarray(exponent | (typed & long & digits), bool)


def _cut(form: pa.Array) -> Bool:
    """Ids of a text file that went through a spreadsheet: three or more long numbers, and all end in zeros from digit 16 on."""
    long = pc.match_substring_regex(form, r"^\d{16,}$").to_numpy(zero_copy_only=False)
    if long.sum() < CUT_IDS:
        return np.zeros(len(form), bool)
    zeros = pc.match_substring_regex(form, r"^\d{15}0+$").to_numpy(zero_copy_only=False)
    return np.asarray(long & zeros.all(where=long))


def _amounts(
    rows: Rows, use: Use, problems: list[Problem]
) -> tuple[pa.Array, dict[str, npt.NDArray[np.int64]], Bool, Bool, npt.NDArray[np.object_] | None]:
    """(printed amount, minor units of each summed column, unreadable, missing, currency)."""
    read = [(sign, name, _read(rows, name, use, problems)) for sign, name in terms_of(rows.frame, use)]
    bad = np.logical_or.reduce([~one.ok & ~one.blank for _, _, one in read])
    bad |= (
        np.sum([np.abs(one.minor).astype(np.float64) for _, _, one in read], axis=0) > money.MAX_MINOR
    )  # the sum would wrap
    blank = np.logical_and.reduce([one.blank for _, _, one in read])
    currency, mixed = _marks([one.currency for _, _, one in read if one.currency is not None])
    bad |= mixed
    parts: dict[str, npt.NDArray[np.int64]] = {}
    for sign, name, one in read:  # the same column may stand twice
        parts[name] = parts.get(name, 0) + np.where(bad, 0, sign * one.minor)
    columns = [arrow_text(rows.frame[find_column(rows.frame, name) or ""]) for _, name in terms_of(rows.frame, use)]
    raw = columns[0]
    for (sign, _, _), column in zip(read[1:], columns[1:], strict=True):
        raw = _joined(raw, column, sign)
    return raw, parts, bad, blank & ~bad, currency


def _joined(left: pa.Array, right: pa.Array, sign: int) -> pa.Array:
    """The printed amounts of a sum, '100.00 - 5.00'; an empty cell leaves no sign behind it."""
    whole = join_texts([left, right], " + " if sign > 0 else " - ")
    no_left, no_right = (pc.equal(pc.utf8_trim_whitespace(text), "") for text in (left, right))
    if not pc.any(pc.or_(no_left, no_right)).as_py():
        return whole
    alone = join_texts([pa.scalar("-", pa.large_string()), right], " ") if sign < 0 else right
    return pc.if_else(no_right, left, pc.if_else(no_left, alone, whole))


def _marks(found: Sequence[npt.NDArray[np.object_]]) -> tuple[npt.NDArray[np.object_] | None, Bool | bool]:
    """(the currency written inside the amounts of each row, rows whose amounts name two: they are never added)."""
    if not found:
        return None, False
    out, mixed = found[0], np.zeros(len(found[0]), bool)
    for other in found[1:]:
        mixed |= (out != "") & (other != "") & (out != other)
        out = np.where(out == "", other, out)
    return out, mixed


def _read(rows: Rows, name: str, use: Use, problems: list[Problem]) -> Amounts:
    column = find_column(rows.frame, name) or ""
    form = Form(use.form) if use.form in set(Form) else Form.AUTO
    read = money.read_amounts(rows.frame[column], form, rows.raw.typed.get(column))
    where = place(rows.raw, 0, column)
    if read.unproved:
        what = f"'{read.example}' in {column} of {rows.raw.file} can be read with a decimal point or with a decimal comma, and no other cell decides it."
        fix = f"Choose 1,234.50 or 1.234,50 as the form of {column} in Mapping{_at(use)}."
        problems.append(Problem("T-214", Severity.ASK, where, read.example, what, fix))
    if read.rounded:
        count = "1 amount" if read.rounded == 1 else f"{read.rounded:,} different amounts"
        what = f"In {column} of {rows.raw.file} {count} with more than four decimals {'was' if read.rounded == 1 else 'were'} rounded to four."
        problems.append(
            Problem(
                "T-215",
                Severity.NOTE,
                where,
                "",
                what,
                "Nothing to do if this is only calculation noise of the sender.",
            )
        )
    return read


def _date(
    rows: Rows, uses: Sequence[Use], problems: list[Problem], *, matters: bool
) -> tuple[pa.Array, npt.NDArray[np.int64], Bool]:
    """(printed date, day, unreadable). Without a date column all days are NO_DAY."""
    n = len(rows.frame)
    if not uses:
        return pa.array([""] * n, pa.large_string()), np.full(n, NO_DAY, np.int64), np.zeros(n, bool)
    use = uses[0]
    column = find_column(rows.frame, terms_of(rows.frame, use)[0][1]) or ""
    read = dates.read_dates(rows.frame[column], Order(use.form) if use.form in set(Order) else Order.AUTO)
    if read.unproved:
        what = f"'{read.example}' in {column} of {rows.raw.file} can be day/month or month/day, and no other cell decides it."
        fix = f"Choose day/month or month/day as the form of {column} in Mapping{_at(use)}."
        severity, what = (
            (Severity.ASK, what)
            if matters
            else (Severity.NOTE, what + " It was read as day/month; no rule compares it.")
        )
        problems.append(Problem("T-224", severity, place(rows.raw, 0, column), read.example, what, fix))
    bad = ~read.ok & ~read.blank
    return arrow_text(rows.frame[column]), read.day, bad | read.blank if matters else bad


def _at(use: Use) -> str:
    return f" ({use.cell})" if use.cell else ""


def _compare(rows: Rows, uses: Sequence[Use], problems: list[Problem], bad: Bool) -> npt.NDArray[np.int64]:
    """A further amount, blanks as zero; what cannot be read is listed and its row takes no part."""
    if not uses:
        return np.zeros(len(rows.frame), np.int64)
    read = [(sign, _read(rows, name, uses[0], problems)) for sign, name in terms_of(rows.frame, uses[0])]
    bad |= np.logical_or.reduce([~one.ok & ~one.blank for _, one in read])
    total: npt.NDArray[np.int64] = sum((sign * one.minor for sign, one in read), np.zeros(len(rows.frame), np.int64))
    return total


def _reference(rows: Rows, uses: Sequence[Use]) -> pd.Series:
    if not uses:
        return texts([""] * len(rows.frame))
    return texts(standard(arrow_text(rows.frame[find_column(rows.frame, terms_of(rows.frame, uses[0])[0][1]) or ""])))


def _narration(rows: Rows, uses: Sequence[Use]) -> pd.Series:
    """The texts in which an id may stand, as printed; several columns parted by a sign that is part of no id."""
    columns = [find_column(rows.frame, name) or "" for use in uses for _, name in terms_of(rows.frame, use)]
    if not columns:
        return texts([""] * len(rows.frame))
    return texts(join_texts([arrow_text(rows.frame[column]) for column in columns], " | "))


def _item(rows: Rows, uses: Sequence[Use]) -> pd.Series:
    return _reference(rows, uses)


def _units(rows: Rows, uses: Sequence[Use]) -> npt.NDArray[np.int64]:
    """Whole quantities; 0 where there is none or it cannot be read."""
    if not uses:
        return np.zeros(len(rows.frame), np.int64)
    column = find_column(rows.frame, terms_of(rows.frame, uses[0])[0][1]) or ""
    read = money.read_amounts(rows.frame[column], Form.POINT)
    return np.where(read.ok, np.abs(read.minor) // money.MINOR_PER_MAJOR, 0)


def _currency(rows: Rows, uses: Sequence[Use], marks: npt.NDArray[np.object_] | None) -> pd.Series:
    """The currency column, else the marks inside the amounts, else ''."""
    if uses:
        return texts(
            standard(arrow_text(rows.frame[find_column(rows.frame, terms_of(rows.frame, uses[0])[0][1]) or ""]))
        )
    return texts(marks) if marks is not None else texts(pa.repeat(pa.scalar("", pa.large_string()), len(rows.frame)))
