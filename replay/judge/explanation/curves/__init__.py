"""The curve of what a check looks at: its own quantity over the recording, beside the bounds that it is held against.

A finding tells the worst of it; the curve tells whether that was a moment or the habit of the whole take. A curve that the
recording alone tells stands beside its check (`Check.curve`). Here stand those that need what the judge made of it: of what was
read out of the recording, of what the motion asks of the robot, of what the replayed world does.
"""

from __future__ import annotations

from dataclasses import replace

from ....checks.finding import Finding, Plot
from ....checks.registry import check_of, codes_where
from ...facts.results import Judged
from . import motion, world
from . import recorded_curves as recording

MADE = {**recording.CURVES, **motion.CURVES, **world.CURVES}
CURVES = (*MADE, *codes_where(lambda check: check.curve))


def own_curve(judged: Judged, finding: Finding) -> Plot | None:
    """The curve of a finding's own quantity, with the finding marked; None where it was not checked or has none.

    Angles, speeds and torques of joints are drawn by `verdict_evidence` already, for all roles of the recording.
    """
    check = check_of(finding.code)
    if not (finding.checked or finding.level == "INFO"):
        return None
    if check.curve is not None:
        plot = check.curve(judged.recording, finding, judged.rules)
    else:
        plot = MADE[check.code](judged, finding) if check.code in MADE else None
    if plot is None or finding.level not in ("WARN", "FAIL") or finding.t0 is None:
        return plot
    mark = {"t0": finding.t0, "t1": finding.t1 if finding.t1 is not None else finding.t0, "code": finding.code}
    return replace(plot, marks=[mark])
