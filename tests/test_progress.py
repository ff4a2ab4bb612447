"""The bar appears once a run has taken a second, tells the share, and goes when it is told nothing."""

from __future__ import annotations

import io

from rich.console import Console

from addin import progress


def test_the_bar_waits_a_second_then_tells_and_goes(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with progress.Bar(Console(file=io.StringIO(), force_terminal=True)) as bar:
        bar.tell("Reading a.csv", 0.1)
        assert not bar.shown
        clock[0] += 1.1
        bar.tell("Matching", 0.5)
        task = bar.progress.tasks[0]
        assert (bar.shown, task.description, task.completed) == (True, "Matching", 0.5)
        bar.tell("", 1.0)
        assert not bar.shown
