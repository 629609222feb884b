"""Records of codes that ask for more than arrays: their checks stand in `replay/judge`, which knows cells, people and bases."""

from __future__ import annotations

from .check import Check
from .fixes import plain

CHECKS = (
    Check("cell.unknown", fix=plain("survey", "cell"), own_cause=True, no_curve="a name is known or it is not"),  # judge/cells
    Check(
        "door.followed",  # judge/retargeted_report
        shown_by="open_hand", shown_in="person", no_curve="the report of the recording draws the angles of both doors",
    ),
    Check(  # judge/base_motion
        "walking", no_example="never judged; the microwave's robot stands", no_curve="never judged"
    ),
)  # fmt: skip
