"""Commands of all joints that went through a filter on their way into the recording: their servos had them as they were.

A torque, with the numbers of the robot's model, says which command its servo had. Where the recorded one is that command behind a
low-pass, or its centred mean, in nearly every row, the filter stood between the servo and the recorder. A servo that also pushes with
the speed of its command gives what a low-pass of damping over stiffness gives: that one is unsure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .arm_chain import MeasuredArm
from .difference import Difference
from .servo_law import QUIET, SHARPER, SLACK, ServoLaw, is_as_modelled, pool_of_arms
from .table import Group
from .torque_timing import HARMLESS, unsmoothed

FAR = 0.05  # rad: what a shorter filter changes less than that is harmless
SECONDS = np.geomspace(0.03, 1.2, 13)  # s of low-passes, and of means, that are tried; then those beside the best
FINER, TIMES = 0.5, 8  # of the step between two that are tried, and how often it is halved
SPENT, MOVES = 0.98, 1e-3  # of the largest torque, beyond which none tells; rad and rad/s, from where on a row does
LEAST_ROWS = 200
FORWARD = 0.2  # of damping over stiffness, by which a low-pass may be what a servo does that is given speeds as well


def smoothed_commands(group: Group, arms: Mapping[str, MeasuredArm], laws: Sequence[ServoLaw]) -> Difference | None:
    """Commands (n, k) that are those that the torques answer, behind a filter; None where no filter of either kind explains them.

    Args:
        laws: what the servos follow with the commands as they are recorded.
    """
    pool = None if any(map(is_as_modelled, laws)) or not group.same_rows else pool_of_arms(group, arms)
    stiffness, damping = pool.gains if pool is not None and pool.gains is not None else (0.0, None)
    if pool is None or damping is None or not np.isfinite(pool.weight).all():
        return None
    kinds = ("command", "measured", "velocity", "effort")
    c, q, v, effort = (np.column_stack([one.columns[kind] for one in pool.channels]) for kind in kinds)
    had = q[1:] + (effort[1:] + damping * v[1:] - pool.weight[1:]) / stiffness  # a torque answers the command of the row before
    c, tells = c[:-1], np.abs(effort[1:]) < SPENT * pool.most
    tells &= (np.abs(v[1:]) > MOVES) | (np.abs(had - q[1:]) > MOVES)
    if int(tells.sum()) < LEAST_ROWS:
        return None
    plain = float(np.percentile(np.abs(had - c)[tells], 90.0))
    if plain * stiffness <= SLACK:
        return None

    def off(seconds: float, centred: bool) -> np.ndarray:
        return np.abs(_mean(had, seconds, group.dt) - c if centred else had - unsmoothed(c, seconds, group.dt))

    def left(seconds: float, centred: bool) -> float:
        return float(np.percentile(off(seconds, centred)[tells], 90.0))

    def nearest(centred: bool) -> tuple[float, float, bool]:
        rest, seconds = min((left(one, centred), one) for one in SECONDS)
        step = float(SECONDS[1] / SECONDS[0])
        for _ in range(TIMES):
            step **= FINER
            rest, seconds = min((rest, seconds), *((left(one, centred), one) for one in (seconds / step, seconds * step)))
        return rest, seconds, centred

    rest, seconds, centred = min(nearest(False), nearest(True))
    rests = off(seconds, centred)
    if rest > min(SLACK / stiffness, SHARPER * plain) or float(np.median(rests[tells])) > QUIET / stiffness:
        return None
    away = np.where(tells & (rests <= SLACK / stiffness), np.abs(had - c), 0.0)
    size = float(away.max())
    if size < FAR and (centred or seconds <= HARMLESS):
        return None
    changed = tuple(one.name for one, far in zip(pool.channels, away.max(axis=0)) if far > SLACK / stiffness)
    forward = not centred and abs(seconds * stiffness / damping - 1.0) <= FORWARD
    return Difference.over(
        group.t, changed, "command", None, size, "rad", "smoothed", certain=not forward, stream=pool.channels[0].topics["command"],
        numbers={"seconds": float(seconds)}, limit=FAR, weight=9.0 * group.n * len(changed),
    )  # fmt: skip


def _mean(x: np.ndarray, seconds: float, dt: float) -> np.ndarray:
    """(n, k) over so many seconds about each row."""
    half, rows = max(1, round(0.5 * seconds / dt)), np.arange(len(x))
    total = np.cumsum(np.concatenate([np.zeros((1, x.shape[1])), x]), axis=0)
    low, high = np.maximum(0, rows - half), np.minimum(len(x), rows + half + 1)
    return (total[high] - total[low]) / (high - low)[:, None]
