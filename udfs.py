"""Worksheet functions, one line each over `recon_core`. They come into Excel with the add-in, which is not built yet.

Names have no dots and never look like a cell address; docstrings are cut at 255 characters by the function wizard.
"""

from __future__ import annotations

import xlwings as xw

from recon_core import __version__
from recon_core.keys import Cleaning, clean_text, parse_cleaning
from recon_core.schema import as_text


@xw.func
@xw.arg("values", ndim=2)
def RECON_CLEANID(values: list[list[object]], rule: str = "") -> list[list[str]]:
    """The id as the engine compares it, as text. Give a whole range; rule as in Setup, such as "separators; prefix #"."""
    cleaning = parse_cleaning(rule) if rule else Cleaning()
    return [[clean_text(as_text(value), cleaning) for value in row] for row in values]


@xw.func
def RECON_VERSION() -> str:
    """The version of the engine behind these functions."""
    return __version__
