"""How much a tracker scatters about where a thing is, and where that thing stands by many of its rows."""

from __future__ import annotations

import numpy as np

from .statistics import scatter

QUIET = 3e-4  # m, and of a quaternion's numbers: who scatters by less is taken at its word, row by row
SOON, LONGEST = 0.3, 2.0  # s from the beginning on, in which a thing is looked at, and at most
STILL = 0.003  # m, by which a thing that stands may creep from one such piece to another
SURE = 4.0  # standard errors of a median, beyond which two of them differ
WIDER = 1.25  # a median's standard error over that of a mean, of normal noise


def pose_noise(rows: np.ndarray) -> float:
    """The standard deviation [m] of the noisiest coordinate of a recorded place (n, 3 or more); 0 for a quiet one, or too few rows."""
    known = rows[np.isfinite(rows).all(axis=1), :3]
    size = float(scatter(known).max(initial=0.0))
    return size if size > QUIET else 0.0


def standing_rows(t: np.ndarray, pos: np.ndarray, at: float, noise: float) -> np.ndarray:
    """(n,) which rows show a thing where it stands at a time `at` [s]: from then on, `LONGEST` s at most, until it goes.

    Args:
        t: (n,) s; pos: (n, 3) m; noise: of one coordinate [m].
    """
    first = (t >= at - 1e-9) & (t <= at + SOON) & np.isfinite(pos).all(axis=1)
    if not first.any():
        return first
    here, until, step = np.median(pos[first], axis=0), at + SOON, SOON
    while until < at + LONGEST:
        rows = (t > until) & (t <= until + step) & np.isfinite(pos).all(axis=1)
        limit = STILL + SURE * WIDER * noise * np.sqrt(1.0 / max(rows.sum(), 1) + 1.0 / first.sum())
        if not rows.any() or np.abs(np.median(pos[rows], axis=0) - here).max() > limit:
            break
        until += step
    return (t >= at - 1e-9) & (t <= until) & np.isfinite(pos).all(axis=1)


def standing_pose(t: np.ndarray, rows: np.ndarray, at: float) -> np.ndarray | None:
    """(3,) or (7,) where a thing stands at a time [s], by the median of the rows in which it stands; None where one row tells it as well.

    Args:
        t: (n,) s; rows: (n, 3 or 7), place [m] and quaternion.
    """
    noise, turns = pose_noise(rows), float(scatter(rows[np.isfinite(rows).all(axis=1), 3:]).max(initial=0.0))
    if noise == 0.0 and turns <= QUIET:
        return None
    some = rows[standing_rows(t, rows[:, :3], at, noise)]
    some = some[np.isfinite(some).all(axis=1)]
    if len(some) < 3:
        return None
    turned = some[:, 3:]
    turned = np.where((turned @ turned[0] < 0.0)[:, None], -turned, turned)  # q and -q are one turn
    return np.median(np.concatenate([some[:, :3], turned], axis=1), axis=0)
