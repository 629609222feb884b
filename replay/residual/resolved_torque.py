"""Whether a record tells what a servo had: its command, its position and its speed at the moment of a torque.

It does not where rows are further apart than those that a servo is commanded in: what it had in between is not recorded. Neither where
speeds were computed from positions, which are means over some rows, nor where positions scatter by more than the torque says of them. Then
what the law of the servos leaves in most joints is what the record cannot resolve, and no matter of one column.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..signals.statistics import TO_SIGMA, median_of, median_size, medians
from .coarse_values import AS_WRITTEN, FEW, UNIFORM, step_of
from .table import Group, RecordedChannel

ASKED = 600  # rows in motion of which a filter is asked, at the most
COARSE = 0.04  # s between rows: arms are commanded 30 times a second and more
# rows on either side that a filter of positions takes; rad/s by which the speed that it gives is the recorded one: float32 keeps 1e-5 of
# each; share of the rows in motion; rad/s from where on a joint moves; such rows
REACH, SAME, MOST, MOVES, LEAST = 4, 5e-4, 0.9, 0.02, 60
BESIDE = [k for k in range(2 * REACH + 1) if k != REACH]
FOURTH = 70.0**0.5  # of the deviation of numbers that know nothing of each other: that of their fourth differences


@lru_cache(maxsize=8)
def unresolved(group: Group, stiffness: float, quiet: float) -> bool:
    """Whether torques of these servos are known no more exactly than their law leaves them.

    Args:
        stiffness: [Nm/rad]; quiet: [Nm] that the law leaves of a servo of which everything is known.
    """
    if group.dt > COARSE:
        return True
    joints = [c for c in group.channels if c.unit == "rad" and {"measured", "velocity"} <= set(c.columns)]
    moving = [c for c in joints if int((np.abs(c.columns["velocity"]) > MOVES).sum()) > LEAST]
    return _scatter_by(joints, quiet / abs(stiffness)) or _most_computed(moving)


def _most_computed(channels: Sequence[RecordedChannel]) -> bool:
    """Whether the speeds of most of them were computed. No more are asked than it takes to know."""
    computed, left = 0, len(channels)
    for c in channels:
        if 2 * computed > len(channels) or 2 * (computed + left) <= len(channels):
            break
        computed, left = computed + bool(is_computed(c.columns["velocity"], c.columns["measured"])), left - 1
    return 2 * computed > len(channels)


def _scatter_by(channels: Sequence[RecordedChannel], least: float) -> bool:
    """Whether `scatter` of these joints is more than so much: where neighbouring rows of most are nearer to each other than any grid that
    would be, and differ smoothly, it is not."""
    of = [c.columns["measured"] for c in channels if c.goes("measured") > 0.0]
    if not of:
        return False
    x = np.stack(of)
    steps = np.abs(np.diff(x[:, :: -(-x.shape[1] // FEW)], axis=1))
    fine = ((steps > AS_WRITTEN) & (steps <= UNIFORM * least)).any(axis=1)
    smooth = TO_SIGMA / FOURTH * medians(np.abs(np.diff(x, 4, axis=1))) <= least
    return 2 * int((fine & smooth).sum()) <= len(x) and scatter(channels) > least


def scatter(channels: Sequence[RecordedChannel]) -> float:
    """By how much positions scatter about their course, of the middle joint that moves: by fourth differences, which smooth motion has
    hardly any of; or by the grid on which they are written, of which a joint that rests shows nothing else."""
    of = [c.columns["measured"] for c in channels if c.goes("measured") > 0.0]
    return median_of(max(TO_SIGMA * median_size(np.diff(x, 4)) / FOURTH, _of_grid(x)) for x in of) if of else 0.0


def _of_grid(x: np.ndarray) -> float:
    """The deviation of numbers that were rounded to a step."""
    step = step_of(x[:: -(-len(x) // FEW)])
    return step / UNIFORM if np.isfinite(step) else 0.0


def are_computed(channels: Sequence[RecordedChannel]) -> np.ndarray:
    """(k,) of joints, whether their speeds are, see `is_computed`: those of a joint that hardly moves as those of most that do."""
    each = [is_computed(c.columns["velocity"], c.columns["measured"]) for c in channels]
    known = [one for one in each if one is not None]
    usual = 2 * sum(known) > len(known)
    return np.array([usual if one is None else one for one in each])


def is_computed(speed: np.ndarray, position: np.ndarray) -> bool | None:
    """Whether a speed (n,) is, nearly everywhere, what one filter makes of the positions (n,) about its row; None of one that is at rest
    nearly everywhere."""
    n = len(speed) - 2 * REACH
    rows = np.flatnonzero(np.abs(speed[REACH : REACH + n]) > MOVES)
    if len(rows) <= LEAST:
        return None
    rows = rows[:: -(-len(rows) // ASKED)]
    about = sliding_window_view(position, 2 * REACH + 1)[rows]
    x, y = (about - about[:, [REACH]])[:, BESIDE], speed[rows + REACH]
    left = np.abs(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])
    return float((left < SAME).mean()) > MOST
