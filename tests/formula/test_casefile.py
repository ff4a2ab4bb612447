"""The reader of formula cases, and the cases as a whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.formula.casefile import Case, Err, literal, read_cases

CASES = Path(__file__).resolve().parent.parent / "cases" / "formula"


def write(tmp_path: Path, text: str) -> list[Case]:
    path = tmp_path / "some.txt"
    path.write_text(text, encoding="utf-8")
    return read_cases(path)


@pytest.mark.parametrize(("text", "value"), [
    ("", None), ("  ", None), ('""', ""), ('" a "', " a "), ('"say ""hi"""', 'say "hi"'), ("12.5", 12.5), ("-3", -3.0), (".5", 0.5), ("1E+3", 1000.0),
    ("TRUE", True), ("FALSE", False), ("#N/A", Err("#N/A")), ("#DIV/0!", Err("#DIV/0!")), ('"#N/A"', "#N/A"), ('"5"', "5"),
])  # fmt: skip
def test_a_literal_keeps_its_type(text, value):
    found = literal(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", ["abc", "true", '"open', "1,234", "#OOPS!", '"a"b"', "nan", "inf", "1_000"])
def test_what_is_no_literal_is_refused(text):
    with pytest.raises(ValueError, match="not an Excel literal"):
        literal(text)


def test_an_error_is_not_the_text_that_reads_like_it():
    assert Err("#N/A") != "#N/A"
    assert Err("#N/A") == Err("#N/A")
    assert Err("#N/A") != Err("#NUM!")
    assert len({Err("#N/A"), Err("#N/A"), "#N/A"}) == 2


def test_tables_rows_and_cases(tmp_path):
    first, second, third = write(
        tmp_path,
        '# shows all\n\ntable T\n| Key | Fee % |\n| "a|b" | 1 |\n| "c" | |\n\n=1+1  => 2\n'
        'row Order ID=" x, y=z ", Empty=, N=-1\n=IF(1>=0," => ","")  => " =>"\ntable U\n| K |\n| TRUE |\nrow A=#N/A\n=[@A]  => #N/A\n',
    )
    assert first == Case("some.txt", 8, "=1+1", 2.0, {}, {"T": {"Key": ["a|b", "c"], "Fee %": [1.0, None]}})
    assert (second.formula, second.expected) == ('=IF(1>=0," => ","")', " =>")
    assert second.row == {"Order ID": " x, y=z ", "Empty": None, "N": -1.0}
    assert list(second.tables) == ["T"]
    assert third.row == {"A": Err("#N/A")}
    assert third.tables["U"] == {"K": [True]}


@pytest.mark.parametrize("text", [
    "=1+1", "=1+1 => ", "=1+1 => two", "1+1 => 2", "| a |", "table T\n| a | b |\n| 1 |", "table T\n| a | a |", "table T\n| a ", "row A", "row A=1, A=2", "row =1",
])  # fmt: skip
def test_a_line_that_cannot_be_read_is_named(tmp_path, text):
    with pytest.raises(ValueError, match=r"some\.txt:\d: "):
        write(tmp_path, text)


def test_there_are_many_cases_and_none_twice():
    cases = [case for path in sorted(CASES.glob("*.txt")) for case in read_cases(path)]
    assert len(cases) >= 600
    assert all(case.formula.startswith("=") for case in cases)
    seen = Counter(repr((case.file, case.formula, case.row, case.tables)) for case in cases)
    assert [text for text, count in seen.items() if count > 1] == []
