"""Pass: lines the user tied together by hand. A decision that no longer fits is a problem, never half applied."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.matching.found import Found, Task
from recon_core.model import CLASS_CODE, MatchClass
from recon_core.problems import Place, Problem, Severity


def manual(lines: pd.DataFrame, task: Task) -> Found:
    """One Manual link for each decision all of whose lines are still open."""
    decisions = [tuple(dict.fromkeys(decision)) for decision in task.decisions if decision]
    wanted = np.array([line_id for decision in decisions for line_id in decision], np.uint64)
    few = lines[np.isin(lines["line_id"].to_numpy(), wanted)] if len(wanted) else lines.iloc[:0]
    where = {int(line_id): int(pos) for line_id, pos in zip(few["line_id"], few["pos"], strict=True)}
    links, problems, taken = [], [], set[int]()
    for number, decision in enumerate(decisions):
        found = [where[line_id] for line_id in decision if line_id in where and where[line_id] not in taken]
        if len(found) == len(decision):
            taken.update(found)
            links.append(pd.DataFrame({"pos": found, "link": number, "klass": np.int8(CLASS_CODE[MatchClass.MANUAL])}))
        else:
            problems.append(_stale(decision))
    return (
        Found(links=pd.concat(links, ignore_index=True), problems=tuple(problems))
        if links
        else Found(problems=tuple(problems))
    )


def _stale(decision: tuple[int, ...]) -> Problem:
    raw = ", ".join(f"{line_id:016x}" for line_id in decision)
    what = "A match made by hand no longer fits: a row of it has changed, is gone or is in another match."
    return Problem("K-451", Severity.NOTE, Place(), raw, what, "Look at the rows and match them again.")
