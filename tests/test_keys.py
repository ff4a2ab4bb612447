"""Ids made comparable, ids kept apart, and the hash that numbers them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core import keys
from recon_core.keys import (
    Cleaning,
    apart,
    clean,
    clean_text,
    codes_of,
    content_hash,
    mix,
    parse_cleaning,
    standard,
    standard_text,
    strong,
)


def texts(*values: str) -> pa.Array:
    return pa.array(list(values), pa.large_string())


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("FN-420101", "FN-420101"), ("fn-420101", "FN-420101"), (" FN-420101 ", "FN-420101"), ("FN-420101\u00a0", "FN-420101"), ("\u00a0FN-1", "FN-1"), ("FN-1\u202f", "FN-1"),
        ("FN\u200b-1", "FN-1"), ("\ufeffFN-1", "FN-1"), ("FN-1\u200d", "FN-1"), ("FN\u00ad-1", "FN-1"), ("\u202aFN-1\u202c", "FN-1"), ("FN-1\r\n", "FN-1"), ("FN-1\t", "FN-1"), ("FN-1\x00", "FN-1"),
        ("'000123", "000123"), ("’000123", "000123"), ("`000123", "000123"), ("''12", "12"), ("' 12", "12"), ("' '12", "12"), ("O'12", "O'12"),
        ("\uff11\uff12\uff13", "123"), ("\uff26\uff2e", "FN"), ("FN\uff0d1", "FN-1"), ("ｆｎ-1", "FN-1"),
        ("12345.0", "12345"), ("12345.00", "12345"), ("12345.10", "12345.10"), ("12345.", "12345."), ("A12.0", "A12.0"), ("007.0", "007"), ("1.0.0", "1.0.0"),
        ("caf\u00e9", "CAF\u00c9"), ("cafe\u0301", "CAF\u00c9"), ("STRASSE", "STRASSE"), ("straße", "STRASSE"), ("A  B", "A B"), ("A\nB", "A B"), ("#123", "#123"),
        ("1/2", "1/2"), ("2026-04-01", "2026-04-01"), ("1E5", "1E5"), ("TRUE", "TRUE"), ("NULL-1", "NULL-1"), ("00", "00"), ("0123", "0123"), ("०१", "०१"),
        # placeholders
        ("", ""), (" ", ""), ("\u00a0\u200b", ""), ("-", ""), ("--", ""), ("---", ""), ("0", ""), ("0.0", ""), ("NA", ""), ("n/a", ""), ("#N/A", ""), ("nan", ""), ("null", ""), ("None", ""), ("nil", ""),
        ("Not Available", ""), ("tbd", ""), ("(blank)", ""), ("'", ""), ("' -", ""),
    ],
)  # fmt: skip
def test_the_standard_form(raw: str, key: str) -> None:
    assert clean_text(raw) == key
    assert standard(texts("ZZ", raw, "ZZ"))[1].as_py() == key, "beside other ids"


@pytest.mark.parametrize(
    ("one", "other"),
    [("ABC", "\u0410BC"), ("OD10", "0D10"), ("OD1", "ODl"), ("00123", "123"), ("FN-1", "FN_1"), ("FN-1", "FN 1"), ("FN-1", "FN1"), ("FN-1", "FN\u22121"), ("123", "123.5"), ("OD1", "1"), ("É1", "E1"), ("1", "１1")],
)  # fmt: skip
def test_look_alikes_stay_different(one: str, other: str) -> None:
    assert clean_text(one) != clean_text(other)


@given(st.text(max_size=12))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once or standard_text(standard_text(once)) == standard_text(once)
    assert once == "" or once == standard_text(text)


@pytest.mark.parametrize(
    ("words", "raw", "key"),
    [
        ("separators", "fn-42/01_x.y z", "FN4201XYZ"), ("separators", "FN1", "FN1"), ("leading zeros", "000123", "123"), ("leading zeros", "A0012", "A0012"), ("leading zeros", "000", "0"),
        ("prefix OD", "OD123", "123"), ("prefix OD", "od123", "123"), ("prefix OD", "123OD", "123OD"), ("prefix OD", "OD", "OD"), ("prefix #", "#123", "123"), ("prefix .", ".5", "5"),
        ("separators; prefix ORD-; leading zeros", "ORD-000-77", "77"), ("prefix ORD-", "ORD-77", "77"), ("prefix A; prefix B", "AB1", "1"), ("separators", "--", ""), ("separators", "-/-", "-/-"),
        ("standard", "fn-1", "FN-1"), ("", "fn-1", "FN-1"),
    ],
)  # fmt: skip
def test_strong_cleaning(words: str, raw: str, key: str) -> None:
    assert clean_text(raw, parse_cleaning(words)) == key


def test_the_words_of_a_cleaning() -> None:
    rule = parse_cleaning("Separators, prefix ord; PREFIX #; leading zeros")
    assert rule == Cleaning(separators=True, prefixes=("ORD", "#"), zeros=True)
    assert parse_cleaning(str(rule)) == rule
    assert str(Cleaning()) == "standard"
    assert not parse_cleaning("standard").is_strong
    with pytest.raises(ValueError, match="fuzzy"):
        parse_cleaning("separators; fuzzy")


def test_ids_that_cleaning_would_merge_stay_apart() -> None:
    forms = texts("00123", "123", "0456", "456A", "00123", "9-9")
    rule = Cleaning(separators=True, zeros=True)
    cleaned = strong(forms, rule)
    assert cleaned.to_pylist() == ["123", "123", "456", "456A", "123", "99"]
    assert apart(forms, cleaned).tolist() == [True, True, False, False, True, False]
    found, mixed = clean(pd.Series(["00123", "123", "0456", "456A", "00123", "9-9"], dtype="str"), rule)
    assert found.to_pylist() == ["00123", "123", "456", "456A", "00123", "99"]
    assert mixed.sum() == 3


def test_the_same_id_twice_is_not_apart() -> None:
    forms = texts("00123", "00123", "7")
    assert not apart(forms, strong(forms, Cleaning(zeros=True))).any()
    assert not apart(texts("A", "B"), texts("A", "B")).any()


# The hash.

some = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(["", "a", "A", "a\x00", "\x00", "FN-1", "x" * 7, "x" * 8, "x" * 9, "x" * 200]),
    ),
    max_size=30,
)


@given(some)
def test_equal_texts_and_only_they_have_equal_hashes(values: list[str]) -> None:
    values = [value.encode("utf-8", "ignore").decode() for value in values]
    hashes = content_hash(texts(*values)).tolist()
    for one, its in zip(values, hashes, strict=True):
        for other, others in zip(values, hashes, strict=True):
            assert (one == other) == (its == others)


@given(some, st.integers(0, 40), st.integers(0, 40))
def test_a_slice_has_the_hashes_of_its_texts(values: list[str], start: int, length: int) -> None:
    values = [value.encode("utf-8", "ignore").decode() for value in values]
    part = texts(*values).slice(min(start, len(values)), length)
    assert content_hash(part).tolist() == [content_hash(texts(value))[0] for value in part.to_pylist()]
    assert content_hash(part.cast(pa.string())).tolist() == content_hash(part).tolist()


def test_the_hash_is_the_same_for_ever() -> None:
    """Line ids and notes of earlier runs stand on it."""
    assert [f"{one:016x}" for one in content_hash(texts("", "FN-420101", "x" * 20, "é"))] == FOR_EVER


FOR_EVER = ["e220a8397b1dcdaf", "e17da8f680a6296f", "3c83ae7675199955", "73e6b813967b4fc8"]


def test_no_collision_among_many_like_ids() -> None:
    values = [f"{prefix}{number}" for prefix in ("FN-", "OD", "1000000000000") for number in range(40_000)]
    assert len(np.unique(content_hash(texts(*values)))) == len(values)


def test_mix_is_a_bijection_on_a_sample() -> None:
    values = np.arange(100_000, dtype=np.uint64)
    assert len(np.unique(mix(values))) == len(values)


def test_ids_are_numbered_by_their_text() -> None:
    array = texts("B", "A", "", "B", "C")
    codes, count = codes_of(array, content_hash(array))
    assert codes.tolist()[2] == -1
    assert codes[0] == codes[3]
    assert len({codes[0], codes[1], codes[4]}) == 3
    assert max(codes) < count


def test_two_texts_that_share_a_hash_are_told_apart() -> None:
    array = texts("A", "B", "A", "", "C")
    forced = np.array([7, 7, 7, 9, 8], np.uint64)
    codes, count = codes_of(array, forced)
    assert codes[0] == codes[2]
    assert len({codes[0], codes[1], codes[4]}) == 3
    assert codes[3] == -1
    assert max(codes) < count


def test_no_ids_at_all() -> None:
    codes, count = codes_of(texts(), content_hash(texts()))
    assert (len(codes), count) == (0, 0)
    assert keys.standard(texts()).to_pylist() == []


def test_a_chunked_column_with_nulls() -> None:
    found, _ = clean(
        pd.concat([pd.Series(["a", None], dtype="str"), pd.Series(["b "], dtype="str")], ignore_index=True), Cleaning()
    )
    assert found.to_pylist() == ["A", "", "B"]
