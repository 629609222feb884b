"""An arm that is behind its commands by more than the other joints of the robot: its rows are of another moment.

Which of two delays is the odd one is no matter of how many joints have it: a late arm may be most of what moves. Measurements come late by
themselves, and never early, so the later one is the late one. A slower servo is distinguished as for a single joint (`slower_servo`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..signals.sides import side_of
from .difference import Difference
from .put_right import PutRight
from .relations import shifted
from .slower_servo import NO_BETTER, SHIFTED, as_late_rows, speed_agrees
from .table import Group, RecordedChannel

EARLY, LATE = 0.2, 0.8  # s by which a joint may be ahead of its command, and behind it
GOES, JOINTS = 0.1, 3  # rad that a joint goes; such joints of an arm, and of the rest where it is no slower than robots are
APART, SURE, WITHIN = 0.1, 0.15, 0.05  # s between an arm and the rest; from where on no chain of devices made it; of the joints of either
ORDINARY = 0.35  # s that robots come late
MOST = 0.75  # of the joints of the arm, that say so
SLOWEST = 0.1  # s between rows, beyond which they tell of no such delay
ROWS = 600  # that a delay is asked of, at the most


def late_arm(group: Group) -> PutRight | None:
    """The arm with measurements of another moment than the other joints'; None where there is none."""
    moving = [c for c in group.both if not c.is_switch]
    moving = [c for c in moving if c.unit == "rad" and c.goes("command") > GOES]
    sides = {side: [c for c in moving if side_of(c.name) == side] for side in ("l", "r")}
    if group.hands or not group.same_rows or group.dt > SLOWEST or max(map(len, sides.values())) < JOINTS:
        return None
    delays = {c.name: delay_of(c, group.dt) for c in moving}
    for side, arm in sides.items():
        rest = [c for c in moving if side_of(c.name) != side]
        if len(arm) < JOINTS or not rest:
            continue
        middle, other = (float(np.median([delays[c.name] for c in of])) for of in (arm, rest))
        apart = middle - other
        known = sum(abs(delays[c.name] - other) <= WITHIN for c in rest)
        together = [c for c in arm if abs(delays[c.name] - middle) <= WITHIN]
        enough = known >= JOINTS or middle > ORDINARY
        if apart < APART - 1e-6 or not enough or known <= len(rest) / 2 or len(together) < MOST * len(arm):
            continue
        left = np.array([as_late_rows(group, c, rest, apart) for c in together])
        if float(np.median(left)) < NO_BETTER:
            return _of(group, arm, apart, certain=apart >= SURE and float((left < SHIFTED).mean()) >= MOST)
    return None


def not_of_late(found: Sequence[Difference], later: Sequence[Difference], hands: Mapping[str, Collection[str]]) -> list[Difference]:
    """What bodies contradict, without what follows from whole columns that are known to be late: of an arm, or of a hand.

    Args:
        hands: columns of the pose of a hand -> the joints that hold it.
    """
    whole = [d for d in found if d.name == "lag" and d.unit == "s" and d.last - d.first == d.rows - 1 and d.certain]
    late = {name for d in whole for name in d.channels}
    late |= {hand for hand, joints in hands.items() if late and set(joints) <= late}
    return [d for d in later if not set(d.channels) <= late]


def delay_of(channel: RecordedChannel, dt: float, early: float = EARLY) -> float:
    """[s] at which a joint is nearest to its command, and `early` at the most before it."""
    c, q = channel.columns["command"], channel.columns["measured"]
    delays = np.arange(-round(early / dt), round(LATE / dt) + 1)
    rows = np.arange(0, len(q), -(-len(q) // ROWS))
    left = (q[rows] - c[np.clip(rows - delays[:, None], 0, len(c) - 1)]).var(axis=1)
    k = int(np.clip(left.argmin(), 1, len(left) - 2))
    before, at, after = left[k - 1 : k + 2]
    bend = before - 2.0 * at + after
    return (int(delays[k]) + (float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend > 0.0 else 0.0)) * dt


def _of(group: Group, arm: Sequence[RecordedChannel], apart: float, *, certain: bool) -> PutRight:
    rows = round(apart / group.dt)
    kind = "command" if sum(speed_agrees(c, rows, group.dt) is True for c in arm) > len(arm) / 2 else "measured"
    late = -rows if kind == "command" else rows
    found = Difference.over(
        group.t, tuple(c.name for c in arm), kind, None, rows * group.dt, "s", "lag", certain=certain,
        numbers={"late": late * group.dt}, stream=arm[0].topics[kind], limit=APART, weight=1e3 * group.n * len(arm),
    )  # fmt: skip
    return PutRight(found, group.but({c.name: {kind: shifted(c.columns[kind], late)} for c in arm}))
