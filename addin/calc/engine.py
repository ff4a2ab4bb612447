"""What xlwings asks of an engine: its apps, and how values are cleaned on the way in and out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from xlwings import base_classes

from addin.calc.app import CalcApp
from addin.calc.process import OPTIONS
from addin.calc.values import CellError, is_empty, plain


class CalcApps(base_classes.Apps):  # type: ignore[misc, unused-ignore]
    """The running LibreOffices of this process, the active one first."""

    engine: CalcEngine  # said below: it comes after its apps

    def __init__(self) -> None:
        self.running: list[CalcApp] = []

    def keys(self) -> list[int]:
        return [app.pid for app in self.running]

    def add(self, spec: Any = None, add_book: Any = None, xl: Any = None, visible: Any = None) -> CalcApp:
        app = CalcApp(self, visible=bool(visible), macros=OPTIONS.macros)
        if add_book is None or add_book:
            app.books.add()
        return app

    def cleanup(self) -> None:  # type: ignore[override]
        """Nothing lingers: each app removes itself."""

    def __iter__(self) -> Iterator[CalcApp]:
        return iter(list(self.running))

    def __len__(self) -> int:
        return len(self.running)

    def __getitem__(self, pid: int) -> CalcApp:
        for app in self.running:
            if app.pid == pid:
                return app
        raise KeyError("Could not find an instance with this PID.")


APPS = CalcApps()


class CalcEngine:
    """The engine `libreoffice`, of the kind that acts on live cells."""

    name = "libreoffice"
    type = "desktop"

    @property
    def apps(self) -> CalcApps:
        return APPS

    @staticmethod
    def prepare_xl_data_element(element: Any, options: Any) -> Any:
        """One value as a cell takes it; NaN and None leave the cell empty."""
        return plain(element)

    @staticmethod
    def clean_value_data(
        data: Any,
        datetime_builder: Callable[..., Any],
        empty_as: Any,
        number_builder: Callable[[float], Any] | None,
        err_to_str: Any,
    ) -> list[list[Any]]:
        """Raw rows as the user asked for them: dates, numbers, empties and errors in his types."""

        def clean(value: Any) -> Any:
            if is_empty(value):
                return empty_as
            if isinstance(value, CellError):
                return str(value) if err_to_str else None
            if isinstance(value, dt.datetime) and datetime_builder is not dt.datetime:
                return datetime_builder(
                    year=value.year,
                    month=value.month,
                    day=value.day,
                    hour=value.hour,
                    minute=value.minute,
                    second=value.second,
                    microsecond=value.microsecond,
                    tzinfo=None,
                )
            if number_builder is not None and type(value) is float:
                return number_builder(value)
            return value

        return [[clean(value) for value in row] for row in data]


ENGINE = CalcEngine()
APPS.engine = ENGINE
