"""Does the recorded motion respect the robot's joints? Position on raw samples, speed on resampled ones, steps.

Commands and measurements are judged apart: a command beyond a limit is a command that the robot cannot follow, while
what a
real robot measurably did is not called impossible. A measurement beyond a limit is a WARN that points to calibration or
to a doubtful limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..robots.limits import Limits
from ..signals.signal import Motion, held, resample, run_around, strictly_rising
from .check import Check
from .finding import Finding, badness, lasted, worst_of
from .fixes import Fix, Known, about, clip, slow
from .inputs import Moved
from .registry import registry
from .rules import Rule, Rules

PEAK_OF_MEAN = 1.875  # largest over mean speed of a minimum-jerk movement (Flash and Hogan 1985)


def motion_of(t: np.ndarray, q: np.ndarray, rules: Rules) -> Motion:
    """The motion as `joint.velocity` wants it: local quadratic over its window, on its grid.

    Args:
        t: (n,) sample times by the clock to judge by [s].
        q: (n, k) joint angles [rad].
    """
    rule = rules["joint.velocity"]
    return resample(t, q, rate=rule.rate, window=rule.window)


def soften(finding: Finding) -> Finding:
    """A finding on what a real robot measurably did: never FAIL."""
    if finding.signal == "measured" and finding.failed:
        finding.level = "WARN"
        finding.details["softened"] = True
    return finding


def check_position(
    t: np.ndarray, q: np.ndarray, names: Sequence[str], limits: Limits, rules: Rules, signal: str = "command"
) -> list[Finding]:
    """`joint.position`: does every joint stay in its range?

    Args:
        t: (n,) seconds; q: (n, k) rad, raw samples.

    FAIL beyond the range for the rule's shortest time; WARN where a joint stays for longer in the last share of its
    range at
    either end. Value and limit are those of the joint that comes closest, at the end that it comes close to.
    """
    rule, found = rules["joint.position"], list[Finding]()
    t, q = strictly_rising(np.asarray(t, float), np.asarray(q, float))
    step = float(np.median(np.diff(t))) if len(t) > 1 else 1.0
    near = rule.settings["near_end"]
    if not len(t):
        return _merged(found, rule)
    every = [(limits[name].lower, limits[name].upper) if name in limits else (np.nan, np.nan) for name in names]
    low, high = np.array(every).reshape(-1, 2).T
    ends = {1.0: np.nanmax(q, axis=0), -1.0: -np.nanmin(q, axis=0)}
    none = np.full(len(names), -np.inf), np.zeros(len(names), int)
    # where no joint is so near an end at all, none stays there
    stays = any((ends[sign] > 0.5 * (sign * (low + high) + near * (high - low))).any() for sign in ends)
    levels = {sign: (held(sign * q, step, rule.shortest), held(sign * q, step, rule.shortest_warn) if stays else none) for sign in ends}
    for j, (name, (lower, upper)) in enumerate(zip(names, every)):
        if not np.isfinite(lower + upper):
            continue
        middle, half = 0.5 * (lower + upper), 0.5 * (upper - lower)
        sides, of_range = list[dict[str, Any]](), float(max(ends[sign][j] - sign * middle for sign in ends)) / half
        for sign, end in ((1.0, upper), (-1.0, lower)):
            reach, largest = sign * q[:, j], float(ends[sign][j])
            (highest, row), (lasting, row_lasting) = (
                (float(level[j]), int(begin[j])) for level, begin in levels[sign]
            )
            if not np.isfinite(highest):
                highest, row = largest, int(np.nanargmax(reach))
            bound, warn = sign * end, sign * middle + near * half
            graded = rule.grade_value(highest, fail=bound, warn=warn, sustained=lasting)
            beyond = graded["limit"] if graded["level"] != "PASS" else None
            first, last = (
                run_around(reach > beyond, row_lasting if beyond == warn else row) if beyond is not None else (row, row)
            )
            graded |= {"value": sign * graded["value"], "limit": sign * graded["limit"]}  # back to the joint's own sign
            of = beyond if beyond is not None else bound
            share = float((reach > of).mean()) if largest > of else 0.0
            details = {"lower": lower, "upper": upper, "of_range": of_range, "largest": sign * largest}
            times = {"t0": float(t[first]), "t1": float(min(t[last] + step, t[-1]))}
            sides.append(graded | times | {"share": share, "details": details})
        worst = max(sides, key=lambda side: badness(side["level"], side["excess"], side["margin"], side["limit"]))
        found.append(soften(rule.finding(subject=(name,), signal=signal, **worst, **limits.source("position", name))))
    return _merged(found, rule)


def check_velocity(
    motion: Motion,
    names: Sequence[str],
    limits: Limits,
    rules: Rules,
    signal: str = "command",
    raw: tuple[np.ndarray, np.ndarray] | None = None,
) -> list[Finding]:
    """`joint.velocity`: does every joint stay below its speed limit?

    Args:
        motion: resampled on device time, see `motion_of`.
        raw: (t, q) that it was made from, to tell beside it what cruder readings would have said.

    The maker gives two tables that contradict each other on the wrists: FAIL beyond the larger, WARN beyond the
    smaller.
    The finding is of the worst joint; `details["fastest"]` is the one with the highest speed and `details["closest"]`
    the one with
    the highest share of its larger limit, also when all is well.
    """
    rule = rules["joint.velocity"]
    speed = np.abs(motion.v)
    larger, smaller = limits.column(names, "speed_larger"), limits.column(names, "speed_smaller")
    judged = np.isfinite(larger)
    if not judged.any():
        return [rule.not_checked("no_published_limit", signal=signal)]
    if not motion.known.any():
        return [rule.not_checked("too_short", signal=signal)]
    peak, row = held(speed, motion.step, rule.shortest)
    found = []
    for j in map(int, np.flatnonzero(judged)):
        graded = rule.grade_value(float(peak[j]), fail=float(larger[j]), warn=float(smaller[j]))
        over = speed[:, j] > graded["limit"]
        one = rule.finding(
            subject=(names[j],),
            signal=signal,
            **lasted(motion.t, over, int(row[j]), motion.step),
            **graded,
            **limits.source("velocity", names[j]),
            details={
                "limit_larger": float(larger[j]),
                "limit_smaller": float(smaller[j]),
                "margin_larger": float(larger[j] - peak[j]),
                "t_peak": float(motion.t[row[j]]),
            },
        )
        found.append(soften(one))
    merged = _merged(found, rule)
    fastest = int(np.nanargmax(np.where(judged, peak, -np.inf)))
    closest = int(np.nanargmax(np.where(judged, peak / larger, -np.inf)))
    for label, j in (("closest", closest), ("fastest", fastest)):
        merged[0].details[label] = {
            "joint": names[j],
            "value": float(peak[j]),
            "deg_s": float(np.rad2deg(peak[j])),
            "limit": float(larger[j]),
            "margin": float(larger[j] - peak[j]),
            "warn": float(smaller[j]),
            "margin_warn": float(smaller[j] - peak[j]),
            "t": float(motion.t[row[j]]),
        } | (_cruder(*raw, j, motion) if raw is not None else {})
    return merged


def check_jump(
    t: np.ndarray, q: np.ndarray, names: Sequence[str], limits: Limits, rules: Rules, signal: str = "command"
) -> list[Finding]:
    """`joint.jump`: does the command move in steps that a motor can follow?

    Rates are judged on resampled commands, because the time between two jittered messages says little; so a single
    step is
    held against what the joint may travel in one ordinary sample interval (or in the time that really passed, where
    longer):
    beyond it is a WARN, since a controller smooths such a step and the speed that results is judged by
    `joint.velocity`. A step beyond what the joint may travel in the whole window over which speed is judged cannot be
    smoothed away, and is a FAIL, unless the joint goes on the same way at half that pace or more just before or after:
    then it is no jump but a fast motion, which `joint.velocity` judges. `details["first"]` is the largest step between
    the first two samples.

    Args:
        t: (n,) seconds; q: (n, k) rad, raw samples.
    """
    rule = rules["joint.jump"]
    t, q = strictly_rising(np.asarray(t, float), np.asarray(q, float))
    larger = limits.column(names, "speed_larger")
    judged = np.flatnonzero(np.isfinite(larger)).tolist()
    if not len(judged):
        return [rule.not_checked("no_published_limit", signal=signal)]
    if len(t) < 3:
        return [rule.not_checked("too_short", signal=signal)]
    dt, step = np.diff(t), np.abs(np.diff(q, axis=0))
    elapsed = np.maximum(dt, float(np.median(dt)))
    found, least = list[dict[str, Any]](), rule.settings["least"]
    allowances = np.maximum(larger[judged, None] * elapsed, least)
    hardest = np.maximum(larger[judged, None] * np.maximum(elapsed, rule.window), least)
    ratios, hard_ratios = (np.nan_to_num(step.T[judged] / each, nan=0.0) for each in (allowances, hardest))
    for j, allowed, hard, ratio, hard_ratio in zip(judged, allowances, hardest, ratios, hard_ratios):
        if len(over := np.flatnonzero(hard_ratio > 1.0)):
            hard_ratio[over[_goes_on(t, q[:, j], rule.window, over)]] = 0.0
        i = int(hard_ratio.argmax() if hard_ratio.max() > 1.0 else ratio.argmax())
        bound = None if _goes_on(t, q[:, j], rule.window, np.array([i]))[0] else float(hard[i])
        graded = rule.grade_value(float(step[i, j]), fail=bound, warn=float(allowed[i]))
        found.append(graded | {"at": (i, j), "count": int((ratio > 1.0).sum()), "allowed": float(allowed[i]), "hard": float(hard[i])})
    worst = max(found, key=lambda one: badness(one["level"], one["excess"], one["margin"], one["limit"]))
    merged = []
    for one in found if worst["level"] != "PASS" else [worst]:
        i, j = one.pop("at")
        details = {
            "dt": float(dt[i]),
            "deg": float(np.rad2deg(step[i, j])),
            "deg_s": float(np.rad2deg(step[i, j]) / dt[i]),
            "allowed": one.pop("allowed"),
            "allowed_window": one.pop("hard"),
            "speed": float(larger[j]),
            "count": one.pop("count"),
        }
        times = {"t0": float(t[i]), "t1": float(t[i + 1]), "share": details["count"] / len(dt)}
        merged.append(soften(rule.finding(subject=(names[j],), signal=signal, **one, **times, details=details)))
    merged = _merged(merged, rule)
    first = int(np.nanargmax(step[0]))
    merged[0].details["first"] = {
        "joint": names[first],
        "value": float(step[0, first]),
        "deg": float(np.rad2deg(step[0, first])),
        "t": float(t[0]),
        "dt": float(dt[0]),
    }
    return merged


def _goes_on(t: np.ndarray, x: np.ndarray, window: float, rows: np.ndarray) -> np.ndarray:
    """(k,) whether the step from a row (k,) to the next one is part of a motion: half of it or more, the same way, within a window before
    or after."""
    here, there = x[rows], x[rows + 1]
    step = there - here
    before = np.sign(step) * (here - np.interp(t[rows] - window, t, x))
    after = np.sign(step) * (np.interp(t[rows + 1] + window, t, x) - there)
    return np.maximum(before, after) >= 0.5 * np.abs(step)


def check_kinematics(
    t: np.ndarray,
    q: np.ndarray,
    names: Sequence[str],
    limits: Limits,
    rules: Rules,
    signal: str = "command",
    motion: Motion | None = None,
) -> list[Finding]:
    """All kinematic findings of one set of joint trajectories; collisions are in collision.py.

    Args:
        t: (n,) seconds by the clock to judge by; q: (n, k) rad; names: (k,) joints.
        motion: the resampled motion, where it is known already.
    """
    moved = Moved(t, q, names, limits, rules, signal, motion_of(t, q, rules) if motion is None else motion)
    runs = dict.fromkeys(check.run for check in registry().values() if rules[check.code].stage == "kinematics")
    return [finding for run in runs if run is not None for finding in run(moved)]


def _cruder(t: np.ndarray, q: np.ndarray, j: int, motion: Motion) -> dict[str, float]:
    """Cruder readings of one joint's peak speed [rad/s]: differences on the grid, and of raw samples."""
    t, q = strictly_rising(np.asarray(t, float), np.asarray(q, float))
    line = np.interp(motion.t, t, q[:, j])
    return {
        "two_point": float(np.abs(np.diff(line)).max(initial=0.0) / motion.step),
        "raw": float(np.abs(np.diff(q[:, j]) / np.diff(t)).max(initial=0.0)),
    }


def _merged(found: list[Finding], rule: Rule) -> list[Finding]:
    """One finding a code: of the worst joint."""
    return worst_of(found) or [rule.not_checked("no_published_limit")]


def _spread(finding: Finding, known: Known) -> Fix:
    """Spread a step over the time in which the joint may travel it, at the largest speed of a smooth movement."""
    speed = finding.details.get("speed") or (finding.limit / 0.06 if finding.limit else None)
    seconds = PEAK_OF_MEAN * abs(finding.value) / speed if finding.value and speed else None
    return {
        "kind": "spread",
        "joint": about(finding),
        "t": finding.t0,
        "step": finding.value,
        "over": None if seconds is None else math.ceil(seconds * 100.0) / 100.0,
    }


def _jump(moved: Moved) -> list[Finding]:
    """What a real robot measurably did were no steps for its motors."""
    if moved.signal == "measured":
        return []
    return check_jump(moved.t, moved.q, moved.names, moved.limits, moved.rules, moved.signal)


CHECKS = (
    Check(
        "joint.position",
        run=lambda m: check_position(m.t, m.q, m.names, m.limits, m.rules, m.signal),
        settings={"near_end": "share"},
        fix=clip,
        of="joints",
        own_cause=True,
        near=True,
        shown_by="joint past its limit",
    ),
    Check(
        "joint.velocity",
        run=lambda m: check_velocity(m.motion, m.names, m.limits, m.rules, m.signal, raw=(m.t, m.q)),
        fix=slow,
        of="joints",
        leads=0.0,
        near=True,
        shown_by="too fast a reach",
    ),
    Check(
        "joint.jump",
        run=_jump,
        settings={"least": "angle"},
        fix=_spread,
        of="joints",
        leads=0.06,  # a step raises the filtered speed from half a window before it on
        shown_by="command jumps",
    ),
)
