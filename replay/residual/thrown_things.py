"""Things that are elsewhere for some rows, and then back where they were: no hand takes them there within a row, and none brings them back.

A thing may well leap once: one that is dropped, or that another scene puts somewhere. It does not come back to the place, or to the turn,
from which it leapt.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..recording.recording import Recording, Stream
from ..recording.things import in_metres
from ..signals.clock import origin_ns, seconds, topic
from .departures import WitnessedColumn, departures, together
from .difference import Difference
from .leapt_things import LEAP as LEAST
from .leapt_things import SCATTER, STRUCK
from .posed_things import HINGE, PLACE, ROOM, TURN, PosedThing, seen_of, streams_of_things

LEAP = {PLACE: 0.1, TURN: 1.0, (HINGE,): 0.3}  # m or rad, within one row; of a place less where nothing strikes a thing so, nor scatters
LONE, BACK = 5.0, 0.3  # times the steps beside it, that a leap is; of it, from where it began that it comes back to
LIMIT = {PLACE: 0.02, TURN: 0.05, (HINGE,): 0.05}  # by which a column is another one
PART = 0.5  # of a take, beyond which it is not known where a thing was
UNIT = 0.01  # of the length of a turn


def thrown_things(recording: Recording) -> list[Difference]:
    """Each stretch of rows in which a thing, its turn or its hinge is elsewhere, and back after it."""
    found: list[Difference] = []
    for stream in streams_of_things(recording):
        found += together(_of(recording, in_metres(stream)))
    return found


def _of(recording: Recording, stream: Stream) -> Iterator[Difference]:
    most = dict(zip(stream.names, np.abs(np.diff(stream.values, axis=0)).max(axis=0).tolist()))
    # of a place, a turn and a hinge that leap, one number at the least does so by half of a place's leap
    parts = [one for one in _parts(stream.names) if max(most[name] for name in one[0]) > 0.5 * LEAST]
    t = seconds(stream, origin_ns(recording)) if parts else np.zeros(0)
    for names, of in parts:
        x = np.column_stack([stream.column(name) for name in names])
        if not np.isfinite(x).all() or (of == PLACE and np.abs(x).max() > ROOM):  # in another unit, which `carried_things` names
            continue
        if of == TURN and np.abs(np.linalg.norm(x, axis=1) - 1.0).max() > UNIT:
            continue
        thing = PosedThing(names[0].rpartition(".")[0], stream, t, tuple(names), x, (), 1.0)
        least = LEAP[of]
        if of == PLACE:
            least = min(least, max(LEAST, SCATTER * thing.noise, 0.25 * STRUCK * (thing.every[0] * thing.dt) ** 2))
        seen = seen_of(stream, thing.name)
        for first, last in _elsewhere(x, of, least):
            rows = np.arange(first, last + 1)
            if not seen[rows].any():
                continue
            for name, column in zip(names, x.T):
                truth = column.copy()
                truth[rows] = np.interp(rows, [first - 1, last + 1], column[[first - 1, last + 1]])
                bad = np.abs(column - truth) > LIMIT[of]
                others = {other: y for other, y in zip(names, x.T) if other != name}
                unit = "m" if of == PLACE else "1" if of == TURN else "rad"
                yield from departures(
                    WitnessedColumn(name, "pose", unit, topic(stream), t, column, truth, bad, bad, LIMIT[of], 1e-3, others, bound="back")
                )


def _parts(names: tuple[str, ...]) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """The columns of each place, turn and hinge."""
    for thing in dict.fromkeys(name.rpartition(".")[0] for name in names):
        for of in (PLACE, TURN):
            if thing and {f"{thing}.{axis}" for axis in of} <= set(names):
                yield [f"{thing}.{axis}" for axis in of], of
    for name in names:
        if name.endswith(HINGE):
            yield [name], (HINGE,)


def _elsewhere(x: np.ndarray, of: tuple[str, ...], least: float) -> Iterator[tuple[int, int]]:
    """(first, last) of the rows of x (n, k) between a leap and the one that comes back from it."""
    steps = np.concatenate([[0.0], _apart(x[1:], x[:-1], of)])
    beside = np.maximum(np.roll(steps, 1), np.roll(steps, -1))
    many, far = steps > least, steps > LEAP[of]
    # a single row is two leaps, one after the other; a hammer that goes to and fro is quick in the rows before and after as well
    stray = many & np.roll(many, -1) & (steps > LONE * np.roll(steps, 1)) & (np.roll(steps, -1) > LONE * np.roll(steps, -2))
    alone = many & ((steps > LONE * beside) | stray | np.roll(stray, 1) | (far & (np.roll(far, 1) | np.roll(far, -1))))
    rows, end = np.flatnonzero(alone).tolist(), 0
    for a, b in pairwise(rows):
        back = float(_apart(x[b : b + 1], x[a - 1 : a], of)[0])
        if a > end and b - a < PART * len(x) and back < BACK * min(steps[a], steps[b]):
            yield a, b - 1
            end = b


def _apart(x: np.ndarray, y: np.ndarray, of: tuple[str, ...]) -> np.ndarray:
    """(n,) [m or rad] between rows of x and y (n, k)."""
    if of == TURN:
        return np.asarray(2.0 * np.arccos(np.clip(np.abs((x * y).sum(axis=1)), 0.0, 1.0)))
    return np.asarray(np.linalg.norm(x - y, axis=1))
