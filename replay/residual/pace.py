"""Where a servo with a largest speed and a largest acceleration can be, of which the command goes somewhere faster.

Small arms plan the way to each new command themselves: they speed up evenly, go no faster than they may, and slow down evenly.
"""

from __future__ import annotations

import numpy as np

SPEEDS = (0.9, 1.0, 1.2)  # times the speed that the joint reaches in the take
RAMPS = (1.2, 1.4, 2.0, 3.0, 5.0, 30.0)  # 1/s, accelerations over that speed; joints of a real Piper have 1.4 to 5, slowed ones less
REACHED = 98.0  # percentile of the speeds of a joint that moves, which few faulty rows do not change
MOVES = 0.05  # of the largest speed, from where on it moves
PARTS = 2  # steps of the simulation in a row
ROWS = 600  # in which the numbers are sought: those that move most
LATE = 8  # rows by which the joint may be late besides
FAR = 0.05  # of its way: what is further away is a fault, and counts no more than this


def carried_out(command: np.ndarray, measured: np.ndarray, dt: float) -> np.ndarray:
    """(n, k) where joints that are sent to `command` (n, k) would be, at the speeds and accelerations that fit `measured` (n, k) best.

    Args:
        dt: between rows [s]. The unit of both is that of the result.
    """
    speed = np.abs(np.diff(measured, axis=0)) / dt
    moves = speed > MOVES * np.percentile(speed, 99.5, axis=0)
    fastest = np.array([np.percentile(v[m], REACHED) if m.any() else 0.0 for v, m in zip(speed.T, moves.T)])
    fastest = np.maximum(fastest, 1e-6)
    scale, ramp = (each.ravel()[:, None] for each in np.meshgrid(SPEEDS, RAMPS))
    part = _busiest(speed.sum(axis=1))
    tried = planned(command[part], dt, scale * fastest, scale * ramp * fastest)
    error = np.stack([
        np.minimum(np.abs(tried[:, : tried.shape[1] - late] - measured[part][late:]), FAR).mean(axis=1) for late in range(LATE)
    ])  # fmt: skip
    best = error.min(axis=0).argmin(axis=0)
    joints = np.arange(command.shape[1])
    chosen = (scale * fastest)[best, joints]
    return planned(command, dt, chosen[None], (ramp[best, 0] * chosen)[None])[0]


def _busiest(speed: np.ndarray) -> slice:
    """Rows in which most moves."""
    n = len(speed) + 1
    if n <= ROWS:
        return slice(0, n)
    total = np.concatenate([[0.0], np.cumsum(speed)])
    first = int(np.argmax(total[ROWS - 1 :] - total[: n - ROWS + 1]))
    return slice(first, first + ROWS)


def planned(
    command: np.ndarray, dt: float, speed: np.ndarray, ramp: np.ndarray, place: np.ndarray | None = None, pace: np.ndarray | float = 0.0
) -> np.ndarray:
    """(m, n, k) courses towards `command` (n, k) with `speed` and `ramp` (m, k) at the most.

    Args:
        place, pace: (k,) at which they begin; else they rest where the first command is.
    """
    h = dt / PARTS
    x = np.repeat(command[:1], len(speed), axis=0) if place is None else np.broadcast_to(place, speed.shape)
    v = np.broadcast_to(pace, speed.shape)
    out = np.empty((len(speed), *command.shape))
    twice, most = 2.0 * ramp, ramp * h
    for i, row in enumerate(command):
        out[:, i] = x
        for _ in range(PARTS):
            left = row - x
            size = np.abs(left)
            wanted = np.sign(left) * np.minimum(np.minimum(speed, np.sqrt(twice * size)), size / h)
            v = v + np.minimum(np.maximum(wanted - v, -most), most)
            x = x + v * h
    return out
