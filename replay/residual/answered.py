"""Commands that leap, and joints that go there by another way than the one by which they follow elsewhere.

A servo has a largest torque and a largest speed. Where it is commanded to speed up more than it does anywhere in the take, it is late, and
comes to rest in another way. That is neither a wrong command nor a wrong measurement, as long as the joint does go to where it is sent, and
not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .difference import BY_ROWS, JOIN, ORDINARY, Difference
from .hypotheses import is_exact
from .relations import MEMORY
from .table import Group, RecordedChannel

ARRIVES = 0.6  # s after which a joint has come half of the way, and its servo is at rest again: simulated servos of 10 to 45 rad/s do
HALF, LEADS = 0.5, 0.25  # of the way of a leap that the joint goes at the least after it, and has gone at the most before it
LEAST = 0.02  # rad: smaller steps are none
SHAPED = 0.98  # of the squared difference, that a reason explains of what no servo does
MANY, MOST = 4, 0.8  # leaps, of which so many are answered: a joint that goes on answers half of those of a command that trembles
# s that a take begins with; share of its way that a joint goes from the first row to the second, to be on it; the same that it may be off
BEGIN, GOES, NEAR = MEMORY, 0.003, 0.25


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
    near = leaps[(leaps >= first - count) & (leaps <= last + 1)].tolist()
    answered, begins = 0, False
    for row in near:
        way = np.sign(steps[row])
        end = row
        while end + 1 < len(c) and way * steps[end + 1] > HALF * way * steps[row]:
            end += 1
        size = float(np.abs(c[end] - c[row - 1]))
        rows = np.arange(row - 1, min(end + count, len(c)))
        gone = way * (q[rows] - c[np.minimum(rows - _behind(c, q, row - 1, count), row - 1)])
        if gone[0] <= LEADS * size and float(gone.max()) >= HALF * size:
            answered, begins = answered + 1, begins or first >= row - JOIN
    return begins and (len(near) < MANY or answered >= MOST * len(near))


def _behind(c: np.ndarray, q: np.ndarray, row: int, most: int) -> int:
    """Rows, `most` of them, by which a joint is behind a command that goes on: so long ago it was where the joint is. Of one that turns
    meanwhile nothing is known."""
    before = c[max(0, row - most) : row + 1][::-1]
    on = np.sign(np.diff(before))
    turns = np.flatnonzero(on != on[:1])
    return int(np.argmin(np.abs(before[: 1 + turns[0] if len(turns) else None] - q[row])))


def unsure_of_leaps(group: Group, found: Iterable[Difference]) -> list[Difference]:
    """The same differences; those that begin with a leap that is answered, or with the take, are no longer certain."""
    channels = {c.name: c for c in group.both if c.unit == "rad"}
    out = []
    for one in unsure_of_begin(group, found):
        of = [channels.get(name) for name in one.channels]
        asked = group.same_rows and one.certain and one.kind in ("command", "measured") and all(of) and not _is_shaped(one)
        answered = asked and all(is_answered(c, one.first, one.last, group.dt) for c in of if c is not None)
        out.append(replace(one, certain=False) if answered else one)
    return out


def _is_shaped(one: Difference) -> bool:
    """Whether the values of a command have a shape, in all of these rows, that no servo makes of a leap, and nobody commands."""
    exact = is_exact(one.name or "") and one.name not in (*BY_ROWS, *ORDINARY)
    return one.kind == "command" and exact and one.explained > SHAPED


def unsure_of_begin(group: Group, found: Iterable[Difference]) -> list[Difference]:
    """The same differences; those of the first rows of a take that begins in a motion are no longer certain, of joints that plan their way:
    what they were commanded before is not recorded, and they are still on that way."""
    measured = {c.name: c.columns["measured"] for c in group.channels if c.unit == "1" and "measured" in c.columns}
    goes = {name for name, q in measured.items() if len(q) > 1 and abs(q[1] - q[0]) > GOES}
    return [replace(d, certain=False) if _is_begin(d, group.dt) and goes.issuperset(d.channels) else d for d in found]


def _is_begin(one: Difference, dt: float) -> bool:
    return one.first == 0 and one.last * dt <= BEGIN and one.kind in ("command", "measured") and one.size < NEAR
