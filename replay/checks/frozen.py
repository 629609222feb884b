"""Is every stream alive? Values that stand still, to the bit, while the other side moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..recording.recording import Stream
from ..residual.coarse_values import coarse_and_smooth
from ..robots.limits import Limits
from ..signals.channels import SCALE
from ..signals.clock import repeats, seconds
from ..signals.signal import runs
from .finding import Finding, worst_of
from .rules import Rule, Rules

AT_REST = 0.1  # of `moved`: a command that has moved by less has not left the joint yet
FASTEST = 20.0  # rad/s, faster than any joint of an arm that we know (18.8 at the most)


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
    motion: nothing shows that it had moved, and that is a WARN. So is a single joint on the steps of an encoder that goes on from where
    it stood: it may be blocked. So is a command of the joints that stands while its message
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
            quick = (np.abs(np.diff(x, axis=0)) > FASTEST * unit * np.diff(t)[:, None]).any(axis=0)
            for j in np.flatnonzero(quick).tolist():  # an encoder that comes back is elsewhere at once
                freezes += _steps_after([stream.names[j]], t, x[:, [j]], rule, unit, FASTEST)
        else:
            freezes = [f | {"rest": _moves(base, f["t0"], f["t1"], origin)} for f in freezes]
        if not freezes:
            continue
        certain = [f for f in freezes if not f.get("rest")]
        longest = max(certain or freezes, key=lambda f: f["t1"] - f["t0"])
        names = sorted({name for f in freezes for name in f["names"]}, key=stream.names.index)
        duration = longest["t1"] - longest["t0"]
        graded = rule.grade_value(duration, sure=bool(certain))
        whole = [f for f in certain if f["whole"] and f["count"] > rule.settings["samples"]]
        if stream.role == "measured" and whole and graded["level"] == "WARN":
            longest = max(whole, key=lambda f: f["t1"] - f["t0"])
            duration = longest["t1"] - longest["t0"]
            graded = rule.grade_value(duration) | {"level": "FAIL"}
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
    same = np.zeros(x.shape, bool)  # as the sample before
    same[1:] = x[1:] == x[:-1]
    stands = np.asarray(same.all(axis=1))
    t_other, found = seconds(other, origin) + shift, []
    rises = bool((t_other[1:] >= t_other[:-1]).all())
    whole = _stretches(stands, t, rule.bound("warn")) if other.role == "measured" else []
    for name in (name for name in names if name in other.names):
        j = names.index(name)
        # a command may hold one joint for as long as it likes (and the world may push that joint); it is frozen where
        # all of it stands
        stretches = whole if other.role == "measured" else _stretches(same[:, j], t, rule.bound("warn"))
        y = other.column(name) * SCALE.get(other.unit, 1.0) if stretches else np.zeros(0)
        for first, last in stretches:
            # what the other side does just before still arrives, and what it does at the end has not yet
            begin = t[first] + rule.settings["settle"] * (other.role == "measured")
            end = t[last] - rule.settings["settle"] * (other.role == "command")
            during: slice | np.ndarray = slice(int(np.searchsorted(t_other, begin, "right")), int(np.searchsorted(t_other, end)))
            if not rises:
                during = (t_other > begin) & (t_other < end)
            there, at = y[during], t_other[during]
            t0, t1 = float(t[first]), float(t[last])
            if other.role == "measured":
                if not len(there):
                    continue
                # a robot that still comes closer to a command that stands is only late
                distance = np.abs(there - x[first, j] * scale)
                moved = float((distance - np.minimum.accumulate(distance)).max())
            else:
                if limits is not None and name in limits:
                    inside = (there >= limits[name].lower) & (there <= limits[name].upper)
                    there, at = there[inside], at[inside]
                left = _left(at, there, t1, rule)
                if left is None:
                    continue
                moved, t0, t1 = left
                t0 = max(t0, float(t[first]))
            if moved > rule.settings["moved"]:
                a, b = int(np.searchsorted(t, t0)), int(np.searchsorted(t, t1, side="right"))
                together = bool(stands[a + 1 : b].all())
                found.append(
                    {
                        "names": [name],
                        "t0": t0,
                        "t1": t1,
                        "count": b - a,
                        "moved": moved,
                        "whole": together,
                        "rest": other.role == "command" and not together and coarse_and_smooth(x[:, j] * scale, last),
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
    back = not away[-1]
    if back and away.sum() * (float(np.median(np.diff(t))) if len(t) > 1 else 0.0) <= rule.bound("warn") + 1e-6:
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


def _stretches(same: np.ndarray, t: np.ndarray, least: float) -> list[tuple[int, int]]:
    """(first, last) sample of every stretch longer than `least` seconds in which samples are as the one before (n,)."""
    return [(first - 1, last) for first, last in runs(same) if t[last] - t[first - 1] > least]
