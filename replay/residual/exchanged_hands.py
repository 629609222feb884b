"""Two hands of which each is measured to do what the other one was commanded: their columns are exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from .difference import Difference
from .relations import shifted
from .table import Group, RecordedChannel

MOST = 6  # hands of a group; fingers of one hand are commanded alike
GOES = 0.3  # of its way that one of two hands is commanded at the least
LATE = 0.6  # s by which a hand is behind its command, at the most
# of their ways, both together, by which two hands are beside their own commands, and share of it that is left once they are exchanged;
# a hand that holds a thing is beside its command as well, but not where the other one was commanded
BESIDE, LEFT = 0.2, 0.35


def exchanged_hands(group: Group) -> Iterator[Difference]:
    """Of each two hands that are measured as the other one was commanded, and not as they were, the measured columns."""
    hands = [c for c in group.channels if {"command", "measured"} <= set(c.columns) and not c.is_switch]
    if len(hands) > MOST:
        return
    for one, two in combinations(hands, 2):
        if max(float(np.ptp(c.columns["command"])) for c in (one, two)) < GOES or one.topics["measured"] != two.topics["measured"]:
            continue
        own = _beside(one, one, group.dt) + _beside(two, two, group.dt)
        if own <= BESIDE:
            continue
        other = _beside(one, two, group.dt) + _beside(two, one, group.dt)
        if other < LEFT * own and other < sum(_beside(_turned(c), c, group.dt) for c in (one, two)):
            size = max(float(np.abs(one.columns["measured"] - two.columns["measured"]).max()), BESIDE)
            yield Difference.over(
                group.t, (one.name, two.name), "measured", None, size, "1", "copied", certain=True, explained=1.0 - other / own,
                undone=1.0 - other / own, stream=one.topics["measured"], limit=BESIDE, weight=1e3 * size,
            )  # fmt: skip


def _turned(channel: RecordedChannel) -> RecordedChannel:
    """With the command counted from the other end: two hands of which one closes as the other opens look exchanged as well."""
    return replace(channel, columns={**channel.columns, "command": 1.0 - channel.columns["command"]})


def _beside(commanded: RecordedChannel, measured: RecordedChannel, dt: float) -> float:
    """Mean distance of a hand's measurement from a command, at the delay that fits best."""
    c, q = commanded.columns["command"], measured.columns["measured"]
    return min(float(np.abs(q - shifted(c, -late)).mean()) for late in range(round(LATE / dt) + 1))
