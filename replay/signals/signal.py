"""Signals on clocks that jitter: resampling with derivatives, what lasts for a while, how late one follows another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHUNK = 4096  # grid points fitted at once, so that an hour of recording needs no more memory than a minute
FINE = 10  # points of the line through the samples for each grid point
GAP = 0.1  # s; samples further apart than this, or than three intervals, are not bridged
LAG_STEP = 0.01  # s, of the grid on which a lag is sought
STANDS = 1e-10  # of a column's sum of squares: with no more of it about its mean it does not move
A_SAMPLE = 50  # grid points for each sample, and
ANYHOW = 100_000  # whatever their number (half an hour at 50 Hz): a clock that claims days costs no more than its samples do


@dataclass(frozen=True)
class Motion:
    """A signal on an even grid.

    `t` (m,) seconds; `x`, `v`, `a` (m, k) value, velocity, acceleration; rows are NaN where the recording does not
    determine them (in gaps, and within half a window of an end).
    """

    t: np.ndarray
    x: np.ndarray
    v: np.ndarray
    a: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """(m,) whether the row is determined."""
        return np.isfinite(self.x).all(axis=1)

    @property
    def step(self) -> float:
        return float(self.t[1] - self.t[0]) if len(self.t) > 1 else 0.0


def strictly_rising(t: np.ndarray, *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Drop every sample with a time that does not exceed that of all before it (repeats of a stalled clock)."""
    highest = np.maximum.accumulate(t) if len(t) else t
    keep = np.ones(len(t), bool)
    keep[1:] = t[1:] > highest[:-1]
    return (t[keep], *(column[keep] for column in columns))


def resample(t: np.ndarray, x: np.ndarray, rate: float = 50.0, window: float = 0.06) -> Motion:
    """Value, velocity and acceleration on an even grid, by a local quadratic.

    Around each grid point a parabola is fitted by least squares to the signal within `window`; its value, slope and
    curvature there are the answer. The signal is the line through the samples, not the samples alone: each stretch of
    time
    then counts by its length. Fitted to the samples themselves, a sender that stalls for 30 ms and sends the rest in a
    cluster bends the parabola out of shape (a real session reads as 5 or 19 rad/s, by where the grid happens to lie),
    and raw
    differences of such stamps invent 2000 deg/s.

    Args:
        t: (n,) sample times [s], in any order; times that do not rise are dropped.
        x: (n, k) samples; rows with a value that is not finite are dropped.
        rate: grid points a second; fewer where that is more than `most_rate`.
        window: width of the fit [s]; a stream slower than 50 Hz gets three sample intervals.

    Returns:
        The `Motion` on `t[0] + i / rate`. No point with a window that reaches past the end of the data or into a gap is
        determined: a fit to one side only extrapolates.
    """
    x = np.asarray(x, float)
    finite = np.isfinite(x).all(axis=1)
    t, x = strictly_rising(np.asarray(t, float)[finite], x[finite])
    if len(t) < 4:
        empty = np.full((0, x.shape[1]), np.nan)
        return Motion(np.zeros(0), empty, empty.copy(), empty.copy())
    interval = float(np.median(np.diff(t)))
    rate = min(rate, A_SAMPLE / interval, most_rate(t))
    fine = 1.0 / (rate * FINE)
    reach = max(1, round(0.5 * max(window, 3.0 * interval) / fine))  # half a window in fine steps
    grid = t[0] + np.arange(int(np.floor((t[-1] - t[0]) * rate + 1e-6)) + 1) / rate
    kernel = _quadratic(reach, fine)
    fit = np.full((3, len(grid), x.shape[1]), np.nan)
    breaks = np.flatnonzero(np.diff(t) > max(GAP, 3.0 * interval)) + 1
    slack = 0.01 * fine  # so that rounding never decides whether a window still fits
    for first, last in zip([0, *breaks], [*breaks, len(t)]):
        ends = t[first] + reach * fine - slack, t[last - 1] - reach * fine + slack
        inside = np.flatnonzero((grid >= ends[0]) & (grid <= ends[1]))
        for some in np.array_split(inside, max(1, -(-len(inside) // CHUNK))):
            if not len(some):
                continue
            times = grid[some[0]] + fine * np.arange(-reach, (len(some) - 1) * FINE + reach + 1)
            line = np.stack([np.interp(times, t[first:last], x[first:last, j]) for j in range(x.shape[1])], axis=1)
            windows = np.lib.stride_tricks.sliding_window_view(line, 2 * reach + 1, axis=0)[::FINE]
            fit[:, some] = np.moveaxis(windows @ kernel, -1, 0)
    return Motion(grid, fit[0], fit[1], fit[2])


def most_rate(t: np.ndarray) -> float:
    """Grid points a second at most [Hz], so that their number grows with the samples at rising t (n,) [s], not with the time."""
    span = float(t[-1] - t[0]) if len(t) else 0.0
    return (A_SAMPLE * len(t) + ANYHOW) / span if span > 0.0 else np.inf


def _quadratic(reach: int, step: float) -> np.ndarray:
    """(2 reach + 1, 3) weights for value, slope and curvature of the parabola fitted to evenly spaced samples."""
    u = np.arange(-reach, reach + 1) / reach  # in -1..1, so that the fit is well conditioned
    weights = np.linalg.pinv(np.stack([np.ones_like(u), u, u * u], axis=1)).T
    half = reach * step
    return weights * np.array([1.0, 1.0 / half, 2.0 / half**2])


def smallest_over(x: np.ndarray, count: int) -> np.ndarray:
    """(n, k) the least value of the run of `count` rows that begins at each row; -inf where the run leaves the data.

    A row that is NaN breaks every run that it lies in.
    """
    x = np.where(np.isnan(x), -np.inf, x)
    out = np.full_like(x, -np.inf)
    if count <= len(x):
        least = over_runs(np.minimum, x, count)
        out[: len(least)] = least
    return out


def over_runs(what: np.ufunc, x: np.ndarray, count: int) -> np.ndarray:
    """(n - count + 1, ...) the least (`np.minimum`) or largest (`np.maximum`) of each run of `count` rows of x (n, ...).

    By runs of twice the length from those of once, which is some ten times as fast as looking at each run.
    """
    width = 1
    while width < count:
        step = min(width, count - width)
        x = what(x[:-step], x[step:])
        width += step
    return x


def held(x: np.ndarray, step: float, shortest: float) -> tuple[np.ndarray, np.ndarray]:
    """The largest level that a signal keeps for a while.

    Args:
        x: (n, k) evenly spaced values; a sample stands for one step of time.
        step: time between rows [s].
        shortest: how long a level has to last to count [s].

    Returns:
        (k,) the level, and (k,) the row where it begins. Where the signal is shorter than that, -inf and 0.
    """
    count = max(1, int(np.ceil(shortest / step - 1e-6))) if step > 0 else 1
    least = smallest_over(x, count)
    if not len(least):
        return np.full(x.shape[1], -np.inf), np.zeros(x.shape[1], int)
    return least.max(axis=0), least.argmax(axis=0)


def low_pass(x: np.ndarray, rows: float, begin: float) -> np.ndarray:
    """(n,) x (n,) behind a first-order low-pass of so many rows that goes on from `begin`."""
    from scipy.signal import lfilter  # here, as it takes as long to load as all else of the judge

    pole = float(np.exp(-1.0 / rows))
    return lfilter([1.0 - pole], [1.0, -pole], x, zi=[pole * begin])[0]


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """(first, last) row of every unbroken run of True, last included."""
    if not mask.any():
        return []
    inside = np.zeros(len(mask) + 2, bool)
    inside[1:-1] = mask
    edges = np.flatnonzero(inside[1:] != inside[:-1]).tolist()
    return [(first, after - 1) for first, after in zip(edges[::2], edges[1::2])]


def run_around(mask: np.ndarray, row: int) -> tuple[int, int]:
    """The run of True that holds `row`; (row, row) where `row` is False."""
    for first, last in runs(mask):
        if first <= row <= last:
            return first, last
    return row, row


@dataclass(frozen=True)
class LagFit:
    """How late a state follows its command: seconds, the pooled value, per joint, and how well it fits."""

    pooled: float
    joint: np.ndarray  # (k,) NaN where the joint hardly moves
    correlation: np.ndarray  # (k,) at the joint's own lag
    rms: np.ndarray  # (k,) difference after the pooled shift, units of the signal
    at_edge: bool  # the best lag is the end of the search: nothing fits


def find_lag(
    t_command: np.ndarray,
    command: np.ndarray,
    t_state: np.ndarray,
    state: np.ndarray,
    search: float = 1.0,
    moved: float = 0.05,
) -> LagFit | None:
    """The shift that makes a state fit its command best, in the least-squares sense.

    Both are put on one grid of `LAG_STEP`, wider where `most_rate` says so; for every shift in -search..search the squared
    difference is averaged over the same grid points, so that shifts compare; a parabola through the best three refines it.

    Args:
        t_command, t_state: (n,), (m,) seconds on one clock, rising.
        command, state: (n, k), (m, k) in the same unit.
        search: largest shift tried [s]; shortened where the recording is short.
        moved: joints with a command that moves less than this have no lag of their own.

    Returns:
        The `LagFit`, or None where the two hardly overlap or nothing moves.
    """
    t_command, command = strictly_rising(t_command, command)
    t_state, state = strictly_rising(t_state, state)
    if len(t_command) < 8 or len(t_state) < 8:
        return None
    start, stop = max(t_command[0], t_state[0]), min(t_command[-1], t_state[-1])
    search = min(search, 0.25 * (stop - start))
    moving = np.ptp(command, axis=0) > moved
    step = max(LAG_STEP, 1.0 / most_rate(t_command), 1.0 / most_rate(t_state))
    if search < 5 * step or not moving.any():
        return None
    fine = np.arange(start - search, stop + search, step)
    a, b = on_grid(fine, t_command, command), on_grid(fine, t_state, state)
    shifts = np.arange(-round(search / step), round(search / step) + 1)
    rows = np.flatnonzero(np.isfinite(a[:, 0]) & (fine >= start) & (fine <= stop))
    lo, hi = rows[0], rows[-1] + 1
    error, likeness = _over_shifts(a[lo:hi], b, lo, shifts)
    pooled = error[:, moving].mean(axis=1)
    best = int(pooled.argmin())
    own = likeness.argmax(axis=0)
    each = np.array([_vertex(-likeness[:, j], own[j]) for j in range(len(own))]) + shifts[own]
    return LagFit(
        pooled=float((shifts[best] + _vertex(pooled, best)) * step),
        joint=np.where(moving, each * step, np.nan),
        correlation=likeness[own, np.arange(len(own))],
        rms=np.sqrt(error[best]),
        at_edge=best in (0, len(shifts) - 1),
    )


@np.errstate(invalid="ignore")  # a column that holds an infinite number has no delay; it comes out as NaN
def _over_shifts(x: np.ndarray, b: np.ndarray, lo: int, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared difference and correlation of x (n, k) and b[lo + shift : lo + shift + n] for every shift, (s, k) each.

    Rows of b that are NaN or beyond its ends are left out; with fewer than 8 rows left the error is infinite. The sums of
    products are correlations, taken by Fourier transforms instead of a loop over shifts; plain sums are differences of
    running ones, as long as what is known of b is one unbroken stretch.
    """
    there = np.isfinite(b[:, 0])
    known = np.flatnonzero(there)
    first, last = (int(known[0]), int(known[-1]) + 1) if len(known) else (0, 0)
    whole = len(known) == last - first
    center = (b[first:last] if whole else b[there]).mean(axis=0) if len(known) else np.zeros(b.shape[1])
    y, x = b - center, x - center  # small numbers: the sums below lose no digits
    y[~there] = 0.0
    # no sum that is asked for runs past the end, or before the beginning, of what is transformed
    size = _fast_size(max(len(b), int(lo + shifts[-1]) + len(x)) + max(0, -int(lo + shifts[0])))
    at = (lo + shifts) % size

    def sums(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        one, other = (np.fft.rfft(each.T, size) for each in (one, other))
        return np.fft.irfft(np.conj(one) * other, size)[:, at].T

    if whole:
        begin = np.clip(lo + shifts, first, last)
        end = np.clip(lo + shifts + len(x), first, last)
        n = (end - begin)[:, None].astype(float)
        sx, sxx = (between(values, begin - lo - shifts, end - lo - shifts) for values in (x, x**2))
        sy, syy = (between(values, begin, end) for values in (y, y**2))
    else:
        mask, ones = there[:, None].astype(float), np.ones((len(x), 1))
        n = np.round(sums(ones, mask))
        sx, sxx, sy, syy = sums(x, mask), sums(x**2, mask), sums(ones, y), sums(ones, y**2)
    sxy = sums(x, y)
    few = n[:, 0] < 8
    n = np.maximum(n, 1.0)
    error = np.maximum((sxx - 2 * sxy + syy) / n, 0.0)
    own, other = sxx - sx**2 / n, syy - sy**2 / n
    stands = (own <= STANDS * sxx) | (other <= STANDS * syy)  # what is left of such a column is rounding
    likeness = np.where(stands, 0.0, sxy - sx * sy / n) / np.sqrt(np.maximum(own * other, 1e-24))
    error[few], likeness[few] = np.inf, 0.0
    return error, likeness


def _fast_size(n: int) -> int:
    """The least 2^a 3^b 5^c that is n or more: Fourier transforms of such sizes are fast."""
    odd = [3**b * 5**c for b in range(n.bit_length()) for c in range(n.bit_length()) if 3**b * 5**c < 2 * n]
    return min(one << max(0, (-(-n // one) - 1).bit_length()) for one in odd)


def between(values: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(s, k) the sum of rows begin (s,) to before end (s,) of values (n, k). What is in all of these sums is added once."""
    begin, end = np.clip(begin, 0, len(values)), np.clip(end, 0, len(values))
    first, last = int(begin.max()), int(end.min())
    if first > last:  # no row is in all of them
        running = _running(values)
        return running[end] - running[begin]
    low = int(begin.min())
    before, after = _running(values[low:first][::-1]), _running(values[last : int(end.max())])
    return values[first:last].sum(axis=0) + before[first - begin] + after[end - last]


def _running(values: np.ndarray) -> np.ndarray:
    """(n + 1, k) sums of the rows before each, and of all."""
    running = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=running[1:])
    return running


def _vertex(y: np.ndarray, i: int) -> float:
    """Offset in rows, within half a row, of the minimum of the parabola through y[i-1], y[i], y[i+1]."""
    if i == 0 or i == len(y) - 1 or not np.isfinite(y[i - 1 : i + 2]).all():
        return 0.0
    bend = y[i - 1] - 2.0 * y[i] + y[i + 1]
    return float(np.clip(0.5 * (y[i - 1] - y[i + 1]) / bend, -0.5, 0.5)) if bend > 0 else 0.0


def on_grid(grid: np.ndarray, t: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(m, k) linear interpolation, NaN outside the data.

    A row that is NaN or infinite leaves no finite value from the time of the row before it on, until the time of the row after it,
    which is not among them: what lies there is NaN or infinite. All others are as if every row were finite.

    Args:
        grid: (m,) in any order; t: (n,) rising; x: (n, k).
    """
    out = np.empty((x.shape[1], len(grid)))  # a column lies in one piece
    for j, column in enumerate(np.asarray(x).T):
        out[j] = np.interp(grid, t, column, left=np.nan, right=np.nan)
    if len(t) > 1 and not np.isfinite(x).all():
        before = np.clip(np.searchsorted(t, grid, side="right") - 1, 0, len(t) - 2)
        with np.errstate(invalid="ignore"):
            out += np.where(grid == t[-1], 0.0, 0.0 * (x[before] + x[before + 1]).T)
    return out.T
