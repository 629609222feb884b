"""Was a recording cut in two, or is a part of a take missing?

A take that ends in a motion and one that begins in it, in the same posture and at the same speed of every joint, are one motion: takes that
were recorded one after the other begin and end at rest, or elsewhere. So are two of which one begins with the other one's last row, and two
between which some rows of that motion are lost. A take that alone of its set ends in a motion, or begins in one, lacks what came there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import SCALE, ends_of, pair
from ..signals.clock import origin_ns, seconds
from .finding import Finding
from .rules import Rules

CODE, KIND = "stream.missing", "goes_on"
MOVES, JOINTS = 1e-3, 3  # rad a row, or share of the way: a column moves; so many columns do
OFF, LEAST = 0.5, 0.3  # of a row's motion: by which the next row may be elsewhere, and that it goes at least
# cosine of where the joints are with where they went, over what is lost; s that are lost at the most. Of takes that begin and end in other
# motions one in a hundred is so, of rows that are lost within a motion three in four
ALONG, LOST = 0.95, 0.8
OTHERS, WAITED = 3, 5  # takes that tell what is usual of a set at its ends; that a verdict waits for, where there are as many
RUNS, RESTS = 0.09, 1  # rad a second, or share of the way, of a column in motion; such columns of a take at rest at the most
IN_MOTION = 2 * JOINTS  # such columns of a take in motion: both of so many joints
# of how long the others usually are, that a take is at the most; rad, or share of the way, of `COLUMNS`, and times what is usual among
# them, by which it ends elsewhere
SHORTER, ELSEWHERE, TIMES, COLUMNS = 0.8, 0.15, 5.0, 6


@dataclass(frozen=True)
class TakeEnds:
    """Both ends of a take: first row, what follows it, last row, what came before it, as steps from row to row [rad, or shares of the way];
    seconds of both, and between two rows; columns that move at both, and of these those in motion."""

    first: tuple[float, ...]
    begins: tuple[float, ...]
    last: tuple[float, ...]
    ends: tuple[float, ...]
    t0: float = 0.0
    t1: float = 0.0
    dt: float = 1.0
    move: tuple[int, int] = (0, 0)
    run: tuple[int, int] = (0, 0)

    def runs(self, at_end: bool) -> int:
        """Columns in motion at one of its ends."""
        return self.run[at_end]


def edges_of(recording: Recording) -> TakeEnds | None:
    """Both ends of a take, of what was commanded and measured; None where it has no two streams of a length."""
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
    t = seconds(state, origin_ns(recording))[[0, -1]].tolist()
    first, begins, last, ends = (tuple(row.tolist()) for row in (x[0], x[1] - x[0], x[3], x[3] - x[2]))
    dt = max((t[1] - t[0]) / (state.n - 1), 1e-6)
    steps = np.abs(x[1::2] - x[::2])
    move, run = ((int((steps[0] > least).sum()), int((steps[1] > least).sum())) for least in (MOVES, RUNS * dt))
    return TakeEnds(first, begins, last, ends, t[0], t[1], dt, move, run)


def check_cut_among(source: str, take: TakeEnds | None, others: Iterable[tuple[str, TakeEnds]], rules: Rules) -> Finding | None:
    """`stream.missing` (a WARN) of a take that goes on from another one, or that another one goes on from; None of any other. Steps of a
    task are cut on purpose, too."""
    if take is None:
        return None
    found: list[tuple[float, str, str]] = []
    for name, one in others:
        if len(one.last) != len(take.first):
            continue
        for kind, before, after in ((KIND, one, take), ("goes_before", take, one)):
            both = min(before.move[1], after.move[0]) >= JOINTS
            lost = _lost_between(before, after) if both else None
            if lost is not None:
                found.append((lost, kind, name))
    if not found:
        return None
    lost, kind, of = min(found)
    details = {"kind": kind if lost == 0.0 or kind != KIND else "goes_on_lost", "of": of.rpartition("/")[2], "seconds": lost}
    t = take.t0 if kind == KIND else take.t1
    return rules[CODE].beyond(1.0, level="WARN", subject=(source.rpartition("/")[2],), t0=t, t1=t, details=details)


def _lost_between(one: TakeEnds, other: TakeEnds) -> float | None:
    """[s] that are lost between two takes, of which the second one goes on from the first; None where it does not."""
    first, begins, last, ends = map(np.array, (other.first, other.begins, one.last, one.ends))
    moving = (np.minimum(np.abs(begins), np.abs(ends)) > MOVES) & (begins * ends > 0.0)
    if moving.sum() < JOINTS:
        return None
    step, due = first - last, 0.5 * (begins + ends)
    off = float(np.abs(step - due).max())
    if not step.any() or (off <= OFF * float(np.abs(due).max()) and (step[moving] / due[moving]).min() >= LEAST):
        return 0.0
    along, power = float(step @ due), float(due @ due)
    rows = along / power - 1.0
    if not 0.5 < rows <= LOST / one.dt or along < ALONG * float(np.sqrt(power * (step @ step))):
        return None
    return round(rows) * one.dt if round(rows) else None


def check_ends_among(source: str, take: TakeEnds | None, others: Sequence[TakeEnds], rules: Rules) -> Finding | None:
    """`stream.missing` (a WARN) of a take that alone of its set begins or ends in a motion, and elsewhere: while all others rest there, or
    sooner than they do. None of any other: half a second that was trimmed is no matter."""
    others = [one for one in others if take is not None and len(one.last) == len(take.last)]
    if take is None or len(others) < OTHERS:
        return None
    for at_end, kind in ((True, "ends_moving"), (False, "begins_moving")):
        if take.runs(at_end) < IN_MOTION:
            continue
        rest = max(one.runs(at_end) for one in others) <= RESTS
        if not rest and not (at_end and _is_short(take, others)):
            continue
        away, usual = _apart(take, others, at_end)
        if away > (ELSEWHERE if rest else max(ELSEWHERE, TIMES * usual)):
            t = take.t1 if at_end else take.t0
            details = {"kind": kind if rest else "ends_short", "takes": len(others)}
            subject = (source.rpartition("/")[2],)
            return rules[CODE].beyond(1.0, level="WARN", subject=subject, t0=t, t1=t, details=details)
    return None


def is_moving(take: TakeEnds) -> bool:
    """Whether a take begins or ends in a motion, of which the other takes of its set are asked."""
    return max(take.runs(True), take.runs(False)) >= IN_MOTION


def _is_short(take: TakeEnds, others: Sequence[TakeEnds]) -> bool:
    """Whether a take is shorter than the others usually are."""
    return take.t1 - take.t0 <= SHORTER * float(np.median([one.t1 - one.t0 for one in others]))


def _apart(take: TakeEnds, others: Sequence[TakeEnds], at_end: bool) -> tuple[float, float]:
    """How far a take begins or ends from the nearest of the others, and how far these usually do from one another, by `COLUMNS` that are
    furthest."""
    places = np.array([one.last if at_end else one.first for one in (take, *others)])
    column = max(places.shape[1] - COLUMNS, 0)
    apart = np.partition(np.abs(places[:, None] - places), column, axis=2)[:, :, column]
    np.fill_diagonal(apart, np.inf)
    return float(apart[0].min()), float(np.median(apart[1:, 1:].min(axis=1)))
