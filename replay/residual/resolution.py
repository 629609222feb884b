"""What could have been seen in a take: from which size on a change of a column would not be taken for what the device does by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..signals.statistics import median, percentile
from .blame import threshold
from .difference import CLEAR
from .hands import BEYOND
from .leaps import leaps_of
from .relations import Relation, relations_of
from .table import Group

MOST = 99.0  # percentile of what a joint is beside its command, of which one in a hundred rows is a matter of the take


@dataclass(frozen=True)
class Resolution:
    """Of one channel that is commanded and measured.

    Attributes:
        unit: `rad`, or `1` for a share of its way; `m` of a hand's place.
        slow: an offset that comes slowly, and is named from here on; sudden: one that comes from one row to the next, and is refused, None
            where values stand on rows of their own.
        gain: a factor beside one [1]; late: a delay [s]; None where the channel does not move, so that none would show.
    """

    channel: str
    unit: str
    slow: float
    sudden: float | None
    gain: float | None
    late: float | None


def resolutions(groups: Sequence[Group]) -> Iterator[Resolution]:
    """Of each channel that is commanded and measured, by what the take itself shows where nothing is wrong with it."""
    for group in groups:
        leaps = leaps_of(group)
        relations: list[list[Relation]] = [[] for _ in group.channels] if group.hands else relations_of(group)
        for channel, own in zip(group.channels, relations):
            follows = next((r for r in own if r.name == "follows"), None)
            if not channel.has_both or (follows is None and not group.hands):
                continue
            slow = BEYOND
            if follows is not None:
                slow = max(CLEAR * threshold(follows, channel.unit), percentile(np.abs(follows.residual), MOST))
            c = channel.columns["command"]
            goes, fastest = float(np.abs(c - median(c)).max()), percentile(np.abs(np.gradient(c, group.dt)), MOST)
            moves = goes > slow
            gain, late = (slow / goes, slow / fastest) if moves and fastest > 0.0 else (None, None)
            sudden, way = leaps.resolution(channel.name), channel.way if channel.stored else 1.0
            sudden = None if sudden is None else sudden * way
            yield Resolution(channel.name, channel.stored or channel.unit, slow * way, sudden, gain, late)
