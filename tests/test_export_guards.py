"""What an export may not do: replace what it is made from, write another kind of file than it is named, book what did not arrive."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin import job
from addin.cli import main
from addin.demo import make_demo
from addin.export_files import targets
from addin.hosts.file import FileHost
from addin.settings import Settings

pytestmark = pytest.mark.xdist_group("demo")


def run_book(book: Path) -> job.Done:
    settings = Settings(user="tester", machine="here", log_folder=book.parent / "log")
    return job.run(FileHost(book), book, settings, lambda: dt.datetime(2026, 5, 7, 9, 30))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_demo(tmp_path_factory.mktemp("guards") / "demo")
    run_book(book)
    return book


@pytest.fixture
def book(ready: Path, tmp_path: Path) -> Path:
    shutil.copytree(ready.parent, tmp_path / "demo")
    return tmp_path / "demo" / ready.name


def tieout(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.output


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


SETTLEMENT, JOURNAL = ("settlement", "--payout", "FNSET-0410"), ("journal",)


@pytest.mark.parametrize(
    ("words", "name", "code"),
    [
        (SETTLEMENT, "{book}", "X-820"), ((*SETTLEMENT, "--format", "csv"), "oms_orders.csv", "X-820"), ((*SETTLEMENT, "--format", "csv"), "./late/../sku_master.csv", "X-820"),
        (JOURNAL, "settlement_W1.csv", "X-820"), (JOURNAL, "{book}", "X-821"), ((*JOURNAL, "--format", "tally"), "j.csv", "X-821"), (SETTLEMENT, "x.csv", "X-821"),
        (("settlement",), "all.csv", "X-821"),
    ],
)  # fmt: skip
def test_an_export_never_replaces_what_it_is_made_from(book, words, name, code):
    before = contents(book.parent)
    kind, *more = words
    told = tieout("export", kind, book, *more, "--to", book.parent / name.format(book=book.name), "--replace", code=4)
    assert code in told
    assert contents(book.parent) == before


def test_a_link_to_a_source_is_that_source(book):
    (book.parent / "mine.csv").symlink_to(book.parent / "settlement_W1.csv")
    before = contents(book.parent)
    assert "X-820" in tieout("export", "journal", book, "--to", book.parent / "mine.csv", "--replace", code=4)
    assert contents(book.parent) == before


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["A_1", "A_1", "A_1_2"], ["A_1", "A_1_3", "A_1_2"]), (["A_1_2", "A_1", "a_1"], ["A_1_2", "A_1", "a_1_3"]), (["A", "B"], ["A", "B"]),
        (["X", "x", "X_2", "x_2"], ["X", "x_3", "X_2", "x_2_2"]),
    ],
)  # fmt: skip
def test_every_payout_has_a_file_of_its_own(tmp_path, names, expected):
    found = [path.stem for path in targets(tmp_path / "b.xlsx", names, "csv", tmp_path)]
    assert found == expected
    assert len({name.casefold() for name in found}) == len(names)
