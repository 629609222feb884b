"""The one clock of a recording's frames: at which rate, from when on, and how many rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...scenarios.sheet.errors import EpisodeError
from ..recording.features import grid_ns
from ..recording.recording import Stream
from ..signals.grid import SLACK_NS, UNAMBIGUOUS, RowGrid, fitted
from .resample import Rows

DEFAULT_FPS = 30  # the hardware's main camera clock, for recordings of streams with rates of their own
NEARLY_WHOLE = 0.02  # share by which rows that all come at one rate may be off the whole number by which it is called
MULTIPLES = 10  # of a rate that is no whole number, for one that keeps every row
MAX_ROWS = 50_000_000
_NS = 1_000_000_000


@dataclass(frozen=True)
class FrameClock:
    """When the frames are.

    Attributes:
        fps: frames a second by name, a whole number.
        start_ns: of the first row, by the streams' clock [ns].
        rows: how many; period_ns: between two of them [ns], 1 / fps, except for a source with an own rate near it (29.97).
    """

    fps: int
    start_ns: int
    rows: int
    period_ns: float

    @property
    def since_first_ns(self) -> np.ndarray:
        """(rows,) int64 time of each row since the first [ns]."""
        if self.period_ns == _NS / self.fps:
            return grid_ns(self.rows, self.fps)
        return np.rint(np.arange(self.rows) * self.period_ns).astype(np.int64)

    @property
    def at_ns(self) -> np.ndarray:
        """(rows,) int64 time of each row [ns]."""
        return self.start_ns + self.since_first_ns

    @property
    def rate(self) -> float:
        """Rows a second [Hz]."""
        return _NS / self.period_ns


def own_rate(streams: list[Stream]) -> tuple[int, bool]:
    """Frames a second that streams themselves suggest, and whether their rows can be taken as they are.

    The rate of their rows, to the next whole number, where all share one clock or come at one rate; else `DEFAULT_FPS`.
    """
    leading = [stream for stream in streams if stream.role != "event"]
    if not leading:
        return DEFAULT_FPS, False
    grids = _grids(leading)
    known = [grid for stream in leading if (grid := grids[stream.name]) is not None and grid.distinct]
    if len(known) == len(leading):
        rates = {max(1, round(grid.rate)) for grid in known}
        fps = rates.pop()
        if not rates and _have_rate(grids, fps):
            try:
                at = frame_clock(leading, fps).at_ns
            except EpisodeError:
                return fps, False  # streams that do not overlap; the import of frames reports it
            return fps, all(Rows(_once_each(stream.time_ns), at).as_they_are is not None for stream in leading)
    first = leading[0]
    shared = all(np.array_equal(stream.time_ns, first.time_ns) for stream in leading)
    times = _once_each(first.time_ns)
    if not shared or len(times) < 2 or times[-1] == times[0]:
        return DEFAULT_FPS, False
    grid = grids[first.name]
    mean = _NS * (len(times) - 1) / float(times[-1] - times[0])
    return max(1, round(grid.rate if grid is not None and grid.exact else mean)), False


def broken_rate(streams: list[Stream]) -> tuple[float, int | None] | None:
    """The rate [Hz] of rows on one grid, where it is no whole number as LeRobot wants it, and the lowest rate on which all of them stand.

    Args:
        streams: of one recording; events have no rate.

    Returns:
        None where the rows can be taken as they are, or stand on no grid. The second is None where no multiple of the first up to
        `MULTIPLES` is a whole number, to within the rounding of stamps.
    """
    leading = [stream for stream in streams if stream.role != "event"]
    grids = _grids(leading)
    known = [grid for stream in leading if (grid := grids[stream.name]) is not None and grid.exact]
    if not leading or len(known) < len(leading) or any(_have_rate(grids, max(1, round(grid.rate))) for grid in known):
        return None
    rate = known[0].rate
    if any(not grid.has_rate(rate) for grid in known):
        return None
    whole = next((round(k * rate) for k in range(2, MULTIPLES + 1) if known[0].stands_on(round(k * rate) / k)), None)
    return rate, whole


def frame_clock(leading: list[Stream], fps: int, source: str | None = None) -> FrameClock:
    """The clock of frames at a rate, over the time in which all streams have samples.

    Where a stream has this rate itself, the frames stand on its grid, phase and all; of several an exact one, and of those a
    command. Else they stand at k / fps from the latest beginning of a stream on.

    Args:
        leading: streams that must have a sample, at least one; of events there are none among them.

    Raises:
        EpisodeError: the streams do not overlap in time, or make too many rows.
    """
    grids = _grids(leading)
    nearly = _have_rate(grids, fps)
    alike = [(s, g) for s in leading if (g := grids[s.name]) is not None and g.distinct and (nearly or g.has_rate(fps))]
    # what jitters and drifts from the rate is no clock for others, unless it is what was commanded
    masters = [(s, g) for s, g in alike if g.exact or s.role == "command" or _near(g, fps)]
    if masters:
        _, grid = min(masters, key=lambda pair: (not pair[1].exact, pair[0].role != "command"))
        start, period = _by_name(grid, fps)
        same = {s.name for s, g in alike if abs(g.period_ns - period) * int(g.place[-1]) < UNAMBIGUOUS * period}
    else:
        start, period, same = float(max(int(s.time_ns.min()) for s in leading)), _NS / fps, set()
        grid = None
    begin = grid.begin_ns if grid is not None else round(start)
    start = start if grid is not None else 0.0
    first, last = [], []
    for stream in leading:
        # of the same rate a row has its sample within half a period; of another one within rounding
        own = grids[stream.name]
        room = 0.5 * period if stream.name in same else min(own.tolerance_ns if own else SLACK_NS, UNAMBIGUOUS * period)
        ends = (int(stream.time_ns.min()) - begin, int(stream.time_ns.max()) - begin)
        first.append(int(np.ceil((ends[0] - room - start) / period)))
        last.append(int(np.floor((ends[1] + room - start) / period)))
    rows = min(last) - max(first) + 1
    overlap = min(int(s.time_ns.max()) for s in leading) - max(int(s.time_ns.min()) for s in leading)
    if rows < 1 or (rows < 2 and overlap <= 0):
        spans = (
            (s.name, (int(s.time_ns.min()) - begin) * 1e-9, (int(s.time_ns.max()) - begin) * 1e-9) for s in leading[:6]
        )
        shown = ", ".join(f"{name} {a:.2f} to {b:.2f} s" for name, a, b in spans)
        raise EpisodeError(f"the streams do not overlap in time: {shown}.", file=source)
    if rows > MAX_ROWS:
        raise EpisodeError(f"{rows} frames at {fps} a second are too many; lower fps.", file=source, field="fps")
    return FrameClock(fps, begin + round(start + max(first) * period), rows, period)


def _grids(streams: list[Stream]) -> dict[str, RowGrid | None]:
    """The grid of each stream by name; fields of one message share their times."""
    found: dict[str, RowGrid | None] = {}
    known: list[tuple[np.ndarray, RowGrid | None]] = []
    for stream in streams:
        times = _once_each(stream.time_ns)
        grid = next((g for t, g in known if t is times or np.array_equal(t, times)), None)
        if grid is None:
            grid = fitted(times)
            known.append((times, grid))
        found[stream.name] = grid
    return found


def _have_rate(grids: dict[str, RowGrid | None], fps: int) -> bool:
    """Whether all rows are of that rate by name: each stream's, or all stand whole on grids of one rate that is nearly it (29.6 Hz, which
    LeRobot has as 30). Then each keeps its own time, and none is made up."""
    known = [grid for grid in grids.values() if grid is not None]
    if len(known) < len(grids) or not known:
        return False
    even = all(g.exact and g.whole and g.has_rate(known[0].rate) and abs(g.rate / fps - 1.0) <= NEARLY_WHOLE for g in known)
    return even or all(grid.has_rate(fps) for grid in known)


def _once_each(times_ns: np.ndarray) -> np.ndarray:
    """The times of samples (n,), each once: of samples of one time the last one counts. A clock that steps back stays as it is."""
    step = np.diff(times_ns)
    return times_ns if (step > 0).all() or (step < 0).any() else times_ns[np.append(step > 0, True)]


def _by_name(grid: RowGrid, fps: int) -> tuple[float, float]:
    """Start from the first row and period [ns] of the rows: 1 / fps where they stand so to within rounding or jitter."""
    named = _NS / fps
    drift = (grid.period_ns - named) * int(grid.place[-1])
    near = grid.stands_on(fps) if grid.exact else _near(grid, fps)
    return (grid.start_ns + 0.5 * drift, named) if near else (grid.start_ns, grid.period_ns)


def _near(grid: RowGrid, fps: int) -> bool:
    """Whether rows drift from k / fps by no more than leaves each at its own place."""
    return abs(grid.period_ns - _NS / fps) * int(grid.place[-1]) <= UNAMBIGUOUS * _NS / fps
