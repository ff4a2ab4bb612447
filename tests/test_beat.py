"""Signs of life while it is matched: each leg, side and pass is told before it begins, and may be the end of the run."""

from __future__ import annotations

import datetime as dt

import pytest

from addin import job
from addin.demo import make_demo
from addin.hosts.file import FileHost
from addin.hosts.live_refusals import stopped
from addin.settings import Settings

NOW = dt.datetime(2026, 5, 6, 10)


@pytest.fixture
def book(tmp_path):
    return make_demo(tmp_path / "demo")


def run(book, on_progress):
    settings = Settings(log_folder=book.parent / "log")
    return job.run(FileHost(book, on_progress=on_progress), book, settings, lambda: NOW)


def test_every_side_and_pass_of_every_leg_is_told(book):
    told = []
    done = run(book, lambda text, share: told.append((text, share)))
    texts = [text for text, _ in told]
    for leg, result in done.results.items():
        wanted = [f"Matching {leg}, {what}" for what in ("side A", "side B", *result.rule_names)]
        assert [text for text in texts if text.startswith(f"Matching {leg}, ")] == wanted
    assert texts.index("Matching the proof") < texts.index("Writing the sheets")
    assert [share for _, share in told] == sorted(share for _, share in told)


@pytest.mark.parametrize("at", [0, 3, 9])
def test_a_cancel_at_any_of_them_ends_the_run_with_nothing_written(book, at):
    before, seen = book.read_bytes(), []

    def cancel(text, share):
        if text.startswith("Matching "):
            seen.append(text)
            if len(seen) > at:
                raise stopped()

    done = run(book, cancel)
    assert (done.outcome, [one.code for one in done.problems][-1], len(seen)) == ("stop", "H-124", at + 1)
    assert book.read_bytes() == before
