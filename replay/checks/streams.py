"""Is every stream there, known, alive and in step? Missing, unmapped, frozen and late streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...scenarios.sheet.near_matches import near
from ..recording.recording import Recording, Stream
from ..robots.limits import Limits
from ..signals.channels import SCALE, columns, in_radians, shared
from ..signals.clock import by_topic, repeats, seconds, topic
from ..signals.signal import find_lag, runs
from .check import Check
from .clocks import stopped_from
from .finding import Finding, worst_of
from .fixes import Fix, Known, about, rerecord
from .inputs import Recorded
from .rules import Rule, Rules

AT_REST = 0.1  # of `moved`: a command that has moved by less has not left the joint yet
OF_A_BASE = ("m", "m/s", "rad/s")  # units of what moves a base: speeds and a height
# of the lag of all joints together: by how much it leaves a joint off [rad], how much better their median has to fit them to count instead,
# by how much that has to differ [s], and by how much [s], or of itself, joints may differ from it and still be said to move alike
BESIDE, NEARER, SAME, APART, DOUBTFUL = 0.1, 0.5, 0.02, 0.1, 0.5
SEVERAL = 3  # joints, for their median to say more than all of them together
FASTEST = 20.0  # rad/s, faster than any joint of an arm that we know (18.8 at the most)


def check_missing(recording: Recording, rules: Rules, origin: int, needed: Sequence[str] = ()) -> list[Finding]:
    """`stream.missing`: a stream that is needed and absent, or that begins late or ends early; or a recording that goes on from another.

    Args:
        needed: names, topics or quantities that must be there with at least two samples.

    A recording without commands is another kind of recording (its state is played as the command), not one with a
    stream missing. If a stream's clock stops, its end is not known.
    """
    rule, found = rules["stream.missing"], []
    here = {word for s in recording.streams.values() if s.n > 1 for word in (s.name, topic(s), s.quantity)}
    for name in needed:
        if name not in here:
            found.append(
                rule.finding(
                    level="FAIL", subject=(name,), excess=1.0, share=1.0, details={"needed": name, "kind": "absent"}
                )
            )
    before = recording.metadata.get("continues")
    if isinstance(before, dict):
        details = {"kind": "part"}
        found.append(rule.finding(level="WARN", subject=(str(before["name"]),), value=float(before["after_s"]), unit="s", details=details))
    streams = [
        s
        for s in by_topic(recording.streams.values())
        if s.clock != "grid" and s.role in ("command", "measured") and s.n > 1 and stopped_from(s) is None
    ]
    if len(streams) > 1:
        first = min(float(seconds(s, origin).min()) for s in streams)
        last = max(float(seconds(s, origin).max()) for s in streams)
        for stream in streams:
            t = seconds(stream, origin)
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
    the robot's description does not know (WARN): they are judged by nothing.

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
        return [rule.finding(subject=names, **rule.grade_value(float(len(unknown))), details=details)]
    return [rule.passed(value=0.0, limit=0.0, margin=0.0, details=details)]


def check_frozen(
    command: Stream | None,
    state: Stream | None,
    rules: Rules,
    origin: int,
    late: float = 0.0,
    limits: Limits | None = None,
    base: Sequence[Stream] = (),
) -> list[Finding]:
    """`stream.frozen`: values that stand still, to the bit, while the other side moves.

    Args:
        late: a lag of the state that is a fault of its own [s]; it is taken out before the two are compared, so that a
            robot that moves long after its command, or before it, is no frozen command.
        limits: of the joints; what is commanded past a joint's range no joint follows, and tells nothing of its encoder.
        base: what the same message commands of a moving base.

    A joint at rest is no fault, and simulated joints rest to the bit; so a measured joint counts as frozen where its
    command moves by `moved` meanwhile (after `settle`, the robot's delay), a command where all of it stands while the
    robot moves, and any measured stream that stands as a whole and then steps. It is frozen from when its command
    leaves it: a joint that had rested for a minute before is not frozen for a minute, and a command that leaves and is
    back within the WARN bound is a fault of the command.
    What stands from the first sample on and then steps no further than a joint can may be a rest that was laid before the
    motion: nothing shows that it had moved, and that is a WARN. So is a command of the joints that stands while its message
    moves the base: arms are held as the robot walks, and what they hold pushes them.
    A measured stream that stands as a whole for more than `samples` samples fails, however slow it is: single joints
    rest, but no robot that moves measures the same in all of them.
    Samples sent again while the device's own clock stood still are no freeze and are left out of the count.
    """
    rule, found = rules["stream.frozen"], []
    # how far a joint moved cannot be determined in counts or shares of a range
    sides = [(s, o if o is None or o.unit in SCALE else None) for s, o in ((state, command), (command, state))]
    if any(s is not None for s, _ in sides) and not any(s is not None and s.unit in SCALE for s, _ in sides):
        return [rule.not_applicable("no_mapping")]
    for stream, other in sides:
        if stream is None or stream.n < 3 or stream.unit not in SCALE:
            continue
        fresh = ~repeats(stream)
        t, x = seconds(stream, origin)[fresh], stream.values[fresh]
        unit = 1.0 / SCALE[stream.unit]
        shift = late if stream.role == "measured" else -late
        freezes = _freezes_against(stream.names, t, x, other, origin, rule, 1.0 / unit, shift, limits)
        if stream.role == "measured":
            freezes += _steps_after(stream.names, t, x, rule, unit)
            for j, name in enumerate(stream.names):  # an encoder that comes back is elsewhere at once
                freezes += _steps_after([name], t, x[:, [j]], rule, unit, FASTEST)
        else:
            freezes = [f | {"rest": _moves(base, f["t0"], f["t1"], origin)} for f in freezes]
        if not freezes:
            continue
        certain = [f for f in freezes if not f.get("rest")]
        longest = max(certain or freezes, key=lambda f: f["t1"] - f["t0"])
        names = sorted({name for f in freezes for name in f["names"]}, key=stream.names.index)
        duration = longest["t1"] - longest["t0"]
        graded = rule.grade_value(duration)
        whole = [f for f in certain if f["whole"] and f["count"] > rule.settings["samples"]]
        if stream.role == "measured" and whole and graded["level"] == "WARN":
            longest = max(whole, key=lambda f: f["t1"] - f["t0"])
            duration = longest["t1"] - longest["t0"]
            graded = rule.grade_value(duration) | {"level": "FAIL"}
        if not certain and graded["level"] == "FAIL":
            graded["level"] = "WARN"
        found.append(
            rule.finding(
                subject=tuple(longest["names"]),
                t0=longest["t0"],
                t1=longest["t1"],
                share=duration / max(stream.duration_s, 1e-9),
                **graded,
                details={
                    "count": longest["count"],
                    "stream": stream.name,
                    "role": stream.role,
                    "joints": names,
                    "moved": longest["moved"],
                    "whole": longest["whole"],
                },
            )
        )
    checked = [s.name for s, _ in sides if s is not None]
    return worst_of(found) or (
        [rule.passed(details={"streams": checked})] if checked else [rule.not_applicable("not_recorded")]
    )


def _message(stream: Stream) -> str:
    """What holds a row of the stream: a feature of a set, which becomes a stream for each of its quantities, or a topic."""
    return str(stream.meta.get("topic", stream.meta.get("field", stream.name)))


def _moves(base: Sequence[Stream], t0: float, t1: float, origin: int) -> bool:
    """Whether the base is commanded anything else between two times [s]."""
    for stream in base:
        t = seconds(stream, origin)
        values = stream.values[(t >= t0) & (t <= t1)]
        if (values[1:] != values[:-1]).any():
            return True
    return False


def _freezes_against(
    names: Sequence[str],
    t: np.ndarray,
    x: np.ndarray,
    other: Stream | None,
    origin: int,
    rule: Rule,
    scale: float,
    shift: float,
    limits: Limits | None,
) -> list[dict[str, Any]]:
    """Freezes of single joints during which the same joint of the other stream moves.

    `scale` takes x to radians, `shift` [s] the other stream's times to this one's.
    """
    if other is None or other.n < 3 or not len(t):
        return []
    stands = np.concatenate([[False], (x[1:] == x[:-1]).all(axis=1)])  # all of it, with the sample before
    t_other, found = seconds(other, origin) + shift, []
    for name in (name for name in names if name in other.names):
        j = names.index(name)
        y = other.column(name) * SCALE.get(other.unit, 1.0)
        # a command may hold one joint for as long as it likes (and the world may push that joint); it is frozen where
        # all of it stands
        values = x if other.role == "measured" else x[:, [j]]
        for first, last in _still(values, t, rule.bound("warn")):
            # what the other side does just before still arrives, and what it does at the end has not yet
            during = (t_other > t[first] + rule.settings["settle"] * (other.role == "measured")) & (
                t_other < t[last] - rule.settings["settle"] * (other.role == "command")
            )
            t0, t1 = float(t[first]), float(t[last])
            if other.role == "measured":
                if not during.any():
                    continue
                # a robot that still comes closer to a command that stands is only late
                distance = np.abs(y[during] - x[first, j] * scale)
                moved = float((distance - np.minimum.accumulate(distance)).max())
            else:
                if limits is not None and name in limits:
                    during &= (y >= limits[name].lower) & (y <= limits[name].upper)
                left = _left(t_other[during], y[during], t1, rule)
                if left is None:
                    continue
                moved, t0, t1 = left
                t0 = max(t0, float(t[first]))
            if moved > rule.settings["moved"]:
                a, b = int(np.searchsorted(t, t0)), int(np.searchsorted(t, t1, side="right"))
                found.append(
                    {
                        "names": [name],
                        "t0": t0,
                        "t1": t1,
                        "count": b - a,
                        "moved": moved,
                        "whole": bool(stands[a + 1 : b].all()),
                    }
                )
    return found


def _left(t: np.ndarray, y: np.ndarray, end: float, rule: Rule) -> tuple[float, float, float] | None:
    """How a command leaves a joint that stands: how far [rad], from when, and until when [s]; None where it does not.

    Args:
        t: (n,) s, y: (n,) rad, of the command while the joint stands, less what could not arrive before `end` [s].

    A command that is back before the joint moves again left it for no longer than it was away; where that is within the
    WARN bound, in all, it is a command that blinked, and a sluggish joint never follows it.
    """
    away = np.abs(y - y[0]) > rule.settings["moved"] if len(y) else np.zeros(0, bool)
    if not away.any():
        return None
    step = float(np.median(np.diff(t))) if len(t) > 1 else 0.0
    back = not away[-1]
    if back and away.sum() * step <= rule.bound("warn") + 1e-6:
        return None
    rests = np.flatnonzero(np.abs(y - y[0]) <= AT_REST * rule.settings["moved"])
    rows = np.flatnonzero(away)
    before, after = rests[rests < rows[0]], rests[rests > rows[-1]]
    begin = float(t[before[-1]]) if len(before) else float(t[0])
    return float(np.ptp(y)), begin, float(t[after[0]]) if back and len(after) else end


def _steps_after(
    names: Sequence[str], t: np.ndarray, x: np.ndarray, rule: Rule, unit: float, fastest: float = 0.0
) -> list[dict[str, Any]]:
    """Freezes of all columns together that end with a step, faster than `fastest` [rad/s].

    `rest`: it stands from the first sample on, and the step is none that no joint could make.
    """
    found = []
    same = np.concatenate([[False], (x[1:] == x[:-1]).all(axis=1)]) if len(x) else np.zeros(0, bool)
    for first, last in runs(same):
        if t[last] - t[first - 1] <= rule.bound("warn") or last + 1 >= len(x):
            continue
        step = np.abs(x[last + 1] - x[last])
        if float(step.max()) > max(rule.settings["step"], fastest * (t[last + 1] - t[last])) * unit:
            moved = [names[j] for j in map(int, np.flatnonzero(step > rule.settings["step"] * unit))]
            found.append(
                {
                    "names": moved,
                    "t0": float(t[first - 1]),
                    "t1": float(t[last]),
                    "count": last - first + 2,
                    "moved": float(step.max() / unit),
                    "whole": len(names) > 1,
                    "rest": first == 1 and float(step.max()) <= FASTEST * (t[last + 1] - t[last]) * unit,
                }
            )
    return found


def _still(x: np.ndarray, t: np.ndarray, least: float) -> list[tuple[int, int]]:
    """(first, last) sample of every stretch longer than `least` seconds in which rows (n, k) stay the same to the bit."""
    same = np.concatenate([[False], (x[1:] == x[:-1]).all(axis=1)])
    return [(first - 1, last) for first, last in runs(same) if t[last] - t[first - 1] > least]


def check_lag(command: Stream | None, state: Stream | None, rules: Rules, origin: int) -> list[Finding]:
    """`stream.lag`: how late the measured state follows the command; both on the recording's common clock.

    A state well before its command cannot be: the two streams have different clocks, and that fails too. Joints that are measured
    beside their commands bend the lag of all together: where the single joints agree better with one another, their median counts.
    """
    rule = rules["stream.lag"]
    if command is None:
        return [rule.not_applicable("no_command")]
    if state is None:
        return [rule.not_applicable("no_measured")]
    names = shared(command, state)
    if not names or command.unit not in SCALE or state.unit not in SCALE:
        return [rule.not_applicable("no_mapping")]
    finite_c, finite_s = (
        np.isfinite(columns(command, names)).all(axis=1),
        np.isfinite(columns(state, names)).all(axis=1),
    )
    lag = find_lag(
        seconds(command, origin)[finite_c],
        in_radians(command, names)[finite_c],
        seconds(state, origin)[finite_s],
        in_radians(state, names)[finite_s],
        search=rule.settings["search"],
        moved=rule.settings["moved"],
    )
    if lag is None:
        return [rule.not_applicable("too_short")]
    likely = (
        np.isfinite(lag.joint)
        & (lag.correlation > rule.settings["correlation"])
        & (np.abs(lag.joint) < rule.settings["search"] - 0.01)
    )
    left = float(lag.rms[np.isfinite(lag.joint)].max(initial=0.0))
    late, spread = _agreed(lag.joint[likely], lag.pooled, left)
    details = {
        "uncertainty": spread,
        "joints": {name: float(lag.joint[j]) for j, name in enumerate(names) if likely[j]},
        "median": float(np.median(lag.joint[likely])) if likely.any() else None,
        "correlation": {name: float(lag.correlation[j]) for j, name in enumerate(names) if np.isfinite(lag.joint[j])},
        "rms_after": {name: float(lag.rms[j]) for j, name in enumerate(names)},
        "clock": command.clock,
    }
    subject = (topic(state), topic(command))
    few = 2 * likely.sum() < np.isfinite(lag.joint).sum()
    apart = left > BESIDE and spread is not None and bool(few or spread > max(APART, DOUBTFUL * abs(late)))
    if spread is None or apart or lag.at_edge:
        return [
            rule.not_applicable(
                "too_few", subject=subject, details=details | {"why": "state and command do not move alike"}
            )
        ]
    ahead = rule.settings["ahead"]
    if late < -ahead:
        graded = {
            "level": "FAIL",
            "value": late,
            "limit": -ahead,
            "margin": late + ahead,
            "excess": (-ahead - late) / rule.size(ahead),
            "unit": rule.unit,
        }
    else:
        graded = rule.grade_value(late)
    return [rule.finding(subject=subject, signal="measured", **graded, details=details)]


def _agreed(joints: np.ndarray, pooled: float, rms: float) -> tuple[float, float | None]:
    """[s] the lag of all joints (k,) together, or their median where the former leaves some joint off by `rms` [rad] and they are nearer
    to the latter; and by how much they usually differ from it, None where there is none."""
    if not len(joints):
        return pooled, None
    middle = float(np.median(joints))
    apart = {at: float(np.median(np.abs(joints - at))) for at in (pooled, middle)}
    beside = len(joints) >= SEVERAL and rms > BESIDE and apart[middle] < NEARER * apart[pooled] and abs(middle - pooled) > SAME
    late = middle if beside else pooled
    return late, apart[late]


def _absent(finding: Finding, known: Known) -> Fix:
    if finding.details.get("kind") == "part":
        return {"kind": "join", "channel": about(finding)}
    if finding.details.get("kind") == "absent" or finding.t0 is None or finding.t1 is None:
        return {"kind": "add", "channel": about(finding)}
    late = finding.details.get("kind") == "late"
    t0, t1 = (finding.t1, known.get("end")) if late else (0.0, finding.t0)
    return {"kind": "trim", "channel": about(finding), "t0": t0, "t1": t1}


def _map(finding: Finding, known: Known) -> Fix:
    lost = finding.details.get("unreached") or finding.subject
    return {"kind": "mapping", "field": "streams", "to": list(lost)[:8]}


def _shift(finding: Finding, known: Known) -> Fix:
    value, limit = finding.value or 0.0, abs(finding.limit or 0.0)
    return {
        "kind": "shift",
        "channel": about(finding),
        "by": -value,  # towards its command
        "at_least": max(abs(value) - limit, 0.0),
    }


def _in_step(recorded: Recorded) -> list[Finding]:
    """The lag is found first: as a fault of its own it is taken out before freezes are sought."""
    lag = check_lag(recorded.command, recorded.state, recorded.rules, recorded.origin)
    late = next((f.value or 0.0 for f in lag if f.failed), 0.0)
    base = [
        s
        for s in recorded.streams
        if recorded.command is not None
        and s.role == "command"
        and _message(s) == _message(recorded.command)
        and all(unit in OF_A_BASE for unit in s.unit.split())
    ]
    frozen = check_frozen(recorded.command, recorded.state, recorded.rules, recorded.origin, late, recorded.limits, base)
    return frozen + lag


def _ahead_of_what_is_unknown(lag: Finding, other: Finding) -> bool:
    """States that come before their commands, as in a take that runs backwards: a hand then goes away from its command."""
    return (lag.value or 0.0) < 0.0 and other.code == "column.differs" and other.details.get("kind") == "unknown"


CHECKS = (
    Check(
        "stream.missing",
        run=lambda r: check_missing(r.recording, r.rules, r.origin, r.needed),
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
    Check(
        "stream.frozen",
        run=_in_step,
        settings={"moved": "angle", "settle": "time", "step": "angle", "samples": "number"},
        fix=rerecord,
        turn=5,
        after=("values", "channels"),
        compares=True,
        shown_by="encoder frozen",
    ),
    Check(
        "stream.lag",
        run=_in_step,
        settings={"search": "time", "ahead": "time", "moved": "angle", "correlation": "share"},
        explains=("column.differs",),
        precedes=_ahead_of_what_is_unknown,
        fix=_shift,
        turn=5,
        after=("values", "channels"),
        compares=True,
        shown_by="state lags",
    ),
)
