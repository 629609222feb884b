"""Hands that are measured at one value, to the bit, in all rows, and commanded elsewhere: nothing measured them, or nothing moved them.

What a hand holds stops it on the way to close, and not on the way back; a hand that is pressed against something gives a little. One
that never reads anything but zero may have no sensor at all, unless it is our own robot's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from ..signals.signal import runs
from .difference import Difference
from .hands import COUNTED
from .table import Group, RecordedChannel

AWAY, WHOLE_WAY = 0.2, 0.8  # of its way that a hand is commanded away from where it stands: time and again, or once
OFTEN, LASTS, LASTS_ONCE = 2, 0.5, 2.0  # times; s that it is commanded there, longer than any hand takes to answer
BACK = 0.25  # of the furthest that it is commanded, within which it is commanded back
THERE = 0.05  # of its way: there it was commanded to be, and was


def hands_that_never_move(group: Group, own: bool, known: Collection[str]) -> Iterator[Difference]:
    """Of a group of hands.

    Args:
        own: whether they are those of our own robot, which are measured.
        known: channels of which the same was found already.
    """
    for channel in group.both if group.hands else ():
        if channel.name in known or channel.is_switch:
            continue
        q = channel.columns["measured"]
        if np.ptp(q) > 0.0 or (q[0] == 0.0 and not own and not _reads(channel)):
            continue
        away = np.abs(channel.columns["command"] - q[0])
        most = float(away.max())
        if not AWAY <= most < COUNTED or float(away.min()) > THERE:
            continue
        if _times(away, most, LASTS, group.dt) < OFTEN and not (most >= WHOLE_WAY and _times(away, most, LASTS_ONCE, group.dt)):
            continue
        yield Difference.over(
            group.t, (channel.name,), "measured", None, most, channel.unit, "held_value", certain=True,
            stream=channel.topics["measured"], numbers={"level": float(q[0] * channel.way)}, limit=AWAY, weight=group.n * most / AWAY,
        )  # fmt: skip


def _reads(channel: RecordedChannel) -> bool:
    """Whether its speed or its effort is measured to change."""
    return any(kind in channel.columns and channel.goes(kind) > 0.0 for kind in ("velocity", "effort"))


def _times(away: np.ndarray, most: float, lasts: float, dt: float) -> int:
    """How often it is commanded away for so long [s], and back in between."""
    count, back = 0, -1
    for first, last in runs(away > 0.5 * most):
        if (last - first + 1) * dt >= lasts and (count == 0 or float(away[back:first].min()) < BACK * most):
            count, back = count + 1, last
    return count
