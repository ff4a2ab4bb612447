"""What is refused before a parser sees it, and in which words. Hostile files never reach one."""

from __future__ import annotations

import gzip
import os
import re
import sys
import zipfile
from pathlib import Path

import pytest

from recon_core.model import Source
from recon_core.problems import Severity
from recon_core.readers import CODES, READERS, preflight, read, workbook


def only(outcome):
    """The one Problem of a file that was refused."""
    raw, problems = outcome
    assert raw is None
    assert len(problems) == 1
    assert problems[0].severity is Severity.STOP
    return problems[0]


def test_a_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "Payments April.csv").write_text("a,b\n")
    problem = only(read(Source(name="s", path=str(tmp_path / "payment april.csv"))))
    assert problem.code == "F-101"
    assert "Did you mean 'Payments April.csv'?" in problem.what
    assert "no folder" in only(read(Source(name="s", path=str(tmp_path / "none" / "x.csv")))).what
    assert only(read(Source(name="s", path=""))).what == "Setup names no file."


def test_a_folder_is_no_file(tmp_path):
    assert only(read(Source(name="s", path=str(tmp_path)))).code == "F-102"


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
def test_a_loop_of_links_and_a_pipe_are_no_files(tmp_path):
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert only(read(Source(name="s", path=str(tmp_path / "loop.csv")))).code == "F-104"
    assert only(read(Source(name="s", path=str(tmp_path / "pipe.csv")))).code == "F-106"
    assert only(read(Source(name="s", path=str(tmp_path / "loop.csv" / "x.csv")))).code == "F-104"


@pytest.mark.parametrize("name", ["caf\udcff.csv", "\ud800.csv", "a\0b.csv", "x" * 300 + ".csv"])
def test_names_that_cannot_be(tmp_path, name):
    problem = only(read(Source(name="s", path=str(tmp_path / name))))
    assert problem.code == "F-104"
    assert str(problem).encode()


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="these systems allow no such names")
def test_a_file_whose_name_is_no_text(tmp_path):
    path = tmp_path / "caf\udce9.csv"
    path.write_text("a,b\n1,2\n")
    problem = only(read(Source(name="s", path=str(path))))
    assert (problem.code, problem.where.file) == ("F-104", "caf\\udce9.csv")
    near = only(read(Source(name="s", path=str(tmp_path / "cafe.csv"))))
    assert (near.code, bool(near.what.encode())) == ("F-101", True)


def test_a_name_as_long_as_names_can_be(read_bytes):
    raw, problems = read_bytes("a,b\n1,2\n", "x" * 250 + ".csv")
    assert (len(raw.frame), problems) == (1, ())


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf", b"\0" * 100])
def test_empty(read_bytes, content):
    assert only(read_bytes(content)).code == "F-103"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_the_right_to_read(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    path.chmod(0)
    assert only(read(Source(name="s", path=str(path)))).code == "F-104"


def test_a_file_that_another_program_holds(read_bytes, monkeypatch):
    def held(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(preflight, "_kind", held)
    assert only(read_bytes("a,b\n1,2\n")).what.startswith("report.csv cannot be opened: another program holds it")


def test_a_download_that_has_not_finished(read_bytes):
    assert only(read_bytes("a,b\n1,2\n", "report.csv.crdownload")).code == "F-104"


@pytest.mark.parametrize("act", ["grows", "vanishes"])
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, act):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    whole = READERS["text"]

    def slow(source, file):
        found = whole(source, file)
        path.unlink() if act == "vanishes" else path.write_text("a,b\n1,2\n3,4\n")
        return found

    monkeypatch.setitem(READERS, "text", slow)
    monkeypatch.setattr("recon_core.readers.sha256", lambda _: "")
    assert only(read(Source(name="s", path=str(path)))).code == {"grows": "F-104", "vanishes": "F-101"}[act]


def test_a_file_over_the_limit(read_bytes, monkeypatch):
    monkeypatch.setattr(preflight, "MOST_FILE", 7)
    assert only(read_bytes("a,b\n1,2\n")).what == "report.csv holds 8 bytes; the limit is 7 bytes."


def test_a_lock_file_beside_is_told(read_bytes, tmp_path):
    (tmp_path / "~$report.csv").write_text("")
    raw, problems = read_bytes("a,b\n1,2\n")
    assert raw is not None
    assert [p.code for p in problems] == ["F-311"]


KINDS = {
    "a PDF document": b"%PDF-1.7\n...",
    "a gzip archive": gzip.compress(b"a,b\n1,2\n"),
    "a picture": b"\x89PNG\r\n\x1a\n....",
    "a web page (HTML)": b"\r\n<html><body><table><tr><td>a</td></tr></table></body></html>",
    "an XML spreadsheet of Excel 2003": b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
    "an XML file": b'<?xml version="1.0"?><orders/>',
    "a JSON file": b'[{"id": 1}]',
    "a binary file of an unknown kind": bytes(range(256)) * 40,
    "a Word document": preflight._OLE + "WordDocument".encode("utf-16-le"),
    "an Office file of an unknown kind": preflight._OLE + b"\0" * 512,
}


@pytest.mark.parametrize(("kind", "content"), KINDS.items(), ids=KINDS)
@pytest.mark.parametrize("name", ["report.xls", "report.csv"])
def test_other_kinds_are_refused_by_name_of_the_kind(read_bytes, kind, content, name):
    problem = only(read_bytes(content, name))
    assert problem.code == "F-106"
    assert problem.what == f"{name} is {kind}, which cannot be read as a table."
    assert problem.fix.startswith("Unpack it" if kind.endswith("archive") else "Export the report again")


def test_tags_as_headers_are_no_markup(read_bytes):
    raw, _ = read_bytes("<Date>;<Close>\n2026-04-01;12\n")
    assert raw.frame.columns.tolist() == ["<Date>", "<Close>"]


def test_text_under_an_excel_name_is_read_and_told(read_bytes):
    raw, problems = read_bytes("Id\tName\n1\ta\n", "report.XLS")
    assert raw.detected == "TSV, UTF-8, tab"
    assert [p.code for p in problems] == ["F-302"]


def test_a_workbook_under_a_text_name_is_read_and_told(package, read_bytes):
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>Id</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    raw, problems = read_bytes(package(rows).read_bytes(), "report.csv")
    assert raw.frame["Id"].tolist() == ["1"]
    assert [p.code for p in problems] == ["F-302"]


@pytest.mark.parametrize("name", ["report.xlsx", "report.xls"])
def test_an_encrypted_workbook_asks_for_its_password_to_be_removed(read_bytes, name):
    problem = only(read_bytes(preflight._OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), name))
    assert (problem.code, problem.what) == ("F-105", f"{name} is protected by a password.")


@pytest.mark.parametrize("at", [0, 40, 63, 64, 65, 100])
def test_the_name_of_a_stream_is_found_across_pieces(read_bytes, monkeypatch, at):
    monkeypatch.setattr(preflight, "_PIECE", 64)
    content = preflight._OLE + b"\0" * at + "WordDocument".encode("utf-16-le") + b"\0" * 200
    assert only(read_bytes(content, "report.doc")).what.startswith("report.doc is a Word document")
    content += "EncryptedPackage".encode("utf-16-le")
    assert only(read_bytes(content, "report.doc")).code == "F-105"


def test_a_plain_zip(tmp_path):
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("report.csv", "a,b\n")
    assert (
        only(read(Source(name="s", path=str(path)))).what == "x.xlsx is a zip archive, which cannot be read as a table."
    )


@pytest.mark.parametrize("keep", [30, 200, 900])
def test_a_truncated_package_is_damaged(package, read_bytes, keep):
    assert only(read_bytes(package().read_bytes()[:keep], "report.xlsx")).code == "F-107"


def test_bytes_turned_inside_a_part_are_damage(package, read_bytes):
    content = bytearray(package('<row r="1"><c r="A1"><v>1</v></c></row>' * 50).read_bytes())
    with zipfile.ZipFile(package('<row r="1"><c r="A1"><v>1</v></c></row>' * 50)) as archive:
        start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[start + 70 : start + 90] = b"\xff" * 20
    assert only(read_bytes(bytes(content), "report.xlsx")).code == "F-107"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(package, monkeypatch):
    path = package(extra={"xl/sharedStrings.xml": b"<sst>" + b" " * (80 << 20)})
    assert path.stat().st_size < 200_000
    monkeypatch.setattr(workbook, "read", None)
    problem = only(read(Source(name="s", path=str(path))))
    assert problem.code == "F-108"
    assert re.fullmatch(
        r"package.xlsx holds a part that unpacks to [\d,]+ times its size; the limit is 200 times.", problem.what
    )


@pytest.mark.parametrize(
    ("limit", "words"), [("MOST_UNPACKED", "when unpacked"), ("MOST_PART", "a part of"), ("MOST_PARTS", "parts")]
)
def test_limits_of_a_package(package, monkeypatch, limit, words):
    monkeypatch.setattr(preflight, limit, 3)
    problem = only(read(Source(name="s", path=str(package()))))
    assert (problem.code, words in problem.what) == ("F-108", True)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_doctype_is_refused(package, part, codec):
    text = '<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    assert only(read(Source(name="s", path=str(package(extra={part: text.encode(codec)}))))).code == "F-109"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["xl/workbook.xml", "../../evil.xml", "xl\\..\\..\\evil.xml"])
def test_double_names_and_names_that_leave_the_archive(package, name):
    path = package()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "<a/>")
    assert only(read(Source(name="s", path=str(path)))).code == "F-109"


def test_every_code_that_is_used_is_listed_and_the_reverse():
    pages = [path for path in Path(preflight.__file__).parent.glob("*.py") if path.name != "codes.py"]
    used = {code for path in pages for code in re.findall(r'"(F-\d{3})"', path.read_text(encoding="utf-8"))}
    assert used == set(CODES)
