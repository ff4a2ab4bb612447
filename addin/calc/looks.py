"""How cells look: formats, colours, fonts, sizes, links. None where the cells of a range differ.

Excel counts widths in characters of the default font and heights in points, Calc both in hundredths of a millimetre.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlwings import base_classes, utils

from addin.calc.border import CalcError, bordered, enum, kind

if TYPE_CHECKING:
    from addin.calc.books import CalcBook
    from addin.calc.ranges import CalcRange

_PER_INCH, _POINTS, _PIXELS = 2540, 72, 96
_EDGES = 5 / 7  # of a column, in characters
_FINE = 100  # a font so many times as large is measured, since the width of a digit is no whole number of pixels
_ACROSS = {
    "general": "STANDARD",
    "left": "LEFT",
    "center": "CENTER",
    "right": "RIGHT",
    "fill": "REPEAT",
    "justify": "BLOCK",
}
_UPRIGHT = {"top": 1, "center": 2, "bottom": 3, "justify": 4}
_BOLD = 150.0
_LAST_ROW = 1_048_575
_HAIR = 20  # hundredths of a millimetre, less than a pixel: such a change is not worth breaking all pages anew
_SEEN = 256  # columns or rows that are asked for their size; a range that differs only beyond is taken for even
_PLAIN = ("RotateAngle", "ParaIndent", "IsTextWrapped", "CharPosture", "CharHeight")  # properties that hardly differ


class Formats:
    """The number formats of a book: texts to Calc's keys and back; each is asked once."""

    def __init__(self, book: CalcBook) -> None:
        self._xl = book.xl.getNumberFormats()
        self._locale = kind("com.sun.star.lang.Locale")("en", "US", "")
        # The book's own General: that of another language changes a number format's language and nothing else.
        self._keys: dict[str, int] = {"General": 0}
        self._texts: dict[int, str] = {}
        self.digit = 0.0  # hundredths of a millimetre of the widest digit, 0 until it was asked
        self._found: dict[int, tuple[str, int]] = {}

    def key(self, text: str) -> int:
        """The key of a format; CalcError where it is none."""
        if text not in self._keys:
            key = self._xl.queryKey(text, self._locale, False)
            self._keys[text] = self._xl.addNew(text, self._locale) if key == -1 else key
            self._texts.setdefault(self._keys[text], text)
        return self._keys[text]

    def kind(self, key: int) -> int:
        """What a format shows, as bits of com.sun.star.util.NumberFormat."""
        return self._asked(key)[1]

    def text(self, key: int) -> str:
        """The format as it was written here, else in Calc's words, which differ from Excel's at times."""
        return self._texts.get(key) or self._asked(key)[0]

    def _asked(self, key: int) -> tuple[str, int]:
        if key not in self._found:
            found = self._xl.getByKey(key)
            self._found[key] = (found.FormatString, found.Type)
        return self._found[key]


def fit_rows(sheet: Any) -> None:
    """Rows of a UNO sheet as high as their text needs, save those that have a height of their own.

    Calc offers no call for just that, but does it after each change of a property: one that is equal in a whole column
    of cells is set to what it is. It takes its time over a long table, whose rows are of one plain line each mostly.
    """
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    used = cursor.getRangeAddress()
    last = used.EndRow
    if last > _SEEN and _is_plain(sheet, sheet.getCellRangeByPosition(0, _SEEN, used.EndColumn, last)):
        last = _SEEN
    cells = sheet.getCellRangeByPosition(0, 0, 0, last)
    for name in _PLAIN:
        value = common(cells, name)
        if value is not None:
            cells.setPropertyValue(name, value)
            return


def _is_plain(sheet: Any, cells: Any) -> bool:
    """Whether no cell is wrapped or of another size than the sheet's untouched last one."""
    untouched = sheet.getCellByPosition(0, _LAST_ROW)
    return common(cells, "IsTextWrapped") is False and common(cells, "CharHeight") == untouched.CharHeight


def common(xl: Any, name: str) -> Any:
    """A property of a range, None where its cells differ (Calc itself would give the first cell's)."""
    if xl.getPropertyState(name).value == "AMBIGUOUS_VALUE":
        return None
    return xl.getPropertyValue(name)


def _rgb(color: Any) -> int:
    """A tuple, '#RRGGBB' or Excel's number as Calc's number; -1 is none."""
    if color is None:
        return -1
    if isinstance(color, str):
        color = utils.hex_to_rgb(color)
    elif isinstance(color, int):
        color = utils.int_to_rgb(color)
    return int(color[0]) << 16 | int(color[1]) << 8 | int(color[2])


def _tuple(number: int | None) -> tuple[int, int, int] | None:
    return None if number is None or number == -1 else (number >> 16 & 255, number >> 8 & 255, number & 255)


def _points(hundredths: float) -> float:
    """Hundredths of a millimetre as points, to a quarter."""
    return round(hundredths / _PER_INCH * _POINTS * 4) / 4


def _one_of(values: list[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else None


def _columns(rng: CalcRange, name: str) -> Any:
    found = rng.here.getColumns()
    return _one_of([getattr(found.getByIndex(place), name) for place in range(min(found.getCount(), _SEEN))])


def _rows(rng: CalcRange, name: str) -> Any:
    found = rng.here.getRows()
    return _one_of([getattr(found.getByIndex(place), name) for place in range(min(found.getCount(), _SEEN))])


def _hidden_rows(rng: CalcRange) -> bool | None:
    """Asked at once for all rows, by the one column of them that is visible itself; None where they differ."""
    first = rng.part(0, 0, rng.shape[0], 1).here
    if not first.getColumns().IsVisible:
        return _hidden(_rows(rng, "IsVisible"))
    seen = sum(one.EndRow - one.StartRow + 1 for one in first.queryVisibleCells().getRangeAddresses())
    return True if not seen else False if seen == rng.shape[0] else None


def _get_column_width(rng: CalcRange) -> float | None:
    width = _columns(rng, "Width")
    return None if width is None else round(width / _digit(rng) - _EDGES, 2)


def _set_column_width(rng: CalcRange, characters: float) -> None:
    width = round((characters + _EDGES) * _digit(rng))
    here = rng.here
    if rng.shape[1] > 1 or abs(here.Size.Width - width) > _HAIR:
        here.getColumns().Width = width


def _digit(rng: CalcRange) -> float:
    """Hundredths of a millimetre of the widest digit of the book's own font, as LibreOffice draws it here: Calibri may have a wider stand-in."""
    formats = rng.book.formats
    if not formats.digit:
        style = rng.book.xl.StyleFamilies.getByName("CellStyles").getByName("Default")
        device = rng.app.office.service("com.sun.star.awt.Toolkit").createScreenCompatibleDevice(1, 1)
        font = kind("com.sun.star.awt.FontDescriptor")()
        font.Name, font.Height = style.CharFontName, round(style.CharHeight / _POINTS * _PIXELS * _FINE)
        drawn = device.getFont(font)
        widest = max(drawn.getCharWidth(digit) for digit in "0123456789")
        formats.digit = widest / _FINE / _PIXELS * _PER_INCH
    return formats.digit


def _get_row_height(rng: CalcRange) -> float | None:
    height = _rows(rng, "Height")
    return None if height is None else _points(height)


def _set_row_height(rng: CalcRange, points: float) -> None:
    rng.here.getRows().Height = round(points / _POINTS * _PER_INCH)


def _get_number_format(rng: CalcRange) -> str | None:
    key = common(rng.here, "NumberFormat")
    return None if key is None else rng.book.formats.text(key)


def _get_vertical(rng: CalcRange) -> str | None:
    place = common(rng.here, "VertJustify")
    return None if place is None else next((word for word, number in _UPRIGHT.items() if number == place), "bottom")


def _get_horizontal(rng: CalcRange) -> str | None:
    place = common(rng.here, "HoriJustify")
    return None if place is None else next((word for word, name in _ACROSS.items() if name == place.value), None)


def _set_horizontal(rng: CalcRange, word: str) -> None:
    if word not in _ACROSS:
        raise NotImplementedError(f"the alignment {word}")
    rng.here.HoriJustify = enum("com.sun.star.table.CellHoriJustify", _ACROSS[word])


def _set_vertical(rng: CalcRange, word: str) -> None:
    if word not in _UPRIGHT:
        raise NotImplementedError(f"the alignment {word}")
    rng.here.VertJustify = _UPRIGHT[word]


def _hidden(shown: bool | None) -> bool | None:
    return None if shown is None else not shown


# Attribute of a range: how it is read, how it is set (None: it cannot be).
_ATTRIBUTES: dict[str, tuple[Any, Any]] = {
    "color": (
        lambda r: _tuple(common(r.here, "CellBackColor")),
        lambda r, v: setattr(r.here, "CellBackColor", _rgb(v)),
    ),
    "number_format": (_get_number_format, lambda r, v: setattr(r.here, "NumberFormat", r.book.formats.key(v))),
    "wrap_text": (lambda r: common(r.here, "IsTextWrapped"), lambda r, v: setattr(r.here, "IsTextWrapped", bool(v))),
    "horizontal_alignment": (_get_horizontal, _set_horizontal),
    "vertical_alignment": (_get_vertical, _set_vertical),
    "column_width": (_get_column_width, _set_column_width),
    "row_height": (_get_row_height, _set_row_height),
    "row_hidden": (_hidden_rows, lambda r, v: setattr(r.here.getRows(), "IsVisible", not v)),
    "column_hidden": (
        lambda r: _hidden(_columns(r, "IsVisible")),
        lambda r, v: setattr(r.here.getColumns(), "IsVisible", not v),
    ),
    "width": (lambda r: _points(r.here.Size.Width), None),
    "height": (lambda r: _points(r.here.Size.Height), None),
    "left": (lambda r: _points(r.here.Position.X), None),
    "top": (lambda r: _points(r.here.Position.Y), None),
}


def shown(name: str) -> Any:
    """The property of a range that this attribute is; a change on a protected sheet is refused, as in Excel."""
    getter, setter = _ATTRIBUTES[name]

    def put(rng: CalcRange, value: Any) -> None:
        rng.sheet.must_be_unprotected()
        setter(rng, value)

    return property(getter, put if setter else None)


def hyperlink(rng: CalcRange) -> str:
    """The address a cell links to, by a link or by HYPERLINK(); CalcError where it has none."""
    fields = rng.xl.getCellByPosition(0, 0).getTextFields()
    if fields.getCount():
        return str(fields.getByIndex(0).URL)
    formula = rng.part(0, 0).formula
    if isinstance(formula, str) and formula.upper().startswith('=HYPERLINK("'):
        return formula.split('"')[1]
    raise CalcError("The cell doesn't seem to contain a hyperlink!")


def add_hyperlink(rng: CalcRange, address: str, text: str) -> None:
    """Put a link and its text into the first cell."""
    rng.must_be_open()
    cell = rng.sheet.xl.getCellByPosition(rng.column - 1, rng.row - 1)
    cell.setString("")
    field = rng.book.xl.createInstance("com.sun.star.text.TextField.URL")
    field.Representation, field.URL = text, address
    cell.insertTextContent(cell.createTextCursor(), field, False)


@bordered
class CalcFont(base_classes.Font):  # type: ignore[misc, unused-ignore]
    """The font of all cells of a range."""

    def __init__(self, rng: CalcRange) -> None:
        self._rng = rng

    @property
    def api(self) -> Any:
        return self._rng.xl

    def _set(self, name: str, value: Any) -> None:
        self._rng.sheet.must_be_unprotected()
        self._rng.here.setPropertyValue(name, value)

    @property
    def bold(self) -> bool | None:
        weight = common(self._rng.here, "CharWeight")
        return None if weight is None else bool(weight >= _BOLD)

    @bold.setter
    def bold(self, bold: bool) -> None:
        self._set("CharWeight", _BOLD if bold else 100.0)

    @property
    def italic(self) -> bool | None:
        slant = common(self._rng.here, "CharPosture")
        return None if slant is None else bool(slant.value != "NONE")

    @italic.setter
    def italic(self, italic: bool) -> None:
        self._set("CharPosture", enum("com.sun.star.awt.FontSlant", "ITALIC" if italic else "NONE"))

    @property
    def size(self) -> float | None:
        size = common(self._rng.here, "CharHeight")
        return None if size is None else float(size)

    @size.setter
    def size(self, points: float) -> None:
        self._set("CharHeight", float(points))

    @property
    def color(self) -> tuple[int, int, int] | None:
        number = common(self._rng.here, "CharColor")
        return None if number is None else _tuple(number) or (0, 0, 0)

    @color.setter
    def color(self, color: Any) -> None:
        self._set("CharColor", _rgb(color))

    @property
    def name(self) -> str | None:
        found = common(self._rng.here, "CharFontName")
        return None if found is None else str(found)

    @name.setter
    def name(self, name: str) -> None:
        self._set("CharFontName", name)
