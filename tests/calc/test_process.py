"""No process, profile, pipe or lock file is left, however it ends; several run side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from addin import calc
from addin.calc import process
from addin.calc.border import CalcError
from recon_core.problems import ReconError

ROOT = Path(__file__).resolve().parents[2]
office_only = pytest.mark.skipif(bool(calc.why_not()), reason=calc.why_not() or "LibreOffice is here")


def left_of(pid: int) -> list[str]:
    """Profiles and pipes of a process of ours."""
    profiles = [str(path) for path in Path(tempfile.gettempdir()).glob(f"{process.PREFIX}{pid}-*")]
    return profiles + [str(path) for path in Path("/tmp").glob(f"OSL_PIPE_*_tieout-{pid}-*")]


def gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while process.alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not process.alive(pid)


def test_why_not_names_what_is_missing(monkeypatch):
    monkeypatch.setenv("TIEOUT_SOFFICE", "/no/such/soffice.bin")
    assert calc.why_not() == "LibreOffice is not installed on this machine."
    with pytest.raises(ReconError) as told:
        calc.register()
    assert told.value.problem.code == "C-951"


@pytest.mark.office
@office_only
def test_what_does_not_answer_is_ended(monkeypatch, tmp_path):
    fake = tmp_path / "soffice.bin"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("TIEOUT_SOFFICE", str(fake))
    with pytest.raises(ReconError) as told:
        process.Office()
    assert told.value.problem.code == "C-952"
    assert "code 3" in told.value.problem.what
    assert not left_of(os.getpid())


@pytest.mark.office
@office_only
def test_start_and_stop(tmp_path):
    with calc.office(add_book=True) as app:
        pid = app.pid
        assert process.alive(pid)
        assert left_of(os.getpid())
        app.books[0].save(tmp_path / "a.xlsx")
        assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]  # no .~lock file beside it
    assert gone(pid)
    assert not left_of(os.getpid())


@pytest.mark.office
@office_only
def test_an_error_inside_ends_it_too():
    seen = []

    def fail():
        with calc.office(add_book=True) as app:
            seen.append(app.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    (pid,) = seen
    assert gone(pid)
    assert not left_of(os.getpid())


@pytest.mark.office
@office_only
def test_a_libreoffice_that_dies_is_told_as_an_error():
    with calc.office(add_book=True) as app:
        os.kill(app.pid, signal.SIGKILL)
        assert gone(app.pid)
        with pytest.raises(CalcError):
            app.books[0].sheets[0]["A1"].value = 1
    assert not left_of(os.getpid())


@pytest.mark.office
@office_only
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends it with us on Linux only")
def test_nothing_is_left_after_a_kill(tmp_path):
    book = tmp_path / "open.xlsx"
    code = (
        "import sys, time\nfrom addin import calc\n"
        f"with calc.office(add_book=True) as app:\n    app.books[0].save({str(book)!r})\n"
        "    print(app.pid, flush=True)\n    time.sleep(60)\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with ours:
        pid = int(ours.stdout.readline())
        assert process.alive(pid)
        ours.kill()
    assert gone(pid)
    assert [path.name for path in tmp_path.iterdir()] == ["open.xlsx"]
    assert left_of(ours.pid)  # the profile stays until the next start sweeps it
    process.sweep()
    assert not left_of(ours.pid)


@pytest.mark.office
@office_only
def test_two_side_by_side():
    with calc.office(add_book=True) as one, calc.office(add_book=True) as other:
        assert one.pid != other.pid
        one.books[0].sheets[0]["A1"].value = "one"
        other.books[0].sheets[0]["A1"].value = "other"
        other.quit()
        assert one.books[0].sheets[0]["A1"].value == "one"


def test_the_sweep_leaves_the_living_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for owner in (os.getpid(), os.getppid(), ended.pid):
        (tmp_path / f"{process.PREFIX}{owner}-x").mkdir()
    process.sweep()
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{process.PREFIX}{owner}-x" for owner in (os.getpid(), os.getppid())
    }
