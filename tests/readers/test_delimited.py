"""Text files: every cell as it stands, every row with its line, nothing guessed and nothing shifted."""

from __future__ import annotations

import csv
import hashlib
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.model import Source
from recon_core.problems import Severity
from recon_core.readers import delimited, encoding, read


def cells(raw) -> list[list[str]]:
    return raw.frame.to_numpy().tolist()


def codes(problems) -> list[str]:
    return [problem.code for problem in problems]


def test_every_cell_stays_the_text_that_stands_in_the_file(read_bytes):
    text = "Order id,Code,Flag,Amount\n400000000000000001,007,NA,1.50\n1e5,,null,True\nNaN,  x ,None,-0\n"
    raw, problems = read_bytes(text)
    assert problems == ()
    assert cells(raw) == [
        ["400000000000000001", "007", "NA", "1.50"],
        ["1e5", "", "null", "True"],
        ["NaN", "  x ", "None", "-0"],
    ]
    assert not raw.frame.isna().any().any()
    assert raw.row.tolist() == [2, 3, 4]
    assert raw.row.dtype == "int64"


def test_columns_are_pandas_str_over_arrow_without_objects(read_bytes):
    raw, _ = read_bytes("a,b\nx,1\n")
    assert raw.frame.dtypes.tolist() == [pd.StringDtype("pyarrow", na_value=float("nan"))] * 2
    assert raw.frame.columns.tolist() == ["a", "b"]
    assert raw.frame["a"].array.dtype.storage == "pyarrow"


def test_the_file_is_described(read_bytes, tmp_path):
    raw, _ = read_bytes("a;b\nx;1\n", header_row=1)
    assert (raw.source, raw.file, raw.detected) == ("payments", "report.csv", "text, UTF-8, semicolon")
    assert raw.size == 8
    assert raw.sha256 == hashlib.sha256(b"a;b\nx;1\n").hexdigest()
    assert raw.modified == (tmp_path / "report.csv").stat().st_mtime


@pytest.mark.parametrize(
    ("text", "words"),
    {
        "comma": ("Id,Name\n1,x\n2,y\n", "CSV, UTF-8, comma"),
        "tab": ("Id\tName\n1\tx\n2\ty\n", "TSV, UTF-8, tab"),
        "bar": ("Id|Name\n1|x, y\n2|y, z\n", "text, UTF-8, bar"),
        "decimal commas": ("Id;Amount\n1;2,5\n2;3,75\n", "text, UTF-8, semicolon"),
        "thousands in one column": ('Amount\n"1,234.50"\n"2,345.60"\n', "text, UTF-8, one column"),
        "declared": ("sep=|\nId|Na,me\n1|x\n", "text, UTF-8, bar"),
    }.values(),
)
def test_the_delimiter_is_found(read_bytes, text, words):
    raw, _ = read_bytes(text)
    assert raw.detected == words


def test_a_declared_delimiter_is_a_line_of_the_file_but_no_row(read_bytes):
    raw, _ = read_bytes("sep=;\nId;Amount\n1;2,5\n")
    assert (raw.header_row, raw.row.tolist(), cells(raw)) == (2, [3], [["1", "2,5"]])


def test_wanted_headers_decide_between_delimiters(read_bytes):
    raw, problems = read_bytes("a,b;c,d\n1,2;3,4\n", wanted=("b;c",))
    assert problems == ()
    assert raw.frame.columns.tolist() == ["a", "b;c", "d"]


NAMES = "Id,Name\n1,Müller €\n2,Zoë – Ñandú\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (NAMES.encode(), "CSV, UTF-8, comma"),
        (NAMES.encode("utf-8-sig"), "CSV, UTF-8 with mark, comma"),
        (NAMES.encode("utf-16"), "CSV, UTF-16, comma"),
        (b"\xfe\xff" + NAMES.encode("utf-16-be"), "CSV, UTF-16, comma"),
        (NAMES.encode("utf-16-le"), "CSV, UTF-16 without mark, comma"),
        (NAMES.encode("utf-32"), "CSV, UTF-32, comma"),
        (NAMES.encode("cp1252"), "CSV, Windows-1252 (Western), comma"),
    ],
)
def test_encodings(read_bytes, data, words):
    raw, problems = read_bytes(data)
    assert raw.detected == words
    assert cells(raw) == [["1", "Müller €"], ["2", "Zoë – Ñandú"]]
    assert raw.frame.columns.tolist() == ["Id", "Name"]
    assert codes(problems) == (["F-301"] if "Windows" in words else [])


def test_other_code_pages_are_detected_and_told(read_bytes):
    lines = "".join(f"{i},Заказ Иванов,Москва и Санкт-Петербург\n" for i in range(20))
    raw, problems = read_bytes(("Id,Имя,Город\n" + lines).encode("cp1251"))
    assert raw.frame["Город"].tolist()[0] == "Москва и Санкт-Петербург"
    assert codes(problems) == ["F-301"]
    assert problems[0].where.row == 1
    assert "Windows-1251" in problems[0].what


@pytest.mark.parametrize("text", ["Müller", "José Peña", "Crème brûlée", "São Paulo – naïve", "£ 12.00", "Ravi’s"])
def test_one_western_word_is_enough(read_bytes, text):
    raw, _ = read_bytes(f"Id,Name\n1,{text}\n".encode("cp1252"))
    assert raw.frame["Name"].tolist() == [text]


def test_no_character_is_ever_replaced(read_bytes):
    raw, problems = read_bytes("Id,Name\n1,ok\n".encode("utf-16")[:-1] + b"\xd8\x00")
    assert raw is None
    assert codes(problems) == ["F-107"]


def test_a_multibyte_letter_across_the_pieces_of_validation_is_utf8():
    data = b"a" * ((4 << 20) - 1) + "é".encode() + b"z"
    assert encoding._first_bad(data) == -1
    assert encoding._first_bad(data + b"\xe9") == len(data)
    assert encoding._first_bad(data[: 4 << 20]) == (4 << 20) - 1


def test_nul_inside_is_removed_with_a_note(read_bytes):
    raw, problems = read_bytes(b"Id,Name\n1,a\0b\n2,c\n")
    assert cells(raw) == [["1", "ab"], ["2", "c"]]
    assert [(p.code, p.where.row) for p in problems] == [("F-303", 2)]


def test_a_tail_of_nul_is_half_a_file(read_bytes):
    raw, problems = read_bytes(b"Id,Name\n1,a\n" + b"\0" * 4096)
    assert raw is None
    assert (problems[0].code, problems[0].what) == (
        "F-107",
        "report.csv ends in 4,096 NUL bytes: it was written only in part.",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(read_bytes, end):
    raw, problems = read_bytes(end.join(["Id,Name", "1,a", "2,b", ""]))
    assert problems == ()
    assert (cells(raw), raw.row.tolist()) == ([["1", "a"], ["2", "b"]], [2, 3])


def test_mixed_line_ends_and_no_last_one(read_bytes):
    raw, _ = read_bytes("Id,Name\r\n1,a\n2,b\r3,c")
    assert (cells(raw), raw.row.tolist()) == ([["1", "a"], ["2", "b"], ["3", "c"]], [2, 3, 4])


def test_quotes_and_line_breaks_inside_keep_lines_true(read_bytes):
    raw, problems = read_bytes('Id,"Na\nme"\n1,"a ""b"", c"\n2,"two\r\nlines"\n3,z\n')
    assert problems == ()
    assert raw.frame.columns.tolist() == ["Id", "Na me"]
    assert cells(raw) == [["1", 'a "b", c'], ["2", "two\r\nlines"], ["3", "z"]]
    assert (raw.header_row, raw.row.tolist()) == (1, [3, 4, 6])


def test_rows_that_do_not_fit_are_listed_never_shifted(read_bytes):
    text = 'Id,Name,Amount\n1,a,10\n\n2,b\n3,"c,d",30\n4,e,40,extra\n5,f,50,,\nTOTAL\n'
    raw, problems = read_bytes(text)
    assert problems == ()
    assert cells(raw) == [["1", "a", "10"], ["3", "c,d", "30"], ["5", "f", "50"]]
    assert raw.row.tolist() == [2, 5, 7]
    assert raw.ragged == ((3, ""), (4, "2,b"), (6, "4,e,40,extra"), (8, "TOTAL"))


def test_blank_rows_of_delimiters_rules_and_totals_stay(read_bytes):
    raw, _ = read_bytes("Id,Amount\n1,10\n,\n***,***\nTotal,10\n")
    assert cells(raw) == [["1", "10"], ["", ""], ["***", "***"], ["Total", "10"]]


@pytest.mark.parametrize("text", ["Id,Name,\n1,a,\n2,b,\n", "Id,Name\n1,a,\n2,b,\n", "Id,Name,\n1,a\n2,b\n"])
def test_a_delimiter_at_the_end_of_lines_is_no_column(read_bytes, text):
    raw, problems = read_bytes(text)
    assert (cells(raw), raw.ragged, problems) == ([["1", "a"], ["2", "b"]], (), ())


def test_a_column_without_header_but_with_cells_is_kept(read_bytes):
    raw, _ = read_bytes("Id,,Name,\n1,x,a,\n2,,b,y\n")
    assert raw.frame.columns.tolist() == ["Id", "Column B", "Name", "Column D"]


def test_an_open_quotation_mark_is_no_data(read_bytes):
    raw, problems = read_bytes('Id,Name\n1,a\n2,"b\n3,c\n4,d\n')
    assert raw is None
    assert [(p.code, p.severity, p.where.row) for p in problems] == [("F-206", Severity.STOP, 3)]


def test_a_cell_over_many_lines_is_told(read_bytes):
    swallowed = "".join(f"{i},x\n" for i in range(30))
    raw, problems = read_bytes(f'Id,Name\n1,"a\n{swallowed}2,b"\n3,c\n')
    assert cells(raw)[-1] == ["3", "c"]
    assert [(p.code, p.where.row) for p in problems] == [("F-306", 2)]


def test_a_cut_last_line_is_told(read_bytes):
    raw, problems = read_bytes("Id,Name,Amount\n1,a,10\n2,b,20\n3,")
    assert raw.ragged == ((4, "3,"),)
    assert [(p.code, p.where.row) for p in problems] == [("F-304", 4)]
    assert read_bytes("Id,Name,Amount\n1,a,10\nTotal\n")[1] == ()


def test_the_careful_way_is_only_taken_when_lines_and_rows_differ(read_bytes, monkeypatch):
    def refuse(*_):
        raise AssertionError("read twice")

    monkeypatch.setattr(delimited, "_careful", refuse)
    raw, _ = read_bytes('Id,Name\r\n1,"a, b"\r\n2,c')
    assert raw.row.tolist() == [2, 3]


@pytest.mark.parametrize(
    "foot", ["TOTAL\r\n", "\r\n\r\nEnd,of\r\nstatement", '9,"two\r\nlines"\r\nTOTAL\r\n', '9,"a\r\nb"\r\n']
)
def test_the_foot_of_a_long_file_is_read_apart_and_reads_the_same(foot):
    rows = "".join(f'{i:018d},"Name, {i % 7}"\r\n' for i in range(60_000))
    data = f"Id,Name\r\n{rows}{foot}".encode()
    layout, _ = delimited._layout(data, Source(name="s", path=""), delimited.Place())
    assert delimited._fast(data, layout) is None
    body = delimited._body(data, layout, delimited.Place())
    careful = delimited._careful(data, layout, delimited.Place())
    assert len(body.columns[0].chunks) > 1
    assert [column.to_pylist() for column in body.columns] == [column.to_pylist() for column in careful.columns]
    assert body.lines.tolist() == careful.lines.tolist()
    assert (body.ragged, body.problems) == (careful.ragged, careful.problems)


def test_a_cell_that_the_cut_before_the_foot_would_tear(monkeypatch):
    monkeypatch.setattr(delimited, "_SHORT", 10)
    rows = "".join(f"{i},x\n" for i in range(500))
    swallowed = "y,z\n" * 100
    data = f'Id,Name\n{rows}500,"a\n{swallowed}b"\n501,c\nTOTAL\n'.encode()
    layout, _ = delimited._layout(data, Source(name="s", path=""), delimited.Place())
    body = delimited._body(data, layout, delimited.Place())
    assert body.lines.tolist() == [*range(2, 502), 502, 604]
    assert body.ragged == ((605, "TOTAL"),)


def test_5000_columns(read_bytes):
    names = [f"Column name {i}" for i in range(5_000)]
    raw, problems = read_bytes(",".join(names) + "\n" + ",".join(map(str, range(5_000))) + "\n")
    assert (raw.frame.shape, problems) == ((1, 5_000), ())
    assert raw.frame.iloc[0, 4_999] == "4999"


def test_a_row_wider_than_a_block_of_the_fast_way(read_bytes):
    names = [f"Name {letter}" for letter in "ABCDEFGH"]
    long, short = ["x" * 900_000] * 8, ["y"] * 8
    raw, problems = read_bytes("\n".join(map(",".join, (names, long, short, []))))
    assert (cells(raw), problems) == ([long, short], ())


@pytest.mark.parametrize("width", [16_385, 1_000_000])
def test_more_columns_than_a_sheet_holds(read_bytes, width):
    line = ",".join(map("n{}".format, range(width))) + "\n"
    raw, (problem,) = read_bytes(line * 3)
    assert (raw, problem.code) == (None, "F-108")
    assert problem.what == f"The file has {width:,} columns; a sheet holds 16,384."
    assert problem.fix == "Check the separator, or export fewer columns."


@pytest.mark.parametrize("above", [1, 300])
@pytest.mark.parametrize("letter", ["x", "é"])
def test_a_cell_longer_than_a_cell_may_be_names_its_line(read_bytes, above, letter):
    rows = "1,a\n" * above
    raw, _ = read_bytes(f"Id,Name\n{rows}2,{letter * 1_000_000}\n")
    assert raw.frame.shape == (above + 1, 2)
    raw, (problem,) = read_bytes(f"Id,Name\n{rows}2,{letter * 1_000_001}\n")
    assert (raw, problem.code, problem.where.row) == (None, "F-108", above + 2)
    assert "1,000,001 characters; the limit is 1,000,000" in problem.what


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_file_without_line_ends_is_not_searched_for_a_table(read_bytes, monkeypatch, end):
    monkeypatch.setattr(delimited, "MOST_LINE", 100)
    rows = f"Id,Name{end}" + f"1,a{end}" * 200
    assert len(read_bytes(rows)[0].frame) == 200
    monkeypatch.setattr(delimited, "_layout", None)
    raw, (problem,) = read_bytes("Id,Name\n" + f"1,a{end}" * 200 + "x" * 101)
    assert (raw, problem.code) == (None, "F-108")
    assert " is longer than " in problem.what


def test_an_open_quotation_mark_is_told_before_the_long_cell_it_makes(read_bytes):
    raw, problems = read_bytes('Id,Name\n1,"a\n' + "2,b\n" * 300_000)
    assert (raw, codes(problems)) == (None, ["F-306", "F-206"])


NASTY = st.text(st.sampled_from("a1,;|\t\"\n\r \u00a0é€日='\x0b\u2028"), max_size=6)


@st.composite
def tables(draw) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    return draw(st.lists(st.lists(NASTY, min_size=width, max_size=width), min_size=1, max_size=12))


@given(table=tables(), delimiter=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n"]))
def test_any_table_written_is_read_back_with_true_lines(tmp_path_factory, table, delimiter, end):
    header = [f"Name {letter}" for letter in "ABCD"[: len(table[0])]]
    path = tmp_path_factory.mktemp("nasty") / "report.csv"
    out, lines = io.StringIO(newline=""), []
    # csv.writer leaves a lone CR bare when lines end in LF: no reader could tell it from a line end
    bare = any("\r" in cell for row in table for cell in row)
    style = csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=style)
    writer.writerow(header)
    for row in table:
        lines.append(1 + sum(1 for _ in io.StringIO(out.getvalue(), newline="")))
        writer.writerow(row)
    path.write_bytes(out.getvalue().encode())
    raw, problems = read(Source(name="s", path=str(path), wanted=tuple(header)))
    assert problems == ()
    assert raw.frame.columns.tolist() == header
    assert cells(raw) == table
    assert raw.row.tolist() == lines


@given(body=st.text(st.sampled_from('ab,"\n\r 1'), max_size=40), tail=st.sampled_from(["", "\n"]))
def test_both_ways_read_the_same(body, tail):
    data = f"Id,Name\n{body}{tail}".encode()
    layout, problems = delimited._layout(data, Source(name="s", path="", wanted=("Id", "Name")), delimited.Place())
    assert problems == ()
    fast = delimited._fast(data, layout)
    if fast is None or not len(fast.lines):
        return
    careful = delimited._careful(data, layout, delimited.Place())
    assert [column.to_pylist() for column in fast.columns] == [column.to_pylist() for column in careful.columns]
    assert fast.lines.tolist() == careful.lines.tolist()
    assert careful.ragged == ()
