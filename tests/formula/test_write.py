"""Tree -> text: what is printed parses back to an equal tree, and a file holds what Excel itself would store."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon_core.formula.fallback import known
from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.parse import MAX_NESTING, parse
from recon_core.formula.tree import (
    STRENGTH,
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
from recon_core.formula.write import NEWER, SHEET_PREFIX, to_text, to_workbook

# -- text and back ----------------------------------------------------------------------------------------

NUMBERS = st.one_of(  # fifteen digits are kept of what is typed
    st.integers(0, 10**15 - 1).map(float),
    st.floats(0, 1e308, allow_nan=False).map(lambda number: abs(float(f"{number:.15g}"))),
    st.sampled_from([0.1, 0.333333333333333, 1e-300, 5e-324, 9.99999999999999e307, 123456789.123456, 1e15, 1e21]),
)
# A typed text has 255 characters at most, and no line end but \n: Python reads a lone \r of a file as one
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.one_of(NUMBERS, TEXTS, st.booleans(), st.sampled_from(ExcelError))
SIGNED = st.one_of(NUMBERS, NUMBERS.filter(bool).map(float.__neg__), TEXTS, st.booleans(), st.sampled_from(ExcelError))
HEADERS = st.one_of(
    st.sampled_from(["Amount", "Order ID", "#1", "[net]", "a]b", "@home", "it's", "'", "two\nlines", "a:b", "a,b", "Rate %", "é", "数量", '"', "1", "#This Row", "x'"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=6),
)  # fmt: skip
TABLES = st.sampled_from(["T", "Orders", "Rate_card", "a.b", "Verkäufe", "A1", "_x"])
REFERENCES = st.builds(
    TableRef,
    st.one_of(st.just(""), TABLES),
    st.lists(HEADERS, max_size=2).map(tuple),
    st.sampled_from(["this", "data", "headers", "all"]),
).filter(lambda ref: ref.table or ref.columns or ref.part != "data")
CELLS = st.builds(
    lambda sheet, rows, columns: CellRef(sheet, min(rows), min(columns), max(rows), max(columns)),
    st.sampled_from(["", "Sheet1", "My sheet", "O'Neil", "a!b", "2026"]),
    st.tuples(st.integers(1, 1048576), st.integers(1, 1048576)),
    st.tuples(st.integers(1, 16384), st.integers(1, 16384)),
)
OPEN_CELLS = st.builds(
    lambda ends, is_rows: (
        CellRef("", min(ends), 0, max(ends), 0) if is_rows else CellRef("", 0, min(ends), 0, max(ends))
    ),
    st.tuples(st.integers(1, 16384), st.integers(1, 16384)),
    st.booleans(),
)
ARRAYS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.tuples(*[SIGNED] * width), min_size=1, max_size=3).map(tuple).map(Array)
)
NAMES = st.sampled_from(["net", "x_1", "_a", "Orders", "TRUEish", "rate.net", "Ä"]).map(Name)
LEAVES = st.one_of(VALUES.map(Literal), REFERENCES, CELLS, OPEN_CELLS, ARRAYS, NAMES)
CALLED = st.sampled_from(["SUM", "IF", "LOG10", "NETWORKDAYS.INTL", "LET", "XLOOKUP", "T", "DAYS360"])
OLDER = ("SUM", "DAYS360", "NETWORKDAYS.INTL", "WORKDAY.INTL", "ISO.CEILING", "IFERROR")
BY_STRENGTH = [[op for op, strength in STRENGTH.items() if strength == own] for own in range(1, 6)]


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> Node:
    """Any tree in the form the parser makes."""
    dice = draw(st.integers(0, 8))
    if depth == 0 or dice < 3:
        return draw(LEAVES)
    below = trees(depth - 1)
    if dice < 6:
        ops = draw(st.sampled_from(BY_STRENGTH))
        return Chain(draw(below), tuple(draw(st.lists(st.tuples(st.sampled_from(ops), below), min_size=1, max_size=3))))
    if dice == 6:
        args = tuple(draw(st.lists(st.one_of(below, st.just(Missing())), max_size=4)))
        return Call(draw(CALLED), () if args == (Missing(),) else args)
    of = draw(below)
    if dice == 7:
        return Percent(of)
    is_own = isinstance(of, TableRef) and not of.table and of.part == "data"
    return Prefix(draw(st.sampled_from("+-" if is_own else "+-@")), of)


ROOTS = trees().flatmap(lambda tree: st.sampled_from([tree, Group(tree)]) if isinstance(tree, Chain) else st.just(tree))


@settings(max_examples=400)
@given(tree=ROOTS)
@example(tree=Chain(Chain(Literal(1.0), (("-", Literal(2.0)),)), (("-", Literal(3.0)),)))
@example(tree=Percent(Prefix("-", Percent(Literal(2.0)))))
@example(tree=Prefix("-", Prefix("-", Chain(Literal(2.0), (("^", Literal(2.0)),)))))
def test_a_printed_tree_parses_back(tree):
    text = to_text(tree)
    assert parse(text) == tree
    assert to_text(parse(text)) == text


@settings(max_examples=200)
@given(tree=ROOTS)
def test_the_text_of_a_file_parses_back_where_names_are_full(tree):
    """Every reference names its table, and no bare name is left."""
    text = to_workbook(tree, "Own")
    again = to_workbook(parse(text), "Own")
    assert again == text.replace("_xlfn.SINGLE(", "SINGLE(")


@settings(max_examples=300)
@given(text=st.lists(st.sampled_from(["=", "+", "-", "%", "(", ")", ",", "{", "}", ";", "[@a]", "T[x]", "1", '"a"', "IF", "LET(", "#N/A", "A1", ":", "!", "@", " ", "T", "^", "&", "<", ">"]), max_size=12).map("".join))  # fmt: skip
def test_what_parses_prints_and_parses_to_the_same_tree(text):
    try:
        tree = parse(text)
    except FormulaError:
        return
    assert parse(to_text(tree)) == tree


def test_deep_trees_print():
    deep = "=" + "IF(1,2-(1+" * (MAX_NESTING // 2) + "3" + "))" * (MAX_NESTING // 2)
    assert to_text(parse(deep)) == deep


# -- as a file holds it -----------------------------------------------------------------------------------

IN_FILE = {
    "=[@Status]": "Orders[[#This Row],[Status]]",
    "=@[Status]": "Orders[[#This Row],[Status]]",
    "=[@[Order ID]]": "Orders[[#This Row],[Order ID]]",
    "=SUM([Amount])": "SUM(Orders[Amount])",
    "=SUM([@[Jan]:[Mar]])": "SUM(Orders[[#This Row],[Jan]:[Mar]])",
    "=ROWS([[Jan]:[Mar]])": "ROWS(Orders[[Jan]:[Mar]])",
    "=COUNTA([@])": "COUNTA(Orders[[#This Row]])",
    "=[[#Headers],[Amount]]": "Orders[[#Headers],[Amount]]",
    "=COLUMNS(Rates[#All])": "COLUMNS(Rates[[#All]])",
    "=COLUMNS(Rates[[#All],[a]:[b]])": "COLUMNS(Rates[[#All],[a]:[b]])",
    "=ROWS(Rates)": "ROWS(Rates[])",
    "=ROWS(Rates[])": "ROWS(Rates[])",
    "=ORDERS[@Status]": "ORDERS[[#This Row],[Status]]",
    "=[@['#1 '[net'] of '@x''s]]": "Orders[[#This Row],['#1 '[net'] of '@x''s]]",
    "=[@[two\nlines, a:b]]": "Orders[[#This Row],[two\nlines, a:b]]",
    '=[@[say "x"]]': 'Orders[[#This Row],[say "x"]]',
    "=XLOOKUP([@a],Rates[k],Rates[v],0)": "_xlfn.XLOOKUP(Orders[[#This Row],[a]],Rates[k],Rates[v],0)",
    "=ifs([@a]>1,1)": "_xlfn.IFS(Orders[[#This Row],[a]]>1,1)",
    "=IFERROR(IFNA([@a],1),2)": "IFERROR(_xlfn.IFNA(Orders[[#This Row],[a]],1),2)",
    '=TEXTJOIN(",",TRUE,FILTER(Rates[v],Rates[k]=[@a],""))': '_xlfn.TEXTJOIN(",",TRUE,_xlfn._xlws.FILTER(Rates[v],Rates[k]=Orders[[#This Row],[a]],""))',
    "=SUM(SORT(Rates[v]))": "SUM(_xlfn._xlws.SORT(Rates[v]))",
    "=SUM(SORTBY(UNIQUE(Rates[v]),1))": "SUM(_xlfn.SORTBY(_xlfn.UNIQUE(Rates[v]),1))",
    "=LET(net,[@a]-[@b],Net*2)": "_xlfn.LET(_xlpm.net,Orders[[#This Row],[a]]-Orders[[#This Row],[b]],_xlpm.Net*2)",
    "=_xlfn.LET(_xlpm.x,1,_xlpm.x)": "_xlfn.LET(_xlpm.x,1,_xlpm.x)",
    "=NETWORKDAYS.INTL([@a],[@b])+WORKDAY.INTL(1,2)": "NETWORKDAYS.INTL(Orders[[#This Row],[a]],Orders[[#This Row],[b]])+WORKDAY.INTL(1,2)",
    "=ISO.CEILING(1)+CEILING.MATH(1)": "ISO.CEILING(1)+_xlfn.CEILING.MATH(1)",
    "=STDEV.S([a])+STDEV([a])": "_xlfn.STDEV.S(Orders[a])+STDEV(Orders[a])",
    "=DAYS([@a],[@b])+DAYS360([@a],[@b])": "_xlfn.DAYS(Orders[[#This Row],[a]],Orders[[#This Row],[b]])+DAYS360(Orders[[#This Row],[a]],Orders[[#This Row],[b]])",
    '=REGEXEXTRACT([@a],"x")': '_xlfn.REGEXEXTRACT(Orders[[#This Row],[a]],"x")',
    "=NORM.S.DIST(1,TRUE)+NORMSDIST(1)": "_xlfn.NORM.S.DIST(1,TRUE)+NORMSDIST(1)",
    "=FORECAST.LINEAR(1,[a],[b])": "_xlfn.FORECAST.LINEAR(1,Orders[a],Orders[b])",
    "=@Rates[v]": "_xlfn.SINGLE(Rates[v])",
    "=( [@a] - [@b] )": "(Orders[[#This Row],[a]]-Orders[[#This Row],[b]])",
    "=1e9*[@a]%": "1000000000*Orders[[#This Row],[a]]%",
    "=1e21+1e-7+0.1": "1E+21+0.0000001+0.1",
    '="say ""x"""&#N/A&TRUE': '"say ""x"""&#N/A&TRUE',
    '={1,"a";TRUE,#N/A}': '{1,"a";TRUE,#N/A}',
    "=IF(,1,)": "IF(,1,)",
}  # fmt: skip


@pytest.mark.parametrize("formula", IN_FILE)
def test_in_a_file(formula):
    assert to_workbook(parse(formula), "Orders") == IN_FILE[formula]


def test_tables_bear_their_name_in_the_file():
    tree = parse("=XLOOKUP([@k],RateCard[k],rates[v])")
    found = to_workbook(tree, "Derived_2", {"ratecard": "Rate_Card", "Rates": "Rates_1"})
    assert found == "_xlfn.XLOOKUP(Derived_2[[#This Row],[k]],Rate_Card[k],Rates_1[v])"
    assert to_workbook(parse("=ROWS(Rates)"), "Own", {"rates": "Rates_1"}) == "ROWS(Rates_1[])"


def test_headers_are_spelled_as_in_the_file():
    headers = {"": ("Order ID", "two\nlines"), "Rates": ("SKU", "Rate in  %")}
    tree = parse("=[@[order id]]&[@[Two lines]]&INDEX(RATES[rate in %],1)&INDEX(Rates[[sku]:[rate in %]],1,1)")
    assert to_workbook(tree, "Own", headers=headers) == (
        "Own[[#This Row],[Order ID]]&Own[[#This Row],[two\nlines]]&INDEX(RATES[Rate in  %],1)&INDEX(Rates[[SKU]:[Rate in  %]],1,1)"
    )


def test_a_user_reads_what_a_user_would_type():
    formulas = [
        "=[@Status]",
        "=[@[Order ID]]",
        "=T[a b]",
        "=SUM(T[[a]:[b]])",
        "=-2^2",
        "=(1-2)-3",
        "=1-(2-3)",
        '=IF([@a]="x",1,)',
        "=T[[#Headers],[a]]",
        "=(1+2)",
        "=5%",
    ]
    assert [to_text(parse(formula)) for formula in formulas] == formulas


def test_the_prefixes_are_those_another_writer_stores():
    """Its list is Microsoft's too; the three of 2024 it does not know yet."""
    writer = pytest.importorskip("xlsxwriter.worksheet").Worksheet()
    stored = {
        name: writer._prepare_formula(f"{name}(1)", expand_future_functions=True)
        for name in (*NEWER, *SHEET_PREFIX, *OLDER)
    }
    theirs = {name for name, text in stored.items() if text.startswith("_xlfn.")}
    assert (NEWER | SHEET_PREFIX) - theirs == {"REGEXTEST", "REGEXEXTRACT", "REGEXREPLACE"}
    assert {name: to_workbook(parse(f"={name}(1)"), "T") for name in theirs} == {name: stored[name] for name in theirs}


def test_no_function_of_ours_or_of_the_fallback_lacks_its_prefix():
    old = pytest.importorskip("openpyxl.utils").FORMULAE | {"IFERROR", "ISO.CEILING"}
    assert {*FUNCTIONS, *known()} <= NEWER | SHEET_PREFIX | old
