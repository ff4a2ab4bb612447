"""Ids made comparable, never changing the raw text: what counts as the same id, and a content hash.

Standard cleaning drops what nobody means: case, outer blanks, invisible characters, a leading apostrophe,
full-width forms, the '.0' tail of a number. Stronger cleaning (separators, prefixes, leading zeros) is a
visible rule of the recipe; where it would make two different ids of one side equal they stay apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recon_core.texts import arrow_text

UInt64 = npt.NDArray[np.uint64]
Bool = npt.NDArray[np.bool_]

PLACEHOLDERS = frozenset({
    "", "-", "--", "---", "0", "NA", "N/A", "#N/A", "NAN", "NULL", "NONE", "NIL", "NOT AVAILABLE", "TBD", "(BLANK)",
})  # fmt: skip
_LONGEST_PLACEHOLDER = max(map(len, PLACEHOLDERS))
MAX_EXACT_DIGITS = 15  # Excel keeps no more: a longer id that was a number is damaged
_CLEAN = r"^[0-9A-Z#][0-9A-Z_/\-#]*$"
_INVISIBLE = re.compile(r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_SEPARATORS = r"[\s\-_/.]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """What the recipe drops beyond the standard: separators, prefixes (upper case), leading zeros."""

    separators: bool = False
    prefixes: tuple[str, ...] = ()
    zeros: bool = False

    def __str__(self) -> str:
        """The words of the Setup sheet: 'separators; prefix ORD; prefix #'."""
        words = ["separators"] if self.separators else []
        words += [f"prefix {prefix}" for prefix in self.prefixes]
        return "; ".join(words + (["leading zeros"] if self.zeros else [])) or "standard"

    @property
    def is_strong(self) -> bool:
        """Whether it does more than the standard."""
        return self.separators or bool(self.prefixes) or self.zeros


def parse_cleaning(text: str) -> Cleaning:
    """'separators; prefix ORD; leading zeros' -> Cleaning. Raises ValueError naming the unknown word."""
    separators, zeros, prefixes = False, False, []
    for word in filter(None, (part.strip() for part in re.split(r"[;,]", text))):
        lower = word.casefold()
        if lower == "separators":
            separators = True
        elif lower == "leading zeros":
            zeros = True
        elif lower.startswith("prefix "):
            prefixes.append(word[7:].strip().upper())
        elif lower != "standard":
            raise ValueError(word)
    return Cleaning(separators=separators, prefixes=tuple(prefixes), zeros=zeros)


def standard(raw: pa.Array, *, placeholders: bool = True) -> pa.Array:
    """Raw texts (n) -> standard forms (n). Placeholders such as NA become '', unless the text is part of an id."""
    is_ascii = pc.all(pc.string_is_ascii(raw)).as_py() is not False
    upper = pc.ascii_upper(raw) if is_ascii else pc.utf8_upper(raw)
    odd = np.flatnonzero(~pc.ascii_is_alnum(upper).to_numpy(zero_copy_only=False))  # letters and digits need no more
    if len(odd):
        few = upper.take(pa.array(odd))
        odd = odd[~pc.match_substring_regex(few, _CLEAN).to_numpy(zero_copy_only=False)]
    if len(odd):
        upper = _replaced(upper, odd, _distinct(raw.take(pa.array(odd)), standard_text))
    if not placeholders:
        return upper
    short = np.flatnonzero(pc.less_equal(pc.binary_length(upper), _LONGEST_PLACEHOLDER).to_numpy(zero_copy_only=False))
    if not len(short):
        return upper
    blank = pc.is_in(upper.take(pa.array(short)), value_set=pa.array(sorted(PLACEHOLDERS - {""}), upper.type)).to_numpy(
        zero_copy_only=False
    )
    return _replaced(upper, short[blank], pa.array([""] * int(blank.sum()), upper.type)) if blank.any() else upper


def standard_text(text: str) -> str:
    """The standard form of one id, placeholders kept: ' fn-12 ' -> 'FN-12', an apostrophe before 0012 -> '0012'."""
    text = _INVISIBLE.sub(
        "", unicodedata.normalize("NFKC", text.replace("\n", " ").replace("\t", " ").replace("\r", " "))
    )
    text = " ".join(text.split()).lstrip("'’` ").upper()
    return re.sub(r"^(\d+)\.0+$", r"\1", text)


def strong(forms: pa.Array, rule: Cleaning) -> pa.Array:
    """Standard forms -> forms under the recipe's own cleaning. An id that would vanish stays as it was."""
    prefixes = [re.sub(_SEPARATORS, "", one) if rule.separators else one for one in rule.prefixes]  # 'ORD-' too
    touched = np.zeros(len(forms), bool)
    if rule.separators:
        touched |= ~pc.ascii_is_alnum(forms).to_numpy(zero_copy_only=False)
    for start in [*prefixes, *(["0"] if rule.zeros else [])]:
        touched |= pc.starts_with(forms, start).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(touched)
    if not len(rows):
        return forms
    before = out = forms.take(pa.array(rows))
    if rule.separators:
        out = pc.replace_substring_regex(out, _SEPARATORS, "")
    for prefix in prefixes:
        out = pc.replace_substring_regex(out, f"^{re.escape(prefix)}(.)", r"\1")
    if rule.zeros:
        out = pc.replace_substring_regex(out, r"^0+(.)", r"\1")
    return _replaced(forms, rows, pc.if_else(pc.equal(out, ""), before, out))


def apart(forms: pa.Array, strong_forms: pa.Array) -> Bool:
    """Which rows hold an id that strong cleaning would merge with a different id of the same side."""
    changed = pc.not_equal(forms, strong_forms).to_numpy(zero_copy_only=False)
    if not changed.any():
        return np.asarray(changed, bool)
    touched = pc.is_in(strong_forms, value_set=pc.unique(strong_forms.filter(pa.array(changed))))
    rows = np.flatnonzero(touched.to_numpy(zero_copy_only=False))
    picked = pd.DataFrame({
        "strong": strong_forms.take(pa.array(rows)).to_numpy(zero_copy_only=False),
        "form": forms.take(pa.array(rows)).to_numpy(zero_copy_only=False),
    })  # fmt: skip
    several = picked.groupby("strong", sort=False)["form"].transform("nunique").to_numpy() > 1
    mixed = np.zeros(len(changed), bool)
    mixed[rows[several]] = True
    return mixed


def clean(raw: pd.Series, rule: Cleaning) -> tuple[pa.Array, Bool]:
    """Raw ids of one side -> (comparable ids, rows kept apart because cleaning would merge different ids)."""
    forms = standard(arrow_text(raw))
    if not rule.is_strong:
        return forms, np.zeros(len(forms), bool)
    strong_forms = strong(forms, rule)
    if strong_forms is forms:  # nothing was cleaned, so nothing can have merged
        return forms, np.zeros(len(forms), bool)
    mixed = apart(forms, strong_forms)
    return (pc.if_else(pa.array(mixed), forms, strong_forms) if mixed.any() else strong_forms), mixed


def clean_text(text: str, rule: Cleaning | None = None) -> str:
    """One id as the engine compares it; '' for a placeholder."""
    return str(clean(pd.Series([text], dtype="str"), rule or Cleaning())[0][0].as_py())


def content_hash(text: pa.Array) -> UInt64:
    """A 64-bit hash of each text, the same on every machine and in every row order.

    Eight bytes of all texts are mixed at a time, so the cost follows the bytes, not Python objects.
    Equal texts have equal hashes; whoever needs the reverse compares the texts (`codes_of`).
    """
    array = text if text.type == pa.large_string() else text.cast(pa.large_string())
    _, offsets_buffer, data = array.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    start, length = offsets[:-1], np.diff(offsets)
    padded = np.concatenate([np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), np.zeros(8, np.uint8)])
    words = np.lib.stride_tricks.as_strided(padded[:-7].view(), (len(padded) - 7, 8), (1, 1))
    out = length.astype(np.uint64)
    rows: slice | npt.NDArray[np.intp] = slice(None)
    for at in range(0, int(length.max(initial=0)), 8):
        if (length <= at).any():
            rows = np.flatnonzero(length > at)
        word = np.ascontiguousarray(words[start[rows] + at]).view("<u8").ravel()
        left = np.minimum(length[rows] - at, 8).astype(np.uint64)
        word &= np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - left * np.uint64(8))
        word ^= out[rows]
        word *= np.uint64(0xD6E8FEB86659FD93)  # an odd factor: with the shift below a bijection
        word ^= word >> np.uint64(32)
        out[rows] = word
    return mix(out)


def mix(values: UInt64) -> UInt64:
    """Scramble 64-bit values (the finaliser of the SplitMix64 generator): a bijection, so nothing merges."""
    with np.errstate(over="ignore"):
        out: UInt64 = values + np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            out ^= out >> np.uint64(shift)
            out *= np.uint64(factor)
        out ^= out >> np.uint64(31)
    return out


def codes_of(text: pa.Array, hashes: UInt64) -> tuple[npt.NDArray[np.intp], int]:
    """Number the distinct texts by their hashes: (code of each row, how many). '' has code -1.

    Twice as fast as numbering the strings. Texts that share a hash are compared: should two different
    ones ever meet, the strings themselves are numbered instead.
    """
    codes, found = pd.factorize(hashes)
    order, first = np.arange(len(codes)), np.empty(len(found), np.int64)
    first[codes[::-1]] = order[::-1]
    repeats = np.flatnonzero(first[codes] != order)
    same = pc.equal(text.take(pa.array(repeats)), text.take(pa.array(first[codes[repeats]])))
    if len(repeats) and not pc.all(same).as_py():
        codes, found = pd.factorize(text.to_numpy(zero_copy_only=False))
    blank = pc.equal(text, "").to_numpy(zero_copy_only=False)
    return (np.where(blank, -1, codes) if blank.any() else codes), len(found)


def _distinct(texts: pa.Array, change: Callable[[str], str]) -> pa.Array:
    """Apply a text function once per distinct value."""
    encoded = texts.dictionary_encode()
    changed = pa.array([change(value) for value in encoded.dictionary.to_pylist()], pa.large_string())
    return changed.take(encoded.indices)


def _replaced(array: pa.Array, rows: npt.NDArray[np.intp], values: pa.Array) -> pa.Array:
    """The array with `values` at `rows`."""
    mask = np.zeros(len(array), bool)
    mask[rows] = True
    return pc.replace_with_mask(array, pa.array(mask), values.cast(array.type))
