"""How a function is described, and how one written for single values is lifted over whole columns.

A signature says everything: `LEFT(text:T, [count:N=1])`. The letters are what the function is given:
T a text, N a number, B a condition, A any value but an error, V any value, G a whole range as `Values`.
An optional parameter has brackets; `=1` is its value when it is not given, `==1` also when it is left empty,
neither: None. `...` behind a parameter, or a bracketed group, repeats it.

A *scalar* function gets Python values and answers one, or raises `Fault`; it is called once for each distinct
tuple of arguments. A *vector* function gets float64 arrays. A *whole* function gets `Values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from recon_core.formula import excel
from recon_core.formula.tree import FormulaError, Node
from recon_core.formula.values import (
    ExcelError,
    Grid2D,
    Scalar,
    Tag,
    Tags,
    Values,
    distinct,
    pick,
    shape_of,
    spread_errors,
    with_errors,
)

Work = TypeVar("Work", bound=Callable[..., object])
MAX_CELLS = 400_000_000  # cells a column's formula may touch: some seconds of work
MAX_HELD, HELD_PER_ROW = 80_000_000, 1_000  # characters, and eight a cell, that a formula holds at one time
CHUNK = 500  # texts made before they are counted


class Fixed(NamedTuple):
    """An argument that is the same for every row."""

    value: Scalar | Values


Arguments = Sequence[Scalar | Values] | Sequence[str] | Fixed


class Fault(Exception):  # noqa: N818 - an answer of Excel on its way, no error of ours
    """An Excel error as the answer of a scalar function."""

    def __init__(self, error: ExcelError) -> None:
        super().__init__(error.value)
        self.error = error


VALUE, NUM, NA, DIV0, REF, NAME, CALC = (
    Fault(error) for error in (ExcelError.VALUE, ExcelError.NUM, ExcelError.NA, ExcelError.DIV0, ExcelError.REF, ExcelError.NAME, ExcelError.CALC)
)  # fmt: skip


@dataclass(slots=True)
class Context:
    """What functions may know beside their arguments. `spend` keeps a formula from running for ever."""

    day_first: bool = False
    cell: tuple[int, int] | None = None  # where the formula stands, one-based; columns have no such place
    spent: int = 0
    notes: dict[str, int] = field(default_factory=dict)  # slow function -> distinct calls
    merged: set[str] = field(default_factory=set)  # ids of so many digits that SUMIFS and its kin may take two for one
    rows: int = 1  # of the formula's table
    held: int = 0  # characters of texts, and eight a cell of lists, that are worked out and still needed

    def spend(self, cells: int) -> None:
        """Count cells worked on. Raises FormulaError beyond the budget."""
        self.spent += cells
        if self.spent > MAX_CELLS:
            what = "The formula compares too many rows with too many rows."
            raise FormulaError(what, "Use XLOOKUP or SUMIFS on one shared column, or split the formula.")

    def hold(self, size: int) -> None:
        """Count what is held. Raises FormulaError where a table of so many rows never needs it."""
        self.held += size
        if self.held > MAX_HELD + HELD_PER_ROW * self.rows:
            what = "The formula makes more text, or longer lists, than fit into the memory."
            raise FormulaError(what, "Cut long texts with LEFT first, or split the formula over several columns.")


class Working(Protocol):
    """What a special function sees of the evaluator."""

    context: Context
    names: dict[str, Values]

    def value(self, node: Node) -> Values:
        """The values of a node."""
        ...

    def single(self, node: Node) -> Values:
        """The values of an operand."""
        ...

    def inside(self) -> Working:
        """An evaluator that may name more variables."""
        ...


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a signature."""

    name: str
    kind: str
    optional: bool = False
    default: Scalar = None
    has_default: bool = False
    default_when_empty: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One worksheet function. Exactly one of scalar, vector and whole does the work; `special` gets the tree."""

    name: str
    signature: str
    help: str
    group: str
    params: tuple[Param, ...]
    repeats: int  # how many parameters at the end repeat
    work: Callable[..., object]
    kind: str  # 'scalar', 'vector', 'whole', 'special'

    @property
    def least(self) -> int:
        """The fewest arguments."""
        return sum(not param.optional for param in self.params)

    @property
    def most(self) -> int:
        """The most arguments."""
        return 255 if self.repeats else len(self.params)

    @property
    def shown(self) -> str:
        """The signature as a user reads it: LEFT(text, [count])."""
        return re.sub(r":[TNBAVG]|==?(\"[^\"]*\"|[-\w.]+)", "", self.signature)

    def param(self, at: int) -> Param:
        """The parameter that argument `at` (from 0) belongs to."""
        if at < len(self.params):
            return self.params[at]
        first = len(self.params) - self.repeats
        return self.params[first + (at - first) % self.repeats]

    def fits(self, count: int) -> bool:
        """Whether so many arguments can be given; a repeated group is given whole."""
        if not self.least <= count <= self.most:
            return False
        is_open = self.repeats < 2 or self.signature.endswith("])")  # SWITCH ends with one optional value
        return is_open or (count - len(self.params)) % self.repeats == 0


class Group(dict[str, Function]):
    """The functions of one module, by name; filled by the decorators."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title

    def _add(self, kind: str, signature: str, help_text: str) -> Callable[[Work], Work]:
        name, params, repeats = read_signature(signature)

        def register(work: Work) -> Work:
            self[name] = Function(name, signature, help_text, self.title, params, repeats, work, kind)
            return work

        return register

    def scalar(self, signature: str, help_text: str) -> Callable[[Work], Work]:
        """A function on single values, called once for each distinct tuple."""
        return self._add("scalar", signature, help_text)

    def vector(self, signature: str, help_text: str) -> Callable[[Work], Work]:
        """A function on float64 arrays of equal shape: gives an array, or an array and uint8 error codes."""
        return self._add("vector", signature, help_text)

    def whole(self, signature: str, help_text: str) -> Callable[[Work], Work]:
        """A function on `Values`: (context, *arguments, None for one that is not given) -> Values."""
        return self._add("whole", signature, help_text)

    def special(self, signature: str, help_text: str) -> Callable[[Work], Work]:
        """A function that decides itself which arguments are worked out: (evaluator, call) -> Values."""
        return self._add("special", signature, help_text)


_PARAM = re.compile(r"(\w+):([TNBAVG])(?:(==?)(\"[^\"]*\"|[-\w.]+))?")


def read_signature(signature: str) -> tuple[str, tuple[Param, ...], int]:
    """'SUMIFS(sum:G, range:G, criterion:A, [range:G, criterion:A]...)' -> name, parameters, how many repeat."""
    name, inside = signature.rstrip(")").split("(", 1)
    params: list[Param] = []
    repeats = 0
    for piece in re.findall(r"\[[^\]]*\](?:\.\.\.)?|[^,\[\]]+", inside):
        found = _PARAM.findall(piece)
        optional = piece.strip().startswith("[")
        params += [
            Param(word, kind, optional, _default(value), bool(mark), mark == "==") for word, kind, mark, value in found
        ]
        if piece.strip().endswith("..."):
            repeats = len(found)
    return name, tuple(params), repeats


def _default(text: str) -> Scalar:
    if not text:
        return None
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    if text == "none":
        return None
    return text[1:-1] if text.startswith('"') else float(text)


def lift(function: Function, args: Sequence[Values | None], context: Context) -> Values:
    """Work out a scalar or vector function over arguments of any shape. `None` is an argument not given."""
    plain: list[Scalar | Values] = []
    varying: list[int] = []
    errors: list[Tags | None] = []
    given: list[Values] = []
    for at, arg in enumerate(_evened(function, args)):
        param = function.param(at)
        if arg is None:
            plain.append(param.default)
            continue
        value = arg
        if param.kind != "G":
            value, wrong = _coerced(arg, param.kind, context)
            errors.append(wrong)
        elif arg.is_grid or arg.is_one:
            plain.append(arg)
            continue
        if value.is_one and not value.is_grid:
            plain.append(value if param.kind == "G" else value.scalar())
        else:
            plain.append(value)
            varying.append(at)
        given.append(value)
    shape = shape_of(given)
    failed = _failed(errors, shape)
    if failed is not None and failed.all():
        return with_errors(Values.numbers(np.zeros(shape)), failed)
    if function.kind == "vector":
        return _vectors(function, plain, shape, failed)
    if not varying:
        if function.kind == "scalar" and failed is None:
            return _answer(_call(function, plain))
        return with_errors(Values.numbers(np.zeros(shape)), failed)
    context.spend(int(np.prod(shape)))
    return with_errors(_by_distinct(function, plain, varying, shape, context), failed)


def _evened(function: Function, args: Sequence[Values | None]) -> Sequence[Values | None]:
    """Lists of different sizes are filled up with #N/A, as in Excel."""
    single = [
        arg if arg is not None and arg.is_grid and function.param(at).kind != "G" else None
        for at, arg in enumerate(args)
    ]
    shapes = {arg.shape for arg in single if arg is not None}
    if len(shapes) < 2:
        return args
    shape = shape_of([arg for arg in single if arg is not None])
    return [arg if one is None else one.spread(shape) for arg, one in zip(args, single, strict=True)]


def _failed(errors: Sequence[Tags | None], shape: tuple[int, ...]) -> Tags | None:
    """The first error at each place; None where there is none at all."""
    found = excel.first_errors(*(None if one is None else spread_errors(one, shape) for one in errors))
    return found if found is not None and found.any() else None


def _coerced(values: Values, kind: str, context: Context) -> tuple[Values, Tags | None]:
    """An argument as the letter of its parameter asks, and the errors found in it."""
    if kind == "N":
        num, errors = excel.numbers(values, context.day_first)
        return Values.numbers(num), errors
    if kind == "T":
        codes, words, errors = excel.texts(values)
        return Values.texts(codes, words), errors
    if kind == "B":
        mask, errors = excel.truths(values)
        return Values.bools(mask), errors
    if kind == "V" or not values.has(Tag.ERROR):
        return values, None
    errors = excel.errors_of(values)
    return pick(values.where(Tag.ERROR), Values.one(None), values), errors  # the function never sees an error


def _call(function: Function, args: Sequence[Scalar | Values]) -> Scalar | Values:
    try:
        answer = function.work(*args)
    except Fault as fault:
        fault.__traceback__ = None  # the faults are shared: each raise would make the next one longer
        return fault.error
    except (OverflowError, ZeroDivisionError):
        return ExcelError.NUM
    if isinstance(answer, str) and len(answer) > excel.MAX_TEXT:
        return ExcelError.VALUE
    return cast(Scalar | Values, answer)


def _answer(answer: Scalar | Values) -> Values:
    return answer if isinstance(answer, Values) else Values.one(answer)


def _vectors(
    function: Function, args: Sequence[Scalar | Values], shape: tuple[int, ...], failed: Tags | None
) -> Values:
    given = [arg.spread(shape).num_of() if isinstance(arg, Values) else arg for arg in args]
    arrays = [np.full(shape, arg) if isinstance(arg, float) else arg for arg in given]
    with np.errstate(all="ignore"):
        found = function.work(*arrays)
    num, errors = found if isinstance(found, tuple) else (found, None)
    return excel.made(np.asarray(num, np.float64), excel.first_errors(failed, errors))


def _by_distinct(
    function: Function,
    args: Sequence[Scalar | Values],
    varying: Sequence[int],
    shape: tuple[int, ...],
    context: Context,
) -> Values:
    if len(varying) == 1 and (quick := _by_word(function, args, varying[0], context)) is not None:
        return quick
    spread = [arg.spread(shape) for at in varying if isinstance(arg := args[at], Values)]
    tuples, inverse = distinct(spread)
    columns: list[Arguments] = [Fixed(arg) for arg in args]
    for at, values, column in zip(varying, tuples, spread, strict=True):
        columns[at] = [_cell(one, column) for one in values] if function.param(at).kind == "G" else values
    return _column(_answers(function, columns, len(tuples[0]), context), inverse.reshape(shape))


def _answers(function: Function, columns: Sequence[Arguments], count: int, context: Context) -> list[Scalar]:
    """The answer of each call, in chunks: one that fails makes only its chunk slower."""
    answers: list[Scalar] = []
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        part = [repeat(one.value, size) if isinstance(one, Fixed) else one[start : start + size] for one in columns]
        try:
            some = list(map(function.work, *part)) if part else [function.work()] * size
        except (Fault, OverflowError, ZeroDivisionError) as fault:
            fault.__traceback__ = None
            part = [repeat(one.value, size) if isinstance(one, Fixed) else one[start : start + size] for one in columns]
            some = [_call(function, one) for one in zip(*part, strict=True)]
        kinds = set(map(type, some))
        if Values in kinds:
            some = [_single(one) for one in some]
        found = cast(list[Scalar], some)
        if str in kinds:
            context.hold(sum(len(one) for one in found if isinstance(one, str)))
        answers += found
    return answers


def _column(answers: list[Scalar], at: npt.NDArray[np.intp]) -> Values:
    """The answers of distinct calls at the places of the rows; plain texts and numbers need no look at each."""
    kinds = set(map(type, answers))
    if kinds == {str}:
        return excel.bounded(Values.texts(at, cast(list[str], answers)))
    if kinds <= {float, int} and kinds:
        return excel.made(np.array(answers, np.float64)[at])
    if str in kinds:
        answers = [ExcelError.VALUE if isinstance(one, str) and len(one) > excel.MAX_TEXT else one for one in answers]
    return Values.of(answers).take(at)


def _single(answer: object) -> Scalar:
    """One value; a list in its place cannot stand in a row."""
    if not isinstance(answer, Values):
        return cast(Scalar, answer)
    if not answer.is_one:
        raise Grid2D
    return answer.scalar()


def _by_word(function: Function, args: Sequence[Scalar | Values], at: int, context: Context) -> Values | None:
    """A function of one column of texts, once for each word; None where the work is not of that kind."""
    column = args[at]
    if not isinstance(column, Values) or not column.is_a(Tag.TEXT) or function.param(at).kind == "G":
        return None
    codes, words = excel.used_words(column.codes_of(), column.words)
    columns: list[Arguments] = [words if place == at else Fixed(arg) for place, arg in enumerate(args)]
    return _column(_answers(function, columns, len(words), context), codes)


def _cell(value: Scalar, column: Values) -> Values:
    one = Values.one(value)
    one.is_ref = column.is_ref
    return one
