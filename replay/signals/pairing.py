"""Two streams of one quantity side by side: the same elements on one clock, and how alike they move at small shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..recording.recording import Stream
from .clock import seconds
from .signal import between, on_grid, strictly_rising

EARLIEST, LATEST = -0.2, 1.0  # s, by which a state is looked for after its command
STEP = 0.04  # s: of the grid that two streams are compared on
MAX_ROWS = 20_000  # grid points compared; an hour is looked at in steps of 0.2 s, which slow motion survives


@dataclass(frozen=True)
class Both:
    """Command and state of the same elements: `t` (m,) s, `command` and `state` (m, k), `names` (k,)."""

    t: np.ndarray
    command: np.ndarray
    state: np.ndarray
    names: tuple[str, ...]

    @property
    def step(self) -> float:
        return float(self.t[1] - self.t[0]) if len(self.t) > 1 else 0.0

    @cached_property
    def likeness(self) -> Likeness:
        """Every command against every state, computed once."""
        return likeness(self)


def side_by_side(
    command: Stream,
    state: Stream,
    names: Sequence[str],
    origin: int,
    scales: tuple[float, float] = (1.0, 1.0),
) -> Both | None:
    """Both streams on one grid over the time that they share, by the line through the samples.

    Args:
        names: elements that both have.
        scales: what their values are multiplied by.

    Returns:
        None where they share less than 1 s or where fewer than 8 samples of either are finite.
    """
    sides = []
    for stream, scale in zip((command, state), scales):
        x = stream.values[:, [stream.names.index(name) for name in names]] * scale
        finite = np.isfinite(x).all(axis=1)
        sides.append(strictly_rising(seconds(stream, origin)[finite], x[finite]))
    if min(len(t) for t, _ in sides) < 8:
        return None
    start, stop = max(t[0] for t, _ in sides), min(t[-1] for t, _ in sides)
    if stop - start < 1.0:
        return None
    grid = even_grid(start, stop)
    commanded, measured = (on_grid(grid, t, x) for t, x in sides)
    return Both(grid, commanded, measured, tuple(names))


def even_grid(start: float, stop: float) -> np.ndarray:
    """(m,) [s] every `STEP`, or wider where that were more than `MAX_ROWS`."""
    return np.arange(start, stop, max(STEP, (stop - start) / MAX_ROWS))


@dataclass(frozen=True)
class Likeness:
    """How commands i and states j go together when the state is read `shift` later; all (s, k, k), command first.

    `difference`: mean squared difference without the means; `covariance`; `correlation`, 0 where one stands still.
    `power_command` (s, k): mean squares without the means.
    """

    shift: np.ndarray
    difference: np.ndarray
    covariance: np.ndarray
    correlation: np.ndarray
    power_command: np.ndarray


def likeness(both: Both) -> Likeness:
    """Every command against every state, for states that come between `EARLIEST` and `LATEST` seconds late."""
    n, room = len(both.t), len(both.t) // 3
    steps = np.arange(max(round(EARLIEST / both.step), -room), min(round(LATEST / both.step), room) + 1)
    command, state = (np.ascontiguousarray((each - each.mean(axis=0)).T) for each in (both.command, both.state))
    early, late = np.maximum(-steps, 0), np.maximum(steps, 0)
    rows = (n - np.abs(steps))[:, None]
    (mx, xx), (my, yy) = (_moments(x, begin, rows) for x, begin in ((command, early), (state, late)))
    xy = np.stack([command[:, a : n - b] @ state[:, b : n - a].T for a, b in zip(early.tolist(), late.tolist())]) / rows[:, :, None]
    xy -= mx[:, :, None] * my[:, None, :]
    size = np.sqrt(xx[:, :, None] * yy[:, None, :])
    difference = xx[:, :, None] + yy[:, None, :] - 2.0 * xy
    return Likeness(steps * both.step, difference, xy, np.where(size > 1e-12, xy / np.maximum(size, 1e-12), 0.0), xx)


def _moments(x: np.ndarray, begin: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(s, k) means, and mean squares without them, of so many rows (s, 1) of x (k, n) from each begin (s,) on."""
    mean, square = (between(each.T, begin, begin + rows[:, 0]) / rows for each in (x, x * x))
    return mean, np.maximum(square - mean * mean, 0.0)
