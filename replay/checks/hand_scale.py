"""Is a hand measured to go as far as it is commanded, where it closes and opens all the time and nothing stops it?

A hand stops at what it holds, so that no place where it rests tells its scale. How it goes there does: until it touches something it
is where it was commanded to be. A hand that goes a share of its command at every place on its way, each time, is recorded with
another scale. Nothing moves so but a hand whose measurement counts another way, so that it is a warning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..residual.bodies import ComparedColumns
from ..residual.relations import shifted
from ..residual.table import RecordedChannel
from ..signals.signal import runs
from ..signals.statistics import correlation
from .finding import Finding
from .rules import Rules

FULL = 0.5  # of its way, that it has to be commanded
SHARE = 0.6  # of what it is commanded: what goes further may be stopped by its own fingers, or be worn
AWAY = 0.15  # of what it is commanded, from either end: rows between are on the way
ON_THE_WAY, OFTEN = 4, 3  # rows of a way that show how it goes, and such ways, of which one at least leads each way
DELAY = 0.6  # s, how late a hand may be
CLOSE, ALIKE = 0.1, 0.98  # of what it goes: how near it stays to its share, root mean square of the rows on the way; and correlation


def short_hands(columns: ComparedColumns, rules: Rules) -> list[Finding]:
    """A WARN of `stream.scaled` for each hand that is measured at a share of its command wherever it goes; its value is as there."""
    rule, found = rules["stream.scaled"], []
    for group in columns.table.groups:
        for channel in group.channels if group.hands and not group.own_scales else ():
            factor = share_of_command(channel, group.dt)
            if factor is None:
                continue
            known: dict[str, Any] = {"compared": [channel.streams["command"], channel.streams["measured"]]}
            graded = rule.grade_value(1.0 / factor - 1.0) | {"level": "WARN"}
            found.append(
                rule.finding(
                    subject=(channel.name,), t0=float(group.t[0]), t1=float(group.t[-1]), **graded,
                    details=known | {"factor": factor, "kind": "scaled", "factors": {channel.name: factor}},
                )
            )  # fmt: skip
    return found


def share_of_command(channel: RecordedChannel, dt: float) -> float | None:
    """By what a hand's commanded way has to be multiplied to give its measured one, where that is no more than `SHARE` and shown by how
    it closes and opens; else None."""
    if not channel.has_both or channel.is_switch:
        return None
    c, q = channel.columns["command"], channel.columns["measured"]
    way = float(np.ptp(c))
    if way < FULL or float(np.ptp(q)) >= way or not float(np.ptp(q)) > 0.0:
        return None
    late = max(range(round(DELAY / dt) + 1), key=lambda rows: correlation(shifted(c, -rows), q))
    c = shifted(c, -late)
    c_mean, q_mean = float(c.mean()), float(q.mean())
    factor = float(((c - c_mean) * (q - q_mean)).sum() / ((c - c_mean) ** 2).sum())
    if not 0.0 < factor <= SHARE or correlation(c, q) < ALIKE:
        return None
    moving = _ways(c)
    ups = [bool(c[last] > c[first]) for first, last in moving]
    if len(moving) < OFTEN or len(set(ups)) < 2:
        return None
    off = q - q_mean - factor * (c - c_mean)
    rows = np.concatenate([np.arange(first, last + 1) for first, last in moving])
    return factor if float(np.sqrt((off[rows] ** 2).mean())) <= CLOSE * factor * way else None


def _ways(c: np.ndarray) -> list[tuple[int, int]]:
    """First and last row of each time that a command (n,) goes from one end of its way to the other, in at least `ON_THE_WAY` rows."""
    part = (c - c.min()) / np.ptp(c)
    found = []
    for first, last in runs((part > AWAY) & (part < 1.0 - AWAY)):
        whole = first > 0 and last + 1 < len(c) and (part[first - 1] < 0.5) != (part[last + 1] < 0.5)
        if whole and last - first + 1 >= ON_THE_WAY:
            found.append((first, last))
    return found
