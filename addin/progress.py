"""A progress bar for a person: it appears once a run has taken a second and leaves nothing behind."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

WAIT = 1.0


class Bar:
    """Tells what is under way; quiet for the first second."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self.began, self.shown = time.monotonic(), False
        self.task: TaskID = self.progress.add_task("", total=1.0)

    def tell(self, text: str, share: float) -> None:
        """Show the text and how much is done (0 to 1); an empty text takes the bar away."""
        if not text:
            self._stop()
            return
        if not self.shown and time.monotonic() - self.began > WAIT:
            self.progress.start()
            self.shown = True
        self.progress.update(self.task, description=text, completed=share)

    def _stop(self) -> None:
        if self.shown:
            self.progress.stop()
            self.shown = False

    def __enter__(self) -> Self:
        """Start the clock."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._stop()
