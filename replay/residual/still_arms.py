"""Arms that are measured where they stand in all rows, while all their joints are commanded to go: no power, or nothing measured them.

Encoders tremble, so that no column need be one value to the bit. A joint that is blocked, or held, is one; that no joint of an arm goes
anywhere is no matter of its servos, and not what anybody did to show something.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..signals.sides import side_of
from ..signals.statistics import median
from .difference import Difference
from .table import Group, RecordedChannel

GOES, LEAST, ROWS = 0.2, 3, 60  # rad, or share of the way, that a joint is commanded to go; such joints of an arm; rows
STANDS = 0.02  # of that way, which the measured column does not leave in nine of ten rows


def arms_that_never_move(group: Group) -> Iterator[Difference]:
    """Of a group of joints, the arms of which none goes, each with all its joints that are commanded to."""
    arms: dict[str | None, list[RecordedChannel]] = {}
    for channel in group.both if not group.hands and group.n >= ROWS else ():
        if not channel.is_switch and _is_sent(channel.columns["command"]):
            arms.setdefault(side_of(channel.name), []).append(channel)
    for joints in arms.values():
        if len(joints) < LEAST or not all(map(_stands, joints)):
            continue
        size = max(float(np.abs(c.columns["command"] - median(c.columns["measured"])).max()) for c in joints)
        yield Difference.over(
            group.t, tuple(c.name for c in joints), "measured", None, size, joints[0].unit, "held_value", certain=True,
            stream=joints[0].topics["measured"], limit=GOES, weight=1e3 * group.n * len(joints),
        )  # fmt: skip


def _is_sent(command: np.ndarray) -> bool:
    """Whether a joint is commanded (n,) to go somewhere. Where it leaps to within a row nobody led it; another column may stand there."""
    steps = np.diff(command, prepend=command[0])
    return float(np.ptp(np.cumsum(np.where(np.abs(steps) < GOES, steps, 0.0)))) > GOES


def _stands(channel: RecordedChannel) -> bool:
    low, high = np.percentile(channel.columns["measured"], [5.0, 95.0])
    return float(high - low) < STANDS * channel.goes("command")
