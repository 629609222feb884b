"""Speeds of joints as their servos had them, where those that are recorded are not.

A servo brakes by the speed of its joint at the end of a row. A recorder that has no such speed computes one from the positions:
differences ahead or behind, slopes, filters of any kind. Whichever it is, the torques know better: the rise of a position within the row
that just ended is, up to a factor, the speed that its servo had. Where that explains the torques of most joints much better than the
recorded speeds do, with the stiffness of the model, these are estimates, and the law of the servos is asked of the rises. What the
recorded ones contradict is asked elsewhere.

Torques may themselves be written late, or in another unit. Then neither explains them as they stand, and both are compared with the
torques in the unit of the weight, and at other rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..signals.statistics import percentile
from .arm_chain import MeasuredArm
from .relations import robust_fit
from .servo_law import WITHIN, PooledServos, left_of_model, pool_of_arms
from .table import Group, RecordedChannel

EXACT = 0.15  # Nm that the model's law leaves of the middle joint: 0.1 in clean takes of sixteen scenarios
PERCENT = 90.0  # percentile of what a law leaves of a joint
BETTER = 0.8  # of what the law leaves of a joint with the recorded speeds: what it may leave with the rises
SOUND = 0.05  # Nm that recorded speeds of their own moment leave in the middle row, in clean takes of six scenarios 0.03
LATE = (0, -1, 1, -2, 2, -4, 4, -6, 6, -9, 9, -12, 12)  # rows by which a column may be late
LEAST, MOST = 60, 400  # rows of a joint that move, to ask it; of so many a fit is made


def with_risen_speeds(group: Group, arms: Mapping[str, MeasuredArm]) -> Group:
    """The group with the rise of the row that just ended in place of each speed, where the torques of the arms answer that."""
    written = pool_of_arms(group, arms) if group.same_rows else None
    pool = None if written is None else written.in_newton_metres[0]
    if pool is None or (recorded := _left(pool, fitted=False)) is None or float(np.nanmedian(recorded)) <= EXACT:
        return group
    with_rises = replace(pool, channels=tuple(_risen(c, group.t) for c in pool.channels))
    recorded, risen = _left(pool), _left(with_rises)
    if recorded is None or risen is None:
        return group
    better = np.isfinite(risen) & (risen <= BETTER * recorded)
    most = 2 * int(better.sum()) > int((~np.isnan(recorded)).sum())
    if not most and (float(np.nanmedian(recorded)) <= EXACT or not _better_at_other_rows(with_rises, pool)):
        return group
    return replace(group, channels=tuple(_risen(c, group.t) for c in group.channels))


def _better_at_other_rows(with_rises: PooledServos, pool: PooledServos) -> bool:
    """Whether the rises explain the torques of other rows much better than the recorded speeds do with any column of other rows."""
    risen = min(left_of_model(with_rises, "effort", late)[0] for late in LATE)
    if risen > EXACT:
        return False
    recorded = min(left_of_model(pool, kind, late)[0] for kind in ("effort", "command", "measured") for late in LATE)
    return risen <= BETTER * recorded and recorded > SOUND


def _risen(channel: RecordedChannel, t: np.ndarray) -> RecordedChannel:
    if not {"measured", "velocity"} <= set(channel.columns):
        return channel
    rises = np.diff(channel.columns["measured"]) / np.diff(t)
    return channel.but(velocity=np.concatenate([rises[:1], rises]))


def _left(pool: PooledServos, fitted: bool = True) -> np.ndarray | None:
    """(k,) [Nm] that a joint's own law leaves in rows that move: NaN of joints that hardly do, infinite where its stiffness is not that of
    the model; or what the model's law leaves. None where no joint moves."""
    terms = pool.terms
    if terms is None or pool.gains is None or None in pool.gains:
        return None
    model, left = np.array([*pool.gains, 1.0], float), np.full(len(pool.channels), np.nan)
    for j, (design, torques, moving) in enumerate(zip(*terms)):
        rows = np.flatnonzero(moving)
        if len(rows) < LEAST:
            continue
        rows = rows[:: -(-len(rows) // MOST)]
        numbers = robust_fit(design[rows], torques[rows], model, np.full(3, 1e-9), 0.01) if fitted else model
        near = abs(numbers[0] / model[0] - 1.0) < 2.0 * WITHIN
        left[j] = percentile(np.abs(torques[rows] - design[rows] @ numbers), PERCENT) if near else np.inf
    return None if np.isnan(left).all() else left
