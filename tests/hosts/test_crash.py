"""Killed in the middle of writing: the workbook is as it was, and the next run sweeps what lies about."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import pytest

from addin.hosts.package import write_sheets
from tests.conftest import ROOT
from tests.hosts import pkgcheck, samples

WRITER = """
import sys, time
from pathlib import Path
from addin.hosts import package, sheetxml
from tests.hosts import samples

def slowly(content):
    for piece in sheetxml_rows(content):
        yield piece
        print("writing", flush=True)
        time.sleep(60)

import addin.hosts.drafting as drafting
sheetxml_rows = drafting.stream_rows
drafting.stream_rows = slowly
package.write_sheets(Path(sys.argv[1]), [samples.sheet(100_000)])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is not of Windows")
def test_kill_in_the_middle_leaves_the_workbook_and_the_next_run_sweeps(tmp_path):
    book = samples.rich(tmp_path / "Book.xlsx")
    before = book.read_bytes()
    with subprocess.Popen([sys.executable, "-c", WRITER, book], cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        left = list(tmp_path.glob(".Book.xlsx.tieout-*.tmp"))
        assert len(left) == 1
        writer.kill()
    assert book.read_bytes() == before
    assert left[0].exists()
    write_sheets(book, [samples.sheet(5)])
    assert sorted(tmp_path.iterdir()) == [book]
    assert pkgcheck.check(book) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is not of Windows")
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_kill_at_any_moment_leaves_one_of_the_two_workbooks(tmp_path, delay):
    book = samples.rich(tmp_path / "Book.xlsx")
    wanted = shutil.copy(book, tmp_path / "Wanted.xlsx")
    before = samples.parts(book)
    write_sheets(wanted, [samples.sheet(50_000)])
    script = "import sys; from addin.hosts.package import write_sheets; from tests.hosts import samples; s = samples.sheet(50_000); print('ready', flush=True); write_sheets(sys.argv[1], [s])"
    with subprocess.Popen([sys.executable, "-c", script, book], cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.kill()
    assert samples.parts(book) in (before, samples.parts(wanted))
