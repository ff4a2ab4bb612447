"""How cells look on an open workbook: fonts, fills, alignment, widths, panes, in calls per block, never per cell.

What public xlwings cannot set stays as the template has it: the colour of a sheet's tab, print set-up, locked cells,
links that are no longer ours, heights of rows (the program fits them itself). Conditional formats and lists to choose
from are the template's too: there they reach down to the last row of the sheet, so that a table may grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from addin.hosts.live_grid import rng
from addin.hosts.live_plan import SheetPlan, TablePlan, format_of
from addin.hosts.live_values import TEXT_FORMAT, raw_of
from addin.hosts.styles import STYLES, Look
from addin.hosts.worksheet import location
from addin.hosts.xmlparts import Area
from recon_core.sheets import Sheet, column_letter

BLACK = (0, 0, 0)


def paint(sheet: Any, plan: SheetPlan, before: Mapping[str, Area], gone: Sequence[Area], *, is_new: bool) -> None:
    """All looks of one sheet. `before`: where our tables stood, whose looks the user may have changed; `gone`: blanked cells."""
    for area in gone:
        _plain(rng(sheet, area))
    for painted in plan.painted:
        _dress(rng(sheet, painted.area), STYLES[painted.style])
        if format_of(painted.style) == TEXT_FORMAT:
            rng(sheet, painted.area).number_format = TEXT_FORMAT
    for one in plan.tables:
        _paint_table(sheet, one, before.get(one.table.name))
    for first, last, width in _equal_widths(plan):
        sheet.range((1, first), (1, last)).column_width = width
    _links(sheet, plan)
    if is_new and plan.sheet.freeze_row > 1:
        sheet.freeze_panes.freeze_at(_still(plan.sheet))
    if is_new and not plan.tables:
        sheet.show_gridlines = False


def _still(sheet: Sheet) -> str:
    """The rows, and the columns before them, that stay in view."""
    row, column = sheet.freeze_row - 1, sheet.freeze_column - 1
    return f"A1:{column_letter(column)}{row}" if column > 0 else f"1:{row}"


def _plain(cells: Any) -> None:
    """Cells stood elsewhere after the last run: what they wore must not stay behind."""
    cells.color = None
    cells.font.bold = False
    cells.font.italic = False
    cells.font.color = BLACK
    cells.wrap_text = False


def _dress(cells: Any, look: Look) -> None:
    """What differs from a plain cell."""
    if look.bold:
        cells.font.bold = True
    if look.italic:
        cells.font.italic = True
    if look.size:
        cells.font.size = look.size
    if look.colour:
        cells.font.color = f"#{look.colour}"
    if look.fill:
        cells.color = f"#{look.fill}"
    if look.wrap:
        cells.wrap_text = True
    if look.align:
        cells.horizontal_alignment = look.align
    if look.top:
        cells.vertical_alignment = "top"


def _paint_table(sheet: Any, one: TablePlan, before: Area | None) -> None:
    """The header row, then each run of columns of one look. Of a table that was there, what was added to it."""
    first = before.bottom + 1 if before else one.body.top
    old_right = before.right if before else 0
    headers = [column.header_style for column in one.table.columns]
    for style, left, right in neighbours(headers, one.area.left):
        if right > old_right:
            _dress(rng(sheet, one.header._replace(left=max(left, old_right + 1), right=right)), STYLES[style])
    bodies = [column.cell_style for column in one.table.columns]
    for style, left, right in neighbours(bodies, one.area.left):
        if first <= one.body.bottom:
            _dress(rng(sheet, one.body._replace(top=first, left=left, right=right)), STYLES[style])
        if right > old_right and first > one.body.top:
            _dress(rng(sheet, one.body._replace(left=max(left, old_right + 1), right=right)), STYLES[style])


def neighbours(styles: Sequence[str], left: int) -> list[tuple[str, int, int]]:
    """Runs of equal words as (word, first column, last column)."""
    found = []
    for style, run in groupby(enumerate(styles, left), key=lambda item: item[1]):
        columns = [column for column, _ in run]
        found.append((style, columns[0], columns[-1]))
    return found


def _equal_widths(plan: SheetPlan) -> list[tuple[int, int, float]]:
    """Neighbouring columns of equal width: (first, last, characters)."""
    ordered = sorted(plan.widths.items())
    found = []
    for (_, width), run in groupby(enumerate(ordered), key=lambda item: (item[1][0] - item[0], item[1][1])):
        columns = [column for _, (column, _) in run]
        found.append((columns[0], columns[-1], width))
    return found


def _links(sheet: Any, plan: SheetPlan) -> None:
    """Links to places in the workbook, on texts only: a program shows the text it is given, and would make one of a number."""
    for cell in plan.sheet.cells:
        if cell.link and isinstance(cell.value, str):
            target = sheet.range((cell.row, cell.column))
            target.add_hyperlink(f"#{location(cell.link)}", str(raw_of(cell.value)), "")
            _dress(target, STYLES[cell.style])
