"""The blank workbook: Start, the Setup sheets, and result sheets ready for a run; with form buttons when asked.

Columns come from the reports, Setup tables from the schema, looks from the hosts' style table, so that a run
finds the sheets as it would draw them. The same code gives the same parts on every machine. Its words stand in
`start_texts.py`. Longer than other modules, since every sheet of the blank workbook is drawn on this page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from itertools import zip_longest
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from addin.hosts.sheetxml import FILTER_BUTTON
from addin.hosts.styles import STYLES, Look
from addin.hosts.worksheet import TABS, pages_across
from recon_core.model import Status
from recon_core.problems import SEVERITY_WORDS, Severity
from recon_core.reports import checks, data, exceptions, files, matched, notes, runs, skipped, suggestions, summary
from recon_core.reports.case import TABLE_ROW
from recon_core.schema import BASICS, SETUP_SHEETS, TABLES, Field, SetupTable, layout
from recon_core.sheets import INPUTS, MAX_ROWS, Column, Kind, column_letter
from workbook_templates.package import read_parts, write_parts
from workbook_templates.start_texts import CONTENTS, HEADINGS, HELP, HELP_MACROS, HELP_PLAIN, LATER, LEGEND, STEPS, WHAT

CREATED = datetime(2026, 1, 1)
FOOTER = "&C&F · &A · page &P of &N"
NOT_RUN = "(not run yet)"
DARK, QUIET = "#334155", "#475569"
GRID = "#CBD5E1"  # a filled cell hides the grid lines, so input cells bring their own
LAST_ROW = MAX_ROWS - 1  # of rules and colours
LINE = 15  # points of a row
READY = "Ready"
TITLE_ROW, BUTTON_ROW = 24, 36  # points
BUTTON = 150  # pixels wide
ROW_BUTTON, ROW_BUTTON_SHEETS = "Explain", ("Exceptions", "Matched")  # acts on the selected row, so it stands beside it
START_WIDTH, LETTERS = 92, 104  # prose runs narrower than the digits a width is counted in
WIDTHS = {Kind.ID: 22.0, Kind.AMOUNT: 16.0}  # where a column fits its content and there is none yet
SMALL = replace(STYLES["note"], wrap=False, top=False)  # runs on into the empty cells to its right
PROMPT_TITLE, PROMPT_TEXT = 32, 255  # Excel's limits

BLUE = dict.fromkeys((*SETUP_SHEETS, "Files"), "blue")
TAB = {"Summary": "green"} | BLUE | dict.fromkeys(("Start", "Notes history", "Run log"), "grey")
OUTCOMES = {str(status): look for status, look in summary.STYLES.items()}
GRAVE = {Severity.STOP: "unmatched", Severity.ASK: "partial", Severity.LEFT_OUT: "partial", Severity.NOTE: "skipped"}
SEVERITIES = {SEVERITY_WORDS[severity]: look for severity, look in GRAVE.items()}
RUN_WORDS = {"OK": "matched", "WARN": "partial"}
REASON_CODES = [
    "TIMING", "FEE-RATE", "FEE-UNKNOWN", "GST", "TCS/TDS", "RETURN-NOT-CREDITED", "RETURN-DOUBLE", "SHORT-PAID", "OVER-PAID",
    "NOT-SETTLED", "NOT-IN-OMS", "DUPLICATE", "CANCELLED", "ROUNDING", "NO-ID", "DATA-ERROR", "CLAIM-RAISED", "WRITE-OFF",
]  # fmt: skip
CHOICES = {"Reason code": REASON_CODES, "Tick": ["✓", "F", "^", "TB", "BS", "Ø", "n/a"]}


@dataclass(frozen=True, slots=True)
class Pen:
    """The workbook under construction, the form buttons it gets, and its cell formats by look."""

    book: xlsxwriter.Workbook
    buttons: Mapping[str, str]
    formats: dict[tuple[Look, bool], Format] = field(default_factory=dict)

    def look(self, look: str | Look, *, grid: bool = False) -> Format:
        """The cell format of a look; `grid` draws thin lines around the cell."""
        look = STYLES[look] if isinstance(look, str) else look
        if (look, grid) not in self.formats:
            self.formats[look, grid] = self.book.add_format(_properties(look, grid=grid))
        return self.formats[look, grid]

    def colours(self, name: str) -> Format:
        """The fill and font colour of a look, for a conditional format."""
        look = STYLES[name]
        return self.book.add_format({"bg_color": f"#{look.fill}", "font_color": f"#{look.colour}"})


class Result(NamedTuple):
    """A result sheet: its table, how many columns stand still, which words of which column have a colour."""

    table: str
    columns: Sequence[Column]
    still: int = 0
    marks: Mapping[str, Mapping[str, str]] = {}
    printed: str = ""  # the last column on paper; what follows is for the proof and the trace on screen
    repeated: int = 0  # columns that say which row it is, where a row needs pages side by side


RESULTS: dict[str, Result] = {
    "Exceptions": Result(
        "tblExceptions", exceptions.COLUMNS, still=1, marks={"Status": OUTCOMES}, printed="Tick", repeated=5
    ),
    "Suggestions": Result("tblSuggest", suggestions.COLUMNS),
    "Matched": Result("tblMatched", matched.COLUMNS, still=2, printed="Row"),
    "Data checks": Result("tblChecks", checks.COLUMNS, still=1, marks={"Severity": SEVERITIES}),
    "Skipped": Result("tblSkipped", skipped.COLUMNS, printed="Row"),
    "A data": Result("tblA", data.columns({}), still=2, repeated=2, marks={"Outcome": OUTCOMES}),
    "B data": Result("tblB", data.columns({}), still=2, repeated=2, marks={"Outcome": OUTCOMES}),
    "Files": Result("tblFiles", files.COLUMNS, repeated=4),
    "Notes history": Result("tblNotes", notes.COLUMNS, still=1),
    "Run log": Result("tblRuns", runs.COLUMNS, still=1, marks={"Outcome": RUN_WORDS}),
}


def template(buttons: Mapping[str, str] | None = None) -> bytes:
    """The workbook. `buttons`: caption -> macro of the form buttons on Start; a workbook without macros has none."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": "Tieout reconciliation", "author": "", "company": "", "created": CREATED})
        pen = Pen(book, buttons or {})
        for name in CONTENTS:
            sheet = book.add_worksheet(name)
            draw = DRAWN.get(name, _setup if name in HEADINGS else _result)
            draw(pen, sheet)
            _page(sheet)
    return write_parts(read_parts(buffer.getvalue()))


def _page(sheet: Worksheet) -> None:
    """Tab colour and print set-up of every sheet; Start alone stands upright."""
    name = sheet.get_name()
    sheet.set_row(0, TITLE_ROW)
    if name in TAB:
        sheet.set_tab_color(f"#{TABS[TAB[name]]}")
    if name != "Start":
        sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(_across(sheet, RESULTS.get(name)), 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.set_footer(FOOTER)


def _across(sheet: Worksheet, result: Result | None) -> int:
    """Pages side by side, so that a wide table stays readable on paper; the columns that name a row are repeated on each."""
    name = sheet.get_name()
    if result is None:
        return _setup_across(sheet, [table for table in TABLES if table.sheet == name]) if name in HEADINGS else 1
    names = [column.name for column in result.columns]
    printed = result.columns[: 1 + names.index(result.printed)] if result.printed else result.columns
    across = pages_across({at: _width(column) for at, column in enumerate(printed, 1)}, result.repeated + 1)
    if across > 1 and result.repeated:
        sheet.repeat_columns(0, result.repeated - 1)
    return across


def _setup_across(sheet: Worksheet, tables: Sequence[SetupTable]) -> int:
    """The same for a sheet the user fills; its tables share the columns, and the first two name a row."""
    across = pages_across(dict(enumerate(_shared_widths(tables), 1)), 3)
    if across > 1:
        sheet.repeat_columns(0, 1)
    return across


def _shared_widths(tables: Sequence[SetupTable]) -> list[float]:
    """A column is as wide as the widest field that stands in it."""
    return [max(shared) for shared in zip_longest(*([one.width for one in table.fields] for table in tables), fillvalue=0)]  # fmt: skip


def _width(column: Column) -> float:
    return column.width or WIDTHS.get(column.kind, 24.0)


def _start(pen: Pen, sheet: Worksheet) -> None:
    """What this is, five steps, every sheet with a link, the colours, help."""
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, START_WIDTH)
    sheet.write(0, 0, "Tieout", pen.look("title"))
    sheet.write_column(1, 0, WHAT, pen.look("subtitle"))
    row = _engine(pen, sheet, 4)
    row = _block(pen, sheet, row, "Five steps", [("text", str(at), text) for at, text in enumerate(STEPS, 1)])
    row = _block(pen, sheet, row, "Sheets", [("link", name, text) for name, text in CONTENTS.items()])
    row = _block(pen, sheet, row, "Sheets that a run adds, behind these", LATER)
    row = _block(pen, sheet, row, "Colours", LEGEND)
    _block(pen, sheet, row, "Help", [("label", *one) for one in (*(HELP_MACROS if pen.buttons else HELP_PLAIN), *HELP)])
    sheet.activate()


def _engine(pen: Pen, sheet: Worksheet, row: int) -> int:
    """The form buttons, if any, and the two cells through which buttons and Python speak; the row below and a blank."""
    sheet.write(row, 0, "Run", pen.look("section"))
    sheet.write_blank(row, 1, None, pen.look("section"))
    if pen.buttons:
        row += 1
        sheet.set_row(row, BUTTON_ROW)
        sheet.write(row, 0, "Buttons", pen.look(replace(STYLES["label"], top=True)))
        for at, (caption, macro) in enumerate(pen.buttons.items()):
            place = {"x_offset": at * (BUTTON + 12), "y_offset": 7, "width": BUTTON, "height": 32}
            sheet.insert_button(row, 1, {"caption": caption, "macro": macro} | place)
    for label, name, text in (("Status", "tieout_status", READY), ("Request", "tieout_request", "")):
        row += 1
        sheet.write(row, 0, label, pen.look("label"))
        sheet.write(row, 1, text, pen.look(replace(STYLES["wrap"], format="@", wrap=False)))
        sheet.set_row(row, LINE)  # a long word of the engine must not push the page down
        pen.book.define_name(name, f"=Start!$B${row + 1}")
    sheet.write(
        row + 1, 1, "Tieout writes both cells: what it is doing, and what a button has asked for.", pen.look(SMALL)
    )
    return row + 3


def _block(pen: Pen, sheet: Worksheet, row: int, title: str, lines: Sequence[tuple[str, str, str]]) -> int:
    """A section with a word and a text on each line; the row below it and a blank one."""
    sheet.write(row, 0, title, pen.look("section"))
    sheet.write_blank(row, 1, None, pen.look("section"))
    for at, (style, word, text) in enumerate(lines, row + 1):
        left = pen.look(replace(STYLES[style], top=True))
        if style == "link":
            sheet.write_url(at, 0, f"internal:'{word}'!A1", left, word)
        elif word:
            sheet.write_string(at, 0, word, left)
        sheet.set_row(at, LINE * (1 + len(text) // LETTERS))
        sheet.write_string(at, 1, text, pen.look("note" if style == "note" else "wrap"))
    return row + len(lines) + 2


def _summary(pen: Pen, sheet: Worksheet) -> None:
    """Title, the names the charts read, the charts, and red for a tie-out that breaks after the run."""
    sheet.hide_gridlines(2)
    for column, width in summary.WIDTHS.items():
        sheet.set_column(column - 1, column - 1, width)
    _title(pen, sheet, "Summary")
    top = summary.GLANCE_ROW
    sheet.write_row(top - 1, 0, ("Outcome", "Rows A", "Rows B"), pen.look("header"))
    for at, (name, look) in enumerate(OUTCOMES.items(), top):
        sheet.write(at, 0, name, pen.look(look))
    rows = _chart(pen, "Rows by outcome", (top, len(Status)), {1: DARK, 2: "#94A3B8"}, "#,##0")
    sheet.insert_chart("I7", rows)
    types = (summary.TYPES_ROW, summary.TYPES_SHOWN)
    sheet.insert_chart("I26", _chart(pen, "Open amount by type", types, {2: "#D9A35B"}, "#,##0;(#,##0);"))
    for area in ("E1:E500", "B5"):
        _truth(pen, sheet, area)


def _truth(pen: Pen, sheet: Worksheet, area: str) -> None:
    """Green TRUE, red FALSE; a blank cell equals FALSE to Excel, so the kind is asked for first."""
    cell = area.partition(":")[0]
    tests = {f"=AND(ISLOGICAL({cell}),NOT({cell}))": "bad", f"=AND(ISLOGICAL({cell}),{cell})": "good"}
    for formula, look in tests.items():
        sheet.conditional_format(area, {"type": "formula", "criteria": formula, "format": pen.colours(look)})


def _chart(pen: Pen, title: str, area: tuple[int, int], series: Mapping[int, str], form: str) -> Any:
    """Horizontal bars, first category on top; figures stand at the bars, so there is no axis of values.

    `area`: header row and rows on Summary. `series`: column -> colour.
    """
    top, count = area
    chart = pen.book.add_chart({"type": "bar"})
    for column, colour in series.items():
        chart.add_series({
            "name": ["Summary", top - 1, column], "categories": ["Summary", top, 0, top + count - 1, 0],
            "values": ["Summary", top, column, top + count - 1, column], "fill": {"color": colour}, "gap": 50,
            "data_labels": {"value": True, "num_format": form, "font": {"color": QUIET, "size": 9}},
        })  # fmt: skip
    chart.set_title({"name": title, "name_font": {"size": 12, "bold": True, "color": DARK}})
    chart.set_legend({"position": "bottom", "font": {"color": QUIET}} if len(series) > 1 else {"none": True})
    chart.set_y_axis({"reverse": True, "line": {"color": GRID}, "major_tick_mark": "none", "num_font": {"color": DARK}})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "num_format": "#,##0"})
    chart.set_size({"width": 420, "height": 160 + 23 * count * len(series)})
    chart.set_chartarea({"border": {"color": GRID}})
    return chart


def _title(pen: Pen, sheet: Worksheet, text: str) -> None:
    sheet.write(0, 0, text, pen.look("title"))
    sheet.write(1, 0, NOT_RUN, pen.look("subtitle"))


def _result(pen: Pen, sheet: Worksheet) -> None:
    """A sheet that a run fills: headers and one blank row, all else ready."""
    result = RESULTS[sheet.get_name()]
    header, first, last = TABLE_ROW - 1, TABLE_ROW, len(result.columns) - 1
    _title(pen, sheet, sheet.get_name())
    for at, column in enumerate(result.columns):
        look = Look(unlocked=True) if column.kind in INPUTS else STYLES[column.cell_style]
        sheet.set_column(at, at, _width(column), pen.look(look))
        if column.kind in INPUTS:
            sheet.write_blank(first, at, None, pen.look(column.cell_style))
    names = [{"header": column.name, "header_format": pen.look(column.header_style)} for column in result.columns]
    sheet.add_table(header, 0, first, last, {"name": result.table, "columns": names, "style": "Table Style Light 1"})
    _header_row(sheet, header, [(column.name, column.width or 24.0) for column in result.columns])
    sheet.freeze_panes(first, result.still)
    sheet.repeat_rows(header)
    if result.printed:
        sheet.print_area(0, 0, MAX_ROWS - 1, [column.name for column in result.columns].index(result.printed))
    if ROW_BUTTON in pen.buttons and sheet.get_name() in ROW_BUTTON_SHEETS:
        place = {"x_offset": 0, "y_offset": 4, "width": 100, "height": 24}
        sheet.insert_button(0, 2, {"caption": ROW_BUTTON, "macro": pen.buttons[ROW_BUTTON]} | place)
    _mark(pen, sheet, result)
    _lists(sheet, result)


def _header_row(sheet: Worksheet, row: int, names: Sequence[tuple[str, float]], button: int = FILTER_BUTTON) -> None:
    """Room for two lines where a header is wider than its column; LibreOffice does not see to it by itself."""
    wraps = any(" " in name and len(name) + button > width for name, width in names)
    sheet.set_row(row, LINE * (1 + wraps))


def _mark(pen: Pen, sheet: Worksheet, result: Result) -> None:
    """Colours of words, red for FALSE, no green corner on ids that look like numbers: from the first data row down the sheet.

    A table may grow in Excel too, where nothing but Excel itself could make them follow.
    """
    for at, column in enumerate(result.columns):
        cell = _down(column_letter(at + 1))
        for word, look in result.marks.get(column.name, {}).items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": pen.colours(look)}
            sheet.conditional_format(cell, rule)
        if column.name == "Agrees":
            _truth(pen, sheet, cell)
    ids = [column_letter(at) for at, column in enumerate(result.columns, 1) if column.kind is Kind.ID]
    if ids:
        sheet.ignore_errors({"number_stored_as_text": " ".join(map(_down, ids))})


def _down(letter: str) -> str:
    """The column from the first data row to the last row but one: LibreOffice 7.4 breaks off printing where colours on formulas reach the last."""
    return f"{letter}{TABLE_ROW + 1}:{letter}{LAST_ROW}"


def _lists(sheet: Worksheet, result: Result) -> None:
    """What may be chosen in the columns of the user; another word is allowed after a question."""
    for at, column in enumerate(result.columns):
        if column.name in CHOICES and result.table == "tblExceptions":
            sheet.data_validation(TABLE_ROW, at, LAST_ROW - 1, at, _one_of(CHOICES[column.name], column.name))


def _one_of(source: list[str] | str, name: str) -> dict[str, object]:
    """A list to choose from. It warns only: the words are ours, the decision is the user's."""
    return {
        "validate": "list", "source": source, "error_type": "warning", "error_title": name[:PROMPT_TITLE],
        "error_message": "This is not one of the words of the list. Keep it?",
    }  # fmt: skip


def _setup(pen: Pen, sheet: Worksheet) -> None:
    """A sheet the user fills: its tables of the schema one below the other."""
    name = sheet.get_name()
    tables = [table for table in TABLES if table.sheet == name]
    sheet.hide_gridlines(2)
    sheet.write(0, 0, HEADINGS[name][0], pen.look("title"))
    sheet.write(1, 0, HEADINGS[name][1], pen.look("subtitle"))
    for at, width in enumerate(_shared_widths(tables)):
        sheet.set_column(at, at, width)
    for table in tables:
        _setup_table(pen, sheet, table, alone=len(tables) == 1)


def _setup_table(pen: Pen, sheet: Worksheet, table: SetupTable, *, alone: bool) -> None:
    _, title, header, first, rows = layout()[table.title]
    last = len(table.fields) - 1
    for at in range(last + 1):
        sheet.write_blank(title - 1, at, None, pen.look("section"))
    sheet.write(title - 1, 0, table.title, pen.look("section"))
    sheet.write(title, 0, table.help, pen.look(SMALL))
    names = [{"header": one.name, "header_format": pen.look("header")} for one in table.fields]
    options = {"name": table.excel_name, "columns": names, "style": "Table Style Light 1", "autofilter": alone}
    sheet.add_table(header - 1, 0, first + rows - 2, last, options)
    _header_row(sheet, header - 1, [(one.name, one.width) for one in table.fields], button=FILTER_BUTTON * alone)
    if table.title == "Reconciliation":
        _basics(pen, sheet, first)
    else:
        for at, one in enumerate(table.fields):
            _input_column(pen, sheet, (first - 1, at, first + rows - 2, at), one, last + 2)
    if alone:
        sheet.freeze_panes(header, 0)
        sheet.repeat_rows(header - 1)


def _basics(pen: Pen, sheet: Worksheet, first: int) -> None:
    """The items with their notes, and a cell for each value."""
    for row, (item, note) in enumerate(BASICS, first - 1):
        look = "input_date" if item in DATES else "input"
        sheet.write(row, 0, item, pen.look("label"))
        sheet.write_blank(row, 1, None, pen.look(replace(STYLES[look], align="left"), grid=True))
        sheet.write(row, 2, note, pen.look(SMALL))
        sheet.data_validation(row, 1, row, 1, _prompt(item, note))


def _input_column(pen: Pen, sheet: Worksheet, area: tuple[int, int, int, int], one: Field, free: int) -> None:
    """Blank input cells with help, and a list where the choices are closed.

    All but numbers are text cells: Excel would make a date of '3/4' and a number of '1,234.50'. Choices that
    hold a comma, or are too many letters, cannot stand in a rule; they stand in the column `free`, beside the table.
    """
    form = "General" if one.least is not None or one.is_number else "@"
    first, at, last, _ = area
    for row in range(first, last + 1):
        sheet.write_blank(row, at, None, pen.look(replace(STYLES["input"], format=form), grid=True))
    example = f" Example: {one.example}." * (one.example not in ("", *one.choices))
    rule = _prompt(one.name, one.help + example)
    if any("," in choice for choice in one.choices) or len(",".join(one.choices)) > PROMPT_TEXT:
        sheet.set_column(free, free, 14)
        sheet.write(first - 1, free, f"{one.name}: choices", pen.look("label"))
        sheet.write_column(first, free, one.choices, pen.look(replace(STYLES["subtitle"], format="@")))
        letter = column_letter(free + 1)
        rule |= _one_of(f"=${letter}${first + 1}:${letter}${first + len(one.choices)}", one.name)
    elif one.choices:
        rule |= _one_of(list(one.choices), one.name)
    sheet.data_validation(*area, rule)


def _prompt(title: str, text: str) -> dict[str, object]:
    """A message shown beside the cell. What does not fit is an error: Excel would repair the file."""
    if len(title) > PROMPT_TITLE or len(text) > PROMPT_TEXT:
        raise ValueError(f"the help of {title} is too long for Excel: {len(text)} letters")
    return {"validate": "any", "input_title": title, "input_message": text}


DATES = ("Period from", "Period to", "As of")
DRAWN: dict[str, Callable[[Pen, Worksheet], None]] = {"Start": _start, "Summary": _summary}


def _properties(look: Look, *, grid: bool) -> dict[str, object]:
    """A look in XlsxWriter's words; only what differs from the default."""
    words: dict[str, object] = {
        "bold": look.bold, "italic": look.italic, "underline": int(look.underline), "font_size": look.size,
        "font_color": f"#{look.colour}" * bool(look.colour), "bg_color": f"#{look.fill}" * bool(look.fill),
        "num_format": look.format if look.format != "General" else "", "text_wrap": look.wrap, "align": look.align,
        "valign": "top" * look.top, "bottom": int(look.line), "bottom_color": "#94A3B8" * look.line,
    }  # fmt: skip
    words |= {"border": 1, "border_color": GRID} if grid else {}
    return {name: value for name, value in words.items() if value} | ({"locked": False} if look.unlocked else {})
