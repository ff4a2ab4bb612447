"""Text functions beyond the cases of tests/cases/formula/text.txt: units, patterns, bounds, and columns."""

import random
import subprocess
import sys
import time

import pytest

from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.functions import conversion, joining, regex, splitting, text
from recon_core.formula.functions.spec import Context, lift
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table
from recon_core.formula.tree import FormulaError
from recon_core.formula.values import ExcelError, Grid2D, Values

VALUE, NA, CALC, DIV0 = ExcelError.VALUE, ExcelError.NA, ExcelError.CALC, ExcelError.DIV0
EMOJI = "a\U0001f600b"
FUNCTIONS = [
    function for module in (conversion, joining, regex, splitting, text) for function in module.FUNCTIONS.values()
]


def values(formula, **columns):
    """The answer of a formula; keyword arguments are the columns of its table."""
    own = Table.of("own", {name: Values.of(column) for name, column in columns.items()}) if columns else None
    return evaluate(parse(formula), Scope(own=own)).values


def calc(formula, **columns):
    found = values(formula, **columns).items()
    return found if columns else found[0]


CASES = [
    # a character above U+FFFF counts two
    (f'=LEN("{EMOJI}")', 4.0),
    (f'=LEFT("{EMOJI}",3)', "a\U0001f600"),
    (f'=LEFT("{EMOJI}",2)', "a\ufffd"),
    (f'=RIGHT("{EMOJI}",1)', "b"),
    (f'=MID("{EMOJI}",4,1)', "b"),
    (f'=FIND("b","{EMOJI}")', 4.0),
    (f'=SEARCH("B","{EMOJI}")', 4.0),
    (f'=REPLACE("{EMOJI}",2,2,"-")', "a-b"),
    ("=LENB(12)&LEFTB(123,2)&RIGHTB(123)&MIDB(123,2,1)", "21232"),
    # case
    ('=UPPER("straße")', "STRAßE"),
    ('=LOWER("ΑΣ")', "ασ"),
    ("=PROPER(\"o'neil's 2nd\")", "O'Neil'S 2Nd"),
    ('=PROPER("éCOLE élan")', "École Élan"),
    # SEARCH: each star takes as little as it can, a tilde makes the next character plain
    ('=SEARCH("a*c*e","xxabcde")', 3.0),
    ('=SEARCH("*d","abcd")', 1.0),
    ('=SEARCH("~a~b~","ab")', 1.0),
    ('=SEARCH("c?*","abc")', VALUE),
    ('=SEARCH("","abc",5)', VALUE),
    ('=SUBSTITUTE("abc","b","x",1E+300)', "abc"),
    # joining
    ('=TEXTJOIN(",",,"a","","b")', "a,b"),
    ('=TEXTJOIN(",",FALSE,"a",,"b")', "a,,b"),
    ('=TEXTJOIN({",",";"},TRUE,"a","","b","c")', "a,b;c"),
    ('=TEXTJOIN(#DIV/0!,TRUE,"a",#N/A)', DIV0),
    ('=TEXTJOIN("",TRUE,REPT("a",30000),REPT("b",30000))', VALUE),
    ('=CONCAT({"a",#N/A;#DIV/0!,"b"})', NA),
    ('=ARRAYTOTEXT({1,"a""b";TRUE,#N/A})', '1, a"b, TRUE, #N/A'),
    ('=ARRAYTOTEXT({1,"a""b";TRUE,#N/A},1)', '{1,"a""b";TRUE,#N/A}'),
    ("=VALUETOTEXT(#N/A)", "#N/A"),
    # TEXTBEFORE and TEXTAFTER
    ('=TEXTAFTER("a the b the c","the",-1.2)', " b the c"),
    ('=TEXTBEFORE("a-b","-",-2,,1)', ""),
    ('=TEXTAFTER("a-b","-",-2,,1)', "a-b"),
    ('=TEXTBEFORE("a-b","-",2,,1)', "a-b"),
    ('=TEXTAFTER("a-b","-",2,,1)', ""),
    ('=TEXTBEFORE("a-b","-",3,,1)', NA),
    ('=TEXTBEFORE("del","deli")', NA),
    ('=TEXTBEFORE("del","deli",1)', VALUE),
    ('=TEXTBEFORE("abc","b",4)', VALUE),
    ('=TEXTBEFORE("abc","b",1,2)', VALUE),
    ('=TEXTBEFORE("abc","x",1,0,0,1/0)', DIV0),
    ('=TEXTBEFORE("abc","")', ""),
    ('=TEXTAFTER("abc","")', "abc"),
    ('=TEXTAFTER("a, b,c",{",",", "})', "b,c"),
    ('=TEXTAFTER("a, b",{",",", "},-1)', "b"),
    ('=TEXTBEFORE("aXbxc","x",2,1)', "aXb"),
    ('=TEXTAFTER("abc",#N/A)', NA),
    # conversion
    ("=TEXT(12.5,0)", "13"),
    ('=TEXT("12.5","0")', "13"),
    ('=TEXT("abc","0")', "abc"),
    ('=TEXT(TRUE,"0")', "TRUE"),
    ("=FIXED(-0.001,2)", "0.00"),
    ("=FIXED(1.5,127)", "1." + "5".ljust(127, "0")),
    ("=FIXED(1.5,128)", VALUE),
    ("=FIXED(1E+300,-400)", "0"),
    ("=DOLLAR(-1234.567)", "($1,234.57)"),
    ("=CODE(CHAR(129))", 129.0),
    ('=CODE("₹")', 63.0),
    ("=UNICHAR(55296)", NA),
    ("=UNICHAR(1114112)", VALUE),
    ('=NUMBERVALUE("1,5",",")', 1.5),
    ('=NUMBERVALUE("%")', VALUE),
    ('=NUMBERVALUE("1/2/2024")', VALUE),
    # regular expressions
    ('=REGEXTEST("Order OD-17","od-\\d+")', False),
    ('=REGEXTEST("Order OD-17","od-\\d+",1)', True),
    ('=REGEXTEST("a","a",2)', VALUE),
    ('=REGEXTEST("a","(")', VALUE),
    ('=REGEXTEST("ab","a(?=b)")', VALUE),
    ('=REGEXTEST("aa","(a)\\1")', VALUE),
    ('=REGEXTEST("a","((a{100}){100}){100}")', VALUE),
    ('=REGEXEXTRACT("Paid OD-17, OD-18","OD-(\\d+)")', "OD-17"),
    ('=REGEXEXTRACT("Paid","\\d+")', NA),
    ('=REGEXEXTRACT("Paid","P",3)', VALUE),
    ('=REGEXEXTRACT("Paid","P",2)', VALUE),
    ('=REGEXREPLACE("a1b22","\\d+","#")', "a#b#"),
    ('=REGEXREPLACE("a1b22","\\d+","#",2)', "a1b#"),
    ('=REGEXREPLACE("a1b22","\\d+","#",-2)', "a#b22"),
    ('=REGEXREPLACE("a1b22","\\d+","#",3)', "a1b22"),
    ('=REGEXREPLACE("Rao, Anil","(\\w+), (?<first>\\w+)","${first} $1")', "Anil Rao"),
    ('=REGEXREPLACE("anil rao","(\\w)(\\w*)","\\U$1\\E$2")', "Anil Rao"),
    ('=REGEXREPLACE("5","\\d","$$$0")', "$5"),
    ('=REGEXREPLACE("5","\\d","$1")', VALUE),
    ('=REGEXREPLACE("é₹","","-")', "-é-₹-"),
    ('=REGEXREPLACE(REPT("a",32767),"a","bb")', VALUE),
]


@pytest.mark.parametrize(("formula", "expected"), CASES, ids=[formula for formula, _ in CASES])
def test_single_values(formula, expected):
    found = calc(formula)
    assert found == expected
    assert type(found) is type(expected)


GRIDS = [
    ('=TEXTSPLIT("a,b;c",",",";")', (2, 2), ["a", "b", "c", NA]),
    ('=TEXTSPLIT("a,b;c",",",";",,,0)', (2, 2), ["a", "b", "c", 0.0]),
    ('=TEXTSPLIT("a,,b;;c",",",";",TRUE)', (2, 2), ["a", "b", "c", NA]),
    ('=TEXTSPLIT("a, b,c",{",",", "})', (1, 3), ["a", "b", "c"]),
    ('=TEXTSPLIT("",",")', (1,), [""]),
    ('=TEXTSPLIT(",",",",,TRUE)', (1,), [CALC]),
    ('=TEXTSPLIT("abc","")', (1,), [VALUE]),
    ('=REGEXEXTRACT("Paid OD-17, OD-18","\\d+",1)', (1, 2), ["17", "18"]),
    ('=REGEXEXTRACT("OD-17","([A-Z]+)-(\\d)(x)?",2)', (1, 3), ["OD", "1", ""]),
    ('=CONCATENATE({"a";"b"},"-")', (2, 1), ["a-", "b-"]),
]


@pytest.mark.parametrize(("formula", "shape", "expected"), GRIDS, ids=[case[0] for case in GRIDS])
def test_lists(formula, shape, expected):
    found = values(formula)
    assert found.shape == shape
    assert found.items() == expected


def test_joining_rows():
    columns = {"a": ["x", "", None, DIV0], "b": [1.0, 2.5, True, "y"], "sep": ["-", "+", "/", "."]}
    assert calc('=TEXTJOIN("-",TRUE,[@a],"k",[@b])', **columns) == ["x-k-1", "k-2.5", "k-TRUE", DIV0]
    assert calc("=TEXTJOIN([@sep],FALSE,[@a],{1,2},[@b])", **columns) == ["x-1-2-1", "+1+2+2.5", "/1/2/TRUE", DIV0]
    assert calc("=CONCAT([@a],{1,2},[@b])", **columns) == ["x121", "122.5", "12TRUE", DIV0]
    assert calc('=TEXTJOIN("-",[@b]=1,[@a],"k")', **columns) == ["x-k", "-k", "-k", DIV0]


def test_a_long_text_beside_every_row_is_refused_before_it_fills_the_memory():
    with pytest.raises(FormulaError, match="too many rows"):
        calc('=CONCAT(REPT("x",32000),[@n])', n=[float(n) for n in range(200_000)])


ODD = [
    0.0, 1.0, -1.0, 2.0, 0.5, -1.2, 1e308, -1e308, 1e15, 1e-300, 255.9, 55296.0, 32767.0, "", "a", "A-b-C", " a  b ", "1,234.50", "12%",
    EMOJI, "\ud800x", "~*", "a*?b", "-", ",", "ßİ", "\t\n", "(a)(b)?", "(", "x*", "$1", "\\U$1", "\\", "0.00", True, False, None, NA, VALUE,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_any_values_give_the_same_alone_and_in_a_column(function):
    rng = random.Random(function.name)
    for _ in range(60):
        count = rng.randint(function.least, min(function.most, max(len(function.params), function.least + 1)))
        rows = [[rng.choice(ODD) for _ in range(count)] for _ in range(3)]
        try:
            together = call(function, [Values.of(column) for column in zip(*rows, strict=True)]).items()
            alone = [call(function, [Values.one(value) for value in row]) for row in rows]
        except Grid2D:
            continue
        assert together == [one.items()[0] for one in alone], rows


def call(function, args):
    args = [*args, *[None] * (len(function.params) - len(args))]
    return function.work(Context(), *args) if function.kind == "whole" else lift(function, args, Context())


@pytest.mark.parametrize(
    "formula",
    [
        '=SEARCH(REPT("a*",120)&"b",REPT("a",32767))',
        '=SUBSTITUTE(REPT("a",32767),"a",REPT("b",32767))',
        '=REPT("abc",1E+300)',
        '=TEXTSPLIT(REPT(",",16000)&REPT(";",16000),",",";")',
        '=REGEXTEST(REPT("a",32767),"(a*)*(a*)*b")',
        '=TEXTBEFORE(REPT("a",32767),"a",32767)',
    ],
)
def test_nothing_takes_long(formula):
    start = time.process_time()
    calc(formula)
    assert time.process_time() - start < 2


def test_re2_is_loaded_by_the_first_pattern_only():
    program = "import sys, recon_core.formula.functions as f; assert 're2' not in sys.modules, 'loaded'"
    subprocess.run([sys.executable, "-c", program], check=True)
