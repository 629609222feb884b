"""What filters, clocks and gaps do to a course: smoothed, rung, late, stretched, held, filled in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from .patch import Patch, UnfitError, Values

DAMPING = 0.2  # of what rings, as a share of what would not


# ---------------------------------------------------------------------------------------------------------- filters
def low_pass(p: Patch) -> Values:
    """Follows the slower, the faster it goes: a first-order filter, which begins with the span."""
    return p.reached(lambda rows: _first_order(p.inside, rows), 0.05, 1e4)


def washed_out(p: Patch) -> Values:
    """What stands comes back to where the span began: a coupling that lets no rest through."""
    x = p.inside
    return p.reached(lambda slowness: x[:1] + (x - _first_order(x, 1.0 / slowness)), 1e-5, 1e2)


def ringing(p: Patch) -> Values:
    """Overshoots and rings about where it should be."""

    def rung(rows: float) -> Values:
        turn, shrink = 1.0 / rows, np.exp(-DAMPING / rows)
        poles = [1.0, -2.0 * shrink * np.cos(turn), shrink**2]
        start = p.inside[:1]
        return start + lfilter([sum(poles)], poles, p.inside - start, axis=0)

    return p.reached(rung, 0.4, 1e3)


def looks_ahead(p: Patch) -> Values:
    """A mean over rows on both sides: smoothed after the fact."""
    return _windowed(p, _mean)


def median(p: Patch) -> Values:
    """The middle one of so many rows."""

    def of(x: Values, half: int) -> Values:
        padded = np.pad(x, ((half, half), (0, 0)), mode="edge")
        return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0), axis=-1)

    return _windowed(p, of)


def sharpened(p: Patch) -> Values:
    """So much of its own speed is added: a lead that somebody tuned for another thing."""
    return p.by(np.gradient(p.inside, axis=0) if p.n > 1 else np.zeros((1, 1)))


def other_speed_filter(p: Patch) -> Values:
    """A speed by differences of the positions over a wider window than was used."""
    x = p.need(p.beside)

    def of(_: Values, half: int) -> Values:
        padded = np.pad(x, ((half, half), (0, 0)), mode="edge")
        dt = float(np.median(np.diff(p.times)))
        return ((padded[2 * half :] - padded[: -2 * half]) / (2 * half * dt))[p.rows]

    return _windowed(p, of)


def _windowed(p: Patch, of: Callable[[Values, int], Values]) -> Values:
    """The window with the largest change nearest to the size; from above, where there is one."""
    widest = min(40, max(1, len(p.values) // 4))
    halves = sorted({int(h) for h in np.geomspace(1, widest, 12)})
    whole = [p.put(of(p.inside, half)) for half in halves]
    peaks = [float(np.abs(y - p.values).max()) for y in whole]
    if max(peaks) <= 0.0:
        raise UnfitError("nothing changes")
    over = [i for i, peak in enumerate(peaks) if peak >= p.size]
    return whole[over[0] if over else int(np.argmax(peaks))]


def _mean(x: Values, half: int) -> Values:
    padded = np.pad(x, ((half, half), (0, 0)), mode="edge")
    total = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(padded, axis=0)])
    return (total[2 * half + 1 :] - total[: -2 * half - 1]) / (2 * half + 1)


def _first_order(x: Values, rows: float) -> Values:
    kept = np.exp(-1.0 / rows)
    return x[:1] + lfilter([1.0 - kept], [1.0, -kept], x - x[:1], axis=0)


# ------------------------------------------------------------------------------------------------------------- time
def late(p: Patch) -> Values:
    """Stands so many seconds after it happened."""
    return p.put(p.at(p.times[p.rows] - p.size))


def early(p: Patch) -> Values:
    """Stands so many seconds before it happened."""
    return p.put(p.at(p.times[p.rows] + p.size))


def warped(p: Patch) -> Values:
    """Late by a swelling amount, and right again at the end."""
    side = p.rng.choice([-1.0, 1.0])
    return p.put(p.at(p.times[p.rows] + side * p.size * np.sin(np.pi * p.course[:, 0]) ** 2))


def slow_clock(p: Patch) -> Values:
    """Later and later, until the clock is set."""
    return p.put(p.at(p.times[p.rows] - p.size * p.course[:, 0]))


def unsteady(p: Patch) -> Values:
    """Each row was taken a little before or after its time."""
    off = p.rng.uniform(-1.0, 1.0, p.n)
    return p.put(p.at(p.times[p.rows] + p.size * off / np.abs(off).max()))


def other_rate(p: Patch) -> Values:
    """Goes through its course at another rate, and stands at its end or breaks off."""
    t = p.times[p.rows]
    rate = p.rng.choice([0.5, 2.0 / 3.0, 0.8, 1.25, 1.5, 2.0])
    return p.put(p.at(np.clip(t[0] + (t - t[0]) * rate, t[0], t[-1])))


# ---------------------------------------------------------------------------------------------------- what stands
def frozen(p: Patch) -> Values:
    """The row before the span stands throughout."""
    return p.put(np.repeat(p.values[max(p.first - 1, 0)][None], p.n, axis=0))


def stairs(p: Patch) -> Values:
    """Each row stands for so many."""
    every = max(2, round(p.size))
    return p.put(p.inside[np.arange(p.n) // every * every])


def straight(p: Patch) -> Values:
    """A straight line from one end of the span to the other."""
    x = p.inside
    return p.put(x[:1] + (x[-1:] - x[:1]) * p.course)


def extrapolated(p: Patch) -> Values:
    """Lost rows, filled by going on as before."""
    if p.first < 2:
        raise UnfitError("nothing comes before it")
    a, b = p.values[p.first - 2], p.values[p.first - 1]
    return p.put(b + (b - a) * np.arange(1, p.n + 1)[:, None])


def cubic(p: Patch) -> Values:
    """Lost rows, filled by a curve that fits the speeds at both ends."""
    if p.first < 2 or p.last > len(p.values) - 2:
        raise UnfitError("nothing comes before or after it")
    a, b = p.values[p.first - 1], p.values[p.last]
    va, vb = (a - p.values[p.first - 2]) * (p.n + 1), (p.values[p.last + 1] - b) * (p.n + 1)
    s = (np.arange(1, p.n + 1) / (p.n + 1))[:, None]
    h = (2 * s**3 - 3 * s**2 + 1) * a + (s**3 - 2 * s**2 + s) * va + (3 * s**2 - 2 * s**3) * b + (s**3 - s**2) * vb
    return p.put(h)


def nought(p: Patch) -> Values:
    """Nought is written."""
    return p.put(np.zeros_like(p.inside))


def mean_filled(p: Patch) -> Values:
    """Lost rows, filled with the mean of the take."""
    return p.put(np.repeat(p.values.mean(axis=0)[None], p.n, axis=0))


# ------------------------------------------------------------------------------------------------------ derivatives
def steps(p: Patch) -> Values:
    """The change from row to row instead of the value."""
    return p.put(np.diff(p.values, axis=0, prepend=p.values[:1])[p.rows])


def summed(p: Patch) -> Values:
    """The sum of what was so far, by time."""
    dt = float(np.median(np.diff(p.times)))
    return p.put(np.cumsum(p.inside, axis=0) * dt)


def relative(p: Patch) -> Values:
    """Counted from where it stood as the span began."""
    return p.put(p.inside - p.values[p.first])
