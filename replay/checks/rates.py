"""Accelerations and jerks against those of other recordings: the maker publishes no limit, so only what stands out is reported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..signals.signal import Motion, held
from ..signals.statistics import TO_SIGMA
from .check import Check
from .finding import Finding, worst_of
from .fixes import Fix, Known, floor, ratio, slow
from .inputs import Moved
from .rules import Rules


def peak_rates(motion: Motion, rules: Rules) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Largest acceleration and jerk of each joint that lasts: code -> ((k,) level [rad/s^2, rad/s^3], (k,) when [s]).

    Args:
        motion: resampled on device time, see `kinematics.motion_of`.
    """
    jerk = np.full_like(motion.a, np.nan)
    if len(motion.t) > 2:
        jerk[1:-1] = (motion.a[2:] - motion.a[:-2]) / (2.0 * motion.step)
    found = {}
    for code, rate in (("joint.acceleration", motion.a), ("joint.jerk", jerk)):
        size = np.where(np.isfinite(rate), np.abs(rate), 0.0)  # where the motion is not determined it has no rate
        level, row = held(size, motion.step, rules[code].shortest)
        found[code] = (np.maximum(level, 0.0), motion.t[row] if len(motion.t) else np.zeros(len(row)))
    return found


def usual(levels: np.ndarray, spread: float, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Median of each joint over recordings, and what lies no further above it than `spread` standard deviations.

    Args:
        levels: (n, k) a row a recording; least: the share of the median that a standard deviation is taken to be at least.
    """
    median = np.median(levels, axis=0)
    sigma = np.maximum(TO_SIGMA * np.median(np.abs(levels - median), axis=0), least * median)
    return median, median + spread * sigma


def check_rate(
    code: str,
    level: np.ndarray,
    when: np.ndarray,
    names: Sequence[str],
    others: np.ndarray,
    rules: Rules,
    signal: str = "command",
) -> Finding:
    """`joint.acceleration` or `joint.jerk` of one recording among others: WARN where a joint stands out, never FAIL.

    Args:
        level, when: (k,) of the joints `names`, from `peak_rates`; others: (n, k) of all recordings, this one included.
    """
    rule = rules[code]
    if len(others) < rule.settings["recordings"]:
        return rule.not_checked("no_published_limit", signal=signal)
    median, bound = usual(others, rule.settings["spread"], rule.settings["least"])
    found = []
    for j, name in enumerate(names):
        if median[j] < rule.settings["still"]:
            continue  # using the other hand is nothing out of the ordinary
        graded = rule.grade_value(float(level[j]), warn=float(bound[j]))
        found.append(
            rule.finding(
                subject=(name,),
                signal=signal,
                t0=float(when[j]),
                t1=float(when[j] + rule.shortest),
                **graded,
                details={"median": float(median[j]), "recordings": len(others)},
            )
        )
    worst = worst_of(found) or [rule.not_checked("too_short", signal=signal)]
    return worst[0]


def rates_without_limit(rules: Rules, signal: str = "command") -> list[Finding]:
    """`joint.acceleration`, `joint.jerk`: the maker publishes no limit, so they are never judged by one."""
    return [rules[check.code].not_checked("no_published_limit", signal=signal) for check in CHECKS]


def _run(moved: Moved) -> list[Finding]:
    return [] if moved.signal == "measured" else rates_without_limit(moved.rules, moved.signal)


def _smooth(finding: Finding, known: Known) -> Fix:
    """Acceleration falls with the square of the speed, jerk with its cube."""
    power = 2.0 if finding.code.endswith("acceleration") else 3.0
    return slow(finding, known) | {"factor": floor(ratio(finding) ** (1.0 / power))}


SETTINGS = {"recordings": "number", "spread": "number", "least": "share", "still": "number"}
# how fast others move is no limit of anything, so that no strictness makes a failure of it
CHECKS = tuple(
    Check(
        code,
        run=_run,
        settings=SETTINGS,
        fix=_smooth,
        of="peers",
        counts=False,
        shown_by="hand trembles",
        shown_in="run",
    )
    for code in ("joint.acceleration", "joint.jerk")
)
