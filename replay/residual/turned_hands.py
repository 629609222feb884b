"""Hands that count from the other end: for a part of a take, or in command and measurement alike, where nothing contradicts either."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..signals.statistics import correlation
from .difference import Difference
from .hands import COUNTED, MEMORY
from .relations import shifted
from .table import Group

LEAPS, BACK = 0.2, 0.3  # of its way that a hand leaps at an edge; share of it by which it is beside its place, counted from the other end
APART, NEARER = 0.25, 0.3  # of its way that a hand is from its command, root mean square; share of it that is left from the other end
LEAST = 0.3  # s of a part
AGAINST, GOES = -0.8, 0.3  # correlation of speeds with rises, and of forces with the way that is left; of its way that a hand goes
PUSHES = -0.3


def hands_turned_in_part(group: Group) -> Iterator[Difference]:
    """Parts in which the command or the measurement of a hand counts from the other end.

    At its edges one of the two leaps to as far from the other end as it was from its own, and in between it is far from the other
    column, and near once it is counted so.
    """
    for channel in group.channels:
        if not {"command", "measured"} <= set(channel.columns) or channel.is_switch:
            continue
        c, q = channel.columns["command"], channel.columns["measured"]
        if max(np.abs(c).max(), np.abs(q).max()) > COUNTED or min(np.ptp(c), np.ptp(q)) < GOES:
            continue
        for kind, x in (("measured", q), ("command", c)):
            parts = list(_parts(x, c, q, group.dt))
            for first, last in parts:
                size = float(np.abs(2.0 * x[first : last + 1] - 1.0).max())
                yield Difference.over(
                    group.t, (channel.name,), kind, (first, last), size, "1", "mirrored", certain=True, numbers={"factor": -1.0},
                    stream=channel.topics[kind], limit=APART, weight=1e3 * size * (last - first + 1),
                )  # fmt: skip
            if parts:
                break


def _parts(x: np.ndarray, c: np.ndarray, q: np.ndarray, dt: float) -> Iterator[tuple[int, int]]:
    step = np.diff(x)
    edges = np.flatnonzero((np.abs(step) > LEAPS) & (np.abs(1.0 - x[1:] - x[:-1]) < BACK * np.abs(step))) + 1
    bounds = [0, *edges.tolist(), len(x)]
    for first, after in pairwise(bounds) if len(edges) else ():
        whole = first == 0 and after == len(x)
        if whole or (after - first) * dt < LEAST or (len(x) - after + first) * dt < LEAST:
            continue
        here = np.zeros(len(x), bool)
        here[first:after] = True
        as_it_is, turned = _beside(c, q, here, dt), _beside(c, 1.0 - q, here, dt)
        if as_it_is > APART and turned < NEARER * as_it_is and _beside(c, q, ~here, dt) < _beside(c, 1.0 - q, ~here, dt):
            yield first, after - 1


def _beside(c: np.ndarray, q: np.ndarray, rows: np.ndarray, dt: float) -> float:
    """Root mean square by which a hand is beside its command in some rows, at the delay that suits best."""
    delays = range(0, round(2.0 * MEMORY / dt) + 1, max(1, round(MEMORY / dt) // 4))
    return min(float(np.sqrt(np.mean((q - shifted(c, -late))[rows] ** 2))) for late in delays)


def hands_turned_round(group: Group) -> Iterator[Difference]:
    """Hands with command and measurement counted from the other end: their speeds are those of the rises with the other sign, and their
    servos would push away from the command. Speeds alone of the other sign leave the forces as they are."""
    for channel in group.channels:
        if not {"command", "measured", "velocity", "effort"} <= set(channel.columns):
            continue
        c, q, v, effort = (channel.columns[kind] for kind in ("command", "measured", "velocity", "effort"))
        if np.abs(c).max() > COUNTED or min(np.ptp(c), np.ptp(q)) < GOES:
            continue
        if correlation(np.gradient(q), v) < AGAINST and correlation(shifted(c, -1) - q, effort) < PUSHES:
            way = float(np.ptp(q))
            yield Difference.over(
                group.t, (channel.name,), "measured", None, way, "1", "mirrored", certain=True, numbers={"factor": -1.0},
                stream=channel.topics["measured"], limit=APART, weight=1e3 * group.n * way,
            )  # fmt: skip
