"""Rows that stand on a grid: period and phase of a clock, and how finely its stamps are rounded.

A recorder that runs at an even rate writes k / rate, and whatever stores it rounds it: float32 seconds, whole milliseconds,
counts of 100 ns, float64 seconds of the epoch. Rows that are no further from their places than this rounding stand on the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SLACK_NS = 50_000  # sums of a simulator and float64 seconds of the epoch are this exact; a clock that is read is not
UNAMBIGUOUS = 0.25  # of a period: a row that is further from its place may be its neighbour's
SAME_RATE = 1.5e-3  # share by which a rate may differ from a nominal one: NTSC's 30000 / 1001 is 0.999e-3 from 30
FLOATS_OF = (1_000_000_000, 1_000_000)  # ns in the units of which float32 stamps may be: seconds, milliseconds
FEWEST = 2  # rows that tell a period
COARSE_NS = 1_000_000  # counts of more than a millisecond may be how the device ticks: its rows have to be an even clock's, rounded
ROUNDED = 0.6  # of such a count: half of one by rounding, and a tenth for a clock that jitters
PASSES = 4  # of the fit


@dataclass(frozen=True, eq=False)
class RowGrid:
    """Where rows stand: row i at `start_ns + place[i] * period_ns`, to within `off_ns`.

    Attributes:
        begin_ns: time of the first row as stored [ns]; start_ns: of place 0, from there [ns].
        period_ns: between two places [ns].
        place: (n,) int64, rising; the first row has 0.
        off_ns: largest distance of a row from its place [ns].
        quantum_ns: the step in which the stamps count [ns], see `quantum_ns`.
    """

    begin_ns: int
    start_ns: float
    period_ns: float
    place: np.ndarray
    off_ns: float
    quantum_ns: float

    @property
    def rate(self) -> float:
        """Places a second [Hz]."""
        return 1e9 / self.period_ns

    @property
    def tolerance_ns(self) -> float:
        """How far rounding moves a row: one count of the stamps (of coarse ones `ROUNDED`) and `SLACK_NS`, within a quarter of a period."""
        return _rounding(self.quantum_ns, self.period_ns)

    @property
    def exact(self) -> bool:
        """Whether every row stands at a place of its own, to within the rounding of its stamp."""
        return self.distinct and self.off_ns <= self.tolerance_ns

    @cached_property
    def distinct(self) -> bool:
        """Whether no two rows share a place."""
        return bool((np.diff(self.place) > 0).all())

    @property
    def whole(self) -> bool:
        """Whether every place has a row."""
        return self.distinct and int(self.place[-1]) == len(self.place) - 1

    def has_rate(self, fps: float) -> bool:
        """Whether `fps` [Hz] is the rate of these rows by name: to a share of `SAME_RATE`."""
        return abs(self.rate / fps - 1.0) <= SAME_RATE

    def stands_on(self, fps: float) -> bool:
        """Whether the rows are no further than rounding from k / fps, from some phase on."""
        drift = abs(1e9 / fps - self.period_ns) * max(int(self.place[-1]), 1)
        return self.exact and self.off_ns + 0.5 * drift <= self.tolerance_ns


def quantum_ns(times_ns: np.ndarray) -> float:
    """The step in which stamps count [ns]: the largest of which all distances are multiples, or that of float32.

    Args:
        times_ns: (n,) int64.

    Returns:
        At least 1.
    """
    distances = np.abs(np.diff(times_ns))
    distances = distances[distances > 0]
    if not len(distances):
        return 1.0
    common = int(np.gcd.reduce(distances))
    if 2 * common > distances.min():
        return 1.0  # rows that are all one step apart, or multiples of it, tell nothing of rounding
    counted = float(common)
    largest = np.abs(times_ns).max()
    for unit in FLOATS_OF:
        stored = (times_ns / unit).astype(np.float32)
        if np.array_equal(np.rint(stored.astype(np.float64) * unit).astype(np.int64), times_ns):
            return max(counted, float(np.spacing(np.float32(largest / unit))) * unit)
    return counted


def rounding_ns(times_ns: np.ndarray, period_ns: float) -> float:
    """How far rounding moves stamps (n,) int64 that are looked at every `period_ns`, as `RowGrid.tolerance_ns` has it."""
    return _rounding(quantum_ns(times_ns), period_ns)


def _rounding(quantum: float, period: float) -> float:
    return min((quantum if quantum <= COARSE_NS else ROUNDED * quantum) + SLACK_NS, UNAMBIGUOUS * period)


def fitted(times_ns: np.ndarray) -> RowGrid | None:
    """The grid that rows come nearest to; rows may be missing, and stamps may be rounded or jitter.

    The period is that of the straight line through (place, time) by least squares; the phase halves the largest distances.

    Args:
        times_ns: (n,) int64 [ns].

    Returns:
        None for fewer than `FEWEST` rows, for a clock that steps back or stands still, and where rows are further than a
        half of a period from every place.
    """
    if len(times_ns) < FEWEST:
        return None
    t = (times_ns - times_ns[0]).astype(np.float64)
    step = np.diff(t)
    if (step < 0).any() or not step.any():
        return None
    # each step by itself, so that an error of the period does not add up over the rows; where none is missing, by their number
    counted = np.concatenate([[0.0], np.cumsum(np.rint(step / _usual(step)))])
    lines = [line for line in (_line(t, np.arange(len(t), dtype=float)), _line(t, counted)) if line is not None]
    if not lines:
        return None
    quantum = quantum_ns(times_ns)
    grids = [RowGrid(int(times_ns[0]), start, period, place.astype(np.int64), off, quantum) for start, period, place, off in lines]
    # of rows that are as even as their stamps tell, none is missing
    return min(grids, key=lambda grid: (not (grid.exact and grid.whole), grid.off_ns / grid.period_ns))


def _line(t: np.ndarray, place: np.ndarray) -> tuple[float, float, np.ndarray, float] | None:
    """Start and period of the straight line through (place, time), places anew by it, and the largest distance from it."""
    start = period = 0.0
    for _ in range(PASSES):
        if place[-1] <= place[0]:
            return None
        middle = place.mean()
        period = float(((place - middle) * (t - t.mean())).sum() / ((place - middle) ** 2).sum())
        start = float(t.mean() - period * middle)
        if period <= 0.0:
            return None
        off = t - start - period * place
        start += 0.5 * float(off.min() + off.max())
        again = np.rint((t - start) / period)
        if np.array_equal(again, place):
            break
        place = again
    start += period * place[0]
    place = place - place[0]
    largest = float(np.abs(t - start - period * place).max())
    return None if largest > 0.5 * period else (start, period, place, largest)


def _usual(step: np.ndarray) -> float:
    """The step from one row to the next [ns], of steps among which some are longer: the mean of those near the median."""
    moved = step[step > 0]
    median = float(np.median(moved))
    near = moved[np.abs(moved - median) <= UNAMBIGUOUS * median]
    return float(near.mean()) if len(near) else median


def in_force(times_ns: np.ndarray, at_ns: np.ndarray, within_ns: float = 0.0) -> np.ndarray:
    """(m,) the latest sample at or before each time, or within the rounding after it; the first one before all samples.

    Args:
        times_ns: (n,) int64, rising; at_ns: (m,) int64.
        within_ns: how much later a sample may stand and still be of that time [ns].
    """
    return np.clip(np.searchsorted(times_ns, at_ns + round(within_ns), side="right") - 1, 0, len(times_ns) - 1)


def nearest(times_ns: np.ndarray, at_ns: np.ndarray) -> np.ndarray:
    """(m,) the sample nearest to each time; of two as near, the earlier. Arguments as for `in_force`."""
    before = in_force(times_ns, at_ns)
    after = np.minimum(before + 1, len(times_ns) - 1)
    return np.where(np.abs(times_ns[after] - at_ns) < np.abs(at_ns - times_ns[before]), after, before)
