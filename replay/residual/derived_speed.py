"""Speeds that were computed from the positions: what a converter writes where a driver gives none. They are of no moment of the device."""

from __future__ import annotations

import numpy as np

from .table import RecordedChannel

# rad/s from where on a joint moves; by which such a speed differs from a difference of positions as they are stored; share of the rows
# in motion. Measured speeds of three clean takes are so in 0.4 of them at the most.
MOVES, SAME, MOST = 0.02, 1e-3, 0.9


def apart_of(channel: RecordedChannel, t: np.ndarray) -> np.ndarray:
    """(n,) [rad/s] by which the speed of a row may not be the one of its moment.

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
    return np.abs(v - mean)
