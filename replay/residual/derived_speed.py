"""Speeds that were computed from the positions: what a converter writes where a driver gives none. They are of no moment of the device."""

from __future__ import annotations

import numpy as np

from .table import RecordedChannel

# rad/s from where on a joint moves; by which such a speed differs from a difference of positions as they are stored; share of the rows
# in motion. Measured speeds of three clean takes are so in 0.4 of them at the most.
MOVES, SAME, MOST = 0.02, 1e-3, 0.9
# of the turns of the rises, that filtered speeds have at the most: 0.37 to 0.8, and those of clean takes one and more; rad that a joint
# goes to be asked, and rows
SMOOTH, WAY, LEAST = 0.9, 0.05, 60


def apart_of(channel: RecordedChannel, t: np.ndarray, smoothed: bool = False) -> np.ndarray:
    """(n,) [rad/s] by which the speed of a row may not be the one of its moment; `smoothed`: all speeds went through a filter, see below.

    Of a measured speed it is what the mean rise of the positions about the row differs by. A computed one is that rise, and differs by
    nothing: of it, the whole or the half of what the rise after a row differs from the one before it.
    """
    v, rises = channel.columns["velocity"], np.diff(channel.columns["measured"]) / np.diff(t)
    before, after = np.concatenate([rises[:1], rises]), np.concatenate([rises, rises[-1:]])
    mean = 0.5 * (before + after)
    moves, bend = np.abs(v) + np.abs(mean) > MOVES, np.abs(after - before)
    for of, share in ((mean, 0.5), (before, 1.0), (after, 1.0)):
        if moves.any() and float((np.abs(v - of)[moves] < SAME).mean()) > MOST:
            return share * bend
    return np.maximum(np.abs(v - before), np.abs(v - after)) if smoothed else np.abs(v - mean)


def are_smoothed(v: np.ndarray, q: np.ndarray, t: np.ndarray) -> bool:
    """Whether speeds (n, k) went through a filter: they turn less than the mean rises of the positions (n, k), in the middle joint. In a
    burst of motion, or where something is struck, such speeds say less of a row than the rows beside it do."""
    rises = np.diff(q, axis=0) / np.diff(t)[:, None]
    mean = np.diff(0.5 * (rises[1:] + rises[:-1]), 2, axis=0)
    goes = np.ptp(q, axis=0) > WAY
    if not goes.any() or len(mean) < LEAST:
        return False
    turns, of_rises = (np.sqrt((x**2).mean(axis=0))[goes] for x in (np.diff(v[1:-1], 2, axis=0), mean))
    return float(np.median(turns / np.maximum(of_rises, 1e-9))) < SMOOTH
