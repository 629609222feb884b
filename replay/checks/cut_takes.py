"""Does a take go on from the last row of another one of its set, in motion? Then one recording was cut in two.

A take that ends in a motion and one that begins in it, in the same posture and at the same speed of every joint, are one motion: takes that
were recorded one after the other begin and end at rest, or elsewhere. So are two of which one begins with the other one's last row.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import SCALE, ends_of, pair
from .finding import Finding
from .rules import Rules

CODE, KIND = "stream.missing", "goes_on"
MOVES, JOINTS = 1e-3, 3  # rad a row, or share of the way: a column moves; so many columns do
OFF, LEAST = 0.5, 0.3  # of a row's motion: by which the next row may be elsewhere, and that it goes at least

Edges = tuple[tuple[float, ...], ...]  # first row, what follows it, last row, what came before it: steps from row to row


def edges_of(recording: Recording) -> Edges | None:
    """Both ends of a take, of what was commanded and measured [rad, or shares of the way]; None where it has no two streams of a length."""
    command, state = pair(recording)
    if recording.episode is not None or command is None or state is None or command.n != state.n or state.n < JOINTS:
        return None
    columns = []
    for stream in (command, state):
        ends = None if stream.unit in SCALE else ends_of(stream.unit)
        size = SCALE.get(stream.unit, 1.0 if ends is None else 1.0 / (ends[1] - ends[0]))
        columns.append(stream.values[[0, 1, -2, -1]] * size)
    x = np.hstack(columns)
    if not np.isfinite(x).all():
        return None
    return tuple(tuple(row.tolist()) for row in (x[0], x[1] - x[0], x[3], x[3] - x[2]))


def check_cut_among(take: Edges | None, others: Iterable[tuple[str, Edges]], rules: Rules) -> Finding | None:
    """`stream.missing` (a WARN) of a take that goes on from another one; None of any other. Steps of a task are cut on purpose, too."""
    if take is None:
        return None
    first, begins = np.array(take[0]), np.array(take[1])
    if (np.abs(begins) > MOVES).sum() < JOINTS:
        return None
    for source, one in others:
        last, ends = np.array(one[2]), np.array(one[3])
        if len(last) != len(first):
            continue
        moving = (np.minimum(np.abs(begins), np.abs(ends)) > MOVES) & (begins * ends > 0.0)
        step, due = first - last, 0.5 * (begins + ends)
        off = float(np.abs(step - due).max())
        if moving.sum() < JOINTS:
            continue
        if not step.any() or (off <= OFF * float(np.abs(due).max()) and (step / due)[moving].min() >= LEAST):
            name = source.rpartition("/")[2]
            return rules[CODE].beyond(1.0, level="WARN", subject=(name,), details={"kind": KIND, "of": source})
    return None
