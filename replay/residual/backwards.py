"""A take that runs backwards, of which nothing but commands and positions is recorded: its joints are ahead of their commands.

So are those of two clocks that differ. But a servo answers suddenly what it is commanded, and comes to rest slowly. Where low-passes
that begin before their cause explain the joints, and none behind it does as well at any delay, the rows stand from the last to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .difference import LEAP, Difference
from .late_arm import SLOWEST, delay_of
from .slower_servo import left_by_servos
from .table import Group, RecordedChannel

GOES, JOINTS, ASKED = 0.1, 3, 5  # rad, or share of the way, that a joint goes; such joints at the least; those that are asked
AHEAD, MOST = 0.06, 0.8  # s by which joints are ahead of their commands; share of the joints
# of what servos leave of the rows as they stand, that they leave of them turned round, in the mean of the joints' logarithms: takes that
# run forwards have 1.0 to 2.2, and 0.92 to 1.1 where noise is all that is left
BETTER = 0.9


def backwards(group: Group) -> Difference | None:
    """All rows of a group of joints, if they run backwards."""
    both = [c for c in group.channels if {"command", "measured"} <= set(c.columns) and not c.is_switch]
    far = {c.name: min(float(np.ptp(c.columns[kind])) for kind in ("command", "measured")) for c in both}
    moving = sorted((c for c in both if far[c.name] > GOES), key=lambda c: -far[c.name])
    if group.hands or not group.same_rows or group.dt > SLOWEST or len(moving) < JOINTS:
        return None
    asked = moving[:ASKED]
    if float(np.mean([delay_of(c, group.dt) <= -AHEAD for c in asked])) < MOST:
        return None
    turned = replace(group, channels=tuple(_turned(c) for c in asked))
    left = [float(left_by_servos(turned, c.name).min()) / max(float(left_by_servos(group, c.name).min()), 1e-12) for c in asked]
    if float(np.exp(np.mean(np.log(np.maximum(left, 1e-12))))) >= BETTER:
        return None
    size = max(float(np.abs(c.columns[kind] - c.columns[kind][::-1]).max()) for c in moving for kind in ("command", "measured"))
    return Difference.over(
        group.t, tuple(c.name for c in group.channels), "rows", None, size, group.channels[0].unit, "reordered", certain=True, limit=LEAP,
        weight=1e6 * len(moving),
    )  # fmt: skip


def of_rows_backwards(groups: Sequence[Group], found: Sequence[Difference]) -> list[Difference]:
    """What the groups contradict themselves in; nothing but that where rows run backwards, for all of it follows from that."""
    if not found or any(d.kind == "rows" and d.name == "reordered" and d.last - d.first == d.rows - 1 for d in found):
        return list(found)
    return [d for d in map(backwards, groups) if d is not None] or list(found)


def _turned(channel: RecordedChannel) -> RecordedChannel:
    return replace(channel, columns={kind: channel.columns[kind][::-1] for kind in ("command", "measured")})
