"""VBA projects from text: modules into a workbook, with nothing of a compiler, a clock or a user inside.

pyOpenVBA writes the project. It rewrites only modules that it believes changed, and leaves a cache of its own template
behind, so both are seen to here.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pyopenvba import ExcelFile
from pyopenvba.cfb import CFB
from pyopenvba.vba import VBAModuleKind

from workbook_templates import udf_wrappers
from workbook_templates.launcher import launcher_module
from workbook_templates.package import MACRO_WORKBOOK, WORKBOOK, read_parts, with_type, write_parts
from workbook_templates.ribbon import button_subs, list_module, ribbon_module

PROJECT = "tieout"
SOURCES = Path(__file__).resolve().parent.parent / "addin" / "vba"
VBA_PART = "xl/vbaProject.bin"
# [MS-OVBA] 2.3.4.1: when written, the version is 0xFFFF and there is no performance cache.
EMPTY_CACHE = bytes.fromhex("cc61ffff000000")

Modules = dict[str, str]  # name -> text


def command_modules() -> Modules:
    """The three layers of the buttons: callbacks, actions with their list, the launcher."""
    actions = (SOURCES / "ReconActions.bas").read_text("ascii")
    return {
        "xlwings": launcher_module(PROJECT),
        "ReconActionList": list_module(),
        "ReconActions": actions + button_subs(),
        "ReconRibbon": ribbon_module(),
    }


def function_modules() -> Modules:
    """The worksheet functions: their wrappers, and how they reach the Python that serves them."""
    return {name: f'Attribute VB_Name = "{name}"\n{text}' for name, text in udf_wrappers.modules().items()}


def vba_text(text: str) -> str:
    """CRLF and ASCII: VBA stores the code page of the machine. UnicodeEncodeError for any other letter."""
    text.encode("ascii")
    return re.sub(r"\r?\n", "\r\n", text)


def with_vba(package: bytes, modules: Mapping[str, str]) -> bytes:
    """A macro workbook from a workbook without macros."""
    with tempfile.TemporaryDirectory() as folder:  # ExcelFile wants a path
        path = Path(folder) / "book.xlsm"
        path.write_bytes(with_type(package, WORKBOOK, MACRO_WORKBOOK))
        with ExcelFile(path) as book:
            project = book.add_vba_project()
            for name, text in modules.items():
                project.add_module(name, vba_text(text), kind=VBAModuleKind.standard)
            for module in project.modules:
                module.dirty = True
            book.save()
        parts = read_parts(path.read_bytes())
    project_file = CFB.from_bytes(parts[VBA_PART])
    project_file.write_stream_in_storage("VBA", "_VBA_PROJECT", EMPTY_CACHE)
    return write_parts(parts | {VBA_PART: project_file.to_bytes()})
