"""The last row of a take, or its first one, written again and again: what a recorder or a converter does to bring a take to a length.

A take that ends in a motion has a command and measurements that go on in its last rows. No body stands from one row to the next, in all
that is measured and to the bit. So what stands there was not recorded: the rows are named, once, and nothing else is compared in them.

At the beginning, a take that was cut out of a motion goes on so from one row to the next.

Speeds may have been computed afterwards, of positions that stand: they go to zero, as fast as a filter ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..recording.quantities import POSITIONS
from ..recording.quantities import SPEEDS as JOINT_SPEEDS
from ..recording.recording import Recording, Stream, Times
from ..signals.channels import SCALE
from ..signals.clock import origin_ns, seconds
from ..signals.signal import strictly_rising
from .difference import LEAP, Difference
from .moving_base import PLACES
from .moving_base import SPEEDS as BASE_SPEEDS

ROLES = ("command", "measured")
MOVES = 0.003  # rad, or share of a column's whole way, from one row to the next: what goes so far does not stand in the next one
ANSWERS = 0.25  # s, within which a joint that stands answers a command that moves
BASE_MOVES = 0.0003  # m or rad, the same of a base or of the height of a body: within a second it is no longer where its speeds lead
FILTER = 0.2  # s, within which a speed that is computed of positions forgets that they moved
STOOD = 1e-6  # rad/s, m/s, or share of the way: a computed speed of what stands
LEFT = 30  # rows before them, for a take to be one
REPEATED = 3  # rows at the beginning: a first command that is sent a row late is no padding


@dataclass(frozen=True)
class PaddedEnd:
    """Rows `first` to `last` of a take of so many `rows` repeat the one before them, or at its beginning the one after them; `size`: in
    `unit`, the step of the channel that went furthest before, or after."""

    first: int
    last: int
    size: float
    unit: str
    channels: tuple[str, ...]
    times: tuple[float, float]
    rows: int
    begins: bool = False

    @property
    def difference(self) -> Difference:
        """Unsure, since nothing of the take is refuted by it."""
        return Difference(
            self.channels, "rows", self.first, self.last, *self.times, self.size, self.unit,
            "padded_begin" if self.begins else "padded", False, limit=LEAP,
            rows=self.rows, weight=float(self.last - self.first + 1),
        )  # fmt: skip


def padded_end(recording: Recording, begins: bool = False) -> PaddedEnd | None:
    """The rows at the end of a take of others that are no rows; one of our own keeps what tells.

    Args:
        begins: at its beginning instead, as of a take that is read from its end. There a joint that is measured coarsely may go on a row
            after its command does; a servo that had stood would answer later.
    """
    of = [s for s in recording.streams.values() if s.role in ROLES and s.n]
    joints = [s for s in of if s.quantity in POSITIONS]
    if recording.episode is not None or {s.role for s in joints} != set(ROLES):
        return None
    n = joints[0].n
    if any(s.n != n or not np.array_equal(s.time_ns, joints[0].time_ns) for s in of):
        return None
    t = seconds(joints[0], origin_ns(recording))
    if begins:
        of, joints = ([replace(s, values=s.values[::-1]) for s in streams] for streams in (of, joints))
        t = -t[::-1]
    changes = np.flatnonzero(np.logical_or.reduce([_changes(s.values[:, ~_are_speeds(s)]) for s in of]))
    end = int(changes[-1]) + 1 if len(changes) else 0  # the last row that is another one than the row before
    if end < LEFT or n - 1 - end < (REPEATED if begins else 1) or len(strictly_rising(t, t)[0]) != n:
        return None
    if any(not _stand(s.values[end + 1 :, _are_speeds(s)], t[end + 1 :] - t[end]) for s in of):
        return None
    near = {"command": (end,), "measured": (end, end - 1)} if begins else dict.fromkeys(ROLES, (end,))
    steps = {role: [(name, s.unit in SCALE, step) for s in joints if s.role == role
                    for name, step in zip(s.names, np.max([_step(s, row) for row in near[role]], axis=0))] for role in ROLES}  # fmt: skip
    moving, measured = ([one for one in steps[role] if one[2] >= MOVES] for role in ROLES)
    places = [(s.column(name), name) for s in of if s.role == "measured" for name in PLACES if name in s.names]
    base = [(name, True, step) for x, name in places if (step := abs(float(x[end] - x[end - 1]))) >= BASE_MOVES]
    if not base and (not moving or not (measured or (t[-1] - t[end] > ANSWERS and not begins))):
        return None
    moving = measured or moving or base
    _, angle, far = max(moving, key=lambda one: (one[1], one[2]))
    names = tuple(name for name, of_angle, _ in moving if of_angle == angle)
    unit, times = "rad" if angle else "1", (float(t[end]), float(t[-1]))
    if begins:
        return PaddedEnd(0, n - 2 - end, float(far), unit, names, (-times[1], -times[0]), n, True)
    return PaddedEnd(end + 1, n - 1, float(far), unit, names, times, n)


def _are_speeds(stream: Stream) -> np.ndarray:
    """(k,) which columns are measured speeds."""
    of_joints = stream.role == "measured" and stream.quantity in JOINT_SPEEDS
    return np.array([of_joints or (stream.role == "measured" and name in BASE_SPEEDS) for name in stream.names], bool)


def _changes(values: np.ndarray) -> np.ndarray:
    """(n - 1,) whether a row is another one than the row before."""
    return (values[1:] != values[:-1]).any(axis=1)


def _stand(speeds: np.ndarray, since: np.ndarray) -> bool:
    """Whether speeds (n, k) are repeated as the rest is, or are those of positions that stand for `since` (n,) s."""
    if not _changes(speeds).any():
        return True
    return bool((np.abs(speeds[since > min(FILTER, 0.5 * since[-1])]) <= STOOD).all())


def in_rows_after(begin: PaddedEnd, one: Difference) -> Difference:
    """A difference of a take without the rows before it begins, in rows and seconds of the take with them."""
    rows, t = begin.last + 1, begin.times[1] - begin.times[0]
    return replace(one, first=one.first + rows, last=one.last + rows, rows=one.rows + rows, t0=one.t0 + t, t1=one.t1 + t)


def without_padding(recording: Recording, *ends: PaddedEnd) -> Recording:
    """The take without these rows, of streams that have as many rows as those in which they stand."""
    if not ends:
        return recording
    rows = np.arange(ends[0].rows)
    keep = np.logical_and.reduce([(rows < one.first) | (rows > one.last) for one in ends])
    return replace(recording, streams={key: _where(s, keep) if s.n == len(keep) else s for key, s in recording.streams.items()})


def _step(stream: Stream, row: int) -> np.ndarray:
    """(k,) of each column from the row before to this one: rad, or a share of its whole way."""
    step = np.abs(stream.values[row] - stream.values[row - 1])
    return step * SCALE[stream.unit] if stream.unit in SCALE else step / _reach(stream)


def _reach(stream: Stream) -> float:
    return float(np.ptp(stream.values, axis=0).max()) or 1.0


def _where(stream: Stream, keep: np.ndarray) -> Stream:
    def of(times: Times | None) -> Times | None:
        return None if times is None else times[keep]

    return replace(
        stream, values=stream.values[keep], meta=stream.meta_of(keep), capture_ns=of(stream.capture_ns), receive_ns=of(stream.receive_ns),
        device_ns=of(stream.device_ns),
    )  # fmt: skip
