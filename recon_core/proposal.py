"""Two files without a Setup -> the columns they are most likely reconciled by, from names and from content.

Ids are judged by how many they share, amounts by how often they agree on the shared ids, names break ties.
Where two proposals are equally good and would give other figures, the user is asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import JaroWinkler

from recon_core.dates import read_dates
from recon_core.keys import Cleaning, apart, content_hash, standard, strong
from recon_core.model import Raw
from recon_core.money import MINOR_PER_MAJOR, read_amounts, sum_by
from recon_core.problems import Place, Problem, Severity
from recon_core.texts import arrow_text

SAMPLE_ROWS = 2_000  # rows looked at to tell what a column holds
SAMPLE_IDS = 60_000  # ids compared to see how many both sides share
SAMPLE_LOST = 200_000  # ids looked at to find those that only a cleaning would make meet
PREFIXES = ("#", "ORD", "ORDER", "INV", "ID")
CLEAR = 0.02  # two proposals closer than this are equally good

ID_NAMES = (
    r"\border.?(id|no|number)\b|cust.?order",
    r"ref|invoice|bill|document|voucher",
    r"utr|transaction|payment.?id|awb|tracking|receipt",
    r"\bid\b|\bno\b|number|key|code",
)
AMOUNT_NAMES = (
    r"^amount$|invoice.?(value|amount|total)|line.?total|amount.*(customer|total)|payment.?value",
    r"amount|amt|total|value|gross",
    r"net|price|paid|credit|debit|deposit",
    r"fee|tax|gst|cgst|sgst|igst|tcs|tds|rate|pct|percent|mrp",
)
DATE_NAMES = (r"(order|invoice|settle|payment|transaction|txn|posting|value).*(date|dt)", r"date|\bdt\b|time|timestamp")
CURRENCY_NAMES = re.compile(r"(.*[\s_])?(currency|curr|ccy)([\s_]code)?", re.IGNORECASE)
UNIT_NAMES = re.compile(r"\b(order.?)?(qty|quantity|units|pieces)\b", re.IGNORECASE)
ITEM_NAMES = re.compile(r"\b(seller.?)?(sku|item.?code|article|product.?(id|code))\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Columns of A and B by meaning, the cleaning, and what speaks for them, in words."""

    keys: tuple[tuple[str, str], ...] = ()
    amount: tuple[str, str] | None = None
    date: tuple[str, str] | None = None
    units: tuple[str, str] = ("", "")
    item: tuple[str, str] | None = None
    currency: tuple[str, str] = ("", "")
    cleaning: Cleaning = field(default_factory=Cleaning)
    because: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """What each column of a file holds, judged on a sample."""

    raw: Raw
    ids: tuple[str, ...]
    numbers: tuple[str, ...]
    dates: tuple[str, ...]


def propose(a: Raw, b: Raw, given: Proposal) -> Proposal:
    """Fill what `given` leaves open. A column of `given` is taken as it stands; it is checked elsewhere."""
    sides = (_columns(a), _columns(b))
    because: list[str] = []
    problems: list[Problem] = []
    keys = given.keys
    if not keys:
        found, words, asked = _propose_key(*sides)
        keys, because, problems = (found,) if found else (), [*because, *words], [*problems, *asked]
    cleaning = given.cleaning
    if keys and len(keys) == 1 and not given.cleaning.is_strong:
        cleaning, words = _propose_cleaning(a, b, keys[0])
        because += words
    amount = given.amount
    if keys and amount is None:
        amount, words, asked = _propose_amount(sides, keys, cleaning)
        because, problems = [*because, *words], [*problems, *asked]
    used = {name for pair in keys for name in pair}
    return Proposal(
        keys=keys, amount=amount, cleaning=cleaning, because=tuple(because), problems=tuple(problems), date=given.date or _by_name(sides, DATE_NAMES),
        units=(_named(a, UNIT_NAMES), _named(b, UNIT_NAMES)), item=_propose_item(a, b, used), currency=(_currency(a), _currency(b)),
    )  # fmt: skip


def _columns(raw: Raw) -> _Columns:
    """Sort the columns of a file into ids, numbers and dates; a number without decimals may also be an id."""
    step = max(1, len(raw.frame) // SAMPLE_ROWS)
    sample = raw.frame.iloc[::step]
    ids, numbers, dates = [], [], []
    for name in map(str, raw.frame.columns):
        text = sample[name][sample[name].str.strip() != ""]
        if len(text) < max(3, len(sample) // 50):
            continue
        amounts, days = read_amounts(text), read_dates(text)
        numeric = float((amounts.ok | amounts.blank).mean()) > 0.95
        if float(days.ok.mean()) > 0.95 and not (numeric and amounts.ok.any()):
            dates.append(name)
            continue
        if numeric and (bool((amounts.minor % MINOR_PER_MAJOR).any()) or _rank(name, AMOUNT_NAMES) < len(AMOUNT_NAMES)):
            numbers.append(name)  # whole numbers of another name count something: lines, instalments
        whole = not numeric or not bool((amounts.minor % MINOR_PER_MAJOR).any())
        if whole and text.nunique() > max(2, len(text) // 50):
            ids.append(name)
    return _Columns(raw=raw, ids=tuple(ids), numbers=tuple(numbers), dates=tuple(dates))


def _rank(name: str, ladder: Sequence[str]) -> int:
    """Position of the first pattern that fits the name, len(ladder) for none."""
    return next(
        (n for n, pattern in enumerate(ladder) if re.search(pattern, name.replace("_", " "), re.IGNORECASE)),
        len(ladder),
    )


def _propose_key(a: _Columns, b: _Columns) -> tuple[tuple[str, str] | None, list[str], list[Problem]]:
    """The pair of id columns that share most ids; names break ties."""
    most = max(len(a.raw.frame), len(b.raw.frame))
    left = {name: _id_sample(a.raw, name, most) for name in a.ids}
    right = {name: _id_sample(b.raw, name, most) for name in b.ids}
    scored = []
    for name_a, ids_a in left.items():
        for name_b, ids_b in right.items():
            share = _shared(ids_a, ids_b)
            if share > 0:
                names = (
                    _rank(name_a, ID_NAMES)
                    + _rank(name_b, ID_NAMES)
                    - JaroWinkler.similarity(_bare(name_a), _bare(name_b)) * (name_a == name_b or 0.5)
                )
                scored.append((share, -names, name_a, name_b, min(len(ids_a), len(ids_b))))
    if not scored:
        return None, [], [_no_key(a.raw, b.raw)]
    best = max(one[0] for one in scored)
    near = sorted((one for one in scored if one[0] > best * 0.8 - CLEAR), key=lambda one: (-one[1], -one[0]))
    top = near[0]
    equal = [one for one in near[1:] if abs(one[0] - top[0]) <= CLEAR and abs(one[1] - top[1]) < 0.05]
    asked = [_ask("id", [(one[2], one[3]) for one in (top, *equal)], "--key")] if equal else []
    return (top[2], top[3]), [f"id: {top[2]} = {top[3]} ({top[0]:.0%} of the ids are on both sides)"], asked


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _id_sample(raw: Raw, name: str, most: int) -> npt.NDArray[np.uint64]:
    """Distinct ids as hashes; of many (`most` rows on the longer side), a choice by hash that is the same on both sides."""
    forms = standard(arrow_text(raw.frame[name]))
    hashes = content_hash(forms.filter(pc.not_equal(forms, "")))
    if most > 4 * SAMPLE_IDS:
        hashes = hashes[hashes % np.uint64(most // SAMPLE_IDS) == 0]
    return np.unique(hashes)


def _shared(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> float:
    """Share of the shorter list that is on the other."""
    if not len(a) or not len(b):
        return 0.0
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / min(len(a), len(b))


def _propose_cleaning(a: Raw, b: Raw, key: tuple[str, str]) -> tuple[Cleaning, list[str]]:
    """A stronger cleaning where it makes more ids meet and merges no two ids of one side."""
    if key[0] not in a.frame.columns or key[1] not in b.frame.columns:
        return Cleaning(), []
    forms = [standard(arrow_text(a.frame[key[0]])), standard(arrow_text(b.frame[key[1]]))]
    hashes = [content_hash(one) for one in forms]
    ordered = [np.sort(one) for one in hashes]
    lost = [_lost(forms[n], hashes[n], ordered[1 - n]) for n in (0, 1)]
    if not all(len(one) for one in lost):
        return Cleaning(), []
    known = ordered[0]
    best, found = Cleaning(), 0
    for rule in _cleanings():
        more = _gain(lost[1], forms[0], known, rule)
        if more > found and not any(apart(one, strong(one, rule)).any() for one in forms):
            best, found = rule, more
    return best, ([f"id cleaning: {best} ({found:,} of the ids looked at meet only so)"] if best.is_strong else [])


def _lost(forms: pa.Array, hashes: npt.NDArray[np.uint64], others: npt.NDArray[np.uint64]) -> pa.Array:
    """Ids that the other side does not have; of many, a choice by hash, the same whatever the order of the rows."""
    step = np.uint64(max(1, len(hashes) // SAMPLE_LOST))
    picked, first = np.unique(hashes[hashes % step == 0], return_index=True)
    rows = np.flatnonzero(hashes % step == 0)[first]
    at = np.minimum(np.searchsorted(others, picked), max(len(others) - 1, 0))
    return forms.take(pa.array(np.sort(rows[others[at] != picked] if len(others) else rows)))


def _cleanings() -> list[Cleaning]:
    """From weak to strong: a stronger one is taken only where it finds more."""
    return [
        Cleaning(separators=True), Cleaning(zeros=True), *(Cleaning(prefixes=(prefix,)) for prefix in PREFIXES),
        *(Cleaning(separators=True, prefixes=(prefix,)) for prefix in PREFIXES), Cleaning(separators=True, prefixes=PREFIXES[:2]), Cleaning(separators=True, zeros=True),
    ]  # fmt: skip


def _gain(lost: pa.Array, forms: pa.Array, known: npt.NDArray[np.uint64], rule: Cleaning) -> int:
    """How many ids of B, so far on one side only, meet one of A under the rule. `known`: sorted hashes of A's forms."""
    cleaned = strong(forms, rule)
    known = known if cleaned is forms else np.sort(content_hash(cleaned))
    wanted = content_hash(strong(lost, rule))
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return int((known[at] == wanted).sum())


def _propose_amount(
    sides: tuple[_Columns, _Columns], keys: tuple[tuple[str, str], ...], cleaning: Cleaning
) -> tuple[tuple[str, str] | None, list[str], list[Problem]]:
    """The pair of amounts that agree on most shared ids; a sum of two columns where no single one does."""
    codes = _shared_codes(sides, keys, cleaning)
    if codes is None:
        return None, [], []
    sums = [
        _sums(
            side.raw,
            [n for n in side.numbers if n not in {key[at] for key in keys}],
            (codes[0], codes[1])[at],
            codes[2],
        )
        for at, side in enumerate(sides)
    ]
    scored = _agreements(sums[0], sums[1])
    if (
        (not scored or scored[0][0] < 0.5)
        and (wider := _agreements(_with_pairs(sums[0]), _with_pairs(sums[1])))
        and wider[0][0] > 0.5
    ):
        scored = wider
    if not scored:
        return None, [], []
    share, _, name_a, name_b = scored[0]
    equal = [
        (one[2], one[3])
        for one in scored[1:]
        if abs(one[0] - share) <= CLEAR and one[1] == scored[0][1] and not _same(one, scored[0], sums)
    ]
    words = f"amount: {name_a} = {name_b} (agree on {share:.0%} of the shared ids looked at)"
    return (name_a, name_b), [words], [_ask("amount", [(name_a, name_b), *equal], "--amount")] if equal else []


def _shared_codes(
    sides: tuple[_Columns, _Columns], keys: tuple[tuple[str, str], ...], cleaning: Cleaning
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int] | None:
    """Codes of a choice of ids that both sides hold, -1 elsewhere."""
    if any(pair[at] not in side.raw.frame.columns for pair in keys for at, side in enumerate(sides)):
        return None
    hashes = [_key_hash(side.raw, [pair[at] for pair in keys], cleaning) for at, side in enumerate(sides)]
    most = max(map(len, hashes))
    few = [one[one % np.uint64(most // SAMPLE_IDS) == 0] if most > 4 * SAMPLE_IDS else one for one in hashes]
    common = np.intersect1d(few[0], few[1])
    if not len(common):
        return None
    places = [np.minimum(np.searchsorted(common, one), len(common) - 1) for one in hashes]
    found = [np.where(common[place] == one, place, -1) for place, one in zip(places, hashes, strict=True)]
    return found[0], found[1], len(common)


def _key_hash(raw: Raw, names: Sequence[str], cleaning: Cleaning) -> npt.NDArray[np.uint64]:
    """One hash for the id of each row, whatever the number of its columns."""
    parts = [content_hash(strong(standard(arrow_text(raw.frame[name])), cleaning)) for name in names]
    with np.errstate(over="ignore"):
        mixed = [part * np.uint64(2 * n + 1) for n, part in enumerate(parts)]
    return np.asarray(np.bitwise_xor.reduce(mixed))


def _sums(raw: Raw, names: Sequence[str], codes: npt.NDArray[np.int64], count: int) -> dict[str, npt.NDArray[np.int64]]:
    """The sum of each numeric column for each shared id."""
    rows = np.flatnonzero(codes >= 0)
    few = raw.frame.iloc[rows] if len(rows) < len(codes) else raw.frame
    return {
        name: sum_by(codes[rows], read_amounts(few[name], typed=_typed(raw, name, rows)).minor, count) for name in names
    }


def _typed(raw: Raw, name: str, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_] | None:
    return raw.typed[name][rows] if name in raw.typed else None


def _with_pairs(sums: Mapping[str, npt.NDArray[np.int64]]) -> dict[str, npt.NDArray[np.int64]]:
    """The columns and the sums of any two of the first twelve."""
    some = list(sums.items())[:12]
    return {**sums, **{f"{one} + {two}": left + right for (one, left), (two, right) in combinations(some, 2)}}


def _agreements(
    left: Mapping[str, npt.NDArray[np.int64]], right: Mapping[str, npt.NDArray[np.int64]]
) -> list[tuple[float, int, str, str]]:
    """(share of ids whose sums agree, minus name rank, names), best first; columns of zeros say nothing."""
    scored = []
    for name_a, sum_a in left.items():
        for name_b, sum_b in right.items():
            told = (sum_a != 0) | (sum_b != 0)
            if told.mean() > 0.2:
                rank = _rank(name_a, AMOUNT_NAMES) + _rank(name_b, AMOUNT_NAMES)
                scored.append((float((sum_a == sum_b)[told].mean()), -rank, name_a, name_b))
    scored = [one for one in scored if one[0] > 0]
    best = max((one[0] for one in scored), default=0)
    return sorted((one for one in scored if one[0] >= best - CLEAR), key=lambda one: (-one[1], -one[0])) + sorted(
        (one for one in scored if one[0] < best - CLEAR), reverse=True
    )


def _same(
    one: tuple[float, int, str, str],
    other: tuple[float, int, str, str],
    sums: Sequence[Mapping[str, npt.NDArray[np.int64]]],
) -> bool:
    """Whether two proposals hold the same figures, so that the choice between them moves nothing."""
    return all(
        name in side and twin in side and np.array_equal(side[name], side[twin])
        for side, name, twin in zip(sums, one[2:], other[2:], strict=True)
    )


def _by_name(sides: tuple[_Columns, _Columns], ladder: Sequence[str]) -> tuple[str, str] | None:
    """The date column of each side that its name speaks for most."""
    best = [
        min(side.dates, key=lambda name: (_rank(name, ladder), side.dates.index(name)), default="") for side in sides
    ]
    return (best[0], best[1]) if any(best) else None


def _named(raw: Raw, pattern: re.Pattern[str]) -> str:
    """The first column of that name that holds small whole numbers."""
    for name in map(str, raw.frame.columns):
        if pattern.search(name.replace("_", " ")):
            read = read_amounts(raw.frame[name].iloc[:SAMPLE_ROWS])
            if read.ok.any() and not (read.minor % MINOR_PER_MAJOR).any():
                return name
    return ""


def _currency(raw: Raw) -> str:
    """A column named for the currency that holds short codes."""
    for name in map(str, raw.frame.columns):
        if CURRENCY_NAMES.fullmatch(name.strip()):
            texts = raw.frame[name].iloc[:SAMPLE_ROWS].str.strip()
            if texts[texts != ""].str.fullmatch(r"[A-Za-z]{3}").all():
                return name
    return ""


def _propose_item(a: Raw, b: Raw, used: set[str]) -> tuple[str, str] | None:
    """Columns named like a SKU on both sides that share values."""
    pick = [
        next(
            (
                str(name)
                for name in raw.frame.columns
                if ITEM_NAMES.search(str(name).replace("_", " ")) and str(name) not in used
            ),
            "",
        )
        for raw in (a, b)
    ]
    most = max(len(a.frame), len(b.frame))
    if not all(pick) or _shared(_id_sample(a, pick[0], most), _id_sample(b, pick[1], most)) < 0.5:
        return None
    return pick[0], pick[1]


def _no_key(a: Raw, b: Raw) -> Problem:
    what = f"No column of {a.file} shares an id with a column of {b.file}."
    fix = "Name the columns yourself, for example --key order_no=order_id, or choose the right files."
    return Problem("P-801", Severity.STOP, Place(file=b.file), "", what, fix)


def _ask(meaning: str, pairs: Sequence[tuple[str, str]], option: str) -> Problem:
    shown = " or ".join(f"{one}={two}" for one, two in pairs[:4])
    what = f"Several columns are equally likely to be the {meaning}: {shown}."
    return Problem(
        "P-802",
        Severity.ASK,
        Place(),
        shown,
        what,
        f"Choose one with {option}, for example {option} '{pairs[0][0]}={pairs[0][1]}'.",
    )
