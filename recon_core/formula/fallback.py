"""Functions that are not ours: the `formulas` library, called for each distinct tuple of arguments.

`formulas` (EUPL) is used as it is, for the financial and statistical functions nobody needs on a million rows. Calls
are few by law: above the row cap the formula is refused. What `formulas` is known to get wrong never reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.functions.spec import Context
from recon_core.formula.tree import FormulaError
from recon_core.formula.unavailable import UNAVAILABLE
from recon_core.formula.values import ERRORS, ExcelError, Grid2D, Scalar, Values, distinct, shape_of

# What `formulas`, numpy and scipy raise for arguments that make no sense to them; a fault of memory passes through.
RAISED = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    RecursionError,
)
MAX_CALLS = 20_000  # distinct tuples; about 0.2 ms each

# What `formulas` gets wrong, or answers with a shape that no cell holds; and names that are its own machinery.
_DENIED_NAMES = """
    ARRAY ARRAYROW SINGLE DUMMYFUNCTION __XLUDF.DUMMYFUNCTION SELF COMPILED MMULT MUNIT MINVERSE MDETERM ISFORMULA AREAS CELL TRIMRANGE GROUPBY
    PIVOTBY PERCENTOF COUNTIF COUNTIFS SUMIF SUMIFS AVERAGEIF AVERAGEIFS MINIFS MAXIFS TEXT VALUE TRIM CHAR CODE
    SEARCH FIND ISNUMBER SUM MAX MIN TEXTJOIN CONCAT SUBSTITUTE XLOOKUP AND OR XOR FINDB SEARCHB REPLACEB ASC
    BAHTTEXT FORECAST.ETS FORECAST.ETS.CONFINT FORECAST.ETS.SEASONALITY FORECAST.ETS.STAT PY EXPAND
    WRAPCOLS WRAPROWS
"""
DENIED = frozenset(_DENIED_NAMES.split())
_FINANCIAL_NAMES = """
    ACCRINT ACCRINTM AMORDEGRC AMORLINC COUPDAYBS COUPDAYS COUPDAYSNC COUPNCD COUPNUM COUPPCD CUMIPMT CUMPRINC DB
    DDB DISC DOLLARDE DOLLARFR DURATION EFFECT FV FVSCHEDULE INTRATE IPMT IRR ISPMT MDURATION MIRR NOMINAL NPER NPV
    ODDFPRICE ODDFYIELD ODDLPRICE ODDLYIELD PDURATION PMT PPMT PRICE PRICEDISC PRICEMAT PV RATE RECEIVED RRI SLN SYD
    TBILLEQ TBILLPRICE TBILLYIELD VDB XIRR XNPV YIELD YIELDDISC YIELDMAT
"""
_FINANCIAL = frozenset(_FINANCIAL_NAMES.split())

# Arguments (from 0) that the library counts up to: (which, the most that makes sense). Beyond: #NUM!, as in Excel.
_PLACES, _SIGNS = (1, 10.0), (2, 15.0)
_MOST = {
    **dict.fromkeys(
        ("BIN2HEX", "BIN2OCT", "DEC2BIN", "DEC2HEX", "DEC2OCT", "HEX2BIN", "HEX2OCT", "OCT2BIN", "OCT2HEX"), _PLACES
    ),
    **dict.fromkeys(("PERCENTRANK.EXC", "PERCENTRANK.INC", "PERCENTRANK"), _SIGNS),
    "FACTDOUBLE": (0, 300.0),
    "CUMIPMT": (4, 12_000.0),
    "CUMPRINC": (4, 12_000.0),
    "PERMUTATIONA": (1, 1024.0),
    "HYPGEOMDIST": (1, 1e6),
    "HYPGEOM.DIST": (1, 1e6),
    "DB": (2, 1e4),
}
_BONDS = frozenset({"COUPDAYBS", "COUPDAYS", "COUPDAYSNC", "COUPNCD", "COUPNUM", "COUPPCD", "DURATION", "MDURATION"})
MAX_DAYS, MAX_TEXT = 40_000, 255  # between settlement and maturity; of a text given to the library


def is_installed() -> bool:
    """Whether the library is there: it comes with the product, unless somebody took it away."""
    return bool(_library())


def knows(name: str) -> bool:
    """Whether a function may go to the fallback and `formulas` has it."""
    return (
        name not in DENIED | UNAVAILABLE and name not in FUNCTIONS and not name.startswith("_") and name in _library()
    )


def known() -> dict[str, str]:
    """Every function of the fallback with its group, in order of name."""
    return {
        name: "financial" if name in _FINANCIAL else "statistical and other"
        for name in sorted(_library())
        if knows(name)
    }


@cache
def _library() -> Mapping[str, Callable[..., object]]:
    """The functions by name; none where the library is not installed."""
    try:
        import formulas
    except ImportError:
        return {}
    found: Mapping[str, Callable[..., object]] = formulas.get_functions()
    return found


def call(name: str, args: Sequence[Values], context: Context) -> Values:
    """One function of the library: rows once for each distinct tuple, ranges as they are. Raises FormulaError above the cap."""
    if not knows(name):
        return Values.one(ExcelError.NAME)
    rows = [at for at, arg in enumerate(args) if not arg.is_grid and not arg.is_one]
    shape = shape_of([args[at] for at in rows])
    given = [_given(arg) for arg in args]
    if not rows:
        context.notes[name] = context.notes.get(name, 0) + 1
        return _call(name, given)
    tuples, inverse = distinct([args[at].spread(shape) for at in rows])
    count = len(tuples[0])
    if count > MAX_CALLS:
        what = f"{name} is a slow function, and {count:,} different rows need it; {MAX_CALLS:,} are allowed."
        raise FormulaError(
            what, "Work it out on fewer rows, or write it with functions that 'tieout functions' marks as own."
        )
    context.notes[name] = context.notes.get(name, 0) + count
    answers: list[Scalar] = []
    for one in zip(*tuples, strict=True):
        for at, value in zip(rows, one, strict=True):
            given[at] = _plain(value)
        answer = _call(name, given)
        if not answer.is_one:
            raise Grid2D
        answers.append(answer.scalar())
    return Values.of(answers).take(inverse)


def _given(values: Values) -> Any:
    if values.is_grid and not values.is_one:
        return np.array([_plain(one, "") for one in values.items()], object).reshape(values.shape)
    return _plain(values.scalar())


def _plain(value: Scalar, blank: Any = 0.0) -> Any:
    """A value as the library takes it: a single blank is 0, one in a range is no value."""
    from formulas.functions import Error

    if isinstance(value, ExcelError):
        return Error.errors.get(value.value, Error.errors["#VALUE!"])
    return blank if value is None else value


def _call(name: str, args: Sequence[Any]) -> Values:
    """Call and read the answer. The library raises ValueError and the like where it means #VALUE!."""
    if any(isinstance(arg, str) and len(arg) > MAX_TEXT for arg in args):
        return Values.one(ExcelError.VALUE)
    from formulas.tokens.operand import XlError

    wrong = next((str(arg) for arg in args if isinstance(arg, XlError)), "")
    if wrong:
        return Values.one(ERRORS.get(wrong, ExcelError.VALUE))
    if _is_endless(name, args):
        return Values.one(ExcelError.NUM)
    from formulas.errors import BaseError

    try:
        with np.errstate(all="ignore"):
            found = np.asarray(_library()[name](*args), object)
    except (*RAISED, BaseError):
        return Values.one(ExcelError.VALUE)
    answers = [_scalar(one) for one in found.ravel().tolist()]
    if found.size == 1:
        return Values.one(answers[0])
    return Values.of(answers, found.shape) if found.ndim == 2 else Values.one(ExcelError.VALUE)


def _is_endless(name: str, args: Sequence[Any]) -> bool:
    """Whether the library would count to a number that no finance needs."""
    at, most = _MOST.get(name, (0, np.inf))
    if at < len(args) and isinstance(args[at], int | float) and abs(args[at]) > most:
        return True
    if name not in _BONDS or len(args) < 2:
        return False
    days = [np.asarray(one, np.float64) for one in args[:2] if isinstance(one, int | float)]
    return len(days) < 2 or bool(abs(days[1] - days[0]) > MAX_DAYS)


def _scalar(value: object) -> Scalar:
    if value is None:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number):
        number = float(value)
        return number if np.isfinite(number) else ExcelError.NUM
    text = str(value)
    return ERRORS.get(text, text)
