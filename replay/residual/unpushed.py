"""Joints that are where nothing pushes them, of a device whose drives nobody measured: one goes there alone, and by itself.

What touches an arm bends several joints, and what holds one of them back keeps it behind where it is sent. What it carries lets a joint
sink, to one side. None of these sends a joint far ahead of its way, or ahead there and back, while the others are on theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .blame import FLOOR, Blame, threshold
from .hypotheses import Explanation
from .relations import MEMORY, Relation
from .table import Group

OTHERS = 3  # joints that move meanwhile, and are on their ways
FAR = 2.5  # thresholds, that a joint is away
AHEAD, BOTH_AHEAD = 4.0, 1.0  # thresholds, that it goes ahead of its way to one side; to either side
EXACT = 2.0  # floors: a larger threshold is that of a device that does not follow its commands exactly
MOVES = 0.1  # of what it usually goes in a row when it is quick, from where on a joint is under way
QUICK = 95.0  # in so many rows of a hundred it goes less
TO_NOISE = 4.0  # times its noise, that a delay may leave: friction and a weak servo leave more
BOTH_WAYS = 0.3  # of the largest distance, that it is to the other side


def none_pushes(
    group: Group, one: Blame, follows: Relation, others: Sequence[tuple[str, np.ndarray]], why: Explanation | None
) -> bool:
    """Whether nothing that an arm touches or carries has a joint where it is.

    Args:
        follows: how it follows its command; its threshold is the unit of all distances.
        others: name and (n,) rows in which it is not on its way, of each other channel.
        why: what explains the column best.
    """
    limit = threshold(follows, one.channel.unit)
    if limit > EXACT * FLOOR["follows", one.channel.unit]:
        return False
    rows = slice(max(0, one.first - 3), min(group.n, one.last + 1 + round(MEMORY / group.dt)))
    e = follows.residual[rows]
    if float(np.abs(e).max()) < FAR * limit:
        return False
    q = one.channel.columns["measured"]
    goes = {c.name: float(np.ptp(c.columns["measured"][rows])) for c in group.channels if "measured" in c.columns}
    quiet = [name for name, bad in others if goes.get(name, 0.0) > 2.0 * limit and not bad[rows].any()]
    if len(quiet) < max(OTHERS, sum(bad[rows].any() for _, bad in others)):
        return False
    way = q - follows.residual
    to_sides = _goes_ahead(q[rows], way[rows], way)
    return _is_late_both_ways(follows, e, one, why) or max(to_sides) > AHEAD * limit or min(to_sides) > BOTH_AHEAD * limit


def _goes_ahead(q: np.ndarray, way: np.ndarray, whole: np.ndarray) -> tuple[float, float]:
    """How far a joint goes ahead of its way to either side, while its command has it move there."""
    e, own, due = q - way, np.diff(q), np.diff(way)
    grows = np.abs(e[1:]) - np.abs(e[:-1])
    under_way = np.abs(due) > MOVES * float(np.percentile(np.abs(np.diff(whole)), QUICK))
    ahead = np.where((grows > 0.0) & (e[1:] * own > 0.0) & (own * due > 0.0) & under_way, np.minimum(grows, np.abs(own)), 0.0)
    return float(ahead[own > 0.0].sum()), float(ahead[own < 0.0].sum())


def _is_late_both_ways(follows: Relation, e: np.ndarray, one: Blame, why: Explanation | None) -> bool:
    """Whether another delay is all that is wrong, there and back, to the noise."""
    if why is None or why.name != "lag":
        return False
    away = (one.restored - one.recorded)[one.first : one.last + 1]
    left = float(np.sqrt((1.0 - why.explained) * float((away**2).mean())))
    both = min(float(e.max()), -float(e.min())) > BOTH_WAYS * float(np.abs(e).max())
    return both and left < TO_NOISE * max(follows.noise, 1e-3)
