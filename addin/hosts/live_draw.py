"""Sheets onto an open workbook, all or nothing: what could refuse is found out first, what stood there is kept.

Order: refusals, new sheets, keep, values, tables, formulas, looks. Each change leaves a way back behind it; on a
cancel, a refusal of the program or a bug the ways back are gone in reverse. After the last formula nothing is
cancelled any more: widths, colours and panes follow, which change no cell. Longer than other modules, so that each change
and its way back stand on one page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from addin.hosts.live_filters import filter_again, merge_again, merged_within
from addin.hosts.live_grid import (
    Look,
    area_of_range,
    fill_arrays,
    formats_of,
    hidden_rows,
    kept,
    put_back,
    rng,
    set_format,
    used,
    write_formulas,
    write_header,
    write_rows,
)
from addin.hosts.live_looks import neighbours, paint
from addin.hosts.live_plan import Patch, SheetPlan, TablePlan, disjoint, format_of, minus, typed
from addin.hosts.live_refusals import not_put_back, protected, refused, words_of
from addin.hosts.live_values import BLANK, TEXT_FORMAT, rows_of
from addin.hosts.refusals import in_the_way, name_taken, not_a_worksheet, structure_locked
from addin.hosts.sheetxml import ref_of
from addin.hosts.tables import STYLE
from addin.hosts.xmlparts import Area
from recon_core.problems import ReconError
from recon_core.sheets import MAX_COLUMNS, MAX_ROWS

Say = Callable[[str, float], None]


@dataclass(slots=True)
class Standing:
    """A worksheet as it was found: how far it reaches, and its tables as (name, area, table)."""

    sheet: Any
    reach: Area
    tables: list[tuple[str, Area, Any]]

    def ours(self, plan: SheetPlan) -> list[tuple[Area, Any, TablePlan]]:
        """The tables that the plan writes anew: where they stand, and what they become."""
        planned = {one.table.name.lower(): one for one in plan.tables}
        return [(area, table, planned[name.lower()]) for name, area, table in self.tables if name.lower() in planned]

    def foreign(self, plan: SheetPlan) -> list[tuple[str, Area]]:
        """The user's own tables."""
        planned = {one.table.name.lower() for one in plan.tables}
        return [(name, area) for name, area, _ in self.tables if name.lower() not in planned]


@dataclass(slots=True)
class Drawing:
    """One write under way: the workbook, its sheets by name in lower case, and the ways back."""

    book: Any
    plans: Sequence[SheetPlan]
    look: Look
    say: Say
    still: Callable[[], None] = lambda: None  # raises where a sheet reads differently by now
    watched: frozenset[str] = frozenset()  # the sheets that `still` reads, in lower case
    sheets: dict[str, Any] = field(default_factory=dict)
    standing: dict[str, Standing] = field(default_factory=dict)  # of the sheets that were there
    gone: dict[str, list[Area]] = field(default_factory=dict)  # blanked, and to be plain
    back: list[Callable[[], None]] = field(default_factory=list)

    def sheet(self, plan: SheetPlan) -> Any:
        """The worksheet of a plan."""
        return self.sheets[plan.sheet.name.lower()]

    def found(self, plan: SheetPlan) -> Standing | None:
        """The sheet as it was found; None for one that this write adds."""
        return self.standing.get(plan.sheet.name.lower())

    def undo(self) -> None:
        """Everything as it was, the last change first; one that cannot be taken back keeps no other from it, and is raised at the end."""
        worst: Exception | None = None
        while self.back:
            try:
                self.back.pop()()
            except Exception as error:  # noqa: BLE001 - each system has its own; raised below
                worst = worst or error
        if worst is not None:
            raise worst


def draw(drawing: Drawing) -> None:
    """All plans, or none: raises what stopped it after everything was put back."""
    drawing.sheets = {sheet.name.lower(): sheet for sheet in drawing.book.sheets}
    check(drawing)
    try:
        _change(drawing)
    except BaseException:
        try:
            drawing.undo()
        except Exception as worse:
            raise not_put_back(words_of(worse)) from worse
        raise


def _change(drawing: Drawing) -> None:
    drawing.look()
    for plan in drawing.plans:
        if drawing.found(plan) is None:
            _add_sheet(drawing, plan)
    # Where a user types while we work: kept last and written first, so that nothing comes in between unseen.
    plans = sorted(drawing.plans, key=lambda plan: plan.sheet.name.lower() in drawing.watched)
    added = len(drawing.back)
    try:
        scopes = [_keep(drawing, plan, found) if (found := drawing.found(plan)) else [] for plan in plans]
        drawing.still()
    except BaseException:
        del drawing.back[added:]  # no cell has changed, and what was typed since it was kept must stay
        raise
    plans.reverse()
    for number, (plan, scope) in enumerate(zip(plans, reversed(scopes), strict=True)):
        drawing.say(f"Writing {plan.sheet.name}", 0.7 + 0.3 * number / len(drawing.plans))
        if found := drawing.found(plan):
            _make_room(drawing, plan, found, scope)
        _values(drawing, plan)
    for plan in drawing.plans:
        _add_tables(drawing, plan)
    for plan in drawing.plans:
        _formulas(drawing, plan)
    drawing.look()
    for plan in drawing.plans:
        found = drawing.found(plan)
        before = {one.table.name: area for area, _, one in found.ours(plan)} if found else {}
        gone = drawing.gone.get(plan.sheet.name.lower(), [])
        paint(drawing.sheet(plan), plan, before, gone, is_new=found is None)


# ---- what could refuse ----


def check(drawing: Drawing) -> None:
    """Raise H-111 to H-115 as the file host does, and H-123 for a protected sheet, before anything changes."""
    tables = {
        name: [(table.name, area_of_range(table.range), table) for table in sheet.tables]
        for name, sheet in drawing.sheets.items()
    }
    owner = {table[0].lower(): sheet for sheet, found in tables.items() for table in found}
    defined = {name.name.lower() for name in drawing.book.names}
    for plan in drawing.plans:
        here = plan.sheet.name
        for one in plan.tables:
            sheet = owner.get(one.table.name.lower(), here.lower())
            if sheet != here.lower():
                raise name_taken(here, one.table.name, f"by a table on the sheet '{drawing.sheets[sheet].name}'")
            if one.table.name.lower() in defined:
                raise name_taken(here, one.table.name, "in the Name Manager")
        if here.lower() in drawing.sheets:
            found = Standing(drawing.sheet(plan), used(drawing.sheet(plan)), tables[here.lower()])
            drawing.standing[here.lower()] = found
            _check_room(found, plan)
            _check_protection(found.sheet)


def _check_room(found: Standing, plan: SheetPlan) -> None:
    for name, area in found.foreign(plan):
        hit = any(one.area.meets(area) for one in plan.tables)
        if hit or (plan.is_redrawn and any(patch.area.meets(area) for patch in plan.patches)):
            raise in_the_way(plan.sheet.name, ref_of(area), f"The table {name}")
    for one in plan.tables:
        if not plan.is_redrawn and rng(found.sheet, one.area).merge_cells is not False:
            raise in_the_way(plan.sheet.name, ref_of(one.area), "A merged cell")


def _check_protection(sheet: Any) -> None:
    """Changes that change nothing and that only a protected sheet refuses.

    The last cell is blanked though it is blank; where all cells are unlocked, a format set to what it is.
    """
    try:
        sheet.range((MAX_ROWS, MAX_COLUMNS)).raw_value = ""
        first = sheet.range((1, 1))
        first.number_format = first.number_format
    except Exception as error:
        raise protected(sheet.name) from error


def _add_sheet(drawing: Drawing, plan: SheetPlan) -> None:
    """A new sheet after the last one; what is left of a half-made one goes at once."""
    name = plan.sheet.name
    book = drawing.book
    try:
        sheet = book.sheets.add(after=book.sheets[-1])
    except Exception as error:
        raise structure_locked(name) from error
    drawing.back.append(sheet.delete)
    try:
        sheet.name = name
    except Exception as error:
        raise not_a_worksheet(name) from error
    drawing.sheets[name.lower()] = sheet


# ---- keep, and make room ----


def _keep(drawing: Drawing, plan: SheetPlan, found: Standing) -> list[Area]:
    """Remember all cells of a sheet that may change; returns them, disjoint."""
    sheet = found.sheet
    ours, foreign = [area for area, _, _ in found.ours(plan)], [area for _, area in found.foreign(plan)]
    headers = [area._replace(bottom=area.top) for area in ours]
    areas = [*plan.areas, *ours, *([found.reach] if plan.is_redrawn else [])]
    scope = disjoint(minus(sorted(areas, key=_size, reverse=True), foreign))
    beyond = minus(scope, [found.reach])
    alike: list[tuple[Area, list[Area]]] = [(one.area, []) for one in plan.painted if format_of(one.style) != "General"]
    for area, _, one in found.ours(plan):
        alike += [(area._replace(bottom=area.top), []), (area._replace(top=area.top + 1), one.runs(area))]
    stood = [kept(sheet, area, alike, drawing.look) for area in minus(scope, beyond)]

    def back() -> None:
        for area in beyond:
            cells = rng(sheet, area)
            cells.clear_contents()
            cells.number_format = "General"
        for one in stood:
            put_back(sheet, one, [header for header in headers if one.area.contains(header)])

    drawing.back.append(back)
    return scope


def _size(area: Area) -> int:
    return (area.bottom - area.top + 1) * (area.right - area.left + 1)


def _make_room(drawing: Drawing, plan: SheetPlan, found: Standing, scope: Sequence[Area]) -> None:
    """Filters lifted, our tables at their new size, what goes blanked."""
    sheet = found.sheet
    _lift_filters(drawing, plan, found)
    if plan.is_redrawn and (merged := list(merged_within(sheet, [one.area for one in plan.tables]))):
        drawing.back.append(lambda: merge_again(sheet, merged))
    for area, table, one in found.ours(plan):
        _resize(drawing, sheet, table, area, one)
    old = scope if plan.is_redrawn else [area for area, _, _ in found.ours(plan)]
    gone = disjoint(minus(minus(old, [one.area for one in plan.tables]), minus(scope, [found.reach])))
    for area in gone:
        cells = rng(sheet, area)
        cells.clear_contents()
        if plan.is_redrawn:
            cells.number_format = "General"
        drawing.look()
    drawing.gone[plan.sheet.name.lower()] = gone if plan.is_redrawn else []
    for one in plan.tables:
        if plan.is_redrawn and rng(sheet, one.area).merge_cells is not False:
            rng(sheet, one.area).unmerge()


def _lift_filters(drawing: Drawing, plan: SheetPlan, found: Standing) -> None:
    """A filter leaves rows hidden, and Excel writes a block past hidden rows: filters are lifted, the rows shown."""
    sheet = found.sheet
    areas = [found.reach] if plan.is_redrawn else [area for area, _, _ in found.ours(plan)]
    hidden = [stretch for area in areas for stretch in hidden_rows(sheet, area)]
    if not hidden:
        return
    filtered = [table for _, _, table in found.tables if table.show_autofilter]
    whole = [name.refers_to_range for name in sheet.names if name.name.endswith("_FilterDatabase")]

    again = [filter_again(one) for one in (*filtered, *whole)]

    def back() -> None:
        for top, bottom in hidden:
            sheet.range((top, 1), (bottom, 1)).rows.hidden = True
        for put_back_filter in again:
            put_back_filter()

    drawing.back.insert(0, back)  # the last deed: cells are put back while every row is shown
    for table in filtered:
        table.show_autofilter = False
        table.show_autofilter = True
    for one in whole:
        one.autofilter.clear()
    for top, bottom in hidden:
        sheet.range((top, 1), (bottom, 1)).rows.hidden = False


def _resize(drawing: Drawing, sheet: Any, table: Any, old: Area, plan: TablePlan) -> None:
    """The table in place; nothing that points at it loses its way. One that was moved is taken back first."""
    if table.show_totals:
        table.show_totals = False
        old = old._replace(bottom=old.bottom - 1)
        drawing.back.append(lambda: setattr(table, "show_totals", True))
    if not table.show_headers:
        table.show_headers = True
        drawing.back.append(lambda: setattr(table, "show_headers", False))
        old = area_of_range(table.range)
    if (old.top, old.left) != (plan.area.top, plan.area.left):
        old = _move(drawing, sheet, old, plan.area)
    if old != plan.area:
        drawing.back.append(lambda: table.resize(rng(sheet, old)))
        table.resize(rng(sheet, plan.area))


def _move(drawing: Drawing, sheet: Any, old: Area, to: Area) -> Area:
    """The table to the corner of its new area: formulas that point at its cells follow, there and back."""
    there = Area(to.top, to.left, to.top + old.bottom - old.top, to.left + old.right - old.left)
    drawing.back.append(lambda: rng(sheet, there).move(rng(sheet, old)))
    rng(sheet, old).move(rng(sheet, there))
    return there


# ---- write ----


def _values(drawing: Drawing, plan: SheetPlan) -> None:
    """Free cells and tables. On a sheet of ours every cell has the format General by now, so only others are set."""
    sheet = drawing.sheet(plan)
    for painted in plan.painted:
        code = format_of(painted.style)
        if code not in ("General", TEXT_FORMAT) or not plan.is_redrawn:
            set_format(sheet, painted.area, "General" if code == TEXT_FORMAT else code)
    for patch in plan.patches:
        if plan.is_redrawn:
            write_rows(sheet, patch.row, patch.column, patch.rows, drawing.look)
        else:
            _into_kept_formats(sheet, patch, drawing.look)
    for one in plan.tables:
        if drawing.found(plan):  # Calc writes into blank cells more than twice as fast as over old values
            rng(sheet, one.body).clear_contents()
        _table_values(sheet, one, drawing.look)


def _into_kept_formats(sheet: Any, patch: Patch, look: Look) -> None:
    """Cells of the user's keep their formats: a number must not become text in a text cell."""
    for area, code in formats_of(sheet, patch.area):
        top, left = area.top - patch.row, area.left - patch.column
        width = area.right - area.left + 1
        rows = [cells[left : left + width] for cells in patch.rows[top : area.bottom - patch.row + 1]]
        if code == TEXT_FORMAT:
            set_format(sheet, area, "General")
        write_rows(sheet, area.top, area.left, rows, look)
        if code == TEXT_FORMAT:
            set_format(sheet, area, code)


def _table_values(sheet: Any, one: TablePlan, look: Look) -> None:
    """Header and rows; '@' stands in text columns while they are written, and stays where the kind says so."""
    write_header(sheet, one.header, one.names)
    body = one.body
    for code, left, right in neighbours([column.before for column in one.columns], body.left):
        set_format(sheet, body._replace(left=left, right=right), code)
    blank = [BLANK] * max(one.length, 1)
    columns = [column.values if len(column.values) else blank for column in one.columns]
    write_rows(sheet, body.top, body.left, rows_of(columns, 0, len(blank)), look)
    # A cell of the format '@' takes no formula: where formulas come, the last format waits for them.
    after = [column.after if column.before != column.after and not column.formulas else "" for column in one.columns]
    for code, left, right in neighbours(after, body.left):
        if code:
            set_format(sheet, body._replace(left=left, right=right), code)
    look()


def _add_tables(drawing: Drawing, plan: SheetPlan) -> None:
    """Values stand already; a table added to a sheet that was there goes again with its cells."""
    sheet, found = drawing.sheet(plan), drawing.found(plan)
    there = {one.table.name for _, _, one in found.ours(plan)} if found else set()
    for one in plan.tables:
        if one.table.name not in there:
            cells = rng(sheet, one.area)
            if found:
                drawing.back.append(cells.clear)
            sheet.tables.add(source=cells, name=one.table.name, has_headers=True, table_style_name=STYLE)
    drawing.look()


def _formulas(drawing: Drawing, plan: SheetPlan) -> None:
    """Last, when every table they may name is there."""
    sheet = drawing.sheet(plan)
    for patch in plan.formulas:
        write_formulas(sheet, patch.row, patch.column, patch.rows)
    for one in plan.tables:
        for place, column in enumerate(one.columns):
            left = one.body.left + place
            area = one.body._replace(left=left, right=left)
            if column.fill and one.length:
                _fill(sheet, area, column.fill, column.blanks, is_array=column.is_array)
            for start, texts in _runs(column.formulas):
                write_formulas(sheet, area.top + start, left, [[text] for text in texts])
            if column.formulas and column.before != column.after:
                set_format(sheet, area, column.after)
            drawing.look()


def _fill(sheet: Any, area: Area, formula: str, blanks: Sequence[int], *, is_array: bool) -> None:
    """One formula for a whole column by one fill; cells without a value have none."""
    text = typed(formula)
    if is_array:
        fill_arrays(rng(sheet, area), text)
    else:
        rng(sheet, area).formula = text
    for start, length in _stretches(blanks):
        rng(sheet, area._replace(top=area.top + start, bottom=area.top + start + length - 1)).clear_contents()


def _runs(formulas: Sequence[tuple[int, str]]) -> Iterable[tuple[int, list[str]]]:
    texts = dict(formulas)
    return [(start, [typed(texts[start + at]) for at in range(length)]) for start, length in _stretches([*texts])]


def _stretches(places: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as (first, how many that follow each other)."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((place, 1))
    return found


def as_refusal(error: Exception) -> ReconError:
    """What the spreadsheet program said, as a Stop."""
    return refused(words_of(error))
