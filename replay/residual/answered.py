"""Commands that leap, and joints that go there by another way than the one by which they follow elsewhere.

A servo has a largest torque and a largest speed. Where it is commanded to speed up more than it does anywhere in the take, it is late, and
comes to rest in another way. That is neither a wrong command nor a wrong measurement, as long as the joint does go to where it is sent, and
not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .difference import JOIN, Difference
from .table import Group, RecordedChannel

ARRIVES = 0.6  # s after which a joint has come half of the way, and its servo is at rest again: simulated servos of 10 to 45 rad/s do
HALF, LEADS = 0.5, 0.25  # of the way of a leap that the joint goes at the least after it, and has gone at the most before it
LEAST = 0.02  # rad: smaller steps are none


def is_answered(channel: RecordedChannel, first: int, last: int, dt: float) -> bool:
    """Whether what disagrees in rows first..last begins with a leap of the command to where the joint then goes, or a kernel's length
    before it: what a servo does elsewhere was fitted to leaps as well.

    Args:
        channel: with command and measurement [rad], one row each; dt: [s] between rows.
    """
    c, q = channel.columns["command"], channel.columns["measured"]
    steps, count = np.diff(c, prepend=c[:1]), max(2, round(ARRIVES / dt))
    sudden = np.abs(np.diff(steps, prepend=0.0)) > max(LEAST, float(np.abs(np.diff(q, 2)).max(initial=0.0)))
    leaps = np.flatnonzero(sudden & (np.abs(steps) > LEAST))
    for row in leaps[(leaps >= first - count) & (leaps <= last + 1)].tolist():
        way = np.sign(steps[row])
        end = row
        while end + 1 < len(c) and way * steps[end + 1] > HALF * way * steps[row]:
            end += 1
        size = float(np.abs(c[end] - c[row - 1]))
        gone = way * (q[row - 1 : end + count] - c[row - 1])
        if first >= row - JOIN and gone[0] <= LEADS * size and float(gone.max()) >= HALF * size:
            return True
    return False


def unsure_of_leaps(group: Group, found: Iterable[Difference]) -> list[Difference]:
    """The same differences; those that begin with a leap that is answered are no longer certain."""
    channels = {c.name: c for c in group.channels if c.unit == "rad" and {"command", "measured"} <= set(c.columns)}
    out = []
    for one in found:
        of = [channels.get(name) for name in one.channels]
        asked = group.same_rows and one.certain and one.kind in ("command", "measured") and all(of)
        answered = asked and all(is_answered(c, one.first, one.last, group.dt) for c in of if c is not None)
        out.append(replace(one, certain=False) if answered else one)
    return out
