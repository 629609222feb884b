"""Three measures that read commands alone, and how well a score tells faulty demonstrations from clean ones.

They stand beside the judge where faults leave the motion as it is: what is smooth, short and steady may still miss its goal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CUTOFF, THRESHOLD, PADDING = 10.0, 0.05, 4  # Hz, of the largest magnitude, powers of two: as its authors recommend


def path_length(q: np.ndarray) -> float:
    """How far the joints are commanded in all.

    Args:
        q: (T, n) commanded angles [rad].

    Returns:
        The length [rad] of the path in the space of the joints.
    """
    return float(np.linalg.norm(np.diff(q, axis=0), axis=1).sum())


def log_dimensionless_jerk(q: np.ndarray, dt: float) -> float:
    """How jerky a motion is, whatever its size and duration; larger is jerkier.

    The logarithm of T³ / v² times the integral of the squared jerk, v being the highest speed (Hogan and Sternad 2009,
    doi:10.3200/35-09-004-RC; Balasubramanian et al. 2012).

    Args:
        q: (T, n) commanded angles [rad], one row each `dt` [s].

    Returns:
        The logarithm, without unit; minus infinity for what never moves.
    """
    speed = np.linalg.norm(np.diff(q, axis=0), axis=1) / dt
    jerk = np.diff(q, n=3, axis=0) / dt**3
    if not speed.any():
        return -np.inf
    return float(np.log((len(q) * dt) ** 3 / speed.max() ** 2 * (jerk**2).sum() * dt))


def spectral_arc_length(q: np.ndarray, dt: float) -> float:
    """SPARC, how smooth the speed is: the length of the arc of its spectrum, negative; nearer to zero is smoother.

    After Balasubramanian, Melendez-Calderon, Roby-Brami and Burdet 2015, doi:10.1186/s12984-015-0090-9, with their settings:
    up to 10 Hz, and no further than where the spectrum stays below 0.05 of its largest value.

    Args:
        q: (T, n) commanded angles [rad], one row each `dt` [s]. Its speed is the norm over the joints.

    Returns:
        The arc length, without unit; 0 for what never moves.
    """
    speed = np.linalg.norm(np.diff(q, axis=0), axis=1) / dt
    if not speed.any():
        return 0.0
    n = 2 ** (int(np.ceil(np.log2(len(speed)))) + PADDING)
    frequency = np.arange(n // 2) / (n * dt)
    magnitude = np.abs(np.fft.rfft(speed, n))[: n // 2]
    magnitude = magnitude / magnitude.max()
    within = np.flatnonzero((frequency <= CUTOFF) & (magnitude >= THRESHOLD))
    here = slice(within[0], within[-1] + 1)
    f, m = frequency[here], magnitude[here]
    if len(f) < 2:
        return 0.0
    return float(-np.hypot(np.diff(f) / (f[-1] - f[0]), np.diff(m)).sum())


def area_under_roc(faulty: Sequence[float], clean: Sequence[float]) -> float:
    """The chance that a faulty demonstration has the higher score than a clean one; equal scores count half.

    Args:
        faulty, clean: scores, higher for worse; neither is empty.

    Returns:
        The area under the ROC curve: 1 where the scores part them, 0.5 where they tell nothing.
    """
    a, b = np.asarray(faulty, float)[:, None], np.asarray(clean, float)[None, :]
    return float(np.mean((a > b) + 0.5 * (a == b)))


def area_interval(
    faulty: Sequence[float], clean: Sequence[float], seed: int = 0, draws: int = 2000
) -> tuple[float, float]:
    """The 95 % percentile interval of `area_under_roc` by a bootstrap over demonstrations of either kind (Efron 1979)."""
    rng = np.random.default_rng(seed)
    a, b = np.asarray(faulty, float), np.asarray(clean, float)
    areas = [area_under_roc(list(rng.choice(a, len(a))), list(rng.choice(b, len(b)))) for _ in range(draws)]
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(low), float(high)
