"""Whole columns and single cells give the same XML, and amounts stay exact on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addin.hosts.cellxml import EPOCH_1900, EPOCH_1904, cell_xml, decimal_text, float_text
from addin.hosts.columnxml import Pen, Sheetwide, as_text, column_pieces, fast_body, join, slow_cells
from addin.hosts.sheetxml import content_of, stream_rows
from addin.hosts.styles import StyleBook, minimal_styles
from recon_core.sheets import Cell, Column, ExcelError, Formula, Kind, Sheet, Table
from tests.hosts import samples

PEN = Pen(5, 6)
LIVE = Pen(5, 5, 'IF(t[[#This Row],[a & b]]<1,"_x0041_","")')
PENS = pytest.mark.parametrize("pen", [PEN, LIVE], ids=["values", "formula"])
INT64 = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [
        "=1",
        "+1",
        "-x",
        "@a",
        "\tb",
        " x",
        "x ",
        "_x0041_",
        "a\x00b",
        "\r\n",
        "&<>",
        "\ufffe",
        "x" * 32_768,
        "😀" * 17_000,
    ]
)


def both(
    values: pd.Series[Any], kind: Kind, epoch: int = EPOCH_1900, px: str = "", pen: Pen = PEN
) -> tuple[list[str], list[str]]:
    wide = Sheetwide(epoch, px)
    rows = as_text(np.arange(7, 7 + len(values)))
    fast = join(column_pieces(values, kind, "AB", rows, pen, wide)).to_pylist()
    return fast, slow_cells(values, kind, "AB", rows.to_pylist(), pen, wide)


def same(values: pd.Series[Any], kind: Kind, **options: Any) -> None:
    """The fast way is taken, and gives what the slow one gives."""
    assert fast_body(values, kind, options.get("pen", PEN), Sheetwide()) is not None
    fast, slow = both(values, kind, **options)
    assert fast == slow


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.ID, Kind.INPUT])
@pytest.mark.parametrize("dtype", ["str", "object", "string[python]"])
@given(texts=st.lists(st.none() | TEXTS, max_size=8))
def test_texts(kind, dtype, texts):
    same(pd.Series(texts, dtype=dtype), kind, px="x:")


@PENS
@given(texts=st.lists(TEXTS, min_size=1, max_size=8))
def test_categories(pen, texts):
    same(pd.Series(texts, dtype="category"), Kind.TEXT, pen=pen)


@given(texts=st.lists(st.none() | TEXTS, min_size=3, max_size=8), start=st.integers(0, 3))
def test_a_slice_of_a_longer_column(texts, start):
    same(pd.Series(texts, dtype="str").iloc[start:], Kind.TEXT)


@pytest.mark.parametrize("kind", [Kind.AMOUNT, Kind.INTEGER, Kind.NUMBER])
@given(numbers=st.lists(INT64, max_size=8))
def test_integers(kind, numbers):
    same(pd.Series(numbers, dtype="int64"), kind)


@pytest.mark.parametrize("kind", [Kind.AMOUNT, Kind.INTEGER])
@given(numbers=st.lists(st.none() | INT64, max_size=8))
def test_nullable_integers(kind, numbers):
    same(pd.Series(numbers, dtype="Int64"), kind)


@given(numbers=st.lists(st.floats(allow_infinity=False), max_size=8))
def test_floats(numbers):
    same(pd.Series(numbers, dtype="float64"), Kind.NUMBER)


SECONDS = st.none() | st.datetimes(pd.Timestamp(1900, 3, 1), pd.Timestamp(9999, 12, 31)).map(
    lambda d: d.replace(microsecond=0)
)


@pytest.mark.parametrize("kind", [Kind.DATE, Kind.DATETIME])
@pytest.mark.parametrize("epoch", [EPOCH_1900, EPOCH_1904])
@given(moments=st.lists(SECONDS, max_size=8))
def test_moments(kind, epoch, moments):
    fast, slow = both(pd.Series(moments, dtype="datetime64[s]"), kind, epoch)
    assert fast == slow


MIXED = (
    st.none()
    | TEXTS
    | st.booleans()
    | INT64
    | st.floats(allow_infinity=False)
    | st.floats(allow_infinity=False).map(np.float64)
    | st.sampled_from([ExcelError("#N/A"), ExcelError("#DIV/0!"), ExcelError("#SPILL!"), pd.NA, pd.NaT, np.bool_(1)])
)


@PENS
@given(values=st.lists(MIXED, max_size=12), start=st.integers(0, 3))
def test_mixed_values(pen, values, start):
    same(pd.Series(values, dtype=object).iloc[start:], Kind.VALUE, px="x:", pen=pen)


@PENS
@pytest.mark.parametrize("values", [["a", "=b", " c", ""], [1, -2], [1.5, float("nan"), -0.0], [True, False], [None]])
def test_values_of_one_type(pen, values):
    same(pd.Series(values), Kind.VALUE, pen=pen)
    same(pd.Series(values).convert_dtypes(), Kind.VALUE, pen=pen)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (2.5, '<c r="AB7" s="5"><v>2.5</v></c>'),
        (7, '<c r="AB7" s="5"><v>7</v></c>'),
        (True, '<c r="AB7" s="5" t="b"><v>1</v></c>'),
        (ExcelError("#N/A"), '<c r="AB7" s="5" t="e"><v>#N/A</v></c>'),
        (ExcelError("<x>"), '<c r="AB7" s="5" t="e"><v>#VALUE!</v></c>'),
        ("#N/A", '<c r="AB7" s="5" t="inlineStr"><is><t>#N/A</t></is></c>'),
        ("=1", '<c r="AB7" s="6" t="inlineStr"><is><t>=1</t></is></c>'),
        (" a", '<c r="AB7" s="5" t="inlineStr"><is><t xml:space="preserve"> a</t></is></c>'),
        ("", ""),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_a_value_by_its_type(value, cell):
    assert both(pd.Series([value], dtype=object), Kind.VALUE) == ([cell], [cell])


F = '<f>IF(t[[#This Row],[a &amp; b]]&lt;1,"_x005F_x0041_","")</f>'
CALCULATED = [
    (Kind.AMOUNT, pd.Series([12_345_000, None], dtype="Int64"), "", "1234.5"),
    (Kind.INTEGER, pd.Series([-7, None], dtype="Int64"), "", "-7"),
    (Kind.NUMBER, pd.Series([0.1, None]), "", "0.1"),
    (Kind.DATE, pd.Series(["2025-04-01", None], dtype="datetime64[s]"), "", "45748"),
    (Kind.DATETIME, pd.Series(["2025-04-01 12:00", None], dtype="datetime64[s]"), "", "45748.5"),
    (Kind.TEXT, pd.Series(["=a<b", None], dtype="str"), ' t="str"', "=a&lt;b"),
    (Kind.ID, pd.Series(["", None], dtype="str"), ' t="str"', ""),
    (Kind.WRAP, pd.Series(["a\nb", None], dtype="str"), ' t="str"', "a\nb"),
    (Kind.VALUE, pd.Series(["", None], dtype=object), ' t="str"', ""),
    (Kind.VALUE, pd.Series([False, None], dtype=object), ' t="b"', "0"),
    (Kind.VALUE, pd.Series([ExcelError("#REF!"), None], dtype=object), ' t="e"', "#REF!"),
    (Kind.VALUE, pd.Series(["#REF!", None], dtype=object), ' t="str"', "#REF!"),
    (Kind.VALUE, pd.Series([3, None], dtype=object), "", "3"),
]


@pytest.mark.parametrize(("kind", "values", "mark", "text"), CALCULATED)
def test_a_formula_stands_beside_its_value_and_a_blank_has_none(kind, values, mark, text):
    fast, slow = both(values, kind, pen=LIVE)
    assert fast == slow == [f'<c r="AB7" s="5"{mark}>{F}<v>{text}</v></c>', ""]


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.ID])
@given(texts=st.lists(st.none() | TEXTS, max_size=8))
def test_texts_of_formulas(kind, texts):
    same(pd.Series(texts, dtype="str"), kind, px="x:", pen=LIVE)


@PENS
@pytest.mark.parametrize(
    "values", [[float("inf"), "a"], [2**70], [Decimal("1.5")], ["\ud800"]], ids=["inf", "huge", "decimal", "surrogate"]
)
def test_odd_values_go_cell_by_cell(pen, values):
    assert fast_body(pd.Series(values, dtype=object), Kind.VALUE, pen, Sheetwide()) is None
    fast, slow = both(pd.Series(values, dtype=object), Kind.VALUE, pen=pen)
    assert fast == slow


def test_a_formula_inside_a_calculated_column_is_a_bug():
    with pytest.raises(TypeError, match="Formula"):
        both(pd.Series([Formula("A1", 1)], dtype=object), Kind.VALUE, pen=LIVE)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["a", 1, None, True, 1.5], dtype=object),
        pd.Series(["\ud800"], dtype=object),
        pd.Series([Formula("A1", 2), "=x"], dtype=object),
        pd.Series([True, False]),
    ],
)
def test_what_the_fast_way_declines_goes_cell_by_cell(values):
    assert fast_body(values, Kind.TEXT, PEN, Sheetwide()) is None
    fast, slow = both(values, Kind.TEXT)
    assert fast == slow


@given(minor=INT64)
def test_amounts_are_exact(minor):
    text = both(pd.Series([minor]), Kind.AMOUNT)[0][0].partition("<v>")[2].partition("</v>")[0]
    assert Decimal(text) == Decimal(minor).scaleb(-4)
    assert not text.endswith(".")
    assert "." not in text or not text.endswith("0")


@pytest.mark.parametrize(
    ("minor", "text"),
    [(12_345_000, "1234.5"), (-1, "-0.0001"), (0, "0"), (-50_000, "-5"), (10_010, "1.001"), (100_000, "10")],
)
def test_amounts_as_text(minor, text):
    assert both(pd.Series([minor]), Kind.AMOUNT)[0] == [f'<c r="AB7" s="5"><v>{text}</v></c>']
    assert decimal_text(Decimal(minor).scaleb(-4)) == text


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_back_as_themselves(value):
    assert float(float_text(value)) == value


def test_blanks_are_no_cells_but_inputs_stay():
    values = pd.Series(["a", "", None], dtype="str")
    assert both(values, Kind.TEXT)[0][1:] == ["", ""]
    assert both(values, Kind.INPUT)[0][1:] == ['<c r="AB8" s="5"/>', '<c r="AB9" s="5"/>']
    assert cell_xml("A1", None, 0) == ""


def test_rows_of_tables_and_free_cells_share_one_order():
    """Two tables side by side, longer than the slow way, with free cells beside, between and below them."""
    left, right = samples.table(100, "one", row=2), samples.table(60, "two", row=20, column=5)
    free = tuple(Cell(row=row, column=10, value=row) for row in (1, 2, 50, 79, 80, 81, 500))
    sheet = Sheet(name="Ours", cells=free, tables=(right, left))
    content = content_of(sheet, StyleBook(minimal_styles(samples.MAIN), "styles"), Sheetwide())
    text = b"".join(bytes(piece) for piece in stream_rows(content)).decode()
    rows = [part.partition('"')[0] for part in text.split('<row r="')[1:]]
    assert rows == [str(row) for row in [*range(1, 103), 500]]
    for row in (1, 2, 50, 79, 80, 81, 500):
        assert f'<c r="J{row}"><v>{row}</v></c></row>' in text
    assert text.index('r="C50"') < text.index('r="E50"') < text.index('r="J50"')
    assert text.count("<c ") == 7 + 3 * 101 + 3 * 61


def test_a_long_table_is_written_in_many_chunks():
    frame = pd.DataFrame({"A": pd.array([f"{i:05d}" + "x" * 500 for i in range(40_000)], "str")})
    sheet = Sheet(name="Ours", tables=(Table(name="t", columns=(Column(name="A"),), frame=frame, row=1),))
    content = content_of(sheet, StyleBook(minimal_styles(samples.MAIN), "styles"), Sheetwide())
    pieces = [bytes(piece) for piece in stream_rows(content)]
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 16 << 20
    text = b"".join(pieces)
    assert text.count(b"<row ") == 40_001
    assert b'<c r="A40001" t="inlineStr"><is><t>39999x' in text


def test_text_arrays_without_bytes():
    same(pd.Series([None, None], dtype="str"), Kind.TEXT)
    same(pd.Series([], dtype="str"), Kind.TEXT)
    assert isinstance(join(["a", pa.array(["b"], pa.large_string())]), pa.Array)
