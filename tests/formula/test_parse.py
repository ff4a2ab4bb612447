"""Formula text -> tree: shapes of references, precedence, literals; and the exact words of every mistake."""

from __future__ import annotations

import pytest

from recon_core.formula.parse import parse
from recon_core.formula.tree import (
    Array,
    Call,
    CellRef,
    Chain,
    FormulaError,
    Group,
    Literal,
    Missing,
    Name,
    Node,
    Percent,
    Prefix,
    TableRef,
)
from recon_core.formula.values import ExcelError

A, B, C = (TableRef("", (name,), "this") for name in "abc")
ONE, TWO, THREE = Literal(1.0), Literal(2.0), Literal(3.0)


def run(first: Node, *rest: object) -> Chain:
    """A chain as `run(A, "+", B)`."""
    return Chain(first, tuple(zip(rest[::2], rest[1::2], strict=True)))


REFERENCES = {
    "[@Amount]": TableRef("", ("Amount",), "this"),
    "[@[Order ID]]": TableRef("", ("Order ID",), "this"),
    "[@Order ID]": TableRef("", ("Order ID",), "this"),
    "[@ Amount ]": TableRef("", ("Amount",), "this"),
    "[ @[Order ID] ]": TableRef("", ("Order ID",), "this"),
    "@[Amount]": TableRef("", ("Amount",), "this"),
    "[[#This Row],[Amount]]": TableRef("", ("Amount",), "this"),
    "[Amount]": TableRef("", ("Amount",), "data"),
    "[[Jan]:[Mar]]": TableRef("", ("Jan", "Mar"), "data"),
    "[@[Jan]:[Mar]]": TableRef("", ("Jan", "Mar"), "this"),
    "[@]": TableRef("", (), "this"),
    "[#Headers]": TableRef("", (), "headers"),
    "T[]": TableRef("T", (), "data"),
    "T[Rate]": TableRef("T", ("Rate",), "data"),
    "T[Rate in %]": TableRef("T", ("Rate in %",), "data"),
    "T[[Rate in %]]": TableRef("T", ("Rate in %",), "data"),
    "T[[Jan]:[Mar]]": TableRef("T", ("Jan", "Mar"), "data"),
    "T[[Jan] : [Mar]]": TableRef("T", ("Jan", "Mar"), "data"),
    "T[@Rate]": TableRef("T", ("Rate",), "this"),
    "T[@[Rate in %]]": TableRef("T", ("Rate in %",), "this"),
    "T[@]": TableRef("T", (), "this"),
    "T[[#This Row],[Rate]]": TableRef("T", ("Rate",), "this"),
    "T[[#this row],[Jan]:[Mar]]": TableRef("T", ("Jan", "Mar"), "this"),
    "T[ [#This Row] , [Rate] ]": TableRef("T", ("Rate",), "this"),
    "T[#This Row]": TableRef("T", (), "this"),
    "T[#All]": TableRef("T", (), "all"),
    "T[[#All]]": TableRef("T", (), "all"),
    "T[[#All],[Rate]]": TableRef("T", ("Rate",), "all"),
    "T[[#Headers],[#Data],[Rate]]": TableRef("T", ("Rate",), "all"),
    "T[#Data]": TableRef("T", (), "data"),
    "T[[#Data],[Rate]]": TableRef("T", ("Rate",), "data"),
    "T[#Headers]": TableRef("T", (), "headers"),
    "T[[#Headers],[Rate]]": TableRef("T", ("Rate",), "headers"),
    "Verkäufe[Menge]": TableRef("Verkäufe", ("Menge",), "data"),
    "Table_1.x[a]": TableRef("Table_1.x", ("a",), "data"),
    "A1[a]": TableRef("A1", ("a",), "data"),
    "[@['#1 '[net']]]": TableRef("", ("#1 [net]",), "this"),
    "[@['@home]]": TableRef("", ("@home",), "this"),
    "[@[Buyer''s name]]": TableRef("", ("Buyer's name",), "this"),
    "[@[two\nlines]]": TableRef("", ("two\nlines",), "this"),
    "[@[a,b:c]]": TableRef("", ("a,b:c",), "this"),
    '[@[say "x"]]': TableRef("", ('say "x"',), "this"),
}


@pytest.mark.parametrize("text", REFERENCES)
def test_structured_reference(text):
    assert parse("=" + text) == REFERENCES[text]
    assert parse(f"=ABS({text})+1") == run(Call("ABS", (REFERENCES[text],)), "+", ONE)


TREES = {
    # strength: comparison, &, + -, * /, ^; all from left to right
    "1+2*3": run(ONE, "+", run(TWO, "*", THREE)),
    "(1+2)*3": run(run(ONE, "+", TWO), "*", THREE),
    "1*2+3": run(run(ONE, "*", TWO), "+", THREE),
    "1-2-3": run(ONE, "-", TWO, "-", THREE),
    "(1-2)-3": run(run(ONE, "-", TWO), "-", THREE),
    "1-(2-3)": run(ONE, "-", run(TWO, "-", THREE)),
    "1+2-3": run(ONE, "+", TWO, "-", THREE),
    "1/2*3": run(ONE, "/", TWO, "*", THREE),
    "2^3^2": run(TWO, "^", THREE, "^", TWO),
    "2*3^2": run(TWO, "*", run(THREE, "^", TWO)),
    "2^3*2": run(run(TWO, "^", THREE), "*", TWO),
    "1&2+3": run(ONE, "&", run(TWO, "+", THREE)),
    "1+2&3": run(run(ONE, "+", TWO), "&", THREE),
    "1&2=3": run(run(ONE, "&", TWO), "=", THREE),
    "1<2=3": run(ONE, "<", TWO, "=", THREE),
    "1<=2": run(ONE, "<=", TWO),
    "1>=2": run(ONE, ">=", TWO),
    "1<>2": run(ONE, "<>", TWO),
    "1>2": run(ONE, ">", TWO),
    "1^2*3+1&2=3": run(run(run(run(run(ONE, "^", TWO), "*", THREE), "+", ONE), "&", TWO), "=", THREE),
    "3=2&1+3*2^1": run(THREE, "=", run(TWO, "&", run(ONE, "+", run(THREE, "*", run(TWO, "^", ONE))))),
    # signs bind before ^, percent behind its number
    "-2^2": run(Prefix("-", TWO), "^", TWO),
    "-(2^2)": Prefix("-", run(TWO, "^", TWO)),
    "2^-1": run(TWO, "^", Prefix("-", ONE)),
    "1-2": run(ONE, "-", TWO),
    "1--2": run(ONE, "-", Prefix("-", TWO)),
    "--[@a]": Prefix("-", Prefix("-", A)),
    "- + 1": Prefix("-", Prefix("+", ONE)),
    "-1%": Percent(Prefix("-", ONE)),
    "-(1%)": Prefix("-", Percent(ONE)),
    "1%%": Percent(Percent(ONE)),
    "--1%": Percent(Prefix("-", Prefix("-", ONE))),
    "1 %": Percent(ONE),
    "[@a]*[@b]%": run(A, "*", Percent(B)),
    "2^3%": run(TWO, "^", Percent(THREE)),
    "(1-2)%": Percent(run(ONE, "-", TWO)),
    # parentheses show only around a whole chain
    "(1-2)": Group(run(ONE, "-", TWO)),
    "((1-2))": Group(run(ONE, "-", TWO)),
    "(1)": ONE,
    "([@a])": A,
    "(1-2)+(2-1)": run(run(ONE, "-", TWO), "+", run(TWO, "-", ONE)),
    "1+(2-1)": run(ONE, "+", run(TWO, "-", ONE)),
    # calls
    "PI()": Call("PI", ()),
    "pi ( )": Call("PI", ()),
    "IF([@a],[@b],[@c])": Call("IF", (A, B, C)),
    "IF(,1,)": Call("IF", (Missing(), ONE, Missing())),
    "IF([@a],,)": Call("IF", (A, Missing(), Missing())),
    "ROUND(ABS(1),2)": Call("ROUND", (Call("ABS", (ONE,)), TWO)),
    "SUM((1))": Call("SUM", (ONE,)),
    "NETWORKDAYS.INTL(1,2)": Call("NETWORKDAYS.INTL", (ONE, TWO)),
    "LOG10(1)": Call("LOG10", (ONE,)),
    "DAYS360(1,2)": Call("DAYS360", (ONE, TWO)),
    "_xlfn.XLOOKUP(1,2,3)": Call("XLOOKUP", (ONE, TWO, THREE)),
    "_xlfn._xlws.SORT(T[])": Call("SORT", (TableRef("T", (), "data"),)),
    "LET(x,1,x+1)": Call("LET", (Name("x"), ONE, run(Name("x"), "+", ONE))),
    "LET(x, 1, y, x, LET(z, y, z))": Call("LET", (Name("x"), ONE, Name("y"), Name("x"), Call("LET", (Name("z"), Name("y"), Name("z"))))),
    "_xlfn.LET(_xlpm.x,1,_xlpm.x)": Call("LET", (Name("x"), ONE, Name("x"))),
    "ROWS(T)": Call("ROWS", (Name("T"),)),
    # literals
    "1": ONE,
    "1.": ONE,
    ".5": Literal(0.5),
    "1e999": Literal(1.79769313486231e308),
    "1e9": Literal(1e9),
    "1E-3": Literal(0.001),
    "1.5E+3": Literal(1500.0),
    "9999999999999999999": Literal(9999999999999990000.0),  # fifteen digits count
    '""': Literal(""),
    '"a""b"': Literal('a"b'),
    '"="': Literal("="),
    '"' + "x" * 255 + '"': Literal("x" * 255),
    "TRUE": Literal(True),
    "false": Literal(False),
    "TRUE()": Call("TRUE", ()),
    "#N/A": Literal(ExcelError.NA),
    "#div/0!": Literal(ExcelError.DIV0),
    "IF(1,#VALUE!,#REF!)": Call("IF", (ONE, Literal(ExcelError.VALUE), Literal(ExcelError.REF))),
    # lists in braces
    "{1,2;3,1}": Array(((1.0, 2.0), (3.0, 1.0))),
    "{-1,+2,--3,50%}": Array(((-1.0, 2.0, 3.0, 0.5),)),
    '{ "a" , TRUE ; #N/A , 1 }': Array((("a", True), (ExcelError.NA, 1.0))),
    # cells, which only whole workbooks have
    "A1": CellRef("", 1, 1, 1, 1),
    "$B$2:A1": CellRef("", 1, 1, 2, 2),
    "a1 : b2": CellRef("", 1, 1, 2, 2),
    "A:C": CellRef("", 0, 1, 0, 3),
    "2:5": CellRef("", 2, 0, 5, 0),
    "XFD1048576": CellRef("", 1048576, 16384, 1048576, 16384),
    "XFE1": Name("XFE1"),
    "A1048577": Name("A1048577"),
    "Sheet1!A1": CellRef("Sheet1", 1, 1, 1, 1),
    "'My ''own'' sheet'!A1:B2": CellRef("My 'own' sheet", 1, 1, 2, 2),
    # blanks and line breaks between words
    "\n IF( [@a] ,\t1 ,\r\n 2 )": Call("IF", (A, ONE, TWO)),
    "1\u00a0+ 2": run(ONE, "+", TWO),
}  # fmt: skip


@pytest.mark.parametrize("text", TREES)
def test_tree(text):
    assert parse("=" + text) == TREES[text]
    assert parse(text) == TREES[text]


def test_nodes_know_their_place():
    tree = parse(" =1 + ABS( [@a] )")
    assert isinstance(tree, Chain)
    call = tree.rest[0][1]
    assert isinstance(call, Call)
    assert (tree.first.at, tree.at, call.at, call.args[0].at) == (2, 4, 6, 11)


MISTAKES = """
=
 ^
The formula is empty.
Type a formula such as =[@Price]-[@Discount].

=1+
   ^
The formula ends too early.
Complete it; something is missing after the last operator.

=IF([@a]>1,"x","y"))
                   ^
A ) stands without its (.
Take it away, or add the missing (.

=ROUND([@a]*(1+[@b]),2
      ^
The ( of ROUND is never closed.
Add the missing ).

=2*(1+[@b]
   ^
A ( is never closed.
Add the missing ).

=IF([@Status]="RTO" 0,1)
                    ^
'0' is not expected here.
Write an operator such as & or + before it.

=[@a] [@b]
      ^
'[' is not expected here.
Write an operator such as & or + before it.

=SUM(1;2)
      ^
A semicolon stands between arguments.
Part arguments with commas.

=*2
 ^
'*' has nothing to work on.
Put a value on both sides of it.

=1=>2
   ^
'>' has nothing to work on.
Put a value on both sides of it.

=(1,2)
   ^
',' is not expected here.
Write an operator such as & or + before it.

=[@a]&"x
      ^
A text is never closed.
Add the missing ".

=IF(1,“a”)
      ^
'“' is a typographic quote.
Use straight quotes: "text".

=√4
 ^
'√' is not understood here.
Take it away, or put a text in double quotes.

=2*5kg
   ^
'5kg' is neither a number nor a name.
Put a text in double quotes.

=1+#OOPS!
   ^
The error name is not known.
Use #N/A, #VALUE! or another of Excel's errors.

=[]
 ^
The brackets are empty.
Name a column: [@Amount].

=T[[]]
  ^
The brackets are empty.
Name a column: [@Amount].

=1+[@[Order ID]
   ^
A [ is never closed.
Add the missing ].

=T[#Totals]
  ^
'#Totals' is no part of a table.
Use #This Row, #Data, #Headers or #All; a column of that name is written '#Totals.

=T[[#Totals],[x]]
  ^
'#Totals' is no part of a table.
Use #This Row, #Data, #Headers or #All; a column of that name is written '#Totals.

=T[[#Headers],[#This Row],[x]]
  ^
A reference names one part of a table.
Write Table[[#Headers],[Amount]].

=T[[a],[b]]
  ^
A reference names one column, or a first and a last.
Write Table[[A]:[C]].

=T[[a]:[b]:[c]]
  ^
A reference names one column, or a first and a last.
Write Table[[A]:[C]].

=T[[#This Row]:[b]]
  ^
A reference names one column, or a first and a last.
Write Table[[A]:[C]].

=T[[a] b]
  ^
'b' is not understood in a reference.
Write [@[Order ID]].

={1,2;3}
 ^
The rows in braces have different lengths.
Give each row as many values.

={1,[@a]}
    ^
A list in braces holds plain values only.
Write it as {1,2,3} or {"a","b"}.

={}
  ^
A list in braces holds plain values only.
Write it as {1,2,3} or {"a","b"}.

=SUM({1,2)
     ^
A list in braces is never closed.
Write it as {1,2,3}.

=Sheet1!+1
        ^
A cell or range is expected after the sheet name.
Write it as Sheet1!A1:B9.

=SUM(A1:XFE9)
     ^
'A1:XFE9' lies outside a sheet.
Name a range inside the sheet.
"""
CASES = [tuple(block.split("\n")) for block in MISTAKES.strip("\n").split("\n\n")]


@pytest.mark.parametrize(("formula", "caret", "what", "fix"), CASES, ids=[case[0] for case in CASES])
def test_mistake(formula, caret, what, fix):
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    assert str(caught.value) == f"{what}\n{formula}\n{caret}\n{fix}"
    assert caught.value.text == formula


def test_a_long_formula_is_cut_around_the_caret():
    with pytest.raises(FormulaError) as caught:
        parse("=" + "1+" * 100 + ")" + "+1" * 100)
    shown, caret = caught.value.caret.split("\n")
    assert shown.startswith("...1+1+")
    assert shown.endswith("+1+1+...")
    assert shown[caret.index("^")] == ")"
    assert len(shown) < 110


def test_line_breaks_do_not_move_the_caret():
    with pytest.raises(FormulaError) as caught:
        parse("=IF(\r\n\t1 2)")
    assert caught.value.caret == "=IF(   1 2)\n         ^"


@pytest.mark.parametrize(
    ("formula", "what"),
    [
        ('="' + "x" * 256 + '"', "A text in a formula may have 255 characters."),
        ("=" + "1" * 8192, "The formula has 8,193 characters; Excel allows 8,192."),
        ("=SUM(" + "1," * 255 + "1)", "SUM has more than 255 arguments."),
        ("=" + "(" * 65 + "1" + ")" * 65, "The formula is nested deeper than 64 levels."),
        ("=" + "ABS(" * 65 + "1" + ")" * 65, "The formula is nested deeper than 64 levels."),
        ("=1" + "%" * 65, "The formula is nested deeper than 64 levels."),
    ],
    ids=["text", "length", "arguments", "parentheses", "functions", "percents"],
)
def test_limit(formula, what):
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    assert caught.value.what == what


def test_the_limits_themselves_are_allowed():
    assert parse('="' + "x" * 255 + '"') == Literal("x" * 255)
    assert len(parse("=SUM(" + "1," * 254 + "1)").args) == 255
    assert parse("=" + "(" * 64 + "1" + ")" * 64) == ONE
    assert parse("=1" + "+1" * 4000) == run(ONE, *["+", ONE] * 4000)
    assert parse(("=" + "1+" * 4000 + "1").ljust(8192)).first == ONE
