"""Two hands of which each is measured to do what the other one was commanded: their columns are exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ..signals.sides import other_side, side_of
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
    hands = [c for c in group.both if not c.is_switch]
    if len(hands) > MOST:  # fingers
        if (sides := exchanged_sides(group)) is not None:
            yield sides
        return
    for one, two in combinations(hands, 2):
        if max(c.goes("command") for c in (one, two)) < GOES or one.topics["measured"] != two.topics["measured"]:
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


def exchanged_between(groups: Sequence[Group]) -> list[tuple[Difference, tuple[Group, Group]]]:
    """Of each two groups of hands on the same rows, one of either side and each in a stream of its own, all their measured columns, where
    these are exchanged; with the two."""
    found = []
    for one, two in combinations([group for group in groups if group.hands], 2):
        if {other_side(c.name) for c in one.channels} != {c.name for c in two.channels} or not np.array_equal(one.t, two.t):
            continue
        if (sides := exchanged_sides(replace(one, channels=(*one.channels, *two.channels)))) is not None:
            found.append((sides, (one, two)))
    return found


def exchanged_sides(group: Group) -> Difference | None:
    """The fingers of two hands, each of which is measured as the one of its name of the other side was commanded; None where some are not.

    One finger at least shows it alone, and all together do.
    """
    fingers = {c.name: c for c in group.both if not c.is_switch}
    pairs = [(c, fingers[other_side(name)]) for name, c in fingers.items() if side_of(name) == "l" and other_side(name) in fingers]
    if not pairs or 2 * len(pairs) < len(group.channels) or len({c.columns["command"].size for pair in pairs for c in pair}) > 1:
        return None
    own = [_beside(one, one, group.dt) + _beside(two, two, group.dt) for one, two in pairs]
    if max(own) <= BESIDE:
        return None
    other = [_beside(one, two, group.dt) + _beside(two, one, group.dt) for one, two in pairs]
    turned = [_beside(_turned(one), one, group.dt) + _beside(_turned(two), two, group.dt) for one, two in pairs]
    if sum(other) >= LEFT * sum(own) or sum(other) >= sum(turned) or any(b >= LEFT * a for a, b in zip(own, other) if a > BESIDE):
        return None
    size = max(float(np.abs(one.columns["measured"] - two.columns["measured"]).max()) for one, two in pairs)
    names, left = tuple(c.name for pair in pairs for c in pair), sum(other) / sum(own)
    return Difference.over(
        group.t, names, "measured", None, max(size, BESIDE), "1", "copied", certain=True, explained=1.0 - left, undone=1.0 - left,
        stream=pairs[0][0].topics["measured"], limit=BESIDE, weight=1e3 * max(size, BESIDE),
    )  # fmt: skip


def _turned(channel: RecordedChannel) -> RecordedChannel:
    """With the command counted from the other end: two hands of which one closes as the other opens look exchanged as well."""
    return channel.but(command=1.0 - channel.columns["command"])


def _beside(commanded: RecordedChannel, measured: RecordedChannel, dt: float) -> float:
    """Mean distance of a hand's measurement from a command, at the delay that fits best."""
    c, q = commanded.columns["command"], measured.columns["measured"]
    return min(float(np.abs(q - shifted(c, -late)).mean()) for late in range(round(LATE / dt) + 1))
