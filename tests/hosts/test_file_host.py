"""The file host: the six verbs on a file, and what it refuses to read."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest

from addin.hosts import Host
from addin.hosts.file import FileHost
from addin.hosts.package import write_sheets
from addin.hosts.usedrange import check_used_range, exact_reach, rough_cells
from recon_core.problems import Place, Problem, ReconError, Severity
from recon_core.sheets import Cell, Formula, Sheet
from tests.hosts import samples


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return samples.rich(tmp_path / "Book.xlsx")


def sheet_of(path: Path, cells: str) -> Path:
    return samples.by_hand(path, f'<worksheet xmlns="{samples.MAIN}"><sheetData>{cells}</sheetData></worksheet>')


def test_it_is_a_host(book):
    host: Host = FileHost(book)
    host.save()
    assert host.cells("Nowhere") == []


def test_cells_start_at_a1_and_blanks_are_none(tmp_path):
    path = samples.plain(tmp_path / "b.xlsx")
    host = FileHost(path)
    values = [
        Cell(row=3, column=2, value="text"),
        Cell(row=3, column=4, value=1.5),
        Cell(row=5, column=1, value=True),
        Cell(row=5, column=2, value=date(2025, 4, 1)),
        Cell(row=5, column=3, value=datetime(2025, 4, 1, 10, 30)),
        Cell(row=5, column=4, value=Formula("1+1", 2)),
        Cell(row=6, column=1, value=None, style="input"),
    ]
    host.write([Sheet(name="Ours", cells=tuple(values))])
    assert host.cells("OURS") == [
        [],
        [],
        [None, "text", None, 1.5],
        [],
        [True, date(2025, 4, 1), datetime(2025, 4, 1, 10, 30), 2],
    ]


def test_the_date_system_of_the_workbook_is_honoured(tmp_path):
    text = f'<worksheet xmlns="{samples.MAIN}"><sheetData/></worksheet>'
    host = FileHost(samples.by_hand(tmp_path / "b.xlsx", text, '<workbookPr date1904="1"/>'))
    host.write([Sheet(name="Ours", cells=(Cell(row=1, column=1, value=date(2025, 4, 1)),))])
    assert host.cells("Ours") == [[date(2025, 4, 1)]]


def test_every_write_renews_the_fingerprint_and_a_strangers_write_is_refused(book):
    host, stranger = FileHost(book), FileHost(book)
    for rows in (2, 3):
        host.write([samples.sheet(rows)])
    assert len(host.cells("Ours")) == 8
    before = book.read_bytes()
    with pytest.raises(ReconError, match=r"H-109 Book\.xlsx"):
        stranger.write([samples.sheet(5)])
    assert book.read_bytes() == before


def test_reading_changes_nothing(book):
    before = book.read_bytes(), book.stat().st_mtime_ns
    FileHost(book).cells("Ours")
    assert (book.read_bytes(), book.stat().st_mtime_ns) == before


@pytest.mark.parametrize("literal", ["#SPILL!", "#FIELD!", "#NEWS!"])
def test_an_unknown_error_costs_only_its_own_cell(tmp_path, literal):
    cells = f'<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="e"><f>X</f><v>{literal}</v></c><c r="C1"><v>3</v></c></row>'
    assert FileHost(sheet_of(tmp_path / "b.xlsx", cells)).cells("Ours") == [[1, None, 3]]


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="BZ1048576"><v>1</v></c></row><row r="2"/>',
        '<row r="1"><c r="xfd1"><v>1</v></c></row><row r="900000"><c><v>1</v></c></row>',
        "<row r = '1'><c r = 'XFD1'><v>1</v></c></row><row r='99999'><c r='A99999'><v>1</v></c></row>",
        '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>',
    ],
)
def test_far_corners_are_refused_before_a_reader_dies_of_them(tmp_path, cells):
    with pytest.raises(ReconError, match="H-115"):
        FileHost(sheet_of(tmp_path / "b.xlsx", cells)).cells("Ours")


def test_long_and_wide_sheets_within_reason_are_read():
    def pieces(text: bytes):
        return lambda: [text[:40], text[40:]]

    wide = b'<row r="1"><c r="XFD1"/></row><row r="3000"><c r="A3000"/></row>'
    middle = b'<row r="150000"><c r="CV150000"/></row><row r="3"/>'
    long = b'<row r="1048576"><c r="AD1048576"/></row><row r="3"/>'
    for text in (wide, middle, long):
        check_used_range(pieces(text), "x")  # raises nothing
    assert [exact_reach(pieces(text)()) for text in (wide, middle, long)] == [
        (3_000, 16_384),
        (150_000, 100),
        (1_048_576, 30),
    ]


def test_references_cut_by_a_piece_are_seen():
    text = b'<sheetData><row r="1048576"><c r="XFD1048576"/></row>'
    for at in range(len(text)):
        assert exact_reach([text[:at], text[at:]]) == (1_048_576, 16_384)
        assert rough_cells([text[:at], text[at:]]) == 1_048_576 * 16_384


@pytest.mark.parametrize("damage", ["ole", "text", "missing"])
def test_opening_refuses_with_a_problem(tmp_path, damage):
    path = tmp_path / "b.xlsx"
    if damage != "missing":
        path.write_bytes(b"\xd0\xcf\x11\xe0" if damage == "ole" else b"a;b")
    with pytest.raises(ReconError) as caught:
        FileHost(path)
    assert caught.value.problem.where == Place(file="b.xlsx")
    assert caught.value.problem.code in ("H-101", "H-102", "H-103")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


POSIX = pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
PLACES = [
    pytest.param(Path.mkdir, "H-102", id="folder"),
    pytest.param(lambda path: os.mkfifo(path), "H-102", id="pipe", marks=POSIX),  # noqa: PLW0108 - not of Windows
    pytest.param(lambda path: path.symlink_to("/dev/zero"), "H-102", id="device", marks=POSIX),
    pytest.param(loop, "H-101", id="loop", marks=POSIX),
]


@pytest.mark.parametrize(("make", "code"), PLACES)
@pytest.mark.parametrize("act", [FileHost, lambda path: write_sheets(path, [samples.sheet(2)])], ids=["open", "write"])
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path, make, code, act):
    path = tmp_path / "b.xlsx"
    make(path)
    with pytest.raises(ReconError) as caught:
        act(path)
    assert caught.value.problem.code == code
    assert [entry.name for entry in tmp_path.iterdir()] == ["b.xlsx"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("x" * 300 + ".xlsx", "H-108"), ("a\0b.xlsx", "H-101"), ("\ud800.xlsx", "H-101"), ("b.xlsx/c.xlsx", "H-101")],
    ids=["long", "nul", "half a letter", "below a file"],
)
def test_names_that_lead_nowhere(tmp_path, name, code):
    samples.plain(tmp_path / "b.xlsx")
    for act in (FileHost, lambda path: write_sheets(path, [samples.sheet(2)])):
        with pytest.raises(ReconError) as caught:
            act(tmp_path / name)
        assert caught.value.problem.code == code
        assert str(caught.value.problem).encode()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_a_workbook_without_the_right_to_read(book):
    book.chmod(0)
    with pytest.raises(ReconError, match="H-108"):
        FileHost(book)


def test_a_workbook_whose_name_leaves_no_room_for_ours(tmp_path):
    path = samples.plain(tmp_path / ("x" * 250 + ".xlsx"))
    host = FileHost(path)
    with pytest.raises(ReconError, match="H-110"):
        host.write([samples.sheet(2)])
    assert host.cells("Ours") == []


def test_refusals_bear_the_name_the_user_typed(tmp_path):
    waiting = tmp_path / ".Result.tieout-7.tmp.xlsx"
    with pytest.raises(ReconError) as caught:
        FileHost(waiting, shown="Result.xlsx")
    assert caught.value.problem.where.file == "Result.xlsx"
    assert "'Result.xlsx'" in caught.value.problem.what
    host = FileHost(samples.plain(waiting), shown="Result.xlsx")
    samples.plain(waiting).write_bytes(b"a;b")
    for act in (lambda: host.cells("Ours"), lambda: host.write([samples.sheet(2)])):
        with pytest.raises(ReconError) as caught:
            act()
        assert caught.value.problem.where.file == "Result.xlsx"
        assert "tieout-7" not in str(caught.value.problem)


@pytest.mark.parametrize("reference", ["A" + "9" * 5_000, "A" * 100_000 + "1"])
def test_endless_references_are_far_corners(reference):
    with pytest.raises(ReconError, match="H-115"):
        check_used_range(lambda: [b'<row r="900000"/><c r="%s"/>' % reference.encode()], "x")


def test_chart_sheets_have_no_cells(book):
    swap = lambda data: data.replace(b"relationships/worksheet", b"relationships/chartsheet", 1)  # noqa: E731
    samples.repack(book, {"xl/_rels/workbook.xml.rels": swap})
    assert FileHost(book).cells("Ours") == []


def test_show_progress_and_choose_reach_their_owner(book):
    seen: list[object] = []
    host = FileHost(
        book,
        on_progress=lambda text, share: seen.append((text, share)),
        on_show=seen.extend,
        answers={"Which?": "b", "Odd?": "z"},
    )
    problem = Problem("F-101", Severity.NOTE, Place(), "", "x.", "y.")
    host.progress("half", 0.5)
    host.show([problem])
    assert seen == [("half", 0.5), problem]
    assert host.choose("Which?", ["a", "b"]) == "b"
    assert host.choose("Odd?", ["a", "b"]) is None
    assert host.choose("Unasked?", ["a"]) is None
    silent = FileHost(book)
    silent.progress("x", 1.0)
    silent.show([problem])
