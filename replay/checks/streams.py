"""Is every stream there and known? Missing and unmapped streams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...scenarios.sheet.near_matches import near
from ..recording.quantities import POSITIONS
from ..recording.recording import ANNOUNCED, EXCHANGED, OLDER, SILENT, Recording
from ..signals.clock import by_topic, seconds, topic
from .check import Check
from .clocks import stopped_from
from .finding import Finding, worst_of
from .fixes import Fix, Known, about
from .rules import Rules

KEPT = 10  # messages of a stream, and usual intervals before its second one, from which on the first one was kept from before


def check_missing(recording: Recording, rules: Rules, origin: int) -> list[Finding]:
    """`stream.missing`: a stream that begins late or ends early; or a recording that goes on from another.

    A recording without commands is another kind of recording (its state is played as the command), not one with a
    stream missing; where the container announces a topic of commands that holds nothing, that is a WARN. Messages that it counts and does
    not hold were lost, which is a FAIL; where the file counts its own messages and holds them all, it was filtered, cut or recovered
    after it was recorded, and that is a WARN. If a stream's clock stops, its end is not known; a first message from long before the
    others (a command that was sent once and is kept by its sender) is a WARN, and no beginning. A take with a single row of its joints
    shows no motion at all: its recorder stopped as it began.
    """
    rule, found = rules["stream.missing"], []
    before = recording.metadata.get("continues")
    if isinstance(before, dict):
        details = {"kind": "part"}
        found.append(rule.finding(level="WARN", subject=(str(before["name"]),), value=float(before["after_s"]), unit="s", details=details))
    silent, counted = recording.metadata.get(SILENT), recording.metadata.get(ANNOUNCED)
    if isinstance(silent, list) and silent:
        found.append(rule.finding(level="WARN", subject=tuple(map(str, silent)), value=0.0, unit="1", details={"kind": "silent"}))
    if isinstance(counted, dict):
        for name, (stated, here) in counted.items():
            level, kind = ("FAIL", "lost") if stated > here else ("WARN", "more")
            if stated > here and recording.metadata.get(OLDER):
                level, kind = "WARN", "older"
            details = {"kind": kind, "said": stated, "here": here}
            found.append(rule.finding(level=level, subject=(name,), value=float(abs(stated - here)), unit="1", details=details))
    joints = [s for s in recording.streams.values() if s.role in ("command", "measured") and s.quantity in POSITIONS]
    if joints and recording.episode is None and all(s.n < 2 for s in joints):
        details = {"kind": "single"}
        found.append(rule.finding(level="FAIL", subject=tuple(topic(s) for s in joints), value=1.0, excess=1.0, unit="1", details=details))
    streams = [
        s
        for s in by_topic(recording.streams.values())
        if s.clock != "grid" and s.role in ("command", "measured") and s.n > 1 and stopped_from(s) is None
    ]
    if len(streams) > 1:
        times = {s.name: seconds(s, origin) for s in streams}
        for stream in streams:
            t = times[stream.name]
            before_it = float(t[1] - t[0])
            if stream.n > KEPT and before_it > KEPT * float(np.median(np.diff(t))) and rule.grade_value(before_it)["level"] != "PASS":
                times[stream.name] = t[1:]
                details = {"kind": "kept"}
                found.append(
                    rule.finding(level="WARN", subject=(topic(stream),), t0=float(t[0]), t1=float(t[1]), value=before_it, details=details)
                )
        first = min(float(t.min()) for t in times.values())
        last = max(float(t.max()) for t in times.values())
        for stream in streams:
            t = times[stream.name]
            late, early = float(t.min()) - first, last - float(t.max())
            side, value, t0, t1 = (
                ("late", late, first, float(t.min())) if late >= early else ("early", early, float(t.max()), last)
            )
            covered = float(t.max() - t.min()) / max(last - first, 1e-9)
            graded = rule.grade_value(value)
            if covered < rule.settings["coverage"]:
                graded["level"] = "FAIL"
            found.append(
                rule.finding(
                    subject=(topic(stream),),
                    t0=t0,
                    t1=t1,
                    share=1.0 - covered,
                    **graded,
                    details={"kind": side, "role": stream.role, "coverage": covered, "late": late, "early": early},
                )
            )
    return worst_of(found) or [rule.passed()]


def check_unmapped(
    recording: Recording, rules: Rules, actuated: Sequence[str] = (), described: Sequence[str] = ()
) -> list[Finding]:
    """`stream.unmapped`: channels that nobody has named (WARN), commands that reach no actuator (FAIL), and those for joints that
    the robot's description does not know (WARN): they are judged by nothing. Two columns of different channels with each other's name are
    a FAIL: who reads them by name has torques for speeds.

    Args:
        actuated: names that the robot can be commanded by; empty skips the second question.
        described: joints of the description; empty skips the third.
    """
    rule = rules["stream.unmapped"]
    unknown = [channel for channel in recording.unmapped if "unknown to mapping" in channel]
    unused = [channel for channel in recording.unmapped if channel not in unknown]
    lost = [
        name
        for stream in recording.select("command")
        for name in stream.names
        if actuated and stream.quantity in ("joint_position", "claw") and name not in actuated
    ]
    details = {"unused": unused, "unknown": unknown, "unreached": lost}
    if exchanged := recording.metadata.get(EXCHANGED):
        one, name, other, back = exchanged[0]
        of = {"kind": "exchanged", "first": f"{one}/{name}", "second": f"{other}/{back}", "count": len(exchanged)}
        return [rule.beyond(2.0 * len(exchanged), subject=tuple(text for pair in exchanged for text in pair[1::2]), details=details | of)]
    if lost:
        return [rule.beyond(float(len(lost)), subject=tuple(lost), details=details)]
    strangers = [
        name
        for stream in recording.select("command", "joint_position")
        for name in stream.names
        if described and name not in described
    ]
    if strangers:
        meant = {name: like[0] for name in strangers if (like := near(name, described, 1))}
        found = rule.finding(subject=tuple(strangers), **rule.grade_value(float(len(strangers))), details=details)
        found.details |= {"kind": "described", "meant": ", ".join(meant.values()) or None}
        return [found]
    if unknown:
        names = tuple(channel.split(" ")[0].rstrip(":") for channel in unknown)
        return [rule.finding(subject=names, **rule.grade_value(float(len(unknown))), details=details | {"kind": "unnamed"})]
    return [rule.passed(value=0.0, limit=0.0, margin=0.0, details=details)]


def _absent(finding: Finding, known: Known) -> Fix:
    if finding.details.get("kind") == "part":
        return {"kind": "join", "channel": about(finding)}
    if "of" in finding.details:  # the other half of a recording
        return {"kind": "join", "channel": finding.details["of"]}
    if finding.details.get("kind") in ("begins_moving", "ends_moving", "ends_short"):
        return {"kind": "rerecord", "channel": about(finding)}
    if finding.details.get("kind") == "single":
        return {"kind": "leave_out"}
    if finding.t0 is None or finding.t1 is None:
        return {"kind": "add", "channel": about(finding)}
    late = finding.details.get("kind") == "late"
    t0, t1 = (finding.t1, known.get("end")) if late else (0.0, finding.t0)
    return {"kind": "trim", "channel": about(finding), "t0": t0, "t1": t1}


def _map(finding: Finding, known: Known) -> Fix:
    if finding.details.get("kind") == "exchanged":
        return {"kind": "rewrite", "channel": about(finding)}
    lost = finding.details.get("unreached") or finding.subject
    return {"kind": "mapping", "field": "streams", "to": list(lost)[:8]}


CHECKS = (
    Check(
        "stream.missing",
        run=lambda r: check_missing(r.recording, r.rules, r.origin),
        settings={"coverage": "share"},
        fix=_absent,
        shown_by="stream begins late",
        no_curve="the streams are shown that are not there all the time",
    ),
    Check(
        "stream.unmapped",
        run=lambda r: check_unmapped(r.recording, r.rules, r.actuated, r.described),
        fix=_map,
        shown_by="joint of no actuator",
        no_curve="a name is known or it is not; the channel is shown",
    ),
)
