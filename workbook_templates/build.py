"""Build the files that ship: `python -m workbook_templates.build`.

No clock, no chance, no user: the same sources and the same pinned libraries give the same parts.
"""

from __future__ import annotations

from io import BytesIO

import xlsxwriter

from workbook_templates import template_path
from workbook_templates.package import ADDIN, MACRO_WORKBOOK, read_parts, with_ribbon, with_type, write_parts
from workbook_templates.ribbon import form_buttons, ribbon_xml
from workbook_templates.template import CREATED, template
from workbook_templates.vba import command_modules, function_modules, with_vba


def files() -> dict[str, bytes]:
    """Every built file by its name.

    The template holds no macro; the add-in has ribbon and commands but no DLL; the functions need one and stand
    apart; the stand-alone workbook is for those who cannot load an add-in, with a tab id of its own, so that it and a
    loaded add-in do not contend for one tab.
    """
    commands = command_modules()
    addin = with_type(with_vba(_sheet("Tieout add-in"), commands), MACRO_WORKBOOK, ADDIN)
    functions = with_type(with_vba(_sheet("Tieout worksheet functions"), function_modules()), MACRO_WORKBOOK, ADDIN)
    alone = with_vba(template(buttons=form_buttons()), commands)
    return {
        "Tieout_template.xlsx": template(),
        "Tieout.xlam": with_ribbon(addin, ribbon_xml("tabTieout")),
        "Tieout_functions.xlam": functions,
        "Tieout_standalone.xlsm": with_ribbon(alone, ribbon_xml("tabTieoutBook")),
    }


def _sheet(title: str) -> bytes:
    """An add-in needs one sheet, which nobody sees."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": title, "author": "", "company": "", "created": CREATED})
        book.add_worksheet("Tieout").write("A1", title)
    return write_parts(read_parts(buffer.getvalue()))


if __name__ == "__main__":
    for name, content in files().items():
        (template_path().parent / name).write_bytes(content)
        print(f"{len(content):>8,} bytes  {name}")
