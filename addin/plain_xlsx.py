"""A small new workbook of texts, for templates that people fill in: bold headers, widths, id columns as text. Nothing else."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

from recon_core.sheets import column_letter

Rows = Sequence[Sequence[str]]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BEGINS = (1980, 1, 1, 0, 0, 0)  # no clock: the same rows give the same bytes
_HEADER, _TEXT, _WRAPPED = 1, 2, 3
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="10"/><name val="Calibri"/></font><font><b/><sz val="10"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFE2E8F0"/></patternFill></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf fontId="1" fillId="2" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="49" applyNumberFormat="1"/><xf applyAlignment="1"><alignment wrapText="1" vertical="top"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)  # fmt: skip


def workbook(sheets: Mapping[str, Rows], *, text_columns: Sequence[int] = (), widths: Mapping[str, Sequence[float]] | None = None) -> bytes:  # fmt: skip
    """Sheets by name, each with a header row -> the bytes of an .xlsx. `text_columns` of the first sheet (from 0) keep what is typed, as ids need."""
    names = list(sheets)
    parts = {
        "[Content_Types].xml": _types(len(names)),
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _book(names),
        "xl/_rels/workbook.xml.rels": _relations({**{f"rId{at}": ("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(names) + 1)}, f"rId{len(names) + 1}": ("styles", "styles.xml")}),
        "xl/styles.xml": _STYLES,
        **{f"xl/worksheets/sheet{at}.xml": _sheet(sheets[name], text_columns if at == 1 else (), (widths or {}).get(name, ())) for at, name in enumerate(names, 1)},
    }  # fmt: skip
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            package.writestr(zipfile.ZipInfo(name, _BEGINS), head + text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _types(count: int) -> str:
    sheets = "".join(f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for at in range(1, count + 1))  # fmt: skip
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{sheets}</Types>'
    )  # fmt: skip


def _relations(found: Mapping[str, tuple[str, str]]) -> str:
    rows = "".join(f'<Relationship Id="{key}" Type="{_DOC}/{kind}" Target="{target}"/>' for key, (kind, target) in found.items())  # fmt: skip
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


def _book(names: Sequence[str]) -> str:
    sheets = "".join(f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"/>' for at, name in enumerate(names, 1))  # fmt: skip
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>{sheets}</sheets></workbook>'


def _sheet(rows: Rows, text_columns: Sequence[int], widths: Sequence[float]) -> str:
    wide = widths or [max(12.0, len(text) * 1.1 + 2) for text in rows[0]]
    columns = "".join(
        f'<col min="{at + 1}" max="{at + 1}" width="{width:.1f}" customWidth="1"{f" style={chr(34)}{_TEXT}{chr(34)}" if at in text_columns else ""}/>'
        for at, width in enumerate(wide)
    )  # fmt: skip
    body = "".join(
        f'<row r="{number}">' + "".join(
            f'<c r="{column_letter(at + 1)}{number}" s="{_HEADER if number == 1 else _WRAPPED}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
            for at, text in enumerate(row)
        ) + "</row>"
        for number, row in enumerate(rows, 1)
    )  # fmt: skip
    pane = '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    return f'<worksheet xmlns="{_MAIN}">{pane}<cols>{columns}</cols><sheetData>{body}</sheetData></worksheet>'
