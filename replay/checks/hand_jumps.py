"""Does a tracked hand jump? Where it would have to be thrown, the tracker lost it and found it again elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .check import Check
from .finding import Finding
from .rules import Rules


def check_hand_jump(t: np.ndarray, position: Mapping[str, np.ndarray], rules: Rules) -> list[Finding]:
    """`hand.jump`: the largest step of a hand at which it would have to be pulled harder than a person can.

    Args:
        t: (n,) [s], increasing.
        position: hand -> (n, 3) [m] at the robot's size; NaN where it was not seen.
    """
    rule = rules["hand.jump"]
    found = [
        (far, hand, begin, end)
        for hand, points in position.items()
        for begin, end, far in jumps(t, points, rule.settings["pull"])
    ]
    if not found:
        return [
            rule.passed(
                subject=tuple(f"{hand}_hand" for hand in position), value=0.0, limit=rule.warn, margin=rule.warn
            )
        ]
    far, hand, begin, end = max(found)
    details = {
        "count": len(found),
        "within": end - begin,
        "others": [
            {"subject": f"{other}_hand", "value": value, "t0": at} for value, other, at, _ in sorted(found)[-2::-1]
        ],
    }
    return [rule.finding(subject=(f"{hand}_hand",), t0=begin, t1=end, **rule.grade_value(far), details=details)]


def jumps(t: np.ndarray, points: np.ndarray, pull: float) -> list[tuple[float, float, float]]:
    """Stretches in which a point is accelerated by more than `pull` [m/s2].

    Steps shorter than the median, or than half the mean, count as long as that: messages that arrive in bursts are no jumps.

    Args:
        t: (n,) [s], increasing; points: (n, 3) [m]; rows with NaN are left out.

    Returns:
        For each stretch the times before and after its largest step [s], and that step [m].
    """
    seen = np.isfinite(points).all(axis=1)
    t, points = t[seen], points[seen]
    if len(t) < 3:
        return []
    dt = np.diff(t)
    dt = np.maximum(dt, max(float(np.median(dt)), 0.5 * float(dt.mean())))
    step = np.diff(points, axis=0)
    change = np.linalg.norm(np.diff(step / dt[:, None], axis=0), axis=1) / (0.5 * (dt[1:] + dt[:-1]))
    far = np.linalg.norm(step, axis=1)
    hard = np.flatnonzero(change > pull)
    found = []
    for run in np.split(hard, np.flatnonzero(np.diff(hard) > 2) + 1):
        if len(run):
            k = int(run[0]) + int(np.argmax(far[run[0] : run[-1] + 2]))
            found.append((float(t[k]), float(t[k + 1]), float(far[k])))
    return found


CHECKS = (Check("hand.jump", settings={"pull": "number"}, shown_by="lost_hand", shown_in="person"),)
