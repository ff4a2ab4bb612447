"""The border to UNO: its exceptions become ours, its structs are made here.

A UNO exception refuses `__traceback__` and so breaks every context manager it crosses (`App.properties` of
xlwings is one); none may leave this package. `bordered` wraps every method and property of a class.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from addin.calc.process import bridge

C = TypeVar("C", bound=type)


class CalcError(Exception):
    """What LibreOffice refused, as Excel raises its COM error: a write to a locked cell, a file that cannot be saved."""


def uno_exception() -> type[Exception]:
    """The class of all exceptions of UNO."""
    found: type[Exception] = kind("com.sun.star.uno.Exception")
    return found


def kind(name: str) -> Any:
    """A struct or exception of UNO by its full name."""
    return bridge().getClass(name)


def properties(values: Mapping[str, Any]) -> tuple[Any, ...]:
    """Named values as UNO's PropertyValue structs."""
    made = []
    for name, value in values.items():
        item = kind("com.sun.star.beans.PropertyValue")()
        item.Name, item.Value = name, value
        made.append(item)
    return tuple(made)


def enum(name: str, word: str) -> Any:
    """A value of an enumeration of UNO."""
    return bridge().Enum(name, word)


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, its UNO exceptions turned into CalcError."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except uno_exception() as error:
            said = type(error).__name__.rsplit(".", 1)[-1]
            told = f"{said}: {getattr(error, 'Message', '')}".strip(": ")
        raise CalcError(told)  # outside the handler: the UNO exception must not become its context

    return call


def bordered(wrapped: C) -> C:
    """The class with every method and property of its own guarded."""
    for name, member in list(vars(wrapped).items()):
        if isinstance(member, property):
            setter = guarded(member.fset) if member.fset else None
            setattr(wrapped, name, property(guarded(member.fget) if member.fget else None, setter))
        elif inspect.isfunction(member):
            setattr(wrapped, name, guarded(member))
    return wrapped
