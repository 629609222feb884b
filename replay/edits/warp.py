"""Time runs slower for a while: uniform in the middle of a stretch, smooth at its ends.

The rate is how fast the recording's own time passes. It falls from 1 to the factor of a stretch by a quintic step, stays
there, and rises again, so that speed (rate times recorded speed) and acceleration stay continuous.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RAMP = 0.2  # s of recorded time in which the rate changes: halving 5 rad/s there costs 18 rad/s2 (1.875 dv / new time)


@dataclass(frozen=True)
class SlowedStretch:
    """Recorded time from `t0` to `t1` [s] that is played at `factor` of its speed; the ramps lie outside it [s]."""

    t0: float
    t1: float
    factor: float
    ramp_in: float = RAMP
    ramp_out: float = RAMP

    @property
    def begin(self) -> float:
        return self.t0 - self.ramp_in

    @property
    def end(self) -> float:
        return self.t1 + self.ramp_out

    @property
    def longer_s(self) -> float:
        """How much longer it takes than it took."""
        ramps = (self.ramp_in + self.ramp_out) * (2.0 / (1.0 + self.factor) - 1.0)
        return ramps + (self.t1 - self.t0) * (1.0 / self.factor - 1.0)


def _integral(x: np.ndarray) -> np.ndarray:
    """Of the quintic step x^3 (10 - 15 x + 6 x^2) from 0 to x."""
    return x**4 * (2.5 - 3.0 * x + x**2)


def whole_steps(stretch: SlowedStretch, step: float) -> SlowedStretch:
    """The same stretch, a little slower, so that it takes a whole number of control periods more.

    What comes after it then falls on the samples that were recorded, which stay what they were to the bit.

    Args:
        step: control period [s].
    """
    wanted = max(1, int(np.ceil(stretch.longer_s / step - 1e-9))) * step
    low, high = 1e-3, stretch.factor
    for _ in range(80):
        middle = 0.5 * (low + high)
        tried = SlowedStretch(stretch.t0, stretch.t1, middle, stretch.ramp_in, stretch.ramp_out)
        low, high = (middle, high) if tried.longer_s > wanted else (low, middle)
    return SlowedStretch(stretch.t0, stretch.t1, high, stretch.ramp_in, stretch.ramp_out)


class Warp:
    """New time against recorded time.

    Args:
        stretches: in order, ramps and all not overlapping.
    """

    def __init__(self, stretches: Sequence[SlowedStretch]) -> None:
        self.stretches = tuple(sorted(stretches, key=lambda s: s.begin))
        for first, second in zip(self.stretches, self.stretches[1:]):
            if second.begin < first.end - 1e-9:
                raise ValueError(f"stretches overlap at {second.begin:g} s")

    @property
    def longer_s(self) -> float:
        return sum(s.longer_s for s in self.stretches)

    def source(self, new: np.ndarray) -> np.ndarray:
        """(n,) recorded time [s] that is reached at new times (n,)."""
        new = np.asarray(new, float)
        out, late = new.copy(), 0.0
        for s in self.stretches:
            f, begin = s.factor, s.begin + late
            up, down = 2.0 * s.ramp_in / (1.0 + f), 2.0 * s.ramp_out / (1.0 + f)  # new time that the ramps take
            flat, leave = begin + up, begin + up + (s.t1 - s.t0) / f
            end = leave + down
            x = np.clip((new - begin) / up, 0.0, 1.0) if up else np.ones_like(new)
            falling = s.begin + up * (x - (1.0 - f) * _integral(x))
            x = np.clip((new - leave) / down, 0.0, 1.0) if down else np.zeros_like(new)
            rising = s.t1 + down * (f * x + (1.0 - f) * _integral(x))
            out = np.where((new >= begin) & (new < flat), falling, out)
            out = np.where((new >= flat) & (new < leave), s.t0 + f * (new - flat), out)
            out = np.where((new >= leave) & (new < end), rising, out)
            late += s.longer_s
            out = np.where(new >= end, new - late, out)
        return out

    def new(self, source: np.ndarray | float) -> np.ndarray:
        """(n,) new time [s] at which recorded times (n,) are reached, to a microsecond."""
        source = np.asarray(source, float)
        low, high = source.copy(), source + self.longer_s
        for _ in range(40):
            middle = 0.5 * (low + high)
            early = self.source(middle) < source
            low, high = np.where(early, middle, low), np.where(early, high, middle)
        return np.where(self.source(low) >= source, low, high)


def sampled(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(m, k) values of evenly spaced samples (n, k) between them, at places `at` (m,) counted in samples.

    A cubic through both neighbours with limited slopes (Fritsch and Butland 1984), so that it never overshoots the
    samples; at a sample it is that sample, to the bit. Beyond the ends the last value is held.
    """
    x = np.asarray(x)
    at = np.clip(np.asarray(at, float), 0.0, len(x) - 1)
    near = np.round(at).astype(int)
    exact = np.abs(at - near) < 1e-6
    left = np.clip(np.floor(at).astype(int), 0, max(len(x) - 2, 0))
    y = x.astype(float)
    steps = np.diff(y, axis=0)
    slope = np.zeros_like(y)
    if len(steps) > 1:
        a, b = steps[:-1], steps[1:]
        same = a * b > 0.0
        slope[1:-1] = np.where(same, 2.0 * a * b / np.where(same, a + b, 1.0), 0.0)
    u = (at - left)[:, None]
    right = np.minimum(left + 1, len(x) - 1)
    h00, h10 = (1 + 2 * u) * (1 - u) ** 2, u * (1 - u) ** 2
    h01, h11 = u**2 * (3 - 2 * u), u**2 * (u - 1)
    between = h00 * y[left] + h10 * slope[left] + h01 * y[right] + h11 * slope[right]
    out = between.astype(x.dtype)
    out[exact] = x[near[exact]]
    return out
