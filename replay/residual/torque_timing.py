"""When torques were measured: a stream of them may come a cycle or two after the others, and smoothed; commands a row before or after.

The law of a servo holds between what it had and what it gave. Which row that stands in is a matter of the recorder, and harmless as
long as it is short. So the columns are put on common rows first, where that makes the law hold; what is left is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from ..signals.signal import over_runs
from ..signals.statistics import percentile
from .relations import robust, shifted
from .table import Group, RecordedChannel

HARMLESS, ROW = 0.1, 1  # s by which a column may be late less than, and rows that it may be late whatever they last
REACH = 3.0  # times that, so far is looked: what is best at an end of what is harmless is later still
SLOW = (0.0, 0.015, 0.03, 0.045, 0.06, 0.08, 0.1, 0.15, 0.2)  # s of a first-order low-pass that torques may have gone through
HELPS = 0.8  # of what the law leaves in its own rows, that it leaves with some column a row away, where any delay is to be found
MANY = 9  # delays that are tried on either side, and then those beside the best
SHARPER = 1.0 / 3.0  # of what the law leaves in its own rows, that it may leave in others to be believed
HOLDS = 0.02  # of the largest usual torque: a law that leaves less than this holds in its own rows
CHANGES = 0.01  # of the largest usual change of torque or command: a row without it is like its neighbours
LEAST, MOST = 30, 700  # rows that are asked
ORDERS = (("command",), ("effort", "command"), ("command", "effort", "command"))
BRAKES = 1  # column of the law: what a joint's speed takes away
OF_ROWS = 80.0  # per cent of them, that leave no more


@dataclass(frozen=True)
class TorqueTiming:
    """Rows by which a column is late (negative: early), and [s] of the low-pass that the torques have gone through."""

    rows: Mapping[str, int]
    seconds: float = 0.0

    def put_right(self, channel: RecordedChannel, dt: float) -> RecordedChannel:
        """The channel with its columns on common rows."""
        if not {"command", "measured", "velocity", "effort"} <= set(channel.columns):
            return channel
        columns = dict(channel.columns)
        if self.seconds:
            columns["effort"] = unsmoothed(columns["effort"], self.seconds, dt)
        columns |= {kind: shifted(columns[kind], late) for kind, late in self.rows.items()}
        return replace(channel, columns=columns)


# one of which helps wherever a column is late or smoothed at all
NEXT = (
    *(TorqueTiming({kind: by}) for kind in ("command", "effort") for by in (-1, 1)), *(TorqueTiming({}, by) for by in (0.03, 0.08)),
)  # fmt: skip


def is_harmless(rows: int, dt: float) -> bool:
    """Whether a column that is late by so many rows is as late as recorders and converters of sets write them."""
    return abs(rows) <= ROW or abs(rows) * dt < HARMLESS - 1e-6


def in_time(group: Group, timing: TorqueTiming, names: Iterable[str]) -> Group:
    """The group with some of its channels put right."""
    some = set(names)
    return replace(group, channels=tuple(timing.put_right(c, group.dt) if c.name in some else c for c in group.channels))


def unsmoothed(x: np.ndarray, seconds: float, dt: float) -> np.ndarray:
    """(n,) what a first-order low-pass has made x of."""
    pole = float(np.exp(-dt / seconds))
    return (x - pole * np.concatenate([x[:1], x[:-1]])) / (1.0 - pole)


def timing_of(channels: tuple[RecordedChannel, ...], weight: np.ndarray, dt: float) -> TorqueTiming | None:
    """When the torques of servos that share their numbers were measured; None where their law holds as they stand, or at no time.

    Args:
        weight: (n, k) that they carry beside.
    """
    rows = rows_that_tell(channels, weight, dt)
    if rows is None:
        return None
    size = percentile(np.abs(np.concatenate([c.columns["effort"] for c in channels])), 99.0)
    plain, many = rows.left(TorqueTiming({})), max(ROW, round(REACH * HARMLESS / dt))
    # commands that leap in each row agree with torques in their own row alone, and not better the nearer they are
    leaping = (TorqueTiming({"command": sign * by}) for by in range(ROW + 1, int(HARMLESS / dt) + 1) for sign in (-1, 1))
    if plain <= HOLDS * size or not any(rows.left(one) <= HELPS * plain for one in (*NEXT, *leaping)):
        return None
    stride = -(-many // MANY)
    lates = sorted({*range(-many, many + 1, stride), *range(-ROW, ROW + 1)}, key=abs)

    def better(known: tuple[float, TorqueTiming], step: str) -> tuple[float, TorqueTiming]:
        of = known[1]
        slow = SLOW if step == "effort" else (of.seconds,)  # what is smoothed is late as well: only both together are found
        tried = [TorqueTiming({**of.rows, step: late}, seconds) for seconds in slow for late in lates]
        found = min([known, *((rows.left(one), one) for one in tried)], key=lambda one: one[0])
        at = found[1].rows.get(step, 0)
        near = [replace(found[1], rows={**found[1].rows, step: at + by}) for by in range(1 - stride, stride) if by]
        return min([found, *((rows.left(one), one) for one in near)], key=lambda one: one[0])

    # which of the two is late first decides where the search ends, and torques that are smoothed come near commands that are early
    best = (plain, TorqueTiming({}))
    for steps in ORDERS:
        if best[0] > HOLDS * size:
            best = min(best, reduce(better, steps, (plain, TorqueTiming({}))), key=lambda one: one[0])
    timing = best[1]
    late, early = timing.rows.get("effort", 0), timing.rows.get("command", 0)
    # what is late by more than that is no matter of the recorder's bus
    harmless = all(is_harmless(by, dt) for by in (late, early, late - early)) and timing.seconds <= HARMLESS
    return timing if best[0] <= SHARPER * plain and harmless else None


@dataclass(frozen=True)
class RowsThatTell:
    """Rows of some joints in which torques or commands change, so that it tells whether they are of this row or the next one.

    Attributes:
        joint, row: (m,) which; rest: (m, p) what the law has beside the command, which is `held` (m,) [rad] away.
        commands, torques: (k, n); dt: [s] between rows.
    """

    joint: np.ndarray
    row: np.ndarray
    held: np.ndarray
    rest: np.ndarray
    commands: np.ndarray
    torques: np.ndarray
    dt: float
    unfiltered: dict[float, np.ndarray] = field(default_factory=dict)

    def torques_before(self, seconds: float) -> np.ndarray:
        """(k, n) torques without a low-pass of so many seconds, found when they are asked for."""
        if seconds not in self.unfiltered:
            self.unfiltered[seconds] = np.stack([unsmoothed(x, seconds, self.dt) for x in self.torques]) if seconds else self.torques
        return self.unfiltered[seconds]

    def left(self, timing: TorqueTiming) -> float:
        """What the law leaves at the most in most of these rows."""
        last = self.commands.shape[1] - 1
        later = np.clip(self.row + timing.rows.get("command", 0) - 1, 0, last)
        x = np.column_stack([self.commands[self.joint, later] - self.held, self.rest])
        y = self.torques_before(timing.seconds)[self.joint, np.clip(self.row + timing.rows.get("effort", 0), 0, last)]
        kept = np.flatnonzero(np.ptp(x, axis=0) > 0.0)
        for _ in range(2):
            if not len(kept):
                return float("inf")
            numbers, rest, _ = robust(x[:, kept], y, None, np.full(len(kept), 1e-9), 1e-6)
            drives = (kept == BRAKES) & (numbers < 0.0)  # no servo pushes on because it moves
            if not drives.any():
                break
            kept = kept[~drives]
        return percentile(np.abs(rest), OF_ROWS)


def rows_that_tell(channels: tuple[RecordedChannel, ...], weight: np.ndarray, dt: float) -> RowsThatTell | None:
    """None where too few do. Where commands change, torques do as well; a hand's change wherever it closes, whatever it is commanded."""
    c, q, v, effort = (np.stack([one.columns[kind] for one in channels]) for kind in ("command", "measured", "velocity", "effort"))
    tell = _near_changes(c, 1)
    if int(tell.sum()) < LEAST:
        tell = _near_changes(c, 2) | _near_changes(effort, 2)
    if int(tell.sum()) < LEAST:
        return None
    joint, row = (x[:: -(-int(tell.sum()) // MOST)] for x in np.nonzero(tell))
    rest = np.column_stack([-v[joint, row], weight[row, joint]])
    return RowsThatTell(joint, row, q[joint, row], rest, c, effort, dt)


def _near_changes(x: np.ndarray, reach: int) -> np.ndarray:
    """(k, n) rows within `reach` of one in which a column of x (k, n) changes."""
    size = np.abs(np.gradient(x, axis=1))
    most = np.maximum([percentile(of, 99.0) for of in size], 1e-12)
    near = np.pad(size > CHANGES * most[:, None], ((0, 0), (reach, reach)))
    return np.asarray(over_runs(np.maximum, near.T, 2 * reach + 1).T)
