"""The header row is found by content; names are unique and tidy; a column that is not there is named."""

from __future__ import annotations

import time

import pytest

from recon_core.model import Source
from recon_core.problems import Place, Severity
from recon_core.readers import header, read


def rows(text: str) -> list[header.Row]:
    """Lines of cells between bars -> rows numbered from 1."""
    lines = [line.strip().split("|") for line in text.strip().splitlines()]
    return [header.Row(i, [cell.strip() for cell in cells]) for i, cells in enumerate(lines, 1)]


FOUND = {
    "first row": (1, "Id|Name|Amount\n1|a|2\n2|b|3"),
    "all texts": (1, "City|State\nPune|Maharashtra\nSurat|Gujarat"),
    "bank statement": (
        5,
        """HDFC BANK Ltd.||||Statement of accounts
        Account No :50200087654321|
        |
        ********|
        Date|Narration|Ref|Value Dt|Withdrawal|Deposit|Balance
        ********|********|********|********|********|********|********
        02/04/26|UPI-RENT|0000609200145|02/04/26|85,000.00||165,000.00
        08/04/26|NEFT CR|0000003100077|08/04/26||1,260.00|166,260.00
        STATEMENT SUMMARY :-|
        Opening Balance|Dr Count|Cr Count|Debits|Credits|Closing Bal
        250,000.00|2|8|103,432.50|541,154.15|687,721.65""",
    ),
    "section names above": (2, "Order||||Payment||\nId|Date|Sku|Qty|Net|Fee|Tax\nFN-1|2026-04-01|A-1|1|2.5|1|1"),
    "letters and formulas below": (1, "Id|Sale|Fee|Net\nA|B|C|D=B-C\nFN-1|100|5|95"),
    "a year as a name": (1, "Id|Name|City|2026\n1|a|x|2\n2|b|y|3"),
    "ids below are no labels": (
        2,
        "Report of May|\nOrder|Utr\nFN-420101|HSBCN52026041000511\nFN-420102|HSBCN52026041000512",
    ),
    "only figures": (0, "1|2\n3|4"),
    "nothing": (0, "|\n|"),
}


@pytest.mark.parametrize(("row", "text"), FOUND.values(), ids=FOUND)
def test_the_header_is_found_by_content(row, text):
    found = header.find(rows(text), (), 0, Place(file="f.csv"))
    assert found.at == row - 1
    assert [problem.code for problem in found.problems] == ([] if row else ["F-201"])


def test_the_first_row_with_every_wanted_header_wins():
    text = "Order Id|Note\nA|B\nOrder  ID|Net\u00a0\n Amount\nFN-1|2"
    two = [header.Row(7, ["Order Id", "Note"]), header.Row(9, [" order\u00a0 ID ", "Net\nAmount"])]
    assert header.find(rows(text), ("order id", "NOTE"), 0, Place()).at == 0
    assert header.find(two, ("Order Id", "net amount"), 0, Place()) == header.Header(1, ())


def test_a_missing_column_names_file_row_neighbours_and_headers():
    found = header.find(
        rows("Order Id|Net Amount|Date\nFN-1|2|3"), ("Order Id", "Net Amout", "Bank"), 0, Place(file="Pay.csv")
    )
    near, far = found.problems
    assert near.what == (
        "Column 'Net Amout' is not in Pay.csv. Did you mean 'Net Amount'? "
        "Headers found in row 1: Order Id, Net Amount, Date."
    )
    assert "Did you mean" not in far.what
    assert {p.code for p in found.problems} == {"F-202"}
    assert {p.severity for p in found.problems} == {Severity.STOP}
    assert near.where == Place(file="Pay.csv", row=1, column="Net Amout")


def test_many_headers_are_cut_in_the_message():
    many = [header.Row(1, [f"Header {chr(65 + i // 26)}{chr(65 + i % 26)}" for i in range(44)])]
    found = header.find(many, ("Bank",), 0, Place(file="f.csv"))
    assert "and 14 more" in found.problems[0].what


@pytest.mark.parametrize(
    ("given", "at", "words"),
    [
        (2, 1, ""),
        (3, -1, "Row 3, named in Setup as the header row, is empty."),
        (9, -1, "Row 9, named in Setup as the header row, is past the end: the last row is 4."),
    ],
)
def test_a_row_named_in_setup_is_taken_as_it_is(given, at, words):
    found = header.find(rows("Id|Name\n1|2\n|\n3|4"), (), given, Place(file="f.csv"))
    assert found.at == at
    assert [p.what for p in found.problems] == ([words] if words else [])


def test_names_are_tidy_and_unique_by_position():
    cells = [" Net\r\n  Amount\u00a0", "Tax", "", "Tax", "Tax (2)", "tax", "Column C", "\ufeff"]
    names, notes = header.name_columns(cells, Place(file="f.csv", row=1))
    assert names == ["Net Amount", "Tax", "Column C (2)", "Tax (3)", "Tax (2)", "tax (4)", "Column C", "Column H"]
    assert [note.code for note in notes] == ["F-305", "F-305"]
    assert notes[0].what == "Header 'Tax' stands more than once; the one in column D is called 'Tax (3)'."


def test_letters_follow_the_sheet():
    assert [header.letters(i) for i in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert header.name_columns(["", "x"], Place(), 2)[0] == ["Column C", "x"]


def test_a_file_with_only_a_header_has_no_rows(read_bytes):
    raw, problems = read_bytes("Id,Name\n")
    assert raw.frame.shape == (0, 2)
    assert raw.frame.dtypes.tolist() == ["str", "str"]
    assert [(p.code, p.severity) for p in problems] == [("F-204", Severity.NOTE)]
    assert raw.problems == problems


def test_columns_without_a_header_are_not_read_as_one_column(read_bytes):
    raw, problems = read_bytes("Id,2025,2026\n1,2,3\n")
    assert raw is None
    assert [p.code for p in problems] == ["F-201"]
    assert read_bytes("Id,2025,2026\n1,2,3\n", header_row=1)[0].frame.columns.tolist() == ["Id", "2025", "2026"]


def test_rows_of_which_none_fits_stop(read_bytes):
    raw, problems = read_bytes("Id,Name\n1,a,x\n2,b,y\n")
    assert raw is None
    assert problems[0].what == "None of the 2 rows below the header has its 2 columns."


def test_a_header_far_below_is_reached_when_setup_names_it(read_bytes):
    raw, _ = read_bytes("Note,Text\n" + "1,2\n" * 98 + "Id,Name\n7,8\n", header_row=100)
    assert (raw.header_row, raw.row.tolist(), raw.frame.columns.tolist()) == (100, [101], ["Id", "Name"])


def test_short_names_with_a_digit_are_a_header_above_figures(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("k1,k2,x3\n" + "".join(f"A{n:03d},B{n:03d},{n}.5\n" for n in range(20)))
    raw, problems = read(Source(name="s", path=str(path)))
    assert problems == ()
    assert list(raw.frame.columns) == ["k1", "k2", "x3"]
    assert len(raw.frame) == 20


def test_rows_without_any_header_are_still_refused(tmp_path):
    path = tmp_path / "bare.csv"
    path.write_text("".join(f"{n},{n}.5\n" for n in range(20)))
    assert [problem.code for problem in read(Source(name="s", path=str(path)))[1]] == ["F-201"]


def test_as_many_repeats_as_a_sheet_is_wide_are_numbered_at_once():
    begin = time.perf_counter()
    names, notes = header.name_columns(["Name"] * 16_384, Place())
    assert (names[:3], names[-1], len(notes)) == (["Name", "Name (2)", "Name (3)"], "Name (16384)", 16_383)
    assert time.perf_counter() - begin < 5  # a minute when every repeat searched from 2 on
