"""Do hand command and hand measurement mean the same by open and closed?"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..residual.bodies import ComparedColumns
from ..residual.difference import Difference
from ..residual.hands import reversed_hand
from ..residual.other_commands import LATE, best_alike
from ..residual.table import RecordedChannel
from ..signals.clock import origin_ns, seconds, topic
from ..signals.signal import runs, strictly_rising
from .check import Check
from .finding import Finding, worst_of
from .fixes import plain
from .ranges import HANDS
from .rules import Rule, Rules

SPAN = (100.0, 1.0)  # from one end to the other, where the unit says it
LEAST = 7  # rows
MOVES, ALONG = 0.02, 0.8  # of the span that a hand goes at the least; correlation with its command, from where on it goes along
END = 0.2  # of the span: nearer to an end than this, a hand is called open or closed


def check_polarity(columns: ComparedColumns, rules: Rules) -> list[Finding]:
    """`unit.polarity`: a hand with a measurement that runs against its command, or is open while closed is commanded.

    Two witnesses: the motion (command and state go opposite ways throughout, as surely as `against` says), and where the hand
    does not move so, the ends: it is commanded to one end for `steady` and measured at the other. That second one
    is no more than a WARN where it is seen at one end only: a hand that does not move at all looks the same. A hand
    that closes on something and stops half way is neither.

    Returns:
        One finding; its value is the correlation of state and command, -1 for a hand measured the other way round.
    """
    rule = rules["unit.polarity"]
    otherwise = _counted_otherwise(columns, rule)
    hands = [(group, channel) for group in columns.table.groups for channel in group.channels if channel.unit != "rad"]
    if otherwise:
        return worst_of(otherwise)
    if not any("command" in channel.columns for _, channel in hands):
        return [rule.not_applicable("no_hand_command")]
    both = [(group, channel) for group, channel in hands if channel.has_both]
    if not both:
        return [rule.not_checked("no_measured")]
    against = {d.channels[0]: d for d in columns.differences if is_reversed(d, rules)}
    found = []
    for group, channel in both:
        known: dict[str, Any] = {"compared": [channel.streams["command"], channel.streams["measured"]]}
        one, ends = against.get(channel.name), _at_ends(channel, group.dt, rule)
        if one is not None:
            level, value, t0, t1 = "FAIL", float(one.numbers["correlation"]), one.t0, one.t1
            known["kind"] = "motion"
        elif ends and not _goes_along(channel, group.dt):
            # a hand that moves, and is once at the other end, is on its way or holds something
            moved = min(channel.goes(kind) for kind in ("command", "measured")) > END
            if len({end for end, _, _ in ends}) == 1 and moved:
                continue
            _, first, last = ends[0]
            level, value = "FAIL" if len({end for end, _, _ in ends}) == 2 else "WARN", None
            t0, t1 = float(group.t[first]), float(group.t[last])
            commanded, measured = (float(channel.columns[kind][last]) * channel.way for kind in ("command", "measured"))
            known |= {"kind": "ends", "commanded": commanded, "measured": measured}
        else:
            continue
        found.append(
            rule.finding(
                level=level, subject=(channel.name, channel.topics["measured"]), t0=t0, t1=t1, value=value,
                limit=-rule.settings["against"], excess=1.0, details=known,
            )
        )  # fmt: skip
    return worst_of(found) or [rule.passed(details={"count": len(both)})]


def _counted_otherwise(columns: ComparedColumns, rule: Rule) -> list[Finding]:
    """Hands with command and measurement in two units (so that they share no group) that run against one another."""
    found, recording = [], columns.recording
    origin = origin_ns(recording)
    for command in (c for quantity in HANDS for c in recording.select("command", quantity) if c.n > LEAST):
        for state in (s for quantity in HANDS for s in recording.select("measured", quantity) if s.n > LEAST):
            if state.unit == command.unit:
                continue
            t, rows = strictly_rising(seconds(state, origin), np.arange(state.n))
            for name in (name for name in command.names if name in state.names):
                then, commanded = strictly_rising(seconds(command, origin), command.column(name))
                c = np.interp(t, then, commanded)
                q = state.column(name)[rows]
                if not (np.isfinite(c).all() and np.isfinite(q).all() and np.ptp(c) > 0.0 and np.ptp(q) > 0.0):
                    continue
                ways = {"command": c / np.ptp(c), "measured": q / np.ptp(q)}
                channel = RecordedChannel(name, ways, {"command": command.name, "measured": state.name}, {}, "1")
                r = reversed_hand(channel, float(np.median(np.diff(t))))
                if r is not None and r < -rule.settings["against"]:
                    known = {"compared": [command.name, state.name], "kind": "motion"}
                    found.append(
                        rule.finding(
                            level="FAIL", subject=(name, topic(state)), t0=float(t[0]), t1=float(t[-1]), value=r,
                            limit=-rule.settings["against"], excess=1.0, details=known,
                        )
                    )  # fmt: skip
    return found


def is_reversed(one: Difference, rules: Rules) -> bool:
    """Whether a difference is one of `unit.polarity`, which names it instead of `column.differs`."""
    r = one.numbers.get("correlation") if one.name == "mirrored" else None
    return isinstance(r, float) and r < -rules["unit.polarity"].settings["against"]


def _goes_along(channel: RecordedChannel, dt: float) -> bool:
    """Whether a hand is measured to go as it is commanded, if in another unit: a width in metres is near one end all the time."""
    c, q = channel.columns["command"], channel.columns["measured"]
    if min(np.ptp(c), np.ptp(q)) < MOVES:
        return False
    return bool(best_alike(q[:, None], c[:, None], dt, LATE)[0].item() > ALONG)


def _at_ends(channel: RecordedChannel, dt: float, rule: Rule) -> list[tuple[str, int, int]]:
    """(end, first row, last row) of each time that a hand, commanded to one end for long enough, is at the other."""
    if channel.way not in SPAN:
        return []
    command, state = channel.columns["command"], channel.columns["measured"]
    need, found = max(1, round(rule.settings["steady"] / dt)), []
    for end, there, other in (
        ("closed", command > 1.0 - END, state < END),
        ("open", command < END, state > 1.0 - END),
    ):
        for first, last in runs(there):
            if last - first >= need and other[first + need : last + 1].all():
                found.append((end, first + need, last))
    return found


CHECKS = (
    Check(
        "unit.polarity",
        run=lambda r: check_polarity(r.columns, r.rules),
        settings={"against": "share", "steady": "time"},
        fix=plain("invert"),
        turn=3,
        after=("values", "clocks"),
        compares=True,
        shown_by="hands reversed",
    ),
)
