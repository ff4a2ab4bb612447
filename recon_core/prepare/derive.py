"""Step: derived columns, worked out from the columns of the same source and added to its rows."""

from __future__ import annotations

from dataclasses import replace

from recon_core.prepare.rows import Plan, Rows


def derive(rows: Rows, plan: Plan) -> Rows:
    """Add each derived column of the source, in order; a later one may use an earlier one."""
    frame = rows.frame
    for derived in plan.derived:
        if derived.source in ("", rows.raw.source):
            frame = frame.assign(**{derived.column: derived.evaluate(frame).astype("str")})
    return replace(rows, frame=frame)
