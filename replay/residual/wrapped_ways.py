"""Joints counted in shares of their way that go on from its other end: an endless joint, or an encoder that begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..signals.statistics import median_size
from .difference import Difference
from .table import Group, RecordedChannel, from_the_other_end

NEAR, FAR = 0.3, 0.6  # of its way, by which a column is beside the other one once it goes on, and by which it is as it is written
LIMIT = 0.05  # of its way: the floor of a servo's columns


def without_wraps(group: Group) -> tuple[Group, list[Difference]]:
    """The group with each such column going on past its end, and what was wrong with it.

    One column alone has to do so, and to be where the other one is once it goes on: a command that leaps from end to end is no wrap, since
    its joint follows it to the other end. Where both do so, the table has them going on already.
    """
    if group.hands or group.channels[0].unit != "1":
        return group, []
    found = {channel.name: one for channel in group.channels for one in _wrapped(group, channel)}
    channels = [
        c if c.name not in found else replace(c, columns={**c.columns, found[c.name][0].kind: found[c.name][1]}) for c in group.channels
    ]
    return replace(group, channels=tuple(channels)) if found else group, [one for one, _ in found.values()]


def _wrapped(group: Group, channel: RecordedChannel) -> Iterator[tuple[Difference, np.ndarray]]:
    columns = channel.columns
    if not {"command", "measured"} <= set(columns):
        return
    for kind, other in (("measured", "command"), ("command", "measured")):
        x, beside = columns[kind], columns[other]
        on = from_the_other_end(x)
        if on is None or from_the_other_end(beside) is not None:
            continue
        on = on - np.round(float(np.median(on - beside)))
        rows = np.flatnonzero(np.abs(on - x) > FAR)
        if len(rows) and median_size((on - beside)[rows]) < NEAR and median_size((x - beside)[rows]) > FAR:
            yield Difference.over(
                group.t, (channel.name,), kind, (int(rows[0]), int(rows[-1])), float(np.abs(on - x)[rows].max()), "1", "wrap",
                certain=True, numbers={"turn": 1.0}, stream=channel.topics[kind], limit=LIMIT, weight=len(rows) / LIMIT,
            ), on  # fmt: skip
