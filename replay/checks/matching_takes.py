"""Do the joints of a take follow the commands of another take of its set, and not its own? Then rows of two takes were put together.
Do commands and joints go where those of another take go, all along? Then it is that take once more, with noise or some rows later.

Takes of one task resemble one another, so that commands of the next take look like those of a loose robot. Beside the take that they are
of, they do not. A little of each take is kept: some joints, ten times a second, its first seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import SCALE, in_radians, pair, shared
from ..signals.clock import origin_ns, seconds, topic
from ..signals.signal import strictly_rising
from .finding import Finding
from .other_columns import CODE, KIND
from .rules import Rules

RATE, LONGEST = 10.0, 30.0  # rows a second that are kept, and s of a take
MOST, LEAST, SHORTEST = 8, 3, 4.0  # joints that are kept, those that go furthest; that have to go somewhere; s that two takes share
GOES = 0.2  # rad that a joint goes at the least
LATE, STEP = 1.2, 0.05  # s by which joints follow, at the most; s from one delay to the next that is tried
# rad by which joints are beside their own commands on the whole, from where on others are tried: most clean takes reach 0.03, loose
# robots 0.08; share of it by which they may be beside those that they follow: clean takes of five real sets are 1.07 times as far
BESIDE, FOLLOWS = 0.03, 0.4

# rad by which two takes are apart that are one, and before it is known how much later one of them is; s by which it is later or earlier at
# the most; rows in motion of which that is asked first, and rad/s from where on they are. Of 58 takes no two are nearer than 0.1
NEAR, ROUGHLY, EARLIER, SAMPLED, MOVING = 0.01, 0.1, 1.0, 40, 0.05
ALL_ALONG = 0.95  # of the rows and columns, which are so near
ALIKE_LONG = 0.9  # of the longer one of two takes, that the other one is: then they are one only if their joints are in the same places
FINEST = 5e-4  # rad, to which angles are kept
# times as far as the commands of two takes are apart, that joints are where commands were played again; share of what they are apart that
# is still there a row later, where it is no noise: up to 0.45 of noise on copies, from 0.7 on where a machine is 2 mrad beside itself
REPEATED, STAYS = 1.5, 0.5


@dataclass(frozen=True)
class MovingJoints:
    """Commands and measurements of some joints.

    Attributes:
        stream: of the commands; names: (k,) joints; command, measured: (n, k) float16 rad at `RATE`, as bytes.
    """

    stream: str
    names: tuple[str, ...]
    command: bytes
    measured: bytes

    @cached_property
    def both(self) -> np.ndarray:
        """(n, 2k) command and measurement."""
        return np.hstack(self.of(self.names))

    @cached_property
    def centre(self) -> dict[str, float]:
        """Joint -> its mean measurement [rad]."""
        return dict(zip(self.names, self.of(self.names)[1].mean(axis=0).tolist()))

    def of(self, names: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """(n, m) command and measurement of some joints."""
        at = [self.names.index(name) for name in names]
        command, measured = (
            np.frombuffer(x, np.float16).astype(float).reshape(-1, len(self.names))[:, at] for x in (self.command, self.measured)
        )
        return command, measured


def moving_joints(recording: Recording) -> MovingJoints | None:
    """What is kept of a take; None where commands and angles of too few joints are recorded, or of our own episodes, which reproduce."""
    command, state = pair(recording)
    if recording.episode is not None or command is None or state is None or command.unit not in SCALE or state.unit not in SCALE:
        return None
    names = shared(command, state)
    sent, came = in_radians(command, names), in_radians(state, names)
    if min(len(sent), len(came)) < 2 or not (np.isfinite(sent).all() and np.isfinite(came).all()):
        return None
    origin = origin_ns(recording)
    times = [strictly_rising(seconds(stream, origin), np.arange(stream.n)) for stream in (command, state)]
    begin, end = max(t[0] for t, _ in times), min(t[-1] for t, _ in times)
    if end - begin < SHORTEST:
        return None
    grid = np.arange(begin, min(end, begin + LONGEST), 1.0 / RATE)
    goes = np.minimum(np.ptp(sent, axis=0), np.ptp(came, axis=0))
    far = [int(j) for j in np.argsort(-goes, kind="stable")[:MOST] if goes[j] > GOES]
    if len(far) < LEAST:
        return None
    kept = [
        np.column_stack([np.interp(grid, t, x[rows, j]) for j in far]).astype(np.float16).tobytes()
        for (t, rows), x in zip(times, (sent, came))
    ]
    return MovingJoints(topic(command), tuple(names[j] for j in far), *kept)


def check_matching(own: MovingJoints | None, others: Iterable[tuple[str, MovingJoints]], rules: Rules) -> Finding | None:
    """`column.differs` of a take of which the joints follow the commands of another one, or of which the commands are followed by the
    joints of another one, much better than its own; None where its own do, or no other does.

    Args:
        others: source of another take, and what is kept of it.
    """
    if own is None:
        return None
    beside = _beside(own, own)
    if not beside > BESIDE:
        return None
    best, of = FOLLOWS * beside, ""
    for source, other in others:
        for one, two in ((own, other), (other, own)):
            if (apart := _beside(one, two)) < best:
                best, of = apart, source
    if not of:
        return None
    details = {
        "kind": KIND, "why": "why_other_take", "family": "columns", "of": of, "other": of, "stream": own.stream, "column": "command",
        "what": "column_command", "explained": 1.0 - (best / beside) ** 2, "undone": 1.0 - best / beside, "others": [],
    }  # fmt: skip
    return rules[CODE].beyond(beside, BESIDE, signal="command", subject=own.names, unit="rad", share=1.0, details=details)


class NearestTake(NamedTuple):
    """The take that goes where another one goes, all along.

    Attributes:
        source: of it; apart: how far both are apart [rad]; next_one: how far the next nearest take is [rad], infinite where there is none.
        again: whether a machine may have done it again: see `_is_done_again`.
    """

    source: str
    apart: float
    next_one: float
    again: bool


def nearest(own: MovingJoints | None, others: Iterable[tuple[str, MovingJoints]]) -> NearestTake | None:
    """The take of which commands and joints go where those of one go, all along; None where none is so near."""
    if own is None:
        return None
    known = dict(others)
    near = {source: _apart(own, other) for source, other in known.items()}
    found = sorted((apart, source) for source, (apart, _) in near.items() if apart < np.inf)
    if not found or found[0][0] > NEAR:
        return None
    apart, source = found[0]
    again = _is_done_again(own, known[source], near[source][1])
    return NearestTake(source, apart, found[1][0] if len(found) > 1 else float("inf"), again)


def _apart(one: MovingJoints, two: MovingJoints) -> tuple[float, float]:
    """[rad] by which both columns of two takes are apart in nearly all rows in which anything moves, and how many rows one of them is
    earlier or later, as suits both best; infinite where too few joints go anywhere in both."""
    names = [name for name in one.names if name in two.names]
    if len(names) < LEAST:
        return float("inf"), 0.0
    lengths = sorted((len(one.command), len(two.command)))
    elsewhere = max(abs(one.centre[name] - two.centre[name]) for name in names)
    if elsewhere > ROUGHLY and lengths[0] > ALIKE_LONG * lengths[1]:
        return elsewhere, 0.0
    mine, theirs = (one.both, two.both) if one.names == two.names else (np.hstack(take.of(names)) for take in (one, two))
    n = min(len(mine), len(theirs))
    if n < SHORTEST * RATE:
        return float("inf"), 0.0
    mine, theirs, edge = mine[:n], theirs[:n], int(EARLIER * RATE) + 1
    rows = edge + np.flatnonzero(np.abs(np.diff(mine[edge - 1 : n - edge], axis=0)).max(axis=1) > MOVING / RATE)
    if len(rows) < SAMPLED:
        return float("inf"), 0.0

    def beside(shift: float, rows: np.ndarray) -> float:
        low = int(np.floor(shift))
        part = shift - low
        there = (1.0 - part) * theirs[rows + low] + part * theirs[rows + low + 1]
        return float(np.quantile(np.abs(mine[rows] - there), ALL_ALONG))

    some = rows[:: max(1, len(rows) // SAMPLED)]
    shifts = np.arange(1 - edge, edge)
    apart = np.abs(mine[some] - theirs[some + shifts[:, None]]).reshape(len(shifts), -1)
    # most takes of a set end here: with no delay are enough values so near, whatever the others are
    near = np.flatnonzero(np.count_nonzero(apart <= ROUGHLY, axis=1) > int(ALL_ALONG * (apart.shape[1] - 1)))
    if not len(near):
        return ROUGHLY, 0.0
    coarse = np.quantile(apart[near], ALL_ALONG, axis=1)
    best = int(shifts[near[np.argmin(coarse)]])
    if coarse.min() > ROUGHLY:
        return float(coarse.min()), float(best)
    fine = {best + float(part): beside(best + part, rows) for part in np.arange(-0.9, 1.0, 0.1)}
    shift = min(fine, key=lambda shift: fine[shift])
    return max(FINEST, fine[shift]), shift


def _is_done_again(one: MovingJoints, two: MovingJoints, shift: float) -> bool:
    """Whether two takes that go the same way may be two runs of a machine: what is played again is commanded again to the rounding, and
    measured a little otherwise; what is planned again is a little otherwise all along. Noise that somebody put on a copy changes from row
    to row, in commands as in measurements."""
    names = [name for name in one.names if name in two.names]
    (sent, _), (came, stays) = (_left(mine, theirs, shift) for mine, theirs in zip(one.of(names), two.of(names)))
    return came > FINEST and (came > REPEATED * sent or stays > STAYS)


def _left(mine: np.ndarray, theirs: np.ndarray, shift: float) -> tuple[float, float]:
    """[rad] that a column of two takes is apart in the middle, with one so many rows later, and how much of it stays from one row to the
    next (1: all of it, 0: none)."""
    n, edge, low = min(len(mine), len(theirs)), int(EARLIER * RATE) + 2, int(np.floor(shift))
    rows, p = np.arange(edge, n - edge), shift - low
    cubic = (-p * (p - 1) * (p - 2) / 6, (p + 1) * (p - 1) * (p - 2) / 2, -(p + 1) * p * (p - 2) / 2, (p + 1) * p * (p - 1) / 6)
    left = mine[rows] - sum(w * theirs[rows + low + k] for k, w in zip((-1, 0, 1, 2), cubic))
    beside = left - left.mean(axis=0)
    return float(np.median(np.abs(left))), float((beside[1:] * beside[:-1]).sum() / max(float((beside**2).sum()), 1e-12))


def _beside(one: MovingJoints, two: MovingJoints) -> float:
    """[rad] by which the joints of `two` are beside the commands of `one`, in the middle of the rows, at the delay that fits best; infinite
    where too little goes anywhere in both."""
    names = [name for name in one.names if name in two.names]
    if len(names) < LEAST:
        return float("inf")
    command, measured = one.of(names)[0], two.of(names)[1]
    n = min(len(command), len(measured))
    if n < SHORTEST * RATE:
        return float("inf")
    rows = np.arange(int(LATE * RATE) + 1, n)
    found = []
    for late in np.arange(0.0, LATE, STEP) * RATE:
        whole = int(late)
        part = late - whole
        sent = (1.0 - part) * command[rows - whole] + part * command[rows - whole - 1]
        found.append(float(np.median(np.abs(measured[rows] - sent), axis=0).mean()))
    return min(found)
