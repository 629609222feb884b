"""Two streams of one quantity side by side: the same elements on one clock, and how alike they move at small shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..recording.recording import Stream
from .clock import seconds
from .signal import on_grid, strictly_rising

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
    room = len(both.t) // 3
    steps = range(max(round(EARLIEST / both.step), -room), min(round(LATEST / both.step), room) + 1)
    found = []
    command, state = (np.ascontiguousarray(each.T) for each in (both.command, both.state))
    for s in steps:
        x = command[:, max(0, -s) : len(both.t) - max(0, s)]
        y = state[:, max(0, s) : len(both.t) + min(0, s)]
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        xx, yy = (np.einsum("kn,kn->k", each, each) / x.shape[1] for each in (x, y))
        xy = x @ y.T / x.shape[1]
        size = np.sqrt(np.outer(xx, yy))
        found.append(
            (
                xx[:, None] + yy[None, :] - 2.0 * xy,
                xy,
                np.where(size > 1e-12, xy / np.maximum(size, 1e-12), 0.0),
                xx,
            )
        )
    difference, covariance, correlation, power = (np.stack(one) for one in zip(*found))
    return Likeness(np.array(steps) * both.step, difference, covariance, correlation, power)
