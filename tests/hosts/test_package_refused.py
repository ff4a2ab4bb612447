"""Workbooks that the package patcher leaves alone, and files that stay whole whatever happens."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from addin.hosts import replacing, zipparts
from addin.hosts.package import write_sheets
from addin.hosts.zipparts import fingerprint
from recon_core.problems import ReconError
from recon_core.sheets import MAX_ROWS, Cell, Column, Sheet, Table
from tests.hosts import samples
from tests.hosts.package_side import OURS, cells, refused, write

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")  # it tells what it would lose


# --- refusals


def doctype(data: bytes) -> bytes:
    return data.replace(b"<workbook", b"<!DOCTYPE x [<!ENTITY a 'b'>]><workbook", 1)


def entry(path: Path, name: str, data: bytes = b"x") -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)


def encrypt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\1\2")
    data[at + 8] |= 1
    path.write_bytes(data)


BROKEN = {
    "ole": (lambda path: path.write_bytes(zipparts.OLE + b"\0" * 600), "H-103"),
    "text": (lambda path: path.write_bytes(b"id;amount\n1;2"), "H-102"),
    "empty": (lambda path: path.write_bytes(b""), "H-102"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-40]), "H-102"),
    "no workbook": (lambda path: samples.repack(path, {"xl/workbook.xml": None}), "H-102"),
    "another zip": (lambda path: samples.repack(path, {"[Content_Types].xml": None}), "H-102"),
    "encrypted": (encrypt, "H-103"),
    "twice": (lambda path: entry(path, "XL/Workbook.xml"), "H-104"),
    "escape": (lambda path: entry(path, "xl/../../x.xml"), "H-104"),
    "absolute": (lambda path: entry(path, "/xl/x.xml"), "H-104"),
    "drive": (lambda path: entry(path, "C:/x.xml"), "H-104"),
    "backslash": (lambda path: entry(path, "xl\\x.xml"), "H-104"),
    "bomb": (lambda path: entry(path, "xl/media/x.bin", bytes(40 << 20)), "H-104"),
    "signed": (lambda path: entry(path, "_xmlsignatures/sig1.xml"), "H-106"),
    "doctype": (lambda path: samples.repack(path, {"xl/workbook.xml": doctype}), "H-105"),
    "utf-16": (lambda path: samples.repack(path, {OURS: lambda data: data.decode().encode("utf-16")}), "H-105"),
    "latin": (lambda path: samples.repack(path, {OURS: lambda data: data.replace(b"UTF-8", b"ISO-8859-1")}), "H-105"),
    "not xml": (lambda path: samples.repack(path, {OURS: lambda data: data[:-9]}), "H-105"),
    "no cells": (lambda path: samples.repack(path, {OURS: lambda _: b"<worksheet/>"}), "H-105"),
    "hidden cells": (
        lambda path: samples.repack(path, {OURS: lambda _: b"<worksheet><!--<sheetData>--></worksheet>"}),
        "H-105",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_must_not_be_touched_are_refused(book, name):
    damage, code = BROKEN[name]
    damage(book)
    assert refused(book).problem.code == code


def test_messages_are_orders_without_blame():
    source = Path(zipparts.__file__).with_name("refusals.py").read_text(encoding="utf-8").lower()
    assert "please" not in source
    assert "invalid" not in source


def test_a_signed_macro_project_survives(book):
    entry(book, "xl/vbaProject.bin", b"macro")
    entry(book, "xl/vbaProjectSignature.bin", b"signature")
    samples.repack(
        book,
        {
            "[Content_Types].xml": lambda data: data.replace(
                b"<Default", b'<Default Extension="bin" ContentType="application/x"/><Default', 1
            )
        },
    )
    write(book, samples.sheet())
    assert samples.parts(book)["xl/vbaProjectSignature.bin"] == b"signature"


def test_entries_that_share_bytes_are_refused(book):
    with zipfile.ZipFile(book) as archive:
        entries = archive.infolist()
    entries[1].header_offset = entries[0].header_offset
    with pytest.raises(ReconError, match="overlap"):
        zipparts.check_sizes(entries)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(ReconError, match=r"no file 'x\.xlsx'"):
        write_sheets(tmp_path / "x.xlsx", [samples.sheet()])


def test_a_locked_structure_takes_no_new_sheet(plain):
    samples.repack(
        plain,
        {"xl/workbook.xml": lambda data: data.replace(b"<sheets>", b'<workbookProtection lockStructure="1"/><sheets>')},
    )
    assert refused(plain, samples.sheet(name="New")).problem.code == "H-112"
    write(plain, samples.sheet())


def test_a_chart_sheet_of_our_name_is_refused(book):
    samples.repack(
        book,
        {
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(
                b"relationships/worksheet", b"relationships/chartsheet", 1
            )
        },
    )
    assert refused(book).problem.code == "H-111"


OBSTACLES = {
    "table on another sheet": (samples.sheet(name="Data", tables=(samples.table(column=9),)), "H-114"),
    "defined name": (samples.sheet(tables=(samples.table(name="rows"),)), "H-114"),
    "table in the way": (samples.sheet(name="Data", tables=(samples.table(name="new", row=2),)), "H-113"),
    "cell in a table": (Sheet(name="Data", cells=(Cell(row=2, column=1, value=1),)), "H-113"),
    "merged cells": (Sheet(name="Ours", tables=(samples.table(name="new", row=1, column=6),), owned=False), "H-113"),
    "too long": (Sheet(name="Ours", cells=(Cell(row=MAX_ROWS + 1, column=1, value=1),)), "H-115"),
    "too wide": (Sheet(name="Ours", cells=(Cell(row=1, column=16_385, value=1),)), "H-115"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_stands_in_the_way_stops_the_run(book, name):
    sheet, code = OBSTACLES[name]
    error = refused(book, sheet)
    assert error.problem.code == code
    assert error.problem.where.sheet == sheet.name


# --- replacing the file


@pytest.mark.parametrize("lock", ["~$Book.xlsx", ".~lock.Book.xlsx#"])
def test_a_workbook_open_elsewhere_is_left_alone(book, lock):
    (book.parent / lock).touch()
    error = refused(book)
    assert error.problem.code == "H-107"
    assert lock in error.problem.fix


def test_a_workbook_windows_holds_open_is_left_alone(book, monkeypatch):
    def held(*_: object) -> None:
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr(Path, "replace", held)
    assert refused(book).problem.code == "H-107"


def test_a_write_protected_workbook_is_left_alone(book, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert refused(book).problem.code == "H-108"


def test_a_full_disk_leaves_the_workbook(book, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refused(book).problem.code == "H-110"


def test_a_change_while_we_run_is_noticed(book, monkeypatch):
    real = replacing.swap

    def late(temporary: Path, path: Path, before: replacing.State) -> None:
        path.write_bytes(path.read_bytes() + b" ")
        real(temporary, path, before)

    monkeypatch.setattr(replacing, "swap", late)
    with pytest.raises(ReconError, match="H-109"):
        write_sheets(book, [samples.sheet()])
    assert list(book.parent.iterdir()) == [book]


def test_another_content_than_the_one_read_is_refused(book):
    expected = fingerprint(book)
    entry(book, "xl/media/x.bin")
    with pytest.raises(ReconError, match="H-109"):
        write_sheets(book, [samples.sheet()], expected=expected)


def test_a_touch_is_no_change(book):
    expected = fingerprint(book)
    os.utime(book, (1, 1))
    assert fingerprint(book) != expected
    write(book, samples.sheet(), expected=expected)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_mode_of_the_file_stays(book):
    book.chmod(0o640)
    write(book, samples.sheet())
    assert stat.S_IMODE(book.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(book, tmp_path):
    link = tmp_path / "Link.xlsx"
    link.symlink_to(book)
    write_sheets(link, [samples.sheet()])
    assert link.is_symlink()
    assert cells(book)[0][0] == "Title"


def test_orphans_of_killed_runs_are_swept(book):
    orphan, other = book.parent / ".Book.xlsx.tieout-abc.tmp", book.parent / ".Other.xlsx.tieout-abc.tmp"
    orphan.touch()
    other.touch()
    write(book, samples.sheet())
    assert not orphan.exists()
    assert other.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no open file")
def test_the_file_another_run_is_writing_is_not_swept(book):
    with replacing.replacing(book) as out:
        out.write(b"x")
        replacing.sweep(book)
        assert len(list(book.parent.glob(".Book.xlsx.tieout-*.tmp"))) == 1
        out.write(book.read_bytes())


def test_a_bug_half_way_leaves_the_workbook(book):
    before = book.read_bytes()
    bad = Table(name="t", columns=(Column(name="A"),), frame=pd.DataFrame({"A": [object()] * 99}))
    with pytest.raises(TypeError):
        write_sheets(book, [Sheet(name="New", tables=(bad,))])
    assert book.read_bytes() == before
    assert list(book.parent.iterdir()) == [book]
