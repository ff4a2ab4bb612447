"""Formula text of Excel and of Calc, without a spreadsheet."""

from __future__ import annotations

import pytest

from addin.calc.formulas import moved, sheet_prefix, to_calc, to_excel

BOTH_WAYS = [
    ("=SUM(A1,B2)", "=SUM(A1;B2)"),
    ("={1,2;3,4}", "={1;2|3;4}"),
    ("=Sheet1!$B$2", "=$'Sheet1'.$B$2"),
    ("='it''s a b'!A1:B3*2", "=$'it''s a b'.A1:B3*2"),
    ('=IF(A1="x,;!",TRUE,FALSE)', '=IF(A1="x,;!";TRUE();FALSE())'),
    ("=CEILING(A1,2)+CEILING.MATH(3)", "=CEILING.XCL(A1;2)+CEILING.MATH(3)"),
    ("=STDEV.S(A:A,1:3)", "=STDEV.S(A:A;1:3)"),
    ("=SUM(t[Price])", "=SUM(t[Price])"),
    ("=t[[#This Row],[Unit Price]]*2", "=t[[#This Row];[Unit Price]]*2"),
    ("=SUM(t[[#All],[a]:[b]])", "=SUM(t[[#All];[a]:[b]])"),
    ("=IFERROR(1/0,#N/A)", "=IFERROR(1/0;#N/A)"),
    ("=A1:A3 A2", "=A1:A3!A2"),
    ("=1.5%+2", "=1.5%+2"),
]


@pytest.mark.parametrize(("excel", "calc"), BOTH_WAYS)
def test_there_and_back(excel, calc):
    assert to_calc(excel) == calc
    assert to_excel(calc) == excel


@pytest.mark.parametrize(
    ("excel", "calc"),
    [
        ("=[@Price]*2", "=Own[[#This Row];[Price]]*2"),
        ("=[@[Unit Price]]", "=Own[[#This Row];[Unit Price]]"),
        ("=t[@Price]", "=t[[#This Row];[Price]]"),
        ("=COUNTA(t[#Headers])", "=COUNTA(t[[#Headers]])"),
        ("=SUM(t[[#Data], [a]])", "=SUM(t[[#Data];[a]])"),
        ("=SUM(t[a, b])", "=SUM(t[a, b])"),
        ("=_xlfn.IFNA(A1, 0)", "=IFNA(A1; 0)"),
        ("=@A1", "=A1"),
    ],
)
def test_to_calc_only(excel, calc):
    assert to_calc(excel, "Own") == calc


@pytest.mark.parametrize(
    ("calc", "excel"),
    [
        ("=$Sheet1.A1:B3", "=Sheet1!A1:B3"),
        ("=$'a b'.#REF!", "='a b'!#REF!"),
        ("={=SUM(A1:A3)}".replace("={=", "{="), "=SUM(A1:A3)"),
        ("=unique(A1;TRUE())", "=UNIQUE(A1,TRUE)"),
        ("=(A1~B2)", "=(A1,B2)"),
        ('="a;b"&C1', '="a;b"&C1'),
    ],
)
def test_to_excel_only(calc, excel):
    assert to_excel(calc) == excel


def test_a_table_alone_is_its_body():
    assert to_calc("=ROWS(Orders)", "", {"orders"}) == "=ROWS(Orders[])"
    assert to_calc("=SUM(Orders[a],Orders)", "", {"orders"}) == "=SUM(Orders[a];Orders[])"
    assert to_excel("=ROWS(Orders[])") == "=ROWS(Orders)"


def test_this_row_outside_a_table():
    with pytest.raises(ValueError, match="names no table"):
        to_calc("=[@Price]")


@pytest.mark.parametrize(
    ("text", "rows", "columns", "there"),
    [
        ("=A1+$A1+A$1+$A$1", 2, 1, "=B3+$A3+B$1+$A$1"),
        ("=SUM(A1:B2)", 1, 0, "=SUM(A2:B3)"),
        ("=SUM(A:A,$B:$B,3:3)", 1, 2, "=SUM(C:C,$B:$B,4:4)"),
        ('="A1"&LOG10(A1)', 1, 0, '="A1"&LOG10(A2)'),
        ("=A1", -1, 0, "=#REF!"),
        ("=Sheet1!A1+t[[#This Row],[A1]]", 1, 0, "=Sheet1!A2+t[[#This Row],[A1]]"),
        ("=XFD1", 0, 1, "=#REF!"),
    ],
)
def test_moved(text, rows, columns, there):
    assert moved(text, rows, columns) == there


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("Data", "Data!"), ("A data", "'A data'!"), ("A1", "'A1'!"), ("it's", "'it''s'!"), ("2024", "'2024'!")],
)
def test_sheet_prefix(name, prefix):
    assert sheet_prefix(name) == prefix
