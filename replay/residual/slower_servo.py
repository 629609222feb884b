"""Joints of one arm that are late by amounts of their own: a slower servo, or rows of another moment.

Heavy joints are softer than light ones, and so each has its own bandwidth. A servo answers at once, and slowly; rows that are shifted
answer not at all for a while, and then as quickly as ever. So a joint is fitted as two low-passes one after the other behind a pure
delay, and its rows are of another moment where no low-pass does with the delay of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np

from ..signals.signal import low_pass
from ..signals.statistics import median
from .relations import shifted
from .table import Group, RecordedChannel

DELAYS = np.arange(-0.4, 0.801, 1.0 / 60.0)  # s that are tried
FINER = np.arange(-5, 6) / 300.0  # s beside the best of them
SLOWNESS = (0.0, 0.012, 0.024, 0.04, 0.06, 0.085, 0.12, 0.17, 0.25)  # s, of each of the two low-passes
USUAL, BEYOND = 0.035, 0.055  # s by which pure delays of joints of one arm are apart, and from where on they are not of one arm
# of what servos with the delay of the others leave, root mean square, that one with a delay of its own may leave; from where on it is
# no better
SHIFTED, NO_BETTER = 0.5, 0.8
TRIM = 0.95  # of the rows in motion: those that leave most, where something was struck, are not asked
ROWS = 1000  # that are asked at the most
MOVES, SETTLES = 0.02, 0.5  # of the largest speed of a command, from where on it moves; s that a joint goes on before and after


def as_late_rows(group: Group, channel: RecordedChannel, others: Sequence[RecordedChannel], apart: float) -> float:
    """What is left of a joint's way by rows of another moment over what is left by a servo that is slower or quicker than the others'.

    Less than `SHIFTED`: its rows are of another moment; more than `NO_BETTER`: it is its servo.

    Args:
        apart: [s] by which it is later than the others, earlier where negative.
    """
    usual = median(np.array([DELAYS[int(np.argmin(left_by_servos(group, one.name)))] for one in others]))
    left = left_by_servos(group, channel.name)
    near, beyond = np.abs(DELAYS - usual) <= USUAL, np.sign(apart) * (DELAYS - usual) > BEYOND
    if not near.any() or not beyond.any():
        return 1.0
    return float(left[beyond].min()) / max(float(left[near].min()), 1e-12)


def speed_agrees(channel: RecordedChannel, rows: int, dt: float) -> bool | None:
    """Whether a speed is that of the position in its row, rather than of the one so many rows later; None where none is recorded, and
    where either leaves as much: positions of coarse encoders hide slow motion."""
    v = channel.columns.get("velocity")
    if v is None or not np.ptp(v):
        return None
    rise = np.gradient(channel.columns["measured"], dt)
    here, there = (float(v @ v) - float(x @ v) ** 2 / max(float(x @ x), 1e-12) for x in (rise, shifted(rise, rows)))
    return None if min(here, there) > NO_BETTER * max(here, there) else here < there


def left_by_the_best(group: Group, name: str) -> float:
    """What the best servo at any delay leaves of a joint's way, root mean square.

    A low-pass makes up for a delay that is too small by half a step of `DELAYS`, and none for one that is too large; so the delays about
    the best one are tried more finely."""
    best = float(DELAYS[int(np.argmin(left_by_servos(group, name)))])
    return float(left_by_servos(group, name, tuple(best + FINER)).min())


@lru_cache(maxsize=64)
def left_by_servos(group: Group, name: str, delays: tuple[float, ...] = tuple(DELAYS)) -> np.ndarray:
    """(len(delays),) what the best servo with each delay [s] leaves of a joint's way, root mean square."""
    channel = next(c for c in group.channels if c.name == name)
    c, q = channel.columns["command"], channel.columns["measured"]
    speed, reach = np.abs(np.gradient(c)), round(SETTLES / group.dt)
    goes = np.convolve(speed > MOVES * speed.max(), np.ones(2 * reach + 1))[reach : reach + group.n] > 0.0
    rows = np.flatnonzero(goes) if goes.any() else np.arange(group.n)
    rows = rows[:: -(-len(rows) // ROWS)]
    there = np.clip(rows - np.array(delays)[:, None] / group.dt, 0.0, group.n - 1.001)  # (delays, rows)
    before = there.astype(int)
    part = there - before
    y = q[rows] - q[rows].mean()
    best, most = np.full(len(delays), np.inf), max(1, round(TRIM * len(rows)))
    for pair in combinations_with_replacement(SLOWNESS, 2):
        x = c
        for slowness in (one for one in pair if one):
            x = low_pass(x, slowness / group.dt, float(x[0]))
        way = x[before] * (1.0 - part) + x[before + 1] * part
        way -= way.mean(axis=1, keepdims=True)
        gain = way @ y / np.maximum((way**2).sum(axis=1), 1e-12)
        rest = np.partition((y - gain[:, None] * way) ** 2, most - 1, axis=1)[:, :most]
        best = np.minimum(best, np.sqrt(rest.mean(axis=1)))
    return best
