"""Commands with something quick in them that the joint does not do, while it does what is slow in them, as it usually does both.

A joint that is blocked, off, soft or late does not do what is quick, either. But one that is blocked stands, one that is off goes nowhere,
and one that is soft or late is so in what is slow as well. One that gives all that it has goes as fast as it can, or speeds up so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from ..signals.signal import low_pass
from ..signals.statistics import TO_SIGMA, median_size
from .blame import threshold
from .pace import planned
from .relations import MEMORY, Relation, shifted
from .table import Group, RecordedChannel

QUICK = 0.15  # s: what a mean of so long, twice, takes away
LOUD, LEAST = 6.0, 0.002  # times the noise of what is left elsewhere, and rad, from where on what is quick is asked for
FEW, SOME = 3, 8  # rows of it in question, and elsewhere, at the least
HEARD, USUALLY = 0.3, 0.6  # of what is quick: a joint that does less of it does not; one that usually does it does more
GOES = 2.0  # times its limit, that the joint goes meanwhile
UNDER_WAY, MOSTLY = 0.05, 0.4  # of the speed that it has when it is quick, and share of the loud rows, in which it moves
SOFT = (0.03, 0.06, 0.1, 0.15, 0.25, 0.4, 0.8)  # s that a weak servo needs
SOONER, LATER = -0.1, 0.2  # s by which it is earlier or later besides, since it has not the delay of the way
LEFT, QUITE = 0.15, 0.6  # of the squared distance from its way, and of what it does that is quick, that it may leave
SPEEDS, RAMPS = (0.8, 0.9, 1.0, 1.1, 1.3), (1.0, 2.0, 4.0, 8.0, 30.0)  # of the speed that it reaches; 1/s over that
REACHED = 98.0  # percentile of its speeds
LATE = 0.36  # s by which a servo answers later than it does elsewhere


def is_unanswered(group: Group, relations: Sequence[Sequence[Relation]], channel: RecordedChannel, first: int, last: int) -> bool:
    """Whether the command of a joint is none that it was given in rows first..last.

    Args:
        relations: of each channel of the group.
    """
    of = {c.name: r for c, own in zip(group.channels, relations) for r in own if r.name == "follows"}
    follows = of.get(channel.name)
    if follows is None or channel.unit != "rad" or not group.same_rows:
        return False
    limit = threshold(follows, channel.unit)
    n, dt = group.n, group.dt
    q = channel.columns["measured"]
    way = q - follows.residual
    late = round(MEMORY / dt)
    inside = np.zeros(n, bool)
    inside[max(0, first - 3) : last + 1 + late] = True
    sent, went = quick(way, dt), quick(q, dt)
    least = max(LEAST, LOUD * TO_SIGMA * median_size((went - sent)[~inside])) if (~inside).any() else LEAST
    loud = np.abs(sent) > least
    here, elsewhere = np.flatnonzero(loud & inside), np.flatnonzero(loud & ~inside)
    if len(here) < FEW or max(_share(sent, went, here, k) for k in range(round(LATE / dt) + 1)) > HEARD:
        return False
    every = (_answers(c, of[c.name], dt) for c in group.channels if c.name in of and c.name != channel.name)
    others = [share for share in every if share is not None]
    usually = [_share(sent, went, elsewhere)] if len(elsewhere) >= SOME else []
    usually += [float(np.median(others))] if len(others) else []
    if not usually or max(usually) < USUALLY:
        return False
    rows = np.flatnonzero(inside)
    v = np.gradient(q, dt)
    fast = float(np.percentile(np.abs(v), 95.0))
    if float(np.ptp(q[rows])) < GOES * limit or (np.abs(v[here]) > UNDER_WAY * fast).mean() < MOSTLY:
        return False
    return not _is_weak(q[rows], way[rows], dt, least / LOUD)


def _answers(channel: RecordedChannel, follows: Relation, dt: float) -> float | None:
    """What a joint does of what is quick in its command; None of one that is hardly asked for it."""
    q = channel.columns["measured"]
    sent, went = quick(q - follows.residual, dt), quick(q, dt)
    loud = np.flatnonzero(np.abs(sent) > max(LEAST, LOUD * TO_SIGMA * median_size(went - sent)))
    return _share(sent, went, loud) if len(loud) >= SOME else None


def quick(x: np.ndarray, dt: float) -> np.ndarray:
    """(n,) what of a course is quick."""
    rows = max(3, round(QUICK / dt) | 1)
    return x - uniform_filter1d(uniform_filter1d(x, rows, mode="nearest"), rows, mode="nearest")


def _share(sent: np.ndarray, went: np.ndarray, rows: np.ndarray, later: int = 0) -> float:
    rows = rows[rows + later < len(went)]
    return float(sent[rows] @ went[rows + later]) / max(float(sent[rows] @ sent[rows]), 1e-12)


def _is_weak(q: np.ndarray, way: np.ndarray, dt: float, noise: float) -> bool:
    """Whether a servo that is softer, later, or slower takes a joint from its way to where it is, and has it do as little of what is quick.

    Args:
        noise: [rad] of what is quick.
    """
    every, power = np.arange(len(q)), float(((q - way) ** 2).sum())
    tried = [np.interp(every - seconds / dt, every, way) for seconds in SOFT]
    for seconds in SOFT:
        soft = low_pass(way, seconds / dt, float(q[0]))
        tried += [shifted(soft, -late) for late in range(round(SOONER / dt), round(LATER / dt) + 1)]
    fastest = max(float(np.percentile(np.abs(np.diff(q)), REACHED)), 1e-6) / dt
    speed, ramp = (x.ravel()[:, None] for x in np.meshgrid(SPEEDS, RAMPS))
    tried += list(planned(way[:, None], dt, speed * fastest, speed * ramp * fastest, q[:1], np.gradient(q, dt)[:1])[:, :, 0])
    went = quick(q, dt)
    for x in tried:
        due = quick(x, dt)
        alike = float(((went - due) ** 2).sum()) < QUITE * float((due**2).sum()) + len(q) * noise**2
        if alike and float(((q - x) ** 2).sum()) < LEFT * power:
            return True
    return False
