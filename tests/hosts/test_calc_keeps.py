"""Nobody loses a part of his workbook unsaid: where LibreOffice would drop contents nothing is saved, and looks are named."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.comments import Comment

from addin import calc
from addin.cli import main
from addin.cli_talk import Talk
from addin.demo import make_demo
from addin.hosts import calc_keeps, live_programs
from addin.hosts.live_saving import Original
from recon_core.problems import ReconError
from workbook_templates import standalone_path, template_path

OFFICE = "application/vnd.openxmlformats-officedocument"
office_only = pytest.mark.skipif(bool(calc.why_not()), reason=calc.why_not() or "LibreOffice is here")


@pytest.fixture(autouse=True)
def _own_log_and_no_excel(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setattr(live_programs, "HAS_EXCEL", False)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """As openpyxl writes it: a theme, a note, no table."""
    made = openpyxl.Workbook()
    made.active["A1"].comment = Comment("a note", "asha")
    made.save(tmp_path / "Book.xlsx")
    return tmp_path / "Book.xlsx"


@pytest.fixture
def standalone(tmp_path: Path) -> Path:
    return Path(shutil.copy(standalone_path(), tmp_path / "April.xlsm"))


def with_parts(book: Path, parts: Mapping[str, str], data: bytes = b"<x/>") -> Path:
    """The workbook with parts more: name -> content type."""
    made = book.with_name("More.xlsx")
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "[Content_Types].xml":
                more = "".join(f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in parts.items())
                text = text.replace(b"</Types>", f"{more}</Types>".encode())
            new.writestr(name, text)
        for name in parts:
            new.writestr(name, data)
    return made


def test_a_workbook_of_ours_may_be_saved_by_libreoffice(book):
    for one in (book, template_path()):
        calc_keeps.check_kept_by_calc(one)
        calc_keeps.check_kept(one, one)


@pytest.mark.parametrize(
    ("part", "kind", "words"),
    [
        ("xl/slicers/slicer1.xml", "application/vnd.ms-excel.slicer+xml", "slicers"),
        ("xl/timelines/timeline1.xml", "application/vnd.ms-excel.timeline+xml", "timelines"),
        ("xl/threadedComments/threadedComment1.xml", "application/vnd.ms-excel.threadedcomments+xml", "threaded comments"),
        ("xl/connections.xml", f"{OFFICE}.spreadsheetml.connections+xml", "data connections"),
        ("xl/model/item.data", f"{OFFICE}.model+data", "data model"),
        ("xl/metadata.xml", f"{OFFICE}.spreadsheetml.sheetMetadata+xml", "cells of new kinds"),
        ("xl/ctrlProps/ctrlProp1.xml", "application/vnd.ms-excel.controlproperties+xml", "form buttons and controls"),
        ("xl/activeX/activeX1.xml", "application/vnd.ms-office.activeX+xml", "form buttons and controls"),
        ("xl/diagrams/data1.xml", f"{OFFICE}.drawingml.diagramData+xml", "SmartArt"),
    ],
)  # fmt: skip
def test_contents_that_libreoffice_drops_are_refused_before_it_starts(book, part, kind, words, monkeypatch):
    monkeypatch.setattr(live_programs, "_program", lambda **_options: pytest.fail("a program was started"))
    made = with_parts(book, {part: kind})
    with pytest.raises(ReconError, match=rf"H-133 More\.xlsx: .*{words}.*'tieout run'"), live_programs.opened(made):
        pass
    (told,) = calc_keeps.loses_if_saved(made)
    assert words in told.what
    monkeypatch.setattr(live_programs, "HAS_EXCEL", True)
    assert live_programs.loses_if_saved(made) == ()


def test_an_embedded_object_is_none_of_the_notes(book):
    made = with_parts(book, {"xl/drawings/vmlDrawing9.vml": "application/vml"}, b'<xml ObjectType="Pict"/>')
    with pytest.raises(ReconError, match=r"H-133 .*lose its embedded objects\."):
        calc_keeps.check_kept_by_calc(made)


def test_what_it_drops_beyond_what_is_known_is_seen_before_the_file_is_replaced(book):
    made = with_parts(book, {"xl/custom/ledger1.xml": "application/vnd.example.ledger+xml"})
    before = made.read_bytes()
    with pytest.raises(ReconError, match=r"H-133 More\.xlsx: .*xl/custom/ledger1\.xml"):
        Original(made).save_beside(lambda path: path.write_bytes(book.read_bytes()))
    assert made.read_bytes() == before
    assert sorted(one.name for one in book.parent.iterdir()) == ["Book.xlsx", "More.xlsx"]


def test_a_picture_in_another_format_and_what_is_worked_out_anew_are_no_loss(book):
    copied = book.with_name("Copy.xlsx")
    shutil.copy(with_parts(book, {"xl/media/image1.png": "image/png"}), copied)
    made = with_parts(
        book, {"xl/media/image1.emf": "image/x-emf", "xl/calcChain.xml": f"{OFFICE}.spreadsheetml.calcChain+xml"}
    )
    calc_keeps.check_kept(made, copied)
    with pytest.raises(ReconError, match=r"H-133 .*xl/media/image1\.emf"):
        calc_keeps.check_kept(made, book)


def test_the_stand_alone_workbook_is_not_run_in_libreoffice(standalone, monkeypatch):
    monkeypatch.setattr(live_programs, "_program", lambda **_options: pytest.fail("a program was started"))
    before = standalone.read_bytes()
    done = CliRunner().invoke(main, ["run", str(standalone), "--live", "--json"])
    assert done.exit_code == 4
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["code"], problem["raw"]) == ("H-133", "form buttons and controls")
    assert standalone.read_bytes() == before


@pytest.mark.parametrize("options", [[], ["--quiet"]])
def test_open_says_what_saving_would_lose(standalone, options, monkeypatch):
    @contextmanager
    def before_user(_path: Path) -> Iterator[Any]:
        yield lambda: None

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(live_programs, "before_user", before_user)
    monkeypatch.setattr(Talk, "watch", lambda *_: None)
    done = CliRunner().invoke(main, ["open", str(standalone), *options])
    assert done.exit_code == 0
    words = "H-134 April.xlsm: If you save this workbook in LibreOffice, it loses its form buttons and controls, table styles and theme. "
    assert done.stderr.startswith(words)
    assert "'tieout run April.xlsm'" in done.stderr


@pytest.mark.office
@office_only
def test_libreoffice_does_lose_the_buttons(standalone):
    """Why it is refused: a LibreOffice that keeps them lets this test fail, and the refusal can go."""

    def controls(path: Path) -> int:
        opened = app.books.open(path)
        pages = [sheet.impl.xl.DrawPage for sheet in opened.sheets]
        shapes = [page.getByIndex(at).ShapeType for page in pages for at in range(page.Count)]
        opened.close()
        return sum(shape.endswith("ControlShape") for shape in shapes)

    with calc.office() as app:
        assert controls(standalone) == 6
        book, again = app.books.open(standalone), standalone.with_name("Again.xlsm")
        calc.save_copy(book, again)
        book.close()
        assert controls(again) == 0


@pytest.mark.office
@office_only
def test_a_run_that_libreoffice_saves_names_the_looks_that_it_lost(tmp_path):
    book = make_demo(tmp_path / "April")
    told = []
    for _ in range(2):
        done = CliRunner().invoke(main, ["run", str(book), "--live", "--json"])
        assert done.exit_code == 0, done.output
        told.append([one["raw"] for one in json.loads(done.stdout)["problems"] if one["code"] == "H-134"])
    assert told == [["table styles, theme"], []]
    with zipfile.ZipFile(book) as written:
        assert not [name for name in written.namelist() if "theme" in name]
