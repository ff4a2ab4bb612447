"""What a user types into the open workbook while a run goes on is taken up, or the run ends and nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from addin import job
from addin.hosts.file import FileHost
from addin.hosts.live import LiveHost
from addin.live_sources import LiveReader
from addin.new_book import make, two_files
from addin.settings import Settings
from recon_core.model import Source
from recon_core.proposal import Proposal, propose
from recon_core.readers import read
from recon_core.sheets import Sheet
from tests.hosts.live_side import live, picture, running, state

pytestmark = pytest.mark.office
NOW = dt.datetime(2026, 5, 6, 10)
LAST = 19  # rows of the files


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with running() as one:
        yield one


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two files of which the ids 2 to 7 are open on side A, in a workbook whose Setup names them."""
    files = [tmp_path / "ours.csv", tmp_path / "theirs.csv"]
    for file, ids in zip(files, (range(2, LAST), range(8, LAST)), strict=True):
        rows = [f"ORDER{at},{at}.50,2026-04-{at:02}" for at in ids]
        file.write_text("\n".join(("Order,Amount,Date", *rows, "")), "utf-8")
    raws = [read(Source(name=file.name, path=str(file)), file.name)[0] for file in files]
    made = tmp_path / "Book.xlsx"
    make(made, two_files(made, *files, propose(*raws, Proposal()), {}))
    job.run(FileHost(made), made, Settings(log_folder=tmp_path / "log"), lambda: NOW)
    return made


def sheets(host: LiveHost) -> dict[str, Any]:
    """All that stands in the workbook, but for the sheet that the user has changed."""
    return {name: found for name, found in picture(host.book).items() if name != "Setup"}


def run(host: LiveHost) -> job.Done:
    reader = LiveReader(host)
    settings = Settings(log_folder=host.path.parent / "log")
    return job.run(host, host.path, settings, lambda: NOW, reader=reader, changed=reader.changed)


def column(host: LiveHost, name: str) -> int:
    """Asked past the host, which would take it for a reading of its own."""
    return host.book.sheets["Exceptions"].range((5, 1), (5, 60)).value.index(name) + 1


def comments(host: LiveHost) -> dict[object, object]:
    rows = [dict(zip(host.cells("Exceptions")[4], row, strict=False)) for row in host.cells("Exceptions")[5:]]
    return {row["Id"]: row.get("Comment") for row in rows if row.get("Comment")}


class Typing:
    """Does something once, when the status bar first says a text that begins so."""

    def __init__(self, at: str, deed: Callable[[], None]) -> None:
        self.at, self.deed, self.done = at, deed, 0

    def __call__(self, text: str, share: float) -> None:
        if text.startswith(self.at) and not self.done:
            self.done = 1
            self.deed()


def type_comment(host: LiveHost, text: str, nth: int = 0) -> str:
    """A comment beside the nth exception; returns its id."""
    host.book.sheets["Exceptions"].range((6 + nth, column(host, "Comment"))).value = text
    return host.book.sheets["Exceptions"].range((6 + nth, column(host, "Id"))).value


@pytest.mark.parametrize("at", ["Matching", "Writing the sheets"])
def test_notes_typed_while_a_run_goes_on_are_carried(app, book, at):
    with live(app, book) as host:
        typed: list[str] = []
        host.on_progress = Typing(at, lambda: typed.append(type_comment(host, "called them")))
        assert run(host).outcome in ("ok", "warn")
        assert typed
        assert comments(host) == {typed[0]: "called them"}


def test_notes_typed_while_the_sheets_are_built_are_carried(app, book, monkeypatch):
    """After the notes were read and before the first cell is written: built again, at most a few times."""
    with live(app, book) as host:
        built: list[str] = []
        build = job.reports.build

        def slowly(case: Any) -> Sequence[Sheet]:
            sheets = build(case)
            if len(built) < 2:
                built.append(type_comment(host, f"note {len(built)}", len(built)))
            return sheets

        monkeypatch.setattr(job.reports, "build", slowly)
        assert run(host).outcome in ("ok", "warn")
        assert comments(host) == {built[0]: "note 0", built[1]: "note 1"}


def test_notes_typed_after_the_first_sheets_were_written_stand(app, book):
    """Exceptions is written first: what is typed while the others follow is typed on the new sheet."""
    with live(app, book) as host:
        typed: list[str] = []
        seen: list[str] = []

        def on_progress(text: str, share: float) -> None:
            if text.startswith("Writing ") and text != "Writing the sheets":
                seen.append(text)
                if len(seen) == 4:
                    typed.append(type_comment(host, "late", 2))

        host.on_progress = on_progress
        assert run(host).outcome in ("ok", "warn")
        assert "Writing Exceptions" in seen[:3]
        assert comments(host) == {typed[0]: "late"}


def test_typing_without_an_end_stops_the_run_and_keeps_what_was_typed(app, book, monkeypatch):
    with live(app, book) as host:
        build = job.reports.build
        times: list[int] = []

        def slowly(case: Any) -> Sequence[Sheet]:
            times.append(1)
            type_comment(host, f"note {len(times)}")
            return build(case)

        monkeypatch.setattr(job.reports, "build", slowly)
        summary = host.cells("Summary")
        done = run(host)
        assert done.outcome == "stop"
        assert [problem.code for problem in done.problems][-1] == "H-129"
        assert len(times) == job.TRIES
        assert list(comments(host).values()) == [f"note {job.TRIES}"]
        assert host.cells("Summary") == summary


def test_a_setup_changed_meanwhile_ends_the_run_with_nothing_written(app, book):
    with live(app, book) as host:
        before = sheets(host), state(app, host.book)
        cell = host.book.sheets["Setup"].range((60, 1))
        host.on_progress = Typing("Matching", lambda: setattr(cell, "value", "another"))
        done = run(host)
        assert done.outcome == "stop"
        [problem] = [one for one in done.problems if one.code == "H-129"]
        assert problem.where.sheet == "Setup"
        assert "Nothing was written" in problem.what
        assert (sheets(host), state(app, host.book)) == before


@pytest.fixture
def mine(book: Path) -> Callable[[LiveHost], None]:
    """Has side A read from the sheet Ours of the workbook, whose heading has a cell that is never the same."""

    def prepare(host: LiveHost) -> None:
        sheet = host.book.sheets.add("Ours", after=host.book.sheets[-1])
        sheet["A3"].value = [["Order", "Amount", "Date"]] + [
            [f"ORDER{at}", at + 0.5, dt.datetime(2026, 4, at)] for at in range(2, LAST)
        ]
        sheet["B1"].formula = "=RAND()"
        setup = host.cells("Setup")
        at = next(at for at, row in enumerate(setup) if row and row[0] == "Source")
        names = setup[at]
        host.book.sheets["Setup"].range((at + 2, names.index("File or pattern") + 1)).value = None
        host.book.sheets["Setup"].range((at + 2, names.index("Sheet") + 1)).value = "Ours"

    return prepare


def test_a_source_of_the_workbook_changed_meanwhile_ends_the_run_with_nothing_written(app, book, mine):
    with live(app, book) as host:
        mine(host)
        summary = host.cells("Summary")

        def stamped() -> None:
            host.book.sheets["Ours"]["B1"].formula = "=RAND()+1"

        host.on_progress = Typing("Matching", stamped)
        assert run(host).outcome in ("ok", "warn")  # no row changed
        assert host.cells("Summary") != summary  # run 2

        def corrected() -> None:
            host.book.sheets["Ours"]["B5"].value = 1000

        summary = host.cells("Summary")
        host.on_progress = Typing("Matching", corrected)
        done = run(host)
        assert done.outcome == "stop"
        assert [problem.where.sheet for problem in done.problems if problem.code == "H-129"] == ["Ours"]
        assert host.cells("Summary") == summary


@pytest.mark.parametrize("address", ["2:2", "A:A"])
def test_a_note_stays_with_its_row_after_a_row_or_a_column_was_put_in(app, book, address):
    with live(app, book) as host:
        key = type_comment(host, "called them")
        for name in ("Exceptions", "Run log"):
            host.book.sheets[name][address].insert("down" if address == "2:2" else "right")
        done = run(host)
        assert (done.outcome, done.number) == ("ok", 2), done.problems
        assert comments(host) == {key: "called them"}
        assert [row[0] for row in host.cells("Run log")[5:]] == [1.0, 2.0]
