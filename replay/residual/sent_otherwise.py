"""Of a joint that is not on the way that its drive takes to the recorded commands: the commands that would have taken it there.

A drive plans its way, so that a few rows of other commands show later and for longer, and in another shape. A short stretch is sought by
putting a straight line in its place and planning anew. Of a longer one the motion tells what was sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .case import Case
from .planned import CAP, QUICKER, Drive, later, planned
from .table import RecordedChannel

# s of a stretch that a line may take the place of; until a drive shows it; until it is on its way again
SHORT, BEFORE, AFTER = 1.2, 0.5, 1.0
LEFT = 0.15  # of the squared distance from the way, that other commands may leave
WITHIN = 0.3  # of the noise of a way, that a shorter stretch may leave more in each row
LEADS = 0.8  # s by which a command may lead its joint
SIGMAS = 3.0  # of what commands are beside their motion elsewhere, from where on they are other ones
USUAL = 95.0  # percentile of these


def bridged(
    channel: RecordedChannel, drive: Drive, late: float, dt: float, first: int, last: int, noise: float
) -> tuple[Case, float] | None:
    """The shortest stretch of commands in place of which a straight line takes the joint where it is measured in rows first..last, and
    the share of the squared distance that is gone then; None where none does.

    Args:
        late: [s] that all channels are later than the device.
    """
    c, q, n = channel.columns["command"], channel.columns["measured"], len(channel.columns["command"])
    rows = (drive.late + late) / dt
    low, high = max(1, first - round(rows + BEFORE / dt)), min(n - 2, last - round(rows))
    begin, end = max(0, low - round(AFTER / dt)), min(n - 1, last + round(AFTER / dt))
    longest = round(SHORT / dt)
    tried = [(a, b) for a in range(low, min(first, high) + 1) for b in range(a, min(a + longest, high) + 1)]
    if not tried or last - first > longest + round((BEFORE + AFTER) / dt):
        return None
    part = slice(begin, end + 1)
    sent = np.repeat(c[part, None], len(tried) + 1, axis=1)
    for k, (a, b) in enumerate(tried, 1):
        sent[a - begin : b + 1 - begin, k] = np.interp(np.arange(a, b + 1), [a - 1, b + 1], [c[a - 1], c[b + 1]])
    speeds = np.array(QUICKER)[:, None] * np.full((1, sent.shape[1]), drive.speed)
    row = min(max(begin + round(rows), 1), n - 2)
    place, pace = (q[row] - drive.zero) / drive.gain, (q[row + 1] - q[row - 1]) / (2.0 * dt * drive.gain)
    plans = planned(sent, dt, speeds, np.full_like(speeds, drive.ramp), np.full(sent.shape[1], place), np.full(sent.shape[1], pace))
    asked = slice(max(first - 1, row) - begin, end + 1 - begin)
    left = np.stack([
        (np.minimum(np.abs(q[part, None] - drive.gain * later(plan, rows) - drive.zero), CAP)[asked] ** 2).sum(axis=0) for plan in plans
    ]).min(axis=0)  # fmt: skip
    least = float(left[1:].min())
    if left[0] <= 0.0 or least > LEFT * left[0]:
        return None
    enough = least + (WITHIN * noise) ** 2 * (asked.stop - asked.start)
    fit = [k for k in range(1, len(left)) if left[k] <= enough]
    best = min(fit, key=lambda k: (tried[k - 1][1] - tried[k - 1][0], left[k]))
    a, b = tried[best - 1]
    truth = c.copy()
    truth[part] = sent[:, best]
    return Case(c, truth, a, b, dt, noise), 1.0 - float(left[best] / left[0])


@dataclass(frozen=True, eq=False)
class Lead:
    """The places of a joint as its commands lead it. places: (n,) so much earlier; rows: by which; elsewhere: (n,) rows that tell."""

    places: np.ndarray
    rows: int
    elsewhere: np.ndarray


def lead_of(channel: RecordedChannel, dt: float, first: int, last: int) -> Lead | None:
    """How the commands of a joint lead it outside of rows first..last; None where little else is left."""
    c, q, n = channel.columns["command"], channel.columns["measured"], len(channel.columns["command"])
    most = round(LEADS / dt)
    elsewhere = np.ones(n, bool)
    elsewhere[max(0, first - most) : last + most + 1] = False
    if elsewhere.sum() < 2 * most:
        return None
    places = np.stack([np.concatenate([q[k:], np.full(k, q[-1])]) for k in range(most + 1)])
    rows = int(np.minimum(np.abs(c - places), CAP)[:, elsewhere].mean(axis=1).argmin())
    return Lead(places[rows], rows, elsewhere)


def by_motion(channel: RecordedChannel, dt: float, first: int, last: int) -> Case | None:
    """The commands that a joint follows in rows first..last, which are its own places so much earlier as suits the rest of the take; None
    where the recorded ones are as near to them as there."""
    lead = lead_of(channel, dt, first, last)
    if lead is None:
        return None
    c = channel.columns["command"]
    away = np.abs(c - lead.places)
    noise = float(np.percentile(away[lead.elsewhere], USUAL))
    low, high = max(0, first - lead.rows - 2), min(len(c) - 1, last)
    rows = low + np.flatnonzero(away[low : high + 1] > SIGMAS * noise)
    return Case(c, lead.places, int(rows[0]), int(rows[-1]), dt, noise) if len(rows) else None
