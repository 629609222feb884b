"""The curve of what a check looks at: its own quantity over the recording, beside the bounds that it is held against.

A finding tells the worst of it; the curve tells whether that was a moment or the habit of the whole take. One idea a module:
what the recording itself tells, what the motion asks of the robot, what the replayed world does.
"""

from __future__ import annotations

from dataclasses import replace

from ...checks.finding import Finding, Plot
from ..results import Judged
from . import motion, recording, world

CURVES = {**recording.CURVES, **motion.CURVES, **world.CURVES}


def own_curve(judged: Judged, finding: Finding) -> Plot | None:
    """The curve of a finding's own quantity, with the finding marked; None where it was not checked or has none.

    Angles, speeds and torques of joints are drawn by `evidence` already, for all roles of the recording.
    """
    code = "scenario" if finding.code.startswith("scenario.") else finding.code
    if code not in CURVES or not (finding.checked or finding.level == "INFO"):
        return None
    plot = CURVES[code](judged, finding)
    if plot is None or finding.level not in ("WARN", "FAIL") or finding.t0 is None:
        return plot
    mark = {"t0": finding.t0, "t1": finding.t1 if finding.t1 is not None else finding.t0, "code": finding.code}
    return replace(plot, marks=[mark])
