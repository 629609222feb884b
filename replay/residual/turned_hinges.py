"""Recorded hinges against the hand that turns them: while it holds a door, it goes on an arc by as much as the hinge turns.

The axis, the radius and the frame are fitted. A straight way tells nothing: a wheel that a hand pushes along goes with it, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..recording.recording import Recording, Stream
from ..recording.things import units_in
from ..signals.clock import origin_ns, seconds, topic
from ..signals.signal import runs
from .difference import Difference
from .posed_things import HINGE, CarryingHand, streams_of_things

TURN = float(np.pi / 180.0)
ABOUT, STRETCH = 0.1, 0.5  # s about a row over which a rate is taken; s that a hand turns a hinge
MOVES = 0.15  # of its fastest, from where on it turns
LEAST, MOST = 0.5, 2.0 * np.pi  # rad: how far it turns at least to tell an arc; what a hinge that counts radians seldom goes beyond
NEAR, RADIUS = 0.02, (0.04, 1.5)  # m by which a hand may be beside the arc, and how far from its axis it may be
LEFT = 0.25  # of what a line, or an arc by the recorded angle, leaves
FITS = 0.7  # of the rows in which a hinge turns, that are on the arc


def turned_hinges(recording: Recording, hands: Sequence[CarryingHand]) -> Iterator[Difference]:
    """Each hinge that turns as its hand says in degrees, and not in radians."""
    for stream in streams_of_things(recording) if hands else ():
        most = np.ptp(stream.values, axis=0)
        units = units_in(stream) if most.max() > MOST else []
        for j, (name, unit) in enumerate(zip(stream.names, units)):
            # nothing that stays within a turn is asked: degrees of it would be next to nothing
            angle = unit == "rad" or (unit == "1" and name.endswith(HINGE))
            if angle and most[j] > MOST and np.isfinite(stream.values[:, j]).all():
                yield from _in_degrees(stream, name, seconds(stream, origin_ns(recording)), hands)


def _in_degrees(stream: Stream, name: str, t: np.ndarray, hands: Sequence[CarryingHand]) -> Iterator[Difference]:
    x, dt = stream.column(name), float(np.median(np.diff(t)))
    near = max(1, round(ABOUT / dt))
    if len(x) < 4 * near:
        return
    rate = np.zeros(len(x))
    rate[near:-near] = np.abs(x[2 * near :] - x[: -2 * near]) / (2.0 * near * dt)
    spans = [(a, b) for a, b in runs(rate > MOVES * np.quantile(rate, 0.99)) if (b - a) * dt >= STRETCH]
    for a, b in sorted(spans, key=lambda one: one[0] - one[1]):
        rows = slice(a, b + 1)
        if TURN * float(np.ptp(x[rows])) < LEAST:
            continue
        for hand in hands:
            p = hand.at(t).pos[rows]
            arc, radius = _left(p, TURN * x[rows])
            plain, line = _left(p, x[rows])[0], _left(p, None, x[rows])[0]
            size = float(np.sqrt(np.mean(arc**2)))
            if size > LEFT * min(float(np.sqrt(np.mean(one**2))) for one in (plain, line)) or (arc < NEAR).mean() < FITS:
                continue
            if RADIUS[0] < radius < RADIUS[1]:
                yield Difference.over(
                    t, (name,), "pose", None, float(np.abs(x).max()), "rad", "factor", certain=True, numbers={"factor": 1.0 / TURN},
                    stream=topic(stream), limit=MOST, weight=9.0 * len(x), bound="carried",
                )  # fmt: skip
                return


def _left(p: np.ndarray, angle: np.ndarray | None, along: np.ndarray | None = None) -> tuple[np.ndarray, float]:
    """(m,) how far [m] a hand at p (m, 3) is from the best arc by an angle, or from the best line along a number; and the radius [m]."""
    columns = [along] if angle is None else [np.cos(angle), np.sin(angle)]
    table = np.column_stack([np.ones(len(p)), *[c for c in columns if c is not None]])
    of, *_ = np.linalg.lstsq(table, p, rcond=None)
    return np.linalg.norm(p - table @ of, axis=1), float(np.linalg.norm(of[1:], axis=1).max())
