"""The machine's own log: one JSON line a run, stopped runs included. A copy; the workbook is the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def append(folder: Path, entry: Mapping[str, object]) -> str:
    """Add one line to runs.jsonl; returns '' or why it could not be written. A log never stops a run."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "runs.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry, ensure_ascii=False) + "\n")
    except OSError as error:
        return f"The run log in {folder} could not be written: {error.strerror}."
    return ""
