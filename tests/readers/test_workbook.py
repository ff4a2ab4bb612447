"""Workbooks: exact text, true rows, and what a reader would not tell unless it were asked."""

from __future__ import annotations

import datetime as dt
import zipfile

import pytest
import xlsxwriter

from recon_core.problems import Severity
from recon_core.readers import child

from .conftest import codes, read_package, text_cell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-3.0, "-3"),
        (-0.0, "0"),
        (1234.5, "1234.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-05, "0.00001"),
        (-1.25e-7, "-0.000000125"),
        (1.23e17, "123000000000000000"),
        (123456789012345678.0, "123456789012345680"),
        (12345678901.5, "12345678901.5"),
        (1e22, "10000000000000000000000"),
        (999999999999999.9, "999999999999999.9"),
    ],
)
def test_numbers_are_the_shortest_exact_text(value, text):
    assert child.number_text(value) == text
    assert float(text) == value
    assert child.number_texts([value]).to_pylist() == [text]
    assert child.number_texts([value, 0.5]).to_pylist() == [text, "0.5"]


def test_kinds_of_cells(read_book):
    day = dt.datetime(2026, 4, 1)
    values = [
        1.5,
        7,
        True,
        "007",
        day,
        day.replace(hour=10, minute=15, second=30),
        dt.time(9, 30),
        dt.timedelta(hours=36),
        None,
    ]

    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        formats = {
            dt.datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
            dt.time: book.add_format({"num_format": "hh:mm"}),
            dt.timedelta: book.add_format({"num_format": "[h]:mm"}),
        }
        sheet.write_row(0, 0, ["Kind", "Cell"])
        for row, value in enumerate(values, 1):
            sheet.write(row, 0, type(value).__name__)
            if isinstance(value, str):
                sheet.write_string(row, 1, value)
            elif value is not None:
                sheet.write(row, 1, value, formats.get(type(value)))

    raw, problems = read_book(fill)
    assert problems == ()
    assert raw.frame["Cell"].tolist() == [
        "1.5", "7", "TRUE", "007", "2026-04-01", "2026-04-01T10:15:30", "09:30:00", "36:00:00", "",
    ]  # fmt: skip
    assert raw.typed["Cell"].tolist() == [True, True, True, False, True, True, True, True, False]
    assert "Kind" not in raw.typed


def test_texts_that_look_like_numbers_dates_and_booleans_are_text(read_book):
    texts = ["12.0", "2026-04-01", "true", "NA", "1e5", "null"]

    def fill(book):
        book.add_worksheet().write_column(0, 0, ["Text"])
        for row, text in enumerate(texts, 1):
            book.get_worksheet_by_name("Sheet1").write_string(row, 0, text)

    raw, _ = read_book(fill)
    assert raw.frame["Text"].tolist() == texts
    assert raw.typed == {}


def test_a_1904_workbook(read_book):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Date")
        sheet.write_datetime(1, 0, dt.datetime(2026, 4, 1), book.add_format({"num_format": "yyyy-mm-dd"}))

    raw, _ = read_book(fill, date_1904=True)
    assert raw.frame["Date"].tolist() == ["2026-04-01"]


def test_long_numeric_ids_keep_what_is_there_and_say_that_they_are_numbers(package):
    rows = f'<row r="1">{text_cell("A1", "Id")}</row><row r="2"><c r="A2"><v>400000000000000001</v></c></row>'
    raw, _ = read_package(package(rows))
    assert raw.frame["Id"].tolist() == ["400000000000000000"]
    assert raw.typed["Id"].tolist() == [True]


def test_zeros_come_back_from_a_format_that_only_pads(read_book):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Code", "Amount"])
        for row, (code, style) in enumerate([(42, "00000"), (123456, "00000"), (7, "0.00"), (8, "000")], 1):
            sheet.write_number(row, 0, code, book.add_format({"num_format": style}))
            sheet.write_number(row, 1, row)

    raw, problems = read_book(fill)
    assert raw.frame["Code"].tolist() == ["00042", "123456", "7", "008"]
    assert raw.typed["Code"].all()
    assert codes(problems) == ["F-312"]


def test_rows_are_true_when_the_table_starts_at_c5(read_book):
    def fill(book):
        sheet = book.add_worksheet("Data")
        sheet.write_row(4, 2, ["Id", "", "Net"])
        sheet.write_row(5, 2, ["a", "x", 1])
        sheet.write_row(8, 2, ["b", "", 2])

    raw, _ = read_book(fill)
    assert (raw.sheet, raw.header_row, raw.row.tolist()) == ("Data", 5, [6, 7, 8, 9])
    assert raw.frame.columns.tolist() == ["Id", "Column D", "Net"]
    assert raw.frame["Id"].tolist() == ["a", "", "", "b"]
    assert raw.detected == "Excel workbook, sheet Data"


def test_blank_rows_at_the_end_go_and_repeated_headers_stay(read_book):
    def fill(book):
        sheet = book.add_worksheet()
        for row, cells in enumerate([["Id", "Net"], ["a", 1], ["Id", "Net"], ["", ""], ["Total", 1]]):
            sheet.write_row(row, 0, cells)
        sheet.write_string(30, 0, "", book.add_format({"bold": True}))

    raw, _ = read_book(fill)
    assert raw.frame["Id"].tolist() == ["a", "Id", "", "Total"]


def test_a_row_named_in_setup_is_a_row_of_the_sheet(read_book):
    def fill(book):
        sheet = book.add_worksheet()
        for row in range(5, 200):
            sheet.write_row(row, 0, ["Id", "Net"])

    raw, _ = read_book(fill, header_row=100)
    assert (raw.header_row, int(raw.row[0]), len(raw.row)) == (100, 101, 100)


def test_cells_without_addresses(package):
    rows = "<row><c t='inlineStr'><is><t>Id</t></is></c><c t='inlineStr'><is><t>Net</t></is></c></row>"
    raw, _ = read_package(package(rows + "<row><c><v>1</v></c><c><v>2.5</v></c></row>"))
    assert raw.frame.to_numpy().tolist() == [["1", "2.5"]]


def test_more_rows_than_one_batch(read_book):
    count = 2 * child.ROWS + 10

    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Id", "Net"])
        for row in range(1, count + 1):
            sheet.write_string(row, 0, f"{row:018d}")
            sheet.write_number(row, 1, row / 4)

    raw, _ = read_book(fill)
    assert raw.frame["Id"].tolist() == [f"{row:018d}" for row in range(1, count + 1)]
    assert raw.frame["Net"].astype(float).sum() == count * (count + 1) / 8
    assert raw.row.tolist() == list(range(2, count + 2))


def three(book: xlsxwriter.Workbook) -> None:
    """An empty sheet, a hidden one, and two with data."""
    book.add_worksheet("Cover")
    for name in ("Old", "Orders", "Rates"):
        book.add_worksheet(name).write_column(0, 0, [f"Id of {name}", "1"])
    book.get_worksheet_by_name("Old").hide()


def test_the_first_visible_sheet_with_data_is_read_and_the_others_told(read_book):
    raw, problems = read_book(three)
    assert raw.sheet == "Orders"
    assert codes(problems) == ["F-307", "F-308"]
    assert "(Old, Orders, Rates)" in problems[0].what
    assert "1 hidden sheet (Old)" in problems[1].what


def test_a_sheet_is_found_by_its_name_whatever_its_case(read_book):
    assert read_book(three, sheet="rates ")[0].sheet == "Rates"
    assert read_book(three, sheet="Old")[0].frame.columns.tolist() == ["Id of Old"]


def test_a_sheet_that_is_not_there(read_book):
    raw, (problem,) = read_book(three, sheet="Order")
    assert raw is None
    assert problem.code == "F-203"
    assert (
        problem.what
        == "report.xlsx has no sheet 'Order'. Did you mean 'Orders'? Its sheets: Cover, Old, Orders, Rates."
    )


def test_a_workbook_or_a_sheet_without_data(read_book):
    assert codes(read_book(three, sheet="Cover")[1]) == ["F-308", "F-203"]
    assert codes(read_book(lambda book: book.add_worksheet())[1]) == ["F-203"]


def test_hidden_rows_and_columns_are_read_and_told(read_book):
    def fill(book):
        sheet = book.add_worksheet()
        for row in range(6):
            sheet.write_row(row, 0, [f"Id {row}", "Net", "Tax"])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_column(1, 2, None, None, {"hidden": True})

    raw, problems = read_book(fill)
    assert len(raw.frame) == 5
    assert codes(problems) == ["F-308"]
    assert "2 hidden or filtered rows, 2 hidden columns" in problems[0].what


def test_a_column_that_is_not_there_names_the_sheet(read_book):
    raw, problems = read_book(three, sheet="Rates", wanted=("Id of Rate",))
    assert raw is None
    assert problems[-1].what.startswith(
        "Column 'Id of Rate' is not in sheet Rates of report.xlsx. Did you mean 'Id of Rates'?"
    )


def test_errors_are_their_words_and_not_blank(read_book):
    words = ["#N/A", "#DIV/0!", "#REF!", "#NAME?", "#NUM!", "#VALUE!", "#NULL!"]

    def fill(book):
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Net")
        for row, word in enumerate(words, 1):
            sheet.write_formula(row, 0, "=A1", None, word)

    raw, problems = read_book(fill)
    assert raw.frame["Net"].tolist() == words
    assert "Net" not in raw.typed
    assert [(p.code, p.severity) for p in problems] == [("F-310", Severity.NOTE)]
    assert problems[0].what == "7 cells with an error, the first #N/A in A2."


def test_an_error_word_younger_than_the_parser_does_not_lose_the_sheet(package):
    rows = (
        f'<row r="1">{text_cell("A1", "Id")}{text_cell("B1", "Net")}</row>'
        '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="e"><f>A:A</f><v>#SPILL!</v></c></row>'
        '<row r="3"><c r="A3"><v>2</v></c><c r="B3"><v>2.5</v></c></row>'
    )
    raw, problems = read_package(package(rows))
    assert raw.frame.to_numpy().tolist() == [["1", "#SPILL!"], ["2", "2.5"]]
    assert raw.typed["Net"].tolist() == [False, True]
    assert codes(problems) == ["F-310"]


ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:body><office:spreadsheet>
<table:table table:name="Empty"/>
<table:table table:name="Orders">
<table:table-row><table:table-cell office:value-type="string"><text:p>Id</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>Net</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>Date</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="string"><text:p>007</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="1e-05"><text:p>0</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-04-01"><text:p>1.4.</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="string"><text:p>008</text:p></table:table-cell>
<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#REF!</text:p></table:table-cell>
</table:table-row>
</table:table>
<table:table table:name="Notes"><table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p>
</table:table-cell></table:table-row></table:table>
</office:spreadsheet></office:body></office:document-content>"""


def test_an_opendocument_spreadsheet(tmp_path):
    path = tmp_path / "report.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", ODS.replace("\n", ""))  # the parser takes no blanks between tags
    raw, problems = read_package(path)
    assert (raw.sheet, raw.detected) == ("Orders", "OpenDocument spreadsheet, sheet Orders")
    assert raw.frame.to_numpy().tolist() == [["007", "0.00001", "2026-04-01"], ["008", "", ""]]
    assert {name: flags.tolist() for name, flags in raw.typed.items()} == {"Net": [True, False], "Date": [True, False]}
    assert codes(problems) == ["F-307", "F-310"]
    assert problems[1].what == "1 cell of report.ods with an error, read as empty."
    raw, (problem,) = read_package(path, sheet="Ordes")
    assert problem.what.startswith("report.ods has no sheet 'Ordes'. Did you mean 'Orders'?")


def test_no_orphan_is_left_in_the_temporary_folder(package, tmp_path, monkeypatch):
    spare = tmp_path / "temporary"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    read_package(package(f'<row r="1">{text_cell("A1", "Id")}</row>'))
    assert list(spare.iterdir()) == []
