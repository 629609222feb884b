"""Positions of all joints that stand for so many rows and then go on, evenly: each value was written several times.

Positions that come seldom are no fault by themselves. But where several columns contradict one another, all that is measured stands so, and
nothing contradicts in the rows that are no copies, it is what all of that follows from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .difference import LEAP, Difference
from .table import Group, RecordedChannel

JOINTS, GOES = 3, 0.05  # that move, at the least, and rad that they do
EVENLY, LEAST = 0.95, 8  # of the changes, that come in rows of all joints; such rows at the least
TELL = ("velocity", "rows")  # kinds of columns of which one alone contradicts what stands
NO_BETTER = (None, "held", "single_row", "burst")  # reasons of a few joints that name no other fault


def as_held(
    groups: Sequence[Group], found: Sequence[Difference], contradicted: Callable[[Group], Sequence[Difference]]
) -> list[Difference]:
    """What columns contradict, with that which follows from positions that stand for some rows each as one.

    Args:
        contradicted: what the channels of a group contradict each other in.
    """
    out = list(found)
    for group in groups:
        names = {c.name for c in group.channels}
        of = [d for d in out if d.certain and set(d.channels) <= names]
        several = len({name for d in of for name in d.channels}) >= JOINTS or all(d.kind in TELL or d.name in NO_BETTER for d in of)
        every, held, own = _rows_each(group, "measured") if of and several and not group.hands else (1, (), ())
        if every == 1 or any(d.certain for d in contradicted(_of_rows(group, own, every))):
            continue
        both = _rows_each(group, "command")[0] == every
        size = max(float(np.abs(np.diff(c.columns["measured"])).max()) for c in held)
        one = Difference.over(
            group.t, tuple(c.name for c in held), "rows" if both else "measured", None, size, held[0].unit, "held", certain=True,
            numbers={"every": float(every)}, stream=held[0].topics["measured"], limit=LEAP, weight=1e6 * len(held),
        )  # fmt: skip
        out = [one, *(d for d in out if d not in of)]
    return out


def _of_rows(group: Group, rows: Sequence[int], every: int) -> Group:
    """The group in these rows alone."""
    at = np.array(rows)
    channels = (replace(c, columns={kind: x[at] for kind, x in c.columns.items()}) for c in group.channels)
    return replace(group, t=group.t[at], dt=every * group.dt, channels=tuple(channels))


def _rows_each(group: Group, kind: str) -> tuple[int, tuple[RecordedChannel, ...], Sequence[int]]:
    """Rows for which most joints that move stand at a value each, all together, these joints, and the first row of each value.

    One, and none of both, where there are no such rows."""
    moving = [c for c in group.channels if kind in c.columns and c.goes(kind) > GOES]
    if len(moving) < JOINTS:
        return 1, (), ()
    changes = np.column_stack([np.diff(c.columns[kind]) != 0.0 for c in moving])
    at = np.flatnonzero(2 * changes.sum(axis=1) > len(moving))
    every = int(np.median(np.diff(at))) if len(at) > LEAST else 1
    if every == 1:
        return 1, (), ()
    together = (np.arange(len(changes)) - at[0]) % every == 0
    held = tuple(c for c, of in zip(moving, changes.T) if float(together[of].mean()) > EVENLY)
    if len(held) < JOINTS or 2 * len(held) <= len(moving):
        return 1, (), ()
    return every, held, (np.flatnonzero(together) + 1).tolist()
