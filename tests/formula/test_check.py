"""What is said of a formula before it runs; the order of derived columns; whether an answer is a date."""

from __future__ import annotations

import pytest

from recon_core.formula.check import check, in_order, is_date, references
from recon_core.formula.parse import parse
from recon_core.formula.tree import FormulaError, TableRef
from recon_core.formula.unavailable import UNAVAILABLE

OWN = ("Order ID", "Status", "Amount", "Discount", "two\nlines", "Paid on")
TABLES = {"Orders": OWN, "Rates": ("SKU", "Rate", "From"), "Rate Card": ("Fee",)}

RIGHT = [
    "=[@Amount]*(1-[@Discount]%)",
    "=[@amount]+[@[ORDER ID]]",
    "=[@[Two Lines]]",
    "=XLOOKUP([@Status],Rates[SKU],rates[rate],0)",
    "=SUM([Amount])",
    "=SUM(Orders[Amount])",
    "=Orders[@Amount]",
    "=COLUMNS(Rates)",
    "=COLUMNS(Rates[[SKU]:[From]])",
    "=INDEX(Rates[#Headers],1)",
    "=LET(net,[@Amount],gst,net*18%,net+GST)",
    "=LET(x,1,LET(y,x,x+y))",
    "=IFS([@Amount]>1,1,TRUE,2)",
    "=SWITCH([@Status],1,2)",
    "=SWITCH([@Status],1,2,3)",
    "=SUMIFS(Rates[Rate],Rates[SKU],[@Status],Rates[From],1)",
    "=PMT(1%,12,[@Amount])",
    "=SUM(1,2,3)",
    "=IF([@Amount],,)",
    "=@[Amount]",
    "=1",
]


@pytest.mark.parametrize("formula", RIGHT)
def test_right(formula):
    check(parse(formula), formula, OWN, TABLES)


WRONG = """
=SUMM([@Amount])
 ^
There is no function SUMM.
Did you mean 'SUM'?

=1+XLOKUP([@Status],Rates[SKU],Rates[Rate])
   ^
There is no function XLOKUP.
Did you mean 'XLOOKUP'?

=ZZQZ(1)
 ^
There is no function ZZQZ.
Choose a function that 'tieout functions' lists.

=[@Amonut]*2
 ^
There is no column 'Amonut'.
Did you mean 'Amount'?

=2*[@Qty]
   ^
There is no column 'Qty'.
Choose from: Order ID, Status, Amount, Discount, two lines, Paid on.

=SUM(Rates[Rates])
     ^
There is no column 'Rates' in Rates.
Did you mean 'Rate'?

=SUM(Rates[[SKU]:[Until]])
     ^
There is no column 'Until' in Rates.
Choose from: SKU, Rate, From.

=XLOOKUP([@Status],Rate[SKU],Rates[Rate])
                   ^
There is no table 'Rate'.
Did you mean 'Rates'?

=SUM(Claims[Amount])
     ^
There is no table 'Claims'.
Choose from: Orders, Rate Card, Rates.

=[@Amount]*Rates[@Rate]
           ^
'Rates' has no row that belongs to this one.
Use XLOOKUP([@Id],Rates[Id],Rates[Value]) to find it.

=SUM([@])
     ^
A reference to this row names one column.
Write [@Amount].

=@Rates[Rate]
 ^
@ does not tell which row of the table is meant.
Write [@Amount] for the row's own value, XLOOKUP to find one in another table.

=Amount*2
 ^
'Amount' is no table, and no name that LET gives.
Did you mean 'Amount'?

=ROUND(total,2)
       ^
'total' is no table, and no name that LET gives.
Write [@total] for a column, and "total" for a text.

=LET(net,[@Amount],nett*2)
                   ^
'nett' is no table, and no name that LET gives.
Did you mean 'net'?

=LET(x,x+1,x)
       ^
'x' is no table, and no name that LET gives.
Write [@x] for a column, and "x" for a text.

=LET(x,y,y,1,x)
       ^
'y' is no table, and no name that LET gives.
Write [@y] for a column, and "y" for a text.

=LET(x,1,x)+x
            ^
'x' is no table, and no name that LET gives.
Write [@x] for a column, and "x" for a text.

=LET(tax1,5,tax1*2)
     ^
A name that LET gives may not look like a cell.
Choose a longer name, such as net_1.

=LET([@Amount],5,2)
     ^
LET needs a name before each value.
Write LET(name, value, result).

=LET(x,1)
 ^
LET has 2 arguments, it needs at least 3.
Write LET(name, value, [name, value]..., result).

=LET(x,1,y,2)
 ^
LET has 4 arguments; its last ones come in groups of 2.
Write LET(name, value, [name, value]..., result).

=IFS([@Amount]>1,1,TRUE)
 ^
IFS has 3 arguments; its last ones come in groups of 2.
Write IFS(condition, value, [condition, value]...).

=ROUND([@Amount])
 ^
ROUND has 1 argument, it needs 2.
Write ROUND(number, digits).

=LEFT("a",1,2)
 ^
LEFT has 3 arguments, it needs 1 to 2.
Write LEFT(text, [count]).

=PI(1)
 ^
PI has 1 argument, it needs 0.
Write PI().

=IF(TRUE)
 ^
IF has 1 argument, it needs 2 to 3.
Write IF(condition, then, [otherwise]).

=TODAY()-[@[Paid on]]
 ^
TODAY changes from day to day, and a reconciliation must give the same result again.
Write the date, such as DATE(2026,4,30), or name a column.

=[@Amount]*RAND()
           ^
RAND changes with every run, and a reconciliation must give the same result again.
Write a number, or name a column.

=INDIRECT("Rates[Rate]")
 ^
INDIRECT cannot be used in a derived column.
Name the table and column instead.

=WEBSERVICE("http://x")
 ^
WEBSERVICE cannot be used in a derived column.
Name the table and column instead.

=LAMBDA(x,x+1)
 ^
LAMBDA cannot be used in a derived column.
Write the steps with LET or in several columns.

=[@Amount]+A1
           ^
A formula of a column names columns, not cells such as A1.
Write [@Amount] for the row's own value, Table[Column] for a whole column.

=SUM(Sheet1!A:A)
     ^
A formula of a column names columns, not cells such as A1.
Write [@Amount] for the row's own value, Table[Column] for a whole column.
"""
CASES = [tuple(block.split("\n")) for block in WRONG.strip("\n").split("\n\n")]


@pytest.mark.parametrize(("formula", "caret", "what", "fix"), CASES, ids=[case[0] for case in CASES])
def test_wrong(formula, caret, what, fix):
    with pytest.raises(FormulaError) as caught:
        check(parse(formula), formula, OWN, TABLES)
    assert str(caught.value) == f"{what}\n{formula}\n{caret}\n{fix}"


def test_the_first_mistake_of_the_text_is_told():
    with pytest.raises(FormulaError) as caught:
        check(parse("=IF([@a],SUMM(1),[@b])"), "=IF([@a],SUMM(1),[@b])", OWN, TABLES)
    assert caught.value.at == 4


@pytest.mark.parametrize("name", sorted(UNAVAILABLE))
def test_what_is_unavailable_is_refused_whatever_its_arguments(name):
    for formula in (f"={name}()", f"=IF(1,2,{name}([@Amount],1))"):
        with pytest.raises(FormulaError, match=name):
            check(parse(formula), formula, OWN, TABLES)


def test_without_other_tables():
    with pytest.raises(FormulaError) as caught:
        check(parse("=SUM(T[a])"), "", ("a",), {})
    assert caught.value.fix == "Name it in the table Sources first."


# -- what a formula needs, and the order ------------------------------------------------------------------


def test_references():
    tree = parse("=LET(x,[@Amount],IF(x>SUM(Rates[Rate]),ROWS(Orders),[@Status]))")
    assert references(tree) == [
        TableRef("", ("Amount",), "this"),
        TableRef("Rates", ("Rate",), "data"),
        TableRef("", ("Status",), "this"),
        TableRef("Orders", (), "data"),
    ]


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        ({}, []),
        ({"a": [], "b": [], "c": []}, ["a", "b", "c"]),
        ({"a": ["b"], "b": ["c"], "c": []}, ["c", "b", "a"]),
        ({"a": ["c"], "b": [], "c": ["Amount"]}, ["c", "a", "b"]),
        ({"a": ["b", "b", "c"], "b": ["c"], "c": []}, ["c", "b", "a"]),
    ],
)
def test_in_order(needs, order):
    assert in_order(needs) == order


@pytest.mark.parametrize(
    ("needs", "circle"),
    [
        ({"a": ["a"]}, "a -> a"),
        ({"a": ["b"], "b": ["a"]}, "a -> b -> a"),
        ({"x": ["net"], "net": ["fee", "Amount"], "fee": ["tax"], "tax": ["net"]}, "net -> fee -> tax -> net"),
    ],
)
def test_a_circle_is_shown(needs, circle):
    with pytest.raises(FormulaError) as caught:
        in_order(needs)
    assert caught.value.what == f"Derived columns need each other in a circle: {circle}."
    assert str(caught.value).endswith("Change one of them so that it no longer needs the others.")


def test_a_long_row_of_columns():
    count = 3000
    assert in_order({str(n): [str(n + 1)] for n in range(count)}) == [str(n) for n in reversed(range(count))]


# -- dates ------------------------------------------------------------------------------------------------

DATED = [
    "[@Paid]", "Rates[From]", "DATE(2026,4,30)", "EOMONTH([@Paid],0)", "[@Paid]+30", "30+[@Paid]", "[@Paid]-1", "([@Paid]+1)", "+[@Paid]",
    "[@Paid]+[@Amount]", 'IF([@Amount]>1,[@Paid],"")', "IF(1,0,[@Paid])", 'IFERROR(XLOOKUP(1,Rates[SKU],Rates[From]),"")', "MAX([@Paid],1)",
    "INDEX(Rates[From],2)", "LET(d,1,[@Paid]+d)", "DATEVALUE([@Status])", "WORKDAY([@Paid],2)", "EDATE(1,1)", "DATE(2026,1,1)+[@Paid]-DATE(2026,1,1)",
    "CHOOSE(1,[@Paid])", "IFS(TRUE,[@Paid])", "SWITCH(1,1,[@Paid])", "MAXIFS(Rates[From],Rates[SKU],1)",
]  # fmt: skip
PLAIN = [
    "[@Amount]", "Rates[Rate]", "[@Paid]-[@Paid]", "DATE(2026,4,30)-[@Paid]", "1-[@Paid]", "-[@Paid]", "[@Paid]*1", '[@Paid]&""', "[@Paid]=1",
    "YEAR([@Paid])", "DAYS([@Paid],1)", "IF([@Paid]>1,2,3)", "XLOOKUP([@Paid],Rates[From],Rates[Rate])", "SUM([@Amount])", "NETWORKDAYS([@Paid],1)",
    "45000", '"2026-01-01"', "[@Paid]+[@Paid]", 'TEXT([@Paid],"0")', "[@Paid]%", "LET(d,[@Paid],1)",
]  # fmt: skip


def dated(ref: TableRef) -> bool:
    return ref.columns in (("Paid",), ("From",))


@pytest.mark.parametrize("text", DATED)
def test_a_date(text):
    assert is_date(parse("=" + text), dated)


@pytest.mark.parametrize("text", PLAIN)
def test_no_date(text):
    assert not is_date(parse("=" + text), dated)
