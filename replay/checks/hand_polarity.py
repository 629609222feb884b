"""Do hand command and hand measurement mean the same by open and closed?"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import shared
from ..signals.clock import topic
from ..signals.pairing import Both, likeness, side_by_side
from ..signals.signal import runs
from .check import Check
from .finding import Finding, worst_of
from .fixes import Fix, Known, about
from .rules import Rule, Rules

QUANTITIES = ("claw", "hand")
SPAN = {"%": 100.0, "1": 1.0}  # from one end to the other, where the unit says it
END = 0.2  # of the span: nearer to an end than this, a hand is called open or closed


def check_polarity(recording: Recording, rules: Rules, origin: int) -> list[Finding]:
    """`unit.polarity`: a hand whose measurement runs against its command, or says open where closed is commanded.

    Two witnesses: the motion (command and state go opposite ways, as surely as `against` says), and where the hand
    does not move enough, the ends: it is commanded to one end for `steady` and measured at the other. That second one
    is no more than a WARN where it is seen at one end only: a hand that does not move at all looks the same. A hand
    that closes on something and stops half way is neither.

    Returns:
        One finding; its value is the correlation of state and command, -1 for a hand measured the other way round.
    """
    rule, found, compared = rules["unit.polarity"], [], 0
    hands = False
    for quantity in QUANTITIES:
        for command in recording.select("command", quantity):
            hands = True
            for state in recording.select("measured", quantity):
                names = shared(command, state)
                if command.unit != state.unit or not names or not command.n or not state.n:
                    continue
                both = side_by_side(command, state, names, origin)
                if both is None:
                    continue
                compared += 1
                span = SPAN.get(command.unit)
                known = {"compared": [command.name, state.name]}
                for one in _opposed(both, span, rule):
                    found.append(
                        rule.finding(
                            subject=(str(one.pop("name")), topic(state)),
                            limit=-rule.settings["against"],
                            excess=1.0,
                            details=known | one.pop("details"),
                            **one,
                        )
                    )
    if not hands:
        return [rule.not_applicable("no_hand_command")]
    if not compared:
        return [rule.not_checked("no_measured")]
    return worst_of(found) or [rule.passed(details={"count": compared})]


def _opposed(both: Both, span: float | None, rule: Rule) -> list[dict[str, Any]]:
    seen = likeness(both)
    against, found = rule.settings["against"], []
    for j, name in enumerate(both.names):
        r = seen.correlation[:, j, j]
        reach = span or float(max(np.ptp(both.command[:, j]), np.ptp(both.state[:, j]), 1e-9))
        moved = min(np.ptp(both.command[:, j]), np.ptp(both.state[:, j])) > rule.settings["moved"] * reach
        ends = _at_ends(both.command[:, j] / span, both.state[:, j] / span, both.step, rule) if span else []
        where = {"t0": float(both.t[0]), "t1": float(both.t[-1])}
        if moved and r.min() < -against and r.max() < 0.5:
            found.append(
                {"name": name, "level": "FAIL", "value": float(r.min()), **where, "details": {"kind": "motion"}}
            )
        elif len({end for end, _, _ in ends}) == 2 or (ends and not moved):
            first, last = ends[0][1], ends[0][2]
            level = "FAIL" if len({end for end, _, _ in ends}) == 2 else "WARN"
            details = {
                "kind": "ends",
                "commanded": float(both.command[last, j]),
                "measured": float(both.state[last, j]),
            }
            found.append(
                {
                    "name": name,
                    "level": level,
                    "value": None,
                    "t0": float(both.t[first]),
                    "t1": float(both.t[last]),
                    "details": details,
                }
            )
    return found


def _at_ends(command: np.ndarray, state: np.ndarray, step: float, rule: Rule) -> list[tuple[str, int, int]]:
    """(end, first row, last row) of each time that a hand, commanded to one end for long enough, is at the other."""
    need, found = max(1, round(rule.settings["steady"] / step)), []
    for end, there, other in (
        ("closed", command > 1.0 - END, state < END),
        ("open", command < END, state > 1.0 - END),
    ):
        for first, last in runs(there):
            if last - first >= need and other[first + need : last + 1].all():
                found.append((end, first + need, last))
    return found


def _invert(finding: Finding, known: Known) -> Fix:
    return {"kind": "invert", "channel": about(finding)}


CHECKS = (
    Check(
        "unit.polarity",
        run=lambda r: check_polarity(r.recording, r.rules, r.origin),
        settings={"moved": "share", "against": "share", "steady": "time"},
        fix=_invert,
        turn=3,
        after=("values",),
        shown_by="hands reversed",
    ),
)
